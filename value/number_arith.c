/* Operators and folds. Each takes the exact path when both operands are integers in any spelling,
 * else rounds binary floats. */
#include "value/number_impl.h"

typedef enum op { OP_ADD, OP_SUB, OP_MUL } op;

static bool int_bits_fit(const mpz_t x, const mpz_t y, op o)
{
    size_t m = mpz_size(x), n = mpz_size(y);
    size_t limbs = o == OP_MUL ? m + n : (m > n ? m : n) + 1;
    return limbs <= WV_NUMBER_BITS_MAX / 64;
}

static wv_num_status int_op(wb_arena *a, op o, const mpz_t x, const mpz_t y, wv *out)
{
    if (!int_bits_fit(x, y, o) ||
        !wb_arena_fits(a, (mpz_size(x) + mpz_size(y)) * sizeof(mp_limb_t)))
        return WV_NUM_LIMIT;
    mpz_t z;
    mpz_init(z);
    if (o == OP_ADD)
        mpz_add(z, x, y);
    else if (o == OP_SUB)
        mpz_sub(z, x, y);
    else
        mpz_mul(z, x, y);
    wv_num_status status = wn_from_mpz(a, z, out);
    mpz_clear(z);
    return status;
}

static wv_num_status binary_op(wb_arena *a, op o, wv x, wv y, wv *out)
{
    wn_int i, j;
    int64_t p64, q64, r;
    if (wv_number_int64(x, &p64) && wv_number_int64(y, &q64) &&
        !(o == OP_ADD   ? __builtin_add_overflow(p64, q64, &r)
          : o == OP_SUB ? __builtin_sub_overflow(p64, q64, &r)
                        : __builtin_mul_overflow(p64, q64, &r))) {
        *out = wv_from_int64(a, r);
        return WV_NUM_OK;
    }
    if (!wn_is(x, WN_FLOAT) && !wn_is(y, WN_FLOAT) && wn_int_read(&i, x)) {
        if (wn_int_read(&j, y)) {
            wv_num_status status = int_op(a, o, i.z, j.z, out);
            wn_int_clear(&i);
            wn_int_clear(&j);
            return status;
        }
        wn_int_clear(&i);
    }
    wv_binary p = wv_number_binary(x), q = wv_number_binary(y);
    p = o == OP_ADD ? wv_binary_add(p, q) : o == OP_SUB ? wv_binary_sub(p, q) : wv_binary_mul(p, q);
    return wv_from_binary(a, p, 64, out);
}

wv_num_status wv_add_slow(wb_arena *a, wv x, wv y, wv *out)
{
    return binary_op(a, OP_ADD, x, y, out);
}

wv_num_status wv_sub_slow(wb_arena *a, wv x, wv y, wv *out)
{
    return binary_op(a, OP_SUB, x, y, out);
}

wv_num_status wv_mul_slow(wb_arena *a, wv x, wv y, wv *out)
{
    return binary_op(a, OP_MUL, x, y, out);
}

wv_num_status wv_div_slow(wb_arena *a, wv x, wv y, wv *out)
{
    int32_t i, j;
    if (wv_number_int32(x, &i) && wv_number_int32(y, &j)) {
        if (j == 0)
            return WV_NUM_DIV_ZERO;
        if (i && (int64_t)i % j == 0) {
            *out = wv_small((int64_t)i / j);
            return WV_NUM_OK;
        }
    }
    wv_binary q = wv_number_binary(y);
    if (q.m == 0)
        return WV_NUM_DIV_ZERO;
    return wv_from_binary(a, wv_binary_div(wv_number_binary(x), q), 64, out);
}

wv_num_status wv_rem_slow(wb_arena *a, wv x, wv y, wv *out)
{
    wn_int i, j;
    int64_t p, q;
    if (wv_number_int64(x, &p) && wv_number_int64(y, &q) && q && q != -1) {
        *out = wv_from_int64(a, p % q);
        return WV_NUM_OK;
    }
    if (!wn_int_read(&i, x))
        return WV_NUM_MOD_FLOAT;
    if (!wn_int_read(&j, y)) {
        wn_int_clear(&i);
        return WV_NUM_MOD_FLOAT;
    }
    wv_num_status status = WV_NUM_MOD_ZERO;
    if (mpz_sgn(j.z) != 0) {
        mpz_t z;
        mpz_init(z);
        mpz_tdiv_r(z, i.z, j.z);
        status = wn_from_mpz(a, z, out);
        mpz_clear(z);
    }
    wn_int_clear(&i);
    wn_int_clear(&j);
    return status;
}

/* ---- one operand ---- */

/* An integer that is no larger than its operand, so the limits hold; the budget is only marked. */
static wv made(wb_arena *a, const mpz_t z)
{
    size_t size = mpz_size(z);
    if (size <= 1 && mpz_fits_slong_p(z))
        return wv_from_int64(a, mpz_get_si(z));
    size_t bytes = sizeof(wn_big) + size * sizeof(mp_limb_t);
    wb_arena_fits(a, bytes);
    wn_big *big = wb_arena_alloc(a, bytes);
    big->h = (wv_header){.tag = WV_T_NUMBER,
                         .spare = (uint16_t)(WN_BIG | (mpz_sgn(z) < 0 ? WN_NEG : 0)),
                         .len = (uint32_t)size};
    memcpy(big->limbs, mpz_limbs_read(z), size * sizeof(mp_limb_t));
    return wv_from(big, WV_T_NUMBER);
}

wv wv_number_abs(wb_arena *a, wv x)
{
    int32_t i;
    if (wv_number_int32(x, &i))
        return wv_small(i < 0 ? -(int64_t)i : i);
    wv_binary b = wv_number_binary(x);
    b.neg = false;
    wv out = x;
    if (wv_from_binary(a, b, 64, &out) != WV_NUM_OK)
        wb_arena_exhaust(a);
    return out;
}

/* b cut toward zero, then plus step, which is 0 unless b has a fraction. */
static wv cut(wb_arena *a, wv_binary b, int step)
{
    if (b.m == 0 || b.e < 0) { /* below 2^63 after the shift */
        uint64_t u = b.m && b.e > -64 ? b.m >> -b.e : 0;
        if (b.neg)
            return wv_from_int64(a, -(int64_t)u + step);
        return wv_from_uint64(a, u + (unsigned)step);
    }
    mpz_t z;
    mpz_init(z);
    mpz_set_ui(z, b.m);
    mpz_mul_2exp(z, z, (mp_bitcnt_t)b.e);
    if (b.neg)
        mpz_neg(z, z);
    wv out = made(a, z);
    mpz_clear(z);
    return out;
}

/* Whether b is an integer, and whether cutting it toward zero gives zero. */
static bool is_whole(wv_binary b)
{
    return b.m == 0 || b.e >= 0 || (b.e > -64 && !(b.m & (((uint64_t)1 << -b.e) - 1)));
}

static bool cuts_to_zero(wv_binary b)
{
    return b.m == 0 || b.e <= -64;
}

wv wv_number_round(wb_arena *a, wv x)
{
    int32_t i;
    if (wv_number_int32(x, &i))
        return wv_small(i);
    wv_binary b = wv_number_binary(x), half = {(uint64_t)1 << 63, -64, b.neg};
    return cut(a, wv_binary_add(b, half), 0);
}

wv wv_number_ceil(wb_arena *a, wv x)
{
    int32_t i;
    if (wv_number_int32(x, &i))
        return wv_small(i);
    wv_binary b = wv_number_binary(x);
    bool below = b.neg && !cuts_to_zero(b);
    return cut(a, b, below || is_whole(b) ? 0 : 1);
}

wv wv_number_floor(wb_arena *a, wv x)
{
    int32_t i;
    if (wv_number_int32(x, &i))
        return wv_small(i);
    wv_binary b = wv_number_binary(x);
    bool below = b.neg && !cuts_to_zero(b);
    return cut(a, b, !below || is_whole(b) ? 0 : -1);
}

/* ---- folds ---- */

static wv_num_status fold(wb_arena *a, const wv *items, size_t n, op o, wv *out)
{
    int64_t small = o == OP_MUL;
    size_t k = 0;
    for (; k < n && wv_is_int(items[k]); k++) {
        int64_t i = wv_int(items[k]), r;
        if (o == OP_MUL ? __builtin_mul_overflow(small, i, &r)
                        : __builtin_add_overflow(small, i, &r))
            break;
        small = r;
    }
    if (k == n) {
        *out = wv_from_int64(a, small);
        return WV_NUM_OK;
    }
    size_t rest = k;
    while (rest < n && wv_number_is_integer(items[rest]))
        rest++;
    if (rest < n) {
        wv_binary b = wv_binary_from_int64(o == OP_MUL);
        unsigned bits = o == OP_MUL ? 53 : 64;
        for (size_t i = 0; i < n; i++) {
            wv_binary y = wv_number_binary(items[i]);
            if (o == OP_ADD) {
                b = wv_binary_add(b, y);
            } else {
                b = wn_binary_mul53(b, y);
            }
        }
        return wv_from_binary(a, b, bits, out);
    }
    mpz_t z;
    mpz_init_set_si(z, small);
    wv_num_status status = WV_NUM_OK;
    for (; k < n && !status; k++) {
        wn_int i;
        if (!wn_int_read(&i, items[k])) {
            status = WV_NUM_LIMIT;
            break;
        }
        if (!int_bits_fit(z, i.z, o) ||
            !wb_arena_fits(a, (mpz_size(z) + mpz_size(i.z)) * sizeof(mp_limb_t)))
            status = WV_NUM_LIMIT;
        else if (o == OP_MUL)
            mpz_mul(z, z, i.z);
        else
            mpz_add(z, z, i.z);
        wn_int_clear(&i);
    }
    if (!status)
        status = wn_from_mpz(a, z, out);
    mpz_clear(z);
    return status;
}

wv_num_status wv_number_sum(wb_arena *a, const wv *items, size_t n, wv *out)
{
    return fold(a, items, n, OP_ADD, out);
}

wv_num_status wv_number_product(wb_arena *a, const wv *items, size_t n, wv *out)
{
    return fold(a, items, n, OP_MUL, out);
}
