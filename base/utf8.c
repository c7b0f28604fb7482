#include "base/utf8.h"

uint32_t wb_utf8_get(const char *s, size_t n, size_t *used)
{
    const unsigned char *p = (const unsigned char *)s;
    *used = 1;
    if (p[0] < 0x80)
        return p[0];
    if (p[0] >= 0xc2 && p[0] <= 0xdf && n >= 2 && (p[1] & 0xc0) == 0x80) {
        *used = 2;
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if ((p[0] & 0xf0) == 0xe0 && n >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
        uint32_t c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        if (c >= 0x800 && (c < 0xd800 || c > 0xdfff)) {
            *used = 3;
            return c;
        }
    }
    if ((p[0] & 0xf8) == 0xf0 && n >= 4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 &&
        (p[3] & 0xc0) == 0x80) {
        uint32_t c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
                     (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        if (c >= 0x10000 && c <= 0x10ffff) {
            *used = 4;
            return c;
        }
    }
    return WB_UTF8_BAD;
}

size_t wb_utf8_put(char *to, uint32_t c)
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = WB_UTF8_BAD;
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static inline bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the valid character of several bytes at p, or 0. */
static inline size_t long_character(const unsigned char *p, size_t n)
{
    if (n < 2 || !is_tail(p[1]))
        return 0;
    if (p[0] < 0xe0)
        return p[0] >= 0xc2 ? 2 : 0;
    if (n < 3 || !is_tail(p[2]))
        return 0;
    if (p[0] < 0xf0) {
        unsigned top = (unsigned)p[0] << 8 | p[1];
        return top >= 0xe0a0 && (top < 0xeda0 || top > 0xedbf) ? 3 : 0;
    }
    if (n < 4 || !is_tail(p[3]))
        return 0;
    unsigned top = (unsigned)p[0] << 8 | p[1];
    return top >= 0xf090 && top <= 0xf48f ? 4 : 0;
}

bool wb_utf8_valid(wb_str s, size_t *bad)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        if (p[i] < 0x80) {
            uint64_t word, high;
            if (s.n - i < 8) {
                i++;
                continue;
            }
            memcpy(&word, p + i, 8);
            high = word & 0x8080808080808080u;
            i += high ? (size_t)__builtin_ctzll(high) / 8 : 8;
            continue;
        }
        size_t used = long_character(p + i, s.n - i);
        if (!used) {
            if (bad)
                *bad = i;
            return false;
        }
        i += used;
    }
    return true;
}

size_t wb_utf8_count(wb_str s)
{
    size_t count = 0;
    for (size_t i = 0, used; i < s.n; i += used, count++)
        wb_utf8_get(s.p + i, s.n - i, &used);
    return count;
}

size_t wb_utf8_offset(wb_str s, size_t at)
{
    size_t i = 0;
    for (size_t used; i < s.n && at; i += used, at--)
        wb_utf8_get(s.p + i, s.n - i, &used);
    return i;
}
