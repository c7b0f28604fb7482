/* Hostile texts end with an error or a tree, soon, whatever their size and nesting. */
#include "parser/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct given {
    wb_arena a;
    wp_diags d;
    wp_module *m;
    wb_buf text;
} given;

static wb_status parse(given *g)
{
    wp_options o = {.version = WP_V1};
    wp_diags_init(&g->d, &g->a, 0);
    return wp_parse_module(&g->a, WB_LIT("f.rego"), wb_buf_str(&g->text), &o, &g->m, &g->d);
}

static void begin(given *g)
{
    assert_int_equal(wb_arena_init(&g->a, (size_t)1 << 30, 7), 0);
    wb_buf_init(&g->text, (size_t)1 << 28);
    wb_buf_puts(&g->text, "package a\np := ");
}

static void end(given *g)
{
    wb_buf_free(&g->text);
    wb_arena_free(&g->a);
}

static void repeat(given *g, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wb_buf_puts(&g->text, piece);
}

static void expect_depth_error(const char *before, const char *after)
{
    given g;
    begin(&g);
    repeat(&g, before, 50000);
    wb_buf_putc(&g.text, '1');
    repeat(&g, after, 50000);
    assert_int_equal(parse(&g), WB_INVALID);
    assert_int_equal(g.d.n, 1);
    assert_true(wb_str_is(g.d.first->message, "max parsing recursion depth exceeded"));
    end(&g);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    expect_depth_error("[", "]");
    expect_depth_error("(", ")");
    expect_depth_error("{", "");
    expect_depth_error("f(", ")");
    expect_depth_error("[x | x := ", "]");
    expect_depth_error("1+", "");
    expect_depth_error("$\"{", "");
}

static void nesting_below_the_bound_can_be_printed(void **state)
{
    (void)state;
    given g;
    wb_buf out;
    begin(&g);
    repeat(&g, "[", 9000);
    repeat(&g, "]", 9000);
    assert_int_equal(parse(&g), WB_OK);
    wb_buf_init(&out, 1 << 20);
    wp_term_put(&out, g.m->rules[0]->head->value);
    assert_int_equal(out.n, 18000);
    wb_buf_free(&out);
    end(&g);
}

static void long_literals(void **state)
{
    (void)state;
    given g;
    begin(&g);
    wb_buf_putc(&g.text, '"');
    repeat(&g, "0123456789", 1000000);
    wb_buf_putc(&g.text, '"');
    assert_int_equal(parse(&g), WB_OK);
    wv value = g.m->rules[0]->head->value->value;
    assert_int_equal(wv_str(&value).n, 10000000);
    end(&g);
    begin(&g);
    repeat(&g, "9876543210", 1000000);
    assert_int_equal(parse(&g), WB_INVALID);
    assert_true(wb_str_is(g.d.first->message, "number too big"));
    end(&g);
}

static void many_rules(void **state)
{
    (void)state;
    given g;
    begin(&g);
    wb_buf_puts(&g.text, "1\n");
    repeat(&g, "q if { input.x == 1 }\n", 50000);
    assert_int_equal(parse(&g), WB_OK);
    assert_int_equal(g.m->n_rules, 50001);
    end(&g);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    given g;
    begin(&g);
    wb_arena_free(&g.a);
    assert_int_equal(wb_arena_init(&g.a, 1 << 20, 7), 0);
    repeat(&g, "[1],\n", 200000);
    assert_int_equal(parse(&g), WB_INVALID);
    end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(nesting_below_the_bound_can_be_printed),
        cmocka_unit_test(long_literals),
        cmocka_unit_test(many_rules),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
