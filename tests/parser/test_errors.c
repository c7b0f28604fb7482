/* Error texts and places: one row a text. The texts are the reference engine's. */
#include "parser/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    wp_version version;
    const char *text, *want;
} rows[] = {
    {WP_V1, "package a\np if { x [0] }",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected [ token: expected \\n or ; or }\n"
     "\tp if { x [0] }\n\t         ^"},
    {WP_V1, "package a\np if { }", NULL},
    {WP_V1, "package a\np if { x := }",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected } token\n\tp if { x := }\n"
     "\t            ^"},
    {WP_V1, "package a\np { true }",
     "1 error occurred: f.rego:2: rego_parse_error: `if` keyword is required before rule body"},
    {WP_V1, "package a\nf(x) { true }",
     "1 error occurred: f.rego:2: rego_parse_error: `if` keyword is required before function body"},
    {WP_V1, "package a\np[x] { x := 1 }",
     "2 errors occurred:\n"
     "f.rego:2: rego_parse_error: `if` keyword is required before rule body\n"
     "f.rego:2: rego_parse_error: `contains` keyword is required for partial set rules"},
    {WP_V1, "package a\np",
     "1 error occurred: f.rego:2: rego_parse_error: var cannot be used for rule name"},
    {WP_V0, "package a\np if { true }",
     "1 error occurred: f.rego:2: rego_parse_error: var cannot be used for rule name (hint: "
     "`import "
     "future.keywords.if` for `p if { ... }` rules)"},
    {WP_V1, "package a\np.q.r",
     "1 error occurred: f.rego:2: rego_parse_error: rule must have value assignment and/or body "
     "declaration"},
    {WP_V1, "package a\nevery := 1",
     "1 error occurred: f.rego:2: rego_parse_error: every keyword cannot be used for rule name\n"
     "\tevery := 1\n\t^"},
    {WP_V1, "package a\nimport foo.bar",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected import path, must begin with one "
     "of: {data, future, input, rego}, got: foo (hint: if this is unexpected, try updating OPA)\n"
     "\timport foo.bar\n\t       ^"},
    {WP_V1, "package a\nimport data.x as input",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected import alias, must not be a "
     "reserved name, got: input\n\timport data.x as input\n\t                 ^"},
    {WP_V1, "package a\ndefault p := x",
     "1 error occurred: f.rego:2: rego_parse_error: illegal default rule (value cannot contain "
     "var)\n\tdefault p := x\n\t^"},
    {WP_V1, "package a\np contains 1 if true\nelse := 2",
     "1 error occurred: f.rego:3: rego_parse_error: else keyword cannot be used on multi-value "
     "rules\n\telse := 2\n\t^"},
    {WP_V1, "package a\np := \"x",
     "1 error occurred: f.rego:2: rego_parse_error: non-terminated string\n\tp := \"x\n\t     ^"},
    {WP_V1, "package a\np := 01",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected number token: expected number "
     "without leading zero\n\tp := 01\n\t     ^"},
    {WP_V1, "package a\np := 1 $ 2",
     "1 error occurred: f.rego:2: rego_parse_error: illegal $ character\n\tp := 1 $ 2\n"
     "\t       ^"},
    {WP_V1, "package a\np := \"\xff\"",
     "1 error occurred: f.rego:2: rego_parse_error: illegal utf-8 character\n\tp := \"\xff\"\n"
     "\t     ^"},
    {WP_V1, "package a\np := 1[0]",
     "1 error occurred: f.rego:2: rego_parse_error: illegal ref (head cannot be number)\n"
     "\tp := 1[0]\n\t     ^"},
    {WP_V1, "package a\np := [1 2]",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected number token: expected \",\" or "
     "\"]\"\n\tp := [1 2]\n\t        ^"},
    {WP_V1, "package a\np if { not some x }",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected some keyword: illegal negation of "
     "'some'\n\tp if { not some x }\n\t           ^"},
    {WP_V1, "package a\np := $\"{x := 1}\"",
     "2 errors occurred:\n"
     "f.rego:2: rego_parse_error: unexpected assignment (':=') in template-string expression\n"
     "\tp := $\"{x := 1}\"\n\t        ^\n"
     "f.rego:2: rego_parse_error: unexpected } token: expected rule value term (e.g., p := <VALUE> "
     "{ ... })\n\tp := $\"{x := 1}\"\n\t              ^"},
    /* what the explainer reads on for, reads twice, or knows a hint for */
    {WP_V1, "package a\np := [1[x],\n\ty z]",
     "2 errors occurred:\n"
     "f.rego:2: rego_parse_error: illegal ref (head cannot be number)\n\tp := [1[x],\n\t      ^\n"
     "f.rego:3: rego_parse_error: unexpected identifier token: expected \",\" or \"]\""},
    {WP_V1, "package a\nf(x) contains 1, 2",
     "1 error occurred: f.rego:2: rego_parse_error: unexpected contains keyword: the contains "
     "keyword "
     "can only be used with multi-value rule definitions (e.g., f contains <VALUE> { ... })"},
    {WP_V1, "package a\np := 1e", "expected exponent\n\tp := 1e\n\t     ^"},
    {WP_V1, "package a\np := 1.5.5", "unexpected number token: expected identifier"},
    {WP_V1, "package a\np-1", "unexpected minus token\n\tp-1\n\t ^"},
    {WP_V1, "package a\ndefault p contains 1", "illegal default rule (must have a value)"},
    {WP_V1, "package a\ndefault p := $\"{x}\"", "illegal default rule (value cannot contain var)"},
    {WP_V1, "package a\nimport data.a\nas.b := 1",
     "f.rego:3: rego_parse_error: unexpected . token: expected var"},
    {WP_V1, "package a\np if x.\n", "unexpected whitespace token: expected identifier"},
    {WP_V1, "package a\np if { x with 1 as 2 }", "unexpected number token: expected ident"},
    {WP_V1, "package a\np if {\n\tsome x y\n}",
     "unexpected identifier token: expected \\n or ; or }"},
    {WP_V1, "package a\np if { every x in xs }", "unexpected } token: missing body"},
    {WP_V1, "package a\np := {\"a\": 1, 2}", "unexpected } token: expected \":\""},
    {WP_V1, "package a\np if { x in xs and y }",
     "(hint: `import future.keywords.and` for `x and y` expressions)"},
    {WP_V0, "package a\np { some x in xs }",
     "(hint: `import future.keywords.in` for `some x in xs` expressions)"},
    {WP_V0, "package a\np { every x in xs { x } }",
     "(hint: `import future.keywords.every` for `every x in xs { ... }` expressions)"},
    {WP_V1, "package a\nimport future.keywords\np if { {1, 2} == x and y }",
     "operand of `and` cannot begin with `{` unless the braces hold a body (hint: wrap the operand "
     "to keep the value: `({1, 2} == x) and ...`)"},
    {WP_V1, "package a\nimport future.keywords\np if { not {1, 2} }",
     "`{...}` in an operand position must contain expression(s), got: set (hint: write `not ({1, "
     "2})` to negate the value, or `not {{1, 2}}` for a body holding it)"},
    {WP_V1, "package a\nimport future.keywords\np if { x with input as 1 and y }",
     "`with` modifier is not allowed on operand of `and`"},
    {WP_V1, "package a\nimport future.keywords\np if { print(1) or y }",
     "operand of `or` cannot consist only of calls to `print`"},
    {WP_V0, "package a\nimport rego.v2\np := $\"{1}\"",
     "template strings are not supported by current capabilities"},
    {WP_V1, "package a\np := $\"{x y}\"", "expected } to end template string expression"},
    {WP_V1, "p := 1\nx",
     "2 errors occurred:\n"
     "f.rego:1: rego_parse_error: package expected\n"
     "f.rego:2: rego_parse_error: var cannot be used for rule name"},
    {WP_V1, "package a\n# METADATA\n# title: [x\nx",
     "1 error occurred: f.rego:3: rego_parse_error: yaml"},
    {WP_V1, "package a\n# METADATA\n# title: a\n# title: b\np := 1",
     "yaml: unmarshal errors:\n  line 2: mapping key \"title\" already defined at line 1"},
    {WP_V1, "package a\n# METADATA\n# entrypoint: abcdef\xc3\xa9ghijk\np := 1",
     "cannot unmarshal !!str `abcdef\xef\xbf\xbd...` into bool"},
    /* what reads well though it is odd */
    {WP_V1, "package a\np if {\n\tsome k, v in[1]\n\tk == v\n}", NULL},
    {WP_V1, "package a\np contains[1, 2]", NULL},
    {WP_V1, "package a\np if x with input as[1]", NULL},
    {WP_V1, "package a\ndefault p.q(_)", NULL},
    {WP_V1, "package a\np if {\n\tevery x in xs { x }\n\t-y == 1\n}", NULL},
    {WP_V1, "package a\np := -set()", NULL},
    {WP_V1, "package a\nif.foo := 1", NULL},
    {WP_V1, "# c\n", "1 error occurred: f.rego:0: rego_parse_error: empty module"},
    {WP_V1, "p := 1", "1 error occurred: f.rego:1: rego_parse_error: package expected"},
    {WP_V1, "package a\n# METADATA\n# title: [x\np := 1", "yaml"},
    {WP_V1, "package a\n# METADATA\n# scope: foo\np := 1",
     "1 error occurred: f.rego:2: rego_parse_error: invalid annotation scope 'foo'. Use one of "
     "'rule', 'document', 'package', or 'subpackages'"},
};

static void messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_arena a;
        wp_diags d;
        wp_module *m;
        wb_buf b;
        wp_options o = {.version = rows[i].version};
        assert_int_equal(wb_arena_init(&a, 64u << 20, 7), 0);
        wp_diags_init(&d, &a, 0);
        wb_buf_init(&b, 1 << 16);
        wb_status status =
            wp_parse_module(&a, WB_LIT("f.rego"), wb_str_of(rows[i].text), &o, &m, &d);
        wp_diags_print(&b, &d, false);
        if (!rows[i].want) {
            assert_int_equal(status, WB_OK);
            assert_non_null(m);
            assert_int_equal(d.n, 0);
        } else {
            assert_int_equal(status, WB_INVALID);
            assert_null(m);
            if (!strstr(wb_buf_cstr(&b), rows[i].want))
                assert_string_equal(wb_buf_cstr(&b), rows[i].want);
        }
        wb_buf_free(&b);
        wb_arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
