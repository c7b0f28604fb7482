/* What the tests of the VM share: a module compiled and run in a session with limits. */
#ifndef WRIT_TESTS_VM_SUPPORT_H
#define WRIT_TESTS_VM_SUPPORT_H

#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct bench {
    writ_engine *engine;
    wm_program *program;
    wm_session *session;
    wb_arena arena;
    wb_buf out;
} bench;

/* Compiles one module; memory is the limit of each of the session's arenas (0: the default). */
static inline void bench_init(bench *b, const char *text, unsigned passes_off, size_t memory)
{
    memset(b, 0, sizeof *b);
    b->engine = writ_engine_new();
    b->engine->passes_off = passes_off;
    assert_int_equal(wb_arena_init(&b->arena, (size_t)1 << 30, b->engine->seed), 0);
    wb_buf_init(&b->out, (size_t)1 << 26);
    wp_diags d;
    wp_diags_init(&d, &b->arena, 10);
    we_module *m = we_module_new(b->engine, WB_LIT("t.rego"), wb_str_of(text), 0, &d);
    wc_options o = we_options(b->engine);
    if (m)
        we_add_module(b->engine, m);
    wp_module **trees = we_trees(b->engine);
    if (!m || wc_compile(trees, 1, NULL, &o, &b->program, &d)) {
        wp_diags_print(&b->out, &d, false);
        fail_msg("%s\n%s", wb_buf_cstr(&b->out), text);
    }
    free(trees);
    wm_limits limits = {.memory = memory, .seed = b->engine->seed};
    b->session = wm_session_new(&limits);
    assert_non_null(b->session);
}

static inline void bench_free(bench *b)
{
    wm_session_free(b->session);
    wm_program_free(b->program);
    writ_engine_free(b->engine);
    wb_arena_free(&b->arena);
    wb_buf_free(&b->out);
}

/* data.t.NAME as JSON text, "undefined", or "error: TEXT". Lives until the next call. */
static inline const char *bench_ask(bench *b, const char *name, const char *input,
                                    const wm_budget *budget)
{
    wv in = WV_UNDEFINED;
    wb_error e = {0};
    if (input && wv_json_decode(&b->arena, wb_str_of(input), NULL, &in, &e))
        fail_msg("%s", e.text);
    wv path[2] = {wv_string_new(&b->arena, WB_LIT("t")), wv_string_new(&b->arena, wb_str_of(name))};
    unsigned used;
    uint32_t node = wc_find_node(b->program, path, 2, &used);
    wm_begin(b->session, b->program, b->engine->data->value, in, budget);
    wv v = wm_doc(b->session, node, path + used, 2 - used);
    wb_buf_clear(&b->out);
    if (wm_failed(b->session)) {
        wb_buf_putf(&b->out, "error: %.*s", WB_FMT(wm_failed(b->session)->message));
    } else if (v == WV_UNDEFINED) {
        wb_buf_puts(&b->out, "undefined");
    } else if (wv_json_encode(&b->out, v, NULL, &e)) {
        wb_buf_clear(&b->out);
        wb_buf_putf(&b->out, "error: %s", e.text);
    }
    return wb_buf_cstr(&b->out);
}

#endif
