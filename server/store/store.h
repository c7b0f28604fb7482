/* Durable state of the gatekeeper and of the doer: one database file in a data folder.
 *
 * Words. A *row* is a struct of this header. A *move* is a state change: one compare-and-set in one
 * transaction, which also writes the history row; the loser of a race gets WB_CONFLICT and changes
 * nothing. Callers never see SQL: several machines may share this state one day, in another
 * database, behind the same functions.
 *
 * Files. store_open(DIR) makes DIR with mode 0700 and DIR/state.db with mode 0600 (SQLite, WAL,
 * synchronous=FULL: what a function has returned as done survives a power cut). The gatekeeper and
 * the doer each have a folder, and so a file, of their own; they share the schema and nothing else.
 *
 * Threads. One store may be used by several threads: every function holds the store's lock while it
 * runs, and store_begin holds it until the matching commit or rollback. A second process may open
 * the same file (the command line does); it waits up to STORE_BUSY_MS for the write lock.
 *
 * Ownership. Texts and blobs of a row that a function fills in belong to the row: call the type's
 * clear function. Texts and blobs of a row that is given to a function are only read. A row must be
 * zero (or cleared) before a function fills it, and stays zero when the function fails.
 *
 * Times are milliseconds since 1970 on the wall clock, named *_at, unless a field says otherwise.
 * A text that is NULL is SQL's NULL.
 *
 * Errors of every function: WB_UNAVAILABLE (locked for too long, disk full), WB_IO, WB_CORRUPT;
 * those of its own are named beside it. No decision may be made from memory when the store fails.
 */
#ifndef WRIT_SERVER_STORE_STORE_H
#define WRIT_SERVER_STORE_STORE_H

#include "base/error.h"
#include "base/str.h"

#define STORE_BUSY_MS  5000 /* wait for another process's write; longer means it hangs */
#define STORE_LIST_MAX 1000 /* rows of one listing: keeps an answer's memory bounded */
#define STORE_BLOB_MAX                                                                             \
    ((size_t)16 << 20) /* bytes of one text or blob: above any request's limit                     \
                        */

typedef struct store store;

typedef struct store_blob {
    const void *p;
    size_t n;
} store_blob;

/* Opens or makes the file, brings its schema up to date. WB_INVALID when DIR is no folder, belongs
 * to somebody else or is open to others; WB_DENIED when the file is of a later version. */
wb_status store_open(const char *dir, store **out, wb_error *e);
void store_close(store *s); /* NULL is allowed */

/* A transaction that takes the write lock at once. They nest: the inner ones join the outer one, a
 * rollback anywhere undoes all of it. Every begin has one commit or rollback on the same thread. */
wb_status store_begin(store *s, wb_error *e);
wb_status store_commit(store *s, wb_error *e); /* on failure everything is rolled back */
void store_rollback(store *s);
/* Runs work in a transaction; commits when it returns WB_OK, else rolls back and gives its status
 * back. */
wb_status store_transact(store *s, wb_status (*work)(store *s, void *arg, wb_error *e), void *arg,
                         wb_error *e);

/* How a field's C type follows from its kind. */
#define STORE_TYPE_TEXT         const char *
#define STORE_TYPE_INT          int64_t
#define STORE_TYPE_BLOB         store_blob
#define STORE_FIELD(kind, name) STORE_TYPE_##kind name;

/* ---- Tenants ---- */

#define STORE_TENANT_FIELDS(X)                                                                     \
    X(TEXT, id)            /* a name, wb_name_valid */                                             \
    X(TEXT, required_algs) /* "HS256", "Ed25519" or "HS256 Ed25519": every packet carries these */ \
    X(INT, keys_gen)       /* grows by one with every change of a key */                           \
    X(INT, created_at)

typedef struct store_tenant {
    STORE_TENANT_FIELDS(STORE_FIELD)
} store_tenant;
void store_tenant_clear(store_tenant *t);

/* Makes the tenant if there is none; an existing one stays as it is. */
wb_status store_tenant_ensure(store *s, const char *id, int64_t now, wb_error *e);
wb_status store_tenant_get(store *s, const char *id, store_tenant *out, wb_error *e);
wb_status store_tenant_list(store *s, store_tenant **rows, size_t *n, wb_error *e);
wb_status store_tenant_require(store *s, const char *id, const char *required_algs, wb_error *e);
void store_tenant_list_free(store_tenant *rows, size_t n);

/* ---- Keys: what is stored of a key. server/keys seals and opens them. ---- */

#define STORE_KEY_FIELDS(X)                                                                        \
    X(TEXT, tenant)                                                                                \
    X(TEXT, kid) /* "<tenant>/<purpose>/<number>", unique in the file */                           \
    X(TEXT, purpose)                                                                               \
    X(INT, number) /* from 1, per tenant and purpose */                                            \
    X(TEXT, alg)                                                                                   \
    X(TEXT, state)      /* active, previous, revoked */                                            \
    X(INT, not_after)   /* of a previous key: not valid from this time on; 0 when active */        \
    X(BLOB, public_key) /* 32 bytes for Ed25519, else empty */                                     \
    X(BLOB, sealed)     /* nonce, ciphertext, tag; empty for a key that can only verify */         \
    X(INT, created_at)                                                                             \
    X(INT, changed_at)

typedef struct store_key {
    STORE_KEY_FIELDS(STORE_FIELD)
} store_key;
void store_key_clear(store_key *k);
void store_key_list_free(store_key *rows, size_t n);

/* The number the next key of this tenant and purpose gets. */
wb_status store_key_next(store *s, const char *tenant, const char *purpose, int64_t *number,
                         wb_error *e);
/* WB_EXISTS when the kid is taken. Bumps the tenant's keys_gen, as store_key_move does. */
wb_status store_key_insert(store *s, const store_key *k, wb_error *e);
wb_status store_key_get(store *s, const char *kid, store_key *out, wb_error *e);
/* Newest first; purpose or state NULL: any. */
wb_status store_key_list(store *s, const char *tenant, const char *purpose, const char *state,
                         store_key **rows, size_t *n, wb_error *e);
wb_status store_key_move(store *s, const char *kid, const char *from, const char *to,
                         int64_t not_after, int64_t now, wb_error *e);

/* ---- Idempotency records ---- */

#define STORE_IDEM_FIELDS(X)                                                                       \
    X(TEXT, tenant)                                                                                \
    X(TEXT, route)                                                                                 \
    X(TEXT, key)                                                                                   \
    X(TEXT, body_sha256)  /* of the request */                                                     \
    X(TEXT, owner)        /* the process run that works on it, from store_open */                  \
    X(TEXT, ref)          /* what the worker noted, as the packet's id; NULL at first */           \
    X(INT, status)        /* HTTP status of the answer; 0 while the work runs */                   \
    X(TEXT, content_type) /* of the answer */                                                      \
    X(BLOB, body)         /* the answer, replayed byte by byte */                                  \
    X(INT, created_at)

typedef struct store_idem {
    STORE_IDEM_FIELDS(STORE_FIELD)
} store_idem;
void store_idem_clear(store_idem *i);

/* Before any work. WB_OK: do the work; when an earlier run of the process died over the same
 * request, out->ref is what it had noted and the work goes on from there. WB_EXISTS: finished, *out
 * is the answer to replay. WB_CONFLICT: running now (409). WB_INVALID: the key was used with
 * another body (422). */
wb_status store_idem_begin(store *s, const char *tenant, const char *route, const char *key,
                           const char *body_sha256, int64_t now, store_idem *out, wb_error *e);
wb_status store_idem_note(store *s, const char *tenant, const char *route, const char *key,
                          const char *ref, wb_error *e);
wb_status store_idem_finish(store *s, const char *tenant, const char *route, const char *key,
                            int status, const char *content_type, wb_str body, wb_error *e);
/* Gives the key back: only where the work left no trace (a request refused before any effect). */
wb_status store_idem_forget(store *s, const char *tenant, const char *route, const char *key,
                            wb_error *e);
/* Drops finished records made before that time (callers keep 24 hours at least). */
wb_status store_idem_expire(store *s, int64_t before, wb_error *e);

/* ---- Packets ---- */

/* One row a state: name, whether the packet still counts as open for its (tenant, subject, op). */
#define STORE_PACKET_STATES(X)                                                                     \
    X(RECEIVED, 1)                                                                                 \
    X(EVALUATING, 1)                                                                               \
    X(DENIED, 0)                                                                                   \
    X(BLOCKED, 0)                                                                                  \
    X(PENDING_HITL, 1)                                                                             \
    X(REJECTED, 0)                                                                                 \
    X(EXPIRED, 0)                                                                                  \
    X(CANCELLED, 0)                                                                                \
    X(STALE, 1)                                                                                    \
    X(SIGNED, 1)                                                                                   \
    X(DISPATCHED, 1)                                                                               \
    X(ACCEPTED, 1)                                                                                 \
    X(SOFT_RUNNING, 1)                                                                             \
    X(SOFT_PARTIAL, 1)                                                                             \
    X(SOFT_DONE, 1)                                                                                \
    X(HARD_SCHEDULED, 1)                                                                           \
    X(HELD, 1)                                                                                     \
    X(HALTED, 1)                                                                                   \
    X(HARD_CLAIMED, 1)                                                                             \
    X(HARD_RUNNING, 1)                                                                             \
    X(HARD_PARTIAL, 1)                                                                             \
    X(COMPLETED, 0)                                                                                \
    X(REINSTATING, 1)                                                                              \
    X(REINSTATE_PARTIAL, 1)                                                                        \
    X(REINSTATED, 0)                                                                               \
    X(MANUAL, 1)

typedef enum store_state {
    STORE_NONE, /* before the first state: only as `from` of a legal edge */
#define X(name, open) STORE_##name,
    STORE_PACKET_STATES(X)
#undef X
        STORE_STATE_COUNT
} store_state;

const char *store_state_name(store_state state);
/* STORE_NONE when there is no such state. */
store_state store_state_of(const char *name);
/* Whether the table of legal transitions (store_states.c) has this edge. */
bool store_state_legal(store_state from, store_state to);
bool store_state_open(store_state state);

#define STORE_PACKET_FIELDS(X)                                                                     \
    X(TEXT, id) /* UUID version 7 */                                                               \
    X(TEXT, tenant)                                                                                \
    X(TEXT, jti)     /* of the signed packet; the same as id unless it is re-signed */             \
    X(TEXT, state)   /* a name of STORE_PACKET_STATES */                                           \
    X(TEXT, kind)    /* offboard, access, ... as asked */                                          \
    X(TEXT, phase)   /* soft, hard, reinstate, or what the kind has */                             \
    X(TEXT, op)      /* with tenant and subject: at most one open packet */                        \
    X(TEXT, subject) /* the subject's id */                                                        \
    X(TEXT, target)  /* the system, and the subject's name there */                                \
    X(TEXT, target_ref)                                                                            \
    X(TEXT, requested_by)                                                                          \
    X(BLOB, request)      /* body as received */                                                   \
    X(TEXT, input_digest) /* "sha256:..." of what the policy saw */                                \
    X(BLOB, input)        /* what the policy saw, for re-evaluation and replay */                  \
    X(TEXT, outcome)      /* allow, deny, require_hitl, block; NULL before evaluation */           \
    X(TEXT, decision)     /* JSON */                                                               \
    X(TEXT, jws)          /* the signed packet */                                                  \
    X(TEXT, approval_id)                                                                           \
    X(INT, ledger_index) /* of the decision entry; -1 before */                                    \
    X(TEXT, ledger_leaf)                                                                           \
    X(TEXT, parent) /* jti of the packet this one continues */                                     \
    X(INT, due_at)  /* of a scheduled phase; 0: none */                                            \
    X(INT, created_at)                                                                             \
    X(INT, updated_at)

typedef struct store_packet {
    STORE_PACKET_FIELDS(STORE_FIELD)
} store_packet;
void store_packet_clear(store_packet *p);
void store_packet_list_free(store_packet *rows, size_t n);

#define STORE_HISTORY_FIELDS(X)                                                                    \
    X(TEXT, packet)                                                                                \
    X(INT, n) /* from 1 */                                                                         \
    X(TEXT, state)                                                                                 \
    X(INT, at)                                                                                     \
    X(INT, ledger_index) /* of the entry that tells of it; -1: none */                             \
    X(TEXT, note)

typedef struct store_history {
    STORE_HISTORY_FIELDS(STORE_FIELD)
} store_history;
void store_history_list_free(store_history *rows, size_t n);

/* state must be one that a packet may start in (RECEIVED, EVALUATING). WB_EXISTS: this id is there,
 * or another packet of the same tenant, subject and op is open; *open_id (may be NULL; the caller
 * frees it) then names it. */
wb_status store_packet_insert(store *s, const store_packet *p, char **open_id, wb_error *e);
/* tenant NULL: of any tenant (the doer of several). */
wb_status store_packet_get(store *s, const char *tenant, const char *id, store_packet *out,
                           wb_error *e);
wb_status store_packet_by_jti(store *s, const char *tenant, const char *jti, store_packet *out,
                              wb_error *e);
/* Oldest first; state STORE_NONE: any; after: id to go on from, or NULL; max at most
 * STORE_LIST_MAX. */
wb_status store_packet_list(store *s, const char *tenant, store_state state, const char *after,
                            size_t max, store_packet **rows, size_t *n, wb_error *e);
/* Those in `state` with 0 < due_at <= now. */
wb_status store_packet_due(store *s, store_state state, int64_t now, store_packet **rows, size_t *n,
                           wb_error *e);

typedef struct store_change {
    int64_t now;
    int64_t ledger_index; /* of the entry that tells of the move; -1: none */
    const char *note;     /* for the history; may be NULL */
    int64_t due_at;       /* new due time; -1: leave it */
} store_change;

/* The compare-and-set. WB_DENIED: no such edge (the caller ledgers `illegal_transition`);
 * WB_CONFLICT: the packet is in another state, *now_in (may be NULL) says which; WB_NOT_FOUND. */
wb_status store_packet_move(store *s, const char *tenant, const char *id, store_state from,
                            store_state to, const store_change *change, store_state *now_in,
                            wb_error *e);
/* Fields that are set once on the way, in the transaction of the move: NULL leaves a field. */
wb_status store_packet_decide(store *s, const char *tenant, const char *id, const char *outcome,
                              const char *decision, const char *input_digest, wb_str input,
                              int64_t ledger_index, const char *ledger_leaf, wb_error *e);
wb_status store_packet_sign(store *s, const char *tenant, const char *id, const char *jti,
                            const char *jws, wb_error *e);
wb_status store_packet_approval(store *s, const char *tenant, const char *id,
                                const char *approval_id, wb_error *e);
wb_status store_packet_history(store *s, const char *id, store_history **rows, size_t *n,
                               wb_error *e);

/* ---- Approvals ---- */

/* PENDING is the only state with ways out. */
#define STORE_APPROVAL_STATES(X) X(PENDING) X(APPROVED) X(REJECTED) X(EXPIRED) X(STALE)

#define STORE_APPROVAL_FIELDS(X)                                                                   \
    X(TEXT, id)                                                                                    \
    X(TEXT, tenant)                                                                                \
    X(TEXT, packet)                                                                                \
    X(TEXT, token_sha256) /* of the link's token, which itself is never stored; unique */          \
    X(TEXT, digest)       /* "sha256:..." of exactly what the approver sees and signs */           \
    X(TEXT, content)      /* that, as shown */                                                     \
    X(TEXT, approvers)    /* JSON of the policy's `approvers` */                                   \
    X(TEXT, requested_by)                                                                          \
    X(INT, expires_at)                                                                             \
    X(TEXT, state)                                                                                 \
    X(TEXT, reviewer)                                                                              \
    X(TEXT, reason)                                                                                \
    X(INT, decided_at) /* 0: not yet */                                                            \
    X(INT, created_at)

typedef struct store_approval {
    STORE_APPROVAL_FIELDS(STORE_FIELD)
} store_approval;
void store_approval_clear(store_approval *a);
void store_approval_list_free(store_approval *rows, size_t n);

wb_status store_approval_insert(store *s, const store_approval *a, wb_error *e); /* WB_EXISTS */
wb_status store_approval_get(store *s, const char *tenant, const char *id, store_approval *out,
                             wb_error *e);
wb_status store_approval_by_token(store *s, const char *token_sha256, store_approval *out,
                                  wb_error *e);
/* Oldest first; tenant or state NULL: any. */
wb_status store_approval_list(store *s, const char *tenant, const char *state,
                              store_approval **rows, size_t *n, wb_error *e);
/* PENDING ones whose time is over. */
wb_status store_approval_overdue(store *s, int64_t now, store_approval **rows, size_t *n,
                                 wb_error *e);
/* PENDING -> to. APPROVED and REJECTED only while now < expires_at, EXPIRED only after. On
 * WB_CONFLICT nothing changed: *out (may be NULL) is the row as it is, which a PENDING state there
 * means the time did not fit. WB_INVALID: no such state. */
wb_status store_approval_decide(store *s, const char *id, const char *to, const char *reviewer,
                                const char *reason, int64_t now, store_approval *out, wb_error *e);

/* ---- Doer: jobs ---- */

#define STORE_JOB_FIELDS(X)                                                                        \
    X(TEXT, tenant)                                                                                \
    X(TEXT, jti)          /* unique per tenant: the replay check */                                \
    X(TEXT, bytes_sha256) /* of the packet's bytes as received */                                  \
    X(TEXT, state)        /* a name of STORE_PACKET_STATES, from ACCEPTED on */                    \
    X(TEXT, phase)                                                                                 \
    X(TEXT, subject)                                                                               \
    X(TEXT, target)                                                                                \
    X(TEXT, target_ref)                                                                            \
    X(TEXT, parent)     /* jti of the soft job that this one continues */                          \
    X(BLOB, packet)     /* the packet's bytes */                                                   \
    X(TEXT, snapshot)   /* JSON: the subject at the target before the first effect */              \
    X(INT, due_at)      /* wall clock; 0: nothing is scheduled */                                  \
    X(INT, due_boot_ms) /* CLOCK_BOOTTIME milliseconds, valid within boot_id */                    \
    X(TEXT, boot_id)                                                                               \
    X(INT, fence)       /* grows with every change of owner; effects carry it */                   \
    X(TEXT, owner)      /* the run that works on it; NULL: nobody */                               \
    X(INT, owner_until) /* its claim ends here */                                                  \
    X(INT, created_at)                                                                             \
    X(INT, updated_at)

typedef struct store_job {
    STORE_JOB_FIELDS(STORE_FIELD)
} store_job;
void store_job_clear(store_job *j);
void store_job_list_free(store_job *rows, size_t n);

/* The replay check, the last of all checks, in one transaction with the job's steps. WB_OK: new.
 * WB_EXISTS: the same bytes were here before, *out (may be NULL) is the job. WB_CONFLICT: the jti
 * was used for other bytes. */
wb_status store_job_insert(store *s, const store_job *j, store_job *out, wb_error *e);
wb_status store_job_get(store *s, const char *tenant, const char *jti, store_job *out, wb_error *e);
/* The hard or reinstate job that continues this one: WB_NOT_FOUND when there is none. */
wb_status store_job_child(store *s, const char *tenant, const char *parent, const char *phase,
                          store_job *out, wb_error *e);
/* state STORE_NONE: all whose state has a way out. */
wb_status store_job_list(store *s, store_state state, store_job **rows, size_t *n, wb_error *e);
wb_status store_job_due(store *s, store_state state, int64_t now, store_job **rows, size_t *n,
                        wb_error *e);
/* Makes `owner` the one that works on it until now + ttl: WB_CONFLICT while another's claim lasts.
 * *fence is the new fence. Claiming again by the same owner prolongs and keeps the fence. */
wb_status store_job_claim(store *s, const char *tenant, const char *jti, const char *owner,
                          int64_t now, int64_t ttl, int64_t *fence, wb_error *e);
wb_status store_job_release(store *s, const char *tenant, const char *jti, int64_t fence,
                            wb_error *e);
/* As store_packet_move; fence -1: not checked, else WB_CONFLICT when it is not the row's. */
wb_status store_job_move(store *s, const char *tenant, const char *jti, store_state from,
                         store_state to, int64_t fence, const store_change *change,
                         store_state *now_in, wb_error *e);
wb_status store_job_snapshot(store *s, const char *tenant, const char *jti, const char *snapshot,
                             wb_error *e);
/* The durable timer: wall clock, and boot clock within one boot. due_at 0 clears it. */
wb_status store_job_schedule(store *s, const char *tenant, const char *jti, int64_t due_at,
                             int64_t due_boot_ms, const char *boot_id, wb_error *e);

/* ---- Doer: steps ---- */

/* PLANNED -> INTENT before the call; OBSERVED: the target was read and shows the effect. */
#define STORE_STEP_STATES(X)                                                                       \
    X(PLANNED) X(INTENT) X(OBSERVED) X(NOT_OBSERVED) X(UNKNOWN) X(FAILED) X(SKIPPED)

#define STORE_STEP_FIELDS(X)                                                                       \
    X(TEXT, tenant)                                                                                \
    X(TEXT, jti)                                                                                   \
    X(INT, n) /* as in the packet's operations */                                                  \
    X(TEXT, op)                                                                                    \
    X(TEXT, args) /* JSON */                                                                       \
    X(TEXT, inverse)                                                                               \
    X(TEXT, state)                                                                                 \
    X(INT, attempts)                                                                               \
    X(TEXT, observed) /* JSON: what the target showed */                                           \
    X(TEXT, lease_id)                                                                              \
    X(TEXT, lease_state)                                                                           \
    X(INT, updated_at)

typedef struct store_step {
    STORE_STEP_FIELDS(STORE_FIELD)
} store_step;
void store_step_list_free(store_step *rows, size_t n);

wb_status store_step_insert(store *s, const store_step *step, wb_error *e);
wb_status store_step_list(store *s, const char *tenant, const char *jti, store_step **rows,
                          size_t *n, wb_error *e);
/* Compare-and-set; observed NULL leaves it; a move to INTENT counts an attempt. WB_INVALID: no such
 * state. A step that is OBSERVED never changes again: WB_CONFLICT. */
wb_status store_step_move(store *s, const char *tenant, const char *jti, int64_t n,
                          const char *from, const char *to, const char *observed, int64_t now,
                          wb_error *e);
wb_status store_step_lease(store *s, const char *tenant, const char *jti, int64_t n,
                           const char *lease_id, const char *lease_state, wb_error *e);

/* ---- Leases ---- */

/* issued -> used -> revoked; a revocation that fails waits in revoke_pending, and is irrevocable
 * after the last try. */
#define STORE_LEASE_STATES(X) X(issued) X(used) X(revoke_pending) X(revoked) X(irrevocable)

#define STORE_LEASE_FIELDS(X)                                                                      \
    X(TEXT, id)                                                                                    \
    X(TEXT, tenant)                                                                                \
    X(TEXT, jti)                                                                                   \
    X(INT, step)                                                                                   \
    X(TEXT, state)                                                                                 \
    X(INT, ttl)       /* seconds */                                                                \
    X(TEXT, accessor) /* names the lease to its broker; never the credential itself */             \
    X(INT, issued_at)                                                                              \
    X(INT, expires_at)                                                                             \
    X(INT, revoked_at) /* 0: not yet */                                                            \
    X(INT, attempts)   /* failed revocations */                                                    \
    X(INT, next_try_at)

typedef struct store_lease {
    STORE_LEASE_FIELDS(STORE_FIELD)
} store_lease;
void store_lease_clear(store_lease *l);
void store_lease_list_free(store_lease *rows, size_t n);

wb_status store_lease_insert(store *s, const store_lease *l, wb_error *e); /* WB_EXISTS */
wb_status store_lease_get(store *s, const char *id, store_lease *out, wb_error *e);
/* state NULL: all that are neither revoked nor irrevocable. */
wb_status store_lease_list(store *s, const char *state, store_lease **rows, size_t *n, wb_error *e);
/* revoke_pending with next_try_at <= now. */
wb_status store_lease_retry(store *s, int64_t now, store_lease **rows, size_t *n, wb_error *e);
/* Compare-and-set along legal edges; to revoke_pending counts an attempt and sets next_try_at (also
 * from revoke_pending itself). WB_DENIED: no such edge. */
wb_status store_lease_move(store *s, const char *id, const char *from, const char *to, int64_t now,
                           int64_t next_try_at, wb_error *e);

/* ---- Rejections: a flood of bad packets becomes few ledger entries ---- */

#define STORE_REJECTION_FIELDS(X)                                                                  \
    X(TEXT, tenant)                                                                                \
    X(TEXT, reason)                                                                                \
    X(INT, window_at) /* start of the window the count belongs to */                               \
    X(INT, count)                                                                                  \
    X(TEXT, first_digest)                                                                          \
    X(TEXT, last_digest)

typedef struct store_rejection {
    STORE_REJECTION_FIELDS(STORE_FIELD)
} store_rejection;
void store_rejection_list_free(store_rejection *rows, size_t n);

/* Counts one in the window (window_at is the caller's rounding); *count is the new count, so that
 * the first ones of a window can be ledgered one by one. */
wb_status store_rejection_add(store *s, const char *tenant, const char *reason, const char *digest,
                              int64_t window_at, int64_t *count, wb_error *e);
/* Windows that started before that time, oldest first; drop each after its entry is durable. */
wb_status store_rejection_list(store *s, int64_t before, store_rejection **rows, size_t *n,
                               wb_error *e);
wb_status store_rejection_drop(store *s, const store_rejection *r, wb_error *e);

/* ---- Outbox: ledger entries owed for changes made by who cannot write the ledger ---- */

#define STORE_OUTBOX_FIELDS(X)                                                                     \
    X(INT, n)                                                                                      \
    X(TEXT, tenant)                                                                                \
    X(TEXT, id) /* unique; stands in the entry's body, so that a doubled entry is known as one */  \
    X(TEXT, type)  /* a ledger event's name */                                                     \
    X(TEXT, actor) /* JSON */                                                                      \
    X(TEXT, body)  /* JSON */                                                                      \
    X(INT, created_at)

typedef struct store_outbox {
    STORE_OUTBOX_FIELDS(STORE_FIELD)
} store_outbox;
void store_outbox_list_free(store_outbox *rows, size_t n);

/* In the transaction of the change it tells of; n is set by the store. */
wb_status store_outbox_add(store *s, const store_outbox *o, wb_error *e);
wb_status store_outbox_list(store *s, const char *tenant, store_outbox **rows, size_t *n,
                            wb_error *e); /* tenant NULL: all */
wb_status store_outbox_done(store *s, int64_t n, wb_error *e);

#endif
