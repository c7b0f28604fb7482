/* Types: what a value may be, as far as the text of the policies tells.
 *
 * A type is immutable and lives in the arena of the compilation. NULL is a type of its own: nothing
 * is known (printed `???`). An `any` without members is the superset of all. A *recursive* type
 * stands for one around it, so that a schema may contain itself; wc_type_open gives that one.
 *
 * Sizes: the number of parts of a type, counted as a tree, and its depth are bounded; what would
 * exceed a bound is `any`. So each operation here ends after WC_TYPE_SIZE_MAX steps, and no bound
 * can ever cause an error that is none. */
#ifndef WRIT_COMPILER_TYPES_H
#define WRIT_COMPILER_TYPES_H

#include "compiler/unit.h"

#define WC_TYPE_SIZE_MAX  16384u /* parts: types are compared and printed part by part */
#define WC_TYPE_DEPTH_MAX 200u   /* levels: operations recurse */
#define WC_TYPE_UNION_MAX 256u   /* members of one union: joining is linear in them */

/* In the order in which types of different kinds are sorted. */
typedef enum wc_type_kind {
    WC_T_NULL,
    WC_T_BOOLEAN,
    WC_T_NUMBER,
    WC_T_STRING,
    WC_T_ARRAY,
    WC_T_OBJECT,
    WC_T_SET,
    WC_T_ANY,
    WC_T_FUNCTION,
    WC_T_RECURSIVE
} wc_type_kind;

typedef struct wc_type wc_type;
typedef const wc_type *wc_tp;

typedef struct wc_prop {
    wv key;
    wc_tp value;
} wc_prop;

struct wc_type {
    uint8_t kind;
    bool nil;       /* some part is not known */
    bool has_rest;  /* object: has dynamic properties */
    uint16_t depth; /* levels below */
    uint32_t size;  /* parts, itself included */
    uint32_t n;     /* items */
    union {
        wc_tp *items;   /* array: static items; any: sorted members; function: arguments */
        wc_prop *props; /* object: static properties sorted by key */
    };
    wc_tp of;  /* array: of the dynamic items; object: of dynamic values; set: of its members;
                  function: result; recursive: the type around it. NULL: none */
    wc_tp key; /* object: of dynamic keys; function: of arguments past the last */
    const wb_str *names; /* function of a built-in: names of its arguments, empty ones too, and of
                            its result; recursive: the one name by which errors show it */
};

extern const wc_type wc_null, wc_boolean, wc_number, wc_string, wc_any;

/* ---- making; lists are copied unless said ---- */
wc_tp wc_array_type(wb_arena *a, const wc_tp *items, uint32_t n, wc_tp rest);
wc_tp wc_set_type(wb_arena *a, wc_tp of);
/* props are sorted in place, then copied. key and value: of dynamic properties, if has_rest. */
wc_tp wc_object_type(wb_arena *a, wc_prop *props, uint32_t n, bool has_rest, wc_tp key,
                     wc_tp value);
wc_tp wc_function_type(wb_arena *a, const wc_tp *args, uint32_t n, wc_tp result);
/* Of a ground value. */
wc_tp wc_type_of(wb_arena *a, wv v);
/* Of a declaration of the registry ("(x: number) => (y: number)"); NULL when it is none. */
wc_tp wc_type_of_decl(wb_arena *a, const char *decl);

/* Of documents that follow a JSON Schema (types_schema.c); NULL when it is none: why says it. */
wc_tp wc_schema_type(wb_arena *a, uint64_t seed, wv schema, wb_buf *why);

/* ---- asking ---- */
/* The type that a recursive one stands for, else t. */
static inline wc_tp wc_type_open(wc_tp t)
{
    return t && t->kind == WC_T_RECURSIVE ? t->of : t;
}
int wc_type_compare(wc_tp a, wc_tp b);
static inline bool wc_type_nil(wc_tp t)
{
    return !t || t->nil;
}
static inline bool wc_type_is_any(wc_tp t)
{
    return t && t->kind == WC_T_ANY && !t->n;
}
/* A collection that can hold nothing. */
bool wc_type_is_empty(wc_tp t);
/* The union. A function and something else have none: NULL. */
wc_tp wc_type_or(wb_arena *a, wc_tp x, wc_tp y);
/* As wc_type_or, but dynamic objects and sets become one. */
wc_tp wc_type_merge(wb_arena *a, wc_tp x, wc_tp y);
/* What a ground key selects, of keys and of members; NULL when there is none. */
wc_tp wc_type_select(wb_arena *a, wc_tp t, wv key);
wc_tp wc_type_keys(wb_arena *a, wc_tp t);
wc_tp wc_type_values(wb_arena *a, wc_tp t);
/* Whether a value can be of both. */
bool wc_type_unifies(wb_arena *a, wc_tp x, wc_tp y);

/* ---- text (types_text.c) ---- */
void wc_type_put(wb_buf *b, wc_tp t);
/* As JSON, for the details of errors. */
wv wc_type_value(wb_arena *a, wc_tp t);
/* Arguments in parentheses, with names if given. */
void wc_args_put(wb_buf *b, const wc_tp *args, uint32_t n, wc_tp rest, const wb_str *names);
/* Both types with what does not matter for their difference left out. */
void wc_type_put_diff(wb_arena *a, wb_buf *left, wb_buf *right, wc_tp x, wc_tp y);
/* t as one word when it is long. */
void wc_type_put_short(wb_arena *a, wb_buf *b, wc_tp t);
/* The same for an argument with its name, which counts. */
void wc_type_put_argument(wb_arena *a, wb_buf *b, wb_str name, wc_tp t);
bool wc_line_too_wide(wb_str line);

/* A comprehension in the tree of the checks: its type is kept here, since it is asked often. */
typedef struct wc_comp {
    wp_term term;
    wc_tp type; /* NULL: not known, or its body has errors */
    wp_diags errors;
    uint32_t round; /* in which it was checked; 0: not yet */
    /* The innermost level around it of whose variables it uses one that had a type. */
    uint32_t uses;
    uint32_t inside; /* the innermost such level of the comprehensions in it */
} wc_comp;

/* ---- the documents (types_env.c) ----
 *
 * What the rules seen so far make of `data`. A path nobody defines may be a base document: any. */
typedef struct wc_tnode {
    wv name;
    wc_tp value; /* NULL: a step only */
    struct wc_tnode *parent, **kids;
    uint32_t n, cap;
    struct wc_tnode *unnamed; /* where a path goes on with a variable: only rules with errors */
    wv index;                 /* name -> number in kids, once there are many */
    wc_tp extent;             /* of all below, when it was asked for; NULL: ask again */
} wc_tnode;

wc_tnode *wc_tnode_child(const wc_tnode *n, wv name);
/* Sets the type at a path; its parts may be variables. */
void wc_tnode_put(wb_arena *a, wc_tnode *root, wp_term *const *path, uint32_t n, wc_tp t);
/* Adds a rule's type to what stands at, above and below the path. */
void wc_tnode_insert(wb_arena *a, wc_tnode *root, wp_term *const *path, uint32_t n, wc_tp t);
wc_tp wc_tnode_extent(wb_arena *a, wc_tnode *n);

/* f as errors show it when a call's result was an argument too. */
wc_tp wc_type_with_result(wb_arena *a, wc_tp f);
/* A call with a wrong number of arguments; the file is that of the unit's module. */
struct wc_check;
void wc_report_arguments(struct wc_check *c, wp_loc loc, wb_str name, const wc_tp *have, uint32_t n,
                         wc_tp want);

#endif
