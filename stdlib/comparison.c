#include "stdlib/args.h"
#include "stdlib/families.h"

/* A comparison ends with the smaller operand at the latest. */
static bool charge_less(ws_ctx *cx, const wv *args)
{
    if (!wv_is_boxed(args[0]) || !wv_is_boxed(args[1]))
        return true;
    size_t n = ws_weight(args[0], SIZE_MAX);
    return ws_spend(cx, ws_weight(args[1], n));
}

static wv fn_equal(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!charge_less(cx, args))
        return WV_UNDEFINED;
    return wv_bool(wv_equal(args[0], args[1]));
}

static wv fn_neq(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!charge_less(cx, args))
        return WV_UNDEFINED;
    return wv_bool(!wv_equal(args[0], args[1]));
}

static wv fn_lt(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!charge_less(cx, args))
        return WV_UNDEFINED;
    return wv_bool(wv_compare(args[0], args[1]) < 0);
}

static wv fn_lte(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!charge_less(cx, args))
        return WV_UNDEFINED;
    return wv_bool(wv_compare(args[0], args[1]) <= 0);
}

static wv fn_gt(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!charge_less(cx, args))
        return WV_UNDEFINED;
    return wv_bool(wv_compare(args[0], args[1]) > 0);
}

static wv fn_gte(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!charge_less(cx, args))
        return WV_UNDEFINED;
    return wv_bool(wv_compare(args[0], args[1]) >= 0);
}

#define DECL "(x: any, y: any) => (result: boolean)"

const ws_builtin ws_comparison[] = {
    WS_ROW("assign", "(any, any) => boolean", ":=", NULL, 0, NULL, NULL, NULL,
           "Binds a new local name."),
    WS_ROW("eq", "(any, any) => boolean", "=", NULL, 0, fn_equal, NULL, NULL,
           "Unifies two terms; as a call of ground values, whether they are equal."),
    WS_ROW("equal", DECL, "==", "comparison", 0, fn_equal, NULL, NULL,
           "Whether x and y are equal."),
    WS_ROW("neq", DECL, "!=", "comparison", 0, fn_neq, NULL, NULL, "Whether x and y differ."),
    WS_ROW("lt", DECL, "<", "comparison", 0, fn_lt, NULL, NULL, "Whether x stands before y."),
    WS_ROW("lte", DECL, "<=", "comparison", 0, fn_lte, NULL, NULL,
           "Whether x does not stand after y."),
    WS_ROW("gt", DECL, ">", "comparison", 0, fn_gt, NULL, NULL, "Whether x stands after y."),
    WS_ROW("gte", DECL, ">=", "comparison", 0, fn_gte, NULL, NULL,
           "Whether x does not stand before y."),
    WS_END,
};
