/* Nodes of YAML to values. */
#include "value/yaml.h"

#include "base/utf8.h"
#include "value/json.h"
#include "value/number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Bytes of mistakes; a text with more of them is hopeless. */
#define MISTAKES_MAX ((size_t)1 << 16)

/* How many of a document's values may come from aliases: nearly all while it is small, a tenth when
 * it is large. */
#define ALIASES_FREE   100u
#define VALUES_FREE    1000u
#define VALUES_SMALL   400000.0
#define VALUES_LARGE   4000000.0
#define SHARE_OF_SMALL 0.99
#define SHARE_OF_LARGE 0.10

void wv_yaml_decoder_init(wv_yaml_decoder *d, wb_arena *a, bool json)
{
    *d = (wv_yaml_decoder){.a = a, .json = json};
    wb_buf_init(&d->mistakes, MISTAKES_MAX);
}

void wv_yaml_decoder_clear(wv_yaml_decoder *d)
{
    wb_buf_free(&d->mistakes);
}

wv wv_yaml_fail(wv_yaml_decoder *d, wb_status status, const char *format, ...)
{
    va_list args;
    if (d->status)
        return WV_UNDEFINED;
    d->status = status;
    d->error.status = status;
    va_start(args, format);
    vsnprintf(d->error.text, sizeof d->error.text, format, args);
    va_end(args);
    return WV_UNDEFINED;
}

static double share(size_t decoded)
{
    double n = (double)decoded;
    if (n <= VALUES_SMALL)
        return SHARE_OF_SMALL;
    if (n >= VALUES_LARGE)
        return SHARE_OF_LARGE;
    return SHARE_OF_SMALL -
           (SHARE_OF_SMALL - SHARE_OF_LARGE) * (n - VALUES_SMALL) / (VALUES_LARGE - VALUES_SMALL);
}

bool wv_yaml_count(wv_yaml_decoder *d, size_t n)
{
    d->decoded += n;
    if (d->in_alias)
        d->aliased += n;
    if (d->aliased > ALIASES_FREE && d->decoded > VALUES_FREE &&
        (double)d->aliased > share(d->decoded) * (double)d->decoded)
        wv_yaml_fail(d, WB_INVALID, "yaml: document contains excessive aliasing");
    else if (d->decoded > WV_YAML_NODES_MAX || d->a->exhausted)
        wv_yaml_fail(d, WB_LIMIT, "yaml: document is too large");
    return d->status == WB_OK;
}

/* ---- scalars ---- */

static int value_of(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(letters, c) : NULL;
    return p ? (int)(p - letters) : -1;
}

/* JSON has no bytes that are no UTF-8. */
static wv text_of(wv_yaml_decoder *d, wb_str s)
{
    if (!d->json || wb_utf8_valid(s, NULL))
        return wv_string_new(d->a, s);
    wb_buf b;
    char c[4];
    wb_buf_init(&b, 3 * s.n);
    for (size_t at = 0, used; at < s.n; at += used)
        wb_buf_put(&b, c, wb_utf8_put(c, wb_utf8_get(s.p + at, s.n - at, &used)));
    wv out = wv_string_new(d->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return out;
}

/* Base64 with its padding; line ends count for nothing, nor do bits behind the last byte. */
static wv binary(wv_yaml_decoder *d, wb_str s)
{
    wb_buf b;
    wb_buf_init(&b, s.n + 1);
    uint32_t bits = 0;
    unsigned n = 0, pads = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n')
            continue;
        int v = value_of(s.p[i]);
        if (s.p[i] == '=' && n % 4 >= 2)
            pads++, v = 0;
        else if (pads)
            v = -1;
        ok = v >= 0;
        bits = bits << 6 | (uint32_t)(v & 63);
        if (++n % 4)
            continue;
        for (unsigned k = 0; k + pads < 3; k++)
            wb_buf_putc(&b, (char)(bits >> (16 - 8 * k)));
    }
    wv out = ok && n % 4 == 0
                 ? text_of(d, wb_buf_str(&b))
                 : wv_yaml_fail(d, WB_INVALID, "yaml: !!binary value contains invalid base64 data");
    wb_buf_free(&b);
    return out;
}

static wv marked(wv_yaml_decoder *d, wv v)
{
    wv set = wv_set_begin(d->a, 1);
    wv_set_add(d->a, &set, v);
    return set;
}

static wv scalar(wv_yaml_decoder *d, const wv_yaml_node *n)
{
    double f;
    wv v;
    if (!wb_arena_fits(d->a, n->text.n + 64))
        return wv_yaml_fail(d, WB_LIMIT, "yaml: document is too large");
    if (wv_yaml_is_text(n))
        return wv_string_new(d->a, n->text);
    wb_error error;
    const char *tag = wv_yaml_resolve(d->a, n->tag, n->text, &v, &error);
    if (!tag)
        return wv_yaml_fail(d, WB_INVALID, "%s", error.text);
    if (!strcmp(tag, "!!binary"))
        return binary(d, n->text);
    if (!d->json && !strcmp(tag, "!!float") && v != WV_UNDEFINED && wv_number_double(v, &f))
        return marked(d, wv_from_double(d->a, f));
    if (!d->json && !strcmp(tag, "!!timestamp"))
        return marked(d, v);
    if (!strcmp(tag, "!!timestamp")) {
        wb_str t = wv_str(&v); /* "...+24:00": the zone is a day or more away */
        if (t.p[t.n - 1] != 'Z' && t.p[t.n - 5] == '2' && t.p[t.n - 4] >= '4')
            return wv_yaml_fail(d, WB_INVALID,
                                "json: error calling MarshalJSON for type time.Time: "
                                "Time.MarshalJSON: timezone hour outside of range [0,23]");
    }
    if (v != WV_UNDEFINED)
        return v;
    /* An infinity, or what is no number. */
    wb_str s = n->text;
    return wv_yaml_fail(d, WB_INVALID, "json: unsupported value: %s",
                        strchr("nN", s.p[1]) ? "NaN"
                        : s.p[0] == '-'      ? "-Inf"
                                             : "+Inf");
}

/* ---- keys ---- */

static wv key_name(wv_yaml_decoder *d, const wv_yaml_node *n)
{
    if (n->kind == WV_YAML_SCALAR)
        return wv_string_new(d->a, n->text);
    wv pair[] = {wv_small(n->kind), wv_string_new(d->a, n->text)};
    return wv_array_new(d->a, pair, 2);
}

bool wv_yaml_doubled(wv_yaml_decoder *d, const wv_yaml_node *n)
{
    size_t before = d->mistakes.n;
    uint32_t pairs = n->n / 2;
    if (pairs < 2)
        return false;
    char *mark = wb_arena_mark(d->a);
    wv last = wv_object_begin(d->a, pairs);
    uint32_t *next = wb_arena_calloc(d->a, pairs * sizeof *next); /* the same key's next place */
    bool some = false;
    for (uint32_t i = 0; i < pairs && !d->a->exhausted; i++) {
        wv name = key_name(d, n->items[2 * i]);
        wv before_it = wv_object_get(last, name);
        int64_t at;
        if (before_it != WV_UNDEFINED && wv_number_int64(before_it, &at)) {
            next[at] = i;
            some = true;
        }
        wv_object_put(d->a, &last, name, wv_small(i));
    }
    for (uint32_t i = 0; some && i < pairs; i++)
        for (uint32_t k = next[i]; k && !d->mistakes.failed; k = next[k]) {
            const wv_yaml_node *first = n->items[2 * i], *again = n->items[2 * k];
            wb_buf_putf(&d->mistakes, "\n  line %u: mapping key ", again->line);
            wb_buf_put_json(&d->mistakes, again->text);
            wb_buf_putf(&d->mistakes, " already defined at line %u", first->line);
        }
    wb_arena_rewind(d->a, mark);
    return some || d->mistakes.n > before;
}

/* How Go writes a float of 32 bits in the fewest digits. */
static void put_float32(wb_buf *b, double d)
{
    float f = (float)d;
    char text[40];
    if (isinf(f)) {
        wb_buf_puts(b, f < 0 ? "-.inf" : ".inf");
        return;
    }
    int precision = 1;
    do
        snprintf(text, sizeof text, "%.*e", precision - 1, (double)f);
    while (strtof(text, NULL) != f && precision++ < 9);
    int exponent = atoi(strchr(text, 'e') + 1);
    int eprec = precision > 6 ? precision : 6;
    if (precision > exponent + 1 && precision <= 6)
        eprec = 6;
    if (exponent < -4 || exponent >= (eprec > 21 ? 21 : eprec)) {
        wb_buf_puts(b, text);
        return;
    }
    int decimals = precision - 1 - exponent;
    wb_buf_putf(b, "%.*f", decimals > 0 ? decimals : 0, (double)f);
}

/* A scalar key as JSON has it; undefined when there is no such text (null, a date). */
static wv key_text(wv_yaml_decoder *d, const wv_yaml_node *n)
{
    wv v;
    wb_error error;
    if (wv_yaml_is_text(n))
        return wv_string_new(d->a, n->text);
    const char *tag = wv_yaml_resolve(d->a, n->tag, n->text, &v, &error);
    if (!tag)
        return wv_yaml_fail(d, WB_INVALID, "%s", error.text);
    if (!strcmp(tag, "!!binary"))
        return binary(d, n->text);
    if (!strcmp(tag, "!!null") || !strcmp(tag, "!!timestamp"))
        return WV_UNDEFINED;
    if (wv_is_string(v))
        return v;
    wb_buf b;
    double f;
    wb_buf_init(&b, 4096);
    if (v == WV_UNDEFINED)
        wb_buf_puts(&b, strchr("nN", n->text.p[1]) ? ".nan"
                        : n->text.p[0] == '-'      ? "-.inf"
                                                   : ".inf");
    else if (!strcmp(tag, "!!float") && wv_number_double(v, &f))
        put_float32(&b, f);
    else
        wv_print(&b, v);
    v = wv_string_new(d->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return v;
}

wv wv_yaml_key(wv_yaml_decoder *d, wv_yaml_node *n)
{
    wv_yaml_node *of = n->kind == WV_YAML_ALIAS ? n->alias : n;
    if (!wv_yaml_count(d, 1))
        return WV_UNDEFINED;
    if (of->kind != WV_YAML_SCALAR) {
        /* What is wrong inside is told first; a mapping with a mistake is no key, but no end. */
        bool json = d->json;
        d->json = false; /* what JSON has no text for is told later */
        wv v = wv_yaml_decode(d, n);
        d->json = json;
        if (d->status || (v == WV_UNDEFINED && !json))
            return WV_UNDEFINED;
        return wv_yaml_fail(d, WB_INVALID, "yaml: invalid map key: %s", wv_yaml_show(d->a, of));
    }
    return d->json ? key_text(d, of) : scalar(d, of);
}

/* Refuses a key that JSON has no text for, with the last value it is given. */
static wv unsupported(wv_yaml_decoder *d, const wv_yaml_node *map, uint32_t i)
{
    const wv_yaml_node *key = map->items[i];
    if (key->kind == WV_YAML_ALIAS)
        key = key->alias;
    bool null = wv_yaml_is_null(key);
    for (uint32_t k = i + 2; null && k + 1 < map->n; k += 2)
        if (wv_yaml_is_null(map->items[k]))
            i = k;
    return wv_yaml_fail(d, WB_INVALID, "unsupported map key of type: %s, key: %s, value: %s",
                        null ? "%!s(<nil>)" : "time.Time", wv_yaml_show(d->a, key),
                        wv_yaml_show(d->a, map->items[i + 1]));
}

/* ---- collections ---- */

bool wv_yaml_merge(wv_yaml_decoder *d, wv_yaml_node *value,
                   void (*one)(wv_yaml_decoder *d, wv_yaml_node *map, void *to), void *to)
{
    bool list = value->kind == WV_YAML_SEQUENCE;
    for (uint32_t i = 0; i < (list ? value->n : 1) && !d->status; i++) {
        wv_yaml_node *n = list ? value->items[i] : value;
        const wv_yaml_node *map = n->kind == WV_YAML_ALIAS ? n->alias : n;
        if (map->kind == WV_YAML_MAPPING)
            one(d, n, to);
        else
            wv_yaml_fail(d, WB_INVALID,
                         "yaml: map merge requires map or sequence of maps as the value");
    }
    return d->status == WB_OK;
}

static void merge_one(wv_yaml_decoder *d, wv_yaml_node *map, void *to)
{
    wv from = wv_yaml_decode(d, map);
    if (from == WV_UNDEFINED || !wv_is_object(from))
        return;
    for (uint32_t i = 0; i < wv_len(from) && wv_yaml_count(d, 1); i++)
        wv_object_put_new(d->a, to, wv_key_at(from, NULL, i), wv_value_at(from, NULL, i));
}

static wv mapping(wv_yaml_decoder *d, const wv_yaml_node *n)
{
    wv_yaml_node *merged = NULL;
    if (wv_yaml_doubled(d, n))
        return WV_UNDEFINED;
    wv out = wv_object_begin(d->a, n->n / 2);
    for (uint32_t i = 0; i + 1 < n->n && !d->status; i += 2) {
        if (wv_yaml_merges(n->items[i])) {
            merged = n->items[i + 1];
            continue;
        }
        wv key = wv_yaml_key(d, n->items[i]);
        if (key == WV_UNDEFINED && !d->status && d->json)
            unsupported(d, n, i);
        if (key == WV_UNDEFINED)
            continue;
        wv value = wv_yaml_decode(d, n->items[i + 1]);
        if (value != WV_UNDEFINED)
            wv_object_put(d->a, &out, key, value);
    }
    if (merged && !d->status)
        wv_yaml_merge(d, merged, merge_one, &out);
    return d->status ? WV_UNDEFINED : out;
}

static wv sequence(wv_yaml_decoder *d, const wv_yaml_node *n)
{
    wv out = wv_array_begin(d->a, n->n);
    for (uint32_t i = 0; i < n->n && !d->status; i++) {
        wv item = wv_yaml_decode(d, n->items[i]);
        if (item != WV_UNDEFINED)
            wv_array_push(d->a, &out, item);
    }
    return d->status ? WV_UNDEFINED : out;
}

static wv alias(wv_yaml_decoder *d, wv_yaml_node *n)
{
    if (n->open)
        return wv_yaml_fail(d, WB_INVALID, "yaml: anchor '%.*s' value contains itself",
                            WB_FMT(n->text));
    n->open = true;
    d->in_alias++;
    wv_yaml_node *of = n->alias;
    wv out = WV_UNDEFINED;
    if (!of->count) {
        size_t before = d->decoded;
        out = wv_yaml_decode(d, of);
        if (out != WV_UNDEFINED) {
            of->value = out;
            of->count = d->decoded - before;
        }
    } else if (wv_yaml_count(d, of->count)) {
        out = of->value;
    }
    d->in_alias--;
    n->open = false;
    return out;
}

wv wv_yaml_decode(wv_yaml_decoder *d, wv_yaml_node *n)
{
    wv out = WV_UNDEFINED;
    if (!wv_yaml_count(d, 1))
        return out;
    if (d->depth >= WV_YAML_DEPTH_MAX)
        return wv_yaml_fail(d, WB_LIMIT, "yaml: line %u: exceeded max depth", n->line);
    d->depth++;
    switch (n->kind) {
    case WV_YAML_SCALAR: out = scalar(d, n); break;
    case WV_YAML_SEQUENCE: out = sequence(d, n); break;
    case WV_YAML_MAPPING: out = mapping(d, n); break;
    case WV_YAML_ALIAS: out = alias(d, n); break;
    }
    d->depth--;
    return out;
}
