/* Copies of planned statements, in another place or another function. */
#include "compiler/plan.h"

struct wc_copied {
    const wc_block *from;
    wc_block *to;
    struct wc_copied *next;
};

void wc_append(wc_block *to, wc_stmt *s)
{
    if (to->last)
        to->last->next = s;
    else
        to->first = s;
    to->last = s;
}

void wc_copy_stands_for(wc_copy *c, const wc_block *from, wc_block *to)
{
    struct wc_copied *x = wb_arena_alloc(c->p->u->a, sizeof *x);
    *x = (struct wc_copied){from, to, c->blocks};
    c->blocks = x;
}

static wc_block *target(const wc_copy *c, wc_block *b)
{
    for (const struct wc_copied *x = c->blocks; x; x = x->next)
        if (x->from == b)
            return x->to;
    return b;
}

wc_stmt *wc_copy_stmt(wc_copy *c, const wc_stmt *s, wc_block *outer)
{
    wb_arena *a = c->p->u->a;
    wc_stmt *to = wb_arena_alloc(a, sizeof *to);
    *to = *s;
    to->next = NULL;
    to->a = c->operand(c, s->a);
    to->b = c->operand(c, s->b);
    if (s->n_args) {
        to->args = wb_arena_alloc(a, s->n_args * sizeof *to->args);
        for (uint32_t i = 0; i < s->n_args; i++)
            to->args[i] = c->operand(c, s->args[i]);
    }
    if (wc_sets_local(s) || s->kind == WC_S_Scan)
        to->t = c->operand(c, wc_op_local(s->t)).n;
    if (s->kind == WC_S_Break)
        to->block = target(c, s->block);
    else if (s->block)
        to->block = wc_copy_block(c, s->block, outer);
    return to;
}

wc_block *wc_copy_block(wc_copy *c, const wc_block *b, wc_block *outer)
{
    wc_block *to = wb_arena_calloc(c->p->u->a, sizeof *to);
    wc_copy_stands_for(c, b, to);
    to->outer = outer;
    for (const wc_stmt *s = b->first; s; s = s->next)
        if (!c->instead || !c->instead(c, s, to))
            wc_append(to, wc_copy_stmt(c, s, to));
    return to;
}
