/* A template as a tree: what the parser makes and the runner walks. Internal to stdlib/template.
 *
 * A tree is made once, never changed afterwards, and may be walked by many threads. It owns all its
 * memory and shares nothing with the text it was made of. */
#ifndef WRIT_STDLIB_TEMPLATE_TREE_H
#define WRIT_STDLIB_TEMPLATE_TREE_H

#include "base/buf.h"
#include "base/str.h"

#define WT_TREE_BYTES_MAX  ((size_t)64 << 20) /* of one tree: a node is far larger than its text */
#define WT_PARSE_DEPTH_MAX 500 /* blocks and parentheses inside each other: recursion in C */

typedef enum wt_kind {
    /* what stands in a list */
    WT_TEXT,
    WT_ACTION,
    WT_IF,
    WT_RANGE,
    WT_WITH,
    WT_TEMPLATE,
    WT_BREAK,
    WT_CONTINUE,
    /* the parser's own: how a list ended */
    WT_END,
    WT_ELSE,
    /* what stands in actions */
    WT_LIST,
    WT_PIPE,
    WT_COMMAND,
    WT_IDENTIFIER,
    WT_VARIABLE,
    WT_FIELD,
    WT_CHAIN,
    WT_DOT,
    WT_NIL,
    WT_BOOL,
    WT_NUMBER,
    WT_STRING
} wt_kind;

typedef enum wt_number { WT_INT, WT_FLOAT, WT_COMPLEX, WT_OVERFLOW } wt_number;

typedef struct wt_node wt_node;
struct wt_node {
    uint8_t kind;
    uint8_t number; /* WT_NUMBER: a wt_number */
    bool assigns;   /* WT_PIPE: "=", not ":=" */
    bool truth;     /* WT_BOOL */
    uint8_t n_decl; /* WT_PIPE */
    uint32_t at;    /* offset in the text, as errors tell it */
    wt_node *next;  /* the next of its list, command or pipe */
    wb_str text;    /* text; name; a constant as it is written */
    union {
        wb_str string; /* WT_STRING: what it says */
        int64_t i;     /* WT_NUMBER */
        struct {
            double d, imaginary;
        };
        struct { /* WT_VARIABLE (from the second on), WT_FIELD, WT_CHAIN */
            wb_str *names;
            uint32_t n_names;
            wt_node *inner; /* WT_CHAIN: whose fields they are */
        };
        struct { /* WT_LIST, WT_PIPE, WT_COMMAND */
            wt_node *first, *last;
            wt_node *decl[2]; /* WT_PIPE: variables */
        };
        struct { /* WT_ACTION, WT_IF, WT_RANGE, WT_WITH, WT_TEMPLATE */
            wt_node *pipe, *list, *otherwise;
        };
    };
};

typedef struct wt_tree wt_tree;

/* The tree of a text (copied). NULL: *error (to be initialised by the caller) holds "LINE: why" as
 * it stands behind "template: template:"; *limit tells that the text is over a limit instead. */
wt_tree *wt_parse(wb_str text, wb_buf *error, bool *limit);
void wt_free(wt_tree *t);

wb_str wt_text(const wt_tree *t);
/* The body of a template by its name; NULL: there is none. "template" is the text itself. */
const wt_node *wt_find(const wt_tree *t, wb_str name);
/* The node in the words of the template language, as errors show it. */
void wt_put(wb_buf *b, const wt_node *n);

/* ---- for the parser ---- */

typedef struct wt_pool wt_pool;
/* n bytes of the tree, cleared and 8-byte aligned; NULL past WT_TREE_BYTES_MAX. */
void *wt_alloc(wt_pool *p, size_t n);

#endif
