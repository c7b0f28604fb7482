/* The doer: takes signed packets, carries them out at the target in two phases, proves each step.
 *
 * Words. A *job* is a packet that passed every check; its row is made with the replay check. A
 * *soft* packet makes a *root* job; the *hard* and the *reinstate* packet that continue it make a
 * *child* job each and move the root. A *step* is one operation of a packet. A *lease* is the
 * credential of one step, for 60 seconds at most.
 *
 * Files. DIR/state.db (server/store), DIR/doer.lock (one doer a folder).
 *
 * HTTP.
 *   POST /v1/doer/packets      a packet (JWS). 202 {"jti","state"}; 401, always the same bytes;
 *                              409 when a reinstatement or a hard phase came too late; 503
 *   GET  /v1/doer/jobs/{jti}   the job with its steps
 *   GET  /livez, /readyz
 *   the embedded lease broker, in the shape of Vault's API (broker.h) */
#ifndef WRIT_SERVER_DOER_DOER_H
#define WRIT_SERVER_DOER_DOER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define DOER_WINDOW_S 300 /* from the last soft step to the hard phase */

/* Texts outlive the run. NULL and 0 take what is said beside. */
typedef struct doer_options {
    const char *data, *listen;
    const char *tenant;            /* "default" */
    const char *target;            /* "directory": the target's name in packets */
    const char *aud;               /* "doer:<target>" */
    const char *instance;          /* "doer": stands in ledger entries, owns the jobs */
    const char *gatekeeper;        /* URL */
    const char *token_file;        /* bearer token for the gatekeeper */
    const char *directory;         /* URL of the SCIM server */
    const char *broker_token_file; /* with it the embedded broker makes leases at the directory */
    const char *broker;            /* URL of a Vault; NULL: the embedded broker */
    const char *role_id, *secret_id_file, *mount; /* for that Vault; mount: tenant/<T>/<target> */
    const char *hmac_key_file;    /* the tenant's HS256 key: 32 to 256 bytes, or a JWK */
    bool require_hs256;           /* beside Ed25519, which is always required */
    int64_t window_s;             /* DOER_WINDOW_S */
    int64_t gen_keys, gen_grants; /* packets of an older generation are refused */
    unsigned call_ms;             /* one call of the target: 10000 */
    unsigned retry_ms;            /* first wait before a partial phase is tried again: 5000 */
} doer_options;

/* Reads a JSON configuration file into the fields that are still empty. The texts belong to *keep
 * (a json_t), which the caller drops after the run. Unknown members are errors. */
struct json_t;
wb_status doer_config_read(const char *path, doer_options *o, struct json_t **keep, wb_error *e);

/* Serves until SIGTERM or SIGINT: then it takes no new packets, ends the steps that run, and
 * returns. Prints "listening on URL" when ready. */
wb_status doer_run(const doer_options *options, wb_error *e);

#endif
