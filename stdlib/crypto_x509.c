/* Certificates: parsing, verifying chains, requests, private keys. */
#include "stdlib/crypto_x509.h"

#include "stdlib/args.h"
#include "stdlib/crypto_keys.h"
#include "stdlib/families.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <time.h>

/* Parsing, and checking a signature, in units of work. */
#define PARSE_UNITS  100
#define VERIFY_UNITS 1000
/* Certificates in one text: chains are short, and each costs public-key work. */
#define CERTS_MAX 1000

static bool has_begin(wb_str s)
{
    return wb_str_has_prefix(s, WB_LIT("-----BEGIN"));
}

static bool decode_base64(ws_ctx *cx, wv of, wb_str *out)
{
    wv v = ws_call_row(cx, "base64.decode", of, "");
    if (!wv_defined(v))
        return false;
    *out = wb_arena_str(cx->out, wv_str(&v));
    return true;
}

/* All certificate blocks' bytes, one after the other. */
static bool join_blocks(ws_ctx *cx, wb_str text, wb_buf *to)
{
    ws_pem b;
    while (text.n && ws_pem_decode(cx, text, &b)) {
        if (!wb_str_is(b.type, "CERTIFICATE")) {
            ws_fail(cx, "PEM block type is '%.*s', expected CERTIFICATE", WB_FMT(b.type));
            return false;
        }
        wb_buf_put_str(to, b.bytes);
        text = b.rest;
    }
    return cx->error == WS_ERR_NONE;
}

static bool parse_der(ws_ctx *cx, wb_str der, STACK_OF(X509) * certs)
{
    const unsigned char *p = (const unsigned char *)der.p, *end = der.n ? p + der.n : p;
    while (p < end) {
        X509 *x = d2i_X509(NULL, &p, end - p);
        if (!x) {
            ws_fail(cx, "x509: malformed certificate");
            return false;
        }
        if (sk_X509_num(certs) >= CERTS_MAX || !ws_charge(cx, PARSE_UNITS)) {
            X509_free(x);
            if (cx->error == WS_ERR_NONE)
                ws_fail(cx, "more than %d certificates", CERTS_MAX);
            return false;
        }
        if (!sk_X509_push(certs, x))
            wb_fatal("out of memory");
    }
    return true;
}

static bool parse_certs(ws_ctx *cx, const wv *arg, STACK_OF(X509) * certs)
{
    wb_str s = wv_str(arg);
    if (!has_begin(s) && !decode_base64(cx, *arg, &s))
        return false;
    if (!has_begin(s))
        return parse_der(cx, s, certs);
    wb_buf der;
    ws_text_begin(cx, &der);
    bool ok = join_blocks(cx, s, &der) && parse_der(cx, wb_buf_str(&der), certs);
    ws_text_end(cx, &der);
    return ok;
}

static void free_certs(STACK_OF(X509) * certs)
{
    sk_X509_pop_free(certs, X509_free);
}

static STACK_OF(X509) * new_certs(void)
{
    STACK_OF(X509) *certs = sk_X509_new_null();
    if (!certs)
        wb_fatal("out of memory");
    return certs;
}

static wv certs_value(ws_ctx *cx, const STACK_OF(X509) * certs, bool with_uris)
{
    wv a = wv_array_begin(cx->out, 2);
    for (int i = 0; i < sk_X509_num(certs) && !cx->out->exhausted; i++)
        wv_array_push(cx->out, &a, ws_x509_certificate(cx, sk_X509_value(certs, i), with_uris));
    return a;
}

static wv fn_parse(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    STACK_OF(X509) *certs = new_certs();
    wv v = parse_certs(cx, &args[0], certs) ? certs_value(cx, certs, true) : WV_UNDEFINED;
    free_certs(certs);
    return wv_defined(v) ? ws_built(cx, v) : v;
}

/* ---- chains ---- */

static const struct {
    const char *name;
    int nid;
} usages[] = {{"KeyUsageAny", NID_anyExtendedKeyUsage},
              {"KeyUsageServerAuth", NID_server_auth},
              {"KeyUsageClientAuth", NID_client_auth},
              {"KeyUsageCodeSigning", NID_code_sign},
              {"KeyUsageEmailProtection", NID_email_protect},
              {"KeyUsageIPSECEndSystem", NID_ipsecEndSystem},
              {"KeyUsageIPSECTunnel", NID_ipsecTunnel},
              {"KeyUsageIPSECUser", NID_ipsecUser},
              {"KeyUsageTimeStamping", NID_time_stamp},
              {"KeyUsageOCSPSigning", NID_OCSP_sign},
              {"KeyUsageMicrosoftServerGatedCrypto", NID_ms_sgc},
              {"KeyUsageNetscapeServerGatedCrypto", NID_ns_sgc},
              {"KeyUsageMicrosoftCommercialCodeSigning", NID_ms_code_com},
              {"KeyUsageMicrosoftKernelCodeSigning", NID_undef}};
enum { USAGES = sizeof usages / sizeof *usages };

typedef struct options {
    wv dns; /* or undefined */
    int64_t time_ns;
    bool wanted[USAGES];
    bool any_wanted;
} options;

static wb_str unquoted(const wv *v)
{
    wb_str s = wv_str(v);
    while (s.n && *s.p == '"')
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && s.p[s.n - 1] == '"')
        s.n--;
    return s;
}

static bool read_usages(ws_ctx *cx, wv v, options *o)
{
    if (!wv_is_array(v) && !wv_is_set(v)) {
        ws_fail(cx, "'KeyUsages' should be an Array or Set");
        return false;
    }
    size_t n;
    const wv *items = ws_members(cx, v, &n);
    if (n && !items)
        return false;
    wb_buf bad;
    size_t n_bad = 0;
    wb_buf_init(&bad, 4096);
    for (size_t i = 0; i < n; i++) {
        if (!wv_is_string(items[i]))
            continue;
        wb_str s = unquoted(&items[i]);
        size_t u = 0;
        while (u < USAGES && !wb_str_is(s, usages[u].name))
            u++;
        if (u < USAGES) {
            o->wanted[u] = o->any_wanted = true;
        } else {
            if (n_bad++)
                wb_buf_putc(&bad, ' ');
            wb_buf_put_str(&bad, s);
        }
    }
    bool ok = n_bad == 0;
    if (!ok) {
        wb_buf_putc(&bad, ']');
        ws_fail_tail(cx, "invalid entries for 'KeyUsages' found: [", wb_buf_str(&bad));
    }
    wb_buf_free(&bad);
    return ok;
}

static bool read_option(ws_ctx *cx, wb_str name, wv v, options *o)
{
    int64_t number;
    const char *why = NULL;
    if (wb_str_is(name, "DNSName")) {
        o->dns = v;
        why = wv_is_string(v) ? NULL : "'DNSName' should be a string";
    } else if (wb_str_is(name, "CurrentTime")) {
        if (!wv_is_number(v))
            why = "'CurrentTime' should be a number";
        else if (!wv_number_int64(v, &o->time_ns))
            why = "'CurrentTime' should be a valid int64 number";
    } else if (wb_str_is(name, "MaxConstraintComparisons")) {
        if (!wv_is_number(v))
            why = "'MaxConstraintComparisons' should be a number";
        else if (!wv_number_int64(v, &number))
            why = "'MaxConstraintComparisons' should be a valid number";
    } else if (wb_str_is(name, "KeyUsages")) {
        return read_usages(cx, v, o);
    } else {
        why = "invalid key option";
    }
    if (why)
        ws_fail(cx, "%s", why);
    return !why;
}

static bool read_options(ws_ctx *cx, wv object, options *o)
{
    const uint32_t *order = wv_table_order(object);
    for (uint32_t i = 0; i < wv_len(object); i++) {
        wv key = wv_key_at(object, order, i);
        if (wv_is_string(key) && !read_option(cx, wv_str(&key), wv_value_at(object, order, i), o))
            return false;
    }
    return true;
}

/* A usage holds for a chain when every certificate that limits its usages allows it. */
static bool usage_fits(const STACK_OF(X509) * chain, const options *o)
{
    bool left[USAGES];
    for (size_t u = 0; u < USAGES; u++)
        left[u] = o->any_wanted ? o->wanted[u] : usages[u].nid == NID_server_auth;
    if (left[0])
        return true;
    for (int i = sk_X509_num(chain) - 1; i >= 0; i--) {
        EXTENDED_KEY_USAGE *eku =
            X509_get_ext_d2i(sk_X509_value(chain, i), NID_ext_key_usage, NULL, NULL);
        if (!eku)
            continue;
        bool some = false, all = false, has[USAGES] = {false};
        for (int k = 0; k < sk_ASN1_OBJECT_num(eku); k++) {
            int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, k));
            all |= nid == NID_anyExtendedKeyUsage;
            for (size_t u = 0; u < USAGES; u++)
                has[u] |= nid != NID_undef && nid == usages[u].nid;
        }
        sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
        for (size_t u = 0; u < USAGES; u++)
            some |= left[u] = left[u] && (all || has[u]);
        if (!some)
            return false;
    }
    return true;
}

static bool name_fits(X509 *leaf, const options *o)
{
    if (!wv_defined(o->dns))
        return true;
    wb_str s = unquoted(&o->dns);
    char z[256];
    if (!s.n)
        return true;
    if (s.n >= sizeof z || memchr(s.p, 0, s.n))
        return false;
    bool bracket = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
    snprintf(z, sizeof z, "%.*s", (int)(s.n - 2 * bracket), s.p + bracket);
    unsigned char ip[16];
    if (inet_pton(AF_INET, z, ip) == 1 || inet_pton(AF_INET6, z, ip) == 1)
        return X509_check_ip_asc(leaf, z, 0) == 1;
    return X509_check_host(leaf, z, strlen(z),
                           X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           NULL) == 1;
}

/* The first certificate is trusted, the last one is to be proved. The chain, to be freed, or NULL.
 */
static STACK_OF(X509) * verify(ws_ctx *cx, STACK_OF(X509) * certs, const options *o)
{
    int n = sk_X509_num(certs);
    if (n < 2 || !ws_charge(cx, VERIFY_UNITS * (uint64_t)n))
        return NULL;
    X509 *leaf = sk_X509_value(certs, n - 1);
    STACK_OF(X509) *between = new_certs(), *chain = NULL;
    /* What is trusted itself needs nobody: OpenSSL would go on to who signed it. */
    bool trusted = X509_cmp(leaf, sk_X509_value(certs, 0)) == 0;
    for (int i = 1; i < n - 1 && !trusted; i++)
        sk_X509_push(between, sk_X509_value(certs, i));
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (store && ctx && X509_STORE_add_cert(store, sk_X509_value(certs, 0)) &&
        X509_STORE_CTX_init(ctx, store, leaf, between)) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        /* A trusted certificate need not be self-signed; SHA-1 proves nothing. */
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_auth_level(param, 1);
        X509_VERIFY_PARAM_set_time(param, (time_t)(o->time_ns / 1000000000));
        if (X509_verify_cert(ctx) == 1)
            chain = X509_STORE_CTX_get1_chain(ctx);
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(between);
    if (chain && usage_fits(chain, o) && name_fits(leaf, o))
        return chain;
    free_certs(chain);
    return NULL;
}

static wv verified(ws_ctx *cx, const wv *args, const wv *with)
{
    /* The query's time is only set for those who ask it for their answer to be recorded. */
    int64_t now = cx->now_ns ? cx->now_ns : (int64_t)time(NULL) * 1000000000;
    options o = {.dns = WV_UNDEFINED, .time_ns = now};
    STACK_OF(X509) *certs = new_certs(), *chain = NULL;
    bool parsed = parse_certs(cx, &args[0], certs);
    if (!parsed)
        ws_forgive(cx);
    if (cx->error == WS_ERR_NONE && parsed && (!with || read_options(cx, *with, &o)))
        chain = verify(cx, certs, &o);
    wv answer = WV_UNDEFINED;
    if (cx->error == WS_ERR_NONE) {
        wv parts[] = {wv_bool(chain != NULL), certs_value(cx, chain, !with)};
        answer = ws_built(cx, wv_array_new(cx->out, parts, 2));
    }
    free_certs(chain);
    free_certs(certs);
    return answer;
}

static wv fn_verify(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    return verified(cx, args, NULL);
}

static wv fn_verify_options(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_OBJECT(cx, args, 1);
    return verified(cx, args, &args[1]);
}

/* Whether the outermost element says that it is longer than the text. */
static bool truncated(wb_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    long len = 0;
    int tag, class;
    if (s.n < 2)
        return true;
    return *p == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED) &&
           ASN1_get_object(&p, &len, &tag, &class, (long)s.n) & 0x80;
}

static wv fn_request(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    if (!wb_str_has_prefix(s, WB_LIT("-----BEGIN CERTIFICATE REQUEST-----")) &&
        !decode_base64(cx, args[0], &s))
        return WV_UNDEFINED;
    ws_pem b;
    if (ws_pem_decode(cx, s, &b)) {
        if (!wb_str_is(b.type, "CERTIFICATE REQUEST"))
            return ws_fail(cx, "invalid PEM-encoded certificate signing request");
        s = b.bytes;
    }
    if (cx->error != WS_ERR_NONE || !ws_charge(cx, PARSE_UNITS))
        return WV_UNDEFINED;
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    X509_REQ *r = d2i_X509_REQ(NULL, &p, (long)s.n);
    wv v = r && p == end ? ws_x509_request(cx, r) : WV_UNDEFINED;
    if (r && p != end)
        ws_fail(cx, "asn1: syntax error: trailing data");
    else if (!r)
        ws_fail(cx, truncated(s) ? "asn1: syntax error: sequence truncated"
                                 : "asn1: structure error: the request is malformed");
    X509_REQ_free(r);
    return wv_defined(v) ? ws_built(cx, v) : v;
}

/* ---- private keys ---- */

static void fail_algorithm(ws_ctx *cx, const EVP_PKEY *pkey)
{
    char oid[80] = "";
    const ASN1_OBJECT *o = OBJ_nid2obj(EVP_PKEY_get_base_id(pkey));
    if (o)
        OBJ_obj2txt(oid, sizeof oid, o, 1);
    ws_fail(cx, "x509: PKCS#8 wrapping contained private key with unknown algorithm: %s", oid);
}

/* The first private key of the PEM blocks, or all of them in a list; NULL and an error when a block
 * does not parse. */
static bool parse_keys(ws_ctx *cx, const wv *arg, ws_keys *keys)
{
    static const struct {
        const char *type;
        int pkey; /* 0: PKCS#8 */
    } types[] = {
        {"RSA PRIVATE KEY", EVP_PKEY_RSA}, {"PRIVATE KEY", 0}, {"EC PRIVATE KEY", EVP_PKEY_EC}};
    wb_str s = wv_str(arg), decoded;
    if (decode_base64(cx, *arg, &decoded))
        s = decoded;
    else
        ws_forgive(cx);
    ws_pem b;
    while (cx->error == WS_ERR_NONE && s.n && ws_pem_decode(cx, s, &b)) {
        s = b.rest;
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            if (!wb_str_is(b.type, types[i].type))
                continue;
            const unsigned char *p = (const unsigned char *)b.bytes.p;
            if (!ws_charge(cx, PARSE_UNITS))
                return false;
            EVP_PKEY *pkey = types[i].pkey
                                 ? d2i_PrivateKey(types[i].pkey, NULL, &p, (long)b.bytes.n)
                                 : d2i_AutoPrivateKey(NULL, &p, (long)b.bytes.n);
            if (!pkey) {
                ws_fail(cx, "asn1: structure error: the private key is malformed");
                return false;
            }
            if (ws_key_kind_of(pkey) == WS_KEY_OTHER) {
                fail_algorithm(cx, pkey);
                EVP_PKEY_free(pkey);
                return false;
            }
            keys->items = wb_realloc(keys->items, (keys->n + 1) * sizeof *keys->items);
            keys->items[keys->n++] =
                (ws_key){.kind = ws_key_kind_of(pkey), .is_private = true, .pkey = pkey};
        }
    }
    return cx->error == WS_ERR_NONE;
}

static wv fn_private_keys(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    if (!wv_str(&args[0]).n)
        return WV_NULL;
    ws_keys keys = {0};
    wv a = WV_UNDEFINED;
    if (parse_keys(cx, &args[0], &keys)) {
        a = wv_array_begin(cx->out, 2);
        for (size_t i = 0; i < keys.n; i++)
            wv_array_push(cx->out, &a, ws_x509_private_key(cx, keys.items[i].pkey));
        a = ws_built(cx, a);
    }
    ws_keys_clear(&keys);
    return a;
}

static wv fn_rsa_private_key(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    wv text = args[0];
    if (!s.n)
        return ws_fail(cx, "input PEM data was empty");
    if (!has_begin(s)) {
        text = ws_call_row(cx, "base64.decode", text, "");
        if (!wv_defined(text))
            return text;
    }
    ws_keys keys = {0};
    wv v = WV_UNDEFINED;
    if (parse_keys(cx, &text, &keys))
        v = keys.n ? ws_built(cx, ws_x509_jwk(cx, keys.items[0].pkey)) : WV_NULL;
    ws_keys_clear(&keys);
    return v;
}

/* ---- a certificate with its key ---- */

typedef struct skipped {
    wb_buf types;
    size_t n;
    wb_str first;
} skipped;

static void skip(skipped *s, wb_str type)
{
    if (s->n++)
        wb_buf_putc(&s->types, ' ');
    else
        s->first = type;
    wb_buf_put_str(&s->types, type);
}

static bool is_key_type(wb_str type)
{
    return wb_str_is(type, "PRIVATE KEY") || wb_str_has_suffix(type, WB_LIT(" PRIVATE KEY"));
}

/* The text of a PEM file; DER is wrapped as a block of that type. */
static bool pem_text(ws_ctx *cx, const wv *arg, const char *type, wb_str *out)
{
    *out = wv_str(arg);
    if (!wb_str_has_prefix(*out, WB_LIT("-----BEGIN ")) && !decode_base64(cx, *arg, out))
        return false;
    if (has_begin(*out))
        return true;
    wv v = ws_pem_encode(cx, type, *out);
    if (!wv_defined(v))
        return false;
    *out = wb_arena_str(cx->out, wv_str(&v));
    return true;
}

static wv pair_certs(ws_ctx *cx, wb_str s, wb_str *leaf)
{
    skipped k = {0};
    ws_pem b;
    wv list = wv_array_begin(cx->out, 2);
    wb_buf_init(&k.types, 4096);
    while (ws_pem_decode(cx, s, &b)) {
        if (wb_str_is(b.type, "CERTIFICATE")) {
            if (!wv_len(list))
                *leaf = b.bytes;
            wv_array_push(cx->out, &list, ws_x509_bytes(cx, b.bytes.p, b.bytes.n));
        } else {
            skip(&k, b.type);
        }
        s = b.rest;
    }
    if (cx->error == WS_ERR_NONE && !wv_len(list)) {
        if (!k.n)
            ws_fail(cx, "tls: failed to find any PEM data in certificate input");
        else if (k.n == 1 && wb_str_has_suffix(k.first, WB_LIT("PRIVATE KEY")))
            ws_fail(cx, "tls: failed to find certificate PEM data in certificate input, but did "
                        "find a private key; PEM inputs may have been switched");
        else
            ws_fail(cx,
                    "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after "
                    "skipping PEM blocks of the following types: [%s]",
                    wb_buf_cstr(&k.types));
    }
    wb_buf_free(&k.types);
    return cx->error == WS_ERR_NONE ? list : WV_UNDEFINED;
}

static bool pair_key(ws_ctx *cx, wb_str s, wb_str *der)
{
    skipped k = {0};
    ws_pem b;
    bool found = false;
    wb_buf_init(&k.types, 4096);
    while (!found && ws_pem_decode(cx, s, &b)) {
        found = is_key_type(b.type);
        if (!found)
            skip(&k, b.type);
        s = b.rest;
    }
    if (found)
        *der = b.bytes;
    else if (cx->error != WS_ERR_NONE)
        found = false;
    else if (!k.n)
        ws_fail(cx, "tls: failed to find any PEM data in key input");
    else if (k.n == 1 && wb_str_is(k.first, "CERTIFICATE"))
        ws_fail(cx, "tls: found a certificate rather than a key in the PEM for the private key");
    else
        ws_fail(cx,
                "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input "
                "after skipping PEM blocks of the following types: [%s]",
                wb_buf_cstr(&k.types));
    wb_buf_free(&k.types);
    return found;
}

static wv pair_value(ws_ctx *cx, wv certs, X509 *leaf, const EVP_PKEY *key)
{
    EVP_PKEY *public_key = X509_get0_pubkey(leaf);
    if (!public_key || ws_key_kind_of(public_key) == WS_KEY_OTHER)
        return ws_fail(cx, "tls: unknown public key algorithm");
    if (ws_key_kind_of(public_key) != ws_key_kind_of(key))
        return ws_fail(cx, "tls: private key type does not match public key type");
    if (EVP_PKEY_eq(public_key, key) != 1)
        return ws_fail(cx, "tls: private key does not match public key");
    wv o = wv_object_begin(cx->out, 8);
    ws_x509_put(cx, &o, "Certificate", certs);
    ws_x509_put(cx, &o, "PrivateKey", ws_x509_private_key(cx, key));
    ws_x509_put(cx, &o, "SupportedSignatureAlgorithms", WV_NULL);
    ws_x509_put(cx, &o, "OCSPStaple", WV_NULL);
    ws_x509_put(cx, &o, "SignedCertificateTimestamps", WV_NULL);
    ws_x509_put(cx, &o, "Leaf", ws_x509_certificate(cx, leaf, false));
    return ws_built(cx, o);
}

static wv fn_keypair(ws_ctx *cx, const wv *args, unsigned n)
{
    wb_str cert, key, leaf_der = {0}, key_der = {0};
    WS_STRING(cx, args, 0);
    if (!wv_is_string(args[1]))
        return ws_fail_operand(cx, 1, "string", args[1]);
    wb_str second = wv_str(&args[1]);
    bool second_text = wb_str_has_prefix(second, WB_LIT("-----BEGIN "));
    if (!pem_text(cx, &args[0], "CERTIFICATE", &cert) ||
        (!second_text && !pem_text(cx, &args[1], "PRIVATE KEY", &key)))
        return WV_UNDEFINED;
    if (second_text)
        key = second;
    wv certs = pair_certs(cx, cert, &leaf_der);
    if (!wv_defined(certs) || !pair_key(cx, key, &key_der) || !ws_charge(cx, 2 * PARSE_UNITS))
        return WV_UNDEFINED;
    const unsigned char *p = (const unsigned char *)leaf_der.p;
    X509 *leaf = d2i_X509(NULL, &p, (long)leaf_der.n);
    if (!leaf)
        return ws_fail(cx, "x509: malformed certificate");
    p = (const unsigned char *)key_der.p;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)key_der.n);
    wv v = pkey && ws_key_kind_of(pkey) != WS_KEY_OTHER
               ? pair_value(cx, certs, leaf, pkey)
               : ws_fail(cx, "tls: failed to parse private key");
    EVP_PKEY_free(pkey);
    X509_free(leaf);
    return v;
}

const ws_builtin ws_crypto_x509[] = {
    WS_ROW("crypto.x509.parse_certificates",
           "(certs: string) => (output: array[object[string: any]])", NULL, NULL, 0, fn_parse, NULL,
           NULL, "The certificates in PEM or base64."),
    WS_ROW("crypto.x509.parse_and_verify_certificates",
           "(certs: string) => (output: array<boolean, array[object[string: any]]>)", NULL, NULL, 0,
           fn_verify, NULL, NULL,
           "Whether the last certificate chains to the first by those between, with the chain."),
    WS_ROW("crypto.x509.parse_and_verify_certificates_with_options",
           "(certs: string, options: object[string: any]) => (output: array<boolean, "
           "array[object[string: any]]>)",
           NULL, NULL, 0, fn_verify_options, NULL, NULL,
           "As parse_and_verify_certificates, for a name, a time and key usages."),
    WS_ROW("crypto.x509.parse_certificate_request",
           "(csr: string) => (output: object[string: any])", NULL, NULL, 0, fn_request, NULL, NULL,
           "The certificate request in PEM or base64."),
    WS_ROW("crypto.x509.parse_keypair",
           "(cert: string, pem: string) => (output: object[string: any])", NULL, NULL, 0,
           fn_keypair, NULL, NULL, "A certificate with its private key."),
    WS_ROW("crypto.x509.parse_rsa_private_key", "(pem: string) => (output: object[string: any])",
           NULL, NULL, 0, fn_rsa_private_key, NULL, NULL,
           "The first private key of a text as a JWK."),
    WS_ROW("crypto.parse_private_keys", "(keys: string) => (output: array[object[string: any]])",
           NULL, NULL, 0, fn_private_keys, NULL, NULL, "The private keys of a text."),
    WS_END,
};
