/* http.send against a server of one thread on the loopback address. */
#include "calls.h"
#include "stdlib/http_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint asked; /* requests of what may be kept */
} server;

#define DATE   "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
#define DATE_S INT64_C(1767225600)

/* What the server says of keeping an answer. */
static const struct {
    const char *path, *fields;
} kept[] = {
    {"GET /age ", DATE "Cache-Control: public, max-age=60\r\n"},
    {"GET /undated ", "Cache-Control: max-age=60\r\n"},
    {"GET /odd ", DATE "Cache-Control: max-age=6x\r\n"},
    {"GET /huge ", DATE "Cache-Control: max-age=99999999999\r\n"},
    {"GET /none ", DATE "Cache-Control: no-store, max-age=60\r\n"},
    {"GET /until ", "Expires: Thu, 01 Jan 2026 00:01:00 GMT\r\n"},
    {"GET /silent ", ""},
    {"GET /tag ", DATE "Cache-Control: max-age=60\r\nETag: \"v1\"\r\n"},
    {"GET /time ",
     DATE "Cache-Control: max-age=60\r\nLast-Modified: Wed, 31 Dec 2025 00:00:00 GMT\r\n"},
    {"GET /changed ", DATE "Cache-Control: max-age=60\r\nETag: \"v1\"\r\n"},
    {"GET /broken ", DATE "Cache-Control: max-age=60\r\nETag: \"v1\"\r\n"},
};

/* An answer with its number, or what becomes of it when it is asked about. */
static int keep_one(server *s, const char *in, char *out, size_t room)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (strncmp(in, kept[i].path, strlen(kept[i].path)) != 0)
            continue;
        unsigned n = atomic_fetch_add(&s->asked, 1) + 1;
        bool about = strstr(in, "\r\nIf-None-Match: \"v1\"\r\n") ||
                     strstr(in, "\r\nIf-Modified-Since: Wed, 31 Dec 2025 00:00:00 GMT\r\n");
        if (about && strstr(in, "GET /broken "))
            return snprintf(out, room, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        if (about && !strstr(in, "GET /changed "))
            return snprintf(out, room,
                            "HTTP/1.1 304 Not Modified\r\n" DATE
                            "Cache-Control: max-age=600\r\nX-New: yes\r\n\r\n");
        return snprintf(out, room,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s"
                        "Connection: close\r\n\r\n{\"n\":%u}",
                        kept[i].fields, n);
    }
    return 0;
}

/* "/slow" never answers, "/cut" breaks off, "/loop" redirects to itself, "/away" to another name of
 * this host; the rest echoes. */
static void serve_one(server *s, int fd)
{
    static const char slow[] = "GET /slow", cut[] = "GET /cut", loop[] = "GET /loop";
    static const char away[] = "GET /away";
    char in[4096], out[8192];
    size_t n = 0;
    ssize_t got;
    in[0] = 0;
    while (!strstr(in, "\r\n\r\n") && n < sizeof in - 1 &&
           (got = read(fd, in + n, sizeof in - 1 - n)) > 0)
        in[n += (size_t)got] = 0;
    if (strncmp(in, slow, sizeof slow - 1) == 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 2000);
        return;
    }
    const char *body = strstr(in, "\r\n\r\n");
    char line[64] = "";
    sscanf(in, "%63[^\r]", line);
    int len = keep_one(s, in, out, sizeof out);
    if (len)
        ;
    else if (strncmp(in, cut, sizeof cut - 1) == 0)
        len = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc");
    else if (strncmp(in, loop, sizeof loop - 1) == 0)
        len = snprintf(out, sizeof out,
                       "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: "
                       "0\r\nConnection: close\r\n\r\n");
    else if (strncmp(in, away, sizeof away - 1) == 0)
        len = snprintf(out, sizeof out,
                       "HTTP/1.1 302 Found\r\nLocation: http://localhost:%u/there\r\n"
                       "Content-Length: 0\r\nConnection: close\r\n\r\n",
                       s->port);
    else
        len = snprintf(out, sizeof out,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=x\r\nX-A: "
                       "1\r\nX-A: 2\r\nConnection: close\r\n\r\n{\"line\":\"%s\",\"tail\":%zu,"
                       "\"n\":1.50,\"custom\":%s}",
                       line, body ? strlen(body + 4) : 0,
                       strstr(in, "\r\nX-Custom: v\r\n") ? "true" : "false");
    if (write(fd, out, (size_t)len) < 0)
        return;
}

static void *serve(void *arg)
{
    server *s = arg;
    while (!atomic_load(&s->stop)) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        if (poll(&p, 1, 50) <= 0)
            continue;
        int fd = accept(s->fd, NULL, NULL);
        if (fd >= 0) {
            serve_one(s, fd);
            close(fd);
        }
    }
    return NULL;
}

static int start(void **state)
{
    server *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->fd, (struct sockaddr *)&a, n) || listen(s->fd, 8) ||
        getsockname(s->fd, (struct sockaddr *)&a, &n))
        return -1;
    s->port = ntohs(a.sin_port);
    *state = s;
    return pthread_create(&s->thread, NULL, serve, s);
}

static int stop(void **state)
{
    server *s = *state;
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    close(s->fd);
    free(s);
    return 0;
}

/* Sends what `format` makes with the server's port to n allowed hosts; the answer's JSON, or the
 * error's text. */
static void expect_of(const server *s, const char *format, const wb_str *hosts, size_t n,
                      outcome how, const char *part)
{
    term_env e;
    char args[1024];
    wb_buf b;
    term_env_init(&e, (size_t)64 << 20);
    wb_buf_init(&b, (size_t)1 << 20);
    snprintf(args, sizeof args, "[{\"url\":\"http://127.0.0.1:%u%s}]", s->port, format);
    const char *p = args;
    wv list = term_read(&e.arena, &p, args + strlen(args));
    assert_true(wv_defined(list));
    const ws_builtin *row = ws_registry_find(e.registry, WB_LIT("http.send"));
    e.cx.http_send = ws_http_send;
    e.cx.limit_net = hosts != NULL;
    e.cx.allow_net = hosts;
    e.cx.n_allow_net = n;
    wv v = term_call(&e, row, wv_items(list), 1, false);
    if (wv_defined(v))
        wv_json_encode(&b, v, NULL, NULL);
    else
        wb_buf_put_str(&b, e.cx.error_text);
    if (outcome_of(&e.cx, v) != how || !strstr(wb_buf_cstr(&b), part))
        print_error("%s\n  want %s\n  got  %s\n", args, part, wb_buf_cstr(&b));
    assert_int_equal(outcome_of(&e.cx, v), how);
    assert_non_null(strstr(wb_buf_cstr(&b), part));
    wb_buf_free(&b);
    term_env_clear(&e);
}

static void expect(const server *s, const char *format, outcome how, const char *part)
{
    expect_of(s, format, NULL, 0, how, part);
}

static void redirects_stay_among_allowed_hosts(void **state)
{
    static const char away[] = "/away\",\"method\":\"get\",\"enable_redirect\":true";
    const wb_str hosts[] = {WB_LIT("127.0.0.1"), WB_LIT("localhost")};
    expect_of(*state, away, hosts, 2, VALUE, "GET /there");
    expect_of(*state, away, hosts, 1, ERR_BUILTIN, "disallowed host: localhost");
    expect_of(*state, "/x\",\"method\":\"get\"", hosts, 0, ERR_BUILTIN,
              "http.send: disallowed host: 127.0.0.1");
    expect(*state, away, VALUE, "GET /there");
}

static void answers_hold_status_headers_and_body(void **state)
{
    expect(*state, "/a?b=c\",\"method\":\"get\"", VALUE,
           "\"body\":{\"custom\":false,\"line\":\"GET /a?b=c HTTP/1.1\",\"n\":1.50,\"tail\":0}");
    expect(*state, "/\",\"method\":\"get\"", VALUE, "\"x-a\":[\"1\",\"2\"]");
    expect(*state, "/\",\"method\":\"get\"", VALUE, "\"status\":\"200 OK\",\"status_code\":200");
    expect(*state, "/\",\"method\":\"get\",\"headers\":{\"X-Custom\":\"v\"}", VALUE,
           "\"custom\":true");
    /* A name that is no string is its JSON text. */
    expect(*state, "/\",\"method\":\"get\",\"headers\":{1:\"a\", null: \"b\"}", VALUE,
           "\"status_code\":200");
    expect(*state, "/\",\"method\":\"get\",\"headers\":{\"d\": [1, null, true]}", ERR_BUILTIN,
           "http.send: invalid type for headers value [\"1\" <nil> %!q(bool=true)]");
    expect(*state, "/\",\"method\":\"get\",\"headers\":{[1]:\"a\"}", ERR_BUILTIN,
           "net/http: invalid header field name \"[1]\"");
    expect(*state, "/\",\"method\":\"post\",\"body\":{\"x\":1}", VALUE,
           "\"line\":\"POST / HTTP/1.1\"");
    expect(*state, "/\",\"method\":\"delete\"", VALUE, "\"line\":\"DELETE / HTTP/1.1\"");
    expect(*state, "/loop\",\"method\":\"get\"", VALUE, "\"status\":\"302 Found\"");
}

static void failures_are_errors_or_answers_as_asked(void **state)
{
    expect(*state, "/slow\",\"method\":\"get\",\"timeout\":\"100ms\"", ERR_BUILTIN,
           ": request timed out");
    expect(*state, "/slow\",\"method\":\"get\",\"timeout\":100000000,\"raise_error\":false", VALUE,
           "\"code\":\"eval_http_send_network_error\"");
    /* A time in which nothing is reached, and times that are none. */
    expect(*state, "/\",\"method\":\"get\",\"timeout\":4", ERR_BUILTIN, ": request timed out");
    expect(*state, "/\",\"method\":\"get\",\"timeout\":-4", VALUE, "\"status_code\":200");
    expect(*state, "/\",\"method\":\"get\",\"timeout\":0", VALUE, "\"status_code\":200");
    expect(*state, "/cut\",\"method\":\"get\"", ERR_BUILTIN, "http.send: unexpected EOF");
    expect(*state, "/loop\",\"method\":\"get\",\"enable_redirect\":true", ERR_BUILTIN,
           "stopped after 100 redirects");
    expect(*state, "/\",\"method\":1", ERR_BUILTIN, "http.send: \"method\" must be a string");
    expect(*state, "/\",\"method\":\"get\",\"bad\":1", ERR_TYPE,
           "http.send: operand 1 invalid request parameters(s): {\"bad\"}");
    expect(*state, "/\",\"method\":\"get\",\"bad\":1,\"raise_error\":false", VALUE,
           "\"code\":\"eval_http_send_internal_error\"");
    expect(*state, "/\",\"method\":\"get\",\"tls_ca_cert\":\"x\"", ERR_BUILTIN,
           "http.send: could not append certificates");
}

/* A value from a policy never starts another header or another request. */
static void headers_cannot_be_smuggled(void **state)
{
    expect(*state, "/\",\"method\":\"get\",\"headers\":{\"A\":\"b\\r\\nX-Custom: v\"}", ERR_BUILTIN,
           "net/http: invalid header field value for \"A\"");
    expect(*state, "/\",\"method\":\"get\",\"headers\":{\"A: b\\r\\nX\":\"v\"}", ERR_BUILTIN,
           "net/http: invalid header field name");
    expect(*state, "/\",\"method\":\"GET / HTTP/1.1\\r\\n\"", ERR_BUILTIN,
           "net/http: invalid method");
}

/* ---- what is kept between queries ---- */

/* One query after another in one session, `seconds` behind the server's date. */
static void asks(term_env *e, const server *s, const char *what, int64_t seconds, const char *part)
{
    char args[512];
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    snprintf(args, sizeof args, "[{\"url\":\"http://127.0.0.1:%u%s,\"method\":\"get\"}]", s->port,
             what);
    wb_arena_reset(&e->arena);
    const char *p = args;
    wv list = term_read(&e->arena, &p, args + strlen(args));
    assert_true(wv_defined(list));
    e->cx.query++;
    e->cx.now_ns = (DATE_S + seconds) * 1000000000;
    e->cx.http_send = ws_http_send;
    wv v =
        term_call(e, ws_registry_find(e->registry, WB_LIT("http.send")), wv_items(list), 1, false);
    if (wv_defined(v))
        wv_json_encode(&b, v, NULL, NULL);
    else
        wb_buf_put_str(&b, e->cx.error_text);
    if (!strstr(wb_buf_cstr(&b), part))
        print_error("%s after %d s\n  want %s\n  got  %s\n", what, (int)seconds, part,
                    wb_buf_cstr(&b));
    assert_non_null(strstr(wb_buf_cstr(&b), part));
    wb_buf_free(&b);
}

static void answers_last_as_long_as_the_server_says(void **state)
{
    static const struct {
        const char *what; /* behind the port */
        int64_t seconds;  /* of the second query */
        unsigned asked;   /* requests until it has its answer */
        const char *part;
    } rows[] = {
        {"/age\",\"cache\":false", 59, 2, "\"n\":"},
        {"/age\",\"cache\":true", 59, 1, "\"n\":"},
        {"/age\",\"cache\":true,\"caching_mode\":\"deserialized\"", 59, 1, "\"n\":"},
        {"/age\",\"cache\":true", 60, 2, "\"n\":"},
        {"/undated\",\"cache\":true", 0, 2, "\"n\":"},
        {"/odd\",\"cache\":true", 0, 2, "\"n\":"},
        {"/huge\",\"cache\":true", 2000000000, 1, "\"n\":"},
        {"/none\",\"cache\":true", 0, 2, "\"n\":"},
        {"/until\",\"cache\":true", 59, 1, "\"n\":"},
        {"/until\",\"cache\":true", 60, 2, "\"n\":"},
        {"/silent\",\"cache\":true", 0, 2, "\"n\":"},
        {"/tag\",\"cache\":true", 61, 2, "\"x-new\":[\"yes\"]"},
        {"/time\",\"cache\":true", 61, 2, "\"x-new\":[\"yes\"]"},
        {"/changed\",\"cache\":true", 61, 2, "\"n\":"},
        {"/broken\",\"cache\":true", 61, 3, "\"n\":"},
        {"/none\",\"force_cache\":true,\"force_cache_duration_seconds\":10", 9, 1, "\"n\":"},
        {"/none\",\"force_cache\":true,\"force_cache_duration_seconds\":10", 10, 2, "\"n\":"},
        {"/age\",\"force_cache\":true,\"force_cache_duration_seconds\":10", 11, 2, "\"n\":"},
        {"/age\",\"cache\":true,\"force_cache\":true,\"force_cache_duration_seconds\":0", 59, 1,
         "\"n\":"},
    };
    server *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        term_env e;
        term_env_init(&e, (size_t)64 << 20);
        atomic_store(&s->asked, 0);
        asks(&e, s, rows[i].what, 0, "\"n\":1");
        asks(&e, s, rows[i].what, rows[i].seconds, rows[i].part);
        if (atomic_load(&s->asked) != rows[i].asked)
            print_error("%s after %d s\n", rows[i].what, (int)rows[i].seconds);
        assert_int_equal(atomic_load(&s->asked), rows[i].asked);
        term_env_clear(&e);
    }
}

static void an_answer_that_holds_still_is_kept_longer(void **state)
{
    server *s = *state;
    term_env e;
    term_env_init(&e, (size_t)64 << 20);
    atomic_store(&s->asked, 0);
    asks(&e, s, "/tag\",\"cache\":true", 0, "\"n\":1");
    asks(&e, s, "/tag\",\"cache\":true", 61, "\"n\":1");
    asks(&e, s, "/tag\",\"cache\":true", 599, "\"n\":1");
    assert_int_equal(atomic_load(&s->asked), 2);
    term_env_clear(&e);
}

static void ignored_headers_are_no_part_of_the_request(void **state)
{
    server *s = *state;
    term_env e;
    term_env_init(&e, (size_t)64 << 20);
    atomic_store(&s->asked, 0);
    asks(&e, s,
         "/age\",\"cache\":true,\"headers\":{\"id\":\"1\"},\"cache_ignored_headers\":[\"id\"]", 0,
         "\"n\":1");
    asks(&e, s,
         "/age\",\"cache\":true,\"headers\":{\"id\":\"2\"},\"cache_ignored_headers\":[\"id\"]", 0,
         "\"n\":1");
    asks(&e, s, "/age\",\"cache\":true,\"headers\":{\"id\":\"1\"}", 0, "\"n\":2");
    asks(&e, s, "/age\",\"cache\":true,\"headers\":{\"id\":\"2\"}", 0, "\"n\":3");
    term_env_clear(&e);
}

/* More requests than there are places: the oldest go, and nothing else happens. */
static void what_is_kept_is_bounded(void **state)
{
    server *s = *state;
    term_env e;
    char what[128];
    term_env_init(&e, (size_t)64 << 20);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(what, sizeof what, "/age\",\"cache\":true,\"headers\":{\"id\":\"%d\"}", i);
            asks(&e, s, what, 0, "\"n\":");
        }
    atomic_store(&s->asked, 0);
    asks(&e, s, what, 0, "\"n\":");
    assert_int_equal(atomic_load(&s->asked), 0);
    asks(&e, s, "/age\",\"cache\":true,\"headers\":{\"id\":\"0\"}", 0, "\"n\":1");
    term_env_clear(&e);
}

/* ---- secrets ---- */

static bool holds(const char *p, size_t n, const char *what)
{
    return memmem(p, n, what, strlen(what)) != NULL;
}

/* A key that came from a file or the environment is in no memory that outlives the call. */
static void keys_are_wiped_from_the_arena(void **state)
{
    static const char secret[] = "-this-is-the-secret-of-a-key-",
                      coded[] = "LXRoaXMtaXMtdGhlLXNlY3JldC1vZi1hLWtleS0=";
    const server *s = *state;
    term_env e;
    char args[512], path[] = "/tmp/writ-key-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", coded) >
                0);
    close(fd);
    setenv("WRIT_TEST_KEY",
           "-----BEGIN PRIVATE KEY-----\nLXRoaXMtaXMtdGhlLXNlY3JldC1vZi1hLWtleS0=\n"
           "-----END PRIVATE KEY-----\n",
           1);
    const char *const how[] = {"file", "env_variable"}, *const where[] = {path, "WRIT_TEST_KEY"};
    for (int i = 0; i < 2; i++) {
        term_env_init(&e, (size_t)64 << 20);
        snprintf(args, sizeof args,
                 "[{\"url\":\"http://127.0.0.1:%u/x\",\"method\":\"get\",\"tls_client_cert_%s\":"
                 "\"%s\",\"tls_client_key_%s\":\"%s\"}]",
                 s->port, how[i], where[i], how[i], where[i]);
        const char *p = args;
        wv list = term_read(&e.arena, &p, args + strlen(args));
        e.cx.http_send = ws_http_send;
        wv v = term_call(&e, ws_registry_find(e.registry, WB_LIT("http.send")), wv_items(list), 1,
                         false);
        if (outcome_of(&e.cx, v) != VALUE)
            print_error("%.*s\n", WB_FMT(e.cx.error_text));
        assert_int_equal(outcome_of(&e.cx, v), VALUE);
        size_t n = (size_t)(e.arena.top - e.arena.base);
        assert_false(holds(e.arena.base, n, secret));
        assert_false(holds(e.arena.base, n, coded));
        term_env_clear(&e);
    }
    unlink(path);
    unsetenv("WRIT_TEST_KEY");
}

/* Neither files nor the environment are read for a host that may not be asked. */
static void nothing_is_read_for_a_host_that_is_not_allowed(void **state)
{
    const wb_str hosts[] = {WB_LIT("example.com")};
    static const char *const options[] = {
        "\"tls_ca_cert_file\":\"/none\"", "\"tls_ca_cert_env_variable\":\"NONE\"",
        "\"tls_client_cert_file\":\"/none\",\"tls_client_key_file\":\"/none\"",
        "\"cache\":true,\"tls_client_cert_env_variable\":\"NONE\",\"tls_client_key_env_variable\":"
        "\"NONE\""};
    char format[512];
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        snprintf(format, sizeof format, "/x\",\"method\":\"get\",%s", options[i]);
        expect_of(*state, format, hosts, 1, ERR_BUILTIN, "http.send: disallowed host: 127.0.0.1");
    }
}

/* Addresses that two readers may read differently reach no host but an allowed one. */
static void odd_addresses_reach_no_other_host(void **state)
{
    static const char *const urls[] = {"http://example.com@127.0.0.1:%u/",
                                       "http://example.com:80@127.0.0.1:%u/",
                                       "http://127.0.0.1:%u#@example.com/",
                                       "http://127.0.0.1:%u?@example.com/",
                                       "http://127.0.0.1:%u\\\\@example.com/",
                                       "http:////127.0.0.1:%u/",
                                       "http://2130706433:%u/",
                                       "http://[::ffff:127.0.0.1]:%u/",
                                       "http:127.0.0.1:%u//example.com/",
                                       "http://example.com%2f@127.0.0.1:%u/"};
    const server *s = *state;
    const wb_str hosts[] = {WB_LIT("example.com")};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        char url[256], args[512];
        term_env e;
        term_env_init(&e, (size_t)64 << 20);
        const char *port = strstr(urls[i], "%u");
        snprintf(url, sizeof url, "%.*s%u%s", (int)(port - urls[i]), urls[i], s->port, port + 2);
        snprintf(args, sizeof args, "[{\"url\":\"%s\",\"method\":\"get\",\"timeout\":\"1s\"}]",
                 url);
        const char *p = args;
        wv list = term_read(&e.arena, &p, args + strlen(args));
        assert_true(wv_defined(list));
        e.cx.http_send = ws_http_send;
        e.cx.limit_net = true;
        e.cx.allow_net = hosts;
        e.cx.n_allow_net = 1;
        wv v = term_call(&e, ws_registry_find(e.registry, WB_LIT("http.send")), wv_items(list), 1,
                         false);
        if (outcome_of(&e.cx, v) == VALUE)
            print_error("%s was answered\n", url);
        assert_null(strstr(e.cx.error_text.p, "no HTTP client"));
        assert_int_equal(outcome_of(&e.cx, v), ERR_BUILTIN);
        term_env_clear(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_hold_status_headers_and_body),
        cmocka_unit_test(failures_are_errors_or_answers_as_asked),
        cmocka_unit_test(headers_cannot_be_smuggled),
        cmocka_unit_test(redirects_stay_among_allowed_hosts),
        cmocka_unit_test(answers_last_as_long_as_the_server_says),
        cmocka_unit_test(an_answer_that_holds_still_is_kept_longer),
        cmocka_unit_test(ignored_headers_are_no_part_of_the_request),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(keys_are_wiped_from_the_arena),
        cmocka_unit_test(nothing_is_read_for_a_host_that_is_not_allowed),
        cmocka_unit_test(odd_addresses_reach_no_other_host),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
