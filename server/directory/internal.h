/* What the files of the development directory share.
 *
 * The state is one JSON object: users, groups, sessions, licences (objects by id), tokens (by id),
 * effects (a list). A change is made in memory, then written whole to a new file that takes the old
 * one's place; the answer goes out after that. All handlers run on the one worker's thread. */
#ifndef WRIT_SERVER_DIRECTORY_INTERNAL_H
#define WRIT_SERVER_DIRECTORY_INTERNAL_H

#include "base/ids.h"
#include "server/directory/directory.h"

#include <jansson.h>

#define DIR_BODY_MAX   ((size_t)64 << 10) /* bytes of a request: a user is a few hundred */
#define DIR_USERS_MAX  5000               /* the whole state is written at each change */
#define DIR_PAGE_MAX   200                /* resources in one answer */
#define DIR_OPS_MAX    100                /* operations of one PATCH */
#define DIR_DEPTH_MAX  16                 /* of a request's JSON: SCIM needs five */
#define DIR_TOKENS_MAX 10000              /* living short tokens: far above a minute's leases */
#define DIR_TTL_MAX    3600               /* seconds of a short-lived token */
#define DIR_HANG_MS    20000              /* a hanging answer ends then, nobody waits any more */

#define DIR_SCHEMA_USER   "urn:ietf:params:scim:schemas:core:2.0:User"
#define DIR_SCHEMA_GROUP  "urn:ietf:params:scim:schemas:core:2.0:Group"
#define DIR_SCHEMA_LIST   "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define DIR_SCHEMA_PATCH  "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define DIR_SCHEMA_ERROR  "urn:ietf:params:scim:api:messages:2.0:Error"
#define DIR_SCHEMA_CONFIG "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
#define DIR_SCHEMA_SEATS  "urn:writ:params:scim:schemas:extension:licences:2.0:User"

/* What a caller may do; a set. */
enum { DIR_READ = 1, DIR_WRITE = 2, DIR_DELETE = 4, DIR_TOKENS = 8, DIR_DEBUG = 16 };

/* One row a fault: name, whether the change is carried out before it shows. */
#define DIR_FAULT_KINDS(X)                                                                         \
    X(RATE_LIMIT, "429", 0)                                                                        \
    X(ERROR_BEFORE, "500-before-commit", 0)                                                        \
    X(ERROR_AFTER, "500-after-commit", 1)                                                          \
    X(HANG_BEFORE, "hang-before-commit", 0)                                                        \
    X(HANG_AFTER, "hang", 1)                                                                       \
    X(HALF_BODY, "half-body", 1)                                                                   \
    X(LIE, "200-without-commit", 0)

typedef enum dir_fault_kind {
    DIR_NO_FAULT,
#define X(name, text, commits) DIR_FAULT_##name,
    DIR_FAULT_KINDS(X)
#undef X
} dir_fault_kind;

typedef struct dir_fault {
    char method[8]; /* or "*" */
    char part[64];  /* of the path; "" fits all */
    dir_fault_kind kind;
    unsigned left;
} dir_fault;

struct dir {
    char path[4096]; /* of the state file */
    json_t *root;    /* owned */
    char admin_sha[72], broker_sha[72];
    dir_fault faults[DIR_FAULTS_MAX];
    size_t fault_count;
};

/* One request being answered. */
typedef struct dir_call {
    dir *d;
    http_request *req;
    const char *label; /* of the caller's credential, for the effects */
    dir_fault_kind fault;
} dir_call;

/* Checks the credential and shows a fault that comes before the work. False: it is answered. */
bool dir_begin(dir *d, http_request *req, unsigned scope, dir_call *call);
/* Pay the debt. dir_answer takes body (NULL: none); etag may be NULL. */
void dir_answer(dir_call *call, int status, json_t *body, const char *etag);
void dir_error(dir_call *call, int status, const char *scim_type, const char *detail);
/* The request's body as a JSON object; NULL: it is answered. The caller owns it. */
json_t *dir_body(dir_call *call);
bool dir_depth_ok(const json_t *j, int left);

/* state.c */
wb_status dir_load(dir *d, const dir_options *options, wb_error *e);
wb_status dir_save(dir *d, wb_error *e);
/* Notes an effect and saves. False: it is answered (500), and the change is still in memory only.
 */
bool dir_commit(dir_call *call, const char *what);
json_t *dir_table(const dir *d, const char *name);

/* tokens.c */
wb_status dir_static_tokens(dir *d, const char *data, wb_error *e);
/* The scope of the request's credential, 0 for none. *label is valid while the state is not
 * changed.
 */
unsigned dir_scope(dir *d, http_request *req, const char **label);
void dir_tokens_post(http_request *req, void *arg);
void dir_token_delete(http_request *req, void *arg);

/* faults.c */
bool dir_fault_add(dir *d, const char *text);
dir_fault_kind dir_fault_take(dir *d, wb_str method, wb_str path);
/* Shows the fault. body may be NULL; it is only read. */
void dir_fault_show(http_request *req, dir_fault_kind kind, int status, const char *type,
                    wb_str body);
bool dir_fault_commits(dir_fault_kind kind);
void dir_faults_post(http_request *req, void *arg);

/* resource.c: what users and groups share. */
json_t *dir_find(dir_call *call, const char *table, const char **id);
void dir_touch(json_t *resource); /* next version, new time */
const char *dir_etag(const json_t *resource, char out[40]);
/* Whether If-Match fits; false: answered with 412. */
bool dir_match(dir_call *call, const json_t *resource);
/* A list of the resources of a table: filter on one attribute, paging. render gives a new object.
 */
void dir_list(dir_call *call, const char *table, const char *attribute,
              json_t *(*render)(const dir *d, const json_t *resource));

/* patch.c: the operations on a copy, all or none. Returns NULL, or the words of the error with
 * *scim_type set. */
const char *dir_patch(json_t *resource, const json_t *body, const char **scim_type);

/* users.c, groups.c, seats.c */
json_t *dir_user_json(const dir *d, const json_t *user);
const char *dir_user_check(const dir *d, const json_t *user, const char *id);
void dir_users_list(http_request *req, void *arg);
void dir_users_post(http_request *req, void *arg);
void dir_user_get(http_request *req, void *arg);
void dir_user_put(http_request *req, void *arg);
void dir_user_patch(http_request *req, void *arg);
void dir_user_delete(http_request *req, void *arg);
void dir_groups_list(http_request *req, void *arg);
void dir_group_get(http_request *req, void *arg);
void dir_group_patch(http_request *req, void *arg);
void dir_sessions_get(http_request *req, void *arg);
void dir_sessions_revoke(http_request *req, void *arg);
void dir_licences_get(http_request *req, void *arg);
void dir_licences_delete(http_request *req, void *arg);

#endif
