/* Unicode as strings and patterns need it: simple case mappings, folding, categories, scripts. The
 * tables are those of Unicode 15.0.0. All functions are pure. */
#ifndef WRIT_STDLIB_UNICODE_H
#define WRIT_STDLIB_UNICODE_H

#include "base/str.h"

#define WS_RUNE_MAX 0x10ffffu

/* Simple mapping of one code point; itself when it has none. */
uint32_t ws_rune_lower(uint32_t c);
uint32_t ws_rune_upper(uint32_t c);
/* The next code point of the same letter in another case, round and round; itself when alone. */
uint32_t ws_rune_fold(uint32_t c);
/* White space as Unicode defines it (what trim_space cuts). */
bool ws_rune_space(uint32_t c);
/* Letters and decimal digits, as names in patterns and templates may hold. */
bool ws_rune_letter(uint32_t c);
bool ws_rune_digit(uint32_t c);

/* A category ("Lu", "Letter") or script ("Greek") by name: n pairs lo, hi in order. Undotted: the
 * name is taken as it stands, see ws_unicode_alias. NULL when there is none. */
const uint32_t *ws_unicode_table(wb_str name, size_t *n);
/* The category a long name stands for ("Lowercaseletter" -> "Ll"), or NULL. */
const char *ws_unicode_alias(wb_str name);

#endif
