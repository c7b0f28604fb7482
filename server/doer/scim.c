/* The SCIM 2.0 connector: how each verb is called and how its effect is seen. */
#include "server/doer/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define URL_MAX    2048
#define PATCH_TYPE "urn:ietf:params:scim:api:messages:2.0:PatchOp"

/* ---- Reading ---- */

static void get(doer *d, const char *token, const char *path, doer_answer *out)
{
    char url[URL_MAX];
    snprintf(url, sizeof url, "%s%s", d->o.directory, path);
    doer_call call = {.url = url, .token = token, .timeout_ms = d->o.call_ms};
    doer_http(&call, out);
}

/* Everything but letters, digits and "-._~" as %XX. False: no room. */
static bool encode(const char *text, char *out, size_t room)
{
    size_t n = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (n + 4 > room)
            return false;
        if (isalnum(c) || strchr("-._~", c))
            out[n++] = (char)c;
        else
            n += (size_t)snprintf(out + n, 4, "%%%02X", c);
    }
    out[n] = 0;
    return true;
}

static bool user_path(const json_t *snapshot, const char *rest, char *out, size_t room)
{
    char id[800];
    const char *raw = json_string_value(json_object_get(snapshot, "id"));
    return raw && raw[0] && strcmp(raw, ".") != 0 && strcmp(raw, "..") != 0 &&
           encode(raw, id, sizeof id) &&
           (size_t)snprintf(out, room, "/Users/%s%s", id, rest) < room;
}

/* userName eq "...": 1 found (*user is the caller's), 0 none, -1 not known. */
static int find_user(doer *d, const char *token, const char *name, json_t **user)
{
    char filter[1024], encoded[1600], path[1700];
    doer_answer a;
    wb_buf quoted;
    int found = -1;
    wb_buf_init(&quoted, 700);
    wb_buf_put_json(&quoted, wb_str_of(name));
    snprintf(filter, sizeof filter, "userName eq %s", wb_buf_cstr(&quoted));
    bool room = !quoted.failed && encode(filter, encoded, sizeof encoded);
    wb_buf_free(&quoted);
    if (!room)
        return -1;
    snprintf(path, sizeof path, "/Users?filter=%s", encoded);
    get(d, token, path, &a);
    const json_t *list = json_object_get(a.json, "Resources");
    const json_t *total = json_object_get(a.json, "totalResults");
    if (a.status == 200 && json_is_integer(total)) {
        if (json_integer_value(total) == 0) {
            found = 0;
        } else if (json_integer_value(total) == 1 && json_array_size(list) == 1) {
            /* A server that does not understand the filter must not pick the victim. */
            json_t *one = json_array_get(list, 0);
            const char *has = json_string_value(json_object_get(one, "userName"));
            if (has && strcasecmp(has, name) == 0) {
                *user = json_incref(one);
                found = 1;
            }
        }
    }
    doer_answer_clear(&a);
    return found;
}

static wb_status read_user(doer *d, const char *token, const char *id, json_t **user, bool *gone,
                           wb_error *e)
{
    char path[1024];
    doer_answer a;
    json_t *named = json_pack("{s:s}", "id", id);
    bool good = user_path(named, "", path, sizeof path);
    json_decref(named);
    if (!good)
        return wb_fail(e, WB_INVALID, "the target's id cannot stand in a path");
    get(d, token, path, &a);
    *gone = a.status == 404;
    if (a.status == 200 && json_is_object(a.json))
        *user = json_incref(a.json);
    int status = a.status;
    doer_answer_clear(&a);
    return *user || *gone
               ? WB_OK
               : wb_fail(e, WB_UNAVAILABLE, "the subject could not be read (%d)", status);
}

wb_status doer_scim_snapshot(doer *d, const char *token, const char *id, const char *target_ref,
                             json_t **out, bool *gone, wb_error *e)
{
    json_t *user = NULL;
    wb_status status = WB_OK;
    *gone = false;
    if (id) {
        status = read_user(d, token, id, &user, gone, e);
    } else {
        int found = find_user(d, token, target_ref, &user);
        *gone = found == 0;
        if (found < 0)
            status = wb_fail(e, WB_UNAVAILABLE, "the subject could not be looked up");
    }
    if (!status && user)
        *out = doer_snapshot_of(user);
    json_decref(user);
    return status;
}

/* ---- Looking for an effect ---- */

void doer_view_clear(doer_view *v)
{
    json_decref(v->what);
    v->what = NULL;
}

static void look_active(const doer_answer *a, const json_t *snapshot, bool wanted, doer_view *out)
{
    const json_t *active = json_object_get(a->json, "active");
    snprintf(out->etag, sizeof out->etag, "%s", a->etag);
    if (a->status == 404)
        out->sight = DOER_GONE;
    else if (a->status == 200 && json_is_boolean(active))
        out->sight = json_is_true(active) == wanted ? DOER_SEEN : DOER_NOT_SEEN;
    if (json_is_boolean(active))
        json_object_set_new(out->what, "active", json_boolean(json_is_true(active)));
}

static void look_list(const doer_answer *a, const char *name, doer_view *out)
{
    const json_t *list = json_object_get(a->json, name);
    if (a->status == 404)
        out->sight = DOER_GONE;
    else if (a->status == 200 && json_is_array(list))
        out->sight = json_array_size(list) == 0 ? DOER_SEEN : DOER_NOT_SEEN;
    if (json_is_array(list))
        json_object_set_new(out->what, name, json_integer((json_int_t)json_array_size(list)));
}

/* A 404 alone could be a wrong address: the user must have vanished from queries, too. */
static void look_deleted(doer *d, const char *token, const doer_answer *a, const json_t *snapshot,
                         doer_view *out)
{
    json_t *user = NULL;
    snprintf(out->etag, sizeof out->etag, "%s", a->etag);
    if (a->status == 200)
        out->sight = DOER_NOT_SEEN;
    if (a->status != 404)
        return;
    const char *name = json_string_value(json_object_get(snapshot, "userName"));
    int found = name ? find_user(d, token, name, &user) : -1;
    const char *id = json_string_value(json_object_get(user, "id"));
    const char *was = json_string_value(json_object_get(snapshot, "id"));
    /* Somebody new under the old name is somebody else. */
    if (found == 0 || (found == 1 && id && was && strcmp(id, was) != 0))
        out->sight = DOER_SEEN;
    json_decref(user);
}

void doer_scim_look(doer *d, const char *token, doer_verb verb, const json_t *snapshot,
                    doer_view *out)
{
    char path[1024];
    doer_answer a = {0};
    const char *rest = verb == DOER_VERB_REVOKE_SESSIONS    ? "/sessions"
                       : verb == DOER_VERB_RECLAIM_LICENCES ? "/licences"
                                                            : "";
    *out = (doer_view){.sight = DOER_UNSEEN, .what = json_object()};
    if (!user_path(snapshot, rest, path, sizeof path))
        return;
    get(d, token, path, &a);
    json_object_set_new(out->what, "status", json_integer(a.status));
    switch (verb) {
    case DOER_VERB_DEACTIVATE: look_active(&a, snapshot, false, out); break;
    case DOER_VERB_ACTIVATE:
        /* Who was not active before is not made active. */
        look_active(&a, snapshot, json_is_true(json_object_get(snapshot, "active")), out);
        break;
    case DOER_VERB_REVOKE_SESSIONS: look_list(&a, "sessions", out); break;
    case DOER_VERB_RECLAIM_LICENCES: look_list(&a, "licences", out); break;
    case DOER_VERB_DELETE: look_deleted(d, token, &a, snapshot, out); break;
    default: break;
    }
    doer_answer_clear(&a);
}

/* ---- Calling ---- */

static json_t *patch_active(bool active)
{
    return json_pack("{s:[s], s:[{s:s, s:s, s:b}]}", "schemas", PATCH_TYPE, "Operations", "op",
                     "replace", "path", "active", "value", (int)active);
}

void doer_scim_call(doer *d, const char *token, doer_verb verb, const json_t *snapshot,
                    const char *etag, doer_answer *out)
{
    char path[1024], url[URL_MAX];
    const char *rest = verb == DOER_VERB_REVOKE_SESSIONS    ? "/sessions:revoke"
                       : verb == DOER_VERB_RECLAIM_LICENCES ? "/licences"
                                                            : "";
    *out = (doer_answer){.outcome = HTTP_CLIENT_NOT_SENT, .retry_after_s = -1};
    if (!user_path(snapshot, rest, path, sizeof path))
        return;
    snprintf(url, sizeof url, "%s%s", d->o.directory, path);
    doer_call call = {
        .url = url, .token = token, .timeout_ms = d->o.call_ms, .type = "application/scim+json"};
    switch (verb) {
    case DOER_VERB_DEACTIVATE:
    case DOER_VERB_ACTIVATE:
        call.method = "PATCH";
        call.if_match = etag;
        call.body = patch_active(verb == DOER_VERB_ACTIVATE &&
                                 json_is_true(json_object_get(snapshot, "active")));
        break;
    case DOER_VERB_REVOKE_SESSIONS: call.method = "POST"; break;
    case DOER_VERB_DELETE:
        call.method = "DELETE";
        call.if_match = etag;
        break;
    case DOER_VERB_RECLAIM_LICENCES: call.method = "DELETE"; break;
    default: return;
    }
    doer_http(&call, out);
    json_decref(call.body);
}
