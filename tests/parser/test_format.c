/* A formatted text is the one layout: nothing is lost, and formatting again changes nothing. */
#include "parser/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct given {
    wb_arena a;
    wp_diags d;
    wb_buf out;
} given;

static void begin(given *g)
{
    assert_int_equal(wb_arena_init(&g->a, (size_t)1 << 30, 7), 0);
    wp_diags_init(&g->d, &g->a, 0);
    wb_buf_init(&g->out, WP_FORMAT_TEXT_MAX);
}

static void end(given *g)
{
    wb_buf_free(&g->out);
    wb_arena_free(&g->a);
}

static wb_status format(given *g, wb_str text, wp_version from, wp_version least, wp_version most)
{
    wp_options parse = {.version = from};
    wp_format_options o = {.least = least, .most = most};
    wb_buf_clear(&g->out);
    return wp_format_text(&g->a, WB_LIT("f.rego"), text, &parse, &o, &g->out, &g->d);
}

static void expect(const char *text, const char *want)
{
    given g;
    begin(&g);
    assert_int_equal(format(&g, wb_str_of(text), WP_V1, WP_V1, WP_V1), WB_OK);
    assert_string_equal(wb_buf_cstr(&g.out), want);
    size_t n;
    char *once = wb_buf_detach(&g.out, &n);
    assert_int_equal(format(&g, (wb_str){once, n}, WP_V1, WP_V1, WP_V1), WB_OK);
    assert_string_equal(wb_buf_cstr(&g.out), want);
    free(once);
    end(&g);
}

static void lines_stay_where_they_were(void **state)
{
    (void)state;
    expect("package a\np if { x; y }\n", "package a\n\np if {\n\tx\n\ty\n}\n");
    expect("package a\np := {1,\n2}\n", "package a\n\np := {\n\t1,\n\t2,\n}\n");
    expect("package a\np := [ 1,2 ]\nq := 1\n", "package a\n\np := [1, 2]\nq := 1\n");
    expect("package a\np if {\n x\n\n\n y }\n", "package a\n\np if {\n\tx\n\n\ty\n}\n");
    expect("package a\np if { x } else := 2 if { y }\n", "package a\n\np if x\n\nelse := 2 if y\n");
    expect("package a\np if {\n x with input as 1\n  with data.y as 2\n}\n",
           "package a\n\np if {\n\tx with input as 1\n\t\twith data.y as 2\n}\n");
}

static void no_comment_is_lost(void **state)
{
    (void)state;
    expect("# 1\npackage a # 2\n# 3\np if { # 4\n# 5\nx # 6\n# 7\n} # 8\n# 9\n",
           "# 1\npackage a # 2\n\n# 3\np if { # 4\n\t# 5\n\tx # 6\n\t# 7\n} # 8\n\n# 9\n");
    expect("package a\np := [\n# 1\n1, # 2\n# 3\n]\n",
           "package a\n\np := [\n# 1\n1, # 2\n# 3\n]\n");
}

static void imports_are_sorted_in_their_groups(void **state)
{
    (void)state;
    expect("package a\nimport data.z # z\nimport data.b\n\nimport data.a\n",
           "package a\n\nimport data.b\nimport data.z # z\n\nimport data.a\n");
}

static void a_result_that_says_something_else_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        bool same;
    } rows[] = {
        {"package a\np := 1\n", "package a\n\np = 1\n", true},
        {"package a\np.q := 1\n", "package a\n\np[\"q\"] := 1\n", true},
        {"package a\np if plus(1, 2, x)\n", "package a\np if x = 1 + 2\n", true},
        {"package a\np := 1\n", "package a\np := 2\n", false},
        {"package a\np := 1 # c\n", "package a\np := 1\n", false},
        {"package a\np if { a, (1 in x) in y }\n", "package a\np if { a, 1 in x in y }\n", false},
        {"package a\np := 1\n", "package b\np := 1\n", false},
        {"package a\np := 1\n", "package a\np := 1\nq := 2\n", false},
        {"package a\np := (1 + 2) * 3\n", "package a\np := 1 + (2 * 3)\n", false},
        {"package a\np := 1 if x else := 2\n", "package a\np := 1 if x\n", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        given g;
        wp_module *x, *y;
        wp_options o = {.version = WP_V1};
        begin(&g);
        assert_int_equal(
            wp_parse_module(&g.a, WB_LIT("x"), wb_str_of(rows[i].before), &o, &x, &g.d), WB_OK);
        assert_int_equal(wp_parse_module(&g.a, WB_LIT("y"), wb_str_of(rows[i].after), &o, &y, &g.d),
                         WB_OK);
        assert_int_equal(wp_format_difference(x, y) == NULL, rows[i].same);
        end(&g);
    }
}

static void a_target_adds_and_drops_imports(void **state)
{
    (void)state;
    given g;
    begin(&g);
    wb_str text = WB_LIT("package a\nimport future.keywords.in\np[x] { x in [1] }\n");
    assert_int_equal(format(&g, text, WP_V0, WP_V0, WP_V1), WB_OK);
    assert_string_equal(wb_buf_cstr(&g.out),
                        "package a\n\nimport rego.v1\n\np contains x if x in [1]\n");
    assert_int_equal(format(&g, text, WP_V0, WP_V0, WP_V2), WB_OK);
    assert_string_equal(wb_buf_cstr(&g.out),
                        "package a\n\nimport rego.v2\n\np contains x if x in [1]\n");
    end(&g);
}

static void what_v1_refuses_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "package a\np { any([true]) }\n",
        "package a\ninput = 1\n",
        "package a\nif = 1\n",
        "package a\np { input := 1; input }\n",
        "package a\nf(data) = 1\n",
        "package a\nimport data.x\nimport data.y.x\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        given g;
        begin(&g);
        assert_int_equal(format(&g, wb_str_of(texts[i]), WP_V0, WP_V0, WP_V1), WB_INVALID);
        assert_int_equal(g.d.n, 1);
        assert_int_equal(format(&g, wb_str_of(texts[i]), WP_V0, WP_V0, WP_V0), WB_OK);
        end(&g);
    }
}

static wb_status nested(given *g, const char *open, const char *close, size_t n)
{
    wb_buf text;
    wb_buf_init(&text, (size_t)1 << 24);
    wb_buf_puts(&text, "package a\np := ");
    for (size_t i = 0; i < n; i++)
        wb_buf_puts(&text, open);
    wb_buf_puts(&text, "1");
    for (size_t i = 0; i < n; i++)
        wb_buf_puts(&text, close);
    wb_buf_puts(&text, "\n");
    wb_status s = format(g, wb_buf_str(&text), WP_V1, WP_V1, WP_V1);
    wb_buf_free(&text);
    return s;
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"[", "]"}, {"f(", ")"}, {"{x |x := ", "}"}, {"{1: ", "}"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        given g;
        begin(&g);
        assert_int_equal(nested(&g, pairs[i][0], pairs[i][1], 600), WB_OK);
        assert_int_equal(nested(&g, pairs[i][0], pairs[i][1], 4000), WB_INVALID);
        assert_int_equal(g.d.n, 1);
        end(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_stay_where_they_were),
        cmocka_unit_test(no_comment_is_lost),
        cmocka_unit_test(imports_are_sorted_in_their_groups),
        cmocka_unit_test(a_result_that_says_something_else_is_noticed),
        cmocka_unit_test(a_target_adds_and_drops_imports),
        cmocka_unit_test(what_v1_refuses_is_an_error),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
