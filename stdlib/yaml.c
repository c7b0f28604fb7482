/* YAML in and out of policies. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/yaml_read.h"
#include "stdlib/yaml_write.h"

static wv fn_marshal(ws_ctx *cx, const wv *args, unsigned n)
{
    return ws_yaml_encode(cx, args[0]);
}

/* A reader's work and memory go with the length of the text. */
static wb_status decode(ws_ctx *cx, wv text, wv *out, wb_error *error)
{
    wb_str s = wv_str(&text);
    if (!ws_room(cx, s.n) || !ws_spend(cx, 8 * s.n))
        return WB_LIMIT;
    wb_status status = ws_yaml_decode(cx->out, s, out, error);
    if (status == WB_OK && cx->out->exhausted)
        status = wb_fail(error, WB_LIMIT, "document is too large");
    if (status == WB_LIMIT && cx->out->exhausted)
        ws_fail_room(cx);
    return status;
}

static wv fn_unmarshal(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wv v;
    wb_error error;
    if (decode(cx, args[0], &v, &error) == WB_OK)
        return v;
    return cx->error == WS_ERR_NONE ? ws_fail(cx, "%s", error.text) : WV_UNDEFINED;
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!wv_is_string(args[0]))
        return WV_FALSE;
    wv v;
    wb_error error;
    if (decode(cx, args[0], &v, &error) == WB_OK)
        return WV_TRUE;
    return cx->error == WS_ERR_NONE ? WV_FALSE : WV_UNDEFINED;
}

const ws_builtin ws_yaml[] = {
    WS_ROW("yaml.marshal", "(x: any) => (y: string)", NULL, "encoding", 0, fn_marshal, NULL, NULL,
           "A value as YAML text."),
    WS_ROW("yaml.unmarshal", "(x: string) => (y: any)", NULL, "encoding", 0, fn_unmarshal, NULL,
           NULL, "The value of YAML text; of several documents the first."),
    WS_ROW("yaml.is_valid", "(x: string) => (result: boolean)", NULL, "encoding", 0, fn_is_valid,
           NULL, NULL, "Whether a string is YAML."),
    WS_END,
};
