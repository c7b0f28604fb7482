#include "cli/results.h"

#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

bool cli_results_query(cli_results *r, wb_str text, wp_version version)
{
    cli_load *l = r->load;
    wp_options o = {.version = version, .file_number = we_next_file(l->engine)};
    r->text = text;
    if (wp_parse_query(&l->arena, WB_LIT(""), text, &o, &r->query, &l->diags))
        return false;
    if (!r->query.n)
        cli_add_error(l, "cannot evaluate empty query");
    return r->query.n > 0;
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

#define N_TIMERS 4

typedef struct timer {
    const char *name;
    int64_t ns;
} timer;

static void timers_of(const cli_results *r, timer out[N_TIMERS])
{
    out[0] = (timer){"timer_rego_load_files_ns", r->load_ns};
    out[1] = (timer){"timer_rego_query_compile_ns", r->compile_ns};
    out[2] = (timer){"timer_rego_query_eval_ns", r->eval_ns};
    out[3] = (timer){"timer_rego_query_parse_ns", r->parse_ns};
}

static void put_metrics(cli_json *j, const cli_results *r)
{
    timer timers[N_TIMERS];
    timers_of(r, timers);
    cli_json_open(j, "metrics", '{');
    for (size_t i = 0; i < N_TIMERS; i++)
        cli_json_int(j, timers[i].name, timers[i].ns);
    cli_json_close(j, '}');
}

static void put_metrics_table(wb_buf *b, cli_results *r)
{
    timer timers[N_TIMERS];
    wb_str cells[2 * (N_TIMERS + 1)] = {WB_LIT("Metric"), WB_LIT("Value")};
    timers_of(r, timers);
    for (size_t i = 0; i < N_TIMERS; i++) {
        cells[2 * i + 2] = wb_str_of(timers[i].name);
        cells[2 * i + 3] = wb_str_of(wb_arena_printf(&r->load->arena, "%" PRId64, timers[i].ns));
    }
    cli_put_table(b, cells, N_TIMERS + 1, 2);
}

static void put_json(wb_buf *b, const cli_results *r, bool discard)
{
    cli_json j = {.b = b};
    bool some = r->rows != WV_UNDEFINED && wv_len(r->rows);
    cli_json_open(&j, NULL, '{');
    if (r->load->n_errors)
        cli_json_errors(&j, r->load);
    if (some && !discard)
        put_rows(&j, r);
    if (r->metrics)
        put_metrics(&j, r);
    if (some && discard)
        cli_json_text(&j, "result", WB_LIT("discarded"));
    cli_json_close(&j, '}');
    wb_buf_putc(b, '\n');
}

/* ---- texts ---- */

static wb_str compact(cli_results *r, wv v)
{
    const wv_json_style style = {.html = true};
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    wv_json_encode(&b, v, &style, NULL);
    wb_str s = wb_arena_str(&r->load->arena, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

static void put_raw(wb_buf *b, cli_results *r, wv values)
{
    for (uint32_t i = 0; i < wv_len(values); i++) {
        wv v = wv_items(values)[i];
        if (i)
            wb_buf_putc(b, ' ');
        wb_buf_put_str(b, wv_is_string(v) ? wv_str(&v) : compact(r, v));
    }
    wb_buf_putc(b, '\n');
}

static void put_whole(wb_buf *b, wv v)
{
    cli_json j = {.b = b};
    cli_json_value(&j, NULL, v);
    wb_buf_putc(b, '\n');
}

static bool all_boolean(wv values)
{
    for (uint32_t i = 0; i < wv_len(values); i++)
        if (!wv_is_bool(wv_items(values)[i]))
            return false;
    return true;
}

/* A column of the table: a variable, or an expression by number. */
typedef struct column {
    wv name; /* or undefined */
    uint32_t index;
} column;

static void put_table(wb_buf *b, cli_results *r)
{
    wv bindings = bindings_of(wv_items(r->rows)[0]), values = values_of(wv_items(r->rows)[0]);
    uint32_t n = 0, n_rows = wv_len(r->rows), n_vars = wv_len(bindings);
    const uint32_t *order = wv_table_order(bindings);
    column *columns = wb_calloc((size_t)wv_len(values) + n_vars + 1, sizeof *columns);
    /* Expressions stand before variables; with variables, mere truth is left out. */
    for (uint32_t i = 0; i < wv_len(values); i++)
        if (!n_vars || !wv_is_bool(wv_items(values)[i]))
            columns[n++] = (column){WV_UNDEFINED, i};
    for (uint32_t i = 0; i < n_vars; i++)
        columns[n++] = (column){wv_key_at(bindings, order, i), 0};
    wb_str *cells = wb_calloc((size_t)n * (n_rows + 1) + 1, sizeof *cells);
    for (uint32_t c = 0; c < n; c++) {
        const wp_expr *e = expression(r, columns[c].index);
        cells[c] = columns[c].name != WV_UNDEFINED ? wv_str(&columns[c].name)
                   : e                             ? wb_str_n(r->text.p + e->loc.offset, e->loc.len)
                                                   : WB_LIT("");
        for (uint32_t i = 0; i < n_rows; i++) {
            wv row = wv_items(r->rows)[i];
            wv v = columns[c].name != WV_UNDEFINED
                       ? wv_object_get(bindings_of(row), columns[c].name)
                       : wv_items(values_of(row))[columns[c].index];
            wb_str text = compact(r, v);
            cells[(size_t)(i + 1) * n + c] = text;
        }
    }
    cli_put_table(b, cells, (size_t)n_rows + 1, n);
    free(cells);
    free(columns);
}

static void put_pretty(wb_buf *b, cli_results *r)
{
    wv row = wv_items(r->rows)[0], values = values_of(row);
    if (wv_len(r->rows) == 1 && !wv_len(bindings_of(row)) &&
        (wv_len(values) == 1 || (wv_len(values) && all_boolean(values))))
        put_whole(b, wv_items(values)[0]);
    else
        put_table(b, r);
}

void cli_results_print(cli_results *r, const char *format, FILE *out, FILE *err)
{
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    bool some = r->rows != WV_UNDEFINED && wv_len(r->rows), pretty = !strcmp(format, "pretty");
    bool json = !strcmp(format, "json"), discard = !strcmp(format, "discard");
    FILE *to = out;
    if (json || discard) {
        put_json(&b, r, discard);
    } else if (r->load->n_errors) {
        cli_print_errors(&b, r->load);
        to = err;
    } else if (pretty && !some) {
        wb_buf_puts(&b, "undefined\n");
    } else if (pretty) {
        put_pretty(&b, r);
    } else {
        for (uint32_t i = 0; some && i < wv_len(r->rows); i++) {
            wv row = wv_items(r->rows)[i];
            if (!strcmp(format, "raw"))
                put_raw(&b, r, values_of(row));
            else
                put_whole(&b, !strcmp(format, "values") ? values_of(row) : bindings_of(row));
        }
    }
    cli_write(to, &b);
    if (pretty && r->metrics) {
        wb_buf_clear(&b);
        put_metrics_table(&b, r);
        cli_write(out, &b);
    }
    wb_buf_free(&b);
}
