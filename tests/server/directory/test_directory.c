/* The development directory: SCIM as the standard has it, credentials, faults, durable state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ids.h"
#include "server/directory/directory.h"
#include "server/http/loopback.h"
#include "tests/folder.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct rig {
    char folder[64], data[96], admin[300], broker[300];
    dir *d;
    http_server *server;
    http_routes routes;
    http_loopback_response out;
} rig;

static void read_token(rig *r, const char *name, char out[300])
{
    char path[200], token[200];
    snprintf(path, sizeof path, "%s/%s", r->data, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%199s", token), 1);
    fclose(f);
    snprintf(out, 300, "Bearer %s", token);
}

static void begin(rig *r)
{
    http_config config;
    wb_error e;
    dir_options o = {.data = r->data, .seed = WRIT_SOURCE_DIR "/server/directory/seed.json"};
    if (dir_open(&o, &r->d, &e) != WB_OK)
        fail_msg("%s", e.text);
    http_config_init(&config);
    assert_int_equal(http_server_new(&config, &r->server, &e), WB_OK);
    dir_routes(r->d, &r->routes);
    http_server_add(r->server, &r->routes);
    read_token(r, "admin.token", r->admin);
    read_token(r, "broker.token", r->broker);
}

static void end(rig *r)
{
    http_loopback_clear(&r->out);
    r->out = (http_loopback_response){0};
    http_server_free(r->server);
    dir_close(r->d);
}

static int setup(void **state)
{
    rig *r = calloc(1, sizeof *r);
    snprintf(r->folder, sizeof r->folder, "/tmp/writ-directory-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    snprintf(r->data, sizeof r->data, "%s/data", r->folder);
    begin(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig *r = *state;
    end(r);
    assert_true(folder_remove(r->folder));
    free(r);
    return 0;
}

static int ask(rig *r, const char *token, const char *method, const char *path, const char *match,
               const char *body)
{
    const char *headers[] = {"authorization", token, match ? "if-match" : NULL, match, NULL};
    http_loopback_clear(&r->out);
    http_loopback_request(r->server, method, path, token ? headers : NULL, wb_str_of(body),
                          &r->out);
    return r->out.status;
}

static int admin(rig *r, const char *method, const char *path, const char *body)
{
    return ask(r, r->admin, method, path, NULL, body);
}

static bool says(rig *r, const char *part)
{
    return r->out.body.n && memmem(r->out.body.p, r->out.body.n, part, strlen(part));
}

#define PATCH(ops)                                                                                 \
    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[" ops "]}"
#define OFF PATCH("{\"op\":\"replace\",\"path\":\"active\",\"value\":false}")

static void nobody_gets_in_without_a_token(void **state)
{
    rig *r = *state;
    assert_int_equal(ask(r, NULL, "GET", "/Users", NULL, ""), 401);
    assert_int_equal(ask(r, "Bearer x", "GET", "/Users", NULL, ""), 401);
    assert_int_equal(ask(r, r->broker, "GET", "/Users", NULL, ""), 403);
    assert_int_equal(ask(r, r->broker, "DELETE", "/Users/usr-4711", NULL, ""), 403);
}

static void users_are_found_by_name_and_by_page(void **state)
{
    rig *r = *state;
    assert_int_equal(
        admin(r, "GET", "/Users?filter=userName%20eq%20%22MIRA.holm@example.com%22", ""), 200);
    assert_true(says(r, "\"totalResults\":1") && says(r, "usr-4711") && says(r, "engineering"));
    assert_int_equal(admin(r, "GET", "/Users?startIndex=5&count=3", ""), 200);
    assert_true(says(r, "\"totalResults\":5") && says(r, "\"itemsPerPage\":1"));
    assert_int_equal(admin(r, "GET", "/Users?count=0", ""), 200);
    assert_true(says(r, "\"itemsPerPage\":0"));
    assert_int_equal(admin(r, "GET", "/Users?filter=active%20eq%20true", ""), 400);
    assert_true(says(r, "invalidFilter"));
    assert_int_equal(admin(r, "GET", "/Users?count=many", ""), 400);
}

static void a_patch_counts_versions_and_checks_them(void **state)
{
    rig *r = *state;
    assert_int_equal(ask(r, r->admin, "PATCH", "/Users/usr-4711", "W/\"1\"", OFF), 200);
    assert_true(says(r, "\"active\":false"));
    assert_int_equal(ask(r, r->admin, "PATCH", "/Users/usr-4711", "W/\"1\"", OFF), 412);
    assert_int_equal(ask(r, r->admin, "DELETE", "/Users/usr-4711", "W/\"1\"", ""), 412);
    assert_int_equal(admin(r, "GET", "/Users/usr-4711", ""), 200);
    assert_true(wb_str_is(http_loopback_header(&r->out, "etag"), "W/\"2\""));
}

static void a_patch_is_all_or_nothing(void **state)
{
    rig *r = *state;
    static const struct {
        const char *body, *type;
    } bad[] = {
        {PATCH("{\"op\":\"replace\",\"path\":\"active\",\"value\":\"False\"}"), "invalidValue"},
        {PATCH("{\"op\":\"replace\",\"path\":\"id\",\"value\":\"x\"}"), "mutability"},
        {PATCH("{\"op\":\"replace\",\"path\":\"meta.version\",\"value\":\"x\"}"), "mutability"},
        {PATCH("{\"op\":\"replace\",\"path\":\"emails[type eq 1]\",\"value\":1}"), "invalidPath"},
        {PATCH("{\"op\":\"remove\"}"), "noTarget"},
        {PATCH("{\"op\":\"destroy\",\"path\":\"active\"}"), "invalidSyntax"},
        {PATCH("{\"op\":\"replace\",\"path\":\"active\",\"value\":false},{\"op\":\"replace\","
               "\"path\":\"id\",\"value\":\"x\"}"),
         "mutability"},
        {PATCH("{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"karl.voss@example.com\"}"),
         "uniqueness"},
        {PATCH("{\"op\":\"remove\",\"path\":\"userName\"}"), "invalidValue"},
        {PATCH(""), "invalidSyntax"},
        {"{\"Operations\":[]}", "invalidSyntax"},
        {"[]", "invalidSyntax"},
        {"{", "invalidSyntax"},
        {"{\"a\":1,\"a\":2}", "invalidSyntax"},
        {"", "invalidSyntax"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int status = admin(r, "PATCH", "/Users/usr-4711", bad[i].body);
        if ((status != 400 && status != 409) || !says(r, bad[i].type))
            fail_msg("%s: %d %.*s", bad[i].body, status, (int)r->out.body.n, r->out.body.p);
    }
    assert_int_equal(admin(r, "GET", "/Users/usr-4711", ""), 200);
    assert_true(says(r, "\"active\":true") && says(r, "W/\\\"1\\\""));
}

static void deep_json_is_refused(void **state)
{
    rig *r = *state;
    char deep[4000];
    size_t n = 0;
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(deep + n, sizeof deep - n, "{\"a\":");
    n += (size_t)snprintf(deep + n, sizeof deep - n, "1");
    for (int i = 0; i < 300; i++)
        deep[n++] = '}';
    deep[n] = 0;
    assert_int_equal(admin(r, "POST", "/Users", deep), 400);
}

static void users_are_made_replaced_and_deleted(void **state)
{
    rig *r = *state;
    char path[128];
    assert_int_equal(admin(r, "POST", "/Users", "{\"userName\":\"new@example.com\"}"), 201);
    wb_str location = http_loopback_header(&r->out, "location");
    snprintf(path, sizeof path, "%.*s", WB_FMT(location));
    assert_int_equal(admin(r, "POST", "/Users", "{\"userName\":\"NEW@example.com\"}"), 409);
    assert_int_equal(admin(r, "POST", "/Users", "{\"displayName\":\"no name\"}"), 400);
    assert_int_equal(admin(r, "PUT", path,
                           "{\"userName\":\"new@example.com\",\"id\":\"other\",\"title\":\"T\"}"),
                     200);
    assert_true(says(r, "\"title\":\"T\"") && !says(r, "other"));
    assert_int_equal(admin(r, "DELETE", path, ""), 204);
    assert_int_equal(admin(r, "DELETE", path, ""), 404);
    assert_true(says(r, "urn:ietf:params:scim:api:messages:2.0:Error"));
    assert_int_equal(admin(r, "GET", path, ""), 404);
}

static void licences_outlive_the_user_until_reclaimed(void **state)
{
    rig *r = *state;
    assert_int_equal(admin(r, "DELETE", "/Users/usr-4711", ""), 204);
    assert_int_equal(admin(r, "GET", "/Users/usr-4711/licences", ""), 200);
    assert_true(says(r, "office-suite"));
    assert_int_equal(admin(r, "DELETE", "/Users/usr-4711/licences", ""), 204);
    assert_int_equal(admin(r, "GET", "/Users/usr-4711/licences", ""), 200);
    assert_true(says(r, "\"licences\":[]"));
    assert_int_equal(admin(r, "GET", "/Groups/grp-engineering", ""), 200);
    assert_false(says(r, "usr-4711"));
}

static void sessions_are_revoked(void **state)
{
    rig *r = *state;
    assert_int_equal(admin(r, "GET", "/Users/usr-4711/sessions", ""), 200);
    assert_true(says(r, "ses-1"));
    assert_int_equal(admin(r, "POST", "/Users/usr-4711/sessions:revoke", ""), 204);
    assert_int_equal(admin(r, "GET", "/Users/usr-4711/sessions", ""), 200);
    assert_true(says(r, "\"sessions\":[]"));
}

static void members_come_and_go(void **state)
{
    rig *r = *state;
    const char *group = "/Groups/grp-platform-admins";
    assert_int_equal(admin(r, "PATCH", group,
                           PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":"
                                 "\"usr-4711\"},{\"value\":\"usr-4711\"}]}")),
                     200);
    assert_int_equal(admin(r, "GET", "/Users/usr-4711", ""), 200);
    assert_true(says(r, "platform-admins"));
    assert_int_equal(admin(r, "PATCH", group,
                           PATCH("{\"op\":\"remove\",\"path\":\"members[value eq "
                                 "\\\"usr-4711\\\"]\"}")),
                     200);
    assert_int_equal(admin(r, "GET", group, ""), 200);
    assert_false(says(r, "usr-4711"));
    assert_true(says(r, "usr-4712"));
    assert_int_equal(admin(r, "PATCH", group,
                           PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":{\"value\":"
                                 "\"nobody\"}}")),
                     400);
}

static void short_tokens_end_by_time_and_by_revocation(void **state)
{
    rig *r = *state;
    char token[300];
    for (int turn = 0; turn < 2; turn++) {
        const char *body = turn ? "{\"id\":\"t2\",\"ttl\":60,\"scope\":\"read\"}"
                                : "{\"id\":\"t1\",\"ttl\":1,\"scope\":\"read write\"}";
        assert_int_equal(ask(r, r->broker, "POST", "/tokens", NULL, body), 201);
        json_t *j = json_loadb(r->out.body.p, r->out.body.n, 0, NULL);
        snprintf(token, sizeof token, "Bearer %s", json_string_value(json_object_get(j, "token")));
        json_decref(j);
        assert_int_equal(ask(r, token, "GET", "/Users/usr-4711", NULL, ""), 200);
        assert_int_equal(ask(r, token, "POST", "/tokens", NULL, body), 403);
        if (turn)
            assert_int_equal(ask(r, r->broker, "DELETE", "/tokens/t2", NULL, ""), 204);
        else
            usleep(1100 * 1000);
        assert_int_equal(ask(r, token, "GET", "/Users/usr-4711", NULL, ""), 401);
    }
    assert_int_equal(ask(r, r->broker, "DELETE", "/tokens/t2", NULL, ""), 404);
    assert_int_equal(
        ask(r, r->broker, "POST", "/tokens", NULL, "{\"id\":\"t\",\"ttl\":60,\"scope\":\"all\"}"),
        400);
    assert_int_equal(
        ask(r, r->broker, "POST", "/tokens", NULL, "{\"id\":\"t\",\"ttl\":0,\"scope\":\"read\"}"),
        400);
}

static void state_and_effects_survive_a_restart(void **state)
{
    rig *r = *state;
    assert_int_equal(admin(r, "PATCH", "/Users/usr-4711", OFF), 200);
    end(r);
    begin(r);
    assert_int_equal(admin(r, "GET", "/Users/usr-4711", ""), 200);
    assert_true(says(r, "\"active\":false"));
    assert_int_equal(admin(r, "GET", "/debug/effects", ""), 200);
    assert_true(says(r, "deactivated"));
}

static void faults_show_before_or_after_the_change(void **state)
{
    rig *r = *state;
    const char *path = "/Users/usr-4711";
    assert_int_equal(admin(r, "POST", "/debug/faults", "{\"fault\":\"PATCH:500-before-commit:1\"}"),
                     204);
    assert_int_equal(admin(r, "PATCH", path, OFF), 500);
    assert_int_equal(admin(r, "GET", path, ""), 200);
    assert_true(says(r, "\"active\":true"));
    assert_int_equal(admin(r, "POST", "/debug/faults", "{\"fault\":\"PATCH:500-after-commit:1\"}"),
                     204);
    assert_int_equal(admin(r, "PATCH", path, OFF), 500);
    assert_int_equal(admin(r, "GET", path, ""), 200);
    assert_true(says(r, "\"active\":false"));
    assert_int_equal(admin(r, "POST", "/debug/faults", "{\"fault\":\"*:429:1:/Groups\"}"), 204);
    assert_int_equal(admin(r, "GET", path, ""), 200);
    assert_int_equal(admin(r, "GET", "/Groups", ""), 429);
    assert_true(wb_str_is(http_loopback_header(&r->out, "retry-after"), "1"));
    assert_int_equal(admin(r, "POST", "/debug/faults", "{\"fault\":\"PATCH:explode:1\"}"), 400);
}

static void a_damaged_state_or_seed_is_refused(void **state)
{
    rig *r = *state;
    char path[200], data[96];
    wb_error e;
    dir *d = NULL;
    snprintf(path, sizeof path, "%s/directory.json", r->data);
    FILE *f = fopen(path, "w");
    fputs("{\"users\":", f);
    fclose(f);
    dir_options o = {.data = r->data};
    assert_int_equal(dir_open(&o, &d, &e), WB_CORRUPT);
    snprintf(data, sizeof data, "%s/other", r->folder);
    dir_options seeded = {.data = data, .seed = path};
    assert_int_equal(dir_open(&seeded, &d, &e), WB_INVALID);
    dir_options fault = {.data = data, .faults = {"PATCH"}, .fault_count = 1};
    assert_int_equal(dir_open(&fault, &d, &e), WB_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(nobody_gets_in_without_a_token),
        T(users_are_found_by_name_and_by_page),
        T(a_patch_counts_versions_and_checks_them),
        T(a_patch_is_all_or_nothing),
        T(deep_json_is_refused),
        T(users_are_made_replaced_and_deleted),
        T(licences_outlive_the_user_until_reclaimed),
        T(sessions_are_revoked),
        T(members_come_and_go),
        T(short_tokens_end_by_time_and_by_revocation),
        T(state_and_effects_survive_a_restart),
        T(faults_show_before_or_after_the_change),
        T(a_damaged_state_or_seed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
