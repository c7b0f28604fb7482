/* A development directory: a SCIM 2.0 server (a subset of RFC 7643 and 7644) with all its state in
 * one file, for demonstrations and tests. It is no product: one thread, thousands of users at most.
 *
 * Beside the standard it has what a test of a doer needs:
 *   /Users/{id}/sessions (GET), /Users/{id}/sessions:revoke (POST)   logins of a user
 *   /Users/{id}/licences (GET, DELETE)   seats a user holds; they outlive the user's deletion
 *   /tokens (POST), /tokens/{id} (DELETE)   short-lived credentials, as a lease broker needs them
 *   /debug/effects (GET)   every change that was carried out, in order
 *   /debug/faults (POST)   misbehaviour on demand
 *
 * Credentials. DIR/admin.token may do everything; DIR/broker.token may only make and revoke
 * short-lived tokens. A short-lived token has a scope of "read", "write", "delete" and an end;
 * after its end or its revocation it is refused like any unknown one. Only digests of them are
 * kept. */
#ifndef WRIT_SERVER_DIRECTORY_DIRECTORY_H
#define WRIT_SERVER_DIRECTORY_DIRECTORY_H

#include "base/error.h"
#include "server/http/http.h"

#define DIR_FAULTS_MAX 32

typedef struct dir_options {
    const char *data;   /* folder; made with mode 0700 when it is not there */
    const char *listen; /* "ADDR:PORT" */
    const char *seed;   /* JSON file read when the folder has no state yet; or NULL */
    const char *faults[DIR_FAULTS_MAX]; /* "METHOD:KIND:COUNT[:PATH PART]" */
    size_t fault_count;
} dir_options;

typedef struct dir dir;

/* Reads or makes the state. WB_INVALID: the seed or a fault is malformed; WB_CORRUPT: the state
 * file is; WB_DENIED: the folder is open to others. The caller ends *out with dir_close. */
wb_status dir_open(const dir_options *options, dir **out, wb_error *e);
void dir_close(dir *d); /* NULL is allowed */
/* The table of routes; valid while d lives. The server must have one worker. */
void dir_routes(dir *d, http_routes *out);

/* Serves until SIGTERM or SIGINT; prints "listening on URL" when ready. */
wb_status dir_run(const dir_options *options, wb_error *e);

#endif
