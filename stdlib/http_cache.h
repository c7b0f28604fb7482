/* What http.send remembers. Internal to stdlib.
 *
 * Within a query the same request has one answer, or one error. Between the queries of a session an
 * answer stays only when the request asks for that (`cache`, `force_cache`), until it is stale;
 * then the server is asked whether it still holds.
 *
 * A request is known by a hash of all that it says, but for the headers it wants ignored: tokens
 * and keys in it are not kept. One thread only, as all of ws_cache. */
#ifndef WRIT_STDLIB_HTTP_CACHE_H
#define WRIT_STDLIB_HTTP_CACHE_H

#include "base/sha256.h"
#include "stdlib/context.h"

#define WS_HTTP_ENTRIES_MAX 256                /* requests remembered */
#define WS_HTTP_BYTES_MAX   ((size_t)16 << 20) /* of all answers; a larger one is not kept */

typedef struct ws_http_key {
    unsigned char hash[WB_SHA256_LEN];
} ws_http_key;

/* What is remembered; the bytes are the cache's, until the next call that changes it. */
typedef struct ws_http_entry {
    bool failed; /* `text` is why; the rest tells how to show it */
    bool network, bare, typed;
    long code;
    wb_str text;   /* the status line, or the error */
    wb_str body;   /* decoded */
    wb_str fields; /* as JSON: lower-case names to arrays */
    int64_t stale; /* nanoseconds since 1970 */
} ws_http_entry;

/* The request's key, and the request without the headers it wants ignored. False: *why. */
bool ws_http_key_of(ws_ctx *cx, wv request, ws_http_key *key, wv *plain, const char **why);

/* What this query has, or NULL; what earlier queries left, or NULL (it may be stale). */
const ws_http_entry *ws_http_of_query(ws_ctx *cx, const ws_http_key *key);
const ws_http_entry *ws_http_of_session(ws_ctx *cx, const ws_http_key *key);
/* Copies what it is given. `lasting`: for later queries too. */
void ws_http_keep(ws_ctx *cx, const ws_http_key *key, const ws_http_entry *what, bool lasting);
/* Later queries do not see it any more. */
void ws_http_forget(ws_ctx *cx, const ws_http_key *key);

/* ---- the rules, over an answer's fields ---- */

/* Whether an answer with this status may be kept; "no-store" forbids it between queries. */
bool ws_http_status_keeps(long code);
bool ws_http_may_store(wv fields);
/* When it is stale: max-age behind the date, or Expires, or long ago. False: *why. */
bool ws_http_stale_at(wv fields, int64_t *ns, const char **why);
/* The first value of a field, or empty. */
wb_str ws_http_field(wv fields, const char *name);

#endif
