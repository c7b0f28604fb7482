/* Certificates, requests and keys as objects, field by field as Go names them. */
#include "base/base64.h"
#include "stdlib/args.h"
#include "stdlib/crypto_keys.h"
#include "stdlib/crypto_x509.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

void ws_x509_put(ws_ctx *cx, wv *object, const char *name, wv value)
{
    wv_object_put(cx->out, object, wv_string_new(cx->out, wb_str_of(name)), value);
}

static wv text(ws_ctx *cx, const void *p, size_t n)
{
    return wv_string_new(cx->out, wb_str_n(n ? p : "", n));
}

static wv ascii(ws_ctx *cx, const ASN1_STRING *s)
{
    return text(cx, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

wv ws_x509_bytes(ws_ctx *cx, const void *p, size_t n)
{
    if (!ws_room(cx, WB_BASE64_LEN(n)))
        return WV_NULL;
    char *to = wb_arena_alloc(cx->out, WB_BASE64_LEN(n) + 1);
    size_t len = wb_base64_encode(p, n, to);
    return text(cx, to, len);
}

static wv octets(ws_ctx *cx, const ASN1_STRING *s)
{
    return ws_x509_bytes(cx, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* Takes what an i2d function made. */
static wv der(ws_ctx *cx, unsigned char *p, int n)
{
    wv v = n > 0 ? ws_x509_bytes(cx, p, (size_t)n) : WV_NULL;
    OPENSSL_free(p);
    return v;
}
#define DER(cx, i2d, of)                                                                           \
    __extension__({                                                                                \
        unsigned char *der_p = NULL;                                                               \
        int der_n = i2d((of), &der_p);                                                             \
        der((cx), der_p, der_n);                                                                   \
    })

/* Longest dotted text of an identifier that is shown whole. */
#define OID_TEXT_MAX 512

wv ws_x509_oid(ws_ctx *cx, const ASN1_OBJECT *o)
{
    char dotted[OID_TEXT_MAX];
    wv a = wv_array_begin(cx->out, 8);
    int n = OBJ_obj2txt(dotted, sizeof dotted, o, 1);
    for (char *p = dotted; n > 0 && n < (int)sizeof dotted && *p;) {
        size_t w = strcspn(p, ".");
        wv number;
        if (wv_number_parse(cx->out, wb_str_n(p, w), false, &number) == WV_NUM_OK)
            wv_array_push(cx->out, &a, number);
        p += w + (p[w] == '.');
    }
    return a;
}

wv ws_x509_number(ws_ctx *cx, const BIGNUM *n)
{
    char *p = n ? BN_bn2dec(n) : NULL;
    wv v = WV_NULL;
    if (p && wv_number_parse(cx->out, wb_str_of(p), false, &v) != WV_NUM_OK)
        v = WV_NULL;
    OPENSSL_free(p);
    return v;
}

static wv push(ws_ctx *cx, wv list, wv item)
{
    if (list == WV_NULL)
        list = wv_array_begin(cx->out, 2);
    wv_array_push(cx->out, &list, item);
    return list;
}

/* ---- names ---- */

static wv name_text(ws_ctx *cx, const ASN1_STRING *s)
{
    unsigned char *utf8 = NULL;
    int n = ASN1_STRING_to_UTF8(&utf8, s);
    wv v = n >= 0 ? text(cx, utf8, (size_t)n) : text(cx, "", 0);
    OPENSSL_free(utf8);
    return v;
}

static wv name_value(ws_ctx *cx, const X509_NAME *name)
{
    static const struct {
        int nid;
        const char *field;
        bool one; /* the last one, as a string */
    } fields[] = {{NID_countryName, "Country", false},
                  {NID_organizationName, "Organization", false},
                  {NID_organizationalUnitName, "OrganizationalUnit", false},
                  {NID_localityName, "Locality", false},
                  {NID_stateOrProvinceName, "Province", false},
                  {NID_streetAddress, "StreetAddress", false},
                  {NID_postalCode, "PostalCode", false},
                  {NID_serialNumber, "SerialNumber", true},
                  {NID_commonName, "CommonName", true}};
    enum { FIELDS = sizeof fields / sizeof *fields };
    wv o = wv_object_begin(cx->out, 12), names = WV_NULL, values[FIELDS];
    for (int f = 0; f < FIELDS; f++)
        values[f] = fields[f].one ? text(cx, "", 0) : WV_NULL;
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
        const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(e);
        wv value = name_text(cx, X509_NAME_ENTRY_get_data(e)), pair = wv_object_begin(cx->out, 2);
        ws_x509_put(cx, &pair, "Type", ws_x509_oid(cx, type));
        ws_x509_put(cx, &pair, "Value", value);
        names = push(cx, names, pair);
        for (int f = 0; f < FIELDS; f++)
            if (OBJ_obj2nid(type) == fields[f].nid)
                values[f] = fields[f].one ? value : push(cx, values[f], value);
    }
    for (int f = 0; f < FIELDS; f++)
        ws_x509_put(cx, &o, fields[f].field, values[f]);
    ws_x509_put(cx, &o, "Names", names);
    ws_x509_put(cx, &o, "ExtraNames", WV_NULL);
    return o;
}

/* ---- keys and signatures ---- */

static BIGNUM *key_number(const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *n = NULL;
    return EVP_PKEY_get_bn_param(pkey, name, &n) ? n : NULL;
}

static wv key_value(ws_ctx *cx, const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *n = key_number(pkey, name);
    wv v = ws_x509_number(cx, n);
    BN_clear_free(n);
    return v;
}

static void put_public(ws_ctx *cx, wv *o, const EVP_PKEY *pkey)
{
    if (ws_key_kind_of(pkey) == WS_KEY_RSA) {
        ws_x509_put(cx, o, "N", key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_N));
        ws_x509_put(cx, o, "E", key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_E));
    } else {
        ws_x509_put(cx, o, "Curve", wv_object_begin(cx->out, 0));
        ws_x509_put(cx, o, "X", key_value(cx, pkey, OSSL_PKEY_PARAM_EC_PUB_X));
        ws_x509_put(cx, o, "Y", key_value(cx, pkey, OSSL_PKEY_PARAM_EC_PUB_Y));
    }
}

#define ED25519_LEN 32

static wv public_value(ws_ctx *cx, const EVP_PKEY *pkey)
{
    unsigned char raw[ED25519_LEN];
    size_t n = sizeof raw;
    wv o = wv_object_begin(cx->out, 3);
    switch (pkey ? ws_key_kind_of(pkey) : WS_KEY_OTHER) {
    case WS_KEY_RSA:
    case WS_KEY_EC: put_public(cx, &o, pkey); return o;
    case WS_KEY_ED25519:
        return EVP_PKEY_get_raw_public_key(pkey, raw, &n) ? ws_x509_bytes(cx, raw, n) : WV_NULL;
    default: return WV_NULL;
    }
}

static int64_t public_algorithm(const EVP_PKEY *pkey)
{
    static const struct {
        ws_key_kind kind;
        int64_t number;
    } table[] = {{WS_KEY_RSA, 1}, {WS_KEY_EC, 3}, {WS_KEY_ED25519, 4}};
    for (size_t i = 0; pkey && i < sizeof table / sizeof *table; i++)
        if (ws_key_kind_of(pkey) == table[i].kind)
            return table[i].number;
    return 0;
}

static int64_t signature_algorithm(const X509_ALGOR *a)
{
    static const int nids[] = {0,
                               NID_md2WithRSAEncryption,
                               NID_md5WithRSAEncryption,
                               NID_sha1WithRSAEncryption,
                               NID_sha256WithRSAEncryption,
                               NID_sha384WithRSAEncryption,
                               NID_sha512WithRSAEncryption,
                               NID_dsaWithSHA1,
                               NID_dsa_with_SHA256,
                               NID_ecdsa_with_SHA1,
                               NID_ecdsa_with_SHA256,
                               NID_ecdsa_with_SHA384,
                               NID_ecdsa_with_SHA512,
                               -1,
                               -1,
                               -1,
                               NID_ED25519};
    const ASN1_OBJECT *o;
    const void *param;
    int type;
    X509_ALGOR_get0(&o, &type, &param, a);
    int nid = OBJ_obj2nid(o);
    if (nid == NID_rsassaPss && type == V_ASN1_SEQUENCE) {
        RSA_PSS_PARAMS *pss = ASN1_item_unpack(param, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
        int hash = pss && pss->hashAlgorithm ? OBJ_obj2nid(pss->hashAlgorithm->algorithm) : 0;
        RSA_PSS_PARAMS_free(pss);
        return hash == NID_sha256 ? 13 : hash == NID_sha384 ? 14 : hash == NID_sha512 ? 15 : 0;
    }
    for (size_t i = 1; i < sizeof nids / sizeof *nids; i++)
        if (nid == nids[i])
            return (int64_t)i;
    return 0;
}

wv ws_x509_private_key(ws_ctx *cx, const EVP_PKEY *pkey)
{
    wv o = wv_object_begin(cx->out, 6);
    switch (ws_key_kind_of(pkey)) {
    case WS_KEY_RSA: {
        wv pre = wv_object_begin(cx->out, 4), primes[2];
        ws_x509_put(cx, &pre, "Dp", key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1));
        ws_x509_put(cx, &pre, "Dq", key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2));
        ws_x509_put(cx, &pre, "Qinv", key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1));
        ws_x509_put(cx, &pre, "CRTValues", WV_EMPTY_ARRAY(cx->out));
        primes[0] = key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_FACTOR1);
        primes[1] = key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_FACTOR2);
        put_public(cx, &o, pkey);
        ws_x509_put(cx, &o, "D", key_value(cx, pkey, OSSL_PKEY_PARAM_RSA_D));
        ws_x509_put(cx, &o, "Primes", wv_array_new(cx->out, primes, 2));
        ws_x509_put(cx, &o, "Precomputed", pre);
        return o;
    }
    case WS_KEY_EC:
        put_public(cx, &o, pkey);
        ws_x509_put(cx, &o, "D", key_value(cx, pkey, OSSL_PKEY_PARAM_PRIV_KEY));
        return o;
    case WS_KEY_ED25519: {
        unsigned char raw[2 * ED25519_LEN];
        size_t n = ED25519_LEN, m = ED25519_LEN;
        bool ok = EVP_PKEY_get_raw_private_key(pkey, raw, &n) &&
                  EVP_PKEY_get_raw_public_key(pkey, raw + ED25519_LEN, &m);
        wv v = ok ? ws_x509_bytes(cx, raw, sizeof raw) : WV_NULL;
        OPENSSL_cleanse(raw, sizeof raw);
        return v;
    }
    default: return WV_NULL;
    }
}

/* Big-endian bytes of a key's number in URL base64; width 0: as few as there are. */
static void put_octets(ws_ctx *cx, wv *o, const char *name, const EVP_PKEY *pkey, const char *param,
                       size_t width)
{
    BIGNUM *n = key_number(pkey, param);
    if (!n)
        return;
    size_t len = width ? width : (size_t)BN_num_bytes(n);
    unsigned char *p = wb_malloc(len + 1);
    wb_buf b;
    wb_buf_init(&b, 2 * len + 8);
    if (BN_bn2binpad(n, p, (int)len) >= 0) {
        wb_buf_put_base64url(&b, p, len);
        ws_x509_put(cx, o, name, text(cx, b.p, b.n));
    }
    OPENSSL_cleanse(p, len);
    free(p);
    wb_buf_free(&b);
    BN_clear_free(n);
}

static void put_text(ws_ctx *cx, wv *o, const char *name, const char *value)
{
    ws_x509_put(cx, o, name, text(cx, value, strlen(value)));
}

wv ws_x509_jwk(ws_ctx *cx, const EVP_PKEY *pkey)
{
    static const struct {
        const char *name, *param;
    } rsa[] = {{"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
               {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
               {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
               {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
    wv o = wv_object_begin(cx->out, 10);
    switch (ws_key_kind_of(pkey)) {
    case WS_KEY_RSA:
        put_text(cx, &o, "kty", "RSA");
        for (size_t i = 0; i < sizeof rsa / sizeof *rsa; i++)
            put_octets(cx, &o, rsa[i].name, pkey, rsa[i].param, 0);
        return o;
    case WS_KEY_EC: {
        size_t bits = (size_t)EVP_PKEY_get_bits(pkey), w = (bits + 7) / 8;
        put_text(cx, &o, "kty", "EC");
        put_text(cx, &o, "crv", bits == 256 ? "P-256" : bits == 384 ? "P-384" : "P-521");
        put_octets(cx, &o, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, w);
        put_octets(cx, &o, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, w);
        put_octets(cx, &o, "d", pkey, OSSL_PKEY_PARAM_PRIV_KEY, w);
        return o;
    }
    case WS_KEY_ED25519: {
        unsigned char raw[2][ED25519_LEN];
        size_t n = ED25519_LEN;
        char to[WB_BASE64_LEN(ED25519_LEN) + 1];
        if (!EVP_PKEY_get_raw_private_key(pkey, raw[0], &n) ||
            !EVP_PKEY_get_raw_public_key(pkey, raw[1], &n))
            return WV_NULL;
        put_text(cx, &o, "kty", "OKP");
        put_text(cx, &o, "crv", "Ed25519");
        for (int i = 0; i < 2; i++) {
            wb_base64url_encode(raw[i], ED25519_LEN, to);
            put_text(cx, &o, i ? "x" : "d", to);
        }
        OPENSSL_cleanse(raw, sizeof raw);
        OPENSSL_cleanse(to, sizeof to);
        return o;
    }
    default: return WV_NULL;
    }
}

/* ---- extensions ---- */

static wv extension_list(ws_ctx *cx, const STACK_OF(X509_EXTENSION) * exts)
{
    wv list = WV_NULL;
    for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
        X509_EXTENSION *e = sk_X509_EXTENSION_value(exts, i);
        wv o = wv_object_begin(cx->out, 3);
        ws_x509_put(cx, &o, "Id", ws_x509_oid(cx, X509_EXTENSION_get_object(e)));
        ws_x509_put(cx, &o, "Critical", wv_bool(X509_EXTENSION_get_critical(e) > 0));
        ws_x509_put(cx, &o, "Value", octets(cx, X509_EXTENSION_get_data(e)));
        list = push(cx, list, o);
    }
    return list;
}

static wv ip_text(ws_ctx *cx, const ASN1_STRING *s)
{
    char to[INET6_ADDRSTRLEN];
    int n = ASN1_STRING_length(s);
    if ((n != 4 && n != 16) ||
        !inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), to, sizeof to))
        return text(cx, "", 0);
    return text(cx, to, strlen(to));
}

static wb_str cut(wb_str *s, size_t at, size_t skip)
{
    wb_str tail = wb_str_n(s->p + at + skip, s->n - at - skip);
    s->n = at;
    return tail;
}

static size_t find_char(wb_str s, char c)
{
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    return p ? (size_t)(p - s.p) : s.n;
}

/* A URI taken apart as Go's parser does. */
static wv uri_value(ws_ctx *cx, const ASN1_STRING *of)
{
    wb_str s = wb_str_n(ASN1_STRING_get0_data(of), (size_t)ASN1_STRING_length(of));
    wb_str scheme = {"", 0}, fragment = {"", 0}, query = {"", 0}, host = {"", 0}, opaque = {"", 0};
    size_t at = find_char(s, '#');
    if (at < s.n)
        fragment = cut(&s, at, 1);
    at = find_char(s, ':');
    if (at < s.n && at > 0 && at < find_char(s, '/')) {
        scheme = s;
        s = cut(&scheme, at, 1);
    }
    at = find_char(s, '?');
    bool force = at + 1 == s.n;
    if (at < s.n)
        query = cut(&s, at, 1);
    if (s.n >= 2 && memcmp(s.p, "//", 2) == 0) {
        host = wb_str_n(s.p + 2, s.n - 2);
        s = cut(&host, find_char(host, '/'), 0);
    } else if (scheme.n && (!s.n || *s.p != '/')) {
        opaque = s;
        s = (wb_str){"", 0};
    }
    wv o = wv_object_begin(cx->out, 12);
    const struct {
        const char *name;
        wb_str value;
    } parts[] = {{"Scheme", scheme},     {"Opaque", opaque},
                 {"Host", host},         {"Path", s},
                 {"RawPath", {"", 0}},   {"RawQuery", query},
                 {"Fragment", fragment}, {"RawFragment", {"", 0}}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ws_x509_put(cx, &o, parts[i].name, text(cx, parts[i].value.p, parts[i].value.n));
    ws_x509_put(cx, &o, "User", WV_NULL);
    ws_x509_put(cx, &o, "OmitHost", WV_FALSE);
    ws_x509_put(cx, &o, "ForceQuery", wv_bool(force));
    return o;
}

static void put_names(ws_ctx *cx, wv *o, const GENERAL_NAMES *names, bool with_strings)
{
    wv dns = WV_NULL, mail = WV_NULL, ips = WV_NULL, uris = WV_NULL, strings = WV_NULL;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type == GEN_DNS) {
            dns = push(cx, dns, ascii(cx, g->d.dNSName));
        } else if (g->type == GEN_EMAIL) {
            mail = push(cx, mail, ascii(cx, g->d.rfc822Name));
        } else if (g->type == GEN_IPADD) {
            ips = push(cx, ips, ip_text(cx, g->d.iPAddress));
        } else if (g->type == GEN_URI) {
            uris = push(cx, uris, uri_value(cx, g->d.uniformResourceIdentifier));
            strings = push(cx, strings, ascii(cx, g->d.uniformResourceIdentifier));
        }
    }
    ws_x509_put(cx, o, "DNSNames", dns);
    ws_x509_put(cx, o, "EmailAddresses", mail);
    ws_x509_put(cx, o, "IPAddresses", ips);
    ws_x509_put(cx, o, "URIs", uris);
    if (with_strings)
        ws_x509_put(cx, o, "URIStrings", strings);
}

static void put_usage(ws_ctx *cx, wv *o, X509 *x)
{
    static const int known[] = {NID_anyExtendedKeyUsage, NID_server_auth,   NID_client_auth,
                                NID_code_sign,           NID_email_protect, NID_ipsecEndSystem,
                                NID_ipsecTunnel,         NID_ipsecUser,     NID_time_stamp,
                                NID_OCSP_sign,           NID_ms_sgc,        NID_ns_sgc,
                                NID_ms_code_com};
    wv usages = WV_NULL, others = WV_NULL;
    EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; eku && i < sk_ASN1_OBJECT_num(eku); i++) {
        const ASN1_OBJECT *oid = sk_ASN1_OBJECT_value(eku, i);
        int nid = OBJ_obj2nid(oid);
        size_t k = 0;
        while (k < sizeof known / sizeof *known && (nid == NID_undef || nid != known[k]))
            k++;
        if (k < sizeof known / sizeof *known)
            usages = push(cx, usages, wv_small((int64_t)k));
        else
            others = push(cx, others, ws_x509_oid(cx, oid));
    }
    sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
    ASN1_BIT_STRING *bits = X509_get_ext_d2i(x, NID_key_usage, NULL, NULL);
    int64_t usage = 0;
    for (int i = 0; bits && i < 9; i++)
        usage |= (int64_t)ASN1_BIT_STRING_get_bit(bits, i) << i;
    ASN1_BIT_STRING_free(bits);
    ws_x509_put(cx, o, "KeyUsage", wv_small(usage));
    ws_x509_put(cx, o, "ExtKeyUsage", usages);
    ws_x509_put(cx, o, "UnknownExtKeyUsage", others);
}

static void put_access(ws_ctx *cx, wv *o, X509 *x)
{
    wv ocsp = WV_NULL, issuers = WV_NULL, points = WV_NULL;
    AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
    for (int i = 0; aia && i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
        const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(aia, i);
        if (d->location->type != GEN_URI)
            continue;
        wv uri = ascii(cx, d->location->d.uniformResourceIdentifier);
        if (OBJ_obj2nid(d->method) == NID_ad_OCSP)
            ocsp = push(cx, ocsp, uri);
        else if (OBJ_obj2nid(d->method) == NID_ad_ca_issuers)
            issuers = push(cx, issuers, uri);
    }
    AUTHORITY_INFO_ACCESS_free(aia);
    CRL_DIST_POINTS *crl = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; crl && i < sk_DIST_POINT_num(crl); i++) {
        const DIST_POINT_NAME *p = sk_DIST_POINT_value(crl, i)->distpoint;
        for (int k = 0; p && p->type == 0 && k < sk_GENERAL_NAME_num(p->name.fullname); k++) {
            const GENERAL_NAME *g = sk_GENERAL_NAME_value(p->name.fullname, k);
            if (g->type == GEN_URI)
                points = push(cx, points, ascii(cx, g->d.uniformResourceIdentifier));
        }
    }
    CRL_DIST_POINTS_free(crl);
    ws_x509_put(cx, o, "OCSPServer", ocsp);
    ws_x509_put(cx, o, "IssuingCertificateURL", issuers);
    ws_x509_put(cx, o, "CRLDistributionPoints", points);
}

static void put_basic(ws_ctx *cx, wv *o, X509 *x)
{
    BASIC_CONSTRAINTS *b = X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);
    int64_t length = b ? (b->pathlen ? ASN1_INTEGER_get(b->pathlen) : -1) : 0;
    ws_x509_put(cx, o, "BasicConstraintsValid", wv_bool(b != NULL));
    ws_x509_put(cx, o, "IsCA", wv_bool(b && b->ca));
    ws_x509_put(cx, o, "MaxPathLen", wv_small(length));
    ws_x509_put(cx, o, "MaxPathLenZero", wv_bool(b && length == 0));
    BASIC_CONSTRAINTS_free(b);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x),
                            *aki = X509_get0_authority_key_id(x);
    ws_x509_put(cx, o, "SubjectKeyId", ski ? octets(cx, ski) : WV_NULL);
    ws_x509_put(cx, o, "AuthorityKeyId", aki ? octets(cx, aki) : WV_NULL);
}

static wv net_value(ws_ctx *cx, const ASN1_OCTET_STRING *s)
{
    int n = ASN1_STRING_length(s) / 2;
    wv o = wv_object_begin(cx->out, 2);
    char to[INET6_ADDRSTRLEN] = "";
    const unsigned char *p = ASN1_STRING_get0_data(s);
    if (n == 4 || n == 16)
        inet_ntop(n == 4 ? AF_INET : AF_INET6, p, to, sizeof to);
    ws_x509_put(cx, &o, "IP", text(cx, to, strlen(to)));
    ws_x509_put(cx, &o, "Mask", ws_x509_bytes(cx, p + n, (size_t)n));
    return o;
}

static void put_subtrees(ws_ctx *cx, wv *o, const STACK_OF(GENERAL_SUBTREE) * trees,
                         const char *const names[4])
{
    wv lists[4] = {WV_NULL, WV_NULL, WV_NULL, WV_NULL};
    for (int i = 0; trees && i < sk_GENERAL_SUBTREE_num(trees); i++) {
        const GENERAL_NAME *g = sk_GENERAL_SUBTREE_value(trees, i)->base;
        if (g->type == GEN_DNS)
            lists[0] = push(cx, lists[0], ascii(cx, g->d.dNSName));
        else if (g->type == GEN_EMAIL)
            lists[1] = push(cx, lists[1], ascii(cx, g->d.rfc822Name));
        else if (g->type == GEN_IPADD)
            lists[2] = push(cx, lists[2], net_value(cx, g->d.iPAddress));
        else if (g->type == GEN_URI)
            lists[3] = push(cx, lists[3], ascii(cx, g->d.uniformResourceIdentifier));
    }
    for (int i = 0; i < 4; i++)
        ws_x509_put(cx, o, names[i], lists[i]);
}

static void put_constraints(ws_ctx *cx, wv *o, X509 *x)
{
    static const char *const permitted[] = {"PermittedDNSDomains", "PermittedEmailAddresses",
                                            "PermittedIPRanges", "PermittedURIDomains"};
    static const char *const excluded[] = {"ExcludedDNSDomains", "ExcludedEmailAddresses",
                                           "ExcludedIPRanges", "ExcludedURIDomains"};
    int critical = 0;
    NAME_CONSTRAINTS *nc = X509_get_ext_d2i(x, NID_name_constraints, &critical, NULL);
    put_subtrees(cx, o, nc ? nc->permittedSubtrees : NULL, permitted);
    put_subtrees(cx, o, nc ? nc->excludedSubtrees : NULL, excluded);
    ws_x509_put(cx, o, "PermittedDNSDomainsCritical", wv_bool(nc && critical > 0));
    NAME_CONSTRAINTS_free(nc);
}

static void put_limit(ws_ctx *cx, wv *o, const char *name, const ASN1_INTEGER *n)
{
    char zero[64];
    int64_t v = n ? ASN1_INTEGER_get(n) : 0;
    snprintf(zero, sizeof zero, "%sZero", name);
    ws_x509_put(cx, o, name, wv_small(v));
    ws_x509_put(cx, o, zero, wv_bool(n && v == 0));
}

static void put_policies(ws_ctx *cx, wv *o, X509 *x)
{
    wv ids = WV_NULL, texts = WV_NULL;
    CERTIFICATEPOLICIES *p = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
    for (int i = 0; p && i < sk_POLICYINFO_num(p); i++) {
        const ASN1_OBJECT *oid = sk_POLICYINFO_value(p, i)->policyid;
        char dotted[OID_TEXT_MAX];
        OBJ_obj2txt(dotted, sizeof dotted, oid, 1);
        ids = push(cx, ids, ws_x509_oid(cx, oid));
        texts = push(cx, texts, text(cx, dotted, strlen(dotted)));
    }
    CERTIFICATEPOLICIES_free(p);
    ws_x509_put(cx, o, "PolicyIdentifiers", ids);
    ws_x509_put(cx, o, "Policies", texts);
    ws_x509_put(cx, o, "PolicyMappings", WV_NULL);
    POLICY_CONSTRAINTS *c = X509_get_ext_d2i(x, NID_policy_constraints, NULL, NULL);
    ASN1_INTEGER *any = X509_get_ext_d2i(x, NID_inhibit_any_policy, NULL, NULL);
    put_limit(cx, o, "RequireExplicitPolicy", c ? c->requireExplicitPolicy : NULL);
    put_limit(cx, o, "InhibitPolicyMapping", c ? c->inhibitPolicyMapping : NULL);
    put_limit(cx, o, "InhibitAnyPolicy", any);
    POLICY_CONSTRAINTS_free(c);
    ASN1_INTEGER_free(any);
}

static wv unhandled(ws_ctx *cx, const X509 *x)
{
    static const int handled[] = {NID_subject_key_identifier, NID_key_usage,
                                  NID_subject_alt_name,       NID_basic_constraints,
                                  NID_name_constraints,       NID_crl_distribution_points,
                                  NID_certificate_policies,   NID_authority_key_identifier,
                                  NID_ext_key_usage,          NID_info_access,
                                  NID_policy_constraints,     NID_inhibit_any_policy,
                                  NID_policy_mappings};
    wv list = WV_NULL;
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);
        const ASN1_OBJECT *oid = X509_EXTENSION_get_object(e);
        bool known = !X509_EXTENSION_get_critical(e);
        for (size_t k = 0; k < sizeof handled / sizeof *handled; k++)
            known |= OBJ_obj2nid(oid) == handled[k];
        if (!known)
            list = push(cx, list, ws_x509_oid(cx, oid));
    }
    return list;
}

static wv time_value(ws_ctx *cx, const ASN1_TIME *t)
{
    struct tm tm = {0};
    char to[64];
    ASN1_TIME_to_tm(t, &tm);
    strftime(to, sizeof to, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return text(cx, to, strlen(to));
}

static wv serial_value(ws_ctx *cx, const ASN1_INTEGER *serial)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
    wv v = ws_x509_number(cx, n);
    BN_free(n);
    return v;
}

wv ws_x509_certificate(ws_ctx *cx, X509 *x, bool with_uris)
{
    wv o = wv_object_begin(cx->out, 64);
    const ASN1_BIT_STRING *sig;
    const X509_ALGOR *alg;
    X509_get0_signature(&sig, &alg, x);
    EVP_PKEY *pkey = X509_get0_pubkey(x);
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    ws_x509_put(cx, &o, "Raw", DER(cx, i2d_X509, x));
    ws_x509_put(cx, &o, "RawTBSCertificate", DER(cx, i2d_re_X509_tbs, x));
    ws_x509_put(cx, &o, "RawSubjectPublicKeyInfo",
                DER(cx, i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x)));
    ws_x509_put(cx, &o, "RawSubject", DER(cx, i2d_X509_NAME, X509_get_subject_name(x)));
    ws_x509_put(cx, &o, "RawIssuer", DER(cx, i2d_X509_NAME, X509_get_issuer_name(x)));
    ws_x509_put(cx, &o, "Signature", octets(cx, sig));
    ws_x509_put(cx, &o, "SignatureAlgorithm", wv_small(signature_algorithm(alg)));
    ws_x509_put(cx, &o, "PublicKeyAlgorithm", wv_small(public_algorithm(pkey)));
    ws_x509_put(cx, &o, "PublicKey", public_value(cx, pkey));
    ws_x509_put(cx, &o, "Version", wv_small(X509_get_version(x) + 1));
    ws_x509_put(cx, &o, "SerialNumber", serial_value(cx, X509_get0_serialNumber(x)));
    ws_x509_put(cx, &o, "Issuer", name_value(cx, X509_get_issuer_name(x)));
    ws_x509_put(cx, &o, "Subject", name_value(cx, X509_get_subject_name(x)));
    ws_x509_put(cx, &o, "NotBefore", time_value(cx, X509_get0_notBefore(x)));
    ws_x509_put(cx, &o, "NotAfter", time_value(cx, X509_get0_notAfter(x)));
    ws_x509_put(cx, &o, "Extensions", extension_list(cx, X509_get0_extensions(x)));
    ws_x509_put(cx, &o, "ExtraExtensions", WV_NULL);
    ws_x509_put(cx, &o, "UnhandledCriticalExtensions", unhandled(cx, x));
    put_usage(cx, &o, x);
    put_basic(cx, &o, x);
    put_access(cx, &o, x);
    put_names(cx, &o, names, with_uris);
    put_constraints(cx, &o, x);
    put_policies(cx, &o, x);
    GENERAL_NAMES_free(names);
    return o;
}

/* Requests for extensions, the one attribute that is shown: types with values in a list. */
static wv attributes(ws_ctx *cx, const STACK_OF(X509_EXTENSION) * exts)
{
    wv pairs = wv_array_begin(cx->out, 4), o = wv_object_begin(cx->out, 2);
    for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
        X509_EXTENSION *e = sk_X509_EXTENSION_value(exts, i);
        wv pair = wv_object_begin(cx->out, 2);
        /* A critical one has a third part, which makes the attribute unreadable to Go. */
        if (X509_EXTENSION_get_critical(e))
            return WV_NULL;
        ws_x509_put(cx, &pair, "Type", ws_x509_oid(cx, X509_EXTENSION_get_object(e)));
        ws_x509_put(cx, &pair, "Value", octets(cx, X509_EXTENSION_get_data(e)));
        wv_array_push(cx->out, &pairs, pair);
    }
    ws_x509_put(cx, &o, "Type", ws_x509_oid(cx, OBJ_nid2obj(NID_ext_req)));
    ws_x509_put(cx, &o, "Value", wv_array_new(cx->out, &pairs, 1));
    return wv_array_new(cx->out, &o, 1);
}

wv ws_x509_request(ws_ctx *cx, X509_REQ *r)
{
    wv o = wv_object_begin(cx->out, 20);
    const ASN1_BIT_STRING *sig;
    const X509_ALGOR *alg;
    X509_REQ_get0_signature(r, &sig, &alg);
    EVP_PKEY *pkey = X509_REQ_get0_pubkey(r);
    STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(r);
    GENERAL_NAMES *names = X509V3_get_d2i(exts, NID_subject_alt_name, NULL, NULL);
    ws_x509_put(cx, &o, "Raw", DER(cx, i2d_X509_REQ, r));
    ws_x509_put(cx, &o, "RawTBSCertificateRequest", DER(cx, i2d_re_X509_REQ_tbs, r));
    ws_x509_put(cx, &o, "RawSubjectPublicKeyInfo",
                DER(cx, i2d_X509_PUBKEY, X509_REQ_get_X509_PUBKEY(r)));
    ws_x509_put(cx, &o, "RawSubject", DER(cx, i2d_X509_NAME, X509_REQ_get_subject_name(r)));
    ws_x509_put(cx, &o, "Version", wv_small(X509_REQ_get_version(r)));
    ws_x509_put(cx, &o, "Signature", octets(cx, sig));
    ws_x509_put(cx, &o, "SignatureAlgorithm", wv_small(signature_algorithm(alg)));
    ws_x509_put(cx, &o, "PublicKeyAlgorithm", wv_small(public_algorithm(pkey)));
    ws_x509_put(cx, &o, "PublicKey", public_value(cx, pkey));
    ws_x509_put(cx, &o, "Subject", name_value(cx, X509_REQ_get_subject_name(r)));
    ws_x509_put(cx, &o, "Attributes",
                sk_X509_EXTENSION_num(exts) > 0 ? attributes(cx, exts) : WV_NULL);
    ws_x509_put(cx, &o, "Extensions", extension_list(cx, exts));
    ws_x509_put(cx, &o, "ExtraExtensions", WV_NULL);
    put_names(cx, &o, names, false);
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    return o;
}
