/* YAML 1.2 as the two readers of YAML need it: text to a tree of nodes (libyaml does the reading),
 * what plain scalars mean, and nodes to values.
 *
 * A plain scalar is of the core schema with four extras: "017" is octal as "0o17" is, "0b11" is
 * binary, "_" may stand between digits, and a date or a time is a timestamp. "<<" merges maps.
 *
 * Ownership: nodes and values live in the arena they were made in; nodes point into it alone. */
#ifndef WRIT_VALUE_YAML_H
#define WRIT_VALUE_YAML_H

#include "base/buf.h"
#include "base/error.h"
#include "value/value.h"

#define WV_YAML_DEPTH_MAX 1000u              /* nesting: recursion in C stays small */
#define WV_YAML_NODES_MAX ((size_t)10000000) /* values, aliases counted as what they stand for */

typedef enum wv_yaml_kind {
    WV_YAML_SCALAR,
    WV_YAML_SEQUENCE,
    WV_YAML_MAPPING, /* items are keys and values in turn */
    WV_YAML_ALIAS
} wv_yaml_kind;

typedef struct wv_yaml_node {
    wv_yaml_kind kind;
    bool quoted;     /* written as anything but a plain scalar */
    bool tagged;     /* the tag stands in the text */
    bool open;       /* an alias that is being decoded: to meet it again is a ring */
    uint32_t line;   /* from 1 */
    uint32_t n;      /* items */
    const char *tag; /* short: "!!str", "!!int", "!!map", "!mine"; of an alias "" */
    wb_str text;     /* a scalar's, an alias's name; else empty */
    struct wv_yaml_node **items, *alias;
    wv value;     /* what it was decoded to, when `count` is not 0 */
    size_t count; /* values that took */
} wv_yaml_node;

/* The first document of the text; NULL when it has none. all: what follows must parse, too.
 * WB_INVALID with YAML's words ("yaml: line 2: ..."), WB_LIMIT for the limits above or the arena's
 * budget. */
wb_status wv_yaml_parse(wb_arena *a, wb_str text, bool all, wv_yaml_node **first, wb_error *error);

/* What the text of a scalar means under a tag ("": by itself). Answers the short tag of what it is.
 * *out: null, a boolean, a number, a timestamp's text in RFC 3339, or the text itself; undefined
 * for infinities and what is no number (the text tells which). NULL: the text does not fit the tag,
 * and *error says so. */
const char *wv_yaml_resolve(wb_arena *a, const char *tag, wb_str text, wv *out, wb_error *error);
/* Whether a plain scalar reads as an integer or a finite float; *out is it, made in a. */
bool wv_yaml_number(wb_arena *a, wb_str s, wv *out);
bool wv_yaml_is_null(const wv_yaml_node *n);
/* A scalar that is text whatever it looks like. */
bool wv_yaml_is_text(const wv_yaml_node *n);
/* A key that merges the maps behind it. */
bool wv_yaml_merges(const wv_yaml_node *n);

/* One decoding of a tree. */
typedef struct wv_yaml_decoder {
    wb_arena *a;
    bool json; /* numbers and keys as JSON has them; else a timestamp is a set of its text and a
                * float a set of its number, so that nobody takes them for strings and integers */
    wb_status status; /* what ended it */
    wb_error error;   /* its words */
    wb_buf mistakes;  /* "\n  line 3: ..." each: they let decoding go on and fail it at its end */
    size_t decoded, aliased;
    unsigned depth, in_alias;
} wv_yaml_decoder;

void wv_yaml_decoder_init(wv_yaml_decoder *d, wb_arena *a, bool json);
void wv_yaml_decoder_clear(wv_yaml_decoder *d);
/* The value of a node; undefined when it has none because of a mistake or d->status. */
wv wv_yaml_decode(wv_yaml_decoder *d, wv_yaml_node *n);
/* The key of a mapping: with d->json its text. Undefined when JSON has none for it (null, a date);
 * without it, when it is a mapping with a mistake that was told; and with d->status when it is
 * another collection or does not fit its tag. */
wv wv_yaml_key(wv_yaml_decoder *d, wv_yaml_node *n);
/* A node as Go prints its value in Go's syntax ("[]interface {}{1, 2}"), for error texts; cut when
 * it is long. */
const char *wv_yaml_show(wb_arena *a, const wv_yaml_node *n);
/* Ends the decoding with words of YAML. Answers undefined. */
wv wv_yaml_fail(wv_yaml_decoder *d, wb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One more value was decoded; false when there are too many of them. */
bool wv_yaml_count(wv_yaml_decoder *d, size_t n);
/* Notes keys of a mapping that are written twice; true when there are some. */
bool wv_yaml_doubled(wv_yaml_decoder *d, const wv_yaml_node *n);
/* The maps a merging key names are decoded by `one`, from the first to the last; false when the
 * value is none, or d->status is set. */
bool wv_yaml_merge(wv_yaml_decoder *d, wv_yaml_node *value,
                   void (*one)(wv_yaml_decoder *d, wv_yaml_node *map, void *to), void *to);

#endif
