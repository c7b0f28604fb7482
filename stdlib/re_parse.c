/* RE2's syntax as Go reads it, with Go's complaints. */
#include "base/error.h"
#include "base/utf8.h"
#include "stdlib/re_tree.h"
#include "stdlib/unicode.h"

#include <stdlib.h>

enum {
    FOLD = 1,    /* (?i) */
    DOT_NL = 2,  /* (?s) */
    MULTI = 4,   /* (?m) */
    UNGREEDY = 8 /* (?U) */
};

#define HEIGHT_MAX            1000                /* as Go: bounds recursion over the tree */
#define SIZE_MAX_INSTRUCTIONS ((uint64_t)3355443) /* as Go: 128 MB of its instructions */
#define REPEAT_MAX            1000                /* as Go and RE2 */
#define FOLD_WORK_MAX         ((uint64_t)1 << 24) /* code points looked up for (?i) in one pattern */

typedef struct ranges {
    uint32_t *v; /* pairs */
    size_t n, cap;
} ranges;

typedef struct parser {
    ws_re *re;
    wb_str whole;
    re_node **stack;
    size_t depth, cap;
    unsigned flags, groups;
    wb_str *names;
    size_t names_cap;
    uint64_t fold_work;
    wb_buf *error;
    bool failed;
} parser;

/* ---- memory and errors ---- */

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    char bytes[];
} chunk;

#define CHUNK_SIZE 4000

void *re_alloc(ws_re *re, size_t n)
{
    n = (n + 7) & ~(size_t)7;
    chunk *c = re->chunks;
    if (!c || n > c->size - c->used) {
        size_t size = n > CHUNK_SIZE ? n : CHUNK_SIZE;
        c = wb_malloc(sizeof *c + size);
        *c = (chunk){.next = re->chunks, .size = size};
        re->chunks = c;
    }
    void *p = c->bytes + c->used;
    c->used += n;
    return p;
}

static bool fail(parser *p, const char *code, wb_str text)
{
    if (!p->failed) {
        wb_buf_puts(p->error, "error parsing regexp: ");
        wb_buf_puts(p->error, code);
        wb_buf_puts(p->error, ": `");
        wb_buf_put_str(p->error, text);
        wb_buf_puts(p->error, "`");
    }
    p->failed = true;
    return false;
}

/* ---- classes ---- */

static void add_range(ranges *r, uint32_t lo, uint32_t hi)
{
    if (r->n && lo <= r->v[2 * r->n - 1] + 1 && hi + 1 >= r->v[2 * r->n - 2]) {
        if (lo < r->v[2 * r->n - 2])
            r->v[2 * r->n - 2] = lo;
        if (hi > r->v[2 * r->n - 1])
            r->v[2 * r->n - 1] = hi;
        return;
    }
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 8;
        r->v = wb_realloc(r->v, r->cap * 2 * sizeof *r->v);
    }
    r->v[2 * r->n] = lo;
    r->v[2 * r->n + 1] = hi;
    r->n++;
}

#define MIN_FOLD 0x41u
#define MAX_FOLD 0x1e943u

static bool add_folded(parser *p, ranges *r, uint32_t lo, uint32_t hi)
{
    if ((lo <= MIN_FOLD && hi >= MAX_FOLD) || hi < MIN_FOLD || lo > MAX_FOLD) {
        add_range(r, lo, hi);
        return true;
    }
    add_range(r, lo, hi);
    uint32_t from = lo < MIN_FOLD ? MIN_FOLD : lo, to = hi > MAX_FOLD ? MAX_FOLD : hi;
    p->fold_work += to - from + 1;
    if (p->fold_work > FOLD_WORK_MAX)
        return fail(p, "expression too large", p->whole);
    for (uint32_t c = from; c <= to; c++)
        for (uint32_t f = ws_rune_fold(c); f != c; f = ws_rune_fold(f))
            add_range(r, f, f);
    return true;
}

static int range_cmp(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    if (x[0] != y[0])
        return x[0] < y[0] ? -1 : 1;
    return (x[1] < y[1]) - (x[1] > y[1]);
}

static void clean(ranges *r)
{
    if (r->n < 2)
        return;
    qsort(r->v, r->n, 2 * sizeof *r->v, range_cmp);
    size_t w = 1;
    for (size_t i = 1; i < r->n; i++) {
        uint32_t lo = r->v[2 * i], hi = r->v[2 * i + 1];
        if (lo <= r->v[2 * w - 1] + 1) {
            if (hi > r->v[2 * w - 1])
                r->v[2 * w - 1] = hi;
            continue;
        }
        r->v[2 * w] = lo;
        r->v[2 * w + 1] = hi;
        w++;
    }
    r->n = w;
}

/* Adds all that is not in the n pairs, which are in order. */
static void add_others(ranges *r, const uint32_t *pairs, size_t n)
{
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        if (pairs[2 * i] > next)
            add_range(r, next, pairs[2 * i] - 1);
        next = pairs[2 * i + 1] + 1;
    }
    if (next <= WS_RUNE_MAX)
        add_range(r, next, WS_RUNE_MAX);
}

/* Adds a named group of pairs, folded when the flag says so, or all others. */
static bool add_group(parser *p, ranges *r, const uint32_t *pairs, size_t n, bool negated)
{
    ranges t = {0};
    bool ok = true;
    if (p->flags & FOLD) {
        for (size_t i = 0; ok && i < n; i++)
            ok = add_folded(p, &t, pairs[2 * i], pairs[2 * i + 1]);
        clean(&t);
        pairs = t.v;
        n = t.n;
    }
    if (ok && negated)
        add_others(r, pairs, n);
    else
        for (size_t i = 0; ok && i < n; i++)
            add_range(r, pairs[2 * i], pairs[2 * i + 1]);
    free(t.v);
    return ok;
}

/* ---- nodes ---- */

static re_node *new_node(parser *p, re_op op)
{
    re_node *n = re_alloc(p->re, sizeof *n);
    *n = (re_node){.op = (uint8_t)op, .height = 1, .size = 1};
    return n;
}

static bool push(parser *p, re_node *n)
{
    if (p->depth == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 32;
        p->stack = wb_realloc(p->stack, p->cap * sizeof *p->stack);
    }
    p->stack[p->depth++] = n;
    if (n->height > HEIGHT_MAX)
        return fail(p, "expression nests too deeply", p->whole);
    if (n->size > SIZE_MAX_INSTRUCTIONS)
        return fail(p, "expression too large", p->whole);
    return true;
}

static bool push_op(parser *p, re_op op)
{
    re_node *n = new_node(p, op);
    n->nullable = op != RE_NONE;
    n->flags = (uint16_t)p->flags;
    return push(p, n);
}

/* Takes the ranges over and frees them. */
static bool push_class(parser *p, ranges *r)
{
    re_node *n = new_node(p, RE_CLASS);
    clean(r);
    uint32_t *v = re_alloc(p->re, r->n * 2 * sizeof *v);
    if (r->n)
        memcpy(v, r->v, r->n * 2 * sizeof *v);
    n->ranges = v;
    n->count = (uint32_t)r->n;
    free(r->v);
    return push(p, n);
}

static bool push_literal(parser *p, uint32_t c)
{
    ranges r = {0};
    add_range(&r, c, c);
    if (p->flags & FOLD)
        for (uint32_t f = ws_rune_fold(c); f != c; f = ws_rune_fold(f))
            add_range(&r, f, f);
    return push_class(p, &r);
}

static bool is_mark(const re_node *n)
{
    return n->op == RE_PAREN || n->op == RE_BAR;
}

/* The nodes above the topmost mark become one node of the kind. */
static bool collapse(parser *p, re_op op)
{
    size_t i = p->depth;
    while (i > 0 && !is_mark(p->stack[i - 1]))
        i--;
    size_t n = p->depth - i;
    if (n == 1)
        return true;
    if (n == 0)
        return push_op(p, op == RE_CONCAT ? RE_EMPTY : RE_NONE);
    re_node *r = new_node(p, op);
    r->sub = re_alloc(p->re, n * sizeof *r->sub);
    memcpy(r->sub, p->stack + i, n * sizeof *r->sub);
    r->count = (uint32_t)n;
    r->size = op == RE_ALTERNATE ? n - 1 : 0;
    r->nullable = op == RE_CONCAT;
    for (size_t k = 0; k < n; k++) {
        re_node *s = r->sub[k];
        r->size += s->size;
        if (s->height + 1 > r->height)
            r->height = s->height + 1;
        if (op == RE_CONCAT)
            r->nullable &= s->nullable;
        else
            r->nullable |= s->nullable;
    }
    p->depth = i;
    return push(p, r);
}

/* Before ")" and at the end: "a|b|c" stands as a, BAR, b, BAR, c (each one node). */
static bool finish_alternatives(parser *p)
{
    if (!collapse(p, RE_CONCAT))
        return false;
    size_t i = p->depth, n = 0;
    while (i > 0 && p->stack[i - 1]->op != RE_PAREN)
        i--;
    for (size_t k = i; k < p->depth; k++)
        if (p->stack[k]->op != RE_BAR)
            p->stack[i + n++] = p->stack[k];
    p->depth = i + n;
    return collapse(p, RE_ALTERNATE);
}

static bool repeat_valid(const re_node *n, int limit)
{
    if (n->op == RE_REPEAT && (n->flags & 1)) { /* written with braces */
        int m = n->max;
        if (m == 0)
            return true;
        if (m < 0)
            m = n->min;
        if (m > limit)
            return false;
        if (m > 0)
            limit /= m;
    }
    if (n->op == RE_CLASS)
        return true;
    for (uint32_t i = 0; i < n->count; i++)
        if (!repeat_valid(n->sub[i], limit))
            return false;
    return true;
}

/* ---- reading ---- */

static bool next_rune(parser *p, wb_str *t, uint32_t *c)
{
    size_t used;
    *c = wb_utf8_get(t->p, t->n, &used);
    if (*c == WB_UTF8_BAD && used == 1)
        return fail(p, "invalid UTF-8", *t);
    t->p += used;
    t->n -= used;
    return true;
}

static wb_str skip(wb_str t, size_t n)
{
    return wb_str_n(t.p + n, t.n - n);
}

/* From the start of a up to the start of b, which is a tail of it. */
static wb_str between(wb_str a, wb_str b)
{
    return wb_str_n(a.p, a.n - b.n);
}

static bool repeat(parser *p, int min, int max, bool braces, wb_str before, wb_str *t,
                   wb_str *last_repeat)
{
    bool lazy = p->flags & UNGREEDY;
    if (t->n && t->p[0] == '?') {
        *t = skip(*t, 1);
        lazy = !lazy;
    }
    if (last_repeat->n)
        return fail(p, "invalid nested repetition operator", between(*last_repeat, *t));
    if (!p->depth || is_mark(p->stack[p->depth - 1]))
        return fail(p, "missing argument to repetition operator", between(before, *t));
    re_node *s = p->stack[p->depth - 1], *n = new_node(p, RE_REPEAT);
    n->lazy = lazy;
    n->min = min;
    n->max = max;
    n->flags = braces;
    n->sub = re_alloc(p->re, sizeof *n->sub);
    n->sub[0] = s;
    n->count = 1;
    n->height = s->height + 1;
    n->nullable = min == 0 || s->nullable;
    if (max < 0)
        n->size = min == 0 ? 2 + s->size : 1 + (uint64_t)min * s->size;
    else
        n->size = (uint64_t)max * s->size + (uint64_t)(max - min);
    if (!n->size)
        n->size = 1;
    p->depth--;
    if (!push(p, n))
        return false;
    if (braces && (min >= 2 || max >= 2) && !repeat_valid(n, REPEAT_MAX))
        return fail(p, "invalid repeat count", between(before, *t));
    *last_repeat = before;
    return true;
}

/* -1 for a number too large to care about. */
static bool parse_int(wb_str *s, int *out)
{
    if (!s->n || s->p[0] < '0' || s->p[0] > '9')
        return false;
    if (s->n >= 2 && s->p[0] == '0' && s->p[1] >= '0' && s->p[1] <= '9')
        return false;
    *out = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        if (*out >= 100000000)
            *out = -1;
        if (*out >= 0)
            *out = *out * 10 + (s->p[0] - '0');
        *s = skip(*s, 1);
    }
    return true;
}

/* "{n}", "{n,}", "{n,m}": false when it is none of these, and then it is text. */
static bool parse_braces(wb_str s, int *min, int *max, wb_str *rest)
{
    s = skip(s, 1);
    if (!parse_int(&s, min) || !s.n)
        return false;
    if (s.p[0] != ',') {
        *max = *min;
    } else {
        s = skip(s, 1);
        if (!s.n)
            return false;
        if (s.p[0] == '}')
            *max = -1;
        else if (!parse_int(&s, max))
            return false;
        else if (*max < 0)
            *min = -1;
    }
    if (!s.n || s.p[0] != '}')
        return false;
    *rest = skip(s, 1);
    return true;
}

static bool alnum(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int unhex(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return (int)c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (int)(c | 32) - 'a' + 10;
    return -1;
}

static bool parse_escape(parser *p, wb_str *t, uint32_t *out)
{
    wb_str start = *t;
    uint32_t c, r = 0;
    *t = skip(*t, 1);
    if (!t->n)
        return fail(p, "trailing backslash at end of expression", WB_LIT(""));
    if (!next_rune(p, t, &c))
        return false;
    if (c >= '0' && c <= '7') {
        /* One digit from 1 to 7 would be a back reference. */
        if (c == '0' || (t->n && t->p[0] >= '0' && t->p[0] <= '7')) {
            r = c - '0';
            for (int i = 1; i < 3 && t->n && t->p[0] >= '0' && t->p[0] <= '7'; i++) {
                r = r * 8 + (uint32_t)(t->p[0] - '0');
                *t = skip(*t, 1);
            }
            *out = r;
            return true;
        }
    } else if (c == 'x' && t->n) {
        if (!next_rune(p, t, &c))
            return false;
        if (c == '{') {
            for (int digits = 0; t->n; digits++) {
                if (!next_rune(p, t, &c))
                    return false;
                if (c == '}' && digits) {
                    *out = r;
                    return true;
                }
                int v = unhex(c);
                if (v < 0)
                    break;
                r = r * 16 + (uint32_t)v;
                if (r > WS_RUNE_MAX)
                    break;
            }
        } else {
            uint32_t low = 0;
            int x = unhex(c);
            if (t->n && !next_rune(p, t, &low))
                return false;
            int y = unhex(low);
            if (x >= 0 && y >= 0) {
                *out = (uint32_t)(x * 16 + y);
                return true;
            }
        }
    } else if (c < 0x80 && !alnum(c)) {
        *out = c;
        return true;
    } else if (c < 0x80 && strchr("afnrtv", (int)c)) {
        *out = c == 'a' ? 7 : c == 'f' ? 12 : c == 'n' ? 10 : c == 'r' ? 13 : c == 't' ? 9 : 11;
        return true;
    }
    return fail(p, "invalid escape sequence", between(start, *t));
}

typedef struct char_group {
    const char *name;
    uint32_t count;
    uint32_t pairs[8];
} char_group;

static const char_group perl_groups[] = {
    {"d", 1, {'0', '9'}},
    {"s", 3, {'\t', '\n', '\f', '\r', ' ', ' '}},
    {"w", 4, {'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}},
};

static const char_group posix_groups[] = {
    {"alnum", 3, {'0', '9', 'A', 'Z', 'a', 'z'}},
    {"alpha", 2, {'A', 'Z', 'a', 'z'}},
    {"ascii", 1, {0, 0x7f}},
    {"blank", 2, {'\t', '\t', ' ', ' '}},
    {"cntrl", 2, {0, 0x1f, 0x7f, 0x7f}},
    {"digit", 1, {'0', '9'}},
    {"graph", 1, {'!', '~'}},
    {"lower", 1, {'a', 'z'}},
    {"print", 1, {' ', '~'}},
    {"punct", 4, {'!', '/', ':', '@', '[', '`', '{', '~'}},
    {"space", 2, {'\t', '\r', ' ', ' '}},
    {"upper", 1, {'A', 'Z'}},
    {"word", 4, {'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}},
    {"xdigit", 3, {'0', '9', 'A', 'F', 'a', 'f'}},
};

/* \d and the like: whether there was one. */
static bool perl_class(parser *p, wb_str *t, ranges *r)
{
    if (t->n < 2 || t->p[0] != '\\')
        return false;
    for (size_t i = 0; i < sizeof perl_groups / sizeof *perl_groups; i++) {
        const char_group *g = &perl_groups[i];
        if ((t->p[1] | 32) != g->name[0] || t->p[1] == '\0')
            continue;
        add_group(p, r, g->pairs, g->count, t->p[1] < 'a');
        *t = skip(*t, 2);
        return true;
    }
    return false;
}

/* [:name:] inside a class: 1 read, 0 none there, -1 failed. */
static int posix_class(parser *p, wb_str *t, ranges *r)
{
    if (t->n < 3 || t->p[0] != '[' || t->p[1] != ':')
        return 0;
    const char *end = memmem(t->p + 2, t->n - 2, ":]", 2);
    if (!end)
        return 0;
    wb_str whole = wb_str_n(t->p, (size_t)(end + 2 - t->p));
    wb_str name = wb_str_n(t->p + 2, (size_t)(end - t->p - 2));
    bool negated = name.n && name.p[0] == '^';
    if (negated)
        name = skip(name, 1);
    for (size_t i = 0; i < sizeof posix_groups / sizeof *posix_groups; i++)
        if (wb_str_is(name, posix_groups[i].name)) {
            *t = skip(*t, whole.n);
            return add_group(p, r, posix_groups[i].pairs, posix_groups[i].count, negated) ? 1 : -1;
        }
    fail(p, "invalid character class range", whole);
    return -1;
}

/* The name as Go compares it: no blanks, dashes and underscores, one capital in front. */
static wb_str canonical(wb_str name, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c == '_' || c == '-' || c == ' ')
            continue;
        if (n == 0 && c >= 'a' && c <= 'z')
            c -= 32;
        else if (n && c >= 'A' && c <= 'Z')
            c += 32;
        to[n++] = c;
    }
    return wb_str_n(to, n);
}

#define CLASS_NAME_MAX 64

static bool add_unicode(parser *p, ranges *r, wb_str name, bool negated, wb_str whole)
{
    static const uint32_t all[2] = {0, WS_RUNE_MAX}, ascii[2] = {0, 0x7f};
    char text[CLASS_NAME_MAX];
    size_t n = 1;
    const uint32_t *pairs = NULL;
    if (name.n && name.n < sizeof text) {
        name = canonical(name, text);
        if (wb_str_is(name, "Any")) {
            pairs = all;
        } else if (wb_str_is(name, "Ascii")) {
            pairs = ascii;
        } else if (wb_str_is(name, "Assigned")) {
            pairs = ws_unicode_table(WB_LIT("Cn"), &n);
            negated = !negated;
        } else if (wb_str_is(name, "Lc")) {
            pairs = ws_unicode_table(WB_LIT("LC"), &n);
        } else {
            pairs = ws_unicode_table(name, &n);
            const char *alias = pairs ? NULL : ws_unicode_alias(name);
            if (alias)
                pairs = ws_unicode_table(wb_str_of(alias), &n);
        }
    }
    if (!pairs)
        return fail(p, "invalid character class range", whole);
    return add_group(p, r, pairs, n, negated);
}

/* \pL, \p{Greek}, \P{^Lu}: 1 read, 0 none there, -1 failed. */
static int unicode_class(parser *p, wb_str *t, ranges *r)
{
    if (t->n < 2 || t->p[0] != '\\' || (t->p[1] | 32) != 'p' || t->p[1] == '\0')
        return 0;
    bool negated = t->p[1] == 'P';
    wb_str rest = skip(*t, 2), name;
    uint32_t c;
    if (!rest.n)
        return 0;
    if (!next_rune(p, &rest, &c))
        return -1;
    if (c != '{') {
        name = skip(between(*t, rest), 2);
    } else {
        const char *end = memchr(t->p, '}', t->n);
        size_t bad;
        if (!end) {
            if (!wb_utf8_valid(*t, &bad))
                fail(p, "invalid UTF-8", skip(*t, bad));
            else
                fail(p, "invalid character class range", *t);
            return -1;
        }
        rest = wb_str_n(end + 1, t->n - (size_t)(end + 1 - t->p));
        name = wb_str_n(t->p + 3, (size_t)(end - t->p) - 3);
        if (!wb_utf8_valid(name, &bad)) {
            fail(p, "invalid UTF-8", skip(name, bad));
            return -1;
        }
    }
    if (name.n && name.p[0] == '^') {
        negated = !negated;
        name = skip(name, 1);
    }
    if (!add_unicode(p, r, name, negated, between(*t, rest)))
        return -1;
    *t = rest;
    return 1;
}

static bool class_char(parser *p, wb_str *t, wb_str whole, uint32_t *c)
{
    if (!t->n)
        return fail(p, "missing closing ]", whole);
    if (t->p[0] == '\\')
        return parse_escape(p, t, c);
    return next_rune(p, t, c);
}

static bool class_items(parser *p, wb_str *t, wb_str whole, ranges *r)
{
    for (bool first = true; !t->n || t->p[0] != ']' || first; first = false) {
        int read = posix_class(p, t, r);
        if (!read)
            read = unicode_class(p, t, r);
        if (read < 0)
            return false;
        if (read || perl_class(p, t, r))
            continue;
        wb_str item = *t;
        uint32_t lo, hi;
        if (!class_char(p, t, whole, &lo))
            return false;
        hi = lo;
        if (t->n >= 2 && t->p[0] == '-' && t->p[1] != ']') {
            *t = skip(*t, 1);
            if (!class_char(p, t, whole, &hi))
                return false;
            if (hi < lo)
                return fail(p, "invalid character class range", between(item, *t));
        }
        if (p->flags & FOLD) {
            if (!add_folded(p, r, lo, hi))
                return false;
        } else {
            add_range(r, lo, hi);
        }
    }
    *t = skip(*t, 1);
    return true;
}

static bool parse_class(parser *p, wb_str *t)
{
    wb_str whole = *t;
    ranges r = {0}, others = {0};
    *t = skip(*t, 1);
    bool negated = t->n && t->p[0] == '^';
    if (negated)
        *t = skip(*t, 1);
    if (!class_items(p, t, whole, &r)) {
        free(r.v);
        return false;
    }
    if (!negated)
        return push_class(p, &r);
    clean(&r);
    add_others(&others, r.v, r.n);
    free(r.v);
    return push_class(p, &others);
}

static bool open_group(parser *p, bool capture, wb_str name)
{
    re_node *n = new_node(p, RE_PAREN);
    n->flags = (uint16_t)p->flags;
    if (capture) {
        n->min = (int32_t)p->groups;
        if (p->groups == p->names_cap) {
            p->names_cap *= 2;
            p->names = wb_realloc(p->names, p->names_cap * sizeof *p->names);
        }
        p->names[p->groups++] = name;
    }
    return push(p, n);
}

/* "(?...": flags, a group without a number, or a named one. */
static bool parse_perl(parser *p, wb_str *s)
{
    wb_str t = *s;
    bool named = t.n > 4 && t.p[2] == 'P' && t.p[3] == '<', short_name = t.n > 3 && t.p[2] == '<';
    if (named || short_name) {
        size_t start = named ? 4 : 3, bad;
        const char *end = memchr(t.p, '>', t.n);
        if (!end) {
            if (!wb_utf8_valid(t, &bad))
                return fail(p, "invalid UTF-8", skip(t, bad));
            return fail(p, "invalid named capture", *s);
        }
        wb_str capture = wb_str_n(t.p, (size_t)(end + 1 - t.p));
        wb_str name = wb_str_n(t.p + start, (size_t)(end - t.p) - start);
        if (!wb_utf8_valid(name, &bad))
            return fail(p, "invalid UTF-8", skip(name, bad));
        bool ok = name.n > 0;
        for (size_t i = 0; i < name.n; i++)
            ok &= name.p[i] == '_' || alnum((unsigned char)name.p[i]);
        if (!ok)
            return fail(p, "invalid named capture", capture);
        *s = skip(t, capture.n);
        return open_group(p, true, name);
    }
    t = skip(t, 2);
    unsigned flags = p->flags;
    bool minus = false, seen = false;
    while (t.n) {
        uint32_t c;
        if (!next_rune(p, &t, &c))
            return false;
        unsigned bit = c == 'i'   ? FOLD
                       : c == 's' ? DOT_NL
                       : c == 'm' ? MULTI
                       : c == 'U' ? UNGREEDY
                                  : 0;
        if (bit) {
            flags = minus ? flags & ~bit : flags | bit;
            seen = true;
        } else if (c == '-' && !minus) {
            minus = true;
            seen = false;
        } else if ((c == ':' || c == ')') && (!minus || seen)) {
            if (c == ':' && !open_group(p, false, (wb_str){0}))
                return false;
            p->flags = flags;
            *s = t;
            return true;
        } else {
            break;
        }
    }
    return fail(p, "invalid or unsupported Perl syntax", between(*s, t));
}

static bool close_group(parser *p)
{
    if (!finish_alternatives(p))
        return false;
    if (p->depth < 2 || p->stack[p->depth - 2]->op != RE_PAREN)
        return fail(p, "unexpected )", p->whole);
    re_node *body = p->stack[p->depth - 1], *paren = p->stack[p->depth - 2];
    p->depth -= 2;
    p->flags = paren->flags;
    if (!paren->min)
        return push(p, body);
    paren->op = RE_CAPTURE;
    paren->sub = re_alloc(p->re, sizeof *paren->sub);
    paren->sub[0] = body;
    paren->count = 1;
    paren->height = body->height + 1;
    paren->size = body->size + 2;
    paren->nullable = body->nullable;
    return push(p, paren);
}

static bool push_dot(parser *p)
{
    ranges r = {0};
    if (p->flags & DOT_NL) {
        add_range(&r, 0, WS_RUNE_MAX);
    } else {
        add_range(&r, 0, '\n' - 1);
        add_range(&r, '\n' + 1, WS_RUNE_MAX);
    }
    return push_class(p, &r);
}

static bool quoted_text(parser *p, wb_str *t)
{
    *t = skip(*t, 2);
    const char *end = memmem(t->p, t->n, "\\E", 2);
    wb_str lit = end ? wb_str_n(t->p, (size_t)(end - t->p)) : *t;
    *t = end ? skip(*t, lit.n + 2) : skip(*t, t->n);
    while (lit.n) {
        uint32_t c;
        if (!next_rune(p, &lit, &c) || !push_literal(p, c))
            return false;
    }
    return true;
}

static bool backslash(parser *p, wb_str *t)
{
    if (t->n >= 2) {
        re_op op = t->p[1] == 'A'   ? RE_BEGIN_TEXT
                   : t->p[1] == 'b' ? RE_WORD
                   : t->p[1] == 'B' ? RE_NO_WORD
                   : t->p[1] == 'z' ? RE_END_TEXT
                                    : RE_NONE;
        if (op != RE_NONE) {
            *t = skip(*t, 2);
            return push_op(p, op);
        }
        if (t->p[1] == 'C')
            return fail(p, "invalid escape sequence", wb_str_n(t->p, 2));
        if (t->p[1] == 'Q')
            return quoted_text(p, t);
        ranges r = {0};
        int read = unicode_class(p, t, &r);
        if (read < 0) {
            free(r.v);
            return false;
        }
        if (read || perl_class(p, t, &r))
            return push_class(p, &r);
    }
    uint32_t c;
    return parse_escape(p, t, &c) && push_literal(p, c);
}

static bool step(parser *p, wb_str *t, wb_str *last_repeat)
{
    wb_str before = *t, rest, last = *last_repeat;
    uint32_t c;
    int min, max;
    *last_repeat = (wb_str){0};
    switch (t->p[0]) {
    case '(':
        if (t->n >= 2 && t->p[1] == '?')
            return parse_perl(p, t);
        *t = skip(*t, 1);
        return open_group(p, true, WB_LIT(""));
    case '|': *t = skip(*t, 1); return collapse(p, RE_CONCAT) && push_op(p, RE_BAR);
    case ')': *t = skip(*t, 1); return close_group(p);
    case '^': *t = skip(*t, 1); return push_op(p, p->flags & MULTI ? RE_BEGIN_LINE : RE_BEGIN_TEXT);
    case '$': *t = skip(*t, 1); return push_op(p, p->flags & MULTI ? RE_END_LINE : RE_END_TEXT);
    case '.': *t = skip(*t, 1); return push_dot(p);
    case '[': return parse_class(p, t);
    case '*':
    case '+':
    case '?':
        *t = skip(*t, 1);
        *last_repeat = last;
        return repeat(p, before.p[0] == '+', before.p[0] == '?' ? 1 : -1, false, before, t,
                      last_repeat);
    case '{':
        if (!parse_braces(*t, &min, &max, &rest))
            break;
        *t = rest;
        if (min < 0 || min > REPEAT_MAX || max > REPEAT_MAX || (max >= 0 && min > max))
            return fail(p, "invalid repeat count", between(before, *t));
        *last_repeat = last;
        return repeat(p, min, max, true, before, t, last_repeat);
    case '\\': return backslash(p, t);
    default: break;
    }
    return next_rune(p, t, &c) && push_literal(p, c);
}

/* What decides which matcher may run the pattern. */
static void survey(ws_re *re, const re_node *n, bool looped)
{
    if (n->op == RE_CLASS)
        return;
    if (n->op == RE_REPEAT && n->max < 0) {
        re->open_loops += looped ? 16 : 1;
        re->odd_loops |= n->sub[0]->nullable;
        looped = true;
    } else if (n->op == RE_REPEAT && n->max > 1) {
        re->odd_loops |= n->sub[0]->nullable;
        /* Bounded loops of loops multiply their ways too. */
        if (n->min != n->max)
            re->open_loops += looped || n->size > 64 ? 4 : 1;
        looped = true;
    }
    for (uint32_t i = 0; i < n->count; i++)
        survey(re, n->sub[i], looped);
}

static bool starts_anchored(const re_node *n)
{
    switch (n->op) {
    case RE_BEGIN_TEXT: return true;
    case RE_CAPTURE: return starts_anchored(n->sub[0]);
    case RE_CONCAT: return starts_anchored(n->sub[0]);
    case RE_REPEAT: return n->min > 0 && starts_anchored(n->sub[0]);
    case RE_ALTERNATE:
        for (uint32_t i = 0; i < n->count; i++)
            if (!starts_anchored(n->sub[i]))
                return false;
        return true;
    default: return false;
    }
}

bool re_parse(ws_re *re, wb_str pattern, wb_buf *error)
{
    parser p = {.re = re, .whole = pattern, .groups = 1, .names_cap = 8, .error = error};
    p.names = wb_malloc(p.names_cap * sizeof *p.names);
    p.names[0] = (wb_str){0};
    if (pattern.n > WS_RE_PATTERN_MAX)
        fail(&p, "expression too large", wb_str_n(pattern.p, 64));
    wb_str t = pattern, last_repeat = {0};
    while (t.n && !p.failed)
        if (!step(&p, &t, &last_repeat))
            p.failed = true;
    if (!p.failed && finish_alternatives(&p)) {
        if (p.depth != 1)
            fail(&p, "missing closing )", pattern);
        else
            re->root = p.stack[0];
    }
    re->groups = p.groups;
    re->names = re_alloc(re, p.groups * sizeof *re->names);
    for (unsigned i = 0; i < p.groups; i++) {
        char *name = re_alloc(re, p.names[i].n + 1);
        if (p.names[i].n)
            memcpy(name, p.names[i].p, p.names[i].n);
        re->names[i] = wb_str_n(name, p.names[i].n);
    }
    free(p.names);
    free(p.stack);
    if (p.failed)
        return false;
    survey(re, re->root, false);
    re->anchored = starts_anchored(re->root);
    return true;
}

static void free_chunks(ws_re *re)
{
    for (chunk *c = re->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
}

ws_re *ws_re_compile(wb_str pattern, wb_buf *error)
{
    ws_re *re = wb_calloc(1, sizeof *re);
    if (!re_parse(re, pattern, error)) {
        ws_re_free(re);
        return NULL;
    }
    if (re->root->size > RE_PROGRAM_MAX || !re_make_program(re)) {
        wb_buf_puts(error, "error parsing regexp: expression too large");
        ws_re_free(re);
        return NULL;
    }
    re_make_pcre(re);
    return re;
}

void ws_re_free(ws_re *re)
{
    if (!re)
        return;
    if (re->code)
        pcre2_code_free(re->code);
    free(re->program);
    free_chunks(re);
    free(re);
}

bool ws_re_valid(wb_str pattern)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    ws_re re = {0};
    bool ok = re_parse(&re, pattern, &b);
    free_chunks(&re);
    wb_buf_free(&b);
    return ok;
}

unsigned ws_re_groups(const ws_re *re)
{
    return re->groups;
}

wb_str ws_re_group_name(const ws_re *re, unsigned group)
{
    return re->names[group];
}
