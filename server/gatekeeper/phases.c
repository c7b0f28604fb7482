/* Later phases of a packet: hard, when the doer's timer asks; reinstate, when a person does. Each
 * is a packet of its own with a fresh decision and a fresh signature, whose parent is the soft jti.
 */
#include "server/gatekeeper/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define LIFE_LEFT_S 10 /* seconds: a packet with less is made anew */

/* One row a phase: the states of the soft packet from which it may be asked for. */
static const struct from {
    const char *phase;
    store_state state;
} FROM[] = {
    {"hard", STORE_SOFT_DONE},
    {"hard", STORE_HARD_SCHEDULED},
    {"hard", STORE_HELD},
    {"hard", STORE_HARD_CLAIMED},
    {"hard", STORE_HARD_RUNNING},
    {"hard", STORE_HARD_PARTIAL},
    {"reinstate", STORE_SOFT_DONE},
    {"reinstate", STORE_HARD_SCHEDULED},
    {"reinstate", STORE_SOFT_PARTIAL},
    {"reinstate", STORE_HELD},
    {"reinstate", STORE_HALTED},
    {"reinstate", STORE_REINSTATING},
};

static bool may_ask(const char *phase, store_state state)
{
    for (size_t i = 0; i < sizeof FROM / sizeof FROM[0]; i++)
        if (FROM[i].state == state && strcmp(FROM[i].phase, phase) == 0)
            return true;
    return false;
}

void gk_phase_result_clear(gk_phase_result *r)
{
    free(r->jws);
    json_decref(r->decision);
    *r = (gk_phase_result){0};
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* What the soft phase did, as far as this side knows: its own history says when. */
static json_t *soft_of(gk *g, const store_packet *row)
{
    store_history *rows = NULL;
    size_t n = 0;
    int64_t done_at = 0;
    bool partial = false;
    store_packet_history(g->store, row->id, &rows, &n, NULL);
    for (size_t i = 0; i < n; i++) {
        store_state s = store_state_of(rows[i].state);
        if ((s == STORE_SOFT_DONE || s == STORE_HARD_SCHEDULED) && !done_at)
            done_at = rows[i].at;
        partial = s == STORE_SOFT_PARTIAL || s == STORE_HALTED      ? true
                  : s == STORE_SOFT_DONE || s == STORE_SOFT_RUNNING ? false
                                                                    : partial;
    }
    store_history_list_free(rows, n);
    json_t *soft = json_pack("{s:b, s:b}", "done", done_at != 0, "partial", partial);
    if (done_at)
        json_object_set_new(soft, "done_at_ns", json_integer(done_at * 1000000));
    return soft;
}

/* What the doer says, where it can be true: nothing was done before there was a packet. */
static json_t *soft_checked(const store_packet *row, const json_t *said)
{
    json_t *at = json_object_get(said, "done_at_ns");
    bool possible = json_is_integer(at) && json_integer_value(at) >= row->created_at * 1000000;
    json_t *soft =
        json_pack("{s:b, s:b}", "done", possible && json_is_true(json_object_get(said, "done")),
                  "partial", !json_is_false(json_object_get(said, "partial")));
    if (possible)
        json_object_set(soft, "done_at_ns", at);
    return soft;
}

static json_t *record_for(gk *g, const store_packet *row, const char *phase, json_t *soft,
                          const char *requested_by)
{
    json_t *record = gk_record_of(row), *d = json_loads(row->decision, 0, NULL);
    json_t *approval = gk_approval_facts(g, row, d);
    json_object_set_new(record, "phase", json_string(phase));
    json_object_set_new(record, "soft", soft);
    if (requested_by)
        json_object_set_new(record, "requested_by", json_string(requested_by));
    if (approval)
        json_object_set_new(record, "approval", approval);
    json_decref(d);
    return record;
}

/* A child that was signed and never used makes room for the next. */
static wb_status retire(gk *g, const store_packet *child, wb_error *e)
{
    wb_status status = WB_OK;
    if (strcmp(child->state, "SIGNED") == 0)
        status = gk_go(g, child, STORE_SIGNED, STORE_DISPATCHED, LEDGER_PACKET_DISPATCHED, e);
    if (!status)
        status = gk_go(g, child,
                       store_state_of(child->state) == STORE_ACCEPTED ? STORE_ACCEPTED
                                                                      : STORE_DISPATCHED,
                       STORE_EXPIRED, LEDGER_PACKET_EXPIRED, e);
    return status;
}

/* Makes the child, or finds the one that an earlier question made. *child is filled. */
static wb_status child_of(gk *g, const store_packet *row, json_t *record, store_packet *child,
                          wb_error *e)
{
    for (int turn = 0; turn < 2; turn++) {
        char id[WB_UUID_TEXT], *open_id = NULL;
        gk_sibling_id(g, row->id, id);
        wb_status status = gk_begin(g, id, record, row->jti, &open_id, e);
        if (status == WB_OK)
            return store_packet_get(g->store, row->tenant, id, child, e);
        if (status != WB_EXISTS || !open_id) {
            free(open_id);
            return status;
        }
        status = gk_drive(g, open_id, e);
        if (!status)
            status = store_packet_get(g->store, row->tenant, open_id, child, e);
        free(open_id);
        if (status || !store_state_open(store_state_of(child->state)) ||
            (child->parent && strcmp(child->parent, row->jti) == 0 &&
             gk_life_left(child->jws, wb_now_ms()) >= LIFE_LEFT_S))
            return status;
        status = retire(g, child, e);
        store_packet_clear(child);
        if (status)
            return status;
    }
    return wb_fail(e, WB_CONFLICT, "another packet of this phase is open");
}

static wb_status hold(gk *g, const store_packet *row, const store_packet *child, wb_error *e)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "packet_id", row->id, "jti", row->jti, "by",
                             child->jti, "state", "HELD");
    wb_status status = WB_OK;
    if (strcmp(row->state, "HARD_SCHEDULED") == 0)
        status =
            gk_move(g, row->id, STORE_HARD_SCHEDULED, STORE_HELD, LEDGER_PACKET_STATE, body, e);
    json_decref(body);
    return status;
}

static wb_status phase_locked(gk *g, const char *rid, store_packet *row, const char *phase,
                              const json_t *said, const char *requested_by, gk_phase_result *out,
                              wb_error *e)
{
    store_packet child = {0};
    bool hard = strcmp(phase, "hard") == 0;
    snprintf(out->state, sizeof out->state, "%s", row->state);
    if (strcmp(row->phase, "soft") != 0 || !row->jws ||
        !may_ask(phase, store_state_of(row->state))) {
        gk_illegal(g, rid, row->id, row->state, hard ? "HARD_CLAIMED" : "REINSTATING");
        return out->status = WB_CONFLICT;
    }
    json_t *soft = hard ? soft_checked(row, said) : soft_of(g, row);
    json_t *record = record_for(g, row, phase, soft, requested_by);
    wb_status status = child_of(g, row, record, &child, e);
    json_decref(record);
    if (!status) {
        json_t *answer = gk_answer(g, &child);
        snprintf(out->packet_id, sizeof out->packet_id, "%s", child.id);
        out->decision = json_incref(json_object_get(answer, "decision"));
        out->jws = wb_strdup(child.jws ? child.jws : "");
        json_decref(answer);
        bool allowed = child.outcome && strcmp(child.outcome, "allow") == 0;
        out->status = allowed ? WB_OK : WB_DENIED;
        if (!allowed && hard) {
            status = hold(g, row, &child, e);
            snprintf(out->state, sizeof out->state, "%s", "HELD");
        } else if (allowed && strcmp(child.state, "SIGNED") == 0) {
            status = gk_go(g, &child, STORE_SIGNED, STORE_DISPATCHED, LEDGER_PACKET_DISPATCHED, e);
        }
    }
    store_packet_clear(&child);
    return status;
}

wb_status gk_phase(gk *g, const char *rid, const char *id, const char *phase, const json_t *soft,
                   const char *requested_by, gk_phase_result *out, wb_error *e)
{
    store_packet row = {0};
    *out = (gk_phase_result){0};
    pthread_mutex_t *lock = gk_lock(g, id);
    pthread_mutex_lock(lock);
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, e);
    if (!status)
        status = phase_locked(g, rid, &row, phase, soft, requested_by, out, e);
    store_packet_clear(&row);
    pthread_mutex_unlock(lock);
    if (status && out->status == WB_OK)
        out->status = status;
    if (out->status == WB_CONFLICT)
        status = WB_OK;
    return status;
}

/* ---- Routes ---- */

static void refused(http_request *req, int status, const char *code, const char *title,
                    const gk_phase_result *r)
{
    json_t *body = json_pack("{s:o, s:s, s:i, s:s, s:s, s:O}", "type",
                             json_sprintf(HTTP_PROBLEM_TYPE "%s", code), "title", title, "status",
                             status, "code", code, "state", r->state, "decision", r->decision);
    json_object_set_new(body, "request_id", json_stringn(http_request_id(req).p, 36));
    json_object_set_new(body, "packet_id", json_string(r->packet_id));
    char *bytes = json_dumps(body, GK_JSON);
    json_decref(body);
    http_respond_take(req, status, "application/problem+json", bytes, strlen(bytes));
}

static void hard(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    gk_phase_result r;
    json_t *body;
    store_packet row = {0};
    const char *id = gk_is_doer(req, g) ? gk_param_id(req, "id") : NULL;
    if (!id || !(body = gk_body_object(req)))
        return;
    const char *jti = text(body, "jti"), *tenant = text(body, "tenant");
    if (!jti || !tenant || strcmp(tenant, g->o.tenant) != 0 ||
        store_packet_get(g->store, g->o.tenant, id, &row, &e) || strcmp(row.jti, jti) != 0) {
        http_problem(req, 404, "not_found", "Not Found", "No packet of this tenant has this jti.");
    } else {
        wb_status status =
            gk_phase(g, gk_rid(req), row.id, "hard", json_object_get(body, "soft"), NULL, &r, &e);
        if (status)
            gk_unavailable(req, g, &e);
        else if (r.status == WB_CONFLICT)
            http_problem(req, 409, "illegal_transition", "The packet's state does not allow this",
                         r.state);
        else if (r.status == WB_DENIED)
            refused(req, 403, "hard_phase_denied", "The policy does not allow the hard phase", &r);
        else
            gk_reply_json(req, 201,
                          json_pack("{s:s, s:s, s:O}", "packet_id", r.packet_id, "jws", r.jws,
                                    "decision", r.decision));
        gk_phase_result_clear(&r);
    }
    store_packet_clear(&row);
    json_decref(body);
}

/* The doer's compare-and-set decides between this and the hard phase. */
static void send_reinstate(http_request *req, gk_verb *v, const char *id, const gk_phase_result *r)
{
    gk *g = v->g;
    wb_error e = {0};
    int status = 0;
    if (!g->o.doer) {
        gk_verb_reply(v, req, 202,
                      json_pack("{s:s, s:s, s:s, s:s}", "state", r->state, "packet_id", id,
                                "reinstate_packet_id", r->packet_id, "jws", r->jws));
        return;
    }
    wb_status sent = gk_send(g, r->jws, &status, &e);
    if (sent || status >= 500) {
        gk_note(g, "reinstatement of %s: %s (%d)", id, sent ? e.text : "the doer failed", status);
        http_problem(req, 503, "doer_unavailable", "The doer does not answer",
                     "Ask again: the same reinstatement is handed over once.");
        return;
    }
    if (status >= 300) {
        http_problem(req, 409, "window_closed", "Too late",
                     "The doer did not take the reinstatement: the hard phase has begun.");
        return;
    }
    pthread_mutex_t *lock = gk_lock(g, id);
    pthread_mutex_lock(lock);
    /* The doer reports it too, perhaps has already, and may be done by now. */
    gk_mirror(g, id, STORE_REINSTATING, -1, 0, NULL);
    pthread_mutex_unlock(lock);
    gk_verb_reply(v, req, 202,
                  json_pack("{s:s, s:s, s:s}", "state", "REINSTATING", "packet_id", id,
                            "reinstate_packet_id", r->packet_id));
}

static void reinstate(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    gk_phase_result r;
    json_t *body;
    const char *id = gk_param_id(req, "id");
    if (!id || !(body = gk_body_object(req)))
        return;
    const char *who = text(body, "requested_by"), *why = text(body, "reason");
    if (!who || !*who || strlen(who) > GK_NAME_BYTES || !why || !*why || strlen(why) > 1024 ||
        json_object_size(body) != 2) {
        http_problem(req, 400, "invalid_body", "Not a reinstatement",
                     "Wants {\"reason\", \"requested_by\"} and nothing else.");
        json_decref(body);
        return;
    }
    gk_verb v;
    if (!gk_verb_begin(&v, req, g, id, "reinstate")) {
        json_decref(body);
        return;
    }
    wb_status status = gk_phase(g, gk_rid(req), id, "reinstate", NULL, who, &r, &e);
    if (status == WB_NOT_FOUND)
        http_problem(req, 404, "not_found", "Not Found", "There is no such packet.");
    else if (status)
        gk_unavailable(req, g, &e);
    else if (r.status == WB_CONFLICT)
        http_problem(req, 409, "window_closed", "The packet's state does not allow this", r.state);
    else if (r.status == WB_DENIED)
        refused(req, 409, "window_closed", "The policy does not allow the reinstatement", &r);
    else
        send_reinstate(req, &v, id, &r);
    gk_verb_end(&v);
    gk_phase_result_clear(&r);
    json_decref(body);
}

static void cancel(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    json_t *body;
    store_packet row = {0};
    const char *id = gk_param_id(req, "id");
    if (!id || !(body = gk_body_object(req)))
        return;
    const char *why = text(body, "reason");
    if (!why || strlen(why) > 1024 || json_object_size(body) != 1) {
        http_problem(req, 400, "invalid_body", "Not a cancellation",
                     "Wants {\"reason\"} and nothing else.");
        json_decref(body);
        return;
    }
    gk_verb v;
    if (!gk_verb_begin(&v, req, g, id, "cancel")) {
        json_decref(body);
        return;
    }
    pthread_mutex_t *lock = gk_lock(g, id);
    pthread_mutex_lock(lock);
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, &e);
    bool pending = !status && strcmp(row.state, "PENDING_HITL") == 0;
    bool done = !status && v.again && strcmp(row.state, "CANCELLED") == 0;
    if (pending) {
        json_t *told = json_pack("{s:s, s:s}", "packet_id", id, "reason", why);
        status = gk_approvals_void(g, id, "cancelled", &e);
        if (!status)
            status = gk_move(g, id, STORE_PENDING_HITL, STORE_CANCELLED, LEDGER_PACKET_CANCELLED,
                             told, &e);
        json_decref(told);
    } else if (!status && !done) {
        gk_illegal(g, gk_rid(req), id, row.state, "CANCELLED");
    }
    pthread_mutex_unlock(lock);
    if (status == WB_NOT_FOUND)
        http_problem(req, 404, "not_found", "Not Found", "There is no such packet.");
    else if (status)
        gk_unavailable(req, g, &e);
    else if (!pending && !done)
        http_problem(req, 409, "illegal_transition", "Only what waits for a human can be cancelled",
                     row.state);
    else
        gk_verb_reply(&v, req, 200, json_pack("{s:s, s:s}", "packet_id", id, "state", "CANCELLED"));
    gk_verb_end(&v);
    store_packet_clear(&row);
    json_decref(body);
}

void gk_route_hard(http_request *req, void *arg)
{
    http_work(req, hard, arg);
}

void gk_route_reinstate(http_request *req, void *arg)
{
    http_work(req, reinstate, arg);
}

void gk_route_cancel(http_request *req, void *arg)
{
    http_work(req, cancel, arg);
}
