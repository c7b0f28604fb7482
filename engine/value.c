/* Documents, and values as hosts see them. */
#include "engine/engine.h"
#include "value/number.h"

#include <stdlib.h>

#define COMPACT_MAX ((size_t)1 << 20) /* bytes above which copying gains nothing */
/* What a copy may take more than its original, as tried one after the other: mostly nothing. */
static const size_t COMPACT_SLACK[] = {8, 512, 16384};

struct writ_document {
    we_document *inner;
};

/* A copy in one block of just its size: many documents side by side then share cache lines and
 * pages, which a reserved range each would not. NULL when it is larger than n bytes. */
static we_document *compact_into(writ_engine *e, const we_document *d, size_t n)
{
    we_document *to = wb_calloc(1, sizeof *to);
    to->refs = 1;
    to->memory = wb_malloc(n);
    wb_arena_init_over(&to->arena, to->memory, n, e->seed);
    to->value = d->shapes ? wv_pack(&to->arena, d->value, wv_json_shapes_own, d->shapes->shapes)
                          : wv_pack(&to->arena, d->value, NULL, NULL);
    if (!to->arena.exhausted)
        return to;
    we_document_free(to);
    return NULL;
}

/* Takes d; gives it back when it is large. */
static we_document *compact(writ_engine *e, we_document *d)
{
    size_t used = wb_arena_used(&d->arena);
    if (used > COMPACT_MAX)
        return d;
    we_document *to = NULL;
    for (size_t i = 0; i < sizeof COMPACT_SLACK / sizeof *COMPACT_SLACK && !to; i++)
        to = compact_into(e, d, used + COMPACT_SLACK[i]);
    if (!to)
        return d;
    to->shapes = d->shapes;
    d->shapes = NULL;
    we_document_free(d);
    return to;
}

/* The shapes of small documents: new ones when the old have no room left. NULL: none. */
static we_shapes *current_shapes(writ_engine *e)
{
    if (e->shapes && wv_json_shapes_stale(e->shapes->shapes)) {
        we_shapes_free(e->shapes);
        e->shapes = NULL;
    }
    if (!e->shapes) {
        wv_json_shapes *shapes = wv_json_shapes_new(e->seed);
        if (!shapes)
            return NULL;
        e->shapes = wb_calloc(1, sizeof *e->shapes);
        *e->shapes = (we_shapes){.shapes = shapes, .refs = 1};
    }
    return e->shapes;
}

static wb_status decode(writ_engine *e, we_document *d, wb_str json, wb_error *why)
{
    if (json.n >= WV_JSON_SHARE_FROM)
        return wv_json_decode(&d->arena, json, NULL, &d->value, why);
    pthread_mutex_lock(&e->shaping);
    we_shapes *shapes = current_shapes(e);
    wv_json_options options = {.shapes = shapes ? shapes->shapes : NULL};
    wb_status status = wv_json_decode(&d->arena, json, &options, &d->value, why);
    if (shapes) {
        d->shapes = shapes;
        __atomic_add_fetch(&shapes->refs, 1, __ATOMIC_ACQ_REL);
    }
    pthread_mutex_unlock(&e->shaping);
    return status;
}

writ_document *writ_document_new(writ_engine *e, const char *json, size_t length, writ_error *error)
{
    /* Values take at most a few times their text. */
    we_document *d = we_document_new(e, length * 64 + 65536);
    wb_error why;
    if (!d || decode(e, d, wb_str_n(json, length), &why)) {
        we_fail(error, d ? WRIT_INVALID : WRIT_MEMORY, "", "%s", d ? why.text : "no memory");
        we_document_free(d);
        return NULL;
    }
    d = compact(e, d);
    wv_freeze(d->value, e->seed);
    writ_document *out = wb_malloc(sizeof *out);
    out->inner = d;
    return out;
}

void writ_document_free(writ_document *d)
{
    if (!d)
        return;
    we_document_free(d->inner);
    free(d);
}

writ_value writ_document_value(const writ_document *d)
{
    return d->inner->value;
}

writ_kind writ_kind_of(writ_value v)
{
    return (writ_kind)wv_type_of(v);
}
bool writ_boolean(writ_value v)
{
    return v == WV_TRUE;
}

bool writ_int64(writ_value v, int64_t *out)
{
    return wv_is_number(v) && wv_number_int64(v, out);
}

bool writ_double(writ_value v, double *out)
{
    return wv_is_number(v) && wv_number_double(v, out);
}

writ_text writ_string(const writ_value *v)
{
    if (!wv_is_string(*v))
        return (writ_text){"", 0};
    wb_str s = wv_str(v);
    return (writ_text){s.p, s.n};
}

size_t writ_count(writ_value v)
{
    return wv_is_collection(v) ? wv_len(v) : 0;
}

writ_value writ_item(writ_value v, size_t i)
{
    if (!wv_is_collection(v) || i >= wv_len(v))
        return WV_UNDEFINED;
    if (wv_is_array(v))
        return wv_items(v)[i];
    if (wv_is_set(v))
        return wv_set_at(v, wv_table_order(v), (uint32_t)i);
    return wv_value_at(v, wv_table_order(v), (uint32_t)i);
}

writ_value writ_key(writ_value v, size_t i)
{
    if (!wv_is_object(v) || i >= wv_len(v))
        return WV_UNDEFINED;
    return wv_key_at(v, wv_table_order(v), (uint32_t)i);
}

writ_value writ_member(writ_value v, const char *key, size_t length)
{
    return wv_is_object(v) ? wv_object_get_str(v, wb_str_n(key, length)) : WV_UNDEFINED;
}
