/* Plan cases: OPA's published plan of a query, run in place of the modules. */
#include "compiler/ir_read.h"
#include "conformance/run.h"
#include "value/json.h"

#include <stdlib.h>

/* A query as the engine would prepare it, around a program made from a plan. */
static writ_query *query_of(cf_run *r, wm_program *program)
{
    writ_query *q = wb_calloc(1, sizeof *q);
    if (wb_arena_init(&q->arena, (size_t)1 << 20, r->engine->seed)) {
        free(q);
        wm_program_free(program);
        return NULL;
    }
    q->program = program;
    q->func = WM_NONE;
    q->data = r->engine->data;
    __atomic_add_fetch(&q->data->refs, 1, __ATOMIC_ACQ_REL);
    return q;
}

static bool fail(cf_run *r, const char *text)
{
    wb_str shown = wb_arena_str(&r->arena, wb_str_of(text));
    r->error = (cf_error){true, "none", shown, shown};
    return false;
}

bool cf_prepare_plan(cf_run *r, wv plan, bool strict)
{
    wb_buf text;
    wb_error why = {0};
    wc_options options = we_options(r->engine);
    wm_program *program = NULL;
    wb_buf_init(&text, CF_FILE_MAX);
    wv_json_encode(&text, plan, NULL, NULL);
    wb_status s = wc_compile_plan(wb_buf_str(&text), &options, WB_LIT(""), &program, &why);
    wb_buf_free(&text);
    if (s)
        return fail(r, why.text);
    r->query = query_of(r, program);
    r->session = r->query ? writ_session_new(r->engine) : NULL;
    if (!r->session)
        return fail(r, "no memory for a session");
    writ_set_strict(r->session, strict);
    return true;
}
