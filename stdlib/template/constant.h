/* Constants of templates: strings and numbers as Go writes them. Internal to stdlib/template. */
#ifndef WRIT_STDLIB_TEMPLATE_CONSTANT_H
#define WRIT_STDLIB_TEMPLATE_CONSTANT_H

#include "stdlib/template/tree.h"

/* What a quoted or raw string says, in the pool. False: it is not well made, or the pool is full.
 */
bool wt_unquote(wt_pool *pool, wb_str quoted, wb_str *out);

/* Reads n->text into n; NULL, or what is wrong: with "syntax" or "overflow" in it, the constant is
 * to be quoted behind it, with a colon only, to be written as it stands. */
const char *wt_read_number(wt_node *n, bool rune, bool complex);

#endif
