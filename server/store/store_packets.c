/* Packets and their history. */
#include "server/store/rows.h"

#include <stdlib.h>

#define PACKET_COLUMN(kind, field)  STORE_COLUMN_OF(store_packet, kind, field)
#define HISTORY_COLUMN(kind, field) STORE_COLUMN_OF(store_history, kind, field)
STORE_TABLE(PACKETS, "packets", store_packet, STORE_PACKET_FIELDS, PACKET_COLUMN, "packet");
STORE_TABLE(HISTORY, "packet_history", store_history, STORE_HISTORY_FIELDS, HISTORY_COLUMN,
            "history row");
STORE_DEFINE_FREE(packet, PACKETS)
STORE_DEFINE_LIST_FREE(history, HISTORY)

static wb_status put_history(store *s, const char *id, const char *state,
                             const store_change *change, wb_error *e)
{
    return store_exec(s, e, NULL,
                      "INSERT INTO packet_history SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, "
                      "?5, 1 FROM packet_history WHERE packet = ?1",
                      "ttiit", id, state, change->now, change->ledger_index, change->note);
}

static wb_status find_open(store *s, const store_packet *p, char **open_id, wb_error *e)
{
    store_packet other = {0};
    wb_status status = store_one(s, NULL, &PACKETS, &other,
                                 "WHERE tenant = ? AND subject = ? AND op = ? AND open = 1", "ttt",
                                 p->tenant, p->subject, p->op);
    if (status == WB_OK) {
        if (open_id)
            *open_id = wb_strdup(other.id);
        status =
            wb_fail(e, WB_EXISTS, "packet %s is open for this subject and operation", other.id);
        store_packet_clear(&other);
        return status;
    }
    return status == WB_NOT_FOUND ? WB_OK : wb_fail(e, status, "state store: packet");
}

wb_status store_packet_insert(store *s, const store_packet *p, char **open_id, wb_error *e)
{
    store_state state = store_state_of(p->state);
    if (open_id)
        *open_id = NULL;
    if (state != STORE_RECEIVED && state != STORE_EVALUATING)
        return wb_fail(e, WB_INVALID, "a packet does not start as %s", p->state ? p->state : "-");
    wb_status status = store_begin(s, e);
    if (status)
        return status;
    store_change change = {.now = p->created_at, .ledger_index = p->ledger_index};
    status = find_open(s, p, open_id, e);
    if (!status)
        status = store_put(s, e, &PACKETS, p);
    if (!status)
        status = put_history(s, p->id, p->state, &change, e);
    return store_end(s, status, e);
}

wb_status store_packet_get(store *s, const char *tenant, const char *id, store_packet *out,
                           wb_error *e)
{
    return store_one(s, e, &PACKETS, out, "WHERE id = ?1 AND (?2 IS NULL OR tenant = ?2)", "tt", id,
                     tenant);
}

wb_status store_packet_by_jti(store *s, const char *tenant, const char *jti, store_packet *out,
                              wb_error *e)
{
    return store_one(s, e, &PACKETS, out, "WHERE tenant = ? AND jti = ?", "tt", tenant, jti);
}

wb_status store_packet_list(store *s, const char *tenant, store_state state, const char *after,
                            size_t max, store_packet **rows, size_t *n, wb_error *e)
{
    int64_t limit = max < STORE_LIST_MAX ? (int64_t)max : STORE_LIST_MAX;
    return store_many(s, e, &PACKETS, rows, n,
                      "WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR state = ?2) "
                      "AND (?3 IS NULL OR id > ?3) ORDER BY id LIMIT ?4",
                      "ttti", tenant, state ? store_state_name(state) : NULL, after, limit);
}

wb_status store_packet_due(store *s, store_state state, int64_t now, store_packet **rows, size_t *n,
                           wb_error *e)
{
    return store_many(s, e, &PACKETS, rows, n,
                      "WHERE state = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at", "ti",
                      store_state_name(state), now);
}

static wb_status move(store *s, const char *tenant, const char *id, store_state from,
                      store_state to, const store_change *change, store_state *now_in, wb_error *e)
{
    store_packet row = {0};
    wb_status status = store_packet_get(s, tenant, id, &row, e);
    if (status)
        return status;
    store_state is = store_state_of(row.state);
    int64_t due_at = change->due_at < 0 ? row.due_at : change->due_at;
    store_packet_clear(&row);
    if (now_in)
        *now_in = is;
    if (is != from)
        return wb_fail(e, WB_CONFLICT, "the packet is in state %s, not %s", store_state_name(is),
                       store_state_name(from));
    status = store_exec_one(s, e, "packet",
                            "UPDATE packets SET state = ?, due_at = ?, updated_at = ?, open = ? "
                            "WHERE id = ? AND state = ?",
                            "tiiitt", store_state_name(to), due_at, change->now,
                            (int64_t)store_state_open(to), id, store_state_name(from));
    if (!status)
        status = put_history(s, id, store_state_name(to), change, e);
    if (!status && now_in)
        *now_in = to;
    return status;
}

wb_status store_packet_move(store *s, const char *tenant, const char *id, store_state from,
                            store_state to, const store_change *change, store_state *now_in,
                            wb_error *e)
{
    if (!store_state_legal(from, to))
        return wb_fail(e, WB_DENIED, "a packet cannot go from %s to %s", store_state_name(from),
                       store_state_name(to));
    wb_status status = store_begin(s, e);
    return status ? status : store_end(s, move(s, tenant, id, from, to, change, now_in, e), e);
}

wb_status store_packet_decide(store *s, const char *tenant, const char *id, const char *outcome,
                              const char *decision, const char *input_digest, wb_str input,
                              int64_t ledger_index, const char *ledger_leaf, wb_error *e)
{
    return store_exec_one(s, e, "packet",
                          "UPDATE packets SET outcome = coalesce(?, outcome), "
                          "decision = coalesce(?, decision), "
                          "input_digest = coalesce(?, input_digest), "
                          "input = CASE WHEN length(?4) > 0 THEN ?4 ELSE input END, "
                          "ledger_index = ?, ledger_leaf = coalesce(?, ledger_leaf) "
                          "WHERE tenant = ? AND id = ?",
                          "tttbittt", outcome, decision, input_digest,
                          (store_blob){input.p, input.n}, ledger_index, ledger_leaf, tenant, id);
}

wb_status store_packet_sign(store *s, const char *tenant, const char *id, const char *jti,
                            const char *jws, wb_error *e)
{
    return store_exec_one(s, e, "packet",
                          "UPDATE packets SET jti = ?, jws = ? WHERE tenant = ? AND id = ?", "tttt",
                          jti, jws, tenant, id);
}

wb_status store_packet_approval(store *s, const char *tenant, const char *id,
                                const char *approval_id, wb_error *e)
{
    return store_exec_one(s, e, "packet",
                          "UPDATE packets SET approval_id = ? WHERE tenant = ? AND id = ?", "ttt",
                          approval_id, tenant, id);
}

wb_status store_packet_history(store *s, const char *id, store_history **rows, size_t *n,
                               wb_error *e)
{
    return store_many(s, e, &HISTORY, rows, n, "WHERE packet = ? ORDER BY n", "t", id);
}
