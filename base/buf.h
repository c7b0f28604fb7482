/* A growing byte buffer with a hard maximum.
 *
 * Life: wb_buf_init, any number of puts, then wb_buf_free or wb_buf_detach. A put that would pass
 * the maximum adds nothing and sets `failed`; later puts do nothing either, so that a long chain of
 * puts needs one check at its end. */
#ifndef WRIT_BASE_BUF_H
#define WRIT_BASE_BUF_H

#include "base/str.h"

typedef struct wb_buf {
    char *p;     /* owned; NULL while empty */
    size_t n;    /* bytes in use */
    size_t cap;  /* bytes allocated */
    size_t max;  /* bytes that may ever be in use */
    bool failed; /* a put passed the maximum */
} wb_buf;

void wb_buf_init(wb_buf *b, size_t max);
void wb_buf_free(wb_buf *b);
/* Empties the buffer and clears `failed`; keeps the memory. */
void wb_buf_clear(wb_buf *b);

/* Room for n more bytes: a pointer to write to, or NULL past the maximum. The bytes count only
 * after wb_buf_commit. */
char *wb_buf_reserve(wb_buf *b, size_t n);
/* The same, without a call where there is room. */
static inline char *wb_buf_room(wb_buf *b, size_t n)
{
    if (__builtin_expect(b->failed || n >= b->cap - b->n || n > b->max - b->n, 0))
        return wb_buf_reserve(b, n);
    return b->p + b->n;
}
static inline void wb_buf_commit(wb_buf *b, size_t n)
{
    b->n += n;
}

void wb_buf_put_slow(wb_buf *b, const void *p, size_t n);
static inline void wb_buf_put(wb_buf *b, const void *p, size_t n)
{
    if (__builtin_expect(b->failed || n >= b->cap - b->n || n > b->max - b->n, 0)) {
        wb_buf_put_slow(b, p, n);
    } else if (n) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}
void wb_buf_puts(wb_buf *b, const char *z);
void wb_buf_put_str(wb_buf *b, wb_str s);
void wb_buf_putc_slow(wb_buf *b, char c);
static inline void wb_buf_putc(wb_buf *b, char c)
{
    if (__builtin_expect(b->n + 2 > b->cap || b->n >= b->max || b->failed, 0))
        wb_buf_putc_slow(b, c);
    else
        b->p[b->n++] = c;
}
void wb_buf_putf(wb_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The string as a JSON string with its quotes, escaping what JSON demands and nothing else. */
void wb_buf_put_json(wb_buf *b, wb_str s);

static inline wb_str wb_buf_str(const wb_buf *b)
{
    return (wb_str){b->p, b->n};
}

/* A NUL-terminated view, valid until the next change. Never NULL. */
const char *wb_buf_cstr(wb_buf *b);
/* Gives the bytes (NUL-terminated) to the caller, who frees them; the buffer is empty afterwards.
 */
char *wb_buf_detach(wb_buf *b, size_t *n);

#endif
