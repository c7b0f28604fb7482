/* Addresses and blocks of addresses, with net.IPNet's ideas of IPv4 inside IPv6. */
#include "stdlib/net.h"
#include "base/error.h"
#include "stdlib/args.h"
#include "stdlib/families.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

typedef unsigned __int128 u128;

typedef struct address {
    unsigned char b[16];
    unsigned len; /* 4 or 16: the bytes in use, from b[0] on */
} address;

typedef struct cidr {
    address ip; /* network number, as long as the mask is */
    unsigned prefix;
} cidr;

static bool mapped(const unsigned char *b)
{
    static const unsigned char front[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(b, front, 12) == 0;
}

/* IPv4 inside IPv6 becomes plain IPv4. */
static address shorten(address a)
{
    if (a.len == 16 && mapped(a.b)) {
        memmove(a.b, a.b + 12, 4);
        a.len = 4;
    }
    return a;
}

#define ADDRESS_TEXT_MAX 46

/* Four numbers up to 255 without leading zeros; what is none is inet_pton's to refuse. */
static bool parse_ip4(wb_str s, address *a)
{
    const char *p = s.p, *end = s.p + s.n;
    for (unsigned i = 0; i < 4; i++) {
        if (i && (p == end || *p++ != '.'))
            return false;
        unsigned part = 0, digits = 0;
        for (; p < end && (unsigned char)(*p - '0') < 10 && digits < 3; p++, digits++)
            part = part * 10 + (unsigned)(*p - '0');
        if (!digits || part > 255 || (digits > 1 && p[-(int)digits] == '0'))
            return false;
        a->b[i] = (unsigned char)part;
    }
    a->len = 4;
    return p == end;
}

static bool parse_ip(wb_str s, address *a)
{
    if (parse_ip4(s, a))
        return true;
    char text[ADDRESS_TEXT_MAX + 1];
    if (s.n > ADDRESS_TEXT_MAX || memchr(s.p, 0, s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    a->len = memchr(s.p, ':', s.n) ? 16 : 4;
    return inet_pton(a->len == 4 ? AF_INET : AF_INET6, text, a->b) == 1;
}

static address mask(address a, unsigned prefix)
{
    for (unsigned i = 0; i < a.len; i++) {
        unsigned bits = prefix > 8 * i ? prefix - 8 * i : 0;
        if (bits < 8)
            a.b[i] &= (unsigned char)(0xff00u >> bits);
    }
    return a;
}

static bool parse_cidr(wb_str s, cidr *c)
{
    const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
    if (!slash)
        return false;
    size_t n = (size_t)(slash - s.p);
    wb_str digits = wb_str_n(slash + 1, s.n - n - 1);
    unsigned prefix = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
        prefix = prefix * 10 + (unsigned)(digits.p[i] - '0');
        if (prefix > 128)
            return false;
    }
    if (!digits.n || !parse_ip(wb_str_n(s.p, n), &c->ip) || prefix > 8 * c->ip.len)
        return false;
    c->ip = mask(c->ip, prefix);
    c->prefix = prefix;
    return true;
}

/* A block of mapped IPv4 counts as one of IPv4. */
static cidr plain(const cidr *c)
{
    cidr r = {shorten(c->ip), c->prefix};
    if (r.ip.len < c->ip.len)
        r.prefix = c->prefix > 96 ? c->prefix - 96 : 0;
    return r;
}

static bool contains(const cidr *c, address a)
{
    if (c->ip.len == 4 && a.len == 4) {
        uint32_t x, y;
        memcpy(&x, c->ip.b, 4);
        memcpy(&y, a.b, 4);
        return !c->prefix || !(ntohl(x ^ y) >> (32 - c->prefix));
    }
    cidr p = plain(c);
    a = shorten(a);
    if (a.len != p.ip.len)
        return false;
    unsigned whole = p.prefix / 8, bits = p.prefix % 8;
    if (memcmp(a.b, p.ip.b, whole) != 0)
        return false;
    return !bits || ((a.b[whole] ^ p.ip.b[whole]) & (0xff00u >> bits) & 0xff) == 0;
}

static address last_of(const cidr *c)
{
    address a = c->ip;
    for (unsigned i = 0; i < a.len; i++) {
        unsigned bits = c->prefix > 8 * i ? c->prefix - 8 * i : 0;
        if (bits < 8)
            a.b[i] |= (unsigned char)(0xffu >> bits);
    }
    return a;
}

/* As RFC 5952 has it; mapped IPv4 in dots. Room for ADDRESS_TEXT_MAX. */
static size_t put_address(char *to, address a)
{
    a = shorten(a);
    if (a.len == 4)
        return (size_t)snprintf(to, ADDRESS_TEXT_MAX, "%u.%u.%u.%u", a.b[0], a.b[1], a.b[2],
                                a.b[3]);
    unsigned best = 8, best_len = 1;
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && !a.b[2 * (i + n)] && !a.b[2 * (i + n) + 1])
            n++;
        if (n > best_len) {
            best = i;
            best_len = n;
        }
    }
    char *p = to, *end = to + ADDRESS_TEXT_MAX;
    for (unsigned i = 0; i < 8; i++) {
        if (i == best) {
            *p++ = ':';
            *p++ = ':';
            i += best_len - 1;
            continue;
        }
        if (i && i != best + best_len)
            *p++ = ':';
        p += snprintf(p, (size_t)(end - p), "%x", a.b[2 * i] << 8 | a.b[2 * i + 1]);
    }
    *p = 0;
    return (size_t)(p - to);
}

/* The operand as a block; false: failed. OPA calls both operands the first. */
static bool cidr_arg(ws_ctx *cx, const wv *v, cidr *c)
{
    if (!wv_is_string(*v)) {
        ws_fail_operand(cx, 1, "string", *v);
        return false;
    }
    wb_str s = wv_str(v);
    if (!ws_spend(cx, s.n))
        return false;
    if (parse_cidr(s, c))
        return true;
    ws_fail_tail(cx, "invalid CIDR address: ", s);
    return false;
}

/* ---- contains ---- */

typedef struct subject {
    bool block;
    address ip;
    cidr net;
} subject;

static bool read_subject(wb_str t, subject *s)
{
    s->block = t.n && memchr(t.p, '/', t.n);
    return s->block ? parse_cidr(t, &s->net) : parse_ip(t, &s->ip);
}

static bool subject_arg(ws_ctx *cx, const wv *v, subject *s)
{
    if (!wv_is_string(*v)) {
        ws_fail_operand(cx, 1, "string", *v);
        return false;
    }
    wb_str t = wv_str(v);
    if (!ws_spend(cx, t.n))
        return false;
    if (read_subject(t, s))
        return true;
    ws_fail_tail(cx, "not a valid textual representation of an IP address or CIDR: ", t);
    return false;
}

static bool holds(const cidr *c, const subject *s)
{
    if (!s->block)
        return contains(c, s->ip);
    const cidr *d = &s->net;
    if (c->ip.len == 16 && d->ip.len == 16 && !mapped(c->ip.b) && !mapped(d->ip.b)) {
        address start = mask(d->ip, c->prefix);
        return c->prefix <= d->prefix && memcmp(c->ip.b, start.b, 16) == 0;
    }
    return contains(c, d->ip) && contains(c, last_of(d));
}

/* What constant operands were read as. */
typedef struct site {
    bool has_first, has_second;
    cidr first;
    subject second;
} site;

static wv fn_contains(ws_ctx *cx, const wv *args, unsigned n)
{
    cidr own;
    const site *at = cx->site;
    subject read;
    const cidr *c = at && at->has_first ? &at->first : &own;
    const subject *s = at && at->has_second ? &at->second : &read;
    if ((c == &own && !cidr_arg(cx, &args[0], &own)) ||
        (s == &read && !subject_arg(cx, &args[1], &read)))
        return WV_UNDEFINED;
    return wv_bool(holds(c, s));
}

static void *prepare(const wv *args, unsigned n)
{
    site r = {0};
    wb_str second = wv_is_string(args[1]) ? wv_str(&args[1]) : (wb_str){"", 0};
    r.has_first = wv_is_string(args[0]) && parse_cidr(wv_str(&args[0]), &r.first);
    r.second.block = second.n && memchr(second.p, '/', second.n);
    r.has_second = second.n && (r.second.block ? parse_cidr(second, &r.second.net)
                                               : parse_ip(second, &r.second.ip));
    if (!r.has_first && !r.has_second)
        return NULL;
    site *kept = wb_malloc(sizeof *kept);
    *kept = r;
    return kept;
}

static wv fn_intersects(ws_ctx *cx, const wv *args, unsigned n)
{
    const site *at = cx->site;
    cidr own[2];
    const cidr *a = at && at->has_first ? &at->first : &own[0];
    const cidr *b = at && at->has_second && at->second.block ? &at->second.net : &own[1];
    if ((a == &own[0] && !cidr_arg(cx, &args[0], &own[0])) ||
        (b == &own[1] && !cidr_arg(cx, &args[1], &own[1])))
        return WV_UNDEFINED;
    return wv_bool(contains(a, b->ip) || contains(b, a->ip));
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    cidr c;
    if (wv_is_string(args[0]))
        WS_SPEND(cx, wv_str(&args[0]).n);
    return wv_bool(wv_is_string(args[0]) && parse_cidr(wv_str(&args[0]), &c));
}

/* ---- contains_matches: all pairs of two collections ---- */

/* How many entries an operand has; 0 for what is no collection of blocks. */
static uint32_t entries(wv v)
{
    return wv_is_string(v) ? 1 : wv_is_collection(v) ? wv_len(v) : 0;
}

/* The i-th entry's text and the index that stands for it in the answer. */
static bool entry(ws_ctx *cx, unsigned operand, const wv *v, const uint32_t *order, uint32_t i,
                  wv *text, wv *index)
{
    wv e = *v;
    *index = e;
    if (wv_is_string(e)) {
        *text = e;
        return true;
    }
    if (wv_is_array(*v)) {
        e = wv_items(*v)[i];
        *index = wv_small(i);
    } else if (wv_is_set(*v)) {
        e = *index = wv_set_at(*v, order, i);
    } else {
        e = wv_value_at(*v, order, i);
        *index = wv_key_at(*v, order, i);
    }
    *text = e;
    if (wv_is_string(e))
        return true;
    if (wv_is_array(e) && wv_len(e)) {
        *text = wv_items(e)[0];
        return true;
    }
    ws_fail(cx, "operand %u: element must be string or non-empty array", operand);
    return false;
}

wv ws_ip_text(wb_arena *a, wb_str s)
{
    char text[ADDRESS_TEXT_MAX];
    address ip;
    if (!parse_ip(s, &ip))
        return WV_UNDEFINED;
    return wv_string_new(a, wb_str_n(text, put_address(text, ip)));
}

/* What constant operands of contains_matches were read as: NULL where one is not constant, or an
 * entry of it is wrong, which the call then tells. */
typedef struct matches_site {
    cidr *blocks;
    subject *subjects;
} matches_site;

static void release_matches(void *p)
{
    matches_site *at = p;
    free(at->blocks);
    free(at->subjects);
    free(at);
}

/* The i-th entry's text, or undefined. */
static wv constant_entry(wv operand, const uint32_t *order, uint32_t i)
{
    wv e = wv_is_array(operand)    ? wv_items(operand)[i]
           : wv_is_set(operand)    ? wv_set_at(operand, order, i)
           : wv_is_object(operand) ? wv_value_at(operand, order, i)
                                   : operand;
    if (wv_is_array(e) && wv_len(e))
        e = wv_items(e)[0];
    return wv_is_string(e) ? e : WV_UNDEFINED;
}

static void *prepare_matches(const wv *args, unsigned argc)
{
    matches_site at = {0};
    for (unsigned a = 0; a < 2; a++) {
        uint32_t n = wv_defined(args[a]) ? entries(args[a]) : 0, i = 0;
        const uint32_t *order =
            n && (wv_is_set(args[a]) || wv_is_object(args[a])) ? wv_table_order(args[a]) : NULL;
        if (n && a == 0)
            at.blocks = wb_calloc(n, sizeof *at.blocks);
        else if (n)
            at.subjects = wb_calloc(n, sizeof *at.subjects);
        for (; i < n; i++) {
            wv text = constant_entry(args[a], order, i);
            if (!wv_defined(text) || !(a == 0 ? parse_cidr(wv_str(&text), &at.blocks[i])
                                              : read_subject(wv_str(&text), &at.subjects[i])))
                break;
        }
        if (i < n && a == 0) {
            free(at.blocks);
            at.blocks = NULL;
        } else if (i < n) {
            free(at.subjects);
            at.subjects = NULL;
        }
    }
    if (!at.blocks && !at.subjects)
        return NULL;
    matches_site *kept = wb_malloc(sizeof *kept);
    *kept = at;
    return kept;
}

static wv fn_contains_matches(ws_ctx *cx, const wv *args, unsigned argc)
{
    uint32_t n = entries(args[0]), m = entries(args[1]);
    const uint32_t *orders[2];
    const matches_site *at = cx->site;
    const cidr *blocks = at ? at->blocks : NULL;
    const subject *subjects = at ? at->subjects : NULL;
    subject *read = NULL;
    for (unsigned i = 0; i < 2; i++)
        orders[i] = wv_is_set(args[i]) || wv_is_object(args[i]) ? wv_table_order(args[i]) : NULL;
    WS_ROOM(cx, (size_t)m * (sizeof(subject) + sizeof(wv)));
    if (!subjects)
        subjects = read = wb_arena_alloc(cx->out, (size_t)m * sizeof *read);
    wv *indexes = wb_arena_alloc(cx->out, (size_t)m * sizeof *indexes);
    wv r = wv_set_begin(cx->out, 8);
    for (uint32_t i = 0; i < n; i++) {
        wv text, index;
        cidr own;
        const cidr *c = blocks ? &blocks[i] : &own;
        if (!entry(cx, 1, &args[0], orders[0], i, &text, &index))
            return WV_UNDEFINED;
        for (uint32_t k = 0; k < m; k++) {
            wv other;
            if (i == 0 && !entry(cx, 2, &args[1], orders[1], k, &other, &indexes[k]))
                return WV_UNDEFINED;
            if (k == 0 && !blocks && !cidr_arg(cx, &text, &own))
                return WV_UNDEFINED;
            if (i == 0 && read && !subject_arg(cx, &other, &read[k]))
                return WV_UNDEFINED;
            if (!holds(c, &subjects[k]))
                continue;
            WS_ROOM(cx, 64);
            wv pair[2] = {index, indexes[k]};
            wv_set_add(cx->out, &r, wv_array_new(cx->out, pair, 2));
        }
        if (!ws_charge(cx, 1 + m / 8))
            return WV_UNDEFINED;
    }
    return ws_built(cx, r);
}

/* ---- expand and merge ---- */

static u128 number(const address *a)
{
    u128 v = 0;
    for (unsigned i = 0; i < a->len; i++)
        v = v << 8 | a->b[i];
    return v;
}

static address from_number(u128 v, unsigned len)
{
    address a = {.len = len};
    for (unsigned i = len; i-- > 0; v >>= 8)
        a.b[i] = (unsigned char)v;
    return a;
}

static wv fn_expand(ws_ctx *cx, const wv *args, unsigned argc)
{
    cidr c;
    WS_STRING(cx, args, 0);
    if (!cidr_arg(cx, &args[0], &c))
        return WV_UNDEFINED;
    unsigned host = 8 * c.ip.len - c.prefix;
    if (host > 30)
        return ws_fail_room(cx);
    size_t count = (size_t)1 << host;
    WS_ROOM(cx, count * 64);
    wv r = wv_set_begin(cx->out, count);
    u128 first = number(&c.ip);
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_MAX + 1];
        size_t n = put_address(text, from_number(first + i, c.ip.len));
        wv_set_add(cx->out, &r, wv_string_new(cx->out, wb_str_n(text, n)));
        if (i % 4096 == 4095 && !ws_charge(cx, 512))
            return WV_UNDEFINED;
    }
    return ws_built(cx, r);
}

/* An end of a range. OPA's merging puts IPv4's twelve bytes in front of an address that has them
 * already, so a block of mapped IPv4 has ends of 28 bytes: `tail` is what stands behind the first
 * sixteen, LONG above it, and 0 where nothing does. */
typedef struct bound {
    u128 top, tail;
} bound;

typedef struct block {
    cidr net; /* as written, when it is not merged */
    bound lo, hi;
    bool merged;
} block;

#define MAPPED ((u128)0xffff << 32)
#define LONG   ((u128)1 << 96)

static int bound_cmp(const bound *a, const bound *b)
{
    if (a->top != b->top)
        return a->top < b->top ? -1 : 1;
    return (a->tail > b->tail) - (a->tail < b->tail);
}

/* The range of a block: of its addresses, or as OPA has it. */
static void set_range(block *b, bool as_opa)
{
    cidr net = plain(&b->net), range = {mask(net.ip, net.prefix), net.prefix};
    address last = last_of(&range);
    b->lo.top = number(&range.ip);
    b->hi.top = number(&last);
    if (range.ip.len == 16)
        return;
    if (as_opa && b->net.ip.len == 16) {
        b->lo.tail = b->hi.tail = LONG | MAPPED | b->lo.top;
        b->hi.top ^= b->lo.top;
        b->lo.top = 0;
    }
    b->lo.top |= MAPPED;
    b->hi.top |= MAPPED;
}

static bool read_block(ws_ctx *cx, const wv *v, bool as_opa, block *b)
{
    if (!wv_is_string(*v)) {
        ws_fail(cx, "element must be string");
        return false;
    }
    wb_str s = wv_str(v);
    address a;
    *b = (block){0};
    if (parse_ip(s, &a)) {
        a = shorten(a);
        if (a.len != 4) {
            ws_fail(cx, "IPv6 invalid: needs prefix length");
            return false;
        }
        /* An address alone has its old class's mask, and keeps all its bits when it is printed. */
        b->net = (cidr){a, a.b[0] < 0x80 ? 8 : a.b[0] < 0xc0 ? 16 : 24};
    } else if (!cidr_arg(cx, v, &b->net)) {
        return false;
    }
    set_range(b, as_opa);
    return true;
}

static int block_cmp(const void *x, const void *y)
{
    const block *a = x, *b = y;
    int by_end = bound_cmp(&a->hi, &b->hi);
    return by_end ? by_end : bound_cmp(&a->lo, &b->lo);
}

static void add_text(ws_ctx *cx, wv *set, address a, unsigned prefix)
{
    char text[ADDRESS_TEXT_MAX + 8];
    size_t n = put_address(text, a);
    n += (size_t)snprintf(text + n, sizeof text - n, "/%u", prefix);
    wv_set_add(cx->out, set, wv_string_new(cx->out, wb_str_n(text, n)));
}

/* The fewest blocks that are together lo to hi. */
static void add_range(ws_ctx *cx, wv *set, u128 lo, u128 hi)
{
    bool v4 = lo >> 32 == 0xffff && hi >> 32 == 0xffff;
    unsigned bits = v4 ? 32 : 128;
    for (;;) {
        unsigned size = 0;
        while (size < bits) {
            u128 span = size + 1 == 128 ? ~(u128)0 : ((u128)1 << (size + 1)) - 1;
            if ((lo & span) || lo + span > hi || lo + span < lo)
                break;
            size++;
        }
        add_text(cx, set, from_number(v4 ? lo & 0xffffffffu : lo, v4 ? 4 : 16), bits - size);
        u128 span = size == 128 ? ~(u128)0 : ((u128)1 << size) - 1;
        if (lo + span >= hi)
            return;
        lo += span + 1;
    }
}

/* The address before; IPv4 and IPv6 have none before their first. */
static bound before(const bound *b)
{
    if (b->tail)
        return (bound){b->top, b->tail - 1};
    return (bound){b->top && b->top != MAPPED ? b->top - 1 : b->top, 0};
}

/* Joins what touches, from the last block on: what reaches down to the one before swallows it. The
 * result stands at the array's end; *from is its first. False when it has an end that is no
 * address. */
static bool join(block *blocks, size_t n, size_t *from)
{
    bool ok = true;
    size_t top = n, at = n;
    if (n)
        qsort(blocks, n, sizeof *blocks, block_cmp);
    while (top > 0) {
        block b = blocks[--top];
        bound below = before(&b.lo);
        if (top > 0 && bound_cmp(&below, &blocks[top - 1].hi) <= 0) {
            if (bound_cmp(&b.lo, &blocks[top - 1].lo) < 0)
                blocks[top - 1].lo = b.lo;
            blocks[top - 1].hi = b.hi;
            blocks[top - 1].merged = true;
            continue;
        }
        ok &= !b.merged || (!b.lo.tail && !b.hi.tail);
        blocks[--at] = b;
    }
    *from = at;
    return ok;
}

static wv fn_merge(ws_ctx *cx, const wv *args, unsigned argc)
{
    if (!wv_is_array(args[0]) && !wv_is_set(args[0]))
        return ws_fail(cx, "operand must be an array");
    size_t n, from = 0;
    const wv *items = ws_members(cx, args[0], &n);
    if (n && !items)
        return WV_UNDEFINED;
    WS_ROOM(cx, n * (sizeof(block) + 64));
    block *blocks = wb_arena_alloc(cx->out, n * sizeof *blocks + 16);
    blocks = (block *)(((uintptr_t)blocks + 15) & ~(uintptr_t)15);
    /* Where OPA's ranges come to nothing (it panics), those of the addresses themselves. */
    bool as_opa = true;
    do {
        for (size_t i = 0; i < n; i++)
            if (!read_block(cx, &items[i], as_opa, &blocks[i]))
                return WV_UNDEFINED;
        as_opa = !as_opa;
    } while (!join(blocks, n, &from));
    wv r = wv_set_begin(cx->out, n);
    for (const block *b = blocks + n; b-- > blocks + from;) {
        WS_ROOM(cx, b->merged ? 256 * 64 : 64);
        cidr net = plain(&b->net);
        if (b->merged)
            add_range(cx, &r, b->lo.top, b->hi.top);
        else
            add_text(cx, &r, net.ip, net.prefix);
    }
    return ws_built(cx, r);
}

#define MATCH_ARG                                                                                  \
    "any<string, array[any<string, array[any]>], object[string: any<string, array[any]>], "        \
    "set[any<string, array[any]>]>"

const ws_builtin ws_net[] = {
    WS_ROW("net.cidr_contains", "(cidr: string, cidr_or_ip: string) => (result: boolean)", NULL,
           NULL, 0, fn_contains, prepare, free, "Whether a block holds an address or block."),
    WS_ROW("net.cidr_overlap", "(string, string) => boolean", NULL, NULL, WS_DEPRECATED,
           fn_contains, prepare, free, "Use net.cidr_contains."),
    WS_ROW("net.cidr_contains_matches",
           "(cidrs: " MATCH_ARG ", cidrs_or_ips: " MATCH_ARG ") => (output: set[array<any, any>])",
           NULL, NULL, 0, fn_contains_matches, prepare_matches, release_matches,
           "Pairs of indexes or keys where the first collection's block holds the second's entry."),
    WS_ROW("net.cidr_intersects", "(cidr1: string, cidr2: string) => (result: boolean)", NULL, NULL,
           0, fn_intersects, prepare, free, "Whether two blocks have an address in common."),
    WS_ROW("net.cidr_is_valid", "(cidr: string) => (result: boolean)", NULL, NULL, 0, fn_is_valid,
           NULL, NULL, "Whether the string is a block of addresses."),
    WS_ROW("net.cidr_expand", "(cidr: string) => (hosts: set[string])", NULL, NULL, 0, fn_expand,
           NULL, NULL, "All addresses of a block."),
    WS_ROW("net.cidr_merge",
           "(addrs: any<array[any<string>], set[string]>) => (output: set[string])", NULL, NULL, 0,
           fn_merge, NULL, NULL, "The fewest blocks that cover the same addresses."),
    WS_END,
};
