#include "server/http/internal.h"

#include <stdlib.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *http_status_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

/* What the layer writes itself. */
static const char *const own_headers[] = {
    "content-length", "transfer-encoding", "connection",       "date", "x-request-id",
    "keep-alive",     "upgrade",           "proxy-connection", "te",   "trailer",
};

static bool is_token(const char *z)
{
    if (!*z)
        return false;
    for (; *z; z++)
        if ((unsigned char)*z <= 0x20 || (unsigned char)*z >= 0x7f ||
            strchr("\"(),/:;<=>?@[\\]{}", *z))
            return false;
    return true;
}

static bool is_value(wb_str v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    /* HTTP/2 has no blanks around a value. */
    return !v.n || (v.p[0] != ' ' && v.p[0] != '\t' && v.p[v.n - 1] != ' ' && v.p[v.n - 1] != '\t');
}

bool http_response_header(http_request *req, const char *name, wb_str value)
{
    if (req->answered || !is_token(name) || !is_value(value))
        return false;
    for (size_t i = 0; i < sizeof own_headers / sizeof *own_headers; i++)
        if (strcasecmp(name, own_headers[i]) == 0)
            return false;
    if (req->out_count == req->out_cap) {
        size_t cap = req->out_cap ? req->out_cap * 2 : 4;
        http_field *fields = http_request_alloc(req, cap * sizeof *fields);
        if (req->out_count)
            memcpy(fields, req->out_fields, req->out_count * sizeof *fields);
        req->out_fields = fields;
        req->out_cap = cap;
    }
    size_t n = strlen(name);
    char *lower = http_request_dup(req, name, n);
    for (size_t i = 0; i < n; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] | 0x20);
    req->out_fields[req->out_count++] =
        (http_field){{lower, n}, {http_request_dup(req, value.p, value.n), value.n}};
    return true;
}

/* Two answers to one request are a broken handler, not a client's doing. */
static void answer_head(http_request *req, int status, const char *content_type)
{
    if (req->answered)
        wb_fatal("a request was answered twice");
    if (status < 200 || status > 599)
        wb_fatal("%d is no status of an answer", status);
    req->answered = true;
    req->status = status;
    if (content_type)
        req->content_type = http_request_dup(req, content_type, strlen(content_type));
}

void http_respond_take(http_request *req, int status, const char *content_type, char *body,
                       size_t n)
{
    answer_head(req, status, content_type);
    req->out_body = body;
    req->out_n = n;
    http_request_pay(req);
}

void http_respond(http_request *req, int status, const char *content_type, wb_str body)
{
    http_respond_take(req, status, content_type, body.n ? wb_strndup(body.p, body.n) : NULL,
                      body.n);
}

/* ---- Answers in pieces ---- */

struct http_stream {
    uv_mutex_t lock;
    uv_cond_t room;
    wb_buf pending;
    size_t at; /* bytes of pending that were taken */
    bool ended, aborted, posted;
    http_post begin_post, put_post, end_post;
};

static void on_begin(void *arg)
{
    http_request *req = arg;
    if (!req->conn)
        return;
    req->phase = HTTP_ANSWERED;
    req->deadline = 0;
    http_conn *conn = req->conn;
    http_conn_ready(conn, req);
    http_conn_wake(conn);
}

static void on_put(void *arg)
{
    http_request *req = arg;
    uv_mutex_lock(&req->stream_out->lock);
    req->stream_out->posted = false;
    uv_mutex_unlock(&req->stream_out->lock);
    if (!req->conn)
        return;
    http_conn *conn = req->conn;
    http_conn_ready(conn, req);
    http_conn_wake(conn);
}

void http_stream_begin(http_request *req, int status, const char *content_type)
{
    answer_head(req, status, content_type);
    struct http_stream *s = wb_calloc(1, sizeof *s);
    uv_mutex_init(&s->lock);
    uv_cond_init(&s->room);
    wb_buf_init(&s->pending, SIZE_MAX / 4); /* put waits long before */
    s->aborted = atomic_load(&req->gone);
    req->stream_out = s;
    s->begin_post = (http_post){.run = on_begin, .arg = req};
    s->put_post = (http_post){.run = on_put, .arg = req};
    http_mailbox_put(req->mailbox, &s->begin_post);
}

wb_status http_stream_put(http_request *req, wb_str bytes)
{
    struct http_stream *s = req->stream_out;
    uv_mutex_lock(&s->lock);
    /* Somebody who left while begin was on its way shows in `gone` only. */
    while (!s->aborted && !atomic_load(&req->gone) && s->pending.n - s->at > HTTP_STREAM_BACKLOG)
        uv_cond_timedwait(&s->room, &s->lock, (uint64_t)100 * 1000 * 1000);
    bool lost = s->aborted || atomic_load(&req->gone);
    if (!lost) {
        wb_buf_put_str(&s->pending, bytes);
        if (!s->posted && bytes.n) {
            s->posted = true;
            lost = !http_mailbox_put(req->mailbox, &s->put_post);
        }
    }
    uv_mutex_unlock(&s->lock);
    return lost ? WB_CANCELLED : WB_OK;
}

void http_stream_end(http_request *req)
{
    struct http_stream *s = req->stream_out;
    uv_mutex_lock(&s->lock);
    s->ended = true;
    uv_mutex_unlock(&s->lock);
    http_request_pay(req);
}

void http_stream_abort(http_request *req)
{
    /* Before begin has been seen here, the holder may be writing the pointer: `gone` tells it. */
    if (!req->stream_out || req->phase != HTTP_ANSWERED)
        return;
    uv_mutex_lock(&req->stream_out->lock);
    req->stream_out->aborted = true;
    uv_cond_broadcast(&req->stream_out->room);
    uv_mutex_unlock(&req->stream_out->lock);
}

void http_stream_free(http_request *req)
{
    struct http_stream *s = req->stream_out;
    if (!s)
        return;
    uv_mutex_destroy(&s->lock);
    uv_cond_destroy(&s->room);
    wb_buf_free(&s->pending);
    free(s);
}

static size_t pull_stream(http_request *req, char *to, size_t n, bool *end)
{
    struct http_stream *s = req->stream_out;
    uv_mutex_lock(&s->lock);
    size_t have = s->pending.n - s->at;
    if (n > have)
        n = have;
    if (n)
        memcpy(to, s->pending.p + s->at, n);
    s->at += n;
    *end = s->ended && s->at == s->pending.n;
    /* Give back what was taken once it is the larger half. */
    if (s->at == s->pending.n) {
        wb_buf_clear(&s->pending);
        s->at = 0;
    } else if (s->at > s->pending.n / 2) {
        memmove(s->pending.p, s->pending.p + s->at, s->pending.n - s->at);
        s->pending.n -= s->at;
        s->at = 0;
    }
    uv_cond_broadcast(&s->room);
    uv_mutex_unlock(&s->lock);
    return n;
}

size_t http_response_pull(http_request *req, char *to, size_t n, bool *end)
{
    req->progress = http_worker_now(req->worker);
    if (req->stream_out)
        return pull_stream(req, to, n, end);
    size_t left = req->out_n - req->out_at;
    if (n > left)
        n = left;
    if (n)
        memcpy(to, req->out_body + req->out_at, n);
    req->out_at += n;
    *end = req->out_at == req->out_n;
    return n;
}

size_t http_response_waiting(http_request *req)
{
    if (!req->stream_out)
        return req->out_n - req->out_at;
    uv_mutex_lock(&req->stream_out->lock);
    size_t n = req->stream_out->pending.n - req->stream_out->at;
    uv_mutex_unlock(&req->stream_out->lock);
    return n;
}
