/* What the files of the doer share. */
#ifndef WRIT_SERVER_DOER_INTERNAL_H
#define WRIT_SERVER_DOER_INTERNAL_H

#include "base/ids.h"
#include "base/sha256.h"
#include "server/doer/catalogue.h"
#include "server/doer/crash_points.h"
#include "server/doer/doer.h"
#include "server/doer/timer.h"
#include "server/http/client.h"
#include "server/http/http.h"
#include "server/keys/jws.h"
#include "server/store/store.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#define DOER_TYP           "writ-decision+jws"
#define DOER_PURPOSE       "decision"
#define DOER_SKEW_MS       30000 /* a packet may come this much before its nbf */
#define DOER_OPERATIONS    32    /* of one packet: no target has as many verbs */
#define DOER_TEXT_MAX      255   /* bytes of an id or name in a packet */
#define DOER_KEYS_MAX      64    /* public keys of one tenant: active, previous and revoked ones */
#define DOER_KEYS_MS       1000  /* a revocation counts after this time at the latest */
#define DOER_REJECT_MS     25    /* every rejection takes this long, wherever the check failed */
#define DOER_REJECT_SINGLE 10    /* of a reason and minute: ledgered one by one, then counted */
#define DOER_REJECT_WINDOW 60000 /* ms */
#define DOER_LEASE_S       60
#define DOER_LEASE_SPARE_S 10    /* a wait inside a lease leaves this much of it */
#define DOER_LEASE_TRIES   6     /* failed revocations until a lease is irrevocable */
#define DOER_LEASE_WAIT_MS 10000 /* after the first failed one; doubles, give or take half */
#define DOER_READ_BACKS    5     /* looks after a call whose effect does not show */
#define DOER_ATTEMPTS      10    /* calls of one step before a human must look */
#define DOER_RUNNERS       4     /* jobs at a time: they mostly wait for others */
#define DOER_TICK_MS       100   /* how exact timers are */
#define DOER_CLAIM_MS      60000
#define DOER_ANSWER_MAX                                                                            \
    ((size_t)1 << 20) /* bytes of an answer: a user with thousands of groups                       \
                       */

typedef struct doer_hold {
    char jti[WB_NAME_MAX + 1];
    bool busy;
    int64_t until; /* ms; not looked at before */
    int rounds;    /* waits in a row */
} doer_hold;

#define DOER_BROKER_TOKENS 256 /* logins of a minute: far above the runners */

typedef struct doer_login {
    char sha[WB_SHA256_TEXT];
    int64_t until;
} doer_login;

typedef struct doer {
    doer_options o;
    store *store;
    int lock_fd;
    char run[WB_UUID_TEXT];
    char *gk_token, *broker_token, *secret_id; /* owned */
    char role_id[WB_UUID_TEXT];
    char aud[DOER_TEXT_MAX + 1], mount[DOER_TEXT_MAX + 1];
    char boot_id[64];
    http_server *server;
    pthread_mutex_t broker_lock;
    doer_login logins[DOER_BROKER_TOKENS];
    size_t next_login;
    /* keys.c */
    pthread_mutex_t key_lock;
    jws_key *keys; /* owned, DOER_KEYS_MAX */
    size_t key_count;
    int64_t keys_at; /* 0: never fetched */
    jws_key hmac;    /* secret_n 0: none */
    bool hmac_any_kid;
    /* ledger.c */
    pthread_mutex_t flush_lock;
    /* runner.c */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stop;
    bool swept;       /* what a dead run left is revoked: jobs may run */
    doer_hold *holds; /* owned */
    size_t hold_count;
    pthread_t threads[DOER_RUNNERS + 1];
} doer;

/* ---- keys.c ---- */
wb_status doer_keys_open(doer *d, wb_error *e);
/* For jws_policy.find; arg is the doer. WB_UNAVAILABLE when the gatekeeper cannot be asked. */
wb_status doer_keys_find(void *arg, wb_str kid, jws_key *out);

/* ---- packet.c ---- */

typedef struct doer_packet {
    const char *reason; /* NULL: good; else a word for the ledger */
    bool unavailable;   /* nothing is wrong with the packet: 503 */
    json_t *claims;     /* owned; what follows points into it */
    const char *jti, *parent, *subject, *target, *target_ref;
    doer_phase phase;
    char digest[WB_SHA256_TEXT]; /* of the bytes as received */
    char kid[JWS_KID_MAX];       /* as the packet says; "" when it has none that can be read */
} doer_packet;

/* All checks but the last, in the order of the packet format: size, form, key, signatures,
 * audience, tenant, time, generation, receipt, outcome, operations. Fills *out in any case. */
void doer_verify(doer *d, wb_str bytes, int64_t now_ms, doer_packet *out);
void doer_packet_clear(doer_packet *p);
/* The claims of a packet that was verified before; the caller owns them. NULL when it is damaged.
 */
json_t *doer_claims(wb_str bytes);

/* ---- reject.c ---- */
void doer_reject(doer *d, const doer_packet *p, wb_str source);
/* Enters the counts of minutes that are over. */
void doer_reject_sweep(doer *d);

/* ---- ledger.c ---- */
/* Owes the ledger an entry, in the caller's transaction. Takes body. */
wb_status doer_owe(doer *d, const char *type, json_t *body, wb_error *e);
/* Enters all that is owed; WB_OK means it is durable. Nothing is done at a target before. */
wb_status doer_flush(doer *d, wb_error *e);

/* ---- client.c ---- */
/* One call with a bearer token (NULL: none), JSON both ways. body is read; *answer (may be NULL) is
 * the caller's, NULL when the answer is no JSON. */
typedef struct doer_call {
    const char *method, *url, *token, *if_match, *type;
    const char *extra[2]; /* one more header */
    json_t *body;
    unsigned timeout_ms;
} doer_call;
typedef struct doer_answer {
    http_client_outcome outcome;
    int status;
    int retry_after_s; /* -1: not said */
    char etag[80];
    json_t *json; /* owned */
} doer_answer;
void doer_http(const doer_call *call, doer_answer *out);
void doer_answer_clear(doer_answer *a);
/* Reads a secret of one line from a file that only this user may read. */
wb_status doer_secret_file(const char *path, char **out, wb_error *e);

/* ---- gatekeeper.c ---- */
typedef enum doer_hard { DOER_HARD_SIGNED, DOER_HARD_REFUSED, DOER_HARD_LATER } doer_hard;
/* Asks for a fresh decision about the hard phase; *jws is the caller's, *why says what was decided.
 */
doer_hard doer_ask_hard(doer *d, const store_job *root, int64_t done_at_ms, char **jws,
                        json_t **why);

/* ---- lease.c ---- */
typedef struct doer_lease {
    char id[256];
    char token[256]; /* wiped by doer_lease_end */
    const char *state;
    int64_t expires_at; /* ms */
    const char *jti;
    int64_t step;
} doer_lease;
/* role: "read", "soft", "hard", "reinstate". step 0: not of a step. */
wb_status doer_lease_get(doer *d, const char *role, const char *jti, int64_t step, doer_lease *out,
                         wb_error *e);
/* In a transaction: the credential was used. */
wb_status doer_lease_used(doer *d, doer_lease *lease, wb_error *e);
/* Revokes now, or leaves it to the sweep. */
void doer_lease_end(doer *d, doer_lease *lease);
/* Tries pending revocations; `all` takes also those of a run that died. */
void doer_lease_sweep(doer *d, bool all);

/* ---- broker.c ---- */
extern const http_route DOER_BROKER_ROUTES[];
extern const size_t DOER_BROKER_ROUTE_COUNT;

/* ---- scim.c ---- */
typedef enum doer_sight { DOER_SEEN, DOER_NOT_SEEN, DOER_GONE, DOER_UNSEEN } doer_sight;
typedef struct doer_view {
    doer_sight sight; /* shows the effect; does not; the subject is not there; could not be read */
    char etag[80];    /* of the user; "" when none was given */
    json_t *what;     /* owned: what was seen, without personal data */
} doer_view;
/* Reads the target for the effect of a verb. */
void doer_scim_look(doer *d, const char *token, doer_verb verb, const json_t *snapshot,
                    doer_view *out);
void doer_view_clear(doer_view *v);
void doer_scim_call(doer *d, const char *token, doer_verb verb, const json_t *snapshot,
                    const char *etag, doer_answer *out);
/* The subject as a snapshot. id NULL: found by its userName. *gone: the target has none. */
wb_status doer_scim_snapshot(doer *d, const char *token, const char *id, const char *target_ref,
                             json_t **out, bool *gone, wb_error *e);

/* ---- snapshot.c ---- */
/* What is kept of a SCIM user: {"id","userName","active","groups":[ids],"licences":[...]}. */
json_t *doer_snapshot_of(const json_t *user);
void doer_snapshot_digest(const json_t *snapshot, char out[WB_SHA256_TEXT]);
/* [{"field","before","after"}], empty when equal. */
json_t *doer_snapshot_diff(const json_t *before, const json_t *after);

/* ---- accept.c ---- */
typedef enum doer_accepted {
    DOER_NEW,      /* 202 */
    DOER_SEEN_JOB, /* 202, nothing was done */
    DOER_REUSED,   /* 401: the jti with other bytes */
    DOER_TOO_LATE, /* 409: another phase has won the job */
    DOER_NO_ROOT,  /* 401: there is nothing that this packet continues */
    DOER_BROKEN,   /* 503 */
} doer_accepted;
/* The last check and the job's row in one transaction. state is what the job's row says. */
doer_accepted doer_accept(doer *d, const doer_packet *p, wb_str bytes, store_state *state,
                          wb_error *e);

/* ---- job.c ---- */
/* Moves the root, and the child beside it (NULL: none), and owes the entry that tells of it. extra
 * is taken. In the caller's transaction or its own. */
wb_status doer_move(doer *d, const store_job *root, const store_job *child, store_state from,
                    store_state to, json_t *extra, wb_error *e);
/* Job as the API shows it; the caller owns it. */
wb_status doer_job_json(doer *d, const char *jti, json_t **out, wb_error *e);

/* ---- step.c ---- */
typedef enum doer_progress { DOER_ALL_SEEN, DOER_SOME_OPEN, DOER_STUCK } doer_progress;
/* Runs the steps of a job that are not observed yet, one after another. STUCK: ledger, broker or
 * store are not there, or the doer stops; nothing is decided. *wait_ms is what the target asked
 * for. *exhausted: a step has no attempts left. */
doer_progress doer_steps(doer *d, const store_job *job, const json_t *snapshot, int64_t *wait_ms,
                         bool *exhausted);

/* ---- phases.c ---- */
/* One move forward. Milliseconds until the job should be looked at again; 0: at once. */
int64_t doer_advance(doer *d, const store_job *root, int rounds);

/* ---- runner.c ---- */
wb_status doer_runner_start(doer *d, wb_error *e);
void doer_runner_stop(doer *d); /* waits for the steps that run */
void doer_wake(doer *d);
/* Sleeps, unless the doer stops. False: it stops. */
bool doer_sleep(doer *d, int64_t ms);
void doer_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- api.c ---- */
extern const http_route DOER_ROUTES[];
extern const size_t DOER_ROUTE_COUNT;

#endif
