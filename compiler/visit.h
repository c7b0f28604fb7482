/* One walk over resolved trees: terms, expressions, bodies, rules.
 *
 * The order is pre-order: a node, then what it holds, from left to right as it stands in the tree.
 * A callback answers whether to go in; false leaves out all that the node holds, and the caller may
 * visit parts of it itself. A callback that is NULL answers true.
 *
 * What is passed, beside the plain parts of a node:
 * - a reference: its head and all its parts; a scalar part is a term like any other
 * - a call, as term or expression: its operator too, a WP_STRING (built-in) or WP_REF (function)
 * - `with`: behind the expression it belongs to, for each the target, then the value; a function as
 *   value is a WP_CALL of one item
 * - a comprehension: key, value, body
 * - `some ... in`: the call that stands for it; a plain `some` is gone by then
 * - `every`: key, value, domain, body
 * - a rule: body, key, value, then the parts of its path that are no scalars; not its arguments,
 * not its else clauses (each is a rule of its own)
 *
 * Depth: the walk recurses once a level, so it is bounded by WP_DEPTH_MAX. It allocates nothing. */
#ifndef WRIT_COMPILER_VISIT_H
#define WRIT_COMPILER_VISIT_H

#include "compiler/unit.h"

typedef struct wc_visitor {
    bool (*term)(void *arg, const wp_term *t);
    bool (*expr)(void *arg, const wp_expr *e);
    bool (*body)(void *arg, const wp_body *b);
    void *arg;
} wc_visitor;

void wc_visit_term(const wc_visitor *v, const wp_term *t);
void wc_visit_terms(const wc_visitor *v, wp_term *const *items, uint32_t n);
void wc_visit_expr(const wc_visitor *v, const wp_expr *e);
/* What an expression holds beside its `with` modifiers. */
void wc_visit_inside(const wc_visitor *v, const wp_expr *e);
void wc_visit_body(const wc_visitor *v, const wp_body *b);
void wc_visit_rule(const wc_visitor *v, const wc_rule *r);
/* Every rule with its else clauses; u->module is the rule's meanwhile, and NULL afterwards. */
void wc_visit_rules(const wc_visitor *v, wc_unit *u);

#endif
