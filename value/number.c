/* Forms of numbers: making and copying boxed numbers, and the integer readings. */
#include "value/number_impl.h"

#include <stdlib.h>

const uint64_t wn_pow10[20] = {1u,
                               10u,
                               100u,
                               1000u,
                               10000u,
                               100000u,
                               1000000u,
                               10000000u,
                               100000000u,
                               1000000000u,
                               10000000000u,
                               100000000000u,
                               1000000000000u,
                               10000000000000u,
                               100000000000000u,
                               1000000000000000u,
                               10000000000000000u,
                               100000000000000000u,
                               1000000000000000000u,
                               10000000000000000000u};

static const char *const status_text[] = {
    [WV_NUM_OK] = "ok",
    [WV_NUM_DIV_ZERO] = "divide by zero",
    [WV_NUM_MOD_ZERO] = "modulo by zero",
    [WV_NUM_MOD_FLOAT] = "modulo on floating-point number",
    [WV_NUM_TOO_BIG] = "number too big",
    [WV_NUM_INVALID_FLOAT] = "invalid float",
    [WV_NUM_SYNTAX] = "invalid syntax",
    [WV_NUM_RANGE] = "value out of range",
    [WV_NUM_NAN] = "must be valid number string",
    [WV_NUM_NOT_INTEGER] = "must be integer number but got floating-point number",
    [WV_NUM_NEGATIVE] = "must be an unsigned integer number but got a negative integer",
    [WV_NUM_BASE] = "must be one of {2, 8, 10, 16}",
    [WV_NUM_LIMIT] = "number exceeds a limit",
};

const char *wv_num_text(wv_num_status status)
{
    return status_text[status];
}

/* ---- making ---- */

wv wv_from_int64(wb_arena *a, int64_t i)
{
    if (wv_fits_int(i))
        return wv_small(i);
    wn_big *big = wb_arena_alloc(a, sizeof *big + sizeof(mp_limb_t));
    big->h = (wv_header){
        .tag = WV_T_NUMBER, .spare = (uint16_t)(WN_BIG | (i < 0 ? WN_NEG : 0)), .len = 1};
    big->limbs[0] = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    return wv_from(big, WV_T_NUMBER);
}

wv wv_from_uint64(wb_arena *a, uint64_t u)
{
    if (u <= (uint64_t)WV_INT_MAX)
        return wv_small((int64_t)u);
    wn_big *big = wb_arena_alloc(a, sizeof *big + sizeof(mp_limb_t));
    big->h = (wv_header){.tag = WV_T_NUMBER, .spare = WN_BIG, .len = 1};
    big->limbs[0] = u;
    return wv_from(big, WV_T_NUMBER);
}

wv_num_status wn_from_mpz(wb_arena *a, const mpz_t z, wv *out)
{
    size_t size = mpz_size(z);
    if (size <= 1) {
        uint64_t u = size ? mpz_getlimbn(z, 0) : 0;
        if (u <= (uint64_t)WV_INT_MAX + (mpz_sgn(z) < 0)) {
            *out = wv_small(mpz_sgn(z) < 0 ? -(int64_t)u : (int64_t)u);
            return WV_NUM_OK;
        }
    }
    size_t bytes = sizeof(wn_big) + size * sizeof(mp_limb_t);
    if (size > WV_NUMBER_BITS_MAX / 64 + 1 || !wb_arena_fits(a, bytes))
        return WV_NUM_LIMIT;
    wn_big *big = wb_arena_alloc(a, bytes);
    big->h = (wv_header){.tag = WV_T_NUMBER,
                         .spare = (uint16_t)(WN_BIG | (mpz_sgn(z) < 0 ? WN_NEG : 0)),
                         .len = (uint32_t)size};
    memcpy(big->limbs, mpz_limbs_read(z), size * sizeof(mp_limb_t));
    *out = wv_from(big, WV_T_NUMBER);
    return WV_NUM_OK;
}

wv wv_from_mpz(wb_arena *a, const mpz_t z)
{
    wv out = WV_UNDEFINED;
    wn_from_mpz(a, z, &out);
    return out;
}

size_t wv_number_size(wv n)
{
    if (wv_is_int(n))
        return 0;
    unsigned facts = wn_facts(n);
    if (facts & WN_BIG)
        return sizeof(wn_big) + wv_head(n)->len * sizeof(mp_limb_t);
    if (facts & WN_FLOAT)
        return sizeof(wn_float);
    return sizeof(wn_text) + wv_head(n)->len + 1;
}

wv wv_number_copy(wb_arena *to, wv n)
{
    if (wv_is_int(n))
        return n;
    size_t size = wv_number_size(n);
    void *p = wb_arena_alloc(to, size);
    memcpy(p, wv_ptr(n), size);
    if (wn_facts(n) & WN_HEX)
        ((wn_text *)p)->exact = wv_number_copy(to, wn_as_text(n)->exact);
    return wv_from(p, WV_T_NUMBER);
}

/* ---- readings ---- */

bool wv_number_int64_slow(wv n, int64_t *out)
{
    unsigned facts = wn_facts(n);
    if (facts & WN_TEXT) {
        if (!(facts & WN_INT64))
            return false;
        *out = wn_text_int64(wn_as_text(n));
        return true;
    }
    if (!(facts & WN_BIG) || wv_head(n)->len > 1)
        return false;
    uint64_t u = wn_as_big(n)->limbs[0];
    bool neg = facts & WN_NEG;
    if (u > (uint64_t)INT64_MAX + neg)
        return false;
    *out = neg ? (int64_t)(0 - u) : (int64_t)u;
    return true;
}

bool wv_number_is_integer(wv n)
{
    return wv_is_int(n) || (wn_facts(n) & (WN_BIG | WN_INTEGER));
}

int wv_number_sign(wv n)
{
    if (wv_is_int(n))
        return (wv_int(n) > 0) - (wv_int(n) < 0);
    unsigned facts = wn_facts(n);
    if (facts & WN_TEXT) {
        const wn_text *t = wn_as_text(n);
        if ((facts & WN_TINY) || ((facts & WN_HEX) ? t->m == 0 : t->digits == 0))
            return 0;
    }
    return facts & WN_NEG ? -1 : 1;
}

void wn_text_digits(const wn_text *t, mpz_t out)
{
    if (t->h.spare & WN_SHORT) {
        mpz_set_ui(out, t->m);
        return;
    }
    char *digits = wb_malloc((size_t)t->digits + 1);
    size_t n = 0;
    for (const char *p = t->bytes; n < t->digits; p++) {
        if (*p >= '0' && *p <= '9' && (n || *p != '0'))
            digits[n++] = *p;
    }
    digits[n] = 0;
    mpz_set_str(out, digits, 10);
    free(digits);
}

static bool read_text_int(const wn_text *t, mpz_t z)
{
    if (!(t->h.spare & WN_INTEGER))
        return false;
    if (t->h.spare & WN_HEX)
        return wv_number_exact(t->exact, z);
    /* The range of texts keeps this far below; it guards against a careless caller. */
    if (t->x > (int64_t)(WV_NUMBER_BITS_MAX / 4))
        return false;
    wn_text_digits(t, z);
    if (t->x) {
        mpz_t scale;
        mpz_init(scale);
        mpz_ui_pow_ui(scale, 10, (unsigned long)(t->x < 0 ? -t->x : t->x));
        if (t->x < 0)
            mpz_divexact(z, z, scale);
        else
            mpz_mul(z, z, scale);
        mpz_clear(scale);
    }
    if (t->h.spare & WN_NEG)
        mpz_neg(z, z);
    return true;
}

static void int_view(wn_int *r, int64_t i)
{
    r->limb = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    mpz_roinit_n(r->z, &r->limb, i < 0 ? -1 : i > 0);
    r->owned = false;
}

bool wn_int_read(wn_int *r, wv n)
{
    int64_t i;
    if (wv_is_int(n)) {
        int_view(r, wv_int(n));
        return true;
    }
    unsigned facts = wn_facts(n);
    if (facts & WN_BIG) {
        mp_size_t len = wv_head(n)->len;
        mpz_roinit_n(r->z, wn_as_big(n)->limbs, facts & WN_NEG ? -len : len);
        r->owned = false;
        return true;
    }
    if (!(facts & WN_INTEGER))
        return false;
    if (wv_number_int64(n, &i)) {
        int_view(r, i);
        return true;
    }
    mpz_init(r->z);
    r->owned = true;
    if (read_text_int(wn_as_text(n), r->z))
        return true;
    mpz_clear(r->z);
    return false;
}

void wn_int_clear(wn_int *r)
{
    if (r->owned)
        mpz_clear(r->z);
}

bool wv_number_exact(wv n, mpz_t out)
{
    wn_int r;
    if (!wn_int_read(&r, n))
        return false;
    mpz_set(out, r.z);
    wn_int_clear(&r);
    return true;
}
