/* What is known of each local of a function before it is turned into a plan.
 *
 * OPA gives the same numbers to the locals of different bodies of a rule. So a local that is always
 * written before it is read, in each of the function's own blocks that names it, is taken as
 * another local in each; only the others are shared.
 *
 * Blocks run forward and are left only to behind an enclosing block: a write stands before a read
 * on every way exactly when it comes earlier in the same block or in one around it. */
#include "compiler/ir_plan.h"

static void note(ir_flow *f, ir_local *l)
{
    if (!l->met) {
        l->met = true;
        l->home = f->scan;
        l->first = f->at;
        if (!f->whole)
            f->named[f->n_named++] = (uint32_t)(l - f->locals);
    }
    l->last = f->at;
    /* What was met before a loop is there in all its turns. */
    for (uint32_t s = f->scan; s && l->first < f->begins[s]; s = f->parent[s])
        l->until = s;
    while (!ir_scan_inside(f, f->scan, l->home))
        l->home = f->parent[l->home];
}

/* Facts of a local are taken in one of the two walks only. */
static bool counts(const ir_flow *f, uint32_t n)
{
    return f->whole || !f->locals[n].shared;
}

static void read_local(ir_flow *f, uint32_t n)
{
    ir_local *l = &f->locals[n];
    if (f->whole && !f->defined[n])
        l->shared = l->exposed = true;
    if (counts(f, n)) {
        l->reads++;
        note(f, l);
    }
}

static void add_event(ir_flow *f, uint32_t n)
{
    ir_local *l = &f->locals[n];
    if (!counts(f, n) || (l->events && l->events->scan == f->scan))
        return;
    if (l->n_events++ >= IR_EVENTS_MAX)
        return;
    ir_event *e = wb_arena_alloc(f->a, sizeof *e);
    *e = (ir_event){f->scan, l->events};
    l->events = e;
}

static void read_operand(ir_flow *f, ir_operand o, bool seals)
{
    if (o.kind != IR_LOCAL)
        return;
    read_local(f, o.n);
    if (seals)
        add_event(f, o.n);
}

static void write_local(ir_flow *f, uint32_t n)
{
    if (counts(f, n)) {
        f->locals[n].writes++;
        note(f, &f->locals[n]);
        add_event(f, n);
    }
    if (f->defined[n])
        return;
    f->defined[n] = true;
    if (f->n_undo == f->cap_undo) {
        uint32_t *to = wb_arena_alloc(f->a, 2 * (size_t)(f->cap_undo + 32) * sizeof *to);
        if (f->n_undo)
            memcpy(to, f->undo, f->n_undo * sizeof *to);
        f->undo = to;
        f->cap_undo = 2 * (f->cap_undo + 32);
    }
    f->undo[f->n_undo++] = n;
}

static void walk(ir_flow *f, const ir_block *b);

static void walk_statement(ir_flow *f, const ir_stmt *s)
{
    bool seals = ir_infos[s->kind].seals;
    f->at++;
    read_operand(f, s->a, seals);
    read_operand(f, s->b, seals);
    for (uint32_t i = 0; i < s->n_args; i++)
        read_operand(f, s->args[i], seals);
    for (uint32_t i = 0; i < s->n_path; i++)
        read_operand(f, s->path[i], seals);
    if (s->writes & IR_CHANGES_T)
        read_local(f, s->t);
    if (s->kind == IR_AssignVarOnce)
        read_local(f, s->t);
    if (s->kind != IR_Scan) {
        if (s->writes & IR_WRITES_T)
            write_local(f, s->t);
        for (uint32_t i = 0; i < s->n_blocks; i++)
            walk(f, &s->blocks[i]);
        return;
    }
    uint32_t outer = f->scan, scan = ++f->n_scans, mark = f->n_undo;
    f->parent[scan] = outer;
    f->begins[scan] = f->at;
    f->last[scan] = UINT32_MAX; /* not known yet: all that follows is inside */
    f->scan = scan;
    write_local(f, s->t);
    write_local(f, s->u);
    for (uint32_t i = 0; i < s->n_blocks; i++)
        walk(f, &s->blocks[i]);
    while (f->n_undo > mark)
        f->defined[f->undo[--f->n_undo]] = false;
    f->last[scan] = f->n_scans;
    f->ends[scan] = f->at;
    f->scan = outer;
}

static void walk(ir_flow *f, const ir_block *b)
{
    uint32_t mark = f->n_undo;
    for (uint32_t i = 0; i < b->n; i++)
        walk_statement(f, &b->stmts[i]);
    while (f->n_undo > mark)
        f->defined[f->undo[--f->n_undo]] = false;
}

/* More registers than this the function cannot have anyway. */
static uint32_t registers_most(const ir_func *fn)
{
    return fn->n_locals < WM_REG_MAX ? fn->n_locals : WM_REG_MAX;
}

void ir_flow_function(ir_flow *f, wb_arena *a, const ir_func *fn)
{
    *f = (ir_flow){.a = a, .fn = fn, .whole = true};
    f->locals = wb_arena_calloc(a, (fn->n_locals + 1) * sizeof *f->locals);
    f->defined = wb_arena_calloc(a, fn->n_locals + 1);
    f->parent = wb_arena_calloc(a, (fn->n_scans + 1) * sizeof *f->parent);
    f->last = wb_arena_calloc(a, (fn->n_scans + 1) * sizeof *f->last);
    f->begins = wb_arena_calloc(a, (fn->n_scans + 1) * sizeof *f->begins);
    f->ends = wb_arena_calloc(a, (fn->n_scans + 1) * sizeof *f->ends);
    f->named = wb_arena_calloc(a, (fn->n_locals + 1) * sizeof *f->named);
    f->busy = wb_arena_calloc(a, (registers_most(fn) + 1) * sizeof *f->busy);
    f->last[0] = UINT32_MAX;
    for (uint32_t i = 0; i < fn->n_args + IR_FIRST_ARG; i++) {
        f->locals[i].shared = f->locals[i].met = true;
        f->locals[i].writes = 1;
        f->defined[i] = true;
    }
    for (uint32_t i = 0; i < fn->n_blocks; i++)
        walk(f, &fn->blocks[i]);
    for (uint32_t i = 0; i < fn->n_locals; i++)
        if (!f->locals[i].shared)
            f->locals[i] = (ir_local){0};
    f->whole = false;
}

/* Facts of the last block's locals go as soon as the next block names them. */
static void forget(ir_flow *f, const ir_block *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const ir_stmt *s = &b->stmts[i];
        uint32_t named[] = {s->a.kind == IR_LOCAL ? s->a.n : 0, s->b.kind == IR_LOCAL ? s->b.n : 0,
                            s->t, s->u};
        for (unsigned k = 0; k < sizeof named / sizeof *named; k++)
            if (!f->locals[named[k]].shared)
                f->locals[named[k]] = (ir_local){0};
        for (uint32_t k = 0; k < s->n_args + s->n_path; k++) {
            ir_operand o = k < s->n_args ? s->args[k] : s->path[k - s->n_args];
            if (o.kind == IR_LOCAL && !f->locals[o.n].shared)
                f->locals[o.n] = (ir_local){0};
        }
        for (uint32_t k = 0; k < s->n_blocks; k++)
            forget(f, &s->blocks[k]);
    }
}

/* Locals that are never needed at once share a register. A statement may write one before it has
 * read another, so they must not meet in one statement either. */
static uint32_t give_registers(ir_flow *f)
{
    uint32_t n = 0, over = 0, most = registers_most(f->fn), *busy = f->busy;
    for (uint32_t i = 0; i < f->n_named; i++) {
        ir_local *l = &f->locals[f->named[i]];
        uint32_t end = l->until && f->ends[l->until] > l->last ? f->ends[l->until] : l->last, r = 0;
        while (r < n && busy[r] >= l->first)
            r++;
        if (r == n && n < most)
            n++;
        if (r < n)
            busy[r] = end;
        else
            r = most + over++;
        l->reg = r;
    }
    return n + over;
}

uint32_t ir_flow_block(ir_flow *f, uint32_t i, uint32_t first_scan)
{
    forget(f, &f->fn->blocks[i]);
    f->n_scans = first_scan;
    f->scan = 0;
    f->n_named = 0;
    walk(f, &f->fn->blocks[i]);
    return give_registers(f);
}
