/* Which rules a rule's references may select, as far as the text tells.
 *
 * Words:
 * - **clause**: a rule, or one of its else branches. Its **owner** is the rule.
 * - **place**: number of an expression in a clause's flat body (one expression a call, in the order
 *   of the text), from 1; what the head holds comes last; the variables of the head are at 0.
 * - **choice**: one of the references that a reference may stand for: a part that is a variable
 *   with few known values (`some x in ["a", "b"]`, ahead of it) is replaced by each of them.
 * - A part is **checked** when its value decides whether a rule is selected: it is not constant,
 * and no variable that gets its value right there.
 *
 * A choice *surely* selects a rule when no checked part meets a constant of the rule's path; else
 * it may select it. Both are decided before anything is evaluated. */
#ifndef WRIT_COMPILER_DEPEND_H
#define WRIT_COMPILER_DEPEND_H

#include "compiler/graph.h"
#include "compiler/types.h"

#define WC_CHOICES_MAX 64u /* references that one may stand for; more values are any value */

typedef struct wc_part {
    wv value; /* undefined: any */
    bool checked;
} wc_part;

typedef struct wc_choice {
    const wp_term *ref; /* as written: `data`, then n parts */
    uint32_t at;        /* its place */
    uint32_t n;
    const wc_part *parts;
} wc_choice;

/* ---- the references of a clause (depend_refs.c) ---- */

/* Made once and used for one clause after the other, so that memory is reused. */
typedef struct wc_clause {
    wc_unit *u;
    const wc_rule *owner, *rule;
    wp_body body; /* flat; the last expression holds the head's terms */
    wc_flat flat;
    uint32_t turn; /* tells this clause's marks on variables from those of others */
    wc_part *parts;
    uint32_t cap_parts;
} wc_clause;

void wc_clause_init(wc_clause *c, wc_unit *u);
void wc_clause_clear(wc_clause *c);
/* Reads a clause: makes its flat body and learns which variables have known values. */
void wc_clause_read(wc_clause *c, const wc_rule *owner, const wc_rule *rule);
/* Calls f with every choice, in the order of the text, until it answers false. With `loose` those
 * of references whose parts are all constant are left out. */
void wc_clause_each(wc_clause *c, bool loose, bool (*f)(void *arg, const wc_choice *), void *arg);

/* Whether t is a value that stands in the text as such. */
bool wc_is_constant(const wp_term *t);
/* A reference from data, or `data` itself. */
bool wc_is_data_ref(const wp_term *t);
/* `x = y` that holds for all that follows in its body. */
bool wc_is_equation(const wp_expr *e);

/* Whether and how a choice selects a rule. */
typedef enum wc_selects { WC_SELECTS_NOT, WC_MAY_SELECT, WC_SELECTS } wc_selects;
wc_selects wc_choice_selects(const wc_choice *c, const wc_rule *rule);

/* ---- rules by path (depend_tree.c) ---- */

/* All rules in a tree of their paths, in which a variable part is a branch of its own. Vertices of
 * the graph stand for "the rules that end here" and "all from here on", so that a reference costs
 * about as many edges as it has parts, however many rules it selects. */
typedef struct wc_rule_tree wc_rule_tree;

/* owners: number of a clause -> its rule; a rule's clauses stand together. The vertices
 * with those numbers are in the graph already. */
wc_rule_tree *wc_rule_tree_new(wc_unit *u, wc_graph *g, const wc_rule *const *owners, uint32_t n);
void wc_rule_tree_free(wc_rule_tree *t);
/* Joins the vertex with what the choice selects. With `sure_only` it stops, and answers false,
 * where a checked part would decide between rules: what was joined until then is right. */
bool wc_rule_tree_join(wc_rule_tree *t, uint32_t from, const wc_part *parts, uint32_t n,
                       bool sure_only);

/* ---- words (depend_text.c) ---- */

/* If the clause depends on the rule only possibly: adds to b why, `(REF refers to ...)` with a
 * blank in front, and answers true. `further`: the clause is not the one that is reported. */
bool wc_put_cause(wb_buf *b, wc_clause *c, const wc_rule *target, bool further);

#endif
