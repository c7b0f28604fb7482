/* Asking humans: once, the right ones, about what they saw. */
#include "rig.h"

#define NORA "sec:nora.beck", "correct-horse"
#define OTTO "sec:otto.lang", "battery-staple"

typedef struct asked {
    char packet[WB_UUID_TEXT], approval[WB_UUID_TEXT], digest[WB_SHA256_TEXT];
} asked;

static asked ask(rig *r, const char *sample)
{
    asked a;
    assert_int_equal(rig_send_sample(r, sample), 201);
    snprintf(a.packet, sizeof a.packet, "%s", rig_text(r, "packet_id", NULL));
    snprintf(a.approval, sizeof a.approval, "%s", rig_text(r, "approval", "id"));
    snprintf(a.digest, sizeof a.digest, "%s", rig_text(r, "approval", "digest"));
    return a;
}

static void state_is(rig *r, const char *packet, const char *state)
{
    char path[96];
    snprintf(path, sizeof path, "/v1/packets/%s", packet);
    assert_int_equal(rig_call(r, "GET", path, NULL, ""), 200);
    assert_string_equal(rig_text(r, "state", NULL), state);
}

static void approves_once(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 200);
    assert_string_equal(rig_text(&r, "packet_state", NULL), "SIGNED");
    assert_int_equal(rig_review(&r, a.approval, "reject", OTTO, a.digest, NULL), 409);
    assert_string_equal(rig_text(&r, "code", NULL), "already_decided");
    assert_non_null(strstr(rig_text(&r, "detail", NULL), "sec:nora.beck"));
    state_is(&r, a.packet, "SIGNED");
    size_t n;
    char *payload = gk_payload_of(rig_text(&r, "jws", NULL), &n);
    assert_non_null(strstr(payload, "\"outcome\":\"allow\""));
    assert_non_null(strstr(payload, a.approval));
    assert_non_null(strstr(payload, a.digest));
    free(payload);
    assert_int_equal(rig_entries(&r, "approval.approved", "sec:nora.beck"), 1);
    assert_int_equal(rig_entries(&r, "approval.duplicate", NULL), 1);
    assert_int_equal(rig_entries(&r, "decision", a.packet), 2);
    rig_stop(&r);
}

static void rejects_for_good(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    assert_int_equal(rig_review(&r, a.approval, "reject", NORA, a.digest, NULL), 200);
    assert_string_equal(rig_text(&r, "packet_state", NULL), "REJECTED");
    assert_int_equal(rig_review(&r, a.approval, "approve", OTTO, a.digest, NULL), 409);
    state_is(&r, a.packet, "REJECTED");
    rig_stop(&r);
}

static void lets_only_the_right_people_decide(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    assert_int_equal(
        rig_review(&r, a.approval, "approve", "hr:ines.falk", "requester", a.digest, NULL), 403);
    assert_string_equal(rig_text(&r, "code", NULL), "self_approval");
    assert_int_equal(rig_review(&r, a.approval, "approve", "tomas.lind@example.com", "subject-1",
                                a.digest, NULL),
                     403);
    assert_string_equal(rig_text(&r, "code", NULL), "self_approval");
    assert_int_equal(rig_review(&r, a.approval, "approve", "ops:uwe", "operations", a.digest, NULL),
                     403);
    assert_int_equal(
        rig_review(&r, a.approval, "approve", "nobody", "correct-horse", a.digest, NULL), 401);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            rig_review(&r, a.approval, "approve", "sec:nora.beck", "wrong-code", a.digest, NULL),
            401);
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 429);
    assert_int_equal(rig_review(&r, a.approval, "approve", OTTO, "sha256:00", NULL), 409);
    state_is(&r, a.packet, "PENDING_HITL");
    assert_int_equal(rig_entries(&r, "approval.refused", NULL), 11);
    rig_stop(&r);
}

static void looking_consumes_nothing(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    char *link = rig_link(&r, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_call(&r, "GET", link, NULL, ""), 200);
        assert_non_null(memmem(r.r.body.p, r.r.body.n, a.digest, strlen(a.digest)));
        assert_null(memmem(r.r.body.p, r.r.body.n, "<script", 7));
        wb_str csp = http_loopback_header(&r.r, "content-security-policy");
        assert_non_null(memmem(csp.p, csp.n, "default-src 'none'", 18));
    }
    char form[512];
    static const char *const headers[] = {"content-type", "application/x-www-form-urlencoded",
                                          NULL};
    snprintf(form, sizeof form,
             "decision=approve&approver=sec%%3Anora.beck&code=correct-horse&reason=&digest=%s",
             a.digest);
    assert_int_equal(rig_call(&r, "POST", link, headers, form), 200);
    assert_int_equal(rig_call(&r, "POST", link, headers, form), 409);
    assert_int_equal(rig_call(&r, "POST", link, headers, "decision=approve&decision=reject"), 400);
    assert_int_equal(rig_call(&r, "GET", link, NULL, ""), 200);
    assert_null(memmem(r.r.body.p, r.r.body.n, "<form", 5));
    link[strlen(link) - 1] ^= 1;
    assert_int_equal(rig_call(&r, "GET", link, NULL, ""), 404);
    assert_int_equal(rig_call(&r, "GET", "/a/x", NULL, ""), 404);
    free(link);
    rig_stop(&r);
}

static void escapes_what_it_shows(void **state)
{
    rig r;
    rig_start(&r);
    char *body = rig_sample("require_hitl"), *at;
    json_t *j = json_loads(body, 0, NULL);
    json_object_set_new(j, "requested_by", json_string("<b onclick='x'>&\"</b>"));
    at = json_dumps(j, 0);
    assert_int_equal(rig_packet(&r, at), 201);
    char *link = rig_link(&r, 0);
    assert_int_equal(rig_call(&r, "GET", link, NULL, ""), 200);
    assert_null(memmem(r.r.body.p, r.r.body.n, "<b onclick", 10));
    assert_non_null(memmem(r.r.body.p, r.r.body.n, "&lt;b onclick=&#39;x&#39;&gt;", 29));
    free(link);
    free(at);
    free(body);
    json_decref(j);
    rig_stop(&r);
}

static void shows_what_cannot_be_seen(void **state)
{
    rig r;
    rig_start(&r);
    char *body = rig_sample("require_hitl"), *at;
    json_t *j = json_loads(body, 0, NULL);
    /* An override that turns the rest of the name, a space without width, a tag. */
    json_object_set_new(j, "requested_by",
                        json_string("hr:a\xe2\x80\xaeklaf\xe2\x80\x8b\xf3\xa0\x81\x81\xc3\xa9"));
    at = json_dumps(j, 0);
    assert_int_equal(rig_packet(&r, at), 201);
    char *link = rig_link(&r, 0);
    assert_int_equal(rig_call(&r, "GET", link, NULL, ""), 200);
    assert_non_null(memmem(r.r.body.p, r.r.body.n, "hr:a[U+202E]klaf[U+200B][U+E0041]\xc3\xa9",
                           strlen("hr:a[U+202E]klaf[U+200B][U+E0041]") + 2));
    assert_null(memmem(r.r.body.p, r.r.body.n, "\xe2\x80\xae", 3));
    free(link);
    free(at);
    free(body);
    json_decref(j);
    rig_stop(&r);
}

static void short_lived(gk_options *o)
{
    o->approval_seconds = 1;
}

static void expires_and_says_so(void **state)
{
    rig r;
    wb_error e = {0};
    rig_folder(&r);
    assert_int_equal(rig_open(&r, NULL, short_lived, &e), WB_OK);
    asked a = ask(&r, "require_hitl");
    usleep(1100000);
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 409);
    gk_approvals_expire(r.g);
    assert_int_equal(rig_entries(&r, "approval.expired", a.approval), 1);
    state_is(&r, a.packet, "EXPIRED");
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 409);
    rig_stop(&r);
}

static void asks_anew_when_facts_change(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    json_object_set_new(r.g->o.limits, "risk_threshold", json_real(0.5));
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 409);
    assert_string_equal(rig_text(&r, "code", NULL), "stale");
    state_is(&r, a.packet, "PENDING_HITL");
    assert_string_not_equal(rig_text(&r, "approval", "id"), a.approval);
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 409);
    assert_true(rig_entries(&r, "approval.stale", a.packet) >= 1);
    assert_int_equal(rig_entries(&r, "packet.signed", "\"outcome\":\"allow\""), 0);
    rig_stop(&r);
}

static void waits_for_as_many_as_the_policy_asks(void **state)
{
    rig r;
    wb_error e = {0};
    rig_start(&r);
    json_object_set_new(r.g->o.limits, "approve", json_integer(2));
    asked a = ask(&r, "require_hitl");
    char second[WB_UUID_TEXT] = "";
    assert_int_equal(rig_call(&r, "GET", "/v1/approvals?state=pending", NULL, ""), 200);
    json_t *items = json_object_get(r.json, "items");
    assert_int_equal(json_array_size(items), 2);
    for (size_t i = 0; i < 2; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(items, i), "id"));
        if (strcmp(id, a.approval) != 0)
            snprintf(second, sizeof second, "%s", id);
    }
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 200);
    assert_string_equal(rig_text(&r, "packet_state", NULL), "PENDING_HITL");
    assert_int_equal(rig_review(&r, second, "approve", NORA, a.digest, NULL), 403);
    assert_int_equal(rig_review(&r, second, "approve", OTTO, a.digest, NULL), 200);
    assert_string_equal(rig_text(&r, "packet_state", NULL), "SIGNED");
    assert_int_equal(e.status, 0);
    rig_stop(&r);
}

static void suspicion_needs_the_target_again_and_a_new_packet(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "injection");
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 422);
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, "root@example.com"),
                     422);
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, " Lea.Sand@example.com"),
                     200);
    assert_string_equal(rig_text(&r, "packet_state", NULL), "CANCELLED");
    char again[WB_UUID_TEXT];
    snprintf(again, sizeof again, "%s", rig_text(&r, "reissued_as", NULL));
    state_is(&r, a.packet, "CANCELLED");
    state_is(&r, again, "SIGNED");
    assert_string_equal(rig_text(&r, "subject", "target_ref"), "lea.sand@example.com");
    assert_string_equal(rig_text(&r, "reissued_from", NULL), a.packet);
    assert_int_equal(rig_entries(&r, "decision", "prompt_injection_cleared"), 1);
    rig_stop(&r);
}

static void counts_a_flood_of_refusals(void **state)
{
    rig r;
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    /* Two windows may begin in between: each has its own first ones. */
    for (int i = 0; i < 3 * GK_REFUSE_SINGLE; i++)
        assert_int_equal(
            rig_review(&r, a.approval, "approve", "sec:nobody", "no-code", a.digest, NULL), 401);
    int single = rig_entries(&r, "approval.refused", a.approval);
    assert_in_range(single, GK_REFUSE_SINGLE, 2 * GK_REFUSE_SINGLE);
    assert_int_equal(rig_entries(&r, "approval.refused", "\"count\":"), 0);
    gk_refusals_close(r.g, wb_now_ms() + GK_REFUSE_WINDOW);
    gk_refusals_close(r.g, wb_now_ms() + GK_REFUSE_WINDOW);
    int counts = rig_entries(&r, "approval.refused", "\"count\":");
    assert_in_range(counts, 1, 2);
    /* Another kind is still entered. */
    assert_int_equal(rig_review(&r, a.approval, "approve", "ops:uwe", "operations", a.digest, NULL),
                     403);
    assert_int_equal(rig_entries(&r, "approval.refused", "not_an_approver"), 1);
    rig_stop(&r);
}

static int keyed(rig *r, const char *key, const char *path, const char *body)
{
    const char *const headers[] = {"content-type", "application/json", "idempotency-key", key,
                                   NULL};
    return rig_call(r, "POST", path, headers, body);
}

static void cancels_once_for_a_key(void **state)
{
    rig r;
    char path[96];
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    snprintf(path, sizeof path, "/v1/packets/%s:cancel", a.packet);
    assert_int_equal(keyed(&r, "\"a b\"", path, "{\"reason\":\"x\"}"), 400);
    state_is(&r, a.packet, "PENDING_HITL");
    assert_int_equal(keyed(&r, "\"k\"", path, "{\"reason\":\"x\"}"), 200);
    assert_int_equal(keyed(&r, "\"k\"", path, "{\"reason\":\"x\"}"), 200);
    assert_true(wb_str_is(http_loopback_header(&r.r, "idempotency-replayed"), "true"));
    assert_string_equal(rig_text(&r, "state", NULL), "CANCELLED");
    assert_int_equal(keyed(&r, "\"k\"", path, "{\"reason\":\"y\"}"), 422);
    assert_int_equal(keyed(&r, "\"l\"", path, "{\"reason\":\"x\"}"), 409);
    /* A refusal keeps no key. */
    assert_int_equal(keyed(&r, "\"l\"", path, "{\"reason\":\"y\"}"), 409);
    assert_int_equal(rig_entries(&r, "packet.cancelled", a.packet), 1);
    for (int i = 0; i < 3 * GK_REFUSE_SINGLE; i++)
        assert_int_equal(rig_post(&r, path, "{\"reason\":\"x\"}"), 409);
    assert_in_range(rig_entries(&r, "illegal_transition", a.packet), GK_REFUSE_SINGLE,
                    2 * GK_REFUSE_SINGLE);
    gk_refusals_close(r.g, wb_now_ms() + GK_REFUSE_WINDOW);
    assert_in_range(rig_entries(&r, "illegal_transition", "\"count\":"), 1, 2);
    rig_stop(&r);
}

static void cancels_only_what_waits(void **state)
{
    rig r;
    char path[96];
    rig_start(&r);
    asked a = ask(&r, "require_hitl");
    snprintf(path, sizeof path, "/v1/packets/%s:cancel", a.packet);
    assert_int_equal(rig_post(&r, path, "{}"), 400);
    assert_int_equal(rig_post(&r, path, "{\"reason\":\"x\"}"), 200);
    assert_int_equal(rig_post(&r, path, "{\"reason\":\"x\"}"), 409);
    assert_int_equal(rig_entries(&r, "illegal_transition", a.packet), 1);
    assert_int_equal(rig_review(&r, a.approval, "approve", NORA, a.digest, NULL), 409);
    state_is(&r, a.packet, "CANCELLED");
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(approves_once),
        cmocka_unit_test(rejects_for_good),
        cmocka_unit_test(lets_only_the_right_people_decide),
        cmocka_unit_test(looking_consumes_nothing),
        cmocka_unit_test(escapes_what_it_shows),
        cmocka_unit_test(shows_what_cannot_be_seen),
        cmocka_unit_test(expires_and_says_so),
        cmocka_unit_test(asks_anew_when_facts_change),
        cmocka_unit_test(waits_for_as_many_as_the_policy_asks),
        cmocka_unit_test(suspicion_needs_the_target_again_and_a_new_packet),
        cmocka_unit_test(cancels_only_what_waits),
        cmocka_unit_test(counts_a_flood_of_refusals),
        cmocka_unit_test(cancels_once_for_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
