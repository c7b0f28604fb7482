/* strings.render_template: the row; the language stands in template/. */
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/families.h"
#include "stdlib/template/run.h"
#include "value/json.h"

#define ERROR_MAX ((size_t)1 << 20) /* bytes of an error's text: it shows parts of the template */

static void *prepare(const wv *args, unsigned n)
{
    wb_buf error;
    bool limit;
    if (!wv_is_string(args[0]))
        return NULL;
    wb_buf_init(&error, ERROR_MAX);
    wt_tree *t = wt_parse(wv_str(&args[0]), &error, &limit);
    wb_buf_free(&error);
    return t;
}

static void release(void *tree)
{
    wt_free(tree);
}

/* The tree: prepared, remembered or new. NULL: the call has failed. */
static const wt_tree *find(ws_ctx *cx, wb_str text)
{
    if (cx->site)
        return cx->site;
    wt_tree *t = ws_cache_get(cx->cache, WS_CACHE_TEMPLATE, text);
    if (t)
        return t;
    wb_buf error;
    bool limit;
    wb_buf_init(&error, ERROR_MAX);
    t = wt_parse(text, &error, &limit);
    if (t)
        ws_cache_put(cx->cache, WS_CACHE_TEMPLATE, text, t, release);
    else if (limit)
        ws_fail_room(cx);
    else
        ws_fail_tail(cx, "template: template:", wb_buf_str(&error));
    wb_buf_free(&error);
    return t;
}

/* OPA reads the variables' Rego text as JSON: what is no JSON there is refused. */
static wv read_variables(ws_ctx *cx, wv object)
{
    wb_buf json;
    wb_error error = {0};
    size_t used;
    wv vars = WV_UNDEFINED;
    ws_text_begin(cx, &json);
    wv_print(&json, object);
    if (json.failed)
        ws_fail_room(cx);
    else if (ws_room(cx, json.n) &&
             wv_json_decode_prefix(cx->out, wb_buf_str(&json), NULL, &vars, &used, &error))
        vars = cx->out->exhausted ? ws_fail_room(cx) : ws_fail(cx, "%s", error.text);
    ws_text_end(cx, &json);
    return vars;
}

/* Missing values are called undefined here, wherever the words stand. */
static wv renamed(ws_ctx *cx, wb_str s)
{
    static const char gone[] = "<no value>", shown[] = "<undefined>";
    wb_buf b;
    ws_text_begin(cx, &b);
    for (size_t i = 0; i < s.n;) {
        const char *hit = memmem(s.p + i, s.n - i, gone, sizeof gone - 1);
        size_t stop = hit ? (size_t)(hit - s.p) : s.n;
        wb_buf_put(&b, s.p + i, stop - i);
        wb_buf_puts(&b, hit ? shown : "");
        i = hit ? stop + sizeof gone - 1 : s.n;
    }
    return ws_take_string(cx, &b);
}

static wv fn_render(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_OBJECT(cx, args, 1);
    WS_SPEND(cx, wv_str(&args[0]).n);
    wv r = WV_UNDEFINED, vars = read_variables(cx, args[1]);
    if (!wv_defined(vars))
        return r;
    wb_buf out;
    ws_text_begin(cx, &out);
    const wt_tree *t = find(cx, wv_str(&args[0]));
    if (t && wt_run(cx, t, &vars, &out))
        r = renamed(cx, wb_buf_str(&out));
    ws_text_end(cx, &out);
    return r;
}

const ws_builtin ws_template[] = {
    WS_ROW("strings.render_template",
           "(value: string, vars: object[string: any]) => (result: string)", NULL, "strings", 0,
           fn_render, prepare, release, "A Go template with its variables filled in."),
    WS_END,
};
