/* OPA's data API over an engine: POST and GET /v1/data/{path}, and GET /health.
 *
 * Answers have OPA's shape, errors included: {"result": ...}, no "result" where it is undefined,
 * {"code", "message", "errors"} otherwise. A path becomes a prepared query, kept for the next
 * request; OPA_QUERIES_MAX of them at most. Evaluations run on the pool. Policies and data are
 * those the engine had at the first request for a path. */
#ifndef WRIT_SERVER_OPA_OPA_H
#define WRIT_SERVER_OPA_OPA_H

#include "server/http/http.h"

#include <pthread.h>

#define OPA_QUERIES_MAX 256  /* prepared paths; more are prepared anew each time */
#define OPA_PATH_MAX    32   /* segments of a path */
#define OPA_DEADLINE_MS 5000 /* of one evaluation */
#define OPA_SESSIONS    64   /* idle sessions kept */

struct writ_engine;
typedef struct opa_data opa_data;

/* The engine stays the caller's and outlives it; `prepare` is held by whoever prepares a query. */
opa_data *opa_data_new(struct writ_engine *engine, pthread_mutex_t *prepare);
/* Before the server starts; the routes live as long as the opa_data. */
void opa_data_add(opa_data *o, http_server *server);
void opa_data_free(opa_data *o); /* NULL is allowed */

#endif
