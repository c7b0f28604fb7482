/* Sets of variables: lists that get a table once they are long. */
#include "compiler/check.h"

#include <stdlib.h>

#define TABLE_FROM 12u /* members from which on they are looked up in a table */

static uint32_t slot_of(const wc_cset *s, const wc_cvar *v)
{
    uint32_t i = (v->id * 2654435761u) & s->mask;
    while (s->slots[i] && s->v[s->slots[i] - 1] != v)
        i = (i + 1) & s->mask;
    return i;
}

/* Number of v + 1, or 0. */
static uint32_t find(const wc_cset *s, const wc_cvar *v)
{
    if (s->slots)
        return s->slots[slot_of(s, v)];
    for (uint32_t i = 0; i < s->n; i++)
        if (s->v[i] == v)
            return i + 1;
    return 0;
}

bool wc_cset_has(const wc_cset *s, const wc_cvar *v)
{
    return find(s, v);
}

static void make_table(wb_arena *a, wc_cset *s)
{
    uint32_t size = 32;
    while (size < 2 * s->cap)
        size *= 2;
    s->mask = size - 1;
    s->slots = wb_arena_calloc(a, size * sizeof *s->slots);
    for (uint32_t i = 0; i < s->n; i++)
        s->slots[slot_of(s, s->v[i])] = i + 1;
}

bool wc_cset_add(wb_arena *a, wc_cset *s, wc_cvar *v)
{
    if (find(s, v))
        return false;
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 8;
        wc_cvar **to = wb_arena_alloc(a, cap * sizeof *to);
        wp_loc *locs = wb_arena_alloc(a, cap * sizeof *locs);
        if (s->n) {
            memcpy(to, s->v, s->n * sizeof *to);
            memcpy(locs, s->locs, s->n * sizeof *locs);
        }
        s->v = to;
        s->locs = locs;
        s->cap = cap;
        if (cap > TABLE_FROM)
            make_table(a, s);
    }
    s->v[s->n] = v;
    s->locs[s->n++] = (wp_loc){0};
    if (s->slots)
        s->slots[slot_of(s, v)] = s->n;
    return true;
}

void wc_cset_add_at(wb_arena *a, wc_cset *s, wc_cvar *v, wp_loc loc)
{
    wc_cset_add(a, s, v);
    s->locs[find(s, v) - 1] = loc;
}

void wc_cset_add_all(wb_arena *a, wc_cset *s, const wc_cset *from)
{
    for (uint32_t i = 0; i < from->n; i++)
        wc_cset_add(a, s, from->v[i]);
}

bool wc_cset_within(const wc_cset *s, const wc_cset *of)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (!find(of, s->v[i]))
            return false;
    return true;
}

uint32_t wc_cset_index(const wc_cset *s, const wc_cvar *v)
{
    return find(s, v) - 1;
}

void wc_cset_truncate(wc_cset *s, uint32_t n)
{
    /* The last one first: what came before it was put without regard to it. */
    while (s->n > n) {
        if (s->slots)
            s->slots[slot_of(s, s->v[s->n - 1])] = 0;
        s->n--;
    }
}

void wc_cset_remove(wb_arena *a, wc_cset *s, const wc_cvar *v)
{
    uint32_t at = find(s, v);
    if (!at)
        return;
    s->n--;
    for (uint32_t i = at - 1; i < s->n; i++) {
        s->v[i] = s->v[i + 1];
        s->locs[i] = s->locs[i + 1];
    }
    if (s->slots)
        make_table(a, s);
}

static int by_name(const void *x, const void *y)
{
    return wb_str_cmp(wc_cvar_name(*(wc_cvar *const *)x), wc_cvar_name(*(wc_cvar *const *)y));
}

void wc_cset_sort(wc_cset *s)
{
    if (s->n > 1)
        qsort(s->v, s->n, sizeof *s->v, by_name);
    s->slots = NULL;
}
