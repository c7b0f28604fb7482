/* Answers of functions that are not of their arguments alone are recorded and can be given back;
 * the network is asked only where the host allows it. */
#include "writ.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct world {
    writ_engine *engine;
    writ_session *session;
    char record[65536];
} world;

static void open_world(world *w)
{
    memset(w, 0, sizeof *w);
    w->engine = writ_engine_new();
    writ_add_http(w->engine);
    w->session = writ_session_new(w->engine);
    writ_set_strict(w->session, true);
    assert_non_null(w->session);
}

static void close_world(world *w)
{
    writ_session_free(w->session);
    writ_engine_free(w->engine);
}

/* The answer's text, "undefined", or the error's text; what was recorded is in w->record. */
static void ask(world *w, const char *query, char *out, size_t size)
{
    writ_error error = {0};
    writ_text answer, record;
    writ_query *q = writ_prepare(w->engine, query, &error);
    if (!q)
        fail_msg("%s: %s", query, error.text);
    writ_status status = writ_eval_json(w->session, q, NULL, 0, &answer, &error);
    if (status == WRIT_OK)
        snprintf(out, size, "%.*s", (int)answer.length, answer.bytes);
    else
        snprintf(out, size, "%s", status == WRIT_UNDEFINED ? "undefined" : error.text);
    assert_int_equal(writ_record(w->session, &record, &error), WRIT_OK);
    snprintf(w->record, sizeof w->record, "%.*s", (int)record.length, record.bytes);
    writ_query_free(q);
}

static void give(world *w, const char *record)
{
    writ_error error = {0};
    if (writ_set_record(w->session, record, record ? strlen(record) : 0, &error) != WRIT_OK)
        fail_msg("%s: %s", record ? record : "none", error.text);
}

/* Keys whose answers no two calls share. */
static const char *const CHANCE[] = {
    "x := uuid.rfc4122(\"k\")",
    "x := rand.intn(\"k\", 1000000000000000)",
    "x := [time.now_ns() | true]",
    "x := [uuid.rfc4122(k) | some k in [\"a\", \"b\"]]",
    "x := io.jwt.encode_sign({\"alg\": \"PS256\"}, {\"a\": 1}, {\"kty\": \"oct\", \"k\": "
    "\"a2V5\"})",
    "x := io.jwt.encode_sign_raw(`{\"alg\": \"HS256\"}`, `{\"a\": 1}`, `{\"kty\": \"oct\", \"k\": "
    "\"a2V5\"}`)",
    "x := json.match_schema({}, {\"type\": \"object\"})",
    "x := net.lookup_ip_addr(\"127.0.0.1\")",
};

static void an_evaluation_is_repeated_from_its_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CHANCE / sizeof *CHANCE; i++) {
        world w;
        char first[8192], again[8192], record[sizeof w.record];
        open_world(&w);
        writ_set_strict(w.session, false);
        ask(&w, CHANCE[i], first, sizeof first);
        memcpy(record, w.record, sizeof record);
        give(&w, record);
        ask(&w, CHANCE[i], again, sizeof again);
        assert_string_equal(first, again);
        assert_string_equal(record, w.record);
        close_world(&w);
    }
}

static void a_record_answers_instead_of_calls(void **state)
{
    (void)state;
    static const struct {
        const char *record, *query, *want;
    } rows[] = {
        {"{\"time.now_ns\": {\"[]\": 7}}", "x := time.now_ns()", "\"x\":7"},
        {"{\"rand.intn\": {\"[\\\"a\\\",10]\": 3}}", "x := rand.intn(\"a\", 10)", "\"x\":3"},
        {"{\"http.send\": "
         "{\"[{\\\"method\\\":\\\"get\\\",\\\"url\\\":\\\"http://no.invalid/\\\"}]\": "
         "{\"status_code\": 200}}}",
         "x := http.send({\"url\": \"http://no.invalid/\", \"method\": \"get\"}).status_code",
         "\"x\":200"},
        {"{\"net.lookup_ip_addr\": {\"[\\\"no.invalid\\\"]\": [\"10.0.0.1\"]}}",
         "x := {\"10.0.0.1\"} == net.lookup_ip_addr(\"no.invalid\")", "\"x\":true"},
        {"{\"opa.runtime\": {\"[]\": {\"env\": {\"A\": \"b\"}}}}", "x := opa.runtime().env.A",
         "\"x\":\"b\""},
        {"{\"io.jwt.decode_verify\": {\"[\\\"t\\\",{\\\"secret\\\":\\\"s\\\"}]\": [true, {}, "
         "{\"a\": 1}]}}",
         "[x, _, _] := io.jwt.decode_verify(\"t\", {\"secret\": \"s\"})", "\"x\":true"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world w;
        char out[8192];
        open_world(&w);
        give(&w, rows[i].record);
        ask(&w, rows[i].query, out, sizeof out);
        if (!strstr(out, rows[i].want))
            fail_msg("%s: %s", rows[i].query, out);
        close_world(&w);
    }
}

static void a_record_holds_what_was_called_and_no_more(void **state)
{
    (void)state;
    world w;
    char out[8192];
    open_world(&w);
    ask(&w, "x := 1 + 2", out, sizeof out);
    assert_string_equal(w.record, "{}");
    writ_set_time(w.session, 1234);
    ask(&w, "x := time.now_ns()", out, sizeof out);
    assert_string_equal(w.record, "{\"time.now_ns\":{\"[]\":1234}}");
    give(&w, "{\"time.now_ns\": {\"[]\": 5}}");
    ask(&w, "x := time.now_ns()", out, sizeof out);
    assert_string_equal(w.record, "{\"time.now_ns\":{\"[]\":5}}");
    give(&w, NULL);
    ask(&w, "x := time.now_ns()", out, sizeof out);
    assert_string_equal(w.record, "{\"time.now_ns\":{\"[]\":1234}}");
    close_world(&w);
}

static void a_record_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{", "[]", "1"};
    world w;
    writ_error error;
    open_world(&w);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(writ_set_record(w.session, bad[i], strlen(bad[i]), &error), WRIT_INVALID);
    close_world(&w);
}

static void the_network_is_asked_where_it_is_allowed(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "good"};
    static const struct {
        const char *query, *want;
    } rows[] = {
        {"http.send({\"method\": \"get\", \"url\": \"http://bad:80/\"})", "disallowed host: bad"},
        {"http.send({\"method\": \"get\", \"url\": \"http://good@bad/\"})", "disallowed host: bad"},
        {"http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1:1/\"})", "connect"},
        {"net.lookup_ip_addr(\"bad\")", "disallowed host: bad"},
        {"net.lookup_ip_addr(\"10.0.0.1\")", "disallowed host: 10.0.0.1"},
        {"net.lookup_ip_addr(\"127.0.0.1\")", "[\"127.0.0.1\"]"},
    };
    world w;
    char out[8192];
    open_world(&w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        writ_set_allow_net(w.session, hosts, 2);
        ask(&w, rows[i].query, out, sizeof out);
        if (!strstr(out, rows[i].want))
            fail_msg("%s: %s", rows[i].query, out);
    }
    writ_set_allow_net(w.session, hosts, 0);
    ask(&w, "net.lookup_ip_addr(\"127.0.0.1\")", out, sizeof out);
    assert_non_null(strstr(out, "disallowed host: 127.0.0.1"));
    writ_set_allow_net(w.session, NULL, 0);
    ask(&w, "net.lookup_ip_addr(\"127.0.0.1\")", out, sizeof out);
    assert_non_null(strstr(out, "[\"127.0.0.1\"]"));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_evaluation_is_repeated_from_its_record),
        cmocka_unit_test(a_record_answers_instead_of_calls),
        cmocka_unit_test(a_record_holds_what_was_called_and_no_more),
        cmocka_unit_test(a_record_that_is_none_is_refused),
        cmocka_unit_test(the_network_is_asked_where_it_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
