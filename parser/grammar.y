/* The grammar of Rego. It is LALR(1) without conflicts because scan.c hands it distinct tokens where
 * blanks or what comes later decide: T_CALL and T_INDEX touch the term before, T_BODY opens a body
 * where { could open a value, the T_..._COMP brackets hold comprehensions and T_BAR is their bar,
 * T_NL is a line end that parts expressions, T_NEG a minus before a term. What stands before a T_BAR
 * has no operators, or scan.c would not have called it so.
 *
 * A statement of a module begins as an expression: `p[x] := 1` is read as an assignment and turned
 * into a rule head when `if`, `contains` or a body follows, or when it ends. All lists are
 * left-recursive; nesting is bounded by scan.c, and by YYMAXDEPTH behind it.
 *
 * Most of the time goes into productions of one symbol, which a term climbs: so operators of a term
 * are ranked by precedence instead of a level each, what only a few expressions are (operands of
 * and, or, not) has a way of its own, and a semantic value takes two words. */
%define api.pure full
%define api.prefix {wp_yy}
%define api.location.type {wp_span}
%define parse.error custom
%locations
%param {wp_parser *p}
%expect 0

%code requires {
#include "parser/internal.h"
}

%code {
int wp_yylex(WP_YYSTYPE *value, wp_span *span, wp_parser *p);
static void wp_yyerror(const wp_span *span, wp_parser *p, const char *text);

/* One bracket takes at most five places on the stack beside what it holds. */
#define YYMAXDEPTH (WP_DEPTH_MAX * 12)

#define YYLLOC_DEFAULT(Current, Rhs, N)                                                            \
    do {                                                                                           \
        if (N) {                                                                                   \
            (Current) = YYRHSLOC(Rhs, 1);                                                          \
            (Current).end = YYRHSLOC(Rhs, N).end;                                                  \
        } else {                                                                                   \
            (Current) = YYRHSLOC(Rhs, 0);                                                          \
            (Current).off = (Current).end;                                                         \
        }                                                                                          \
    } while (0)

static wp_span from_to(wp_span a, wp_span b)
{
    a.end = b.end;
    return a;
}

/* Where the last token of a term begins: OPA's location text of a ref starts there. */
static wp_span last_of(wp_span s, const wp_term *t)
{
    if (t->kind != WP_VAR || t->parens)
        s.off = s.end - 1;
    return s;
}
}

%union {
    wp_term *term;
    wp_expr *expr;
    wp_vec list;
    wp_tail *tail;
    wp_else *alt;
    wp_operand *operand;
}

%token T_MODULE T_QUERY
%token T_IDENT T_NUMBER T_STRING T_RAW_STRING T_NULL T_TRUE T_FALSE
%token T_PACKAGE T_IMPORT T_AS T_DEFAULT T_ELSE T_NOT T_SOME T_EVERY T_WITH T_IF T_CONTAINS T_IN
%token T_AND T_OR
%token T_ASSIGN T_EQ T_NE T_LE T_GE
%token T_NL T_CALL T_INDEX T_DOT T_NEG T_BODY T_GROUP T_OPERAND T_BAR
%token T_ARRAY_COMP T_SET_COMP T_OBJECT_COMP
%token T_TPART T_TEND T_RAW_TPART T_RAW_TEND T_HOLE_END

%left T_EQ T_NE T_LE T_GE '<' '>'
%left '|'
%left '&'
%left '+' '-'
%left '*' '/' '%'

%type <term> postfix relation infix in_expr kv_expr import_path
%type <list> items items0 pairs args body exprs with_list some_list in_list template template_parts
%type <list> statement_list
%type <expr> no_head literal expr some every hole template_text template_end
%type <operand> condition or_operand and_chain operand no_expr group
%type <tail> rule_tail tail_start chains elses
%type <alt> else_part else_open else_start

%%

start: T_MODULE module
     | T_QUERY query
     ;

module: %empty
      | module statement    { wp_scan_statement(p); }
      ;

statement: T_PACKAGE postfix    { wp_set_package(p, $2, @1); }
         | T_IMPORT import_path { wp_add_import(p, $2, NULL, @1, @2, @2); }
         | T_IMPORT import_path T_AS T_IDENT
                                { wp_add_import(p, $2, wp_new_var(p, @4), @1, @4, @2); }
         | T_DEFAULT expr       { wp_add_default(p, $2, @1, @2); }
         | expr rule_tail       { wp_add_rule(p, $1, NULL, $2, @1, from_to(@1, @2)); }
         | expr T_CONTAINS infix no_head rule_tail
                                { wp_add_rule(p, $1, $3, $5, from_to(@1, @3), from_to(@1, @5)); }
         | expr T_CONTAINS infix
                                {
                                    wp_tail tail = {0};
                                    wp_add_rule(p, $1, $3, &tail, @$, @$);
                                }
         | statement_list       { wp_add_statement(p, $1, @1); }
         ;

/* tail_start looks one place down the stack for the head whose `_` arguments it counts; a rule
 * with `contains` has none. */
no_head: %empty     { $$ = NULL; }
       ;

import_path: postfix
           ;

statement_list: literal     { $$ = (wp_vec){0}; wp_vec_add(p, &$$, $1); }
              | statement_list ';' literal  { $$ = $1; wp_vec_add(p, &$$, $3); }
              ;

/* What follows a rule's head: a body with its else parts or further bodies. */
rule_tail: tail_start
         | elses
         | chains
         ;

tail_start: T_IF literal
                {
                    wp_note_head(p, $<expr>0);
                    $$ = wp_new_tail(p, @1);
                    $$->has_if = $$->one = true;
                    wp_vec_add(p, &$$->body, $2);
                }
          | T_IF T_BODY body '}'
                {
                    wp_note_head(p, $<expr>0);
                    $$ = wp_new_tail(p, @1);
                    $$->has_if = true;
                    $$->body = $3;
                }
          | T_BODY body '}'
                {
                    wp_note_head(p, $<expr>0);
                    $$ = wp_new_tail(p, @1);
                    $$->body = $2;
                }
          ;

elses: tail_start else_part     { $$ = $1; wp_vec_add(p, &$$->elses, $2); }
     | elses else_part          { $$ = $1; wp_vec_add(p, &$$->elses, $2); }
     ;

chains: tail_start T_BODY body '}'
            {
                $$ = $1;
                wp_chain *c = wp_new_chain(p, from_to(@2, @4));
                c->body = $3;
                wp_vec_add(p, &$$->chains, c);
            }
      | chains T_BODY body '}'
            {
                $$ = $1;
                wp_chain *c = wp_new_chain(p, from_to(@2, @4));
                c->body = $3;
                wp_vec_add(p, &$$->chains, c);
            }
      ;

else_part: else_open
         | else_open T_IF literal
                {
                    $$ = $1;
                    $$->has_if = $$->has_body = $$->one = true;
                    wp_vec_add(p, &$$->body, $3);
                    $$->span = @$;
                }
         | else_open T_IF T_BODY body '}'
                {
                    $$ = $1;
                    $$->has_if = $$->has_body = true;
                    $$->body = $4;
                    $$->span = @$;
                }
         | else_open T_BODY body '}'
                {
                    $$ = $1;
                    $$->has_body = true;
                    $$->body = $3;
                    $$->span = @$;
                }
         ;

else_open: else_start           { $$ = $1; $$->head_span = $$->span = @$; }
         | else_start T_ASSIGN infix
                {
                    $$ = $1;
                    $$->head_span = $$->span = @$;
                    $$->value = $3;
                    $$->assign = true;
                }
         | else_start '=' infix
                {
                    $$ = $1;
                    $$->head_span = $$->span = @$;
                    $$->value = $3;
                }
         ;

else_start: T_ELSE              { $$ = wp_new_else(p, @1); }
          ;

query: %empty
     | query_list
     ;

query_list: literal                 { wp_vec v = {0}; wp_vec_add(p, &v, $1); p->query_body = v; }
          | query_list ';' literal  { wp_vec_add(p, &p->query_body, $3); }
          | query_list literal      { wp_vec_add(p, &p->query_body, $2); }
          ;

body: exprs
    ;

exprs: literal              { $$ = (wp_vec){0}; wp_vec_add(p, &$$, $1); }
     | exprs ';' literal    { $$ = $1; wp_vec_add(p, &$$, $3); }
     | exprs T_NL literal   { $$ = $1; wp_vec_add(p, &$$, $3); }
     ;

literal: expr                    { $$ = wp_finish_expr(p, $1, (wp_vec){0}, @$); }
       | expr with_list          { $$ = wp_finish_expr(p, $1, $2, @$); }
       | condition               { $$ = wp_finish_literal(p, $1, (wp_vec){0}, @$); }
       | condition with_list     { $$ = wp_finish_literal(p, $1, $2, @$); }
       | some                    { $$ = wp_finish_expr(p, $1, (wp_vec){0}, @$); }
       | some with_list          { $$ = wp_finish_expr(p, $1, $2, @$); }
       | every                   { $$ = wp_finish_expr(p, $1, (wp_vec){0}, @$); }
       | every with_list         { $$ = wp_finish_expr(p, $1, $2, @$); }
       ;

/* What has an and, or, not: an expression alone is none. */
condition: and_chain
         | expr T_OR or_operand
                { $$ = wp_logic(p, WP_EXPR_OR, wp_operand_of(p, $1, @1), $3, @$); }
         | condition T_OR or_operand    { $$ = wp_logic(p, WP_EXPR_OR, $1, $3, @$); }
         ;

or_operand: expr                        { $$ = wp_operand_of(p, $1, @1); }
          | and_chain
          ;

and_chain: no_expr
         | expr T_AND operand
                { $$ = wp_logic(p, WP_EXPR_AND, wp_operand_of(p, $1, @1), $3, @$); }
         | and_chain T_AND operand      { $$ = wp_logic(p, WP_EXPR_AND, $1, $3, @$); }
         ;

operand: expr                           { $$ = wp_operand_of(p, $1, @1); }
       | no_expr
       ;

no_expr: T_NOT expr                     { $$ = wp_negate(p, wp_operand_of(p, $2, @2), @$); }
       | T_NOT T_OPERAND body '}'       { $$ = wp_negate(p, wp_operand_body(p, $3, @$), @$); }
       | T_OPERAND body '}'             { $$ = wp_operand_body(p, $2, @$); }
       | group
       | T_NOT group                    { $$ = wp_negate(p, $2, @$); }
       ;

group: T_GROUP expr ')'         { $$ = wp_group(wp_operand_of(p, $2, @2), @$); }
     | T_GROUP condition ')'    { $$ = wp_group($2, @$); }
     | T_GROUP expr with_list ')'
            { $$ = wp_group(wp_operand_of(p, wp_finish_expr(p, $2, $3, @2), @2), @$); }
     | T_GROUP condition with_list ')'
            { $$ = wp_group(wp_operand_of(p, wp_finish_literal(p, $2, $3, @2), @2), @$); }
     ;

expr: infix                     { $$ = wp_term_expr(p, $1, @$); }
    | infix T_ASSIGN infix      { $$ = wp_assign_expr(p, "assign", @2, $1, $3, @$); }
    | infix '=' infix           { $$ = wp_assign_expr(p, "eq", @2, $1, $3, @$); }
    ;

with_list: T_WITH postfix T_AS infix
                {
                    $$ = (wp_vec){0};
                    wp_vec_add(p, &$$, wp_new_with(p, $2, $4, @$));
                }
         | with_list T_WITH postfix T_AS infix
                {
                    $$ = $1;
                    wp_vec_add(p, &$$, wp_new_with(p, $3, $5, from_to(@2, @5)));
                }
         ;

some: T_SOME some_list          { $$ = wp_some_expr(p, $2, (wp_vec){0}, @$); }
    | T_SOME some_list in_list  { $$ = wp_some_expr(p, $2, $3, @$); }
    ;

some_list: relation                 { $$ = (wp_vec){0}; wp_vec_add(p, &$$, $1); }
         | some_list ',' relation   { $$ = $1; wp_vec_add(p, &$$, $3); }
         ;

/* The `in`s and their right sides, by turns. */
in_list: T_IN relation
            {
                $$ = (wp_vec){0};
                wp_vec_add(p, &$$, wp_new_term(p, WP_NULL, @1));
                wp_vec_add(p, &$$, $2);
            }
       | in_list T_IN relation
            {
                $$ = $1;
                wp_vec_add(p, &$$, wp_new_term(p, WP_NULL, @2));
                wp_vec_add(p, &$$, $3);
            }
       ;

every: T_EVERY infix T_BODY body '}'    { $$ = wp_every_expr(p, $2, $4, @3, @$); }
     ;

infix: in_expr
     | kv_expr
     ;

kv_expr: relation ',' relation T_IN relation
                                { $$ = wp_new_member(p, @4, $1, $3, $5, @$); }
       | kv_expr T_IN relation  { $$ = wp_new_member(p, @2, NULL, $1, $3, @$); }
       ;

in_expr: relation
       | in_expr T_IN relation  { $$ = wp_new_member(p, @2, NULL, $1, $3, @$); }
       ;

relation: postfix                   { $$ = wp_ref_done(p, $1); }
        | T_NEG postfix             { $$ = wp_new_minus(p, wp_ref_done(p, $2), @1, @2); }
        | relation T_EQ relation    { $$ = wp_new_infix(p, "equal", @2, $1, $3, @$); }
        | relation T_NE relation    { $$ = wp_new_infix(p, "neq", @2, $1, $3, @$); }
        | relation '<' relation     { $$ = wp_new_infix(p, "lt", @2, $1, $3, @$); }
        | relation '>' relation     { $$ = wp_new_infix(p, "gt", @2, $1, $3, @$); }
        | relation T_LE relation    { $$ = wp_new_infix(p, "lte", @2, $1, $3, @$); }
        | relation T_GE relation    { $$ = wp_new_infix(p, "gte", @2, $1, $3, @$); }
        | relation '|' relation     { $$ = wp_new_infix(p, "or", @2, $1, $3, @$); }
        | relation '&' relation     { $$ = wp_new_infix(p, "and", @2, $1, $3, @$); }
        | relation '+' relation     { $$ = wp_new_infix(p, "plus", @2, $1, $3, @$); }
        | relation '-' relation     { $$ = wp_new_infix(p, "minus", @2, $1, $3, @$); }
        | relation '*' relation     { $$ = wp_new_infix(p, "mul", @2, $1, $3, @$); }
        | relation '/' relation     { $$ = wp_new_infix(p, "div", @2, $1, $3, @$); }
        | relation '%' relation     { $$ = wp_new_infix(p, "rem", @2, $1, $3, @$); }
        ;

/* A term and the calls and steps that touch it. */
postfix: postfix T_DOT T_IDENT
                            { $$ = wp_ref_step(p, $1, wp_new_key(p, @3), last_of(@1, $1), @$); }
       | postfix T_INDEX infix ']'
                            { $$ = wp_ref_step(p, $1, $3, last_of(@1, $1), @$); }
       | postfix T_CALL args ')'
                            { $$ = wp_ref_call(p, $1, $3, last_of(@1, $1), @2, @$); }
       | T_IDENT            { $$ = wp_new_var(p, @1); }
       | T_NULL             { $$ = wp_new_scalar(p, WP_NULL, WV_NULL, @1); }
       | T_TRUE             { $$ = wp_new_scalar(p, WP_BOOLEAN, WV_TRUE, @1); }
       | T_FALSE            { $$ = wp_new_scalar(p, WP_BOOLEAN, WV_FALSE, @1); }
       | T_NUMBER           { $$ = wp_new_number(p, @1, @1, ""); }
       | '.' T_NUMBER       { $$ = wp_new_number(p, @1, @2, "."); }
       | T_STRING           { $$ = wp_new_string(p, @1, false); }
       | T_RAW_STRING       { $$ = wp_new_string(p, @1, true); }
       | template           { $$ = wp_new_template(p, $1, false, @1); }
       | '(' infix ')'      { $$ = wp_in_parens(p, $2, @$); }
       | '[' items0 ']'         { $$ = wp_new_list(p, WP_ARRAY, $2, @$); }
       | '{' '}'                { $$ = wp_new_object(p, (wp_vec){0}, @$); }
       | '{' items '}'          { $$ = wp_new_list(p, WP_SET, $2, @$); }
       | '{' items ',' '}'      { $$ = wp_new_list(p, WP_SET, $2, @$); }
       | '{' ',' items '}'      { $$ = wp_new_list(p, WP_SET, $3, @$); }
       | '{' ',' items ',' '}'  { $$ = wp_new_list(p, WP_SET, $3, @$); }
       | '{' pairs '}'          { $$ = wp_new_object(p, $2, @$); }
       | '{' pairs ',' '}'      { $$ = wp_new_object(p, $2, @$); }
       | '{' ',' pairs '}'      { $$ = wp_new_object(p, $3, @$); }
       | '{' ',' pairs ',' '}'  { $$ = wp_new_object(p, $3, @$); }
       | T_ARRAY_COMP relation T_BAR body ']'
                    { $$ = wp_new_comp(p, WP_ARRAY_COMP, NULL, $2, $4, @$); }
       | T_SET_COMP relation T_BAR body '}'
                    { $$ = wp_new_comp(p, WP_SET_COMP, NULL, $2, $4, @$); }
       | T_OBJECT_COMP in_expr ':' relation T_BAR body '}'
                    { $$ = wp_new_comp(p, WP_OBJECT_COMP, $2, $4, $6, @$); }
       ;

items0: %empty          { $$ = (wp_vec){0}; }
      | items
      | items ','
      | ',' items       { $$ = $2; }
      | ',' items ','   { $$ = $2; }
      ;

items: in_expr              { $$ = (wp_vec){0}; wp_vec_add(p, &$$, $1); }
     | items ',' in_expr    { $$ = $1; wp_vec_add(p, &$$, $3); }
     ;

args: %empty        { $$ = (wp_vec){0}; }
    | items
    | items ','
    ;

pairs: in_expr ':' in_expr
            { $$ = (wp_vec){0}; wp_vec_add(p, &$$, wp_new_pair(p, $1, $3)); }
     | pairs ',' in_expr ':' in_expr
            { $$ = $1; wp_vec_add(p, &$$, wp_new_pair(p, $3, $5)); }
     ;

template: template_end      { $$ = (wp_vec){0}; wp_vec_add(p, &$$, $1); }
        | template_parts template_end   { $$ = $1; wp_vec_add(p, &$$, $2); }
        ;

template_end: T_TEND        { $$ = wp_template_text(p, @1, false); }
            | T_RAW_TEND    { $$ = wp_template_text(p, @1, true); }
            ;

template_parts: template_text hole
                    {
                        $$ = (wp_vec){0};
                        wp_vec_add(p, &$$, $1);
                        wp_vec_add(p, &$$, $2);
                    }
              | template_parts template_text hole
                    {
                        $$ = $1;
                        wp_vec_add(p, &$$, $2);
                        wp_vec_add(p, &$$, $3);
                    }
              ;

template_text: T_TPART      { $$ = wp_template_text(p, @1, false); }
             | T_RAW_TPART  { $$ = wp_template_text(p, @1, true); }
             ;

hole: literal T_HOLE_END    { $$ = wp_template_hole(p, $1, @1); }
    ;

%%

static void wp_yyerror(const wp_span *span, wp_parser *p, const char *text)
{
    /* Reached when the stack would pass YYMAXDEPTH; scan.c stops before. */
    wp_limit_fail(p, wp_loc_of(p, *span), "max parsing recursion depth exceeded");
}

static int yyreport_syntax_error(const yypcontext_t *context, wp_parser *p)
{
    (void)context;
    wp_syntax_error(p, p->at);
    return 0;
}
