/* The state of one drawing, shared by the generator's files. */
#ifndef WRIT_CONFORMANCE_DIFF_GENERATOR_H
#define WRIT_CONFORMANCE_DIFF_GENERATOR_H

#include "conformance/diff/grammar.h"
#include "conformance/diff/program.h"
#include "conformance/diff/random.h"

#define DG_SHAPE_MAX   16   /* letters of a shape or sort, with the NUL */
#define DG_VARS_MAX    256  /* variables known at one place */
#define DG_IDS_MAX     4096 /* variables of a program */
#define DG_SYMBOLS_MAX 24
#define DG_ARGS_MAX    3
#define DG_IMPORTS_MAX 8
#define DG_NAME_MAX    24
#define DG_DEPTH_MAX   4          /* nesting of rows above which only literals and variables come */
#define DG_SIZE_MAX    50         /* rows of one clause above which the same holds */
#define DG_TEXT_MAX    (1u << 20) /* bytes of one text */

typedef struct dg_var {
    unsigned id;
    char shape[DG_SHAPE_MAX];
} dg_var;

/* A rule or function that later ones may speak of. */
typedef struct dg_symbol {
    unsigned package;
    char name[DG_NAME_MAX];
    const df_kind *kind;
    char value[DG_SHAPE_MAX]; /* of its values */
    char whole[DG_SHAPE_MAX]; /* asked whole; empty for functions */
    unsigned n_args;
    char args[DG_ARGS_MAX][DG_SHAPE_MAX];
} dg_symbol;

typedef struct dg_package {
    const char *path; /* with slashes */
    bool old;         /* rules without `if` and `contains` */
    char words[4];    /* the keywords imported: letters of a(nd), o(r), n(ot) */
    char opening[96]; /* imports that switch keywords */
    char imports[DG_IMPORTS_MAX][96];
    unsigned n_imports;
    wb_buf rules;
} dg_package;

/* What the type variables of a row stand for; empty: nothing yet. */
typedef struct dg_binds {
    char t[DG_SHAPE_MAX], u[DG_SHAPE_MAX];
} dg_binds;

typedef struct dg {
    df_random r;
    dg_var vars[DG_VARS_MAX];
    unsigned n_vars;
    unsigned args_end; /* of vars: what the clause's arguments declared */
    char names[DG_IDS_MAX][8];
    bool optional[DG_IDS_MAX]; /* `_` when unused */
    uint16_t uses[DG_IDS_MAX];
    unsigned n_ids;
    dg_symbol symbols[DG_SYMBOLS_MAX];
    unsigned n_symbols;       /* those that may be spoken of */
    dg_symbol *symbol;        /* the one being written; NULL in queries */
    unsigned last_of_package; /* symbols of the present package start here */
    dg_package packages[8];
    unsigned n_packages, package; /* package: the present one, n_packages in queries */
    unsigned depth, size;
    bool v0;      /* modules are of Rego v0 */
    bool wild;    /* terms of wrong shape come now and then */
    bool in_head; /* a term of a rule's head is written */
} dg;

/* ---- shapes.c ---- */

/* Whether a shape fits a pattern of letters, T, U, c and *; binds what was unbound. */
bool dg_fits(const char *pattern, const char *shape, dg_binds *binds);
/* The pattern with all left open drawn; out has DG_SHAPE_MAX bytes. */
void dg_settle(dg *g, const char *pattern, dg_binds *binds, char *out);
const char *dg_any_shape(dg *g);

/* ---- names.c ---- */

unsigned dg_declare(dg *g, const char *shape, bool optional);
/* Puts a mark that dg_finish turns into the variable's name. */
void dg_put_var(wb_buf *b, unsigned id);
/* Each of these writes one thing that fits, or answers false and writes nothing. */
bool dg_use_var(dg *g, const char *pattern, dg_binds *binds, wb_buf *b);
bool dg_use_symbol(dg *g, const char *pattern, dg_binds *binds, bool full, wb_buf *b);
bool dg_use_function(dg *g, unsigned n_args, wb_buf *b);
bool dg_use_place(dg *g, const char *pattern, dg_binds *binds, bool target, wb_buf *b);
bool dg_use_package(dg *g, wb_buf *b);
/* The package of the rule being written. */
bool dg_use_own_package(dg *g, wb_buf *b);
/* A function that answers the shape; its reference is written. NULL: none. */
const dg_symbol *dg_pick_call(dg *g, const char *shape, wb_buf *b);
/* Base data or input as JSON: the places below a root. */
void dg_document(dg *g, const char *root, wb_buf *b);
/* The text with names in place of marks. */
wb_str dg_finish(dg *g, wb_arena *a, wb_str text);

/* ---- rows.c ---- */

/* Writes something of the sort; false: no row could be filled. */
bool dg_write(dg *g, const char *sort, wb_buf *b);

#endif
