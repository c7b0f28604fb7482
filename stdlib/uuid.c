/* UUIDs and random numbers. That a key gives the same answer all through a query is the caller's
 * doing: the rows are recorded. */
#include "stdlib/args.h"
#include "stdlib/families.h"

#include <stdio.h>

#define UUID_TEXT 36
/* 100 ns steps from 1582-10-15 to 1970. */
#define GREGORIAN_TO_UNIX INT64_C(122192928000000000)

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Plain hexadecimal, the usual form, that with "urn:uuid:" in front, or that between any two bytes
 * (braces as a rule). */
static bool read_uuid(wb_str s, unsigned char u[16])
{
    bool dashes = s.n != 32;
    if (s.n == UUID_TEXT + 9) {
        static const char urn[] = "urn:uuid:";
        for (size_t i = 0; i < 9; i++)
            if ((s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]) != urn[i])
                return false;
        s.p += 9;
    } else if (s.n == UUID_TEXT + 2) {
        s.p++;
    } else if (s.n != UUID_TEXT && s.n != 32) {
        return false;
    }
    for (unsigned i = 0; i < 16; i++) {
        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && *s.p++ != '-')
            return false;
        int high = hex(s.p[0]), low = hex(s.p[1]);
        if (high < 0 || low < 0)
            return false;
        u[i] = (unsigned char)(high << 4 | low);
        s.p += 2;
    }
    return true;
}

static const char *variant(unsigned char b)
{
    if ((b & 0xc0) == 0x80)
        return "RFC4122";
    if ((b & 0xe0) == 0xc0)
        return "Microsoft";
    if ((b & 0xe0) == 0xe0)
        return "Future";
    return "Reserved";
}

static void put_text(wb_arena *a, wv *o, const char *key, const char *text)
{
    wv_object_put(a, o, wv_string_new(a, wb_str_of(key)), wv_string_new(a, wb_str_of(text)));
}

static void put_int(wb_arena *a, wv *o, const char *key, int64_t i)
{
    wv_object_put(a, o, wv_string_new(a, wb_str_of(key)), wv_from_int64(a, i));
}

static uint64_t big_endian(const unsigned char *p, unsigned n)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < n; i++)
        r = r << 8 | p[i];
    return r;
}

static wv fn_parse(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    unsigned char u[16];
    if (!read_uuid(wv_str(&args[0]), u))
        return WV_UNDEFINED;
    WS_ROOM(cx, 1024);
    wb_arena *a = cx->out;
    wv o = wv_object_begin(a, 7);
    unsigned version = u[6] >> 4;
    put_int(a, &o, "version", version);
    put_text(a, &o, "variant", variant(u[8]));
    if (version != 1 && version != 2)
        return ws_built(cx, o);
    static const char *const mac[] = {"global:unicast", "global:multicast", "local:unicast",
                                      "local:multicast"};
    char node[18], domain[16];
    int64_t t = (int64_t)(big_endian(u, 4) | big_endian(u + 4, 2) << 32 |
                          (big_endian(u + 6, 2) & 0xfff) << 48);
    snprintf(node, sizeof node, "%02x-%02x-%02x-%02x-%02x-%02x", u[10], u[11], u[12], u[13], u[14],
             u[15]);
    /* Far dates wrap round, as they do in 64 bits. */
    put_int(a, &o, "time", (int64_t)((uint64_t)(t - GREGORIAN_TO_UNIX) * 100));
    put_text(a, &o, "nodeid", node);
    put_text(a, &o, "macvariables", mac[u[10] & 3]);
    put_int(a, &o, "clocksequence", (int64_t)(big_endian(u + 8, 2) & 0x3fff));
    if (version == 2) {
        static const char *const domains[] = {"Person", "Group", "Org"};
        snprintf(domain, sizeof domain, "Domain%u", u[9]);
        put_int(a, &o, "id", (int64_t)big_endian(u, 4));
        put_text(a, &o, "domain", u[9] < 3 ? domains[u[9]] : domain);
    }
    return ws_built(cx, o);
}

static wv fn_rfc4122(ws_ctx *cx, const wv *args, unsigned n)
{
    unsigned char u[16];
    char text[UUID_TEXT + 1], *p = text;
    WS_ROOM(cx, sizeof text);
    if (!cx->random || !cx->random(u, sizeof u))
        return ws_fail(cx, "no random bytes to be had");
    u[6] = (unsigned char)((u[6] & 0x0f) | 0x40);
    u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = "0123456789abcdef"[u[i] >> 4];
        *p++ = "0123456789abcdef"[u[i] & 15];
    }
    return wv_string_new(cx->out, wb_str_n(text, UUID_TEXT));
}

static wv fn_intn(ws_ctx *cx, const wv *args, unsigned n)
{
    int64_t bound;
    WS_STRING(cx, args, 0);
    WS_INT(cx, args, 1, &bound);
    if (bound == 0)
        return wv_small(0);
    uint64_t below = bound < 0 ? 0 - (uint64_t)bound : (uint64_t)bound;
    /* Numbers of the last, incomplete round would make small answers likelier. */
    uint64_t r, rounds = UINT64_MAX - UINT64_MAX % below;
    do {
        if (!cx->random || !cx->random(&r, sizeof r))
            return ws_fail(cx, "no random bytes to be had");
    } while (r >= rounds);
    return wv_from_uint64(cx->out, r % below);
}

const ws_builtin ws_uuid[] = {
    WS_ROW("uuid.parse", "(uuid: string) => (result: object[string: any])", NULL, NULL, 0, fn_parse,
           NULL, NULL,
           "What a UUID says: version, variant, and of versions 1 and 2 time and node."),
    WS_ROW("uuid.rfc4122", "(k: string) => (output: string)", NULL, NULL, WS_NONDET, fn_rfc4122,
           NULL, NULL, "A random UUID, the same for one k all through a query."),
    WS_ROW("rand.intn", "(str: string, n: number) => (y: number)", NULL, "numbers", WS_NONDET,
           fn_intn, NULL, NULL,
           "A random integer from 0 up to n (its absolute value), n excluded."),
    WS_END,
};
