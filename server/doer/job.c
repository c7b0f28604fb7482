/* A job's moves, each with the entry that tells of it; and how a job is shown. */
#include "server/doer/internal.h"

#include <stdlib.h>

static const char *event_of(store_state to)
{
    switch (to) {
    case STORE_ACCEPTED: return "packet.accepted";
    case STORE_HARD_SCHEDULED: return "packet.scheduled";
    case STORE_REINSTATING: return "packet.reinstating";
    case STORE_REINSTATED: return "packet.reinstated";
    case STORE_COMPLETED: return "packet.completed";
    case STORE_EXPIRED: return "packet.expired";
    default: return "packet.state";
    }
}

static wb_status move(doer *d, const store_job *root, const store_job *child, store_state from,
                      store_state to, json_t *extra, wb_error *e)
{
    store_change change = {.now = wb_now_ms(), .ledger_index = -1, .due_at = -1};
    wb_status status =
        store_job_move(d->store, d->o.tenant, root->jti, from, to, -1, &change, NULL, e);
    if (!status && child)
        status = store_job_move(d->store, d->o.tenant, child->jti, from, to, -1, &change, NULL, e);
    if (status) {
        json_decref(extra);
        return status;
    }
    json_t *body = extra ? extra : json_object();
    json_object_set_new(body, "jti", json_string(root->jti));
    json_object_set_new(body, "from", json_string(store_state_name(from)));
    json_object_set_new(body, "state", json_string(store_state_name(to)));
    json_object_set_new(body, "at_ms", json_integer(change.now));
    if (child)
        json_object_set_new(body, "by", json_string(child->jti));
    return doer_owe(d, event_of(to), body, e);
}

wb_status doer_move(doer *d, const store_job *root, const store_job *child, store_state from,
                    store_state to, json_t *extra, wb_error *e)
{
    wb_status status = store_begin(d->store, e);
    if (status) {
        json_decref(extra);
        return status;
    }
    status = move(d, root, child, from, to, extra, e);
    if (status) {
        store_rollback(d->store);
        return status;
    }
    return store_commit(d->store, e);
}

static json_t *step_json(const store_step *s)
{
    json_t *observed = s->observed ? json_loads(s->observed, 0, NULL) : NULL;
    return json_pack("{s:I, s:s, s:s, s:I, s:o?, s:{s:s?, s:s?}}", "n", (json_int_t)s->n, "op",
                     s->op, "state", s->state, "attempts", (json_int_t)s->attempts, "observed",
                     observed, "lease", "id", s->lease_id, "state", s->lease_state);
}

/* The snapshot of a root; of a child that reinstated: what still differed. */
static void add_snapshot(const store_job *job, json_t *out)
{
    json_t *j = job->snapshot ? json_loads(job->snapshot, 0, NULL) : NULL;
    char digest[WB_SHA256_TEXT];
    if (json_is_object(j) && json_object_get(j, "diff")) {
        json_object_set(out, "diff", json_object_get(j, "diff"));
    } else if (j) {
        doer_snapshot_digest(j, digest);
        json_object_set_new(out, "snapshot", json_string(digest));
    }
    json_decref(j);
}

static wb_status add_children(doer *d, const char *jti, json_t *out, wb_error *e)
{
    static const char *const PHASES[] = {"hard", "reinstate"};
    json_t *list = json_array();
    for (size_t i = 0; i < 2; i++) {
        store_job child = {0};
        if (store_job_child(d->store, d->o.tenant, jti, PHASES[i], &child, e) == WB_OK)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "jti", child.jti, "phase",
                                                  child.phase, "state", child.state));
        store_job_clear(&child);
    }
    json_object_set_new(out, "continued_by", list);
    return WB_OK;
}

wb_status doer_job_json(doer *d, const char *jti, json_t **out, wb_error *e)
{
    store_job job = {0};
    store_step *steps = NULL;
    size_t n = 0;
    wb_status status = store_job_get(d->store, d->o.tenant, jti, &job, e);
    if (!status)
        status = store_step_list(d->store, d->o.tenant, jti, &steps, &n, e);
    if (!status) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, step_json(&steps[i]));
        *out = json_pack("{s:s, s:s, s:s, s:s?, s:{s:s, s:s, s:s}, s:I, s:I, s:o}", "jti", job.jti,
                         "state", job.state, "phase", job.phase, "parent", job.parent, "subject",
                         "id", job.subject, "target", job.target, "target_ref", job.target_ref,
                         "due_at_ms", (json_int_t)job.due_at, "updated_at_ms",
                         (json_int_t)job.updated_at, "steps", list);
        add_snapshot(&job, *out);
        if (!job.parent)
            status = add_children(d, jti, *out, e);
    }
    store_step_list_free(steps, n);
    store_job_clear(&job);
    return status;
}
