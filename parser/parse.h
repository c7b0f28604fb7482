/* Rego text to syntax tree.
 *
 * Nothing here resolves names: the tree says what was written. Errors are collected in the
 * wp_diags; one mistake gives one error. All input is hostile: nesting, text size and number of
 * errors are bounded. */
#ifndef WRIT_PARSER_PARSE_H
#define WRIT_PARSER_PARSE_H

#include "parser/ast.h"

/* Brackets inside each other, and operators, calls and `else` parts behind each other: the height
 * of a tree. Every pass over a tree may recurse, and some take several hundred bytes a level: this
 * is what they all survive in 8 MB of stack. */
#define WP_DEPTH_MAX 10000
/* Template strings inside each other: a hole is a body of its own, which later passes copy. */
#define WP_TEMPLATE_DEPTH_MAX 1000
/* Bytes of one text: offsets are 32-bit. */
#define WP_TEXT_MAX ((size_t)256 << 20)

enum {
    WP_KW_IN = 1,
    WP_KW_EVERY = 2,
    WP_KW_IF = 4,
    WP_KW_CONTAINS = 8,
    WP_KW_NOT = 16,
    WP_KW_AND = 32,
    WP_KW_OR = 64
};

typedef struct wp_options {
    wp_version version;   /* WP_V1 by default of callers */
    uint32_t keywords;    /* WP_KW_... that are on without an import */
    uint32_t file_number; /* goes into every wp_loc */
    /* Whether a name is a built-in's, which no bodyless rule may take; may be NULL. */
    bool (*is_builtin)(const void *builtins, wb_str name);
    const void *builtins;
    bool plain_comments; /* METADATA blocks are comments and nothing more */
} wp_options;

/* Parses a module. The tree is in *out when WB_OK; with errors WB_INVALID and *out is NULL. name
 * and text must live as long as the tree (the tree points into them). */
wb_status wp_parse_module(wb_arena *a, wb_str name, wb_str text, const wp_options *options,
                          wp_module **out, wp_diags *diags);

/* Parses a query: expressions parted by ; or line ends. */
wb_status wp_parse_query(wb_arena *a, wb_str name, wb_str text, const wp_options *options,
                         wp_body *out, wp_diags *diags);

/* Parses one term (a data path, an input_term, a ground value). */
wb_status wp_parse_term(wb_arena *a, wb_str text, const wp_options *options, wp_term **out,
                        wp_diags *diags);

/* Order of terms as OPA compares trees: 0 for equal ones, whatever their places. */
int wp_term_compare(const wp_term *a, const wp_term *b);

/* The value of a ground term without refs, calls and comprehensions; undefined when it is none. */
wv wp_term_value(wb_arena *a, const wp_term *term);

/* What messages call a kind of term: "null", "array", "templatestring", ... */
const char *wp_kind_name(wp_term_kind kind);

/* The tree as `opa parse -f json` prints it. */
typedef struct wp_json_options {
    bool locations; /* with "location" on each node, and the source text in every place */
    bool comments;
} wp_json_options;
wv wp_module_json(wb_arena *a, const wp_module *m, const wp_json_options *o);
wv wp_body_json(wb_arena *a, const wp_body *body, const wp_json_options *o);
/* The indented form of `opa parse` (pretty). */
void wp_module_pretty(wb_buf *b, const wp_module *m);

/* Rego text of a node, as OPA's String() methods print it (error texts, traces). */
void wp_term_put(wb_buf *b, const wp_term *t);
void wp_expr_put(wb_buf *b, const wp_expr *e);
void wp_body_put(wb_buf *b, const wp_body *body);

#endif
