/* What references reach: all rules in a tree of their paths, in which a variable part is a branch
 * of its own. Vertices of the graph stand for "the rules that end here" and "all from here on", and
 * references of one pattern share them, so that a reference costs about as many edges as it has
 * parts, however many rules it may name. */
#ifndef WRIT_COMPILER_CHECK_REACH_H
#define WRIT_COMPILER_CHECK_REACH_H

#include "compiler/check.h"
#include "compiler/graph.h"

typedef struct wc_reach wc_reach;

/* A part of a reference behind `data`. */
typedef struct wc_rpart {
    enum { WC_PART_ANY, WC_PART_NAME, WC_PART_OTHER } kind; /* OTHER: a constant that names none */
    bool checked; /* its value decides what is named, and is not known before the evaluation */
    wv name;
} wc_rpart;

/* Rules are vertices by their numbers, which the graph must have already; more are added. */
wc_reach *wc_reach_new(wc_check *c, wc_graph *g);
void wc_reach_free(wc_reach *t);
/* Joins the vertex with what the reference may name; surely, where no checked part meets a constant
 * part of a path. */
void wc_reach_join(wc_reach *t, uint32_t from, const wc_rpart *parts, uint32_t n);

#endif
