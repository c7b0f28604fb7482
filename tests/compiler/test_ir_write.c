/* Plans written in OPA's format: what is refused, what must and must not stand in the text. That
 * they mean what the modules mean is held by `writ-conformance --plans-written`. */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

/* Writes the plan of one module; the caller frees the text. NULL: *why is the first diagnostic. */
static char *plan_of(const char *module, const char *entrypoint, const char *query, char *why)
{
    writ_engine *e = writ_engine_new();
    wb_arena a;
    wp_diags d;
    wb_buf out;
    writ_error error = {0};
    assert_non_null(e);
    assert_int_equal(wb_arena_init(&a, (size_t)1 << 30, 7), WB_OK);
    wp_diags_init(&d, &a, 10);
    wb_buf_init(&out, (size_t)64 << 20);
    assert_int_equal(writ_add_policy(e, "a.rego", module, strlen(module), &error), WRIT_OK);
    wb_str entry = wb_str_of(entrypoint ? entrypoint : "");
    wb_status s = we_write_plan(e, &entry, entrypoint != NULL, wb_str_of(query), false, &out, &d);
    char *text = NULL;
    if (s == WB_OK)
        text = wb_buf_detach(&out, &(size_t){0});
    else if (d.first)
        snprintf(why, 300, "%.*s", WB_FMT(d.first->message));
    wb_buf_free(&out);
    wb_arena_free(&a);
    writ_engine_free(e);
    return text;
}

static void an_entrypoint_is_a_rule_or_a_package(void **state)
{
    static const struct {
        const char *entrypoint, *want; /* want: the message, or NULL for a plan */
    } rows[] = {
        {"a/b/p", NULL},
        {"a/b", NULL},
        {"a", NULL},
        {"a/c", "entrypoint \"a/c\" does not refer to a rule or policy decision"},
        {"a/b/p/q", "entrypoint \"a/b/p/q\" does not refer to a rule or policy decision"},
        {"a/b/f", "entrypoint \"a/b/f\" does not refer to a rule or policy decision"},
        {"a/b/s/key", NULL},
        {"/a/b/p", NULL},
        {"", NULL},
        {"a//b", "entrypoint \"a//b\" does not refer to a rule or policy decision"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[300] = "";
        char *text = plan_of("package a.b\n\np := 1\n\nf(x) := x\n\ns contains 1\n",
                             rows[i].entrypoint, "", why);
        if (rows[i].want)
            assert_string_equal(why, rows[i].want);
        else
            assert_non_null(text);
        free(text);
    }
}

static void what_the_format_cannot_say_is_refused(void **state)
{
    char why[300] = "";
    (void)state;
    assert_null(
        plan_of("package a\n\np := v if v := data.x with data.x[1] as 2\n", "a/p", "", why));
    assert_string_equal(why, "a plan cannot replace what stands at a key that is no string");
}

static void limits_are_told(void **state)
{
    char why[300] = "";
    wb_buf text;
    (void)state;
    wb_buf_init(&text, 1 << 20);
    wb_buf_puts(&text, "package a\n\np if {\n");
    for (unsigned i = 0; i < 300; i++)
        wb_buf_putf(&text, "\tsome x%u in input\n\tnot x%u == 1\n", i, i);
    wb_buf_puts(&text, "}\n");
    assert_null(plan_of(wb_buf_cstr(&text), "a/p", "", why));
    assert_string_equal(why, "blocks of the plan are nested too deeply");

    wb_buf_clear(&text);
    wb_buf_puts(&text, "package a\n\nh(x) := x\n");
    for (unsigned i = 0; i < 20; i++)
        wb_buf_putf(&text, "g%u(x) := x + %u\n\nf%u if f%u\n\nf%u if f%u with g%u as h\n\n", i, i,
                    i, i + 1, i, i + 1, i);
    wb_buf_puts(&text, "f20 if {\n");
    for (unsigned i = 0; i < 20; i++)
        wb_buf_putf(&text, "\tg%u(1)\n", i);
    wb_buf_puts(&text, "}\n");
    assert_null(plan_of(wb_buf_cstr(&text), "a/f0", "", why));
    assert_string_equal(why, "functions of the plan are replaced in too many combinations");
    wb_buf_free(&text);
}

/* A module, and texts that must (or, after '!', must not) stand in its plan. */
static const struct {
    const char *module, *texts[4];
} rows[] = {
    /* Only what the entrypoint needs. */
    {"package a\n\np := q\n\nq := 1\n\nr := 2\n",
     {"\"name\":\"g0.data.a.q\"", "!g0.data.a.r", "\"path\":[\"g0\",\"a\",\"q\"]"}},
    /* A function is written again where something it calls is replaced, and only there. */
    {"package a\n\np := v if v := f(1) with g as h\n\nf(x) := g(x)\n\ng(x) := x\n\nh(x) := k\n\nk "
     ":= 2\n",
     {"\"name\":\"g1.data.a.f\"", "\"name\":\"g0.data.a.h\"", "!data.a.g\"",
      "!\"name\":\"g1.data.a.k\""}},
    /* Built-ins with their types. */
    {"package a\n\np := count([1])\n", {"{\"name\":\"count\",\"decl\":{", "\"type\":\"function\""}},
    /* A value in a function's place travels as a parameter. */
    {"package a\n\np := v if v := f with g as input.x\n\nf := g(1)\n\ng(x) := x\n",
     {"{\"name\":\"g1.data.a.f\",\"params\":[0,1,2]"}},
    /* Places end behind the last character. */
    {"package a\n\np := {\n\t\"\xc3\xa4\": input.x}\n", {"\"row\":3,\"end_col\":15,\"end_row\":4"}},
};

static void plans_hold_what_is_needed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[300] = "";
        char *text = plan_of(rows[i].module, "a/p", "", why);
        assert_string_equal(why, "");
        for (size_t k = 0; k < 4 && rows[i].texts[k]; k++) {
            const char *want = rows[i].texts[k];
            bool found = strstr(text, want + (*want == '!')) != NULL;
            if (found == (*want == '!'))
                fail_msg("%s\n%s in\n%s", rows[i].module, want, text);
        }
        free(text);
    }
}

typedef struct loops {
    bool scan[256]; /* by block that is open: it is a loop's body */
    unsigned n;
} loops;

static unsigned check_breaks(const json_t *j, loops *open);

static unsigned check_block(const json_t *block, bool scan, loops *open)
{
    assert_true(open->n < 256);
    open->scan[open->n++] = scan;
    unsigned n = check_breaks(json_object_get(block, "stmts"), open);
    open->n--;
    return n;
}

/* How many breaks there are. */
static unsigned check_breaks(const json_t *j, loops *open)
{
    unsigned n = 0;
    size_t i;
    const char *key;
    json_t *member;
    if (json_is_array(j))
        json_array_foreach(j, i, member) n += check_breaks(member, open);
    if (!json_is_object(j))
        return n;
    const char *type = json_string_value(json_object_get(j, "type"));
    json_t *stmt = json_object_get(j, "stmt");
    if (stmt && strcmp(type, "ScanStmt") == 0)
        return check_block(json_object_get(stmt, "block"), true, open);
    if (stmt && strcmp(type, "BreakStmt") == 0) {
        json_int_t levels = json_integer_value(json_object_get(stmt, "index"));
        assert_true(levels < open->n);
        for (json_int_t k = 1; k <= levels; k++)
            assert_false(open->scan[open->n - (unsigned)k]);
        return 1;
    }
    if (json_object_get(j, "stmts"))
        return check_block(j, false, open);
    json_object_foreach((json_t *)(uintptr_t)j, key, member) n += check_breaks(member, open);
    return n;
}

/* Consumers do not agree on how many blocks a loop counts for: no break may leave one. */
static void no_break_leaves_a_loop(void **state)
{
    char why[300] = "";
    char *text = plan_of("package a\n\np if {\n\tnot q\n\tsome x in input\n\tx == 1\n}\n\n"
                         "p if {\n\tsome y in input\n\tevery z in y { z > 1 }\n}\n\n"
                         "q if input[_][_] == 2\n",
                         "a/p", "", why);
    (void)state;
    assert_string_equal(why, "");
    json_t *plan = json_loads(text, 0, NULL);
    assert_non_null(plan);
    loops open = {.n = 0};
    assert_true(check_breaks(plan, &open) > 2);
    json_decref(plan);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entrypoint_is_a_rule_or_a_package),
        cmocka_unit_test(what_the_format_cannot_say_is_refused),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(plans_hold_what_is_needed),
        cmocka_unit_test(no_break_leaves_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
