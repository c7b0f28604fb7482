/* The gatekeeper: takes requests, decides them by policy, enters the decision in the ledger, signs
 * it, asks a human where the policy says so, and hands what is allowed to the doer.
 *
 * Words. A *request* is the body of POST /v1/packets. A *packet* is one request on its way through
 * the states of store.h, and the signed bytes it yields. A *decision* is what the policy said of a
 * packet at one time; it has an id, "<packet>/<round>/<what for>", and exactly one entry in the
 * ledger. A *review* is a human's word on a packet that waits for one.
 *
 * Rules. No answer leaves before its ledger entry is durable. Undefined, error, conflict and
 * exhausted budget are a deny whose reason starts with "eval_error:". Only one process serves a
 * data folder (the ledger's lock sees to it), and within it one thread at a time works on one
 * packet.
 *
 * Life. gk_options_init, fill in (gk_config_load), gk_open, gk_start, gk_run, gk_close. Tests use
 * gk_open, and drive gk_server through the loopback. */
#ifndef WRIT_SERVER_GATEKEEPER_GATEKEEPER_H
#define WRIT_SERVER_GATEKEEPER_GATEKEEPER_H

#include "server/http/http.h"

#include <jansson.h>

typedef struct gk gk;

typedef struct gk_options {
    char *data;       /* folder; made when absent */
    char *listen;     /* "ADDR:PORT"; NULL: no socket, for tests */
    char *policies;   /* folder of the Rego pack */
    char *tenant;     /* the one tenant this process serves */
    char *instance;   /* stands in `iss` as "writ:<instance>" and in ledger origins */
    char *doer;       /* base URL packets are sent to; NULL: whoever asked carries them there */
    char *public_url; /* what approval links start with; NULL: the listening URL */
    char *tls_cert, *tls_key;
    int64_t window_seconds;     /* soft to hard */
    int64_t approval_seconds;   /* life of an approval link */
    int64_t packet_seconds;     /* nbf to exp */
    int64_t autonomy_level;     /* 0 to 3, see policies/README.md */
    int64_t fuel;               /* of one decision */
    int64_t deadline_ms;        /* of one decision */
    json_t *limits;             /* object of numbers for `input.limits`; owned */
    void (*note)(const char *); /* operator's messages; NULL: standard error */
} gk_options;

/* Defaults; every text is owned by the options from then on (malloc). */
void gk_options_init(gk_options *o);
void gk_options_clear(gk_options *o);
/* Replaces an owned text. */
void gk_option_set(char **slot, const char *value);
/* Reads a YAML or JSON file over the options. WB_INVALID names the file, the key and what was
 * expected; unknown keys and doubled ones are refused. */
wb_status gk_config_load(gk_options *o, const char *path, wb_error *e);
/* The folder of the shipped policies: DATA/policies, or `policies` beside or above the program.
 * NULL when there is none; the caller frees. */
char *gk_policies_find(const char *data);

/* Opens store, keys, ledger and policies; makes what is missing of the tenant's keys; finishes what
 * a dead run left behind. The options are taken over, on failure too. */
wb_status gk_open(gk_options *o, gk **out, wb_error *e);
/* Listens and starts the dispatcher. */
wb_status gk_start(gk *g, wb_error *e);
const char *gk_url(const gk *g);
http_server *gk_server(gk *g);
/* Serves until SIGTERM or SIGINT, then drains. */
void gk_run(gk *g);
void gk_close(gk *g);

#endif
