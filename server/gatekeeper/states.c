/* Entries and moves. The table of legal moves is the store's (store_state_legal). */
#include "server/gatekeeper/internal.h"

#include "base/base64.h"

#include <stdio.h>
#include <stdlib.h>

void gk_leaf_text(const merkle_hash *leaf, char out[WB_SHA256_TEXT])
{
    memcpy(out, "sha256:", 7);
    wb_hex_encode(leaf->b, sizeof leaf->b, out + 7);
}

wb_status gk_enter(gk *g, ledger_type type, const char *rid, const json_t *actor,
                   const json_t *body, ledger_receipt *receipt, wb_error *e)
{
    char *who = actor ? json_dumps(actor, GK_JSON) : NULL;
    char *text = json_dumps(body, GK_JSON);
    ledger_event event = {.tenant = g->o.tenant,
                          .type = type,
                          .rid = rid,
                          .actor = who,
                          .policy = gk_policy_bundle(g->policy),
                          .src = g->src,
                          .body = wb_str_of(text)};
    wb_status status = ledger_append_wait(g->ledger, &event, receipt, e);
    free(text);
    free(who);
    return status;
}

wb_status gk_go(gk *g, const store_packet *row, store_state from, store_state to, ledger_type type,
                wb_error *e)
{
    ledger_receipt receipt = {0};
    json_t *body = json_pack("{s:s, s:s, s:s}", "packet_id", row->id, "jti", row->jti, "state",
                             store_state_name(to));
    wb_status status = gk_enter(g, type, NULL, NULL, body, &receipt, e);
    json_decref(body);
    store_change change = {
        .now = wb_now_ms(), .ledger_index = (int64_t)receipt.index, .due_at = -1};
    return status ? status
                  : store_packet_move(g->store, row->tenant, row->id, from, to, &change, NULL, e);
}

wb_status gk_owe(gk *g, ledger_type type, const json_t *actor, const json_t *body, wb_error *e)
{
    char id[WB_UUID_TEXT];
    wb_uuid7(id);
    /* The id stands in the body, so that an entry made twice by a crash is known as one. */
    json_t *marked = json_deep_copy(body);
    json_object_set_new(marked, "event", json_string(id));
    char *text = json_dumps(marked, GK_JSON);
    char *who = actor ? json_dumps(actor, GK_JSON) : NULL;
    store_outbox row = {.tenant = g->o.tenant,
                        .id = id,
                        .type = ledger_type_name(type),
                        .actor = who,
                        .body = text,
                        .created_at = wb_now_ms()};
    wb_status status = store_outbox_add(g->store, &row, e);
    free(who);
    free(text);
    json_decref(marked);
    return status;
}

wb_status gk_outbox(gk *g, wb_error *e)
{
    /* One at a time: two would enter the same rows twice. */
    pthread_mutex_lock(&g->outbox);
    wb_status status = ledger_drain_outbox(g->ledger, g->store, g->o.tenant, g->src, NULL, e);
    pthread_mutex_unlock(&g->outbox);
    return status;
}

wb_status gk_move(gk *g, const char *id, store_state from, store_state to, ledger_type type,
                  const json_t *body, wb_error *e)
{
    store_change change = {.now = wb_now_ms(), .ledger_index = -1, .due_at = -1};
    wb_status status = store_begin(g->store, e);
    if (status)
        return status;
    status = store_packet_move(g->store, g->o.tenant, id, from, to, &change, NULL, e);
    if (!status)
        status = gk_owe(g, type, NULL, body, e);
    if (status) {
        store_rollback(g->store);
        return status;
    }
    status = store_commit(g->store, e);
    return status ? status : gk_outbox(g, e);
}

void gk_illegal(gk *g, const char *rid, const char *id, const char *from, const char *to)
{
    wb_error e = {0};
    char reason[128];
    int64_t now = wb_now_ms(), count = 0;
    /* Anybody can ask for what is not possible, again and again: see gk_refusals_close. */
    snprintf(reason, sizeof reason, "%s %s %s>%s", ledger_type_name(LEDGER_ILLEGAL_TRANSITION), id,
             from, to);
    if (store_rejection_add(g->store, g->o.tenant, reason, "", now - now % GK_REFUSE_WINDOW, &count,
                            &e) == WB_OK &&
        count > GK_REFUSE_SINGLE)
        return;
    json_t *body = json_pack("{s:s, s:s, s:s}", "packet_id", id, "from", from, "to", to);
    if (gk_enter(g, LEDGER_ILLEGAL_TRANSITION, rid, NULL, body, NULL, &e))
        gk_note(g, "illegal transition of %s could not be entered: %s", id, e.text);
    json_decref(body);
}

/* The shortest legal way from one state to another, as the states after `from`. */
static size_t way(store_state from, store_state to, store_state *steps)
{
    store_state before[STORE_STATE_COUNT] = {0}, queue[STORE_STATE_COUNT];
    size_t head = 0, tail = 0, n = 0;
    queue[tail++] = from;
    while (head < tail && !before[to]) {
        store_state at = queue[head++];
        for (int s = STORE_NONE + 1; s < STORE_STATE_COUNT; s++)
            if ((store_state)s != from && !before[s] && store_state_legal(at, (store_state)s)) {
                before[s] = at;
                queue[tail++] = (store_state)s;
            }
    }
    if (!before[to])
        return 0;
    for (store_state s = to; s != from; s = before[s])
        n++;
    size_t i = n;
    for (store_state s = to; s != from; s = before[s])
        steps[--i] = s;
    return n;
}

wb_status gk_mirror(gk *g, const char *id, store_state to, int64_t index, int64_t due_at,
                    wb_error *e)
{
    store_packet row = {0};
    store_state steps[STORE_STATE_COUNT];
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, e);
    if (status)
        return status;
    store_state at = store_state_of(row.state);
    store_packet_clear(&row);
    if (at == to)
        return WB_OK;
    size_t n = way(at, to, steps);
    if (!n)
        return wb_fail(e, WB_DENIED, "no way leads from %s to %s", store_state_name(at),
                       store_state_name(to));
    for (size_t i = 0; i < n && !status; i++) {
        store_change change = {.now = wb_now_ms(),
                               .ledger_index = i + 1 == n ? index : -1,
                               .note = i + 1 == n ? NULL : "passed, not reported",
                               .due_at = steps[i] == STORE_HARD_SCHEDULED ? due_at : -1};
        status = store_packet_move(g->store, g->o.tenant, id, at, steps[i], &change, NULL, e);
        at = steps[i];
    }
    return status;
}
