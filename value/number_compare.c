/* Order, equality and hash: by the exact decimal values of the texts. */
#include "value/number_impl.h"

#include <stdlib.h>

/* A number's decimal digits: value = 0.d1d2d3... * 10^pos. */
typedef struct digits {
    int sign; /* of the value */
    int64_t pos;
    const char *p;   /* at the first digit; points and underscores are passed over */
    const char *end; /* what stands behind it is zeros */
    char *owned;
    char room[WN_FLOAT_TEXT_MAX];
} digits;

static void text_digits(digits *d, const wn_text *t)
{
    d->p = t->bytes;
    d->end = t->bytes + t->h.len;
    d->pos = t->x + t->digits;
    while (d->p < d->end && (*d->p < '1' || *d->p > '9'))
        d->p++;
}

static void open_digits(digits *d, wv n)
{
    *d = (digits){.sign = wv_number_sign(n)};
    if (d->sign == 0)
        return;
    if (wn_is(n, WN_TEXT)) {
        const wn_text *t = wn_as_text(n);
        text_digits(d, t->h.spare & WN_HEX ? wn_as_text(t->exact) : t);
        return;
    }
    wb_buf b;
    wb_buf_init(&b, WV_NUMBER_BITS_MAX);
    wv_number_put(&b, n);
    char *text = wb_buf_detach(&b, NULL);
    d->owned = text;
    size_t len = strlen(text);
    if (wn_is(n, WN_FLOAT)) {
        wn_text *t = wb_malloc(sizeof *t + len + 1);
        wn_text_init(t, text, len);
        free(text);
        d->owned = (char *)t;
        text_digits(d, t);
        return;
    }
    d->p = text + (*text == '-');
    d->end = text + len;
    d->pos = d->end - d->p;
}

/* The next digit; zeros for ever behind the last. */
static int next_digit(digits *d)
{
    for (; d->p < d->end; d->p++) {
        char c = *d->p;
        if (c >= '0' && c <= '9') {
            d->p++;
            return c - '0';
        }
        if (c != '.' && c != '_')
            d->end = d->p;
    }
    return 0;
}

static int compare_digits(wv x, wv y)
{
    digits a, b;
    open_digits(&a, x);
    open_digits(&b, y);
    int c = 0;
    if (a.sign != b.sign) {
        c = a.sign < b.sign ? -1 : 1;
    } else if (a.sign) {
        if (a.pos != b.pos) {
            c = a.pos < b.pos ? -1 : 1;
        } else {
            while (c == 0 && (a.p < a.end || b.p < b.end))
                c = next_digit(&a) - next_digit(&b);
            c = (c > 0) - (c < 0);
        }
        c *= a.sign;
    }
    free(a.owned);
    free(b.owned);
    return c;
}

/* ---- short cuts ---- */

/* m * 10^x of a number with at most 15 digits and a leading place inside 10^+-300. */
typedef struct decimal {
    uint64_t m;
    int64_t x;
    uint32_t n; /* digits */
    bool neg;
} decimal;

static bool read_decimal(wv n, decimal *d)
{
    if (wv_is_int(n)) {
        int64_t i = wv_int(n);
        uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
        if (u >= wn_pow10[15])
            return false;
        *d = (decimal){u, 0, 0, i < 0};
        while (u) {
            u /= 10;
            d->n++;
        }
        return true;
    }
    unsigned facts = wn_facts(n);
    if (!(facts & WN_TEXT) || (facts & (WN_HEX | WN_TINY)) || !(facts & WN_SHORT))
        return false;
    const wn_text *t = wn_as_text(n);
    int64_t pos = t->x + t->digits;
    if (t->digits > 15 || pos > 300 || pos < -300)
        return false;
    *d = (decimal){t->m, t->x, t->digits, facts & WN_NEG};
    return true;
}

static int compare_decimals(const decimal *a, const decimal *b)
{
    int sa = a->m == 0 ? 0 : a->neg ? -1 : 1, sb = b->m == 0 ? 0 : b->neg ? -1 : 1;
    if (sa != sb)
        return sa < sb ? -1 : 1;
    if (sa == 0)
        return 0;
    int64_t pa = a->x + a->n, pb = b->x + b->n;
    if (pa != pb)
        return pa < pb ? -sa : sa;
    uint64_t p = a->m, q = b->m;
    if (a->x > b->x)
        p *= wn_pow10[a->x - b->x];
    else
        q *= wn_pow10[b->x - a->x];
    return p < q ? -sa : p > q ? sa : 0;
}

static int compare_magnitudes(wv_binary a, wv_binary b)
{
    if (a.m == 0 || b.m == 0)
        return (a.m != 0) - (b.m != 0);
    if (a.e != b.e)
        return a.e < b.e ? -1 : 1;
    return (a.m > b.m) - (a.m < b.m);
}

/* Whether the text of a computed float may look like a twin (see number.h): in exponent form with
 * an exponent that ends in 0, so never between 2^-29 and 2^33. */
static bool maybe_twin(wv n)
{
    if (wv_is_int(n))
        return false;
    unsigned facts = wn_facts(n);
    if (!(facts & WN_FLOAT))
        return facts & WN_TWIN;
    int64_t e = wn_as_float(n)->e + 64;
    if (e > -29 && e <= 33)
        return false;
    char text[WN_FLOAT_TEXT_MAX];
    size_t len = wn_float_text(wn_float_binary(n), text), end = len;
    while (text[end - 1] == '0')
        end--;
    return end < len && memchr(text, '.', end) != NULL;
}

/* Whether B is the correctly rounded value of the text, so that different B mean the same order. */
static bool binary_is_rounded(wv n)
{
    if (!wn_is(n, WN_TEXT))
        return true;
    const wn_text *t = wn_as_text(n);
    return (t->h.spare & WN_SHORT) && !(t->h.spare & WN_HEX) && t->x >= -27 && t->x <= 27;
}

int wv_number_compare_slow(wv x, wv y)
{
    if (x == y)
        return 0;
    int64_t i, j;
    if (wv_number_int64(x, &i) && wv_number_int64(y, &j))
        return (i > j) - (i < j);
    if (wn_is(x, WN_BIG) && wn_is(y, WN_BIG)) {
        int sx = wv_number_sign(x), sy = wv_number_sign(y);
        if (sx != sy)
            return sx < sy ? -1 : 1;
        mpz_t p, q;
        mpz_roinit_n(p, wn_as_big(x)->limbs, wv_head(x)->len);
        mpz_roinit_n(q, wn_as_big(y)->limbs, wv_head(y)->len);
        int c = mpz_cmp(p, q);
        return ((c > 0) - (c < 0)) * sx;
    }
    decimal a, b;
    if (read_decimal(x, &a) && read_decimal(y, &b))
        return compare_decimals(&a, &b);
    int sx = wv_number_sign(x), sy = wv_number_sign(y);
    if (sx != sy)
        return sx < sy ? -1 : 1;
    if (sx == 0)
        return 0;
    if (maybe_twin(x) && maybe_twin(y)) {
        double d, e;
        if (wv_number_double(x, &d) && wv_number_double(y, &e) && d == e)
            return 0;
    }
    if (binary_is_rounded(x) && binary_is_rounded(y)) {
        int c = compare_magnitudes(wv_number_binary(x), wv_number_binary(y));
        if (c || (wn_is(x, WN_FLOAT) && wn_is(y, WN_FLOAT)))
            return c * sx;
    }
    return compare_digits(x, y);
}

bool wv_number_equal_slow(wv x, wv y)
{
    return wv_number_compare_slow(x, y) == 0;
}

uint64_t wv_number_hash_slow(wv n, uint64_t seed)
{
    wv_header *h = wv_head(n);
    uint64_t hash = __atomic_load_n(&h->hash, __ATOMIC_RELAXED);
    if (hash)
        return hash;
    double d;
    if (wv_number_double(n, &d)) {
        uint64_t bits;
        d += 0.0; /* no -0 */
        memcpy(&bits, &d, sizeof bits);
        hash = wb_hash64(bits, seed);
    } else {
        wb_buf b;
        wb_buf_init(&b, WV_NUMBER_BITS_MAX);
        wv_number_put(&b, n);
        hash = wb_hash(b.p, b.n, seed);
        wb_buf_free(&b);
    }
    if (hash)
        __atomic_store_n(&h->hash, hash, __ATOMIC_RELAXED);
    return hash;
}
