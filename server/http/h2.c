/* HTTP/2: the only file that knows nghttp2, which does framing, header compression, flow control
 * and the checks of pseudo headers and content-length. */
#include "server/http/internal.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

struct http_h2 {
    nghttp2_session *session;
    uint64_t control_since; /* start of the second in which control frames are counted */
    unsigned control, errors;
};

static http_request *stream_request(http_conn *conn, int32_t id)
{
    http_request *req = nghttp2_session_get_stream_user_data(conn->h2->session, id);
    return req && req->conn ? req : NULL;
}

static void calm_down(http_conn *conn)
{
    nghttp2_session_terminate_session(conn->h2->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

static nghttp2_nv header(const char *name, size_t name_n, const char *value, size_t value_n)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, name_n, value_n,
                        NGHTTP2_NV_FLAG_NONE};
}

/* ---- Reading ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    http_conn *conn = arg;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    http_request *req = http_request_new(conn, conn->worker);
    req->version = 2;
    req->stream = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(session, req->stream, req);
    return 0;
}

static void pseudo_header(http_request *req, wb_str name, wb_str value)
{
    wb_str copy = {http_request_dup(req, value.p, value.n), value.n};
    req->head_bytes += name.n + value.n;
    if (wb_str_is(name, ":method"))
        req->method = copy;
    else if (wb_str_is(name, ":path"))
        req->path = copy;
    else if (wb_str_is(name, ":authority"))
        http_request_add(req, WB_LIT("host"), value, true);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
    http_conn *conn = arg;
    http_request *req = stream_request(conn, frame->hd.stream_id);
    if (!req || frame->headers.cat != NGHTTP2_HCAT_REQUEST || req->refusal)
        return 0;
    wb_str n = wb_str_n(name, name_n), v = wb_str_n(value, value_n);
    if (n.n && n.p[0] == ':') {
        pseudo_header(req, n, v);
        if (req->head_bytes <= req->server->config.limits.max_head)
            return 0;
    } else if (http_request_add(req, n, v, true)) {
        return 0;
    }
    req->refusal = 431;
    req->refusal_code = "headers_too_large";
    req->refusal_detail = "the request head is larger than allowed";
    return 0;
}

static void refuse(http_request *req, int status, const char *code, const char *detail)
{
    if (req->phase != HTTP_READING)
        return;
    req->refusal = status;
    req->refusal_code = code;
    req->refusal_detail = detail;
    http_dispatch(req);
}

static bool is_target(wb_str t)
{
    for (size_t i = 0; i < t.n; i++)
        if ((unsigned char)t.p[i] <= 0x20 || (unsigned char)t.p[i] >= 0x7f || t.p[i] == '#')
            return false;
    return t.n && (t.p[0] == '/' || wb_str_is(t, "*"));
}

static void head_done(http_conn *conn, http_request *req, bool end)
{
    req->body_done = end;
    if (req->refusal) {
        req->query = (wb_str){"", 0};
        http_dispatch(req);
        return;
    }
    if (wb_str_is(req->method, "CONNECT")) {
        refuse(req, 501, "not_implemented", "this is no proxy");
        return;
    }
    if (!is_target(req->path)) {
        req->path = WB_LIT("");
        refuse(req, 400, "malformed_request", "the request target is malformed");
        return;
    }
    http_request_head_done(req);
    wb_str length = http_request_header(req, "content-length");
    /* nghttp2 has checked that these are digits, and will compare them with the body. */
    if (length.n > 18 || (length.n && strtoull(length.p, NULL, 10) > req->max_body)) {
        refuse(req, 413, "content_too_large", "the request body is larger than allowed");
        return;
    }
    if (end) {
        http_dispatch(req);
        return;
    }
    wb_str expect = http_request_header(req, "expect");
    if (expect.n == 12 && strncasecmp(expect.p, "100-continue", 12) == 0) {
        nghttp2_nv go = header(":status", 7, "100", 3);
        nghttp2_submit_headers(conn->h2->session, NGHTTP2_FLAG_NONE, req->stream, NULL, &go, 1,
                               NULL);
    }
}

static void body_done(http_request *req)
{
    req->body_done = true;
    if (req->phase == HTTP_READING)
        http_dispatch(req);
}

/* Frames that carry no request cost us and nothing to the sender. */
static void count_control(http_conn *conn)
{
    uint64_t now = http_worker_now(conn->worker);
    if (now - conn->h2->control_since >= 1000) {
        conn->h2->control_since = now;
        conn->h2->control = 0;
    }
    if (++conn->h2->control > HTTP_H2_CONTROL_RATE)
        calm_down(conn);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    http_conn *conn = arg;
    bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    http_request *req = frame->hd.stream_id ? stream_request(conn, frame->hd.stream_id) : NULL;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (req && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            head_done(conn, req, end);
        else if (req && end)
            body_done(req);
        return 0;
    case NGHTTP2_DATA:
        if (req && end)
            body_done(req);
        else if (frame->hd.length == 0)
            count_control(conn);
        return 0;
    default: count_control(conn); return 0;
    }
}

static int on_invalid(nghttp2_session *session, const nghttp2_frame *frame, int code, void *arg)
{
    count_control(arg);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *arg)
{
    http_request *req = stream_request(arg, id);
    if (!req)
        return 0;
    if (req->phase != HTTP_READING) {
        /* Answered early. Many clients read the answer only after they have sent their body, so
         * that much again is read and dropped before the stream is reset. */
        req->dropped += n;
        if (req->dropped > req->max_body)
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
        return 0;
    }
    int status = http_request_body_add(req, p, n);
    if (status == 413)
        refuse(req, 413, "content_too_large", "the request body is larger than allowed");
    else if (status)
        refuse(req, 503, "overloaded", "too many request bodies are held");
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    http_request *req = stream_request(arg, id);
    if (!req)
        return 0;
    nghttp2_session_set_stream_user_data(session, id, NULL);
    http_request_release(req);
    return 0;
}

/* ---- Writing ---- */

static ssize_t on_pull(nghttp2_session *session, int32_t id, uint8_t *to, size_t n, uint32_t *flags,
                       nghttp2_data_source *source, void *arg)
{
    http_request *req = stream_request(arg, id);
    if (!req)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    bool end = false;
    size_t got = http_response_pull(req, (char *)to, n, &end);
    if (end)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return got || end ? (ssize_t)got : NGHTTP2_ERR_DEFERRED;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    http_conn *conn = arg;
    uint32_t code = frame->rst_stream.error_code;
    if (frame->hd.type == NGHTTP2_RST_STREAM && code != NGHTTP2_NO_ERROR &&
        code != NGHTTP2_REFUSED_STREAM && ++conn->h2->errors > HTTP_H2_ERROR_MAX)
        calm_down(conn);
    return 0;
}

static void submit(http_conn *conn, http_request *req)
{
    char status[16], length[32];
    size_t n = 0;
    nghttp2_nv *h = wb_malloc((req->out_count + 5) * sizeof *h);
    const char *date = http_worker_date(conn->worker);
    snprintf(status, sizeof status, "%d", req->status);
    h[n++] = header(":status", 7, status, 3);
    h[n++] = header("date", 4, date, strlen(date));
    h[n++] = header("x-request-id", 12, req->id, strlen(req->id));
    if (req->content_type)
        h[n++] = header("content-type", 12, req->content_type, strlen(req->content_type));
    for (size_t i = 0; i < req->out_count; i++) {
        http_field *f = &req->out_fields[i];
        h[n++] = header(f->name.p, f->name.n, f->value.p, f->value.n);
    }
    bool silent = http_response_bodiless(req);
    if (!silent && !req->stream_out) {
        int digits = snprintf(length, sizeof length, "%zu", req->out_n);
        h[n++] = header("content-length", 14, length, (size_t)digits);
    }
    silent = silent || wb_str_is(req->method, "HEAD") || (!req->stream_out && !req->out_n);
    nghttp2_data_provider data = {.read_callback = on_pull};
    int r = nghttp2_submit_response(conn->h2->session, req->stream, h, n, silent ? NULL : &data);
    free(h);
    req->submitted = true;
    req->progress = http_worker_now(conn->worker);
    if (r != 0)
        nghttp2_submit_rst_stream(conn->h2->session, NGHTTP2_FLAG_NONE, req->stream,
                                  NGHTTP2_INTERNAL_ERROR);
}

void http_h2_ready(http_conn *conn, http_request *req)
{
    if (!req->submitted)
        submit(conn, req);
    else
        nghttp2_session_resume_data(conn->h2->session, req->stream);
}

void http_h2_fill(http_conn *conn)
{
    nghttp2_session *session = conn->h2->session;
    while (conn->out.n < HTTP_WRITE_CHUNK) {
        const uint8_t *p = NULL;
        ssize_t n = nghttp2_session_mem_send(session, &p);
        if (n < 0)
            conn->closing = true;
        if (n <= 0)
            break;
        wb_buf_put(&conn->out, p, (size_t)n);
    }
    if (!nghttp2_session_want_read(session) && !nghttp2_session_want_write(session)) {
        conn->closing = true;
        conn->linger = true; /* so that the client sees why */
    }
}

/* ---- What the connection calls ---- */

bool http_h2_new(http_conn *conn)
{
    const http_limits *limits = &conn->worker->server->config.limits;
    nghttp2_session_callbacks *cb = NULL;
    nghttp2_option *o = NULL;
    struct http_h2 *h = wb_calloc(1, sizeof *h);
    conn->h2 = h;
    if (nghttp2_session_callbacks_new(&cb) != 0 || nghttp2_option_new(&o) != 0)
        wb_fatal("no memory for an HTTP/2 session");
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
    nghttp2_option_set_stream_reset_rate_limit(o, HTTP_H2_RESET_BURST, HTTP_H2_RESET_RATE);
    nghttp2_option_set_max_outbound_ack(o, HTTP_H2_OUTBOUND_ACK);
    nghttp2_option_set_max_settings(o, HTTP_H2_MAX_SETTINGS);
    nghttp2_option_set_max_continuations(o, HTTP_H2_CONTINUATIONS);
    nghttp2_option_set_no_closed_streams(o, 1);
    int r = nghttp2_session_server_new2(&h->session, cb, conn, o);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(cb);
    if (r != 0)
        wb_fatal("no memory for an HTTP/2 session");
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP_H2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->max_head},
    };
    return nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof *settings) == 0 &&
           nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0,
                                                 HTTP_H2_CONN_WINDOW) == 0;
}

void http_h2_free(http_conn *conn)
{
    if (!conn->h2)
        return;
    nghttp2_session_del(conn->h2->session);
    free(conn->h2);
    conn->h2 = NULL;
}

void http_h2_feed(http_conn *conn, const char *p, size_t n)
{
    ssize_t used = nghttp2_session_mem_recv(conn->h2->session, (const uint8_t *)p, n);
    /* Most violations end in a GOAWAY of nghttp2's own; these cannot go on at all. */
    if (used < 0)
        nghttp2_session_terminate_session(conn->h2->session, used == NGHTTP2_ERR_FLOODED
                                                                 ? NGHTTP2_ENHANCE_YOUR_CALM
                                                                 : NGHTTP2_PROTOCOL_ERROR);
}

void http_h2_timeout(http_conn *conn, http_request *req)
{
    if (req->phase == HTTP_READING) {
        refuse(req, 408, "request_timeout", "the request did not arrive in time");
        return;
    }
    int32_t id = req->stream;
    http_request *stand_in = http_request_replace(req, 504, "timeout", "Gateway Timeout",
                                                  "no answer in time; the outcome is unknown");
    nghttp2_session_set_stream_user_data(conn->h2->session, id, stand_in);
    http_h2_ready(conn, stand_in);
}

void http_h2_stalled(http_conn *conn, http_request *req)
{
    nghttp2_submit_rst_stream(conn->h2->session, NGHTTP2_FLAG_NONE, req->stream, NGHTTP2_CANCEL);
}

void http_h2_drain(http_conn *conn)
{
    /* Streams above the last one seen were not processed, and the client may repeat them. */
    nghttp2_submit_goaway(conn->h2->session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(conn->h2->session),
                          NGHTTP2_NO_ERROR, NULL, 0);
}
