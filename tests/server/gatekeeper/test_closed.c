/* Whatever goes wrong with the policy is a deny; a configuration that is not understood is an
 * error. */
#include "rig.h"

#define WHO  "\"approvers\": {\"group\": \"g\", \"approve\": 1, \"deny\": 1}"
#define REST "\"reasons\": [\"a: b\"], \"risk\": 0, \"obligations\": [], " WHO

static const char REQUEST[] =
    "{\"kind\":\"offboard\",\"requested_by\":\"x\",\"subject\":{\"id\":\"emp:1\",\"target\":"
    "\"directory\",\"target_ref\":\"t\"}}";

static void few_turns(gk_options *o)
{
    o->fuel = 20000;
}

/* Opens a gatekeeper over one module. */
static wb_status open_with(rig *r, const char *module, wb_error *e)
{
    char pack[128];
    rig_folder(r);
    snprintf(pack, sizeof pack, "%s/pack", r->dir);
    assert_int_equal(mkdir(pack, 0700), 0);
    rig_write(pack, "p.rego", module);
    return rig_open(r, pack, few_turns, e);
}

static void denies_when_the_policy_gives_no_decision(void **state)
{
    static const char *const modules[] = {
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", " REST "} if input.nothing",
        "package other\nx := 1",
        "package gatekeeper\ndecision := \"allow\"",
        "package gatekeeper\ndecision := true",
        "package gatekeeper\ndecision := {\"outcome\": \"Allow\", " REST "}",
        "package gatekeeper\ndecision := {\"outcome\": [\"allow\"], " REST "}",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\"}",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", \"reasons\": [], \"risk\": 0, "
        "\"obligations\": [], " WHO "}",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", \"reasons\": [1], \"risk\": 0, "
        "\"obligations\": [], " WHO "}",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", \"reasons\": [\"a\"], \"risk\": "
        "2, "
        "\"obligations\": [], " WHO "}",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", \"reasons\": [\"a\"], \"risk\": "
        "0, "
        "\"obligations\": []}",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", " REST "} if input.packet\n"
        "decision := {\"outcome\": \"deny\", " REST "} if input.packet",
        "package gatekeeper\ndecision := {\"outcome\": \"allow\", " REST "} if "
        "count([1 | some i in numbers.range(1, 100000); i > 0]) > 5",
    };
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        rig r;
        wb_error e = {0};
        if (open_with(&r, modules[i], &e))
            fail_msg("%s: %s", modules[i], e.text);
        assert_int_equal(rig_packet(&r, REQUEST), 201);
        if (strcmp(rig_text(&r, "state", NULL), "DENIED") != 0)
            fail_msg("%s for %s", rig_text(&r, "state", NULL), modules[i]);
        const char *reason = json_string_value(
            json_array_get(json_object_get(json_object_get(r.json, "decision"), "reasons"), 0));
        assert_memory_equal(reason, "eval_error: ", 12);
        assert_int_equal(rig_entries(&r, "decision", "eval_error: "), 1);
        rig_stop(&r);
    }
}

static void allows_when_the_policy_says_so(void **state)
{
    rig r;
    wb_error e = {0};
    assert_int_equal(
        open_with(&r, "package gatekeeper\ndecision := {\"outcome\": \"allow\", " REST "}", &e),
        WB_OK);
    assert_int_equal(rig_packet(&r, REQUEST), 201);
    assert_string_equal(rig_text(&r, "state", NULL), "SIGNED");
    rig_stop(&r);
}

static void does_not_start_without_a_policy(void **state)
{
    rig r;
    wb_error e = {0};
    assert_int_equal(open_with(&r, "package gatekeeper\ndecision := ", &e), WB_INVALID);
    rig_stop(&r);
    assert_int_equal(open_with(&r, "package gatekeeper\ndecision := undefined_name", &e),
                     WB_INVALID);
    rig_stop(&r);
}

static void does_not_start_with_codes_others_can_read(void **state)
{
    rig r;
    char path[128];
    wb_error e = {0};
    rig_folder(&r);
    snprintf(path, sizeof path, "%s/approvers.json", r.dir);
    chmod(path, 0644);
    assert_int_equal(rig_open(&r, NULL, NULL, &e), WB_DENIED);
    rig_stop(&r);
}

static void refuses_a_configuration_it_does_not_know(void **state)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"windowseconds: 5\n", "windowseconds"},
        {"listen: [a]\n", "listen"},
        {"window_seconds: soon\n", "window_seconds"},
        {"window_seconds: 0\n", "window_seconds"},
        {"autonomy_level: 4\n", "autonomy_level"},
        {"packet_seconds: 3600\n", "packet_seconds"},
        {"limits: {risk: 1}\n", "risk"},
        {"limits: {risk_threshold: -1}\n", "risk_threshold"},
        {"tenant: a\ntenant: b\n", "tenant"},
        {"- a\n", "mapping"},
        {"a: [\n", ""},
    };
    rig r;
    char path[128];
    rig_folder(&r);
    snprintf(path, sizeof path, "%s/c.yaml", r.dir);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gk_options o;
        wb_error e = {0};
        gk_options_init(&o);
        rig_write(r.dir, "c.yaml", rows[i].text);
        if (gk_config_load(&o, path, &e) != WB_INVALID || !strstr(e.text, rows[i].told))
            fail_msg("%s: %s", rows[i].text, e.text);
        gk_options_clear(&o);
    }
    gk_options o;
    wb_error e = {0};
    gk_options_init(&o);
    rig_write(r.dir, "c.yaml",
              "{\"window_seconds\": 7, \"limits\": {\"risk_threshold\": 0.6}, \"tenant\": \"t1\"}");
    assert_int_equal(gk_config_load(&o, path, &e), WB_OK);
    assert_int_equal(o.window_seconds, 7);
    assert_string_equal(o.tenant, "t1");
    char *limits = json_dumps(o.limits, GK_JSON);
    assert_string_equal(limits, "{\"risk_threshold\":0.6}");
    free(limits);
    gk_options_clear(&o);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(denies_when_the_policy_gives_no_decision),
        cmocka_unit_test(allows_when_the_policy_says_so),
        cmocka_unit_test(does_not_start_without_a_policy),
        cmocka_unit_test(does_not_start_with_codes_others_can_read),
        cmocka_unit_test(refuses_a_configuration_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
