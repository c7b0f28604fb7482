/* The plan: structured blocks between the tree and the bytecode. Internal to compiler/.
 *
 * Locals may be set again. "Undefined" ends the enclosing block, as in OPA's IR. Locals made inside
 * a block are dead behind it and their numbers are used again. */
#ifndef WRIT_COMPILER_PLAN_H
#define WRIT_COMPILER_PLAN_H

#include "compiler/unit.h"

typedef enum wc_stmt_kind {
#define STMT(name, flags, doc) WC_S_##name,
#include "compiler/plan.def"
#undef STMT
    WC_S_COUNT
} wc_stmt_kind;

typedef struct wc_block wc_block;
typedef struct wc_planner wc_planner;

/* One replacement of a With statement. */
typedef struct wc_replacement {
    enum { WC_REPLACE_INPUT, WC_REPLACE_DATA, WC_MOCK_FUNC, WC_MOCK_BUILTIN } what;
    uint32_t path;    /* constant: array of path elements (input, data) */
    uint32_t id;      /* function node's number of functions, or mock id of the built-in */
    wc_operand value; /* WC_NOTHING when a function stands in */
    uint32_t by_func; /* function that stands in, or WM_NONE */
    const ws_builtin *by_builtin;
} wc_replacement;

typedef struct wc_stmt {
    uint8_t kind;  /* wc_stmt_kind */
    bool optional; /* Call...: an undefined result is a value here */
    wp_loc loc;
    uint32_t t;
    uint32_t n; /* count, function or node number; Block: 1 + its number as a case, or 0 */
    wc_operand a, b;
    const ws_builtin *builtin;
    wc_operand *args;
    uint32_t n_args;
    wc_block *block; /* Block, Scan, With: its body; Break: the block to leave */
    wc_replacement *with;
    uint32_t n_with;
    const struct wc_dispatch *dispatch;
    struct wc_stmt *next;
} wc_stmt;

struct wc_block {
    wc_stmt *first, *last;
    wc_block *outer;
    uint32_t own; /* 1 + the first local that is dead behind it, with all above; 0: not known */
};

typedef struct wc_function {
    wb_str name;
    uint32_t n_args;
    uint32_t n_locals; /* the most alive at once */
    wc_block *body;
    wv *consts;
    uint32_t n_consts, cap_consts;
    wv const_index;                  /* value -> number, for constants that are scalars */
    wm_func out;                     /* what the program's function will say of it */
    uint32_t n_shared;               /* reads that plan_share.c saved */
    struct wc_note *notes, *to_note; /* plan_why.c: the first and the last */
    uint32_t n_notes;
} wc_function;

#define WC_NOTES_MAX   256u              /* of one function: more is not read */
#define WC_NOTES_BYTES ((size_t)1 << 20) /* of their text */

typedef struct wc_plan {
    wc_function **funcs;
    uint32_t n, cap;
    uint32_t query; /* function of the query, or WM_NONE */
} wc_plan;

/* A function of the plan without statements; it has the number n - 1. */
wc_function *wc_function_new(wc_unit *u, wc_plan *plan, wb_str name, uint32_t n_args);
/* plan_rule.c: makes functions for every rule node and the query. */
void wc_make_plan(wc_unit *u, wc_plan *plan, const wc_query_body *query, const wp_module *context);
/* plan_copy.c: a copy of statements under way. Constants go to the function p->fn. Breaks out of
 * blocks that are not of the copy lead where they led. Statements with a `with` are not copied. */
typedef struct wc_copy {
    wc_planner *p;
    /* What stands for an operand, and for a local that is set. */
    wc_operand (*operand)(const struct wc_copy *c, wc_operand o);
    /* Puts something else in the place of s, or answers false; may be NULL. */
    bool (*instead)(struct wc_copy *c, const wc_stmt *s, wc_block *to);
    const void *arg; /* of these two */
    struct wc_copied *blocks;
} wc_copy;

wc_stmt *wc_copy_stmt(wc_copy *c, const wc_stmt *s, wc_block *outer);
wc_block *wc_copy_block(wc_copy *c, const wc_block *b, wc_block *outer);
/* Breaks out of `from` are to lead behind `to`. */
void wc_copy_stands_for(wc_copy *c, const wc_block *from, wc_block *to);
void wc_append(wc_block *to, wc_stmt *s);
/* plan_fuse.c: once it is known which rules are remembered. */
void wc_plan_fuse(wc_unit *u, const wc_plan *plan);
/* plan_group.c: adds functions. */
void wc_plan_group(wc_unit *u, wc_plan *plan);
/* plan_match.c: once it is known which rules are remembered. */
void wc_plan_matches(wc_unit *u, const wc_plan *plan);
/* plan_tally.c */
void wc_plan_tally(wc_unit *u, const wc_plan *plan);
/* plan_hoist.c */
void wc_plan_hoist(wc_unit *u, const wc_plan *plan);

/* plan_why.c: with options->why each pass notes what it did to a function, or, with "not: " in
 * front, what prevented it. Else these do nothing. A note that is there already is not made again.
 */
void wc_why(wc_unit *u, wc_function *fn, const char *pass, wp_loc loc, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Behind all passes: what only the finished plan tells, and which passes are off. */
void wc_plan_why(wc_unit *u, const wc_plan *plan);
/* A line each: `; PASS ROW:COLUMN: text`. */
void wc_notes_print(wb_buf *b, const wc_function *fn);
/* A local's value in words: "input.a", "data.x", "data.p.rule", "a value". def: by local, the
 * statement that set it last, or NULL. */
const char *wc_place_text(wc_unit *u, const wc_plan *plan, const wc_function *fn,
                          const wc_stmt *const *def, wc_operand o);
const char *wc_place_of_term(wc_unit *u, const wp_term *t);
/* plan_text.c */
void wc_plan_print(wb_buf *b, const wc_plan *plan);
#define WC_LOCALS_PLAIN 1000u /* a function of no more locals is emitted as it was planned */
/* registers.c: renumbers the locals of large functions, so that few are left. */
void wc_assign_registers(wc_function *fn);
/* emit.c: plan to program; false after a report (a function too large for its instructions). */
bool wc_emit(wc_unit *u, const wc_plan *plan, wm_program *p);

/* ---- the planner's state, shared by plan_*.c ---- */

typedef struct wc_pairs wc_pairs;

/* A step of a reference by a constant key, or a root, and the local that has its value. */
typedef struct wc_read {
    uint8_t kind; /* wc_stmt_kind */
    wc_operand from, key;
    uint32_t local;
} wc_read;

struct wc_planner {
    wc_unit *u;
    wc_plan *plan;
    wc_function *fn;
    wc_block *block;   /* where statements go */
    uint32_t n_locals; /* next free local */
    wc_var **bound;    /* variables bound now, in order: for undoing */
    uint32_t n_bound, cap_bound;
    uint32_t loops;  /* loops open now */
    wc_pairs *pairs; /* unification under way: pairs of variables without a value */
    uint32_t n_unified;
    uint32_t next_case; /* of the dispatch under way: 1 + the number of the next rule; 0: none */
    uint32_t cursor;    /* where the dispatch under way is */
    const wp_term *decided;         /* the place by whose value this rule was chosen, or NULL */
    const wp_term *decided_value;   /* ... and that value */
    const struct wc_chosen *chosen; /* plan_dispatch.c */
    wc_read *reads; /* what was read where this block can see it: see plan_share.c */
    uint32_t n_reads, cap_reads, first_read;
    uint32_t n_asked; /* statements made that may leave a conflict waiting */
    bool first_key;   /* of the next literal object's equal keys the first counts, not the last */
    wp_loc loc;       /* given to the statements made */
};

/* A point to return to when a block is closed. */
typedef struct wc_mark {
    wc_block *block;
    uint32_t n_locals, n_bound, n_reads, loops;
} wc_mark;

/* Whether the statement sets local t; a Scan sets two behind it. */
bool wc_sets_local(const wc_stmt *s);
/* Whether some `with` of the compilation replaces that built-in. */
bool wc_is_replaced(const wc_unit *u, wb_str name);
/* Whether nobody sees that it runs: no error, no effect, nothing asked. */
bool wc_is_silent(const wc_stmt *s);
wc_stmt *wc_put(wc_planner *p, wc_stmt_kind kind);
wc_stmt *wc_put_op(wc_planner *p, wc_stmt_kind kind, uint32_t t, wc_operand a, wc_operand b);
/* Behind a closure that began behind `first` (NULL: with the block) in `block`, at n_asked = asked:
 * what clashed in it is an error now. count_to: a local from before the closure. */
void wc_settle(wc_planner *p, wc_block *block, wc_stmt *first, uint32_t count_to, uint32_t asked);
uint32_t wc_local(wc_planner *p);
wc_operand wc_op_local(uint32_t n);
wc_operand wc_const(wc_planner *p, wv v);
wv wc_const_value(const wc_planner *p, wc_operand o);
/* Opens a Block and goes into it; wc_close returns to where it was opened. */
wc_mark wc_open(wc_planner *p);
void wc_close(wc_planner *p, wc_mark m);
/* The state now, to be returned to by wc_close without a block of its own. */
wc_mark wc_mark_now(const wc_planner *p);
void wc_break(wc_planner *p, wc_block *block);
/* Opens a Scan over a; key and value are new locals (value = key + 1). It stays open. */
uint32_t wc_scan(wc_planner *p, wc_operand a);
void wc_bind(wc_planner *p, wc_var *v, wc_operand o);
/* Takes back all bindings but the first n. */
void wc_unbind(wc_planner *p, uint32_t n);

/* plan_needs.c: a rule's body, with what decides whether the rule is looked at first. */
void wc_plan_rule_body(wc_planner *p, const wc_rule *r);

/* What OPA's index asks of a place before it looks at a rule. */
typedef enum wc_wanted {
    WC_NEED_DEFINED,
    WC_NEED_EQUAL,
    WC_NEED_ONE_OF,
    WC_NEED_MEMBER,
    WC_NEED_PREFIX,
    WC_NEED_SUFFIX,
    WC_NEED_GLOB,
    WC_NEED_EITHER /* one of two lists of needs */
} wc_wanted;

struct wc_need;
typedef struct wc_need_list {
    struct wc_need *v;
    uint32_t n;
} wc_need_list;

typedef struct wc_need {
    const wp_term *place; /* a reference, or an argument of the function */
    const wp_term *value; /* EQUAL: a scalar or an array; ONE_OF: a collection; MEMBER: a scalar;
                           * PREFIX, SUFFIX: a string or several; GLOB: a pattern */
    const wp_term *delimiters; /* GLOB: an array of strings */
    const wc_var *var;         /* the variable that stands for the place from here on, or NULL */
    wc_wanted what;
    bool crowded;  /* the place is asked for other values, too: one of them is enough */
    uint32_t mark; /* of a place that is asked for a value: its hash */
    uint32_t from; /* number of the expression */
    const wc_need_list *alternatives; /* EITHER: two; else NULL */
} wc_need;

/* plan_index.c: what a rule's body needs; the list lives in the unit's arena. */
uint32_t wc_find_needs(wc_planner *p, const wc_rule *r, wc_need **out);
/* Whether the index keeps its hands off a body: print and the test reporter see every rule run. */
bool wc_skips_index(const wp_body *b);
bool wc_same_place(const wp_term *x, const wp_term *y);
/* The elements of a written array, set or object. */
static inline uint32_t wc_element_count(const wp_term *xs)
{
    return xs->kind == WP_OBJECT ? xs->object.n : xs->list.n;
}
static inline const wp_term *wc_element_at(const wp_term *xs, uint32_t i)
{
    return xs->kind == WP_OBJECT ? xs->object.pairs[i].value : xs->list.items[i];
}
/* plan_needs.c: whether anybody can tell that an expression ran, if it fails: by an error, a clash
 * of another rule, or what is printed. */
bool wc_may_be_seen(const wc_unit *u, const wp_expr *e);
/* Undefined where the index passes over the rule. Its arguments must be bound. */
void wc_plan_needs(wc_planner *p, const wc_rule *r);

/* plan_dispatch.c: which of a node's rules to look at, by the value of one place. */
typedef struct wc_dispatch {
    wv starts;       /* value -> where its list begins; undefined values: from `others` on */
    uint32_t others; /* the list for a value that no rule names */
    uint32_t *lists; /* numbers of rules, ascending; each list ends with n_rules */
    uint32_t n_lists;
    uint32_t n_rules;
} wc_dispatch;

/* Asks which rules to look at, if that pays; what follows is between wc_case_begin and wc_case_end
 * of each of these rules in their order. n_keys: the first arguments are keys of the node's rules.
 */
bool wc_dispatch_begin(wc_planner *p, const wc_node *n, uint32_t n_keys);
void wc_dispatch_end(wc_planner *p);
wc_mark wc_case_begin(wc_planner *p);
void wc_case_end(wc_planner *p, wc_mark m);
/* Whether a dispatch tells this constant from all others. */
bool wc_is_dispatched(const wp_term *value);

/* plan_term.c */
wc_operand wc_plan_term(wc_planner *p, const wp_term *t);
/* Whether t is a place in input or base data named by scalars alone. */
bool wc_base_ref(const wc_unit *u, const wp_term *t);

/* plan_share.c */
#define WC_NO_LOCAL UINT32_MAX
uint32_t wc_find_read(const wc_planner *p, wc_stmt_kind kind, wc_operand from, wc_operand key);
void wc_note_read(wc_planner *p, wc_stmt_kind kind, wc_operand from, wc_operand key,
                  uint32_t local);

/* plan_wide.c */
bool wc_is_wide(const wp_term *t);
/* A wide literal whose elements have one value each. */
wc_operand wc_plan_wide(wc_planner *p, const wp_term *t);
/* Marks the variables of a body that only wide literals read. */
void wc_find_wide(wc_planner *p, const wp_body *b);
/* Whether the expression was put off until its variable is read. */
bool wc_put_off(wc_planner *p, const wp_expr *e);
/* Plans the expression that was put off for v, if any. */
void wc_plan_later(wc_planner *p, wc_var *v);
/* Several terms: those that may bind a variable first, so that a bare variable beside them has a
 * value. */
void wc_plan_terms(wc_planner *p, wp_term **items, uint32_t n, wc_operand *out);
void wc_unify(wc_planner *p, const wp_term *x, const wp_term *y);
/* Unifies a pattern with a value that is at hand. */
void wc_unify_value(wc_planner *p, const wp_term *pattern, wc_operand value);
/* Goes on where v equals t. A comprehension is not worked out for a value of another type. */
void wc_plan_equal(wc_planner *p, wc_operand v, const wp_term *t);
/* Whether all variables of t are bound now. */
bool wc_term_bound(const wp_term *t);
/* The value of a ground term, or undefined. */
wv wc_ground(wc_planner *p, const wp_term *t);

/* plan_expr.c */
void wc_plan_body(wc_planner *p, const wp_body *b);
void wc_plan_expr(wc_planner *p, const wp_expr *e);
/* A call: its value in an operand; for outputs (one argument more) unifies and answers true. */
wc_operand wc_plan_call(wc_planner *p, wp_term **items, uint32_t n, wp_loc loc, bool as_test);
/* The node of a rule function that an operator names, or NULL. */
wc_node *wc_function_node(const wc_unit *u, const wp_term *op);

#endif
