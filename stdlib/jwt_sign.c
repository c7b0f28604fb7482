/* Making and checking the signatures of tokens, over OpenSSL. */
#include "stdlib/jwt_sign.h"

#include "stdlib/args.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

/* Smaller RSA keys are insecure and verify nothing; nor does a public exponent of 1, which anyone's
 * signature fits, or one of more than 31 bits. */
#define RSA_BITS_MIN 1024
#define RSA_E_MAX    0x7fffffffu

static const ws_jws_alg algs[] = {
    {"RS256", WS_JWS_RSA, EVP_sha256},  {"RS384", WS_JWS_RSA, EVP_sha384},
    {"RS512", WS_JWS_RSA, EVP_sha512},  {"PS256", WS_JWS_PSS, EVP_sha256},
    {"PS384", WS_JWS_PSS, EVP_sha384},  {"PS512", WS_JWS_PSS, EVP_sha512},
    {"ES256", WS_JWS_EC, EVP_sha256},   {"ES384", WS_JWS_EC, EVP_sha384},
    {"ES512", WS_JWS_EC, EVP_sha512},   {"HS256", WS_JWS_HMAC, EVP_sha256},
    {"HS384", WS_JWS_HMAC, EVP_sha384}, {"HS512", WS_JWS_HMAC, EVP_sha512},
    {"EdDSA", WS_JWS_EDDSA, NULL}};

const ws_jws_alg *ws_jws_find(wb_str name)
{
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        if (wb_str_is(name, algs[i].name))
            return &algs[i];
    return NULL;
}

bool ws_jws_verify_secret(const ws_jws_alg *alg, wb_str secret, wb_str message, wb_str signature)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n;
    if (alg->family != WS_JWS_HMAC || secret.n > WV_LEN_MAX ||
        !HMAC(alg->md(), secret.n ? secret.p : "", (int)secret.n, (const unsigned char *)message.p,
              message.n, mac, &n))
        return false;
    bool same = signature.n == n && CRYPTO_memcmp(signature.p, mac, n) == 0;
    OPENSSL_cleanse(mac, sizeof mac);
    return same;
}

static bool padding(EVP_PKEY_CTX *ctx, const ws_jws_alg *alg, int salt)
{
    if (alg->family == WS_JWS_RSA)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
    if (alg->family == WS_JWS_PSS)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) > 0;
    return true;
}

static bool verify_message(const ws_jws_alg *alg, EVP_PKEY *pkey, wb_str message, wb_str signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    bool ok = ctx && EVP_DigestVerifyInit(ctx, &pctx, alg->md ? alg->md() : NULL, NULL, pkey) > 0 &&
              padding(pctx, alg, RSA_PSS_SALTLEN_AUTO) &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                               (const unsigned char *)message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static size_t coordinate_bytes(const EVP_PKEY *pkey)
{
    return ((size_t)EVP_PKEY_get_bits(pkey) + 7) / 8;
}

/* Signatures of tokens are r and s side by side; OpenSSL wants them in DER. */
static bool verify_ec(const ws_jws_alg *alg, EVP_PKEY *pkey, bool exact, wb_str message,
                      wb_str signature)
{
    size_t half = signature.n / 2;
    if (signature.n > 1024 || (exact && signature.n != 2 * coordinate_bytes(pkey)))
        return false;
    const unsigned char *p = (const unsigned char *)signature.p;
    unsigned char *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(p + half, (int)(signature.n - half), NULL);
    bool ok = false;
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
        r = s = NULL;
        int n = i2d_ECDSA_SIG(sig, &der);
        ok = n > 0 && verify_message(alg, pkey, message, wb_str_n(der, (size_t)n));
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    OPENSSL_free(der);
    return ok;
}

static bool verifies_rsa(const EVP_PKEY *pkey)
{
    BIGNUM *n = NULL, *e = NULL;
    bool ok = pkey && EVP_PKEY_get_bits(pkey) >= RSA_BITS_MIN &&
              EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) > 0 &&
              EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) > 0 && BN_is_odd(n) &&
              BN_is_odd(e) && !BN_is_one(e) && BN_get_word(e) <= RSA_E_MAX;
    BN_free(n);
    BN_free(e);
    return ok;
}

bool ws_jws_verify(const ws_jws_alg *alg, const ws_key *key, bool exact, wb_str message,
                   wb_str signature)
{
    if (key->is_private && key->kind != WS_KEY_OCT && !exact)
        return false;
    switch (alg->family) {
    case WS_JWS_HMAC:
        return exact && key->kind == WS_KEY_OCT && key->n &&
               ws_jws_verify_secret(alg, wb_str_n(key->bytes, key->n), message, signature);
    case WS_JWS_RSA:
    case WS_JWS_PSS:
        return key->kind == WS_KEY_RSA && verifies_rsa(key->pkey) &&
               verify_message(alg, key->pkey, message, signature);
    case WS_JWS_EC:
        return key->kind == WS_KEY_EC && verify_ec(alg, key->pkey, exact, message, signature);
    case WS_JWS_EDDSA:
        return key->kind == WS_KEY_ED25519 && verify_message(alg, key->pkey, message, signature);
    }
    return false;
}

static bool pack_ec(const EVP_PKEY *pkey, unsigned char **signature, size_t *n)
{
    size_t w = coordinate_bytes(pkey);
    const unsigned char *p = *signature;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)*n);
    unsigned char *out = OPENSSL_malloc(2 * w);
    bool ok = sig && out && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)w) > 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + w, (int)w) > 0;
    ECDSA_SIG_free(sig);
    if (!ok) {
        OPENSSL_free(out);
        return false;
    }
    OPENSSL_free(*signature);
    *signature = out;
    *n = 2 * w;
    return true;
}

/* OPA's library takes an Ed25519 key for the bytes it is made of: a public key, or the seed with
 * the public key behind it. */
#define ED25519_BYTES 32

static size_t bytes_of(const ws_key *key, unsigned char bytes[2 * ED25519_BYTES])
{
    size_t n = ED25519_BYTES, front = key->is_private ? ED25519_BYTES : 0;
    if (!key->pkey || !EVP_PKEY_get_raw_public_key(key->pkey, bytes + front, &n) ||
        (front && !EVP_PKEY_get_raw_private_key(key->pkey, bytes, &n)))
        return 0;
    return front + ED25519_BYTES;
}

static bool sign_mac(ws_ctx *cx, const ws_jws_alg *alg, const ws_key *key, wb_str message,
                     unsigned char **signature, size_t *n)
{
    unsigned len;
    unsigned char raw[2 * ED25519_BYTES];
    const unsigned char *secret = key->bytes;
    size_t size = key->n;
    if (key->kind == WS_KEY_ED25519) {
        secret = raw;
        size = bytes_of(key, raw);
    }
    if (!size) {
        ws_fail(cx, "dsig.Sign: dsig.toHMACKey: missing key while signing payload");
        return false;
    }
    *signature = OPENSSL_malloc(EVP_MAX_MD_SIZE);
    bool ok = *signature && HMAC(alg->md(), secret, (int)size, (const unsigned char *)message.p,
                                 message.n, *signature, &len);
    OPENSSL_cleanse(raw, sizeof raw);
    if (!ok) {
        ws_fail(cx, "digest is not available");
        return false;
    }
    *n = len;
    return true;
}

static const char *type_of(const ws_key *key)
{
    switch (key->kind) {
    case WS_KEY_RSA: return key->is_private ? "*jwk.rsaPrivateKey" : "*jwk.rsaPublicKey";
    case WS_KEY_EC: return key->is_private ? "*jwk.ecdsaPrivateKey" : "*jwk.ecdsaPublicKey";
    case WS_KEY_OCT: return "*jwk.symmetricKey";
    default: return key->is_private ? "*jwk.okpPrivateKey" : "*jwk.okpPublicKey";
    }
}

static bool fits(ws_ctx *cx, const ws_jws_alg *alg, const ws_key *key)
{
    static const struct {
        ws_key_kind kind;
        const char *want, *made;
    } wants[] = {[WS_JWS_HMAC] = {WS_KEY_OCT, "[]byte", "keyconv: failed to produce []byte"},
                 [WS_JWS_RSA] = {WS_KEY_RSA, "*rsa.PrivateKey", "failed to produce rsa.PrivateKey"},
                 [WS_JWS_PSS] = {WS_KEY_RSA, "*rsa.PrivateKey", "failed to produce rsa.PrivateKey"},
                 [WS_JWS_EC] = {WS_KEY_EC, "*ecdsa.PrivateKey",
                                "keyconv: failed to produce ecdsa.PrivateKey"},
                 [WS_JWS_EDDSA] = {WS_KEY_ED25519, "ed25519.PrivateKey",
                                   "failed to produce ed25519.PrivateKey"}};
    bool bytes = alg->family == WS_JWS_HMAC && key->kind == WS_KEY_ED25519;
    bool okp = (bytes || (key->kind == WS_KEY_OTHER &&
                          (alg->family == WS_JWS_EDDSA || alg->family == WS_JWS_HMAC))) &&
               key->fault[0];
    bool right = bytes || ((key->kind == wants[alg->family].kind || okp) && key->is_private);
    if (right && !key->fault[0]) {
        if (key->unsound[0])
            ws_fail(cx, "%s", key->unsound);
        return !key->unsound[0];
    }
    ws_fail(cx, "jwsbb.Sign: invalid key type %s. %s is required: %s from %s: jwk.Export: %s%s%s",
            type_of(key), wants[alg->family].want, wants[alg->family].made, type_of(key),
            right ? "failed to export jwk.Key to raw format: "
                  : "no suitable exporter found for key type '",
            right ? key->fault : type_of(key), right ? "" : "'");
    return false;
}

bool ws_jws_sign(ws_ctx *cx, const ws_jws_alg *alg, const ws_key *key, wb_str message,
                 unsigned char **signature, size_t *n)
{
    if (!fits(cx, alg, key))
        return false;
    if (alg->family == WS_JWS_HMAC)
        return sign_mac(cx, alg, key, message, signature, n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    bool ok = ctx &&
              EVP_DigestSignInit(ctx, &pctx, alg->md ? alg->md() : NULL, NULL, key->pkey) > 0 &&
              padding(pctx, alg, RSA_PSS_SALTLEN_DIGEST) &&
              EVP_DigestSign(ctx, NULL, n, (const unsigned char *)message.p, message.n) > 0 &&
              (*signature = OPENSSL_malloc(*n)) != NULL &&
              EVP_DigestSign(ctx, *signature, n, (const unsigned char *)message.p, message.n) > 0;
    EVP_MD_CTX_free(ctx);
    ok = ok && (alg->family != WS_JWS_EC || pack_ec(key->pkey, signature, n));
    if (!ok)
        ws_fail(cx, "dsig.Sign: the key cannot sign with %s", alg->name);
    return ok;
}
