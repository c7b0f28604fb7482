/* Large functions: what a body of a few expressions answers, it answers among thousands of others;
 * and what is too large is an error that says so. */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Asks data.t.p of one module; the answer, "undefined" or the error's text is the caller's. */
static char *ask(const char *text, size_t n)
{
    static const char input[] = "{\"n\": 7, \"rows\": [3, 1, 2], \"o\": {\"a\": [1], \"b\": [2]}}";
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    writ_text answer;
    char *out = NULL;
    writ_query *q = NULL;
    if (writ_add_policy(e, "t.rego", text, n, &error) == WRIT_OK)
        q = writ_prepare(e, "data.t.p", &error);
    if (q) {
        writ_session *s = writ_session_new(e);
        writ_status status = writ_eval_json(s, q, input, sizeof input - 1, &answer, &error);
        if (status == WRIT_OK)
            out = wb_strndup(answer.bytes, answer.length);
        else if (status == WRIT_UNDEFINED)
            out = wb_strdup("undefined");
        writ_session_free(s);
    }
    if (!out)
        out = wb_strdup(error.text);
    writ_query_free(q);
    writ_engine_free(e);
    return out;
}

/* The text with `count` expressions that always hold in place of each ~; 0: one. */
static char *ask_filled(const char *rules, unsigned count)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 26);
    wb_buf_puts(&b, "package t\n");
    unsigned made = 0;
    for (; *rules; rules++) {
        if (*rules != '~') {
            wb_buf_putc(&b, *rules);
            continue;
        }
        wb_buf_puts(&b, "true");
        for (unsigned i = 0; i < count; i++, made++)
            wb_buf_putf(&b, "; input.n + %u != -%u", made, made);
    }
    char *out = ask(b.p, b.n);
    wb_buf_free(&b);
    return out;
}

/* Variables that live through loops, blocks and closures. */
static const char *const bodies[] = {
    "p := x if { a := input.n; ~; b := a + 1; ~; x := [a, b] }",
    "p := x if { ~; a := input.n; some i in input.rows; ~; b := a + i; ~; b == 9; x := [a, b, i] }",
    "p := [z | ~; a := input.n; some i in input.rows; ~; some j in input.rows; ~; z := [a, i, j]]",
    "p := x if { some b; a := input.n; ~; x := [y | some i in input.rows; ~; y := [a, i, b]]; ~; b "
    "= a * 2 }",
    "p := x if { a := input.n; ~; every r in input.rows { ~; r < a; ~ }; ~; x := a }",
    "p := x if { a := input.n; ~; not input.rows[3]; ~; x := a; not a == 8; ~ }",
    "p contains [a, i] if { a := input.n; ~; some i in input.rows; ~; i < a - 5; ~ }",
    "p[k] := [v, a] if { a := input.n; ~; some k, v in input.o; ~; v != [3]; ~ }",
    "p[k][i] := a if { ~; a := input.n; some k, v in input.o; ~; some i in input.rows; ~ }",
    "p := x if { ~; x := q with input.n as 3; ~ }\nq := [y, z] if { y := input.n; ~; z := "
    "input.o.a; ~ }",
    "p := x if { a := input.n; ~; [b, c] := [i | some i in input.rows; ~; i < 3]; ~; x := [a, b, "
    "c] }",
    "p := f(input.n, 2)\nf(a, b) := [a, b, c] if { ~; c := a + b; ~; some i in input.rows; ~; i == "
    "b }",
    "p := x if { ~; x := \"a\"; ~; input.n == 8 } else := y if { ~; y := \"b\"; ~; input.n == 7; ~ "
    "}",
    "p := count(x) if { ~; x := {[i, j, k] | ~; some i in input.rows; ~; some j in input.rows; j "
    "!= i; ~; "
    "some k in input.rows; not k in {i, j}; ~ } }",
    "p := x if { ~; input.n == 8; ~; x := 1 }\np := x if { ~; a := input.n; ~; x := a; ~ }",
    "default p := \"no\"\np := \"yes\" if { ~; some i in input.rows; ~; i == 9; ~ }",
};

static void answers_are_those_of_small_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char *small = ask_filled(bodies[i], 0), *large = ask_filled(bodies[i], 1200);
        if (strstr(small, "error") || strcmp(small, large) != 0)
            fail_msg("%s\ngives %s\nand large %s", bodies[i], small, large);
        free(small);
        free(large);
    }
}

static void put_pieces(wb_buf *b, const char *piece, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (const char *c = piece; *c; c++) {
            if (*c == '#' || *c == '@')
                wb_buf_putf(b, "%u", i + (*c == '@'));
            else
                wb_buf_putc(b, *c);
        }
}

/* The answer to HEAD, n times PIECE, MIDDLE, n times BACK, TAIL, where # is the piece's number and
 * @ the one after it. want: the answer, or with ~ before it a part of the error. */
static void made(const char *want, unsigned n, const char *head, const char *piece,
                 const char *middle, const char *back, const char *tail)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 26);
    wb_buf_putf(&b, "package t\n%s", head);
    put_pieces(&b, piece, n);
    wb_buf_puts(&b, middle);
    put_pieces(&b, back, n);
    wb_buf_puts(&b, tail);
    char *got = ask(b.p, b.n);
    wb_buf_free(&b);
    if (strcmp(want, got) != 0 && !(want[0] == '~' && strstr(got, want + 1)))
        fail_msg("%s%s...%s%s...%s\ngives %.300s\nnot %s", head, piece, middle, back, tail, got,
                 want);
    free(got);
}

static void long_bodies(void **state)
{
    (void)state;
    made("0", 20000, "p := x0 if {\n", "x# = x@ + -1; ", "x20000 = 20000 }\n", "", "");
    made("20000", 20000, "p := x20000 if { x0 = 0\n", "1 + x# = x@\n", "}\n", "", "");
    made("true", 20000, "p if {\n", "not input.x#\n", "}\n", "", "");
    made("true", 20000, "p if {\n", "q == # with input.q as #\n", "}\nq := input.q\n", "", "");
    made("true", 20000, "p if {\n", "q != $\"{input.n} and #\"\n", "}\nq := input.n\n", "", "");
    made("20001", 20000, "p := count([", "input.n, ", "1])\n", "", "");
    made("20001", 20000, "p := count({", "input.n + #, ", "1})\n", "", "");
    made("20001", 20000, "p := count({", "\"k#\": input.n, ", "\"\": 1})\n", "", "");
    made("20000", 20000, "p := x if { [", "x#, ", "x] := numbers.range(0, 20000) }\n", "", "");
}

/* A package of many parts is a place like any other: asked, asked by a key known only at run time,
 * and replaced by `with`. */
static void deep_paths(void **state)
{
    (void)state;
    for (unsigned depth = 200; depth <= 2000; depth *= 3) {
        wb_buf path, b;
        wb_buf_init(&path, 1 << 20);
        wb_buf_init(&b, 1 << 20);
        for (unsigned i = 0; i < depth; i++)
            wb_buf_puts(&path, ".a");
        const char *deep = wb_buf_cstr(&path);
        wb_buf_putf(&b,
                    "package t\np := [x, y, z, w] if {\nx := data%s.r\n"
                    "y := data%s[input.k] with data%s.r as 2\n"
                    "z := data%s.r with data%s as {\"r\": 3}\n"
                    "w := data%s with data%s.s as 4\n}\n",
                    deep, deep, deep, deep, deep, deep, deep);
        writ_engine *e = writ_engine_new();
        writ_error error = {0};
        writ_text answer = {0};
        assert_int_equal(writ_add_policy(e, "t.rego", b.p, b.n, &error), WRIT_OK);
        wb_buf_clear(&b);
        wb_buf_putf(&b, "package %s\nr := 1\n", deep + 1);
        assert_int_equal(writ_add_policy(e, "a.rego", b.p, b.n, &error), WRIT_OK);
        writ_query *q = writ_prepare(e, "data.t.p", &error);
        writ_session *s = writ_session_new(e);
        if (!q || writ_eval_json(s, q, "{\"k\": \"r\"}", 10, &answer, &error) != WRIT_OK)
            fail_msg("%u parts: %.300s", depth, error.text);
        char *got = wb_strndup(answer.bytes, answer.length);
        assert_string_equal(got, "[1,2,3,{\"r\":1,\"s\":4}]");
        free(got);
        writ_session_free(s);
        writ_query_free(q);
        writ_engine_free(e);
        wb_buf_free(&path);
        wb_buf_free(&b);
    }
}

static void long_chains(void **state)
{
    (void)state;
    made("[1]", 20000, "p := r0\n", "r# := r@\n", "r20000 := [1]\n", "", "");
    made("true", 20000, "p if not r0\n", "r# if r@\n", "r20000 if input.none\n", "", "");
    made("20001", 20000, "p := f0(1)\n", "f#(x) := f@(x) + 1\n", "f20000(x) := x\n", "", "");
    made("3000", 3000, "p := x if x := 0 ", "+ 1 ", "\n", "", "");
}

/* Rings of any length are told, without the stack or time growing out of proportion. */
static void long_rings(void **state)
{
    (void)state;
    const char *const rings[] = {"r# if r@\n", "r# if { x := input.n; data[x].r@ }\n"};
    for (int i = 0; i < 2; i++) {
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 26);
        wb_buf_puts(&b, "package t\n");
        put_pieces(&b, rings[i], 20000);
        wb_buf_puts(&b, i ? "r20000 if { x := input.n; data[x].r0 }\n" : "r20000 if r0\n");
        char *got = ask(b.p, b.n);
        assert_non_null(strstr(got, i ? "rule data.t.r0 may be recursive: data.t.r0 -> data.t.r1 ->"
                                      : "rule data.t.r0 is recursive: data.t.r0 -> data.t.r1 ->"));
        free(got);
        wb_buf_free(&b);
    }
}

/* What nests costs no more at each level than at the one above. */
static void deep_templates(void **state)
{
    (void)state;
    made("\"7\"", 200, "p := ", "$\"{", "input.n", "}\"", "\n");
    made("true", 200, "p if { ", "every x# in [1] { x# == 1; ", "$\"{x0}\" == \"1\"", " }", " }\n");
    made("1", 200, "p := count(", "[x# | x# := ", "$\"{input.n}\"", "]", ")\n");
}

/* Each limit of the instructions' fields that a policy can meet has an error of its own kind. */
static void limits_are_errors(void **state)
{
    (void)state;
    /* As deep as frames and registers go; under `not` it is no undefined. */
    made("~evaluation is nested too deeply", 100000, "p if not r0\n", "r# if r@\n",
         "r100000 if input.none\n", "", "");
    made("~data.t.p is too large", 5000, "p if {\n", "x# := input.n + #\n", "", "x# > 0\n", "}\n");
    made("true", 4000, "p if {\n", "x# := input.n + #\n", "", "x# > 0\n", "}\n");
    made("~data.t.p is too large", 600, "p if {\n", "some x# in input.rows\n", "", "x# > 0\n",
         "}\n");
    made("~data.t.p is too large", 5000, "p := x if { x := input ", "with input.x# as # ", "}\n",
         "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_small_bodies),
        cmocka_unit_test(long_bodies),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(deep_paths),
        cmocka_unit_test(long_rings),
        cmocka_unit_test(deep_templates),
        cmocka_unit_test(limits_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
