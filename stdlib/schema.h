/* JSON Schema, drafts 4, 6 and 7: a schema document is compiled once into nodes and then checks any
 * number of documents.
 *
 * A compiled schema is immutable and owns all it points at; threads may share it. References are
 * resolved inside the schema document and by its identifiers; nothing is ever fetched. */
#ifndef WRIT_STDLIB_SCHEMA_H
#define WRIT_STDLIB_SCHEMA_H

#include "stdlib/context.h"
#include "stdlib/re.h"

#define WS_SCHEMA_DEPTH_MAX 500 /* nesting of schemas and of their use on a document */
#define WS_SCHEMA_BYTES_MAX ((size_t)64 << 20) /* memory of one compiled schema */

typedef struct ws_schema ws_schema;

/* Text is JSON. `patterns`: those of `pattern` must be valid; without it they count for nothing,
 * which is enough where no document is checked. NULL when it is no schema: the buffer then says
 * why. */
ws_schema *ws_schema_new(wb_str text, uint64_t seed, bool patterns, wb_buf *error);
void ws_schema_free(ws_schema *s);

/* The array of errors of a document of JSON's types, made in cx->out; empty when it is valid.
 * Undefined: stopped, the failure is set. */
wv ws_schema_check(ws_ctx *cx, const ws_schema *s, wv document);

/* ---- between the files ---- */

enum { WS_SCHEMA_NONE = -1 };

enum {
    WS_TYPE_ARRAY = 1,
    WS_TYPE_BOOLEAN = 2,
    WS_TYPE_INTEGER = 4,
    WS_TYPE_NULL = 8,
    WS_TYPE_NUMBER = 16,
    WS_TYPE_OBJECT = 32,
    WS_TYPE_STRING = 64
};

typedef struct ws_node ws_node;

typedef struct ws_nodes {
    ws_node **at;
    size_t n;
} ws_nodes;

typedef struct ws_named {
    wv name;
    ws_node *node; /* NULL: `names` counts */
    ws_re *re;     /* patternProperties */
    wv names;      /* dependencies on keys: an array of strings */
} ws_named;

typedef struct ws_names {
    ws_named *at;
    size_t n;
} ws_names;

/* One schema. Parts that are absent are NULL, undefined, WS_SCHEMA_NONE or empty. */
struct ws_node {
    bool boolean, pass; /* true and false as schemas */
    const ws_node *ref; /* stands for the whole schema */
    unsigned types;
    wb_str types_text; /* as errors print it */
    ws_names properties, patterns, dependencies;
    ws_nodes items, all_of, any_of, one_of;
    bool items_single;
    bool no_more_properties, no_more_items;
    const ws_node *more_properties, *more_items;
    const ws_node *property_names, *contains, *not, *when, *then, *otherwise;
    wv multiple_of, minimum, maximum, above, below;
    int64_t min_length, max_length, min_items, max_items, min_properties, max_properties;
    wv required; /* array of strings or undefined */
    bool unique, has_const, has_enum;
    wv constant;   /* canonical text */
    wv enumerated; /* array of canonical texts */
    ws_re *pattern;
    wb_str pattern_text, format;
};

struct ws_schema {
    wb_arena arena;
    ws_node *root;
    ws_re **res; /* all patterns, to be freed */
    size_t n_res;
};

/* The text that equal values share: numbers as float64, keys sorted. */
void ws_schema_text(wb_arena *scratch, wb_buf *b, wv v, unsigned depth);
/* Whether a string has a format; formats that are not known fit everything. */
bool ws_schema_format(ws_ctx *cx, wb_str format, wb_str s);

#endif
