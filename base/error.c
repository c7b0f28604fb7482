#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

wb_status wb_fail(wb_error *e, wb_status status, const char *format, ...)
{
    if (!e)
        return status;
    e->status = status;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (n >= (int)sizeof e->text)
        memcpy(e->text + sizeof e->text - 4, "...", 4);
    return status;
}

const char *wb_status_text(wb_status status)
{
    switch (status) {
#define X(name, number, text)                                                                      \
    case WB_##name: return text;
        WB_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}

void wb_fatal(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("writ: fatal: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

#define HUGE_PAGE ((size_t)2 << 20)

/* A block of that size is filled from one end to the other: a huge page costs a seventh of the
 * small ones in its place. */
static void *large_block(size_t n)
{
    n = (n + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    void *p = n ? aligned_alloc(HUGE_PAGE, n) : NULL; /* 0: the sum wrapped */
    if (p)
        madvise(p, n, MADV_HUGEPAGE);
    return p;
}

void *wb_malloc(size_t n)
{
    void *p = n >= HUGE_PAGE ? large_block(n) : malloc(n ? n : 1);
    if (!p)
        wb_fatal("no memory for %zu bytes", n);
    return p;
}

void *wb_calloc(size_t count, size_t n)
{
    void *p = calloc(count ? count : 1, n ? n : 1);
    if (!p)
        wb_fatal("no memory for %zu times %zu bytes", count, n);
    return p;
}

void *wb_realloc(void *p, size_t n)
{
    if (!p)
        return wb_malloc(n);
    void *q = realloc(p, n ? n : 1);
    if (!q)
        wb_fatal("no memory for %zu bytes", n);
    return q;
}

char *wb_strndup(const char *p, size_t n)
{
    char *z = wb_malloc(n + 1);
    if (n)
        memcpy(z, p, n);
    z[n] = 0;
    return z;
}

char *wb_strdup(const char *z)
{
    return wb_strndup(z, strlen(z));
}
