/* What counts as equal when a case is judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The runner is a program, not a library: its comparer is compiled into the test. */
#include "conformance/case.c"
#include "conformance/compare.c"

void cf_run_eval(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_number(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_schema(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_format(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_compile(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_diagnostics(const cf_file *f, const cf_case *c, const cf_options *options,
                        cf_outcome *o)
{
}

static wv json(wb_arena *a, const char *text)
{
    wv v;
    wb_error why;
    if (wv_json_decode(a, wb_str_of(text), NULL, &v, &why))
        fail_msg("%s: %s", text, why.text);
    return v;
}

static cf_outcome fresh(void)
{
    cf_outcome o = {.status = CF_PASS};
    wb_buf_init(&o.reason, CF_REASON_MAX);
    return o;
}

/* ---- results ---- */

static const struct {
    const char *what, *want, *rows;
    unsigned flags;
    bool same;
} results[] = {
    {"equal rows", "[{\"x\": 1}]", "[[{\"x\": 1}, [true]]]", 0, true},
    {"another value", "[{\"x\": 1}]", "[[{\"x\": 2}, [true]]]", 0, false},
    {"another name", "[{\"x\": 1}]", "[[{\"y\": 1}, [true]]]", 0, false},
    {"no row where one is wanted", "[{\"x\": 1}]", "[]", 0, false},
    {"a row where none is wanted", "[]", "[[{\"x\": 1}, [true]]]", 0, false},
    {"no rows", "[]", "[]", 0, true},
    {"a row with a false expression is none", "[]", "[[{}, [true, false]]]", 0, true},
    {"a row without bindings is a row", "[{}]", "[]", 0, false},
    {"the order of rows does not count", "[{\"x\": 1}, {\"x\": 2}]",
     "[[{\"x\": 2}, [true]], [{\"x\": 1}, [true]]]", 0, true},
    {"rows are a set", "[{\"x\": 1}]", "[[{\"x\": 1}, [true]], [{\"x\": 1}, [true]]]", 0, true},
    {"numbers are compared by value", "[{\"x\": 1}]", "[[{\"x\": 1.0}, [true]]]", 0, true},
    {"the order of an array counts", "[{\"x\": [1, 2]}]", "[[{\"x\": [2, 1]}, [true]]]", 0, false},
    {"a bound array is sorted when asked", "[{\"x\": [1, 2]}]", "[[{\"x\": [2, 1]}, [true]]]",
     CF_SORT_BINDINGS, true},
    {"only the bound array itself is sorted", "[{\"x\": [[1, 2]]}]",
     "[[{\"x\": [[2, 1]]}, [true]]]", CF_SORT_BINDINGS, false},
    {"generated names count", "[{\"x\": 1}]", "[[{\"x\": 1, \"__localq0__\": 2}, [true]]]", 0,
     false},
    {"generated names are left out when asked", "[{\"x\": 1}]",
     "[[{\"x\": 1, \"__localq0__\": 2}, [true]]]", CF_IGNORE_LOCALS, true},
};

static void test_results(void **state)
{
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        wb_arena a;
        assert_int_equal(wb_arena_init(&a, 1 << 24, 1), 0);
        cf_outcome o = fresh();
        bool same = cf_same_results(&a, json(&a, results[i].want), json(&a, results[i].rows),
                                    results[i].flags, &o);
        if (same != results[i].same || same != (o.status == CF_PASS) || same == (o.reason.n > 0))
            fail_msg("%s: %s", results[i].what, wb_buf_cstr(&o.reason));
        wb_buf_free(&o.reason);
        wb_arena_free(&a);
    }
}

static void test_sets_and_keys_go_through_json(void **state)
{
    wb_arena a;
    assert_int_equal(wb_arena_init(&a, 1 << 24, 1), 0);
    wv members[] = {wv_small(3), wv_small(1), WV_TRUE, wv_string_new(&a, WB_LIT("a"))};
    wv object = wv_object_begin(&a, 1);
    wv pair[] = {wv_small(1), WV_NULL};
    wv_object_put(&a, &object, wv_array_new(&a, pair, 2), wv_set_new(&a, members, 4));
    wv_object_put(&a, &object, wv_small(7),
                  wv_string_new(&a, WB_LIT("\xff"
                                           "b")));
    assert_true(wv_equal(cf_through_json(&a, object),
                         json(&a, "{\"[1,null]\": [true, 1, 3, \"a\"], \"7\": \"\\ufffdb\"}")));
    wb_arena_free(&a);
}

/* ---- diagnostics ---- */

#define PARSE  "rego_parse_error"
#define UNSAFE "rego_unsafe_var_error"
#define D(c, r, l, m)                                                                              \
    {                                                                                              \
        .code = {(c), sizeof(c) - 1}, .message = {(m), sizeof(m) - 1}, .row = (r), .col = (l)      \
    }

#define NONE                                                                                       \
    {                                                                                              \
        .row = 0                                                                                   \
    }

enum { V = 1 << CF_FIGURE_VERDICT, R = 1 << CF_FIGURE_ROWS, W = 1 << CF_FIGURE_WORDS };

static const struct {
    const char *what;
    cf_diag want[3], got[3];
    size_t n_want, n_got;
    unsigned holds;
    bool pass;
} diagnostics[] = {
    {"none and none", {NONE}, {NONE}, 0, 0, V | R | W, true},
    {"an error that is not wanted", {NONE}, {D(UNSAFE, 1, 1, "a")}, 0, 1, 0, false},
    {"a wanted error that is not there", {D(PARSE, 1, 1, "a")}, {NONE}, 1, 0, 0, false},
    {"all equal", {D(UNSAFE, 1, 2, "a")}, {D(UNSAFE, 1, 2, "a")}, 1, 1, V | R | W, true},
    {"another column", {D(UNSAFE, 1, 2, "a")}, {D(UNSAFE, 1, 3, "a")}, 1, 1, V | R, false},
    {"another message", {D(UNSAFE, 1, 2, "a")}, {D(UNSAFE, 1, 2, "b")}, 1, 1, V | R, false},
    {"another row", {D(UNSAFE, 1, 2, "a")}, {D(UNSAFE, 2, 2, "a")}, 1, 1, V, false},
    {"another code", {D(UNSAFE, 1, 2, "a")}, {D(PARSE, 1, 2, "a")}, 1, 1, V, false},
    {"one of two",
     {D(UNSAFE, 1, 2, "a"), D(UNSAFE, 2, 2, "a")},
     {D(UNSAFE, 1, 2, "a")},
     2,
     1,
     V,
     false},
    {"a parse error's text may be ours",
     {D(PARSE, 1, 2, "a")},
     {D(PARSE, 1, 2, "b")},
     1,
     1,
     V | R,
     true},
    {"a parse error's row may not", {D(PARSE, 1, 2, "a")}, {D(PARSE, 2, 2, "a")}, 1, 1, V, false},
    {"a parse error told twice at one place is one",
     {D(PARSE, 1, 2, "a"), D(PARSE, 1, 2, "b")},
     {D(PARSE, 1, 2, "b")},
     2,
     1,
     V | R | W,
     true},
    {"a compiler's error told twice is two",
     {D(UNSAFE, 1, 2, "a"), D(UNSAFE, 1, 2, "b")},
     {D(UNSAFE, 1, 2, "b")},
     2,
     1,
     V,
     false},
    {"parse errors at two places are two",
     {D(PARSE, 1, 2, "a"), D(PARSE, 3, 2, "b")},
     {D(PARSE, 1, 2, "a")},
     2,
     1,
     V,
     false},
    {"a column that is not given may be any",
     {D(UNSAFE, 1, 0, "a")},
     {D(UNSAFE, 1, 9, "a")},
     1,
     1,
     V | R | W,
     true},
};

static void test_diagnostics(void **state)
{
    for (size_t i = 0; i < sizeof diagnostics / sizeof *diagnostics; i++) {
        cf_outcome o = fresh();
        cf_same_diags(diagnostics[i].want, diagnostics[i].n_want, diagnostics[i].got,
                      diagnostics[i].n_got, &o);
        if (o.taken != (V | R | W) || o.holds != diagnostics[i].holds ||
            (o.status == CF_PASS) != diagnostics[i].pass)
            fail_msg("%s: holds %u, status %d: %s", diagnostics[i].what, o.holds, (int)o.status,
                     wb_buf_cstr(&o.reason));
        wb_buf_free(&o.reason);
    }
}

static void test_further_errors_are_allowed_unless_exhaustive(void **state)
{
    static const cf_diag want[] = {D(UNSAFE, 4, 2, "a")};
    static const cf_diag got[] = {D(UNSAFE, 3, 1, "b"), D(UNSAFE, 4, 2, "a")};
    cf_outcome o = fresh();
    cf_has_diags(want, 1, got, 2, &o);
    assert_int_equal(o.status, CF_PASS);
    cf_has_diags(want, 1, got, 1, &o);
    assert_int_equal(o.status, CF_FAIL);
    wb_buf_free(&o.reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_sets_and_keys_go_through_json),
        cmocka_unit_test(test_diagnostics),
        cmocka_unit_test(test_further_errors_are_allowed_unless_exhaustive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
