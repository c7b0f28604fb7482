/* Reads that every turn of a loop repeats.
 *
 * Takes the finished plan. A step from a value that is there before a loop, by a key that is there
 * before it too, reads the same in every turn: it is read once in front of the outermost such loop.
 * A step that is undefined raises no error, but what stands before it in the loop may, so the loop
 * runs as before: where the step stood it is asked whether it was defined. Nothing is taken out of
 * a `with`, where input and data are others. Reports nothing. */
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

static void hoist(hoister *h, front *f, wc_stmt *s)
{
    uint32_t t = h->fn->n_locals + h->hoisted++;
    add(h, f, WC_S_ResetLocal, s, t);
    wc_stmt *b = add(h, f, WC_S_Block, s, 0);
    b->block = wb_arena_calloc(h->u->a, sizeof *b->block);
    wc_stmt *read = wb_arena_calloc(h->u->a, sizeof *read);
    *read = *s;
    read->t = t;
    read->next = NULL;
    if (h->def) {
        h->def[t] = read;
        wc_why(h->u, h->fn, "hoist", s->loc, "%s",
               wc_place_text(h->u, h->plan, h->fn, h->def, wc_op_local(t)));
    }
    b->block->first = b->block->last = read;
    uint32_t old = s->t;
    *s = (wc_stmt){.kind = WC_S_IsDefined, .loc = s->loc, .a = wc_op_local(t), .next = s->next};
    rename(s->next, old, t);
}

static bool is_read(const wc_stmt *s)
{
    return s->kind == WC_S_Dot || s->kind == WC_S_DotBase;
}

/* Takes what does not change out of the loop's body, from the top down: a step from what was taken
 * out may follow. */
static void collect(hoister *h, front *f, const wc_block *b, uint32_t since)
{
    for (wc_stmt *s = b->first; s; s = s->next) {
        h->at++;
        if (h->hoisted == HOISTED_MAX) {
            wc_why(h->u, h->fn, "hoist", s->loc, "not: %u reads are taken out", HOISTED_MAX);
            return;
        }
        bool root = s->kind == WC_S_Input || s->kind == WC_S_Data;
        if (root || (is_read(s) && is_there(h, s->a, since) && is_there(h, s->b, since))) {
            hoist(h, f, s);
            continue;
        }
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

static void walk(hoister *h, wc_block *b)
{
    wc_stmt *before = NULL;
    for (wc_stmt *s = b->first; s; before = s, s = s->next) {
        h->at++;
        if (s->kind == WC_S_Scan) {
            uint32_t since = h->at;
            front f = {0};
            set(h, s->t, s);
            set(h, s->t + 1, s);
            collect(h, &f, s->block, since);
            if (f.first) {
                f.last->next = s;
                if (before)
                    before->next = f.first;
                else
                    b->first = f.first;
            }
            h->at = since;
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
