#include "server/http/internal.h"

static void failure(http_request *req, const http_failure *f, bool routed)
{
    const http_routes *table = req->table;
    if (routed && table && table->fail)
        table->fail(req, f, table->arg);
    if (!req->answered)
        http_problem(req, f->status, f->code, f->title, f->detail);
}

void http_fail(http_request *req, int status, const char *code, const char *title,
               const char *detail)
{
    req->parked = false;
    req->phase = HTTP_HANDLING;
    if (status == 503)
        http_response_header(req, "retry-after", wb_str_of(HTTP_RETRY_AFTER));
    const char *allow = status == 405 ? req->allow : NULL;
    if (allow)
        http_response_header(req, "allow", wb_str_of(allow));
    http_failure f = {status, code, title, detail, allow};
    /* A request that is broken before it was routed has no table of its own. */
    failure(req, &f, req->route || req->route_status);
    req->phase = HTTP_ANSWERED;
}

static void run_handler(http_request *req)
{
    req->phase = HTTP_HANDLING;
    req->indebted = true;
    req->route->handle(req, req->table->arg);
    if (req->parked) {
        uint32_t ms = req->server->config.limits.request_ms;
        req->phase = HTTP_PARKED;
        req->deadline = ms ? http_worker_now(req->worker) + ms : 0;
        return;
    }
    req->indebted = false;
    if (!req->answered)
        http_fail(req, 500, "internal_error", "Internal Server Error", NULL);
    req->phase = HTTP_ANSWERED;
}

void http_dispatch(http_request *req)
{
    const http_limits *limits = &req->server->config.limits;
    /* Refused early: what is left of the body is dropped until then. */
    req->deadline = req->body_done ? 0 : http_worker_now(req->worker) + limits->body_ms;
    if (!req->id[0])
        wb_uuid7(req->id);
    if (req->refusal) {
        http_fail(req, req->refusal, req->refusal_code, http_status_reason(req->refusal),
                  req->refusal_detail);
    } else if (req->route_status == 404) {
        http_fail(req, 404, "not_found", "Not Found", "no such resource");
    } else if (req->route_status == 405) {
        http_fail(req, 405, "method_not_allowed", "Method Not Allowed", NULL);
    } else if (req->worker->in_flight >= limits->max_in_flight) {
        http_fail(req, 503, "overloaded", "Service Unavailable", "too many requests are running");
    } else {
        req->worker->in_flight++;
        req->counted = true;
        run_handler(req);
    }
    if (req->phase == HTTP_ANSWERED)
        http_conn_ready(req->conn, req);
}

http_request *http_request_replace(http_request *req, int status, const char *code,
                                   const char *title, const char *detail)
{
    http_request *stand_in = http_request_new(req->conn, req->worker);
    stand_in->begun_ns = req->begun_ns;
    stand_in->method =
        wb_str_n(http_request_dup(stand_in, req->method.p, req->method.n), req->method.n);
    stand_in->path = wb_str_n(http_request_dup(stand_in, req->path.p, req->path.n), req->path.n);
    stand_in->version = req->version;
    stand_in->stream = req->stream;
    stand_in->body_done = req->body_done;
    memcpy(stand_in->id, req->id, sizeof stand_in->id);
    stand_in->table = req->table;
    stand_in->route = req->route;
    req->replaced = true;
    http_request_release(req);
    http_fail(stand_in, status, code, title, detail);
    return stand_in;
}
