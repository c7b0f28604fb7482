/* What the files of the formatter share.
 *
 * Words: a *waiting comment* stood behind the code of the line that is being written, and is put
 * at the line's end. Comments are taken from one list in the order of the text: `at` is the next
 * one. A function that meets two comments for one line, or comments inside what it would write on
 * one line, answers FM_KEEP: the nearest term above it is then copied from the source as it
 * stands. */
#ifndef WRIT_PARSER_FORMAT_INTERNAL_H
#define WRIT_PARSER_FORMAT_INTERNAL_H

#include "parser/format.h"
#include "parser/internal.h"

typedef enum fm_status {
    FM_OK,
    FM_KEEP, /* a comment has no place: copy the term as it stands */
    FM_STOP  /* an error was reported */
} fm_status;

#define FM_NO_ROW UINT32_MAX /* of a bracket that was not found */

typedef struct fm {
    wb_arena *arena;
    wb_buf *out;
    wp_diags *diags;
    const wp_module *module;
    wp_comment *comments; /* by place, trailing blanks cut */
    uint32_t n_comments;
    uint32_t at;
    const wp_comment *waiting;
    uint32_t level; /* tabs in front of a line */
    uint32_t depth;
    bool in_line;    /* something stands on the line already */
    bool delay;      /* the waiting comment goes behind the next line, not this one */
    bool final_line; /* a copied term takes the comment behind its last line along */
    bool failed;
    bool has_locals;    /* the text has variables as a compiler names them */
    bool contains, ifs; /* the words are used */
    bool ref_heads;     /* some head needs its reference written out */
    bool v1, v2;        /* most of the target is at least that */
    bool v2_imported;
    const wp_expr *paren_expr; /* its terms go in parentheses */
    const wp_term *paren_term; /* the same */
    const wb_str *words;       /* of `import future.keywords.WORD` */
    uint32_t n_words;
} fm;

/* format_out.c: lines and comments */
void fm_puts(fm *f, const char *z);
void fm_put(fm *f, wb_str s);
void fm_start_line(fm *f);
void fm_end_line(fm *f);
void fm_blank_line(fm *f);
wb_str fm_text(const fm *f, wp_loc loc); /* the source of a place */
bool fm_starts(const fm *f, wp_loc loc, char c);
uint32_t fm_lines(wb_str s); /* line ends in it */
uint32_t fm_end_row(const fm *f, wp_loc loc);
const wp_comment *fm_next(const fm *f); /* the next comment, or NULL */
bool fm_is_metadata(const wp_comment *c);
void fm_comment(fm *f, const wp_comment *c);
/* Writes the next n comments on lines of their own. */
void fm_comments(fm *f, uint32_t n);
/* How many of the next comments stand above the row. */
uint32_t fm_above(const fm *f, uint32_t row);
/* Writes comments above the row; the one on it waits. */
fm_status fm_insert(fm *f, uint32_t row);
/* Copies the source of the place, and passes over its comments. */
fm_status fm_copy(fm *f, wp_loc loc);
fm_status fm_stop(fm *f, wp_loc loc, wp_code code, const char *message);
/* The row where the bracket that `open` begins ends; skip: a bracket pair to pass over before. */
uint32_t fm_close_row(const fm *f, wp_loc loc, char skip, char skip_end, char open, char close);

/* format_term.c */
fm_status fm_term(fm *f, const wp_term *t);
fm_status fm_term_parens(fm *f, const wp_term *t, bool parens);
fm_status fm_ref(fm *f, wp_term *const *items, uint32_t n);
fm_status fm_arguments(fm *f, wp_term *const *items, uint32_t n, wp_loc loc);
fm_status fm_call(fm *f, wp_term *const *items, uint32_t n);
fm_status fm_in(fm *f, wp_term *const *operands, uint32_t n, bool parens, wp_loc loc);
/* The sign of an infix operator with two operands, without `in`; NULL for all others. */
const char *fm_sign(const wp_term *operator);
/* 2 or 3: the operands of `in`; 0: another operator. */
uint32_t fm_in_operands(const wp_term *operator);
bool fm_is_union(const wp_term *t);
bool fm_term_brace(const wp_term *t); /* would be written with a brace in front */

/* format_expr.c */
fm_status fm_expr(fm *f, const wp_expr *e);
fm_status fm_body(fm *f, const wp_body *body);
/* A body behind `{` or a bar: on the line when it was, else on lines of its own. */
fm_status fm_inner_body(fm *f, const wp_body *body, uint32_t row, wp_loc around, char open,
                        char close);
void fm_mark_union(fm *f, const wp_expr *e);
bool fm_is_set(const wp_expr *e);

/* format_rule.c */
fm_status fm_rules(fm *f, wp_rule *const *rules, uint32_t n);

/* format_scan.c: what a tree holds */
uint32_t fm_scan_rules(fm *f); /* WP_KW_... used; sets ref_heads */
/* Whether a variable `__local..` is in it: such texts come from compilers. */
bool fm_term_local(const wp_term *t);
bool fm_body_local(const wp_body *body);

/* format_import.c */
typedef struct fm_import {
    wp_term *path;
    wb_str alias;
    uint32_t row, col;
    bool added;
    const wp_comment *comment;
} fm_import;

bool fm_path_is(const wp_term *path, const char *a, const char *b);
/* The imports that the target needs, in the order of their places; the words seen on the way are
 * those of wp_options' WP_KW_ bits that the module's own expressions use. */
fm_import *fm_plan_imports(fm *f, const wp_format_options *o, uint32_t used, uint32_t *n);
fm_status fm_imports(fm *f, fm_import *imports, uint32_t n);

#endif
