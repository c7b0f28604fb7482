/* YAML text to a tree of nodes. libyaml does the reading. */
#include "value/yaml.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define LONG_TAGS "tag:yaml.org,2002:"

typedef struct anchor {
    const char *name;
    wv_yaml_node *node;
} anchor;

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    wb_arena *a;
    wb_error *error;
    wb_status status;
    size_t nodes;
    anchor *anchors; /* a table by name, open addressing; its size is a power of two */
    size_t n_anchors, room;
    wb_str text;
    bool slashes;     /* "\\/" stands in the text somewhere */
    size_t at, chars; /* a place in the text: bytes, and the characters they are */
} reader;

static wv_yaml_node *fail(reader *r, wb_status status, size_t line, const char *text)
{
    if (!r->status && line)
        wb_fail(r->error, status, "yaml: line %zu: %s", line, text);
    else if (!r->status)
        wb_fail(r->error, status, "yaml: %s", text);
    r->status = status;
    return NULL;
}

/* The event is the reader's until the next one. */
static bool next(reader *r)
{
    yaml_parser_t *p = &r->parser;
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(p, &r->event))
        return true;
    size_t line = p->context_mark.line ? p->context_mark.line : p->problem_mark.line;
    if (line && p->error == YAML_SCANNER_ERROR)
        line++;
    fail(r, WB_INVALID, line, p->problem ? p->problem : "unknown problem parsing YAML content");
    return false;
}

/* ---- anchors ---- */

static size_t place(const reader *r, const char *name)
{
    size_t i = wb_hash(name, strlen(name), r->a->seed) & (r->room - 1);
    while (r->anchors[i].name && strcmp(r->anchors[i].name, name) != 0)
        i = (i + 1) & (r->room - 1);
    return i;
}

static void put_anchor(reader *r, const char *name, wv_yaml_node *node)
{
    if (r->n_anchors * 2 >= r->room) {
        anchor *old = r->anchors;
        size_t n = r->room;
        r->room = n ? 2 * n : 16;
        r->anchors = wb_calloc(r->room, sizeof *r->anchors);
        for (size_t i = 0; i < n; i++)
            if (old[i].name)
                r->anchors[place(r, old[i].name)] = old[i];
        free(old);
    }
    anchor *x = &r->anchors[place(r, name)];
    if (!x->name) {
        x->name = wb_arena_dup(r->a, name, strlen(name));
        r->n_anchors++;
    }
    x->node = node;
}

/* ---- nodes ---- */

static const char *short_tag(reader *r, const char *tag)
{
    size_t n = sizeof LONG_TAGS - 1;
    if (strncmp(tag, LONG_TAGS, n) == 0)
        return wb_arena_printf(r->a, "!!%s", tag + n);
    return wb_arena_dup(r->a, tag, strlen(tag));
}

static wv_yaml_node *new_node(reader *r, wv_yaml_kind kind, const yaml_char_t *tag,
                              const yaml_char_t *name)
{
    wv_yaml_node *n = wb_arena_calloc(r->a, sizeof *n);
    n->kind = kind;
    n->line = (uint32_t)r->event.start_mark.line + 1;
    n->tagged = tag && strcmp((const char *)tag, "!") != 0;
    n->tag = n->tagged                  ? short_tag(r, (const char *)tag)
             : kind == WV_YAML_MAPPING  ? "!!map"
             : kind == WV_YAML_SEQUENCE ? "!!seq"
                                        : "";
    if (name)
        put_anchor(r, (const char *)name, n);
    return n;
}

/* The byte where the n-th character stands; n never goes back. */
static size_t byte_of(reader *r, size_t n)
{
    for (; r->chars < n && r->at < r->text.n; r->chars++) {
        r->at++;
        while (r->at < r->text.n && ((unsigned char)r->text.p[r->at] & 0xc0) == 0x80)
            r->at++;
    }
    return r->at;
}

/* libyaml takes "\\/" between double quotes for "/", as YAML 1.2 has it; OPA's reader refuses it.
 */
static bool refuses_slash(reader *r)
{
    const yaml_event_t *e = &r->event;
    if (!r->slashes || e->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        return false;
    size_t i = byte_of(r, e->start_mark.index), line = e->start_mark.line;
    size_t end = byte_of(r, e->end_mark.index);
    for (bool first = line == 0; i + 1 < end; i++) {
        line += first && r->text.p[i] == '\n';
        if (r->text.p[i] != '\\')
            continue;
        if (r->text.p[++i] == '/') {
            fail(r, WB_INVALID, line ? line + 1 : 0, "found unknown escape character");
            return true;
        }
        line += first && r->text.p[i] == '\n';
    }
    return false;
}

static wv_yaml_node *scalar(reader *r)
{
    if (refuses_slash(r))
        return NULL;
    wb_str text = wb_str_n(r->event.data.scalar.value, r->event.data.scalar.length);
    if (!wb_arena_fits(r->a, text.n + 128))
        return fail(r, WB_LIMIT, 0, "document is too large");
    wv_yaml_node *n =
        new_node(r, WV_YAML_SCALAR, r->event.data.scalar.tag, r->event.data.scalar.anchor);
    n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = wb_arena_str(r->a, text);
    char *mark = wb_arena_mark(r->a);
    wv v;
    if (!n->tagged)
        n->tag = n->quoted               ? "!!str"
                 : wb_str_is(text, "<<") ? "!!merge"
                                         : wv_yaml_resolve(r->a, "", n->text, &v, NULL);
    wb_arena_rewind(r->a, mark);
    return n;
}

static wv_yaml_node *alias(reader *r)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    wv_yaml_node *n = new_node(r, WV_YAML_ALIAS, NULL, NULL);
    n->text = wb_arena_str(r->a, wb_str_of(name));
    n->alias = r->room ? r->anchors[place(r, name)].node : NULL;
    if (n->alias)
        return n;
    char text[256];
    snprintf(text, sizeof text, "unknown anchor '%.200s' referenced", name);
    return fail(r, WB_INVALID, 0, text);
}

static wv_yaml_node *node(reader *r, unsigned depth);

static wv_yaml_node *children(reader *r, bool map, unsigned depth)
{
    wv_yaml_node *n = map ? new_node(r, WV_YAML_MAPPING, r->event.data.mapping_start.tag,
                                     r->event.data.mapping_start.anchor)
                          : new_node(r, WV_YAML_SEQUENCE, r->event.data.sequence_start.tag,
                                     r->event.data.sequence_start.anchor);
    yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    wv_yaml_node **items = NULL, *item;
    size_t count = 0, room = 0;
    bool ok = true;
    while ((ok = next(r)) && r->event.type != end) {
        ok = (item = node(r, depth + 1)) != NULL;
        if (!ok)
            break;
        if (count == room) {
            room = room ? 2 * room : 8;
            items = wb_realloc(items, room * sizeof *items);
        }
        items[count++] = item;
    }
    ok = ok && (wb_arena_fits(r->a, count * sizeof *items + 64) ||
                fail(r, WB_LIMIT, 0, "document is too large"));
    if (ok && count) {
        n->items = wb_arena_alloc(r->a, count * sizeof *items);
        memcpy(n->items, items, count * sizeof *items);
        n->n = (uint32_t)count;
    }
    free(items);
    return ok ? n : NULL;
}

static wv_yaml_node *node(reader *r, unsigned depth)
{
    if (++r->nodes > WV_YAML_NODES_MAX || r->a->exhausted)
        return fail(r, WB_LIMIT, 0, "document is too large");
    if (depth > WV_YAML_DEPTH_MAX)
        return fail(r, WB_LIMIT, r->event.start_mark.line + 1, "exceeded max depth");
    switch (r->event.type) {
    case YAML_SCALAR_EVENT: return scalar(r);
    case YAML_SEQUENCE_START_EVENT: return children(r, false, depth);
    case YAML_MAPPING_START_EVENT: return children(r, true, depth);
    case YAML_ALIAS_EVENT: return alias(r);
    default: return fail(r, WB_INVALID, r->event.start_mark.line + 1, "unexpected event");
    }
}

wb_status wv_yaml_parse(wb_arena *a, wb_str text, bool all, wv_yaml_node **first, wb_error *error)
{
    reader r = {.a = a, .error = error, .text = text};
    r.slashes = text.n && memmem(text.p, text.n, "\\/", 2);
    bool any = false;
    *first = NULL;
    if (!yaml_parser_initialize(&r.parser))
        wb_fatal("no memory for a YAML parser");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    for (bool done = false; !done && next(&r);) {
        wv_yaml_node *n;
        switch (r.event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT: break;
        case YAML_DOCUMENT_END_EVENT: done = !all; break;
        case YAML_STREAM_END_EVENT: done = true; break;
        default:
            n = node(&r, 0);
            done = !n;
            if (!any)
                *first = n;
            any = true;
        }
    }
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    free(r.anchors);
    if (!r.status && a->exhausted)
        fail(&r, WB_LIMIT, 0, "document is too large");
    return r.status;
}
