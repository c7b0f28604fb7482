#include "stdlib/args.h"
#include "stdlib/families.h"

/* Bytes an object of n pairs takes: pairs, order and index. */
#define OBJECT_BYTES(n) ((size_t)(n)*32)

static wv fn_get(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    wv at = args[0];
    if (wv_is_boxed(args[1]))
        WS_SPEND(cx, ws_weight(args[1], SIZE_MAX));
    if (!wv_is_array(args[1])) {
        at = wv_object_get(at, args[1]);
        return wv_defined(at) ? at : args[2];
    }
    const wv *path = wv_items(args[1]);
    uint32_t n = wv_len(args[1]);
    for (uint32_t i = 0; i < n && wv_defined(at); i++)
        at = wv_is_collection(at) ? wv_index(at, path[i]) : WV_UNDEFINED;
    return wv_defined(at) ? at : args[2];
}

static wv fn_keys(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    uint32_t n = wv_len(args[0]);
    WS_ROOM(cx, OBJECT_BYTES(n));
    wv r = wv_set_begin(cx->out, n);
    for (uint32_t i = 0; i < n; i++)
        wv_set_add(cx->out, &r, wv_key_at(args[0], NULL, i));
    return ws_built(cx, r);
}

/* ---- remove and filter ---- */

static bool is_keys(wv v)
{
    return wv_is_collection(v);
}

/* The keys of an operand that is an object, a set or an array, as something wv_table_find takes. */
static wv key_table(ws_ctx *cx, wv keys)
{
    if (!wv_is_array(keys))
        return keys;
    uint32_t n = wv_len(keys);
    WS_ROOM(cx, OBJECT_BYTES(n));
    return ws_built(cx, wv_set_new(cx->out, wv_items(keys), n));
}

static wv pick(ws_ctx *cx, const wv *args, bool keep)
{
    WS_OBJECT(cx, args, 0);
    WS_WANT(cx, args, 1, is_keys, "one of {object, set, array}");
    wv keys = key_table(cx, args[1]);
    if (!wv_defined(keys))
        return keys;
    uint32_t n = wv_len(args[0]);
    WS_ROOM(cx, OBJECT_BYTES(n));
    wv r = wv_object_begin(cx->out, n);
    for (uint32_t i = 0; i < n; i++) {
        wv k = wv_key_at(args[0], NULL, i);
        int64_t at = wv_table_find(keys, k);
        if ((at >= 0) != keep)
            continue;
        /* Of two spellings of a number the smaller collection's is kept, as OPA walks that. */
        if (keep && n < wv_len(keys))
            k = wv_member_at(keys, (uint32_t)at);
        wv_object_put(cx->out, &r, k, wv_value_at(args[0], NULL, i));
    }
    return ws_built(cx, r);
}

static wv fn_remove(ws_ctx *cx, const wv *args, unsigned argc)
{
    return pick(cx, args, false);
}

static wv fn_filter(ws_ctx *cx, const wv *args, unsigned argc)
{
    /* OPA walks the keys when there are more of them than pairs. */
    return pick(cx, args, true);
}

/* ---- union ---- */

static wv merge(ws_ctx *cx, wv a, wv b, bool last_key);

/* Puts the members of b into *r; objects in both are merged. */
static bool merge_into(ws_ctx *cx, wv *r, wv b, bool last_key)
{
    for (uint32_t i = 0, n = wv_len(b); i < n; i++) {
        wv k = wv_key_at(b, NULL, i), v = wv_value_at(b, NULL, i);
        wv *place = wv_object_place(cx->out, r, k);
        if (!place)
            return false;
        wv old = *place;
        *place = v;
        if (wv_defined(old) && wv_is_object(old) && wv_is_object(v)) {
            v = merge(cx, old, v, last_key); /* r stays where it is meanwhile */
            if (!wv_defined(v))
                return false;
            *place = v;
        }
        if (last_key && wv_defined(old) && !(wv_is_string(k)))
            wv_object_put_key(cx->out, r, k, v);
    }
    return true;
}

static wv merge(ws_ctx *cx, wv a, wv b, bool last_key)
{
    size_t n = wv_len(a), m = wv_len(b);
    WS_ROOM(cx, OBJECT_BYTES(n + m));
    wv r = wv_object_copy(cx->out, a, m);
    if (!merge_into(cx, &r, b, last_key) && cx->error != WS_ERR_NONE)
        return WV_UNDEFINED;
    return ws_built(cx, r);
}

static wv fn_union(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    WS_OBJECT(cx, args, 1);
    if (!wv_len(args[0]))
        return args[1];
    if (!wv_len(args[1]))
        return args[0];
    return merge(cx, args[0], args[1], false);
}

static wv fn_union_n(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 0);
    uint32_t n = wv_len(args[0]);
    const wv *items = wv_items(args[0]);
    size_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!wv_is_object(items[i]))
            return ws_fail_element(cx, 1, args[0], "object", items[i]);
        total += wv_len(items[i]);
    }
    if (n == 1)
        return items[0];
    WS_ROOM(cx, OBJECT_BYTES(total));
    wv r = wv_object_begin(cx->out, total);
    for (uint32_t i = 0; i < n; i++)
        if (!merge_into(cx, &r, items[i], true) && cx->error != WS_ERR_NONE)
            return WV_UNDEFINED;
    return ws_built(cx, r);
}

/* ---- subset ---- */

static bool array_subset(ws_ctx *cx, wv super, wv sub)
{
    const wv *a = wv_items(super), *b = wv_items(sub);
    uint32_t n = wv_len(super), m = wv_len(sub);
    for (uint32_t from = 0; m <= n && from <= n - m; from++) {
        uint32_t k = 0;
        while (k < m && wv_equal(a[from + k], b[k]))
            k++;
        if (k == m)
            return true;
        if (!ws_charge(cx, 1 + k / 8))
            return false;
    }
    return false;
}

static bool set_subset(ws_ctx *cx, wv super, wv sub)
{
    if (!ws_charge(cx, wv_len(sub) / 8))
        return false;
    for (uint32_t i = 0; i < wv_len(sub); i++)
        if (!wv_set_has(super, wv_set_at(sub, NULL, i)))
            return false;
    return true;
}

static bool object_subset(ws_ctx *cx, wv super, wv sub);

/* Whether b is a or a part of it. Equal collections are parts as well, but for keys that are equal
 * and not found (numbers beyond float64), so equality comes last. */
static bool is_part(ws_ctx *cx, wv a, wv b)
{
    if (wv_is_object(a) && wv_is_object(b))
        return object_subset(cx, a, b) || (cx->error == WS_ERR_NONE && wv_equal(a, b));
    if (wv_is_set(a) && wv_is_set(b))
        return set_subset(cx, a, b) || (cx->error == WS_ERR_NONE && wv_equal(a, b));
    if (wv_is_array(a) && wv_is_array(b))
        return array_subset(cx, a, b);
    return wv_equal(a, b);
}

static bool object_subset(ws_ctx *cx, wv super, wv sub)
{
    uint32_t n = wv_len(sub);
    if (!ws_charge(cx, 1 + n / 4))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        wv b = wv_value_at(sub, NULL, i);
        wv a = wv_object_get(super, wv_key_at(sub, NULL, i));
        if (a == b)
            continue;
        if (!wv_defined(a) || !is_part(cx, a, b))
            return false;
    }
    return true;
}

/* An array holds a set when it has as many members of it as the set has; one that stands twice
 * counts twice, as in OPA. */
static bool array_holds_set(wv super, wv sub)
{
    uint32_t left = wv_len(sub);
    for (uint32_t i = 0; i < wv_len(super); i++) {
        if (wv_set_has(sub, wv_items(super)[i]))
            left--;
        if (left == 0)
            return true;
    }
    return false;
}

static wv fn_subset(ws_ctx *cx, const wv *args, unsigned argc)
{
    wv a = args[0], b = args[1];
    if (wv_is_array(a))
        WS_SPEND(cx, wv_len(a) * sizeof(wv) + ws_weight(b, SIZE_MAX));
    bool r;
    if (wv_is_object(a) && wv_is_object(b))
        r = object_subset(cx, a, b);
    else if (wv_is_set(a) && wv_is_set(b))
        r = set_subset(cx, a, b);
    else if (wv_is_array(a) && wv_is_array(b))
        r = array_subset(cx, a, b);
    else if (wv_is_array(a) && wv_is_set(b))
        r = array_holds_set(a, b);
    else
        return ws_fail_type(
            cx, "both arguments object.subset must be of the same type or array and set");
    return cx->error == WS_ERR_NONE ? wv_bool(r) : WV_UNDEFINED;
}

#define KEYS "any<array[any], object[any: any], set[any]>"

const ws_builtin ws_objects[] = {
    WS_ROW("object.get", "(object: object[any: any], key: any, default: any) => (value: any)", NULL,
           NULL, 0, fn_get, NULL, NULL,
           "The value at a key, or at a path when key is an array; default when there is none."),
    WS_ROW("object.keys", "(object: object[any: any]) => (value: set[any])", NULL, NULL, 0, fn_keys,
           NULL, NULL, "The keys of the object."),
    WS_ROW("object.remove",
           "(object: object[any: any], keys: " KEYS ") => (output: object[any: any])", NULL, NULL,
           0, fn_remove, NULL, NULL, "The object without the keys."),
    WS_ROW("object.filter",
           "(object: object[any: any], keys: " KEYS ") => (filtered: object[any: any])", NULL, NULL,
           0, fn_filter, NULL, NULL, "The object with none but the keys."),
    WS_ROW("object.union",
           "(a: object[any: any], b: object[any: any]) => (output: object[any: any])", NULL, NULL,
           0, fn_union, NULL, NULL, "Both objects merged; b wins, nested objects merge likewise."),
    WS_ROW("object.union_n", "(objects: array[object[any: any]]) => (output: object[any: any])",
           NULL, NULL, 0, fn_union_n, NULL, NULL, "All objects merged, later ones win."),
    WS_ROW("object.subset", "(super: " KEYS ", sub: " KEYS ") => (result: boolean)", NULL, NULL, 0,
           fn_subset, NULL, NULL, "Whether sub is part of super, nested collections likewise."),
    WS_END,
};
