/* bits.* and ranges of integers. */
#include "stdlib/args.h"
#include "stdlib/families.h"

/* 1 or 2 for the first operand that is no integer, with the error reported; 0 when all are. */
static unsigned not_integer(ws_ctx *cx, const wv *args, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!wv_is_number(args[i])) {
            ws_fail_operand(cx, i + 1, "integer", args[i]);
            return i + 1;
        }
        if (!wv_is_int(args[i]) && !wv_number_is_integer(args[i])) {
            ws_fail_type(cx, "operand %u must be integer number but got floating-point number",
                         i + 1);
            return i + 1;
        }
        if (wv_is_boxed(args[i]) && !ws_spend(cx, wv_number_size(args[i])))
            return i + 1;
    }
    return 0;
}

static wv bits_answer(ws_ctx *cx, wv_num_status s, wv r)
{
    if (s == WV_NUM_OK)
        return wv_is_boxed(r) && !ws_spend(cx, wv_number_size(r)) ? WV_UNDEFINED : ws_built(cx, r);
    if (s == WV_NUM_NEGATIVE)
        return ws_fail_type(
            cx, "operand 2 must be an unsigned integer number but got a negative integer");
    return ws_fail_number(cx, s);
}

#define BITS(name)                                                                                 \
    static wv fn_##name(ws_ctx *cx, const wv *args, unsigned n)                                    \
    {                                                                                              \
        wv r = WV_UNDEFINED;                                                                       \
        if (not_integer(cx, args, 2))                                                              \
            return r;                                                                              \
        wv_num_status s = wv_bits_##name(cx->out, args[0], args[1], &r, NULL);                     \
        return bits_answer(cx, s, r);                                                              \
    }

BITS(and)
BITS(or)
BITS(xor)
BITS(lsh)
BITS(rsh)

static wv fn_negate(ws_ctx *cx, const wv *args, unsigned n)
{
    wv r = WV_UNDEFINED;
    if (not_integer(cx, args, 1))
        return r;
    wv_num_status s = wv_bits_negate(cx->out, args[0], &r);
    return bits_answer(cx, s, r);
}

/* Integers of any size: slow and rare. */
static wv big_range(ws_ctx *cx, const wv *args, wv step)
{
    mpz_t from, to, by, count;
    mpz_inits(from, to, by, count, NULL);
    wv r = WV_UNDEFINED;
    if (!wv_number_exact(args[0], from) || !wv_number_exact(args[1], to) ||
        !wv_number_exact(step, by)) {
        ws_fail_room(cx);
        goto done;
    }
    bool down = mpz_cmp(from, to) > 0;
    mpz_sub(count, to, from);
    mpz_abs(count, count);
    mpz_tdiv_q(count, count, by);
    mpz_add_ui(count, count, 1);
    size_t each = 8 + 32 + mpz_size(from) * 8 + mpz_size(to) * 8;
    if (mpz_cmp_ui(count, WV_LEN_MAX / 64) > 0) {
        ws_fail_room(cx);
        goto done;
    }
    size_t n = mpz_get_ui(count);
    if (!ws_room(cx, n * each))
        goto done;
    wv *items;
    wv list = wv_array_make(cx->out, n, &items);
    for (size_t i = 0; i < n; i++) {
        if (i % 1024 == 1023 && !ws_charge(cx, 128)) {
            memset(items + i, 0, (n - i) * sizeof *items);
            goto done;
        }
        items[i] = wv_from_mpz(cx->out, from);
        if (down)
            mpz_sub(from, from, by);
        else
            mpz_add(from, from, by);
    }
    r = ws_built(cx, list);
done:
    mpz_clears(from, to, by, count, NULL);
    return r;
}

static wv range(ws_ctx *cx, const wv *args, wv step)
{
    int64_t from, to, by;
    /* 62 bits at most, so that differences do not overflow. */
    if (!wv_is_int(args[0]) || !wv_is_int(args[1]) || !wv_is_int(step))
        return big_range(cx, args, step);
    from = wv_int(args[0]);
    to = wv_int(args[1]);
    by = wv_int(step);
    uint64_t n = (uint64_t)(to >= from ? to - from : from - to) / (uint64_t)by + 1;
    if (n > WV_LEN_MAX)
        return ws_fail_room(cx);
    WS_ROOM(cx, n * sizeof(wv));
    wv *items;
    wv r = wv_array_make(cx->out, n, &items);
    int64_t sign = to >= from ? by : -by;
    for (uint64_t i = 0; i < n; i++)
        items[i] = wv_small(from + (int64_t)i * sign);
    return r;
}

static wv fn_range(ws_ctx *cx, const wv *args, unsigned n)
{
    if (not_integer(cx, args, 2))
        return WV_UNDEFINED;
    return range(cx, args, wv_small(1));
}

static wv fn_range_step(ws_ctx *cx, const wv *args, unsigned n)
{
    if (not_integer(cx, args, 3))
        return WV_UNDEFINED;
    if (wv_number_sign(args[2]) <= 0)
        return ws_fail(cx, "numbers.range_step: step must be a positive integer");
    return range(cx, args, args[2]);
}

#define BITS_DECL  "(x: number, y: number) => (z: number)"
#define SHIFT_DECL "(x: number, s: number) => (z: number)"

const ws_builtin ws_numbers[] = {
    WS_ROW("bits.and", BITS_DECL, NULL, NULL, 0, fn_and, NULL, NULL,
           "Bitwise and of two integers."),
    WS_ROW("bits.or", BITS_DECL, NULL, NULL, 0, fn_or, NULL, NULL, "Bitwise or of two integers."),
    WS_ROW("bits.xor", BITS_DECL, NULL, NULL, 0, fn_xor, NULL, NULL,
           "Bitwise exclusive or of two integers."),
    WS_ROW("bits.negate", "(x: number) => (z: number)", NULL, NULL, 0, fn_negate, NULL, NULL,
           "The integer with every bit turned round."),
    WS_ROW("bits.lsh", SHIFT_DECL, NULL, NULL, 0, fn_lsh, NULL, NULL, "x shifted left by s bits."),
    WS_ROW("bits.rsh", SHIFT_DECL, NULL, NULL, 0, fn_rsh, NULL, NULL, "x shifted right by s bits."),
    WS_ROW("numbers.range", "(a: number, b: number) => (range: array[number])", NULL, NULL, 0,
           fn_range, NULL, NULL,
           "The integers from a to b, both included; falling when a is greater."),
    WS_ROW("numbers.range_step", "(a: number, b: number, step: number) => (range: array[number])",
           NULL, NULL, 0, fn_range_step, NULL, NULL,
           "Every step-th integer from a on, not past b."),
    WS_END,
};
