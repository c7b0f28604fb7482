/* Folding: many ways to write a letter become one. It is rougher than NFKC with case folding: it
 * also takes accents away and maps look-alike letters, since it serves recognition, not storage. */
#include "server/gatekeeper/inject.h"

#include "base/error.h"
#include "base/utf8.h"

#include <stdlib.h>

/* Runs of code points that are letters in disguise: the first maps to `to`, the next to to + 1, and
 * so on through `span` values, then from `to` again. */
typedef struct run {
    uint32_t first, last;
    char to;
    unsigned char span;
} run;

static const run RUNS[] = {
    {0xff01, 0xff40, '!', 64}, /* full width, up to the back quote */
    {0xff41, 0xff5a, 'a', 26},   {0xff5b, 0xff5e, '{', 4},    {0x24b6, 0x24cf, 'a', 26},
    {0x24d0, 0x24e9, 'a', 26},   {0x249c, 0x24b5, 'a', 26},   {0x1f110, 0x1f129, 'a', 26},
    {0x1f130, 0x1f149, 'a', 26}, {0x1f150, 0x1f169, 'a', 26}, {0x1f170, 0x1f189, 'a', 26},
    {0x1f1e6, 0x1f1ff, 'a', 26}, /* regional indicators */
    {0x1d400, 0x1d6a3, 'a', 26}, /* mathematical letters */
    {0x1d7ce, 0x1d7ff, '0', 10}, {0x2080, 0x2089, '0', 10},   {0x2460, 0x2468, '1', 9},
    {0xe0020, 0xe007e, ' ', 95}, /* tags: hidden ASCII */
};

/* Pairs: code point, what it looks like. Sorted. */
static const struct {
    unsigned short c;
    char to;
} PAIRS[] = {
    {0xaa, 'a'},   {0xb2, '2'},   {0xb3, '3'},   {0xb9, '1'},   {0xba, 'o'},   {0xd7, 'x'},
    {0x131, 'i'},  {0x13f, 'l'},  {0x140, 'l'},  {0x149, 'n'},  {0x17f, 's'},  {0x251, 'a'},
    {0x261, 'g'},  {0x26a, 'i'},  {0x280, 'r'},  {0x299, 'b'},  {0x29f, 'l'},  {0x2160, 'i'},
    {0x2170, 'i'}, {0x217c, 'l'}, {0x217d, 'c'}, {0x217e, 'd'}, {0x217f, 'm'}, {0x391, 'a'},
};

/* Greek and Cyrillic letters that look like Latin ones, by their folded small form. */
static const struct {
    unsigned short c;
    char to;
} LOOKS[] = {
    {0x3b1, 'a'}, {0x3b2, 'b'}, {0x3b5, 'e'}, {0x3b6, 'z'}, {0x3b7, 'n'}, {0x3b9, 'i'},
    {0x3ba, 'k'}, {0x3bc, 'u'}, {0x3bd, 'v'}, {0x3bf, 'o'}, {0x3c1, 'p'}, {0x3c3, 'o'},
    {0x3c4, 't'}, {0x3c5, 'u'}, {0x3c7, 'x'}, {0x3c9, 'w'}, {0x3f2, 'c'}, {0x3f3, 'j'},
    {0x430, 'a'}, {0x432, 'b'}, {0x433, 'r'}, {0x435, 'e'}, {0x437, '3'}, {0x43a, 'k'},
    {0x43c, 'm'}, {0x43d, 'h'}, {0x43e, 'o'}, {0x43f, 'n'}, {0x440, 'p'}, {0x441, 'c'},
    {0x442, 't'}, {0x443, 'y'}, {0x445, 'x'}, {0x44c, 'b'}, {0x450, 'e'}, {0x451, 'e'},
    {0x455, 's'}, {0x456, 'i'}, {0x457, 'i'}, {0x458, 'j'}, {0x461, 'w'}, {0x475, 'v'},
    {0x4bb, 'h'}, {0x4cf, 'l'}, {0x501, 'd'}, {0x51b, 'q'}, {0x51d, 'w'}, {0x561, 'w'},
    {0x570, 'h'}, {0x578, 'n'}, {0x57d, 'u'}, {0x581, 'g'}, {0x585, 'o'},
};

/* Latin letters with marks, U+00C0 to U+017F: what is left without the mark; '?' stays itself. */
static const char LATIN[] = "aaaaaaaceeeeiiiidnooooo?ouuuuypsaaaaaaaceeeeiiiidnooooo?ouuuuypy"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiijjjjkkklllllllll"
                            "lnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static bool invisible(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xad || c == 0x34f || c == 0x61c ||
           c == 0x115f || c == 0x1160 || c == 0x3164 || (c >= 0x180b && c <= 0x180f) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c < 0xe0020) ||
           (c >= 0xe007f && c <= 0xe01ef) || (c >= 0x300 && c <= 0x36f) ||
           (c >= 0x483 && c <= 0x489) || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0xb && c != 0xc) || c == 0x7f;
}

static bool blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == 0xb || c == 0xc || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool line_end(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static uint32_t small(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    if (c >= 0x531 && c <= 0x556)
        return c + 48;
    if ((c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f))
        return c | 1;
    return c == 0x4c0 ? 0x4cf : c == 0x3f9 ? 0x3f2 : c == 0x37f ? 0x3f3 : c;
}

static uint32_t fold(uint32_t c)
{
    for (size_t i = 0; i < sizeof RUNS / sizeof RUNS[0]; i++)
        if (c >= RUNS[i].first && c <= RUNS[i].last)
            return small((uint32_t)RUNS[i].to + (c - RUNS[i].first) % RUNS[i].span);
    c = small(c);
    if (c < 0x80)
        return c;
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++)
        if (PAIRS[i].c == c)
            return (unsigned char)PAIRS[i].to;
    if (c >= 0xc0 && c < 0xc0 + sizeof LATIN - 1 && LATIN[c - 0xc0] != '?')
        return (unsigned char)LATIN[c - 0xc0];
    for (size_t i = 0; i < sizeof LOOKS / sizeof LOOKS[0]; i++)
        if (LOOKS[i].c == c)
            return (unsigned char)LOOKS[i].to;
    if (c == 0x2018 || c == 0x2019 || c == 0x201b || c == 0x2032)
        return '\'';
    if (c == 0x201c || c == 0x201d || c == 0x201f || c == 0x2033 || c == 0xab || c == 0xbb)
        return '"';
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
        return '-';
    if (c == 0x2223 || c == 0xff5c || c == 0x2502)
        return '|';
    if (c == 0x2236 || c == 0xfe55 || c == 0xa789)
        return ':';
    return c;
}

void inject_fold(wb_str text, inject_text *out)
{
    /* A code point never grows by folding, and a bad byte becomes three. */
    size_t cap = text.n * 3 + 1;
    out->p = wb_malloc(cap);
    out->at = wb_malloc(cap * sizeof *out->at);
    out->n = 0;
    for (size_t i = 0, used; i < text.n; i += used) {
        char bytes[4];
        uint32_t c = wb_utf8_get(text.p + i, text.n - i, &used);
        if (invisible(c))
            continue;
        if (blank(c) || line_end(c)) {
            char mark = line_end(c) ? '\n' : ' ';
            char *last = out->n ? &out->p[out->n - 1] : NULL;
            if (last && (*last == ' ' || *last == '\n')) {
                *last = *last == '\n' ? '\n' : mark;
            } else {
                out->at[out->n] = (unsigned)i;
                out->p[out->n++] = mark;
            }
            continue;
        }
        size_t n = wb_utf8_put(bytes, fold(c));
        for (size_t k = 0; k < n; k++) {
            out->at[out->n] = (unsigned)i;
            out->p[out->n++] = bytes[k];
        }
    }
}

void inject_text_clear(inject_text *t)
{
    free(t->p);
    free(t->at);
    *t = (inject_text){0};
}
