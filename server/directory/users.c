/* /Users. */
#include "server/directory/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Groups and licences are kept elsewhere and shown here, read-only. */
json_t *dir_user_json(const dir *d, const json_t *user)
{
    json_t *out = json_deep_copy(user), *groups = json_array(), *group, *member;
    const char *id = json_string_value(json_object_get(user, "id")), *gid;
    size_t i;
    json_object_foreach(dir_table(d, "groups"), gid, group)
    {
        json_array_foreach(json_object_get(group, "members"), i, member)
        {
            const char *has = json_string_value(json_object_get(member, "value"));
            if (has && strcmp(has, id) == 0)
                json_array_append_new(groups, json_pack("{s:s, s:O}", "value", gid, "display",
                                                        json_object_get(group, "displayName")));
        }
    }
    json_object_set_new(out, "groups", groups);
    json_t *seats = json_deep_copy(json_object_get(dir_table(d, "licences"), id));
    json_object_set_new(out, DIR_SCHEMA_SEATS,
                        json_pack("{s:o}", "licences", seats ? seats : json_array()));
    json_array_append_new(json_object_get(out, "schemas"), json_string(DIR_SCHEMA_SEATS));
    char location[128];
    snprintf(location, sizeof location, "/Users/%s", id);
    json_object_set_new(json_object_get(out, "meta"), "location", json_string(location));
    return out;
}

const char *dir_user_check(const dir *d, const json_t *user, const char *id)
{
    const json_t *name = json_object_get(user, "userName");
    const json_t *active = json_object_get(user, "active");
    const char *other_id;
    json_t *other;
    if (!json_is_string(name) || json_string_length(name) == 0 || json_string_length(name) > 255)
        return "userName must be a text of 1 to 255 bytes";
    if (active && !json_is_boolean(active))
        return "active must be true or false";
    json_object_foreach(dir_table(d, "users"), other_id, other)
    {
        const char *has = json_string_value(json_object_get(other, "userName"));
        if (strcmp(other_id, id) != 0 && has && strcasecmp(has, json_string_value(name)) == 0)
            return "userName is taken";
    }
    return NULL;
}

static void answer_user(dir_call *call, int status, const json_t *user)
{
    char etag[40];
    dir_answer(call, status, dir_user_json(call->d, user), dir_etag(user, etag));
}

static void refuse_user(dir_call *call, const char *wrong)
{
    bool taken = strcmp(wrong, "userName is taken") == 0;
    dir_error(call, taken ? 409 : 400, taken ? "uniqueness" : "invalidValue", wrong);
}

void dir_users_list(http_request *req, void *arg)
{
    dir_call call;
    if (dir_begin(arg, req, DIR_READ, &call))
        dir_list(&call, "users", "userName", dir_user_json);
}

void dir_user_get(http_request *req, void *arg)
{
    dir_call call;
    json_t *user;
    if (dir_begin(arg, req, DIR_READ, &call) && (user = dir_find(&call, "users", NULL)))
        answer_user(&call, 200, user);
}

static void strip(json_t *user)
{
    static const char *const OURS[] = {"id", "meta", "groups", DIR_SCHEMA_SEATS};
    for (size_t i = 0; i < sizeof OURS / sizeof OURS[0]; i++)
        json_object_del(user, OURS[i]);
    json_object_set_new(user, "schemas", json_pack("[s]", DIR_SCHEMA_USER));
    if (!json_object_get(user, "active"))
        json_object_set_new(user, "active", json_true());
}

void dir_users_post(http_request *req, void *arg)
{
    dir_call call;
    json_t *user;
    if (!dir_begin(arg, req, DIR_WRITE, &call) || !(user = dir_body(&call)))
        return;
    char id[WB_UUID_TEXT], at[WB_TIME_TEXT];
    const char *wrong = dir_user_check(call.d, user, "");
    if (json_object_size(dir_table(call.d, "users")) >= DIR_USERS_MAX)
        wrong = "the directory is full";
    if (wrong) {
        refuse_user(&call, wrong);
        json_decref(user);
        return;
    }
    wb_uuid7(id);
    wb_time_text(wb_now_ns(), at);
    strip(user);
    json_object_set_new(user, "id", json_string(id));
    json_object_set_new(user, "meta",
                        json_pack("{s:s, s:s, s:s, s:s}", "resourceType", "User", "created", at,
                                  "lastModified", at, "version", "W/\"1\""));
    json_object_set_new(dir_table(call.d, "users"), id, user);
    json_object_set_new(dir_table(call.d, "sessions"), id, json_array());
    json_object_set_new(dir_table(call.d, "licences"), id, json_array());
    if (dir_commit(&call, "created")) {
        char location[128];
        snprintf(location, sizeof location, "/Users/%s", id);
        http_response_header(req, "location", wb_str_of(location));
        answer_user(&call, 201, user);
    }
}

/* Puts `next` (taken) in place of the user, or leaves all as it was. */
static void replace(dir_call *call, const char *id, json_t *next, const char *what)
{
    const char *wrong = dir_user_check(call->d, next, id);
    if (wrong) {
        refuse_user(call, wrong);
        json_decref(next);
        return;
    }
    dir_touch(next);
    json_object_set_new(dir_table(call->d, "users"), id, next);
    if (dir_commit(call, what))
        answer_user(call, 200, next);
}

void dir_user_put(http_request *req, void *arg)
{
    dir_call call;
    json_t *user, *next;
    const char *id;
    if (!dir_begin(arg, req, DIR_WRITE, &call) || !(user = dir_find(&call, "users", &id)) ||
        !dir_match(&call, user) || !(next = dir_body(&call)))
        return;
    strip(next);
    json_object_set_new(next, "id", json_string(id));
    json_object_set_new(next, "meta", json_deep_copy(json_object_get(user, "meta")));
    replace(&call, id, next, "replaced");
}

void dir_user_patch(http_request *req, void *arg)
{
    dir_call call;
    json_t *user, *body;
    const char *id, *type;
    if (!dir_begin(arg, req, DIR_WRITE, &call) || !(user = dir_find(&call, "users", &id)) ||
        !dir_match(&call, user) || !(body = dir_body(&call)))
        return;
    json_t *next = json_deep_copy(user);
    const char *wrong = dir_patch(next, body, &type);
    json_decref(body);
    if (wrong) {
        dir_error(&call, 400, type, wrong);
        json_decref(next);
        return;
    }
    bool was = json_is_true(json_object_get(user, "active"));
    bool is = json_is_true(json_object_get(next, "active"));
    replace(&call, id, next, was == is ? "patched" : is ? "activated" : "deactivated");
}

/* The seats stay taken until they are reclaimed, as with many a real service. */
void dir_user_delete(http_request *req, void *arg)
{
    dir_call call;
    json_t *user;
    const char *id;
    if (!dir_begin(arg, req, DIR_DELETE, &call) || !(user = dir_find(&call, "users", &id)) ||
        !dir_match(&call, user))
        return;
    json_t *group, *member;
    const char *gid;
    json_object_foreach(dir_table(call.d, "groups"), gid, group)
    {
        json_t *members = json_object_get(group, "members");
        for (size_t i = json_array_size(members); i-- > 0;) {
            member = json_object_get(json_array_get(members, i), "value");
            if (json_is_string(member) && strcmp(json_string_value(member), id) == 0)
                json_array_remove(members, i);
        }
    }
    json_object_del(dir_table(call.d, "sessions"), id);
    json_object_del(dir_table(call.d, "users"), id);
    if (dir_commit(&call, "deleted"))
        dir_answer(&call, 204, NULL, NULL);
}
