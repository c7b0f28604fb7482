/* Unification of types: what can be equal, and what that tells of variables. */
#include "compiler/types_check.h"

static bool unify_members(wc_types *c, const wp_term *t, wc_tp any)
{
    bool one = false;
    for (uint32_t i = 0; i < any->n; i++)
        one |= wc_ty_unify1(c, t, any->items[i], true);
    return one;
}

static bool unify_list(wc_types *c, const wp_term *t, wc_tp tpe, bool join)
{
    bool array = t->kind == WP_ARRAY;
    if (tpe->kind == WC_T_RECURSIVE) {
        tpe = tpe->of;
        if (!tpe || tpe->kind != WC_T_ARRAY)
            return false;
    }
    if (wc_type_is_any(tpe)) {
        for (uint32_t i = 0; i < t->list.n; i++)
            wc_ty_unify1(c, t->list.items[i], &wc_any, true);
        return true;
    }
    if (tpe->kind == WC_T_ANY)
        return unify_members(c, t, tpe);
    if (tpe->kind != (array ? WC_T_ARRAY : WC_T_SET))
        return false;
    if (array && t->list.n != tpe->n && !tpe->of)
        return false;
    for (uint32_t i = 0; i < t->list.n; i++) {
        wc_tp of = array && i < tpe->n ? tpe->items[i] : tpe->of;
        if (!wc_ty_unify1(c, t->list.items[i], of, join))
            return false;
    }
    return true;
}

static bool unify_object(wc_types *c, const wp_term *t, wc_tp tpe, bool join)
{
    if (tpe->kind == WC_T_RECURSIVE) {
        tpe = tpe->of;
        if (!tpe || tpe->kind != WC_T_OBJECT)
            return false;
    }
    if (wc_type_is_any(tpe)) {
        for (uint32_t i = 0; i < t->object.n; i++) {
            wc_ty_unify1(c, t->object.pairs[i].key, &wc_any, true);
            wc_ty_unify1(c, t->object.pairs[i].value, &wc_any, true);
        }
        return true;
    }
    if (tpe->kind == WC_T_ANY)
        return unify_members(c, t, tpe);
    if (tpe->kind != WC_T_OBJECT || (t->object.n != tpe->n && !tpe->of))
        return false;
    for (uint32_t i = 0; i < t->object.n; i++) {
        const wp_pair *p = &t->object.pairs[i];
        wv key = wc_ck_is_constant(p->key) ? wc_ty_constant(c, p->key) : WV_UNDEFINED;
        if (key == WV_UNDEFINED) {
            wc_ty_unify1(c, p->value, &wc_any, join);
            continue;
        }
        wc_tp child = wc_type_select(c->a, tpe, key);
        if (!child || !wc_ty_unify1(c, p->value, child, join))
            return false;
    }
    return true;
}

bool wc_ty_unify1(wc_types *c, const wp_term *t, wc_tp tpe, bool join)
{
    if (!tpe && !(wc_ty_is_var(t)))
        return false;
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY:
    case WP_SET: return unify_list(c, t, tpe, join);
    case WP_OBJECT: return unify_object(c, t, tpe, join);
    case WP_VAR: {
        if (!wc_is_local(t))
            break;
        wc_tp have = wc_ty_value(c, t);
        if (join)
            wc_ty_put_var(c, wc_cvar_of(t), wc_type_or(c->a, have, tpe));
        else if (have)
            return wc_type_unifies(c->a, have, tpe);
        else
            wc_ty_put_var(c, wc_cvar_of(t), tpe);
        return true;
    }
    default: break;
    }
    return wc_type_unifies(c->a, wc_ty_value(c, t), tpe);
}

static bool unify_with_var(wc_types *c, const wp_term *x, const wp_term *var)
{
    return wc_ty_unify1(c, x, &wc_any, false) && wc_ty_unify1(c, var, wc_ty_value(c, x), false);
}

static bool unify_arrays(wc_types *c, const wp_term *x, const wp_term *y)
{
    if (wc_ty_is_var(y))
        return unify_with_var(c, x, y);
    if (y->kind != WP_ARRAY || x->list.n != y->list.n)
        return false;
    for (uint32_t i = 0; i < x->list.n; i++)
        if (!wc_ty_unify2(c, x->list.items[i], y->list.items[i]))
            return false;
    return true;
}

static bool unify_objects(wc_types *c, const wp_term *x, const wp_term *y)
{
    if (wc_ty_is_var(y))
        return unify_with_var(c, x, y);
    if (y->kind != WP_OBJECT || x->object.n != y->object.n)
        return false;
    for (uint32_t i = 0; i < x->object.n; i++) /* keys are sorted on both sides */
        if (wp_term_compare(x->object.pairs[i].key, y->object.pairs[i].key) ||
            !wc_ty_unify2(c, x->object.pairs[i].value, y->object.pairs[i].value))
            return false;
    return true;
}

bool wc_ty_unify2(wc_types *c, const wp_term *x, const wp_term *y)
{
    wc_tp tx = wc_ty_value(c, x), ty = wc_ty_value(c, y);
    bool nx = wc_type_nil(tx), ny = wc_type_nil(ty);
    if (nx && !ny)
        return wc_ty_unify1(c, x, ty, false);
    if (ny && !nx)
        return wc_ty_unify1(c, y, tx, false);
    if (!nx)
        return wc_type_unifies(c->a, tx, ty);
    if (x->kind == WP_ARRAY)
        return unify_arrays(c, x, y);
    if (x->kind == WP_OBJECT)
        return unify_objects(c, x, y);
    if (wc_ty_is_var(x)) {
        if (wc_ty_is_var(y))
            return unify_with_var(c, x, y);
        if (y->kind == WP_ARRAY)
            return unify_arrays(c, y, x);
        if (y->kind == WP_OBJECT)
            return unify_objects(c, y, x);
    }
    if (wc_ty_is_var(x) && !tx && ty)
        return wc_ty_unify1(c, x, ty, false);
    if (wc_ty_is_var(y) && !ty && tx)
        return wc_ty_unify1(c, y, tx, false);
    return false;
}
