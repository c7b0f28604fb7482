/* Public keys as a JWK set and as PEM. */
#include "base/base64.h"
#include "server/keys/keys.h"
#include "server/keys/seal.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define SET_MAX                                                                                    \
    ((size_t)1 << 20) /* bytes of a set: STORE_LIST_MAX keys of less than a kilobyte               \
                       */

static void put_jwk(wb_buf *b, const keys_info *key)
{
    wb_buf_puts(b, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"Ed25519\",\"use\":\"sig\","
                   "\"kid\":");
    wb_buf_put_json(b, wb_str_of(key->kid));
    wb_buf_puts(b, ",\"x\":\"");
    wb_buf_put_base64url(b, key->public_key, JWS_ED25519_LEN);
    wb_buf_putf(b, "\",\"writ_state\":\"%s\",\"writ_not_after\":%lld}", keys_state_name(key->state),
                (long long)key->not_after);
}

wb_status keys_export_jwks(keys *k, const char *tenant, const char *purpose, char **out,
                           wb_error *e)
{
    keys_info *all = NULL;
    size_t n = 0, put = 0;
    wb_buf b;
    *out = NULL;
    wb_status status = keys_list(k, tenant, purpose, &all, &n, e);
    if (status)
        return status;
    wb_buf_init(&b, SET_MAX);
    wb_buf_puts(&b, "{\"keys\":[");
    for (size_t i = 0; i < n; i++) {
        if (all[i].alg != JWS_ED25519)
            continue;
        if (put++)
            wb_buf_putc(&b, ',');
        put_jwk(&b, &all[i]);
    }
    wb_buf_puts(&b, "]}");
    if (b.failed)
        status = wb_fail(e, WB_LIMIT, "too many keys for one set");
    else
        *out = wb_buf_detach(&b, &n);
    wb_buf_free(&b);
    free(all);
    return status;
}

wb_status keys_export_pem(keys *k, const char *kid, char **out, wb_error *e)
{
    store_key row = {0};
    jws_key key = {0};
    char *text = NULL;
    *out = NULL;
    wb_status status = store_key_get(k->store, kid, &row, e);
    if (status == WB_NOT_FOUND)
        return wb_fail(e, status, "there is no key \"%s\"", kid);
    if (!status)
        status = keys_row(&row, &key, e);
    store_key_clear(&row);
    if (!status && key.alg != JWS_ED25519)
        status = wb_fail(e, WB_DENIED, "key %s is a shared secret: it has no public part", kid);
    if (status)
        return status;
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.public_key, JWS_ED25519_LEN);
    if (bio && pkey && PEM_write_bio_PUBKEY(bio, pkey) == 1) {
        long n = BIO_get_mem_data(bio, &text);
        *out = wb_strndup(text, (size_t)n);
    } else {
        status = wb_fail(e, WB_CRYPTO, "writing key %s as PEM failed", kid);
    }
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return status;
}
