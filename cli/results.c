#include "cli/results.h"

bool cli_results_query(cli_results *r, wb_str text, wp_version version)
{
    cli_load *l = r->load;
    wp_options o = {.version = version, .file_number = we_next_file(l->engine)};
    r->text = text;
    return wp_parse_query(&l->arena, WB_LIT(""), text, &o, &r->query, &l->diags) == WB_OK;
}

static wv bindings_of(wv row)
{
    return wv_items(row)[0];
}

static wv values_of(wv row)
{
    return wv_items(row)[1];
}

/* The expressions that have a value in results: declarations have none. */
static const wp_expr *expression(const cli_results *r, uint32_t i)
{
    for (uint32_t k = 0; k < r->query.n; k++) {
        const wp_expr *e = r->query.exprs[k];
        if (e->kind == WP_EXPR_SOME && e->some.n && e->some.items[0]->kind != WP_CALL)
            continue;
        if (!i--)
            return e;
    }
    return NULL;
}

static void put_expression(cli_json *j, const cli_results *r, uint32_t i, wv value)
{
    const wp_expr *e = expression(r, i);
    cli_json_open(j, NULL, '{');
    cli_json_value(j, "value", value);
    if (e) {
        wb_str text = wb_str_n(r->text.p + e->loc.offset, e->loc.len);
        cli_json_text(j, "text", text);
        cli_json_open(j, "location", '{');
        cli_json_int(j, "row", e->loc.row);
        cli_json_int(j, "col", e->loc.col);
        cli_json_close(j, '}');
    }
    cli_json_close(j, '}');
}

static void put_rows(cli_json *j, const cli_results *r)
{
    cli_json_open(j, "result", '[');
    for (uint32_t i = 0; i < wv_len(r->rows); i++) {
        wv row = wv_items(r->rows)[i], values = values_of(row);
        cli_json_open(j, NULL, '{');
        cli_json_open(j, "expressions", '[');
        for (uint32_t k = 0; k < wv_len(values); k++)
            put_expression(j, r, k, wv_items(values)[k]);
        cli_json_close(j, ']');
        if (wv_len(bindings_of(row)))
            cli_json_value(j, "bindings", bindings_of(row));
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

static void put_metrics(cli_json *j, const cli_results *r)
{
    const struct {
        const char *name;
        int64_t ns;
    } timers[] = {
        {"timer_rego_load_files_ns", r->load_ns},
        {"timer_rego_query_compile_ns", r->compile_ns},
        {"timer_rego_query_eval_ns", r->eval_ns},
        {"timer_rego_query_parse_ns", r->parse_ns},
    };
    cli_json_open(j, "metrics", '{');
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
        cli_json_int(j, timers[i].name, timers[i].ns);
    cli_json_close(j, '}');
}

static void put_json(wb_buf *b, const cli_results *r, bool discard)
{
    cli_json j = {.b = b};
    bool some = r->rows != WV_UNDEFINED && wv_len(r->rows);
    cli_json_open(&j, NULL, '{');
    if (r->load->n_errors)
        cli_json_errors(&j, r->load);
    if (discard && some)
        cli_json_text(&j, "result", WB_LIT("discarded"));
    else if (some)
        put_rows(&j, r);
    if (r->metrics)
        put_metrics(&j, r);
    cli_json_close(&j, '}');
    wb_buf_putc(b, '\n');
}

void cli_results_print(cli_results *r, const char *format, FILE *out, FILE *err)
{
    (void)err;
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    put_json(&b, r, !strcmp(format, "discard"));
    fwrite(b.p, 1, b.n, out);
    wb_buf_free(&b);
}
