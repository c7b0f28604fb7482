/* The "format" keyword. Formats that are not known fit everything. */
#include "stdlib/clock.h"
#include "stdlib/schema.h"
#include "stdlib/uri.h"

#include <arpa/inet.h>

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Failures to parse are no failures of the call. */
static bool by_layouts(ws_ctx *cx, wb_str s, const char *const *layouts)
{
    for (; *layouts; layouts++) {
        ws_nanos t;
        if (ws_time_parse(cx, wb_str_of(*layouts), NULL, s, &t))
            return true;
        if (cx->error == WS_ERR_TYPE || cx->error == WS_ERR_BUILTIN)
            cx->error = WS_ERR_NONE;
    }
    return false;
}

static bool date(ws_ctx *cx, wb_str s)
{
    static const char *const layouts[] = {"2006-01-02", NULL};
    return by_layouts(cx, s, layouts);
}

static bool time_of_day(ws_ctx *cx, wb_str s)
{
    static const char *const layouts[] = {"15:04:05Z07:00", "15:04:05", NULL};
    return by_layouts(cx, s, layouts);
}

static bool date_time(ws_ctx *cx, wb_str s)
{
    static const char *const layouts[] = {"15:04:05", "15:04:05Z07:00", "2006-01-02",
                                          "2006-01-02T15:04:05Z07:00", NULL};
    return by_layouts(cx, s, layouts);
}

static bool hostname(ws_ctx *cx, wb_str s)
{
    size_t label = 0;
    if (!s.n || s.n > 255)
        return false;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '.') {
            bool edge = !label || i + 1 == s.n || s.p[i + 1] == '.';
            if (!is_alnum(s.p[i]) && (s.p[i] != '-' || edge))
                return false;
            label++;
            continue;
        }
        if (!label || label > 63)
            return false;
        label = 0;
    }
    return true;
}

static bool atom(char c)
{
    return is_alnum(c) || (unsigned char)c >= 0x80 || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool dotted(wb_str s)
{
    bool was_dot = true;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '.' && !atom(s.p[i]))
            return false;
        if (s.p[i] == '.' && was_dot)
            return false;
        was_dot = s.p[i] == '.';
    }
    return s.n && !was_dot;
}

static wb_str trimmed(wb_str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* local@domain, or that in angle brackets behind a name. */
static bool email(ws_ctx *cx, wb_str s)
{
    s = trimmed(s);
    if (s.n && s.p[s.n - 1] == '>') {
        size_t open = s.n;
        while (open && s.p[open - 1] != '<')
            open--;
        if (!open)
            return false;
        s = wb_str_n(s.p + open, s.n - open - 1);
    }
    size_t at = s.n;
    while (at && s.p[at - 1] != '@')
        at--;
    if (!at)
        return false;
    wb_str local = wb_str_n(s.p, at - 1), domain = wb_str_n(s.p + at, s.n - at);
    bool quoted = local.n >= 2 && local.p[0] == '"' && local.p[local.n - 1] == '"';
    if (quoted) {
        for (size_t i = 1; i + 1 < local.n; i++) {
            if (local.p[i] == '"' || (unsigned char)local.p[i] < ' ')
                return false;
            i += local.p[i] == '\\';
        }
    }
    return (quoted || dotted(local)) && dotted(domain);
}

static bool address(wb_str s, int family)
{
    char text[64];
    unsigned char bytes[16];
    if (s.n >= sizeof text || memchr(s.n ? s.p : "", 0, s.n))
        return false;
    memcpy(text, s.n ? s.p : "", s.n);
    text[s.n] = 0;
    return inet_pton(family, text, bytes) == 1;
}

static bool ipv4(ws_ctx *cx, wb_str s)
{
    return address(s, AF_INET) || (s.n && memchr(s.p, '.', s.n) && address(s, AF_INET6));
}

static bool ipv6(ws_ctx *cx, wb_str s)
{
    return address(s, AF_INET6);
}

static bool backslash(wb_str s)
{
    return s.n && memchr(s.p, '\\', s.n);
}

static bool reference(ws_ctx *cx, wb_str s)
{
    bool scheme;
    return !backslash(s) && ws_uri_check(cx, s, &scheme, NULL);
}

static bool uri(ws_ctx *cx, wb_str s)
{
    bool scheme;
    return !backslash(s) && ws_uri_check(cx, s, &scheme, NULL) && scheme;
}

/* Every brace that opens is closed before the next one opens or the text ends. */
static bool template(ws_ctx *cx, wb_str s)
{
    bool scheme, open = false;
    wb_buf path;
    wb_buf_init(&path, s.n + 1);
    bool ok = !backslash(s) && ws_uri_check(cx, s, &scheme, &path);
    for (size_t i = 0; i < path.n; i++)
        open = path.p[i] == '{' || (open && path.p[i] != '}');
    wb_buf_free(&path);
    return ok && !open;
}

static bool uuid(ws_ctx *cx, wb_str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.p[i] != '-' : !is_alnum(s.p[i]) || (s.p[i] | 0x20) > 'f')
            return false;
    }
    return true;
}

static bool regex(ws_ctx *cx, wb_str s)
{
    return ws_re_valid(s);
}

static bool pointer(ws_ctx *cx, wb_str s)
{
    if (s.n && s.p[0] != '/')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '~' && (i + 1 == s.n || (s.p[i + 1] != '0' && s.p[i + 1] != '1')))
            return false;
    return true;
}

static bool relative_pointer(ws_ctx *cx, wb_str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    if (!i || (i > 1 && s.p[0] == '0'))
        return false;
    wb_str rest = wb_str_n(s.p + i, s.n - i);
    return wb_str_is(rest, "#") || pointer(cx, rest);
}

static const struct {
    const char *name;
    bool (*fits)(ws_ctx *cx, wb_str s);
} formats[] = {{"date", date},
               {"time", time_of_day},
               {"date-time", date_time},
               {"hostname", hostname},
               {"email", email},
               {"idn-email", email},
               {"ipv4", ipv4},
               {"ipv6", ipv6},
               {"uri", uri},
               {"uri-reference", reference},
               {"iri", uri},
               {"iri-reference", reference},
               {"uri-template", template},
               {"uuid", uuid},
               {"regex", regex},
               {"json-pointer", pointer},
               {"relative-json-pointer", relative_pointer}};

bool ws_schema_format(ws_ctx *cx, wb_str format, wb_str s)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (wb_str_is(format, formats[i].name))
            return formats[i].fits(cx, s);
    return true;
}
