/* Inside of the gatekeeper: the object, and what its files share.
 *
 * Who works on a packet holds its lock (gk_lock). Moves that follow an entry are made in this
 * order: entry durable, then the row; a run that dies in between is finished by gk_drive, which
 * looks for the entry before it makes another. Moves that a human or the clock causes write the row
 * and an outbox row in one transaction; gk_outbox enters them. */
#ifndef WRIT_SERVER_GATEKEEPER_INTERNAL_H
#define WRIT_SERVER_GATEKEEPER_INTERNAL_H

#include "base/buf.h"
#include "base/crash.h"
#include "base/ids.h"
#include "base/sha256.h"
#include "server/gatekeeper/gatekeeper.h"
#include "server/gatekeeper/inject.h"
#include "server/keys/keys.h"
#include "server/ledger/ledger.h"
#include "server/opa/opa.h"

#include <pthread.h>
#include <stdatomic.h>

#define GK_LOCKS          64           /* packets worked on at once without waiting for another */
#define GK_BODY_MAX       (256u << 10) /* bytes of a request: text and facts of one person */
#define GK_RAW_MAX        (64u << 10)  /* bytes of its free text */
#define GK_NAME_BYTES     256          /* of an id, a target, a name of a person */
#define GK_DEPTH_MAX      32           /* nesting of a request */
#define GK_DECISION_MAX   (32u << 10)  /* bytes of a decision: it must fit a ledger entry */
#define GK_REASONS_MAX    256          /* of one decision */
#define GK_APPROVE_MAX    8            /* people that a decision may ask for */
#define GK_CONFIDENCE_CAP 0.39         /* of a request that the filter hit: below every minimum */
#define GK_TOKEN_BYTES    32           /* of the doer's bearer token */
#define GK_REFUSE_SINGLE  10    /* refused reviews of a kind and window: entered one by one */
#define GK_REFUSE_WINDOW  60000 /* ms; what is more is counted, and the count is entered */
#define GK_JSON           (JSON_COMPACT | JSON_REAL_PRECISION(15)) /* 0.6 stays 0.6 */

typedef struct gk_policy gk_policy;
typedef struct gk_dispatcher gk_dispatcher;
typedef struct gk_approvers gk_approvers;

struct gk {
    gk_options o;
    store *store;
    keys *keys;
    ledger *ledger;
    http_server *http;
    http_routes *routes; /* the table handed to the server */
    gk_policy *policy;
    gk_approvers *approvers;
    gk_dispatcher *dispatcher;
    opa_data *opa;
    char *doer_token; /* 64 hex digits */
    char origin[160]; /* of the tenant's log */
    char src[96];     /* "gatekeeper@host" */
    pthread_mutex_t locks[GK_LOCKS];
    pthread_mutex_t outbox;
    atomic_flag verifying; /* one proof at a time: it reads the whole ledger */
};

void gk_note(gk *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- policy.c: the pack, and one decision by it ---- */

wb_status gk_policy_open(const char *dir, gk_policy **out, wb_error *e);
void gk_policy_close(gk_policy *p);
const char *gk_policy_bundle(const gk_policy *p); /* "sha256:..." over the modules */
const char *gk_policy_data(const gk_policy *p);   /* the same over the base data */
size_t gk_policy_modules(const gk_policy *p);
struct writ_engine *gk_policy_engine(gk_policy *p);
pthread_mutex_t *gk_policy_lock(gk_policy *p); /* held by who prepares a query */

/* Always gives a decision object of the right shape; whatever goes wrong is a deny. *fuel is what
 * was spent. The caller owns the object. */
json_t *gk_policy_decide(gk_policy *p, wb_str input, int64_t now_ns, int64_t fuel_max,
                         int64_t deadline_ms, int64_t *fuel);
/* A deny with the reason "eval_error: why". */
json_t *gk_deny(const char *why);

/* ---- intake.c: a request becomes a record ---- */

/* What is kept of a request: {"kind", "subject", "requested_by", "context", "flags", "confidence",
 * "filter"}; ages are points in time. On a hit of the filter subject and context are gone from it,
 * and *scrubbed holds them for the quarantine (else NULL). Returns NULL with the JSON text of an
 * array of {"pointer", "detail"} in errors when the body is no request. */
json_t *gk_intake(wb_str body, int64_t now_ns, json_t **scrubbed, wb_buf *errors);
/* Whether brackets nest deeper than `max`; looks at bytes only, before any parser runs. */
bool gk_too_deep(wb_str json, int max);

/* ---- input.c: a record becomes what the policy sees ---- */

typedef struct gk_facts {
    const char *packet_id, *phase; /* phase NULL: the kind has none */
    int64_t now_ns;
    json_t *soft;     /* history.soft; borrowed, may be NULL */
    json_t *approval; /* borrowed, may be NULL */
} gk_facts;
json_t *gk_input(gk *g, const json_t *record, const gk_facts *facts);
/* "sha256:..." of what must not change between asking a human and their answer: policy, data,
 * configuration and the record. */
void gk_facts_digest(gk *g, const json_t *record, char out[WB_SHA256_TEXT]);

/* ---- packet.c: signed bytes ---- */

/* The payload of a packet (domain format). decision is the stored wrapper, see drive.c. */
char *gk_payload(gk *g, const store_packet *row, const json_t *record, const json_t *decision,
                 size_t *n);
/* The phase's operations at the target, as in the payload; an empty array where there are none. */
json_t *gk_operations(const char *kind, const char *phase, const char *target, const char *jti);
/* The payload of a signed packet's bytes, without checking them: they are our own. NULL when they
 * are no JWS. The caller frees. */
char *gk_payload_of(const char *jws, size_t *n);
/* Seconds until such a packet expires, 0 and less when it has. NULL or no packet: long ago. */
int64_t gk_life_left(const char *jws, int64_t now_ms);

/* ---- drive.c: a packet through its states ---- */

pthread_mutex_t *gk_lock(gk *g, const char *packet_id);
/* A new packet's id that shares the lock of this one: who holds one may work on both. */
void gk_sibling_id(gk *g, const char *packet_id, char out[WB_UUID_TEXT]);
/* Brings the packet as far as it goes without a human or the doer. Under the packet's lock. */
wb_status gk_drive(gk *g, const char *id, wb_error *e);
/* Drives every packet that a dead run or a failed ledger left behind. */
void gk_recover(gk *g);
/* Inserts a packet of the record and drives it; takes its lock. id is new. WB_EXISTS with *open_id
 * when one is open for the same subject. */
wb_status gk_begin(gk *g, const char *id, const json_t *record, const char *parent, char **open_id,
                   wb_error *e);
/* {"packet_id", "state", "decision", "jws", "approval", "receipt"} of a driven packet. */
json_t *gk_answer(gk *g, const store_packet *row);
json_t *gk_record_of(const store_packet *row);

/* ---- states.c ---- */

/* Appends an entry and waits. */
wb_status gk_enter(gk *g, ledger_type type, const char *rid, const json_t *actor,
                   const json_t *body, ledger_receipt *receipt, wb_error *e);
/* Owes an entry, inside a store transaction. */
wb_status gk_owe(gk *g, ledger_type type, const json_t *actor, const json_t *body, wb_error *e);
/* Enters what is owed. */
wb_status gk_outbox(gk *g, wb_error *e);
/* Moves with an owed entry, in one transaction. */
wb_status gk_move(gk *g, const char *id, store_state from, store_state to, ledger_type type,
                  const json_t *body, wb_error *e);
/* Enters the entry {"packet_id", "jti", "state"}, then moves the row: the entry is never missing.
 */
wb_status gk_go(gk *g, const store_packet *row, store_state from, store_state to, ledger_type type,
                wb_error *e);
void gk_illegal(gk *g, const char *rid, const char *id, const char *from, const char *to);
/* Brings the row to the state that the doer says it reached, through the legal states between.
 * WB_DENIED when no way leads there. */
wb_status gk_mirror(gk *g, const char *id, store_state to, int64_t index, int64_t due_at,
                    wb_error *e);
void gk_leaf_text(const merkle_hash *leaf, char out[WB_SHA256_TEXT]);

/* ---- approve.c ---- */

/* Opens as many approvals as the decision asks for. */
wb_status gk_approvals_open(gk *g, const store_packet *row, const json_t *decision, wb_error *e);
/* Voids those of the packet that still wait. */
wb_status gk_approvals_void(gk *g, const char *packet, const char *why, wb_error *e);
/* The `approval` of the policy's input from the packet's decided approvals; NULL while more people
 * must approve. */
json_t *gk_approval_facts(gk *g, const store_packet *row, const json_t *decision);
void gk_approvals_expire(gk *g);

typedef struct gk_review {
    wb_str decision; /* "approve" or "reject" */
    wb_str approver, code, reason, digest, reentered_target;
} gk_review;

typedef struct gk_review_result {
    int status; /* HTTP */
    const char *code, *title;
    char detail[256];
    char state[16], packet_state[24], packet[WB_UUID_TEXT], reissued[WB_UUID_TEXT];
    char reviewer[GK_NAME_BYTES + 1];
} gk_review_result;
void gk_review_do(gk *g, const char *rid, const char *approval_id, const gk_review *review,
                  gk_review_result *out);
/* Enters the counts of refused reviews of the windows that are over. */
void gk_refusals_close(gk *g, int64_t now_ms);
/* The approval of a link's token: WB_NOT_FOUND for one that is none of ours. */
wb_status gk_approval_by_token(gk *g, wb_str token, store_approval *out, wb_error *e);

/* ---- approvers.c: the development identity provider ---- */

wb_status gk_approvers_open(const char *dir, gk_approvers **out, wb_error *e);
void gk_approvers_close(gk_approvers *a);
size_t gk_approvers_count(const gk_approvers *a);
typedef enum gk_who {
    GK_WHO_OK,
    GK_WHO_UNKNOWN,
    GK_WHO_INACTIVE,
    GK_WHO_GROUP,
    GK_WHO_LOCKED
} gk_who;
gk_who gk_approver_check(gk_approvers *a, wb_str id, wb_str code, const char *group);
bool gk_approver_active(gk_approvers *a, const char *id);

/* ---- quarantine.c ---- */

wb_status gk_quarantine_put(gk *g, const char *id, const json_t *what, wb_error *e);
json_t *gk_quarantine_get(gk *g, const char *id, wb_error *e);

/* ---- phases.c ---- */

typedef struct gk_phase_result {
    wb_status status; /* WB_OK signed; WB_DENIED not allowed; WB_CONFLICT the state forbids it */
    char packet_id[WB_UUID_TEXT];
    char *jws;        /* owned */
    json_t *decision; /* owned */
    char state[24];
} gk_phase_result;
void gk_phase_result_clear(gk_phase_result *r);
/* A fresh decision and a fresh packet for a later phase of the packet whose soft jti is given. */
wb_status gk_phase(gk *g, const char *rid, const char *soft_jti, const char *phase,
                   const json_t *soft, const char *requested_by, gk_phase_result *out, wb_error *e);

/* ---- dispatch.c ---- */

wb_status gk_dispatcher_start(gk *g, wb_error *e);
void gk_dispatcher_wake(gk *g);
void gk_dispatcher_stop(gk *g);
/* Ends signed packets that nobody took while they were valid: SIGNED -> EXPIRED, with an entry. */
void gk_packets_lapse(gk *g, int64_t now_ms);
/* Hands signed bytes to the doer. *status is its HTTP status; WB_UNAVAILABLE not sent, WB_IO
 * unknown. */
wb_status gk_send(gk *g, const char *jws, int *status, wb_error *e);

/* ---- idem.c: Idempotency-Key ---- */

/* The request's key; the caller frees it. NULL and true when there is none and none is needed.
 * Answers 400 and gives false for one that is none. */
bool gk_idem_key(http_request *req, bool needed, char **key);
/* Before any work. False: answered here (replayed, running, used for another body, no store).
 * *ref (may be NULL; the caller frees it) and *again (may be NULL) are set when a run of the
 * process that died had begun the same. Then owes store_idem_finish or store_idem_forget. */
bool gk_idem_begin(http_request *req, gk *g, const char *route, const char *key, char **ref,
                   bool *again);

/* A verb of a packet, whose key is optional: with one, its success is kept and replayed. A refusal
 * has no effect, so nothing of it is kept and the key may be used again. */
typedef struct gk_verb {
    gk *g;
    char route[96], *key;
    bool again;   /* an earlier run died over it: its effect may be there */
    bool running; /* the key's record waits for an answer */
} gk_verb;
/* False: answered here. Else gk_verb_end is owed. */
bool gk_verb_begin(gk_verb *v, http_request *req, gk *g, const char *id, const char *verb);
void gk_verb_reply(gk_verb *v, http_request *req, int status, json_t *body); /* takes body */
void gk_verb_end(gk_verb *v);

/* ---- routes.c and the handlers' files ---- */

void gk_add_routes(gk *g);
/* Answers a failed store, ledger or key store: 503, without inner words. */
void gk_unavailable(http_request *req, gk *g, const wb_error *e);
void gk_reply_json(http_request *req, int status, json_t *body); /* takes body */
/* The named parameter as a text in the request's memory; answers 404 and gives NULL when it is no
 * UUID of ours. */
const char *gk_param_id(http_request *req, const char *name);
/* The request's id with a NUL, in its memory. */
const char *gk_rid(http_request *req);
/* Parses a JSON object body; answers 400 and gives NULL otherwise. */
json_t *gk_body_object(http_request *req);
bool gk_is_doer(http_request *req, gk *g); /* answers 401 when it is not */

void gk_route_packets_post(http_request *req, void *arg);
void gk_route_packets_get(http_request *req, void *arg);
void gk_route_reinstate(http_request *req, void *arg);
void gk_route_cancel(http_request *req, void *arg);
void gk_route_hard(http_request *req, void *arg);
void gk_route_ledger_post(http_request *req, void *arg);
void gk_route_ledger_verify(http_request *req, void *arg);
void gk_route_jwks(http_request *req, void *arg);
void gk_route_page_get(http_request *req, void *arg);
void gk_route_page_post(http_request *req, void *arg);
void gk_route_approvals_get(http_request *req, void *arg);
void gk_route_review(http_request *req, void *arg);
void gk_route_health(http_request *req, void *arg);
void gk_route_ready(http_request *req, void *arg);

#endif
