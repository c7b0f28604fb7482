/* Which variables an expression binds, given those that are bound.
 *
 * An expression binds by the elements of references whose head is bound, by unification, and by
 * the output of a call. Negated expressions, `and` and `or` bind nothing. */
#include "compiler/check.h"

static bool is_safe(wc_check *c, const wp_term *t, const wc_cset *safe)
{
    if (t->kind == WP_VAR)
        return wc_cset_has(safe, wc_cvar_of(t));
    wc_cset vars = {0};
    wc_ck_term_vars(c, t, WC_SAFETY, &vars);
    return wc_cset_within(&vars, safe);
}

static bool is_safe_ref(wc_check *c, const wp_term *t, const wc_cset *safe)
{
    return is_safe(c, t->list.items[0], safe);
}

/* ---- references ---- */

typedef struct outputs {
    const wc_cset *safe;
    wc_cset *out;
} outputs;

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    outputs *o = v->data;
    if (wc_ck_is_comp(t) || t->kind == WP_TEMPLATE)
        return true;
    if (t->kind != WP_REF)
        return false;
    if (!is_safe_ref(v->c, t, o->safe))
        return true;
    /* What references within it would add stands in it. */
    if (!wc_ck_is_ground(t))
        wc_ck_term_vars(v->c, t, WC_NO_REF_HEAD, o->out);
    return true;
}

/* ---- unification ---- */

#define NONE UINT32_MAX

/* A variable that waits for others, or that others wait for. */
typedef struct node {
    uint32_t on;      /* first of the edges to what it waits for, or NONE */
    uint32_t waiting; /* first of the edges to what waits for it, or NONE */
    uint32_t left;    /* edges to what it waits for that is not found yet */
} node;

typedef struct edge {
    uint32_t to, next;
} edge;

typedef struct unifier {
    wc_check *c;
    const wc_cset *safe;
    wc_cset refs;  /* what references of the expression bind: safe too */
    wc_cset apart; /* never safe: the left side of `:=` */
    wc_cset found;
    wc_cset linked; /* numbers of nodes */
    node *nodes;
    edge *edges;
    uint32_t n_edges, cap_nodes, cap_edges;
    wc_cvar **due; /* to be marked */
    uint32_t n_due, cap_due;
} unifier;

static void *room(unifier *u, void *p, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? 2 * *cap : 8;
    void *to = wb_arena_alloc(&u->c->tmp, *cap * size);
    if (n)
        memcpy(to, p, n * size);
    return to;
}

static bool is_base(const unifier *u, const wc_cvar *v)
{
    return (wc_cset_has(u->safe, v) || wc_cset_has(&u->refs, v)) && !wc_cset_has(&u->apart, v);
}

static bool known(const unifier *u, const wc_cvar *v)
{
    return is_base(u, v) || wc_cset_has(&u->found, v);
}

static bool all_base(const unifier *u, const wp_term *t)
{
    if (t->kind == WP_VAR)
        return is_base(u, wc_cvar_of(t));
    wc_cset vars = {0};
    wc_ck_term_vars(u->c, t, WC_SAFETY, &vars);
    for (uint32_t i = 0; i < vars.n; i++)
        if (!is_base(u, vars.v[i]))
            return false;
    return true;
}

static void want(unifier *u, wc_cvar *v)
{
    u->due = room(u, u->due, u->n_due, &u->cap_due, sizeof(wc_cvar *));
    u->due[u->n_due++] = v;
}

/* v is found; so is what it waited for, and what waited for nothing else. */
static void mark(unifier *u, wc_cvar *v)
{
    want(u, v);
    while (u->n_due) {
        v = u->due[--u->n_due];
        uint32_t i = wc_cset_add(&u->c->tmp, &u->found, v) ? wc_cset_index(&u->linked, v) : NONE;
        if (i == NONE)
            continue;
        for (uint32_t k = u->nodes[i].on; k != NONE; k = u->edges[k].next)
            want(u, u->linked.v[u->edges[k].to]);
        for (uint32_t k = u->nodes[i].waiting; k != NONE; k = u->edges[k].next)
            if (!--u->nodes[u->edges[k].to].left)
                want(u, u->linked.v[u->edges[k].to]);
    }
}

static uint32_t node_of(unifier *u, wc_cvar *v)
{
    if (wc_cset_add(&u->c->tmp, &u->linked, v)) {
        u->nodes = room(u, u->nodes, u->linked.n - 1, &u->cap_nodes, sizeof *u->nodes);
        u->nodes[u->linked.n - 1] = (node){NONE, NONE, 0};
    }
    return wc_cset_index(&u->linked, v);
}

static void join(unifier *u, uint32_t *list, uint32_t to)
{
    u->edges = room(u, u->edges, u->n_edges, &u->cap_edges, sizeof *u->edges);
    u->edges[u->n_edges] = (edge){to, *list};
    *list = u->n_edges++;
}

static void wait_for(unifier *u, wc_cvar *v, wc_cvar *on)
{
    uint32_t i = node_of(u, v), k = node_of(u, on);
    join(u, &u->nodes[i].on, k);
    join(u, &u->nodes[k].waiting, i);
    u->nodes[i].left++;
}

static void pattern_vars(unifier *u, const wp_term *t, wc_cset *out)
{
    wc_ck_term_vars(u->c, t, WC_NO_REF_HEAD | WC_NO_KEYS | WC_NO_CLOSURES, out);
}

static void mark_all(unifier *u, const wp_term *t)
{
    wc_cset vars = {0};
    pattern_vars(u, t, &vars);
    for (uint32_t i = 0; i < vars.n; i++)
        mark(u, vars.v[i]);
}

static void with_pattern(unifier *u, wc_cvar *v, const wp_term *t)
{
    if (known(u, v)) {
        mark_all(u, t);
        return;
    }
    wc_cset vars = {0};
    bool waits = false;
    pattern_vars(u, t, &vars);
    for (uint32_t i = 0; i < vars.n; i++)
        if (!known(u, vars.v[i])) {
            wait_for(u, v, vars.v[i]);
            waits = true;
        }
    if (!waits)
        mark(u, v);
}

static bool is_pattern(const wp_term *t)
{
    return t->kind == WP_ARRAY || t->kind == WP_OBJECT;
}

static void unify(unifier *u, const wp_term *a, const wp_term *b);

static void unify_var(unifier *u, wc_cvar *a, const wp_term *b)
{
    switch ((wp_term_kind)b->kind) {
    case WP_VAR: {
        wc_cvar *v = wc_cvar_of(b);
        if (known(u, v)) {
            mark(u, a);
        } else if (known(u, a)) {
            mark(u, v);
        } else {
            wait_for(u, a, v);
            wait_for(u, v, a);
        }
        return;
    }
    case WP_ARRAY:
    case WP_OBJECT: with_pattern(u, a, b); return;
    case WP_REF:
        if (all_base(u, b->list.items[0]))
            mark(u, a);
        return;
    case WP_CALL:
        if (all_base(u, b))
            mark(u, a);
        return;
    default: mark(u, a);
    }
}

static bool is_given(unifier *u, const wp_term *t)
{
    return t->kind == WP_REF ? all_base(u, t->list.items[0]) : t->kind == WP_CALL && all_base(u, t);
}

static void unify_pattern(unifier *u, const wp_term *a, const wp_term *b)
{
    if (b->kind == WP_VAR) {
        with_pattern(u, wc_cvar_of(b), a);
    } else if (is_given(u, b) || (a->kind == WP_ARRAY && wc_ck_is_comp(b))) {
        mark_all(u, a);
    } else if (a->kind == WP_ARRAY && b->kind == WP_ARRAY && a->list.n == b->list.n) {
        for (uint32_t i = 0; i < a->list.n; i++)
            unify(u, a->list.items[i], b->list.items[i]);
    } else if (a->kind == WP_OBJECT && b->kind == WP_OBJECT && a->object.n == b->object.n) {
        /* Keys are sorted on both sides. */
        for (uint32_t i = 0, k = 0; i < a->object.n && k < b->object.n;) {
            int d = wp_term_compare(a->object.pairs[i].key, b->object.pairs[k].key);
            if (!d)
                unify(u, a->object.pairs[i].value, b->object.pairs[k].value);
            i += d <= 0;
            k += d >= 0;
        }
    }
}

static void unify(unifier *u, const wp_term *a, const wp_term *b)
{
    switch ((wp_term_kind)a->kind) {
    case WP_VAR: unify_var(u, wc_cvar_of(a), b); return;
    case WP_REF:
    case WP_CALL:
        if (!is_given(u, a))
            return;
        if (b->kind == WP_VAR)
            mark(u, wc_cvar_of(b));
        else if (is_pattern(b))
            mark_all(u, b);
        return;
    case WP_ARRAY:
    case WP_OBJECT: unify_pattern(u, a, b); return;
    default:
        if (b->kind == WP_VAR)
            mark(u, wc_cvar_of(b));
        else if ((a->kind == WP_ARRAY_COMP && b->kind == WP_ARRAY) ||
                 (a->kind == WP_OBJECT_COMP && b->kind == WP_OBJECT))
            mark_all(u, b);
    }
}

/* ---- expressions ---- */

static void refs_in_expr(wc_check *c, const wp_expr *e, const wc_cset *safe, wc_cset *out)
{
    outputs o = {safe, out};
    wc_cvisitor v = {.c = c, .term = in_term, .data = &o};
    wc_ck_walk_expr(&v, (wp_expr *)(uintptr_t)e);
}

void wc_ck_eq_outputs(wc_check *c, const wp_expr *e, const wc_cset *safe, wc_cset *out)
{
    if (e->call.n != 3)
        return;
    unifier u = {.c = c, .safe = safe};
    refs_in_expr(c, e, safe, &u.refs);
    if (e->call.items[0]->infix) /* `:=` binds its left side only */
        wc_ck_term_vars(c, e->call.items[1], 0, &u.apart);
    unify(&u, e->call.items[1], e->call.items[2]);
    for (uint32_t i = 0; i < u.refs.n; i++)
        if (!wc_cset_has(safe, u.refs.v[i]) && !wc_cset_has(&u.apart, u.refs.v[i]))
            wc_cset_add(&c->tmp, out, u.refs.v[i]);
    for (uint32_t i = 0; i < u.found.n; i++)
        if (!wc_cset_has(safe, u.found.v[i]))
            wc_cset_add(&c->tmp, out, u.found.v[i]);
}

static void call_outputs(wc_check *c, const wp_expr *e, const wc_cset *safe, wc_cset *out)
{
    int64_t arity = wc_ck_arity(c, e->call.items[0]);
    if (arity < 0)
        return;
    wc_cset own = {0}, inputs = {0};
    refs_in_expr(c, e, safe, &own);
    uint32_t n = (uint32_t)arity + 1;
    unsigned how = WC_NO_CLOSURES | WC_NO_SETS | WC_NO_KEYS | WC_NO_REF_HEAD;
    if (n < e->call.n) {
        for (uint32_t i = 0; i < n; i++)
            wc_ck_term_vars(c, e->call.items[i], how, &inputs);
        for (uint32_t i = 0; i < inputs.n; i++)
            if (!wc_cset_has(safe, inputs.v[i]) && !wc_cset_has(&own, inputs.v[i]))
                return;
        for (uint32_t i = n; i < e->call.n; i++)
            wc_ck_term_vars(c, e->call.items[i], how, &own);
    }
    wc_cset_add_all(&c->tmp, out, &own);
}

void wc_ck_expr_outputs(wc_check *c, const wp_expr *e, const wc_cset *safe, wc_cset *out)
{
    if (e->negated)
        return;
    if (e->n_with) {
        wc_cset vars = {0};
        for (uint32_t i = 0; i < e->n_with; i++) {
            const wp_with *w = &e->with[i];
            wp_expr only = {.kind = WP_EXPR_NOT, .with = (wp_with *)(uintptr_t)w, .n_with = 1};
            wc_ck_expr_vars(c, &only, WC_SAFETY, &vars);
        }
        if (!wc_cset_within(&vars, safe))
            return;
    }
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: refs_in_expr(c, e, safe, out); return;
    case WP_EXPR_CALL:
        if (wc_ck_is_eq(e))
            wc_ck_eq_outputs(c, e, safe, out);
        else
            call_outputs(c, e, safe, out);
        return;
    case WP_EXPR_EVERY: {
        outputs o = {safe, out};
        wc_cvisitor v = {.c = c, .term = in_term, .data = &o};
        wc_ck_walk_term(&v, e->every.domain);
        return;
    }
    default: return;
    }
}

void wc_ck_body_outputs(wc_check *c, const wp_body *b, uint32_t n, const wc_cset *safe,
                        wc_cset *out)
{
    wc_cset all = {0};
    wc_cset_add_all(&c->tmp, &all, safe);
    for (uint32_t i = 0; i < n; i++) {
        wc_cset own = {0};
        wc_ck_expr_outputs(c, b->exprs[i], &all, &own);
        wc_cset_add_all(&c->tmp, &all, &own);
    }
    for (uint32_t i = 0; i < all.n; i++)
        if (!wc_cset_has(safe, all.v[i]))
            wc_cset_add(&c->tmp, out, all.v[i]);
}
