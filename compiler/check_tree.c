/* Rules by path: what conflicts, what is called and does not exist.
 *
 * The tree is made once heads have no part left that is neither scalar nor variable: a rule stands
 * at the node of the ground part of its path.
 *
 * Reports: rule conflicts with:, conflicting rules, multiple default rules, package conflicts with
 * rule; undefined function, function has arity, arity mismatch. */
#include "compiler/check.h"

#include "compiler/types.h"

#include <stdlib.h>

#define INDEX_FROM 8u    /* children from which on names are looked up in a table */
#define BELOW_MAX  1000u /* rules that one conflict lists */

/* ---- paths ---- */

uint32_t wc_ck_path_len(const wc_crule *r)
{
    return r->module->package->list.n + r->n_ref;
}

const wp_term *wc_ck_path_at(const wc_crule *r, uint32_t i)
{
    uint32_t n = r->module->package->list.n;
    return i < n ? r->module->package->list.items[i] : r->ref[i - n];
}

/* A part of a path that is only read: scalars are what they were. */
static wp_term *part(wc_check *c, const wp_term *t)
{
    return wc_ck_is_scalar(t) ? (wp_term *)(uintptr_t)t : wc_ck_copy(c, t);
}

wp_term *wc_ck_path(wc_check *c, const wc_crule *r)
{
    const wp_term *p = r->module->package;
    wp_term *t = wc_ck_list(c, WP_REF, wc_ck_path_len(r), r->loc);
    t->list.items[0] = wc_ck_var_term(c, c->data, r->loc);
    for (uint32_t i = 1; i < p->list.n; i++)
        t->list.items[i] = part(c, p->list.items[i]);
    t->list.items[p->list.n] =
        wc_string_term(c->u, wc_cvar_name(wc_cvar_of(r->ref[0])), r->ref[0]->loc);
    for (uint32_t i = 1; i < r->n_ref; i++)
        t->list.items[p->list.n + i] = part(c, r->ref[i]);
    return t;
}

uint32_t wc_ck_path_ground(const wc_crule *r)
{
    uint32_t n = 1;
    while (n < r->n_ref && wc_ck_is_scalar(r->ref[n]))
        n++;
    return r->module->package->list.n + n;
}

static wv name_at(wc_check *c, const wc_crule *r, uint32_t i)
{
    const wp_term *t = wc_ck_path_at(r, i);
    return t->kind == WP_VAR ? wv_string_new(c->a, t->name) : t->value;
}

/* ---- the tree ---- */

wc_ctree *wc_ctree_child(const wc_ctree *n, wv name)
{
    if (n->n >= INDEX_FROM) {
        wv i = wv_object_get(n->by_name, name);
        return i == WV_UNDEFINED ? NULL : n->kids[wv_int(i)];
    }
    for (uint32_t i = 0; i < n->n; i++)
        if (wv_equal(n->kids[i]->name, name))
            return n->kids[i];
    return NULL;
}

static void index_kids(wc_check *c, wc_ctree *n)
{
    n->by_name = wv_object_begin(c->a, 2 * n->n);
    for (uint32_t i = 0; i < n->n; i++)
        wv_object_put(c->a, &n->by_name, n->kids[i]->name, wv_small(i));
}

static wc_ctree *child(wc_check *c, wc_ctree *n, wv name)
{
    wc_ctree *k = wc_ctree_child(n, name);
    if (k)
        return k;
    if (n->n == n->cap) {
        n->cap = n->cap ? 2 * n->cap : 4;
        wc_ctree **to = wb_arena_alloc(c->a, n->cap * sizeof *to);
        if (n->n)
            memcpy(to, n->kids, n->n * sizeof *to);
        n->kids = to;
    }
    k = wb_arena_calloc(c->a, sizeof *k);
    k->name = name;
    k->parent = n;
    n->kids[n->n++] = k;
    if (n->n == INDEX_FROM)
        index_kids(c, n);
    else if (n->n > INDEX_FROM)
        wv_object_put(c->a, &n->by_name, name, wv_small(n->n - 1));
    return k;
}

static void put_rule(wc_check *c, wc_ctree *n, wc_crule *r)
{
    if (n->n_rules == n->cap_rules) {
        n->cap_rules = n->cap_rules ? 2 * n->cap_rules : 2;
        wc_crule **to = wb_arena_alloc(c->a, n->cap_rules * sizeof *to);
        if (n->n_rules)
            memcpy(to, n->rules, n->n_rules * sizeof *to);
        n->rules = to;
    }
    n->rules[n->n_rules++] = r;
    for (; r; r = r->else_rule)
        r->node = n;
}

static void put_package(wc_check *c, wc_ctree *n, const wp_module *m)
{
    if (n->n_packages == n->cap_packages) {
        n->cap_packages = n->cap_packages ? 2 * n->cap_packages : 1;
        const wp_module **to = wb_arena_alloc(c->a, n->cap_packages * sizeof *to);
        if (n->n_packages)
            memcpy(to, n->packages, n->n_packages * sizeof *to);
        n->packages = to;
    }
    n->packages[n->n_packages++] = m;
}

static int by_name(const void *x, const void *y)
{
    return wv_compare((*(wc_ctree *const *)x)->name, (*(wc_ctree *const *)y)->name);
}

static void sort(wc_check *c, wc_ctree *n)
{
    if (n->n > 1)
        qsort(n->kids, n->n, sizeof *n->kids, by_name);
    if (n->n >= INDEX_FROM)
        index_kids(c, n);
    for (uint32_t i = 0; i < n->n; i++)
        sort(c, n->kids[i]);
}

void wc_ck_build_tree(wc_check *c)
{
    c->tree = wb_arena_calloc(c->a, sizeof *c->tree);
    for (uint32_t i = 0; i < c->n_modules; i++) {
        const wp_module *m = c->modules[i].module;
        wc_ctree *package = c->tree;
        for (uint32_t k = 1; k < m->package->list.n; k++)
            package = child(c, package, m->package->list.items[k]->value);
        if (!package->n_packages || package->packages[package->n_packages - 1] != m)
            put_package(c, package, m);
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            wc_crule *r = c->modules[i].rules[j];
            wc_ctree *n = package;
            uint32_t ground = wc_ck_path_ground(r);
            for (uint32_t k = m->package->list.n; k < ground; k++)
                n = child(c, n, name_at(c, r, k));
            put_rule(c, n, r);
        }
    }
    sort(c, c->tree);
}

wc_ctree *wc_ck_find(wc_check *c, const wp_term *ref)
{
    wc_ctree *n = wc_ck_starts(ref, c->data) ? c->tree : NULL;
    for (uint32_t i = 1; i < ref->list.n && n; i++)
        n = wc_ck_is_scalar(ref->list.items[i]) ? wc_ctree_child(n, ref->list.items[i]->value)
                                                : NULL;
    return n;
}

int64_t wc_ck_arity(wc_check *c, const wp_term *op)
{
    const ws_builtin *fn = wc_ck_builtin(c, op);
    if (fn)
        return fn->arity == WS_ANY_ARITY ? 0 : (int64_t)fn->arity;
    const wc_ctree *n = op->kind == WP_REF ? wc_ck_find(c, op) : NULL;
    return n && n->n_rules ? (int64_t)n->rules[0]->n_args : -1;
}

/* ---- conflicts ---- */

static bool is_whole(const wc_crule *r)
{
    return wc_ck_path_ground(r) == wc_ck_path_len(r);
}

static void put_place(wb_buf *b, const wc_crule *r)
{
    if (r->module->file.name.n)
        wb_buf_putf(b, "%.*s:%u", WB_FMT(r->module->file.name), r->loc.row);
    else
        wb_buf_putf(b, "%u:%u", r->loc.row, r->loc.col);
}

/* Whether the path of a is that of b, or above it; both stand at one node. */
static bool is_prefix(const wc_crule *a, const wc_crule *b)
{
    uint32_t n = wc_ck_path_len(a), from = wc_ck_path_ground(a);
    bool same = n <= wc_ck_path_len(b);
    for (uint32_t i = from; i < n && same; i++)
        same = !wp_term_compare(wc_ck_path_at(a, i), wc_ck_path_at(b, i));
    return same;
}

/* Adds r to those of its node behind the first `from`, unless one of them is a prefix of it. */
static uint32_t put_below(const wc_crule *r, const wc_crule **to, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < count; i++)
        if (is_prefix(to[i], r))
            return count;
    uint32_t n = from;
    for (uint32_t i = from; i < count; i++)
        if (!is_prefix(r, to[i]))
            to[n++] = to[i];
    to[n++] = r;
    return n;
}

/* Rules below n, or functions only; none below another. */
static uint32_t below(const wc_ctree *n, bool functions, const wc_crule **to, uint32_t count)
{
    for (uint32_t k = 0; k < n->n && count < BELOW_MAX; k++) {
        const wc_ctree *kid = n->kids[k];
        bool whole = false;
        uint32_t from = count;
        for (uint32_t i = 0; i < kid->n_rules && !whole && count < BELOW_MAX; i++)
            if (!functions || kid->rules[i]->n_args) {
                whole = is_whole(kid->rules[i]);
                count = put_below(kid->rules[i], to, from, count);
            }
        if (!whole)
            count = below(kid, functions, to, count);
    }
    return count;
}

static int by_path(const void *x, const void *y)
{
    const wc_crule *a = *(const wc_crule *const *)x, *b = *(const wc_crule *const *)y;
    uint32_t n = wc_ck_path_len(a), m = wc_ck_path_len(b);
    for (uint32_t i = 0; i < n && i < m; i++) {
        const wp_term *s = wc_ck_path_at(a, i), *t = wc_ck_path_at(b, i);
        bool name = i == a->module->package->list.n || i == b->module->package->list.n;
        int d = name ? wb_str_cmp(s->kind == WP_VAR ? s->name : wv_str(&s->value),
                                  t->kind == WP_VAR ? t->name : wv_str(&t->value))
                     : wp_term_compare(s, t);
        if (d)
            return d;
    }
    return (n > m) - (n < m);
}

static void check_node(wc_check *c, const wc_ctree *n)
{
    bool single = false, multi = false, complete = false, partial = false, arity = false;
    bool set = false, sets = false, ground = false, dynamic = false;
    uint32_t defaults = 0;
    const wc_crule *first = n->rules[0], *last = n->rules[n->n_rules - 1];
    for (uint32_t i = 0; i < n->n_rules; i++) {
        const wc_crule *r = n->rules[i];
        bool whole = is_whole(r), many = wc_crule_is_multi(r);
        single |= !many;
        multi |= many;
        complete |= !many && whole;
        partial |= many || !whole;
        set |= many && whole;
        sets |= many && !whole;
        ground |= whole;
        dynamic |= !whole;
        arity |= r->n_args != first->n_args;
        defaults += r->is_default;
    }
    const wc_crule *list[BELOW_MAX];
    uint32_t count = !n->n     ? 0
                     : ground  ? below(n, false, list, 0)
                     : dynamic ? below(n, true, list, 0)
                               : 0;
    bool mixed = (single && multi) || arity || (complete && partial) || (set && sets);
    if (!count && !mixed && defaults <= 1)
        return;
    wb_str name = wc_ck_text(c, wc_ck_path(c, last));
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    c->u->module = first->module;
    if (count) {
        qsort(list, count, sizeof *list, by_path);
        for (uint32_t i = 0; i < count; i++) {
            wb_buf_putf(&b, "\n  rule %.*s at ", WB_FMT(wc_ck_text(c, wc_ck_path(c, list[i]))));
            put_place(&b, list[i]);
        }
        wc_ck_fail(c, WP_TYPE_ERROR, first->loc, "rule %.*s conflicts with:%.*s", WB_FMT(name),
                   WB_FMT(wb_buf_str(&b)));
    } else if (mixed) {
        wc_ck_fail(c, WP_TYPE_ERROR, first->loc, "conflicting rules %.*s found", WB_FMT(name));
    } else {
        const wc_crule *d = NULL;
        for (uint32_t i = 0; i < n->n_rules; i++)
            if (n->rules[i]->is_default) {
                wb_buf_puts(&b, d ? ", " : "");
                put_place(&b, n->rules[i]);
                d = d ? d : n->rules[i];
            }
        c->u->module = d->module;
        wc_ck_fail(c, WP_TYPE_ERROR, d->module->package_loc,
                   "multiple default rules %.*s found at %.*s", WB_FMT(name),
                   WB_FMT(wb_buf_str(&b)));
    }
    wb_buf_free(&b);
}

static void check_nodes(wc_check *c, const wc_ctree *n)
{
    if (n->n_rules)
        check_node(c, n);
    for (uint32_t i = 0; i < n->n; i++)
        check_nodes(c, n->kids[i]);
}

/* A reference that begins with a name: what stands at i and behind in a path. */
static wb_str tail_text(wc_check *c, const wp_term *path, uint32_t i)
{
    wp_term *t = wc_ck_list(c, WP_REF, path->list.n - i, path->loc);
    memcpy(t->list.items, path->list.items + i, t->list.n * sizeof(wp_term *));
    if (t->list.items[0]->kind == WP_STRING)
        t->list.items[0] =
            wc_ck_var_term(c, wc_ck_var(c, wv_str(&path->list.items[i]->value)), path->loc);
    return wc_ck_text(c, t);
}

static void check_package(wc_check *c, const wc_crule *r)
{
    const wc_ctree *n = r->node;
    for (uint32_t i = 0; i < n->n_packages; i++) {
        if (n->packages[i] == r->module)
            continue;
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        put_place(&b, r);
        c->u->module = r->module;
        wp_term *path = wc_ck_path(c, r);
        wc_ck_fail(c, WP_TYPE_ERROR, r->module->package_loc,
                   "package %.*s conflicts with rule %.*s defined at %.*s",
                   WB_FMT(tail_text(c, n->packages[i]->package, 1)),
                   WB_FMT(tail_text(c, path, r->module->package->list.n)), WB_FMT(wb_buf_str(&b)));
        wb_buf_free(&b);
    }
}

void wc_ck_conflicts(wc_check *c)
{
    check_nodes(c, c->tree);
    for (uint32_t i = 0; i < c->n_modules; i++)
        for (uint32_t j = 0; j < c->modules[i].n; j++)
            if (is_whole(c->modules[i].rules[j]))
                check_package(c, c->modules[i].rules[j]);
    c->u->module = NULL;
}

/* ---- functions ---- */

static void put_arity(wc_check *c, const wp_expr *e, const ws_builtin *fn, uint32_t n)
{
    const wp_term *op = e->call.items[0];
    if (fn) {
        wc_tp want = wc_type_of_decl(c->a, fn->decl);
        wc_tp *have = wb_arena_calloc(c->a, (e->call.n + 1) * sizeof *have);
        for (uint32_t i = 1; i < e->call.n; i++)
            have[i - 1] = wc_ck_early_type(c, e->call.items[i]);
        c->failed = true;
        wc_report_arguments(c, e->loc, wc_ck_text(c, op), have, e->call.n - 1, want);
        return;
    }
    int64_t arity = wc_ck_arity(c, op);
    wc_ck_fail(c, WP_TYPE_ERROR, e->loc, "function %.*s has arity %d, got %d argument%s",
               WB_FMT(wc_ck_text(c, op)), (int)arity, (int)n, n == 1 ? "" : "s");
}

static bool check_call(wc_cvisitor *v, wp_expr *e)
{
    wc_check *c = v->c;
    if (e->kind != WP_EXPR_CALL)
        return false;
    int64_t arity = wc_ck_arity(c, e->call.items[0]), n = (int64_t)e->call.n - 1;
    if (arity < 0) {
        wc_ck_fail(c, WP_TYPE_ERROR, e->loc, "undefined function %.*s",
                   WB_FMT(wc_ck_text(c, e->call.items[0])));
        return true;
    }
    bool bad = e->generated ? !wc_ck_is_eq(e) && n != arity + 1 : n != arity && n != arity + 1;
    const ws_builtin *fn = wc_ck_builtin(c, e->call.items[0]);
    c->has_deprecated |= fn && fn->flags & WS_DEPRECATED;
    if (!bad)
        return false;
    put_arity(c, e, fn, (uint32_t)(e->generated ? n - 1 : n));
    return true;
}

void wc_ck_functions(wc_check *c)
{
    wc_cvisitor v = {.c = c, .expr = check_call};
    for (uint32_t i = 0; i < c->n_all; i++) {
        c->u->module = c->all[i]->module;
        wc_ck_walk_rule(&v, c->all[i]);
    }
    c->u->module = NULL;
}

void wc_ck_query_functions(wc_check *c, wp_body *b)
{
    wc_cvisitor v = {.c = c, .expr = check_call};
    wc_ck_walk_body(&v, b);
}
