/* Programs of ours as OPA's published plans (plan.json).
 *
 * What is written is OPA's format, to its schema, and means what the modules mean: each plan calls
 * functions with the input (0) and base documents (1) as their first arguments and adds objects of
 * bindings to its result set. Two things differ from the text that OPA itself would write. A rule
 * asked by key is a function with these keys as arguments, as our evaluator asks it. And a function
 * returns in its last block only; no break leaves a loop, since consumers do not agree on how many
 * blocks a loop counts for. */
#ifndef WRIT_COMPILER_IR_WRITE_H
#define WRIT_COMPILER_IR_WRITE_H

#include "compiler/compile.h"

/* What to write plans for. */
typedef struct wc_plan_wanted {
    const wb_str *entrypoints; /* "a/b": the plan's name, and the path of a rule or package */
    size_t n_entrypoints;
    bool dependents;       /* and for each rule that needs one of them, at however many steps */
    const wc_query *query; /* or NULL; its plan is named query_name */
    wb_str query_name;
} wc_plan_wanted;

/* Compiles the modules and appends the JSON to out. WB_INVALID: see diags; WB_NOT_FOUND: they
 * name an entrypoint that is neither a rule nor a package. */
wb_status wc_write_plan(wp_module **modules, uint32_t n, const wc_plan_wanted *wanted,
                        const wc_options *options, wb_buf *out, wp_diags *diags);

#endif
