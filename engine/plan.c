/* Plans in OPA's format: written from the engine's modules, and prepared in place of modules. */
#include "engine/engine.h"

#include "compiler/ir_read.h"
#include "compiler/ir_write.h"

#include <stdlib.h>

#define QUERY_ARENA ((size_t)1 << 30) /* addresses; memory comes as used */

/* The query as the compiler wants it; it lives in a. False after a report. */
static bool parse_query(writ_engine *e, wb_arena *a, wb_str query, wc_query *out, wp_diags *diags)
{
    wp_options o = {.version = WP_V1, .file_number = we_next_file(e)};
    wp_module *context = NULL;
    wb_str text = wb_arena_str(a, query);
    *out = (wc_query){.file = {WB_LIT(""), text}};
    if (wp_parse_query(a, WB_LIT(""), text, &o, &out->body, diags))
        return false;
    wp_parse_module(a, WB_LIT(""), WB_LIT("package query\n"), &o, &context, diags);
    out->context = context;
    return context != NULL;
}

wb_status we_write_plan(writ_engine *e, const wb_str *entrypoints, size_t n, wb_str query,
                        bool dependents, wb_buf *out, wp_diags *diags)
{
    wb_arena a;
    if (wb_arena_init(&a, QUERY_ARENA, e->seed))
        return WB_MEMORY;
    wc_query q;
    wc_plan_wanted wanted = {.entrypoints = entrypoints,
                             .n_entrypoints = n,
                             .dependents = dependents,
                             .query = query.n ? &q : NULL,
                             .query_name = WB_LIT("eval")};
    wc_options o = we_options(e);
    wp_module **trees = we_trees(e);
    wb_status s = WB_INVALID;
    if (!query.n || parse_query(e, &a, query, &q, diags))
        s = wc_write_plan(trees, (uint32_t)e->n_modules, &wanted, &o, out, diags);
    free(trees);
    wp_diags_own(diags);
    wb_arena_free(&a);
    return s;
}

writ_query *we_prepare_plan(writ_engine *e, wb_str json, wb_str plan, wb_error *why)
{
    writ_query *q = wb_calloc(1, sizeof *q);
    wc_options o = we_options(e);
    wb_status s = wb_arena_init(&q->arena, (size_t)1 << 20, e->seed)
                      ? wb_fail(why, WB_MEMORY, "no memory for a query")
                      : wc_compile_plan(json, &o, plan, &q->program, why);
    if (s) {
        writ_query_free(q);
        return NULL;
    }
    q->func = WM_NONE;
    q->engine = e;
    __atomic_add_fetch(&e->refs, 1, __ATOMIC_ACQ_REL);
    q->data = e->data;
    __atomic_add_fetch(&q->data->refs, 1, __ATOMIC_ACQ_REL);
    return q;
}
