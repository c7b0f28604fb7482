/* Strings of JSON texts: where they end, what their escapes mean, and those seen before. */
#include "base/utf8.h"
#include "value/json_decoder.h"
#include "value/json_scan.h"

/* Strings longer than this rarely repeat. */
#define INTERN_MAX 64

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

/* The escape whose backslash stands at *p, as UTF-8 at `to`; *p moves behind it. Lone surrogates
 * become U+FFFD. Answers the length. */
static size_t put_escape(char *to, const char **at, const char *end)
{
    const char *p = *at + 2;
    char kind = p[-1];
    *at = p;
    switch (kind) {
    case 'b': *to = '\b'; return 1;
    case 'f': *to = '\f'; return 1;
    case 'n': *to = '\n'; return 1;
    case 'r': *to = '\r'; return 1;
    case 't': *to = '\t'; return 1;
    case 'u': break;
    default: *to = kind; return 1;
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
    *at = p;
    return wb_utf8_put(to, c);
}

/* The string between p and end, whose bytes are UTF-8 and whose escapes are well formed. `to` has
 * room for 16 bytes more than there are. */
static size_t unescape(const char *p, const char *end, char *to)
{
    size_t n = 0;
    for (;;) {
        size_t plain = wv_copy_plain(to + n, p, end);
        p += plain;
        n += plain;
        if (p == end)
            return n;
        n += put_escape(to + n, &p, end);
    }
}

/* The same where bytes are no UTF-8: those become U+FFFD. NULL: only count. */
static size_t mend(const char *p, const char *end, char *to)
{
    char scratch[4];
    size_t n = 0;
    while (p < end) {
        char *at = to ? to + n : scratch;
        size_t used;
        if (*p == '\\') {
            n += put_escape(at, &p, end);
        } else {
            n += wb_utf8_put(at, wb_utf8_get(p, (size_t)(end - p), &used));
            p += used;
        }
    }
    return n;
}

/* Finds the end of the string that starts at p and checks its escapes; NULL on a mistake. */
static const char *string_end(wv_json_decoder *d, const char *p, bool *escapes, bool *high)
{
    const char *end = d->end;
    for (;;) {
        p = wv_scan_string(p, end, high);
        if (p == end)
            return wv_json_fail_at(d, p, "");
        if (*p == '"')
            return p;
        if (*p != '\\')
            return wv_json_fail_at(d, p, "in string literal");
        *escapes = true;
        if (++p == end)
            return wv_json_fail_at(d, p, "");
        if (*p == 'u') {
            p++;
            for (int i = 0; i < 4; i++, p++)
                if (p == end || hex_digit(*p) < 0)
                    return wv_json_fail_at(d, p, "in \\u hexadecimal character escape");
        } else if (*p && strchr("\"\\/bfnrt", *p)) {
            p++;
        } else {
            return wv_json_fail_at(d, p, "in string escape code");
        }
    }
}

/* n > WV_SHORT_MAX bytes. */
static inline wv make_string(wb_arena *a, const char *p, size_t n, uint64_t hash)
{
    wv_string *s = wb_arena_alloc(a, sizeof *s + n + 1);
    s->h = (wv_header){.tag = WV_T_STRING, .len = (uint32_t)n, .hash = hash};
    if (n <= 16) { /* two words that may overlap: n is over WV_SHORT_MAX */
        uint64_t first = wv_load64(p), last = wv_load64(p + n - 8);
        memcpy(s->bytes, &first, 8);
        memcpy(s->bytes + n - 8, &last, 8);
    } else {
        memcpy(s->bytes, p, n);
    }
    s->bytes[n] = 0;
    return wv_string_made(s);
}

/* The node that counts for the place where the innermost collection stands. */
static uint32_t place(const wv_json_decoder *d)
{
    uint32_t node = d->frame == WV_JSON_NO_FRAME ? 0 : (uint32_t)d->words[d->frame + 1];
    return node == WV_JSON_NO_NODE ? 0 : node;
}

/* The entry that the string would have, but for where it stands. n: 8 to INTERN_MAX. */
static inline wv_json_name name_of(const char *p, size_t n, uint64_t hash)
{
    return (wv_json_name){
        .tag = (uint32_t)(hash >> 32 & ~(uint64_t)0xff) | (uint32_t)n,
        .parts = {wv_load64(p), wv_load64(p + n - 8), n > 16 ? wv_load64(p + 8) : 0}};
}

/* The string of the hash that was seen before, if the bytes agree, or a new one. */
static inline wv look_up(wv_json_decoder *d, const char *p, size_t n, uint64_t hash, uint32_t node)
{
    wv_json_name *slot = &d->cache->strings[hash % WV_JSON_STRINGS], name = name_of(p, n, hash);
    if (slot->at && slot->tag == name.tag) {
        const wv_string *s = (const void *)(d->a->base + (size_t)slot->at * 8);
        d->shapes->nodes[node].strings.hits++;
        if (((slot->parts[0] ^ name.parts[0]) | (slot->parts[1] ^ name.parts[1]) |
             (slot->parts[2] ^ name.parts[2])) == 0 &&
            (n <= WV_JSON_NAME_WHOLE || wv_same_bytes(s->bytes, p, n)))
            return wv_string_word(s, name.parts[0], name.parts[1], n);
    }
    wv v = make_string(d->a, p, n, hash);
    size_t at = (size_t)((char *)wv_ptr(v) - d->a->base) / 8;
    name.at = (uint32_t)at;
    if (at && at <= UINT32_MAX)
        *slot = name;
    return v;
}

/* Asks for the string that the slot of the last pending one names, if it will be looked at: the
 * slot was asked for when it came. */
static inline void ask_for_last(const wv_json_decoder *d)
{
    const wv_json_cache *c = d->cache;
    if (!c->n_pending || c->pending[c->n_pending - 1].n <= WV_JSON_NAME_WHOLE)
        return;
    const wv_json_name *slot = &c->strings[c->pending[c->n_pending - 1].hash % WV_JSON_STRINGS];
    __builtin_prefetch(d->a->base + (size_t)slot->at * 8);
}

void wv_json_settle(wv_json_decoder *d, size_t from)
{
    wv_json_cache *c = d->cache;
    uint32_t n = c->n_pending, first = n;
    ask_for_last(d);
    while (first && c->pending[first - 1].word >= from)
        first--;
    for (uint32_t i = first; i < n; i++) {
        const wv_json_pending *w = &c->pending[i];
        d->words[w->word] = look_up(d, w->p, w->n, w->hash, w->node);
    }
    c->n_pending = first;
}

/* n > WV_SHORT_MAX bytes at p, which are the text's: a string that was seen
 * before, or a new one. */
static wv keep_string(wv_json_decoder *d, const char *p, size_t n, wv_json_use use)
{
    wb_arena *a = d->a;
    wv_json_cache *c = d->cache;
    if (!c || n > INTERN_MAX)
        return make_string(a, p, n, 0);
    uint32_t node = place(d);
    if (use == WV_JSON_STORED && !wv_json_worth_a_look(&d->shapes->nodes[node].strings))
        return make_string(a, p, n, 0);
    uint64_t hash = wv_string_hash(wb_str_n(p, n), a->seed);
    if (use != WV_JSON_STORED || d->frame == WV_JSON_NO_FRAME)
        return look_up(d, p, n, hash, node);
    __builtin_prefetch(&c->strings[hash % WV_JSON_STRINGS]);
    ask_for_last(d);
    if (c->n_pending == WV_JSON_PENDING)
        wv_json_settle(d, 0);
    c->pending[c->n_pending++] = (wv_json_pending){d->n, p, hash, (uint32_t)n, node};
    return WV_NULL;
}

const char *wv_json_plain_string(wv_json_decoder *d, const char *p, const char *end,
                                 wv_json_use use, wv *out)
{
    size_t n = (size_t)(end - p);
    wb_arena *a = d->a;
    if (n <= WV_SHORT_MAX) {
        *out = wv_short(p, n);
        return end + 1;
    }
    if (n > 4096 ? !wb_arena_fits(a, n + 32) : a->top > a->limit)
        return wv_json_fail_budget(d, end + 1);
    *out = keep_string(d, p, n, use);
    return end + 1;
}

const char *wv_json_string_slow(wv_json_decoder *d, const char *from, wv_json_use use, wv *out)
{
    bool escapes = false, high = false;
    const char *end = string_end(d, from, &escapes, &high);
    if (!end)
        return NULL;
    const char *p = from, *next = end + 1;
    size_t n = (size_t)(end - from);
    bool good = !high || wb_utf8_valid(wb_str_n(from, n), NULL);
    size_t room = good ? n : mend(from, end, NULL);
    wb_arena *a = d->a;
    if (room > 4096 ? !wb_arena_fits(a, 2 * room + 64) : a->top > a->limit)
        return wv_json_fail_budget(d, next);
    char *mark = wb_arena_mark(a);
    if (escapes || !good) {
        /* Written behind the room of the value's header, where a long one can stay. */
        wv_string *s = wb_arena_alloc(a, sizeof *s + room + 17);
        n = good ? unescape(from, end, s->bytes) : mend(from, end, s->bytes);
        p = s->bytes;
        if (n > WV_SHORT_MAX) {
            s->h = (wv_header){.tag = WV_T_STRING, .len = (uint32_t)n};
            s->bytes[n] = 0;
            wb_arena_trim(a, s->bytes + n + 1);
            *out = wv_string_made(s);
            return next;
        }
    }
    if (n <= WV_SHORT_MAX) {
        *out = wv_short(p, n);
        wb_arena_trim(a, mark);
        return next;
    }
    *out = keep_string(d, p, n, use);
    return next;
}
