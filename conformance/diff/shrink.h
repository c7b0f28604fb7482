/* Making a program smaller while it still shows something.
 *
 * What it shows is the caller's business. Parts are taken out from large to small: queries, modules
 * and documents, then rules and lines, then any balanced run of tokens; brackets are opened, terms
 * give way to their parts and to 1. Nothing here knows Rego beyond its tokens. */
#ifndef WRIT_CONFORMANCE_DIFF_SHRINK_H
#define WRIT_CONFORMANCE_DIFF_SHRINK_H

#include "conformance/diff/program.h"

#define DF_SHRINK_BATCH 48    /* candidates put at once */
#define DF_SHRINK_TRIES 20000 /* candidates in all */

/* The number of the first of n candidates that still shows it, or -1. */
typedef int (*df_try)(void *argument, const df_program *list, size_t n);

/* Makes *p smaller in place; new texts live in the arena. p shows it, and does so afterwards. */
void df_shrink(wb_arena *a, df_program *p, df_try try, void *argument);

#endif
