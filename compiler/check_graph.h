/* The graph of rules, between check_graph.c, which makes it, and check_cycle.c. */
#ifndef WRIT_COMPILER_CHECK_GRAPH_H
#define WRIT_COMPILER_CHECK_GRAPH_H

#include "compiler/check.h"
#include "compiler/graph.h"

/* Constants that a variable may stand for. */
typedef struct wc_cvalues {
    wp_term **v;
    uint32_t n; /* 0: nothing is known */
} wc_cvalues;

/* A reference of a rule that has variables. */
typedef struct wc_cedge {
    struct wc_cedge *next;
    const wp_term *src;        /* as written */
    const wp_term *sel;        /* narrowed, if that leaves one reference */
    const wc_cvalues *values;  /* by part of sel; NULL: nothing is known */
    uint64_t bound;            /* parts of sel that are variables with a value by then */
    const wc_corigin *origins; /* by part of sel */
} wc_cedge;

/* The first c->n_all vertices are rules by their numbers; those behind stand for several. */
struct wc_cgraph {
    wc_graph g;
    uint32_t *cycles, *order; /* wc_graph_cycles; NULL before */
    /* while the graph is made */
    struct wc_reach *reach;
    struct wc_rpart *parts;
    uint32_t cap_parts;
    /* the way back, made when somebody asks */
    uint32_t *first_user, *users, *seen, *queue, turn;
};

/* Fills cycles and order; whether a rule lies on a cycle. */
bool wc_ck_find_cycles(wc_check *c);
bool wc_ck_may_name(const wc_cedge *e, const wc_crule *r);
/* Whether sel names the rule whatever its variables hold; positions (may be NULL): the parts that
 * must be equal to the rule's for that, as many as *n says. */
bool wc_ck_selects(const wc_cedge *e, const wc_crule *r, uint32_t *positions, uint32_t *n);

#endif
