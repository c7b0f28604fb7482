/* The front of the compiler: every diagnostic is made here, as OPA words and places it, and the
 * rules become what the planner takes. Internal to compiler/.
 *
 * What an error says depends on what earlier stages have rewritten, and so does the order in which
 * a rule is evaluated: so the tree is rewritten in OPA's order of stages (stages.h), and planned as
 * it stands in the end.
 *
 * The stages, one file each:
 *
 *     check_copy.c      a tree of our own; variables are one object a name
 *     check_resolve.c   names of rules and imports become paths from data; imports and roots
 *     check_locals.c    `:=`, `some` and arguments get variables of their own
 *     check_strings.c   template strings and print()
 *     check_terms.c     calls, heads and comprehensions: what must be evaluated moves into bodies;
 *                       `==` becomes `=`; references in arguments become expressions
 *     check_graph.c     which rules need which (check_reach.c: what a reference may name);
 *                       check_cycle.c reports the cycles
 *     check_with.c      targets and values of `with`
 *     check_tree.c      rules by path: conflicts, arities, undefined functions
 *     check_safety.c    bodies in order, unsafe variables (check_outputs.c: what binds what;
 *                       check_within.c: what closures read)
 *     types_*.c         types
 *     check_query.c     the same for one query's body
 *     lower.c           rules as the planner takes them
 *
 * A stage that reports ends the chain, but for the few whose errors OPA calls recoverable.
 *
 * Memory: the tree lives in the unit's arena; sets and lists of one rule in `tmp`, rewound behind
 * each rule. */
#ifndef WRIT_COMPILER_CHECK_H
#define WRIT_COMPILER_CHECK_H

#include "compiler/unit.h"

typedef wc_var wc_cvar;

static inline wc_cvar *wc_cvar_of(const wp_term *t)
{
    return (wc_cvar *)(void *)((char *)(uintptr_t)t->name.p - offsetof(wc_cvar, text));
}
static inline wb_str wc_cvar_name(const wc_cvar *v)
{
    return (wb_str){v->text, v->len};
}
/* Looks made: not shown in messages. */
static inline bool wc_cvar_is_made(const wc_cvar *v)
{
    return wb_str_has_prefix(wc_cvar_name(v), WB_LIT("__local"));
}
static inline bool wc_cvar_is_wildcard(const wc_cvar *v)
{
    return v->len && v->text[0] == '$';
}
static inline const wc_cvar *wc_cvar_shown(const wc_cvar *v)
{
    return v->was ? v->was : v;
}

/* A set of variables, in the order in which they came, each with the place last noted. Lives in an
 * arena; nothing to free. */
typedef struct wc_cset {
    wc_cvar **v;
    wp_loc *locs;
    uint32_t n, cap;
    uint32_t *slots; /* table of numbers + 1, once there are many */
    uint32_t mask;
} wc_cset;

/* What stands in a rule as it was written, or was made by a stage. CALL: as a term, or what else
 * makes an expression in front: `every`, a reference into a collection. */
enum { WC_HAS_CALL = 1, WC_HAS_COMP = 2, WC_HAS_WITH = 4 };

/* A rule, or one `else` of it. */
typedef struct wc_crule {
    const wp_module *module;
    const wp_rule *source;
    wp_term **ref; /* head: name, then further parts */
    uint32_t n_ref;
    wp_term **written; /* else parts: ref before parts of it moved into the rule's body */
    wp_term **args;
    uint32_t n_args;
    wp_term *key, *value; /* NULL: none */
    bool is_default;
    uint8_t has; /* WC_HAS_...: what a stage that looks for it need not look for elsewhere */
    wp_body body;
    struct wc_crule *else_rule;
    wp_loc loc, head_loc;
    struct wc_ctree *node;  /* of the ground part of its path; else parts: of their rule */
    struct wc_crule *first; /* of its else chain */
    struct wc_cedge *edges, *last_edge; /* references with variables, in order */
    uint32_t number;                    /* in c->all */
} wc_crule;

/* Where the variable of a reference gets its value, for the texts of recursion errors. */
typedef struct wc_corigin {
    enum {
        WC_FROM_NOWHERE,
        WC_FROM_INPUT,
        WC_FROM_RULE,
        WC_FROM_COLLECTION,
        WC_FROM_BUILTIN,
        WC_FROM_KEY,
        WC_FROM_ARGUMENT
    } kind;
    const wp_term *term; /* the reference, or the collection */
    const ws_builtin *builtin;
} wc_corigin;

/* No comprehensions or templates: no expressions within terms. */
static inline bool wc_crule_is_flat(const wc_crule *r)
{
    return !(r->has & WC_HAS_COMP);
}

static inline bool wc_crule_is_multi(const wc_crule *r)
{
    return !r->value && r->key;
}

/* Rules by the ground parts of their paths. */
typedef struct wc_ctree {
    wv name;
    wv by_name; /* name -> number in kids, once there are many */
    struct wc_ctree *parent, **kids;
    uint32_t n, cap; /* of kids; sorted by name */
    wc_crule **rules;
    uint32_t n_rules, cap_rules;
    const wp_module **packages; /* modules whose package ends here */
    uint32_t n_packages, cap_packages;
} wc_ctree;

typedef const struct wc_type *wc_type_ref;

typedef struct wc_cmodule {
    const wp_module *module;
    wc_crule **rules;
    uint32_t n;
} wc_cmodule;

struct wc_types;

typedef struct wc_check {
    wc_unit *u;
    wb_arena *a;
    wb_arena tmp;
    wc_cvar **names;       /* a table of all variables by their text */
    uint32_t name_mask;    /* its slots, less one */
    uint32_t n_vars;       /* so far: the next one's id */
    uint32_t next_local;   /* of made variables */
    wb_str local;          /* "__local", in queries "__localq" */
    uint32_t stage;        /* of a query; 0 for modules */
    wc_cvar *input, *data; /* the roots */
    wp_term *eq;           /* check_terms.c: the operator of what it makes; NULL: nothing yet */
    wc_cmodule *modules;
    uint32_t n_modules;
    wc_crule **all; /* rules with their else parts, in order */
    uint32_t n_all;
    wc_ctree *tree;                   /* at `data` */
    uint32_t marks;                   /* generations given out */
    struct wc_cgraph *graph;          /* check_graph.h; NULL before its stage */
    struct wc_types *types;           /* of the type check, or NULL */
    const struct wc_type *input_type; /* what the input's schema says; NULL: there is none */
    wv schemas;           /* "rule:..", "document:..", ... -> the entries of its annotations */
    const wc_crule *rule; /* the one being worked on; NULL in queries */
    uint8_t has;          /* copying: what was met in the rule under way */
    bool has_templates;   /* anywhere in the modules */
    bool has_deprecated;  /* functions: some call names a deprecated built-in */
    wc_crule **by_line;   /* check_safety.c: rules by module and line, or NULL */
    bool failed;          /* an error ends the chain behind this stage */
    wc_query_body query;
} wc_check;

/* ---- names (check_names.c) ---- */
void wc_ck_names_begin(wc_check *c);
void wc_ck_names_end(wc_check *c);
/* The variable of that name, made where there is none. */
wc_cvar *wc_ck_var(wc_check *c, wb_str name);
bool wc_ck_has_name(const wc_check *c, wb_str name);
/* A fresh one, named as OPA would name it. In queries each stage counts from 0 again and takes
 * names that the body has no more. */
wc_cvar *wc_ck_local(wc_check *c);

/* ---- making (check_copy.c) ---- */
wp_term *wc_ck_var_term(wc_check *c, wc_cvar *v, wp_loc loc);
wp_term *wc_ck_copy(wc_check *c, const wp_term *t);
wp_body wc_ck_copy_body(wc_check *c, const wp_body *b);
wp_expr *wc_ck_copy_expr(wc_check *c, const wp_expr *e);
void wc_ck_copy_modules(wc_check *c);
/* A reference of one name: `eq`, or of a built-in: `internal.print`. */
wp_term *wc_ck_operator(wc_check *c, const char *name, wp_loc loc);
wp_expr *wc_ck_call(wc_check *c, wp_term *op, wp_term *const *args, uint32_t n, wp_loc loc);
/* v = t, as made by the compiler. */
wp_expr *wc_ck_equation(wc_check *c, wp_term *v, wp_term *t, wp_loc loc);
wp_term *wc_ck_list(wc_check *c, wp_term_kind kind, uint32_t n, wp_loc loc);
/* Members of a set and keys of an object in order, equal ones once. */
void wc_ck_sort(wc_check *c, wp_term *t);

/* A body being made. */
typedef struct wc_cbody {
    wp_expr **v;
    uint32_t n, cap;
} wc_cbody;
void wc_ck_add(wc_check *c, wc_cbody *b, wp_expr *e);
/* Behind what is there; the one expression `true` gives way. */
void wc_ck_append(wc_check *c, wp_body *to, wp_expr *const *exprs, uint32_t n);

/* ---- sets ---- */
bool wc_cset_has(const wc_cset *s, const wc_cvar *v);
bool wc_cset_add(wb_arena *a, wc_cset *s, wc_cvar *v);
/* As add; notes the place (the last one counts). */
void wc_cset_add_at(wb_arena *a, wc_cset *s, wc_cvar *v, wp_loc loc);
void wc_cset_add_all(wb_arena *a, wc_cset *s, const wc_cset *from);
bool wc_cset_within(const wc_cset *s, const wc_cset *of);
/* The number of v in the set; UINT32_MAX when it is none of it. */
uint32_t wc_cset_index(const wc_cset *s, const wc_cvar *v);
/* Takes out what came behind the first n. */
void wc_cset_truncate(wc_cset *s, uint32_t n);
void wc_cset_remove(wb_arena *a, wc_cset *s, const wc_cvar *v);
/* By name. */
void wc_cset_sort(wc_cset *s);

/* ---- walking ---- */

/* Calls back on the way down; true: not below this one. Members left NULL are passed over. */
typedef struct wc_cvisitor wc_cvisitor;
struct wc_cvisitor {
    bool (*term)(wc_cvisitor *v, wp_term *t);
    bool (*expr)(wc_cvisitor *v, wp_expr *e);
    bool (*with)(wc_cvisitor *v, wp_with *w);
    bool (*body)(wc_cvisitor *v, wp_body *b);
    wc_check *c;
    void *data;
    bool only_closures; /* `term` does something with comprehensions and templates alone */
    bool flat;          /* there are none: what nothing is looked for in is passed over */
};
void wc_ck_walk_term(wc_cvisitor *v, wp_term *t);
void wc_ck_walk_expr(wc_cvisitor *v, wp_expr *e);
void wc_ck_walk_body(wc_cvisitor *v, wp_body *b);
/* Arguments, key, value and body of one rule, without its else. Sets `flat`. */
void wc_ck_walk_rule(wc_cvisitor *v, wc_crule *r);
void wc_ck_walk_head(wc_cvisitor *v, wc_crule *r);

/* What a walk for variables leaves out. */
enum {
    WC_NO_REF_HEAD = 1,
    WC_NO_CALL_HEAD = 2,
    WC_NO_KEYS = 4,
    WC_NO_CLOSURES = 8,
    WC_NO_SETS = 16,
    WC_OPERANDS = 32, /* bodies of `not`, `and`, `or`: what they need from outside */
    WC_SAFETY = WC_NO_CALL_HEAD | WC_NO_CLOSURES
};
void wc_ck_term_vars(wc_check *c, const wp_term *t, unsigned how, wc_cset *out);
void wc_ck_expr_vars(wc_check *c, const wp_expr *e, unsigned how, wc_cset *out);
void wc_ck_body_vars(wc_check *c, const wp_body *b, unsigned how, wc_cset *out);

/* Which variables stand within the closures of a body (check_within.c); lives in `tmp`. Closures
 * are known by their terms, or by their expressions of every, not, and, or: there the domain and
 * `with` are no part of them. The body may be put in another order meanwhile, but not rewritten. */
typedef struct wc_cwithin wc_cwithin;
wc_cwithin *wc_ck_within(wc_check *c, wp_body *b);
/* Adds those of the closure's variables that are in `of` and not in `but` (may be NULL), in the
 * order of the text. */
void wc_ck_within_add(const wc_cwithin *w, const void *closure, const wc_cset *of,
                      const wc_cset *but, wc_cset *out);

/* No variables, references, calls or comprehensions. */
bool wc_ck_is_constant(const wp_term *t);
/* No variables; what `with` replaces is not looked at. */
bool wc_ck_is_ground(const wp_term *t);
static inline bool wc_ck_is_scalar(const wp_term *t)
{
    return t->kind <= WP_STRING;
}
static inline bool wc_ck_is_comp(const wp_term *t)
{
    return t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP;
}
/* References or comprehensions within. */
bool wc_ck_needs_evaluation(const wp_term *t);
/* Whether the expression calls a function, and one named so. */
static inline bool wc_ck_is_call_to(const wp_expr *e, const char *name)
{
    if (e->kind != WP_EXPR_CALL)
        return false;
    const wp_term *op = e->call.items[0];
    return op->kind == WP_REF && op->list.n == 1 && op->list.items[0]->kind == WP_VAR &&
           wb_str_is(op->list.items[0]->name, name);
}
static inline bool wc_ck_is_eq(const wp_expr *e)
{
    return wc_ck_is_call_to(e, "eq");
}
/* `input` or `data` as a reference of one part. */
bool wc_ck_is_root(const wc_check *c, const wp_term *t);
/* Whether the head of a reference is that root. */
static inline bool wc_ck_starts(const wp_term *ref, const wc_cvar *root)
{
    return ref->kind == WP_REF && ref->list.items[0]->kind == WP_VAR &&
           wc_cvar_of(ref->list.items[0]) == root;
}
/* The built-in of a variable's name, or NULL. */
const ws_builtin *wc_ck_named(wc_check *c, wc_cvar *v);
/* The built-in a reference or name stands for, or NULL. */
const ws_builtin *wc_ck_builtin(wc_check *c, const wp_term *op);
/* Text of a term, with the names of the program text; in the unit's arena. */
wb_str wc_ck_text(wc_check *c, const wp_term *t);
/* A copy that has the names of the program text; with subjects: and what was written in place of
 * variables that were made. */
wp_term *wc_ck_shown(wc_check *c, const wp_term *t, bool subjects);
/* The path of a rule as a reference from data, to be read only. */
wp_term *wc_ck_path(wc_check *c, const wc_crule *r);
uint32_t wc_ck_path_len(const wc_crule *r);
/* The part of that path at i. */
const wp_term *wc_ck_path_at(const wc_crule *r, uint32_t i);
/* Leading parts without variables. */
uint32_t wc_ck_path_ground(const wc_crule *r);

void wc_ck_fail(wc_check *c, wp_code code, wp_loc loc, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Errors behind which the next stages go on. */
void wc_ck_note(wc_check *c, wp_code code, wp_loc loc, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- stages ---- */
void wc_ck_resolve(wc_check *c);
void wc_ck_roots(wc_check *c);
void wc_ck_imports(wc_check *c);
/* What an expression declares by `:=` or `some`, outside of comprehensions. */
void wc_ck_declared(wc_check *c, wp_expr *e, wc_cset *out);
/* The same without the bodies within it. */
void wc_ck_declared_by(wc_check *c, const wp_expr *e, wc_cset *out);
void wc_ck_locals(wc_check *c);
void wc_ck_templates(wc_check *c);
void wc_ck_void_calls(wc_check *c);
void wc_ck_print(wc_check *c);
void wc_ck_head_refs(wc_check *c);
void wc_ck_expr_terms(wc_check *c);
void wc_ck_comprehensions(wc_check *c);
void wc_ck_refs_in_heads(wc_check *c);
void wc_ck_withs(wc_check *c);
void wc_ck_build_tree(wc_check *c);
/* Reports METADATA blocks of a scope given twice. */
void wc_ck_annotations(wc_check *c);
void wc_ck_metadata(wc_check *c);
void wc_ck_graph(wc_check *c);
void wc_ck_conflicts(wc_check *c);
void wc_ck_functions(wc_check *c);
void wc_ck_safety_heads(wc_check *c);
void wc_ck_safety_bodies(wc_check *c);
void wc_ck_equals(wc_check *c);
void wc_ck_dynamics(wc_check *c);
void wc_ck_cycles(wc_check *c);
void wc_ck_types(wc_check *c);
void wc_ck_deprecated(wc_check *c);

/* ---- the same for one query's body ---- */
void wc_ck_query_resolve(wc_check *c, const wp_module *context, wp_body *b);
void wc_ck_query_locals(wc_check *c, wp_body *b);
void wc_ck_query_templates(wc_check *c, wp_body *b);
void wc_ck_query_void_calls(wc_check *c, wp_body *b);
void wc_ck_query_print(wc_check *c, wp_body *b);
void wc_ck_query_functions(wc_check *c, wp_body *b);
void wc_ck_query_safety(wc_check *c, wp_body *b);
void wc_ck_query_types(wc_check *c, wp_body *b);
wp_body wc_ck_expand_body(wc_check *c, const wp_body *b);
void wc_ck_comprehensions_in(wc_check *c, wp_body *b);
void wc_ck_withs_in(wc_check *c, wp_body *b);
wp_body wc_ck_dynamics_in(wc_check *c, const wp_body *b);

/* ---- what stages ask of each other ---- */
/* Arity of the function an operator names; -1: there is none. */
int64_t wc_ck_arity(wc_check *c, const wp_term *op);
wc_ctree *wc_ctree_child(const wc_ctree *n, wv name);
/* The node at a reference, or NULL. */
wc_ctree *wc_ck_find(wc_check *c, const wp_term *ref);
/* Variables that e or the body binds, given what is bound; added to out. */
void wc_ck_expr_outputs(wc_check *c, const wp_expr *e, const wc_cset *safe, wc_cset *out);
void wc_ck_eq_outputs(wc_check *c, const wp_expr *e, const wc_cset *safe, wc_cset *out);
void wc_ck_body_outputs(wc_check *c, const wp_body *b, uint32_t n, const wc_cset *safe,
                        wc_cset *out);
/* Rules that a reference may name, and all that depend on them; the list is the caller's. */
wc_crule **wc_ck_dependents(wc_check *c, const wp_term *ref, uint32_t *n);
/* All rules, each behind those it needs, in the unit's arena; there must be no cycle. */
wc_crule **wc_ck_sorted(wc_check *c);
/* Gives back the graph. */
void wc_ck_graph_end(wc_check *c);
/* Gives back what the type check holds. */
void wc_ck_types_end(wc_check *c);
/* A comprehension; with room for what the type check keeps of it. */
wp_term *wc_ck_comp(wc_check *c, wp_term_kind kind, wp_loc loc);
/* The type of a term before any rule has one. */
wc_type_ref wc_ck_early_type(wc_check *c, const wp_term *t);

/* check_query.c: the query in q through the same stages, into c->query. */
void wc_ck_query(wc_check *c, const wc_query *q);

/* Begins the stages: c has a tree of its own of the unit's modules. */
void wc_check_begin(wc_check *c, wc_unit *u);
/* check_schemas.c: reads the input's schema; one that is none ends the chain before its first
 * stage. */
void wc_ck_input_schema(wc_check *c);
/* Gives back what only the stages need; the tree stays in the unit's arena. */
void wc_check_end(wc_check *c);

/* lower.c: fills u->rules and makes c->query what the planner takes. */
void wc_lower(wc_check *c);
/* Fills u->rules with the rules as they stand between two stages, for printing. */
void wc_list_rules(wc_check *c);

#endif
