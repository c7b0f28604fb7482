/* The doer's jobs and their steps. */
#include "server/store/rows.h"

#define JOB_COLUMN(kind, field)  STORE_COLUMN_OF(store_job, kind, field)
#define STEP_COLUMN(kind, field) STORE_COLUMN_OF(store_step, kind, field)
STORE_TABLE(JOBS, "jobs", store_job, STORE_JOB_FIELDS, JOB_COLUMN, "job");
STORE_TABLE(STEPS, "steps", store_step, STORE_STEP_FIELDS, STEP_COLUMN, "step");
STORE_DEFINE_FREE(job, JOBS)
STORE_DEFINE_LIST_FREE(step, STEPS)

wb_status store_job_insert(store *s, const store_job *j, store_job *out, wb_error *e)
{
    store_job row = {0};
    if (!store_state_legal(STORE_NONE, store_state_of(j->state)))
        return wb_fail(e, WB_INVALID, "a job does not start as %s", j->state ? j->state : "-");
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    status = store_job_get(s, j->tenant, j->jti, &row, e);
    if (status == WB_NOT_FOUND)
        status = store_put(s, e, &JOBS, j);
    else if (!status)
        status = strcmp(row.bytes_sha256, j->bytes_sha256) == 0
                     ? WB_EXISTS
                     : wb_fail(e, WB_CONFLICT, "this jti was used for another packet");
    wb_status end = store_end(s, status == WB_EXISTS ? WB_OK : status, e);
    if (end)
        status = end;
    if (status == WB_EXISTS && out)
        *out = row;
    else
        store_job_clear(&row);
    return status;
}

wb_status store_job_get(store *s, const char *tenant, const char *jti, store_job *out, wb_error *e)
{
    return store_one(s, e, &JOBS, out, "WHERE tenant = ? AND jti = ?", "tt", tenant, jti);
}

wb_status store_job_child(store *s, const char *tenant, const char *parent, const char *phase,
                          store_job *out, wb_error *e)
{
    return store_one(s, e, &JOBS, out,
                     "WHERE tenant = ? AND parent = ? AND phase = ? ORDER BY created_at DESC LIMIT "
                     "1",
                     "ttt", tenant, parent, phase);
}

wb_status store_job_list(store *s, store_state state, store_job **rows, size_t *n, wb_error *e)
{
    return store_many(s, e, &JOBS, rows, n,
                      "WHERE CASE WHEN ?1 IS NULL THEN state NOT IN ('COMPLETED', 'REINSTATED', "
                      "'EXPIRED', 'MANUAL') ELSE state = ?1 END ORDER BY created_at, jti",
                      "t", state ? store_state_name(state) : NULL);
}

wb_status store_job_due(store *s, store_state state, int64_t now, store_job **rows, size_t *n,
                        wb_error *e)
{
    return store_many(s, e, &JOBS, rows, n,
                      "WHERE state = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at", "ti",
                      store_state_name(state), now);
}

static wb_status claim(store *s, const char *tenant, const char *jti, const char *owner,
                       int64_t now, int64_t ttl, int64_t *fence, wb_error *e)
{
    int changes = 0;
    wb_status status = store_exec(s, e, &changes,
                                  "UPDATE jobs SET fence = fence + (owner IS NOT ?1), owner = ?1, "
                                  "owner_until = ?2 WHERE tenant = ?3 AND jti = ?4 AND "
                                  "(owner IS NULL OR owner = ?1 OR owner_until <= ?5)",
                                  "titti", owner, now + ttl, tenant, jti, now);
    if (!status)
        status = store_int(s, e, fence, "SELECT fence FROM jobs WHERE tenant = ? AND jti = ?", "tt",
                           tenant, jti);
    if (!status && changes == 0)
        status = wb_fail(e, WB_CONFLICT, "another run works on this job");
    return status;
}

wb_status store_job_claim(store *s, const char *tenant, const char *jti, const char *owner,
                          int64_t now, int64_t ttl, int64_t *fence, wb_error *e)
{
    wb_status status = store_begin(s, e);
    return status ? status : store_end(s, claim(s, tenant, jti, owner, now, ttl, fence, e), e);
}

wb_status store_job_release(store *s, const char *tenant, const char *jti, int64_t fence,
                            wb_error *e)
{
    int changes = 0;
    wb_status status = store_exec(s, e, &changes,
                                  "UPDATE jobs SET owner = NULL, owner_until = 0 WHERE tenant = ? "
                                  "AND jti = ? AND fence = ?",
                                  "tti", tenant, jti, fence);
    if (!status && changes == 0)
        status = wb_fail(e, WB_CONFLICT, "the claim was lost to another run");
    return status;
}

static wb_status move(store *s, const char *tenant, const char *jti, store_state from,
                      store_state to, int64_t fence, const store_change *change,
                      store_state *now_in, wb_error *e)
{
    store_job row = {0};
    wb_status status = store_job_get(s, tenant, jti, &row, e);
    if (status)
        return status;
    store_state is = store_state_of(row.state);
    int64_t has_fence = row.fence;
    int64_t due_at = change->due_at < 0 ? row.due_at : change->due_at;
    store_job_clear(&row);
    if (now_in)
        *now_in = is;
    if (is != from)
        return wb_fail(e, WB_CONFLICT, "the job is in state %s, not %s", store_state_name(is),
                       store_state_name(from));
    if (fence >= 0 && fence != has_fence)
        return wb_fail(e, WB_CONFLICT, "the claim was lost to another run");
    status = store_exec_one(s, e, "job",
                            "UPDATE jobs SET state = ?, due_at = ?, updated_at = ? "
                            "WHERE tenant = ? AND jti = ? AND state = ?",
                            "tiittt", store_state_name(to), due_at, change->now, tenant, jti,
                            store_state_name(from));
    if (!status && now_in)
        *now_in = to;
    return status;
}

wb_status store_job_move(store *s, const char *tenant, const char *jti, store_state from,
                         store_state to, int64_t fence, const store_change *change,
                         store_state *now_in, wb_error *e)
{
    if (!store_state_legal(from, to))
        return wb_fail(e, WB_DENIED, "a job cannot go from %s to %s", store_state_name(from),
                       store_state_name(to));
    wb_status status = store_begin(s, e);
    return status ? status
                  : store_end(s, move(s, tenant, jti, from, to, fence, change, now_in, e), e);
}

wb_status store_job_snapshot(store *s, const char *tenant, const char *jti, const char *snapshot,
                             wb_error *e)
{
    return store_exec_one(s, e, "job", "UPDATE jobs SET snapshot = ? WHERE tenant = ? AND jti = ?",
                          "ttt", snapshot, tenant, jti);
}

wb_status store_job_schedule(store *s, const char *tenant, const char *jti, int64_t due_at,
                             int64_t due_boot_ms, const char *boot_id, wb_error *e)
{
    return store_exec_one(s, e, "job",
                          "UPDATE jobs SET due_at = ?, due_boot_ms = ?, boot_id = ? "
                          "WHERE tenant = ? AND jti = ?",
                          "iittt", due_at, due_boot_ms, boot_id, tenant, jti);
}

/* ---- Steps ---- */

static bool is_step_state(const char *name)
{
#define X(state)                                                                                   \
    if (strcmp(name, #state) == 0)                                                                 \
        return true;
    STORE_STEP_STATES(X)
#undef X
    return false;
}

wb_status store_step_insert(store *s, const store_step *step, wb_error *e)
{
    if (!step->state || strcmp(step->state, "PLANNED") != 0)
        return wb_fail(e, WB_INVALID, "a step starts as PLANNED");
    return store_put(s, e, &STEPS, step);
}

wb_status store_step_list(store *s, const char *tenant, const char *jti, store_step **rows,
                          size_t *n, wb_error *e)
{
    return store_many(s, e, &STEPS, rows, n, "WHERE tenant = ? AND jti = ? ORDER BY n", "tt",
                      tenant, jti);
}

wb_status store_step_move(store *s, const char *tenant, const char *jti, int64_t n,
                          const char *from, const char *to, const char *observed, int64_t now,
                          wb_error *e)
{
    if (!is_step_state(from) || !is_step_state(to))
        return wb_fail(e, WB_INVALID, "a step cannot go from %s to %s", from, to);
    int changes = 0;
    wb_status status = store_exec(
        s, e, &changes,
        "UPDATE steps SET state = ?1, observed = coalesce(?2, observed), updated_at = ?3, "
        "attempts = attempts + (?1 = 'INTENT') WHERE tenant = ?4 AND jti = ?5 AND n = ?6 AND "
        "state = ?7 AND state <> 'OBSERVED'",
        "ttittit", to, observed, now, tenant, jti, n, from);
    if (!status && changes == 0)
        status = wb_fail(e, WB_CONFLICT, "the step is not %s, or observed for good", from);
    return status;
}

wb_status store_step_lease(store *s, const char *tenant, const char *jti, int64_t n,
                           const char *lease_id, const char *lease_state, wb_error *e)
{
    return store_exec_one(s, e, "step",
                          "UPDATE steps SET lease_id = ?, lease_state = ? WHERE tenant = ? AND "
                          "jti = ? AND n = ?",
                          "tttti", lease_id, lease_state, tenant, jti, n);
}
