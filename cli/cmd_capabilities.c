/* writ capabilities: what this build offers to policies. */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"
#include "stdlib/decl.h"

enum { CURRENT, N_OPTIONS };

static const cli_option OPTIONS[] = {
    [CURRENT] = {"current", 0, CLI_BOOL, NULL, NULL, "print what this build offers"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "capabilities",
    .operands = "[flags]",
    .about = "Print the built-in functions, keywords and features of this build as JSON, in the\n"
             "form of OPA's capabilities files.\n",
    .examples = "  $ writ capabilities --current | jq -r '.builtins[].name'\n",
    .options = OPTIONS,
};

static const char *const FUTURE_KEYWORDS[] = {"and", "not", "or", NULL};
static const char *const FEATURES[] = {"keywords_in_refs", "rego_v1",          "rego_v2",
                                       "rego_v2_import",   "template_strings", NULL};

static void put_texts(cli_json *j, const char *key, const char *const *texts)
{
    cli_json_open(j, key, '[');
    for (; *texts; texts++)
        cli_json_text(j, NULL, wb_str_of(*texts));
    cli_json_close(j, ']');
}

static bool put_builtin(cli_json *j, wb_arena *a, const ws_builtin *row)
{
    wv decl = ws_decl_value(a, row->decl);
    const char *const categories[] = {row->category, NULL};
    cli_json_open(j, NULL, '{');
    cli_json_text(j, "name", wb_str_of(row->name));
    if (row->doc && *row->doc)
        cli_json_text(j, "description", wb_str_of(row->doc));
    if (row->category)
        put_texts(j, "categories", categories);
    cli_json_value(j, "decl", decl);
    if (row->infix)
        cli_json_text(j, "infix", wb_str_of(row->infix));
    if (row->flags & WS_RELATION)
        cli_json_bool(j, "relation", true);
    if (row->flags & WS_NONDET)
        cli_json_bool(j, "nondeterministic", true);
    if (row->flags & WS_DEPRECATED)
        cli_json_bool(j, "deprecated", true);
    cli_json_close(j, '}');
    return decl != WV_UNDEFINED;
}

static int run(void)
{
    cli_load l;
    wb_buf b;
    bool ok = true;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    cli_load_init(&l, 0);
    cli_json j = {.b = &b};
    cli_json_open(&j, NULL, '{');
    cli_json_open(&j, "builtins", '[');
    for (size_t i = 0; i < ws_registry_count(l.engine->registry); i++)
        ok &= put_builtin(&j, &l.arena, ws_registry_at(l.engine->registry, i));
    cli_json_close(&j, ']');
    put_texts(&j, "future_keywords", FUTURE_KEYWORDS);
    put_texts(&j, "features", FEATURES);
    cli_json_close(&j, '}');
    wb_buf_putc(&b, '\n');
    if (ok)
        cli_write(stdout, &b);
    else
        fputs("a built-in's declaration cannot be read\n", stderr);
    wb_buf_free(&b);
    cli_load_free(&l);
    return ok ? CLI_OK : CLI_WRONG;
}

int cli_capabilities(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        if (o.values[CURRENT].on)
            status = run();
        else
            puts("current");
    }
    cli_options_free(&o);
    return status;
}
