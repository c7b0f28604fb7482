/* The tree of each data file is the one that the reference engine prints: NAME.json is its JSON
 * with places and comments, NAME.txt its indented form. Names that begin with v0 are Rego v0. */
#include "parser/parse.h"
#include "value/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char *read_data(const char *name, const char *ext, size_t *n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/parser/data/%s.%s", WRIT_SOURCE_DIR, name, ext);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = wb_malloc(1 << 20);
    *n = fread(text, 1, 1 << 20, f);
    fclose(f);
    return text;
}

static wp_module *parse(wb_arena *a, const char *name, char *text, size_t n)
{
    char *file = wb_arena_printf(a, "%s.rego", name);
    wp_options o = {.version = name[0] == 'v' && name[1] == '0' ? WP_V0 : WP_V1};
    wp_diags d;
    wp_module *m;
    wp_diags_init(&d, a, 0);
    wb_status status = wp_parse_module(a, wb_str_of(file), wb_str_n(text, n), &o, &m, &d);
    if (status != WB_OK) {
        wb_buf b;
        wb_buf_init(&b, 1 << 16);
        wp_diags_print(&b, &d, false);
        print_error("%s\n", wb_buf_cstr(&b));
        wb_buf_free(&b);
    }
    assert_int_equal(status, WB_OK);
    return m;
}

static void check(const char *name)
{
    wb_arena a;
    size_t n, want_n, pretty_n;
    wv want;
    wb_error error;
    assert_int_equal(wb_arena_init(&a, 256u << 20, 7), 0);
    char *text = read_data(name, "rego", &n), *json = read_data(name, "json", &want_n);
    char *pretty = read_data(name, "txt", &pretty_n);
    wp_module *m = parse(&a, name, text, n);

    wv got = wp_module_json(&a, m, &(wp_json_options){true, true});
    assert_int_equal(wv_json_decode(&a, wb_str_n(json, want_n), NULL, &want, &error), WB_OK);
    assert_true(wv_equal(got, want));

    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wp_module_pretty(&b, m);
    assert_string_equal(wb_buf_cstr(&b), (pretty[pretty_n] = 0, pretty));
    wb_buf_free(&b);
    free(text);
    free(json);
    free(pretty);
    wb_arena_free(&a);
}

#define TREE(name)                                                                                 \
    static void tree_of_##name(void **state)                                                       \
    {                                                                                              \
        (void)state;                                                                               \
        check(#name);                                                                              \
    }
TREE(rules)
TREE(terms)
TREE(logic)
TREE(v0_old)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_of_rules),
        cmocka_unit_test(tree_of_terms),
        cmocka_unit_test(tree_of_logic),
        cmocka_unit_test(tree_of_v0_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
