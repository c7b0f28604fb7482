/* The doer's own routes. */
#include "server/doer/internal.h"

#include <stdlib.h>

#define PACKET_BODY_MAX (2 * JWS_TOKEN_MAX) /* larger ones than a packet get our own answer */

/* The one answer to every packet that is not taken, whatever was wrong with it. */
static const char REJECTED[] = "{\"type\":\"" HTTP_PROBLEM_TYPE
                               "packet_rejected\",\"title\":\"Packet rejected\",\"status\":401,"
                               "\"code\":\"packet_rejected\"}";

typedef struct pending {
    doer *d;
    http_request *req;
    int64_t until_ms;
} pending;

static void say_rejected(void *arg)
{
    pending *p = arg;
    http_respond(p->req, 401, "application/problem+json", wb_str_of(REJECTED));
    free(p);
}

static void wait_then_say(void *arg)
{
    pending *p = arg;
    int64_t left = p->until_ms - wb_now_ms();
    http_server_timer(p->d->server, left > 0 ? (uint64_t)left : 0, 0, say_rejected, p);
}

/* After the same time for all: the moment of the answer does not tell which check failed. */
static void reject(http_request *req, doer *d, const doer_packet *p, int64_t started_ms)
{
    pending *later = wb_calloc(1, sizeof *later);
    *later = (pending){d, req, started_ms + DOER_REJECT_MS};
    doer_reject(d, p, http_request_peer(req));
    http_server_post(d->server, wait_then_say, later);
}

static void say_job(http_request *req, const char *jti, store_state state)
{
    json_t *body = json_pack("{s:s, s:s}", "jti", jti, "state", store_state_name(state));
    char *text = json_dumps(body, JSON_COMPACT);
    http_respond(req, 202, "application/json", wb_str_of(text));
    free(text);
    json_decref(body);
}

static void unavailable(http_request *req)
{
    http_problem(req, 503, "unavailable", "Not available now",
                 "the ledger, the keys or the store cannot be reached; nothing was done");
}

static void say(http_request *req, doer *d, doer_packet *p, int64_t started_ms)
{
    store_state state = STORE_NONE;
    wb_error e = {0};
    doer_accepted result = doer_accept(d, p, http_request_body(req), &state, &e);
    switch (result) {
    case DOER_NEW:
    case DOER_SEEN_JOB:
        doer_wake(d);
        /* No answer leaves before the entry is durable; the job itself is safe either way. */
        if (doer_flush(d, &e) == WB_OK)
            say_job(req, p->jti, state);
        else
            unavailable(req);
        return;
    case DOER_REUSED:
    case DOER_NO_ROOT:
        p->reason = result == DOER_REUSED ? "jti_reused" : "parent";
        reject(req, d, p, started_ms);
        return;
    case DOER_TOO_LATE:
        http_problem(req, 409, "window_closed", "Too late, or too early",
                     "the job is not in a state that this packet may continue");
        return;
    default: doer_log("packet %s: %s", p->jti, e.text); unavailable(req);
    }
}

static void take_packet(http_request *req, void *arg)
{
    doer *d = arg;
    int64_t now = wb_now_ms();
    doer_packet p;
    doer_verify(d, http_request_body(req), now, &p);
    if (p.unavailable)
        unavailable(req);
    else if (p.reason)
        reject(req, d, &p, now);
    else
        say(req, d, &p, now);
    doer_packet_clear(&p);
}

static void post_packet(http_request *req, void *arg)
{
    http_work(req, take_packet, arg);
}

static void get_job(http_request *req, void *arg)
{
    doer *d = arg;
    wb_str raw;
    wb_error e;
    json_t *body = NULL;
    char jti[WB_NAME_MAX + 1] = "";
    if (http_request_param(req, "jti", &raw) && wb_name_valid(raw))
        memcpy(jti, raw.p, raw.n);
    wb_status status = jti[0] ? doer_job_json(d, jti, &body, &e) : WB_NOT_FOUND;
    if (status == WB_NOT_FOUND) {
        http_problem(req, 404, "not_found", "There is no such job", NULL);
    } else if (status) {
        unavailable(req);
    } else {
        char *text = json_dumps(body, JSON_COMPACT);
        http_respond(req, 200, "application/json", wb_str_of(text));
        free(text);
        json_decref(body);
    }
}

static void get_live(http_request *req, void *arg)
{
    http_respond(req, 200, "application/json", WB_LIT("{}"));
}

static void ready(http_request *req, void *arg)
{
    wb_error e;
    if (!((doer *)arg)->stop && doer_flush(arg, &e) == WB_OK)
        http_respond(req, 200, "application/json", WB_LIT("{}"));
    else
        unavailable(req);
}

static void get_ready(http_request *req, void *arg)
{
    http_work(req, ready, arg);
}

const http_route DOER_ROUTES[] = {
    {"POST", "/v1/doer/packets", post_packet, 0, PACKET_BODY_MAX},
    {"GET", "/v1/doer/jobs/{jti}", get_job, 0, 0},
    {"GET", "/livez", get_live, 0, 0},
    {"GET", "/readyz", get_ready, 0, 0},
};
const size_t DOER_ROUTE_COUNT = sizeof DOER_ROUTES / sizeof DOER_ROUTES[0];
