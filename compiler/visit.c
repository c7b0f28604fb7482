/* The walk that visit.h describes. */
#include "compiler/visit.h"

void wc_visit_terms(const wc_visitor *v, wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        wc_visit_term(v, items[i]);
}

void wc_visit_term(const wc_visitor *v, const wp_term *t)
{
    if (v->term && !v->term(v->arg, t))
        return;
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING:
    case WP_VAR:
    case WP_TEMPLATE: return;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL: wc_visit_terms(v, t->list.items, t->list.n); return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            wc_visit_term(v, t->object.pairs[i].key);
            wc_visit_term(v, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            wc_visit_term(v, t->comp.key);
        wc_visit_term(v, t->comp.value);
        wc_visit_body(v, &t->comp.body);
        return;
    }
}

void wc_visit_inside(const wc_visitor *v, const wp_expr *e)
{
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: wc_visit_term(v, e->term); break;
    case WP_EXPR_CALL: wc_visit_terms(v, e->call.items, e->call.n); break;
    case WP_EXPR_SOME: wc_visit_terms(v, e->some.items, e->some.n); break;
    case WP_EXPR_EVERY:
        if (e->every.key)
            wc_visit_term(v, e->every.key);
        wc_visit_term(v, e->every.value);
        wc_visit_term(v, e->every.domain);
        wc_visit_body(v, &e->every.body);
        break;
    case WP_EXPR_NOT: wc_visit_body(v, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        wc_visit_body(v, &e->logic.lhs);
        wc_visit_body(v, &e->logic.rhs);
        break;
    }
}

void wc_visit_expr(const wc_visitor *v, const wp_expr *e)
{
    if (v->expr && !v->expr(v->arg, e))
        return;
    wc_visit_inside(v, e);
    for (uint32_t i = 0; i < e->n_with; i++) {
        wc_visit_term(v, e->with[i].target);
        wc_visit_term(v, e->with[i].value);
    }
}

void wc_visit_body(const wc_visitor *v, const wp_body *b)
{
    if (v->body && !v->body(v->arg, b))
        return;
    for (uint32_t i = 0; i < b->n; i++)
        wc_visit_expr(v, b->exprs[i]);
}

void wc_visit_rule(const wc_visitor *v, const wc_rule *r)
{
    wc_visit_body(v, &r->body);
    if (r->key)
        wc_visit_term(v, r->key);
    if (r->value)
        wc_visit_term(v, r->value);
    for (uint32_t i = r->n_ground; i < r->n_path; i++)
        if (r->path[i]->kind > WP_STRING)
            wc_visit_term(v, r->path[i]);
}

void wc_visit_rules(const wc_visitor *v, wc_unit *u)
{
    for (uint32_t i = 0; i < u->n_rules; i++) {
        u->module = u->rules[i]->module;
        for (const wc_rule *r = u->rules[i]; r; r = r->else_rule)
            wc_visit_rule(v, r);
    }
    u->module = NULL;
}
