/* SHA-256 and CRC-32C. */
#ifndef WRIT_BASE_SHA256_H
#define WRIT_BASE_SHA256_H

#include "base/str.h"

#define WB_SHA256_LEN  32 /* bytes of a digest */
#define WB_SHA256_TEXT 72 /* room for "sha256:", 64 hexadecimal digits and a NUL */

void wb_sha256(const void *p, size_t n, unsigned char out[WB_SHA256_LEN]);
/* The digest of the parts, one after another. */
void wb_sha256_parts(const wb_str *parts, size_t count, unsigned char out[WB_SHA256_LEN]);
/* "sha256:<hex>" of the bytes, NUL-terminated. */
void wb_sha256_text(const void *p, size_t n, char out[WB_SHA256_TEXT]);

/* CRC-32C (Castagnoli), as in RFC 3720: finds accidents, not attackers. */
uint32_t wb_crc32c(const void *p, size_t n);

#endif
