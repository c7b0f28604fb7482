/* What other families ask of a URI. */
#ifndef WRIT_STDLIB_URI_H
#define WRIT_STDLIB_URI_H

#include "stdlib/context.h"

/* Whether s is a URI or a relative reference. *scheme: it has one. path, when not NULL, gets the
 * path with its escapes replaced. */
bool ws_uri_check(ws_ctx *cx, wb_str s, bool *scheme, wb_buf *path);

/* Why s is no URI, as Go says it, at the end of `why`; true and nothing when it is one. */
bool ws_uri_explain(ws_ctx *cx, wb_str s, wb_buf *why);

/* What a request is signed with: the host with its port, the path as it is sent, the query. */
typedef struct ws_uri_target {
    wb_buf host, path;
    wb_str query; /* part of the text that was read */
} ws_uri_target;

/* False with the call's error when s is no URI or the budget ends. The buffers are the caller's to
 * free, also then. */
bool ws_uri_target_read(ws_ctx *cx, wb_str s, ws_uri_target *to);

#endif
