/* What an expression needs, in front of it.
 *
 * Takes a resolved expression. After it: calls and references nested in a negated one stand before
 * it as equations of generated variables, so that `not` negates the last step alone; so do nested
 * calls that read a variable which the rest of their expression may bind, as in
 * `[upper(x), x] = xs`. Reports nothing. */
#include "compiler/names.h"

void wc_emit_before(wc_resolver *r, wp_expr *e)
{
    if (r->n_before == r->cap_before) {
        r->cap_before = r->cap_before ? 2 * r->cap_before : 8;
        r->before = wb_realloc(r->before, r->cap_before * sizeof *r->before);
    }
    r->before[r->n_before++] = e;
}

static wp_term *in_front(wc_resolver *r, wp_term *t, const wp_expr *owner)
{
    wc_var *v = wc_var_new(r->u, WB_LIT("__before__"), t->loc);
    wp_expr *e = wc_equation(r->u, wc_var_term(r->u, v, t->loc), t,
                             t->kind == WP_CALL ? t->loc : owner->loc);
    e->with = owner->with;
    e->n_with = owner->n_with;
    e->generated = true;
    wc_emit_before(r, e);
    return wc_var_term(r->u, v, t->loc);
}

/* Moves what t needs in front of the expression: `not` negates only the last step, so a missing
 * input of a negated call makes the whole undefined. */
static wp_term *hoist(wc_resolver *r, wp_term *t, const wp_expr *owner)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL:
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return in_front(r, t, owner);
    case WP_REF:
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return in_front(r, t, owner);
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = hoist(r, t->object.pairs[i].key, owner);
            t->object.pairs[i].value = hoist(r, t->object.pairs[i].value, owner);
        }
        return t;
    case WP_VAR: return wc_is_root(t, "input") ? in_front(r, t, owner) : t;
    default: return t;
    }
}

/* As hoist, but a reference itself stays: a side of `==`, and an expression that is a reference. */
wp_term *wc_hoist_below(wc_resolver *r, wp_term *t, const wp_expr *owner)
{
    if (t->kind == WP_REF || t->kind == WP_VAR) {
        for (uint32_t i = 0; t->kind == WP_REF && i < t->list.n; i++)
            if (i || t->list.items[0]->kind > WP_VAR)
                t->list.items[i] = hoist(r, t->list.items[i], owner);
        return t;
    }
    return hoist(r, t, owner);
}

void wc_hoist_call(wc_resolver *r, wp_term **items, uint32_t n, const wp_expr *owner)
{
    bool equality = false;
    if (items[0]->kind == WP_STRING) {
        wb_str name = wv_str(&items[0]->value);
        /* In a module `==` is the same as `=`; in a query it is a call like any other. */
        equality = wb_str_is(name, "eq") || (wb_str_is(name, "equal") && !r->query);
    }
    for (uint32_t i = 1; i < n; i++)
        items[i] = equality ? wc_hoist_below(r, items[i], owner) : hoist(r, items[i], owner);
}

/* ---- calls that read what their own expression binds ---- */

/* A call that a reference begins with gets its value before the reference binds anything. */
static uint32_t called(const wp_term *t)
{
    return t->kind == WP_REF && t->list.items[0]->kind == WP_CALL;
}

/* Marks the variables read inside calls (inside), or answers whether a marked one stands outside of
 * them. Comprehensions bind nothing here. */
static bool shares(wc_resolver *r, const wp_term *t, bool inside, bool mark)
{
    bool found = false;
    switch ((wp_term_kind)t->kind) {
    case WP_VAR:
        if (!wc_is_local(t) || inside != mark)
            return false;
        if (mark)
            wc_var_of(t)->in_call = r->calls;
        return !mark && wc_var_of(t)->in_call == r->calls;
    case WP_CALL:
        for (uint32_t i = 1; i < t->list.n; i++)
            found |= shares(r, t->list.items[i], true, mark);
        return found;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = called(t); i < t->list.n; i++)
            found |= shares(r, t->list.items[i], inside, mark);
        return found;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            found |= shares(r, t->object.pairs[i].key, inside, mark);
            found |= shares(r, t->object.pairs[i].value, inside, mark);
        }
        return found;
    default: return false;
    }
}

static bool has_nested_call(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL: return true;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = called(t); i < t->list.n; i++)
            if (has_nested_call(t->list.items[i]))
                return true;
        return false;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (has_nested_call(t->object.pairs[i].key) ||
                has_nested_call(t->object.pairs[i].value))
                return true;
        return false;
    default: return false;
    }
}

static wp_term *hoist_calls(wc_resolver *r, wp_term *t, const wp_expr *owner)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL: return in_front(r, t, owner);
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = called(t); i < t->list.n; i++)
            t->list.items[i] = hoist_calls(r, t->list.items[i], owner);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = hoist_calls(r, t->object.pairs[i].key, owner);
            t->object.pairs[i].value = hoist_calls(r, t->object.pairs[i].value, owner);
        }
        return t;
    default: return t;
    }
}

void wc_hoist_shared(wc_resolver *r, wp_term **items, uint32_t n, const wp_expr *owner)
{
    bool nested = false, shared = false;
    for (uint32_t i = 0; i < n && !nested; i++)
        nested = has_nested_call(items[i]);
    if (!nested)
        return;
    r->calls = ++r->u->n_marks;
    for (uint32_t i = 0; i < n; i++)
        shares(r, items[i], false, true);
    for (uint32_t i = 0; i < n && !shared; i++)
        shared = shares(r, items[i], false, false);
    for (uint32_t i = 0; i < n && shared; i++)
        items[i] = hoist_calls(r, items[i], owner);
}
