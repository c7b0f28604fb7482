/* /Groups. */
#include "server/directory/internal.h"

static json_t *group_json(const dir *d, const json_t *group)
{
    return json_deep_copy(group);
}

void dir_groups_list(http_request *req, void *arg)
{
    dir_call call;
    if (dir_begin(arg, req, DIR_READ, &call))
        dir_list(&call, "groups", "displayName", group_json);
}

void dir_group_get(http_request *req, void *arg)
{
    dir_call call;
    json_t *group;
    char etag[40];
    if (dir_begin(arg, req, DIR_READ, &call) && (group = dir_find(&call, "groups", NULL)))
        dir_answer(&call, 200, group_json(call.d, group), dir_etag(group, etag));
}

static bool members_exist(const dir *d, const json_t *group)
{
    json_t *member;
    size_t i;
    json_array_foreach(json_object_get(group, "members"), i, member)
    {
        const char *id = json_string_value(json_object_get(member, "value"));
        if (!id || !json_object_get(dir_table(d, "users"), id))
            return false;
    }
    return true;
}

void dir_group_patch(http_request *req, void *arg)
{
    dir_call call;
    json_t *group, *body;
    const char *id, *type;
    char etag[40];
    if (!dir_begin(arg, req, DIR_WRITE, &call) || !(group = dir_find(&call, "groups", &id)) ||
        !dir_match(&call, group) || !(body = dir_body(&call)))
        return;
    json_t *next = json_deep_copy(group);
    const char *wrong = dir_patch(next, body, &type);
    if (!wrong && !members_exist(call.d, next)) {
        type = "invalidValue";
        wrong = "a member is no user";
    }
    json_decref(body);
    if (wrong) {
        dir_error(&call, 400, type, wrong);
        json_decref(next);
        return;
    }
    dir_touch(next);
    json_object_set_new(dir_table(call.d, "groups"), id, next);
    if (dir_commit(&call, "patched"))
        dir_answer(&call, 200, json_deep_copy(next), dir_etag(next, etag));
}
