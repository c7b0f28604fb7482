/* One compilation: what the passes share. Internal to compiler/.
 *
 * stages.h lists the stages that work on it. */
#ifndef WRIT_COMPILER_UNIT_H
#define WRIT_COMPILER_UNIT_H

#include "compiler/compile.h"
#include "parser/parse.h"

typedef struct wc_operand {
    enum { WC_NOTHING, WC_LOCAL, WC_CONST } kind;
    uint32_t n; /* local number, or number in the function's constants */
} wc_operand;

/* One variable a name and compilation: rules share it, each stage knows which rule it looks at. A
 * WP_VAR term's name.p points at `text`, so the variable is found from the term without a table. */
typedef struct wc_var {
    uint32_t id;               /* number in the compilation */
    uint32_t hash;             /* of the text */
    uint32_t len;              /* of the text */
    uint32_t ignored;          /* resolve: scopes that declare it */
    uint32_t seen;             /* resolve: the module for which `global` was looked up */
    uint32_t import;           /* resolve: number of the import behind `global`, UINT32_MAX: none */
    const wp_term *global;     /* resolve: the path it stands for, or NULL */
    uint32_t stage;            /* of a query: the last one whose body had it at its start */
    uint32_t left;             /* locals: the last visit at which nothing stood for it */
    struct wc_local *local;    /* locals: what it is in the innermost scope that has it */
    uint32_t uses;             /* locals: of a made variable, so far */
    bool builtin_known;        /* `builtin` was looked up */
    bool wide;                 /* planner: only a wide literal reads it */
    struct wc_var *was;        /* what it was called in the text, for made variables; or NULL */
    const wp_term *subject;    /* what it stands for in the texts of type errors, or NULL */
    const ws_builtin *builtin; /* of its name, or NULL; once it was looked up */
    wc_operand bound;          /* planner: where its value is; WC_NOTHING while unbound */
    struct wc_wait *waits;     /* planner: pairs to unify once it has a value */
    const wp_term *constant;   /* planner: the constant it was given, while a rule is looked at */
    const wp_expr *later;      /* planner: what gives it its value when it is read, or NULL */
    uint32_t mark;             /* planner: the body in which it has a value already */
    char text[];
} wc_var;

static inline wc_var *wc_var_of(const wp_term *t)
{
    return (wc_var *)(void *)((char *)(uintptr_t)t->name.p - offsetof(wc_var, text));
}

static inline wb_str wc_var_name(const wc_var *v)
{
    return (wb_str){v->text, v->len};
}

/* A rule as the planner takes it: checked, its body in the order of evaluation. */
typedef struct wc_rule {
    const wp_module *module;
    const wp_rule *source;
    wp_term **path;    /* head ref from the package on: scalars, or resolved terms */
    uint32_t n_path;   /* without `data`; package parts first */
    uint32_t n_ground; /* leading parts that are scalars */
    wp_term **args;
    uint32_t n_args;
    bool is_function, is_set, is_default;
    wp_term *key;   /* partial sets: the member; else NULL */
    wp_term *value; /* NULL for sets */
    wp_body body;
    struct wc_rule *else_rule;
    uint32_t number; /* in u->rules */
    wp_loc loc;
} wc_rule;

/* A query as the planner takes it. */
typedef struct wc_query_body {
    wp_body body;
    uint32_t n_shown; /* expressions that the answer lists, in the order of the text */
    wc_var **shown;   /* by expression: the variable of its value, or NULL: it is `true` */
} wc_query_body;

#define WC_WIDE_LITERAL 256u /* above it a literal's elements are not all at hand at once */

struct wc_node;

typedef struct wc_unit {
    wb_arena *a;
    const wc_options *options;
    wp_diags *diags;
    const ws_registry *registry;
    wp_module **modules;
    uint32_t n_modules;
    wc_rule **rules;
    uint32_t n_rules, cap_rules;
    uint32_t generation;     /* planner: marks given */
    const wp_module *module; /* the one being worked on */
    struct wc_node *root;
    wm_program *program;
    wv blocks[3];  /* metadata.c: path -> METADATA block, by scope; undefined: not looked for yet */
    wv mocked;     /* names of built-ins that some `with` replaces -> mock number */
    bool has_wide; /* some literal is wide (plan_wide.c) */
} wc_unit;

wp_term *wc_term_new(wc_unit *u, wp_term_kind kind, wp_loc loc);
wp_expr *wc_expr_new(wc_unit *u, wp_expr_kind kind, wp_loc loc);
wp_term *wc_string_term(wc_unit *u, wb_str s, wp_loc loc);
/* The file that diagnostics of the present module name. */
const wp_file *wc_file(const wc_unit *u);

/* `input` and `data` stay variables under their names; this tells them from locals. */
static inline bool wc_is_root(const wp_term *t, const char *name)
{
    return t->kind == WP_VAR && wb_str_is(t->name, name);
}
bool wc_is_root_name(wb_str name);
static inline bool wc_is_local(const wp_term *t)
{
    return t->kind == WP_VAR && !wc_is_root(t, "input") && !wc_is_root(t, "data");
}

/* Whether u->module is checked as v1 or in strict mode. */
bool wc_is_strict(const wc_unit *u);
/* metadata.c: what rego.metadata.chain() (or .rule()) answers in that rule. */
wv wc_metadata(wc_unit *u, const wp_module *m, const wp_rule *rule, bool chain);
/* Whether a map inside has keys that are no texts: YAML has such maps, JSON has not. */
bool wc_has_odd_keys(wv v);
#define WC_ODD_KEYS "json: unsupported type: map[interface {}]interface {}"
/* A value as a term of literals. */
wp_term *wc_value_term(wc_unit *u, wv v, wp_loc loc);

/* Reports what was kept back. */
void wc_tell(wc_unit *u, const wp_diags *late);

/* targets.c: the data paths that some `with` replaces, as a set of arrays; u->mocked is filled. The
 * query may be NULL. */
wv wc_collect_targets(wc_unit *u, const wp_body *query);
/* Whether a path lies above, at or below one of them. */
bool wc_touches_target(wv targets, wv path);

/* ---- the data tree ---- */
typedef struct wc_node {
    wv name;
    wv by_name; /* children by name, once there are many: name -> address as an integer */
    struct wc_node *parent, *first, *next; /* children in a list, sorted by name at the end */
    wc_rule **rules; /* rules whose value begins here; NULL for a plain step */
    uint32_t n_rules, cap_rules;
    uint32_t n_children;
    uint32_t depth;                       /* steps below `data` */
    bool is_function, is_set, is_dynamic; /* dynamic: some rule has parts below this path */
    uint32_t max_keys;                    /* how many keys a reference may bind */
    uint32_t number;                      /* in the program */
    uint32_t whole, keyed;
    uint32_t asked;  /* places that ask for it; in a loop or function counts twice */
    bool is_package; /* some module's package ends here */
    bool typed;      /* type check: all below was seen */
} wc_node;

/* The keys of a rule below its node: the rest of its path, then the member of a set. */
static inline uint32_t wc_key_count(const wc_node *n, const wc_rule *r)
{
    return r->n_path - n->depth + r->is_set;
}
static inline const wp_term *wc_key_at(const wc_node *n, const wc_rule *r, uint32_t i)
{
    return i < r->n_path - n->depth ? r->path[n->depth + i] : r->key;
}

void wc_build_tree(wc_unit *u);
/* Child by name, or NULL. A number is found by its spelling: rules below 1.0 are not below 1. */
wc_node *wc_node_child(const wc_node *n, wv name);
wb_str wc_node_path_text(wc_unit *u, const wc_node *n);

#endif
