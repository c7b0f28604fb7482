/* The keys of tenants: made or imported, sealed at rest, rotated, revoked, exported, used.
 *
 * Words. A *purpose* says what a key may sign (KEYS_PURPOSES). A *kid* is
 * "<tenant>/<purpose>/<number>". A key is *active* (signs and verifies), *previous* (verifies until
 * its not_after) or *revoked* (neither). Of each tenant, purpose and algorithm at most one key is
 * active. A key without its secret (an imported public key) can only verify.
 *
 * At rest. A secret is sealed with AES-256-GCM under the master key of the data folder
 * (DIR/master.key: 32 bytes, mode 0600, owned by this user, never a link); nonce of 96 random bits;
 * bound to tenant, kid, purpose and algorithm. A lost master key means lost keys: a folder that has
 * sealed keys and no master key is refused.
 *
 * Nothing is cached: every use reads the key's row, so a revocation by any process counts from the
 * next use on. Secrets in memory are wiped after use.
 *
 * Ledger. Each change writes, in its transaction, an outbox row (store_outbox) with the event
 * key.created, key.imported, key.rotated or key.revoked. Who writes the tenant's ledger enters
 * these and then drops them (ledger_drain_outbox).
 *
 * A keys object may be used by several threads. */
#ifndef WRIT_SERVER_KEYS_KEYS_H
#define WRIT_SERVER_KEYS_KEYS_H

#include "server/keys/jws.h"
#include "server/store/store.h"

#define KEYS_OVERLAP_MS (10 * 60 * 1000)   /* a soft packet lives 120 s; this is five times that */
#define KEYS_IMPORT_MAX ((size_t)64 << 10) /* bytes of a key file, a JWK set included */

/* One row a purpose: name on the wire, algorithms it allows, what it signs. */
#define KEYS_PURPOSES(X)                                                                           \
    X(decision, JWS_HS256 | JWS_ED25519, "decision packets")                                       \
    X(approval, JWS_HS256 | JWS_ED25519, "approvals")                                              \
    X(link, JWS_HS256, "one-time approval links")                                                  \
    X(webhook, JWS_HS256 | JWS_ED25519, "outgoing events")                                         \
    X(checkpoint, JWS_ED25519, "ledger checkpoints")

typedef struct keys keys;

typedef struct keys_info {
    char tenant[65];
    char kid[JWS_KID_MAX];
    char purpose[17];
    jws_alg alg;
    jws_key_state state;
    int64_t not_after, created_at; /* ms */
    bool can_sign;
    unsigned char public_key[JWS_ED25519_LEN]; /* of Ed25519, else zero */
} keys_info;

/* What to make. */
typedef struct keys_spec {
    const char *tenant;
    const char *purpose; /* import may leave it NULL: that of the JWK's kid, or decision */
    jws_alg alg;         /* import: 0 to take it from the material where that says so */
    const char *kid;     /* import of a key that has its id elsewhere; NULL: next number */
    const char *actor;   /* who does it, for the ledger: JSON object text; NULL: {"id":"local"} */
    int64_t now;         /* ms */
} keys_spec;

typedef enum keys_format { KEYS_RAW, KEYS_BASE64, KEYS_HEX, KEYS_PEM, KEYS_JWK } keys_format;
/* False when there is no such format. */
bool keys_format_of(const char *name, keys_format *out);
const char *keys_state_name(jws_key_state state);

/* The store stays the caller's and outlives the keys. Makes master.key when the folder has neither
 * it nor sealed keys. WB_DENIED: the file's owner, kind or mode; WB_CORRUPT: its length, or it is
 * missing. */
wb_status keys_open(store *s, const char *dir, keys **out, wb_error *e);
void keys_close(keys *k); /* wipes the master key; NULL is allowed */

/* From now on a crash of this process writes no core file: it would hold keys and tokens in clear
 * text. keys_open calls it. */
void keys_no_core(void);

/* ---- Sealing what is not a key ---- */

#define KEYS_BOX_ROOM 28 /* bytes that a sealed box is longer than what it holds */

/* Seals plain under the folder's master key, bound to `name` (say what it is and whose: no box
 * opens under another name, and none opens as a key). out has plain.n + KEYS_BOX_ROOM bytes. */
wb_status keys_box_seal(keys *k, wb_str name, wb_str plain, unsigned char *out, wb_error *e);
/* Opens a box; out has box.n bytes, *n of them are set. WB_CRYPTO when the box, the name or the
 * master key is another one; then out is wiped. */
wb_status keys_box_open(keys *k, wb_str name, wb_str box, unsigned char *out, size_t *n,
                        wb_error *e);

/* WB_EXISTS: one is active already (rotate it). WB_INVALID: names, algorithm. */
wb_status keys_create(keys *k, const keys_spec *spec, keys_info *out, wb_error *e);
/* Material: HS256 32 to 256 bytes; Ed25519 a 32-byte seed, a PKCS#8 PEM, or an OKP JWK; an Ed25519
 * public key (PEM, JWK) becomes a key that can only verify and needs its kid. A JWK set imports
 * each of its keys, all or none; *out (may be NULL) is the last. A public key that is there already
 * has its state brought up to date, never back. */
wb_status keys_import(keys *k, const keys_spec *spec, keys_format format, wb_str material,
                      keys_info *out, size_t *count, wb_error *e);
/* A new active key for each that is active (alg 0) or for the one of that algorithm; the old ones
 * become previous until now + KEYS_OVERLAP_MS. WB_NOT_FOUND when none is active. */
wb_status keys_rotate(keys *k, const keys_spec *spec, keys_info *out, size_t *count, wb_error *e);
wb_status keys_revoke(keys *k, const char *kid, const char *actor, const char *reason, int64_t now,
                      wb_error *e);
/* Makes the key of this purpose and algorithm if none is active. */
wb_status keys_ensure(keys *k, const keys_spec *spec, keys_info *out, wb_error *e);

/* tenant is required, purpose may be NULL. *out is freed with free(). */
wb_status keys_list(keys *k, const char *tenant, const char *purpose, keys_info **out, size_t *n,
                    wb_error *e);
/* Grows with every change of one of the tenant's keys; 0 for an unknown tenant. */
wb_status keys_gen(keys *k, const char *tenant, int64_t *gen, wb_error *e);
/* Set of algorithms that each of the tenant's packets must carry. */
wb_status keys_required(keys *k, const char *tenant, unsigned *algs, wb_error *e);

/* Public keys only: an HMAC key is never among them. *out is the caller's, freed with free(). The
 * set's keys carry "writ_state" and "writ_not_after" (ms) beside the standard members. */
wb_status keys_export_jwks(keys *k, const char *tenant, const char *purpose, char **out,
                           wb_error *e);
wb_status keys_export_pem(keys *k, const char *kid, char **out, wb_error *e);

/* ---- Use ---- */

/* The active key; WB_NOT_FOUND when there is none. Wipe it with jws_key_clear. */
wb_status keys_active(keys *k, const char *tenant, const char *purpose, jws_alg alg, jws_key *out,
                      wb_error *e);
/* For jws_policy.find; arg is the keys. */
wb_status keys_find(void *arg, wb_str kid, jws_key *out);
/* Signs with the tenant's active HS256 key and, beside it, its active Ed25519 key. WB_UNAVAILABLE
 * when the tenant has none, or lacks one that it requires. */
wb_status keys_sign_jws(keys *k, const char *tenant, const char *purpose, const char *typ,
                        wb_str payload, char **out, size_t *n, wb_error *e);
/* jws_verify with this tenant's keys and required algorithms. */
bool keys_verify_jws(keys *k, const char *tenant, const char *purpose, const char *typ, int64_t now,
                     wb_str token, jws_result *out);
/* Ed25519 over the bytes with the tenant's active key of that purpose: 64 bytes. */
wb_status keys_sign_ed25519(keys *k, const char *tenant, const char *purpose, wb_str message,
                            unsigned char sig[64], wb_error *e);

#endif
