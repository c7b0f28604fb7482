/* Cases as data: what a file holds, and what came of one case.
 *
 * A *file* is read once into one arena; its *kind* is seen from its content, never from its name. A
 * *case* is one row of it: a note that names it, and its fields as a value. An *outcome* is a
 * status with its reason and a few *figures*, counts beside the status. */
#ifndef WRIT_CONFORMANCE_CASE_H
#define WRIT_CONFORMANCE_CASE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "value/value.h"

#define CF_FILE_MAX   ((size_t)256 << 20) /* bytes of one file; OPA's largest has 4 MB */
#define CF_REASON_MAX ((size_t)64 << 10)  /* bytes of one reason; longer ones are cut */

/* One row a kind: name, what a report calls it. */
#define CF_KIND_MAP(X)                                                                             \
    X(EVAL, "evaluation")                                                                          \
    X(PLAN, "plans")                                                                               \
    X(COMPILE, "compile errors")                                                                   \
    X(DIAGNOSTICS, "diagnostics")                                                                  \
    X(FORMAT, "formatter")                                                                         \
    X(NUMBER, "numbers")                                                                           \
    X(SCHEMA, "JSON Schema")

typedef enum cf_kind {
#define X(name, text) CF_##name,
    CF_KIND_MAP(X)
#undef X
} cf_kind;

const char *cf_kind_text(cf_kind kind);

typedef struct cf_case {
    wb_str note; /* one line, unique in its file */
    wv body;     /* an object */
} cf_case;

typedef struct cf_file {
    const char *path; /* the caller's */
    wb_arena arena;   /* of notes, values and the array below */
    cf_kind kind;
    bool v0; /* lies in a folder named v0: modules without a version of their own are Rego v0 */
    cf_case *cases;
    size_t n;
} cf_file;

/* Reads a JSON file, or YAML where the name ends in .yaml or .yml. WB_NOT_FOUND: readable, but
 * holds no cases. On an error nothing is left to free. */
wb_status cf_file_read(cf_file *f, const char *path, wb_error *error);
void cf_file_free(cf_file *f);

/* One YAML document to a value (yaml.c): JSON's types, numbers keep their spelling. */
wb_status cf_yaml_read(wb_arena *a, wb_str text, wv *out, wb_error *error);

/* A field of a case; undefined when it is absent or null. */
wv cf_field(wv body, const char *name);
/* Whether the field is true. */
bool cf_flag(wv body, const char *name);
/* The bytes of a string field, empty when it is none; they live in *v, which the caller keeps. */
wb_str cf_text(wv body, const char *name, wv *v);

typedef enum cf_status { CF_PASS, CF_FAIL, CF_SKIP } cf_status;

/* Counts beside the status: whether one was taken, and whether it holds. */
#define CF_FIGURE_MAP(X)                                                                           \
    X(ERROR_TEXT, "error texts equal")                                                             \
    X(VERDICT, "diagnostics, error or none")                                                       \
    X(ROWS, "diagnostics, codes and rows")                                                         \
    X(WORDS, "diagnostics, columns and messages")

typedef enum cf_figure {
#define X(name, text) CF_FIGURE_##name,
    CF_FIGURE_MAP(X)
#undef X
        CF_FIGURES
} cf_figure;

typedef struct cf_outcome {
    cf_status status;
    unsigned taken, holds; /* 1 << cf_figure */
    wb_buf reason;         /* the runner's; empty for a pass */
} cf_outcome;

void cf_count(cf_outcome *o, cf_figure figure, bool holds);
/* Makes it a failure (or a skip) and puts the sentence in the reason. */
void cf_fail(cf_outcome *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cf_skip(cf_outcome *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How cases are run. */
typedef struct cf_options {
    unsigned passes_off; /* WC_PASS_... */
    bool plans_written;  /* queries of modules go by way of the plan that we write */
} cf_options;

/* Runs one case of its kind; the outcome starts as a pass. */
void cf_run_case(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o);

/* The kinds, one file each. */
void cf_run_eval(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o);
void cf_run_number(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o);
void cf_run_compile(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o);
void cf_run_schema(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o);
void cf_run_format(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o);
void cf_run_diagnostics(const cf_file *f, const cf_case *c, const cf_options *options,
                        cf_outcome *o);

#endif
