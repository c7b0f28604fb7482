/* The verifier. The first check that fails gives the reason, and reasons never leave the ledger. */
#include "base/base64.h"
#include "server/doer/internal.h"

#include <stdlib.h>

/* One row a reason of our own; jws.h has those of the signature. */
#define REASONS(X)                                                                                 \
    X(CLAIMS, "claims")   /* a member is missing or has the wrong type */                          \
    X(AUD, "aud")         /* for somebody else */                                                  \
    X(TENANT, "tenant")   /* another tenant's */                                                   \
    X(NOT_YET, "not_yet") /* before nbf */                                                         \
    X(EXPIRED, "expired")                                                                          \
    X(GEN, "gen")             /* signed before the last revocation */                              \
    X(RECEIPT, "receipt")     /* no ledger entry is named */                                       \
    X(OUTCOME, "outcome")     /* not allow */                                                      \
    X(OPERATION, "operation") /* not in the catalogue, or not of this phase */

#define X(name, text) static const char R_##name[] = text;
REASONS(X)
#undef X

static char *decode_text(wb_str text, size_t *n)
{
    char *p = wb_malloc(WB_BASE64_BYTES(text.n) + 1);
    if (wb_base64url_decode(text, p, n)) {
        p[*n] = 0;
        return p;
    }
    free(p);
    return NULL;
}

static json_t *decode_object(wb_str text)
{
    size_t n = 0;
    char *bytes = decode_text(text, &n);
    json_t *j = bytes ? json_loadb(bytes, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(bytes);
    if (json_is_object(j))
        return j;
    json_decref(j);
    return NULL;
}

static wb_str text_of(const json_t *object, const char *name)
{
    const json_t *j = json_object_get(object, name);
    return json_is_string(j) ? (wb_str){json_string_value(j), json_string_length(j)} : (wb_str){0};
}

static json_t *parse_general(wb_str bytes)
{
    if (!bytes.n || bytes.n > JWS_TOKEN_MAX || bytes.p[0] != '{')
        return NULL;
    return json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
}

/* ---- HMAC signatures that this doer cannot check ---- */

/* Whether the entry is a well-formed HS256 signature of our tenant's. */
static bool is_foreign_hmac(const doer *d, const json_t *one)
{
    json_t *header = decode_object(text_of(one, "protected"));
    wb_str kid = text_of(header, "kid");
    size_t n = strlen(d->o.tenant);
    bool yes = json_object_size(one) == 2 && text_of(one, "signature").n == 43 &&
               json_object_size(header) == 3 && wb_str_is(text_of(header, "alg"), "HS256") &&
               wb_str_is(text_of(header, "typ"), DOER_TYP) && kid.n > n &&
               memcmp(kid.p, d->o.tenant, n) == 0 && kid.p[n] == '/';
    json_decref(header);
    return yes;
}

/* A doer without the HMAC key leaves HS256 signatures aside, and only those: whatever else stands
 * in the packet must verify. Nothing is dropped unless another signature is left. The caller frees.
 */
static char *leave_hmac_aside(const doer *d, wb_str bytes)
{
    if (d->hmac.secret_n)
        return NULL;
    json_t *token = parse_general(bytes), *list = json_object_get(token, "signatures");
    size_t all = json_array_size(list), n = all;
    char *out = NULL;
    for (size_t i = n; i-- > 0 && all <= JWS_SIGNATURES_MAX;)
        if (is_foreign_hmac(d, json_array_get(list, i)))
            json_array_remove(list, i);
    n = json_array_size(list);
    if (n && n < all)
        out = json_dumps(token, JSON_COMPACT);
    json_decref(token);
    return out;
}

/* ---- What a packet says of itself ---- */

static wb_str first_header(wb_str bytes, json_t **general)
{
    *general = parse_general(bytes);
    if (*general)
        return text_of(json_array_get(json_object_get(*general, "signatures"), 0), "protected");
    const char *dot = bytes.n ? memchr(bytes.p, '.', bytes.n) : NULL;
    return dot && bytes.n <= JWS_TOKEN_MAX ? (wb_str){bytes.p, (size_t)(dot - bytes.p)}
                                           : (wb_str){0};
}

static void read_kid(wb_str bytes, char out[JWS_KID_MAX])
{
    json_t *general, *header;
    wb_str text = first_header(bytes, &general);
    header = text.n && text.n < 1024 ? decode_object(text) : NULL;
    wb_str kid = text_of(header, "kid");
    bool plain = kid.n && kid.n < JWS_KID_MAX;
    for (size_t i = 0; plain && i < kid.n; i++)
        plain = kid.p[i] > ' ' && kid.p[i] < 127;
    if (plain)
        memcpy(out, kid.p, kid.n);
    json_decref(header);
    json_decref(general);
}

json_t *doer_claims(wb_str bytes)
{
    json_t *general = parse_general(bytes), *claims = NULL;
    wb_str payload = text_of(general, "payload");
    if (!general && bytes.n) {
        const char *dot = memchr(bytes.p, '.', bytes.n), *end = bytes.p + bytes.n;
        const char *dot2 = dot ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
        if (dot2)
            payload = (wb_str){dot + 1, (size_t)(dot2 - dot - 1)};
    }
    if (payload.n)
        claims = decode_object(payload);
    json_decref(general);
    return claims;
}

/* ---- The checks ---- */

static const char *text_member(const json_t *object, const char *name)
{
    wb_str text = text_of(object, name);
    bool good = text.n && text.n <= DOER_TEXT_MAX && !memchr(text.p, 0, text.n);
    return good ? text.p : NULL;
}

static const char *check_time(const json_t *claims, int64_t now_ms)
{
    const json_t *nbf = json_object_get(claims, "nbf"), *exp = json_object_get(claims, "exp");
    const json_int_t far = INT64_MAX / 1000 - DOER_SKEW_MS;
    if (!json_is_integer(nbf) || !json_is_integer(exp))
        return R_CLAIMS;
    json_int_t from = json_integer_value(nbf), to = json_integer_value(exp);
    if (from < 0 || from > far || to < 0 || to > far)
        return R_CLAIMS;
    if (now_ms < from * 1000 - DOER_SKEW_MS)
        return R_NOT_YET;
    return now_ms < to * 1000 ? NULL : R_EXPIRED;
}

static const char *check_gen(const doer *d, const json_t *claims)
{
    const json_t *gen = json_object_get(claims, "gen");
    const json_t *keys = json_object_get(gen, "keys"), *grants = json_object_get(gen, "grants");
    if (!json_is_integer(keys) || (grants && !json_is_integer(grants)))
        return R_CLAIMS;
    return json_integer_value(keys) < d->o.gen_keys || json_integer_value(grants) < d->o.gen_grants
               ? R_GEN
               : NULL;
}

static const char *check_receipt(const json_t *claims)
{
    const json_t *receipt = json_object_get(claims, "ledger");
    const json_t *index = json_object_get(receipt, "index");
    wb_str leaf = text_of(receipt, "leaf");
    unsigned char hash[WB_SHA256_LEN];
    if (wb_str_has_prefix(leaf, WB_LIT("sha256:")))
        leaf = (wb_str){leaf.p + 7, leaf.n - 7};
    bool good = json_is_integer(index) && json_integer_value(index) >= 0 && leaf.n == 64 &&
                wb_hex_decode(leaf, hash);
    return good ? NULL : R_RECEIPT;
}

static const char *check_operations(const doer *d, const json_t *claims, doer_packet *p)
{
    const json_t *operations = json_object_get(claims, "operations");
    size_t n = json_array_size(operations);
    p->phase = doer_phase_of(text_member(claims, "phase"));
    if (!p->phase || n == 0 || n > DOER_OPERATIONS)
        return R_CLAIMS;
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(operations, i);
        const json_t *args = json_object_get(one, "args");
        doer_verb verb = doer_verb_of(text_of(one, "op"), d->o.target);
        if (json_integer_value(json_object_get(one, "n")) != (json_int_t)i + 1 ||
            (args && !json_is_null(args) && !json_is_object(args)))
            return R_CLAIMS;
        if (!verb || !(doer_verb_phases(verb) & p->phase))
            return R_OPERATION;
    }
    return NULL;
}

static const char *check_subject(const doer *d, const json_t *claims, doer_packet *p)
{
    const json_t *subject = json_object_get(claims, "subject");
    const json_t *parent = json_object_get(claims, "parent");
    p->jti = text_member(claims, "jti");
    p->subject = text_member(subject, "id");
    p->target = text_member(subject, "target");
    p->target_ref = text_member(subject, "target_ref");
    p->parent = text_member(claims, "parent");
    if (!p->jti || !wb_name_valid(wb_str_of(p->jti)) || !p->subject || !p->target || !p->target_ref)
        return R_CLAIMS;
    /* The soft phase begins a story, the others continue one. */
    if ((p->phase == DOER_SOFT) != (!parent || json_is_null(parent)) ||
        (p->phase != DOER_SOFT && !p->parent))
        return R_CLAIMS;
    return strcmp(p->target, d->o.target) == 0 ? NULL : R_OPERATION;
}

static const char *check_claims(const doer *d, int64_t now_ms, doer_packet *p)
{
    const json_t *claims = p->claims;
    const char *reason = NULL;
    if (!wb_str_is(text_of(claims, "aud"), d->aud))
        return R_AUD;
    if (!wb_str_is(text_of(claims, "tenant"), d->o.tenant))
        return R_TENANT;
    if ((reason = check_time(claims, now_ms)))
        return reason;
    if ((reason = check_gen(d, claims)))
        return reason;
    if ((reason = check_receipt(claims)))
        return reason;
    if (!wb_str_is(text_of(json_object_get(claims, "decision"), "outcome"), "allow"))
        return R_OUTCOME;
    if ((reason = check_operations(d, claims, p)))
        return reason;
    return check_subject(d, claims, p);
}

void doer_verify(doer *d, wb_str bytes, int64_t now_ms, doer_packet *out)
{
    jws_result r;
    jws_policy policy = {
        .tenant = d->o.tenant,
        .purpose = DOER_PURPOSE,
        .typ = DOER_TYP,
        .required = JWS_ED25519 | (d->o.require_hs256 ? (unsigned)JWS_HS256 : 0u),
        .now = now_ms,
        .find = doer_keys_find,
        .arg = d,
    };
    *out = (doer_packet){0};
    wb_sha256_text(bytes.n ? bytes.p : "", bytes.n, out->digest);
    read_kid(bytes, out->kid);
    char *known = leave_hmac_aside(d, bytes);
    if (!jws_verify(&policy, known ? wb_str_of(known) : bytes, &r)) {
        out->reason = jws_reason_text(r.reason);
        out->unavailable = r.reason == JWS_KEYS_UNAVAILABLE;
    } else {
        out->claims = json_incref(r.claims);
        out->reason = check_claims(d, now_ms, out);
    }
    jws_result_clear(&r);
    free(known);
}

void doer_packet_clear(doer_packet *p)
{
    json_decref(p->claims);
    *p = (doer_packet){0};
}
