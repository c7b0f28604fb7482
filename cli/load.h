/* Files into an engine: policies, base data, bundles; and the errors met on the way.
 *
 * A *load* belongs to one command's run. Paths are files, directories (walked in the order of
 * names), or prefix:path, which places data below a dotted prefix. Data of several files is merged
 * at the root; two values at one path are an error. A file given twice is read once.
 *
 * Errors are collected, not thrown: every function goes on as far as it can. */
#ifndef WRIT_CLI_LOAD_H
#define WRIT_CLI_LOAD_H

#include "cli/json.h"
#include "engine/engine.h"

#include <stdio.h>

#define CLI_FILE_MAX   ((size_t)1 << 30) /* bytes of one file: OPA's limit of a bundle's files */
#define CLI_DEPTH_MAX  256u              /* folders below one another: ends loops of mounts */
#define CLI_OUTPUT_MAX ((size_t)1 << 31) /* bytes of what one command prints */

/* A diagnostic with place and code, or a bare text. */
/* One line of a traceback. */
typedef struct cli_frame {
    wb_str file; /* empty: the query */
    wp_loc loc;
    wb_str text; /* source of the expression, cut to CLI_FRAME_TEXT bytes */
} cli_frame;

#define CLI_FRAME_TEXT 80

typedef struct cli_error {
    const wp_diag *diag;
    wb_str text;            /* of a bare error */
    wb_str source;          /* what heads an evaluation's error that has no file */
    const cli_frame *trace; /* an evaluation's error: where, then the calls that led there */
    uint32_t n_trace;
    struct cli_error *next;
} cli_error;

/* Where a file's data goes: the last part of a path below the root, and the part before. */
typedef struct cli_place {
    wb_str part;
    const struct cli_place *before;
} cli_place;

typedef struct cli_document {
    wb_str path; /* as shown to people */
    wv value;
} cli_document;

/* A bundle that was read. */
typedef struct cli_bundle {
    const char *path;
    bool folder;
    wv roots;            /* an array of texts */
    wv manifest;         /* an object; undefined without one */
    wb_str plan;         /* plan.json; empty: none */
    size_t first_module; /* in the engine, up to the next bundle's */
    size_t n_modules;
} cli_bundle;

typedef struct cli_load {
    writ_engine *engine;
    wb_arena arena;   /* errors and their texts, texts of files */
    wb_arena modules; /* trees; the engine's modules point into it */
    wp_diags diags;
    cli_error *first, *last;
    size_t n_errors;
    bool bare;    /* the one error is printed without a heading */
    bool loading; /* the errors came before compiling: said so in their heading */

    bool bundle;    /* paths are bundles: only data.json, data.yaml; folders become paths */
    bool rego_only; /* data is not read */
    const char **ignore;
    size_t n_ignore;

    we_document *data;
    cli_document *documents; /* for the words of merge errors */
    size_t n_documents;
    wv root; /* what they are together */

    cli_bundle *bundles;
    size_t n_bundles;

    bool limit_net; /* capabilities name the hosts that built-in functions may ask */
    const char **hosts;
    size_t n_hosts;
} cli_load;

/* With a fresh engine, which cli_load_free frees too. max_errors of 0: no limit. */
void cli_load_init(cli_load *l, uint32_t max_errors);
void cli_load_free(cli_load *l);

void cli_load_paths(cli_load *l, const char **paths, size_t n);
void cli_load_path(cli_load *l, const char *path);
/* A text as if it stood in a file of that name; it stays until cli_load_free. */
void cli_take_module(cli_load *l, const char *path, wb_str text);
void cli_take_data(cli_load *l, const char *path, wb_str text, bool yaml, const cli_place *at);
/* Merges an object into the root; path names it in errors. */
void cli_merge_root(cli_load *l, const char *path, wv value);
/* The bundle whose plan may answer queries instead of modules, since all modules come from it, or
 * NULL. `name` is the query's path (a/b of data.a.b), empty when the query is no such path. */
const cli_bundle *cli_find_plan(cli_load *l, wb_str query, wb_str *name);
/* Reads bundles: folders and gzipped tar archives. The errors of each become one, which begins with
 * `words` (bundle.c). */
void cli_load_bundles(cli_load *l, const char **paths, size_t n, const char *words);
/* Gives the merged data to the engine, and looks for rules where data stands (conflicts.c). False
 * when errors were collected. */
bool cli_load_finish(cli_load *l);
/* False: a rule and base data have one path; the errors are in l->diags. */
bool cli_check_conflicts(cli_load *l);

/* The object that opa.runtime() answers: environment, version. */
wv cli_runtime(wb_arena *a);

/* Takes the diagnostics that came since the last call into the list of errors. */
void cli_take_diags(cli_load *l);
void cli_add_error(cli_load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An error of an evaluation. One without a file is headed by the source text of its place. late:
 * the time given was over. */
/* The frames of an error, in the arena; query is the text of the query. */
const cli_frame *cli_trace(wb_arena *a, const wm_error *e, wb_str query, uint32_t *n);
void cli_print_trace(wb_buf *b, const cli_frame *trace, uint32_t n, const char *indent);
void cli_json_trace(cli_json *j, const cli_frame *trace, uint32_t n);
void cli_add_eval_error(cli_load *l, const wm_error *e, wb_str query, bool late);

/* The whole text of a file, or NULL with the error collected; n never passes CLI_FILE_MAX. The
 * text lives in the arena given. "-" is not special. */
bool cli_read_file(cli_load *l, wb_arena *a, const char *path, wb_str *out);
/* All of a stream. */
bool cli_read_stream(cli_load *l, wb_arena *a, FILE *in, const char *name, wb_str *out);
/* JSON or (by its extension, or when `any`) YAML to a value. */
bool cli_read_value(cli_load *l, wb_arena *a, const char *name, wb_str text, bool yaml, wv *out);

/* The schemas of --schema, into the engine; an empty path is none. */
void cli_load_schemas(cli_load *l, const char *path);
/* An input: JSON or YAML, whichever it is. */
bool cli_read_input(cli_load *l, wb_arena *a, wb_str text, wv *out);

/* ["errors"] of OPA's JSON, into an open object. */
void cli_json_errors(cli_json *j, const cli_load *l);
/* "1 error occurred: ..." and so on. */
void cli_print_errors(wb_buf *b, const cli_load *l);

#endif
