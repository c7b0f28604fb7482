/* One case's engine: made fresh, used once, freed with all that came of it. */
#ifndef WRIT_CONFORMANCE_RUN_H
#define WRIT_CONFORMANCE_RUN_H

#include "conformance/compare.h"
#include "engine/engine.h"

/* What ended a run, in the terms that cases are written in. */
typedef struct cf_error {
    bool is;
    const char *code;
    wb_str message; /* alone */
    wb_str text;    /* as printed: place, code and message */
} cf_error;

typedef struct cf_run {
    writ_engine *engine;
    writ_query *query;
    writ_session *session;
    wb_arena arena; /* of diagnostics, errors and compared values */
    wp_diags diags;
    cf_error error;
    wv input;
    wv rows; /* of the query; undefined before cf_ask and after an error */
} cf_run;

/* false: the outcome says why there is no engine. */
bool cf_run_init(cf_run *r, const cf_options *options, cf_outcome *o);
void cf_run_clear(cf_run *r);

/* Each answers false once an error is set. */
bool cf_add_module(cf_run *r, const char *name, wb_str text);
bool cf_set_data(cf_run *r, wv data);
bool cf_prepare(cf_run *r, wb_str query, bool strict);
/* As cf_prepare, with OPA's plan of the query (plans.c). */
bool cf_prepare_plan(cf_run *r, wv plan, bool strict);
/* As cf_prepare, by way of the plan that we write, which must fit its schema (plans.c). */
bool cf_prepare_written(cf_run *r, wb_str query, bool strict);
/* Whether the value is a plan as OPA's schema has them; else the text says where it is not
 * (plan_schema.c). */
bool cf_check_plan(wv plan, wb_buf *text);
bool cf_ask(cf_run *r);
/* The error that the diagnostics make. */
bool cf_fail_diags(cf_run *r);

#endif
