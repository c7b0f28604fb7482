/* UTF-8 as RFC 3629 has it: no surrogates, nothing over U+10FFFF, shortest form only. */
#ifndef WRIT_BASE_UTF8_H
#define WRIT_BASE_UTF8_H

#include "base/str.h"

#define WB_UTF8_BAD 0xfffdu /* what a bad byte decodes to */

/* The code point at p (n > 0 bytes left); *used is its length in bytes. A bad byte gives
 * WB_UTF8_BAD with *used = 1, so that reading always goes on. */
uint32_t wb_utf8_get(const char *p, size_t n, size_t *used);
/* Writes c (at most 4 bytes), returns the length. A surrogate or a too large c is written as
 * WB_UTF8_BAD. */
size_t wb_utf8_put(char *to, uint32_t c);
/* Whether all bytes are valid. *bad (may be NULL) is the offset of the first that is not. */
bool wb_utf8_valid(wb_str s, size_t *bad);
/* Number of code points; a bad byte counts as one. */
size_t wb_utf8_count(wb_str s);
/* Byte offset of code point number i, or s.n past the end. */
size_t wb_utf8_offset(wb_str s, size_t i);

#endif
