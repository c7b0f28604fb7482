/* A query through the stages.
 *
 * Takes a query's body. After it c->query is what the planner takes but for its operators: each
 * expression that has a value has a variable for it, unless the evaluator is asked alone, which
 * shows no values. Reports what the stages report of a rule's body: of those variables too, so
 * that a term whose type is not known is a match error, and what is unsafe in an expression makes
 * `var _` unsafe. Strict mode is for modules. */
#include "compiler/check.h"

#include <stdio.h>

/* ---- values of expressions ---- */

static bool relation(wc_check *c, const wp_term *op)
{
    const ws_builtin *fn = wc_ck_builtin(c, op);
    return fn && fn->flags & WS_RELATION;
}

/* A reference with a variable in it, or a relation: the query may have several answers. */
static bool iterates_term(wc_cvisitor *v, wp_term *t)
{
    bool *found = v->data;
    if (wc_ck_is_comp(t))
        return true;
    if (t->kind == WP_REF)
        for (uint32_t i = 1; i < t->list.n; i++)
            *found |= t->list.items[i]->kind == WP_VAR;
    if (t->kind == WP_CALL)
        *found |= relation(v->c, t->list.items[0]);
    return *found;
}

static bool iterates_expr(wc_cvisitor *v, wp_expr *e)
{
    bool *found = v->data;
    if (e->kind == WP_EXPR_CALL)
        *found |= relation(v->c, e->call.items[0]);
    return *found;
}

static bool iterates(wc_check *c, wp_body *b)
{
    bool found = false;
    wc_cvisitor v = {.c = c, .term = iterates_term, .expr = iterates_expr, .data = &found};
    wc_ck_walk_body(&v, b);
    return found;
}

static wc_cvar *value_var(wc_check *c, uint32_t i)
{
    char name[40];
    snprintf(name, sizeof name, "$term%u", i);
    return wc_ck_var(c, wb_str_of(name));
}

/* Whether the value of a call is wanted: it is no equation and has no output yet. */
static bool has_value(wc_check *c, const wp_expr *e)
{
    const ws_builtin *fn = wc_ck_builtin(c, e->call.items[0]);
    if (wc_ck_is_eq(e) || wc_ck_is_call_to(e, "assign") || (fn && fn->flags & WS_VOID))
        return false;
    return wc_ck_arity(c, e->call.items[0]) == (int64_t)e->call.n - 1;
}

/* An expression with its value in a variable; what is false ends a row of several expressions, but
 * not before everything was evaluated. */
static void capture(wc_check *c, wp_body *b, wc_cvar **vars)
{
    bool test = b->n > 1 || iterates(c, b);
    wc_cbody out = {0}, tests = {0};
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        wc_ck_add(c, &out, e);
        if (e->negated || (e->kind != WP_EXPR_TERM && e->kind != WP_EXPR_CALL) ||
            (e->kind == WP_EXPR_CALL && !has_value(c, e)))
            continue;
        wc_cvar *v = vars[i] = value_var(c, i);
        wp_term *t = wc_ck_var_term(c, v, e->loc);
        if (e->kind == WP_EXPR_TERM) {
            wp_expr *eq = wc_ck_equation(c, e->term, t, e->loc);
            e->kind = WP_EXPR_CALL;
            e->call = eq->call;
        } else {
            wp_term **items = wb_arena_alloc(c->a, (e->call.n + 1) * sizeof *items);
            memcpy(items, e->call.items, e->call.n * sizeof *items);
            items[e->call.n++] = t;
            e->call.items = items;
        }
        if (!test)
            continue;
        wp_expr *is_true = wc_expr_new(c->u, WP_EXPR_TERM, e->loc);
        is_true->term = wc_ck_var_term(c, v, e->loc);
        is_true->generated = true;
        wc_ck_add(c, &tests, is_true);
    }
    for (uint32_t i = 0; i < tests.n; i++)
        wc_ck_add(c, &out, tests.v[i]);
    *b = (wp_body){out.v, out.n};
}

/* ---- stages ---- */

static bool mark(wc_cvisitor *v, wp_term *t)
{
    if (t->kind == WP_VAR)
        wc_cvar_of(t)->stage = v->c->stage;
    return false;
}

/* Made variables are numbered from 0 again, but for names that are in use. */
static wp_body *begin(wc_check *c, wp_body *b)
{
    wc_cvisitor v = {.c = c, .term = mark};
    c->next_local = 0;
    c->stage++;
    wc_ck_walk_body(&v, b);
    return b;
}

static void expand(wc_check *c, wp_body *b)
{
    *b = wc_ck_expand_body(c, b);
}

static void lift(wc_check *c, wp_body *b)
{
    *b = wc_ck_dynamics_in(c, b);
}

typedef void (*stage)(wc_check *c, wp_body *b);

static const stage stages[] = {
    wc_ck_query_locals,
    wc_ck_query_templates,
    wc_ck_query_void_calls,
    wc_ck_query_print,
    expand,
    wc_ck_comprehensions_in,
    wc_ck_withs_in,
    wc_ck_query_functions,
    wc_ck_query_safety,
    lift,
    wc_ck_query_types,
};

static void rewrite(wc_check *c, const wc_query *q, wp_body *b, wc_cvar **vars)
{
    wc_ck_query_resolve(c, q->context, b);
    if (!c->u->options->stop_at_false)
        capture(c, b, vars);
    for (size_t i = 0; i < sizeof stages / sizeof *stages && !c->failed; i++)
        stages[i](c, begin(c, b));
}

/* `some x` alone and a print() that is taken out leave nothing behind. */
static bool is_gone(const wc_check *c, const wp_expr *e)
{
    if (e->kind == WP_EXPR_SOME)
        return e->some.items[0]->kind != WP_CALL;
    return !c->u->options->print && wc_ck_is_call_to(e, "print");
}

void wc_ck_query(wc_check *c, const wc_query *q)
{
    wp_body b = wc_ck_copy_body(c, &q->body);
    uint32_t written = b.n;
    wp_module place = {.file = q->file};
    c->local = WB_LIT("__localq");
    c->u->module = &place;
    wc_cvar **vars = wb_arena_calloc(c->a, (written + 1) * sizeof *vars);
    bool *gone = wb_arena_calloc(c->a, written + 1);
    for (uint32_t i = 0; i < written; i++)
        gone[i] = is_gone(c, b.exprs[i]);
    rewrite(c, q, &b, vars);
    wc_query_body *to = &c->query;
    to->body = b;
    to->shown = wb_arena_calloc(c->a, (written + 1) * sizeof *to->shown);
    for (uint32_t i = 0; i < written; i++)
        if (!gone[i])
            to->shown[to->n_shown++] = vars[i];
    if (!to->n_shown) /* a body is never empty: what is left is `true` */
        to->n_shown = 1;
    c->u->module = NULL;
}
