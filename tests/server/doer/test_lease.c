/* Leases from the embedded broker over HTTP: what they open, and that they end. */
#include "tests/server/doer/rig.h"

#include "server/directory/directory.h"

typedef struct served {
    http_server *server;
    http_routes routes[2];
    pthread_t thread;
} served;

static void *serve(void *arg)
{
    http_server_run(((served *)arg)->server);
    return NULL;
}

static void serve_start(served *s, size_t tables)
{
    http_config config;
    wb_error e;
    http_config_init(&config);
    config.listen = "127.0.0.1:0";
    assert_int_equal(http_server_new(&config, &s->server, &e), WB_OK);
    for (size_t i = 0; i < tables; i++)
        http_server_add(s->server, &s->routes[i]);
    assert_int_equal(http_server_start(s->server, &e), WB_OK);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void serve_stop(served *s)
{
    if (!s->server)
        return;
    http_server_stop(s->server);
    pthread_join(s->thread, NULL);
    http_server_free(s->server);
    s->server = NULL;
}

typedef struct rig {
    char folder[64], dir_data[96];
    rig_keys keys;
    doer *d;
    dir *directory;
    served dir_served, doer_served;
    char url[64];
} rig;

static int setup(void **state)
{
    rig *r = calloc(1, sizeof *r);
    wb_error e;
    char path[128];
    rig_folder(r->folder);
    rig_keys_make(&r->keys);
    snprintf(r->dir_data, sizeof r->dir_data, "%s/directory", r->folder);
    dir_options o = {.data = r->dir_data, .seed = WRIT_SOURCE_DIR "/server/directory/seed.json"};
    if (dir_open(&o, &r->directory, &e) != WB_OK)
        fail_msg("%s", e.text);
    dir_routes(r->directory, &r->dir_served.routes[0]);
    serve_start(&r->dir_served, 1);
    r->d = rig_doer(r->folder, &r->keys);
    snprintf(r->url, sizeof r->url, "%s", http_server_url(r->dir_served.server));
    r->d->o.directory = r->url;
    r->d->o.call_ms = 2000;
    snprintf(r->d->mount, sizeof r->d->mount, "tenant/acme/directory");
    snprintf(path, sizeof path, "%s/broker.token", r->dir_data);
    assert_int_equal(doer_secret_file(path, &r->d->broker_token, &e), WB_OK);
    wb_uuid7(r->d->role_id);
    r->d->secret_id = wb_strdup("a secret of this run");
    r->doer_served.routes[0] =
        (http_routes){DOER_BROKER_ROUTES, DOER_BROKER_ROUTE_COUNT, r->d, NULL};
    serve_start(&r->doer_served, 1);
    r->d->server = r->doer_served.server;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig *r = *state;
    serve_stop(&r->doer_served);
    serve_stop(&r->dir_served);
    dir_close(r->directory);
    free(r->d->broker_token);
    free(r->d->secret_id);
    rig_doer_free(r->d);
    rig_remove(r->folder);
    free(r);
    return 0;
}

static int call(rig *r, const char *method, const char *path, const char *token)
{
    char url[256];
    doer_answer a;
    snprintf(url, sizeof url, "%s%s", r->url, path);
    doer_call c = {.method = method, .url = url, .token = token, .timeout_ms = 2000};
    doer_http(&c, &a);
    doer_answer_clear(&a);
    return a.status;
}

static char *state_of(rig *r, const char *id)
{
    store_lease row = {0};
    wb_error e;
    assert_int_equal(store_lease_get(r->d->store, id, &row, &e), WB_OK);
    char *out = wb_strdup(row.state);
    store_lease_clear(&row);
    return out;
}

static void expect_state(rig *r, const char *id, const char *state)
{
    char *is = state_of(r, id);
    assert_string_equal(is, state);
    free(is);
}

static void a_lease_opens_what_its_role_allows_and_ends(void **state)
{
    rig *r = *state;
    doer_lease lease;
    wb_error e;
    char token[256];
    if (doer_lease_get(r->d, "soft", "jti-1", 0, &lease, &e) != WB_OK)
        fail_msg("%s", e.text);
    assert_true(lease.expires_at - wb_now_ms() <= DOER_LEASE_S * 1000);
    snprintf(token, sizeof token, "%s", lease.token);
    expect_state(r, lease.id, "issued");
    assert_int_equal(call(r, "GET", "/Users/usr-4711", token), 200);
    assert_int_equal(call(r, "DELETE", "/Users/usr-4711", token), 403);
    assert_int_equal(call(r, "GET", "/debug/effects", token), 403);
    doer_lease_end(r->d, &lease);
    expect_state(r, lease.id, "revoked");
    assert_int_equal(lease.token[0], 0);
    assert_int_equal(call(r, "GET", "/Users/usr-4711", token), 401);
}

static void a_revocation_that_fails_is_tried_until_it_is_irrevocable(void **state)
{
    rig *r = *state;
    doer_lease lease;
    wb_error e;
    assert_int_equal(doer_lease_get(r->d, "hard", "jti-2", 0, &lease, &e), WB_OK);
    serve_stop(&r->dir_served);
    doer_lease_end(r->d, &lease);
    expect_state(r, lease.id, "revoke_pending");
    /* Not before its time. */
    doer_lease_sweep(r->d, false);
    expect_state(r, lease.id, "revoke_pending");
    for (int i = 1; i < DOER_LEASE_TRIES - 1; i++)
        doer_lease_sweep(r->d, true);
    expect_state(r, lease.id, "revoke_pending");
    doer_lease_sweep(r->d, true);
    expect_state(r, lease.id, "irrevocable");
}

static void what_a_dead_run_left_is_revoked(void **state)
{
    rig *r = *state;
    doer_lease lease;
    wb_error e;
    assert_int_equal(doer_lease_get(r->d, "read", "jti-3", 0, &lease, &e), WB_OK);
    doer_lease_sweep(r->d, true);
    expect_state(r, lease.id, "revoked");
    assert_int_equal(call(r, "GET", "/Users/usr-4711", lease.token), 401);
}

static int broker(rig *r, const char *method, const char *path, const char *token, const char *body)
{
    char url[512];
    const char *headers[] = {"x-vault-token", token, NULL};
    http_client_response out;
    wb_error e;
    snprintf(url, sizeof url, "%s%s", http_server_url(r->doer_served.server), path);
    http_client_request q = {.method = method,
                             .url = url,
                             .headers = headers,
                             .body = wb_str_of(body),
                             .timeout_ms = 2000};
    http_client_do(&q, &out, &e);
    http_client_clear(&out);
    return out.status;
}

static void the_broker_knows_its_clients(void **state)
{
    rig *r = *state;
    const char *login = "/v1/auth/approle/login";
    assert_int_equal(broker(r, "POST", login, "-", "{\"role_id\":\"x\",\"secret_id\":\"y\"}"), 400);
    assert_int_equal(broker(r, "POST", login, "-", "{"), 400);
    assert_int_equal(broker(r, "GET", "/v1/tenant/acme/directory/creds/soft", "x", ""), 403);
    assert_int_equal(broker(r, "PUT", "/v1/sys/leases/revoke", "x", "{\"lease_id\":\"a\"}"), 403);
    char body[256];
    snprintf(body, sizeof body, "{\"role_id\":\"%s\",\"secret_id\":\"%s\"}", r->d->role_id,
             r->d->secret_id);
    assert_int_equal(broker(r, "PUT", login, "-", body), 200);
}

static void a_role_that_is_none_gives_no_lease(void **state)
{
    rig *r = *state;
    doer_lease lease;
    wb_error e;
    snprintf(r->d->mount, sizeof r->d->mount, "tenant/acme/directory");
    assert_int_equal(doer_lease_get(r->d, "root", "jti-4", 0, &lease, &e), WB_UNAVAILABLE);
}

static void a_broker_that_is_away_gives_no_lease(void **state)
{
    rig *r = *state;
    doer_lease lease;
    wb_error e;
    r->d->o.broker = "http://127.0.0.1:1";
    assert_int_equal(doer_lease_get(r->d, "soft", "jti-5", 0, &lease, &e), WB_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(a_lease_opens_what_its_role_allows_and_ends),
        T(a_revocation_that_fails_is_tried_until_it_is_irrevocable),
        T(what_a_dead_run_left_is_revoked),
        T(the_broker_knows_its_clients),
        T(a_role_that_is_none_gives_no_lease),
        T(a_broker_that_is_away_gives_no_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
