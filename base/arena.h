/* A bump allocator over one contiguous range of addresses.
 *
 * The range is reserved when the arena is made and backed by memory as it fills, so a pointer into
 * an arena never moves, a position is a pointer, and "does this pointer live above that mark" is
 * one comparison. Nothing is freed piece by piece: wb_arena_rewind gives back all that was made
 * since a mark, wb_arena_free everything.
 *
 * Pages: a byte in a page of 4 KB costs seven times what one in a huge page costs, and a huge page
 * as much as 70 small ones. So the first WB_ARENA_SMALL bytes lie on small pages, and what is more
 * than that on huge ones where the system has them: memory grows by that step.
 *
 * Budget: `limit` bytes may be in use. An allocation that passes it succeeds (so that callers need
 * no error path for a few bytes) and sets `exhausted`; whoever runs the work looks at that flag at
 * every back edge and call, and ends with an error. What may be large asks wb_arena_fits first.
 * Beyond the limit stand WB_ARENA_OVERDRAFT bytes; to pass those as well is a fatal error, since
 * only an allocation in an unchecked loop can get there. */
#ifndef WRIT_BASE_ARENA_H
#define WRIT_BASE_ARENA_H

#include "base/str.h"

#define WB_ARENA_OVERDRAFT ((size_t)64 << 20)  /* room for one step's unchecked small pieces */
#define WB_ARENA_SMALL     ((size_t)256 << 10) /* the first bytes, on pages of the usual size */
#define WB_ARENA_HUGE      ((size_t)2 << 20)   /* the system's huge page, asked for behind them */
#define WB_ARENA_KEEP      (WB_ARENA_SMALL + WB_ARENA_HUGE) /* stays backed after wb_arena_reset */

/* Counts down to the next look at something: `left` turns from now, and `more` behind that. */
typedef struct wb_countdown {
    int64_t left, more;
} wb_countdown;

/* The look comes now; the sum stays. */
static inline void wb_countdown_ring(wb_countdown *c)
{
    c->more += c->left;
    c->left = 0;
}

typedef struct wb_arena {
    char *top;           /* next free byte, 8-byte aligned */
    char *committed;     /* end of what memory backs */
    char *base;          /* start of the range */
    char *limit;         /* end of the budget */
    char *end;           /* end of the range: limit + WB_ARENA_OVERDRAFT */
    char *range;         /* what the system gave: at or below the base */
    uint64_t seed;       /* seed of all hashes of what lives here; the engine's */
    wb_countdown *alarm; /* the owner's: rings with `exhausted`; NULL: none. So a loop that counts
                          * need not look at the flag */
    bool exhausted;      /* an allocation passed the limit */
    bool borrowed;       /* over the caller's memory: nothing is reserved, backed or given back */
} wb_arena;

/* Reserves the range. limit is in bytes and is rounded up to pages. WB_MEMORY (-5) when the
 * system gives no such range; 0 otherwise. */
int wb_arena_init(wb_arena *a, size_t limit, uint64_t seed);
/* Over n bytes (a multiple of 8) at an 8-byte aligned address that stay the caller's; no overdraft:
 * who fills it knows what it takes. */
void wb_arena_init_over(wb_arena *a, void *memory, size_t n, uint64_t seed);
void wb_arena_free(wb_arena *a);
/* Empties it, clears `exhausted`, and gives memory above WB_ARENA_KEEP back to the system. */
void wb_arena_reset(wb_arena *a);

static inline void wb_arena_exhaust(wb_arena *a)
{
    a->exhausted = true;
    if (a->alarm)
        wb_countdown_ring(a->alarm);
}

void *wb_arena_grow(wb_arena *a, size_t n); /* the slow path of wb_arena_alloc */

/* n bytes, 8-byte aligned, not cleared. Never NULL. */
static inline void *wb_arena_alloc(wb_arena *a, size_t n)
{
    n = (n + 7) & ~(size_t)7;
    if (__builtin_expect(n > (size_t)(a->committed - a->top), 0))
        return wb_arena_grow(a, n);
    char *p = a->top;
    a->top += n;
    return p;
}

void *wb_arena_calloc(wb_arena *a, size_t n);
/* A copy with a NUL behind it. */
char *wb_arena_dup(wb_arena *a, const void *p, size_t n);
static inline wb_str wb_arena_str(wb_arena *a, wb_str s)
{
    return (wb_str){wb_arena_dup(a, s.p, s.n), s.n};
}
char *wb_arena_printf(wb_arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether n more bytes stay inside the budget; sets `exhausted` when they do not. */
static inline bool wb_arena_fits(wb_arena *a, size_t n)
{
    if (a->top <= a->limit && n <= (size_t)(a->limit - a->top))
        return true;
    wb_arena_exhaust(a);
    return false;
}

/* Makes the piece at p (n bytes long, the last one made) m bytes long in place; false when it is
 * not the last piece, and nothing changes then. */
bool wb_arena_extend(wb_arena *a, void *p, size_t n, size_t m);

/* Gives back what stands behind `end` of the last piece made, which nobody looked at yet. */
static inline void wb_arena_trim(wb_arena *a, char *end)
{
    a->top = a->base + (((size_t)(end - a->base) + 7) & ~(size_t)7);
}

static inline char *wb_arena_mark(const wb_arena *a)
{
    return a->top;
}

void wb_arena_poison(wb_arena *a, char *from); /* debug and sanitizer builds: mark as dead */

static inline void wb_arena_rewind(wb_arena *a, char *mark)
{
#if defined(__SANITIZE_ADDRESS__) || defined(WRIT_POISON)
    wb_arena_poison(a, mark);
#endif
    a->top = mark;
}

static inline bool wb_arena_owns(const wb_arena *a, const void *p)
{
    return (size_t)((const char *)p - a->base) < (size_t)(a->end - a->base);
}

static inline size_t wb_arena_used(const wb_arena *a)
{
    return (size_t)(a->top - a->base);
}

#endif
