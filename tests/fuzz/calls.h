/* What the targets for built-in functions share: a context under a budget, and calls by name. */
#ifndef WRIT_TESTS_FUZZ_CALLS_H
#define WRIT_TESTS_FUZZ_CALLS_H

#include "stdlib/builtin.h"

#include <stdlib.h>

#define FUZZ_MEMORY ((size_t)32 << 20)
#define FUZZ_FUEL   INT64_C(200000) /* a call: what needs more ends with the budget error */

typedef struct fuzz_env {
    wb_arena arena;
    ws_registry *registry;
    ws_ctx cx;
    int64_t fuel;
} fuzz_env;

static inline bool fuzz_random(void *p, size_t n)
{
    memset(p, 7, n);
    return true;
}

/* The one environment of the process, its arena empty again. */
static inline fuzz_env *fuzz_begin(void)
{
    static fuzz_env e;
    if (!e.registry) {
        e.registry = ws_registry_new();
        if (wb_arena_init(&e.arena, FUZZ_MEMORY, 1) != WB_OK)
            abort();
    }
    wb_arena_reset(&e.arena);
    ws_cache_free(e.cx.cache);
    e.cx = (ws_ctx){.out = &e.arena,
                    .cache = ws_cache_new(),
                    .fuel = &e.fuel,
                    .now_ns = INT64_C(1735689600000000000),
                    .random = fuzz_random};
    return &e;
}

/* Calls with a fresh budget; `prepared` makes what constant arguments would be compiled to. */
static inline wv fuzz_call(fuzz_env *e, const char *name, const wv *args, unsigned n, bool prepared)
{
    const ws_builtin *row = ws_registry_find(e->registry, wb_str_of(name));
    void *site = prepared && row->prepare ? row->prepare(args, n) : NULL;
    e->fuel = FUZZ_FUEL;
    e->cx.fn = row;
    e->cx.site = site;
    e->cx.error = WS_ERR_NONE;
    wv v = row->fn(&e->cx, args, n);
    if (site)
        row->release(site);
    e->cx.site = NULL;
    return e->cx.error == WS_ERR_NONE ? v : WV_UNDEFINED;
}

/* The budget ended the last call: it has no answer to compare. */
static inline bool fuzz_stopped(const fuzz_env *e)
{
    return e->cx.error >= WS_ERR_CONFLICT;
}

/* The bytes as n strings with a NUL byte between them; the last has the rest. */
static inline void fuzz_split(fuzz_env *e, const uint8_t *data, size_t size, wv *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *cut = size && i + 1 < n ? memchr(data, 0, size) : NULL;
        size_t length = cut ? (size_t)(cut - data) : size;
        out[i] = wv_string_new(&e->arena, wb_str_n(data, length));
        data += cut ? length + 1 : length;
        size -= cut ? length + 1 : length;
    }
}

#endif
