/* The state file and the seed. */
#include "server/directory/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EFFECTS_MAX 10000 /* the oldest go first */

static const char *const TABLES[] = {"users", "groups", "sessions", "licences", "tokens"};

json_t *dir_table(const dir *d, const char *name)
{
    return json_object_get(d->root, name);
}

static wb_status write_all(const char *path, const char *text, wb_error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(errno));
    size_t n = strlen(text), at = 0;
    while (at < n) {
        ssize_t got = write(fd, text + at, n - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    bool good = at == n && fdatasync(fd) == 0;
    int why = errno;
    close(fd);
    return good ? WB_OK : wb_fail(e, WB_IO, "%s: %s", path, strerror(why));
}

wb_status dir_save(dir *d, wb_error *e)
{
    char next[4100];
    snprintf(next, sizeof next, "%s.new", d->path);
    char *text = json_dumps(d->root, JSON_INDENT(1));
    if (!text)
        return wb_fail(e, WB_INTERNAL, "the state has no text");
    wb_status status = write_all(next, text, e);
    free(text);
    if (!status && rename(next, d->path) != 0)
        status = wb_fail(e, WB_IO, "%s: %s", d->path, strerror(errno));
    return status;
}

bool dir_commit(dir_call *call, const char *what)
{
    json_t *effects = dir_table(call->d, "effects");
    wb_str method = http_request_method(call->req), path = http_request_path(call->req);
    json_t *last = json_array_get(effects, json_array_size(effects) - 1);
    char at[WB_TIME_TEXT];
    wb_time_text(wb_now_ns(), at);
    json_array_append_new(effects, json_pack("{s:I, s:s, s:s%, s:s%, s:s, s:s}", "n",
                                             json_integer_value(json_object_get(last, "n")) + 1,
                                             "at", at, "method", method.p, method.n, "path", path.p,
                                             path.n, "what", what, "by", call->label));
    if (json_array_size(effects) > EFFECTS_MAX)
        json_array_remove(effects, 0);
    wb_error e;
    if (dir_save(call->d, &e) == WB_OK)
        return true;
    dir_error(call, 500, NULL, "the change could not be stored");
    return false;
}

/* ---- The seed ---- */

static void stamp(json_t *resource, const char *kind, const char *schema)
{
    char at[WB_TIME_TEXT];
    wb_time_text(wb_now_ns(), at);
    json_object_set_new(resource, "schemas", json_pack("[s]", schema));
    json_object_set_new(resource, "meta",
                        json_pack("{s:s, s:s, s:s, s:s}", "resourceType", kind, "created", at,
                                  "lastModified", at, "version", "W/\"1\""));
}

static wb_status seed_user(dir *d, json_t *user, wb_error *e)
{
    const char *id = json_string_value(json_object_get(user, "id"));
    json_t *sessions = json_incref(json_object_get(user, "sessions"));
    json_t *licences = json_incref(json_object_get(user, "licences"));
    if (id && wb_name_valid(wb_str_of(id))) {
        json_object_del(user, "sessions");
        json_object_del(user, "licences");
        stamp(user, "User", DIR_SCHEMA_USER);
        json_object_set(dir_table(d, "users"), id, user);
        json_object_set_new(dir_table(d, "sessions"), id,
                            json_is_array(sessions) ? json_incref(sessions) : json_array());
        json_object_set_new(dir_table(d, "licences"), id,
                            json_is_array(licences) ? json_incref(licences) : json_array());
    }
    json_decref(sessions);
    json_decref(licences);
    const char *wrong = id ? dir_user_check(d, user, id) : "a user has no id";
    return wrong ? wb_fail(e, WB_INVALID, "seed: %s", wrong) : WB_OK;
}

static wb_status seed_group(dir *d, json_t *group, wb_error *e)
{
    const char *id = json_string_value(json_object_get(group, "id"));
    if (!id || !wb_name_valid(wb_str_of(id)) ||
        !json_is_string(json_object_get(group, "displayName")))
        return wb_fail(e, WB_INVALID, "seed: a group needs id and displayName");
    if (!json_is_array(json_object_get(group, "members")))
        json_object_set_new(group, "members", json_array());
    stamp(group, "Group", DIR_SCHEMA_GROUP);
    json_object_set(dir_table(d, "groups"), id, group);
    return WB_OK;
}

static wb_status seed(dir *d, const char *path, wb_error *e)
{
    json_error_t where;
    json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    json_t *one;
    size_t i;
    wb_status status = WB_OK;
    if (!json_is_object(j))
        status = wb_fail(e, WB_INVALID, "%s:%d: %s", path, where.line, where.text);
    json_array_foreach(json_object_get(j, "users"), i, one)
    {
        if (!status)
            status = seed_user(d, one, e);
    }
    json_array_foreach(json_object_get(j, "groups"), i, one)
    {
        if (!status)
            status = seed_group(d, one, e);
    }
    json_decref(j);
    return status;
}

static wb_status load_state(dir *d, wb_error *e)
{
    json_error_t where;
    d->root = json_load_file(d->path, JSON_REJECT_DUPLICATES, &where);
    bool good = json_is_object(d->root) && json_is_array(json_object_get(d->root, "effects"));
    for (size_t i = 0; good && i < sizeof TABLES / sizeof TABLES[0]; i++)
        good = json_is_object(dir_table(d, TABLES[i]));
    return good ? WB_OK
                : wb_fail(e, WB_CORRUPT, "%s is damaged: %s", d->path,
                          d->root ? "a table is missing" : where.text);
}

wb_status dir_load(dir *d, const dir_options *options, wb_error *e)
{
    struct stat st;
    if (mkdir(options->data, 0700) != 0 && errno != EEXIST)
        return wb_fail(e, WB_IO, "%s: %s", options->data, strerror(errno));
    if (stat(options->data, &st) != 0 || !S_ISDIR(st.st_mode))
        return wb_fail(e, WB_INVALID, "%s is no folder", options->data);
    if (st.st_uid != geteuid() || (st.st_mode & 077))
        return wb_fail(e, WB_DENIED, "%s must belong to this user alone (chmod 700)",
                       options->data);
    if ((size_t)snprintf(d->path, sizeof d->path, "%s/directory.json", options->data) >=
        sizeof d->path)
        return wb_fail(e, WB_INVALID, "the folder's name is too long");
    if (access(d->path, F_OK) == 0)
        return load_state(d, e);
    d->root = json_pack("{s:[]}", "effects");
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        json_object_set_new(d->root, TABLES[i], json_object());
    wb_status status = options->seed ? seed(d, options->seed, e) : WB_OK;
    return status ? status : dir_save(d, e);
}
