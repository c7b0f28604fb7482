/* Strongly connected components after Tarjan, with a stack of its own; ways depth first. */
#include "compiler/graph.h"

#include "base/error.h"

#include <stdlib.h>

void wc_graph_init(wc_graph *g)
{
    *g = (wc_graph){0};
}

void wc_graph_clear(wc_graph *g)
{
    free(g->vertices);
    free(g->edges);
    *g = (wc_graph){0};
}

uint32_t wc_graph_add(wc_graph *g)
{
    if (g->n == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 256;
        g->vertices = wb_realloc(g->vertices, g->cap * sizeof *g->vertices);
    }
    g->vertices[g->n] = (wc_vertex){WC_NO_VERTEX, WC_NO_VERTEX};
    return g->n++;
}

void wc_graph_join(wc_graph *g, uint32_t from, uint32_t to, bool sure)
{
    if (to == WC_NO_VERTEX)
        return;
    wc_vertex *v = &g->vertices[from];
    if (v->last != WC_NO_VERTEX && g->edges[v->last].to == to && g->edges[v->last].sure == sure)
        return;
    if (g->n_edges == g->cap_edges) {
        g->cap_edges = g->cap_edges ? 2 * g->cap_edges : 1024;
        g->edges = wb_realloc(g->edges, g->cap_edges * sizeof *g->edges);
    }
    g->edges[g->n_edges] = (wc_edge){to, WC_NO_VERTEX, sure};
    if (v->last == WC_NO_VERTEX)
        v->first = g->n_edges;
    else
        g->edges[v->last].next = g->n_edges;
    v->last = g->n_edges++;
}

typedef struct finder {
    const wc_graph *g;
    bool sure_only;
    uint32_t *order, *low; /* order: when it was met, from 1; 0: not yet */
    uint32_t *open;        /* met, component not known yet */
    uint32_t *way, *edge;  /* vertices being visited, and the edge that each looks at next */
    uint32_t *component;   /* DONE: on no cycle */
    uint32_t *closed;      /* in which order components were found; or NULL */
    uint32_t met, n_open, n_closed, depth, found;
} finder;

#define DONE UINT32_MAX

static void enter(finder *f, uint32_t v)
{
    f->order[v] = f->low[v] = ++f->met;
    f->open[f->n_open++] = v;
    f->way[f->depth] = v;
    f->edge[f->depth++] = f->g->vertices[v].first;
}

static bool leads_to_itself(const finder *f, uint32_t v)
{
    for (uint32_t e = f->g->vertices[v].first; e != WC_NO_VERTEX; e = f->g->edges[e].next)
        if (f->g->edges[e].to == v && (f->g->edges[e].sure || !f->sure_only))
            return true;
    return false;
}

/* Everything below v was seen, and v is the first of its component. */
static void close_component(finder *f, uint32_t v)
{
    bool cycle = f->open[f->n_open - 1] != v || leads_to_itself(f, v);
    uint32_t number = cycle ? ++f->found : DONE, member;
    do {
        member = f->open[--f->n_open];
        f->component[member] = number;
        if (f->closed)
            f->closed[f->n_closed++] = member;
    } while (member != v);
}

static void visit(finder *f, uint32_t from)
{
    enter(f, from);
    while (f->depth) {
        uint32_t v = f->way[f->depth - 1], at = f->edge[f->depth - 1];
        if (at == WC_NO_VERTEX) {
            if (f->low[v] == f->order[v])
                close_component(f, v);
            f->depth--;
            if (f->depth && f->low[v] < f->low[f->way[f->depth - 1]])
                f->low[f->way[f->depth - 1]] = f->low[v];
            continue;
        }
        const wc_edge *e = &f->g->edges[at];
        f->edge[f->depth - 1] = e->next;
        if (f->sure_only && !e->sure)
            continue;
        if (!f->order[e->to])
            enter(f, e->to);
        else if (!f->component[e->to] && f->order[e->to] < f->low[v])
            f->low[v] = f->order[e->to];
    }
}

uint32_t *wc_graph_cycles(const wc_graph *g, bool sure_only, uint32_t *order)
{
    uint32_t *room = wb_calloc((size_t)g->n + 1, 5 * sizeof *room);
    finder f = {.g = g, .sure_only = sure_only, .closed = order};
    f.order = room;
    f.low = room + g->n;
    f.open = room + 2 * (size_t)g->n;
    f.way = room + 3 * (size_t)g->n;
    f.edge = room + 4 * (size_t)g->n;
    f.component = wb_calloc((size_t)g->n + 1, sizeof *f.component);
    for (uint32_t v = 0; v < g->n; v++)
        if (!f.order[v])
            visit(&f, v);
    for (uint32_t v = 0; v < g->n; v++)
        if (f.component[v] == DONE)
            f.component[v] = 0;
    free(room);
    return f.component;
}

void wc_search_init(wc_search *s, const wc_graph *g)
{
    size_t n = (size_t)g->n + 1;
    *s = (wc_search){
        .g = g, .seen = wb_calloc(n, sizeof(uint32_t)), .edge = wb_calloc(n, sizeof(uint32_t))};
}

void wc_search_clear(wc_search *s)
{
    free(s->seen);
    free(s->edge);
    *s = (wc_search){0};
}

uint32_t wc_search_cycle(wc_search *s, const uint32_t *component, bool sure_only, uint32_t v,
                         uint32_t *path)
{
    const wc_graph *g = s->g;
    uint32_t n = 1;
    s->turn++;
    s->seen[v] = s->turn;
    path[0] = v;
    s->edge[0] = g->vertices[v].first;
    while (n) {
        uint32_t at = s->edge[n - 1];
        if (at == WC_NO_VERTEX) {
            n--;
            if (n)
                s->edge[n - 1] = g->edges[s->edge[n - 1]].next;
            continue;
        }
        const wc_edge *e = &g->edges[at];
        bool fits = component[e->to] == component[v] && (e->sure || !sure_only);
        s->edges++;
        if (fits && e->to == v)
            return n;
        if (!fits || s->seen[e->to] == s->turn) {
            s->edge[n - 1] = e->next;
            continue;
        }
        s->seen[e->to] = s->turn;
        path[n] = e->to;
        s->edge[n++] = g->vertices[e->to].first;
    }
    return 0;
}

bool wc_search_surely(wc_search *s, uint32_t named, uint32_t v, uint32_t to, uint32_t *room)
{
    const wc_graph *g = s->g;
    uint32_t n = 0;
    s->turn++;
    room[n++] = v;
    while (n) {
        uint32_t x = room[--n];
        for (uint32_t at = g->vertices[x].first; at != WC_NO_VERTEX; at = g->edges[at].next) {
            const wc_edge *e = &g->edges[at];
            s->edges++;
            if (e->sure && e->to == to)
                return true;
            if (!e->sure || e->to < named || s->seen[e->to] == s->turn)
                continue;
            s->seen[e->to] = s->turn;
            room[n++] = e->to;
        }
    }
    return false;
}
