/* Killed at each named place: after the restart the same request ends in exactly one decision. */
#include "rig.h"

#include <signal.h>
#include <sys/wait.h>

static const char *const POINTS[] = {"gk.before_ledger", "gk.after_ledger", "gk.after_sign",
                                     "gk.before_reply"};
static const char *const SAMPLES[] = {"allow", "require_hitl", "deny"};

/* The child dies at the point; nothing of it is answered. */
static void kill_at(rig *r, const char *point, const char *body)
{
    pid_t child = fork();
    if (child == 0) {
        wb_error e = {0};
        setenv("WRIT_CRASH_AT", point, 1);
        wb_crash_reload();
        if (rig_open(r, NULL, NULL, &e))
            _exit(1);
        rig_packet_key(r, "\"k\"", body);
        _exit(2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("not killed at %s: status %d", point, status);
}

static void one_decision_after_a_kill(void **state)
{
    for (size_t s = 0; s < sizeof SAMPLES / sizeof SAMPLES[0]; s++)
        for (size_t i = 0; i < sizeof POINTS / sizeof POINTS[0]; i++) {
            rig r;
            wb_error e = {0};
            char *body = rig_sample(SAMPLES[s]);
            rig_folder(&r);
            kill_at(&r, POINTS[i], body);
            if (rig_open(&r, NULL, NULL, &e))
                fail_msg("after %s: %s", POINTS[i], e.text);
            assert_int_equal(rig_packet_key(&r, "\"k\"", body), 201);
            assert_int_equal(rig_entries(&r, "decision", NULL), 1);
            assert_int_equal(rig_entries(&r, "packet.signed", NULL), 1);
            assert_true(rig_text(&r, "jws", NULL)[0] != 0);
            char *first = wb_strndup(r.r.body.p, r.r.body.n);
            assert_int_equal(rig_packet_key(&r, "\"k\"", body), 201);
            assert_memory_equal(first, r.r.body.p, r.r.body.n);
            /* What waits for a human can still be approved by the link of the last round. */
            if (s == 1) {
                assert_string_equal(rig_text(&r, "state", NULL), "PENDING_HITL");
                char id[WB_UUID_TEXT], digest[WB_SHA256_TEXT];
                snprintf(id, sizeof id, "%s", rig_text(&r, "approval", "id"));
                snprintf(digest, sizeof digest, "%s", rig_text(&r, "approval", "digest"));
                assert_int_equal(
                    rig_review(&r, id, "approve", "sec:nora.beck", "correct-horse", digest, NULL),
                    200);
                assert_string_equal(rig_text(&r, "packet_state", NULL), "SIGNED");
            }
            free(first);
            free(body);
            rig_stop(&r);
        }
}

/* Killed while an approval takes effect: the restart finishes it, and once. */
static void one_effect_of_an_approval_after_a_kill(void **state)
{
    for (size_t i = 0; i + 1 < sizeof POINTS / sizeof POINTS[0]; i++) {
        rig r;
        wb_error e = {0};
        char point[64], *body = rig_sample("require_hitl");
        snprintf(point, sizeof point, "%s:2", POINTS[i]);
        rig_folder(&r);
        pid_t child = fork();
        if (child == 0) {
            setenv("WRIT_CRASH_AT", point, 1);
            wb_crash_reload();
            if (rig_open(&r, NULL, NULL, &e))
                _exit(1);
            rig_packet_key(&r, "\"k\"", body);
            char id[WB_UUID_TEXT], digest[WB_SHA256_TEXT];
            snprintf(id, sizeof id, "%s", rig_text(&r, "approval", "id"));
            snprintf(digest, sizeof digest, "%s", rig_text(&r, "approval", "digest"));
            rig_review(&r, id, "approve", "sec:nora.beck", "correct-horse", digest, NULL);
            _exit(2);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(rig_open(&r, NULL, NULL, &e), WB_OK);
        assert_int_equal(rig_call(&r, "GET", "/v1/approvals?state=approved", NULL, ""), 200);
        char path[96];
        json_t *first = json_array_get(json_object_get(r.json, "items"), 0);
        snprintf(path, sizeof path, "/v1/packets/%s",
                 json_string_value(json_object_get(first, "packet_id")));
        assert_int_equal(rig_call(&r, "GET", path, NULL, ""), 200);
        assert_string_equal(rig_text(&r, "state", NULL), "SIGNED");
        assert_string_equal(rig_text(&r, "decision", "outcome"), "allow");
        assert_int_equal(rig_entries(&r, "decision", NULL), 2);
        assert_int_equal(rig_entries(&r, "packet.signed", NULL), 2);
        assert_int_equal(rig_entries(&r, "approval.approved", NULL), 1);
        free(body);
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_decision_after_a_kill),
        cmocka_unit_test(one_effect_of_an_approval_after_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
