#include "stdlib/cache.h"

#include "base/error.h"
#include "base/hash.h"

#include <stdlib.h>

#define CACHE_ENTRIES 128                /* as OPA keeps 100 of each kind */
#define CACHE_SLOTS   512                /* open addressing; a power of two */
#define CACHE_KEY_MAX ((size_t)16 << 10) /* bytes: keys above are hardly asked twice */

typedef struct entry {
    char *key;
    size_t key_len;
    uint64_t hash;
    uint64_t used; /* tick of the last get */
    void *item;
    void (*release)(void *item);
    ws_cache_kind kind;
} entry;

#define SPARE_TEXTS 2                  /* texts that one call makes at once: one and its parts */
#define SPARE_MAX   ((size_t)64 << 10) /* bytes: one huge text does not keep its memory */

struct ws_cache {
    entry entries[CACHE_ENTRIES];
    unsigned count;
    uint16_t slots[CACHE_SLOTS]; /* entry number + 1; 0 free */
    uint64_t tick, seed;
    entry passing; /* what has too long a key */
    struct {
        void *item;
        void (*release)(void *item);
    } scratch[WS_SCRATCH_COUNT];
    struct {
        char *p;
        size_t cap;
    } spare[SPARE_TEXTS];
};

ws_cache *ws_cache_new(void)
{
    ws_cache *c = wb_calloc(1, sizeof *c);
    c->seed = wb_hash_seed();
    return c;
}

static void entry_clear(entry *e)
{
    if (e->item && e->release)
        e->release(e->item);
    free(e->key);
    *e = (entry){0};
}

void ws_cache_free(ws_cache *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->count; i++)
        entry_clear(&c->entries[i]);
    entry_clear(&c->passing);
    for (unsigned i = 0; i < WS_SCRATCH_COUNT; i++)
        if (c->scratch[i].item)
            c->scratch[i].release(c->scratch[i].item);
    for (unsigned i = 0; i < SPARE_TEXTS; i++)
        free(c->spare[i].p);
    free(c);
}

void ws_cache_lend(ws_cache *c, wb_buf *b)
{
    for (unsigned i = 0; i < SPARE_TEXTS; i++) {
        if (!c->spare[i].p)
            continue;
        b->p = c->spare[i].p;
        b->cap = c->spare[i].cap;
        c->spare[i].p = NULL;
        return;
    }
}

void ws_cache_give_back(ws_cache *c, wb_buf *b)
{
    for (unsigned i = 0; i < SPARE_TEXTS && b->p && b->cap <= SPARE_MAX; i++) {
        if (c->spare[i].p)
            continue;
        c->spare[i].p = b->p;
        c->spare[i].cap = b->cap;
        b->p = NULL;
        b->cap = b->n = 0;
    }
    wb_buf_free(b);
}

static uint64_t hash_of(const ws_cache *c, ws_cache_kind kind, wb_str key)
{
    return wb_hash(key.p, key.n, c->seed + kind);
}

void *ws_cache_get(ws_cache *c, ws_cache_kind kind, wb_str key)
{
    uint64_t h = hash_of(c, kind, key);
    for (size_t s = h % CACHE_SLOTS; c->slots[s]; s = (s + 1) % CACHE_SLOTS) {
        entry *e = &c->entries[c->slots[s] - 1];
        if (e->hash == h && e->kind == kind && wb_str_eq(wb_str_n(e->key, e->key_len), key)) {
            e->used = ++c->tick;
            return e->item;
        }
    }
    return NULL;
}

static void index_all(ws_cache *c)
{
    memset(c->slots, 0, sizeof c->slots);
    for (unsigned i = 0; i < c->count; i++) {
        size_t s = c->entries[i].hash % CACHE_SLOTS;
        while (c->slots[s])
            s = (s + 1) % CACHE_SLOTS;
        c->slots[s] = (uint16_t)(i + 1);
    }
}

void ws_cache_put(ws_cache *c, ws_cache_kind kind, wb_str key, void *item, void (*release)(void *))
{
    entry_clear(&c->passing);
    if (key.n > CACHE_KEY_MAX) {
        c->passing = (entry){.item = item, .release = release};
        return;
    }
    unsigned at = c->count;
    if (at == CACHE_ENTRIES) {
        at = 0;
        for (unsigned i = 1; i < c->count; i++)
            if (c->entries[i].used < c->entries[at].used)
                at = i;
        entry_clear(&c->entries[at]);
    } else {
        c->count++;
    }
    c->entries[at] = (entry){.key = wb_strndup(key.p ? key.p : "", key.n),
                             .key_len = key.n,
                             .hash = hash_of(c, kind, key),
                             .used = ++c->tick,
                             .item = item,
                             .release = release,
                             .kind = kind};
    index_all(c);
}

void *ws_cache_scratch(const ws_cache *c, ws_scratch which)
{
    return c->scratch[which].item;
}

void ws_cache_set_scratch(ws_cache *c, ws_scratch which, void *scratch, void (*release)(void *))
{
    c->scratch[which].item = scratch;
    c->scratch[which].release = release;
}
