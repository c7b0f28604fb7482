/* Safety: every variable is bound before it is read, or the rule is refused.
 *
 * Takes resolved rules. After it, bodies stand in an order of evaluation in which each expression
 * finds its inputs bound; the written order is kept where it can be. An expression binds variables
 * by unification, as the index of a reference, as the output of a call, or by `some ... in`.
 *
 * Reports: `var x is unsafe`. */
#include "compiler/types.h"

#include "base/error.h"

#include <stdlib.h>

enum { UNSAFE, SAFE, MAYBE }; /* wc_var.mark; MAYBE: an output of the expression being looked at */

typedef struct use {
    wc_var *var;
    wp_loc loc;
} use;

typedef struct uses {
    use *v;
    uint32_t n, cap;
} uses;

typedef struct orderer {
    wc_unit *u;
    bool quiet, failed; /* quiet: only remember that something is unsafe */
    bool named;         /* a variable of the text, not one that looks made */
    uses log;           /* what was made safe, in order: for undoing */
} orderer;

static void put_use(uses *to, wc_var *v, wp_loc loc)
{
    if (to->n == to->cap) {
        to->cap = to->cap ? 2 * to->cap : 32;
        to->v = wb_realloc(to->v, to->cap * sizeof *to->v);
    }
    to->v[to->n++] = (use){v, loc};
}

static void make_safe(orderer *o, wc_var *v)
{
    if (v->mark == SAFE)
        return;
    v->mark = SAFE;
    put_use(&o->log, v, (wp_loc){0});
}

static void undo(orderer *o, uint32_t to)
{
    while (o->log.n > to)
        o->log.v[--o->log.n].var->mark = UNSAFE;
}

/* ---- variables of a node ---- */

static void body_vars(const wp_body *b, uses *out, bool closures);

enum { OPEN = 0, CLOSURES_ONLY = 1 };

/* Variables of t outside comprehensions (closures false) or inside them only (true). */
static void term_vars(const wp_term *t, uses *out, bool closures)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return;
    case WP_VAR:
        if (!closures && wc_is_local(t))
            put_use(out, wc_var_of(t), t->loc);
        return;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            term_vars(t->list.items[i], out, closures);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            term_vars(t->object.pairs[i].key, out, closures);
            term_vars(t->object.pairs[i].value, out, closures);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (closures) {
            body_vars(&t->comp.body, out, false);
            body_vars(&t->comp.body, out, true);
            if (t->comp.key)
                term_vars(t->comp.key, out, false);
            term_vars(t->comp.value, out, false);
        }
        return;
    case WP_TEMPLATE: return;
    }
}

static void expr_vars(const wp_expr *e, uses *out, bool closures)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        term_vars(e->with[i].value, out, closures);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: term_vars(e->term, out, closures); break;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            term_vars(e->call.items[i], out, closures);
        break;
    case WP_EXPR_SOME: term_vars(e->some.items[0], out, closures); break;
    case WP_EXPR_EVERY:
        term_vars(e->every.domain, out, closures);
        if (closures) {
            body_vars(&e->every.body, out, false);
            body_vars(&e->every.body, out, true);
        }
        break;
    case WP_EXPR_NOT:
        if (closures) {
            body_vars(&e->body, out, false);
            body_vars(&e->body, out, true);
        }
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        if (closures) {
            body_vars(&e->logic.lhs, out, false);
            body_vars(&e->logic.lhs, out, true);
            body_vars(&e->logic.rhs, out, false);
            body_vars(&e->logic.rhs, out, true);
        }
        break;
    }
}

static void body_vars(const wp_body *b, uses *out, bool closures)
{
    for (uint32_t i = 0; i < b->n; i++)
        expr_vars(b->exprs[i], out, closures);
}

/* ---- outputs of an expression ---- */

static bool is_bound(const wp_term *t)
{
    uses vars = {0};
    term_vars(t, &vars, false);
    bool all = true;
    for (uint32_t i = 0; i < vars.n && all; i++)
        all = vars.v[i].var->mark != UNSAFE;
    free(vars.v);
    return all;
}

static bool output(wc_var *v, uses *outs)
{
    if (v->mark != UNSAFE)
        return false;
    v->mark = MAYBE;
    put_use(outs, v, (wp_loc){0});
    return true;
}

static bool outputs_all(const wp_term *t, uses *outs)
{
    uses vars = {0};
    term_vars(t, &vars, false);
    bool any = false;
    for (uint32_t i = 0; i < vars.n; i++)
        any |= output(vars.v[i].var, outs);
    free(vars.v);
    return any;
}

/* References bind the variables in their elements when their head is bound. */
static bool ref_outputs(const wp_term *t, uses *outs)
{
    bool any = false;
    switch ((wp_term_kind)t->kind) {
    case WP_REF: {
        const wp_term *head = t->list.items[0];
        any |= ref_outputs(head, outs);
        for (uint32_t i = 1; i < t->list.n; i++)
            any |= ref_outputs(t->list.items[i], outs);
        if (head->kind == WP_VAR && wc_is_local(head) && wc_var_of(head)->mark == UNSAFE)
            return any;
        for (uint32_t i = 1; i < t->list.n; i++) {
            const wp_term *el = t->list.items[i];
            if (el->kind == WP_VAR ? wc_is_local(el)
                                   : el->kind == WP_ARRAY || el->kind == WP_OBJECT)
                any |= outputs_all(el, outs);
        }
        return any;
    }
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            any |= ref_outputs(t->list.items[i], outs);
        return any;
    case WP_CALL:
        for (uint32_t i = 1; i < t->list.n; i++)
            any |= ref_outputs(t->list.items[i], outs);
        return any;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            any |= ref_outputs(t->object.pairs[i].key, outs);
            any |= ref_outputs(t->object.pairs[i].value, outs);
        }
        return any;
    default: return any;
    }
}

bool wc_same_key(const wp_term *x, const wp_term *y)
{
    if (x->kind == WP_VAR || y->kind == WP_VAR)
        return x->kind == y->kind && x->name.p == y->name.p;
    return x->kind <= WP_STRING && y->kind <= WP_STRING && wv_equal(x->value, y->value);
}

static bool unify(const wp_term *x, const wp_term *y, uses *outs)
{
    if (x->kind == WP_VAR && wc_is_local(x) && wc_var_of(x)->mark == UNSAFE)
        return is_bound(y) && output(wc_var_of(x), outs);
    if (y->kind == WP_VAR && wc_is_local(y) && wc_var_of(y)->mark == UNSAFE)
        return is_bound(x) && output(wc_var_of(y), outs);
    bool any = false;
    if (x->kind == WP_ARRAY && y->kind == WP_ARRAY) {
        if (x->list.n == y->list.n)
            for (uint32_t i = 0; i < x->list.n; i++)
                any |= unify(x->list.items[i], y->list.items[i], outs);
        return any;
    }
    if (x->kind == WP_OBJECT && y->kind == WP_OBJECT) {
        for (uint32_t i = 0; i < x->object.n && x->object.n == y->object.n; i++)
            for (uint32_t j = 0; j < y->object.n; j++) {
                const wp_term *kx = x->object.pairs[i].key, *ky = y->object.pairs[j].key;
                if (wc_same_key(kx, ky))
                    any |= unify(x->object.pairs[i].value, y->object.pairs[j].value, outs);
            }
        return any;
    }
    const wp_term *pattern = NULL, *other = NULL;
    if (x->kind == WP_ARRAY || x->kind == WP_OBJECT)
        pattern = x, other = y;
    else if (y->kind == WP_ARRAY || y->kind == WP_OBJECT)
        pattern = y, other = x;
    if (!pattern || !is_bound(other))
        return false;
    /* Only what may turn out to be of that shape binds. */
    if (other->kind != WP_VAR && other->kind != WP_REF && other->kind != WP_CALL &&
        !(other->kind == WP_ARRAY_COMP && pattern->kind == WP_ARRAY))
        return false;
    if (pattern->kind == WP_ARRAY) {
        for (uint32_t i = 0; i < pattern->list.n; i++) {
            const wp_term *el = pattern->list.items[i];
            if (el->kind == WP_VAR ? wc_is_local(el)
                                   : el->kind == WP_ARRAY || el->kind == WP_OBJECT)
                any |= el->kind == WP_VAR ? output(wc_var_of(el), outs) : unify(el, other, outs);
        }
    } else {
        for (uint32_t i = 0; i < pattern->object.n; i++) {
            const wp_term *el = pattern->object.pairs[i].value;
            if (!is_bound(pattern->object.pairs[i].key))
                continue;
            if (el->kind == WP_VAR ? wc_is_local(el)
                                   : el->kind == WP_ARRAY || el->kind == WP_OBJECT)
                any |= el->kind == WP_VAR ? output(wc_var_of(el), outs) : unify(el, other, outs);
        }
    }
    return any;
}

static uint32_t function_arity(orderer *o, const wp_term *op)
{
    if (op->kind == WP_STRING) {
        const ws_builtin *fn = ws_registry_find(o->u->registry, wv_str(&op->value));
        return fn ? fn->arity : UINT32_MAX;
    }
    const wc_node *n = o->u->root;
    for (uint32_t i = 1; i < op->list.n && n; i++)
        n = op->list.items[i]->kind <= WP_STRING ? wc_node_child(n, op->list.items[i]->value)
                                                 : NULL;
    return n && n->is_function ? n->rules[0]->n_args : UINT32_MAX;
}

static bool call_outputs(orderer *o, wp_term **items, uint32_t n, uses *outs)
{
    bool any = false;
    if (items[0]->kind == WP_STRING) {
        wb_str name = wv_str(&items[0]->value);
        if (wb_str_is(name, "eq") && n == 3) {
            any |= ref_outputs(items[1], outs);
            any |= ref_outputs(items[2], outs);
            return any | unify(items[1], items[2], outs);
        }
    }
    for (uint32_t i = 1; i < n; i++)
        any |= ref_outputs(items[i], outs);
    uint32_t arity = function_arity(o, items[0]);
    if (arity != UINT32_MAX && n == arity + 2) {
        bool inputs = true;
        for (uint32_t i = 1; i + 1 < n; i++)
            inputs &= is_bound(items[i]);
        if (inputs)
            any |= outputs_all(items[n - 1], outs);
    }
    return any;
}

static bool expr_outputs(orderer *o, const wp_expr *e, uses *outs)
{
    if (e->negated)
        return false;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        return e->term->kind == WP_CALL
                   ? call_outputs(o, e->term->list.items, e->term->list.n, outs)
                   : ref_outputs(e->term, outs);
    case WP_EXPR_CALL: return call_outputs(o, e->call.items, e->call.n, outs);
    case WP_EXPR_SOME: {
        wp_term **items = e->some.items[0]->list.items;
        uint32_t n = e->some.items[0]->list.n;
        bool any = ref_outputs(items[n - 1], outs);
        if (is_bound(items[n - 1]))
            for (uint32_t i = 1; i + 1 < n; i++)
                any |= outputs_all(items[i], outs);
        return any;
    }
    case WP_EXPR_EVERY: return ref_outputs(e->every.domain, outs);
    case WP_EXPR_NOT:
    case WP_EXPR_AND:
    case WP_EXPR_OR: return false;
    }
    return false;
}

/* ---- ordering ---- */

static wp_loc name_loc(const use *u)
{
    return u->loc;
}

static void report_unsafe(orderer *o, const use *x)
{
    wb_str name = wb_str_n(x->var->text, x->var->len);
    if (name.n && name.p[0] == '$')
        name = WB_LIT("_");
    o->failed = true;
    o->named |= !wb_str_has_prefix(name, WB_LIT("__local"));
    if (!o->quiet)
        wp_report(o->u->diags, WP_UNSAFE_VAR_ERROR, wc_file(o->u), name_loc(x),
                  "var %.*s is unsafe", WB_FMT(name));
    x->var->mark = SAFE; /* one report a variable */
    put_use(&o->log, x->var, x->loc);
}

/* Whether e can run now; its outputs are then safe. */
static bool place(orderer *o, const wp_expr *e, const uses *needs, const uses *closed)
{
    uses outs = {0};
    while (expr_outputs(o, e, &outs))
        continue;
    bool ready = true;
    for (uint32_t i = 0; i < needs->n && ready; i++)
        ready = needs->v[i].var->mark != UNSAFE;
    for (uint32_t i = 0; i < outs.n; i++)
        outs.v[i].var->mark = UNSAFE;
    for (uint32_t i = 0; i < closed->n && ready; i++)
        ready = closed->v[i].var->mark == SAFE;
    if (ready)
        for (uint32_t i = 0; i < outs.n; i++)
            make_safe(o, outs.v[i].var);
    free(outs.v);
    return ready;
}

static void order_body(orderer *o, wp_body *b);
static void order_closures(orderer *o, wp_expr *e);

static void order_term(orderer *o, wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            order_term(o, t->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            order_term(o, t->object.pairs[i].key);
            order_term(o, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: {
        uint32_t mark = o->log.n;
        order_body(o, &t->comp.body);
        uses head = {0};
        if (t->comp.key)
            term_vars(t->comp.key, &head, false);
        term_vars(t->comp.value, &head, false);
        for (uint32_t i = 0; i < head.n; i++)
            if (head.v[i].var->mark == UNSAFE)
                report_unsafe(o, &head.v[i]);
        free(head.v);
        if (t->comp.key)
            order_term(o, t->comp.key);
        order_term(o, t->comp.value);
        undo(o, mark);
        return;
    }
    default: return;
    }
}

static void order_inner(orderer *o, wp_body *b)
{
    uint32_t mark = o->log.n;
    order_body(o, b);
    undo(o, mark);
}

static void order_closures(orderer *o, wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        order_term(o, e->with[i].value);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: order_term(o, e->term); break;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            order_term(o, e->call.items[i]);
        break;
    case WP_EXPR_SOME: order_term(o, e->some.items[0]); break;
    case WP_EXPR_EVERY: {
        order_term(o, e->every.domain);
        uint32_t mark = o->log.n;
        uses vars = {0};
        if (e->every.key)
            term_vars(e->every.key, &vars, false);
        term_vars(e->every.value, &vars, false);
        for (uint32_t i = 0; i < vars.n; i++)
            make_safe(o, vars.v[i].var);
        free(vars.v);
        order_body(o, &e->every.body);
        undo(o, mark);
        break;
    }
    case WP_EXPR_NOT: order_inner(o, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        order_inner(o, &e->logic.lhs);
        order_inner(o, &e->logic.rhs);
        break;
    }
}

static void order_body(orderer *o, wp_body *b)
{
    uint32_t n = b->n, placed = 0;
    uses *needs = wb_calloc(n, sizeof *needs), *closed = wb_calloc(n, sizeof *closed);
    uses all = {0};
    for (uint32_t i = 0; i < n; i++) {
        expr_vars(b->exprs[i], &needs[i], false);
        for (uint32_t j = 0; j < needs[i].n; j++)
            put_use(&all, needs[i].v[j].var, needs[i].v[j].loc);
    }
    /* A closure's variable waits for the outer body only when that mentions it too. */
    uint32_t generation = ++o->u->generation;
    for (uint32_t i = 0; i < all.n; i++)
        all.v[i].var->seen = generation;
    for (uint32_t i = 0; i < n; i++) {
        uses inner = {0};
        expr_vars(b->exprs[i], &inner, true);
        for (uint32_t j = 0; j < inner.n; j++)
            if (inner.v[j].var->seen == generation)
                put_use(&closed[i], inner.v[j].var, inner.v[j].loc);
        free(inner.v);
    }
    wp_expr **to = wb_arena_alloc(o->u->a, (n + 1) * sizeof *to);
    bool *done = wb_calloc(n, sizeof *done);
    for (bool progress = true; progress && placed < n;) {
        progress = false;
        for (uint32_t i = 0; i < n; i++)
            if (!done[i] && place(o, b->exprs[i], &needs[i], &closed[i])) {
                done[i] = progress = true;
                to[placed++] = b->exprs[i];
            }
    }
    for (uint32_t i = 0; i < n && placed < n; i++) {
        if (done[i])
            continue;
        uses outs = {0};
        while (expr_outputs(o, b->exprs[i], &outs))
            continue;
        for (uint32_t j = 0; j < needs[i].n; j++)
            if (needs[i].v[j].var->mark == UNSAFE)
                report_unsafe(o, &needs[i].v[j]);
        for (uint32_t j = 0; j < outs.n; j++)
            if (outs.v[j].var->mark == MAYBE)
                make_safe(o, outs.v[j].var);
        for (uint32_t j = 0; j < closed[i].n; j++)
            if (closed[i].v[j].var->mark == UNSAFE)
                report_unsafe(o, &closed[i].v[j]);
        free(outs.v);
        to[placed++] = b->exprs[i];
    }
    b->exprs = to;
    for (uint32_t i = 0; i < n; i++) {
        free(needs[i].v);
        free(closed[i].v);
    }
    free(needs);
    free(closed);
    free(all.v);
    free(done);
    for (uint32_t i = 0; i < n; i++)
        order_closures(o, b->exprs[i]);
}

static void check_head(orderer *o, wp_term *t)
{
    uses vars = {0};
    term_vars(t, &vars, false);
    for (uint32_t i = 0; i < vars.n; i++)
        if (vars.v[i].var->mark == UNSAFE) {
            vars.v[i].loc = vars.v[i].loc.row ? vars.v[i].loc : t->loc;
            report_unsafe(o, &vars.v[i]);
        }
    free(vars.v);
    order_term(o, t);
}

static void order_rule(orderer *o, wc_rule *rule, const wc_rule *first)
{
    uint32_t mark = o->log.n;
    uses args = {0};
    for (uint32_t i = 0; i < rule->n_args; i++)
        term_vars(rule->args[i], &args, false);
    for (uint32_t i = 0; i < args.n; i++)
        make_safe(o, args.v[i].var);
    free(args.v);
    order_body(o, &rule->body);
    /* References in the head bind the variables of their elements, as in a body. */
    uses outs = {0};
    for (uint32_t i = rule->n_ground; i < rule->n_path; i++)
        ref_outputs(rule->path[i], &outs);
    if (rule->key)
        ref_outputs(rule->key, &outs);
    if (rule->value)
        ref_outputs(rule->value, &outs);
    for (uint32_t i = 0; i < outs.n; i++) {
        outs.v[i].var->mark = UNSAFE;
        make_safe(o, outs.v[i].var);
    }
    free(outs.v);
    for (uint32_t i = rule->n_ground; i < rule->n_path; i++)
        check_head(o, rule->path[i]);
    if (rule->key)
        check_head(o, rule->key);
    if (rule->value)
        check_head(o, rule->value);
    undo(o, mark);
    if (rule->else_rule)
        order_rule(o, rule->else_rule, first);
}

/* The rule never succeeds. */
static void end_rule(wc_unit *u, wc_rule *rule)
{
    wp_term *no = wc_term_new(u, WP_BOOLEAN, rule->loc),
            *yes = wc_term_new(u, WP_BOOLEAN, rule->loc);
    no->value = WV_FALSE;
    yes->value = WV_TRUE;
    rule->body.n = 1;
    rule->body.exprs = wb_arena_alloc(u->a, sizeof(wp_expr *));
    rule->body.exprs[0] = wc_expr_new(u, WP_EXPR_TERM, rule->loc);
    rule->body.exprs[0]->term = no;
    if (rule->key)
        rule->key = yes;
    if (rule->value)
        rule->value = yes;
}

void wc_check_safety(wc_unit *u)
{
    orderer o = {.u = u, .quiet = true};
    uint32_t before = u->diags->n;
    for (uint32_t i = 0; i < u->n_rules; i++) {
        u->module = u->rules[i]->module;
        order_rule(&o, u->rules[i], u->rules[i]);
    }
    if (o.failed)
        wc_report_unsafe(u);
    /* Whatever it does not find words for is told here. A head variable that looks made is no
     * error: such a rule has no value. */
    for (uint32_t i = 0; i < u->n_rules && o.failed && u->diags->n == before; i++) {
        wc_rule *rule = u->rules[i];
        u->module = rule->module;
        o.quiet = true;
        bool failed = o.failed;
        o.failed = o.named = false;
        order_rule(&o, rule, rule);
        if (o.failed && !o.named && !rule->else_rule && rule->n_ground == rule->n_path) {
            end_rule(u, rule);
            o.failed = false;
            order_rule(&o, rule, rule);
        }
        o.quiet = false;
        if (o.failed)
            order_rule(&o, rule, rule);
        o.failed = failed;
    }
    u->module = NULL;
    free(o.log.v);
}

void wc_order_query(wc_unit *u, wp_body *b)
{
    orderer o = {.u = u};
    order_body(&o, b);
    undo(&o, 0);
    free(o.log.v);
}
