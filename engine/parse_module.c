/* rego.parse_module: the tree of a module text as a value. */
#include "engine/engine.h"
#include "stdlib/args.h"

/* A tree takes some fifty times its text; policies that policies read are small. */
#define TEXT_MAX  ((size_t)16 << 20)
#define TREE_MAX  ((size_t)1 << 30)
#define DIAGS_MAX 11 /* as many as a caller is shown */

static wv answer(ws_ctx *cx, wb_arena *a, wb_str name, wb_str text)
{
    wp_module *m = NULL;
    wp_diags diags;
    wp_diags_init(&diags, a, DIAGS_MAX);
    wp_options options = {.version = WP_V1, .plain_comments = true};
    wb_status status = wp_parse_module(a, name, text, &options, &m, &diags);
    if (status == WB_OK && m) {
        wv tree = wp_module_json(a, m, &(wp_json_options){.comments = true});
        if (!a->exhausted && !ws_room(cx, (size_t)(a->top - a->base)))
            return WV_UNDEFINED;
        if (!a->exhausted)
            return wv_copy(cx->out, tree, NULL, NULL);
    }
    if (a->exhausted)
        return ws_fail_kind(cx, WS_ERR_BUDGET, "result is over the memory budget");
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 16);
    wp_diags_print(&b, &diags, false);
    while (b.n && b.p[b.n - 1] == '\n')
        b.n--;
    /* A module without a word has no place to point at and is reported without a count. */
    wb_str all = wb_buf_str(&b), count = WB_LIT("1 error occurred: ");
    if (diags.n == 1 && diags.first && !diags.first->loc.row && wb_str_has_prefix(all, count))
        all = wb_str_n(all.p + count.n, all.n - count.n);
    ws_fail_tail(cx, !name.n && diags.first && !diags.first->loc.row ? "0:0: " : "", all);
    wb_buf_free(&b);
    return WV_UNDEFINED;
}

wv we_parse_module(ws_ctx *cx, wb_str name, wb_str text)
{
    if (text.n > TEXT_MAX)
        return ws_fail(cx, "module is too large");
    if (!ws_room(cx, text.n) || !ws_charge(cx, text.n / 8))
        return WV_UNDEFINED;
    wb_arena a;
    if (wb_arena_init(&a, TREE_MAX, cx->out->seed))
        return ws_fail_kind(cx, WS_ERR_BUDGET, "result is over the memory budget");
    wv r = answer(cx, &a, wb_arena_str(&a, name), wb_arena_str(&a, text));
    wb_arena_free(&a);
    return r;
}
