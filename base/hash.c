#include "base/hash.h"

#include "base/error.h"

#include <sys/random.h>

uint64_t wb_hash_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        wb_fatal("the system gives no random bytes");
    return seed;
}
