/* Regular expressions with RE2's syntax and answers (Go's regexp package): leftmost-first matches
 * in bounded time.
 *
 * A pattern is parsed into a tree (re_parse.c). The tree is written as a PCRE2 pattern that means
 * the same (re_pcre.c), run by its JIT where its time is bounded: short subjects, or patterns that
 * cannot backtrack far, always under a match limit. All else, and bytes that are no UTF-8, goes to
 * a machine that follows all threads at once (re_pike.c), in time pattern times subject. Both give
 * one answer.
 *
 * Compiled patterns are immutable and may be used by many threads; each session's matchers keep
 * their memory in its cache. */
#ifndef WRIT_STDLIB_RE_H
#define WRIT_STDLIB_RE_H

#include "stdlib/context.h"

/* Bytes of a pattern; more has no use and costs fifty times as much to hold. */
#define WS_RE_PATTERN_MAX ((size_t)1 << 20)

typedef struct ws_re ws_re;

/* NULL when the pattern is wrong: the buffer then holds Go's text, "error parsing regexp: ...". */
ws_re *ws_re_compile(wb_str pattern, wb_buf *error);
void ws_re_free(ws_re *re);
/* Whether the syntax is right, without the work of compiling. */
bool ws_re_valid(wb_str pattern);

/* Groups, the whole match (0) included, and the name of one ("" when it has none). */
unsigned ws_re_groups(const ws_re *re);
wb_str ws_re_group_name(const ws_re *re, unsigned group);

typedef enum ws_re_answer { WS_RE_NO, WS_RE_YES, WS_RE_STOPPED } ws_re_answer;

/* Both charge for the text they look at, in proportion to the pattern. */

/* Whether the pattern matches anywhere in s. Stopped: cancelled or over a limit, the error is set.
 */
ws_re_answer ws_re_test(ws_ctx *cx, const ws_re *re, wb_str s);
/* The first match at or after `from`: ends[2 * g] and ends[2 * g + 1] are the offsets of group g,
 * SIZE_MAX when it took no part. utf8: what wb_utf8_valid says of s. */
ws_re_answer ws_re_find(ws_ctx *cx, const ws_re *re, wb_str s, bool utf8, size_t from,
                        size_t *ends);

#endif
