/* OPA's published plans (plan.json) as programs of ours.
 *
 * A plan is read, checked, turned into our plan statement by statement and emitted. Its text is
 * taken as hostile: sizes, nesting, numbers of locals, strings, files and functions are checked,
 * and the program passes the verifier like any other. What a plan means is what OPA's reference
 * implementations do with it, which differs in places from what OPA's evaluator does with the
 * modules it was made from: only whole documents, all bodies of a rule, result sets without
 * duplicates.
 *
 * Collections keep to our value model: one that has become part of another value is copied before
 * it is changed, so no plan can build a value that contains itself.
 *
 * Not taken: With over other locals than input (0) and data (1), functions called with other first
 * arguments than these two, statements that write them. */
#ifndef WRIT_COMPILER_IR_READ_H
#define WRIT_COMPILER_IR_READ_H

#include "compiler/compile.h"

/* Compiles the plan named `entrypoint` ("a/b"; empty: the only plan) and all functions of the file.
 * On success the caller owns the program (wm_program_free); program->query answers an array with
 * one element [bindings, []] for each member of the result set, as wc_compile's queries do.
 * WB_INVALID: no plan, or one that we do not take; WB_LIMIT: too large; WB_NOT_FOUND: no such plan;
 * WB_MEMORY. The json may be freed after the call. */
wb_status wc_compile_plan(wb_str json, const wc_options *options, wb_str entrypoint,
                          wm_program **out, wb_error *error);

#endif
