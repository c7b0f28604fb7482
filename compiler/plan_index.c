/* Which rules are looked at at all.
 *
 * Takes a rule whose body is in order. OPA's rule index passes over a rule when a place in input or
 * base data that the rule reads is missing, or is not the constant it is tested against, wherever
 * in the body or head it is read. So nothing in front of such a place may be seen to run: no error,
 * no clash of another rule. After it, the body is planned with its deciding tests first, and with
 * those places asked first that stand behind something that may be seen. Reports nothing. */
#include "compiler/plan.h"

typedef struct need {
    const wp_term *place; /* must be defined */
    const wp_term *value; /* and equal to this scalar, if any */
    bool member;          /* ... have it as a member instead */
} need;

typedef struct finder {
    wc_planner *p;
    uint32_t calls;  /* nested calls found in the expression */
    uint32_t depth;  /* of calls around the term under way */
    uint32_t beside; /* needs that stand outside of them */
    need *needs;
    uint32_t n, cap;
} finder;

static void add_need(finder *f, const wp_term *place, const wp_term *value, bool member)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 8;
        need *to = wb_arena_alloc(f->p->u->a, f->cap * sizeof *to);
        if (f->n)
            memcpy(to, f->needs, f->n * sizeof *to);
        f->needs = to;
    }
    f->needs[f->n++] = (need){place, value, member};
    f->beside += !f->depth;
}

/* ---- what may be seen to run ---- */

/* Built-ins that raise no error whatever they are given. */
static bool is_silent(wb_str name)
{
    static const char *const names[] = {"eq", "equal", "neq", "lt", "lte", "gt", "gte"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_str_is(name, names[i]))
            return true;
    return wb_str_has_prefix(name, WB_LIT("internal.member_"));
}

static bool may_be_seen(const wc_unit *u, const wp_term *t);

static bool any_seen(const wc_unit *u, wp_term **items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (may_be_seen(u, items[i]))
            return true;
    return false;
}

static bool call_seen(const wc_unit *u, wp_term **items, uint32_t n)
{
    const wp_term *op = items[0];
    return op->kind != WP_STRING || !is_silent(wv_str(&op->value)) || any_seen(u, items + 1, n - 1);
}

static bool may_be_seen(const wc_unit *u, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        return (wc_is_root(t->list.items[0], "data") && !wc_base_ref(u, t)) ||
               any_seen(u, t->list.items, t->list.n);
    case WP_ARRAY:
    case WP_SET: return any_seen(u, t->list.items, t->list.n);
    case WP_CALL: return call_seen(u, t->list.items, t->list.n);
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (may_be_seen(u, t->object.pairs[i].key) || may_be_seen(u, t->object.pairs[i].value))
                return true;
        return false;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return true;
    default: return false;
    }
}

static bool expr_seen(const wc_unit *u, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        if (may_be_seen(u, e->with[i].value))
            return true;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: return may_be_seen(u, e->term);
    case WP_EXPR_CALL: return call_seen(u, e->call.items, e->call.n);
    case WP_EXPR_SOME:
        return any_seen(u, e->some.items[0]->list.items + 1, e->some.items[0]->list.n - 1);
    default: return true;
    }
}

static bool term_operands_seen(const wc_unit *u, const wp_term *t)
{
    if (t->kind == WP_CALL || t->kind == WP_REF) /* the rest is read before what they ask */
        return any_seen(u, t->list.items + 1, t->list.n - 1) ||
               (t->kind == WP_REF && t->list.items[0]->kind > WP_VAR &&
                may_be_seen(u, t->list.items[0]));
    return may_be_seen(u, t);
}

/* Whether something may be seen before all of the expression's own operands are read: a plain call
 * reads places first. */
static bool operands_seen(const wc_unit *u, const wp_expr *e)
{
    if (e->n_with)
        return true;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: return term_operands_seen(u, e->term);
    case WP_EXPR_CALL: return any_seen(u, e->call.items + 1, e->call.n - 1);
    case WP_EXPR_EVERY: return may_be_seen(u, e->every.domain);
    default: return true;
    }
}

/* ---- places ---- */

/* The place a variable was given by `x := input.a`, or NULL. */
static const wp_term *place_of(const wc_unit *u, const wp_term *t)
{
    if (wc_base_ref(u, t))
        return t;
    return t->kind == WP_VAR && wc_is_local(t) ? wc_var_of(t)->place : NULL;
}

/* Places inside a term, which are read before what holds them is made. */
static void find_inside(finder *f, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR:
        if (wc_is_root(t, "input"))
            add_need(f, t, NULL, false);
        return;
    case WP_REF:
        if (wc_base_ref(f->p->u, t))
            add_need(f, t, NULL, false);
        else if (t->list.items[0]->kind > WP_VAR)
            find_inside(f, t->list.items[0]);
        for (uint32_t i = 1; i < t->list.n; i++)
            find_inside(f, t->list.items[i]);
        return;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            find_inside(f, t->list.items[i]);
        return;
    case WP_CALL:
        f->calls += f->depth++ ? 0 : any_seen(f->p->u, t->list.items + 1, t->list.n - 1) ? 2 : 1;
        for (uint32_t i = 1; i < t->list.n; i++)
            find_inside(f, t->list.items[i]);
        f->depth--;
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            find_inside(f, t->object.pairs[i].key);
            find_inside(f, t->object.pairs[i].value);
        }
        return;
    default: return;
    }
}

/* Places in a term that is evaluated by itself: a call's own operands are no nested ones. */
static void find_in_value(finder *f, const wp_term *t)
{
    if (t->kind != WP_CALL)
        find_inside(f, t);
    for (uint32_t i = 1; t->kind == WP_CALL && i < t->list.n; i++)
        find_inside(f, t->list.items[i]);
}

static bool is_equation(const wp_expr *e)
{
    if (e->kind != WP_EXPR_CALL || e->call.n != 3 || e->call.items[0]->kind != WP_STRING)
        return false;
    wb_str op = wv_str(&e->call.items[0]->value);
    return wb_str_is(op, "eq") || wb_str_is(op, "equal");
}

/* Of `input.a[_]` the place `input.a`, or NULL. */
static const wp_term *holder(wc_unit *u, const wp_term *t)
{
    uint32_t n = t->kind == WP_REF ? t->list.n : 0;
    if (n < 2 || t->list.items[n - 1]->kind != WP_VAR)
        return NULL;
    if (n == 2)
        return wc_base_ref(u, t->list.items[0]) ? t->list.items[0] : NULL;
    wp_term *to = wc_term_new(u, WP_REF, t->loc);
    to->list.items = t->list.items;
    to->list.n = n - 1;
    return wc_base_ref(u, to) ? to : NULL;
}

static void find_in_equation(finder *f, const wp_expr *e)
{
    for (int side = 1; side <= 2; side++) {
        const wp_term *x = e->call.items[side], *y = e->call.items[3 - side];
        const wp_term *place = place_of(f->p->u, x);
        if (place && y->kind <= WP_STRING)
            add_need(f, place, y, false);
        else if (place == x && (y->kind == WP_VAR || y->kind == WP_CALL || y->kind == WP_ARRAY)) {
            add_need(f, place, NULL, false);
            if (y->kind == WP_VAR && wc_is_local(y) && !wc_var_of(y)->place)
                wc_var_of(y)->place = x;
        } else if (x->kind != WP_REF)
            find_inside(f, x);
        else if (y->kind <= WP_STRING && holder(f->p->u, x))
            add_need(f, holder(f->p->u, x), y, true);
        else
            for (uint32_t i = x->list.items[0]->kind <= WP_VAR; i < x->list.n; i++)
                find_inside(f, x->list.items[i]);
    }
}

/* The place one step below another. */
static const wp_term *place_below(wc_unit *u, const wp_term *place, const wp_term *key)
{
    uint32_t n = place->kind == WP_REF ? place->list.n : 1;
    wp_term *to = wc_term_new(u, WP_REF, place->loc);
    to->list.n = n + 1;
    to->list.items = wb_arena_alloc(u->a, (n + 1) * sizeof *to->list.items);
    if (place->kind == WP_REF)
        memcpy(to->list.items, place->list.items, n * sizeof *to->list.items);
    else
        to->list.items[0] = (wp_term *)(uintptr_t)place;
    to->list.items[n] = (wp_term *)(uintptr_t)key;
    return to;
}

/* `some 1 in input.a` needs a member, `some 1, x in input.a` the place input.a[1]; what any other
 * plain domain holds does not matter. */
static void find_in_some(finder *f, const wp_term *call)
{
    const wp_term *first = call->list.items[1], *domain = call->list.items[call->list.n - 1];
    if (!wc_base_ref(f->p->u, domain))
        find_inside(f, domain);
    else if (call->list.n == 3 && first->kind <= WP_STRING)
        add_need(f, domain, first, true);
    else if (call->list.n == 4 && first->kind <= WP_STRING) {
        const wp_term *value = call->list.items[2];
        add_need(f, place_below(f->p->u, domain, first), value->kind <= WP_STRING ? value : NULL,
                 false);
    }
}

/* Adds what an expression needs, if anything before it may be seen. */
static void find_in_expr(finder *f, const wp_expr *e, bool seen)
{
    uint32_t had = f->n;
    f->calls = f->beside = 0;
    for (uint32_t i = 0; i < e->n_with; i++)
        find_inside(f, e->with[i].value);
    if (!e->n_with && !e->negated) {
        if (is_equation(e))
            find_in_equation(f, e);
        else if (e->kind == WP_EXPR_CALL)
            for (uint32_t i = 1; i < e->call.n; i++)
                find_inside(f, e->call.items[i]);
        else if (e->kind == WP_EXPR_TERM)
            find_in_value(f, e->term);
        else if (e->kind == WP_EXPR_EVERY)
            find_inside(f, e->every.domain);
        else if (e->kind == WP_EXPR_SOME)
            find_in_some(f, e->some.items[0]);
    }
    /* A single call reads its own places before it may be seen. */
    bool alone = (f->calls < 2 && !f->beside) || !operands_seen(f->p->u, e);
    if (!seen && alone)
        f->n = had;
}

static void find_in_head(finder *f, const wc_rule *r)
{
    if (r->value)
        find_inside(f, r->value);
    if (r->key)
        find_inside(f, r->key);
    for (uint32_t i = r->n_ground; i < r->n_path; i++)
        find_inside(f, r->path[i]);
}

/* Whether something in the head may be seen before all that the head reads is read. */
static bool head_seen(const wc_unit *u, const wc_rule *r)
{
    for (uint32_t i = r->n_ground; i < r->n_path; i++)
        if (may_be_seen(u, r->path[i]))
            return true;
    return (r->key && may_be_seen(u, r->key)) || (r->value && term_operands_seen(u, r->value));
}

/* ---- the body ---- */

static bool is_constant(const wp_term *t)
{
    if (t->kind == WP_OBJECT) {
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!is_constant(t->object.pairs[i].key) || !is_constant(t->object.pairs[i].value))
                return false;
        return true;
    }
    if (t->kind != WP_ARRAY && t->kind != WP_SET)
        return t->kind <= WP_STRING;
    for (uint32_t i = 0; i < t->list.n; i++)
        if (!is_constant(t->list.items[i]))
            return false;
    return true;
}

/* `input.a in ["x", "y"]`, `"x" in input.a` */
static bool is_membership(const wc_unit *u, const wp_expr *e)
{
    if (e->kind != WP_EXPR_CALL || e->call.n != 3 || e->call.items[0]->kind != WP_STRING ||
        !wb_str_is(wv_str(&e->call.items[0]->value), "internal.member_2"))
        return false;
    const wp_term *x = e->call.items[1], *xs = e->call.items[2];
    bool holds = xs->kind == WP_ARRAY || xs->kind == WP_SET || xs->kind == WP_OBJECT;
    return (wc_base_ref(u, x) && holds && is_constant(xs)) ||
           (x->kind <= WP_STRING && wc_base_ref(u, xs));
}

static bool is_simple(const wp_term *t)
{
    return t->kind <= WP_STRING || (t->kind == WP_ARRAY && is_constant(t));
}

/* A test of one place in input or base data against a constant, or for being there. */
static bool decides(wc_planner *p, const wp_expr *e)
{
    if (e->negated || e->n_with)
        return false;
    if (e->kind == WP_EXPR_TERM)
        return wc_base_ref(p->u, e->term);
    if (!is_equation(e))
        return is_membership(p->u, e);
    const wc_unit *u = p->u;
    const wp_term *x = e->call.items[1], *y = e->call.items[2];
    return (is_simple(x) && wc_base_ref(u, y)) || (is_simple(y) && wc_base_ref(u, x));
}

/* print and the test reporter see every rule run. */
static bool skips_index(const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        if (e->kind != WP_EXPR_CALL || e->call.items[0]->kind != WP_STRING)
            continue;
        wb_str op = wv_str(&e->call.items[0]->value);
        if (wb_str_is(op, "internal.print") || wb_str_is(op, "internal.test_case"))
            return true;
    }
    return false;
}

static void plan_needs(wc_planner *p, const finder *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        const need *x = &f->needs[i];
        wc_mark m = wc_mark_now(p); /* what is read here is read again in its place */
        wc_operand v = wc_plan_term(p, x->place);
        if (x->value)
            wc_put_op(p, x->member ? WC_S_Member : WC_S_Equal, 0,
                      x->member ? wc_const(p, x->value->value) : v,
                      x->member ? v : wc_const(p, x->value->value));
        wc_close(p, m);
    }
}

void wc_plan_rule_body(wc_planner *p, const wc_rule *r)
{
    const wp_body *b = &r->body;
    if (skips_index(b)) {
        wc_plan_body(p, b);
        return;
    }
    wp_body ordered = {wb_arena_alloc(p->u->a, (b->n + 1) * sizeof(wp_expr *)), 0};
    uint32_t n_first = 0;
    for (int first = 1; first >= 0; first--) {
        for (uint32_t i = 0; i < b->n; i++)
            if (decides(p, b->exprs[i]) == (bool)first)
                ordered.exprs[ordered.n++] = b->exprs[i];
        if (first)
            n_first = ordered.n;
    }
    finder f = {.p = p};
    bool seen = false;
    for (uint32_t i = n_first; i < ordered.n; i++) {
        find_in_expr(&f, ordered.exprs[i], seen);
        seen = seen || expr_seen(p->u, ordered.exprs[i]);
    }
    if (seen || head_seen(p->u, r))
        find_in_head(&f, r);
    wp_body first = {ordered.exprs, n_first}, rest = {ordered.exprs + n_first, b->n - n_first};
    wc_plan_body(p, &first);
    plan_needs(p, &f);
    wc_plan_body(p, &rest);
}
