/* The functions of one algorithm need no start of the library, which takes longer than a whole
 * short program: it reads a configuration and fills tables of names and error texts. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/sha256.h"
#include "base/base64.h"
#include "base/error.h"

#include <openssl/sha.h>

void wb_sha256_parts(const wb_str *parts, size_t count, unsigned char out[WB_SHA256_LEN])
{
    SHA256_CTX c;
    bool ok = SHA256_Init(&c);
    for (size_t i = 0; ok && i < count; i++)
        ok = SHA256_Update(&c, parts[i].p, parts[i].n);
    if (!ok || !SHA256_Final(out, &c))
        wb_fatal("SHA-256 failed");
}

void wb_sha256(const void *p, size_t n, unsigned char out[WB_SHA256_LEN])
{
    wb_sha256_parts(&(wb_str){n ? p : "", n}, 1, out);
}

void wb_sha256_text(const void *p, size_t n, char out[WB_SHA256_TEXT])
{
    unsigned char digest[WB_SHA256_LEN];
    wb_sha256(p, n, digest);
    memcpy(out, "sha256:", 7);
    wb_hex_encode(digest, sizeof digest, out + 7);
}

/* Half a byte at a time: a table of 16 words, and no start-up code. */
uint32_t wb_crc32c(const void *data, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const unsigned char *p = data;
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        c = table[c & 15] ^ c >> 4;
        c = table[c & 15] ^ c >> 4;
    }
    return ~c;
}
