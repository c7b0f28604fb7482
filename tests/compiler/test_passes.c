/* Every program of data/programs.json gives its answers with all passes on, with each one off and
 * with all off. The answers are the reference engine's. A query without "want" is undefined. */
#include "engine/engine.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void check_program(const json_t *program, unsigned off)
{
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    const char *name;
    json_t *text;
    e->passes_off = off;
    e->skip_types = true; /* the programs are odd on purpose */
    json_object_foreach(json_object_get(program, "modules"), name, text)
    {
        if (writ_add_policy(e, name, json_string_value(text), json_string_length(text), &error))
            fail_msg("%s", error.text);
    }
    char *data = json_dumps(json_object_get(program, "data"), 0);
    char *input = json_dumps(json_object_get(program, "input"), 0);
    assert_int_equal(writ_set_data(e, data, strlen(data), &error), WRIT_OK);
    writ_session *s = writ_session_new(e);
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(program, "queries"), i, row)
    {
        const char *query = json_string_value(json_object_get(row, "query"));
        const char *code = json_string_value(json_object_get(row, "error"));
        const json_t *want = json_object_get(row, "want");
        writ_query *q = writ_prepare(e, query, &error);
        if (!q)
            fail_msg("%s: %s", query, error.text);
        writ_text answer;
        writ_status status = writ_eval_json(s, q, input, strlen(input), &answer, &error);
        if (code) {
            assert_int_equal(status, WRIT_EVAL);
            assert_string_equal(error.code, code);
        } else if (!want) {
            if (status != WRIT_UNDEFINED)
                fail_msg("passes off %x, %s is not undefined: %d %s", off, query, (int)status,
                         answer.bytes);
        } else {
            json_t *got = NULL;
            if (status == WRIT_OK)
                got = json_loadb(answer.bytes, answer.length, JSON_DECODE_ANY, NULL);
            if (!got || !json_equal(got, want)) {
                char *shown = json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS);
                fail_msg("passes off %x, %s: %s %s\nnot %s", off, query, answer.bytes, error.text,
                         shown);
            }
            json_decref(got);
        }
        writ_query_free(q);
    }
    writ_session_free(s);
    writ_engine_free(e);
    free(data);
    free(input);
}

static void passes_change_no_answer(void **state)
{
    (void)state;
    json_error_t why;
    json_t *all = json_load_file(WRIT_SOURCE_DIR "/tests/compiler/data/programs.json", 0, &why);
    if (!all)
        fail_msg("line %d: %s", why.line, why.text);
    size_t i;
    json_t *program;
    assert_true(json_array_size(all) >= 50);
    json_array_foreach(all, i, program)
    {
        check_program(program, 0);
        for (unsigned pass = 0; pass < WC_PASS_COUNT; pass++)
            check_program(program, 1u << pass);
        check_program(program, (1u << WC_PASS_COUNT) - 1);
    }
    json_decref(all);
}

static void passes_have_names(void **state)
{
    (void)state;
    assert_int_equal(wc_pass_by_name(WB_LIT("fold")), WC_PASS_FOLD_BIT);
    assert_int_equal(wc_pass_by_name(WB_LIT("memo")), WC_PASS_MEMO_BIT);
    assert_int_equal(wc_pass_by_name(WB_LIT("nosuch")), -1);
    assert_int_equal(wc_pass_by_name(WB_LIT("")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_change_no_answer),
        cmocka_unit_test(passes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
