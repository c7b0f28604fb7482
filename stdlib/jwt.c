/* JSON Web Tokens: decoding, verifying, signing. */
#include "base/base64.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/jwt_header.h"
#include "stdlib/jwt_sign.h"
#include "stdlib/text.h"
#include "value/json.h"

#include <openssl/crypto.h>

#include <strings.h>

typedef struct token {
    wb_str header, payload, signature; /* as text */
    wb_str signed_part;                /* header "." payload */
} token;

/* v stays in place while the token is used: inline strings live in the word. */
static bool split(ws_ctx *cx, const wv *v, token *t)
{
    if (!wv_is_string(*v)) {
        ws_fail_operand(cx, 1, "string", *v);
        return false;
    }
    wb_str s = wv_str(v);
    if (!ws_spend(cx, s.n))
        return false;
    size_t dots = 0, at[2] = {0};
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '.') {
            if (dots < 2)
                at[dots] = i;
            dots++;
        }
    if (dots == 0)
        ws_fail(cx, "encoded JWT had no period separators");
    else if (dots != 2)
        ws_fail(cx, "encoded JWT must have 3 sections, found %zu", dots + 1);
    if (dots != 2)
        return false;
    t->header = wb_str_n(s.p, at[0]);
    t->payload = wb_str_n(s.p + at[0] + 1, at[1] - at[0] - 1);
    t->signature = wb_str_n(s.p + at[1] + 1, s.n - at[1] - 1);
    t->signed_part = wb_str_n(s.p, at[1]);
    return true;
}

static wv decode_part(ws_ctx *cx, wb_str part, const char *front)
{
    return ws_call_row(cx, "base64url.decode", wv_string_new(cx->out, part), front);
}

/* The JSON object in a text; `front` stands before an error. */
static wv object_of(ws_ctx *cx, wv text, const char *front)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%sinvalid JSON: ", front);
    wv v = ws_call_row(cx, "json.unmarshal", text, prefix);
    if (!wv_defined(v) || wv_is_object(v))
        return v;
    return ws_fail(cx, "%sdecoded JSON type was not an Object", front);
}

static wv decode_header(ws_ctx *cx, const token *t)
{
    wv text = decode_part(cx, t->header, "JWT header had invalid encoding: ");
    wv header = wv_defined(text) ? object_of(cx, text, "bad JWT header: ") : WV_UNDEFINED;
    if (wv_defined(header) && wv_defined(wv_object_get_str(header, WB_LIT("enc"))))
        return ws_fail(cx, "JWT is a JWE object, which is not supported");
    return header;
}

static wv decode_payload(ws_ctx *cx, const token *t)
{
    return decode_part(cx, t->payload, "JWT payload had invalid encoding: ");
}

/* The text without quotes around it: how nested tokens are often written. */
static wv unquoted(ws_ctx *cx, wv v)
{
    wb_str s = wv_str(&v);
    while (s.n && (*s.p == '"' || *s.p == '\''))
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\''))
        s.n--;
    return wv_string_new(cx->out, s);
}

static wv fn_decode(ws_ctx *cx, const wv *args, unsigned n)
{
    wv text = args[0];
    /* A nested token is three quarters of what holds it, so this ends. */
    for (;;) {
        token t;
        if (!split(cx, &text, &t))
            return WV_UNDEFINED;
        wv header = decode_header(cx, &t);
        wv p = wv_defined(header) ? decode_payload(cx, &t) : WV_UNDEFINED;
        if (!wv_defined(p))
            return WV_UNDEFINED;
        wv cty = wv_object_get_str(header, WB_LIT("cty"));
        if (wv_defined(cty) && wv_is_string(cty) && wb_str_is(wv_str(&cty), "JWT")) {
            text = unquoted(cx, p);
            continue;
        }
        wv payload = object_of(cx, p, "");
        if (!wv_defined(payload))
            return WV_UNDEFINED;
        wv sig = decode_part(cx, t.signature, "JWT signature had invalid encoding: ");
        if (!wv_defined(sig))
            return WV_UNDEFINED;
        wb_str bytes = wv_str(&sig);
        WS_ROOM(cx, 2 * bytes.n + 1);
        char *hex = wb_arena_alloc(cx->out, 2 * bytes.n + 1);
        wb_hex_encode(bytes.p, bytes.n, hex);
        wv parts[] = {header, payload, wv_string_new(cx->out, wb_str_n(hex, 2 * bytes.n))};
        return ws_built(cx, wv_array_new(cx->out, parts, 3));
    }
}

/* ---- header fields ---- */

typedef struct fields {
    wv alg, kid, cty; /* strings or undefined */
    bool understood;  /* no critical field that nobody knows, and an algorithm */
} fields;

static bool crit_names(wv crit, wv name)
{
    for (uint32_t i = 0; i < wv_len(crit); i++)
        if (wv_equal(wv_items(crit)[i], name))
            return true;
    return false;
}

static bool crit_valid(ws_ctx *cx, wv crit)
{
    if (!wv_is_array(crit)) {
        ws_fail(cx, "crit: must be a list");
        return false;
    }
    if (wv_len(crit) && wv_is_string(wv_items(crit)[0]))
        return true;
    ws_fail(cx, "crit: must be a nonempty list");
    return false;
}

static bool read_fields(ws_ctx *cx, wv header, fields *f)
{
    static const char *const known[] = {"alg", "crit", "cty", "kid", "typ"};
    wv v[5];
    *f = (fields){0};
    for (size_t i = 0; i < 5; i++) {
        v[i] = wv_object_get_str(header, wb_str_of(known[i]));
        if (!wv_defined(v[i]))
            continue;
        if (i == 1) {
            if (!crit_valid(cx, v[i]))
                return false;
        } else if (!wv_is_string(v[i])) {
            ws_fail(cx, "%s: must be a string", known[i]);
            return false;
        }
    }
    f->alg = v[0];
    f->cty = v[2];
    f->kid = v[3];
    f->understood = wv_defined(v[0]) && wv_str(&v[0]).n > 0;
    if (!wv_defined(v[1]))
        return true;
    for (uint32_t i = 0; i < wv_len(header); i++) {
        wv key = wv_key_at(header, NULL, i);
        bool ours = false;
        for (size_t k = 0; k < 5; k++)
            ours |= wb_str_is(wv_str(&key), known[k]);
        if (!ours && crit_names(v[1], key))
            f->understood = false;
    }
    return true;
}

/* ---- verifying ---- */

/* A key with the token's id is the only one tried; otherwise all whose algorithm fits. */
static bool verify_any(const ws_keys *keys, const ws_jws_alg *alg, bool exact, const fields *f,
                       wb_str message, wb_str signature)
{
    if (wv_defined(f->kid) && wv_str(&f->kid).n)
        for (size_t i = 0; i < keys->n; i++)
            if (wv_defined(keys->items[i].kid) && wv_equal(keys->items[i].kid, f->kid))
                return alg && ws_jws_verify(alg, &keys->items[i], exact, message, signature);
    for (size_t i = 0; alg && i < keys->n; i++) {
        wv named = keys->items[i].alg;
        if (wv_defined(named) && wv_str(&named).n &&
            !(wv_defined(f->alg) && wv_equal(named, f->alg)))
            continue;
        if (ws_jws_verify(alg, &keys->items[i], exact, message, signature))
            return true;
    }
    return false;
}

/* Keys whose algorithm nobody knows are as if absent. */
static void drop_unknown(ws_keys *keys)
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n; i++) {
        ws_key k = keys->items[i];
        if (wv_defined(k.alg) && wv_str(&k.alg).n && !ws_jws_find(wv_str(&k.alg))) {
            EVP_PKEY_free(k.pkey);
            OPENSSL_clear_free(k.bytes, k.n);
        } else {
            keys->items[n++] = k;
        }
    }
    keys->n = n;
}

/* What trying keys costs: a public-key operation is worth thousands of bytes of copying. */
#define VERIFY_UNITS 500

static wv verify(ws_ctx *cx, const wv *args, const char *name)
{
    const ws_jws_alg *alg = ws_jws_find(wb_str_of(name));
    token t;
    ws_keys keys = {0};
    fields f;
    wv answer = WV_UNDEFINED, sig, header;
    if (!split(cx, &args[0], &t))
        return WV_UNDEFINED;
    WS_STRING(cx, args, 1);
    if (ws_keys_verifying(cx, wv_str(&args[1]), &keys) &&
        wv_defined(sig = decode_part(cx, t.signature, "")) &&
        wv_defined(header = decode_header(cx, &t)) && read_fields(cx, header, &f)) {
        drop_unknown(&keys);
        if (ws_charge(cx, VERIFY_UNITS * (1 + keys.n)))
            answer = wv_bool(verify_any(&keys, alg, false, &f, t.signed_part, wv_str(&sig)));
    }
    ws_keys_clear(&keys);
    return answer;
}

static wv verify_mac(ws_ctx *cx, const wv *args, const char *name)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    token t;
    if (!split(cx, &args[0], &t))
        return WV_UNDEFINED;
    wv sig = decode_part(cx, t.signature, "");
    if (!wv_defined(sig))
        return WV_UNDEFINED;
    return wv_bool(ws_jws_verify_secret(ws_jws_find(wb_str_of(name)), wv_str(&args[1]),
                                        t.signed_part, wv_str(&sig)));
}

#define VERIFIER(fn, name, how)                                                                    \
    static wv fn(ws_ctx *cx, const wv *args, unsigned n)                                           \
    {                                                                                              \
        return how(cx, args, name);                                                                \
    }
VERIFIER(fn_rs256, "RS256", verify)
VERIFIER(fn_rs384, "RS384", verify)
VERIFIER(fn_rs512, "RS512", verify)
VERIFIER(fn_ps256, "PS256", verify)
VERIFIER(fn_ps384, "PS384", verify)
VERIFIER(fn_ps512, "PS512", verify)
VERIFIER(fn_es256, "ES256", verify)
VERIFIER(fn_es384, "ES384", verify)
VERIFIER(fn_es512, "ES512", verify)
VERIFIER(fn_eddsa, "EdDSA", verify)
VERIFIER(fn_hs256, "HS256", verify_mac)
VERIFIER(fn_hs384, "HS384", verify_mac)
VERIFIER(fn_hs512, "HS512", verify_mac)

/* ---- verifying with constraints ---- */

typedef struct constraints {
    ws_keys keys;
    bool has_keys;
    wv secret, alg, iss, aud; /* strings; undefined and empty are no constraint */
    double time;              /* nanoseconds; below zero: none */
} constraints;

static bool given(wv string)
{
    return wv_defined(string) && wv_str(&string).n > 0;
}

static bool read_time(ws_ctx *cx, wv v, double *time)
{
    if (!wv_is_number(v))
        ws_fail(cx, "token time constraint: must be a number");
    else if (!wv_number_double(v, time))
        ws_fail(cx, "token time constraint: unvalid float64");
    else if (*time < 0)
        ws_fail(cx, "token time constraint: must not be negative");
    else
        return true;
    return false;
}

static bool read_constraint(ws_ctx *cx, wv key, wv v, constraints *c)
{
    const struct {
        const char *name;
        wv *to;
    } strings[] = {{"secret", &c->secret}, {"alg", &c->alg}, {"iss", &c->iss}, {"aud", &c->aud}};
    wb_str name = wv_is_string(key) ? wv_str(&key) : (wb_str){"", 0};
    bool cert = wb_str_is(name, "cert");
    if (wb_str_is(name, "time"))
        return read_time(cx, v, &c->time);
    for (size_t i = 0; i < 4 || cert; i++) {
        if (!cert && !wb_str_is(name, strings[i].name))
            continue;
        if (!wv_is_string(v)) {
            ws_fail(cx, "%.*s constraint: must be a string", WB_FMT(name));
            return false;
        }
        if (!cert) {
            *strings[i].to = v;
            return true;
        }
        c->has_keys = true;
        bool ok = ws_keys_verifying(cx, wv_str(&v), &c->keys);
        drop_unknown(&c->keys);
        return ok;
    }
    wb_buf b;
    wb_buf_init(&b, 4096);
    wb_buf_put_str(&b, name);
    ws_fail_tail(cx, "unknown token validation constraint: ", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

static bool read_constraints(ws_ctx *cx, wv o, constraints *c)
{
    *c = (constraints){.time = -1};
    const uint32_t *order = wv_table_order(o);
    for (uint32_t i = 0; i < wv_len(o); i++)
        if (!read_constraint(cx, wv_key_at(o, order, i), wv_value_at(o, order, i), c))
            return false;
    if (c->time == -1)
        c->time = (double)cx->now_ns;
    if (c->has_keys && given(c->secret))
        ws_fail(cx, "duplicate key constraints");
    else if (!c->has_keys && !given(c->secret))
        ws_fail(cx, "no key constraint");
    else
        return true;
    return false;
}

static bool audience_fits(const constraints *c, wv aud)
{
    wb_str want = wv_defined(c->aud) ? wv_str(&c->aud) : (wb_str){"", 0};
    if (wv_is_string(aud))
        return wb_str_eq(wv_str(&aud), want);
    if (!wv_is_array(aud))
        return false;
    for (uint32_t i = 0; i < wv_len(aud); i++) {
        wv one = wv_items(aud)[i];
        if (wv_is_string(one) && wb_str_eq(wv_str(&one), want))
            return true;
    }
    return false;
}

/* Whether the claims meet the constraints; false with an error when a time is no number. */
static bool claims_fit(ws_ctx *cx, const constraints *c, wv payload)
{
    wv iss = wv_object_get_str(payload, WB_LIT("iss")),
       aud = wv_object_get_str(payload, WB_LIT("aud"));
    wv exp = wv_object_get_str(payload, WB_LIT("exp")),
       nbf = wv_object_get_str(payload, WB_LIT("nbf"));
    if (given(c->iss) && !(wv_defined(iss) && wv_is_string(iss) && wv_equal(iss, c->iss)))
        return false;
    if (wv_defined(aud) ? !audience_fits(c, aud) : given(c->aud))
        return false;
    wv now = wv_from_double(cx->out, c->time / 1e9);
    if (wv_defined(exp)) {
        if (!wv_is_number(exp)) {
            ws_fail(cx, "exp value must be a number");
            return false;
        }
        if (wv_number_compare(now, exp) >= 0)
            return false;
    }
    if (wv_defined(nbf)) {
        if (!wv_is_number(nbf)) {
            ws_fail(cx, "nbf value must be a number");
            return false;
        }
        if (wv_number_compare(now, nbf) < 0)
            return false;
    }
    return true;
}

/* The innermost token's header and payload when every signature on the way holds. */
static bool verified(ws_ctx *cx, const constraints *c, wv text, wv *header, wv *payload)
{
    for (;;) {
        token t;
        fields f;
        if (!split(cx, &text, &t) || !wv_defined(*header = decode_header(cx, &t)) ||
            !read_fields(cx, *header, &f) || !f.understood)
            return false;
        if (given(c->alg) && !wv_equal(c->alg, f.alg))
            return false;
        wv sig = decode_part(cx, t.signature, "");
        if (!wv_defined(sig) || !ws_charge(cx, VERIFY_UNITS * (1 + c->keys.n)))
            return false;
        const ws_jws_alg *alg = ws_jws_find(wv_str(&f.alg));
        bool ok = c->has_keys ? verify_any(&c->keys, alg, true, &f, t.signed_part, wv_str(&sig))
                              : alg && ws_jws_verify_secret(alg, wv_str(&c->secret), t.signed_part,
                                                            wv_str(&sig));
        if (!ok)
            return false;
        wv p = decode_payload(cx, &t);
        if (!wv_defined(p))
            return false;
        wb_str cty = wv_defined(f.cty) ? wv_str(&f.cty) : (wb_str){"", 0};
        if (cty.n == 3 && strncasecmp(cty.p, "JWT", 3) == 0) {
            text = p;
            continue;
        }
        *payload = object_of(cx, p, "");
        return wv_defined(*payload);
    }
}

static wv fn_decode_verify(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_OBJECT(cx, args, 1);
    constraints c;
    wv header = WV_UNDEFINED, payload = WV_UNDEFINED;
    bool ok = read_constraints(cx, args[1], &c) && verified(cx, &c, args[0], &header, &payload) &&
              claims_fit(cx, &c, payload);
    ws_keys_clear(&c.keys);
    if (cx->error != WS_ERR_NONE)
        return WV_UNDEFINED;
    wv empty = wv_object_begin(cx->out, 0);
    wv parts[] = {wv_bool(ok), ok ? header : empty, ok ? payload : empty};
    return ws_built(cx, wv_array_new(cx->out, parts, 3));
}

/* ---- signing ---- */

static wv finish(ws_ctx *cx, const ws_jws_alg *alg, const ws_key *key, wb_str header,
                 wb_str payload)
{
    wb_buf b;
    ws_text_begin(cx, &b);
    wb_buf_put_base64url(&b, header.p, header.n);
    wb_buf_putc(&b, '.');
    wb_buf_put_base64url(&b, payload.p, payload.n);
    unsigned char *sig = NULL;
    size_t n = 0;
    bool ok = !b.failed && ws_jws_sign(cx, alg, key, wb_buf_str(&b), &sig, &n);
    if (ok) {
        wb_buf_putc(&b, '.');
        wb_buf_put_base64url(&b, sig, n);
    }
    OPENSSL_free(sig);
    if (ok || b.failed)
        return ws_take_string(cx, &b);
    ws_text_end(cx, &b);
    return WV_UNDEFINED;
}

static wv sign(ws_ctx *cx, wb_str header, wb_str payload, const ws_keys *keys)
{
    if (keys->n == 0)
        return ws_fail(cx, "no keys found in JWK set");
    WS_ROOM(cx, payload.n);
    ws_jwt_field said[] = {{.name = "alg"}, {.name = "typ"}};
    wb_buf why;
    wb_buf_init(&why, (size_t)64 << 10);
    if (!ws_jwt_header_read(cx, header, said, 2, &why))
        ws_fail(cx, "missing or invalid 'alg' header: %.*s", WB_FMT(wb_buf_str(&why)));
    wb_buf_free(&why);
    if (cx->error != WS_ERR_NONE)
        return WV_UNDEFINED;
    if (!said[0].kind)
        return ws_fail(cx, "missing or invalid 'alg' header: jwsbb: header \"alg\" not found");
    if (strcmp(said[0].kind, "string") != 0)
        return ws_fail(cx,
                       "missing or invalid 'alg' header: value doesn't contain string; it contains "
                       "%s",
                       said[0].kind);
    wv alg = said[0].text, typ = said[1].text;
    const ws_jws_alg *found = ws_jws_find(wv_str(&alg));
    if (!found) {
        wb_str s = wv_str(&alg);
        return ws_fail_tail(cx, "unknown JWS algorithm: ", s);
    }
    bool is_jwt =
        !said[1].kind || strcmp(said[1].kind, "string") != 0 || wb_str_is(wv_str(&typ), "JWT");
    if (is_jwt && !ws_json_valid(cx, payload))
        return cx->error == WS_ERR_NONE ? ws_fail(cx, "type is JWT but payload is not JSON")
                                        : WV_UNDEFINED;
    WS_SPEND(cx, 64 * VERIFY_UNITS);
    return finish(cx, found, &keys->items[0], header, payload);
}

static wv sign_with(ws_ctx *cx, wb_str header, wb_str payload, wb_str key)
{
    ws_keys keys = {0};
    wv v = ws_keys_jwk(cx, "", key, &keys) ? sign(cx, header, payload, &keys) : WV_UNDEFINED;
    ws_keys_clear(&keys);
    return v;
}

static wv fn_sign_raw(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 2);
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    return sign_with(cx, wv_str(&args[0]), wv_str(&args[1]), wv_str(&args[2]));
}

static wv fn_sign(ws_ctx *cx, const wv *args, unsigned argc)
{
    static const char *const fronts[] = {
        "failed to marshal JWT headers: ", "failed to marshal JWT payload: ",
        "failed to marshal JWT signature: "};
    wb_buf texts[3];
    wv v = WV_UNDEFINED;
    unsigned n = 0;
    bool ok = true;
    while (ok && n < 3) {
        wb_error e;
        ws_text_begin(cx, &texts[n]);
        wb_status s = wv_json_encode(&texts[n], args[n], &(wv_json_style){.html = true}, &e);
        ok = s == WB_OK && !texts[n].failed;
        if (s == WB_LIMIT || texts[n].failed)
            ws_fail_room(cx);
        else if (s != WB_OK)
            ws_fail(cx, "%s%s", fronts[n], e.text);
        n++;
    }
    if (ok)
        v = sign_with(cx, wb_buf_str(&texts[0]), wb_buf_str(&texts[1]), wb_buf_str(&texts[2]));
    if (n == 3 && texts[2].n)
        OPENSSL_cleanse(texts[2].p, texts[2].n);
    while (n--)
        wb_buf_free(&texts[n]);
    return v;
}

#define CERT_DECL   "(jwt: string, certificate: string) => (result: boolean)"
#define SECRET_DECL "(jwt: string, secret: string) => (result: boolean)"
#define VERIFY_ROW(name, decl, fn, doc)                                                            \
    WS_ROW("io.jwt.verify_" name, decl, NULL, "tokens", 0, fn, NULL, NULL, doc)

const ws_builtin ws_jwt[] = {
    WS_ROW("io.jwt.decode",
           "(jwt: string) => (output: array<object[any: any], object[any: any], string>)", NULL,
           "tokens", 0, fn_decode, NULL, NULL,
           "Header, payload and signature (in hexadecimal) of a token; checks no signature."),
    WS_ROW("io.jwt.decode_verify",
           "(jwt: string, constraints: object[string: any]) => (output: array<boolean, object[any: "
           "any], object[any: any]>)",
           NULL, "tokens", WS_NONDET, fn_decode_verify, NULL, NULL,
           "Whether a token's signature and claims meet the constraints, with header and payload."),
    WS_ROW("io.jwt.encode_sign",
           "(headers: object[string: any], payload: object[string: any], key: object[string: any]) "
           "=> (output: string)",
           NULL, "tokensign", WS_NONDET, fn_sign, NULL, NULL,
           "A token of headers and payload, signed with a JWK."),
    WS_ROW("io.jwt.encode_sign_raw",
           "(headers: string, payload: string, key: string) => (output: string)", NULL, "tokensign",
           WS_NONDET, fn_sign_raw, NULL, NULL,
           "A token of headers, payload and JWK that are JSON texts."),
    VERIFY_ROW("rs256", CERT_DECL, fn_rs256, "Whether an RS256 signature is right."),
    VERIFY_ROW("rs384", CERT_DECL, fn_rs384, "Whether an RS384 signature is right."),
    VERIFY_ROW("rs512", CERT_DECL, fn_rs512, "Whether an RS512 signature is right."),
    VERIFY_ROW("ps256", CERT_DECL, fn_ps256, "Whether a PS256 signature is right."),
    VERIFY_ROW("ps384", CERT_DECL, fn_ps384, "Whether a PS384 signature is right."),
    VERIFY_ROW("ps512", CERT_DECL, fn_ps512, "Whether a PS512 signature is right."),
    VERIFY_ROW("es256", CERT_DECL, fn_es256, "Whether an ES256 signature is right."),
    VERIFY_ROW("es384", CERT_DECL, fn_es384, "Whether an ES384 signature is right."),
    VERIFY_ROW("es512", CERT_DECL, fn_es512, "Whether an ES512 signature is right."),
    VERIFY_ROW("eddsa", CERT_DECL, fn_eddsa, "Whether an EdDSA signature is right."),
    VERIFY_ROW("hs256", SECRET_DECL, fn_hs256, "Whether an HS256 signature is right."),
    VERIFY_ROW("hs384", SECRET_DECL, fn_hs384, "Whether an HS384 signature is right."),
    VERIFY_ROW("hs512", SECRET_DECL, fn_hs512, "Whether an HS512 signature is right."),
    WS_END,
};
