/* A machine that follows all threads of a pattern at once: time is program times subject, whatever
 * the pattern. Threads stand in order of preference, so the first to match wins as in backtracking.
 */
#include "base/error.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/re_tree.h"

#include <stdlib.h>

typedef enum inst_op { I_CLASS, I_SPLIT, I_SAVE, I_ASSERT, I_MATCH, I_FAIL } inst_op;

struct re_inst {
    uint8_t op;
    uint8_t what;           /* of I_ASSERT: an re_op */
    uint32_t out;           /* next */
    uint32_t arg;           /* I_SPLIT: the other way; I_SAVE: slot; I_CLASS: pairs */
    const uint32_t *ranges; /* I_CLASS */
};

/* ---- compiling ---- */

typedef struct builder {
    re_inst *code;
    uint32_t n, cap;
    bool full;
} builder;

static uint32_t add(builder *b, re_inst i)
{
    if (b->n == RE_PROGRAM_MAX) {
        b->full = true;
        return 0;
    }
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 16;
        b->code = wb_realloc(b->code, b->cap * sizeof *b->code);
    }
    b->code[b->n] = i;
    return b->n++;
}

static uint32_t split(builder *b, uint32_t first, uint32_t second, bool swap)
{
    return add(
        b, (re_inst){.op = I_SPLIT, .out = swap ? second : first, .arg = swap ? first : second});
}

static uint32_t emit(builder *b, const re_node *n, uint32_t next);

static uint32_t emit_repeat(builder *b, const re_node *n, uint32_t next)
{
    const re_node *x = n->sub[0];
    uint32_t entry = next;
    int copies = n->min;
    if (n->max < 0) {
        uint32_t loop = split(b, 0, 0, false);
        uint32_t body = emit(b, x, loop);
        if (b->full)
            return 0;
        b->code[loop].out = n->lazy ? next : body;
        b->code[loop].arg = n->lazy ? body : next;
        if (n->min == 0)
            /* What may be empty is (x+)?, so that the order of preference is right. */
            return x->nullable ? split(b, body, next, n->lazy) : loop;
        entry = body;
        copies--;
    } else {
        for (int i = n->min; i < n->max && !b->full; i++)
            entry = split(b, emit(b, x, entry), next, n->lazy);
    }
    for (int i = 0; i < copies && !b->full; i++)
        entry = emit(b, x, entry);
    return entry;
}

/* Writes what matches n and goes on at `next`; answers where it starts. */
static uint32_t emit(builder *b, const re_node *n, uint32_t next)
{
    if (b->full)
        return 0;
    switch (n->op) {
    case RE_EMPTY: return next;
    case RE_CLASS:
        if (!n->count)
            return add(b, (re_inst){.op = I_FAIL});
        return add(b, (re_inst){.op = I_CLASS, .out = next, .arg = n->count, .ranges = n->ranges});
    case RE_CAPTURE: {
        uint32_t slot = 2 * (uint32_t)n->min;
        uint32_t end = add(b, (re_inst){.op = I_SAVE, .out = next, .arg = slot + 1});
        uint32_t body = emit(b, n->sub[0], end);
        return add(b, (re_inst){.op = I_SAVE, .out = body, .arg = slot});
    }
    case RE_REPEAT: return emit_repeat(b, n, next);
    case RE_CONCAT:
        for (uint32_t i = n->count; i-- > 0;)
            next = emit(b, n->sub[i], next);
        return next;
    case RE_ALTERNATE: {
        uint32_t entry = emit(b, n->sub[n->count - 1], next);
        for (uint32_t i = n->count - 1; i-- > 0;)
            entry = split(b, emit(b, n->sub[i], next), entry, false);
        return entry;
    }
    case RE_NONE: return add(b, (re_inst){.op = I_FAIL});
    default: return add(b, (re_inst){.op = I_ASSERT, .what = n->op, .out = next});
    }
}

bool re_make_program(ws_re *re)
{
    builder b = {0};
    uint32_t match = add(&b, (re_inst){.op = I_MATCH});
    uint32_t start = emit(&b, re->root, match);
    /* The entry is the last instruction. */
    add(&b, (re_inst){.op = I_SPLIT, .out = start, .arg = start});
    re->program = b.code;
    re->program_len = b.n;
    return !b.full;
}

/* ---- running ---- */

#define CAPTURE_WORDS_MAX ((size_t)1 << 22) /* 32 MB of offsets for all threads */
#define CANCEL_STEPS      ((size_t)1 << 22) /* instructions between looks at the clock */

typedef struct list {
    uint32_t *dense, *sparse;
    uint32_t n;
    size_t *ends; /* slots of each thread, by place in dense */
} list;

typedef struct undo {
    uint32_t pc;   /* where to go on, or */
    uint32_t slot; /* which slot to restore: UINT32_MAX for none */
    size_t old;
} undo;

typedef struct machine {
    const ws_re *re;
    wb_str s;
    size_t slots; /* 0: only whether there is a match */
    size_t *now;  /* slots of the thread being added */
    undo *stack;
    bool found; /* a test has met I_MATCH */
} machine;

static bool word(wb_str s, size_t at)
{
    unsigned char c = at < s.n ? (unsigned char)s.p[at] : 0;
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool holds(const machine *m, unsigned what, size_t at)
{
    wb_str s = m->s;
    switch (what) {
    case RE_BEGIN_TEXT: return at == 0;
    case RE_END_TEXT: return at == s.n;
    case RE_BEGIN_LINE: return at == 0 || s.p[at - 1] == '\n';
    case RE_END_LINE: return at == s.n || s.p[at] == '\n';
    default: {
        bool boundary = (at > 0 && word(s, at - 1)) != word(s, at);
        return boundary == (what == RE_WORD);
    }
    }
}

/* Adds the thread at pc, and all it leads to without reading, to the list at offset `at`. */
static void follow(machine *m, list *l, uint32_t pc, size_t at)
{
    const re_inst *code = m->re->program;
    uint32_t n = 0;
    m->stack[n++] = (undo){pc, UINT32_MAX, 0};
    while (n) {
        undo u = m->stack[--n];
        if (u.slot != UINT32_MAX) {
            m->now[u.slot] = u.old;
            continue;
        }
        pc = u.pc;
        if (l->sparse[pc] < l->n && l->dense[l->sparse[pc]] == pc)
            continue;
        uint32_t place = l->n++;
        l->sparse[pc] = place;
        l->dense[place] = pc;
        const re_inst *i = &code[pc];
        switch (i->op) {
        case I_SPLIT:
            m->stack[n++] = (undo){i->arg, UINT32_MAX, 0};
            m->stack[n++] = (undo){i->out, UINT32_MAX, 0};
            break;
        case I_SAVE:
            if (i->arg < m->slots) {
                m->stack[n++] = (undo){0, i->arg, m->now[i->arg]};
                m->now[i->arg] = at;
            }
            m->stack[n++] = (undo){i->out, UINT32_MAX, 0};
            break;
        case I_ASSERT:
            if (holds(m, i->what, at))
                m->stack[n++] = (undo){i->out, UINT32_MAX, 0};
            break;
        case I_MATCH: m->found = true; __attribute__((fallthrough));
        case I_CLASS:
            if (m->slots)
                memcpy(l->ends + place * m->slots, m->now, m->slots * sizeof(size_t));
            break;
        default: break;
        }
    }
}

static bool in_class(const re_inst *i, uint32_t c)
{
    uint32_t lo = 0, hi = i->arg;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (c < i->ranges[2 * mid])
            hi = mid;
        else if (c > i->ranges[2 * mid + 1])
            lo = mid + 1;
        else
            return true;
    }
    return false;
}

static void list_make(list *l, uint32_t n, size_t slots)
{
    l->dense = wb_malloc(n * sizeof *l->dense);
    l->sparse = wb_calloc(n, sizeof *l->sparse);
    l->ends = slots ? wb_malloc(n * slots * sizeof *l->ends) : NULL;
    l->n = 0;
}

static void list_free(list *l)
{
    free(l->dense);
    free(l->sparse);
    free(l->ends);
}

ws_re_answer re_run(ws_ctx *cx, const ws_re *re, wb_str s, size_t from, size_t *ends)
{
    uint32_t len = re->program_len, start = len - 1;
    size_t slots = ends ? 2 * (size_t)re->groups : 0;
    if (slots * len > CAPTURE_WORDS_MAX) {
        ws_fail_kind(cx, WS_ERR_BUDGET, "the pattern has too many groups for its size");
        return WS_RE_STOPPED;
    }
    machine m = {.re = re, .s = s, .slots = slots};
    list a, b, *now = &a, *next = &b;
    list_make(&a, len, slots);
    list_make(&b, len, slots);
    m.now = wb_malloc((slots + 1) * sizeof *m.now);
    m.stack = wb_malloc((2 * (size_t)len + 2) * sizeof *m.stack);
    ws_re_answer answer = WS_RE_NO;
    size_t steps = 0;
    for (size_t at = from;;) {
        if (answer == WS_RE_NO && (at == 0 || !re->anchored)) {
            for (size_t i = 0; i < slots; i++)
                m.now[i] = SIZE_MAX;
            if (slots)
                m.now[0] = at;
            follow(&m, now, start, at);
        }
        if (!now->n)
            break;
        if (!slots && m.found) {
            answer = WS_RE_YES;
            break;
        }
        steps += now->n;
        if (steps > CANCEL_STEPS) {
            steps = 0;
            if (cx->cancelled && cx->cancelled(cx->cancel_arg)) {
                ws_fail_kind(cx, WS_ERR_CANCEL, "timed out before finishing");
                answer = WS_RE_STOPPED;
                break;
            }
        }
        size_t used = 0;
        uint32_t c = at < s.n ? wb_utf8_get(s.p + at, s.n - at, &used) : 0;
        for (uint32_t k = 0; k < now->n; k++) {
            const re_inst *i = &re->program[now->dense[k]];
            if (i->op == I_MATCH) {
                /* What comes after is less preferred. */
                memcpy(ends, now->ends + k * slots, slots * sizeof *ends);
                ends[1] = at;
                answer = WS_RE_YES;
                break;
            }
            if (i->op == I_CLASS && used && in_class(i, c)) {
                if (slots)
                    memcpy(m.now, now->ends + k * slots, slots * sizeof(size_t));
                follow(&m, next, i->out, at + used);
            }
        }
        list *t = now;
        now = next;
        next = t;
        next->n = 0;
        if (at >= s.n) {
            /* Threads cannot go on behind the end. */
            break;
        }
        at += used;
        if (!now->n && (answer != WS_RE_NO || (re->anchored && at > 0)))
            break;
    }
    list_free(&a);
    list_free(&b);
    free(m.now);
    free(m.stack);
    return answer;
}
