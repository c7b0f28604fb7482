/* Cases that say what is wrong in modules, and where. */
#include "conformance/run.h"

#include "value/number.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t number_field(wv v, const char *name)
{
    int64_t i;
    wv field = cf_field(v, name);
    return wv_is_number(field) && wv_number_int64(field, &i) && i > 0 ? (uint32_t)i : 0;
}

/* Strings of a case live in its file; an inline one is copied to have an address. */
static wb_str text_field(wb_arena *a, wv v, const char *name)
{
    wv word;
    return wb_arena_str(a, cf_text(v, name, &word));
}

static wb_str joined(wb_arena *a, const wb_str *lines, uint32_t n)
{
    wb_buf b;
    wb_buf_init(&b, CF_FILE_MAX);
    for (uint32_t i = 0; i < n; i++)
        wb_buf_putf(&b, "%.*s\n", WB_FMT(lines[i]));
    wb_str s = wb_arena_str(a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

static wb_str wanted_lines(wb_arena *a, wv list)
{
    uint32_t n = wv_is_array(list) ? wv_len(list) : 0;
    wb_str *lines = wb_arena_calloc(a, (n + 1) * sizeof *lines);
    for (uint32_t i = 0; i < n; i++)
        if (wv_is_string(wv_items(list)[i]))
            lines[i] = wv_str(&wv_items(list)[i]);
    return joined(a, lines, n);
}

static cf_diag *wanted(wb_arena *a, wv list, size_t *n)
{
    *n = wv_is_array(list) ? wv_len(list) : 0;
    cf_diag *out = wb_arena_alloc(a, (*n + 1) * sizeof *out);
    for (size_t i = 0; i < *n; i++) {
        wv v = wv_items(list)[i];
        wv lines = cf_field(v, "lines");
        out[i] = (cf_diag){.code = text_field(a, v, "code"),
                           .message = text_field(a, v, "message"),
                           .module = text_field(a, v, "module"),
                           .lines = wanted_lines(a, lines),
                           .any_lines = lines == WV_UNDEFINED,
                           .row = number_field(v, "row"),
                           .col = number_field(v, "col")};
    }
    return out;
}

/* By row, column and message, as the cases list them. */
static int in_order(const void *x, const void *y)
{
    const cf_diag *a = x, *b = y;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    if (a->col != b->col)
        return a->col < b->col ? -1 : 1;
    return wb_str_cmp(a->message, b->message);
}

static cf_diag *gotten(cf_run *r, size_t *n)
{
    *n = 0;
    cf_diag *out = wb_arena_alloc(&r->arena, (r->diags.n + 1) * sizeof *out);
    for (const wp_diag *d = r->diags.first; d; d = d->next)
        out[(*n)++] = (cf_diag){.code = wb_str_of(wp_code_text(d->code)),
                                .message = d->message,
                                .module = d->file,
                                .lines = joined(&r->arena, d->lines, d->n_lines),
                                .row = d->loc.row,
                                .col = d->loc.col};
    qsort(out, *n, sizeof *out, in_order);
    return out;
}

void cf_run_diagnostics(const cf_file *f, const cf_case *c, const cf_options *options,
                        cf_outcome *o)
{
    cf_run r;
    wv version, text;
    if (!cf_run_init(&r, options, o))
        return;
    r.engine->version = wb_str_is(cf_text(c->body, "rego_version", &version), "v0") ? WP_V0 : WP_V1;
    r.engine->strict_compile = cf_flag(c->body, "strict");
    bool ok = cf_add_module(&r, "test.rego", cf_text(c->body, "text", &text)) &&
              we_check(r.engine, &r.diags) == WB_OK;
    size_t n_want, n_got;
    cf_diag *want = wanted(&r.arena, cf_field(c->body, "errors"), &n_want);
    cf_diag *got = gotten(&r, &n_got);
    if (!ok && !n_got)
        cf_fail(o, "it fails without a diagnostic");
    else
        cf_same_diags(want, n_want, got, n_got, o);
    cf_run_clear(&r);
}

void cf_run_compile(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o)
{
    cf_run r;
    wv version;
    if (!cf_run_init(&r, options, o))
        return;
    wv modules = cf_field(c->body, "modules");
    wb_str asked = cf_text(c->body, "rego_version", &version);
    r.engine->version =
        asked.n ? (wb_str_is(asked, "v0") ? WP_V0 : WP_V1) : (f->v0 ? WP_V0 : WP_V1);
    r.engine->strict_compile = cf_flag(c->body, "strict");
    r.engine->keep_print = cf_flag(c->body, "print_statements");
    bool ok = true;
    for (uint32_t i = 0; ok && wv_is_array(modules) && i < wv_len(modules); i++) {
        wv module = wv_items(modules)[i];
        char name[32];
        snprintf(name, sizeof name, "test-%u.rego", i);
        ok = cf_add_module(&r, name, wv_is_string(module) ? wv_str(&module) : WB_LIT(""));
    }
    ok = ok && we_check(r.engine, &r.diags) == WB_OK;
    size_t n_want, n_got;
    cf_diag *want = wanted(&r.arena, cf_field(c->body, "want_errors"), &n_want);
    cf_diag *got = gotten(&r, &n_got);
    if (!ok && !n_got)
        cf_fail(o, "it fails without a diagnostic");
    else if (cf_flag(c->body, "exhaustive"))
        cf_same_diags(want, n_want, got, n_got, o);
    else
        cf_has_diags(want, n_want, got, n_got, o);
    cf_run_clear(&r);
}
