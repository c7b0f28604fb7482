#include "stdlib/edit_tree.h"

#include "value/json.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)64 << 10) /* bytes of a value quoted in an error */

/* A key or place that was touched: a scalar, a node, or neither once it is deleted. */
typedef struct child {
    wv key;
    wv scalar; /* or undefined */
    ws_edit *node;
    bool composite; /* what was deleted */
} child;

typedef struct slot {
    bool touched;
    uint32_t original; /* place in the value, when not touched */
    child c;
} slot;

struct ws_edit {
    wv value;  /* undefined: deleted */
    wv places; /* objects and sets: key -> place in children */
    child *children;
    uint32_t n, cap;
    slot *slots; /* arrays; NULL until something is touched */
    uint32_t n_slots, cap_slots;
};

void ws_edit_fail(ws_ctx *cx, const char *format, wv x, wv y)
{
    wb_buf a, b;
    wb_buf_init(&a, TEXT_MAX);
    wb_buf_init(&b, TEXT_MAX);
    if (wv_defined(x))
        wv_print(&a, x);
    else
        wb_buf_puts(&a, "<nil>");
    if (wv_defined(y))
        wv_print(&b, y);
    else
        wb_buf_puts(&b, "<nil>");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    ws_fail(cx, format, wb_buf_cstr(&a), wb_buf_cstr(&b));
#pragma GCC diagnostic pop
    wb_buf_free(&a);
    wb_buf_free(&b);
}

static bool fail(ws_ctx *cx, const char *text)
{
    ws_fail(cx, "%s", text);
    return false;
}

static const char *go_type(wv v)
{
    switch (wv_type_of(v)) {
    case WV_TYPE_NULL: return "ast.Null";
    case WV_TYPE_BOOLEAN: return "ast.Boolean";
    case WV_TYPE_NUMBER: return "ast.Number";
    default: return "ast.String";
    }
}

/* "expected composite type[ for path KEY], found value: V (type: T)" */
static bool fail_scalar(ws_ctx *cx, wv key, wv v)
{
    char format[96];
    snprintf(format, sizeof format,
             wv_defined(key) ? "expected composite type for path %%s, found value: %%s (type: %s)"
                             : "expected composite type, found value: %%s (type: %s)",
             go_type(v));
    ws_edit_fail(cx, format, wv_defined(key) ? key : v, v);
    return false;
}

ws_edit *ws_edit_new(ws_ctx *cx, wv value)
{
    if (!ws_room(cx, sizeof(ws_edit)))
        return NULL;
    ws_edit *e = wb_arena_alloc(cx->out, sizeof *e);
    *e = (ws_edit){.value = value, .places = WV_UNDEFINED};
    if (wv_is_array(value))
        e->n_slots = wv_len(value);
    return e;
}

/* ---- objects and sets ---- */

static child *find(ws_edit *e, wv key)
{
    wv place = wv_defined(e->places) ? wv_object_get(e->places, key) : WV_UNDEFINED;
    return wv_defined(place) ? &e->children[wv_int(place)] : NULL;
}

/* The child of the key, made when there is none; the newer spelling of the key stays. */
static child *claim(ws_ctx *cx, ws_edit *e, wv key)
{
    child *c = find(e, key);
    if (!c) {
        if (e->n == e->cap) {
            uint32_t cap = e->cap ? 2 * e->cap : 4;
            if (!ws_room(cx, cap * sizeof *c))
                return NULL;
            child *more = wb_arena_alloc(cx->out, cap * sizeof *c);
            if (e->n)
                memcpy(more, e->children, e->n * sizeof *c);
            e->children = more;
            e->cap = cap;
        }
        if (!wv_defined(e->places))
            e->places = wv_object_begin(cx->out, 4);
        wv_object_put(cx->out, &e->places, key, wv_small(e->n));
        c = &e->children[e->n++];
    }
    *c = (child){.key = key, .scalar = WV_UNDEFINED};
    return c;
}

static bool fill(ws_ctx *cx, child *c, wv value)
{
    if (!wv_is_collection(value))
        c->scalar = value;
    else if (!(c->node = ws_edit_new(cx, value)))
        return false;
    return true;
}

static wv render(ws_ctx *cx, ws_edit *e);

static wv value_of(ws_ctx *cx, const child *c)
{
    return c->node ? render(cx, c->node) : c->scalar;
}

static wv render_table(ws_ctx *cx, ws_edit *e)
{
    uint32_t n = wv_len(e->value);
    bool object = wv_is_object(e->value);
    WS_ROOM(cx, ((size_t)n + e->n) * 32);
    wv r = object ? wv_object_begin(cx->out, n + e->n) : wv_set_begin(cx->out, n + e->n);
    for (uint32_t i = 0; i < e->n; i++) {
        const child *c = &e->children[i];
        wv v = value_of(cx, c);
        if (c->node && !wv_defined(v))
            return v;
        if (wv_defined(v) && object)
            wv_object_put(cx->out, &r, c->key, v);
        else if (wv_defined(v))
            wv_set_add(cx->out, &r, v);
    }
    for (uint32_t i = 0; i < n; i++) {
        wv k = wv_member_at(e->value, i);
        if (find(e, k))
            continue;
        if (object)
            wv_object_put(cx->out, &r, k, wv_value_at(e->value, NULL, i));
        else
            wv_set_add(cx->out, &r, k);
    }
    return ws_built(cx, r);
}

static wv render_array(ws_ctx *cx, ws_edit *e)
{
    WS_ROOM(cx, (size_t)e->n_slots * sizeof(wv));
    wv r = wv_array_begin(cx->out, e->n_slots);
    for (uint32_t i = 0; i < e->n_slots; i++) {
        const slot *s = &e->slots[i];
        wv v = s->touched ? value_of(cx, &s->c) : wv_items(e->value)[s->original];
        if (!wv_defined(v))
            return v;
        wv_array_push(cx->out, &r, v);
    }
    return ws_built(cx, r);
}

/* The value as it is now; undefined when deleted or failed. */
static wv render(ws_ctx *cx, ws_edit *e)
{
    if (e->slots)
        return render_array(cx, e);
    return e->n ? render_table(cx, e) : e->value;
}

/* A set's members are its keys: before one that is a collection is looked up, what was changed
 * inside others must show. */
static bool collapse(ws_ctx *cx, ws_edit *e)
{
    wv now = render(cx, e);
    if (!wv_defined(now))
        return false;
    *e = (ws_edit){.value = now, .places = WV_UNDEFINED};
    return true;
}

static child *insert_keyed(ws_ctx *cx, ws_edit *e, wv key, wv value)
{
    if (wv_is_set(e->value)) {
        if (!wv_equal(key, value)) {
            ws_edit_fail(cx, "set key %s does not equal value to be inserted %s", key, value);
            return NULL;
        }
        if (wv_is_collection(key) && !collapse(cx, e))
            return NULL;
    }
    child *c = claim(cx, e, key);
    return c && fill(cx, c, value) ? c : NULL;
}

static wv look_up(wv table, wv key)
{
    return wv_is_object(table) ? wv_object_get(table, key) : wv_set_get(table, key);
}

static bool delete_keyed(ws_ctx *cx, ws_edit *e, wv key)
{
    bool apart = wv_is_set(e->value) && wv_is_collection(key);
    if (apart && !collapse(cx, e))
        return false;
    child *c = apart ? NULL : find(e, key);
    if (c && !c->node && !wv_defined(c->scalar)) {
        ws_edit_fail(cx,
                     c->composite ? "cannot delete the already deleted composite node for key %s"
                                  : "cannot delete the already deleted scalar node for key %s",
                     key, key);
        return false;
    }
    bool composite = c && c->node;
    if (!c) {
        wv there = look_up(e->value, key);
        if (!wv_defined(there)) {
            ws_edit_fail(cx, "cannot delete child key %s that does not exist", key, key);
            return false;
        }
        composite = wv_is_collection(there);
    }
    c = claim(cx, e, key);
    if (c)
        c->composite = composite;
    return c != NULL;
}

/* ---- arrays ---- */

static bool to_index(ws_ctx *cx, const ws_edit *e, wv key, int64_t *out)
{
    if (wv_is_number(key))
        return wv_number_int64(key, out) || fail(cx, "invalid number type for indexing");
    if (!wv_is_string(key))
        return fail(cx, "invalid type for indexing");
    wb_str s = wv_str(&key);
    if (wb_str_is(s, "-")) {
        *out = e->n_slots;
        return true;
    }
    wv n;
    bool leading = s.n > 1 && s.p[0] == '0';
    while (leading && s.n > 1 && s.p[0] == '0')
        s = wb_str_n(s.p + 1, s.n - 1);
    if (!s.n || wv_number_parse(cx->out, s, false, &n) != WV_NUM_OK || !wv_number_int64(n, out))
        return fail(cx, "invalid string for indexing");
    return !leading || fail(cx, "leading zeros are not allowed in JSON paths");
}

static bool room_for_slot(ws_ctx *cx, ws_edit *e)
{
    if (e->slots && e->n_slots < e->cap_slots)
        return true;
    uint32_t cap = e->n_slots + e->n_slots / 2 + 4;
    if (!ws_room(cx, cap * sizeof(slot)))
        return false;
    slot *more = wb_arena_alloc(cx->out, cap * sizeof *more);
    for (uint32_t i = 0; i < e->n_slots; i++)
        more[i] = e->slots ? e->slots[i] : (slot){.original = i};
    e->slots = more;
    e->cap_slots = cap;
    return true;
}

static bool insert_at(ws_ctx *cx, ws_edit *e, wv key, wv value)
{
    int64_t i;
    if (!to_index(cx, e, key, &i))
        return false;
    if (i < 0 || i > e->n_slots)
        return fail(cx, "index for array insertion out of bounds");
    if (!room_for_slot(cx, e) || !ws_spend(cx, e->n_slots * sizeof(slot)))
        return false;
    memmove(e->slots + i + 1, e->slots + i, (e->n_slots - (size_t)i) * sizeof(slot));
    e->slots[i] = (slot){.touched = true, .c = {.scalar = WV_UNDEFINED}};
    e->n_slots++;
    return fill(cx, &e->slots[i].c, value);
}

static bool delete_at(ws_ctx *cx, ws_edit *e, wv key)
{
    int64_t i;
    if (!to_index(cx, e, key, &i))
        return false;
    if (i < 0 || i >= e->n_slots)
        return fail(cx, "index for array delete out of bounds");
    if (!room_for_slot(cx, e) || !ws_spend(cx, e->n_slots * sizeof(slot)))
        return false;
    e->n_slots--;
    memmove(e->slots + i, e->slots + i + 1, (e->n_slots - (size_t)i) * sizeof(slot));
    return true;
}

/* ---- going down ---- */

static ws_edit *enter(ws_ctx *cx, const child *c)
{
    return c->node ? c->node : ws_edit_new(cx, c->scalar);
}

static ws_edit *down_keyed(ws_ctx *cx, ws_edit *e, wv key)
{
    bool set = wv_is_set(e->value);
    if (set && wv_is_collection(key) && !collapse(cx, e))
        return NULL;
    child *c = find(e, key);
    if (c && !c->node && !wv_defined(c->scalar)) {
        ws_edit_fail(cx,
                     c->composite ? "cannot unfold the already deleted composite node for key %s"
                                  : "cannot unfold the already deleted scalar node for key %s",
                     key, key);
        return NULL;
    }
    if (!c) {
        wv there = look_up(e->value, key);
        if (!wv_defined(there) && set && wv_is_string(key)) {
            /* A path of one string stands there without quotes. */
            wb_buf b;
            wb_buf_init(&b, TEXT_MAX);
            wv_print(&b, e->value);
            ws_fail(cx, "path %.*s does not exist in set term %s", WB_FMT(wv_str(&key)),
                    wb_buf_cstr(&b));
            wb_buf_free(&b);
            return NULL;
        }
        if (!wv_defined(there)) {
            ws_edit_fail(cx,
                         set ? "path %s does not exist in set term %s"
                             : "path %s does not exist in object term %s",
                         key, e->value);
            return NULL;
        }
        c = insert_keyed(cx, e, key, there);
    }
    return c ? enter(cx, c) : NULL;
}

static ws_edit *down_array(ws_ctx *cx, ws_edit *e, wv key)
{
    int64_t i;
    if (!to_index(cx, e, key, &i))
        return NULL;
    if (e->slots && i >= 0 && i < e->n_slots && e->slots[i].touched)
        return enter(cx, &e->slots[i].c);
    if (i < 0 || i >= wv_len(e->value)) {
        ws_edit_fail(cx, "path %s does not exist in array term %s", wv_from_int64(cx->out, i),
                     e->value);
        return NULL;
    }
    if (i >= e->n_slots) {
        fail(cx, "index for array delete out of bounds");
        return NULL;
    }
    if (!room_for_slot(cx, e))
        return NULL;
    slot *s = &e->slots[i];
    *s = (slot){.touched = true, .c = {.scalar = WV_UNDEFINED}};
    return fill(cx, &s->c, wv_items(e->value)[i]) ? enter(cx, &s->c) : NULL;
}

static ws_edit *unfold(ws_ctx *cx, ws_edit *e, const wv *keys, size_t n)
{
    if (n > WV_DEPTH_MAX) {
        fail(cx, "path is too long");
        return NULL;
    }
    for (size_t i = 0; e && i < n; i++) {
        if (!wv_defined(e->value)) {
            fail(cx, "nil value encountered where composite value was expected");
            return NULL;
        }
        if (!wv_is_collection(e->value)) {
            fail_scalar(cx, keys[i], e->value);
            return NULL;
        }
        e = wv_is_array(e->value) ? down_array(cx, e, keys[i]) : down_keyed(cx, e, keys[i]);
    }
    return e;
}

bool ws_edit_get(ws_ctx *cx, ws_edit *root, const wv *keys, size_t n, wv *out)
{
    ws_edit *e = unfold(cx, root, keys, n);
    if (!e)
        return false;
    *out = render(cx, e);
    return cx->error == WS_ERR_NONE;
}

bool ws_edit_insert(ws_ctx *cx, ws_edit *root, const wv *keys, size_t n, wv value)
{
    if (!wv_defined(value))
        return fail(cx, "cannot insert nil value into EditTree");
    if (!n) {
        ws_edit *fresh = ws_edit_new(cx, value);
        if (fresh)
            *root = *fresh;
        return fresh != NULL;
    }
    ws_edit *e = unfold(cx, root, keys, n - 1);
    if (!e)
        return false;
    if (!wv_defined(e->value))
        return fail(cx, "deleted node encountered during insert operation");
    if (!wv_is_collection(e->value))
        return fail_scalar(cx, WV_UNDEFINED, e->value);
    return wv_is_array(e->value) ? insert_at(cx, e, keys[n - 1], value)
                                 : insert_keyed(cx, e, keys[n - 1], value) != NULL;
}

bool ws_edit_delete(ws_ctx *cx, ws_edit *root, const wv *keys, size_t n)
{
    ws_edit *e = n ? unfold(cx, root, keys, n - 1) : root;
    if (!e)
        return false;
    if (!wv_defined(e->value))
        return fail(cx, "deleted node encountered during delete operation");
    if (!n) {
        *root = (ws_edit){.value = WV_UNDEFINED, .places = WV_UNDEFINED};
        return true;
    }
    if (!wv_is_collection(e->value))
        return fail_scalar(cx, WV_UNDEFINED, e->value);
    return wv_is_array(e->value) ? delete_at(cx, e, keys[n - 1]) : delete_keyed(cx, e, keys[n - 1]);
}
