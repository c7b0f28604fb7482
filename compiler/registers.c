/* Locals to registers, for functions that have more locals than registers.
 *
 * Takes a planned function. After it, locals that are never needed at the same time share a number,
 * and fn->n_locals says how many numbers are left; when that is still more than an instruction can
 * name, the emitter reports it. Functions of few locals are emitted as they were planned.
 *
 * A *life* is the stretch of statements in which a local holds something: from its first mention to
 * its last, or to where its block ends. What a loop uses and was there before stays to the loop's
 * end, since the next turn uses it again; what is still used behind a loop was there from the
 * loop's begin. A loop's own registers are one life as wide as they are many. Lives are numbered in
 * the order of a walk, which is gone through twice: once to find them, once to put in what they
 * were given. */
#include "compiler/plan.h"

#include <stdlib.h>

#define NONE  UINT32_MAX
#define WORDS ((WM_REG_MAX + 1) / 64)

typedef struct life {
    uint32_t first, last; /* statements */
    uint32_t home;        /* innermost loop around all of it */
    uint32_t until;       /* the loop to whose end it stays, or NONE */
    uint32_t width;
    uint32_t reg;
    uint32_t next; /* in the list of those that begin, then end, at one statement */
} life;

typedef struct loop {
    uint32_t parent, depth; /* 0 is the function itself */
    uint32_t begin, end;
} loop;

typedef struct allocator {
    wc_function *fn;
    life *lives;
    uint32_t n_lives, cap_lives;
    loop *loops;
    uint32_t n_loops, cap_loops;
    uint32_t *open; /* loops by depth */
    uint32_t cap_open;
    uint32_t in;   /* innermost open loop */
    uint32_t *now; /* by local: its life, or NONE */
    uint32_t *met; /* locals that have one, in the order they were met */
    uint32_t n_met;
    uint32_t at; /* number of the statement */
    bool second; /* the walk that puts registers in */
    uint64_t used[WORDS];
    uint32_t most;
    bool full;
} allocator;

static void *room(void *p, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? 2 * *cap : 256;
    return wb_realloc(p, *cap * size);
}

/* ---- the walk ---- */

static uint32_t begin_life(allocator *a, uint32_t width)
{
    if (!a->second) {
        a->lives = room(a->lives, a->n_lives, &a->cap_lives, sizeof *a->lives);
        a->lives[a->n_lives] =
            (life){.first = a->at, .last = a->at, .home = a->in, .until = NONE, .width = width};
    }
    return a->n_lives++;
}

static bool is_open(const allocator *a, uint32_t number)
{
    uint32_t depth = a->loops[number].depth;
    return depth <= a->loops[a->in].depth && a->open[depth] == number;
}

static void touch(allocator *a, life *l)
{
    l->last = a->at;
    while (!is_open(a, l->home)) {
        l->first = a->loops[l->home].begin;
        l->home = a->loops[l->home].parent;
    }
    if (l->home != a->in)
        l->until = a->open[a->loops[l->home].depth + 1];
}

static void name(allocator *a, uint32_t local, uint32_t number)
{
    if (a->now[local] == NONE)
        a->met[a->n_met++] = local;
    a->now[local] = number;
}

/* A mention of a local; it may be one of a loop's. */
static void mention(allocator *a, uint32_t *local)
{
    if (a->now[*local] == NONE)
        name(a, *local, begin_life(a, 1));
    life *l = &a->lives[a->now[*local]];
    if (!a->second)
        touch(a, l);
    else if (l->width == 1)
        *local = l->reg;
    else
        /* The number of a loop's first register was left in `next` by the walk. */
        *local = l->reg + (*local - l->next);
}

static void operand(allocator *a, wc_operand *o)
{
    if (o->kind == WC_LOCAL)
        mention(a, &o->n);
}

/* Ends the lives of the block's own locals. */
static void forget(allocator *a, const wc_block *b, uint32_t from)
{
    uint32_t kept = from;
    for (uint32_t i = from; i < a->n_met; i++) {
        if (b->own && a->met[i] + 1 >= b->own)
            a->now[a->met[i]] = NONE;
        else
            a->met[kept++] = a->met[i];
    }
    a->n_met = kept;
}

static void walk(allocator *a, wc_block *b);

static uint32_t begin_loop(allocator *a)
{
    uint32_t number = a->n_loops++;
    if (!a->second) {
        a->loops = room(a->loops, number, &a->cap_loops, sizeof *a->loops);
        a->loops[number] =
            (loop){.parent = a->in, .depth = a->loops[a->in].depth + 1, .begin = a->at};
    }
    a->open = room(a->open, a->loops[number].depth, &a->cap_open, sizeof *a->open);
    a->open[a->loops[number].depth] = number;
    return number;
}

static void scan(allocator *a, wc_stmt *s)
{
    uint32_t base = s->t - WM_IT_KEY, before = a->n_met, outer[WM_ITER_REGS];
    uint32_t own = begin_life(a, WM_ITER_REGS);
    operand(a, &s->a);
    for (uint32_t i = 0; i < WM_ITER_REGS; i++) {
        outer[i] = a->now[base + i];
        name(a, base + i, own);
    }
    uint32_t number = begin_loop(a);
    if (a->second) {
        a->lives[own].next = base;
        s->t = a->lives[own].reg + WM_IT_KEY;
    } else {
        a->lives[own].until = number;
    }
    uint32_t around = a->in;
    a->in = number;
    walk(a, s->block);
    a->at++;
    if (!a->second)
        a->loops[number].end = a->at;
    a->in = around;
    for (uint32_t i = 0; i < WM_ITER_REGS; i++)
        a->now[base + i] = outer[i];
    uint32_t kept = before;
    for (uint32_t i = before; i < a->n_met; i++)
        if (a->now[a->met[i]] != NONE)
            a->met[kept++] = a->met[i];
    a->n_met = kept;
}

static void walk(allocator *a, wc_block *b)
{
    uint32_t from = a->n_met;
    for (wc_stmt *s = b->first; s; s = s->next) {
        a->at++;
        if (s->kind == WC_S_Scan) {
            scan(a, s);
            continue;
        }
        operand(a, &s->a);
        operand(a, &s->b);
        for (uint32_t i = 0; i < s->n_args; i++)
            operand(a, &s->args[i]);
        for (uint32_t i = 0; i < s->n_with; i++)
            operand(a, &s->with[i].value);
        if (wc_sets_local(s))
            mention(a, &s->t);
        if (s->kind == WC_S_Block || s->kind == WC_S_With)
            walk(a, s->block);
    }
    a->at++;
    forget(a, b, from);
}

static void walk_function(allocator *a)
{
    a->at = a->in = a->n_lives = a->n_met = 0;
    a->n_loops = 1;
    a->open[0] = 0;
    for (uint32_t i = 0; i < a->fn->n_locals; i++)
        a->now[i] = NONE;
    for (uint32_t i = 0; i < a->fn->n_args; i++)
        name(a, i, begin_life(a, 1));
    walk(a, a->fn->body);
}

/* ---- registers ---- */

static void mark(allocator *a, const life *l, bool used)
{
    for (uint32_t r = l->reg; r < l->reg + l->width; r++)
        a->used[r / 64] = used ? a->used[r / 64] | UINT64_C(1) << r % 64
                               : a->used[r / 64] & ~(UINT64_C(1) << r % 64);
}

/* The lowest registers that are free. */
static void give(allocator *a, life *l)
{
    uint32_t run = 0;
    for (uint32_t r = 0; r <= WM_REG_MAX; r++) {
        if (run == 0 && r % 64 == 0 && a->used[r / 64] == UINT64_MAX) {
            r += 63;
            continue;
        }
        run = a->used[r / 64] >> r % 64 & 1 ? 0 : run + 1;
        if (run == l->width) {
            l->reg = r + 1 - run;
            mark(a, l, true);
            if (r + 1 > a->most)
                a->most = r + 1;
            return;
        }
    }
    a->full = true;
}

/* Goes through the statements with the lives that begin and end there. */
static void give_all(allocator *a)
{
    uint32_t n = a->at + 1;
    uint32_t *begins = wb_malloc(2 * (size_t)n * sizeof *begins), *ends = begins + n;
    for (uint32_t i = 0; i < n; i++)
        begins[i] = ends[i] = NONE;
    for (uint32_t i = a->n_lives; i-- > 0;) {
        life *l = &a->lives[i];
        if (l->until != NONE && a->loops[l->until].end > l->last)
            l->last = a->loops[l->until].end;
        if (i < a->fn->n_args)
            l->last = a->at; /* arguments stay where the caller puts them */
        l->next = begins[l->first];
        begins[l->first] = i;
    }
    for (uint32_t at = 0; at < n && !a->full; at++) {
        for (uint32_t i = begins[at], next; i != NONE && !a->full; i = next) {
            life *l = &a->lives[i];
            next = l->next;
            give(a, l);
            l->next = ends[l->last];
            ends[l->last] = i;
        }
        for (uint32_t i = ends[at]; i != NONE; i = a->lives[i].next)
            mark(a, &a->lives[i], false);
    }
    free(begins);
}

void wc_assign_registers(wc_function *fn)
{
    if (fn->n_locals <= WC_LOCALS_PLAIN)
        return;
    allocator a = {.fn = fn};
    a.now = wb_malloc(2 * (size_t)fn->n_locals * sizeof *a.now);
    a.met = a.now + fn->n_locals;
    a.open = room(NULL, 0, &a.cap_open, sizeof *a.open);
    a.loops = room(NULL, 0, &a.cap_loops, sizeof *a.loops);
    a.loops[0] = (loop){.end = NONE};
    walk_function(&a);
    give_all(&a);
    if (!a.full) {
        a.second = true;
        walk_function(&a);
        fn->n_locals = a.most;
    }
    free(a.lives);
    free(a.loops);
    free(a.open);
    free(a.now);
}
