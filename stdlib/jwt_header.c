#include "stdlib/jwt_header.h"

#include "base/utf8.h"
#include "stdlib/args.h"

#include <strings.h>

#define DEPTH_MAX 300 /* of that library, too */
#define TAIL_MAX  80  /* bytes of the text behind an error that are shown */

typedef struct scan {
    const char *p, *end;
    wb_buf *why; /* what is being parsed, then what is wrong */
    unsigned depth;
    ws_jwt_field *fields;
    size_t n;
    wb_str *values; /* of the fields found so far in the outermost object, as written */
    bool *plain;    /* the name was found without escapes, which goes first */
} scan;

static wb_str rest(const scan *s)
{
    return wb_str_n(s->p, (size_t)(s->end - s->p));
}

static bool wrong(scan *s, const char *text)
{
    wb_buf_puts(s->why, text);
    return false;
}

static bool wrong_quoted(scan *s, const char *text, size_t n)
{
    wb_buf_puts(s->why, text);
    ws_put_quoted(s->why, wb_str_n(s->p, n));
    return false;
}

static void skip_blanks(scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static bool word(const scan *s, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(s->end - s->p) >= n && memcmp(s->p, text, n) == 0;
}

static bool word_of_any_case(const char *p, const char *end, const char *text)
{
    return end - p >= 3 && strncasecmp(p, text, 3) == 0;
}

/* Behind the opening quote, to behind the closing one. */
static bool raw_string(scan *s, wb_str *out)
{
    const char *from = s->p;
    for (bool escaped = false; s->p < s->end; s->p++) {
        if (*s->p == '"' && !escaped) {
            *out = wb_str_n(from, (size_t)(s->p++ - from));
            return true;
        }
        escaped = *s->p == '\\' && !escaped;
    }
    return wrong(s, "missing closing '\"'");
}

static bool raw_number(scan *s)
{
    const char *from = s->p;
    while (s->p < s->end && *s->p && strchr("0123456789.-eE+", *s->p))
        s->p++;
    if (s->p == s->end)
        return true;
    size_t n = (size_t)(s->p - from);
    if (n > 1 || (n == 1 && *from != '-' && *from != '+'))
        return true;
    if (word_of_any_case(s->p, s->end, "inf") || word_of_any_case(s->p, s->end, "nan")) {
        s->p += 3;
        return true;
    }
    s->p = from;
    wb_buf_puts(s->why, "cannot parse number: ");
    return wrong_quoted(s, "unexpected char: ", 1);
}

static bool value(scan *s, const char **kind, wb_str *text);

static bool array(scan *s)
{
    skip_blanks(s);
    if (s->p == s->end)
        return wrong(s, "missing ']'");
    if (*s->p == ']') {
        s->p++;
        return true;
    }
    for (;;) {
        const char *kind;
        wb_str text;
        size_t mark = s->why->n;
        skip_blanks(s);
        wb_buf_puts(s->why, "cannot parse array value: ");
        if (!value(s, &kind, &text))
            return false;
        s->why->n = mark;
        skip_blanks(s);
        if (s->p == s->end)
            return wrong(s, "unexpected end of array");
        if (*s->p != ',' && *s->p != ']')
            return wrong(s, "missing ',' after array value");
        if (*s->p++ == ']')
            return true;
    }
}

/* ---- strings ---- */

/* Four hexadecimal digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t c = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *d = strchr(digits, p[i] | 0x20);
        if (!p[i] || !d || (p[i] < 'A' && (p[i] < '0' || p[i] > '9')))
            return -1;
        c = c << 4 | (int32_t)(d - digits);
    }
    return c;
}

static void put_rune(wb_buf *b, uint32_t c)
{
    char bytes[4];
    wb_buf_put(b, bytes, wb_utf8_put(bytes, c));
}

/* Behind "\u"; what is no escape stays as it is. */
static const char *unescape_rune(wb_buf *b, const char *p, const char *end)
{
    int32_t c = hex4(p, end);
    if (c < 0) {
        wb_buf_puts(b, "\\u");
        return p;
    }
    if (c < 0xd800 || c > 0xdfff) {
        put_rune(b, (uint32_t)c);
        return p + 4;
    }
    int32_t low = end - p >= 10 && p[4] == '\\' && p[5] == 'u' ? hex4(p + 6, end) : -1;
    if (low < 0) {
        wb_buf_puts(b, "\\u");
        wb_buf_put(b, p, 4);
        return p + 4;
    }
    bool pair = c < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
    put_rune(b, pair ? 0x10000 + (((uint32_t)c & 0x3ff) << 10 | ((uint32_t)low & 0x3ff)) : 0xfffd);
    return p + 10;
}

static void unescape(wb_buf *b, wb_str s)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end;) {
        if (*p != '\\') {
            wb_buf_putc(b, *p++);
            continue;
        }
        if (++p == end)
            return;
        const char *known = *p ? strchr(from, *p) : NULL;
        if (*p == 'u') {
            p = unescape_rune(b, p + 1, end);
            continue;
        }
        if (!known)
            wb_buf_putc(b, '\\');
        wb_buf_putc(b, known ? to[known - from] : *p);
        p++;
    }
}

/* ---- objects ---- */

/* The first of equal names counts, one that is written without escapes before all others. */
static void keep(scan *s, wb_str key, const char *kind, wb_str text)
{
    for (size_t i = 0; i < s->n; i++) {
        ws_jwt_field *f = &s->fields[i];
        bool plain = wb_str_is(key, f->name), found = plain;
        if (f->kind && (s->plain[i] || !plain))
            continue;
        if (!plain) {
            wb_buf b;
            wb_buf_init(&b, key.n + 4);
            unescape(&b, key);
            found = !b.failed && wb_str_is(wb_buf_str(&b), f->name);
            wb_buf_free(&b);
        }
        if (!found)
            continue;
        f->kind = kind;
        s->values[i] = text;
        s->plain[i] = plain;
    }
}

static bool object(scan *s)
{
    skip_blanks(s);
    if (s->p == s->end)
        return wrong(s, "missing '}'");
    if (*s->p == '}') {
        s->p++;
        return true;
    }
    for (;;) {
        wb_str key, text = {0};
        const char *kind = NULL;
        size_t mark = s->why->n;
        skip_blanks(s);
        if (s->p == s->end || *s->p != '"')
            return wrong(s, "cannot find opening '\"\" for object key");
        s->p++;
        wb_buf_puts(s->why, "cannot parse object key: ");
        if (!raw_string(s, &key))
            return false;
        s->why->n = mark;
        skip_blanks(s);
        if (s->p == s->end || *s->p != ':')
            return wrong(s, "missing ':' after object key");
        s->p++;
        skip_blanks(s);
        wb_buf_puts(s->why, "cannot parse object value: ");
        if (!value(s, &kind, &text))
            return false;
        s->why->n = mark;
        if (s->depth == 1)
            keep(s, key, kind, text);
        skip_blanks(s);
        if (s->p == s->end)
            return wrong(s, "unexpected end of object");
        if (*s->p != ',' && *s->p != '}')
            return wrong(s, "missing ',' after object value");
        if (*s->p++ == '}')
            return true;
    }
}

static bool constant(scan *s, const char **kind, const char *name)
{
    *kind = name;
    if (word(s, name)) {
        s->p += strlen(name);
        return true;
    }
    if (*s->p == 'n' && word_of_any_case(s->p, s->end, "nan")) {
        *kind = "number";
        s->p += 3;
        return true;
    }
    return wrong_quoted(s, "unexpected value found: ", rest(s).n);
}

static bool nested(scan *s, bool is_object)
{
    size_t mark = s->why->n;
    s->p++;
    wb_buf_puts(s->why, is_object ? "cannot parse object: " : "cannot parse array: ");
    if (!(is_object ? object(s) : array(s)))
        return false;
    s->why->n = mark;
    s->depth--;
    return true;
}

static bool value(scan *s, const char **kind, wb_str *text)
{
    if (s->p == s->end)
        return wrong(s, "cannot parse empty string");
    if (++s->depth > DEPTH_MAX)
        return wrong(s, "too big depth for the nested JSON; it exceeds 300");
    size_t mark = s->why->n;
    bool ok;
    switch (*s->p) {
    case '{': *kind = "object"; return nested(s, true);
    case '[': *kind = "array"; return nested(s, false);
    case '"':
        *kind = "string";
        s->p++;
        wb_buf_puts(s->why, "cannot parse string: ");
        ok = raw_string(s, text);
        break;
    case 't': ok = constant(s, kind, "true"); break;
    case 'f': ok = constant(s, kind, "false"); break;
    case 'n': ok = constant(s, kind, "null"); break;
    default: *kind = "number"; ok = raw_number(s);
    }
    if (!ok)
        return false;
    s->why->n = mark;
    s->depth--;
    return true;
}

/* The front and the end of a long text. */
static void put_tail(wb_buf *b, wb_str s)
{
    char cut[TAIL_MAX + 3];
    if (s.n <= TAIL_MAX) {
        ws_put_quoted(b, s);
        return;
    }
    memcpy(cut, s.p, TAIL_MAX / 2);
    memcpy(cut + TAIL_MAX / 2, "...", 3);
    memcpy(cut + TAIL_MAX / 2 + 3, s.p + s.n - TAIL_MAX / 2, TAIL_MAX / 2);
    ws_put_quoted(b, wb_str_n(cut, sizeof cut));
}

#define FIELDS_MAX 4

bool ws_jwt_header_read(ws_ctx *cx, wb_str text, ws_jwt_field *fields, size_t n, wb_buf *why)
{
    wb_str values[FIELDS_MAX] = {{0}}, ignored;
    bool plain[FIELDS_MAX] = {false};
    const char *kind;
    scan s = {.p = text.p,
              .end = text.p + text.n,
              .why = why,
              .fields = fields,
              .n = n < FIELDS_MAX ? n : FIELDS_MAX,
              .values = values,
              .plain = plain};
    if (!ws_room(cx, text.n))
        return false;
    for (size_t i = 0; i < n; i++)
        fields[i].kind = NULL;
    skip_blanks(&s);
    wb_buf_puts(why, "cannot parse JSON: ");
    if (!value(&s, &kind, &ignored)) {
        wb_buf_puts(why, "; unparsed tail: ");
        put_tail(why, rest(&s));
        return false;
    }
    skip_blanks(&s);
    wb_buf_clear(why);
    if (s.p < s.end) {
        wb_buf_puts(why, "unexpected tail: ");
        put_tail(why, rest(&s));
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        wb_buf b;
        if (!fields[i].kind || strcmp(fields[i].kind, "string") != 0)
            continue;
        ws_text_begin(cx, &b);
        unescape(&b, values[i]);
        fields[i].text = ws_take_string(cx, &b);
    }
    return cx->error == WS_ERR_NONE;
}
