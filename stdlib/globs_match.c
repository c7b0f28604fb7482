/* Whether two globs of characters, ".", sets, "+" and "*" have a string in common. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"

#include <stdio.h>

#define GLOB_BYTES_MAX ((size_t)1 << 16) /* the work is the product of both lengths */

typedef enum kind { CHARACTER, ANY, SET } kind;

typedef struct token {
    kind kind;
    char flag;        /* '+', '*' or 0 */
    uint32_t c;       /* the character */
    uint32_t from, n; /* SET: ranges from `from` on */
} token;

typedef struct range {
    uint32_t lo, hi;
} range;

typedef struct glob {
    ws_ctx *cx;
    wb_str text;
    uint32_t *runes;
    size_t n_runes, at;
    token *tokens;
    range *ranges;
    size_t n_tokens, n_ranges;
} glob;

static bool invalid(glob *g, const char *why)
{
    wb_buf b;
    ws_text_begin(g->cx, &b);
    char utf8[4];
    for (size_t i = 0; i < g->n_runes; i++)
        wb_buf_put(&b, utf8, wb_utf8_put(utf8, g->runes[i]));
    wb_buf_putf(&b, ", pos:%zu, %s: the input provided is invalid", g->at, why);
    ws_fail_tail(g->cx, "input:", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

/* The next character, a backslash before it taken off. False: the end, or (*bad) a lone backslash.
 */
static bool next(glob *g, uint32_t *c, bool *escaped, bool *bad)
{
    *escaped = false;
    *bad = false;
    if (g->at >= g->n_runes)
        return false;
    *c = g->runes[g->at];
    if (*c != '\\') {
        g->at++;
        return true;
    }
    if (g->at + 1 == g->n_runes) {
        *bad = true;
        return invalid(g, "input ends with a \\ (escape) character");
    }
    *c = g->runes[g->at + 1];
    *escaped = true;
    g->at += 2;
    return true;
}

static bool read_set(glob *g, token *t)
{
    uint32_t c, before = 0;
    bool escaped, bad, has_before = false;
    t->kind = SET;
    t->from = (uint32_t)g->n_ranges;
    for (;;) {
        if (!next(g, &c, &escaped, &bad))
            return bad ? false : invalid(g, "found [ without matching ]");
        if (!escaped && c == ']')
            return true;
        range r = {c, c};
        if (!escaped && c == '-') {
            if (!has_before)
                return invalid(g, "range character '-' must be preceded by a Unicode character");
            if (g->at + 1 >= g->n_runes)
                return invalid(g, "range character '-' must be followed by a Unicode character");
            if (!next(g, &c, &escaped, &bad))
                return false;
            if (!escaped && (c == ']' || c == '-'))
                return invalid(g, "range character '-' cannot be followed by a special symbol");
            if (c < before) {
                char text[96], a[5] = "", b[5] = "";
                a[wb_utf8_put(a, c)] = 0;
                b[wb_utf8_put(b, before)] = 0;
                snprintf(text, sizeof text,
                         "range is out of order: '%s' comes before '%s' in Unicode", a, b);
                return invalid(g, text);
            }
            r = (range){before, c};
            has_before = false;
        } else {
            before = c;
            has_before = true;
        }
        g->ranges[g->n_ranges++] = r;
        t->n++;
    }
}

static bool read_glob(ws_ctx *cx, wb_str s, glob *g)
{
    *g = (glob){.cx = cx, .text = s};
    if (s.n > GLOB_BYTES_MAX) {
        ws_fail(cx, "pattern is too long");
        return false;
    }
    if (!ws_room(cx, (s.n + 1) * (sizeof(token) + sizeof(range) + 4)))
        return false;
    g->runes = wb_arena_alloc(cx->out, (s.n + 1) * sizeof *g->runes);
    g->tokens = wb_arena_calloc(cx->out, (s.n + 1) * sizeof *g->tokens);
    g->ranges = wb_arena_alloc(cx->out, (s.n + 1) * sizeof *g->ranges);
    for (size_t i = 0, used; i < s.n; i += used)
        g->runes[g->n_runes++] = wb_utf8_get(s.p + i, s.n - i, &used);
    for (;;) {
        uint32_t c;
        bool escaped, bad;
        if (!next(g, &c, &escaped, &bad))
            return !bad;
        token *t = &g->tokens[g->n_tokens++];
        t->c = c;
        if (!escaped && c == '.') {
            t->kind = ANY;
        } else if (!escaped && c == ']') {
            return invalid(g, "set-close ']' with no preceding '['");
        } else if (!escaped && (c == '+' || c == '*')) {
            return invalid(g, c == '+' ? "flag '+' must be preceded by a non-flag"
                                       : "flag '*' must be preceded by a non-flag");
        } else if (!escaped && c == '[' && !read_set(g, t)) {
            return false;
        }
        if (g->at < g->n_runes && (g->runes[g->at] == '+' || g->runes[g->at] == '*'))
            t->flag = (char)g->runes[g->at++];
        else if (g->at + 1 == g->n_runes && g->runes[g->at] == '\\')
            return invalid(g, "input ends with a \\ (escape) character");
    }
}

static bool in_set(const glob *g, const token *t, uint32_t lo, uint32_t hi)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const range *r = &g->ranges[t->from + i];
        if (r->lo <= hi && lo <= r->hi)
            return true;
    }
    return false;
}

/* Whether one character fits both. */
static bool meet(const glob *a, const token *x, const glob *b, const token *y)
{
    if (x->kind == SET && y->kind == SET) {
        for (uint32_t i = 0; i < x->n; i++)
            if (in_set(b, y, a->ranges[x->from + i].lo, a->ranges[x->from + i].hi))
                return true;
        return false;
    }
    if (x->kind == SET || y->kind == SET) {
        const glob *g = x->kind == SET ? a : b;
        const token *set = x->kind == SET ? x : y, *other = x->kind == SET ? y : x;
        return other->kind == ANY || in_set(g, set, other->c, other->c);
    }
    return x->kind == ANY || y->kind == ANY || x->c == y->c;
}

/* Reachable pairs of positions, a row at a time. A position with "+" that was passed once may be
 * passed again, which is a star behind it: pluses are written as the token and its star. */
static token *unfold(ws_ctx *cx, const glob *g, size_t *n)
{
    token *t = wb_arena_alloc(cx->out, 2 * (g->n_tokens + 1) * sizeof *t);
    *n = 0;
    for (size_t i = 0; i < g->n_tokens; i++) {
        token x = g->tokens[i];
        if (x.flag == '+') {
            x.flag = 0;
            t[(*n)++] = x;
            x.flag = '*';
        }
        t[(*n)++] = x;
    }
    return t;
}

static wv fn_globs_match(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    glob a, b;
    if (!read_glob(cx, wv_str(&args[0]), &a) || !read_glob(cx, wv_str(&args[1]), &b))
        return WV_UNDEFINED;
    /* An empty glob meets only another, though a star might be nothing as well. */
    if (!a.n_tokens || !b.n_tokens)
        return wv_bool(a.n_tokens == b.n_tokens);
    WS_ROOM(cx, 2 * (a.n_tokens + b.n_tokens + 2) * (sizeof(token) + 2));
    size_t n, m;
    token *x = unfold(cx, &a, &n), *y = unfold(cx, &b, &m);
    bool *row = wb_arena_calloc(cx->out, m + 1), *below = wb_arena_calloc(cx->out, m + 1);
    row[0] = true;
    for (size_t i = 0; i <= n; i++) {
        if (!ws_charge(cx, m / 8 + 1 + (i < n && x[i].kind == SET ? x[i].n * m / 8 : 0)))
            return WV_UNDEFINED;
        memset(below, 0, m + 1);
        for (size_t j = 0; j <= m; j++) {
            if (!row[j])
                continue;
            bool xs = i < n && x[i].flag, ys = j < m && y[j].flag;
            if (xs)
                below[j] = true;
            if (ys)
                row[j + 1] = true;
            if (i == n || j == m || !meet(&a, &x[i], &b, &y[j]))
                continue;
            /* A star that took a character stays where it is. */
            if (!xs && !ys)
                below[j + 1] = true;
            else if (xs && !ys)
                row[j + 1] = true;
            else if (ys && !xs)
                below[j] = true;
        }
        bool *swap = row;
        if (i < n) {
            row = below;
            below = swap;
        }
    }
    return wv_bool(row[m]);
}

const ws_builtin ws_globs_match[] = {
    WS_ROW("regex.globs_match", "(glob1: string, glob2: string) => (result: boolean)", NULL, NULL,
           0, fn_globs_match, NULL, NULL,
           "Whether two glob-like patterns have a string in common."),
    WS_END,
};
