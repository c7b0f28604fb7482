/* The timer's rule, snapshots, the catalogue. */
#include "tests/server/doer/rig.h"

static const doer_due DUE = {1000000, 500000, "boot-a"};

static doer_timer look(int64_t wall, int64_t boot, const char *id)
{
    doer_clock now = {wall, boot, id};
    return doer_timer_look(&DUE, &now);
}

static void timer_fires_when_both_clocks_agree(void **state)
{
    assert_int_equal(look(999999, 500000, "boot-a"), DOER_TIMER_WAIT);
    assert_int_equal(look(1000000, 500000, "boot-a"), DOER_TIMER_FIRE);
}

static void timer_does_not_believe_a_wall_clock_set_forward(void **state)
{
    assert_int_equal(look(99999999, 499999, "boot-a"), DOER_TIMER_WAIT);
}

static void timer_waits_for_a_wall_clock_set_back(void **state)
{
    assert_int_equal(look(10, 900000, "boot-a"), DOER_TIMER_WAIT);
}

static void timer_begins_again_after_a_restart_of_the_machine(void **state)
{
    assert_int_equal(look(2000000, 900000, "boot-b"), DOER_TIMER_REARM);
    doer_due unknown = {1000000, 500000, ""};
    doer_clock now = {2000000, 900000, ""};
    assert_int_equal(doer_timer_look(&unknown, &now), DOER_TIMER_REARM);
}

static void timer_without_a_due_time_never_fires(void **state)
{
    doer_due none = {0, 0, "boot-a"};
    doer_clock now = {2000000, 900000, "boot-a"};
    assert_int_equal(doer_timer_look(&none, &now), DOER_TIMER_WAIT);
}

/* ---- Snapshots ---- */

static json_t *user(const char *version, int active, const char *g1, const char *g2)
{
    return json_pack("{s:s,s:s,s:b,s:{s:s},s:[{s:s},{s:s}],s:{s:[s]}}", "id", "usr-1", "userName",
                     "a@example.com", "active", active, "meta", "version", version, "groups",
                     "value", g1, "value", g2,
                     "urn:writ:params:scim:schemas:extension:licences:2.0:User", "licences",
                     "suite");
}

static size_t differences(json_t *a, json_t *b)
{
    json_t *before = doer_snapshot_of(a), *after = doer_snapshot_of(b);
    json_t *diff = doer_snapshot_diff(before, after);
    size_t n = json_array_size(diff);
    json_decref(diff);
    json_decref(before);
    json_decref(after);
    json_decref(a);
    json_decref(b);
    return n;
}

static void snapshots_ignore_versions_and_order(void **state)
{
    assert_int_equal(differences(user("1", 1, "x", "y"), user("9", 1, "y", "x")), 0);
}

static void snapshots_tell_each_field(void **state)
{
    assert_int_equal(differences(user("1", 1, "x", "y"), user("1", 0, "x", "y")), 1);
    assert_int_equal(differences(user("1", 1, "x", "y"), user("1", 0, "x", "z")), 2);
    assert_int_equal(differences(user("1", 1, "x", "y"), json_object()), 5);
}

static void an_empty_answer_never_equals_a_snapshot(void **state)
{
    json_t *empty = json_object(), *diff = doer_snapshot_diff(empty, empty);
    assert_true(json_array_size(diff) > 0);
    json_decref(diff);
    json_decref(empty);
}

/* ---- Catalogue ---- */

static void catalogue_knows_connector_and_target(void **state)
{
    assert_int_equal(doer_verb_of(WB_LIT("scim.delete"), "directory"), DOER_VERB_DELETE);
    assert_int_equal(doer_verb_of(WB_LIT("directory.delete"), "directory"), DOER_VERB_DELETE);
    assert_int_equal(doer_verb_of(WB_LIT("okta.delete"), "directory"), DOER_NO_VERB);
    assert_int_equal(doer_verb_of(WB_LIT("scim.delete2"), "directory"), DOER_NO_VERB);
    assert_int_equal(doer_verb_of(WB_LIT("delete"), "directory"), DOER_NO_VERB);
    assert_int_equal(doer_verb_of(WB_LIT(""), "directory"), DOER_NO_VERB);
}

static void soft_steps_destroy_nothing(void **state)
{
    for (int v = DOER_NO_VERB + 1; v < DOER_VERB_COUNT; v++)
        if (doer_verb_phases((doer_verb)v) & DOER_SOFT)
            assert_false(doer_verb_destroys((doer_verb)v));
    assert_true(doer_verb_destroys(DOER_VERB_DELETE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timer_fires_when_both_clocks_agree),
        cmocka_unit_test(timer_does_not_believe_a_wall_clock_set_forward),
        cmocka_unit_test(timer_waits_for_a_wall_clock_set_back),
        cmocka_unit_test(timer_begins_again_after_a_restart_of_the_machine),
        cmocka_unit_test(timer_without_a_due_time_never_fires),
        cmocka_unit_test(snapshots_ignore_versions_and_order),
        cmocka_unit_test(snapshots_tell_each_field),
        cmocka_unit_test(an_empty_answer_never_equals_a_snapshot),
        cmocka_unit_test(catalogue_knows_connector_and_target),
        cmocka_unit_test(soft_steps_destroy_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
