/* Random numbers that are the same on every machine: splitmix64, integer arithmetic only. */
#ifndef WRIT_CONFORMANCE_DIFF_RANDOM_H
#define WRIT_CONFORMANCE_DIFF_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct df_random {
    uint64_t state;
} df_random;

static inline uint64_t df_next(df_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to n - 1; n is not 0. */
static inline uint32_t df_below(df_random *r, uint32_t n)
{
    return (uint32_t)(((df_next(r) >> 32) * n) >> 32);
}

/* True in `percent` of 100. */
static inline bool df_chance(df_random *r, unsigned percent)
{
    return df_below(r, 100) < percent;
}

#endif
