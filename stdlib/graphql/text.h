/* Nodes as error messages show them. Internal to stdlib/graphql. */
#ifndef WRIT_STDLIB_GRAPHQL_TEXT_H
#define WRIT_STDLIB_GRAPHQL_TEXT_H

#include "stdlib/graphql/ast.h"

/* "[Int!]!" */
void ws_gql_put_type(wb_buf *b, const ws_gql_type *type);
/* The same as text in the arena. */
wb_str ws_gql_type_text(ws_ctx *cx, const ws_gql_type *type);
/* The name below all lists. */
wb_str ws_gql_type_name(const ws_gql_type *type);
/* `{a:[1,"x"],b:$v}` */
void ws_gql_put_value(wb_buf *b, const ws_gql_value *value);

/* Of the names in options (wb_str) those that look like typed: " Did you mean \"a\" or \"b\"?"
 * after prefix " Did you mean". Nothing when none does. */
void ws_gql_put_suggestion(ws_ctx *cx, wb_buf *b, const char *prefix, wb_str typed,
                           const ws_gql_list *options, bool quoted);
/* `"a", "b", or "c"`: at most five. */
void ws_gql_put_choice(wb_buf *b, const ws_gql_list *names, bool quoted);

#endif
