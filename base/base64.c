#include "base/base64.h"

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(const void *data, size_t n, char *to, const char *alphabet, bool pad)
{
    const unsigned char *p = data;
    char *q = to;
    for (; n >= 3; p += 3, n -= 3) {
        *q++ = alphabet[p[0] >> 2];
        *q++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
        *q++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
        *q++ = alphabet[p[2] & 63];
    }
    if (n) {
        unsigned second = n == 2 ? p[1] : 0;
        *q++ = alphabet[p[0] >> 2];
        *q++ = alphabet[(p[0] & 3u) << 4 | second >> 4];
        if (n == 2)
            *q++ = alphabet[(second & 15) << 2];
        else if (pad)
            *q++ = '=';
        if (pad)
            *q++ = '=';
    }
    *q = 0;
    return (size_t)(q - to);
}

size_t wb_base64_encode(const void *p, size_t n, char *to)
{
    return encode(p, n, to, STANDARD, true);
}

size_t wb_base64url_encode(const void *p, size_t n, char *to)
{
    return encode(p, n, to, URL, false);
}

void wb_buf_put_base64(wb_buf *b, const void *p, size_t n)
{
    char *to = wb_buf_reserve(b, WB_BASE64_LEN(n) + 1);
    if (to)
        wb_buf_commit(b, encode(p, n, to, STANDARD, true));
}

void wb_buf_put_base64url(wb_buf *b, const void *p, size_t n)
{
    char *to = wb_buf_reserve(b, WB_BASE64_LEN(n) + 1);
    if (to)
        wb_buf_commit(b, encode(p, n, to, URL, false));
}

/* The value of one character, or -1. */
static int digit(unsigned char c, char c62, char c63)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (unsigned char)c62)
        return 62;
    return c == (unsigned char)c63 ? 63 : -1;
}

static bool decode(wb_str s, unsigned char *to, size_t *n, char c62, char c63)
{
    if (s.n % 4 == 1)
        return false;
    uint32_t bits = 0;
    int have = 0;
    unsigned char *q = to;
    for (size_t i = 0; i < s.n; i++) {
        int d = digit((unsigned char)s.p[i], c62, c63);
        if (d < 0)
            return false;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            *q++ = (unsigned char)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    *n = (size_t)(q - to);
    return bits == 0;
}

bool wb_base64_decode(wb_str s, void *to, size_t *n)
{
    if (s.n % 4)
        return false;
    for (int i = 0; i < 2 && s.n && s.p[s.n - 1] == '='; i++)
        s.n--;
    return decode(s, to, n, '+', '/');
}

bool wb_base64url_decode(wb_str s, void *to, size_t *n)
{
    return decode(s, to, n, '-', '_');
}

bool wb_base64_decode_loose(wb_str s, void *to, size_t *n)
{
    wb_buf plain;
    wb_buf_init(&plain, s.n + 1);
    size_t pads = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            continue;
        if (c == '=')
            pads++;
        else if (pads)
            ok = false;
        else
            wb_buf_putc(&plain, c == '-' ? '+' : c == '_' ? '/' : c);
    }
    ok = ok && pads <= 2 && (!pads || (plain.n + pads) % 4 == 0) &&
         decode(wb_buf_str(&plain), to, n, '+', '/');
    if (plain.p)
        explicit_bzero(plain.p, plain.cap);
    wb_buf_free(&plain);
    return ok;
}

void wb_hex_encode(const void *data, size_t n, char *to)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++) {
        *to++ = digits[p[i] >> 4];
        *to++ = digits[p[i] & 15];
    }
    *to = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool wb_hex_decode(wb_str s, void *to)
{
    unsigned char *q = to;
    if (s.n % 2)
        return false;
    for (size_t i = 0; i < s.n; i += 2) {
        int high = hex_digit(s.p[i]), low = hex_digit(s.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *q++ = (unsigned char)(high << 4 | low);
    }
    return true;
}
