/* Names to addresses by the system's resolver. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/net.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

#define NAME_MAX_BYTES 1024 /* longer than any name in use */

#define LOOKUP_UNITS 1000 /* as a request over the network costs */

/* An address stands for itself, with its zone. */
static wv literal(ws_ctx *cx, wb_str s)
{
    const char *percent = s.n ? memchr(s.p, '%', s.n) : NULL;
    wb_str plain = percent ? wb_str_n(s.p, (size_t)(percent - s.p)) : s;
    bool zoned = percent && memchr(plain.p, ':', plain.n) && plain.n + 1 < s.n;
    wv text = !percent || zoned ? ws_ip_text(cx->out, plain) : WV_UNDEFINED;
    if (!wv_defined(text))
        return text;
    wb_buf b;
    wb_buf_init(&b, NAME_MAX_BYTES + s.n);
    wb_buf_put_str(&b, wv_str(&text));
    if (zoned)
        wb_buf_put(&b, percent, s.n - plain.n);
    wv r = wv_set_begin(cx->out, 1);
    wv_set_add(cx->out, &r, wv_string_new(cx->out, wb_buf_str(&b)));
    wb_buf_free(&b);
    return ws_built(cx, r);
}

static wv fn_lookup(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    char name[NAME_MAX_BYTES + 1];
    if (!ws_may_ask(cx, s))
        return ws_fail(cx, "disallowed host: %.*s", WB_FMT(s));
    wv answer = literal(cx, s);
    if (wv_defined(answer))
        return answer;
    if (!ws_charge(cx, LOOKUP_UNITS))
        return WV_UNDEFINED;
    if (!s.n || s.n > NAME_MAX_BYTES || memchr(s.p, 0, s.n))
        return ws_fail(cx, "lookup %.*s: no such host", (int)(s.n > 200 ? 200 : s.n), s.p);
    memcpy(name, s.p, s.n);
    name[s.n] = 0;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    /* Old spellings of addresses, such as "1" for 0.0.0.1, are names without a host. */
    struct in_addr old;
    int status = inet_aton(name, &old) ? EAI_NONAME : getaddrinfo(name, NULL, &hints, &list);
    if (status)
        return ws_fail(cx, "lookup %s: %s", name,
                       status == EAI_NONAME ? "no such host" : gai_strerror(status));
    wv r = wv_set_begin(cx->out, 4);
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        char text[INET6_ADDRSTRLEN + 16];
        const void *address =
            a->ai_family == AF_INET
                ? (const void *)&((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr
                : (const void *)&((const struct sockaddr_in6 *)(const void *)a->ai_addr)->sin6_addr;
        if (inet_ntop(a->ai_family, address, text, sizeof text))
            wv_set_add(cx->out, &r, wv_string_new(cx->out, wb_str_of(text)));
    }
    freeaddrinfo(list);
    return ws_built(cx, r);
}

const ws_builtin ws_lookup[] = {
    WS_ROW("net.lookup_ip_addr", "(name: string) => (addrs: set[string])", NULL, NULL,
           WS_NONDET | WS_IO | WS_GIVES_SET, fn_lookup, NULL, NULL,
           "The addresses a host name stands for."),
    WS_END,
};
