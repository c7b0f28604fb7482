/* After the soft packet: the doer's door, the hard phase, the way back. */
#include "rig.h"

typedef struct soft {
    char packet[WB_UUID_TEXT], jti[WB_UUID_TEXT];
} soft;

static void one_second(gk_options *o)
{
    o->window_seconds = 1;
}

static int report(rig *r, const char *jti, const char *type, const char *state)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"type\":\"%s\",\"tenant\":\"default\",\"body\":{\"jti\":\"%s\",\"state\":\"%s\"},"
             "\"blobs\":[]}",
             type, jti, state);
    return rig_doer(r, "/v1/ledger/entries", body);
}

static void state_is(rig *r, const char *packet, const char *state)
{
    char path[96];
    snprintf(path, sizeof path, "/v1/packets/%s", packet);
    assert_int_equal(rig_call(r, "GET", path, NULL, ""), 200);
    assert_string_equal(rig_text(r, "state", NULL), state);
}

static soft begin(rig *r, const char *sample)
{
    soft s;
    char path[96];
    assert_int_equal(rig_send_sample(r, sample), 201);
    snprintf(s.packet, sizeof s.packet, "%s", rig_text(r, "packet_id", NULL));
    snprintf(path, sizeof path, "/v1/packets/%s", s.packet);
    assert_int_equal(rig_call(r, "GET", path, NULL, ""), 200);
    snprintf(s.jti, sizeof s.jti, "%s", rig_text(r, "jti", NULL));
    return s;
}

static void schedule(rig *r, const soft *s)
{
    assert_int_equal(report(r, s->jti, "packet.accepted", "ACCEPTED"), 201);
    assert_int_equal(report(r, s->jti, "packet.state", "SOFT_RUNNING"), 201);
    assert_int_equal(report(r, s->jti, "packet.state", "SOFT_DONE"), 201);
    assert_int_equal(report(r, s->jti, "packet.scheduled", "HARD_SCHEDULED"), 201);
}

static int hard(rig *r, const soft *s, const char *jti, int64_t done_at_ns)
{
    char path[96], body[512];
    snprintf(path, sizeof path, "/v1/packets/%s:hard", s->packet);
    snprintf(body, sizeof body,
             "{\"jti\":\"%s\",\"tenant\":\"default\",\"soft\":{\"done\":true,\"done_at_ns\":%lld,"
             "\"partial\":false}}",
             jti, (long long)done_at_ns);
    return rig_doer(r, path, body);
}

static void the_door_wants_the_token(void **state)
{
    rig r;
    rig_start(&r);
    soft s = begin(&r, "allow");
    char path[96];
    snprintf(path, sizeof path, "/v1/packets/%s:hard", s.packet);
    assert_int_equal(rig_post(&r, "/v1/ledger/entries", "{}"), 401);
    assert_int_equal(rig_post(&r, path, "{}"), 401);
    const char *const wrong[] = {"authorization", "Bearer 0000", NULL};
    assert_int_equal(rig_call(&r, "POST", "/v1/ledger/entries", wrong, "{}"), 401);
    assert_int_equal(rig_doer(&r, "/v1/ledger/entries", "{}"), 400);
    assert_int_equal(report(&r, s.jti, "decision", ""), 400);
    assert_int_equal(report(&r, s.jti, "packet.signed", ""), 400);
    assert_int_equal(report(&r, s.jti, "approval.approved", ""), 400);
    assert_int_equal(rig_doer(&r, "/v1/ledger/entries",
                              "{\"type\":\"exec.intent\",\"tenant\":\"other\",\"body\":{}}"),
                     400);
    assert_int_equal(rig_doer(&r, "/v1/ledger/entries",
                              "{\"type\":\"exec.intent\",\"tenant\":\"default\",\"body\":[]}"),
                     400);
    assert_int_equal(report(&r, s.jti, "exec.intent", ""), 201);
    assert_int_equal(rig_entries(&r, "exec.intent", s.jti), 1);
    rig_stop(&r);
}

static void mirrors_the_doer(void **state)
{
    rig r;
    rig_start(&r);
    soft s = begin(&r, "allow");
    schedule(&r, &s);
    state_is(&r, s.packet, "HARD_SCHEDULED");
    /* A state that was passed and not reported is filled in. */
    assert_int_equal(report(&r, s.jti, "packet.completed", "COMPLETED"), 201);
    state_is(&r, s.packet, "COMPLETED");
    /* What cannot follow is entered, and named. */
    assert_int_equal(report(&r, s.jti, "packet.reinstated", "REINSTATED"), 201);
    state_is(&r, s.packet, "COMPLETED");
    assert_int_equal(rig_entries(&r, "illegal_transition", s.packet), 1);
    rig_stop(&r);
}

static void the_hard_phase_is_decided_afresh(void **state)
{
    rig r;
    wb_error e = {0};
    rig_folder(&r);
    assert_int_equal(rig_open(&r, NULL, one_second, &e), WB_OK);
    soft s = begin(&r, "allow");
    int64_t done = wb_now_ns();
    assert_int_equal(hard(&r, &s, s.jti, done), 409);
    schedule(&r, &s);
    assert_int_equal(hard(&r, &s, s.packet, done), 404);
    done = wb_now_ns();
    assert_int_equal(hard(&r, &s, s.jti, done), 403);
    assert_string_equal(rig_text(&r, "decision", "outcome"), "deny");
    state_is(&r, s.packet, "HELD");
    /* Nothing was done before there was a packet: such a word counts for nothing. */
    assert_int_equal(hard(&r, &s, s.jti, done - 3600 * (int64_t)1000000000), 403);
    usleep(1100000);
    assert_int_equal(hard(&r, &s, s.jti, done), 201);
    size_t n;
    char *first = wb_strdup(rig_text(&r, "jws", NULL)), *payload = gk_payload_of(first, &n);
    assert_non_null(strstr(payload, "\"phase\":\"hard\""));
    assert_non_null(strstr(payload, "\"op\":\"directory.delete\""));
    json_t *claims = json_loadb(payload, n, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(claims, "parent")), s.jti);
    assert_string_not_equal(json_string_value(json_object_get(claims, "jti")), s.jti);
    json_decref(claims);
    free(payload);
    /* Asked again, the same bytes. */
    assert_int_equal(hard(&r, &s, s.jti, done), 201);
    assert_string_equal(rig_text(&r, "jws", NULL), first);
    assert_int_equal(rig_entries(&r, "packet.signed", "\"outcome\":\"allow\""), 2);
    free(first);
    rig_stop(&r);
}

static void an_approval_counts_for_the_hard_phase(void **state)
{
    rig r;
    wb_error e = {0};
    char id[WB_UUID_TEXT], digest[WB_SHA256_TEXT];
    rig_folder(&r);
    assert_int_equal(rig_open(&r, NULL, one_second, &e), WB_OK);
    soft s = begin(&r, "require_hitl");
    snprintf(id, sizeof id, "%s", rig_text(&r, "approval", "id"));
    snprintf(digest, sizeof digest, "%s", rig_text(&r, "approval", "digest"));
    assert_int_equal(rig_review(&r, id, "approve", "sec:nora.beck", "correct-horse", digest, NULL),
                     200);
    char path[96];
    snprintf(path, sizeof path, "/v1/packets/%s", s.packet);
    assert_int_equal(rig_call(&r, "GET", path, NULL, ""), 200);
    snprintf(s.jti, sizeof s.jti, "%s", rig_text(&r, "jti", NULL));
    schedule(&r, &s);
    int64_t done = wb_now_ns();
    usleep(1100000);
    assert_int_equal(hard(&r, &s, s.jti, done), 201);
    rig_stop(&r);
}

static void reinstates_inside_the_window_only(void **state)
{
    rig r;
    wb_error e = {0};
    char path[96];
    rig_folder(&r);
    assert_int_equal(rig_open(&r, NULL, one_second, &e), WB_OK);
    soft s = begin(&r, "allow");
    snprintf(path, sizeof path, "/v1/packets/%s:reinstate", s.packet);
    static const char body[] = "{\"reason\":\"a mistake\",\"requested_by\":\"hr:ines.falk\"}";
    assert_int_equal(rig_post(&r, path, body), 409);
    schedule(&r, &s);
    assert_int_equal(rig_post(&r, path, "{\"reason\":\"x\"}"), 400);
    /* Nobody gives their own account back. */
    assert_int_equal(rig_post(&r, path, "{\"reason\":\"x\",\"requested_by\":\"emp:4711\"}"), 409);
    assert_string_equal(rig_text(&r, "decision", "outcome"), "deny");
    assert_int_equal(rig_post(&r, path, body), 202);
    size_t n;
    char *payload = gk_payload_of(rig_text(&r, "jws", NULL), &n);
    assert_non_null(strstr(payload, "\"phase\":\"reinstate\""));
    assert_non_null(strstr(payload, "\"op\":\"directory.activate\""));
    free(payload);
    assert_int_equal(report(&r, s.jti, "packet.completed", "COMPLETED"), 201);
    assert_int_equal(rig_post(&r, path, body), 409);
    assert_string_equal(rig_text(&r, "code", NULL), "window_closed");
    rig_stop(&r);
}

static void the_window_closes(void **state)
{
    rig r;
    wb_error e = {0};
    char path[96];
    rig_folder(&r);
    assert_int_equal(rig_open(&r, NULL, one_second, &e), WB_OK);
    soft s = begin(&r, "allow");
    schedule(&r, &s);
    snprintf(path, sizeof path, "/v1/packets/%s:reinstate", s.packet);
    usleep(1100000);
    assert_int_equal(rig_post(&r, path, "{\"reason\":\"late\",\"requested_by\":\"hr:ines.falk\"}"),
                     409);
    assert_string_equal(rig_text(&r, "decision", "outcome"), "deny");
    rig_stop(&r);
}

static void shows_keys_and_proof(void **state)
{
    rig r;
    rig_start(&r);
    assert_int_equal(rig_send_sample(&r, "allow"), 201);
    assert_int_equal(rig_call(&r, "GET", "/v1/keys/jwks", NULL, ""), 200);
    json_t *set = json_object_get(r.json, "keys"), *one;
    size_t i;
    assert_int_equal(json_array_size(set), 3);
    json_array_foreach(set, i, one)
    {
        assert_string_equal(json_string_value(json_object_get(one, "kty")), "OKP");
        assert_null(json_object_get(one, "d"));
    }
    assert_int_equal(rig_call(&r, "GET", "/v1/ledger/verify", NULL, ""), 200);
    assert_non_null(memmem(r.r.body.p, r.r.body.n, "\"ok\":true", 9));
    assert_int_equal(rig_call(&r, "GET", "/v1/ledger/verify?tenant=other", NULL, ""), 404);
    assert_int_equal(rig_call(&r, "GET", "/readyz", NULL, ""), 200);
    assert_int_equal(rig_call(&r, "GET", "/livez", NULL, ""), 200);
    assert_int_equal(rig_call(&r, "GET", "/health", NULL, ""), 200);
    rig_stop(&r);
}

static void proves_once_at_a_time(void **state)
{
    rig r;
    rig_start(&r);
    assert_false(atomic_flag_test_and_set(&r.g->verifying));
    assert_int_equal(rig_call(&r, "GET", "/v1/ledger/verify", NULL, ""), 429);
    assert_string_equal(rig_text(&r, "code", NULL), "verification_running");
    assert_int_equal(rig_call(&r, "GET", "/v1/ledger/verify?tenant=other", NULL, ""), 404);
    atomic_flag_clear(&r.g->verifying);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rig_call(&r, "GET", "/v1/ledger/verify", NULL, ""), 200);
        assert_non_null(memmem(r.r.body.p, r.r.body.n, "\"ok\":true", 9));
    }
    rig_stop(&r);
}

static void answers_data_as_opa_does(void **state)
{
    static const struct {
        const char *target, *body, *want;
        int status;
    } rows[] = {
        {"/v1/data/facts/defaults/window_seconds", "{\"input\":{}}", "{\"result\":300}\n", 200},
        {"/v1/data/nothing/here", "{\"input\":{}}", "{}\n", 200},
        {"/v1/data/nothing/here", "",
         "{\"warning\":{\"code\":\"api_usage_warning\",\"message\":\"'input' key missing from the "
         "request\"}}\n",
         200},
        {"/v1/data/facts/defaults/window_seconds?pretty", "{\"input\":{}}",
         "{\n  \"result\": 300\n}\n", 200},
        {"/v1/data/facts/now_ns", "{\"input\":{\"time\":{\"ns\":7.50}}}", "{\"result\":7.50}\n",
         200},
    };
    rig r;
    rig_start(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rig_post(&r, rows[i].target, rows[i].body), rows[i].status);
        wb_str got = wb_buf_str(&r.r.body);
        if (!wb_str_is(got, rows[i].want))
            fail_msg("%s: %.*s", rows[i].target, WB_FMT(got));
    }
    assert_int_equal(rig_post(&r, "/v1/data/facts", "{\"input\":"), 400);
    assert_string_equal(rig_text(&r, "code", NULL), "invalid_parameter");
    assert_int_equal(rig_post(&r, "/v1/data/facts", "[1]"), 400);
    assert_int_equal(rig_post(&r, "/v1/data/%zz", "{}"), 400);
    assert_int_equal(rig_call(&r, "GET",
                              "/v1/data/facts/now_ns?input=%7B%22time%22:%7B%22ns%22:5%7D%7D", NULL,
                              ""),
                     200);
    assert_int_equal(json_integer_value(json_object_get(r.json, "result")), 5);
    assert_int_equal(rig_entries(&r, "decision", NULL), 0);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_door_wants_the_token),
        cmocka_unit_test(mirrors_the_doer),
        cmocka_unit_test(the_hard_phase_is_decided_afresh),
        cmocka_unit_test(an_approval_counts_for_the_hard_phase),
        cmocka_unit_test(reinstates_inside_the_window_only),
        cmocka_unit_test(the_window_closes),
        cmocka_unit_test(shows_keys_and_proof),
        cmocka_unit_test(proves_once_at_a_time),
        cmocka_unit_test(answers_data_as_opa_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
