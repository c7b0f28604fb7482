/* Glob patterns: text, ? * ** [abc] [a-z] [!x] {a,b} and \ before what is meant literally.
 * Delimiters are what ? and * do not match.
 *
 * A pattern without braces becomes a list of items that a short loop walks; the others are written
 * as regular expressions. */
#include "base/error.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/families.h"
#include "stdlib/re.h"
#include "stdlib/text.h"

#include <stdlib.h>

/* Longer subjects of patterns with both * and ** could take the square of their length. */
#define SIMPLE_MAX ((size_t)64 << 10)

typedef enum item_kind { G_TEXT, G_ONE, G_STAR, G_SUPER, G_SET } item_kind;

typedef struct item {
    item_kind kind;
    bool negated;
    uint32_t lo, hi; /* of a range; hi 0: the set is `text` */
    wb_str text;     /* in the glob's bytes */
} item;

typedef struct glob {
    item *items;
    size_t n, cap;
    char *bytes; /* unescaped text of all items */
    size_t used;
    wb_buf delims;
    bool simple; /* the items suffice */
    bool stars, supers;
    ws_re *re; /* otherwise; for simple ones NULL until a subject is long */
    wb_buf pattern;
} glob;

static void glob_free(void *p)
{
    glob *g = p;
    if (!g)
        return;
    ws_re_free(g->re);
    wb_buf_free(&g->delims);
    wb_buf_free(&g->pattern);
    free(g->items);
    free(g->bytes);
    free(g);
}

/* ---- compiling ---- */

typedef struct lexer {
    glob *g;
    wb_str s;
    size_t at;
    const char *error;
    size_t error_at;
    unsigned level; /* open braces */
} lexer;

#define END 0xffffffffu

static uint32_t peek(lexer *l, size_t *used)
{
    *used = 0;
    if (l->at == l->s.n)
        return END;
    uint32_t c = wb_utf8_get(l->s.p + l->at, l->s.n - l->at, used);
    if (c == WB_UTF8_BAD && *used == 1) {
        l->error = "invalid UTF-8 sequence";
        *used = 0;
        return END;
    }
    return c;
}

static uint32_t next(lexer *l, size_t *used)
{
    uint32_t c = peek(l, used);
    l->at += *used;
    return c;
}

static item *add(glob *g, item_kind kind)
{
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 8;
        g->items = wb_realloc(g->items, g->cap * sizeof *g->items);
    }
    g->items[g->n] = (item){.kind = kind};
    return &g->items[g->n++];
}

static void put_literal(wb_buf *b, uint32_t c)
{
    wb_buf_putf(b, "\\x{%x}", c);
}

static void put_not_delims(glob *g)
{
    if (!g->delims.n) {
        wb_buf_putc(&g->pattern, '.');
        return;
    }
    wb_buf_puts(&g->pattern, "[^");
    size_t used;
    for (size_t i = 0; i < g->delims.n; i += used)
        put_literal(&g->pattern, wb_utf8_get(g->delims.p + i, g->delims.n - i, &used));
    wb_buf_putc(&g->pattern, ']');
}

/* Text up to one of the breakers, escapes resolved, in the glob's bytes. */
static wb_str text(lexer *l, const char *breakers)
{
    char *start = l->g->bytes + l->g->used;
    size_t n = 0, used;
    bool escaped = false;
    for (;;) {
        uint32_t c = next(l, &used);
        if (c == END) {
            if (escaped)
                l->error = "trailing backslash";
            break;
        }
        if (!escaped && c == '\\') {
            escaped = true;
            continue;
        }
        if (!escaped && c < 0x80 && c && strchr(breakers, (int)c)) {
            l->at -= used;
            break;
        }
        escaped = false;
        n += wb_utf8_put(start + n, c);
    }
    l->g->used += n;
    return wb_str_n(start, n);
}

static bool range(lexer *l)
{
    bool negated = false;
    size_t used, dash;
    uint32_t lo = 0, hi = 0, c;
    wb_str set = {0};
    for (;;) {
        c = next(l, &used);
        if (c == END) {
            l->error = "unexpected end of input";
            return false;
        }
        if (!negated && c == '!') {
            negated = true;
            continue;
        }
        break;
    }
    bool is_range = peek(l, &dash) == '-';
    if (is_range) {
        l->at += dash;
        lo = c;
        hi = next(l, &used);
        if (hi == END) {
            l->error = "unexpected end of input";
            return false;
        }
    } else {
        l->at -= used;
        set = text(l, "]");
    }
    /* Of several errors the last is told. */
    c = next(l, &used);
    if (c != ']') {
        l->error = c == END ? "unexpected end of input" : "expected close range character";
        return false;
    }
    if (is_range && hi < lo)
        l->error = "range hi character is less than lo";
    else if (!is_range && !set.n)
        l->error = "could not parse range";
    if (l->error)
        return false;
    item *i = add(l->g, G_SET);
    i->negated = negated;
    i->lo = lo;
    i->hi = hi;
    i->text = set;
    if (is_range && hi == 0)
        i->text = WB_LIT("\0");
    wb_buf *b = &l->g->pattern;
    wb_buf_puts(b, negated ? "[^" : "[");
    if (is_range) {
        put_literal(b, lo);
        wb_buf_putc(b, '-');
        put_literal(b, hi);
    }
    for (size_t k = 0; k < set.n; k += used)
        put_literal(b, wb_utf8_get(set.p + k, set.n - k, &used));
    wb_buf_putc(b, ']');
    return true;
}

static void token(lexer *l)
{
    glob *g = l->g;
    size_t used, more;
    uint32_t c = next(l, &used);
    if (c == END)
        return;
    if (c == '{') {
        l->level++;
        g->simple = false;
        wb_buf_puts(&g->pattern, "(?:");
    } else if (c == ',' && l->level) {
        wb_buf_putc(&g->pattern, '|');
    } else if (c == '}' && l->level) {
        l->level--;
        wb_buf_putc(&g->pattern, ')');
    } else if (c == '[') {
        range(l);
    } else if (c == '?') {
        add(g, G_ONE);
        put_not_delims(g);
    } else if (c == '*') {
        bool super = peek(l, &more) == '*';
        if (super)
            l->at += more;
        if (super || !g->delims.n) {
            g->supers = true;
            add(g, G_SUPER);
            wb_buf_puts(&g->pattern, ".*");
        } else {
            g->stars = true;
            add(g, G_STAR);
            put_not_delims(g);
            wb_buf_putc(&g->pattern, '*');
        }
    } else {
        l->at -= used;
        wb_str t = text(l, l->level ? "?*[{}," : "?*[{");
        item *i = add(g, G_TEXT);
        i->text = t;
        for (size_t k = 0; k < t.n; k += used)
            put_literal(&g->pattern, wb_utf8_get(t.p + k, t.n - k, &used));
    }
}

/* A range may match delimiters, which the short loop's bookkeeping does not expect. */
static bool has_sets(const glob *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->items[i].kind == G_SET)
            return true;
    return false;
}

/* NULL with the error in *error, at *offset. */
static glob *compile(wb_str pattern, wb_str delims, const char **error, size_t *offset)
{
    glob *g = wb_calloc(1, sizeof *g);
    lexer l = {.g = g, .s = pattern};
    wb_buf_init(&g->delims, delims.n + 1);
    wb_buf_put_str(&g->delims, delims);
    wb_buf_init(&g->pattern, WS_RE_PATTERN_MAX + 1);
    g->bytes = wb_malloc(pattern.n + 1);
    g->simple = true;
    wb_buf_puts(&g->pattern, "(?s)\\A");
    while (l.at < pattern.n && !l.error)
        token(&l);
    if (!l.error && l.level)
        l.error = "unclosed `{`";
    wb_buf_puts(&g->pattern, "\\z");
    if (g->stars && has_sets(g))
        g->simple = false;
    if (!l.error && (!g->simple || (g->stars && g->supers))) {
        wb_buf b;
        wb_buf_init(&b, 256);
        g->re = g->pattern.failed ? NULL : ws_re_compile(wb_buf_str(&g->pattern), &b);
        wb_buf_free(&b);
        if (!g->re)
            l.error = "pattern too large";
    }
    wb_buf_free(&g->pattern);
    if (l.error) {
        *error = l.error;
        *offset = l.at;
        glob_free(g);
        return NULL;
    }
    return g;
}

/* ---- matching ---- */

static bool is_delim(const glob *g, uint32_t c)
{
    if (g->delims.n == 1)
        return c == (unsigned char)g->delims.p[0];
    size_t used;
    for (size_t i = 0; i < g->delims.n; i += used)
        if (wb_utf8_get(g->delims.p + i, g->delims.n - i, &used) == c)
            return true;
    return false;
}

static bool has_delim(const glob *g, wb_str s)
{
    if (g->delims.n == 1)
        return s.n && memchr(s.p, g->delims.p[0], s.n);
    size_t used;
    for (size_t i = 0; i < s.n; i += used)
        if (is_delim(g, wb_utf8_get(s.p + i, s.n - i, &used)))
            return true;
    return false;
}

static bool in_set(const item *i, uint32_t c)
{
    bool in = false;
    size_t used;
    if (!i->text.n)
        return (c >= i->lo && c <= i->hi) != i->negated;
    for (size_t k = 0; k < i->text.n && !in; k += used)
        in = wb_utf8_get(i->text.p + k, i->text.n - k, &used) == c;
    return in != i->negated;
}

/* One item that takes a fixed piece at *at. */
static bool take(const glob *g, const item *i, wb_str s, size_t *at)
{
    if (i->kind == G_TEXT) {
        if (s.n - *at < i->text.n || memcmp(s.p + *at, i->text.p, i->text.n) != 0)
            return false;
        *at += i->text.n;
        return true;
    }
    if (*at == s.n)
        return false;
    size_t used;
    uint32_t c = wb_utf8_get(s.p + *at, s.n - *at, &used);
    if (i->kind == G_ONE ? is_delim(g, c) : !in_set(i, c))
        return false;
    *at += used;
    return true;
}

/* Of the stars passed, the last * and the last ** are enough to go back to: what an earlier one
 * could still take, the later one can take too, up to a delimiter. */
static bool walk(const glob *g, wb_str s)
{
    size_t i = 0, at = 0, star = 0, star_at = 0, super = 0, super_at = 0, used;
    for (;;) {
        if (i < g->n) {
            const item *it = &g->items[i];
            size_t left = g->n - i - 1;
            if (it->kind == G_SUPER) {
                if (!left)
                    return true;
                if (left == 1 && it[1].kind == G_TEXT)
                    return s.n - at >= it[1].text.n && wb_str_has_suffix(s, it[1].text);
                super = ++i;
                super_at = at;
                star = 0;
                continue;
            }
            if (it->kind == G_STAR) {
                if (!left && !has_delim(g, wb_str_n(s.p + at, s.n - at)))
                    return true;
                star = ++i;
                star_at = at;
                if (left)
                    continue;
            } else if (take(g, it, s, &at)) {
                i++;
                continue;
            }
        } else if (at == s.n) {
            return true;
        }
        if (star) {
            uint32_t c = star_at < s.n ? wb_utf8_get(s.p + star_at, s.n - star_at, &used) : 0;
            if (star_at < s.n && !is_delim(g, c)) {
                at = star_at += used;
                i = star;
                continue;
            }
            star = 0;
        }
        if (!super || super_at == s.n)
            return false;
        wb_utf8_get(s.p + super_at, s.n - super_at, &used);
        super_at += used;
        if (g->items[super].kind == G_TEXT) {
            super_at = ws_find(s, g->items[super].text, super_at);
            if (super_at == WS_NOT_FOUND)
                return false;
        }
        at = super_at;
        i = super;
    }
}

static wv match(ws_ctx *cx, const glob *g, wb_str s)
{
    WS_SPEND(cx, s.n);
    if (g->simple && (!g->re || s.n <= SIMPLE_MAX))
        return wv_bool(walk(g, s));
    ws_re_answer a = ws_re_test(cx, g->re, s);
    return a == WS_RE_STOPPED ? WV_UNDEFINED : wv_bool(a == WS_RE_YES);
}

/* ---- the functions ---- */

/* The operand's delimiters as text: false when they are none, with the member at fault in *bad (or
 * undefined when the operand itself is). */
static bool delimiters(wv v, wb_buf *b, wv *bad, const char **want)
{
    *bad = WV_UNDEFINED;
    if (v == WV_NULL)
        return true;
    if (!wv_is_array(v))
        return false;
    for (uint32_t i = 0; i < wv_len(v); i++) {
        const wv *d = &wv_items(v)[i];
        *want = wv_is_string(*d) ? "rune" : "string";
        if (!wv_is_string(*d) || wb_utf8_count(wv_str(d)) != 1) {
            *bad = *d;
            return false;
        }
        wb_buf_put_str(b, wv_str(d));
    }
    if (!wv_len(v))
        wb_buf_putc(b, '.');
    return true;
}

static wv fn_match(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    if (cx->site) {
        WS_STRING(cx, args, 2);
        return match(cx, cx->site, wv_str(&args[2]));
    }
    wb_str pattern = wv_str(&args[0]);
    wb_buf key;
    ws_text_begin(cx, &key);
    wb_buf_put_str(&key, pattern);
    wb_buf_putc(&key, '-');
    size_t start = key.n;
    wv bad, r = WV_UNDEFINED;
    const char *want;
    if (!delimiters(args[1], &key, &bad, &want)) {
        if (wv_defined(bad))
            ws_fail_element(cx, 2, args[1], want, bad);
        else
            ws_fail_operand(cx, 2, "one of {array, null}", args[1]);
    } else if (!wv_is_string(args[2])) {
        ws_fail_operand(cx, 3, "string", args[2]);
    } else if (key.failed) {
        ws_fail_room(cx);
    } else {
        glob *g = ws_cache_get(cx->cache, WS_CACHE_GLOB, wb_buf_str(&key));
        /* Fuel tells nothing of what is remembered. */
        if (!ws_charge(cx, 8 + key.n / 8)) {
            g = NULL;
        } else if (!g) {
            const char *error;
            size_t at;
            g = compile(pattern, wb_str_n(key.p + start, key.n - start), &error, &at);
            if (g)
                ws_cache_put(cx->cache, WS_CACHE_GLOB, wb_buf_str(&key), g, glob_free);
            else
                ws_fail(cx, "glob: syntax error at %zu: %s", at, error);
        }
        if (g)
            r = match(cx, g, wv_str(&args[2]));
    }
    ws_text_end(cx, &key);
    return r;
}

static void *prepare(const wv *args, unsigned n)
{
    wv bad;
    const char *want, *error;
    size_t at;
    if (!wv_is_string(args[0]) || !wv_defined(args[1]))
        return NULL;
    wb_buf b;
    wb_buf_init(&b, WV_LEN_MAX);
    glob *g = NULL;
    if (delimiters(args[1], &b, &bad, &want))
        g = compile(wv_str(&args[0]), wb_str_n(b.n ? b.p : "", b.n), &error, &at);
    wb_buf_free(&b);
    return g;
}

static wv fn_quote_meta(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    wb_buf b;
    ws_text_begin(cx, &b);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr("*?\\[]{}", s.p[i]))
            wb_buf_putc(&b, '\\');
        wb_buf_putc(&b, s.p[i]);
    }
    return ws_take_string(cx, &b);
}

const ws_builtin ws_glob[] = {
    WS_ROW("glob.match",
           "(pattern: string, delimiters: any<null, array[string]>, match: string) => "
           "(result: boolean)",
           NULL, NULL, 0, fn_match, prepare, glob_free,
           "Whether the string is of the pattern; * and ? do not match delimiters."),
    WS_ROW("glob.quote_meta", "(pattern: string) => (output: string)", NULL, NULL, 0, fn_quote_meta,
           NULL, NULL, "The string as a pattern that matches itself."),
    WS_END,
};
