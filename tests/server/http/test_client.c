/* The client's three outcomes, against a peer that behaves as each test says. */
#include "tests/server/http/harness.h"

#include "server/http/client.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* Accepts once, reads what comes first, writes `answer`, waits, closes. */
typedef struct peer {
    int listener, port;
    const char *answer;
    unsigned hold_ms;
    char seen[4000];
    pthread_t thread;
} peer;

static void *serve(void *arg)
{
    peer *p = arg;
    int fd = accept(p->listener, NULL, NULL);
    ssize_t n = read(fd, p->seen, sizeof p->seen - 1);
    p->seen[n > 0 ? n : 0] = 0;
    if (p->answer && write(fd, p->answer, strlen(p->answer)) < 0)
        p->seen[0] = 0;
    usleep(p->hold_ms * 1000);
    close(fd);
    return NULL;
}

static void peer_start(peer *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(p->listener, 5), 0);
    getsockname(p->listener, (struct sockaddr *)&a, &n);
    p->port = ntohs(a.sin_port);
    pthread_create(&p->thread, NULL, serve, p);
}

static wb_error error;
static http_client_response got;

static wb_status ask(peer *p, http_client_request q)
{
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/path", p->port);
    q.url = url;
    peer_start(p);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/path", p->port);
    wb_status s = http_client_do(&q, &got, &error);
    pthread_join(p->thread, NULL);
    close(p->listener);
    return s;
}

#define expect(status_wanted, outcome_wanted, call)                                                \
    do {                                                                                           \
        assert_int_equal(call, status_wanted);                                                     \
        assert_int_equal(got.outcome, outcome_wanted);                                             \
    } while (0)

static void an_answer_is_an_answer_whatever_its_status(void **state)
{
    peer p = {.answer = "HTTP/1.1 302 Found\r\nLocation: http://x/\r\nA: b\r\nContent-Length: 2\r\n"
                        "\r\nhi"};
    const char *headers[] = {"Authorization", "Bearer t", "X-Empty", "", NULL};
    http_client_request q = {.method = "PATCH", .headers = headers, .body = WB_LIT("{}")};
    expect(WB_OK, HTTP_CLIENT_ANSWERED, ask(&p, q));
    assert_int_equal(got.status, 302);
    assert_string_equal(wb_buf_cstr(&got.body), "hi");
    assert_true(wb_str_is(http_client_header(&got, "LOCATION"), "http://x/"));
    assert_null(http_client_header(&got, "loc").p);
    assert_non_null(strstr(p.seen, "PATCH /path HTTP/1.1\r\n"));
    assert_non_null(strstr(p.seen, "Authorization: Bearer t\r\n"));
    assert_non_null(strstr(p.seen, "X-Empty:\r\n"));
    assert_null(strstr(p.seen, "Expect:"));
    http_client_clear(&got);
}

static void nobody_there_means_not_sent(void **state)
{
    http_client_request q = {.url = "http://127.0.0.1:1/"};
    expect(WB_UNAVAILABLE, HTTP_CLIENT_NOT_SENT, http_client_do(&q, &got, &error));
    http_client_clear(&got);
    q.url = "http://name.invalid/";
    expect(WB_UNAVAILABLE, HTTP_CLIENT_NOT_SENT, http_client_do(&q, &got, &error));
    http_client_clear(&got);
    q.url = "file:///etc/passwd";
    expect(WB_INVALID, HTTP_CLIENT_NOT_SENT, http_client_do(&q, &got, &error));
    http_client_clear(&got);
    const char *headers[] = {"X", "a\r\nB: c", NULL};
    q.url = "http://127.0.0.1:1/";
    q.headers = headers;
    expect(WB_INVALID, HTTP_CLIENT_NOT_SENT, http_client_do(&q, &got, &error));
    http_client_clear(&got);
}

static void silence_and_lost_connections_mean_unknown(void **state)
{
    peer timeout = {.hold_ms = 300};
    expect(WB_IO, HTTP_CLIENT_UNKNOWN, ask(&timeout, (http_client_request){.timeout_ms = 100}));
    http_client_clear(&got);
    peer lost = {0};
    expect(WB_IO, HTTP_CLIENT_UNKNOWN, ask(&lost, (http_client_request){0}));
    http_client_clear(&got);
    peer cut = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"};
    expect(WB_IO, HTTP_CLIENT_UNKNOWN, ask(&cut, (http_client_request){0}));
    http_client_clear(&got);
    peer junk = {.answer = "\x01\x02 no http\r\n\r\n"};
    expect(WB_IO, HTTP_CLIENT_UNKNOWN, ask(&junk, (http_client_request){0}));
    http_client_clear(&got);
}

static void an_answer_that_is_too_large_is_unknown(void **state)
{
    peer p = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"};
    expect(WB_LIMIT, HTTP_CLIENT_UNKNOWN, ask(&p, (http_client_request){.max_body = 9}));
    http_client_clear(&got);
    peer q = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"};
    expect(WB_OK, HTTP_CLIENT_ANSWERED, ask(&q, (http_client_request){.max_body = 10}));
    http_client_clear(&got);
}

/* A TLS handshake that never ends has sent no request. */
static void a_handshake_that_hangs_means_not_sent(void **state)
{
    peer p = {.hold_ms = 300};
    peer_start(&p);
    char url[100];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", p.port);
    http_client_request q = {.url = url, .timeout_ms = 100};
    expect(WB_UNAVAILABLE, HTTP_CLIENT_NOT_SENT, http_client_do(&q, &got, &error));
    http_client_clear(&got);
    pthread_join(p.thread, NULL);
    close(p.listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_an_answer_whatever_its_status),
        cmocka_unit_test(nobody_there_means_not_sent),
        cmocka_unit_test(silence_and_lost_connections_mean_unknown),
        cmocka_unit_test(an_answer_that_is_too_large_is_unknown),
        cmocka_unit_test(a_handshake_that_hangs_means_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
