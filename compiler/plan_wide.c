/* Wide literals: more elements than a function has registers for.
 *
 * Takes bodies as the stages left them: what an element computes stands in front of the literal,
 * with a variable for each. So many variables would not fit, so an expression whose variable only a
 * wide literal reads is put off until the literal reads it, and the literal is filled one by one.
 * Reports nothing. */
#include "compiler/plan.h"

#include "compiler/visit.h"

static uint32_t width(const wp_term *t)
{
    bool list = t->kind == WP_ARRAY || t->kind == WP_SET;
    return t->kind == WP_OBJECT ? t->object.n : list ? t->list.n : 0;
}

bool wc_is_wide(const wp_term *t)
{
    return width(t) > WC_WIDE_LITERAL;
}

static bool is_made(const wp_term *t)
{
    return wc_is_local(t) && wb_str_has_prefix(t->name, WB_LIT("__local")) && !wc_var_of(t)->was;
}

static void mark(const wp_term *t)
{
    if (is_made(t))
        wc_var_of(t)->wide = true;
}

static bool in_term(void *arg, const wp_term *t)
{
    if (t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP)
        return false;
    if (!wc_is_wide(t))
        return true;
    for (uint32_t i = 0; i < width(t); i++) {
        mark(t->kind == WP_OBJECT ? t->object.pairs[i].key : t->list.items[i]);
        if (t->kind == WP_OBJECT)
            mark(t->object.pairs[i].value);
    }
    return true;
}

static bool read_late(void *arg, const wp_term *t)
{
    mark(t);
    return t->kind != WP_ARRAY_COMP && t->kind != WP_SET_COMP && t->kind != WP_OBJECT_COMP;
}

/* The variable that a made expression gives its value, or NULL. */
static wc_var *made_by(const wp_expr *e)
{
    if (!e->generated || e->n_with || e->negated || e->kind != WP_EXPR_CALL || e->call.n < 2)
        return NULL;
    const wp_term *op = e->call.items[0];
    bool eq = op->kind == WP_STRING && wb_str_is(wv_str(&op->value), "eq");
    const wp_term *out = e->call.items[eq ? 1 : e->call.n - 1];
    return is_made(out) ? wc_var_of(out) : NULL;
}

void wc_find_wide(wc_planner *p, const wp_body *b)
{
    wc_visitor find = {.term = in_term}, late = {.term = read_late};
    for (uint32_t i = b->n; i-- > 0;) {
        const wp_expr *e = b->exprs[i];
        const wc_var *v = made_by(e);
        if (e->kind != WP_EXPR_CALL && e->kind != WP_EXPR_TERM)
            continue;
        wc_visit_inside(&find, e);
        if (v && v->wide) /* what it reads is read by nobody else */
            wc_visit_inside(&late, e);
    }
}

static bool has_one_value(const wc_planner *p, const wp_expr *e, const wc_var *out)
{
    const wp_term *op = e->call.items[0];
    if (op->kind == WP_STRING) {
        const ws_builtin *fn = ws_registry_find(p->u->registry, wv_str(&op->value));
        if (fn && fn->flags & WS_RELATION)
            return false;
    }
    for (uint32_t i = 1; i < e->call.n; i++) {
        const wp_term *t = e->call.items[i];
        if (!(wc_is_local(t) && wc_var_of(t) == out) && !wc_term_bound(t))
            return false;
    }
    return true;
}

bool wc_put_off(wc_planner *p, const wp_expr *e)
{
    wc_var *v = made_by(e);
    if (!v || !v->wide || v->bound.kind != WC_NOTHING || !has_one_value(p, e, v))
        return false;
    v->later = e;
    return true;
}

void wc_plan_later(wc_planner *p, wc_var *v)
{
    const wp_expr *e = v->later;
    v->later = NULL;
    if (e)
        wc_plan_expr(p, e);
}

wc_operand wc_plan_wide(wc_planner *p, const wp_term *t)
{
    bool object = t->kind == WP_OBJECT;
    uint32_t to = wc_local(p);
    wc_put_op(p,
              object              ? WC_S_MakeObject
              : t->kind == WP_SET ? WC_S_MakeSet
                                  : WC_S_MakeArray,
              to, (wc_operand){0}, (wc_operand){0});
    for (uint32_t i = 0; i < width(t); i++) {
        wc_mark m = wc_mark_now(p);
        wc_operand k = object ? wc_plan_term(p, t->object.pairs[i].key) : (wc_operand){0};
        wc_operand v = wc_plan_term(p, object ? t->object.pairs[i].value : t->list.items[i]);
        if (object)
            wc_put_op(p, WC_S_ObjectInsert, to, k, v);
        else
            wc_put_op(p, t->kind == WP_SET ? WC_S_SetAdd : WC_S_ArrayAppend, to, v,
                      (wc_operand){0});
        wc_close(p, m);
    }
    return wc_op_local(to);
}
