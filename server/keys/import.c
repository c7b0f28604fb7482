/* Key material from outside: raw, base64, hexadecimal, PEM, JWK. */
#include "base/base64.h"
#include "server/keys/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

bool keys_format_of(const char *name, keys_format *out)
{
    static const char *const names[] = {"raw", "base64", "hex", "pem", "jwk"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (keys_format)i;
            return true;
        }
    }
    return false;
}

/* ---- Bytes ---- */

/* Takes n secret bytes as the key: an HMAC key or an Ed25519 seed. */
static wb_status take_secret(jws_key *key, const unsigned char *p, size_t n, wb_error *e)
{
    unsigned char differs = 0;
    for (size_t i = 1; i < n; i++)
        differs |= (unsigned char)(p[i] ^ p[0]);
    if (key->alg == JWS_ED25519 && n != JWS_ED25519_LEN)
        return wb_fail(e, WB_INVALID, "an Ed25519 seed has %d bytes, this one has %zu",
                       JWS_ED25519_LEN, n);
    if (n < JWS_SECRET_MIN || n > JWS_SECRET_MAX)
        return wb_fail(e, WB_INVALID, "an HS256 key has %d to %d bytes, this one has %zu",
                       JWS_SECRET_MIN, JWS_SECRET_MAX, n);
    if (!differs)
        return wb_fail(e, WB_INVALID, "the key is one byte repeated, which is no secret");
    memcpy(key->secret, p, n);
    key->secret_n = n;
    if (key->alg == JWS_ED25519 && !jws_ed25519_public(key->secret, key->public_key))
        return wb_fail(e, WB_INVALID, "OpenSSL refuses this Ed25519 seed");
    return WB_OK;
}

static wb_str trim(wb_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    while (s.n && strchr(" \t\r\n", s.p[0]))
        s.p++, s.n--;
    return s;
}

static wb_status from_text(jws_key *key, keys_format format, wb_str text, wb_error *e)
{
    size_t n = 0;
    text = trim(text);
    unsigned char *bytes = wb_malloc(WB_BASE64_BYTES(text.n));
    bool ok =
        format == KEYS_HEX ? wb_hex_decode(text, bytes) : wb_base64_decode_loose(text, bytes, &n);
    if (format == KEYS_HEX)
        n = text.n / 2;
    wb_status status = ok ? take_secret(key, bytes, n, e)
                          : wb_fail(e, WB_INVALID, "the material is not %s",
                                    format == KEYS_HEX ? "hexadecimal digits in pairs" : "base64");
    OPENSSL_cleanse(bytes, WB_BASE64_BYTES(text.n));
    free(bytes);
    return status;
}

/* ---- PEM ---- */

/* An encrypted file must fail, not ask the terminal. */
static int no_password(char *to, int n, int writing, void *arg)
{
    return -1;
}

static wb_status from_pem(jws_key *key, wb_str pem, wb_error *e)
{
    unsigned char seed[JWS_ED25519_LEN];
    size_t n = sizeof seed, public_n = JWS_ED25519_LEN;
    BIO *in = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
    bool private_key = pkey != NULL;
    if (!pkey) {
        BIO_free(in);
        in = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
        pkey = PEM_read_bio_PUBKEY(in, NULL, no_password, NULL);
    }
    BIO_free(in);
    wb_status status = WB_OK;
    if (!pkey)
        status = wb_fail(e, WB_INVALID,
                         "the material is no PEM key (or one with a password: remove it first)");
    else if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519)
        status = wb_fail(e, WB_INVALID, "the PEM key is no Ed25519 key");
    else if (!private_key)
        status = EVP_PKEY_get_raw_public_key(pkey, key->public_key, &public_n) == 1
                     ? WB_OK
                     : wb_fail(e, WB_INVALID, "the PEM key has no public key");
    else
        status = EVP_PKEY_get_raw_private_key(pkey, seed, &n) == 1
                     ? take_secret(key, seed, n, e)
                     : wb_fail(e, WB_INVALID, "the PEM key has no seed");
    OPENSSL_cleanse(seed, sizeof seed);
    EVP_PKEY_free(pkey);
    return status;
}

/* ---- JWK (RFC 7517, 7518, 8037) ---- */

static wb_status jwk_bytes(const json_t *jwk, const char *name, unsigned char *to, size_t room,
                           size_t *n, wb_error *e)
{
    const json_t *j = json_object_get(jwk, name);
    if (!json_is_string(j))
        return wb_fail(e, WB_INVALID, "the JWK has no \"%s\"", name);
    wb_str text = {json_string_value(j), json_string_length(j)};
    if (WB_BASE64_BYTES(text.n) > room)
        return wb_fail(e, WB_INVALID, "the JWK's \"%s\" is too long", name);
    if (!wb_base64url_decode(text, to, n))
        return wb_fail(e, WB_INVALID, "the JWK's \"%s\" is not base64url", name);
    return WB_OK;
}

static const char *jwk_text(const json_t *jwk, const char *name)
{
    const char *z = json_string_value(json_object_get(jwk, name));
    return z ? z : "";
}

static wb_status from_okp(jws_key *key, const json_t *jwk, wb_error *e)
{
    unsigned char x[64], d[64];
    size_t x_n = 0, d_n = 0;
    if (strcmp(jwk_text(jwk, "crv"), "Ed25519") != 0)
        return wb_fail(e, WB_INVALID, "the JWK's curve is \"%s\", wanted Ed25519",
                       jwk_text(jwk, "crv"));
    wb_status status = jwk_bytes(jwk, "x", x, sizeof x, &x_n, e);
    if (!status && x_n != JWS_ED25519_LEN)
        status = wb_fail(e, WB_INVALID, "the JWK's \"x\" has %zu bytes, wanted 32", x_n);
    if (status)
        return status;
    memcpy(key->public_key, x, JWS_ED25519_LEN);
    if (!json_object_get(jwk, "d"))
        return WB_OK;
    status = jwk_bytes(jwk, "d", d, sizeof d, &d_n, e);
    if (!status)
        status = take_secret(key, d, d_n, e);
    if (!status && memcmp(key->public_key, x, JWS_ED25519_LEN) != 0)
        status = wb_fail(e, WB_INVALID, "the JWK's \"x\" is not the public key of its \"d\"");
    OPENSSL_cleanse(d, sizeof d);
    return status;
}

static wb_status from_jwk(jws_key *key, const json_t *jwk, wb_error *e)
{
    unsigned char k[JWS_SECRET_MAX * 2];
    size_t n = 0;
    const char *kty = jwk_text(jwk, "kty"), *alg = jwk_text(jwk, "alg");
    jws_alg is = strcmp(kty, "oct") == 0   ? JWS_HS256
                 : strcmp(kty, "OKP") == 0 ? JWS_ED25519
                                           : (jws_alg)0;
    if (!is)
        return wb_fail(e, WB_INVALID, "the JWK's \"kty\" is \"%s\", wanted oct or OKP", kty);
    if (*alg && jws_alg_of(wb_str_of(alg)) != is)
        return wb_fail(e, WB_INVALID, "the JWK's \"alg\" %s does not fit its \"kty\" %s", alg, kty);
    if (key->alg && key->alg != is)
        return wb_fail(e, WB_INVALID, "the JWK is no %s key", jws_alg_name(key->alg));
    key->alg = is;
    if (is == JWS_ED25519)
        return from_okp(key, jwk, e);
    wb_status status = jwk_bytes(jwk, "k", k, sizeof k, &n, e);
    if (!status)
        status = take_secret(key, k, n, e);
    OPENSSL_cleanse(k, sizeof k);
    return status;
}

/* State and end of a key in a set that another writ exported. */
static wb_status jwk_state(jws_key *key, const json_t *jwk, wb_error *e)
{
    const char *name = jwk_text(jwk, "writ_state");
    key->not_after = json_integer_value(json_object_get(jwk, "writ_not_after"));
    for (int i = JWS_ACTIVE; i <= JWS_REVOKED && *name; i++) {
        if (strcmp(name, keys_state_name((jws_key_state)i)) == 0) {
            key->state = (jws_key_state)i;
            return WB_OK;
        }
    }
    return *name ? wb_fail(e, WB_INVALID, "the JWK's state \"%s\" is unknown", name) : WB_OK;
}

/* ---- Storing ---- */

/* The number of a kid that must be "<tenant>/<purpose>/<number>". */
static wb_status number_of(const keys_spec *spec, const char *kid, int64_t *number, wb_error *e)
{
    size_t t = strlen(spec->tenant), p = strlen(spec->purpose), digits = 0;
    bool ok = strncmp(kid, spec->tenant, t) == 0 && kid[t] == '/' &&
              strncmp(kid + t + 1, spec->purpose, p) == 0 && kid[t + 1 + p] == '/';
    const char *z = ok ? kid + t + p + 2 : "";
    *number = 0;
    for (; z[digits] >= '0' && z[digits] <= '9' && digits < 10; digits++)
        *number = *number * 10 + (z[digits] - '0');
    if (!digits || z[digits] || *z == '0')
        return wb_fail(e, WB_INVALID, "key id \"%s\" is not %s/%s/<number>", kid, spec->tenant,
                       spec->purpose);
    return WB_OK;
}

/* A key that is there already: the same public key may only grow older. */
static wb_status refresh(keys *k, const keys_spec *spec, const char *kid, jws_key *key, wb_error *e)
{
    store_key row = {0};
    jws_key has = {0};
    wb_status status = store_key_get(k->store, kid, &row, e);
    if (status)
        return status;
    status = keys_row(&row, &has, e);
    if (!status && (key->secret_n || has.alg != key->alg ||
                    memcmp(has.public_key, key->public_key, JWS_ED25519_LEN) != 0))
        status = wb_fail(e, WB_EXISTS, "key %s is there already, and is another one", kid);
    if (!status && key->state > has.state)
        status = store_key_move(k->store, kid, row.state, keys_state_name(key->state),
                                key->not_after, spec->now, e);
    if (!status && key->state < has.state)
        key->state = has.state;
    memcpy(key->kid, has.kid, sizeof key->kid);
    memcpy(key->tenant, has.tenant, sizeof key->tenant);
    memcpy(key->purpose, has.purpose, sizeof key->purpose);
    store_key_clear(&row);
    return status;
}

static wb_status store_imported(keys *k, const keys_spec *spec, const char *kid, jws_key *key,
                                keys_info *out, wb_error *e)
{
    int64_t number = 0;
    wb_status status = keys_check_spec(spec, key->alg, e);
    if (!status && kid)
        status = number_of(spec, kid, &number, e);
    if (!status && !kid && !key->secret_n)
        status = wb_fail(e, WB_INVALID, "a public key needs the key id its signer uses");
    if (status)
        return status;
    if (kid) {
        status = refresh(k, spec, kid, key, e);
        if (status != WB_NOT_FOUND) {
            keys_info_of(key, spec->now, false, out);
            return status;
        }
    }
    status = keys_add(k, spec, "key.imported", number, key, e);
    keys_info_of(key, spec->now, key->secret_n > 0, out);
    return status;
}

/* The purpose in the middle of a kid of ours. */
static void purpose_of(const char *kid, char *to, size_t room)
{
    const char *slash = kid ? strchr(kid, '/') : NULL;
    size_t n = slash ? strcspn(slash + 1, "/") : 0;
    if (n && n < room) {
        memcpy(to, slash + 1, n);
        to[n] = 0;
    }
}

static wb_status import_jwk(keys *k, const keys_spec *given, const json_t *jwk, keys_info *out,
                            wb_error *e)
{
    keys_spec in = *given, *spec = &in;
    char purpose[17] = "decision";
    if (!in.purpose) {
        purpose_of(in.kid ? in.kid : jwk_text(jwk, "kid"), purpose, sizeof purpose);
        in.purpose = purpose;
    }
    jws_key key = {.alg = spec->alg};
    const char *kid = spec->kid ? spec->kid : json_string_value(json_object_get(jwk, "kid"));
    int64_t number;
    wb_status status = from_jwk(&key, jwk, e);
    if (!status)
        status = jwk_state(&key, jwk, e);
    /* A secret key's foreign name is nothing to us; a public key is known by its name alone. */
    if (!status && kid && !spec->kid && key.secret_n && number_of(spec, kid, &number, NULL))
        kid = NULL;
    if (!status)
        status = store_imported(k, spec, kid, &key, out, e);
    jws_key_clear(&key);
    return status;
}

static wb_status import_jwks(keys *k, const keys_spec *spec, wb_str text, keys_info *out,
                             size_t *count, wb_error *e)
{
    json_error_t problem;
    json_t *j = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &problem);
    const json_t *set = json_object_get(j, "keys");
    wb_status status = WB_OK;
    if (!json_is_object(j)) {
        status = wb_fail(e, WB_INVALID, "the material is no JWK: %s",
                         j ? "not an object" : problem.text);
    } else if (!set) {
        status = import_jwk(k, spec, j, out, e);
        *count = 1;
    } else {
        size_t n = json_array_size(set);
        if (n == 0 || (spec->kid && n > 1))
            status = wb_fail(e, WB_INVALID, "the JWK set has %zu keys", n);
        /* Those that age come first, so that the new active key finds its place free. */
        for (int pass = 0; !status && pass < 2; pass++) {
            for (size_t i = 0; !status && i < n; i++) {
                const json_t *jwk = json_array_get(set, i);
                const char *state = jwk_text(jwk, "writ_state");
                bool active = !*state || strcmp(state, "active") == 0;
                if (active == (pass == 1))
                    status = import_jwk(k, spec, jwk, out, e);
            }
        }
        *count = n;
    }
    json_decref(j);
    return status;
}

static wb_status import(keys *k, const keys_spec *spec, keys_format format, wb_str material,
                        keys_info *out, size_t *count, wb_error *e)
{
    if (format == KEYS_JWK)
        return import_jwks(k, spec, material, out, count, e);
    jws_key key = {.alg = format == KEYS_PEM ? JWS_ED25519 : spec->alg};
    wb_status status = WB_OK;
    if (!key.alg)
        status = wb_fail(e, WB_INVALID, "say which algorithm the key is for: HS256 or Ed25519");
    else if (format == KEYS_PEM && spec->alg == JWS_HS256)
        status = wb_fail(e, WB_INVALID, "a PEM file holds no HS256 key");
    else if (format == KEYS_PEM)
        status = from_pem(&key, material, e);
    else if (format == KEYS_RAW)
        status = take_secret(&key, (const unsigned char *)material.p, material.n, e);
    else
        status = from_text(&key, format, material, e);
    if (!status)
        status = store_imported(k, spec, spec->kid, &key, out, e);
    *count = 1;
    jws_key_clear(&key);
    return status;
}

wb_status keys_import(keys *k, const keys_spec *spec, keys_format format, wb_str material,
                      keys_info *out, size_t *count, wb_error *e)
{
    keys_info info;
    size_t n;
    keys_spec named = *spec;
    if (!named.purpose)
        named.purpose = "decision";
    wb_status status = keys_check_spec(&named, spec->alg, e);
    if (!status && material.n > KEYS_IMPORT_MAX)
        status = wb_fail(e, WB_LIMIT, "a key file has at most %zu bytes", KEYS_IMPORT_MAX);
    if (!status && material.n == 0)
        status = wb_fail(e, WB_INVALID, "the key file is empty");
    if (!status)
        status = store_begin(k->store, e);
    if (status)
        return status;
    status = import(k, format == KEYS_JWK ? spec : &named, format, material, out ? out : &info,
                    count ? count : &n, e);
    if (!status)
        return store_commit(k->store, e);
    store_rollback(k->store);
    return status;
}
