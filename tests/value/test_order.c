/* Rego's order, equality and hash; deep nesting; copies. */
#include "tests/value/support.h"

#include <sys/resource.h>

#define DEEP 100000 /* far beyond what decoding allows: values built by hand */

static wv set_of(wb_arena *a, const char *array)
{
    wv v = json(a, array);
    return wv_set_new(a, wv_items(v), wv_len(v));
}

static void types_and_values_stand_in_rego_order(void **state)
{
    wb_arena *a = *state;
    wv empty = wv_set_begin(a, 0);
    wv rows[] = {WV_NULL,
                 WV_FALSE,
                 WV_TRUE,
                 json(a, "-1e400"),
                 wv_small(WV_INT_MIN),
                 wv_small(-1),
                 wv_small(0),
                 json(a, "0.5"),
                 wv_small(1),
                 json(a, "1.5"),
                 wv_small(9),
                 wv_small(10),
                 wv_small(WV_INT_MAX),
                 json(a, "1152921504606846976"),
                 json(a, "1e400"),
                 str(a, ""),
                 wv_string_new(a, wb_str_n("\0", 1)),
                 str(a, "A"),
                 str(a, "a"),
                 wv_string_new(a, wb_str_n("a\0", 2)),
                 str(a, "aaaaaaa"),
                 str(a, "aaaaaaaa"),
                 str(a, "aaaaaaaab"),
                 str(a, "ab"),
                 str(a, "b"),
                 str(a, "\xc3\xa9"),
                 json(a, "[]"),
                 json(a, "[1]"),
                 json(a, "[1, 1]"),
                 json(a, "[2]"),
                 json(a, "{}"),
                 json(a, "{\"a\": 1}"),
                 json(a, "{\"b\": 2, \"a\": 1}"),
                 json(a, "{\"a\": 2}"),
                 json(a, "{\"b\": 0}"),
                 empty,
                 set_of(a, "[1]"),
                 set_of(a, "[3, 1]"),
                 set_of(a, "[2]")};
    size_t n = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(wv_compare(rows[i], rows[k]), i < k ? -1 : i > k);
            assert_int_equal(wv_equal(rows[i], rows[k]), i == k);
        }
    wv shuffled[sizeof rows / sizeof *rows];
    for (size_t i = 0; i < n; i++)
        shuffled[i] = rows[i * 17 % n];
    wv_sort(shuffled, n, a);
    for (size_t i = 0; i < n; i++)
        assert_true(shuffled[i] == rows[i]);
}

static void sorting_is_stable_at_every_length(void **state)
{
    wb_arena *a = *state;
    uint64_t r = 5;
    wv spelled[4] = {wv_small(1), json(a, "1.0"), json(a, "1e0"), json(a, "1.00")};
    for (size_t n = 0; n < 300; n++) {
        char *mark = wb_arena_mark(a);
        wv *items = wb_arena_alloc(a, (n + 1) * sizeof *items);
        wv ones[300];
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            items[i] = next_random(&r) % 2 ? wv_small((int64_t)(next_random(&r) % 50) - 25)
                                           : spelled[next_random(&r) % 4];
            if (wv_equal(items[i], wv_small(1)))
                ones[count++] = items[i];
        }
        wv_sort(items, n, a);
        size_t seen = 0;
        for (size_t i = 0; i < n; i++) {
            assert_true(!i || wv_compare(items[i - 1], items[i]) <= 0);
            if (wv_equal(items[i], wv_small(1)))
                assert_true(items[i] == ones[seen++]);
        }
        assert_int_equal(seen, count);
        wb_arena_rewind(a, mark);
    }
}

static wv nest(wb_arena *a, int kind, int depth, wv core)
{
    wv v = core;
    for (int i = 0; i < depth; i++) {
        if (kind == 0) {
            v = wv_array_new(a, &v, 1);
        } else if (kind == 1) {
            wv pair[2] = {str(a, "k"), v};
            v = wv_object_new(a, pair, 1);
        } else if (kind == 2) {
            wv two[2] = {v, wv_set_begin(a, 0)};
            v = wv_set_new(a, two, 2);
        } else {
            wv pair[4] = {v, WV_TRUE, json(a, "{\"b\": 1}"), WV_NULL};
            v = wv_object_new(a, pair, 2);
        }
    }
    return v;
}

static void deep_nesting_never_overflows_the_stack(void **state)
{
    wb_arena *a = *state;
    for (int kind = 0; kind < 4; kind++) {
        char *mark = wb_arena_mark(a);
        wv x = nest(a, kind, DEEP, wv_small(1)), y = nest(a, kind, DEEP, json(a, "1.0"));
        wv z = nest(a, kind, DEEP, wv_small(2));
        assert_true(wv_equal(x, y));
        assert_int_equal(wv_compare(x, y), 0);
        assert_int_equal(wv_compare(x, z), -1);
        assert_false(wv_equal(x, z));
        assert_true(wv_hash(x, SEED) == wv_hash(y, SEED));
        wv copy = wv_copy(a, x, NULL, NULL);
        assert_true(copy != x && wv_equal(copy, x));
        copy = wv_pack(a, x, NULL, NULL);
        assert_true(copy != x && wv_equal(copy, x));
        wv_freeze(copy, SEED);
        wb_buf b;
        wb_error e;
        wb_buf_init(&b, (size_t)16 << 20);
        wv_print(&b, x);
        assert_false(b.failed);
        wb_buf_clear(&b);
        if (kind < 3) /* keys in keys become text in text: their size doubles a level */
            assert_int_equal(wv_json_encode(&b, x, NULL, &e), WB_OK);
        wb_buf_free(&b);
        wb_arena_rewind(a, mark);
    }
}

static void keys_nested_in_keys_end_in_an_error(void **state)
{
    wb_arena *a = *state;
    wb_buf b;
    wb_error e = {0};
    wb_buf_init(&b, (size_t)1 << 20);
    assert_int_equal(wv_json_encode(&b, nest(a, 3, DEEP, wv_small(1)), NULL, &e), WB_LIMIT);
    wb_buf_free(&b);
}

static bool keep_marked(const void *arg, const void *p)
{
    return p == arg;
}

static void a_copy_shares_what_may_stay(void **state)
{
    wb_arena *a = *state;
    wv v = json(a, "{\"a\": [1, 2.50, \"a long string\"], \"k\": {\"x\": [\"kept as it is\"]},"
                   " \"1\": 1, \"2\": 2, \"3\": 3, \"4\": 4, \"5\": 5, \"6\": 6, \"7\": 7}");
    wv kept = wv_object_get(v, str(a, "k"));
    wb_arena to;
    assert_int_equal(wb_arena_init(&to, 1 << 20, SEED), WB_OK);
    wv_table_order(v);
    wv copy = wv_copy(&to, v, keep_marked, wv_ptr(kept));
    assert_true(wv_object_get(copy, str(a, "k")) == kept);
    wv array = wv_object_get(copy, str(a, "a"));
    assert_true(wb_arena_owns(&to, wv_ptr(copy)) && wb_arena_owns(&to, wv_ptr(array)));
    assert_true(wb_arena_owns(&to, wv_ptr(wv_items(array)[1])));
    assert_true(wb_arena_owns(&to, wv_ptr(wv_items(array)[2])));
    assert_true(wv_equal(copy, v) && wv_compare(copy, v) == 0);
    wv_object_put(&to, &copy, str(a, "new"), WV_TRUE);
    assert_int_equal(wv_len(v) + 1, wv_len(copy));
    assert_true(wv_object_get(copy, str(a, "7")) == wv_small(7));
    wb_arena_free(&to);
}

static void a_packed_copy_has_its_collections_in_front(void **state)
{
    wb_arena *a = *state;
    wv v = json(a, "{\"a\": [1, 2.50, \"a long string\"], \"b\": {\"a long key\": {\"x\": [{}]}},"
                   " \"k\": {\"x\": [\"kept as it is\"]}, \"s\": \"another long string\"}");
    wv member[2] = {json(a, "[\"a string in a key\"]"), set_of(a, "[\"a string in a set\", 1]")};
    wv_object_put(a, &v, member[0], member[1]);
    wv kept = wv_object_get(v, str(a, "k"));
    wb_arena to;
    assert_int_equal(wb_arena_init(&to, 1 << 20, SEED), WB_OK);
    wv copy = wv_pack(&to, v, keep_marked, wv_ptr(kept));
    assert_true(wv_ptr(copy) == to.base);
    assert_true(wv_equal(copy, v) && wv_compare(copy, v) == 0);
    assert_true(wv_object_get(copy, str(a, "k")) == kept);
    wv array = wv_object_get(copy, str(a, "a")), set = wv_object_get(copy, member[0]);
    char *leaf = wv_ptr(wv_items(array)[2]), *number = wv_ptr(wv_items(array)[1]);
    assert_true(wb_arena_owns(&to, leaf) && wb_arena_owns(&to, number));
    assert_true((char *)wv_ptr(set) < leaf && (char *)wv_ptr(set) < number);
    for (uint32_t i = 0; i < wv_len(set); i++)
        assert_true(!wv_is_boxed(wv_members(set)[i]) ||
                    wb_arena_owns(&to, wv_ptr(wv_members(set)[i])));
    /* The number is the first that is no collection. */
    assert_int_equal(wv_head(copy)->spare, (size_t)(number - to.base) / WV_LINE);
    wv_expect(copy);
    assert_true(wv_pack(&to, wv_small(1), NULL, NULL) == wv_small(1));
    assert_true(wv_equal(wv_pack(&to, str(a, "a long string"), NULL, NULL), wv_items(array)[2]));
    wb_arena_free(&to);
}

static void a_copy_over_the_budget_exhausts_the_arena(void **state)
{
    wb_arena *a = *state;
    wv v = WV_EMPTY_ARRAY(a);
    for (int i = 0; i < 24; i++) { /* shared parts are copied as often as they stand there */
        wv two[2] = {v, v};
        v = wv_array_new(a, two, 2);
    }
    wb_arena to;
    assert_int_equal(wb_arena_init(&to, 1 << 20, SEED), WB_OK);
    assert_true(wv_copy(&to, v, NULL, NULL) == WV_NULL);
    assert_true(to.exhausted);
    wb_arena_reset(&to);
    assert_true(wv_pack(&to, v, NULL, NULL) == WV_NULL);
    assert_true(to.exhausted);
    wb_arena_free(&to);
}

static void a_frozen_value_has_nothing_left_to_compute(void **state)
{
    wb_arena *a = *state;
    wv inner = set_of(a, "[3, 2, \"a long string\", [1]]");
    wv pair[2] = {inner, json(a, "{\"z\": 1, \"a\": {\"c\": 1, \"b\": 2}}")};
    wv v = wv_object_new(a, pair, 1);
    wv_freeze(v, SEED);
    wv_table *t = wv_tab(inner);
    assert_true(t->h.hash && (t->h.flags & WV_F_ORDERED));
    assert_true(wv_head(t->entries[2])->hash);
    t = wv_tab(wv_object_get(pair[1], str(a, "a")));
    assert_true(t->h.hash && (t->h.flags & WV_F_ORDERED));
    assert_true(wv_tab(v)->h.hash && (wv_tab(v)->h.flags & WV_F_SORTED));
}

static void names_that_begin_alike_stand_in_order(void **state)
{
    wb_arena *a = *state;
    wv set = wv_set_begin(a, 0);
    for (int i = 0; i < 700; i++) {
        char text[40];
        int n = snprintf(text, sizeof text, "a setting %d", i * 7919 % 1000);
        wv_set_add(a, &set, wv_string_new(a, wb_str_n(text, (size_t)n + (i % 3 == 0))));
    }
    wv_set_add(a, &set, wv_string_new(a, WB_LIT("a setting ")));
    const uint32_t *order = wv_table_order(set);
    for (uint32_t i = 1; i < wv_len(set); i++) {
        wv x = wv_set_at(set, order, i - 1), y = wv_set_at(set, order, i);
        assert_true(wb_str_cmp(wv_str(&x), wv_str(&y)) < 0);
    }
}

int main(void)
{
    /* A small stack makes recursion over the deep values fail for certain. */
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_STACK, &limit);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_and_values_stand_in_rego_order, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(sorting_is_stable_at_every_length, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(names_that_begin_alike_stand_in_order, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(deep_nesting_never_overflows_the_stack, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(keys_nested_in_keys_end_in_an_error, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_copy_shares_what_may_stay, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(a_packed_copy_has_its_collections_in_front, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_copy_over_the_budget_exhausts_the_arena, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_frozen_value_has_nothing_left_to_compute, arena_setup,
                                        arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
