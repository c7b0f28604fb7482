/* What type a value has, and turning one into another. */
#include "stdlib/args.h"
#include "stdlib/families.h"

#define IS(name, test)                                                                             \
    static wv fn_is_##name(ws_ctx *cx, const wv *args, unsigned n)                                 \
    {                                                                                              \
        return wv_bool(test(args[0]));                                                             \
    }

static bool is_null(wv v)
{
    return v == WV_NULL;
}

IS(array, wv_is_array)
IS(boolean, wv_is_bool)
IS(null, is_null)
IS(number, wv_is_number)
IS(object, wv_is_object)
IS(set, wv_is_set)
IS(string, wv_is_string)

static wv fn_type_name(ws_ctx *cx, const wv *args, unsigned n)
{
    const char *t = wv_type_name(args[0]);
    size_t len = strlen(t);
    return len <= WV_SHORT_MAX ? wv_short(t, len) : wv_string_new(cx->out, wb_str_n(t, len));
}

static wv fn_to_number(ws_ctx *cx, const wv *args, unsigned n)
{
    wv v = args[0], r;
    if (wv_is_number(v))
        return v;
    if (v == WV_NULL || v == WV_FALSE)
        return wv_small(0);
    if (v == WV_TRUE)
        return wv_small(1);
    if (!wv_is_string(v))
        return ws_fail_operand(cx, 1, "one of {null, boolean, number, string}", v);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    wv_num_status st = wv_number_from_go_text(cx->out, s, &r);
    if (st == WV_NUM_OK)
        return r;
    if (st == WV_NUM_NAN)
        return ws_fail_operand(cx, 1, "valid number string", v);
    if (st != WV_NUM_SYNTAX && st != WV_NUM_RANGE)
        return st == WV_NUM_TOO_BIG ? ws_fail(cx, "invalid number: number too big")
                                    : ws_fail_number(cx, st);
    wb_buf b;
    wb_buf_init(&b, 4096);
    ws_put_quoted(&b, s);
    ws_fail(cx, "strconv.ParseFloat: parsing %.*s: %s", WB_FMT(wb_buf_str(&b)),
            st == WV_NUM_SYNTAX ? "invalid syntax" : "value out of range");
    wb_buf_free(&b);
    return WV_UNDEFINED;
}

static bool is_list(wv v)
{
    return wv_is_array(v) || wv_is_set(v);
}

static wv fn_cast_array(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_WANT(cx, args, 0, is_list, "one of {array, set}");
    if (wv_is_array(args[0]))
        return args[0];
    size_t n;
    const wv *items = ws_members(cx, args[0], &n);
    if (n && !items)
        return WV_UNDEFINED;
    WS_ROOM(cx, n * sizeof(wv));
    return wv_array_new(cx->out, items, n);
}

static wv fn_cast_set(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_WANT(cx, args, 0, is_list, "one of {array, set}");
    if (wv_is_set(args[0]))
        return args[0];
    WS_ROOM(cx, wv_len(args[0]) * 3 * sizeof(wv));
    return ws_built(cx, wv_set_new(cx->out, wv_items(args[0]), wv_len(args[0])));
}

#define CAST(name, test, type)                                                                     \
    static wv fn_cast_##name(ws_ctx *cx, const wv *args, unsigned n)                               \
    {                                                                                              \
        WS_WANT(cx, args, 0, test, type);                                                          \
        return args[0];                                                                            \
    }

CAST(string, wv_is_string, "string")
CAST(boolean, wv_is_bool, "boolean")
CAST(null, is_null, "null")
CAST(object, wv_is_object, "object")

#define IS_DECL "(x: any) => (result: boolean)"

const ws_builtin ws_types[] = {
    WS_ROW("is_array", IS_DECL, NULL, "types", 0, fn_is_array, NULL, NULL,
           "Whether x is an array."),
    WS_ROW("is_boolean", IS_DECL, NULL, "types", 0, fn_is_boolean, NULL, NULL,
           "Whether x is a boolean."),
    WS_ROW("is_null", IS_DECL, NULL, "types", 0, fn_is_null, NULL, NULL, "Whether x is null."),
    WS_ROW("is_number", IS_DECL, NULL, "types", 0, fn_is_number, NULL, NULL,
           "Whether x is a number."),
    WS_ROW("is_object", IS_DECL, NULL, "types", 0, fn_is_object, NULL, NULL,
           "Whether x is an object."),
    WS_ROW("is_set", IS_DECL, NULL, "types", 0, fn_is_set, NULL, NULL, "Whether x is a set."),
    WS_ROW("is_string", IS_DECL, NULL, "types", 0, fn_is_string, NULL, NULL,
           "Whether x is a string."),
    WS_ROW("type_name", "(x: any) => (type: string)", NULL, "types", 0, fn_type_name, NULL, NULL,
           "The name of the type of x."),
    WS_ROW("to_number", "(value: any<null, boolean, number, string>) => (num: number)", NULL,
           "conversions", 0, fn_to_number, NULL, NULL,
           "x as a number: null and false are 0, true is 1, strings are read."),
    WS_ROW("cast_array", "(any) => array[any]", NULL, NULL, WS_DEPRECATED, fn_cast_array, NULL,
           NULL, "x, if it is an array or a set, as an array."),
    WS_ROW("cast_set", "(any) => set[any]", NULL, NULL, WS_DEPRECATED, fn_cast_set, NULL, NULL,
           "x, if it is an array or a set, as a set."),
    WS_ROW("cast_string", "(any) => string", NULL, NULL, WS_DEPRECATED, fn_cast_string, NULL, NULL,
           "x, if it is a string."),
    WS_ROW("cast_boolean", "(any) => boolean", NULL, NULL, WS_DEPRECATED, fn_cast_boolean, NULL,
           NULL, "x, if it is a boolean."),
    WS_ROW("cast_null", "(any) => null", NULL, NULL, WS_DEPRECATED, fn_cast_null, NULL, NULL,
           "x, if it is null."),
    WS_ROW("cast_object", "(any) => object[any: any]", NULL, NULL, WS_DEPRECATED, fn_cast_object,
           NULL, NULL, "x, if it is an object."),
    WS_END,
};
