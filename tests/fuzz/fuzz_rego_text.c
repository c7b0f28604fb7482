/* Rego text of an attacker through the whole front end: parsed as module and query under each
 * version, printed, formatted, compiled. Whatever it is, a result or an error comes out, and an
 * error has a reason and a place that lies in the text. */
#include "engine/engine.h"

#include "base/utf8.h"
#include "parser/format.h"

#define TEXT_MAX   ((size_t)1 << 16)
#define ARENA_MAX  ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Every failure has a reason; every place lies in the text. */
static void check_errors(const wp_diags *d, wb_str text)
{
    uint32_t rows = 1;
    for (size_t i = 0; i < text.n; i++)
        rows += text.p[i] == '\n';
    if (!d->n)
        __builtin_trap();
    for (const wp_diag *x = d->first; x; x = x->next)
        if (!x->message.n || !wb_utf8_valid(x->message, NULL) || x->loc.row > rows ||
            x->idx > x->line.n)
            __builtin_trap();
}

static void print_module(wb_arena *a, const wp_module *m)
{
    wb_buf b;
    wb_buf_init(&b, OUTPUT_MAX);
    wp_module_pretty(&b, m);
    wp_module_json(a, m, &(wp_json_options){true, true});
    for (uint32_t i = 0; i < m->n_rules; i++)
        wp_body_put(&b, &m->rules[i]->body);
    wb_buf_free(&b);
}

/* Whether the text is a module. */
static bool parse(wb_arena *a, wb_str text, wp_version version)
{
    wp_options o = {.version = version};
    wp_diags d;
    wp_module *m;
    wp_body body;
    wb_buf b;
    wp_diags_init(&d, a, 0);
    wb_buf_init(&b, OUTPUT_MAX);
    bool ok = wp_parse_module(a, WB_LIT("f.rego"), text, &o, &m, &d) == WB_OK;
    if (ok)
        print_module(a, m);
    else
        check_errors(&d, text);
    wp_diags_sort(&d);
    wp_diags_print(&b, &d, true);
    wp_diags_init(&d, a, 0);
    if (wp_parse_query(a, WB_LIT(""), text, &o, &body, &d) == WB_OK)
        wp_body_put(&b, &body);
    else
        check_errors(&d, text);
    wb_buf_free(&b);
    return ok;
}

static void format(wb_arena *a, wb_str text, wp_version version)
{
    wp_options o = {.version = version};
    wp_format_options target = {.least = version, .most = WP_V1, .drop_imports = version == WP_V1};
    wp_diags d;
    wb_buf b;
    wp_diags_init(&d, a, 0);
    wb_buf_init(&b, OUTPUT_MAX);
    if (wp_format_text(a, WB_LIT("f.rego"), text, &o, &target, &b, &d) != WB_OK)
        check_errors(&d, text);
    wb_buf_free(&b);
}

static void compile(wb_arena *a, wb_str text, wp_version version)
{
    writ_engine *e = writ_engine_new();
    wp_diags d;
    e->version = version;
    wp_diags_init(&d, a, 10);
    we_module *m = we_module_new(e, WB_LIT("f.rego"), text, we_next_file(e), &d);
    if (m)
        we_add_module(e, m);
    if ((!m || we_check(e, &d) != WB_OK) && !d.n)
        __builtin_trap();
    wp_diags_own(&d);
    writ_engine_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    wb_arena a;
    wb_str text = wb_str_n(data, n);
    if (n > TEXT_MAX || wb_arena_init(&a, ARENA_MAX, 7))
        return 0;
    for (int v = WP_V0; v <= WP_V2; v++) {
        bool ok = parse(&a, text, (wp_version)v);
        wb_arena_reset(&a);
        if (ok && v < WP_V2)
            format(&a, text, (wp_version)v);
        if (ok)
            compile(&a, text, (wp_version)v);
        wb_arena_reset(&a);
    }
    wb_arena_free(&a);
    return 0;
}
