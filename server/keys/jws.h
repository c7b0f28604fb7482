/* JSON Web Signatures (RFC 7515) the way packets and tokens here are signed: HS256 and Ed25519,
 * compact with one signature, general JSON serialization with several.
 *
 * The key record decides the algorithm, never the header. A token's bytes are signed and checked as
 * they are; nothing is serialized again. The protected header has exactly alg, kid and typ.
 *
 * A verification that fails has one reason from JWS_REASONS. Reasons are for the ledger and for
 * metrics; whoever sent the token sees one and the same answer for all of them. */
#ifndef WRIT_SERVER_KEYS_JWS_H
#define WRIT_SERVER_KEYS_JWS_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>

#define JWS_TOKEN_MAX      ((size_t)64 << 10) /* bytes of a token: fits one ledger entry */
#define JWS_SIGNATURES_MAX 4   /* signatures of one token: two algorithms, and room for a change */
#define JWS_KID_MAX        128 /* bytes of a key id with the NUL */
#define JWS_SECRET_MIN     32  /* bytes of an HS256 key, RFC 7518 3.2 */
#define JWS_SECRET_MAX     256 /* more gives no more strength */
#define JWS_ED25519_LEN    32  /* bytes of an Ed25519 seed or public key */
#define JWS_SIGNATURE_MAX  64

typedef enum jws_alg { JWS_HS256 = 1, JWS_ED25519 = 2 } jws_alg; /* bits of a set */

/* "HS256", "Ed25519". NULL and 0 for what is none. "EdDSA" is read as Ed25519. */
const char *jws_alg_name(jws_alg alg);
jws_alg jws_alg_of(wb_str name);

typedef enum jws_key_state { JWS_ACTIVE, JWS_PREVIOUS, JWS_REVOKED } jws_key_state;

/* A key in use. Wipe it with jws_key_clear. */
typedef struct jws_key {
    char kid[JWS_KID_MAX];
    char tenant[65];
    char purpose[17];
    jws_alg alg;
    jws_key_state state;
    int64_t not_after;                    /* ms; of a previous key: not valid from then on */
    unsigned char secret[JWS_SECRET_MAX]; /* HMAC key, or Ed25519 seed */
    size_t secret_n;                      /* 0: this key can only verify */
    unsigned char public_key[JWS_ED25519_LEN];
} jws_key;
void jws_key_clear(jws_key *k);

/* One row a reason: name, text as it stands in ledger entries and metrics. */
#define JWS_REASONS(X)                                                                             \
    X(OK, "ok")                                                                                    \
    X(TOO_LARGE, "too_large")                                                                      \
    X(MALFORMED, "malformed")           /* neither compact nor general JSON form */                \
    X(UNKNOWN_MEMBER, "unknown_member") /* of the general JSON form */                             \
    X(SIGNATURE_COUNT, "signature_count")                                                          \
    X(BASE64, "base64") /* not the one base64url text of its bytes */                              \
    X(HEADER, "header") /* no JSON object, doubled or foreign members, no strings */               \
    X(HEADER_CRIT, "header_crit")                                                                  \
    X(ALG_MISSING, "alg_missing")                                                                  \
    X(ALG_NONE, "alg_none")                                                                        \
    X(ALG_UNKNOWN, "alg_unknown")                                                                  \
    X(ALG_MISMATCH, "alg_mismatch") /* the header says another one than the key record */          \
    X(TYP, "typ")                                                                                  \
    X(KID_MISSING, "kid_missing")                                                                  \
    X(KID_UNKNOWN, "kid_unknown")                                                                  \
    X(KID_TWICE, "kid_twice")                                                                      \
    X(KEY_TENANT, "key_tenant")                                                                    \
    X(KEY_PURPOSE, "key_purpose")                                                                  \
    X(KEY_EXPIRED, "key_expired")                                                                  \
    X(KEY_REVOKED, "key_revoked")                                                                  \
    X(SIGNATURE, "signature")                                                                      \
    X(ALG_REQUIRED, "alg_required") /* the tenant requires a signature that is not there */        \
    X(PAYLOAD, "payload")           /* no JSON object, or doubled members */                       \
    X(KEYS_UNAVAILABLE, "keys_unavailable") /* not the sender's fault: answer 503, accept nothing  \
                                             */

typedef enum jws_reason {
#define X(name, text) JWS_##name,
    JWS_REASONS(X)
#undef X
        JWS_REASON_COUNT
} jws_reason;
const char *jws_reason_text(jws_reason reason);

typedef struct jws_policy {
    const char *tenant;  /* whose keys count */
    const char *purpose; /* the keys' purpose */
    const char *typ;     /* exactly this */
    unsigned required;   /* set of jws_alg that must all be there; 0: any one */
    int64_t now;         /* ms */
    bool any_payload;    /* the payload need not be JSON; claims stays NULL */
    /* Fills *out (zeroed before) for the kid. WB_NOT_FOUND when there is none. */
    wb_status (*find)(void *arg, wb_str kid, jws_key *out);
    void *arg;
} jws_policy;

typedef struct jws_result {
    jws_reason reason;
    char *payload; /* owned, NUL behind it; NULL on failure */
    size_t payload_n;
    json_t *claims; /* owned; the payload parsed */
    unsigned algs;  /* set of jws_alg whose signatures are good */
    int count;
    char kids[JWS_SIGNATURES_MAX][JWS_KID_MAX];
} jws_result;

/* Fills *out in any case; true when every signature of the token is good and the policy holds. */
bool jws_verify(const jws_policy *policy, wb_str token, jws_result *out);
void jws_result_clear(jws_result *r);

/* Signs with each key: compact for one, general JSON for more. *out is the caller's, NUL behind it.
 * WB_INVALID: no key, too many, one that cannot sign, one kid twice. WB_LIMIT: the token would pass
 * JWS_TOKEN_MAX. */
wb_status jws_sign(const jws_key *keys, size_t count, const char *typ, wb_str payload, char **out,
                   size_t *n, wb_error *e);

/* The bare operations. sig has room for JWS_SIGNATURE_MAX. */
wb_status jws_sign_bytes(const jws_key *key, wb_str message, unsigned char *sig, size_t *n,
                         wb_error *e);
bool jws_verify_bytes(const jws_key *key, wb_str message, wb_str sig);
/* The public key of an Ed25519 seed. False when OpenSSL refuses. */
bool jws_ed25519_public(const unsigned char seed[JWS_ED25519_LEN],
                        unsigned char public_key[JWS_ED25519_LEN]);

#endif
