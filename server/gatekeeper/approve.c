/* Asking humans, and what they say.
 *
 * A decision that asks for n people opens n approvals, each with its own one-time link; all of a
 * round carry the same digest: of the payload of the signed packet that asks. A link's token is a
 * JWS {approval, packet, digest, group, exp, nonce}; only its SHA-256 is stored. Links are appended
 * to DIR/approval-links.ndjson (mode 0600), which stands for the message to the approvers. */
#include "server/gatekeeper/internal.h"

#include "base/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* ---- Opening ---- */

static wb_status deliver(gk *g, const char *id, const char *packet, const char *group,
                         const char *token, const char *until, wb_error *e)
{
    char path[4096];
    const char *base = g->o.public_url ? g->o.public_url : gk_url(g);
    snprintf(path, sizeof path, "%s/approval-links.ndjson", g->o.data);
    json_t *line =
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "approval", id, "packet_id", packet, "group", group,
                  "expires_at", until, "link", json_sprintf("%s/a/%s", base, token));
    char *bytes = json_dumps(line, GK_JSON);
    json_decref(line);
    size_t n = strlen(bytes);
    bytes[n] = '\n';
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, bytes, n + 1) == (ssize_t)(n + 1);
    int why = errno;
    if (fd >= 0)
        close(fd);
    free(bytes);
    return ok ? WB_OK : wb_fail(e, WB_UNAVAILABLE, "%s: %s", path, strerror(why));
}

static wb_status make_token(gk *g, const store_approval *ap, const char *group, char **token,
                            wb_error *e)
{
    unsigned char random[16];
    char nonce[WB_BASE64_LEN(16) + 1];
    size_t n;
    wb_random(random, sizeof random);
    wb_base64url_encode(random, sizeof random, nonce);
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "approval", ap->id, "packet",
                               ap->packet, "digest", ap->digest, "group", group, "exp",
                               (json_int_t)(ap->expires_at / 1000), "nonce", nonce);
    char *payload = json_dumps(claims, GK_JSON);
    json_decref(claims);
    wb_status status = keys_sign_jws(g->keys, g->o.tenant, "link", "writ-approval+jws",
                                     wb_str_of(payload), token, &n, e);
    free(payload);
    return status;
}

static wb_status open_one(gk *g, const store_packet *row, const json_t *d, const char *payload,
                          char *id, wb_error *e)
{
    char digest[WB_SHA256_TEXT], token_digest[WB_SHA256_TEXT], until[WB_TIME_TEXT], *token = NULL;
    json_t *who = json_object_get(d, "approvers");
    char *approvers = json_dumps(who, GK_JSON);
    wb_sha256_text(payload, strlen(payload), digest);
    wb_uuid7(id);
    store_approval ap = {.id = id,
                         .tenant = row->tenant,
                         .packet = row->id,
                         .digest = digest,
                         .content = payload,
                         .approvers = approvers,
                         .requested_by = row->requested_by,
                         .state = "PENDING",
                         .created_at = wb_now_ms()};
    ap.expires_at = ap.created_at + g->o.approval_seconds * 1000;
    wb_time_text(ap.expires_at * 1000000, until);
    wb_status status = make_token(g, &ap, text(who, "group"), &token, e);
    if (!status) {
        wb_sha256_text(token, strlen(token), token_digest);
        ap.token_sha256 = token_digest;
        json_t *body = json_pack("{s:s, s:s, s:s, s:O, s:s}", "approval", id, "packet_id", row->id,
                                 "digest", digest, "approvers", who, "expires_at", until);
        status = store_begin(g->store, e);
        if (!status) {
            status = store_approval_insert(g->store, &ap, e);
            if (!status)
                status = gk_owe(g, LEDGER_APPROVAL_OPENED, NULL, body, e);
            if (status)
                store_rollback(g->store);
            else
                status = store_commit(g->store, e);
        }
        json_decref(body);
    }
    if (!status)
        status = gk_outbox(g, e);
    if (!status)
        status = deliver(g, id, row->id, text(who, "group"), token, until, e);
    if (token)
        OPENSSL_cleanse(token, strlen(token));
    free(token);
    free(approvers);
    return status;
}

wb_status gk_approvals_open(gk *g, const store_packet *row, const json_t *d, wb_error *e)
{
    size_t n,
        count =
            (size_t)json_integer_value(json_object_get(json_object_get(d, "approvers"), "approve"));
    char first[WB_UUID_TEXT] = "", id[WB_UUID_TEXT];
    /* What an earlier run opened was perhaps never delivered: its links are void. */
    wb_status status = gk_approvals_void(g, row->id, "asked anew", e);
    char *payload = gk_payload_of(row->jws, &n);
    if (!status && !payload)
        status = wb_fail(e, WB_CORRUPT, "the signed packet %s is damaged", row->id);
    for (size_t i = 0; !status && i < count; i++) {
        status = open_one(g, row, d, payload, id, e);
        if (i == 0)
            memcpy(first, id, sizeof first);
    }
    free(payload);
    return status ? status : store_packet_approval(g->store, row->tenant, row->id, first, e);
}

/* ---- Those of a packet ---- */

static bool of_round(const store_approval *a, const char *packet, const char *digest)
{
    return strcmp(a->packet, packet) == 0 && (!digest || strcmp(a->digest, digest) == 0);
}

wb_status gk_approvals_void(gk *g, const char *packet, const char *why, wb_error *e)
{
    store_approval *rows = NULL;
    size_t n = 0;
    wb_status status = store_approval_list(g->store, g->o.tenant, "PENDING", &rows, &n, e);
    for (size_t i = 0; !status && i < n; i++) {
        if (!of_round(&rows[i], packet, NULL))
            continue;
        json_t *body =
            json_pack("{s:s, s:s, s:s}", "approval", rows[i].id, "packet_id", packet, "why", why);
        status = store_begin(g->store, e);
        if (!status) {
            status = store_approval_decide(g->store, rows[i].id, "STALE", NULL, why, wb_now_ms(),
                                           NULL, e);
            if (!status)
                status = gk_owe(g, LEDGER_APPROVAL_STALE, NULL, body, e);
            if (status)
                store_rollback(g->store);
            else
                status = store_commit(g->store, e);
        }
        json_decref(body);
        if (status == WB_CONFLICT)
            status = WB_OK;
    }
    store_approval_list_free(rows, n);
    return status ? status : gk_outbox(g, e);
}

json_t *gk_approval_facts(gk *g, const store_packet *row, const json_t *d)
{
    store_approval asked = {0}, *rows = NULL;
    size_t n = 0, count = 0;
    int64_t until = 0;
    json_t *ids = json_array(), *people = json_array();
    json_t *facts = json_pack("{s:b, s:o, s:o, s:[]}", "approved", 1, "ids", ids, "approvers",
                              people, "rejected_by");
    size_t need =
        (size_t)json_integer_value(json_object_get(json_object_get(d, "approvers"), "approve"));
    if (!row->approval_id ||
        store_approval_get(g->store, row->tenant, row->approval_id, &asked, NULL) ||
        store_approval_list(g->store, row->tenant, "APPROVED", &rows, &n, NULL)) {
        store_approval_clear(&asked);
        json_decref(facts);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (!of_round(&rows[i], row->id, asked.digest))
            continue;
        count++;
        json_array_append_new(ids, json_string(rows[i].id));
        json_array_append_new(people,
                              json_pack("{s:s, s:b}", "id", rows[i].reviewer, "active",
                                        gk_approver_active(g->approvers, rows[i].reviewer)));
        int64_t end = rows[i].decided_at + g->o.approval_seconds * 1000;
        until = until == 0 || end < until ? end : until;
        /* The reason of an approval is {"reason", "reentered_target"} as JSON. */
        json_t *said = rows[i].reason ? json_loads(rows[i].reason, 0, NULL) : NULL;
        if (text(said, "reentered_target"))
            json_object_set(facts, "reentered_target", json_object_get(said, "reentered_target"));
        json_decref(said);
    }
    json_object_set_new(facts, "digest", json_string(asked.digest));
    json_object_set_new(facts, "valid_until_ns", json_integer(until * 1000000));
    store_approval_list_free(rows, n);
    store_approval_clear(&asked);
    if (count == 0 || count < need) {
        json_decref(facts);
        return NULL;
    }
    return facts;
}

wb_status gk_approval_by_token(gk *g, wb_str token, store_approval *out, wb_error *e)
{
    char digest[WB_SHA256_TEXT];
    jws_result r;
    bool good =
        keys_verify_jws(g->keys, g->o.tenant, "link", "writ-approval+jws", wb_now_ms(), token, &r);
    jws_result_clear(&r);
    if (!good)
        return wb_fail(e, r.reason == JWS_KEYS_UNAVAILABLE ? WB_UNAVAILABLE : WB_NOT_FOUND,
                       "no such link");
    wb_sha256_text(token.p, token.n, digest);
    return store_approval_by_token(g->store, digest, out, e);
}

/* ---- Expiry ---- */

static void expire_one(gk *g, const store_approval *ap)
{
    wb_error e = {0};
    json_t *body = json_pack("{s:s, s:s, s:s}", "approval", ap->id, "packet_id", ap->packet,
                             "digest", ap->digest);
    pthread_mutex_t *lock = gk_lock(g, ap->packet);
    pthread_mutex_lock(lock);
    wb_status status = store_begin(g->store, &e);
    if (!status) {
        status =
            store_approval_decide(g->store, ap->id, "EXPIRED", NULL, NULL, wb_now_ms(), NULL, &e);
        if (!status)
            status = gk_owe(g, LEDGER_APPROVAL_EXPIRED, NULL, body, &e);
        if (status)
            store_rollback(g->store);
        else
            status = store_commit(g->store, &e);
    }
    if (!status)
        status = gk_outbox(g, &e);
    if (!status) {
        status = gk_approvals_void(g, ap->packet, "another approval expired", &e);
        if (!status)
            status = gk_move(g, ap->packet, STORE_PENDING_HITL, STORE_EXPIRED,
                             LEDGER_PACKET_EXPIRED, body, &e);
    }
    pthread_mutex_unlock(lock);
    json_decref(body);
    if (status && status != WB_CONFLICT)
        gk_note(g, "expiry of approval %s: %s", ap->id, e.text);
}

void gk_approvals_expire(gk *g)
{
    store_approval *rows = NULL;
    size_t n = 0;
    if (store_approval_overdue(g->store, wb_now_ms(), &rows, &n, NULL))
        return;
    for (size_t i = 0; i < n; i++)
        expire_one(g, &rows[i]);
    store_approval_list_free(rows, n);
}
