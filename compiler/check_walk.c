/* Walks over the tree of the checks: for nodes, for variables, for properties of terms. */
#include "compiler/check.h"

/* ---- nodes ---- */

static void walk_terms(wc_cvisitor *v, wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        wc_ck_walk_term(v, items[i]);
}

void wc_ck_walk_term(wc_cvisitor *v, wp_term *t)
{
    if (v->term && v->term(v, t))
        return;
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL: walk_terms(v, t->list.items, t->list.n); return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            wc_ck_walk_term(v, t->object.pairs[i].key);
            wc_ck_walk_term(v, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            wc_ck_walk_term(v, t->comp.key);
        wc_ck_walk_term(v, t->comp.value);
        wc_ck_walk_body(v, &t->comp.body);
        return;
    case WP_TEMPLATE:
        for (uint32_t i = 0; i < t->tmpl.n; i++)
            wc_ck_walk_expr(v, t->tmpl.parts[i]);
        return;
    default: return;
    }
}

/* Whether the terms hold something to look for. */
static bool wants_terms(const wc_cvisitor *v)
{
    return !v->flat || (v->term && !v->only_closures);
}

void wc_ck_walk_expr(wc_cvisitor *v, wp_expr *e)
{
    if (v->expr && v->expr(v, e))
        return;
    bool terms = wants_terms(v);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        if (terms)
            wc_ck_walk_term(v, e->term);
        break;
    case WP_EXPR_CALL:
        if (terms)
            walk_terms(v, e->call.items, e->call.n);
        break;
    case WP_EXPR_SOME:
        if (terms)
            walk_terms(v, e->some.items, e->some.n);
        break;
    case WP_EXPR_EVERY:
        if (!terms) {
            wc_ck_walk_body(v, &e->every.body);
            break;
        }
        if (e->every.key)
            wc_ck_walk_term(v, e->every.key);
        wc_ck_walk_term(v, e->every.value);
        wc_ck_walk_term(v, e->every.domain);
        wc_ck_walk_body(v, &e->every.body);
        break;
    case WP_EXPR_NOT: wc_ck_walk_body(v, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        wc_ck_walk_body(v, &e->logic.lhs);
        wc_ck_walk_body(v, &e->logic.rhs);
        break;
    }
    for (uint32_t i = 0; i < e->n_with; i++) {
        if ((v->with && v->with(v, &e->with[i])) || !terms)
            continue;
        wc_ck_walk_term(v, e->with[i].target);
        wc_ck_walk_term(v, e->with[i].value);
    }
}

void wc_ck_walk_body(wc_cvisitor *v, wp_body *b)
{
    if (v->body && v->body(v, b))
        return;
    for (uint32_t i = 0; i < b->n; i++)
        wc_ck_walk_expr(v, b->exprs[i]);
}

void wc_ck_walk_head(wc_cvisitor *v, wc_crule *r)
{
    if (!wants_terms(v))
        return;
    walk_terms(v, r->args, r->n_args);
    if (r->key)
        wc_ck_walk_term(v, r->key);
    if (r->value)
        wc_ck_walk_term(v, r->value);
}

void wc_ck_walk_rule(wc_cvisitor *v, wc_crule *r)
{
    v->flat = wc_crule_is_flat(r);
    wc_ck_walk_head(v, r);
    wc_ck_walk_body(v, &r->body);
}

/* ---- variables ---- */

static void value_vars(wc_check *c, const wp_term *t, unsigned how, wc_cset *out);

static void list_vars(wc_check *c, wp_term *const *items, uint32_t n, unsigned how, wc_cset *out)
{
    for (uint32_t i = 0; i < n; i++)
        if (!wc_ck_is_scalar(items[i]))
            wc_ck_term_vars(c, items[i], how, out);
}

/* The elements of a reference; their places are not noted. */
static void ref_vars(wc_check *c, const wp_term *t, uint32_t from, unsigned how, wc_cset *out)
{
    for (uint32_t i = from; i < t->list.n; i++)
        if (!wc_ck_is_scalar(t->list.items[i]))
            value_vars(c, t->list.items[i], how, out);
}

static void value_vars(wc_check *c, const wp_term *t, unsigned how, wc_cset *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: wc_cset_add(&c->tmp, out, wc_cvar_of(t)); return;
    case WP_REF: ref_vars(c, t, (how & WC_NO_REF_HEAD) != 0, how, out); return;
    case WP_CALL:
        if (how & WC_NO_CALL_HEAD)
            ref_vars(c, t->list.items[0], 1, how, out);
        else
            value_vars(c, t->list.items[0], how, out);
        for (uint32_t i = 1; i < t->list.n; i++)
            value_vars(c, t->list.items[i], how, out);
        return;
    case WP_SET:
        if (how & WC_NO_SETS)
            return;
        /* fall through */
    case WP_ARRAY: list_vars(c, t->list.items, t->list.n, how, out); return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            if (!(how & WC_NO_KEYS))
                wc_ck_term_vars(c, t->object.pairs[i].key, how, out);
            wc_ck_term_vars(c, t->object.pairs[i].value, how, out);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (how & WC_NO_CLOSURES)
            return;
        if (t->comp.key)
            value_vars(c, t->comp.key, how, out);
        value_vars(c, t->comp.value, how, out);
        wc_ck_body_vars(c, &t->comp.body, how, out);
        return;
    case WP_TEMPLATE:
        for (uint32_t i = 0; i < t->tmpl.n && !(how & WC_NO_CLOSURES); i++)
            wc_ck_expr_vars(c, t->tmpl.parts[i], how, out);
        return;
    default: return;
    }
}

void wc_ck_term_vars(wc_check *c, const wp_term *t, unsigned how, wc_cset *out)
{
    if (t->kind == WP_VAR)
        wc_cset_add_at(&c->tmp, out, wc_cvar_of(t), t->loc);
    else
        value_vars(c, t, how, out);
}

static void with_vars(wc_check *c, const wp_with *w, unsigned how, wc_cset *out)
{
    if (!(how & WC_NO_CALL_HEAD)) {
        value_vars(c, w->target, how, out);
        value_vars(c, w->value, how, out);
        return;
    }
    if (w->target->kind == WP_REF)
        ref_vars(c, w->target, 1, how, out);
    if (w->value->kind == WP_REF)
        ref_vars(c, w->value, 1, how, out);
    else
        wc_ck_term_vars(c, w->value, how, out);
}

/* What a body of `not`, `and`, `or` without braces takes from outside: all its variables, but
 * those that one of several expressions binds for another. */
static void operand_vars(wc_check *c, const wp_body *b, wc_cset *out)
{
    wc_cset all = {0}, safe = {0}, bound = {0};
    if (b->n == 1) {
        wc_ck_expr_vars(c, b->exprs[0], WC_SAFETY, out);
        return;
    }
    wc_cset *each = wb_arena_calloc(&c->tmp, (b->n + 1) * sizeof *each);
    for (uint32_t i = 0; i < b->n; i++) {
        wc_ck_expr_vars(c, b->exprs[i], WC_SAFETY, &each[i]);
        wc_cset_add_all(&c->tmp, &all, &each[i]);
    }
    wc_cset_add(&c->tmp, &safe, c->input);
    wc_cset_add(&c->tmp, &safe, c->data);
    wc_cset_add_all(&c->tmp, &safe, &all);
    for (uint32_t i = 0; i < b->n; i++)
        if (wc_ck_is_eq(b->exprs[i]))
            for (uint32_t k = 1; k < b->exprs[i]->call.n && k < 3; k++)
                if (b->exprs[i]->call.items[k]->kind == WP_VAR)
                    wc_cset_remove(&c->tmp, &safe, wc_cvar_of(b->exprs[i]->call.items[k]));
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < b->n; i++) {
            wc_cset outs = {0};
            if (!wc_ck_is_eq(b->exprs[i]))
                continue;
            wc_ck_eq_outputs(c, b->exprs[i], &safe, &outs);
            for (uint32_t k = 0; k < outs.n; k++)
                if (wc_cset_add(&c->tmp, &bound, outs.v[k])) {
                    wc_cset_add(&c->tmp, &safe, outs.v[k]);
                    more = true;
                }
        }
    }
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        if (e->kind != WP_EXPR_CALL || wc_ck_is_eq(e))
            continue;
        int64_t arity = wc_ck_arity(c, e->call.items[0]);
        for (uint32_t k = (uint32_t)arity + 1; arity >= 0 && k < e->call.n; k++)
            value_vars(c, e->call.items[k],
                       WC_NO_CLOSURES | WC_NO_SETS | WC_NO_KEYS | WC_NO_REF_HEAD, &bound);
    }
    for (uint32_t i = 0; i < all.n; i++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < b->n && count < 2; k++)
            count += wc_cset_has(&each[k], all.v[i]);
        if (count < 2 || !wc_cset_has(&bound, all.v[i]))
            wc_cset_add(&c->tmp, out, all.v[i]);
    }
}

void wc_ck_expr_vars(wc_check *c, const wp_expr *e, unsigned how, wc_cset *out)
{
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: wc_ck_term_vars(c, e->term, how, out); break;
    case WP_EXPR_CALL:
        if (how & WC_NO_CALL_HEAD) {
            ref_vars(c, e->call.items[0], 1, how, out);
            list_vars(c, e->call.items + 1, e->call.n - 1, how, out);
        } else {
            for (uint32_t i = 0; i < e->call.n; i++)
                value_vars(c, e->call.items[i], how, out);
        }
        break;
    case WP_EXPR_SOME: list_vars(c, e->some.items, e->some.n, how, out); break;
    case WP_EXPR_EVERY:
        if (how & WC_NO_CLOSURES) {
            wc_ck_term_vars(c, e->every.domain, how, out);
            return; /* not what stands in its `with` either */
        }
        if (e->every.key)
            value_vars(c, e->every.key, how, out);
        wc_ck_term_vars(c, e->every.value, how, out);
        wc_ck_term_vars(c, e->every.domain, how, out);
        wc_ck_body_vars(c, &e->every.body, how, out);
        break;
    case WP_EXPR_NOT:
        if ((how & WC_OPERANDS) && !e->explicit_body)
            operand_vars(c, &e->body, out);
        if (!(how & WC_NO_CLOSURES))
            wc_ck_body_vars(c, &e->body, how, out);
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        if ((how & WC_OPERANDS) && !e->explicit_body)
            operand_vars(c, &e->logic.lhs, out);
        if ((how & WC_OPERANDS) && !e->explicit_rhs)
            operand_vars(c, &e->logic.rhs, out);
        if (!(how & WC_NO_CLOSURES)) {
            wc_ck_body_vars(c, &e->logic.lhs, how, out);
            wc_ck_body_vars(c, &e->logic.rhs, how, out);
        }
        break;
    }
    for (uint32_t i = 0; i < e->n_with; i++)
        with_vars(c, &e->with[i], how, out);
}

void wc_ck_body_vars(wc_check *c, const wp_body *b, unsigned how, wc_cset *out)
{
    for (uint32_t i = 0; i < b->n; i++)
        wc_ck_expr_vars(c, b->exprs[i], how, out);
}

/* ---- properties ---- */

bool wc_ck_is_constant(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!wc_ck_is_constant(t->list.items[i]))
                return false;
        return true;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!wc_ck_is_constant(t->object.pairs[i].key) ||
                !wc_ck_is_constant(t->object.pairs[i].value))
                return false;
        return true;
    default: return t->kind <= WP_STRING;
    }
}

static bool is_ground_body(const wp_body *b);

static bool is_ground_expr(const wp_expr *e)
{
    bool ground = true;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: return wc_ck_is_ground(e->term);
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n && ground; i++)
            ground = wc_ck_is_ground(e->call.items[i]);
        return ground;
    case WP_EXPR_NOT: return is_ground_body(&e->body);
    case WP_EXPR_AND:
    case WP_EXPR_OR: return is_ground_body(&e->logic.lhs) && is_ground_body(&e->logic.rhs);
    case WP_EXPR_SOME:
    case WP_EXPR_EVERY: return false;
    }
    return false;
}

static bool is_ground_body(const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (!is_ground_expr(b->exprs[i]))
            return false;
    return true;
}

bool wc_ck_is_ground(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: return false;
    case WP_REF:
    case WP_CALL:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = t->kind == WP_REF; i < t->list.n; i++)
            if (!wc_ck_is_ground(t->list.items[i]))
                return false;
        return true;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!wc_ck_is_ground(t->object.pairs[i].key) ||
                !wc_ck_is_ground(t->object.pairs[i].value))
                return false;
        return true;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        return (!t->comp.key || wc_ck_is_ground(t->comp.key)) && wc_ck_is_ground(t->comp.value) &&
               is_ground_body(&t->comp.body);
    case WP_TEMPLATE: return false;
    default: return true;
    }
}

static bool evaluated(wc_cvisitor *v, wp_term *t)
{
    if (t->kind == WP_REF || wc_ck_is_comp(t))
        *(bool *)v->data = true;
    return *(bool *)v->data;
}

bool wc_ck_needs_evaluation(const wp_term *t)
{
    bool found = false;
    wc_cvisitor v = {.term = evaluated, .data = &found};
    wc_ck_walk_term(&v, (wp_term *)(uintptr_t)t);
    return found;
}

bool wc_ck_is_root(const wc_check *c, const wp_term *t)
{
    return t->kind == WP_REF && t->list.n == 1 &&
           (wc_ck_starts(t, c->input) || wc_ck_starts(t, c->data));
}

const ws_builtin *wc_ck_named(wc_check *c, wc_cvar *v)
{
    if (!v->builtin_known) {
        v->builtin = ws_registry_find(c->u->registry, wc_cvar_name(v));
        v->builtin_known = true;
    }
    return v->builtin;
}

const ws_builtin *wc_ck_builtin(wc_check *c, const wp_term *op)
{
    if (op->kind == WP_VAR)
        return wc_ck_named(c, wc_cvar_of(op));
    if (op->kind != WP_REF || op->list.items[0]->kind != WP_VAR)
        return NULL;
    if (op->list.n == 1)
        return wc_ck_named(c, wc_cvar_of(op->list.items[0]));
    char text[128];
    size_t n = 0;
    for (uint32_t i = 0; i < op->list.n; i++) {
        const wp_term *t = op->list.items[i];
        if (i && t->kind != WP_STRING)
            return NULL;
        wb_str part = i ? wv_str(&t->value) : t->name;
        if (n + part.n + 2 > sizeof text)
            return NULL;
        if (i)
            text[n++] = '.';
        memcpy(text + n, part.p, part.n);
        n += part.n;
    }
    return ws_registry_find(c->u->registry, wb_str_n(text, n));
}

/* ---- text ---- */

#define SHOWN_DEPTH_MAX 64u /* made variables within what a made variable stands for */

/* How a term is shown. */
typedef struct display {
    wc_check *c;
    bool subjects; /* what was written in place of made variables */
} display;

static wp_term *shown(const display *d, const wp_term *t, unsigned depth);

static wp_term **shown_list(const display *d, wp_term *const *items, uint32_t n, unsigned depth)
{
    wp_term **to = wb_arena_alloc(d->c->a, (n + 1) * sizeof *to);
    for (uint32_t i = 0; i < n; i++)
        to[i] = shown(d, items[i], depth);
    return to;
}

static wp_body shown_body(const display *d, const wp_body *b, unsigned depth);

static wp_expr *shown_expr(const display *d, const wp_expr *from, unsigned depth)
{
    wp_expr *e = wc_expr_new(d->c->u, (wp_expr_kind)from->kind, from->loc);
    memcpy(e, from, wp_expr_size((wp_expr_kind)from->kind));
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: e->term = shown(d, e->term, depth); break;
    case WP_EXPR_CALL: e->call.items = shown_list(d, e->call.items, e->call.n, depth); break;
    case WP_EXPR_SOME: e->some.items = shown_list(d, e->some.items, e->some.n, depth); break;
    case WP_EXPR_EVERY:
        e->every.key = e->every.key ? shown(d, e->every.key, depth) : NULL;
        e->every.value = shown(d, e->every.value, depth);
        e->every.domain = shown(d, e->every.domain, depth);
        e->every.body = shown_body(d, &e->every.body, depth);
        break;
    case WP_EXPR_NOT: e->body = shown_body(d, &e->body, depth); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        e->logic.lhs = shown_body(d, &e->logic.lhs, depth);
        e->logic.rhs = shown_body(d, &e->logic.rhs, depth);
        break;
    }
    e->with = wb_arena_alloc(d->c->a, (e->n_with + 1) * sizeof *e->with);
    for (uint32_t i = 0; i < e->n_with; i++)
        e->with[i] = (wp_with){shown(d, from->with[i].target, depth),
                               shown(d, from->with[i].value, depth), from->with[i].loc};
    return e;
}

static wp_body shown_body(const display *d, const wp_body *b, unsigned depth)
{
    wp_body to = {wb_arena_alloc(d->c->a, (b->n + 1) * sizeof(wp_expr *)), b->n};
    for (uint32_t i = 0; i < b->n; i++)
        to.exprs[i] = shown_expr(d, b->exprs[i], depth + 1);
    return to;
}

static wp_term *shown(const display *d, const wp_term *t, unsigned depth)
{
    wc_check *c = d->c;
    if (depth > SHOWN_DEPTH_MAX)
        return (wp_term *)(uintptr_t)t;
    if (t->kind == WP_VAR) {
        wc_cvar *v = wc_cvar_of(t);
        if (d->subjects && v->subject)
            return shown(d, v->subject, depth + 1);
        return v->was ? wc_ck_var_term(c, v->was, t->loc) : (wp_term *)(uintptr_t)t;
    }
    wp_term *to = wc_term_new(c->u, (wp_term_kind)t->kind, t->loc);
    memcpy(to, t, wp_term_size((wp_term_kind)t->kind));
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_CALL:
    case WP_ARRAY:
    case WP_SET: to->list.items = shown_list(d, t->list.items, t->list.n, depth + 1); break;
    case WP_OBJECT:
        to->object.pairs = wb_arena_alloc(c->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){shown(d, t->object.pairs[i].key, depth + 1),
                                            shown(d, t->object.pairs[i].value, depth + 1)};
        break;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        to->comp.key = t->comp.key ? shown(d, t->comp.key, depth + 1) : NULL;
        to->comp.value = shown(d, t->comp.value, depth + 1);
        to->comp.body = shown_body(d, &t->comp.body, depth + 1);
        break;
    default: break;
    }
    return to;
}

wp_term *wc_ck_shown(wc_check *c, const wp_term *t, bool subjects)
{
    return shown(&(display){c, subjects}, t, 0);
}

wb_str wc_ck_text(wc_check *c, const wp_term *t)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wp_term_put(&b, wc_ck_shown(c, t, false));
    wb_str s = wb_arena_str(c->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}
