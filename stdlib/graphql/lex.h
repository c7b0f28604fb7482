/* The tokens of GraphQL. Internal to stdlib/graphql.
 *
 * Lines and columns are 1-based and count code points. Behind a block string a column is counted
 * from the string's start on the line of its end, so it may be below 1. */
#ifndef WRIT_STDLIB_GRAPHQL_LEX_H
#define WRIT_STDLIB_GRAPHQL_LEX_H

#include "stdlib/graphql/ast.h"

typedef enum ws_gql_kind {
    WS_GQL_INVALID,
    WS_GQL_EOF,
    WS_GQL_BANG,
    WS_GQL_DOLLAR,
    WS_GQL_AMP,
    WS_GQL_PAREN_L,
    WS_GQL_PAREN_R,
    WS_GQL_SPREAD,
    WS_GQL_COLON,
    WS_GQL_EQUALS,
    WS_GQL_AT,
    WS_GQL_BRACKET_L,
    WS_GQL_BRACKET_R,
    WS_GQL_BRACE_L,
    WS_GQL_BRACE_R,
    WS_GQL_PIPE,
    WS_GQL_NAME,
    WS_GQL_INT,
    WS_GQL_FLOAT,
    WS_GQL_STRING,
    WS_GQL_BLOCK,
    WS_GQL_COMMENT
} ws_gql_kind;

typedef struct ws_gql_token {
    ws_gql_kind kind;
    wb_str value; /* of names, numbers, strings (decoded) and comments; else empty */
    ws_gql_pos pos;
    const char *error; /* of WS_GQL_INVALID: what is wrong; in the arena */
} ws_gql_token;

typedef struct ws_gql_lexer {
    wb_str text;
    size_t at;         /* byte */
    size_t rune;       /* code points before it */
    size_t line;       /* 1-based */
    size_t line_start; /* code points before the line */
    const char *error; /* of the last token, or NULL */
} ws_gql_lexer;

/* The next token; strings are decoded into the context's arena. */
ws_gql_token ws_gql_next(ws_ctx *cx, ws_gql_lexer *l);
/* "{", "Name", "<EOF>" */
const char *ws_gql_kind_text(ws_gql_kind kind);

#endif
