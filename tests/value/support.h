/* What the tests of values share: an arena for a test, and values from JSON text. */
#ifndef WRIT_TESTS_VALUE_SUPPORT_H
#define WRIT_TESTS_VALUE_SUPPORT_H

#include "value/json.h"
#include "value/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEED 0x1234abcd5678ef01u

static inline int arena_setup(void **state)
{
    wb_arena *a = wb_calloc(1, sizeof *a);
    if (wb_arena_init(a, (size_t)512 << 20, SEED) != WB_OK)
        return -1;
    *state = a;
    return 0;
}

static inline int arena_teardown(void **state)
{
    wb_arena_free(*state);
    free(*state);
    return 0;
}

static inline wv json_n(wb_arena *a, wb_str text)
{
    wb_error e = {0};
    wv v;
    if (wv_json_decode(a, text, NULL, &v, &e) != WB_OK)
        fail_msg("%.*s: %s", WB_FMT(text), e.text);
    return v;
}

static inline wv json(wb_arena *a, const char *text)
{
    return json_n(a, wb_str_of(text));
}

static inline wv str(wb_arena *a, const char *z)
{
    return wv_string_new(a, wb_str_of(z));
}

static inline void assert_encodes(wv v, const char *want)
{
    wb_buf b;
    wb_error e = {0};
    wb_buf_init(&b, (size_t)1 << 26);
    assert_int_equal(wv_json_encode(&b, v, NULL, &e), WB_OK);
    assert_string_equal(wb_buf_cstr(&b), want);
    wb_buf_free(&b);
}

static inline void assert_prints(wv v, const char *want)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 26);
    wv_print(&b, v);
    assert_string_equal(wb_buf_cstr(&b), want);
    wb_buf_free(&b);
}

/* A small deterministic generator, so that a failure can be run again. */
static inline uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return wb_hash64(*state, 7);
}

#endif
