/* Objects and sets: flat up to WV_FLAT_MAX entries, above that with an open-addressing index.
 *
 * Entries stand in the order they came, in one block with the order and the index behind them. The
 * functions take the width (words an entry) as a constant, so each is compiled once for sets and
 * once for objects. */
#include "value/internal.h"
#include "value/number.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NONE          UINT32_MAX

/* Entries of one table: keeps a doubled capacity, and its index, inside 32 bits. */
#define TABLE_MAX ((size_t)1 << 29)

size_t wv_table_size(unsigned width, size_t cap, uint32_t mask)
{
    size_t size = sizeof(wv_table) + cap * width * sizeof(wv) + cap * sizeof(uint32_t);
    if (mask)
        size += ((size_t)mask + 1) * sizeof(uint32_t);
    return (size + 7) & ~(size_t)7;
}

void wv_table_lay_out(wv_table *t, unsigned width)
{
    t->order = (uint32_t *)(t->entries + (size_t)t->cap * width);
    t->index = t->mask ? t->order + t->cap : NULL;
}

uint32_t wv_index_mask(size_t cap)
{
    if (cap <= WV_FLAT_MAX)
        return 0;
    size_t slots = 32;
    while (slots < cap * 2)
        slots *= 2;
    return (uint32_t)(slots - 1);
}

wv_table *wv_table_make(wb_arena *a, unsigned tag, size_t cap)
{
    unsigned width = tag == WV_T_OBJECT ? 2 : 1;
    if (cap > TABLE_MAX) {
        wb_arena_exhaust(a);
        return NULL;
    }
    uint32_t mask = wv_index_mask(cap);
    size_t size = wv_table_size(width, cap, mask);
    if (mask && !wb_arena_fits(a, size))
        return NULL;
    wv_table *t = wb_arena_alloc(a, size);
    t->h = (wv_header){.tag = (uint8_t)tag};
    t->cap = (uint32_t)cap;
    t->mask = mask;
    t->seed = a->seed;
    wv_table_lay_out(t, width);
    if (mask)
        memset(t->index, 0, ((size_t)mask + 1) * sizeof(uint32_t));
    return t;
}

/* ---- finding ---- */

bool wv_same_key(wv a, wv b, uint64_t seed)
{
    return wv_equal(a, b) && wv_hash(a, seed) == wv_hash(b, seed);
}

/* Two words of strings. */
static inline bool same_string(wv a, wv b)
{
    if (wv_marks_differ(a, b))
        return false;
    const wv_string *s = wv_ptr(a), *t = wv_ptr(b);
    return s->h.len == t->h.len && memcmp(s->bytes, t->bytes, s->h.len) == 0;
}

/* No entry has the key's word: a boxed key, or a number that may be there in another spelling. */
static ALWAYS_INLINE uint32_t flat_find_slow(const wv_table *t, unsigned width, wv key)
{
    uint32_t n = t->h.len;
    const wv *e = t->entries;
    if (wv_tag(key) == WV_T_STRING) {
        for (uint32_t i = 0; i < n; i++, e += width)
            if (wv_tag(*e) == WV_T_STRING && same_string(*e, key))
                return i;
        return NONE;
    }
    /* A boxed number may be there as a small integer too. */
    if (!(t->h.flags & WV_F_MIXED) && wv_tag(key) != WV_T_NUMBER)
        return NONE;
    wv_type type = wv_type_of(key);
    for (uint32_t i = 0; i < n; i++, e += width)
        if (wv_type_of(*e) == type && wv_same_key(*e, key, t->seed))
            return i;
    return NONE;
}

static uint32_t set_find_slow(const wv_table *t, wv key)
{
    return flat_find_slow(t, 1, key);
}

static uint32_t object_find_slow(const wv_table *t, wv key)
{
    return flat_find_slow(t, 2, key);
}

static ALWAYS_INLINE uint32_t flat_find(const wv_table *t, unsigned width, wv key)
{
    uint32_t n = t->h.len;
    const wv *e = t->entries;
    for (uint32_t i = 0; i < n; i++, e += width)
        if (*e == key)
            return i;
    if (wv_tag(key) == WV_T_SHORT || wv_tag(key) == WV_T_SPECIAL)
        return NONE;
    /* A number that is no key in another spelling is the common miss: one flag decides it. */
    if (wv_tag(key) == WV_T_INT && !(t->h.flags & WV_F_MIXED))
        return NONE;
    return width == 1 ? set_find_slow(t, key) : object_find_slow(t, key);
}

/* Whether an entry with another word than the key is the key, in a table with an index. */
static bool indexed_same(wv entry, wv key, uint64_t hash, uint64_t seed)
{
    if (wv_tag(entry) == WV_T_STRING) {
        if (wv_tag(key) != WV_T_STRING)
            return false;
        const wv_string *s = wv_ptr(entry);
        return !wv_marks_differ(entry, key) &&
               __atomic_load_n(&s->h.hash, __ATOMIC_RELAXED) == hash && same_string(entry, key);
    }
    if (!wv_is_boxed(entry) && !wv_is_boxed(key))
        return false;
    if (wv_type_of(entry) != wv_type_of(key))
        return false;
    return wv_same_key(entry, key, seed);
}

/* The entry, or NONE with the free slot in *slot. */
static ALWAYS_INLINE uint32_t index_find(const wv_table *t, unsigned width, wv key, uint64_t hash,
                                         uint32_t *slot)
{
    uint32_t at = (uint32_t)hash & t->mask;
    for (uint32_t i; (i = t->index[at]) != 0; at = (at + 1) & t->mask) {
        wv entry = t->entries[(size_t)(i - 1) * width];
        if (entry == key)
            return i - 1;
        if ((wv_is_boxed(entry) || wv_is_boxed(key)) && indexed_same(entry, key, hash, t->seed))
            return i - 1;
    }
    *slot = at;
    return NONE;
}

static ALWAYS_INLINE uint32_t find(const wv_table *t, unsigned width, wv key)
{
    if (!t->mask)
        return flat_find(t, width, key);
    uint32_t slot;
    return index_find(t, width, key, wv_hash(key, t->seed), &slot);
}

static uint32_t shape_find(const wv_shape *s, wv key)
{
    if (!s->mask) {
        for (uint32_t i = 0; i < s->n; i++)
            if (s->keys[i] == key)
                return i;
        if (wv_tag(key) != WV_T_STRING)
            return NONE;
        for (uint32_t i = 0; i < s->n; i++)
            if (wv_tag(s->keys[i]) == WV_T_STRING && same_string(s->keys[i], key))
                return i;
        return NONE;
    }
    if (!wv_is_string(key))
        return NONE;
    uint64_t hash = wv_hash(key, s->seed);
    uint32_t at = (uint32_t)hash & s->mask;
    for (uint32_t i; (i = s->index[at]) != 0; at = (at + 1) & s->mask)
        if (s->keys[i - 1] == key || indexed_same(s->keys[i - 1], key, hash, s->seed))
            return i - 1;
    return NONE;
}

wv wv_object_get(wv object, wv key)
{
    if (wv_is_shaped(object)) {
        const wv_shaped *o = wv_shaped_of(object);
        uint32_t i = shape_find(o->shape, key);
        return i == NONE ? WV_UNDEFINED : o->values[i];
    }
    const wv_table *t = wv_tab(object);
    uint32_t i = find(t, 2, key);
    return i == NONE ? WV_UNDEFINED : t->entries[(size_t)i * 2 + 1];
}

wv wv_set_get(wv set, wv member)
{
    const wv_table *t = wv_tab(set);
    uint32_t i = find(t, 1, member);
    return i == NONE ? WV_UNDEFINED : t->entries[i];
}

int64_t wv_table_find(wv table, wv key)
{
    const wv_table *t = wv_tab(table);
    uint32_t i;
    if (wv_is_object(table))
        i = wv_is_shaped(table) ? shape_find(wv_shaped_of(table)->shape, key) : find(t, 2, key);
    else
        i = find(t, 1, key);
    return i == NONE ? -1 : (int64_t)i;
}

static wv shaped_get_str(const wv_shaped *o, wb_str key)
{
    const wv_shape *s = o->shape;
    if (!s->mask) {
        for (uint32_t i = 0; i < s->n; i++)
            if (wv_tag(s->keys[i]) == WV_T_STRING && wb_str_eq(wv_str(&s->keys[i]), key))
                return o->values[i];
        return WV_UNDEFINED;
    }
    uint32_t at = (uint32_t)wv_string_hash(key, s->seed) & s->mask;
    for (uint32_t i; (i = s->index[at]) != 0; at = (at + 1) & s->mask)
        if (wv_tag(s->keys[i - 1]) == WV_T_STRING && wb_str_eq(wv_str(&s->keys[i - 1]), key))
            return o->values[i - 1];
    return WV_UNDEFINED;
}

wv wv_object_get_str(wv object, wb_str key)
{
    if (key.n <= WV_SHORT_MAX)
        return wv_object_get(object, wv_short(key.p, key.n));
    if (wv_is_shaped(object))
        return shaped_get_str(wv_shaped_of(object), key);
    const wv_table *t = wv_tab(object);
    if (!t->mask) {
        const wv *e = t->entries;
        for (uint32_t i = 0; i < t->h.len; i++, e += 2)
            if (wv_tag(*e) == WV_T_STRING && wb_str_eq(wv_str(e), key))
                return e[1];
        return WV_UNDEFINED;
    }
    uint64_t hash = wv_string_hash(key, t->seed);
    uint32_t at = (uint32_t)hash & t->mask;
    for (uint32_t i; (i = t->index[at]) != 0; at = (at + 1) & t->mask) {
        const wv *e = t->entries + (size_t)(i - 1) * 2;
        if (wv_tag(*e) == WV_T_STRING && wb_str_eq(wv_str(e), key))
            return e[1];
    }
    return WV_UNDEFINED;
}

/* ---- growing ---- */

static inline void index_put(wv_table *t, uint32_t at, uint32_t i)
{
    while (t->index[at])
        at = (at + 1) & t->mask;
    t->index[at] = i + 1;
}

#define AHEAD 16 /* members whose slots are on the way from memory at a time; a power of two */

/* Asks for what a word points to: the members of a large table were made long ago. */
static inline void ask_for(wv v)
{
    if (wv_is_boxed(v))
        __builtin_prefetch(wv_ptr(v));
}

static ALWAYS_INLINE void index_all(wv_table *t, unsigned width)
{
    uint32_t n = t->h.len, slots[AHEAD];
    memset(t->index, 0, ((size_t)t->mask + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < n; i++) {
        if (n - i > AHEAD)
            ask_for(t->entries[((size_t)i + AHEAD) * width]);
        uint32_t at = (uint32_t)wv_hash(t->entries[(size_t)i * width], t->seed) & t->mask;
        if (i >= AHEAD)
            index_put(t, slots[i % AHEAD], i - AHEAD);
        __builtin_prefetch(&t->index[at], 1);
        slots[i % AHEAD] = at;
    }
    for (uint32_t i = n > AHEAD ? n - AHEAD : 0; i < n; i++)
        index_put(t, slots[i % AHEAD], i);
}

/* Bytes of the block as it stands: a table that was made in order has no room for an order. */
static size_t block_size(const wv_table *t, unsigned width)
{
    size_t size = wv_table_size(width, t->cap, t->mask);
    if (t->order)
        return size;
    size = sizeof *t + (size_t)t->cap * width * sizeof(wv);
    return (size + (t->mask ? ((size_t)t->mask + 1) * sizeof(uint32_t) : 0) + 7) & ~(size_t)7;
}

static wv_table *table_grow(wb_arena *a, wv_table *t, unsigned width)
{
    size_t cap = t->cap < 2 ? 4 : (size_t)t->cap * 2;
    if (cap > TABLE_MAX) {
        wb_arena_exhaust(a);
        return NULL;
    }
    uint32_t mask = wv_index_mask(cap);
    size_t size = wv_table_size(width, cap, mask);
    if (!wb_arena_fits(a, size))
        return NULL;
    if (!wb_arena_extend(a, t, block_size(t, width), size)) {
        wv_table *moved = wb_arena_alloc(a, size);
        memcpy(moved, t, sizeof *t + (size_t)t->h.len * width * sizeof(wv));
        t = moved;
    }
    /* The order lay where entries may come now. */
    t->h.flags &= (uint8_t)~WV_F_ORDERED;
    t->cap = (uint32_t)cap;
    t->mask = mask;
    wv_table_lay_out(t, width);
    if (mask)
        index_all(t, width);
    return t;
}

wv wv_unshape(wb_arena *a, wv object, size_t more)
{
    const wv_shaped *o = wv_shaped_of(object);
    uint32_t n = o->h.len;
    wv_table *t = wv_table_make(a, WV_T_OBJECT, n + more);
    if (!t)
        return WV_UNDEFINED;
    for (uint32_t i = 0; i < n; i++) {
        t->entries[2 * (size_t)i] = o->shape->keys[i];
        t->entries[2 * (size_t)i + 1] = o->values[i];
    }
    t->h.len = n;
    t->h.hash = o->h.hash;
    t->h.flags = o->h.flags & (uint8_t)~WV_F_SHAPED;
    if (o->shape->order)
        memcpy(t->order, o->shape->order, n * sizeof(uint32_t));
    if (t->mask)
        index_all(t, 2);
    return wv_from(t, WV_T_OBJECT);
}

static ALWAYS_INLINE void changed(wv_header *h)
{
    h->hash = 0;
    h->flags &= (uint8_t)~WV_F_BELOW;
}

/* Puts the key at the end; the caller knows that it is not there. False: over the budget. */
static ALWAYS_INLINE bool append(wb_arena *a, wv *table, unsigned width, wv key, wv value,
                                 uint64_t hash, uint32_t slot)
{
    wv_table *t = wv_tab(*table);
    if (t->h.len == t->cap) {
        t = table_grow(a, t, width);
        if (!t)
            return false;
        *table = wv_from(t, width == 2 ? WV_T_OBJECT : WV_T_SET);
        if (t->mask) {
            slot = (uint32_t)(hash ? hash : wv_hash(key, t->seed)) & t->mask;
            while (t->index[slot])
                slot = (slot + 1) & t->mask;
        }
    }
    uint32_t i = t->h.len++;
    t->entries[(size_t)i * width] = key;
    if (width == 2)
        t->entries[(size_t)i * 2 + 1] = value;
    if (t->mask)
        t->index[slot] = i + 1;
    t->h.flags &= (uint8_t) ~(WV_F_ORDERED | WV_F_SORTED);
    if (wv_is_boxed(key) && wv_tag(key) != WV_T_STRING)
        t->h.flags |= WV_F_MIXED;
    changed(&t->h);
    return true;
}

/* The entry of the key, which is put at the end with the value when it was not there (NONE). */
static ALWAYS_INLINE uint32_t find_or_append(wb_arena *a, wv *table, unsigned width, wv key,
                                             wv value, bool *added)
{
    const wv_table *t = wv_tab(*table);
    uint64_t hash = 0;
    uint32_t slot = 0, i;
    if (t->mask) {
        hash = wv_hash(key, t->seed);
        i = index_find(t, width, key, hash, &slot);
    } else {
        i = flat_find(t, width, key);
    }
    *added = i == NONE && append(a, table, width, key, value, hash, slot);
    return i;
}

static wv table_begin(wb_arena *a, unsigned tag, size_t room)
{
    wv_table *t = wv_table_make(a, tag, room);
    if (!t)
        t = wv_table_make(a, tag, 0);
    return wv_from(t, tag);
}

wv wv_object_begin(wb_arena *a, size_t room)
{
    return table_begin(a, WV_T_OBJECT, room);
}

wv wv_set_begin(wb_arena *a, size_t room)
{
    return table_begin(a, WV_T_SET, room);
}

/* The number of the key in *object, which is put at the end with the value when it was not there
 * (NONE). */
static ALWAYS_INLINE uint32_t object_find_or_append(wb_arena *a, wv *object, wv key, wv value)
{
    bool added;
    if (__builtin_expect(wv_is_shaped(*object), 0)) {
        const wv_shaped *o = wv_shaped_of(*object);
        uint32_t i = shape_find(o->shape, key);
        if (i != NONE)
            return i;
        wv table = wv_unshape(a, *object, o->h.len / 2 + 4);
        if (table == WV_UNDEFINED)
            return NONE;
        *object = table;
    }
    return find_or_append(a, object, 2, key, value, &added);
}

void wv_object_put(wb_arena *a, wv *object, wv key, wv value)
{
    uint32_t i = object_find_or_append(a, object, key, value);
    if (i == NONE)
        return;
    if (wv_is_shaped(*object))
        wv_shaped_of(*object)->values[i] = value;
    else
        wv_tab(*object)->entries[(size_t)i * 2 + 1] = value;
    changed(wv_head(*object));
}

void wv_object_put_key(wb_arena *a, wv *object, wv key, wv value)
{
    uint32_t i = object_find_or_append(a, object, key, value);
    if (i == NONE)
        return;
    if (wv_is_shaped(*object)) { /* equal strings have one spelling */
        wv_shaped_of(*object)->values[i] = value;
    } else {
        wv_table *t = wv_tab(*object);
        t->entries[(size_t)i * 2] = key;
        t->entries[(size_t)i * 2 + 1] = value;
        if (wv_is_boxed(key) && wv_tag(key) != WV_T_STRING)
            t->h.flags |= WV_F_MIXED;
    }
    changed(wv_head(*object));
}

wv wv_object_put_new(wb_arena *a, wv *object, wv key, wv value)
{
    uint32_t i = object_find_or_append(a, object, key, value);
    return i == NONE ? WV_UNDEFINED : wv_value_at(*object, NULL, i);
}

wv *wv_object_place(wb_arena *a, wv *object, wv key)
{
    uint32_t i = object_find_or_append(a, object, key, WV_UNDEFINED);
    if (i == NONE) {
        if (wv_is_shaped(*object) || a->exhausted)
            return NULL;
        i = wv_len(*object) - 1;
    }
    changed(wv_head(*object));
    return wv_is_shaped(*object) ? &wv_shaped_of(*object)->values[i]
                                 : &wv_tab(*object)->entries[(size_t)i * 2 + 1];
}

wv wv_object_copy(wb_arena *a, wv object, size_t more)
{
    if (wv_is_shaped(object)) {
        wv copy = wv_unshape(a, object, more);
        return copy == WV_UNDEFINED ? wv_object_begin(a, 0) : copy;
    }
    const wv_table *from = wv_tab(object);
    wv_table *t = wv_table_make(a, WV_T_OBJECT, from->h.len + more);
    if (!t)
        return wv_object_begin(a, 0);
    memcpy(t->entries, from->entries, (size_t)from->h.len * 2 * sizeof(wv));
    t->h.len = from->h.len;
    t->h.hash = from->h.hash;
    t->h.flags = from->h.flags & (uint8_t)~WV_F_ORDERED;
    if (t->mask && t->mask == from->mask)
        memcpy(t->index, from->index, ((size_t)t->mask + 1) * sizeof(uint32_t));
    else if (t->mask)
        index_all(t, 2);
    return wv_from(t, WV_T_OBJECT);
}

bool wv_set_add(wb_arena *a, wv *set, wv member)
{
    bool added;
    find_or_append(a, set, 1, member, WV_UNDEFINED, &added);
    return added;
}

/* Whether the keys are strings in Rego order, and so all different. */
static bool keys_ascend(const wv *pairs, size_t n)
{
    if (n && !wv_is_string(pairs[0]))
        return false;
    for (size_t i = 1; i < n; i++) {
        if (n - i > AHEAD)
            ask_for(pairs[2 * (i + AHEAD)]);
        if (!wv_is_string(pairs[2 * i]) || !wv_string_before(pairs[2 * i - 2], pairs[2 * i]))
            return false;
    }
    return true;
}

/* Whether few keys are strings and all different. */
static bool keys_differ(const wv *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wv key = pairs[2 * i];
        if (!wv_is_string(key))
            return false;
        for (size_t k = 0; k < i; k++) {
            wv other = pairs[2 * k];
            if (other == key || (wv_tag(other) == WV_T_STRING && wv_tag(key) == WV_T_STRING &&
                                 same_string(other, key)))
                return false;
        }
    }
    return true;
}

/* An object of n members that stand in order and are all different: it needs no room for an order.
 * Undefined when it does not fit. */
static wv object_of_sorted(wb_arena *a, const wv *pairs, size_t n)
{
    uint32_t mask = wv_index_mask(n);
    size_t slots = mask ? (size_t)mask + 1 : 0;
    size_t size = sizeof(wv_table) + n * 2 * sizeof(wv) + slots * sizeof(uint32_t);
    if (n > TABLE_MAX || (mask && !wb_arena_fits(a, size)))
        return WV_UNDEFINED;
    wv_table *t = wb_arena_alloc(a, size);
    t->h = (wv_header){.tag = WV_T_OBJECT, .flags = WV_F_SORTED, .len = (uint32_t)n};
    t->cap = (uint32_t)n;
    t->mask = mask;
    t->seed = a->seed;
    t->order = NULL;
    t->index = mask ? (uint32_t *)(t->entries + 2 * n) : NULL;
    memcpy(t->entries, pairs, n * 2 * sizeof(wv));
    if (mask)
        index_all(t, 2);
    return wv_from(t, WV_T_OBJECT);
}

wv wv_object_new(wb_arena *a, const wv *pairs, size_t n)
{
    if (n && keys_ascend(pairs, n)) {
        wv sorted = object_of_sorted(a, pairs, n);
        if (sorted != WV_UNDEFINED)
            return sorted;
    }
    wv object = wv_object_begin(a, n);
    wv_table *t = wv_tab(object);
    if (t->cap < n)
        return object;
    if (n <= WV_FLAT_MAX && keys_differ(pairs, n)) {
        memcpy(t->entries, pairs, n * 2 * sizeof(wv));
        t->h.len = (uint32_t)n;
        return object;
    }
    for (size_t i = 0; i < n; i++)
        wv_object_put(a, &object, pairs[2 * i], pairs[2 * i + 1]);
    return object;
}

wv wv_set_new(wb_arena *a, const wv *members, size_t n)
{
    wv set = wv_set_begin(a, n);
    for (size_t i = 0; i < n; i++)
        wv_set_add(a, &set, members[i]);
    return set;
}
