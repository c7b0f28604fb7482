/* Calls of functions that rules define: each must exist and take as many arguments as it gets. And
 * targets of `with`, which may not lie inside what a rule defines.
 *
 * Takes resolved rules and the data tree. Names of built-ins were looked up with the names; what
 * was found missing there is told here too, since it only matters when names and tree are fine.
 *
 * Reports: undefined function, function f has arity 1, got 2 arguments, f: arity mismatch,
 * deprecated built-in functions, with keyword cannot partially replace virtual document(s). */
#include "compiler/types.h"

typedef struct walker {
    wc_unit *u;
    bool deprecated; /* look for calls of what newer versions refuse, and nothing else */
    bool targets;    /* look for targets of `with`, and nothing else */
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
    if (w->targets)
        return;
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

static void walk_term(walker *w, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL:
        check(w, t->list.items, t->list.n - 1, true, t->loc);
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
        check(w, e->term->list.items, e->term->list.n - 1, false, e->loc);
        for (uint32_t i = 1; i < e->term->list.n; i++)
            walk_term(w, e->term->list.items[i]);
        return;
    case WP_EXPR_CALL:
        check(w, e->call.items, e->call.n - 1, false, e->loc);
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

/* Whether the target lies below a rule. */
static bool is_partial(const wc_unit *u, const wp_term *target)
{
    if (target->kind != WP_REF || !wc_is_root(target->list.items[0], "data"))
        return false;
    const wc_node *n = u->root;
    for (uint32_t i = 1; n && i + 1 < target->list.n; i++) {
        const wp_term *step = target->list.items[i];
        n = step->kind <= WP_STRING ? wc_node_child(n, step->value) : NULL;
        if (n && n->n_rules)
            return true;
    }
    return false;
}

/* One report a body, which hides those inside it. */
static bool check_targets(walker *w, const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        for (uint32_t k = 0; k < b->exprs[i]->n_with; k++)
            if (is_partial(w->u, b->exprs[i]->with[k].target)) {
                wp_report(w->u->diags, WP_COMPILE_ERROR, wc_file(w->u),
                          b->exprs[i]->with[k].target->loc,
                          "with keyword cannot partially replace virtual document(s)");
                return false;
            }
    return true;
}

static void walk_body(walker *w, const wp_body *b)
{
    if (w->targets && !check_targets(w, b))
        return;
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

static void walk_all(walker *w)
{
    wc_unit *u = w->u;
    for (uint32_t i = 0; i < u->n_rules; i++) {
        u->module = u->rules[i]->module;
        for (const wc_rule *r = u->rules[i]; r; r = r->else_rule) {
            walk_body(w, &r->body);
            if (r->key)
                walk_term(w, r->key);
            if (r->value)
                walk_term(w, r->value);
            for (uint32_t k = r->n_ground; k < r->n_path; k++)
                walk_term(w, r->path[k]);
        }
    }
    u->module = NULL;
}

void wc_check_targets(wc_unit *u, const wp_body *query)
{
    walker w = {.u = u, .targets = true};
    walk_all(&w);
    /* Bodies inside a query are not looked at, as in OPA. */
    if (query)
        check_targets(&w, query);
}

void wc_check_functions(wc_unit *u, const wp_body *query)
{
    walker w = {.u = u};
    wc_tell(u, &u->functions);
    walk_all(&w);
    if (query)
        walk_body(&w, query);
}

void wc_check_deprecated(wc_unit *u)
{
    walk_all(&(walker){.u = u, .deprecated = true});
}
