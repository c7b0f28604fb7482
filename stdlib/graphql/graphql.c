/* GraphQL: documents and schemas as trees, and whether they fit each other. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/graphql/parse.h"
#include "stdlib/graphql/ready.h"
#include "stdlib/graphql/schema.h"
#include "stdlib/graphql/tree.h"
#include "stdlib/graphql/validate.h"

/* A mistake is an answer of functions that tell good from bad; a budget that ran out is none. */
static wv answer(ws_ctx *cx, wv otherwise)
{
    if (cx->error == WS_ERR_BUILTIN || cx->error == WS_ERR_TYPE) {
        cx->error = WS_ERR_NONE;
        cx->error_text = (wb_str){"", 0};
        return ws_built(cx, otherwise);
    }
    return WV_UNDEFINED;
}

static wv fail_type(ws_ctx *cx, unsigned operand, wv got)
{
    return ws_fail_type(cx, "operand %u must be one of {string, object} but got %s", operand,
                        wv_type_name(got));
}

static ws_gql_query *read_query(ws_ctx *cx, const wv *arg, unsigned operand)
{
    if (!wv_is_string(*arg) && !wv_is_object(*arg))
        fail_type(cx, operand, *arg);
    else if (wv_is_object(*arg))
        return ws_gql_query_of(cx, *arg);
    else if (ws_spend(cx, wv_str(arg).n))
        return ws_gql_parse_query(cx, wv_str(arg));
    return NULL;
}

static ws_gql_schema_doc *read_schema(ws_ctx *cx, const wv *arg, unsigned operand)
{
    if (!wv_is_string(*arg) && !wv_is_object(*arg))
        fail_type(cx, operand, *arg);
    else if (wv_is_object(*arg))
        return ws_gql_schema_of(cx, *arg);
    else if (ws_spend(cx, wv_str(arg).n))
        return ws_gql_parse_schema(cx, wv_str(arg));
    return NULL;
}

static wv fn_parse_query(ws_ctx *cx, const wv *args, unsigned n)
{
    const ws_gql_ready *ready = cx->site;
    WS_STRING(cx, args, 0);
    const ws_gql_query *q = ready ? ready->query : read_query(cx, &args[0], 0);
    return q ? ws_gql_query_document(cx, q) : WV_UNDEFINED;
}

static wv fn_parse_schema(ws_ctx *cx, const wv *args, unsigned n)
{
    const ws_gql_ready *ready = cx->site;
    WS_STRING(cx, args, 0);
    const ws_gql_schema_doc *s = ready ? ready->doc : read_schema(cx, &args[0], 0);
    return s ? ws_gql_schema_document(cx, s) : WV_UNDEFINED;
}

/* The schema of an operand: a constant's, a remembered one, or made now. Its document is made
 * beside it where one is asked for, before anything is extended. NULL: failed. */
static const ws_gql_schema *schema_of(ws_ctx *cx, const wv *arg, unsigned operand, wv *document)
{
    const ws_gql_ready *ready = cx->site;
    if (!ready || !ready->schema)
        ready = ws_gql_ready_get(cx, arg);
    if (cx->error != WS_ERR_NONE)
        return NULL;
    if (ready) {
        if (document)
            *document = ws_gql_schema_document(cx, ready->doc);
        return document && !wv_defined(*document) ? NULL : ready->schema;
    }
    ws_gql_schema_doc *doc = read_schema(cx, arg, operand);
    if (doc && document)
        *document = ws_gql_schema_document(cx, doc);
    if (!doc || (document && !wv_defined(*document)))
        return NULL;
    return ws_gql_schema_build(cx, doc);
}

static wv fn_schema_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    return schema_of(cx, &args[0], 0, NULL) ? ws_built(cx, WV_TRUE) : answer(cx, WV_FALSE);
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    const ws_gql_ready *ready = cx->site;
    if (ready && ready->fits)
        return WV_TRUE;
    ws_gql_query *q = read_query(cx, &args[0], 0);
    const ws_gql_schema *s = q ? schema_of(cx, &args[1], 1, NULL) : NULL;
    return s && ws_gql_validate(cx, s, q, false) ? ws_built(cx, WV_TRUE) : answer(cx, WV_FALSE);
}

/* The two trees of a query that fits its schema, made before either is linked or extended. */
static bool verified(ws_ctx *cx, const wv *args, bool texts, wv *query, wv *schema)
{
    const ws_gql_ready *ready = cx->site;
    if (ready && ready->fits) {
        *schema = ws_gql_schema_document(cx, ready->doc);
        *query = wv_defined(*schema) ? ws_gql_query_document(cx, ready->query) : WV_UNDEFINED;
        return wv_defined(*query);
    }
    ws_gql_query *q = read_query(cx, &args[0], 0);
    const ws_gql_schema *s = q ? schema_of(cx, &args[1], 1, schema) : NULL;
    *query = s ? ws_gql_query_document(cx, q) : WV_UNDEFINED;
    return wv_defined(*query) && ws_gql_validate(cx, s, q, texts);
}

static wv fn_parse(ws_ctx *cx, const wv *args, unsigned n)
{
    wv pair[2];
    if (!verified(cx, args, true, &pair[0], &pair[1]))
        return WV_UNDEFINED;
    return ws_built(cx, wv_array_new(cx->out, pair, 2));
}

static wv fn_parse_and_verify(ws_ctx *cx, const wv *args, unsigned n)
{
    wv all[3] = {WV_TRUE};
    if (verified(cx, args, false, &all[1], &all[2]))
        return ws_built(cx, wv_array_new(cx->out, all, 3));
    wv empty = wv_object_begin(cx->out, 0);
    wv none[3] = {WV_FALSE, empty, empty};
    return answer(cx, wv_array_new(cx->out, none, 3));
}

static void *prepare_query(const wv *args, unsigned n)
{
    return ws_gql_ready_new(args[0], WV_UNDEFINED, false);
}

static void *prepare_tree(const wv *args, unsigned n)
{
    return ws_gql_ready_new(WV_UNDEFINED, args[0], false);
}

static void *prepare_schema(const wv *args, unsigned n)
{
    return ws_gql_ready_new(WV_UNDEFINED, args[0], true);
}

/* A query is linked anew by each call unless its schema is constant, too. */
static void *prepare_both(const wv *args, unsigned n)
{
    return wv_defined(args[1]) ? ws_gql_ready_new(args[0], args[1], true) : NULL;
}

#define SOURCE "any<string, object[any: any]>"

const ws_builtin ws_graphql[] = {
    WS_ROW("graphql.is_valid", "(query: " SOURCE ", schema: " SOURCE ") => (output: boolean)", NULL,
           NULL, 0, fn_is_valid, prepare_both, ws_gql_ready_free,
           "Whether a GraphQL query fits a schema."),
    WS_ROW("graphql.parse",
           "(query: " SOURCE ", schema: " SOURCE
           ") => (output: array<object[any: any], object[any: any]>)",
           NULL, NULL, 0, fn_parse, prepare_both, ws_gql_ready_free,
           "The trees of a GraphQL query and of the schema it fits."),
    WS_ROW("graphql.parse_and_verify",
           "(query: " SOURCE ", schema: " SOURCE
           ") => (output: array<boolean, object[any: any], object[any: any]>)",
           NULL, NULL, 0, fn_parse_and_verify, prepare_both, ws_gql_ready_free,
           "Whether a GraphQL query fits a schema, with the trees of both."),
    WS_ROW("graphql.parse_query", "(query: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_query, prepare_query, ws_gql_ready_free, "The tree of a GraphQL document."),
    WS_ROW("graphql.parse_schema", "(schema: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_schema, prepare_tree, ws_gql_ready_free, "The tree of a GraphQL schema."),
    WS_ROW("graphql.schema_is_valid", "(schema: " SOURCE ") => (output: boolean)", NULL, NULL, 0,
           fn_schema_is_valid, prepare_schema, ws_gql_ready_free,
           "Whether a GraphQL schema keeps the rules of schemas."),
    WS_END,
};
