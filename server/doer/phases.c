/* A root job's way through its states, one move a call. */
#include "server/doer/internal.h"

#include <stdlib.h>

#define STUCK_MS      1000    /* ledger, broker or store are not there: look again soon */
#define HARD_RETRY_MS 5000    /* the gatekeeper gave no answer about the hard phase */
#define WAIT_MAX_MS   300000  /* between two tries of a partial phase */
#define HUMAN_MS      3600000 /* nothing more is tried: somebody must look */
#define COMPARE_MAX   5       /* comparisons after a reinstatement */

static int64_t backoff(const doer *d, int rounds)
{
    int64_t wait = (int64_t)d->o.retry_ms << (rounds < 10 ? rounds : 10);
    return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static int64_t failed(const store_job *job, const wb_error *e)
{
    doer_log("job %s: %s", job->jti, e->text);
    return STUCK_MS;
}

/* Moves and waits until the ledger has it. */
static int64_t go(doer *d, const store_job *root, const store_job *child, store_state from,
                  store_state to, json_t *extra, int64_t wait_ms)
{
    wb_error e;
    wb_status status = doer_move(d, root, child, from, to, extra, &e);
    /* Another phase has won the job: look again at what it is now. */
    if (status == WB_CONFLICT)
        return 0;
    if (!status)
        status = doer_flush(d, &e);
    return status ? failed(root, &e) : wait_ms;
}

static json_t *kept_snapshot(const store_job *root)
{
    json_t *j = root->snapshot ? json_loads(root->snapshot, 0, NULL) : NULL;
    return j ? j : json_object();
}

/* ---- Soft ---- */

static bool expired(const store_job *root)
{
    json_t *claims = doer_claims((wb_str){root->packet.p, root->packet.n});
    json_int_t exp = json_integer_value(json_object_get(claims, "exp"));
    json_decref(claims);
    return wb_now_ms() >= exp * 1000;
}

static wb_status keep_snapshot(doer *d, const store_job *root, const json_t *snapshot, wb_error *e)
{
    char digest[WB_SHA256_TEXT];
    char *text = json_dumps(snapshot, JSON_COMPACT);
    wb_status status = store_begin(d->store, e);
    doer_snapshot_digest(snapshot, digest);
    if (!status) {
        status = store_job_snapshot(d->store, d->o.tenant, root->jti, text, e);
        if (!status)
            status = doer_owe(d, "exec.outcome",
                              json_pack("{s:s, s:i, s:s, s:s, s:s}", "jti", root->jti, "n", 0, "op",
                                        DOER_CONNECTOR ".snapshot", "result", "observed",
                                        "snapshot", digest),
                              e);
        if (status)
            store_rollback(d->store);
        else
            status = store_commit(d->store, e);
    }
    free(text);
    return status ? status : doer_flush(d, e);
}

static wb_status take_snapshot(doer *d, const store_job *root, bool *gone, wb_error *e)
{
    doer_lease lease;
    json_t *snapshot = NULL;
    wb_status status = doer_lease_get(d, "read", root->jti, 0, &lease, e);
    if (status)
        return status;
    status = doer_flush(d, e);
    if (!status)
        status = doer_scim_snapshot(d, lease.token, NULL, root->target_ref, &snapshot, gone, e);
    doer_crash(DOER_BEFORE_SNAPSHOT);
    if (!status && !*gone)
        status = keep_snapshot(d, root, snapshot, e);
    doer_lease_end(d, &lease);
    json_decref(snapshot);
    return status;
}

/* Nobody of that name: there is nothing to take away, and a human should know. */
static int64_t nobody(doer *d, const store_job *root)
{
    wb_error e;
    wb_status status = store_begin(d->store, &e);
    if (status)
        return failed(root, &e);
    status = doer_move(d, root, NULL, STORE_ACCEPTED, STORE_SOFT_RUNNING, NULL, &e);
    if (!status)
        status = doer_move(d, root, NULL, STORE_SOFT_RUNNING, STORE_SOFT_PARTIAL, NULL, &e);
    if (!status)
        status = doer_move(d, root, NULL, STORE_SOFT_PARTIAL, STORE_MANUAL,
                           json_pack("{s:s}", "note", "the target has no such subject"), &e);
    if (status)
        store_rollback(d->store);
    else
        status = store_commit(d->store, &e);
    if (!status)
        status = doer_flush(d, &e);
    return status ? failed(root, &e) : 0;
}

static int64_t start_soft(doer *d, const store_job *root)
{
    wb_error e;
    bool gone = false;
    /* What has begun is carried to its end; what has not begun in time never begins. */
    if (expired(root))
        return go(d, root, NULL, STORE_ACCEPTED, STORE_EXPIRED, NULL, 0);
    if (doer_flush(d, &e) != WB_OK)
        return failed(root, &e);
    doer_crash(DOER_AFTER_ACCEPTED);
    if (!root->snapshot) {
        if (take_snapshot(d, root, &gone, &e) != WB_OK)
            return failed(root, &e);
        if (gone)
            return nobody(d, root);
    }
    doer_crash(DOER_AFTER_SNAPSHOT);
    return go(d, root, NULL, STORE_ACCEPTED, STORE_SOFT_RUNNING, NULL, 0);
}

/* When the last soft step was seen: the window begins there. */
static int64_t last_seen_at(doer *d, const store_job *root)
{
    store_step *steps = NULL;
    size_t n = 0;
    wb_error e;
    int64_t at = 0;
    if (store_step_list(d->store, d->o.tenant, root->jti, &steps, &n, &e) == WB_OK)
        for (size_t i = 0; i < n; i++)
            at = steps[i].updated_at > at ? steps[i].updated_at : at;
    store_step_list_free(steps, n);
    return at;
}

static wb_status arm(doer *d, const store_job *root, int64_t from_ms, int64_t *due_at, wb_error *e)
{
    doer_clock now = doer_clock_read(d->boot_id);
    *due_at = from_ms + d->o.window_s * 1000;
    return store_job_schedule(d->store, d->o.tenant, root->jti, *due_at,
                              now.boot_ms + d->o.window_s * 1000, d->boot_id, e);
}

static int64_t schedule(doer *d, const store_job *root)
{
    wb_error e;
    int64_t due_at = 0, seen_at = last_seen_at(d, root);
    doer_crash(DOER_BEFORE_TIMER);
    wb_status status = seen_at ? store_begin(d->store, &e)
                               : wb_fail(&e, WB_IO, "the soft steps could not be read");
    if (status)
        return failed(root, &e);
    status = doer_move(d, root, NULL, STORE_SOFT_RUNNING, STORE_SOFT_DONE,
                       json_pack("{s:I}", "done_at_ms", (json_int_t)seen_at), &e);
    if (!status)
        status = arm(d, root, seen_at, &due_at, &e);
    if (!status)
        status = doer_move(d, root, NULL, STORE_SOFT_DONE, STORE_HARD_SCHEDULED,
                           json_pack("{s:I, s:I}", "due_at_ms", (json_int_t)due_at, "window_s",
                                     (json_int_t)d->o.window_s),
                           &e);
    if (status)
        store_rollback(d->store);
    else
        status = store_commit(d->store, &e);
    doer_crash(DOER_AFTER_TIMER);
    if (!status)
        status = doer_flush(d, &e);
    return status ? failed(root, &e) : 0;
}

/* Does what a phase's steps still need. True: the effect of all is seen. False: *wait ms until the
 * next look. child: the job whose steps they are, NULL for the root's own. */
static bool run_steps(doer *d, const store_job *root, const store_job *child, store_state is,
                      store_state partial, int rounds, int64_t *wait)
{
    bool exhausted;
    *wait = 0;
    json_t *snapshot = kept_snapshot(root);
    doer_progress progress = doer_steps(d, child ? child : root, snapshot, wait, &exhausted);
    json_decref(snapshot);
    if (progress == DOER_ALL_SEEN)
        return true;
    int64_t next = backoff(d, rounds);
    *wait = progress == DOER_STUCK
                ? STUCK_MS
                : go(d, root, child, is, partial, NULL, *wait > next ? *wait : next);
    return false;
}

static int64_t run_soft(doer *d, const store_job *root, int rounds)
{
    int64_t wait;
    if (!run_steps(d, root, NULL, STORE_SOFT_RUNNING, STORE_SOFT_PARTIAL, rounds, &wait))
        return wait;
    return schedule(d, root);
}

/* Whether some step may still be called. */
static bool may_retry(doer *d, const store_job *job)
{
    store_step *steps = NULL;
    size_t n = 0;
    wb_error e;
    bool may = false;
    if (store_step_list(d->store, d->o.tenant, job->jti, &steps, &n, &e) == WB_OK)
        for (size_t i = 0; i < n; i++)
            may = may ||
                  (strcmp(steps[i].state, "OBSERVED") != 0 &&
                   strcmp(steps[i].state, "SKIPPED") != 0 && steps[i].attempts < DOER_ATTEMPTS);
    store_step_list_free(steps, n);
    return may;
}

/* ---- Hard ---- */

static int64_t rearm(doer *d, const store_job *root)
{
    wb_error e;
    int64_t due_at = 0;
    wb_status status = store_begin(d->store, &e);
    if (status)
        return failed(root, &e);
    status = arm(d, root, wb_now_ms(), &due_at, &e);
    if (!status)
        status = doer_owe(d, "packet.scheduled",
                          json_pack("{s:s, s:s, s:I, s:s}", "jti", root->jti, "state",
                                    "HARD_SCHEDULED", "due_at_ms", (json_int_t)due_at, "note",
                                    "the machine was restarted: a full further window"),
                          &e);
    if (status)
        store_rollback(d->store);
    else
        status = store_commit(d->store, &e);
    if (!status)
        status = doer_flush(d, &e);
    return status ? failed(root, &e) : 0;
}

/* The fresh packet goes through the same checks as any other. */
static int64_t take_hard(doer *d, const store_job *root, const char *jws)
{
    doer_packet p;
    store_state state;
    wb_error e;
    wb_str bytes = wb_str_of(jws);
    int64_t wait = HARD_RETRY_MS;
    doer_verify(d, bytes, wb_now_ms(), &p);
    if (!p.reason && (p.phase != DOER_HARD || strcmp(p.parent, root->jti) != 0))
        p.reason = "parent";
    if (p.reason) {
        doer_log("job %s: the hard packet was rejected (%s)", root->jti, p.reason);
        if (!p.unavailable)
            doer_reject(d, &p, WB_LIT("gatekeeper"));
    } else {
        doer_crash(DOER_AFTER_HARD);
        doer_accepted accepted = doer_accept(d, &p, bytes, &state, &e);
        if (accepted == DOER_NEW)
            wait = doer_flush(d, &e) == WB_OK ? 0 : STUCK_MS;
        else
            doer_log("job %s: the hard packet was not taken (%d)", root->jti, (int)accepted);
    }
    doer_packet_clear(&p);
    return wait;
}

static int64_t fire(doer *d, const store_job *root)
{
    char *jws = NULL;
    json_t *why = NULL;
    int64_t wait = HARD_RETRY_MS;
    doer_crash(DOER_BEFORE_HARD);
    switch (doer_ask_hard(d, root, last_seen_at(d, root), &jws, &why)) {
    case DOER_HARD_SIGNED: wait = take_hard(d, root, jws); break;
    case DOER_HARD_REFUSED:
        wait = go(d, root, NULL, STORE_HARD_SCHEDULED, STORE_HELD,
                  json_pack("{s:O}", "decision", why), 0);
        break;
    case DOER_HARD_LATER: break;
    }
    free(jws);
    json_decref(why);
    return wait;
}

static int64_t wait_for_hard(doer *d, const store_job *root)
{
    doer_clock now = doer_clock_read(d->boot_id);
    doer_due due = {root->due_at, root->due_boot_ms, root->boot_id};
    wb_error e;
    switch (doer_timer_look(&due, &now)) {
    case DOER_TIMER_REARM: return rearm(d, root);
    case DOER_TIMER_FIRE:
        if (doer_flush(d, &e) != WB_OK)
            return failed(root, &e);
        return fire(d, root);
    default: break;
    }
    int64_t left = due.wall_ms - now.wall_ms, boot_left = due.boot_ms - now.boot_ms;
    left = boot_left > left ? boot_left : left;
    /* The clock may be set meanwhile: look now and then. */
    return left > 1000 ? 1000 : left > 10 ? left : 10;
}

static int64_t run_hard(doer *d, const store_job *root, const store_job *child, int rounds)
{
    int64_t wait;
    if (!run_steps(d, root, child, STORE_HARD_RUNNING, STORE_HARD_PARTIAL, rounds, &wait))
        return wait;
    doer_crash(DOER_BEFORE_COMPLETE);
    return go(d, root, child, STORE_HARD_RUNNING, STORE_COMPLETED, NULL, 0);
}

/* ---- Reinstate ---- */

static wb_status read_again(doer *d, const store_job *child, const json_t *before, json_t **after,
                            wb_error *e)
{
    doer_lease lease;
    bool gone = false;
    wb_status status = doer_lease_get(d, "read", child->jti, 0, &lease, e);
    if (status)
        return status;
    const char *id = json_string_value(json_object_get(before, "id"));
    status = doer_flush(d, e);
    if (!status)
        status = doer_scim_snapshot(d, lease.token, id, child->target_ref, after, &gone, e);
    if (!status && gone)
        *after = json_object();
    doer_lease_end(d, &lease);
    return status;
}

static int64_t compare(doer *d, const store_job *root, const store_job *child, int rounds)
{
    wb_error e;
    json_t *before = kept_snapshot(root), *after = NULL;
    doer_crash(DOER_BEFORE_COMPARE);
    wb_status status = read_again(d, child, before, &after, &e);
    int64_t wait = STUCK_MS;
    if (status) {
        failed(root, &e);
    } else {
        json_t *diff = doer_snapshot_diff(before, after);
        bool same = json_array_size(diff) == 0;
        json_t *kept = json_pack("{s:O}", "diff", diff);
        char *text = json_dumps(kept, JSON_COMPACT);
        status = store_job_snapshot(d->store, d->o.tenant, child->jti, text, &e);
        free(text);
        if (status) {
            failed(root, &e);
            json_decref(kept);
        } else {
            wait = go(d, root, child, STORE_REINSTATING,
                      same ? STORE_REINSTATED : STORE_REINSTATE_PARTIAL, kept,
                      same ? 0 : backoff(d, rounds));
        }
        json_decref(diff);
    }
    json_decref(before);
    json_decref(after);
    return wait;
}

static int64_t run_reinstate(doer *d, const store_job *root, const store_job *child, int rounds)
{
    int64_t wait;
    if (!run_steps(d, root, child, STORE_REINSTATING, STORE_REINSTATE_PARTIAL, rounds, &wait))
        return wait;
    return compare(d, root, child, rounds);
}

/* ---- All ---- */

static int64_t with_child(doer *d, const store_job *root, store_state is, int rounds)
{
    bool hard = is == STORE_HARD_CLAIMED || is == STORE_HARD_RUNNING || is == STORE_HARD_PARTIAL;
    store_job child = {0};
    wb_error e;
    if (store_job_child(d->store, d->o.tenant, root->jti, hard ? "hard" : "reinstate", &child,
                        &e) != WB_OK)
        return failed(root, &e);
    int64_t wait = HUMAN_MS;
    switch (is) {
    case STORE_HARD_CLAIMED:
        wait = go(d, root, &child, STORE_HARD_CLAIMED, STORE_HARD_RUNNING, NULL, 0);
        break;
    case STORE_HARD_RUNNING: wait = run_hard(d, root, &child, rounds); break;
    case STORE_HARD_PARTIAL:
        wait = go(d, root, &child, is, may_retry(d, &child) ? STORE_HARD_RUNNING : STORE_MANUAL,
                  NULL, 0);
        break;
    case STORE_REINSTATING: wait = run_reinstate(d, root, &child, rounds); break;
    default:
        wait = go(d, root, &child, is,
                  rounds <= COMPARE_MAX || may_retry(d, &child) ? STORE_REINSTATING : STORE_MANUAL,
                  NULL, 0);
    }
    store_job_clear(&child);
    return wait;
}

int64_t doer_advance(doer *d, const store_job *root, int rounds)
{
    store_state is = store_state_of(root->state);
    switch (is) {
    case STORE_ACCEPTED: return start_soft(d, root);
    case STORE_SOFT_RUNNING: return run_soft(d, root, rounds);
    case STORE_SOFT_PARTIAL:
        /* Still reversible: with no tries left it waits for a human or a reinstatement. */
        return may_retry(d, root)
                   ? go(d, root, NULL, STORE_SOFT_PARTIAL, STORE_SOFT_RUNNING, NULL, 0)
                   : HUMAN_MS;
    case STORE_HARD_SCHEDULED: return wait_for_hard(d, root);
    case STORE_HARD_CLAIMED:
    case STORE_HARD_RUNNING:
    case STORE_HARD_PARTIAL:
    case STORE_REINSTATING:
    case STORE_REINSTATE_PARTIAL: return with_child(d, root, is, rounds);
    default: return HUMAN_MS;
    }
}
