/* Order, equality and hash of numbers; bits, bases, Go's float texts; limits. */
#include "tests/value/test_number.h"

static void test_order_is_by_exact_decimal_value(void **state)
{
    (void)state;
    /* Ascending; no two are equal. */
    static const char *const rows[] = {"-1e400",
                                       "-36893488147419103232",
                                       "-9007199254740993",
                                       "-9007199254740992.0",
                                       "-1.5",
                                       "-1e-400",
                                       "0",
                                       "1e-5000",
                                       "0.1",
                                       "0.1000000000000000055511151231257827021181583404541015625",
                                       "0.33333333333333333334",
                                       "0.333333333333333333341",
                                       "1",
                                       "10.0",
                                       "9007199254740992.0",
                                       "9007199254740993",
                                       "9223372036854775807",
                                       "9223372036854775807.5",
                                       "9223372036854775808",
                                       "1e30",
                                       "1000000000000000000000000000001",
                                       "1e400"};
    size_t n = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            int want = (i > j) - (i < j);
            assert_int_equal(wv_number_compare(num(rows[i]), num(rows[j])), want);
            assert_int_equal(wv_number_equal(num(rows[i]), num(rows[j])), want == 0);
        }
    }
}

static void test_spellings_of_one_value_are_one_key(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"1", "1.0"},
                                          {"1", "10e-1"},
                                          {"0", "-0"},
                                          {"0", "-0.0e7"},
                                          {"1e30", "1000000000000000000000000000000"},
                                          {"0.5", "5e-1"},
                                          {"71331381853537078", "7.13313818535370780e16"},
                                          {"1.10", "1.1000000000000000010"},
                                          {"1.50e30", "1.50000000000000000010e30"},
                                          {"1.10e-330", "1.20e-330"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wv x = num(rows[i][0]), y = num(rows[i][1]);
        assert_true(wv_number_equal(x, y));
        assert_true(wv_number_equal(y, x));
        assert_true(wv_number_hash(x, 5) == wv_number_hash(y, 5));
    }
    assert_false(wv_number_equal(num("1.1"), num("1.1000000000000000010")));
    assert_true(wv_number_equal(num("1e400"), num("10e399")));
    assert_false(wv_number_hash(num("1e400"), 5) == wv_number_hash(num("10e399"), 5));
}

static void test_computed_floats_compare_as_their_texts(void **state)
{
    (void)state;
    wv third, x, y;
    assert_int_equal(wv_div(&arena, wv_small(1), wv_small(3), &third), WV_NUM_OK);
    assert_true(wv_number_equal(third, num("0.33333333333333333334")));
    assert_int_equal(wv_number_compare(third, num("0.333333333333333333341")), -1);
    assert_int_equal(wv_number_compare(third, wv_small(0)), 1);
    assert_int_equal(wv_number_compare(third, num("1.5")), -1);
    /* Texts in exponent form whose exponent ends in 0 meet the float64 exception. */
    assert_int_equal(wv_div(&arena, num("1.2345678901234567891e-10"), num("1.0"), &x), WV_NUM_OK);
    assert_int_equal(wv_div(&arena, num("1.2345678901234567893e-10"), num("1.0"), &y), WV_NUM_OK);
    assert_string_not_equal(text_of(x), text_of(y));
    assert_true(wv_number_equal(x, y));
    assert_int_equal(wv_div(&arena, num("1.2345678901234567891e-11"), num("1.0"), &x), WV_NUM_OK);
    assert_int_equal(wv_div(&arena, num("1.2345678901234567893e-11"), num("1.0"), &y), WV_NUM_OK);
    assert_int_equal(wv_number_compare(x, y), -1);
}

static void test_bits(void **state)
{
    (void)state;
    typedef wv_num_status fn(wb_arena *, wv, wv, wv *, int *);
    static const struct {
        fn *fn;
        const char *x, *y, *want;
    } rows[] = {{wv_bits_and, "-1", "18446744073709551615", "18446744073709551615"},
                {wv_bits_or, "1e1", "5.0", "15"},
                {wv_bits_xor, "-5", "3", "-8"},
                {wv_bits_lsh, "1", "64", "18446744073709551616"},
                {wv_bits_lsh, "-3", "1", "-6"},
                {wv_bits_lsh, "0", "1e18", "0"},
                {wv_bits_rsh, "-5", "1", "-3"},
                {wv_bits_rsh, "5", "1000000", "0"}};
    wv r;
    int operand = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(rows[i].fn(&arena, num(rows[i].x), num(rows[i].y), &r, &operand),
                         WV_NUM_OK);
        assert_string_equal(text_of(r), rows[i].want);
    }
    assert_int_equal(wv_bits_negate(&arena, num("5"), &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "-6");
    assert_int_equal(wv_bits_and(&arena, wv_small(1), num("1.5"), &r, &operand),
                     WV_NUM_NOT_INTEGER);
    assert_int_equal(operand, 2);
    assert_int_equal(wv_bits_lsh(&arena, wv_small(1), wv_small(-1), &r, &operand), WV_NUM_NEGATIVE);
    assert_int_equal(wv_bits_lsh(&arena, wv_small(1), num("1000000000000"), &r, &operand),
                     WV_NUM_LIMIT);
}

static void test_format_int(void **state)
{
    (void)state;
    static const char *const rows[][3] = {{"255", "16", "ff"},
                                          {"-10.9", "10", "-10"},
                                          {"5", "2", "101"},
                                          {"-64", "8", "-100"},
                                          {"1e30", "10", "1000000000000000000024696061952"},
                                          {"18446744073709551617", "16", "10000000000000001"},
                                          {"1.0", "10", "1"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_buf b;
        wb_buf_init(&b, 1000);
        assert_int_equal(wv_number_format_int(&b, num(rows[i][0]), num(rows[i][1])), WV_NUM_OK);
        assert_string_equal(wb_buf_cstr(&b), rows[i][2]);
        wb_buf_clear(&b);
        assert_int_equal(wv_number_format_int(&b, num(rows[i][0]), num("10.0")), WV_NUM_BASE);
        assert_int_equal(wv_number_format_int(&b, num(rows[i][0]), num("3")), WV_NUM_BASE);
        wb_buf_free(&b);
    }
}

static void test_go_texts(void **state)
{
    (void)state;
    /* text, text + 1 */
    static const char *const good[][2] = {{"+1", "2"},         {"00012", "13"},   {"5.", "6"},
                                          {".5", "1.5"},       {"1_000", "1001"}, {"0x1.8p1", "4"},
                                          {"-0x1p-2", "0.75"}, {"0X1p+4", "17"},  {"1.5e3", "1501"},
                                          {"0x_1p0", "2"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        wv n, r;
        assert_int_equal(wv_number_from_go_text(&arena, wb_str_of(good[i][0]), &n), WV_NUM_OK);
        assert_string_equal(text_of(n), good[i][0]);
        assert_int_equal(wv_number_is_json(n), i == 8);
        assert_int_equal(wv_add(&arena, wv_number_copy(&arena, n), wv_small(1), &r), WV_NUM_OK);
        assert_string_equal(text_of(r), good[i][1]);
    }
    static const struct {
        const char *text;
        wv_num_status status;
    } bad[] = {{"0x10", WV_NUM_SYNTAX},
               {"1__0", WV_NUM_SYNTAX},
               {"_1", WV_NUM_SYNTAX},
               {"1_", WV_NUM_SYNTAX},
               {"", WV_NUM_SYNTAX},
               {"abc", WV_NUM_SYNTAX},
               {"+-Inf", WV_NUM_NAN},
               {"infinity", WV_NUM_NAN},
               {"NaN", WV_NUM_NAN},
               {"1e400", WV_NUM_RANGE},
               {"+1e309", WV_NUM_RANGE},
               {"0x1p1024", WV_NUM_RANGE},
               {"1e-40000", WV_NUM_TOO_BIG},
               {"1.5e-99999999999999999999", WV_NUM_INVALID_FLOAT},
               {"0x1p-99999999", WV_NUM_LIMIT}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wv n;
        assert_int_equal(wv_number_from_go_text(&arena, wb_str_of(bad[i].text), &n), bad[i].status);
    }
    wv hex, half;
    assert_int_equal(wv_number_from_go_text(&arena, wb_str_of("0x1p-1"), &hex), WV_NUM_OK);
    half = num("0.5");
    assert_true(wv_number_equal(hex, half));
    assert_true(wv_number_hash(hex, 3) == wv_number_hash(half, 3));
    assert_false(wv_number_is_integer(hex));
}

static void test_growth_ends_at_a_limit(void **state)
{
    (void)state;
    wv n = num("1e30000"), tiny = num("1.5e-30000");
    wv_num_status status = WV_NUM_OK;
    int steps = 0;
    for (; !status && steps < 100; steps++)
        status = wv_mul(&arena, n, n, &n);
    assert_int_equal(status, WV_NUM_LIMIT);
    assert_in_range(steps, 5, 10);
    assert_int_equal(wv_number_compare(n, num("1e30000")), 1);
    status = WV_NUM_OK;
    for (steps = 0; !status && steps < 100; steps++)
        status = wv_mul(&arena, tiny, tiny, &tiny);
    assert_int_equal(status, WV_NUM_LIMIT);
    assert_int_equal(wv_number_compare(tiny, wv_small(0)), 1);
    assert_int_equal(wv_number_compare(tiny, num("1e-30000")), -1);
}

static void test_results_are_charged_to_the_budget(void **state)
{
    (void)state;
    wb_arena little;
    assert_int_equal(wb_arena_init(&little, 4096, 1), 0);
    wv n, r;
    assert_int_equal(wv_number_parse(&little, WB_LIT("1e20000"), false, &n), WV_NUM_OK);
    assert_int_equal(wv_mul(&little, n, n, &r), WV_NUM_LIMIT);
    assert_true(little.exhausted);
    wb_arena_reset(&little);
    assert_int_equal(wv_bits_lsh(&little, wv_small(1), wv_small(1000000), &r, NULL), WV_NUM_LIMIT);
    assert_true(little.exhausted);
    wb_arena_free(&little);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_by_exact_decimal_value),
        cmocka_unit_test(test_spellings_of_one_value_are_one_key),
        cmocka_unit_test(test_computed_floats_compare_as_their_texts),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_format_int),
        cmocka_unit_test(test_go_texts),
        cmocka_unit_test(test_growth_ends_at_a_limit),
        cmocka_unit_test(test_results_are_charged_to_the_budget),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
