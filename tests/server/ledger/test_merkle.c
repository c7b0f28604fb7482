#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "server/ledger/merkle.h"
#include "server/ledger/note.h"

#include <stdio.h>

#define MOST 130

/* RFC 6962, 2.1, word by word: the definition, without any memory of subtrees. */
static merkle_hash mth(const merkle_hash *d, uint64_t n)
{
    merkle_hash h;
    if (n == 0) {
        wb_sha256("", 0, h.b);
        return h;
    }
    if (n == 1)
        return d[0];
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    merkle_hash left = mth(d, k), right = mth(d + k, n - k);
    return merkle_node(&left, &right);
}

static size_t naive_path(const merkle_hash *d, uint64_t n, uint64_t m, merkle_hash *out)
{
    if (n <= 1)
        return 0;
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    size_t used = m < k ? naive_path(d, k, m, out) : naive_path(d + k, n - k, m - k, out);
    out[used] = m < k ? mth(d + k, n - k) : mth(d, k);
    return used + 1;
}

static size_t naive_subproof(const merkle_hash *d, uint64_t n, uint64_t m, bool whole,
                             merkle_hash *out)
{
    if (m == n) {
        if (whole)
            return 0;
        out[0] = mth(d, n);
        return 1;
    }
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    size_t used = m <= k ? naive_subproof(d, k, m, whole, out)
                         : naive_subproof(d + k, n - k, m - k, false, out);
    out[used] = m <= k ? mth(d + k, n - k) : mth(d, k);
    return used + 1;
}

static void roots_and_proofs_are_the_naive_ones(void **state)
{
    merkle_tree t;
    merkle_hash leaves[MOST], roots[MOST + 1], proof[MERKLE_PROOF_MAX], want[MERKLE_PROOF_MAX];
    size_t n;
    merkle_init(&t);
    for (int i = 0; i < MOST; i++) {
        char text[32];
        snprintf(text, sizeof text, "entry %d", i);
        leaves[i] = merkle_leaf(wb_str_of(text));
        merkle_append(&t, &leaves[i]);
    }
    for (uint64_t size = 0; size <= MOST; size++) {
        roots[size] = merkle_root(&t, size);
        merkle_hash naive = mth(leaves, size);
        assert_memory_equal(roots[size].b, naive.b, 32);
    }
    for (uint64_t size = 1; size <= MOST; size++) {
        for (uint64_t i = 0; i < size; i++) {
            assert_true(merkle_inclusion(&t, i, size, proof, &n));
            assert_int_equal(n, naive_path(leaves, size, i, want));
            assert_memory_equal(proof, want, n * sizeof *proof);
            assert_true(merkle_check_inclusion(&leaves[i], i, size, proof, n, &roots[size]));
            assert_false(merkle_check_inclusion(&leaves[i], i, size, proof, n, &roots[size - 1]));
            if (i + 1 < size)
                assert_false(
                    merkle_check_inclusion(&leaves[i + 1], i, size, proof, n, &roots[size]));
            if (n) {
                assert_false(
                    merkle_check_inclusion(&leaves[i], i, size, proof, n - 1, &roots[size]));
                proof[n / 2].b[5] ^= 1;
                assert_false(merkle_check_inclusion(&leaves[i], i, size, proof, n, &roots[size]));
            }
        }
        for (uint64_t from = 1; from <= size; from++) {
            assert_true(merkle_consistency(&t, from, size, proof, &n));
            assert_int_equal(n, naive_subproof(leaves, size, from, true, want));
            assert_memory_equal(proof, want, n * sizeof *proof);
            assert_true(merkle_check_consistency(from, size, proof, n, &roots[from], &roots[size]));
            assert_false(
                merkle_check_consistency(from, size, proof, n, &roots[from - 1], &roots[size]));
            if (n) {
                proof[n - 1].b[31] ^= 0x80;
                assert_false(
                    merkle_check_consistency(from, size, proof, n, &roots[from], &roots[size]));
            }
        }
    }
    assert_false(merkle_inclusion(&t, 5, 5, proof, &n));
    assert_false(merkle_inclusion(&t, 5, MOST + 1, proof, &n));
    assert_false(merkle_consistency(&t, 0, 5, proof, &n));
    assert_false(merkle_consistency(&t, 6, 5, proof, &n));
    merkle_clear(&t);
}

/* The roots of RFC 6962's reference implementation for its eight test leaves. */
static void known_roots(void **state)
{
    static const struct {
        const char *leaf, *root;
    } rows[] = {
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    };
    merkle_tree t;
    merkle_init(&t);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char bytes[8];
        char hex[65];
        assert_true(wb_hex_decode(wb_str_of(rows[i].leaf), bytes));
        merkle_hash leaf = merkle_leaf(wb_str_n(bytes, strlen(rows[i].leaf) / 2));
        merkle_append(&t, &leaf);
        merkle_hash root = merkle_root(&t, t.size);
        wb_hex_encode(root.b, 32, hex);
        assert_string_equal(hex, rows[i].root);
    }
    merkle_clear(&t);
}

/* The example of the signed note specification (golang.org/x/mod/sumdb/note, C2SP). */
static void the_example_key_has_its_id(void **state)
{
    static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    static const char note[] =
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "\xe2\x80\x94 PeterNeumann "
        "x08go/ZJkuBS9UG/"
        "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM"
        "=\n";
    wb_str name;
    unsigned char key[32];
    wb_buf again;
    size_t others;
    assert_true(note_vkey_parse(wb_str_of(vkey), &name, key));
    assert_true(wb_str_is(name, "PeterNeumann"));
    assert_true(note_verify(wb_str_of(note), name, key, &others));
    assert_int_equal(others, 0);
    wb_buf_init(&again, 200);
    note_vkey(&again, name, key);
    assert_true(wb_str_is(wb_buf_str(&again), vkey));
    wb_buf_free(&again);
    char changed[sizeof note];
    for (size_t i = 0; i + 1 < sizeof note; i++) {
        memcpy(changed, note, sizeof note);
        changed[i] ^= 1;
        assert_false(note_verify(wb_str_n(changed, sizeof note - 1), name, key, NULL));
    }
    assert_false(note_vkey_parse(WB_LIT("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
                                        "LDE4izWy10TW"),
                                 &name, key));
}

static void crc32c_has_rfc_3720s_answers(void **state)
{
    unsigned char bytes[32] = {0};
    assert_int_equal(wb_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(wb_crc32c(bytes, 32), 0x62a8ab43);
    assert_int_equal(wb_crc32c("123456789", 9), 0xe3069283);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_and_proofs_are_the_naive_ones),
        cmocka_unit_test(known_roots),
        cmocka_unit_test(the_example_key_has_its_id),
        cmocka_unit_test(crc32c_has_rfc_3720s_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
