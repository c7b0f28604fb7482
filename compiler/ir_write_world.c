/* What `with` replaces, and where it is met.
 *
 * Takes a plan; afterwards each function and each node of the data tree has a set of bits: the
 * replacements that can change what it means, through all that it calls. So a function is written
 * again only for worlds that differ in something it can meet. */
#include "compiler/ir_writer.h"

#include <stdlib.h>

typedef struct graph {
    ir_writer *w;
    uint32_t (*edges)[2]; /* from, to: functions, then nodes */
    size_t n, cap;
} graph;

static bool starts_with(wv path, wv prefix)
{
    uint32_t n = wv_len(prefix);
    if (n > wv_len(path))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!wv_equal(wv_items(path)[i], wv_items(prefix)[i]))
            return false;
    return true;
}

/* ---- items ---- */

uint32_t ir_find_item(const ir_writer *w, const wc_replacement *r, wv path)
{
    unsigned what = r->what == WC_MOCK_FUNC      ? IR_MOCK_FUNC
                    : r->what == WC_MOCK_BUILTIN ? IR_MOCK_BUILTIN
                                                 : IR_MASK;
    for (uint32_t i = 0; i < w->n_items; i++) {
        const ir_item *item = &w->items[i];
        if (item->what == what &&
            (what == IR_MASK ? wv_equal(item->path, path) : item->id == r->id))
            return i;
    }
    return UINT32_MAX;
}

static void add_item(ir_writer *w, const wc_replacement *r, wv path)
{
    if (r->what == WC_REPLACE_INPUT || ir_find_item(w, r, path) != UINT32_MAX)
        return;
    if (w->n_items == w->cap_items) {
        w->cap_items = 2 * w->cap_items + 16;
        w->items = wb_realloc(w->items, w->cap_items * sizeof *w->items);
    }
    w->items[w->n_items++] = (ir_item){.what = r->what == WC_MOCK_FUNC      ? IR_MOCK_FUNC
                                               : r->what == WC_MOCK_BUILTIN ? IR_MOCK_BUILTIN
                                                                            : IR_MASK,
                                       .path = path,
                                       .id = r->id};
}

static void items_in(ir_writer *w, const wc_function *fn, const wc_block *b)
{
    for (const wc_stmt *s = b->first; s; s = s->next) {
        for (uint32_t i = 0; i < s->n_with; i++)
            add_item(w, &s->with[i],
                     s->with[i].what == WC_REPLACE_DATA ? fn->consts[s->with[i].path]
                                                        : WV_UNDEFINED);
        if (s->block && s->kind != WC_S_Break)
            items_in(w, fn, s->block);
    }
}

/* ---- reach ---- */

static uint64_t *reach_of(const ir_writer *w, uint32_t vertex)
{
    return w->reach + (size_t)vertex * w->words;
}

static void meet(ir_writer *w, uint32_t vertex, uint32_t item)
{
    reach_of(w, vertex)[item / 64] |= (uint64_t)1 << item % 64;
}

static void edge(graph *g, uint32_t from, uint32_t to)
{
    if (g->n == g->cap) {
        g->cap = 2 * g->cap + 256;
        g->edges = wb_realloc(g->edges, g->cap * sizeof *g->edges);
    }
    g->edges[g->n][0] = from;
    g->edges[g->n++][1] = to;
}

static void edges_in(graph *g, uint32_t from, const wc_block *b)
{
    ir_writer *w = g->w;
    for (const wc_stmt *s = b->first; s; s = s->next) {
        if (s->kind == WC_S_Call)
            edge(g, from, s->n);
        else if (s->kind == WC_S_DataRef || s->kind == WC_S_DataKeys)
            edge(g, from, w->plan->n + s->n);
        else if (s->kind == WC_S_CallBuiltin && wv_is_object(w->u->mocked)) {
            wv id = wv_object_get_str(w->u->mocked, wb_str_of(s->builtin->name));
            for (uint32_t i = 0; i < w->n_items && id != WV_UNDEFINED; i++)
                if (w->items[i].what == IR_MOCK_BUILTIN && w->items[i].id == (uint32_t)wv_int(id))
                    meet(w, from, i);
        }
        for (uint32_t i = 0; i < s->n_with; i++)
            if (s->with[i].by_func != WM_NONE)
                edge(g, from, s->with[i].by_func);
        if (s->block && s->kind != WC_S_Break)
            edges_in(g, from, s->block);
    }
}

static void meet_masks(ir_writer *w, uint32_t vertex, wv path, bool above)
{
    for (uint32_t i = 0; i < w->n_items; i++)
        if (w->items[i].what == IR_MASK &&
            (starts_with(path, w->items[i].path) || (above && starts_with(w->items[i].path, path))))
            meet(w, vertex, i);
}

static void all_edges(graph *g)
{
    ir_writer *w = g->w;
    for (uint32_t f = 0; f < w->plan->n; f++)
        edges_in(g, f, w->plan->funcs[f]->body);
    for (uint32_t i = 0; i < w->n_nodes; i++) {
        const wc_node *n = w->nodes[i];
        for (uint32_t k = 0; n->n_rules && k <= n->max_keys; k++)
            edge(g, w->plan->n + i, k ? n->keyed + k - 1 : n->whole);
        for (const wc_node *c = n->first; c; c = c->next)
            edge(g, w->plan->n + i, w->plan->n + c->number);
    }
}

static void direct(ir_writer *w)
{
    for (uint32_t f = 0; f < w->plan->n; f++) {
        const wc_function *fn = w->plan->funcs[f];
        if (fn->out.path != WV_UNDEFINED && !fn->out.is_function)
            meet_masks(w, f, fn->out.path, false);
        for (uint32_t i = 0; i < w->n_items; i++)
            if (w->items[i].what == IR_MOCK_FUNC && w->items[i].id == f)
                meet(w, f, i);
    }
    for (uint32_t i = 0; i < w->n_nodes; i++)
        meet_masks(w, w->plan->n + i, ir_node_path(w, w->nodes[i]), true);
}

void ir_find_callers(ir_writer *w, const bool *callees, bool *callers)
{
    graph g = {.w = w};
    all_edges(&g);
    bool more = true;
    for (bool down = true; more; down = !down) {
        more = false;
        for (size_t i = 0; i < g.n; i++) {
            const uint32_t *e = g.edges[down ? g.n - 1 - i : i];
            if (!callers[e[0]] && (callees[e[1]] || callers[e[1]]))
                more = callers[e[0]] = true;
        }
    }
    free(g.edges);
}

/* Callees mostly have higher numbers or mostly lower ones: both ways in turn, until nothing is
 * added. */
static void spread(graph *g)
{
    ir_writer *w = g->w;
    bool more = true;
    for (bool down = true; more; down = !down) {
        more = false;
        for (size_t i = 0; i < g->n; i++) {
            const uint32_t *e = g->edges[down ? g->n - 1 - i : i];
            uint64_t *to = reach_of(w, e[0]), *from = reach_of(w, e[1]);
            for (uint32_t k = 0; k < w->words; k++) {
                more |= (from[k] & ~to[k]) != 0;
                to[k] |= from[k];
            }
        }
    }
}

void ir_find_items(ir_writer *w)
{
    for (uint32_t f = 0; f < w->plan->n; f++)
        items_in(w, w->plan->funcs[f], w->plan->funcs[f]->body);
    if (!w->n_items)
        return;
    graph g = {.w = w};
    w->words = (w->n_items + 63) / 64;
    w->reach = wb_calloc(((size_t)w->plan->n + w->n_nodes) * w->words, sizeof *w->reach);
    direct(w);
    all_edges(&g);
    spread(&g);
    free(g.edges);
}

/* ---- worlds ---- */

static bool same_swap(const ir_swap *x, const ir_swap *y)
{
    return x->item == y->item && x->how == y->how && x->func == y->func && x->builtin == y->builtin;
}

/* The world of these swaps, which stand in order; one that is there already, or a new one. */
static const ir_world *world_of(ir_writer *w, const ir_swap *swaps, uint32_t n)
{
    for (const ir_world *at = w->worlds; at; at = at->next) {
        uint32_t i = 0;
        while (at->n == n && i < n && same_swap(&at->swaps[i], &swaps[i]))
            i++;
        if (at->n == n && i == n)
            return at;
    }
    if (w->n_worlds >= IR_WORLDS_MAX) {
        ir_refuse(w, w->loc, "functions of the plan are replaced in too many combinations");
        return w->worlds;
    }
    ir_world *world = wb_arena_calloc(w->u->a, sizeof *world);
    world->swaps = wb_arena_alloc(w->u->a, n * sizeof *swaps + 1);
    for (uint32_t i = 0; i < n; i++) {
        world->swaps[i] = swaps[i];
        world->n_values += swaps[i].how == IR_BY_VALUE;
    }
    world->n = n;
    world->number = w->n_worlds++;
    world->next = w->worlds;
    w->worlds = world;
    return world;
}

const ir_world *ir_world_plain(ir_writer *w)
{
    return world_of(w, NULL, 0);
}

const ir_world *ir_world_with(ir_writer *w, const ir_world *world, ir_swap swap)
{
    ir_swap *swaps = wb_arena_alloc(w->u->a, (world->n + 1) * sizeof *swaps);
    uint32_t n = 0, i = 0;
    for (; i < world->n && world->swaps[i].item < swap.item; i++)
        swaps[n++] = world->swaps[i];
    swaps[n++] = swap;
    for (; i < world->n; i++)
        if (world->swaps[i].item != swap.item)
            swaps[n++] = world->swaps[i];
    return world_of(w, swaps, n);
}

static bool has_bit(const uint64_t *set, uint32_t i)
{
    return set[i / 64] >> i % 64 & 1;
}

const ir_world *ir_world_for(ir_writer *w, const ir_world *world, uint32_t vertex)
{
    if (!world->n)
        return world;
    uint64_t *set = wb_arena_calloc(w->u->a, w->words * sizeof *set);
    memcpy(set, reach_of(w, vertex), w->words * sizeof *set);
    /* What stands in for a function that is met is met too, with no mocks inside. */
    for (uint32_t i = 0; i < world->n; i++)
        if (world->swaps[i].how == IR_BY_FUNC && has_bit(set, world->swaps[i].item))
            for (uint32_t k = 0; k < w->words; k++)
                set[k] |= reach_of(w, world->swaps[i].func)[k];
    ir_swap *swaps = wb_arena_alloc(w->u->a, world->n * sizeof *swaps);
    uint32_t n = 0;
    for (uint32_t i = 0; i < world->n; i++)
        if (has_bit(set, world->swaps[i].item))
            swaps[n++] = world->swaps[i];
    return world_of(w, swaps, n);
}

const ir_world *ir_world_inside_mock(ir_writer *w, const ir_world *world)
{
    ir_swap *swaps = wb_arena_alloc(w->u->a, world->n * sizeof *swaps + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < world->n; i++)
        if (world->swaps[i].how == IR_MASKED)
            swaps[n++] = world->swaps[i];
    return world_of(w, swaps, n);
}

bool ir_masked(const ir_writer *w, const ir_world *world, wv path)
{
    for (uint32_t i = 0; i < world->n; i++)
        if (world->swaps[i].how == IR_MASKED &&
            starts_with(path, w->items[world->swaps[i].item].path))
            return true;
    return false;
}

const ir_swap *ir_mocked(const ir_writer *w, const ir_world *world, bool builtin, uint32_t id)
{
    for (uint32_t i = 0; i < world->n; i++) {
        const ir_item *item = &w->items[world->swaps[i].item];
        if (item->what == (builtin ? IR_MOCK_BUILTIN : IR_MOCK_FUNC) && item->id == id)
            return &world->swaps[i];
    }
    return NULL;
}
