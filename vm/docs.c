/* Documents asked by a path that is known only at run time, and whole packages. */
#include "vm/machine.h"

#include "value/json.h"

static wv base_child(wv base, wv key)
{
    return base == WV_UNDEFINED ? WV_UNDEFINED : wv_index_base(base, key);
}

static uint32_t find_child(const wm_program *p, const wm_node *n, wv key)
{
    uint32_t low = n->first, high = n->first + n->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = wv_compare(p->nodes[p->children[mid]].name, key);
        if (c == 0)
            return wv_same_spelling(p->nodes[p->children[mid]].name, key) ? p->children[mid]
                                                                          : WM_NONE;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return WM_NONE;
}

/* The names that lead to a node, as an array in scratch. */
static wv node_path(wm_session *s, uint32_t node)
{
    unsigned n = 0;
    for (uint32_t at = node; at != WM_NONE && at != 0; at = s->p->nodes[at].parent)
        n++;
    wv *names = wb_arena_alloc(&s->scratch, n * sizeof *names + 1);
    for (unsigned i = n; i > 0; node = s->p->nodes[node].parent)
        names[--i] = s->p->nodes[node].name;
    return wv_array_new(&s->scratch, names, n);
}

static bool node_masked(wm_session *s, uint32_t node)
{
    return s->env->masks && wm_env_masked(s->env, node_path(s, node));
}

/* Base and virtual document at one path: objects merge, otherwise the base document stays. */
static wv merge(wm_session *s, wv base, wv v)
{
    if (base == WV_UNDEFINED)
        return v;
    if (!wv_is_object(base) || !wv_is_object(v))
        return base;
    wv to = wv_object_begin(&s->kept, wv_len(base) + wv_len(v));
    for (uint32_t i = 0; i < wv_len(base); i++) {
        wv key = wv_key_at(base, NULL, i), below = wv_value_at(base, NULL, i);
        wv other = wv_object_get(v, key);
        wv_object_put(&s->kept, &to, key, other == WV_UNDEFINED ? below : merge(s, below, other));
    }
    for (uint32_t i = 0; i < wv_len(v); i++)
        wv_object_put_new(&s->kept, &to, wv_key_at(v, NULL, i), wv_value_at(v, NULL, i));
    return to;
}

static wv whole(wm_session *s, uint32_t at, wv base);

/* The whole value of a rule that is a part of a document: nobody has its first value before all of
 * it is there, so a clash does not wait. */
static wv whole_rule(wm_session *s, uint32_t func)
{
    uint32_t clashed = s->clashed;
    wv v = wm_run(s, func, NULL, 0);
    if (s->clashed > clashed && !s->failed) {
        s->error = s->late;
        s->failed = true;
        return WV_UNDEFINED;
    }
    return v;
}

/* As whole, one step deeper in C. */
static wv whole_below(wm_session *s, uint32_t at, wv base)
{
    if (s->reentry >= WM_REENTRY_STEPS)
        return wm_raise(s, WP_EVAL_CANCEL_ERROR, (wp_loc){0}, "evaluation is nested too deeply");
    s->reentry++;
    wv v = whole(s, at, base);
    s->reentry--;
    return v;
}

/* The whole document at a node; base is the base document there. */
static wv whole(wm_session *s, uint32_t at, wv base)
{
    const wm_node *n = &s->p->nodes[at];
    if (node_masked(s, at))
        return base;
    if (n->whole != WM_NONE)
        return whole_rule(s, n->whole);
    if (n->is_function && n->n == 0)
        return WV_UNDEFINED;
    wv to = wv_object_begin(&s->kept, n->n + 4);
    if (wv_is_object(base))
        for (uint32_t i = 0; i < wv_len(base); i++)
            wv_object_put(&s->kept, &to, wv_key_at(base, NULL, i), wv_value_at(base, NULL, i));
    for (uint32_t i = 0; i < n->n && !s->failed; i++) {
        uint32_t child = s->p->children[n->first + i];
        const wm_node *c = &s->p->nodes[child];
        if (c->is_function && c->n == 0)
            continue;
        wv under = base_child(base, c->name);
        wv v = whole_below(s, child, under);
        if (v != WV_UNDEFINED && !node_masked(s, child))
            v = merge(s, under, wm_keep(s, v));
        if (v != WV_UNDEFINED)
            wv_object_put(&s->kept, &to, c->name, wm_keep(s, v));
    }
    return s->failed ? WV_UNDEFINED : to;
}

static wv ask_rule(wm_session *s, const wm_node *n, const wv *keys, unsigned count)
{
    unsigned bound = count < n->n_keyed ? count : n->n_keyed;
    if (n->keyed == WM_NONE)
        bound = 0;
    wv v = bound ? wm_run(s, n->keyed + bound - 1, keys, bound) : wm_run(s, n->whole, NULL, 0);
    for (unsigned i = bound; i < count && v != WV_UNDEFINED; i++)
        v = wv_index(v, keys[i]);
    return v;
}

static wv base_at(wm_session *s, uint32_t node)
{
    wv base = s->env->data;
    wv path = node_path(s, node);
    for (uint32_t i = 0; i < wv_len(path); i++)
        base = base_child(base, wv_items(path)[i]);
    return base;
}

wv wm_doc_keys(wm_session *s, uint32_t node)
{
    const wm_node *at = &s->p->nodes[node];
    wv base = base_at(s, node);
    uint32_t n = base != WV_UNDEFINED && wv_is_collection(base) ? wv_len(base) : 0;
    const uint32_t *order = n && !wv_is_array(base) ? wv_table_order(base) : NULL;
    wv to = wv_array_begin(&s->scratch, n + at->n);
    for (uint32_t i = 0; i < n; i++)
        wv_array_push(&s->scratch, &to,
                      wv_is_array(base)    ? wv_small(i)
                      : wv_is_object(base) ? wv_key_at(base, order, i)
                                           : wv_set_at(base, order, i));
    for (uint32_t i = 0; i < at->n && !node_masked(s, node); i++) {
        wv name = s->p->nodes[s->p->children[at->first + i]].name;
        if (!wv_is_object(base) || wv_object_get(base, name) == WV_UNDEFINED)
            wv_array_push(&s->scratch, &to, name);
    }
    return wv_len(to) ? to : WV_UNDEFINED;
}

wv wm_doc(wm_session *s, uint32_t node, const wv *keys, unsigned n)
{
    if (s->reentry >= WM_REENTRY_STEPS)
        return wm_raise(s, WP_EVAL_CANCEL_ERROR, (wp_loc){0}, "evaluation is nested too deeply");
    wv base = node ? base_at(s, node) : s->env->data;
    for (unsigned i = 0;; i++) {
        const wm_node *at = &s->p->nodes[node];
        if (node_masked(s, node)) {
            for (; i < n && base != WV_UNDEFINED; i++)
                base = wv_index(base, keys[i]);
            return base;
        }
        if (at->whole != WM_NONE)
            return ask_rule(s, at, keys + i, n - i);
        if (i == n)
            return whole(s, node, base);
        uint32_t child = find_child(s->p, at, keys[i]);
        base = base_child(base, keys[i]);
        if (child == WM_NONE) {
            for (i++; i < n && base != WV_UNDEFINED; i++)
                base = wv_index_base(base, keys[i]);
            return base;
        }
        node = child;
    }
}
