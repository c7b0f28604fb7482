/* What scalars of YAML mean. */
#include "value/number.h"
#include "value/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool one_of(wb_str s, const char *const *list)
{
    for (; *list; list++)
        if (wb_str_is(s, *list))
            return true;
    return false;
}

static const char *const infinite[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "+.inf",
                                       "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};

/* null, true or false in one of their spellings. */
static bool word(wb_str s, wv *out)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    *out = one_of(s, nulls) ? WV_NULL : one_of(s, trues) ? WV_TRUE : WV_FALSE;
    return *out != WV_FALSE || one_of(s, falses);
}

/* ---- numbers ---- */

/* An integer of 64 bits: digits of a base from p on, under a sign. */
static bool digits(wb_arena *a, const char *p, int base, bool negative, bool sign, wv *out)
{
    if (!isxdigit((unsigned char)*p) || (*p == '0' && (p[1] | 0x20) == 'x'))
        return false;
    char *end;
    errno = 0;
    unsigned long long u = strtoull(p, &end, base);
    unsigned long long most = (unsigned long long)INT64_MAX + negative;
    if (*end || errno || (sign && u > most))
        return false;
    *out = negative ? wv_from_int64(a, (int64_t)(0 - u)) : wv_from_uint64(a, u);
    return true;
}

/* Go's ParseInt with base 0 on the text without underscores. */
static bool integer(wb_arena *a, const char *z, wv *out)
{
    bool sign = *z == '-' || *z == '+';
    const char *p = z + sign;
    int base = 10;
    if (p[0] == '0' && p[1]) {
        char c = (char)tolower((unsigned char)p[1]);
        base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        p += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
    }
    return digits(a, p, base, *z == '-', sign, out);
}

/* "0b-11": a sign behind the base. */
static bool late_sign(wb_arena *a, const char *z, wv *out)
{
    int base = !strncmp(z, "0b", 2) ? 2 : !strncmp(z, "0o", 2) ? 8 : 0;
    return base && (z[2] == '-' || z[2] == '+') && digits(a, z + 3, base, z[2] == '-', true, out);
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool float_syntax(const char *p)
{
    p += *p == '-' || *p == '+';
    size_t whole = strspn(p, "0123456789"), part = 0;
    p += whole;
    if (*p == '.') {
        part = strspn(++p, "0123456789");
        p += part;
    }
    if (!whole && !part)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        size_t n = strspn(p, "0123456789");
        if (!n)
            return false;
        p += n;
    }
    return !*p;
}

#define NUMBER_TEXT_MAX 1100 /* longer ones are over the range of floats, or silly */

/* "!!int", "!!float" (*out undefined, *d it) or NULL. */
static const char *number(wb_arena *a, wb_str s, wv *out, double *d)
{
    char bare[NUMBER_TEXT_MAX];
    size_t n = 0;
    if (!s.n || s.n >= sizeof bare || !memchr("+-.0123456789", s.p[0], 13))
        return NULL;
    for (size_t i = 0; i < s.n; i++) {
        /* After a leading point "_" stands between digits only. */
        bool between = i && i + 1 < s.n && isdigit((unsigned char)s.p[i - 1]) &&
                       isdigit((unsigned char)s.p[i + 1]);
        if (!s.p[i] || (s.p[i] == '_' && s.p[0] == '.' && !between))
            return NULL;
        if (s.p[i] != '_')
            bare[n++] = s.p[i];
    }
    bare[n] = 0;
    if (s.p[0] != '.' && integer(a, bare, out))
        return "!!int";
    *out = WV_UNDEFINED;
    if (float_syntax(bare) && isfinite(*d = strtod(bare, NULL)))
        return "!!float";
    return s.p[0] != '.' && late_sign(a, bare, out) ? "!!int" : NULL;
}

bool wv_yaml_number(wb_arena *a, wb_str s, wv *out)
{
    double d;
    const char *tag = number(a, s, out, &d);
    if (tag && *out == WV_UNDEFINED)
        *out = wv_from_double_json(a, d);
    return tag != NULL;
}

/* ---- timestamps ---- */

/* Takes `least` to `most` digits from the front of s. */
static bool take(wb_str *s, unsigned least, unsigned most, unsigned *to)
{
    unsigned n = 0;
    *to = 0;
    while (n < most && n < s->n && isdigit((unsigned char)s->p[n]))
        *to = *to * 10 + (unsigned)(s->p[n++] - '0');
    *s = wb_str_n(s->p + n, s->n - n);
    return n >= least;
}

static bool take_char(wb_str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = wb_str_n(s->p + 1, s->n - 1);
    return true;
}

/* A fraction of a second: as nine digits at most, without zeros behind. */
static wb_str take_fraction(wb_str *s)
{
    wb_str out = {"", 0};
    if (s->n < 2 || (s->p[0] != '.' && s->p[0] != ',') || !isdigit((unsigned char)s->p[1]))
        return out;
    size_t n = 1;
    while (n < s->n && isdigit((unsigned char)s->p[n]))
        n++;
    out = wb_str_n(s->p + 1, n - 1 < 9 ? n - 1 : 9);
    *s = wb_str_n(s->p + n, s->n - n);
    while (out.n && out.p[out.n - 1] == '0')
        out.n--;
    return out;
}

static bool take_zone(wb_str *s, char to[8])
{
    unsigned hour, minute;
    snprintf(to, 8, "Z");
    if (take_char(s, 'Z'))
        return true;
    char sign = s->n ? s->p[0] : 0;
    if ((sign != '+' && sign != '-') || !take_char(s, sign) || !take(s, 2, 2, &hour) ||
        !take_char(s, ':') || !take(s, 2, 2, &minute) || hour > 24 || minute > 60)
        return false;
    unsigned total = hour * 60 + minute;
    if (total)
        snprintf(to, 8, "%c%02u:%02u", sign, total / 60 % 100, total % 60);
    return true;
}

/* YYYY-M-D, or that with a time: "T" and a zone behind, or a blank and none. */
static bool timestamp(wb_arena *a, wb_str s, wv *out)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day, hour = 0, minute = 0, second = 0;
    wb_str fraction = {"", 0};
    char zone[8] = "Z";
    if (!take(&s, 4, 4, &year) || !take_char(&s, '-') || !take(&s, 1, 2, &month) ||
        !take_char(&s, '-') || !take(&s, 1, 2, &day))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month < 1 || month > 12 || day < 1 ||
        day > days[month - 1] + (month == 2 && leap ? 1u : 0u))
        return false;
    if (s.n) {
        bool blank = s.p[0] == ' ';
        if (!take_char(&s, 'T') && !take_char(&s, 't') && !blank)
            return false;
        while (blank && take_char(&s, ' '))
            ;
        if (!take(&s, 1, 2, &hour) || !take_char(&s, ':') || !take(&s, 1, 2, &minute) ||
            !take_char(&s, ':') || !take(&s, 1, 2, &second) || hour > 23 || minute > 59 ||
            second > 59)
            return false;
        fraction = take_fraction(&s);
        if (!blank && !take_zone(&s, zone))
            return false;
    }
    if (s.n)
        return false;
    char *text = wb_arena_printf(a, "%04u-%02u-%02uT%02u:%02u:%02u%s%.*s%s", year, month, day, hour,
                                 minute, second, fraction.n ? "." : "", WB_FMT(fraction), zone);
    *out = wv_string_new(a, wb_str_of(text));
    return true;
}

/* ---- all of them ---- */

/* What a scalar is by itself; *d for a float that is finite. */
static const char *by_itself(wb_arena *a, wb_str s, bool times, wv *out, double *d)
{
    /* Characters that begin something else than text. */
    if (s.n && (!s.p[0] || !strchr("+-.0123456789yYnNtTfFoO~", s.p[0])))
        return NULL;
    if (word(s, out))
        return *out == WV_NULL ? "!!null" : "!!bool";
    if (one_of(s, infinite)) {
        *out = WV_UNDEFINED;
        *d = INFINITY;
        return "!!float";
    }
    if (times && timestamp(a, s, out))
        return "!!timestamp";
    return number(a, s, out, d);
}

const char *wv_yaml_resolve(wb_arena *a, const char *tag, wb_str text, wv *out, wb_error *error)
{
    static const char *const known[] = {"",       "!!bool",      "!!int", "!!float",
                                        "!!null", "!!timestamp", NULL};
    double d = 0;
    *out = WV_UNDEFINED;
    if (!one_of(wb_str_of(tag), known)) {
        *out = wv_string_new(a, text);
        return tag;
    }
    const char *is = by_itself(a, text, !*tag || !strcmp(tag, "!!timestamp"), out, &d);
    if (!is) {
        *out = wv_string_new(a, text);
        is = "!!str";
    }
    int64_t i;
    if (!strcmp(tag, "!!float") && !strcmp(is, "!!int") && wv_number_int64(*out, &i)) {
        is = tag;
        d = (double)i;
        *out = WV_UNDEFINED;
    }
    if (*tag && strcmp(is, tag) != 0) {
        wb_fail(error, WB_INVALID, "yaml: cannot decode %s `%.*s` as a %s", is,
                (int)(text.n < 400 ? text.n : 400), text.n ? text.p : "", tag);
        return NULL;
    }
    if (*out == WV_UNDEFINED && isfinite(d))
        *out = wv_from_double_json(a, d);
    return is;
}

bool wv_yaml_is_text(const wv_yaml_node *n)
{
    return n->kind == WV_YAML_SCALAR && !strcmp(n->tag, "!!str");
}

bool wv_yaml_is_null(const wv_yaml_node *n)
{
    return n->kind == WV_YAML_SCALAR && !strcmp(n->tag, "!!null");
}

bool wv_yaml_merges(const wv_yaml_node *n)
{
    return n->kind == WV_YAML_SCALAR && !strcmp(n->tag, "!!merge") && wb_str_is(n->text, "<<");
}
