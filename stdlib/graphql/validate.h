/* Whether a query fits a schema. Internal to stdlib/graphql. */
#ifndef WRIT_STDLIB_GRAPHQL_VALIDATE_H
#define WRIT_STDLIB_GRAPHQL_VALIDATE_H

#include "stdlib/graphql/schema.h"

/* Writes links into the query. True: no rule is broken. False: the error of the call is set; with
 * `texts` it tells all that is wrong, otherwise the first mistake ends the work and the text is
 * empty. A budget that runs out is such an error too: look at its kind. */
bool ws_gql_validate(ws_ctx *cx, const ws_gql_schema *s, ws_gql_query *query, bool texts);

#endif
