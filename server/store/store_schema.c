/* The schema, one migration a version. A migration that was released never changes; a new one is
 * appended. Every table has a column `_` that holds 1 (see rows.h). */
#include "server/store/rows.h"

static const char *const MIGRATIONS[] = {
    /* 1 */
    "CREATE TABLE tenants(id TEXT PRIMARY KEY, required_algs TEXT NOT NULL,"
    " keys_gen INTEGER NOT NULL, created_at INTEGER NOT NULL, _ INTEGER) STRICT;"

    "CREATE TABLE keys(tenant TEXT NOT NULL REFERENCES tenants(id), kid TEXT PRIMARY KEY,"
    " purpose TEXT NOT NULL, number INTEGER NOT NULL, alg TEXT NOT NULL, state TEXT NOT NULL,"
    " not_after INTEGER NOT NULL, public_key BLOB, sealed BLOB, created_at INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL, _ INTEGER, UNIQUE(tenant, purpose, number)) STRICT;"

    "CREATE TABLE idempotency(tenant TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL,"
    " body_sha256 TEXT NOT NULL, owner TEXT NOT NULL, ref TEXT, status INTEGER NOT NULL,"
    " content_type TEXT, body BLOB, created_at INTEGER NOT NULL, _ INTEGER,"
    " PRIMARY KEY(tenant, route, key)) STRICT;"
    "CREATE INDEX idempotency_age ON idempotency(created_at);"

    "CREATE TABLE packets(id TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES tenants(id),"
    " jti TEXT, state TEXT NOT NULL, kind TEXT, phase TEXT, op TEXT NOT NULL,"
    " subject TEXT NOT NULL, target TEXT, target_ref TEXT, requested_by TEXT, request BLOB,"
    " input_digest TEXT, input BLOB, outcome TEXT, decision TEXT, jws TEXT, approval_id TEXT,"
    " ledger_index INTEGER NOT NULL, ledger_leaf TEXT, parent TEXT, due_at INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    " open INTEGER NOT NULL DEFAULT 1, _ INTEGER) STRICT;"
    "CREATE UNIQUE INDEX packets_open ON packets(tenant, subject, op) WHERE open = 1;"
    "CREATE UNIQUE INDEX packets_jti ON packets(tenant, jti) WHERE jti IS NOT NULL;"
    "CREATE INDEX packets_state ON packets(state, due_at);"
    "CREATE INDEX packets_tenant ON packets(tenant, id);"

    "CREATE TABLE packet_history(packet TEXT NOT NULL REFERENCES packets(id), n INTEGER NOT NULL,"
    " state TEXT NOT NULL, at INTEGER NOT NULL, ledger_index INTEGER NOT NULL, note TEXT,"
    " _ INTEGER, PRIMARY KEY(packet, n)) STRICT;"

    "CREATE TABLE approvals(id TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES tenants(id),"
    " packet TEXT NOT NULL REFERENCES packets(id), token_sha256 TEXT NOT NULL UNIQUE,"
    " digest TEXT NOT NULL, content TEXT, approvers TEXT, requested_by TEXT,"
    " expires_at INTEGER NOT NULL, state TEXT NOT NULL, reviewer TEXT, reason TEXT,"
    " decided_at INTEGER NOT NULL, created_at INTEGER NOT NULL, _ INTEGER) STRICT;"
    "CREATE INDEX approvals_state ON approvals(state, expires_at);"

    "CREATE TABLE jobs(tenant TEXT NOT NULL, jti TEXT NOT NULL, bytes_sha256 TEXT NOT NULL,"
    " state TEXT NOT NULL, phase TEXT, subject TEXT, target TEXT, target_ref TEXT, parent TEXT,"
    " packet BLOB, snapshot TEXT, due_at INTEGER NOT NULL, due_boot_ms INTEGER NOT NULL,"
    " boot_id TEXT, fence INTEGER NOT NULL, owner TEXT, owner_until INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, _ INTEGER,"
    " PRIMARY KEY(tenant, jti)) STRICT;"
    "CREATE INDEX jobs_state ON jobs(state, due_at);"
    "CREATE INDEX jobs_parent ON jobs(tenant, parent);"

    "CREATE TABLE steps(tenant TEXT NOT NULL, jti TEXT NOT NULL, n INTEGER NOT NULL,"
    " op TEXT NOT NULL, args TEXT, inverse TEXT, state TEXT NOT NULL, attempts INTEGER NOT NULL,"
    " observed TEXT, lease_id TEXT, lease_state TEXT, updated_at INTEGER NOT NULL, _ INTEGER,"
    " PRIMARY KEY(tenant, jti, n), FOREIGN KEY(tenant, jti) REFERENCES jobs(tenant, jti)) STRICT;"

    "CREATE TABLE leases(id TEXT PRIMARY KEY, tenant TEXT NOT NULL, jti TEXT, step INTEGER NOT "
    "NULL,"
    " state TEXT NOT NULL, ttl INTEGER NOT NULL, accessor TEXT, issued_at INTEGER NOT NULL,"
    " expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " next_try_at INTEGER NOT NULL, _ INTEGER) STRICT;"
    "CREATE INDEX leases_state ON leases(state, next_try_at);"

    "CREATE TABLE rejections(tenant TEXT NOT NULL, reason TEXT NOT NULL,"
    " window_at INTEGER NOT NULL, count INTEGER NOT NULL, first_digest TEXT, last_digest TEXT,"
    " _ INTEGER, PRIMARY KEY(tenant, reason, window_at)) STRICT;"

    "CREATE TABLE outbox(n INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL,"
    " id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, actor TEXT, body TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, _ INTEGER) STRICT;",
};

wb_status store_migrate(store *s, wb_error *e)
{
    const int64_t newest = (int64_t)(sizeof MIGRATIONS / sizeof MIGRATIONS[0]);
    int64_t version = 0;
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    status = store_exec(s, e, NULL,
                        "CREATE TABLE IF NOT EXISTS schema_migrations("
                        "version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT",
                        "");
    if (!status)
        status = store_int(s, e, &version,
                           "SELECT coalesce(max(version), 0) FROM schema_migrations", "");
    if (!status && version > newest)
        status = wb_fail(e, WB_DENIED,
                         "the state file has schema version %lld, this program knows up to %lld: "
                         "use the newer program",
                         (long long)version, (long long)newest);
    for (int64_t v = version; !status && v < newest; v++) {
        if (sqlite3_exec(s->db, MIGRATIONS[v], NULL, NULL, NULL) != SQLITE_OK)
            status = store_failed(s, e, "migration of the state file");
        else
            status = store_exec(s, e, NULL, "INSERT INTO schema_migrations VALUES(?, ?)", "ii",
                                v + 1, wb_now_ms());
    }
    return store_end(s, status, e);
}
