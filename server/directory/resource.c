/* What users and groups share: finding, versions, lists; and how a request begins and ends. */
#include "server/directory/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define SCIM_TYPE "application/scim+json"

/* ---- A request ---- */

bool dir_begin(dir *d, http_request *req, unsigned scope, dir_call *call)
{
    *call = (dir_call){.d = d, .req = req, .label = "nobody"};
    unsigned has = dir_scope(d, req, &call->label);
    if (!has) {
        http_response_header(req, "www-authenticate", WB_LIT("Bearer"));
        dir_error(call, 401, NULL, "a valid bearer token is needed");
        return false;
    }
    if ((has & scope) != scope) {
        dir_error(call, 403, NULL, "the token's scope does not cover this");
        return false;
    }
    if (scope & DIR_DEBUG)
        return true;
    dir_fault_kind fault = dir_fault_take(d, http_request_method(req), http_request_path(req));
    if (!dir_fault_commits(fault)) {
        dir_fault_show(req, fault, 200, SCIM_TYPE, WB_LIT("{}"));
        return false;
    }
    call->fault = fault;
    return true;
}

void dir_answer(dir_call *call, int status, json_t *body, const char *etag)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    wb_str bytes = wb_str_of(text);
    const char *type = body ? SCIM_TYPE : NULL;
    if (etag)
        http_response_header(call->req, "etag", wb_str_of(etag));
    if (call->fault)
        dir_fault_show(call->req, call->fault, status, type, bytes);
    else
        http_respond(call->req, status, type, bytes);
    free(text);
    json_decref(body);
}

void dir_error(dir_call *call, int status, const char *scim_type, const char *detail)
{
    char number[8];
    snprintf(number, sizeof number, "%d", status);
    json_t *body = json_pack("{s:[s], s:s, s:s}", "schemas", DIR_SCHEMA_ERROR, "status", number,
                             "detail", detail);
    if (scim_type)
        json_object_set_new(body, "scimType", json_string(scim_type));
    dir_answer(call, status, body, NULL);
}

bool dir_depth_ok(const json_t *j, int left)
{
    const char *name;
    json_t *one, *all = (json_t *)(uintptr_t)j;
    size_t i;
    if (left == 0)
        return false;
    if (json_is_object(j)) {
        json_object_foreach(all, name, one)
        {
            if (!dir_depth_ok(one, left - 1))
                return false;
        }
    } else if (json_is_array(j)) {
        json_array_foreach(all, i, one)
        {
            if (!dir_depth_ok(one, left - 1))
                return false;
        }
    }
    return true;
}

json_t *dir_body(dir_call *call)
{
    wb_str bytes = http_request_body(call->req);
    json_error_t where;
    json_t *j = json_loadb(bytes.n ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(j) && dir_depth_ok(j, DIR_DEPTH_MAX))
        return j;
    json_decref(j);
    dir_error(call, 400, "invalidSyntax", "the body must be a JSON object of modest depth");
    return NULL;
}

/* ---- One resource ---- */

json_t *dir_find(dir_call *call, const char *table, const char **id)
{
    wb_str raw;
    char name[WB_NAME_MAX + 1] = "";
    if (http_request_param(call->req, "id", &raw) && wb_name_valid(raw))
        memcpy(name, raw.p, raw.n);
    json_t *found = json_object_get(dir_table(call->d, table), name);
    if (!found) {
        dir_error(call, 404, NULL, "there is no such resource");
        return NULL;
    }
    if (id) {
        char *kept = http_request_alloc(call->req, sizeof name);
        memcpy(kept, name, sizeof name);
        *id = kept;
    }
    return found;
}

static long version_of(const json_t *resource)
{
    const char *text =
        json_string_value(json_object_get(json_object_get(resource, "meta"), "version"));
    return text && strncmp(text, "W/\"", 3) == 0 ? strtol(text + 3, NULL, 10) : 0;
}

void dir_touch(json_t *resource)
{
    char version[40], at[WB_TIME_TEXT];
    json_t *meta = json_object_get(resource, "meta");
    snprintf(version, sizeof version, "W/\"%ld\"", version_of(resource) + 1);
    wb_time_text(wb_now_ns(), at);
    json_object_set_new(meta, "version", json_string(version));
    json_object_set_new(meta, "lastModified", json_string(at));
}

const char *dir_etag(const json_t *resource, char out[40])
{
    snprintf(out, 40, "W/\"%ld\"", version_of(resource));
    return out;
}

bool dir_match(dir_call *call, const json_t *resource)
{
    wb_str wish = http_request_header(call->req, "if-match");
    char etag[40];
    if (!wish.p || wb_str_is(wish, "*") || wb_str_is(wish, dir_etag(resource, etag)))
        return true;
    dir_error(call, 412, NULL, "the resource has another version");
    return false;
}

/* ---- Lists ---- */

/* `attribute eq "value"`; the value is JSON. False: malformed or another filter. */
static bool parse_filter(wb_str text, const char *attribute, char *value, size_t room)
{
    size_t n = strlen(attribute);
    if (text.n < n + 6 || strncasecmp(text.p, attribute, n) != 0 ||
        strncasecmp(text.p + n, " eq ", 4) != 0)
        return false;
    json_t *j = json_loadb(text.p + n + 4, text.n - n - 4, JSON_DECODE_ANY, NULL);
    bool good = json_is_string(j) && json_string_length(j) < room;
    if (good)
        memcpy(value, json_string_value(j), json_string_length(j) + 1);
    json_decref(j);
    return good;
}

static bool number_param(dir_call *call, const char *name, long *out)
{
    wb_str text;
    char copy[16], *end;
    if (!http_request_query_param(call->req, name, 0, &text))
        return true;
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *out = strtol(copy, &end, 10);
    return *end == 0;
}

void dir_list(dir_call *call, const char *table, const char *attribute,
              json_t *(*render)(const dir *d, const json_t *resource))
{
    long start = 1, count = DIR_PAGE_MAX, at = 0;
    wb_str filter;
    char value[256];
    const char *id;
    json_t *one;
    bool filtered = http_request_query_param(call->req, "filter", 0, &filter);
    if (filtered && !parse_filter(filter, attribute, value, sizeof value)) {
        dir_error(call, 400, "invalidFilter", "filters here are: NAME eq \"value\"");
        return;
    }
    if (!number_param(call, "startIndex", &start) || !number_param(call, "count", &count)) {
        dir_error(call, 400, "invalidValue", "startIndex and count are numbers");
        return;
    }
    start = start < 1 ? 1 : start;
    count = count < 0 ? 0 : count > DIR_PAGE_MAX ? DIR_PAGE_MAX : count;
    json_t *page = json_array();
    json_object_foreach(dir_table(call->d, table), id, one)
    {
        const char *has = json_string_value(json_object_get(one, attribute));
        /* userName and displayName compare without case (RFC 7643 4.1.1). */
        if (filtered && (!has || strcasecmp(has, value) != 0))
            continue;
        if (++at >= start && (long)json_array_size(page) < count)
            json_array_append_new(page, render(call->d, one));
    }
    size_t n = json_array_size(page);
    dir_answer(call, 200,
               json_pack("{s:[s], s:I, s:I, s:I, s:o}", "schemas", DIR_SCHEMA_LIST, "totalResults",
                         (json_int_t)at, "startIndex", (json_int_t)start, "itemsPerPage",
                         (json_int_t)n, "Resources", page),
               NULL);
}
