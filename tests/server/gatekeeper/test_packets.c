/* From a request to a signed packet. */
#include "rig.h"

static void decides_the_samples_as_the_pack_says(void **state)
{
    static const char *const rows[][3] = {{"allow", "allow", "SIGNED"},
                                          {"require_hitl", "require_hitl", "PENDING_HITL"},
                                          {"deny", "deny", "DENIED"},
                                          {"block", "block", "BLOCKED"},
                                          {"injection", "require_hitl", "PENDING_HITL"}};
    rig r;
    rig_start(&r);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rig_send_sample(&r, rows[i][0]), 201);
        assert_string_equal(rig_text(&r, "decision", "outcome"), rows[i][1]);
        assert_string_equal(rig_text(&r, "state", NULL), rows[i][2]);
    }
    assert_int_equal(rig_entries(&r, "decision", NULL), 5);
    assert_int_equal(rig_entries(&r, "packet.signed", NULL), 5);
    rig_stop(&r);
}

static void signs_what_it_decided(void **state)
{
    rig r;
    jws_result v;
    rig_start(&r);
    assert_int_equal(rig_send_sample(&r, "allow"), 201);
    const char *jws = rig_text(&r, "jws", NULL);
    assert_true(keys_verify_jws(r.g->keys, "default", "decision", "writ-decision+jws", wb_now_ms(),
                                wb_str_of(jws), &v));
    assert_int_equal(v.algs, JWS_HS256 | JWS_ED25519);
    const json_t *c = v.claims;
    assert_string_equal(json_string_value(json_object_get(c, "iss")), "writ:local");
    assert_string_equal(json_string_value(json_object_get(c, "aud")), "doer:directory");
    assert_string_equal(json_string_value(json_object_get(c, "phase")), "soft");
    assert_true(json_is_null(json_object_get(c, "parent")));
    assert_int_equal(json_integer_value(json_object_get(c, "exp")) -
                         json_integer_value(json_object_get(c, "nbf")),
                     120);
    json_t *ops = json_object_get(c, "operations");
    assert_int_equal(json_array_size(ops), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(ops, 0), "op")),
                        "directory.deactivate");
    assert_string_equal(json_string_value(json_object_get(json_array_get(ops, 0), "inverse")),
                        "directory.activate");
    /* The receipt in the packet is the decision's entry. */
    json_t *receipt = json_object_get(c, "ledger");
    char *entry, leaf[WB_SHA256_TEXT];
    size_t n;
    assert_int_equal(
        ledger_get_entry(r.g->ledger, "default",
                         (uint64_t)json_integer_value(json_object_get(receipt, "index")), &entry,
                         &n, NULL),
        WB_OK);
    merkle_hash h = merkle_leaf(wb_str_n(entry, n));
    gk_leaf_text(&h, leaf);
    assert_string_equal(json_string_value(json_object_get(receipt, "leaf")), leaf);
    assert_non_null(strstr(entry, "\"type\":\"decision\""));
    free(entry);
    jws_result_clear(&v);
    rig_stop(&r);
}

static void signs_a_deny_without_a_plan(void **state)
{
    rig r;
    size_t n;
    rig_start(&r);
    assert_int_equal(rig_send_sample(&r, "deny"), 201);
    char *payload = gk_payload_of(rig_text(&r, "jws", NULL), &n);
    assert_non_null(strstr(payload, "\"operations\":[]"));
    assert_non_null(strstr(payload, "\"outcome\":\"deny\""));
    free(payload);
    rig_stop(&r);
}

static void answers_a_key_once(void **state)
{
    rig r;
    rig_start(&r);
    char *body = rig_sample("allow");
    static const char *const headers[] = {"content-type", "application/json", NULL};
    assert_int_equal(rig_call(&r, "POST", "/v1/packets", headers, body), 400);
    assert_string_equal(rig_text(&r, "code", NULL), "idempotency_key");
    assert_int_equal(rig_packet_key(&r, "\"a\"", body), 201);
    char *first = wb_strndup(r.r.body.p, r.r.body.n);
    assert_int_equal(rig_packet_key(&r, "\"a\"", body), 201);
    assert_int_equal(strlen(first), r.r.body.n);
    assert_memory_equal(first, r.r.body.p, r.r.body.n);
    assert_int_equal(rig_packet_key(&r, "\"a\"", "{\"kind\":\"offboard\",\"requested_by\":\"x\"}"),
                     422);
    assert_int_equal(rig_entries(&r, "decision", NULL), 1);
    assert_int_equal(rig_packet_key(&r, "\"b\"", body), 409);
    assert_string_equal(rig_text(&r, "code", NULL), "duplicate_packet");
    wb_str link = http_loopback_header(&r.r, "link");
    assert_non_null(memmem(link.p, link.n, "/v1/packets/", 12));
    assert_int_equal(rig_entries(&r, "decision", NULL), 1);
    free(first);
    free(body);
    rig_stop(&r);
}

static void refuses_what_is_no_request(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"{", ""},
        {"[]", ""},
        {"null", ""},
        {"{\"kind\":\"a\",\"kind\":\"b\",\"requested_by\":\"x\"}", ""},
        {"{\"requested_by\":\"x\"}", "/kind"},
        {"{\"kind\":\"offboard\"}", "/requested_by"},
        {"{\"kind\":7,\"requested_by\":\"x\"}", "/kind"},
        {"{\"kind\":\"../x\",\"requested_by\":\"x\"}", "/kind"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"\"}", "/requested_by"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"more\":1}", "/more"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"a/b~c\":1}", "/a~1b~0c"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"subject\":{\"id\":7}}", "/subject/id"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"subject\":{\"x\":1}}", "/subject/x"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"subject\":\"x\"}", "/subject"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"context\":{\"limits\":{}}}",
         "/context/limits"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"context\":{\"flags\":[]}}",
         "/context/flags"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"context\":{\"hris\":[]}}",
         "/context/hris"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"effective_at\":\"soon\"}",
         "/effective_at"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"effective_at\":"
         "\"2199-01-01T00:00:00.000000000Z\"}",
         "/effective_at"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\",\"effective_at\":"
         "\"2999-01-01T00:00:00.000000000Z\"}",
         "/effective_at"},
        {"{\"kind\":\"offboard\",\"requested_by\":\"x\\u0000y\"}", ""},
        {"{\"kind\":\"offboard\",\"requested_by\":\"\xff\"}", ""},
    };
    rig r;
    rig_start(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rig_packet(&r, rows[i][0]) != 400)
            fail_msg("%d for %s", r.r.status, rows[i][0]);
        json_t *first = json_array_get(json_object_get(r.json, "errors"), 0);
        assert_string_equal(json_string_value(json_object_get(first, "pointer")), rows[i][1]);
    }
    char *deep = malloc(200001);
    memset(deep, '[', 200000);
    deep[200000] = 0;
    assert_int_equal(rig_packet(&r, deep), 400);
    free(deep);
    char *big = malloc(GK_BODY_MAX + 2);
    memset(big, ' ', GK_BODY_MAX + 1);
    big[GK_BODY_MAX + 1] = 0;
    assert_int_equal(rig_packet(&r, big), 413);
    free(big);
    assert_int_equal(rig_entries(&r, "decision", NULL), 0);
    rig_stop(&r);
}

/* What belongs to the service cannot come with the request. */
static void takes_no_state_from_the_request(void **state)
{
    rig r;
    store_packet row = {0};
    rig_start(&r);
    assert_int_equal(
        rig_packet(&r,
                   "{\"kind\":\"offboard\",\"requested_by\":\"x\",\"context\":{\"history\":{"
                   "\"soft\":{\"done\":true},\"escalations\":[]},\"subject\":{\"id\":\"other\"}},"
                   "\"subject\":{\"id\":\"emp:1\",\"target\":\"directory\",\"target_ref\":\"t\"}}"),
        201);
    assert_int_equal(
        store_packet_get(r.g->store, "default", rig_text(&r, "packet_id", NULL), &row, NULL),
        WB_OK);
    json_t *input = json_loadb(row.input.p, row.input.n, 0, NULL);
    assert_null(json_object_get(json_object_get(input, "history"), "soft"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(input, "subject"), "id")),
                        "emp:1");
    char digest[WB_SHA256_TEXT];
    wb_sha256_text(row.input.p, row.input.n, digest);
    assert_string_equal(row.input_digest, digest);
    json_decref(input);
    store_packet_clear(&row);
    rig_stop(&r);
}

static void keeps_a_suspected_target_out_of_everything(void **state)
{
    rig r;
    size_t n;
    store_packet row = {0};
    rig_start(&r);
    assert_int_equal(rig_send_sample(&r, "injection"), 201);
    assert_null(strstr(rig_text(&r, "jws", NULL), "lea.sand"));
    char *payload = gk_payload_of(rig_text(&r, "jws", NULL), &n);
    assert_null(strstr(payload, "lea.sand"));
    assert_null(strstr(payload, "emp:4715"));
    assert_non_null(strstr(payload, "prompt_injection_suspected"));
    free(payload);
    assert_int_equal(rig_entries(&r, "decision", "lea.sand"), 0);
    assert_int_equal(rig_entries(&r, "decision", "emp:4715"), 0);
    assert_int_equal(rig_entries(&r, "decision", "\"rule\":\"ignore.verb-scope-noun\""), 1);
    assert_int_equal(
        store_packet_get(r.g->store, "default", rig_text(&r, "packet_id", NULL), &row, NULL),
        WB_OK);
    assert_null(memmem(row.input.p, row.input.n, "lea.sand", 8));
    assert_null(memmem(row.request.p, row.request.n, "lea.sand", 8));
    json_t *input = json_loadb(row.input.p, row.input.n, 0, NULL);
    assert_true(json_number_value(json_object_get(input, "confidence")) < 0.4);
    json_decref(input);
    store_packet_clear(&row);
    rig_stop(&r);
}

static int64_t tomorrow(void)
{
    return wb_now_ns() + 86400 * (int64_t)1000000000;
}

/* The last entry lies in the future of this clock: nothing is allowed without a human. */
static void asks_a_human_when_the_clock_went_back(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    ledger_options options = {.now_ns = tomorrow};
    rig_start(&r);
    gk_close(r.g);
    assert_int_equal(ledger_open(r.dir, &options, &l, &e), WB_OK);
    assert_int_equal(ledger_attach(l, "default", "writ.local/default", (ledger_signer){0}, &e),
                     WB_OK);
    ledger_close(l);
    assert_int_equal(rig_open(&r, NULL, NULL, &e), WB_OK);
    assert_int_equal(rig_send_sample(&r, "allow"), 201);
    assert_string_equal(rig_text(&r, "state", NULL), "PENDING_HITL");
    assert_int_equal(rig_entries(&r, "decision", "\"clock_suspect\""), 1);
    rig_stop(&r);
}

static void hides_packets_that_are_none(void **state)
{
    rig r;
    rig_start(&r);
    assert_int_equal(rig_call(&r, "GET", "/v1/packets/nope", NULL, ""), 404);
    assert_int_equal(
        rig_call(&r, "GET", "/v1/packets/01a1feb2-6c48-74fb-864e-eb29242f1c08", NULL, ""), 404);
    assert_int_equal(rig_call(&r, "DELETE", "/v1/packets", NULL, ""), 405);
    rig_stop(&r);
}

static void half_a_minute(gk_options *o)
{
    o->packet_seconds = 30;
}

static void ends_what_nobody_took(void **state)
{
    rig r;
    wb_error e = {0};
    char id[64], path[96];
    rig_folder(&r);
    assert_int_equal(rig_open(&r, NULL, half_a_minute, &e), WB_OK);
    assert_int_equal(rig_send_sample(&r, "allow"), 201);
    snprintf(id, sizeof id, "%s", rig_text(&r, "packet_id", NULL));
    snprintf(path, sizeof path, "/v1/packets/%s", id);
    gk_packets_lapse(r.g, wb_now_ms() + 28000);
    rig_call(&r, "GET", path, NULL, "");
    assert_string_equal(rig_text(&r, "state", NULL), "SIGNED");
    assert_int_equal(rig_send_sample(&r, "allow"), 409);
    gk_packets_lapse(r.g, wb_now_ms() + 40000);
    gk_packets_lapse(r.g, wb_now_ms() + 40000);
    rig_call(&r, "GET", path, NULL, "");
    assert_string_equal(rig_text(&r, "state", NULL), "EXPIRED");
    assert_int_equal(rig_entries(&r, "packet.expired", id), 1);
    /* The subject is free again. */
    assert_int_equal(rig_send_sample(&r, "allow"), 201);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_the_samples_as_the_pack_says),
        cmocka_unit_test(signs_what_it_decided),
        cmocka_unit_test(signs_a_deny_without_a_plan),
        cmocka_unit_test(answers_a_key_once),
        cmocka_unit_test(refuses_what_is_no_request),
        cmocka_unit_test(takes_no_state_from_the_request),
        cmocka_unit_test(keeps_a_suspected_target_out_of_everything),
        cmocka_unit_test(asks_a_human_when_the_clock_went_back),
        cmocka_unit_test(hides_packets_that_are_none),
        cmocka_unit_test(ends_what_nobody_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
