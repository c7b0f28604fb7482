/* Calls of functions that rules define: each must exist and take as many arguments as it gets.
 *
 * Takes resolved rules and the data tree. Names of built-ins were looked up with the names; what
 * was found missing there is told here too, since it only matters when names and tree are fine.
 *
 * Reports: undefined function, function f has arity 1, got 2 arguments, f: arity mismatch,
 * deprecated built-in functions. */
#include "compiler/types.h"
#include "compiler/visit.h"

typedef struct walker {
    wc_unit *u;
    bool deprecated; /* look for calls of what newer versions refuse, and nothing else */
} walker;

static bool on_term(void *arg, const wp_term *t);
static bool on_expr(void *arg, const wp_expr *e);

static wc_visitor visitor(walker *w)
{
    return (wc_visitor){.term = on_term, .expr = on_expr, .arg = w};
}

/* Rules at the path itself; -1: none. */
static int64_t arity_at(const wc_unit *u, const wp_term *ref)
{
    const wc_node *n = u->root;
    for (uint32_t i = 1; i < ref->list.n && n; i++)
        n = ref->list.items[i]->kind <= WP_STRING ? wc_node_child(n, ref->list.items[i]->value)
                                                  : NULL;
    return n && n->n_rules ? (int64_t)n->rules[0]->n_args : -1;
}

/* As far as it can be told before names are bound: NULL is unknown. */
static wc_tp type_of(walker *w, const wp_term *t)
{
    wb_arena *a = w->u->a;
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return wc_type_of(a, t->value);
    case WP_VAR: return wc_is_local(t) ? NULL : &wc_any;
    case WP_REF: return wc_is_local(t->list.items[0]) ? NULL : &wc_any;
    case WP_ARRAY: {
        wc_tp *items = wb_arena_alloc(a, (t->list.n + 1) * sizeof *items);
        for (uint32_t i = 0; i < t->list.n; i++)
            items[i] = type_of(w, t->list.items[i]);
        return wc_array_type(a, items, t->list.n, NULL);
    }
    case WP_SET: {
        wc_tp of = NULL;
        for (uint32_t i = 0; i < t->list.n; i++)
            of = wc_type_or(a, of, type_of(w, t->list.items[i]));
        return wc_set_type(a, of);
    }
    case WP_OBJECT: {
        wc_prop *props = wb_arena_alloc(a, (t->object.n + 1) * sizeof *props);
        uint32_t n = 0;
        for (uint32_t i = 0; i < t->object.n; i++)
            if (t->object.pairs[i].key->kind <= WP_STRING)
                props[n++] =
                    (wc_prop){t->object.pairs[i].key->value, type_of(w, t->object.pairs[i].value)};
        return wc_object_type(a, props, n, false, NULL, NULL);
    }
    default: return NULL;
    }
}

static void check_builtin(walker *w, wp_term *const *items, uint32_t n, bool nested, wp_loc loc)
{
    wb_str name = wv_str(&items[0]->value);
    const ws_builtin *fn = ws_registry_find(w->u->registry, name);
    if (!fn)
        return;
    if (w->deprecated) {
        if ((fn->flags & WS_DEPRECATED) && wc_is_strict(w->u))
            wp_report(w->u->diags, WP_TYPE_ERROR, wc_file(w->u), loc,
                      "deprecated built-in function calls in expression: %.*s", WB_FMT(name));
        return;
    }
    if (fn->arity == WS_ANY_ARITY || wb_str_is(name, "eq") || n == fn->arity ||
        (!nested && n == fn->arity + 1))
        return;
    wc_tp want = wc_type_of_decl(w->u->a, fn->decl);
    if (!want)
        return;
    wc_tp *have = wb_arena_calloc(w->u->a, (n + 2) * sizeof *have);
    for (uint32_t i = 0; i < n; i++)
        have[i] = type_of(w, items[i + 1]);
    wc_report_arguments(w->u, loc, name, "arity mismatch", have, n + nested, want);
}

static void check(walker *w, wp_term *const *items, uint32_t n, bool nested, wp_loc loc)
{
    const wp_term *op = items[0];
    if (op->kind == WP_STRING)
        check_builtin(w, items, n, nested, loc);
    if (op->kind != WP_REF || w->deprecated)
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

static bool on_term(void *arg, const wp_term *t)
{
    if (t->kind == WP_CALL)
        check(arg, t->list.items, t->list.n - 1, true, t->loc);
    return true;
}

/* Calls that are expressions may have one operand more: what the result is matched with. A function
 * that is the value of a `with` is no call. */
static bool on_expr(void *arg, const wp_expr *e)
{
    wp_term *const *items = NULL;
    uint32_t n = 0;
    if (e->kind == WP_EXPR_CALL)
        items = e->call.items, n = e->call.n;
    else if (e->kind == WP_EXPR_TERM && e->term->kind == WP_CALL)
        items = e->term->list.items, n = e->term->list.n;
    wc_visitor v = visitor(arg);
    for (uint32_t i = 0; i < e->n_with; i++)
        if (e->with[i].value->kind != WP_CALL || e->with[i].value->list.n > 1)
            wc_visit_term(&v, e->with[i].value);
    if (items)
        check(arg, items, n - 1, false, e->loc);
    if (items)
        wc_visit_terms(&v, items + 1, n - 1);
    else
        wc_visit_inside(&v, e);
    return false;
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
    walker w = {.u = u};
    wc_visitor v = visitor(&w);
    wc_tell(u, &u->functions);
    wc_visit_rules(&v, u);
    if (query)
        wc_visit_body(&v, query);
}

void wc_check_deprecated(wc_unit *u)
{
    walker w = {.u = u, .deprecated = true};
    wc_visitor v = visitor(&w);
    wc_visit_rules(&v, u);
}
