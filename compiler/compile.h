/* Syntax trees to a program.
 *
 * Errors go to the wp_diags under OPA's codes and words; with any error no program is made. */
#ifndef WRIT_COMPILER_COMPILE_H
#define WRIT_COMPILER_COMPILE_H

#include "parser/ast.h"
#include "stdlib/builtin.h"
#include "vm/program.h"

/* Passes that may be switched off, by name; every conformance case must agree with each off. */
#define WC_PASS_MAP(X)                                                                             \
    X(FOLD, "fold", "collections of constants become constants")                                   \
    X(PREPARE, "prepare", "patterns and other constant arguments are prepared once")               \
    X(MEMO, "memo", "rules asked more than once are remembered")                                   \
    X(DISPATCH, "dispatch", "rules that test one place for constants are found by its value")      \
    X(FUSE, "fuse", "a set that one loop looks through is not made")                               \
    X(GROUP, "group", "a closure in a loop is made once for each of the values it depends on")     \
    X(MATCH, "match", "loops for elements with a given part ask an index for them")                \
    X(TALLY, "tally", "elements that are only summed, counted or compared make no array")          \
    X(HOIST, "hoist", "what a loop reads in every turn is read in front of it")                    \
    X(SHARE, "share", "a place in input or data that was read is not read again")

enum {
#define X(name, text, doc) WC_PASS_##name##_BIT,
    WC_PASS_MAP(X)
#undef X
        WC_PASS_COUNT
};
enum {
#define X(name, text, doc) WC_PASS_##name = 1 << WC_PASS_##name##_BIT,
    WC_PASS_MAP(X)
#undef X
};

typedef struct wc_options {
    const ws_registry *registry;
    uint64_t seed;
    unsigned passes_off; /* WC_PASS_... bits */
    bool print;          /* keep print(); otherwise such expressions are taken out */
    bool strict;         /* strict mode's further errors */
    bool no_early_exit;  /* rules with one constant value run all their bodies: seen in errors */
    bool why;            /* keep what passes did and what prevented them: wm_func's notes */
    bool stop_at_false;  /* a query's expression that is false ends its row before the next is
                          * evaluated, and the rows show no values, as when OPA's evaluator is
                          * asked alone; `opa eval` goes on */
    wv schemas;      /* path below `schema` (array of names) -> JSON Schema; the empty path is the
                        input's. Undefined: none were given */
    bool skip_types; /* leave out the type check: tests of what runs when types do not fit */
} wc_options;

/* A query to be compiled with the modules: its body, the package it speaks from and its imports
 * (a module without rules; may be NULL). */
typedef struct wc_query {
    wp_body body;
    const wp_module *context;
    wp_file file; /* for places in the query */
} wc_query;

/* Compiles. On success the caller owns the program (wm_program_free). query may be NULL: then the
 * program answers by paths only (wm_doc). WB_INVALID: see diags.
 *
 * The function of a query (program->query) answers an array with one element a solution:
 * [{variable: value, ...}, [value of each expression]]. Values that are undefined never are. */
wb_status wc_compile(wp_module **modules, uint32_t n, const wc_query *query,
                     const wc_options *options, wm_program **out, wp_diags *diags);

/* Every diagnostic of a compilation, without a program. WB_INVALID: there are some. */
wb_status wc_check_modules(wp_module **modules, uint32_t n, const wc_options *options,
                           wp_diags *diags);

/* What stands after a stage (stages.h), as text for people and for tests: the rules, or the plan
 * function by function. */
wb_status wc_stage_text(wp_module **modules, uint32_t n, const wc_query *query,
                        const wc_options *options, int stage, wb_buf *out, wp_diags *diags);
/* The number of a stage, or -1. */
int wc_stage_by_name(wb_str name);
/* The stages with what each leaves, a line each. */
void wc_stage_list(wb_buf *b);

/* The tree node of a path, or WM_NONE; *used says how many parts of the path led there. */
uint32_t wc_find_node(const wm_program *p, const wv *path, unsigned n, unsigned *used);

/* Number of the pass named so, or -1. */
int wc_pass_by_name(wb_str name);

#endif
