/* YAML by libyaml; what plain scalars mean is decided here.
 *
 * The rules are the 1.2 core schema with the extras of OPA's reader: "017" is octal, "1_000" and
 * "0b11" are integers, floats pass through 64 bits, .inf and .nan are refused, timestamps are
 * strings, of equal keys the last wins, keys become strings, "<<" merges. */
#include "stdlib/yaml_read.h"

#include "base/base64.h"
#include "value/json.h"
#include "value/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

typedef struct anchor {
    char *name;
    wv value;
    size_t nodes;
    bool open; /* still being read: an alias to it would make a ring */
} anchor;

typedef struct reader {
    yaml_parser_t parser;
    wb_arena *a;
    wb_error *error;
    wb_status status;
    size_t nodes;
    anchor *anchors;
    size_t n_anchors;
} reader;

static bool fail_plainly(reader *r, const char *text)
{
    if (!r->status)
        wb_fail(r->error, WB_INVALID, "%s", text);
    r->status = WB_INVALID;
    return false;
}

static bool fail(reader *r, wb_status status, size_t line, const char *text)
{
    if (!r->status && line)
        wb_fail(r->error, status, "yaml: line %zu: %s", line, text);
    else if (!r->status)
        wb_fail(r->error, status, "yaml: %s", text);
    r->status = status;
    return false;
}

static bool next(reader *r, yaml_event_t *event)
{
    yaml_parser_t *p = &r->parser;
    if (yaml_parser_parse(p, event))
        return true;
    size_t line = p->context_mark.line ? p->context_mark.line : p->problem_mark.line;
    if (line && p->error == YAML_SCANNER_ERROR)
        line++;
    return fail(r, WB_INVALID, line, p->problem ? p->problem : "unknown problem");
}

static bool one_of(wb_str s, const char *const *list)
{
    for (; *list; list++)
        if (wb_str_is(s, *list))
            return true;
    return false;
}

/* Go's ParseInt with base 0 on the text without underscores. */
static bool integer(wb_arena *a, const char *z, wv *out)
{
    const char *p = z + (*z == '-' || *z == '+');
    int base = 10;
    if (p[0] == '0' && p[1]) {
        char c = (char)tolower((unsigned char)p[1]);
        base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        p += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
    }
    if (!isxdigit((unsigned char)*p) || (*p == '0' && (p[1] | 0x20) == 'x'))
        return false;
    char *end;
    errno = 0;
    unsigned long long u = strtoull(p, &end, base);
    unsigned long long most = (unsigned long long)INT64_MAX + (*z == '-');
    if (*end || errno || ((*z == '-' || *z == '+') && u > most))
        return false;
    *out = *z == '-' ? wv_from_int64(a, (int64_t)(0 - u)) : wv_from_uint64(a, u);
    return true;
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

bool ws_yaml_number(wb_arena *a, wb_str s, wv *out)
{
    char bare[NUMBER_TEXT_MAX];
    size_t n = 0;
    if (!s.n || s.n >= sizeof bare || !memchr("+-.0123456789", s.p[0], 13))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        /* After a leading point "_" stands between digits only. */
        bool between = i && i + 1 < s.n && isdigit((unsigned char)s.p[i - 1]) &&
                       isdigit((unsigned char)s.p[i + 1]);
        if (!s.p[i] || (s.p[i] == '_' && s.p[0] == '.' && !between))
            return false;
        if (s.p[i] != '_')
            bare[n++] = s.p[i];
    }
    bare[n] = 0;
    if (s.p[0] != '.' && integer(a, bare, out))
        return true;
    double d;
    if (!float_syntax(bare) || !isfinite(d = strtod(bare, NULL)))
        return false;
    *out = wv_from_double_json(a, d);
    return true;
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

static bool plain(reader *r, wb_str s, wv *out)
{
    if (word(s, out))
        return true;
    if (one_of(s, infinite))
        return fail_plainly(r, strchr("nN", s.p[1]) ? "json: unsupported value: NaN"
                               : s.p[0] == '-'      ? "json: unsupported value: -Inf"
                                                    : "json: unsupported value: +Inf");
    if (!ws_yaml_number(r->a, s, out))
        *out = wv_string_new(r->a, s);
    return true;
}

static bool node(reader *r, const yaml_event_t *event, unsigned depth, wv *out);

/* A key as JSON has it: strings stay, other scalars become their text. */
static bool key_text(reader *r, wv *key)
{
    if (wv_is_string(*key))
        return true;
    if (*key == WV_NULL)
        return fail_plainly(r, "unsupported map key of type: null");
    if (wv_is_collection(*key))
        return fail(r, WB_INVALID, 0, "invalid map key");
    wb_buf b;
    wb_buf_init(&b, 4096);
    wv_json_encode(&b, *key, NULL, NULL);
    *key = wv_string_new(r->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return true;
}

static void merge_into(reader *r, wv *to, wv from)
{
    for (uint32_t i = 0; i < wv_len(from); i++)
        wv_object_put_new(r->a, to, wv_key_at(from, NULL, i), wv_value_at(from, NULL, i));
}

static bool mapping(reader *r, unsigned depth, wv *out)
{
    wv merged = wv_object_begin(r->a, 0);
    *out = wv_object_begin(r->a, 4);
    for (;;) {
        yaml_event_t event;
        wv key, value;
        if (!next(r, &event))
            return false;
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            merge_into(r, out, merged);
            return true;
        }
        bool ok = node(r, &event, depth, &key);
        bool joins = ok && event.type == YAML_SCALAR_EVENT && event.data.scalar.plain_implicit &&
                     event.data.scalar.length == 2 && !memcmp(event.data.scalar.value, "<<", 2);
        yaml_event_delete(&event);
        if (!ok || !key_text(r, &key) || !next(r, &event))
            return false;
        ok = node(r, &event, depth, &value);
        yaml_event_delete(&event);
        if (!ok)
            return false;
        if (!joins) {
            wv_object_put(r->a, out, key, value);
        } else if (wv_is_object(value)) {
            merge_into(r, &merged, value);
        } else if (wv_is_array(value)) {
            for (uint32_t i = 0; i < wv_len(value); i++) {
                if (!wv_is_object(wv_items(value)[i]))
                    return fail(r, WB_INVALID, 0,
                                "map merge requires map or sequence of maps "
                                "as the value");
                merge_into(r, &merged, wv_items(value)[i]);
            }
        } else {
            return fail(r, WB_INVALID, 0,
                        "map merge requires map or sequence of maps as the value");
        }
    }
}

static bool sequence(reader *r, unsigned depth, wv *out)
{
    *out = wv_array_begin(r->a, 4);
    for (;;) {
        yaml_event_t event;
        wv item;
        if (!next(r, &event))
            return false;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        bool ok = end || node(r, &event, depth, &item);
        yaml_event_delete(&event);
        if (end || !ok)
            return ok;
        wv_array_push(r->a, out, item);
    }
}

static bool binary(reader *r, wb_str s, wv *out)
{
    char *bytes = wb_malloc(WB_BASE64_BYTES(s.n) + 1);
    size_t n;
    bool ok = wb_base64_decode_loose(s, bytes, &n);
    if (ok)
        *out = wv_string_new(r->a, wb_str_n(bytes, n));
    free(bytes);
    return ok || fail(r, WB_INVALID, 0, "!!binary value contains invalid base64 data");
}

/* What a plain scalar is of by itself. */
static const char *kind_of(reader *r, wb_str s)
{
    char *mark = wb_arena_mark(r->a);
    char bare[NUMBER_TEXT_MAX];
    wv v;
    const char *kind = "!!str";
    if (wb_str_is(s, "<<")) {
        kind = "!!merge";
    } else if (word(s, &v)) {
        kind = v == WV_NULL ? "!!null" : "!!bool";
    } else if (one_of(s, infinite)) {
        kind = "!!float";
    } else if (ws_yaml_number(r->a, s, &v)) {
        size_t n = 0;
        for (size_t i = 0; i < s.n; i++)
            if (s.p[i] != '_')
                bare[n++] = s.p[i];
        bare[n] = 0;
        kind = s.p[0] != '.' && integer(r->a, bare, &v) ? "!!int" : "!!float";
    }
    wb_arena_rewind(r->a, mark);
    return kind;
}

/* A tag that asks for a type holds only for text that reads as one. */
static bool tagged(reader *r, const char *tag, wb_str s, wv *out)
{
    const char *kind = kind_of(r, s);
    double d;
    if (strcmp(kind, tag) != 0 && (strcmp(tag, "!!float") != 0 || strcmp(kind, "!!int") != 0)) {
        char text[512];
        snprintf(text, sizeof text, "cannot decode %s `%.*s` as a %s", kind,
                 (int)(s.n < 400 ? s.n : 400), s.n ? s.p : "", tag);
        return fail(r, WB_INVALID, 0, text);
    }
    if (!plain(r, s, out))
        return false;
    if (!strcmp(tag, "!!float") && wv_number_double(*out, &d))
        *out = wv_from_double_json(r->a, d);
    return true;
}

static bool scalar(reader *r, const yaml_event_t *event, wv *out)
{
    static const struct {
        const char *tag, *name;
    } typed[] = {{YAML_INT_TAG, "!!int"},
                 {YAML_FLOAT_TAG, "!!float"},
                 {YAML_BOOL_TAG, "!!bool"},
                 {YAML_NULL_TAG, "!!null"}};
    wb_str s = wb_str_n(event->data.scalar.value, event->data.scalar.length);
    const char *tag = (const char *)event->data.scalar.tag;
    if (!wb_arena_fits(r->a, s.n + 64))
        return fail(r, WB_LIMIT, 0, "document is too large");
    for (size_t i = 0; tag && i < sizeof typed / sizeof *typed; i++)
        if (!strcmp(tag, typed[i].tag))
            return tagged(r, typed[i].name, s, out);
    if (tag && !strcmp(tag, "tag:yaml.org,2002:binary"))
        return binary(r, s, out);
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !(tag && !strcmp(tag, YAML_STR_TAG)))
        return plain(r, s, out);
    *out = wv_string_new(r->a, s);
    return true;
}

static bool alias(reader *r, const yaml_event_t *event, wv *out)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (size_t i = r->n_anchors; i-- > 0;)
        if (!strcmp(r->anchors[i].name, name)) {
            char text[256];
            snprintf(text, sizeof text, "anchor '%.200s' value contains itself", name);
            if (r->anchors[i].open)
                return fail(r, WB_INVALID, 0, text);
            r->nodes += r->anchors[i].nodes;
            *out = r->anchors[i].value;
            return true;
        }
    char text[256];
    snprintf(text, sizeof text, "unknown anchor '%.200s' referenced", name);
    return fail(r, WB_INVALID, 0, text);
}

static bool node(reader *r, const yaml_event_t *event, unsigned depth, wv *out)
{
    size_t before = r->nodes, slot = SIZE_MAX;
    const yaml_char_t *name = NULL;
    if (++r->nodes > WS_YAML_NODES_MAX)
        return fail(r, WB_LIMIT, 0, "document contains excessive aliasing");
    if (depth > WS_YAML_DEPTH_MAX)
        return fail(r, WB_LIMIT, event->start_mark.line + 1, "exceeded max depth");
    if (r->a->exhausted)
        return fail(r, WB_LIMIT, 0, "document is too large");
    if (event->type == YAML_SCALAR_EVENT)
        name = event->data.scalar.anchor;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        name = event->data.sequence_start.anchor;
    else if (event->type == YAML_MAPPING_START_EVENT)
        name = event->data.mapping_start.anchor;
    if (name) {
        slot = r->n_anchors++;
        r->anchors = wb_realloc(r->anchors, r->n_anchors * sizeof *r->anchors);
        r->anchors[slot] = (anchor){wb_strdup((const char *)name), WV_NULL, 0, true};
    }
    bool ok = false;
    switch (event->type) {
    case YAML_SCALAR_EVENT: ok = scalar(r, event, out); break;
    case YAML_SEQUENCE_START_EVENT: ok = sequence(r, depth + 1, out); break;
    case YAML_MAPPING_START_EVENT: ok = mapping(r, depth + 1, out); break;
    case YAML_ALIAS_EVENT: ok = alias(r, event, out); break;
    default: fail(r, WB_INVALID, event->start_mark.line + 1, "unexpected event");
    }
    if (ok && slot != SIZE_MAX) {
        r->anchors[slot].value = *out;
        r->anchors[slot].nodes = r->nodes - before;
        r->anchors[slot].open = false;
    }
    return ok;
}

wb_status ws_yaml_decode(wb_arena *a, wb_str text, wv *out, wb_error *error)
{
    reader r = {.a = a, .error = error};
    unsigned documents = 0;
    *out = WV_NULL;
    if (!yaml_parser_initialize(&r.parser))
        wb_fatal("no memory for a YAML parser");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    for (bool done = false; !done && !r.status;) {
        yaml_event_t event;
        if (!next(&r, &event))
            break;
        wv value;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT: break;
        case YAML_DOCUMENT_START_EVENT: documents++; break;
        case YAML_STREAM_END_EVENT: done = true; break;
        default:
            if (node(&r, &event, 0, &value) && documents == 1)
                *out = value;
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&r.parser);
    for (size_t i = 0; i < r.n_anchors; i++)
        free(r.anchors[i].name);
    free(r.anchors);
    return r.status;
}
