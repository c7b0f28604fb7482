/* The tenant's verification keys: public ones from the gatekeeper, an HMAC key from a file. */
#include "base/base64.h"
#include "server/doer/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS_CALL_MS 5000

/* "<tenant>/<purpose>/<number>" into the key's names. */
static bool split_kid(const char *kid, jws_key *k)
{
    const char *slash = strchr(kid, '/'), *slash2 = slash ? strchr(slash + 1, '/') : NULL;
    if (!slash2 || strlen(kid) >= sizeof k->kid || (size_t)(slash - kid) >= sizeof k->tenant ||
        (size_t)(slash2 - slash - 1) >= sizeof k->purpose)
        return false;
    memcpy(k->kid, kid, strlen(kid) + 1);
    memcpy(k->tenant, kid, (size_t)(slash - kid));
    memcpy(k->purpose, slash + 1, (size_t)(slash2 - slash - 1));
    return true;
}

static bool read_jwk(const json_t *j, jws_key *k)
{
    const char *kid = json_string_value(json_object_get(j, "kid"));
    const char *kty = json_string_value(json_object_get(j, "kty"));
    const char *curve = json_string_value(json_object_get(j, "crv"));
    const char *x = json_string_value(json_object_get(j, "x"));
    const char *state = json_string_value(json_object_get(j, "writ_state"));
    unsigned char bytes[128];
    size_t n = 0;
    *k = (jws_key){.alg = JWS_ED25519};
    if (!kid || !kty || !curve || !x || strcmp(kty, "OKP") || strcmp(curve, "Ed25519") ||
        strlen(x) > 64 || !wb_base64url_decode(wb_str_of(x), bytes, &n) || n != JWS_ED25519_LEN)
        return false;
    memcpy(k->public_key, bytes, JWS_ED25519_LEN);
    k->not_after = json_integer_value(json_object_get(j, "writ_not_after"));
    /* A state that is not known counts as revoked. */
    k->state = !state || strcmp(state, "active") == 0 ? JWS_ACTIVE
               : strcmp(state, "previous") == 0       ? JWS_PREVIOUS
                                                      : JWS_REVOKED;
    return split_kid(kid, k);
}

static wb_status fetch(doer *d)
{
    char url[1024];
    doer_answer answer;
    json_t *one;
    size_t i;
    snprintf(url, sizeof url, "%s/v1/keys/jwks?tenant=%s", d->o.gatekeeper, d->o.tenant);
    doer_call call = {.url = url, .token = d->gk_token, .timeout_ms = KEYS_CALL_MS};
    doer_http(&call, &answer);
    json_t *list = json_object_get(answer.json, "keys");
    bool good = answer.status == 200 && json_is_array(list);
    if (good) {
        d->key_count = 0;
        json_array_foreach(list, i, one)
        {
            if (d->key_count < DOER_KEYS_MAX && read_jwk(one, &d->keys[d->key_count]))
                d->key_count++;
        }
        d->keys_at = wb_now_ms();
    }
    doer_answer_clear(&answer);
    return good ? WB_OK : WB_UNAVAILABLE;
}

static wb_status find_hmac(const doer *d, const char *kid, jws_key *out)
{
    if (!d->hmac.secret_n)
        return WB_NOT_FOUND;
    if (!d->hmac_any_kid && strcmp(d->hmac.kid, kid) != 0)
        return WB_NOT_FOUND;
    *out = d->hmac;
    return split_kid(kid, out) ? WB_OK : WB_NOT_FOUND;
}

wb_status doer_keys_find(void *arg, wb_str kid, jws_key *out)
{
    doer *d = arg;
    char name[JWS_KID_MAX] = "";
    if (kid.n >= sizeof name || memchr(kid.p, 0, kid.n))
        return WB_NOT_FOUND;
    memcpy(name, kid.p, kid.n);
    pthread_mutex_lock(&d->key_lock);
    int64_t age = wb_now_ms() - d->keys_at;
    wb_status status = age < 0 || age >= DOER_KEYS_MS ? fetch(d) : WB_OK;
    bool found = false;
    for (size_t i = 0; !status && !found && i < d->key_count; i++) {
        found = strcmp(d->keys[i].kid, name) == 0;
        if (found)
            *out = d->keys[i];
    }
    pthread_mutex_unlock(&d->key_lock);
    return status || found ? status : find_hmac(d, name, out);
}

/* A JWK {"kty":"oct","k","kid"?}, or the text itself as the key's bytes. */
wb_status doer_keys_open(doer *d, wb_error *e)
{
    char *text = NULL;
    d->keys = wb_calloc(DOER_KEYS_MAX, sizeof *d->keys);
    if (!d->o.hmac_key_file)
        return WB_OK;
    wb_status status = doer_secret_file(d->o.hmac_key_file, &text, e);
    if (status)
        return status;
    d->hmac = (jws_key){.alg = JWS_HS256};
    d->hmac_any_kid = true;
    if (text[0] == '{') {
        json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        const char *k = json_string_value(json_object_get(j, "k"));
        const char *kid = json_string_value(json_object_get(j, "kid"));
        if (k && strlen(k) <= JWS_SECRET_MAX)
            if (!wb_base64url_decode(wb_str_of(k), d->hmac.secret, &d->hmac.secret_n))
                d->hmac.secret_n = 0;
        if (kid) {
            d->hmac_any_kid = false;
            snprintf(d->hmac.kid, sizeof d->hmac.kid, "%s", kid);
        }
        json_decref(j);
    } else if (strlen(text) <= JWS_SECRET_MAX) {
        d->hmac.secret_n = strlen(text);
        memcpy(d->hmac.secret, text, strlen(text));
    }
    free(text);
    if (d->hmac.secret_n < JWS_SECRET_MIN)
        return wb_fail(e, WB_INVALID, "%s: an HMAC key of 32 to 256 bytes, or a JWK of kind oct",
                       d->o.hmac_key_file);
    return WB_OK;
}
