/* Making statements, locals and constants. */
#include "compiler/plan.h"

wc_stmt *wc_put(wc_planner *p, wc_stmt_kind kind)
{
    p->n_asked += kind == WC_S_Call || kind == WC_S_DataRef;
    wc_stmt *s = wb_arena_calloc(p->u->a, sizeof *s);
    s->kind = (uint8_t)kind;
    s->loc = p->loc;
    if (p->block->last)
        p->block->last->next = s;
    else
        p->block->first = s;
    p->block->last = s;
    return s;
}

wc_stmt *wc_put_op(wc_planner *p, wc_stmt_kind kind, uint32_t t, wc_operand a, wc_operand b)
{
    wc_stmt *s = wc_put(p, kind);
    s->t = t;
    s->a = a;
    s->b = b;
    return s;
}

bool wc_is_replaced(const wc_unit *u, wb_str name)
{
    return wv_is_object(u->mocked) && wv_object_get_str(u->mocked, name) != WV_UNDEFINED;
}

void wc_settle(wc_planner *p, wc_block *block, wc_stmt *first, uint32_t count_to, uint32_t asked)
{
    if (p->n_asked == asked)
        return;
    wc_stmt *count = wb_arena_calloc(p->u->a, sizeof *count);
    wc_stmt **at = first ? &first->next : &block->first;
    *count = (wc_stmt){.kind = WC_S_Clashes, .loc = p->loc, .t = count_to, .next = *at};
    *at = count;
    if (!count->next)
        block->last = count;
    wc_put_op(p, WC_S_Settle, 0, wc_op_local(count->t), (wc_operand){0});
}

uint32_t wc_local(wc_planner *p)
{
    uint32_t n = p->n_locals++;
    if (p->n_locals > p->fn->n_locals)
        p->fn->n_locals = p->n_locals;
    return n;
}

wc_operand wc_op_local(uint32_t n)
{
    return (wc_operand){WC_LOCAL, n};
}

/* Equal numbers of different spelling are different constants, so only what has one spelling is
 * looked up: scalars, and the short paths of `with`. */
static bool one_spelling(wv v)
{
    if (!wv_is_boxed(v) || wv_is_string(v))
        return true;
    if (!wv_is_array(v) || wv_len(v) > 8)
        return false;
    for (uint32_t i = 0; i < wv_len(v); i++)
        if (!wv_is_string(wv_items(v)[i]))
            return false;
    return true;
}

wc_operand wc_const(wc_planner *p, wv v)
{
    wc_function *fn = p->fn;
    wb_arena *a = p->u->a;
    if (one_spelling(v)) {
        if (fn->const_index == WV_UNDEFINED)
            fn->const_index = wv_object_begin(a, 8);
        wv there = wv_object_get(fn->const_index, v);
        if (there != WV_UNDEFINED)
            return (wc_operand){WC_CONST, (uint32_t)wv_int(there)};
        wv_object_put(a, &fn->const_index, v, wv_small(fn->n_consts));
    }
    if (fn->n_consts == fn->cap_consts) {
        fn->cap_consts = fn->cap_consts ? 2 * fn->cap_consts : 8;
        wv *to = wb_arena_alloc(a, fn->cap_consts * sizeof *to);
        if (fn->n_consts)
            memcpy(to, fn->consts, fn->n_consts * sizeof *to);
        fn->consts = to;
    }
    fn->consts[fn->n_consts] = v;
    return (wc_operand){WC_CONST, fn->n_consts++};
}

wv wc_const_value(const wc_planner *p, wc_operand o)
{
    return o.kind == WC_CONST ? p->fn->consts[o.n] : WV_UNDEFINED;
}

wc_mark wc_mark_now(const wc_planner *p)
{
    return (wc_mark){p->block, p->n_locals, p->n_bound, p->n_reads, p->loops};
}

static void enter(wc_planner *p, wc_stmt *s)
{
    s->block = wb_arena_calloc(p->u->a, sizeof *s->block);
    s->block->outer = p->block;
    s->block->own = p->n_locals + 1;
    p->block = s->block;
}

wc_mark wc_open(wc_planner *p)
{
    wc_mark m = wc_mark_now(p);
    enter(p, wc_put(p, WC_S_Block));
    return m;
}

void wc_close(wc_planner *p, wc_mark m)
{
    p->block = m.block;
    p->n_locals = m.n_locals;
    p->loops = m.loops;
    p->n_reads = m.n_reads;
    wc_unbind(p, m.n_bound);
}

void wc_unbind(wc_planner *p, uint32_t n)
{
    while (p->n_bound > n)
        p->bound[--p->n_bound]->bound.kind = WC_NOTHING;
}

void wc_break(wc_planner *p, wc_block *block)
{
    wc_put(p, WC_S_Break)->block = block;
}

uint32_t wc_scan(wc_planner *p, wc_operand a)
{
    wc_stmt *s = wc_put_op(p, WC_S_Scan, 0, a, (wc_operand){0});
    /* The emitter lays a loop's registers out from t - WM_IT_KEY on. */
    uint32_t base = p->n_locals;
    for (unsigned i = 0; i < WM_ITER_REGS; i++)
        wc_local(p);
    s->t = base + WM_IT_KEY;
    enter(p, s);
    p->loops++;
    return s->t;
}

void wc_bind(wc_planner *p, wc_var *v, wc_operand o)
{
    if (p->n_bound == p->cap_bound) {
        p->cap_bound = p->cap_bound ? 2 * p->cap_bound : 64;
        wc_var **to = wb_arena_alloc(p->u->a, p->cap_bound * sizeof *to);
        if (p->n_bound)
            memcpy(to, p->bound, p->n_bound * sizeof *to);
        p->bound = to;
    }
    v->bound = o;
    p->bound[p->n_bound++] = v;
}

enum { SETS = 1, SILENT = 2 };

static const uint8_t flags_of[WC_S_COUNT] = {
#define STMT(name, flags, doc) [WC_S_##name] = flags,
#include "compiler/plan.def"
#undef STMT
};

bool wc_sets_local(const wc_stmt *s)
{
    return flags_of[s->kind] & SETS;
}

bool wc_is_silent(const wc_stmt *s)
{
    return flags_of[s->kind] & SILENT;
}
