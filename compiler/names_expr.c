/* Names in expressions and bodies.
 *
 * Takes the parser's expressions and copies them. After it: `:=` is gone (the variable is a new
 * one, the expression is `=`), `some x` is gone, `some k, v in xs` and `every` have variables of
 * their own, print() is a call or gone.
 *
 * Reports: assignments where nothing may be assigned, variables that bind their own domain. */
#include "compiler/names.h"

#include <stdlib.h>

/* Variables of t outside of comprehensions; `bound`: those it binds by being matched. */
static void each_var(const wp_term *t, bool bound, void (*f)(void *arg, const wp_term *), void *arg)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: f(arg, t); return;
    case WP_REF:
    case WP_CALL:
    case WP_ARRAY:
    case WP_SET: {
        bool skip = t->kind == WP_CALL || (t->kind == WP_REF && bound);
        for (uint32_t i = skip; i < t->list.n; i++)
            each_var(t->list.items[i], bound, f, arg);
        return;
    }
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            if (!bound)
                each_var(t->object.pairs[i].key, bound, f, arg);
            each_var(t->object.pairs[i].value, bound, f, arg);
        }
        return;
    default: return;
    }
}

typedef struct domain {
    wc_resolver *r;
    wv names; /* set of the variables of the domain */
    wp_loc loc;
    bool met;
} domain;

static void note_name(void *arg, const wp_term *t)
{
    domain *d = arg;
    wv_set_add(d->r->u->a, &d->names, wv_string_new(d->r->u->a, t->name));
}

static void refuse_name(void *arg, const wp_term *t)
{
    domain *d = arg;
    if (wc_is_wildcard(t->name) || !wv_set_has(d->names, wv_string_new(d->r->u->a, t->name)))
        return;
    wc_resolve_fail(d->r, d->loc, "var ", t->name, " assigned before");
    d->met = true;
}

/* `some x in f(x)`: reports it. */
static bool binds_own_domain(wc_resolver *r, const wp_expr *e, const wp_term *call)
{
    domain d = {.r = r, .names = wv_set_begin(r->u->a, 8), .loc = e->loc};
    each_var(call->list.items[call->list.n - 1], false, note_name, &d);
    for (uint32_t i = 1; i + 1 < call->list.n && wv_len(d.names); i++)
        each_var(call->list.items[i], true, refuse_name, &d);
    return d.met;
}

static wp_expr *some(wc_resolver *r, const wp_expr *e)
{
    if (e->some.n == 1 && e->some.items[0]->kind == WP_CALL) {
        const wp_term *c = e->some.items[0];
        if (binds_own_domain(r, e, c))
            return NULL;
        wp_term *to = wc_term_new(r->u, WP_CALL, c->loc);
        to->list.n = c->list.n;
        to->list.items = wb_arena_alloc(r->u->a, c->list.n * sizeof *to->list.items);
        to->list.items[0] = wc_resolve_operator(r, c->list.items[0], true);
        to->list.items[c->list.n - 1] = wc_resolve_term(r, c->list.items[c->list.n - 1]);
        r->some = e;
        for (uint32_t i = 1; i + 1 < c->list.n; i++)
            to->list.items[i] = wc_resolve_pattern(r, c->list.items[i], "declared", e->loc);
        r->some = NULL;
        wp_expr *x = wc_expr_new(r->u, WP_EXPR_SOME, e->loc);
        x->some.items = wb_arena_alloc(r->u->a, sizeof(wp_term *));
        x->some.items[0] = to;
        x->some.n = 1;
        return x;
    }
    for (uint32_t i = 0; i < e->some.n; i++)
        if (e->some.items[i]->kind == WP_VAR && !wc_is_wildcard(e->some.items[i]->name))
            wc_scope_declare(r, e->some.items[i], "declared", e->loc)->may_be_unused = true;
    return NULL;
}

/* Unused, it is reported at the first expression of the body. */
static wp_term *loop_var(wc_resolver *r, const wp_term *t, wp_loc loc, wp_loc first)
{
    wp_term *to = wc_resolve_pattern(r, t, "declared", loc);
    if (t->kind == WP_VAR && !wc_is_wildcard(t->name)) {
        wc_var_of(to)->may_be_unused = true;
        wc_binding *b = wc_scope_own(r, t->name);
        if (b)
            b->loc = first;
    }
    return to;
}

static wp_expr *every(wc_resolver *r, const wp_expr *e)
{
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_EVERY, e->loc);
    wp_loc first = e->every.body.n ? e->every.body.exprs[0]->loc : e->loc;
    to->every.domain = wc_resolve_term(r, e->every.domain);
    wc_scope s;
    wc_scope_push(r, &s);
    if (e->every.key && e->every.key->kind == WP_VAR && e->every.value->kind == WP_VAR &&
        !wc_is_wildcard(e->every.key->name) &&
        wb_str_eq(e->every.key->name, e->every.value->name)) {
        wc_resolve_fail(r, (wp_loc){0}, "var ", e->every.key->name, " declared above");
        wc_scope_pop(r);
        return NULL;
    }
    if (e->every.key)
        to->every.key = loop_var(r, e->every.key, e->loc, first);
    to->every.value = loop_var(r, e->every.value, e->loc, first);
    to->every.body = wc_resolve_body(r, &e->every.body, false);
    wc_scope_pop(r);
    return to;
}

static wp_expr *print_call(wc_resolver *r, const wp_expr *e)
{
    if (!r->u->options->print) { /* its operands count as read all the same */
        bool erased = r->erased;
        r->erased = true;
        for (uint32_t i = 1; i < e->call.n; i++)
            wc_resolve_term(r, e->call.items[i]);
        r->erased = erased;
        return NULL;
    }
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

bool wc_op_is(const wp_term *op, const char *name)
{
    const wp_term *head = op->kind == WP_REF && op->list.n == 1 ? op->list.items[0] : op;
    return head->kind == WP_VAR && wb_str_is(head->name, name);
}

static bool assigns(const wp_expr *e)
{
    return e->kind == WP_EXPR_CALL && wc_op_is(e->call.items[0], "assign") && e->call.n == 3;
}

/* Operands without braces bind nothing, so they may not assign. */
static bool refuse_assignment(wc_resolver *r, const wp_body *b, bool braces, const char *what)
{
    bool any = false;
    for (uint32_t i = 0; i < b->n && !braces; i++)
        if (assigns(b->exprs[i])) {
            wc_resolve_fail(r, b->exprs[i]->loc, "cannot assign vars inside ", wb_str_of(what), "");
            any = true;
        }
    return any;
}

static wp_expr *call_expr(wc_resolver *r, const wp_expr *e)
{
    if (wc_op_is(e->call.items[0], "assign") && e->call.n == 3) {
        if (e->negated) {
            wc_resolve_fail(r, e->loc, "cannot assign vars inside negated expression", WB_LIT(""),
                            "");
            return NULL;
        }
        wc_check_root_var(r, e->call.items[1], e->loc);
        wp_term *value = wc_resolve_term(r, e->call.items[2]);
        wp_expr *to = wc_equation(
            r->u, wc_resolve_pattern(r, e->call.items[1], "assigned", (wp_loc){0}), value, e->loc);
        to->call.items[0]->infix = true; /* binds its left side only: for reports */
        return to;
    }
    if (wc_op_is(e->call.items[0], "print"))
        return print_call(r, e);
    wp_term *op = wc_resolve_operator(r, e->call.items[0], false);
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
        if (refuse_assignment(r, &e->body, e->explicit_body, "negated expression"))
            return NULL;
        to = wc_expr_new(r->u, WP_EXPR_NOT, e->loc);
        to->explicit_body = e->explicit_body;
        to->body = wc_resolve_body(r, &e->body, true);
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR: {
        const char *what = e->kind == WP_EXPR_AND ? "implicit and operand" : "implicit or operand";
        bool left = refuse_assignment(r, &e->logic.lhs, e->explicit_body, what);
        if (refuse_assignment(r, &e->logic.rhs, e->explicit_rhs, what) || left)
            return NULL;
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
