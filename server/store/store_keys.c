/* Tenants, sealed keys, and the outbox of ledger entries owed for them. */
#include "server/store/rows.h"

#define TENANT_COLUMN(kind, field) STORE_COLUMN_OF(store_tenant, kind, field)
#define KEY_COLUMN(kind, field)    STORE_COLUMN_OF(store_key, kind, field)
#define OUTBOX_COLUMN(kind, field) STORE_COLUMN_OF(store_outbox, kind, field)
STORE_TABLE(TENANTS, "tenants", store_tenant, STORE_TENANT_FIELDS, TENANT_COLUMN, "tenant");
STORE_TABLE(KEYS, "keys", store_key, STORE_KEY_FIELDS, KEY_COLUMN, "key");
STORE_TABLE(OUTBOX, "outbox", store_outbox, STORE_OUTBOX_FIELDS, OUTBOX_COLUMN, "outbox entry");
STORE_DEFINE_FREE(tenant, TENANTS)
STORE_DEFINE_FREE(key, KEYS)
STORE_DEFINE_LIST_FREE(outbox, OUTBOX)

wb_status store_tenant_ensure(store *s, const char *id, int64_t now, wb_error *e)
{
    if (!wb_name_valid(wb_str_of(id)))
        return wb_fail(e, WB_INVALID, "a tenant's name has 1 to %d letters, digits, _ and -",
                       WB_NAME_MAX);
    return store_exec(s, e, NULL,
                      "INSERT INTO tenants(id, required_algs, keys_gen, created_at, _) "
                      "VALUES(?, 'HS256', 0, ?, 1) ON CONFLICT DO NOTHING",
                      "ti", id, now);
}

wb_status store_tenant_get(store *s, const char *id, store_tenant *out, wb_error *e)
{
    return store_one(s, e, &TENANTS, out, "WHERE id = ?", "t", id);
}

wb_status store_tenant_list(store *s, store_tenant **rows, size_t *n, wb_error *e)
{
    return store_many(s, e, &TENANTS, rows, n, "ORDER BY id", "");
}

wb_status store_tenant_require(store *s, const char *id, const char *required_algs, wb_error *e)
{
    return store_exec_one(s, e, "tenant",
                          "UPDATE tenants SET required_algs = ?, keys_gen = keys_gen + 1 "
                          "WHERE id = ?",
                          "tt", required_algs, id);
}

/* ---- Keys ---- */

static wb_status bump(store *s, const char *tenant, wb_error *e)
{
    return store_exec_one(s, e, "tenant", "UPDATE tenants SET keys_gen = keys_gen + 1 WHERE id = ?",
                          "t", tenant);
}

wb_status store_key_next(store *s, const char *tenant, const char *purpose, int64_t *number,
                         wb_error *e)
{
    return store_int(s, e, number,
                     "SELECT coalesce(max(number), 0) + 1 FROM keys WHERE tenant = ? "
                     "AND purpose = ?",
                     "tt", tenant, purpose);
}

wb_status store_key_insert(store *s, const store_key *k, wb_error *e)
{
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    status = store_put(s, e, &KEYS, k);
    if (!status)
        status = bump(s, k->tenant, e);
    return store_end(s, status, e);
}

wb_status store_key_get(store *s, const char *kid, store_key *out, wb_error *e)
{
    return store_one(s, e, &KEYS, out, "WHERE kid = ?", "t", kid);
}

wb_status store_key_list(store *s, const char *tenant, const char *purpose, const char *state,
                         store_key **rows, size_t *n, wb_error *e)
{
    return store_many(s, e, &KEYS, rows, n,
                      "WHERE tenant = ?1 AND (?2 IS NULL OR purpose = ?2) "
                      "AND (?3 IS NULL OR state = ?3) ORDER BY purpose, number DESC",
                      "ttt", tenant, purpose, state);
}

wb_status store_key_move(store *s, const char *kid, const char *from, const char *to,
                         int64_t not_after, int64_t now, wb_error *e)
{
    store_key row = {0};
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    status = store_key_get(s, kid, &row, e);
    if (!status && strcmp(row.state, from) != 0)
        status = wb_fail(e, WB_CONFLICT, "key %s is %s", kid, row.state);
    if (!status)
        status = store_exec_one(s, e, "key",
                                "UPDATE keys SET state = ?, not_after = ?, changed_at = ? "
                                "WHERE kid = ? AND state = ?",
                                "tiitt", to, not_after, now, kid, from);
    if (!status)
        status = bump(s, row.tenant, e);
    store_key_clear(&row);
    return store_end(s, status, e);
}

/* ---- Outbox ---- */

wb_status store_outbox_add(store *s, const store_outbox *o, wb_error *e)
{
    return store_exec(s, e, NULL,
                      "INSERT INTO outbox(tenant, id, type, actor, body, created_at, _) "
                      "VALUES(?, ?, ?, ?, ?, ?, 1)",
                      "ttttti", o->tenant, o->id, o->type, o->actor, o->body, o->created_at);
}

wb_status store_outbox_list(store *s, const char *tenant, store_outbox **rows, size_t *n,
                            wb_error *e)
{
    return store_many(s, e, &OUTBOX, rows, n, "WHERE ?1 IS NULL OR tenant = ?1 ORDER BY n", "t",
                      tenant);
}

wb_status store_outbox_done(store *s, int64_t n, wb_error *e)
{
    return store_exec_one(s, e, "outbox entry", "DELETE FROM outbox WHERE n = ?", "i", n);
}
