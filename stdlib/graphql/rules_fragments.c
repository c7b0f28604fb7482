/* Rules of fragments: their types, where they are spread, whether they end. */
#include "stdlib/graphql/rules.h"

#include <stdlib.h>

void gql_composite_inline(gql_walk *w, ws_gql_selection *s)
{
    const ws_gql_def *type = ws_gql_type_def(w->cx, w->s, s->condition);
    if (type && !ws_gql_is_composite(type))
        gql_mistake(w, s->pos, "Fragment cannot condition on non composite type \"%.*s\".",
                    WB_FMT(s->condition));
}

void gql_composite_fragment(gql_walk *w, ws_gql_fragment *f)
{
    if (f->def && f->condition.n && !ws_gql_is_composite(f->def))
        gql_mistake(w, f->pos, "Fragment \"%.*s\" cannot condition on non composite type \"%.*s\".",
                    WB_FMT(f->name), WB_FMT(f->condition));
}

void gql_known_fragments(gql_walk *w, ws_gql_selection *s)
{
    if (!s->fragment)
        gql_mistake(w, s->pos, "Unknown fragment \"%.*s\".", WB_FMT(s->name));
}

void gql_known_type_inline(gql_walk *w, ws_gql_selection *s)
{
    if (s->condition.n && !ws_gql_type_def(w->cx, w->s, s->condition))
        gql_mistake(w, s->pos, "Unknown type \"%.*s\".", WB_FMT(s->condition));
}

static int by_name(const void *a, const void *b)
{
    return wb_str_cmp(**(wb_str *const *)a, **(wb_str *const *)b);
}

/* All types by name: where several are equally near, any order would do. */
static ws_gql_list type_names(gql_walk *w)
{
    ws_gql_list names = {0};
    for (uint32_t i = 0; i < w->s->defs.n; i++)
        if (!ws_gql_push(w->cx, &names, &WS_GQL_AT(w->s->defs, i, ws_gql_def)->name))
            break;
    qsort(names.at, names.n, sizeof(void *), by_name);
    return names;
}

void gql_known_type_fragment(gql_walk *w, ws_gql_fragment *f)
{
    if (ws_gql_type_def(w->cx, w->s, f->condition))
        return;
    wb_buf *b = gql_begin(w, f->pos);
    if (!b)
        return;
    ws_putf(b, "Unknown type \"%.*s\".", WB_FMT(f->condition));
    ws_gql_list names = type_names(w);
    ws_gql_put_suggestion(w->cx, b, "Did you mean", f->condition, &names, true);
    gql_end(w);
}

void gql_use_fragment(gql_walk *w, ws_gql_selection *s)
{
    if (!w->in_fragments)
        ws_gql_name_put(w->cx, &w->used_fragments, s->name, s);
}

void gql_unused_fragment(gql_walk *w, ws_gql_fragment *f)
{
    w->in_fragments = true;
    if (!ws_gql_name_get(&w->used_fragments, f->name))
        gql_mistake(w, f->pos, "Fragment \"%.*s\" is never used.", WB_FMT(f->name));
}

void gql_unique_fragments(gql_walk *w, ws_gql_fragment *f)
{
    if (ws_gql_name_put(w->cx, &w->seen_fragments, f->name, f))
        gql_mistake(w, f->pos, "There can be only one fragment named \"%.*s\".", WB_FMT(f->name));
}

/* ---- places ---- */

static bool share_type(gql_walk *w, const ws_gql_def *parent, const ws_gql_def *type)
{
    bool alone = parent->is == WS_GQL_K_OBJECT;
    uint32_t n = alone ? 1 : parent->possible.n;
    if (!gql_spend(w, (uint64_t)n * type->possible.n / 8))
        return true;
    for (uint32_t i = 0; i < type->possible.n; i++)
        for (uint32_t k = 0; k < n; k++)
            if (WS_GQL_AT(type->possible, i, ws_gql_def) ==
                (alone ? parent : WS_GQL_AT(parent->possible, k, ws_gql_def)))
                return true;
    return false;
}

/* Whether some object can be of both types, or another rule tells what is wrong. */
static bool may_spread(gql_walk *w, const ws_gql_def *parent, wb_str condition)
{
    const ws_gql_def *type = ws_gql_type_def(w->cx, w->s, condition);
    return !parent || !ws_gql_is_composite(parent) || !type || !ws_gql_is_composite(type) ||
           share_type(w, parent, type);
}

void gql_possible_inline(gql_walk *w, ws_gql_selection *s)
{
    if (!may_spread(w, s->object, s->condition))
        gql_mistake(w, s->pos,
                    "Fragment cannot be spread here as objects of type \"%.*s\" can never be of "
                    "type \"%.*s\".",
                    WB_FMT(s->object->name), WB_FMT(s->condition));
}

void gql_possible_spread(gql_walk *w, ws_gql_selection *s)
{
    if (s->fragment && !may_spread(w, s->object, s->fragment->condition))
        gql_mistake(w, s->pos,
                    "Fragment \"%.*s\" cannot be spread here as objects of type \"%.*s\" can never "
                    "be of type \"%.*s\".",
                    WB_FMT(s->name), WB_FMT(s->object->name), WB_FMT(s->fragment->condition));
}

/* ---- cycles ---- */

/* All spreads below a list, of the last nested list first. */
static ws_gql_list spreads_below(gql_walk *w, ws_gql_list *list)
{
    ws_gql_list spreads = {0}, open = {0};
    ws_gql_push(w->cx, &open, list);
    while (open.n && gql_spend(w, 1)) {
        ws_gql_list *set = open.at[--open.n];
        for (uint32_t i = 0; i < set->n && gql_spend(w, 1); i++) {
            ws_gql_selection *s = WS_GQL_AT(*set, i, ws_gql_selection);
            if (s->kind == WS_GQL_FRAGMENT_SPREAD)
                ws_gql_push(w->cx, &spreads, s);
            else
                ws_gql_push(w->cx, &open, &s->selections);
        }
    }
    return spreads;
}

static void tell_cycle(gql_walk *w, const ws_gql_selection *s, const ws_gql_list *path,
                       uint32_t from)
{
    wb_buf *b = gql_begin(w, s->pos);
    if (!b)
        return;
    ws_putf(b, "Cannot spread fragment \"%.*s\" within itself", WB_FMT(s->name));
    for (uint32_t i = from; i + 1 < path->n; i++)
        ws_putf(b, "%s\"%.*s\"", i == from ? " via " : ", ",
                WB_FMT(WS_GQL_AT(*path, i, ws_gql_selection)->name));
    wb_buf_putc(b, '.');
    gql_end(w);
}

/* path: the spreads that led here; a fragment on it knows its place, counted from 1. */
static void find_cycles(gql_walk *w, ws_gql_fragment *f, ws_gql_list *path)
{
    if (f->visited)
        return;
    f->visited = true;
    f->path_place = path->n + 1;
    ws_gql_list spreads = gql_enter(w) ? spreads_below(w, &f->selections) : (ws_gql_list){0};
    for (uint32_t i = 0; i < spreads.n && gql_spend(w, 1); i++) {
        ws_gql_selection *s = WS_GQL_AT(spreads, i, ws_gql_selection);
        ws_gql_fragment *next = ws_gql_name_get(&w->fragments, s->name);
        if (!ws_gql_push(w->cx, path, s))
            break;
        if (next && next->path_place)
            tell_cycle(w, s, path, next->path_place - 1);
        else if (next)
            find_cycles(w, next, path);
        path->n--;
    }
    f->path_place = 0;
    w->depth--;
}

void gql_fragment_cycles(gql_walk *w, ws_gql_fragment *f)
{
    ws_gql_list path = {0};
    ws_gql_fragment *first = ws_gql_name_get(&w->fragments, f->name);
    if (first)
        find_cycles(w, first, &path);
}
