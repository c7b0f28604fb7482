/* Any bytes as a GraphQL query and schema, a NUL byte between them: no crash, the three functions
 * that judge agree, and a tree that fits comes back from its own document. */
#include "stdlib/builtin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ws_registry *registry;

static wv call(ws_ctx *cx, const char *name, const wv *args, unsigned n)
{
    int64_t fuel = 200000;
    cx->fn = ws_registry_find(registry, wb_str_of(name));
    cx->error = WS_ERR_NONE;
    cx->fuel = &fuel;
    return cx->fn->fn(cx, args, n);
}

/* A budget that ran out is no answer; everything else must agree. */
static void judge(ws_ctx *cx, const wv *args)
{
    wv valid = call(cx, "graphql.is_valid", args, 2);
    if (cx->error >= WS_ERR_CONFLICT)
        return;
    wv all = call(cx, "graphql.parse_and_verify", args, 2);
    if (cx->error >= WS_ERR_CONFLICT)
        return;
    wv trees = call(cx, "graphql.parse", args, 2);
    if (cx->error >= WS_ERR_CONFLICT)
        return;
    if (valid != wv_items(all)[0] || wv_defined(trees) != (valid == WV_TRUE))
        abort();
    wv schema = call(cx, "graphql.parse_schema", args + 1, 1);
    if (!wv_defined(schema))
        return;
    wv good = call(cx, "graphql.schema_is_valid", args + 1, 1);
    wv again = call(cx, "graphql.schema_is_valid", &schema, 1);
    if (wv_defined(good) && wv_defined(again) && good != again)
        abort();
    const wv mixed[] = {valid == WV_TRUE ? wv_items(trees)[0] : args[0], schema};
    call(cx, "graphql.parse", mixed, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wb_arena a;
    const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
    size_t n = cut ? (size_t)(cut - data) : size;
    if (!registry)
        registry = ws_registry_new();
    if (wb_arena_init(&a, (size_t)32 << 20, 1) != 0)
        return 0;
    ws_ctx cx = {.out = &a, .cache = ws_cache_new()};
    const wv args[] = {wv_string_new(&a, wb_str_n(data, n)),
                       wv_string_new(&a, cut ? wb_str_n(cut + 1, size - n - 1) : WB_LIT(""))};
    judge(&cx, args);
    ws_cache_free(cx.cache);
    wb_arena_free(&a);
    return 0;
}
