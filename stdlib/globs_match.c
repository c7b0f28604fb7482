/* Whether two globs of characters, ".", sets, "+" and "*" have a string in common, as OPA judges
 * it: now and then it misses one. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"

#include <stdio.h>
#include <stdlib.h>

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

static int by_low(const void *a, const void *b)
{
    const range *x = a, *y = b;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Equal sets get equal ranges: sorted, apart, as few as can be. */
static void tidy_set(glob *g, token *t)
{
    range *r = g->ranges + t->from;
    uint32_t kept = 0;
    qsort(r, t->n, sizeof *r, by_low);
    for (uint32_t i = 0; i < t->n; i++) {
        if (kept && r[i].lo <= r[kept - 1].hi + 1) {
            if (r[i].hi > r[kept - 1].hi)
                r[kept - 1].hi = r[i].hi;
        } else {
            r[kept++] = r[i];
        }
    }
    t->n = kept;
}

static bool same(const glob *g, const token *x, const token *y)
{
    if (x->kind != y->kind)
        return false;
    if (x->kind == SET)
        return x->n == y->n &&
               !memcmp(g->ranges + x->from, g->ranges + y->from, x->n * sizeof *g->ranges);
    return x->kind == ANY || x->c == y->c;
}

/* Of tokens with a flag that follow each other and are the same one stays. */
static void simplify(glob *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->n_tokens; i++) {
        token *t = &g->tokens[i], *last = kept ? &g->tokens[kept - 1] : NULL;
        if (t->kind == SET)
            tidy_set(g, t);
        if (last && t->flag && last->flag && same(g, t, last))
            last->flag = t->flag == '+' || last->flag == '+' ? '+' : '*';
        else
            g->tokens[kept++] = *t;
    }
    g->n_tokens = kept;
}

/* Cuts off the tokens without flags that both have at their ends, but for one. False: some of them
 * have no character in common. */
static bool trim(glob *a, glob *b)
{
    token *x = a->tokens, *y = b->tokens;
    size_t n = a->n_tokens, m = b->n_tokens, front = 0, back = 0;
    for (; front < n && front < m && !x[front].flag && !y[front].flag; front++)
        if (!meet(a, &x[front], b, &y[front]))
            return false;
    if (front)
        front--;
    for (; front + back < n && front + back < m && !x[n - 1 - back].flag && !y[m - 1 - back].flag;
         back++)
        if (!meet(a, &x[n - 1 - back], b, &y[m - 1 - back]))
            return false;
    if (back)
        back--;
    a->tokens += front;
    a->n_tokens -= front + back;
    b->tokens += front;
    b->n_tokens -= front + back;
    return true;
}

/* What is known of the rests of both globs from token i of a and token j of b on.
 *
 * The judge walks both at once. A token with a flag takes tokens of the other glob, one by one, and
 * may hand over to its successor wherever that fits as well. Which glob is asked first for a flag
 * makes a difference, and a rest that is a star is not empty: this is no question of languages, and
 * these few rules are the whole of the answer. */
typedef struct rest {
    bool a_first, b_first; /* they meet, a (b) being asked first */
    bool a_takes, b_takes; /* they meet while a's (b's) token takes what comes */
} rest;

/* A token with a flag at its turn: `takes` and `takes_next` with the other's token here and behind,
 * `after` with its own successor asked first. */
static bool turn(const token *own, const token *other, bool fits, bool takes, bool takes_next,
                 bool after)
{
    return own->flag == '*' ? takes : fits && (takes_next || (other->flag && after));
}

static bool globs_meet(ws_ctx *cx, const glob *a, const glob *b)
{
    const token *x = a->tokens, *y = b->tokens;
    size_t n = a->n_tokens, m = b->n_tokens;
    rest *row = wb_arena_calloc(cx->out, (m + 1) * sizeof *row);
    rest *below = wb_arena_calloc(cx->out, (m + 1) * sizeof *row);
    for (size_t i = n + 1; i-- > 0;) {
        if (!ws_charge(cx, m / 4 + 1 + (i < n && x[i].kind == SET ? x[i].n * m / 8 : 0)))
            return false;
        rest *swap = below;
        below = row;
        row = swap;
        for (size_t j = m + 1; j-- > 0;) {
            rest *r = &row[j];
            if (i == n || j == m) {
                r->a_first = r->b_first = i == n && j == m;
                r->a_takes = j == m && i + 1 == n;
                r->b_takes = i == n && j + 1 == m;
                continue;
            }
            const rest *right = &row[j + 1], *down = &below[j];
            bool fits = meet(a, &x[i], b, &y[j]);
            r->a_takes = (i + 1 < n && down->a_first && meet(a, &x[i + 1], b, &y[j])) ||
                         (fits && right->a_takes);
            r->b_takes = (j + 1 < m && right->b_first && meet(a, &x[i], b, &y[j + 1])) ||
                         (fits && down->b_takes);
            bool by_a =
                x[i].flag && turn(&x[i], &y[j], fits, r->a_takes, right->a_takes, down->a_first);
            bool by_b =
                y[j].flag && turn(&y[j], &x[i], fits, r->b_takes, down->b_takes, right->b_first);
            bool plainly = fits && !x[i].flag && !y[j].flag;
            r->a_first = x[i].flag ? by_a : y[j].flag ? by_b : plainly && below[j + 1].a_first;
            r->b_first = y[j].flag ? by_b : x[i].flag ? by_a : plainly && below[j + 1].b_first;
        }
    }
    return row[0].a_first;
}

static wv fn_globs_match(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    glob a, b;
    if (!read_glob(cx, wv_str(&args[0]), &a) || !read_glob(cx, wv_str(&args[1]), &b))
        return WV_UNDEFINED;
    simplify(&a);
    simplify(&b);
    if (!trim(&a, &b))
        return WV_FALSE;
    WS_ROOM(cx, 2 * (b.n_tokens + 1) * sizeof(rest));
    bool meets = globs_meet(cx, &a, &b);
    return cx->error == WS_ERR_NONE ? wv_bool(meets) : WV_UNDEFINED;
}

const ws_builtin ws_globs_match[] = {
    WS_ROW("regex.globs_match", "(glob1: string, glob2: string) => (result: boolean)", NULL, NULL,
           0, fn_globs_match, NULL, NULL,
           "Whether two glob-like patterns have a string in common."),
    WS_END,
};
