/* Hashes of values, cached in the headers. */
#include "value/internal.h"
#include "value/number.h"
#include "value/stack.h"

typedef struct hash_frame {
    wv v;
    uint64_t sum;
    uint32_t i;
} hash_frame;

static uint64_t cached(wv v)
{
    return __atomic_load_n(&wv_head(v)->hash, __ATOMIC_RELAXED);
}

static uint64_t keep(wv v, uint64_t hash)
{
    hash += !hash; /* 0 means "not computed" */
    __atomic_store_n(&wv_head(v)->hash, hash, __ATOMIC_RELAXED);
    return hash;
}

uint64_t wv_string_hash(wb_str s, uint64_t seed)
{
    uint64_t hash = wb_hash(s.p, s.n, seed);
    return hash + !hash;
}

/* The hash of anything but a collection without a cached hash, whose answer is 0. */
static inline uint64_t hash_known(wv v, uint64_t seed)
{
    switch (wv_tag(v)) {
    case WV_T_SPECIAL:
    case WV_T_SHORT: return wb_hash64(v, seed);
    case WV_T_INT:
    case WV_T_NUMBER: return wv_number_hash(v, seed);
    case WV_T_STRING: {
        uint64_t hash = cached(v);
        return hash ? hash : keep(v, wv_string_hash(wv_str(&v), seed));
    }
    default: return cached(v);
    }
}

/* Whether the hash of a member is known now: if not, it is to be walked first. */
static inline bool ready(wv v, uint64_t seed, uint64_t *hash)
{
    *hash = hash_known(v, seed);
    return *hash || !wv_is_collection(v);
}

static uint64_t hash_collection(wv v, uint64_t seed)
{
    WV_STACK(hash_frame) stack;
    wv_stack_init(&stack);
    wv_stack_push(&stack);
    *wv_stack_top(&stack) = (hash_frame){.v = v};
    uint64_t hash = 0;
    while (stack.n) {
        hash_frame *f = wv_stack_top(&stack);
        uint32_t n = wv_len(f->v);
        unsigned tag = wv_tag(f->v);
        wv next = WV_UNDEFINED;
        for (; f->i < n; f->i++) {
            uint64_t h, hv;
            if (tag == WV_T_ARRAY) {
                wv item = wv_items(f->v)[f->i];
                if (!ready(item, seed, &h)) {
                    next = item;
                    break;
                }
                f->sum = wb_mix(f->sum ^ h, 0x9fb21c651e98df25u);
            } else if (tag == WV_T_SET) {
                wv item = wv_tab(f->v)->entries[f->i];
                if (!ready(item, seed, &h)) {
                    next = item;
                    break;
                }
                f->sum += wb_mix(h ^ 0x2d358dccaa6c78a5u, 0x8bb84b93962eacc9u);
            } else {
                wv key = wv_key_at(f->v, NULL, f->i), value = wv_value_at(f->v, NULL, f->i);
                if (!ready(key, seed, &h)) {
                    next = key;
                    break;
                }
                if (!ready(value, seed, &hv)) {
                    next = value;
                    break;
                }
                f->sum += wb_mix(h ^ 0x4b33a62ed433d4a3u, hv ^ 0x4d5a2da51de1aa47u);
            }
        }
        if (next) {
            wv_stack_push(&stack);
            *wv_stack_top(&stack) = (hash_frame){.v = next};
            continue;
        }
        hash = keep(f->v, wb_hash64(f->sum ^ ((uint64_t)n << 3 | tag), seed));
        wv_stack_pop(&stack);
    }
    wv_stack_free(&stack);
    return hash;
}

uint64_t wv_hash(wv v, uint64_t seed)
{
    uint64_t hash = hash_known(v, seed);
    return hash || !wv_is_collection(v) ? hash : hash_collection(v, seed);
}

void wv_freeze(wv v, uint64_t seed)
{
    wv_order_below(v);
    wv_hash(v, seed);
}
