/* The verifier: every way a packet can be wrong, one answer for all of them; replay; the race. */
#include "tests/server/doer/rig.h"

#include "server/http/loopback.h"

typedef struct rig {
    char folder[64];
    rig_keys keys;
    doer *d;
} rig;

static int setup(void **state)
{
    rig *r = calloc(1, sizeof *r);
    rig_folder(r->folder);
    rig_keys_make(&r->keys);
    r->d = rig_doer(r->folder, &r->keys);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig *r = *state;
    rig_doer_free(r->d);
    rig_remove(r->folder);
    free(r);
    return 0;
}

#define USER "mira.holm@example.com"

static json_t *good(void)
{
    return rig_claims("01890000-0000-7000-8000-000000000001", "soft", NULL, USER);
}

static const char *reason_of(rig *r, const char *token)
{
    doer_packet p;
    r->d->keys_at = wb_now_ms();
    doer_verify(r->d, wb_str_of(token), wb_now_ms(), &p);
    const char *reason = p.reason;
    doer_packet_clear(&p);
    return reason;
}

/* ---- Vectors: what is changed in a good packet, and the reason it must give ---- */

typedef struct vector {
    const char *path, *value; /* "a.b" and JSON; value NULL: removed */
    const char *reason;
} vector;

static const vector VECTORS[] = {
    {"aud", "\"doer:okta\"", "aud"},
    {"aud", "[\"doer:directory\"]", "aud"},
    {"aud", NULL, "aud"},
    {"tenant", "\"other\"", "tenant"},
    {"tenant", NULL, "tenant"},
    {"exp", "1", "expired"},
    {"exp", "1e3", "claims"},
    {"exp", "9223372036854775807", "claims"},
    {"exp", NULL, "claims"},
    {"nbf", "99999999999", "not_yet"},
    {"nbf", "-1", "claims"},
    {"nbf", "\"0\"", "claims"},
    {"gen.keys", "0", "gen"},
    {"gen.grants", "0", "gen"},
    {"gen", NULL, "claims"},
    {"ledger.index", "-1", "receipt"},
    {"ledger.index", NULL, "receipt"},
    {"ledger.leaf", "\"sha256:00\"", "receipt"},
    {"ledger.leaf", NULL, "receipt"},
    {"ledger", NULL, "receipt"},
    {"decision.outcome", "\"deny\"", "outcome"},
    {"decision.outcome", "\"block\"", "outcome"},
    {"decision.outcome", "\"require_hitl\"", "outcome"},
    {"decision.outcome", "\"ALLOW\"", "outcome"},
    {"decision", NULL, "outcome"},
    {"operations", "[]", "claims"},
    {"operations", NULL, "claims"},
    {"operations", "[{\"n\":1,\"op\":\"scim.delete\"}]", "operation"},
    {"operations", "[{\"n\":1,\"op\":\"scim.format_disk\"}]", "operation"},
    {"operations", "[{\"n\":2,\"op\":\"scim.deactivate\"}]", "claims"},
    {"operations", "[{\"n\":1,\"op\":\"scim.deactivate\",\"args\":[]}]", "claims"},
    {"phase", "\"hard\"", "operation"},
    {"phase", "\"medium\"", "claims"},
    {"phase", NULL, "claims"},
    {"parent", "\"01890000-0000-7000-8000-000000000009\"", "claims"},
    {"subject.target", "\"okta\"", "operation"},
    {"subject.target_ref", "\"\"", "claims"},
    {"subject.target_ref", "\"a\\u0000b\"", "payload"},
    {"subject", NULL, "claims"},
    {"jti", "\"../x\"", "claims"},
    {"jti", "\"\"", "claims"},
    {"jti", NULL, "claims"},
};

static char *altered(rig *r, const vector *v)
{
    json_t *claims = good();
    const char *dot = strchr(v->path, '.');
    json_t *at = claims;
    char head[32] = "";
    if (dot) {
        memcpy(head, v->path, (size_t)(dot - v->path));
        at = json_object_get(claims, head);
    }
    const char *name = dot ? dot + 1 : v->path;
    if (v->value)
        json_object_set_new(at, name, json_loads(v->value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
    else
        json_object_del(at, name);
    return rig_sign(&r->keys, claims);
}

static void a_good_packet_is_good(void **state)
{
    rig *r = *state;
    char *token = rig_sign(&r->keys, good());
    assert_null(reason_of(r, token));
    free(token);
}

static void each_wrong_claim_has_its_reason(void **state)
{
    rig *r = *state;
    r->d->o.gen_keys = r->d->o.gen_grants = 1;
    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        char *token = altered(r, &VECTORS[i]);
        const char *reason = reason_of(r, token);
        if (!reason || strcmp(reason, VECTORS[i].reason) != 0)
            fail_msg("%s = %s: %s, not %s", VECTORS[i].path,
                     VECTORS[i].value ? VECTORS[i].value : "nothing", reason ? reason : "accepted",
                     VECTORS[i].reason);
        free(token);
    }
}

/* ---- Signatures ---- */

static char *sign_with(const jws_key *keys, size_t n, const char *typ)
{
    json_t *claims = good();
    char *text = json_dumps(claims, JSON_COMPACT), *out = NULL;
    size_t size;
    wb_error e;
    assert_int_equal(jws_sign(keys, n, typ, wb_str_of(text), &out, &size, &e), WB_OK);
    json_decref(claims);
    free(text);
    return out;
}

static void check(rig *r, char *token, const char *reason)
{
    const char *got = reason_of(r, token);
    assert_non_null(got);
    assert_string_equal(got, reason);
    free(token);
}

static void hmac_alone_is_not_enough(void **state)
{
    rig *r = *state;
    check(r, sign_with(&r->keys.hmac, 1, DOER_TYP), "kid_unknown");
    r->d->hmac = r->keys.hmac;
    check(r, sign_with(&r->keys.hmac, 1, DOER_TYP), "alg_required");
}

static void a_doer_with_the_hmac_key_checks_it(void **state)
{
    rig *r = *state;
    jws_key forged = r->keys.hmac;
    forged.secret[0] ^= 1;
    jws_key both[] = {forged, r->keys.ed};
    r->d->hmac = r->keys.hmac;
    check(r, sign_with(both, 2, DOER_TYP), "signature");
    r->d->o.require_hs256 = true;
    check(r, sign_with(&r->keys.ed, 1, DOER_TYP), "alg_required");
}

static void a_stranger_beside_the_right_key_is_refused(void **state)
{
    rig *r = *state;
    jws_key both[] = {r->keys.ed, r->keys.stranger};
    check(r, sign_with(both, 2, DOER_TYP), "kid_unknown");
    check(r, sign_with(&r->keys.stranger, 1, DOER_TYP), "kid_unknown");
}

static void a_revoked_key_is_refused(void **state)
{
    rig *r = *state;
    r->d->keys[0].state = JWS_REVOKED;
    check(r, sign_with(&r->keys.ed, 1, DOER_TYP), "key_revoked");
}

static void another_type_is_refused(void **state)
{
    rig *r = *state;
    check(r, sign_with(&r->keys.ed, 1, "JWT"), "typ");
}

static void no_byte_can_be_changed(void **state)
{
    rig *r = *state;
    char *token = sign_with(&r->keys.ed, 1, DOER_TYP);
    for (size_t i = 0; token[i]; i++) {
        char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        if (!reason_of(r, token))
            fail_msg("accepted with byte %zu changed", i);
        token[i] = was;
    }
    assert_null(reason_of(r, token));
    free(token);
}

static void no_part_can_be_cut(void **state)
{
    rig *r = *state;
    char *token = rig_sign(&r->keys, good());
    for (size_t n = 0, all = strlen(token); n < all; n++) {
        doer_packet p;
        r->d->keys_at = wb_now_ms();
        doer_verify(r->d, (wb_str){token, n}, wb_now_ms(), &p);
        assert_non_null(p.reason);
        doer_packet_clear(&p);
    }
    free(token);
}

static void keys_that_cannot_be_fetched_accept_nothing(void **state)
{
    rig *r = *state;
    char *token = sign_with(&r->keys.ed, 1, DOER_TYP);
    doer_packet p;
    r->d->keys_at = 1;
    doer_verify(r->d, wb_str_of(token), wb_now_ms(), &p);
    assert_non_null(p.reason);
    assert_true(p.unavailable);
    doer_packet_clear(&p);
    free(token);
}

/* ---- Over HTTP: one answer for all ---- */

static void every_rejection_is_the_same_answer(void **state)
{
    rig *r = *state;
    http_config config;
    wb_error e;
    const http_routes routes = {DOER_ROUTES, DOER_ROUTE_COUNT, r->d, NULL};
    char *big = calloc(1, JWS_TOKEN_MAX + 3);
    memset(big, 'a', JWS_TOKEN_MAX + 2);
    char *first = NULL;
    http_config_init(&config);
    assert_int_equal(http_server_new(&config, &r->d->server, &e), WB_OK);
    http_server_add(r->d->server, &routes);
    r->d->o.gen_keys = r->d->o.gen_grants = 1;
    const size_t n = sizeof VECTORS / sizeof VECTORS[0];
    for (size_t i = 0; i < n + 4; i++) {
        char *token = i < n        ? altered(r, &VECTORS[i])
                      : i == n     ? strdup("")
                      : i == n + 1 ? strdup("{}")
                      : i == n + 2 ? strdup(big)
                                   : sign_with(&r->keys.stranger, 1, DOER_TYP);
        http_loopback_response out;
        int64_t began = wb_now_ms();
        r->d->keys_at = began;
        http_loopback_request(r->d->server, "POST", "/v1/doer/packets", NULL, wb_str_of(token),
                              &out);
        assert_int_equal(out.status, 401);
        assert_true(wb_now_ms() - began >= DOER_REJECT_MS - 2);
        if (!first)
            first = wb_strndup(out.body.p, out.body.n);
        assert_true(wb_str_is(wb_buf_str(&out.body), first));
        http_loopback_clear(&out);
        free(token);
    }
    store_outbox *rows = NULL;
    size_t owed = 0;
    assert_int_equal(store_outbox_list(r->d->store, RIG_TENANT, &rows, &owed, &e), WB_OK);
    assert_true(owed > 10);
    for (size_t i = 0; i < owed; i++)
        assert_string_equal(rows[i].type, "doer.signature_rejected");
    store_outbox_list_free(rows, owed);
    http_server_free(r->d->server);
    free(first);
    free(big);
}

static void a_flood_of_rejections_becomes_a_count(void **state)
{
    rig *r = *state;
    doer_packet p = {.reason = "signature", .digest = "sha256:x"};
    store_outbox *rows = NULL;
    size_t owed = 0;
    wb_error e;
    for (int i = 0; i < 200; i++)
        doer_reject(r->d, &p, WB_LIT("test"));
    assert_int_equal(store_outbox_list(r->d->store, RIG_TENANT, &rows, &owed, &e), WB_OK);
    /* The minute may have turned in between. */
    assert_in_range(owed, DOER_REJECT_SINGLE, 2 * DOER_REJECT_SINGLE);
    store_outbox_list_free(rows, owed);
}

/* ---- Replay ---- */

static doer_accepted accept_token(rig *r, const char *token, store_state *is)
{
    doer_packet p;
    wb_error e;
    r->d->keys_at = wb_now_ms();
    doer_verify(r->d, wb_str_of(token), wb_now_ms(), &p);
    if (p.reason)
        fail_msg("%s", p.reason);
    doer_accepted result = doer_accept(r->d, &p, wb_str_of(token), is, &e);
    doer_packet_clear(&p);
    return result;
}

static void a_replay_does_nothing(void **state)
{
    rig *r = *state;
    store_state is;
    char *token = rig_sign(&r->keys, good());
    assert_int_equal(accept_token(r, token, &is), DOER_NEW);
    assert_int_equal(is, STORE_ACCEPTED);
    assert_int_equal(accept_token(r, token, &is), DOER_SEEN_JOB);
    assert_int_equal(is, STORE_ACCEPTED);
    json_t *claims = good();
    json_object_set_new(claims, "nonce", json_string("another"));
    char *other = rig_sign(&r->keys, claims);
    assert_int_equal(accept_token(r, other, &is), DOER_REUSED);
    free(token);
    free(other);
}

static void a_later_phase_needs_its_root(void **state)
{
    rig *r = *state;
    store_state is;
    char *token = rig_packet(&r->keys, "j2", "reinstate", "nobody", USER);
    assert_int_equal(accept_token(r, token, &is), DOER_NO_ROOT);
    free(token);
}

/* ---- The race ---- */

/* A root in a state that both phases may continue. */
static void make_root(rig *r, const char *jti, int64_t due_in_ms, bool held)
{
    wb_error e;
    store_state is;
    char *token = rig_packet(&r->keys, jti, "soft", NULL, USER);
    assert_int_equal(accept_token(r, token, &is), DOER_NEW);
    free(token);
    store_job root = {.jti = jti};
    const store_state way[] = {STORE_ACCEPTED, STORE_SOFT_RUNNING, STORE_SOFT_DONE,
                               STORE_HARD_SCHEDULED, STORE_HELD};
    for (size_t i = 0; i + 1 < (held ? 5u : 4u); i++)
        assert_int_equal(doer_move(r->d, &root, NULL, way[i], way[i + 1], NULL, &e), WB_OK);
    doer_clock now = doer_clock_read(r->d->boot_id);
    assert_int_equal(store_job_schedule(r->d->store, RIG_TENANT, jti, now.wall_ms + due_in_ms,
                                        now.boot_ms + due_in_ms, r->d->boot_id, &e),
                     WB_OK);
}

static doer_accepted try_phase(rig *r, const char *jti, const char *phase, const char *root)
{
    store_state is;
    char *token = rig_packet(&r->keys, jti, phase, root, USER);
    doer_accepted result = accept_token(r, token, &is);
    free(token);
    return result;
}

static void inside_the_window_only_the_reinstatement_wins(void **state)
{
    rig *r = *state;
    make_root(r, "r1", 60000, false);
    assert_int_equal(try_phase(r, "h1", "hard", "r1"), DOER_TOO_LATE);
    assert_int_equal(try_phase(r, "x1", "reinstate", "r1"), DOER_NEW);
    assert_int_equal(try_phase(r, "x2", "reinstate", "r1"), DOER_TOO_LATE);
}

static void after_the_window_only_the_hard_phase_wins(void **state)
{
    rig *r = *state;
    make_root(r, "r2", -1, false);
    assert_int_equal(try_phase(r, "x3", "reinstate", "r2"), DOER_TOO_LATE);
    assert_int_equal(try_phase(r, "h2", "hard", "r2"), DOER_NEW);
    assert_int_equal(try_phase(r, "x4", "reinstate", "r2"), DOER_TOO_LATE);
}

typedef struct runner_arg {
    rig *r;
    const char *token;
    pthread_barrier_t *start;
    doer_accepted result;
} runner_arg;

static void *race(void *arg)
{
    runner_arg *a = arg;
    doer_packet p;
    store_state is;
    wb_error e;
    doer_verify(a->r->d, wb_str_of(a->token), wb_now_ms(), &p);
    pthread_barrier_wait(a->start);
    a->result = p.reason ? DOER_BROKEN : doer_accept(a->r->d, &p, wb_str_of(a->token), &is, &e);
    doer_packet_clear(&p);
    return NULL;
}

static void reinstatement_and_hard_phase_never_both_win(void **state)
{
    rig *r = *state;
    int hard = 0;
    for (int i = 0; i < 100; i++) {
        char root[32], h[32], x[32];
        pthread_barrier_t start;
        pthread_t one, two;
        snprintf(root, sizeof root, "root-%d", i);
        snprintf(h, sizeof h, "hard-%d", i);
        snprintf(x, sizeof x, "back-%d", i);
        make_root(r, root, -1, true);
        char *ht = rig_packet(&r->keys, h, "hard", root, USER);
        char *xt = rig_packet(&r->keys, x, "reinstate", root, USER);
        runner_arg a = {r, ht, &start, DOER_BROKEN}, b = {r, xt, &start, DOER_BROKEN};
        pthread_barrier_init(&start, NULL, 2);
        r->d->keys_at = wb_now_ms();
        pthread_create(&one, NULL, race, &a);
        pthread_create(&two, NULL, race, &b);
        pthread_join(one, NULL);
        pthread_join(two, NULL);
        pthread_barrier_destroy(&start);
        assert_int_equal((a.result == DOER_NEW) + (b.result == DOER_NEW), 1);
        assert_int_equal((a.result == DOER_TOO_LATE) + (b.result == DOER_TOO_LATE), 1);
        hard += a.result == DOER_NEW;
        store_job row = {0};
        wb_error e;
        assert_int_equal(store_job_get(r->d->store, RIG_TENANT, root, &row, &e), WB_OK);
        assert_string_equal(row.state, a.result == DOER_NEW ? "HARD_CLAIMED" : "REINSTATING");
        store_job_clear(&row);
        /* The loser left nothing behind. */
        assert_int_equal(
            store_job_get(r->d->store, RIG_TENANT, a.result == DOER_NEW ? x : h, &row, &e),
            WB_NOT_FOUND);
        free(ht);
        free(xt);
    }
    print_message("of 100 races the hard phase won %d\n", hard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(a_good_packet_is_good),
        T(each_wrong_claim_has_its_reason),
        T(hmac_alone_is_not_enough),
        T(a_doer_with_the_hmac_key_checks_it),
        T(a_stranger_beside_the_right_key_is_refused),
        T(a_revoked_key_is_refused),
        T(another_type_is_refused),
        T(no_byte_can_be_changed),
        T(no_part_can_be_cut),
        T(keys_that_cannot_be_fetched_accept_nothing),
        T(every_rejection_is_the_same_answer),
        T(a_flood_of_rejections_becomes_a_count),
        T(a_replay_does_nothing),
        T(a_later_phase_needs_its_root),
        T(inside_the_window_only_the_reinstatement_wins),
        T(after_the_window_only_the_hard_phase_wins),
        T(reinstatement_and_hard_phase_never_both_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
