/* Looking into strings: predicates, positions, cutting pieces off. Positions count code points. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/text.h"
#include "stdlib/unicode.h"

static wv fn_contains(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    return wv_bool(ws_find(s, wv_str(&args[1]), 0) != WS_NOT_FOUND);
}

static wv fn_startswith(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    WS_SPEND(cx, wv_str(&args[1]).n);
    return wv_bool(wb_str_has_prefix(wv_str(&args[0]), wv_str(&args[1])));
}

static wv fn_endswith(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    WS_SPEND(cx, wv_str(&args[1]).n);
    return wv_bool(wb_str_has_suffix(wv_str(&args[0]), wv_str(&args[1])));
}

static wv fn_count(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]), part = wv_str(&args[1]);
    WS_SPEND(cx, s.n);
    if (!part.n)
        return wv_small((int64_t)wb_utf8_count(s) + 1);
    int64_t count = 0;
    for (size_t at = 0; (at = ws_find(s, part, at)) != WS_NOT_FOUND; at += part.n)
        count++;
    return wv_small(count);
}

/* Both operands of indexof and indexof_n as valid text; false when the call has failed. */
static bool search_operands(ws_ctx *cx, const wv *args, wb_str *s, wb_str *part)
{
    for (unsigned i = 0; i < 2; i++)
        if (!wv_is_string(args[i])) {
            ws_fail_operand(cx, i + 1, "string", args[i]);
            return false;
        }
    *s = wv_str(&args[0]);
    *part = wv_str(&args[1]);
    if (!part->n) {
        ws_fail(cx, "empty search character");
        return false;
    }
    return ws_spend(cx, s->n) && ws_valid_text(cx, *s, s) && ws_valid_text(cx, *part, part);
}

static wv fn_indexof(ws_ctx *cx, const wv *args, unsigned n)
{
    wb_str s, part;
    if (!search_operands(cx, args, &s, &part))
        return WV_UNDEFINED;
    size_t at = ws_find(s, part, 0);
    if (at == WS_NOT_FOUND)
        return wv_small(-1);
    return wv_small((int64_t)wb_utf8_count(wb_str_n(s.p, at)));
}

static wv fn_indexof_n(ws_ctx *cx, const wv *args, unsigned n)
{
    wb_str s, part;
    if (!search_operands(cx, args, &s, &part))
        return WV_UNDEFINED;
    wv r = wv_array_begin(cx->out, 4);
    int64_t position = 0;
    size_t counted = 0;
    for (size_t at = 0; (at = ws_find(s, part, at)) != WS_NOT_FOUND; at++) {
        position += (int64_t)wb_utf8_count(wb_str_n(s.p + counted, at - counted));
        counted = at;
        wv_array_push(cx->out, &r, wv_small(position));
        if ((wv_len(r) & 1023) == 0 && !ws_charge(cx, 128 + part.n * 16))
            return WV_UNDEFINED;
    }
    return ws_built(cx, r);
}

static wv fn_substring(ws_ctx *cx, const wv *args, unsigned n)
{
    int64_t offset, length;
    WS_STRING(cx, args, 0);
    WS_INT(cx, args, 1, &offset);
    WS_INT(cx, args, 2, &length);
    if (offset < 0)
        return ws_fail(cx, "negative offset");
    wb_str s = wv_str(&args[0]);
    if (!s.n)
        return args[0];
    WS_SPEND(cx, s.n);
    if (ws_ascii(s)) {
        if ((uint64_t)offset >= s.n)
            return wv_short("", 0);
        size_t left = s.n - (size_t)offset;
        if (length >= 0 && (uint64_t)length < left)
            left = (size_t)length;
        return ws_part(cx, args[0], wb_str_n(s.p + offset, left));
    }
    if (offset == 0 && length >= 0 && (uint64_t)length >= wb_utf8_count(s))
        return args[0];
    if (!ws_valid_text(cx, s, &s))
        return WV_UNDEFINED;
    size_t from = wb_utf8_offset(s, (size_t)offset);
    wb_str rest = wb_str_n(s.p + from, s.n - from);
    if (length >= 0)
        rest.n = wb_utf8_offset(rest, (size_t)length);
    WS_ROOM(cx, rest.n);
    return wv_string_new(cx->out, rest);
}

/* ---- trimming ---- */

/* Sets of characters to cut: ASCII by bit, others by looking through the text. */
typedef struct cutset {
    uint64_t low[2];
    wb_str text;
    bool ascii;
} cutset;

static void cutset_make(cutset *c, wb_str text)
{
    *c = (cutset){.text = text, .ascii = ws_ascii(text)};
    if (c->ascii)
        for (size_t i = 0; i < text.n; i++)
            c->low[text.p[i] >> 6] |= (uint64_t)1 << (text.p[i] & 63);
}

static bool cutset_has(const cutset *c, uint32_t rune)
{
    if (c->ascii)
        return rune < 0x80 && (c->low[rune >> 6] >> (rune & 63) & 1);
    for (size_t i = 0; i < c->text.n;) {
        size_t used;
        if (wb_utf8_get(c->text.p + i, c->text.n - i, &used) == rune)
            return true;
        i += used;
    }
    return false;
}

enum { LEFT = 1, RIGHT = 2 };

static wb_str cut(wb_str s, const cutset *c, int sides)
{
    size_t used;
    if (sides & LEFT)
        while (s.n && cutset_has(c, wb_utf8_get(s.p, s.n, &used))) {
            s.p += used;
            s.n -= used;
        }
    if (sides & RIGHT)
        while (s.n && cutset_has(c, ws_last_rune(s, &used)))
            s.n -= used;
    return s;
}

static wv trim(ws_ctx *cx, const wv *args, int sides)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]), set = wv_str(&args[1]);
    cutset c;
    cutset_make(&c, set);
    /* Each character may be looked for in the whole of a set that is not ASCII. */
    WS_SPEND(cx, c.ascii ? s.n + set.n : (s.n > SIZE_MAX / 2 / (set.n + 1) ? s.n : s.n * set.n));
    return ws_part(cx, args[0], cut(s, &c, sides));
}

static wv fn_trim(ws_ctx *cx, const wv *args, unsigned n)
{
    return trim(cx, args, LEFT | RIGHT);
}

static wv fn_trim_left(ws_ctx *cx, const wv *args, unsigned n)
{
    return trim(cx, args, LEFT);
}

static wv fn_trim_right(ws_ctx *cx, const wv *args, unsigned n)
{
    return trim(cx, args, RIGHT);
}

static wv fn_trim_prefix(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]), p = wv_str(&args[1]);
    WS_SPEND(cx, s.n);
    if (!p.n || !wb_str_has_prefix(s, p))
        return args[0];
    return ws_part(cx, args[0], wb_str_n(s.p + p.n, s.n - p.n));
}

static wv fn_trim_suffix(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]), p = wv_str(&args[1]);
    WS_SPEND(cx, s.n);
    if (!p.n || !wb_str_has_suffix(s, p))
        return args[0];
    return ws_part(cx, args[0], wb_str_n(s.p, s.n - p.n));
}

static wv fn_trim_space(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    size_t used;
    while (s.n && ws_rune_space(wb_utf8_get(s.p, s.n, &used))) {
        s.p += used;
        s.n -= used;
    }
    while (s.n && ws_rune_space(ws_last_rune(s, &used)))
        s.n -= used;
    return ws_part(cx, args[0], s);
}

/* ---- any of many prefixes or suffixes ---- */

static bool is_texts(wv v)
{
    return wv_is_string(v) || wv_is_array(v) || wv_is_set(v);
}

/* The strings of an operand that is one string or a list of them; NULL when the call has failed. */
static const wv *texts(ws_ctx *cx, const wv *args, unsigned i, size_t *n)
{
    if (wv_is_string(args[i])) {
        *n = 1;
        return &args[i];
    }
    const wv *items = wv_is_array(args[i]) ? wv_items(args[i]) : ws_members(cx, args[i], n);
    *n = wv_len(args[i]);
    if (!items && *n)
        return NULL;
    for (size_t k = 0; k < *n; k++)
        if (!wv_is_string(items[k])) {
            ws_fail_element(cx, i + 1, args[i], "string", items[k]);
            return NULL;
        }
    return items ? items : &args[i];
}

/* Sorted copies, turned round for suffixes, so that each base needs one binary search. */
static wv *sorted(ws_ctx *cx, const wv *items, size_t n, bool turn)
{
    if (!ws_room(cx, n * sizeof(wv) * 2))
        return NULL;
    wv *copy = wb_arena_alloc(cx->out, n * sizeof(wv));
    for (size_t i = 0; i < n; i++) {
        copy[i] = items[i];
        wb_str s = wv_str(&items[i]);
        if (!turn)
            continue;
        if (!ws_room(cx, s.n))
            return NULL;
        char *p = wb_arena_alloc(cx->out, s.n + 1);
        for (size_t k = 0; k < s.n; k++)
            p[k] = s.p[s.n - 1 - k];
        copy[i] = wv_string_new(cx->out, wb_str_n(p, s.n));
    }
    return copy;
}

static bool any_begins(const wv *strs, size_t n, wb_str base)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (wb_str_cmp(wv_str(&strs[mid]), base) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && wb_str_has_prefix(wv_str(&strs[lo]), base);
}

static wv any_match(ws_ctx *cx, const wv *args, bool suffix)
{
    WS_WANT(cx, args, 0, is_texts, "one of {string, set, array}");
    size_t ns, nb;
    const wv *strs = texts(cx, args, 0, &ns);
    if (!strs)
        return WV_UNDEFINED;
    WS_WANT(cx, args, 1, is_texts, "one of {string, set, array}");
    const wv *bases = texts(cx, args, 1, &nb);
    if (!bases)
        return WV_UNDEFINED;
    WS_SPEND(cx, (ns + nb) * sizeof(wv));
    if (ns > 1 && nb > 1) {
        wv *s = sorted(cx, strs, ns, suffix);
        wv *b = s ? sorted(cx, bases, nb, suffix) : NULL;
        if (!b)
            return WV_UNDEFINED;
        wv_sort(s, ns, cx->out);
        for (size_t i = 0; i < nb; i++)
            if (any_begins(s, ns, wv_str(&b[i])))
                return WV_TRUE;
        return WV_FALSE;
    }
    for (size_t i = 0; i < ns; i++)
        for (size_t k = 0; k < nb; k++) {
            wb_str s = wv_str(&strs[i]), b = wv_str(&bases[k]);
            WS_SPEND(cx, b.n);
            if (suffix ? wb_str_has_suffix(s, b) : wb_str_has_prefix(s, b))
                return WV_TRUE;
        }
    return WV_FALSE;
}

static wv fn_any_prefix(ws_ctx *cx, const wv *args, unsigned n)
{
    return any_match(cx, args, false);
}

static wv fn_any_suffix(ws_ctx *cx, const wv *args, unsigned n)
{
    return any_match(cx, args, true);
}

#define TEXTS "any<string, array[string], set[string]>"

const ws_builtin ws_strings[] = {
    WS_ROW("contains", "(haystack: string, needle: string) => (result: boolean)", NULL, "strings",
           0, fn_contains, NULL, NULL, "Whether needle is in haystack."),
    WS_ROW("startswith", "(search: string, base: string) => (result: boolean)", NULL, "strings", 0,
           fn_startswith, NULL, NULL, "Whether search begins with base."),
    WS_ROW("endswith", "(search: string, base: string) => (result: boolean)", NULL, "strings", 0,
           fn_endswith, NULL, NULL, "Whether search ends with base."),
    WS_ROW("strings.count", "(search: string, substring: string) => (output: number)", NULL,
           "strings", 0, fn_count, NULL, NULL,
           "How often substring is in search, without overlaps."),
    WS_ROW("indexof", "(haystack: string, needle: string) => (output: number)", NULL, "strings", 0,
           fn_indexof, NULL, NULL, "Position of the first needle, -1 when there is none."),
    WS_ROW("indexof_n", "(haystack: string, needle: string) => (output: array[number])", NULL,
           "strings", 0, fn_indexof_n, NULL, NULL,
           "Positions of all needles, overlapping ones too."),
    WS_ROW("substring", "(value: string, offset: number, length: number) => (output: string)", NULL,
           "strings", 0, fn_substring, NULL, NULL,
           "length characters from offset on; all that is left when length is negative."),
    WS_ROW("trim", "(value: string, cutset: string) => (output: string)", NULL, "strings", 0,
           fn_trim, NULL, NULL, "The value without characters of cutset at both ends."),
    WS_ROW("trim_left", "(value: string, cutset: string) => (output: string)", NULL, "strings", 0,
           fn_trim_left, NULL, NULL, "The value without characters of cutset at its start."),
    WS_ROW("trim_right", "(value: string, cutset: string) => (output: string)", NULL, "strings", 0,
           fn_trim_right, NULL, NULL, "The value without characters of cutset at its end."),
    WS_ROW("trim_prefix", "(value: string, prefix: string) => (output: string)", NULL, "strings", 0,
           fn_trim_prefix, NULL, NULL, "The value without the prefix, if it has it."),
    WS_ROW("trim_suffix", "(value: string, suffix: string) => (output: string)", NULL, "strings", 0,
           fn_trim_suffix, NULL, NULL, "The value without the suffix, if it has it."),
    WS_ROW("trim_space", "(value: string) => (output: string)", NULL, "strings", 0, fn_trim_space,
           NULL, NULL, "The value without white space at both ends."),
    WS_ROW("strings.any_prefix_match", "(search: " TEXTS ", base: " TEXTS ") => (result: boolean)",
           NULL, "strings", 0, fn_any_prefix, NULL, NULL,
           "Whether a search string begins with a base."),
    WS_ROW("strings.any_suffix_match", "(search: " TEXTS ", base: " TEXTS ") => (result: boolean)",
           NULL, "strings", 0, fn_any_suffix, NULL, NULL,
           "Whether a search string ends with a base."),
    WS_END,
};
