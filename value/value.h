/* The Rego data model: one 64-bit word a value.
 *
 * Ownership. A value never owns memory: it lives in an arena (base/arena.h) and dies with it. A
 * collection may point only to values that live at least as long. No reference counts.
 *
 * Undefined is a value (the word 0) that no collection ever holds. An error is not a value.
 *
 * The word. Three low bits are the tag:
 *
 *   WV_T_SPECIAL  undefined 0, null, false, true
 *   WV_T_INT      small integer, 61 bits, canonical spelling ("7", "-12"; never "-0" or "7.0")
 *   WV_T_SHORT    string of up to 7 bytes: length in bits 3..5, first byte in bits 8..15, rest zero
 *   WV_T_STRING   pointer to wv_string (always longer than 7 bytes); the upper 16 bits are a mark
 * made of its bytes, so two strings of different marks differ without a look at them WV_T_NUMBER
 * pointer to a boxed number (value/number.h): every other number WV_T_ARRAY, WV_T_OBJECT, WV_T_SET
 * pointer to the collection
 *
 * So equal words are equal values; two different words may still be equal values unless both are
 * special, small integers or short strings. Pointers are 8-byte aligned, of 48 bits, and what they
 * lead to begins with a 16-byte header.
 *
 * Identity of numbers: 1, 1.0 and 1e0 are equal, hash alike and are one member of a set; each keeps
 * its spelling. See performance rules in value/number.h.
 *
 * Frozen values may be read by many threads. Lazily computed parts (hash, order) are written with
 * relaxed atomics and always to the same result; wv_freeze computes them all beforehand. */
#ifndef WRIT_VALUE_VALUE_H
#define WRIT_VALUE_VALUE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"

typedef uint64_t wv;

enum {
    WV_T_SPECIAL,
    WV_T_INT,
    WV_T_STRING,
    WV_T_ARRAY,
    WV_T_OBJECT,
    WV_T_SHORT,
    WV_T_SET,
    WV_T_NUMBER
};

#define WV_UNDEFINED ((wv)0)
#define WV_NULL      ((wv)8)
#define WV_FALSE     ((wv)16)
#define WV_TRUE      ((wv)24)

/* Rego's order across types is the order of these numbers. */
typedef enum wv_type {
    WV_TYPE_UNDEFINED,
    WV_TYPE_NULL,
    WV_TYPE_BOOLEAN,
    WV_TYPE_NUMBER,
    WV_TYPE_STRING,
    WV_TYPE_ARRAY,
    WV_TYPE_OBJECT,
    WV_TYPE_SET
} wv_type;

#define WV_INT_MAX   (((int64_t)1 << 60) - 1)
#define WV_INT_MIN   (-((int64_t)1 << 60))
#define WV_SHORT_MAX 7           /* bytes of an inline string */
#define WV_LEN_MAX   0x7fffffffu /* elements or bytes: lengths are 31-bit everywhere */
#define WV_DEPTH_MAX 10000 /* nesting that any walk accepts: recursion in C stays under 2 MB */

enum {
    WV_F_ORDERED = 2, /* object, set: `order` is filled in */
    WV_F_SORTED = 4,  /* object, set: stored in Rego order, `order` is not needed */
    WV_F_GROUND = 8,
    WV_F_MIXED = 16, /* object, set: some key is a boxed number or a collection */
    WV_F_BELOW = 32, /* collection: every table in it and below is ordered or sorted */
    WV_F_SHAPED = 64 /* object: a wv_shaped */
};

typedef struct wv_header {
    uint8_t tag;    /* WV_T_... */
    uint8_t flags;  /* WV_F_... */
    uint16_t spare; /* array under construction: 1 + log2 of its room; object: see wv_expect */
    uint32_t len;   /* bytes, elements or pairs */
    uint64_t hash;  /* 0 until computed */
} wv_header;

typedef struct wv_string {
    wv_header h;
    char bytes[]; /* len bytes and a NUL */
} wv_string;

typedef struct wv_array {
    wv_header h;
    wv items[]; /* len */
} wv_array;

/* Objects and sets share one shape; a set has one word an entry, an object two (key, value).
 * Entries stand in the order they came. Above WV_FLAT_MAX entries an open-addressing index maps the
 * hash to the entry. The permutation into Rego order is computed when someone looks. */
#define WV_FLAT_MAX 8

typedef struct wv_table {
    wv_header h;
    uint32_t cap;    /* entries there is room for */
    uint32_t mask;   /* index slots - 1; 0 without an index */
    uint32_t *index; /* slot -> entry number + 1, 0 free; NULL without an index */
    uint32_t *order; /* room for cap numbers: i-th in Rego order -> entry number; may be NULL where
                        WV_F_SORTED */
    uint64_t seed;   /* seed of the hashes in the index */
    wv entries[];    /* h.len * 1 (set) or * 2 (object) */
} wv_table;

/* Large documents hold many objects of the same keys. Such objects share a shape, which has the
 * keys, their order and their index, and keep only their values. A shape never changes; its keys
 * are strings. An object that gets a new key becomes a wv_table. */
typedef struct wv_shape {
    uint64_t seed;         /* of the hashes in the index */
    uint32_t n;            /* keys */
    uint32_t mask;         /* index slots - 1; 0 without an index */
    const uint32_t *index; /* slot -> key number + 1, 0 free; NULL without an index */
    const uint32_t *order; /* i-th in Rego order -> key number; NULL: they stand in order */
    wv keys[];             /* n */
} wv_shape;

typedef struct wv_shaped {
    wv_header h;
    const wv_shape *shape; /* lives as long as the object */
    wv values[];           /* h.len */
} wv_shaped;

static inline unsigned wv_tag(wv v)
{
    return (unsigned)(v & 7);
}
#define WV_PTR_BITS  48
#define WV_PTR_MASK  (((wv)1 << WV_PTR_BITS) - 8)
#define WV_MARK_MASK (~(WV_PTR_MASK | 7))
static inline void *wv_ptr(wv v)
{
    return (void *)(uintptr_t)(v & WV_PTR_MASK);
}
static inline wv wv_from(const void *p, unsigned tag)
{
    return (wv)(uintptr_t)p | tag;
}
static inline wv_header *wv_head(wv v)
{
    return (wv_header *)wv_ptr(v);
}
/* Whether the word points into memory. */
static inline bool wv_is_boxed(wv v)
{
    return (0xdcu >> wv_tag(v)) & 1;
}

static inline bool wv_defined(wv v)
{
    return v != WV_UNDEFINED;
}
static inline wv wv_bool(bool b)
{
    return b ? WV_TRUE : WV_FALSE;
}
static inline bool wv_is_bool(wv v)
{
    return v == WV_TRUE || v == WV_FALSE;
}
static inline bool wv_is_int(wv v)
{
    return wv_tag(v) == WV_T_INT;
}
static inline bool wv_is_number(wv v)
{
    return wv_tag(v) == WV_T_INT || wv_tag(v) == WV_T_NUMBER;
}
static inline bool wv_is_string(wv v)
{
    return wv_tag(v) == WV_T_SHORT || wv_tag(v) == WV_T_STRING;
}
static inline bool wv_is_array(wv v)
{
    return wv_tag(v) == WV_T_ARRAY;
}
static inline bool wv_is_object(wv v)
{
    return wv_tag(v) == WV_T_OBJECT;
}
static inline bool wv_is_set(wv v)
{
    return wv_tag(v) == WV_T_SET;
}
static inline bool wv_is_collection(wv v)
{
    return wv_is_array(v) || wv_is_object(v) || wv_is_set(v);
}
/* Whether it makes an expression in a body succeed: defined and not false. */
static inline bool wv_truthy(wv v)
{
    return v != WV_UNDEFINED && v != WV_FALSE;
}

wv_type wv_type_of(wv v);
/* "null", "boolean", "number", "string", "array", "object", "set"; "undefined" for undefined. */
const char *wv_type_name(wv v);

/* ---- small integers ---- */
static inline int64_t wv_int(wv v)
{
    return (int64_t)v >> 3;
}
static inline bool wv_fits_int(int64_t i)
{
    return i >= WV_INT_MIN && i <= WV_INT_MAX;
}
static inline wv wv_small(int64_t i)
{
    return (wv)i << 3 | WV_T_INT;
} /* i must fit */
/* Any int64, boxed in the arena when it does not fit 61 bits (value/number.c). */
wv wv_from_int64(wb_arena *a, int64_t i);

/* ---- strings ---- */
wv wv_string_new(wb_arena *a, wb_str s);
/* Room for n bytes (n > WV_SHORT_MAX): the caller writes all of them, then wv_string_made is the
 * value. */
wv_string *wv_string_make(wb_arena *a, size_t n);
/* The word of a string of n bytes, at least eight; of those the first and the last eight. The
 * string itself is not read. */
static inline wv wv_string_word(const wv_string *s, uint64_t first, uint64_t last, size_t n)
{
    uint64_t mark = (first ^ (last << 29 | last >> 35) ^ n) * 0x9e3779b97f4a7c15u;
    return (wv)(uintptr_t)s | (mark & WV_MARK_MASK) | WV_T_STRING;
}
/* The same of a string whose bytes are written. */
static inline wv wv_string_made(const wv_string *s)
{
    uint64_t first, last;
    memcpy(&first, s->bytes, 8);
    memcpy(&last, s->bytes + s->h.len - 8, 8);
    return wv_string_word(s, first, last, s->h.len);
}
/* Whether two words of strings (WV_T_STRING) differ so that the strings do. */
static inline bool wv_marks_differ(wv a, wv b)
{
    return ((a ^ b) & WV_MARK_MASK) != 0;
}
static inline wv wv_short(const char *p, size_t n) /* n <= WV_SHORT_MAX */
{
    wv w = 0;
    if (n)
        memcpy((char *)&w + 1, p, n);
    return w | (wv)n << 3 | WV_T_SHORT;
}
/* The bytes of a string. An inline string has no address of its own, so the word's is taken: the
 * result is valid while *v keeps its place and value. */
static inline wb_str wv_str(const wv *v)
{
    if (wv_tag(*v) == WV_T_SHORT)
        return (wb_str){(const char *)v + 1, (size_t)(*v >> 3 & 7)};
    const wv_string *s = (const wv_string *)wv_ptr(*v);
    return (wb_str){s->bytes, s->h.len};
}

/* ---- arrays ---- */
#define WV_EMPTY_ARRAY(a) wv_array_new((a), NULL, 0)
wv wv_array_new(wb_arena *a, const wv *items, size_t n); /* copies the words */
/* n undefined items that the caller fills before anyone reads it. */
wv wv_array_make(wb_arena *a, size_t n, wv **items);
static inline uint32_t wv_len(wv v)
{
    return wv_head(v)->len;
} /* any boxed value: see wv_header */
static inline const wv *wv_items(wv v)
{
    return ((const wv_array *)wv_ptr(v))->items;
}

/* ---- objects and sets ---- */
/* Whether an object is a wv_shaped; all others, and all sets, are a wv_table. Outside this folder
 * look at objects with the functions below, which take both. */
static inline bool wv_is_shaped(wv object)
{
    return wv_head(object)->flags & WV_F_SHAPED;
}
static inline wv_table *wv_tab(wv v)
{
    return (wv_table *)wv_ptr(v);
}
static inline wv_shaped *wv_shaped_of(wv v)
{
    return (wv_shaped *)wv_ptr(v);
}
/* The member equal to key or undefined. In a set the member itself is answered. */
wv wv_object_get(wv object, wv key);
/* The same for a key that is an inline string: words alone decide where there is no index. */
static inline wv wv_object_get_short(wv object, wv key)
{
    if (wv_is_shaped(object)) {
        const wv_shaped *o = wv_shaped_of(object);
        const wv *keys = o->shape->keys;
        if (!o->shape->mask) {
            for (uint32_t i = 0, n = o->h.len; i < n; i++)
                if (keys[i] == key)
                    return o->values[i];
            return WV_UNDEFINED;
        }
    } else if (!wv_tab(object)->mask) {
        const wv *e = wv_tab(object)->entries;
        for (uint32_t i = 0, n = wv_len(object); i < n; i++)
            if (e[2 * i] == key)
                return e[2 * i + 1];
        return WV_UNDEFINED;
    }
    return wv_object_get(object, key);
}
wv wv_set_get(wv set, wv member);
static inline bool wv_set_has(wv set, wv member)
{
    return wv_set_get(set, member) != WV_UNDEFINED;
}
wv wv_object_get_str(wv object, wb_str key);
/* Number of the key, or -1, for wv_key_at and wv_value_at without an order. */
int64_t wv_table_find(wv table, wv key);
/* The permutation into Rego order (NULL: entries already stand in order). */
const uint32_t *wv_table_order(wv table);
/* The i-th in Rego order. */
static inline wv wv_set_at(wv set, const uint32_t *order, uint32_t i)
{
    return wv_tab(set)->entries[order ? order[i] : i];
}
/* Where the i-th key and value stand in Rego order: for wv_str of short strings. Valid until the
 * object changes. */
static inline const wv *wv_key_ref(wv object, const uint32_t *order, uint32_t i)
{
    size_t at = order ? order[i] : i;
    return wv_is_shaped(object) ? &wv_shaped_of(object)->shape->keys[at]
                                : &wv_tab(object)->entries[2 * at];
}
static inline const wv *wv_value_ref(wv object, const uint32_t *order, uint32_t i)
{
    size_t at = order ? order[i] : i;
    return wv_is_shaped(object) ? &wv_shaped_of(object)->values[at]
                                : &wv_tab(object)->entries[2 * at + 1];
}
static inline wv wv_key_at(wv object, const uint32_t *order, uint32_t i)
{
    return *wv_key_ref(object, order, i);
}
static inline wv wv_value_at(wv object, const uint32_t *order, uint32_t i)
{
    return *wv_value_ref(object, order, i);
}
/* The members of a set in the order they came. */
static inline const wv *wv_members(wv set)
{
    return wv_tab(set)->entries;
}

/* The i-th in the order they came: an array's item, a set's member, an object's value. */
static inline wv wv_child_at(wv v, uint32_t i)
{
    if (wv_is_array(v))
        return wv_items(v)[i];
    return wv_is_set(v) ? wv_set_at(v, NULL, i) : wv_value_at(v, NULL, i);
}
/* The i-th in the order they came: a set's member, an object's key. */
static inline wv wv_member_at(wv table, uint32_t i)
{
    return wv_is_set(table) ? wv_set_at(table, NULL, i) : wv_key_at(table, NULL, i);
}

/* ---- building collections ----
 * A builder is a collection that grows in its arena; it may be read at any time and is an ordinary
 * value when the last member is in. Its word changes when it grows: always use the returned or
 * updated word. Members must live at least as long (see wv_copy) and be finished themselves.
 *
 * What does not fit the arena's budget is left out and the arena is exhausted: look at that flag
 * before the result is used. wv_string_make and wv_array_make cannot leave out; ask wb_arena_fits
 * before calling them with a size that an outsider chose. */
wv wv_array_begin(wb_arena *a, size_t room);
void wv_array_push(wb_arena *a, wv *array, wv item);
/* The same where there is room already: false, and nothing is done, where there is none. */
static inline bool wv_array_push_there(wv array, wv item)
{
    wv_array *t = (wv_array *)wv_ptr(array);
    if (!t->h.spare || t->h.len == (uint64_t)1 << (t->h.spare - 1))
        return false;
    t->items[t->h.len++] = item;
    t->h.hash = 0;
    t->h.flags = 0;
    return true;
}
wv wv_object_begin(wb_arena *a, size_t room);
wv wv_set_begin(wb_arena *a, size_t room);
/* Inserts or replaces the value; on replacing the first spelling of the key stays. */
void wv_object_put(wb_arena *a, wv *object, wv key, wv value);
/* As object_put, but the later spelling of the key wins. */
void wv_object_put_key(wb_arena *a, wv *object, wv key, wv value);
/* Inserts when absent and answers undefined; otherwise answers the value there and changes nothing.
 */
wv wv_object_put_new(wb_arena *a, wv *object, wv key, wv value);
/* Where the value of the key stands, until the object changes; a new key is put with undefined,
 * which the caller replaces at once. NULL: it does not fit. */
wv *wv_object_place(wb_arena *a, wv *object, wv key);
/* An object of the same members, with room for more. */
wv wv_object_copy(wb_arena *a, wv object, size_t more);
/* An object of n pairs (key, value, key, value ...): of equal keys the first spelling and the last
 * value stay. A set of n members: the first spelling stays. */
wv wv_object_new(wb_arena *a, const wv *pairs, size_t n);
wv wv_set_new(wb_arena *a, const wv *members, size_t n);
/* Whether it was new; the first spelling stays. */
bool wv_set_add(wb_arena *a, wv *set, wv member);

/* Index and element access as Rego's references do: arrays by numbers with an exact int64 reading
 * (1 and 1.0, not 1e0), objects by key, sets by member. Undefined when there is none. */
wv wv_index(wv collection, wv key);
/* As wv_index over base documents, which are reached by text: arrays also by a string that reads as
 * an integer ("1", "01", "1.0"), objects by a number's text (1 finds "1", 1.0 finds "1.0"). */
wv wv_index_base(wv collection, wv key);

/* ---- order, equality, hash, copies ---- */
int wv_compare(wv a, wv b); /* -1, 0 or 1 */
bool wv_equal_slow(wv a, wv b);
static inline bool wv_equal(wv a, wv b)
{
    if (a == b)
        return true;
    if (!wv_is_boxed(a) && !wv_is_boxed(b))
        return false;
    if (wv_tag(a) == WV_T_STRING && (wv_tag(b) != WV_T_STRING || wv_marks_differ(a, b)))
        return false;
    return wv_equal_slow(a, b);
}
/* The hash is kept in the header of strings and collections, so one value may be hashed with one
 * seed only: that of its arena, which is the engine's. */
uint64_t wv_hash(wv v, uint64_t seed);
/* What wv_hash answers for a string of more than WV_SHORT_MAX bytes. */
uint64_t wv_string_hash(wb_str s, uint64_t seed);
/* A deep copy into `to` that shares whatever `keep` (may be NULL) says may be shared: parts for
 * which keep(arg, pointer) is true stay, with all below them. When
 * the copy passes the budget of `to`, the answer is null and `to` is exhausted. */
wv wv_copy(wb_arena *to, wv v, bool (*keep)(const void *arg, const void *p), const void *arg);
/* A deep copy for a value that is read again and again, mostly here and there: its collections
 * stand first and close together, parents in front of what is in them, strings and numbers behind
 * all of them. Else as wv_copy. */
wv wv_pack(wb_arena *to, wv v, bool (*keep)(const void *arg, const void *p), const void *arg);

#define WV_LINE      64u /* bytes that come from memory at a time */
#define WV_AHEAD_MAX 64u /* lines asked for ahead: more would push out what is in use */

/* Says that a value is read soon: the collections of one that was packed are asked for all at once,
 * where the reader would wait for one after the other. */
static inline void wv_expect(wv v)
{
    if (!wv_is_object(v))
        return;
    const char *p = wv_ptr(v);
    for (unsigned i = 1, n = wv_head(v)->spare; i <= n; i++)
        __builtin_prefetch(p + (size_t)i * WV_LINE);
}

/* Computes every lazy part (hashes, orders) below v, so that threads that share it write nothing.
 */
void wv_freeze(wv v, uint64_t seed);
/* Sorts n words into Rego order (stable). What it needs meanwhile is borrowed from scratch. */
void wv_sort(wv *items, size_t n, wb_arena *scratch);

#endif
