/* Types and names: what is refused, with the words, places and details of the reference engine. One
 * row a text; without a message it compiles. */
#include "compiler/compile.h"
#include "parser/parse.h"
#include "stdlib/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    const char *text, *want;
} rows[] = {
    {"package t\n"
     "\n"
     "p if { 1 == \"a\" }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : number\n"
     "\tright : string"},
    {"package t\n"
     "\n"
     "p if { [1, \"x\"] == [1, 2] }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : array<number, string>\n"
     "\tright : array<number, number>\n"
     "\thint  : both sides are arrays but their types differ, so they can never be equ"
     "al (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error)"},
    {"package t\n"
     "\n"
     "p if { {\"a\": 1} == {\"b\": 2} }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : object<a: number>\n"
     "\tright : object<b: number>\n"
     "\thint  : both sides are objects but their types differ, so they can never be eq"
     "ual (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error"
     ")"},
    {"package t\n"
     "\n"
     "x := {\"a\": 1}\n"
     "p if { x.b == 1 }",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.x.b\n"
     "\tdata.t.x.b\n"
     "\t         ^\n"
     "\t         have: \"b\"\n"
     "\t         want (one of): [\"a\"]"},
    {"package t\n"
     "\n"
     "q := 7\n"
     "p := q.foo",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.q.foo\n"
     "\tdata.t.q.foo\n"
     "\t^^^^^^^^\n"
     "\thave: number"},
    {"package t\n"
     "\n"
     "f(x) := x + 1\n"
     "p := f",
     "1 error occurred: f.rego:4: rego_type_error: function data.t.f used as reference"
     ", not called\n"
     "\tdata.t.f\n"
     "\t^^^^^^^^\n"
     "\thave: (number) => number"},
    {"package t\n"
     "\n"
     "f(x) := x + 1\n"
     "p := f(\"a\", 2)",
     "1 error occurred: f.rego:4: rego_type_error: function data.t.f has arity 1, got "
     "2 arguments"},
    {"package t\n"
     "\n"
     "p := count(1)",
     "1 error occurred: f.rego:3: rego_type_error: count: invalid argument(s)\n"
     "\thave: (number, ?\?\?)\n"
     "\twant: (collection: any<...>, n: number)"},
    {"package t\n"
     "\n"
     "p := upper(input.x) + 1",
     "1 error occurred: f.rego:3: rego_type_error: plus: invalid argument(s)\n"
     "\thave: (string, number, ?\?\?)\n"
     "\twant: (x: number, y: number, z: number)"},
    {"package t\n"
     "\n"
     "p := sum([\"a\"])",
     "1 error occurred: f.rego:3: rego_type_error: sum: invalid argument(s)\n"
     "\thave: (array<string>, ?\?\?)\n"
     "\twant: (collection: any<array[number], set[number]>, n: number)"},
    {"package t\n"
     "\n"
     "s contains x if { some x in [1, 2] }\n"
     "p if { s[\"a\"] }",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.s.a\n"
     "\tdata.t.s.a\n"
     "\t         ^\n"
     "\t         have: \"a\"\n"
     "\t         want (type): number"},
    {"package t\n"
     "\n"
     "p if { 1 in {\"a\"} }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : number\n"
     "\tright : string"},
    {"package t\n"
     "\n"
     "p if { x := {}; x.b }",
     "1 error occurred: f.rego:3: rego_type_error: undefined ref: x.b\n"
     "\tx.b\n"
     "\t  ^\n"
     "\t  have: \"b\"\n"
     "\t  want (one of): []"},
    {"package t\n"
     "\n"
     "p if { some x in [] }",
     "1 error occurred: f.rego:3: rego_type_error: undefined ref: [][__local0__]\n"
     "\t[][__local0__]\n"
     "\t   ^\n"
     "\t   have: __local0__\n"
     "\t   want (one of): []"},
    {"package t\n"
     "\n"
     "arr := [1, 2]\n"
     "p := arr[5]",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.arr[5]\n"
     "\tdata.t.arr[5]\n"
     "\t           ^\n"
     "\t           have: 5\n"
     "\t           want (type): number"},
    {"package t\n"
     "\n"
     "arr := [1, 2]\n"
     "p := arr[\"a\"]",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.arr.a\n"
     "\tdata.t.arr.a\n"
     "\t           ^\n"
     "\t           have: \"a\"\n"
     "\t           want (type): number"},
    {"package t\n"
     "\n"
     "o[k] := v if { some k, v in {\"a\": 1} }\n"
     "p := o[1]",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.o[1]\n"
     "\tdata.t.o[1]\n"
     "\t         ^\n"
     "\t         have: 1\n"
     "\t         want (type): string"},
    {"package t\n"
     "\n"
     "p := [1, 2][i].x if { some i in [0] }",
     "1 error occurred: f.rego:3: rego_type_error: undefined ref: [1, 2][i].x\n"
     "\t[1, 2][i].x\n"
     "\t^^^^^^^^^\n"
     "\thave: number"},
    {"package t\n"
     "\n"
     "g(x) := {\"k\": x}\n"
     "p if { g(1).z == 2 }",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.g(1).z\n"
     "\tdata.t.g(1).z\n"
     "\t            ^\n"
     "\t            have: \"z\"\n"
     "\t            want (one of): [\"k\"]"},
    {"package t\n"
     "\n"
     "p if { count([1]) == \"x\" }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : number\n"
     "\tright : string"},
    {"package t\n"
     "\n"
     "p if { x := concat(\",\", [1, 2]); x == 1 }",
     "1 error occurred: f.rego:3: rego_type_error: concat: invalid argument(s)\n"
     "\thave: (string, array<number, number>, ?\?\?)\n"
     "\twant: (delimiter: string, collection: any<array[string], set[string]>, output:"
     " string)"},
    {"package t\n"
     "\n"
     "p if { y := [x | x := 1]; y == \"a\" }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : array[number]\n"
     "\tright : string"},
    {"package t\n"
     "\n"
     "p := split(\"a\", 1)",
     "1 error occurred: f.rego:3: rego_type_error: split: invalid argument(s)\n"
     "\thave: (string, number, ?\?\?)\n"
     "\twant: (x: string, delimiter: string, ys: array[string])"},
    {"package t\n"
     "\n"
     "p if { every x in [1] { upper(x) == \"A\" } }",
     ""},
    {"package t\n"
     "\n"
     "p if { not upper(1) == \"A\" }",
     "1 error occurred: f.rego:3: rego_type_error: upper: invalid argument(s)\n"
     "\thave: (number, ?\?\?)\n"
     "\twant: (x: string, y: string)"},
    {"package t\n"
     "\n"
     "p if { input.x == 1 with input as 3; count(3) == 1 }",
     "1 error occurred: f.rego:3: rego_type_error: count: invalid argument(s)\n"
     "\thave: (number, ?\?\?)\n"
     "\twant: (collection: any<...>, n: number)"},
    {"package t\n"
     "\n"
     "p := data.t.q.a.b.c\n"
     "q := {\"a\": {\"b\": 1}}",
     "1 error occurred: f.rego:3: rego_type_error: undefined ref: data.t.q.a.b.c\n"
     "\tdata.t.q.a.b.c\n"
     "\t^^^^^^^^^^^^\n"
     "\thave: number"},
    {"package t\n"
     "\n"
     "p := object.union({\"a\": 1}, [1])",
     "1 error occurred: f.rego:3: rego_type_error: object.union: invalid argument(s)\n"
     "\thave: (object<a: number>, array<number>, ?\?\?)\n"
     "\twant: (a: object[any: any], b: object[any: any], output: object[any: any])"},
    {"package t\n"
     "\n"
     "p := regex.match(\"a\")",
     "1 error occurred: f.rego:3: rego_type_error: regex.match: arity mismatch\n"
     "\thave: (string, ?\?\?)\n"
     "\twant: (pattern: string, value: string)"},
    {"package t\n"
     "\n"
     "p := {\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": 1, \"bbbbbbbbbbbbbbbbbbbbbbbbbbbb"
     "bbbbbbbbbbb\": \"x\"} == {\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": 1, \"cccccccc"
     "cccccccccccccccccccccccc\": [1, 2]}",
     ""},
    {"package t\n"
     "\n"
     "p if { {\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": 1, \"bbbbbbbbbbbbbbbbbbbbbbbbbb"
     "bbbbbbbbbbbbb\": \"x\"} == {\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": 1, \"cccccc"
     "cccccccccccccccccccccccccc\": [1, 2]} }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : object<bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: string, ...>\n"
     "\tright : object<cccccccccccccccccccccccccccccccc: array<number, number>, ...>\n"
     "\thint  : both sides are objects but their types differ, so they can never be eq"
     "ual (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error"
     ")"},
    {"package t\n"
     "\n"
     "p := net.cidr_contains(1, \"a\")",
     "1 error occurred: f.rego:3: rego_type_error: net.cidr_contains: invalid argument"
     "(s)\n"
     "\thave: (number, string, ?\?\?)\n"
     "\twant: (cidr: string, cidr_or_ip: string, result: boolean)"},
    {"package t\n"
     "\n"
     "p if { walk([1], [path, \"x\"]); path == 1 }",
     "1 error occurred: f.rego:3: rego_type_error: match error\n"
     "\tleft  : array[any]\n"
     "\tright : number"},
    {"package t\n"
     "\n"
     "p := {1} | [1]",
     "1 error occurred: f.rego:3: rego_type_error: or: invalid argument(s)\n"
     "\thave: (set[number], array<number>, ?\?\?)\n"
     "\twant: (x: set[any], y: set[any], z: set[any])"},
    {"package t\n"
     "\n"
     "p := {1} + 1",
     "1 error occurred: f.rego:3: rego_type_error: plus: invalid argument(s)\n"
     "\thave: (set[number], number, ?\?\?)\n"
     "\twant: (x: number, y: number, z: number)"},
    {"package t\n"
     "\n"
     "a.b.c := 1\n"
     "a.b.d := \"x\"\n"
     "p := a.b.e\n"
     "q := data.t.a.b.c.d",
     "1 error occurred: f.rego:6: rego_type_error: undefined ref: data.t.a.b.c.d\n"
     "\tdata.t.a.b.c.d\n"
     "\t^^^^^^^^^^^^\n"
     "\thave: number"},
    {"package t\n"
     "\n"
     "p := json.patch({}, [{\"op\": \"x\", \"path\": 1}])",
     ""},
    {"package t\n"
     "\n"
     "default f(x) := 1\n"
     "f(x) := 2 if x == 1\n"
     "p := f(1, 2, 3)",
     "1 error occurred: f.rego:5: rego_type_error: function data.t.f has arity 1, got "
     "3 arguments"},
    {"package t\n"
     "\n"
     "p := input.x[1].y == \"a\"\n"
     "q := p.z",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.p.z\n"
     "\tdata.t.p.z\n"
     "\t^^^^^^^^\n"
     "\thave: boolean"},
    {"package t\n"
     "\n"
     "p := sprintf(\"%d\", 1)",
     "1 error occurred: f.rego:3: rego_type_error: sprintf: invalid argument(s)\n"
     "\thave: (string, number, ?\?\?)\n"
     "\twant: (format: string, values: array[any], output: string)"},
    {"package t\n"
     "\n"
     "x := 1 if false else := \"a\"\n"
     "p := x.y",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.x.y\n"
     "\tdata.t.x.y\n"
     "\t^^^^^^^^\n"
     "\thave: any<number, string>"},
    {"package t\n"
     "\n"
     "p := {x | x := 1}.y",
     "1 error occurred: f.rego:3: rego_type_error: undefined ref: {x | x = 1}.y\n"
     "\t{x | x = 1}.y\n"
     "\t            ^\n"
     "\t            have: \"y\"\n"
     "\t            want (type): number"},
    {"package t\n"
     "\n"
     "p := strings.replace_n({\"a\": 1}, \"x\")",
     "1 error occurred: f.rego:3: rego_type_error: strings.replace_n: invalid argument"
     "(s)\n"
     "\thave: (object<a: number>, string, ?\?\?)\n"
     "\twant: (patterns: object[string: string], value: string, output: string)"},
    {"package t\n"
     "\n"
     "p if { \"a\" < 1; upper(\"x\") < 2; lower(1) }",
     "1 error occurred: f.rego:3: rego_type_error: lower: invalid argument(s)\n"
     "\thave: (number)\n"
     "\twant: (x: string, y: string)"},
    {"package t\n"
     "\n"
     "s contains [1, \"a\"]\n"
     "p if { s[[1, 2]] }",
     "1 error occurred: f.rego:4: rego_type_error: undefined ref: data.t.s[[1, 2]]\n"
     "\tdata.t.s[[1, 2]]\n"
     "\t         ^\n"
     "\t         have (type): array<number, number>\n"
     "\t         want (type): array<number, string>"},
    {"package t\n"
     "\n"
     "p := numbers.range(\"a\", 1)[0]",
     "1 error occurred: f.rego:3: rego_type_error: numbers.range: invalid argument(s)"
     "\n"
     "\thave: (string, number, ?\?\?)\n"
     "\twant: (a: number, b: number, range: array[number])"},
    {"package t\n"
     "\n"
     "p if { some x; true }",
     "1 error occurred: f.rego:3: rego_compile_error: declared var x unused"},
    {"package t\n"
     "\n"
     "p if { x := 1; x := 2 }",
     "1 error occurred: f.rego:3: rego_compile_error: var x assigned above"},
    {"package t\n"
     "\n"
     "p if { x == 1; x := 2 }",
     "1 error occurred: f.rego:3: rego_compile_error: var x referenced above"},
    {"package t\n"
     "\n"
     "f(x) if { x := 1 }",
     "1 error occurred: f.rego:3: rego_compile_error: arg x redeclared"},
    {"package t\n"
     "\n"
     "p if { 1 := 2 }",
     "1 error occurred: f.rego:3: rego_compile_error: cannot assign to number"},
    {"package t\n"
     "\n"
     "p if { not x := 1 }",
     "1 error occurred: f.rego:3: rego_compile_error: cannot assign vars inside negate"
     "d expression"},
    {"package t\n"
     "\n"
     "p if { input := 1 }",
     "1 error occurred: f.rego:3: rego_compile_error: variables must not shadow input "
     "(use a different variable name)"},
    {"package t\n"
     "\n"
     "input := 1",
     "1 error occurred: f.rego:3: rego_compile_error: rules must not shadow input (use"
     " a different rule name)"},
    {"package t\n"
     "\n"
     "f(data) := 1",
     "1 error occurred: f.rego:3: rego_compile_error: args must not shadow data (use a"
     " different variable name)"},
    {"package t\n"
     "\n"
     "p if { every x in [1] { true } }",
     "1 error occurred: f.rego:3: rego_compile_error: declared var x unused"},
    {"package t\n"
     "\n"
     "p := x",
     "1 error occurred: f.rego:3: rego_unsafe_var_error: var x is unsafe"},
    {"package t\n"
     "\n"
     "p if { x > 1 }",
     "1 error occurred: f.rego:3: rego_unsafe_var_error: var x is unsafe"},
    {"package t\n"
     "\n"
     "p if { x := y }",
     "1 error occurred: f.rego:3: rego_unsafe_var_error: var y is unsafe"},
    {"package t\n"
     "\n"
     "p := 1 if { some x in x }",
     "1 error occurred: f.rego:3: rego_compile_error: var x assigned before"},
    {"package t\n"
     "\n"
     "p := f(1)",
     "1 error occurred: f.rego:3: rego_type_error: undefined function f"},
    {"package t\n"
     "\n"
     "f(x) := x\n"
     "p := f(1, 2)",
     "1 error occurred: f.rego:4: rego_type_error: function data.t.f has arity 1, got "
     "2 arguments"},
    {"package t\n"
     "\n"
     "p := nothing.at.all(1)",
     "1 error occurred: f.rego:3: rego_type_error: undefined function nothing.at.all"},
    {"package t\n"
     "\n"
     "p := 1\n"
     "p contains 2",
     "1 error occurred: f.rego:3: rego_type_error: conflicting rules data.t.p found"},
    {"package t\n"
     "\n"
     "p := 1\n"
     "p.q := 2",
     "1 error occurred: f.rego:3: rego_type_error: rule data.t.p conflicts with:\n"
     "  rule data.t.p.q at f.rego:4"},
    {"package t\n"
     "\n"
     "default p := 1\n"
     "default p := 2",
     "1 error occurred: f.rego:1: rego_type_error: multiple default rules data.t.p fou"
     "nd at f.rego:3, f.rego:4"},
    {"package t\n"
     "\n"
     "f(count(x)) := 1",
     "1 error occurred: f.rego:3: rego_compile_error: rule arguments cannot contain ca"
     "lls"},
    {"package t\n"
     "\n"
     "p := 1 if true with foo.bar as 1",
     "1 error occurred: f.rego:3: rego_type_error: with keyword target must reference "
     "existing input, data, or a function"},
    {"package t\n"
     "\n"
     "p := 1 if true with walk as 1",
     "1 error occurred: f.rego:3: rego_compile_error: with keyword replacing built-in "
     "function: target must not be a relation"},
    {"package t\n"
     "\n"
     "p := any([true])",
     "1 error occurred: f.rego:3: rego_type_error: deprecated built-in function calls "
     "in expression: any"},
    {"package t\n"
     "\n"
     "p := upper(\"a\", \"b\", \"c\")",
     "1 error occurred: f.rego:3: rego_type_error: upper: arity mismatch\n"
     "\thave: (string, string, string, ?\?\?)\n"
     "\twant: (x: string)"},
    {"package t\n"
     "\n"
     "p if p",
     "1 error occurred: f.rego:3: rego_recursion_error: rule data.t.p is recursive: da"
     "ta.t.p -> data.t.p"},
    {"package t\n"
     "\n"
     "q := p\n"
     "p := q",
     "2 errors occurred:\n"
     "f.rego:3: rego_recursion_error: rule data.t.q is recursive: data.t.q -> data.t.p"
     " -> data.t.q\n"
     "f.rego:4: rego_recursion_error: rule data.t.p is recursive: data.t.p -> data.t.q"
     " -> data.t.p"},
    {"package t\n"
     "\n"
     "import data.a\n"
     "import data.a\n"
     "p := a",
     "1 error occurred: f.rego:4: rego_compile_error: import must not shadow import da"
     "ta.a"},
    {"package t\n"
     "\n"
     "p[x] := 1 if { p[x] }",
     "1 error occurred: f.rego:3: rego_recursion_error: rule data.t.p[x] is recursive:"
     " data.t.p[x] -> data.t.p[x]"},
    {"package t\np if { input.x == 1; data.base.y == \"a\"; not data.nosuch }", ""},
    {"package t\np if { s == 1 } \ns := 1 if input.x\ns := \"a\" if input.y", ""},
};

static ws_registry *registry;

static void compile(const char *text, wb_buf *out)
{
    wb_arena a;
    wp_diags diags;
    wp_module *m = NULL;
    assert_int_equal(wb_arena_init(&a, (size_t)1 << 32, 1), WB_OK);
    wp_diags_init(&diags, &a, 10);
    wp_options parse = {.version = WP_V1};
    wc_options options = {.registry = registry, .seed = 1};
    wm_program *program = NULL;
    if (wp_parse_module(&a, WB_LIT("f.rego"), wb_str_of(text), &parse, &m, &diags) == WB_OK &&
        wc_compile(&m, 1, NULL, &options, &program, &diags) == WB_OK)
        wm_program_free(program);
    if (diags.n)
        wp_diags_print(out, &diags, false);
    wb_arena_free(&a);
}

static void texts_and_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wb_buf out;
        wb_buf_init(&out, 1 << 20);
        compile(rows[i].text, &out);
        while (out.n && out.p[out.n - 1] == '\n')
            out.n--;
        if (!wb_str_is(wb_buf_str(&out), rows[i].want))
            fail_msg("%s\nwant %s\ngot  %.*s", rows[i].text, rows[i].want,
                     WB_FMT(wb_buf_str(&out)));
        wb_buf_free(&out);
    }
}

/* Sixty doublings: a type of 2^60 parts if nothing bounded it. */
static void types_are_bounded(void **state)
{
    (void)state;
    wb_buf text, out;
    wb_buf_init(&text, 1 << 20);
    wb_buf_init(&out, 1 << 20);
    wb_buf_puts(&text, "package t\np if {\nx0 := [1, 2]\n");
    for (int i = 1; i <= 60; i++)
        wb_buf_putf(&text, "x%d := [x%d, x%d]\n", i, i - 1, i - 1);
    wb_buf_puts(&text, "x60 == {\"a\"}\n}\n");
    compile(wb_buf_cstr(&text), &out);
    /* The mistake may be found or not; what matters is that it ends, and that it is no other. */
    if (out.n)
        assert_true(wb_str_has_prefix(
            wb_buf_str(&out), WB_LIT("1 error occurred: f.rego:64: rego_type_error: match")));
    wb_buf_free(&text);
    wb_buf_free(&out);
}

static void many_rules(void **state)
{
    (void)state;
    wb_buf text, out;
    wb_buf_init(&text, (size_t)1 << 24);
    wb_buf_init(&out, 1 << 20);
    wb_buf_puts(&text, "package t\n");
    for (int i = 0; i < 5000; i++)
        wb_buf_putf(&text, "s contains {\"k%d\": %d} if input.x == %d\n", i, i, i);
    compile(wb_buf_cstr(&text), &out);
    assert_int_equal(out.n, 0);
    wb_buf_free(&text);
    wb_buf_free(&out);
}

int main(void)
{
    registry = ws_registry_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_places),
        cmocka_unit_test(types_are_bounded),
        cmocka_unit_test(many_rules),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ws_registry_free(registry);
    return failed;
}
