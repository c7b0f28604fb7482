/* Plans in place of modules: OPA's published plan of a query, or the plan that we write of it. */
#include "conformance/run.h"
#include "value/json.h"

static bool fail(cf_run *r, const char *text)
{
    wb_str shown = wb_arena_str(&r->arena, wb_str_of(text));
    r->error = (cf_error){true, "none", shown, shown};
    return false;
}

static bool prepare(cf_run *r, wb_str json, bool strict)
{
    wb_error why = {0};
    r->query = we_prepare_plan(r->engine, json, WB_LIT(""), &why);
    if (!r->query)
        return fail(r, why.text);
    r->session = writ_session_new(r->engine);
    if (!r->session)
        return fail(r, "no memory for a session");
    writ_set_strict(r->session, strict);
    return true;
}

bool cf_prepare_plan(cf_run *r, wv plan, bool strict)
{
    wb_buf text;
    wb_buf_init(&text, CF_FILE_MAX);
    wv_json_encode(&text, plan, NULL, NULL);
    bool ok = prepare(r, wb_buf_str(&text), strict);
    wb_buf_free(&text);
    return ok;
}

/* Whether the text is what OPA's schema of plans takes. */
static bool fits_schema(cf_run *r, wb_str json)
{
    wb_error why = {0};
    wv plan;
    if (wv_json_decode(&r->arena, json, NULL, &plan, &why))
        return fail(r, why.text);
    wb_buf text;
    wb_buf_init(&text, CF_REASON_MAX);
    bool ok = cf_check_plan(plan, &text);
    if (!ok)
        fail(r, wb_buf_cstr(&text));
    wb_buf_free(&text);
    return ok;
}

bool cf_prepare_written(cf_run *r, wb_str query, bool strict)
{
    wb_buf text;
    wb_buf_init(&text, CF_FILE_MAX);
    bool ok = we_write_plan(r->engine, NULL, 0, query, false, &text, &r->diags) == WB_OK
                  ? fits_schema(r, wb_buf_str(&text)) && prepare(r, wb_buf_str(&text), strict)
                  : cf_fail_diags(r);
    wb_buf_free(&text);
    return ok;
}
