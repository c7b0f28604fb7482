#include "stdlib/unicode.h"

typedef struct case_range {
    uint32_t lo, hi;
    uint32_t stride; /* 1, or 2 where upper and lower case alternate */
    int32_t delta;
} case_range;

typedef struct named_table {
    const char *name;
    uint32_t first; /* pair number in table_ranges */
    uint32_t count; /* pairs */
} named_table;

typedef struct table_alias {
    const char *name;
    const char *category;
} table_alias;

#include "stdlib/unicode_case.inc"
#include "stdlib/unicode_tables.inc"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Ranges with stride 2 interleave with others, so the last range that starts at or before c need
 * not be the one that holds it; the tables never nest deeper than that. */
#define LOOK_BACK 4

static uint32_t map_rune(const case_range *t, size_t n, uint32_t c)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (t[mid].lo <= c)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (size_t back = 0; back < LOOK_BACK && lo > back; back++) {
        const case_range *r = &t[lo - 1 - back];
        if (c <= r->hi && (c - r->lo) % r->stride == 0)
            return (uint32_t)((int32_t)c + r->delta);
    }
    return c;
}

uint32_t ws_rune_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return map_rune(to_lower, COUNT(to_lower), c);
}

uint32_t ws_rune_upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    return map_rune(to_upper, COUNT(to_upper), c);
}

uint32_t ws_rune_fold(uint32_t c)
{
    return map_rune(next_fold, COUNT(next_fold), c);
}

bool ws_rune_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool in_table(const char *name, uint32_t c)
{
    size_t n;
    const uint32_t *t = ws_unicode_table(wb_str_of(name), &n);
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c < t[2 * mid])
            hi = mid;
        else if (c > t[2 * mid + 1])
            lo = mid + 1;
        else
            return true;
    }
    return false;
}

bool ws_rune_letter(uint32_t c)
{
    if (c < 0x80)
        return (c | 32) >= 'a' && (c | 32) <= 'z';
    return in_table("L", c);
}

bool ws_rune_digit(uint32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9';
    return in_table("Nd", c);
}

static int name_cmp(wb_str a, const char *z)
{
    return wb_str_cmp(a, wb_str_of(z));
}

const uint32_t *ws_unicode_table(wb_str name, size_t *n)
{
    size_t lo = 0, hi = COUNT(tables);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = name_cmp(name, tables[mid].name);
        if (c == 0) {
            *n = tables[mid].count;
            return table_ranges + 2 * (size_t)tables[mid].first;
        }
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    *n = 0;
    return NULL;
}

const char *ws_unicode_alias(wb_str name)
{
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (wb_str_is(name, aliases[i].name))
            return aliases[i].category;
    return NULL;
}
