#include "stdlib/text.h"

#include "base/utf8.h"
#include "stdlib/args.h"

size_t ws_find(wb_str s, wb_str needle, size_t from)
{
    if (needle.n == 0)
        return from;
    if (from >= s.n || needle.n > s.n - from)
        return WS_NOT_FOUND;
    const char *p = needle.n == 1 ? memchr(s.p + from, needle.p[0], s.n - from)
                                  : memmem(s.p + from, s.n - from, needle.p, needle.n);
    return p ? (size_t)(p - s.p) : WS_NOT_FOUND;
}

uint32_t ws_last_rune(wb_str s, size_t *used)
{
    size_t start = s.n - 1;
    unsigned char c = (unsigned char)s.p[start];
    *used = 1;
    if (c < 0x80)
        return c;
    size_t limit = s.n >= 4 ? s.n - 4 : 0;
    while (start > limit) {
        start--;
        if (((unsigned char)s.p[start] & 0xc0) != 0x80)
            break;
    }
    size_t n;
    uint32_t r = wb_utf8_get(s.p + start, s.n - start, &n);
    if (start + n != s.n)
        return WB_UTF8_BAD;
    *used = n;
    return r;
}

bool ws_valid_text(ws_ctx *cx, wb_str s, wb_str *out)
{
    size_t bad;
    *out = s;
    if (wb_utf8_valid(s, &bad))
        return true;
    size_t worst = s.n * 3;
    if (!ws_room(cx, worst))
        return false;
    char *p = wb_arena_alloc(cx->out, worst);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        size_t used;
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        n += wb_utf8_put(p + n, c);
        i += used;
    }
    *out = wb_str_n(p, n);
    return true;
}
