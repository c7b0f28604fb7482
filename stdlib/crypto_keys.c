/* Keys for signatures, from PEM and from JWK(S). */
#include "stdlib/crypto_keys.h"

#include "base/base64.h"
#include "stdlib/args.h"
#include "value/json.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <stdlib.h>

void ws_keys_clear(ws_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        EVP_PKEY_free(keys->items[i].pkey);
        OPENSSL_clear_free(keys->items[i].bytes, keys->items[i].n);
    }
    free(keys->items);
    *keys = (ws_keys){0};
}

static ws_key *add(ws_keys *keys)
{
    if (keys->n == keys->cap) {
        keys->cap = keys->cap ? 2 * keys->cap : 4;
        keys->items = wb_realloc(keys->items, keys->cap * sizeof *keys->items);
    }
    ws_key *k = &keys->items[keys->n++];
    memset(k, 0, sizeof *k);
    k->kind = WS_KEY_OTHER;
    return k;
}

ws_key_kind ws_key_kind_of(const EVP_PKEY *pkey)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA: return WS_KEY_RSA;
    case EVP_PKEY_EC: return WS_KEY_EC;
    case EVP_PKEY_ED25519: return WS_KEY_ED25519;
    default: return WS_KEY_OTHER;
    }
}

/* ---- JWK ---- */

typedef struct octets {
    unsigned char *p; /* malloc'ed, wiped when freed */
    size_t n;
} octets;

typedef struct jwk {
    const char *type; /* as error texts name it */
    wv object;
    octets d, e, n, x, y, k, p, q, dp, dq, qi;
} jwk;

static void octets_free(octets *o)
{
    OPENSSL_clear_free(o->p, o->n + 1);
    *o = (octets){0};
}

static void jwk_clear(jwk *j)
{
    octets *all[] = {&j->d, &j->e, &j->n,  &j->x,  &j->y, &j->k,
                     &j->p, &j->q, &j->dp, &j->dq, &j->qi};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        octets_free(all[i]);
}

static bool fail_key(ws_ctx *cx, const char *front, const char *where, const char *text)
{
    ws_fail(cx, "%s%s%s", front, where, text);
    return false;
}

static const char *go_type(wv v)
{
    return wv_is_bool(v) ? "bool" : wv_type_name(v);
}

/* "%s" in text becomes the member's name, "@" what kind of JSON it is. */
static bool fail_field(ws_ctx *cx, const char *front, const char *where, const jwk *j,
                       const char *name, const char *text)
{
    const char *gap = strstr(text, "%s"), *kind = strchr(gap + 1, '@');
    size_t middle = kind ? (size_t)(kind - gap - 2) : strlen(gap + 2);
    ws_fail(cx,
            "%s%sjwk.ParseKey: failed to unmarshal JSON into key (*jwk.%s): failed to unmarshal "
            "JSON into key (*jwk.%s): %.*s%s%.*s%s%s",
            front, where, j->type, j->type, (int)(gap - text), text, name, (int)middle, gap + 2,
            kind ? go_type(wv_object_get_str(j->object, wb_str_of(name))) : "",
            kind ? kind + 1 : "");
    return false;
}

/* Either alphabet, with padding or without: what the decoder tells apart by looking. */
static bool decode_octets(wb_str s, octets *o)
{
    octets_free(o);
    o->p = OPENSSL_malloc(WB_BASE64_BYTES(s.n) + 1);
    if (!o->p)
        wb_fatal("out of memory");
    bool ok = wb_base64_decode_loose(s, o->p, &o->n);
    if (!ok)
        o->n = 0;
    return ok;
}

/* Reads one member of octets when it is there. */
static bool read_octets(ws_ctx *cx, const char *front, const char *where, const jwk *j,
                        const char *name, octets *o)
{
    wv v = wv_object_get_str(j->object, wb_str_of(name));
    if (!wv_defined(v))
        return true;
    if (!wv_is_string(v))
        return fail_field(cx, front, where, j, name,
                          "failed to decode value for key %s: error reading next value: json: "
                          "cannot unmarshal @ into Go value of type string");
    if (!decode_octets(wv_str(&v), o))
        return fail_field(cx, front, where, j, name,
                          "failed to decode value for key %s: expected base64 encoded []byte "
                          "(string)");
    return true;
}

static bool has(const jwk *j, const char *name)
{
    return wv_defined(wv_object_get_str(j->object, wb_str_of(name)));
}

static bool need(ws_ctx *cx, const char *front, const char *where, const jwk *j,
                 const char *const *names)
{
    for (; *names; names++)
        if (!has(j, *names))
            return fail_field(cx, front, where, j, *names, "required field %s is missing");
    return true;
}

static bool push_number(OSSL_PARAM_BLD *bld, const char *name, const octets *o, BIGNUM **kept)
{
    *kept = BN_secure_new();
    return *kept && BN_bin2bn(o->p, (int)o->n, *kept) && OSSL_PARAM_BLD_push_BN(bld, name, *kept);
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

/* Moduli beyond this are refused: verifying with them is an attack on our time. */
#define RSA_BYTES_MAX 2048

static EVP_PKEY *rsa_key(const jwk *j, bool is_private)
{
    struct {
        const char *name;
        const octets *o;
    } parts[] = {
        {OSSL_PKEY_PARAM_RSA_N, &j->n},          {OSSL_PKEY_PARAM_RSA_E, &j->e},
        {OSSL_PKEY_PARAM_RSA_D, &j->d},          {OSSL_PKEY_PARAM_RSA_FACTOR1, &j->p},
        {OSSL_PKEY_PARAM_RSA_FACTOR2, &j->q},    {OSSL_PKEY_PARAM_RSA_EXPONENT1, &j->dp},
        {OSSL_PKEY_PARAM_RSA_EXPONENT2, &j->dq}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &j->qi}};
    BIGNUM *kept[8] = {0};
    bool crt = j->p.n && j->q.n && j->dp.n && j->dq.n && j->qi.n, ok = true;
    size_t n = is_private ? (crt ? 8 : 3) : 2;
    if (j->n.n > RSA_BYTES_MAX || j->e.n > RSA_BYTES_MAX || j->d.n > RSA_BYTES_MAX)
        return NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    for (size_t i = 0; bld && ok && i < n; i++)
        ok = push_number(bld, parts[i].name, parts[i].o, &kept[i]);
    EVP_PKEY *pkey = bld && ok ? from_params("RSA", bld, is_private) : NULL;
    for (size_t i = 0; i < n; i++)
        BN_clear_free(kept[i]);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

static const struct {
    const char *crv, *group;
    size_t bytes;
} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

/* Right-aligned in n bytes; false when it is longer. */
static bool pad(const octets *o, unsigned char *to, size_t n)
{
    const unsigned char *p = o->p;
    size_t len = o->n;
    while (len && !*p)
        p++, len--;
    if (len > n)
        return false;
    memset(to, 0, n);
    if (len)
        memcpy(to + n - len, p, len);
    return true;
}

static EVP_PKEY *ec_key(const jwk *j, wb_str crv, bool is_private)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (!wb_str_is(crv, curves[i].crv))
            continue;
        unsigned char point[1 + 2 * 66] = {4};
        size_t w = curves[i].bytes;
        if (!pad(&j->x, point + 1, w) || !pad(&j->y, point + 1 + w, w) || j->d.n > w)
            return NULL;
        BIGNUM *d = NULL;
        OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
        bool ok =
            bld &&
            OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) &&
            OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * w) &&
            (!is_private || push_number(bld, OSSL_PKEY_PARAM_PRIV_KEY, &j->d, &d));
        EVP_PKEY *pkey = ok ? from_params("EC", bld, is_private) : NULL;
        BN_clear_free(d);
        OSSL_PARAM_BLD_free(bld);
        return pkey;
    }
    return NULL;
}

static bool string_member(ws_ctx *cx, const char *front, const char *where, const jwk *j,
                          const char *name, wv *out)
{
    *out = wv_object_get_str(j->object, wb_str_of(name));
    if (!wv_defined(*out) || wv_is_string(*out))
        return true;
    *out = WV_UNDEFINED;
    return fail_field(cx, front, where, j, name,
                      "failed to decode value for key %s: json: cannot unmarshal @ into Go "
                      "value of type string");
}

static bool known_curve(wb_str crv)
{
    static const char *const names[] = {"P-256",  "P-384",     "P-521", "Ed25519",
                                        "X25519", "secp256k1", "Ed448", "X448"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_str_is(crv, names[i]))
            return true;
    return false;
}

static bool fail_curve(ws_ctx *cx, const char *front, const char *where, const jwk *j, wb_str crv)
{
    ws_fail(cx,
            "%s%sjwk.ParseKey: failed to unmarshal JSON into key (*jwk.%s): failed to unmarshal "
            "JSON into key (*jwk.%s): failed to decode value for key crv: unknown "
            "EllipticCurveAlgorithm: \"%.*s\"",
            front, where, j->type, j->type, WB_FMT(crv));
    return false;
}

/* Coordinates and seeds have the length of their curve. */
static bool valid_sizes(ws_ctx *cx, const char *front, const char *where, const jwk *j,
                        ws_key_kind kind, wb_str crv)
{
    static const char lead[] = "jwk.ParseKey: jwk.Parse: key validation failed: key validation "
                               "failed: jwk.";
    if (kind == WS_KEY_OCT && !j->k.n) {
        ws_fail(cx, "%s%s%sSymmetricKey: missing \"k\" field", front, where, lead);
        return false;
    }
    for (size_t i = 0; kind == WS_KEY_EC && i < sizeof curves / sizeof *curves; i++) {
        const octets *o[] = {&j->x, &j->y, &j->d};
        for (size_t c = 0; wb_str_is(crv, curves[i].crv) && c < (has(j, "d") ? 3 : 2); c++) {
            if (o[c]->n == curves[i].bytes)
                continue;
            ws_fail(cx, "%s%s%sECDSA%sKey: invalid \"%c\" length (%zu) for curve \"%s\"", front,
                    where, lead, has(j, "d") ? "Private" : "Public", "xyd"[c], o[c] -> n,
                    curves[i].crv);
            return false;
        }
    }
    bool ed = wb_str_is(crv, "Ed25519"), x = wb_str_is(crv, "X25519");
    if (kind == WS_KEY_ED25519 && (ed || x) && (j->x.n != 32 || (has(j, "d") && j->d.n != 32))) {
        ws_fail(cx, "%s%s%sOKP%sKey: %s: wrong %s key size", front, where, lead,
                has(j, "d") ? "Private" : "Public", ed ? "ed25519" : "x25519",
                j->x.n != 32 ? "public" : "private");
        return false;
    }
    return true;
}

static bool read_key(ws_ctx *cx, const char *front, const char *where, wv object, ws_keys *keys)
{
    static const char *const
        rsa_public[] = {"e", "n", NULL},
        *const rsa_private[] = {"d", "e", "n", NULL}, *const ec_public[] = {"crv", "x", "y", NULL},
        *const ec_private[] = {"crv", "d", "x", "y", NULL},
        *const okp_public[] = {"crv", "x", NULL}, *const okp_private[] = {"crv", "d", "x", NULL},
        *const oct[] = {"k", NULL};
    wv kty = object != WV_NULL ? wv_object_get_str(object, WB_LIT("kty")) : WV_UNDEFINED;
    if (wv_defined(kty) && !wv_is_string(kty)) {
        ws_fail(cx,
                "%s%sjwk.ParseKey: jwk.Parse: failed to probe data: probe: failed to unmarshal "
                "data: json: cannot unmarshal %s into Go struct field .kty of type string",
                front, where, go_type(kty));
        return false;
    }
    wb_str type = wv_defined(kty) ? wv_str(&kty) : (wb_str){"", 0};
    jwk j = {.object = object};
    const char *const *names;
    bool is_private = wv_defined(kty) && has(&j, "d");
    ws_key_kind kind;
    if (wb_str_is(type, "RSA")) {
        kind = WS_KEY_RSA;
        j.type = is_private ? "rsaPrivateKey" : "rsaPublicKey";
        names = is_private ? rsa_private : rsa_public;
    } else if (wb_str_is(type, "EC")) {
        kind = WS_KEY_EC;
        j.type = is_private ? "ecdsaPrivateKey" : "ecdsaPublicKey";
        names = is_private ? ec_private : ec_public;
    } else if (wb_str_is(type, "OKP")) {
        kind = WS_KEY_ED25519;
        j.type = is_private ? "okpPrivateKey" : "okpPublicKey";
        names = is_private ? okp_private : okp_public;
    } else if (wb_str_is(type, "oct")) {
        kind = WS_KEY_OCT;
        j.type = "symmetricKey";
        names = oct;
        is_private = true;
    } else {
        ws_fail(cx, "%s%sjwk.ParseKey: invalid key type from JSON (%.*s)", front, where,
                WB_FMT(type));
        return false;
    }
    if (keys->n >= WS_KEYS_MAX)
        return fail_key(cx, front, "jwk.Parse: failed to unmarshal JWK set: ",
                        "too many keys in \"keys\" array: max 1000");
    ws_key *k = add(keys);
    k->kind = kind;
    k->is_private = is_private;
    const struct {
        const char *name;
        octets *o;
    } all[] = {{"d", &j.d}, {"e", &j.e}, {"n", &j.n},   {"x", &j.x},   {"y", &j.y},  {"k", &j.k},
               {"p", &j.p}, {"q", &j.q}, {"dp", &j.dp}, {"dq", &j.dq}, {"qi", &j.qi}};
    wv crv = WV_UNDEFINED;
    bool ok = string_member(cx, front, where, &j, "alg", &k->alg) &&
              string_member(cx, front, where, &j, "kid", &k->kid) &&
              string_member(cx, front, where, &j, "crv", &crv);
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++)
        ok = read_octets(cx, front, where, &j, all[i].name, all[i].o);
    ok = ok && need(cx, front, where, &j, names);
    ok = ok && (!wv_defined(crv) || known_curve(wv_str(&crv)) ||
                fail_curve(cx, front, where, &j, wv_str(&crv)));
    ok = ok && valid_sizes(cx, front, where, &j, kind, wv_defined(crv) ? wv_str(&crv) : type);
    if (ok && kind == WS_KEY_OCT) {
        k->n = j.k.n;
        k->bytes = OPENSSL_malloc(k->n + 1);
        if (!k->bytes)
            wb_fatal("out of memory");
        memcpy(k->bytes, j.k.p, k->n);
    } else if (ok) {
        if (kind == WS_KEY_RSA)
            k->pkey = rsa_key(&j, is_private);
        else if (kind == WS_KEY_EC)
            k->pkey = ec_key(&j, wv_str(&crv), is_private);
        else if (!wb_str_is(wv_str(&crv), "Ed25519"))
            k->kind = WS_KEY_OTHER;
        else
            k->pkey = is_private
                          ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, j.d.p, j.d.n)
                          : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, j.x.p, j.x.n);
        if (!k->pkey && k->kind != WS_KEY_OTHER)
            ok = fail_key(cx, front, where,
                          "jwk.ParseKey: jwk.Parse: key validation failed: the key's numbers are "
                          "not valid");
    }
    jwk_clear(&j);
    return ok;
}

/* Why the text is no object: the words of Go's streaming decoder. */
static bool fail_text(ws_ctx *cx, const char *front, wb_str text, const wb_error *e)
{
    const char *why = e->text;
    if (strcmp(why, "unexpected end of JSON input") == 0) {
        why = "EOF";
        for (size_t i = 0; i < text.n; i++)
            if (!strchr(" \t\r\n", text.p[i]) || !text.p[i])
                why = "unexpected EOF";
    }
    ws_fail(cx,
            "%sjwk.Parse: failed to parse sole key: jwk.ParseKey: jwk.Parse: failed to probe data: "
            "probe: failed to unmarshal data: %s",
            front, why);
    return false;
}

bool ws_keys_jwk(ws_ctx *cx, const char *front, wb_str text, ws_keys *keys)
{
    wv v;
    wb_error e;
    size_t used;
    if (!ws_room(cx, text.n))
        return false;
    if (wv_json_decode_prefix(cx->out, text, NULL, &v, &used, &e) != WB_OK) {
        if (cx->out->exhausted) {
            ws_fail_room(cx);
            return false;
        }
        return fail_text(cx, front, text, &e);
    }
    if (!wv_is_object(v) && v != WV_NULL) {
        snprintf(e.text, sizeof e.text,
                 "json: cannot unmarshal %s into Go value of type struct { Kty string "
                 "\"json:\\\"kty\\\"\"; D json.RawMessage \"json:\\\"d,omitempty\\\"\" }",
                 wv_is_bool(v) ? "bool" : wv_type_name(v));
        return fail_text(cx, front, text, &e);
    }
    wv set = v == WV_NULL ? WV_UNDEFINED : wv_object_get_str(v, WB_LIT("keys"));
    if (!wv_defined(set))
        return read_key(cx, front, "jwk.Parse: failed to parse sole key: ", v, keys);
    if (!wv_is_array(set)) {
        ws_fail(cx,
                "%sjwk.Parse: failed to unmarshal JWK set: failed to decode \"keys\": expected '[' "
                "but got %s",
                front, wv_type_name(set));
        return false;
    }
    for (uint32_t i = 0; i < wv_len(set); i++) {
        char where[96];
        snprintf(
            where, sizeof where,
            "jwk.Parse: failed to unmarshal JWK set: failed to decode key #%u in \"keys\": ", i);
        wv item = wv_items(set)[i];
        if (!wv_is_object(item) && item != WV_NULL) {
            ws_fail(cx,
                    "%s%sjwk.ParseKey: jwk.Parse: failed to probe data: probe: failed to unmarshal "
                    "data: json: cannot unmarshal %s into Go value of type struct { Kty string "
                    "\"json:\\\"kty\\\"\"; D json.RawMessage \"json:\\\"d,omitempty\\\"\" }",
                    front, where, wv_is_bool(item) ? "bool" : wv_type_name(item));
            return false;
        }
        if (!read_key(cx, front, where, item, keys))
            return false;
    }
    return true;
}

/* ---- what a signature is verified with ---- */

static bool add_public(ws_keys *keys, EVP_PKEY *pkey)
{
    if (!pkey)
        return false;
    ws_key *k = add(keys);
    k->kind = ws_key_kind_of(pkey);
    k->pkey = pkey;
    return true;
}

bool ws_keys_verifying(ws_ctx *cx, wb_str text, ws_keys *keys)
{
    ws_pem block;
    if (!ws_pem_decode(cx, text, &block))
        return cx->error == WS_ERR_NONE &&
               ws_keys_jwk(cx,
                           "failed to parse a JWK key (set): jwk.ParseString: failed to parse "
                           "string: ",
                           text, keys);
    const unsigned char *p = (const unsigned char *)block.bytes.p;
    const char *why;
    if (block.rest.n) {
        why = "extra data after a PEM certificate block";
    } else if (wb_str_is(block.type, "CERTIFICATE")) {
        X509 *x = d2i_X509(NULL, &p, (long)block.bytes.n);
        bool whole = x && p == (const unsigned char *)block.bytes.p + block.bytes.n;
        bool ok = whole && add_public(keys, X509_get_pubkey(x));
        X509_free(x);
        if (ok)
            return true;
        why = x && !whole ? "failed to parse a PEM certificate: x509: trailing data"
                          : "failed to parse a PEM certificate: x509: malformed certificate";
    } else if (wb_str_is(block.type, "PUBLIC KEY")) {
        if (add_public(keys, d2i_PUBKEY(NULL, &p, (long)block.bytes.n)))
            return true;
        why = "failed to parse a PEM public key: asn1: structure error: the key is malformed";
    } else {
        why = "failed to extract a Key from the PEM certificate";
    }
    ws_fail(cx, "%s", why);
    return false;
}
