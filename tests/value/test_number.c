/* Spelling, range, readings, printing and the operators on numbers. */
#include "tests/value/test_number.h"

#include <mpfr.h>

#include <float.h>
#include <math.h>

static void test_spelling_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "0.0",
                                        "-0.0",
                                        "0e5",
                                        "1.50",
                                        "1E+05",
                                        "1e-05",
                                        "1e400",
                                        "-1.5e-400",
                                        "10.0",
                                        ".5",
                                        "512",
                                        "-12",
                                        "9223372036854775808",
                                        "1152921504606846976",
                                        "-1152921504606846976",
                                        "1152921504606846975",
                                        "123456789012345678901234567890",
                                        "3.14159265358979323846264338327950288"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wb_buf b;
        wb_buf_init(&b, 1000);
        wv_number_put(&b, num(texts[i]));
        assert_string_equal(wb_buf_cstr(&b), texts[i]);
        wb_buf_free(&b);
        assert_string_equal(text_of(wv_number_copy(&arena, num(texts[i]))), texts[i]);
    }
}

static void test_small_integers_are_words(void **state)
{
    (void)state;
    assert_true(wv_is_int(num("7")));
    assert_true(wv_is_int(num("1152921504606846975")));
    assert_false(wv_is_int(num("1152921504606846976")));
    assert_true(wv_is_int(num("-1152921504606846976")));
    assert_false(wv_is_int(num("-0")));
    assert_false(wv_is_int(num("7.0")));
    wv r;
    assert_int_equal(wv_sub(&arena, num("1152921504606846976"), wv_small(1), &r), WV_NUM_OK);
    assert_true(wv_is_int(r));
}

static void test_syntax(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-",     "+1",   "01", "-01", "00",
                                      "1a",  "5.",    "1.e5", "1e", "1e+", "0x10",
                                      "1_0", "1e5e5", "..5",  ".",  "1 ",  "--1"};
    wv n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(wv_number_parse(&arena, wb_str_of(bad[i]), true, &n), WV_NUM_SYNTAX);
    size_t long_size = WV_NUMBER_TEXT_MAX + 1;
    char *text = malloc(long_size);
    memset(text, '1', long_size);
    assert_int_equal(wv_number_parse(&arena, wb_str_n(text, long_size), false, &n), WV_NUM_LIMIT);
    assert_int_equal(wv_number_parse(&arena, wb_str_n(text, long_size - 1), false, &n), WV_NUM_OK);
    assert_true(wv_number_is_integer(n));
    free(text);
}

static void test_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        wv_num_status status;
    } rows[] = {{"1e30102", WV_NUM_OK},
                {"1e30103", WV_NUM_TOO_BIG},
                {"1e-30103", WV_NUM_OK},
                {"1e-30104", WV_NUM_TOO_BIG},
                {"1e-640000000", WV_NUM_TOO_BIG},
                {"1e-700000000", WV_NUM_OK},
                {"1e-1000000000", WV_NUM_OK},
                {"1e2147483646", WV_NUM_TOO_BIG},
                {"1e2147483647", WV_NUM_INVALID_FLOAT},
                {"1e-2147483650", WV_NUM_INVALID_FLOAT},
                {"1e99999999999999999999", WV_NUM_INVALID_FLOAT},
                {"0e9999999999", WV_NUM_OK},
                {"0e99999999999999999999", WV_NUM_INVALID_FLOAT}};
    wv n;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(wv_number_parse(&arena, wb_str_of(rows[i].text), false, &n),
                         rows[i].status);
    }
    /* Without an exponent only literals are checked. */
    char text[30201];
    memset(text, '9', 30200);
    text[30200] = 0;
    assert_int_equal(wv_number_parse(&arena, wb_str_of(text), true, &n), WV_NUM_TOO_BIG);
    assert_int_equal(wv_number_parse(&arena, wb_str_of(text), false, &n), WV_NUM_OK);
}

static void test_underflow_reads_as_zero(void **state)
{
    (void)state;
    wv tiny = num("-1e-1000000000"), r;
    assert_int_equal(wv_number_sign(tiny), 0);
    assert_true(wv_number_equal(tiny, wv_small(0)));
    assert_true(wv_number_hash(tiny, 1) == wv_number_hash(wv_small(0), 1));
    assert_int_equal(wv_add(&arena, tiny, wv_small(1), &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "1");
    assert_int_equal(wv_rem(&arena, tiny, wv_small(2), &r), WV_NUM_MOD_FLOAT);
    assert_string_equal(text_of(tiny), "-1e-1000000000");
}

static void test_int64_reading(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has;
        int64_t i;
    } rows[] = {{"1.0", true, 1},
                {"-0", true, 0},
                {"1e0", false, 0},
                {"1.5", false, 0},
                {"1.00000000000000000", true, 1},
                {"1.000000000000000000", false, 0},
                {"9223372036854775807", true, INT64_MAX},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"-9223372036854775809", false, 0},
                {"123456789012345678901234567890", false, 0}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        int64_t i = 0;
        assert_int_equal(wv_number_int64(num(rows[k].text), &i), rows[k].has);
        if (rows[k].has)
            assert_true(i == rows[k].i);
    }
    int32_t i;
    assert_true(wv_number_int32(num("-2147483648"), &i));
    assert_false(wv_number_int32(num("2147483648"), &i));
}

static void test_exact_reading(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"1e30", "1000000000000000000000000000000"},
        {"10e-1", "1"},
        {"1.50e1", "15"},
        {"-123456789012345678901234567890.000", "-123456789012345678901234567890"},
        {"0e77", "0"}};
    mpz_t z;
    mpz_init(z);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(wv_number_exact(num(rows[i][0]), z));
        char text[64];
        assert_string_equal(mpz_get_str(text, 10, z), rows[i][1]);
    }
    assert_false(wv_number_exact(num("1.5"), z));
    assert_false(wv_number_exact(num("15e-1"), z));
    mpz_clear(z);
}

static void test_operators(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"0.1", "+", "0.2", "0.3"},
        {"1.1", "+", "2.2", "3.3000000000000000002"},
        {"1", "/", "3", "0.33333333333333333334"},
        {"12345678901234567", "/", "3", "4.1152263004115223333e+15"},
        {"1e30", "+", "1", "1000000000000000000000000000001"},
        {"3.0", "*", "2", "6"},
        {"123456789012345678901234567890", "*", "1.0", "123456789012345678901234567890"},
        {"4294967295", "/", "2", "2.1474836475e+09"},
        {"4294967296", "/", "2", "2147483648"},
        {"18446744073709551617", "/", "1", "18446744073709551616"},
        {"36893488147419103233", "/", "1", "36893488147419103230"},
        {"1", "/", "137438953472", "7.275957614183425903e-12"},
        {"128.103647937798518226248933871147528407163918018341064453125", "+", "0",
         "128.10364793779851823"},
        {"0", "/", "5", "0"},
        {"0", "/", "-5", "-0"},
        {"-0", "+", "-0", "0"},
        {"-1.5", "*", "0", "-0"},
        {"0.5", "-", "0.5", "0"},
        {"-7", "%", "3", "-1"},
        {"1e2", "%", "7", "2"},
        {"10", "%", "18446744073709551616", "10"},
        {"2", "-", "-1", "3"},
        {"1152921504606846975", "+", "1", "1152921504606846976"},
        {"-1152921504606846976", "-", "1", "-1152921504606846977"},
        {"4611686018427387904", "*", "4", "18446744073709551616"},
        {".5", "+", ".25", "0.75"},
        {"1000000.5", "+", "0", "1.0000005e+06"},
        {"100000.5", "+", "0", "100000.5"},
        {"0.0001", "*", "1.0", "0.0001"},
        {"0.00001", "*", "1", "1e-05"},
        {"1e-400", "*", "1.5e-400", "1.4999999999999999999e-800"},
        {"1e-30000", "*", "1.5e-10", "1.5e-30010"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wv r;
        assert_int_equal(apply(*rows[i][1], num(rows[i][0]), num(rows[i][2]), &r), WV_NUM_OK);
        assert_string_equal(text_of(r), rows[i][3]);
    }
}

static void test_operator_errors(void **state)
{
    (void)state;
    static const struct {
        const char *x, *op, *y;
        wv_num_status status;
    } rows[] = {{"1", "/", "0", WV_NUM_DIV_ZERO},     {"1", "/", "0.0", WV_NUM_DIV_ZERO},
                {"1.5", "/", "0e5", WV_NUM_DIV_ZERO}, {"1.5", "/", "-0", WV_NUM_DIV_ZERO},
                {"1", "%", "0", WV_NUM_MOD_ZERO},     {"1e30", "%", "0.0", WV_NUM_MOD_ZERO},
                {"1.5", "%", "0", WV_NUM_MOD_FLOAT},  {"1", "%", "0.5", WV_NUM_MOD_FLOAT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wv r;
        assert_int_equal(apply(*rows[i].op, num(rows[i].x), num(rows[i].y), &r), rows[i].status);
    }
    assert_string_equal(wv_num_text(WV_NUM_DIV_ZERO), "divide by zero");
}

static void test_negative_zero_divides(void **state)
{
    (void)state;
    wv zero, r;
    assert_int_equal(wv_div(&arena, wv_small(0), wv_small(-5), &zero), WV_NUM_OK);
    assert_int_equal(wv_add(&arena, zero, wv_small(0), &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "0");
    assert_int_equal(wv_mul(&arena, zero, num("1.5"), &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "-0");
}

static void test_one_operand(void **state)
{
    (void)state;
    static const struct {
        wv (*fn)(wb_arena *, wv);
        const char *x, *want;
    } rows[] = {
        {wv_number_abs, "-7", "7"},
        {wv_number_abs, "-1.50", "1.5"},
        {wv_number_abs, "1.0", "1"},
        {wv_number_abs, "-123456789012345678901234567890", "123456789012345678900000000000"},
        {wv_number_round, "2.5", "3"},
        {wv_number_round, "-2.5", "-3"},
        {wv_number_round, "-0.3", "0"},
        {wv_number_round, "1e30", "1000000000000000000024696061952"},
        {wv_number_round, "9223372036854775809", "9223372036854775810"},
        {wv_number_round, "0.49999999999999999999", "1"},
        {wv_number_ceil, "-0.5", "1"},
        {wv_number_ceil, "-1.5", "-1"},
        {wv_number_ceil, "1.5", "2"},
        {wv_number_ceil, "1e3", "1000"},
        {wv_number_ceil, "9223372036854775807.691987457", "9223372036854775808"},
        {wv_number_floor, "-9223372036854775807.691987457", "-9223372036854775808"},
        {wv_number_floor, "-0.5", "0"},
        {wv_number_floor, "-1.5", "-2"},
        {wv_number_floor, "1.5", "1"},
        {wv_number_floor, "-1e3", "-1000"},
        {wv_number_floor, "9007199254740993.5", "9007199254740993"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_of(rows[i].fn(&arena, num(rows[i].x))), rows[i].want);
}

static void test_folds(void **state)
{
    (void)state;
    wv r, v[3] = {num("0.1"), wv_small(3), num("9223372036854775807")};
    assert_int_equal(wv_number_sum(&arena, v, 0, &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "0");
    assert_int_equal(wv_number_product(&arena, v, 0, &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "1");
    assert_int_equal(wv_number_product(&arena, v, 2, &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "0.30000000000000004");
    assert_int_equal(wv_number_sum(&arena, v, 2, &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "3.1");
    assert_int_equal(wv_number_sum(&arena, v + 1, 2, &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "9223372036854775810");
    assert_int_equal(wv_number_product(&arena, v + 1, 2, &r), WV_NUM_OK);
    assert_string_equal(text_of(r), "27670116110564327421");
}

static void test_from_double(void **state)
{
    (void)state;
    static const struct {
        double d;
        const char *g, *json;
    } rows[] = {{0, "0", "0"},
                {-0.0, "-0", "-0"},
                {0.1, "0.1", "0.1"},
                {1e6, "1e+06", "1000000"},
                {999999, "999999", "999999"},
                {1.5e-7, "1.5e-07", "1.5e-7"},
                {1e-6, "1e-06", "0.000001"},
                {1e21, "1e+21", "1e+21"},
                {1e20, "1e+20", "100000000000000000000"},
                {5e-324, "5e-324", "5e-324"},
                {DBL_MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"},
                {0.30000000000000004, "0.30000000000000004", "0.30000000000000004"},
                {9007199254740992.0, "9.007199254740992e+15", "9007199254740992"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(text_of(wv_from_double(&arena, rows[i].d)), rows[i].g);
        assert_string_equal(text_of(wv_from_double_json(&arena, rows[i].d)), rows[i].json);
    }
}

/* ---- against MPFR and the C library, which do the same by other means ---- */

static uint64_t random_state = 88172645463325252u;

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static wv_binary random_binary(void)
{
    uint64_t m = random64();
    unsigned kind = (unsigned)(random64() % 4);
    if (kind == 0)
        m &= ~(uint64_t)0 << random64() % 63;
    else if (kind == 1)
        m |= ((uint64_t)1 << random64() % 63) - 1;
    return (wv_binary){m | (uint64_t)1 << 63, (int64_t)(random64() % 140) - 130, random64() & 1};
}

static void set_mpfr(mpfr_t f, wv_binary b)
{
    mpfr_set_ui_2exp(f, b.m, b.e, MPFR_RNDN);
    if (b.neg)
        mpfr_neg(f, f, MPFR_RNDN);
}

static void test_binary_arithmetic_is_that_of_mpfr(void **state)
{
    (void)state;
    mpfr_t x, y, z, w;
    mpfr_inits2(64, x, y, z, w, (mpfr_ptr)0);
    for (int i = 0; i < 40000; i++) {
        wv_binary a = random_binary(), b = random_binary(), r;
        set_mpfr(x, a);
        set_mpfr(y, b);
        switch (i % 4) {
        case 0:
            r = wv_binary_add(a, b);
            mpfr_add(z, x, y, MPFR_RNDN);
            break;
        case 1:
            r = wv_binary_sub(a, b);
            mpfr_sub(z, x, y, MPFR_RNDN);
            break;
        case 2:
            r = wv_binary_mul(a, b);
            mpfr_mul(z, x, y, MPFR_RNDN);
            break;
        default:
            r = wv_binary_div(a, b);
            mpfr_div(z, x, y, MPFR_RNDN);
            break;
        }
        set_mpfr(w, r);
        if (!mpfr_equal_p(w, z))
            fail_msg("operation %d of %016lx*2^%ld and %016lx*2^%ld", i % 4, a.m, a.e, b.m, b.e);
        assert_true(r.m == 0 || r.m >> 63);
    }
    mpfr_clears(x, y, z, w, (mpfr_ptr)0);
}

static void test_readings_are_correctly_rounded(void **state)
{
    (void)state;
    mpfr_t f, g;
    mpfr_inits2(64, f, g, (mpfr_ptr)0);
    for (int i = 0; i < 20000; i++) {
        char text[96];
        if (i & 1)
            snprintf(text, sizeof text, "%lu.%0*lue%d", random64() >> random64() % 64,
                     (int)(random64() % 12 + 1), random64() >> 30, (int)(random64() % 40) - 20);
        else
            snprintf(text, sizeof text, "-%lue%d", random64() >> random64() % 64,
                     (int)(random64() % 640) - 330);
        wv n = num(text);
        double d, want = strtod(text, NULL);
        bool has = wv_number_double(n, &d);
        assert_int_equal(has, !isinf(want));
        if (has && d != want)
            fail_msg("%s: %a, not %a", text, d, want);
        if (i & 1) {
            set_mpfr(f, wv_number_binary(n));
            mpfr_set_str(g, text, 10, MPFR_RNDN);
            if (!mpfr_equal_p(f, g))
                fail_msg("%s is not read as MPFR reads it", text);
        }
    }
    mpfr_clears(f, g, (mpfr_ptr)0);
}

static void test_printed_floats_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        wv_binary b = random_binary(), c;
        wv n, again;
        /* Integers and powers of two are made from their texts, which may be another value. */
        b.e = -64 - (int64_t)(random64() % (i & 1 ? 70 : 2000));
        if (b.m << 1 == 0)
            continue;
        assert_int_equal(wv_from_binary(&arena, b, 64, &n), WV_NUM_OK);
        again = num(text_of(n));
        c = wv_number_binary(again);
        assert_true(c.m == b.m && c.e == b.e && c.neg == b.neg);
        assert_int_equal(wv_number_compare(n, again), 0);
        assert_true(wv_number_hash(n, 9) == wv_number_hash(again, 9));
        wb_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spelling_stays),
        cmocka_unit_test(test_small_integers_are_words),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_underflow_reads_as_zero),
        cmocka_unit_test(test_int64_reading),
        cmocka_unit_test(test_exact_reading),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_operator_errors),
        cmocka_unit_test(test_negative_zero_divides),
        cmocka_unit_test(test_one_operand),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_from_double),
        cmocka_unit_test(test_binary_arithmetic_is_that_of_mpfr),
        cmocka_unit_test(test_readings_are_correctly_rounded),
        cmocka_unit_test(test_printed_floats_read_back),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
