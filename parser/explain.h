/* What the files of the explainer share (explain*.c).
 *
 * grammar.y decides whether a text is Rego; when it refuses one, the explainer reads the tokens
 * again from the left, the way the reference reads, and says what was missed and where. It goes on
 * behind a mistake where the reference does, tries a second reading where the reference has one,
 * and forgets what an abandoned reading reported. Nothing it builds goes into a tree.
 *
 * Words
 *  - *gap*: the blanks and comments before a token. Where blanks matter, the reader stands in the
 *    gap first: then the token is WP_X_BLANK.
 *  - *reading*: one attempt; a wp_x_state remembers where it began, with the errors up to there.
 *
 * Bounds: WP_X_STEPS tokens are looked at for each token of the text and WP_X_DEPTH terms and
 * bodies stand inside each other; past either the explainer gives up (`lost`), and the grammar's
 * own report is used. */
#ifndef WRIT_PARSER_EXPLAIN_H
#define WRIT_PARSER_EXPLAIN_H

#include "parser/internal.h"

/* Each level of nesting takes about a dozen small frames: 1 MB of stack in all. */
#define WP_X_DEPTH 800
/* Second readings of nested brackets can multiply; a text with a plain mistake needs about ten. */
#define WP_X_STEPS   200
#define WP_X_REPORTS 100 /* of one text */

/* Tokens: raw ones, and for words these. */
enum {
    WP_X_IDENT = WP_RAW_WORD,
    WP_X_ILLEGAL = WP_RAW_ILLEGAL,
    WP_X_BLANK = 160,
    WP_X_WORD = 180 /* + WP_W_...: a word that is a keyword here */
};
#define X_TOKEN(name) (WP_X_WORD + WP_W_##name)

typedef struct wp_x_error {
    const struct wp_x_error *before;
    wp_loc loc;
    const char *message;
} wp_x_error;

typedef struct wp_x_hint {
    const struct wp_x_hint *before;
    const char *text;
} wp_x_hint;

typedef struct wp_x_state {
    uint32_t at;       /* the token stood on, or the one behind the gap */
    uint8_t token;     /* what it is taken for */
    bool newline;      /* a line end stands before it */
    bool in_gap;       /* stands before tokens[at] */
    wp_loc loc;        /* of what is stood on */
    uint32_t last_end; /* end of the last token that is no blank */
    const wp_x_error *errors;
    const wp_x_hint *hints;
    const wp_x_error *late; /* errors of statements that read well */
} wp_x_state;

/* A term that was read at an offset, and what came after: second readings take it from here. */
typedef struct wp_x_memo {
    uint32_t offset;
    wp_term *term;
    wp_x_state after;
} wp_x_memo;

typedef struct wp_x {
    wp_parser *p;
    wp_x_state s;
    uint32_t keywords; /* WP_KW_ bits; WP_KW_NOT: `not` is a keyword, as it is without an import */
    bool not_bodies;   /* `not` takes a body */
    bool v1;           /* the rules of Rego v1 hold */
    bool judging;      /* statements that read well are judged as well */
    uint32_t n_statements;
    wb_str name;     /* of the rule read last */
    wp_x_memo *memo; /* offsets rise */
    uint32_t n_memo, cap_memo, first_memo;
    uint32_t depth;
    uint64_t steps;
    bool lost;
} wp_x;

/* explain.c: the reader */
void wp_x_scan(wp_x *x);  /* to the next token */
void wp_x_touch(wp_x *x); /* to the next token or the gap before it */
/* The token that a touch would come to; the reader stays. */
int wp_x_peek(wp_x *x);
bool wp_x_enter(wp_x *x);
void wp_x_leave(wp_x *x);
void wp_x_error_at(wp_x *x, wp_loc loc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "unexpected TOKEN: note" where the reader stands. */
void wp_x_illegal(wp_x *x, const char *note, ...) __attribute__((format(printf, 2, 3)));
void wp_x_hint_add(wp_x *x, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the token is a word that a reference may hold, though it is a keyword. */
bool wp_x_ref_word(const wp_x *x, int token);
/* A keyword that a dot or bracket touches is a name: the reader takes it so. */
bool wp_x_word_as_name(wp_x *x);
wp_span wp_x_here(const wp_x *x); /* the token stood on, and its text */
wb_str wp_x_text(const wp_x *x);

void wp_x_begin(wp_x *x); /* to the first token */

/* explain_text.c: a reading in which all words of the future are keywords, and its end */
typedef struct wp_x_future {
    uint32_t keywords, first_memo, n_memo;
} wp_x_future;
wp_x_future wp_x_future_begin(wp_x *x);
void wp_x_future_end(wp_x *x, wp_x_future f);

/* explain_term.c */
wp_term *wp_x_term(wp_x *x);
wp_term *wp_x_infix(wp_x *x);   /* with `k, v in xs` */
wp_term *wp_x_in_list(wp_x *x); /* without */
wp_term *wp_x_var(wp_x *x);
wp_term *wp_x_ref(wp_x *x, wp_term *head);
/* 2, 3 for calls of internal.member_2 and _3, else 0. */
int wp_x_member(const wp_term *t);

/* explain_expr.c: bodies and what they hold. False, NULL: it cannot be read. */
bool wp_x_body(wp_x *x, int end, wp_body *out);
bool wp_x_query(wp_x *x, bool semicolons, int end, wp_body *out);
wp_expr *wp_x_literal(wp_x *x);
wp_expr *wp_x_expr(wp_x *x); /* without not, with, some, every */
wp_expr *wp_x_every(wp_x *x);
bool wp_x_negated(wp_x *x); /* whether `not` stands here, and is no name */
bool wp_x_with(wp_x *x, wp_expr *e);

/* explain_rule.c */
bool wp_x_keyword_as_name(wp_x *x, bool is_default); /* reports it when so */
const char *wp_x_printed(wp_x *x, const wp_term *t);
/* A rule with `if`, a body or `contains`, or a default rule. False without an error: something else
 * stands here. */
bool wp_x_rule(wp_x *x);
/* What is wrong with a statement that reads well; reported when all of the text reads well. */
void wp_x_late(wp_x *x, wp_loc loc, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* explain_logic.c: and, or, not with braces and parentheses */
typedef struct wp_x_operand {
    wp_body body;
    bool braces;
    wp_loc loc;
} wp_x_operand;
bool wp_x_logical(const wp_x *x); /* whether `and` or `or` is a keyword */
bool wp_x_at_logical(const wp_x *x);
/* Each answers NULL or false when an error was reported. */
wp_expr *wp_x_fold(wp_x *x, wp_x_operand left);
wp_expr *wp_x_not_braces(wp_x *x, wp_loc not_loc);
/* Whether ( opens a group; when it does and *ok is false, an error was reported. */
bool wp_x_group(wp_x *x, bool operand, const char *prefix, wp_x_operand *out, bool *ok);
bool wp_x_union_body(const wp_x *x, const wp_body *body);
void wp_x_union_error(wp_x *x, wp_loc loc, const wp_body *body, const char *prefix);
void wp_x_brace_error(wp_x *x, wp_loc loc, wb_str operand, const char *op);
void wp_x_with_error(wp_x *x, wp_loc loc, const char *op);
wp_expr *wp_x_single(wp_x *x, wp_expr_kind kind, wp_loc loc);
static inline wp_x_operand wp_x_operand_of(wp_x *x, wp_expr *e, wp_loc loc)
{
    wp_vec v = {0};
    wp_vec_add(x->p, &v, e);
    return (wp_x_operand){.body = wp_new_body(x->p, v), .loc = loc};
}
static inline wb_str wp_x_since(const wp_x *x, uint32_t offset)
{
    uint32_t end = x->s.last_end > offset ? x->s.last_end : offset;
    return wb_str_n(x->p->file.text.p + offset, end - offset);
}

#endif
