/* Routing, decoding, problem documents and what a handler sees, without any socket. */
#include "tests/server/http/harness.h"

#include <jansson.h>

static void say(http_request *req, const char *word)
{
    http_respond(req, 200, "text/plain", wb_str_of(word));
}

static void on_list(http_request *req, void *arg)
{
    say(req, "list");
}

static void on_item(http_request *req, void *arg)
{
    wb_str id;
    if (!http_request_param(req, "id", &id))
        http_problem(req, 400, "bad_path", "Bad Request", "broken percent encoding");
    else
        http_respond(req, 200, "text/plain", id);
}

static void on_special(http_request *req, void *arg)
{
    say(req, "special");
}

static void on_verb(http_request *req, void *arg)
{
    wb_str id;
    assert_true(http_request_param(req, "id", &id));
    http_response_header(req, "X-Item", id);
    say(req, "reinstate");
}

static void on_rest(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", http_request_rest(req));
}

static void on_echo(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", http_request_body(req));
}

static void on_query(http_request *req, void *arg)
{
    wb_str v;
    wb_buf b;
    wb_buf_init(&b, 1000);
    for (size_t i = 0; http_request_query_param(req, "a", i, &v); i++)
        wb_buf_putf(&b, "[%.*s]", WB_FMT(v));
    http_respond(req, 200, NULL, wb_buf_str(&b));
    wb_buf_free(&b);
}

static void on_nothing(http_request *req, void *arg) {}

static void on_part(http_request *req, void *arg)
{
    wb_str v;
    assert_true(http_request_part(req, 1, &v));
    http_respond(req, 200, NULL, v);
    assert_false(http_request_part(req, 3, &v));
}

static void on_headers(http_request *req, void *arg)
{
    assert_true(http_response_header(req, "X-Good", WB_LIT("yes")));
    assert_false(http_response_header(req, "x-split", WB_LIT("a\r\nSet-Cookie: b")));
    assert_false(http_response_header(req, "x split", WB_LIT("a")));
    assert_false(http_response_header(req, "", WB_LIT("a")));
    assert_false(http_response_header(req, "Content-Length", WB_LIT("5")));
    assert_false(http_response_header(req, "Transfer-Encoding", WB_LIT("chunked")));
    http_respond(req, 200, NULL, http_request_header(req, "X-CUSTOM"));
}

static const http_route rows[] = {
    {"GET", "/v1/items", on_list, 0, 0},
    {"GET", "/v1/items/{id}", on_item, 0, 0},
    {"GET", "/v1/items/special", on_special, 0, 0},
    {"POST", "/v1/items/{id}:reinstate", on_verb, 0, 0},
    {"POST", "/v1/items/{id}", on_item, 0, 0},
    {"*", "/rest/*", on_rest, 0, 0},
    {"POST", "/echo", on_echo, 0, 0},
    {"POST", "/small", on_echo, 0, 4},
    {"GET", "/query", on_query, 0, 0},
    {"GET", "/nothing", on_nothing, 0, 0},
    {"GET", "/part/*", on_part, 0, 0},
    {"GET", "/headers", on_headers, 0, 0},
    {"GET", "/nohead", on_list, HTTP_ROUTE_NO_HEAD, 0},
};
static const http_routes table = {rows, sizeof rows / sizeof *rows, NULL, NULL};

static void own_shape(http_request *req, const http_failure *f, void *arg)
{
    http_respond(req, f->status, "text/plain", wb_str_of(f->code));
}

static const http_route other_rows[] = {{"GET", "/other/{x}", on_list, 0, 0}};
static const http_routes other = {other_rows, 1, NULL, own_shape};

static http_server *server;
static http_loopback_response got;

static int setup(void **state)
{
    http_config config;
    http_config_init(&config);
    config.limits.max_body = 100;
    config.limits.request_ms = 80;
    server = make_server(&config, &table);
    http_server_add(server, &other);
    return 0;
}

static int teardown(void **state)
{
    http_server_free(server);
    return 0;
}

static void ask(const char *method, const char *target, const char *body)
{
    http_loopback_clear(&got);
    http_loopback_request(server, method, target, NULL, wb_str_of(body), &got);
}

#define expect(want_status, want_body)                                                             \
    do {                                                                                           \
        assert_int_equal(got.status, want_status);                                                 \
        assert_string_equal(wb_buf_cstr(&got.body), want_body);                                    \
    } while (0)

static void most_literal_row_wins(void **state)
{
    ask("GET", "/v1/items", "");
    expect(200, "list");
    ask("GET", "/v1/items/abc", "");
    expect(200, "abc");
    ask("GET", "/v1/items/special", "");
    expect(200, "special");
    ask("POST", "/v1/items/abc:reinstate", "");
    expect(200, "reinstate");
    assert_true(wb_str_is(http_loopback_header(&got, "x-item"), "abc"));
    ask("POST", "/v1/items/:reinstate", "");
    expect(200, ":reinstate");
    ask("PUT", "/rest/a/b%2Fc/", "");
    expect(200, "a/b%2Fc/");
    ask("GET", "/rest", "");
    assert_int_equal(got.status, 200);
    ask("GET", "/restless", "");
    assert_int_equal(got.status, 404);
    http_loopback_clear(&got);
}

static void a_slash_in_percent_signs_stays_inside_a_part(void **state)
{
    ask("GET", "/v1/items/a%2Fb%00c", "");
    assert_int_equal(got.body.n, 5);
    assert_memory_equal(got.body.p, "a/b\0c", 5);
    ask("GET", "/part/x%20y/z", "");
    expect(200, "x y");
    ask("GET", "/v1/items/a%2", "");
    assert_int_equal(got.status, 400);
    ask("GET", "/v1/items/a%zz", "");
    assert_int_equal(got.status, 400);
    ask("GET", "/v1/items/", "");
    assert_int_equal(got.status, 404);
    ask("GET", "/v1/items/a/", "");
    assert_int_equal(got.status, 404);
    ask("GET", "/v1/items/special/../x", "");
    assert_int_equal(got.status, 404);
    http_loopback_clear(&got);
}

static void query_parameters_are_decoded_and_repeat(void **state)
{
    ask("GET", "/query?a=1&b=2&a=x+y%26&a&%61=last&a=%zz", "");
    expect(200, "[1][x y&][][last]");
    ask("GET", "/query?", "");
    expect(200, "");
    http_loopback_clear(&got);
}

static void failures_are_problem_documents(void **state)
{
    ask("GET", "/no\"where", "");
    assert_int_equal(got.status, 404);
    assert_true(wb_str_is(http_loopback_header(&got, "content-type"), "application/problem+json"));
    json_t *doc = json_loads(wb_buf_cstr(&got.body), 0, NULL);
    assert_non_null(doc);
    const char *type, *title, *instance, *code, *id;
    int status;
    assert_int_equal(json_unpack(doc, "{s:s,s:s,s:i,s:s,s:s,s:s}", "type", &type, "title", &title,
                                 "status", &status, "instance", &instance, "code", &code,
                                 "request_id", &id),
                     0);
    assert_string_equal(type, HTTP_PROBLEM_TYPE "not_found");
    assert_string_equal(code, "not_found");
    assert_string_equal(instance, "/no\"where");
    assert_int_equal(status, 404);
    assert_true(wb_str_is(http_loopback_header(&got, "x-request-id"), id));
    json_decref(doc);

    ask("DELETE", "/v1/items/x", "");
    assert_int_equal(got.status, 405);
    assert_true(wb_str_is(http_loopback_header(&got, "allow"), "GET, HEAD, POST"));
    ask("HEAD", "/nohead", "");
    assert_int_equal(got.status, 405);
    assert_true(wb_str_is(http_loopback_header(&got, "allow"), "GET"));
    ask("GET", "/nothing", "");
    assert_int_equal(got.status, 500);
    http_loopback_clear(&got);
}

static void a_table_may_answer_failures_in_its_own_shape(void **state)
{
    ask("POST", "/other/a", "");
    expect(405, "method_not_allowed");
    assert_true(wb_str_is(http_loopback_header(&got, "content-type"), "text/plain"));
    http_loopback_clear(&got);
}

static void bodies_over_the_limit_are_refused(void **state)
{
    char big[102];
    memset(big, 'x', 101);
    big[101] = 0;
    ask("POST", "/echo", big);
    assert_int_equal(got.status, 413);
    big[100] = 0;
    ask("POST", "/echo", big);
    expect(200, big);
    ask("POST", "/small", "12345");
    assert_int_equal(got.status, 413);
    ask("POST", "/small", "1234");
    expect(200, "1234");
    http_loopback_clear(&got);
}

static void request_ids_are_kept_when_they_are_uuids(void **state)
{
    const char *headers[] = {"X-Request-Id", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", NULL};
    http_loopback_request(server, "GET", "/v1/items", headers, (wb_str){0}, &got);
    assert_true(wb_str_is(http_loopback_header(&got, "x-request-id"), headers[1]));
    http_loopback_clear(&got);
    headers[1] = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5\"";
    http_loopback_request(server, "GET", "/v1/items", headers, (wb_str){0}, &got);
    wb_str id = http_loopback_header(&got, "x-request-id");
    assert_int_equal(id.n, 36);
    assert_false(wb_str_is(id, headers[1]));
    assert_int_equal(id.p[14], '7');
    http_loopback_clear(&got);
}

static void headers_that_would_split_an_answer_are_refused(void **state)
{
    const char *headers[] = {"x-Custom", "value", NULL};
    http_loopback_request(server, "GET", "/headers", headers, (wb_str){0}, &got);
    expect(200, "value");
    assert_true(wb_str_is(http_loopback_header(&got, "x-good"), "yes"));
    assert_null(http_loopback_header(&got, "x-split").p);
    http_loopback_clear(&got);
}

static void bad_configurations_are_refused(void **state)
{
    http_server *s = NULL;
    wb_error e;
    http_config c;
    http_config_init(&c);
    c.workers = 0;
    assert_int_equal(http_server_new(&c, &s, &e), WB_INVALID);
    http_config_init(&c);
    c.limits.max_head = 10;
    assert_int_equal(http_server_new(&c, &s, &e), WB_INVALID);
    http_config_init(&c);
    c.limits.body_ms = 0;
    assert_int_equal(http_server_new(&c, &s, &e), WB_INVALID);
    http_config_init(&c);
    c.cert_file = "/nowhere.pem";
    assert_int_equal(http_server_new(&c, &s, &e), WB_INVALID);
    c.key_file = "/nowhere.pem";
    assert_int_equal(http_server_new(&c, &s, &e), WB_CRYPTO);
    const char *bad[] = {"127.0.0.1", "localhost:x",   "127.0.0.1:99999", "::1:80",
                         "[::1]",     "example.com:1", "127.0.0.1:-1",    "",
                         ":",         "[::1:5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        http_config_init(&c);
        c.listen = bad[i];
        assert_int_equal(http_server_new(&c, &s, &e), WB_OK);
        assert_int_equal(http_server_start(s, &e), WB_INVALID);
        http_server_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_literal_row_wins),
        cmocka_unit_test(a_slash_in_percent_signs_stays_inside_a_part),
        cmocka_unit_test(query_parameters_are_decoded_and_repeat),
        cmocka_unit_test(failures_are_problem_documents),
        cmocka_unit_test(a_table_may_answer_failures_in_its_own_shape),
        cmocka_unit_test(bodies_over_the_limit_are_refused),
        cmocka_unit_test(request_ids_are_kept_when_they_are_uuids),
        cmocka_unit_test(headers_that_would_split_an_answer_are_refused),
        cmocka_unit_test(bad_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
