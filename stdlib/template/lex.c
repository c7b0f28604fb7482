/* Text to tokens. Blanks inside actions are tokens: they part arguments. */
#include "stdlib/template/lex.h"

#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/unicode.h"
#include "value/json.h"

#include <stdio.h>

#define ENDED    UINT32_MAX /* behind the last character */
#define BIG_TEXT 4096       /* bytes of an error's words */

void wt_lex_begin(wt_lexer *l, wb_str text)
{
    *l = (wt_lexer){.in = text, .line = 1, .start_line = 1};
    wb_buf_init(&l->error, BIG_TEXT);
}

void wt_lex_end(wt_lexer *l)
{
    wb_buf_free(&l->error);
}

static uint32_t peek(const wt_lexer *l)
{
    size_t used;
    return l->at < l->in.n ? wb_utf8_get(l->in.p + l->at, l->in.n - l->at, &used) : ENDED;
}

static uint32_t next(wt_lexer *l)
{
    size_t used;
    if (l->at >= l->in.n)
        return ENDED;
    uint32_t c = wb_utf8_get(l->in.p + l->at, l->in.n - l->at, &used);
    l->at += used;
    l->line += c == '\n';
    return c;
}

static bool blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool word_char(uint32_t c)
{
    return c == '_' || (c != ENDED && (ws_rune_letter(c) || ws_rune_digit(c)));
}

static bool here(const wt_lexer *l, size_t at, const char *z)
{
    size_t n = strlen(z);
    return at <= l->in.n && l->in.n - at >= n && memcmp(l->in.p + at, z, n) == 0;
}

static bool blank_at(const wt_lexer *l, size_t at)
{
    return at < l->in.n && blank((unsigned char)l->in.p[at]);
}

/* "- " behind an opening, " -" before a closing. */
static bool trims_left(const wt_lexer *l, size_t at)
{
    return here(l, at, "-") && blank_at(l, at + 1);
}

static bool trims_right(const wt_lexer *l, size_t at)
{
    return blank_at(l, at) && here(l, at + 1, "-");
}

static size_t lines_in(const wt_lexer *l, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += l->in.p[i] == '\n';
    return n;
}

static wt_token emit(wt_lexer *l, wt_token_kind kind)
{
    wt_token t = {kind, l->start, l->start_line, wb_str_n(l->in.p + l->start, l->at - l->start)};
    l->start = l->at;
    l->start_line = l->line;
    return t;
}

static void ignore(wt_lexer *l)
{
    l->line += lines_in(l, l->start, l->at);
    l->start = l->at;
    l->start_line = l->line;
}

static wt_token fail(wt_lexer *l, const char *why)
{
    if (!l->error.n)
        wb_buf_puts(&l->error, why);
    l->at = l->start = l->in.n;
    return (wt_token){WT_T_ERROR, l->start, l->start_line, wb_buf_str(&l->error)};
}

/* "WHY U+0040 '@'" */
static wt_token fail_rune(wt_lexer *l, const char *why, uint32_t c)
{
    wb_buf_putf(&l->error, "%s U+%04X", why, c);
    if (wv_printable(c)) {
        char bytes[4];
        wb_buf_puts(&l->error, " '");
        wb_buf_put(&l->error, bytes, wb_utf8_put(bytes, c));
        wb_buf_putc(&l->error, '\'');
    }
    return fail(l, why);
}

static bool at_close(const wt_lexer *l, bool *trims)
{
    *trims = trims_right(l, l->at) && here(l, l->at + 2, "}}");
    return *trims || here(l, l->at, "}}");
}

static void skip_blanks(wt_lexer *l)
{
    while (blank_at(l, l->at))
        l->at++;
}

static wt_token close_action(wt_lexer *l)
{
    bool trims;
    at_close(l, &trims);
    if (trims) {
        l->at += 2;
        ignore(l);
    }
    l->at += 2;
    wt_token t = emit(l, WT_T_CLOSE);
    if (trims) {
        skip_blanks(l);
        ignore(l);
    }
    l->inside = false;
    return t;
}

/* Over a comment with its braces. False: it is not well made. */
static bool skip_comment(wt_lexer *l, const char **why)
{
    bool trims;
    l->at += 2;
    while (l->at < l->in.n && !here(l, l->at, "*/"))
        l->at++;
    if (l->at >= l->in.n) {
        *why = "unclosed comment";
        return false;
    }
    l->at += 2;
    if (!at_close(l, &trims)) {
        *why = "comment ends before closing delimiter";
        return false;
    }
    l->at += trims ? 4 : 2;
    if (trims)
        skip_blanks(l);
    ignore(l);
    return true;
}

static wt_token outside(wt_lexer *l)
{
    for (;;) {
        const char *p = l->in.n > l->at ? memmem(l->in.p + l->at, l->in.n - l->at, "{{", 2) : NULL;
        if (!p) {
            l->at = l->in.n;
            l->line += lines_in(l, l->start, l->at);
            return emit(l, l->at > l->start ? WT_T_TEXT : WT_T_EOF);
        }
        size_t open = (size_t)(p - l->in.p), end = open;
        bool trims = trims_left(l, open + 2);
        if (open > l->at) {
            while (trims && end > l->start && blank_at(l, end - 1))
                end--;
            l->at = end;
            l->line += lines_in(l, l->start, l->at);
            wt_token t = emit(l, WT_T_TEXT);
            l->at = open;
            ignore(l);
            if (t.text.n)
                return t;
        }
        size_t marker = trims ? 2 : 0;
        if (here(l, open + 2 + marker, "/*")) {
            const char *why;
            l->at = open + 2 + marker;
            ignore(l);
            if (!skip_comment(l, &why))
                return fail(l, why);
            continue;
        }
        l->at = open + 2;
        wt_token t = emit(l, WT_T_OPEN);
        l->inside = true;
        l->at += marker;
        ignore(l);
        l->parens = 0;
        return t;
    }
}

static bool at_end_of_word(const wt_lexer *l)
{
    uint32_t c = peek(l);
    return blank(c) || c == ENDED || (c < 0x80 && c && strchr(".,|:)(", (int)c)) ||
           here(l, l->at, "}}");
}

static wt_token space(wt_lexer *l)
{
    size_t n = 0;
    for (; blank(peek(l)); n++)
        next(l);
    if (trims_right(l, l->at - 1) && here(l, l->at + 1, "}}")) {
        /* The last blank belongs to the closing. */
        l->at--;
        l->line -= l->in.p[l->at] == '\n';
        if (n == 1)
            return close_action(l);
    }
    return emit(l, WT_T_SPACE);
}

static wt_token word(wt_lexer *l)
{
    static const struct {
        const char *word;
        wt_token_kind kind;
    } words[] = {{"block", WT_T_BLOCK},
                 {"break", WT_T_BREAK},
                 {"continue", WT_T_CONTINUE},
                 {"define", WT_T_DEFINE},
                 {"else", WT_T_ELSE},
                 {"end", WT_T_END},
                 {"if", WT_T_IF},
                 {"nil", WT_T_NIL},
                 {"range", WT_T_RANGE},
                 {"template", WT_T_TEMPLATE},
                 {"with", WT_T_WITH},
                 {"true", WT_T_BOOL},
                 {"false", WT_T_BOOL}};
    while (word_char(peek(l)))
        next(l);
    if (!at_end_of_word(l))
        return fail_rune(l, "bad character", peek(l));
    wb_str text = wb_str_n(l->in.p + l->start, l->at - l->start);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (wb_str_is(text, words[i].word))
            return emit(l, words[i].kind);
    return emit(l, WT_T_IDENTIFIER);
}

/* Behind "." or "$". */
static wt_token name(wt_lexer *l, wt_token_kind kind)
{
    if (at_end_of_word(l))
        return emit(l, kind == WT_T_FIELD ? WT_T_DOT : kind);
    while (word_char(peek(l)))
        next(l);
    if (!at_end_of_word(l))
        return fail_rune(l, "bad character", peek(l));
    return emit(l, kind);
}

/* Up to the quote that opened it; `why` when it never comes on its line. */
static wt_token quoted(wt_lexer *l, char quote, wt_token_kind kind, const char *why)
{
    for (;;) {
        uint32_t c = next(l);
        if (c == '\\') {
            c = next(l);
            if (c != ENDED && c != '\n')
                continue;
        }
        if (c == ENDED || c == '\n')
            return fail(l, why);
        if (c == (unsigned char)quote)
            return emit(l, kind);
    }
}

static wt_token raw(wt_lexer *l)
{
    for (;;) {
        uint32_t c = next(l);
        if (c == ENDED)
            return fail(l, "unterminated raw quoted string");
        if (c == '`')
            return emit(l, WT_T_RAW);
    }
}

static bool accept(wt_lexer *l, const char *any)
{
    uint32_t c = peek(l);
    if (c >= 0x80 || !c || !strchr(any, (int)c))
        return false;
    next(l);
    return true;
}

static void accept_all(wt_lexer *l, const char *any)
{
    while (accept(l, any))
        ;
}

static bool scan_number(wt_lexer *l)
{
    static const char decimal[] = "0123456789_", hex[] = "0123456789abcdefABCDEF_";
    const char *digits = decimal;
    accept(l, "+-");
    if (accept(l, "0")) {
        if (accept(l, "xX"))
            digits = hex;
        else if (accept(l, "oO"))
            digits = "01234567_";
        else if (accept(l, "bB"))
            digits = "01_";
    }
    accept_all(l, digits);
    if (accept(l, "."))
        accept_all(l, digits);
    if ((digits == decimal && accept(l, "eE")) || (digits == hex && accept(l, "pP"))) {
        accept(l, "+-");
        accept_all(l, decimal);
    }
    accept(l, "i");
    if (!word_char(peek(l)))
        return true;
    next(l);
    return false;
}

static wt_token number(wt_lexer *l)
{
    bool complex = false, ok = scan_number(l);
    if (ok && (peek(l) == '+' || peek(l) == '-')) {
        ok = scan_number(l) && l->in.p[l->at - 1] == 'i';
        complex = true;
    }
    if (ok)
        return emit(l, complex ? WT_T_COMPLEX : WT_T_NUMBER);
    wb_buf_puts(&l->error, "bad number syntax: ");
    ws_put_quoted(&l->error, wb_str_n(l->in.p + l->start, l->at - l->start));
    return fail(l, "bad number syntax");
}

static wt_token inside(wt_lexer *l)
{
    bool trims;
    if (at_close(l, &trims))
        return l->parens ? fail(l, "unclosed left paren") : close_action(l);
    uint32_t c = peek(l);
    if (c == ENDED)
        return fail(l, "unclosed action");
    if (blank(c))
        return space(l);
    if (c == '+' || c == '-' || (c >= '0' && c <= '9'))
        return number(l);
    if (c == '.') {
        /* A dot alone at the very end is taken for a number. */
        char after = l->at + 1 < l->in.n ? l->in.p[l->at + 1] : '0';
        if (after >= '0' && after <= '9')
            return number(l);
        next(l);
        return name(l, WT_T_FIELD);
    }
    if (word_char(c))
        return word(l);
    next(l);
    switch (c) {
    case '=': return emit(l, WT_T_ASSIGN);
    case ':': return next(l) == '=' ? emit(l, WT_T_DECLARE) : fail(l, "expected :=");
    case '|': return emit(l, WT_T_PIPE);
    case '"': return quoted(l, '"', WT_T_STRING, "unterminated quoted string");
    case '`': return raw(l);
    case '$': return name(l, WT_T_VARIABLE);
    case '\'': return quoted(l, '\'', WT_T_RUNE, "unterminated character constant");
    case '(': l->parens++; return emit(l, WT_T_LEFT);
    case ')':
        if (!l->parens)
            return fail(l, "unexpected right paren");
        l->parens--;
        return emit(l, WT_T_RIGHT);
    default: break;
    }
    if (c > ' ' && c < 0x7f)
        return emit(l, WT_T_CHAR);
    return fail_rune(l, "unrecognized character in action:", c);
}

wt_token wt_lex_next(wt_lexer *l)
{
    if (l->error.n)
        return fail(l, "");
    return l->inside ? inside(l) : outside(l);
}
