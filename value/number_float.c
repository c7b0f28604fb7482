/* Binary floats with a 64-bit mantissa in integer registers, and the readings B and D. */
#include "value/number_impl.h"

#include <float.h>
#include <math.h>

typedef unsigned __int128 u128;

const uint64_t wn_pow5[28] = {1u,
                              5u,
                              25u,
                              125u,
                              625u,
                              3125u,
                              15625u,
                              78125u,
                              390625u,
                              1953125u,
                              9765625u,
                              48828125u,
                              244140625u,
                              1220703125u,
                              6103515625u,
                              30517578125u,
                              152587890625u,
                              762939453125u,
                              3814697265625u,
                              19073486328125u,
                              95367431640625u,
                              476837158203125u,
                              2384185791015625u,
                              11920928955078125u,
                              59604644775390625u,
                              298023223876953125u,
                              1490116119384765625u,
                              7450580596923828125u};

/* v * 2^e (and a little more when sticky) rounded to 64 bits, ties to even. */
static wv_binary round128(u128 v, int64_t e, bool neg, bool sticky)
{
    if (v == 0)
        return (wv_binary){0, 0, neg};
    uint64_t high = (uint64_t)(v >> 64);
    int shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)v);
    v <<= shift;
    e += 64 - shift;
    high = (uint64_t)(v >> 64);
    uint64_t low = (uint64_t)v;
    const uint64_t half = (uint64_t)1 << 63;
    if (low > half || (low == half && (sticky || (high & 1)))) {
        if (++high == 0) {
            high = half;
            e++;
        }
    }
    return (wv_binary){high, e, neg};
}

wv_binary wv_binary_from_int64(int64_t i)
{
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    if (u == 0)
        return (wv_binary){0, 0, false};
    int shift = __builtin_clzll(u);
    return (wv_binary){u << shift, -shift, i < 0};
}

wv_binary wv_binary_add(wv_binary x, wv_binary y)
{
    if (y.m == 0) {
        if (x.m == 0)
            x.neg = x.neg && y.neg;
        return x;
    }
    if (x.m == 0)
        return y;
    if (x.e < y.e || (x.e == y.e && x.m < y.m)) {
        wv_binary t = x;
        x = y;
        y = t;
    }
    uint64_t d = (uint64_t)x.e - (uint64_t)y.e;
    /* Half of the 128 bits, so that a sum has room to carry. */
    u128 a = (u128)x.m << 63, b = (u128)y.m << 63;
    bool sticky = false;
    if (d >= 127) {
        sticky = true;
        b = 0;
    } else if (d) {
        sticky = (b & (((u128)1 << d) - 1)) != 0;
        b >>= d;
    }
    if (x.neg == y.neg)
        return round128(a + b, x.e - 63, x.neg, sticky);
    /* Bits cut from the smaller one make the difference a little less. */
    u128 r = a - b - sticky;
    return round128(r, x.e - 63, r != 0 && x.neg, sticky);
}

wv_binary wv_binary_sub(wv_binary x, wv_binary y)
{
    y.neg = !y.neg;
    return wv_binary_add(x, y);
}

wv_binary wv_binary_mul(wv_binary x, wv_binary y)
{
    return round128((u128)x.m * y.m, x.e + y.e, x.neg != y.neg, false);
}

wv_binary wv_binary_div(wv_binary x, wv_binary y)
{
    bool neg = x.neg != y.neg;
    if (x.m == 0 || y.m == 0)
        return (wv_binary){0, 0, neg};
    /* The quotient has exactly 64 bits in both cases. */
    int shift = x.m < y.m ? 64 : 63;
    u128 n = (u128)x.m << shift;
    uint64_t q, r;
#if defined(__x86_64__)
    __asm__("divq %4"
            : "=a"(q), "=d"(r)
            : "0"((uint64_t)n), "1"((uint64_t)(n >> 64)), "r"(y.m)
            : "cc");
#else
    q = (uint64_t)(n / y.m);
    r = (uint64_t)(n % y.m);
#endif
    int64_t e = x.e - y.e - shift;
    uint64_t rest = y.m - r;
    if (r > rest || (r == rest && (q & 1))) {
        if (++q == 0) {
            q = (uint64_t)1 << 63;
            e++;
        }
    }
    return (wv_binary){q, e, neg};
}

wv_binary wn_binary_mul53(wv_binary x, wv_binary y)
{
    u128 v = (u128)x.m * y.m;
    /* One rounding: what the product has below 64 bits is folded into the last of them. */
    uint64_t high = (uint64_t)(v >> 64), low = (uint64_t)v;
    int64_t e = x.e + y.e + 64;
    bool neg = x.neg != y.neg;
    if (v == 0)
        return (wv_binary){0, 0, neg};
    if (!(high >> 63)) {
        high = high << 1 | low >> 63;
        low <<= 1;
        e--;
    }
    return wn_binary_round((wv_binary){high | (low != 0), e, neg}, 53);
}

wv_binary wn_binary_round(wv_binary b, unsigned bits)
{
    if (b.m == 0 || bits >= 64)
        return b;
    unsigned cut = 64 - bits;
    uint64_t unit = (uint64_t)1 << cut, low = b.m & (unit - 1), half = unit >> 1;
    b.m -= low;
    if (low > half || (low == half && (b.m & unit))) {
        b.m += unit;
        if (b.m == 0) {
            b.m = (uint64_t)1 << 63;
            b.e++;
        }
    }
    return b;
}

wv_binary wn_binary_from_mpz(const mpz_t m, int64_t e, bool neg, bool sticky)
{
    size_t size = mpz_size(m);
    if (size == 0)
        return (wv_binary){0, 0, neg};
    if (size == 1)
        return round128(mpz_getlimbn(m, 0), e, neg, sticky);
    /* The top 128 bits and whether anything stands below. */
    size_t bits = mpz_sizeinbase(m, 2), cut = bits > 128 ? bits - 128 : 0;
    sticky = sticky || (cut && mpz_scan1(m, 0) < cut);
    mpz_t top;
    mpz_init(top);
    mpz_tdiv_q_2exp(top, m, cut);
    u128 v = (u128)mpz_getlimbn(top, 1) << 64 | mpz_getlimbn(top, 0);
    mpz_clear(top);
    return round128(v, e + (int64_t)cut, neg, sticky);
}

/* ---- B of a text ---- */

/* Rounds m * 2^e to so many bits, ties to even. */
static void round_mpz(mpz_t m, int64_t *e, size_t bits)
{
    size_t have = mpz_sizeinbase(m, 2);
    if (have <= bits)
        return;
    size_t cut = have - bits;
    bool half = mpz_tstbit(m, cut - 1), rest = half && mpz_scan1(m, 0) < cut - 1;
    mpz_tdiv_q_2exp(m, m, cut);
    *e += (int64_t)cut;
    if (half && (rest || mpz_odd_p(m)))
        mpz_add_ui(m, m, 1);
}

/* 5^n with 128 bits, made as OPA makes it: beyond 5^27 by squaring a factor of 192 bits. False when
 * the exponent leaves int32. */
static bool power_of_five(uint64_t n, mpz_t p, int64_t *e)
{
    *e = 0;
    if (n <= 27) {
        mpz_set_ui(p, wn_pow5[n]);
        return true;
    }
    mpz_set_ui(p, wn_pow5[27]);
    n -= 27;
    mpz_t f;
    int64_t fe = 0;
    mpz_init_set_ui(f, 5);
    for (; n; n >>= 1) {
        if (n & 1) {
            mpz_mul(p, p, f);
            *e += fe;
            round_mpz(p, e, 128);
        }
        mpz_mul(f, f, f);
        fe *= 2;
        round_mpz(f, &fe, 192);
    }
    mpz_clear(f);
    return *e + (int64_t)mpz_sizeinbase(p, 2) <= INT32_MAX;
}

static wv_binary short_binary(uint64_t m, int64_t x, bool neg)
{
    int shift = __builtin_clzll(m);
    wv_binary b = {m << shift, -shift, neg};
    if (x == 0)
        return b;
    uint64_t five = wn_pow5[x < 0 ? -x : x];
    shift = __builtin_clzll(five);
    wv_binary p = {five << shift, -shift, false};
    b = x < 0 ? wv_binary_div(b, p) : wv_binary_mul(b, p);
    b.e += x;
    return b;
}

wv_num_status wn_text_binary(const wn_text *t, wv_binary *out)
{
    bool neg = t->h.spare & WN_NEG;
    *out = (wv_binary){0, 0, neg};
    if (t->digits == 0 || (t->h.spare & WN_TINY))
        return WV_NUM_OK;
    int64_t x = t->x;
    if ((t->h.spare & WN_SHORT) && x >= -27 && x <= 27) {
        *out = short_binary(t->m, x, neg);
        return WV_NUM_OK;
    }
    if (x > INT32_MAX || x < 2 * (int64_t)INT32_MIN)
        return WV_NUM_INVALID_FLOAT;
    wv_num_status status = WV_NUM_OK;
    mpz_t m, p;
    mpz_init(m);
    mpz_init(p);
    wn_text_digits(t, m);
    int64_t exponent = (int64_t)mpz_sizeinbase(m, 2) + x, pe;
    if (exponent < INT32_MIN || exponent > INT32_MAX) {
        status = WV_NUM_INVALID_FLOAT;
    } else if (x == 0) {
        *out = wn_binary_from_mpz(m, 0, neg, false);
    } else if (!power_of_five((uint64_t)(x < 0 ? -x : x), p, &pe)) {
        status = x < 0 ? WV_NUM_OK : WV_NUM_TOO_BIG;
    } else if (x > 0) {
        mpz_mul(m, m, p);
        *out = wn_binary_from_mpz(m, x + pe, neg, false);
    } else {
        size_t need = mpz_sizeinbase(p, 2) + 66, have = mpz_sizeinbase(m, 2);
        size_t shift = need > have ? need - have : 0;
        mpz_mul_2exp(m, m, shift);
        mpz_t rest;
        mpz_init(rest);
        mpz_tdiv_qr(m, rest, m, p);
        *out = wn_binary_from_mpz(m, x - pe - (int64_t)shift, neg, mpz_sgn(rest) != 0);
        mpz_clear(rest);
    }
    if (status == WV_NUM_OK && out->m) {
        if (out->e + 64 < INT32_MIN)
            *out = (wv_binary){0, 0, neg};
        else if (out->e + 64 > INT32_MAX)
            status = WV_NUM_TOO_BIG;
    }
    mpz_clear(m);
    mpz_clear(p);
    return status;
}

wv_binary wv_number_binary(wv n)
{
    if (wv_is_int(n))
        return wv_binary_from_int64(wv_int(n));
    unsigned facts = wn_facts(n);
    bool neg = facts & WN_NEG;
    if (facts & WN_FLOAT)
        return wn_float_binary(n);
    if (facts & WN_TEXT) {
        const wn_text *t = wn_as_text(n);
        if (facts & WN_HEX)
            return (wv_binary){t->m, t->x, neg};
        wv_binary b;
        wn_text_binary(t, &b); /* texts without a reading were refused */
        return b;
    }
    mpz_t z;
    mpz_roinit_n(z, wn_as_big(n)->limbs, wv_head(n)->len);
    return wn_binary_from_mpz(z, 0, neg, false);
}

bool wv_binary_truncate(wv_binary b, mpz_t out)
{
    mpz_set_ui(out, 0);
    if (b.m == 0 || b.e <= -64)
        return true;
    if (b.e > (int64_t)WV_NUMBER_BITS_MAX - 64)
        return false;
    mpz_set_ui(out, b.e < 0 ? b.m >> -b.e : b.m);
    if (b.e > 0)
        mpz_mul_2exp(out, out, (mp_bitcnt_t)b.e);
    if (b.neg)
        mpz_neg(out, out);
    return true;
}

bool wv_number_binary_int64(wv n, int64_t *out)
{
    if (wv_is_int(n)) {
        *out = wv_int(n);
        return true;
    }
    wv_binary b = wv_number_binary(n);
    if (b.m == 0) {
        *out = 0;
        return true;
    }
    if (b.e > 0 || b.e <= -64 || (b.e && (b.m & (((uint64_t)1 << -b.e) - 1))))
        return false;
    uint64_t u = b.m >> -b.e;
    if (u > (uint64_t)INT64_MAX + b.neg)
        return false;
    *out = b.neg ? (int64_t)(0 - u) : (int64_t)u;
    return true;
}

/* ---- D ---- */

/* m * 2^e, plus a little when sticky, as float64. */
static bool double_from_mpz(mpz_t m, int64_t e, bool sticky, bool neg, double *out)
{
    /* The last bit of the result: 53 bits wide, fewer for subnormal numbers. */
    int64_t last = (int64_t)mpz_sizeinbase(m, 2) + e - DBL_MANT_DIG;
    if (last < DBL_MIN_EXP - DBL_MANT_DIG)
        last = DBL_MIN_EXP - DBL_MANT_DIG;
    uint64_t r;
    if (last > e) {
        mp_bitcnt_t cut = (mp_bitcnt_t)(last - e);
        bool half = mpz_tstbit(m, cut - 1);
        bool rest = sticky || (half && mpz_scan1(m, 0) < cut - 1);
        mpz_tdiv_q_2exp(m, m, cut);
        r = mpz_get_ui(m);
        if (half && (rest || (r & 1)))
            r++;
        e = last;
    } else {
        r = mpz_get_ui(m);
    }
    double d = e > 2000 ? HUGE_VAL : ldexp((double)r, (int)e);
    if (isinf(d))
        return false;
    *out = neg ? -d : d;
    return true;
}

static bool text_double(const wn_text *t, double *out)
{
    bool neg = t->h.spare & WN_NEG;
    *out = neg ? -0.0 : 0.0;
    if (t->digits == 0 || (t->h.spare & WN_TINY))
        return true;
    int64_t x = t->x;
    if ((t->h.spare & WN_SHORT) && t->m <= (uint64_t)1 << 53 && x >= -22 && x <= 22) {
        /* Both operands are exact, so one rounding is the right one. */
        double d = (double)t->m, p = x < 0 ? -x : x;
        p = x ? (double)wn_pow5[x < 0 ? -x : x] * (double)((uint64_t)1 << (x < 0 ? -x : x)) : 1;
        d = x < 0 ? d / p : d * p;
        *out = neg ? -d : d;
        return true;
    }
    int64_t pos = x + t->digits;
    if (pos > 310)
        return false;
    if (pos < -330)
        return true;
    mpz_t m, scale;
    mpz_init(m);
    mpz_init(scale);
    wn_text_digits(t, m);
    int64_t e = 0;
    bool sticky = false;
    mpz_ui_pow_ui(scale, 10, (unsigned long)(x < 0 ? -x : x));
    if (x >= 0) {
        mpz_mul(m, m, scale);
    } else {
        size_t need = mpz_sizeinbase(scale, 2) + 66, have = mpz_sizeinbase(m, 2);
        size_t shift = need > have ? need - have : 0;
        mpz_mul_2exp(m, m, shift);
        mpz_tdiv_qr(m, scale, m, scale);
        sticky = mpz_sgn(scale) != 0;
        e = -(int64_t)shift;
    }
    bool ok = double_from_mpz(m, e, sticky, neg, out);
    mpz_clear(m);
    mpz_clear(scale);
    return ok;
}

bool wv_number_double(wv n, double *out)
{
    if (wv_is_int(n)) {
        *out = (double)wv_int(n);
        return true;
    }
    unsigned facts = wn_facts(n);
    if (facts & WN_TEXT) {
        const wn_text *t = wn_as_text(n);
        return facts & WN_HEX ? wv_number_double(t->exact, out) : text_double(t, out);
    }
    bool neg = facts & WN_NEG;
    if (facts & WN_BIG) {
        if (wv_head(n)->len > 17) /* over 1024 bits */
            return false;
        mpz_t z, m;
        mpz_roinit_n(z, wn_as_big(n)->limbs, wv_head(n)->len);
        mpz_init_set(m, z);
        bool ok = double_from_mpz(m, 0, false, neg, out);
        mpz_clear(m);
        return ok;
    }
    /* A float means its text, which lies within half a unit of the last place: the same float64,
     * unless the binary value is the middle between two. */
    wv_binary b = wn_float_binary(n);
    if ((b.m & 0x7ff) != 0x400 && b.e > -1000) {
        b = wn_binary_round(b, 53);
        *out = ldexp(neg ? -(double)b.m : (double)b.m, (int)b.e);
        return true;
    }
    *out = neg ? -0.0 : 0.0;
    if (b.e < -1200)
        return true;
    union {
        wn_text t;
        char room[sizeof(wn_text) + WN_FLOAT_TEXT_MAX];
    } u;
    char text[WN_FLOAT_TEXT_MAX];
    size_t len = wn_float_text(b, text);
    wn_text_init(&u.t, text, len);
    return text_double(&u.t, out);
}
