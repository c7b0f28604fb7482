/* The worked example of writ.h, and every promise that header makes to a host. */
#include "writ.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char authz[] = "package authz\n"
                            "default allow := false\n"
                            "allow if {\n"
                            "    some role in data.roles[input.user]\n"
                            "    role == \"admin\"\n"
                            "}\n"
                            "missing if input.nothing\n"
                            "no := false\n";
#define ROLES "{\"roles\": {\"alice\": [\"dev\", \"admin\"], \"bob\": [\"dev\"]}}"

static void add(writ_engine *e, const char *name, const char *text)
{
    writ_error error = {0};
    if (writ_add_policy(e, name, text, strlen(text), &error) != WRIT_OK)
        fail_msg("%s: %s", name, error.text);
}

static writ_query *prepare(writ_engine *e, const char *query)
{
    writ_error error = {0};
    writ_query *q = writ_prepare(e, query, &error);
    if (!q)
        fail_msg("%s: %s", query, error.text);
    return q;
}

static void set_data(writ_engine *e, const char *json)
{
    writ_error error = {0};
    if (writ_set_data(e, json, strlen(json), &error) != WRIT_OK)
        fail_msg("%s", error.text);
}

/* The answer as text; "undefined" for none; the error's status and text otherwise. */
static const char *ask(writ_session *s, const writ_query *q, const char *input)
{
    static _Thread_local char out[8192];
    writ_text answer;
    writ_error error = {0};
    writ_status status = writ_eval_json(s, q, input, input ? strlen(input) : 0, &answer, &error);
    if (status == WRIT_UNDEFINED)
        return "undefined";
    if (status == WRIT_OK)
        snprintf(out, sizeof out, "%.*s", (int)answer.length, answer.bytes);
    else
        snprintf(out, sizeof out, "%d %s", (int)status, error.text);
    return out;
}

/* One module, one query, one input. */
static const char *run(const char *module, const char *query, const char *input)
{
    static char out[8192];
    writ_engine *e = writ_engine_new();
    add(e, "t.rego", module);
    writ_query *q = prepare(e, query);
    writ_session *s = writ_session_new(e);
    snprintf(out, sizeof out, "%s", ask(s, q, input));
    writ_session_free(s);
    writ_query_free(q);
    writ_engine_free(e);
    return out;
}

static void worked_example(void **state)
{
    (void)state;
    const char *input = "{\"user\": \"alice\"}";
    writ_engine *engine = writ_engine_new();
    writ_error error = {0};
    assert_int_equal(writ_add_policy(engine, "authz.rego", authz, strlen(authz), &error), WRIT_OK);
    assert_int_equal(writ_set_data(engine, ROLES, strlen(ROLES), &error), WRIT_OK);
    writ_query *allow = writ_prepare(engine, "data.authz.allow", &error);
    assert_non_null(allow);
    writ_session *session = writ_session_new(engine);
    writ_text answer;
    assert_int_equal(writ_eval_json(session, allow, input, strlen(input), &answer, &error),
                     WRIT_OK);
    assert_int_equal(answer.length, 4);
    assert_memory_equal(answer.bytes, "true", 4);
    assert_string_equal(ask(session, allow, "{\"user\": \"bob\"}"), "false");
    assert_string_equal(ask(session, allow, NULL), "false");
    writ_session_free(session);
    writ_query_free(allow);
    writ_engine_free(engine);
}

static void undefined_is_not_false(void **state)
{
    (void)state;
    static const struct {
        const char *query, *want;
    } rows[] = {
        {"data.authz.missing", "undefined"},
        {"data.authz.no", "false"},
        {"data.authz.nosuch", "undefined"},
        {"data.nosuch.at.all", "undefined"},
        {"data.authz.no == false", "[{\"expressions\":[true]}]"},
        {"not data.authz.no", "[{\"expressions\":[true]}]"},
        {"not data.authz.missing", "[{\"expressions\":[true]}]"},
        {"data.authz.missing; true", "undefined"},
        {"x := data.roles.bob[_]", "[{\"bindings\":{\"x\":\"dev\"},\"expressions\":[true]}]"},
        {"data.authz", "{\"allow\":false,\"no\":false}"},
        {"data.roles.alice[1]", "\"admin\""},
    };
    writ_engine *e = writ_engine_new();
    add(e, "authz.rego", authz);
    set_data(e, ROLES);
    writ_session *s = writ_session_new(e);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        writ_query *q = prepare(e, rows[i].query);
        assert_string_equal(ask(s, q, "{}"), rows[i].want);
        writ_query_free(q);
    }
    writ_session_free(s);
    writ_engine_free(e);
}

static void parsed_values(void **state)
{
    (void)state;
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    add(e, "t.rego",
        "package t\nsum_of := [x | some x in input.list]\nkinds := {\"n\": null, \"b\": true, "
        "\"i\": 7.0, \"s\": \"a\\u0000b\", \"a\": [1], \"set\": {3, 1}, \"o\": {\"k\": 1.5}}\n");
    writ_query *sum = prepare(e, "data.t.sum_of"), *kinds = prepare(e, "data.t.kinds");
    const char *json = "{\"list\": [1, \"two\", 3]}";
    writ_document *d = writ_document_new(e, json, strlen(json), &error);
    assert_non_null(d);
    writ_session *s = writ_session_new(e);
    writ_value v, none;
    assert_int_equal(writ_eval(s, sum, writ_document_value(d), &v, &error), WRIT_OK);
    assert_int_equal(writ_kind_of(v), WRIT_KIND_ARRAY);
    assert_int_equal(writ_count(v), 3);
    writ_value two = writ_item(v, 1);
    assert_int_equal(writ_string(&two).length, 3);
    assert_memory_equal(writ_string(&two).bytes, "two", 3);
    int64_t i;
    double f;
    assert_true(writ_int64(writ_item(v, 2), &i) && i == 3);
    assert_false(writ_int64(two, &i));

    assert_int_equal(writ_eval(s, kinds, WRIT_NO_VALUE, &v, &error), WRIT_OK);
    assert_int_equal(writ_kind_of(v), WRIT_KIND_OBJECT);
    assert_int_equal(writ_count(v), 7);
    assert_int_equal(writ_kind_of(writ_member(v, "n", 1)), WRIT_KIND_NULL);
    assert_int_equal(writ_kind_of(writ_member(v, "b", 1)), WRIT_KIND_BOOLEAN);
    assert_true(writ_boolean(writ_member(v, "b", 1)));
    assert_false(writ_boolean(writ_member(v, "n", 1)));
    assert_int_equal(writ_kind_of(writ_member(v, "nosuch", 6)), WRIT_KIND_UNDEFINED);
    assert_true(writ_int64(writ_member(v, "i", 1), &i) && i == 7);
    assert_true(writ_double(writ_member(writ_member(v, "o", 1), "k", 1), &f) && f == 1.5);
    assert_false(writ_int64(writ_member(writ_member(v, "o", 1), "k", 1), &i));
    writ_value nul = writ_member(v, "s", 1);
    assert_int_equal(writ_string(&nul).length, 3);
    assert_memory_equal(writ_string(&nul).bytes, "a\0b", 3);
    writ_value set = writ_member(v, "set", 3);
    assert_int_equal(writ_kind_of(set), WRIT_KIND_SET);
    assert_true(writ_int64(writ_item(set, 0), &i) && i == 1);
    writ_value key = writ_key(v, 0);
    assert_memory_equal(writ_string(&key).bytes, "a", 1);

    /* Without an input, `input` is undefined; the answer is the empty comprehension. */
    assert_int_equal(writ_eval(s, sum, WRIT_NO_VALUE, &none, &error), WRIT_OK);
    assert_int_equal(writ_count(none), 0);
    writ_session_free(s);
    writ_document_free(d);
    writ_query_free(sum);
    writ_query_free(kinds);
    writ_engine_free(e);
}

/* ---- budgets ---- */

static bool now(void *argument)
{
    int *asked = argument;
    ++*asked;
    return true;
}

/* Each would answer true, false or undefined if a budget were mistaken for undefined. `big` has a
 * thousand elements; the work is a million turns. */
static const char *const spenders[] = {
    "p if { not deep }\n",
    "p := false if deep\nelse := true\n",
    "default p := true\np := false if deep\n",
    "p if { every x in big { every y in big { x + y >= 0 } } }\n",
    "p if { not every_one }\nevery_one if { every x in big { deep; x >= 0 } }\n",
    "p if { count([1 | deep]) == 0 }\n",
    "p if { count({x | some x in big; not deep}) > 0 }\n",
    "p if { {k: v | some k, v in big; f(k) == 0} == {} }\n",
    "p if { not f(1) }\nf(x) := 1 if { deep; x == 1 }\n",
    "p := object.get({\"a\": f(1)}, \"a\", true)\nf(x) := 1 if { deep; x == 1 }\n",
    "p if { not q.a }\nq[k] := 1 if { some k in [\"a\", \"b\"]; deep }\n",
    "p if { not s[3] }\ns contains x if { some x in [3, 4]; deep }\n",
    "p if { not data.lib[input.name] }\n",
    "p if { not deep with input.x as 1 }\n",
    "p if { not count(big) == 0 with count as g }\ng(x) := 0 if { deep }\n",
    "p if { x := [y | some y in big; deep] } else := true\n",
};
static const char slow[] = "f(x) := 0 if { deep; x == 1 }\n";
static const char common[] = "package t\nbig := numbers.range(0, 999)\n"
                             "deep if { some x in big; some y in big; x + y == 5000 }\n";

static void budgets_are_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spenders / sizeof *spenders; i++) {
        char text[2048];
        bool needs_f = strstr(spenders[i], "f(") && !strstr(spenders[i], "f(x) :=");
        snprintf(text, sizeof text, "%s%s%s", common, needs_f ? slow : "", spenders[i]);
        writ_engine *e = writ_engine_new();
        add(e, "t.rego", text);
        add(e, "lib.rego",
            "package lib\ndeep if { some x in numbers.range(0, 999); "
            "some y in numbers.range(0, 999); x + y == 5000 }\n");
        writ_query *q = prepare(e, "data.t.p");
        writ_session *s = writ_session_new(e);
        const char *input = "{\"name\": \"deep\"}";
        int asked = 0;
        writ_budget budgets[] = {{.fuel = 20000},
                                 {.fuel = 1},
                                 {.deadline_ms = 1},
                                 {.cancelled = now, .argument = &asked}};
        for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
            for (int strict = 0; strict < 2; strict++) {
                writ_text answer;
                writ_error error = {0};
                writ_set_budget(s, &budgets[b]);
                writ_set_strict(s, strict);
                writ_status status = writ_eval_json(s, q, input, strlen(input), &answer, &error);
                if (status != WRIT_BUDGET)
                    fail_msg("budget %zu of %s: %d %.*s %s", b, spenders[i], (int)status,
                             (int)answer.length, answer.bytes, error.text);
                assert_string_equal(error.code, "eval_cancel_error");
            }
        }
        assert_true(asked > 0);
        /* Every amount of fuel that does not suffice is an error as well. */
        writ_set_budget(s, NULL);
        writ_set_strict(s, false);
        char full[8192];
        snprintf(full, sizeof full, "%s", ask(s, q, input));
        int64_t needed = writ_fuel_used(s);
        for (int64_t fuel = 1; fuel < needed; fuel += fuel < 40 ? 1 : needed / 7) {
            writ_budget part = {.fuel = fuel};
            writ_set_budget(s, &part);
            const char *got = ask(s, q, input);
            if (strncmp(got, "-3 ", 3) != 0)
                fail_msg("fuel %lld of %lld of %s: %s", (long long)fuel, (long long)needed,
                         spenders[i], got);
        }
        writ_budget enough = {.fuel = needed + 1};
        writ_set_budget(s, &enough);
        assert_string_equal(ask(s, q, input), full);
        writ_session_free(s);
        writ_query_free(q);
        writ_engine_free(e);
    }
}

/* ---- host functions ---- */

typedef struct host_state {
    int calls;
    int fail_at;
} host_state;

static writ_value greet(writ_call *call, const writ_value *args, unsigned count, void *argument)
{
    host_state *h = argument;
    h->calls++;
    if (count != 1)
        return writ_call_fail(call, "greet wants one argument");
    writ_text name = writ_string(&args[0]);
    if (name.length == 0)
        return writ_call_fail(call, "nobody to greet");
    if (name.length == 1)
        return WRIT_NO_VALUE;
    char text[64];
    int n = snprintf(text, sizeof text, "hello %.*s", (int)name.length, name.bytes);
    return writ_make_string(call, text, (size_t)n);
}

static writ_value tick(writ_call *call, const writ_value *args, unsigned count, void *argument)
{
    (void)args;
    (void)count;
    host_state *h = argument;
    return writ_make_int64(call, ++h->calls);
}

static writ_value shapes(writ_call *call, const writ_value *args, unsigned count, void *argument)
{
    (void)argument;
    (void)count;
    static const char json[] = "{\"a\": [1, {\"b\": null}]}";
    int64_t which = 0;
    if (!writ_int64(args[0], &which))
        return args[0];
    switch (which) {
    case 0: return writ_make_null();
    case 1: return writ_make_boolean(false);
    case 2: return writ_make_json(call, json, sizeof json - 1);
    case 3: return writ_make_json(call, "{bad", 4);
    default: return WRIT_NO_VALUE;
    }
}

static void host_functions(void **state)
{
    (void)state;
    host_state pure = {0}, impure = {0};
    writ_error error = {0};
    writ_engine *e = writ_engine_new();
    assert_int_equal(writ_add_function(e, "host.greet", "(name: string) => (text: string)", true,
                                       greet, &pure, &error),
                     WRIT_OK);
    assert_int_equal(writ_add_function(e, "host.tick", "(n: number) => (n: number)", false, tick,
                                       &impure, &error),
                     WRIT_OK);
    assert_int_equal(
        writ_add_function(e, "host.shapes", "(n: any) => (x: any)", true, shapes, NULL, &error),
        WRIT_OK);
    /* A second one of that name, or one of a built-in's, is refused. */
    assert_int_equal(
        writ_add_function(e, "count", "(n: any) => (x: any)", true, shapes, NULL, &error),
        WRIT_INVALID);
    assert_int_equal(writ_add_function(e, "host.bad", "no declaration", true, shapes, NULL, &error),
                     WRIT_INVALID);
    add(e, "t.rego",
        "package t\n"
        "hi := host.greet(\"anna\")\n"
        "none if { not host.greet(\"x\") }\n"
        "fails if { not host.greet(\"\") }\n"
        "same if { host.tick(1) == host.tick(1) }\n"
        "other if { host.tick(1) != host.tick(2) }\n"
        "all := [x | some n in [0, 1, 2, 4, \"s\", {3}]; x := host.shapes(n)]\n"
        "mocked := x if { x := host.greet(\"anna\") with host.greet as \"mock\" }\n");
    static const struct {
        const char *query, *want, *strict;
    } rows[] = {
        {"data.t.hi", "\"hello anna\"", NULL},
        {"data.t.none", "true", NULL},
        {"data.t.fails", "true", "-2 t.rego:4: eval_builtin_error: host.greet: nobody to greet"},
        {"data.t.same", "true", NULL},
        {"data.t.other", "true", NULL},
        {"data.t.all", "[null,false,{\"a\":[1,{\"b\":null}]},\"s\",[3]]", NULL},
        {"data.t.mocked", "\"mock\"", NULL},
    };
    writ_session *s = writ_session_new(e);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        writ_query *q = prepare(e, rows[i].query);
        writ_set_strict(s, false);
        assert_string_equal(ask(s, q, NULL), rows[i].want);
        writ_set_strict(s, true);
        assert_string_equal(ask(s, q, NULL), rows[i].strict ? rows[i].strict : rows[i].want);
        writ_query_free(q);
    }
    assert_true(pure.calls > 0 && impure.calls > 0);
    writ_session_free(s);
    writ_engine_free(e);
}

/* ---- errors ---- */

static void errors_have_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *want;
        unsigned row;
    } rows[] = {
        {"package t\np :=", "rego_parse_error", "t.rego:2: rego_parse_error", 2},
        {"package t\np if {\n  x\n}", "rego_unsafe_var_error",
         "t.rego:3: rego_unsafe_var_error: var x is unsafe", 3},
        {"package t\n\np := q\nq := p", "rego_recursion_error",
         "rego_recursion_error: rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.p", 3},
        {"package t\np := nosuch(1)", "rego_type_error",
         "t.rego:2: rego_type_error: undefined function nosuch", 2},
        {"package t\np if { x := 1; x := 2 }", "rego_compile_error",
         "t.rego:2: rego_compile_error: var x assigned above", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        writ_engine *e = writ_engine_new();
        writ_error error = {0};
        writ_status status =
            writ_add_policy(e, "t.rego", rows[i].text, strlen(rows[i].text), &error);
        if (status == WRIT_OK)
            assert_null(writ_prepare(e, "data.t.p", &error));
        if (!strstr(error.text, rows[i].want))
            assert_string_equal(error.text, rows[i].want);
        assert_int_equal(error.status, WRIT_INVALID);
        assert_string_equal(error.code, rows[i].code);
        assert_string_equal(error.file, "t.rego");
        assert_int_equal(error.row, rows[i].row);
        assert_true(error.column > 0);
        /* NULL for the error is allowed. */
        assert_int_equal(writ_add_policy(e, "u.rego", "package", 7, NULL), WRIT_INVALID);
        assert_null(writ_prepare(e, "data.t.p[", NULL));
        writ_engine_free(e);
    }
}

static void conflicts_have_places(void **state)
{
    (void)state;
    static const char text[] = "package t\np := 1 if { input.a }\np := 2 if { input.b }\n"
                               "q if { not p }\nr if { every x in [1] { p == x } }\n"
                               "o := {k: v | some v in [1, 2]; k := \"same\"}\n"
                               "f(x) := 1 if { x > 0 }\nf(x) := 2 if { x > 1 }\ng := f(2)\n";
    static const struct {
        const char *query, *want;
    } rows[] = {
        {"data.t.p", "t.rego:3: eval_conflict_error: rule data.t.p produced conflicting values:"
                     "\n  1 at t.rego:2\n  2 at t.rego:3"},
        {"data.t.q", "eval_conflict_error: rule data.t.p produced conflicting values"},
        {"data.t.r", "eval_conflict_error: rule data.t.p produced conflicting values"},
        {"data.t.o", "t.rego:6: eval_conflict_error: object keys must be unique"},
        {"data.t.g", "eval_conflict_error: function data.t.f produced conflicting values for the "
                     "same inputs"},
        {"x := data.t.p", "eval_conflict_error: rule data.t.p produced conflicting values"},
    };
    writ_engine *e = writ_engine_new();
    add(e, "t.rego", text);
    writ_session *s = writ_session_new(e);
    const char *input = "{\"a\": true, \"b\": true}";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int strict = 0; strict < 2; strict++) {
            writ_query *q = prepare(e, rows[i].query);
            writ_error error = {0};
            writ_text answer;
            writ_set_strict(s, strict);
            assert_int_equal(writ_eval_json(s, q, input, strlen(input), &answer, &error),
                             WRIT_EVAL);
            assert_string_equal(error.code, "eval_conflict_error");
            if (!strstr(error.text, rows[i].want))
                assert_string_equal(error.text, rows[i].want);
            assert_true(error.row > 0);
            assert_string_equal(error.file, "t.rego");
            /* The session goes on with the next evaluation as if nothing had been. */
            writ_query *one = prepare(e, "data.t.p");
            assert_string_equal(ask(s, one, "{\"b\": true}"), "2");
            writ_query_free(one);
            writ_query_free(q);
        }
    }
    writ_session_free(s);
    writ_engine_free(e);
}

static void bad_documents(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {{"", 0},       {"{", 1},  {"{} x", 4},      {"\"\xff\"", 3}, {"[1,]", 4},
               {"\"\0\"", 3}, {"01", 2}, {"{\"a\" 1}", 7}, {"\"\xc3\"", 3}, {"\"\xed\xa0\x80\"", 5},
               {"nul", 3},    {"1e", 2}};
    writ_engine *e = writ_engine_new();
    add(e, "t.rego", "package t\np := input\n");
    writ_query *q = prepare(e, "data.t.p");
    writ_session *s = writ_session_new(e);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        writ_text answer;
        writ_error error = {0};
        writ_status status = writ_eval_json(s, q, bad[i].bytes, bad[i].n, &answer, &error);
        if (status == WRIT_OK) /* a text may be read as the encoding's replacement character */
            assert_non_null(strstr(answer.bytes, "\xef\xbf\xbd"));
        else
            assert_int_equal(status, WRIT_INVALID);
        writ_document *d = writ_document_new(e, bad[i].bytes, bad[i].n, &error);
        assert_int_equal(d != NULL, status == WRIT_OK);
        writ_document_free(d);
        /* All base data is an object. */
        assert_int_equal(writ_set_data(e, bad[i].bytes, bad[i].n, &error), WRIT_INVALID);
    }
    writ_error error = {0};
    assert_int_equal(writ_set_data(e, "[1]", 3, &error), WRIT_INVALID);
    assert_string_equal(ask(s, q, "\"a\\u0000b\""), "\"a\\u0000b\"");
    assert_string_equal(ask(s, q, "{\"\\u0000\": \"\\u00e9\"}"), "{\"\\u0000\":\"\xc3\xa9\"}");
    writ_session_free(s);
    writ_query_free(q);
    writ_engine_free(e);
}

static void nul_bytes_and_bad_encoding_in_policies(void **state)
{
    (void)state;
    static const char bad[] = "package t\np := \"a\0b\"\n", wrong[] = "package t\np := \"\xff\"\n";
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    assert_int_equal(writ_add_policy(e, "a", bad, sizeof bad - 1, &error), WRIT_INVALID);
    assert_string_equal(error.code, "rego_parse_error");
    assert_int_equal(writ_add_policy(e, "a", wrong, sizeof wrong - 1, &error), WRIT_INVALID);
    assert_int_equal(writ_add_policy(e, "a", "", 0, &error), WRIT_INVALID);
    writ_engine_free(e);
    assert_string_equal(run("package t\np := \"a\\u0000b\"\n", "data.t.p", NULL), "\"a\\u0000b\"");
    assert_string_equal(
        run("package t\np if { input.x == \"a\\u0000b\" }\n", "data.t.p", "{\"x\": \"a\\u0000c\"}"),
        "undefined");
}

/* ---- lives ---- */

static void query_keeps_its_snapshot(void **state)
{
    (void)state;
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    add(e, "t.rego", "package t\np := data.x\nlong := \"a text that is no inline string\"\n");
    set_data(e, "{\"x\": [\"the first data of all\"]}");
    writ_query *old = prepare(e, "data.t"), *general = prepare(e, "x := data.t.long; y := data.x");
    writ_session *s = writ_session_new(e);
    static const char first[] =
        "{\"long\":\"a text that is no inline string\",\"p\":[\"the first data of all\"]}";
    assert_string_equal(ask(s, old, NULL), first);
    add(e, "t.rego", "package t\np := 2\n");
    set_data(e, "{\"x\": 1}");
    assert_string_equal(ask(s, old, NULL), first);
    assert_int_equal(writ_remove_policy(e, "t.rego", &error), WRIT_OK);
    assert_int_equal(writ_remove_policy(e, "t.rego", &error), WRIT_INVALID);
    assert_string_equal(ask(s, old, NULL), first);
    assert_string_equal(
        ask(s, general, NULL),
        "[{\"bindings\":{\"x\":\"a text that is no inline string\",\"y\":[\"the first "
        "data of all\"]},\"expressions\":[true,true]}]");
    writ_query *fresh = prepare(e, "data.t");
    assert_string_equal(ask(s, fresh, NULL), "undefined");
    /* A module that does not parse changes nothing. */
    add(e, "t.rego", "package t\np := 3\n");
    assert_int_equal(writ_add_policy(e, "t.rego", "package t\np :=", 14, &error), WRIT_INVALID);
    writ_query *third = prepare(e, "data.t.p");
    assert_string_equal(ask(s, third, NULL), "3");
    assert_int_equal(writ_set_data(e, "[]", 2, &error), WRIT_INVALID);
    writ_session_free(s);
    writ_query_free(fresh);
    writ_query_free(third);
    writ_engine_free(e);
    /* Queries may outlive the engine, to be freed. */
    writ_query_free(old);
    writ_query_free(general);
}

typedef struct worker {
    writ_engine *engine;
    const writ_query *query;
    const char *user, *want;
    bool ok;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    writ_session *s = writ_session_new(w->engine);
    w->ok = true;
    for (int i = 0; i < 300 && w->ok; i++)
        w->ok = strcmp(ask(s, w->query, w->user), w->want) == 0;
    writ_session_free(s);
    return NULL;
}

static void two_threads_share_a_query(void **state)
{
    (void)state;
    writ_engine *e = writ_engine_new();
    add(e, "authz.rego", authz);
    add(e, "u.rego",
        "package u\nwho := sprintf(\"%s has %d roles\", [input.user, count(roles)])\n"
        "roles contains r if { some r in data.roles[input.user]; regex.match(`^[a-z]+$`, r) }\n");
    set_data(e, ROLES);
    writ_query *q = prepare(e, "data.u.who");
    worker workers[] = {
        {e, q, "{\"user\": \"alice\"}", "\"alice has 2 roles\"", false},
        {e, q, "{\"user\": \"bob\"}", "\"bob has 1 roles\"", false},
        {e, q, "{\"user\": \"eve\"}", "\"eve has 0 roles\"", false},
    };
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
    writ_query_free(q);
    writ_engine_free(e);
}

static void fixed_time_and_print(void **state)
{
    (void)state;
    writ_engine *e = writ_engine_new();
    add(e, "t.rego", "package t\np := time.now_ns()\n");
    writ_query *q = prepare(e, "data.t.p");
    writ_session *s = writ_session_new(e);
    writ_set_time(s, 12345);
    assert_string_equal(ask(s, q, NULL), "12345");
    writ_set_time(s, 0);
    assert_string_not_equal(ask(s, q, NULL), "12345");
    writ_session_free(s);
    writ_query_free(q);
    writ_engine_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example),
        cmocka_unit_test(undefined_is_not_false),
        cmocka_unit_test(parsed_values),
        cmocka_unit_test(budgets_are_errors),
        cmocka_unit_test(host_functions),
        cmocka_unit_test(errors_have_places),
        cmocka_unit_test(conflicts_have_places),
        cmocka_unit_test(bad_documents),
        cmocka_unit_test(nul_bytes_and_bad_encoding_in_policies),
        cmocka_unit_test(query_keeps_its_snapshot),
        cmocka_unit_test(two_threads_share_a_query),
        cmocka_unit_test(fixed_time_and_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
