/* An explicit stack for walks over values, so that no depth of nesting can overflow C's stack.
 *
 * The first WV_STACK_FIRST frames stand in the function's own frame; deeper walks move to the heap.
 * Life: wv_stack_init, pushes and pops, wv_stack_free on every way out. */
#ifndef WRIT_VALUE_STACK_H
#define WRIT_VALUE_STACK_H

#include "base/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WV_STACK_FIRST 16

#define WV_STACK(type)                                                                             \
    struct {                                                                                       \
        type *p;                                                                                   \
        size_t n, cap;                                                                             \
        type first[WV_STACK_FIRST];                                                                \
    }

#define wv_stack_init(s) ((s)->p = (s)->first, (s)->n = 0, (s)->cap = WV_STACK_FIRST)
#define wv_stack_top(s)  (&(s)->p[(s)->n - 1])
#define wv_stack_pop(s)  ((s)->n--)
#define wv_stack_free(s) ((s)->p != (s)->first ? free((s)->p) : (void)0)
/* Makes room for one more frame and counts it; the caller fills wv_stack_top(s). */
#define wv_stack_push(s)                                                                           \
    ((s)->n == (s)->cap                                                                            \
         ? (void)((s)->p = wv_stack_grow((s)->p, (s)->first, &(s)->cap, sizeof *(s)->p))           \
         : (void)0,                                                                                \
     (s)->n++)

static inline void *wv_stack_grow(void *p, const void *first, size_t *cap, size_t size)
{
    size_t old = *cap;
    *cap = old * 2;
    if (p != first)
        return wb_realloc(p, *cap * size);
    return memcpy(wb_malloc(*cap * size), first, old * size);
}

#endif
