/* Bytes and code points as Go's strings package treats them. */
#ifndef WRIT_STDLIB_TEXT_H
#define WRIT_STDLIB_TEXT_H

#include "stdlib/context.h"

#define WS_NOT_FOUND SIZE_MAX

/* Offset of the first `needle` in s, from `from` on, or WS_NOT_FOUND. An empty one is found at
 * once. */
size_t ws_find(wb_str s, wb_str needle, size_t from);
/* The last code point; a bad byte is WB_UTF8_BAD with *used = 1. s is not empty. */
uint32_t ws_last_rune(wb_str s, size_t *used);
/* The same text with every bad byte replaced by U+FFFD, as a conversion to code points and back
 * does. Answers s itself when nothing is bad; the copy lives in `out`. False: over the budget. */
bool ws_valid_text(ws_ctx *cx, wb_str s, wb_str *out);
/* Whether s is JSON text, numbers of any size included. False with the call's error when a budget
 * ends. */
bool ws_json_valid(ws_ctx *cx, wb_str s);
/* Base64 as Go decodes it, of either alphabet: line ends are skipped, bits behind the last byte do
 * not matter; `padded` wants "=" at the end, otherwise none may be there. -1, or on a fault the
 * offset of the bad byte. `to` has room for s.n bytes. */
int64_t ws_base64_decode(wb_str s, bool url, bool padded, char *to, size_t *n);

#endif
