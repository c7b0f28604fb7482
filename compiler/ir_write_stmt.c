/* The statements of our plan as OPA's.
 *
 * Blocks are blocks here and there. What differs: constants are made where they are used; tests of
 * ours are calls whose answer is not false; a return sets the function's result and leaves its
 * first block; a break that leaves a loop sets a local by which every turn still to come ends at
 * once, and leaves the rest behind the loop. */
#include "compiler/ir_writer.h"

#include <stdlib.h>

static void write_block(ir_writer *w, const wc_block *b);

/* ---- locals ---- */

static void set_map(ir_writer *w, uint32_t n, uint32_t to)
{
    if (w->n_undo == w->cap_undo) {
        w->cap_undo = 2 * w->cap_undo + 64;
        w->undo = wb_realloc(w->undo, w->cap_undo * sizeof *w->undo);
    }
    w->undo[w->n_undo].local = n;
    w->undo[w->n_undo++].before = w->map[n];
    w->map[n] = to;
}

/* A new local for one of ours, whose number may have had another life before: readers learn more
 * of locals that are written once. */
static uint32_t fresh(ir_writer *w, uint32_t n)
{
    set_map(w, n, ir_new_local(w));
    return w->map[n];
}

/* The local of one of ours. */
static uint32_t local(ir_writer *w, uint32_t n)
{
    return w->map[n] ? w->map[n] : fresh(w, n);
}

/* The local to be written for one of ours: the same again when it was left undefined until now. */
static uint32_t target(ir_writer *w, uint32_t n)
{
    uint32_t t = w->map[n];
    return t >= IR_FIRST_ARG && w->facts[t] & IR_MAYBE ? t : fresh(w, n);
}

static ir_operand operand(ir_writer *w, wc_operand o)
{
    return o.kind == WC_CONST ? ir_value(w, w->fn->consts[o.n]) : ir_at(local(w, o.n));
}

static bool may_be_undefined(const ir_writer *w, ir_operand o)
{
    return o.kind == IR_LOCAL && w->facts[o.n] & IR_MAYBE;
}

static void put(ir_writer *w, ir_kind kind, ir_operand a, ir_operand b, uint32_t t)
{
    ir_put(w, &(ir_out){.kind = kind, .a = a, .b = b, .t = t});
}

static void make(ir_writer *w, ir_kind kind, uint32_t t)
{
    ir_put(w, &(ir_out){.kind = kind, .t = t});
}

static const ir_operand none = {0}, yes = {IR_BOOL, 1}, no = {IR_BOOL, 0};

/* ---- leaving blocks ---- */

/* Goes behind block number `to` of those open, or as far as the innermost loop on the way. */
static void leave(ir_writer *w, unsigned to)
{
    unsigned stop = to;
    for (unsigned i = w->depth - 1; i > to; i--)
        if (w->blocks[i].scan) {
            ir_assign(w, w->blocks[to].left, yes);
            stop = i;
            break;
        }
    ir_break(w, w->depth - 1 - stop);
}

static unsigned find_block(const ir_writer *w, const wc_block *b)
{
    unsigned i = w->depth;
    while (i-- > 0)
        if (w->blocks[i].block == b)
            return i;
    return UINT32_MAX;
}

static void return_value(ir_writer *w, wc_operand o)
{
    if (w->rows != WM_NONE)
        return; /* the query's answers are in the result set */
    ir_assign(w, w->ret, operand(w, o));
    leave(w, 0);
}

/* Marks the blocks around here that something in b leaves for. */
static void mark_left(const ir_writer *w, const wc_block *b, bool *left)
{
    for (const wc_stmt *s = b->first; s; s = s->next) {
        unsigned to = s->kind == WC_S_Break    ? find_block(w, s->block)
                      : s->kind == WC_S_Return ? 0
                                               : UINT32_MAX;
        if (to != UINT32_MAX)
            left[to] = true;
        if (s->block && s->kind != WC_S_Break)
            mark_left(w, s->block, left);
    }
}

static void write_scan(ir_writer *w, const wc_stmt *s)
{
    bool left[IR_DEPTH_MAX + 1] = {false}, first[IR_DEPTH_MAX + 1] = {false};
    unsigned outer = w->depth;
    uint32_t source = ir_value_local(w, operand(w, s->a));
    mark_left(w, s->block, left);
    for (unsigned i = 0; i < outer; i++)
        if (left[i] && !w->blocks[i].left) {
            first[i] = true;
            w->blocks[i].left = ir_new_local(w);
            make(w, IR_ResetLocal, w->blocks[i].left);
        }
    uint32_t key = ir_new_local(w), value = ir_new_local(w);
    ir_open(w, &(ir_out){.kind = IR_Scan, .a = ir_at(source), .t = key, .u = value}, s->block);
    set_map(w, s->t, key);
    set_map(w, s->t + 1, value);
    for (unsigned i = 0; i < outer; i++)
        if (left[i])
            put(w, IR_IsUndefined, ir_at(w->blocks[i].left), none, 0);
    write_block(w, s->block);
    ir_close(w);
    for (unsigned i = 0; i < outer; i++)
        if (left[i]) {
            ir_open_plain(w);
            put(w, IR_IsDefined, ir_at(w->blocks[i].left), none, 0);
            leave(w, i);
            ir_close(w);
        }
    for (unsigned i = 0; i < outer; i++)
        if (first[i])
            w->blocks[i].left = 0;
}

/* ---- tests and calls ---- */

/* Operators of ours, and the built-ins that they are. */
static const struct {
    wc_stmt_kind test, value; /* WC_S_COUNT: there is none */
    const char *name;
} operators[] = {
    {WC_S_COUNT, WC_S_EqualValue, "equal"},
    {WC_S_COUNT, WC_S_NotEqualValue, "neq"},
    {WC_S_Less, WC_S_LessValue, "lt"},
    {WC_S_LessEqual, WC_S_LessEqualValue, "lte"},
    {WC_S_Greater, WC_S_GreaterValue, "gt"},
    {WC_S_GreaterEqual, WC_S_GreaterEqualValue, "gte"},
    {WC_S_Member, WC_S_MemberValue, "internal.member_2"},
    {WC_S_COUNT, WC_S_Add, "plus"},
    {WC_S_COUNT, WC_S_Subtract, "minus"},
    {WC_S_COUNT, WC_S_Multiply, "mul"},
    {WC_S_COUNT, WC_S_Divide, "div"},
    {WC_S_COUNT, WC_S_Remainder, "rem"},
};

static void write_operator(ir_writer *w, const wc_stmt *s)
{
    ir_operand args[] = {operand(w, s->a), operand(w, s->b)};
    bool equality = s->kind == WC_S_EqualValue || s->kind == WC_S_NotEqualValue;
    if (equality && (may_be_undefined(w, args[0]) || may_be_undefined(w, args[1]))) {
        uint32_t t = target(w, s->t);
        ir_assign(w, t, no);
        ir_open_plain(w);
        put(w, s->kind == WC_S_EqualValue ? IR_Equal : IR_NotEqual, args[0], args[1], 0);
        ir_assign(w, t, yes);
        ir_close(w);
        return;
    }
    for (unsigned i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (s->kind != operators[i].test && s->kind != operators[i].value)
            continue;
        bool test = s->kind == operators[i].test;
        uint32_t t = test ? ir_new_local(w) : target(w, s->t);
        const ws_builtin *b = ws_registry_find(w->u->registry, wb_str_of(operators[i].name));
        if (!b) {
            ir_refuse(w, s->loc, "an operator's built-in is missing");
            return;
        }
        ir_call_builtin(w, t, b, args, 2);
        if (test)
            put(w, IR_NotEqual, ir_at(t), no, 0);
        return;
    }
}

static ir_operand *operands(ir_writer *w, const wc_operand *args, uint32_t n)
{
    ir_operand *to = wb_arena_alloc(w->u->a, n * sizeof *to + 1);
    for (uint32_t i = 0; i < n; i++)
        to[i] = operand(w, args[i]);
    return to;
}

static const ir_swap *mock_of(ir_writer *w, const ws_builtin *b)
{
    if (!wv_is_object(w->u->mocked))
        return NULL;
    wv id = wv_object_get_str(w->u->mocked, wb_str_of(b->name));
    return id == WV_UNDEFINED ? NULL : ir_mocked(w, w->world, true, (uint32_t)wv_int(id));
}

static void write_builtin(ir_writer *w, const wc_stmt *s, const ir_operand *args)
{
    const ir_swap *swap = mock_of(w, s->builtin);
    uint32_t t = target(w, s->t);
    if (!swap) {
        ir_call_builtin(w, t, s->builtin, args, s->n_args);
    } else if (swap->how == IR_BY_VALUE) {
        ir_assign(w, t, ir_at(w->values[swap->item]));
    } else if (swap->how == IR_BY_BUILTIN) {
        ir_call_builtin(w, t, swap->builtin, args, s->n_args);
    } else {
        const ir_world *outer = w->world;
        w->world = ir_world_inside_mock(w, outer);
        ir_call_function(w, t, swap->func, args, s->n_args);
        w->world = outer;
    }
}

static void write_call(ir_writer *w, const wc_stmt *s)
{
    ir_operand *args = operands(w, s->args, s->n_args);
    if (s->kind == WC_S_Call)
        ir_call_function(w, target(w, s->t), s->n, args, s->n_args);
    else if (s->kind == WC_S_DataRef)
        ir_below(w, w->nodes[s->n], args, s->n_args, target(w, s->t));
    else
        write_builtin(w, s, args);
}

/* There is no statement for the names alone, so the whole document is gone through. */
static void write_keys(ir_writer *w, const wc_stmt *s)
{
    uint32_t whole = ir_new_local(w), key = ir_new_local(w), value = ir_new_local(w);
    ir_below(w, w->nodes[s->n], NULL, 0, whole);
    uint32_t to = target(w, s->t);
    make(w, IR_MakeArray, to);
    ir_open(w, &(ir_out){.kind = IR_Scan, .a = ir_at(whole), .t = key, .u = value}, NULL);
    put(w, IR_ArrayAppend, ir_at(key), none, to);
    ir_close(w);
}

static void is_true(ir_writer *w, wc_operand o)
{
    if (o.kind == WC_CONST) {
        wv v = w->fn->consts[o.n];
        if (v == WV_FALSE || v == WV_UNDEFINED)
            ir_break(w, 0);
        return;
    }
    ir_operand a = operand(w, o);
    if (may_be_undefined(w, a))
        put(w, IR_IsDefined, a, none, 0);
    put(w, IR_NotEqual, a, no, 0);
}

static void is_sized(ir_writer *w, const wc_stmt *s, ir_kind kind)
{
    ir_operand a = operand(w, s->a);
    uint32_t n = ir_new_local(w), want = ir_new_local(w);
    put(w, kind, a, none, 0);
    put(w, IR_Len, a, none, n);
    ir_put(w, &(ir_out){.kind = IR_MakeNumberInt, .num = s->n, .t = want});
    put(w, IR_Equal, ir_at(n), ir_at(want), 0);
}

static void is_type(ir_writer *w, const wc_stmt *s)
{
    ir_kind kind = s->n == WV_TYPE_ARRAY    ? IR_IsArray
                   : s->n == WV_TYPE_OBJECT ? IR_IsObject
                                            : IR_IsSet;
    put(w, kind, operand(w, s->a), none, 0);
}

static void conflict(ir_writer *w)
{
    uint32_t t = ir_new_local(w);
    ir_operand key = {IR_STRING, ir_string(w, WB_LIT("conflict"))};
    make(w, IR_MakeObject, t);
    put(w, IR_ObjectInsertOnce, key, no, t);
    put(w, IR_ObjectInsertOnce, key, yes, t);
}

/* Goes on where the operand is of one of the types, else ends the block or is a conflict. */
static void one_of(ir_writer *w, ir_operand a, const ir_kind *types, unsigned n, bool or_conflict)
{
    ir_open_plain(w);
    for (unsigned i = 0; i < n; i++) {
        ir_open_plain(w);
        put(w, types[i], a, none, 0);
        ir_break(w, 1);
        ir_close(w);
    }
    if (or_conflict)
        conflict(w);
    else
        ir_break(w, 1);
    ir_close(w);
}

static void is_collection(ir_writer *w, wc_operand o)
{
    static const ir_kind types[] = {IR_IsArray, IR_IsObject, IR_IsSet};
    one_of(w, operand(w, o), types, 3, false);
}

/* ---- collections ---- */

static void write_literal(ir_writer *w, const wc_stmt *s)
{
    bool array = s->kind == WC_S_LiteralArray, object = s->kind == WC_S_LiteralObject;
    ir_operand *args = operands(w, s->args, s->n_args);
    uint32_t t = target(w, s->t);
    ir_put(w, &(ir_out){.kind = array    ? IR_MakeArray
                                : object ? IR_MakeObject
                                         : IR_MakeSet,
                        .num = s->n_args,
                        .t = t});
    for (uint32_t i = 0; i < s->n_args; i += 1 + object)
        put(w,
            array    ? IR_ArrayAppend
            : object ? IR_ObjectInsert
                     : IR_SetAdd,
            args[i], object ? args[i + 1] : none, t);
}

/* In a query a row of answers is [bindings, values]; the result set takes the bindings. */
static bool is_row(const ir_writer *w, const wc_stmt *s)
{
    return s && s->kind == WC_S_LiteralArray && s->next && s->next->kind == WC_S_ArrayAppend &&
           s->next->t == w->rows;
}

static bool write_answer(ir_writer *w, const wc_stmt *s)
{
    if (w->rows == WM_NONE)
        return false;
    if (is_row(w, s)) {
        uint32_t bindings = ir_value_local(w, operand(w, s->args[0]));
        put(w, IR_ResultSetAdd, ir_at(bindings), none, 0);
        return true;
    }
    if (s->kind == WC_S_LiteralArray && is_row(w, s->next)) {
        /* Nobody sees the values here: an expression that is false has no answer. */
        for (uint32_t i = 0; i < s->n_args; i++)
            is_true(w, s->args[i]);
        return true;
    }
    return (s->kind == WC_S_ArrayAppend || s->kind == WC_S_MakeArray) && s->t == w->rows;
}

/* Rules that go different ways down from one document must not go on below another's value. Where
 * a function has such rules, the paths of values are kept in a set. */
static void keep_leaf(ir_writer *w, const ir_operand *keys, uint32_t n)
{
    uint32_t path = ir_new_local(w);
    make(w, IR_MakeArray, path);
    for (uint32_t i = 0; i < n; i++)
        put(w, IR_ArrayAppend, keys[i], none, path);
    put(w, IR_SetAdd, ir_at(path), none, w->leaves);
}

static void not_below_leaf(ir_writer *w, const ir_operand *keys, uint32_t n)
{
    const ws_builtin *member = ws_registry_find(w->u->registry, WB_LIT("internal.member_2"));
    if (!w->mixed_paths || !w->leaves || !member)
        return;
    ir_open_plain(w);
    uint32_t path = ir_new_local(w), found = ir_new_local(w);
    make(w, IR_MakeArray, path);
    for (uint32_t i = 0; i < n; i++)
        put(w, IR_ArrayAppend, keys[i], none, path);
    ir_operand args[] = {ir_at(path), ir_at(w->leaves)};
    ir_call_builtin(w, found, member, args, 2);
    put(w, IR_NotEqual, ir_at(found), no, 0);
    conflict(w);
    ir_close(w);
}

/* What is in `from` at the key, or a new collection. */
static uint32_t dot_or(ir_writer *w, uint32_t from, ir_operand key, ir_kind kind)
{
    uint32_t t = ir_new_local(w);
    ir_open_plain(w);
    ir_open_plain(w);
    ir_dot(w, t, from, key);
    ir_break(w, 1);
    ir_close(w);
    make(w, kind, t);
    ir_close(w);
    return t;
}

static void or_new(ir_writer *w, uint32_t t, ir_kind kind)
{
    ir_open_plain(w);
    put(w, IR_IsUndefined, ir_at(t), none, 0);
    make(w, kind, t);
    ir_close(w);
}

/* Below keys a second value is a clash of keys, not of a rule's results. */
static void assign_once(ir_writer *w, uint32_t t, ir_operand a)
{
    ir_open_plain(w);
    ir_open_plain(w);
    put(w, IR_IsDefined, ir_at(t), none, 0);
    put(w, IR_NotEqual, ir_at(t), a, 0);
    conflict(w);
    ir_close(w);
    ir_assign(w, t, a);
    ir_close(w);
}

static void put_path(ir_writer *w, const wc_stmt *s)
{
    static const ir_kind set = IR_IsSet, object = IR_IsObject;
    bool add = s->kind == WC_S_PathAdd;
    uint32_t n = s->n_args - 1, t = local(w, s->t);
    ir_operand *keys = operands(w, s->args, s->n_args), value = keys[n];
    uint32_t *at = wb_arena_alloc(w->u->a, (n + 1) * sizeof *at);
    at[0] = t;
    if (n || add)
        or_new(w, t, n ? IR_MakeObject : IR_MakeSet);
    for (uint32_t i = 0; i < n; i++) {
        not_below_leaf(w, keys, i);
        one_of(w, ir_at(at[i]), &object, 1, true);
        if (i + 1 < n || add)
            at[i + 1] = dot_or(w, at[i], keys[i], i + 1 < n ? IR_MakeObject : IR_MakeSet);
    }
    if (add) {
        one_of(w, ir_at(at[n]), &set, 1, true);
        put(w, IR_SetAdd, value, none, at[n]);
    } else if (n) {
        put(w, IR_ObjectInsertOnce, keys[n - 1], value, at[n - 1]);
    } else {
        assign_once(w, t, value);
    }
    for (uint32_t i = add ? n : n ? n - 1 : 0; i > 0; i--)
        put(w, IR_ObjectInsert, keys[i - 1], ir_at(at[i]), at[i - 1]);
    if (w->mixed_paths && w->leaves && !add)
        keep_leaf(w, keys, n);
}

/* ---- with ---- */

static const ir_operand *with_path(ir_writer *w, wv path, uint32_t *n, wp_loc loc)
{
    *n = wv_len(path);
    ir_operand *to = wb_arena_calloc(w->u->a, *n * sizeof *to + 1);
    for (uint32_t i = 0; i < *n; i++) {
        if (wv_is_string(wv_items(path)[i]))
            to[i] = (ir_operand){IR_STRING, ir_string(w, wv_str(&wv_items(path)[i]))};
        else
            ir_refuse(w, loc, "a plan cannot replace what stands at a key that is no string");
    }
    return to;
}

static void write_with(ir_writer *w, const wc_stmt *s)
{
    const ir_world *outer = w->world;
    unsigned depth = w->depth;
    ir_operand *values = wb_arena_calloc(w->u->a, s->n_with * sizeof *values);
    uint32_t *before = wb_arena_alloc(w->u->a, w->n_items * sizeof *before + 1);
    if (w->n_items)
        memcpy(before, w->values, w->n_items * sizeof *before);
    ir_open_plain(w);
    for (uint32_t i = 0; i < s->n_with; i++)
        if (s->with[i].value.kind)
            values[i] = operand(w, s->with[i].value);
    for (uint32_t i = 0; i < s->n_with; i++) {
        const wc_replacement *r = &s->with[i];
        bool document = r->what == WC_REPLACE_INPUT || r->what == WC_REPLACE_DATA;
        wv path = document ? w->fn->consts[r->path] : WV_UNDEFINED;
        uint32_t item = ir_find_item(w, r, path);
        ir_swap swap = {.item = item,
                        .how = document        ? IR_MASKED
                               : r->by_builtin ? IR_BY_BUILTIN
                               : r->value.kind ? IR_BY_VALUE
                                               : IR_BY_FUNC,
                        .func = r->by_func,
                        .builtin = r->by_builtin};
        if (swap.how == IR_BY_VALUE)
            w->values[item] = ir_value_local(w, values[i]);
        if (r->what != WC_REPLACE_INPUT)
            w->world = ir_world_with(w, w->world, swap);
        if (document) {
            ir_out with = {.kind = IR_With,
                           .t = r->what == WC_REPLACE_INPUT ? IR_INPUT : IR_DATA,
                           .a = values[i]};
            with.path = with_path(w, path, &with.n_path, s->loc);
            ir_open(w, &with, NULL);
        }
    }
    w->blocks[w->depth - 1].block = s->block;
    write_block(w, s->block);
    while (w->depth > depth)
        ir_close(w);
    w->world = outer;
    if (w->n_items)
        memcpy(w->values, before, w->n_items * sizeof *before);
}

/* ---- all ---- */

static void write_assign(ir_writer *w, const wc_stmt *s)
{
    ir_operand a = operand(w, s->a);
    uint32_t t = target(w, s->t);
    if (may_be_undefined(w, a))
        w->facts[t] |= IR_MAYBE;
    if (s->kind == WC_S_AssignVar)
        ir_assign(w, t, a);
    else if (w->fn->n_args && !w->fn->out.is_function)
        assign_once(w, t, a);
    else
        put(w, IR_AssignVarOnce, a, none, t);
    if (s->kind == WC_S_AssignVarOnce && w->mixed_paths && w->leaves && s->t == w->spine)
        keep_leaf(w, NULL, 0);
}

/* A copy of a base document is looked into like any other value. */
static void write_dot(ir_writer *w, const wc_stmt *s)
{
    bool base = s->kind == WC_S_DotBase;
    ir_operand a = operand(w, s->a), b = operand(w, s->b);
    uint32_t from = ir_value_local(w, a);
    if (!base && w->facts[from] & IR_BASE) {
        from = ir_new_local(w);
        ir_assign(w, from, a);
    }
    uint32_t t = fresh(w, s->t);
    ir_dot(w, t, from, b);
    w->facts[t] |= base ? IR_BASE : 0;
}

static void write_reset(ir_writer *w, const wc_stmt *s)
{
    uint32_t t = fresh(w, s->t);
    w->facts[t] |= IR_MAYBE;
    make(w, IR_ResetLocal, t);
    if (w->mixed_paths && s->t == w->spine) {
        w->leaves = ir_new_local(w);
        make(w, IR_MakeSet, w->leaves);
    }
}

static void write_change(ir_writer *w, const wc_stmt *s, ir_kind kind)
{
    ir_operand a = operand(w, s->a), b = s->b.kind ? operand(w, s->b) : none;
    put(w, kind, a, b, local(w, s->t));
}

static void write_stmt(ir_writer *w, const wc_stmt *s)
{
    switch ((wc_stmt_kind)s->kind) {
    case WC_S_AssignVar:
    case WC_S_AssignVarOnce: write_assign(w, s); break;
    case WC_S_ResetLocal: write_reset(w, s); break;
    case WC_S_Input:
        put(w, IR_IsDefined, ir_at(IR_INPUT), none, 0);
        ir_assign(w, target(w, s->t), ir_at(IR_INPUT));
        break;
    /* Only looked into, where it stands: no copy, by which readers would lose sight of it. */
    case WC_S_Data: set_map(w, s->t, IR_DATA); break;
    case WC_S_Dot:
    case WC_S_DotBase: write_dot(w, s); break;
    case WC_S_Equal:
    case WC_S_NotEqual: {
        ir_operand a = operand(w, s->a), b = operand(w, s->b);
        put(w, s->kind == WC_S_Equal ? IR_Equal : IR_NotEqual, a, b, 0);
        break;
    }
    case WC_S_Less:
    case WC_S_LessEqual:
    case WC_S_Greater:
    case WC_S_GreaterEqual:
    case WC_S_EqualValue:
    case WC_S_NotEqualValue:
    case WC_S_LessValue:
    case WC_S_LessEqualValue:
    case WC_S_GreaterValue:
    case WC_S_GreaterEqualValue:
    case WC_S_Member:
    case WC_S_MemberValue:
    case WC_S_Add:
    case WC_S_Subtract:
    case WC_S_Multiply:
    case WC_S_Divide:
    case WC_S_Remainder: write_operator(w, s); break;
    case WC_S_IsDefined:
    case WC_S_IsUndefined: {
        uint32_t a = ir_value_local(w, operand(w, s->a));
        put(w, s->kind == WC_S_IsDefined ? IR_IsDefined : IR_IsUndefined, ir_at(a), none, 0);
        break;
    }
    case WC_S_IsTrue: is_true(w, s->a); break;
    case WC_S_IsCollection: is_collection(w, s->a); break;
    case WC_S_IsType: is_type(w, s); break;
    case WC_S_IsArray: is_sized(w, s, IR_IsArray); break;
    case WC_S_IsObject: is_sized(w, s, IR_IsObject); break;
    case WC_S_MakeArray: make(w, IR_MakeArray, target(w, s->t)); break;
    case WC_S_MakeSet: make(w, IR_MakeSet, target(w, s->t)); break;
    case WC_S_MakeObject: make(w, IR_MakeObject, target(w, s->t)); break;
    case WC_S_ArrayAppend: write_change(w, s, IR_ArrayAppend); break;
    case WC_S_SetAdd: write_change(w, s, IR_SetAdd); break;
    case WC_S_ObjectInsert: write_change(w, s, IR_ObjectInsert); break;
    case WC_S_ObjectInsertOnce: write_change(w, s, IR_ObjectInsertOnce); break;
    case WC_S_LiteralArray:
    case WC_S_LiteralSet:
    case WC_S_LiteralObject: write_literal(w, s); break;
    case WC_S_PathInsert:
    case WC_S_PathAdd: put_path(w, s); break;
    case WC_S_Call:
    case WC_S_CallBuiltin:
    case WC_S_DataRef: write_call(w, s); break;
    case WC_S_DataKeys: write_keys(w, s); break;
    case WC_S_TallySum:
    case WC_S_TallyMax:
    case WC_S_TallyMin:
    case WC_S_Match:
    case WC_S_Clashes:
    case WC_S_Settle:
    case WC_S_Dispatch:
    case WC_S_DispatchEnd: break;
    case WC_S_Block:
        ir_open(w, &(ir_out){.kind = IR_Block}, s->block);
        write_block(w, s->block);
        ir_close(w);
        break;
    case WC_S_Scan: write_scan(w, s); break;
    case WC_S_With: write_with(w, s); break;
    case WC_S_Break: leave(w, find_block(w, s->block)); break;
    case WC_S_Return: return_value(w, s->a); break;
    case WC_S_COUNT: break;
    }
}

static void write_block(ir_writer *w, const wc_block *b)
{
    for (const wc_stmt *s = b->first; s && !w->failed && !w->out->failed; s = s->next) {
        w->loc = s->loc;
        if (!write_answer(w, s))
            write_stmt(w, s);
    }
}

/* Whether the function's rules put values at different depths of its document. */
static void find_spine(ir_writer *w, const wc_block *b, uint32_t *depth)
{
    for (const wc_stmt *s = b->first; s; s = s->next) {
        if (s->kind == WC_S_PathInsert || s->kind == WC_S_PathAdd) {
            uint32_t keys = s->n_args - 1;
            w->mixed_paths |= *depth != UINT32_MAX && (*depth != keys || s->t != w->spine);
            *depth = keys;
            w->spine = s->t;
        }
        if (s->block && s->kind != WC_S_Break)
            find_spine(w, s->block, depth);
    }
}

static bool assigns(const wc_block *b, uint32_t t)
{
    for (const wc_stmt *s = b->first; s; s = s->next)
        if ((s->kind == WC_S_AssignVarOnce && s->t == t) ||
            (s->block && s->kind != WC_S_Break && assigns(s->block, t)))
            return true;
    return false;
}

void ir_write_body(ir_writer *w)
{
    uint32_t depth = UINT32_MAX;
    w->mixed_paths = false;
    w->leaves = 0;
    w->spine = WM_NONE;
    find_spine(w, w->fn->body, &depth);
    if (depth != UINT32_MAX)
        w->mixed_paths |= assigns(w->fn->body, w->spine);
    write_block(w, w->fn->body);
}
