/* Approvals: opened once, decided once. */
#include "server/store/rows.h"

#define APPROVAL_COLUMN(kind, field) STORE_COLUMN_OF(store_approval, kind, field)
STORE_TABLE(APPROVALS, "approvals", store_approval, STORE_APPROVAL_FIELDS, APPROVAL_COLUMN,
            "approval");
STORE_DEFINE_FREE(approval, APPROVALS)

static bool is_state(const char *name)
{
#define X(state)                                                                                   \
    if (strcmp(name, #state) == 0)                                                                 \
        return true;
    STORE_APPROVAL_STATES(X)
#undef X
    return false;
}

wb_status store_approval_insert(store *s, const store_approval *a, wb_error *e)
{
    if (!a->state || strcmp(a->state, "PENDING") != 0)
        return wb_fail(e, WB_INVALID, "an approval starts as PENDING");
    return store_put(s, e, &APPROVALS, a);
}

wb_status store_approval_get(store *s, const char *tenant, const char *id, store_approval *out,
                             wb_error *e)
{
    return store_one(s, e, &APPROVALS, out, "WHERE id = ?1 AND (?2 IS NULL OR tenant = ?2)", "tt",
                     id, tenant);
}

wb_status store_approval_by_token(store *s, const char *token_sha256, store_approval *out,
                                  wb_error *e)
{
    return store_one(s, e, &APPROVALS, out, "WHERE token_sha256 = ?", "t", token_sha256);
}

wb_status store_approval_list(store *s, const char *tenant, const char *state,
                              store_approval **rows, size_t *n, wb_error *e)
{
    return store_many(s, e, &APPROVALS, rows, n,
                      "WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR state = ?2) "
                      "ORDER BY id",
                      "tt", tenant, state);
}

wb_status store_approval_overdue(store *s, int64_t now, store_approval **rows, size_t *n,
                                 wb_error *e)
{
    return store_many(s, e, &APPROVALS, rows, n,
                      "WHERE state = 'PENDING' AND expires_at <= ? ORDER BY expires_at", "i", now);
}

wb_status store_approval_decide(store *s, const char *id, const char *to, const char *reviewer,
                                const char *reason, int64_t now, store_approval *out, wb_error *e)
{
    if (!is_state(to) || strcmp(to, "PENDING") == 0)
        return wb_fail(e, WB_INVALID, "an approval cannot become %s", to);
    int changes = 0;
    store_approval row = {0};
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    /* The server's clock decides between a click and the end of the time. */
    status = store_exec(s, e, &changes,
                        "UPDATE approvals SET state = ?1, reviewer = ?2, reason = ?3, "
                        "decided_at = ?4 WHERE id = ?5 AND state = 'PENDING' AND CASE ?1 "
                        "WHEN 'EXPIRED' THEN expires_at <= ?4 "
                        "WHEN 'STALE' THEN 1 ELSE expires_at > ?4 END",
                        "tttit", to, reviewer, reason, now, id);
    if (!status)
        status = store_approval_get(s, NULL, id, &row, e);
    wb_status end = store_end(s, status, e);
    if (!end && changes == 0)
        end = wb_fail(e, WB_CONFLICT, "the approval is %s%s", row.state,
                      strcmp(row.state, "PENDING") == 0 ? ", and its time does not fit" : "");
    if (out && (end == WB_OK || end == WB_CONFLICT))
        *out = row;
    else
        store_approval_clear(&row);
    return end;
}
