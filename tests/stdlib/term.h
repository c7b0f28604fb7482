/* Reads ground Rego terms (JSON with sets, any value as a key) and calls rows of the registry.
 * Shared by the tests of built-ins; all memory is the arena's. */
#ifndef WRIT_TESTS_STDLIB_TERM_H
#define WRIT_TESTS_STDLIB_TERM_H

#include "stdlib/builtin.h"
#include "value/json.h"
#include "value/number.h"

#include <stdio.h>
#include <stdlib.h>

static inline void term_blanks(const char **p, const char *end)
{
    while (*p < end && strchr(" \t\r\n", **p))
        ++*p;
}

static inline bool term_take(const char **p, const char *end, const char *what)
{
    size_t n = strlen(what);
    term_blanks(p, end);
    if ((size_t)(end - *p) < n || memcmp(*p, what, n) != 0)
        return false;
    *p += n;
    return true;
}

/* Undefined when the text is no term. */
static inline wv term_read(wb_arena *a, const char **p, const char *end)
{
    term_blanks(p, end);
    if (term_take(p, end, "set()"))
        return wv_set_begin(a, 0);
    if (term_take(p, end, "[")) {
        wv r = wv_array_begin(a, 4);
        while (!term_take(p, end, "]")) {
            wv v = term_read(a, p, end);
            if (!wv_defined(v))
                return v;
            wv_array_push(a, &r, v);
            term_take(p, end, ",");
        }
        return r;
    }
    if (term_take(p, end, "{")) {
        if (term_take(p, end, "}"))
            return wv_object_begin(a, 0);
        wv first = term_read(a, p, end);
        if (!wv_defined(first))
            return first;
        bool object = term_take(p, end, ":");
        wv r = object ? wv_object_begin(a, 4) : wv_set_begin(a, 4);
        for (wv k = first; wv_defined(k); k = term_read(a, p, end)) {
            if (!object) {
                wv_set_add(a, &r, k);
            } else {
                if (k != first || wv_len(r))
                    term_take(p, end, ":");
                wv v = term_read(a, p, end);
                if (!wv_defined(v))
                    return v;
                wv_object_put(a, &r, k, v);
            }
            if (term_take(p, end, "}"))
                return r;
            if (!term_take(p, end, ","))
                return WV_UNDEFINED;
            if (term_take(p, end, "}"))
                return r;
        }
        return WV_UNDEFINED;
    }
    wv v;
    size_t used;
    if (**p == '`') {
        const char *close = memchr(*p + 1, '`', (size_t)(end - *p - 1));
        if (!close)
            return WV_UNDEFINED;
        v = wv_string_new(a, wb_str_n(*p + 1, (size_t)(close - *p - 1)));
        *p = close + 1;
        return v;
    }
    if ((**p >= '0' && **p <= '9') || **p == '-' || **p == '.') {
        const char *q = *p;
        while (q < end && strchr("+-.0123456789eE", *q))
            q++;
        if (wv_number_parse(a, wb_str_n(*p, (size_t)(q - *p)), true, &v) != WV_NUM_OK)
            return WV_UNDEFINED;
        *p = q;
        return v;
    }
    if (wv_json_decode_prefix(a, wb_str_n(*p, (size_t)(end - *p)), NULL, &v, &used, NULL) != WB_OK)
        return WV_UNDEFINED;
    *p += used;
    return v;
}

/* A context with an unlimited budget over the arena. */
typedef struct term_env {
    wb_arena arena;
    ws_registry *registry;
    ws_ctx cx;
    int64_t fuel;
} term_env;

static inline bool term_random(void *p, size_t n)
{
    memset(p, 7, n);
    return true;
}

static inline void term_env_init(term_env *e, size_t limit)
{
    memset(e, 0, sizeof *e);
    if (wb_arena_init(&e->arena, limit, 0x5eed) != 0)
        abort();
    e->registry = ws_registry_new();
    e->fuel = INT64_C(1) << 40;
    e->cx.out = &e->arena;
    e->cx.cache = ws_cache_new();
    e->cx.fuel = &e->fuel;
    e->cx.now_ns = INT64_C(1735689600000000000);
    e->cx.random = term_random;
}

static inline void term_env_clear(term_env *e)
{
    ws_cache_free(e->cx.cache);
    ws_registry_free(e->registry);
    wb_arena_free(&e->arena);
}

/* Calls a row with constant arguments prepared or not. */
static inline wv term_call(term_env *e, const ws_builtin *row, const wv *args, unsigned n,
                           bool prepared)
{
    e->cx.fn = row;
    e->cx.error = WS_ERR_NONE;
    e->cx.error_text = (wb_str){0};
    e->cx.site = prepared && row->prepare ? row->prepare(args, n) : NULL;
    wv v = row->fn(&e->cx, args, n);
    if (e->cx.site && row->release)
        row->release((void *)(uintptr_t)e->cx.site);
    e->cx.site = NULL;
    return v;
}

#endif
