#include "server/ledger/merkle.h"
#include "base/error.h"

#include <stdlib.h>

merkle_hash merkle_leaf(wb_str entry)
{
    merkle_hash h;
    wb_str parts[] = {{"\0", 1}, entry};
    wb_sha256_parts(parts, 2, h.b);
    return h;
}

merkle_hash merkle_node(const merkle_hash *left, const merkle_hash *right)
{
    merkle_hash h;
    unsigned char both[1 + 2 * WB_SHA256_LEN];
    both[0] = 1;
    memcpy(both + 1, left->b, WB_SHA256_LEN);
    memcpy(both + 1 + WB_SHA256_LEN, right->b, WB_SHA256_LEN);
    wb_sha256(both, sizeof both, h.b);
    return h;
}

void merkle_init(merkle_tree *t)
{
    memset(t, 0, sizeof *t);
}

void merkle_clear(merkle_tree *t)
{
    for (int k = 0; k < MERKLE_LEVELS; k++)
        free(t->level[k].p);
    merkle_init(t);
}

static void push(merkle_tree *t, int k, merkle_hash h)
{
    if (t->level[k].n == t->level[k].cap) {
        t->level[k].cap = t->level[k].cap ? t->level[k].cap * 2 : 16;
        t->level[k].p = wb_realloc(t->level[k].p, t->level[k].cap * sizeof h);
    }
    t->level[k].p[t->level[k].n++] = h;
}

void merkle_append(merkle_tree *t, const merkle_hash *leaf)
{
    push(t, 0, *leaf);
    t->size++;
    for (int k = 0; t->level[k].n % 2 == 0; k++) {
        const merkle_hash *last = t->level[k].p + t->level[k].n - 2;
        push(t, k + 1, merkle_node(last, last + 1));
    }
}

/* The largest power of two below n; n > 1. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* Depth is at most MERKLE_LEVELS: each step at least halves. */
static merkle_hash range(const merkle_tree *t, uint64_t from, uint64_t n)
{
    if ((n & (n - 1)) == 0 && from % n == 0) {
        int k = __builtin_ctzll(n);
        return t->level[k].p[from >> k];
    }
    uint64_t k = split(n);
    merkle_hash left = range(t, from, k), right = range(t, from + k, n - k);
    return merkle_node(&left, &right);
}

merkle_hash merkle_root(const merkle_tree *t, uint64_t size)
{
    merkle_hash h;
    if (size)
        return range(t, 0, size);
    wb_sha256("", 0, h.b);
    return h;
}

static void path(const merkle_tree *t, uint64_t from, uint64_t n, uint64_t index,
                 merkle_hash *proof, size_t *count)
{
    if (n == 1)
        return;
    uint64_t k = split(n);
    bool right = index >= k;
    if (right)
        path(t, from + k, n - k, index - k, proof, count);
    else
        path(t, from, k, index, proof, count);
    proof[(*count)++] = right ? range(t, from, k) : range(t, from + k, n - k);
}

bool merkle_inclusion(const merkle_tree *t, uint64_t index, uint64_t size, merkle_hash *proof,
                      size_t *n)
{
    *n = 0;
    if (index >= size || size > t->size)
        return false;
    path(t, 0, size, index, proof, n);
    return true;
}

static void subproof(const merkle_tree *t, uint64_t from, uint64_t n, uint64_t m, bool whole,
                     merkle_hash *proof, size_t *count)
{
    if (m == n) {
        if (!whole)
            proof[(*count)++] = range(t, from, n);
        return;
    }
    uint64_t k = split(n);
    if (m <= k) {
        subproof(t, from, k, m, whole, proof, count);
        proof[(*count)++] = range(t, from + k, n - k);
    } else {
        subproof(t, from + k, n - k, m - k, false, proof, count);
        proof[(*count)++] = range(t, from, k);
    }
}

bool merkle_consistency(const merkle_tree *t, uint64_t from, uint64_t to, merkle_hash *proof,
                        size_t *n)
{
    *n = 0;
    if (from == 0 || from > to || to > t->size)
        return false;
    subproof(t, 0, to, from, true, proof, n);
    return true;
}

static bool same(const merkle_hash *a, const merkle_hash *b)
{
    return memcmp(a->b, b->b, WB_SHA256_LEN) == 0;
}

/* RFC 9162, 2.1.3.2. */
bool merkle_check_inclusion(const merkle_hash *leaf, uint64_t index, uint64_t size,
                            const merkle_hash *proof, size_t n, const merkle_hash *root)
{
    if (index >= size)
        return false;
    uint64_t fn = index, sn = size - 1;
    merkle_hash r = *leaf;
    for (size_t i = 0; i < n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            r = merkle_node(&proof[i], &r);
            while (!(fn & 1) && fn)
                fn >>= 1, sn >>= 1;
        } else {
            r = merkle_node(&r, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&r, root);
}

/* RFC 9162, 2.1.4.2. */
bool merkle_check_consistency(uint64_t from, uint64_t to, const merkle_hash *proof, size_t n,
                              const merkle_hash *from_root, const merkle_hash *to_root)
{
    if (from == 0 || from > to)
        return false;
    if (from == to)
        return n == 0 && same(from_root, to_root);
    bool power = (from & (from - 1)) == 0;
    size_t i = power ? 0 : 1;
    if (n < 1)
        return false;
    uint64_t fn = from - 1, sn = to - 1;
    while (fn & 1)
        fn >>= 1, sn >>= 1;
    merkle_hash fr = power ? *from_root : proof[0], sr = fr;
    for (; i < n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            fr = merkle_node(&proof[i], &fr);
            sr = merkle_node(&proof[i], &sr);
            while (!(fn & 1) && fn)
                fn >>= 1, sn >>= 1;
        } else {
            sr = merkle_node(&sr, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&fr, from_root) && same(&sr, to_root);
}
