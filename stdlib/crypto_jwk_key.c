/* OpenSSL keys from the numbers of a JWK, and what Go's libraries find wrong with them. */
#include "stdlib/crypto_jwk.h"

#include "base/error.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <stdio.h>
#include <stdlib.h>

static void find(char fault[WS_KEY_FAULT_MAX], const char *text)
{
    snprintf(fault, WS_KEY_FAULT_MAX, "%s", text);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld, bool is_private)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          params) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

/* ---- RSA ---- */

/* Moduli beyond this sign and verify nothing: doing so is an attack on our time. */
#define RSA_BYTES_MAX 2048
#define RSA_BITS_MIN  1024

/* A number and the numbers made of it; all wiped by BN_CTX_end's secure context. */
typedef struct rsa_numbers {
    BN_CTX *ctx;
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
} rsa_numbers;

static BIGNUM *read_number(BN_CTX *ctx, const ws_octets *o)
{
    BIGNUM *b = BN_CTX_get(ctx);
    if (!b || !BN_bin2bn(o->p, (int)o->n, b))
        wb_fatal("out of memory");
    return b;
}

static BIGNUM *room(BN_CTX *ctx)
{
    BIGNUM *b = BN_CTX_get(ctx);
    if (!b)
        wb_fatal("out of memory");
    return b;
}

/* Why x is not below the modulus m, or NULL; numbers of more words than m's are told apart. */
static const char *not_below(const BIGNUM *x, const BIGNUM *m)
{
    if (BN_cmp(x, m) < 0)
        return NULL;
    int words = (BN_num_bits(m) + 63) / 64;
    return BN_num_bits(x) > 64 * words ? "input overflows the modulus size"
                                       : "input overflows the modulus";
}

static bool no_modulus(const BIGNUM *m)
{
    return BN_is_zero(m) || BN_is_one(m);
}

/* Whether e times the exponent is 1 modulo the prime less one; it must be below that. */
static bool inverse(rsa_numbers *r, const BIGNUM *exponent, const BIGNUM *less_one)
{
    BIGNUM *product = room(r->ctx);
    return BN_cmp(exponent, less_one) < 0 &&
           BN_mod_mul(product, r->e, exponent, less_one, r->ctx) && BN_is_one(product);
}

/* The exponents and the coefficient of the primes, against d, e and each other. */
static const char *check_parts(rsa_numbers *r, bool given)
{
    BN_CTX *ctx = r->ctx;
    BIGNUM *p1 = room(ctx), *q1 = room(ctx), *t = room(ctx);
    if (!BN_sub(p1, r->p, BN_value_one()) || !BN_sub(q1, r->q, BN_value_one()))
        return "out of memory";
    if (!given && (!BN_mod(r->dp, r->d, p1, ctx) || !BN_mod(r->dq, r->d, q1, ctx)))
        return "modulus must be > 1";
    if (!inverse(r, r->dp, p1) || !inverse(r, r->dq, q1))
        return "crypto/rsa: invalid CRT exponent";
    if (!given && (!BN_sub(t, p1, BN_value_one()) ||
                   !BN_mod_exp_mont_consttime(r->qi, r->q, t, r->p, ctx, NULL)))
        return "crypto/rsa: invalid CRT coefficient";
    if (!BN_mod_mul(t, r->qi, r->q, r->p, ctx) || !BN_is_one(t))
        return "crypto/rsa: invalid CRT coefficient";
    if (!BN_mod(t, r->d, p1, ctx) || BN_cmp(t, r->dp) != 0)
        return "crypto/rsa: d does not match dP";
    if (!BN_mod(t, r->d, q1, ctx) || BN_cmp(t, r->dq) != 0)
        return "crypto/rsa: d does not match dQ";
    int half = BN_num_bits(r->n) / 2;
    if (BN_cmp(r->p, r->q) == 0)
        return "crypto/rsa: p == q";
    if (!BN_sub(t, r->p, r->q) || BN_num_bits(t) <= half - 100)
        return "crypto/rsa: |p - q| too small";
    return BN_num_bits(r->d) <= half ? "crypto/rsa: d too small" : NULL;
}

/* As Go's crypto/rsa looks at a private key before it signs. NULL: all is well. */
static const char *check_private(rsa_numbers *r, bool given)
{
    const char *why;
    if (no_modulus(r->n) || no_modulus(r->p) || no_modulus(r->q))
        return "modulus must be > 1";
    if ((why = not_below(r->d, r->n)) || (given && (why = not_below(r->qi, r->p))))
        return why;
    bool tiny = BN_is_word(r->p, 2) || BN_is_word(r->q, 2); /* less one they are no modulus */
    if (!given && tiny)
        return "modulus must be > 1";
    if (!given && !BN_is_odd(r->p))
        return "crypto/rsa: p is even";
    if (!BN_is_odd(r->n))
        return "crypto/rsa: public modulus is even";
    if (BN_is_zero(r->e) || BN_is_one(r->e))
        return "crypto/rsa: public exponent too small or negative";
    if (BN_num_bits(r->e) > 31)
        return "crypto/rsa: public exponent too large";
    if (BN_cmp(r->p, r->n) >= 0 || BN_cmp(r->q, r->n) >= 0)
        return "crypto/rsa: invalid prime";
    BIGNUM *product = room(r->ctx);
    if (!BN_mul(product, r->p, r->q, r->ctx) || !BN_mod(product, product, r->n, r->ctx) ||
        !BN_is_zero(product))
        return "crypto/rsa: p * q != n";
    return tiny ? "crypto/rsa: invalid prime" : check_parts(r, given);
}

static bool push(OSSL_PARAM_BLD *bld, const char *name, const BIGNUM *b)
{
    return OSSL_PARAM_BLD_push_BN(bld, name, b);
}

static EVP_PKEY *rsa_pkey(const rsa_numbers *r, bool is_private)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool ok =
        bld && push(bld, OSSL_PKEY_PARAM_RSA_N, r->n) && push(bld, OSSL_PKEY_PARAM_RSA_E, r->e);
    if (is_private)
        ok = ok && push(bld, OSSL_PKEY_PARAM_RSA_D, r->d) &&
             push(bld, OSSL_PKEY_PARAM_RSA_FACTOR1, r->p) &&
             push(bld, OSSL_PKEY_PARAM_RSA_FACTOR2, r->q) &&
             push(bld, OSSL_PKEY_PARAM_RSA_EXPONENT1, r->dp) &&
             push(bld, OSSL_PKEY_PARAM_RSA_EXPONENT2, r->dq) &&
             push(bld, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, r->qi);
    EVP_PKEY *pkey = ok ? from_params("RSA", bld, is_private) : NULL;
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

static void make_rsa(const ws_jwk *j, ws_key *key)
{
    if (j->is_private && (!j->q.there || !j->p.there))
        find(key->fault, j->q.there ? "missing \"p\" value" : "missing \"q\" value");
    const ws_octets *all[] = {&j->n, &j->e, &j->d, &j->p, &j->q, &j->dp, &j->dq, &j->qi};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->n > RSA_BYTES_MAX) {
            find(key->unsound, "the key is too large");
            return;
        }
    rsa_numbers r = {.ctx = BN_CTX_secure_new()};
    if (!r.ctx)
        wb_fatal("out of memory");
    BN_CTX_start(r.ctx);
    r.n = read_number(r.ctx, &j->n);
    r.e = read_number(r.ctx, &j->e);
    r.d = read_number(r.ctx, &j->d);
    r.p = read_number(r.ctx, &j->p);
    r.q = read_number(r.ctx, &j->q);
    r.dp = read_number(r.ctx, &j->dp);
    r.dq = read_number(r.ctx, &j->dq);
    r.qi = read_number(r.ctx, &j->qi);
    if (j->is_private && !key->fault[0]) {
        int bits = BN_num_bits(r.n);
        const char *why = check_private(&r, j->dp.there && j->dq.there && j->qi.there);
        if (bits < RSA_BITS_MIN)
            snprintf(key->unsound, WS_KEY_FAULT_MAX,
                     "crypto/rsa: %d-bit keys are insecure (see "
                     "https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)",
                     bits);
        else if (why)
            find(key->unsound, why);
    }
    key->pkey = rsa_pkey(&r, j->is_private && !key->fault[0] && !key->unsound[0]);
    BN_CTX_end(r.ctx);
    BN_CTX_free(r.ctx);
}

/* ---- elliptic curves ---- */

static const struct {
    const char *crv, *group;
    size_t bytes;
} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

#define COORDINATE_MAX 66

static size_t curve_of(wb_str crv)
{
    size_t i = 0;
    while (i < sizeof curves / sizeof *curves && !wb_str_is(crv, curves[i].crv))
        i++;
    return i;
}

size_t ws_jwk_curve_bytes(wb_str crv)
{
    size_t i = curve_of(crv);
    return i < sizeof curves / sizeof *curves ? curves[i].bytes : 0;
}

static EVP_PKEY *ec_pkey(const ws_jwk *j, const BIGNUM *d)
{
    size_t i = curve_of(j->crv), w = curves[i].bytes;
    unsigned char point[1 + 2 * COORDINATE_MAX] = {4};
    memcpy(point + 1, j->x.p, w);
    memcpy(point + 1 + w, j->y.p, w);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool ok =
        bld &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * w) &&
        (!d || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d));
    EVP_PKEY *pkey = ok ? from_params("EC", bld, d != NULL) : NULL;
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

bool ws_jwk_on_curve(const ws_jwk *j)
{
    EVP_PKEY *pkey = ec_pkey(j, NULL);
    EVP_PKEY_free(pkey);
    return pkey != NULL;
}

bool ws_jwk_in_field(const ws_jwk *j)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curves[curve_of(j->crv)].group));
    BIGNUM *p = BN_new(), *x = BN_bin2bn(j->x.p, (int)j->x.n, NULL),
           *y = BN_bin2bn(j->y.p, (int)j->y.n, NULL);
    if (!group || !p || !x || !y || !EC_GROUP_get_curve(group, p, NULL, NULL, NULL))
        wb_fatal("out of memory");
    bool below = BN_cmp(x, p) < 0 && BN_cmp(y, p) < 0;
    BN_free(p);
    BN_free(x);
    BN_free(y);
    EC_GROUP_free(group);
    return below;
}

/* The private number's range; whether the point is the one that it makes is not asked. */
static const char *check_scalar(wb_str crv, const BIGNUM *d)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curves[curve_of(crv)].group));
    if (!group)
        wb_fatal("out of memory");
    const BIGNUM *order = EC_GROUP_get0_order(group);
    const char *why = NULL;
    if (BN_is_zero(d))
        why = "ecdsa: private key scalar is zero or negative";
    else if (BN_num_bits(d) > BN_num_bits(order))
        why = "ecdsa: private key scalar too large";
    else if (BN_cmp(d, order) >= 0)
        why = "input overflows the modulus";
    EC_GROUP_free(group);
    return why;
}

static void make_ec(const ws_jwk *j, ws_key *key)
{
    BIGNUM *d = j->is_private ? BN_secure_new() : NULL;
    if (j->is_private) {
        if (!d || !BN_bin2bn(j->d.p, (int)j->d.n, d))
            wb_fatal("out of memory");
        const char *why = check_scalar(j->crv, d);
        if (why)
            snprintf(key->unsound, WS_KEY_FAULT_MAX, "failed to sign payload using ecdsa: %s", why);
    }
    key->pkey = ec_pkey(j, key->unsound[0] ? NULL : d);
    BN_clear_free(d);
}

/* ---- Edwards curves ---- */

static void make_okp(const ws_jwk *j, ws_key *key)
{
    const char *half = j->is_private ? "Private" : "Public";
    bool ed = wb_str_is(j->crv, "Ed25519");
    if (!ed) {
        key->kind = WS_KEY_OTHER;
        if (!wb_str_is(j->crv, "X25519"))
            snprintf(key->fault, WS_KEY_FAULT_MAX,
                     "jwk.OKP%sKey: failed to build %s key: invalid curve algorithm %.*s", half,
                     j->is_private ? "private" : "public", (int)(j->crv.n < 16 ? j->crv.n : 16),
                     j->crv.p);
        return;
    }
    if (!j->is_private) {
        key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, j->x.p, j->x.n);
        return;
    }
    unsigned char made[32];
    size_t n = sizeof made;
    key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, j->d.p, j->d.n);
    if (!key->pkey || !EVP_PKEY_get_raw_public_key(key->pkey, made, &n) || n != j->x.n ||
        memcmp(made, j->x.p, n) != 0)
        find(key->fault, "jwk.OKPPrivateKey: failed to build private key: ed25519: invalid x value "
                         "given d value");
}

void ws_jwk_make(const ws_jwk *j, ws_key *key)
{
    switch (j->kind) {
    case WS_KEY_RSA: make_rsa(j, key); break;
    case WS_KEY_EC: make_ec(j, key); break;
    case WS_KEY_ED25519: make_okp(j, key); break;
    case WS_KEY_OCT:
        key->n = j->k.n;
        key->bytes = OPENSSL_malloc(key->n + 1);
        if (!key->bytes)
            wb_fatal("out of memory");
        memcpy(key->bytes, j->k.p, key->n);
        break;
    case WS_KEY_OTHER: break;
    }
}
