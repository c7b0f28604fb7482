/* Arena, buffer, hash and UTF-8. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void arena_pieces_are_aligned_and_do_not_move(void **state)
{
    (void)state;
    wb_arena a;
    assert_int_equal(wb_arena_init(&a, 8 << 20, 1), WB_OK);
    char *pieces[1000];
    for (size_t i = 0; i < 1000; i++) {
        pieces[i] = wb_arena_alloc(&a, i + 1);
        assert_int_equal((uintptr_t)pieces[i] % 8, 0);
        memset(pieces[i], (int)(i & 255), i + 1);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal((unsigned char)pieces[i][i], i & 255);
        assert_true(wb_arena_owns(&a, pieces[i]));
    }
    assert_false(wb_arena_owns(&a, &a));
    wb_arena_free(&a);
}

static void rewinding_gives_back_all_since_the_mark(void **state)
{
    (void)state;
    wb_arena a;
    assert_int_equal(wb_arena_init(&a, 8 << 20, 1), WB_OK);
    char *before = wb_arena_dup(&a, "before", 6);
    char *mark = wb_arena_mark(&a);
    char *first = wb_arena_alloc(&a, 100);
    wb_arena_alloc(&a, 1 << 20);
    wb_arena_rewind(&a, mark);
    assert_int_equal(wb_arena_used(&a), 8);
    assert_ptr_equal(wb_arena_alloc(&a, 100), first);
    assert_string_equal(before, "before");
    wb_arena_free(&a);
}

static void only_the_last_piece_is_extended(void **state)
{
    (void)state;
    wb_arena a;
    assert_int_equal(wb_arena_init(&a, 8 << 20, 1), WB_OK);
    char *p = wb_arena_alloc(&a, 20);
    assert_true(wb_arena_extend(&a, p, 20, 1000));
    assert_int_equal(wb_arena_used(&a), 1000);
    wb_arena_alloc(&a, 1);
    assert_false(wb_arena_extend(&a, p, 1000, 2000));
    assert_int_equal(wb_arena_used(&a), 1008);
    wb_arena_free(&a);
}

static void passing_the_limit_is_told_until_the_reset(void **state)
{
    (void)state;
    wb_arena a;
    assert_int_equal(wb_arena_init(&a, 1 << 20, 1), WB_OK);
    assert_true(wb_arena_fits(&a, 1 << 20));
    assert_false(wb_arena_fits(&a, (1 << 20) + 1));
    assert_true(a.exhausted);
    wb_arena_reset(&a);
    assert_false(a.exhausted);
    char *p = wb_arena_alloc(&a, 2 << 20); /* into the overdraft */
    p[(2 << 20) - 1] = 1;
    assert_true(a.exhausted);
    assert_false(wb_arena_fits(&a, 0));
    wb_arena_reset(&a);
    assert_int_equal(wb_arena_used(&a), 0);
    assert_true(wb_arena_fits(&a, 100));
    wb_arena_free(&a);
}

static void small_pieces_past_the_limit_are_told_too(void **state)
{
    (void)state;
    wb_arena a;
    size_t limit = 100 << 10;
    assert_int_equal(wb_arena_init(&a, limit, 1), WB_OK);
    for (int round = 0; round < 3; round++) {
        while (wb_arena_used(&a) < limit) {
            assert_false(a.exhausted);
            wb_arena_alloc(&a, 64);
        }
        wb_arena_alloc(&a, 64);
        assert_true(a.exhausted);
        wb_arena_reset(&a);
    }
    wb_arena_free(&a);
}

static void a_put_past_the_maximum_adds_nothing_and_sticks(void **state)
{
    (void)state;
    wb_buf b;
    wb_buf_init(&b, 10);
    wb_buf_puts(&b, "12345");
    wb_buf_puts(&b, "678901");
    assert_true(b.failed);
    wb_buf_puts(&b, "6");
    assert_string_equal(wb_buf_cstr(&b), "12345");
    wb_buf_clear(&b);
    wb_buf_puts(&b, "1234567890");
    assert_false(b.failed);
    assert_null(wb_buf_reserve(&b, SIZE_MAX));
    wb_buf_free(&b);
    assert_string_equal(wb_buf_cstr(&b), "");
}

static void a_detached_buffer_is_the_callers(void **state)
{
    (void)state;
    wb_buf b;
    size_t n;
    wb_buf_init(&b, 1 << 20);
    for (int i = 0; i < 1000; i++)
        wb_buf_putf(&b, "%d,", i);
    char *p = wb_buf_detach(&b, &n);
    assert_int_equal(n, 3890);
    assert_int_equal(strlen(p), n);
    assert_int_equal(b.n, 0);
    free(p);
    p = wb_buf_detach(&b, &n);
    assert_string_equal(p, "");
    free(p);
    wb_buf_put_json(&b, WB_LIT("a\"\\\n\x01\xc3\xa9"));
    assert_string_equal(wb_buf_cstr(&b), "\"a\\\"\\\\\\n\\u0001\xc3\xa9\"");
    wb_buf_free(&b);
}

static void the_hash_sees_every_byte_the_length_and_the_seed(void **state)
{
    (void)state;
    char bytes[80];
    memset(bytes, 'x', sizeof bytes);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        uint64_t h = wb_hash(bytes, n, 1);
        assert_true(h == wb_hash(bytes, n, 1));
        assert_true(h != wb_hash(bytes, n, 2));
        if (n)
            assert_true(h != wb_hash(bytes, n - 1, 1));
        for (size_t i = 0; i < n; i++) {
            bytes[i] ^= 1;
            assert_true(h != wb_hash(bytes, n, 1));
            bytes[i] ^= 1;
        }
    }
    assert_true(wb_hash_seed() != wb_hash_seed());
}

static void utf8_follows_rfc_3629(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t c;
    } good[] = {{"A", 'A'},
                {"\x7f", 0x7f},
                {"\xc2\x80", 0x80},
                {"\xdf\xbf", 0x7ff},
                {"\xe0\xa0\x80", 0x800},
                {"\xed\x9f\xbf", 0xd7ff},
                {"\xee\x80\x80", 0xe000},
                {"\xef\xbf\xbd", 0xfffd},
                {"\xef\xbf\xbf", 0xffff},
                {"\xf0\x90\x80\x80", 0x10000},
                {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t used, n = strlen(good[i].text);
        char back[4];
        assert_int_equal(wb_utf8_get(good[i].text, n, &used), good[i].c);
        assert_int_equal(used, n);
        assert_int_equal(wb_utf8_put(back, good[i].c), n);
        assert_memory_equal(back, good[i].text, n);
        assert_true(wb_utf8_valid(wb_str_n(good[i].text, n), NULL));
    }
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2"
                                      "A",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t used, at;
        char text[24];
        snprintf(text, sizeof text, "eight ok%s", bad[i]);
        assert_int_equal(wb_utf8_get(bad[i], strlen(bad[i]), &used), WB_UTF8_BAD);
        assert_int_equal(used, 1);
        assert_false(wb_utf8_valid(wb_str_of(text), &at));
        assert_int_equal(at, 8);
    }
    char back[4];
    assert_int_equal(wb_utf8_put(back, 0xd800), 3);
    assert_memory_equal(back, "\xef\xbf\xbd", 3);
    assert_int_equal(wb_utf8_put(back, 0x110000), 3);
}

static void code_points_are_counted_and_found(void **state)
{
    (void)state;
    wb_str s = WB_LIT("a\xc3\xa9\xf0\x9f\x98\x80\xff"
                      "b");
    assert_int_equal(wb_utf8_count(s), 5);
    static const size_t offsets[] = {0, 1, 3, 7, 8, 9, 9};
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(wb_utf8_offset(s, i), offsets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_pieces_are_aligned_and_do_not_move),
        cmocka_unit_test(rewinding_gives_back_all_since_the_mark),
        cmocka_unit_test(only_the_last_piece_is_extended),
        cmocka_unit_test(passing_the_limit_is_told_until_the_reset),
        cmocka_unit_test(small_pieces_past_the_limit_are_told_too),
        cmocka_unit_test(a_put_past_the_maximum_adds_nothing_and_sticks),
        cmocka_unit_test(a_detached_buffer_is_the_callers),
        cmocka_unit_test(the_hash_sees_every_byte_the_length_and_the_seed),
        cmocka_unit_test(utf8_follows_rfc_3629),
        cmocka_unit_test(code_points_are_counted_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
