/* Which expressions of a body can run, and what they bind. Internal to the compiler.
 *
 * Words: an *item* is an expression of the body (or the head of a rule). It *needs* the variables
 * that stand in it outside closures, and waits for the *closed* ones: those that stand in its
 * closures and in the body around. A *clause* of an item says: once these variables are bound,
 * those are bound too. A variable is *safe* when an item that ran bound it.
 *
 * An item can run when all that it needs is safe or follows by its clauses, and all its closed
 * variables are safe. Everything here is counted down as variables become safe, so that the work
 * for a body is linear in its size (with a logarithm for the order), whatever the order it is
 * written in.
 *
 * Life: one binder serves all bodies of a compilation, one after the other: begin, add each item,
 * then next and take until there is none. */
#ifndef WRIT_COMPILER_BINDING_H
#define WRIT_COMPILER_BINDING_H

#include "compiler/unit.h"

enum { WC_UNSAFE, WC_SAFE, WC_MAYBE }; /* wc_var.mark; MAYBE: bound by the item in question */

/* ---- variables of terms ---- */

typedef struct wc_use {
    wc_var *var;
    wp_loc loc;
} wc_use;

typedef struct wc_uses { /* v is the caller's to free */
    wc_use *v;
    uint32_t n, cap;
} wc_uses;

void wc_put_use(wc_uses *to, wc_var *v, wp_loc loc);
/* The local variables of t outside comprehensions (closures false) or inside them only (true). */
void wc_term_vars(const wp_term *t, wc_uses *out, bool closures);
void wc_expr_vars(const wp_expr *e, wc_uses *out, bool closures);

/* ---- the binder ---- */

typedef struct wc_binder wc_binder;

wc_binder *wc_binder_new(wc_unit *u);
void wc_binder_free(wc_binder *b);

/* Begins a body of n items; what the last one knew is forgotten. */
void wc_binder_begin(wc_binder *b, uint32_t n);
/* Adds the next item: an expression, its needs, and its closed variables. */
void wc_binder_add_expr(wc_binder *b, const wp_expr *e, const wc_uses *needs,
                        const wc_uses *closed);
/* Adds the head terms of a rule as the next item: only what their references bind counts. */
void wc_binder_add_head(wc_binder *b, const wc_rule *rule);

/* The item that runs next: the first behind the last one taken that can run, else the first that
 * can. WM_NONE: no further item can run. */
uint32_t wc_binder_next(wc_binder *b);
/* Takes an item out. Appends to `log` what it binds; the caller makes those variables safe. */
void wc_binder_take(wc_binder *b, uint32_t item, wc_uses *log);
bool wc_binder_taken(const wc_binder *b, uint32_t item);
/* v was marked safe: items that wait for it are told. */
void wc_binder_wake(wc_binder *b, const wc_var *v);

#endif
