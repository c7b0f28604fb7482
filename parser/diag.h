/* Diagnostics: what is wrong in a policy, where, and under which of OPA's codes.
 *
 * Parser, compiler and VM report with the same struct, so that every command prints errors alike.
 * A list and all it points to live in the arena it was made with. */
#ifndef WRIT_PARSER_DIAG_H
#define WRIT_PARSER_DIAG_H

#include "base/arena.h"
#include "base/buf.h"
#include "value/value.h"

/* One row a code, with OPA's spelling. */
#define WP_CODE_MAP(X)                                                                             \
    X(PARSE, "rego_parse_error")                                                                   \
    X(COMPILE, "rego_compile_error")                                                               \
    X(TYPE, "rego_type_error")                                                                     \
    X(UNSAFE_VAR, "rego_unsafe_var_error")                                                         \
    X(RECURSION, "rego_recursion_error")                                                           \
    X(FORMAT, "rego_format_error")                                                                 \
    X(EVAL_CONFLICT, "eval_conflict_error")                                                        \
    X(EVAL_TYPE, "eval_type_error")                                                                \
    X(EVAL_BUILTIN, "eval_builtin_error")                                                          \
    X(EVAL_CANCEL, "eval_cancel_error")                                                            \
    X(EVAL_WITH_MERGE, "eval_with_merge_error")                                                    \
    X(EVAL_INTERNAL, "eval_internal_error")                                                        \
    X(STORAGE_NOT_FOUND, "storage_not_found_error")

typedef enum wp_code {
#define X(name, text) WP_##name##_ERROR,
    WP_CODE_MAP(X)
#undef X
} wp_code;

const char *wp_code_text(wp_code code);

/* A place in a source text. row 0 means "no place". */
typedef struct wp_loc {
    uint32_t file;   /* number of the file in its set; see wp_file */
    uint32_t row;    /* 1-based */
    uint32_t col;    /* 1-based, counts code points */
    uint32_t offset; /* byte offset of the node's first byte */
    uint32_t len;    /* bytes of the node's text */
} wp_loc;

/* A source text: what a wp_loc's `file` number means. */
typedef struct wp_file {
    wb_str name; /* as shown to the user; empty: no name */
    wb_str text;
} wp_file;

typedef struct wp_diag {
    wp_code code;
    wp_loc loc;
    wb_str file;         /* the file's name; empty when there is none */
    wb_str message;      /* one or more lines, OPA's wording */
    wb_str line;         /* parse errors: the source line; empty otherwise */
    uint32_t idx;        /* parse errors: byte offset of the mark in that line */
    bool no_line;        /* a parse error without source line */
    const wb_str *lines; /* other errors: lines that wp_diag_print puts below, tab-indented */
    uint32_t n_lines;
    wv details; /* other errors: OPA's details as a value, or undefined */
    struct wp_diag *next;
} wp_diag;

typedef struct wp_diags {
    wb_arena *arena;
    wp_diag *first, *last;
    uint32_t n;
    uint32_t max; /* 0: no limit. Past it one more is counted as `limit_reached` and dropped */
    bool limit_reached;
} wp_diags;

void wp_diags_init(wp_diags *d, wb_arena *a, uint32_t max);
/* Adds one; the message is formatted into the arena. file may be NULL. */
wp_diag *wp_report(wp_diags *d, wp_code code, const wp_file *file, wp_loc loc, const char *format,
                   ...) __attribute__((format(printf, 5, 6)));
/* Copies into the list's arena all that its entries point at: for callers whose source texts and
 * trees die before the list. */
void wp_diags_own(wp_diags *d);
/* Sorts by file, row, column, message, as OPA lists them. */
void wp_diags_sort(wp_diags *d);
/* "file:row: code: message" with the source line and caret under it for parse errors. */
void wp_diag_print(wb_buf *b, const wp_diag *d);
/* All of them under OPA's heading "N errors occurred:" (or with " during loading" when loading). */
void wp_diags_print(wb_buf *b, const wp_diags *d, bool loading);
/* OPA's JSON object {"message","code","location","details"} as a value in the arena. */
wv wp_diag_value(wb_arena *a, const wp_diag *d);

#endif
