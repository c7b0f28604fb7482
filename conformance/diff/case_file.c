#include "conformance/diff/case_file.h"

#include "conformance/case.h"

#include "value/json.h"

static void put_block(wb_buf *b, wb_str text, const char *indent)
{
    while (text.n && text.p[text.n - 1] == '\n')
        text.n--;
    for (size_t i = 0; i < text.n;) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        size_t n = end ? (size_t)(end - (text.p + i)) : text.n - i;
        if (n)
            wb_buf_putf(b, "%s%.*s", indent, (int)n, text.p + i);
        wb_buf_puts(b, "\n");
        i += n + 1;
    }
}

static bool put_wanted(wb_buf *b, wv answer)
{
    wv errors = cf_field(answer, "errors"), rows = cf_field(answer, "rows"), word;
    if (wv_is_array(errors) && wv_len(errors)) {
        wv first = wv_items(errors)[0];
        wb_str code = cf_text(first, "code", &word);
        wb_buf_putf(b, "  want_error_code: %.*s\n  want_error: ", WB_FMT(code));
        wb_buf_put_json(b, cf_text(first, "message", &word));
        wb_buf_puts(b, "\n");
        return true;
    }
    wb_buf_puts(b, "  want_result: [");
    for (uint32_t i = 0; wv_is_array(rows) && i < wv_len(rows); i++) {
        wb_buf_puts(b, i ? ", " : "");
        wv_json_encode(b, cf_field(wv_items(rows)[i], "bindings"), NULL, NULL);
    }
    wb_buf_puts(b, "]\n");
    return true;
}

bool df_case_file(wb_buf *b, const df_program *p, const char *note, const char *answer)
{
    wb_arena a;
    wv v;
    if (p->n_queries > 1 || p->strict_mode || p->schemas.n || !answer ||
        wb_arena_init(&a, (size_t)1 << 30, 0))
        return false;
    bool ok = wv_json_decode(&a, wb_str_of(answer), NULL, &v, NULL) == WB_OK;
    wv answers = ok ? cf_field(v, "answers") : WV_UNDEFINED;
    wb_buf_puts(b, "cases:\n- note: ");
    wb_buf_put_json(b, wb_str_of(note));
    wb_buf_puts(b, "\n  query: ");
    wb_buf_put_json(b, p->n_queries ? p->queries[0] : WB_LIT("true"));
    wb_buf_puts(b, "\n  modules:\n");
    for (unsigned i = 0; i < p->n_modules; i++) {
        wb_buf_puts(b, "  - |\n");
        put_block(b, p->modules[i], "    ");
    }
    if (p->data.n)
        wb_buf_putf(b, "  data: %.*s\n", WB_FMT(p->data));
    if (p->input.n)
        wb_buf_putf(b, "  input: %.*s\n", WB_FMT(p->input));
    if (p->v0)
        wb_buf_puts(b, "  rego_version: v0\n");
    if (p->strict)
        wb_buf_puts(b, "  strict_error: true\n");
    ok = ok && put_wanted(b, wv_is_array(answers) && wv_len(answers) ? wv_items(answers)[0] : v);
    wb_arena_free(&a);
    return ok;
}
