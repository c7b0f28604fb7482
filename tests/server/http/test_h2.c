/* HTTP/2 through nghttp2's client over bytes in memory. */
#include "tests/server/http/harness.h"

#include <nghttp2/nghttp2.h>

static void on_hello(http_request *req, void *arg)
{
    assert_int_equal(http_request_version(req), 2);
    http_respond(req, 200, "text/plain", http_request_header(req, "host"));
}

static void on_echo(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", http_request_body(req));
}

static http_request *parked[200];
static int parked_n;

static void on_park(http_request *req, void *arg)
{
    http_park(req);
    parked[parked_n++] = req;
}

static void on_big(http_request *req, void *arg)
{
    size_t n = 3 << 20;
    char *p = wb_malloc(n);
    memset(p, 'x', n);
    http_respond_take(req, 200, NULL, p, n);
}

static const http_route rows[] = {
    {"GET", "/", on_hello, 0, 0},
    {"POST", "/echo", on_echo, 0, 0},
    {"GET", "/park", on_park, 0, 0},
    {"GET", "/big", on_big, 0, 0},
};
static const http_routes table = {rows, 4, NULL, NULL};

static http_server *server;

static int setup(void **state)
{
    http_config config;
    http_config_init(&config);
    config.limits.max_head = 2000;
    config.limits.max_headers = 20;
    config.limits.max_body = 1 << 20;
    config.limits.header_ms = 100;
    config.limits.body_ms = 100;
    config.limits.write_ms = 100;
    config.limits.request_ms = 300;
    config.limits.max_in_flight = 150;
    server = make_server(&config, &table);
    return 0;
}

static int teardown(void **state)
{
    http_server_free(server);
    return 0;
}

/* ---- A client ---- */

typedef struct stream {
    int status;
    wb_buf body;
    bool closed;
    uint32_t code;
} stream;

typedef struct client {
    nghttp2_session *session;
    http_pipe *pipe;
    stream streams[600];
    bool goaway;
    uint32_t goaway_code;
    wb_str up; /* body to send */
    size_t up_at;
    bool up_ends;
} client;

static stream *stream_of(client *c, int32_t id)
{
    return &c->streams[id / 2];
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t n,
                     const uint8_t *value, size_t vn, uint8_t flags, void *arg)
{
    if (n == 7 && memcmp(name, ":status", 7) == 0)
        stream_of(arg, f->hd.stream_id)->status = atoi((const char *)value);
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *arg)
{
    wb_buf_put(&stream_of(arg, id)->body, p, n);
    return 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
    stream_of(arg, id)->closed = true;
    stream_of(arg, id)->code = code;
    return 0;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    client *c = arg;
    if (f->hd.type == NGHTTP2_GOAWAY) {
        c->goaway = true;
        c->goaway_code = f->goaway.error_code;
    }
    return 0;
}

static client *client_new(bool windows_open)
{
    client *c = wb_calloc(1, sizeof *c);
    nghttp2_session_callbacks *cb;
    nghttp2_option *o;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_option_new(&o);
    nghttp2_option_set_no_auto_window_update(o, !windows_open);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_client_new2(&c->session, cb, c, o);
    nghttp2_session_callbacks_del(cb);
    nghttp2_option_del(o);
    nghttp2_submit_settings(c->session, 0, NULL, 0);
    for (size_t i = 0; i < 600; i++)
        wb_buf_init(&c->streams[i].body, 8 << 20);
    c->pipe = http_pipe_new(server);
    return c;
}

static void client_free(client *c)
{
    http_pipe_free(c->pipe);
    nghttp2_session_del(c->session);
    for (size_t i = 0; i < 600; i++)
        wb_buf_free(&c->streams[i].body);
    free(c);
}

static void exchange(client *c)
{
    wb_buf down;
    wb_buf_init(&down, 64 << 20);
    for (bool more = true; more;) {
        more = false;
        const uint8_t *p;
        ssize_t n;
        while ((n = nghttp2_session_mem_send(c->session, &p)) > 0) {
            http_pipe_feed(c->pipe, wb_str_n(p, (size_t)n));
            more = true;
        }
        wb_buf_clear(&down);
        http_pipe_take(c->pipe, &down);
        if (down.n) {
            more = true;
            assert_true(nghttp2_session_mem_recv(c->session, (uint8_t *)down.p, down.n) >= 0);
        }
    }
    wb_buf_free(&down);
}

static ssize_t on_up(nghttp2_session *s, int32_t id, uint8_t *to, size_t n, uint32_t *flags,
                     nghttp2_data_source *source, void *arg)
{
    client *c = arg;
    size_t left = c->up.n - c->up_at;
    n = n < left ? n : left;
    memcpy(to, c->up.p + c->up_at, n);
    c->up_at += n;
    if (c->up_at == c->up.n) {
        if (!c->up_ends)
            return n ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static stream *ask(client *c, const char *method, const char *path, const char *name,
                   const char *value, bool body)
{
    nghttp2_nv h[] = {nv(":method", method), nv(":path", path), nv(":scheme", "http"),
                      nv(":authority", "example"), nv(name ? name : "x", value ? value : "y")};
    nghttp2_data_provider data = {.read_callback = on_up};
    c->up_at = 0;
    int32_t id = nghttp2_submit_request(c->session, NULL, h, 5, body ? &data : NULL, NULL);
    assert_true(id > 0);
    return stream_of(c, id);
}

/* ---- Tests ---- */

static void requests_are_answered(void **state)
{
    client *c = client_new(true);
    stream *a = ask(c, "GET", "/", NULL, NULL, false);
    stream *b = ask(c, "GET", "/none", NULL, NULL, false);
    stream *h = ask(c, "HEAD", "/", NULL, NULL, false);
    stream *d = ask(c, "DELETE", "/", NULL, NULL, false);
    exchange(c);
    assert_int_equal(a->status, 200);
    assert_string_equal(wb_buf_cstr(&a->body), "example");
    assert_int_equal(b->status, 404);
    assert_int_equal(h->status, 200);
    assert_int_equal(h->body.n, 0);
    assert_int_equal(d->status, 405);
    assert_true(a->closed && b->closed && h->closed && d->closed);
    assert_int_equal(http_pipe_requests(c->pipe), 0);
    client_free(c);
}

static void bodies_pass_flow_control(void **state)
{
    client *c = client_new(true);
    size_t n = 1 << 20;
    char *big = wb_malloc(n);
    memset(big, 'b', n);
    c->up = (wb_str){big, n};
    c->up_ends = true;
    stream *a = ask(c, "POST", "/echo", NULL, NULL, true);
    stream *b = ask(c, "GET", "/big", NULL, NULL, false);
    exchange(c);
    assert_int_equal(a->body.n, n);
    assert_memory_equal(a->body.p, big, n);
    assert_int_equal(b->body.n, 3 << 20);
    client_free(c);
    free(big);
}

static void large_requests_are_refused(void **state)
{
    client *c = client_new(true);
    size_t n = (1 << 20) + 1;
    char *big = wb_malloc(n);
    memset(big, 'b', n);
    c->up = (wb_str){big, n};
    c->up_ends = true;
    stream *a = ask(c, "POST", "/echo", NULL, NULL, true);
    exchange(c);
    assert_int_equal(a->status, 413);
    stream *b = ask(c, "POST", "/echo", "content-length", "1048577", true);
    exchange(c);
    assert_int_equal(b->status, 413);
    big[1999] = 0;
    stream *d = ask(c, "GET", "/", "x", big, false);
    exchange(c);
    assert_int_equal(d->status, 431);
    /* The connection is still good. */
    stream *ok = ask(c, "GET", "/", NULL, NULL, false);
    exchange(c);
    assert_int_equal(ok->status, 200);
    client_free(c);
    free(big);
}

static void a_wrong_content_length_resets_the_stream(void **state)
{
    client *c = client_new(true);
    c->up = WB_LIT("abc");
    c->up_ends = true;
    stream *a = ask(c, "POST", "/echo", "content-length", "5", true);
    exchange(c);
    assert_int_equal(a->status, 0);
    assert_true(a->closed);
    assert_int_equal(a->code, NGHTTP2_PROTOCOL_ERROR);
    client_free(c);
}

static void slow_bodies_get_408(void **state)
{
    client *c = client_new(true);
    c->up = WB_LIT("abc");
    c->up_ends = false;
    stream *a = ask(c, "POST", "/echo", NULL, NULL, true);
    exchange(c);
    assert_int_equal(a->status, 0);
    http_loopback_run(server, 200);
    exchange(c);
    assert_int_equal(a->status, 408);
    client_free(c);
}

static void a_client_that_fetches_nothing_is_cut(void **state)
{
    client *c = client_new(false);
    stream *a = ask(c, "GET", "/big", NULL, NULL, false);
    exchange(c);
    assert_false(a->closed);
    assert_true(a->body.n < 100000);
    assert_int_equal(http_pipe_requests(c->pipe), 1);
    http_loopback_run(server, 250);
    exchange(c);
    assert_true(a->closed);
    assert_int_equal(http_pipe_requests(c->pipe), 0);
    client_free(c);
}

static void parked_streams_answer_in_any_order(void **state)
{
    client *c = client_new(true);
    parked_n = 0;
    stream *a = ask(c, "GET", "/park", NULL, NULL, false);
    stream *b = ask(c, "GET", "/park", NULL, NULL, false);
    exchange(c);
    assert_int_equal(parked_n, 2);
    http_respond(parked[1], 201, NULL, WB_LIT("b"));
    http_loopback_run(server, 5);
    exchange(c);
    assert_int_equal(b->status, 201);
    assert_int_equal(a->status, 0);
    /* The other is forgotten: 504, and its late answer goes nowhere. */
    for (int i = 0; i < 40 && !a->status; i++) {
        http_loopback_run(server, 20);
        exchange(c);
    }
    assert_int_equal(a->status, 504);
    http_respond(parked[0], 200, NULL, WB_LIT("late"));
    http_loopback_run(server, 5);
    client_free(c);
}

static void a_client_may_leave_while_parked(void **state)
{
    client *c = client_new(true);
    parked_n = 0;
    ask(c, "GET", "/park", NULL, NULL, false);
    ask(c, "GET", "/park", NULL, NULL, false);
    exchange(c);
    nghttp2_submit_rst_stream(c->session, 0, 1, NGHTTP2_CANCEL);
    exchange(c);
    assert_true(http_request_gone(parked[0]));
    assert_false(http_request_gone(parked[1]));
    client_free(c);
    assert_true(http_request_gone(parked[1]));
    http_respond(parked[0], 200, NULL, WB_LIT("nobody"));
    http_respond(parked[1], 200, NULL, WB_LIT("nobody"));
    http_loopback_run(server, 5);
}

/* Reset streams are not free while their handlers run. */
static void reset_streams_count_until_answered(void **state)
{
    client *c = client_new(true);
    parked_n = 0;
    exchange(c);
    for (int i = 0; i < 150; i++) {
        stream *s = ask(c, "GET", "/park", NULL, NULL, false);
        exchange(c);
        nghttp2_submit_rst_stream(c->session, 0, 1 + 2 * i, NGHTTP2_CANCEL);
        exchange(c);
        assert_true(s->closed);
    }
    assert_int_equal(parked_n, 150);
    stream *s = ask(c, "GET", "/", NULL, NULL, false);
    exchange(c);
    assert_int_equal(s->status, 503);
    for (int i = 0; i < 150; i++)
        http_respond(parked[i], 200, NULL, (wb_str){0});
    http_loopback_run(server, 5);
    s = ask(c, "GET", "/", NULL, NULL, false);
    exchange(c);
    assert_int_equal(s->status, 200);
    client_free(c);
}

static void rapid_resets_end_the_connection(void **state)
{
    client *c = client_new(true);
    exchange(c);
    for (int i = 0; i < 500 && !c->goaway; i++) {
        ask(c, "GET", "/", NULL, NULL, false);
        const uint8_t *p;
        ssize_t n;
        while ((n = nghttp2_session_mem_send(c->session, &p)) > 0)
            http_pipe_feed(c->pipe, wb_str_n(p, (size_t)n));
        nghttp2_submit_rst_stream(c->session, 0, 1 + 2 * i, NGHTTP2_CANCEL);
        if (i % 20 == 19)
            exchange(c);
    }
    assert_true(c->goaway);
    client_free(c);
}

static void floods_of_control_frames_end_the_connection(void **state)
{
    client *c = client_new(true);
    exchange(c);
    for (int i = 0; i < 5000 && !c->goaway; i++) {
        nghttp2_submit_ping(c->session, 0, NULL);
        exchange(c);
    }
    assert_true(c->goaway);
    assert_int_equal(c->goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_true(http_pipe_closed(c->pipe));
    client_free(c);
}

static void garbage_after_the_preface_ends_the_connection(void **state)
{
    unsigned seed = 3;
    for (int i = 0; i < 300; i++) {
        http_pipe *pipe = http_pipe_new(server);
        char junk[4000];
        for (size_t k = 0; k < sizeof junk; k++) {
            seed = seed * 1103515245u + 12345u;
            junk[k] = (char)(seed >> 16);
        }
        static const char start[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
        memcpy(junk, start, i % 2 ? sizeof start - 1 : 24);
        wb_buf out;
        wb_buf_init(&out, 1 << 20);
        http_pipe_feed(pipe, (wb_str){junk, sizeof junk});
        http_pipe_take(pipe, &out);
        wb_buf_free(&out);
        http_pipe_free(pipe);
    }
}

static void drain_says_goaway_and_finishes_what_runs(void **state)
{
    http_server *usual = server;
    setup(NULL);
    client *c = client_new(true), *idle = client_new(true);
    parked_n = 0;
    stream *a = ask(c, "GET", "/park", NULL, NULL, false);
    exchange(c);
    exchange(idle);
    http_server_stop(server);
    http_loopback_run(server, 5);
    assert_true(http_server_draining(server));
    exchange(idle);
    exchange(c);
    assert_true(c->goaway && idle->goaway);
    assert_int_equal(c->goaway_code, NGHTTP2_NO_ERROR);
    assert_true(http_pipe_closed(idle->pipe));
    assert_false(http_pipe_closed(c->pipe));
    http_respond(parked[0], 200, NULL, WB_LIT("done"));
    http_loopback_run(server, 5);
    exchange(c);
    assert_int_equal(a->status, 200);
    assert_string_equal(wb_buf_cstr(&a->body), "done");
    assert_true(http_pipe_closed(c->pipe));
    client_free(c);
    client_free(idle);
    teardown(NULL);
    server = usual;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(bodies_pass_flow_control),
        cmocka_unit_test(large_requests_are_refused),
        cmocka_unit_test(a_wrong_content_length_resets_the_stream),
        cmocka_unit_test(slow_bodies_get_408),
        cmocka_unit_test(a_client_that_fetches_nothing_is_cut),
        cmocka_unit_test(parked_streams_answer_in_any_order),
        cmocka_unit_test(a_client_may_leave_while_parked),
        cmocka_unit_test(reset_streams_count_until_answered),
        cmocka_unit_test(rapid_resets_end_the_connection),
        cmocka_unit_test(floods_of_control_frames_end_the_connection),
        cmocka_unit_test(drain_says_goaway_and_finishes_what_runs),
        cmocka_unit_test(garbage_after_the_preface_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
