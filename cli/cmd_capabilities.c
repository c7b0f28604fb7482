/* writ capabilities: what this build offers to policies. */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"
#include "stdlib/decl.h"

enum { CURRENT, MARKDOWN, N_OPTIONS };

static const cli_option OPTIONS[] = {
    [CURRENT] = {"current", 0, CLI_BOOL, NULL, NULL, "print what this build offers"},
    [MARKDOWN] = {"markdown", 0, CLI_BOOL, NULL, NULL, "print a page of the built-in functions"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "capabilities",
    .operands = "[flags]",
    .about = "Print the built-in functions, keywords and features of this build as JSON, in the\n"
             "form of OPA's capabilities files.\n",
    .examples = "  $ writ capabilities --current | jq -r '.builtins[].name'\n"
                "  $ writ capabilities --markdown > docs/builtins.md\n",
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

/* "a,b" as texts. */
static void put_categories(cli_json *j, const char *list)
{
    cli_json_open(j, "categories", '[');
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        cli_json_text(j, NULL, wb_str_n(p, n));
        p += n + (p[n] == ',');
    }
    cli_json_close(j, ']');
}

static bool put_builtin(cli_json *j, wb_arena *a, const ws_builtin *row)
{
    wv decl = ws_decl_value(a, row->decl);
    cli_json_open(j, NULL, '{');
    cli_json_text(j, "name", wb_str_of(row->name));
    if (row->doc && *row->doc)
        cli_json_text(j, "description", wb_str_of(row->doc));
    if (row->category)
        put_categories(j, row->category);
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
    ws_registry_sort(l.engine->registry);
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

/* ---- the page of the functions ---- */

/* What stands behind the first category, or before the first dot of the name. */
static wb_str family(const ws_builtin *row)
{
    const char *of = row->category ? row->category : row->name;
    size_t n = strcspn(of, row->category ? "," : ".");
    return row->category || of[n] ? wb_str_n(of, n) : WB_LIT("others");
}

/* A cell of a table: "|" would end it. */
static void put_cell(wb_buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            wb_buf_putc(b, '\\');
        wb_buf_putc(b, *text);
    }
}

static void put_marks(wb_buf *b, const ws_builtin *row)
{
    if (row->flags & WS_NONDET)
        wb_buf_puts(b, " *Not a function of its operands alone: recorded.*");
    if (row->flags & WS_IO)
        wb_buf_puts(b, " *Asks the network.*");
    if (row->flags & WS_DEPRECATED)
        wb_buf_puts(b, " *Deprecated.*");
}

static void put_family(wb_buf *b, const ws_registry *r, wb_str of)
{
    wb_buf_putf(b, "\n## %.*s\n\n| function | declaration | |\n|---|---|---|\n", WB_FMT(of));
    for (size_t i = 0; i < ws_registry_count(r); i++) {
        const ws_builtin *row = ws_registry_at(r, i);
        if (!wb_str_eq(family(row), of))
            continue;
        wb_buf_putf(b, "| `%s`", row->name);
        if (row->infix) {
            wb_buf_puts(b, " `");
            put_cell(b, row->infix);
            wb_buf_puts(b, "`");
        }
        wb_buf_putf(b, " | `%s` | ", row->decl);
        put_cell(b, row->doc);
        put_marks(b, row);
        wb_buf_puts(b, " |\n");
    }
}

static bool seen_before(const ws_registry *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (wb_str_eq(family(ws_registry_at(r, k)), family(ws_registry_at(r, i))))
            return true;
    return false;
}

static int print_page(void)
{
    ws_registry *r = ws_registry_new();
    ws_registry_sort(r);
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    wb_buf_putf(
        &b,
        "# Built-in functions\n\nWritten by `writ capabilities --markdown` from the rows in "
        "`stdlib/`: %zu functions.\n",
        ws_registry_count(r));
    for (size_t i = 0; i < ws_registry_count(r); i++)
        if (!seen_before(r, i))
            put_family(&b, r, family(ws_registry_at(r, i)));
    cli_write(stdout, &b);
    wb_buf_free(&b);
    ws_registry_free(r);
    return CLI_OK;
}

int cli_capabilities(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        if (o.values[MARKDOWN].on)
            status = print_page();
        else if (o.values[CURRENT].on)
            status = run();
        else
            puts("current");
    }
    cli_options_free(&o);
    return status;
}
