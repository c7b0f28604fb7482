#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/gosort.h"

#include <stdlib.h>

static wv fn_count(ws_ctx *cx, const wv *args, unsigned n)
{
    wv v = args[0];
    if (wv_is_collection(v))
        return wv_small(wv_len(v));
    if (wv_is_string(v)) {
        wb_str s = wv_str(&args[0]);
        WS_SPEND(cx, s.n);
        return wv_small((int64_t)(ws_ascii(s) ? s.n : wb_utf8_count(s)));
    }
    return ws_fail_operand(cx, 1, "one of {array, object, set, string}", v);
}

static bool is_list(wv v)
{
    return wv_is_array(v) || wv_is_set(v);
}

#define WS_LIST(cx, args, i)       WS_WANT(cx, args, i, is_list, "one of {set, array}")
#define WS_LIST_FIRST(cx, args, i) WS_WANT(cx, args, i, is_list, "one of {array, set}")

static wv fold(ws_ctx *cx, wv list,
               wv_num_status (*op)(wb_arena *a, const wv *items, size_t n, wv *out))
{
    size_t n;
    const wv *items = ws_members(cx, list, &n);
    if (n && !items)
        return WV_UNDEFINED;
    WS_SPEND(cx, n * sizeof(wv));
    for (size_t i = 0; i < n; i++)
        if (!wv_is_number(items[i]))
            return ws_fail_element(cx, 1, list, "number", items[i]);
    wv r;
    wv_num_status s = op(cx->out, items, n, &r);
    return s == WV_NUM_OK ? r : ws_fail_number(cx, s);
}

static wv fn_sum(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_LIST(cx, args, 0);
    return fold(cx, args[0], wv_number_sum);
}

/* A product grows with each member, so the work is the square of the bits. */
static bool charge_product(ws_ctx *cx, wv list)
{
    uint32_t n = wv_len(list);
    const wv *items = wv_is_array(list) ? wv_items(list) : wv_members(list);
    uint64_t bits = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (wv_is_boxed(items[i]) && wv_is_number(items[i]))
            bits += 8 * (uint64_t)wv_number_size(items[i]);
        else if (wv_is_int(items[i]))
            bits += 64 - (unsigned)__builtin_clzll((unsigned long long)llabs(wv_int(items[i])) | 1);
    }
    return ws_charge(cx, bits / 8 * n / 4096);
}

static wv fn_product(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_LIST(cx, args, 0);
    if (!charge_product(cx, args[0]))
        return WV_UNDEFINED;
    return fold(cx, args[0], wv_number_product);
}

/* The last of the greatest (sign 1) or of the least (sign -1) members. */
static wv extreme(ws_ctx *cx, wv list, int sign)
{
    uint32_t n = wv_len(list);
    if (!n)
        return WV_UNDEFINED;
    const wv *items = wv_is_array(list) ? wv_items(list) : wv_members(list);
    WS_SPEND(cx, n * sizeof(wv));
    wv best = items[0];
    for (uint32_t i = 1; i < n; i++)
        if (wv_compare(items[i], best) * sign >= 0)
            best = items[i];
    return best;
}

static wv fn_max(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_LIST(cx, args, 0);
    return extreme(cx, args[0], 1);
}

static wv fn_min(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_LIST(cx, args, 0);
    return extreme(cx, args[0], -1);
}

static wv fn_sort(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_LIST(cx, args, 0);
    size_t n;
    const wv *items = ws_members(cx, args[0], &n);
    if (n && !items)
        return WV_UNDEFINED;
    WS_ROOM(cx, n * sizeof(wv) * 2);
    wv r = wv_array_new(cx->out, items, n);
    if (wv_is_array(args[0]))
        ws_go_sort(cx->out, ((wv_array *)wv_ptr(r))->items, n);
    return ws_built(cx, r);
}

static wv fn_all(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_LIST_FIRST(cx, args, 0);
    uint32_t n = wv_len(args[0]);
    WS_SPEND(cx, n * sizeof(wv));
    const wv *items = wv_is_array(args[0]) ? wv_items(args[0]) : wv_members(args[0]);
    for (uint32_t i = 0; i < n; i++)
        if (items[i] != WV_TRUE)
            return WV_FALSE;
    return WV_TRUE;
}

static wv fn_any(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_LIST_FIRST(cx, args, 0);
    uint32_t n = wv_len(args[0]);
    WS_SPEND(cx, n * sizeof(wv));
    const wv *items = wv_is_array(args[0]) ? wv_items(args[0]) : wv_members(args[0]);
    for (uint32_t i = 0; i < n; i++)
        if (items[i] == WV_TRUE)
            return WV_TRUE;
    return WV_FALSE;
}

#define LIST    "any<array[any], set[any]>"
#define NUMBERS "any<array[number], set[number]>"

const ws_builtin ws_aggregates[] = {
    WS_ROW("count",
           "(collection: any<string, array[any], object[any: any], set[any]>) => (n: number)", NULL,
           "aggregates", 0, fn_count, NULL, NULL,
           "How many members, pairs or characters the collection or string has."),
    WS_ROW("sum", "(collection: " NUMBERS ") => (n: number)", NULL, "aggregates", 0, fn_sum, NULL,
           NULL, "The sum of the numbers; 0 of none."),
    WS_ROW("product", "(collection: " NUMBERS ") => (n: number)", NULL, "aggregates", 0, fn_product,
           NULL, NULL, "The product of the numbers; 1 of none."),
    WS_ROW("max", "(collection: " LIST ") => (n: any)", NULL, "aggregates", 0, fn_max, NULL, NULL,
           "The greatest member; undefined when there is none."),
    WS_ROW("min", "(collection: " LIST ") => (n: any)", NULL, "aggregates", 0, fn_min, NULL, NULL,
           "The least member; undefined when there is none."),
    WS_ROW("sort", "(collection: " LIST ") => (n: array[any])", NULL, "aggregates", 0, fn_sort,
           NULL, NULL, "The members in order."),
    WS_ROW("all", "(" LIST ") => boolean", NULL, NULL, WS_DEPRECATED, fn_all, NULL, NULL,
           "Use every: whether all members are true."),
    WS_ROW("any", "(" LIST ") => boolean", NULL, NULL, WS_DEPRECATED, fn_any, NULL, NULL,
           "Use `true in x`: whether a member is true."),
    WS_END,
};
