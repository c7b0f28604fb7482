#include "server/http/internal.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

long http_decode(wb_str raw, bool plus, char *to)
{
    long n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '%') {
            if (raw.n - i < 3)
                return -1;
            int high = hex_value(raw.p[i + 1]), low = hex_value(raw.p[i + 2]);
            if (high < 0 || low < 0)
                return -1;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        to[n++] = c;
    }
    return n;
}

static bool decoded(http_request *req, wb_str raw, bool plus, wb_str *out)
{
    char *to = http_request_alloc(req, raw.n + 1);
    long n = http_decode(raw, plus, to);
    if (n < 0)
        return false;
    to[n] = 0;
    *out = (wb_str){to, (size_t)n};
    return true;
}

bool http_request_part(http_request *req, size_t i, wb_str *out)
{
    wb_str rest = req->path;
    if (rest.n && rest.p[0] == '/')
        rest = (wb_str){rest.p + 1, rest.n - 1};
    for (;;) {
        const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
        if (i-- == 0)
            return decoded(req, (wb_str){rest.p, slash ? (size_t)(slash - rest.p) : rest.n}, false,
                           out);
        if (!slash)
            return false;
        rest = (wb_str){slash + 1, rest.n - (size_t)(slash - rest.p) - 1};
    }
}

bool http_request_param(http_request *req, const char *name, wb_str *out)
{
    for (size_t i = 0; i < req->param_count; i++)
        if (wb_str_is(req->params[i].name, name))
            return decoded(req, req->params[i].raw, false, out);
    return false;
}

wb_str http_request_rest(const http_request *req)
{
    return req->rest;
}

bool http_request_query_param(http_request *req, const char *name, size_t n, wb_str *out)
{
    wb_str rest = req->query;
    while (rest.n) {
        const char *amp = memchr(rest.p, '&', rest.n);
        wb_str pair = {rest.p, amp ? (size_t)(amp - rest.p) : rest.n};
        rest = amp ? (wb_str){amp + 1, rest.n - pair.n - 1} : (wb_str){0};
        const char *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
        wb_str key = {pair.p, equals ? (size_t)(equals - pair.p) : pair.n};
        wb_str plain;
        if (!pair.n || !decoded(req, key, true, &plain) || !wb_str_is(plain, name) || n-- > 0)
            continue;
        wb_str value = equals ? (wb_str){equals + 1, pair.n - key.n - 1} : (wb_str){"", 0};
        return decoded(req, value, true, out);
    }
    return false;
}
