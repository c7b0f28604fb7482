/* What the two grammars share: tokens one ahead, comments, errors, values, types, directives.
 * Internal to the parser.
 *
 * After the first error every function does nothing and answers something empty, so that grammar
 * functions need no checks but in their loops. */
#ifndef WRIT_STDLIB_GRAPHQL_PARSER_H
#define WRIT_STDLIB_GRAPHQL_PARSER_H

#include "stdlib/graphql/lex.h"

typedef struct ws_gql_parser {
    ws_ctx *cx;
    ws_gql_lexer lexer;
    ws_gql_token token, prev;
    bool peeked, failed, gathering;
    ws_gql_comments *comment; /* before the token that is peeked, or NULL */
    unsigned depth, tokens;
} ws_gql_parser;

void gql_start(ws_gql_parser *p, ws_ctx *cx, wb_str text);

/* Zeroed. */
void *gql_node(ws_gql_parser *p, size_t size);
#define GQL_NODE(p, type) ((type *)gql_node((p), sizeof(type)))
void gql_push(ws_gql_parser *p, ws_gql_list *list, void *item);

ws_gql_token gql_peek(ws_gql_parser *p);
ws_gql_token gql_next(ws_gql_parser *p);
bool gql_skip(ws_gql_parser *p, ws_gql_kind kind);
ws_gql_token gql_expect(ws_gql_parser *p, ws_gql_kind kind);
/* Answers the comment before the word. */
ws_gql_comments *gql_keyword(ws_gql_parser *p, const char *word);
bool gql_is_word(ws_gql_parser *p, const char *word);
wb_str gql_name(ws_gql_parser *p);
void gql_fail(ws_gql_parser *p, ws_gql_pos at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void gql_unexpected(ws_gql_parser *p, ws_gql_token t);
/* Enters a nested piece; false when that is too deep. Leave by --p->depth in both cases. */
bool gql_deeper(ws_gql_parser *p);

typedef void *(*gql_item)(ws_gql_parser *p);
/* At least one item between two brackets, or nothing when the first bracket is not there. Answers
 * the comment before the last bracket. */
ws_gql_comments *gql_some(ws_gql_parser *p, ws_gql_kind start, ws_gql_kind end, gql_item item,
                          ws_gql_list *list);

ws_gql_value *gql_value(ws_gql_parser *p, bool constant);
ws_gql_type *gql_type(ws_gql_parser *p);
void gql_arguments(ws_gql_parser *p, bool constant, ws_gql_list *list);
void gql_directives(ws_gql_parser *p, bool constant, ws_gql_list *list);

#endif
