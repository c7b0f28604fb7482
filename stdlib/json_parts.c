#include "stdlib/json_parts.h"

#include "stdlib/args.h"
#include "value/json.h"

#define BLANKS " \t\r\n"

/* The first byte that is none of those. */
static char next_mark(ws_parts *w, const char *passed)
{
    while (w->at < w->text.n && w->text.p[w->at] && strchr(passed, w->text.p[w->at]))
        w->at++;
    return w->at < w->text.n ? w->text.p[w->at] : 0;
}

ws_parts ws_parts_of(ws_ctx *cx, wb_str text, char open)
{
    ws_parts w = {.cx = cx, .text = text};
    w.at = next_mark(&w, BLANKS) == open ? w.at + 1 : text.n;
    return w;
}

static bool next_value(ws_parts *w, wv *out)
{
    static const wv_json_options alone = {.share_from = SIZE_MAX};
    wb_error e;
    size_t used;
    wb_str rest = wb_str_n(w->text.p + w->at, w->text.n - w->at);
    if (wv_json_decode_prefix(w->cx->out, rest, &alone, out, &used, &e) != WB_OK) {
        ws_fail_room(w->cx);
        w->failed = true;
        return false;
    }
    w->at += used;
    return true;
}

bool ws_parts_next(ws_parts *w, wv *name, wv *value, wb_str *raw)
{
    char mark = next_mark(w, BLANKS ",");
    if (!mark || mark == '}' || mark == ']' || (name && !next_value(w, name)))
        return false;
    next_mark(w, BLANKS ":");
    size_t from = w->at;
    if (!next_value(w, value))
        return false;
    *raw = wb_str_n(w->text.p + from, w->at - from);
    return true;
}
