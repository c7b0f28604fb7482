/* The tree of RFC 6962: leaf SHA-256(00 ‖ entry), node SHA-256(01 ‖ left ‖ right), and its proofs.
 *
 * A merkle_tree keeps the hash of every complete subtree (64 bytes an entry), so a root or a proof
 * costs a logarithm of hashes. The functions that check a proof need no tree. */
#ifndef WRIT_SERVER_LEDGER_MERKLE_H
#define WRIT_SERVER_LEDGER_MERKLE_H

#include "base/sha256.h"

#define MERKLE_LEVELS    64 /* a tree has at most 2^63 leaves */
#define MERKLE_PROOF_MAX 65 /* hashes of one proof */

typedef struct merkle_hash {
    unsigned char b[WB_SHA256_LEN];
} merkle_hash;

typedef struct merkle_tree {
    uint64_t size;
    struct {
        merkle_hash *p; /* owned */
        size_t n, cap;
    } level[MERKLE_LEVELS]; /* level[k].p[j]: the subtree of leaves j * 2^k to (j + 1) * 2^k - 1 */
} merkle_tree;

merkle_hash merkle_leaf(wb_str entry);
merkle_hash merkle_node(const merkle_hash *left, const merkle_hash *right);

void merkle_init(merkle_tree *t);
void merkle_clear(merkle_tree *t);
void merkle_append(merkle_tree *t, const merkle_hash *leaf);
/* The root of the first `size` leaves; size <= t->size. Of none: SHA-256 of nothing. */
merkle_hash merkle_root(const merkle_tree *t, uint64_t size);
/* Proof that leaf `index` is in the tree of `size` leaves. False when index >= size or size is too
 * large. proof has room for MERKLE_PROOF_MAX. */
bool merkle_inclusion(const merkle_tree *t, uint64_t index, uint64_t size, merkle_hash *proof,
                      size_t *n);
/* Proof that the tree of `from` leaves is the beginning of the tree of `to` leaves. False unless
 * 0 < from <= to <= t->size. */
bool merkle_consistency(const merkle_tree *t, uint64_t from, uint64_t to, merkle_hash *proof,
                        size_t *n);

bool merkle_check_inclusion(const merkle_hash *leaf, uint64_t index, uint64_t size,
                            const merkle_hash *proof, size_t n, const merkle_hash *root);
bool merkle_check_consistency(uint64_t from, uint64_t to, const merkle_hash *proof, size_t n,
                              const merkle_hash *from_root, const merkle_hash *to_root);

#endif
