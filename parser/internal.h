/* What the files of parser/ share; nobody else includes it.
 *
 * The way of a text: lexer.l cuts it into raw tokens (words are still words); scan.c links
 * brackets, decides what each bracket opens and hands the grammar one token at a time, switching
 * keywords and inserting line ends where they part expressions; grammar.y calls the constructors of
 * build.c, head.c and imports.c; check.c looks at the whole module. A text that one of them refuses
 * is read again by explain*.c, which say what is wrong with it. */
#ifndef WRIT_PARSER_INTERNAL_H
#define WRIT_PARSER_INTERNAL_H

#include "parser/parse.h"

#define WP_TOKENS_MAX ((uint32_t)1 << 24) /* of one text: their array stays under 512 MB */
#define WP_NONE       UINT32_MAX

/* Bytes of the text that a grammar symbol covers, and where its first token stands. */
typedef struct wp_span {
    uint32_t off, end, row, col;
} wp_span;

typedef struct wp_vec {
    void **p;
    uint32_t n, cap;
} wp_vec;

/* Raw tokens: a byte for single characters, else one of these. */
enum wp_raw {
    WP_RAW_EOF = 128,
    WP_RAW_WORD,
    WP_RAW_NUMBER,
    WP_RAW_STRING,
    WP_RAW_RAW_STRING,
    WP_RAW_TPART,     /* piece of a template string that ends with { */
    WP_RAW_TEND,      /* last piece */
    WP_RAW_RAW_TPART, /* the same in back quotes */
    WP_RAW_RAW_TEND,
    WP_RAW_ASSIGN,
    WP_RAW_EQ,
    WP_RAW_NE,
    WP_RAW_LE,
    WP_RAW_GE,
    WP_RAW_ILLEGAL
};

enum {
    WP_TF_NL = 1,     /* a line end stands before it */
    WP_TF_BLANK = 2,  /* a blank, a comment or a line end stands before it */
    WP_TF_HOLE = 4,   /* } that ends a hole of a template string */
    WP_TF_COMMENT = 8 /* a comment stands before it */
};                    /* } that ends a hole of a template string */

typedef struct wp_token {
    uint8_t raw;
    uint8_t flags;
    uint8_t word;    /* WP_RAW_WORD: which keyword it may be, WP_W_... */
    uint8_t problem; /* WP_RAW_ILLEGAL: wp_scan_problem */
    uint32_t off, end, row, col;
    uint32_t match; /* brackets: index of the other one, or WP_NONE */
} wp_token;

/* Words that are keywords somewhere. The future ones have a WP_KW_ bit. */
#define WP_WORD_MAP(X)                                                                             \
    X(PACKAGE, "package", 0)                                                                       \
    X(IMPORT, "import", 0)                                                                         \
    X(AS, "as", 0)                                                                                 \
    X(DEFAULT, "default", 0)                                                                       \
    X(ELSE, "else", 0)                                                                             \
    X(NOT, "not", 0)                                                                               \
    X(SOME, "some", 0)                                                                             \
    X(WITH, "with", 0)                                                                             \
    X(NULL, "null", 0)                                                                             \
    X(TRUE, "true", 0)                                                                             \
    X(FALSE, "false", 0)                                                                           \
    X(IN, "in", WP_KW_IN)                                                                          \
    X(EVERY, "every", WP_KW_EVERY)                                                                 \
    X(IF, "if", WP_KW_IF)                                                                          \
    X(CONTAINS, "contains", WP_KW_CONTAINS)                                                        \
    X(AND, "and", WP_KW_AND)                                                                       \
    X(OR, "or", WP_KW_OR)

enum wp_word {
    WP_W_NONE,
#define X(name, text, bit) WP_W_##name,
    WP_WORD_MAP(X)
#undef X
        WP_W_COUNT
};

#define WP_KW_V0_FUTURE (WP_KW_IN | WP_KW_EVERY | WP_KW_IF | WP_KW_CONTAINS)
#define WP_KW_V1_FUTURE (WP_KW_NOT | WP_KW_AND | WP_KW_OR)

#define WP_PROBLEM_MAP(X)                                                                          \
    X(TOKEN, "illegal token")                                                                      \
    X(BANG, "illegal ! character")                                                                 \
    X(DOLLAR, "illegal $ character")                                                               \
    X(FRACTION, "expected fraction")                                                               \
    X(EXPONENT, "expected exponent")                                                               \
    X(NUMBER, "illegal number format")                                                             \
    X(UNTERMINATED, "non-terminated string")                                                       \
    X(ESCAPE, "illegal escape sequence")                                                           \
    X(NUL, "illegal null character")                                                               \
    X(UTF8, "illegal utf-8 character")                                                             \
    X(BOM, "illegal byte-order mark")                                                              \
    X(NBSP, "illegal non-breaking space character, use a regular space instead")

enum wp_problem {
#define X(name, text) WP_P_##name,
    WP_PROBLEM_MAP(X)
#undef X
};

/* What an open bracket holds; one entry per open bracket, entry 0 stands for the text itself. */
typedef enum wp_open_kind {
    WP_O_TEXT,
    WP_O_BODY,
    WP_O_ARRAY,
    WP_O_ARRAY_COMP,
    WP_O_SET,
    WP_O_OBJECT,
    WP_O_SET_COMP,
    WP_O_OBJECT_COMP,
    WP_O_PAREN,
    WP_O_GROUP,
    WP_O_CALL,
    WP_O_INDEX,
    WP_O_HOLE
} wp_open_kind;

typedef struct wp_open {
    uint8_t kind;
    bool body;       /* line ends part expressions here */
    bool every;      /* the next { after a term opens the body of an every */
    bool logic;      /* the statement holds `and` or `or` */
    bool no_operand; /* the statement is `some` or `every`, or a `with` ends what `and` and `or`
                        joined: `and(` on a line behind it is a call */
    bool with;       /* a `with` still lacks its `as` */
    bool pair;       /* behind the comma of `k, v in xs`, if `in` follows */
    uint32_t chain;  /* operators and refs since the last separator: height of the tree to come */
    uint32_t token;
} wp_open;

typedef struct wp_late {
    wp_loc loc;
    const char *message;
    uint32_t statement; /* index, when a missing keyword may be the cause; else WP_NONE */
} wp_late;

typedef struct wp_parser {
    wb_arena *arena;
    wp_diags *diags;
    wp_options options;
    wp_file file;
    bool query;
    bool failed;
    bool stop;       /* nothing more is read */
    bool limit;      /* a limit of ours was met */
    wp_loc fault_at; /* where the grammar refused the text, and why */
    const char *fault;
    uint32_t reported;       /* diagnostics that were there before */
    uint32_t read_to;        /* byte that the explainer came to */
    uint32_t first_keywords; /* WP_KW_ that are on before the first import */
    bool head_open;          /* inside what may be a rule's head: `contains` is a keyword */
    bool default_head;       /* that head follows `default` */
    uint32_t head_word;      /* token of its first name */
    bool in_else;            /* the last rule word was else: { behind its if is a body */
    uint8_t path_of;         /* WP_W_IMPORT, WP_W_PACKAGE: behind that word */
    bool doubt; /* the text is odd enough to ask the explainer, though the grammar took it */

    wp_token *tokens;
    uint32_t n_tokens, cap_tokens;
    uint32_t next;     /* token that the grammar gets next */
    uint32_t at;       /* token that the grammar got last */
    uint32_t prev_end; /* end of the token before */
    int start;         /* pseudo token to begin with, or 0 */
    int prev;          /* grammar token given last */
    bool nl_given;     /* the line end before `next` was given */
    uint32_t keywords; /* WP_KW_ that are on */
    uint32_t pending;  /* WP_KW_ that go on when `pending_at` is next */
    uint32_t pending_at;
    uint8_t closed; /* kind of the bracket closed last */
    wp_open *open;
    uint32_t n_open, cap_open;
    uint32_t n_holes; /* open ones of template strings */
    uint32_t depth;   /* open brackets and their chains together */
    uint32_t wildcards;
    uint32_t head_wildcards; /* `_` arguments of the rule at hand: its else and further bodies get
                                new ones */

    wp_vec comments; /* wp_comment * */
    wp_vec rules, imports;
    wp_vec statements; /* wp_statement * */
    wp_vec late;       /* wp_late *: errors of statements that read well */
    wp_term *package;
    wp_loc package_loc;
    wp_span first; /* first statement, when it is no package */
    uint32_t n_statements;
    bool rego_v1, rego_v2;
    wp_vec query_body; /* of a query */
} wp_parser;

/* lexer.l */
bool wp_lex(wp_parser *p);

/* scan.c */
void wp_scan_link(wp_parser *p);
void wp_scan_begin(wp_parser *p);
/* Called when a statement is complete. */
void wp_scan_statement(wp_parser *p);
wp_loc wp_loc_of(const wp_parser *p, wp_span s);
wp_span wp_token_span(const wp_parser *p, uint32_t i);
/* The token that begins at or after a byte; the end of the last token before a byte. */
uint32_t wp_token_at(const wp_parser *p, uint32_t offset);
uint32_t wp_token_before(const wp_parser *p, uint32_t offset);
static inline uint32_t wp_term_end(wp_loc l)
{
    return l.offset + l.len;
}
bool wp_ends_term(int grammar_token);
bool wp_word_active(const wp_parser *p, const wp_token *t);
/* A word of WP_WORD_MAP and its WP_KW_ bit. */
const char *wp_word_text(uint8_t word);
uint32_t wp_word_bit(uint8_t word);
static inline wb_str wp_token_text(const wp_parser *p, uint32_t i)
{
    return wb_str_n(p->file.text.p + p->tokens[i].off, p->tokens[i].end - p->tokens[i].off);
}
static inline uint32_t wp_span_len(wp_span s)
{
    return s.end - s.off;
}

/* explain_text.c: reads the text again and reports what is wrong with it; with_late: also what is
 * wrong with statements that read well. False when it finds nothing to report. */
bool wp_explain(wp_parser *p, bool with_late);

/* report.c */
/* "[ token", "if keyword": how OPA calls token i. */
const char *wp_token_name(wp_parser *p, uint32_t i);
void wp_syntax_error(wp_parser *p, uint32_t token);
void wp_syntax_error_note(wp_parser *p, wp_span token, const char *note);
/* An error of a statement that reads well but cannot stand there: reported when all is read. */
void wp_late_fail(wp_parser *p, const wp_expr *e, const char *message);
void wp_late_at(wp_parser *p, wp_loc loc, const char *message);
/* The text is refused: the first refusal is kept, nothing more is read. */
void wp_parse_fail(wp_parser *p, wp_loc loc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void wp_limit_fail(wp_parser *p, wp_loc loc, const char *message);

/* compare.c: the distinct members of a set, all pairs of an object (also of equal keys), in order;
 * freed with free() */
wp_term **wp_sorted_terms(const wp_term *set, uint32_t *n);
wp_pair *wp_sorted_pairs(const wp_term *object, uint32_t *n);

/* print.c */
/* The sign of an infix operator's ref, or NULL. */
const char *wp_infix_sign(const wp_term *op);
void wp_ref_put(wb_buf *b, wp_term *const *items, uint32_t n);

/* build.c */
void wp_vec_add(wp_parser *p, wp_vec *v, void *item);
wp_term *wp_new_term(wp_parser *p, wp_term_kind kind, wp_span s);
wp_term *wp_new_var(wp_parser *p, wp_span s);
wb_str wp_new_wildcard(wp_parser *p, uint32_t number);
wp_term *wp_new_scalar(wp_parser *p, wp_term_kind kind, wv value, wp_span s);
wp_term *wp_new_number(wp_parser *p, wp_span s, wp_span digits, const char *prefix);
wp_term *wp_new_string(wp_parser *p, wp_span s, bool raw);
/* Decodes the escapes of a quoted string or piece of a template; false when JSON would refuse. */
bool wp_unescape(wp_parser *p, wb_str s, bool template, wv *out);
wp_term *wp_new_key(wp_parser *p, wp_span s);
wp_term *wp_new_list(wp_parser *p, wp_term_kind kind, wp_vec items, wp_span s);
wp_term *wp_new_object(wp_parser *p, wp_vec pairs, wp_span s);
wp_term *wp_new_comp(wp_parser *p, wp_term_kind kind, wp_term *key, wp_term *value, wp_vec body,
                     wp_span s);
wp_term *wp_new_infix(wp_parser *p, const char *name, wp_span op, wp_term *l, wp_term *r,
                      wp_span s);
wp_term *wp_new_member(wp_parser *p, wp_span op, wp_term *k, wp_term *l, wp_term *r, wp_span s);
wp_term *wp_ref_step(wp_parser *p, wp_term *head, wp_term *step, wp_span head_span, wp_span s);
wp_term *wp_ref_call(wp_parser *p, wp_term *head, wp_vec args, wp_span head_span, wp_span paren,
                     wp_span s);
wp_term *wp_ref_done(wp_parser *p, wp_term *t);
wp_term *wp_new_minus(wp_parser *p, wp_term *t, wp_span op, wp_span s);
wp_term *wp_in_parens(wp_parser *p, wp_term *t, wp_span s);
wp_term *wp_new_template(wp_parser *p, wp_vec parts, bool raw, wp_span s);
/* What a piece of a template string holds between its signs. */
wb_str wp_template_inner(const wp_parser *p, wp_span s);
wp_expr *wp_template_text(wp_parser *p, wp_span s, bool raw);
wp_pair *wp_new_pair(wp_parser *p, wp_term *key, wp_term *value);
wp_expr *wp_new_expr(wp_parser *p, wp_expr_kind kind, wp_span s);
wp_expr *wp_term_expr(wp_parser *p, wp_term *t, wp_span s);
wp_expr *wp_assign_expr(wp_parser *p, const char *name, wp_span op, wp_term *l, wp_term *r,
                        wp_span s);
wp_expr *wp_some_expr(wp_parser *p, wp_vec list, wp_vec domains, wp_span s);
wp_expr *wp_every_expr(wp_parser *p, wp_term *in, wp_vec body, wp_span after, wp_span s);
/* An operand of and, or, not: a body; one expression where no braces were written. */
typedef struct wp_operand {
    wp_expr *expr; /* NULL when braces were written */
    wp_span at;    /* where OPA says that it stands */
    bool group;    /* stood in parentheses */
    wp_expr *lead; /* what the `not` it begins with holds; NULL behind a parenthesis */
    bool lead_group;
    wp_body body;
} wp_operand;

wp_operand *wp_operand_of(wp_parser *p, wp_expr *e, wp_span at);
wp_operand *wp_operand_body(wp_parser *p, wp_vec exprs, wp_span at);
wp_operand *wp_negate(wp_parser *p, wp_operand *o, wp_span s);
wp_operand *wp_logic(wp_parser *p, wp_expr_kind kind, wp_operand *l, wp_operand *r, wp_span s);
/* Parentheses around it. */
wp_operand *wp_group(wp_operand *o, wp_span s);
wp_expr *wp_finish_expr(wp_parser *p, wp_expr *e, wp_vec with, wp_span s);
wp_expr *wp_finish_literal(wp_parser *p, const wp_operand *o, wp_vec with, wp_span s);
wp_expr *wp_template_hole(wp_parser *p, wp_expr *e, wp_span s);
wp_with *wp_new_with(wp_parser *p, wp_term *target, wp_term *value, wp_span s);
wp_body wp_new_body(wp_parser *p, wp_vec exprs);
bool wp_is_infix(const wp_term *call);
bool wp_ref_is(const wp_term *ref, const char *a, const char *b);
bool wp_term_ground(const wp_term *t);
wb_str wp_string_of(const wp_term *t);

/* copy.c */
wp_term *wp_copy_term(wp_parser *p, const wp_term *t);
wp_term **wp_copy_terms(wp_parser *p, wp_term **items, uint32_t n);
void wp_move_term(wp_term *t, wp_loc loc);
void wp_move_body(wp_body b, wp_loc loc);

/* head.c: statements of a module */
typedef struct wp_else {
    wp_term *value;
    bool assign, has_if, has_body;
    uint32_t wildcard; /* first wildcard of its arguments */
    wp_vec body;
    wp_span span, head_span;
    bool one; /* body is one literal without braces */
} wp_else;

typedef struct wp_chain {
    wp_vec body;
    wp_span span;
    uint32_t wildcard;
} wp_chain;

/* The name a statement begins with, for hints at keywords that were not imported. */
typedef struct wp_statement {
    wb_str name;
    uint32_t row;
} wp_statement;

typedef struct wp_tail {
    bool has_if, has_body, one;
    wp_vec body;
    wp_vec elses, chains;
    wp_span if_span;
} wp_tail;

void wp_add_rule(wp_parser *p, wp_expr *head, wp_term *key, wp_tail *tail, wp_span head_span,
                 wp_span rule_span);
void wp_add_default(wp_parser *p, wp_expr *head, wp_span keyword, wp_span head_span);
void wp_add_statement(wp_parser *p, wp_vec exprs, wp_span s);
void wp_set_package(wp_parser *p, wp_term *path, wp_span keyword);
void wp_note_head(wp_parser *p, const wp_expr *head);
/* Makes a rule of a statement without body, or notes why it cannot be one. first: the package is
 * missing, which is reported instead. */
void wp_judge_statement(wp_parser *p, const wp_body *body, bool first);
void wp_note_statement(wp_parser *p, wb_str name, uint32_t row);
/* What follows the head behind an `if` or a brace at s. */
wp_tail *wp_new_tail(wp_parser *p, wp_span s);
wp_else *wp_new_else(wp_parser *p, wp_span s);
wp_chain *wp_new_chain(wp_parser *p, wp_span s);

/* What a default value must not hold: the kind of the first such term; else NULL. */
const char *wp_default_problem(const wp_term *t);
/* Whether the operator names a built-in function that no rule may be called. */
bool wp_is_builtin(const wp_parser *p, const wp_term *op);

/* imports.c */
void wp_add_import(wp_parser *p, wp_term *path, wp_term *alias, wp_span keyword, wp_span alias_span,
                   wp_span path_span);
bool wp_is_keyword(wb_str word, wp_version version);

/* check.c: what can be said when the whole module is read */
void wp_check_module(wp_parser *p, wp_module *m);

/* metadata_yaml.c: the fields of a block, each of its type, into *out. Answers NULL or, in YAML's
 * words, why the text has none. */
const char *wp_metadata_fields(wb_arena *a, wb_str text, wv *out);

/* metadata.c: the blocks with what they say (into m->blocks), then what each belongs to. Both
 * report what is wrong and set p->failed. */
void wp_read_metadata(wp_parser *p, wp_module *m);
void wp_attach_metadata(wp_parser *p, wp_module *m);

#endif
