/* Whether a GraphQL schema makes sense. Internal to stdlib. */
#ifndef WRIT_STDLIB_GRAPHQL_SCHEMA_H
#define WRIT_STDLIB_GRAPHQL_SCHEMA_H

#include "stdlib/context.h"

/* document: a tree as ws_gql_parse_schema makes it, perhaps written by hand. What is not understood
 * is not valid. False also when the budget is gone: then the context holds the error. */
bool ws_gql_schema_valid(ws_ctx *cx, wv document);

#endif
