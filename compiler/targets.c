/* What `with` replaces anywhere.
 *
 * Takes the resolved rules, the data tree and the query. wc_collect_targets: after it u->mocked has
 * a number for each built-in that some `with` replaces, and the answer is the set of data paths
 * that are targets: what touches none of them never looks whether it is replaced. */
#include "compiler/visit.h"

typedef struct collector {
    wc_unit *u;
    wv paths;
} collector;

static void collect(collector *c, const wp_term *target)
{
    wc_unit *u = c->u;
    if (target->kind == WP_STRING) {
        if (u->mocked == WV_UNDEFINED)
            u->mocked = wv_object_begin(u->a, 4);
        if (wv_object_get(u->mocked, target->value) == WV_UNDEFINED)
            wv_object_put(u->a, &u->mocked, target->value, wv_small(wv_len(u->mocked)));
        return;
    }
    const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
    if (!wc_is_root(head, "data"))
        return;
    wv path = wv_array_begin(u->a, 4);
    for (uint32_t i = 1; target->kind == WP_REF && i < target->list.n; i++)
        if (target->list.items[i]->kind <= WP_STRING)
            wv_array_push(u->a, &path, target->list.items[i]->value);
    wv_set_add(u->a, &c->paths, path);
}

static bool on_expr(void *arg, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        collect(arg, e->with[i].target);
    return true;
}

wv wc_collect_targets(wc_unit *u, const wp_body *query)
{
    collector c = {.u = u, .paths = wv_set_begin(u->a, 4)};
    wc_visitor v = {.expr = on_expr, .arg = &c};
    wc_visit_rules(&v, u);
    if (query)
        wc_visit_body(&v, query);
    return c.paths;
}

/* Whether one path is the beginning of the other. */
static bool touch(wv x, wv y)
{
    uint32_t n = wv_len(x) < wv_len(y) ? wv_len(x) : wv_len(y);
    for (uint32_t i = 0; i < n; i++)
        if (!wv_equal(wv_items(x)[i], wv_items(y)[i]))
            return false;
    return true;
}

bool wc_touches_target(wv targets, wv path)
{
    for (uint32_t i = 0; i < wv_len(targets); i++)
        if (touch(wv_set_at(targets, NULL, i), path))
            return true;
    return false;
}
