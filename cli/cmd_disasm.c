/* writ disasm: what the compiler made of policies and a query. */
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

enum { OPCODES, OPTIMISED, PASS_OFF, PLAN, QUERY, STAGE, V0, WHY, N_OPTIONS };

static const cli_option OPTIONS[] = {
    [OPCODES] = {"opcodes", 0, CLI_BOOL, NULL, NULL,
                 "print the page that describes all instructions"},
    [OPTIMISED] = {"optimised", 0, CLI_BOOL, NULL, NULL, "print the plan as all passes leave it"},
    [PASS_OFF] = {"pass-off", 0, CLI_LIST, NULL, NULL, "switch optimiser passes off by name"},
    [PLAN] = {"plan", 0, CLI_BOOL, NULL, NULL, "print the plan, the form before the bytecode"},
    [QUERY] = {"query", 'q', CLI_STRING, NULL, NULL, "compile this query with the files"},
    [STAGE] = {"stage", 0, CLI_STRING, NULL, NULL,
               "print what stands after a stage; `list` prints the stages"},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read the modules as Rego v0"},
    [WHY] = {"why", 0, CLI_BOOL, NULL, NULL,
             "print what the optimiser did to each function, and what prevented it"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "disasm",
    .operands = "[path [...]] [flags]",
    .about = "Print the bytecode that Rego files and a query compile to, function by function.\n",
    .examples = "  $ writ disasm policy.rego -q 'data.example.allow'\n"
                "  $ writ disasm --plan policy.rego\n"
                "  $ writ disasm --optimised --why policy.rego\n"
                "  $ writ disasm --stage safety_bodies policy.rego\n"
                "  $ writ disasm --opcodes > docs/bytecode.md\n",
    .options = OPTIONS,
};

static bool pass_names(cli_load *l, const cli_value *names)
{
    for (size_t i = 0; i < names->n; i++) {
        int pass = wc_pass_by_name(wb_str_of(names->items[i]));
        if (pass < 0)
            cli_add_error(l, "no pass is named %s", names->items[i]);
        else
            l->engine->passes_off |= 1u << pass;
    }
    return !l->n_errors;
}

static bool after_stage(cli_load *l, wb_str query, int stage, wb_buf *out)
{
    wp_body body = {0};
    wc_options o = we_options(l->engine);
    wp_options parse = {.version = WP_V1, .file_number = we_next_file(l->engine)};
    wp_module *context = NULL;
    wc_query q = {.file = {WB_LIT(""), query}};
    if (query.n) {
        wp_options p = parse;
        if (wp_parse_query(&l->arena, WB_LIT(""), query, &parse, &body, &l->diags) ||
            wp_parse_module(&l->arena, WB_LIT(""), WB_LIT("package query\n"), &p, &context,
                            &l->diags))
            return false;
        q.body = body;
        q.context = context;
    }
    wp_module **trees = we_trees(l->engine);
    wb_status s = wc_stage_text(trees, (uint32_t)l->engine->n_modules, query.n ? &q : NULL, &o,
                                stage, out, &l->diags);
    free(trees);
    return s == WB_OK;
}

static bool listing(cli_load *l, wb_str query, wb_buf *out)
{
    if (query.n) {
        writ_query *q = we_prepare(l->engine, query, WB_LIT(""), NULL, 0, false, &l->diags);
        if (q)
            wm_disasm(out, q->program);
        writ_query_free(q);
        return q != NULL;
    }
    wc_options o = we_options(l->engine);
    wp_module **trees = we_trees(l->engine);
    wm_program *p = NULL;
    wb_status s = wc_compile(trees, (uint32_t)l->engine->n_modules, NULL, &o, &p, &l->diags);
    free(trees);
    if (s == WB_OK)
        wm_disasm(out, p);
    wm_program_free(p);
    return s == WB_OK;
}

static int run(const cli_options *o)
{
    const cli_value *v = o->values;
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    cli_load l;
    cli_load_init(&l, 10);
    l.engine->version = v[V0].on ? WP_V0 : WP_V1;
    l.rego_only = true;
    cli_load_paths(&l, o->rest, o->n_rest);
    wb_str query = wb_str_of(v[QUERY].text);
    const char *name = v[OPTIMISED].on ? "optimised" : v[PLAN].on ? "plan" : v[STAGE].text;
    l.engine->why = v[WHY].on;
    int stage = *name ? wc_stage_by_name(wb_str_of(name)) : -1;
    if (*name && stage < 0)
        cli_add_error(&l, "no stage is named %s", name);
    bool ok = pass_names(&l, &v[PASS_OFF]) && cli_load_finish(&l) &&
              (stage >= 0 ? after_stage(&l, query, stage, &b) : listing(&l, query, &b));
    if (!ok) {
        cli_take_diags(&l);
        wb_buf_clear(&b);
        cli_print_errors(&b, &l);
    }
    cli_write(ok ? stdout : stderr, &b);
    wb_buf_free(&b);
    cli_load_free(&l);
    return ok ? CLI_OK : CLI_WRONG;
}

static void list_stages(void)
{
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    wc_stage_list(&b);
    cli_write(stdout, &b);
    wb_buf_free(&b);
}

int cli_disasm(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        if (o.values[OPCODES].on) {
            wb_buf b;
            wb_buf_init(&b, CLI_OUTPUT_MAX);
            wm_opcode_page(&b);
            cli_write(stdout, &b);
            wb_buf_free(&b);
        } else if (strcmp(o.values[STAGE].text, "list") == 0) {
            list_stages();
        } else if (!o.n_rest && !*o.values[QUERY].text) {
            status = cli_wrong(&COMMAND, "specify at least one file or --query");
        } else {
            status = run(&o);
        }
    }
    cli_options_free(&o);
    return status;
}
