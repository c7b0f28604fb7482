/* Objects and sets against a naive model, and the rules of key identity. */
#include "tests/value/support.h"

#define MODEL_MAX 400

typedef struct model {
    wv keys[MODEL_MAX], values[MODEL_MAX];
    uint32_t n;
} model;

static int64_t model_find(const model *m, wv key)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (wv_compare(m->keys[i], key) == 0)
            return i;
    return -1;
}

static wv random_key(wb_arena *a, uint64_t *r)
{
    char text[32];
    uint64_t k = next_random(r) % 60;
    switch (next_random(r) % 6) {
    case 0: snprintf(text, sizeof text, "k%d", (int)k); return str(a, text);
    case 1: snprintf(text, sizeof text, "a longer key %d", (int)k); return str(a, text);
    case 2: return wv_small((int64_t)k - 30);
    case 3: snprintf(text, sizeof text, "%d.%s", (int)k - 30, k & 1 ? "0" : "50"); break;
    case 4: snprintf(text, sizeof text, "[%d, \"x\"]", (int)k % 7); break;
    default: snprintf(text, sizeof text, "{\"a\": %d.0, \"b\": []}", (int)k % 7); break;
    }
    return json(a, text);
}

static void check_object(wv object, const model *m)
{
    assert_int_equal(wv_len(object), m->n);
    for (uint32_t i = 0; i < m->n; i++) {
        assert_true(wv_object_get(object, m->keys[i]) == m->values[i]);
        assert_int_equal(wv_table_find(object, m->keys[i]), i);
        assert_true(wv_key_at(object, NULL, i) == m->keys[i]);
        if (wv_is_string(m->keys[i]))
            assert_true(wv_object_get_str(object, wv_str(&m->keys[i])) == m->values[i]);
    }
    const uint32_t *order = wv_table_order(object);
    for (uint32_t i = 1; i < m->n; i++)
        assert_true(wv_compare(wv_key_at(object, order, i - 1), wv_key_at(object, order, i)) < 0);
}

static void random_operations_match_a_naive_model(void **state)
{
    wb_arena *a = *state;
    uint64_t r = 1;
    for (int round = 0; round < 200; round++) {
        model m = {0};
        wv object = wv_object_begin(a, next_random(&r) % 12);
        wv set = wv_set_begin(a, next_random(&r) % 12);
        int steps = (int)(next_random(&r) % (round < 100 ? 12 : 300));
        for (int i = 0; i < steps; i++) {
            wv key = random_key(a, &r), value = wv_small((int64_t)(next_random(&r) % 1000));
            int64_t at = model_find(&m, key);
            assert_int_equal(wv_table_find(object, key), at);
            assert_int_equal(wv_table_find(set, key), at);
            assert_int_equal(wv_set_add(a, &set, key), at < 0);
            switch (next_random(&r) % 3) {
            case 0: wv_object_put(a, &object, key, value); break;
            case 1: {
                wv old = wv_object_put_new(a, &object, key, value);
                assert_true(old == (at < 0 ? WV_UNDEFINED : m.values[at]));
                if (at >= 0)
                    value = m.values[at];
                break;
            }
            default:
                wv_object_put_key(a, &object, key, value);
                if (at >= 0)
                    m.keys[at] = key;
            }
            if (at < 0) {
                at = m.n++;
                m.keys[at] = key;
            }
            m.values[at] = value;
            if (i % 16 == 0)
                check_object(object, &m);
        }
        check_object(object, &m);
        assert_int_equal(wv_len(set), m.n);
        wv shuffled = wv_object_begin(a, 0), reversed = wv_set_begin(a, 0);
        for (uint32_t i = m.n; i--;) {
            wv_object_put(a, &shuffled, m.keys[i], m.values[i]);
            wv_set_add(a, &reversed, m.keys[i]);
        }
        assert_true(wv_equal(object, shuffled) && wv_equal(set, reversed));
        assert_int_equal(wv_compare(object, shuffled), 0);
        assert_int_equal(wv_compare(set, reversed), 0);
        assert_true(wv_hash(object, SEED) == wv_hash(shuffled, SEED));
        assert_true(wv_hash(set, SEED) == wv_hash(reversed, SEED));
        wv_set_add(a, &reversed, str(a, "one more"));
        assert_false(wv_equal(set, reversed));
        assert_true(wv_compare(set, reversed) != 0);
    }
}

static void numbers_of_one_value_are_one_key(void **state)
{
    wb_arena *a = *state;
    for (int filler = 0; filler < 40; filler += 20) { /* flat and with an index */
        wv set = wv_set_begin(a, 0), object = wv_object_begin(a, 0);
        for (int i = 0; i < filler; i++) {
            wv_set_add(a, &set, wv_small(100 + i));
            wv_object_put(a, &object, wv_small(100 + i), WV_NULL);
        }
        wv one = wv_small(1), spelled = json(a, "1.0"), exponent = json(a, "1e0");
        assert_true(wv_set_add(a, &set, spelled));
        assert_false(wv_set_add(a, &set, one));
        assert_false(wv_set_add(a, &set, exponent));
        assert_true(wv_set_get(set, one) == spelled);
        wv_object_put(a, &object, spelled, WV_TRUE);
        wv_object_put(a, &object, one, WV_FALSE);
        assert_true(wv_object_get(object, exponent) == WV_FALSE);
        assert_true(wv_key_at(object, NULL, (uint32_t)filler) == spelled);
        wv_object_put_key(a, &object, one, WV_NULL);
        assert_true(wv_key_at(object, NULL, (uint32_t)filler) == one);
    }
}

static void numbers_beyond_float64_are_keys_by_their_text(void **state)
{
    wb_arena *a = *state;
    wv set = wv_set_begin(a, 0), twin = wv_set_begin(a, 0);
    wv_set_add(a, &set, json(a, "1e400"));
    wv_set_add(a, &twin, json(a, "10e399"));
    assert_false(wv_set_has(set, json(a, "10e399")));
    assert_true(wv_set_has(set, json(a, "1e400")));
    assert_true(wv_equal(set, twin));
    assert_true(wv_set_add(a, &set, json(a, "10e399")));
}

static void a_stale_order_is_never_seen(void **state)
{
    wb_arena *a = *state;
    wv set = wv_set_begin(a, 2);
    for (int i = 50; i--;) {
        wv_set_add(a, &set, wv_small(i));
        const uint32_t *order = wv_table_order(set);
        assert_true(wv_set_at(set, order, 0) == wv_small(i));
        uint64_t hash = wv_hash(set, SEED);
        assert_true(hash == wv_hash(wv_copy(a, set, NULL, NULL), SEED));
    }
}

static void growth_in_place_and_by_moving_keep_the_entries(void **state)
{
    wb_arena *a = *state;
    for (int moving = 0; moving < 2; moving++) {
        wv object = wv_object_begin(a, 0), array = wv_array_begin(a, 0);
        for (int i = 0; i < 5000; i++) {
            char key[32];
            snprintf(key, sizeof key, "key number %d", i);
            wv_object_put(a, &object, str(a, key), wv_small(i));
            if (moving)
                wv_array_push(a, &array, wv_small(i));
        }
        for (int i = 0; i < 5000; i++) {
            char key[32];
            snprintf(key, sizeof key, "key number %d", i);
            assert_true(wv_object_get_str(object, wb_str_of(key)) == wv_small(i));
            if (moving)
                assert_true(wv_items(array)[i] == wv_small(i));
        }
    }
}

static void what_passes_the_budget_is_left_out_and_exhausts_the_arena(void **state)
{
    wb_arena small;
    assert_int_equal(wb_arena_init(&small, 1 << 20, SEED), WB_OK);
    wv set = wv_set_begin(&small, 0), array = wv_array_begin(&small, 0);
    for (int64_t i = 0; i < 1000000; i++) {
        wv_set_add(&small, &set, wv_small(i));
        wv_array_push(&small, &array, wv_small(i));
    }
    assert_true(small.exhausted);
    assert_true(wv_len(set) < 1000000 && wv_len(array) < 1000000);
    wb_arena_free(&small);
}

static void strings_of_one_mark_are_told_apart_by_their_bytes(void **state)
{
    wb_arena *a = *state;
    wv object = wv_object_begin(a, 0);
    wv one = str(a, "12345678 one 12345678"), two = str(a, "12345678 two 12345678"),
       again = str(a, "12345678 one 12345678"), other = str(a, "12345678 one 12345679");
    assert_false(wv_marks_differ(one, two));
    assert_true(wv_marks_differ(one, other));
    assert_true(one != again && wv_equal(one, again));
    assert_false(wv_equal(one, two));
    assert_false(wv_equal(one, other));
    wv_object_put(a, &object, one, WV_TRUE);
    assert_true(wv_object_get(object, again) == WV_TRUE);
    assert_true(wv_object_get(object, two) == WV_UNDEFINED);
    for (int i = 0; i < 20; i++)
        wv_object_put(a, &object, wv_small(i), WV_NULL);
    assert_true(wv_object_get(object, again) == WV_TRUE);
    assert_true(wv_object_get(object, two) == WV_UNDEFINED);
}

static void references_into_collections(void **state)
{
    wb_arena *a = *state;
    wv array = json(a, "[10, 20, 30]"), object = json(a, "{\"1\": \"one\", \"1.0\": \"text\"}");
    assert_true(wv_index(array, wv_small(1)) == wv_small(20));
    assert_true(wv_index(array, json(a, "1.0")) == wv_small(20));
    assert_true(wv_index(array, json(a, "1e0")) == WV_UNDEFINED);
    assert_true(wv_index(array, wv_small(-1)) == WV_UNDEFINED);
    assert_true(wv_index(array, wv_small(3)) == WV_UNDEFINED);
    assert_true(wv_index(array, str(a, "1")) == WV_UNDEFINED);
    assert_true(wv_index(wv_small(7), wv_small(0)) == WV_UNDEFINED);
    assert_true(wv_index(object, wv_small(1)) == WV_UNDEFINED);

    static const char *const second[] = {"1", "01", "+1", "1.0", "1.", "1.00"};
    for (size_t i = 0; i < sizeof second / sizeof *second; i++)
        assert_true(wv_index_base(array, str(a, second[i])) == wv_small(20));
    static const char *const none[] = {"",
                                       "1e0",
                                       "0x1",
                                       " 1",
                                       "1_0",
                                       "-1",
                                       "3",
                                       ".",
                                       "-",
                                       "1.5",
                                       "1.000000000000000000000",
                                       "00000000000000000000001"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(wv_index_base(array, str(a, none[i])) == WV_UNDEFINED);
    assert_true(wv_index_base(array, str(a, "-0")) == wv_small(10));
    assert_true(wv_index_base(array, str(a, ".0")) == wv_small(10));
    assert_true(wv_index_base(object, wv_small(1)) == str(a, "one"));
    assert_true(wv_index_base(object, json(a, "1.0")) == str(a, "text"));
    assert_true(wv_index_base(object, WV_TRUE) == WV_UNDEFINED);
}

static void hostile_keys_do_not_collide_under_another_seed(void **state)
{
    (void)state;
    /* The same keys fall into different slots when the seed changes. */
    unsigned same = 0;
    for (int i = 0; i < 1000; i++) {
        char key[32];
        int n = snprintf(key, sizeof key, "a key of some length %d", i);
        same += (wv_string_hash(wb_str_n(key, (size_t)n), 1) & 1023) ==
                (wv_string_hash(wb_str_n(key, (size_t)n), 2) & 1023);
    }
    assert_true(same < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_operations_match_a_naive_model, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(numbers_of_one_value_are_one_key, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(numbers_beyond_float64_are_keys_by_their_text, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(a_stale_order_is_never_seen, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(growth_in_place_and_by_moving_keep_the_entries, arena_setup,
                                        arena_teardown),
        cmocka_unit_test(what_passes_the_budget_is_left_out_and_exhausts_the_arena),
        cmocka_unit_test_setup_teardown(strings_of_one_mark_are_told_apart_by_their_bytes,
                                        arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(references_into_collections, arena_setup, arena_teardown),
        cmocka_unit_test(hostile_keys_do_not_collide_under_another_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
