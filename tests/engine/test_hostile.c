/* Policies made to break or to stall: an answer or a clear error, in bounded time and memory. */
#include "writ.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define TEXT_MAX_BYTES ((size_t)64 << 20)

/* Of the processor: what else the machine does is no matter. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Compiles and asks; the answer, "undefined", or the error's text, cut. Frees the text. */
static const char *ask(wb_buf *text, const char *query, const char *input)
{
    static char out[400];
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    writ_text answer;
    snprintf(out, sizeof out, "undefined");
    if (writ_add_policy(e, "t.rego", text->p, text->n, &error) != WRIT_OK) {
        snprintf(out, sizeof out, "%.390s", error.text);
    } else {
        writ_query *q = writ_prepare(e, query, &error);
        if (!q) {
            snprintf(out, sizeof out, "%.390s", error.text);
        } else {
            writ_session *s = writ_session_new(e);
            writ_budget budget = {.fuel = 100000000};
            writ_set_budget(s, &budget);
            writ_status status =
                writ_eval_json(s, q, input, input ? strlen(input) : 0, &answer, &error);
            if (status == WRIT_OK)
                snprintf(out, sizeof out, "%.*s", (int)(answer.length < 390 ? answer.length : 390),
                         answer.bytes);
            else if (status != WRIT_UNDEFINED)
                snprintf(out, sizeof out, "%.390s", error.text);
            writ_session_free(s);
            writ_query_free(q);
        }
    }
    writ_engine_free(e);
    wb_buf_free(text);
    return out;
}

static void start(wb_buf *b)
{
    wb_buf_init(b, TEXT_MAX_BYTES);
    wb_buf_puts(b, "package t\n");
}

static void many_rules_of_one_name(void **state)
{
    (void)state;
    wb_buf b;
    start(&b);
    for (int i = 0; i < 10000; i++)
        wb_buf_putf(&b, "p := %d if { input.x == %d }\n", i, i);
    assert_string_equal(ask(&b, "data.t.p", "{\"x\": 9999}"), "9999");
    start(&b);
    for (int i = 0; i < 10000; i++)
        wb_buf_putf(&b, "p contains %d if { input.x >= %d }\n", i, i);
    assert_string_equal(ask(&b, "data.t.p[9998]", "{\"x\": 9999}"), "9998");
    start(&b);
    for (int i = 0; i < 10000; i++)
        wb_buf_putf(&b, "p[%d] := %d if { input.x >= %d }\n", i, i + 1, i);
    wb_buf_puts(&b, "n := count(p)\n");
    assert_string_equal(ask(&b, "data.t.n", "{\"x\": 9999}"), "10000");
    start(&b);
    for (int i = 0; i < 10000; i++)
        wb_buf_putf(&b, "f(x) := %d if { x == %d }\n", i, i);
    assert_string_equal(ask(&b, "x := data.t.f(7)", NULL),
                        "[{\"bindings\":{\"x\":7},\"expressions\":[true]}]");
}

static double time_of_rules(int n)
{
    wb_buf b;
    start(&b);
    for (int i = 0; i < n; i++)
        wb_buf_putf(&b, "rule_%d if { input.x == %d }\n", i, i);
    double from = seconds();
    assert_string_equal(ask(&b, "data.t.rule_77", "{\"x\": 77}"), "true");
    return seconds() - from;
}

/* Bounded time, with room for slow machines and sanitizers. */
static void many_rules_in_a_package(void **state)
{
    (void)state;
    double took = time_of_rules(4000);
    print_message("4,000 rules: %.2f s\n", took);
    assert_true(took < 60);
}

static void a_chain_of_rules(void **state)
{
    (void)state;
    wb_buf b;
    start(&b);
    for (int i = 0; i < 5000; i++)
        wb_buf_putf(&b, "r%d := r%d + 1\n", i, i + 1);
    wb_buf_puts(&b, "r5000 := 0\n");
    const char *got = ask(&b, "data.t.r0", NULL);
    if (strcmp(got, "5000") != 0 && !strstr(got, "too deeply"))
        fail_msg("%s", got);
    /* Through `not`: too deep is an error, never true. */
    start(&b);
    for (int i = 0; i < 3000; i++)
        wb_buf_putf(&b, "r%d if { not not_r%d }\nnot_r%d if { not r%d }\n", i, i, i, i + 1);
    wb_buf_puts(&b, "r3000 if { input.x == 1 }\n");
    got = ask(&b, "data.t.r0", "{\"x\": 2}");
    if (strcmp(got, "undefined") != 0 && !strstr(got, "too deeply"))
        fail_msg("%s", got);
}

static void many_locals(void **state)
{
    (void)state;
    wb_buf b;
    for (int n = 1000; n <= 10000; n *= 10) {
        start(&b);
        wb_buf_puts(&b, "p := v if {\n");
        for (int i = 0; i < n; i++)
            wb_buf_putf(&b, "  v%d := input.x + %d\n", i, i);
        wb_buf_puts(&b, "  v := sum([v0");
        for (int i = 1; i < n; i++)
            wb_buf_putf(&b, ", v%d", i);
        wb_buf_puts(&b, "])\n}\n");
        const char *got = ask(&b, "data.t.p", "{\"x\": 1}");
        if (n == 1000)
            assert_string_equal(got, "500500");
        else if (strcmp(got, "50005000") != 0)
            assert_non_null(strstr(got, "too large"));
    }
}

static void large_literals(void **state)
{
    (void)state;
    wb_buf b;
    start(&b);
    wb_buf_puts(&b, "p := count([input.x");
    for (int i = 1; i < 5000; i++)
        wb_buf_putf(&b, ", input.x");
    wb_buf_puts(&b, "])\n");
    const char *got = ask(&b, "data.t.p", "{\"x\": 1}");
    if (strcmp(got, "5000") != 0)
        assert_non_null(strstr(got, "too large"));
    start(&b);
    wb_buf_puts(&b, "p := count({0");
    for (int i = 1; i < 200000; i++)
        wb_buf_putf(&b, ", %d", i);
    wb_buf_puts(&b, "})\n");
    assert_string_equal(ask(&b, "data.t.p", NULL), "200000");
    start(&b);
    wb_buf_puts(&b, "p := count({\"k\": input.x");
    for (int i = 1; i < 5000; i++)
        wb_buf_putf(&b, ", \"k%d\": input.x", i);
    wb_buf_puts(&b, "})\n");
    got = ask(&b, "data.t.p", "{\"x\": 1}");
    if (strcmp(got, "5000") != 0)
        assert_non_null(strstr(got, "too large"));
}

static void long_else_chain(void **state)
{
    (void)state;
    wb_buf b;
    start(&b);
    wb_buf_puts(&b, "p := 0 if { input.x == 0 }");
    for (int i = 1; i < 5000; i++)
        wb_buf_putf(&b, " else := %d if { input.x == %d }", i, i);
    wb_buf_puts(&b, "\n");
    const char *got = ask(&b, "data.t.p", "{\"x\": 4999}");
    if (strcmp(got, "4999") != 0)
        assert_non_null(strstr(got, "error"));
}

/* open, n times; middle; close, n times. */
static void nest(wb_buf *b, const char *head, const char *open, const char *middle,
                 const char *close, int n)
{
    wb_buf_puts(b, head);
    for (int i = 0; i < n; i++)
        wb_buf_puts(b, open);
    wb_buf_puts(b, middle);
    for (int i = 0; i < n; i++)
        wb_buf_puts(b, close);
    wb_buf_puts(b, "\n");
}

static void deep_nesting(void **state)
{
    (void)state;
    static const struct {
        const char *head, *open, *middle, *close;
    } rows[] = {
        {"p := ", "[", "input.x", "]"},
        {"p := ", "{", "input.x", "}"},
        {"p := ", "{\"a\": ", "input.x", "}"},
        {"p := ", "(", "input.x", ")"},
        {"p := ", "[x | x := ", "input.x", "]"},
        {"p := ", "count([", "input.x", "])"},
        {"p := ", "(1 + ", "input.x", ")"},
        {"p := ", "input[", "input.x", "]"},
        {"p if { ", "every x in [1] { ", "input.x == x", " }"},
        {"p if { not ", "{ y | y := 1; not ", "input.x", "}"},
        {"p := input.x", ".a", "", ""},
        {"p if { [", "[", "x", "]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int n = 50; n <= 20000; n *= 20) {
            wb_buf b;
            start(&b);
            nest(&b, rows[i].head, rows[i].open, rows[i].middle, rows[i].close, n);
            if (strstr(rows[i].head, "{ ["))
                wb_buf_puts(&b, "] = input.list; x }\n");
            else if (strstr(rows[i].head, "{"))
                wb_buf_puts(&b, "}\n");
            const char *got = ask(&b, "data.t.p", "{\"x\": 1, \"list\": [[1]]}");
            assert_true(got[0] != 0);
        }
    }
}

/* Each level has variables of its own, and closures in closures: what is found of one level must
 * not be found again for all around it. */
static void deep_closures(void **state)
{
    (void)state;
    static const struct {
        const char *head, *open, *middle, *close;
    } rows[] = {
        {"p if { ", "every x in [1] { x > 0; y := x; ", "input.x", " }"},
        {"p if { ", "every x in [1] { x > 0; 1 in [y | y := 1; ", "input.x", "] }"},
        {"p if { ", "every x in [y | y := 1; ", "input.x", "] { x > 0 }"},
        {"p if { ", "every x in [y | y := z; ", "input.x", "] { z := 1; x > 0 }"},
        {"p if { ", "not { z > 0; 1 in [y | y := 1; ", "input.x", "]; z := 1 }"},
        {"p if { ", "{ 1 in [y | y := 1; ", "input.x", "] } and true"},
        {"p if { ", "{ x := input.x; ", "input.x", " } or true"},
        {"p := ", "[y | y := 1; z := ", "input.x", "]"},
        {"p := ", "[y | some y; input[y]; z := ", "input.x", "]"},
        {"p := ", "[", "input.x", " | some y; input[y]; y > 0]"},
        {"p := ", "{", "1", ": 1}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_buf b;
        start(&b);
        wb_buf_puts(&b, "import future.keywords.not\nimport future.keywords.and\n"
                        "import future.keywords.or\n");
        nest(&b, rows[i].head, rows[i].open, rows[i].middle, rows[i].close, 1500);
        if (strstr(rows[i].head, "if {"))
            wb_buf_puts(&b, "}\n");
        double from = seconds();
        const char *got = ask(&b, "data.t.p", "{\"x\": 1}");
        assert_true(got[0] != 0);
        if (seconds() - from > 30)
            fail_msg("%s%s takes %.1f s", rows[i].head, rows[i].open, seconds() - from);
    }
}

static void recursion_by_other_ways(void **state)
{
    (void)state;
    static const struct {
        const char *text, *query;
    } rows[] = {
        {"p := data.t[input.x]\n", "data.t.p"},
        {"p if { q with input as 1 }\nq if { p }\n", "data.t.p"},
        {"p if { f(1) }\nf(x) if { p }\n", "data.t.p"},
        {"p if { count([1]) with count as f }\nf(x) := y if { y := p }\n", "data.t.p"},
        {"p := [x | some x in data.t]\n", "data.t.p"},
        {"p if { every x in q { x } }\nq := [p]\n", "data.t.p"},
        {"p if { data[input.a][input.b] }\n", "data.t.p"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_buf b;
        start(&b);
        wb_buf_puts(&b, rows[i].text);
        const char *got = ask(&b, rows[i].query, "{\"x\": \"p\", \"a\": \"t\", \"b\": \"p\"}");
        if (!strstr(got, "rego_recursion_error"))
            fail_msg("%s gives %s", rows[i].text, got);
    }
    /* A function that stands in for another may lead back only at run time. */
    static const char *const late[] = {
        "f(x) := g(x) with data.t.g as data.t.f\ng(x) := x\n",
        "f(x) := y if { y := g(x) with data.t.g as data.t.h }\ng(x) := x\nh(x) := g(x) + 1\n"
        "p := f(1)\n",
        "p if { q with count as g }\nq if { count([1]) == 1 }\ng(x) := y if { y := count(x) }\n",
    };
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        wb_buf b;
        start(&b);
        wb_buf_puts(&b, late[i]);
        assert_true(ask(&b, "data.t.p", NULL)[0] != 0);
    }
}

static void costly_built_ins_are_charged(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "p := count(numbers.range(0, 1000000000000))\n",
        "p := x if { x := concat(\"\", [y | some i in numbers.range(0, 5000000); y := "
        "\"0123456789\"]) }\n",
        "p := x if { a := numbers.range(0, 20000); x := count([1 | some i in a; some j in a]) }\n",
        "p if { not big }\nbig if { count(numbers.range(0, 1000000000000)) > 0 }\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_buf b;
        start(&b);
        wb_buf_puts(&b, rows[i]);
        double from = seconds();
        const char *got = ask(&b, "data.t.p", NULL);
        if (!strstr(got, "eval_cancel_error") && !strstr(got, "0123456789"))
            fail_msg("%s gives %s", rows[i], got);
        assert_true(seconds() - from < 120);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_rules_of_one_name),
        cmocka_unit_test(many_rules_in_a_package),
        cmocka_unit_test(a_chain_of_rules),
        cmocka_unit_test(many_locals),
        cmocka_unit_test(large_literals),
        cmocka_unit_test(long_else_chain),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(deep_closures),
        cmocka_unit_test(recursion_by_other_ways),
        cmocka_unit_test(costly_built_ins_are_charged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
