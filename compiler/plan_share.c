/* Places that were read already.
 *
 * Takes the plan as it is made. After it a step by a constant key from a value that was at hand,
 * and input and data themselves, are read once where every later reader is inside the block of the
 * first: a block goes on only when the read was defined, so the value is there. Within a `with`
 * input and data are others, so nothing from outside is seen there. Reports nothing. */
#include "compiler/plan.h"

#define LOOK_BACK 64u /* reads looked through: bodies of thousands of places stay linear */

static bool same(wc_operand a, wc_operand b)
{
    return a.kind == b.kind && (a.kind == WC_NOTHING || a.n == b.n);
}

uint32_t wc_find_read(const wc_planner *p, wc_stmt_kind kind, wc_operand from, wc_operand key)
{
    if (p->u->options->passes_off & WC_PASS_SHARE)
        return WC_NO_LOCAL;
    uint32_t least = p->n_reads > LOOK_BACK ? p->n_reads - LOOK_BACK : 0;
    if (least < p->first_read)
        least = p->first_read;
    for (uint32_t i = p->n_reads; i-- > least;) {
        const wc_read *r = &p->reads[i];
        if (r->kind == kind && same(r->from, from) && same(r->key, key)) {
            p->fn->n_shared++;
            return r->local;
        }
    }
    if (p->first_read && p->u->options->why)
        wc_why(p->u, p->fn, "share", p->loc, "not: within `with` what was read outside is another");
    return WC_NO_LOCAL;
}

void wc_note_read(wc_planner *p, wc_stmt_kind kind, wc_operand from, wc_operand key, uint32_t local)
{
    bool constant = key.kind == WC_CONST || key.kind == WC_NOTHING;
    if (!constant || from.kind == WC_CONST)
        return;
    if (p->n_reads == p->cap_reads) {
        p->cap_reads = p->cap_reads ? 2 * p->cap_reads : 64;
        wc_read *to = wb_arena_alloc(p->u->a, p->cap_reads * sizeof *to);
        if (p->n_reads)
            memcpy(to, p->reads, p->n_reads * sizeof *to);
        p->reads = to;
    }
    p->reads[p->n_reads++] = (wc_read){(uint8_t)kind, from, key, local};
}
