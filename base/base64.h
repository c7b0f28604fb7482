/* Base64 (RFC 4648 parts 4 and 5) and hexadecimal.
 *
 * Decoding is strict: one byte string has exactly one accepted text. A character outside the
 * alphabet, white space, non-zero bits behind the last byte, missing padding (standard alphabet) or
 * any padding (URL alphabet) is an error. wb_base64_decode_loose is for what people paste: either
 * alphabet, padding or none, line ends and blanks skipped. */
#ifndef WRIT_BASE_BASE64_H
#define WRIT_BASE_BASE64_H

#include "base/buf.h"

#define WB_BASE64_LEN(n)   (((n) + 2) / 3 * 4) /* text bytes of n bytes, padded, without a NUL */
#define WB_BASE64_BYTES(n) ((n) / 4 * 3 + 3)   /* bytes that n text bytes decode to, at most */

/* Write the text and a NUL at `to`, which has room for WB_BASE64_LEN(n) + 1; the text's length. */
size_t wb_base64_encode(const void *p, size_t n, char *to);
size_t wb_base64url_encode(const void *p, size_t n, char *to); /* never padded */
void wb_buf_put_base64(wb_buf *b, const void *p, size_t n);
void wb_buf_put_base64url(wb_buf *b, const void *p, size_t n);

/* `to` has room for WB_BASE64_BYTES(s.n); *n is set to the bytes written. False on any fault. */
bool wb_base64_decode(wb_str s, void *to, size_t *n);
bool wb_base64url_decode(wb_str s, void *to, size_t *n);
bool wb_base64_decode_loose(wb_str s, void *to, size_t *n);

/* Lower case with a NUL: `to` has room for 2n + 1. */
void wb_hex_encode(const void *p, size_t n, char *to);
/* Either case, an even number of digits; `to` has room for s.n / 2. */
bool wb_hex_decode(wb_str s, void *to);

#endif
