/* Life of the development directory, its routes. */
#include "server/directory/directory.h"

#include "server/directory/internal.h"

#include <stdio.h>
#include <stdlib.h>

static void get_config(http_request *req, void *arg)
{
    dir_call call;
    if (dir_begin(arg, req, DIR_READ, &call))
        dir_answer(&call, 200,
                   json_pack("{s:[s], s:{s:b}, s:{s:b, s:i, s:i}, s:{s:b, s:i}, s:{s:b}, s:{s:b}, "
                             "s:{s:b}, s:[{s:s, s:s, s:s}]}",
                             "schemas", DIR_SCHEMA_CONFIG, "patch", "supported", 1, "bulk",
                             "supported", 0, "maxOperations", 0, "maxPayloadSize", 0, "filter",
                             "supported", 1, "maxResults", DIR_PAGE_MAX, "changePassword",
                             "supported", 0, "sort", "supported", 0, "etag", "supported", 1,
                             "authenticationSchemes", "type", "oauthbearertoken", "name", "Bearer",
                             "description", "A bearer token in the Authorization header"),
                   NULL);
}

static void get_effects(http_request *req, void *arg)
{
    dir_call call;
    if (dir_begin(arg, req, DIR_DEBUG, &call))
        dir_answer(&call, 200, json_pack("{s:O}", "effects", dir_table(call.d, "effects")), NULL);
}

static const http_route ROUTES[] = {
    {"GET", "/ServiceProviderConfig", get_config, 0, 0},
    {"GET", "/Users", dir_users_list, 0, 0},
    {"POST", "/Users", dir_users_post, 0, DIR_BODY_MAX},
    {"GET", "/Users/{id}", dir_user_get, 0, 0},
    {"PUT", "/Users/{id}", dir_user_put, 0, DIR_BODY_MAX},
    {"PATCH", "/Users/{id}", dir_user_patch, 0, DIR_BODY_MAX},
    {"DELETE", "/Users/{id}", dir_user_delete, 0, 0},
    {"GET", "/Users/{id}/sessions", dir_sessions_get, 0, 0},
    {"POST", "/Users/{id}/sessions:revoke", dir_sessions_revoke, 0, DIR_BODY_MAX},
    {"GET", "/Users/{id}/licences", dir_licences_get, 0, 0},
    {"DELETE", "/Users/{id}/licences", dir_licences_delete, 0, 0},
    {"GET", "/Groups", dir_groups_list, 0, 0},
    {"GET", "/Groups/{id}", dir_group_get, 0, 0},
    {"PATCH", "/Groups/{id}", dir_group_patch, 0, DIR_BODY_MAX},
    {"POST", "/tokens", dir_tokens_post, 0, DIR_BODY_MAX},
    {"DELETE", "/tokens/{id}", dir_token_delete, 0, 0},
    {"GET", "/debug/effects", get_effects, 0, 0},
    {"POST", "/debug/faults", dir_faults_post, 0, DIR_BODY_MAX},
};

static void on_failure(http_request *req, const http_failure *failure, void *arg)
{
    dir_call call = {.d = arg, .req = req};
    dir_error(&call, failure->status, NULL, failure->title);
}

void dir_routes(dir *d, http_routes *out)
{
    *out = (http_routes){ROUTES, sizeof ROUTES / sizeof ROUTES[0], d, on_failure};
}

wb_status dir_open(const dir_options *options, dir **out, wb_error *e)
{
    dir *d = wb_calloc(1, sizeof *d);
    wb_status status = dir_load(d, options, e);
    if (!status)
        status = dir_static_tokens(d, options->data, e);
    for (size_t i = 0; !status && i < options->fault_count; i++)
        if (!dir_fault_add(d, options->faults[i]))
            status = wb_fail(e, WB_INVALID,
                             "fault %s: METHOD:KIND:COUNT[:PATH PART], kinds: 429, "
                             "500-before-commit, 500-after-commit, hang-before-commit, hang, "
                             "half-body, 200-without-commit",
                             options->faults[i]);
    if (status)
        dir_close(d);
    else
        *out = d;
    return status;
}

void dir_close(dir *d)
{
    if (d)
        json_decref(d->root);
    free(d);
}

wb_status dir_run(const dir_options *options, wb_error *e)
{
    http_server *server = NULL;
    http_config config;
    http_routes routes;
    dir *d = NULL;
    wb_status status = dir_open(options, &d, e);
    if (status)
        return status;
    http_config_init(&config);
    config.listen = options->listen;
    status = http_server_new(&config, &server, e);
    if (!status) {
        dir_routes(d, &routes);
        http_server_add(server, &routes);
        http_server_on_signal(server);
        status = http_server_start(server, e);
    }
    if (!status) {
        printf("listening on %s\n", http_server_url(server));
        fflush(stdout);
        http_server_run(server);
    }
    http_server_free(server);
    dir_close(d);
    return status;
}
