/* The documents' types, as a tree of the names in the paths of rules. */
#include "compiler/check.h"
#include "compiler/types.h"

#define INDEX_FROM       8u   /* children from which on names are looked up in a table */
#define EXTENT_DEPTH_MAX 150u /* levels of a document that are told apart; below: any */

wc_tnode *wc_tnode_child(const wc_tnode *n, wv name)
{
    if (n->n >= INDEX_FROM) {
        wv i = wv_object_get(n->index, name);
        return i == WV_UNDEFINED ? NULL : n->kids[wv_int(i)];
    }
    for (uint32_t i = 0; i < n->n; i++)
        if (wv_equal(n->kids[i]->name, name))
            return n->kids[i];
    return NULL;
}

/* The child at a part of a path, made if there is none. */
static wc_tnode *step(wb_arena *a, wc_tnode *n, const wp_term *part)
{
    if (!wc_ck_is_scalar(part)) {
        if (!n->unnamed)
            n->unnamed = wb_arena_calloc(a, sizeof *n->unnamed);
        n->unnamed->name = WV_UNDEFINED;
        n->unnamed->parent = n;
        return n->unnamed;
    }
    wv name = part->value;
    wc_tnode *c = wc_tnode_child(n, name);
    if (c)
        return c;
    if (n->n == n->cap) {
        n->cap = n->cap ? 2 * n->cap : 4;
        wc_tnode **to = wb_arena_alloc(a, n->cap * sizeof *to);
        if (n->n)
            memcpy(to, n->kids, n->n * sizeof *to);
        n->kids = to;
    }
    c = wb_arena_calloc(a, sizeof *c);
    c->name = name;
    c->parent = n;
    n->kids[n->n++] = c;
    if (n->n == INDEX_FROM) {
        n->index = wv_object_begin(a, 2 * INDEX_FROM);
        for (uint32_t i = 0; i < n->n; i++)
            wv_object_put(a, &n->index, n->kids[i]->name, wv_small(i));
    } else if (n->n > INDEX_FROM) {
        wv_object_put(a, &n->index, name, wv_small(n->n - 1));
    }
    return c;
}

static void forget_extents(wc_tnode *n)
{
    for (; n; n = n->parent)
        n->extent = NULL;
}

void wc_tnode_put(wb_arena *a, wc_tnode *root, wp_term *const *path, uint32_t n, wc_tp t)
{
    wc_tnode *at = root;
    for (uint32_t i = 0; i < n; i++)
        at = step(a, at, path[i]);
    at->value = t;
    forget_extents(at);
}

/* o with t at a path of keys that become dynamic properties. */
static wc_tp into_object(wb_arena *a, wc_tp o, const wv *path, uint32_t n, wc_tp t)
{
    wc_tp key = path[0] == WV_UNDEFINED ? NULL : wc_type_of(a, path[0]);
    wc_tp value =
        n == 1 ? t
               : into_object(a, wc_object_type(a, NULL, 0, false, NULL, NULL), path + 1, n - 1, t);
    if (o->has_rest) {
        key = wc_type_or(a, o->key, key);
        value = wc_type_or(a, o->of, value);
    }
    return wc_object_type(a, o->props, o->n, true, key, value);
}

static wc_tp add_leaves(wb_arena *a, wc_tp o, const wc_tnode *n, wv *path, uint32_t depth)
{
    uint32_t all = n->n + (n->unnamed != NULL);
    for (uint32_t i = 0; i < all && o->kind == WC_T_OBJECT && depth < EXTENT_DEPTH_MAX; i++) {
        const wc_tnode *c = i < n->n ? n->kids[i] : n->unnamed;
        path[depth] = c->name;
        o = c->value ? into_object(a, o, path, depth + 1, c->value)
                     : add_leaves(a, o, c, path, depth + 1);
    }
    return o;
}

void wc_tnode_insert(wb_arena *a, wc_tnode *root, wp_term *const *path, uint32_t n, wc_tp t)
{
    wv keys[EXTENT_DEPTH_MAX + 1];
    wc_tnode *at = root;
    for (uint32_t i = 0; i < n; i++) {
        at = step(a, at, path[i]);
        uint32_t left = n - i - 1;
        wc_tp have = wc_type_open(at->value);
        if (have && have->kind == WC_T_OBJECT && left) {
            if (left > EXTENT_DEPTH_MAX) {
                at->value = &wc_any;
                continue;
            }
            for (uint32_t k = 0; k < left; k++)
                keys[k] = path[i + 1 + k]->value;
            at->value = into_object(a, have, keys, left, t);
        }
    }
    at->value = wc_type_merge(a, at->value, t); /* NULL: of a function and something else */
    wc_tp made = wc_type_open(at->value), given = wc_type_open(t);
    if (made && given->kind == WC_T_OBJECT && (at->n || at->unnamed) && made->kind == WC_T_OBJECT)
        at->value = add_leaves(a, made, at, keys, 0);
    forget_extents(at);
}

static wc_tp extent(wb_arena *a, wc_tnode *n, unsigned depth)
{
    if (n->value)
        return n->value;
    if (depth > EXTENT_DEPTH_MAX || n->n > WC_TYPE_SIZE_MAX)
        return &wc_any;
    if (n->extent)
        return n->extent;
    wc_prop *props = wb_arena_alloc(a, (n->n + 1) * sizeof *props);
    uint32_t count = 0;
    for (uint32_t i = 0; i < n->n; i++) {
        wv name = n->kids[i]->name;
        if (name == WV_NULL)
            continue;
        props[count++] = (wc_prop){name, extent(a, n->kids[i], depth + 1)};
    }
    /* Base documents may add to it. */
    n->extent = wc_object_type(a, props, count, true, &wc_string, &wc_any);
    return n->extent;
}

wc_tp wc_tnode_extent(wb_arena *a, wc_tnode *n)
{
    return extent(a, n, 0);
}
