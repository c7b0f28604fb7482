/* The stages of a compilation in their order.
 *
 * The first ones are OPA's, over the modules: they rewrite the tree step by step and make every
 * diagnostic (check.h). A stage that reports ends the chain, but for the few whose errors OPA calls
 * recoverable. `query` takes the query through the same steps. `rules` and `plan` meet only what
 * nothing was said of. `writ disasm --stage NAME` shows what a stage leaves. A stage more is a row
 * here and a function of its name. */
#ifndef WRIT_COMPILER_STAGES_H
#define WRIT_COMPILER_STAGES_H

#include "compiler/unit.h"

#define WC_CHECK_STAGE_MAP(X)                                                                      \
    X(resolve, "names of rules and imports are paths from data")                                   \
    X(head_refs, "what rule heads compute in their references stands in the bodies")               \
    X(roots, "nothing shadows input and data")                                                     \
    X(imports, "no two imports have one name")                                                     \
    X(build_tree, "rules by path")                                                                 \
    X(locals, "`:=`, `some` and arguments have variables of their own")                            \
    X(templates, "template strings are calls")                                                     \
    X(void_calls, "no function without a value is used as one")                                    \
    X(print, "print() is internal.print, or gone")                                                 \
    X(expr_terms, "calls within terms are expressions in front, with a variable each")             \
    X(annotations, "no METADATA scope is given twice")                                             \
    X(metadata, "rego.metadata calls are values")                                                  \
    X(graph, "which rules need which")                                                             \
    X(comprehensions, "what heads of comprehensions compute stands in their bodies")               \
    X(refs_in_heads, "what rule heads compute stands in the bodies")                               \
    X(withs, "values of `with` are variables bound in front")                                      \
    X(conflicts, "no two rules contradict each other")                                             \
    X(functions, "all functions called exist")                                                     \
    X(safety_heads, "heads name variables that bodies have")                                       \
    X(safety_bodies, "bodies are in an order in which variables are bound before they are read")   \
    X(equals, "`==` is `=`")                                                                       \
    X(dynamics, "references and comprehensions within operands are expressions in front")          \
    X(cycles, "no rule needs itself")                                                              \
    X(types, "what can never match, be selected or be passed is refused")                          \
    X(deprecated, "strict mode: no deprecated built-ins")

#define WC_STAGE_MAP(X)                                                                            \
    WC_CHECK_STAGE_MAP(X)                                                                          \
    X(query, "the query went through the same stages")                                             \
    X(rules, "rules stand at their paths; operators are built-ins or functions")                   \
    X(plan, "every rule and the query is a plan of structured blocks")                             \
    X(optimised, "loops ask indexes, and what every turn reads is read in front of them")

enum {
#define X(name, doc) WC_STAGE_##name,
    WC_STAGE_MAP(X)
#undef X
        WC_STAGE_COUNT
};

/* rules_text.c: the rules as they stand, and the query (may be NULL), one after the other. */
void wc_rules_print(wb_buf *b, const wc_unit *u, const wp_body *query);

#endif
