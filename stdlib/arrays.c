#include "stdlib/args.h"
#include "stdlib/families.h"

static wv fn_concat(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 0);
    WS_ARRAY(cx, args, 1);
    size_t n = wv_len(args[0]), m = wv_len(args[1]);
    if (!n || !m)
        return n ? args[0] : args[1];
    if (n + m > WV_LEN_MAX)
        return ws_fail_room(cx);
    WS_ROOM(cx, (n + m) * sizeof(wv));
    wv *items;
    wv r = wv_array_make(cx->out, n + m, &items);
    memcpy(items, wv_items(args[0]), n * sizeof(wv));
    memcpy(items + n, wv_items(args[1]), m * sizeof(wv));
    return r;
}

static wv fn_slice(ws_ctx *cx, const wv *args, unsigned argc)
{
    int64_t start, stop;
    WS_ARRAY(cx, args, 0);
    WS_INT(cx, args, 1, &start);
    WS_INT(cx, args, 2, &stop);
    int64_t n = wv_len(args[0]);
    stop = stop < 0 ? 0 : stop > n ? n : stop;
    start = start < 0 ? 0 : start > stop ? stop : start;
    if (start == 0 && stop == n)
        return args[0];
    WS_ROOM(cx, (size_t)(stop - start) * sizeof(wv));
    return wv_array_new(cx->out, wv_items(args[0]) + start, (size_t)(stop - start));
}

static wv fn_reverse(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 0);
    size_t n = wv_len(args[0]);
    if (n < 2)
        return args[0];
    WS_ROOM(cx, n * sizeof(wv));
    const wv *from = wv_items(args[0]);
    wv *items;
    wv r = wv_array_make(cx->out, n, &items);
    for (size_t i = 0; i < n; i++)
        items[i] = from[n - 1 - i];
    return r;
}

static wv fn_flatten(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 0);
    size_t n = wv_len(args[0]), total = 0;
    const wv *from = wv_items(args[0]);
    bool nested = false;
    for (size_t i = 0; i < n; i++) {
        bool array = wv_is_array(from[i]);
        nested |= array;
        total += array ? wv_len(from[i]) : 1;
    }
    if (!nested)
        return args[0];
    if (total > WV_LEN_MAX)
        return ws_fail_room(cx);
    WS_ROOM(cx, total * sizeof(wv));
    wv *items;
    wv r = wv_array_make(cx->out, total, &items);
    for (size_t i = 0; i < n; i++) {
        if (!wv_is_array(from[i])) {
            *items++ = from[i];
            continue;
        }
        size_t m = wv_len(from[i]);
        memcpy(items, wv_items(from[i]), m * sizeof(wv));
        items += m;
    }
    return r;
}

const ws_builtin ws_arrays[] = {
    WS_ROW("array.concat", "(x: array[any], y: array[any]) => (z: array[any])", NULL, NULL, 0,
           fn_concat, NULL, NULL, "The elements of x, then those of y."),
    WS_ROW("array.slice", "(arr: array[any], start: number, stop: number) => (slice: array[any])",
           NULL, NULL, 0, fn_slice, NULL, NULL,
           "Elements from start up to stop, stop not included; bounds are clamped."),
    WS_ROW("array.reverse", "(arr: array[any]) => (rev: array[any])", NULL, NULL, 0, fn_reverse,
           NULL, NULL, "The elements in opposite order."),
    WS_ROW("array.flatten", "(arr: array[any]) => (flattened: array[any])", NULL, NULL, 0,
           fn_flatten, NULL, NULL, "The elements, those of nested arrays one level up."),
    WS_END,
};
