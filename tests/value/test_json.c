/* JSON in and out, and Rego's own text. */
#include "base/utf8.h"
#include "tests/value/support.h"

typedef struct error_row {
    const char *text, *error;
} error_row;

/* The error texts are those of a real opa. */
static void broken_texts_are_refused_in_opas_words(void **state)
{
    static const error_row rows[] = {
        {"", "EOF"},
        {" \n", "EOF"},
        {"{", "unexpected EOF"},
        {"[1,", "unexpected EOF"},
        {"{\"a\":", "unexpected EOF"},
        {"\"abc", "unexpected EOF"},
        {"\"\\u", "unexpected EOF"},
        {"tru", "unexpected EOF"},
        {"-", "unexpected EOF"},
        {"1e+", "unexpected EOF"},
        {"[1,]", "invalid character ']' looking for beginning of value"},
        {"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"},
        {"{a:1}", "invalid character 'a' looking for beginning of object key string"},
        {"{\"a\" 1}", "invalid character '1' after object key"},
        {"{\"a\":1]", "invalid character ']' after object key:value pair"},
        {"[1 2]", "invalid character '2' after array element"},
        {"[1}", "invalid character '}' after array element"},
        {"[01]", "invalid character '1' after array element"},
        {"[-x]", "invalid character 'x' in numeric literal"},
        {"[1.]", "invalid character ']' after decimal point in numeric literal"},
        {"[1e]", "invalid character ']' in exponent of numeric literal"},
        {".5", "invalid character '.' looking for beginning of value"},
        {"+1", "invalid character '+' looking for beginning of value"},
        {"NaN", "invalid character 'N' looking for beginning of value"},
        {"'a'", "invalid character '\\'' looking for beginning of value"},
        {"\xef\xbb\xbf"
         "1",
         "invalid character '\xc3\xaf' looking for beginning of value"},
        {"\"a\nb\"", "invalid character '\\n' in string literal"},
        {"\"a\x01\"", "invalid character '\\x01' in string literal"},
        {"\"\\q\"", "invalid character 'q' in string escape code"},
        {"\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"},
        {"truE", "invalid character 'E' in literal true (expecting 'e')"},
        {"1 22", "error: invalid character '22' after top-level value"},
        {"1 \"abc\"", "error: invalid character 'abc' after top-level value"},
        {"{} ]", "invalid character ']' looking for beginning of value"},
        {"1 {", "error: invalid character '{' after top-level value"},
        {"1e30103", "invalid number: number too big"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_error e = {0};
        wv v = WV_TRUE;
        assert_int_equal(wv_json_decode(*state, wb_str_of(rows[i].text), NULL, &v, &e), WB_INVALID);
        assert_string_equal(e.text, rows[i].error);
        assert_true(v == WV_UNDEFINED);
    }
}

static void every_cut_of_a_document_is_refused(void **state)
{
    const char text[] = "{\"key number one\": [1, -2.5e3, true, null, \"\\u00e9\\n\"], \"b\": {}}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *exact = wb_strndup(text, n); /* so that the sanitizer sees the end */
        exact = wb_realloc(exact, n);
        wv v;
        assert_int_equal(wv_json_decode(*state, wb_str_n(exact, n), NULL, &v, NULL), WB_INVALID);
        free(exact);
    }
    wb_error e;
    wv v;
    assert_int_equal(wv_json_decode(*state, wb_str_n(text, sizeof text - 1), NULL, &v, &e), WB_OK);
}

static void strings_are_unescaped_and_mended(void **state)
{
    static const char *const rows[][2] = {
        {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "/\b\f\n\r\t\"\\"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\\ud800\"", "\xef\xbf\xbd"},
        {"\"\\ud800\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\udc00x\"", "\xef\xbf\xbdx"},
        {"\"\\ud800\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"\"\xff\xfe\"", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\xed\xa0\x80\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\xc0\x80 a longer string\"", "\xef\xbf\xbd\xef\xbf\xbd a longer string"},
        {"\"plain \xc3\xa9 text of some length\"", "plain \xc3\xa9 text of some length"},
        {"\"\x7f\"", "\x7f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wv v = json(*state, rows[i][0]);
        wb_str s = wv_str(&v);
        assert_int_equal(s.n, strlen(rows[i][1]));
        assert_memory_equal(s.p, rows[i][1], s.n);
        assert_int_equal(wv_tag(v), s.n <= WV_SHORT_MAX ? WV_T_SHORT : WV_T_STRING);
    }
}

static void numbers_keep_their_spelling(void **state)
{
    const char *text = "[0,-0,1.50,1E+05,1e400,0e5,-12,123456789012345678,-999999999999999999,"
                       "1152921504606846975,9223372036854775808,123456789012345678901234567890]";
    wv v = json(*state, text);
    assert_encodes(v, text);
    assert_true(wv_items(v)[0] == wv_small(0) && wv_items(v)[6] == wv_small(-12));
}

/* What the decoder makes of a plain decimal is what the parser of numbers makes of its text. */
static void decimals_are_read_as_any_number(void **state)
{
    static const char *const rows[] = {"0.0",   "-0.0",    "0.5",  "-0.50",
                                       "1.0",   "12.00",   "12.5", "10.50",
                                       "0.050", "100.001", "-7.0", "999999999.99999999"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wv v = json(*state, rows[i]), want;
        int64_t x = 0, y = 0;
        double d, f;
        assert_int_equal(wv_number_parse(*state, wb_str_of(rows[i]), false, &want), WV_NUM_OK);
        assert_true(wv_equal(v, want) && wv_hash(v, SEED) == wv_hash(want, SEED));
        assert_true(wv_number_int64(v, &x) == wv_number_int64(want, &y) && x == y);
        assert_true(wv_number_double(v, &d) && wv_number_double(want, &f) && d == f);
        assert_true(wv_number_is_integer(v) == wv_number_is_integer(want));
        assert_encodes(v, rows[i]);
    }
}

static void of_duplicate_keys_the_last_value_wins(void **state)
{
    assert_encodes(json(*state, "{\"a\":1,\"b\":2,\"a\":3}"), "{\"a\":3,\"b\":2}");
    wv v = json(*state, "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,"
                        "\"a long key here\":1,\"i\":9,\"a\":10,\"a long key here\":2}");
    assert_int_equal(wv_len(v), 10);
    assert_true(wv_object_get(v, str(*state, "a")) == wv_small(10));
    assert_true(wv_object_get(v, str(*state, "a long key here")) == wv_small(2));
}

static void depth_is_limited(void **state)
{
    enum { N = WV_JSON_DEPTH_MAX };
    char *text = wb_malloc(2 * N + 2);
    memset(text, '[', N + 1);
    memset(text + N + 1, ']', N + 1);
    wv v;
    wb_error e;
    assert_int_equal(wv_json_decode(*state, wb_str_n(text + 1, 2 * N), NULL, &v, &e), WB_OK);
    assert_int_equal(wv_json_decode(*state, wb_str_n(text, 2 * N + 2), NULL, &v, &e), WB_LIMIT);
    assert_string_equal(e.text, "exceeded max depth");
    wv_json_options shallow = {.depth_max = 3};
    assert_int_equal(wv_json_decode(*state, WB_LIT("[[[1]]]"), &shallow, &v, &e), WB_OK);
    assert_int_equal(wv_json_decode(*state, WB_LIT("[[[[]]]]"), &shallow, &v, &e), WB_LIMIT);
    free(text);
}

static void a_document_over_the_budget_is_refused(void **state)
{
    (void)state;
    wb_arena small;
    assert_int_equal(wb_arena_init(&small, 64 << 10, SEED), WB_OK);
    wb_buf b;
    wb_buf_init(&b, 1 << 24);
    wb_buf_puts(&b, "[0");
    for (int i = 0; i < 20000; i++)
        wb_buf_puts(&b, ",\"eight bytes\"");
    wb_buf_puts(&b, "]");
    wv v;
    wb_error e;
    assert_int_equal(wv_json_decode(&small, wb_buf_str(&b), NULL, &v, &e), WB_LIMIT);
    assert_true(small.exhausted && v == WV_UNDEFINED);
    wb_buf_free(&b);
    wb_arena_free(&small);
}

static void documents_of_a_stream_are_read_one_by_one(void **state)
{
    wb_str text = WB_LIT(" {\"a\":1}\n[2] 3");
    static const char *const want[] = {"{\"a\":1}", "[2]", "3"};
    for (size_t i = 0; i < 3; i++) {
        wv v;
        size_t used;
        assert_int_equal(wv_json_decode_prefix(*state, text, NULL, &v, &used, NULL), WB_OK);
        assert_encodes(v, want[i]);
        text = wb_str_n(text.p + used, text.n - used);
    }
    assert_int_equal(text.n, 0);
}

static void strings_of_any_length_come_back(void **state)
{
    static const char *const odd[] = {"", "\"", "\\", "\x01", "\x1f", "\x7f", "\xc3\xa9", " "};
    wb_arena *a = *state;
    for (size_t n = 0; n < 100; n++)
        for (size_t at = 0; at <= n; at += n < 20 ? 1 : 7)
            for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
                wb_buf text, b;
                wb_buf_init(&text, 1 << 10);
                for (size_t i = 0; i < n; i++)
                    wb_buf_puts(&text, i == at ? odd[k] : "a");
                wv v = wv_string_new(a, wb_str_n(text.n ? text.p : "", text.n)), back;
                wb_buf_init(&b, 1 << 12);
                assert_int_equal(wv_json_encode(&b, v, NULL, NULL), WB_OK);
                assert_int_equal(wv_json_decode(a, wb_buf_str(&b), NULL, &back, NULL), WB_OK);
                assert_true(wv_equal(v, back));
                bool escaped = at < n && k >= 1 && k <= 4;
                assert_int_equal(memchr(b.p, '\\', b.n) != NULL, escaped);
                wb_buf_free(&text);
                wb_buf_free(&b);
            }
}

static void values_become_json_as_go_writes_it(void **state)
{
    wb_arena *a = *state;
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wv text = wv_string_new(a, WB_LIT("\xc3\xa9\x01\xe2\x80\xa8<&>\x7f\"\\\n\b\f\t\xff"));
    assert_encodes(text, "\"\xc3\xa9\\u0001\\u2028<&>\x7f\\\"\\\\\\n\\b\\f\\t\\ufffd\"");
    wv_json_style html = {.html = true}, wide = {.indent = 2};
    assert_int_equal(wv_json_encode(&b, str(a, "<&>"), &html, NULL), WB_OK);
    assert_string_equal(wb_buf_cstr(&b), "\"\\u003c\\u0026\\u003e\"");
    wb_buf_clear(&b);
    wv v = json(a, "{\"b\":[1,{}],\"a\":[]}");
    assert_int_equal(wv_json_encode(&b, v, &wide, NULL), WB_OK);
    assert_string_equal(wb_buf_cstr(&b), "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {}\n  ]\n}");
    wb_buf_free(&b);

    wv members[] = {wv_small(2), str(a, "x"), wv_small(1), WV_NULL};
    assert_encodes(wv_set_new(a, members, 4), "[null,1,2,\"x\"]");
    wv pairs[] = {wv_small(10),          WV_TRUE, wv_small(9), WV_NULL,      json(a, "[1, \"q\"]"),
                  wv_small(3),           WV_NULL, wv_small(4), str(a, "10"), WV_FALSE,
                  json(a, "{\"k\": 1}"), WV_TRUE};
    assert_encodes(
        wv_object_new(a, pairs, 6),
        "{\"10\":false,\"9\":null,\"[1,\\\"q\\\"]\":3,\"null\":4,\"{\\\"k\\\":1}\":true}");
}

static void numbers_that_are_no_json_are_refused(void **state)
{
    wv v;
    wb_error e;
    wb_buf b;
    wb_buf_init(&b, 1 << 10);
    assert_int_equal(wv_number_parse(*state, WB_LIT(".5"), true, &v), WV_NUM_OK);
    wv array = wv_array_new(*state, &v, 1);
    assert_int_equal(wv_json_encode(&b, array, NULL, &e), WB_INVALID);
    assert_string_equal(e.text, "json: invalid number literal \".5\"");
    wb_buf_free(&b);
}

static void text_over_the_buffers_maximum_is_refused(void **state)
{
    wb_error e;
    wb_buf b;
    wb_buf_init(&b, 10);
    assert_int_equal(wv_json_encode(&b, json(*state, "[1,2,3,4,5,6]"), NULL, &e), WB_LIMIT);
    wb_buf_free(&b);
}

static void values_print_as_rego_text(void **state)
{
    wb_arena *a = *state;
    wv members[] = {wv_small(2), wv_small(1)};
    wv items[] = {wv_string_new(a, WB_LIT("\xc3\xa9\x01\xe2\x80\xa8<&>\x7f\"\\\n\0\b\f\xff")),
                  wv_set_new(a, members, 2), wv_set_begin(a, 0), json(a, "{\"b\": {}, \"a\": 1}"),
                  json(a, "[null, true, 1.50, []]")};
    assert_prints(wv_array_new(a, items, 5),
                  "[\"\xc3\xa9\\x01\\u2028<&>\\x7f\\\"\\\\\\n\\x00\\b\\f\\xff\", {1, 2}, set(),"
                  " {\"a\": 1, \"b\": {}}, [null, true, 1.50, []]]");
}

static wv random_value(wb_arena *a, uint64_t *r, int depth)
{
    char text[64];
    uint64_t pick = next_random(r) % (depth ? 8 : 6), n = next_random(r) % 14;
    switch (pick) {
    case 0: return n % 3 == 0 ? WV_NULL : wv_bool(n & 1);
    case 1: return wv_small((int64_t)(next_random(r) % 2000) - 1000);
    case 2:
        snprintf(text, sizeof text, "%d.%de%d", (int)n - 7, (int)(n * 37), (int)n);
        return json(a, text);
    case 3:
    case 4:
    case 5: {
        char bytes[40];
        size_t length = next_random(r) % 20;
        size_t used = 0;
        for (size_t i = 0; i < length && used < 36; i++)
            used += wb_utf8_put(bytes + used, (uint32_t)(next_random(r) % (n & 1 ? 128 : 0x3000)));
        return wv_string_new(a, wb_str_n(bytes, used));
    }
    case 6: {
        wv array = wv_array_begin(a, 0);
        while (n--)
            wv_array_push(a, &array, random_value(a, r, depth - 1));
        return array;
    }
    default: {
        wv object = wv_object_begin(a, 0);
        while (n--) {
            wv key;
            do
                key = random_value(a, r, 0);
            while (!wv_is_string(key));
            wv_object_put(a, &object, key, random_value(a, r, depth - 1));
        }
        return object;
    }
    }
}

static void what_is_encoded_decodes_to_the_same_value(void **state)
{
    wb_arena *a = *state;
    uint64_t r = 3;
    wv last = WV_NULL;
    for (int i = 0; i < 2000; i++) {
        wv v = random_value(a, &r, 4);
        wb_buf b, again;
        wb_buf_init(&b, 1 << 24);
        wb_buf_init(&again, 1 << 24);
        wv_json_style style = {.indent = i % 3, .html = i & 1};
        assert_int_equal(wv_json_encode(&b, v, &style, NULL), WB_OK);
        wv back = json_n(a, wb_buf_str(&b));
        assert_true(wv_equal(v, back) && wv_compare(v, back) == 0);
        assert_true(wv_hash(v, SEED) == wv_hash(back, SEED));
        assert_int_equal(wv_json_encode(&again, back, &style, NULL), WB_OK);
        assert_string_equal(wb_buf_cstr(&again), wb_buf_cstr(&b));
        assert_int_equal(wv_compare(v, last), -wv_compare(last, v));
        assert_int_equal(wv_compare(v, last) == 0, wv_equal(v, last));
        last = v;
        wb_buf_free(&b);
        wb_buf_free(&again);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(broken_texts_are_refused_in_opas_words),
        TEST(every_cut_of_a_document_is_refused),
        TEST(strings_are_unescaped_and_mended),
        TEST(numbers_keep_their_spelling),
        TEST(decimals_are_read_as_any_number),
        TEST(of_duplicate_keys_the_last_value_wins),
        TEST(depth_is_limited),
        TEST(a_document_over_the_budget_is_refused),
        TEST(documents_of_a_stream_are_read_one_by_one),
        TEST(strings_of_any_length_come_back),
        TEST(values_become_json_as_go_writes_it),
        TEST(numbers_that_are_no_json_are_refused),
        TEST(text_over_the_buffers_maximum_is_refused),
        TEST(values_print_as_rego_text),
        TEST(what_is_encoded_decodes_to_the_same_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
