/* Operations on the bits of integers, and integers in other bases. */
#include "value/number_impl.h"

#include <stdlib.h>

typedef void bits_fn(mpz_t, const mpz_t, const mpz_t);

static wv_num_status blame(int *operand, int which)
{
    if (operand)
        *operand = which;
    return WV_NUM_NOT_INTEGER;
}

static wv_num_status bits_op(wb_arena *a, bits_fn *fn, wv x, wv y, wv *out, int *operand)
{
    wn_int i, j;
    if (!wn_int_read(&i, x))
        return blame(operand, 1);
    if (!wn_int_read(&j, y)) {
        wn_int_clear(&i);
        return blame(operand, 2);
    }
    mpz_t z;
    mpz_init(z);
    fn(z, i.z, j.z);
    wv_num_status status = wn_from_mpz(a, z, out);
    mpz_clear(z);
    wn_int_clear(&i);
    wn_int_clear(&j);
    return status;
}

/* Small integers have the same bits as their words have above the tag. */
wv_num_status wv_bits_and(wb_arena *a, wv x, wv y, wv *out, int *operand)
{
    if (wv_both_int(x, y)) {
        *out = x & y;
        return WV_NUM_OK;
    }
    return bits_op(a, mpz_and, x, y, out, operand);
}

wv_num_status wv_bits_or(wb_arena *a, wv x, wv y, wv *out, int *operand)
{
    if (wv_both_int(x, y)) {
        *out = x | y;
        return WV_NUM_OK;
    }
    return bits_op(a, mpz_ior, x, y, out, operand);
}

wv_num_status wv_bits_xor(wb_arena *a, wv x, wv y, wv *out, int *operand)
{
    if (wv_both_int(x, y)) {
        *out = (x ^ y) | WV_T_INT;
        return WV_NUM_OK;
    }
    return bits_op(a, mpz_xor, x, y, out, operand);
}

wv_num_status wv_bits_negate(wb_arena *a, wv x, wv *out)
{
    return wv_bits_xor(a, x, wv_small(-1), out, NULL);
}

static wv_num_status shift(wb_arena *a, wv x, wv count, bool left, wv *out, int *operand)
{
    wn_int i, j;
    if (!wn_int_read(&i, x))
        return blame(operand, 1);
    if (!wn_int_read(&j, count)) {
        wn_int_clear(&i);
        return blame(operand, 2);
    }
    wv_num_status status;
    mpz_t z;
    mpz_init(z);
    if (mpz_sgn(j.z) < 0) {
        status = WV_NUM_NEGATIVE;
        if (operand)
            *operand = 2;
    } else if (left) {
        /* Counts of 2^64 and more are cut to 64 bits, as OPA does. */
        unsigned long by = mpz_get_ui(j.z);
        if (mpz_sgn(i.z) != 0 &&
            (by > WV_NUMBER_BITS_MAX || mpz_sizeinbase(i.z, 2) + by > WV_NUMBER_BITS_MAX ||
             !wb_arena_fits(a, by / 8))) {
            status = WV_NUM_LIMIT;
        } else {
            if (mpz_sgn(i.z) != 0)
                mpz_mul_2exp(z, i.z, by);
            status = wn_from_mpz(a, z, out);
        }
    } else {
        /* Counts of 2^64 and more are cut to 64 bits, as OPA does. */
        mpz_fdiv_q_2exp(z, i.z, mpz_get_ui(j.z));
        status = wn_from_mpz(a, z, out);
    }
    mpz_clear(z);
    wn_int_clear(&i);
    wn_int_clear(&j);
    return status;
}

wv_num_status wv_bits_lsh(wb_arena *a, wv x, wv count, wv *out, int *operand)
{
    return shift(a, x, count, true, out, operand);
}

wv_num_status wv_bits_rsh(wb_arena *a, wv x, wv count, wv *out, int *operand)
{
    return shift(a, x, count, false, out, operand);
}

/* Whether the text is a sign and digits: then format_int is exact, else it goes through B. */
static bool is_plain(wv n)
{
    if (wv_is_int(n) || wn_is(n, WN_BIG))
        return true;
    if (!wn_is(n, WN_TEXT))
        return false;
    const wn_text *t = wn_as_text(n);
    uint32_t i = t->h.len && (t->bytes[0] == '-' || t->bytes[0] == '+');
    for (; i < t->h.len; i++) {
        if (t->bytes[i] < '0' || t->bytes[i] > '9')
            return false;
    }
    return true;
}

static void put_small(wb_buf *b, int64_t i, unsigned radix)
{
    char text[65], *end = text + sizeof text, *p = end;
    uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do
        *--p = "0123456789abcdef"[u % radix];
    while (u /= radix);
    if (i < 0)
        *--p = '-';
    wb_buf_put(b, p, (size_t)(end - p));
}

wv_num_status wv_number_format_int(wb_buf *b, wv n, wv base)
{
    if (!wv_is_int(base))
        return WV_NUM_BASE;
    int64_t radix = wv_int(base), i;
    if (radix != 2 && radix != 8 && radix != 10 && radix != 16)
        return WV_NUM_BASE;
    if (wv_is_int(n) || (radix == 10 && wv_number_int64(n, &i))) {
        put_small(b, wv_is_int(n) ? wv_int(n) : i, (unsigned)radix);
        return WV_NUM_OK;
    }
    mpz_t z;
    mpz_init(z);
    wv_num_status status = WV_NUM_OK;
    if (!is_plain(n) || !wv_number_exact(n, z))
        status = wv_binary_truncate(wv_number_binary(n), z) ? WV_NUM_OK : WV_NUM_LIMIT;
    if (!status) {
        size_t room = mpz_sizeinbase(z, (int)radix) + 2;
        char *text = wb_malloc(room);
        mpz_get_str(text, (int)radix, z);
        wb_buf_puts(b, text);
        free(text);
    }
    mpz_clear(z);
    return status;
}
