#include "stdlib/template/constant.h"

#include "base/utf8.h"
#include "stdlib/unicode.h"

#include <errno.h>
#include <stdlib.h>

#define DIGITS_MAX 512 /* characters of a number; no honest one comes near */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* One character of a quoted constant at *i. byte: it stands for one byte, not for a code point. */
static bool one_char(wb_str s, size_t *i, char quote, uint32_t *c, bool *byte)
{
    static const char from[] = "abfnrtv\\", to[] = "\a\b\f\n\r\t\v\\";
    size_t used;
    *byte = false;
    if (*i >= s.n || s.p[*i] == quote)
        return false;
    if (s.p[*i] != '\\') {
        *c = wb_utf8_get(s.p + *i, s.n - *i, &used);
        *i += used;
        return true;
    }
    if (*i + 1 >= s.n)
        return false;
    char e = s.p[*i + 1];
    *i += 2;
    const char *known = e ? strchr(from, e) : NULL;
    if (known) {
        *c = (unsigned char)to[known - from];
        return true;
    }
    if (e == '\'' || e == '"') {
        *c = (unsigned char)e;
        return e == quote;
    }
    unsigned n = e == 'x' ? 2 : e == 'u' ? 4 : e == 'U' ? 8 : e >= '0' && e <= '7' ? 2 : 0;
    unsigned base = e >= '0' && e <= '7' ? 8 : 16;
    uint64_t v = base == 8 ? (uint64_t)(e - '0') : 0;
    if (!n || s.n - *i < n)
        return false;
    for (; n; n--, ++*i) {
        int d = hex_digit(s.p[*i]);
        if (d < 0 || (unsigned)d >= base)
            return false;
        v = v * base + (unsigned)d;
    }
    *byte = e == 'x' || base == 8;
    *c = (uint32_t)v;
    return *byte ? v <= 255 : v <= WS_RUNE_MAX && (v < 0xd800 || v > 0xdfff);
}

bool wt_unquote(wt_pool *pool, wb_str quoted, wb_str *out)
{
    wb_str s = wb_str_n(quoted.p + 1, quoted.n - 2);
    /* A bad byte becomes a sign of three. */
    char *to = wt_alloc(pool, 3 * s.n + 1);
    size_t n = 0;
    if (!to)
        return false;
    if (quoted.p[0] == '`') {
        for (size_t i = 0; i < s.n; i++)
            if (s.p[i] != '\r')
                to[n++] = s.p[i];
    } else {
        for (size_t i = 0; i < s.n;) {
            uint32_t c;
            bool byte;
            if (!one_char(s, &i, '"', &c, &byte))
                return false;
            if (byte)
                to[n++] = (char)c;
            else
                n += wb_utf8_put(to + n, c);
        }
    }
    *out = wb_str_n(to, n);
    return true;
}

static const char *read_rune(wt_node *n)
{
    wb_str s = wb_str_n(n->text.p + 1, n->text.n - 1);
    size_t i = 0;
    uint32_t c;
    bool byte;
    if (!one_char(s, &i, '\'', &c, &byte))
        return "invalid syntax";
    if (s.n - i != 1 || s.p[i] != '\'')
        return "malformed character constant: ";
    n->number = WT_INT;
    n->i = c;
    return NULL;
}

/* The digits without the low lines, which must stand between digits (or behind the base). */
static bool without_lines(wb_str s, char *to)
{
    size_t n = 0, i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    if (s.n >= DIGITS_MAX)
        return false;
    bool based = s.n - i >= 2 && s.p[i] == '0' && strchr("xXoObB", s.p[i + 1]) && s.p[i + 1];
    bool hex = based && (s.p[i + 1] | 32) == 'x', any = false;
    char last = '^';
    for (size_t k = 0; k < s.n; k++) {
        char c = s.p[k];
        bool digit = k >= i && ((c >= '0' && c <= '9') || (hex && hex_digit(c) >= 0));
        if (based && k == i + 1)
            digit = true;
        any |= c == '_';
        if (c == '_' && last != '0')
            return false;
        if (c != '_' && !digit && last == '_')
            return false;
        if (k >= i)
            last = c == '_' ? '_' : digit ? '0' : '!';
        if (c != '_')
            to[n++] = c;
    }
    to[n] = 0;
    return !any || last != '_';
}

/* As ParseFloat: no names of numbers, hexadecimal ones with an exponent only. */
static bool read_double(const char *z, double *d)
{
    const char *digits = z + (*z == '-' || *z == '+');
    bool hex = digits[0] == '0' && (digits[1] | 32) == 'x';
    char *end;
    if (!(*digits == '.' || (*digits >= '0' && *digits <= '9')) || (hex && !strpbrk(z, "pP")))
        return false;
    errno = 0;
    *d = strtod(z, &end);
    return end != z && !*end && !__builtin_isinf(*d);
}

/* As ParseInt with base 0: 1 read, 0 no integer, -1 only without a sign it would fit. */
static int read_integer(const char *z, int64_t *i)
{
    bool minus = *z == '-';
    const char *p = z + (*z == '-' || *z == '+');
    int base = 10;
    if (p[0] == '0' && p[1]) {
        char b = (char)(p[1] | 32);
        base = b == 'x' ? 16 : b == 'b' ? 2 : 8;
        p += b == 'x' || b == 'b' || b == 'o' ? 2 : 1;
    }
    uint64_t v = 0;
    if (!*p)
        return 0;
    for (; *p; p++) {
        int d = hex_digit(*p);
        if (d < 0 || d >= base)
            return 0;
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)d, &v))
            return 0;
    }
    if (v > (uint64_t)INT64_MAX + minus)
        return p != z && *z != '-' && *z != '+' ? -1 : 0;
    *i = minus ? (int64_t)(0 - v) : (int64_t)v;
    return 1;
}

static bool read_complex(wt_node *n, char *z)
{
    size_t length = strlen(z), cut = length - 1;
    while (cut > 0 && !((z[cut] == '+' || z[cut] == '-') && !strchr("eEpP", z[cut - 1])))
        cut--;
    double real, imaginary;
    z[length - 1] = 0;
    if (!cut || !read_double(z + cut, &imaginary))
        return false;
    z[cut] = 0;
    if (!read_double(z, &real))
        return false;
    n->number = WT_COMPLEX;
    n->d = real;
    n->imaginary = imaginary;
    return true;
}

const char *wt_read_number(wt_node *n, bool rune, bool complex)
{
    static const char illegal[] = "illegal number syntax: ";
    char z[DIGITS_MAX];
    double d;
    if (rune)
        return read_rune(n);
    if (!without_lines(n->text, z))
        return illegal;
    if (complex)
        return read_complex(n, z) ? NULL : illegal;
    size_t length = strlen(z);
    if (length && z[length - 1] == 'i') {
        z[length - 1] = 0;
        if (!read_double(z, &d))
            return illegal;
        n->number = WT_COMPLEX;
        n->d = 0;
        n->imaginary = d;
        return NULL;
    }
    int64_t i = 0;
    int how = read_integer(z, &i);
    if (how) {
        n->number = how > 0 ? WT_INT : WT_OVERFLOW;
        n->i = i;
        return NULL;
    }
    if (!read_double(z, &d))
        return illegal;
    if (!strpbrk(z, ".eEpP"))
        return "integer overflow: ";
    n->number = WT_FLOAT;
    n->d = d;
    return NULL;
}
