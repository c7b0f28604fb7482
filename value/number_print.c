/* Numbers as text: shortest decimals of binary floats, integers, and the words made from floats. */
#include "value/number_impl.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef unsigned __int128 u128;

/* ---- shortest decimals ----
 * Digits of the exact value are made one by one. At the first place where the digits so far (cut,
 * or with the last one raised) lie inside the interval around the value, they are the answer; when
 * both do, the nearer one, the even one of two equally near. That is big.Float's loop, which works
 * on three strings of digits, in terms of distances. With
 * WN_BIG_FLOAT one trait of that loop is kept: when raising meets the upper end exactly and the end
 * does not count, raising is never tried again (only integers beyond 2^64 can get there). */

/* Adds one unit in the last place. */
static void raise_last(wn_decimal *d)
{
    while (d->n && d->d[d->n - 1] == 9)
        d->n--;
    if (d->n) {
        d->d[d->n - 1]++;
    } else {
        d->d[0] = 1;
        d->n = 1;
        d->pos++;
    }
}

static void drop_zeros(wn_decimal *d)
{
    while (d->n > 1 && d->d[d->n - 1] == 0)
        d->n--;
}

/* v * 2^-k with 0 < k <= 122, v < 2^k * 10^20, and low, high < 2^k. */
static void shortest_small(u128 v, unsigned k, u128 low, u128 high, bool closed, wn_decimal *out)
{
    const u128 one = (u128)1 << k;
    u128 whole = v >> k;
    v &= one - 1;
    out->n = 0;
    out->pos = 0;
    if (whole) {
        char digits[WN_DIGITS_MAX];
        int n = 0;
        for (uint64_t w = (uint64_t)whole; w; w /= 10)
            digits[n++] = (char)(w % 10);
        out->pos = n;
        while (n)
            out->d[out->n++] = digits[--n];
    }
    for (;;) {
        v *= 10;
        low *= 10;
        high *= 10;
        char digit = (char)(v >> k);
        v &= one - 1;
        if (digit == 0 && out->n == 0) {
            out->pos--;
            continue;
        }
        out->d[out->n++] = digit;
        u128 up = one - v;
        bool down_ok = v < low || (closed && v == low);
        bool up_ok = up < high || (closed && up == high);
        if (!down_ok && !up_ok)
            continue;
        if (down_ok && up_ok)
            up_ok = v > up || (v == up && (digit & 1));
        if (up_ok)
            raise_last(out);
        drop_zeros(out);
        return;
    }
}

static void set_u128(mpz_t z, u128 v)
{
    mpz_set_ui(z, (uint64_t)(v >> 64));
    mpz_mul_2exp(z, z, 64);
    mpz_add_ui(z, z, (uint64_t)v);
}

static void shortest_big(u128 v, int64_t s, uint64_t low, uint64_t high, unsigned rules,
                         wn_decimal *out)
{
    mpz_t n, d, l, u, ten, t;
    mpz_inits(n, d, l, u, ten, t, NULL);
    set_u128(n, v);
    mpz_set_ui(l, low);
    mpz_set_ui(u, high);
    mpz_set_ui(d, 1);
    /* The decimal place of the first digit: guessed from below, put right afterwards. */
    double log = ((double)mpz_sizeinbase(n, 2) - 1 + (double)s) * 0.30102999566398119521;
    int64_t pos = (int64_t)floor(log) + 1;
    mpz_ui_pow_ui(ten, 10, (unsigned long)(pos < 0 ? -pos : pos));
    if (pos >= 0) {
        mpz_mul(d, d, ten);
    } else {
        mpz_mul(n, n, ten);
        mpz_mul(l, l, ten);
        mpz_mul(u, u, ten);
    }
    if (s >= 0) {
        mpz_mul_2exp(n, n, (mp_bitcnt_t)s);
        mpz_mul_2exp(l, l, (mp_bitcnt_t)s);
        mpz_mul_2exp(u, u, (mp_bitcnt_t)s);
    } else {
        mpz_mul_2exp(d, d, (mp_bitcnt_t)-s);
    }
    while (mpz_cmp(n, d) >= 0) {
        mpz_mul_ui(d, d, 10);
        pos++;
    }
    out->pos = pos;
    out->n = 0;
    bool closed = rules & WN_CLOSED, may_rise = true;
    for (;;) {
        mpz_mul_ui(n, n, 10);
        mpz_mul_ui(l, l, 10);
        mpz_mul_ui(u, u, 10);
        mpz_tdiv_qr(t, n, n, d);
        unsigned long digit = mpz_get_ui(t);
        if (digit == 0 && out->n == 0) {
            out->pos--;
            continue;
        }
        out->d[out->n++] = (char)digit;
        int down = mpz_cmp(n, l);
        bool down_ok = down < 0 || (closed && down == 0);
        mpz_add(t, n, u);
        int up = mpz_cmp(t, d);
        bool up_ok = may_rise && (up > 0 || (closed && up == 0));
        if (up == 0 && !closed && (rules & WN_BIG_FLOAT))
            may_rise = false;
        if (!down_ok && !up_ok && out->n < WN_DIGITS_MAX)
            continue;
        if (down_ok && up_ok) {
            mpz_mul_2exp(t, n, 1);
            int half = mpz_cmp(t, d);
            up_ok = half > 0 || (half == 0 && (digit & 1));
        }
        if (up_ok)
            raise_last(out);
        drop_zeros(out);
        break;
    }
    mpz_clears(n, d, l, u, ten, t, NULL);
}

void wn_shortest(u128 v, int64_t s, uint64_t low, uint64_t high, unsigned rules, wn_decimal *out)
{
    /* A fraction whose last place is below one half: the interval holds no integer. */
    if (s < 0 && s >= -122 && (s <= -64 || (v >> -s) >> 64 == 0) && high < (uint64_t)1 << 62 &&
        (s <= -63 || high < (uint64_t)1 << -s) && (v & (((u128)1 << -s) - 1)))
        shortest_small(v, (unsigned)-s, low, high, rules & WN_CLOSED, out);
    else
        shortest_big(v, s, low, high, rules, out);
}

/* The interval of a mantissa rounded to `bits`: half a unit of its last place on both sides. */
static void shortest_binary(wv_binary b, unsigned bits, wn_decimal *out)
{
    uint64_t half = (uint64_t)1 << (64 - bits); /* in halves of m's last bit */
    bool even = !(b.m >> (64 - bits) & 1);
    wn_shortest((u128)b.m << 1, b.e - 1, half, half, WN_BIG_FLOAT | (even ? WN_CLOSED : 0), out);
}

/* ---- layout ---- */

static char *put_exponent(char *p, int64_t x, int width)
{
    char digits[24];
    int n = 0;
    uint64_t u = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    *p++ = 'e';
    *p++ = x < 0 ? '-' : '+';
    for (; u || n < width; u /= 10)
        digits[n++] = (char)('0' + u % 10);
    while (n)
        *p++ = digits[--n];
    return p;
}

/* Plain digits when 10^least <= value < 10^most, else d.ddde+XX with at least `width` digits. */
static size_t layout(const wn_decimal *d, bool neg, int least, int most, int width, char *out)
{
    char *p = out;
    int64_t x = d->pos - 1;
    if (neg)
        *p++ = '-';
    if (x < least || x >= most) {
        *p++ = (char)('0' + d->d[0]);
        if (d->n > 1)
            *p++ = '.';
        for (int i = 1; i < d->n; i++)
            *p++ = (char)('0' + d->d[i]);
        return (size_t)(put_exponent(p, x, width) - out);
    }
    if (d->pos <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (int64_t i = d->pos; i < 0; i++)
            *p++ = '0';
    }
    for (int i = 0; i < d->n; i++) {
        if (i && i == d->pos)
            *p++ = '.';
        *p++ = (char)('0' + d->d[i]);
    }
    for (int64_t i = d->n; i < d->pos; i++)
        *p++ = '0';
    return (size_t)(p - out);
}

size_t wn_float_text(wv_binary b, char out[WN_FLOAT_TEXT_MAX])
{
    wn_decimal d;
    shortest_binary(b, 64, &d);
    return layout(&d, b.neg, -4, 6, 2, out);
}

/* ---- words from floats ---- */

static bool is_integral(wv_binary b)
{
    return b.e >= 0 || (b.e > -64 && (b.m & (((uint64_t)1 << -b.e) - 1)) == 0);
}

static wv_num_status integral(wb_arena *a, wv_binary b, unsigned bits, wv *out)
{
    if (b.e <= 0 && (b.e <= -(int)(64 - bits) || bits == 64)) {
        uint64_t u = b.m >> -b.e;
        if (u <= INT64_MAX) {
            *out = wv_from_int64(a, b.neg ? -(int64_t)u : (int64_t)u);
            return WV_NUM_OK;
        }
    }
    wn_decimal d;
    shortest_binary(b, bits, &d);
    char digits[WN_DIGITS_MAX + 1];
    for (int i = 0; i < d.n; i++)
        digits[i] = (char)('0' + d.d[i]);
    digits[d.n] = 0;
    mpz_t z, ten;
    mpz_init_set_str(z, digits, 10);
    mpz_init(ten);
    mpz_ui_pow_ui(ten, 10, (unsigned long)(d.pos - d.n));
    mpz_mul(z, z, ten);
    if (b.neg)
        mpz_neg(z, z);
    wv_num_status status = wn_from_mpz(a, z, out);
    mpz_clear(z);
    mpz_clear(ten);
    return status;
}

wv_num_status wv_from_binary(wb_arena *a, wv_binary b, unsigned bits, wv *out)
{
    if (b.m == 0) {
        *out = b.neg ? wn_text_new(a, "-0", 2) : wv_small(0);
        return WV_NUM_OK;
    }
    if (b.e > WV_NUMBER_EXP_MAX || b.e < -WV_NUMBER_EXP_MAX)
        return WV_NUM_LIMIT;
    if (is_integral(b))
        return integral(a, b, bits, out);
    /* At a power of two the text lies in an interval that is too wide below, and a mantissa of 53
     * bits has a text of its own: both are read again from their text. */
    if (b.m == (uint64_t)1 << 63 || bits != 64) {
        wn_decimal d;
        char text[WN_FLOAT_TEXT_MAX];
        shortest_binary(b, bits, &d);
        *out = wn_text_new(a, text, layout(&d, b.neg, -4, 6, 2, text));
        return WV_NUM_OK;
    }
    wn_float *f = wb_arena_alloc(a, sizeof *f);
    *f = (wn_float){.h = {.tag = WV_T_NUMBER, .spare = (uint16_t)(WN_FLOAT | (b.neg ? WN_NEG : 0))},
                    .m = b.m,
                    .e = b.e};
    *out = wv_from(f, WV_T_NUMBER);
    return WV_NUM_OK;
}

/* Text of a float64 into out; plain between 10^least and 10^most. */
static size_t double_text(double d, int least, int most, int width, char *out)
{
    int e;
    bool neg = signbit(d);
    double f = frexp(fabs(d), &e);
    if (f == 0) {
        memcpy(out, "-0", 2);
        if (!neg)
            out[0] = '0';
        return 1 + neg;
    }
    uint64_t m = (uint64_t)ldexp(f, 53);
    e -= 53;
    if (e < -1074) { /* subnormal: the last place stays where it is */
        m >>= -1074 - e;
        e = -1074;
    }
    /* Below a power of two the next float64 is half as far away. */
    bool power = m == (uint64_t)1 << 52 && e > -1074;
    wn_decimal s;
    wn_shortest((u128)m << 2, e - 2, power ? 1 : 2, 2, m & 1 ? 0 : WN_CLOSED, &s);
    return layout(&s, neg, least, most, width, out);
}

static wv from_double(wb_arena *a, double d, int least, int most, int width)
{
    char text[64];
    size_t n = double_text(d, least, most, width, text);
    wv out;
    if (wv_number_parse(a, wb_str_n(text, n), false, &out) != WV_NUM_OK)
        return WV_UNDEFINED;
    return out;
}

wv wv_from_double(wb_arena *a, double d)
{
    return from_double(a, d, -4, 6, 2);
}

wv wv_from_double_json(wb_arena *a, double d)
{
    return from_double(a, d, -6, 21, 1);
}

/* ---- text of any number ---- */

static size_t int_text(int64_t i, char out[24])
{
    char digits[24];
    size_t n = 0, len = 0;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do
        digits[n++] = (char)('0' + u % 10);
    while (u /= 10);
    if (i < 0)
        out[len++] = '-';
    while (n)
        out[len++] = digits[--n];
    return len;
}

/* Bytes that the text of a big integer takes at most. */
static size_t big_room(const wn_big *big)
{
    return (size_t)big->h.len * 20 + 3;
}

static size_t big_text(const wn_big *big, char *out)
{
    mpz_t z;
    mp_size_t n = big->h.len;
    mpz_roinit_n(z, big->limbs, big->h.spare & WN_NEG ? -n : n);
    mpz_get_str(out, 10, z);
    return strlen(out);
}

void wv_number_put(wb_buf *b, wv n)
{
    char text[WN_FLOAT_TEXT_MAX];
    if (wv_is_int(n)) {
        wb_buf_put(b, text, int_text(wv_int(n), text));
        return;
    }
    unsigned facts = wn_facts(n);
    if (facts & WN_TEXT) {
        wb_buf_put(b, wn_as_text(n)->bytes, wv_head(n)->len);
    } else if (facts & WN_FLOAT) {
        wb_buf_put(b, text, wn_float_text(wn_float_binary(n), text));
    } else {
        size_t room = big_room(wn_as_big(n));
        if (room <= sizeof text) {
            wb_buf_put(b, text, big_text(wn_as_big(n), text));
            return;
        }
        char *p = wb_malloc(room);
        wb_buf_put(b, p, big_text(wn_as_big(n), p));
        free(p);
    }
}

wb_str wv_number_text(wb_arena *a, wv n)
{
    if (wv_is_int(n)) {
        char *p = wb_arena_alloc(a, 24);
        return wb_str_n(p, int_text(wv_int(n), p));
    }
    unsigned facts = wn_facts(n);
    if (facts & WN_TEXT)
        return wb_str_n(wn_as_text(n)->bytes, wv_head(n)->len);
    if (facts & WN_FLOAT) {
        char *p = wb_arena_alloc(a, WN_FLOAT_TEXT_MAX);
        return wb_str_n(p, wn_float_text(wn_float_binary(n), p));
    }
    size_t room = big_room(wn_as_big(n));
    wb_arena_fits(a, room);
    char *p = wb_arena_alloc(a, room);
    return wb_str_n(p, big_text(wn_as_big(n), p));
}

bool wv_number_is_json(wv n)
{
    return wv_is_int(n) || !(wn_facts(n) & WN_NOT_JSON);
}
