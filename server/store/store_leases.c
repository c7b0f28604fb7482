/* Leases: a credential's life, with a revocation that outlives the process. */
#include "server/store/rows.h"

#define LEASE_COLUMN(kind, field) STORE_COLUMN_OF(store_lease, kind, field)
STORE_TABLE(LEASES, "leases", store_lease, STORE_LEASE_FIELDS, LEASE_COLUMN, "lease");
STORE_DEFINE_FREE(lease, LEASES)

static const struct {
    const char *from, *to;
} EDGES[] = {
    {"issued", "used"},
    {"issued", "revoked"},
    {"issued", "revoke_pending"},
    {"used", "revoked"},
    {"used", "revoke_pending"},
    {"revoke_pending", "revoke_pending"},
    {"revoke_pending", "revoked"},
    {"revoke_pending", "irrevocable"},
    /* A person revoked at the target what the broker could not. */
    {"irrevocable", "revoked"},
};

wb_status store_lease_insert(store *s, const store_lease *l, wb_error *e)
{
    if (!l->state || strcmp(l->state, "issued") != 0)
        return wb_fail(e, WB_INVALID, "a lease starts as issued");
    return store_put(s, e, &LEASES, l);
}

wb_status store_lease_get(store *s, const char *id, store_lease *out, wb_error *e)
{
    return store_one(s, e, &LEASES, out, "WHERE id = ?", "t", id);
}

wb_status store_lease_list(store *s, const char *state, store_lease **rows, size_t *n, wb_error *e)
{
    return store_many(s, e, &LEASES, rows, n,
                      "WHERE CASE WHEN ?1 IS NULL THEN state NOT IN ('revoked', 'irrevocable') "
                      "ELSE state = ?1 END ORDER BY issued_at, id",
                      "t", state);
}

wb_status store_lease_retry(store *s, int64_t now, store_lease **rows, size_t *n, wb_error *e)
{
    return store_many(s, e, &LEASES, rows, n,
                      "WHERE state = 'revoke_pending' AND next_try_at <= ? ORDER BY next_try_at",
                      "i", now);
}

wb_status store_lease_move(store *s, const char *id, const char *from, const char *to, int64_t now,
                           int64_t next_try_at, wb_error *e)
{
    bool legal = false;
    for (size_t i = 0; i < sizeof EDGES / sizeof EDGES[0]; i++)
        legal = legal || (strcmp(EDGES[i].from, from) == 0 && strcmp(EDGES[i].to, to) == 0);
    if (!legal)
        return wb_fail(e, WB_DENIED, "a lease cannot go from %s to %s", from, to);
    int changes = 0;
    wb_status status =
        store_exec(s, e, &changes,
                   "UPDATE leases SET state = ?1, "
                   "revoked_at = CASE ?1 WHEN 'revoked' THEN ?2 ELSE revoked_at END, "
                   "attempts = attempts + (?1 = 'revoke_pending'), "
                   "next_try_at = CASE ?1 WHEN 'revoke_pending' THEN ?3 ELSE 0 END "
                   "WHERE id = ?4 AND state = ?5",
                   "tiitt", to, now, next_try_at, id, from);
    if (!status && changes == 0)
        status = wb_fail(e, WB_CONFLICT, "lease %s is not %s", id, from);
    return status;
}
