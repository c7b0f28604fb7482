/* A directed graph with two kinds of edges, and its cycles.
 *
 * Vertices are numbers from 0 on, in the order in which they were made. An edge is *sure* or only
 * *possible*; questions are asked about the sure edges alone or about all of them. Edges keep the
 * order in which they were added.
 *
 * Nothing here recurses. Finding the components takes time and memory in proportion to vertices and
 * edges. The graph owns its memory: init, use, clear. */
#ifndef WRIT_COMPILER_GRAPH_H
#define WRIT_COMPILER_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#define WC_NO_VERTEX UINT32_MAX

typedef struct wc_edge {
    uint32_t to;
    uint32_t next; /* edge from the same vertex, or WC_NO_VERTEX */
    bool sure;
} wc_edge;

typedef struct wc_vertex {
    uint32_t first, last; /* its edges */
} wc_vertex;

typedef struct wc_graph {
    wc_vertex *vertices;
    wc_edge *edges;
    uint32_t n, cap, n_edges, cap_edges;
} wc_graph;

void wc_graph_init(wc_graph *g);
void wc_graph_clear(wc_graph *g);
uint32_t wc_graph_add(wc_graph *g);
/* Adds nothing when `to` is WC_NO_VERTEX or the edge repeats the one added last. */
void wc_graph_join(wc_graph *g, uint32_t from, uint32_t to, bool sure);

/* For each vertex the number of its strongly connected component if it lies on a cycle, else 0.
 * The caller frees the list. order, if it is not NULL, has room for all vertices: each then stands
 * behind those that its edges lead to, unless they lie on a cycle. */
uint32_t *wc_graph_cycles(const wc_graph *g, bool sure_only, uint32_t *order);

/* Searching cycles: memory that searches share. */
typedef struct wc_search {
    const wc_graph *g;
    uint32_t *seen, *edge; /* by vertex; by place on the way: the edge that leads on */
    uint32_t turn;
    uint64_t edges; /* looked at so far, in all searches */
} wc_search;

void wc_search_init(wc_search *s, const wc_graph *g);
void wc_search_clear(wc_search *s);
/* A way from v back to v that stays in its component, depth first in the order of the edges. v must
 * lie on a cycle of those edges. Fills path (room for g->n) with the vertices from v on, without v
 * at the end, and returns their number; s->edge[i] is the edge by which path[i] is left. */
uint32_t wc_search_cycle(wc_search *s, const uint32_t *component, bool sure_only, uint32_t v,
                         uint32_t *path);
/* Whether sure edges lead from v to `to` by vertices from `named` on, which stand for others. */
bool wc_search_surely(wc_search *s, uint32_t named, uint32_t v, uint32_t to, uint32_t *room);

#endif
