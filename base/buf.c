#include "base/buf.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE      ((size_t)2 << 20) /* the system's huge page */
#define HUGE_FROM (4 * HUGE) /* texts of that length are filled: small pages would cost more */

void wb_buf_init(wb_buf *b, size_t max)
{
    *b = (wb_buf){.max = max};
}

void wb_buf_free(wb_buf *b)
{
    free(b->p);
    *b = (wb_buf){.max = b->max};
}

void wb_buf_clear(wb_buf *b)
{
    b->n = 0;
    b->failed = false;
}

/* The memory comes as it is filled, a huge page at a time where the system has them. */
static void ask_for_huge_pages(char *p, size_t n)
{
    char *first = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
    size_t whole = ((size_t)(p + n - first)) & ~(HUGE - 1);
    madvise(first, whole, MADV_HUGEPAGE); /* no more than a wish */
}

char *wb_buf_reserve(wb_buf *b, size_t n)
{
    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return NULL;
    }
    size_t need = b->n + n + 1; /* one more for a NUL */
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need)
            cap *= 2;
        b->p = wb_realloc(b->p, cap);
        b->cap = cap;
        if (cap >= HUGE_FROM)
            ask_for_huge_pages(b->p, cap);
    }
    return b->p + b->n;
}

void wb_buf_put_slow(wb_buf *b, const void *p, size_t n)
{
    if (!n)
        return;
    char *to = wb_buf_reserve(b, n);
    if (to) {
        memcpy(to, p, n);
        b->n += n;
    }
}

void wb_buf_puts(wb_buf *b, const char *z)
{
    wb_buf_put(b, z, strlen(z));
}

void wb_buf_put_str(wb_buf *b, wb_str s)
{
    wb_buf_put(b, s.p, s.n);
}

void wb_buf_putc_slow(wb_buf *b, char c)
{
    wb_buf_put(b, &c, 1);
}

void wb_buf_putf(wb_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = n >= 0 ? wb_buf_reserve(b, (size_t)n) : NULL;
    if (to) {
        vsnprintf(to, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void wb_buf_put_json(wb_buf *b, wb_str s)
{
    static const char hex[] = "0123456789abcdef";
    wb_buf_putc(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        wb_buf_put(b, s.p + from, i - from);
        from = i + 1;
        switch (c) {
        case '"': wb_buf_puts(b, "\\\""); break;
        case '\\': wb_buf_puts(b, "\\\\"); break;
        case '\b': wb_buf_puts(b, "\\b"); break;
        case '\f': wb_buf_puts(b, "\\f"); break;
        case '\n': wb_buf_puts(b, "\\n"); break;
        case '\r': wb_buf_puts(b, "\\r"); break;
        case '\t': wb_buf_puts(b, "\\t"); break;
        default: {
            char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            wb_buf_put(b, u, 6);
        }
        }
    }
    if (from < s.n)
        wb_buf_put(b, s.p + from, s.n - from);
    wb_buf_putc(b, '"');
}

const char *wb_buf_cstr(wb_buf *b)
{
    if (!b->p)
        return "";
    b->p[b->n] = 0;
    return b->p;
}

char *wb_buf_detach(wb_buf *b, size_t *n)
{
    char *p = b->p ? b->p : wb_calloc(1, 1);
    p[b->n] = 0;
    if (n)
        *n = b->n;
    *b = (wb_buf){.max = b->max};
    return p;
}
