/* References: each part must be something that can be selected there.
 *
 * Reports: undefined ref, function used as reference. On the way variables in a reference get the
 * type of the keys they stand for. */
#include "compiler/types_check.h"

/* From part `from` on below a value of type t. */
static bool check_rest(wc_types *c, wc_tp t, const wp_term *ref, uint32_t from)
{
    for (uint32_t i = from; i < ref->list.n; i++) {
        const wp_term *el = ref->list.items[i];
        wc_ref_error e = {ref, i, NULL, NULL, NULL, NULL};
        if (t && wc_type_is_empty(t)) {
            wc_ty_report_invalid(c, &e);
            return false;
        }
        wc_tp keys = t ? wc_type_keys(c->a, t) : NULL;
        if (!keys) {
            wc_ty_report_unsupported(c, ref, i ? i - 1 : 0, t);
            return false;
        }
        e.want = keys;
        e.of = t;
        if (wc_ck_is_scalar(el)) {
            wc_tp child = wc_type_select(c->a, t, el->value);
            if (!child) {
                wc_ty_report_invalid(c, &e);
                return false;
            }
            t = child;
            continue;
        }
        if (el->kind == WP_VAR || el->kind == WP_REF) {
            e.have = wc_ty_value(c, el);
            if (!e.have && el->kind == WP_VAR)
                wc_ty_put_var(c, wc_cvar_of(el), keys);
            else if (e.have && !wc_type_unifies(c->a, e.have, keys)) {
                wc_ty_report_invalid(c, &e);
                return false;
            }
        } else if (el->kind == WP_ARRAY || el->kind == WP_OBJECT || el->kind == WP_SET) {
            if (!wc_ty_unify1(c, el, keys, false)) {
                e.have = wc_ty_value(c, el);
                e.of = NULL;
                wc_ty_report_invalid(c, &e);
                return false;
            }
        }
        t = wc_type_values(c->a, t);
    }
    return true;
}

/* Through the documents of a layer; what it does not know, the next is asked from the start. */
static bool check_document(wc_types *c, const wp_term *ref, bool input)
{
    for (const wc_layer *l = c->layers; l; l = l->next) {
        wc_tnode *at = input ? l->input : l->data;
        if (!wc_ty_knows(at))
            continue;
        if (at->value)
            return check_rest(c, at->value, ref, 1);
        bool known = true;
        for (uint32_t i = 1; i < ref->list.n && known; i++) {
            const wp_term *el = ref->list.items[i];
            wc_ref_error e = {ref, i, NULL, &wc_string, NULL, at};
            if (i <= 2 && el->kind != WP_STRING && el->kind != WP_VAR) {
                e.have = wc_ty_value(c, el);
                wc_ty_report_invalid(c, &e);
                return false;
            }
            if (el->kind == WP_VAR) {
                e.want = wc_type_keys(c->a, wc_tnode_extent(c->a, at));
                e.have = wc_ty_value(c, el);
                if (!e.have)
                    wc_ty_put_var(c, wc_cvar_of(el), e.want);
                else if (!wc_type_unifies(c->a, e.want, e.have)) {
                    wc_ty_report_invalid(c, &e);
                    return false;
                }
            }
            at = wc_ck_is_scalar(el) ? wc_tnode_child(at, el->value) : NULL;
            known = at != NULL;
            if (at && at->value)
                return check_rest(c, at->value, ref, i + 1);
        }
        if (known)
            return true;
    }
    return check_rest(c, &wc_any, ref, 1);
}

/* OPEN: an error, but what is within may have more; CLOSED: nothing within is looked at. */
enum { FINE, OPEN, CLOSED };

static int check_ref(wc_types *c, const wp_term *ref)
{
    wc_tp t = wc_ty_ref(c, ref);
    if (t && t->kind == WC_T_FUNCTION) {
        wc_ty_report_unsupported(c, ref, ref->list.n - 1, t);
        return CLOSED;
    }
    const wp_term *head = ref->list.items[0];
    bool ok = true;
    if (head->kind == WP_VAR && wc_cvar_of(head) == c->c->data)
        ok = check_document(c, ref, false);
    else if (head->kind == WP_VAR && wc_cvar_of(head) == c->c->input)
        ok = check_document(c, ref, true);
    else if (head->kind == WP_VAR && wc_ty_value(c, head))
        ok = check_rest(c, wc_ty_value(c, head), ref, 1);
    else
        ok = check_rest(c, &wc_any, ref, 0);
    return ok ? FINE : OPEN;
}

typedef struct walk {
    wc_types *c;
    bool failed;
} walk;

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    walk *w = v->data;
    if (wc_ck_is_comp(t))
        return true;
    if (t->kind != WP_REF)
        return false;
    int what = check_ref(w->c, t);
    w->failed |= what != FINE;
    return what == CLOSED;
}

/* A call's operator is no reference that is read, and `with` is no part of what is checked. */
static bool in_expr(wc_cvisitor *v, wp_expr *e)
{
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            wc_ck_walk_term(v, e->call.items[i]);
        return true;
    case WP_EXPR_TERM: wc_ck_walk_term(v, e->term); return true;
    case WP_EXPR_NOT: wc_ck_walk_body(v, &e->body); return true;
    default: return false;
    }
}

bool wc_ty_check_refs(wc_types *c, const wp_expr *e)
{
    walk w = {c, false};
    wc_cvisitor v = {.c = c->c, .term = in_term, .expr = in_expr, .data = &w};
    wc_ck_walk_expr(&v, (wp_expr *)(uintptr_t)e);
    return !w.failed;
}
