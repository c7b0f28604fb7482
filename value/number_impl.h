/* The boxed forms of numbers and what the number files share. Private to value/number*.c.
 *
 * h.tag is WV_T_NUMBER; h.spare holds the form and the facts; h.len is the number of limbs (big)
 * or of text bytes (text). */
#ifndef WRIT_VALUE_NUMBER_IMPL_H
#define WRIT_VALUE_NUMBER_IMPL_H

#include "value/number.h"

enum {
    WN_BIG = 1,        /* form wn_big: integer outside 61 bits, canonical spelling */
    WN_TEXT = 2,       /* form wn_text: any other spelling */
    WN_FLOAT = 4,      /* form wn_float: computed, never integral, never a power of two */
    WN_NEG = 8,        /* a minus stands in front */
    WN_INT64 = 16,     /* text: has I */
    WN_INTEGER = 32,   /* text: has Z */
    WN_SHORT = 64,     /* text: m holds all digits */
    WN_HEX = 128,      /* text: hexadecimal float: m * 2^x is B, `exact` its decimal expansion */
    WN_NOT_JSON = 256, /* text: cannot be printed as JSON */
    WN_TWIN = 512,     /* text: the float64 exception of equality may apply */
    WN_TINY = 1024     /* text: not zero, but so small that B is 0: reads as 0, has no Z */
};

typedef struct wn_big {
    wv_header h;
    mp_limb_t limbs[]; /* h.len, the top one not 0 */
} wn_big;

typedef struct wn_text {
    wv_header h;
    uint64_t m; /* digits as an integer, with WN_SHORT; 0 for zero */
    int64_t x;  /* value = digits * 10^x; 0 for zero */
    union {
        struct {
            uint32_t digits; /* from the first that is not 0; 0 for zero */
            uint32_t zeros;  /* how many of the last are 0 */
        };
        wv exact; /* with WN_HEX: the same value as a decimal number */
    };
    char bytes[]; /* h.len and a NUL */
} wn_text;

/* I of a text that has it: such a text is short, has no exponent, and zeros behind its point. */
static inline int64_t wn_text_int64(const wn_text *t)
{
    uint64_t u = t->m;
    for (int64_t x = t->x; x < 0; x++)
        u /= 10;
    return t->h.spare & WN_NEG ? (int64_t)(0 - u) : (int64_t)u;
}

typedef struct wn_float {
    wv_header h;
    uint64_t m;
    int64_t e;
} wn_float;

static inline unsigned wn_facts(wv n)
{
    return wv_head(n)->spare;
}
static inline const wn_big *wn_as_big(wv n)
{
    return (const wn_big *)wv_ptr(n);
}
static inline const wn_text *wn_as_text(wv n)
{
    return (const wn_text *)wv_ptr(n);
}
static inline const wn_float *wn_as_float(wv n)
{
    return (const wn_float *)wv_ptr(n);
}
static inline bool wn_is(wv n, unsigned form)
{
    return !wv_is_int(n) && (wn_facts(n) & form);
}
static inline wv_binary wn_float_binary(wv n)
{
    const wn_float *f = wn_as_float(n);
    return (wv_binary){f->m, f->e, (f->h.spare & WN_NEG) != 0};
}

/* Powers 10^0 ... 10^19 and 5^0 ... 5^27. */
extern const uint64_t wn_pow10[20];
extern const uint64_t wn_pow5[28];

/* Z of a number as a GMP integer that may borrow the number's limbs. */
typedef struct wn_int {
    mpz_t z;
    mp_limb_t limb;
    bool owned;
} wn_int;
bool wn_int_read(wn_int *r, wv n); /* false: no Z, nothing to clear */
void wn_int_clear(wn_int *r);

/* All digits of a text as an integer (out is initialised); exponent and sign are left out. */
void wn_text_digits(const wn_text *t, mpz_t out);
/* B of a text that is not hexadecimal: INVALID_FLOAT, TOO_BIG or OK; 0 when it underflows. */
wv_num_status wn_text_binary(const wn_text *t, wv_binary *out);
/* |m| * 2^e rounded to 64 bits; sticky: a little more than that. */
wv_binary wn_binary_from_mpz(const mpz_t m, int64_t e, bool neg, bool sticky);
/* Rounds to fewer bits of mantissa (ties to even). */
wv_binary wn_binary_round(wv_binary b, unsigned bits);
/* x * y rounded once to 53 bits, as product does. */
wv_binary wn_binary_mul53(wv_binary x, wv_binary y);
/* As wv_from_mpz with a status. */
wv_num_status wn_from_mpz(wb_arena *a, const mpz_t z, wv *out);

/* Shortest decimals. digits: values 0..9, the first not 0; value = 0.d1d2d3... * 10^pos. */
#define WN_DIGITS_MAX 40
typedef struct wn_decimal {
    int64_t pos;
    int n;
    char d[WN_DIGITS_MAX];
} wn_decimal;
/* The shortest decimal of v * 2^s whose distance to it is at most low below or high above (in units
 * of 2^s). v is not 0. */
enum {
    WN_CLOSED = 1,   /* the ends of the interval count */
    WN_BIG_FLOAT = 2 /* as big.Float prints, see number_print.c */
};
void wn_shortest(unsigned __int128 v, int64_t s, uint64_t low, uint64_t high, unsigned rules,
                 wn_decimal *out);
/* Writes the text of a wn_float (any exponent) and returns its length. */
#define WN_FLOAT_TEXT_MAX 64
size_t wn_float_text(wv_binary b, char out[WN_FLOAT_TEXT_MAX]);

/* Fills t, which has room for n + 1 bytes of text, from a text that is known to be good JSON. */
void wn_text_init(wn_text *t, const char *p, size_t n);
/* The same in an arena. */
wv wn_text_new(wb_arena *a, const char *p, size_t n);

#endif
