/* Seeded 64-bit hash of bytes, for tables that outsiders fill. Not for signatures. */
#ifndef WRIT_BASE_HASH_H
#define WRIT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Multiplies to 128 bits and folds: the mixing step of every hash here. */
static inline uint64_t wb_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t wb_hash64(uint64_t x, uint64_t seed)
{
    return wb_mix(x ^ 0x9e3779b97f4a7c15u, seed ^ 0xd1b54a32d192ed03u);
}

static inline uint64_t wb_hash(const void *data, size_t n, uint64_t seed)
{
    const unsigned char *p = data;
    uint64_t h = seed ^ wb_mix(n ^ 0xa0761d6478bd642fu, seed ^ 0xe7037ed1a0b428dbu);
    uint64_t a, b;
    while (n > 16) {
        memcpy(&a, p, 8);
        memcpy(&b, p + 8, 8);
        h = wb_mix(a ^ 0x8ebc6af09c88c6e3u, b ^ h);
        p += 16;
        n -= 16;
    }
    a = b = 0;
    if (n >= 8) {
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
    } else if (n >= 4) {
        uint32_t x, y;
        memcpy(&x, p, 4);
        memcpy(&y, p + n - 4, 4);
        a = x;
        b = y;
    } else if (n) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[n >> 1] << 8 | p[n - 1];
    }
    return wb_mix(a ^ 0x589965cc75374cc3u, b ^ h);
}

/* A random seed from the system. */
uint64_t wb_hash_seed(void);

#endif
