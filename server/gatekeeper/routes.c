/* The table of routes, and what handlers share. Everything that may wait for a disk, a policy or
 * another process runs on the pool (http_work). */
#include "server/gatekeeper/internal.h"

#include <stdlib.h>

#define SMALL_BODY (16u << 10)               /* a few short texts */
#define ENTRY_BODY (LEDGER_ENTRY_MAX + 4096) /* an entry, and what is around it */

static const http_route ROUTES[] = {
    {"POST", "/v1/packets", gk_route_packets_post, 0, GK_BODY_MAX},
    {"GET", "/v1/packets/{id}", gk_route_packets_get, 0, 0},
    {"POST", "/v1/packets/{id}:reinstate", gk_route_reinstate, 0, SMALL_BODY},
    {"POST", "/v1/packets/{id}:cancel", gk_route_cancel, 0, SMALL_BODY},
    {"POST", "/v1/packets/{id}:hard", gk_route_hard, 0, SMALL_BODY},
    {"GET", "/v1/approvals", gk_route_approvals_get, 0, 0},
    {"POST", "/v1/approvals/{id}:review", gk_route_review, 0, SMALL_BODY},
    {"GET", "/a/{token}", gk_route_page_get, 0, 0},
    {"POST", "/a/{token}", gk_route_page_post, 0, SMALL_BODY},
    {"POST", "/v1/ledger/entries", gk_route_ledger_post, 0, ENTRY_BODY},
    {"GET", "/v1/ledger/verify", gk_route_ledger_verify, HTTP_ROUTE_NO_HEAD, 0},
    {"GET", "/v1/keys/jwks", gk_route_jwks, 0, 0},
    {"GET", "/livez", gk_route_health, 0, 0},
    {"GET", "/readyz", gk_route_ready, 0, 0},
};

void gk_add_routes(gk *g)
{
    http_routes *own = wb_calloc(1, sizeof *own);
    *own = (http_routes){.rows = ROUTES, .count = sizeof ROUTES / sizeof ROUTES[0], .arg = g};
    g->routes = own;
    http_server_add(g->http, own);
    opa_data_add(g->opa, g->http);
}

void gk_reply_json(http_request *req, int status, json_t *body)
{
    char *text = json_dumps(body, GK_JSON);
    json_decref(body);
    if (text)
        http_respond_take(req, status, "application/json", text, strlen(text));
    else
        http_problem(req, 500, "internal", "Internal error", NULL);
}

void gk_unavailable(http_request *req, gk *g, const wb_error *e)
{
    gk_note(g, "%.*s: %s", WB_FMT(http_request_path(req)), e->text);
    http_response_header(req, "retry-after", WB_LIT("1"));
    http_problem(req, 503, "unavailable", "Not available now",
                 "The ledger, the store or the keys cannot be used; nothing was decided.");
}

const char *gk_rid(http_request *req)
{
    wb_str id = http_request_id(req);
    char *copy = http_request_alloc(req, id.n + 1);
    memcpy(copy, id.p, id.n);
    copy[id.n] = 0;
    return copy;
}

const char *gk_param_id(http_request *req, const char *name)
{
    wb_str id;
    if (!http_request_param(req, name, &id) || !wb_uuid7_valid(id)) {
        http_problem(req, 404, "not_found", "Not Found", NULL);
        return NULL;
    }
    char *copy = http_request_alloc(req, id.n + 1);
    memcpy(copy, id.p, id.n);
    copy[id.n] = 0;
    return copy;
}

json_t *gk_body_object(http_request *req)
{
    wb_str body = http_request_body(req);
    json_error_t error;
    bool deep = gk_too_deep(body, GK_DEPTH_MAX);
    json_t *b =
        deep ? NULL : json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(b))
        return b;
    http_problem(req, 400, "invalid_body", "Not a JSON object",
                 deep ? "nests too deeply"
                 : b  ? "not an object"
                      : error.text);
    json_decref(b);
    return NULL;
}

void gk_route_health(http_request *req, void *arg)
{
    http_respond(req, 200, "application/json", WB_LIT("{}"));
}

/* Ready: the ledger takes entries and the keys open. */
static void ready(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    ledger_head head;
    jws_key key;
    wb_status status = ledger_get_head(g->ledger, g->o.tenant, &head, &e);
    if (!status && (head.poisoned || head.full))
        status = wb_fail(&e, WB_UNAVAILABLE, "the ledger takes no entries");
    if (!status) {
        status = keys_active(g->keys, g->o.tenant, "decision", JWS_HS256, &key, &e);
        jws_key_clear(&key);
    }
    if (status || http_server_draining(g->http))
        http_problem(req, 503, "not_ready", "Not ready", NULL);
    else
        gk_reply_json(req, 200,
                      json_pack("{s:b, s:I, s:s, s:I}", "ready", 1, "ledger_size",
                                (json_int_t)head.size, "bundle", gk_policy_bundle(g->policy),
                                "modules", (json_int_t)gk_policy_modules(g->policy)));
}

void gk_route_ready(http_request *req, void *arg)
{
    http_work(req, ready, arg);
}
