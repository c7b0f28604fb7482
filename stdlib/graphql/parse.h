/* GraphQL text to trees. Internal to stdlib/graphql.
 *
 * NULL: the call failed and cx holds the error: eval_builtin_error with OPA's text for what is no
 * GraphQL, the budget's for a document that is nested too deep or has too many tokens. */
#ifndef WRIT_STDLIB_GRAPHQL_PARSE_H
#define WRIT_STDLIB_GRAPHQL_PARSE_H

#include "stdlib/graphql/ast.h"

ws_gql_query *ws_gql_parse_query(ws_ctx *cx, wb_str text);
ws_gql_schema_doc *ws_gql_parse_schema(ws_ctx *cx, wb_str text);

#endif
