/* Closures that a loop makes again for each of a few values.
 *
 * Takes the finished plan. A comprehension inside a loop over input or base data that goes through
 * such a collection itself, and of what is outside of it only compares with values or takes keys,
 * is the same each time these values are the same. It becomes a function of them, whose answers are
 * remembered as those of any function asked twice: within a bound of memory. Input and base data
 * are read inside of it. Reports nothing. */
#include "compiler/plan.h"

#include <stdlib.h>

#define KEYS_MAX  4u  /* values a closure may depend on */
#define ROOTS_MAX 8u  /* statements that read what it goes through */
#define MADE_MAX  64u /* closures of one function */

/* The closure under way: what it reads of the locals outside. */
typedef struct closure {
    wc_stmt *make; /* MakeArray, MakeSet or MakeObject; inner locals are numbered from its own on */
    wc_stmt *block; /* the Block that fills it */
    uint32_t keys[KEYS_MAX];
    uint32_t n_keys;
    const wc_stmt *roots[ROOTS_MAX]; /* in the order they are to be run */
    uint32_t n_roots;
    bool gone_through; /* a collection of input or base data */
    const char *why;   /* it cannot be, or NULL */
} closure;

typedef struct grouper {
    wc_unit *u;
    wc_plan *plan;
    wc_function *fn;
    const wc_stmt **def; /* by local: what set it last */
    uint32_t made;
    closure *c;
} grouper;

/* ---- what a closure reads ---- */

static bool is_root(const wc_stmt *s)
{
    return s && (s->kind == WC_S_Input || s->kind == WC_S_Data);
}

static bool is_step(const wc_stmt *s)
{
    return s && (s->kind == WC_S_Dot || s->kind == WC_S_DotBase) && s->b.kind == WC_CONST &&
           s->a.kind == WC_LOCAL;
}

/* Input, data, or a place below by constant keys. */
static bool is_lasting(const grouper *g, wc_operand o)
{
    while (o.kind == WC_LOCAL && is_step(g->def[o.n]))
        o = g->def[o.n]->a;
    return o.kind == WC_LOCAL && is_root(g->def[o.n]);
}

/* The statements that read a lasting local become the closure's own. */
static void note_root(grouper *g, uint32_t local)
{
    closure *c = g->c;
    const wc_stmt *s = g->def[local];
    for (uint32_t i = 0; i < c->n_roots; i++)
        if (c->roots[i]->t == local)
            return;
    if (is_step(s))
        note_root(g, s->a.n);
    if (c->n_roots == ROOTS_MAX)
        c->why = "it reads too many places";
    else
        c->roots[c->n_roots++] = s;
}

static bool is_outside(const closure *c, wc_operand o)
{
    return o.kind == WC_LOCAL && o.n < c->make->t;
}

/* A value that is compared, or a key. */
static void note_key(grouper *g, wc_operand o)
{
    closure *c = g->c;
    if (!is_outside(c, o))
        return;
    if (is_lasting(g, o)) {
        note_root(g, o.n);
        return;
    }
    const wc_stmt *def = g->def[o.n];
    bool there = def ? def->kind != WC_S_AssignVar && def->kind != WC_S_ResetLocal && !def->optional
                     : o.n < g->fn->n_args;
    for (uint32_t i = 0; i < c->n_keys; i++)
        if (c->keys[i] == o.n)
            return;
    if (!there)
        c->why = "it depends on what may be undefined";
    else if (c->n_keys == KEYS_MAX)
        c->why = "it depends on too many values";
    else
        c->keys[c->n_keys++] = o.n;
}

/* What is gone into: from outside only input and data. */
static void note_base(grouper *g, wc_operand o)
{
    if (is_outside(g->c, o) && !is_lasting(g, o))
        g->c->why = "it goes into a value of the loop's turn";
    else if (is_outside(g->c, o))
        note_root(g, o.n);
}

static void look(grouper *g, const wc_block *b)
{
    closure *c = g->c;
    for (const wc_stmt *s = b->first; s && !c->why; s = s->next) {
        switch ((wc_stmt_kind)s->kind) {
        case WC_S_Equal:
        case WC_S_NotEqual:
        case WC_S_Less:
        case WC_S_LessEqual:
        case WC_S_Greater:
        case WC_S_GreaterEqual:
            note_key(g, s->a);
            note_key(g, s->b);
            break;
        case WC_S_Dot:
        case WC_S_DotBase:
            note_base(g, s->a);
            note_key(g, s->b);
            break;
        case WC_S_Member:
            note_key(g, s->a);
            note_base(g, s->b);
            break;
        case WC_S_Scan:
            note_base(g, s->a);
            g->def[s->t] = g->def[s->t + 1] = s;
            c->gone_through |= is_lasting(g, s->a);
            break;
        case WC_S_Break: continue;
        case WC_S_Return:
        case WC_S_With:
        case WC_S_Dispatch:
        case WC_S_DispatchEnd:
        case WC_S_DataRef:
        case WC_S_DataKeys:
        case WC_S_Call:
        case WC_S_Clashes:
        case WC_S_Settle: c->why = "it asks rules"; break;
        case WC_S_CallBuiltin:
            if (s->builtin->flags & (WS_NONDET | WS_VOID))
                c->why = "it calls what is not the same each time";
            break;
        default: note_base(g, s->a); note_base(g, s->b);
        }
        for (uint32_t i = 0; i < s->n_args && !c->why; i++)
            note_base(g, s->args[i]);
        if (wc_sets_local(s)) {
            if (s->t < c->make->t)
                c->why = "it changes what is outside";
            else
                g->def[s->t] = s;
        }
        if (s->block)
            look(g, s->block);
    }
}

/* ---- the function ---- */

typedef struct mover {
    const grouper *g;
    uint32_t base; /* where the closure's own locals begin */
} mover;

static wc_operand moved(const wc_copy *copy, wc_operand o)
{
    const mover *m = copy->arg;
    const closure *c = m->g->c;
    if (o.kind == WC_CONST)
        return wc_const(copy->p, m->g->fn->consts[o.n]);
    if (o.kind != WC_LOCAL)
        return o;
    for (uint32_t i = 0; i < c->n_keys; i++)
        if (c->keys[i] == o.n)
            return wc_op_local(i);
    for (uint32_t i = 0; i < c->n_roots; i++)
        if (c->roots[i]->t == o.n)
            return wc_op_local(c->n_keys + i);
    return wc_op_local(m->base + o.n - c->make->t);
}

/* The roots stand in front of the block that needs them: where one is missing nothing is found. */
static uint32_t function_of(grouper *g)
{
    const closure *c = g->c;
    wb_arena *a = g->u->a;
    wb_str name = {
        wb_arena_printf(a, "%.*s %u:%u", WB_FMT(g->fn->name), c->make->loc.row, c->make->loc.col),
        0};
    name.n = strlen(name.p);
    wc_function *fn = wc_function_new(g->u, g->plan, name, c->n_keys);
    wc_planner p = {.u = g->u, .fn = fn};
    mover m = {g, c->n_keys + c->n_roots};
    wc_copy copy = {.p = &p, .operand = moved, .arg = &m};
    fn->n_locals = m.base + g->fn->n_locals - c->make->t;
    fn->out.loc = c->make->loc;
    fn->out.memo_kind = c->n_keys ? WM_MEMO_ARGS : WM_MEMO_RULE;
    if (!c->n_keys)
        fn->out.memo = g->u->program->n_memos++;
    wc_append(fn->body, wc_copy_stmt(&copy, c->make, fn->body));
    wc_stmt *all = wb_arena_calloc(a, sizeof *all);
    *all = (wc_stmt){.kind = WC_S_Block, .loc = c->make->loc};
    all->block = wb_arena_calloc(a, sizeof *all->block);
    all->block->outer = fn->body;
    wc_append(fn->body, all);
    for (uint32_t i = 0; i < c->n_roots; i++)
        wc_append(all->block, wc_copy_stmt(&copy, c->roots[i], all->block));
    wc_append(all->block, wc_copy_stmt(&copy, c->block, all->block));
    wc_stmt *end = wb_arena_calloc(a, sizeof *end);
    *end = (wc_stmt){.kind = WC_S_Return, .loc = c->make->loc, .a = wc_op_local(m.base)};
    wc_append(fn->body, end);
    return g->plan->n - 1;
}

/* ---- the walk ---- */

/* Whether the loop goes through input or base data, so that there may be many turns. */
static bool is_long(const grouper *g, const wc_stmt *loop)
{
    return loop && is_lasting(g, loop->a);
}

static bool is_make(const wc_stmt *s)
{
    return s->kind == WC_S_MakeArray || s->kind == WC_S_MakeSet || s->kind == WC_S_MakeObject;
}

/* Makes the closure that begins with s a call where it can be. */
static void group(grouper *g, wc_stmt *s)
{
    closure c = {.make = s, .block = s->next};
    g->c = &c;
    look(g, c.block->block);
    if (!c.why && !c.gone_through)
        return; /* short: to make it costs less than to look for it */
    if (!c.why && g->made == MADE_MAX)
        c.why = "many are remembered";
    if (c.why)
        wc_why(g->u, g->fn, "group", s->loc, "not: %s", c.why);
    else
        wc_why(g->u, g->fn, "group", s->loc, "by %u value%s", c.n_keys, c.n_keys == 1 ? "" : "s");
    if (c.why)
        return;
    g->made++;
    uint32_t n = function_of(g);
    wc_stmt *next = c.block->next;
    *s = (wc_stmt){.kind = WC_S_Call, .loc = s->loc, .t = s->t, .n = n, .next = next};
    s->n_args = c.n_keys;
    s->args = wb_arena_alloc(g->u->a, (c.n_keys + 1) * sizeof *s->args);
    for (uint32_t i = 0; i < c.n_keys; i++)
        s->args[i] = wc_op_local(c.keys[i]);
}

static void walk(grouper *g, wc_block *b, const wc_stmt *loop)
{
    for (wc_stmt *s = b->first; s; s = s->next) {
        if (is_make(s) && s->next && s->next->kind == WC_S_Block && is_long(g, loop)) {
            bool last = b->last == s->next;
            group(g, s);
            if (last && s->kind == WC_S_Call)
                b->last = s;
        }
        if (wc_sets_local(s))
            g->def[s->t] = s;
        if (s->kind == WC_S_Scan)
            g->def[s->t] = g->def[s->t + 1] = s;
        if (s->block && s->kind != WC_S_Break && s->kind != WC_S_With)
            walk(g, s->block, s->kind == WC_S_Scan ? s : loop);
    }
}

void wc_plan_group(wc_unit *u, wc_plan *plan)
{
    if (u->options->passes_off & WC_PASS_GROUP)
        return;
    for (uint32_t i = 0, n = plan->n; i < n; i++) {
        grouper g = {.u = u, .plan = plan, .fn = plan->funcs[i]};
        if (g.fn->n_locals > WC_LOCALS_PLAIN)
            continue;
        g.def = wb_calloc(g.fn->n_locals + 1, sizeof *g.def);
        walk(&g, g.fn->body, NULL);
        free(g.def);
    }
}
