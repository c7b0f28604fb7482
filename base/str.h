/* Bytes as pointer and length, passed by value. A NUL byte is a byte like any other. */
#ifndef WRIT_BASE_STR_H
#define WRIT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct wb_str {
    const char *p; /* not owned; may be NULL only when n is 0 */
    size_t n;      /* bytes */
} wb_str;

#define WB_LIT(s) ((wb_str){(s), sizeof(s) - 1})
#define WB_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

static inline wb_str wb_str_of(const char *z)
{
    return (wb_str){z, z ? strlen(z) : 0};
}

static inline wb_str wb_str_n(const void *p, size_t n)
{
    return (wb_str){(const char *)p, n};
}

static inline bool wb_str_eq(wb_str a, wb_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool wb_str_is(wb_str a, const char *z)
{
    return wb_str_eq(a, wb_str_of(z));
}

static inline bool wb_str_has_prefix(wb_str s, wb_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool wb_str_has_suffix(wb_str s, wb_str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Bytewise order, then length: below, equal or above zero. */
static inline int wb_str_cmp(wb_str a, wb_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

#endif
