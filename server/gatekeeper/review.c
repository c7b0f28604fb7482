/* One review: who says it, whether they may, whether it is still about what they saw, and then one
 * compare-and-set. */
#include "server/gatekeeper/internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void answer(gk_review_result *out, int status, const char *code, const char *title,
                   const char *detail)
{
    out->status = status;
    out->code = code;
    out->title = title;
    snprintf(out->detail, sizeof out->detail, "%s", detail);
}

static void unavailable(gk *g, gk_review_result *out, const wb_error *e)
{
    gk_note(g, "review: %s", e->text);
    answer(out, 503, "unavailable", "Not available now", "Try again later.");
}

/* Two names are one person when they differ by case or blanks only, as the policy has it. */
static wb_str trimmed(wb_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[0]))
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool same_person(wb_str a, const char *b)
{
    wb_str x = trimmed(a), y = trimmed(wb_str_of(b));
    return x.n && x.n == y.n && strncasecmp(x.p, y.p, x.n) == 0;
}

static json_t *entry_of(const store_approval *ap, const gk_review *review, const char *why)
{
    json_t *who = json_stringn(review->approver.p ? review->approver.p : "", review->approver.n);
    json_t *body = json_pack("{s:s, s:s, s:s, s:o}", "approval", ap->id, "packet_id", ap->packet,
                             "digest", ap->digest, "approver", who ? who : json_null());
    if (why)
        json_object_set_new(body, "why", json_string(why));
    return body;
}

/* Whoever has the link can be refused as often as they like: the first refusals of a kind and
 * minute are entered one by one, the others are counted, and the count is entered when the minute
 * is over.
 */
static wb_status enter_bounded(gk *g, ledger_type type, const char *rid, const store_approval *ap,
                               const gk_review *review, const char *why, wb_error *e)
{
    char reason[128], who[WB_SHA256_TEXT];
    int64_t now = wb_now_ms(), count = 0;
    snprintf(reason, sizeof reason, "%s %s %s", ledger_type_name(type), ap->id, why);
    wb_sha256_text(review->approver.p ? review->approver.p : "", review->approver.n, who);
    wb_status status = store_rejection_add(g->store, g->o.tenant, reason, who,
                                           now - now % GK_REFUSE_WINDOW, &count, e);
    if (status || count > GK_REFUSE_SINGLE)
        return status;
    json_t *body = entry_of(ap, review, why);
    status = gk_enter(g, type, rid, NULL, body, NULL, e);
    json_decref(body);
    return status;
}

static wb_status close_window(gk *g, const store_rejection *r, wb_error *e)
{
    char type[40] = "", subject[40] = "", why[64] = "";
    ledger_type known = sscanf(r->reason, "%39s %39s %63s", type, subject, why) == 3
                            ? ledger_type_of(wb_str_of(type))
                            : LEDGER_NONE;
    wb_status status = store_begin(g->store, e);
    if (status)
        return status;
    if (known && r->count > GK_REFUSE_SINGLE) {
        json_t *body = json_pack(
            "{s:s, s:s, s:I, s:I, s:I, s:s?, s:s?}",
            known == LEDGER_ILLEGAL_TRANSITION ? "packet_id" : "approval", subject, "why", why,
            "count", (json_int_t)(r->count - GK_REFUSE_SINGLE), "window_at_ms",
            (json_int_t)r->window_at, "window_ms", (json_int_t)GK_REFUSE_WINDOW,
            "first_approver_sha256", r->first_digest, "last_approver_sha256", r->last_digest);
        status = gk_owe(g, known, NULL, body, e);
        json_decref(body);
    }
    if (!status)
        status = store_rejection_drop(g->store, r, e);
    if (!status)
        return store_commit(g->store, e);
    store_rollback(g->store);
    return status;
}

void gk_refusals_close(gk *g, int64_t now_ms)
{
    store_rejection *rows = NULL;
    size_t n = 0;
    wb_error e = {0};
    if (store_rejection_list(g->store, now_ms - now_ms % GK_REFUSE_WINDOW, &rows, &n, &e))
        return;
    for (size_t i = 0; i < n; i++)
        if (close_window(g, &rows[i], &e))
            gk_note(g, "refusals were not entered: %s", e.text);
    store_rejection_list_free(rows, n);
    if (n && gk_outbox(g, &e))
        gk_note(g, "refusals were not entered: %s", e.text);
}

static void refuse(gk *g, const char *rid, const store_approval *ap, const gk_review *review,
                   gk_review_result *out, int status, const char *code, const char *title,
                   const char *detail)
{
    wb_error e = {0};
    if (enter_bounded(g, LEDGER_APPROVAL_REFUSED, rid, ap, review, code, &e))
        unavailable(g, out, &e);
    else
        answer(out, status, code, title, detail);
}

/* Requester and subject, the scrubbed one included, never decide about themselves. */
static bool is_party(gk *g, const store_packet *row, wb_str approver)
{
    bool party = same_person(approver, row->requested_by);
    json_t *record = gk_record_of(row), *hidden = NULL;
    bool flagged = json_object_get(record, "filter") != NULL;
    if (flagged)
        hidden = gk_quarantine_get(g, row->id, NULL);
    json_t *from = flagged ? hidden : record;
    const json_t *subject = json_object_get(from, "subject");
    const json_t *facts = json_object_get(json_object_get(from, "context"), "subject");
    const char *names[] = {text(subject, "id"), text(subject, "target_ref"), text(facts, "email")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        party = party || (names[i] && same_person(approver, names[i]));
    /* A suspected request that cannot be opened any more tells nobody who its subject was. */
    party = party || (flagged && !hidden);
    json_decref(hidden);
    json_decref(record);
    return party;
}

static bool reviewed_before(gk *g, const store_approval *ap, wb_str approver)
{
    store_approval *rows = NULL;
    size_t n = 0;
    bool found = false;
    if (store_approval_list(g->store, ap->tenant, "APPROVED", &rows, &n, NULL))
        return true;
    for (size_t i = 0; i < n; i++)
        found = found || (strcmp(rows[i].packet, ap->packet) == 0 &&
                          strcmp(rows[i].digest, ap->digest) == 0 &&
                          same_person(approver, rows[i].reviewer));
    store_approval_list_free(rows, n);
    return found;
}

/* A suspected request is approved by typing its target again; NULL when that is in order. */
static const char *reentry_fault(gk *g, const store_packet *row, const gk_review *review)
{
    json_t *record = gk_record_of(row);
    bool flagged = json_object_get(record, "filter") != NULL;
    json_decref(record);
    if (!flagged)
        return review->reentered_target.n ? "This packet asks for no target to be typed again."
                                          : NULL;
    if (!trimmed(review->reentered_target).n)
        return "The request is suspected: type the account it is about.";
    json_t *hidden = gk_quarantine_get(g, row->id, NULL);
    const char *target = text(json_object_get(hidden, "subject"), "target_ref");
    bool same = target && same_person(review->reentered_target, target);
    json_decref(hidden);
    return same ? NULL
                : "What you typed is not the account that the request named. Reject it, and have a "
                  "new one made.";
}

static bool stale(gk *g, const store_packet *row)
{
    char now[WB_SHA256_TEXT];
    json_t *record = gk_record_of(row), *d = json_loads(row->decision, 0, NULL);
    gk_facts_digest(g, record, now);
    const char *then = text(d, "facts");
    bool changed = !then || strcmp(then, now) != 0;
    json_decref(d);
    json_decref(record);
    return changed;
}

static void make_stale(gk *g, const store_packet *row, gk_review_result *out)
{
    wb_error e = {0};
    json_t *body = json_pack("{s:s, s:s}", "packet_id", row->id, "why",
                             "policy, configuration or facts changed");
    wb_status status = gk_approvals_void(g, row->id, "facts changed", &e);
    if (!status)
        status =
            gk_move(g, row->id, STORE_PENDING_HITL, STORE_STALE, LEDGER_APPROVAL_STALE, body, &e);
    json_decref(body);
    if (!status)
        status = gk_drive(g, row->id, &e);
    if (status)
        unavailable(g, out, &e);
    else
        answer(out, 409, "stale", "The facts have changed",
               "What you saw is no longer what would be done. The packet was judged anew.");
}

static void tell_winner(gk_review_result *out, const store_approval *ap)
{
    snprintf(out->state, sizeof out->state, "%s", ap->state);
    snprintf(out->reviewer, sizeof out->reviewer, "%s", ap->reviewer ? ap->reviewer : "");
    char detail[256];
    snprintf(detail, sizeof detail, "The approval is %s%s%.100s.", ap->state,
             ap->reviewer ? " by " : "", ap->reviewer ? ap->reviewer : "");
    answer(out, 409, strcmp(ap->state, "STALE") == 0 ? "stale" : "already_decided",
           "Decided already", detail);
}

static void duplicate(gk *g, const char *rid, const store_approval *ap, const gk_review *review,
                      gk_review_result *out)
{
    wb_error e = {0};
    if (enter_bounded(g, LEDGER_APPROVAL_DUPLICATE, rid, ap, review, ap->state, &e))
        unavailable(g, out, &e);
    else
        tell_winner(out, ap);
}

/* The compare-and-set, with its entry owed in the same transaction. */
static wb_status consume(gk *g, const store_approval *ap, const gk_review *review, bool approve,
                         store_approval *winner, wb_error *e)
{
    char *who = wb_strndup(review->approver.p, review->approver.n);
    json_t *said = json_object(), *body = entry_of(ap, review, NULL);
    json_t *reason = json_stringn(review->reason.p ? review->reason.p : "", review->reason.n);
    json_object_set_new(said, "reason", reason ? reason : json_string(""));
    if (approve && review->reentered_target.n) {
        wb_str t = trimmed(review->reentered_target);
        json_object_set_new(said, "reentered_target", json_stringn(t.p, t.n));
    }
    json_object_update(body, said);
    json_object_set_new(body, "method", json_string("development-code"));
    json_t *actor = json_pack("{s:s, s:s}", "id", who, "method", "development-code");
    char *kept = json_dumps(said, GK_JSON);
    wb_status status = store_begin(g->store, e);
    if (!status) {
        status = store_approval_decide(g->store, ap->id, approve ? "APPROVED" : "REJECTED", who,
                                       kept, wb_now_ms(), winner, e);
        if (!status)
            status = gk_owe(g, approve ? LEDGER_APPROVAL_APPROVED : LEDGER_APPROVAL_REJECTED, actor,
                            body, e);
        if (status)
            store_rollback(g->store);
        else
            status = store_commit(g->store, e);
    }
    free(kept);
    free(who);
    json_decref(actor);
    json_decref(said);
    json_decref(body);
    return status ? status : gk_outbox(g, e);
}

static void after(gk *g, const store_packet *row, const gk_review *review, bool approve,
                  gk_review_result *out)
{
    wb_error e = {0};
    store_packet now = {0};
    wb_status status;
    if (approve) {
        status = gk_drive(g, row->id, &e);
    } else {
        json_t *who = json_stringn(review->approver.p, review->approver.n);
        json_t *body = json_pack("{s:s, s:s, s:o}", "packet_id", row->id, "state", "REJECTED",
                                 "rejected_by", who ? who : json_null());
        status = gk_approvals_void(g, row->id, "rejected", &e);
        if (!status)
            status = gk_move(g, row->id, STORE_PENDING_HITL, STORE_REJECTED, LEDGER_PACKET_STATE,
                             body, &e);
        json_decref(body);
    }
    if (!status)
        status = store_packet_get(g->store, g->o.tenant, row->id, &now, &e);
    if (status) {
        unavailable(g, out, &e);
        return;
    }
    snprintf(out->packet_state, sizeof out->packet_state, "%s", now.state);
    json_t *d = json_loads(now.decision, 0, NULL);
    if (strcmp(now.state, "CANCELLED") == 0 && text(d, "reissue"))
        snprintf(out->reissued, sizeof out->reissued, "%s", text(d, "reissue"));
    json_decref(d);
    store_packet_clear(&now);
    snprintf(out->state, sizeof out->state, "%s", approve ? "APPROVED" : "REJECTED");
    answer(out, 200, "ok", "Recorded", "");
    gk_dispatcher_wake(g);
}

static void review_locked(gk *g, const char *rid, const store_approval *ap, const store_packet *row,
                          const gk_review *review, gk_review_result *out)
{
    wb_error e = {0};
    store_approval winner = {0};
    bool approve = wb_str_is(review->decision, "approve");
    if (strcmp(ap->state, "PENDING") != 0) {
        duplicate(g, rid, ap, review, out);
    } else if (wb_now_ms() >= ap->expires_at) {
        answer(out, 409, "expired", "Too late", "The approval's time is over.");
    } else if (!wb_str_is(review->digest, ap->digest)) {
        refuse(g, rid, ap, review, out, 409, "stale", "Another content",
               "The digest is not that of what is to be approved.");
    } else if (reviewed_before(g, ap, review->approver)) {
        refuse(g, rid, ap, review, out, 403, "already_reviewed", "Not twice",
               "Another person has to approve this packet.");
    } else if (approve && reentry_fault(g, row, review)) {
        refuse(g, rid, ap, review, out, 422, "reentry", "The target must be typed again",
               reentry_fault(g, row, review));
    } else if (approve && stale(g, row)) {
        make_stale(g, row, out);
    } else {
        wb_status status = consume(g, ap, review, approve, &winner, &e);
        if (status == WB_CONFLICT && winner.state)
            duplicate(g, rid, &winner, review, out);
        else if (status)
            unavailable(g, out, &e);
        else
            after(g, row, review, approve, out);
        store_approval_clear(&winner);
    }
}

static bool authenticate(gk *g, const char *rid, const store_approval *ap, const store_packet *row,
                         const gk_review *review, gk_review_result *out)
{
    json_t *who = json_loads(ap->approvers, 0, NULL);
    const char *group = text(who, "group");
    gk_who known =
        gk_approver_check(g->approvers, review->approver, review->code, group ? group : "");
    json_decref(who);
    if (known == GK_WHO_LOCKED)
        refuse(g, rid, ap, review, out, 429, "locked", "Too many wrong codes", "Try again later.");
    else if (known == GK_WHO_UNKNOWN)
        refuse(g, rid, ap, review, out, 401, "unknown_approver", "Not known",
               "Approver and code do not fit.");
    else if (known != GK_WHO_OK)
        refuse(g, rid, ap, review, out, 403, "not_an_approver", "Not yours to decide",
               "You are not an active member of the group that is asked.");
    else if (is_party(g, row, review->approver))
        refuse(g, rid, ap, review, out, 403, "self_approval", "Not yours to decide",
               "Requester and subject never decide about their own request.");
    else
        return true;
    return false;
}

void gk_review_do(gk *g, const char *rid, const char *approval_id, const gk_review *review,
                  gk_review_result *out)
{
    store_approval ap = {0};
    store_packet row = {0};
    wb_error e = {0};
    *out = (gk_review_result){0};
    wb_status status = store_approval_get(g->store, g->o.tenant, approval_id, &ap, &e);
    if (!status) {
        pthread_mutex_t *lock = gk_lock(g, ap.packet);
        char *id = wb_strdup(approval_id);
        pthread_mutex_lock(lock);
        /* Both as they are now that nobody else can change them. */
        store_approval_clear(&ap);
        status = store_approval_get(g->store, g->o.tenant, id, &ap, &e);
        if (!status)
            status = store_packet_get(g->store, g->o.tenant, ap.packet, &row, &e);
        if (!status) {
            snprintf(out->packet, sizeof out->packet, "%s", ap.packet);
            if (authenticate(g, rid, &ap, &row, review, out))
                review_locked(g, rid, &ap, &row, review, out);
        }
        pthread_mutex_unlock(lock);
        free(id);
    }
    store_packet_clear(&row);
    store_approval_clear(&ap);
    if (status == WB_NOT_FOUND)
        answer(out, 404, "not_found", "Not Found", "There is no such approval.");
    else if (status)
        unavailable(g, out, &e);
}
