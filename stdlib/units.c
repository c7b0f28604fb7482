/* Amounts with a unit: "10Ki", "1.5m", "2e3MB". */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/unicode.h"

#include "base/utf8.h"

#include <stdlib.h>

#define EXPONENT_DIGITS_MAX 6       /* more is an error of its own: the powers cost too much */
#define EXPONENT_MAX        1000000 /* digits behind the point counted: what a rational may have */

/* The text without quotes, cut where the number ends. */
typedef struct amount {
    wb_str number;
    wb_str unit;
    bool too_large;
} amount;

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static amount split(wb_str s)
{
    size_t end = s.n;
    for (size_t i = 0; i < s.n && end == s.n; i++) {
        char c = s.p[i];
        if (c != 'e' && c != 'E') {
            if (!digit(c) && c != '.' && c != '+' && c != '-')
                end = i;
            continue;
        }
        if (i + 1 == s.n || (!digit(s.p[i + 1]) && s.p[i + 1] != '+' && s.p[i + 1] != '-')) {
            end = i;
            continue;
        }
        if (!digit(s.p[i + 1]))
            i++;
        size_t n = 0;
        while (i + 1 + n < s.n && digit(s.p[i + 1 + n]))
            n++;
        if (n > EXPONENT_DIGITS_MAX)
            return (amount){.too_large = true};
    }
    return (amount){{s.p, end}, {s.p + end, s.n - end}, false};
}

/* A decimal: digits * 10^x, the digits inside `text` with at most one point among them. */
typedef struct decimal {
    wb_str text;
    int64_t x;
    size_t digits;
    bool neg, zero;
} decimal;

static bool read_decimal(wb_str s, decimal *d)
{
    size_t i = 0;
    *d = (decimal){.zero = true};
    if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
        d->neg = s.p[i++] == '-';
    size_t from = i, point = SIZE_MAX;
    for (; i < s.n && (digit(s.p[i]) || (s.p[i] == '.' && point == SIZE_MAX)); i++) {
        if (s.p[i] == '.') {
            point = i;
        } else {
            d->digits++;
            d->x -= point != SIZE_MAX;
            d->zero &= s.p[i] == '0';
        }
    }
    d->text = wb_str_n(s.p + from, i - from);
    if (!d->digits)
        return false;
    if (i == s.n)
        return true;
    if (s.p[i] != 'e' && s.p[i] != 'E')
        return false;
    bool down = ++i < s.n && s.p[i] == '-';
    i += down || (i < s.n && s.p[i] == '+');
    if (i == s.n || s.n - i > EXPONENT_DIGITS_MAX)
        return false;
    int64_t e = 0;
    for (; i < s.n; i++) {
        if (!digit(s.p[i]))
            return false;
        e = e * 10 + (s.p[i] - '0');
    }
    d->x += down ? -e : e;
    return true;
}

/* One letter a scale; milli and mega differ in case where units.parse reads them. */
static const char scales[] = "kmgtpe";

static uint64_t scale(unsigned power, bool binary)
{
    uint64_t u = 1;
    for (unsigned i = 0; i < power; i++)
        u *= binary ? 1024 : 1000;
    return u;
}

static unsigned power_of(char c)
{
    const char *p = c ? strchr(scales, c) : NULL;
    return p ? (unsigned)(p - scales) + 1 : 0;
}

/* The operand without quotes, lower-cased (all, or none of it). False: failed. */
static bool read_operand(ws_ctx *cx, wv v, bool lower, wb_buf *b, amount *a, const char *noun)
{
    const char *fn = cx->fn->name;
    wb_str s = wv_str(&v);
    ws_text_begin(cx, b);
    for (size_t i = 0; i < s.n;) {
        char to[4];
        size_t used;
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        if (c == ' ') {
            ws_fail(cx, "%s: spaces not allowed in resource strings", fn);
            return false;
        }
        if (c != '"') {
            if (lower)
                wb_buf_put(b, to, wb_utf8_put(to, ws_rune_lower(c)));
            else
                wb_buf_put(b, s.p + i, used);
        }
        i += used;
    }
    if (b->failed) {
        ws_fail_room(cx);
        return false;
    }
    if (!ws_spend(cx, 4 * s.n))
        return false;
    *a = split(wb_str_n(b->n ? b->p : "", b->n));
    if (a->too_large)
        ws_fail(cx, "%s: exponent too large", fn);
    else if (!a->number.n)
        ws_fail(cx, "%s: no %samount provided", fn, noun);
    else
        return true;
    return false;
}

/* All digits without leading zeros, in a new string. Their count is below WV_NUMBER_TEXT_MAX. */
static char *digits_of(const decimal *d)
{
    char *text = wb_malloc(d->digits + 1), *p = text;
    for (size_t i = 0; i < d->text.n; i++)
        if (d->text.p[i] != '.' && (d->text.p[i] != '0' || p > text))
            *p++ = d->text.p[i];
    *p = 0;
    return text;
}

/* The product where the amount is whole and all of it fits a word, as nearly always. */
static bool small_product(const decimal *d, uint64_t by, wv *out)
{
    if (d->x || d->digits > 15 || d->digits != d->text.n || by > (uint64_t)WV_INT_MAX)
        return false;
    int64_t n = 0;
    for (size_t i = 0; i < d->text.n; i++)
        n = n * 10 + (d->text.p[i] - '0');
    int64_t product;
    if (__builtin_mul_overflow(n, (int64_t)by, &product) || product > WV_INT_MAX)
        return false;
    *out = wv_small(d->neg ? -product : product);
    return true;
}

/* up/down in its text: an integer, or rounded to ten decimals, halves away from zero. */
static wv rational(ws_ctx *cx, mpz_t up, mpz_t down)
{
    if (mpz_divisible_p(up, down)) {
        mpz_divexact(up, up, down);
        wv v = wv_from_mpz(cx->out, up);
        return wv_defined(v) ? v : ws_fail_room(cx);
    }
    bool neg = mpz_sgn(up) < 0;
    mpz_t tenths;
    mpz_init(tenths);
    mpz_ui_pow_ui(tenths, 10, 10);
    mpz_abs(up, up);
    mpz_mul(up, up, tenths);
    mpz_mul_2exp(up, up, 1);
    mpz_add(up, up, down);
    mpz_mul_2exp(down, down, 1);
    mpz_fdiv_q(up, up, down);
    mpz_fdiv_qr(up, down, up, tenths);
    char *whole = mpz_get_str(NULL, 10, up);
    wb_buf b;
    wb_buf_init(&b, WV_NUMBER_TEXT_MAX);
    wb_buf_putf(&b, "%s%s.%010lu", neg ? "-" : "", whole, mpz_get_ui(down));
    wv v;
    wv_num_status status =
        b.failed ? WV_NUM_LIMIT : wv_number_parse(cx->out, wb_buf_str(&b), false, &v);
    void (*release)(void *, size_t);
    mp_get_memory_functions(NULL, NULL, &release);
    release(whole, strlen(whole) + 1);
    wb_buf_free(&b);
    mpz_clear(tenths);
    return status ? ws_fail_number(cx, status) : v;
}

/* 0.001 is the nearest float64, not a thousandth. */
#define MILLI_UP   4611686018427388u
#define MILLI_DOWN 62 /* power of two */

static wv fn_parse(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_buf text;
    amount a;
    wv v = WV_UNDEFINED;
    if (!read_operand(cx, args[0], false, &text, &a, ""))
        goto done;
    bool milli = a.unit.n == 1 && *a.unit.p == 'm';
    uint64_t by = 1;
    if (a.unit.n && !milli) {
        /* Behind the first byte all is read in lower case, and told so in the error. */
        unsigned power = power_of((char)(*a.unit.p | 0x20));
        bool binary = a.unit.n == 2 && (a.unit.p[1] | 0x20) == 'i';
        if (!power || !(*a.unit.p & 0x40) || (a.unit.n > 1 && !binary)) {
            wb_buf unit;
            ws_text_begin(cx, &unit);
            wb_buf_put(&unit, a.unit.p, 1);
            for (size_t i = 1, used; i < a.unit.n; i += used) {
                char to[4];
                uint32_t c = wb_utf8_get(a.unit.p + i, a.unit.n - i, &used);
                wb_buf_put(&unit, to, wb_utf8_put(to, ws_rune_lower(c)));
            }
            wb_buf_puts(&unit, " not recognized");
            ws_fail_tail(cx, "units.parse: unit ", wb_buf_str(&unit));
            ws_text_end(cx, &unit);
            goto done;
        }
        by = scale(power, binary);
    }
    decimal d;
    if (!read_decimal(a.number, &d) || (!d.zero && (d.x > EXPONENT_MAX || d.x < -EXPONENT_MAX))) {
        ws_fail(cx, "units.parse: could not parse amount to a number");
        goto done;
    }
    if (d.zero) {
        v = wv_small(0);
        goto done;
    }
    uint64_t size = (uint64_t)(d.x < 0 ? -d.x : d.x) + d.digits;
    if (size > 2 * WV_NUMBER_TEXT_MAX) {
        ws_fail_room(cx);
        goto done;
    }
    if (!ws_room(cx, size) || !ws_charge(cx, size / 8) || (!milli && small_product(&d, by, &v)))
        goto done;
    mpz_t up, down;
    mpz_inits(up, down, NULL);
    char *digits = digits_of(&d);
    mpz_set_str(up, digits, 10);
    free(digits);
    if (d.neg)
        mpz_neg(up, up);
    mpz_ui_pow_ui(down, 10, (unsigned long)(d.x < 0 ? -d.x : d.x));
    if (d.x > 0) {
        mpz_mul(up, up, down);
        mpz_set_ui(down, 1);
    }
    mpz_mul_ui(up, up, milli ? MILLI_UP : by);
    if (milli)
        mpz_mul_2exp(down, down, MILLI_DOWN);
    v = rational(cx, up, down);
    mpz_clears(up, down, NULL);
done:
    ws_text_end(cx, &text);
    return v;
}

/* |B| of a decimal that is not zero. The range of literals does not hold here: what passes it is
 * written out without an exponent, in which no range is checked. */
static wv_num_status read_binary(ws_ctx *cx, const decimal *d, wv_binary *out)
{
    wb_buf b;
    wb_buf_init(&b, 2 * WV_NUMBER_TEXT_MAX);
    char *digits = digits_of(d);
    int64_t n = (int64_t)strlen(digits);
    wb_buf_put(&b, digits, (size_t)n);
    if (d->x)
        wb_buf_putf(&b, "e%lld", (long long)d->x);
    wv v;
    wv_num_status status =
        b.failed ? WV_NUM_LIMIT : wv_number_parse(cx->out, wb_buf_str(&b), false, &v);
    if (status == WV_NUM_TOO_BIG && d->x < 0 && n + d->x <= 0) {
        *out = (wv_binary){0};
        free(digits);
        wb_buf_free(&b);
        return WV_NUM_OK;
    }
    if (status == WV_NUM_TOO_BIG) {
        int64_t whole = d->x < 0 ? n + d->x : n;
        b.n = (size_t)whole;
        if (whole < n) {
            wb_buf_putc(&b, '.');
            wb_buf_put(&b, digits + whole, (size_t)(n - whole));
        }
        for (int64_t i = 0; i < d->x; i++)
            wb_buf_putc(&b, '0');
        status = b.failed ? WV_NUM_LIMIT : wv_number_parse(cx->out, wb_buf_str(&b), false, &v);
    }
    free(digits);
    wb_buf_free(&b);
    if (!status)
        *out = wv_number_binary(v);
    return status;
}

static wv fn_parse_bytes(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_buf text;
    amount a;
    wv v = WV_UNDEFINED;
    if (!read_operand(cx, args[0], true, &text, &a, "byte "))
        goto done;
    uint64_t by = 1;
    if (a.unit.n) {
        unsigned power = power_of(*a.unit.p);
        wb_str rest = wb_str_n(a.unit.p + 1, a.unit.n - 1);
        bool binary = wb_str_is(rest, "i") || wb_str_is(rest, "ib");
        if (!power || !(binary || !rest.n || wb_str_is(rest, "b"))) {
            wb_buf_puts(&text, " not recognized");
            ws_fail_tail(cx, "units.parse_bytes: byte unit ",
                         wb_str_n(text.p + a.number.n, text.n - a.number.n));
            goto done;
        }
        by = scale(power, binary);
    }
    decimal d;
    if (!read_decimal(a.number, &d)) {
        ws_fail(cx, "units.parse_bytes: could not parse byte amount to a number");
        goto done;
    }
    if (d.zero) {
        v = wv_small(0);
        goto done;
    }
    uint64_t size = (uint64_t)(d.x < 0 ? -d.x : d.x) + d.digits;
    wv_binary b;
    if (!ws_room(cx, size) || !ws_charge(cx, size / 8) || small_product(&d, by, &v))
        goto done;
    wv_num_status status = read_binary(cx, &d, &b);
    if (status) {
        ws_fail_number(cx, status);
        goto done;
    }
    mpz_t z;
    mpz_init(z);
    b = wv_binary_mul(b, wv_binary_from_int64((int64_t)by));
    bool fits = wv_binary_truncate(b, z);
    if (d.neg)
        mpz_neg(z, z);
    v = fits ? wv_from_mpz(cx->out, z) : WV_UNDEFINED;
    mpz_clear(z);
    if (!wv_defined(v))
        ws_fail_room(cx);
done:
    ws_text_end(cx, &text);
    return v;
}

const ws_builtin ws_units[] = {
    WS_ROW("units.parse", "(x: string) => (y: number)", NULL, NULL, 0, fn_parse, NULL, NULL,
           "An amount with a unit: K, M, G, T, P, E, Ki ... Ei, and m for a thousandth."),
    WS_ROW("units.parse_bytes", "(x: string) => (y: number)", NULL, NULL, 0, fn_parse_bytes, NULL,
           NULL, "An amount of bytes as an integer: KB, KiB, K, Ki ..., in either case."),
    WS_END,
};
