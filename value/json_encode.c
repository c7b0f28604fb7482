/* Values to JSON text, as Go's encoder writes it. */
#include "base/utf8.h"
#include "value/internal.h"
#include "value/json.h"
#include "value/json_scan.h"
#include "value/number.h"
#include "value/stack.h"

#include <stdlib.h>

/* A member of an object some of whose keys are no strings: the key's text and where it stands. */
typedef struct text_key {
    wb_str text; /* owned */
    uint32_t i;
    bool is_string;
} text_key;

typedef struct encode_frame {
    wv v;
    const uint32_t *order;
    text_key *keys; /* owned: objects with keys that are no strings, sorted by text */
    uint32_t i, n;
} encode_frame;

/* Objects whose keys are objects whose keys are objects ...: each level doubles the escapes of its
 * text, so deeper ones pass any buffer, and are refused before they are walked. */
#define KEY_LEVELS_MAX 32

static wb_status encode(wb_buf *b, wv v, const wv_json_style *style, unsigned level,
                        wb_error *error);

/* ---- strings ---- */

static void put_escape(wb_buf *b, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *short_form = c && c < 0x80 ? strchr(from, (int)c) : NULL;
    if (short_form) {
        char two[2] = {'\\', to[short_form - from]};
        wb_buf_put(b, two, 2);
        return;
    }
    char six[6] = {'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]};
    wb_buf_put(b, six, 6);
}

void wv_json_put_string(wb_buf *b, wb_str s, bool html)
{
    size_t from = 0, i = (size_t)(wv_scan_plain(s.p, s.p + s.n, html) - s.p);
    if (i == s.n) { /* nearly all */
        char *to = wb_buf_reserve(b, s.n + 2);
        if (!to)
            return;
        to[0] = '"';
        if (s.n)
            memcpy(to + 1, s.p, s.n);
        to[s.n + 1] = '"';
        wb_buf_commit(b, s.n + 2);
        return;
    }
    wb_buf_putc(b, '"');
    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        size_t used = 1;
        uint32_t rune = c;
        if (c >= 0x80) {
            rune = wb_utf8_get(s.p + i, s.n - i, &used);
            bool bad = rune == WB_UTF8_BAD && used == 1;
            if (!bad && rune != 0x2028 && rune != 0x2029) {
                i += used;
                i += (size_t)(wv_scan_plain(s.p + i, s.p + s.n, html) - (s.p + i));
                continue;
            }
        }
        wb_buf_put(b, s.p + from, i - from);
        put_escape(b, rune);
        i += used;
        from = i;
        i += (size_t)(wv_scan_plain(s.p + i, s.p + s.n, html) - (s.p + i));
    }
    wb_buf_put(b, s.p + from, s.n - from);
    wb_buf_putc(b, '"');
}

#define PLAIN_MAX  64 /* bytes: above, longer vectors are worth a call */
#define PLAIN_ROOM (PLAIN_MAX + 16)

/* Whether a word has nothing but ASCII that JSON shows as it is. */
static inline bool is_plain(uint64_t w)
{
    return !((wv_scan_marks(w) | w) & WV_SCAN_TOPS);
}

/* Writes the string in quotes and answers the end, where PLAIN_ROOM bytes are free; NULL, and what
 * was written does not count, when it is long or has something to escape. */
static inline char *put_plain(char *to, wv v)
{
    *to++ = '"';
    size_t n;
    if (wv_tag(v) == WV_T_SHORT) {
        uint64_t w = v >> 8;
        n = (size_t)(v >> 3 & 7);
        if (!is_plain(w | WV_SCAN_ONES * ' ' << 8 * n))
            return NULL;
        memcpy(to, &w, 8);
    } else {
        const wv_string *s = wv_ptr(v);
        n = s->h.len;
        if (n > PLAIN_MAX)
            return NULL;
        uint64_t last = wv_load64(s->bytes + n - 8);
        bool plain = is_plain(last);
        for (size_t i = 0; i + 8 < n; i += 8) {
            uint64_t w = wv_load64(s->bytes + i);
            plain &= is_plain(w);
            memcpy(to + i, &w, 8);
        }
        memcpy(to + n - 8, &last, 8);
        if (!plain)
            return NULL;
    }
    to[n] = '"';
    return to + n + 1;
}

static inline void put_string(wb_buf *b, wv v, bool html)
{
    char *to = html ? NULL : wb_buf_room(b, PLAIN_ROOM), *end = to ? put_plain(to, v) : NULL;
    if (end)
        b->n += (size_t)(end - to);
    else
        wv_json_put_string(b, wv_str(&v), html);
}

/* ---- numbers ---- */

static bool digits(wb_str s, size_t *i)
{
    size_t from = *i;
    while (*i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9')
        ++*i;
    return *i > from;
}

static bool is_json_number(wb_str s)
{
    size_t i = s.n && s.p[0] == '-';
    size_t first = i;
    if (!digits(s, &i) || (s.p[first] == '0' && i > first + 1))
        return false;
    if (i < s.n && s.p[i] == '.' && (++i, !digits(s, &i)))
        return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
            i++;
        if (!digits(s, &i))
            return false;
    }
    return i == s.n;
}

void wv_put_small(wb_buf *b, int64_t i)
{
    if ((uint64_t)i < 10) {
        wb_buf_putc(b, (char)('0' + i));
        return;
    }
    char text[20], *p = text + sizeof text;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do {
        *--p = (char)('0' + u % 10);
    } while (u /= 10);
    if (i < 0)
        *--p = '-';
    wb_buf_put(b, p, (size_t)(text + sizeof text - p));
}

static bool put_number(wb_buf *b, wv v, wb_error *error)
{
    if (wv_is_int(v)) {
        wv_put_small(b, wv_int(v));
        return true;
    }
    size_t from = b->n;
    wv_number_put(b, v);
    wb_str text = wb_str_n(b->p + from, b->n - from);
    if (b->failed || is_json_number(text))
        return true;
    wb_fail(error, WB_INVALID, "json: invalid number literal \"%.*s\"",
            (int)(text.n < 256 ? text.n : 256), text.p);
    return false;
}

static bool put_scalar(wb_buf *b, wv v, const wv_json_style *style, wb_error *error)
{
    if (wv_is_string(v)) {
        put_string(b, v, style->html);
        return true;
    }
    switch (wv_type_of(v)) {
    case WV_TYPE_NULL: wb_buf_puts(b, "null"); return true;
    case WV_TYPE_BOOLEAN: wb_buf_puts(b, v == WV_TRUE ? "true" : "false"); return true;
    case WV_TYPE_NUMBER: return put_number(b, v, error);
    default: return true; /* undefined writes nothing */
    }
}

/* ---- collections ---- */

static int by_text(const void *x, const void *y)
{
    const text_key *a = x, *b = y;
    int c = wb_str_cmp(a->text, b->text);
    return c ? c : a->is_string - b->is_string;
}

static void free_keys(encode_frame *f)
{
    for (uint32_t i = 0; f->keys && i < f->n; i++)
        free((void *)(uintptr_t)f->keys[i].text.p);
    free(f->keys);
    f->keys = NULL;
}

/* Keys that are no strings become their JSON text, always with < > & escaped. Where a number and a
 * string have one text, the string's member is the one that stays. */
static wb_status sort_by_text(encode_frame *f, size_t max, unsigned level, wb_error *error)
{
    const wv_table *t = wv_tab(f->v);
    static const wv_json_style compact = {.html = true};
    uint32_t n = 0;
    wb_status status = WB_OK;
    f->keys = wb_calloc(f->n, sizeof *f->keys);
    for (uint32_t i = 0; i < f->n && !status; i++) {
        wb_buf b;
        wb_buf_init(&b, max);
        wv key = t->entries[(size_t)i * 2];
        text_key *k = &f->keys[n];
        *k = (text_key){.i = i, .is_string = wv_is_string(key)};
        if (k->is_string)
            wb_buf_put_str(&b, wv_str(&key));
        else
            status = encode(&b, key, &compact, level + 1, error);
        if (b.failed && !status)
            status = wb_fail(error, WB_LIMIT, "the JSON text is over %zu bytes", max);
        k->text.p = wb_buf_detach(&b, &k->text.n);
        n++;
    }
    f->n = n;
    if (status)
        return status;
    qsort(f->keys, n, sizeof *f->keys, by_text);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n && wb_str_eq(f->keys[i].text, f->keys[i + 1].text))
            free((void *)(uintptr_t)f->keys[i].text.p);
        else
            f->keys[kept++] = f->keys[i];
    }
    f->n = kept;
    return WB_OK;
}

static bool has_other_keys(wv object)
{
    if (wv_is_shaped(object))
        return false;
    for (uint32_t i = 0; i < wv_len(object); i++)
        if (!wv_is_string(wv_tab(object)->entries[(size_t)i * 2]))
            return true;
    return false;
}

static wb_status begin(encode_frame *f, wv v, size_t max, unsigned level, wb_error *error)
{
    *f = (encode_frame){.v = v, .n = wv_len(v)};
    if (wv_is_object(v) && has_other_keys(v))
        return sort_by_text(f, max, level, error);
    if (wv_is_table(v))
        f->order = wv_table_order(v);
    return WB_OK;
}

static void put_line(wb_buf *b, const wv_json_style *style, size_t depth)
{
    if (!style->indent)
        return;
    size_t n = depth * style->indent;
    char *to = wb_buf_reserve(b, n + 1);
    if (!to)
        return;
    to[0] = '\n';
    memset(to + 1, ' ', n);
    wb_buf_commit(b, n + 1);
}

/* Writes what stands before the i-th member's value and answers the value. */
static wv member(wb_buf *b, encode_frame *f, const wv_json_style *style)
{
    uint32_t i = f->i++;
    if (wv_is_array(f->v))
        return wv_items(f->v)[i];
    if (wv_is_set(f->v))
        return wv_set_at(f->v, f->order, i);
    wv value;
    if (f->keys) {
        wv_json_put_string(b, f->keys[i].text, style->html);
        value = wv_value_at(f->v, NULL, f->keys[i].i);
    } else {
        wv key = wv_key_at(f->v, f->order, i);
        put_string(b, key, style->html);
        value = wv_value_at(f->v, f->order, i);
    }
    wb_buf_putc(b, ':');
    if (style->indent)
        wb_buf_putc(b, ' ');
    return value;
}

static wb_status encode(wb_buf *b, wv v, const wv_json_style *style, unsigned level,
                        wb_error *error)
{
    WV_STACK(encode_frame) stack;
    wb_status status = WB_OK;
    if (level > KEY_LEVELS_MAX)
        return wb_fail(error, WB_LIMIT, "object keys nested in object keys more than %d deep",
                       KEY_LEVELS_MAX);
    wv_stack_init(&stack);
    for (;;) {
        if (wv_is_collection(v)) {
            wb_buf_putc(b, wv_is_object(v) ? '{' : '[');
            wv_stack_push(&stack);
            status = begin(wv_stack_top(&stack), v, b->max, level, error);
        } else if (!put_scalar(b, v, style, error)) {
            status = WB_INVALID;
        }
        while (!status && !b->failed && stack.n &&
               wv_stack_top(&stack)->i == wv_stack_top(&stack)->n) {
            encode_frame *f = wv_stack_top(&stack);
            if (f->n)
                put_line(b, style, stack.n - 1);
            wb_buf_putc(b, wv_is_object(f->v) ? '}' : ']');
            free_keys(f);
            wv_stack_pop(&stack);
        }
        if (status || b->failed || !stack.n)
            break;
        encode_frame *f = wv_stack_top(&stack);
        if (f->i)
            wb_buf_putc(b, ',');
        if (style->indent)
            put_line(b, style, stack.n);
        v = member(b, f, style);
    }
    for (size_t i = 0; i < stack.n; i++)
        free_keys(&stack.p[i]);
    wv_stack_free(&stack);
    if (status)
        return status;
    return b->failed ? wb_fail(error, WB_LIMIT, "the JSON text is over %zu bytes", b->max) : WB_OK;
}

wb_status wv_json_encode(wb_buf *b, wv v, const wv_json_style *style, wb_error *error)
{
    static const wv_json_style compact = {0};
    return encode(b, v, style ? style : &compact, 0, error);
}
