/* What a session keeps between calls: patterns compiled for operands that are not constant, and the
 * scratch memory of matchers. One thread only. */
#ifndef WRIT_STDLIB_CACHE_H
#define WRIT_STDLIB_CACHE_H

#include "base/buf.h"
#include "stdlib/builtin.h"

typedef enum ws_cache_kind {
    WS_CACHE_REGEX,
    WS_CACHE_GLOB,
    WS_CACHE_ZONE,
    WS_CACHE_SCHEMA,
    WS_CACHE_TEMPLATE,
    WS_CACHE_LAYOUT,
    WS_CACHE_GRAPHQL
} ws_cache_kind;

/* What was put in under this kind and key, or NULL. It stays until the next put. */
void *ws_cache_get(ws_cache *c, ws_cache_kind kind, wb_str key);
/* Keeps item, freeing it with `release` when the cache is full or freed; the oldest used goes. The
 * key is copied. When the key is too long to keep, the item is kept until the next put only. */
void ws_cache_put(ws_cache *c, ws_cache_kind kind, wb_str key, void *item,
                  void (*release)(void *item));

/* What one family keeps for this session in a shape of its own: NULL until set (once). */
typedef enum ws_scratch {
    WS_SCRATCH_REGEX, /* the matcher's memory */
    WS_SCRATCH_HTTP,  /* answers */
    WS_SCRATCH_COUNT
} ws_scratch;

void *ws_cache_scratch(const ws_cache *c, ws_scratch which);
void ws_cache_set_scratch(ws_cache *c, ws_scratch which, void *scratch,
                          void (*release)(void *scratch));

/* Memory for texts that are made piece by piece, so that calls after the first need no allocator.
 * Lending fills an empty buffer's room, if there is some left; what is given back is emptied. */
void ws_cache_lend(ws_cache *c, wb_buf *b);
void ws_cache_give_back(ws_cache *c, wb_buf *b);

#endif
