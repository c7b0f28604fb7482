/* Loops that look through a rule's set for an element.
 *
 * Takes the finished plan. Where one loop alone asks for a partial set, goes on only to find out
 * whether some element passes its tests, and nobody can see that the set's bodies or the tests run,
 * the set need not be made: the loop's body stands in the bodies of the set's rules, where an
 * element is found. An element found twice is tested twice, and the order is another: neither shows
 * in whether one passes. A set that is asked for elsewhere is remembered, so it is left alone, and
 * so is one that some `with` replaces. Reports nothing. */
#include "compiler/plan.h"

#define BODIES_MAX 4u  /* rules of a set: the loop's body is copied for each */
#define STMTS_MAX  64u /* of a loop's body */

/* A function that makes a collection and does nothing else. */
typedef struct maker {
    const wc_function *fn;
    const wc_stmt *bodies; /* the blocks that add elements, one behind the other */
    wc_stmt_kind add;      /* SetAdd or ArrayAppend */
    uint32_t to;           /* the local it is made in */
} maker;

/* ---- what may be fused ---- */

/* Whether the statements only look and take: nothing they do is seen behind the local `behind`.
 * Counts them, and those that add to what m makes (NULL: a loop's body, which may return). */
static bool is_quiet(const wc_block *b, uint32_t behind, const maker *m, uint32_t *count,
                     uint32_t *adds)
{
    for (const wc_stmt *s = b->first; s; s = s->next) {
        ++*count;
        switch ((wc_stmt_kind)s->kind) {
        case WC_S_SetAdd:
        case WC_S_ArrayAppend:
            if (!m || s->kind != m->add || s->t != m->to)
                return false;
            ++*adds;
            continue;
        case WC_S_Block:
        case WC_S_Scan:
            if ((s->kind == WC_S_Scan && s->t <= behind) ||
                !is_quiet(s->block, behind, m, count, adds))
                return false;
            continue;
        case WC_S_Break:
        case WC_S_IsUndefined: continue;
        case WC_S_AssignVar:
        case WC_S_ResetLocal: break;
        case WC_S_Return:
            if (m || (s->a.kind == WC_LOCAL && s->a.n >= behind))
                return false;
            continue;
        default:
            if (!wc_is_silent(s))
                return false;
        }
        if (wc_sets_local(s) && s->t <= behind)
            return false;
    }
    return true;
}

/* A partial set: MakeSet, a block for each rule, Return; or a rule whose value is a comprehension,
 * the same within a block. A function that is remembered makes its collection once for all. */
static bool makes_only(const wc_function *fn, maker *m)
{
    const wc_stmt *s = fn->body->first;
    if (fn->n_args || fn->out.memo_kind != WM_MEMO_NONE || fn->out.maskable)
        return false;
    if (s && s->kind == WC_S_Block && !s->next)
        s = s->block->first;
    if (!s || (s->kind != WC_S_MakeSet && s->kind != WC_S_MakeArray))
        return false;
    *m = (maker){fn, s->next, s->kind == WC_S_MakeSet ? WC_S_SetAdd : WC_S_ArrayAppend, s->t};
    uint32_t n = 0, adds = 0, count = 0;
    for (s = s->next; s && s->kind == WC_S_Block; s = s->next, n++)
        if (!is_quiet(s->block, m->to, m, &count, &adds))
            return false;
    bool ends = s && s->kind == WC_S_Return && s->a.kind == WC_LOCAL && s->a.n == m->to && !s->next;
    return ends && n && adds == n && n <= BODIES_MAX;
}

static bool reads(wc_operand o, uint32_t local)
{
    return o.kind == WC_LOCAL && o.n == local;
}

static bool is_read(const wc_stmt *s, uint32_t local)
{
    for (; s; s = s->next) {
        bool found = reads(s->a, local) || reads(s->b, local);
        for (uint32_t i = 0; i < s->n_args && !found; i++)
            found = reads(s->args[i], local);
        if (found || (s->block && s->kind != WC_S_Break && is_read(s->block->first, local)))
            return true;
    }
    return false;
}

/* ---- the copy ---- */

/* Of the maker's function locals are moved up by `shift`; of the loop's body, key and value become
 * the element. */
typedef struct fusion {
    const maker *m;
    const wc_stmt *loop;
    uint32_t shift;
    wc_operand element;
} fusion;

static wc_operand shifted(const wc_copy *c, wc_operand o)
{
    const fusion *x = c->arg;
    if (o.kind == WC_LOCAL)
        o.n += x->shift;
    return o.kind == WC_CONST ? wc_const(c->p, x->m->fn->consts[o.n]) : o;
}

static wc_operand with_element(const wc_copy *c, wc_operand o)
{
    const fusion *x = c->arg;
    return reads(o, x->loop->t) || reads(o, x->loop->t + 1) ? x->element : o;
}

/* The loop's body where an element is found, in a block of its own unless that is the last of one.
 */
static bool body_instead(wc_copy *c, const wc_stmt *s, wc_block *to)
{
    const fusion *x = c->arg;
    if (s->kind != x->m->add)
        return false;
    fusion found = *x;
    found.element = shifted(c, s->a);
    wc_copy body = {.p = c->p, .operand = with_element, .arg = &found};
    if (s->next) {
        wc_stmt *b = wb_arena_calloc(c->p->u->a, sizeof *b);
        *b = (wc_stmt){.kind = WC_S_Block, .loc = s->loc};
        b->block = wc_copy_block(&body, x->loop->block, to);
        wc_append(to, b);
        return true;
    }
    wc_copy_stands_for(&body, x->loop->block, to);
    for (const wc_stmt *t = x->loop->block->first; t; t = t->next)
        wc_append(to, wc_copy_stmt(&body, t, to));
    return true;
}

/* ---- the walk ---- */

/* Why the loop over the value of the call cannot take the place of what is made, or NULL. */
static const char *hindrance(const wc_planner *p, const wc_stmt *call, const wc_stmt *loop,
                             const maker *m)
{
    uint32_t count = 0, adds = 0;
    if (m->fn->n_locals + p->fn->n_locals > WC_LOCALS_PLAIN / 2)
        return "too many locals";
    if (!is_quiet(loop->block, loop->t + 1, NULL, &count, &adds))
        return "the loop does more than look for an element";
    if (m->add == WC_S_ArrayAppend && is_read(loop->block->first, loop->t))
        return "the loop reads where an element stands";
    if (count > STMTS_MAX)
        return "the loop's body is large";
    return is_read(loop->block->first, call->t) || is_read(loop->next, call->t)
               ? "what is made is read elsewhere"
               : NULL;
}

/* The blocks that take the place of the call and its loop. */
static wc_block fused(wc_planner *p, const wc_stmt *loop, const maker *m, wc_block *outer)
{
    fusion x = {.m = m, .loop = loop, .shift = p->fn->n_locals};
    wc_copy c = {.p = p, .operand = shifted, .instead = body_instead, .arg = &x};
    wc_block all = {0};
    for (const wc_stmt *s = m->bodies; s->kind == WC_S_Block; s = s->next)
        wc_append(&all, wc_copy_stmt(&c, s, outer));
    p->fn->n_locals += m->fn->n_locals;
    return all;
}

static void walk(wc_planner *p, const wc_plan *plan, wc_block *b)
{
    wc_stmt *before = NULL;
    for (wc_stmt *s = b->first; s; before = s, s = s->next) {
        const wc_stmt *loop = s->next;
        maker m;
        if (s->block && s->kind != WC_S_Break)
            walk(p, plan, s->block);
        if (s->kind != WC_S_Call || s->optional || !loop || loop->kind != WC_S_Scan ||
            !reads(loop->a, s->t) || !makes_only(plan->funcs[s->n], &m))
            continue;
        walk(p, plan, loop->block);
        const char *why = hindrance(p, s, loop, &m);
        wc_why(p->u, p->fn, "fuse", loop->loc, "%s%.*s%s%s", why ? "not: " : "", WB_FMT(m.fn->name),
               why ? ": " : "", why ? why : "");
        if (why) {
            s = s->next; /* the loop's body is behind us */
            continue;
        }
        wc_block all = fused(p, loop, &m, b);
        all.last->next = loop->next;
        if (b->last == loop)
            b->last = all.last;
        *(before ? &before->next : &b->first) = all.first;
        s = all.last;
    }
}

void wc_plan_fuse(wc_unit *u, const wc_plan *plan)
{
    if (u->options->passes_off & WC_PASS_FUSE)
        return;
    for (uint32_t i = 0; i < plan->n; i++) {
        wc_planner p = {.u = u, .fn = plan->funcs[i]};
        walk(&p, plan, p.fn->body);
    }
}
