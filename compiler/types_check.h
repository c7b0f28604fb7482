/* What the files of the type check share. Internal to compiler/types_*.c.
 *
 * The *environment* of an expression is a chain of layers of document types, the nearest first:
 * what its `with` replaced, what schemas say for the rule, what rules were found to be, and the
 * input. A layer that does not know a path leaves it to the next; what none knows is any.
 * Variables have one type at a time: those of a comprehension are forgotten behind it. */
#ifndef WRIT_COMPILER_TYPES_CHECK_H
#define WRIT_COMPILER_TYPES_CHECK_H

#include "compiler/check.h"
#include "compiler/types.h"

#define WC_USES 64u /* levels whose last use is kept in one more place */

typedef struct wc_layer {
    wc_tnode *data, *input; /* NULL: says nothing of that root */
    const struct wc_layer *next;
} wc_layer;

/* A root about which something was said. */
static inline bool wc_ty_knows(const wc_tnode *root)
{
    return root && (root->n || root->value);
}

struct wc_types {
    wc_check *c;
    wc_unit *u;
    wb_arena *a;
    wp_diags *sink; /* where reports go: the unit's, or those of a comprehension */
    bool early;     /* before rules have types: nothing is kept */
    bool flat;      /* the rule that is checked has no comprehensions */
    const wc_layer *layers;
    wc_layer rules;   /* the layer of rules */
    wc_layer base;    /* the input's */
    wc_tp *vars;      /* by number of variable; NULL: not known */
    uint32_t *levels; /* by number of variable: that of the body which gave it its type */
    uint32_t cap_vars;
    uint32_t level;  /* of the body that is checked: comprehensions around it */
    uint32_t round;  /* types of comprehensions found in it count; see check_closures */
    uint32_t rounds; /* that there were */
    uint32_t again;  /* expressions checked in rounds but the first */
    uint32_t inside; /* the innermost level that a comprehension met in the body uses */
    uint32_t clock;  /* comprehensions checked so far */
    /* By level, and by WC_USES levels at once: the clock when one of its variables was last used.
     */
    uint32_t *used, *used_some;
    uint32_t cap_used;
    uint32_t *trail; /* variables in the order in which they got a type */
    uint32_t n_trail, cap_trail;
    wc_tp *builtins; /* by their index; NULL: none was asked for */
    wv with_index;   /* text of a replaced document -> number in withs */
    wc_tnode **withs;
    uint32_t n_withs, cap_withs;
};
typedef struct wc_types wc_types;

/* ---- variables (types_values.c) ---- */
wc_tp wc_ty_var(const wc_types *t, const wc_cvar *v);
void wc_ty_put_var(wc_types *t, const wc_cvar *v, wc_tp type);
void wc_ty_forget(wc_types *t, uint32_t to);
/* ---- what terms are (types_values.c) ---- */
wc_tp wc_ty_builtin(wc_types *t, const ws_builtin *fn);
wc_tp wc_ty_value(wc_types *t, const wp_term *term);
wc_tp wc_ty_ref(wc_types *t, const wp_term *ref);
/* A constant term as JSON: a set is an array in its order. Undefined where a key that is a
 * collection is too long. */
wv wc_ty_constant(wc_types *t, const wp_term *term);
bool wc_ty_is_var(const wp_term *term);
/* ---- unification refines variables (types_unify.c) ---- */
bool wc_ty_unify1(wc_types *t, const wp_term *term, wc_tp type, bool join);
bool wc_ty_unify2(wc_types *t, const wp_term *x, const wp_term *y);
/* ---- references (types_refs.c): false after a report ---- */
bool wc_ty_check_refs(wc_types *t, const wp_expr *e);
/* ---- bodies (types_check.c) ---- */
bool wc_ty_check_body(wc_types *t, const wp_body *b);
/* ---- schemas (check_schemas.c) ---- */
/* The input's schema, into the base layer. */
void wc_ty_input(wc_types *t);
/* What the annotations of a rule say of documents, into its layer. */
void wc_ty_schemas(wc_types *t, const wc_crule *r, wc_layer *to);
/* ---- reports (types_report.c) ---- */
typedef struct wc_ref_error {
    const wp_term *ref;
    uint32_t part;
    wc_tp have;           /* NULL: a constant */
    wc_tp want;           /* keys that could be, or NULL */
    wc_tp of;             /* the type that has no such key, or NULL */
    const wc_tnode *node; /* or the document */
} wc_ref_error;
void wc_ty_report_match(wc_types *t, wp_loc loc, wc_tp l, wc_tp r);
void wc_ty_report_arguments(wc_types *t, wp_loc loc, wb_str name, const char *what,
                            const wc_tp *have, uint32_t n, wc_tp want);
/* A call of what is no function. */
void wc_ty_report_unknown(wc_types *t, wp_loc loc, const wp_term *function);
void wc_ty_report_invalid(wc_types *t, const wc_ref_error *e);
void wc_ty_report_unsupported(wc_types *t, const wp_term *ref, uint32_t part, wc_tp have);

#endif
