/* POST /v1/packets and GET /v1/packets/{id}. */
#include "server/gatekeeper/internal.h"
#include "server/http/client.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUTE       "POST /v1/packets"
#define STEPS_MS    1500 /* the doer's word on the steps is a courtesy */
#define ERRORS_ROOM (16u << 10)

/* ---- The work ---- */

typedef struct job {
    gk *g;
    http_request *req;
    const char *key;
    json_t *record, *scrubbed;
    const char *ref; /* a packet that a dead run began for this key; may be NULL */
} job;

static void finish(job *j, const char *id)
{
    gk *g = j->g;
    wb_error e = {0};
    store_packet row = {0};
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, &e);
    char *text = NULL;
    if (!status) {
        json_t *answer = gk_answer(g, &row);
        text = json_dumps(answer, GK_JSON);
        json_decref(answer);
        status = store_idem_finish(g->store, g->o.tenant, ROUTE, j->key, 201, "application/json",
                                   wb_str_of(text), &e);
    }
    wb_crash_point("gk.before_reply");
    if (status) {
        gk_unavailable(j->req, g, &e);
    } else {
        char location[64];
        snprintf(location, sizeof location, "/v1/packets/%s", id);
        http_response_header(j->req, "location", wb_str_of(location));
        http_respond(j->req, 201, "application/json", wb_str_of(text));
        gk_dispatcher_wake(g);
    }
    free(text);
    store_packet_clear(&row);
}

static void duplicate(job *j, const char *open_id)
{
    char link[96], detail[96];
    snprintf(link, sizeof link, "</v1/packets/%s>; rel=\"existing\"", open_id);
    snprintf(detail, sizeof detail, "/v1/packets/%s is open for this subject.", open_id);
    store_idem_forget(j->g->store, j->g->o.tenant, ROUTE, j->key, NULL);
    http_response_header(j->req, "link", wb_str_of(link));
    http_problem(j->req, 409, "duplicate_packet", "A packet is open already", detail);
}

/* No decision is begun that could not be entered. */
static wb_status check_ledger(gk *g, wb_error *e)
{
    ledger_head head;
    wb_status status = ledger_get_head(g->ledger, g->o.tenant, &head, e);
    if (!status && (head.poisoned || head.full))
        status = wb_fail(e, WB_UNAVAILABLE, "the ledger takes no entries");
    return status;
}

static void begin(job *j)
{
    gk *g = j->g;
    wb_error e = {0};
    char id[WB_UUID_TEXT], *open_id = NULL;
    wb_uuid7(id);
    wb_status status = check_ledger(g, &e);
    if (!status && j->scrubbed)
        status = gk_quarantine_put(g, id, j->scrubbed, &e);
    if (!status)
        status = store_idem_note(g->store, g->o.tenant, ROUTE, j->key, id, &e);
    if (!status)
        status = gk_begin(g, id, j->record, NULL, &open_id, &e);
    if (status == WB_EXISTS) {
        duplicate(j, open_id ? open_id : "");
    } else if (status) {
        /* What was begun is finished by the dispatcher's clock; the key may be used again. */
        store_idem_forget(g->store, g->o.tenant, ROUTE, j->key, NULL);
        gk_unavailable(j->req, g, &e);
    } else {
        finish(j, id);
    }
    free(open_id);
}

/* A run that died over this request may have noted a packet. */
static void go_on(job *j)
{
    gk *g = j->g;
    wb_error e = {0};
    store_packet row = {0};
    wb_status status =
        j->ref ? store_packet_get(g->store, g->o.tenant, j->ref, &row, &e) : WB_NOT_FOUND;
    store_packet_clear(&row);
    if (status == WB_NOT_FOUND) {
        begin(j);
        return;
    }
    if (!status) {
        pthread_mutex_t *lock = gk_lock(g, j->ref);
        pthread_mutex_lock(lock);
        status = gk_drive(g, j->ref, &e);
        pthread_mutex_unlock(lock);
    }
    if (status)
        gk_unavailable(j->req, g, &e);
    else
        finish(j, j->ref);
}

static bool is_json(http_request *req)
{
    wb_str type = http_request_header(req, "content-type");
    size_t n = 0;
    while (n < type.n && type.p[n] != ';' && type.p[n] != ' ')
        n++;
    return n == 16 && strncasecmp(type.p, "application/json", n) == 0;
}

static void post(http_request *req, void *arg)
{
    job j = {.g = arg, .req = req};
    wb_str body = http_request_body(req);
    wb_buf errors;
    if (!is_json(req)) {
        http_problem(req, 415, "media_type", "Not JSON", "Send application/json.");
        return;
    }
    char *key = NULL;
    if (!gk_idem_key(req, true, &key))
        return;
    wb_buf_init(&errors, ERRORS_ROOM);
    j.record = gk_intake(body, wb_now_ns(), &j.scrubbed, &errors);
    char *ref = NULL;
    j.key = key;
    if (j.record && gk_idem_begin(req, j.g, ROUTE, key, &ref, NULL)) {
        j.ref = ref;
        go_on(&j);
    } else if (!j.record) {
        http_problem_list(req, 400, "invalid_request", "Not a request", "See errors.",
                          wb_buf_str(&errors));
    }
    free(ref);
    wb_buf_free(&errors);
    json_decref(j.record);
    json_decref(j.scrubbed);
    free(key);
}

void gk_route_packets_post(http_request *req, void *arg)
{
    http_work(req, post, arg);
}

/* ---- GET ---- */

static json_t *history_of(gk *g, const char *id)
{
    store_history *rows = NULL;
    size_t n = 0;
    json_t *list = json_array();
    store_packet_history(g->store, id, &rows, &n, NULL);
    for (size_t i = 0; i < n; i++) {
        char at[WB_TIME_TEXT];
        wb_time_text(rows[i].at * 1000000, at);
        json_t *one =
            json_pack("{s:s, s:s, s:o}", "state", rows[i].state, "at", at, "index",
                      rows[i].ledger_index < 0 ? json_null() : json_integer(rows[i].ledger_index));
        if (rows[i].note)
            json_object_set_new(one, "note", json_string(rows[i].note));
        json_array_append_new(list, one);
    }
    store_history_list_free(rows, n);
    return list;
}

/* The doer's view of the steps; without it, what was signed. */
static json_t *steps_of(gk *g, const store_packet *row)
{
    char url[1024];
    http_client_response response = {0};
    json_t *steps = NULL;
    store_state state = store_state_of(row->state);
    if (g->o.doer && state >= STORE_ACCEPTED) {
        snprintf(url, sizeof url, "%s/v1/doer/jobs/%s", g->o.doer, row->jti);
        http_client_request request = {.url = url, .timeout_ms = STEPS_MS};
        if (http_client_do(&request, &response, NULL) == WB_OK && response.status == 200) {
            json_t *told = json_loadb(response.body.p, response.body.n, 0, NULL);
            steps = json_incref(json_object_get(told, "steps"));
            json_decref(told);
        }
        http_client_clear(&response);
    }
    if (json_is_array(steps))
        return steps;
    json_decref(steps);
    size_t n;
    char *payload = row->jws ? gk_payload_of(row->jws, &n) : NULL;
    json_t *claims = payload ? json_loadb(payload, n, 0, NULL) : NULL, *one;
    steps = json_array();
    size_t i;
    json_array_foreach(json_object_get(claims, "operations"), i, one)
        json_array_append_new(steps, json_pack("{s:O, s:O, s:n}", "n", json_object_get(one, "n"),
                                               "op", json_object_get(one, "op"), "state"));
    json_decref(claims);
    free(payload);
    return steps;
}

static void get(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    store_packet row = {0};
    const char *id = gk_param_id(req, "id");
    if (!id)
        return;
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, &e);
    if (status == WB_NOT_FOUND) {
        http_problem(req, 404, "not_found", "Not Found", "There is no such packet.");
    } else if (status) {
        gk_unavailable(req, g, &e);
    } else {
        json_t *answer = gk_answer(g, &row), *record = gk_record_of(&row);
        json_object_set_new(answer, "jti", json_string(row.jti));
        json_object_set_new(answer, "kind", json_string(row.kind));
        json_object_set_new(answer, "phase", *row.phase ? json_string(row.phase) : json_null());
        json_object_set(answer, "subject", json_object_get(record, "subject"));
        json_object_set_new(answer, "requested_by", json_string(row.requested_by));
        json_object_set_new(answer, "history", history_of(g, id));
        json_object_set_new(answer, "steps", steps_of(g, &row));
        if (row.parent)
            json_object_set_new(answer, "parent", json_string(row.parent));
        if (json_object_get(record, "reissued_from"))
            json_object_set(answer, "reissued_from", json_object_get(record, "reissued_from"));
        if (row.due_at > 0) {
            char due[WB_TIME_TEXT];
            wb_time_text(row.due_at * 1000000, due);
            json_object_set_new(answer, "due_at", json_string(due));
        }
        json_decref(record);
        gk_reply_json(req, 200, answer);
    }
    store_packet_clear(&row);
}

void gk_route_packets_get(http_request *req, void *arg)
{
    http_work(req, get, arg);
}
