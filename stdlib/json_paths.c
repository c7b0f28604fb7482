#include "stdlib/json_paths.h"

#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/text.h"

#include <stdio.h>

/* A piece between slashes with ~1 and ~0 resolved, in that order. */
static wv segment(ws_ctx *cx, wb_str s)
{
    if (!memchr(s.p, '~', s.n))
        return wv_string_new(cx->out, s);
    char *p = wb_arena_alloc(cx->out, s.n + 1), *q = p;
    for (size_t i = 0; i < s.n; i++) {
        char next = i + 1 < s.n ? s.p[i + 1] : 0;
        if (s.p[i] == '~' && (next == '1' || next == '0')) {
            *q++ = next == '1' ? '/' : '~';
            i++;
        } else {
            *q++ = s.p[i];
        }
    }
    return wv_string_new(cx->out, wb_str_n(p, (size_t)(q - p)));
}

bool ws_path_read(ws_ctx *cx, const wv *path, ws_path *out)
{
    *out = (ws_path){0};
    if (wv_is_array(*path)) {
        *out = (ws_path){wv_items(*path), wv_len(*path)};
        return true;
    }
    if (!wv_is_string(*path)) {
        ws_fail_type(cx,
                     "operand 2 must be one of {set, array} containing string paths or array of "
                     "path segments but got %s",
                     wv_type_name(*path));
        return false;
    }
    wb_str s = wv_str(path);
    if (!s.n)
        return true;
    while (s.n && s.p[0] == '/') {
        s.p++;
        s.n--;
    }
    size_t n = 1;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '/';
    if (!ws_room(cx, n * 2 * sizeof(wv) + 2 * s.n))
        return false;
    wv *keys = wb_arena_alloc(cx->out, n * sizeof(wv));
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t end = ws_find(s, WB_LIT("/"), at);
        if (end == WS_NOT_FOUND)
            end = s.n;
        keys[i] = segment(cx, wb_str_n(s.p + at, end - at));
        at = end + 1;
    }
    *out = (ws_path){keys, n};
    return true;
}

/* ---- a tree of paths: objects of keys, null where a path ends ---- */

static wv plant(ws_ctx *cx, wv node, const wv *keys, size_t n)
{
    wv child = wv_object_get(node, keys[0]);
    if (child == WV_NULL)
        return node;
    if (n == 1)
        child = WV_NULL;
    else
        child = plant(cx, wv_defined(child) ? child : wv_object_begin(cx->out, 1), keys + 1, n - 1);
    wv_object_put(cx->out, &node, keys[0], child);
    return node;
}

static bool is_list(wv v)
{
    return wv_is_array(v) || wv_is_set(v);
}

/* The tree of all paths of an operand; undefined when the call has failed. */
static wv path_tree(ws_ctx *cx, const wv *args, unsigned i)
{
    WS_WANT(cx, args, i, is_list, "one of {set, array}");
    size_t n;
    const wv *paths = ws_members(cx, args[i], &n);
    if (n && !paths)
        return WV_UNDEFINED;
    wv root = wv_object_begin(cx->out, n);
    for (size_t k = 0; k < n; k++) {
        ws_path p;
        if (!ws_path_read(cx, &paths[k], &p) || !ws_room(cx, p.n * 96))
            return WV_UNDEFINED;
        /* No document is as deep as longer paths go. */
        if (p.n && p.n <= WV_DEPTH_MAX)
            root = plant(cx, root, p.keys, p.n);
    }
    return ws_built(cx, root);
}

/* Array positions are asked for by their text. */
static wv tree_at(wv tree, uint32_t i)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%u", i);
    return wv_object_get_str(tree, wb_str_n(text, (size_t)n));
}

static wv keep(ws_ctx *cx, wv v, wv tree);

/* The smaller of object and tree is walked, and its keys' spelling stays. */
static wv keep_object(ws_ctx *cx, wv v, wv tree)
{
    bool by_tree = wv_len(v) < wv_len(tree);
    wv walked = by_tree ? tree : v, r = wv_object_begin(cx->out, wv_len(walked));
    for (uint32_t i = 0; i < wv_len(walked); i++) {
        wv k = wv_member_at(walked, i);
        wv at = by_tree ? wv_object_get(v, k) : wv_value_at(v, NULL, i);
        wv below = by_tree ? wv_value_at(tree, NULL, i) : wv_object_get(tree, k);
        if (!wv_defined(at) || !wv_defined(below))
            continue;
        wv child = keep(cx, at, below);
        if (!wv_defined(child))
            return child;
        wv_object_put(cx->out, &r, k, child);
    }
    return ws_built(cx, r);
}

/* What of v lies on paths of the tree. */
static wv keep(ws_ctx *cx, wv v, wv tree)
{
    if (tree == WV_NULL || !wv_is_collection(v))
        return v;
    uint32_t n = wv_len(v);
    WS_ROOM(cx, (size_t)n * 32);
    if (wv_is_object(v))
        return keep_object(cx, v, tree);
    wv r = wv_is_array(v) ? wv_array_begin(cx->out, n) : wv_set_begin(cx->out, n);
    for (uint32_t i = 0; i < n; i++) {
        wv item = wv_is_array(v) ? wv_items(v)[i] : wv_member_at(v, i);
        wv below = wv_is_array(v) ? tree_at(tree, i) : wv_object_get(tree, item);
        if (!wv_defined(below))
            continue;
        wv child = keep(cx, item, below);
        if (!wv_defined(child))
            return child;
        if (wv_is_array(v))
            wv_array_push(cx->out, &r, child);
        else
            wv_set_add(cx->out, &r, child);
    }
    return ws_built(cx, r);
}

/* v without what paths of the tree end at. */
static wv drop(ws_ctx *cx, wv v, wv tree)
{
    if (!wv_is_collection(v))
        return v;
    uint32_t n = wv_len(v);
    WS_ROOM(cx, (size_t)n * 32);
    wv r = wv_is_array(v)    ? wv_array_begin(cx->out, n)
           : wv_is_object(v) ? wv_object_begin(cx->out, n)
                             : wv_set_begin(cx->out, n);
    for (uint32_t i = 0; i < n; i++) {
        wv k = wv_is_array(v) ? WV_UNDEFINED : wv_member_at(v, i);
        wv child = wv_is_array(v) ? wv_items(v)[i] : wv_is_object(v) ? wv_value_at(v, NULL, i) : k;
        wv below = wv_is_array(v) ? tree_at(tree, i) : wv_object_get(tree, k);
        if (below == WV_NULL)
            continue;
        if (wv_defined(below))
            child = drop(cx, child, below);
        if (!wv_defined(child))
            return child;
        if (wv_is_array(v))
            wv_array_push(cx->out, &r, child);
        else if (wv_is_object(v))
            wv_object_put(cx->out, &r, k, child);
        else
            wv_set_add(cx->out, &r, child);
    }
    return ws_built(cx, r);
}

static wv fn_filter(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    wv tree = path_tree(cx, args, 1);
    return wv_defined(tree) ? keep(cx, args[0], tree) : tree;
}

static wv fn_remove(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    wv tree = path_tree(cx, args, 1);
    return wv_defined(tree) ? drop(cx, args[0], tree) : tree;
}

#define PATHS "any<array[any<string, array[any]>], set[any<string, array[any]>]>"

const ws_builtin ws_json_paths[] = {
    WS_ROW("json.filter",
           "(object: object[any: any], paths: " PATHS ") => (filtered: object[any: any])", NULL,
           "object", 0, fn_filter, NULL, NULL, "The object with none but what the paths lead to."),
    WS_ROW("json.remove",
           "(object: object[any: any], paths: " PATHS ") => (output: object[any: any])", NULL,
           "object", 0, fn_remove, NULL, NULL, "The object without what the paths lead to."),
    WS_END,
};
