/* How often this thread called the allocator.
 *
 * The runner defines malloc and its relatives itself, each of which counts and passes on to the C
 * library's. An executable's symbols come before those of every shared library, so calls from GMP
 * or OpenSSL are counted too. Counting costs one addition a call. With the address sanitizer, which
 * has an allocator of its own, nothing is counted. */
#ifndef WRIT_BENCH_ALLOCS_H
#define WRIT_BENCH_ALLOCS_H

#include <stdint.h>

/* Calls of malloc, calloc, realloc and the aligned ones since the thread began; -1: not counted. */
int64_t bench_allocs(void);

#endif
