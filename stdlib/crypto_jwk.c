/* JWK and JWKS: the members of keys, in the words of the library that OPA reads them with. */
#include "stdlib/crypto_jwk.h"

#include "base/error.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/json_parts.h"
#include "stdlib/jwt_header.h"
#include "stdlib/text.h"
#include "stdlib/unicode.h"
#include "value/json.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>

/* What is being read, and what stands before its errors. */
typedef struct reader {
    ws_ctx *cx;
    const char *front, *where;
    const char *type; /* as error texts name it */
    char types;       /* the letter of the kind: see members */
    ws_jwk j;
    ws_key *key;
} reader;

static void free_octets(ws_octets *o)
{
    if (o->p)
        OPENSSL_clear_free(o->p, o->n + 1);
    *o = (ws_octets){0};
}

static void clear(ws_jwk *j)
{
    ws_octets *all[] = {&j->d, &j->e, &j->n,  &j->x,  &j->y, &j->k,
                        &j->p, &j->q, &j->dp, &j->dq, &j->qi};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free_octets(all[i]);
}

static const char *go_type(wv v)
{
    return wv_is_bool(v) ? "bool" : wv_type_name(v);
}

static bool fail_key(reader *r, const char *text, wb_str tail)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    wb_buf_putf(&b,
                "%s%sjwk.ParseKey: failed to unmarshal JSON into key (*jwk.%s): failed to "
                "unmarshal JSON into key (*jwk.%s): %s",
                r->front, r->where, r->type, r->type, text);
    ws_fail_tail(r->cx, wb_buf_cstr(&b), tail);
    wb_buf_free(&b);
    return false;
}

/* A member's fault, with what it is about behind it. */
static bool fail_value(reader *r, const char *name, const char *text, wb_str tail)
{
    char front[256];
    snprintf(front, sizeof front, "failed to decode value for key %s: %s", name, text);
    return fail_key(r, front, tail);
}

static bool fail_type(reader *r, const char *name, const char *front, wv v, const char *want)
{
    char text[128];
    snprintf(text, sizeof text, "%sjson: cannot unmarshal %s into Go value of type %s", front,
             go_type(v), want);
    return fail_value(r, name, text, WB_LIT(""));
}

/* Null is the empty text. False: neither. */
static bool text_of(const wv *v, wb_str *out)
{
    *out = WB_LIT("");
    if (wv_is_string(*v))
        *out = wv_str(v);
    return wv_is_string(*v) || *v == WV_NULL;
}

/* ---- texts ---- */

/* Whether a name is that word in any case, as Go finds members of its structures. */
static bool folds_to(wb_str name, const char *word)
{
    size_t i = 0, used;
    for (; i < name.n && *word; word++, i += used) {
        uint32_t c = wb_utf8_get(name.p + i, name.n - i, &used), x = c;
        while (x != (unsigned char)*word)
            if ((x = ws_rune_fold(x)) == c)
                return false;
    }
    return i == name.n && !*word;
}

static void put_over_floats(wb_buf *b, wb_arena *a, wv number)
{
    wb_buf_puts(b, "json: cannot unmarshal number ");
    wb_buf_put_str(b, wv_number_text(a, number));
    wb_buf_puts(b, " into Go value of type float64");
}

/* The first number of v that no float holds; undefined when all have one. */
static wv over_floats(wv v)
{
    double d;
    wv found = WV_UNDEFINED;
    if (wv_is_number(v))
        return wv_number_double(v, &d) ? found : v;
    for (uint32_t i = 0; wv_is_collection(v) && i < wv_len(v) && found == WV_UNDEFINED; i++)
        found = over_floats(wv_is_object(v) ? wv_value_at(v, NULL, i) : wv_items(v)[i]);
    return found;
}

/* ---- members ---- */

static bool read_octets(reader *r, const char *name, const wv *v, ws_octets *o)
{
    wb_str s;
    if (!text_of(v, &s))
        return fail_type(r, name, "error reading next value: ", *v, "string");
    free_octets(o);
    o->p = OPENSSL_malloc(s.n + 4);
    if (!o->p)
        wb_fatal("out of memory");
    o->there = true;
    /* The alphabet and the padding are told apart by looking. */
    bool url = !memchr(s.p, '+', s.n) && !memchr(s.p, '/', s.n);
    bool padded = s.n && s.p[s.n - 1] == '=';
    if (ws_base64_decode(s, url, padded, (char *)o->p, &o->n) < 0)
        return true;
    OPENSSL_cleanse(o->p, s.n + 4);
    o->n = 0;
    return fail_value(r, name, "expected base64 encoded []byte (string)", WB_LIT(""));
}

static bool read_text(reader *r, const char *name, const wv *v, void *out)
{
    wb_str s;
    if (!text_of(v, &s))
        return fail_type(r, name, "error reading next value: ", *v, "string");
    if (out)
        *(wv *)out = *v == WV_NULL ? WV_UNDEFINED : *v;
    return true;
}

/* Algorithms that the library knows, whatever they are for. */
static bool known_algorithm(wb_str s)
{
    static const char *const names[] = {"ES256",
                                        "ES256K",
                                        "ES384",
                                        "ES512",
                                        "EdDSA",
                                        "Ed25519",
                                        "HS256",
                                        "HS384",
                                        "HS512",
                                        "none",
                                        "PS256",
                                        "PS384",
                                        "PS512",
                                        "RS256",
                                        "RS384",
                                        "RS512",
                                        "A128GCMKW",
                                        "A128KW",
                                        "A192GCMKW",
                                        "A192KW",
                                        "A256GCMKW",
                                        "A256KW",
                                        "dir",
                                        "ECDH-ES",
                                        "ECDH-ES+A128KW",
                                        "ECDH-ES+A192KW",
                                        "ECDH-ES+A256KW",
                                        "PBES2-HS256+A128KW",
                                        "PBES2-HS384+A192KW",
                                        "PBES2-HS512+A256KW",
                                        "RSA1_5",
                                        "RSA-OAEP",
                                        "RSA-OAEP-256",
                                        "RSA-OAEP-384",
                                        "RSA-OAEP-512",
                                        "A128CBC-HS256",
                                        "A192CBC-HS384",
                                        "A256CBC-HS512",
                                        "A128GCM",
                                        "A192GCM",
                                        "A256GCM"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_str_is(s, names[i]))
            return true;
    return false;
}

/* Code points of a wrong name that are shown. */
#define NAME_SHOWN 64

static bool read_algorithm(reader *r, const char *name, const wv *v, void *out)
{
    wb_str s;
    if (!text_of(v, &s))
        return fail_type(r, name, "", *v, "string");
    if (known_algorithm(s)) {
        *(wv *)out = *v;
        return true;
    }
    size_t n = 0, count = 0;
    for (; n < s.n && count < NAME_SHOWN; count++)
        do
            n++;
        while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80);
    wb_buf cut, b;
    wb_buf_init(&cut, 4096);
    wb_buf_init(&b, 4096);
    wb_buf_put(&cut, s.p, n);
    wb_buf_puts(&cut, n < s.n ? "..." : "");
    ws_put_quoted(&b, wb_buf_str(&cut));
    wb_buf_puts(&b, ": invalid key algorithm");
    fail_value(r, name, "invalid key value: ", wb_buf_str(&b));
    wb_buf_free(&cut);
    wb_buf_free(&b);
    return false;
}

static bool read_curve(reader *r, const char *name, const wv *v)
{
    static const char *const names[] = {"P-256",  "P-384", "P-521", "Ed25519",
                                        "X25519", "Ed448", "X448"};
    wb_str s;
    if (!text_of(v, &s))
        return fail_type(r, name, "failed to unmarshal EllipticCurveAlgorithm: ", *v, "string");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_str_is(s, names[i])) {
            r->j.crv = wb_str_of(names[i]);
            return true;
        }
    wb_buf b;
    wb_buf_init(&b, 4096);
    ws_put_quoted(&b, s);
    fail_value(r, name, "unknown EllipticCurveAlgorithm: ", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

static bool read_operations(reader *r, const char *name, const wv *v)
{
    if (*v == WV_NULL)
        return true;
    if (!wv_is_array(*v))
        return fail_type(r, name, "", *v, "jwk.KeyOperationList");
    for (uint32_t i = 0; i < wv_len(*v); i++) {
        wv item = wv_items(*v)[i];
        if (!wv_is_string(item) && item != WV_NULL)
            return fail_type(r, name, "", item, "jwk.KeyOperation");
    }
    return true;
}

#define FAULT_MAX 112 /* bytes */

/* Why a text is no certificate in base64, or NULL; blanks do not count. */
static const char *certificate_fault(ws_ctx *cx, wb_str s, char text[FAULT_MAX])
{
    if (!ws_room(cx, 2 * s.n))
        return "";
    char *plain = wb_arena_alloc(cx->out, s.n + 1), *der = wb_arena_alloc(cx->out, s.n + 4);
    size_t n = 0, bytes;
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(" \t\r\n\v\f", s.p[i]))
            plain[n++] = s.p[i];
    int64_t bad = ws_base64_decode(wb_str_n(plain, n), false, true, der, &bytes);
    if (bad >= 0) {
        snprintf(
            text, FAULT_MAX,
            "failed to base64 decode the certificate: illegal base64 data at input byte %" PRId64,
            bad);
        return text;
    }
    const unsigned char *p = (const unsigned char *)der;
    X509 *x = d2i_X509(NULL, &p, (long)bytes);
    bool whole = x && p == (const unsigned char *)der + bytes;
    X509_free(x);
    return whole ? NULL : "failed to parse x509 certificate: x509: malformed certificate";
}

static bool read_chain(reader *r, const char *name, const wv *v)
{
    if (!wv_is_array(*v))
        return fail_value(r, name, "failed to unmarshal certificate chain: expected JSON array",
                          WB_LIT(""));
    for (uint32_t i = 0; i < wv_len(*v); i++) {
        char front[64], fault[FAULT_MAX];
        wv item = wv_items(*v)[i];
        wb_str s;
        snprintf(front, sizeof front, "failed to decode certificate at index %u: ", i);
        if (!text_of(&item, &s))
            return fail_type(r, name, front, item, "string");
        const char *why = certificate_fault(r->cx, s, fault);
        if (why)
            return fail_value(r, name, front, wb_str_of(why));
    }
    return true;
}

/* Kinds by letter: R, E, O public, r, e, o private, k symmetric. Members that a kind does not know
 * may be anything. */
#define KINDS "REOreok"

static const struct member {
    const char *name, *types;
    char form; /* b: octets, s: text, a: algorithm, c: curve, l: operations, x: certificates */
    size_t at; /* of octets in ws_jwk, of texts in ws_key; SIZE_MAX: only looked at */
} members[] = {
    {"alg", KINDS, 'a', offsetof(ws_key, alg)},
    {"crv", "EOeo", 'c', 0},
    {"d", "reo", 'b', offsetof(ws_jwk, d)},
    {"dp", "r", 'b', offsetof(ws_jwk, dp)},
    {"dq", "r", 'b', offsetof(ws_jwk, dq)},
    {"e", "Rr", 'b', offsetof(ws_jwk, e)},
    {"k", "k", 'b', offsetof(ws_jwk, k)},
    {"key_ops", KINDS, 'l', 0},
    {"kid", KINDS, 's', offsetof(ws_key, kid)},
    {"n", "Rr", 'b', offsetof(ws_jwk, n)},
    {"p", "r", 'b', offsetof(ws_jwk, p)},
    {"q", "r", 'b', offsetof(ws_jwk, q)},
    {"qi", "r", 'b', offsetof(ws_jwk, qi)},
    {"use", KINDS, 's', SIZE_MAX},
    {"x", "EOeo", 'b', offsetof(ws_jwk, x)},
    {"x5c", KINDS, 'x', 0},
    {"x5t", KINDS, 's', SIZE_MAX},
    {"x5t#S256", KINDS, 's', SIZE_MAX},
    {"x5u", KINDS, 's', SIZE_MAX},
    {"y", "Ee", 'b', offsetof(ws_jwk, y)},
};

static bool read_member(reader *r, const struct member *m, const wv *v)
{
    void *text = m->at == SIZE_MAX ? NULL : (char *)r->key + m->at;
    switch (m->form) {
    case 'a': return read_algorithm(r, m->name, v, text);
    case 's': return read_text(r, m->name, v, text);
    case 'c': return read_curve(r, m->name, v);
    case 'l': return read_operations(r, m->name, v);
    case 'x': return read_chain(r, m->name, v);
    default: return read_octets(r, m->name, v, (ws_octets *)((char *)&r->j + m->at));
    }
}

/* The kind again, of which the last was taken, in whatever case. */
static bool read_kind(reader *r, const wv *v, const char *kty)
{
    wb_str s;
    if (text_of(v, &s) && wb_str_is(s, kty))
        return true;
    wb_buf b;
    wb_buf_init(&b, s.n + 64);
    wb_buf_put_str(&b, s);
    wb_buf_putc(&b, ')');
    fail_key(r, "invalid kty value for RSAPublicKey (", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

/* A member that nobody knows is read all the same. */
static bool read_other(reader *r, wb_str name, wv v)
{
    wv huge = over_floats(v);
    if (!wv_defined(huge))
        return true;
    wb_buf b;
    wb_buf_init(&b, 2 * name.n + 256);
    for (int i = 0; i < 2; i++) {
        wb_buf_puts(&b, i ? "failed to decode field " : "");
        wb_buf_put_str(&b, name);
        wb_buf_puts(&b, ": ");
    }
    put_over_floats(&b, r->cx->out, huge);
    fail_key(r, "could not decode field ", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

static const struct member *member_of(const reader *r, wb_str name)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strchr(members[i].types, r->types) && wb_str_is(name, members[i].name))
            return &members[i];
    return NULL;
}

static bool read_members(reader *r, wb_str object, const char *kty)
{
    ws_parts w = ws_parts_of(r->cx, object, '{');
    wv name, v;
    for (wb_str raw; ws_parts_next(&w, &name, &v, &raw);) {
        const struct member *m = member_of(r, wv_str(&name));
        bool is_kind = wb_str_is(wv_str(&name), "kty");
        if (!(is_kind ? read_kind(r, &v, kty)
              : m     ? read_member(r, m, &v)
                      : read_other(r, wv_str(&name), v)))
            return false;
    }
    return !w.failed;
}

static bool complete(reader *r)
{
    static const char *const needs[] = {['R'] = "en", ['r'] = "den", ['E'] = "cxy", ['e'] = "cdxy",
                                        ['O'] = "cx", ['o'] = "cdx", ['k'] = "k"};
    const ws_jwk *j = &r->j;
    for (const char *p = needs[(unsigned char)r->types]; *p; p++) {
        bool there = *p == 'c'   ? j->crv.n > 0
                     : *p == 'd' ? j->d.there
                     : *p == 'e' ? j->e.there
                     : *p == 'n' ? j->n.there
                     : *p == 'x' ? j->x.there
                     : *p == 'y' ? j->y.there
                                 : j->k.there;
        char text[48];
        snprintf(text, sizeof text, "required field %.*s is missing", *p == 'c' ? 3 : 1,
                 *p == 'c' ? "crv" : p);
        if (!there)
            return fail_key(r, text, WB_LIT(""));
    }
    return true;
}

/* ---- what a key must be to leave its text ---- */

static bool fail_valid(reader *r, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail_valid(reader *r, const char *kind, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ws_fail(r->cx,
            "%s%sjwk.ParseKey: jwk.Parse: key validation failed: key validation failed: "
            "jwk.%s%sKey: %s",
            r->front, r->where, kind,
            r->j.kind == WS_KEY_OCT ? ""
            : r->j.is_private       ? "Private"
                                    : "Public",
            text);
    return false;
}

/* Bytes without the zeros in front. */
static size_t significant(const ws_octets *o)
{
    size_t i = 0;
    while (i < o->n && !o->p[i])
        i++;
    return o->n - i;
}

/* Bits of a public exponent that OPA's library takes. */
#define EXPONENT_BITS 63

static bool valid_rsa(reader *r)
{
    const ws_jwk *j = &r->j;
    size_t e = significant(&j->e);
    if (!significant(&j->n))
        return fail_valid(r, "RSA", "missing \"n\" value");
    if (!e)
        return fail_valid(r, "RSA", "missing \"e\" value");
    if (!(j->e.p[j->e.n - 1] & 1))
        return fail_valid(r, "RSA", "invalid rsa public exponent: must be a positive odd integer");
    size_t bits = 8 * e;
    for (unsigned top = j->e.p[j->e.n - e]; !(top & 0x80); top <<= 1)
        bits--;
    if (bits > EXPONENT_BITS)
        return fail_valid(r, "RSA",
                          "rsa public exponent too large for this platform: %zu bits (max %d)",
                          bits, EXPONENT_BITS);
    return !j->is_private || j->d.n || fail_valid(r, "RSA", "missing \"d\" value");
}

static bool valid_ec(reader *r)
{
    const ws_jwk *j = &r->j;
    size_t bytes = ws_jwk_curve_bytes(j->crv);
    if (!bytes)
        return fail_valid(r, "ECDSA",
                          "invalid curve algorithm \"%.*s\": unknown elliptic curve algorithm: "
                          "\"%.*s\"",
                          WB_FMT(j->crv), WB_FMT(j->crv));
    const ws_octets *o[] = {&j->x, &j->y, &j->d};
    for (unsigned i = 0; i < 3; i++) {
        if (i == 2) {
            if (!significant(&j->x) && !significant(&j->y))
                return fail_valid(r, "ECDSA",
                                  "invalid ECDSA public key: identity point is not a valid public "
                                  "key");
            size_t bits = bytes == 66 ? 521 : 8 * bytes;
            if (!ws_jwk_in_field(j))
                return fail_valid(r, "ECDSA",
                                  "invalid ECDSA public key: invalid P%zu element encoding", bits);
            if (!ws_jwk_on_curve(j))
                return fail_valid(r, "ECDSA", "invalid ECDSA public key: P%zu point not on curve",
                                  bits);
        }
        if ((i < 2 || j->is_private) && o[i]->n != bytes)
            return fail_valid(r, "ECDSA", "invalid \"%c\" length (%zu) for curve \"%.*s\"",
                              "xyd"[i], o[i] -> n, WB_FMT(j->crv));
    }
    return true;
}

static bool valid_okp(reader *r)
{
    const ws_jwk *j = &r->j;
    bool ed = wb_str_is(j->crv, "Ed25519"), sized = ed || wb_str_is(j->crv, "X25519");
    const char *name = ed ? "ed25519" : "x25519";
    if (!j->x.n)
        return fail_valid(r, "OKP", "missing \"x\" field");
    if (sized && j->x.n != 32)
        return fail_valid(r, "OKP", "%s: wrong public key size", name);
    if (j->is_private && !j->d.n)
        return fail_valid(r, "OKP", "missing \"d\" field");
    if (j->is_private && sized && j->d.n != 32)
        return fail_valid(r, "OKP", "%s: wrong private key size", name);
    return true;
}

static bool valid(reader *r)
{
    switch (r->j.kind) {
    case WS_KEY_RSA: return valid_rsa(r);
    case WS_KEY_EC: return valid_ec(r);
    case WS_KEY_ED25519: return valid_okp(r);
    default: return r->j.k.n || fail_valid(r, "Symmetric", "missing \"k\" field");
    }
}

/* ---- keys and sets ---- */

/* What making a key costs: a point of a curve is looked at, the parts of a private RSA key are
 * raised to each other's powers, which grows with the third power of its length. */
#define KEY_UNITS      100
#define RSA_UNITS      32
#define RSA_UNIT_BYTES 128

static uint64_t units_of(const ws_jwk *j)
{
    uint64_t times = j->n.n < 4096 ? (j->n.n + RSA_UNIT_BYTES - 1) / RSA_UNIT_BYTES : 0;
    return KEY_UNITS + (j->is_private ? RSA_UNITS * times * times * times : 0);
}

/* What the library looks for first, in names of any case: the kind, and whether there is a d. */
static bool probe(ws_ctx *cx, const char *front, const char *where, wb_str object, wv *kty,
                  bool *has_d)
{
    ws_parts w = ws_parts_of(cx, object, '{');
    wv name, v, wrong = WV_UNDEFINED;
    *kty = WV_NULL;
    for (wb_str raw; ws_parts_next(&w, &name, &v, &raw);) {
        *has_d |= folds_to(wv_str(&name), "d");
        if (v == WV_NULL || !folds_to(wv_str(&name), "kty"))
            continue;
        if (wv_is_string(v))
            *kty = v;
        else if (!wv_defined(wrong))
            wrong = v;
    }
    if (wv_defined(wrong))
        ws_fail(cx,
                "%s%sjwk.ParseKey: jwk.Parse: failed to probe data: probe: failed to unmarshal "
                "data: json: cannot unmarshal %s into Go struct field .kty of type string",
                front, where, go_type(wrong));
    return !w.failed && !wv_defined(wrong);
}

static bool read_key(ws_ctx *cx, const char *front, const char *where, wb_str object, ws_keys *keys)
{
    static const struct {
        const char *kty, *names[2];
        char types[2];
        ws_key_kind kind;
    } kinds[] = {{"RSA", {"rsaPublicKey", "rsaPrivateKey"}, {'R', 'r'}, WS_KEY_RSA},
                 {"EC", {"ecdsaPublicKey", "ecdsaPrivateKey"}, {'E', 'e'}, WS_KEY_EC},
                 {"OKP", {"okpPublicKey", "okpPrivateKey"}, {'O', 'o'}, WS_KEY_ED25519},
                 {"oct", {"symmetricKey", "symmetricKey"}, {'k', 'k'}, WS_KEY_OCT}};
    wv kty;
    wb_str type;
    bool has_d = false;
    if (!probe(cx, front, where, object, &kty, &has_d) || !text_of(&kty, &type))
        return false;
    size_t i = 0;
    while (i < 4 && !wb_str_is(type, kinds[i].kty))
        i++;
    if (i == 4) {
        ws_fail(cx, "%s%sjwk.ParseKey: invalid key type from JSON (%.*s)", front, where,
                WB_FMT(type));
        return false;
    }
    if (keys->n >= WS_KEYS_MAX) {
        ws_fail(cx,
                "%sjwk.Parse: failed to unmarshal JWK set: too many keys in \"keys\" array: max "
                "%u",
                front, WS_KEYS_MAX);
        return false;
    }
    reader r = {cx, front, where, kinds[i].names[has_d], kinds[i].types[has_d], {0}, NULL};
    r.j.kind = kinds[i].kind;
    r.j.is_private = has_d || r.j.kind == WS_KEY_OCT;
    r.key = ws_keys_add(keys);
    r.key->kind = r.j.kind;
    r.key->is_private = r.j.is_private;
    bool ok = read_members(&r, object, kinds[i].kty) && complete(&r) &&
              ws_charge(cx, units_of(&r.j)) && valid(&r);
    if (ok)
        ws_jwk_make(&r.j, r.key);
    clear(&r.j);
    return ok;
}

/* Why the text is no object: the words of Go's streaming decoder. */
static bool fail_text(ws_ctx *cx, const char *front, bool is_set, wb_str text, const wb_error *e)
{
    const char *why = e->text;
    if (strcmp(why, "unexpected end of JSON input") == 0) {
        why = "EOF";
        for (size_t i = 0; i < text.n; i++)
            if (!strchr(" \t\r\n", text.p[i]) || !text.p[i])
                why = "unexpected EOF";
    }
    ws_fail(cx, "%sjwk.Parse: %s%s", front,
            is_set ? "failed to unmarshal JWK set: "
                   : "failed to parse sole key: jwk.ParseKey: jwk.Parse: failed to probe data: "
                     "probe: failed to unmarshal data: ",
            why);
    return false;
}

/* A value as Go shows the token that it begins with. */
static bool fail_set(ws_ctx *cx, const char *front, wv set)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    wb_buf_puts(&b, front);
    wb_buf_puts(&b, "jwk.Parse: failed to unmarshal JWK set: failed to decode \"keys\": expected "
                    "'[' but got ");
    wb_buf tail;
    wb_buf_init(&tail, 4096);
    if (wv_is_object(set))
        wb_buf_putc(&tail, '{');
    else if (wv_is_string(set))
        wb_buf_put_str(&tail, wv_str(&set));
    else if (set == WV_NULL)
        wb_buf_puts(&tail, "<nil>");
    else
        wv_print(&tail, set);
    ws_fail_tail(cx, wb_buf_cstr(&b), wb_buf_str(&tail));
    wb_buf_free(&b);
    wb_buf_free(&tail);
    return false;
}

static const char PROBE[] = "{ Kty string \"json:\\\"kty\\\"\"; D json.RawMessage "
                            "\"json:\\\"d,omitempty\\\"\" }";

static bool read_set(ws_ctx *cx, const char *front, wb_str array, ws_keys *keys)
{
    ws_parts w = ws_parts_of(cx, array, '[');
    wv item;
    unsigned i = 0;
    for (wb_str raw; ws_parts_next(&w, NULL, &item, &raw); i++) {
        char where[96];
        snprintf(
            where, sizeof where,
            "jwk.Parse: failed to unmarshal JWK set: failed to decode key #%u in \"keys\": ", i);
        if (!wv_is_object(item) && item != WV_NULL) {
            ws_fail(cx,
                    "%s%sjwk.ParseKey: jwk.Parse: failed to probe data: probe: failed to unmarshal "
                    "data: json: cannot unmarshal %s into Go value of type struct %s",
                    front, where, go_type(item), PROBE);
            return false;
        }
        if (!read_key(cx, front, where, raw, keys))
            return false;
    }
    return !w.failed;
}

/* Whether the text holds several keys: a looser reader finds their name, which reads numbers of any
 * shape and nothing with more text behind. False also when memory is used up. */
static bool is_set(ws_ctx *cx, wb_str text)
{
    ws_jwt_field keys = {.name = "keys"};
    wb_buf why;
    wb_buf_init(&why, 4096);
    bool found = ws_jwt_header_read(cx, text, &keys, 1, &why) && keys.kind;
    wb_buf_free(&why);
    return found;
}

static bool read_sets(ws_ctx *cx, const char *front, wb_str text, ws_keys *keys)
{
    ws_parts w = ws_parts_of(cx, text, '{');
    wv name, v;
    for (wb_str raw; ws_parts_next(&w, &name, &v, &raw);) {
        if (wb_str_is(wv_str(&name), "keys")) {
            if (!(wv_is_array(v) ? read_set(cx, front, raw, keys) : fail_set(cx, front, v)))
                return false;
            continue;
        }
        wv huge = over_floats(v);
        if (!wv_defined(huge))
            continue;
        wb_buf b;
        wb_buf_init(&b, 4 * raw.n + 256);
        ws_put_quoted(&b, wv_str(&name));
        wb_buf_puts(&b, ": ");
        put_over_floats(&b, cx->out, huge);
        char start[256];
        snprintf(start, sizeof start,
                 "%sjwk.Parse: failed to unmarshal JWK set: failed to decode value for key ",
                 front);
        ws_fail_tail(cx, start, wb_buf_str(&b));
        wb_buf_free(&b);
        return false;
    }
    return !w.failed;
}

bool ws_keys_jwk(ws_ctx *cx, const char *front, wb_str text, ws_keys *keys)
{
    wv v;
    wb_error e;
    size_t used;
    if (!ws_room(cx, text.n))
        return false;
    bool set = is_set(cx, text);
    if (cx->error != WS_ERR_NONE)
        return false;
    if (wv_json_decode_prefix(cx->out, text, NULL, &v, &used, &e) != WB_OK) {
        if (cx->out->exhausted) {
            ws_fail_room(cx);
            return false;
        }
        return fail_text(cx, front, set, text, &e);
    }
    if (!wv_is_object(v) && v != WV_NULL) {
        snprintf(e.text, sizeof e.text, "json: cannot unmarshal %s into Go value of type struct %s",
                 go_type(v), PROBE);
        return fail_text(cx, front, false, text, &e);
    }
    return set ? read_sets(cx, front, text, keys)
               : read_key(cx, front, "jwk.Parse: failed to parse sole key: ", text, keys);
}
