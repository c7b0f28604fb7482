/* Making strings: joining, splitting, case, replacing, turning round. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/text.h"
#include "stdlib/unicode.h"

/* Writes n bytes of a result at once: a place for short ones on the caller's stack, else in `out`.
 */
typedef struct maker {
    char small[8];
    char *p;
    size_t n;
    wv_string *s; /* the string, when it is a long one */
} maker;

static bool make(ws_ctx *cx, maker *m, size_t n)
{
    m->n = n;
    m->s = NULL;
    if (n <= WV_SHORT_MAX) {
        m->p = m->small;
        return true;
    }
    if (n > WV_LEN_MAX) {
        ws_fail_room(cx);
        return false;
    }
    if (!ws_room(cx, n))
        return false;
    m->s = wv_string_make(cx->out, n);
    m->p = m->s->bytes;
    return true;
}

static wv made(const maker *m)
{
    return m->s ? wv_string_made(m->s) : wv_short(m->small, m->n);
}

static bool is_list(wv v)
{
    return wv_is_array(v) || wv_is_set(v);
}

static wv fn_concat(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_STRING(cx, args, 0);
    WS_WANT(cx, args, 1, is_list, "one of {set, array}");
    size_t n, total = 0;
    const wv *items = ws_members(cx, args[1], &n);
    if (!n)
        return wv_short("", 0);
    if (!items)
        return WV_UNDEFINED;
    wb_str sep = wv_str(&args[0]);
    for (size_t i = 0; i < n; i++) {
        if (!wv_is_string(items[i]))
            return ws_fail_element(cx, 2, args[1], "string", items[i]);
        total += wv_str(&items[i]).n;
    }
    if (n == 1)
        return items[0];
    total += sep.n * (n - 1);
    maker m;
    if (!make(cx, &m, total))
        return WV_UNDEFINED;
    char *p = m.p;
    for (size_t i = 0; i < n; i++) {
        wb_str s = wv_str(&items[i]);
        if (i) {
            memcpy(p, sep.p, sep.n);
            p += sep.n;
        }
        memcpy(p, s.p, s.n);
        p += s.n;
    }
    return made(&m);
}

/* ---- case ---- */

static wv map_case(ws_ctx *cx, const wv *args, uint32_t (*map)(uint32_t), char from, char to)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    maker m;
    WS_SPEND(cx, s.n);
    if (ws_ascii(s)) {
        size_t i = 0;
        while (i < s.n && (s.p[i] < from || s.p[i] > to))
            i++;
        if (i == s.n)
            return args[0];
        if (!make(cx, &m, s.n))
            return WV_UNDEFINED;
        memcpy(m.p, s.p, i);
        for (; i < s.n; i++)
            m.p[i] = (char)(s.p[i] >= from && s.p[i] <= to ? s.p[i] ^ 32 : s.p[i]);
        return made(&m);
    }
    /* The longest mapping turns two bytes into three, a bad byte becomes three. */
    wb_buf b;
    ws_text_begin(cx, &b);
    for (size_t i = 0; i < s.n;) {
        size_t used;
        char bytes[4];
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        wb_buf_put(&b, bytes, wb_utf8_put(bytes, map(c)));
        i += used;
    }
    return ws_take_string(cx, &b);
}

static wv fn_lower(ws_ctx *cx, const wv *args, unsigned n)
{
    return map_case(cx, args, ws_rune_lower, 'A', 'Z');
}

static wv fn_upper(ws_ctx *cx, const wv *args, unsigned n)
{
    return map_case(cx, args, ws_rune_upper, 'a', 'z');
}

static wv fn_reverse(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    maker m;
    if (!make(cx, &m, s.n))
        return WV_UNDEFINED;
    for (size_t i = 0; i < s.n;) {
        size_t used;
        wb_utf8_get(s.p + i, s.n - i, &used);
        memcpy(m.p + s.n - i - used, s.p + i, used);
        i += used;
    }
    return made(&m);
}

/* ---- splitting ---- */

/* Pieces of s between separators: how many there are. */
static size_t count_pieces(wb_str s, wb_str sep)
{
    if (!sep.n)
        return wb_utf8_count(s);
    size_t n = 1;
    for (size_t at = 0; (at = ws_find(s, sep, at)) != WS_NOT_FOUND; at += sep.n)
        n++;
    return n;
}

/* Pieces number `first` to first + n - 1. */
static wv pieces(ws_ctx *cx, wb_str s, wb_str sep, size_t first, size_t n)
{
    WS_ROOM(cx, n * sizeof(wv) + s.n);
    wv *items;
    wv r = wv_array_make(cx->out, n, &items);
    size_t at = 0;
    for (size_t i = 0; i < first + n; i++) {
        size_t end, next;
        if (!sep.n) {
            size_t used;
            wb_utf8_get(s.p + at, s.n - at, &used);
            end = next = at + used;
        } else {
            end = ws_find(s, sep, at);
            next = end + sep.n;
            if (end == WS_NOT_FOUND)
                end = next = s.n;
        }
        if (i >= first)
            items[i - first] = wv_string_new(cx->out, wb_str_n(s.p + at, end - at));
        at = next;
    }
    return ws_built(cx, r);
}

static wv fn_split(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]), sep = wv_str(&args[1]);
    size_t count = count_pieces(s, sep);
    if (count == 1)
        return wv_array_new(cx->out, &args[0], 1);
    return pieces(cx, s, sep, 0, count);
}

static wv fn_split_n(ws_ctx *cx, const wv *args, unsigned n)
{
    int64_t limit;
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    WS_INT(cx, args, 2, &limit);
    wb_str s = wv_str(&args[0]), sep = wv_str(&args[1]);
    size_t count = count_pieces(s, sep);
    WS_SPEND(cx, s.n);
    uint64_t want = limit < 0 ? -(uint64_t)limit : (uint64_t)limit;
    size_t take = want < count ? (size_t)want : count;
    return pieces(cx, s, sep, limit < 0 ? count - take : 0, take);
}

/* ---- replacing ---- */

static wv fn_replace(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    WS_STRING(cx, args, 2);
    wb_str s = wv_str(&args[0]), old = wv_str(&args[1]), new = wv_str(&args[2]);
    WS_SPEND(cx, s.n);
    maker m;
    if (!old.n) { /* before and after every byte, as OPA has it */
        if (!make(cx, &m, s.n + (s.n + 1) * new.n))
            return WV_UNDEFINED;
        char *p = m.p;
        for (size_t i = 0;; i++) {
            memcpy(p, new.p, new.n);
            p += new.n;
            if (i == s.n)
                return made(&m);
            *p++ = s.p[i];
        }
    }
    size_t count = 0, at = 0;
    for (; (at = ws_find(s, old, at)) != WS_NOT_FOUND; at += old.n)
        count++;
    if (!count)
        return args[0];
    /* Both factors are below 2^32. */
    if (!make(cx, &m, s.n - count * old.n + count * new.n))
        return WV_UNDEFINED;
    char *p = m.p;
    for (at = 0; count--;) {
        size_t hit = ws_find(s, old, at);
        memcpy(p, s.p + at, hit - at);
        p += hit - at;
        memcpy(p, new.p, new.n);
        p += new.n;
        at = hit + old.n;
    }
    memcpy(p, s.p + at, s.n - at);
    return made(&m);
}

static wv fn_replace_n(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    WS_STRING(cx, args, 1);
    wv patterns = args[0];
    uint32_t n = wv_len(patterns);
    const uint32_t *order = wv_table_order(patterns);
    for (uint32_t i = 0; i < n; i++) {
        if (!wv_is_string(wv_key_at(patterns, order, i)))
            return ws_fail_type(cx, "operand 1 non-string key found in pattern object");
        if (!wv_is_string(wv_value_at(patterns, order, i)))
            return ws_fail_type(cx, "operand 1 non-string value found in pattern object");
    }
    WS_ROOM(cx, (size_t)n * 2 * sizeof(wv));
    /* Patterns stand in bytewise order, so those with one first byte stand together; the first that
     * fits wins. An empty one stands before all, and fits unless it was what fitted last. */
    wv *pair = wb_arena_alloc(cx->out, (size_t)n * 2 * sizeof(wv));
    uint32_t first[257] = {0};
    for (uint32_t i = 0; i < n; i++) {
        pair[2 * i] = wv_key_at(patterns, order, i);
        pair[2 * i + 1] = wv_value_at(patterns, order, i);
        wb_str k = wv_str(&pair[2 * i]);
        if (k.n)
            first[(unsigned char)k.p[0] + 1]++;
    }
    bool empty = n && wv_str(&pair[0]).n == 0;
    first[0] = empty;
    for (int i = 1; i < 257; i++)
        first[i] += first[i - 1];
    wb_str s = wv_str(&args[1]);
    WS_SPEND(cx, s.n);
    wb_buf b;
    ws_text_begin(cx, &b);
    bool last_empty = false;
    for (size_t i = 0; i <= s.n;) {
        if (empty && !last_empty) {
            wb_buf_put_str(&b, wv_str(&pair[1]));
            last_empty = true;
            continue;
        }
        last_empty = false;
        if (i == s.n)
            break;
        wb_str rest = wb_str_n(s.p + i, s.n - i);
        unsigned char c = (unsigned char)s.p[i];
        uint32_t k = first[c], end = first[c + 1];
        if (end - k > 64 && !ws_charge(cx, (end - k) / 64))
            break;
        while (k < end && !wb_str_has_prefix(rest, wv_str(&pair[2 * k])))
            k++;
        if (k < end) {
            wb_buf_put_str(&b, wv_str(&pair[2 * k + 1]));
            i += wv_str(&pair[2 * k]).n;
        } else {
            wb_buf_putc(&b, s.p[i]);
            i++;
        }
    }
    if (cx->error != WS_ERR_NONE) {
        ws_text_end(cx, &b);
        return WV_UNDEFINED;
    }
    return ws_take_string(cx, &b);
}

static wv fn_format_int(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_NUMBER(cx, args, 0);
    WS_NUMBER(cx, args, 1);
    WS_SPEND(cx, wv_number_size(args[0]) * 4);
    wb_buf b;
    ws_text_begin(cx, &b);
    wv_num_status s = wv_number_format_int(&b, args[0], args[1]);
    if (s == WV_NUM_OK)
        return ws_take_string(cx, &b);
    ws_text_end(cx, &b);
    if (s == WV_NUM_BASE)
        return ws_fail_type(cx, "operand 2 must be one of {2, 8, 10, 16}");
    return ws_fail_number(cx, s);
}

const ws_builtin ws_strings_make[] = {
    WS_ROW("concat",
           "(delimiter: string, collection: any<array[string], set[string]>) => (output: string)",
           NULL, "strings", 0, fn_concat, NULL, NULL,
           "The strings joined, delimiter between them."),
    WS_ROW("lower", "(x: string) => (y: string)", NULL, "strings", 0, fn_lower, NULL, NULL,
           "The string in lower case."),
    WS_ROW("upper", "(x: string) => (y: string)", NULL, "strings", 0, fn_upper, NULL, NULL,
           "The string in upper case."),
    WS_ROW("strings.reverse", "(x: string) => (y: string)", NULL, "strings", 0, fn_reverse, NULL,
           NULL, "The characters in opposite order."),
    WS_ROW("split", "(x: string, delimiter: string) => (ys: array[string])", NULL, "strings", 0,
           fn_split, NULL, NULL,
           "The parts of x between delimiters; its characters when that is empty."),
    WS_ROW("strings.split_n", "(x: string, delimiter: string, n: number) => (ys: array[string])",
           NULL, "strings", 0, fn_split_n, NULL, NULL,
           "The first n parts of x between delimiters, the last -n when n is negative."),
    WS_ROW("replace", "(x: string, old: string, new: string) => (y: string)", NULL, "strings", 0,
           fn_replace, NULL, NULL, "x with every old turned into new."),
    WS_ROW("strings.replace_n",
           "(patterns: object[string: string], value: string) => (output: string)", NULL, NULL, 0,
           fn_replace_n, NULL, NULL,
           "The value with every key of patterns turned into its value, in one pass."),
    WS_ROW("format_int", "(number: number, base: number) => (output: string)", NULL, "strings", 0,
           fn_format_int, NULL, NULL, "The integer part of a number in base 2, 8, 10 or 16."),
    WS_END,
};
