/* Trees as documents that policies see, and back. Internal to stdlib/graphql.
 *
 * A document has the members that OPA's have. Absent lists, nulls and empty objects are left out;
 * places in the text and links are not shown.
 *
 * Reading takes what Go's JSON decoder would take of such a document: unknown members are passed
 * over, names in another case count (but not in operations, fragments and fields), and a wrong type
 * is an error. All selections read as fields where they can. */
#ifndef WRIT_STDLIB_GRAPHQL_TREE_H
#define WRIT_STDLIB_GRAPHQL_TREE_H

#include "stdlib/graphql/ast.h"

/* The document, or undefined (over budget; the error is set). */
wv ws_gql_query_document(ws_ctx *cx, const ws_gql_query *query);
wv ws_gql_schema_document(ws_ctx *cx, const ws_gql_schema_doc *schema);

/* The tree of an object, or NULL and an error of the call. */
ws_gql_query *ws_gql_query_of(ws_ctx *cx, wv document);
ws_gql_schema_doc *ws_gql_schema_of(ws_ctx *cx, wv document);

#endif
