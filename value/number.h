/* Exact numbers, as OPA 1.22 computes them.
 *
 * A number is its text: a literal or JSON number keeps its spelling through everything that does
 * not compute. Each operation reads its operands (as exact integer Z, as int64 I, as a binary float
 * with a 64-bit mantissa B, as float64 D) and makes a new number in canonical spelling.
 *
 * Forms: small integer in the word (61 bits, canonical); boxed: an integer of any size, a literal
 * with its text, or a computed binary float that is printed when someone asks. */
#ifndef WRIT_VALUE_NUMBER_H
#define WRIT_VALUE_NUMBER_H

#include "base/buf.h"
#include "value/value.h"

#include <gmp.h>

/* Digits and exponent of a number text; longer texts are refused by the readers of text. */
#define WV_NUMBER_TEXT_MAX ((size_t)1 << 20) /* bytes; keeps GMP's work per operation bounded */

typedef enum wv_num_status {
    WV_NUM_OK,
    WV_NUM_DIV_ZERO,      /* div: divide by zero */
    WV_NUM_MOD_ZERO,      /* rem: modulo by zero */
    WV_NUM_MOD_FLOAT,     /* rem: modulo on floating-point number */
    WV_NUM_TOO_BIG,       /* number too big */
    WV_NUM_INVALID_FLOAT, /* invalid float */
    WV_NUM_SYNTAX,        /* not a JSON number */
    WV_NUM_LIMIT          /* result over the arena's budget */
} wv_num_status;

/* The error text of a status as OPA prints it, never NULL. */
const char *wv_num_text(wv_num_status status);

/* Reads a number in JSON's syntax (also ".5", as Rego's scanner allows), checking its range.
 * literal: a Rego literal is always checked, other texts only when they have an exponent. */
wv_num_status wv_number_parse(wb_arena *a, wb_str text, bool literal, wv *out);
/* Appends the text, exactly as OPA prints it. */
void wv_number_put(wb_buf *b, wv number);
/* The text as bytes in the arena (or static). */
wb_str wv_number_text(wb_arena *a, wv number);

/* Reading. Each answers whether the number has that reading. */
bool wv_number_int64(wv number, int64_t *out); /* I(t): 1.0 yes, 1e0 no */
bool wv_number_is_integer(wv number);          /* Z(t) exists */
bool wv_number_exact(wv number, mpz_t out);    /* Z(t); out is initialised by the caller */
bool wv_number_double(wv number, double *out); /* D(t): false on overflow */
long double wv_number_binary(wv number);       /* B(t), inside long double's exponent range */
int wv_number_sign(wv number);

/* New numbers. */
wv wv_from_mpz(wb_arena *a, const mpz_t z);
wv wv_from_uint64(wb_arena *a, uint64_t u);
wv wv_from_double(wb_arena *a, double d);          /* shortest text; d is finite */
wv wv_from_binary(wb_arena *a, long double b);     /* a computed 64-bit-mantissa result */

/* Operators; the result lives in a. */
wv_num_status wv_add(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_sub(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_mul(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_div(wb_arena *a, wv x, wv y, wv *out);
wv_num_status wv_rem(wb_arena *a, wv x, wv y, wv *out);
wv wv_number_abs(wb_arena *a, wv x);
wv wv_number_round(wb_arena *a, wv x);
wv wv_number_ceil(wb_arena *a, wv x);
wv wv_number_floor(wb_arena *a, wv x);
/* Left folds over n numbers as OPA's sum and product do (exact when all are integers). */
wv_num_status wv_number_sum(wb_arena *a, const wv *items, size_t n, wv *out);
wv_num_status wv_number_product(wb_arena *a, const wv *items, size_t n, wv *out);

/* Order and equality of performance rules 6.5; hash by float64, by text where it has none. */
int wv_number_compare(wv x, wv y);
bool wv_number_equal(wv x, wv y);
uint64_t wv_number_hash(wv number, uint64_t seed);
/* A copy of a boxed number in another arena. */
wv wv_number_copy(wb_arena *to, wv number);

#endif
