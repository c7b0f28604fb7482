/* A budget that a built-in function ran out of ends the query, in strict mode and without: it never
 * makes undefined, false, or an answer of the functions that judge. */
#include "writ.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* input.text is long, input.list has many members; each asks for what a missing answer would make
 * true. */
static const char *const QUERIES[] = {
    "not contains(input.text, \"z\")",
    "not regex.match(\"^(x+x+)+y$\", input.text)",
    "not glob.match(\"*a*b*\", [], input.text)",
    "not json.is_valid(input.text)",
    "not yaml.is_valid(input.text)",
    "not base64.is_valid(input.text)",
    "not semver.is_valid(input.text)",
    "not uri.is_valid(input.text)",
    "not regex.is_valid(input.text)",
    "not net.cidr_is_valid(concat(\"/\", [\"1.2.3.4\", input.text]))",
    "not graphql.is_valid(input.text, \"type Query { a: Int }\")",
    "not graphql.schema_is_valid(input.text)",
    "not crypto.hmac.equal(input.text, input.text)",
    "not io.jwt.verify_hs256(input.text, \"k\")",
    "json.match_schema({\"a\": input.text}, {\"properties\": {\"a\": {\"pattern\": \"y\"}}})[0] == "
    "false",
    "json.verify_schema({\"$comment\": input.text})[0] == false",
    "count([x | x := numbers.range(0, 1000000)]) == 0",
    "count({x | x := split(input.text, \"x\")[_]}) == 0",
    "every x in [1] { not sort(input.list) == x }",
    "not object.subset(input.list, input.list)",
    "object.get({}, input.list, true)",
    "not walk(input.list, [[], 1])",
    "not sprintf(\"%1000000d\", [1]) == 2",
    "not strings.render_template(\"{{range .a}}x{{end}}\", {\"a\": input.list}) == 1",
};

static void a_budget_never_makes_an_answer(void **state)
{
    (void)state;
    unsigned failed = 0;
    size_t size = 400000, n = 0;
    char *input = malloc(size);
    n += (size_t)snprintf(input + n, size - n, "{\"text\": \"");
    memset(input + n, 'x', 100000);
    n += 100000;
    n += (size_t)snprintf(input + n, size - n, "\", \"list\": [0");
    for (int i = 0; i < 20000; i++)
        n += (size_t)snprintf(input + n, size - n, ",%d", i);
    n += (size_t)snprintf(input + n, size - n, "]}");
    writ_engine *engine = writ_engine_new();
    for (size_t i = 0; i < sizeof QUERIES / sizeof *QUERIES; i++)
        for (int strict = 0; strict < 2; strict++) {
            writ_error error = {0};
            writ_text answer;
            writ_query *q = writ_prepare(engine, QUERIES[i], &error);
            if (!q)
                fail_msg("%s: %s", QUERIES[i], error.text);
            writ_session *s = writ_session_new(engine);
            writ_set_strict(s, strict);
            writ_set_budget(s, &(writ_budget){.fuel = 200});
            writ_status status = writ_eval_json(s, q, input, n, &answer, &error);
            if (status != WRIT_BUDGET) {
                print_error("%s: %d %.200s %.*s\n", QUERIES[i], (int)status, error.text,
                            (int)(answer.length < 200 ? answer.length : 200), answer.bytes);
                failed++;
            }
            writ_session_free(s);
            writ_query_free(q);
        }
    writ_engine_free(engine);
    free(input);
    assert_int_equal(failed, 0);
}

/* What the session remembers of patterns, globs and schemas changes nothing. */
static void fuel_is_the_same_each_time(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "regex.match(input.p, \"aaa\")",
        "regex.find_n(input.p, \"aaa\", -1)",
        "regex.template_match(input.t, \"aaa\", \"{\", \"}\")",
        "glob.match(input.p, [], \"aaa\")",
        "json.match_schema({}, input.s)",
        "time.format([0, input.z])",
    };
    static const char input[] = "{\"p\": \"a*b\", \"t\": \"a{b*}\", \"s\": {\"type\": \"string\"}, "
                                "\"z\": \"Europe/Berlin\"}";
    writ_engine *engine = writ_engine_new();
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        writ_error error = {0};
        writ_text answer;
        writ_session *s = writ_session_new(engine);
        writ_query *q = writ_prepare(engine, queries[i], &error);
        assert_non_null(q);
        int64_t first = 0;
        for (int turn = 0; turn < 3; turn++) {
            assert_int_equal(writ_eval_json(s, q, input, sizeof input - 1, &answer, &error),
                             WRIT_OK);
            if (!turn)
                first = writ_fuel_used(s);
            assert_int_equal(writ_fuel_used(s), first);
        }
        writ_query_free(q);
        writ_session_free(s);
    }
    writ_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_budget_never_makes_an_answer),
        cmocka_unit_test(fuel_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
