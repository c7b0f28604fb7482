/* What stands inside the operands of an expression and comes before them.
 *
 * Takes terms; plans the calls in them, then their comprehensions, and gives terms with variables
 * in their place. OPA makes both expressions of their own in front of the one they stand in, so an
 * error in them is seen although a reference beside them is undefined. Reports nothing. */
#include "compiler/plan.h"

typedef enum round { CALLS, COMPREHENSIONS } round;

static bool is_inner(const wp_term *t, round which)
{
    return which == CALLS
               ? t->kind == WP_CALL
               : t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP;
}

static bool holds(const wp_term *t, round which)
{
    if (is_inner(t, which))
        return true;
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (holds(t->list.items[i], which))
                return true;
        return false;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (holds(t->object.pairs[i].key, which) || holds(t->object.pairs[i].value, which))
                return true;
        return false;
    default: return false;
    }
}

static const wp_term *replace(wc_planner *p, const wp_term *t, round which);

static wp_term *replaced(wc_planner *p, const wp_term *t, round which)
{
    return (wp_term *)(uintptr_t)replace(p, t, which);
}

static const wp_term *replace(wc_planner *p, const wp_term *t, round which)
{
    if (!holds(t, which))
        return t;
    if (is_inner(t, which)) {
        wc_var *v = wc_var_new(p->u, WB_LIT("__inner__"), t->loc);
        wc_bind(p, v, wc_plan_term(p, t));
        return wc_var_term(p->u, v, t->loc);
    }
    wp_term *to = wc_term_new(p->u, (wp_term_kind)t->kind, t->loc);
    if (t->kind == WP_OBJECT) {
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(p->u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){replaced(p, t->object.pairs[i].key, which),
                                            replaced(p, t->object.pairs[i].value, which)};
        return to;
    }
    to->list.n = t->list.n;
    to->list.items = wb_arena_alloc(p->u->a, (t->list.n + 1) * sizeof *to->list.items);
    for (uint32_t i = 0; i < t->list.n; i++)
        to->list.items[i] = replaced(p, t->list.items[i], which);
    return to;
}

void wc_plan_inner(wc_planner *p, wp_term *const *items, uint32_t n, const wp_term **out)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = replace(p, items[i], CALLS);
    for (uint32_t i = 0; i < n; i++)
        out[i] = replace(p, out[i], COMPREHENSIONS);
}
