/* json.patch (RFC 6902), over sets too. */
#include "stdlib/args.h"
#include "stdlib/edit_tree.h"
#include "stdlib/families.h"
#include "stdlib/json_paths.h"

static bool attribute(ws_ctx *cx, wv op, const char *name, wv *out)
{
    *out = wv_object_get_str(op, wb_str_of(name));
    if (wv_defined(*out))
        return true;
    ws_fail(cx, "missing required attribute '%s'", name);
    return false;
}

static bool apply(ws_ctx *cx, ws_edit *doc, wv op)
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
        return attribute(cx, op, "value", &value) && ws_edit_insert(cx, doc, p.keys, p.n, value);
    if (wb_str_is(verb, "remove"))
        return ws_edit_delete(cx, doc, p.keys, p.n);
    if (wb_str_is(verb, "replace"))
        return ws_edit_delete(cx, doc, p.keys, p.n) && attribute(cx, op, "value", &value) &&
               ws_edit_insert(cx, doc, p.keys, p.n, value);
    if (wb_str_is(verb, "move") || wb_str_is(verb, "copy")) {
        if (!attribute(cx, op, "from", &from_path) || !ws_path_read(cx, &from_path, &from) ||
            !ws_edit_get(cx, doc, from.keys, from.n, &value))
            return false;
        if (verb.p[0] == 'm' && !ws_edit_delete(cx, doc, from.keys, from.n))
            return false;
        return ws_edit_insert(cx, doc, p.keys, p.n, value);
    }
    if (wb_str_is(verb, "test")) {
        wv found;
        if (!ws_edit_get(cx, doc, p.keys, p.n, &found) || !attribute(cx, op, "value", &value) ||
            !ws_spend(cx, ws_weight(value, SIZE_MAX)))
            return false;
        if (wv_defined(found) && wv_equal(found, value))
            return true;
        ws_edit_fail(cx, "value from EditTree != patch value.\n\nExpected: %s\n\nFound: %s", value,
                     found);
        return false;
    }
    wb_buf b;
    wb_buf_init(&b, verb.n + 2);
    wb_buf_put_str(&b, verb);
    wb_buf_putc(&b, '\'');
    ws_fail_tail(cx, "unrecognized op: '", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

static wv fn_patch(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 1);
    ws_edit *doc = ws_edit_new(cx, args[0]);
    wv out;
    if (!doc)
        return WV_UNDEFINED;
    for (uint32_t i = 0; i < wv_len(args[1]); i++)
        if (!apply(cx, doc, wv_items(args[1])[i]))
            return WV_UNDEFINED;
    return ws_edit_get(cx, doc, NULL, 0, &out) ? out : WV_UNDEFINED;
}

const ws_builtin ws_json_patch[] = {
    WS_ROW(
        "json.patch",
        "(target: any, patches: array[object<op: string, path: any>[any: any]]) => (output: any)",
        NULL, "object", 0, fn_patch, NULL, NULL,
        "The document after the patches (RFC 6902); undefined when one does not apply."),
    WS_END,
};
