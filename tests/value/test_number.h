/* What the number tests share: an arena, numbers from texts, and texts from numbers. */
#ifndef WRIT_TESTS_VALUE_TEST_NUMBER_H
#define WRIT_TESTS_VALUE_TEST_NUMBER_H

#include "value/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static wb_arena arena;

static int open_arena(void **state)
{
    (void)state;
    return wb_arena_init(&arena, (size_t)64 << 20, 42);
}

static int close_arena(void **state)
{
    (void)state;
    wb_arena_free(&arena);
    return 0;
}

static inline wv num(const char *text)
{
    wv n = WV_UNDEFINED;
    wv_num_status status = wv_number_parse(&arena, wb_str_of(text), false, &n);
    if (status)
        fail_msg("%s: %s", text, wv_num_text(status));
    return n;
}

static inline const char *text_of(wv n)
{
    wb_str s = wv_number_text(&arena, n);
    return wb_arena_dup(&arena, s.p, s.n);
}

static inline wv_num_status apply(char op, wv x, wv y, wv *out)
{
    switch (op) {
    case '+': return wv_add(&arena, x, y, out);
    case '-': return wv_sub(&arena, x, y, out);
    case '*': return wv_mul(&arena, x, y, out);
    case '/': return wv_div(&arena, x, y, out);
    default: return wv_rem(&arena, x, y, out);
    }
}

#endif
