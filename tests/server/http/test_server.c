/* Real sockets: parked requests, disconnects, drain, TLS, slow readers, many clients. */
#include "tests/server/http/harness.h"

#include "server/http/client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void on_hello(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", WB_LIT("hello"));
}

static void on_echo(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", http_request_body(req));
}

static atomic_int running, seen_gone;

static void wait_ms(http_request *req, void *arg)
{
    atomic_fetch_add(&running, 1);
    usleep(150 * 1000);
    if (http_request_gone(req))
        atomic_fetch_add(&seen_gone, 1);
    atomic_fetch_sub(&running, 1);
    http_respond(req, 200, "text/plain", WB_LIT("waited"));
}

static void on_wait(http_request *req, void *arg)
{
    http_work(req, wait_ms, NULL);
}

/* A thread of our own, which also outruns the handler's return at times. */
static void *answer_thread(void *arg)
{
    http_respond(arg, 200, "text/plain", WB_LIT("thread"));
    return NULL;
}

static void on_thread(http_request *req, void *arg)
{
    pthread_t t;
    http_park(req);
    pthread_create(&t, NULL, answer_thread, req);
    pthread_detach(t);
}

static atomic_int stream_status;

static void stream_lines(http_request *req, void *arg)
{
    http_stream_begin(req, 200, "application/x-ndjson");
    wb_status s = WB_OK;
    for (int i = 0; i < 200000 && !s; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "{\"line\":%d}\n", i);
        s = http_stream_put(req, wb_str_n(line, (size_t)n));
    }
    atomic_store(&stream_status, s ? s : 1);
    http_stream_end(req);
}

static void on_stream(http_request *req, void *arg)
{
    http_work(req, stream_lines, NULL);
}

static void on_big(http_request *req, void *arg)
{
    size_t n = 64 << 20;
    http_respond_take(req, 200, NULL, calloc(1, n), n);
}

static const http_route rows[] = {
    {"GET", "/hello", on_hello, 0, 0},   {"POST", "/echo", on_echo, 0, 0},
    {"GET", "/wait", on_wait, 0, 0},     {"GET", "/thread", on_thread, 0, 0},
    {"GET", "/stream", on_stream, 0, 0}, {"GET", "/big", on_big, 0, 0},
};
static const http_routes table = {rows, sizeof rows / sizeof *rows, NULL, NULL};

/* ---- A server on its own thread ---- */

static http_server *server;
static pthread_t server_thread;

static void *run_server(void *arg)
{
    http_server_run(arg);
    return NULL;
}

static void start(http_config *config)
{
    config->listen = "127.0.0.1:0";
    server = make_server(config, &table);
    wb_error e;
    if (http_server_start(server, &e) != WB_OK)
        fail_msg("%s", e.text);
    pthread_create(&server_thread, NULL, run_server, server);
}

static void stop(void)
{
    http_server_stop(server);
    pthread_join(server_thread, NULL);
    http_server_free(server);
    server = NULL;
}

static http_config defaults(void)
{
    http_config config;
    http_config_init(&config);
    return config;
}

static int port(void)
{
    return atoi(strrchr(http_server_url(server), ':') + 1);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port())};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Reads to the end (or 5 s); -1 when the connection was reset. */
static long drain(int fd, char *to, size_t n)
{
    size_t at = 0;
    for (;;) {
        ssize_t got = read(fd, to + at, n - at - 1);
        if (got <= 0) {
            to[at] = 0;
            return got < 0 ? -1 : (long)at;
        }
        at += (size_t)got;
    }
}

static http_client_response got;
static wb_status fetch(const char *method, const char *path, const char *body)
{
    char url[200];
    snprintf(url, sizeof url, "%s%s", http_server_url(server), path);
    http_client_request q = {.method = method, .url = url, .body = wb_str_of(body)};
    http_client_clear(&got);
    return http_client_do(&q, &got, NULL);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* ---- Tests ---- */

static void other_threads_may_answer(void **state)
{
    http_config config = defaults();
    start(&config);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(fetch("GET", "/thread", ""), WB_OK);
        assert_string_equal(wb_buf_cstr(&got.body), "thread");
    }
    assert_int_equal(fetch("GET", "/wait", ""), WB_OK);
    assert_string_equal(wb_buf_cstr(&got.body), "waited");
    http_client_clear(&got);
    stop();
}

static void a_client_may_leave_while_its_request_runs(void **state)
{
    http_config config = defaults();
    start(&config);
    atomic_store(&seen_gone, 0);
    int fd = dial();
    say(fd, GET("/wait"));
    while (!atomic_load(&running))
        usleep(1000);
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    while (atomic_load(&running))
        usleep(1000);
    assert_int_equal(atomic_load(&seen_gone), 1);
    assert_int_equal(fetch("GET", "/hello", ""), WB_OK);
    http_client_clear(&got);
    stop();
}

/* ... and waiting for it costs no processor time. */
static void a_half_closed_client_gets_its_answer(void **state)
{
    http_config config = defaults();
    start(&config);
    char text[4000];
    int fd = dial();
    say(fd, GET("/wait"));
    shutdown(fd, SHUT_WR);
    clock_t before = clock();
    assert_true(drain(fd, text, sizeof text) > 0);
    assert_non_null(strstr(text, "waited"));
    assert_true(clock() - before < CLOCKS_PER_SEC / 20);
    close(fd);
    stop();
}

static void drain_lets_running_requests_finish(void **state)
{
    http_config config = defaults();
    start(&config);
    int busy = dial(), idle = dial();
    say(busy, GET("/wait"));
    while (!atomic_load(&running))
        usleep(1000);
    http_server_stop(server);
    char text[4000];
    assert_true(drain(idle, text, sizeof text) == 0);
    assert_true(drain(busy, text, sizeof text) > 0);
    assert_non_null(strstr(text, "connection: close\r\n"));
    assert_non_null(strstr(text, "waited"));
    assert_int_equal(dial(), -1);
    close(busy);
    close(idle);
    pthread_join(server_thread, NULL);
    http_server_free(server);
}

static void drain_ends_after_the_grace_period(void **state)
{
    http_config config = defaults();
    config.limits.grace_ms = 40;
    start(&config);
    int fd = dial();
    say(fd, GET("/wait"));
    while (!atomic_load(&running))
        usleep(1000);
    http_server_stop(server);
    pthread_join(server_thread, NULL);
    assert_int_equal(atomic_load(&running), 1); /* still held by the pool */
    http_server_free(server);
    assert_int_equal(atomic_load(&running), 0);
    close(fd);
}

static void a_signal_stops_the_server(void **state)
{
    http_config config = defaults();
    config.listen = "127.0.0.1:0";
    server = make_server(&config, &table);
    wb_error e;
    assert_int_equal(http_server_start(server, &e), WB_OK);
    http_server_on_signal(server);
    pthread_create(&server_thread, NULL, run_server, server);
    assert_int_equal(fetch("GET", "/hello", ""), WB_OK);
    http_client_clear(&got);
    kill(getpid(), SIGTERM);
    pthread_join(server_thread, NULL);
    assert_true(http_server_draining(server));
    http_server_free(server);
}

static void stopping_often_is_harmless(void **state)
{
    for (int i = 0; i < 30; i++) {
        http_config config = defaults();
        config.workers = 2;
        start(&config);
        int fd = i % 2 ? dial() : -1;
        for (int k = 0; k < i % 5; k++)
            http_server_stop(server);
        stop();
        if (fd >= 0)
            close(fd);
    }
    /* Posts that nobody ran before the end. */
    http_config config = defaults();
    server = make_server(&config, &table);
    http_server_stop(server);
    http_server_stop(server);
    http_server_free(server);
}

static void a_taken_port_is_an_error(void **state)
{
    http_config config = defaults();
    start(&config);
    char at[40];
    snprintf(at, sizeof at, "127.0.0.1:%d", port());
    http_config second = defaults();
    second.listen = at;
    http_server *s = make_server(&second, &table);
    wb_error e;
    assert_int_equal(http_server_start(s, &e), WB_EXISTS);
    http_server_free(s);
    stop();
}

static void slow_connections_are_cut(void **state)
{
    http_config config = defaults();
    config.limits.header_ms = 100;
    config.limits.write_ms = 200;
    start(&config);
    char text[4000];
    int silent = dial(), slow = dial(), deaf = dial();
    int small = 4096;
    setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(deaf, GET("/big"));
    say(slow, "GET /hello HT");
    assert_true(drain(slow, text, sizeof text) > 0);
    assert_non_null(strstr(text, " 408 "));
    assert_true(drain(silent, text, sizeof text) <= 0);
    usleep(800 * 1000);
    /* Cut in the middle: far less than the answer can still be read. */
    long total = 0;
    char part[65536];
    for (ssize_t n; (n = read(deaf, part, sizeof part)) > 0;)
        total += n;
    assert_true(total < 32 << 20);
    close(silent);
    close(slow);
    close(deaf);
    stop();
}

static void connections_are_limited(void **state)
{
    http_config config = defaults();
    config.limits.max_connections = 3;
    start(&config);
    int fds[5];
    char text[2000];
    for (int i = 0; i < 5; i++) {
        fds[i] = dial();
        usleep(20000);
    }
    assert_true(drain(fds[3], text, sizeof text) <= 0);
    assert_true(drain(fds[4], text, sizeof text) <= 0);
    say(fds[0], "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(drain(fds[0], text, sizeof text) > 0);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    stop();
}

static void streams_arrive_whole_and_notice_a_lost_client(void **state)
{
    http_config config = defaults();
    start(&config);
    assert_int_equal(fetch("GET", "/stream", ""), WB_OK);
    assert_int_equal(count_of(wb_buf_str(&got.body), "\n"), 200000);
    assert_true(wb_str_has_suffix(wb_buf_str(&got.body), WB_LIT("{\"line\":199999}\n")));
    http_client_clear(&got);
    atomic_store(&stream_status, 0);
    int fd = dial();
    say(fd, GET("/stream"));
    char text[100];
    assert_true(read(fd, text, sizeof text) > 0);
    close(fd);
    while (!atomic_load(&stream_status))
        usleep(1000);
    assert_int_equal(atomic_load(&stream_status), WB_CANCELLED);
    stop();
}

static void *many(void *arg)
{
    static const char body[] = "0123456789";
    for (int i = 0; i < 40; i++) {
        char url[200];
        snprintf(url, sizeof url, "%s%s", http_server_url(server), i % 2 ? "/echo" : "/thread");
        http_client_request q = {.method = i % 2 ? "POST" : "GET", .url = url};
        if (i % 2)
            q.body = WB_LIT(body);
        http_client_response r;
        wb_error e;
        bool ok = http_client_do(&q, &r, &e) == WB_OK && r.status == 200 &&
                  wb_str_is(wb_buf_str(&r.body), i % 2 ? body : "thread");
        http_client_clear(&r);
        if (!ok)
            return arg;
    }
    return NULL;
}

static void many_clients_and_workers(void **state)
{
    for (size_t workers = 1; workers <= 3; workers += 2) {
        http_config config = defaults();
        config.workers = workers;
        start(&config);
        pthread_t threads[8];
        for (int i = 0; i < 8; i++)
            pthread_create(&threads[i], NULL, many, &config);
        for (int i = 0; i < 8; i++) {
            void *failed;
            pthread_join(threads[i], &failed);
            assert_null(failed);
        }
        stop();
    }
}

static int ticks;

static void on_tick(void *arg)
{
    ticks++;
}

static void on_once(void *arg)
{
    ticks += 1000;
    http_server_post(server, arg, NULL);
}

static void stop_now(void *arg)
{
    http_server_stop(server);
}

static void timers_and_posts_run_on_the_loop(void **state)
{
    http_config config = defaults();
    config.listen = "127.0.0.1:0";
    server = make_server(&config, &table);
    http_server_timer(server, 1, 1, on_tick, NULL);
    http_server_timer(server, 30, 0, on_once, (void *)stop_now);
    http_server_run(server);
    assert_in_range(ticks, 1005, 1035);
    http_server_free(server);
}

/* ---- TLS ---- */

static char cert_file[] = "/tmp/writ-http-cert-XXXXXX", key_file[] = "/tmp/writ-http-key-XXXXXX";

static void make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_set_version(x, 2);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(x, san, -1);
    X509_EXTENSION_free(san);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *f = fdopen(mkstemp(cert_file), "w");
    PEM_write_X509(f, x);
    fclose(f);
    f = fdopen(mkstemp(key_file), "w");
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static size_t ignore(char *p, size_t size, size_t n, void *arg)
{
    *(size_t *)arg += size * n;
    return size * n;
}

static long tls_version(long want, long *status, const char *path, size_t *bytes)
{
    CURL *curl = curl_easy_init();
    char url[200];
    long version = 0;
    *bytes = 0;
    snprintf(url, sizeof url, "%s%s", http_server_url(server), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, cert_file);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, want);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, bytes);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_easy_cleanup(curl);
    return version;
}

static void tls_agrees_on_the_protocol(void **state)
{
    make_certificate();
    http_config config = defaults();
    config.cert_file = cert_file;
    config.key_file = key_file;
    config.limits.header_ms = 150;
    start(&config);
    assert_true(wb_str_has_prefix(wb_str_of(http_server_url(server)), WB_LIT("https://")));
    long status = 0;
    size_t bytes = 0;
    assert_int_equal(tls_version(CURL_HTTP_VERSION_2TLS, &status, "/hello", &bytes),
                     CURL_HTTP_VERSION_2_0);
    assert_int_equal(status, 200);
    assert_int_equal(tls_version(CURL_HTTP_VERSION_1_1, &status, "/hello", &bytes),
                     CURL_HTTP_VERSION_1_1);
    assert_int_equal(status, 200);
    tls_version(CURL_HTTP_VERSION_2TLS, &status, "/big", &bytes);
    assert_int_equal(bytes, 64 << 20);
    tls_version(CURL_HTTP_VERSION_1_1, &status, "/big", &bytes);
    assert_int_equal(bytes, 64 << 20);
    tls_version(CURL_HTTP_VERSION_2TLS, &status, "/stream", &bytes);
    assert_true(bytes > 200000);

    /* A client that does not know the certificate has certainly sent nothing. */
    assert_int_equal(fetch("GET", "/hello", ""), WB_UNAVAILABLE);
    assert_int_equal(got.outcome, HTTP_CLIENT_NOT_SENT);
    http_client_clear(&got);

    /* Clear text, silence and garbage on a TLS port. */
    char text[2000];
    int clear = dial(), silent = dial();
    say(clear, GET("/hello"));
    assert_true(drain(clear, text, sizeof text) < 100);
    assert_true(drain(silent, text, sizeof text) <= 0);
    close(clear);
    close(silent);
    tls_version(CURL_HTTP_VERSION_2TLS, &status, "/hello", &bytes);
    stop();
    unlink(cert_file);
    unlink(key_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_threads_may_answer),
        cmocka_unit_test(a_client_may_leave_while_its_request_runs),
        cmocka_unit_test(a_half_closed_client_gets_its_answer),
        cmocka_unit_test(drain_lets_running_requests_finish),
        cmocka_unit_test(drain_ends_after_the_grace_period),
        cmocka_unit_test(a_signal_stops_the_server),
        cmocka_unit_test(stopping_often_is_harmless),
        cmocka_unit_test(a_taken_port_is_an_error),
        cmocka_unit_test(slow_connections_are_cut),
        cmocka_unit_test(connections_are_limited),
        cmocka_unit_test(streams_arrive_whole_and_notice_a_lost_client),
        cmocka_unit_test(many_clients_and_workers),
        cmocka_unit_test(timers_and_posts_run_on_the_loop),
        cmocka_unit_test(tls_agrees_on_the_protocol),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
