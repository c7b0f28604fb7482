/* The parts of writ-diff that need no other side: what a seed makes, and shrinking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* writ-diff is a program, not a library: what is tested is compiled into the test. */
#include "conformance/diff/generate.c"
#include "conformance/diff/grammar.c"
#include "conformance/diff/names.c"
#include "conformance/diff/program.c"
#include "conformance/diff/rows.c"
#include "conformance/diff/shapes.c"
#include "conformance/diff/shrink.c"

static wb_arena fresh(void)
{
    wb_arena a;
    assert_int_equal(wb_arena_init(&a, (size_t)1 << 30, 0), 0);
    return a;
}

static char *shown(uint64_t seed)
{
    wb_arena a = fresh();
    df_program p;
    wb_buf b;
    wb_buf_init(&b, DF_LINE_MAX);
    df_generate(&a, seed, &p);
    df_program_line(&b, &p);
    wb_arena_free(&a);
    return wb_buf_detach(&b, &(size_t){0});
}

static void a_seed_makes_one_program(void **state)
{
    for (uint64_t seed = 1; seed < 40; seed++) {
        char *x = shown(seed), *y = shown(seed), *z = shown(seed + 1);
        assert_string_equal(x, y);
        assert_string_not_equal(strchr(x, ','), strchr(z, ','));
        free(x);
        free(y);
        free(z);
    }
}

/* splitmix64's published sequence from 0: programs are the same on every machine. */
static void random_numbers_are_the_same_everywhere(void **state)
{
    df_random r = {0};
    assert_true(df_next(&r) == 0xe220a8397b1dcdafu);
    assert_true(df_next(&r) == 0x6e789e6aa1b965f4u);
    assert_true(df_next(&r) == 0x06c45d188009454fu);
}

static void every_hole_is_filled(void **state)
{
    wb_arena a = fresh();
    for (uint64_t seed = 1; seed < 300; seed++) {
        df_program p;
        df_generate(&a, seed, &p);
        assert_true(p.n_modules > 0 && p.n_queries > 0);
        for (unsigned i = 0; i < p.n_modules; i++) {
            /* METADATA may stand above a package. */
            assert_true(wb_str_has_prefix(p.modules[i], WB_LIT("package ")) ||
                        (wb_str_has_prefix(p.modules[i], WB_LIT("# METADATA")) &&
                         memmem(p.modules[i].p, p.modules[i].n, "\npackage ", 9)));
            assert_null(memchr(p.modules[i].p, MARK, p.modules[i].n));
        }
        wb_arena_reset(&a);
    }
    wb_arena_free(&a);
}

/* The sorts that rows' holes speak of all have rows. */
static void every_hole_has_rows(void **state)
{
    for (size_t i = 0; i < df_grammar_rows; i++) {
        hole holes[PARTS_MAX];
        unsigned n = parse(df_grammar[i].text, holes);
        for (unsigned k = 0; k < n; k++) {
            const char *sort = holes[k].sort;
            bool own =
                holes[k].mark || !isupper((unsigned char)sort[0]) || strchr("TUAKN", sort[0]);
            bool found = own || sort[0] == 'B';
            for (size_t j = 0; !found && j < df_grammar_rows; j++)
                found = strncmp(df_grammar[j].sort, sort, strcspn(sort, ".")) == 0;
            if (!found)
                fail_msg("%s: no rows for %s", df_grammar[i].text, sort);
            wb_buf_free(&holes[k].text);
        }
    }
}

static void shapes_fit(void **state)
{
    static const struct {
        const char *pattern, *shape, *t;
        bool fits;
    } rows[] = {
        {"n", "n", "", true},      {"n", "s", "", false},       {"T", "oan", "oan", true},
        {"aT", "aan", "an", true}, {"aT", "en", "", false},     {"cT", "os", "s", true},
        {"lT", "os", "", false},   {"lT", "es", "s", true},     {"*", "?", "", true},
        {"T", "?", "", false},     {"C.T", "C.as", "as", true}, {"an", "a", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dg_binds binds = {0};
        if (dg_fits(rows[i].pattern, rows[i].shape, &binds) != rows[i].fits)
            fail_msg("%s %s", rows[i].pattern, rows[i].shape);
        if (rows[i].fits)
            assert_string_equal(binds.t, rows[i].t);
    }
}

/* ---- shrinking ---- */

/* Shows it while the first module holds both words, the second with a bracket around it. */
static int holds_words(void *argument, const df_program *list, size_t n)
{
    (*(unsigned *)argument)++;
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < list[i].n_modules; k++)
            if (memmem(list[i].modules[k].p, list[i].modules[k].n, "guilty", 6) &&
                memmem(list[i].modules[k].p, list[i].modules[k].n, "(clash)", 7))
                return (int)i;
    return -1;
}

static void shrinking_keeps_what_shows_it_and_no_more(void **state)
{
    wb_arena a = fresh();
    unsigned calls = 0;
    df_program p = {
        .modules = {WB_LIT("package a\n\np := 1\n"),
                    WB_LIT("package t\n\nguilty if {\n\tx := f(g((clash)), [1, 2])\n\ty\n}"
                           "\n\nother := {\"a\": 1}\n")},
        .n_modules = 2,
        .queries = {WB_LIT("x = data.t"), WB_LIT("y = data.a")},
        .n_queries = 2,
        .data = WB_LIT("{\"a\": [1, 2]}"),
        .input = WB_LIT("{}"),
        .strict = true};
    df_shrink(&a, &p, holds_words, &calls);
    assert_int_equal(p.n_modules, 1);
    assert_int_equal(p.n_queries, 0);
    assert_int_equal(p.data.n, 0);
    assert_int_equal(p.input.n, 0);
    assert_false(p.strict);
    /* Blanks between tokens are not worth a candidate. */
    assert_true(p.modules[0].n <= 20);
    assert_int_equal(holds_words(&calls, &p, 1), 0);
    assert_true(calls < 500);
    wb_arena_free(&a);
}

static int never(void *argument, const df_program *list, size_t n)
{
    return -1;
}

static void what_cannot_shrink_stays(void **state)
{
    wb_arena a = fresh();
    df_program p = {.modules = {WB_LIT("package t\n")}, .n_modules = 1};
    df_shrink(&a, &p, never, NULL);
    assert_true(wb_str_is(p.modules[0], "package t\n"));
    wb_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_makes_one_program),
        cmocka_unit_test(random_numbers_are_the_same_everywhere),
        cmocka_unit_test(every_hole_is_filled),
        cmocka_unit_test(every_hole_has_rows),
        cmocka_unit_test(shapes_fit),
        cmocka_unit_test(shrinking_keeps_what_shows_it_and_no_more),
        cmocka_unit_test(what_cannot_shrink_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
