/* A plan of an attacker (OPA's plan.json): read, compiled and run under a small budget. Whatever it
 * is, there is an answer or an error with a reason, and each run of it answers the same. */
#include "engine/engine.h"
#include "value/json.h"

#include <stdlib.h>

#define FUEL     20000
#define PLAN_MAX ((size_t)1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void run(writ_engine *e, writ_query *q)
{
    writ_session *s = writ_session_new(e);
    writ_budget budget = {.fuel = FUEL};
    wv input = WV_UNDEFINED;
    wb_arena a;
    wb_buf first, again;
    if (!s || wb_arena_init(&a, (size_t)1 << 20, e->seed))
        abort();
    wb_buf_init(&first, (size_t)1 << 24);
    wb_buf_init(&again, (size_t)1 << 24);
    wv_json_decode(&a, WB_LIT("{\"x\": [1, {\"y\": null}], \"z\": \"a\"}"), NULL, &input, NULL);
    writ_set_budget(s, &budget);
    writ_set_time(s, 1);
    for (unsigned i = 0; i < 2; i++) {
        wv rows = we_run(s, q, input);
        if (!wm_failed(s->vm) && rows != WV_UNDEFINED)
            wv_json_encode(i ? &again : &first, rows, NULL, NULL);
    }
    if (!wb_str_eq(wb_buf_str(&first), wb_buf_str(&again)) && !first.failed)
        abort();
    wb_buf_free(&first);
    wb_buf_free(&again);
    wb_arena_free(&a);
    writ_session_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    wb_str text = wb_str_n(data, n);
    /* Functions that answer by chance or go out to the world are for other tests. */
    static const char *const left_out[] = {"rand.", "uuid.", "http.", "net."};
    if (n > PLAN_MAX)
        return 0;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (memmem(data, n, left_out[i], strlen(left_out[i])))
            return 0;
    writ_engine *e = writ_engine_new();
    wb_error why = {0};
    writ_query *q = we_prepare_plan(e, text, WB_LIT(""), &why);
    if (q)
        run(e, q);
    else if (!why.text[0])
        abort(); /* a failure without a reason */
    writ_query_free(q);
    writ_engine_free(e);
    return 0;
}
