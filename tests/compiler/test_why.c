/* What the passes did to each function and what prevented them: data/why.txt. A first line
 * `off: PASS` switches a pass off. The functions are named and the notes stand in front of each. */
#include "reader.h"

static void keep_notes(wb_buf *b, wb_buf *to)
{
    wb_str text = wb_buf_str(b);
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) + 1 : text.n;
        wb_str line = wb_str_n(text.p, n);
        if (wb_str_has_prefix(line, WB_LIT("; ")))
            wb_buf_put_str(to, line);
        else if (wb_str_has_prefix(line, WB_LIT("func "))) {
            const char *blank = memchr(text.p + 5, ' ', n - 5);
            wb_buf_put(to, text.p, (size_t)(blank - text.p));
            wb_buf_putc(to, '\n');
        }
        text = wb_str_n(text.p + n, text.n - n);
    }
}

static void compare(wb_str rules, wb_str want)
{
    wb_buf plan, got;
    wb_buf_init(&got, 1 << 20);
    unsigned off = 0;
    wb_str text = rules;
    if (wb_str_has_prefix(text, WB_LIT("off: "))) {
        const char *end = memchr(text.p, '\n', text.n);
        assert_non_null(end);
        int pass = wc_pass_by_name(wb_str_n(text.p + 5, (size_t)(end - text.p) - 5));
        assert_true(pass >= 0);
        off = 1u << pass;
        text = wb_str_n(end + 1, text.n - (size_t)(end + 1 - text.p));
    }
    if (stage_case_with(text, wc_stage_by_name(WB_LIT("optimised")), true, off, &plan) != WB_OK)
        fail_msg("%.*sgives\n%s", WB_FMT(rules), wb_buf_cstr(&plan));
    keep_notes(&plan, &got);
    if (got.n != want.n || memcmp(got.p, want.p, want.n) != 0)
        fail_msg("%.*sgives\n%s\nnot\n%.*s", WB_FMT(rules), wb_buf_cstr(&got), WB_FMT(want));
    wb_buf_free(&plan);
    wb_buf_free(&got);
}

static void notes(void **state)
{
    (void)state;
    assert_true(each_case("why.txt", compare) >= 20);
}

/* Nobody asked: nothing is kept. */
static void silent(void **state)
{
    (void)state;
    wb_buf text;
    assert_int_equal(stage_case(WB_LIT("p := [1]\n"), wc_stage_by_name(WB_LIT("optimised")), &text),
                     WB_OK);
    assert_null(strstr(wb_buf_cstr(&text), "; fold"));
    wb_buf_free(&text);
}

/* The listing of the bytecode has them too. */
static void in_program(void **state)
{
    (void)state;
    static const char text[] = "package t\np := [1]\n";
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    e->why = true;
    assert_int_equal(writ_add_policy(e, "t.rego", text, sizeof text - 1, &error), WRIT_OK);
    writ_query *q = writ_prepare(e, "data.t.p", &error);
    assert_non_null(q);
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wm_disasm(&b, q->program);
    assert_non_null(strstr(wb_buf_cstr(&b), "; fold 2:6: a constant\n"));
    wb_buf_free(&b);
    writ_query_free(q);
    writ_engine_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(notes), cmocka_unit_test(silent),
                                       cmocka_unit_test(in_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
