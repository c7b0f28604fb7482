/* Refusals: the first reason why the grammar or a constructor does not take a text, kept until the
 * explainer has read the text (explain.h), and errors of statements, kept until all is read. */
#include "parser/internal.h"

#include "grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void wp_parse_fail(wp_parser *p, wp_loc loc, const char *format, ...)
{
    va_list args;
    p->stop = true;
    if (p->failed)
        return;
    p->failed = true;
    p->fault_at = loc;
    va_start(args, format);
    char *text;
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        wb_fatal("no memory for a message");
    p->fault = wb_arena_dup(p->arena, text, (size_t)n);
    free(text);
}

void wp_limit_fail(wp_parser *p, wp_loc loc, const char *message)
{
    p->limit = p->limit || !p->failed;
    wp_parse_fail(p, loc, "%s", message);
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

const char *wp_token_name(wp_parser *p, uint32_t i)
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
        wp_parse_fail(p, loc, "unexpected %s: %s", wp_token_name(p, i), note);
    else
        wp_parse_fail(p, loc, "unexpected %s", wp_token_name(p, i));
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

void wp_syntax_error(wp_parser *p, uint32_t i)
{
    wp_syntax_error_note(p, wp_token_span(p, i), "");
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
