/* Which variables are unsafe, and where: the words for what safety.c has refused.
 *
 * Works on flat bodies, one expression a call, so that each variable is reported at the expression
 * that cannot run, once, at its first place. Only runs when there is something to report. */
#include "compiler/types.h"

#include <stdlib.h>

#define BODY_MAX 2000u /* expressions: finding the order is quadratic in them */

typedef struct vset {
    wc_var **v;
    uint32_t n, cap;
} vset;

typedef struct found {
    const wp_expr *at;
    wc_var *var;
} found;

typedef struct finder {
    wc_unit *u;
    const wc_rule *rule;
    found *v;
    uint32_t n, cap;
} finder;

static bool has(const vset *s, const wc_var *v)
{
    for (uint32_t i = s->n; i > 0; i--)
        if (s->v[i - 1] == v)
            return true;
    return false;
}

static void add(vset *s, wc_var *v)
{
    if (has(s, v))
        return;
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->v = wb_realloc(s->v, s->cap * sizeof(wc_var *));
    }
    s->v[s->n++] = v;
}

static void add_all(vset *s, const vset *from)
{
    for (uint32_t i = 0; i < from->n; i++)
        add(s, from->v[i]);
}

static bool within(const vset *s, const vset *of)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (!has(of, s->v[i]))
            return false;
    return true;
}

static void find(finder *f, const wp_expr *at, wc_var *v)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 16;
        f->v = wb_realloc(f->v, f->cap * sizeof *f->v);
    }
    f->v[f->n++] = (found){at, v};
}

/* ---- variables ---- */

enum { ALL = 0, NO_REF_HEAD = 1, NO_KEYS = 2, NO_SETS = 4, INSIDE = 8, NO_OPERANDS = 16 };

static void body_vars(const wp_body *b, unsigned how, vset *out);

/* INSIDE: of comprehensions too. */
static void term_vars(const wp_term *t, unsigned how, vset *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR:
        if (wc_is_local(t))
            add(out, wc_var_of(t));
        return;
    case WP_SET:
        if (how & NO_SETS)
            return;
        /* fall through */
    case WP_REF:
    case WP_ARRAY:
    case WP_CALL: {
        bool skip = t->kind == WP_CALL || (t->kind == WP_REF && (how & NO_REF_HEAD));
        for (uint32_t i = skip; i < t->list.n; i++)
            term_vars(t->list.items[i], how, out);
        return;
    }
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            if (!(how & NO_KEYS))
                term_vars(t->object.pairs[i].key, how, out);
            term_vars(t->object.pairs[i].value, how, out);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (!(how & INSIDE))
            return;
        if (t->comp.key)
            term_vars(t->comp.key, how, out);
        term_vars(t->comp.value, how, out);
        body_vars(&t->comp.body, how, out);
        return;
    default: return;
    }
}

static bool is_made(const wc_var *v)
{
    return v->len > 2 && v->text[0] == '_' && v->text[1] == '_';
}

/* Bodies without braces bind nothing for others, and need what they do not bind themselves. */
static void add_operand(const wp_body *b, bool explicit_body, vset *out)
{
    if (explicit_body)
        return;
    vset all = {0};
    body_vars(b, NO_OPERANDS, &all);
    for (uint32_t i = 0; i < all.n; i++)
        if (b->n == 1 || !is_made(all.v[i]))
            add(out, all.v[i]);
    free(all.v);
}

static void expr_vars(const wp_expr *e, unsigned how, vset *out)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        term_vars(e->with[i].value, how, out);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: term_vars(e->term, how, out); return;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            term_vars(e->call.items[i], how, out);
        return;
    case WP_EXPR_SOME: return;
    case WP_EXPR_EVERY:
        term_vars(e->every.domain, how, out);
        if (how & INSIDE)
            body_vars(&e->every.body, how, out);
        return;
    case WP_EXPR_NOT:
        if (how & INSIDE)
            body_vars(&e->body, how, out);
        else if (!(how & NO_OPERANDS))
            add_operand(&e->body, e->explicit_body, out);
        return;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        if (how & INSIDE) {
            body_vars(&e->logic.lhs, how, out);
            body_vars(&e->logic.rhs, how, out);
        } else if (!(how & NO_OPERANDS)) {
            add_operand(&e->logic.lhs, e->explicit_body, out);
            add_operand(&e->logic.rhs, e->explicit_rhs, out);
        }
        return;
    }
}

static void body_vars(const wp_body *b, unsigned how, vset *out)
{
    for (uint32_t i = 0; i < b->n; i++)
        expr_vars(b->exprs[i], how, out);
}

/* Variables inside the closures of a term. */
static void closed_term(const wp_term *t, vset *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            closed_term(t->list.items[i], out);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            closed_term(t->object.pairs[i].key, out);
            closed_term(t->object.pairs[i].value, out);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: term_vars(t, INSIDE, out); return;
    default: return;
    }
}

static void closed_vars(const wp_expr *e, vset *out)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        closed_term(e->with[i].value, out);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: closed_term(e->term, out); return;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            closed_term(e->call.items[i], out);
        return;
    case WP_EXPR_SOME: return;
    case WP_EXPR_EVERY: body_vars(&e->every.body, INSIDE, out); return;
    case WP_EXPR_NOT: body_vars(&e->body, INSIDE, out); return;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        body_vars(&e->logic.lhs, INSIDE, out);
        body_vars(&e->logic.rhs, INSIDE, out);
        return;
    }
}

/* ---- what an expression binds ---- */

static bool is_safe_term(const wp_term *t, const vset *safe)
{
    vset vars = {0};
    term_vars(t, ALL, &vars);
    bool all = within(&vars, safe);
    free(vars.v);
    return all;
}

static bool is_safe_ref(const wp_term *t, const vset *safe)
{
    return t->kind != WP_REF || is_safe_term(t->list.items[0], safe);
}

static void term_outputs(const wp_term *t, const vset *safe, vset *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        if (!is_safe_ref(t, safe))
            return;
        term_vars(t, NO_REF_HEAD, out);
        /* fall through */
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            term_outputs(t->list.items[i], safe, out);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            term_outputs(t->object.pairs[i].key, safe, out);
            term_outputs(t->object.pairs[i].value, safe, out);
        }
        return;
    default: return;
    }
}

typedef struct link {
    wc_var *var;
    vset on;
} link;

typedef struct unifier {
    const vset *safe;
    vset *out;
    link links[64];
    uint32_t n;
} unifier;

static bool known(const unifier *u, const wc_var *v)
{
    return has(u->safe, v) || has(u->out, v);
}

static void settle(unifier *u)
{
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < u->n; i++) {
            link *l = &u->links[i];
            bool all = true;
            for (uint32_t j = 0; j < l->on.n; j++)
                all &= known(u, l->on.v[j]);
            bool self = known(u, l->var);
            if (self == all)
                continue;
            more = true;
            if (all)
                add(u->out, l->var);
            else
                add_all(u->out, &l->on);
        }
    }
}

static bool is_pattern(const wp_term *t)
{
    return t->kind == WP_ARRAY || t->kind == WP_OBJECT;
}

static bool is_closure(const wp_term *t)
{
    return t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP;
}

static bool is_local(const wp_term *t)
{
    return t->kind == WP_VAR && wc_is_local(t);
}

static void unify(unifier *u, const wp_term *x, const wp_term *y)
{
    if (!is_local(x) && is_local(y)) {
        const wp_term *t = x;
        x = y;
        y = t;
    }
    if (is_local(x)) {
        wc_var *v = wc_var_of(x);
        if (is_local(y) || is_pattern(y)) {
            if (u->n == sizeof u->links / sizeof *u->links)
                return;
            link *l = &u->links[u->n++];
            *l = (link){.var = v};
            term_vars(y, NO_REF_HEAD | NO_KEYS, &l->on);
        } else if (is_safe_ref(y, u->safe)) {
            add(u->out, v);
        }
        return;
    }
    if (!is_pattern(x) && is_pattern(y)) {
        const wp_term *t = x;
        x = y;
        y = t;
    }
    if (!is_pattern(x))
        return;
    bool root = y->kind == WP_VAR;
    if (root || (y->kind == WP_REF && is_safe_ref(y, u->safe)) ||
        (is_closure(y) && x->kind == WP_ARRAY)) {
        term_vars(x, NO_REF_HEAD | NO_KEYS, u->out);
    } else if (x->kind == WP_ARRAY && y->kind == WP_ARRAY && x->list.n == y->list.n) {
        for (uint32_t i = 0; i < x->list.n; i++)
            unify(u, x->list.items[i], y->list.items[i]);
    } else if (x->kind == WP_OBJECT && y->kind == WP_OBJECT && x->object.n == y->object.n) {
        for (uint32_t i = 0; i < x->object.n; i++)
            for (uint32_t j = 0; j < y->object.n; j++) {
                const wp_term *kx = x->object.pairs[i].key, *ky = y->object.pairs[j].key;
                if (kx->kind <= WP_STRING && ky->kind <= WP_STRING &&
                    wv_equal(kx->value, ky->value))
                    unify(u, x->object.pairs[i].value, y->object.pairs[j].value);
            }
    }
}

static uint32_t arity_of(finder *f, const wp_term *op)
{
    if (op->kind == WP_STRING) {
        const ws_builtin *fn = ws_registry_find(f->u->registry, wv_str(&op->value));
        return fn ? fn->arity : UINT32_MAX;
    }
    const wc_node *n = f->u->root;
    for (uint32_t i = 1; op->kind == WP_REF && i < op->list.n && n; i++)
        n = op->list.items[i]->kind <= WP_STRING ? wc_node_child(n, op->list.items[i]->value)
                                                 : NULL;
    return n && n->n_rules ? n->rules[0]->n_args : UINT32_MAX;
}

static void outputs(finder *f, const wp_expr *e, const vset *safe, vset *out)
{
    if (e->negated)
        return;
    for (uint32_t i = 0; i < e->n_with; i++)
        if (!is_safe_term(e->with[i].value, safe))
            return;
    if (e->kind == WP_EXPR_TERM)
        term_outputs(e->term, safe, out);
    else if (e->kind == WP_EXPR_EVERY)
        term_outputs(e->every.domain, safe, out);
    if (e->kind != WP_EXPR_CALL)
        return;
    const wp_term *op = e->call.items[0];
    uint32_t arity = arity_of(f, op);
    bool eq = op->kind == WP_STRING && wb_str_is(wv_str(&op->value), "eq") && e->call.n == 3;
    if (!eq && arity == UINT32_MAX)
        return;
    for (uint32_t i = 1; i < e->call.n; i++)
        term_outputs(e->call.items[i], safe, out);
    if (eq) {
        vset basis = {0};
        add_all(&basis, safe);
        add_all(&basis, out);
        unifier u = {.safe = &basis, .out = out};
        if (op->infix) { /* `:=` binds its left side only */
            vset left = {0};
            term_vars(e->call.items[1], ALL, &left);
            uint32_t n = 0;
            for (uint32_t i = 0; i < basis.n; i++)
                if (!has(&left, basis.v[i]))
                    basis.v[n++] = basis.v[i];
            basis.n = n;
            free(left.v);
        }
        unify(&u, e->call.items[1], e->call.items[2]);
        settle(&u);
        for (uint32_t i = 0; i < u.n; i++)
            free(u.links[i].on.v);
        free(basis.v);
        return;
    }
    if (arity + 1 >= e->call.n)
        return;
    vset inputs = {0};
    for (uint32_t i = 1; i <= arity; i++)
        term_vars(e->call.items[i], NO_REF_HEAD | NO_KEYS | NO_SETS, &inputs);
    bool ready = true;
    for (uint32_t i = 0; i < inputs.n; i++)
        ready &= has(safe, inputs.v[i]) || has(out, inputs.v[i]);
    if (ready)
        for (uint32_t i = arity + 1; i < e->call.n; i++)
            term_vars(e->call.items[i], NO_REF_HEAD | NO_KEYS | NO_SETS, out);
    else
        out->n = 0;
    free(inputs.v);
}

/* ---- the order ---- */

static void check_body(finder *f, const wp_body *b, const vset *globals);
static void check_term(finder *f, const wp_expr *at, const wp_term *t, const vset *globals);

static void check_comp(finder *f, const wp_expr *at, const wp_term *t, const vset *globals)
{
    vset have = {0}, head = {0};
    body_vars(&t->comp.body, ALL, &have);
    add_all(&have, globals);
    if (t->comp.key)
        term_vars(t->comp.key, ALL, &head);
    term_vars(t->comp.value, ALL, &head);
    for (uint32_t i = 0; i < head.n; i++)
        if (!has(&have, head.v[i]))
            find(f, at, head.v[i]);
    free(have.v);
    free(head.v);
    check_body(f, &t->comp.body, globals);
}

static void check_term(finder *f, const wp_expr *at, const wp_term *t, const vset *globals)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            check_term(f, at, t->list.items[i], globals);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            check_term(f, at, t->object.pairs[i].key, globals);
            check_term(f, at, t->object.pairs[i].value, globals);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: check_comp(f, at, t, globals); return;
    default: return;
    }
}

static void check_closures(finder *f, const wp_expr *e, vset *globals)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        check_term(f, e, e->with[i].value, globals);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: check_term(f, e, e->term, globals); return;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            check_term(f, e, e->call.items[i], globals);
        return;
    case WP_EXPR_SOME: return;
    case WP_EXPR_EVERY:
        if (e->every.key)
            term_vars(e->every.key, ALL, globals);
        term_vars(e->every.value, ALL, globals);
        check_body(f, &e->every.body, globals);
        return;
    case WP_EXPR_NOT: check_body(f, &e->body, globals); return;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        check_body(f, &e->logic.lhs, globals);
        check_body(f, &e->logic.rhs, globals);
        return;
    }
}

static void check_body(finder *f, const wp_body *b, const vset *globals)
{
    if (b->n > BODY_MAX)
        return;
    vset all = {0}, safe = {0}, inner = {0};
    body_vars(b, ALL, &all);
    add_all(&safe, globals);
    add_all(&inner, globals);
    vset *needs = wb_calloc(b->n + 1, sizeof *needs);
    const wp_expr **order = wb_calloc(b->n + 1, sizeof(wp_expr *));
    bool *done = wb_calloc(b->n + 1, 1);
    uint32_t placed = 0;
    for (uint32_t i = 0; i < b->n; i++)
        expr_vars(b->exprs[i], ALL, &needs[i]);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < b->n; i++) {
            if (done[i])
                continue;
            vset out = {0}, closed = {0}, outer = {0};
            outputs(f, b->exprs[i], &safe, &out);
            closed_vars(b->exprs[i], &closed);
            for (uint32_t k = 0; k < closed.n; k++)
                if (has(&all, closed.v[k]) && !has(globals, closed.v[k]))
                    add(&outer, closed.v[k]);
            bool self = outer.n && outer.n == out.n && within(&outer, &out);
            if (outer.n && !self) {
                needs[i].n = 0;
                add_all(&needs[i], &outer);
            }
            uint32_t n = 0;
            for (uint32_t k = 0; k < needs[i].n; k++)
                if (!has(&safe, needs[i].v[k]) && !has(&out, needs[i].v[k]))
                    needs[i].v[n++] = needs[i].v[k];
            needs[i].n = n;
            if (!n && !self) {
                done[i] = more = true;
                order[placed++] = b->exprs[i];
                add_all(&safe, &out);
            }
            free(out.v);
            free(closed.v);
            free(outer.v);
        }
    }
    for (uint32_t i = 0; i < b->n; i++)
        for (uint32_t k = 0; k < needs[i].n && !done[i]; k++)
            find(f, b->exprs[i], needs[i].v[k]);
    for (uint32_t i = 0; i < placed; i++) {
        if (i)
            expr_vars(order[i - 1], ALL, &inner);
        check_closures(f, order[i], &inner);
    }
    for (uint32_t i = 0; i < b->n; i++)
        free(needs[i].v);
    free(needs);
    free(order);
    free(done);
    free(all.v);
    free(safe.v);
    free(inner.v);
}

/* ---- reports ---- */

static wb_str rule_name(wc_unit *u, const wp_head *h)
{
    wp_term *t = wc_term_new(u, WP_REF, (wp_loc){0});
    t->list.items = h->ref;
    while (t->list.n < h->n_ref && (!t->list.n || h->ref[t->list.n]->kind <= WP_STRING))
        t->list.n++;
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    if (t->list.n)
        wp_term_put(&b, t->list.n == 1 ? t->list.items[0] : t);
    wb_str s = wb_arena_str(u->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

/* " in rule p" where a line holds rules of several names. */
static wb_str scope_of(wc_unit *u, const wc_rule *r, const wc_rule *first)
{
    wb_str name = rule_name(u, first->source->head);
    for (uint32_t i = 0; i < u->n_rules; i++)
        for (const wc_rule *k = u->rules[i]; k; k = k->else_rule)
            if (k->module == r->module && k->loc.row == r->loc.row &&
                !wb_str_eq(name, rule_name(u, u->rules[i]->source->head))) {
                wb_buf b;
                wb_buf_init(&b, (size_t)1 << 20);
                wb_buf_putf(&b, " in rule %.*s", WB_FMT(name));
                wb_str s = wb_arena_str(u->a, wb_buf_str(&b));
                wb_buf_free(&b);
                return s;
            }
    return WB_LIT("");
}

static void report_var(wc_unit *u, const wc_var *v, wp_loc loc, wb_str scope, bool hint)
{
    static const char *const future[] = {"in", "every", "contains", "if", "and", "or", "not"};
    wb_str name = wb_str_n(v->text, v->len);
    if (name.n && name.p[0] == '$')
        name = WB_LIT("_");
    bool keyword = false;
    for (size_t i = 0; i < sizeof future / sizeof *future; i++)
        keyword |= wb_str_is(name, future[i]);
    if (keyword && hint)
        wp_report(u->diags, WP_UNSAFE_VAR_ERROR, wc_file(u), loc,
                  "var %.*s is unsafe%.*s (hint: `import future.keywords.%.*s` to import a future "
                  "keyword)",
                  WB_FMT(name), WB_FMT(scope), WB_FMT(name));
    else
        wp_report(u->diags, WP_UNSAFE_VAR_ERROR, wc_file(u), loc, "var %.*s is unsafe%.*s",
                  WB_FMT(name), WB_FMT(scope));
}

static bool earlier(wp_loc x, wp_loc y)
{
    return x.row != y.row ? x.row < y.row : x.col < y.col;
}

static void report_body(finder *f, const wc_rule *first)
{
    wb_str scope = f->n ? scope_of(f->u, f->rule, first) : WB_LIT("");
    vset left = {0};
    for (uint32_t i = 0; i < f->n; i++) {
        const wp_expr *e = f->v[i].at;
        if (e->kind == WP_EXPR_CALL && e->call.n == 3 && e->call.items[0]->kind == WP_STRING &&
            e->call.items[0]->infix)
            term_vars(e->call.items[1], ALL, &left);
    }
    bool other = false;
    for (uint32_t i = 0; i < f->n; i++)
        other |= !is_made(f->v[i].var) && !has(&left, f->v[i].var);
    bool any = false;
    for (uint32_t i = 0; i < f->n; i++) {
        wc_var *v = f->v[i].var;
        if (is_made(v) || (other && has(&left, v)))
            continue;
        bool first_place = true;
        for (uint32_t k = 0; k < f->n && first_place; k++)
            if (k != i && f->v[k].var == v)
                first_place = earlier(f->v[i].at->loc, f->v[k].at->loc) ||
                              (!earlier(f->v[k].at->loc, f->v[i].at->loc) && i < k);
        if (first_place) {
            report_var(f->u, v, f->v[i].at->loc, scope, true);
            any = true;
        }
    }
    vset told = {0};
    for (uint32_t i = 0; i < f->n && !any; i++) {
        if (has(&told, f->v[i].var))
            continue;
        const wp_expr *e = f->v[i].at;
        for (uint32_t k = i; k < f->n; k++)
            if (f->v[k].at == e)
                add(&told, f->v[k].var);
        wp_report(f->u->diags, WP_UNSAFE_VAR_ERROR, wc_file(f->u), e->loc,
                  "expression is unsafe%.*s", WB_FMT(scope));
    }
    free(told.v);
    free(left.v);
}

static void head_var_terms(const wp_term *t, const vset *have, finder *f, const wc_rule *first,
                           vset *told)
{
    if (is_local(t)) {
        wc_var *v = wc_var_of(t);
        if (!has(have, v) && !has(told, v) && !is_made(v)) {
            add(told, v);
            report_var(f->u, v, t->loc, scope_of(f->u, f->rule, first), false);
        }
    } else if (t->kind == WP_ARRAY || t->kind == WP_SET || t->kind == WP_REF) {
        for (uint32_t i = 0; i < t->list.n; i++)
            head_var_terms(t->list.items[i], have, f, first, told);
    } else if (t->kind == WP_OBJECT) {
        for (uint32_t i = 0; i < t->object.n; i++) {
            head_var_terms(t->object.pairs[i].key, have, f, first, told);
            head_var_terms(t->object.pairs[i].value, have, f, first, told);
        }
    }
}

static void one_rule(wc_unit *u, wc_flat *flat, const wc_rule *r, const wc_rule *first, bool heads)
{
    finder f = {.u = u, .rule = r};
    vset args = {0}, told = {0};
    u->module = r->module;
    wc_flat_rule fr = wc_flatten_rule(flat, r);
    for (uint32_t i = 0; i < r->n_args; i++)
        term_vars(r->args[i], ALL, &args);
    if (heads) {
        body_vars(&fr.body, ALL, &args);
        for (uint32_t i = r->n_ground; i < r->n_path; i++)
            head_var_terms(fr.path[i], &args, &f, first, &told);
        if (fr.key)
            head_var_terms(fr.key, &args, &f, first, &told);
        if (fr.value)
            head_var_terms(fr.value, &args, &f, first, &told);
    } else {
        check_body(&f, &fr.body, &args);
        report_body(&f, first);
    }
    free(args.v);
    free(told.v);
    free(f.v);
    u->module = NULL;
}

void wc_report_unsafe(wc_unit *u)
{
    wc_flat flat;
    wc_flat_init(&flat, u);
    flat.as_written = true;
    uint32_t before = u->diags->n;
    /* Bodies are not looked at while heads name what no body has. */
    for (int heads = 1; heads >= 0 && u->diags->n == before; heads--)
        for (uint32_t i = 0; i < u->n_rules; i++)
            for (const wc_rule *r = u->rules[i]; r; r = r->else_rule)
                one_rule(u, &flat, r, u->rules[i], heads);
    wc_flat_clear(&flat);
}
