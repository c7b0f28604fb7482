/* The doer as a process: killed at every named place, started again, and lied to by its target.
 *
 * The program starts itself as the directory and as doers; the gatekeeper is a server in this
 * process that records entries and signs hard packets. All cases run side by side, each with a
 * doer, a folder and a user of its own, at one directory, which counts what was done to whom. */
#include "tests/server/doer/rig.h"

#include "server/directory/directory.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CASES_MAX  48
#define DEADLINE_S 150
#define AT_ONCE    6 /* cases at a time: sanitized processes are slow to start */

typedef struct tcase {
    const char *point;   /* crash point, with the pass as "name:2"; NULL: none */
    bool back;           /* reinstate instead of waiting for the hard phase */
    const char *fault;   /* of the directory, before the path part */
    const char *outcome; /* a result that must stand in the ledger; NULL: any */
    const char *end;     /* final state; NULL: COMPLETED or REINSTATED */
    /* Of the run: */
    char folder[64], user[64], id[32], jti[40], url[64], out[96];
    char *packet, *second;
    pid_t pid;
    bool started, posted, killed, posted_back, done;
} tcase;

/* ---- The gatekeeper ---- */

typedef struct fake {
    rig_keys keys;
    http_server *server;
    pthread_t thread;
    pthread_mutex_t lock;
    json_t *entries; /* [{"type","body"}] */
    long hard;       /* packets signed */
} fake;

static void take_entry(http_request *req, void *arg)
{
    fake *f = arg;
    wb_str bytes = http_request_body(req);
    json_t *j = json_loadb(bytes.p, bytes.n, 0, NULL);
    pthread_mutex_lock(&f->lock);
    json_array_append_new(f->entries, j);
    pthread_mutex_unlock(&f->lock);
    http_respond(req, 201, "application/json", WB_LIT("{\"index\":1,\"leaf\":\"\",\"prev\":\"\"}"));
}

static void give_keys(http_request *req, void *arg)
{
    fake *f = arg;
    char x[64], text[512];
    wb_base64url_encode(f->keys.ed.public_key, 32, x);
    snprintf(text, sizeof text,
             "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%s\",\"x\":\"%s\","
             "\"writ_state\":\"active\",\"writ_not_after\":0}]}",
             f->keys.ed.kid, x);
    http_respond(req, 200, "application/json", wb_str_of(text));
}

static void give_hard(http_request *req, void *arg)
{
    fake *f = arg;
    char jti[64], user[64] = "";
    wb_str bytes = http_request_body(req);
    json_t *j = json_loadb(bytes.p, bytes.n, 0, NULL);
    const char *parent = json_string_value(json_object_get(j, "jti"));
    const json_t *soft = json_object_get(j, "soft");
    /* The user's number is the jti's end. */
    snprintf(user, sizeof user, "u%s@example.com", parent + strlen(parent) - 2);
    snprintf(jti, sizeof jti, "hard-%ld-%s", ++f->hard, parent + strlen(parent) - 2);
    if (strcmp(user, "u99@example.com") == 0 || !json_is_true(json_object_get(soft, "done"))) {
        http_respond(req, 403, "application/json", WB_LIT("{\"decision\":{\"outcome\":\"deny\"}}"));
    } else {
        char *jws = rig_packet(&f->keys, jti, "hard", parent, user);
        json_t *body = json_pack("{s:s, s:s}", "packet_id", jti, "jws", jws);
        char *text = json_dumps(body, 0);
        http_respond(req, 201, "application/json", wb_str_of(text));
        free(text);
        json_decref(body);
        free(jws);
    }
    json_decref(j);
}

static const http_route FAKE_ROUTES[] = {
    {"POST", "/v1/ledger/entries", take_entry, 0, 0},
    {"GET", "/v1/keys/jwks", give_keys, 0, 0},
    {"POST", "/v1/packets/{id}:hard", give_hard, 0, 0},
};

static void *serve(void *arg)
{
    http_server_run(((fake *)arg)->server);
    return NULL;
}

static void fake_start(fake *f, http_routes *routes)
{
    http_config config;
    wb_error e;
    *f = (fake){.entries = json_array()};
    pthread_mutex_init(&f->lock, NULL);
    rig_keys_make(&f->keys);
    http_config_init(&config);
    config.listen = "127.0.0.1:0";
    assert_int_equal(http_server_new(&config, &f->server, &e), WB_OK);
    *routes = (http_routes){FAKE_ROUTES, 3, f, NULL};
    http_server_add(f->server, routes);
    assert_int_equal(http_server_start(f->server, &e), WB_OK);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

/* ---- Processes ---- */

/* Starts this program again with these arguments; its standard output goes to `out`. */
static pid_t spawn(const char *out, const char *crash_at, char *const argv[])
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        if (!freopen(out, "w", stdout))
            _exit(9);
        if (getenv("DOER_TEST_QUIET") && !freopen("/dev/null", "w", stderr))
            _exit(9);
        if (crash_at)
            setenv("WRIT_CRASH_AT", crash_at, 1);
        else
            unsetenv("WRIT_CRASH_AT");
        execv("/proc/self/exe", argv);
        _exit(8);
    }
    assert_true(pid > 0);
    return pid;
}

/* The URL of "listening on URL"; false while it is not there. */
static bool url_of(const char *out, char url[64])
{
    FILE *f = fopen(out, "r");
    bool good = f && fscanf(f, "listening on %63s", url) == 1;
    if (f)
        fclose(f);
    return good;
}

static json_t *get_json(const char *url, const char *path, const char *token, int *status)
{
    char full[256];
    doer_answer a;
    snprintf(full, sizeof full, "%s%s", url, path);
    doer_call call = {.url = full, .token = token, .timeout_ms = 3000};
    doer_http(&call, &a);
    *status = a.status;
    return a.json;
}

static int post_packet(const char *url, const char *packet)
{
    char full[256];
    const char *headers[] = {"content-type", "application/jose", NULL};
    http_client_response r;
    wb_error e;
    snprintf(full, sizeof full, "%s/v1/doer/packets", url);
    http_client_request q = {.method = "POST",
                             .url = full,
                             .headers = headers,
                             .body = wb_str_of(packet),
                             .timeout_ms = 5000};
    http_client_do(&q, &r, &e);
    int status = r.outcome == HTTP_CLIENT_ANSWERED ? r.status : 0;
    http_client_clear(&r);
    return status;
}

static int child_main(int argc, char **argv)
{
    wb_error e = {0};
    wb_status status;
    if (strcmp(argv[1], "directory") == 0) {
        dir_options o = {.data = argv[2], .listen = "127.0.0.1:0", .seed = argv[3]};
        status = dir_run(&o, &e);
    } else {
        doer_options o = {.data = argv[2],
                          .listen = "127.0.0.1:0",
                          .tenant = RIG_TENANT,
                          .gatekeeper = argv[3],
                          .token_file = argv[4],
                          .directory = argv[5],
                          .broker_token_file = argv[6],
                          .window_s = atoi(argv[7]),
                          .call_ms = 800,
                          .retry_ms = 100};
        status = doer_run(&o, &e);
    }
    if (status)
        fprintf(stderr, "%s\n", e.text);
    return status ? 1 : 0;
}

/* ---- The cases ---- */

static tcase CASES[CASES_MAX] = {
    {.point = "doer.after_job"},
    {.point = "doer.after_accepted"},
    {.point = "doer.before_snapshot"},
    {.point = "doer.after_snapshot"},
    {.point = "doer.after_lease"},
    {.point = "doer.after_lease:2"},
    {.point = "doer.before_intent"},
    {.point = "doer.after_intent"},
    {.point = "doer.after_intent:2"},
    {.point = "doer.after_intent:3"},
    {.point = "doer.after_call"},
    {.point = "doer.after_call:2"},
    {.point = "doer.after_call:4"},
    {.point = "doer.after_delete"},
    {.point = "doer.after_delete:2"},
    {.point = "doer.before_outcome"},
    {.point = "doer.before_outcome:3"},
    {.point = "doer.after_outcome"},
    {.point = "doer.after_revoke:2"},
    {.point = "doer.before_timer"},
    {.point = "doer.after_timer"},
    {.point = "doer.before_hard"},
    {.point = "doer.after_hard"},
    {.point = "doer.after_claim"},
    {.point = "doer.before_complete"},
    {.point = "doer.after_reinstate", .back = true},
    {.point = "doer.after_call:3", .back = true},
    {.point = "doer.before_compare", .back = true},
    {.back = true},
    {.fault = "PATCH:500-after-commit:1", .outcome = "observed_after_error"},
    {.fault = "PATCH:500-before-commit:1", .outcome = "not_observed"},
    {.fault = "PATCH:hang:1", .outcome = "observed_after_error"},
    {.fault = "PATCH:hang-before-commit:1", .outcome = "not_observed"},
    {.fault = "PATCH:half-body:1", .outcome = "observed_after_error"},
    {.fault = "PATCH:200-without-commit:1", .outcome = "effect_not_observed"},
    {.fault = "PATCH:429:2", .outcome = "rate_limited"},
    {.fault = "POST:500-after-commit:1", .outcome = "observed_after_error"},
    {.fault = "DELETE:hang:1", .outcome = "observed_after_error"},
    {.fault = "DELETE:500-before-commit:1", .outcome = "not_observed"},
    {.end = "HELD"},
};

static size_t case_count(void)
{
    size_t n = 0;
    while (n < CASES_MAX && (CASES[n].point || CASES[n].fault || CASES[n].back || CASES[n].end))
        n++;
    return n;
}

typedef struct world {
    fake gk;
    http_routes routes;
    char folder[64], dir_data[96], dir_url[64], admin[128], token_file[128], broker_file[128];
    pid_t dir_pid;
} world;

static void start_doer(world *w, tcase *c)
{
    char window[8], name[] = "test", role[] = "doer";
    char *argv[] = {name,       role,           c->folder, NULL, w->token_file,
                    w->dir_url, w->broker_file, window,    NULL};
    char gk_url[64];
    snprintf(window, sizeof window, "%d", c->back ? 120 : 1);
    snprintf(gk_url, sizeof gk_url, "%s", http_server_url(w->gk.server));
    argv[3] = gk_url;
    snprintf(c->out, sizeof c->out, "%s/out%d", c->folder, c->killed);
    unlink(c->out);
    c->url[0] = 0;
    c->pid = spawn(c->out, c->killed ? NULL : c->point, argv);
}

static void start_case(world *w, tcase *c)
{
    char url[128];
    doer_answer a;
    rig_folder(c->folder);
    c->packet = rig_packet(&w->gk.keys, c->jti, "soft", NULL, c->user);
    if (c->fault) {
        snprintf(url, sizeof url, "%s/debug/faults", w->dir_url);
        doer_call call = {.method = "POST",
                          .url = url,
                          .token = w->admin,
                          .timeout_ms = 3000,
                          .body =
                              json_pack("{s:o}", "fault", json_sprintf("%s:%s", c->fault, c->id))};
        doer_http(&call, &a);
        assert_int_equal(a.status, 204);
        json_decref(call.body);
        doer_answer_clear(&a);
    }
    start_doer(w, c);
    c->started = true;
}

static void stop_doer(tcase *c)
{
    int status = 0;
    kill(c->pid, SIGTERM);
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: the doer ended with %x on SIGTERM", c->point ? c->point : "-", status);
    c->pid = 0;
}

static void step_case(world *w, tcase *c)
{
    int status = 0;
    if (waitpid(c->pid, &status, WNOHANG) == c->pid) {
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || c->killed)
            fail_msg("%s: the doer died with %x", c->point ? c->point : "-", status);
        c->killed = true;
        start_doer(w, c);
        return;
    }
    if (!c->url[0] && !url_of(c->out, c->url))
        return;
    if (!c->posted) {
        c->posted = post_packet(c->url, c->packet) == 202;
        return;
    }
    char path[128];
    snprintf(path, sizeof path, "/v1/doer/jobs/%s", c->jti);
    json_t *job = get_json(c->url, path, NULL, &status);
    const char *state = json_string_value(json_object_get(job, "state"));
    const char *end = c->end ? c->end : c->back ? "REINSTATED" : "COMPLETED";
    if (state && c->back && !c->posted_back && strcmp(state, "HARD_SCHEDULED") == 0) {
        char jti[48];
        snprintf(jti, sizeof jti, "back-%s", c->jti);
        if (!c->second)
            c->second = rig_packet(&w->gk.keys, jti, "reinstate", c->jti, c->user);
        c->posted_back = post_packet(c->url, c->second) == 202;
    }
    if (state && strcmp(state, end) == 0) {
        /* The same bytes again: the state, and nothing else. */
        assert_int_equal(post_packet(c->url, c->packet), 202);
        stop_doer(c);
        c->done = true;
    }
    json_decref(job);
}

/* ---- What must be true afterwards ---- */

static int effects_of(const json_t *effects, const tcase *c, const char *what)
{
    int n = 0;
    char part[48];
    snprintf(part, sizeof part, "/Users/%s", c->id);
    for (size_t i = 0; i < json_array_size(effects); i++) {
        const json_t *one = json_array_get(effects, i);
        const char *path = json_string_value(json_object_get(one, "path"));
        size_t len = strlen(part);
        n += strncmp(path, part, len) == 0 && (path[len] == 0 || path[len] == '/') &&
             strcmp(json_string_value(json_object_get(one, "what")), what) == 0;
    }
    return n;
}

static void expect_effects(const json_t *effects, const tcase *c)
{
    const struct {
        const char *what;
        int times;
    } wanted[] = {{"deactivated", 1},
                  {"sessions revoked", 1},
                  {"deleted", !c->back && !c->end},
                  {"licences reclaimed", !c->back && !c->end},
                  {"activated", c->back}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        int n = effects_of(effects, c, wanted[i].what);
        if (n != wanted[i].times)
            fail_msg("%s %s: %s %d times, not %d", c->point ? c->point : "-",
                     c->fault ? c->fault : "", wanted[i].what, n, wanted[i].times);
    }
}

/* Entries that tell of this case's jobs: those whose jti ends as the case's does. */
static bool about_case(const json_t *entry, const tcase *c)
{
    const char *jti = json_string_value(json_object_get(json_object_get(entry, "body"), "jti"));
    const char *tail = c->jti + strlen(c->jti) - 2;
    return jti && strlen(jti) > 2 && strcmp(jti + strlen(jti) - 2, tail) == 0;
}

static void expect_entries(const json_t *entries, const tcase *c)
{
    json_int_t intents[8] = {0}, outcomes[8] = {0};
    int issued = 0, ended = 0, accepted = 0, final = 0;
    bool found = !c->outcome;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *one = json_array_get(entries, i), *body = json_object_get(one, "body");
        const char *type = json_string_value(json_object_get(one, "type"));
        const char *result = json_string_value(json_object_get(body, "result"));
        size_t n = (size_t)json_integer_value(json_object_get(body, "n")) % 8;
        if (!about_case(one, c))
            continue;
        if (strcmp(type, "exec.intent") == 0)
            intents[n]++;
        if (strcmp(type, "exec.outcome") == 0 && n > 0) {
            outcomes[n]++;
            if (intents[n] == 0)
                fail_msg("%s: an outcome stands before its intent", c->point ? c->point : "-");
        }
        found = found || (result && strcmp(result, c->outcome) == 0);
        issued += strcmp(type, "lease.issued") == 0;
        ended += strcmp(type, "lease.revoked") == 0;
        accepted += strcmp(type, "packet.accepted") == 0;
        final += strcmp(type, "packet.completed") == 0 || strcmp(type, "packet.reinstated") == 0;
    }
    for (size_t n = 1; n < 8; n++)
        if (intents[n] && !outcomes[n])
            fail_msg("%s: step %zu has an intent without outcome", c->point ? c->point : "-", n);
    if (!found)
        fail_msg("%s: no outcome %s", c->fault, c->outcome);
    if (accepted < 1 || (!c->end && final < 1) || issued < 3 || ended < 3)
        fail_msg("%s: accepted %d, final %d, leases %d, revoked %d", c->point ? c->point : "-",
                 accepted, final, issued, ended);
}

static void write_seed(const char *path, size_t n)
{
    json_t *users = json_array(), *members = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(users, json_pack("{s:s, s:s, s:b, s:[s], s:[{s:s}]}", "id",
                                               CASES[i].id, "userName", CASES[i].user, "active", 1,
                                               "licences", "suite", "sessions", "id", "s"));
        json_array_append_new(members, json_pack("{s:s}", "value", CASES[i].id));
    }
    json_t *seed = json_pack("{s:o, s:[{s:s, s:s, s:o}]}", "users", users, "groups", "id", "g",
                             "displayName", "all", "members", members);
    assert_int_equal(json_dump_file(seed, path, 0), 0);
    json_decref(seed);
}

static void build_world(world *w, size_t n)
{
    char seed[128], out[128], path[160];
    rig_folder(w->folder);
    snprintf(seed, sizeof seed, "%s/seed.json", w->folder);
    snprintf(out, sizeof out, "%s/directory.out", w->folder);
    snprintf(w->dir_data, sizeof w->dir_data, "%s/directory", w->folder);
    write_seed(seed, n);
    rig_file(w->folder, "gk.token", RIG_TOKEN "\n", w->token_file);
    char name[] = "test", role[] = "directory";
    char *argv[] = {name, role, w->dir_data, seed, NULL};
    w->dir_pid = spawn(out, NULL, argv);
    fake_start(&w->gk, &w->routes);
    for (int i = 0; i < 200 && !url_of(out, w->dir_url); i++)
        usleep(50 * 1000);
    assert_true(w->dir_url[0] != 0);
    snprintf(path, sizeof path, "%s/admin.token", w->dir_data);
    snprintf(w->broker_file, sizeof w->broker_file, "%s/broker.token", w->dir_data);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%127s", w->admin), 1);
    fclose(f);
}

static void tear_down(world *w)
{
    int status = 0;
    kill(w->dir_pid, SIGTERM);
    waitpid(w->dir_pid, &status, 0);
    http_server_stop(w->gk.server);
    pthread_join(w->gk.thread, NULL);
    http_server_free(w->gk.server);
    json_decref(w->gk.entries);
    rig_remove(w->folder);
}

static void every_kill_and_every_lie_ends_in_one_effect(void **state)
{
    world w = {0};
    size_t n = case_count(), from = 0;
    int status;
    for (size_t i = 0; i < n; i++) {
        unsigned number = CASES[i].end ? 99 : (unsigned)i;
        snprintf(CASES[i].user, sizeof CASES[i].user, "u%02u@example.com", number);
        snprintf(CASES[i].id, sizeof CASES[i].id, "id-%02u", number);
        snprintf(CASES[i].jti, sizeof CASES[i].jti, "soft-%02u", number);
    }
    build_world(&w, n);
    int64_t end = wb_now_ms() + DEADLINE_S * 1000;
    while (from < n) {
        size_t running = 0;
        for (size_t i = from; i < n && running < AT_ONCE; i++) {
            if (CASES[i].done)
                continue;
            running++;
            if (!CASES[i].started)
                start_case(&w, &CASES[i]);
            else
                step_case(&w, &CASES[i]);
        }
        while (from < n && CASES[from].done)
            from++;
        if (wb_now_ms() > end) {
            for (size_t i = from; i < n; i++)
                if (CASES[i].started && !CASES[i].done)
                    print_message("not done: %s %s (%s, killed %d, posted %d)\n",
                                  CASES[i].point ? CASES[i].point : "-",
                                  CASES[i].fault ? CASES[i].fault : "", CASES[i].folder,
                                  CASES[i].killed, CASES[i].posted);
            for (size_t i = from; i < n; i++)
                if (CASES[i].pid)
                    kill(CASES[i].pid, SIGKILL);
            kill(w.dir_pid, SIGKILL);
            fail_msg("not all cases came to their end");
        }
        usleep(30 * 1000);
    }
    json_t *effects = get_json(w.dir_url, "/debug/effects", w.admin, &status);
    assert_int_equal(status, 200);
    for (size_t i = 0; i < n; i++) {
        tcase *c = &CASES[i];
        if (c->point && !c->killed)
            fail_msg("%s was never passed", c->point);
        expect_effects(json_object_get(effects, "effects"), c);
        expect_entries(w.gk.entries, c);
        rig_remove(c->folder);
        free(c->packet);
        free(c->second);
    }
    json_decref(effects);
    tear_down(&w);
}

static void every_point_of_the_table_has_a_case(void **state)
{
    for (int p = 0; p < DOER_CRASH_COUNT; p++) {
        const char *name = doer_crash_name((doer_crash_point)p);
        size_t n = strlen(name);
        bool found = false;
        for (size_t i = 0; i < case_count(); i++)
            found = found || (CASES[i].point && strncmp(CASES[i].point, name, n) == 0 &&
                              (CASES[i].point[n] == 0 || CASES[i].point[n] == ':'));
        if (!found)
            fail_msg("%s is not tested", name);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return child_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_of_the_table_has_a_case),
        cmocka_unit_test(every_kill_and_every_lie_ends_in_one_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
