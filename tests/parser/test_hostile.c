/* Hostile texts end with an error or a tree, soon, whatever their size and nesting. A text is
 * data: what stands before, pieces that are repeated, what stands behind. */
#include "parser/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)1 << 30)
#define TEXT_MAX  ((size_t)1 << 28)
#define DEPTH     "max parsing recursion depth exceeded"
#define MANY      20000

static const struct text {
    const char *before, *piece;
    size_t n;
    const char *middle, *closing; /* n times as well */
    const char *after;
    const char *want; /* the first error's message; NULL: it reads well */
    uint32_t row;     /* of that error; 0: any */
} texts[] = {
    /* nesting past the bound */
    {"p := ", "[", MANY, "1", "]", "", DEPTH, 2},
    {"p := ", "(", MANY, "1", ")", "", DEPTH, 2},
    {"p := ", "{", MANY, "1", "}", "", DEPTH, 2},
    {"p := ", "{", MANY, "1", "", "", DEPTH, 2},
    {"p := ", "f(", MANY, "1", ")", "", DEPTH, 2},
    {"p := ", "x[", MANY, "1", "]", "", DEPTH, 2},
    {"p := ", "{1:", MANY, "1", "}", "", DEPTH, 2},
    {"p := ", "[x | x := ", MANY, "1", "]", "", DEPTH, 2},
    {"p := ", "{x | x := ", MANY, "1", "}", "", DEPTH, 2},
    {"p := ", "{1: x | x := ", MANY, "1", "}", "", DEPTH, 2},
    {"p if ", "every x in y { ", MANY, "x", "}", "", DEPTH, 2},
    {"import future.keywords\np if ", "not {", MANY, "x", "}", "", DEPTH, 3},
    {"import future.keywords\np if ", "(x or ", MANY, "x", ")", "", DEPTH, 3},
    {"p := ", "$\"{", MANY, "1", "}\"", "", "max nesting of template strings exceeded", 2},
    {"p := ", "$`{", MANY, "1", "}`", "", "max nesting of template strings exceeded", 2},
    /* chains past the bound */
    {"p := 1", "+1", MANY, "", "", "", DEPTH, 2},
    {"p := 1", "*1", MANY, "", "", "", DEPTH, 2},
    {"p := 1", "|1", MANY, "", "", "", DEPTH, 2},
    {"p := 1", " == 1", MANY, "", "", "", DEPTH, 2},
    {"p := 1", " in 1", MANY, "", "", "", DEPTH, 2},
    {"p := x", ".a(1)", MANY, "", "", "", DEPTH, 2},
    {"p := 1 if x\n", "else := 1 if x\n", MANY, "", "", "", DEPTH, 0},
    {"import future.keywords.and\np if x", " and x", MANY, "", "", "", DEPTH, 3},
    /* long, not deep */
    {"p := x", ".a", MANY, "", "", "", NULL, 0},
    {"p := x", "[0]", MANY, "", "", "", NULL, 0},
    {"p if x", " with input.a as 1", MANY, "", "", "", NULL, 0},
    {"p if {\n", "x == 1\n", MANY, "", "", "}", NULL, 0},
    {"p := $\"", "{input.x}", MANY, "", "", "\"", NULL, 0},
    {"p if { some x", ",x", MANY, "", "", "; x == 1 }", NULL, 0},
    {"f(x", ",x", MANY, "", "", ") := 1", NULL, 0},
    {"", "import data.a\n", MANY, "", "", "p := 1", NULL, 0},
    {"", "p if { input.x == 1 }\n", MANY, "", "", "", NULL, 0},
    {"", "# comment\n", MANY, "", "", "p := 1", NULL, 0},
    {"p := [", "1,", MANY, "", "", "1]", NULL, 0},
    {"p := {", "1,", MANY, "", "", "1}", NULL, 0},
    {"p := {", "1: 1,", MANY, "", "", "1: 1}", NULL, 0},
    /* long literals */
    {"p := \"", "0123456789", 1000000, "", "", "\"", NULL, 0},
    {"p := \"", "\\u00e9", 100000, "", "", "\"", NULL, 0},
    {"p := `", "012345678\n", 100000, "", "", "`", NULL, 0},
    {"p := ", "abcdefghij", 100000, "", "", "", NULL, 0},
    {"# ", "0123456789", 100000, "", "", "\np := 1", NULL, 0},
    {"p := ", "9876543210", 1000000, "", "", "", "number too big", 2},
    /* mistakes deep inside and at the far end, read again to explain them */
    {"p := ", "[", 500, "1 2", "]", "", "unexpected number token: expected \",\" or \"]\"", 2},
    {"p := ", "[", 5000, "1 2", "]", "", "unexpected number token", 2},
    {"p := ", "{1 | {2, ", 2000, "1 2", "}}", "", "unexpected number token", 2},
    {"p := ", "{1: 2 | {3: ", 400, "", "}}", "", "unexpected } token", 2},
    {"import future.keywords\np if ", "not {", 150, "x y", "}", "",
     "unexpected identifier token: expected \\n or ; or }", 3},
    {"import future.keywords\np if ", "({", 2000, "x y", "})", "", "unexpected identifier token",
     3},
    {"", "p := 1\n", MANY, "", "", "p := }", "unexpected } token", MANY + 2},
    {"p if ", "not ", MANY, "x", "", "", "unexpected not keyword", 2},
    {"p := ", "-", MANY, "1", "", "", "unexpected minus token: expected number", 2},
    {"", "x\n", 1000, "", "", "", "var cannot be used for rule name", 2},
    {"p := \"", "x", MANY, "", "", "", "non-terminated string", 2},
    {"p := `", "x\n", MANY, "", "", "", "non-terminated string", 2},
    /* bytes that no text holds */
    {"p := \"", "\xff", MANY, "", "", "\"", "illegal utf-8 character", 2},
    {"p := 1 ", "\xff", MANY, "", "", "", "illegal utf-8 character", 2},
    {"p := \"", "\xed\xa0\x80", 1, "", "", "\"", "illegal utf-8 character", 2},
    {"p := \"", "\xef\xbb\xbf", 1, "", "", "\"", "illegal byte-order mark", 2},
    {"# ", "\xc3", 1, "", "", "\np := 1", "illegal utf-8 character", 2},
    {"p := 1\r\n", "q if {\r\n\tx == 1\r\n\ty\r\n}\r\n", 1, "", "", "", NULL, 0},
    {"# METADATA\n# custom: ", "[", MANY, "", "", "\np := 1", "yaml: line 1: exceeded max depth",
     3},
};

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

static void begin(given *g, size_t memory)
{
    assert_int_equal(wb_arena_init(&g->a, memory, 7), 0);
    wb_buf_init(&g->text, TEXT_MAX);
    wb_buf_puts(&g->text, "package a\n");
}

static void end(given *g)
{
    wb_buf_free(&g->text);
    wb_arena_free(&g->a);
}

static void repeat(given *g, const char *piece, size_t n)
{
    for (size_t i = 0; i < n && *piece; i++)
        wb_buf_puts(&g->text, piece);
}

static void hostile_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct text *t = &texts[i];
        given g;
        begin(&g, ARENA_MAX);
        wb_buf_puts(&g.text, t->before);
        repeat(&g, t->piece, t->n);
        wb_buf_puts(&g.text, t->middle);
        repeat(&g, t->closing, t->n);
        wb_buf_puts(&g.text, t->after);
        wb_status status = parse(&g);
        if (!t->want != (status == WB_OK) || (t->want && !g.d.n))
            fail_msg("row %zu: %.40s%.20s...: status %d", i, t->before, t->piece, (int)status);
        if (t->want && !wb_str_is(g.d.first->message, t->want))
            fail_msg("row %zu: %.40s%.20s...: %.*s", i, t->before, t->piece,
                     WB_FMT(g.d.first->message));
        if (t->want && t->row)
            assert_int_equal(g.d.first->loc.row, t->row);
        end(&g);
    }
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const around[] = {"p := 1 ", "p := \"", "# ", "p := `", "p", "p := $\"{x}"};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        given g;
        begin(&g, ARENA_MAX);
        wb_buf_puts(&g.text, around[i]);
        wb_buf_putc(&g.text, '\0');
        assert_int_equal(parse(&g), WB_INVALID);
        assert_string_equal(g.d.first->message.p, "illegal null character");
        end(&g);
    }
}

static void a_mark_may_only_begin_a_text(void **state)
{
    (void)state;
    given g;
    begin(&g, ARENA_MAX);
    wb_buf_clear(&g.text);
    wb_buf_puts(&g.text, "\xef\xbb\xbfpackage a\np := 1\n");
    assert_int_equal(parse(&g), WB_OK);
    wb_buf_puts(&g.text, "\xef\xbb\xbfq := 1\n");
    assert_int_equal(parse(&g), WB_INVALID);
    assert_string_equal(g.d.first->message.p, "illegal byte-order mark");
    end(&g);
}

static void nesting_below_the_bound_can_be_printed(void **state)
{
    (void)state;
    given g;
    wb_buf out;
    begin(&g, ARENA_MAX);
    wb_buf_puts(&g.text, "p := ");
    repeat(&g, "[", WP_DEPTH_MAX - 10);
    repeat(&g, "]", WP_DEPTH_MAX - 10);
    assert_int_equal(parse(&g), WB_OK);
    wb_buf_init(&out, 1 << 20);
    wp_term_put(&out, g.m->rules[0]->head->value);
    assert_int_equal(out.n, 2 * (WP_DEPTH_MAX - 10));
    wb_buf_free(&out);
    end(&g);
}

/* The arena's limit ends the work in each of its stages. */
static void memory_is_bounded(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[1],\n", "# comment\n", "p := 1\n", "p := {1 | x}\n",
                                         "x\n"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        given g;
        begin(&g, 1 << 20);
        wb_buf_puts(&g.text, i ? "" : "p := [[");
        repeat(&g, pieces[i], 50000);
        assert_int_not_equal(parse(&g), WB_OK);
        assert_int_equal(g.d.n, 1);
        assert_string_equal(g.d.first->message.p, "memory limit exceeded");
        end(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(a_mark_may_only_begin_a_text),
        cmocka_unit_test(nesting_below_the_bound_can_be_printed),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
