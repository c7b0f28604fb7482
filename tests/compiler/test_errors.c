/* What the passes say of bad rules, pass by pass: data/errors_PASS.txt. The texts are the reference
 * engine's. */
#include "reader.h"

static void compare(wb_str rules, wb_str want)
{
    wb_buf got;
    compile_case(rules, false, &got);
    if (!got.n)
        wb_buf_puts(&got, "ok");
    /* "2 errors occurred:" stands on a line of its own and not in the file. */
    const char *text = wb_buf_cstr(&got);
    if (strstr(text, " errors occurred:\n"))
        text = strchr(text, '\n') + 1;
    size_t n = strlen(text);
    if (n + 1 != want.n || memcmp(text, want.p, n) != 0)
        fail_msg("%.*sgives\n%s\nnot\n%.*s", WB_FMT(rules), text, WB_FMT(want));
    wb_buf_free(&got);
}

static void names(void **state)
{
    (void)state;
    assert_true(each_case("errors_names.txt", compare) >= 8);
}
static void tree(void **state)
{
    (void)state;
    assert_true(each_case("errors_tree.txt", compare) >= 4);
}
static void safety(void **state)
{
    (void)state;
    assert_true(each_case("errors_safety.txt", compare) >= 12);
}
static void recursion(void **state)
{
    (void)state;
    assert_true(each_case("errors_recursion.txt", compare) >= 5);
    assert_true(each_case("recursion.txt", compare) >= 30);
}
static void with(void **state)
{
    (void)state;
    assert_true(each_case("errors_with.txt", compare) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),     cmocka_unit_test(tree), cmocka_unit_test(safety),
        cmocka_unit_test(recursion), cmocka_unit_test(with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
