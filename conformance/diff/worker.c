#include "conformance/diff/worker.h"

#include "conformance/diff/program.h"
#include "conformance/run.h"

#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX ((size_t)4 << 30)

static void put_word(wb_buf *b, const char *name, wb_str text)
{
    wb_buf_putf(b, "\"%s\":", name);
    wb_buf_put_json(b, text);
}

static void put_diags(wb_buf *b, const wp_diags *diags)
{
    wb_buf_puts(b, "\"errors\":[");
    for (const wp_diag *d = diags->first; d; d = d->next) {
        wb_buf_puts(b, d == diags->first ? "{" : ",{");
        put_word(b, "code", wb_str_of(wp_code_text(d->code)));
        wb_buf_puts(b, ",");
        put_word(b, "message", d->message);
        if (d->file.n) {
            wb_buf_puts(b, ",");
            put_word(b, "file", d->file);
        }
        if (d->loc.row)
            wb_buf_putf(b, ",\"row\":%u,\"col\":%u", d->loc.row, d->loc.col);
        wb_buf text;
        wb_buf_init(&text, DF_LINE_MAX);
        wp_diag_print(&text, d);
        wb_buf_puts(b, ",");
        put_word(b, "text", wb_buf_str(&text));
        wb_buf_puts(b, "}");
        wb_buf_free(&text);
    }
    wb_buf_puts(b, "]");
}

static void put_error(wb_buf *b, const cf_error *e)
{
    wb_buf_puts(b, "\"errors\":[{");
    put_word(b, "code", wb_str_of(e->code));
    wb_buf_puts(b, ",");
    put_word(b, "message", e->message);
    wb_buf_puts(b, "}]");
}

static bool has_false(wv values)
{
    for (uint32_t i = 0; i < wv_len(values); i++)
        if (wv_items(values)[i] == WV_FALSE)
            return true;
    return false;
}

/* Rows as [{"bindings", "values"}]; as the evaluator sees them, an expression that is false fails,
 * and there are no values. */
static void put_rows(wb_buf *b, wv rows, bool evaluator)
{
    size_t start = b->n;
    wb_buf_puts(b, "\"rows\":[");
    bool any = false;
    for (uint32_t i = 0; i < wv_len(rows); i++) {
        const wv *row = wv_items(wv_items(rows)[i]);
        if (evaluator && has_false(row[1]))
            continue;
        wb_buf_puts(b, any ? ",{\"bindings\":" : "{\"bindings\":");
        any = true;
        wv_json_encode(b, row[0], NULL, NULL);
        if (!evaluator) {
            wb_buf_puts(b, ",\"values\":");
            wv_json_encode(b, row[1], NULL, NULL);
        }
        wb_buf_puts(b, "}");
    }
    wb_buf_puts(b, "]");
    if (!any) {
        b->n = start;
        wb_buf_puts(b, "\"undefined\":true");
    }
}

static void count_opcodes(const wm_program *p, uint64_t *counts)
{
    for (uint32_t i = 0; i < p->n_code;) {
        unsigned op = WM_OPCODE(p->code[i]);
        if (op >= WM_OP_COUNT)
            return;
        counts[op]++;
        i += wm_op_infos[op].words;
    }
}

static void ask(cf_run *r, wv body, wb_str query, wv input, const df_worker_options *options,
                wb_buf *b)
{
    wv as;
    bool evaluator = wb_str_is(cf_text(body, "as", &as), "bindings");
    r->error.is = false;
    r->engine->stop_at_false = evaluator;
    wp_diags_init(&r->diags, &r->arena, 0);
    wb_buf_puts(b, "{");
    if (!cf_prepare(r, query, cf_flag(body, "strict"))) {
        put_diags(b, &r->diags);
    } else {
        if (options->opcodes)
            count_opcodes(r->query->program, options->opcodes);
        writ_set_budget(r->session, &(writ_budget){.fuel = DF_FUEL});
        r->input = input;
        if (!cf_ask(r))
            put_error(b, &r->error);
        else if (r->rows == WV_UNDEFINED || wv_len(r->rows) == 0)
            wb_buf_puts(b, "\"undefined\":true");
        else
            put_rows(b, r->rows, evaluator);
    }
    wb_buf_puts(b, "}");
    writ_session_free(r->session);
    writ_query_free(r->query);
    r->session = NULL;
    r->query = NULL;
}

/* Schemas by the arrays of names that the engine knows them by. */
static void set_schemas(cf_run *r, wv schemas)
{
    if (!wv_is_object(schemas))
        return;
    wv all = wv_object_begin(&r->arena, wv_len(schemas));
    for (uint32_t i = 0; i < wv_len(schemas); i++) {
        wv key = wv_key_at(schemas, NULL, i), path = wv_array_begin(&r->arena, 2);
        wb_str s = wv_str(&key);
        for (size_t from = 0, to; s.n && from <= s.n; from = to + 1) {
            for (to = from; to < s.n && s.p[to] != '/';)
                to++;
            wv_array_push(&r->arena, &path,
                          wv_string_new(&r->arena, wb_str_n(s.p + from, to - from)));
        }
        wv_object_put(&r->arena, &all, path, wv_value_at(schemas, NULL, i));
    }
    r->engine->schemas = all;
}

static bool add_modules(cf_run *r, wv modules)
{
    bool ok = true;
    for (uint32_t i = 0; wv_is_array(modules) && i < wv_len(modules); i++) {
        char name[32];
        wv text = wv_items(modules)[i];
        snprintf(name, sizeof name, "test-%u.rego", i);
        we_module *m = we_module_new(r->engine, wb_str_of(name), wv_str(&text),
                                     we_next_file(r->engine), &r->diags);
        if (m)
            we_add_module(r->engine, m);
        ok = ok && m;
    }
    return ok;
}

static void answer_case(cf_run *r, wv body, const df_worker_options *options, wb_buf *b)
{
    wv data = cf_field(body, "data"), queries = cf_field(body, "queries");
    wv input = wv_object_get_str(body, WB_LIT("input"));
    r->engine->strict_compile = cf_flag(body, "strict_mode");
    r->engine->keep_print = cf_flag(body, "prints");
    set_schemas(r, cf_field(body, "schemas"));
    r->engine->version = cf_field(body, "rego_version") == wv_small(0) ? WP_V0 : WP_V1;
    if (!add_modules(r, cf_field(body, "modules")) || we_check(r->engine, &r->diags)) {
        wb_buf_puts(b, "\"phase\":\"modules\",");
        put_diags(b, &r->diags);
        return;
    }
    if (data != WV_UNDEFINED && !cf_set_data(r, data)) {
        wb_buf_puts(b, "\"phase\":\"data\",");
        put_error(b, &r->error);
        return;
    }
    wb_buf_puts(b, "\"answers\":[");
    for (uint32_t i = 0; wv_is_array(queries) && i < wv_len(queries); i++) {
        wv query = wv_items(queries)[i];
        wb_buf_puts(b, i ? "," : "");
        ask(r, body, wv_str(&query), input, options, b);
    }
    wb_buf_puts(b, "]");
}

static void begin_answer(wb_buf *b, wv id)
{
    wb_buf_puts(b, "{\"id\":");
    wv_json_encode(b, id, NULL, NULL);
    wb_buf_puts(b, ",");
}

bool df_work(wb_str line, const df_worker_options *options, wb_buf *b)
{
    cf_outcome o = {.status = CF_PASS};
    cf_options run = {.passes_off = options->passes_off};
    cf_run r;
    wb_buf_init(&o.reason, CF_REASON_MAX);
    if (!cf_run_init(&r, &run, &o)) {
        wb_buf_free(&o.reason);
        return false;
    }
    wv body, id;
    /* Into an arena of the engine's seed, since the input is asked as it is. */
    bool ok = wv_json_decode(&r.arena, line, NULL, &body, NULL) == WB_OK && wv_is_object(body);
    if (ok) {
        id = cf_field(body, "id");
        if (id == WV_UNDEFINED)
            id = WV_NULL;
        begin_answer(b, id);
        answer_case(&r, body, options, b);
        if (b->failed) { /* too long to be compared */
            wb_buf_clear(b);
            begin_answer(b, id);
            wb_buf_puts(b, "\"phase\":\"answer\"");
        }
        wb_buf_puts(b, "}\n");
    }
    cf_run_clear(&r);
    wb_buf_free(&o.reason);
    return ok;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

int df_worker_main(int in, int out, const df_worker_options *options)
{
    FILE *lines = fdopen(in, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool ok = lines != NULL;
    while (ok && (n = getline(&line, &room, lines)) > 0) {
        wb_buf b;
        wb_buf_init(&b, (size_t)64 << 20);
        ok = df_work(wb_str_n(line, (size_t)n), options, &b) && write_all(out, b.p, b.n);
        wb_buf_free(&b);
    }
    free(line);
    if (lines)
        fclose(lines);
    return ok ? 0 : 1;
}
