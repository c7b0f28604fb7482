/* Rules and their plans: data/plans.txt. */
#include "reader.h"

static void compare(wb_str rules, wb_str want)
{
    wb_buf got;
    if (compile_case(rules, true, &got) != WB_OK || got.n != want.n ||
        memcmp(got.p, want.p, want.n) != 0)
        fail_msg("%.*sgives\n%s\nnot\n%.*s", WB_FMT(rules), wb_buf_cstr(&got), WB_FMT(want));
    wb_buf_free(&got);
}

static void plans(void **state)
{
    (void)state;
    assert_true(each_case("plans.txt", compare) >= 10);
}

/* The listing names every instruction, and the place it came from. */
static void listing(void **state)
{
    (void)state;
    static const char text[] =
        "package t\np if { input.x == 1; not q }\nq if { some x in input.l; x "
        "> 2 }\n";
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    assert_int_equal(writ_add_policy(e, "t.rego", text, sizeof text - 1, &error), WRIT_OK);
    writ_query *q = writ_prepare(e, "data.t.p", &error);
    assert_non_null(q);
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wm_disasm(&b, q->program);
    static const char *const has[] = {"data.t.p", "data.t.q", "INPUT", "GETK",
                                      "EQK",      "ITER",     "LOOP",  "RET"};
    for (size_t i = 0; i < sizeof has / sizeof *has; i++)
        if (!strstr(wb_buf_cstr(&b), has[i]))
            fail_msg("no %s in\n%s", has[i], wb_buf_cstr(&b));
    wb_buf_free(&b);
    writ_query_free(q);
    writ_engine_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plans), cmocka_unit_test(listing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
