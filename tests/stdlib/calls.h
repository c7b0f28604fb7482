/* A table of calls is a test: each is made twice, with and without preparing its arguments. */
#ifndef WRIT_TESTS_STDLIB_CALLS_H
#define WRIT_TESTS_STDLIB_CALLS_H

#include "term.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef enum outcome { VALUE, UNDEFINED, ERR_TYPE, ERR_BUILTIN, ERR_BUDGET } outcome;

typedef struct call {
    const char *fn;
    const char *args; /* an array term */
    outcome outcome;
    const char *want; /* JSON of the value, or the error's text */
} call;

static inline outcome outcome_of(const ws_ctx *cx, wv v)
{
    switch (cx->error) {
    case WS_ERR_NONE: return wv_defined(v) ? VALUE : UNDEFINED;
    case WS_ERR_TYPE: return ERR_TYPE;
    case WS_ERR_BUILTIN: return ERR_BUILTIN;
    default: return ERR_BUDGET;
    }
}

static inline unsigned check_call(term_env *e, const call *c, bool prepared)
{
    wb_arena_reset(&e->arena);
    const ws_builtin *row = ws_registry_find(e->registry, wb_str_of(c->fn));
    const char *p = c->args;
    wv args = term_read(&e->arena, &p, c->args + strlen(c->args));
    if (!row || !row->fn || !wv_defined(args)) {
        print_error("%s(%s): no such row, or no term\n", c->fn, c->args);
        return 1;
    }
    wv v = term_call(e, row, wv_items(args), wv_len(args), prepared);
    outcome got = outcome_of(&e->cx, v);
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    if (got == VALUE)
        wv_json_encode(&b, v, &(wv_json_style){.html = true}, NULL);
    else
        wb_buf_put_str(&b, e->cx.error_text);
    bool same = got == c->outcome && strcmp(wb_buf_cstr(&b), c->want) == 0;
    if (!same)
        print_error("%s(%s)%s\n  want %s\n  got  %s\n", c->fn, c->args, prepared ? " prepared" : "",
                    c->want, wb_buf_cstr(&b));
    wb_buf_free(&b);
    return !same;
}

static inline void check_calls(const call *calls, size_t n)
{
    term_env e;
    unsigned failed = 0;
    term_env_init(&e, (size_t)64 << 20);
    for (size_t i = 0; i < n; i++)
        for (int prepared = 0; prepared < 2; prepared++)
            failed += check_call(&e, &calls[i], prepared);
    term_env_clear(&e);
    assert_int_equal(failed, 0);
}

#endif
