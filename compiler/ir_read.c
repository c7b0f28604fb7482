/* OPA's plan to ours, statement by statement.
 *
 * Three things are kept in mind on the way, for each local, in the block that is being made:
 * whether it is surely defined (else a test goes before what cannot take undefined), whether it
 * holds a collection that nothing else refers to (else it is copied before it is changed), and
 * whether its value outlives a turn of a loop (else it need not be kept). */
#include "compiler/ir_read.h"

#include "compiler/ir_plan.h"
#include "value/number.h"

#include <stdlib.h>

/* What holds of a local here. `made` is the statement that made the collection it alone holds. */
typedef struct fact {
    bool sure;
    bool base; /* it is part of the base documents, which are reached by text too */
    uint8_t made;
    uint32_t sure_scan, made_scan;
} fact;

/* A change of a fact, to be taken back when the block ends. What was lost stays lost. */
typedef struct change {
    uint32_t local;
    fact before;
    bool lost_sure, lost_made;
} change;

typedef struct lowering {
    wc_planner p;
    wc_unit *u;
    const ir_program *ir;
    wb_error *error;
    const ir_func *fn;
    ir_flow flow;
    fact *facts;
    change *changes;
    uint32_t n_changes, cap_changes;
    wc_block *blocks[IR_DEPTH_MAX + 1]; /* IR's blocks around here, outermost first */
    unsigned n_blocks;
    uint32_t input, data; /* registers of the present environment */
    uint32_t results;     /* plans: the result set */
    uint32_t pool;        /* first register of the locals of the present block */
    uint32_t scan, n_scans;
    uint32_t candidates; /* of all dynamic calls */
    const ws_builtin *count, *merge;
    wb_status status;
} lowering;

/* ---- facts ---- */

static void put_fact(lowering *w, uint32_t n, fact to, bool lost_sure, bool lost_made)
{
    if (w->n_changes == w->cap_changes) {
        uint32_t cap = 2 * w->cap_changes + 64;
        change *list = wb_arena_alloc(w->u->a, cap * sizeof *list);
        if (w->n_changes)
            memcpy(list, w->changes, w->n_changes * sizeof *list);
        w->changes = list;
        w->cap_changes = cap;
    }
    w->changes[w->n_changes++] = (change){n, w->facts[n], lost_sure, lost_made};
    w->facts[n] = to;
}

static void make_sure(lowering *w, uint32_t n)
{
    fact f = w->facts[n];
    f.sure = true;
    f.sure_scan = w->scan;
    put_fact(w, n, f, false, false);
}

static void in_base(lowering *w, uint32_t n)
{
    fact f = w->facts[n];
    f.base = true;
    put_fact(w, n, f, false, false);
}

static void lose(lowering *w, uint32_t n, bool sure, bool made)
{
    fact f = w->facts[n];
    f.sure = f.sure && !sure;
    f.base = false;
    f.made = made ? 0 : f.made;
    put_fact(w, n, f, sure, made);
}

/* The end of a block: what was learnt in it is forgotten, what was lost in it stays lost. */
static void forget_since(lowering *w, uint32_t mark)
{
    uint32_t end = w->n_changes, to = mark;
    for (uint32_t i = end; i > mark; i--)
        w->facts[w->changes[i - 1].local] = w->changes[i - 1].before;
    for (uint32_t i = mark; i < end; i++) {
        change c = w->changes[i];
        if (!c.lost_sure && !c.lost_made)
            continue;
        c.before = w->facts[c.local];
        w->facts[c.local].sure = c.before.sure && !c.lost_sure;
        w->facts[c.local].made = c.lost_made ? 0 : c.before.made;
        w->changes[to++] = c;
    }
    w->n_changes = to;
}

static bool is_sure(const lowering *w, uint32_t n)
{
    const fact *f = &w->facts[n];
    return n >= IR_FIRST_ARG && f->sure &&
           (f->sure_scan == w->scan || w->flow.locals[n].writes == 1);
}

/* Whether the local alone holds a collection made by `made`, in every turn of the loops that began
 * since. */
static bool is_own(const lowering *w, uint32_t n, unsigned made)
{
    const fact *f = &w->facts[n];
    if (f->made != made)
        return false;
    if (f->made_scan == w->scan)
        return true;
    if (w->flow.locals[n].n_events > IR_EVENTS_MAX)
        return false;
    uint32_t child = w->scan;
    while (w->flow.parent[child] != f->made_scan)
        child = w->flow.parent[child];
    for (const ir_event *e = w->flow.locals[n].events; e; e = e->next)
        if (ir_scan_inside(&w->flow, e->scan, child))
            return false;
    return true;
}

/* Whether a value written here is read after the present turn of a loop. */
static bool outlives_turn(const lowering *w, uint32_t n)
{
    const ir_local *l = &w->flow.locals[n];
    return l->home != w->scan || (w->scan != 0 && l->exposed);
}

/* ---- operands ---- */

static uint32_t reg_of(const lowering *w, uint32_t local)
{
    if (local < IR_FIRST_ARG)
        return local == IR_INPUT ? w->input : w->data;
    const ir_local *l = &w->flow.locals[local];
    return l->shared ? l->reg : w->pool + l->reg;
}

static wc_operand text_const(lowering *w, wb_str s)
{
    return wc_const(&w->p, wv_string_new(w->u->a, s));
}

static wc_operand value_of(lowering *w, ir_operand o)
{
    switch (o.kind) {
    case IR_LOCAL: return wc_op_local(reg_of(w, o.n));
    case IR_BOOL: return wc_const(&w->p, wv_bool(o.n));
    case IR_STRING: return text_const(w, w->ir->strings[o.n]);
    case IR_NONE: break;
    }
    return (wc_operand){0};
}

static void test(lowering *w, wc_stmt_kind kind, wc_operand a)
{
    wc_put_op(&w->p, kind, 0, a, (wc_operand){0});
}

/* The operand, defined: else the present block ends. */
static wc_operand defined(lowering *w, ir_operand o)
{
    wc_operand v = value_of(w, o);
    if (o.kind == IR_LOCAL && !is_sure(w, o.n)) {
        test(w, WC_S_IsDefined, v);
        if (o.n >= IR_FIRST_ARG)
            make_sure(w, o.n);
    }
    return v;
}

static void seal(lowering *w, ir_operand o)
{
    if (o.kind == IR_LOCAL && w->facts[o.n].made)
        lose(w, o.n, false, true);
}

static void assign(lowering *w, uint32_t t, wc_operand a)
{
    if (a.kind != WC_LOCAL || a.n != t)
        wc_put_op(&w->p, WC_S_AssignVar, t, a, (wc_operand){0});
}

static void reset(lowering *w, uint32_t t)
{
    wc_put_op(&w->p, WC_S_ResetLocal, t, (wc_operand){0}, (wc_operand){0});
}

/* An operand that keeps its value while local n is written. */
static wc_operand apart(lowering *w, wc_operand o, uint32_t n)
{
    if (o.kind != WC_LOCAL || o.n != reg_of(w, n))
        return o;
    uint32_t t = wc_local(&w->p);
    assign(w, t, o);
    return wc_op_local(t);
}

static void stop(lowering *w, wb_status status, const char *what)
{
    if (!w->status)
        w->status = wb_fail(w->error, status, "plan: %.*s: %s", WB_FMT(w->fn->name), what);
}

/* ---- writing locals ---- */

/* The register that an instruction is to write in place of the local. may_fail: an undefined result
 * leaves the local undefined. Operands that are the local itself were set apart before. */
static uint32_t begin_write(lowering *w, uint32_t n, bool may_fail)
{
    const ir_local *l = &w->flow.locals[n];
    lose(w, n, true, true);
    if (may_fail && (l->writes > 1 || l->exposed))
        reset(w, reg_of(w, n));
    return outlives_turn(w, n) ? wc_local(&w->p) : reg_of(w, n);
}

/* Into a local whose value outlives the turn: a once-assignment copies to where it stays. */
static void keep(lowering *w, uint32_t n, wc_operand v)
{
    if (v.kind == WC_LOCAL && v.n != reg_of(w, n)) {
        reset(w, reg_of(w, n));
        wc_put_op(&w->p, WC_S_AssignVarOnce, reg_of(w, n), v, (wc_operand){0});
    }
}

static void end_write(lowering *w, uint32_t n, uint32_t t, bool sure)
{
    keep(w, n, wc_op_local(t));
    if (sure)
        make_sure(w, n);
}

static void write_value(lowering *w, uint32_t n, wc_operand v, bool sure)
{
    v = apart(w, v, n);
    lose(w, n, true, true);
    if (v.kind == WC_LOCAL && outlives_turn(w, n))
        keep(w, n, v);
    else
        assign(w, reg_of(w, n), v);
    if (sure)
        make_sure(w, n);
}

/* ---- small pieces of plan ---- */

static void call_builtin(lowering *w, const ws_builtin *fn, uint32_t t, const wc_operand *args,
                         uint32_t n)
{
    wc_stmt *s = wc_put(&w->p, WC_S_CallBuiltin);
    s->t = t;
    s->builtin = fn;
    s->n_args = n;
    s->args = wb_arena_alloc(w->u->a, n * sizeof *s->args + 1);
    if (n)
        memcpy(s->args, args, n * sizeof *s->args);
    s->optional = fn->flags & WS_VOID;
}

/* Ends the block unless v, which is defined, has the type named so. */
static void is_type(lowering *w, wc_operand v, wv_type type)
{
    wc_put_op(&w->p, WC_S_IsType, 0, v, (wc_operand){0})->n = type;
}

/* A conflict, whatever comes. */
static void raise(lowering *w)
{
    uint32_t t = wc_local(&w->p);
    wc_operand key = wc_const(&w->p, WV_NULL);
    wc_put(&w->p, WC_S_MakeObject)->t = t;
    wc_put_op(&w->p, WC_S_ObjectInsertOnce, t, key, wc_const(&w->p, WV_FALSE));
    wc_put_op(&w->p, WC_S_ObjectInsertOnce, t, key, wc_const(&w->p, WV_TRUE));
}

/* Registers of input and data for what follows: the function's body, or the body of a With. */
static void load_environment(lowering *w)
{
    if (w->fn->uses_input) {
        w->input = wc_local(&w->p);
        reset(w, w->input);
        wc_mark m = wc_open(&w->p);
        wc_put(&w->p, WC_S_Input)->t = w->input;
        wc_close(&w->p, m);
    }
    if (w->fn->uses_data) {
        w->data = wc_local(&w->p);
        wc_put(&w->p, WC_S_Data)->t = w->data;
    }
}

static void lower_block(lowering *w, const ir_block *b);

/* The statements of a block of IR's in the present block of ours. */
static void lower_body(lowering *w, const ir_block *b)
{
    uint32_t mark = w->n_changes;
    w->blocks[w->n_blocks++] = w->p.block;
    lower_block(w, b);
    w->n_blocks--;
    forget_since(w, mark);
}

static void lower_blocks(lowering *w, const ir_stmt *s)
{
    for (uint32_t i = 0; i < s->n_blocks; i++) {
        wc_mark m = wc_open(&w->p);
        lower_body(w, &s->blocks[i]);
        wc_close(&w->p, m);
    }
}

/* ---- statements ---- */

static void lower_not(lowering *w, const ir_stmt *s)
{
    wc_block *here = w->p.block;
    wc_mark m = wc_open(&w->p);
    lower_body(w, &s->blocks[0]);
    wc_break(&w->p, here);
    wc_close(&w->p, m);
}

static void lower_scan(lowering *w, const ir_stmt *s)
{
    seal(w, s->a);
    wc_operand source = value_of(w, s->a);
    wc_mark m = wc_mark_now(&w->p);
    uint32_t outer = w->scan, mark = w->n_changes, key = wc_scan(&w->p, source);
    w->scan = ++w->n_scans;
    if (w->flow.locals[s->t].reads)
        write_value(w, s->t, wc_op_local(key), true);
    if (w->flow.locals[s->u].reads)
        write_value(w, s->u, wc_op_local(key + 1), true);
    lower_body(w, &s->blocks[0]);
    forget_since(w, mark);
    w->scan = outer;
    wc_close(&w->p, m);
}

static void lower_with(lowering *w, const ir_stmt *s)
{
    wv path = wv_array_begin(w->u->a, s->n_path);
    for (uint32_t i = 0; i < s->n_path; i++)
        wv_array_push(w->u->a, &path, wv_string_new(w->u->a, w->ir->strings[s->path[i].n]));
    seal(w, s->a);
    wc_replacement *r = wb_arena_calloc(w->u->a, sizeof *r);
    r->what = s->t == IR_INPUT ? WC_REPLACE_INPUT : WC_REPLACE_DATA;
    r->path = wc_const(&w->p, path).n;
    r->by_func = WM_NONE;
    r->value = s->n_path ? defined(w, s->a) : value_of(w, s->a);

    wc_block *here = w->p.block;
    wc_mark m = wc_open(&w->p);
    wc_block *all = w->p.block;
    wc_mark inside = wc_mark_now(&w->p);
    wc_stmt *with = wc_put(&w->p, WC_S_With);
    with->with = r;
    with->n_with = 1;
    with->block = wb_arena_calloc(w->u->a, sizeof *with->block);
    with->block->outer = w->p.block;
    w->p.block = with->block;
    uint32_t input = w->input, data = w->data;
    load_environment(w);
    lower_body(w, &s->blocks[0]);
    w->input = input;
    w->data = data;
    /* The end was reached: go on. Else the block that the With stands in ends too. */
    wc_break(&w->p, all);
    wc_close(&w->p, inside);
    wc_break(&w->p, here);
    wc_close(&w->p, m);
}

/* Built-ins that are statements of ours. */
static const struct {
    const char *name;
    uint8_t kind;
    bool may_fail;
} operators[] = {
    {"equal", WC_S_EqualValue, false}, {"neq", WC_S_NotEqualValue, false},
    {"lt", WC_S_LessValue, false},     {"lte", WC_S_LessEqualValue, false},
    {"gt", WC_S_GreaterValue, false},  {"gte", WC_S_GreaterEqualValue, false},
    {"plus", WC_S_Add, true},          {"minus", WC_S_Subtract, true},
    {"mul", WC_S_Multiply, true},      {"div", WC_S_Divide, true},
    {"rem", WC_S_Remainder, true},     {"internal.member_2", WC_S_MemberValue, false},
};

static void lower_call(lowering *w, const ir_stmt *s)
{
    uint32_t first = s->func == WM_NONE ? 0 : IR_FIRST_ARG, n = s->n_args - first;
    wc_operand args[IR_ARGS_MAX];
    for (uint32_t i = 0; i < n; i++) {
        seal(w, s->args[first + i]);
        args[i] = defined(w, s->args[first + i]);
    }
    for (uint32_t i = 0; i < n; i++)
        args[i] = apart(w, args[i], s->t);
    uint32_t t = begin_write(w, s->t, true);
    int op = -1;
    for (unsigned i = 0; s->builtin && i < sizeof operators / sizeof *operators && op < 0; i++)
        op = strcmp(operators[i].name, s->builtin->name) == 0 ? (int)i : -1;
    if (s->func != WM_NONE) {
        wc_stmt *call = wc_put(&w->p, WC_S_Call);
        call->t = t;
        call->n = s->func;
        call->n_args = n;
        call->args = wb_arena_alloc(w->u->a, n * sizeof *call->args + 1);
        if (n)
            memcpy(call->args, args, n * sizeof *call->args);
    } else if (op >= 0) {
        wc_put_op(&w->p, (wc_stmt_kind)operators[op].kind, t, args[0], args[1]);
    } else {
        call_builtin(w, s->builtin, t, args, n);
    }
    end_write(w, s->t, t, !s->builtin || !(s->builtin->flags & WS_VOID));
}

/* Whether the function may be the one that the path names, as far as that is known now. */
static bool may_be(const lowering *w, const ir_func *fn, const ir_stmt *s)
{
    if (fn->n_args || fn->n_path != s->n_path)
        return false;
    for (uint32_t i = 0; i < s->n_path; i++)
        if (s->path[i].kind == IR_BOOL ||
            (s->path[i].kind == IR_STRING && !wb_str_eq(w->ir->strings[s->path[i].n], fn->path[i])))
            return false;
    return true;
}

/* A test for each function whose path may be meant. Not found ends this block; found but undefined
 * leaves three more, as IR has it. */
static void lower_call_dynamic(lowering *w, const ir_stmt *s)
{
    wc_block *here = w->p.block, *none = w->blocks[w->n_blocks - 4];
    for (uint32_t i = 0; i < s->n_path; i++)
        defined(w, s->path[i]);
    lose(w, s->t, true, true);
    wc_mark m = wc_open(&w->p);
    wc_block *all = w->p.block;
    for (uint32_t f = 0; f < w->ir->n_funcs; f++) {
        const ir_func *fn = &w->ir->funcs[f];
        if (!may_be(w, fn, s))
            continue;
        if (++w->candidates > IR_DYNAMIC_MAX) {
            stop(w, WB_LIMIT, "dynamic calls have too many candidates");
            break;
        }
        wc_mark one = wc_open(&w->p);
        for (uint32_t i = 0; i < s->n_path; i++)
            if (s->path[i].kind == IR_LOCAL)
                wc_put_op(&w->p, WC_S_Equal, 0, value_of(w, s->path[i]),
                          text_const(w, fn->path[i]));
        wc_mark call = wc_open(&w->p);
        uint32_t t = begin_write(w, s->t, true);
        wc_stmt *c = wc_put(&w->p, WC_S_Call);
        c->t = t;
        c->n = f;
        end_write(w, s->t, t, false);
        wc_break(&w->p, all);
        wc_close(&w->p, call);
        wc_break(&w->p, none);
        wc_close(&w->p, one);
    }
    wc_break(&w->p, here);
    wc_close(&w->p, m);
    make_sure(w, s->t);
}

static const struct {
    wv_type type;
    uint8_t make, add; /* IR's statement, and ours that adds to it */
} collections[] = {
    {WV_TYPE_ARRAY, IR_MakeArray, WC_S_ArrayAppend},
    {WV_TYPE_OBJECT, IR_MakeObject, WC_S_ObjectInsert},
    {WV_TYPE_SET, IR_MakeSet, WC_S_SetAdd},
};

static void make(lowering *w, unsigned kind, uint32_t t)
{
    wc_put(&w->p, kind == IR_MakeArray    ? WC_S_MakeArray
                  : kind == IR_MakeObject ? WC_S_MakeObject
                                          : WC_S_MakeSet)
        ->t = t;
}

static void own(lowering *w, uint32_t n, unsigned made)
{
    fact f = w->facts[n];
    f.made = (uint8_t)made;
    f.made_scan = w->scan;
    put_fact(w, n, f, false, false);
}

static void lower_make(lowering *w, const ir_stmt *s)
{
    uint32_t t = begin_write(w, s->t, false);
    make(w, s->kind, t);
    end_write(w, s->t, t, true);
    own(w, s->t, s->kind);
}

/* Adds to a collection, in place where nothing else refers to it, else to a copy that takes its
 * place. What is no such collection is a conflict: a rule would put something below a scalar. */
static void lower_change(lowering *w, const ir_stmt *s)
{
    wc_stmt_kind add = s->kind == IR_ArrayAppend    ? WC_S_ArrayAppend
                       : s->kind == IR_SetAdd       ? WC_S_SetAdd
                       : s->kind == IR_ObjectInsert ? WC_S_ObjectInsert
                                                    : WC_S_ObjectInsertOnce;
    unsigned which = add == WC_S_ArrayAppend ? 0 : add == WC_S_SetAdd ? 2 : 1;
    seal(w, s->a);
    seal(w, s->b);
    wc_operand a = defined(w, s->a), b = s->b.kind ? defined(w, s->b) : (wc_operand){0};
    uint32_t reg = reg_of(w, s->t);
    if (is_own(w, s->t, collections[which].make)) {
        wc_put_op(&w->p, add, reg, a, b);
        return;
    }
    wc_mark m = wc_open(&w->p);
    wc_block *all = w->p.block;
    wc_mark fits = wc_open(&w->p);
    test(w, WC_S_IsDefined, wc_op_local(reg));
    is_type(w, wc_op_local(reg), collections[which].type);
    uint32_t copy = wc_local(&w->p);
    make(w, collections[which].make, copy);
    wc_mark loop = wc_mark_now(&w->p);
    uint32_t key = wc_scan(&w->p, wc_op_local(reg));
    wc_operand k = wc_op_local(key), v = wc_op_local(key + 1);
    wc_put_op(&w->p, (wc_stmt_kind)collections[which].add, copy, which == 1 ? k : v,
              which == 1 ? v : (wc_operand){0});
    wc_close(&w->p, loop);
    wc_put_op(&w->p, add, copy, a, b);
    write_value(w, s->t, wc_op_local(copy), true);
    wc_break(&w->p, all);
    wc_close(&w->p, fits);
    raise(w);
    wc_close(&w->p, m);
    make_sure(w, s->t);
    own(w, s->t, collections[which].make);
}

/* Base and virtual document: objects merge, elsewhere the first one stays. */
static void lower_merge(lowering *w, const ir_stmt *s)
{
    seal(w, s->a);
    seal(w, s->b);
    wc_operand a = apart(w, value_of(w, s->a), s->t), b = apart(w, value_of(w, s->b), s->t);
    lose(w, s->t, true, true);
    reset(w, reg_of(w, s->t));
    wc_mark m = wc_open(&w->p);
    wc_block *all = w->p.block;
    wc_mark one = wc_open(&w->p);
    test(w, WC_S_IsUndefined, a);
    write_value(w, s->t, b, false);
    wc_break(&w->p, all);
    wc_close(&w->p, one);
    one = wc_open(&w->p);
    test(w, WC_S_IsDefined, b);
    is_type(w, a, WV_TYPE_OBJECT);
    is_type(w, b, WV_TYPE_OBJECT);
    uint32_t t = wc_local(&w->p);
    call_builtin(w, w->merge, t, (wc_operand[]){b, a}, 2);
    write_value(w, s->t, wc_op_local(t), false);
    wc_break(&w->p, all);
    wc_close(&w->p, one);
    write_value(w, s->t, a, false);
    wc_close(&w->p, m);
}

static void lower_dot(lowering *w, const ir_stmt *s)
{
    wc_operand a = apart(w, value_of(w, s->a), s->t), b = apart(w, defined(w, s->b), s->t);
    bool base = s->a.kind == IR_LOCAL && (s->a.n == IR_DATA || w->facts[s->a.n].base);
    uint32_t t = begin_write(w, s->t, true);
    wc_put_op(&w->p, base ? WC_S_DotBase : WC_S_Dot, t, a, b);
    end_write(w, s->t, t, true);
    if (base && w->flow.locals[s->t].writes == 1)
        in_base(w, s->t);
}

static void lower_len(lowering *w, const ir_stmt *s)
{
    wc_operand a = apart(w, defined(w, s->a), s->t);
    uint32_t t = begin_write(w, s->t, true);
    if (s->a.kind == IR_LOCAL)
        test(w, WC_S_IsCollection, a);
    call_builtin(w, w->count, t, &a, 1);
    end_write(w, s->t, t, true);
}

static void lower_number(lowering *w, const ir_stmt *s)
{
    wv v;
    if (s->kind != IR_MakeNumberRef)
        v = wv_from_int64(w->u->a, s->num);
    else if (wv_number_parse(w->u->a, w->ir->strings[s->num], false, &v) != WV_NUM_OK) {
        stop(w, WB_INVALID, "a number's text is no number");
        return;
    }
    write_value(w, s->t, wc_const(&w->p, v), true);
}

static void lower_assign_once(lowering *w, const ir_stmt *s)
{
    bool sure = s->a.kind != IR_LOCAL || is_sure(w, s->a.n);
    seal(w, s->a);
    wc_put_op(&w->p, WC_S_AssignVarOnce, reg_of(w, s->t), value_of(w, s->a), (wc_operand){0});
    lose(w, s->t, !sure, true);
    if (sure)
        make_sure(w, s->t);
}

static void lower_assign(lowering *w, const ir_stmt *s)
{
    bool sure = s->a.kind != IR_LOCAL || is_sure(w, s->a.n);
    seal(w, s->a);
    write_value(w, s->t, value_of(w, s->a), sure);
}

/* Results are read as bindings of names: a set of anything else is a conflict. */
static void lower_result(lowering *w, const ir_stmt *s)
{
    seal(w, s->a);
    wc_operand v = defined(w, s->a);
    wc_mark m = wc_open(&w->p);
    wc_block *all = w->p.block;
    wc_mark fits = wc_open(&w->p);
    wc_block *fit = w->p.block;
    is_type(w, v, WV_TYPE_OBJECT);
    wc_mark loop = wc_mark_now(&w->p);
    uint32_t key = wc_scan(&w->p, v);
    wc_block *turn = w->p.block;
    wc_mark name = wc_open(&w->p);
    is_type(w, wc_op_local(key), WV_TYPE_STRING);
    wc_break(&w->p, turn);
    wc_close(&w->p, name);
    wc_break(&w->p, fit);
    wc_close(&w->p, loop);
    wc_put_op(&w->p, WC_S_SetAdd, w->results, v, (wc_operand){0});
    wc_break(&w->p, all);
    wc_close(&w->p, fits);
    raise(w);
    wc_close(&w->p, m);
}

static void lower_statement(lowering *w, const ir_stmt *s)
{
    switch ((ir_kind)s->kind) {
    case IR_ArrayAppend:
    case IR_SetAdd:
    case IR_ObjectInsert:
    case IR_ObjectInsertOnce: lower_change(w, s); break;
    case IR_AssignInt:
    case IR_MakeNumberInt:
    case IR_MakeNumberRef: lower_number(w, s); break;
    case IR_AssignVar: lower_assign(w, s); break;
    case IR_AssignVarOnce: lower_assign_once(w, s); break;
    case IR_Block: lower_blocks(w, s); break;
    case IR_Break: wc_break(&w->p, w->blocks[w->n_blocks - 1 - (unsigned)s->num]); break;
    case IR_Call: lower_call(w, s); break;
    case IR_CallDynamic: lower_call_dynamic(w, s); break;
    case IR_Dot: lower_dot(w, s); break;
    case IR_Equal:
    case IR_NotEqual:
        wc_put_op(&w->p, s->kind == IR_Equal ? WC_S_Equal : WC_S_NotEqual, 0, value_of(w, s->a),
                  value_of(w, s->b));
        break;
    case IR_IsArray: is_type(w, defined(w, s->a), WV_TYPE_ARRAY); break;
    case IR_IsObject: is_type(w, defined(w, s->a), WV_TYPE_OBJECT); break;
    case IR_IsSet: is_type(w, defined(w, s->a), WV_TYPE_SET); break;
    case IR_IsDefined: defined(w, s->a); break;
    case IR_IsUndefined: test(w, WC_S_IsUndefined, value_of(w, s->a)); break;
    case IR_Len: lower_len(w, s); break;
    case IR_MakeArray:
    case IR_MakeObject:
    case IR_MakeSet: lower_make(w, s); break;
    case IR_MakeNull: write_value(w, s->t, wc_const(&w->p, WV_NULL), true); break;
    case IR_Nop: break;
    case IR_Not: lower_not(w, s); break;
    case IR_ObjectMerge: lower_merge(w, s); break;
    case IR_ResetLocal:
        lose(w, s->t, true, true);
        reset(w, reg_of(w, s->t));
        break;
    case IR_ResultSetAdd: lower_result(w, s); break;
    case IR_ReturnLocal: test(w, WC_S_Return, value_of(w, s->a)); break;
    case IR_Scan: lower_scan(w, s); break;
    case IR_With: lower_with(w, s); break;
    case IR_KIND_COUNT: break;
    }
}

static void lower_block(lowering *w, const ir_block *b)
{
    for (uint32_t i = 0; i < b->n && !w->status; i++) {
        uint32_t locals = w->p.n_locals;
        w->p.loc = b->stmts[i].loc;
        lower_statement(w, &b->stmts[i]);
        w->p.n_locals = locals; /* what a statement needed for itself */
    }
}

/* ---- functions ---- */

/* "data.a.b" of "g0.data.a.b": what messages call it. */
static wb_str shown_name(const ir_func *fn)
{
    size_t i = 1;
    while (i < fn->name.n && fn->name.p[i] >= '0' && fn->name.p[i] <= '9')
        i++;
    if (i > 1 && i + 1 < fn->name.n && fn->name.p[0] == 'g' && fn->name.p[i] == '.')
        return wb_str_n(fn->name.p + i + 1, fn->name.n - i - 1);
    return fn->name;
}

/* Rows as a query of ours answers them. */
static void return_results(lowering *w)
{
    uint32_t rows = wc_local(&w->p), row = wc_local(&w->p);
    wc_operand none = wc_const(&w->p, wv_array_new(w->u->a, NULL, 0));
    wc_put(&w->p, WC_S_MakeArray)->t = rows;
    wc_mark m = wc_mark_now(&w->p);
    uint32_t key = wc_scan(&w->p, wc_op_local(w->results));
    wc_stmt *s = wc_put(&w->p, WC_S_LiteralArray);
    s->t = row;
    s->n_args = 2;
    s->args = wb_arena_alloc(w->u->a, 2 * sizeof *s->args);
    s->args[0] = wc_op_local(key + 1);
    s->args[1] = none;
    wc_put_op(&w->p, WC_S_ArrayAppend, rows, wc_op_local(row), (wc_operand){0});
    wc_close(&w->p, m);
    test(w, WC_S_Return, wc_op_local(rows));
}

static wp_loc first_place(const ir_func *fn)
{
    for (uint32_t i = 0; i < fn->n_blocks; i++)
        for (uint32_t k = 0; k < fn->blocks[i].n; k++)
            if (fn->blocks[i].stmts[k].loc.row)
                return fn->blocks[i].stmts[k].loc;
    return (wp_loc){0};
}

static wc_function *lower_function(lowering *w, const ir_func *fn)
{
    wc_function *to = wb_arena_calloc(w->u->a, sizeof *to);
    to->out.whole = WM_NONE;
    to->name = shown_name(fn);
    to->n_args = fn->n_args;
    to->body = wb_arena_calloc(w->u->a, sizeof *to->body);
    to->out.loc = first_place(fn);
    to->out.is_function = fn->n_args > 0;
    if (!(w->u->options->passes_off & WC_PASS_MEMO) && fn->asked > 1) {
        to->out.memo_kind = fn->n_args ? WM_MEMO_ARGS : WM_MEMO_RULE;
        if (!fn->n_args)
            to->out.memo = w->u->program->n_memos++;
    }
    w->fn = fn;
    w->p = (wc_planner){.u = w->u, .fn = to, .block = to->body};
    w->p.loc = to->out.loc;
    w->n_blocks = w->n_changes = 0;
    w->scan = w->n_scans = 0;
    w->facts = wb_arena_calloc(w->u->a, (fn->n_locals + 1) * sizeof *w->facts);
    ir_flow_function(&w->flow, w->u->a, fn);
    for (uint32_t i = IR_FIRST_ARG; i < fn->n_locals; i++) {
        if (w->flow.locals[i].shared)
            w->flow.locals[i].reg = wc_local(&w->p);
        if (i < IR_FIRST_ARG + fn->n_args)
            make_sure(w, i);
        else if (w->flow.locals[i].exposed)
            reset(w, reg_of(w, i));
    }
    load_environment(w);
    if (fn->is_plan) {
        w->results = wc_local(&w->p);
        wc_put(&w->p, WC_S_MakeSet)->t = w->results;
    }
    for (uint32_t i = 0; i < fn->n_blocks && !w->status; i++) {
        wc_mark m = wc_open(&w->p);
        uint32_t n = ir_flow_block(&w->flow, i, w->n_scans);
        w->pool = w->p.n_locals;
        while (n--)
            wc_local(&w->p);
        lower_body(w, &fn->blocks[i]);
        wc_close(&w->p, m);
    }
    if (fn->is_plan)
        return_results(w);
    return to;
}

static wb_status lower(wc_unit *u, const ir_program *ir, wc_plan *plan, wb_error *error)
{
    lowering *w = wb_arena_calloc(u->a, sizeof *w);
    w->u = u;
    w->ir = ir;
    w->error = error;
    w->count = ws_registry_find(u->registry, WB_LIT("count"));
    w->merge = ws_registry_find(u->registry, WB_LIT("object.union"));
    if (!w->count || !w->merge)
        return wb_fail(error, WB_INTERNAL, "plan: count or object.union is missing");
    plan->n = plan->cap = ir->n_funcs + 1;
    plan->query = ir->n_funcs;
    plan->funcs = wb_arena_calloc(u->a, plan->n * sizeof *plan->funcs);
    for (uint32_t i = 0; i < plan->n && !w->status; i++)
        plan->funcs[i] = lower_function(w, &ir->funcs[i]);
    return w->status;
}

/* What the machine asks of every program: a root, the operators, names of files. */
static void furnish(wm_program *p, const wc_unit *u, const ir_program *ir)
{
    static const char *const names[WM_OPERATOR_COUNT] = {"plus", "minus", "mul", "div", "rem"};
    for (unsigned i = 0; i < WM_OPERATOR_COUNT; i++)
        p->operators[i] = ws_registry_find(u->registry, wb_str_of(names[i]));
    p->n_nodes = 1;
    p->nodes = wb_arena_calloc(&p->arena, sizeof *p->nodes);
    p->nodes[0] = (wm_node){.parent = WM_NONE, .whole = WM_NONE, .keyed = WM_NONE};
    p->nodes[0].name = wv_string_new(&p->arena, WB_LIT("data"));
    p->n_files = ir->n_files;
    p->files = wb_arena_calloc(&p->arena, (ir->n_files + 1) * sizeof *p->files);
    for (uint32_t i = 0; i < ir->n_files; i++)
        p->files[i].name = wb_arena_str(&p->arena, ir->files[i]);
}

#define PROGRAM_ADDRESSES ((size_t)8 << 30) /* of an arena; memory comes as used */

static wb_status compile(wc_unit *u, wb_str json, wb_str entrypoint, wm_program *p, wb_error *error)
{
    ir_program ir;
    wc_plan plan = {.query = WM_NONE};
    wb_status s = ir_parse(&ir, u->a, json, entrypoint, u->registry, error);
    if (s)
        return s;
    s = lower(u, &ir, &plan, error);
    if (s)
        return s;
    if (!wc_emit(u, &plan, p))
        return wb_fail(error, WB_LIMIT, "plan: %.*s", WB_FMT(u->diags->first->message));
    furnish(p, u, &ir);
    return wm_verify(p, error);
}

wb_status wc_compile_plan(wb_str json, const wc_options *options, wb_str entrypoint,
                          wm_program **out, wb_error *error)
{
    wb_arena scratch, arena;
    *out = NULL;
    if (wb_arena_init(&scratch, PROGRAM_ADDRESSES, options->seed))
        return wb_fail(error, WB_MEMORY, "plan: no memory");
    if (wb_arena_init(&arena, PROGRAM_ADDRESSES, options->seed)) {
        wb_arena_free(&scratch);
        return wb_fail(error, WB_MEMORY, "plan: no memory");
    }
    wm_program *p = wb_arena_calloc(&arena, sizeof *p);
    p->arena = arena;
    wp_diags diags;
    wp_diags_init(&diags, &scratch, 1);
    wc_unit u = {.a = &scratch,
                 .options = options,
                 .diags = &diags,
                 .registry = options->registry,
                 .program = p};
    wb_status s = compile(&u, json, entrypoint, p, error);
    wb_arena_free(&scratch);
    if (s)
        wm_program_free(p);
    else
        *out = p;
    return s;
}
