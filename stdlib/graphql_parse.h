/* GraphQL documents as syntax trees. Internal to stdlib.
 *
 * A tree is an object of the shape that OPA answers: named members, with absent lists, nulls and
 * empty objects left out. Errors name line and column, 1-based, counted in code points. */
#ifndef WRIT_STDLIB_GRAPHQL_PARSE_H
#define WRIT_STDLIB_GRAPHQL_PARSE_H

#include "stdlib/context.h"

/* Nesting of selections, values and types: recursion in C stays under 200 kB. */
#define WS_GQL_DEPTH_MAX 500

/* Undefined: the call failed. */
wv ws_gql_parse_query(ws_ctx *cx, wb_str text);
wv ws_gql_parse_schema(ws_ctx *cx, wb_str text);

/* ---- tokens ---- */

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
    size_t line, column;
} ws_gql_token;

typedef struct ws_gql_lexer {
    wb_str text;
    size_t at;         /* byte */
    size_t rune;       /* code points before it */
    size_t line;       /* 1-based */
    size_t line_start; /* code points before the line */
} ws_gql_lexer;

/* The next token; strings are decoded into the context's arena. */
ws_gql_token ws_gql_next(ws_ctx *cx, ws_gql_lexer *l);
/* "{", "Name", "<EOF>" */
const char *ws_gql_kind_text(ws_gql_kind kind);

#endif
