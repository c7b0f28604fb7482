/* Types, strings, arrays and access by index. */
#include "value/value.h"

#include "value/internal.h"
#include "value/number.h"

wv_type wv_type_of(wv v)
{
    static const uint8_t types[8] = {[WV_T_INT] = WV_TYPE_NUMBER,   [WV_T_STRING] = WV_TYPE_STRING,
                                     [WV_T_ARRAY] = WV_TYPE_ARRAY,  [WV_T_OBJECT] = WV_TYPE_OBJECT,
                                     [WV_T_SHORT] = WV_TYPE_STRING, [WV_T_SET] = WV_TYPE_SET,
                                     [WV_T_NUMBER] = WV_TYPE_NUMBER};
    if (wv_tag(v) != WV_T_SPECIAL)
        return (wv_type)types[wv_tag(v)];
    return v == WV_UNDEFINED ? WV_TYPE_UNDEFINED : v == WV_NULL ? WV_TYPE_NULL : WV_TYPE_BOOLEAN;
}

const char *wv_type_name(wv v)
{
    static const char *const names[] = {"undefined", "null",  "boolean", "number",
                                        "string",    "array", "object",  "set"};
    return names[wv_type_of(v)];
}

wv_string *wv_string_make(wb_arena *a, size_t n)
{
    wv_string *s = wb_arena_alloc(a, sizeof *s + n + 1);
    s->h = (wv_header){.tag = WV_T_STRING, .len = (uint32_t)n};
    s->bytes[n] = 0;
    return s;
}

wv wv_string_new(wb_arena *a, wb_str s)
{
    if (s.n <= WV_SHORT_MAX)
        return wv_short(s.p, s.n);
    if (s.n > WV_LEN_MAX || (s.n > WB_ARENA_OVERDRAFT / 16 && !wb_arena_fits(a, s.n + 32))) {
        wb_arena_exhaust(a);
        return wv_short("", 0);
    }
    wv_string *made = wv_string_make(a, s.n);
    memcpy(made->bytes, s.p, s.n);
    return wv_string_made(made);
}

/* ---- arrays ---- */

static wv_array *array_alloc(wb_arena *a, size_t room)
{
    return wb_arena_alloc(a, sizeof(wv_array) + room * sizeof(wv));
}

wv wv_array_make(wb_arena *a, size_t n, wv **items)
{
    wv_array *t = array_alloc(a, n);
    t->h = (wv_header){.tag = WV_T_ARRAY, .len = (uint32_t)n};
    memset(t->items, 0, n * sizeof(wv));
    if (items)
        *items = t->items;
    return wv_from(t, WV_T_ARRAY);
}

wv wv_array_new(wb_arena *a, const wv *items, size_t n)
{
    if (n > WV_LEN_MAX ||
        (n > WB_ARENA_OVERDRAFT / 128 && !wb_arena_fits(a, n * sizeof(wv) + 64))) {
        wb_arena_exhaust(a);
        n = 0;
    }
    wv_array *t = array_alloc(a, n);
    t->h = (wv_header){.tag = WV_T_ARRAY, .len = (uint32_t)n};
    if (n)
        memcpy(t->items, items, n * sizeof(wv));
    return wv_from(t, WV_T_ARRAY);
}

/* The room of a growing array is a power of two whose logarithm + 1 stands in `spare`. */
static uint16_t room_code(size_t room)
{
    uint16_t log2 = 2;
    while (((size_t)1 << log2) < room)
        log2++;
    return (uint16_t)(log2 + 1);
}

static size_t array_room(const wv_array *t)
{
    return t->h.spare ? (size_t)1 << (t->h.spare - 1) : t->h.len;
}

wv wv_array_begin(wb_arena *a, size_t room)
{
    uint16_t code = room_code(room);
    size_t size = ((size_t)1 << (code - 1)) * sizeof(wv);
    if (room > WV_LEN_MAX || (size > WB_ARENA_OVERDRAFT / 16 && !wb_arena_fits(a, size + 64))) {
        wb_arena_exhaust(a);
        code = room_code(0);
    }
    wv_array *t = array_alloc(a, (size_t)1 << (code - 1));
    t->h = (wv_header){.tag = WV_T_ARRAY, .spare = code};
    return wv_from(t, WV_T_ARRAY);
}

/* Room for one more item; NULL when it does not fit the budget. */
static wv_array *array_grow(wb_arena *a, wv_array *t)
{
    size_t old = array_room(t);
    uint16_t code = room_code(old + 1);
    size_t from = sizeof *t + old * sizeof(wv);
    size_t to = sizeof *t + ((size_t)1 << (code - 1)) * sizeof(wv);
    if (old >= WV_LEN_MAX / 2) {
        wb_arena_exhaust(a);
        return NULL;
    }
    if (!wb_arena_fits(a, to))
        return NULL;
    if (!wb_arena_extend(a, t, from, to)) {
        wv_array *moved = wb_arena_alloc(a, to);
        memcpy(moved, t, from);
        t = moved;
    }
    t->h.spare = code;
    return t;
}

void wv_array_push(wb_arena *a, wv *array, wv item)
{
    wv_array *t = wv_ptr(*array);
    if (t->h.len == array_room(t)) {
        t = array_grow(a, t);
        if (!t)
            return;
        *array = wv_from(t, WV_T_ARRAY);
    }
    t->items[t->h.len++] = item;
    t->h.hash = 0;
    t->h.flags = 0;
}

/* ---- access ---- */

wv wv_index(wv collection, wv key)
{
    switch (wv_tag(collection)) {
    case WV_T_OBJECT: return wv_object_get(collection, key);
    case WV_T_SET: return wv_set_get(collection, key);
    case WV_T_ARRAY: {
        int64_t i;
        if (wv_is_int(key))
            i = wv_int(key);
        else if (wv_tag(key) != WV_T_NUMBER || !wv_number_int64(key, &i))
            return WV_UNDEFINED;
        return (uint64_t)i < wv_len(collection) ? wv_items(collection)[i] : WV_UNDEFINED;
    }
    default: return WV_UNDEFINED;
    }
}

/* The int64 reading of a number's text, as wv_number_int64: sign, then at most 19 characters,
 * digits with or without a point and zeros behind it. */
static bool text_int64(wb_str s, int64_t *out)
{
    size_t i = 0;
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        i = 1;
    if (s.n == i || s.n - i > 19)
        return false;
    uint64_t u = 0;
    bool any = false;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, any = true)
        u = u * 10 + (uint64_t)(s.p[i] - '0');
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] == '0'; i++)
            any = true;
    if (i < s.n || !any || u > INT64_MAX)
        return false;
    *out = negative ? -(int64_t)u : (int64_t)u;
    return true;
}

wv wv_index_base(wv collection, wv key)
{
    int64_t i;
    if (wv_is_array(collection) && wv_is_string(key)) {
        if (!text_int64(wv_str(&key), &i))
            return WV_UNDEFINED;
        return (uint64_t)i < wv_len(collection) ? wv_items(collection)[i] : WV_UNDEFINED;
    }
    if (wv_is_object(collection) && wv_is_number(key)) {
        wb_buf text;
        wb_buf_init(&text, WV_NUMBER_TEXT_MAX * 2);
        wv_number_put(&text, key);
        wv v = text.failed ? WV_UNDEFINED : wv_object_get_str(collection, wb_buf_str(&text));
        wb_buf_free(&text);
        return v;
    }
    return wv_index(collection, key);
}
