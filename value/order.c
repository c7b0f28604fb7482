/* Rego's order and equality, sorting, and the order of tables.
 *
 * No walk recurses into C. Comparing two collections needs the order of the tables in them, and
 * sorting a table needs to compare its keys; so before a table is sorted, everything below its keys
 * is put in order from the bottom up, and the comparisons find the orders ready. */
#include "value/internal.h"
#include "value/number.h"
#include "value/stack.h"

/* ---- comparing ---- */

static int compare_strings(wv a, wv b)
{
    if (wv_tag(a) == WV_T_SHORT && wv_tag(b) == WV_T_SHORT) {
        uint64_t x = __builtin_bswap64(a) << 8, y = __builtin_bswap64(b) << 8;
        return x != y ? (x < y ? -1 : 1) : (a > b) - (a < b);
    }
    int c = wb_str_cmp(wv_str(&a), wv_str(&b));
    return (c > 0) - (c < 0);
}

/* Two values of one type that are no collections. */
static int compare_scalars(wv a, wv b, wv_type type)
{
    switch (type) {
    case WV_TYPE_NUMBER:
        if (wv_is_int(a) && wv_is_int(b))
            return ((int64_t)a > (int64_t)b) - ((int64_t)a < (int64_t)b);
        return wv_number_compare(a, b);
    case WV_TYPE_STRING: return compare_strings(a, b);
    default: return (a > b) - (a < b); /* false is the smaller word */
    }
}

typedef struct pair_frame {
    wv a, b;
    const uint32_t *oa, *ob;
    uint32_t i, n; /* words of the shorter one */
} pair_frame;

static const uint32_t *order_of(wv v)
{
    return wv_is_table(v) ? wv_table_order(v) : NULL;
}

/* The i-th word of a collection in Rego order: keys and values of objects take turns. */
static inline wv word_at(wv v, const uint32_t *order, uint32_t i)
{
    if (wv_tag(v) == WV_T_ARRAY)
        return wv_items(v)[i];
    if (wv_tag(v) == WV_T_SET)
        return wv_set_at(v, order, i);
    return i & 1 ? wv_value_at(v, order, i / 2) : wv_key_at(v, order, i / 2);
}

static pair_frame pair(wv a, wv b)
{
    uint32_t n = wv_len(a) < wv_len(b) ? wv_len(a) : wv_len(b);
    return (pair_frame){
        .a = a, .b = b, .oa = order_of(a), .ob = order_of(b), .n = wv_is_object(a) ? n * 2 : n};
}

/* Two collections of one type. */
static int compare_collections(wv a, wv b)
{
    WV_STACK(pair_frame) stack;
    wv_stack_init(&stack);
    wv_stack_push(&stack);
    *wv_stack_top(&stack) = pair(a, b);
    int c = 0;
    while (stack.n && !c) {
        pair_frame *f = wv_stack_top(&stack);
        if (f->i == f->n) {
            c = (wv_len(f->a) > wv_len(f->b)) - (wv_len(f->a) < wv_len(f->b));
            wv_stack_pop(&stack);
            continue;
        }
        wv x = word_at(f->a, f->oa, f->i), y = word_at(f->b, f->ob, f->i);
        f->i++;
        if (x == y)
            continue;
        wv_type tx = wv_type_of(x), ty = wv_type_of(y);
        if (tx != ty) {
            c = tx < ty ? -1 : 1;
        } else if (tx >= WV_TYPE_ARRAY) {
            wv_stack_push(&stack);
            *wv_stack_top(&stack) = pair(x, y);
        } else {
            c = compare_scalars(x, y, tx);
        }
    }
    wv_stack_free(&stack);
    return c;
}

int wv_compare(wv a, wv b)
{
    if (a == b)
        return 0;
    wv_type ta = wv_type_of(a), tb = wv_type_of(b);
    if (ta != tb)
        return ta < tb ? -1 : 1;
    return ta >= WV_TYPE_ARRAY ? compare_collections(a, b) : compare_scalars(a, b, ta);
}

/* ---- equality ---- */

/* Two different words of one type that are no collections. */
static bool equal_scalars(wv a, wv b, wv_type type)
{
    if (type == WV_TYPE_NUMBER)
        return !(wv_is_int(a) && wv_is_int(b)) && wv_number_equal(a, b);
    if (wv_tag(a) != WV_T_STRING || wv_tag(b) != WV_T_STRING)
        return false;
    if (wv_marks_differ(a, b))
        return false;
    const wv_string *s = wv_ptr(a), *t = wv_ptr(b);
    return s->h.len == t->h.len && memcmp(s->bytes, t->bytes, s->h.len) == 0;
}

/* Equality without an order: each key of a is looked up in b. Keys that are collections or boxed
 * numbers (equal ones need not be one key) go through the order instead. */
static bool equal_collections(wv a, wv b)
{
    WV_STACK(pair_frame) stack;
    wv_stack_init(&stack);
    wv_stack_push(&stack);
    *wv_stack_top(&stack) = (pair_frame){.a = a, .b = b};
    bool equal = true;
    while (stack.n && equal) {
        pair_frame *f = wv_stack_top(&stack);
        wv x, y;
        if (f->i == 0) {
            if (wv_len(f->a) != wv_len(f->b)) {
                equal = false;
                break;
            }
            if (wv_is_table(f->a) &&
                (wv_has_flag(f->a, WV_F_MIXED) | wv_has_flag(f->b, WV_F_MIXED))) {
                equal = compare_collections(f->a, f->b) == 0;
                wv_stack_pop(&stack);
                continue;
            }
        }
        if (f->i == wv_len(f->a)) {
            wv_stack_pop(&stack);
            continue;
        }
        uint32_t i = f->i++;
        if (wv_is_array(f->a)) {
            x = wv_items(f->a)[i];
            y = wv_items(f->b)[i];
        } else if (wv_is_set(f->a)) {
            equal = wv_set_has(f->b, wv_tab(f->a)->entries[i]);
            continue;
        } else {
            x = wv_value_at(f->a, NULL, i);
            if (wv_is_shaped(f->a) && wv_is_shaped(f->b) &&
                wv_shaped_of(f->a)->shape == wv_shaped_of(f->b)->shape)
                y = wv_value_at(f->b, NULL, i);
            else
                y = wv_object_get(f->b, wv_key_at(f->a, NULL, i));
        }
        if (x == y)
            continue;
        wv_type type = wv_type_of(x);
        if (type != wv_type_of(y)) {
            equal = false;
        } else if (type >= WV_TYPE_ARRAY) {
            wv_stack_push(&stack);
            *wv_stack_top(&stack) = (pair_frame){.a = x, .b = y};
        } else {
            equal = equal_scalars(x, y, type);
        }
    }
    wv_stack_free(&stack);
    return equal;
}

bool wv_equal_slow(wv a, wv b)
{
    if (a == b)
        return true;
    wv_type type = wv_type_of(a);
    if (type != wv_type_of(b))
        return false;
    return type >= WV_TYPE_ARRAY ? equal_collections(a, b) : equal_scalars(a, b, type);
}

/* ---- sorting ---- */

#define SORT_RUN   8   /* items sorted by insertion before runs are merged */
#define SORT_LOCAL 512 /* items sorted without memory from the heap: 24 KB of the stack */

/* `rank` never contradicts the order: only items of equal rank are compared in full. */
typedef struct sort_item {
    uint64_t rank;
    wv v;
    uint32_t i;
} sort_item;

/* The type in three bits, below it as much of the value as fits. */
static uint64_t rank_of(wv v)
{
    wv_type type = wv_type_of(v);
    uint64_t bits = 0;
    if (type == WV_TYPE_STRING) {
        if (wv_tag(v) == WV_T_SHORT) {
            bits = __builtin_bswap64(v) << 8 >> 3;
        } else {
            memcpy(&bits, ((const wv_string *)wv_ptr(v))->bytes, 8);
            bits = __builtin_bswap64(bits) >> 3;
        }
    } else if (type == WV_TYPE_NUMBER) {
        /* Rounding to float64 keeps the order, and so does cutting its three last bits. */
        double d;
        if (wv_is_int(v))
            d = (double)wv_int(v);
        else if (!wv_number_double(v, &d))
            d = wv_number_sign(v) < 0 ? -__builtin_inf() : __builtin_inf();
        d += 0.0; /* -0 equals 0 */
        memcpy(&bits, &d, 8);
        bits = (bits >> 63 ? ~bits : bits | (uint64_t)1 << 63) >> 3;
    } else if (type == WV_TYPE_BOOLEAN) {
        bits = v;
    }
    return (uint64_t)type << 61 | bits;
}

/* 8 where the keys of all n entries are strings that begin with the same eight bytes, else 0:
 * numbered names mostly differ behind the bytes that a rank has room for. */
static size_t common_front(const wv *e, size_t n, unsigned width)
{
    uint64_t first = 0;
    for (size_t i = 0; i < n; i++) {
        wv key = e[i * width];
        if (wv_tag(key) != WV_T_STRING)
            return 0;
        uint64_t bytes;
        memcpy(&bytes, ((const wv_string *)wv_ptr(key))->bytes, 8);
        if (i && bytes != first)
            return 0;
        first = bytes;
    }
    return 8;
}

/* As rank_of for a string, by the bytes from `from` on. */
static uint64_t rank_behind(wv v, size_t from)
{
    const wv_string *s = wv_ptr(v);
    size_t n = s->h.len - from;
    uint64_t bits = 0;
    memcpy(&bits, s->bytes + from, n < 8 ? n : 8);
    return (uint64_t)WV_TYPE_STRING << 61 | __builtin_bswap64(bits) >> 3;
}

static inline bool in_order(const sort_item *x, const sort_item *y)
{
    if (x->rank != y->rank)
        return x->rank < y->rank;
    return x->v == y->v || wv_compare(x->v, y->v) <= 0;
}

static void insertion_sort(sort_item *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        sort_item x = p[i];
        size_t k = i;
        for (; k && !in_order(&p[k - 1], &x); k--)
            p[k] = p[k - 1];
        p[k] = x;
    }
}

/* Stable, from the bottom up; answers where the result stands: p or q. */
static sort_item *merge_sort(sort_item *p, sort_item *q, size_t n)
{
    for (size_t i = 0; i < n; i += SORT_RUN)
        insertion_sort(p + i, n - i < SORT_RUN ? n - i : SORT_RUN);
    for (size_t run = SORT_RUN; run < n; run *= 2) {
        for (size_t from = 0; from < n; from += 2 * run) {
            size_t mid = from + run < n ? from + run : n;
            size_t to = mid + run < n ? mid + run : n;
            size_t i = from, k = mid, o = from;
            while (i < mid && k < to) {
                bool left = in_order(&p[i], &p[k]);
                q[o++] = left ? p[i] : p[k];
                i += left;
                k += !left;
            }
            memcpy(q + o, p + i, (mid - i) * sizeof *p);
            memcpy(q + o + (mid - i), p + k, (to - k) * sizeof *p);
        }
        sort_item *t = p;
        p = q;
        q = t;
    }
    return p;
}

void wv_sort(wv *items, size_t n, wb_arena *scratch)
{
    if (n < 2)
        return;
    for (size_t i = 0; i < n; i++)
        if (wv_is_collection(items[i]))
            wv_order_below(items[i]);
    sort_item local[2 * SORT_LOCAL];
    size_t size = 2 * n * sizeof *local;
    char *mark = wb_arena_mark(scratch);
    bool borrows = mark <= scratch->limit && size <= (size_t)(scratch->limit - mark);
    sort_item *p = n <= SORT_LOCAL ? local
                   : borrows       ? wb_arena_alloc(scratch, size)
                                   : wb_malloc(size);
    for (size_t i = 0; i < n; i++)
        p[i] = (sort_item){.rank = rank_of(items[i]), .v = items[i]};
    const sort_item *sorted = merge_sort(p, p + n, n);
    for (size_t i = 0; i < n; i++)
        items[i] = sorted[i].v;
    if (p != local && borrows)
        wb_arena_rewind(scratch, mark);
    else if (p != local)
        free(p);
}

/* ---- order of tables ---- */

/* Threads that share a table may do this at once: they sort in their own memory and write the same
 * numbers. */
static void sort_table(wv table)
{
    wv_table *t = wv_tab(table);
    uint32_t n = t->h.len;
    unsigned width = wv_width(table);
    if (n < 2) {
        wv_set_flag(table, WV_F_SORTED);
        return;
    }
    sort_item local[2 * SORT_LOCAL];
    sort_item *p = n <= SORT_LOCAL ? local : wb_malloc(2 * (size_t)n * sizeof *p);
    bool sorted = true;
    size_t front = common_front(t->entries, n, width);
    for (uint32_t i = 0; i < n; i++) {
        wv key = t->entries[(size_t)i * width];
        p[i] =
            (sort_item){.rank = front ? rank_behind(key, front) : rank_of(key), .v = key, .i = i};
        sorted = sorted && (!i || in_order(&p[i - 1], &p[i]));
    }
    if (!sorted) {
        const sort_item *result = merge_sort(p, p + n, n);
        for (uint32_t i = 0; i < n; i++)
            __atomic_store_n(&t->order[i], result[i].i, __ATOMIC_RELAXED);
    }
    wv_set_flag(table, sorted ? WV_F_SORTED : WV_F_ORDERED);
    if (p != local)
        free(p);
}

bool wv_string_before(wv a, wv b)
{
    return compare_strings(a, b) < 0;
}

void wv_sort_strings(const wv *strings, size_t n, uint32_t *numbers)
{
    sort_item local[2 * SORT_LOCAL];
    sort_item *p = n <= SORT_LOCAL ? local : wb_malloc(2 * n * sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = (sort_item){.rank = rank_of(strings[i]), .v = strings[i], .i = (uint32_t)i};
    const sort_item *result = merge_sort(p, p + n, n);
    for (size_t i = 0; i < n; i++)
        numbers[i] = result[i].i;
    if (p != local)
        free(p);
}

typedef struct order_frame {
    wv v;
    size_t i;
} order_frame;

/* The words of a collection that may have tables in them. */
static const wv *words_below(wv v, size_t *n)
{
    *n = wv_len(v);
    if (wv_is_array(v))
        return wv_items(v);
    if (wv_is_object(v) && wv_is_shaped(v))
        return wv_shaped_of(v)->values;
    *n *= wv_width(v);
    return wv_tab(v)->entries;
}

void wv_order_below(wv v)
{
    if (!wv_is_collection(v) || wv_has_flag(v, WV_F_BELOW))
        return;
    WV_STACK(order_frame) stack;
    wv_stack_init(&stack);
    wv_stack_push(&stack);
    *wv_stack_top(&stack) = (order_frame){.v = v};
    while (stack.n) {
        order_frame *f = wv_stack_top(&stack);
        size_t n;
        const wv *words = words_below(f->v, &n);
        while (f->i < n && (!wv_is_collection(words[f->i]) || wv_has_flag(words[f->i], WV_F_BELOW)))
            f->i++;
        if (f->i < n) {
            wv next = words[f->i++];
            wv_stack_push(&stack);
            *wv_stack_top(&stack) = (order_frame){.v = next};
            continue;
        }
        if (wv_is_table(f->v) && !wv_has_flag(f->v, WV_F_ORDERED | WV_F_SORTED))
            sort_table(f->v);
        wv_set_flag(f->v, WV_F_BELOW);
        wv_stack_pop(&stack);
    }
    wv_stack_free(&stack);
}

const uint32_t *wv_table_order(wv table)
{
    if (wv_is_shaped(table))
        return wv_shaped_of(table)->shape->order;
    wv_table *t = wv_tab(table);
    if (!wv_has_flag(table, WV_F_ORDERED | WV_F_SORTED)) {
        if (t->h.flags & WV_F_MIXED)
            for (uint32_t i = 0; i < t->h.len; i++)
                wv_order_below(t->entries[(size_t)i * wv_width(table)]);
        sort_table(table);
    }
    return wv_has_flag(table, WV_F_SORTED) ? NULL : t->order;
}
