/* Algorithms, and making a token. */
#include "server/keys/jws.h"
#include "base/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const char *const REASONS[] = {
#define X(name, text) [JWS_##name] = text,
    JWS_REASONS(X)
#undef X
};

const char *jws_reason_text(jws_reason reason)
{
    return (unsigned)reason < JWS_REASON_COUNT ? REASONS[reason] : "unknown";
}

const char *jws_alg_name(jws_alg alg)
{
    return alg == JWS_HS256 ? "HS256" : alg == JWS_ED25519 ? "Ed25519" : NULL;
}

jws_alg jws_alg_of(wb_str name)
{
    if (wb_str_is(name, "HS256"))
        return JWS_HS256;
    return wb_str_is(name, "Ed25519") || wb_str_is(name, "EdDSA") ? JWS_ED25519 : (jws_alg)0;
}

void jws_key_clear(jws_key *k)
{
    OPENSSL_cleanse(k, sizeof *k);
}

bool jws_ed25519_public(const unsigned char seed[JWS_ED25519_LEN],
                        unsigned char public_key[JWS_ED25519_LEN])
{
    size_t n = JWS_ED25519_LEN;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, JWS_ED25519_LEN);
    bool ok = pkey && EVP_PKEY_get_raw_public_key(pkey, public_key, &n) == 1;
    EVP_PKEY_free(pkey);
    return ok;
}

static bool mac(const jws_key *key, wb_str message, unsigned char out[32])
{
    unsigned int n = 32;
    return key->secret_n >= JWS_SECRET_MIN &&
           HMAC(EVP_sha256(), key->secret, (int)key->secret_n,
                (const unsigned char *)(message.n ? message.p : ""), message.n, out, &n);
}

static bool ed25519_sign(const jws_key *key, wb_str message, unsigned char out[64])
{
    size_t n = 64;
    EVP_PKEY *pkey =
        key->secret_n == JWS_ED25519_LEN
            ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret, JWS_ED25519_LEN)
            : NULL;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = pkey && c && EVP_DigestSignInit(c, NULL, NULL, NULL, pkey) == 1 &&
              EVP_DigestSign(c, out, &n, (const unsigned char *)(message.n ? message.p : ""),
                             message.n) == 1 &&
              n == 64;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(pkey);
    return ok;
}

static bool ed25519_verify(const jws_key *key, wb_str message, wb_str sig)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key, JWS_ED25519_LEN);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = sig.n == 64 && pkey && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, pkey) == 1 &&
              EVP_DigestVerify(c, (const unsigned char *)sig.p, sig.n,
                               (const unsigned char *)(message.n ? message.p : ""), message.n) == 1;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(pkey);
    return ok;
}

wb_status jws_sign_bytes(const jws_key *key, wb_str message, unsigned char *sig, size_t *n,
                         wb_error *e)
{
    bool ok = false;
    if (key->alg == JWS_HS256) {
        ok = mac(key, message, sig);
        *n = 32;
    } else if (key->alg == JWS_ED25519) {
        ok = ed25519_sign(key, message, sig);
        *n = 64;
    }
    return ok ? WB_OK : wb_fail(e, WB_INVALID, "key %s cannot sign", key->kid);
}

bool jws_verify_bytes(const jws_key *key, wb_str message, wb_str sig)
{
    if (key->alg == JWS_HS256) {
        unsigned char expected[32];
        return mac(key, message, expected) && sig.n == sizeof expected &&
               CRYPTO_memcmp(expected, sig.p, sizeof expected) == 0;
    }
    return key->alg == JWS_ED25519 && ed25519_verify(key, message, sig);
}

/* ---- Making a token ---- */

/* Puts "<protected>" and "<signature>" of one key into the two buffers. */
static wb_status sign_one(const jws_key *key, const char *typ, wb_str payload64, wb_buf *protected,
                          wb_buf *signature, wb_error *e)
{
    unsigned char sig[JWS_SIGNATURE_MAX];
    size_t n = 0;
    wb_buf header, input;
    wb_buf_init(&header, JWS_TOKEN_MAX);
    wb_buf_init(&input, JWS_TOKEN_MAX * 2);
    wb_buf_putf(&header, "{\"alg\":\"%s\",\"kid\":", jws_alg_name(key->alg));
    wb_buf_put_json(&header, wb_str_of(key->kid));
    wb_buf_puts(&header, ",\"typ\":");
    wb_buf_put_json(&header, wb_str_of(typ));
    wb_buf_putc(&header, '}');
    wb_buf_put_base64url(protected, header.p, header.n);
    wb_buf_put_str(&input, wb_buf_str(protected));
    wb_buf_putc(&input, '.');
    wb_buf_put_str(&input, payload64);
    wb_status status = input.failed || header.failed
                           ? wb_fail(e, WB_LIMIT, "the token is too large")
                           : jws_sign_bytes(key, wb_buf_str(&input), sig, &n, e);
    if (!status)
        wb_buf_put_base64url(signature, sig, n);
    wb_buf_free(&header);
    wb_buf_free(&input);
    return status;
}

static wb_status check_keys(const jws_key *keys, size_t count, wb_error *e)
{
    if (count < 1 || count > JWS_SIGNATURES_MAX)
        return wb_fail(e, WB_INVALID, "a token has 1 to %d signatures, not %zu", JWS_SIGNATURES_MAX,
                       count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(keys[i].kid, keys[j].kid) == 0)
                return wb_fail(e, WB_INVALID, "key %s was given twice", keys[i].kid);
    return WB_OK;
}

wb_status jws_sign(const jws_key *keys, size_t count, const char *typ, wb_str payload, char **out,
                   size_t *n, wb_error *e)
{
    wb_status status = check_keys(keys, count, e);
    wb_buf token, payload64;
    *out = NULL;
    wb_buf_init(&token, JWS_TOKEN_MAX);
    wb_buf_init(&payload64, JWS_TOKEN_MAX);
    wb_buf_put_base64url(&payload64, payload.p, payload.n);
    if (!status && payload64.failed)
        status = wb_fail(e, WB_LIMIT, "the token would pass %zu bytes", JWS_TOKEN_MAX);
    if (count > 1) {
        wb_buf_puts(&token, "{\"payload\":\"");
        wb_buf_put_str(&token, wb_buf_str(&payload64));
        wb_buf_puts(&token, "\",\"signatures\":[");
    }
    for (size_t i = 0; !status && i < count; i++) {
        wb_buf protected, signature;
        wb_buf_init(&protected, JWS_TOKEN_MAX);
        wb_buf_init(&signature, JWS_TOKEN_MAX);
        status = sign_one(&keys[i], typ, wb_buf_str(&payload64), &protected, &signature, e);
        if (count > 1)
            wb_buf_putf(&token, "%s{\"protected\":\"%s\",\"signature\":\"%s\"}", i ? "," : "",
                        wb_buf_cstr(&protected), wb_buf_cstr(&signature));
        else
            wb_buf_putf(&token, "%s.%s.%s", wb_buf_cstr(&protected), wb_buf_cstr(&payload64),
                        wb_buf_cstr(&signature));
        wb_buf_free(&protected);
        wb_buf_free(&signature);
    }
    if (count > 1)
        wb_buf_puts(&token, "]}");
    if (!status && token.failed)
        status = wb_fail(e, WB_LIMIT, "the token would pass %zu bytes", JWS_TOKEN_MAX);
    if (!status)
        *out = wb_buf_detach(&token, n);
    wb_buf_free(&token);
    wb_buf_free(&payload64);
    return status;
}
