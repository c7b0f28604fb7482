/* JSON text to values in one pass.
 *
 * Finished values wait on a stack of words until their collection closes and is made in its final
 * size. An open collection is two frame words on the same stack: where the frame below it stands
 * with what is known of it, and the node of its keys so far (json_shape.c), for an array that of
 * the object around it. So depth costs no C stack, and small documents no heap. Error texts are
 * those of Go's decoder. */
#include "value/json_decoder.h"
#include "value/json_scan.h"
#include "value/number.h"

#include <stdio.h>
#include <stdlib.h>

typedef wv_json_decoder decoder;

#define NO_FRAME WV_JSON_NO_FRAME
#define NO_NODE  WV_JSON_NO_NODE

#define CACHE_LINE 64
_Static_assert(sizeof(wv_json_name) * 2 == CACHE_LINE, "a name stands in one line");

/* A frame word: what it is of, and above the place of the frame below it, counted from 1. */
enum {
    FRAME_OBJECT = 1,
    FRAME_UNORDERED = 2, /* a member has tables whose order is not known */
    FRAME_SHIFT = 2,
    FRAME_WORDS = 2
};

/* ---- errors ---- */

/* A byte between single quotes as Go writes it. */
static const char *quote_byte(char out[16], unsigned char c)
{
    static const char named[] = "a\0b\0t\0n\0v\0f\0r";
    if (c == '\'' || c == '\\')
        snprintf(out, 16, "'\\%c'", c);
    else if (c >= 7 && c <= 13)
        snprintf(out, 16, "'\\%c'", named[2 * (c - 7)]);
    else if (c < 0x20 || c == 0x7f)
        snprintf(out, 16, "'\\x%02x'", c);
    else if (c < 0x80)
        snprintf(out, 16, "'%c'", c);
    else if (c < 0xa1 || c == 0xad)
        snprintf(out, 16, "'\\u%04x'", c);
    else
        snprintf(out, 16, "'%c%c'", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
    return out;
}

const char *wv_json_fail_at(decoder *d, const char *p, const char *where)
{
    char quoted[16];
    d->p = p;
    if (p >= d->end)
        d->status = wb_fail(d->error, WB_INVALID, d->begun ? "unexpected EOF" : "EOF");
    else
        d->status = wb_fail(d->error, WB_INVALID, "invalid character %s %s",
                            quote_byte(quoted, (unsigned char)*p), where);
    return NULL;
}

const char *wv_json_fail_budget(decoder *d, const char *p)
{
    d->p = p;
    wb_arena_exhaust(d->a);
    d->status = wb_fail(d->error, WB_LIMIT, "the document does not fit the memory budget");
    return NULL;
}

static const char *fail_limit(decoder *d, const char *p, wb_status status)
{
    d->p = p;
    d->status = status;
    return NULL;
}

/* ---- the stack ---- */

static void grow(decoder *d)
{
    size_t cap = d->cap * 2;
    wv *words = d->words == d->local ? wb_malloc(cap * sizeof *words)
                                     : wb_realloc(d->words, cap * sizeof *words);
    if (d->words == d->local)
        memcpy(words, d->local, d->n * sizeof *words);
    d->words = words;
    d->cap = cap;
}

static inline void push(decoder *d, wv v)
{
    if (__builtin_expect(d->n == d->cap, 0))
        grow(d);
    d->words[d->n++] = v;
}

/* ---- strings ---- */

/* The string behind whose opening quote p stands. Most end within one block and are plain. */
static inline const char *string(decoder *d, const char *p, wv_json_use use, wv *out)
{
    bool high = false;
    const char *end = wv_scan_string(p, d->end, &high);
    if (__builtin_expect(end == d->end || *end != '"' || high, 0))
        return wv_json_string_slow(d, p, use, out);
    size_t n = (size_t)(end - p);
    if (n > WV_SHORT_MAX || d->end - p < 8)
        return wv_json_plain_string(d, p, end, use, out);
    uint64_t bytes = wv_load64(p) & (((uint64_t)1 << 8 * n) - 1);
    *out = bytes << 8 | (wv)n << 3 | WV_T_SHORT;
    return end + 1;
}

/* ---- numbers and words ---- */

static inline bool is_digit(const char *p, const char *end)
{
    return p < end && (unsigned char)(*p - '0') < 10;
}

/* A number that is no small integer; p stands behind its leading digits, `from` at its start. */
static const char *long_number(decoder *d, const char *from, const char *p, wv *out)
{
    const char *end = d->end, *point = p;
    if (p < end && *p == '.') {
        p++;
        if (!is_digit(p, end))
            return wv_json_fail_at(d, p, "after decimal point in numeric literal");
        while (is_digit(p, end))
            p++;
        size_t n = (size_t)(p - from);
        if (n <= WV_DECIMAL_MAX && (p == end || (*p | 0x20) != 'e') && d->a->top <= d->a->limit) {
            *out = wv_number_decimal(d->a, from, n, (size_t)(point - from));
            return p;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!is_digit(p, end))
            return wv_json_fail_at(d, p, "in exponent of numeric literal");
        while (is_digit(p, end))
            p++;
    }
    wb_str text = wb_str_n(from, (size_t)(p - from));
    if (text.n > WV_NUMBER_TEXT_MAX)
        return fail_limit(d, from,
                          wb_fail(d->error, WB_LIMIT, "a number of more than %zu characters",
                                  WV_NUMBER_TEXT_MAX));
    if (!wb_arena_fits(d->a, 2 * text.n + 64))
        return wv_json_fail_budget(d, from);
    wv_num_status status = wv_number_parse(d->a, text, false, out);
    if (status != WV_NUM_OK)
        return fail_limit(d, from,
                          wb_fail(d->error, status == WV_NUM_LIMIT ? WB_LIMIT : WB_INVALID,
                                  "invalid number: %s", wv_num_text(status)));
    return p;
}

static inline const char *number(decoder *d, const char *from, wv *out)
{
    const char *p = from, *end = d->end;
    bool negative = *p == '-';
    p += negative;
    if (!is_digit(p, end))
        return wv_json_fail_at(d, p, "in numeric literal");
    uint64_t u = 0;
    const char *digits = p;
    if (*p == '0')
        p++;
    else
        for (; is_digit(p, end); p++)
            u = u * 10 + (uint64_t)(*p - '0'); /* used only when it cannot have wrapped */
    bool whole = p == end || (*p != '.' && *p != 'e' && *p != 'E');
    if (!whole || p - digits > 18 || (negative && u == 0))
        return long_number(d, from, p, out);
    *out = wv_small(negative ? -(int64_t)u : (int64_t)u); /* 18 digits are below 2^60 */
    return p;
}

static const char *word(decoder *d, const char *p, const char *text, wv v, wv *out)
{
    for (size_t i = 1; text[i]; i++) {
        if (p + i >= d->end || p[i] != text[i]) {
            char where[48];
            snprintf(where, sizeof where, "in literal %s (expecting '%c')", text, text[i]);
            return wv_json_fail_at(d, p + i, where);
        }
    }
    *out = v;
    return p + strlen(text);
}

/* A scalar at p, which is not the end. */
static inline const char *scalar(decoder *d, const char *p, wv_json_use use, wv *out)
{
    switch (*p) {
    case '"': return string(d, p + 1, use, out);
    case 't': return word(d, p, "true", WV_TRUE, out);
    case 'f': return word(d, p, "false", WV_FALSE, out);
    case 'n': return word(d, p, "null", WV_NULL, out);
    default:
        if (*p == '-' || (unsigned char)(*p - '0') < 10)
            return number(d, p, out);
        return wv_json_fail_at(d, p, "looking for beginning of value");
    }
}

/* ---- collections ---- */

/* p stands behind the opening bracket. */
static const char *open_frame(decoder *d, const char *p, bool object)
{
    if (d->depth >= d->depth_max)
        return fail_limit(d, p, wb_fail(d->error, WB_LIMIT, "exceeded max depth"));
    d->depth++;
    size_t at = d->n;
    bool first = d->frame == NO_FRAME;
    wv node = NO_NODE;
    if (d->shapes) {
        /* The strings of an array count for the key that the array is the value of. */
        wv around = first ? 0 : d->words[d->frame + 1] & UINT32_MAX;
        around = around == NO_NODE ? 0 : around;
        node = object ? around << 32 : around;
    }
    push(d, (first ? 0 : (wv)(d->frame + 1) << FRAME_SHIFT) | (object ? FRAME_OBJECT : 0));
    push(d, node);
    d->frame = at;
    return p;
}

/* An object of its own; undefined when it does not fit. *ordered: with all below it. */
static wv make_object(decoder *d, const wv *pairs, size_t n, bool *ordered)
{
    if (!wb_arena_fits(d->a, n * 2 * sizeof(wv) + sizeof(wv_table)))
        return WV_UNDEFINED;
    wv v = wv_object_new(d->a, pairs, n);
    *ordered = *ordered && (wv_head(v)->flags & WV_F_SORTED);
    if (*ordered)
        wv_head(v)->flags |= WV_F_BELOW;
    return v;
}

static wv make_array(decoder *d, const wv *items, size_t n, bool ordered)
{
    if (!wb_arena_fits(d->a, n * sizeof(wv) + sizeof(wv_array)))
        return WV_UNDEFINED;
    wv v = wv_array_new(d->a, items, n);
    if (ordered)
        wv_head(v)->flags |= WV_F_BELOW;
    return v;
}

/* The collection of the innermost frame, in a text that shares; its words are given up. */
static wv make_shared(decoder *d, wv *items, size_t n, uint32_t around, bool *ordered)
{
    wv frame = d->words[d->frame];
    uint32_t node = (uint32_t)d->words[d->frame + 1];
    if (!(frame & FRAME_OBJECT))
        return n > UINT32_MAX ? WV_UNDEFINED
                              : wv_json_group(d, NULL, items, (uint32_t)n, around, *ordered);
    if (node == NO_NODE)
        return make_object(d, items, n / 2, ordered);
    const wv_shape *shape = wv_json_shape(d, node);
    for (size_t i = 0; i < n / 2; i++)
        items[i] = items[2 * i + 1];
    return shape ? wv_json_group(d, shape, items, shape->n, around, *ordered) : WV_UNDEFINED;
}

/* Makes the collection of the innermost frame and drops the frame; p stands behind its bracket. */
static const char *close_frame(decoder *d, const char *p, wv *out)
{
    wv frame = d->words[d->frame], v;
    wv *items = d->words + d->frame + FRAME_WORDS;
    size_t n = d->n - d->frame - FRAME_WORDS;
    size_t outer = frame >> FRAME_SHIFT ? (size_t)(frame >> FRAME_SHIFT) - 1 : NO_FRAME;
    bool ordered = !(frame & FRAME_UNORDERED);
    if (d->shapes) {
        if (d->cache)
            wv_json_settle(d, d->frame);
        uint32_t around = outer == NO_FRAME ? NO_NODE : (uint32_t)d->words[outer + 1];
        v = make_shared(d, items, n, around, &ordered);
    } else if (frame & FRAME_OBJECT) {
        v = make_object(d, items, n / 2, &ordered);
    } else {
        v = make_array(d, items, n, ordered);
    }
    if (v == WV_UNDEFINED || d->a->exhausted)
        return wv_json_fail_budget(d, p);
    d->n = d->frame;
    d->depth--;
    d->frame = outer;
    if (outer != NO_FRAME && !ordered)
        d->words[outer] |= FRAME_UNORDERED;
    *out = v;
    return p;
}

/* A key, the colon and the blanks around it. */
static inline const char *key(decoder *d, const char *p)
{
    wv k;
    if (p == d->end || *p != '"')
        return wv_json_fail_at(d, p, "looking for beginning of object key string");
    p++;
    wv place = d->words[d->frame + 1];
    uint32_t node = (uint32_t)place, known = NO_NODE;
    const char *next;
    if (node != NO_NODE)
        known = wv_json_known_key(d->shapes, node, (uint32_t)(place >> 32), p, d->end, &next);
    if (known != NO_NODE) {
        k = d->shapes->nodes[known].key;
        d->words[d->frame + 1] = known;
        p = next;
    } else {
        const char *from = p;
        p = string(d, p, node == NO_NODE && d->cache ? WV_JSON_STORED : WV_JSON_KEY, &k);
        if (!p)
            return NULL;
        if (node != NO_NODE)
            d->words[d->frame + 1] =
                wv_json_new_key(d, node, &k, (size_t)(p - from) == wv_str(&k).n + 1);
    }
    push(d, k);
    p = wv_skip_blanks(p, d->end);
    if (p == d->end || *p != ':')
        return wv_json_fail_at(d, p, "after object key");
    return wv_skip_blanks(p + 1, d->end);
}

static const char *decode_value(decoder *d, const char *p, wv *out)
{
    const char *const end = d->end;
    wv v = WV_UNDEFINED;
    for (;;) {
        if (p == end)
            return wv_json_fail_at(d, p, "");
        if (*p == '{' || *p == '[') {
            bool object = *p == '{';
            p = open_frame(d, p + 1, object);
            if (!p)
                return NULL;
            p = wv_skip_blanks(p, end);
            if (p == end || *p != (object ? '}' : ']')) {
                if (object && !(p = key(d, p)))
                    return NULL;
                continue;
            }
            p = close_frame(d, p + 1, &v);
        } else {
            p = scalar(d, p, WV_JSON_STORED, &v);
        }
        /* A finished value goes to its collection, and may be the last of several that end here. */
        for (;;) {
            if (!p)
                return NULL;
            if (d->frame == NO_FRAME) {
                *out = v;
                return p;
            }
            push(d, v);
            bool object = d->words[d->frame] & FRAME_OBJECT;
            p = wv_skip_blanks(p, end);
            if (p == end)
                return wv_json_fail_at(d, p, "");
            if (*p == ',') {
                p = wv_skip_blanks(p + 1, end);
                if (object && !(p = key(d, p)))
                    return NULL;
                break;
            }
            if (*p != (object ? '}' : ']'))
                return wv_json_fail_at(
                    d, p, object ? "after object key:value pair" : "after array element");
            p = close_frame(d, p + 1, &v);
        }
    }
}

static void start(decoder *d, wb_arena *a, wb_str text, const wv_json_options *options,
                  wb_error *error)
{
    d->a = a;
    text.p = text.p ? text.p : "";
    d->start = text.p;
    d->end = text.p + text.n;
    d->options = options;
    d->error = error;
    d->status = WB_OK;
    d->shapes = NULL;
    d->cache = NULL;
    d->words = d->local;
    d->n = 0;
    d->cap = WV_JSON_LOCAL;
    d->frame = NO_FRAME;
    d->depth = 0;
    d->depth_max = options && options->depth_max ? options->depth_max : WV_JSON_DEPTH_MAX;
    d->p = wv_skip_blanks(d->start, d->end);
    d->begun = d->p < d->end;
}

#define KEPT_MAX ((size_t)64 << 10) /* words of a stack that is kept */

static void borrow_stack(decoder *d)
{
    wv_json_shapes *c = d->shapes;
    if (!c || !c->words)
        return;
    d->words = c->words;
    d->cap = c->cap;
    c->words = NULL;
}

static void give_back_stack(decoder *d)
{
    if (d->words == d->local)
        return;
    if (d->shapes && !d->cache && d->cap <= KEPT_MAX) {
        d->shapes->words = d->words;
        d->shapes->cap = d->cap;
    } else {
        free(d->words);
    }
}

wb_status wv_json_decode_prefix(wb_arena *a, wb_str text, const wv_json_options *options, wv *out,
                                size_t *used, wb_error *error)
{
    *out = WV_UNDEFINED;
    *used = 0;
    if (text.n > WV_JSON_TEXT_MAX)
        return wb_fail(error, WB_LIMIT, "a document of more than %zu bytes", WV_JSON_TEXT_MAX);
    decoder d; /* its local words are not worth clearing */
    start(&d, a, text, options, error);
    size_t share_from = options && options->share_from ? options->share_from : WV_JSON_SHARE_FROM;
    if (text.n >= share_from) {
        d.cache = aligned_alloc(CACHE_LINE, sizeof *d.cache);
        if (!d.cache)
            wb_fatal("no memory for what a document holds more than once");
        memset(d.cache, 0, sizeof *d.cache);
        d.shapes = wb_calloc(1, sizeof *d.shapes);
        d.shapes->a = a;
        d.shapes->n_nodes = 1;
    } else if (options) {
        d.shapes = options->shapes;
        borrow_stack(&d);
    }
    wv v = WV_UNDEFINED;
    const char *p = decode_value(&d, d.p, &v);
    if (p) {
        d.p = p;
        if (a->exhausted)
            wv_json_fail_budget(&d, p);
        else
            *out = v;
    }
    *used = (size_t)(d.p - d.start);
    give_back_stack(&d);
    if (d.cache)
        free(d.shapes);
    free(d.cache);
    return d.status;
}

/* What stands behind the value is an error, which OPA words by reading one more token. */
static wb_status fail_rest(wb_arena *a, wb_str rest, wb_error *error)
{
    decoder d;
    start(&d, a, rest, NULL, error);
    if (!d.begun)
        return WB_OK;
    const char *from = d.p, *next;
    wb_str token = wb_str_n(from, 1);
    wv v = WV_UNDEFINED;
    if (*from != '{' && *from != '[') {
        next = scalar(&d, from, WV_JSON_NOW, &v);
        if (!next)
            return d.status;
        token = wb_str_n(from, (size_t)(next - from));
        if (wv_is_string(v))
            token = wv_str(&v);
        else if (wv_is_bool(v))
            token = v == WV_TRUE ? WB_LIT("%!s(bool=true)") : WB_LIT("%!s(bool=false)");
    }
    return wb_fail(error, WB_INVALID, "error: invalid character '%.*s' after top-level value",
                   (int)(token.n < 512 ? token.n : 512), token.p);
}

wb_status wv_json_decode(wb_arena *a, wb_str text, const wv_json_options *options, wv *out,
                         wb_error *error)
{
    size_t used;
    wb_status status = wv_json_decode_prefix(a, text, options, out, &used, error);
    if (!status && used < text.n)
        status = fail_rest(a, wb_str_n(text.p + used, text.n - used), error);
    if (status)
        *out = WV_UNDEFINED;
    return status;
}
