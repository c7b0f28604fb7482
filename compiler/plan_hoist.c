/* Reads that every turn of a loop repeats.
 *
 * Takes the finished plan. A step from a value that is there before a loop, by a key that is there
 * before it too, reads the same in every turn: it is read once in front of the outermost such loop.
 * A step that is undefined raises no error, but what stands before it in the loop may, so the loop
 * runs as before: where the step stood it is asked whether it was defined. Of several steps behind
 * each other the last one answers for all. Where nothing that is seen stands before a step, or
 * before a test of what is there, no turn does anything without it: then it ends a block in front
 * of the loop that has the loop in it. Nothing is taken out of a `with`, where input and data are
 * others. Reports nothing. */
#include "compiler/plan.h"

#include <stdlib.h>

#define HOISTED_MAX 64u /* reads of one function: each takes a register */

typedef struct hoister {
    wc_unit *u;
    const wc_plan *plan;
    wc_function *fn;
    const wc_stmt **def; /* by local: what set it last, for notes; NULL: none are wanted */
    uint32_t *when;      /* by local: the number of the statement that set it last */
    uint32_t n_when;
    uint32_t at;
    uint32_t hoisted;
} hoister;

static void set(hoister *h, uint32_t local, const wc_stmt *s)
{
    if (h->def)
        h->def[local] = s;
    if (local < h->n_when)
        h->when[local] = h->at;
}

static bool is_there(const hoister *h, wc_operand o, uint32_t since)
{
    if (o.kind != WC_LOCAL)
        return o.kind == WC_CONST;
    return o.n >= h->n_when || h->when[o.n] < since; /* above: hoisted itself */
}

static void rename_operand(wc_operand *o, uint32_t from, uint32_t to)
{
    if (o->kind == WC_LOCAL && o->n == from)
        o->n = to;
}

/* In s and all behind it in its block, which is how far a local of the block lives. */
static void rename(wc_stmt *s, uint32_t from, uint32_t to)
{
    for (; s; s = s->next) {
        rename_operand(&s->a, from, to);
        rename_operand(&s->b, from, to);
        for (uint32_t i = 0; i < s->n_args; i++)
            rename_operand(&s->args[i], from, to);
        for (uint32_t i = 0; i < s->n_with; i++)
            rename_operand(&s->with[i].value, from, to);
        if (s->block && s->kind != WC_S_Break)
            rename(s->block->first, from, to);
    }
}

/* Statements in front of a loop, to be put there. */
typedef struct front {
    wc_stmt *first, *last;
    bool needed; /* without some of them the loop would do nothing: it is left out then */
    bool quiet;  /* nothing that is seen stands before this place in the loop's body */
} front;

static wc_stmt *add(hoister *h, front *f, wc_stmt_kind kind, const wc_stmt *from, uint32_t t)
{
    wc_stmt *s = wb_arena_calloc(h->u->a, sizeof *s);
    *s = (wc_stmt){.kind = (uint8_t)kind, .loc = from->loc, .t = t};
    if (f->last)
        f->last->next = s;
    else
        f->first = s;
    return f->last = s;
}

static wc_stmt *copy_read(hoister *h, const wc_stmt *s, uint32_t t)
{
    wc_stmt *read = wb_arena_calloc(h->u->a, sizeof *read);
    *read = *s;
    read->t = t;
    read->next = NULL;
    if (h->def) {
        h->def[t] = read;
        wc_why(h->u, h->fn, "hoist", s->loc, "%s",
               wc_place_text(h->u, h->plan, h->fn, h->def, wc_op_local(t)));
    }
    return read;
}

/* The front ends with s, and the loop is left out. */
static void decide(hoister *h, front *f, wc_stmt *s)
{
    if (!wc_sets_local(s) && s->kind != WC_S_IsDefined)
        wc_why(h->u, h->fn, "hoist", s->loc, "a test");
    f->last = *(f->last ? &f->last->next : &f->first) = s;
    s->next = NULL;
    f->needed = true;
}

/* Puts the read into the front; its local takes the place of the old one behind it. */
static uint32_t hoist(hoister *h, front *f, const wc_stmt *s)
{
    uint32_t t = h->fn->n_locals + h->hoisted++;
    wc_stmt *read = copy_read(h, s, t);
    rename(s->next, s->t, t);
    if (f->quiet) {
        decide(h, f, read);
    } else {
        add(h, f, WC_S_ResetLocal, s, t);
        wc_stmt *b = add(h, f, WC_S_Block, s, 0);
        b->block = wb_arena_calloc(h->u->a, sizeof *b->block);
        b->block->first = b->block->last = read;
    }
    return t;
}

static bool is_read(const wc_stmt *s)
{
    return s->kind == WC_S_Dot || s->kind == WC_S_DotBase;
}

static bool uses(const wc_stmt *s, uint32_t local)
{
    return (s->a.kind == WC_LOCAL && s->a.n == local) || (s->b.kind == WC_LOCAL && s->b.n == local);
}

static void take_out(wc_block *b, wc_stmt *before, const wc_stmt *s)
{
    if (before)
        before->next = s->next;
    else
        b->first = s->next;
    if (b->last == s)
        b->last = before;
}

/* Takes the read s out of the loop. Answers the statement in front of the one that is next. */
static wc_stmt *replace(hoister *h, front *f, wc_block *b, wc_stmt *before, wc_stmt *s)
{
    bool asked = before && before->kind == WC_S_IsDefined && uses(s, before->a.n);
    uint32_t t = hoist(h, f, s);
    if (f->quiet || asked)
        take_out(b, before, s);
    if (f->quiet)
        return before;
    if (asked) {
        before->a = wc_op_local(t);
        return before;
    }
    *s = (wc_stmt){.kind = WC_S_IsDefined, .loc = s->loc, .a = wc_op_local(t), .next = s->next};
    return s;
}

/* Takes what does not change out of the loop's body, from the top down: a step from what was taken
 * out may follow. */
static void collect(hoister *h, front *f, wc_block *b, uint32_t since)
{
    wc_stmt *before = NULL;
    for (wc_stmt *s = b->first; s; s = before ? before->next : b->first) {
        h->at++;
        if (h->hoisted == HOISTED_MAX) {
            wc_why(h->u, h->fn, "hoist", s->loc, "not: %u reads are taken out", HOISTED_MAX);
            return;
        }
        bool root = s->kind == WC_S_Input || s->kind == WC_S_Data;
        if (root || (is_read(s) && is_there(h, s->a, since) && is_there(h, s->b, since))) {
            before = replace(h, f, b, before, s);
            continue;
        }
        if (f->quiet && wc_is_silent(s) && !wc_sets_local(s) && is_there(h, s->a, since) &&
            (s->b.kind == WC_NOTHING || is_there(h, s->b, since))) {
            take_out(b, before, s);
            decide(h, f, s);
            continue;
        }
        before = s;
        f->quiet = f->quiet && wc_is_silent(s);
        if (s->kind == WC_S_Scan) {
            set(h, s->t, s);
            set(h, s->t + 1, s);
        } else if (wc_sets_local(s)) {
            set(h, s->t, s);
        }
        if (s->kind == WC_S_With)
            wc_why(h->u, h->fn, "hoist", s->loc, "not: within `with` input and data are others");
        else if (s->block && s->kind != WC_S_Break)
            collect(h, f, s->block, since);
    }
}

/* A loop with its front: what takes the loop's place in its block. */
static wc_stmt *put_front(hoister *h, front *f, wc_stmt *scan)
{
    if (!f->first)
        return scan;
    wc_stmt *next = scan->next;
    f->last->next = scan;
    if (!f->needed)
        return f->first;
    scan->next = NULL;
    wc_stmt *s = wb_arena_calloc(h->u->a, sizeof *s);
    *s = (wc_stmt){.kind = WC_S_Block, .loc = scan->loc, .next = next};
    s->block = wb_arena_calloc(h->u->a, sizeof *s->block);
    *s->block = (wc_block){.first = f->first, .last = scan};
    return s;
}

static void walk(hoister *h, wc_block *b)
{
    wc_stmt *before = NULL;
    for (wc_stmt *s = b->first; s; before = s, s = s->next) {
        h->at++;
        if (s->kind == WC_S_Scan) {
            uint32_t since = h->at;
            front f = {.quiet = true};
            set(h, s->t, s);
            set(h, s->t + 1, s);
            collect(h, &f, s->block, since);
            wc_stmt *with_front = put_front(h, &f, s);
            *(before ? &before->next : &b->first) = with_front;
            if (b->last == s)
                b->last = with_front;
            h->at = since;
            walk(h, s->block);
            s = f.needed ? with_front : s;
            continue;
        } else if (wc_sets_local(s)) {
            set(h, s->t, s);
        }
        if (s->block && s->kind != WC_S_Break && s->kind != WC_S_With)
            walk(h, s->block);
    }
}

void wc_plan_hoist(wc_unit *u, const wc_plan *plan)
{
    if (u->options->passes_off & WC_PASS_HOIST)
        return;
    for (uint32_t i = 0; i < plan->n; i++) {
        wc_function *fn = plan->funcs[i];
        if (fn->n_locals > WC_LOCALS_PLAIN - 2 * HOISTED_MAX) { /* registers are scarce in there */
            wc_why(u, fn, "hoist", fn->out.loc, "not: the function has %u locals", fn->n_locals);
            continue;
        }
        hoister h = {.u = u, .plan = plan, .fn = fn, .n_when = fn->n_locals};
        h.when = wb_calloc(fn->n_locals + 1, sizeof *h.when);
        if (u->options->why)
            h.def = wb_calloc(fn->n_locals + HOISTED_MAX + 1, sizeof *h.def);
        walk(&h, fn->body);
        free(h.when);
        free(h.def);
        fn->n_locals += h.hoisted;
    }
}
