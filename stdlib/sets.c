#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/setops.h"

/* Bytes a set of n members takes: members, order and index. */
#define SET_BYTES(n) ((size_t)(n)*24)

wv ws_set_difference(ws_ctx *cx, wv a, wv b)
{
    uint32_t n = wv_len(a);
    WS_ROOM(cx, SET_BYTES(n));
    const wv *items = wv_members(a);
    wv r = wv_set_begin(cx->out, n);
    for (uint32_t i = 0; i < n; i++)
        if (!wv_set_has(b, items[i]))
            wv_set_add(cx->out, &r, items[i]);
    return ws_built(cx, r);
}

wv ws_set_intersection(ws_ctx *cx, wv a, wv b)
{
    if (wv_len(b) < wv_len(a)) {
        wv t = a;
        a = b;
        b = t;
    }
    uint32_t n = wv_len(a);
    WS_ROOM(cx, SET_BYTES(n));
    const wv *items = wv_members(a);
    wv r = wv_set_begin(cx->out, n);
    for (uint32_t i = 0; i < n; i++)
        if (wv_set_has(b, items[i]))
            wv_set_add(cx->out, &r, items[i]);
    return ws_built(cx, r);
}

static void add_all(ws_ctx *cx, wv *r, wv from)
{
    const wv *items = wv_members(from);
    uint32_t n = wv_len(from);
    for (uint32_t i = 0; i < n; i++)
        wv_set_add(cx->out, r, items[i]);
}

wv ws_set_union(ws_ctx *cx, wv a, wv b)
{
    size_t n = (size_t)wv_len(a) + wv_len(b);
    WS_ROOM(cx, SET_BYTES(n));
    wv r = wv_set_begin(cx->out, n);
    add_all(cx, &r, a);
    add_all(cx, &r, b);
    return ws_built(cx, r);
}

static wv fn_diff(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_SET(cx, args, 0);
    WS_SET(cx, args, 1);
    return ws_set_difference(cx, args[0], args[1]);
}

static wv fn_and(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_SET(cx, args, 0);
    WS_SET(cx, args, 1);
    return ws_set_intersection(cx, args[0], args[1]);
}

static wv fn_or(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_SET(cx, args, 0);
    WS_SET(cx, args, 1);
    return ws_set_union(cx, args[0], args[1]);
}

static wv fn_intersection(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_SET(cx, args, 0);
    size_t n;
    const wv *items = ws_members(cx, args[0], &n);
    if (!n)
        return wv_set_begin(cx->out, 0);
    if (!items)
        return WV_UNDEFINED;
    wv r = WV_UNDEFINED;
    for (size_t i = 0; i < n; i++) {
        if (!wv_is_set(items[i]))
            return ws_fail_operand(cx, 1, "set", items[i]);
        r = i ? ws_set_intersection(cx, r, items[i]) : items[i];
        if (!wv_defined(r))
            return r;
    }
    return r;
}

static wv fn_union(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_SET(cx, args, 0);
    size_t n, total = 0;
    const wv *items = ws_members(cx, args[0], &n);
    if (n && !items)
        return WV_UNDEFINED;
    for (size_t i = 0; i < n; i++) {
        if (!wv_is_set(items[i]))
            return ws_fail_operand(cx, 1, "set", items[i]);
        total += wv_len(items[i]);
    }
    WS_ROOM(cx, SET_BYTES(total));
    wv r = wv_set_begin(cx->out, total);
    for (size_t i = 0; i < n; i++) {
        size_t m;
        const wv *members = ws_members(cx, items[i], &m);
        if (m && !members)
            return WV_UNDEFINED;
        for (size_t k = 0; k < m; k++)
            wv_set_add(cx->out, &r, members[k]);
    }
    return ws_built(cx, r);
}

const ws_builtin ws_sets[] = {
    WS_ROW("and", "(x: set[any], y: set[any]) => (z: set[any])", "&", "sets", 0, fn_and, NULL, NULL,
           "Members of both sets."),
    WS_ROW("or", "(x: set[any], y: set[any]) => (z: set[any])", "|", "sets", 0, fn_or, NULL, NULL,
           "Members of either set."),
    WS_ROW("intersection", "(xs: set[set[any]]) => (y: set[any])", NULL, "sets", 0, fn_intersection,
           NULL, NULL, "Members of all the sets; the empty set when there are none."),
    WS_ROW("union", "(xs: set[set[any]]) => (y: set[any])", NULL, "sets", 0, fn_union, NULL, NULL,
           "Members of any of the sets."),
    WS_ROW("set_diff", "(set[any], set[any]) => set[any]", NULL, NULL, WS_DEPRECATED, fn_diff, NULL,
           NULL, "Use minus."),
    WS_END,
};
