/* writ eval: one query, many ways to show its results. */
#include "cli/capabilities.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/results.h"

#include <stdlib.h>
#include <time.h>

enum {
    BUNDLE,
    CAPABILITIES,
    COUNT,
    COVERAGE,
    DATA,
    DISABLE_EARLY_EXIT,
    DISABLE_INDEXING,
    EXPLAIN,
    FAIL,
    FAIL_DEFINED,
    FORMAT,
    IGNORE,
    IMPORT,
    INPUT,
    INSTRUMENT,
    METRICS,
    PACKAGE,
    PARTIAL,
    PASS_OFF,
    PRETTY_LIMIT,
    PROFILE,
    SHOW_ERRORS,
    STDIN,
    STDIN_INPUT,
    SCHEMA,
    STRICT,
    STRICT_ERRORS,
    TIMEOUT,
    V0,
    N_OPTIONS
};

static const cli_option OPTIONS[] = {
    [BUNDLE] = {"bundle", 'b', CLI_REPEAT, NULL, NULL,
                "set bundle folder(s). This flag can be repeated."},
    [CAPABILITIES] = {"capabilities", 0, CLI_STRING, NULL, NULL, CLI_CAPABILITIES_HELP},
    [COUNT] = {"count", 0, CLI_INT, "1", NULL, "number of times to evaluate"},
    [COVERAGE] = {"coverage", 0, CLI_BOOL, NULL, NULL, NULL},
    [DATA] = {"data", 'd', CLI_REPEAT, NULL, NULL,
              "set policy or data file(s). This flag can be repeated."},
    [DISABLE_EARLY_EXIT] = {"disable-early-exit", 0, CLI_BOOL, NULL, NULL,
                            "disable 'early exit' optimizations"},
    [DISABLE_INDEXING] = {"disable-indexing", 0, CLI_BOOL, NULL, NULL,
                          "disable indexing optimizations"},
    [EXPLAIN] = {"explain", 0, CLI_CHOICE, "off", "off,full,notes,fails,debug", NULL},
    [FAIL] = {"fail", 0, CLI_BOOL, NULL, NULL,
              "exits with non-zero exit code on undefined/empty result and errors"},
    [FAIL_DEFINED] = {"fail-defined", 0, CLI_BOOL, NULL, NULL,
                      "exits with non-zero exit code on defined/non-empty result and errors"},
    [FORMAT] = {"format", 'f', CLI_CHOICE, "json", "json,values,bindings,pretty,source,raw,discard",
                "set output format"},
    [IGNORE] = {"ignore", 0, CLI_LIST, NULL, NULL,
                "set file and folder names to leave out (e.g., '.*' leaves out hidden files)"},
    [IMPORT] = {"import", 0, CLI_REPEAT, NULL, NULL,
                "set query import(s). This flag can be repeated."},
    [INPUT] = {"input", 'i', CLI_STRING, NULL, NULL, "set input file path"},
    [INSTRUMENT] = {"instrument", 0, CLI_BOOL, NULL, NULL, NULL},
    [METRICS] = {"metrics", 0, CLI_BOOL, NULL, NULL, "report query performance metrics"},
    [PACKAGE] = {"package", 0, CLI_STRING, NULL, NULL, "set query package"},
    [PARTIAL] = {"partial", 'p', CLI_BOOL, NULL, NULL, NULL},
    [PASS_OFF] = {"pass-off", 0, CLI_LIST, NULL, NULL, "switch optimiser passes off by name"},
    [PRETTY_LIMIT] = {"pretty-limit", 0, CLI_INT, "80", NULL, NULL},
    [PROFILE] = {"profile", 0, CLI_BOOL, NULL, NULL, NULL},
    [SHOW_ERRORS] = {"show-builtin-errors", 0, CLI_BOOL, NULL, NULL,
                     "collect and return all encountered built-in errors, built in errors are not "
                     "fatal"},
    [STDIN] = {"stdin", 0, CLI_BOOL, NULL, NULL, "read query from stdin"},
    [STDIN_INPUT] = {"stdin-input", 'I', CLI_BOOL, NULL, NULL, "read input document from stdin"},
    [SCHEMA] = {"schema", 's', CLI_STRING, NULL, NULL, "set schema file path or directory path"},
    [STRICT] = {"strict", 'S', CLI_BOOL, NULL, NULL, "enable compiler strict mode"},
    [STRICT_ERRORS] = {"strict-builtin-errors", 0, CLI_BOOL, NULL, NULL,
                       "treat the first built-in function error encountered as fatal"},
    [TIMEOUT] = {"timeout", 0, CLI_DURATION, NULL, NULL, "set eval timeout (default unlimited)"},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read modules and query as Rego v0"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "eval",
    .operands = "<query> [flags]",
    .about = "Evaluate a Rego query and print the results.\n\n"
             "Data files are merged at the root; those in folders below a --data folder go under\n"
             "the folder's path. With --bundle only data.json and data.yaml files are read.\n\n"
             "Exit status: 0 done; 1 wrong use, --fail and undefined, or --fail-defined and\n"
             "defined; 2 an error while loading, compiling or evaluating.\n",
    .examples = "  $ writ eval 'x := 1; y := 2; x < y'\n"
                "  $ writ eval -d policy.rego -i input.json -f pretty data.example.allow\n",
    .options = OPTIONS,
};

/* Why the options do not go together, or NULL. */
static const char *wrong_use(const cli_options *o)
{
    const cli_value *v = o->values;
    static const struct {
        int option;
        const char *text;
    } absent[] = {
        {COVERAGE, "--coverage is not available"},
        {PARTIAL, "--partial is not available"},
        {PROFILE, "--profile is not available"},
    };
    if (v[STDIN].on && v[STDIN_INPUT].on)
        return "specify --stdin or --stdin-input but not both";
    if (v[STDIN_INPUT].on && *v[INPUT].text)
        return "specify --stdin-input or --input but not both";
    if (v[FAIL].on && v[FAIL_DEFINED].on)
        return "specify --fail or --fail-defined but not both";
    if (o->n_rest && v[STDIN].on)
        return "specify query argument or --stdin but not both";
    if (!o->n_rest && !v[STDIN].on)
        return "specify query argument or --stdin";
    if (o->n_rest > 1)
        return "specify at most one query argument";
    if (!strcmp(v[FORMAT].text, "source"))
        return "invalid output format for evaluation";
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (v[absent[i].option].on)
            return absent[i].text;
    if (strcmp(v[EXPLAIN].text, "off") != 0)
        return "--explain is not available";
    return NULL;
}

static bool read_input(cli_load *l, const cli_value *v, wb_arena *a, wv *input)
{
    wb_str text;
    *input = WV_UNDEFINED;
    if (v[STDIN_INPUT].on) {
        if (!cli_read_stream(l, &l->arena, stdin, "stdin", &text))
            return false;
    } else if (*v[INPUT].text) {
        const char *path = v[INPUT].text;
        if (!strncmp(path, "file://", 7))
            path += 7;
        if (!cli_read_file(l, &l->arena, path, &text))
            return false;
    } else {
        return true;
    }
    return cli_read_input(l, a, text, input);
}

static void pass_names(cli_load *l, const cli_value *v)
{
    unsigned *off = &l->engine->passes_off;
    for (size_t i = 0; i < v[PASS_OFF].n; i++) {
        int pass = wc_pass_by_name(wb_str_of(v[PASS_OFF].items[i]));
        if (pass < 0)
            cli_add_error(l, "no pass is named %s", v[PASS_OFF].items[i]);
        else
            *off |= 1u << pass;
    }
    if (v[DISABLE_EARLY_EXIT].on)
        l->engine->no_early_exit = true;
}

static void print_line(void *argument, const char *line, size_t n)
{
    (void)argument;
    fprintf(stderr, "%.*s\n", (int)n, line);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The query by the plan of a bundle. NULL: no plan answers it, or (with an error) a bad one. */
static writ_query *prepare_plan(cli_load *l, wb_str query)
{
    wb_str name;
    wb_error why = {0};
    const cli_bundle *b = cli_find_plan(l, query, &name);
    if (!b)
        return NULL;
    writ_query *q = name.n ? we_prepare_plan(l->engine, b->plan, name, &why) : NULL;
    if (!name.n && !l->engine->n_modules)
        cli_add_error(l, "bundle %s has a plan and no policies: only its entrypoints can be asked",
                      b->path);
    else if (name.n && !q && (why.status != WB_NOT_FOUND || !l->engine->n_modules))
        cli_add_error(l, "bundle %s: %s", b->path, why.text);
    return q;
}

/* A plan's rows are [{"result": value}, []]; the query's are [{}, [value]]. */
static wv rows_of_plan(wb_arena *a, wv plan_rows)
{
    if (plan_rows == WV_UNDEFINED)
        return plan_rows;
    wv rows = wv_array_begin(a, wv_len(plan_rows)), none = wv_object_begin(a, 0);
    for (uint32_t i = 0; i < wv_len(plan_rows); i++) {
        wv bindings = wv_items(wv_items(plan_rows)[i])[0];
        wv value = wv_object_get_str(bindings, WB_LIT("result"));
        wv values = wv_array_new(a, &value, value != WV_UNDEFINED);
        wv row[] = {none, values};
        wv_array_push(a, &rows, wv_array_new(a, row, 2));
    }
    return rows;
}

/* Compiles and runs; results and errors go to `r` and its load. */
static bool evaluate(cli_results *r, const cli_options *o, wb_str query, writ_session *s, wv input,
                     writ_query **prepared)
{
    const cli_value *v = o->values;
    cli_load *l = r->load;
    wb_str *imports = wb_calloc(v[IMPORT].n + 1, sizeof *imports);
    for (size_t i = 0; i < v[IMPORT].n; i++)
        imports[i] = wb_str_of(v[IMPORT].items[i]);
    int64_t start = now_ns();
    bool by_plan = false;
    if (!*v[PACKAGE].text && !v[IMPORT].n)
        by_plan = (*prepared = prepare_plan(l, query)) != NULL;
    if (!by_plan && !l->n_errors)
        *prepared = we_prepare(l->engine, query, wb_str_of(v[PACKAGE].text), imports, v[IMPORT].n,
                               false, &l->diags);
    free(imports);
    r->compile_ns = now_ns() - start;
    cli_take_diags(l);
    if (!*prepared) {
        if (!l->n_errors)
            cli_add_error(l, "no memory for a query");
        return false;
    }
    wm_context(s->vm)->runtime = cli_runtime(&l->arena);
    writ_set_print(s, print_line, NULL);
    writ_set_strict(s, v[STRICT_ERRORS].on);
    wm_set_collect(s->vm, v[SHOW_ERRORS].on);
    writ_budget budget = {.deadline_ms = (uint64_t)(v[TIMEOUT].number + 999999) / 1000000};
    if (v[TIMEOUT].number > 0)
        writ_set_budget(s, &budget);
    for (int64_t i = 0; i < (v[COUNT].number > 1 ? v[COUNT].number : 1); i++) {
        start = now_ns();
        r->rows = we_run(s, *prepared, input);
        r->eval_ns = now_ns() - start;
    }
    if (by_plan)
        r->rows = rows_of_plan(wm_kept(s->vm), r->rows);
    const wm_error *failed = wm_failed(s->vm);
    if (failed) {
        r->rows = WV_UNDEFINED;
        cli_add_eval_error(l, failed, query,
                           v[TIMEOUT].number > 0 && r->eval_ns >= v[TIMEOUT].number);
    }
    for (size_t i = 0; i < wm_builtin_error_count(s->vm) && !failed; i++)
        cli_add_eval_error(l, wm_builtin_error(s->vm, i), query, false);
    return !failed;
}

static int run(const cli_options *o)
{
    const cli_value *v = o->values;
    cli_load l;
    cli_results r = {.load = &l, .metrics = v[METRICS].on || v[INSTRUMENT].on};
    wb_str query = WB_LIT("");
    wv input = WV_UNDEFINED;
    wb_arena a;
    writ_query *prepared = NULL;
    int64_t start = now_ns();
    cli_load_init(&l, 10);
    if (!cli_take_capabilities(&l, &v[CAPABILITIES], v[V0].on ? WP_V0 : WP_V1)) {
        cli_load_free(&l);
        return cli_wrong_capabilities(&COMMAND, &v[CAPABILITIES]);
    }
    if (wb_arena_init(&a, (size_t)64 << 30, l.engine->seed))
        wb_fatal("no memory for an input");
    l.engine->version = v[V0].on ? WP_V0 : WP_V1;
    l.engine->strict_compile = v[STRICT].on;
    cli_load_schemas(&l, v[SCHEMA].text);
    l.ignore = v[IGNORE].items;
    l.n_ignore = v[IGNORE].n;
    pass_names(&l, v);
    cli_load_paths(&l, v[DATA].items, v[DATA].n);
    cli_load_bundles(&l, v[BUNDLE].items, v[BUNDLE].n, "loading error: ");
    r.load_ns = now_ns() - start;
    writ_session *s = NULL;
    if (v[STDIN].on)
        cli_read_stream(&l, &l.arena, stdin, "stdin", &query);
    else
        query = wb_str_of(o->rest[0]);
    if (!read_input(&l, v, &a, &input)) {
        fprintf(stderr, "%.*s\n", WB_FMT(l.last->text));
        wb_arena_free(&a);
        cli_load_free(&l);
        return CLI_FAILED;
    }
    bool ok = cli_load_finish(&l);
    if (ok) {
        s = writ_session_new(l.engine);
        if (!s)
            wb_fatal("no memory for a session");
        cli_limit_session(&l, s);
        ok = cli_results_query(&r, query, l.engine->version) &&
             evaluate(&r, o, query, s, input, &prepared);
    }
    cli_take_diags(&l);
    cli_results_print(&r, v[FORMAT].text, stdout, stderr);
    int status = CLI_OK;
    bool defined = r.rows != WV_UNDEFINED && wv_len(r.rows);
    if (l.n_errors && !(ok && v[SHOW_ERRORS].on))
        status = CLI_FAILED;
    else if ((v[FAIL].on && !defined) || (v[FAIL_DEFINED].on && defined))
        status = CLI_WRONG;
    writ_query_free(prepared);
    writ_session_free(s);
    wb_arena_free(&a);
    cli_load_free(&l);
    return status;
}

int cli_eval(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        const char *wrong = wrong_use(&o);
        status = wrong ? cli_wrong(&COMMAND, "%s", wrong) : run(&o);
    }
    cli_options_free(&o);
    return status;
}
