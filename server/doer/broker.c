#include "server/doer/broker.h"

#include "base/base64.h"
#include "server/doer/internal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define BROKER_CALL_MS  10000
#define BROKER_BODY_MAX ((size_t)4 << 10)

static const struct {
    const char *name, *scope;
} ROLES[] = {
#define X(name, scope) {name, scope},
    DOER_ROLES(X)
#undef X
};

static void answer(http_request *req, int status, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    http_response_header(req, "cache-control", WB_LIT("no-store"));
    http_respond(req, status, body ? "application/json" : NULL, wb_str_of(text));
    free(text);
    json_decref(body);
}

static void refuse(http_request *req, int status, const char *why)
{
    answer(req, status, json_pack("{s:[s]}", "errors", why));
}

static bool same(const char *a, const char *b)
{
    return a && b && strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(b)) == 0;
}

/* ---- Login ---- */

static void login(http_request *req, void *arg)
{
    doer *d = arg;
    wb_str bytes = http_request_body(req);
    json_t *j = json_loadb(bytes.n ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, NULL);
    bool good = d->secret_id &&
                same(json_string_value(json_object_get(j, "role_id")), d->role_id) &&
                same(json_string_value(json_object_get(j, "secret_id")), d->secret_id);
    json_decref(j);
    if (!good) {
        refuse(req, 400, "invalid role or secret ID");
        return;
    }
    unsigned char random[32];
    char token[64] = "hvs.", id[WB_UUID_TEXT];
    wb_random(random, sizeof random);
    wb_base64url_encode(random, sizeof random, token + 4);
    wb_uuid7(id);
    pthread_mutex_lock(&d->broker_lock);
    doer_login *slot = &d->logins[d->next_login++ % DOER_BROKER_TOKENS];
    wb_sha256_text(token, strlen(token), slot->sha);
    slot->until = wb_now_ms() + DOER_LEASE_S * 1000;
    pthread_mutex_unlock(&d->broker_lock);
    answer(req, 200,
           json_pack("{s:s, s:s, s:b, s:i, s:n, s:{s:s, s:s, s:[s], s:i, s:b}}", "request_id", id,
                     "lease_id", "", "renewable", 0, "lease_duration", 0, "data", "auth",
                     "client_token", token, "accessor", id, "policies", d->mount, "lease_duration",
                     DOER_LEASE_S, "renewable", 0));
}

static bool logged_in(doer *d, http_request *req)
{
    wb_str token = http_request_header(req, "x-vault-token");
    char sha[WB_SHA256_TEXT];
    bool good = false;
    wb_sha256_text(token.n ? token.p : "", token.n, sha);
    pthread_mutex_lock(&d->broker_lock);
    for (size_t i = 0; i < DOER_BROKER_TOKENS; i++)
        good = good || (d->logins[i].until > wb_now_ms() && same(d->logins[i].sha, sha));
    pthread_mutex_unlock(&d->broker_lock);
    if (!good)
        refuse(req, 403, "permission denied");
    return good;
}

/* ---- Credentials ---- */

static const char *scope_of(wb_str role)
{
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        if (wb_str_is(role, ROLES[i].name))
            return ROLES[i].scope;
    return NULL;
}

static void mint(http_request *req, void *arg)
{
    doer *d = arg;
    wb_str rest = http_request_rest(req);
    char prefix[DOER_TEXT_MAX + 16], id[WB_UUID_TEXT], lease[512], url[1200];
    int n = snprintf(prefix, sizeof prefix, "%s/creds/", d->mount);
    doer_answer made;
    wb_str role = {rest.p + n, rest.n - (size_t)n};
    wb_uuid7(id);
    snprintf(lease, sizeof lease, "%s%.*s/%s", prefix, WB_FMT(role), id);
    snprintf(url, sizeof url, "%s/tokens", d->o.directory);
    doer_call call = {.method = "POST",
                      .url = url,
                      .token = d->broker_token,
                      .timeout_ms = BROKER_CALL_MS,
                      .body = json_pack("{s:s, s:i, s:s, s:s}", "id", id, "ttl", DOER_LEASE_S,
                                        "scope", scope_of(role), "label", lease)};
    doer_http(&call, &made);
    json_decref(call.body);
    const char *token = json_string_value(json_object_get(made.json, "token"));
    if (made.status == 201 && token)
        answer(req, 200,
               json_pack("{s:s, s:s, s:b, s:i, s:{s:s}}", "request_id", id, "lease_id", lease,
                         "renewable", 0, "lease_duration", DOER_LEASE_S, "data", "token", token));
    else
        refuse(req, 502, "the target made no credential");
    doer_answer_clear(&made);
}

static void creds(http_request *req, void *arg)
{
    doer *d = arg;
    wb_str rest = http_request_rest(req);
    char prefix[DOER_TEXT_MAX + 16];
    size_t n = (size_t)snprintf(prefix, sizeof prefix, "%s/creds/", d->mount);
    if (!logged_in(d, req))
        return;
    if (!d->broker_token || !wb_str_has_prefix(rest, (wb_str){prefix, n}) ||
        !scope_of((wb_str){rest.p + n, rest.n - n}))
        refuse(req, 404, "no such mount or role");
    else
        http_work(req, mint, d);
}

/* ---- Revocation ---- */

static void unmake(http_request *req, void *arg)
{
    doer *d = arg;
    char url[1200];
    doer_answer gone;
    snprintf(url, sizeof url, "%s/tokens/%s", d->o.directory, (char *)http_request_data(req));
    doer_call call = {
        .method = "DELETE", .url = url, .token = d->broker_token, .timeout_ms = BROKER_CALL_MS};
    doer_http(&call, &gone);
    if (gone.status == 204 || gone.status == 404)
        answer(req, 204, NULL);
    else
        refuse(req, 502, "the target did not confirm the revocation");
    doer_answer_clear(&gone);
}

static void revoke(http_request *req, void *arg)
{
    doer *d = arg;
    if (!logged_in(d, req))
        return;
    wb_str bytes = http_request_body(req);
    json_t *j = json_loadb(bytes.n ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, NULL);
    const char *lease = json_string_value(json_object_get(j, "lease_id"));
    const char *slash = lease ? strrchr(lease, '/') : NULL;
    size_t n = strlen(d->mount);
    bool good = slash && strncmp(lease, d->mount, n) == 0 && lease[n] == '/' &&
                wb_uuid7_valid(wb_str_of(slash + 1)) && d->broker_token;
    if (good) {
        char *id = http_request_alloc(req, WB_UUID_TEXT);
        memcpy(id, slash + 1, WB_UUID_TEXT);
        http_request_attach(req, id, NULL);
    }
    json_decref(j);
    if (good)
        http_work(req, unmake, d);
    else
        refuse(req, 400, "invalid lease ID");
}

const http_route DOER_BROKER_ROUTES[] = {
    {"POST", "/v1/auth/approle/login", login, 0, BROKER_BODY_MAX},
    {"PUT", "/v1/auth/approle/login", login, 0, BROKER_BODY_MAX},
    {"POST", "/v1/sys/leases/revoke", revoke, 0, BROKER_BODY_MAX},
    {"PUT", "/v1/sys/leases/revoke", revoke, 0, BROKER_BODY_MAX},
    {"GET", "/v1/*", creds, HTTP_ROUTE_NO_HEAD, 0},
};
const size_t DOER_BROKER_ROUTE_COUNT = sizeof DOER_BROKER_ROUTES / sizeof DOER_BROKER_ROUTES[0];
