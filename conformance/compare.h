/* Comparing what came out with what OPA says.
 *
 * Nothing here runs anything: values and diagnostics in, a verdict and a sentence out. */
#ifndef WRIT_CONFORMANCE_COMPARE_H
#define WRIT_CONFORMANCE_COMPARE_H

#include "conformance/case.h"

enum {
    CF_SORT_BINDINGS = 1, /* arrays that are bound are sorted first */
    CF_IGNORE_LOCALS = 2  /* bindings named __localq... are left out */
};

/* A value as it comes back from JSON: sets are arrays in Rego order, keys are text. A fresh copy in
 * the arena that shares nothing. */
wv cf_through_json(wb_arena *a, wv v);
/* Whether the sets of binding objects are equal. want: an array of objects. rows: what a query's
 * function answers, an array of [bindings, values]; undefined is no row, and a row with a false
 * value is none either. Says the difference. */
bool cf_same_results(wb_arena *a, wv want, wv rows, unsigned flags, cf_outcome *o);

typedef struct cf_diag {
    wb_str code, message, module;
    wb_str lines;      /* what stands below the message, each line ended by LF */
    bool any_lines;    /* not compared */
    uint32_t row, col; /* 0: not compared */
} cf_diag;

#define CF_PARSE_CODE "rego_parse_error"

/* Whether both fail or both do not; whether codes and rows are equal; whether columns and messages
 * are too. Both lists stand in OPA's order. The three figures are counted, and the outcome fails
 * when they miss what the kind of error asks for: parse errors code and row (of several at one
 * place one counts), all others everything. */
void cf_same_diags(const cf_diag *want, size_t n_want, const cf_diag *got, size_t n_got,
                   cf_outcome *o);
/* As above, but got may hold more, and a want without column is equal to any. */
void cf_has_diags(const cf_diag *want, size_t n_want, const cf_diag *got, size_t n_got,
                  cf_outcome *o);

#endif
