/* Schemas ready for queries. Internal to stdlib/graphql. */
#ifndef WRIT_STDLIB_GRAPHQL_SCHEMA_H
#define WRIT_STDLIB_GRAPHQL_SCHEMA_H

#include "stdlib/graphql/ast.h"

typedef struct ws_gql_schema {
    ws_gql_names types;      /* ws_gql_def */
    ws_gql_names directives; /* ws_gql_directive_def */
    ws_gql_list defs;        /* ws_gql_def, in the order they came; the built-in ones first */
    ws_gql_list directive_defs;
    ws_gql_def *query, *mutation, *subscription; /* or NULL */
} ws_gql_schema;

/* Joins what every schema has with the document, applies its extensions (the document's
 * definitions are changed) and checks the whole. NULL: the error is set; the first that is wrong
 * counts. */
ws_gql_schema *ws_gql_schema_build(ws_ctx *cx, ws_gql_schema_doc *doc);

/* The definition or NULL; names may be anything. */
ws_gql_def *ws_gql_type_def(const ws_ctx *cx, const ws_gql_schema *s, wb_str name);
/* A field of a type, or NULL. */
ws_gql_field_def *ws_gql_field_named(ws_ctx *cx, ws_gql_def *def, wb_str name);
/* A member of a list of ws_gql_field_def, or NULL. */
ws_gql_field_def *ws_gql_argument_named(ws_ctx *cx, const ws_gql_list *list, wb_str name);
/* Whether a list of wb_str has it. */
bool ws_gql_has_text(ws_ctx *cx, const ws_gql_list *list, wb_str text);

/* Whether a value of the one type is taken where the other is expected; non_null stands for the
 * outermost mark of the expected one. */
bool ws_gql_type_fits(const ws_gql_type *type, const ws_gql_type *expected, bool non_null);

static inline bool ws_gql_is_input(const ws_gql_def *def)
{
    return def->is == WS_GQL_K_SCALAR || def->is == WS_GQL_K_ENUM || def->is == WS_GQL_K_INPUT;
}
static inline bool ws_gql_is_leaf(const ws_gql_def *def)
{
    return def->is == WS_GQL_K_SCALAR || def->is == WS_GQL_K_ENUM;
}
static inline bool ws_gql_is_abstract(const ws_gql_def *def)
{
    return def->is == WS_GQL_K_INTERFACE || def->is == WS_GQL_K_UNION;
}
static inline bool ws_gql_is_composite(const ws_gql_def *def)
{
    return def->is == WS_GQL_K_OBJECT || ws_gql_is_abstract(def);
}

#endif
