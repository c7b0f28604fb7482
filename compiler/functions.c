/* Calls of functions that rules define: each must exist and take as many arguments as it gets.
 *
 * Takes resolved rules and the data tree. Names of built-ins were looked up with the names; what
 * was found missing there is told here too, since it only matters when names and tree are fine.
 *
 * Reports: undefined function, function f has arity 1, got 2 arguments. */
#include "compiler/types.h"

typedef struct walker {
    wc_unit *u;
} walker;

static void walk_body(walker *w, const wp_body *b);
static void walk_term(walker *w, const wp_term *t);

/* Rules at the path itself; -1: none. */
static int64_t arity_at(const wc_unit *u, const wp_term *ref)
{
    const wc_node *n = u->root;
    for (uint32_t i = 1; i < ref->list.n && n; i++)
        n = ref->list.items[i]->kind <= WP_STRING ? wc_node_child(n, ref->list.items[i]->value)
                                                  : NULL;
    return n && n->n_rules ? (int64_t)n->rules[0]->n_args : -1;
}

static void check(walker *w, const wp_term *op, uint32_t n, bool nested, wp_loc loc)
{
    if (op->kind != WP_REF)
        return;
    int64_t arity = arity_at(w->u, op);
    if (arity >= 0 && (n == arity || (!nested && n == arity + 1)))
        return;
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wp_term_put(&b, op);
    if (arity < 0)
        wp_report(w->u->diags, WP_TYPE_ERROR, wc_file(w->u), loc, "undefined function %.*s",
                  WB_FMT(wb_buf_str(&b)));
    else
        wp_report(w->u->diags, WP_TYPE_ERROR, wc_file(w->u), loc,
                  "function %.*s has arity %d, got %u argument%s", WB_FMT(wb_buf_str(&b)),
                  (int)arity, n, n == 1 ? "" : "s");
    wb_buf_free(&b);
}

static void walk_term(walker *w, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL:
        check(w, t->list.items[0], t->list.n - 1, true, t->loc);
        for (uint32_t i = 1; i < t->list.n; i++)
            walk_term(w, t->list.items[i]);
        return;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            walk_term(w, t->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            walk_term(w, t->object.pairs[i].key);
            walk_term(w, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            walk_term(w, t->comp.key);
        walk_term(w, t->comp.value);
        walk_body(w, &t->comp.body);
        return;
    default: return;
    }
}

static void walk_expr(walker *w, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        if (e->with[i].value->kind != WP_CALL || e->with[i].value->list.n > 1)
            walk_term(w, e->with[i].value);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        if (e->term->kind != WP_CALL) {
            walk_term(w, e->term);
            return;
        }
        check(w, e->term->list.items[0], e->term->list.n - 1, false, e->loc);
        for (uint32_t i = 1; i < e->term->list.n; i++)
            walk_term(w, e->term->list.items[i]);
        return;
    case WP_EXPR_CALL:
        check(w, e->call.items[0], e->call.n - 1, false, e->loc);
        for (uint32_t i = 1; i < e->call.n; i++)
            walk_term(w, e->call.items[i]);
        return;
    case WP_EXPR_SOME: walk_term(w, e->some.items[0]); return;
    case WP_EXPR_EVERY:
        walk_term(w, e->every.domain);
        walk_body(w, &e->every.body);
        return;
    case WP_EXPR_NOT: walk_body(w, &e->body); return;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        walk_body(w, &e->logic.lhs);
        walk_body(w, &e->logic.rhs);
        return;
    }
}

static void walk_body(walker *w, const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        walk_expr(w, b->exprs[i]);
}

void wc_tell(wc_unit *u, const wp_diags *late)
{
    for (const wp_diag *d = late->first; d; d = d->next) {
        wp_diag *to = wp_report(u->diags, d->code, NULL, d->loc, "%.*s", WB_FMT(d->message));
        if (to)
            to->file = d->file;
    }
}

void wc_check_functions(wc_unit *u, const wp_body *query)
{
    walker w = {u};
    wc_tell(u, &u->functions);
    for (uint32_t i = 0; i < u->n_rules; i++) {
        u->module = u->rules[i]->module;
        for (const wc_rule *r = u->rules[i]; r; r = r->else_rule) {
            walk_body(&w, &r->body);
            if (r->key)
                walk_term(&w, r->key);
            if (r->value)
                walk_term(&w, r->value);
            for (uint32_t k = r->n_ground; k < r->n_path; k++)
                walk_term(&w, r->path[k]);
        }
    }
    u->module = NULL;
    if (query)
        walk_body(&w, query);
}
