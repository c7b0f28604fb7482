/* Checking a token: size, form, header, key, signature, policy, payload, in that order. */
#include "base/base64.h"
#include "server/keys/jws.h"

#include <stdlib.h>

typedef struct part {
    wb_str header64, payload64, signature64;
} part;

/* Decodes into fresh memory with a NUL behind it; NULL when the text is not minimal base64url. */
static char *decode(wb_str s, size_t *n)
{
    char *p = wb_malloc(WB_BASE64_BYTES(s.n) + 1);
    if (!wb_base64url_decode(s, p, n)) {
        free(p);
        return NULL;
    }
    p[*n] = 0;
    return p;
}

static json_t *parse_object(const char *p, size_t n)
{
    json_t *j = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(j))
        return j;
    json_decref(j);
    return NULL;
}

static wb_str text_of(const json_t *object, const char *name)
{
    const json_t *j = json_object_get(object, name);
    return json_is_string(j) ? (wb_str){json_string_value(j), json_string_length(j)}
                             : (wb_str){NULL, 0};
}

/* ---- The header and its key ---- */

static jws_reason check_header(const jws_policy *policy, const json_t *header, jws_alg *alg,
                               wb_str *kid)
{
    const char *name;
    json_t *value, *all = (json_t *)(uintptr_t)header;
    if (json_object_get(header, "crit"))
        return JWS_HEADER_CRIT;
    json_object_foreach(all, name, value)
    {
        if (!json_is_string(value) ||
            (strcmp(name, "alg") && strcmp(name, "kid") && strcmp(name, "typ")))
            return JWS_HEADER;
    }
    wb_str named = text_of(header, "alg");
    if (!named.p)
        return JWS_ALG_MISSING;
    if (named.n == 4 && strncasecmp(named.p, "none", 4) == 0)
        return JWS_ALG_NONE;
    *alg = jws_alg_of(named);
    if (!*alg)
        return JWS_ALG_UNKNOWN;
    if (!wb_str_is(text_of(header, "typ"), policy->typ))
        return JWS_TYP;
    *kid = text_of(header, "kid");
    return kid->n ? JWS_OK : JWS_KID_MISSING;
}

static jws_reason check_key(const jws_policy *policy, const jws_key *key, jws_alg alg)
{
    if (strcmp(key->tenant, policy->tenant) != 0)
        return JWS_KEY_TENANT;
    if (strcmp(key->purpose, policy->purpose) != 0)
        return JWS_KEY_PURPOSE;
    if (key->alg != alg)
        return JWS_ALG_MISMATCH;
    if (key->state == JWS_REVOKED)
        return JWS_KEY_REVOKED;
    if (key->state == JWS_PREVIOUS && policy->now >= key->not_after)
        return JWS_KEY_EXPIRED;
    return JWS_OK;
}

static jws_reason find_key(const jws_policy *policy, wb_str kid, jws_key *key)
{
    if (kid.n >= JWS_KID_MAX)
        return JWS_KID_UNKNOWN;
    wb_status status = policy->find(policy->arg, kid, key);
    if (status == WB_NOT_FOUND)
        return JWS_KID_UNKNOWN;
    return status ? JWS_KEYS_UNAVAILABLE : JWS_OK;
}

static jws_reason check_signature(const part *p, const jws_key *key)
{
    jws_reason reason = JWS_BASE64;
    size_t n = 0;
    char *sig = decode(p->signature64, &n);
    if (sig) {
        wb_buf input;
        wb_buf_init(&input, JWS_TOKEN_MAX * 2);
        wb_buf_put_str(&input, p->header64);
        wb_buf_putc(&input, '.');
        wb_buf_put_str(&input, p->payload64);
        reason = !input.failed && jws_verify_bytes(key, wb_buf_str(&input), (wb_str){sig, n})
                     ? JWS_OK
                     : JWS_SIGNATURE;
        wb_buf_free(&input);
    }
    free(sig);
    return reason;
}

static jws_reason check_part(const jws_policy *policy, const part *p, jws_result *out)
{
    size_t n = 0;
    char *bytes = decode(p->header64, &n);
    if (!bytes)
        return JWS_BASE64;
    json_t *header = parse_object(bytes, n);
    free(bytes);
    if (!header)
        return JWS_HEADER;
    jws_key key = {0};
    jws_alg alg = 0;
    wb_str kid = {0};
    jws_reason reason = check_header(policy, header, &alg, &kid);
    for (int i = 0; !reason && i < out->count; i++)
        if (wb_str_is(kid, out->kids[i]))
            reason = JWS_KID_TWICE;
    if (!reason)
        reason = find_key(policy, kid, &key);
    if (!reason)
        reason = check_key(policy, &key, alg);
    if (!reason)
        reason = check_signature(p, &key);
    if (!reason) {
        memcpy(out->kids[out->count], kid.p, kid.n);
        out->kids[out->count++][kid.n] = 0;
        out->algs |= (unsigned)alg;
    }
    jws_key_clear(&key);
    json_decref(header);
    return reason;
}

/* ---- The two forms ---- */

static jws_reason verify_compact(const jws_policy *policy, wb_str token, wb_str *payload64,
                                 jws_result *out)
{
    const char *end = token.p + token.n;
    const char *dot = memchr(token.p, '.', token.n);
    const char *dot2 = dot ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
    if (!dot2 || memchr(dot2 + 1, '.', (size_t)(end - dot2 - 1)))
        return JWS_MALFORMED;
    part p = {{token.p, (size_t)(dot - token.p)},
              {dot + 1, (size_t)(dot2 - dot - 1)},
              {dot2 + 1, (size_t)(end - dot2 - 1)}};
    *payload64 = p.payload64;
    return check_part(policy, &p, out);
}

static jws_reason verify_general(const jws_policy *policy, const json_t *token, wb_str *payload64,
                                 jws_result *out)
{
    const json_t *signatures = json_object_get(token, "signatures");
    *payload64 = text_of(token, "payload");
    if (!payload64->p || !json_is_array(signatures))
        return JWS_MALFORMED;
    if (json_object_size(token) != 2)
        return JWS_UNKNOWN_MEMBER;
    size_t count = json_array_size(signatures);
    if (count < 1 || count > JWS_SIGNATURES_MAX)
        return JWS_SIGNATURE_COUNT;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(signatures, i);
        part p = {text_of(one, "protected"), *payload64, text_of(one, "signature")};
        if (!p.header64.p || !p.signature64.p)
            return JWS_MALFORMED;
        if (json_object_size(one) != 2)
            return JWS_UNKNOWN_MEMBER;
        jws_reason reason = check_part(policy, &p, out);
        if (reason)
            return reason;
    }
    return JWS_OK;
}

static jws_reason finish(const jws_policy *policy, wb_str payload64, jws_result *out)
{
    if ((out->algs & policy->required) != policy->required)
        return JWS_ALG_REQUIRED;
    out->payload = decode(payload64, &out->payload_n);
    if (!out->payload)
        return JWS_BASE64;
    if (policy->any_payload)
        return JWS_OK;
    out->claims = parse_object(out->payload, out->payload_n);
    return out->claims ? JWS_OK : JWS_PAYLOAD;
}

bool jws_verify(const jws_policy *policy, wb_str token, jws_result *out)
{
    wb_str payload64 = {0};
    json_t *general = NULL;
    *out = (jws_result){0};
    if (token.n > JWS_TOKEN_MAX) {
        out->reason = JWS_TOO_LARGE;
    } else if (token.n && token.p[0] == '{') {
        /* A closing brace as the last byte: jansson would take blanks behind it. */
        general = token.p[token.n - 1] == '}' ? parse_object(token.p, token.n) : NULL;
        out->reason = general ? verify_general(policy, general, &payload64, out) : JWS_MALFORMED;
    } else {
        out->reason = token.n ? verify_compact(policy, token, &payload64, out) : JWS_MALFORMED;
    }
    if (!out->reason)
        out->reason = finish(policy, payload64, out);
    json_decref(general);
    if (out->reason) {
        jws_reason reason = out->reason;
        jws_result_clear(out);
        out->reason = reason;
    }
    return out->reason == JWS_OK;
}

void jws_result_clear(jws_result *r)
{
    free(r->payload);
    json_decref(r->claims);
    *r = (jws_result){0};
}
