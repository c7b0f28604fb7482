/* Evaluation cases: modules, data, input and a query; a set of bindings or an error. */
#include "conformance/run.h"

#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>

static void set_environment(wv env)
{
    if (!wv_is_object(env))
        return;
    for (uint32_t i = 0; i < wv_len(env); i++) {
        wv key = wv_key_at(env, NULL, i), value = wv_value_at(env, NULL, i);
        if (!wv_is_string(key) || !wv_is_string(value))
            continue;
        char *name = wb_strndup(wv_str(&key).p, wv_str(&key).n);
        char *text = wb_strndup(wv_str(&value).p, wv_str(&value).n);
        setenv(name, text, 1);
        free(name);
        free(text);
    }
}

/* A Rego term as input: a ground one as it is, any other evaluated as a query's value. */
static bool read_input_term(cf_run *r, wb_str text, const cf_options *options, cf_outcome *o)
{
    wp_options po = {.version = WP_V1};
    wp_term *term;
    wb_arena *to = &r->session->input;
    wp_diags diags;
    wp_diags_init(&diags, &r->arena, 0);
    if (wp_parse_term(&r->arena, text, &po, &term, &diags)) {
        cf_fail(o, "input_term does not parse: %.*s", WB_FMT(diags.first->message));
        return false;
    }
    wv v = wp_term_value(&r->arena, term);
    if (v != WV_UNDEFINED) {
        r->input = wv_copy(to, v, NULL, NULL);
        return true;
    }
    cf_run other;
    if (!cf_run_init(&other, options, o))
        return false;
    bool ok = cf_prepare(&other, text, true) && cf_ask(&other) && other.rows != WV_UNDEFINED &&
              wv_len(other.rows) == 1;
    if (ok)
        /* Sets stay sets here; hashes are kept in values, so nothing may be shared. */
        r->input = wv_copy(to, wv_items(wv_items(wv_items(other.rows)[0])[1])[0], NULL, NULL);
    else
        cf_fail(o, "input_term has no value: %.*s", WB_FMT(other.error.text));
    cf_run_clear(&other);
    return ok;
}

static bool read_input(cf_run *r, wv body, const cf_options *options, cf_outcome *o)
{
    wv term, input = wv_object_get_str(body, WB_LIT("input"));
    wb_str text = cf_text(body, "input_term", &term);
    if (term != WV_UNDEFINED)
        return read_input_term(r, text, options, o);
    /* `input: null` cannot be told from no input in OPA's own files: both are none. */
    if (input == WV_UNDEFINED || input == WV_NULL)
        return true;
    wb_buf json;
    wb_buf_init(&json, CF_FILE_MAX);
    wv_json_encode(&json, input, NULL, NULL);
    wb_error why = {0};
    wv_json_options shared = {.shapes = r->session->shapes};
    if (wv_json_decode(&r->session->input, wb_buf_str(&json), &shared, &r->input, &why))
        cf_fail(o, "input: %s", why.text);
    wb_buf_free(&json);
    return o->status == CF_PASS;
}

/* Modules, data and query up to an error of ours or of the policy's. */
static void run(cf_run *r, const cf_file *f, wv body, const cf_options *options, cf_outcome *o)
{
    wv modules = cf_field(body, "modules"), data = cf_field(body, "data"), query;
    r->engine->version = f->v0 ? WP_V0 : WP_V1;
    r->engine->stop_at_false = true; /* OPA's cases ask the evaluator alone */
    bool planned = f->kind == CF_PLAN;
    for (uint32_t i = 0; !planned && wv_is_array(modules) && i < wv_len(modules); i++) {
        wv module = wv_items(modules)[i];
        char name[32];
        snprintf(name, sizeof name, "test-%u.rego", i);
        if (!wv_is_string(module)) {
            cf_fail(o, "module %u is no string", i);
            return;
        }
        if (!cf_add_module(r, name, wv_str(&module)))
            return;
    }
    if (data != WV_UNDEFINED && !cf_set_data(r, data))
        return;
    bool strict = cf_flag(body, "strict_error");
    wb_str text = cf_text(body, "query", &query);
    if (planned ? !cf_prepare_plan(r, cf_field(body, "plan"), strict)
        : options->plans_written && !cf_flag(body, "no_plan") ? !cf_prepare_written(r, text, strict)
                                                              : !cf_prepare(r, text, strict))
        return;
    if (read_input(r, body, options, o))
        cf_ask(r);
}

static bool contains(wb_str text, wb_str part)
{
    return part.n == 0 || memmem(text.p, text.n, part.p, part.n) != NULL;
}

static void judge_error(cf_run *r, wv body, cf_outcome *o)
{
    wv code_word, text_word, exact_word;
    wb_str code = cf_text(body, "want_error_code", &code_word);
    wb_str text = cf_text(body, "want_error", &text_word);
    wb_str exact = cf_text(body, "error_text", &exact_word);
    if (!r->error.is) {
        wb_buf shown;
        wb_buf_init(&shown, CF_REASON_MAX);
        if (r->rows != WV_UNDEFINED)
            wv_json_encode(&shown, r->rows, NULL, NULL);
        cf_fail(o, "want error %.*s %.*s%.*s\ngot  %s", WB_FMT(code), WB_FMT(text), WB_FMT(exact),
                shown.n ? wb_buf_cstr(&shown) : "no error");
        wb_buf_free(&shown);
    } else if ((code.n && !wb_str_is(code, r->error.code)) || !contains(r->error.text, text)) {
        cf_fail(o, "want error %.*s %.*s%.*s\ngot  error %.*s", WB_FMT(code), WB_FMT(text),
                WB_FMT(exact), WB_FMT(r->error.text));
    }
    if (exact.n)
        cf_count(o, CF_FIGURE_ERROR_TEXT, r->error.is && wb_str_eq(exact, r->error.message));
}

void cf_run_eval(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o)
{
    cf_run r;
    if (!cf_run_init(&r, options, o))
        return;
    set_environment(cf_field(c->body, "env"));
    run(&r, f, c->body, options, o);
    if (o->status == CF_PASS) {
        bool want_error = cf_field(c->body, "want_error") != WV_UNDEFINED ||
                          cf_field(c->body, "want_error_code") != WV_UNDEFINED;
        wv want = cf_field(c->body, "want_result");
        unsigned flags = (cf_flag(c->body, "sort_bindings") ? CF_SORT_BINDINGS : 0) |
                         (cf_flag(c->body, "ignore_generated_vars") ? CF_IGNORE_LOCALS : 0);
        if (want_error)
            judge_error(&r, c->body, o);
        else if (r.error.is)
            cf_fail(o, "error %.*s", WB_FMT(r.error.text));
        else if (want == WV_UNDEFINED || wv_is_array(want))
            cf_same_results(&r.arena, want == WV_UNDEFINED ? wv_array_begin(&r.arena, 0) : want,
                            r.rows, flags, o);
        else
            cf_fail(o, "want_result is no array");
    }
    cf_run_clear(&r);
}
