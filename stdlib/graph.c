/* Walking documents and graphs. */
#include "stdlib/args.h"
#include "stdlib/families.h"

/* ---- walk ---- */

/* Every value below v with the path to it, v first. path has room for WV_DEPTH_MAX keys. */
static bool walk(ws_ctx *cx, wv *r, wv v, wv *path, size_t depth)
{
    if (!ws_room(cx, (depth + 6) * sizeof(wv)))
        return false;
    wv pair[2] = {wv_array_new(cx->out, path, depth), v};
    wv_array_push(cx->out, r, wv_array_new(cx->out, pair, 2));
    if (!wv_is_collection(v))
        return !cx->out->exhausted;
    if (depth == WV_DEPTH_MAX) {
        ws_fail_room(cx);
        return false;
    }
    uint32_t n = wv_len(v);
    if (!ws_spend(cx, n * sizeof(wv)))
        return false;
    const uint32_t *order = wv_is_array(v) ? NULL : wv_table_order(v);
    for (uint32_t i = 0; i < n; i++) {
        wv child;
        if (wv_is_array(v)) {
            path[depth] = wv_small(i);
            child = wv_items(v)[i];
        } else if (wv_is_object(v)) {
            path[depth] = wv_key_at(v, order, i);
            child = wv_value_at(v, order, i);
        } else {
            path[depth] = child = wv_set_at(v, order, i);
        }
        if (!walk(cx, r, child, path, depth + 1))
            return false;
    }
    return true;
}

static size_t depth_of(wv v, size_t limit)
{
    size_t deepest = 0;
    if (!wv_is_collection(v) || limit == 0)
        return 0;
    for (uint32_t i = 0; i < wv_len(v); i++) {
        size_t d = depth_of(wv_child_at(v, i), limit - 1);
        deepest = d > deepest ? d : deepest;
    }
    return deepest + 1;
}

static wv fn_walk(ws_ctx *cx, const wv *args, unsigned argc)
{
    wv r = wv_array_begin(cx->out, 8);
    size_t depth = depth_of(args[0], WV_DEPTH_MAX) + 1;
    wv *path = wb_arena_alloc(cx->out, depth * sizeof(wv));
    return walk(cx, &r, args[0], path, 0) ? ws_built(cx, r) : WV_UNDEFINED;
}

/* ---- graphs: an object from each node to an array or set of its neighbours ---- */

static bool is_list(wv v)
{
    return wv_is_array(v) || wv_is_set(v);
}

/* Members of an array or set in order; none of anything else. */
static const wv *nodes(ws_ctx *cx, wv list, size_t *n)
{
    *n = 0;
    return is_list(list) ? ws_members(cx, list, n) : NULL;
}

static wv fn_reachable(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    WS_WANT(cx, args, 1, is_list, "{array, set}");
    size_t n;
    const wv *start = nodes(cx, args[1], &n);
    if (n && !start)
        return WV_UNDEFINED;
    WS_ROOM(cx, n * 2 * sizeof(wv));
    wv reached = wv_set_begin(cx->out, n), queue = wv_array_begin(cx->out, n);
    for (size_t i = 0; i < n; i++)
        wv_array_push(cx->out, &queue, start[i]);
    for (size_t i = 0; i < wv_len(queue); i++) {
        wv node = wv_items(queue)[i];
        wv edges = wv_object_get(args[0], node);
        if (!wv_defined(edges) || !wv_set_add(cx->out, &reached, node))
            continue;
        size_t m;
        const wv *next = nodes(cx, edges, &m);
        if ((m && !next) || !ws_room(cx, m * 2 * sizeof(wv)))
            return WV_UNDEFINED;
        for (size_t k = 0; k < m; k++)
            if (!wv_set_has(reached, next[k]))
                wv_array_push(cx->out, &queue, next[k]);
        if (cx->out->exhausted)
            break;
    }
    return ws_built(cx, reached);
}

typedef struct paths {
    ws_ctx *cx;
    wv graph;
    wv found; /* set of arrays */
    wv *path; /* room for every node once, and one more */
    size_t max;
} paths;

static bool add_path(paths *p, size_t depth)
{
    if (!ws_room(p->cx, (depth + 8) * sizeof(wv)))
        return false;
    wv_set_add(p->cx->out, &p->found, wv_array_new(p->cx->out, p->path, depth));
    return !p->cx->out->exhausted;
}

static bool on_path(const paths *p, size_t depth, wv node)
{
    for (size_t i = 0; i < depth; i++)
        if (wv_equal(p->path[i], node))
            return true;
    return false;
}

/* The path holds `depth` nodes; `node` comes next. */
static bool extend(paths *p, size_t depth, wv node)
{
    wv edges = wv_object_get(p->graph, node);
    if (!wv_defined(edges))
        return add_path(p, depth);
    if (depth == p->max) {
        ws_fail_room(p->cx);
        return false;
    }
    p->path[depth++] = node;
    size_t n;
    const wv *next = nodes(p->cx, edges, &n);
    if (n && !next)
        return false;
    if (!n)
        return add_path(p, depth);
    for (size_t i = 0; i < n; i++) {
        if (!ws_spend(p->cx, 64 + depth * sizeof(wv)))
            return false;
        if (on_path(p, depth, next[i]) ? !add_path(p, depth) : !extend(p, depth, next[i]))
            return false;
    }
    return true;
}

static wv fn_reachable_paths(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    WS_WANT(cx, args, 1, is_list, "{array, set}");
    size_t n, m, max = wv_len(args[0]) + (size_t)2;
    const wv *start = nodes(cx, args[1], &n);
    if (n && !start)
        return WV_UNDEFINED;
    if (max > WV_DEPTH_MAX) /* recursion goes as deep as a path is long */
        max = WV_DEPTH_MAX;
    WS_ROOM(cx, max * sizeof(wv));
    paths p = {cx, args[0], wv_set_begin(cx->out, n), wb_arena_alloc(cx->out, max * sizeof(wv)),
               max - 1};
    for (size_t i = 0; i < n; i++) {
        wv edges = wv_object_get(args[0], start[i]);
        if (!wv_defined(edges))
            continue;
        const wv *next = nodes(cx, edges, &m);
        if (m && !next)
            return WV_UNDEFINED;
        p.path[0] = start[i];
        if (!m && !add_path(&p, 1))
            return WV_UNDEFINED;
        /* A neighbour that is the start itself is followed into the graph, as OPA does. */
        for (size_t k = 0; k < m; k++)
            if (!extend(&p, 1, next[k]))
                return WV_UNDEFINED;
    }
    return ws_built(cx, p.found);
}

#define GRAPH "graph: object[any: any<array[any], set[any]>], initial: any<array[any], set[any]>"

const ws_builtin ws_graph[] = {
    WS_ROW("walk", "(x: any) => (output: array<array[any], any>)", NULL, "graph", WS_RELATION,
           fn_walk, NULL, NULL, "Every [path, value] in x, x itself first."),
    WS_ROW("graph.reachable", "(" GRAPH ") => (output: set[any])", NULL, NULL, 0, fn_reachable,
           NULL, NULL,
           "The nodes of the graph that the initial ones lead to, themselves included."),
    WS_ROW("graph.reachable_paths", "(" GRAPH ") => (output: set[array[any]])", NULL, NULL, 0,
           fn_reachable_paths, NULL, NULL,
           "All paths from the initial nodes to where they end or close a circle."),
    WS_END,
};
