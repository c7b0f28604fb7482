/* PATCH (RFC 7644 3.5.2): operations on simple attributes, their sub-attributes, and members. */
#include "server/directory/internal.h"

#include <ctype.h>

static const char *const READ_ONLY[] = {"id", "meta", "groups", "schemas", DIR_SCHEMA_SEATS};

static bool read_only(const char *name)
{
    for (size_t i = 0; i < sizeof READ_ONLY / sizeof READ_ONLY[0]; i++)
        if (strcasecmp(READ_ONLY[i], name) == 0)
            return true;
    return false;
}

static bool is_name(const char *p, size_t n)
{
    if (n == 0 || n > 64 || !isalpha((unsigned char)p[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p[i]) && p[i] != '_' && p[i] != '-')
            return false;
    return true;
}

static bool wants_boolean(const char *name)
{
    return strcmp(name, "active") == 0;
}

static const char *set_one(json_t *object, const char *name, json_t *value, bool remove, bool top,
                           const char **type)
{
    *type = "mutability";
    if (top && read_only(name))
        return "the attribute is read-only";
    *type = "invalidValue";
    if (remove) {
        json_object_del(object, name);
        return NULL;
    }
    if (!value || (top && wants_boolean(name) && !json_is_boolean(value)))
        return "the value has the wrong type";
    json_object_set(object, name, value);
    return NULL;
}

/* "members[value eq \"id\"]": the id, or false. */
static bool member_filter(const char *path, char id[WB_NAME_MAX + 1])
{
    static const char PREFIX[] = "members[value eq \"";
    size_t n = sizeof PREFIX - 1, all = strlen(path);
    if (strncasecmp(path, PREFIX, n) != 0 || all < n + 3 || strcmp(path + all - 2, "\"]") != 0 ||
        all - n - 2 > WB_NAME_MAX)
        return false;
    memcpy(id, path + n, all - n - 2);
    id[all - n - 2] = 0;
    return wb_name_valid(wb_str_of(id));
}

static void drop_member(json_t *members, const char *id)
{
    for (size_t i = json_array_size(members); i-- > 0;) {
        const char *has = json_string_value(json_object_get(json_array_get(members, i), "value"));
        if (has && strcmp(has, id) == 0)
            json_array_remove(members, i);
    }
}

static const char *patch_members(json_t *resource, const char *op, const json_t *value,
                                 const char **type)
{
    json_t *members = json_object_get(resource, "members");
    json_t *list =
        json_is_array(value) ? json_incref((json_t *)(uintptr_t)value) : json_pack("[O]", value);
    const char *wrong = NULL;
    json_t *one;
    size_t i;
    *type = "invalidValue";
    if (strcasecmp(op, "add") != 0)
        json_array_clear(members);
    json_array_foreach(list, i, one)
    {
        const char *id = json_string_value(json_object_get(one, "value"));
        if (!id || !wb_name_valid(wb_str_of(id))) {
            wrong = "a member needs a value";
            break;
        }
        drop_member(members, id);
        json_array_append_new(members, json_pack("{s:s}", "value", id));
    }
    json_decref(list);
    return wrong;
}

static const char *apply(json_t *resource, const char *op, const char *path, json_t *value,
                         const char **type)
{
    char id[WB_NAME_MAX + 1], head[65];
    bool remove = strcasecmp(op, "remove") == 0;
    *type = "invalidPath";
    if (member_filter(path, id)) {
        if (!remove || !json_is_array(json_object_get(resource, "members")))
            return "a member can only be removed by filter";
        drop_member(json_object_get(resource, "members"), id);
        return NULL;
    }
    if (strcasecmp(path, "members") == 0 && json_is_array(json_object_get(resource, "members"))) {
        if (!remove)
            return value ? patch_members(resource, op, value, type) : "a value is missing";
        json_array_clear(json_object_get(resource, "members"));
        return NULL;
    }
    const char *dot = strchr(path, '.');
    size_t n = dot ? (size_t)(dot - path) : strlen(path);
    if (!is_name(path, n) || (dot && !is_name(dot + 1, strlen(dot + 1))))
        return "the path is not supported";
    if (!dot)
        return set_one(resource, path, value, remove, true, type);
    memcpy(head, path, n);
    head[n] = 0;
    if (read_only(head)) {
        *type = "mutability";
        return "the attribute is read-only";
    }
    json_t *outer = json_object_get(resource, head);
    if (!outer && !remove) {
        outer = json_object();
        json_object_set_new(resource, head, outer);
    }
    if (outer && !json_is_object(outer))
        return "the path goes through a value that has no parts";
    return outer ? set_one(outer, dot + 1, value, remove, false, type) : NULL;
}

static const char *apply_without_path(json_t *resource, json_t *value, const char **type)
{
    const char *name, *wrong = NULL;
    json_t *one;
    *type = "invalidValue";
    if (!json_is_object(value))
        return "without a path the value must be an object";
    json_object_foreach(value, name, one)
    {
        if (!wrong)
            wrong = apply(resource, "replace", name, one, type);
    }
    return wrong;
}

const char *dir_patch(json_t *resource, const json_t *body, const char **type)
{
    const json_t *schemas = json_object_get(body, "schemas");
    const json_t *operations = json_object_get(body, "Operations");
    const char *schema = json_string_value(json_array_get(schemas, 0));
    *type = "invalidSyntax";
    if (!schema || strcmp(schema, DIR_SCHEMA_PATCH) != 0)
        return "schemas must name PatchOp";
    size_t n = json_array_size(operations);
    if (n == 0 || n > DIR_OPS_MAX)
        return "Operations must hold 1 to 100 operations";
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(operations, i);
        const char *op = json_string_value(json_object_get(one, "op"));
        const json_t *path = json_object_get(one, "path");
        json_t *value = json_object_get(one, "value");
        const char *wrong;
        *type = "invalidSyntax";
        if (!op || (strcasecmp(op, "add") && strcasecmp(op, "replace") && strcasecmp(op, "remove")))
            return "op must be add, replace or remove";
        if (json_is_string(path)) {
            wrong = apply(resource, op, json_string_value(path), value, type);
        } else if (path || strcasecmp(op, "remove") == 0) {
            *type = "noTarget";
            wrong = "the operation needs a path";
        } else {
            wrong = apply_without_path(resource, value, type);
        }
        if (wrong)
            return wrong;
    }
    return NULL;
}
