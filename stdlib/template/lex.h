/* Tokens of templates. Internal to stdlib/template. */
#ifndef WRIT_STDLIB_TEMPLATE_LEX_H
#define WRIT_STDLIB_TEMPLATE_LEX_H

#include "base/buf.h"
#include "base/str.h"

typedef enum wt_token_kind {
    WT_T_ERROR,
    WT_T_BOOL,
    WT_T_CHAR, /* a sign that means nothing by itself; the comma */
    WT_T_RUNE, /* 'c' */
    WT_T_COMPLEX,
    WT_T_ASSIGN,
    WT_T_DECLARE,
    WT_T_EOF,
    WT_T_FIELD,
    WT_T_IDENTIFIER,
    WT_T_OPEN, /* {{ */
    WT_T_LEFT,
    WT_T_NUMBER,
    WT_T_PIPE,
    WT_T_RAW,
    WT_T_CLOSE, /* }} */
    WT_T_RIGHT,
    WT_T_SPACE,
    WT_T_STRING,
    WT_T_TEXT,
    WT_T_VARIABLE,
    WT_T_KEYWORD, /* all behind it are words */
    WT_T_BLOCK,
    WT_T_BREAK,
    WT_T_CONTINUE,
    WT_T_DOT,
    WT_T_DEFINE,
    WT_T_ELSE,
    WT_T_END,
    WT_T_IF,
    WT_T_NIL,
    WT_T_RANGE,
    WT_T_TEMPLATE,
    WT_T_WITH
} wt_token_kind;

typedef struct wt_token {
    wt_token_kind kind;
    size_t at;
    size_t line;
    wb_str text; /* of an error: what is wrong */
} wt_token;

typedef struct wt_lexer {
    wb_str in;
    size_t at, start;
    size_t line, start_line;
    unsigned parens;
    bool inside; /* of an action */
    wb_buf error;
} wt_lexer;

void wt_lex_begin(wt_lexer *l, wb_str text);
void wt_lex_end(wt_lexer *l);
/* Behind an error and at the end it answers the same again. */
wt_token wt_lex_next(wt_lexer *l);

#endif
