/* A program under test: everything that one evaluation needs, as text.
 *
 * The texts belong to whoever made the program, mostly an arena; a copy of the struct shares them.
 * Rules of a module stand apart by empty lines and statements by line ends, so that a shrinker can
 * take them out without knowing Rego. */
#ifndef WRIT_CONFORMANCE_DIFF_PROGRAM_H
#define WRIT_CONFORMANCE_DIFF_PROGRAM_H

#include "base/buf.h"

#include "base/arena.h"

#define DF_MODULES_MAX 8
#define DF_QUERIES_MAX 6
#define DF_LINE_MAX    ((size_t)16 << 20) /* bytes of a case or an answer as a line of JSON */

typedef struct df_program {
    uint64_t seed; /* what it was made from */
    wb_str modules[DF_MODULES_MAX];
    unsigned n_modules;
    wb_str queries[DF_QUERIES_MAX];
    unsigned n_queries;
    wb_str data;      /* JSON; empty: none */
    wb_str input;     /* JSON; empty: none */
    wb_str schemas;   /* JSON: schemas by their paths, with slashes; empty: none */
    bool strict;      /* errors of built-ins end the query */
    bool strict_mode; /* the compiler's strict mode */
    bool v0;          /* modules are of Rego v0 */
    bool prints;      /* print() is compiled */
    bool cases;       /* asked as cases are, by the evaluator alone; else as `opa eval` asks */
} df_program;

/* Appends the case as a line for the oracle or a worker, with its line end. */
void df_program_line(wb_buf *b, const df_program *p);
/* Appends it for people. */
void df_program_show(wb_buf *b, const df_program *p);
/* Bytes of all its texts: what shrinking makes smaller. */
size_t df_program_size(const df_program *p);

#endif
