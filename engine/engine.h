/* Inside the engine: what commands, service and conformance runner use beyond writ.h.
 *
 * A *policy set* is parsed modules; a *snapshot* is base data; both are shared by reference counts
 * between the engine and the queries prepared from them. */
#ifndef WRIT_ENGINE_ENGINE_H
#define WRIT_ENGINE_ENGINE_H

#include "compiler/compile.h"
#include "parser/parse.h"
#include "value/json.h"
#include "vm/session.h"
#include "writ.h"

#include <pthread.h>

/* The shapes of the objects of many documents; given up with the last of them. */
typedef struct we_shapes {
    wv_json_shapes *shapes;
    int refs;
} we_shapes;

/* A frozen value with the arena it lives in. */
typedef struct we_document {
    wb_arena arena;
    void *memory;      /* what a compact document's arena stands over; NULL for others */
    we_shapes *shapes; /* what its objects share with those of others; NULL: nothing */
    wv value;
    int refs;
} we_document;

/* A parsed module with its arena; text and name live there too. An empty arena: all that belongs to
 * the host and outlives the engine. */
typedef struct we_module {
    wb_arena arena;
    wp_module *tree;
    wb_str name;
    int refs;
} we_module;

/* A host's function: what its row in the registry points at. */
typedef struct we_host {
    writ_function function;
    void *argument;
    char *name, *declaration;
    struct we_host *next;
} we_host;

struct writ_engine {
    int refs; /* the owner's and one a query: programs point into the registry */
    uint64_t seed;
    we_host *hosts;
    wv (*http_send)(ws_ctx *cx, const wv *args, unsigned n); /* NULL: see writ_add_http */
    ws_registry *registry;
    we_module **modules; /* in the order they came */
    size_t n_modules, cap_modules;
    uint32_t *slots; /* modules by name: their numbers + 1, in an open table of n_slots */
    size_t n_slots;
    uint32_t next_file, *free_files; /* numbers for files: the first unused, and those given back */
    size_t n_free_files, cap_free_files;
    we_document *data;       /* never NULL */
    pthread_mutex_t shaping; /* held while a document is made with `shapes` */
    we_shapes *shapes;       /* of the host's documents; NULL: none yet */
    wp_version version;      /* of modules added from now on; WP_V1 */
    unsigned passes_off;     /* WC_PASS_... */
    bool no_early_exit;      /* see wc_options */
    bool why;                /* see wc_options */
    bool keep_print;         /* compile print() calls; set by writ_set_print users: default true */
    bool strict_compile;
    bool stop_at_false;  /* see wc_options */
    bool skip_types;     /* see wc_options */
    wv schemas;          /* see wc_options; the owner keeps the value as long as the engine */
    uint32_t max_errors; /* 0: no limit */
};

struct writ_query {
    writ_engine *engine;
    wm_program *program;
    we_document *data;
    wb_arena arena; /* text of the query, keys */
    bool by_path;   /* a ground reference: node and keys below */
    uint32_t node;
    uint32_t func; /* the rule asked whole when there are no keys, else WM_NONE */
    wv *keys;
    unsigned n_keys;
};

struct writ_session {
    writ_engine *engine;
    wm_session *vm;
    wb_arena input;         /* of writ_eval_json */
    wv_json_shapes *shapes; /* of the inputs there */
    wb_arena record;        /* of writ_set_record; made when there is one */
    bool has_record;
    wb_str *hosts; /* of writ_set_allow_net; owned, as their bytes are */
    size_t n_hosts;
    wb_buf out;
    writ_budget budget;
    bool has_budget;
    uint64_t deadline_ns; /* monotonic */
    void (*print)(void *argument, const char *line, size_t length);
    void *print_argument;
};

/* Parses a module without adding it. The diagnostics' arena must outlive them. NULL on errors. */
we_module *we_module_new(writ_engine *e, wb_str name, wb_str text, uint32_t file_number,
                         wp_diags *diags);
void we_module_free(we_module *m); /* gives back one reference */
/* Adds the module under its name, replacing one of that name; takes the reference. */
void we_add_module(writ_engine *e, we_module *m);
/* How the engine parses: its version and the names its registry takes. */
wp_options we_parse_options(const writ_engine *e, uint32_t file_number);
/* The next free file number. */
uint32_t we_next_file(const writ_engine *e);
/* The engine's modules as the compiler wants them; the caller frees the array. */
wp_module **we_trees(const writ_engine *e);

we_document *we_document_new(writ_engine *e, size_t limit);
void we_document_free(we_document *d);
void we_shapes_free(we_shapes *s); /* gives back one reference; NULL is allowed */
/* Makes d->value, which nobody changes from now on, it the engine's data; takes the reference. */
void we_set_data(writ_engine *e, we_document *d);

/* Compiles all modules without a query. WB_INVALID: see diags. */
wb_status we_check(writ_engine *e, wp_diags *diags);
wc_options we_options(const writ_engine *e);

/* A query in the package of `package` (text such as "data.a" or empty) with imports (texts such as
 * "data.x"), as `opa eval` takes them. NULL: see diags. */
writ_query *we_prepare(writ_engine *e, wb_str query, wb_str package, const wb_str *imports,
                       size_t n_imports, bool by_path, wp_diags *diags);

/* Appends OPA's plan (plan.json) of the modules: a plan for each entrypoint ("a/b"), and one named
 * "eval" for the query, unless that is empty. dependents: and one for each rule that needs one of
 * the entrypoints. WB_INVALID: see diags; WB_NOT_FOUND: they name an entrypoint that is none. */
wb_status we_write_plan(writ_engine *e, const wb_str *entrypoints, size_t n, wb_str query,
                        bool dependents, wb_buf *out, wp_diags *diags);
/* A query that runs the plan of that name (empty: the only one) instead of modules. It answers rows
 * of [bindings, []]. NULL: see why; the json may go after the call. */
writ_query *we_prepare_plan(writ_engine *e, wb_str json, wb_str plan, wb_error *why);

/* Runs: the value of a path query, or the array of solutions of any other (see wc_compile). */
wv we_run(writ_session *s, const writ_query *q, wv input);
/* The solutions of a query by path, too: as an array of one [bindings, [value]]. */

/* rego.parse_module's tree, made in cx->out; undefined with the failure set. */
wv we_parse_module(ws_ctx *cx, wb_str name, wb_str text);

/* Fills a public error. */
writ_status we_fail(writ_error *to, writ_status status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
writ_status we_fail_diags(writ_error *to, const wp_diags *d, bool loading);
writ_status we_fail_eval(writ_error *to, const wm_error *e);

#endif
