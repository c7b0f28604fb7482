/* PEM blocks, read as leniently as Go reads them: what does not decode is skipped. */
#include "base/base64.h"
#include "stdlib/args.h"
#include "stdlib/crypto_keys.h"
#include "stdlib/families.h"
#include "stdlib/text.h"

wv ws_call_row(ws_ctx *cx, const char *name, wv arg, const char *front)
{
    static const ws_builtin *const families[] = {ws_encoding, ws_yaml, ws_time};
    const ws_builtin *row = NULL;
    for (size_t i = 0; !row && i < sizeof families / sizeof *families; i++)
        for (const ws_builtin *r = families[i]; !row && r->name; r++)
            if (strcmp(r->name, name) == 0)
                row = r;
    if (!row)
        wb_fatal("no row named %s", name);
    wv v = row->fn(cx, &arg, 1);
    if (wv_defined(v) || !*front || (cx->error != WS_ERR_BUILTIN && cx->error != WS_ERR_TYPE))
        return v;
    size_t skip = strlen(cx->fn->name) + 2;
    return ws_fail_tail(cx, front, wb_str_n(cx->error_text.p + skip, cx->error_text.n - skip));
}

void ws_forgive(ws_ctx *cx)
{
    if (cx->error == WS_ERR_BUILTIN || cx->error == WS_ERR_TYPE)
        cx->error = WS_ERR_NONE;
}

#define BEGIN  "-----BEGIN "
#define END    "\n-----END "
#define DASHES 5

static wb_str from(wb_str s, size_t i)
{
    return wb_str_n(s.p + i, s.n - i);
}

/* Takes one line off *s; blanks at its end are left out. */
static wb_str take_line(wb_str *s)
{
    const char *nl = s->n ? memchr(s->p, '\n', s->n) : NULL;
    size_t n = nl ? (size_t)(nl - s->p) : s->n, used = nl ? n + 1 : n;
    wb_str line = wb_str_n(s->p, n);
    *s = from(*s, used);
    if (nl && line.n && line.p[line.n - 1] == '\r')
        line.n--;
    while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
        line.n--;
    return line;
}

/* The last "-----BEGIN " of s that starts a line. */
static size_t last_begin(wb_str s)
{
    size_t w = sizeof BEGIN - 1;
    if (s.n < w)
        return WS_NOT_FOUND;
    for (size_t i = s.n - w + 1; i-- > 0;)
        if (memcmp(s.p + i, BEGIN, w) == 0)
            return i == 0 || s.p[i - 1] == '\n' ? i : WS_NOT_FOUND;
    return WS_NOT_FOUND;
}

/* The base64 text of a block; blanks do not count. */
static bool decode_body(ws_ctx *cx, wb_str body, wb_str *bytes)
{
    if (!ws_room(cx, body.n))
        return false;
    char *p = wb_arena_alloc(cx->out, body.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] != ' ' && body.p[i] != '\t')
            p[n++] = body.p[i];
    wv v = ws_call_row(cx, "base64.decode", wv_string_new(cx->out, wb_str_n(p, n)), "");
    if (!wv_defined(v)) {
        ws_forgive(cx);
        return false;
    }
    *bytes = wb_arena_str(cx->out, wv_str(&v));
    return true;
}

/* Where the block's END line is told by its offset from the start of the text. */
static bool block_at(ws_ctx *cx, wb_str text, size_t begin, size_t end, ws_pem *b)
{
    wb_str rest = from(text, begin + sizeof BEGIN - 1);
    wb_str type = take_line(&rest);
    if (type.n < DASHES || memcmp(type.p + type.n - DASHES, "-----", DASHES) != 0)
        return false;
    type.n -= DASHES;
    bool headers = false;
    for (;;) {
        wb_str next = rest;
        if (!rest.n)
            return false;
        wb_str line = take_line(&next);
        if (!line.n || !memchr(line.p, ':', line.n))
            break;
        headers = true;
        rest = next;
    }
    size_t body = (size_t)(rest.p - text.p);
    if (headers && end < body)
        return false;
    wb_str trailer = from(text, end + sizeof END - 1);
    if (trailer.n < type.n + DASHES || memcmp(trailer.p, type.p, type.n) != 0 ||
        memcmp(trailer.p + type.n, "-----", DASHES) != 0)
        return false;
    trailer = from(trailer, type.n + DASHES);
    if (take_line(&trailer).n)
        return false;
    b->bytes = (wb_str){"", 0};
    if (end > body && !decode_body(cx, wb_str_n(rest.p, end - body), &b->bytes))
        return false;
    b->type = type;
    b->rest = trailer;
    return true;
}

bool ws_pem_decode(ws_ctx *cx, wb_str text, ws_pem *b)
{
    if (!ws_spend(cx, text.n))
        return false;
    size_t at = 0;
    while (cx->error == WS_ERR_NONE) {
        size_t end = ws_find(text, WB_LIT(END), at);
        if (end == WS_NOT_FOUND)
            return false;
        size_t begin = last_begin(wb_str_n(text.p + at, end - at));
        if (begin != WS_NOT_FOUND && block_at(cx, text, at + begin, end, b))
            return true;
        at = end + sizeof END - 1;
    }
    return false;
}

#define LINE 64

wv ws_pem_encode(ws_ctx *cx, const char *type, wb_str bytes)
{
    WS_ROOM(cx, WB_BASE64_LEN(bytes.n) * 2 + 128);
    char *p = wb_arena_alloc(cx->out, WB_BASE64_LEN(bytes.n) + 1);
    size_t n = wb_base64_encode(bytes.p, bytes.n, p);
    wb_buf b;
    ws_text_begin(cx, &b);
    wb_buf_putf(&b, "-----BEGIN %s-----\n", type);
    for (size_t i = 0; i < n; i += LINE) {
        wb_buf_put(&b, p + i, n - i < LINE ? n - i : LINE);
        wb_buf_putc(&b, '\n');
    }
    wb_buf_putf(&b, "-----END %s-----\n", type);
    return ws_take_string(cx, &b);
}
