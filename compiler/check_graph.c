/* Which rules need which.
 *
 * Takes rules after the expression terms. A reference needs the rules at, above and below its path;
 * a part that is a variable may be any name, unless the body gives it constants before: then it is
 * those. Edges keep what errors about cycles must say, since later stages rewrite the bodies.
 *
 * To stay linear an edge may lead to a node of the tree, which leads to all that stands below. */
#include "compiler/check.h"
#include "value/number.h"

#include <stdlib.h>

#define EXPANSION_MAX 64u /* references that one with narrowed variables may stand for */

/* ---- what a reference may name ---- */

static bool may_meet(const wc_crule *r, const wp_term *ref, uint32_t from)
{
    uint32_t n = wc_ck_path_len(r), name = r->module->package->list.n;
    for (uint32_t i = from; i < n && i < ref->list.n; i++) {
        const wp_term *a = wc_ck_path_at(r, i), *b = ref->list.items[i];
        if (!wc_ck_is_constant(b))
            continue;
        if (i == name) {
            if (b->kind != WP_STRING || !wb_str_eq(a->name, wv_str(&b->value)))
                return false;
        } else if (wc_ck_is_constant(a) && wp_term_compare(a, b)) {
            return false;
        }
    }
    return true;
}

typedef struct search {
    const wp_term *ref;
    wc_ck_target f;
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

void wc_ck_targets(wc_check *c, const wp_term *ref, wc_ck_target f, void *data)
{
    search s = {ref, f, data};
    if (wc_ck_starts(ref, c->data))
        walk_tree(&s, c->tree, 1);
}

/* ---- constants that variables stand for ---- */

typedef struct values {
    wp_term **v;
    uint32_t n;
} values;

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
        const source *s = depth <= g->given[0].n ? source_of(g, wc_cvar_of(t), false) : NULL;
        if (!s)
            return NULL;
        t = s->term;
    }
    bool fits = t->kind == WP_ARRAY || t->kind == WP_SET || t->kind == WP_OBJECT;
    return fits && wc_ck_is_constant(t) ? t : NULL;
}

static wc_corigin origin(const grapher *g, const wc_cvar *v, uint32_t depth)
{
    wc_check *c = g->c;
    if (depth > g->rule->body.n)
        return (wc_corigin){0};
    const source *call = source_of(g, v, true), *s = source_of(g, v, false);
    if (call)
        return (wc_corigin){WC_FROM_BUILTIN, NULL, call->call};
    if (s && s->term->kind == WP_VAR)
        return origin(g, wc_cvar_of(s->term), depth + 1);
    if (s && s->term->kind == WP_REF) {
        const wp_term *t = s->term;
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
    const wc_crule *r = g->rule;
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

/* ---- edges ---- */

typedef struct adder {
    grapher *g;
    const wp_term *src, *sel;
    uint64_t bound;
    const wc_corigin *origins;
} adder;

static void add_edge(void *data, wc_crule *rule, wc_ctree *whole)
{
    adder *x = data;
    wc_crule *r = x->g->rule;
    wc_cedge *e = wb_arena_alloc(x->g->c->a, sizeof *e);
    *e = (wc_cedge){NULL, rule, whole, x->src, x->sel, x->bound, x->origins};
    if (r->last_edge)
        r->last_edge->next = e;
    else
        r->edges = e;
    r->last_edge = e;
}

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
            to[i] = origin(g, wc_cvar_of(ref->list.items[i]), 0);
    return to;
}

/* The references that ref may stand for. */
static wp_term **expand(grapher *g, const wp_term *ref, uint32_t *n)
{
    wc_check *c = g->c;
    wp_term **all = wb_arena_alloc(&c->tmp, sizeof *all);
    *n = 1;
    all[0] = (wp_term *)(uintptr_t)ref;
    for (uint32_t i = 1; i < ref->list.n; i++) {
        values v = {0};
        if (wc_ck_is_constant(ref->list.items[i]) ||
            !term_values(g, ref->list.items[i], g->at, &v) || !v.n ||
            (uint64_t)*n * v.n > EXPANSION_MAX)
            continue;
        wp_term **next = wb_arena_alloc(&c->tmp, *n * v.n * sizeof *next);
        uint32_t count = 0;
        for (uint32_t k = 0; k < *n; k++)
            for (uint32_t j = 0; j < v.n; j++) {
                wp_term *t = wc_ck_list(c, WP_REF, ref->list.n, ref->loc);
                memcpy(t->list.items, all[k]->list.items, ref->list.n * sizeof(wp_term *));
                t->list.items[i] = v.v[j];
                next[count++] = t;
            }
        all = next;
        *n = count;
    }
    return all;
}

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    grapher *g = v->data;
    wc_check *c = g->c;
    if (t->kind != WP_REF || !wc_ck_starts(t, c->data))
        return false;
    bool dynamic = false;
    for (uint32_t i = 1; i < t->list.n && !dynamic; i++)
        dynamic = !wc_ck_is_constant(t->list.items[i]);
    adder x = {.g = g};
    if (!dynamic) {
        wc_ck_targets(c, t, add_edge, &x);
        return false;
    }
    if (!g->ready)
        collect(g);
    uint32_t n;
    wp_term **all = expand(g, t, &n);
    x.src = wc_ck_copy(c, t);
    x.sel = n == 1 && all[0] != t ? wc_ck_copy(c, all[0]) : x.src;
    x.bound = bound_parts(g, x.sel);
    x.origins = origins(g, x.sel);
    for (uint32_t i = 0; i < n; i++)
        wc_ck_targets(c, all[i], add_edge, &x);
    return false;
}

void wc_ck_graph(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_all; i++) {
        char *mark = wb_arena_mark(&c->tmp);
        wc_crule *r = c->all[i];
        grapher g = {.c = c, .rule = r};
        wc_cvisitor v = {.c = c, .term = in_term, .data = &g};
        for (uint32_t k = 0; k < r->body.n; k++) {
            g.at = k;
            wc_ck_walk_expr(&v, r->body.exprs[k]);
        }
        g.at = r->body.n;
        wc_ck_walk_head(&v, r);
        wb_arena_rewind(&c->tmp, mark);
    }
}

/* ---- what a reference surely names ---- */

static uint32_t times(const wp_term *ref, const wc_cvar *v)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < ref->list.n; i++)
        n += ref->list.items[i]->kind == WP_VAR && wc_cvar_of(ref->list.items[i]) == v;
    return n;
}

bool wc_ck_selects(const wc_cedge *e, const wc_crule *r, uint32_t *positions, uint32_t *n)
{
    bool sure = true;
    uint32_t len = wc_ck_path_len(r), name = r->module->package->list.n;
    for (uint32_t i = 1; i < len && e->src && i < e->sel->list.n; i++) {
        const wp_term *part = wc_ck_path_at(r, i), *el = e->sel->list.items[i];
        if (i != name && !wc_ck_is_constant(part))
            continue;
        if (el->kind == WP_VAR && !(i < 64 && (e->bound >> i & 1)) &&
            times(e->sel, wc_cvar_of(el)) == 1)
            continue;
        if (wc_ck_is_constant(el)) {
            bool same = i == name
                            ? el->kind == WP_STRING && wb_str_eq(wv_str(&el->value), part->name)
                            : !wp_term_compare(el, part);
            if (!same)
                return false;
            continue;
        }
        if (!positions)
            return false;
        sure = false;
        if (*n < 64)
            positions[(*n)++] = i;
    }
    return sure;
}

/* ---- walking the graph ---- */

/* A rule or a node of the tree. */
typedef struct step {
    wc_crule *rule;
    wc_ctree *node;
} step;

typedef struct frame {
    step at;
    uint32_t next, end; /* in the list of steps */
} frame;

typedef struct walk {
    wc_check *c;
    step *steps;
    frame *frames;
    uint32_t n_steps, cap_steps, n_frames, cap_frames;
} walk;

static void add_step(walk *w, wc_crule *r, wc_ctree *n)
{
    if (w->n_steps == w->cap_steps) {
        w->cap_steps = w->cap_steps ? 2 * w->cap_steps : 256;
        w->steps = wb_realloc(w->steps, w->cap_steps * sizeof *w->steps);
    }
    w->steps[w->n_steps++] = (step){r, n};
}

static void add_chain(walk *w, wc_crule *r)
{
    for (; r; r = r->else_rule)
        add_step(w, r, NULL);
}

static void enter(walk *w, step s)
{
    uint32_t from = w->n_steps;
    for (const wc_cedge *e = s.rule ? s.rule->edges : NULL; e; e = e->next) {
        if (e->rule)
            add_chain(w, e->rule);
        else
            add_step(w, NULL, e->whole);
    }
    for (uint32_t i = 0; s.node && i < s.node->n_rules; i++)
        add_chain(w, s.node->rules[i]);
    for (uint32_t i = 0; s.node && i < s.node->n; i++)
        add_step(w, NULL, s.node->kids[i]);
    if (w->n_frames == w->cap_frames) {
        w->cap_frames = w->cap_frames ? 2 * w->cap_frames : 256;
        w->frames = wb_realloc(w->frames, w->cap_frames * sizeof *w->frames);
    }
    w->frames[w->n_frames++] = (frame){s, from, w->n_steps};
}

static void leave(walk *w)
{
    w->n_frames--;
    w->n_steps = w->n_frames ? w->frames[w->n_frames - 1].end : 0;
}

wc_crule **wc_ck_sorted(wc_check *c)
{
    walk w = {.c = c};
    uint32_t mark = ++c->marks, n = 0;
    wc_crule **out = wb_arena_alloc(c->a, (c->n_all + 1) * sizeof *out);
    for (uint32_t i = 0; i < c->n_all; i++) {
        if (c->all[i]->mark == mark)
            continue;
        c->all[i]->mark = mark;
        enter(&w, (step){c->all[i], NULL});
        while (w.n_frames) {
            frame *f = &w.frames[w.n_frames - 1];
            if (f->next == f->end) {
                if (f->at.rule)
                    out[n++] = f->at.rule;
                leave(&w);
                continue;
            }
            step s = w.steps[f->next++];
            uint32_t *seen = s.rule ? &s.rule->mark : &s.node->mark;
            if (*seen == mark)
                continue;
            *seen = mark;
            enter(&w, s);
        }
    }
    free(w.steps);
    free(w.frames);
    return out;
}

/* Tarjan's way to groups of nodes that reach each other. */
bool wc_ck_groups(wc_check *c)
{
    walk w = {.c = c};
    uint32_t index = 0, group = 0, n_open = 0, cap_open = 0;
    step *open = NULL;
    bool found = false;
#define OF(s, field) ((s).rule ? &(s).rule->field : &(s).node->field)
    for (uint32_t i = 0; i < c->n_all; i++) {
        step next = {c->all[i], NULL};
        bool push = !next.rule->index;
        while (push || w.n_frames) {
            if (push) {
                *OF(next, index) = *OF(next, low) = ++index;
                if (n_open == cap_open) {
                    cap_open = cap_open ? 2 * cap_open : 256;
                    open = wb_realloc(open, cap_open * sizeof *open);
                }
                open[n_open++] = next;
                enter(&w, next);
                push = false;
            }
            frame *f = &w.frames[w.n_frames - 1];
            if (f->next < f->end) {
                step s = w.steps[f->next++];
                if (!*OF(s, index)) {
                    next = s;
                    push = true;
                } else if (!*OF(s, group)) {
                    found |= s.rule && s.rule == f->at.rule;
                    if (*OF(s, index) < *OF(f->at, low))
                        *OF(f->at, low) = *OF(s, index);
                }
                continue;
            }
            step done = f->at;
            leave(&w);
            if (w.n_frames) {
                step up = w.frames[w.n_frames - 1].at;
                if (*OF(done, low) < *OF(up, low))
                    *OF(up, low) = *OF(done, low);
            }
            if (*OF(done, low) == *OF(done, index)) {
                uint32_t members = 0;
                group++;
                for (bool more = true; more; members++) {
                    step s = open[--n_open];
                    *OF(s, group) = group;
                    more = s.rule != done.rule || s.node != done.node;
                }
                found |= members > 1;
            }
        }
    }
#undef OF
    free(open);
    free(w.steps);
    free(w.frames);
    return found;
}

/* ---- who depends on a rule ---- */

typedef struct wc_cuse {
    wc_crule *rule;
    struct wc_cuse *next;
} wc_cuse;

static void put_use(wc_check *c, struct wc_cuse **to, wc_crule *r)
{
    wc_cuse *use = wb_arena_alloc(c->a, sizeof *use);
    *use = (wc_cuse){r, *to};
    *to = use;
}

static void make_uses(wc_check *c)
{
    c->has_uses = true;
    c->rule_uses = wb_arena_calloc(c->a, (c->n_all + 1) * sizeof *c->rule_uses);
    for (uint32_t i = 0; i < c->n_all; i++)
        for (wc_cedge *e = c->all[i]->edges; e; e = e->next)
            put_use(c, e->rule ? &c->rule_uses[e->rule->number] : &e->whole->uses, c->all[i]);
}

typedef struct dependents {
    wc_check *c;
    wc_crule **v;
    uint32_t n, cap, mark;
} dependents;

static void depend(dependents *d, wc_crule *r)
{
    if (r->mark == d->mark)
        return;
    r->mark = d->mark;
    if (d->n == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 16;
        d->v = wb_realloc(d->v, d->cap * sizeof *d->v);
    }
    d->v[d->n++] = r;
}

static void depend_below(dependents *d, wc_ctree *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        depend(d, n->rules[i]);
    for (uint32_t i = 0; i < n->n; i++)
        depend_below(d, n->kids[i]);
}

static void depend_target(void *data, wc_crule *rule, wc_ctree *whole)
{
    if (rule)
        depend(data, rule);
    else
        depend_below(data, whole);
}

wc_crule **wc_ck_dependents(wc_check *c, const wp_term *ref, uint32_t *n)
{
    if (!c->has_uses)
        make_uses(c);
    dependents d = {.c = c, .mark = ++c->marks};
    wc_ck_targets(c, ref, depend_target, &d);
    for (uint32_t i = 0; i < d.n; i++) {
        const wc_crule *first = d.v[i]->first;
        for (const wc_cuse *u = c->rule_uses[first->number]; u; u = u->next)
            depend(&d, u->rule);
        for (wc_ctree *at = first->node; at && at->mark != d.mark; at = at->parent) {
            at->mark = d.mark;
            for (const wc_cuse *u = at->uses; u; u = u->next)
                depend(&d, u->rule);
        }
    }
    *n = d.n;
    return d.v;
}
