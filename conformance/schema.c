/* JSON Schema cases: a schema, a document, and whether the document is valid.
 *
 * They are asked as a policy asks them, through json.match_schema over JSON text, so that every
 * kind of document can be given. The suite's references to other hosts are never followed: such a
 * case is passed over with its reason. */
#include "conformance/run.h"

static const char QUERY[] =
    "json.match_schema(json.marshal(input.test.data), json.marshal(input.schema))[0]";

void cf_run_schema(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o)
{
    (void)f;
    cf_run r;
    if (!cf_run_init(&r, options, o))
        return;
    r.input = c->body;
    bool valid = cf_flag(cf_field(c->body, "test"), "valid");
    if (!cf_prepare(&r, wb_str_of(QUERY), true) || !cf_ask(&r)) {
        wb_str text = r.error.message;
        if (memmem(text.p, text.n, "remote reference", strlen("remote reference")))
            cf_skip(o, "needs another host: %.*s", WB_FMT(text));
        else
            cf_fail(o, "want %s\ngot  error %.*s", valid ? "valid" : "invalid", WB_FMT(text));
    } else if (!wv_len(r.rows)) {
        cf_fail(o, "want %s\ngot  undefined", valid ? "valid" : "invalid");
    } else {
        wv got = wv_items(wv_items(wv_items(r.rows)[0])[1])[0];
        if (got != wv_bool(valid))
            cf_fail(o, "want %s\ngot  %s", valid ? "valid" : "invalid",
                    valid ? "invalid" : "valid");
    }
    cf_run_clear(&r);
}
