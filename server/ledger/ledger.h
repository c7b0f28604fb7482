/* The append-only record of a tenant: nothing is answered before its entry here is durable.
 *
 * Words. A *log* is one tenant's ledger (format.h shows its files). An entry is *durable* when
 * fdatasync has returned for it and for the record of how far entries are acknowledged; only then
 * is its receipt given. A *checkpoint* is the signed root of the entries so far. A log is
 * *poisoned* when a write or sync failed in a way that leaves its content unknown: nothing is
 * acknowledged any more, and only a new start, which reads the file, mends it.
 *
 * Threads. One thread of the ledger writes all logs. ledger_append queues and returns; all that
 * waits goes to disk with one sync (group commit). The callback runs on the ledger's thread: post
 * to your own loop and return. Everything else may be called from any thread but the ledger's.
 *
 * One writer. A log is held by flock for as long as it is attached, and every opening starts an
 * epoch that the writer looks for before each batch, so that a second writer (a lost lock, a copied
 * folder) cannot go on unseen.
 *
 * Start. Attaching reads the whole log and checks frames, chain and root. A torn end that was never
 * acknowledged is dropped, and ledger.opened says so; an acknowledged entry that is missing or
 * damaged refuses the start (WB_CORRUPT): run the verifier. */
#ifndef WRIT_SERVER_LEDGER_LEDGER_H
#define WRIT_SERVER_LEDGER_LEDGER_H

#include "base/error.h"
#include "server/ledger/format.h"
#include "server/store/store.h"

#define LEDGER_SEGMENT_BYTES    ((uint64_t)64 << 20) /* a segment is closed beyond this */
#define LEDGER_CHECKPOINT_EVERY 256                  /* entries */
#define LEDGER_CHECKPOINT_MS    (5 * 60 * 1000)
#define LEDGER_QUEUE_MAX        65536 /* waiting entries; more is overload: WB_UNAVAILABLE */
#define LEDGER_BLOBS_MAX        64    /* digests in one entry */
#define LEDGER_RESERVE          ((uint64_t)1 << 20)  /* bytes of disk taken ahead */
#define LEDGER_LAST_ROOM        ((uint64_t)64 << 10) /* of them for `last_room` entries alone */

/* One row an event: name in C, name on the wire. */
#define LEDGER_EVENTS(X)                                                                           \
    X(OPENED, "ledger.opened")                                                                     \
    X(DECISION, "decision")                                                                        \
    X(DRYRUN, "dryrun")                                                                            \
    X(PACKET_SIGNED, "packet.signed")                                                              \
    X(PACKET_DISPATCHED, "packet.dispatched")                                                      \
    X(PACKET_ACCEPTED, "packet.accepted")                                                          \
    X(PACKET_STATE, "packet.state")                                                                \
    X(PACKET_SCHEDULED, "packet.scheduled")                                                        \
    X(PACKET_REINSTATING, "packet.reinstating")                                                    \
    X(PACKET_REINSTATED, "packet.reinstated")                                                      \
    X(PACKET_COMPLETED, "packet.completed")                                                        \
    X(PACKET_EXPIRED, "packet.expired")                                                            \
    X(PACKET_CANCELLED, "packet.cancelled")                                                        \
    X(ILLEGAL_TRANSITION, "illegal_transition")                                                    \
    X(APPROVAL_OPENED, "approval.opened")                                                          \
    X(APPROVAL_APPROVED, "approval.approved")                                                      \
    X(APPROVAL_REJECTED, "approval.rejected")                                                      \
    X(APPROVAL_EXPIRED, "approval.expired")                                                        \
    X(APPROVAL_DUPLICATE, "approval.duplicate")                                                    \
    X(APPROVAL_STALE, "approval.stale")                                                            \
    X(APPROVAL_REFUSED, "approval.refused")                                                        \
    X(EXEC_INTENT, "exec.intent")                                                                  \
    X(EXEC_OUTCOME, "exec.outcome")                                                                \
    X(LEASE_ISSUED, "lease.issued")                                                                \
    X(LEASE_USED, "lease.used")                                                                    \
    X(LEASE_REVOKED, "lease.revoked")                                                              \
    X(LEASE_REVOKE_FAILED, "lease.revoke_failed")                                                  \
    X(LEASE_IRREVOCABLE, "lease.irrevocable")                                                      \
    X(SIGNATURE_REJECTED, "doer.signature_rejected")                                               \
    X(KEY_CREATED, "key.created")                                                                  \
    X(KEY_IMPORTED, "key.imported")                                                                \
    X(KEY_ROTATED, "key.rotated")                                                                  \
    X(KEY_REVOKED, "key.revoked")                                                                  \
    X(POLICY_LOADED, "policy.loaded")                                                              \
    X(CLOCK_SUSPECT, "clock.suspect")                                                              \
    X(SERVICE_STARTED, "service.started")                                                          \
    X(SERVICE_STOPPED, "service.stopped")

typedef enum ledger_type {
    LEDGER_NONE,
#define X(name, text) LEDGER_##name,
    LEDGER_EVENTS(X)
#undef X
        LEDGER_TYPE_COUNT
} ledger_type;
const char *ledger_type_name(ledger_type type);
ledger_type ledger_type_of(wb_str name); /* LEDGER_NONE when there is no such event */

/* Signs checkpoints. Called on the ledger's thread. */
typedef struct ledger_signer {
    wb_status (*sign)(void *arg, wb_str message, unsigned char sig[64],
                      unsigned char public_key[32], wb_error *e);
    void *arg; /* outlives the ledger */
} ledger_signer;

/* Zero in a field takes the constant of the same name above. */
typedef struct ledger_options {
    uint64_t segment_bytes;
    uint64_t checkpoint_every;
    int64_t checkpoint_ms;
    int (*sync)(int fd);     /* NULL: fdatasync; tests inject failures here */
    int64_t (*now_ns)(void); /* NULL: the wall clock */
} ledger_options;

/* An entry to be. Texts are copied. */
typedef struct ledger_event {
    const char *tenant;
    ledger_type type;
    const char *rid;          /* request id; NULL: null */
    const char *actor;        /* JSON object text; NULL: null */
    const char *policy;       /* "sha256:..."; NULL: null */
    const char *src;          /* "gatekeeper@host"; NULL: null */
    wb_str body;              /* JSON object text, kept byte by byte; empty: {} */
    const char *const *blobs; /* "sha256:..." of what is too big for an entry */
    size_t blob_count;
    bool last_room; /* may use the room kept for shutting down in order */
} ledger_event;

typedef struct ledger_receipt {
    wb_status status; /* WB_OK: durable. Else nothing was acknowledged and the rest is zero */
    uint64_t index;
    merkle_hash leaf; /* RFC 6962 leaf hash of the entry */
    unsigned char prev[WB_SHA256_LEN];
    int64_t time_ns; /* the entry's time */
    const char *why; /* text of a failure; valid during the callback only */
} ledger_receipt;

typedef void (*ledger_done)(void *arg, const ledger_receipt *receipt);

typedef struct ledger ledger;

/* dir is the data folder; options may be NULL. Starts the thread. */
wb_status ledger_open(const char *dir, const ledger_options *options, ledger **out, wb_error *e);
/* Writes what waits, a last checkpoint of each log, and stops. NULL is allowed. */
void ledger_close(ledger *l);

/* Opens or makes the tenant's log. origin: note_origin_valid, as "writ.example/t_1"; it never
 * changes for a log. signer.sign NULL: no checkpoints. WB_CONFLICT: another process writes it.
 * WB_CORRUPT: see Start above. WB_EXISTS: attached already. */
wb_status ledger_attach(ledger *l, const char *tenant, const char *origin, ledger_signer signer,
                        wb_error *e);
bool ledger_attached(ledger *l, const char *tenant);

/* Queues. On WB_OK done is called exactly once, later; otherwise never. WB_INVALID: actor or body
 * is no JSON object, or a name is bad; WB_LIMIT: the entry would pass LEDGER_ENTRY_MAX;
 * WB_NOT_FOUND: the tenant's log is not attached; WB_UNAVAILABLE: no room on the disk, too many
 * wait, or the log is poisoned. */
wb_status ledger_append(ledger *l, const ledger_event *event, ledger_done done, void *arg,
                        wb_error *e);
/* Waits until it is durable. *receipt may be NULL. */
wb_status ledger_append_wait(ledger *l, const ledger_event *event, ledger_receipt *receipt,
                             wb_error *e);
/* Signs a checkpoint of all that is durable now, if there is none yet, and waits for it. */
wb_status ledger_checkpoint_now(ledger *l, const char *tenant, wb_error *e);

/* ---- Reading what is durable ---- */

typedef struct ledger_head {
    uint64_t size, epoch;
    merkle_hash root;
    int64_t time_ns;          /* of the last entry */
    uint64_t checkpoint_size; /* entries under the last checkpoint; 0: none */
    int64_t checkpoint_at;    /* when it was written, ms; 0: none */
    bool poisoned, full;
} ledger_head;

wb_status ledger_get_head(ledger *l, const char *tenant, ledger_head *out, wb_error *e);
/* Texts are the caller's, freed with free(), NUL behind them. WB_NOT_FOUND past the end. */
wb_status ledger_get_entry(ledger *l, const char *tenant, uint64_t index, char **out, size_t *n,
                           wb_error *e);
wb_status ledger_get_checkpoint(ledger *l, const char *tenant, char **out, wb_error *e);
wb_status ledger_get_inclusion(ledger *l, const char *tenant, uint64_t index, uint64_t size,
                               merkle_hash *proof, size_t *n, wb_error *e);
wb_status ledger_get_consistency(ledger *l, const char *tenant, uint64_t from, uint64_t to,
                                 merkle_hash *proof, size_t *n, wb_error *e);
/* A C2SP .tlog-proof of the entry under the last checkpoint; signs one when none covers it yet. */
wb_status ledger_get_proof(ledger *l, const char *tenant, uint64_t index, char **out, wb_error *e);

/* Enters what the outbox of the store owes (all attached tenants, or one), and drops each row when
 * its entry is durable. *count (may be NULL) is the number entered. A crash in between enters a row
 * twice with the same `event` id in its body. */
wb_status ledger_drain_outbox(ledger *l, store *s, const char *tenant, const char *src,
                              size_t *count, wb_error *e);

#endif
