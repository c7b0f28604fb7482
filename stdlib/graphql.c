/* GraphQL: documents and schemas as trees. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/graphql_parse.h"
#include "stdlib/graphql_schema.h"

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

static wv fn_schema_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    wv document = args[0];
    if (wv_is_string(document)) {
        WS_SPEND(cx, wv_str(&document).n);
        document = ws_gql_parse_schema(cx, wv_str(&args[0]));
        if (cx->error == WS_ERR_BUILTIN) {
            cx->error = WS_ERR_NONE;
            return WV_FALSE;
        }
        if (!wv_defined(document))
            return WV_UNDEFINED;
    }
    if (!wv_is_object(document))
        return WV_FALSE;
    bool valid = ws_gql_schema_valid(cx, document);
    return cx->error == WS_ERR_NONE ? ws_built(cx, wv_bool(valid)) : WV_UNDEFINED;
}

const ws_builtin ws_graphql[] = {
    WS_ROW("graphql.parse_query", "(query: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_query, NULL, NULL, "The tree of a GraphQL document."),
    WS_ROW("graphql.parse_schema", "(schema: string) => (output: object[any: any])", NULL, NULL, 0,
           fn_parse_schema, NULL, NULL, "The tree of a GraphQL schema."),
    WS_ROW("graphql.schema_is_valid",
           "(schema: any<string, object[any: any]>) => (output: boolean)", NULL, NULL, 0,
           fn_schema_is_valid, NULL, NULL, "Whether a GraphQL schema keeps the rules of schemas."),
    WS_END,
};
