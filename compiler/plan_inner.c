/* What stands inside the operands of an expression and comes before them.
 *
 * Takes terms; plans parts of them and gives terms with variables in their place. OPA makes calls
 * expressions of their own in front of the one they stand in; references and comprehensions follow
 * as they stand, from left to right. So an error in one is seen although another beside it is
 * undefined. References that may still bind a variable stay. Reports nothing. */
#include "compiler/plan.h"

typedef enum round { CALLS, PARTS } round;

static bool is_inner(const wp_term *t, round which)
{
    if (which == CALLS)
        return t->kind == WP_CALL;
    if (t->kind == WP_REF)
        return wc_term_bound(t);
    return t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP;
}

/* A reference that begins with a collection: what it begins with is an expression too. */
static bool has_made_head(const wp_term *t)
{
    return t->kind == WP_REF && t->list.items[0]->kind > WP_VAR;
}

static bool holds(const wp_term *t, round which)
{
    if (is_inner(t, which) || (which == CALLS && has_made_head(t)))
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

static wp_term *planned(wc_planner *p, const wp_term *t)
{
    wc_var *v = wc_var_new(p->u, WB_LIT("__inner__"), t->loc);
    wc_bind(p, v, wc_plan_term(p, t));
    return wc_var_term(p->u, v, t->loc);
}

static const wp_term *replace(wc_planner *p, const wp_term *t, round which)
{
    if (!holds(t, which))
        return t;
    if (is_inner(t, which))
        return planned(p, t);
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
    for (uint32_t i = 0; i < t->list.n; i++) {
        to->list.items[i] = replaced(p, t->list.items[i], which);
        if (!i && which == CALLS && has_made_head(t) && to->list.items[0]->kind != WP_VAR)
            to->list.items[0] = planned(p, to->list.items[0]);
    }
    return to;
}

void wc_plan_inner(wc_planner *p, wp_term *const *items, uint32_t n, const wp_term **out)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = replace(p, items[i], CALLS);
}

/* An operand itself stays: what it holds is replaced. */
static const wp_term *sides_parts(wc_planner *p, const wp_term *t)
{
    bool composite = t->kind == WP_ARRAY || t->kind == WP_SET || t->kind == WP_OBJECT;
    return composite ? replace(p, t, PARTS) : t;
}

void wc_plan_sides(wc_planner *p, const wp_term **x, const wp_term **y)
{
    *x = replace(p, *x, CALLS);
    *y = replace(p, *y, CALLS);
    *x = sides_parts(p, *x);
    *y = sides_parts(p, *y);
}
