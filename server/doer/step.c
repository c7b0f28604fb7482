/* One step: lease, look, intent, call, look again, outcome, revoke.
 *
 * A step that is found in INTENT or UNKNOWN was begun before: the target is read, and when it shows
 * the effect there is no second call. A call that carries the version of what was read (If-Match)
 * cannot undo or repeat what another call did meanwhile. */
#include "server/doer/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define READ_BACK_MS   100 /* before the second look; doubles */
#define RATE_LIMIT_MAX 3   /* waits inside one lease */

typedef struct run {
    doer *d;
    const store_job *job;
    const json_t *snapshot;
    const store_step *step;
    doer_verb verb;
    doer_lease lease;
    char state[16]; /* of the step's row */
    int64_t attempts;
    bool stuck;      /* ledger or store failed: nothing is decided */
    int64_t wait_ms; /* the target asked for it */
} run;

static json_t *about(const run *r)
{
    char idem[WB_NAME_MAX + 24];
    snprintf(idem, sizeof idem, "%s/%lld", r->step->jti, (long long)r->step->n);
    return json_pack("{s:s, s:I, s:s, s:s, s:s, s:I}", "jti", r->step->jti, "n",
                     (json_int_t)r->step->n, "op", r->step->op, "idem", idem, "lease_id",
                     r->lease.id, "attempt", (json_int_t)r->attempts);
}

/* ---- What is recorded ---- */

typedef struct record {
    run *r;
    const char *to, *result;
    const doer_view *view;
    const doer_answer *answer; /* NULL: no call */
    const char *etag;
} record;

static wb_status write_intent(store *s, void *arg, wb_error *e)
{
    const record *c = arg;
    run *r = c->r;
    wb_status status = WB_OK;
    /* An intent that a dead run left behind gets its outcome first. */
    if (strcmp(r->state, "INTENT") == 0) {
        json_t *late = about(r);
        json_object_set_new(late, "result", json_string("not_observed"));
        json_object_set_new(late, "found", json_string("by reading the target again"));
        status = doer_owe(r->d, "exec.outcome", late, e);
    }
    if (!status)
        status = store_step_move(s, r->step->tenant, r->step->jti, r->step->n, r->state, "INTENT",
                                 NULL, wb_now_ms(), e);
    if (!status)
        status = store_step_lease(s, r->step->tenant, r->step->jti, r->step->n, r->lease.id,
                                  r->lease.state, e);
    if (status)
        return status;
    r->attempts++;
    json_t *body = about(r);
    if (c->etag && c->etag[0])
        json_object_set_new(body, "if_match", json_string(c->etag));
    return doer_owe(r->d, "exec.intent", body, e);
}

static wb_status write_outcome(store *s, void *arg, wb_error *e)
{
    const record *c = arg;
    run *r = c->r;
    char *seen = json_dumps(c->view->what, JSON_COMPACT);
    wb_status status = store_step_move(s, r->step->tenant, r->step->jti, r->step->n, r->state,
                                       c->to, seen, wb_now_ms(), e);
    free(seen);
    if (!status && c->answer)
        status = doer_lease_used(r->d, &r->lease, e);
    if (status)
        return status;
    json_t *body = about(r);
    json_object_set_new(body, "result", json_string(c->result));
    json_object_set(body, "observed", c->view->what);
    json_object_set_new(body, "durability", json_string(doer_verb_durability(r->verb)));
    if (c->answer)
        json_object_set_new(body, "status", json_integer(c->answer->status));
    return doer_owe(r->d, "exec.outcome", body, e);
}

/* Writes, then waits until the ledger has it. */
static bool make_durable(run *r, wb_status (*work)(store *, void *, wb_error *), record *c,
                         const char *state)
{
    wb_error e;
    wb_status status = store_transact(r->d->store, work, c, &e);
    if (!status)
        snprintf(r->state, sizeof r->state, "%s", state);
    if (!status)
        status = doer_flush(r->d, &e);
    if (status) {
        doer_log("step %s/%lld: %s", r->step->jti, (long long)r->step->n, e.text);
        r->stuck = true;
    }
    return status == WB_OK;
}

static bool intent(run *r, const char *etag)
{
    record c = {.r = r, .etag = etag};
    return make_durable(r, write_intent, &c, "INTENT");
}

static bool outcome(run *r, const char *to, const char *result, const doer_view *view,
                    const doer_answer *answer)
{
    record c = {r, to, result, view, answer, NULL};
    bool good = make_durable(r, write_outcome, &c, to);
    if (good)
        doer_crash(DOER_AFTER_OUTCOME);
    return good;
}

/* ---- The call and what it did ---- */

static bool definite(const doer_answer *a)
{
    return a->outcome == HTTP_CLIENT_NOT_SENT ||
           (a->outcome == HTTP_CLIENT_ANSWERED && a->status >= 400 && a->status < 500);
}

/* Looks until the effect shows; a refusal needs one look. */
static void read_back(run *r, const doer_answer *a, doer_view *view)
{
    for (int i = 0;; i++) {
        doer_scim_look(r->d, r->lease.token, r->verb, r->snapshot, view);
        bool again = view->sight == DOER_UNSEEN || (view->sight == DOER_NOT_SEEN && !definite(a));
        int64_t wait = (int64_t)READ_BACK_MS << i;
        if (!again || i + 1 >= DOER_READ_BACKS ||
            wb_now_ms() + wait + DOER_LEASE_SPARE_S * 1000 > r->lease.expires_at ||
            !doer_sleep(r->d, wait))
            return;
        doer_view_clear(view);
    }
}

static const char *result_of(const doer_answer *a, const doer_view *view, const char **to)
{
    bool good = a->outcome == HTTP_CLIENT_ANSWERED && a->status >= 200 && a->status < 300;
    if (view->sight == DOER_SEEN) {
        *to = "OBSERVED";
        return good ? "observed" : "observed_after_error";
    }
    if (view->sight == DOER_UNSEEN) {
        *to = "UNKNOWN";
        return "unknown";
    }
    *to = view->sight == DOER_GONE ? "FAILED" : "NOT_OBSERVED";
    if (view->sight == DOER_GONE)
        return "subject_gone";
    return good                                 ? "effect_not_observed"
           : a->status == 429                   ? "rate_limited"
           : a->status == 412                   ? "changed_meanwhile"
           : a->status / 100 == 4               ? "refused"
           : a->outcome == HTTP_CLIENT_NOT_SENT ? "not_sent"
                                                : "not_observed";
}

/* Whether to wait inside this lease and go on. */
static bool rate_limited(run *r, const doer_answer *a, int *waits)
{
    if (a->status != 429)
        return false;
    int64_t wait = (a->retry_after_s < 0 ? 1 : a->retry_after_s) * INT64_C(1000);
    if (++*waits <= RATE_LIMIT_MAX &&
        wb_now_ms() + wait + DOER_LEASE_SPARE_S * 1000 <= r->lease.expires_at)
        return doer_sleep(r->d, wait);
    r->wait_ms = wait;
    return false;
}

/* One call under an intent. True: call again under this lease. */
static bool call_once(run *r, const doer_view *before, int *waits)
{
    doer_answer answer;
    doer_view after;
    const char *to = NULL;
    if (!intent(r, before->etag))
        return false;
    doer_crash(DOER_AFTER_INTENT);
    doer_scim_call(r->d, r->lease.token, r->verb, r->snapshot, before->etag, &answer);
    doer_crash(DOER_AFTER_CALL);
    if (doer_verb_destroys(r->verb))
        doer_crash(DOER_AFTER_DELETE);
    read_back(r, &answer, &after);
    doer_crash(DOER_BEFORE_OUTCOME);
    const char *result = result_of(&answer, &after, &to);
    bool again = outcome(r, to, result, &after, &answer) && after.sight == DOER_NOT_SEEN &&
                 rate_limited(r, &answer, waits);
    doer_view_clear(&after);
    doer_answer_clear(&answer);
    return again;
}

/* What a dead run did, or what was so before, is recorded without a call. */
static void already(run *r, const doer_view *before)
{
    bool begun = strcmp(r->state, "INTENT") == 0 || strcmp(r->state, "UNKNOWN") == 0;
    if (begun || intent(r, NULL))
        outcome(r, "OBSERVED", begun ? "observed_after_restart" : "already", before, NULL);
}

static void under_lease(run *r)
{
    int waits = 0;
    bool again;
    do {
        doer_view before;
        again = false;
        doer_scim_look(r->d, r->lease.token, r->verb, r->snapshot, &before);
        doer_crash(DOER_BEFORE_INTENT);
        if (before.sight == DOER_SEEN)
            already(r, &before);
        else if (before.sight == DOER_NOT_SEEN)
            again = call_once(r, &before, &waits);
        else if (before.sight == DOER_GONE && intent(r, NULL))
            outcome(r, "FAILED", "subject_gone", &before, NULL);
        /* A target that cannot be read is not called: nothing is known and nothing was done. */
        doer_view_clear(&before);
    } while (again);
}

static bool finished(const char *state)
{
    return strcmp(state, "OBSERVED") == 0 || strcmp(state, "SKIPPED") == 0;
}

static doer_progress run_step(run *r)
{
    wb_error e;
    wb_status status = doer_lease_get(r->d, r->job->phase, r->step->jti, r->step->n, &r->lease, &e);
    if (!status) {
        status = doer_flush(r->d, &e);
        if (!status)
            under_lease(r);
        doer_lease_end(r->d, &r->lease);
    }
    if (!status && !r->stuck)
        status = doer_flush(r->d, &e);
    if (status)
        doer_log("step %s/%lld: %s", r->step->jti, (long long)r->step->n, e.text);
    if (status || r->stuck)
        return DOER_STUCK;
    return finished(r->state) ? DOER_ALL_SEEN : DOER_SOME_OPEN;
}

doer_progress doer_steps(doer *d, const store_job *job, const json_t *snapshot, int64_t *wait_ms,
                         bool *exhausted)
{
    store_step *steps = NULL;
    size_t n = 0;
    wb_error e;
    doer_progress all = DOER_ALL_SEEN;
    *exhausted = false;
    if (store_step_list(d->store, d->o.tenant, job->jti, &steps, &n, &e) != WB_OK) {
        doer_log("job %s: %s", job->jti, e.text);
        return DOER_STUCK;
    }
    bool hard = strcmp(job->phase, "hard") == 0;
    for (size_t i = 0; i < n && all != DOER_STUCK; i++) {
        if (finished(steps[i].state))
            continue;
        if (steps[i].attempts >= DOER_ATTEMPTS) {
            *exhausted = true;
            all = DOER_SOME_OPEN;
            continue;
        }
        /* Soft steps each lower the risk, so one that fails does not stop the others; a hard step
         * builds on the one before. */
        if (hard && all == DOER_SOME_OPEN)
            break;
        if (d->stop) {
            all = DOER_STUCK;
            break;
        }
        run r = {.d = d,
                 .job = job,
                 .snapshot = snapshot,
                 .step = &steps[i],
                 .verb = doer_verb_of(wb_str_of(steps[i].op), d->o.target),
                 .attempts = steps[i].attempts};
        snprintf(r.state, sizeof r.state, "%s", steps[i].state);
        doer_progress one = run_step(&r);
        *wait_ms = r.wait_ms > *wait_ms ? r.wait_ms : *wait_ms;
        all = one == DOER_ALL_SEEN ? all : one;
    }
    store_step_list_free(steps, n);
    return all;
}
