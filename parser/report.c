/* Syntax errors in OPA's words.
 *
 * OPA's parser descends by hand and says in each function what it missed. The generated parser
 * knows the token it could not take; what was open around it and what stood before tell which of
 * OPA's functions would have spoken. */
#include "parser/internal.h"

#include "grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void wp_parse_fail(wp_parser *p, wp_loc loc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text;
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        wb_fatal("no memory for a message");
    if (!p->failed)
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, loc, "%.*s", n, text);
    p->failed = true;
    p->limit = true; /* one mistake, one report: what follows is not judged */
    free(text);
}

static const struct {
    uint8_t raw;
    const char *name;
} raw_names[] = {
    {'+', "plus"},
    {'-', "minus"},
    {'*', "mul"},
    {'/', "div"},
    {'%', "rem"},
    {'&', "and"},
    {'|', "or"},
    {'=', "eq"},
    {'<', "lt"},
    {'>', "gt"},
    {WP_RAW_EOF, "eof"},
    {WP_RAW_NUMBER, "number"},
    {WP_RAW_STRING, "string"},
    {WP_RAW_RAW_STRING, "string"},
    {WP_RAW_TPART, "template-string-part"},
    {WP_RAW_TEND, "template-string-end"},
    {WP_RAW_RAW_TPART, "raw-template-string-part"},
    {WP_RAW_RAW_TEND, "raw-template-string-end"},
    {WP_RAW_ASSIGN, "assign"},
    {WP_RAW_EQ, "equal"},
    {WP_RAW_NE, "neq"},
    {WP_RAW_LE, "lte"},
    {WP_RAW_GE, "gte"},
};

/* "[ token", "if keyword": how OPA calls token i. */
static const char *token_name(wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    if (t->raw == WP_RAW_WORD) {
        wb_str s = wp_token_text(p, i);
        if (wp_word_active(p, t))
            return wb_arena_printf(p->arena, "%.*s keyword", WB_FMT(s));
        return "identifier token";
    }
    for (size_t k = 0; k < sizeof raw_names / sizeof *raw_names; k++)
        if (raw_names[k].raw == t->raw)
            return wb_arena_printf(p->arena, "%s token", raw_names[k].name);
    return wb_arena_printf(p->arena, "%c token", t->raw);
}

void wp_syntax_error_note(wp_parser *p, wp_span s, const char *note)
{
    uint32_t i = wp_token_at(p, s.off);
    wp_loc loc = wp_loc_of(p, wp_token_span(p, i));
    if (*note)
        wp_parse_fail(p, loc, "unexpected %s: %s", token_name(p, i), note);
    else
        wp_parse_fail(p, loc, "unexpected %s", token_name(p, i));
}

uint32_t wp_token_at(const wp_parser *p, uint32_t offset)
{
    uint32_t lo = 0, hi = p->n_tokens - 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (p->tokens[mid].off < offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

uint32_t wp_token_before(const wp_parser *p, uint32_t offset)
{
    uint32_t i = wp_token_at(p, offset);
    return i ? p->tokens[i - 1].end : 0;
}

static const char *after_term(const wp_open *o)
{
    if (o->with)
        return "expected as keyword";
    if (o->every)
        return o->has_in ? "missing body" : "expected `x[, y] in xs { ... }` expression";
    if (o->body)
        return o->kind == WP_O_ARRAY_COMP ? "expected \\n or ; or ]" : "expected \\n or ; or }";
    switch (o->kind) {
    case WP_O_ARRAY: return "expected \",\" or \"]\"";
    case WP_O_SET: return o->commas ? "expected \",\" or \"}\"" : "non-terminated set";
    case WP_O_OBJECT:
        if (!o->commas)
            return o->colon ? "non-terminated object" : "non-terminated set";
        return o->colon ? "expected \",\" or \"}\"" : "expected \":\"";
    case WP_O_CALL: return "expected \",\" or \")\"";
    case WP_O_INDEX: return "expected [";
    default: return "";
    }
}

static const char *before_term(const wp_parser *p, const wp_token *t)
{
    switch (p->before) {
    case T_DOT: return "expected identifier";
    case T_SOME: return "expected var";
    case T_WITH: return "expected ident";
    case T_NEG:
    case '.': return "expected number";
    case T_ELSE: return "expected else value term or rule body";
    case T_AS:
        return p->before_open.kind == WP_O_TEXT && !p->before_open.chain ? "expected var" : "";
    case T_NOT:
        if (t->word == WP_W_SOME && t->raw == WP_RAW_WORD)
            return "illegal negation of 'some'";
        if (t->word == WP_W_EVERY && wp_word_active(p, t))
            return "illegal negation of 'every'";
        return "";
    default: return "";
    }
}

/* A plain `in`, `and`, `or` behind an expression: the import is missing. */
static const char *infix_hint(wp_parser *p, uint32_t i)
{
    static const struct {
        uint8_t word;
        const char *text;
    } hints[] = {{WP_W_IN, "`import future.keywords.in` for `x in xs` expressions"},
                 {WP_W_AND, "`import future.keywords.and` for `x and y` expressions"},
                 {WP_W_OR, "`import future.keywords.or` for `x or y` expressions"}};
    const wp_token *t = &p->tokens[i];
    for (size_t k = 0; k < 3 && t->raw == WP_RAW_WORD; k++)
        if (t->word == hints[k].word && !wp_word_active(p, t))
            return wb_arena_printf(p->arena, " (hint: %s)", hints[k].text);
    return "";
}

/* `if := 1`: a keyword where a rule's name is expected. */
static bool names_rule(const wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i], *n = t + 1;
    if (t->raw != WP_RAW_WORD || !wp_word_active(p, t) || p->query ||
        p->before_open.kind != WP_O_TEXT || i + 1 >= p->n_tokens)
        return false;
    bool sets = n->raw == WP_RAW_ASSIGN || n->raw == '=';
    bool heads = n->raw == WP_RAW_WORD && wp_word_active(p, n) &&
                 (n->word == WP_W_IF || n->word == WP_W_CONTAINS);
    switch (t->word) {
    case WP_W_IF:
    case WP_W_IN:
    case WP_W_AS: return sets || heads || n->raw == '(';
    case WP_W_AND:
    case WP_W_OR: return sets || heads;
    default: return false;
    }
}

void wp_syntax_error(wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    const wp_open *o = &p->before_open;
    wp_loc loc = wp_loc_of(p, wp_token_span(p, i));
    bool closes = t->raw == '}' || t->raw == ']';
    wb_str word = wp_token_text(p, i);
    if (names_rule(p, i)) {
        wp_parse_fail(p, loc, "%.*s keyword cannot be used for rule name", WB_FMT(word));
        return;
    }
    if (closes && (p->before == T_BODY || p->before == T_BAR || p->before == T_OPERAND)) {
        wp_parse_fail(p, loc, "found empty body");
        return;
    }
    if (!wp_ends_term(p->before)) {
        wp_syntax_error_note(p, wp_token_span(p, i), before_term(p, t));
        return;
    }
    if (!o->with && !o->every && !o->body && o->kind == WP_O_PAREN) {
        wp_parse_fail(p, loc, "non-terminated expression");
        return;
    }
    if (o->kind == WP_O_HOLE) {
        wp_parse_fail(p, loc, "expected } to end template string expression");
        return;
    }
    if (o->kind == WP_O_TEXT && t->raw == '{' && p->before == '}' && p->in_else) {
        wp_parse_fail(p, loc, "expected else keyword");
        return;
    }
    wp_open_kind kind = o->kind == WP_O_TEXT && t->raw == '{' ? wp_value_kind(p, i) : WP_O_SET;
    if (kind != WP_O_SET && t->match != WP_NONE) {
        wp_parse_fail(p, loc, "%s cannot be used for rule name",
                      kind == WP_O_OBJECT     ? "object"
                      : kind == WP_O_SET_COMP ? "setcomprehension"
                                              : "objectcomprehension");
        return;
    }
    const char *note = after_term(o);
    if (o->body && !o->with && !o->every)
        note = wb_arena_printf(p->arena, "%s%s", note, infix_hint(p, i));
    wp_syntax_error_note(p, wp_token_span(p, i), note);
}

void wp_late_at(wp_parser *p, wp_loc loc, const char *message)
{
    wp_late *l = wb_arena_alloc(p->arena, sizeof *l);
    *l = (wp_late){loc, message, WP_NONE};
    wp_vec_add(p, &p->late, l);
}

void wp_late_fail(wp_parser *p, const wp_expr *e, const char *message)
{
    wp_late_at(p, e->loc, message);
    ((wp_late *)p->late.p[p->late.n - 1])->statement = p->statements.n - 1;
}
