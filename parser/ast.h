/* The syntax tree, shaped as OPA's own (so that `parse` prints the same JSON).
 *
 * All nodes live in the arena given to the parser and are read-only afterwards, except that the
 * compiler works on a copy it may rewrite. Lists are pointer + count. */
#ifndef WRIT_PARSER_AST_H
#define WRIT_PARSER_AST_H

#include "parser/diag.h"
#include "value/value.h"

typedef struct wp_term wp_term;
typedef struct wp_expr wp_expr;
typedef struct wp_rule wp_rule;

typedef enum wp_term_kind {
    WP_NULL,
    WP_BOOLEAN,
    WP_NUMBER,
    WP_STRING, /* value */
    WP_VAR,    /* name; "$N" for the N-th wildcard `_` of a module */
    WP_REF,    /* list: head, then its elements */
    WP_ARRAY,
    WP_SET,    /* list */
    WP_OBJECT, /* pairs */
    WP_ARRAY_COMP,
    WP_SET_COMP,
    WP_OBJECT_COMP, /* comp */
    WP_CALL,        /* list: operator (a ref), then operands */
    WP_TEMPLATE     /* tmpl: parts of $"..{x}.." */
} wp_term_kind;

typedef struct wp_body {
    wp_expr **exprs;
    uint32_t n;
} wp_body;

typedef struct wp_pair {
    wp_term *key, *value;
} wp_pair;

struct wp_term {
    uint8_t kind;       /* wp_term_kind */
    bool parens;        /* stood in parentheses of its own */
    bool raw;           /* string or template in back quotes */
    bool infix : 1;     /* WP_CALL: written with an operator sign or `in` */
    uint8_t ground : 2; /* what the planner has found of a literal: 0 nothing, 1 constant, 2 not */
    wp_loc loc;
    union {
        wv value;    /* scalars */
        wb_str name; /* WP_VAR */
        struct {
            wp_term **items;
            uint32_t n;
        } list;
        struct {
            wp_pair *pairs;
            uint32_t n;
        } object;
        struct {
            wp_term *key, *value;
            wp_body body;
        } comp; /* array, set: value only in `value` */
        struct {
            wp_expr **parts;
            uint32_t n;
        } tmpl; /* a string part is a WP_EXPR_TERM of WP_STRING */
    };
};

typedef struct wp_with {
    wp_term *target; /* a ref (or var) */
    wp_term *value;
    wp_loc loc;
} wp_with;

typedef enum wp_expr_kind {
    WP_EXPR_TERM,  /* term */
    WP_EXPR_CALL,  /* call: operator ref, operands; `x := y` is assign, `x = y` eq, `x == y` equal,
                      `a + b` plus, ... under OPA's names; `x in xs` internal.member_2 */
    WP_EXPR_SOME,  /* some: variables, or one call of internal.member_2/3 for `some k, v in xs` */
    WP_EXPR_EVERY, /* every */
    WP_EXPR_NOT,   /* body: `not` of future.keywords.not */
    WP_EXPR_AND,
    WP_EXPR_OR /* logic: future.keywords.and, .or */
} wp_expr_kind;

struct wp_expr {
    uint8_t kind;       /* wp_expr_kind */
    bool negated;       /* plain `not` */
    bool generated;     /* stands for a body that was not written */
    bool explicit_body; /* WP_EXPR_NOT, and the left side of AND, OR: written with braces */
    bool explicit_rhs;  /* the same for the right side of AND, OR */
    bool infix;         /* WP_EXPR_CALL: written with an operator sign or `in` */
    bool template_expr; /* part of a template string that is an expression, though it looks like
                           text */
    uint32_t index;     /* number in its body */
    wp_loc loc;
    wp_with *with;
    uint32_t n_with;
    union {
        wp_term *term;
        struct {
            wp_term **items;
            uint32_t n;
        } call;
        struct {
            wp_term **items;
            uint32_t n;
        } some;
        struct {
            wp_term *key, *value, *domain;
            wp_body body;
        } every; /* key may be NULL */
        wp_body body;
        struct {
            wp_body lhs, rhs;
        } logic;
    };
};

/* Nodes take only what their kind needs: most hold two words, and trees are large. So a node is
 * made and copied with these sizes, and its kind never becomes one that needs more. */
#define WP_TERM_SMALL (offsetof(wp_term, list) + 2 * sizeof(void *))
#define WP_EXPR_SMALL (offsetof(wp_expr, call) + 2 * sizeof(void *))
static inline size_t wp_term_size(wp_term_kind kind)
{
    bool comp = kind == WP_ARRAY_COMP || kind == WP_SET_COMP || kind == WP_OBJECT_COMP;
    return comp ? sizeof(wp_term) : WP_TERM_SMALL;
}
static inline size_t wp_expr_size(wp_expr_kind kind)
{
    return kind == WP_EXPR_EVERY || kind == WP_EXPR_AND || kind == WP_EXPR_OR ? sizeof(wp_expr)
                                                                              : WP_EXPR_SMALL;
}

/* New nodes in an arena: empty, or as `from` is. The sizes are known to the compiler. */
static inline wp_term *wp_term_make(wb_arena *a, wp_term_kind kind, wp_loc loc)
{
    size_t n = wp_term_size(kind);
    wp_term *t = wb_arena_alloc(a, n);
    if (n == WP_TERM_SMALL)
        memset(t, 0, WP_TERM_SMALL);
    else
        memset(t, 0, sizeof *t);
    t->kind = (uint8_t)kind;
    t->loc = loc;
    return t;
}
static inline wp_term *wp_term_like(wb_arena *a, const wp_term *from)
{
    size_t n = wp_term_size((wp_term_kind)from->kind);
    wp_term *t = wb_arena_alloc(a, n);
    if (n == WP_TERM_SMALL)
        memcpy(t, from, WP_TERM_SMALL);
    else
        memcpy(t, from, sizeof *t);
    return t;
}
static inline wp_expr *wp_expr_make(wb_arena *a, wp_expr_kind kind, wp_loc loc)
{
    size_t n = wp_expr_size(kind);
    wp_expr *e = wb_arena_alloc(a, n);
    if (n == WP_EXPR_SMALL)
        memset(e, 0, WP_EXPR_SMALL);
    else
        memset(e, 0, sizeof *e);
    e->kind = (uint8_t)kind;
    e->loc = loc;
    return e;
}
static inline wp_expr *wp_expr_like(wb_arena *a, const wp_expr *from)
{
    size_t n = wp_expr_size((wp_expr_kind)from->kind);
    wp_expr *e = wb_arena_alloc(a, n);
    if (n == WP_EXPR_SMALL)
        memcpy(e, from, WP_EXPR_SMALL);
    else
        memcpy(e, from, sizeof *e);
    return e;
}

/* The node itself, to be changed apart from its tree. */
static inline wp_term wp_term_here(const wp_term *t)
{
    wp_term here = {0};
    memcpy(&here, t, wp_term_size((wp_term_kind)t->kind));
    return here;
}
static inline wp_expr wp_expr_here(const wp_expr *e)
{
    wp_expr here = {0};
    memcpy(&here, e, wp_expr_size((wp_expr_kind)e->kind));
    return here;
}

typedef struct wp_head {
    wb_str name;   /* first part of ref: "p" */
    wp_term **ref; /* p, then further elements: p.q[x].r; `p[k] := v` has k here and in key */
    uint32_t n_ref;
    wp_term **args; /* functions */
    uint32_t n_args;
    bool is_function;     /* had an argument list */
    wp_term *key;         /* `p contains key`, v0 `p[key]`, `p[key] := v`; else NULL */
    wp_term *value;       /* `true` where none was written and the rule is no set; NULL for sets */
    bool value_generated; /* the `true` was not written */
    bool assign;          /* := */
    bool contains;        /* multi-value rule: a partial set */
    wp_loc loc;
} wp_head;

struct wp_rule {
    bool is_default;
    bool body_generated; /* no body was written: body is the one expression `true` */
    bool has_if;
    wp_head *head;
    wp_body body;
    wp_rule *else_rule; /* a head with value (and the args of the first), and a body */
    wp_loc loc;
    const struct wp_annotation **blocks; /* its METADATA blocks, with their places */
    uint32_t n_blocks;
    wv annotations; /* METADATA blocks right above, as an array of values; or undefined */
};

typedef struct wp_import {
    wp_term *path; /* ref */
    wb_str alias;  /* empty when there is none */
    wp_loc alias_loc;
    wp_loc loc;
} wp_import;

typedef struct wp_comment {
    wb_str text; /* without the # */
    wp_loc loc;
} wp_comment;

/* One METADATA block. */
typedef struct wp_annotation {
    wv value;         /* object: scope and what was written, as policies see it */
    wp_loc loc;       /* of its first comment */
    wb_str text;      /* the block with one blank behind each # */
    const void *node; /* the wp_rule, or the wp_module for the package; NULL: nothing below */
} wp_annotation;

/* 0: v0, 1: v1, 2: v2 */
typedef enum wp_version { WP_V0, WP_V1, WP_V2 } wp_version;

typedef struct wp_module {
    wp_file file;
    uint32_t file_number; /* what its wp_loc.file fields hold */
    wp_version version;
    bool rego_v1_import;
    wp_term *package; /* ref: data.a.b, or NULL for an empty module */
    wp_loc package_loc;
    wp_import *imports;
    uint32_t n_imports;
    wp_rule **rules;
    uint32_t n_rules;
    wp_comment *comments;
    uint32_t n_comments;
    wv annotations;        /* package and subpackages blocks, array of values; or undefined */
    wp_annotation *blocks; /* all METADATA blocks in the order of the text */
    uint32_t n_blocks;
    uint32_t n_wildcards;
} wp_module;

#endif
