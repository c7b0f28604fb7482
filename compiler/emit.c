/* Plan to bytecode.
 *
 * Each block has a label behind it; "undefined" is a jump there. Leaving a loop or an environment
 * by a jump first undoes it (UNLOOP, WPOP). Arguments of calls and literals are laid out in
 * registers above the function's locals. */
#include "compiler/plan.h"

#include "base/error.h"

#include <stdlib.h>

typedef struct patch {
    uint32_t at;   /* word whose f field wants the distance */
    uint32_t next; /* word after that instruction */
    struct patch *more;
} patch;

typedef struct open_block {
    const wc_block *block;
    patch *patches; /* jumps to behind this block */
    uint32_t loop;  /* WM_NONE, or the register of the loop this block is the body of */
    bool env;       /* body of a With */
    struct open_block *outer;
} open_block;

typedef struct emitter {
    wc_unit *u;
    const wc_plan *plan;
    const wc_function *fn;
    wm_program *p;
    uint64_t *code;
    uint32_t *places;
    uint32_t n, cap;
    size_t cap_consts;
    uint32_t start; /* first word of the function */
    uint32_t temps; /* first register above the locals */
    uint32_t most;  /* most registers in use */
    open_block *open;
    uint32_t dispatch; /* number of the one whose cases come */
    patch *to_next;    /* jumps from the ends of its cases */
    bool too_large;
} emitter;

static uint32_t place_of(emitter *e, wp_loc loc)
{
    wm_program *p = e->p;
    if (p->n_locs) {
        const wp_loc *last = &p->locs[p->n_locs - 1];
        if (last->row == loc.row && last->col == loc.col && last->file == loc.file)
            return p->n_locs - 1;
    }
    if ((p->n_locs & (p->n_locs - 1)) == 0)
        p->locs = wb_realloc(p->locs, (p->n_locs ? 2 * (size_t)p->n_locs : 1) * sizeof *p->locs);
    p->locs[p->n_locs] = loc;
    return p->n_locs++;
}

static uint32_t word(emitter *e, uint64_t w, wp_loc loc)
{
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 1024;
        e->code = wb_realloc(e->code, e->cap * sizeof *e->code);
        e->places = wb_realloc(e->places, e->cap * sizeof *e->places);
    }
    e->code[e->n] = w;
    e->places[e->n] = place_of(e, loc);
    return e->n++;
}

static uint32_t check(emitter *e, uint32_t v)
{
    if (v > 0xfff) {
        e->too_large = true;
        return 0;
    }
    return v;
}

static uint32_t put(emitter *e, wm_op op, uint32_t a, uint32_t b, uint32_t c, wp_loc loc)
{
    return word(e, wm_word(op, check(e, a), check(e, b), check(e, c), 0), loc);
}

static uint32_t put_wide(emitter *e, wm_op op, uint32_t a, uint32_t w, wp_loc loc)
{
    if (w > WM_CONST_MAX)
        e->too_large = true;
    return word(e, (uint64_t)op | (uint64_t)check(e, a) << 8 | (uint64_t)(w & 0xffffff) << 20, loc);
}

static void set_jump(emitter *e, uint32_t at, uint32_t distance)
{
    if (distance > WM_JUMP_MAX)
        e->too_large = true;
    e->code[at] |= (uint64_t)(distance & WM_JUMP_MAX) << 44;
}

static void jump_to(emitter *e, open_block *b, uint32_t at, uint32_t words)
{
    patch *p = wb_arena_alloc(e->u->a, sizeof *p);
    *p = (patch){at, at + words, b->patches};
    b->patches = p;
}

/* The instruction at `at` fails to behind the innermost block. */
static void fails(emitter *e, uint32_t at, uint32_t words)
{
    jump_to(e, e->open, at, words);
}

static void land(emitter *e, open_block *b)
{
    for (patch *p = b->patches; p; p = p->more)
        set_jump(e, p->at, e->n - p->next);
}

static uint32_t temp(emitter *e, uint32_t i)
{
    uint32_t r = e->temps + i;
    if (r + 1 > e->most)
        e->most = r + 1;
    return r;
}

static void load(emitter *e, uint32_t to, wc_operand o, wp_loc loc)
{
    if (o.kind == WC_CONST)
        put_wide(e, WM_LOADK, to, o.n, loc);
    else if (o.n != to)
        put(e, WM_MOVE, to, o.n, 0, loc);
}

/* A register that holds the operand: its own, or temporary number i. */
static uint32_t reg(emitter *e, wc_operand o, uint32_t i, wp_loc loc)
{
    if (o.kind == WC_LOCAL)
        return o.n;
    uint32_t r = temp(e, i);
    load(e, r, o, loc);
    return r;
}

/* Operands in consecutive registers: where the first is. */
static uint32_t row(emitter *e, const wc_operand *args, uint32_t n, wp_loc loc)
{
    if (n == 1 && args[0].kind == WC_LOCAL)
        return args[0].n;
    bool in_place = n > 0;
    for (uint32_t i = 0; i < n && in_place; i++)
        in_place = args[i].kind == WC_LOCAL && args[i].n == args[0].n + i;
    if (in_place)
        return args[0].n;
    for (uint32_t i = 0; i < n; i++)
        load(e, temp(e, i), args[i], loc);
    return n ? e->temps : 0;
}

static bool narrow(const wc_operand o)
{
    return o.kind == WC_CONST && o.n <= 0xfff;
}

static const wm_op compare_ops[WC_S_COUNT] = {
    [WC_S_Equal] = WM_EQ,
    [WC_S_NotEqual] = WM_NE,
    [WC_S_Less] = WM_LT,
    [WC_S_LessEqual] = WM_LTE,
    [WC_S_Greater] = WM_GT,
    [WC_S_GreaterEqual] = WM_GTE,
    [WC_S_Member] = WM_IN,
    [WC_S_EqualValue] = WM_EQV,
    [WC_S_NotEqualValue] = WM_NEV,
    [WC_S_LessValue] = WM_LTV,
    [WC_S_LessEqualValue] = WM_LTEV,
    [WC_S_GreaterValue] = WM_GTV,
    [WC_S_GreaterEqualValue] = WM_GTEV,
    [WC_S_MemberValue] = WM_INV,
    [WC_S_Add] = WM_ADD,
    [WC_S_Subtract] = WM_SUB,
    [WC_S_Multiply] = WM_MUL,
    [WC_S_Divide] = WM_DIV,
    [WC_S_Remainder] = WM_REM,
};

static const wm_op const_ops[WC_S_COUNT] = {
    [WC_S_Equal] = WM_EQK,      [WC_S_NotEqual] = WM_NEK, [WC_S_Less] = WM_LTK,
    [WC_S_LessEqual] = WM_LTEK, [WC_S_Greater] = WM_GTK,  [WC_S_GreaterEqual] = WM_GTEK,
    [WC_S_Member] = WM_INK,
};

/* The same test with its sides exchanged. */
static const uint8_t mirrored[WC_S_COUNT] = {
    [WC_S_Equal] = WC_S_Equal,  [WC_S_NotEqual] = WC_S_NotEqual,
    [WC_S_Less] = WC_S_Greater, [WC_S_LessEqual] = WC_S_GreaterEqual,
    [WC_S_Greater] = WC_S_Less, [WC_S_GreaterEqual] = WC_S_LessEqual,
};

/* A constant that an instruction takes as a small integer: a positive one of 31 bits as divisor. */
static bool small_int(const emitter *e, const wc_operand o, bool divisor)
{
    if (!narrow(o) || !wv_is_int(e->fn->consts[o.n]))
        return false;
    int64_t i = wv_int(e->fn->consts[o.n]);
    return !divisor || (i > 0 && i <= INT32_MAX);
}

static bool is_order(uint8_t kind)
{
    return kind == WC_S_Less || kind == WC_S_LessEqual || kind == WC_S_Greater ||
           kind == WC_S_GreaterEqual;
}

static void emit_test(emitter *e, const wc_stmt *s)
{
    wc_operand a = s->a, b = s->b;
    uint8_t kind = s->kind;
    if (narrow(a) && b.kind == WC_LOCAL && mirrored[kind]) {
        kind = mirrored[kind];
        a = s->b;
        b = s->a;
    }
    if (narrow(b) && const_ops[kind] && (!is_order(kind) || small_int(e, b, false))) {
        uint32_t r = reg(e, a, 0, s->loc);
        fails(e, put(e, const_ops[kind], 0, r, b.n, s->loc), 1);
        return;
    }
    uint32_t x = reg(e, a, 0, s->loc), y = reg(e, b, 1, s->loc);
    fails(e, put(e, compare_ops[kind], 0, x, y, s->loc), 1);
}

static wm_op constant_op(wm_op op)
{
    return (wm_op)(op + (WM_ADDK - WM_ADD));
}

static void emit_value(emitter *e, const wc_stmt *s, bool may_fail)
{
    uint32_t x = reg(e, s->a, 0, s->loc), at;
    bool divides = s->kind == WC_S_Divide || s->kind == WC_S_Remainder;
    if (may_fail && small_int(e, s->b, divides)) /* arithmetic */
        at = put(e, constant_op(compare_ops[s->kind]), s->t, x, s->b.n, s->loc);
    else
        at = put(e, compare_ops[s->kind], s->t, x, reg(e, s->b, 1, s->loc), s->loc);
    if (may_fail)
        fails(e, at, 1);
}

static void emit_dot(emitter *e, const wc_stmt *s)
{
    bool base = s->kind == WC_S_DotBase;
    uint32_t from = reg(e, s->a, 0, s->loc), at;
    if (narrow(s->b)) {
        at = put(e, base ? WM_GETBK : WM_GETK, s->t, from, s->b.n, s->loc);
    } else {
        uint32_t key = reg(e, s->b, 1, s->loc);
        at = put(e, base ? WM_GETB : WM_GET, s->t, from, key, s->loc);
    }
    fails(e, at, 1);
}

static uint32_t add_site(emitter *e, const wc_stmt *s)
{
    wm_program *p = e->p;
    if ((p->n_sites & (p->n_sites - 1)) == 0)
        p->sites =
            wb_realloc(p->sites, (p->n_sites ? 2 * (size_t)p->n_sites : 1) * sizeof *p->sites);
    wm_site *site = &p->sites[p->n_sites];
    *site = (wm_site){.fn = s->builtin};
    if (wv_is_object(e->u->mocked)) {
        wv id = wv_object_get_str(e->u->mocked, wb_str_of(s->builtin->name));
        site->mockable = id != WV_UNDEFINED;
        site->mock_id = site->mockable ? (uint32_t)wv_int(id) : 0;
    }
    if (s->builtin->prepare && !(e->u->options->passes_off & WC_PASS_PREPARE)) {
        wv args[16];
        bool any = false;
        for (uint32_t i = 0; i < s->n_args && i < 16; i++) {
            args[i] = s->args[i].kind == WC_CONST ? e->fn->consts[s->args[i].n] : WV_UNDEFINED;
            any |= args[i] != WV_UNDEFINED;
        }
        if (any && s->n_args <= 16)
            site->prepared = s->builtin->prepare(args, s->n_args);
    }
    if (s->builtin->flags & WS_IO)
        p->io = true;
    if (s->builtin->flags & WS_VOID)
        p->noisy = true;
    return p->n_sites++;
}

static void emit_call(emitter *e, const wc_stmt *s)
{
    uint32_t from = row(e, s->args, s->n_args, s->loc);
    wm_op op = s->kind == WC_S_Call ? WM_CALL : s->kind == WC_S_DataRef ? WM_DREF : WM_CALLB;
    uint32_t at = put(e, op, s->t, from, s->n_args, s->loc);
    word(e, op == WM_CALLB ? add_site(e, s) : s->n, s->loc);
    if (!s->optional)
        fails(e, at, 2);
}

static void emit_literal(emitter *e, const wc_stmt *s)
{
    wm_op op = s->kind == WC_S_LiteralArray ? WM_MKARR
               : s->kind == WC_S_LiteralSet ? WM_MKSET
                                            : WM_MKOBJ;
    if (s->n_args <= 512) {
        uint32_t from = row(e, s->args, s->n_args, s->loc);
        put(e, op, s->t, from, op == WM_MKOBJ ? s->n_args / 2 : s->n_args, s->loc);
        return;
    }
    /* Large literals grow, so that registers stay few. */
    wm_op begin = op == WM_MKARR ? WM_ARRAY : op == WM_MKSET ? WM_SET : WM_OBJECT;
    uint32_t to = temp(e, 2);
    put(e, begin, to, 512, 0, s->loc);
    for (uint32_t i = 0; i < s->n_args; i++) {
        uint32_t r = reg(e, s->args[i], 0, s->loc);
        if (op == WM_MKOBJ) {
            uint32_t v = reg(e, s->args[++i], 1, s->loc);
            put(e, WM_PUT, to, r, v, s->loc);
        } else {
            put(e, op == WM_MKARR ? WM_PUSH : WM_SADD, to, r, 0, s->loc);
        }
    }
    put(e, WM_MOVE, s->t, to, 0, s->loc);
}

static void emit_path(emitter *e, const wc_stmt *s)
{
    uint32_t from = row(e, s->args, s->n_args, s->loc);
    put(e, s->kind == WC_S_PathAdd ? WM_RADD : WM_RPUT, s->t, from, s->n_args - 1, s->loc);
}

static void emit_block(emitter *e, const wc_block *block, uint32_t loop, bool env);

static void emit_scan(emitter *e, const wc_stmt *s)
{
    uint32_t base = s->t - WM_IT_KEY;
    uint32_t source = reg(e, s->a, 0, s->loc);
    uint32_t iter = put(e, WM_ITER, base, source, 0, s->loc);
    uint32_t body = e->n;
    emit_block(e, s->block, base, false);
    uint32_t loop = put(e, WM_LOOP, base, 0, 0, s->loc);
    set_jump(e, loop, loop + 1 - body);
    set_jump(e, iter, e->n - (iter + 1));
}

/* What a jump from here to behind `to` leaves on its way. */
static void unwind(emitter *e, const wc_block *to, wp_loc loc)
{
    for (open_block *b = e->open; b && b->block != to; b = b->outer) {
        if (b->loop != WM_NONE)
            put(e, WM_UNLOOP, b->loop, 0, 0, loc);
        if (b->env)
            put(e, WM_WPOP, 0, 0, 0, loc);
    }
}

static void emit_break(emitter *e, const wc_stmt *s)
{
    unwind(e, s->block, s->loc);
    open_block *b = e->open;
    while (b && b->block != s->block)
        b = b->outer;
    if (!b)
        wb_fatal("a break names a block that is not open");
    jump_to(e, b, put(e, WM_JUMP, 0, 0, 0, s->loc), 1);
}

static void emit_return(emitter *e, const wc_stmt *s)
{
    /* The value is taken before loops are left: leaving frees nothing. */
    unwind(e, NULL, s->loc);
    if (s->a.kind == WC_CONST)
        put_wide(e, WM_RETK, 0, s->a.n, s->loc);
    else
        put(e, WM_RET, s->a.n, 0, 0, s->loc);
}

static void emit_with(emitter *e, const wc_stmt *s)
{
    put(e, WM_WPUSH, 0, 0, 0, s->loc);
    for (uint32_t i = 0; i < s->n_with; i++) {
        const wc_replacement *w = &s->with[i];
        uint32_t r = w->value.kind ? reg(e, w->value, 0, s->loc) : 0;
        if (w->what == WC_REPLACE_INPUT || w->what == WC_REPLACE_DATA) {
            put(e, w->what == WC_REPLACE_INPUT ? WM_WINPUT : WM_WDATA, 0, r, w->path, s->loc);
            continue;
        }
        uint32_t by = w->by_func, kind = w->value.kind ? 0 : 1;
        if (w->by_builtin) {
            wc_stmt site = {.builtin = w->by_builtin};
            by = add_site(e, &site);
            kind = 2;
        }
        put(e, WM_WMOCK, w->what == WC_MOCK_BUILTIN, r, kind, s->loc);
        word(e, (uint64_t)w->id | (uint64_t)by << 32, s->loc);
    }
    emit_block(e, s->block, WM_NONE, true);
    put(e, WM_WPOP, 0, 0, 0, s->loc);
}

static void emit_match(emitter *e, const wc_stmt *s)
{
    wm_program *p = e->p;
    if ((p->n_matches & (p->n_matches - 1)) == 0)
        p->matches = wb_realloc(p->matches,
                                (p->n_matches ? 2 * (size_t)p->n_matches : 1) * sizeof *p->matches);
    wv path = wv_copy(&p->arena, e->fn->consts[s->n], NULL, NULL);
    p->matches[p->n_matches] = (wm_match){path, s->optional};
    uint32_t a = reg(e, s->a, 0, s->loc), b = reg(e, s->b, 1, s->loc);
    put(e, WM_MATCH, s->t, a, b, s->loc);
    word(e, p->n_matches++, s->loc);
}

static void emit_dispatch(emitter *e, const wc_stmt *s)
{
    wm_program *p = e->p;
    const wc_dispatch *from = s->dispatch;
    if ((p->n_dispatches & (p->n_dispatches - 1)) == 0)
        p->dispatches =
            wb_realloc(p->dispatches,
                       (p->n_dispatches ? 2 * (size_t)p->n_dispatches : 1) * sizeof *p->dispatches);
    wm_dispatch *d = &p->dispatches[p->n_dispatches];
    *d = (wm_dispatch){.starts = wv_copy(&p->arena, from->starts, NULL, NULL),
                       .others = from->others,
                       .n_lists = from->n_lists,
                       .n_cases = from->n_rules};
    wv_freeze(d->starts, p->arena.seed);
    d->lists = wb_arena_alloc(&p->arena, from->n_lists * sizeof *d->lists);
    memcpy(d->lists, from->lists, from->n_lists * sizeof *d->lists);
    d->cases = wb_arena_calloc(&p->arena, ((size_t)from->n_rules + 1) * sizeof *d->cases);
    e->dispatch = p->n_dispatches++;
    e->to_next = NULL;
    put(e, WM_SWITCH, s->t, reg(e, s->a, 0, s->loc), 0, s->loc);
    word(e, e->dispatch, s->loc);
}

/* A case goes on to what finds the next one. */
static void emit_case(emitter *e, const wc_stmt *s)
{
    e->p->dispatches[e->dispatch].cases[s->n - 1] = e->n;
    emit_block(e, s->block, WM_NONE, false);
    patch *p = wb_arena_alloc(e->u->a, sizeof *p);
    uint32_t at = put(e, WM_JUMP, 0, 0, 0, s->loc);
    *p = (patch){at, at + 1, e->to_next};
    e->to_next = p;
}

static void emit_dispatch_end(emitter *e, const wc_stmt *s)
{
    wm_dispatch *d = &e->p->dispatches[e->dispatch];
    for (const patch *p = e->to_next; p; p = p->more)
        set_jump(e, p->at, e->n - p->next);
    put(e, WM_CASE, s->a.n, 0, 0, s->loc);
    word(e, e->dispatch, s->loc);
    d->cases[d->n_cases] = e->n;
}

static bool is_local(wc_operand o, uint32_t n)
{
    return o.kind == WC_LOCAL && o.n == n;
}

/* Whether the statement is undefined when the local is, so that it need not be asked before. */
static bool asks(const wc_stmt *s, uint32_t local)
{
    switch ((wc_stmt_kind)s->kind) {
    case WC_S_Dot:
    case WC_S_DotBase:
    case WC_S_IsDefined:
    case WC_S_IsTrue:
    case WC_S_IsCollection:
    case WC_S_IsType:
    case WC_S_IsArray:
    case WC_S_IsObject: return is_local(s->a, local);
    /* Two undefined sides would be equal, but what stands behind a test of one is there. */
    case WC_S_Equal:
    case WC_S_Less:
    case WC_S_LessEqual:
    case WC_S_Greater:
    case WC_S_GreaterEqual:
    case WC_S_Add:
    case WC_S_Subtract:
    case WC_S_Multiply:
    case WC_S_Divide:
    case WC_S_Remainder: return is_local(s->a, local) != is_local(s->b, local);
    default: return false;
    }
}

/* Sets a register to what is read, or undefined, where the plan does it in two statements. */
static bool emit_quiet_read(emitter *e, const wc_stmt *s)
{
    const wc_stmt *b = s->next, *read = b && b->kind == WC_S_Block ? b->block->first : NULL;
    if (!read || b->n || read->next || read->t != s->t || !wc_sets_local(read))
        return false;
    if (read->kind == WC_S_Input)
        put(e, WM_INPUT, s->t, 0, 0, read->loc);
    else if (read->kind == WC_S_Data)
        put(e, WM_DATA, s->t, 0, 0, read->loc);
    else if (read->kind == WC_S_Dot && read->a.kind == WC_LOCAL && narrow(read->b))
        put(e, WM_GETKU, s->t, read->a.n, read->b.n, read->loc);
    else
        return false;
    return true;
}

static void emit_stmt(emitter *e, const wc_stmt *s)
{
    wp_loc loc = s->loc;
    switch ((wc_stmt_kind)s->kind) {
    case WC_S_AssignVar: load(e, s->t, s->a, loc); break;
    case WC_S_AssignVarOnce: put(e, WM_ONCE, s->t, reg(e, s->a, 0, loc), 0, loc); break;
    case WC_S_ResetLocal: put(e, WM_UNDEF, s->t, 0, 0, loc); break;
    case WC_S_Input: fails(e, put(e, WM_INPUT, s->t, 0, 0, loc), 1); break;
    case WC_S_Data: put(e, WM_DATA, s->t, 0, 0, loc); break;
    case WC_S_Dot:
    case WC_S_DotBase: emit_dot(e, s); break;
    case WC_S_Equal:
    case WC_S_NotEqual:
    case WC_S_Less:
    case WC_S_LessEqual:
    case WC_S_Greater:
    case WC_S_GreaterEqual:
    case WC_S_Member: emit_test(e, s); break;
    case WC_S_EqualValue:
    case WC_S_NotEqualValue:
    case WC_S_LessValue:
    case WC_S_LessEqualValue:
    case WC_S_GreaterValue:
    case WC_S_GreaterEqualValue:
    case WC_S_MemberValue: emit_value(e, s, false); break;
    case WC_S_Add:
    case WC_S_Subtract:
    case WC_S_Multiply:
    case WC_S_Divide:
    case WC_S_Remainder: emit_value(e, s, true); break;
    case WC_S_IsDefined: fails(e, put(e, WM_DEF, reg(e, s->a, 0, loc), 0, 0, loc), 1); break;
    case WC_S_IsUndefined: fails(e, put(e, WM_NDEF, reg(e, s->a, 0, loc), 0, 0, loc), 1); break;
    case WC_S_IsTrue: fails(e, put(e, WM_TRUE, reg(e, s->a, 0, loc), 0, 0, loc), 1); break;
    case WC_S_IsCollection: fails(e, put(e, WM_ISCOLL, reg(e, s->a, 0, loc), 0, 0, loc), 1); break;
    case WC_S_IsType: fails(e, put_wide(e, WM_ISTYPE, reg(e, s->a, 0, loc), s->n, loc), 1); break;
    case WC_S_IsArray: fails(e, put_wide(e, WM_ISARR, reg(e, s->a, 0, loc), s->n, loc), 1); break;
    case WC_S_IsObject: fails(e, put_wide(e, WM_ISOBJ, reg(e, s->a, 0, loc), s->n, loc), 1); break;
    case WC_S_MakeArray: put(e, WM_ARRAY, s->t, 4, 0, loc); break;
    case WC_S_MakeSet: put(e, WM_SET, s->t, 4, 0, loc); break;
    case WC_S_MakeObject: put(e, WM_OBJECT, s->t, 4, 0, loc); break;
    case WC_S_ArrayAppend: put(e, WM_PUSH, s->t, reg(e, s->a, 0, loc), 0, loc); break;
    case WC_S_TallySum:
    case WC_S_TallyMax:
    case WC_S_TallyMin:
        put(e, (wm_op)(WM_TALLYSUM + (s->kind - WC_S_TallySum)), s->t, s->a.n, reg(e, s->b, 0, loc),
            loc);
        break;
    case WC_S_SetAdd: put(e, WM_SADD, s->t, reg(e, s->a, 0, loc), 0, loc); break;
    case WC_S_ObjectInsert:
    case WC_S_ObjectInsertOnce: {
        uint32_t k = reg(e, s->a, 0, loc), v = reg(e, s->b, 1, loc);
        put(e, s->kind == WC_S_ObjectInsert ? WM_PUT : WM_PUTNEW, s->t, k, v, loc);
        break;
    }
    case WC_S_LiteralArray:
    case WC_S_LiteralSet:
    case WC_S_LiteralObject: emit_literal(e, s); break;
    case WC_S_PathInsert:
    case WC_S_PathAdd: emit_path(e, s); break;
    case WC_S_Call:
    case WC_S_CallBuiltin:
    case WC_S_DataRef: emit_call(e, s); break;
    case WC_S_DataKeys: {
        uint32_t at = put(e, WM_DKEYS, s->t, 0, 0, loc);
        word(e, s->n, loc);
        fails(e, at, 2);
        break;
    }
    case WC_S_Clashes: put(e, WM_CLASH, s->t, 0, 0, loc); break;
    case WC_S_Settle: put(e, WM_SETTLE, s->a.n, 0, 0, loc); break;
    case WC_S_Match: emit_match(e, s); break;
    case WC_S_Dispatch: emit_dispatch(e, s); break;
    case WC_S_DispatchEnd: emit_dispatch_end(e, s); break;
    case WC_S_Block:
        if (s->n)
            emit_case(e, s);
        else
            emit_block(e, s->block, WM_NONE, false);
        break;
    case WC_S_Scan: emit_scan(e, s); break;
    case WC_S_With: emit_with(e, s); break;
    case WC_S_Break: emit_break(e, s); break;
    case WC_S_Return: emit_return(e, s); break;
    case WC_S_COUNT: break;
    }
}

static void emit_block(emitter *e, const wc_block *block, uint32_t loop, bool env)
{
    open_block b = {.block = block, .loop = loop, .env = env, .outer = e->open};
    e->open = &b;
    for (const wc_stmt *s = block->first; s; s = s->next) {
        if (s->kind == WC_S_ResetLocal && emit_quiet_read(e, s))
            s = s->next;
        else if (s->kind != WC_S_IsDefined || !s->next || !asks(s->next, s->a.n))
            emit_stmt(e, s);
    }
    e->open = b.outer;
    land(e, &b);
}

static bool emit_function(emitter *e, wc_function *fn, wm_func *to)
{
    wc_assign_registers(fn);
    e->fn = fn;
    e->start = e->n;
    e->temps = fn->n_locals;
    e->most = fn->n_locals;
    *to = fn->out;
    to->name = wb_arena_str(&e->p->arena, fn->name);
    if (fn->notes) {
        wb_buf notes;
        wb_buf_init(&notes, WC_NOTES_BYTES);
        wc_notes_print(&notes, fn);
        to->notes = wb_arena_str(&e->p->arena, wb_buf_str(&notes));
        wb_buf_free(&notes);
    }
    to->entry = e->n;
    to->n_args = fn->n_args;
    to->consts = e->p->n_consts;
    /* Behind the body: no value. */
    emit_block(e, fn->body, WM_NONE, false);
    uint32_t none = temp(e, 0);
    put(e, WM_UNDEF, none, 0, 0, fn->out.loc);
    put(e, WM_RET, none, 0, 0, fn->out.loc);
    to->words = e->n - e->start;
    to->n_regs = e->most;
    to->n_consts = fn->n_consts;
    if (e->most > WM_REG_MAX)
        e->too_large = true;
    wm_program *p = e->p;
    if (fn->n_consts) {
        size_t need = p->n_consts + (size_t)fn->n_consts;
        if (need > e->cap_consts) {
            e->cap_consts = need + need / 2;
            p->consts = wb_realloc(p->consts, e->cap_consts * sizeof(wv));
        }
        for (uint32_t i = 0; i < fn->n_consts; i++) {
            wv v = wv_copy(&p->arena, fn->consts[i], NULL, NULL);
            wv_freeze(v, p->arena.seed);
            p->consts[p->n_consts++] = v;
        }
    }
    if (to->path != WV_UNDEFINED) {
        to->path = wv_copy(&p->arena, to->path, NULL, NULL);
        wv_freeze(to->path, p->arena.seed);
    }
    return !e->too_large;
}

static void into_arena(wm_program *p, void **what, size_t n)
{
    void *to = wb_arena_alloc(&p->arena, n + 1);
    if (n)
        memcpy(to, *what, n);
    free(*what);
    *what = to;
}

bool wc_emit(wc_unit *u, const wc_plan *plan, wm_program *p)
{
    emitter e = {.u = u, .plan = plan, .p = p};
    bool ok = true;
    p->funcs = wb_calloc(plan->n, sizeof *p->funcs);
    p->n_funcs = plan->n;
    for (uint32_t i = 0; i < plan->n && ok; i++) {
        ok = emit_function(&e, plan->funcs[i], &p->funcs[i]);
        if (!ok)
            wp_report(u->diags, WP_COMPILE_ERROR, NULL, plan->funcs[i]->out.loc,
                      "%.*s is too large: split the rule or the query",
                      WB_FMT(plan->funcs[i]->name));
    }
    p->code = e.code;
    p->places = e.places;
    p->n_code = e.n;
    p->query = plan->query;
    into_arena(p, (void **)&p->code, e.n * sizeof *e.code);
    into_arena(p, (void **)&p->places, e.n * sizeof *e.places);
    into_arena(p, (void **)&p->locs, p->n_locs * sizeof *p->locs);
    into_arena(p, (void **)&p->funcs, p->n_funcs * sizeof *p->funcs);
    into_arena(p, (void **)&p->consts, p->n_consts * sizeof *p->consts);
    into_arena(p, (void **)&p->sites, p->n_sites * sizeof *p->sites);
    into_arena(p, (void **)&p->matches, p->n_matches * sizeof *p->matches);
    into_arena(p, (void **)&p->dispatches, p->n_dispatches * sizeof *p->dispatches);
    return ok;
}
