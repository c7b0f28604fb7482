/* A budget that is met ends the evaluation with an error of its own. Policies that deny unless they
 * find nothing wrong run under every amount of fuel, under growing memory and cancelled at every
 * question: the outcome is the full answer or the budget's error, nothing else. */
#include "support.h"

/* Policies whose answer would turn if a part of them were taken for undefined, empty or false. */
static const char *const policies[] = {
    "default p := false\np if not bad\nbad if { some x in input.rows; x > 7 }",
    "p if not bad\nbad if { some x in input.rows; f(x) == 14 }\nf(x) := y if { y := x * 2 }",
    "p if { every x in input.rows { x < 100; not x == 8 } }",
    "p := count([x | some x in input.rows; not odd(x)])\nodd(x) if x % 2 == 1",
    "p := count(bad) == 0\nbad contains x if { some x in input.rows; x in {2, 4, 8} }",
    "p := sum([y | some x in input.rows; y := x]) > 3",
    "p if { not q with input.rows as [1, 2, 9] }\nq if { some x in input.rows; x > 8 }",
    "p if { not q with r as 3 }\nq if { some x in input.rows; x == r }\nr := 1",
    "p if { not q with f as g }\nq if { f(1) == 2 }\nf(x) := x\ng(x) := y if { some y in [2]; y > "
    "x }",
    "p if { not q with count as f }\nq if { count([1]) == 7 }\nf(x) := 7 if { some y in x; y == 1 "
    "}",
    "default p := \"closed\"\np := \"open\" if { not a; not b }\na if { some x in input.rows; x == "
    "1 }\n"
    "b if { some x in input.rows; x == 100 }",
    "p := {x: y | some x in input.rows; y := [z | some z in input.rows; z > x]}",
    "p := {x | some x in input.rows; every y in input.rows { y <= x }}",
    "p := o.a\no[k] := v if { some k in [\"a\", \"b\"]; v := [x | some x in input.rows; x > 4] }",
    "p := o\no[k][x] := true if { some k in [\"a\", \"b\"]; some x in input.rows; x > 5 }",
    "p := o\no[k] contains x if { some k in [\"a\", \"b\"]; some x in input.rows; x > 5 }",
    "p if { not m.k }\nm[k] if { some k in [\"j\", \"k\"]; every x in input.rows { x > 0 } }",
    "p := f(3)\nf(x) := \"big\" if { some y in input.rows; y > 100; x > 0 } else := \"small\" if { "
    "some y in input.rows; y == x } else := \"none\"",
    "p := [a, b] if { a := object.get(s, [\"k\"], \"none\"); b := s[input.name] }\n"
    "s.k := [x | some x in input.rows; x > 6]\ns.q if { some x in input.rows; x == 7 }",
    "p := [path | walk(input, [path, v]); not is_number(v)]",
    "p := concat(\",\", [s | some x in input.rows; s := sprintf(\"row %d of the rows\", [x])])",
    "p := regex.replace(concat(\"\", [s | some x in input.rows; s := format_int(x, 2)]), \"1+\", "
    "\"a\")",
    "p if { not graph.reachable({\"a\": [\"b\"], \"b\": [\"c\"]}, {\"a\"}) == {\"a\", \"b\"} }",
    "p := json.filter(input, [\"rows/1\", \"name\"])",
    "p if { not missing == set() }\nmissing := {1, 2, 99} - {x | some x in input.rows}",
    "default p := 0\np := 1 if { x := [1 | some y in input.rows; y > 7]; count(x) == 0 }",
    "p if { not a; not b; not c }\na if { b }\nb if { c }\nc if { some x in input.rows; x == 10 }",
    "p := [x, y] if { some x in input.rows; x == 3; some y in input.rows; y == 8 }",
};
#define N_POLICIES (sizeof policies / sizeof *policies)

static const char input[] = "{\"rows\": [1, 2, 3, 4, 5, 6, 7, 8], \"name\": \"q\"}";

typedef struct asked {
    bench b;
    char *full; /* the answer without budgets */
    int64_t fuel;
} asked;

static void ask_in_full(asked *a, const char *rules, unsigned off)
{
    char text[4096];
    snprintf(text, sizeof text, "package t\n%s\n", rules);
    bench_init(&a->b, text, off, 0);
    bench_ask(&a->b, "p", input, NULL); /* patterns are prepared once a session */
    a->full = wb_strdup(bench_ask(&a->b, "p", input, NULL));
    if (strstr(a->full, "error: "))
        fail_msg("%s\ngives %s", rules, a->full);
    a->fuel = wm_fuel_used(a->b.session);
}

static void asked_clear(asked *a)
{
    free(a->full);
    bench_free(&a->b);
}

/* The loop and the built-ins each have words for it. */
static bool out_of_fuel(const char *got)
{
    return strcmp(got, "error: evaluation ran out of fuel") == 0 ||
           (strncmp(got, "error: ", 7) == 0 && strstr(got, ": evaluation budget is used up"));
}

static bool cancelled(const char *got)
{
    return strcmp(got, "error: caller cancelled query execution") == 0 ||
           (strncmp(got, "error: ", 7) == 0 && strstr(got, ": timed out before finishing"));
}

static void every_amount_of_fuel(void **state)
{
    (void)state;
    int64_t all = 0;
    for (size_t i = 0; i < 2 * N_POLICIES; i++) {
        const char *rules = policies[i / 2];
        asked a;
        ask_in_full(&a, rules, i & 1 ? (1u << WC_PASS_COUNT) - 1 : 0);
        for (int64_t fuel = 1; fuel <= a.fuel + 2; fuel++) {
            wm_budget budget = {.fuel = fuel};
            const char *got = bench_ask(&a.b, "p", input, &budget);
            bool good = fuel < a.fuel ? out_of_fuel(got) : strcmp(got, a.full) == 0;
            if (!good)
                fail_msg("%s\nwith fuel %ld of %ld gives %s\nin full %s", rules, (long)fuel,
                         (long)a.fuel, got, a.full);
            if (fuel < a.fuel)
                assert_int_equal(wm_failed(a.b.session)->code, WP_EVAL_CANCEL_ERROR);
        }
        all += a.fuel;
        asked_clear(&a);
    }
    assert_true(all > 500); /* fuel is spent, or there was nothing to test */
}

/* The limits grow by pages; what an evaluation keeps comes to some hundred kilobytes by its rows.
 */
static void growing_memory(void **state)
{
    (void)state;
    static const char rows[] =
        "package t\nrows := numbers.range(1, 300)\nfull := [[x, sprintf(\"a row with the number "
        "%%d\", [x])] | some x in rows]\n%s\n";
    static const char *const memory[] = {
        "default p := false\np if not bad\nbad if { some x in full; x[0] > 299 }",
        "p := count({x[1] | some x in full}) == 300",
        "p if { every x in full { x[0] <= 300; not x[1] == \"none\" } }",
        "p := count(s)\ns contains x[1] if { some x in full }",
        "p := o[\"a row with the number 300\"]\no[x[1]] := [x, x] if { some x in full }",
        "p if { not q with input.rows as full }\nq if { input.rows[299][0] == 300 }",
        "default p := \"open\"\np := \"closed\" if { count([x | some x in full; x[0] > 250]) == 50 "
        "}",
        "p := f(full)\nf(x) := y if { y := [z | some z in x; startswith(z[1], \"a row\")][299] }",
    };
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        char text[4096];
        snprintf(text, sizeof text, rows, memory[i]);
        bench b;
        bench_init(&b, text, 0, 0);
        char *full = wb_strdup(bench_ask(&b, "p", NULL, NULL));
        assert_null(strstr(full, "error: "));
        bool short_of = false, enough = false;
        for (size_t limit = 4096; !enough; limit += 4096) {
            wm_limits limits = {.memory = limit, .seed = b.engine->seed};
            wm_session_free(b.session);
            b.session = wm_session_new(&limits);
            const char *got = bench_ask(&b, "p", NULL, NULL);
            enough = strcmp(got, full) == 0;
            short_of |= !enough;
            if (!enough && strcmp(got, "error: evaluation ran out of memory") != 0)
                fail_msg("%s\nwith %zu bytes gives %s\nnot %s", memory[i], limit, got, full);
            if (limit > (size_t)4 << 20)
                fail_msg("%s\nwants more than %zu bytes", memory[i], limit);
        }
        assert_true(short_of);
        free(full);
        bench_free(&b);
    }
}

typedef struct patience {
    unsigned left, asked;
} patience;

static bool after_a_while(const void *arg)
{
    patience *p = (patience *)(uintptr_t)arg;
    p->asked++;
    return p->left == 0 || --p->left == 0;
}

static void cancelled_at_every_question(void **state)
{
    (void)state;
    static const char *const slow[] = {
        "default p := false\np if not bad\nbad if { some x in r; x > 4999 }",
        "p if { every x in r { not f(x) == 6000 } }\nf(x) := x + 1",
        "p := count(s) == 5000\ns contains x if { some x in r }",
        "p if { not q with input.x as 1 }\nq if { some x in r; x < input.x }",
        "p := count([1 | some x in r; not x == 3])",
        "p if { not regex.match(\"^(a|b)*$\", concat(\"\", [s | some x in r; s := \"abc\"])) }",
    };
    unsigned questions = 0;
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
        char text[4096];
        snprintf(text, sizeof text, "package t\nr := numbers.range(1, 5000)\n%s\n", slow[i]);
        asked a;
        bench_init(&a.b, text, 0, 0);
        patience p = {.left = UINT32_MAX};
        wm_budget budget = {.cancelled = after_a_while, .cancel_arg = &p};
        a.full = wb_strdup(bench_ask(&a.b, "p", "{}", &budget));
        assert_null(strstr(a.full, "error: "));
        unsigned all = p.asked;
        assert_true(all > 2);
        for (unsigned at = 1; at <= all; at++) {
            p = (patience){.left = at};
            const char *got = bench_ask(&a.b, "p", "{}", &budget);
            if (!cancelled(got))
                fail_msg("%s\ncancelled at question %u gives %s", slow[i], at, got);
            questions++;
        }
        assert_string_equal(bench_ask(&a.b, "p", "{}", NULL), a.full);
        asked_clear(&a);
    }
    assert_true(questions > 20);
}

/* Documents asked by a path known only at run time run the loop again: so deep, and no deeper. */
static void depth_ends_with_an_error(void **state)
{
    (void)state;
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    char name[32], text[256];
    const unsigned deep = WM_REENTRY_MAX + 20;
    for (unsigned i = 0; i <= deep; i++) {
        snprintf(name, sizeof name, "m%u.rego", i);
        int n = i < deep ? snprintf(text, sizeof text,
                                    "package a%u\nr if data.a%u[input.name]\nok if not "
                                    "data.a%u[input.name]\n",
                                    i, i + 1, i + 1)
                         : snprintf(text, sizeof text, "package a%u\nr := true\nok := true\n", i);
        assert_int_equal(writ_add_policy(e, name, text, (size_t)n, &error), WRIT_OK);
    }
    writ_session *s = writ_session_new(e);
    for (unsigned from = 0; from < deep; from += deep / 22) {
        writ_text answer;
        snprintf(text, sizeof text, "data.a%u.ok", from);
        writ_query *q = writ_prepare(e, text, &error);
        assert_non_null(q);
        writ_status status = writ_eval_json(s, q, "{\"name\": \"r\"}", 13, &answer, &error);
        if (deep - from >= WM_REENTRY_MAX) {
            assert_int_equal(status, WRIT_BUDGET);
            assert_non_null(strstr(error.text, "evaluation is nested too deeply"));
        } else {
            assert_int_equal(status, WRIT_UNDEFINED); /* r is true all the way down */
        }
        writ_query_free(q);
    }
    writ_session_free(s);
    writ_engine_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_amount_of_fuel),
        cmocka_unit_test(growing_memory),
        cmocka_unit_test(cancelled_at_every_question),
        cmocka_unit_test(depth_ends_with_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
