/* Request objects of http.send, which signing functions read too. Internal to stdlib. */
#ifndef WRIT_STDLIB_HTTP_REQUEST_H
#define WRIT_STDLIB_HTTP_REQUEST_H

#include "stdlib/context.h"

/* Whether all keys are known and those that must be are there; false: the call failed. */
bool ws_http_check_keys(ws_ctx *cx, wv request);
/* http.send itself, for the context's hook of that name. */
wv ws_http_send(ws_ctx *cx, const wv *args, unsigned n);

#endif
