/* Idempotency records, and the counters that turn a flood of rejections into few entries. */
#include "server/store/rows.h"

#define IDEM_COLUMN(kind, field)      STORE_COLUMN_OF(store_idem, kind, field)
#define REJECTION_COLUMN(kind, field) STORE_COLUMN_OF(store_rejection, kind, field)
STORE_TABLE(IDEM, "idempotency", store_idem, STORE_IDEM_FIELDS, IDEM_COLUMN, "idempotency record");
STORE_TABLE(REJECTIONS, "rejections", store_rejection, STORE_REJECTION_FIELDS, REJECTION_COLUMN,
            "rejection counter");
STORE_DEFINE_LIST_FREE(rejection, REJECTIONS)

void store_idem_clear(store_idem *row)
{
    store_row_clear(&IDEM, row);
}

/* What an existing record means for a request that comes again. */
static wb_status judge(store *s, const char *body_sha256, const store_idem *row, wb_error *e)
{
    if (strcmp(row->body_sha256, body_sha256) != 0)
        return wb_fail(e, WB_INVALID, "this Idempotency-Key was used with another request body");
    if (row->status)
        return WB_EXISTS;
    if (strcmp(row->owner, s->run) == 0)
        return wb_fail(e, WB_CONFLICT, "a request with this Idempotency-Key is being worked on");
    /* Its worker died with an earlier run of the process: this one takes it over. */
    return store_exec_one(s, e, "idempotency record",
                          "UPDATE idempotency SET owner = ? WHERE tenant = ? AND route = ? AND "
                          "key = ? AND status = 0",
                          "tttt", s->run, row->tenant, row->route, row->key);
}

wb_status store_idem_begin(store *s, const char *tenant, const char *route, const char *key,
                           const char *body_sha256, int64_t now, store_idem *out, wb_error *e)
{
    store_idem row = {0};
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    status = store_one(s, e, &IDEM, &row, "WHERE tenant = ? AND route = ? AND key = ?", "ttt",
                       tenant, route, key);
    if (status == WB_NOT_FOUND) {
        store_idem fresh = {.tenant = tenant,
                            .route = route,
                            .key = key,
                            .body_sha256 = body_sha256,
                            .owner = s->run,
                            .created_at = now};
        status = store_put(s, e, &IDEM, &fresh);
    } else if (!status) {
        status = judge(s, body_sha256, &row, e);
    }
    /* WB_EXISTS is an answer, not a failure: nothing was written, and nothing is to be undone. */
    wb_status end = store_end(s, status == WB_EXISTS ? WB_OK : status, e);
    if (end)
        status = end;
    if (status == WB_OK || status == WB_EXISTS)
        *out = row;
    else
        store_idem_clear(&row);
    return status;
}

wb_status store_idem_note(store *s, const char *tenant, const char *route, const char *key,
                          const char *ref, wb_error *e)
{
    return store_exec_one(s, e, "running idempotency record",
                          "UPDATE idempotency SET ref = ? WHERE tenant = ? AND route = ? AND "
                          "key = ? AND status = 0",
                          "tttt", ref, tenant, route, key);
}

wb_status store_idem_finish(store *s, const char *tenant, const char *route, const char *key,
                            int status, const char *content_type, wb_str body, wb_error *e)
{
    if (status < 100 || status > 599)
        return wb_fail(e, WB_INVALID, "%d is no HTTP status", status);
    return store_exec_one(s, e, "running idempotency record",
                          "UPDATE idempotency SET status = ?, content_type = ?, body = ? "
                          "WHERE tenant = ? AND route = ? AND key = ? AND status = 0",
                          "itbttt", (int64_t)status, content_type, (store_blob){body.p, body.n},
                          tenant, route, key);
}

wb_status store_idem_forget(store *s, const char *tenant, const char *route, const char *key,
                            wb_error *e)
{
    return store_exec_one(s, e, "running idempotency record",
                          "DELETE FROM idempotency WHERE tenant = ? AND route = ? AND key = ? "
                          "AND status = 0",
                          "ttt", tenant, route, key);
}

wb_status store_idem_expire(store *s, int64_t before, wb_error *e)
{
    return store_exec(s, e, NULL, "DELETE FROM idempotency WHERE status <> 0 AND created_at < ?",
                      "i", before);
}

/* ---- Rejections ---- */

wb_status store_rejection_add(store *s, const char *tenant, const char *reason, const char *digest,
                              int64_t window_at, int64_t *count, wb_error *e)
{
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    status = store_exec(s, e, NULL,
                        "INSERT INTO rejections VALUES(?1, ?2, ?3, 1, ?4, ?4, 1) ON CONFLICT "
                        "DO UPDATE SET count = count + 1, last_digest = excluded.last_digest",
                        "ttit", tenant, reason, window_at, digest);
    if (!status)
        status = store_int(s, e, count,
                           "SELECT count FROM rejections WHERE tenant = ? AND reason = ? AND "
                           "window_at = ?",
                           "tti", tenant, reason, window_at);
    return store_end(s, status, e);
}

wb_status store_rejection_list(store *s, int64_t before, store_rejection **rows, size_t *n,
                               wb_error *e)
{
    return store_many(s, e, &REJECTIONS, rows, n, "WHERE window_at < ? ORDER BY window_at", "i",
                      before);
}

wb_status store_rejection_drop(store *s, const store_rejection *r, wb_error *e)
{
    return store_exec_one(s, e, "rejection counter",
                          "DELETE FROM rejections WHERE tenant = ? AND reason = ? AND "
                          "window_at = ?",
                          "tti", r->tenant, r->reason, r->window_at);
}
