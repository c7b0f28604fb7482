/* Exact numbers, as OPA 1.22 computes them.
 *
 * A number is its text: a literal or JSON number keeps its spelling through everything that does
 * not compute. Each operation reads its operands and makes a new number in canonical spelling.
 *
 * Readings of a text t:
 *   I  int64: a sign, at most 19 characters of digits, perhaps "." and zeros. 1.0 yes, 1e0 no.
 *   Z  exact integer: whatever is integral, in any spelling (1e30, 10e-1).
 *   B  binary float with a 64-bit mantissa (wv_binary).
 *   D  float64, correctly rounded; texts over 1.8e308 have none.
 *
 * Forms: small integer in the word (61 bits, canonical); boxed: an integer of any size, a text
 * with facts about it, or a computed binary float that is printed when someone asks.
 *
 * Arithmetic. + - * % of integers are exact. All else rounds to 64 bits of mantissa (product: 53),
 * in integer registers, so the answer is the same on every processor. There is no use of long
 * double, of the C library's locale or of rounding modes.
 *
 * Bounds. Texts, integers and exponents are limited by the constants below; what passes them, or
 * the arena's budget, answers WV_NUM_LIMIT (functions that answer a word answer undefined only
 * where their comment says so). GMP is never asked for a size that was not checked before.
 *
 * Memory. Every new number lives in the arena given. Temporary big integers are freed on return.
 * Numbers are immutable; only the cached hash is written later, always to the same value. */
#ifndef WRIT_VALUE_NUMBER_H
#define WRIT_VALUE_NUMBER_H

#include "base/buf.h"
#include "value/value.h"

#include <gmp.h>

/* Bytes of a number's text; longer texts are refused by the readers of text. */
#define WV_NUMBER_TEXT_MAX ((size_t)1 << 20)
/* Bits of an integer: 2 MB; keeps one operation under some tenths of a second. */
#define WV_NUMBER_BITS_MAX ((size_t)1 << 24)
/* Binary exponents of computed floats stay inside +-this: about 10^+-1,262,000. */
#define WV_NUMBER_EXP_MAX ((int64_t)1 << 22)

typedef enum wv_num_status {
    WV_NUM_OK,
    WV_NUM_DIV_ZERO,      /* div: divide by zero */
    WV_NUM_MOD_ZERO,      /* rem: modulo by zero */
    WV_NUM_MOD_FLOAT,     /* rem: modulo on floating-point number */
    WV_NUM_TOO_BIG,       /* number too big */
    WV_NUM_INVALID_FLOAT, /* invalid float */
    WV_NUM_SYNTAX,        /* not a number in the syntax asked for */
    WV_NUM_RANGE,         /* value out of range: float64 has no such value (to_number) */
    WV_NUM_NAN,           /* a spelling of infinity or not-a-number (to_number) */
    WV_NUM_NOT_INTEGER,   /* an operand that must be an integer is none (bits.*) */
    WV_NUM_NEGATIVE,      /* a shift by a negative count */
    WV_NUM_BASE,          /* format_int: base is not 2, 8, 10 or 16 */
    WV_NUM_LIMIT          /* result over a limit or the arena's budget */
} wv_num_status;

/* The error text of a status as OPA prints it, never NULL. */
const char *wv_num_text(wv_num_status status);

/* ---- text to number ---- */

/* Reads a number in JSON's syntax (also ".5", as Rego's scanner allows), checking its range.
 * literal: a Rego literal is always checked, other texts only when they have an exponent.
 * SYNTAX, TOO_BIG, INVALID_FLOAT or LIMIT; *out is set only on OK. */
wv_num_status wv_number_parse(wb_arena *a, wb_str text, bool literal, wv *out);
/* A number of n <= WV_DECIMAL_MAX bytes: perhaps a minus, digits without a leading zero too many,
 * the point at p[point], digits. As wv_number_parse reads it, for who has looked at the bytes
 * before. */
#define WV_DECIMAL_MAX 19
wv wv_number_decimal(wb_arena *a, const char *p, size_t n, size_t point);
/* Reads the text of a string as to_number does: Go's float syntax (a plus, leading zeros, "5.",
 * "_" between digits, hexadecimal floats). The text stays the number's text, so what is no JSON
 * number cannot be printed (wv_number_is_json). NAN, SYNTAX, RANGE, TOO_BIG, INVALID_FLOAT, LIMIT
 * (hexadecimal floats with exponents beyond +-20,000). */
wv_num_status wv_number_from_go_text(wb_arena *a, wb_str text, wv *out);

/* ---- number to text ---- */

/* Appends the text, exactly as OPA prints it. */
void wv_number_put(wb_buf *b, wv number);
/* The text as bytes in the arena, or inside the number (do not free). */
wb_str wv_number_text(wb_arena *a, wv number);
/* Whether the text is a JSON number: false for ".5", "+1", "007", "1_000". */
bool wv_number_is_json(wv number);
/* Appends I or Z cut toward zero in base 2, 8, 10 or 16 as format_int does; base is its second
 * operand, whose text counts. BASE or LIMIT. */
wv_num_status wv_number_format_int(wb_buf *b, wv number, wv base);

/* ---- readings: each answers whether the number has that reading ---- */

/* A binary float: (-1)^neg * m * 2^e. m has its top bit set, or is 0 (then e is 0). */
typedef struct wv_binary {
    uint64_t m;
    int64_t e;
    bool neg;
} wv_binary;

bool wv_number_int64_slow(wv number, int64_t *out);
/* I(t). */
static inline bool wv_number_int64(wv number, int64_t *out)
{
    if (wv_is_int(number)) {
        *out = wv_int(number);
        return true;
    }
    return wv_number_int64_slow(number, out);
}
/* I(t) inside int32. */
static inline bool wv_number_int32(wv number, int32_t *out)
{
    int64_t i;
    if (!wv_number_int64(number, &i) || i != (int32_t)i)
        return false;
    *out = (int32_t)i;
    return true;
}
bool wv_number_is_integer(wv number);          /* Z(t) exists */
bool wv_number_exact(wv number, mpz_t out);    /* Z(t); out is initialised by the caller */
bool wv_number_double(wv number, double *out); /* D(t): false on overflow */
wv_binary wv_number_binary(wv number);         /* B(t) */
int wv_number_sign(wv number);                 /* -1, 0, 1 of the value; 0 for -0 */
/* Whether B is exactly an int64 (time.*). */
bool wv_number_binary_int64(wv number, int64_t *out);

/* ---- new numbers ---- */

wv wv_from_mpz(wb_arena *a, const mpz_t z); /* undefined when over WV_NUMBER_BITS_MAX or budget */
wv wv_from_uint64(wb_arena *a, uint64_t u);
/* d is finite. Shortest text that reads back as d, exponent form below 1e-4 and from 1e6 on, with
 * two exponent digits: what OPA's built-ins make of a float64 (strconv's 'g': 1e+06, 1.5e-07). */
wv wv_from_double(wb_arena *a, double d);
/* As encoding/json prints a float64: exponent form below 1e-6 and from 1e21 on, exponents without
 * leading zeros (1e-7, 1e+21). What comes out of YAML. -0 keeps its sign: "-0". */
wv wv_from_double_json(wb_arena *a, double d);
/* A computed float whose mantissa was rounded to bits (64, or 53 with the low 11 zero). Exponents
 * beyond WV_NUMBER_EXP_MAX and integers over the budget: LIMIT. */
wv_num_status wv_from_binary(wb_arena *a, wv_binary b, unsigned bits, wv *out);

/* Arithmetic on binary floats, rounded to 64 bits, ties to even. */
wv_binary wv_binary_from_int64(int64_t i);
wv_binary wv_binary_add(wv_binary x, wv_binary y);
wv_binary wv_binary_sub(wv_binary x, wv_binary y);
wv_binary wv_binary_mul(wv_binary x, wv_binary y);
wv_binary wv_binary_div(wv_binary x, wv_binary y); /* y is not zero */
/* b cut toward zero; false, and out is 0, when it has more than WV_NUMBER_BITS_MAX bits. */
bool wv_binary_truncate(wv_binary b, mpz_t out);

/* ---- operators; the result lives in a, *out is set only on OK ---- */

wv_num_status wv_add_slow(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_sub_slow(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_mul_slow(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_div_slow(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_rem_slow(wb_arena *a, wv x, wv y, wv *out);

static inline bool wv_both_int(wv x, wv y)
{
    return !(((x ^ WV_T_INT) | (y ^ WV_T_INT)) & 7);
}

/* The same for small integers whose result is one too: false for all else. Words of small integers
 * are i * 8 + WV_T_INT, so sums of words overflow exactly when i leaves 61 bits. */
static inline bool wv_add_small(wv x, wv y, wv *out)
{
    int64_t r;
    bool good =
        wv_both_int(x, y) && !__builtin_add_overflow((int64_t)x, (int64_t)(y - WV_T_INT), &r);
    if (good)
        *out = (wv)r;
    return good;
}
static inline bool wv_sub_small(wv x, wv y, wv *out)
{
    int64_t r;
    bool good =
        wv_both_int(x, y) && !__builtin_sub_overflow((int64_t)x, (int64_t)(y - WV_T_INT), &r);
    if (good)
        *out = (wv)r;
    return good;
}
static inline bool wv_mul_small(wv x, wv y, wv *out)
{
    int64_t r;
    bool good =
        wv_both_int(x, y) && !__builtin_mul_overflow((int64_t)(x - WV_T_INT), wv_int(y), &r);
    if (good)
        *out = (wv)r + WV_T_INT;
    return good;
}
static inline bool wv_div_small(wv x, wv y, wv *out)
{
    if (!wv_both_int(x, y))
        return false;
    int64_t i = wv_int(x), j = wv_int(y);
    if (i != (int32_t)i || j != (int32_t)j || !i || !j || (int32_t)i % j)
        return false;
    *out = wv_small(i / j);
    return true;
}
static inline bool wv_rem_small(wv x, wv y, wv *out)
{
    if (!wv_both_int(x, y))
        return false;
    int64_t i = wv_int(x), j = wv_int(y);
    if (!(((uint64_t)i | (uint64_t)j) >> 32) && j) { /* half the digits: half the time */
        *out = wv_small((int64_t)((uint32_t)i % (uint32_t)j));
        return true;
    }
    if (!j)
        return false;
    *out = wv_small(i % j);
    return true;
}

#define WV_OPERATOR(name)                                                                          \
    static inline wv_num_status wv_##name(wb_arena *a, wv x, wv y, wv *out)                        \
    {                                                                                              \
        return wv_##name##_small(x, y, out) ? WV_NUM_OK : wv_##name##_slow(a, x, y, out);          \
    }
WV_OPERATOR(add)
WV_OPERATOR(sub)
WV_OPERATOR(mul)
WV_OPERATOR(div)
WV_OPERATOR(rem)
#undef WV_OPERATOR

/* Results are at most as large as the operand's binary reading. Past the budget, or a limit, the
 * arena is marked exhausted, which ends the evaluation, and some number is answered. */
wv wv_number_abs(wb_arena *a, wv x);
wv wv_number_round(wb_arena *a, wv x);
wv wv_number_ceil(wb_arena *a, wv x);
wv wv_number_floor(wb_arena *a, wv x);
/* Left folds over n numbers as OPA's sum and product do (exact when all are integers). Items of a
 * set must stand in Rego order. */
wv_num_status wv_number_sum(wb_arena *a, const wv *items, size_t n, wv *out);
wv_num_status wv_number_product(wb_arena *a, const wv *items, size_t n, wv *out);

/* ---- bits.*: two's complement of unlimited width ---- */

/* NOT_INTEGER names an operand without Z: *operand (may be NULL) is 1 or 2. */
wv_num_status wv_bits_and(wb_arena *a, wv x, wv y, wv *out, int *operand);
wv_num_status wv_bits_or(wb_arena *a, wv x, wv y, wv *out, int *operand);
wv_num_status wv_bits_xor(wb_arena *a, wv x, wv y, wv *out, int *operand);
wv_num_status wv_bits_negate(wb_arena *a, wv x, wv *out);
wv_num_status wv_bits_lsh(wb_arena *a, wv x, wv count, wv *out, int *operand);
wv_num_status wv_bits_rsh(wb_arena *a, wv x, wv count, wv *out, int *operand);

/* ---- order, equality, hash ----
 * By the exact decimal values of the texts, with one exception: two texts with a point that end in
 * 0 or ".", and keep a point when all trailing 0 and "." are cut, are equal when D is. */

int wv_number_compare_slow(wv x, wv y);
static inline int wv_number_compare(wv x, wv y)
{
    if (wv_both_int(x, y))
        return ((int64_t)x > (int64_t)y) - ((int64_t)x < (int64_t)y);
    return wv_number_compare_slow(x, y);
}
bool wv_number_equal_slow(wv x, wv y);
static inline bool wv_number_equal(wv x, wv y)
{
    if (x == y)
        return true;
    if (wv_both_int(x, y))
        return false;
    return wv_number_equal_slow(x, y);
}

/* By D, by the text where there is none. Sets and object keys hold two numbers as one member only
 * when they are equal and have the same hash: callers must compare whole hashes (1e400 and 10e399
 * are equal and two members). One seed an engine: the hash of a boxed number is cached. */
uint64_t wv_number_hash_slow(wv number, uint64_t seed);
static inline uint64_t wv_number_hash(wv number, uint64_t seed)
{
    if (wv_is_int(number)) {
        double d = (double)wv_int(number);
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        return wb_hash64(bits, seed);
    }
    return wv_number_hash_slow(number, seed);
}

/* A copy of a boxed number in another arena; small integers are themselves. */
wv wv_number_copy(wb_arena *to, wv number);
/* Bytes a boxed number takes in its arena (0 for small integers). */
size_t wv_number_size(wv number);

#endif
