/* writ check: parse and compile, nothing else. */
#include "cli/capabilities.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"

enum { BUNDLE, CAPABILITIES, FORMAT, IGNORE, MAX_ERRORS, SCHEMA, STRICT, V0, V0_V1, N_OPTIONS };

static const cli_option OPTIONS[] = {
    [BUNDLE] = {"bundle", 'b', CLI_BOOL, NULL, NULL, "load paths as bundle folders"},
    [CAPABILITIES] = {"capabilities", 0, CLI_STRING, NULL, NULL, CLI_CAPABILITIES_HELP},
    [FORMAT] = {"format", 'f', CLI_CHOICE, "pretty", "pretty,json", "set output format"},
    [IGNORE] = {"ignore", 0, CLI_LIST, NULL, NULL,
                "set file and folder names to leave out (e.g., '.*' leaves out hidden files)"},
    [MAX_ERRORS] = {"max-errors", 'm', CLI_INT, "10", NULL,
                    "set the number of errors to allow before compilation stops"},
    [SCHEMA] = {"schema", 's', CLI_STRING, NULL, NULL, "set schema file path or directory path"},
    [STRICT] = {"strict", 'S', CLI_BOOL, NULL, NULL, "enable compiler strict mode"},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read the modules as Rego v0"},
    [V0_V1] = {"v0-v1", 0, CLI_BOOL, NULL, NULL, "check that modules are valid in v0 and in v1"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "check",
    .operands = "<path> [path [...]] [flags]",
    .about = "Check Rego files for parse and compile errors.\n\n"
             "Nothing is printed when there are none. The exit status is 0 without errors and 1\n"
             "with errors, which are printed on stderr.\n",
    .examples = "  $ writ check --strict policies/\n",
    .options = OPTIONS,
};

static void report(const cli_load *l, bool json)
{
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    if (json) {
        cli_json j = {.b = &b};
        cli_json_open(&j, NULL, '{');
        cli_json_errors(&j, l);
        cli_json_close(&j, '}');
        wb_buf_putc(&b, '\n');
    } else {
        cli_print_errors(&b, l);
    }
    cli_write(stderr, &b);
    wb_buf_free(&b);
}

/* One pass over all paths with one version of the language: the exit status. */
static int check(const cli_options *o, wp_version version)
{
    const cli_value *v = o->values;
    cli_load l;
    cli_load_init(&l, v[MAX_ERRORS].number < 0 ? 0 : (uint32_t)v[MAX_ERRORS].number);
    l.engine->version = version;
    if (!cli_take_capabilities(&l, &v[CAPABILITIES], version)) {
        cli_load_free(&l);
        return cli_wrong_capabilities(&COMMAND, &v[CAPABILITIES]);
    }
    l.engine->strict_compile = v[STRICT].on;
    l.rego_only = !v[BUNDLE].on;
    l.ignore = v[IGNORE].items;
    l.n_ignore = v[IGNORE].n;
    if (v[BUNDLE].on)
        cli_load_bundles(&l, o->rest, o->n_rest, "");
    else
        cli_load_paths(&l, o->rest, o->n_rest);
    cli_load_schemas(&l, v[SCHEMA].text);
    l.loading = l.n_errors > 0;
    l.bare = l.loading && v[BUNDLE].on;
    if (cli_load_finish(&l) && we_check(l.engine, &l.diags))
        cli_take_diags(&l);
    bool ok = !l.n_errors;
    if (!ok)
        report(&l, !strcmp(v[FORMAT].text, "json"));
    cli_load_free(&l);
    return ok ? CLI_OK : CLI_WRONG;
}

int cli_check(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        const cli_value *v = o.values;
        if (!o.n_rest)
            status = cli_wrong(&COMMAND, "specify at least one file");
        else if (v[V0_V1].on)
            status = check(&o, WP_V0) == CLI_OK ? check(&o, WP_V1) : CLI_WRONG;
        else
            status = check(&o, v[V0].on ? WP_V0 : WP_V1);
    }
    cli_options_free(&o);
    return status;
}
