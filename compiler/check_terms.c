/* What must be evaluated moves into bodies.
 *
 * Three stages that share their means:
 *
 *   expression terms   a call within a term becomes an expression in front, with a made variable
 *                      in its place; the head of a reference that is no name gets one too
 *   heads              parts of rule heads and comprehension heads that must be evaluated become
 *                      variables that the body binds
 *   dynamic terms      references and comprehensions within arguments and collections become
 *                      expressions in front; `==` is `=` by then
 *
 * Made variables remember what they stand for (`subject`), for the texts of type errors. Reports
 * nothing. */
#include "compiler/check.h"

/* A made variable for t, bound by an expression at t's place. Its operator is one for all: what
 * follows renames none, and lowers one once. */
static wp_expr *bind(wc_check *c, wp_term *t)
{
    if (!c->eq)
        c->eq = wc_ck_operator(c, "eq", (wp_loc){0});
    wp_term *sides[2] = {wc_ck_var_term(c, wc_ck_local(c), t->loc), t};
    wp_expr *e = wc_ck_call(c, c->eq, sides, 2, t->loc);
    e->generated = true;
    return e;
}

static wp_term *bound(wc_check *c, const wp_expr *e)
{
    return wc_ck_var_term(c, wc_cvar_of(e->call.items[1]), e->loc);
}

static void take_with(wp_expr *e, const wp_expr *from)
{
    e->with = from->with;
    e->n_with = from->n_with;
}

static void append_all(wc_check *c, wp_body *to, const wc_cbody *from)
{
    wc_ck_append(c, to, from->v, from->n);
}

/* ---- expression terms ---- */

static wp_term *expand(wc_check *c, wp_term *t, wc_cbody *out);

static void expand_list(wc_check *c, wp_term **items, uint32_t from, uint32_t n, wc_cbody *out)
{
    for (uint32_t i = from; i < n; i++)
        items[i] = expand(c, items[i], out);
}

static void expand_ref(wc_check *c, wp_term *t, wc_cbody *out)
{
    for (uint32_t i = 0; i < t->list.n; i++) {
        wp_term *call = t->list.items[i]->kind == WP_CALL ? wc_ck_copy(c, t->list.items[i]) : NULL;
        t->list.items[i] = expand(c, t->list.items[i], out);
        if (call && t->list.items[i]->kind == WP_VAR)
            wc_cvar_of(t->list.items[i])->subject = call;
    }
    wp_term *head = t->list.items[0];
    if (head->kind == WP_ARRAY || head->kind == WP_OBJECT || head->kind == WP_SET ||
        wc_ck_is_comp(head)) {
        wp_expr *e = bind(c, head);
        wc_ck_add(c, out, e);
        t->list.items[0] = bound(c, e);
        wc_cvar_of(t->list.items[0])->subject = wc_ck_copy(c, head);
    }
}

static wp_term *expand(wc_check *c, wp_term *t, wc_cbody *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL: {
        expand_list(c, t->list.items, 1, t->list.n, out);
        wp_term *v = wc_ck_var_term(c, wc_ck_local(c), t->loc);
        wp_expr *e = wc_ck_call(c, t->list.items[0], t->list.items + 1, t->list.n, t->loc);
        e->call.items[t->list.n] = v;
        e->generated = true;
        wc_ck_add(c, out, e);
        return wc_ck_var_term(c, wc_cvar_of(v), t->loc);
    }
    case WP_REF: expand_ref(c, t, out); return t;
    case WP_ARRAY: expand_list(c, t->list.items, 0, t->list.n, out); return t;
    case WP_SET:
        expand_list(c, t->list.items, 0, t->list.n, out);
        wc_ck_sort(c, t);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = expand(c, t->object.pairs[i].key, out);
            t->object.pairs[i].value = expand(c, t->object.pairs[i].value, out);
        }
        wc_ck_sort(c, t);
        return t;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: {
        wc_cbody key = {0}, value = {0};
        if (t->comp.key) {
            t->comp.key = expand(c, t->comp.key, &key);
            append_all(c, &t->comp.body, &key);
        }
        t->comp.value = expand(c, t->comp.value, &value);
        append_all(c, &t->comp.body, &value);
        t->comp.body = wc_ck_expand_body(c, &t->comp.body);
        return t;
    }
    default: return t;
    }
}

static void expand_expr(wc_check *c, wp_expr *e, wc_cbody *out)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        e->with[i].value = expand(c, e->with[i].value, out);
    uint32_t from = out->n;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: e->term = expand(c, e->term, out); break;
    case WP_EXPR_CALL: expand_list(c, e->call.items, 1, e->call.n, out); break;
    case WP_EXPR_EVERY: {
        wp_expr *eq = bind(c, e->every.domain);
        take_with(eq, e);
        e->every.domain = bound(c, eq);
        expand_expr(c, eq, out);
        e->every.body = wc_ck_expand_body(c, &e->every.body);
        from = out->n;
        break;
    }
    case WP_EXPR_NOT: e->body = wc_ck_expand_body(c, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        e->logic.lhs = wc_ck_expand_body(c, &e->logic.lhs);
        e->logic.rhs = wc_ck_expand_body(c, &e->logic.rhs);
        break;
    case WP_EXPR_SOME: return; /* one that no scope has taken: it says nothing */
    }
    for (uint32_t i = from; i < out->n && e->n_with; i++)
        take_with(out->v[i], e);
    wc_ck_add(c, out, e);
}

wp_body wc_ck_expand_body(wc_check *c, const wp_body *b)
{
    wc_cbody out = {0};
    for (uint32_t i = 0; i < b->n; i++)
        expand_expr(c, b->exprs[i], &out);
    return (wp_body){out.v, out.n};
}

void wc_ck_expr_terms(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        if (!(r->has & (WC_HAS_CALL | WC_HAS_COMP)))
            continue;
        for (uint32_t k = 0; k < r->n_args; k++) {
            wc_cbody extra = {0};
            r->args[k] = expand(c, r->args[k], &extra);
            append_all(c, &r->body, &extra);
        }
        wp_term **both[2] = {&r->key, &r->value};
        for (int k = 0; k < 2; k++) {
            wc_cbody extra = {0};
            if (!*both[k])
                continue;
            *both[k] = expand(c, *both[k], &extra);
            append_all(c, &r->body, &extra);
        }
        r->body = wc_ck_expand_body(c, &r->body);
    }
}

/* ---- heads ---- */

/* *t as a variable that the body binds. */
static void move_into(wc_check *c, wp_term **t, wp_body *b)
{
    wp_expr *e = bind(c, *t);
    *t = bound(c, e);
    wc_ck_append(c, b, &e, 1);
}

void wc_ck_head_refs(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_modules; i++)
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            wc_crule *r = c->modules[i].rules[j];
            for (uint32_t k = 1; k < r->n_ref; k++) {
                wp_term *part = r->ref[k];
                if (part->kind <= WP_VAR)
                    continue;
                bool key = k == r->n_ref - 1 && r->key && !wp_term_compare(r->key, part);
                move_into(c, &r->ref[k], &r->body);
                if (key)
                    r->key = r->ref[k];
            }
            for (wc_crule *e = r->else_rule; e; e = e->else_rule) {
                e->written = e->ref;
                e->ref = wb_arena_alloc(c->a, r->n_ref * sizeof(wp_term *));
                for (uint32_t k = 0; k < r->n_ref; k++)
                    e->ref[k] = wc_ck_copy(c, r->ref[k]);
            }
        }
}

void wc_ck_refs_in_heads(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        if (r->key && wc_ck_needs_evaluation(r->key))
            move_into(c, &r->key, &r->body);
        if (r->value && wc_ck_needs_evaluation(r->value))
            move_into(c, &r->value, &r->body);
        for (uint32_t k = 0; k < r->n_args; k++)
            if (wc_ck_needs_evaluation(r->args[k]))
                move_into(c, &r->args[k], &r->body);
    }
}

static void in_comp(wc_check *c, wp_term *t)
{
    if (!wc_ck_is_comp(t))
        return;
    if (t->comp.key && wc_ck_needs_evaluation(t->comp.key))
        move_into(c, &t->comp.key, &t->comp.body);
    if (wc_ck_needs_evaluation(t->comp.value))
        move_into(c, &t->comp.value, &t->comp.body);
}

/* The outer comprehension first: what moves into its body is visited there. */
static bool comp_term(wc_cvisitor *v, wp_term *t)
{
    in_comp(v->c, t);
    return false;
}

void wc_ck_comprehensions_in(wc_check *c, wp_body *b)
{
    wc_cvisitor v = {.c = c, .term = comp_term};
    wc_ck_walk_body(&v, b);
}

void wc_ck_comprehensions(wc_check *c)
{
    wc_cvisitor v = {.c = c, .term = comp_term};
    for (uint32_t i = 0; i < c->n_all; i++)
        if (c->all[i]->has & WC_HAS_COMP)
            wc_ck_walk_rule(&v, c->all[i]);
}

/* ---- dynamic terms ---- */

static bool equal_to_eq(wc_cvisitor *v, wp_expr *e)
{
    if (!wc_ck_is_call_to(e, "equal") || e->call.n != 3)
        return false;
    wp_term *op = wc_term_new(v->c->u, WP_REF, e->call.items[0]->loc);
    op->list.items = v->data; /* one name for all */
    op->list.n = 1;
    e->call.items[0] = op;
    return false;
}

void wc_ck_equals(wc_check *c)
{
    wp_term *name = wc_ck_var_term(c, wc_ck_var(c, WB_LIT("eq")), (wp_loc){0});
    wc_cvisitor v = {
        .c = c, .expr = equal_to_eq, .data = wb_arena_dup(c->a, &name, sizeof(wp_term *))};
    for (uint32_t i = 0; i < c->n_all; i++)
        wc_ck_walk_rule(&v, c->all[i]);
}

static wp_term *lift(wc_check *c, const wp_expr *owner, wp_term *t, wc_cbody *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = lift(c, owner, t->list.items[i], out);
        break;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            t->list.items[i] = lift(c, owner, t->list.items[i], out);
        wc_ck_sort(c, t);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = lift(c, owner, t->object.pairs[i].key, out);
            t->object.pairs[i].value = lift(c, owner, t->object.pairs[i].value, out);
        }
        wc_ck_sort(c, t);
        return t;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: t->comp.body = wc_ck_dynamics_in(c, &t->comp.body); break;
    default: return t;
    }
    wp_expr *e = bind(c, t);
    take_with(e, owner);
    wc_ck_add(c, out, e);
    wp_term *v = bound(c, e);
    wc_cvar_of(v)->subject = t;
    return v;
}

/* As lift, but t itself may be a reference or comprehension. */
static wp_term *lift_below(wc_check *c, const wp_expr *owner, wp_term *t, wc_cbody *out)
{
    if (t->kind == WP_REF) {
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = lift(c, owner, t->list.items[i], out);
        return t;
    }
    if (wc_ck_is_comp(t)) {
        t->comp.body = wc_ck_dynamics_in(c, &t->comp.body);
        return t;
    }
    return lift(c, owner, t, out);
}

wp_body wc_ck_dynamics_in(wc_check *c, const wp_body *b)
{
    wc_cbody out = {0};
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        bool eq = wc_ck_is_eq(e);
        switch ((wp_expr_kind)e->kind) {
        case WP_EXPR_TERM: e->term = lift_below(c, e, e->term, &out); break;
        case WP_EXPR_CALL:
            for (uint32_t k = 1; k < e->call.n && (!eq || e->call.n == 3); k++)
                e->call.items[k] = eq ? lift_below(c, e, e->call.items[k], &out)
                                      : lift(c, e, e->call.items[k], &out);
            break;
        case WP_EXPR_EVERY:
            e->every.domain = lift(c, e, e->every.domain, &out);
            e->every.body = wc_ck_dynamics_in(c, &e->every.body);
            break;
        case WP_EXPR_NOT: e->body = wc_ck_dynamics_in(c, &e->body); break;
        case WP_EXPR_AND:
        case WP_EXPR_OR:
            e->logic.lhs = wc_ck_dynamics_in(c, &e->logic.lhs);
            e->logic.rhs = wc_ck_dynamics_in(c, &e->logic.rhs);
            break;
        case WP_EXPR_SOME: break;
        }
        wc_ck_add(c, &out, e);
    }
    return (wp_body){out.v, out.n};
}

void wc_ck_dynamics(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_all; i++)
        c->all[i]->body = wc_ck_dynamics_in(c, &c->all[i]->body);
}
