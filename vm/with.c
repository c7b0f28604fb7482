/* Environments: what `with` replaces. */
#include "vm/machine.h"

void wm_env_push(wm_session *s)
{
    wm_env *e = wb_arena_alloc(&s->kept, sizeof *e);
    *e = *s->env;
    e->parent = s->env;
    e->arg_memos = NULL;
    if (s->p->n_memos)
        e->memos = wb_arena_calloc(&s->kept, s->p->n_memos * sizeof *e->memos);
    s->env = e;
}

void wm_env_pop(wm_session *s)
{
    s->env = s->env->parent;
}

/* Whether the object was made for the present environment, which nothing has seen yet. */
static bool is_own(const wm_session *s, wv doc)
{
    const char *at = wv_ptr(doc);
    return wb_arena_owns(&s->kept, at) && at > (const char *)s->env;
}

/* doc with value at the path; only the spine is new, and a spine of this environment grows in
 * place. A scalar on the way gives way. */
static wv upsert(wm_session *s, wv doc, const wv *path, uint32_t n, wv value)
{
    wb_arena *a = &s->kept;
    if (n == 0)
        return value;
    uint32_t len = wv_is_object(doc) ? wv_len(doc) : 0;
    wv below = len ? wv_object_get(doc, path[0]) : WV_UNDEFINED;
    wv to = doc;
    if (!wv_is_object(doc) || !is_own(s, doc)) {
        wm_charge(s, len / 8);
        to = wv_object_begin(a, len + 1);
        for (uint32_t i = 0; i < len; i++)
            wv_object_put(a, &to, wv_key_at(doc, NULL, i), wv_value_at(doc, NULL, i));
    }
    wv_object_put(a, &to, path[0], upsert(s, below, path + 1, n - 1, value));
    return to;
}

/* Documents are replaced below names alone. */
static bool is_document_path(wm_session *s, wv path, wp_loc loc)
{
    for (uint32_t i = 0; i < wv_len(path); i++)
        if (!wv_is_string(wv_items(path)[i])) {
            wm_raise(s, WP_EVAL_CONFLICT_ERROR, loc, "bad document path");
            return false;
        }
    return true;
}

bool wm_env_set_input(wm_session *s, wv path, wv value, wp_loc loc)
{
    if (!is_document_path(s, path, loc))
        return false;
    s->env->input = upsert(s, s->env->input, wv_items(path), wv_len(path), wm_keep(s, value));
    return true;
}

bool wm_env_set_data(wm_session *s, wv path, wv value, wp_loc loc)
{
    if (!is_document_path(s, path, loc))
        return false;
    s->env->data = upsert(s, s->env->data, wv_items(path), wv_len(path), wm_keep(s, value));
    wm_mask *m = wb_arena_alloc(&s->kept, sizeof *m);
    *m = (wm_mask){.next = s->env->masks, .path = path};
    s->env->masks = m;
    return true;
}

void wm_env_mock(wm_session *s, bool builtin, uint32_t id, wm_mock_kind kind, uint32_t by, wv value)
{
    wm_mock *m = wb_arena_alloc(&s->kept, sizeof *m);
    *m = (wm_mock){.next = s->env->mocks,
                   .builtin = builtin,
                   .id = id,
                   .kind = kind,
                   .by = by,
                   .value = wm_keep(s, value)};
    s->env->mocks = m;
}

const wm_mock *wm_env_find_mock(const wm_env *e, bool builtin, uint32_t id)
{
    for (const wm_mock *m = e->mocks; m; m = m->next)
        if (m->id == id && m->builtin == builtin)
            return m;
    return NULL;
}

bool wm_env_masked(const wm_env *e, wv path)
{
    for (const wm_mask *m = e->masks; m; m = m->next) {
        uint32_t n = wv_len(m->path), i = 0;
        if (n > wv_len(path))
            continue;
        while (i < n && wv_equal(wv_items(m->path)[i], wv_items(path)[i]))
            i++;
        if (i == n)
            return true;
    }
    return false;
}

wv wm_env_base(const wm_env *e, wv path)
{
    wv v = e->data;
    for (uint32_t i = 0; i < wv_len(path) && v != WV_UNDEFINED; i++)
        v = wv_index(v, wv_items(path)[i]);
    return v;
}
