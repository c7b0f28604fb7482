/* The stages of a compilation in their order.
 *
 * Each takes what the one before it left in the unit; the first one that reports ends the
 * compilation, so no stage meets what an earlier one refused. A stage more is a row here and a
 * function in compile.c's table. `writ disasm --stage NAME` shows what a stage leaves. */
#ifndef WRIT_COMPILER_STAGES_H
#define WRIT_COMPILER_STAGES_H

#include "compiler/unit.h"

#define WC_STAGE_MAP(X)                                                                            \
    X(checks, "every error that a compilation can have was told; changes nothing (check.h)")       \
    X(names, "variables are locals, paths or errors; := and some are gone")                        \
    X(tree, "rules stand at their paths in the data tree")                                         \
    X(query, "the query's names are resolved against the tree")                                    \
    X(safety, "bodies are in an order in which variables are bound before they are read")          \
    X(plan, "every rule and the query is a plan of structured blocks")

enum {
#define X(name, doc) WC_STAGE_##name,
    WC_STAGE_MAP(X)
#undef X
        WC_STAGE_COUNT
};

/* rules_text.c: the rules as they stand, and the query (may be NULL), one after the other. */
void wc_rules_print(wb_buf *b, const wc_unit *u, const wp_body *query);

#endif
