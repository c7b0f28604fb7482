/* HTTP/1 byte by byte: what is refused, order of answers, limits and slow clients. */
#include "tests/server/http/harness.h"

static void on_hello(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", WB_LIT("hello"));
}

static void on_echo(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", http_request_body(req));
}

static http_request *parked;

static void on_park(http_request *req, void *arg)
{
    http_park(req);
    parked = req;
}

static const http_route rows[] = {
    {"GET", "/", on_hello, 0, 0},
    {"POST", "/", on_echo, 0, 0},
    {"GET", "/park", on_park, 0, 0},
};
static const http_routes table = {rows, 3, NULL, NULL};

static http_server *server;

static int setup(void **state)
{
    http_config config;
    http_config_init(&config);
    config.limits.max_head = 1000;
    config.limits.max_headers = 10;
    config.limits.max_body = 50;
    config.limits.header_ms = 60;
    config.limits.body_ms = 60;
    config.limits.idle_ms = 120;
    config.limits.request_ms = 60;
    server = make_server(&config, &table);
    return 0;
}

static int teardown(void **state)
{
    http_server_free(server);
    return 0;
}

/* Feeds the bytes in pieces of `step`; returns what came back, which lives until the next call. */
static wb_buf answer;
static bool closed;
static wb_str talk_steps(wb_str in, size_t step)
{
    http_pipe *pipe = http_pipe_new(server);
    wb_buf_free(&answer);
    wb_buf_init(&answer, 1 << 20);
    for (size_t i = 0; i < in.n; i += step)
        http_pipe_feed(pipe, (wb_str){in.p + i, in.n - i < step ? in.n - i : step});
    http_pipe_take(pipe, &answer);
    closed = http_pipe_closed(pipe);
    http_pipe_free(pipe);
    return wb_buf_str(&answer);
}

static int status_of(wb_str s)
{
    char code[4] = "";
    if (s.n > 12 && memcmp(s.p, "HTTP/1.1 ", 9) == 0)
        memcpy(code, s.p + 9, 3);
    return atoi(code);
}

#define H "Host: a\r\n"
typedef struct vector {
    int status; /* 0: no answer yet */
    wb_str bytes;
} vector;

static const vector vectors[] = {
    {200, WB_LIT("GET / HTTP/1.1\r\n" H "\r\n")},
    {200, WB_LIT("\r\nGET / HTTP/1.1\r\n" H "\r\n")},
    {200, WB_LIT("GET / HTTP/1.0\r\n\r\n")},
    {200, WB_LIT("GET http://a/ HTTP/1.1\r\n" H "\r\n")},
    {200, WB_LIT("GET http://a HTTP/1.1\r\n" H "\r\n")},
    {200, WB_LIT("GET /?a=b HTTP/1.1\r\n" H "Empty:\r\nX: \xc3\xa9 \t\r\n\r\n")},
    {200, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab")},
    {200, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n0\r\n"
                 "Trailer: x\r\n\r\n")},
    {200,
     WB_LIT("GET / HTTP/1.1\r\n" H "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")},
    {0, WB_LIT("GET / HTTP/1.1\r\n" H)},
    {0, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nab")},
    /* Two opinions about the length. */
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 2, 2\r\n\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H
                 "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H
                 "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H
                 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: +2\r\n\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 0x2\r\n\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: \r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")},
    {501, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\x0b chunked\r\n\r\n0\r\n\r\n")},
    /* Chunks. */
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n")},
    {400,
     WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\nab\r\n0\r\n\r\n")},
    {400,
     WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n 2\r\nab\r\n0\r\n\r\n")},
    {400,
     WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n0\r\n\r\n")},
    {400,
     WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nab")},
    {400, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n\r\n")},
    {413, WB_LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n33\r\n"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")},
    /* Lines. */
    {400, WB_LIT("GET / HTTP/1.1\n" H "\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\nHost: a\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n X: a\r\n" H "\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X y: a\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H ": a\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H "X\0: a\r\n\r\n")},
    /* Request line and Host. */
    {400, WB_LIT("GET  / HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("GET / HTTP/1.1 \r\n" H "\r\n")},
    {400, WB_LIT("GET /a b HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("GET /\x01 HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("GET /#f HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("GET\t/ HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("G(T / HTTP/1.1\r\n" H "\r\n")},
    {400, WB_LIT("GET /\r\n\r\n")},
    {400, WB_LIT("\x16\x03\x01\x02\x00\x01\x00\x01")},
    {501, WB_LIT("BREW / HTTP/1.1\r\n" H "\r\n")},
    {501, WB_LIT("get / HTTP/1.1\r\n" H "\r\n")},
    {505, WB_LIT("GET / HTTP/2.0\r\n" H "\r\n")},
    {505, WB_LIT("GET / HTTP/1.2\r\n" H "\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\n" H H "\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")},
    {400, WB_LIT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")},
    {417, WB_LIT("POST / HTTP/1.1\r\n" H "Expect: magic\r\nContent-Length: 2\r\n\r\n")},
    {413, WB_LIT("POST / HTTP/1.1\r\n" H "Content-Length: 51\r\n\r\n")},
    {431, WB_LIT("GET / HTTP/1.1\r\n" H
                 "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nI:\r\nJ:\r\nK:\r\n\r\n")},
    {404, WB_LIT("OPTIONS * HTTP/1.1\r\n" H "\r\n")},
};

static void malformed_requests_are_refused(void **state)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        for (size_t step = 1; step < 400; step += 399) {
            wb_str out = talk_steps(vectors[i].bytes, step);
            if (status_of(out) != vectors[i].status)
                fail_msg("%.*s\n(step %zu) gave %d, not %d", WB_FMT(vectors[i].bytes), step,
                         status_of(out), vectors[i].status);
            bool refused = vectors[i].status >= 400 && vectors[i].status != 404;
            if (refused && (!closed || !contains(out, "connection: close\r\n")))
                fail_msg("%.*s\nleaves the connection open", WB_FMT(vectors[i].bytes));
        }
}

/* What follows a refused request must never be read as a request. */
static void nothing_after_a_refused_request_is_served(void **state)
{
    wb_str out =
        talk_steps(WB_LIT("POST / HTTP/1.1\r\n" H
                          "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                          "GET / HTTP/1.1\r\n" H "\r\n"),
                   1000);
    assert_int_equal(count_of(out, "HTTP/1.1 "), 1);
}

static void large_heads_are_refused(void **state)
{
    wb_buf in;
    wb_buf_init(&in, 1 << 20);
    wb_buf_puts(&in, "GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 2000; i++)
        wb_buf_putc(&in, 'x');
    assert_int_equal(status_of(talk_steps(wb_buf_str(&in), 100)), 431);
    assert_true(closed);
    wb_buf_free(&in);
}

static void chunk_extensions_are_bounded(void **state)
{
    wb_buf in;
    wb_buf_init(&in, 1 << 20);
    wb_buf_puts(&in, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1;");
    for (int i = 0; i < 2000; i++)
        wb_buf_putc(&in, 'x');
    assert_int_equal(status_of(talk_steps(wb_buf_str(&in), 100)), 400);
    wb_buf_free(&in);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    wb_buf in;
    wb_buf_init(&in, 1 << 20);
    for (int i = 0; i < 1000; i++)
        wb_buf_putf(&in, "POST / HTTP/1.1\r\n" H "Content-Length: 6\r\n\r\n<%04d>", i);
    wb_str out = talk_steps(wb_buf_str(&in), in.n);
    assert_int_equal(count_of(out, "HTTP/1.1 200"), 1000);
    const char *at = out.p;
    for (int i = 0; i < 1000; i++) {
        char want[16];
        snprintf(want, sizeof want, "<%04d>", i);
        at = memmem(at, (size_t)(out.p + out.n - at), want, 6);
        assert_non_null(at);
    }
    assert_false(closed);
    wb_buf_free(&in);
}

static void a_parked_request_holds_those_behind_it(void **state)
{
    http_pipe *pipe = http_pipe_new(server);
    wb_buf_clear(&answer);
    http_pipe_feed(pipe, WB_LIT("GET /park HTTP/1.1\r\n" H "\r\nGET / HTTP/1.1\r\n" H "\r\n"));
    http_pipe_take(pipe, &answer);
    assert_int_equal(answer.n, 0);
    http_respond(parked, 201, NULL, WB_LIT("first"));
    http_loopback_run(server, 5);
    http_pipe_take(pipe, &answer);
    wb_str out = wb_buf_str(&answer);
    assert_int_equal(status_of(out), 201);
    assert_int_equal(count_of(out, "HTTP/1.1 200"), 1);
    http_pipe_free(pipe);
}

static void a_parked_request_that_is_forgotten_gets_504(void **state)
{
    http_pipe *pipe = http_pipe_new(server);
    wb_buf_clear(&answer);
    http_pipe_feed(pipe, WB_LIT("GET /park HTTP/1.1\r\n" H "\r\n"));
    http_loopback_run(server, 150);
    http_pipe_take(pipe, &answer);
    assert_int_equal(status_of(wb_buf_str(&answer)), 504);
    assert_true(contains(wb_buf_str(&answer), "\"instance\":\"/park\""));
    assert_true(http_request_gone(parked));
    http_pipe_free(pipe);
    /* The late answer goes nowhere, and frees the request. */
    http_respond(parked, 200, NULL, WB_LIT("late"));
    http_loopback_run(server, 5);
}

static void slow_clients_get_408(void **state)
{
    const char *starts[] = {"GET / HTT", "POST / HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nab"};
    for (int i = 0; i < 2; i++) {
        http_pipe *pipe = http_pipe_new(server);
        wb_buf_clear(&answer);
        http_pipe_feed(pipe, wb_str_of(starts[i]));
        /* A byte now and then does not help. */
        for (int n = 0; n < 6; n++) {
            http_loopback_run(server, 20);
            http_pipe_feed(pipe, WB_LIT("x"));
        }
        http_pipe_take(pipe, &answer);
        assert_int_equal(status_of(wb_buf_str(&answer)), 408);
        assert_true(http_pipe_closed(pipe));
        http_pipe_free(pipe);
    }
}

static void silent_connections_are_closed(void **state)
{
    http_pipe *fresh = http_pipe_new(server), *used = http_pipe_new(server);
    http_pipe_feed(used, WB_LIT("GET / HTTP/1.1\r\n" H "\r\n"));
    wb_buf_clear(&answer);
    http_pipe_take(used, &answer);
    http_loopback_run(server, 90);
    assert_true(http_pipe_closed(fresh));
    assert_false(http_pipe_closed(used));
    http_loopback_run(server, 90);
    assert_true(http_pipe_closed(used));
    http_pipe_free(fresh);
    http_pipe_free(used);
}

static void expect_continue_is_answered_before_the_body(void **state)
{
    http_pipe *pipe = http_pipe_new(server);
    wb_buf_clear(&answer);
    http_pipe_feed(
        pipe, WB_LIT("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    http_pipe_take(pipe, &answer);
    assert_string_equal(wb_buf_cstr(&answer), "HTTP/1.1 100 Continue\r\n\r\n");
    wb_buf_clear(&answer);
    http_pipe_feed(pipe, WB_LIT("ab"));
    http_pipe_take(pipe, &answer);
    assert_int_equal(status_of(wb_buf_str(&answer)), 200);
    http_pipe_free(pipe);
}

static void head_has_a_length_and_no_body(void **state)
{
    wb_str out = talk_steps(WB_LIT("HEAD / HTTP/1.1\r\n" H "\r\n"), 1000);
    assert_true(contains(out, "content-length: 5\r\n"));
    assert_false(contains(out, "hello"));
}

static void connections_are_kept_or_closed_as_asked(void **state)
{
    talk_steps(WB_LIT("GET / HTTP/1.1\r\n" H "\r\n"), 1000);
    assert_false(closed);
    talk_steps(WB_LIT("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"), 1000);
    assert_true(closed);
    talk_steps(WB_LIT("GET / HTTP/1.0\r\n\r\n"), 1000);
    assert_true(closed);
    wb_str out = talk_steps(WB_LIT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 1000);
    assert_false(closed);
    assert_true(contains(out, "connection: keep-alive\r\n"));
}

static void a_half_closed_client_still_gets_its_answers(void **state)
{
    http_pipe *pipe = http_pipe_new(server);
    wb_buf_clear(&answer);
    http_pipe_feed(pipe, WB_LIT("GET /park HTTP/1.1\r\n" H "\r\nGET / HTTP/1.1\r\n" H "\r\n"));
    http_pipe_eof(pipe);
    http_respond(parked, 202, NULL, (wb_str){0});
    http_loopback_run(server, 5);
    http_pipe_take(pipe, &answer);
    assert_int_equal(count_of(wb_buf_str(&answer), "HTTP/1.1 20"), 2);
    assert_true(http_pipe_closed(pipe));
    http_pipe_free(pipe);
}

/* Every prefix and many damaged copies of a good request: an answer or none, never a crash. */
static void damaged_requests_do_no_harm(void **state)
{
    static const char good[] = "POST /x?a=b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                               "X-Request-Id: b\r\n\r\n3;e\r\nabc\r\n0\r\nT: u\r\n\r\n";
    char copy[sizeof good];
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        memcpy(copy, good, sizeof good);
        size_t n = sizeof good - 1;
        for (int k = 0; k < 1 + i % 4; k++) {
            seed = seed * 1103515245u + 12345u;
            copy[(seed >> 8) % n] = (char)(seed >> 20);
        }
        talk_steps((wb_str){copy, i % 3 ? n : (seed >> 9) % n}, 1 + (seed >> 12) % 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(nothing_after_a_refused_request_is_served),
        cmocka_unit_test(large_heads_are_refused),
        cmocka_unit_test(chunk_extensions_are_bounded),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_parked_request_holds_those_behind_it),
        cmocka_unit_test(a_parked_request_that_is_forgotten_gets_504),
        cmocka_unit_test(slow_clients_get_408),
        cmocka_unit_test(silent_connections_are_closed),
        cmocka_unit_test(expect_continue_is_answered_before_the_body),
        cmocka_unit_test(head_has_a_length_and_no_body),
        cmocka_unit_test(connections_are_kept_or_closed_as_asked),
        cmocka_unit_test(a_half_closed_client_still_gets_its_answers),
        cmocka_unit_test(damaged_requests_do_no_harm),
    };
    wb_buf_init(&answer, 1 << 20);
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    wb_buf_free(&answer);
    return failed;
}
