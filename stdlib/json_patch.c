/* json.patch (RFC 6902), over sets too. Values are immutable: each step makes a new spine. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/json_paths.h"
#include "value/json.h"

/* "%v" of values in error texts. The buffer is the caller's. */
static const char *text_of(wb_buf *b, wv v)
{
    wv_print(b, v);
    return wb_buf_cstr(b);
}

#define TEXT_MAX ((size_t)16 << 10) /* of a value quoted in an error */

static void fail_about(ws_ctx *cx, const char *format, wv x, wv y)
{
    wb_buf a, b;
    wb_buf_init(&a, TEXT_MAX);
    wb_buf_init(&b, TEXT_MAX);
    const char *p = text_of(&a, x), *q = text_of(&b, y);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    ws_fail(cx, format, p, q);
#pragma GCC diagnostic pop
    wb_buf_free(&a);
    wb_buf_free(&b);
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

static bool to_index(ws_ctx *cx, wv array, wv key, int64_t *out)
{
    if (wv_is_number(key)) {
        if (wv_number_int64(key, out))
            return true;
        ws_fail(cx, "invalid number type for indexing");
        return false;
    }
    if (!wv_is_string(key)) {
        ws_fail(cx, "invalid type for indexing");
        return false;
    }
    wb_str s = wv_str(&key);
    if (wb_str_is(s, "-")) {
        *out = wv_len(array);
        return true;
    }
    wv n;
    bool leading = s.n > 1 && s.p[0] == '0';
    if (leading) {
        while (s.n > 1 && s.p[0] == '0') {
            s.p++;
            s.n--;
        }
    }
    if (!s.n || wv_number_parse(cx->out, s, false, &n) != WV_NUM_OK || !wv_number_int64(n, out)) {
        ws_fail(cx, "invalid string for indexing");
        return false;
    }
    if (leading) {
        ws_fail(cx, "leading zeros are not allowed in JSON paths");
        return false;
    }
    return true;
}

/* The child of v at a key on the way down; undefined with the error set when there is none. */
static wv child_at(ws_ctx *cx, wv v, wv key)
{
    wv c = WV_UNDEFINED;
    if (wv_is_object(v)) {
        c = wv_object_get(v, key);
        if (!wv_defined(c))
            fail_about(cx, "path %s does not exist in object term %s", key, v);
    } else if (wv_is_set(v)) {
        c = wv_set_get(v, key);
        if (!wv_defined(c))
            fail_about(cx, "path %s does not exist in set term %s", key, v);
    } else if (wv_is_array(v)) {
        int64_t i;
        if (!to_index(cx, v, key, &i))
            return c;
        if (i >= 0 && i < wv_len(v))
            c = wv_items(v)[i];
        else
            fail_about(cx, "path %s does not exist in array term %s", wv_small(i), v);
    } else {
        wb_buf a, b;
        wb_buf_init(&a, TEXT_MAX);
        wb_buf_init(&b, TEXT_MAX);
        ws_fail(cx, "expected composite type for path %s, found value: %s (type: %s)",
                text_of(&a, key), text_of(&b, v), go_type(v));
        wb_buf_free(&a);
        wb_buf_free(&b);
    }
    return c;
}

/* v as a fresh object or set with room for one more. */
static wv copy_table(ws_ctx *cx, wv v, wv without)
{
    uint32_t n = wv_len(v);
    WS_ROOM(cx, ((size_t)n + 1) * 32);
    bool object = wv_is_object(v);
    wv r = object ? wv_object_begin(cx->out, n + 1) : wv_set_begin(cx->out, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        wv k = wv_tab(v)->entries[object ? 2 * i : i];
        if (wv_defined(without) && wv_equal(k, without))
            continue;
        if (object)
            wv_object_put(cx->out, &r, k, wv_value_at(v, NULL, i));
        else
            wv_set_add(cx->out, &r, k);
    }
    return r;
}

/* An array with `drop` elements at i replaced by the value (when defined). */
static wv splice(ws_ctx *cx, wv v, int64_t i, uint32_t drop, wv value)
{
    uint32_t n = wv_len(v);
    WS_ROOM(cx, ((size_t)n + 1) * sizeof(wv));
    wv r = wv_array_begin(cx->out, n + 1);
    for (uint32_t k = 0; k <= n; k++) {
        if (k == (uint64_t)i && wv_defined(value))
            wv_array_push(cx->out, &r, value);
        if (k < n && !(k >= (uint64_t)i && k < (uint64_t)i + drop))
            wv_array_push(cx->out, &r, wv_items(v)[k]);
    }
    return r;
}

/* v with its child at key, which is there, replaced. */
static wv with_child(ws_ctx *cx, wv v, wv key, wv old, wv new)
{
    if (wv_is_array(v)) {
        int64_t i;
        if (!to_index(cx, v, key, &i))
            return WV_UNDEFINED;
        return splice(cx, v, i, 1, new);
    }
    wv r = copy_table(cx, v, wv_is_set(v) ? old : WV_UNDEFINED);
    if (!wv_defined(r))
        return r;
    if (wv_is_object(v))
        wv_object_put(cx->out, &r, key, new);
    else
        wv_set_add(cx->out, &r, new);
    return r;
}

static wv insert_here(ws_ctx *cx, wv v, wv key, wv value)
{
    wv r;
    int64_t i;
    if (wv_is_object(v)) {
        r = copy_table(cx, v, key);
        if (wv_defined(r))
            wv_object_put(cx->out, &r, key, value);
        return r;
    }
    if (wv_is_set(v)) {
        if (!wv_equal(key, value)) {
            fail_about(cx, "set key %s does not equal value to be inserted %s", key, value);
            return WV_UNDEFINED;
        }
        r = copy_table(cx, v, WV_UNDEFINED);
        if (wv_defined(r))
            wv_set_add(cx->out, &r, value);
        return r;
    }
    if (wv_is_array(v)) {
        if (!to_index(cx, v, key, &i))
            return WV_UNDEFINED;
        if (i < 0 || i > wv_len(v))
            return ws_fail(cx, "index for array insertion out of bounds");
        return splice(cx, v, i, 0, value);
    }
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    ws_fail(cx, "expected composite type, found value: %s (type: %s)", text_of(&b, v), go_type(v));
    wb_buf_free(&b);
    return WV_UNDEFINED;
}

static wv delete_here(ws_ctx *cx, wv v, wv key)
{
    int64_t i;
    if (wv_is_object(v) || wv_is_set(v)) {
        if (wv_table_find(v, key) < 0) {
            wb_buf b;
            wb_buf_init(&b, TEXT_MAX);
            ws_fail(cx, "cannot delete child key %s that does not exist", text_of(&b, key));
            wb_buf_free(&b);
            return WV_UNDEFINED;
        }
        return copy_table(cx, v, key);
    }
    if (wv_is_array(v)) {
        if (!to_index(cx, v, key, &i))
            return WV_UNDEFINED;
        if (i < 0 || i >= wv_len(v))
            return ws_fail(cx, "index for array delete out of bounds");
        return splice(cx, v, i, 1, WV_UNDEFINED);
    }
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    ws_fail(cx, "expected composite type, found value: %s (type: %s)", text_of(&b, v), go_type(v));
    wb_buf_free(&b);
    return WV_UNDEFINED;
}

#define DELETED "nil value encountered where composite value was expected"

/* v with the value put in at the path (undefined: with what is there taken out). */
static wv edit(ws_ctx *cx, wv v, const wv *keys, size_t n, wv value)
{
    if (n == 1)
        return wv_defined(value) ? insert_here(cx, v, keys[0], value) : delete_here(cx, v, keys[0]);
    wv old = child_at(cx, v, keys[0]);
    if (!wv_defined(old))
        return old;
    wv new = edit(cx, old, keys + 1, n - 1, value);
    return wv_defined(new) ? with_child(cx, v, keys[0], old, new) : new;
}

/* *doc is undefined while the whole document is deleted. False: failed. */
static bool put(ws_ctx *cx, wv *doc, ws_path p, wv value)
{
    if (p.n == 0) {
        *doc = value;
        return true;
    }
    if (!wv_defined(*doc)) {
        ws_fail(cx, p.n == 1 ? "deleted node encountered during insert operation" : DELETED);
        return false;
    }
    if (p.n > WV_DEPTH_MAX) {
        ws_fail(cx, "path is too long");
        return false;
    }
    *doc = edit(cx, *doc, p.keys, p.n, value);
    return wv_defined(*doc);
}

static bool take(ws_ctx *cx, wv *doc, ws_path p)
{
    if (!wv_defined(*doc)) {
        ws_fail(cx, p.n <= 1 ? "deleted node encountered during delete operation" : DELETED);
        return false;
    }
    if (p.n == 0) {
        *doc = WV_UNDEFINED;
        return true;
    }
    if (p.n > WV_DEPTH_MAX) {
        ws_fail(cx, "path is too long");
        return false;
    }
    *doc = edit(cx, *doc, p.keys, p.n, WV_UNDEFINED);
    return wv_defined(*doc);
}

static bool look(ws_ctx *cx, wv doc, ws_path p, wv *out)
{
    if (!wv_defined(doc) && p.n) {
        ws_fail(cx, DELETED);
        return false;
    }
    for (size_t i = 0; i < p.n; i++) {
        doc = child_at(cx, doc, p.keys[i]);
        if (!wv_defined(doc))
            return false;
    }
    *out = doc;
    return true;
}

static bool attribute(ws_ctx *cx, wv op, const char *name, wv *out)
{
    *out = wv_object_get_str(op, wb_str_of(name));
    if (wv_defined(*out))
        return true;
    ws_fail(cx, "missing required attribute '%s'", name);
    return false;
}

static bool apply(ws_ctx *cx, wv *doc, wv op)
{
    wv path, name, value, from_path;
    ws_path p, from;
    if (!wv_is_object(op)) {
        ws_fail(
            cx,
            "must be an array of JSON-Patch objects, but at least one element is not an object");
        return false;
    }
    if (!attribute(cx, op, "path", &path) || !attribute(cx, op, "op", &name))
        return false;
    if (!wv_is_string(name)) {
        ws_fail(cx, "attribute 'op' must be a string but found: %s", wv_type_name(name));
        return false;
    }
    if (!ws_path_read(cx, &path, &p))
        return false;
    wb_str verb = wv_str(&name);
    if (wb_str_is(verb, "add"))
        return attribute(cx, op, "value", &value) && put(cx, doc, p, value);
    if (wb_str_is(verb, "remove"))
        return take(cx, doc, p);
    if (wb_str_is(verb, "replace"))
        return take(cx, doc, p) && attribute(cx, op, "value", &value) && put(cx, doc, p, value);
    if (wb_str_is(verb, "move") || wb_str_is(verb, "copy")) {
        if (!attribute(cx, op, "from", &from_path) || !ws_path_read(cx, &from_path, &from) ||
            !look(cx, *doc, from, &value))
            return false;
        if (verb.p[0] == 'm' && !take(cx, doc, from))
            return false;
        if (!wv_defined(value)) {
            ws_fail(cx, "cannot insert nil value into EditTree");
            return false;
        }
        return put(cx, doc, p, value);
    }
    if (wb_str_is(verb, "test")) {
        wv found;
        if (!look(cx, *doc, p, &found) || !attribute(cx, op, "value", &value))
            return false;
        if (wv_defined(found) && wv_equal(found, value))
            return true;
        fail_about(cx, "value from EditTree != patch value.\n\nExpected: %s\n\nFound: %s", value,
                   found);
        return false;
    }
    ws_fail(cx, "unrecognized op: '%.*s'", WB_FMT(verb));
    return false;
}

static wv fn_patch(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 1);
    wv doc = args[0];
    for (uint32_t i = 0; i < wv_len(args[1]); i++)
        if (!apply(cx, &doc, wv_items(args[1])[i]))
            return WV_UNDEFINED;
    return wv_defined(doc) ? ws_built(cx, doc) : doc;
}

const ws_builtin ws_json_patch[] = {
    WS_ROW(
        "json.patch",
        "(target: any, patches: array[object<op: string, path: any>[any: any]]) => (output: any)",
        NULL, "object", 0, fn_patch, NULL, NULL,
        "The document after the patches (RFC 6902); undefined when one does not apply."),
    WS_END,
};
