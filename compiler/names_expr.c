/* Names in expressions and bodies.
 *
 * Takes the parser's expressions and copies them. After it: `:=` is gone (the variable is a new
 * one, the expression is `=`), `some x` is gone, `some k, v in xs` and `every` have variables of
 * their own, print() is a call or gone.
 * Reports nothing. */
#include "compiler/names.h"

#include <stdlib.h>

static wp_expr *some(wc_resolver *r, const wp_expr *e)
{
    if (e->some.n == 1 && e->some.items[0]->kind == WP_CALL) {
        const wp_term *c = e->some.items[0];
        wp_term *to = wc_term_new(r->u, WP_CALL, c->loc);
        to->list.n = c->list.n;
        to->list.items = wb_arena_alloc(r->u->a, c->list.n * sizeof *to->list.items);
        to->list.items[0] = wc_resolve_operator(r, c->list.items[0]);
        to->list.items[c->list.n - 1] = wc_resolve_term(r, c->list.items[c->list.n - 1]);
        for (uint32_t i = 1; i + 1 < c->list.n; i++)
            to->list.items[i] = wc_resolve_pattern(r, c->list.items[i]);
        wp_expr *x = wc_expr_new(r->u, WP_EXPR_SOME, e->loc);
        x->some.items = wb_arena_alloc(r->u->a, sizeof(wp_term *));
        x->some.items[0] = to;
        x->some.n = 1;
        return x;
    }
    for (uint32_t i = 0; i < e->some.n; i++)
        if (e->some.items[i]->kind == WP_VAR && !wc_is_wildcard(e->some.items[i]->name))
            wc_scope_declare(r, e->some.items[i]);
    return NULL;
}

static wp_expr *every(wc_resolver *r, const wp_expr *e)
{
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_EVERY, e->loc);
    to->every.domain = wc_resolve_term(r, e->every.domain);
    wc_scope s;
    wc_scope_push(r, &s);
    if (e->every.key)
        to->every.key = wc_resolve_pattern(r, e->every.key);
    to->every.value = wc_resolve_pattern(r, e->every.value);
    to->every.body = wc_resolve_body(r, &e->every.body, false);
    wc_scope_pop(r);
    return to;
}

static wp_expr *print_call(wc_resolver *r, const wp_expr *e)
{
    if (!r->u->options->print)
        return NULL;
    wp_term *list = wc_term_new(r->u, WP_ARRAY, e->loc);
    list->list.n = e->call.n - 1;
    list->list.items = wb_arena_alloc(r->u->a, e->call.n * sizeof(wp_term *));
    for (uint32_t i = 1; i < e->call.n; i++)
        list->list.items[i - 1] = wc_resolve_maybe(r, e->call.items[i], NULL);
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_CALL, e->loc);
    to->call.n = 2;
    to->call.items = wb_arena_alloc(r->u->a, 2 * sizeof(wp_term *));
    to->call.items[0] = wc_string_term(r->u, WB_LIT("internal.print"), e->loc);
    to->call.items[1] = list;
    return to;
}

static bool op_is(const wp_term *op, const char *name)
{
    const wp_term *head = op->kind == WP_REF && op->list.n == 1 ? op->list.items[0] : op;
    return head->kind == WP_VAR && wb_str_is(head->name, name);
}

static wp_expr *call_expr(wc_resolver *r, const wp_expr *e)
{
    if (op_is(e->call.items[0], "assign") && e->call.n == 3) {
        wp_term *value = wc_resolve_term(r, e->call.items[2]);
        wp_expr *to = wc_equation(r->u, wc_resolve_pattern(r, e->call.items[1]), value, e->loc);
        to->call.items[0]->infix = true; /* binds its left side only: for reports */
        return to;
    }
    if (op_is(e->call.items[0], "print"))
        return print_call(r, e);
    wp_term *op = wc_resolve_operator(r, e->call.items[0]);
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_CALL, e->loc);
    to->call.n = e->call.n;
    to->call.items = wc_resolve_args(r, e->call.items, e->call.n);
    to->call.items[0] = op ? op : wc_string_term(r->u, WB_LIT("eq"), e->loc);
    return to;
}

/* The resolved expression, or NULL when nothing is left of it. */
static wp_expr *expression(wc_resolver *r, const wp_expr *e)
{
    wp_expr *to = NULL;
    bool late = e->kind == WP_EXPR_SOME; /* its variables are declared for its modifiers too */
    wp_with *with = e->n_with && !late ? wc_resolve_withs(r, e) : NULL;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        to = wc_expr_new(r->u, WP_EXPR_TERM, e->loc);
        to->term = wc_resolve_term(r, e->term);
        break;
    case WP_EXPR_CALL: to = call_expr(r, e); break;
    case WP_EXPR_SOME: to = some(r, e); break;
    case WP_EXPR_EVERY: to = every(r, e); break;
    case WP_EXPR_NOT:
        to = wc_expr_new(r->u, WP_EXPR_NOT, e->loc);
        to->explicit_body = e->explicit_body;
        to->body = wc_resolve_body(r, &e->body, true);
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR: {
        to = wc_expr_new(r->u, (wp_expr_kind)e->kind, e->loc);
        to->explicit_body = e->explicit_body;
        to->explicit_rhs = e->explicit_rhs;
        to->logic.lhs = wc_resolve_body(r, &e->logic.lhs, true);
        to->logic.rhs = wc_resolve_body(r, &e->logic.rhs, true);
        break;
    }
    }
    if (!to)
        return NULL;
    if (late && e->n_with)
        with = wc_resolve_withs(r, e);
    to->negated = e->negated;
    to->index = e->index;
    to->with = with;
    to->n_with = e->n_with;
    if (!e->negated && to->kind == WP_EXPR_CALL)
        wc_hoist_shared(r, to->call.items + 1, to->call.n - 1, to);
    else if (!e->negated && to->kind == WP_EXPR_TERM && to->term->kind == WP_REF)
        wc_hoist_shared(r, to->term->list.items, to->term->list.n, to);
    else if (to->kind == WP_EXPR_SOME)
        wc_hoist_shared(r, to->some.items[0]->list.items + 1, to->some.items[0]->list.n - 1, to);
    if (e->negated && to->kind == WP_EXPR_CALL)
        wc_hoist_call(r, to->call.items, to->call.n, to);
    else if (e->negated && to->kind == WP_EXPR_TERM && to->term->kind == WP_CALL)
        wc_hoist_call(r, to->term->list.items, to->term->list.n, to);
    else if (e->negated && to->kind == WP_EXPR_TERM)
        to->term = wc_hoist_below(r, to->term, to);
    return to;
}

wp_body wc_resolve_body(wc_resolver *r, const wp_body *b, bool new_scope)
{
    wc_scope s;
    if (new_scope)
        wc_scope_push(r, &s);
    wp_expr **before = r->before;
    uint32_t n_before = r->n_before, cap_before = r->cap_before;
    r->before = NULL;
    r->n_before = r->cap_before = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = expression(r, b->exprs[i]);
        if (e)
            wc_emit_before(r, e);
    }
    wp_body to = {wb_arena_alloc(r->u->a, (r->n_before + 1) * sizeof(wp_expr *)), r->n_before};
    if (r->n_before)
        memcpy(to.exprs, r->before, r->n_before * sizeof(wp_expr *));
    for (uint32_t i = 0; i < to.n; i++)
        to.exprs[i]->index = i;
    free(r->before);
    r->before = before;
    r->n_before = n_before;
    r->cap_before = cap_before;
    if (new_scope)
        wc_scope_pop(r);
    return to;
}
