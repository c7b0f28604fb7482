/* Reads and writes URIs as Go's net/url does. */
#include "value/uri.h"

#include "value/json.h"

typedef enum part { PATH, HOST, ZONE, USER, FRAGMENT } part;

/* Bytes besides letters, digits and "-._~" that stand for themselves in a part. */
static const char *const plain[] = {
    [PATH] = "$&+,/:;=@", [HOST] = "!\"$&'()*+,:;<=>[]", [ZONE] = "!\"$&'()*+,:;<=>[]",
    [USER] = "$&+,;=",    [FRAGMENT] = "!$&()*+,/:;=?@",
};

static bool is_plain(part p, char c)
{
    if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        return true;
    return c && (strchr("-._~", c) || strchr(plain[p], c));
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool bad(wv_uri *u, const char *front, wb_str quoted, const char *back)
{
    wb_buf_puts(&u->error, front);
    wv_print_string(&u->error, quoted);
    wb_buf_puts(&u->error, back);
    return false;
}

static bool wrong(wv_uri *u, const char *text)
{
    wb_buf_puts(&u->error, text);
    return false;
}

static bool bad_escape(wv_uri *u, wb_str s)
{
    return bad(u, "invalid URL escape ", wb_str_n(s.p, s.n < 3 ? s.n : 3), "");
}

/* Appends s with its escapes replaced. A host may escape only bytes that are no ASCII, a zone only
 * what it could hold plainly, "%" and the blank. */
static bool unescape(wv_uri *u, wb_str s, part p, wb_buf *to)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool host = p == HOST || p == ZONE;
        if (c == '%') {
            wb_str rest = wb_str_n(s.p + i, s.n - i);
            if (rest.n < 3 || hex(rest.p[1]) < 0 || hex(rest.p[2]) < 0)
                return bad_escape(u, rest);
            c = (char)(hex(rest.p[1]) << 4 | hex(rest.p[2]));
            if (p == HOST && !(c & 0x80) && c != '%')
                return bad_escape(u, rest);
            if (p == ZONE && c != '%' && c != ' ' && !is_plain(HOST, c))
                return bad_escape(u, rest);
            i += 2;
        } else if (host && !(c & 0x80) && !is_plain(p, c)) {
            return bad(u, "invalid character ", wb_str_n(&c, 1), " in host name");
        }
        if (to)
            wb_buf_putc(to, c);
    }
    return true;
}

static size_t last(wb_str s, char c)
{
    while (s.n && s.p[s.n - 1] != c)
        s.n--;
    return s.n ? s.n - 1 : SIZE_MAX;
}

static size_t first(wb_str s, char c)
{
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    return p ? (size_t)(p - s.p) : SIZE_MAX;
}

static wb_str from(wb_str s, size_t i)
{
    return wb_str_n(s.p + i, s.n - i);
}

static bool valid_port(wb_str s)
{
    if (s.n && s.p[0] != ':')
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* ---- addresses between brackets ---- */

static bool bad_address(wv_uri *u, wb_str in, const char *why, wb_str at)
{
    bad(u, "invalid host: ParseAddr(", in, "): ");
    wb_buf_puts(&u->error, why);
    if (at.n)
        bad(u, " (at ", at, ")");
    return false;
}

static bool dotted(wv_uri *u, wb_str in, wb_str s)
{
    static const wb_str none = {NULL, 0};
    unsigned value = 0, digits = 0, fields = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9') {
            if (digits == 1 && value == 0)
                return bad_address(u, in, "IPv4 field has octet with leading zero", none);
            value = value * 10 + (unsigned)(c - '0');
            digits++;
            if (value > 255)
                return bad_address(u, in, "IPv4 field has value >255", none);
        } else if (c == '.') {
            if (i == 0 || i + 1 == s.n || s.p[i - 1] == '.')
                return bad_address(u, in, "IPv4 field must have at least one digit", from(s, i));
            if (++fields > 3)
                return bad_address(u, in, "IPv4 address too long", none);
            value = digits = 0;
        } else {
            return bad_address(u, in, "unexpected character", from(s, i));
        }
    }
    return fields == 3 || bad_address(u, in, "IPv4 address too short", none);
}

static bool address6(wv_uri *u, wb_str in)
{
    static const wb_str none = {NULL, 0};
    wb_str s = in;
    size_t zone = first(in, '%');
    if (zone != SIZE_MAX) {
        if (zone + 1 == in.n)
            return bad_address(u, in, "zone must be a non-empty string", none);
        s.n = zone;
    }
    bool gap = wb_str_has_prefix(s, WB_LIT("::"));
    if (gap)
        s = from(s, 2);
    if (gap && !s.n)
        return true;
    unsigned bytes = 0;
    while (bytes < 16) {
        size_t n = 0;
        for (; n < s.n && hex(s.p[n]) >= 0; n++)
            if (n > 3)
                return bad_address(u, in, "each group must have 4 or less digits", s);
        if (n == 0)
            return bad_address(u, in, "each colon-separated field must have at least one digit", s);
        if (n < s.n && s.p[n] == '.') {
            if (!gap && bytes != 12)
                return bad_address(u, in,
                                   "embedded IPv4 address must replace the final 2 fields of the "
                                   "address",
                                   s);
            if (bytes > 12)
                return bad_address(u, in,
                                   "too many hex fields to fit an embedded IPv4 at the end of the "
                                   "address",
                                   s);
            if (!dotted(u, in, s))
                return false;
            s.n = 0;
            bytes += 4;
            break;
        }
        bytes += 2;
        s = from(s, n);
        if (!s.n)
            break;
        if (s.p[0] != ':')
            return bad_address(u, in, "unexpected character, want colon", s);
        if (s.n == 1)
            return bad_address(u, in, "colon must be followed by more characters", s);
        s = from(s, 1);
        if (s.p[0] == ':') {
            if (gap)
                return bad_address(u, in, "multiple :: in address", s);
            gap = true;
            s = from(s, 1);
            if (!s.n)
                break;
        }
    }
    if (s.n)
        return bad_address(u, in, "trailing garbage after address", s);
    if (bytes < 16 && !gap)
        return bad_address(u, in, "address string too short", none);
    if (bytes == 16 && gap)
        return bad_address(u, in, "the :: must expand to at least one field of zeros", none);
    return true;
}

static bool literal_address(wv_uri *u, wb_str in)
{
    static const wb_str none = {NULL, 0};
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '.')
            return dotted(u, in, in) && wrong(u, "invalid IP-literal");
        if (in.p[i] == ':')
            return address6(u, in);
        if (in.p[i] == '%')
            return bad_address(u, in, "missing IPv6 address", none);
    }
    return bad_address(u, in, "unable to parse IP", none);
}

/* ---- the parts ---- */

static bool read_host(wv_uri *u, wb_str host)
{
    size_t open = last(host, '[');
    if (open != SIZE_MAX && open > 0)
        return wrong(u, "invalid IP-literal");
    if (open == SIZE_MAX) {
        size_t colon = first(host, ':');
        bool strict = wb_str_is(u->scheme, "http") || wb_str_is(u->scheme, "https");
        if (colon != SIZE_MAX && !strict)
            colon = last(host, ':');
        if (colon != SIZE_MAX && !valid_port(from(host, colon)))
            return bad(u, "invalid port ", from(host, colon), " after host");
        return unescape(u, host, HOST, &u->host);
    }
    size_t close = last(host, ']');
    if (close == SIZE_MAX)
        return wrong(u, "missing ']' in host");
    wb_str port = from(host, close + 1);
    if (!valid_port(port))
        return bad(u, "invalid port ", port, " after host");
    wb_str name = wb_str_n(host.p + 1, close - 1);
    size_t zone = 0;
    while (zone + 3 <= name.n && memcmp(name.p + zone, "%25", 3) != 0)
        zone++;
    if (zone + 3 > name.n)
        zone = name.n;
    wb_buf_putc(&u->host, '[');
    if (!unescape(u, wb_str_n(name.p, zone), HOST, &u->host) ||
        !unescape(u, from(name, zone), ZONE, &u->host))
        return false;
    if (u->host.failed || !literal_address(u, from(wb_buf_str(&u->host), 1)))
        return false;
    wb_buf_putc(&u->host, ']');
    wb_buf_put_str(&u->host, port);
    return true;
}

static bool read_authority(wv_uri *u, wb_str s)
{
    size_t at = last(s, '@');
    if (!read_host(u, at == SIZE_MAX ? s : from(s, at + 1)))
        return false;
    if (at == SIZE_MAX)
        return true;
    s.n = at;
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || (!is_plain(USER, s.p[i]) && !strchr(":!'()*%@", s.p[i])))
            return wrong(u, "net/url: invalid userinfo");
    size_t colon = first(s, ':');
    wb_str name = s;
    if (colon != SIZE_MAX)
        name.n = colon;
    u->has_user = true;
    u->has_password = colon != SIZE_MAX;
    return unescape(u, name, USER, &u->user) &&
           (colon == SIZE_MAX || unescape(u, from(s, colon + 1), USER, &u->password));
}

/* Whether writing the path with its usual escapes gives back the text it was read from. */
static bool usual(const wv_uri *u, wb_str raw)
{
    size_t i = 0;
    for (size_t k = 0; k < u->path.n; k++) {
        char c = u->path.p[k];
        if (is_plain(PATH, c)) {
            if (i >= raw.n || raw.p[i++] != c)
                return false;
            continue;
        }
        static const char upper[] = "0123456789ABCDEF";
        if (raw.n - i < 3 || raw.p[i] != '%' || raw.p[i + 1] != upper[(unsigned char)c >> 4] ||
            raw.p[i + 2] != upper[c & 15])
            return false;
        i += 3;
    }
    return i == raw.n;
}

static bool read_scheme(wv_uri *u, wb_str *rest)
{
    for (size_t i = 0; i < rest->n; i++) {
        char c = rest->p[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (letter || (i && ((c >= '0' && c <= '9') || (c && strchr("+-.", c)))))
            continue;
        if (c != ':')
            return true;
        if (i == 0)
            return wrong(u, "missing protocol scheme");
        char *lower = wb_arena_dup(u->arena, rest->p, i);
        for (size_t k = 0; k < i; k++)
            if (lower[k] >= 'A' && lower[k] <= 'Z')
                lower[k] |= 0x20;
        u->scheme = wb_str_n(lower, i);
        *rest = from(*rest, i + 1);
        return true;
    }
    return true;
}

static bool read_uri(wv_uri *u, wb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return wrong(u, "net/url: invalid control character in URL");
    wb_str rest = s;
    if (wb_str_is(s, "*")) {
        wb_buf_putc(&u->path, '*');
        u->raw_path = u->as_written = s;
        return true;
    }
    if (!read_scheme(u, &rest))
        return false;
    size_t mark = first(rest, '?');
    if (mark != SIZE_MAX) {
        u->query = from(rest, mark + 1);
        u->bare_query = !u->query.n;
        rest.n = mark;
    }
    bool absolute = rest.n && rest.p[0] == '/';
    if (!absolute && u->scheme.n) {
        u->opaque = rest;
        return true;
    }
    if (!absolute) {
        size_t slash = first(rest, '/'), colon = first(rest, ':');
        if (colon != SIZE_MAX && colon < slash)
            return wrong(u, "first path segment in URL cannot contain colon");
    }
    if (wb_str_has_prefix(rest, WB_LIT("//")) &&
        (u->scheme.n || !wb_str_has_prefix(rest, WB_LIT("///")))) {
        rest = from(rest, 2);
        size_t slash = first(rest, '/');
        if (slash == SIZE_MAX)
            slash = rest.n;
        if (!read_authority(u, wb_str_n(rest.p, slash)))
            return false;
        rest = from(rest, slash);
    } else {
        u->no_host = u->scheme.n && absolute;
    }
    if (!unescape(u, rest, PATH, &u->path))
        return false;
    u->as_written = rest;
    u->raw_path = usual(u, rest) ? wb_buf_str(&u->path) : rest;
    return true;
}

#define BUFFERS(u)                                                                                 \
    {                                                                                              \
        &(u)->error, &(u)->host, &(u)->path, &(u)->fragment, &(u)->user, &(u)->password            \
    }

bool wv_uri_read(wb_arena *a, wb_str s, size_t max, wv_uri *u)
{
    *u = (wv_uri){.arena = a, .text = s};
    wb_buf *all[] = BUFFERS(u);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wb_buf_init(all[i], max);
    size_t hash = first(s, '#');
    wb_str front = s;
    if (hash != SIZE_MAX)
        front.n = hash;
    u->text = front;
    if (!read_uri(u, front))
        return false;
    u->text = s;
    if (hash != SIZE_MAX) {
        u->fragment_as_written = from(s, hash + 1);
        if (!unescape(u, u->fragment_as_written, FRAGMENT, &u->fragment))
            return false;
    }
    for (size_t i = 1; i < sizeof all / sizeof *all; i++)
        if (all[i]->failed)
            return false;
    return true;
}

void wv_uri_clear(wv_uri *u)
{
    wb_buf *all[] = BUFFERS(u);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wb_buf_free(all[i]);
}

void wv_uri_put_error(wb_buf *b, const wv_uri *u)
{
    wb_buf_puts(b, "parse ");
    wv_print_string(b, u->text);
    wb_buf_puts(b, ": ");
    wb_buf_put_str(b, wb_buf_str(&u->error));
}

/* ---- writing ---- */

/* Whether a part may stay as it was written. */
static bool well_escaped(part p, wb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || (!is_plain(p, s.p[i]) && !strchr("!$&'()*+,;=:@[]%", s.p[i])))
            return false;
    return s.n > 0;
}

static void put_escaped(wb_buf *b, part p, wb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_plain(p, s.p[i]))
            wb_buf_putc(b, s.p[i]);
        else
            wb_buf_putf(b, "%%%02X", (unsigned char)s.p[i]);
}

void wv_uri_put_path(wb_buf *b, const wv_uri *u)
{
    wb_str path = wb_buf_str(&u->path);
    if (well_escaped(PATH, u->as_written) || wb_str_is(path, "*"))
        wb_buf_put_str(b, u->as_written);
    else
        put_escaped(b, PATH, path);
}

static void put_authority(wb_buf *b, const wv_uri *u)
{
    bool told = u->host.n || u->has_user;
    if (!told && (!u->scheme.n || u->no_host))
        return;
    if (told || u->path.n)
        wb_buf_puts(b, "//");
    if (u->has_user) {
        put_escaped(b, USER, wb_buf_str(&u->user));
        wb_buf_puts(b, u->has_password ? ":" : "");
        put_escaped(b, USER, wb_buf_str(&u->password));
        wb_buf_putc(b, '@');
    }
    put_escaped(b, HOST, wb_buf_str(&u->host));
}

void wv_uri_put(wb_buf *b, const wv_uri *u)
{
    size_t start = b->n;
    if (u->scheme.n) {
        wb_buf_put_str(b, u->scheme);
        wb_buf_putc(b, ':');
    }
    if (u->opaque.n) {
        wb_buf_put_str(b, u->opaque);
    } else {
        wb_str path = wb_buf_str(&u->path);
        put_authority(b, u);
        if (path.n && path.p[0] != '/' && u->host.n)
            wb_buf_putc(b, '/');
        /* A first segment with a colon would be read as a scheme. */
        if (b->n == start && first(path, ':') < first(path, '/'))
            wb_buf_puts(b, "./");
        wv_uri_put_path(b, u);
    }
    if (u->query.n || u->bare_query) {
        wb_buf_putc(b, '?');
        wb_buf_put_str(b, u->query);
    }
    if (u->fragment.n) {
        wb_buf_putc(b, '#');
        if (well_escaped(FRAGMENT, u->fragment_as_written))
            wb_buf_put_str(b, u->fragment_as_written);
        else
            put_escaped(b, FRAGMENT, wb_buf_str(&u->fragment));
    }
}

bool wv_uri_port(wb_str host, size_t *colon)
{
    *colon = last(host, ':');
    return *colon != SIZE_MAX && valid_port(from(host, *colon));
}
