#include "base/arena.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

static size_t page_up(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) & ~(page - 1);
}

int wb_arena_init(wb_arena *a, size_t limit, uint64_t seed)
{
    *a = (wb_arena){.seed = seed};
    limit = page_up(limit ? limit : 1);
    size_t size = limit + WB_ARENA_OVERDRAFT;
    /* PROT_NONE pages cost no memory and are not counted against overcommit. */
    char *p = mmap(NULL, size + WB_ARENA_HUGE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return WB_MEMORY;
    /* The small pages end where a huge one can begin. */
    size_t past = ((uintptr_t)p + WB_ARENA_SMALL) & (WB_ARENA_HUGE - 1);
    a->range = p;
    a->base = a->top = a->committed = p + (past ? WB_ARENA_HUGE - past : 0);
    a->limit = a->base + limit;
    a->end = a->base + size;
    return WB_OK;
}

void wb_arena_init_over(wb_arena *a, void *memory, size_t n, uint64_t seed)
{
    char *p = memory;
    *a = (wb_arena){.base = p,
                    .top = p,
                    .committed = p + n,
                    .limit = p + n,
                    .end = p + n,
                    .seed = seed,
                    .borrowed = true};
}

void wb_arena_free(wb_arena *a)
{
    if (a->base && !a->borrowed) {
        ASAN_UNPOISON_MEMORY_REGION(a->base, (size_t)(a->committed - a->base));
        munmap(a->range, (size_t)(a->end - a->base) + WB_ARENA_HUGE);
    }
    *a = (wb_arena){0};
}

void wb_arena_reset(wb_arena *a)
{
    wb_arena_rewind(a, a->base);
    a->exhausted = false;
    /* Nothing past the limit may stay backed: only the slow path sees that it was passed. */
    char *keep = a->limit - a->base > (ptrdiff_t)WB_ARENA_KEEP ? a->base + WB_ARENA_KEEP : a->limit;
    if (a->committed > keep) {
        /* Dropping and protecting again keeps the process small after one large evaluation. */
        madvise(keep, (size_t)(a->committed - keep), MADV_DONTNEED);
        if (mprotect(keep, (size_t)(a->committed - keep), PROT_NONE) == 0)
            a->committed = keep;
    }
}

/* How many bytes more are to be backed when `need` are missing. */
static size_t step_of(const wb_arena *a, size_t need)
{
    size_t used = (size_t)(a->committed - a->base);
    if (used < WB_ARENA_SMALL && need <= WB_ARENA_SMALL - used)
        return WB_ARENA_SMALL - used;
    size_t step = used / 2 > need ? used / 2 : need;
    size_t past = (used + step - WB_ARENA_SMALL) & (WB_ARENA_HUGE - 1);
    return page_up(past ? step + WB_ARENA_HUGE - past : step);
}

void *wb_arena_grow(wb_arena *a, size_t n)
{
    if (n > (size_t)(a->end - a->top))
        wb_fatal("an arena of %zu bytes was asked for %zu more without a check",
                 (size_t)(a->limit - a->base), n);
    size_t step = step_of(a, (size_t)(a->top + n - a->committed));
    if (step > (size_t)(a->end - a->committed))
        step = (size_t)(a->end - a->committed);
    /* Stop at the limit, so that the allocation that passes it comes here. */
    if (a->top + n <= a->limit && step > (size_t)(a->limit - a->committed))
        step = (size_t)(a->limit - a->committed);
    if (mprotect(a->committed, step, PROT_READ | PROT_WRITE) != 0)
        wb_fatal("no memory for %zu bytes", step);
    char *small = a->base + WB_ARENA_SMALL;
    if (a->committed + step > small) {
        char *from = a->committed > small ? a->committed : small;
        madvise(from, (size_t)(a->committed + step - from), MADV_HUGEPAGE);
    }
    a->committed += step;
    char *p = a->top;
    ASAN_UNPOISON_MEMORY_REGION(p, (size_t)(a->committed - p));
    a->top += n;
    if (a->top > a->limit)
        wb_arena_exhaust(a);
    return p;
}

void *wb_arena_calloc(wb_arena *a, size_t n)
{
    return memset(wb_arena_alloc(a, n), 0, n);
}

char *wb_arena_dup(wb_arena *a, const void *p, size_t n)
{
    char *to = wb_arena_alloc(a, n + 1);
    if (n)
        memcpy(to, p, n);
    to[n] = 0;
    return to;
}

char *wb_arena_printf(wb_arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = wb_arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
    to[0] = 0;
    if (n >= 0)
        vsnprintf(to, (size_t)n + 1, format, again);
    va_end(again);
    return to;
}

bool wb_arena_extend(wb_arena *a, void *p, size_t n, size_t m)
{
    n = (n + 7) & ~(size_t)7;
    m = (m + 7) & ~(size_t)7;
    if ((char *)p + n != a->top || m < n)
        return false;
    wb_arena_alloc(a, m - n);
    return true;
}

void wb_arena_poison(wb_arena *a, char *from)
{
#ifdef WRIT_POISON
    memset(from, 0xdb, (size_t)(a->top - from));
#endif
#ifdef __SANITIZE_ADDRESS__
    /* Small reuse is detected by the fill; whole-region poisoning would need unpoisoning in the
     * inline allocation, so dead bytes are overwritten here as well. */
    if (a->top > from) {
        size_t n = (size_t)(a->top - from);
        memset(from, 0xdb, n < 65536 ? n : 65536);
    }
#endif
}
