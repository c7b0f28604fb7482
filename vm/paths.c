/* Rules whose heads have variables in their refs: values put below several keys. */
#include "vm/machine.h"

/* How the parts of such a document clash: two values for one place, or a value where another rule
 * goes deeper. Equal values agree. An object that is itself a value may not be added to. */
static bool put(wm_session *s, wv *at, const wv *keys, unsigned n, wv value, bool set_leaf)
{
    if (n == 0) {
        if (set_leaf) {
            if (*at == WV_UNDEFINED)
                *at = wv_set_begin(&s->kept, 4);
            if (!wv_is_set(*at))
                return false;
            wv_set_add(&s->kept, at, value);
            return true;
        }
        if (*at == WV_UNDEFINED) {
            *at = value;
            return true;
        }
        return wv_equal(*at, value);
    }
    if (*at == WV_UNDEFINED) {
        *at = wv_object_begin(&s->kept, 4);
        wv_head(*at)->spare = 1; /* a spine of ours, not a value of some rule */
    }
    if (!wv_is_object(*at) || wv_head(*at)->spare != 1)
        return false;
    wv below = wv_object_get(*at, keys[0]);
    wv before = below;
    if (!put(s, &below, keys + 1, n - 1, value, set_leaf))
        return false;
    if (below != before || before == WV_UNDEFINED)
        wv_object_put(&s->kept, at, wm_keep(s, keys[0]), below);
    wv_head(*at)->spare = 1;
    return true;
}

bool wm_put_path(wm_session *s, wv *root, const wv *keys, unsigned n, wv value, bool set_leaf)
{
    /* The root is the running function's: older than its loops, younger than its caller's. */
    bool grows = wv_is_boxed(*root) && wb_arena_owns(&s->kept, wv_ptr(*root));
    wm_pin(s, grows ? wv_ptr(*root) : s->frames[s->n_frames - 1].kept);
    return put(s, root, keys, n, wm_keep(s, value), set_leaf);
}
