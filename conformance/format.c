/* Cases of the formatter: a text, the versions it is read and written for, and the result. */
#include "conformance/case.h"

#include "parser/format.h"

static wp_version version_of(wb_str s)
{
    return wb_str_is(s, "v0") || wb_str_is(s, "v0v1") ? WP_V0 : wb_str_is(s, "v2") ? WP_V2 : WP_V1;
}

void cf_run_format(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o)
{
    (void)f, (void)options;
    wv from_word, to_word, text_word, want_word;
    wb_str from = cf_text(c->body, "from", &from_word), to = cf_text(c->body, "to", &to_word);
    wb_str text = cf_text(c->body, "text", &text_word), want = cf_text(c->body, "want", &want_word);
    wp_options parse = {.version = version_of(from)};
    wp_format_options format = {.least = version_of(to), .most = version_of(to)};
    if (wb_str_is(to, "v0v1"))
        format.most = WP_V1;
    if (wb_str_is(to, "v2"))
        format.least = parse.version;
    wb_arena arena;
    if (wb_arena_init(&arena, (size_t)1 << 30, 0) != 0) {
        cf_fail(o, "no memory");
        return;
    }
    wp_diags diags;
    wb_buf got;
    wp_diags_init(&diags, &arena, 0);
    wb_buf_init(&got, WP_FORMAT_TEXT_MAX);
    wb_status s = wp_format_text(&arena, WB_LIT("test.rego"), text, &parse, &format, &got, &diags);
    bool wants_error = cf_field(c->body, "error") != WV_UNDEFINED;
    if (s != WB_OK && !wants_error) {
        wb_buf_clear(&got);
        wp_diags_print(&got, &diags, false);
        cf_fail(o, "want a text\ngot  error %s", wb_buf_cstr(&got));
    } else if (s == WB_OK && wants_error) {
        cf_fail(o, "want an error\ngot  %s", wb_buf_cstr(&got));
    } else if (s == WB_OK && !wb_str_eq(want, wb_buf_str(&got))) {
        cf_fail(o, "want %.*s\ngot  %s", WB_FMT(want), wb_buf_cstr(&got));
    }
    wb_buf_free(&got);
    wb_arena_free(&arena);
}
