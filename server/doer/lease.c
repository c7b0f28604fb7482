/* Leases as the doer uses them: one a step, revoked at once, and a revocation that outlives the
 * process. Over HTTP in any case, to the embedded broker or to a Vault. */
#include "server/doer/internal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define LEASE_CALL_MS 15000

static const char *broker_url(const doer *d)
{
    return d->o.broker ? d->o.broker : http_server_url(d->server);
}

/* A client token of the broker for one request. */
static wb_status login(doer *d, char *token, size_t room, wb_error *e)
{
    char url[1200];
    doer_answer a;
    snprintf(url, sizeof url, "%s/v1/auth/approle/login", broker_url(d));
    doer_call call = {.method = "POST",
                      .url = url,
                      .timeout_ms = LEASE_CALL_MS,
                      .body = json_pack("{s:s, s:s}", "role_id",
                                        d->o.role_id ? d->o.role_id : d->role_id, "secret_id",
                                        d->secret_id)};
    doer_http(&call, &a);
    json_decref(call.body);
    const char *got =
        json_string_value(json_object_get(json_object_get(a.json, "auth"), "client_token"));
    bool good = a.status == 200 && got && strlen(got) < room;
    if (good)
        memcpy(token, got, strlen(got) + 1);
    int status = a.status;
    doer_answer_clear(&a);
    return good ? WB_OK : wb_fail(e, WB_UNAVAILABLE, "the broker refused the login (%d)", status);
}

static json_t *about(const doer_lease *lease)
{
    return json_pack("{s:s, s:s, s:I}", "lease_id", lease->id, "jti", lease->jti, "step",
                     (json_int_t)lease->step);
}

static wb_status ask(doer *d, const char *role, doer_lease *out, wb_error *e)
{
    char url[1200], client[256];
    doer_answer a;
    wb_status status = login(d, client, sizeof client, e);
    if (status)
        return status;
    snprintf(url, sizeof url, "%s/v1/%s/creds/%s", broker_url(d), d->mount, role);
    doer_call call = {.url = url, .timeout_ms = LEASE_CALL_MS, .extra = {"x-vault-token", client}};
    int64_t asked_at = wb_now_ms();
    doer_http(&call, &a);
    const char *id = json_string_value(json_object_get(a.json, "lease_id"));
    const char *token =
        json_string_value(json_object_get(json_object_get(a.json, "data"), "token"));
    json_int_t seconds = json_integer_value(json_object_get(a.json, "lease_duration"));
    bool good = a.status == 200 && id && token && strlen(id) < sizeof out->id &&
                strlen(token) < sizeof out->token && seconds > 0;
    /* A credential that lives longer than a lease may is none that this doer takes. */
    if (good && seconds > DOER_LEASE_S)
        status = wb_fail(e, WB_DENIED, "the broker's lease lasts %lld seconds", (long long)seconds);
    else if (!good)
        status = wb_fail(e, WB_UNAVAILABLE, "the broker gave no lease (%d)", a.status);
    if (!status) {
        snprintf(out->id, sizeof out->id, "%s", id);
        snprintf(out->token, sizeof out->token, "%s", token);
        out->expires_at = asked_at + seconds * 1000;
    }
    doer_answer_clear(&a);
    OPENSSL_cleanse(client, sizeof client);
    return status;
}

static wb_status record(store *s, void *arg, wb_error *e)
{
    void **args = arg;
    doer *d = args[0];
    const doer_lease *lease = args[1];
    const char *slash = strrchr(lease->id, '/');
    store_lease row = {.id = lease->id,
                       .tenant = d->o.tenant,
                       .jti = lease->jti,
                       .step = lease->step,
                       .state = "issued",
                       .ttl = DOER_LEASE_S,
                       .accessor = slash ? slash + 1 : lease->id,
                       .issued_at = wb_now_ms(),
                       .expires_at = lease->expires_at};
    wb_status status = store_lease_insert(s, &row, e);
    json_t *body = about(lease);
    json_object_set_new(body, "expires_at_ms", json_integer(lease->expires_at));
    return status ? (json_decref(body), status) : doer_owe(d, "lease.issued", body, e);
}

wb_status doer_lease_get(doer *d, const char *role, const char *jti, int64_t step, doer_lease *out,
                         wb_error *e)
{
    *out = (doer_lease){.state = "issued", .jti = jti, .step = step};
    wb_status status = ask(d, role, out, e);
    if (status)
        return status;
    doer_crash(DOER_AFTER_LEASE);
    void *args[] = {d, out};
    status = store_transact(d->store, record, args, e);
    if (status)
        OPENSSL_cleanse(out->token, sizeof out->token);
    return status;
}

wb_status doer_lease_used(doer *d, doer_lease *lease, wb_error *e)
{
    if (strcmp(lease->state, "issued") != 0)
        return WB_OK;
    wb_status status = store_lease_move(d->store, lease->id, "issued", "used", wb_now_ms(), 0, e);
    if (!status)
        status = doer_owe(d, "lease.used", about(lease), e);
    if (!status)
        lease->state = "used";
    return status;
}

/* ---- Revocation ---- */

static bool revoke(doer *d, const char *lease_id)
{
    char url[1200], client[256];
    doer_answer a;
    wb_error e;
    if (login(d, client, sizeof client, &e) != WB_OK)
        return false;
    snprintf(url, sizeof url, "%s/v1/sys/leases/revoke", broker_url(d));
    doer_call call = {.method = "PUT",
                      .url = url,
                      .timeout_ms = LEASE_CALL_MS,
                      .extra = {"x-vault-token", client},
                      .body = json_pack("{s:s, s:b}", "lease_id", lease_id, "sync", 1)};
    doer_http(&call, &a);
    json_decref(call.body);
    doer_answer_clear(&a);
    OPENSSL_cleanse(client, sizeof client);
    return a.status == 204 || a.status == 200;
}

/* Doubles with each try, give or take half, so that many leases do not come back together. */
static int64_t next_try(int64_t attempts)
{
    unsigned char random[2];
    wb_random(random, sizeof random);
    int64_t base = (int64_t)DOER_LEASE_WAIT_MS << (attempts < 8 ? attempts : 8);
    return wb_now_ms() + base / 2 + base * (random[0] << 8 | random[1]) / 65536;
}

typedef struct ended {
    doer *d;
    const doer_lease *lease;
    int64_t attempts; /* failed ones before this */
    bool revoked;
} ended;

static wb_status settle(store *s, void *arg, wb_error *e)
{
    const ended *t = arg;
    const doer_lease *l = t->lease;
    json_t *body = about(l);
    const char *type = "lease.revoked";
    wb_status status;
    if (t->revoked) {
        status = store_lease_move(s, l->id, l->state, "revoked", wb_now_ms(), 0, e);
    } else if (t->attempts + 1 >= DOER_LEASE_TRIES && strcmp(l->state, "revoke_pending") == 0) {
        type = "lease.irrevocable";
        status = store_lease_move(s, l->id, l->state, "irrevocable", wb_now_ms(), 0, e);
    } else {
        type = "lease.revoke_failed";
        json_object_set_new(body, "attempts", json_integer(t->attempts + 1));
        status = store_lease_move(s, l->id, l->state, "revoke_pending", wb_now_ms(),
                                  next_try(t->attempts), e);
    }
    return status ? (json_decref(body), status) : doer_owe(t->d, type, body, e);
}

static void end_lease(doer *d, const doer_lease *lease, int64_t attempts)
{
    wb_error e;
    ended t = {d, lease, attempts, revoke(d, lease->id)};
    doer_crash(DOER_AFTER_REVOKE);
    wb_status status = store_transact(d->store, settle, &t, &e);
    if (!status && lease->step > 0)
        store_step_lease(d->store, d->o.tenant, lease->jti, lease->step, lease->id,
                         t.revoked ? "revoked" : "revoke_pending", &e);
    if (status)
        doer_log("lease %s: %s", lease->id, e.text);
}

void doer_lease_end(doer *d, doer_lease *lease)
{
    OPENSSL_cleanse(lease->token, sizeof lease->token);
    end_lease(d, lease, 0);
}

void doer_lease_sweep(doer *d, bool all)
{
    store_lease *rows = NULL;
    size_t n = 0;
    wb_error e;
    wb_status status = all ? store_lease_list(d->store, NULL, &rows, &n, &e)
                           : store_lease_retry(d->store, wb_now_ms(), &rows, &n, &e);
    for (size_t i = 0; !status && i < n; i++) {
        doer_lease lease = {.state = rows[i].state, .jti = rows[i].jti, .step = rows[i].step};
        snprintf(lease.id, sizeof lease.id, "%s", rows[i].id);
        end_lease(d, &lease, rows[i].attempts);
    }
    store_lease_list_free(rows, n);
}
