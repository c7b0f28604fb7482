/* Looking through bytes of JSON a block at a time.
 *
 * x86-64 always has SSE2, so its 16-byte blocks need no look at the processor; elsewhere 8 bytes
 * are looked at in one word. Longer vectors gain nothing here: most strings and runs of blanks end
 * within the first block. Every function reads only between p and end. */
#ifndef WRIT_VALUE_JSON_SCAN_H
#define WRIT_VALUE_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define WV_SCAN_ONES 0x0101010101010101u
#define WV_SCAN_TOPS 0x8080808080808080u

static inline uint64_t wv_load64(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

/* Marks the first byte that is a quote, a backslash or a control character by its top bit; what is
 * marked above that may be wrong. */
static inline uint64_t wv_scan_marks(uint64_t w)
{
    uint64_t quote = w ^ WV_SCAN_ONES * '"', slash = w ^ WV_SCAN_ONES * '\\';
    return (((quote - WV_SCAN_ONES) & ~quote) | ((slash - WV_SCAN_ONES) & ~slash) |
            ((w - WV_SCAN_ONES * 0x20) & ~w)) &
           WV_SCAN_TOPS;
}

/* The first byte at or after p that is a quote, a backslash or a control character. *high is set
 * when a byte from 0x80 on stands before it. */
static inline const char *wv_scan_string(const char *p, const char *end, bool *high)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i last = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(x, last), x));
        unsigned bits = (unsigned)_mm_movemask_epi8(stop), tops = (unsigned)_mm_movemask_epi8(x);
        if (bits) {
            *high |= (tops & (bits ^ (bits - 1)) & ~bits) != 0;
            return p + __builtin_ctz(bits);
        }
        *high |= tops != 0;
    }
#else
    for (; end - p >= 8; p += 8) {
        uint64_t w = wv_load64(p);
        if (wv_scan_marks(w))
            break;
        *high |= (w & WV_SCAN_TOPS) != 0;
    }
#endif
    for (; p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20; p++)
        *high |= (unsigned char)*p >= 0x80;
    return p;
}

/* The first byte at or after p that is a quote, a backslash, a control character or not ASCII; with
 * html also < > and &. */
static inline const char *wv_scan_plain(const char *p, const char *end, bool html)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(0x20), less = _mm_set1_epi8('<');
    const __m128i more = _mm_set1_epi8('>'), and = _mm_set1_epi8('&');
    for (; end - p >= 16; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* Signed: bytes from 0x80 on are below the blank as well. */
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)),
                         _mm_cmplt_epi8(x, blank));
        if (html)
            stop = _mm_or_si128(
                stop, _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, less), _mm_cmpeq_epi8(x, more)),
                                   _mm_cmpeq_epi8(x, and)));
        unsigned bits = (unsigned)_mm_movemask_epi8(stop);
        if (bits)
            return p + __builtin_ctz(bits);
    }
#endif
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\' ||
            (html && (c == '<' || c == '>' || c == '&')))
            break;
    }
    return p;
}

/* Copies bytes up to a backslash or the end; answers how many. `to` has room for 16 bytes more
 * than there are. */
static inline size_t wv_copy_plain(char *to, const char *p, const char *end)
{
    size_t n = (size_t)(end - p), i = 0;
#if defined(__SSE2__)
    const __m128i slash = _mm_set1_epi8('\\');
    for (; n - i >= 16; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        unsigned bits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, slash));
        _mm_storeu_si128((__m128i *)(void *)(to + i), x);
        if (bits)
            return i + (size_t)__builtin_ctz(bits);
    }
#endif
    for (; i < n && p[i] != '\\'; i++)
        to[i] = p[i];
    return i;
}

/* The first byte at or after p that is no blank. */
static inline const char *wv_skip_blanks(const char *p, const char *end)
{
    if (p < end && (unsigned char)*p > ' ')
        return p;
#if defined(__SSE2__)
    const __m128i blank = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t');
    const __m128i line = _mm_set1_epi8('\n'), feed = _mm_set1_epi8('\r');
    for (; end - p >= 16; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i y = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, blank), _mm_cmpeq_epi8(x, tab)),
                                 _mm_or_si128(_mm_cmpeq_epi8(x, line), _mm_cmpeq_epi8(x, feed)));
        unsigned other = (unsigned)_mm_movemask_epi8(y) ^ 0xffffu;
        if (other)
            return p + __builtin_ctz(other);
    }
#endif
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/* Whether the n bytes at p and q are the same. */
static inline bool wv_same_bytes(const char *p, const char *q, size_t n)
{
    if (n < 8) {
        uint64_t a = 0, b = 0;
        for (size_t i = 0; i < n; i++) {
            a = a << 8 | (unsigned char)p[i];
            b = b << 8 | (unsigned char)q[i];
        }
        return a == b;
    }
    uint64_t differ = wv_load64(p + n - 8) ^ wv_load64(q + n - 8);
    for (size_t i = 0; i + 8 < n; i += 8)
        differ |= wv_load64(p + i) ^ wv_load64(q + i);
    return !differ;
}

#endif
