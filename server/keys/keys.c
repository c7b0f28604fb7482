/* Making, rotating, revoking, listing and using keys. */
#include "server/keys/keys.h"
#include "base/base64.h"
#include "base/ids.h"
#include "server/keys/seal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    unsigned algs;
} PURPOSES[] = {
#define X(name, algs, text) {#name, algs},
    KEYS_PURPOSES(X)
#undef X
};

static const char *const STATES[] = {"active", "previous", "revoked"};

const char *keys_state_name(jws_key_state state)
{
    return STATES[state];
}

/* ---- Opening ---- */

static wb_status has_keys(store *s, bool *any, wb_error *e)
{
    store_tenant *tenants = NULL;
    size_t n = 0;
    wb_status status = store_tenant_list(s, &tenants, &n, e);
    *any = false;
    for (size_t i = 0; !status && i < n && !*any; i++) {
        store_key *rows = NULL;
        size_t count = 0;
        status = store_key_list(s, tenants[i].id, NULL, NULL, &rows, &count, e);
        for (size_t j = 0; j < count; j++)
            *any = *any || rows[j].sealed.n > 0;
        store_key_list_free(rows, count);
    }
    store_tenant_list_free(tenants, n);
    return status;
}

wb_status keys_open(store *s, const char *dir, keys **out, wb_error *e)
{
    bool any = false;
    keys_no_core();
    keys *k = wb_calloc(1, sizeof *k);
    k->store = s;
    wb_status status = has_keys(s, &any, e);
    if (!status)
        status = keys_master_load(dir, !any, k->master, e);
    if (status) {
        keys_close(k);
        k = NULL;
    }
    *out = k;
    return status;
}

void keys_close(keys *k)
{
    if (k)
        OPENSSL_cleanse(k, sizeof *k);
    free(k);
}

/* ---- Rows ---- */

static void set_name(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%s", from);
}

wb_status keys_row(const store_key *row, jws_key *out, wb_error *e)
{
    *out = (jws_key){.not_after = row->not_after};
    set_name(out->kid, sizeof out->kid, row->kid);
    set_name(out->tenant, sizeof out->tenant, row->tenant);
    set_name(out->purpose, sizeof out->purpose, row->purpose);
    out->alg = jws_alg_of(wb_str_of(row->alg));
    int state = 0;
    while (state < 3 && strcmp(STATES[state], row->state) != 0)
        state++;
    if (state == 3 || !out->alg ||
        (out->alg == JWS_ED25519 && row->public_key.n != JWS_ED25519_LEN))
        return wb_fail(e, WB_CORRUPT, "the row of key %s is damaged", row->kid);
    out->state = (jws_key_state)state;
    if (out->alg == JWS_ED25519)
        memcpy(out->public_key, row->public_key.p, JWS_ED25519_LEN);
    return WB_OK;
}

void keys_info_of(const jws_key *key, int64_t created_at, bool can_sign, keys_info *out)
{
    *out = (keys_info){.alg = key->alg,
                       .state = key->state,
                       .not_after = key->not_after,
                       .created_at = created_at,
                       .can_sign = can_sign};
    memcpy(out->kid, key->kid, sizeof out->kid);
    memcpy(out->tenant, key->tenant, sizeof out->tenant);
    memcpy(out->purpose, key->purpose, sizeof out->purpose);
    memcpy(out->public_key, key->public_key, sizeof out->public_key);
}

wb_status keys_event(keys *k, const char *type, const keys_info *info, const char *actor,
                     const char *reason, int64_t now, wb_error *e)
{
    char id[WB_UUID_TEXT];
    wb_buf body;
    wb_buf_init(&body, 8192);
    wb_uuid7(id);
    wb_buf_putf(&body, "{\"event\":\"%s\",\"kid\":", id);
    wb_buf_put_json(&body, wb_str_of(info->kid));
    wb_buf_putf(&body, ",\"alg\":\"%s\",\"purpose\":\"%s\",\"state\":\"%s\",\"not_after\":%lld",
                jws_alg_name(info->alg), info->purpose, STATES[info->state],
                (long long)info->not_after);
    if (info->alg == JWS_ED25519) {
        wb_buf_puts(&body, ",\"public\":\"");
        wb_buf_put_base64url(&body, info->public_key, JWS_ED25519_LEN);
        wb_buf_putc(&body, '"');
    }
    if (reason) {
        wb_buf_puts(&body, ",\"reason\":");
        wb_buf_put_json(&body, wb_str_of(reason));
    }
    wb_buf_putc(&body, '}');
    wb_status status =
        body.failed
            ? wb_fail(e, WB_LIMIT, "the reason is too long")
            : store_outbox_add(k->store,
                               &(store_outbox){.tenant = info->tenant,
                                               .id = id,
                                               .type = type,
                                               .actor = actor ? actor : "{\"id\":\"local\"}",
                                               .body = wb_buf_cstr(&body),
                                               .created_at = now},
                               e);
    wb_buf_free(&body);
    return status;
}

wb_status keys_check_spec(const keys_spec *spec, jws_alg alg, wb_error *e)
{
    if (!spec->tenant || !wb_name_valid(wb_str_of(spec->tenant)))
        return wb_fail(e, WB_INVALID, "a tenant's name has 1 to %d letters, digits, _ and -",
                       WB_NAME_MAX);
    for (size_t i = 0; spec->purpose && i < sizeof PURPOSES / sizeof PURPOSES[0]; i++) {
        if (strcmp(PURPOSES[i].name, spec->purpose) != 0)
            continue;
        if (alg && !(PURPOSES[i].algs & (unsigned)alg))
            return wb_fail(e, WB_INVALID, "keys for %s cannot be %s", spec->purpose,
                           jws_alg_name(alg));
        return WB_OK;
    }
    return wb_fail(e, WB_INVALID,
                   "there is no purpose \"%s\"; the purposes are"
#define X(name, algs, text) " " #name
                   KEYS_PURPOSES(X)
#undef X
                       ,
                   spec->purpose ? spec->purpose : "");
}

/* WB_EXISTS when a key of this purpose and algorithm is active. */
static wb_status none_active(keys *k, const keys_spec *spec, jws_alg alg, wb_error *e)
{
    store_key *rows = NULL;
    size_t n = 0;
    wb_status status =
        store_key_list(k->store, spec->tenant, spec->purpose, "active", &rows, &n, e);
    for (size_t i = 0; !status && i < n; i++)
        if (strcmp(rows[i].alg, jws_alg_name(alg)) == 0)
            status = wb_fail(e, WB_EXISTS, "key %s is active: rotate it instead", rows[i].kid);
    store_key_list_free(rows, n);
    return status;
}

wb_status keys_add(keys *k, const keys_spec *spec, const char *event, int64_t number, jws_key *key,
                   wb_error *e)
{
    unsigned char sealed[KEYS_SEALED_MAX];
    size_t n = 0;
    keys_info info;
    wb_status status = store_tenant_ensure(k->store, spec->tenant, spec->now, e);
    if (!status && key->state == JWS_ACTIVE)
        status = none_active(k, spec, key->alg, e);
    if (!status && !number)
        status = store_key_next(k->store, spec->tenant, spec->purpose, &number, e);
    if (status)
        return status;
    set_name(key->tenant, sizeof key->tenant, spec->tenant);
    set_name(key->purpose, sizeof key->purpose, spec->purpose);
    snprintf(key->kid, sizeof key->kid, "%s/%s/%lld", spec->tenant, spec->purpose,
             (long long)number);
    if (key->secret_n)
        status = keys_seal(k->master, key, sealed, &n, e);
    store_key row = {.tenant = key->tenant,
                     .kid = key->kid,
                     .purpose = key->purpose,
                     .number = number,
                     .alg = jws_alg_name(key->alg),
                     .state = STATES[key->state],
                     .not_after = key->not_after,
                     .public_key = {key->public_key, key->alg == JWS_ED25519 ? JWS_ED25519_LEN : 0},
                     .sealed = {sealed, n},
                     .created_at = spec->now,
                     .changed_at = spec->now};
    if (!status)
        status = store_key_insert(k->store, &row, e);
    keys_info_of(key, spec->now, key->secret_n > 0, &info);
    if (!status)
        status = keys_event(k, event, &info, spec->actor, NULL, spec->now, e);
    OPENSSL_cleanse(sealed, sizeof sealed);
    return status;
}

/* A fresh random secret. */
static wb_status generate(jws_alg alg, jws_key *key, wb_error *e)
{
    *key = (jws_key){.alg = alg, .secret_n = 32};
    wb_random(key->secret, 32);
    if (alg == JWS_ED25519 && !jws_ed25519_public(key->secret, key->public_key))
        return wb_fail(e, WB_CRYPTO, "making an Ed25519 key failed");
    return WB_OK;
}

static wb_status end(keys *k, wb_status status, wb_error *e)
{
    if (!status)
        return store_commit(k->store, e);
    store_rollback(k->store);
    return status;
}

static wb_status create_with(keys *k, const keys_spec *spec, jws_alg alg, const char *event,
                             keys_info *out, wb_error *e)
{
    jws_key key;
    wb_status status = keys_check_spec(spec, alg, e);
    if (!status && !alg)
        status = wb_fail(e, WB_INVALID, "the algorithm is HS256 or Ed25519");
    if (status)
        return status;
    status = generate(alg, &key, e);
    if (!status)
        status = store_begin(k->store, e);
    if (!status)
        status = end(k, keys_add(k, spec, event, 0, &key, e), e);
    if (!status && out)
        keys_info_of(&key, spec->now, true, out);
    jws_key_clear(&key);
    return status;
}

wb_status keys_create(keys *k, const keys_spec *spec, keys_info *out, wb_error *e)
{
    return create_with(k, spec, spec->alg, "key.created", out, e);
}

wb_status keys_ensure(keys *k, const keys_spec *spec, keys_info *out, wb_error *e)
{
    jws_key key;
    wb_status status = store_begin(k->store, e);
    if (status)
        return status;
    status = keys_active(k, spec->tenant, spec->purpose, spec->alg, &key, e);
    if (status == WB_NOT_FOUND)
        return end(k, keys_create(k, spec, out, e), e);
    if (!status && out)
        keys_info_of(&key, spec->now, true, out);
    jws_key_clear(&key);
    return end(k, status, e);
}

/* ---- Rotate and revoke ---- */

static wb_status rotate_one(keys *k, const keys_spec *spec, const store_key *row, keys_info *out,
                            wb_error *e)
{
    if (!row->sealed.n)
        return wb_fail(e, WB_INVALID, "key %s can only verify: its owner rotates it", row->kid);
    wb_status status = store_key_move(k->store, row->kid, "active", "previous",
                                      spec->now + KEYS_OVERLAP_MS, spec->now, e);
    return status ? status
                  : create_with(k, spec, jws_alg_of(wb_str_of(row->alg)), "key.rotated", out, e);
}

static wb_status rotate(keys *k, const keys_spec *spec, keys_info *out, size_t *count, wb_error *e)
{
    store_key *rows = NULL;
    size_t n = 0, done = 0;
    wb_status status =
        store_key_list(k->store, spec->tenant, spec->purpose, "active", &rows, &n, e);
    for (size_t i = 0; !status && i < n; i++) {
        if (spec->alg && strcmp(rows[i].alg, jws_alg_name(spec->alg)) != 0)
            continue;
        status = rotate_one(k, spec, &rows[i], out, e);
        done++;
    }
    store_key_list_free(rows, n);
    if (count)
        *count = done;
    if (!status && !done)
        status = wb_fail(e, WB_NOT_FOUND, "tenant %s has no active%s%s key for %s: create one",
                         spec->tenant, spec->alg ? " " : "",
                         spec->alg ? jws_alg_name(spec->alg) : "", spec->purpose);
    return status;
}

wb_status keys_rotate(keys *k, const keys_spec *spec, keys_info *out, size_t *count, wb_error *e)
{
    wb_status status = keys_check_spec(spec, spec->alg, e);
    if (!status)
        status = store_begin(k->store, e);
    return status ? status : end(k, rotate(k, spec, out, count, e), e);
}

static wb_status revoke(keys *k, const char *kid, const char *actor, const char *reason,
                        int64_t now, wb_error *e)
{
    store_key row = {0};
    jws_key key = {0};
    keys_info info;
    wb_status status = store_key_get(k->store, kid, &row, e);
    if (status)
        return status == WB_NOT_FOUND ? wb_fail(e, status, "there is no key \"%s\"", kid) : status;
    if (strcmp(row.state, "revoked") == 0)
        status = wb_fail(e, WB_CONFLICT, "key %s is revoked already", kid);
    if (!status)
        status = store_key_move(k->store, kid, row.state, "revoked", now, now, e);
    if (!status)
        status = keys_row(&row, &key, e);
    if (!status) {
        key.state = JWS_REVOKED;
        key.not_after = now;
        keys_info_of(&key, row.created_at, row.sealed.n > 0, &info);
        status = keys_event(k, "key.revoked", &info, actor, reason, now, e);
    }
    store_key_clear(&row);
    return status;
}

wb_status keys_revoke(keys *k, const char *kid, const char *actor, const char *reason, int64_t now,
                      wb_error *e)
{
    wb_status status = store_begin(k->store, e);
    return status ? status : end(k, revoke(k, kid, actor, reason, now, e), e);
}

/* ---- Reading ---- */

wb_status keys_list(keys *k, const char *tenant, const char *purpose, keys_info **out, size_t *n,
                    wb_error *e)
{
    store_key *rows = NULL;
    jws_key key;
    *out = NULL;
    *n = 0;
    wb_status status = store_key_list(k->store, tenant, purpose, NULL, &rows, n, e);
    if (status)
        return status;
    *out = wb_calloc(*n, sizeof **out);
    for (size_t i = 0; !status && i < *n; i++) {
        status = keys_row(&rows[i], &key, e);
        keys_info_of(&key, rows[i].created_at, rows[i].sealed.n > 0, &(*out)[i]);
    }
    store_key_list_free(rows, *n);
    if (status) {
        free(*out);
        *out = NULL;
        *n = 0;
    }
    return status;
}

wb_status keys_gen(keys *k, const char *tenant, int64_t *gen, wb_error *e)
{
    store_tenant row = {0};
    wb_status status = store_tenant_get(k->store, tenant, &row, e);
    *gen = status ? 0 : row.keys_gen;
    store_tenant_clear(&row);
    return status == WB_NOT_FOUND ? WB_OK : status;
}

wb_status keys_required(keys *k, const char *tenant, unsigned *algs, wb_error *e)
{
    store_tenant row = {0};
    wb_status status = store_tenant_get(k->store, tenant, &row, e);
    if (status)
        return status;
    *algs = 0;
    const char *p = row.required_algs;
    while (!status && *p) {
        size_t n = strcspn(p, " ");
        jws_alg alg = jws_alg_of((wb_str){p, n});
        if (!alg)
            status = wb_fail(e, WB_CORRUPT, "tenant %s requires unknown algorithms", tenant);
        *algs |= (unsigned)alg;
        p += n + (p[n] == ' ');
    }
    store_tenant_clear(&row);
    return status;
}

/* ---- Use ---- */

static wb_status open_row(keys *k, const store_key *row, jws_key *out, wb_error *e)
{
    wb_status status = keys_row(row, out, e);
    if (!status && row->sealed.n)
        status = keys_unseal(k->master, row->sealed, out, e);
    if (status)
        jws_key_clear(out);
    return status;
}

wb_status keys_active(keys *k, const char *tenant, const char *purpose, jws_alg alg, jws_key *out,
                      wb_error *e)
{
    store_key *rows = NULL;
    size_t n = 0;
    bool found = false;
    *out = (jws_key){0};
    if (!jws_alg_name(alg))
        return wb_fail(e, WB_INVALID, "the algorithm is HS256 or Ed25519");
    wb_status status = store_key_list(k->store, tenant, purpose, "active", &rows, &n, e);
    for (size_t i = 0; !status && !found && i < n; i++) {
        found = strcmp(rows[i].alg, jws_alg_name(alg)) == 0 && rows[i].sealed.n;
        if (found)
            status = open_row(k, &rows[i], out, e);
    }
    store_key_list_free(rows, n);
    if (!status && !found)
        status = wb_fail(e, WB_NOT_FOUND, "tenant %s has no active %s key for %s", tenant,
                         jws_alg_name(alg), purpose);
    return status;
}

wb_status keys_find(void *arg, wb_str kid, jws_key *out)
{
    keys *k = arg;
    store_key row = {0};
    char name[JWS_KID_MAX];
    if (kid.n >= sizeof name || memchr(kid.p, 0, kid.n))
        return WB_NOT_FOUND;
    memcpy(name, kid.p, kid.n);
    name[kid.n] = 0;
    wb_status status = store_key_get(k->store, name, &row, NULL);
    if (!status)
        status = open_row(k, &row, out, NULL);
    store_key_clear(&row);
    return status;
}

wb_status keys_sign_jws(keys *k, const char *tenant, const char *purpose, const char *typ,
                        wb_str payload, char **out, size_t *n, wb_error *e)
{
    static const jws_alg order[] = {JWS_HS256, JWS_ED25519};
    jws_key use[2];
    size_t count = 0;
    unsigned required = 0, have = 0;
    wb_status status = keys_required(k, tenant, &required, e);
    *out = NULL;
    for (size_t i = 0; !status && i < 2; i++) {
        status = keys_active(k, tenant, purpose, order[i], &use[count], e);
        if (!status) {
            count++;
            have |= (unsigned)order[i];
        } else if (status == WB_NOT_FOUND) {
            status = WB_OK;
        }
    }
    if (status == WB_NOT_FOUND || (!status && (!count || (have & required) != required)))
        status = wb_fail(e, WB_UNAVAILABLE, "tenant %s lacks an active key for %s that it requires",
                         tenant, purpose);
    if (!status)
        status = jws_sign(use, count, typ, payload, out, n, e);
    for (size_t i = 0; i < count; i++)
        jws_key_clear(&use[i]);
    return status;
}

bool keys_verify_jws(keys *k, const char *tenant, const char *purpose, const char *typ, int64_t now,
                     wb_str token, jws_result *out)
{
    jws_policy policy = {
        .tenant = tenant, .purpose = purpose, .typ = typ, .now = now, .find = keys_find, .arg = k};
    wb_status status = keys_required(k, tenant, &policy.required, NULL);
    if (status) {
        *out =
            (jws_result){.reason = status == WB_NOT_FOUND ? JWS_KEY_TENANT : JWS_KEYS_UNAVAILABLE};
        return false;
    }
    return jws_verify(&policy, token, out);
}

wb_status keys_sign_ed25519(keys *k, const char *tenant, const char *purpose, wb_str message,
                            unsigned char sig[64], wb_error *e)
{
    jws_key key;
    size_t n = 0;
    wb_status status = keys_active(k, tenant, purpose, JWS_ED25519, &key, e);
    if (!status)
        status = jws_sign_bytes(&key, message, sig, &n, e);
    jws_key_clear(&key);
    return status;
}
