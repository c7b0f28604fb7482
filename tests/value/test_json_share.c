/* What one large text shares: shapes of objects, and equal strings. */
#include "tests/value/support.h"

static const wv_json_options SHARE = {.share_from = 1};

static wv shared(wb_arena *a, const char *text)
{
    wb_error e = {0};
    wv v;
    if (wv_json_decode(a, wb_str_of(text), &SHARE, &v, &e) != WB_OK)
        fail_msg("%s: %s", text, e.text);
    return v;
}

static const wv_shape *shape_of(wv object)
{
    assert_true(wv_is_object(object) && wv_is_shaped(object));
    return wv_shaped_of(object)->shape;
}

static void objects_of_the_same_keys_share_a_shape(void **state)
{
    wv v = shared(*state, "[{\"id\":1,\"a long name\":2},{\"id\":3, \"a long name\" :4},"
                          "{\"id\":5},{\"a long name\":6,\"id\":7}]");
    const wv *o = wv_items(v);
    assert_ptr_equal(shape_of(o[0]), shape_of(o[1]));
    assert_ptr_not_equal(shape_of(o[0]), shape_of(o[2]));
    assert_ptr_not_equal(shape_of(o[0]), shape_of(o[3]));
    assert_true(wv_object_get(o[1], str(*state, "id")) == wv_small(3));
    assert_true(wv_object_get(o[1], str(*state, "a long name")) == wv_small(4));
    assert_true(wv_object_get_str(o[1], WB_LIT("a long name")) == wv_small(4));
    assert_true(wv_object_get(o[1], str(*state, "no")) == WV_UNDEFINED);
    assert_true(wv_object_get(o[1], str(*state, "another name")) == WV_UNDEFINED);
    assert_true(wv_object_get(o[1], wv_small(3)) == WV_UNDEFINED);
    assert_int_equal(wv_table_find(o[3], str(*state, "id")), 1);
    assert_encodes(v, "[{\"a long name\":2,\"id\":1},{\"a long name\":4,\"id\":3},{\"id\":5},"
                      "{\"a long name\":6,\"id\":7}]");
}

static void equal_strings_are_one(void **state)
{
    wv v = shared(*state, "{\"x\":[\"read everything\",\"read everything\",\"read nothing..\"],"
                          "\"y\":\"read everything\"}");
    const wv *items = wv_items(wv_object_get(v, str(*state, "x")));
    assert_true(items[0] == items[1] && items[0] != items[2]);
    assert_true(wv_object_get(v, str(*state, "y")) == items[0]);
}

/* Of all lengths around those that the table of strings holds: told apart by one byte anywhere and
 * by their lengths, and each what the text has. */
static void strings_of_any_length_are_told_apart(void **state)
{
    for (unsigned n = 6; n < 70; n++) {
        char text[4096], word[80] = {0};
        size_t used = (size_t)snprintf(text, sizeof text, "[");
        unsigned places[] = {n, 0, 4, n / 2, n - 4, n - 1}, count = 0;
        for (unsigned i = 0; i < 12; i++) {
            memset(word, 'a', n);
            word[places[i % 6]] = i % 6 ? 'b' : 0;
            used += (size_t)snprintf(text + used, sizeof text - used, "\"%s\",", word);
        }
        snprintf(text + used, sizeof text - used, "\"a%s\"]", word);
        wv v = shared(*state, text);
        const wv *items = wv_items(v);
        for (unsigned i = 0; i < 6; i++) {
            assert_true(wv_compare(items[i], items[i + 6]) == 0);
            if (n > WV_SHORT_MAX && n <= 64)
                assert_true(items[i] == items[i + 6]);
            memset(word, 'a', n);
            word[places[i]] = i ? 'b' : 0;
            assert_true(wb_str_is(wv_str(&items[i]), word));
            for (unsigned k = 0; k < 6; k++)
                count += items[i] != items[k] && places[i] != places[k];
        }
        assert_int_equal(wv_str(&items[12]).n, n + 1);
        assert_true(count >= 20);
    }
}

static void equal_small_collections_are_one(void **state)
{
    wv v = shared(*state, "[{\"t\":[\"a\",1],\"l\":{\"x\":1}},{\"t\":[\"a\",1],\"l\":{\"x\":1}},"
                          "{\"t\":[\"a\",2],\"l\":{\"y\":1}},[],[],{},{},[0]]");
    const wv *items = wv_items(v);
    assert_true(items[0] == items[1] && items[0] != items[2]);
    assert_true(items[3] == items[4] && items[5] == items[6] && items[3] != items[5]);
    assert_encodes(v, "[{\"l\":{\"x\":1},\"t\":[\"a\",1]},{\"l\":{\"x\":1},\"t\":[\"a\",1]},"
                      "{\"l\":{\"y\":1},\"t\":[\"a\",2]},[],[],{},{},[0]]");
}

/* Many keys have an index in the shape, and more than a shape takes make a table. */
static void any_number_of_keys_is_found_again(void **state)
{
    for (unsigned n = 0; n < 150; n += 1 + n / 8) {
        wb_buf b;
        wb_buf_init(&b, 1 << 20);
        wb_buf_puts(&b, "[");
        for (unsigned twice = 0; twice < 2; twice++) {
            wb_buf_puts(&b, twice ? ",{" : "{");
            for (unsigned i = 0; i < n; i++)
                wb_buf_putf(&b, "%s\"key number %u\":%u", i ? "," : "", i * 7 % 150, i + twice);
            wb_buf_puts(&b, "}");
        }
        wb_buf_puts(&b, "]");
        wv v = shared(*state, wb_buf_cstr(&b));
        for (unsigned i = 0; i < n; i++) {
            char key[32];
            snprintf(key, sizeof key, "key number %u", i * 7 % 150);
            assert_true(wv_object_get_str(wv_items(v)[1], wb_str_of(key)) == wv_small(i + 1));
            assert_true(wv_object_get(wv_items(v)[0], str(*state, key)) == wv_small(i));
        }
        wb_buf again;
        wb_buf_init(&again, 1 << 20);
        assert_int_equal(wv_json_encode(&again, v, NULL, NULL), WB_OK);
        assert_true(wv_equal(json_n(*state, wb_buf_str(&again)), v));
        assert_int_equal(wv_compare(json_n(*state, wb_buf_str(&b)), v), 0);
        assert_true(wv_hash(json_n(*state, wb_buf_str(&b)), SEED) == wv_hash(v, SEED));
        wb_buf_free(&again);
        wb_buf_free(&b);
    }
}

static void of_duplicate_keys_the_last_value_wins(void **state)
{
    assert_encodes(shared(*state, "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2,\"a\":3},{\"a\":4,\"b\":5},"
                                  "{\"a\":1,\"\\u0061\":6}]"),
                   "[{\"a\":1,\"b\":2},{\"a\":3,\"b\":2},{\"a\":4,\"b\":5},{\"a\":6}]");
}

static void a_shared_shape_stays_as_it_is_when_one_object_changes(void **state)
{
    wb_arena *a = *state;
    wv v = shared(a, "[{\"k\":1,\"a\":2},{\"k\":3,\"a\":4}]");
    wv one = wv_items(v)[0], other = wv_items(v)[1];
    wv_hash(one, SEED);
    wv_object_put(a, &one, str(a, "k"), wv_small(9));
    assert_encodes(one, "{\"a\":2,\"k\":9}");
    assert_true(wv_hash(one, SEED) == wv_hash(json(a, "{\"a\":2,\"k\":9}"), SEED));
    assert_true(wv_object_put_new(a, &one, str(a, "k"), WV_NULL) == wv_small(9));
    wv_object_put(a, &one, str(a, "b"), WV_TRUE);
    wv_object_put_key(a, &one, str(a, "a"), WV_FALSE);
    assert_false(wv_is_shaped(one));
    assert_encodes(one, "{\"a\":false,\"b\":true,\"k\":9}");
    assert_encodes(other, "{\"a\":4,\"k\":3}");
}

static void a_copy_needs_nothing_of_the_text(void **state)
{
    wb_arena from, *to = *state;
    assert_int_equal(wb_arena_init(&from, 1 << 20, SEED), WB_OK);
    wv v = shared(&from, "[{\"z long key\":[{\"q\":1}],\"a long key\":\"a long value\"},"
                         "{\"z long key\":[],\"a long key\":\"a long value\"}]");
    wv copy = wv_copy(to, v, NULL, NULL);
    assert_true(wv_equal(v, copy));
    wb_arena_free(&from);
    assert_encodes(copy, "[{\"a long key\":\"a long value\",\"z long key\":[{\"q\":1}]},"
                         "{\"a long key\":\"a long value\",\"z long key\":[]}]");
}

static void a_large_text_shares_by_itself(void **state)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 24);
    wb_buf_puts(&b, "[{\"name\":\"x\"}");
    while (b.n < WV_JSON_SHARE_FROM)
        wb_buf_puts(&b, ",{\"name\":\"somebody\"}");
    wb_buf_puts(&b, "]");
    const wv *items = wv_items(json_n(*state, wb_buf_str(&b)));
    assert_ptr_equal(shape_of(items[0]), shape_of(items[1]));
    assert_true(wv_value_at(items[1], NULL, 0) == wv_value_at(items[2], NULL, 0));
    assert_false(wv_is_shaped(json(*state, "{\"name\":\"x\"}")));
    wb_buf_free(&b);
}

static wv with(wb_arena *a, wv_json_shapes *shapes, const char *text)
{
    wv_json_options options = {.shapes = shapes};
    wb_error e = {0};
    wv v, alone = json(a, text);
    if (wv_json_decode(a, wb_str_of(text), &options, &v, &e) != WB_OK)
        fail_msg("%s: %s", text, e.text);
    assert_true(wv_equal(v, alone) && wv_compare(v, alone) == 0);
    assert_true(wv_hash(v, a->seed) == wv_hash(alone, a->seed));
    return v;
}

static void objects_of_many_texts_share_a_shape(void **state)
{
    wb_arena *a = *state;
    wv_json_shapes *shapes = wv_json_shapes_new(a->seed);
    wv one = with(a, shapes, "{\"id\":1,\"a long name\":{\"x\":[{}]}}");
    wv two = with(a, shapes, "{\"id\":\"a long value\",\"a long name\":[{\"x\":null}]}");
    assert_ptr_equal(shape_of(one), shape_of(two));
    assert_ptr_equal(shape_of(wv_value_at(one, NULL, 1)),
                     shape_of(wv_items(wv_value_at(two, NULL, 1))[0]));
    assert_true(wv_json_shapes_own(shapes, shape_of(one)));
    assert_true(wv_json_shapes_own(shapes, wv_ptr(wv_key_at(one, NULL, 1))));
    assert_false(wv_json_shapes_own(shapes, wv_ptr(wv_value_at(two, NULL, 0))));
    /* What cannot be shared stands for itself. */
    char text[400];
    snprintf(text, sizeof text, "{\"%0200d\":1}", 7);
    assert_false(wv_is_shaped(with(a, shapes, text)));
    assert_false(wv_is_shaped(with(a, shapes, "{\"id\":1,\"id\":2}")));
    assert_false(wv_is_shaped(with(a, shapes, "{\"\\u0069d\":1}")));
    wv_json_shapes_free(shapes);
}

static void a_copy_that_may_keep_the_shape_keeps_it(void **state)
{
    wb_arena *a = *state, from;
    assert_int_equal(wb_arena_init(&from, 1 << 20, a->seed), WB_OK);
    wv_json_shapes *shapes = wv_json_shapes_new(a->seed);
    wv v = with(&from, shapes, "[{\"zz\":\"a long value\",\"a long key\":[{\"zz\":1}]},7]");
    const wv_shape *shape = shape_of(wv_items(v)[0]);
    wv copy = wv_copy(a, v, wv_json_shapes_own, shapes);
    wb_arena_free(&from);
    assert_ptr_equal(shape_of(wv_items(copy)[0]), shape);
    assert_encodes(copy, "[{\"a long key\":[{\"zz\":1}],\"zz\":\"a long value\"},7]");
    wv_object_put(a, (wv *)(uintptr_t)&wv_items(copy)[0], str(a, "more"), WV_NULL);
    assert_encodes(copy, "[{\"a long key\":[{\"zz\":1}],\"more\":null,\"zz\":\"a long value\"},7]");
    wv_json_shapes_free(shapes);
}

static void shapes_that_are_full_begin_anew(void **state)
{
    wb_arena *a = *state;
    wv_json_shapes *shapes = wv_json_shapes_new(a->seed);
    wv_json_options options = {.shapes = shapes};
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < 20000; i++) {
        /* Few children each, so that they spread over the whole tree. */
        wb_buf_clear(&b);
        for (unsigned k = 0, left = i; k < 7; k++, left /= 4)
            wb_buf_putf(&b, "%s\"%u.%u\":%u", k ? "," : "{", k, left % 4, i);
        wb_buf_puts(&b, "}");
        wv v;
        assert_int_equal(wv_json_decode(a, wb_buf_str(&b), &options, &v, NULL), WB_OK);
        assert_int_equal(wv_len(v), 7);
        assert_true(wv_value_at(v, NULL, 6) == wv_small(i));
    }
    assert_true(wv_json_shapes_stale(shapes));
    wv_json_shapes_clear(shapes);
    assert_false(wv_json_shapes_stale(shapes));
    assert_true(wv_is_shaped(with(a, shapes, "{\"other\":1}")));
    wb_buf_free(&b);
    wv_json_shapes_free(shapes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(objects_of_the_same_keys_share_a_shape, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(equal_strings_are_one, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(strings_of_any_length_are_told_apart, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(equal_small_collections_are_one, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(any_number_of_keys_is_found_again, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(of_duplicate_keys_the_last_value_wins, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_shared_shape_stays_as_it_is_when_one_object_changes,
                                        arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(a_copy_needs_nothing_of_the_text, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_large_text_shares_by_itself, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(objects_of_many_texts_share_a_shape, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_copy_that_may_keep_the_shape_keeps_it, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(shapes_that_are_full_begin_anew, arena_setup,
                                        arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
