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

static wp_term *planned(wc_planner *p, const wp_term *t)
{
    wc_var *v = wc_var_new(p->u, WB_LIT("__inner__"), t->loc);
    wc_bind(p, v, wc_plan_term(p, t));
    return wc_var_term(p->u, v, t->loc);
}

static const wp_term *replace(wc_planner *p, const wp_term *t, round which);

/* Item i of a list with its parts replaced; the list is copied when the first one changes. */
static void replace_item(wc_planner *p, const wp_term *t, wp_term **to, uint32_t i, round which)
{
    const wp_term *item = t->list.items[i], *made = replace(p, item, which);
    if (!i && which == CALLS && has_made_head(t) && made->kind != WP_VAR)
        made = planned(p, made);
    if (made == item)
        return;
    if (!*to) {
        *to = wc_term_new(p->u, (wp_term_kind)t->kind, t->loc);
        (*to)->list.n = t->list.n;
        (*to)->list.items = wb_arena_alloc(p->u->a, t->list.n * sizeof *t->list.items);
        memcpy((*to)->list.items, t->list.items, t->list.n * sizeof *t->list.items);
    }
    (*to)->list.items[i] = (wp_term *)(uintptr_t)made;
}

static void replace_pair(wc_planner *p, const wp_term *t, wp_term **to, uint32_t i, round which)
{
    const wp_pair *pair = &t->object.pairs[i];
    const wp_term *key = replace(p, pair->key, which), *value = replace(p, pair->value, which);
    if (key == pair->key && value == pair->value)
        return;
    if (!*to) {
        *to = wc_term_new(p->u, WP_OBJECT, t->loc);
        (*to)->object.n = t->object.n;
        (*to)->object.pairs = wb_arena_alloc(p->u->a, t->object.n * sizeof *t->object.pairs);
        memcpy((*to)->object.pairs, t->object.pairs, t->object.n * sizeof *t->object.pairs);
    }
    (*to)->object.pairs[i] = (wp_pair){(wp_term *)(uintptr_t)key, (wp_term *)(uintptr_t)value};
}

/* The term itself when nothing in it was planned. Wide literals are planned element by element, so
 * they keep what they hold. */
static const wp_term *replace(wc_planner *p, const wp_term *t, round which)
{
    if (is_inner(t, which))
        return planned(p, t);
    wp_term *to = NULL;
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n && t->list.n <= WC_WIDE_LITERAL; i++)
            replace_item(p, t, &to, i, which);
        break;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n && t->object.n <= WC_WIDE_LITERAL; i++)
            replace_pair(p, t, &to, i, which);
        break;
    default: break;
    }
    return to ? to : t;
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
