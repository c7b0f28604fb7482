/* Elements of a collection by a part of theirs.
 *
 * The second time in an evaluation that one place asks one collection, an index of it is made: part
 * -> elements in their order. It lives as long as the evaluation, so only collections that do are
 * asked (the compiler sees to that), and none inside of a `with`. Elements without the part are
 * left out, as the test that stands behind would; a part that is no scalar with one spelling ends
 * the attempt. */
#include "vm/machine.h"

#define ELEMENTS_MIN  8u   /* fewer are gone through as fast */
#define ELEMENT_BYTES 128u /* what an element takes in an index, at most */

static bool is_plain(wv v)
{
    return wv_is_string(v) || wv_is_int(v) || wv_is_bool(v) || v == WV_NULL;
}

static wv part_of(const wm_match *m, wv v)
{
    for (uint32_t i = 0; i < wv_len(m->path) && v != WV_UNDEFINED; i++)
        v = m->base ? wv_index_base(v, wv_items(m->path)[i]) : wv_index(v, wv_items(m->path)[i]);
    return v;
}

static wv element(wv source, const uint32_t *order, uint32_t i)
{
    return wv_is_array(source)    ? wv_items(source)[i]
           : wv_is_object(source) ? wv_value_at(source, order, i)
                                  : wv_set_at(source, order, i);
}

static void make_index(wm_session *s, const wm_match *m, wm_indexed *x)
{
    wv source = x->source;
    uint32_t n = wv_len(source);
    wb_arena *a = &s->indexes;
    x->refused = true;
    if (a->top > a->limit || n > (size_t)(a->limit - a->top) / ELEMENT_BYTES)
        return;
    const uint32_t *order = wv_is_array(source) ? NULL : wv_table_order(source);
    wv index = wv_object_begin(a, n);
    wm_charge(s, n);
    for (uint32_t i = 0; i < n; i++) {
        wv v = element(source, order, i), part = part_of(m, v);
        if (part == WV_UNDEFINED)
            continue;
        if (!is_plain(part))
            return;
        wv list = wv_object_get(index, part);
        if (list == WV_UNDEFINED)
            list = wv_array_begin(a, 1);
        wv_array_push(a, &list, v);
        wv_object_put(a, &index, part, list);
    }
    x->index = index;
    x->refused = false;
}

wv wm_matching(wm_session *s, uint32_t number, wv source, wv key)
{
    if (!wv_is_collection(source) || wv_len(source) < ELEMENTS_MIN || s->env != &s->base_env)
        return source;
    if (key == WV_UNDEFINED)
        return wv_array_begin(&s->scratch, 0);
    wm_indexed *x = &s->indexed[number];
    if (x->epoch != s->epoch || x->source != source) {
        *x = (wm_indexed){.epoch = s->epoch, .source = source, .index = WV_UNDEFINED};
        return source;
    }
    if (x->index == WV_UNDEFINED && !x->refused)
        make_index(s, &s->p->matches[number], x);
    if (x->refused || !is_plain(key))
        return source;
    wv list = wv_object_get(x->index, key);
    return list == WV_UNDEFINED ? wv_array_begin(&s->scratch, 0) : list;
}
