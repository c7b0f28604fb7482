/* Rego text of an attacker: parse as module (v0, v1) and as query, print what came out. */
#include "parser/parse.h"
#include "value/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    wb_arena a;
    wb_str text = wb_str_n(data, n);
    if (n > 1 << 16 || wb_arena_init(&a, 256u << 20, 7))
        return 0;
    for (int v = WP_V0; v <= WP_V2; v++) {
        wp_options o = {.version = (wp_version)v};
        wp_diags d;
        wp_module *m;
        wp_body body;
        wb_buf b;
        wb_buf_init(&b, 1 << 22);
        wp_diags_init(&d, &a, 0);
        if (wp_parse_module(&a, WB_LIT("f.rego"), text, &o, &m, &d) == WB_OK) {
            wp_module_pretty(&b, m);
            wp_module_json(&a, m, &(wp_json_options){true, true});
            for (uint32_t i = 0; i < m->n_rules; i++)
                wp_body_put(&b, &m->rules[i]->body);
        } else if (!d.n) {
            __builtin_trap(); /* a failure without a reason */
        }
        if (wp_parse_query(&a, WB_LIT(""), text, &o, &body, &d) == WB_OK)
            wp_body_put(&b, &body);
        wp_diags_sort(&d);
        wp_diags_print(&b, &d, true);
        wb_buf_free(&b);
        wb_arena_reset(&a);
    }
    wb_arena_free(&a);
    return 0;
}
