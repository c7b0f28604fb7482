/* YAML text to a value: the core schema, as METADATA blocks are read. libyaml does the reading. */
#include "parser/internal.h"

#include "value/json.h"

#include "value/number.h"

#include <stdlib.h>
#include <yaml.h>

#define YAML_DEPTH_MAX 256   /* nesting; people write three or four levels */
#define YAML_NODES_MAX 65536 /* values of one block, aliases counted as what they stand for */

typedef struct anchor {
    char *name;
    wv value;
    uint32_t nodes;
} anchor;

typedef struct yaml_in {
    yaml_parser_t parser;
    wp_yaml *y;
    uint32_t nodes;
    anchor *anchors;
    uint32_t n_anchors;
} yaml_in;

static bool fail(yaml_in *in, size_t line, const char *text)
{
    if (!in->y->error)
        in->y->error = line ? wb_arena_printf(in->y->arena, "yaml: line %zu: %s", line, text)
                            : wb_arena_printf(in->y->arena, "yaml: %s", text);
    return false;
}

static bool next(yaml_in *in, yaml_event_t *event)
{
    yaml_parser_t *p = &in->parser;
    if (yaml_parser_parse(p, event))
        return true;
    size_t line = p->context_mark.line ? p->context_mark.line : p->problem_mark.line;
    if (line && p->error == YAML_SCANNER_ERROR)
        line++;
    return fail(in, line, p->problem ? p->problem : "unknown problem parsing YAML content");
}

static bool digits(wb_str s, size_t from, const char *set)
{
    if (from >= s.n)
        return false;
    for (size_t i = from; i < s.n; i++)
        if (!strchr(set, s.p[i]))
            return false;
    return true;
}

static bool one_of(wb_str s, const char *const *list)
{
    for (; *list; list++)
        if (wb_str_is(s, *list))
            return true;
    return false;
}

/* What a scalar without quotes is. */
static wv plain(wb_arena *a, wb_str s)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    wv number;
    if (one_of(s, nulls))
        return WV_NULL;
    if (one_of(s, trues))
        return WV_TRUE;
    if (one_of(s, falses))
        return WV_FALSE;
    size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
    char *z = wb_arena_dup(a, s.p, s.n);
    bool hex = s.n > 2 && z[0] == '0' && z[1] == 'x' && digits(s, 2, "0123456789abcdefABCDEF");
    bool octal = s.n > 2 && z[0] == '0' && z[1] == 'o' && digits(s, 2, "01234567");
    if ((hex || octal) && s.n < 18)
        return wv_from_int64(a, strtoll(z + 2, NULL, hex ? 16 : 8));
    if (digits(s, sign, "0123456789") && s.n < 19)
        return wv_from_int64(a, strtoll(z, NULL, 10));
    wb_str unsigned_part = wb_str_n(s.p + (s.n && s.p[0] == '+'), s.n - (s.n && s.p[0] == '+'));
    if (unsigned_part.n && strchr("-.0123456789", unsigned_part.p[0]) && unsigned_part.n < 64 &&
        wv_number_parse(a, unsigned_part, true, &number) == WV_NUM_OK) {
        double d;
        if (wv_number_double(number, &d))
            return wv_from_double(a, d);
    }
    return wv_string_new(a, s);
}

static bool node(yaml_in *in, const yaml_event_t *event, uint32_t depth, wv *out);

/* The lines on which the keys of a mapping stand, in the order of the text. */
typedef struct key_lines {
    wv *keys;
    uint32_t *lines;
    uint32_t n, cap;
} key_lines;

static void note_line(key_lines *k, wv key, size_t line)
{
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 8;
        k->keys = wb_realloc(k->keys, k->cap * sizeof *k->keys);
        k->lines = wb_realloc(k->lines, k->cap * sizeof *k->lines);
    }
    k->keys[k->n] = key;
    k->lines[k->n++] = (uint32_t)line;
}

static bool twice(yaml_in *in, const key_lines *k, wv key, size_t line)
{
    uint32_t first = 0;
    wb_buf b;
    while (first < k->n && !wv_equal(k->keys[first], key))
        first++;
    wb_buf_init(&b, 1 << 16);
    wv_print(&b, key);
    in->y->error = wb_arena_printf(
        in->y->arena,
        "yaml: unmarshal errors:\n  line %zu: mapping key %s already defined at line %u", line,
        wb_buf_cstr(&b), first < k->n ? k->lines[first] : 0);
    wb_buf_free(&b);
    return false;
}

/* The value of the key that was read, into the mapping. */
static bool pair(yaml_in *in, uint32_t depth, wv key, size_t line, key_lines *seen, wv *out)
{
    yaml_event_t event;
    wv value;
    if (!next(in, &event))
        return false;
    bool ok = node(in, &event, depth, &value);
    yaml_event_delete(&event);
    if (!ok)
        return false;
    if (depth == 1 && in->y->n_lines < WP_YAML_KEYS) {
        in->y->keys[in->y->n_lines] = key;
        in->y->lines[in->y->n_lines++] = (uint32_t)line;
    }
    if (wv_object_put_new(in->y->arena, out, key, value) != WV_UNDEFINED)
        return twice(in, seen, key, line);
    note_line(seen, key, line);
    return true;
}

static bool children(yaml_in *in, bool map, uint32_t depth, wv *out)
{
    wb_arena *a = in->y->arena;
    yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    key_lines seen = {0};
    bool ok = true, done = false;
    *out = map ? wv_object_begin(a, 4) : wv_array_begin(a, 4);
    while (ok && !done) {
        yaml_event_t event;
        wv item;
        if (!next(in, &event)) {
            ok = false;
            break;
        }
        size_t line = event.start_mark.line + 1;
        done = event.type == end;
        ok = done || node(in, &event, depth, &item);
        yaml_event_delete(&event);
        if (!ok || done)
            break;
        if (map)
            ok = pair(in, depth, item, line, &seen, out);
        else
            wv_array_push(a, out, item);
    }
    free(seen.keys);
    free(seen.lines);
    return ok;
}

static bool node(yaml_in *in, const yaml_event_t *event, uint32_t depth, wv *out)
{
    wb_arena *a = in->y->arena;
    const yaml_char_t *name = NULL;
    uint32_t before = in->nodes;
    if (++in->nodes > YAML_NODES_MAX || depth > YAML_DEPTH_MAX)
        return fail(in, event->start_mark.line + 1,
                    "document contains excessive aliasing or nesting");
    switch (event->type) {
    case YAML_SCALAR_EVENT: {
        wb_str s = wb_str_n(event->data.scalar.value, event->data.scalar.length);
        name = event->data.scalar.anchor;
        bool text = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        *out = text ? wv_string_new(a, s) : plain(a, s);
        break;
    }
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: {
        bool map = event->type == YAML_MAPPING_START_EVENT;
        name = map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
        if (!children(in, map, depth + 1, out))
            return false;
        break;
    }
    case YAML_ALIAS_EVENT:
        for (uint32_t i = in->n_anchors; i-- > 0;)
            if (!strcmp(in->anchors[i].name, (const char *)event->data.alias.anchor)) {
                in->nodes += in->anchors[i].nodes;
                *out = in->anchors[i].value;
                return true;
            }
        return fail(in, 0, "unknown anchor referenced");
    default: return fail(in, event->start_mark.line + 1, "did not find expected node content");
    }
    if (name) {
        in->anchors = wb_realloc(in->anchors, (in->n_anchors + 1) * sizeof *in->anchors);
        in->anchors[in->n_anchors++] =
            (anchor){wb_arena_dup(a, name, strlen((const char *)name)), *out, in->nodes - before};
    }
    return true;
}

bool wp_yaml_read(wp_yaml *y, wb_str text)
{
    yaml_in in = {.y = y};
    yaml_event_t event;
    bool ok = true, done = false;
    y->value = WV_NULL;
    if (!yaml_parser_initialize(&in.parser))
        wb_fatal("no memory for a YAML parser");
    yaml_parser_set_input_string(&in.parser, (const unsigned char *)text.p, text.n);
    while (ok && !done) {
        if (!next(&in, &event)) {
            ok = false;
            break;
        }
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT: break;
        case YAML_DOCUMENT_END_EVENT:
        case YAML_STREAM_END_EVENT: done = true; break;
        default: ok = node(&in, &event, 0, &y->value);
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&in.parser);
    free(in.anchors);
    return ok;
}
