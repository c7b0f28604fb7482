/* The tokens of GraphQL. */
#include "stdlib/graphql/lex.h"

#include "base/utf8.h"
#include "stdlib/args.h"

const char *ws_gql_kind_text(ws_gql_kind kind)
{
    static const char *const texts[] = {
        "<Invalid>", "<EOF>", "!",     "$",      "&",           "(",      ")", "...",
        ":",         "=",     "@",     "[",      "]",           "{",      "}", "|",
        "Name",      "Int",   "Float", "String", "BlockString", "Comment"};
    return texts[kind];
}

static int byte_at(const ws_gql_lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.n ? (unsigned char)l->text.p[l->at + ahead] : -1;
}

static void step(ws_gql_lexer *l, size_t bytes)
{
    l->at += bytes;
    l->rune += bytes;
}

/* One code point; a bad byte counts as one. */
static void step_rune(ws_gql_lexer *l)
{
    size_t used;
    wb_utf8_get(l->text.p + l->at, l->text.n - l->at, &used);
    l->at += used;
    l->rune++;
}

static void new_line(ws_gql_lexer *l)
{
    l->line++;
    l->line_start = l->rune;
}

static void skip_blanks(ws_gql_lexer *l)
{
    for (;;) {
        int c = byte_at(l, 0);
        if (c == '\t' || c == ' ' || c == ',') {
            step(l, 1);
        } else if (c == '\n' || c == '\r') {
            step(l, 1);
            new_line(l);
            if (c == '\r' && byte_at(l, 0) == '\n')
                step(l, 1);
        } else if (c == 0xef && byte_at(l, 1) == 0xbb && byte_at(l, 2) == 0xbf) {
            l->at += 3;
            l->rune++;
        } else {
            return;
        }
    }
}

static bool digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool name_char(int c)
{
    return digit(c) || c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* A byte as OPA shows it: as the code point of that number. */
static const char *shown(char to[8], int c)
{
    size_t n = wb_utf8_put(to, (uint32_t)c);
    to[n] = 0;
    return to;
}

static ws_gql_kind bad_digit(ws_ctx *cx, ws_gql_lexer *l, const char *what)
{
    char c[8];
    if (byte_at(l, 0) < 0)
        l->error = wb_arena_printf(cx->out, "Invalid number, %s: <EOF>.", what);
    else
        l->error =
            wb_arena_printf(cx->out, "Invalid number, %s: \"%s\".", what, shown(c, byte_at(l, 0)));
    return WS_GQL_INVALID;
}

static size_t digits(ws_gql_lexer *l)
{
    size_t n = 0;
    while (digit(byte_at(l, 0))) {
        step(l, 1);
        n++;
    }
    return n;
}

static bool accept(ws_gql_lexer *l, const char *any)
{
    int c = byte_at(l, 0);
    if (c <= 0 || !strchr(any, c))
        return false;
    step(l, 1);
    return true;
}

static ws_gql_kind number(ws_ctx *cx, ws_gql_lexer *l)
{
    static const char none[] = "expected digit but got";
    bool real = false;
    accept(l, "-");
    if (accept(l, "0")) {
        if (digit(byte_at(l, 0)))
            return bad_digit(cx, l, "unexpected digit after 0");
    } else if (!digits(l)) {
        return bad_digit(cx, l, none);
    }
    if (accept(l, ".")) {
        real = true;
        if (!digits(l))
            return bad_digit(cx, l, none);
    }
    if (accept(l, "eE")) {
        real = true;
        accept(l, "+-");
        if (!digits(l))
            return bad_digit(cx, l, none);
    }
    return real ? WS_GQL_FLOAT : WS_GQL_INT;
}

static int hex(int c)
{
    if (digit(c))
        return c - '0';
    return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static void put_rune(wb_buf *b, uint32_t c)
{
    char to[4];
    if (c >= 0xd800 && c < 0xe000)
        c = WB_UTF8_BAD;
    wb_buf_put(b, to, wb_utf8_put(to, c));
}

/* Copies one code point; what is no UTF-8 becomes U+FFFD. */
static void copy_rune(ws_gql_lexer *l, wb_buf *b)
{
    size_t used;
    put_rune(b, wb_utf8_get(l->text.p + l->at, l->text.n - l->at, &used));
    step_rune(l);
}

static bool bad_escape(ws_ctx *cx, ws_gql_lexer *l, size_t n)
{
    static const char text[] = "Invalid character escape sequence";
    char c[8];
    if (n == 0)
        l->error = wb_arena_printf(cx->out, "%s.", text);
    else if (n == 1)
        l->error = wb_arena_printf(cx->out, "%s: \\%s.", text, shown(c, byte_at(l, 1)));
    else
        l->error = wb_arena_printf(cx->out, "%s: \\%.*s.", text, (int)n, l->text.p + l->at + 1);
    step(l, 1);
    return false;
}

static bool escape(ws_ctx *cx, ws_gql_lexer *l, wb_buf *b)
{
    static const char from[] = "\"/\\bfnrt", to[] = "\"/\\\b\f\n\r\t";
    int c = byte_at(l, 1);
    if (c < 0)
        return bad_escape(cx, l, 0);
    if (c == 'u') {
        uint32_t v = 0;
        if (byte_at(l, 6) < 0)
            return bad_escape(cx, l, l->text.n - l->at - 1);
        for (size_t i = 2; i < 6; i++) {
            int h = hex(byte_at(l, i));
            if (h < 0)
                return bad_escape(cx, l, 5);
            v = v << 4 | (uint32_t)h;
        }
        put_rune(b, v);
        step(l, 6);
        return true;
    }
    const char *p = c > 0 ? strchr(from, c) : NULL;
    if (!p)
        return bad_escape(cx, l, 1);
    wb_buf_putc(b, to[p - from]);
    step(l, 2);
    return true;
}

static ws_gql_kind bad_string(ws_ctx *cx, ws_gql_lexer *l, int c)
{
    l->error = "Unterminated string.";
    if (c >= 0 && c != '\n' && c != '\r')
        l->error =
            wb_arena_printf(cx->out, "Invalid character within String: \"\\u%04x\".", (unsigned)c);
    return WS_GQL_INVALID;
}

/* Behind the opening quote. */
static ws_gql_kind string(ws_ctx *cx, ws_gql_lexer *l, wb_buf *b)
{
    for (;;) {
        int c = byte_at(l, 0);
        if (c < 0 || (c < ' ' && c != '\t'))
            return bad_string(cx, l, c);
        if (c == '"') {
            step(l, 1);
            return WS_GQL_STRING;
        }
        if (c == '\\') {
            if (!escape(cx, l, b))
                return WS_GQL_INVALID;
        } else {
            copy_rune(l, b);
        }
    }
}

static size_t indent_of(wb_str line)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
        i++;
    return i < line.n ? i : SIZE_MAX;
}

static wb_str take_line(wb_str *s, bool *more)
{
    const char *nl = s->n ? memchr(s->p, '\n', s->n) : NULL;
    wb_str line = wb_str_n(s->p, nl ? (size_t)(nl - s->p) : s->n);
    *more = nl != NULL;
    *s = nl ? wb_str_n(nl + 1, s->n - line.n - 1) : (wb_str){"", 0};
    return line;
}

/* Takes the common indentation and blank lines at both ends out of a block string. */
static wb_str undent(ws_ctx *cx, wb_str raw)
{
    size_t common = SIZE_MAX;
    bool more = true, first = true;
    for (wb_str s = raw; more;) {
        size_t w = indent_of(take_line(&s, &more));
        if (w < common)
            common = w;
    }
    char *to = wb_arena_alloc(cx->out, raw.n + 1);
    size_t n = 0, end = 0;
    bool started = false;
    more = true;
    for (wb_str s = raw; more; first = false) {
        wb_str line = take_line(&s, &more);
        if (!first && common != SIZE_MAX)
            line = line.n < common ? (wb_str){"", 0} : wb_str_n(line.p + common, line.n - common);
        bool blank = indent_of(line) == SIZE_MAX;
        if (blank && !started)
            continue;
        if (started)
            to[n++] = '\n';
        started = true;
        if (line.n)
            memcpy(to + n, line.p, line.n);
        n += line.n;
        if (!blank)
            end = n;
    }
    return wb_str_n(to, end);
}

/* Behind the opening quotes. */
static ws_gql_kind block(ws_ctx *cx, ws_gql_lexer *l, wb_buf *b)
{
    for (;;) {
        int c = byte_at(l, 0);
        if (c < 0 || (c < ' ' && c != '\t' && c != '\n' && c != '\r'))
            return bad_string(cx, l, c);
        size_t quotes = 0;
        while (c == '"' && byte_at(l, quotes) == '"')
            quotes++;
        if (quotes >= 3) {
            for (size_t i = 3; i < quotes; i++)
                wb_buf_putc(b, '"');
            step(l, quotes);
            return WS_GQL_BLOCK;
        }
        if (c == '\\' && byte_at(l, 1) == '"' && byte_at(l, 2) == '"' && byte_at(l, 3) == '"') {
            wb_buf_puts(b, "\"\"\"");
            step(l, 4);
        } else if (c == '\r' || c == '\n') {
            step(l, c == '\r' && byte_at(l, 1) == '\n' ? 2 : 1);
            wb_buf_putc(b, '\n');
            new_line(l);
        } else {
            copy_rune(l, b);
        }
    }
}

static ws_gql_kind quoted(ws_ctx *cx, ws_gql_lexer *l, wb_str *value)
{
    wb_buf b;
    wb_buf_init(&b, WV_LEN_MAX);
    bool is_block = byte_at(l, 1) == '"' && byte_at(l, 2) == '"';
    step(l, is_block ? 3 : 1);
    ws_gql_kind kind = is_block ? block(cx, l, &b) : string(cx, l, &b);
    if (!ws_room(cx, 2 * b.n))
        kind = WS_GQL_INVALID;
    else
        *value = is_block ? undent(cx, wb_buf_str(&b)) : wb_arena_str(cx->out, wb_buf_str(&b));
    wb_buf_free(&b);
    return kind;
}

static ws_gql_kind bad_character(ws_ctx *cx, ws_gql_lexer *l, int c)
{
    char text[8];
    if (c == '\'')
        l->error =
            "Unexpected single quote character ('), did you mean to use a double quote (\")?";
    else if (c < ' ')
        l->error = wb_arena_printf(cx->out, "Cannot contain the invalid character \"\\u%04x\"",
                                   (unsigned)c);
    else
        l->error = wb_arena_printf(cx->out, "Cannot parse the unexpected character \"%s\".",
                                   shown(text, c));
    return WS_GQL_INVALID;
}

static ws_gql_kind punctuation(ws_ctx *cx, ws_gql_lexer *l)
{
    static const struct {
        char c;
        ws_gql_kind kind;
    } table[] = {{'!', WS_GQL_BANG},      {'$', WS_GQL_DOLLAR},  {'&', WS_GQL_AMP},
                 {'(', WS_GQL_PAREN_L},   {')', WS_GQL_PAREN_R}, {':', WS_GQL_COLON},
                 {'=', WS_GQL_EQUALS},    {'@', WS_GQL_AT},      {'[', WS_GQL_BRACKET_L},
                 {']', WS_GQL_BRACKET_R}, {'{', WS_GQL_BRACE_L}, {'}', WS_GQL_BRACE_R},
                 {'|', WS_GQL_PIPE}};
    int c = byte_at(l, 0);
    if (c == '.' && byte_at(l, 1) == '.' && byte_at(l, 2) == '.') {
        step(l, 3);
        return WS_GQL_SPREAD;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (c == table[i].c) {
            step(l, 1);
            return table[i].kind;
        }
    return bad_character(cx, l, c);
}

ws_gql_token ws_gql_next(ws_ctx *cx, ws_gql_lexer *l)
{
    skip_blanks(l);
    size_t start = l->at, rune = l->rune;
    ws_gql_token t = {.kind = WS_GQL_EOF, .value = {"", 0}};
    t.pos = (ws_gql_pos){(int64_t)l->line, (int64_t)(rune - l->line_start) + 1};
    l->error = NULL;
    int c = byte_at(l, 0);
    bool text = true;
    if (c < 0)
        return t;
    if (c == '#') {
        t.kind = WS_GQL_COMMENT;
        while ((c = byte_at(l, 0)) >= ' ' || c == '\t')
            step_rune(l);
    } else if (digit(c) || c == '-') {
        t.kind = number(cx, l);
    } else if (name_char(c)) {
        t.kind = WS_GQL_NAME;
        while (name_char(byte_at(l, 0)))
            step(l, 1);
    } else {
        text = false;
        t.kind = c == '"' ? quoted(cx, l, &t.value) : punctuation(cx, l);
    }
    if (text)
        t.value = wb_str_n(l->text.p + start, l->at - start);
    if (t.kind == WS_GQL_STRING)
        t.pos.column++;
    if (t.kind == WS_GQL_BLOCK) {
        t.pos.column = (int64_t)rune + 4 - (int64_t)l->line_start;
        t.pos.line = (int64_t)l->line;
    }
    if (t.kind == WS_GQL_INVALID) {
        t.value = (wb_str){"", 0};
        t.pos = (ws_gql_pos){(int64_t)l->line, (int64_t)(l->rune - l->line_start) + 1};
        t.error = l->error;
    }
    return t;
}
