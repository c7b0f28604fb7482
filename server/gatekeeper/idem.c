/* Idempotency-Key: a request that comes again gets the answer that the first one got, and does
 * nothing. A key belongs to its route; the route of a packet's verb carries the packet's id. */
#include "server/gatekeeper/internal.h"

#include <stdlib.h>

#define KEY_MAX 128 /* characters of an Idempotency-Key */

bool gk_idem_key(http_request *req, bool needed, char **out)
{
    /* A structured-field string or a bare token. */
    wb_str k = http_request_header(req, "idempotency-key");
    *out = NULL;
    if (!k.p && !needed)
        return true;
    if (k.n >= 2 && k.p[0] == '"' && k.p[k.n - 1] == '"')
        k = wb_str_n(k.p + 1, k.n - 2);
    bool good = k.p && k.n > 0 && k.n <= KEY_MAX;
    for (size_t i = 0; good && i < k.n; i++)
        good = k.p[i] > ' ' && k.p[i] < 127 && k.p[i] != '"' && k.p[i] != '\\';
    if (good)
        *out = wb_strndup(k.p, k.n);
    else
        http_problem(req, 400, "idempotency_key",
                     needed ? "An Idempotency-Key is needed" : "Not an Idempotency-Key",
                     "Send a header Idempotency-Key of 1 to 128 visible characters.");
    return good;
}

bool gk_idem_begin(http_request *req, gk *g, const char *route, const char *key, char **ref,
                   bool *again)
{
    wb_error e = {0};
    char digest[WB_SHA256_TEXT];
    store_idem idem = {0};
    wb_str body = http_request_body(req);
    bool go = false;
    wb_sha256_text(body.p ? body.p : "", body.n, digest);
    switch (store_idem_begin(g->store, g->o.tenant, route, key, digest, wb_now_ms(), &idem, &e)) {
    case WB_OK:
        go = true;
        if (ref && idem.ref)
            *ref = wb_strdup(idem.ref);
        if (again)
            *again = idem.key != NULL;
        break;
    case WB_EXISTS:
        http_response_header(req, "idempotency-replayed", WB_LIT("true"));
        http_respond(req, (int)idem.status, idem.content_type, wb_str_n(idem.body.p, idem.body.n));
        break;
    case WB_CONFLICT:
        http_response_header(req, "retry-after", WB_LIT("1"));
        http_problem(req, 409, "request_running", "Still being worked on",
                     "A request with this Idempotency-Key has not been answered yet.");
        break;
    case WB_INVALID:
        http_problem(req, 422, "key_reused", "The key was used for another request",
                     "This Idempotency-Key came with another body before.");
        break;
    default: gk_unavailable(req, g, &e); break;
    }
    store_idem_clear(&idem);
    return go;
}

/* ---- A packet's verbs ---- */

bool gk_verb_begin(gk_verb *v, http_request *req, gk *g, const char *id, const char *verb)
{
    *v = (gk_verb){.g = g};
    snprintf(v->route, sizeof v->route, "POST /v1/packets/%s:%s", id, verb);
    if (!gk_idem_key(req, false, &v->key))
        return false;
    if (!v->key || gk_idem_begin(req, g, v->route, v->key, NULL, &v->again)) {
        v->running = v->key != NULL;
        return true;
    }
    free(v->key);
    v->key = NULL;
    return false;
}

void gk_verb_reply(gk_verb *v, http_request *req, int status, json_t *body)
{
    wb_error e = {0};
    char *text = json_dumps(body, GK_JSON);
    json_decref(body);
    if (!text) {
        http_problem(req, 500, "internal", "Internal error", NULL);
        return;
    }
    if (v->running && store_idem_finish(v->g->store, v->g->o.tenant, v->route, v->key, status,
                                        "application/json", wb_str_of(text), &e)) {
        gk_unavailable(req, v->g, &e);
        free(text);
        return;
    }
    v->running = false;
    http_respond_take(req, status, "application/json", text, strlen(text));
}

void gk_verb_end(gk_verb *v)
{
    if (v->running)
        store_idem_forget(v->g->store, v->g->o.tenant, v->route, v->key, NULL);
    free(v->key);
    *v = (gk_verb){0};
}
