/* GraphQL: documents and schemas as trees, and whether they fit each other. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/graphql/parse.h"
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
    WS_STRING(cx, args, 0);
    const ws_gql_query *q = read_query(cx, &args[0], 0);
    return q ? ws_gql_query_document(cx, q) : WV_UNDEFINED;
}

static wv fn_parse_schema(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    const ws_gql_schema_doc *s = read_schema(cx, &args[0], 0);
    return s ? ws_gql_schema_document(cx, s) : WV_UNDEFINED;
}

static wv fn_schema_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    ws_gql_schema_doc *s = read_schema(cx, &args[0], 0);
    return s && ws_gql_schema_build(cx, s) ? ws_built(cx, WV_TRUE) : answer(cx, WV_FALSE);
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    ws_gql_query *q = read_query(cx, &args[0], 0);
    ws_gql_schema_doc *doc = q ? read_schema(cx, &args[1], 1) : NULL;
    const ws_gql_schema *s = doc ? ws_gql_schema_build(cx, doc) : NULL;
    return s && ws_gql_validate(cx, s, q, false) ? ws_built(cx, WV_TRUE) : answer(cx, WV_FALSE);
}

/* The two trees of a query that fits its schema, made before either is linked or extended. */
static bool verified(ws_ctx *cx, const wv *args, bool texts, wv *query, wv *schema)
{
    ws_gql_query *q = read_query(cx, &args[0], 0);
    ws_gql_schema_doc *doc = q ? read_schema(cx, &args[1], 1) : NULL;
    if (!doc)
        return false;
    *schema = ws_gql_schema_document(cx, doc);
    const ws_gql_schema *s = wv_defined(*schema) ? ws_gql_schema_build(cx, doc) : NULL;
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

#define SOURCE "any<string, object[any: any]>"

const ws_builtin ws_graphql[] = {
    WS_ROW("graphql.is_valid", "(query: " SOURCE ", schema: " SOURCE ") => (output: boolean)", NULL,
           NULL, 0, fn_is_valid, NULL, NULL, "Whether a GraphQL query fits a schema."),
    WS_ROW("graphql.parse",
           "(query: " SOURCE ", schema: " SOURCE
           ") => (output: array<object[any: any], object[any: any]>)",
           NULL, NULL, 0, fn_parse, NULL, NULL,
           "The trees of a GraphQL query and of the schema it fits."),
    WS_ROW("graphql.parse_and_verify",
           "(query: " SOURCE ", schema: " SOURCE
           ") => (output: array<boolean, object[any: any], object[any: any]>)",
           NULL, NULL, 0, fn_parse_and_verify, NULL, NULL,
           "Whether a GraphQL query fits a schema, with the trees of both."),
    WS_ROW("graphql.parse_query", "(query: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_query, NULL, NULL, "The tree of a GraphQL document."),
    WS_ROW("graphql.parse_schema", "(schema: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_schema, NULL, NULL, "The tree of a GraphQL schema."),
    WS_ROW("graphql.schema_is_valid", "(schema: " SOURCE ") => (output: boolean)", NULL, NULL, 0,
           fn_schema_is_valid, NULL, NULL, "Whether a GraphQL schema keeps the rules of schemas."),
    WS_END,
};
