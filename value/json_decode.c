/* JSON text to values in one pass.
 *
 * Finished values wait on a stack of words until their collection closes and is made in its final
 * size. An open collection is a frame word on the same stack: where the frame below it stands, and
 * whether it is an object. So depth costs no C stack, and small documents no heap. Error texts are
 * those of Go's decoder. */
#include "base/utf8.h"
#include "value/internal.h"
#include "value/json.h"
#include "value/number.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <stdio.h>
#include <stdlib.h>

#define LOCAL_WORDS 256 /* words of the stack before it moves to the heap */
#define NO_FRAME    SIZE_MAX

typedef struct decoder {
    wb_arena *a;
    const char *p, *end, *start;
    const wv_json_options *options;
    wb_error *error;
    wb_status status;
    wv *words; /* the stack */
    size_t n, cap;
    size_t frame; /* number of the innermost frame word, or NO_FRAME */
    size_t depth;
    bool begun; /* the text holds more than blanks */
    wv local[LOCAL_WORDS];
} decoder;

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

static bool fail_at(decoder *d, const char *p, const char *where)
{
    char quoted[16];
    d->p = p;
    if (p >= d->end)
        d->status = wb_fail(d->error, WB_INVALID, d->begun ? "unexpected EOF" : "EOF");
    else
        d->status = wb_fail(d->error, WB_INVALID, "invalid character %s %s",
                            quote_byte(quoted, (unsigned char)*p), where);
    return false;
}

static bool fail_budget(decoder *d)
{
    d->a->exhausted = true;
    d->status = wb_fail(d->error, WB_LIMIT, "the document does not fit the memory budget");
    return false;
}

/* ---- the stack ---- */

static bool push_slow(decoder *d)
{
    size_t cap = d->cap * 2;
    wv *words = d->words == d->local ? wb_malloc(cap * sizeof *words)
                                     : wb_realloc(d->words, cap * sizeof *words);
    if (d->words == d->local)
        memcpy(words, d->local, d->n * sizeof *words);
    d->words = words;
    d->cap = cap;
    return true;
}

static inline void push(decoder *d, wv v)
{
    if (__builtin_expect(d->n == d->cap, 0))
        push_slow(d);
    d->words[d->n++] = v;
}

/* ---- strings ---- */

/* The first byte at or after p that is a quote, a backslash, a control character or not ASCII. */
static inline const char *scan_plain(const char *p, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(0x20);
    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* Signed: bytes from 0x80 on are below the blank as well. */
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)),
                         _mm_cmplt_epi8(x, blank));
        unsigned bits = (unsigned)_mm_movemask_epi8(stop);
        if (bits)
            return p + __builtin_ctz(bits);
        p += 16;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && (signed char)*p >= 0x20)
        p++;
    return p;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits at p, which are known to be there. */
static uint32_t hex4(const char *p)
{
    uint32_t u = 0;
    for (int i = 0; i < 4; i++)
        u = u << 4 | (uint32_t)hex_digit(p[i]);
    return u;
}

/* The string between p and end, whose escapes are well formed, in UTF-8 at `to` (NULL: only count).
 * Bad bytes and lone surrogates become U+FFFD. */
static size_t unescape(const char *p, const char *end, char *to)
{
    char scratch[4];
    size_t n = 0;
    while (p < end) {
        char *at = to ? to + n : scratch;
        if (*p != '\\') {
            size_t used;
            n += wb_utf8_put(at, wb_utf8_get(p, (size_t)(end - p), &used));
            p += used;
            continue;
        }
        p += 2;
        if (p[-1] != 'u') {
            static const char plain[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
            *at = bytes[strchr(plain, p[-1]) - plain];
            n++;
            continue;
        }
        uint32_t c = hex4(p);
        p += 4;
        if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
            uint32_t low = hex4(p + 2);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                p += 6;
            }
        }
        n += wb_utf8_put(at, c);
    }
    return n;
}

/* Finds the end of the string that starts at d->p (behind the quote) and checks its escapes.
 * *plain: the bytes between can be taken as they are. */
static bool string_end(decoder *d, const char **end, bool *plain)
{
    const char *p = d->p;
    bool escapes = false, high = false;
    for (;;) {
        p = scan_plain(p, d->end);
        if (p == d->end)
            return fail_at(d, p, "");
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            break;
        if (c >= 0x80) {
            high = true;
            p++;
            continue;
        }
        if (c < 0x20)
            return fail_at(d, p, "in string literal");
        escapes = true;
        if (++p == d->end)
            return fail_at(d, p, "");
        if (*p == 'u') {
            p++;
            for (int i = 0; i < 4; i++, p++)
                if (p == d->end || hex_digit(*p) < 0)
                    return fail_at(d, p, "in \\u hexadecimal character escape");
        } else if (*p && strchr("\"\\/bfnrt", *p)) {
            p++;
        } else {
            return fail_at(d, p, "in string escape code");
        }
    }
    *end = p;
    *plain = !escapes && (!high || wb_utf8_valid(wb_str_n(d->p, (size_t)(p - d->p)), NULL));
    return true;
}

static bool make_string(decoder *d, wb_str s, bool is_key, wv *out)
{
    const wv_json_options *o = d->options;
    uint64_t hash = 0;
    if (is_key && o && o->atom) {
        hash = wv_string_hash(s, d->a->seed);
        *out = o->atom(o->atoms, s, hash);
        if (*out)
            return true;
    }
    if (s.n > 4096 && !wb_arena_fits(d->a, s.n + 32))
        return fail_budget(d);
    *out = wv_string_new(d->a, s);
    wv_head(*out)->hash = hash;
    return true;
}

/* The string whose first byte is d->p; d->p moves behind the closing quote. */
static bool decode_string(decoder *d, bool is_key, wv *out)
{
    const char *from = d->p, *end = scan_plain(from, d->end);
    bool plain = true;
    if (__builtin_expect(end == d->end || *end != '"', 0) && !string_end(d, &end, &plain))
        return false;
    d->p = end + 1;
    size_t n = (size_t)(end - from);
    if (plain) {
        if (n <= WV_SHORT_MAX) {
            *out = wv_short(from, n);
            return true;
        }
        return make_string(d, wb_str_n(from, n), is_key, out);
    }
    n = unescape(from, end, NULL);
    if (!wb_arena_fits(d->a, 2 * n + 64))
        return fail_budget(d);
    char *mark = wb_arena_mark(d->a);
    if (n <= WV_SHORT_MAX || (is_key && d->options && d->options->atom)) {
        char *bytes = wb_arena_alloc(d->a, n);
        unescape(from, end, bytes);
        if (n <= WV_SHORT_MAX) {
            *out = wv_short(bytes, n);
            wb_arena_rewind(d->a, mark);
            return true;
        }
        return make_string(d, wb_str_n(bytes, n), is_key, out);
    }
    char *bytes;
    *out = wv_string_make(d->a, n, &bytes);
    unescape(from, end, bytes);
    return true;
}

/* ---- numbers and words ---- */

static inline bool is_digit(const char *p, const char *end)
{
    return p < end && (unsigned char)(*p - '0') < 10;
}

static bool decode_number(decoder *d, wv *out)
{
    const char *from = d->p, *p = from, *end = d->end;
    bool negative = *p == '-';
    p += negative;
    if (!is_digit(p, end))
        return fail_at(d, p, "in numeric literal");
    uint64_t u = 0;
    const char *digits = p;
    if (*p == '0')
        p++;
    else
        for (; is_digit(p, end); p++)
            u = u * 10 + (uint64_t)(*p - '0'); /* used only when it cannot have wrapped */
    bool whole = p == end || (*p != '.' && *p != 'e' && *p != 'E');
    if (whole && p - digits <= 18 && !(negative && u == 0)) {
        int64_t i = negative ? -(int64_t)u : (int64_t)u;
        d->p = p;
        *out = wv_small(i); /* 18 digits are below 2^60 */
        return true;
    }
    if (p < end && *p == '.') {
        p++;
        if (!is_digit(p, end))
            return fail_at(d, p, "after decimal point in numeric literal");
        while (is_digit(p, end))
            p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!is_digit(p, end))
            return fail_at(d, p, "in exponent of numeric literal");
        while (is_digit(p, end))
            p++;
    }
    wb_str text = wb_str_n(from, (size_t)(p - from));
    if (text.n > WV_NUMBER_TEXT_MAX) {
        d->status =
            wb_fail(d->error, WB_LIMIT, "a number of more than %zu characters", WV_NUMBER_TEXT_MAX);
        return false;
    }
    if (!wb_arena_fits(d->a, 2 * text.n + 64))
        return fail_budget(d);
    wv_num_status status = wv_number_parse(d->a, text, false, out);
    if (status != WV_NUM_OK) {
        d->status = wb_fail(d->error, status == WV_NUM_LIMIT ? WB_LIMIT : WB_INVALID,
                            "invalid number: %s", wv_num_text(status));
        return false;
    }
    d->p = p;
    return true;
}

static bool decode_word(decoder *d, const char *word, wv v, wv *out)
{
    for (size_t i = 1; word[i]; i++) {
        if (d->p + i >= d->end || d->p[i] != word[i]) {
            char where[48];
            snprintf(where, sizeof where, "in literal %s (expecting '%c')", word, word[i]);
            return fail_at(d, d->p + i, where);
        }
    }
    d->p += strlen(word);
    *out = v;
    return true;
}

/* ---- collections ---- */

static inline void skip_blanks(decoder *d)
{
    const char *p = d->p;
    while (p < d->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    d->p = p;
}

static bool open_frame(decoder *d, bool object)
{
    size_t max = d->options && d->options->depth_max ? d->options->depth_max : WV_JSON_DEPTH_MAX;
    if (d->depth >= max) {
        d->status = wb_fail(d->error, WB_LIMIT, "exceeded max depth");
        return false;
    }
    d->depth++;
    size_t at = d->n;
    push(d, d->frame == NO_FRAME ? object : (wv)(d->frame + 1) << 1 | object);
    d->frame = at;
    return true;
}

/* Makes the collection of the innermost frame and drops the frame. */
static bool close_frame(decoder *d, wv *out)
{
    wv frame = d->words[d->frame];
    const wv *items = d->words + d->frame + 1;
    size_t n = d->n - d->frame - 1;
    bool fits = wb_arena_fits(d->a, n * sizeof(wv) + sizeof(wv_table));
    if (frame & 1)
        *out = fits ? wv_object_new(d->a, items, n / 2) : WV_UNDEFINED;
    else
        *out = fits ? wv_array_new(d->a, items, n) : WV_UNDEFINED;
    if (!fits || d->a->exhausted)
        return fail_budget(d);
    d->n = d->frame;
    d->frame = frame >> 1 ? (size_t)(frame >> 1) - 1 : NO_FRAME;
    d->depth--;
    return true;
}

/* A key, the colon and the blanks behind it. */
static bool decode_key(decoder *d, const char *where)
{
    wv key;
    if (d->p == d->end || *d->p != '"')
        return fail_at(d, d->p, where);
    d->p++;
    if (!decode_string(d, true, &key))
        return false;
    push(d, key);
    skip_blanks(d);
    if (d->p == d->end || *d->p != ':')
        return fail_at(d, d->p, "after object key");
    d->p++;
    skip_blanks(d);
    return true;
}

/* Reads a scalar (*done) or opens a collection up to its first member; an empty one is done too. */
static inline bool decode_start(decoder *d, wv *out, bool *done)
{
    *done = true;
    if (d->p == d->end)
        return fail_at(d, d->p, "");
    switch (*d->p) {
    case '"': d->p++; return decode_string(d, false, out);
    case 't': return decode_word(d, "true", WV_TRUE, out);
    case 'f': return decode_word(d, "false", WV_FALSE, out);
    case 'n': return decode_word(d, "null", WV_NULL, out);
    case '{':
    case '[': {
        bool object = *d->p++ == '{';
        if (!open_frame(d, object))
            return false;
        skip_blanks(d);
        if (d->p < d->end && *d->p == (object ? '}' : ']')) {
            d->p++;
            return close_frame(d, out);
        }
        *done = false;
        return !object || decode_key(d, "looking for beginning of object key string");
    }
    default:
        if (*d->p == '-' || is_digit(d->p, d->end))
            return decode_number(d, out);
        return fail_at(d, d->p, "looking for beginning of value");
    }
}

static bool decode_value(decoder *d, wv *out)
{
    bool done;
    for (;;) {
        wv v;
        if (!decode_start(d, &v, &done))
            return false;
        /* A finished value goes to its collection, and may be the last of several that end here. */
        while (done) {
            if (d->frame == NO_FRAME) {
                *out = v;
                return true;
            }
            push(d, v);
            bool object = d->words[d->frame] & 1;
            skip_blanks(d);
            if (d->p == d->end)
                return fail_at(d, d->p, "");
            char c = *d->p++;
            if (c == ',') {
                skip_blanks(d);
                if (object && !decode_key(d, "looking for beginning of object key string"))
                    return false;
                done = false;
            } else if (c == (object ? '}' : ']')) {
                if (!close_frame(d, &v))
                    return false;
            } else {
                return fail_at(d, d->p - 1,
                               object ? "after object key:value pair" : "after array element");
            }
        }
    }
}

static void start(decoder *d, wb_arena *a, wb_str text, const wv_json_options *options,
                  wb_error *error)
{
    d->a = a;
    text.p = text.p ? text.p : "";
    d->start = d->p = text.p;
    d->end = text.p + text.n;
    d->options = options;
    d->error = error;
    d->status = WB_OK;
    d->words = d->local;
    d->n = 0;
    d->cap = LOCAL_WORDS;
    d->frame = NO_FRAME;
    d->depth = 0;
    skip_blanks(d);
    d->begun = d->p < d->end;
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
    wv v;
    if (decode_value(&d, &v)) {
        if (a->exhausted)
            fail_budget(&d);
        else
            *out = v;
    }
    *used = (size_t)(d.p - d.start);
    if (d.words != d.local)
        free(d.words);
    return d.status;
}

/* What stands behind the value is an error, which OPA words by reading one more token. */
static wb_status fail_rest(wb_arena *a, wb_str rest, wb_error *error)
{
    decoder d;
    start(&d, a, rest, NULL, error);
    if (!d.begun)
        return WB_OK;
    const char *from = d.p;
    wb_str token = wb_str_n(from, 1);
    wv v = WV_UNDEFINED;
    if (*from != '{' && *from != '[') {
        bool done;
        if (!decode_start(&d, &v, &done))
            return d.status;
        token = wb_str_n(from, (size_t)(d.p - from));
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
