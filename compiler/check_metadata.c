/* rego.metadata.chain() and rego.metadata.rule() in the tree of the checks: the value is bound in
 * front of the body, a call is its variable.
 *
 * Reports: blocks that are no JSON. */
#include "compiler/check.h"

static bool is_metadata(const wp_expr *e, const char *name)
{
    if (e->kind != WP_EXPR_CALL)
        return false;
    const wp_term *op = e->call.items[0];
    return op->kind == WP_REF && op->list.n == 3 && op->list.items[0]->kind == WP_VAR &&
           wb_str_is(op->list.items[0]->name, "rego") && op->list.items[1]->kind == WP_STRING &&
           wb_str_is(wv_str(&op->list.items[1]->value), "metadata") &&
           op->list.items[2]->kind == WP_STRING &&
           wb_str_is(wv_str(&op->list.items[2]->value), name);
}

typedef struct calls {
    wc_cvar *vars[2]; /* that stand for the values */
    const wp_expr *first[2];
} calls;

static const char *const names[2] = {"chain", "rule"};

static bool find(wc_cvisitor *v, wp_expr *e)
{
    calls *x = v->data;
    for (int i = 0; i < 2; i++)
        if (!x->first[i] && is_metadata(e, names[i]))
            x->first[i] = e;
    return false;
}

static bool rewrite(wc_cvisitor *v, wp_body *b)
{
    calls *x = v->data;
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        for (int k = 0; k < 2; k++) {
            if (!x->vars[k] || !is_metadata(e, names[k]))
                continue;
            wp_term *var = wc_ck_var_term(v->c, x->vars[k], (wp_loc){0});
            wp_expr *to;
            if (e->call.n > 1) {
                to = wc_ck_equation(v->c, e->call.items[1], var, e->loc);
            } else {
                to = wc_expr_new(v->c->u, WP_EXPR_TERM, e->loc);
                to->term = var;
            }
            to->generated = true;
            b->exprs[i] = to;
            break;
        }
    }
    return false;
}

/* Of the rule's own blocks and the others of its module, the first that is no JSON. */
static void refuse(wc_check *c, const wc_crule *r)
{
    const wp_module *m = r->module;
    const wp_annotation *at = NULL;
    for (uint32_t i = 0; i < m->n_blocks; i++)
        if (wc_has_odd_keys(m->blocks[i].value) && (!at || m->blocks[i].node == r->source))
            at = &m->blocks[i];
    if (!at)
        return;
    c->u->module = m;
    bool schemas = wc_has_odd_keys(wv_object_get_str(at->value, WB_LIT("schemas")));
    wc_ck_fail(c, WP_COMPILE_ERROR, at->loc,
               "invalid %s annotation ast: interface conversion: " WC_ODD_KEYS,
               schemas ? "schema" : "custom");
}

void wc_ck_metadata(wc_check *c)
{
    if (!wc_ck_has_name(c, WB_LIT("rego")))
        return; /* nobody names it */
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        calls x = {0};
        wc_cvisitor v = {.c = c, .expr = find, .data = &x};
        wc_ck_walk_rule(&v, r);
        if (!x.first[0] && !x.first[1])
            continue;
        wp_body body = {0};
        for (int k = 0; k < 2; k++) {
            if (!x.first[k])
                continue;
            wp_loc loc = x.first[k]->loc;
            wv value = wc_metadata(c->u, r->module, r->source, k == 0);
            /* An else part shows nothing of its rule, but the rule is looked at. */
            if (wc_has_odd_keys(value) ||
                (r->first != r &&
                 wc_has_odd_keys(wc_metadata(c->u, r->module, r->first->source, k == 0)))) {
                refuse(c, r->first);
                continue;
            }
            wp_term *t = wc_ck_copy(c, wc_value_term(c->u, value, loc));
            x.vars[k] = wc_ck_local(c);
            wp_expr *e = wc_ck_equation(c, wc_ck_var_term(c, x.vars[k], loc), t, loc);
            e->generated = true;
            wc_ck_append(c, &body, &e, 1);
        }
        wc_ck_append(c, &body, r->body.exprs, r->body.n);
        r->body = body;
        wc_cvisitor w = {.c = c, .body = rewrite, .data = &x};
        wc_ck_walk_rule(&w, r);
    }
}
