/* The tree as a PCRE2 pattern that means the same, and the choice of the matcher. */
#include "base/error.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/re_tree.h"

#include <stdlib.h>

#define PCRE_PROGRAM_MAX 20000u /* larger patterns cost more to compile than they save */
#define JIT_STACK_START  ((size_t)32 << 10)
#define JIT_STACK_MAX    ((size_t)1 << 20)
/* Steps that one call may take before the other machine takes over: some 30 milliseconds. */
#define MATCH_WORK ((uint64_t)30000000)
/* Looking ahead is quick: so many bytes count for one. */
#define OPEN_LOOP_SHARE 4

/* ---- writing ---- */

static void put_rune(wb_buf *b, uint32_t c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        wb_buf_putc(b, (char)c);
    else
        wb_buf_putf(b, "\\x{%x}", c);
}

static void put_range(wb_buf *b, uint32_t lo, uint32_t hi)
{
    if (lo > hi)
        return;
    put_rune(b, lo);
    if (hi > lo) {
        wb_buf_putc(b, '-');
        put_rune(b, hi);
    }
}

static void put_class(wb_buf *b, const re_node *n)
{
    bool any = false;
    wb_buf_putc(b, '[');
    for (uint32_t i = 0; i < n->count; i++) {
        uint32_t lo = n->ranges[2 * i], hi = n->ranges[2 * i + 1];
        /* Surrogates are no characters in PCRE2 and never come out of UTF-8. */
        uint32_t below = hi < 0xd7ff ? hi : 0xd7ff, above = lo > 0xe000 ? lo : 0xe000;
        put_range(b, lo, below);
        put_range(b, above, hi);
        any |= lo <= below || above <= hi;
    }
    if (any) {
        wb_buf_putc(b, ']');
    } else {
        b->n--;
        wb_buf_puts(b, "(?!)");
    }
}

static void put_node(wb_buf *b, const re_node *n)
{
    switch (n->op) {
    case RE_EMPTY: wb_buf_puts(b, "(?:)"); break;
    case RE_CLASS:
        if (n->count == 1 && n->ranges[0] == n->ranges[1] && (n->ranges[0] & ~0x7ffu) != 0xd800)
            put_rune(b, n->ranges[0]);
        else
            put_class(b, n);
        break;
    case RE_BEGIN_LINE: wb_buf_puts(b, "(?m:^)"); break;
    case RE_END_LINE: wb_buf_puts(b, "(?m:$)"); break;
    case RE_BEGIN_TEXT: wb_buf_puts(b, "\\A"); break;
    case RE_END_TEXT: wb_buf_puts(b, "\\z"); break;
    case RE_WORD: wb_buf_puts(b, "\\b"); break;
    case RE_NO_WORD: wb_buf_puts(b, "\\B"); break;
    case RE_CAPTURE:
        wb_buf_putc(b, '(');
        put_node(b, n->sub[0]);
        wb_buf_putc(b, ')');
        break;
    case RE_REPEAT:
        if (n->sub[0]->op != RE_CLASS)
            wb_buf_puts(b, "(?:");
        put_node(b, n->sub[0]);
        if (n->sub[0]->op != RE_CLASS)
            wb_buf_putc(b, ')');
        if (n->max < 0)
            wb_buf_putf(b, "{%d,}", n->min);
        else
            wb_buf_putf(b, "{%d,%d}", n->min, n->max);
        if (n->lazy)
            wb_buf_putc(b, '?');
        break;
    case RE_CONCAT:
        for (uint32_t i = 0; i < n->count; i++)
            put_node(b, n->sub[i]);
        break;
    case RE_ALTERNATE:
        wb_buf_puts(b, "(?:");
        for (uint32_t i = 0; i < n->count; i++) {
            if (i)
                wb_buf_putc(b, '|');
            put_node(b, n->sub[i]);
        }
        wb_buf_putc(b, ')');
        break;
    default: wb_buf_puts(b, "(?!)"); break;
    }
}

void re_make_pcre(ws_re *re)
{
    if (re->program_len > PCRE_PROGRAM_MAX)
        return;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        return;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    wb_buf b;
    wb_buf_init(&b, (size_t)16 << 20);
    put_node(&b, re->root);
    int code;
    PCRE2_SIZE at;
    if (!b.failed)
        re->code = pcre2_compile((PCRE2_SPTR)(b.n ? b.p : ""), b.n,
                                 PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
                                     PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C,
                                 &code, &at, context);
    wb_buf_free(&b);
    pcre2_compile_context_free(context);
    re->jit = re->code && pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0;
}

/* ---- matching ---- */

typedef struct scratch {
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    unsigned groups; /* there is room for in data */
} scratch;

static void scratch_free(void *p)
{
    scratch *s = p;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    free(s);
}

static scratch *get_scratch(ws_ctx *cx, unsigned groups)
{
    scratch *s = ws_cache_scratch(cx->cache, WS_SCRATCH_REGEX);
    if (__builtin_expect(!s, 0)) {
        s = wb_calloc(1, sizeof *s);
        s->context = pcre2_match_context_create(NULL);
        s->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
        if (!s->context)
            wb_fatal("out of memory");
        pcre2_jit_stack_assign(s->context, NULL, s->stack);
        ws_cache_set_scratch(cx->cache, WS_SCRATCH_REGEX, s, scratch_free);
    }
    if (__builtin_expect(s->groups < groups, 0)) {
        pcre2_match_data_free(s->data);
        s->groups = groups < 16 ? 16 : groups;
        s->data = pcre2_match_data_create(s->groups, NULL);
        if (!s->data)
            wb_fatal("out of memory");
    }
    return s;
}

/* The match limit that keeps the work in bounds; 0 when none does. PCRE2 counts the limit anew at
 * each start, and does not count the characters a loop gives back one by one. */
static uint32_t limit_for(const ws_re *re, size_t n)
{
    uint64_t starts = re->anchored ? 1 : n + 1, each = re->open_loops ? n + 1 : 1;
    if (starts > MATCH_WORK || each > MATCH_WORK / starts)
        return 0;
    uint64_t limit = MATCH_WORK / starts / each;
    return limit < 8 ? 0 : limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
}

/* PCRE2's answer, or anything below PCRE2_ERROR_NOMATCH when the other machine must run. */
static int quick(ws_ctx *cx, const ws_re *re, wb_str s, size_t from, scratch **out)
{
    uint32_t limit = limit_for(re, s.n - from);
    if (!limit || !re->code)
        return PCRE2_ERROR_MATCHLIMIT;
    scratch *m = *out = get_scratch(cx, re->groups);
    pcre2_set_match_limit(m->context, limit);
    if (re->jit)
        return pcre2_jit_match(re->code, (PCRE2_SPTR)s.p, s.n, from, 0, m->data, m->context);
    return pcre2_match(re->code, (PCRE2_SPTR)s.p, s.n, from, PCRE2_NO_UTF_CHECK, m->data,
                       m->context);
}

/* Bytes that a look at n bytes of text counts for: the linear machine's work, whichever runs. */
static size_t cost(const ws_re *re, size_t n)
{
    return n * (1 + (size_t)re->program_len / 16);
}

ws_re_answer ws_re_test(ws_ctx *cx, const ws_re *re, wb_str s)
{
    if (!ws_spend(cx, cost(re, s.n)))
        return WS_RE_STOPPED;
    if (ws_ascii(s) || wb_utf8_valid(s, NULL)) {
        scratch *m;
        int rc = quick(cx, re, s, 0, &m);
        if (rc >= 0)
            return WS_RE_YES;
        if (rc == PCRE2_ERROR_NOMATCH)
            return WS_RE_NO;
    }
    return re_run(cx, re, s, 0, NULL);
}

static ws_re_answer find(ws_ctx *cx, const ws_re *re, wb_str s, bool utf8, size_t from,
                         size_t *ends)
{
    if (utf8 && !re->odd_loops) {
        scratch *m;
        int rc = quick(cx, re, s, from, &m);
        if (rc == PCRE2_ERROR_NOMATCH)
            return WS_RE_NO;
        if (rc > 0) {
            const PCRE2_SIZE *v = pcre2_get_ovector_pointer(m->data);
            for (size_t i = 0; i < 2 * (size_t)re->groups; i++)
                ends[i] = i < 2 * (size_t)rc && v[i] != PCRE2_UNSET ? v[i] : SIZE_MAX;
            return WS_RE_YES;
        }
    }
    return re_run(cx, re, s, from, ends);
}

ws_re_answer ws_re_find(ws_ctx *cx, const ws_re *re, wb_str s, bool utf8, size_t from, size_t *ends)
{
    /* A loop without an end may look at all that is left to find a short match. */
    if (re->open_loops && !ws_spend(cx, cost(re, s.n - from) / OPEN_LOOP_SHARE))
        return WS_RE_STOPPED;
    ws_re_answer a = find(cx, re, s, utf8, from, ends);
    size_t seen = a == WS_RE_YES ? ends[1] - from : s.n - from;
    return a == WS_RE_STOPPED || ws_spend(cx, cost(re, seen)) ? a : WS_RE_STOPPED;
}
