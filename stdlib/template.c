/* strings.render_template: the part of Go's text/template that templates over JSON use: fields,
 * variables, if, with, range, define, template, block, pipelines and functions. call, which
 * needs functions as values, is refused by name. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/go_print.h"
#include "value/json.h"

#include <stdlib.h>

#define DEPTH_MAX 100     /* nesting of actions and parentheses: frames are small */
#define VARS_MAX  1000    /* variables in sight at once */
#define NAMED_MAX 100     /* templates that one text defines */
#define CALLS_MAX 100000u /* uses of them: two that use each other double at every level */

typedef struct text_value {
    bool missing; /* no value at all */
    bool native;  /* a number of the template's own, not of the document */
    wv v;
} value;

typedef struct variable {
    wb_str name;
    value value;
} variable;

typedef struct templ {
    ws_ctx *cx;
    wb_str text;
    size_t at;
    wb_buf *out;
    variable vars[VARS_MAX];
    size_t n_vars;
    unsigned depth;
    bool dry;      /* what is read does not run: it cannot fail to */
    bool scanning; /* the first pass, which only reads */
    enum { GOING, BREAKING, CONTINUING } leaving;
    struct {
        wb_str name;
        size_t at; /* where its body starts */
    } named[NAMED_MAX];
    size_t n_named;
    unsigned calls;
    bool failed;
} templ;

typedef enum ending { AT_END, AT_ELSE, AT_EOF } ending;

static const value none = {.missing = true};

static size_t line_of(const templ *t, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at && i < t->text.n; i++)
        line += t->text.p[i] == '\n';
    return line;
}

static void fail_parse(templ *t, const char *why, wb_str quoted, const char *back)
{
    if (!t->failed) {
        wb_buf b;
        ws_text_begin(t->cx, &b);
        wb_buf_putf(&b, "%zu: %s", line_of(t, t->at), why);
        if (quoted.p)
            ws_put_quoted(&b, quoted);
        wb_buf_puts(&b, back);
        ws_fail_tail(t->cx, "template: template:", wb_buf_str(&b));
        wb_buf_free(&b);
    }
    t->failed = true;
}

static void fail_run(templ *t, size_t from, size_t to, const char *why, const char *what)
{
    if (t->dry)
        return;
    if (!t->failed) {
        size_t start = from;
        while (start && t->text.p[start - 1] != '\n')
            start--;
        while (to > from && strchr(" \t\r\n", t->text.p[to - 1]))
            to--;
        wb_buf b;
        ws_text_begin(t->cx, &b);
        wb_buf_putf(&b, "%zu:%zu: executing \"template\" at <", line_of(t, from), from - start);
        wb_buf_put(&b, t->text.p + from, to - from);
        wb_buf_puts(&b, ">: ");
        wb_buf_puts(&b, why);
        wb_buf_puts(&b, what);
        ws_fail_tail(t->cx, "template: template:", wb_buf_str(&b));
        wb_buf_free(&b);
    }
    t->failed = true;
}

/* ---- tokens ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char peek(const templ *t)
{
    return t->at < t->text.n ? t->text.p[t->at] : 0;
}

static bool here(const templ *t, const char *z)
{
    size_t n = strlen(z);
    return t->text.n - t->at >= n && memcmp(t->text.p + t->at, z, n) == 0;
}

static void skip(templ *t)
{
    while (t->at < t->text.n && blank(peek(t)))
        t->at++;
}

/* Whether the action ends here: "}}", or " -}}" whose blank was skipped. */
static bool closing(const templ *t)
{
    return here(t, "}}") || (here(t, "-}}") && t->at && blank(t->text.p[t->at - 1]));
}

static bool letter(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c & 0x80);
}

static wb_str word(templ *t)
{
    size_t from = t->at;
    while (t->at < t->text.n && letter(peek(t)))
        t->at++;
    return wb_str_n(t->text.p + from, t->at - from);
}

static bool close_action(templ *t)
{
    skip(t);
    bool trim = here(t, "-}}");
    if (!closing(t)) {
        if (t->at >= t->text.n)
            fail_parse(t, "unclosed action", (wb_str){0}, "");
        else
            fail_parse(t, "unexpected ", wb_str_n(t->text.p + t->at, 1), " in operand");
        return false;
    }
    t->at += trim ? 3 : 2;
    if (trim)
        skip(t);
    return true;
}

/* ---- values ---- */

static value of(wv v)
{
    return (value){.v = v};
}

static bool truth(value x)
{
    if (x.missing || x.v == WV_NULL || x.v == WV_FALSE)
        return false;
    if (wv_is_string(x.v))
        return wv_str(&x.v).n > 0;
    if (wv_is_collection(x.v))
        return wv_len(x.v) > 0;
    /* A number of the document is text, which is never empty. */
    return !(x.native && wv_is_int(x.v) && wv_int(x.v) == 0);
}

static void put_value(wb_buf *b, wv v, unsigned depth)
{
    if (depth > WV_JSON_DEPTH_MAX / 10) {
        b->failed = true;
    } else if (wv_is_string(v)) {
        wb_buf_put_str(b, wv_str(&v));
    } else if (v == WV_NULL) {
        wb_buf_puts(b, depth ? "<nil>" : "<no value>");
    } else if (wv_is_array(v)) {
        wb_buf_putc(b, '[');
        for (uint32_t i = 0; i < wv_len(v); i++) {
            wb_buf_puts(b, i ? " " : "");
            put_value(b, wv_items(v)[i], depth + 1);
        }
        wb_buf_putc(b, ']');
    } else if (wv_is_object(v)) {
        const uint32_t *order = wv_table_order(v);
        wb_buf_puts(b, "map[");
        for (uint32_t i = 0; i < wv_len(v); i++) {
            wb_buf_puts(b, i ? " " : "");
            put_value(b, wv_key_at(v, order, i), depth + 1);
            wb_buf_putc(b, ':');
            put_value(b, wv_value_at(v, order, i), depth + 1);
        }
        wb_buf_putc(b, ']');
    } else {
        wv_json_encode(b, v, NULL, NULL);
    }
}

static const char *go_type(value x)
{
    if (wv_is_number(x.v))
        return !x.native ? "json.Number" : wv_is_int(x.v) ? "int" : "float64";
    return wv_is_string(x.v)  ? "string"
           : wv_is_bool(x.v)  ? "bool"
           : wv_is_array(x.v) ? "[]interface {}"
                              : "map[string]interface {}";
}

static value field(templ *t, value x, wb_str name, size_t from)
{
    if (x.missing || x.v == WV_NULL) {
        if (!x.missing)
            fail_run(t, from, t->at, "nil pointer evaluating interface {}.",
                     wb_arena_printf(t->cx->out, "%.*s", WB_FMT(name)));
        return none;
    }
    if (!wv_is_object(x.v)) {
        fail_run(t, from, t->at,
                 wb_arena_printf(t->cx->out, "can't evaluate field %.*s in type ", WB_FMT(name)),
                 "interface {}");
        return none;
    }
    wv v = wv_object_get_str(x.v, name);
    return wv_defined(v) ? of(v) : none;
}

/* ---- pipelines ---- */

static value pipeline(templ *t, value dot);

/* 'c': its code point. */
static value rune_constant(templ *t)
{
    static const char from[] = "abfnrtv\\'", to[] = "\a\b\f\n\r\t\v\\'";
    size_t at = t->at + 1, used = 0;
    uint32_t c = 0;
    const char *p = t->text.p;
    if (at + 1 < t->text.n && p[at] == '\\' && strchr(from, p[at + 1]) && p[at + 1]) {
        c = (unsigned char)to[strchr(from, p[at + 1]) - from];
        used = 2;
    } else if (at < t->text.n && p[at] != '\n' && p[at] != '\'' && p[at] != '\\') {
        c = wb_utf8_get(p + at, t->text.n - at, &used);
    }
    if (!used || at + used >= t->text.n || p[at + used] != '\'') {
        fail_parse(t, "unterminated character constant", (wb_str){0}, "");
        return none;
    }
    t->at = at + used + 1;
    return (value){.v = wv_small(c), .native = true};
}

/* An int, decimal or hexadecimal, or a float64. */
static value number_constant(templ *t)
{
    char text[64], *end = text;
    size_t from = t->at, n;
    t->at += peek(t) == '-';
    word(t);
    if (peek(t) == '.') {
        t->at++;
        word(t);
    }
    n = t->at - from;
    wv v = WV_UNDEFINED;
    if (n < sizeof text) {
        memcpy(text, t->text.p + from, n);
        text[n] = 0;
        bool hex = strchr(text, 'x') || strchr(text, 'X');
        bool real = !hex && strpbrk(text, ".eE");
        /* strtod takes words that Go does not. */
        if (real && strspn(text, "-+.0123456789eE") == n)
            v = wv_from_double(t->cx->out, strtod(text, &end));
        else if (!real && n > 1 && text[text[0] == '-'] == '0' && !hex && n > 2u + (text[0] == '-'))
            v = WV_UNDEFINED;
        else if (!real)
            v = wv_from_int64(t->cx->out, strtoll(text, &end, hex ? 16 : 10));
    }
    if (!wv_defined(v) || *end || end == text) {
        fail_parse(t, "bad number syntax: ", wb_str_n(t->text.p + from, n), "");
        return none;
    }
    return (value){.v = v, .native = true};
}

static bool operand(templ *t, value dot, value *out)
{
    size_t from = t->at;
    char c = peek(t);
    *out = none;
    if (c == '(') {
        t->at++;
        *out = pipeline(t, dot);
        skip(t);
        if (!t->failed && peek(t) != ')')
            fail_parse(t, "unclosed left paren", (wb_str){0}, "");
        t->at += !t->failed;
    } else if (c == '$') {
        t->at++;
        word(t);
        wb_str name = wb_str_n(t->text.p + from, t->at - from);
        size_t i = t->n_vars;
        while (i && !wb_str_eq(t->vars[i - 1].name, name))
            i--;
        if (!i)
            fail_parse(t, "undefined variable ", name, "");
        else
            *out = t->vars[i - 1].value;
    } else if (c == '.') {
        *out = dot;
        if (t->at + 1 >= t->text.n || !letter(t->text.p[t->at + 1])) {
            t->at++;
            return true;
        }
    } else if (c == '"') {
        wv v;
        size_t used;
        wb_str rest = wb_str_n(t->text.p + t->at, t->text.n - t->at);
        if (wv_json_decode_prefix(t->cx->out, rest, NULL, &v, &used, NULL))
            fail_parse(t, "unterminated quoted string", (wb_str){0}, "");
        else
            t->at += used;
        *out = t->failed ? none : of(v);
    } else if (c == '`') {
        const char *end = memchr(t->text.p + t->at + 1, '`', t->text.n - t->at - 1);
        if (!end) {
            fail_parse(t, "unterminated raw quoted string", (wb_str){0}, "");
            return false;
        }
        size_t n = (size_t)(end - t->text.p) - t->at - 1;
        *out = of(wv_string_new(t->cx->out, wb_str_n(t->text.p + t->at + 1, n)));
        t->at += n + 2;
    } else if (c == '\'') {
        *out = rune_constant(t);
    } else if ((c >= '0' && c <= '9') || (c == '-' && !closing(t))) {
        *out = number_constant(t);
    } else if (here(t, "nil") && !letter(t->text.n > t->at + 3 ? t->text.p[t->at + 3] : 0)) {
        t->at += 3;
    } else if (here(t, "true") && !letter(t->text.n > t->at + 4 ? t->text.p[t->at + 4] : 0)) {
        t->at += 4;
        *out = of(WV_TRUE);
    } else if (here(t, "false") && !letter(t->text.n > t->at + 5 ? t->text.p[t->at + 5] : 0)) {
        t->at += 5;
        *out = of(WV_FALSE);
    } else {
        return false;
    }
    while (!t->failed && peek(t) == '.' && t->at + 1 < t->text.n && letter(t->text.p[t->at + 1])) {
        t->at++;
        wb_str name = word(t);
        *out = field(t, *out, name, from);
    }
    return !t->failed;
}

#define ARGS_MAX 16

static const char *const functions[] = {"and", "eq",    "ge",     "gt",      "html",  "index",
                                        "js",  "le",    "len",    "lt",      "ne",    "not",
                                        "or",  "print", "printf", "println", "slice", "urlquery"};

/* Two values of one basic type; json.Number is text. False: the call fails. */
static bool equal(templ *t, value x, value y, size_t from, wb_str name, bool *same)
{
    bool x_none = x.missing || x.v == WV_NULL, y_none = y.missing || y.v == WV_NULL;
    if (x_none || y_none) {
        *same = x_none && y_none;
        return true;
    }
    const char *a = go_type(x), *b = go_type(y);
    bool texts = (wv_is_string(x.v) || (wv_is_number(x.v) && !x.native)) &&
                 (wv_is_string(y.v) || (wv_is_number(y.v) && !y.native));
    if (!texts && (a != b || wv_is_collection(x.v))) {
        fail_run(t, from, t->at, wb_arena_printf(t->cx->out, "error calling %.*s: ", WB_FMT(name)),
                 a != b ? wb_arena_printf(t->cx->out,
                                          "incompatible types for comparison: %s and %s", a, b)
                        : "non-comparable types");
        return false;
    }
    if (texts) {
        wb_buf p, q;
        ws_text_begin(t->cx, &p);
        ws_text_begin(t->cx, &q);
        put_value(&p, x.v, 0);
        put_value(&q, y.v, 0);
        *same = wb_str_eq(wb_buf_str(&p), wb_buf_str(&q));
        wb_buf_free(&p);
        wb_buf_free(&q);
    } else {
        *same = wv_equal(x.v, y.v);
    }
    return true;
}

static void put_plain(wb_buf *b, const value *args, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i && !(wv_is_string(args[i].v) || wv_is_string(args[i - 1].v)))
            wb_buf_putc(b, ' ');
        put_value(b, args[i].missing ? WV_NULL : args[i].v, 0);
    }
}

/* As template.JSEscape. */
static value js(templ *t, const value *args, size_t n)
{
    wb_buf plain, b;
    ws_text_begin(t->cx, &plain);
    ws_text_begin(t->cx, &b);
    put_plain(&plain, args, n);
    for (size_t i = 0, used; i < plain.n; i += used) {
        uint32_t c = wb_utf8_get(plain.p + i, plain.n - i, &used);
        if (c == '\\' || c == '\'' || c == '"')
            wb_buf_putf(&b, "\\%c", (int)c);
        else if (c < ' ' || (c < 0x80 && strchr("<>&=", (int)c)) || (c >= 0x80 && !wv_printable(c)))
            wb_buf_putf(&b, "\\u%04X", c);
        else
            wb_buf_put(&b, plain.p + i, used);
    }
    wb_buf_free(&plain);
    wv v = ws_take_string(t->cx, &b);
    t->failed |= !wv_defined(v);
    return of(v);
}

/* slice X [I [J]]: part of a string's bytes or of an array. */
static value slice(templ *t, const value *args, size_t n, size_t from)
{
    wv x = args[0].missing ? WV_NULL : args[0].v;
    bool text = wv_is_string(x), list = wv_is_array(x);
    int64_t size = text ? (int64_t)wv_str(&x).n : list ? wv_len(x) : 0, at[2] = {0, size};
    const char *why = NULL;
    if (x == WV_NULL)
        why = "slice of untyped nil";
    else if (n > 4)
        why = wb_arena_printf(t->cx->out, "too many slice indexes: %zu", n - 1);
    else if (n == 4 && text)
        why = "cannot 3-index slice a string";
    else if (!text && !list)
        why = wb_arena_printf(t->cx->out, "can't slice item of type %s", go_type(args[0]));
    for (size_t i = 1; i < n && i < 3 && !why; i++) {
        wv k = args[i].missing ? WV_NULL : args[i].v;
        if (k == WV_NULL)
            why = "cannot index slice/array with nil";
        else if (!args[i].native || !wv_is_int(k))
            why = wb_arena_printf(t->cx->out, "cannot index slice/array with type %s",
                                  go_type(args[i]));
        else if (wv_int(k) < 0 || wv_int(k) > size)
            why = wb_arena_printf(t->cx->out, "index out of range: %lld", (long long)wv_int(k));
        else
            at[i - 1] = wv_int(k);
    }
    if (!why && at[0] > at[1])
        why = wb_arena_printf(t->cx->out, "invalid slice index: %lld > %lld", (long long)at[0],
                              (long long)at[1]);
    if (why) {
        fail_run(t, from, t->at, "error calling slice: ", why);
        return none;
    }
    size_t count = (size_t)(at[1] - at[0]);
    if (!ws_room(t->cx, count * sizeof(wv))) {
        t->failed = true;
        return none;
    }
    return of(text ? wv_string_new(t->cx->out, wb_str_n(wv_str(&x).p + at[0], count))
                   : wv_array_new(t->cx->out, wv_items(x) + at[0], count));
}

/* As url.QueryEscape. */
static value urlquery(templ *t, const value *args, size_t n)
{
    wb_buf plain, b;
    ws_text_begin(t->cx, &plain);
    ws_text_begin(t->cx, &b);
    put_plain(&plain, args, n);
    for (size_t i = 0; i < plain.n; i++) {
        unsigned char c = (unsigned char)plain.p[i];
        if (c == ' ')
            wb_buf_putc(&b, '+');
        else if ((letter((char)c) && c < 0x80) || c == '-' || c == '.' || c == '~')
            wb_buf_putc(&b, (char)c);
        else
            wb_buf_putf(&b, "%%%02X", c);
    }
    wb_buf_free(&plain);
    wv v = ws_take_string(t->cx, &b);
    t->failed |= !wv_defined(v);
    return of(v);
}

/* Below, equal or above; false: the call fails. */
static bool ordered(templ *t, value x, value y, size_t from, wb_str name, int *order)
{
    bool numbers = x.native && y.native && go_type(x) == go_type(y);
    bool x_text = wv_is_string(x.v) || (wv_is_number(x.v) && !x.native);
    bool y_text = wv_is_string(y.v) || (wv_is_number(y.v) && !y.native);
    const char *why = NULL;
    if (x.missing || y.missing || !(x_text || x.native) || !(y_text || y.native))
        why = "invalid type for comparison";
    else if (!numbers && !(x_text && y_text))
        why = "incompatible types for comparison";
    if (why) {
        fail_run(t, from, t->at, wb_arena_printf(t->cx->out, "error calling %.*s: ", WB_FMT(name)),
                 why);
        return false;
    }
    if (numbers) {
        *order = wv_compare(x.v, y.v);
        return true;
    }
    wb_buf a, b;
    ws_text_begin(t->cx, &a);
    ws_text_begin(t->cx, &b);
    put_value(&a, x.v, 0);
    put_value(&b, y.v, 0);
    *order = wb_str_cmp(wb_buf_str(&a), wb_buf_str(&b));
    wb_buf_free(&a);
    wb_buf_free(&b);
    return true;
}

static value html(templ *t, const value *args, size_t n)
{
    wb_buf plain, b;
    ws_text_begin(t->cx, &plain);
    ws_text_begin(t->cx, &b);
    put_plain(&plain, args, n);
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];
        const char *as = c == '"'    ? "&#34;"
                         : c == '\'' ? "&#39;"
                         : c == '&'  ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == 0    ? "\357\277\275"
                                     : NULL;
        if (as)
            wb_buf_puts(&b, as);
        else
            wb_buf_putc(&b, c);
    }
    wb_buf_free(&plain);
    wv v = ws_take_string(t->cx, &b);
    t->failed |= !wv_defined(v);
    return of(v);
}

static ws_go_arg go_arg(templ *t, value x)
{
    if (x.missing || x.v == WV_NULL)
        return (ws_go_arg){.kind = WS_GO_NIL};
    ws_go_arg a = {WS_GO_TEXT, go_type(x), x.v};
    if (wv_is_bool(x.v)) {
        a.kind = WS_GO_BOOL;
    } else if (x.native) {
        a.kind = WS_GO_NUMBER;
    } else if (!wv_is_string(x.v)) {
        wb_buf b;
        ws_text_begin(t->cx, &b);
        put_value(&b, x.v, 0);
        a.v = ws_take_string(t->cx, &b);
        t->failed |= !wv_defined(a.v);
    }
    return a;
}

static value print_format(templ *t, const value *args, size_t n, size_t from)
{
    ws_go_arg list[ARGS_MAX];
    wv format = args[0].missing ? WV_NULL : args[0].v;
    if (!wv_is_string(format)) {
        fail_run(t, from, t->at, "wrong type for value; expected string", "");
        return none;
    }
    for (size_t i = 1; i < n; i++)
        list[i - 1] = go_arg(t, args[i]);
    wv v = t->failed || t->dry ? WV_NULL : ws_go_sprintf(t->cx, wv_str(&format), list, n - 1);
    t->failed |= !wv_defined(v);
    return of(v);
}

static value call(templ *t, wb_str name, const value *args, size_t n, size_t from)
{
    bool same = false;
    if (n < 1 || (wb_str_is(name, "ne") && n != 2) ||
        ((wb_str_is(name, "not") || wb_str_is(name, "len")) && n != 1)) {
        fail_run(t, from, t->at, "wrong number of args for ",
                 wb_arena_printf(t->cx->out, "%.*s", WB_FMT(name)));
        return none;
    }
    if (wb_str_is(name, "not"))
        return of(wv_bool(!truth(args[0])));
    if (wb_str_is(name, "printf"))
        return print_format(t, args, n, from);
    if (wb_str_is(name, "urlquery"))
        return urlquery(t, args, n);
    if (wb_str_is(name, "js"))
        return js(t, args, n);
    if (wb_str_is(name, "slice"))
        return slice(t, args, n, from);
    if (name.n == 2 && (name.p[0] == 'l' || name.p[0] == 'g')) {
        int order = 0;
        bool below = name.p[0] == 'l', or_equal = name.p[1] == 'e';
        if (n != 2) {
            fail_run(t, from, t->at, "wrong number of args for ",
                     wb_arena_printf(t->cx->out, "%.*s", WB_FMT(name)));
            return none;
        }
        if (!ordered(t, args[0], args[1], from, name, &order))
            return none;
        return of(wv_bool((below ? order < 0 : order > 0) || (or_equal && order == 0)));
    }
    if (wb_str_is(name, "and") || wb_str_is(name, "or")) {
        bool until = wb_str_is(name, "or");
        for (size_t i = 0; i + 1 < n; i++)
            if (truth(args[i]) == until)
                return args[i];
        return args[n - 1];
    }
    if (wb_str_is(name, "eq") && n < 2) {
        fail_run(t, from, t->at, "error calling eq: missing argument for comparison", "");
        return none;
    }
    if (wb_str_is(name, "eq") || wb_str_is(name, "ne")) {
        for (size_t i = 1; i < n && !same; i++)
            if (!equal(t, args[0], args[i], from, name, &same))
                return none;
        return of(wv_bool(same == wb_str_is(name, "eq")));
    }
    if (wb_str_is(name, "html") || wb_str_is(name, "print") || wb_str_is(name, "println")) {
        bool spaced = wb_str_is(name, "println");
        if (wb_str_is(name, "html"))
            return html(t, args, n);
        wb_buf b;
        ws_text_begin(t->cx, &b);
        for (size_t i = 0; i < n; i++) {
            if (i && (spaced || !(wv_is_string(args[i].v) || wv_is_string(args[i - 1].v))))
                wb_buf_putc(&b, ' ');
            if (args[i].missing || args[i].v == WV_NULL)
                wb_buf_puts(&b, "<nil>");
            else
                put_value(&b, args[i].v, 0);
        }
        if (spaced)
            wb_buf_putc(&b, '\n');
        wv v = ws_take_string(t->cx, &b);
        t->failed |= !wv_defined(v);
        return of(v);
    }
    if (wb_str_is(name, "len")) {
        wv v = args[0].v;
        if (!args[0].missing && wv_is_collection(v))
            return (value){.v = wv_small(wv_len(v)), .native = true};
        if (!args[0].missing && wv_is_string(v))
            return (value){.v = wv_small((int64_t)wv_str(&v).n), .native = true};
        fail_run(t, from, t->at, "error calling len: len of ",
                 args[0].missing || v == WV_NULL
                     ? "nil pointer"
                     : wb_arena_printf(t->cx->out, "type %s", go_type(args[0])));
        return none;
    }
    value x = args[0];
    for (size_t i = 1; i < n; i++) {
        wv key = args[i].v;
        bool object = !x.missing && wv_is_object(x.v) && wv_is_string(key);
        bool array = !x.missing && wv_is_array(x.v) && args[i].native && wv_is_int(key) &&
                     wv_int(key) >= 0 && wv_int(key) < wv_len(x.v);
        if (!object && !array) {
            fail_run(t, from, t->at, "error calling index: ", "cannot index with this value");
            return none;
        }
        wv v = object ? wv_object_get(x.v, key) : wv_items(x.v)[wv_int(key)];
        x = wv_defined(v) ? of(v) : none;
    }
    return x;
}

/* One command: an operand, or a function with operands; `last` comes from the pipe. */
static value command(templ *t, value dot, const value *last)
{
    size_t from = t->at, n = 0;
    value args[ARGS_MAX], x;
    if (here(t, "nil") && !letter(t->text.n > t->at + 3 ? t->text.p[t->at + 3] : 0)) {
        t->at += 3;
        fail_run(t, from, t->at, "nil is not a command", "");
        return none;
    }
    if (operand(t, dot, &x)) {
        skip(t);
        if (last)
            fail_run(t, from, t->at, "can't give argument to non-function", "");
        return x;
    }
    if (t->failed)
        return none;
    wb_str name = word(t);
    bool known = false;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        known |= wb_str_is(name, functions[i]);
    if (!name.n)
        fail_parse(t, t->at >= t->text.n ? "unclosed action" : "missing value for command",
                   (wb_str){0}, "");
    else if (!known)
        fail_parse(t, "function ", name, " not defined");
    /* "and" and "or" stop at what decides them: the rest is only read. */
    bool was_dry = t->dry, any = wb_str_is(name, "or"), all = wb_str_is(name, "and");
    for (skip(t); !t->failed && n < ARGS_MAX - 1 && operand(t, dot, &x); skip(t)) {
        args[n++] = x;
        t->dry |= (any && truth(x)) || (all && !truth(x));
    }
    t->dry = was_dry;
    if (last)
        args[n++] = *last;
    return t->failed ? none : call(t, name, args, n, from);
}

static value pipeline(templ *t, value dot)
{
    if (++t->depth > DEPTH_MAX)
        fail_parse(t, "max expression depth exceeded", (wb_str){0}, "");
    skip(t);
    value x = t->failed ? none : command(t, dot, NULL);
    for (skip(t); !t->failed && peek(t) == '|'; skip(t)) {
        t->at++;
        skip(t);
        value last = x;
        x = command(t, dot, &last);
    }
    t->depth--;
    return x;
}

/* "$a, $b :=" in front of a pipeline: the names; their number. */
static size_t declared(templ *t, wb_str names[2], bool *assigns)
{
    size_t back = t->at, n = 0;
    skip(t);
    while (n < 2 && peek(t) == '$') {
        size_t from = t->at++;
        word(t);
        names[n++] = wb_str_n(t->text.p + from, t->at - from);
        skip(t);
        if (peek(t) != ',')
            break;
        t->at++;
        skip(t);
    }
    *assigns = n && peek(t) == '=';
    if (n && (here(t, ":=") || *assigns)) {
        t->at += *assigns ? 1 : 2;
        return n;
    }
    t->at = back;
    return 0;
}

static void set(templ *t, wb_str name, value v, bool assigns)
{
    size_t i = t->n_vars;
    while (assigns && i && !wb_str_eq(t->vars[i - 1].name, name))
        i--;
    if (assigns && i)
        t->vars[i - 1].value = v;
    else if (assigns)
        fail_parse(t, "undefined variable ", name, "");
    else if (t->n_vars < VARS_MAX)
        t->vars[t->n_vars++] = (variable){name, v};
    else
        fail_parse(t, "too many variables", (wb_str){0}, "");
}

/* ---- actions ---- */

static ending body(templ *t, value dot, bool runs);

/* After "else": the rest of a control, where `done` tells that a branch was taken. */
static void control(templ *t, value dot, bool runs, bool with);

static void otherwise(templ *t, value dot, bool runs, bool with)
{
    skip(t);
    const char *again = with ? "with" : "if";
    if (here(t, again)) {
        t->at += strlen(again);
        control(t, dot, runs, with);
        return;
    }
    if (close_action(t) && body(t, dot, runs) != AT_END)
        fail_parse(t, "unexpected {{else}}", (wb_str){0}, "");
}

/* What does not run is read all the same, with its output and its failures to run left out. */
static void control(templ *t, value dot, bool runs, bool with)
{
    wb_str names[2];
    bool assigns;
    size_t vars = t->n_vars, n = declared(t, names, &assigns);
    bool was_dry = t->dry;
    t->dry = !runs;
    value x = pipeline(t, runs ? dot : none);
    t->dry = was_dry;
    for (size_t i = 0; i < n && !t->failed; i++)
        set(t, names[i], x, assigns);
    if (t->failed || !close_action(t))
        return;
    bool yes = truth(x);
    ending how = body(t, with && yes ? x : dot, runs && yes);
    if (how == AT_ELSE)
        otherwise(t, dot, runs && !yes, with);
    else if (how == AT_EOF)
        fail_parse(t, "unexpected EOF", (wb_str){0}, "");
    t->n_vars = vars;
}

static void range(templ *t, value dot, bool runs)
{
    wb_str names[2];
    bool assigns;
    size_t vars = t->n_vars, from = t->at, n = declared(t, names, &assigns);
    skip(t);
    from = t->at;
    value x = pipeline(t, runs ? dot : none);
    size_t to = t->at;
    if (t->failed || !close_action(t))
        return;
    bool list = !x.missing && wv_is_array(x.v), object = !x.missing && wv_is_object(x.v);
    bool counts = !x.missing && x.native && wv_is_int(x.v);
    if (runs && !list && !object && !counts && !x.missing && x.v != WV_NULL) {
        wb_buf b;
        ws_text_begin(t->cx, &b);
        put_value(&b, x.v, 1);
        fail_run(t, from, to, "range can't iterate over ", wb_buf_cstr(&b));
        wb_buf_free(&b);
        return;
    }
    if (runs && counts && n == 2) {
        fail_run(t, from, to,
                 wb_arena_printf(t->cx->out,
                                 "can't use %lld to iterate over more than one variable",
                                 (long long)wv_int(x.v)),
                 "");
        return;
    }
    int64_t count = !runs ? 0 : list || object ? wv_len(x.v) : counts ? wv_int(x.v) : 0;
    const uint32_t *order = object && count ? wv_table_order(x.v) : NULL;
    size_t start = t->at;
    ending how = AT_END;
    for (int64_t i = 0; i < (count > 0 ? count : 1) && !t->failed; i++) {
        bool real = count > 0;
        uint32_t k = (uint32_t)i;
        value index = {.v = wv_small(i), .native = true}, item = none;
        if (real && object) {
            index = of(wv_key_at(x.v, order, k));
            item = of(wv_value_at(x.v, order, k));
        } else if (real) {
            item = list ? of(wv_items(x.v)[i]) : index;
        }
        t->at = start;
        t->n_vars = vars;
        if (n == 2)
            set(t, names[0], index, assigns);
        if (n)
            set(t, names[n - 1], item, assigns);
        how = body(t, item, real);
        bool out = t->leaving == BREAKING;
        t->leaving = GOING;
        t->failed |= !ws_charge(t->cx, 1 + (t->at - start) / 64);
        if (out)
            break;
    }
    t->n_vars = vars;
    if (how == AT_EOF)
        fail_parse(t, "unexpected EOF", (wb_str){0}, "");
    if (how == AT_ELSE && !t->failed && close_action(t) &&
        body(t, dot, runs && count <= 0) != AT_END)
        fail_parse(t, "unexpected {{else}}", (wb_str){0}, "");
}

static bool keyword(templ *t, const char *z)
{
    size_t n = strlen(z);
    if (!here(t, z) || (t->at + n < t->text.n && letter(t->text.p[t->at + n])))
        return false;
    t->at += n;
    return true;
}

static wb_str template_name(templ *t)
{
    value x = none;
    skip(t);
    char c = peek(t);
    if ((c != '"' && c != '`') || !operand(t, none, &x)) {
        fail_parse(t, "unexpected ", wb_str_n(t->text.p + t->at, t->at < t->text.n),
                   " in template clause");
        return (wb_str){0};
    }
    wv *kept = wb_arena_alloc(t->cx->out, sizeof *kept);
    *kept = x.v;
    return wv_str(kept);
}

static void use_template(templ *t, wb_str name, value dot, size_t from)
{
    size_t i = t->n_named, at = t->at, vars = t->n_vars;
    while (i && !wb_str_eq(t->named[i - 1].name, name))
        i--;
    if (!i || ++t->calls > CALLS_MAX || !ws_charge(t->cx, 1)) {
        if (t->cx->error == WS_ERR_NONE)
            fail_run(t, from, t->at, i ? "exceeded maximum template depth" : "template ",
                     i ? "" : wb_arena_printf(t->cx->out, "\"%.*s\" not defined", WB_FMT(name)));
        t->failed = true;
        return;
    }
    set(t, WB_LIT("$"), dot, false);
    t->at = t->named[i - 1].at;
    body(t, dot, true);
    t->leaving = GOING;
    t->at = at;
    t->n_vars = vars;
}

/* {{define "name"}}, {{block "name" pipeline}}: read over, and kept in the first pass. */
static void define(templ *t, value dot, bool runs, bool used_here)
{
    size_t from = t->at;
    wb_str name = template_name(t);
    value x = used_here && !t->failed ? pipeline(t, dot) : none;
    if (t->failed || !close_action(t))
        return;
    if (t->scanning && t->n_named == NAMED_MAX)
        fail_parse(t, "too many templates", (wb_str){0}, "");
    else if (t->scanning)
        t->named[t->n_named].name = name, t->named[t->n_named++].at = t->at;
    if (body(t, none, false) != AT_END && !t->failed)
        fail_parse(t, "unexpected EOF", (wb_str){0}, "");
    if (runs && used_here && !t->failed)
        use_template(t, name, x, from);
}

/* Text and actions up to the end of a block; an "else" is left open behind the word. */
static ending body(templ *t, value dot, bool runs)
{
    bool was_dry = t->dry;
    t->dry = !runs;
    if (++t->depth > DEPTH_MAX)
        fail_parse(t, "max expression depth exceeded", (wb_str){0}, "");
    ending how = AT_EOF;
    while (!t->failed) {
        size_t open = t->at;
        while (open + 1 < t->text.n && memcmp(t->text.p + open, "{{", 2) != 0)
            open++;
        bool found = open + 1 < t->text.n;
        size_t end = found ? open : t->text.n;
        bool trim = found && open + 3 < t->text.n && t->text.p[open + 2] == '-' &&
                    blank(t->text.p[open + 3]);
        size_t stop = end;
        while (trim && stop > t->at && blank(t->text.p[stop - 1]))
            stop--;
        if (runs)
            wb_buf_put(t->out, t->text.p + t->at, stop - t->at);
        t->at = end;
        if (!found)
            break;
        t->at += trim ? 3 : 2;
        skip(t);
        if (here(t, "/*")) {
            while (t->at < t->text.n && !here(t, "*/"))
                t->at++;
            if (t->at >= t->text.n)
                fail_parse(t, "unclosed comment", (wb_str){0}, "");
            else
                t->at += 2;
            if (!t->failed)
                close_action(t);
        } else if (keyword(t, "end")) {
            how = AT_END;
            close_action(t);
            break;
        } else if (keyword(t, "else")) {
            how = AT_ELSE;
            break;
        } else if (keyword(t, "if")) {
            control(t, dot, runs, false);
        } else if (keyword(t, "with")) {
            control(t, dot, runs, true);
        } else if (keyword(t, "range")) {
            range(t, dot, runs);
        } else if (t->depth == 1 && keyword(t, "define")) {
            define(t, dot, runs, false);
        } else if (keyword(t, "block")) {
            define(t, dot, runs, true);
        } else if (keyword(t, "template")) {
            size_t from = open + 2;
            wb_str name = template_name(t);
            skip(t);
            value x = !t->failed && !closing(t) ? pipeline(t, runs ? dot : none) : none;
            if (!t->failed && close_action(t) && runs)
                use_template(t, name, x, from);
        } else if (keyword(t, "break") || keyword(t, "continue")) {
            bool breaks = t->text.p[t->at - 1] == 'k';
            if (close_action(t) && runs)
                t->leaving = breaks ? BREAKING : CONTINUING;
        } else {
            wb_str names[2];
            bool assigns;
            size_t n = declared(t, names, &assigns);
            value x = pipeline(t, runs ? dot : none);
            for (size_t i = 0; i < n && !t->failed; i++)
                set(t, names[i], x, assigns);
            if (!t->failed && close_action(t) && runs && !n)
                put_value(t->out, x.missing ? WV_NULL : x.v, 0);
        }
        if (t->leaving != GOING) {
            /* What is left of the block is only read. */
            runs = false;
            t->dry = true;
        }
        if (t->out->failed && !t->failed) {
            ws_fail_room(t->cx);
            t->failed = true;
        }
    }
    t->depth--;
    t->dry = was_dry;
    return how;
}

static wv fn_render(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_OBJECT(cx, args, 1);
    WS_SPEND(cx, wv_str(&args[0]).n);
    wb_buf json, out;
    ws_text_begin(cx, &json);
    ws_text_begin(cx, &out);
    wb_error error = {0};
    wv vars = WV_UNDEFINED, r = WV_UNDEFINED;
    /* OPA reads the variables' Rego text as JSON: what is no JSON there is refused. */
    size_t used;
    wv_print(&json, args[1]);
    if (json.failed)
        ws_fail_room(cx);
    else if (ws_room(cx, json.n) &&
             wv_json_decode_prefix(cx->out, wb_buf_str(&json), NULL, &vars, &used, &error)) {
        vars = cx->out->exhausted ? ws_fail_room(cx) : ws_fail(cx, "%s", error.text);
    }
    if (wv_defined(vars)) {
        templ *t = wb_calloc(1, sizeof *t);
        t->cx = cx;
        t->text = wv_str(&args[0]);
        t->out = &out;
        set(t, WB_LIT("$"), of(vars), false);
        /* What does not parse is found before anything runs. */
        t->scanning = true;
        ending how = body(t, none, false);
        t->scanning = false;
        t->at = 0;
        t->n_vars = 1;
        if (!t->failed && how == AT_EOF)
            how = body(t, of(vars), true);
        if (!t->failed && how != AT_EOF)
            fail_parse(t, how == AT_END ? "unexpected {{end}}" : "unexpected {{else}}", (wb_str){0},
                       "");
        if (!t->failed) {
            static const char gone[] = "<no value>", shown[] = "<undefined>";
            wb_buf b;
            ws_text_begin(cx, &b);
            for (size_t i = 0; i < out.n;) {
                bool hit =
                    out.n - i >= sizeof gone - 1 && !memcmp(out.p + i, gone, sizeof gone - 1);
                if (hit)
                    wb_buf_puts(&b, shown);
                else
                    wb_buf_putc(&b, out.p[i]);
                i += hit ? sizeof gone - 1 : 1;
            }
            r = ws_take_string(cx, &b);
        }
        free(t);
    }
    wb_buf_free(&json);
    wb_buf_free(&out);
    return r;
}

const ws_builtin ws_template[] = {
    WS_ROW("strings.render_template",
           "(value: string, vars: object[string: any]) => (result: string)", NULL, "strings", 0,
           fn_render, NULL, NULL, "A Go template with its variables filled in."),
    WS_END,
};
