/* Number cases: the exact text of an expression's value. */
#include "conformance/run.h"

#include "value/json.h"

static void judge_value(cf_run *r, wv body, cf_outcome *o)
{
    wv want_word, want_error_word;
    wb_str want = cf_text(body, "want", &want_word);
    wb_str want_error = cf_text(body, "error", &want_error_word);
    wb_buf got;
    wb_error why = {0};
    wb_buf_init(&got, CF_FILE_MAX);
    bool defined = r->rows != WV_UNDEFINED && wv_len(r->rows) > 0;
    if (defined && wv_json_encode(&got, wv_items(wv_items(wv_items(r->rows)[0])[1])[0], NULL, &why))
        cf_fail(o, "%s", why.text);
    else if (want_error.n)
        cf_fail(o, "want error %.*s\ngot  %s", WB_FMT(want_error),
                defined ? wb_buf_cstr(&got) : "undefined");
    else if (cf_flag(body, "undefined") && defined)
        cf_fail(o, "want undefined\ngot  %s", wb_buf_cstr(&got));
    else if (!cf_flag(body, "undefined") && !(defined && wb_str_eq(want, wb_buf_str(&got))))
        cf_fail(o, "want %.*s\ngot  %s", WB_FMT(want), defined ? wb_buf_cstr(&got) : "undefined");
    wb_buf_free(&got);
}

void cf_run_number(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o)
{
    cf_run r;
    if (!cf_run_init(&r, options, o))
        return;
    wv query, code_word, message_word;
    if (cf_prepare(&r, cf_text(c->body, "query", &query), cf_flag(c->body, "strict")) &&
        cf_ask(&r)) {
        judge_value(&r, c->body, o);
    } else {
        wb_str code = cf_text(c->body, "error", &code_word);
        wb_str message = cf_text(c->body, "message", &message_word);
        if (!wb_str_is(code, r.error.code) || !wb_str_eq(message, r.error.message))
            cf_fail(o, "want %s %.*s %.*s\ngot  error %s %.*s", code.n ? "error" : "a value",
                    WB_FMT(code), WB_FMT(message), r.error.code, WB_FMT(r.error.message));
    }
    cf_run_clear(&r);
}
