/* Resolving names: what the names_*.c files share. Internal to compiler/.
 *
 * A *scope* is a stretch of text with variables of its own: a rule's arguments, a
 * body, a comprehension. A *binding* says what a name means in a scope; a *symbol* is a name with
 * its bindings, innermost first, so that a name is found without walking scopes. A variable that
 * nobody declared belongs to the whole rule.
 *
 * Everything lives in the compilation's arena but `before`, which is freed by its owner. */
#ifndef WRIT_COMPILER_NAMES_H
#define WRIT_COMPILER_NAMES_H

#include "compiler/unit.h"

typedef struct wc_symbol wc_symbol;

typedef struct wc_binding {
    wc_symbol *symbol;
    struct wc_scope *scope;
    wc_var *var;
    struct wc_binding *outer; /* of the same name, which this one hides */
    struct wc_binding *next;  /* of the same scope */
} wc_binding;

typedef struct wc_scope {
    struct wc_scope *outer;
    wc_binding *names;
} wc_scope;

/* An argument that is no pattern: a variable stands in its place and is tested behind the body. */
typedef struct wc_late {
    wc_var *var;
    const wp_term *t;
    bool resolved; /* t is */
    struct wc_late *next;
} wc_late;

typedef struct wc_resolver {
    wc_unit *u;
    const wp_module *module;
    wv rules;   /* names of the package's rules */
    wv imports; /* alias -> number of the import */
    wc_scope *scope;
    wc_symbol **symbols; /* a hash table with chains */
    uint32_t n_symbols, n_buckets;
    uint32_t rule_number; /* what free variables belong to */
    /* Where late arguments are resolved: names that are no variables are unsafe there; in holes of
     * templates, where this is the scope outside, only those that are not input or data. */
    wc_scope *args;
    uint32_t calls;      /* marks variables read in calls of the expression under way */
    bool query;          /* a query, not a module */
    const wp_rule *rule; /* the rule that names belong to; NULL in a query */
    wc_late *late, **late_end;
    /* expressions made on the way, to stand before the one being resolved */
    wp_expr **before;
    uint32_t n_before, cap_before;
} wc_resolver;

/* ---- names_scope.c ---- */

/* `_` and what stands for it: never declared, never shown. */
static inline bool wc_is_wildcard(wb_str name)
{
    return name.n && name.p[0] == '$';
}

void wc_scope_push(wc_resolver *r, wc_scope *s);
void wc_scope_pop(wc_resolver *r);
/* The variable that a name means here, or NULL. */
wc_var *wc_scope_find(wc_resolver *r, wb_str name);
/* The innermost scope's variable of that name; made when it has none. */
wc_var *wc_scope_declare(wc_resolver *r, const wp_term *t);
/* The rule's variable of that name which nobody declared; made when it is first asked for. */
wc_var *wc_scope_free_var(wc_resolver *r, wb_str name, wp_loc loc);
bool wc_scope_has_free(wc_resolver *r, wb_str name);
/* What the checks should have refused: reported, so that nothing goes on from it. */
void wc_refuse(wc_resolver *r, wp_loc loc, const char *what, wb_str name);

/* ---- names_term.c ---- */

wp_term *wc_resolve_term(wc_resolver *r, const wp_term *t);
/* Terms from number 1 on; item 0, a call's operator, is left to the caller. */
wp_term **wc_resolve_args(wc_resolver *r, wp_term **from, uint32_t n);
/* Declares every variable of a pattern as new and gives the pattern with them. */
wp_term *wc_resolve_pattern(wc_resolver *r, const wp_term *t);
wp_term *wc_resolve_name(wc_resolver *r, const wp_term *t);
wp_term *wc_resolve_ref(wc_resolver *r, const wp_term *t);
/* The path an import stands for, or NULL. */
wp_term *wc_resolve_import(wc_resolver *r, wb_str name, wp_loc loc);
bool wc_names_rule(const wc_resolver *r, wb_str name);
/* WP_STRING: a built-in; WP_REF from data: a function; NULL after a report. */
wp_term *wc_resolve_operator(wc_resolver *r, const wp_term *op);
/* {x | x = t}: one member, or none when t is undefined; under the modifiers of `owner`, if any. */
wp_term *wc_resolve_maybe(wc_resolver *r, const wp_term *t, const wp_expr *owner);
/* An operator as it is written, in the compilation's arena. */
wb_str wc_dotted(wc_resolver *r, const wp_term *op);

/* ---- names_expr.c, names_hoist.c, names_with.c ---- */

wp_body wc_resolve_body(wc_resolver *r, const wp_body *b, bool new_scope);
/* Puts an expression behind those already made for the body. */
void wc_emit_before(wc_resolver *r, wp_expr *e);
void wc_hoist_call(wc_resolver *r, wp_term **items, uint32_t n, const wp_expr *owner);
/* Calls in the operands of an expression that read what the operands may bind. */
void wc_hoist_shared(wc_resolver *r, wp_term **items, uint32_t n, const wp_expr *owner);
wp_term *wc_hoist_below(wc_resolver *r, wp_term *t, const wp_expr *owner);
wp_with *wc_resolve_withs(wc_resolver *r, const wp_expr *e);

/* Whether a term holds more than literals and variables. */
bool wc_is_computed(const wp_term *t);
/* Whether a body says `true` and nothing else, negated or not, under `with` or not. */
bool wc_is_true_alone(const wp_body *b);
/* The name a head defines in its package: the first part of its ref. */
wb_str wc_head_name(const wp_head *h);

#endif
