/* Which rules are refused as recursive, and in which words: data/recursion.txt. */
#include "reader.h"

static void compare(wb_str rules, wb_str want)
{
    wb_buf got;
    compile_case(rules, false, &got);
    if (!got.n)
        wb_buf_puts(&got, "ok");
    const char *text = wb_buf_cstr(&got);
    if (strstr(text, " errors occurred:\n"))
        text = strchr(text, '\n') + 1;
    size_t n = strlen(text);
    if (n + 1 != want.n || memcmp(text, want.p, n) != 0)
        fail_msg("%.*sgives\n%s\nnot\n%.*s", WB_FMT(rules), text, WB_FMT(want));
    wb_buf_free(&got);
}

static void known_answers(void **state)
{
    (void)state;
    assert_true(each_case("recursion.txt", compare) >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
