/* Documents of packages, and calls of functions as they are in a world.
 *
 * Base and virtual documents meet in functions of their own: one gives the whole document at a node
 * of the data tree, one for each number of keys looks below a node by keys that are known at run
 * time. Where a document is masked by `with`, the base documents have it. */
#include "compiler/ir_writer.h"

#include "value/number.h"

wv ir_node_path(ir_writer *w, const wc_node *n)
{
    wv *names = wb_arena_alloc(w->u->a, (n->depth + 1) * sizeof *names);
    uint32_t count = n->depth;
    for (const wc_node *at = n; at->parent; at = at->parent)
        names[at->depth - 1] = at->name;
    return wv_array_new(w->u->a, names, count);
}

static bool has_value(const wc_node *n)
{
    return n->n_rules && !n->is_function;
}

/* Input and base documents, what stands for functions in that world, then the arguments. */
static void call_job(ir_writer *w, uint32_t t, ir_job job, const ir_operand *args, uint32_t n)
{
    uint32_t count = IR_FIRST_ARG;
    ir_operand *all =
        wb_arena_alloc(w->u->a, (IR_FIRST_ARG + job.world->n_values + n) * sizeof *all);
    all[0] = ir_at(IR_INPUT);
    all[1] = ir_at(IR_DATA);
    for (uint32_t i = 0; i < job.world->n; i++)
        if (job.world->swaps[i].how == IR_BY_VALUE)
            all[count++] = ir_at(w->values[job.world->swaps[i].item]);
    for (uint32_t i = 0; i < n; i++)
        all[count++] = args[i];
    ir_call(w, t, ir_ask(w, job), all, count);
}

static void dots(ir_writer *w, uint32_t from, const ir_operand *keys, uint32_t n, uint32_t t)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = i + 1 < n ? ir_new_local(w) : t;
        ir_dot(w, to, from, keys[i]);
        from = to;
    }
    if (!n)
        ir_assign(w, t, ir_at(from));
}

static void base_below(ir_writer *w, wv path, const ir_operand *keys, uint32_t n, uint32_t t)
{
    dots(w, ir_base(w, path), keys, n, t);
}

void ir_call_function(ir_writer *w, uint32_t t, uint32_t func, const ir_operand *args, uint32_t n)
{
    const wc_function *fn = w->plan->funcs[func];
    const ir_world *world = w->world;
    if (!fn->out.is_function && fn->out.path != WV_UNDEFINED && ir_masked(w, world, fn->out.path)) {
        base_below(w, fn->out.path, args, n, t);
        return;
    }
    const ir_swap *swap = fn->out.is_function ? ir_mocked(w, world, false, func) : NULL;
    if (swap && swap->how == IR_BY_VALUE) {
        ir_assign(w, t, ir_at(w->values[swap->item]));
        return;
    }
    if (swap && swap->how == IR_BY_BUILTIN) {
        ir_call_builtin(w, t, swap->builtin, args, n);
        return;
    }
    if (swap) {
        func = swap->func;
        world = ir_world_inside_mock(w, world);
    }
    call_job(w, t, (ir_job){.what = IR_JOB_FUNC, .n = func, .world = ir_world_for(w, world, func)},
             args, n);
}

void ir_below(ir_writer *w, const wc_node *n, const ir_operand *keys, uint32_t n_keys, uint32_t t)
{
    wv path = ir_node_path(w, n);
    if (ir_masked(w, w->world, path)) {
        base_below(w, path, keys, n_keys, t);
        return;
    }
    if (has_value(n)) {
        uint32_t bound = n_keys < n->max_keys ? n_keys : n->max_keys;
        uint32_t value = bound < n_keys ? ir_new_local(w) : t;
        ir_call_function(w, value, bound ? n->keyed + bound - 1 : n->whole, keys, bound);
        if (bound < n_keys)
            dots(w, value, keys + bound, n_keys - bound, t);
        return;
    }
    if (!n->first && n->is_function) {
        if (n_keys)
            base_below(w, path, keys, n_keys, t);
        else
            ir_break(w, 0); /* functions are no documents */
        return;
    }
    const ir_world *world = ir_world_for(w, w->world, w->plan->n + n->number);
    call_job(w, t,
             (ir_job){.what = n_keys ? IR_JOB_BELOW : IR_JOB_DOCUMENT,
                      .n = n->number,
                      .keys = n_keys,
                      .world = world},
             keys, n_keys);
}

void ir_write_document(ir_writer *w, const wc_node *n)
{
    wv path = ir_node_path(w, n);
    uint32_t object = ir_new_local(w);
    ir_put(w, &(ir_out){.kind = IR_MakeObject, .t = object});
    for (const wc_node *c = n->first; c; c = c->next) {
        if ((c->is_function && !c->first) || ir_masked(w, w->world, ir_node_path(w, c)))
            continue;
        ir_open_plain(w);
        uint32_t value = ir_new_local(w);
        ir_below(w, c, NULL, 0, value);
        ir_operand name = ir_value(w, c->name);
        ir_put(w, &(ir_out){.kind = IR_ObjectInsert, .a = name, .b = ir_at(value), .t = object});
        ir_close(w);
    }
    ir_assign(w, w->ret, ir_at(object));
    ir_open_plain(w);
    uint32_t base = ir_base(w, path), merged = ir_new_local(w);
    ir_put(w, &(ir_out){.kind = IR_IsObject, .a = ir_at(base)});
    ir_put(w, &(ir_out){.kind = IR_ObjectMerge, .a = ir_at(base), .b = ir_at(object), .t = merged});
    ir_assign(w, w->ret, ir_at(merged));
    ir_close(w);
}

/* Names that are numbers are found by their spelling. */
static void is_name(ir_writer *w, ir_operand key, wv name)
{
    const ws_builtin *b = ws_registry_find(w->u->registry, WB_LIT("json.marshal"));
    if (wv_is_number(name) && b) {
        uint32_t text = ir_new_local(w);
        ir_call_builtin(w, text, b, &key, 1);
        name = wv_string_new(w->u->a, wv_number_text(w->u->a, name));
        key = ir_at(text);
    }
    ir_operand value = ir_value(w, name);
    ir_put(w, &(ir_out){.kind = IR_Equal, .a = key, .b = value});
}

/* A child that the first key names answers alone, even with nothing; else the base documents do. */
void ir_write_below(ir_writer *w, const wc_node *n, uint32_t n_keys, uint32_t first_key)
{
    ir_operand *keys = wb_arena_alloc(w->u->a, n_keys * sizeof *keys);
    for (uint32_t i = 0; i < n_keys; i++)
        keys[i] = ir_at(first_key + i);
    for (const wc_node *c = n->first; c; c = c->next) {
        ir_open_plain(w);
        is_name(w, keys[0], c->name);
        ir_open_plain(w);
        uint32_t value = ir_new_local(w);
        ir_below(w, c, keys + 1, n_keys - 1, value);
        ir_assign(w, w->ret, ir_at(value));
        ir_close(w);
        ir_break(w, 1);
        ir_close(w);
    }
    uint32_t value = ir_new_local(w);
    base_below(w, ir_node_path(w, n), keys, n_keys, value);
    ir_assign(w, w->ret, ir_at(value));
}
