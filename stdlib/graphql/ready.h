/* Operands made ready once: the schema of a constant, or of text that a session met before.
 *
 * What is ready lives in an arena of its own and is never changed: calls link their own query to
 * it, and make the documents that policies see anew, since those belong to the evaluation. */
#ifndef WRIT_STDLIB_GRAPHQL_READY_H
#define WRIT_STDLIB_GRAPHQL_READY_H

#include "stdlib/graphql/schema.h"

typedef struct ws_gql_ready {
    wb_arena arena;
    const ws_gql_query *query;    /* of a constant, neither linked nor changed; or NULL */
    const ws_gql_schema_doc *doc; /* the schema's tree, not extended; or NULL */
    const ws_gql_schema *schema;  /* checked, with all its tables; or NULL */
    bool fits;                    /* the query fits the schema */
    int64_t units;                /* fuel that making it took */
} ws_gql_ready;

/* What is constant of a query and a schema (either may be undefined), as the calls need it: `built`
 * asks for the schema itself, else for its tree alone. NULL: nothing is constant, or all that is is
 * wrong, which the call then tells. */
ws_gql_ready *ws_gql_ready_new(wv query, wv schema, bool built);
void ws_gql_ready_free(void *ready);

/* The schema of a text from the session's cache, made when it is not there. NULL: it is no text, it
 * is wrong or too large, and the call goes on without; or the call's error is set. It costs the
 * same fuel whether it was there or not, and stays until the next is put. */
const ws_gql_ready *ws_gql_ready_get(ws_ctx *cx, const wv *schema);

#endif
