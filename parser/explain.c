/* The explainer's reader: tokens one by one with the blanks between them, errors and hints. See
 * explain.h for what the explainer is. */
#include "parser/explain.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const problems[] = {
#define X(name, text) [WP_P_##name] = text,
    WP_PROBLEM_MAP(X)
#undef X
};

static const wp_token *token_at(const wp_x *x, uint32_t i)
{
    return &x->p->tokens[i];
}

static const char *formatted(wp_x *x, const char *format, va_list args)
{
    char *text;
    int n = vasprintf(&text, format, args);
    if (n < 0)
        wb_fatal("no memory for a message");
    char *kept = wb_arena_alloc(x->p->arena, 3 * (size_t)n + 1);
    size_t to = 0, used;
    /* A text may be cut inside a character: messages are UTF-8 nevertheless. */
    for (size_t at = 0; at < (size_t)n; at += used)
        to += wb_utf8_put(kept + to, wb_utf8_get(text + at, (size_t)n - at, &used));
    kept[to] = 0;
    free(text);
    return kept;
}

static void add_error(wp_x *x, wp_loc loc, const char *message)
{
    wb_buf b;
    uint32_t n = 0;
    for (const wp_x_hint *h = x->s.hints; h; h = h->before)
        n++;
    if (n) {
        wb_buf_init(&b, 1 << 16);
        wb_buf_putf(&b, "%s (%s: ", message, n > 1 ? "hints" : "hint");
        for (uint32_t i = 0; i < n; i++) {
            const wp_x_hint *h = x->s.hints;
            for (uint32_t k = n - 1; k > i; k--)
                h = h->before;
            wb_buf_putf(&b, "%s%s", i ? ", " : "", h->text);
        }
        wb_buf_putc(&b, ')');
        message = wb_arena_dup(x->p->arena, b.p, b.n);
        wb_buf_free(&b);
    }
    wp_x_error *e = wb_arena_alloc(x->p->arena, sizeof *e);
    *e = (wp_x_error){x->s.errors, loc, message};
    x->s.errors = e;
    x->s.hints = NULL;
}

void wp_x_error_at(wp_x *x, wp_loc loc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_error(x, loc, formatted(x, format, args));
    va_end(args);
}

void wp_x_late(wp_x *x, wp_loc loc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    wp_x_error *e = wb_arena_alloc(x->p->arena, sizeof *e);
    *e = (wp_x_error){x->s.late, loc, formatted(x, format, args)};
    va_end(args);
    x->s.late = e;
}

void wp_x_illegal(wp_x *x, const char *note, ...)
{
    if (x->s.token == WP_X_ILLEGAL) {
        add_error(x, x->s.loc, "illegal token");
        return;
    }
    const char *name = x->s.token == WP_X_BLANK   ? "whitespace token"
                       : x->s.token == WP_X_IDENT ? "identifier token"
                                                  : wp_token_name(x->p, x->s.at);
    va_list args;
    va_start(args, note);
    const char *more = formatted(x, note, args);
    va_end(args);
    wp_x_error_at(x, x->s.loc, "unexpected %s%s%s", name, *more ? ": " : "", more);
}

void wp_x_hint_add(wp_x *x, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    wp_x_hint *h = wb_arena_alloc(x->p->arena, sizeof *h);
    *h = (wp_x_hint){x->s.hints, formatted(x, format, args)};
    va_end(args);
    x->s.hints = h;
}

/* A byte that no text may hold, outside of strings and comments: the reference meets it while it
 * reads what stands before. */
static bool bad_byte(const wp_token *t, wb_str text)
{
    unsigned char c = t->off < text.n ? (unsigned char)text.p[t->off] : 1;
    return t->raw == WP_RAW_ILLEGAL && (c == 0 || c >= 0x80) &&
           (t->problem == WP_P_NUL || t->problem == WP_P_UTF8 || t->problem == WP_P_BOM);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The place of the byte behind the one at loc. */
static void step(wp_loc *loc, wb_str text)
{
    loc->offset++;
    if (loc->offset < text.n && text.p[loc->offset] == '\n') {
        loc->row++;
        loc->col = 0;
    } else if (loc->offset >= text.n || ((unsigned char)text.p[loc->offset] & 0xc0) != 0x80) {
        loc->col++;
    }
}

/* The first blank of the gap before token i, when it has one. */
static bool first_blank(const wp_x *x, uint32_t i, wp_loc *loc)
{
    wb_str text = x->p->file.text;
    if (!i || !(token_at(x, i)->flags & WP_TF_BLANK))
        return false;
    const wp_token *before = token_at(x, i - 1);
    *loc = wp_loc_of(x->p, wp_token_span(x->p, i - 1));
    while (loc->offset < before->end)
        step(loc, text);
    while (loc->offset < text.n && !blank(text.p[loc->offset]) && text.p[loc->offset] == '#')
        while (loc->offset < text.n && text.p[loc->offset] != '\n')
            step(loc, text);
    loc->len = 1;
    return loc->offset < token_at(x, i)->off && blank(text.p[loc->offset]);
}

/* The end of a word or number as the reference cuts it: of a character beyond ASCII that touches
 * it, all bytes but the last belong to it. */
static uint32_t token_end(const wp_x *x, uint32_t i)
{
    const wp_token *t = token_at(x, i);
    wb_str text = x->p->file.text;
    uint32_t end = t->end;
    if ((t->raw != WP_RAW_WORD && t->raw != WP_RAW_NUMBER) || end >= text.n ||
        (unsigned char)text.p[end] < 0xc0)
        return end;
    while (end + 1 < text.n && ((unsigned char)text.p[end + 1] & 0xc0) == 0x80)
        end++;
    return end;
}

/* What token i is taken for under the keywords that are on. */
static int kind_of(const wp_x *x, uint32_t i)
{
    const wp_token *t = token_at(x, i);
    if (t->raw != WP_RAW_WORD || !t->word)
        return t->raw;
    uint32_t bit = t->word == WP_W_NOT ? WP_KW_NOT : wp_word_bit(t->word);
    if (token_end(x, i) > t->end)
        return WP_X_IDENT;
    return !bit || (x->keywords & bit) ? WP_X_WORD + t->word : WP_X_IDENT;
}

static void stand_on(wp_x *x, uint32_t i)
{
    const wp_token *t = token_at(x, i);
    wb_str text = x->p->file.text;
    x->s.at = i;
    x->s.in_gap = false;
    x->s.token = (uint8_t)kind_of(x, i);
    x->s.loc = wp_loc_of(x->p, wp_token_span(x->p, i));
    if (t->raw == WP_RAW_ILLEGAL) {
        if (t->problem != WP_P_TOKEN && (!bad_byte(t, text) || !t->off))
            add_error(x, x->s.loc, problems[t->problem]);
        return;
    }
    const wp_token *next = i + 1 < x->p->n_tokens ? token_at(x, i + 1) : NULL;
    if (next && bad_byte(next, text) && !(next->flags & WP_TF_BLANK)) {
        x->s.token = WP_X_ILLEGAL;
        add_error(x, x->s.loc, problems[next->problem]);
    }
}

/* Steps off the token: answers the next one's number, or WP_NONE at the end. */
static uint32_t step_off(wp_x *x)
{
    x->steps++;
    if (x->steps > (uint64_t)WP_X_STEPS * (x->p->n_tokens + 16) || x->p->arena->exhausted)
        x->lost = true;
    if (x->lost) {
        x->s.token = WP_RAW_EOF;
        return WP_NONE;
    }
    if (x->s.in_gap)
        return x->s.at;
    x->s.last_end = token_at(x, x->s.at)->end;
    x->s.newline = false;
    return x->s.at + 1 < x->p->n_tokens ? x->s.at + 1 : WP_NONE;
}

/* Stands on the bad byte i, which was met while the blank before it was read. */
static void stand_on_blank(wp_x *x, uint32_t i)
{
    const wp_token *t = token_at(x, i);
    wp_span s = {t->off - 1, t->off, t->row, t->col ? t->col - 1 : 0};
    x->s.at = i;
    x->s.in_gap = true;
    x->s.token = WP_X_ILLEGAL;
    x->s.loc = wp_loc_of(x->p, s);
    add_error(x, x->s.loc, problems[t->problem]);
}

static bool behind_blank(const wp_x *x, uint32_t i)
{
    const wp_token *t = token_at(x, i);
    return t->off && (t->flags & WP_TF_BLANK) && bad_byte(t, x->p->file.text);
}

void wp_x_begin(wp_x *x)
{
    if (behind_blank(x, 0))
        stand_on_blank(x, 0);
    else
        stand_on(x, 0);
}

void wp_x_scan(wp_x *x)
{
    bool was_bad = x->s.in_gap && x->s.token == WP_X_ILLEGAL;
    uint32_t i = step_off(x);
    if (i == WP_NONE)
        return;
    const wp_token *t = token_at(x, i);
    x->s.newline = x->s.newline || (t->flags & WP_TF_NL);
    if (!was_bad && behind_blank(x, i))
        stand_on_blank(x, i);
    else
        stand_on(x, i);
}

void wp_x_touch(wp_x *x)
{
    wp_loc loc;
    if (!x->s.in_gap && x->s.at + 1 < x->p->n_tokens && first_blank(x, x->s.at + 1, &loc)) {
        uint32_t i = step_off(x);
        if (i == WP_NONE)
            return;
        x->s.at = i;
        x->s.in_gap = true;
        x->s.token = WP_X_BLANK;
        x->s.newline = x->p->file.text.p[loc.offset] == '\n';
        x->s.loc = loc;
        return;
    }
    wp_x_scan(x);
}

int wp_x_peek(wp_x *x)
{
    wp_x_state s = x->s;
    wp_x_touch(x);
    int token = x->s.token;
    x->s = s;
    return token;
}

bool wp_x_enter(wp_x *x)
{
    if (x->lost || ++x->depth > WP_X_DEPTH) {
        x->lost = true;
        x->s.token = WP_RAW_EOF;
        return false;
    }
    return true;
}

void wp_x_leave(wp_x *x)
{
    if (x->depth)
        x->depth--;
}

wp_span wp_x_here(const wp_x *x)
{
    wp_span s = wp_token_span(x->p, x->s.at);
    s.end = token_end(x, x->s.at);
    return s;
}

wb_str wp_x_text(const wp_x *x)
{
    wp_span s = wp_x_here(x);
    return wb_str_n(x->p->file.text.p + s.off, wp_span_len(s));
}

bool wp_x_ref_word(const wp_x *x, int token)
{
    /* The signs & and | bear the names of the keywords. */
    uint8_t word = token == '&'        ? WP_W_AND
                   : token == '|'      ? WP_W_OR
                   : token > WP_X_WORD ? (uint8_t)(token - WP_X_WORD)
                                       : WP_W_NONE;
    if (!word)
        return false;
    uint32_t bit = word == WP_W_NOT ? WP_KW_NOT : wp_word_bit(word);
    return wp_is_keyword(wb_str_of(wp_word_text(word)), x->p->options.version) || !bit ||
           (x->keywords & bit);
}

bool wp_x_word_as_name(wp_x *x)
{
    if (!wp_x_ref_word(x, x->s.token))
        return false;
    int next = wp_x_peek(x);
    if (next != '.' && next != '[')
        return false;
    x->s.token = WP_X_IDENT;
    return true;
}
