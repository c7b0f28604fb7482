/* Sessions and licences of a user: what SCIM has no word for. */
#include "server/directory/internal.h"

void dir_sessions_get(http_request *req, void *arg)
{
    dir_call call;
    json_t *sessions;
    const char *id;
    if (dir_begin(arg, req, DIR_READ, &call) && (sessions = dir_find(&call, "sessions", &id)))
        dir_answer(&call, 200, json_pack("{s:s, s:O}", "userId", id, "sessions", sessions), NULL);
}

void dir_sessions_revoke(http_request *req, void *arg)
{
    dir_call call;
    json_t *sessions;
    if (!dir_begin(arg, req, DIR_WRITE, &call) || !(sessions = dir_find(&call, "sessions", NULL)))
        return;
    json_array_clear(sessions);
    if (dir_commit(&call, "sessions revoked"))
        dir_answer(&call, 204, NULL, NULL);
}

void dir_licences_get(http_request *req, void *arg)
{
    dir_call call;
    json_t *licences;
    const char *id;
    if (dir_begin(arg, req, DIR_READ, &call) && (licences = dir_find(&call, "licences", &id)))
        dir_answer(&call, 200, json_pack("{s:s, s:O}", "userId", id, "licences", licences), NULL);
}

void dir_licences_delete(http_request *req, void *arg)
{
    dir_call call;
    json_t *licences;
    if (!dir_begin(arg, req, DIR_DELETE, &call) || !(licences = dir_find(&call, "licences", NULL)))
        return;
    json_array_clear(licences);
    if (dir_commit(&call, "licences reclaimed"))
        dir_answer(&call, 204, NULL, NULL);
}
