/* `with`: what may be replaced, and by what.
 *
 * Takes rules whose calls are expressions. After it the value of a `with` that must be evaluated is
 * a variable bound in front; a built-in as value or target is a reference.
 *
 * Reports: targets that do not exist, parts of virtual documents, functions that cannot be
 * replaced. The first error of a body ends it. */
#include "compiler/check.h"

#define PREFIX "with keyword replacing built-in function: "

static bool is_function_at(wc_check *c, const wp_term *t)
{
    const wc_ctree *n = t->kind == WP_REF ? wc_ck_find(c, t) : NULL;
    for (uint32_t i = 0; n && i < n->n_rules; i++)
        if (n->rules[i]->n_args)
            return true;
    return false;
}

/* A rule or a built-in. */
static bool is_function_value(wc_check *c, const wp_term *t)
{
    return (t->kind == WP_REF && wc_ck_find(c, t)) || wc_ck_builtin(c, t);
}

static wp_term *as_ref(wc_check *c, wp_term *t)
{
    if (t->kind != WP_VAR)
        return t;
    wp_term *ref = wc_ck_list(c, WP_REF, 1, (wp_loc){0});
    ref->list.items[0] = wc_ck_var_term(c, wc_cvar_of(t), (wp_loc){0});
    ref->loc = t->loc;
    return ref;
}

static bool check_builtin(wc_check *c, const ws_builtin *fn, const wp_term *target)
{
    wb_str name = wb_str_of(fn->name);
    if (wb_str_is(name, "eq") || wb_str_is(name, "rego.metadata.chain") ||
        wb_str_is(name, "rego.metadata.rule"))
        wc_ck_fail(c, WP_COMPILE_ERROR, target->loc, PREFIX "replacement of \"%s\" invalid",
                   fn->name);
    else if (wb_str_has_prefix(name, WB_LIT("internal.")))
        wc_ck_fail(c, WP_COMPILE_ERROR, target->loc,
                   PREFIX "replacement of internal function \"%s\" invalid", fn->name);
    else if (fn->flags & WS_RELATION)
        wc_ck_fail(c, WP_COMPILE_ERROR, target->loc, PREFIX "target must not be a relation");
    else if (fn->flags & WS_VOID)
        wc_ck_fail(c, WP_COMPILE_ERROR, target->loc, PREFIX "target must not be a void function");
    else
        return true;
    return false;
}

enum { BAD, KEEP, EVALUATE };

static int check_data(wc_check *c, const wp_term *target, const wp_term *value)
{
    const wc_ctree *n = c->tree;
    for (uint32_t i = 1; i + 1 < target->list.n && n; i++) {
        const wp_term *el = target->list.items[i];
        const wc_ctree *k = wc_ck_is_scalar(el) ? wc_ctree_child(n, el->value) : NULL;
        if (k && k->n_rules) {
            wc_ck_fail(c, WP_COMPILE_ERROR, target->loc,
                       "with keyword cannot partially replace virtual document(s)");
            return BAD;
        }
        if (!k)
            break;
        n = k;
    }
    const wp_term *last = target->list.items[target->list.n - 1];
    const wc_ctree *k =
        target->list.n > 1 && wc_ck_is_scalar(last) ? wc_ctree_child(n, last->value) : NULL;
    for (uint32_t i = 0; k && i < k->n_rules; i++)
        if (k->rules[i]->n_args && is_function_value(c, value))
            return KEEP;
    if (is_function_at(c, value))
        return KEEP;
    return EVALUATE;
}

static int check_with(wc_check *c, wp_with *w)
{
    if (w->value->kind == WP_VAR && wc_ck_builtin(c, w->value))
        w->value = as_ref(c, w->value);
    const ws_builtin *fn = wc_ck_builtin(c, w->target);
    int what = EVALUATE;
    if (wc_ck_starts(w->target, c->data)) {
        what = check_data(c, w->target, w->value);
    } else if (wc_ck_starts(w->target, c->input)) {
        what = EVALUATE;
    } else if (fn) {
        w->target = as_ref(c, w->target);
        if (!check_builtin(c, fn, w->target))
            return BAD;
        if (is_function_value(c, w->value))
            return KEEP;
    } else {
        wc_ck_fail(c, WP_TYPE_ERROR, w->target->loc,
                   "with keyword target must reference existing input, data, or a function");
        return BAD;
    }
    return what == EVALUATE && !wc_ck_needs_evaluation(w->value) ? KEEP : what;
}

static bool in_body(wc_cvisitor *v, wp_body *b)
{
    wc_check *c = v->c;
    wc_cbody out = {0};
    bool any = false;
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        for (uint32_t k = 0; k < e->n_with; k++) {
            int what = check_with(c, &e->with[k]);
            if (what == BAD)
                return true;
            if (what == EVALUATE) {
                wp_term *t = e->with[k].value;
                wp_expr *eq =
                    wc_ck_equation(c, wc_ck_var_term(c, wc_ck_local(c), t->loc), t, t->loc);
                eq->generated = true;
                wc_ck_add(c, &out, eq);
                e->with[k].value = wc_ck_var_term(c, wc_cvar_of(eq->call.items[1]), t->loc);
                any = true;
            }
        }
        wc_ck_add(c, &out, e);
    }
    if (any)
        *b = (wp_body){out.v, out.n};
    return false;
}

/* Bodies inside of a query are not looked at, as in OPA. */
void wc_ck_withs_in(wc_check *c, wp_body *b)
{
    wc_cvisitor v = {.c = c};
    in_body(&v, b);
}

void wc_ck_withs(wc_check *c)
{
    wc_cvisitor v = {.c = c, .body = in_body};
    for (uint32_t i = 0; i < c->n_all; i++) {
        if (!(c->all[i]->has & WC_HAS_WITH))
            continue;
        c->u->module = c->all[i]->module;
        wc_ck_walk_rule(&v, c->all[i]);
    }
    c->u->module = NULL;
}
