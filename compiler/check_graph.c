/* Which rules need which.
 *
 * Takes rules after the expression terms. A reference needs the rules at, above and below its path;
 * a part that is a variable may be any name, unless the body gives it constants before: then it is
 * those. References with variables are kept as errors about cycles must tell them, since later
 * stages rewrite the bodies.
 *
 * Rules are vertices by their numbers; those behind stand for several rules (check_reach.h). */
#include "compiler/check_graph.h"

#include "compiler/check_reach.h"
#include "value/number.h"

#include <stdlib.h>

#define EXPANSION_MAX 64u   /* references that one with narrowed variables may stand for */
#define ALIASES_MAX   1000u /* steps from a variable to the one it is equal to, for the texts */

/* ---- what a reference may name ---- */

/* Whether the part b of a reference and the rule's at i may be equal. */
static bool part_meets(const wc_crule *r, uint32_t i, const wp_term *b)
{
    const wp_term *a = wc_ck_path_at(r, i);
    if (!wc_ck_is_constant(b))
        return true;
    if (i == r->module->package->list.n)
        return b->kind == WP_STRING && wb_str_eq(a->name, wv_str(&b->value));
    return !wc_ck_is_constant(a) || !wp_term_compare(a, b);
}

/* ---- constants that variables stand for ---- */

typedef wc_cvalues values;

typedef struct binding {
    uint32_t at;
    values values;
} binding;

/* How a body binds a variable, for the texts of errors. */
typedef struct source {
    uint32_t at;
    const wp_term *term;    /* x = term, or */
    const ws_builtin *call; /* x is its output */
} source;

typedef struct grapher {
    wc_check *c;
    struct wc_cgraph *to;
    wc_crule *rule;
    uint32_t at;
    bool ready;    /* what follows was collected for the rule */
    wc_cset seen;  /* variables by their first place: locs[].row is the expression's number + 1 */
    wc_cset bound; /* variables with constants, */
    binding *bindings;  /* beside them how */
    wc_cset given[2];   /* variables that are equal to something; outputs of calls, */
    source *sources[2]; /* beside them how */
} grapher;

static bool member_values(wc_check *c, const wp_term *t, values *out)
{
    if (t->kind == WP_ARRAY || t->kind == WP_SET) {
        *out = (values){t->list.items, t->list.n};
        return true;
    }
    if (t->kind != WP_OBJECT)
        return false;
    out->n = t->object.n;
    out->v = wb_arena_alloc(&c->tmp, (out->n + 1) * sizeof *out->v);
    for (uint32_t i = 0; i < out->n; i++)
        out->v[i] = t->object.pairs[i].value;
    return true;
}

static wp_term *member(const wp_term *t, const wp_term *key)
{
    if (t->kind == WP_OBJECT)
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!wp_term_compare(t->object.pairs[i].key, key))
                return t->object.pairs[i].value;
    if (t->kind == WP_SET)
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!wp_term_compare(t->list.items[i], key))
                return t->list.items[i];
    int64_t i;
    if (t->kind == WP_ARRAY && key->kind == WP_NUMBER && wv_number_int64(key->value, &i))
        return i >= 0 && i < t->list.n ? t->list.items[i] : NULL;
    return NULL;
}

static bool term_values(const grapher *g, const wp_term *t, uint32_t before, values *out);

static bool ref_values(const grapher *g, const wp_term *ref, uint32_t before, values *out)
{
    wc_check *c = g->c;
    if (!term_values(g, ref->list.items[0], before, out))
        return false;
    for (uint32_t i = 1; i < ref->list.n; i++) {
        const wp_term *el = ref->list.items[i];
        values next = {wb_arena_alloc(&c->tmp, (EXPANSION_MAX + 1) * sizeof(wp_term *)), 0};
        for (uint32_t k = 0; k < out->n; k++) {
            values some = {0};
            wp_term *one = NULL;
            if (wc_ck_is_constant(el)) {
                one = member(out->v[k], el);
                some = (values){&one, one != NULL};
            } else if (!member_values(c, out->v[k], &some)) {
                return false;
            }
            if (next.n + some.n > EXPANSION_MAX)
                return false;
            memcpy(next.v + next.n, some.v, some.n * sizeof(wp_term *));
            next.n += some.n;
        }
        *out = next;
    }
    return true;
}

static bool term_values(const grapher *g, const wp_term *t, uint32_t before, values *out)
{
    if (t->kind == WP_VAR) {
        uint32_t i = wc_cset_index(&g->bound, wc_cvar_of(t));
        if (i == UINT32_MAX || g->bindings[i].at >= before)
            return false;
        *out = g->bindings[i].values;
        return true;
    }
    if (t->kind == WP_REF)
        return ref_values(g, t, before, out);
    if (!wc_ck_is_constant(t))
        return false;
    wp_term **one = wb_arena_alloc(&g->c->tmp, sizeof *one);
    *one = (wp_term *)(uintptr_t)t;
    *out = (values){one, 1};
    return true;
}

static bool see(wc_cvisitor *v, wp_term *t)
{
    grapher *g = v->data;
    if (t->kind == WP_VAR && wc_cset_add(&g->c->tmp, &g->seen, wc_cvar_of(t)))
        g->seen.locs[g->seen.n - 1].row = g->at;
    return false;
}

/* The first way counts. */
static void put_source(grapher *g, wc_cvar *v, source s)
{
    bool call = s.call != NULL;
    if (wc_cset_add(&g->c->tmp, &g->given[call], v))
        g->sources[call][g->given[call].n - 1] = s;
}

static void collect_expr(grapher *g, const wp_expr *e, uint32_t i)
{
    if (e->negated || e->n_with || e->kind != WP_EXPR_CALL)
        return;
    if (wc_ck_is_eq(e) && e->call.n == 3) {
        bool bound = false;
        for (int side = 1; side <= 2; side++) {
            const wp_term *x = e->call.items[side], *y = e->call.items[3 - side];
            values v = {0};
            if (x->kind != WP_VAR)
                continue;
            put_source(g, wc_cvar_of(x), (source){.at = i, .term = y});
            if (bound || !term_values(g, y, i, &v))
                continue;
            bound = true;
            if (wc_cset_add(&g->c->tmp, &g->bound, wc_cvar_of(x)))
                g->bindings[g->bound.n - 1] = (binding){i, v};
        }
        return;
    }
    const ws_builtin *fn = wc_ck_builtin(g->c, e->call.items[0]);
    const wp_term *last = e->call.items[e->call.n - 1];
    if (fn && e->call.n == fn->arity + 2 && last->kind == WP_VAR)
        put_source(g, wc_cvar_of(last), (source){.at = i, .call = fn});
}

static void collect(grapher *g)
{
    const wp_body *b = &g->rule->body;
    uint32_t at = g->at;
    g->ready = true;
    g->bindings = wb_arena_alloc(&g->c->tmp, (b->n + 1) * sizeof *g->bindings);
    for (int i = 0; i < 2; i++) /* an equation has two sides */
        g->sources[i] = wb_arena_alloc(&g->c->tmp, (2 * b->n + 1) * sizeof(source));
    wc_cvisitor v = {.c = g->c, .term = see, .data = g};
    g->at = 0;
    wc_ck_walk_head(&v, g->rule);
    for (uint32_t i = 0; i < b->n; i++) {
        g->at = i + 1;
        wc_ck_walk_expr(&v, b->exprs[i]);
        collect_expr(g, b->exprs[i], i);
    }
    g->at = at;
}

/* ---- where values come from ---- */

static const wp_term *constant_prefix(wc_check *c, const wp_term *ref)
{
    wp_term *t = wc_ck_copy(c, ref);
    uint32_t n = 1;
    while (n < t->list.n && wc_ck_is_constant(t->list.items[n]))
        n++;
    t->list.n = n;
    return t;
}

static const source *source_of(const grapher *g, const wc_cvar *v, bool call)
{
    uint32_t i = wc_cset_index(&g->given[call], v);
    return i != UINT32_MAX && g->sources[call][i].at < g->at ? &g->sources[call][i] : NULL;
}

static const wp_term *collection(const grapher *g, const wp_term *t)
{
    for (uint32_t depth = 0; t->kind == WP_VAR; depth++) {
        const source *s = depth <= g->given[0].n && depth < ALIASES_MAX
                              ? source_of(g, wc_cvar_of(t), false)
                              : NULL;
        if (!s)
            return NULL;
        t = s->term;
    }
    bool fits = t->kind == WP_ARRAY || t->kind == WP_SET || t->kind == WP_OBJECT;
    return fits && wc_ck_is_constant(t) ? t : NULL;
}

/* Where an argument or a part of the head is the variable. */
static wc_corigin head_origin(const wc_crule *r, const wc_cvar *v)
{
    for (uint32_t i = 0; i < r->n_args; i++)
        if (r->args[i]->kind == WP_VAR && wc_cvar_of(r->args[i]) == v)
            return (wc_corigin){WC_FROM_ARGUMENT, NULL, NULL};
    for (uint32_t i = 1; i < r->n_ref; i++)
        if (r->ref[i]->kind == WP_VAR && wc_cvar_of(r->ref[i]) == v)
            return (wc_corigin){WC_FROM_KEY, NULL, NULL};
    if (r->key && r->key->kind == WP_VAR && wc_cvar_of(r->key) == v)
        return (wc_corigin){WC_FROM_KEY, NULL, NULL};
    return (wc_corigin){0};
}

static wc_corigin origin(const grapher *g, const wc_cvar *v)
{
    wc_check *c = g->c;
    uint32_t steps = g->rule->body.n < ALIASES_MAX ? g->rule->body.n : ALIASES_MAX;
    for (uint32_t depth = 0; depth <= steps; depth++) {
        const source *call = source_of(g, v, true), *s = source_of(g, v, false);
        if (call)
            return (wc_corigin){WC_FROM_BUILTIN, NULL, call->call};
        const wp_term *t = s ? s->term : NULL;
        if (t && t->kind == WP_VAR) {
            v = wc_cvar_of(t);
            continue;
        }
        if (t && t->kind == WP_REF) {
            if (wc_ck_starts(t, c->input))
                return (wc_corigin){WC_FROM_INPUT, constant_prefix(c, t), NULL};
            if (wc_ck_starts(t, c->data))
                return (wc_corigin){WC_FROM_RULE, constant_prefix(c, t), NULL};
            const wp_term *of = t->list.n == 2 && !wc_ck_is_constant(t->list.items[1])
                                    ? collection(g, t->list.items[0])
                                    : NULL;
            if (of)
                return (wc_corigin){WC_FROM_COLLECTION, wc_ck_copy(c, of), NULL};
        }
        return head_origin(g->rule, v);
    }
    return (wc_corigin){0};
}

/* ---- edges ---- */

static uint64_t bound_parts(const grapher *g, const wp_term *ref)
{
    uint64_t bits = 0;
    for (uint32_t i = 1; i < ref->list.n && i < 64; i++) {
        if (ref->list.items[i]->kind != WP_VAR)
            continue;
        const wc_cvar *v = wc_cvar_of(ref->list.items[i]);
        uint32_t k = wc_cset_index(&g->seen, v);
        if (k != UINT32_MAX)
            bits |= (uint64_t)(g->seen.locs[k].row <= g->at) << i;
    }
    return bits;
}

static const wc_corigin *origins(const grapher *g, const wp_term *ref)
{
    wc_corigin *to = wb_arena_calloc(g->c->a, (ref->list.n + 1) * sizeof *to);
    for (uint32_t i = 1; i < ref->list.n; i++)
        if (ref->list.items[i]->kind == WP_VAR)
            to[i] = origin(g, wc_cvar_of(ref->list.items[i]));
    return to;
}

static uint32_t times(const wp_term *ref, const wc_cvar *v)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < ref->list.n; i++)
        n += ref->list.items[i]->kind == WP_VAR && wc_cvar_of(ref->list.items[i]) == v;
    return n;
}

/* Whether a variable part gets its value right there, so that it decides nothing. */
static bool is_free(const wc_cedge *e, uint32_t i)
{
    const wp_term *el = e->sel->list.items[i];
    return el->kind == WP_VAR && !(i < 64 && (e->bound >> i & 1)) &&
           times(e->sel, wc_cvar_of(el)) == 1;
}

/* What the parts of ref stand for, where it is known; NULL: nowhere. Their product is *n. */
static const values *narrow(grapher *g, const wp_term *ref, uint32_t *n)
{
    values *to = NULL;
    *n = 1;
    for (uint32_t i = 1; i < ref->list.n; i++) {
        values v = {0};
        if (wc_ck_is_constant(ref->list.items[i]) ||
            !term_values(g, ref->list.items[i], g->at, &v) || !v.n ||
            (uint64_t)*n * v.n > EXPANSION_MAX)
            continue;
        if (!to)
            to = wb_arena_calloc(g->c->a, (ref->list.n + 1) * sizeof *to);
        to[i] = (values){wb_arena_alloc(g->c->a, v.n * sizeof(wp_term *)), v.n};
        memcpy(to[i].v, v.v, v.n * sizeof(wp_term *));
        *n *= v.n;
    }
    return to;
}

static wc_rpart part_of(const wp_term *t, bool checked)
{
    if (wc_ck_is_scalar(t))
        return (wc_rpart){WC_PART_NAME, checked, t->value};
    return (wc_rpart){wc_ck_is_constant(t) ? WC_PART_OTHER : WC_PART_ANY, checked, WV_UNDEFINED};
}

static wc_rpart *room_for(struct wc_cgraph *to, uint32_t n)
{
    if (n > to->cap_parts) {
        to->cap_parts = 2 * n;
        to->parts = wb_realloc(to->parts, to->cap_parts * sizeof *to->parts);
    }
    return to->parts;
}

/* Joins the rule with what a reference without variables names. */
static void join_static(grapher *g, const wp_term *t)
{
    uint32_t n = t->list.n - 1;
    wc_rpart *parts = room_for(g->to, n + 1);
    for (uint32_t i = 0; i < n; i++)
        parts[i] = part_of(t->list.items[i + 1], false);
    wc_reach_join(g->to->reach, g->rule->number, parts, n);
}

/* The same for each of the references that e may stand for. */
static void join_dynamic(grapher *g, const wc_cedge *e, uint32_t count)
{
    uint32_t n = e->sel->list.n - 1;
    wc_rpart *parts = room_for(g->to, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *el = e->sel->list.items[i + 1];
        parts[i] = part_of(el, !wc_ck_is_constant(el) && !is_free(e, i + 1));
    }
    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t i = n, rest = k; e->values && i-- > 0;) {
            const values *v = &e->values[i + 1];
            if (!v->n)
                continue;
            parts[i] = part_of(v->v[rest % v->n], parts[i].checked);
            rest /= v->n;
        }
        wc_reach_join(g->to->reach, g->rule->number, parts, n);
    }
}

static const wp_term *narrowed(wc_check *c, const wp_term *ref, const values *v)
{
    wp_term *t = wc_ck_list(c, WP_REF, ref->list.n, ref->loc);
    for (uint32_t i = 0; i < ref->list.n; i++)
        t->list.items[i] = v[i].n ? v[i].v[0] : ref->list.items[i];
    return wc_ck_copy(c, t);
}

static void add_dynamic(grapher *g, const wp_term *t)
{
    wc_check *c = g->c;
    wc_crule *r = g->rule;
    if (!g->ready)
        collect(g);
    uint32_t n;
    wc_cedge *e = wb_arena_calloc(c->a, sizeof *e);
    const values *v = narrow(g, t, &n);
    e->src = wc_ck_copy(c, t);
    e->sel = v && n == 1 ? narrowed(c, t, v) : e->src;
    e->values = n > 1 ? v : NULL;
    e->bound = bound_parts(g, e->sel);
    e->origins = origins(g, e->sel);
    if (r->last_edge)
        r->last_edge->next = e;
    else
        r->edges = e;
    r->last_edge = e;
    join_dynamic(g, e, n);
}

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    grapher *g = v->data;
    if (t->kind != WP_REF || !wc_ck_starts(t, g->c->data))
        return false;
    for (uint32_t i = 1; i < t->list.n; i++)
        if (!wc_ck_is_constant(t->list.items[i])) {
            add_dynamic(g, t);
            return false;
        }
    join_static(g, t);
    return false;
}

static void follow(wc_check *c, wc_crule *r)
{
    grapher g = {.c = c, .to = c->graph, .rule = r};
    wc_cvisitor v = {.c = c, .term = in_term, .data = &g};
    for (uint32_t k = 0; k < r->body.n; k++) {
        g.at = k;
        wc_ck_walk_expr(&v, r->body.exprs[k]);
    }
    g.at = r->body.n;
    wc_ck_walk_head(&v, r);
}

void wc_ck_graph(wc_check *c)
{
    struct wc_cgraph *to = c->graph = wb_calloc(1, sizeof *to);
    wc_graph_init(&to->g);
    for (uint32_t i = 0; i < c->n_all; i++)
        wc_graph_add(&to->g);
    to->reach = wc_reach_new(c, &to->g);
    for (uint32_t i = 0; i < c->n_all; i++) {
        char *mark = wb_arena_mark(&c->tmp);
        follow(c, c->all[i]);
        wb_arena_rewind(&c->tmp, mark);
    }
    wc_reach_free(to->reach);
    free(to->parts);
    to->reach = NULL;
    to->parts = NULL;
}

void wc_ck_graph_end(wc_check *c)
{
    struct wc_cgraph *g = c->graph;
    if (!g)
        return;
    wc_graph_clear(&g->g);
    free(g->cycles);
    free(g->order);
    free(g->first_user);
    free(g->users);
    free(g->seen);
    free(g->queue);
    free(g);
    c->graph = NULL;
}

/* ---- what a reference names ---- */

bool wc_ck_may_name(const wc_cedge *e, const wc_crule *r)
{
    uint32_t len = wc_ck_path_len(r);
    for (uint32_t i = 1; i < len && i < e->sel->list.n; i++) {
        const values *v = e->values ? &e->values[i] : NULL;
        bool meets = false;
        if (!v || !v->n)
            meets = part_meets(r, i, e->sel->list.items[i]);
        for (uint32_t k = 0; v && k < v->n && !meets; k++)
            meets = part_meets(r, i, v->v[k]);
        if (!meets)
            return false;
    }
    return true;
}

bool wc_ck_selects(const wc_cedge *e, const wc_crule *r, uint32_t *positions, uint32_t *n)
{
    bool sure = true;
    uint32_t len = wc_ck_path_len(r), name = r->module->package->list.n;
    for (uint32_t i = 1; i < len && i < e->sel->list.n; i++) {
        const wp_term *part = wc_ck_path_at(r, i), *el = e->sel->list.items[i];
        if (i != name && !wc_ck_is_constant(part))
            continue;
        if (wc_ck_is_constant(el)) {
            if (!part_meets(r, i, el))
                return false;
            continue;
        }
        if (is_free(e, i))
            continue;
        if (!positions)
            return false;
        sure = false;
        if (*n < 64)
            positions[(*n)++] = i;
    }
    return sure;
}

/* ---- order ---- */

bool wc_ck_find_cycles(wc_check *c)
{
    struct wc_cgraph *g = c->graph;
    g->order = wb_calloc((size_t)g->g.n + 1, sizeof *g->order);
    g->cycles = wc_graph_cycles(&g->g, false, g->order);
    for (uint32_t i = 0; i < c->n_all; i++)
        if (g->cycles[i])
            return true;
    return false;
}

wc_crule **wc_ck_sorted(wc_check *c)
{
    const struct wc_cgraph *g = c->graph;
    wc_crule **out = wb_arena_alloc(c->a, (c->n_all + 1) * sizeof *out);
    for (uint32_t i = 0, n = 0; i < g->g.n; i++)
        if (g->order[i] < c->n_all)
            out[n++] = c->all[g->order[i]];
    return out;
}

/* ---- who depends on a rule ---- */

/* The edges the other way: users of v are users[first_user[v]] and on, to first_user[v + 1]. */
static void make_users(struct wc_cgraph *g)
{
    uint32_t n = g->g.n;
    g->first_user = wb_calloc((size_t)n + 2, sizeof *g->first_user);
    g->users = wb_calloc((size_t)g->g.n_edges + 1, sizeof *g->users);
    g->seen = wb_calloc((size_t)n + 1, sizeof *g->seen);
    g->queue = wb_calloc((size_t)n + 1, sizeof *g->queue);
    for (uint32_t e = 0; e < g->g.n_edges; e++)
        g->first_user[g->g.edges[e].to + 1]++;
    for (uint32_t v = 0; v < n; v++)
        g->first_user[v + 1] += g->first_user[v];
    uint32_t *at = wb_calloc((size_t)n + 1, sizeof *at);
    memcpy(at, g->first_user, n * sizeof *at);
    for (uint32_t v = 0; v < n; v++)
        for (uint32_t e = g->g.vertices[v].first; e != WC_NO_VERTEX; e = g->g.edges[e].next)
            g->users[at[g->g.edges[e].to]++] = v;
    free(at);
}

static bool may_meet(const wc_crule *r, const wp_term *ref, uint32_t from)
{
    uint32_t n = wc_ck_path_len(r);
    for (uint32_t i = from; i < n && i < ref->list.n; i++)
        if (!part_meets(r, i, ref->list.items[i]))
            return false;
    return true;
}

/* Called for each rule or node (whole) that a reference may name. */
typedef void (*target)(void *data, wc_crule *rule, wc_ctree *whole);

typedef struct search {
    const wp_term *ref;
    target f;
    void *data;
} search;

static void walk_tree(search *s, wc_ctree *n, uint32_t i)
{
    if (i >= s->ref->list.n) {
        s->f(s->data, NULL, n);
        return;
    }
    const wp_term *el = s->ref->list.items[i];
    wc_ctree *only = wc_ck_is_scalar(el) ? wc_ctree_child(n, el->value) : NULL;
    if (wc_ck_is_constant(el) && !only)
        return;
    for (uint32_t k = 0; k < (only ? 1 : n->n); k++) {
        wc_ctree *kid = only ? only : n->kids[k];
        for (uint32_t j = 0; j < kid->n_rules; j++)
            if (may_meet(kid->rules[j], s->ref, i + 1))
                s->f(s->data, kid->rules[j], NULL);
        walk_tree(s, kid, i + 1);
    }
}

static void targets(wc_check *c, const wp_term *ref, target f, void *data)
{
    search s = {ref, f, data};
    if (wc_ck_starts(ref, c->data))
        walk_tree(&s, c->tree, 1);
}

typedef struct dependents {
    struct wc_cgraph *g;
    uint32_t n;
} dependents;

static void depend(dependents *d, uint32_t v)
{
    if (d->g->seen[v] == d->g->turn)
        return;
    d->g->seen[v] = d->g->turn;
    d->g->queue[d->n++] = v;
}

static void depend_below(dependents *d, const wc_ctree *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        depend(d, n->rules[i]->number);
    for (uint32_t i = 0; i < n->n; i++)
        depend_below(d, n->kids[i]);
}

static void depend_target(void *data, wc_crule *rule, wc_ctree *whole)
{
    if (rule)
        depend(data, rule->number);
    else
        depend_below(data, whole);
}

wc_crule **wc_ck_dependents(wc_check *c, const wp_term *ref, uint32_t *n)
{
    struct wc_cgraph *g = c->graph;
    if (!g->users)
        make_users(g);
    g->turn++;
    dependents d = {.g = g};
    targets(c, ref, depend_target, &d);
    *n = 0;
    for (uint32_t i = 0; i < d.n; i++) {
        uint32_t v = g->queue[i];
        *n += v < c->n_all;
        for (uint32_t k = g->first_user[v]; k < g->first_user[v + 1]; k++)
            depend(&d, g->users[k]);
    }
    wc_crule **to = wb_malloc((*n + (size_t)1) * sizeof *to);
    for (uint32_t i = 0, k = 0; i < d.n; i++)
        if (g->queue[i] < c->n_all)
            to[k++] = c->all[g->queue[i]];
    return to;
}
