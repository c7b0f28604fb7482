/* What each stage makes of a rule: data/stages.txt. The first line of a case names the stage, as
 * `stage: NAME`. */
#include "reader.h"

#include "compiler/compile.h"

static void compare(wb_str text, wb_str want)
{
    assert_true(wb_str_has_prefix(text, WB_LIT("stage: ")));
    const char *end = memchr(text.p, '\n', text.n);
    assert_non_null(end);
    int stage = wc_stage_by_name(wb_str_n(text.p + 7, (size_t)(end - text.p) - 7));
    assert_true(stage >= 0);
    size_t skip = (size_t)(end + 1 - text.p);
    wb_str rules = {text.p + skip, text.n - skip};
    wb_buf got;
    if (stage_case(rules, stage, &got) != WB_OK || got.n != want.n ||
        memcmp(got.p, want.p, want.n) != 0)
        fail_msg("%.*sgives\n%s\nnot\n%.*s", WB_FMT(text), wb_buf_cstr(&got), WB_FMT(want));
    wb_buf_free(&got);
}

static void stages(void **state)
{
    (void)state;
    assert_true(each_case("stages.txt", compare) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
