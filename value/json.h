/* JSON text to values and back, in one validating pass without a tree between.
 *
 * Decoding: RFC 8259 with OPA's habits: numbers keep their spelling, of duplicate keys the last
 * value wins (the first place stays), invalid UTF-8 is replaced by U+FFFD as Go's decoder does,
 * lone surrogate escapes likewise. Depth, size and number length are limited. */
#ifndef WRIT_VALUE_JSON_H
#define WRIT_VALUE_JSON_H

#include "base/buf.h"
#include "value/value.h"

#define WV_JSON_DEPTH_MAX 10000             /* as Go's decoder */
#define WV_JSON_TEXT_MAX  ((size_t)1 << 31) /* bytes: lengths of values are 31-bit */

/* Objects of the same keys in one text share a shape (value.h), and equal strings and equal small
 * collections are one, where a text is large enough for that to pay. */
#define WV_JSON_SHARE_FROM ((size_t)128 << 10)

/* Shapes of the objects of many small texts, which are mostly alike: requests to one service. Who
 * decodes with them does so in one thread at a time; what was decoded lives no longer than they.
 * They take a bounded room: keys that find none left make objects of their own, as do keys of more
 * than 128 bytes. */
typedef struct wv_json_shapes wv_json_shapes;
wv_json_shapes *wv_json_shapes_new(uint64_t seed); /* NULL: no addresses are left */
void wv_json_shapes_free(wv_json_shapes *shapes);  /* NULL is allowed */
/* Whether keys find no room so often that it is better to begin anew. */
bool wv_json_shapes_stale(const wv_json_shapes *shapes);
/* Begins anew: nothing that was decoded with them may be in use. */
void wv_json_shapes_clear(wv_json_shapes *shapes);
/* Whether p is of theirs: for wv_copy. */
bool wv_json_shapes_own(const void *shapes, const void *p);

typedef struct wv_json_options {
    size_t depth_max; /* 0: WV_JSON_DEPTH_MAX */
    size_t
        share_from; /* bytes; texts from there on share keys and strings. 0: WV_JSON_SHARE_FROM */
    wv_json_shapes *shapes; /* of texts below share_from; may be NULL */
} wv_json_options;

/* Decodes the whole text (white space around it allowed) into the arena. WB_INVALID with
 * the message of Go's decoder, WB_LIMIT for depth, size or the arena's budget. options may be NULL.
 */
wb_status wv_json_decode(wb_arena *a, wb_str text, const wv_json_options *options, wv *out,
                         wb_error *error);
/* Decodes one value and tells where it ended (*used): for streams of documents. On an error *used
 * is the offset of the mistake. */
wb_status wv_json_decode_prefix(wb_arena *a, wb_str text, const wv_json_options *options, wv *out,
                                size_t *used, wb_error *error);

/* How values become JSON: sets are arrays in Rego order, keys that are no strings become their JSON
 * text (with < > & escaped), object keys are sorted bytewise by that text. Strings are escaped as
 * Go's encoder does (html: also < > & as \u003c ...). */
typedef struct wv_json_style {
    unsigned indent; /* blanks a level; 0: compact */
    bool html;       /* escape < > & (U+2028 and U+2029 always are) */
} wv_json_style;

/* Appends v (style NULL: compact, no html). Undefined writes nothing. A number whose text is no
 * JSON number (".5", "+1") makes WB_INVALID `json: invalid number literal ".5"`; passing the
 * buffer's maximum makes WB_LIMIT. */
wb_status wv_json_encode(wb_buf *b, wv v, const wv_json_style *style, wb_error *error);

/* A JSON string with its quotes, as wv_json_encode writes it; bytes that are no UTF-8 as \ufffd. */
void wv_json_put_string(wb_buf *b, wb_str s, bool html);
/* A small integer in decimal digits. */
void wv_put_small(wb_buf *b, int64_t i);

/* Rego's own text of a value: {1, 2}, set(), {"a": 1}, as error texts and sprintf print it. */
void wv_print(wb_buf *b, wv v);
/* Whether two equal values are spelled alike: 1 and 1.0 are equal, and two names in a path. */
bool wv_same_spelling(wv a, wv b);
/* Whether Go's quoted form shows the code point as it is. */
bool wv_printable(uint32_t c);
/* How many of the first of n bytes are printable ASCII, and neither the quote nor a backslash. */
size_t wv_print_plain(const char *p, size_t n, char quote);
/* A string as Rego prints it in collections: Go's quoted form. */
void wv_print_string(wb_buf *b, wb_str s);

#endif
