/* GraphQL: documents and schemas as trees. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/graphql_parse.h"

static wv fn_parse_query(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_SPEND(cx, wv_str(&args[0]).n);
    return ws_gql_parse_query(cx, wv_str(&args[0]));
}

static wv fn_parse_schema(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_SPEND(cx, wv_str(&args[0]).n);
    return ws_gql_parse_schema(cx, wv_str(&args[0]));
}

const ws_builtin ws_graphql[] = {
    WS_ROW("graphql.parse_query", "(query: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_query, NULL, NULL, "The tree of a GraphQL document."),
    WS_ROW("graphql.parse_schema", "(schema: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_schema, NULL, NULL, "The tree of a GraphQL schema."),
    WS_END,
};
