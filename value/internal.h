/* What the files of this folder share and nobody else may use. */
#ifndef WRIT_VALUE_INTERNAL_H
#define WRIT_VALUE_INTERNAL_H

#include "value/value.h"

/* Words an entry of a table takes. */
static inline unsigned wv_width(wv table)
{
    return wv_tag(table) == WV_T_OBJECT ? 2 : 1;
}

static inline bool wv_is_table(wv v)
{
    return wv_is_object(v) || wv_is_set(v);
}

static inline bool wv_has_flag(wv v, unsigned flag)
{
    return __atomic_load_n(&wv_head(v)->flags, __ATOMIC_ACQUIRE) & flag;
}

static inline void wv_set_flag(wv v, unsigned flag)
{
    __atomic_fetch_or(&wv_head(v)->flags, (uint8_t)flag, __ATOMIC_RELEASE);
}

/* Whether two different words are one key: equal and of the same hash. Only numbers over float64's
 * range can be equal without hashing alike. */
bool wv_same_key(wv a, wv b, uint64_t seed);

/* An empty table with room for cap entries; NULL with a->exhausted set when it does not fit. */
wv_table *wv_table_make(wb_arena *a, unsigned tag, size_t cap);
/* Bytes of the block. */
size_t wv_table_size(unsigned width, size_t cap, uint32_t mask);
/* Points order and index to their places behind the entries. */
void wv_table_lay_out(wv_table *t, unsigned width);

/* The object as a wv_table with room for more members than it has; undefined with a->exhausted set
 * when it does not fit. */
wv wv_unshape(wb_arena *a, wv object, size_t more);
/* Slots - 1 of the index of a table with room for cap entries; 0: it needs none. */
uint32_t wv_index_mask(size_t cap);
/* Whether a stands before b; both are strings. */
bool wv_string_before(wv a, wv b);
/* Sorts n strings that are all different; numbers[i] becomes the number of the i-th. */
void wv_sort_strings(const wv *strings, size_t n, uint32_t *numbers);

/* Orders every table in v and below it. */
void wv_order_below(wv v);

#endif
