/* What other families ask of a URI. */
#ifndef WRIT_STDLIB_URI_H
#define WRIT_STDLIB_URI_H

#include "stdlib/context.h"

/* Whether s is a URI or a relative reference. *scheme: it has one. path, when not NULL, gets the
 * path with its escapes replaced. */
bool ws_uri_check(ws_ctx *cx, wb_str s, bool *scheme, wb_buf *path);

#endif
