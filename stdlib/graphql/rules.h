/* The walk over a query and the rules that look at what it meets. Internal to the validator.
 *
 * A rule is a row of functions, one for each kind of node it looks at. They are called when a node
 * was walked with all below it (variables: before), in the order of the rows: that is the order in
 * which mistakes are told. Fragments are walked where they are spread, once for each operation, and
 * again by themselves. */
#ifndef WRIT_STDLIB_GRAPHQL_RULES_H
#define WRIT_STDLIB_GRAPHQL_RULES_H

#include "stdlib/args.h"
#include "stdlib/graphql/schema.h"
#include "stdlib/graphql/text.h"

typedef struct gql_walk {
    ws_ctx *cx;
    const ws_gql_schema *s;
    ws_gql_query *query;
    ws_gql_operation *operation; /* the present one, or NULL inside fragments by themselves */
    ws_gql_names fragments;      /* ws_gql_fragment; of equal names the first */
    ws_gql_names spread;         /* fragments that were walked for this operation */
    unsigned depth;
    uint64_t owed; /* work that was not taken from the budget yet */
    bool stop;     /* nothing more will change the answer */

    bool texts;
    wb_buf text;       /* of all mistakes: "input:L:C: text\n" each */
    size_t text_start; /* where the first one's text begins */
    ws_gql_pos first;  /* where the first one is */
    uint32_t mistakes;

    /* What rules remember from node to node. */
    bool in_fragments;
    ws_gql_names used_fragments, seen_fragments, seen_operations, misplaced;
    ws_gql_names fragment_ids, compared_pairs, compared; /* of overlapping fields */
} gql_walk;

typedef struct gql_rule {
    const char *name;
    void (*operation)(gql_walk *w, ws_gql_operation *o);
    void (*field)(gql_walk *w, ws_gql_selection *f);
    void (*fragment)(gql_walk *w, ws_gql_fragment *f);
    void (*inlined)(gql_walk *w, ws_gql_selection *s);
    void (*spread)(gql_walk *w, ws_gql_selection *s);
    void (*directive)(gql_walk *w, ws_gql_directive *d);
    void (*directives)(gql_walk *w, ws_gql_list *list);
    void (*value)(gql_walk *w, ws_gql_value *v);
    void (*variable)(gql_walk *w, ws_gql_variable *v);
} gql_rule;

/* Tells a mistake. */
void gql_mistake(gql_walk *w, ws_gql_pos at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same in pieces: when it answers a buffer, write the text there, then gql_end. */
wb_buf *gql_begin(gql_walk *w, ws_gql_pos at);
void gql_end(gql_walk *w);
/* Takes work from the budget; false when it is gone. */
bool gql_spend(gql_walk *w, uint64_t units);
/* Enters a nested piece; false when that is too deep. Leave by --w->depth in both cases. */
bool gql_enter(gql_walk *w);

/* Names of a list of ws_gql_field_def, for suggestions. */
ws_gql_list gql_names_of(gql_walk *w, const ws_gql_list *defs);

/* ---- the rules' functions, by file ---- */

/* rules_fields.c */
void gql_fields_on_correct_type(gql_walk *w, ws_gql_selection *f);
void gql_known_arguments_of_field(gql_walk *w, ws_gql_selection *f);
void gql_known_arguments_of_directive(gql_walk *w, ws_gql_directive *d);
void gql_required_arguments_of_field(gql_walk *w, ws_gql_selection *f);
void gql_required_arguments_of_directive(gql_walk *w, ws_gql_directive *d);
void gql_scalar_leafs(gql_walk *w, ws_gql_selection *f);
void gql_unique_arguments_of_field(gql_walk *w, ws_gql_selection *f);
void gql_unique_arguments_of_directive(gql_walk *w, ws_gql_directive *d);
void gql_known_directives(gql_walk *w, ws_gql_directive *d);
void gql_unique_directives(gql_walk *w, ws_gql_list *list);
void gql_introspection_depth(gql_walk *w, ws_gql_selection *f);

/* rules_fragments.c */
void gql_composite_inline(gql_walk *w, ws_gql_selection *s);
void gql_composite_fragment(gql_walk *w, ws_gql_fragment *f);
void gql_known_fragments(gql_walk *w, ws_gql_selection *s);
void gql_known_type_inline(gql_walk *w, ws_gql_selection *s);
void gql_known_type_fragment(gql_walk *w, ws_gql_fragment *f);
void gql_fragment_cycles(gql_walk *w, ws_gql_fragment *f);
void gql_use_fragment(gql_walk *w, ws_gql_selection *s);
void gql_unused_fragment(gql_walk *w, ws_gql_fragment *f);
void gql_possible_inline(gql_walk *w, ws_gql_selection *s);
void gql_possible_spread(gql_walk *w, ws_gql_selection *s);
void gql_unique_fragments(gql_walk *w, ws_gql_fragment *f);

/* rules_operations.c */
void gql_known_root(gql_walk *w, ws_gql_operation *o);
void gql_lone_anonymous(gql_walk *w, ws_gql_operation *o);
void gql_single_field(gql_walk *w, ws_gql_operation *o);
void gql_unique_operations(gql_walk *w, ws_gql_operation *o);
void gql_unique_variables(gql_walk *w, ws_gql_operation *o);
void gql_unused_variables(gql_walk *w, ws_gql_operation *o);
void gql_input_variables(gql_walk *w, ws_gql_operation *o);
void gql_known_type_variable(gql_walk *w, ws_gql_variable *v);
void gql_undefined_variables(gql_walk *w, ws_gql_value *v);
void gql_variable_position(gql_walk *w, ws_gql_value *v);

/* rules_values.c */
void gql_unique_input_fields(gql_walk *w, ws_gql_value *v);
void gql_correct_values(gql_walk *w, ws_gql_value *v);

/* rules_overlap.c */
void gql_overlap_operation(gql_walk *w, ws_gql_operation *o);
void gql_overlap_field(gql_walk *w, ws_gql_selection *f);
void gql_overlap_inline(gql_walk *w, ws_gql_selection *s);
void gql_overlap_fragment(gql_walk *w, ws_gql_fragment *f);

#endif
