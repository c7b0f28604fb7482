/* Loops that look for elements with a given part.
 *
 * Takes the finished plan. A loop over a collection of input or base data, or over the value of a
 * rule that is remembered, that goes on only with elements whose part equals something known before
 * the loop, asks for those elements first: the second time one collection is gone through so, an
 * index of it answers. The test stays, so the index only leaves out what the test would. The loop's
 * key must not be read, and nothing in front of the test may be seen to run. Reports nothing. */
#include "compiler/plan.h"

#include "value/json.h"

#include <stdlib.h>

typedef struct matcher {
    wc_unit *u;
    const wc_plan *plan;
    wc_planner *p;       /* for constants */
    const wc_stmt **def; /* by local: what set it last */
    uint32_t *when;      /* ... and the number of that statement */
    uint32_t at;
    uint32_t loops;
    bool any;
} matcher;

static void set(matcher *m, uint32_t local, const wc_stmt *s)
{
    m->def[local] = s;
    m->when[local] = m->at;
}

/* ---- what is known of a local ---- */

static bool is_step(const wc_stmt *s)
{
    return (s->kind == WC_S_Dot || s->kind == WC_S_DotBase) && s->b.kind == WC_CONST;
}

/* One value for the whole evaluation, at one address. */
static bool is_lasting(const matcher *m, wc_operand o)
{
    while (o.kind == WC_LOCAL) {
        const wc_stmt *s = m->def[o.n];
        if (!s)
            return false;
        if (s->kind == WC_S_Input || s->kind == WC_S_Data)
            return true;
        if (s->kind == WC_S_Call)
            return !s->n_args && m->plan->funcs[s->n]->out.memo_kind == WM_MEMO_RULE;
        if (!is_step(s))
            return false;
        o = s->a;
    }
    return false;
}

static bool reads(wc_operand o, uint32_t local)
{
    return o.kind == WC_LOCAL && o.n == local;
}

static bool block_reads(const wc_block *b, uint32_t local)
{
    for (const wc_stmt *s = b->first; s; s = s->next) {
        bool found = reads(s->a, local) || reads(s->b, local);
        for (uint32_t i = 0; i < s->n_args && !found; i++)
            found = reads(s->args[i], local);
        for (uint32_t i = 0; i < s->n_with && !found; i++)
            found = reads(s->with[i].value, local);
        if (found || (s->block && s->kind != WC_S_Break && block_reads(s->block, local)))
            return true;
    }
    return false;
}

/* ---- the part ---- */

#define PATH_MAX 8u /* steps from the element to its part */

/* The keys from the loop's element to the local, as an array; undefined when it is no part of it.
 */
static wv path_to(const matcher *m, const wc_stmt *loop, wc_operand o, uint32_t since, bool *base)
{
    wv keys[PATH_MAX];
    uint32_t n = 0;
    while (o.kind == WC_LOCAL && o.n != loop->t + 1) {
        const wc_stmt *s = m->def[o.n];
        if (!s || m->when[o.n] <= since || !is_step(s) || n == PATH_MAX)
            return WV_UNDEFINED;
        *base |= s->kind == WC_S_DotBase;
        keys[n++] = wc_const_value(m->p, s->b);
        o = s->a;
    }
    if (o.kind != WC_LOCAL)
        return WV_UNDEFINED;
    wv path = wv_array_begin(m->u->a, n);
    while (n)
        wv_array_push(m->u->a, &path, keys[--n]);
    return path;
}

/* Known before the loop, or read in it from what is: then the steps are in `steps`, the last one
 * first. */
static bool is_earlier(const matcher *m, wc_operand *o, uint32_t since, const wc_stmt **steps,
                       uint32_t *n)
{
    *n = 0;
    while (o->kind == WC_LOCAL && m->when[o->n] >= since) {
        const wc_stmt *s = m->def[o->n];
        if (!s || !is_step(s) || *n == PATH_MAX)
            return false;
        steps[(*n)++] = s;
        *o = s->a;
    }
    return o->kind == WC_LOCAL;
}

/* ---- statements in front of the loop ---- */

static wc_stmt *made(matcher *m, const wc_stmt *loop, wc_stmt_kind kind, uint32_t t, wc_stmt **last)
{
    wc_stmt *s = wb_arena_calloc(m->u->a, sizeof *s);
    *s = (wc_stmt){.kind = (uint8_t)kind, .loc = loop->loc, .t = t};
    if (*last)
        (*last)->next = s;
    return *last = s;
}

/* Asks for the elements; the first statement of several. A step that is undefined leaves a key that
 * the test behind refuses. */
static wc_stmt *ask(matcher *m, const wc_stmt *loop, wc_operand known, const wc_stmt **steps,
                    uint32_t n_steps, wv path, bool base, wc_stmt **last)
{
    uint32_t t = m->p->fn->n_locals, key = t + 1; /* read at once, so three serve all */
    uint32_t inner = t + 2; /* a step's local dies with its block: hoisting relies on it */
    wc_stmt *first = NULL;
    *last = NULL;
    if (n_steps) {
        first = made(m, loop, WC_S_ResetLocal, key, last);
        wc_stmt *b = made(m, loop, WC_S_Block, 0, last), *step = NULL;
        b->block = wb_arena_calloc(m->u->a, sizeof *b->block);
        while (n_steps) {
            const wc_stmt *s = steps[--n_steps];
            wc_stmt *to = made(m, loop, (wc_stmt_kind)s->kind, inner, &step);
            to->a = known;
            to->b = s->b;
            if (!b->block->first)
                b->block->first = to;
            b->block->last = to;
            known = wc_op_local(inner);
        }
        made(m, loop, WC_S_AssignVar, key, &step)->a = known;
        b->block->last = step;
        known = wc_op_local(key);
    }
    wc_stmt *to = made(m, loop, WC_S_Match, t, last);
    to->a = loop->a;
    to->b = known;
    to->n = wc_const(m->p, path).n;
    to->optional = base;
    return first ? first : to;
}

/* ---- the walk ---- */

static void walk(matcher *m, wc_block *b);

static void why_not(const matcher *m, const wc_stmt *loop, const char *why)
{
    if (m->u->options->why)
        wc_why(m->u, m->p->fn, "match", loop->loc, "not: %s: %s",
               wc_place_text(m->u, m->plan, m->p->fn, m->def, loop->a), why);
}

static void why_matched(const matcher *m, const wc_stmt *loop, wv path)
{
    wb_buf b;
    if (!m->u->options->why)
        return;
    wb_buf_init(&b, 256);
    wv_print(&b, path);
    wc_why(m->u, m->p->fn, "match", loop->loc, "%s by %s",
           wc_place_text(m->u, m->plan, m->p->fn, m->def, loop->a), wb_buf_cstr(&b));
    wb_buf_free(&b);
}

/* What keeps a loop from asking an index whatever it tests, or NULL. */
static const char *hindrance(const matcher *m, const wc_stmt *loop)
{
    if (!m->loops && !m->p->fn->n_args)
        return "the loop runs once";
    if (!is_lasting(m, loop->a))
        return "the collection is not one for the whole evaluation";
    return block_reads(loop->block, loop->t) ? "the key of the loop is read" : NULL;
}

/* The statements that ask for the elements, or NULL. The loop's own locals are set already. */
static wc_stmt *match_of(matcher *m, const wc_stmt *loop, uint32_t since, wc_stmt **last)
{
    const char *why = hindrance(m, loop);
    if (why) {
        why_not(m, loop, why);
        return NULL;
    }
    for (const wc_stmt *s = loop->block->first; s && wc_is_silent(s); s = s->next) {
        m->at++;
        if (wc_sets_local(s))
            set(m, s->t, s);
        for (int side = 0; side < 2 && s->kind == WC_S_Equal; side++) {
            wc_operand part = side ? s->b : s->a, known = side ? s->a : s->b;
            const wc_stmt *steps[PATH_MAX];
            uint32_t n_steps;
            bool base = false;
            if (!is_earlier(m, &known, since, steps, &n_steps))
                continue;
            wv path = path_to(m, loop, part, since, &base);
            if (path != WV_UNDEFINED) {
                why_matched(m, loop, path);
                return ask(m, loop, known, steps, n_steps, path, base, last);
            }
        }
    }
    why_not(m, loop, "no test against what was known before comes first");
    return NULL;
}

static void loop(matcher *m, wc_block *b, wc_stmt *before, wc_stmt *s)
{
    uint32_t since = m->at;
    set(m, s->t, s);
    set(m, s->t + 1, s);
    wc_stmt *last, *first = match_of(m, s, since, &last);
    if (first) {
        m->any = true;
        last->next = s;
        if (before)
            before->next = first;
        else
            b->first = first;
        s->a = wc_op_local(last->t);
    }
    m->at = since;
    m->loops++;
    walk(m, s->block);
    m->loops--;
}

static void walk(matcher *m, wc_block *b)
{
    wc_stmt *before = NULL;
    for (wc_stmt *s = b->first; s; before = s, s = s->next) {
        m->at++;
        if (s->kind == WC_S_Scan)
            loop(m, b, before, s);
        else if (s->block && s->kind != WC_S_Break && s->kind != WC_S_With)
            walk(m, s->block);
        else if (wc_sets_local(s))
            set(m, s->t, s);
    }
}

void wc_plan_matches(wc_unit *u, const wc_plan *plan)
{
    if (u->options->passes_off & WC_PASS_MATCH)
        return;
    wc_planner p = {.u = u};
    for (uint32_t i = 0; i < plan->n; i++) {
        wc_function *fn = plan->funcs[i];
        p.fn = fn;
        matcher m = {.u = u, .plan = plan, .p = &p};
        m.def = wb_calloc(fn->n_locals + 1, sizeof *m.def);
        m.when = wb_calloc(fn->n_locals + 1, sizeof *m.when);
        walk(&m, fn->body);
        free(m.def);
        free(m.when);
        fn->n_locals += m.any ? 3 : 0;
    }
}
