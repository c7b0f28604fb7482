/* Rules by path, for references.
 *
 * A **spot** is a place in the tree: a part of a path below another spot, by its scalar or as
 * "any". A **group** is a set of spots that references reach together: all children of a spot, then
 * those of its members that have one name. Groups are made when a reference asks and found again by
 * the next one. Spots of a group lie all at one depth, and no spot is in two groups that came about
 * by the same kinds of steps, so the work is bounded by the size of the tree for each pattern of
 * steps, not for each reference. */
#include "compiler/check_reach.h"

#include <stdlib.h>

#define NONE    UINT32_MAX
#define NOT_YET (UINT32_MAX - 1)

typedef struct spot {
    wv name;
    uint32_t first, last, next; /* named children */
    uint32_t any;               /* the child for a part that is not constant */
    uint32_t clause, last_clause;
    uint32_t own, below; /* vertices: the rules that end here; all from here on */
    uint32_t group;      /* of this spot alone */
} spot;

typedef struct group {
    uint32_t *spots;
    uint32_t n, cap;
    uint32_t named, any; /* groups of all named children, and of those for any part */
    uint32_t own, below; /* vertices */
    bool by_name;        /* the groups of children with one name were made */
    bool parent, has_rules;
} group;

/* (number, name) -> number, open addressing. */
typedef struct pair {
    uint32_t of, to;
    wv name; /* undefined: free */
} pair;

typedef struct pairs {
    pair *v;
    uint32_t n, cap;
} pairs;

typedef struct reached {
    uint32_t group;
    bool sure;
} reached;

struct wc_reach {
    wc_graph *g;
    uint64_t seed;
    spot *spots;
    uint32_t n_spots, cap_spots;
    group *groups;
    uint32_t n_groups, cap_groups;
    uint32_t *next_clause; /* clause -> next one at the same spot */
    pairs children;        /* (spot, name) -> spot */
    pairs named;           /* (group, name) -> group */
    reached *now, *then;   /* what a reference has reached, and reaches next */
    uint32_t n_now, n_then, cap_reached;
    uint32_t *stack;
    uint32_t cap_stack;
};

/* ---- pairs ---- */

static pair *find_pair(const wc_reach *t, const pairs *p, uint32_t of, wv name)
{
    uint32_t at = (uint32_t)wb_hash64(wv_hash(name, t->seed) + of, t->seed);
    for (;; at++) {
        pair *x = &p->v[at & (p->cap - 1)];
        if (x->name == WV_UNDEFINED || (x->of == of && wv_equal(x->name, name)))
            return x;
    }
}

static uint32_t look_up(const wc_reach *t, const pairs *p, uint32_t of, wv name)
{
    if (!p->n)
        return NONE;
    const pair *x = find_pair(t, p, of, name);
    return x->name == WV_UNDEFINED ? NONE : x->to;
}

static void put_pair(const wc_reach *t, pairs *p, uint32_t of, wv name, uint32_t to)
{
    if (2 * p->n >= p->cap) {
        pairs old = *p;
        p->cap = old.cap ? 2 * old.cap : 256;
        p->v = wb_calloc(p->cap, sizeof *p->v);
        for (uint32_t i = 0; i < old.cap; i++)
            if (old.v[i].name != WV_UNDEFINED)
                *find_pair(t, p, old.v[i].of, old.v[i].name) = old.v[i];
        free(old.v);
    }
    *find_pair(t, p, of, name) = (pair){of, to, name};
    p->n++;
}

/* ---- the tree ---- */

static uint32_t new_spot(wc_reach *t, wv name)
{
    if (t->n_spots == t->cap_spots) {
        t->cap_spots = t->cap_spots ? 2 * t->cap_spots : 256;
        t->spots = wb_realloc(t->spots, t->cap_spots * sizeof *t->spots);
    }
    t->spots[t->n_spots] = (spot){.name = name,
                                  .first = NONE,
                                  .last = NONE,
                                  .next = NONE,
                                  .any = NONE,
                                  .clause = NONE,
                                  .last_clause = NONE,
                                  .own = NOT_YET,
                                  .below = NOT_YET,
                                  .group = NOT_YET};
    return t->n_spots++;
}

/* The child by that name; undefined: the one for a part that is not constant. */
static uint32_t child(wc_reach *t, uint32_t at, wv name)
{
    bool named = name != WV_UNDEFINED;
    uint32_t c = named ? look_up(t, &t->children, at, name) : t->spots[at].any;
    if (c != NONE)
        return c;
    c = new_spot(t, name);
    spot *s = &t->spots[at];
    if (!named) {
        s->any = c;
        return c;
    }
    put_pair(t, &t->children, at, name, c);
    if (s->last == NONE)
        s->first = c;
    else
        t->spots[s->last].next = c;
    s->last = c;
    return c;
}

/* A rule stands where all of its path ends, which may be below the node. */
static void put_rule(wc_reach *t, const wc_crule *r, uint32_t at)
{
    for (uint32_t i = wc_ck_path_ground(r); i < wc_ck_path_len(r); i++) {
        const wp_term *part = wc_ck_path_at(r, i);
        at = child(t, at, wc_ck_is_scalar(part) ? part->value : WV_UNDEFINED);
    }
    spot *s = &t->spots[at];
    for (; r; r = r->else_rule) {
        t->next_clause[r->number] = NONE;
        if (s->clause == NONE)
            s->clause = r->number;
        else
            t->next_clause[s->last_clause] = r->number;
        s->last_clause = r->number;
    }
}

/* The tree is as deep as the longest path, which the parser bounds. */
static void put_spots(wc_reach *t, const wc_ctree *n, uint32_t at)
{
    for (uint32_t i = 0; i < n->n; i++)
        put_spots(t, n->kids[i], child(t, at, n->kids[i]->name));
    for (uint32_t i = 0; i < n->n_rules; i++)
        put_rule(t, n->rules[i], at);
}

wc_reach *wc_reach_new(wc_check *c, wc_graph *g)
{
    wc_reach *t = wb_calloc(1, sizeof *t);
    t->g = g;
    t->seed = c->a->seed;
    t->next_clause = wb_calloc((size_t)c->n_all + 1, sizeof *t->next_clause);
    new_spot(t, WV_UNDEFINED);
    put_spots(t, c->tree, 0);
    return t;
}

void wc_reach_free(wc_reach *t)
{
    for (uint32_t i = 0; i < t->n_groups; i++)
        free(t->groups[i].spots);
    free(t->groups);
    free(t->spots);
    free(t->next_clause);
    free(t->children.v);
    free(t->named.v);
    free(t->now);
    free(t->then);
    free(t->stack);
    free(t);
}

/* ---- vertices ---- */

static uint32_t own_vertex(wc_reach *t, uint32_t at)
{
    spot *s = &t->spots[at];
    if (s->own != NOT_YET)
        return s->own;
    s->own = s->clause;
    if (s->clause == s->last_clause)
        return s->own;
    s->own = wc_graph_add(t->g);
    for (uint32_t c = s->clause; c != NONE; c = t->next_clause[c])
        wc_graph_join(t->g, s->own, c, true);
    return s->own;
}

static void push(wc_reach *t, uint32_t *n, uint32_t x)
{
    if (*n == t->cap_stack) {
        t->cap_stack = t->cap_stack ? 2 * t->cap_stack : 64;
        t->stack = wb_realloc(t->stack, t->cap_stack * sizeof *t->stack);
    }
    t->stack[(*n)++] = x;
}

/* The vertex of all below a child, made if need be; its edges follow when the stack comes to it. */
static uint32_t begin_below(wc_reach *t, uint32_t *n, uint32_t at)
{
    spot *s = &t->spots[at];
    if (s->below != NOT_YET)
        return s->below;
    if (s->first == NONE && s->any == NONE) {
        s->below = own_vertex(t, at);
        return s->below;
    }
    s->below = wc_graph_add(t->g);
    push(t, n, at);
    return s->below;
}

static uint32_t below_vertex(wc_reach *t, uint32_t at)
{
    uint32_t n = 0, top = begin_below(t, &n, at);
    while (n) {
        uint32_t x = t->stack[--n], v = t->spots[x].below;
        wc_graph_join(t->g, v, own_vertex(t, x), true);
        for (uint32_t c = t->spots[x].first; c != NONE; c = t->spots[c].next)
            wc_graph_join(t->g, v, begin_below(t, &n, c), true);
        if (t->spots[x].any != NONE)
            wc_graph_join(t->g, v, begin_below(t, &n, t->spots[x].any), true);
    }
    return top;
}

/* ---- groups ---- */

static uint32_t new_group(wc_reach *t)
{
    if (t->n_groups == t->cap_groups) {
        t->cap_groups = t->cap_groups ? 2 * t->cap_groups : 256;
        t->groups = wb_realloc(t->groups, t->cap_groups * sizeof *t->groups);
    }
    t->groups[t->n_groups] =
        (group){.named = NOT_YET, .any = NOT_YET, .own = NOT_YET, .below = NOT_YET};
    return t->n_groups++;
}

static void add_spot(wc_reach *t, uint32_t at, uint32_t x)
{
    group *g = &t->groups[at];
    if (g->n == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 1;
        g->spots = wb_realloc(g->spots, g->cap * sizeof *g->spots);
    }
    g->spots[g->n++] = x;
    g->parent |= t->spots[x].first != NONE || t->spots[x].any != NONE;
    g->has_rules |= t->spots[x].clause != NONE;
}

static uint32_t group_of(wc_reach *t, uint32_t x)
{
    if (t->spots[x].group == NOT_YET) {
        t->spots[x].group = new_group(t);
        add_spot(t, t->spots[x].group, x);
    }
    return t->spots[x].group;
}

static uint32_t group_any(wc_reach *t, uint32_t at)
{
    if (t->groups[at].any != NOT_YET)
        return t->groups[at].any;
    uint32_t to = NONE;
    for (uint32_t i = 0; i < t->groups[at].n; i++) {
        uint32_t x = t->spots[t->groups[at].spots[i]].any;
        if (x == NONE)
            continue;
        to = to == NONE ? new_group(t) : to;
        add_spot(t, to, x);
    }
    t->groups[at].any = to;
    return to;
}

static uint32_t group_named(wc_reach *t, uint32_t at)
{
    if (t->groups[at].named != NOT_YET)
        return t->groups[at].named;
    uint32_t to = NONE;
    for (uint32_t i = 0; i < t->groups[at].n; i++)
        for (uint32_t x = t->spots[t->groups[at].spots[i]].first; x != NONE; x = t->spots[x].next) {
            to = to == NONE ? new_group(t) : to;
            add_spot(t, to, x);
        }
    t->groups[at].named = to;
    return to;
}

/* The children of that name. */
static uint32_t group_by_name(wc_reach *t, uint32_t at, wv name)
{
    if (t->groups[at].n == 1) {
        uint32_t x = look_up(t, &t->children, t->groups[at].spots[0], name);
        return x == NONE ? NONE : group_of(t, x);
    }
    if (!t->groups[at].by_name) {
        t->groups[at].by_name = true;
        for (uint32_t i = 0; i < t->groups[at].n; i++)
            for (uint32_t x = t->spots[t->groups[at].spots[i]].first; x != NONE;
                 x = t->spots[x].next) {
                uint32_t to = look_up(t, &t->named, at, t->spots[x].name);
                if (to == NONE) {
                    to = new_group(t);
                    put_pair(t, &t->named, at, t->spots[x].name, to);
                }
                add_spot(t, to, x);
            }
    }
    return look_up(t, &t->named, at, name);
}

static uint32_t group_own(wc_reach *t, uint32_t at)
{
    group *g = &t->groups[at];
    if (g->own != NOT_YET || g->n == 1)
        return g->n == 1 ? own_vertex(t, g->spots[0]) : g->own;
    g->own = g->has_rules ? wc_graph_add(t->g) : NONE;
    for (uint32_t i = 0; i < g->n && g->has_rules; i++)
        wc_graph_join(t->g, g->own, own_vertex(t, g->spots[i]), true);
    return g->own;
}

static uint32_t group_below(wc_reach *t, uint32_t at)
{
    group *g = &t->groups[at];
    if (g->below != NOT_YET || g->n == 1)
        return g->n == 1 ? below_vertex(t, g->spots[0]) : g->below;
    g->below = wc_graph_add(t->g);
    for (uint32_t i = 0; i < g->n; i++)
        wc_graph_join(t->g, g->below, below_vertex(t, g->spots[i]), true);
    return g->below;
}

/* ---- references ---- */

static void reach(wc_reach *t, uint32_t at, bool sure)
{
    if (at == NONE)
        return;
    if (t->n_then == t->cap_reached) {
        t->cap_reached = t->cap_reached ? 2 * t->cap_reached : 16;
        t->now = wb_realloc(t->now, t->cap_reached * sizeof *t->now);
        t->then = wb_realloc(t->then, t->cap_reached * sizeof *t->then);
    }
    t->then[t->n_then++] = (reached){at, sure};
}

static void advance(wc_reach *t)
{
    reached *old = t->now;
    t->now = t->then;
    t->n_now = t->n_then;
    t->then = old;
    t->n_then = 0;
}

void wc_reach_join(wc_reach *t, uint32_t from, const wc_rpart *parts, uint32_t n)
{
    t->n_then = 0;
    reach(t, group_of(t, 0), true);
    advance(t);
    for (uint32_t i = 0; i < n && t->n_now; i++) {
        const wc_rpart *p = &parts[i];
        for (uint32_t j = 0; j < t->n_now; j++) {
            reached x = t->now[j];
            uint32_t to = p->kind == WC_PART_ANY    ? group_named(t, x.group)
                          : p->kind == WC_PART_NAME ? group_by_name(t, x.group, p->name)
                                                    : NONE;
            reach(t, to, x.sure && !p->checked);
            reach(t, group_any(t, x.group), x.sure);
        }
        advance(t);
        for (uint32_t j = 0; j < t->n_now && i + 1 < n; j++)
            wc_graph_join(t->g, from, group_own(t, t->now[j].group), t->now[j].sure);
    }
    for (uint32_t j = 0; j < t->n_now; j++)
        wc_graph_join(t->g, from, group_below(t, t->now[j].group), t->now[j].sure);
}
