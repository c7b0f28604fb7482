/* sprintf with Go's verbs, flags, argument indexes and its ways to complain inside the text.
 * Integers are int64 or big.Int, numbers with a point or an exponent float64, all else is text. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/go_print.h"
#include "stdlib/unicode.h"
#include "value/json.h"

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX 1000000 /* width, precision and index: above, Go calls them bad */
#define DEPTH_MAX  1000    /* collections inside each other: recursion in C */
#define FLOAT_TEXT 2048    /* %f of the greatest double without a precision to speak of */

typedef struct printer {
    ws_ctx *cx;
    wb_buf *b;
    bool sharp, zero, plus, minus, space, sharp_v, plus_v;
    bool has_width, has_precision;
    long width, precision;
    bool reordered, good_index;
    unsigned depth;
} printer;

/* From ARG_BYTE on: of templates only. */
typedef enum arg_kind {
    ARG_INT,
    ARG_BIG,
    ARG_FLOAT,
    ARG_TEXT,
    ARG_BOOL,
    ARG_NIL,
    ARG_BYTE,
    ARG_COMPLEX,
    ARG_LIST,
    ARG_MAP
} arg_kind;

typedef struct argument {
    arg_kind kind;
    int64_t i;
    double d, imaginary;
    wb_str text; /* of strings and of what is printed as its Rego text; digits of big integers */
    const wv *items; /* of lists */
    size_t n;
    wv map;
    wv word;          /* keeps an inline string's bytes */
    const char *type; /* another than the kind's, or NULL */
} argument;

static const char *const type_names[] = {
    "int64", "*big.Int", "float64",    "string",         "bool",
    "<nil>", "uint8",    "complex128", "[]interface {}", "map[string]interface {}"};

static const char *type_of(const argument *a)
{
    return a->type ? a->type : type_names[a->kind];
}

/* ---- padding ---- */

static void fill(printer *p, long n, char c)
{
    char *to = n > 0 ? wb_buf_reserve(p->b, (size_t)n) : NULL;
    if (to) {
        memset(to, c, (size_t)n);
        wb_buf_commit(p->b, (size_t)n);
    }
}

static void pad(printer *p, wb_str s)
{
    long n = p->has_width ? p->width - (long)wb_utf8_count(s) : 0;
    char c = p->zero && !p->minus ? '0' : ' ';
    if (!p->minus)
        fill(p, n, c);
    wb_buf_put_str(p->b, s);
    if (p->minus)
        fill(p, n, ' ');
}

static void pad_spaces(printer *p, wb_str s)
{
    bool zero = p->zero;
    p->zero = false;
    pad(p, s);
    p->zero = zero;
}

/* ---- integers ---- */

static void put_rune(printer *p, uint32_t c)
{
    char bytes[4];
    pad(p, wb_str_n(bytes, wb_utf8_put(bytes, c)));
}

static void put_integer(printer *p, uint64_t u, bool negative, unsigned base, char verb)
{
    char digits[80];
    bool upper = verb == 'X';
    long least = 0;
    if (p->has_precision) {
        least = p->precision;
        if (least == 0 && u == 0) {
            if (p->has_width)
                fill(p, p->width, ' ');
            return;
        }
    } else if (p->zero && !p->minus && p->has_width) {
        least = p->width - (negative || p->plus || p->space);
    }
    char *end = digits + sizeof digits, *q = end;
    do {
        *--q = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[u % base];
        u /= base;
    } while (u);
    wb_str number = wb_str_n(q, (size_t)(end - q));
    long zeros = least > (long)number.n ? least - (long)number.n : 0;
    char front[8];
    size_t n = 0;
    if (negative || p->plus || p->space)
        front[n++] = negative ? '-' : p->plus ? '+' : ' ';
    if (verb == 'O') {
        front[n++] = '0';
        front[n++] = 'o';
    }
    if (p->sharp && (base == 2 || base == 16)) {
        front[n++] = '0';
        front[n++] = base == 2 ? 'b' : upper ? 'X' : 'x';
    }
    if (p->sharp && base == 8 && !(zeros || number.p[0] == '0'))
        front[n++] = '0';
    long room = p->has_width ? p->width - (long)(n + number.n) - zeros : 0;
    if (!p->minus)
        fill(p, room, ' ');
    wb_buf_put(p->b, front, n);
    fill(p, zeros, '0');
    wb_buf_put_str(p->b, number);
    if (p->minus)
        fill(p, room, ' ');
}

static void put_int(printer *p, int64_t v, unsigned base, char verb)
{
    put_integer(p, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, base, verb);
}

/* A word of a big integer inside. */
static void put_word(printer *p, uint64_t u)
{
    bool sharp = p->sharp;
    p->sharp = p->sharp_v;
    put_integer(p, u, false, p->sharp_v ? 16 : 10, 'x');
    p->sharp = sharp;
}

static void put_unicode(printer *p, uint64_t u)
{
    char rune[4];
    int least = p->has_precision && p->precision > 4 ? (int)p->precision : 4;
    wb_buf t;
    wb_buf_init(&t, p->b->max);
    wb_buf_putf(&t, "U+%0*llX", least, (unsigned long long)u);
    if (p->sharp && u <= WS_RUNE_MAX && wv_printable((uint32_t)u)) {
        wb_buf_puts(&t, " '");
        wb_buf_put(&t, rune, wb_utf8_put(rune, (uint32_t)u));
        wb_buf_putc(&t, '\'');
    }
    pad_spaces(p, wb_buf_str(&t));
    wb_buf_free(&t);
}

/* ---- text ---- */

static wb_str cut(const printer *p, wb_str s)
{
    if (p->has_precision)
        s.n = wb_utf8_offset(s, (size_t)p->precision);
    return s;
}

/* strconv's quoting; ascii: all else is escaped; q is the quote. */
static void quote(wb_buf *b, wb_str s, char q, bool ascii)
{
    wb_buf_putc(b, q);
    for (size_t i = 0; i < s.n;) {
        size_t used, plain = wv_print_plain(s.p + i, s.n - i, q);
        wb_buf_put(b, s.p + i, plain);
        i += plain;
        if (i == s.n)
            break;
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        if (c == WB_UTF8_BAD && used == 1)
            wb_buf_putf(b, "\\x%02x", (unsigned char)s.p[i]);
        else if (c == (unsigned char)q || c == '\\')
            wb_buf_putf(b, "\\%c", (int)c);
        else if (wv_printable(c) && (!ascii || c < 0x80))
            wb_buf_put(b, s.p + i, used);
        else if (c >= 7 && c <= 13)
            wb_buf_putf(b, "\\%c", "abtnvfr"[c - 7]);
        else if (c < ' ' || c == 0x7f)
            wb_buf_putf(b, "\\x%02x", c);
        else
            wb_buf_putf(b, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        i += used;
    }
    wb_buf_putc(b, q);
}

static bool can_backquote(wb_str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t used;
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        i += used;
        if ((c == WB_UTF8_BAD && used == 1) || c == 0xfeff || (c < ' ' && c != '\t') || c == '`' ||
            c == 0x7f)
            return false;
    }
    return true;
}

static void put_quoted(printer *p, wb_str s)
{
    s = cut(p, s);
    if (!p->sharp && !p->has_width) {
        quote(p->b, s, '"', p->plus);
        return;
    }
    wb_buf t;
    wb_buf_init(&t, p->b->max);
    if (p->sharp && can_backquote(s)) {
        wb_buf_putc(&t, '`');
        wb_buf_put_str(&t, s);
        wb_buf_putc(&t, '`');
    } else {
        quote(&t, s, '"', p->plus);
    }
    pad(p, wb_buf_str(&t));
    wb_buf_free(&t);
}

static void put_hex(printer *p, wb_str s, char verb)
{
    const char *digits = verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t n = s.n;
    if (p->has_precision && (size_t)p->precision < n)
        n = (size_t)p->precision;
    wb_buf t;
    wb_buf_init(&t, p->b->max);
    for (size_t i = 0; i < n; i++) {
        if (i && p->space)
            wb_buf_putc(&t, ' ');
        if (p->sharp && (i == 0 || p->space))
            wb_buf_puts(&t, verb == 'X' ? "0X" : "0x");
        wb_buf_putc(&t, digits[(unsigned char)s.p[i] >> 4]);
        wb_buf_putc(&t, digits[(unsigned char)s.p[i] & 15]);
    }
    pad(p, wb_str_n(t.n ? t.p : "", t.n));
    wb_buf_free(&t);
}

/* ---- floats ---- */

/* The shortest digits that read back as d: d.ddd x 10^*exponent. At most 17. */
static int shortest(double d, char digits[20], int *exponent)
{
    char text[40];
    for (int n = 0; n <= 16; n++) {
        snprintf(text, sizeof text, "%.*e", n, d);
        if (n == 16 || strtod(text, NULL) == d)
            break;
    }
    int count = 0;
    char *q = text;
    for (; *q != 'e'; q++)
        if (*q >= '0' && *q <= '9')
            digits[count++] = *q;
    *exponent = atoi(q + 1);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

/* |d| as strconv writes it in format f with as many digits as needed. */
static int shortest_text(double d, char f, char *out, size_t room)
{
    /* 'f' of the least double needs some 330 characters. */
    char digits[20];
    int x, n = shortest(d, digits, &x), len = 0;
    bool e = f == 'e' || f == 'E' || ((f == 'g' || f == 'G') && (x < -4 || x >= 6));
    if (e) {
        out[len++] = digits[0];
        if (n > 1) {
            out[len++] = '.';
            memcpy(out + len, digits + 1, (size_t)n - 1);
            len += n - 1;
        }
        return len + snprintf(out + len, room - (size_t)len, "%c%c%02d",
                              f == 'E' || f == 'G' ? 'E' : 'e', x < 0 ? '-' : '+', abs(x));
    }
    if (x < 0) {
        out[len++] = '0';
        out[len++] = '.';
        for (int i = -1; i > x; i--)
            out[len++] = '0';
        memcpy(out + len, digits, (size_t)n);
        return len + n;
    }
    for (int i = 0; i <= x || i < n; i++) {
        if (i == x + 1)
            out[len++] = '.';
        out[len++] = i < n ? digits[i] : '0';
    }
    return len;
}

static uint64_t mantissa_of(double d, int *exponent)
{
    uint64_t bits;
    memcpy(&bits, &d, 8);
    int x = (int)(bits >> 52 & 0x7ff);
    uint64_t m = bits & (((uint64_t)1 << 52) - 1);
    *exponent = (x ? x : 1) - 1023;
    return x ? m | (uint64_t)1 << 52 : m;
}

static int exponent_text(char *out, char mark, int x)
{
    return snprintf(out, 16, "%c%c%02d", mark, x < 0 ? '-' : '+', abs(x));
}

/* 0x1.8p+01: the leading digit is 1 but for zero, a carry moves into the exponent. */
static int hex_text(double d, bool upper, long precision, char *out)
{
    const char *digits = upper ? "0123456789ABCDEFXP" : "0123456789abcdefxp";
    int x, len = 0;
    uint64_t m = mantissa_of(d, &x) << 8; /* bit 60 is the leading one */
    if (!m)
        x = 0;
    for (; m && !(m >> 60); x--)
        m <<= 1;
    if (precision >= 0 && precision < 15) {
        unsigned shift = (unsigned)precision * 4;
        uint64_t rest = m << shift & (((uint64_t)1 << 60) - 1);
        m >>= 60 - shift;
        m += (rest | (m & 1)) > (uint64_t)1 << 59;
        m <<= 60 - shift;
        if (m >> 61) {
            m >>= 1;
            x++;
        }
    }
    out[len++] = '0';
    out[len++] = digits[16];
    out[len++] = digits[m >> 60 & 1];
    m <<= 4;
    if (precision > 0 || (precision < 0 && m))
        out[len++] = '.';
    for (long i = 0; precision < 0 ? m != 0 : i < precision; i++, m <<= 4)
        out[len++] = digits[m >> 60];
    return len + exponent_text(out + len, digits[17], x);
}

static int binary_text(double d, char *out)
{
    int x;
    uint64_t m = mantissa_of(d, &x);
    return snprintf(out, 48, "%llup%+d", (unsigned long long)m, x - 52);
}

/* Trailing zeros and the point that '#' keeps. */
static void sharpen(wb_buf *t, wb_str number, char verb, long precision)
{
    long digits = 0;
    if (strchr("gGxv", verb))
        digits = precision < 0 ? 6 : precision;
    bool point = false, nonzero = false;
    size_t i = 0;
    for (; i < number.n; i++) {
        char c = number.p[i];
        if (c == 'p' || c == 'P' || ((c == 'e' || c == 'E') && verb != 'x' && verb != 'X'))
            break;
        if (c == '.') {
            point = true;
            continue;
        }
        nonzero |= c != '0';
        digits -= nonzero;
    }
    wb_buf_put(t, number.p, i);
    if (!point) {
        if (i == 1 && number.p[0] == '0')
            digits--;
        wb_buf_putc(t, '.');
    }
    for (; digits > 0; digits--)
        wb_buf_putc(t, '0');
    wb_buf_put(t, number.p + i, number.n - i);
}

static void put_float(printer *p, double d, char verb, long precision)
{
    if (p->has_precision)
        precision = p->precision;
    bool negative = __builtin_signbit(d);
    d = negative ? -d : d;
    char f = verb == 'v' ? 'g' : verb == 'F' ? 'f' : verb;
    wb_buf t;
    wb_buf_init(&t, p->b->max);
    const size_t room = (size_t)FLOAT_TEXT + (precision > 0 ? (size_t)precision : 0);
    char *text = wb_buf_reserve(&t, room);
    if (!text) {
        p->b->failed = true;
        return;
    }
    int n;
    if (f == 'b')
        n = binary_text(d, text);
    else if (f == 'x' || f == 'X')
        n = hex_text(d, f == 'X', precision, text);
    else if (precision < 0)
        n = shortest_text(d, f, text, room);
    else
        n = snprintf(text, room,
                     f == 'e'   ? "%.*e"
                     : f == 'E' ? "%.*E"
                     : f == 'f' ? "%.*f"
                     : f == 'g' ? "%.*g"
                                : "%.*G",
                     (int)precision, d);
    wb_buf_commit(&t, (size_t)n);
    if (p->sharp && verb != 'b') {
        wb_buf s;
        wb_buf_init(&s, p->b->max);
        sharpen(&s, wb_buf_str(&t), f, precision);
        wb_buf_free(&t);
        t = s;
    }
    char sign = negative ? '-' : p->plus ? '+' : p->space ? ' ' : 0;
    wb_buf out;
    wb_buf_init(&out, p->b->max);
    if (sign)
        wb_buf_putc(&out, sign);
    wb_buf_put_str(&out, wb_buf_str(&t));
    if (sign && p->zero && !p->minus && p->has_width && p->width > (long)out.n) {
        wb_buf_putc(p->b, sign);
        fill(p, p->width - (long)out.n, '0');
        wb_buf_put_str(p->b, wb_buf_str(&t));
    } else {
        pad(p, wb_buf_str(&out));
    }
    wb_buf_free(&out);
    wb_buf_free(&t);
}

/* ---- big integers print themselves ---- */

static void put_verb(wb_buf *b, uint32_t verb)
{
    char bytes[4];
    wb_buf_put(b, bytes, wb_utf8_put(bytes, verb));
}

/* The inside of a big.Int as Go's reflection shows it, for a verb that its own method never sees.
 */
static void put_big_inside(printer *p, wb_str text)
{
    const char *part = p->sharp_v ? ", " : " ";
    char *digits = wb_strndup(text.p, text.n);
    mpz_t z;
    mpz_init_set_str(z, digits + (digits[0] == '+'), 10);
    free(digits);
    bool negative = mpz_sgn(z) < 0;
    mpz_abs(z, z);
    wb_buf_puts(p->b, p->sharp_v ? "&big.Int{neg:" : p->plus_v ? "&{neg:" : "&{");
    pad(p, negative ? WB_LIT("true") : WB_LIT("false"));
    wb_buf_puts(p->b, p->sharp_v ? ", abs:big.nat{" : p->plus_v ? " abs:[" : " [");
    for (size_t i = 0; i < mpz_size(z); i++) {
        wb_buf_puts(p->b, i ? part : "");
        put_word(p, mpz_getlimbn(z, (mp_size_t)i));
    }
    wb_buf_puts(p->b, p->sharp_v ? "}}" : "]}");
    mpz_clear(z);
}

static void put_big(printer *p, wb_str text, uint32_t verb)
{
    int base = verb == 'b'                                 ? 2
               : verb == 'o' || verb == 'O'                ? 8
               : verb == 'd' || verb == 's' || verb == 'v' ? 10
               : verb == 'x' || verb == 'X'                ? 16
                                                           : 0;
    if (!base) {
        wb_buf_puts(p->b, "%!");
        put_verb(p->b, verb);
        wb_buf_puts(p->b, "(big.Int=");
        wb_buf_put_str(p->b, text);
        wb_buf_putc(p->b, ')');
        return;
    }
    bool negative = text.p[0] == '-';
    char *digits;
    char *own = wb_strndup(text.p + negative, text.n - negative);
    if (base == 10) {
        digits = own;
    } else {
        mpz_t z;
        mpz_init_set_str(z, own, 10);
        digits = wb_malloc(mpz_sizeinbase(z, base) + 2);
        mpz_get_str(digits, verb == 'X' ? -base : base, z);
        mpz_clear(z);
        free(own);
    }
    bool plus = p->plus || p->plus_v, sharp = p->sharp || p->sharp_v;
    const char *sign = negative ? "-" : plus ? "+" : p->space ? " " : "";
    const char *prefix = verb == 'O'  ? "0o"
                         : !sharp     ? ""
                         : base == 2  ? "0b"
                         : base == 8  ? "0"
                         : base == 16 ? (verb == 'X' ? "0X" : "0x")
                                      : "";
    size_t n = strlen(digits);
    long zeros = p->has_precision && (long)n < p->precision ? p->precision - (long)n : 0;
    long length = (long)(strlen(sign) + strlen(prefix) + n) + zeros;
    long left = 0, right = 0;
    if (p->has_width && length < p->width) {
        long d = p->width - length;
        if (p->minus)
            right = d;
        else if (p->zero && !p->has_precision)
            zeros = d;
        else
            left = d;
    }
    fill(p, left, ' ');
    wb_buf_puts(p->b, sign);
    wb_buf_puts(p->b, prefix);
    fill(p, zeros, '0');
    wb_buf_put(p->b, digits, n);
    fill(p, right, ' ');
    free(digits);
}

/* ---- one argument ---- */

static void put_arg(printer *p, const argument *a, uint32_t verb);

static void bad_verb(printer *p, const argument *a, uint32_t verb)
{
    wb_buf_puts(p->b, "%!");
    put_verb(p->b, verb);
    wb_buf_putc(p->b, '(');
    wb_buf_puts(p->b, type_of(a));
    if (a->kind != ARG_NIL)
        wb_buf_putc(p->b, '=');
    if (a->kind == ARG_BIG)
        put_big_inside(p, a->text);
    else if (a->kind != ARG_NIL)
        put_arg(p, a, 'v');
    wb_buf_putc(p->b, ')');
}

static void put_int_arg(printer *p, const argument *a, uint32_t verb)
{
    if (verb == 'v' && a->kind == ARG_BYTE && p->sharp_v) {
        put_word(p, (uint64_t)a->i);
        return;
    }
    switch (verb) {
    case 'v':
    case 'd': put_int(p, a->i, 10, 'd'); return;
    case 'b': put_int(p, a->i, 2, 'b'); return;
    case 'o':
    case 'O': put_int(p, a->i, 8, (char)verb); return;
    case 'x':
    case 'X': put_int(p, a->i, 16, (char)verb); return;
    case 'c': put_rune(p, (uint64_t)a->i > WS_RUNE_MAX ? WB_UTF8_BAD : (uint32_t)a->i); return;
    case 'q': {
        char bytes[4];
        wb_buf t;
        wb_buf_init(&t, 64);
        size_t n = wb_utf8_put(bytes, (uint64_t)a->i > WS_RUNE_MAX ? WB_UTF8_BAD : (uint32_t)a->i);
        quote(&t, wb_str_n(bytes, n), '\'', p->plus);
        pad(p, wb_buf_str(&t));
        wb_buf_free(&t);
        return;
    }
    case 'U': put_unicode(p, (uint64_t)a->i); return;
    default: bad_verb(p, a, verb);
    }
}

/* Whether floats have the verb; *precision when none is given. */
static bool float_verb(uint32_t verb, long *precision)
{
    *precision = verb && verb < 0x80 && strchr("eEfF", (int)verb) ? 6 : -1;
    return verb && verb < 0x80 && strchr("vgGbxXeEfF", (int)verb);
}

static void put_complex(printer *p, const argument *a, uint32_t verb, long precision)
{
    bool plus = p->plus;
    wb_buf_putc(p->b, '(');
    put_float(p, a->d, (char)verb, precision);
    p->plus = true;
    put_float(p, a->imaginary, (char)verb, precision);
    wb_buf_puts(p->b, "i)");
    p->plus = plus;
}

static argument go_argument(printer *p, const wv *v)
{
    argument a = {.kind = ARG_NIL, .text = WB_LIT("<nil>")};
    if (wv_is_string(*v)) {
        a.kind = ARG_TEXT;
        a.text = wv_str(v);
    } else if (wv_is_number(*v)) {
        a.kind = ARG_TEXT;
        a.type = "json.Number";
        a.text = wv_number_text(p->cx->out, *v);
    } else if (wv_is_bool(*v)) {
        a.kind = ARG_BOOL;
        a.text = *v == WV_TRUE ? WB_LIT("true") : WB_LIT("false");
    } else if (wv_is_array(*v)) {
        a.kind = ARG_LIST;
        a.items = wv_items(*v);
        a.n = wv_len(*v);
    } else if (wv_is_object(*v)) {
        a.kind = ARG_MAP;
        a.map = *v;
    }
    return a;
}

static void put_member(printer *p, const wv *v, uint32_t verb)
{
    argument a = go_argument(p, v);
    if (a.kind == ARG_NIL) {
        wb_buf_puts(p->b, p->sharp_v ? "interface {}(nil)" : "<nil>");
        return;
    }
    if (++p->depth > DEPTH_MAX || p->cx->out->exhausted)
        p->b->failed = true;
    else
        put_arg(p, &a, verb);
    p->depth--;
}

/* Each member by the verb; nil and the frame by none. */
static void put_collection(printer *p, const argument *a, uint32_t verb)
{
    const char *between = p->sharp_v ? ", " : " ";
    size_t n = a->kind == ARG_LIST ? a->n : wv_len(a->map);
    const uint32_t *order = a->kind == ARG_MAP ? wv_table_order(a->map) : NULL;
    wb_buf_puts(p->b, p->sharp_v ? type_of(a) : a->kind == ARG_MAP ? "map" : "");
    wb_buf_putc(p->b, p->sharp_v ? '{' : '[');
    for (size_t i = 0; i < n && !p->b->failed; i++) {
        wb_buf_puts(p->b, i ? between : "");
        if (a->kind == ARG_LIST) {
            put_member(p, &a->items[i], verb);
            continue;
        }
        put_member(p, wv_key_ref(a->map, order, (uint32_t)i), verb);
        wb_buf_putc(p->b, ':');
        put_member(p, wv_value_ref(a->map, order, (uint32_t)i), verb);
    }
    wb_buf_putc(p->b, p->sharp_v ? '}' : ']');
}

static void put_arg(printer *p, const argument *a, uint32_t verb)
{
    long precision;
    if (verb == 'T') {
        pad(p, cut(p, wb_str_of(type_of(a))));
        return;
    }
    if (verb == 'w' || (a->kind == ARG_NIL && verb != 'v') ||
        (a->kind == ARG_BOOL && verb != 'v' && verb != 't')) {
        bad_verb(p, a, verb);
    } else if (a->kind == ARG_NIL || a->kind == ARG_BOOL) {
        pad(p, a->text);
    } else if (a->kind == ARG_BIG) {
        put_big(p, a->text, verb);
    } else if (a->kind == ARG_INT || a->kind == ARG_BYTE) {
        put_int_arg(p, a, verb);
    } else if (a->kind == ARG_LIST || a->kind == ARG_MAP) {
        put_collection(p, a, verb);
    } else if (a->kind == ARG_FLOAT || a->kind == ARG_COMPLEX) {
        if (!float_verb(verb, &precision))
            bad_verb(p, a, verb);
        else if (a->kind == ARG_FLOAT)
            put_float(p, a->d, (char)verb, precision);
        else
            put_complex(p, a, verb, precision);
    } else if (verb == 'v' && p->sharp_v) {
        put_quoted(p, a->text);
    } else if (verb == 'v' || verb == 's') {
        pad(p, cut(p, a->text));
    } else if (verb == 'x' || verb == 'X') {
        put_hex(p, a->text, (char)verb);
    } else if (verb == 'q') {
        put_quoted(p, a->text);
    } else {
        bad_verb(p, a, verb);
    }
}

/* ---- the format ---- */

static void clear_flags(printer *p)
{
    p->sharp = p->zero = p->plus = p->minus = p->space = p->sharp_v = p->plus_v = false;
    p->has_width = p->has_precision = false;
    p->width = p->precision = 0;
}

/* Digits from i to end at most. A number too large makes i the end. */
static bool parse_number(wb_str f, size_t *i, size_t end, long *out)
{
    bool any = false;
    *out = 0;
    for (; *i < end && f.p[*i] >= '0' && f.p[*i] <= '9'; ++*i) {
        if (*out > NUMBER_MAX) {
            *out = 0;
            *i = end;
            return false;
        }
        *out = *out * 10 + (f.p[*i] - '0');
        any = true;
    }
    return any;
}

/* "[n]": an explicit argument index. Whether one was read. */
static bool parse_index(printer *p, wb_str f, size_t *i, size_t count, size_t *at)
{
    if (*i >= f.n || f.p[*i] != '[')
        return false;
    p->reordered = true;
    size_t start = *i, close = start + 1;
    while (close < f.n && f.p[close] != ']')
        close++;
    if (f.n - start < 3 || close == f.n) {
        p->good_index = false;
        *i = start + 1;
        return false;
    }
    long n;
    size_t q = start + 1;
    bool ok = parse_number(f, &q, close, &n) && q == close;
    *i = close + 1;
    if (ok && n >= 1 && (size_t)n <= count) {
        *at = (size_t)n - 1;
        return true;
    }
    p->good_index = false;
    return ok;
}

static bool int_argument(const argument *args, size_t count, size_t *at, long *out)
{
    *out = 0;
    if (*at >= count)
        return false;
    const argument *a = &args[(*at)++];
    if (a->kind != ARG_INT || a->i > NUMBER_MAX || a->i < -NUMBER_MAX)
        return false;
    *out = (long)a->i;
    return true;
}

/* The arguments from number `at` on, which no verb asked for. */
static void put_extra(printer *p, const argument *args, size_t at, size_t count)
{
    if (at >= count)
        return;
    clear_flags(p);
    wb_buf_puts(p->b, "%!(EXTRA ");
    for (size_t k = at; k < count && !p->b->failed; k++) {
        if (k > at)
            wb_buf_puts(p->b, ", ");
        wb_buf_puts(p->b, type_of(&args[k]));
        if (args[k].kind == ARG_NIL)
            continue;
        wb_buf_putc(p->b, '=');
        put_arg(p, &args[k], 'v');
    }
    wb_buf_putc(p->b, ')');
}

static void format_all(printer *p, wb_str f, const argument *args, size_t count)
{
    size_t at = 0;
    bool after_index = false;
    for (size_t i = 0; i < f.n && !p->b->failed;) {
        p->good_index = true;
        const char *percent = memchr(f.p + i, '%', f.n - i);
        size_t stop = percent ? (size_t)(percent - f.p) : f.n;
        wb_buf_put(p->b, f.p + i, stop - i);
        i = stop + 1;
        if (!percent)
            break;
        clear_flags(p);
        for (; i < f.n; i++) {
            char c = f.p[i];
            if (c == '#')
                p->sharp = true;
            else if (c == '0')
                p->zero = true;
            else if (c == '+')
                p->plus = true;
            else if (c == '-')
                p->minus = true;
            else if (c == ' ')
                p->space = true;
            else
                break;
        }
        after_index = parse_index(p, f, &i, count, &at);
        if (i < f.n && f.p[i] == '*') {
            i++;
            p->has_width = int_argument(args, count, &at, &p->width);
            if (!p->has_width)
                wb_buf_puts(p->b, "%!(BADWIDTH)");
            if (p->width < 0) {
                p->width = -p->width;
                p->minus = true;
                p->zero = false;
            }
            after_index = false;
        } else {
            p->has_width = parse_number(f, &i, f.n, &p->width);
            if (after_index && p->has_width)
                p->good_index = false;
        }
        if (i + 1 < f.n && f.p[i] == '.') {
            i++;
            if (after_index)
                p->good_index = false;
            after_index = parse_index(p, f, &i, count, &at);
            if (i < f.n && f.p[i] == '*') {
                i++;
                p->has_precision = int_argument(args, count, &at, &p->precision);
                if (p->precision < 0) {
                    p->precision = 0;
                    p->has_precision = false;
                }
                if (!p->has_precision)
                    wb_buf_puts(p->b, "%!(BADPREC)");
                after_index = false;
            } else {
                if (!parse_number(f, &i, f.n, &p->precision))
                    p->precision = 0;
                p->has_precision = true;
            }
        }
        if (!after_index)
            after_index = parse_index(p, f, &i, count, &at);
        if (i >= f.n) {
            wb_buf_puts(p->b, "%!(NOVERB)");
            break;
        }
        size_t used;
        uint32_t verb = wb_utf8_get(f.p + i, f.n - i, &used);
        i += used;
        if (verb == '%') {
            wb_buf_putc(p->b, '%');
        } else if (!p->good_index || at >= count) {
            wb_buf_puts(p->b, "%!");
            put_verb(p->b, verb);
            wb_buf_puts(p->b, p->good_index ? "(MISSING)" : "(BADINDEX)");
        } else {
            if (verb == 'v' || verb == 'w') {
                p->sharp_v = p->sharp;
                p->plus_v = p->plus;
                p->sharp = p->plus = false;
            }
            put_arg(p, &args[at++], verb);
        }
    }
    if (!p->reordered)
        put_extra(p, args, at, count);
}

static void put_missing(printer *p, uint32_t verb)
{
    wb_buf_puts(p->b, "%!");
    put_verb(p->b, verb);
    wb_buf_puts(p->b, "(MISSING)");
}

/* ---- constant formats ---- */

/* A format whose every "%" has a bare letter behind it, taken apart. All others are read at the
 * call, since their numbers may come from the arguments. */
typedef struct plain_part {
    uint32_t text, n; /* what stands before the verb */
    uint32_t verb;
} plain_part;

typedef struct plain_format {
    size_t n;
    plain_part parts[];
} plain_format;

#define PLAIN_MAX 65536 /* bytes of a format that is taken apart */

static void *prepare(const wv *args, unsigned argc)
{
    if (!wv_is_string(args[0]))
        return NULL;
    wb_str f = wv_str(&args[0]);
    size_t n = 0, text = 0;
    for (size_t i = 0; i < f.n && f.n <= PLAIN_MAX; i++)
        n += f.p[i] == '%';
    if (!n || f.n > PLAIN_MAX)
        return NULL;
    plain_format *p = wb_calloc(1, sizeof *p + n * sizeof *p->parts);
    for (size_t i = 0; i < f.n; i++) {
        if (f.p[i] != '%')
            continue;
        char verb = i + 1 < f.n ? f.p[i + 1] : 0;
        if (!((verb | 32) >= 'a' && (verb | 32) <= 'z')) {
            free(p);
            return NULL;
        }
        p->parts[p->n++] = (plain_part){(uint32_t)text, (uint32_t)(i - text), (unsigned char)verb};
        text = ++i + 1;
    }
    return p;
}

/* As format_all; what is left over of the arguments is told there. */
static void format_plain(printer *p, wb_str f, const plain_format *plain, const argument *args,
                         size_t count)
{
    size_t end = 0;
    for (size_t i = 0; i < plain->n && !p->b->failed; i++) {
        const plain_part *part = &plain->parts[i];
        wb_buf_put(p->b, f.p + part->text, part->n);
        end = part->text + part->n + 2;
        if (i < count)
            put_arg(p, &args[i], part->verb);
        else
            put_missing(p, part->verb);
    }
    wb_buf_put(p->b, f.p + end, f.n - end);
    put_extra(p, args, plain->n, count);
}

/* What Go's Sprintf would be given. False: the call has failed. */
static bool load(ws_ctx *cx, wv v, argument *a)
{
    *a = (argument){.kind = ARG_TEXT, .word = v};
    if (wv_is_string(v)) {
        a->text = wv_str(&a->word);
        return true;
    }
    if (wv_is_int(v)) {
        a->kind = ARG_INT;
        a->i = wv_int(v);
        return true;
    }
    if (wv_is_number(v)) {
        a->text = wv_number_text(cx->out, v);
        bool real = false;
        for (size_t i = 0; i < a->text.n; i++)
            real |= a->text.p[i] == '.' || (a->text.p[i] | 32) == 'e';
        if (real) {
            if (wv_number_double(v, &a->d))
                a->kind = ARG_FLOAT;
        } else if (wv_number_int64(v, &a->i)) {
            a->kind = ARG_INT;
        } else {
            size_t i = a->text.n && (a->text.p[0] == '-' || a->text.p[0] == '+');
            bool digits = i < a->text.n;
            for (; i < a->text.n; i++)
                digits &= a->text.p[i] >= '0' && a->text.p[i] <= '9';
            if (digits)
                a->kind = ARG_BIG;
        }
        return true;
    }
    wb_buf b;
    ws_text_begin(cx, &b);
    wv_print(&b, v);
    bool ok = !b.failed && ws_room(cx, b.n);
    if (ok)
        a->text = wb_arena_str(cx->out, wb_buf_str(&b));
    else if (cx->error == WS_ERR_NONE)
        ws_fail_room(cx);
    ws_text_end(cx, &b);
    return ok;
}

#define ARGS_ON_STACK 8

static wv fn_sprintf(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_STRING(cx, args, 0);
    WS_ARRAY(cx, args, 1);
    wb_str f = wv_str(&args[0]);
    size_t n = wv_len(args[1]);
    argument few[ARGS_ON_STACK], *list = few;
    if (n > ARGS_ON_STACK) {
        WS_ROOM(cx, n * sizeof *list);
        list = wb_arena_alloc(cx->out, n * sizeof *list);
    }
    WS_SPEND(cx, f.n);
    for (size_t i = 0; i < n; i++)
        if (!load(cx, wv_items(args[1])[i], &list[i]))
            return WV_UNDEFINED;
    wb_buf b;
    ws_text_begin(cx, &b);
    printer p = {.cx = cx, .b = &b};
    if (cx->site)
        format_plain(&p, f, cx->site, list, n);
    else
        format_all(&p, f, list, n);
    return ws_take_string(cx, &b);
}

static argument of_go(const ws_go_arg *g)
{
    static const arg_kind kinds[] = {
        [WS_GO_NIL] = ARG_NIL,         [WS_GO_BOOL] = ARG_BOOL,   [WS_GO_INT] = ARG_INT,
        [WS_GO_BYTE] = ARG_BYTE,       [WS_GO_FLOAT] = ARG_FLOAT, [WS_GO_TEXT] = ARG_TEXT,
        [WS_GO_COMPLEX] = ARG_COMPLEX, [WS_GO_LIST] = ARG_LIST,   [WS_GO_MAP] = ARG_MAP};
    argument a = {.kind = kinds[g->kind],
                  .type = g->kind == WS_GO_NIL ? NULL : g->type,
                  .i = g->i,
                  .d = g->d,
                  .imaginary = g->imaginary,
                  .text = g->text,
                  .items = g->items,
                  .n = g->n,
                  .map = g->map};
    if (a.kind == ARG_BOOL)
        a.text = g->i ? WB_LIT("true") : WB_LIT("false");
    else if (a.kind == ARG_NIL)
        a.text = WB_LIT("<nil>");
    return a;
}

void ws_go_printf(ws_ctx *cx, wb_buf *b, wb_str format, const ws_go_arg *args, size_t n)
{
    argument few[ARGS_ON_STACK], *list = few;
    if (n > ARGS_ON_STACK)
        list = wb_arena_alloc(cx->out, n * sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = of_go(&args[i]);
    printer p = {.cx = cx, .b = b};
    format_all(&p, format, list, n);
}

void ws_go_print(ws_ctx *cx, wb_buf *b, bool line, const ws_go_arg *args, size_t n)
{
    printer p = {.cx = cx, .b = b};
    bool text = false;
    for (size_t i = 0; i < n; i++) {
        bool was_text = text;
        text = args[i].kind == WS_GO_TEXT;
        if (i && (line || (!text && !was_text)))
            wb_buf_putc(b, ' ');
        argument a = of_go(&args[i]);
        put_arg(&p, &a, 'v');
    }
    if (line)
        wb_buf_putc(b, '\n');
}

const ws_builtin ws_sprintf[] = {
    WS_ROW("sprintf", "(format: string, values: array[any]) => (output: string)", NULL, "strings",
           0, fn_sprintf, prepare, free,
           "The format with its verbs replaced by the values, as Go has it."),
    WS_END,
};
