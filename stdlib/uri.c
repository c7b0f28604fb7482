/* URIs as Go's net/url takes them apart. */
#include "stdlib/uri.h"

#include "stdlib/args.h"
#include "stdlib/families.h"
#include "value/uri.h"

/* Parts are no longer than the text, but for errors, which quote it. */
#define PART_EXTRA ((size_t)1 << 20)

/* False: it is none, or over the budget (then its error is empty). */
static bool parse(wv_uri *u, ws_ctx *cx, wb_str s)
{
    if (ws_room(cx, 8 * s.n))
        return wv_uri_read(cx->out, s, s.n + PART_EXTRA, u);
    *u = (wv_uri){.text = s};
    return false;
}

bool ws_uri_check(ws_ctx *cx, wb_str s, bool *scheme, wb_buf *path)
{
    wv_uri u;
    bool ok = parse(&u, cx, s);
    *scheme = u.scheme.n > 0;
    if (path)
        wb_buf_put_str(path, wb_buf_str(&u.path));
    wv_uri_clear(&u);
    return ok;
}

/* The call's error for what parse refused. */
static void fail_parse(ws_ctx *cx, const wv_uri *u)
{
    if (!u->error.n) {
        if (cx->error == WS_ERR_NONE)
            ws_fail_room(cx);
        return;
    }
    wb_buf text;
    ws_text_begin(cx, &text);
    wv_uri_put_error(&text, u);
    ws_fail_tail(cx, "", wb_buf_str(&text));
    ws_text_end(cx, &text);
}

bool ws_uri_explain(ws_ctx *cx, wb_str s, wb_buf *why)
{
    wv_uri u;
    bool ok = parse(&u, cx, s);
    if (!ok)
        wv_uri_put_error(why, &u);
    wv_uri_clear(&u);
    return ok;
}

bool ws_uri_target_read(ws_ctx *cx, wb_str s, ws_uri_target *to)
{
    wv_uri u;
    bool ok = parse(&u, cx, s);
    if (!ok)
        fail_parse(cx, &u);
    ws_text_begin(cx, &to->host);
    ws_text_begin(cx, &to->path);
    wb_buf_put_str(&to->host, wb_buf_str(&u.host));
    to->query = u.query;
    wv_uri_put_path(&to->path, &u);
    if (ok && (to->host.failed || to->path.failed)) {
        ws_fail_room(cx);
        ok = false;
    }
    wv_uri_clear(&u);
    return ok;
}

static void put(wb_arena *a, wv *o, const char *key, wb_str text)
{
    if (text.n)
        wv_object_put(a, o, wv_string_new(a, wb_str_of(key)), wv_string_new(a, text));
}

static wv fn_parse(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wv_uri u;
    wv r = WV_UNDEFINED;
    if (parse(&u, cx, wv_str(&args[0]))) {
        wb_arena *a = cx->out;
        r = wv_object_begin(a, 8);
        put(a, &r, "scheme", u.scheme);
        wb_str host = wb_buf_str(&u.host), port = {NULL, 0};
        size_t colon;
        if (wv_uri_port(host, &colon)) {
            port = wb_str_n(host.p + colon + 1, host.n - colon - 1);
            host.n = colon;
        }
        if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
            host = wb_str_n(host.p + 1, host.n - 2);
        put(a, &r, "hostname", host);
        put(a, &r, "port", port);
        put(a, &r, "path", wb_buf_str(&u.path));
        if (u.path.n)
            put(a, &r, "raw_path", u.raw_path);
        put(a, &r, "raw_query", u.query);
        put(a, &r, "fragment", wb_buf_str(&u.fragment));
        r = ws_built(cx, r);
    } else {
        fail_parse(cx, &u);
    }
    wv_uri_clear(&u);
    return r;
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!wv_is_string(args[0]) || !wv_str(&args[0]).n)
        return WV_FALSE;
    wv_uri u;
    wv r = WV_UNDEFINED;
    if (parse(&u, cx, wv_str(&args[0])))
        r = WV_TRUE;
    else if (u.error.n)
        r = WV_FALSE;
    else if (cx->error == WS_ERR_NONE)
        ws_fail_room(cx);
    wv_uri_clear(&u);
    return r;
}

const ws_builtin ws_uri[] = {
    WS_ROW("uri.parse", "(uri: string) => (output: object[string: string])", NULL, NULL, 0,
           fn_parse, NULL, NULL,
           "The parts a URI has: scheme, hostname, port, path, raw_path, raw_query, fragment."),
    WS_ROW("uri.is_valid", "(uri: string) => (result: boolean)", NULL, NULL, 0, fn_is_valid, NULL,
           NULL, "Whether a string is a URI; an empty one is none."),
    WS_END,
};
