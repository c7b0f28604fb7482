/* json.match_schema and json.verify_schema. */
#include "stdlib/schema.h"

#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/families.h"
#include "value/json.h"

#include <stdlib.h>

/* A schema operand as JSON text: a string is that text, an object is written. False: neither. */
static bool schema_text(wv v, wb_buf *b)
{
    if (wv_is_string(v)) {
        wb_buf_put_str(b, wv_str(&v));
        return true;
    }
    return (wv_is_object(v) || wv_is_array(v)) && wv_json_encode(b, v, NULL, NULL) == WB_OK;
}

static void *prepare(const wv *args, unsigned n)
{
    wv v = args[n - 1];
    if (!wv_is_string(v) && !wv_is_object(v))
        return NULL;
    wb_buf text, error;
    wb_buf_init(&text, WS_SCHEMA_BYTES_MAX / 4);
    wb_buf_init(&error, 4096);
    ws_schema *s = schema_text(v, &text) ? ws_schema_new(wb_buf_str(&text), 0, true, &error) : NULL;
    wb_buf_free(&text);
    wb_buf_free(&error);
    return s;
}

static void release(void *site)
{
    ws_schema_free(site);
}

/* The compiled schema: prepared, remembered or new. NULL: *error says why, or the call failed. */
static const ws_schema *find(ws_ctx *cx, wv v, wb_buf *error)
{
    if (cx->site)
        return cx->site;
    wb_buf text;
    ws_text_begin(cx, &text);
    if (!schema_text(v, &text)) {
        ws_text_end(cx, &text);
        wb_buf_puts(error, "wrong type, expected string or object");
        return NULL;
    }
    wb_str key = wb_buf_str(&text);
    ws_schema *s = ws_cache_get(cx->cache, WS_CACHE_SCHEMA, key);
    /* The cost is the same whether it is remembered or not: fuel tells nothing of the cache. */
    if (!ws_spend(cx, 16 * key.n)) {
        s = NULL;
    } else if (!s) {
        s = ws_schema_new(key, 0, true, error);
        if (s)
            ws_cache_put(cx->cache, WS_CACHE_SCHEMA, key, s, release);
    }
    ws_text_end(cx, &text);
    return s;
}

static wv pair(ws_ctx *cx, wv valid, wv what)
{
    wv items[] = {valid, what};
    return wv_array_new(cx->out, items, 2);
}

static wv fn_verify(ws_ctx *cx, const wv *args, unsigned n)
{
    wb_buf error;
    wb_buf_init(&error, 4096);
    wv r = WV_UNDEFINED;
    if (find(cx, args[0], &error)) {
        r = pair(cx, WV_TRUE, WV_NULL);
    } else if (error.n) {
        wb_buf text;
        ws_text_begin(cx, &text);
        wb_buf_puts(&text, "jsonschema: ");
        wb_buf_put_str(&text, wb_buf_str(&error));
        wv t = ws_take_string(cx, &text);
        r = wv_defined(t) ? pair(cx, WV_FALSE, t) : WV_UNDEFINED;
    }
    wb_buf_free(&error);
    return r;
}

/* The document with JSON's types only: sets are arrays, keys are strings. */
static wv document(ws_ctx *cx, wv v)
{
    wb_buf b;
    wv r = WV_UNDEFINED;
    wb_error error = {0};
    if (!wv_is_string(v) && !wv_is_object(v) && !wv_is_array(v))
        return ws_fail(cx, "wrong type, expected string or object");
    ws_text_begin(cx, &b);
    wb_status status = wv_is_string(v) ? WB_OK : wv_json_encode(&b, v, NULL, &error);
    if (status)
        ws_fail_encode(cx, status, &error);
    else if (!ws_room(cx, wv_is_string(v) ? wv_str(&v).n : b.n))
        r = WV_UNDEFINED;
    else if (wv_json_decode(cx->out, wv_is_string(v) ? wv_str(&v) : wb_buf_str(&b), NULL, &r, NULL))
        r = cx->out->exhausted ? ws_fail_room(cx) : ws_fail(cx, "invalid JSON string");
    ws_text_end(cx, &b);
    return r;
}

static wv fn_match(ws_ctx *cx, const wv *args, unsigned n)
{
    wv doc = document(cx, args[0]);
    if (!wv_defined(doc))
        return WV_UNDEFINED;
    wb_buf error;
    wb_buf_init(&error, 4096);
    const ws_schema *s = find(cx, args[1], &error);
    wv r = WV_UNDEFINED;
    if (s) {
        wv errors = ws_schema_check(cx, s, doc);
        if (wv_defined(errors))
            r = pair(cx, wv_bool(wv_len(errors) == 0), errors);
    } else if (error.n) {
        ws_fail_tail(cx, "", wb_buf_str(&error));
    }
    wb_buf_free(&error);
    return r;
}

#define SCHEMA_ARG "any<string, object[any: any]>"

const ws_builtin ws_schemas[] = {
    WS_ROW("json.match_schema",
           "(document: " SCHEMA_ARG ", schema: " SCHEMA_ARG
           ") => (output: array<boolean, array[object<desc: string, error: string, field: string, "
           "type: string>]>)",
           NULL, "object", WS_NONDET, fn_match, prepare, release,
           "Whether a document fits a JSON Schema, and what is wrong with it."),
    WS_ROW("json.verify_schema",
           "(schema: " SCHEMA_ARG ") => (output: array<boolean, any<null, string>>)", NULL,
           "object", WS_NONDET, fn_verify, prepare, release,
           "Whether a value is a JSON Schema, and why not."),
    WS_END,
};
