/* Which variables stand within closures: comprehensions, and the bodies of every, not, and, or.
 *
 * The variables of a rule are numbered in the order of its text, once. A closure is then a stretch
 * of numbers, and so is everything within it; whether a variable stands in it is a search in the
 * numbers of that variable. A closure is asked for some variables: it goes through its own when
 * they are fewer, so that asking every closure of a rule takes n log n, however deep they lie. */
#include "compiler/check.h"

#include <stdlib.h>

typedef struct stretch {
    const void *closure; /* term or expression; NULL: a free place of the table */
    uint32_t from, to;
} stretch;

struct wc_cwithin {
    wc_check *c;
    wc_cset vars;
    wc_cvar **at; /* by number: the variable */
    uint32_t n, cap;
    uint32_t *first;   /* by variable: where its numbers begin in `numbers`; one more at the end */
    uint32_t *numbers; /* of each variable, rising */
    stretch *table;
    uint32_t n_closures, mask;
};

/* ---- numbering ---- */

static stretch *place_of(const wc_cwithin *w, const void *closure)
{
    uint32_t i = (uint32_t)wb_hash64((uintptr_t)closure, 0) & w->mask;
    while (w->table[i].closure && w->table[i].closure != closure)
        i = (i + 1) & w->mask;
    return &w->table[i];
}

static void grow(wc_cwithin *w)
{
    stretch *old = w->table;
    uint32_t n = old ? w->mask + 1 : 0, size = n ? 2 * n : 16;
    w->table = wb_arena_calloc(&w->c->tmp, size * sizeof *w->table);
    w->mask = size - 1;
    for (uint32_t i = 0; i < n; i++)
        if (old[i].closure)
            *place_of(w, old[i].closure) = old[i];
}

static void put(wc_cwithin *w, const void *closure, uint32_t from)
{
    if (!w->table || 2 * w->n_closures > w->mask)
        grow(w);
    stretch *s = place_of(w, closure);
    w->n_closures += !s->closure;
    *s = (stretch){closure, from, w->n};
}

static void number(wc_cwithin *w, wc_cvar *v)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        wc_cvar **to = wb_arena_alloc(&w->c->tmp, w->cap * sizeof *to);
        if (w->n)
            memcpy(to, w->at, w->n * sizeof *to);
        w->at = to;
    }
    w->at[w->n++] = v;
    wc_cset_add(&w->c->tmp, &w->vars, v);
}

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    wc_cwithin *w = v->data;
    if (t->kind == WP_VAR)
        number(w, wc_cvar_of(t));
    if (!wc_ck_is_comp(t))
        return false;
    uint32_t from = w->n;
    if (t->comp.key)
        wc_ck_walk_term(v, t->comp.key);
    wc_ck_walk_term(v, t->comp.value);
    wc_ck_walk_body(v, &t->comp.body);
    put(w, t, from);
    return true;
}

static bool in_expr(wc_cvisitor *v, wp_expr *e)
{
    wc_cwithin *w = v->data;
    if (e->kind != WP_EXPR_EVERY && e->kind != WP_EXPR_NOT && e->kind != WP_EXPR_AND &&
        e->kind != WP_EXPR_OR)
        return false;
    if (e->kind == WP_EXPR_EVERY) {
        if (e->every.key)
            wc_ck_walk_term(v, e->every.key);
        wc_ck_walk_term(v, e->every.value);
        wc_ck_walk_term(v, e->every.domain);
    }
    uint32_t from = w->n;
    if (e->kind == WP_EXPR_EVERY) {
        wc_ck_walk_body(v, &e->every.body);
    } else if (e->kind == WP_EXPR_NOT) {
        wc_ck_walk_body(v, &e->body);
    } else {
        wc_ck_walk_body(v, &e->logic.lhs);
        wc_ck_walk_body(v, &e->logic.rhs);
    }
    put(w, e, from);
    for (uint32_t i = 0; i < e->n_with; i++) {
        wc_ck_walk_term(v, e->with[i].target);
        wc_ck_walk_term(v, e->with[i].value);
    }
    return true;
}

wc_cwithin *wc_ck_within(wc_check *c, wp_body *b)
{
    wc_cwithin *w = wb_arena_calloc(&c->tmp, sizeof *w);
    w->c = c;
    grow(w);
    wc_cvisitor v = {.c = c, .term = in_term, .expr = in_expr, .data = w};
    wc_ck_walk_body(&v, b);
    w->first = wb_arena_calloc(&c->tmp, (w->vars.n + 2) * sizeof *w->first);
    w->numbers = wb_arena_alloc(&c->tmp, (w->n + 1) * sizeof *w->numbers);
    for (uint32_t i = 0; i < w->n; i++)
        w->first[wc_cset_index(&w->vars, w->at[i]) + 2]++;
    for (uint32_t i = 2; i < w->vars.n + 2; i++)
        w->first[i] += w->first[i - 1];
    /* The next place of each variable stands behind it until all are put. */
    for (uint32_t i = 0; i < w->n; i++)
        w->numbers[w->first[wc_cset_index(&w->vars, w->at[i]) + 1]++] = i;
    return w;
}

/* ---- asking ---- */

typedef struct found {
    uint32_t number;
    wc_cvar *var;
} found;

static int by_number(const void *x, const void *y)
{
    const found *a = x, *b = y;
    return (a->number > b->number) - (a->number < b->number);
}

/* The first number of v in the stretch; UINT32_MAX: none. */
static uint32_t first_in(const wc_cwithin *w, const wc_cvar *v, const stretch *s)
{
    uint32_t i = wc_cset_index(&w->vars, v);
    if (i == UINT32_MAX)
        return i;
    uint32_t low = w->first[i], high = w->first[i + 1], end = high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (w->numbers[middle] < s->from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && w->numbers[low] < s->to ? w->numbers[low] : UINT32_MAX;
}

static void by_search(const wc_cwithin *w, const stretch *s, const wc_cset *of, const wc_cset *but,
                      wc_cset *out)
{
    found *all = wb_malloc((of->n + 1) * sizeof *all);
    uint32_t n = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        uint32_t at = but && wc_cset_has(but, of->v[i]) ? UINT32_MAX : first_in(w, of->v[i], s);
        if (at != UINT32_MAX)
            all[n++] = (found){at, of->v[i]};
    }
    qsort(all, n, sizeof *all, by_number);
    for (uint32_t i = 0; i < n; i++)
        wc_cset_add(&w->c->tmp, out, all[i].var);
    free(all);
}

void wc_ck_within_add(const wc_cwithin *w, const void *closure, const wc_cset *of,
                      const wc_cset *but, wc_cset *out)
{
    const stretch *s = place_of(w, closure);
    if (s->to - s->from > of->n) {
        by_search(w, s, of, but, out);
        return;
    }
    for (uint32_t i = s->from; i < s->to; i++)
        if (wc_cset_has(of, w->at[i]) && !(but && wc_cset_has(but, w->at[i])))
            wc_cset_add(&w->c->tmp, out, w->at[i]);
}
