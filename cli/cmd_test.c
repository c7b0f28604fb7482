/* writ test. */
#include "cli/capabilities.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/testing.h"
#include "cli/text.h"

#include <stdlib.h>

#define DEFAULT_TIMEOUT 5000000000 /* nanoseconds, as OPA's */

enum {
    BENCH,
    BUNDLE,
    CAPABILITIES,
    COUNT,
    COVERAGE,
    EXIT_ZERO,
    EXPLAIN,
    FAIL_ON_EMPTY,
    FORMAT,
    IGNORE,
    MAX_ERRORS,
    PARALLEL,
    RUN,
    SCHEMA,
    SORT,
    THRESHOLD,
    TIMEOUT,
    V0,
    VAR_VALUES,
    VERBOSE,
    WATCH,
    N_OPTIONS
};

static const cli_option OPTIONS[] = {
    [BENCH] = {"bench", 0, CLI_BOOL, NULL, NULL, NULL},
    [BUNDLE] = {"bundle", 'b', CLI_BOOL, NULL, NULL, "load paths as bundle folders"},
    [CAPABILITIES] = {"capabilities", 0, CLI_STRING, NULL, NULL, CLI_CAPABILITIES_HELP},
    [COUNT] = {"count", 0, CLI_INT, "1", NULL, "number of times to repeat all tests"},
    [COVERAGE] = {"coverage", 'c', CLI_BOOL, NULL, NULL, NULL},
    [EXIT_ZERO] = {"exit-zero-on-skipped", 'z', CLI_BOOL, NULL, NULL,
                   "skipped tests return status 0"},
    [EXPLAIN] = {"explain", 0, CLI_CHOICE, "fails", "fails,full,notes,debug", NULL},
    [FAIL_ON_EMPTY] = {"fail-on-empty", 0, CLI_BOOL, NULL, NULL, "fail when no test was run"},
    [FORMAT] = {"format", 'f', CLI_CHOICE, "pretty", "pretty,json", "set output format"},
    [IGNORE] = {"ignore", 0, CLI_LIST, NULL, NULL,
                "set file and folder names to leave out (e.g., '.*' leaves out hidden files)"},
    [MAX_ERRORS] = {"max-errors", 'm', CLI_INT, "10", NULL,
                    "set the number of errors to allow before compilation stops"},
    [PARALLEL] = {"parallel", 'p', CLI_INT, "1", NULL, NULL},
    [RUN] = {"run", 'r', CLI_STRING, NULL, NULL,
             "run only tests whose data.package.name matches the regular expression"},
    [SCHEMA] = {"schema", 's', CLI_STRING, NULL, NULL, "set schema file path or directory path"},
    [SORT] = {"sort", 0, CLI_CHOICE, "none", "none,duration", "sort the JSON formatted output"},
    [THRESHOLD] = {"threshold", 0, CLI_STRING, NULL, NULL, NULL},
    [TIMEOUT] = {"timeout", 0, CLI_DURATION, NULL, NULL, "set test timeout (default 5s)"},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read the modules as Rego v0"},
    [VAR_VALUES] = {"var-values", 0, CLI_BOOL, NULL, NULL, NULL},
    [VERBOSE] = {"verbose", 'v', CLI_BOOL, NULL, NULL, "show passed tests too"},
    [WATCH] = {"watch", 'w', CLI_BOOL, NULL, NULL, NULL},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "test",
    .operands = "<path> [path [...]] [flags]",
    .about = "Run the rules whose names begin with test_ and report which hold.\n\n"
             "A test passes when its value is true. todo_test_ rules are skipped. A rule with\n"
             "keys (test_x[note] if ...) reports each key.\n\n"
             "Exit status: 0 all passed; 1 files that do not load or compile; 2 a test failed,\n"
             "ended with an error or (without -z) was skipped.\n",
    .examples = "  $ writ test policies/ -v\n"
                "  $ writ test policies/ -r 'gatekeeper.*outcome'\n",
    .options = OPTIONS,
};

/* An option that this build knows of and does not have, or NULL. */
static const char *missing(const cli_value *v)
{
    static const int rows[] = {BENCH, COVERAGE, THRESHOLD, VAR_VALUES, WATCH};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (v[rows[i]].set && (v[rows[i]].on || OPTIONS[rows[i]].kind != CLI_BOOL))
            return OPTIONS[rows[i]].name;
    return v[EXPLAIN].set ? "explain" : NULL;
}

static int by_duration(const void *a, const void *b)
{
    const cli_trial *x = a, *y = b;
    return (x->ns < y->ns) - (x->ns > y->ns);
}

/* Runs all once; pretty results go out one by one. */
static int run_all(cli_tests *t, const cli_value *v)
{
    bool json = !strcmp(v[FORMAT].text, "json"), lines = false;
    wb_str last_file = {0};
    int status = CLI_OK;
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    for (size_t i = 0; i < t->n; i++) {
        cli_trial *x = &t->items[i];
        wb_buf_clear(&x->output);
        x->first = NULL;
        x->fail = x->error = false;
        cli_test_run(t, x);
        if (!cli_test_passed(x) && !(x->skip && v[EXIT_ZERO].on))
            status = CLI_FAILED;
        if (json)
            continue;
        wb_buf_clear(&b);
        cli_report_test(&b, x, v[VERBOSE].on, &last_file);
        lines |= b.n > 0;
        cli_write(stdout, &b);
        fflush(stdout);
    }
    wb_buf_clear(&b);
    if (!json) {
        cli_report_end(&b, t, v[VERBOSE].on, lines);
    } else {
        if (!strcmp(v[SORT].text, "duration"))
            qsort(t->items, t->n, sizeof *t->items, by_duration);
        cli_report_json(&b, t);
    }
    cli_write(stdout, &b);
    wb_buf_free(&b);
    if (!t->n && v[FAIL_ON_EMPTY].on) {
        fputs("no tests were run\n", stderr);
        return CLI_WRONG;
    }
    return status;
}

static void report_errors(const cli_load *l)
{
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    cli_print_errors(&b, l);
    cli_write(stderr, &b);
    wb_buf_free(&b);
}

static int run(const cli_options *o)
{
    const cli_value *v = o->values;
    int status = CLI_WRONG;
    cli_load l;
    cli_tests t;
    wb_buf why;
    wb_buf_init(&why, 1 << 20);
    cli_load_init(&l, v[MAX_ERRORS].number < 0 ? 0 : (uint32_t)v[MAX_ERRORS].number);
    l.engine->version = v[V0].on ? WP_V0 : WP_V1;
    if (!cli_take_capabilities(&l, &v[CAPABILITIES], l.engine->version)) {
        wb_buf_free(&why);
        cli_load_free(&l);
        return cli_wrong_capabilities(&COMMAND, &v[CAPABILITIES]);
    }
    l.ignore = v[IGNORE].items;
    l.n_ignore = v[IGNORE].n;
    if (v[BUNDLE].on)
        cli_load_bundles(&l, o->rest, o->n_rest, "unable to load ");
    else
        cli_load_paths(&l, o->rest, o->n_rest);
    cli_load_schemas(&l, v[SCHEMA].text);
    l.loading = l.n_errors > 0;
    l.bare = l.loading && v[BUNDLE].on;
    cli_tests_init(&t, &l);
    t.timeout_ns = v[TIMEOUT].number > 0 ? v[TIMEOUT].number : DEFAULT_TIMEOUT;
    if (!cli_load_finish(&l) || !cli_tests_prepare(&t))
        report_errors(&l);
    else if (*v[RUN].text && !cli_tests_select(&t, v[RUN].text, &why))
        fprintf(stderr, "%s\n", wb_buf_cstr(&why));
    else
        for (int64_t i = 0; i == 0 || (i < v[COUNT].number && status == CLI_OK); i++)
            status = run_all(&t, v);
    wb_buf_free(&why);
    cli_tests_free(&t);
    cli_load_free(&l);
    return status;
}

int cli_test(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        const char *absent = missing(o.values);
        if (!o.n_rest)
            status = cli_wrong(&COMMAND, "specify at least one file");
        else if (absent)
            status = cli_wrong(&COMMAND, "--%s is not available", absent);
        else {
            if (o.values[SORT].set && strcmp(o.values[SORT].text, "none") &&
                strcmp(o.values[FORMAT].text, "json"))
                fputs("warning: --sort is only supported with JSON format\n", stderr);
            status = run(&o);
        }
    }
    cli_options_free(&o);
    return status;
}
