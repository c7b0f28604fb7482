#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/setops.h"

/* Big operands cost in proportion to their size. */
static bool charge_boxed(ws_ctx *cx, wv x)
{
    return !wv_is_boxed(x) || ws_spend(cx, wv_number_size(x));
}

#define BINARY(name, op)                                                                           \
    static wv fn_##name(ws_ctx *cx, const wv *args, unsigned n)                                    \
    {                                                                                              \
        WS_NUMBER(cx, args, 0);                                                                    \
        WS_NUMBER(cx, args, 1);                                                                    \
        if (!charge_boxed(cx, args[0]) || !charge_boxed(cx, args[1]))                              \
            return WV_UNDEFINED;                                                                   \
        wv r;                                                                                      \
        wv_num_status s = op(cx->out, args[0], args[1], &r);                                       \
        return __builtin_expect(s == WV_NUM_OK, 1) ? r : ws_fail_number(cx, s);                    \
    }

BINARY(plus, wv_add)
BINARY(difference, wv_sub)
BINARY(mul, wv_mul)
BINARY(div, wv_div)
BINARY(rem, wv_rem)

static wv fn_minus(ws_ctx *cx, const wv *args, unsigned n)
{
    bool n0 = wv_is_number(args[0]), n1 = wv_is_number(args[1]);
    if (n0 && n1)
        return fn_difference(cx, args, n);
    bool s0 = wv_is_set(args[0]);
    if (s0 && wv_is_set(args[1]))
        return ws_set_difference(cx, args[0], args[1]);
    if (!n0 && !s0)
        return ws_fail_operand(cx, 1, "one of {number, set}", args[0]);
    return ws_fail_operand(cx, 2, n1 ? "set" : "number", args[1]);
}

#define UNARY(name, op)                                                                            \
    static wv fn_##name(ws_ctx *cx, const wv *args, unsigned n)                                    \
    {                                                                                              \
        WS_NUMBER(cx, args, 0);                                                                    \
        if (!charge_boxed(cx, args[0]))                                                            \
            return WV_UNDEFINED;                                                                   \
        return ws_built(cx, op(cx->out, args[0]));                                                 \
    }

UNARY(abs, wv_number_abs)
UNARY(round, wv_number_round)
UNARY(ceil, wv_number_ceil)
UNARY(floor, wv_number_floor)

const ws_builtin ws_arithmetic[] = {
    WS_ROW("plus", "(x: number, y: number) => (z: number)", "+", "numbers", 0, fn_plus, NULL, NULL,
           "The sum of two numbers."),
    WS_ROW("minus",
           "(x: any<number, set[any]>, y: any<number, set[any]>) => (z: any<number, set[any]>)",
           "-", "sets,numbers", 0, fn_minus, NULL, NULL,
           "The difference of two numbers, or the members of set x that are not in set y."),
    WS_ROW("mul", "(x: number, y: number) => (z: number)", "*", "numbers", 0, fn_mul, NULL, NULL,
           "The product of two numbers."),
    WS_ROW("div", "(x: number, y: number) => (z: number)", "/", "numbers", 0, fn_div, NULL, NULL,
           "The quotient of two numbers; an error when y is zero."),
    WS_ROW("rem", "(x: number, y: number) => (z: number)", "%", "numbers", 0, fn_rem, NULL, NULL,
           "The remainder of x divided by y; both are integers and y is not zero."),
    WS_ROW("abs", "(x: number) => (y: number)", NULL, "numbers", 0, fn_abs, NULL, NULL,
           "The number without its sign."),
    WS_ROW("round", "(x: number) => (y: number)", NULL, "numbers", 0, fn_round, NULL, NULL,
           "The nearest integer; halves go away from zero."),
    WS_ROW("ceil", "(x: number) => (y: number)", NULL, "numbers", 0, fn_ceil, NULL, NULL,
           "The number rounded up to an integer."),
    WS_ROW("floor", "(x: number) => (y: number)", NULL, "numbers", 0, fn_floor, NULL, NULL,
           "The number rounded down to an integer."),
    WS_END,
};
