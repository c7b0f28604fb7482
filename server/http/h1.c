/* HTTP/1.0 and 1.1: the only file that knows the parser library. One request at a time: while it is
 * answered, what follows waits in `in`, so that answers keep the order of the requests. */
#include "server/http/gate.h"
#include "server/http/internal.h"

#include <http_parser.h>
#include <stdlib.h>

struct http_h1 {
    http_conn *conn;
    http_parser parser;
    http_gate gate;
    wb_buf head, in;
    size_t in_at;      /* bytes of `in` that are used up */
    http_request *req; /* being read or answered; NULL between requests */
    bool pumping;
    bool in_body, chunked_in, complete;
    uint64_t body_left; /* with a Content-Length */
    bool busy;          /* the request is whole and waits for its answer */
    bool ready;         /* the answer is there */
    bool head_sent, chunked_out;
    bool keep_alive, discard, eof;
    wb_str name; /* header name that waits for its value */
    unsigned hosts;
    int body_error;
};

/* ---- The parser's callbacks: all pointers lead into the request's copy of the head ---- */

static int on_url(http_parser *p, const char *at, size_t n)
{
    struct http_h1 *h = p->data;
    h->req->path = (wb_str){at, n};
    return 0;
}

static int on_field(http_parser *p, const char *at, size_t n)
{
    struct http_h1 *h = p->data;
    h->name = (wb_str){at, n};
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t n)
{
    struct http_h1 *h = p->data;
    if (h->in_body) /* trailers mean nothing to us */
        return 0;
    while (n && (at[n - 1] == ' ' || at[n - 1] == '\t'))
        n--;
    if (!http_request_add(h->req, h->name, (wb_str){at, n}, false)) {
        h->body_error = 431;
        return 1;
    }
    return 0;
}

static int on_head(http_parser *p)
{
    p->upgrade = 0; /* no upgrade is offered; the request is an ordinary one */
    return 0;
}

static int on_body(http_parser *p, const char *at, size_t n)
{
    struct http_h1 *h = p->data;
    h->body_error = http_request_body_add(h->req, at, n);
    return h->body_error != 0;
}

static int on_complete(http_parser *p)
{
    struct http_h1 *h = p->data;
    h->complete = true;
    return 0;
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

/* ---- Reading ---- */

static void refuse(struct http_h1 *h, int status, const char *code, const char *detail)
{
    if (!h->req)
        h->req = http_request_new(h->conn, h->conn->worker);
    h->req->version = 1;
    h->req->refusal = status;
    h->req->refusal_code = code;
    h->req->refusal_detail = detail;
    h->keep_alive = false;
    h->discard = true;
    h->busy = true;
    http_dispatch(h->req);
}

static void refuse_body(struct http_h1 *h)
{
    if (h->body_error == 413)
        refuse(h, 413, "content_too_large", "the request body is larger than allowed");
    else if (h->body_error == 503)
        refuse(h, 503, "overloaded", "too many request bodies are held");
    else
        refuse(h, 400, "malformed_request", "the request body is malformed");
}

static void finish_request(struct http_h1 *h)
{
    h->req->body_done = true;
    h->in_body = false;
    h->busy = true;
    http_dispatch(h->req);
}

static const http_field *only(struct http_h1 *h, const char *name, unsigned *count)
{
    const http_field *found = NULL;
    *count = 0;
    for (size_t i = 0; i < h->req->field_count; i++)
        if (wb_str_is(h->req->fields[i].name, name)) {
            found = found ? found : &h->req->fields[i];
            ++*count;
        }
    return found;
}

static bool is_host(wb_str v)
{
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] <= 0x20 || (unsigned char)v.p[i] >= 0x7f ||
            strchr(",/@?#\\", v.p[i]))
            return false;
    return true;
}

static bool is_length(wb_str v)
{
    if (!v.n || v.n > 18)
        return false;
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
    return true;
}

static bool iequal(wb_str v, const char *z)
{
    return v.n == strlen(z) && strncasecmp(v.p, z, v.n) == 0;
}

/* "http://host/path" is what proxies are sent; the path is all we need of it. */
static bool cut_target(http_request *req)
{
    wb_str t = req->path;
    if (memchr(t.p, '#', t.n))
        return false;
    if (t.p[0] == '/' || wb_str_is(t, "*"))
        return true;
    struct http_parser_url url;
    http_parser_url_init(&url);
    if (http_parser_parse_url(t.p, t.n, 0, &url) != 0 || !(url.field_set & (1 << UF_HOST)))
        return false;
    if (!(url.field_set & (1 << UF_PATH))) {
        req->path = WB_LIT("/");
        return true;
    }
    req->path = (wb_str){t.p + url.field_data[UF_PATH].off, t.n - url.field_data[UF_PATH].off};
    return true;
}

/* What the parser leaves to us. NULL when all is well, else what is wrong. */
static const char *check_head(struct http_h1 *h)
{
    http_request *req = h->req;
    unsigned n;
    const http_field *host = only(h, "host", &n);
    if (n > 1 || (n == 0 && h->parser.http_minor == 1))
        return "exactly one Host is needed";
    if (host && !is_host(host->value))
        return "Host is malformed";
    const http_field *length = only(h, "content-length", &n);
    if (n > 1 || (length && !is_length(length->value)))
        return "Content-Length is malformed";
    const http_field *coding = only(h, "transfer-encoding", &n);
    if (coding && (n > 1 || length || h->parser.http_minor == 0))
        return "Transfer-Encoding may not stand here";
    h->chunked_in = coding != NULL;
    h->body_left = length ? strtoull(length->value.p, NULL, 10) : 0;
    if (!cut_target(req))
        return "the request target is malformed";
    return NULL;
}

static bool wants_continue(struct http_h1 *h, bool *bad)
{
    wb_str expect = http_request_header(h->req, "expect");
    *bad = expect.p && !iequal(expect, "100-continue");
    return expect.p && !*bad && h->parser.http_minor == 1;
}

static void begin_body(struct http_h1 *h)
{
    bool bad;
    bool ask = wants_continue(h, &bad);
    if (bad) {
        refuse(h, 417, "expectation_failed", "only 100-continue can be expected");
        return;
    }
    if (h->body_left > h->req->max_body) {
        h->body_error = 413;
        refuse_body(h);
        return;
    }
    if (!h->chunked_in && !h->body_left) {
        finish_request(h);
        return;
    }
    h->in_body = true;
    http_gate_start_chunks(&h->gate);
    if (ask)
        wb_buf_puts(&h->conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void parse_head(struct http_h1 *h)
{
    http_request *req = h->req;
    size_t n = h->head.n;
    const char *p = http_request_dup(req, h->head.p, n);
    wb_buf_clear(&h->head);
    http_parser_init(&h->parser, HTTP_REQUEST);
    h->parser.data = h;
    h->complete = false;
    h->body_error = 0;
    size_t used = http_parser_execute(&h->parser, &settings, p, n);
    req->version = 1;
    enum http_errno error = HTTP_PARSER_ERRNO(&h->parser);
    if (h->body_error == 431) {
        refuse(h, 431, "headers_too_large", "too many header fields");
    } else if (error == HPE_INVALID_METHOD) {
        refuse(h, 501, "not_implemented", "the method is not known");
    } else if (error == HPE_INVALID_VERSION ||
               (error == HPE_OK && (h->parser.http_major != 1 || h->parser.http_minor > 1))) {
        refuse(h, 505, "version_not_supported", "HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here");
    } else if (error != HPE_OK || used != n) {
        refuse(h, 400, "malformed_request", "the request head is malformed");
    } else if (h->parser.method == HTTP_CONNECT) {
        refuse(h, 501, "not_implemented", "this is no proxy");
    } else {
        const char *wrong = check_head(h);
        if (wrong) {
            refuse(h, 400, "malformed_request", wrong);
            return;
        }
        wb_str coding = http_request_header(req, "transfer-encoding");
        if (coding.p && !iequal(coding, "chunked")) {
            refuse(h, 501, "not_implemented", "the only transfer coding is chunked");
            return;
        }
        req->method = wb_str_of(http_method_str((enum http_method)h->parser.method));
        h->keep_alive = http_should_keep_alive(&h->parser) != 0;
        http_request_head_done(req);
        begin_body(h);
    }
}

static size_t read_head(struct http_h1 *h, const char *p, size_t n)
{
    size_t used = 0, skip = 0;
    http_gate_result r = http_gate_head(&h->gate, p, n, &used, &skip);
    if (!h->req && used > skip)
        h->req = http_request_new(h->conn, h->conn->worker);
    wb_buf_put(&h->head, p + skip, used - skip);
    if (r == HTTP_GATE_BAD)
        refuse(h, 400, "malformed_request", "the request head is malformed");
    else if (h->head.failed)
        refuse(h, 431, "headers_too_large", "the request head is larger than allowed");
    else if (r == HTTP_GATE_END)
        parse_head(h);
    return used;
}

static size_t read_body(struct http_h1 *h, const char *p, size_t n)
{
    bool last;
    if (h->chunked_in) {
        size_t used = 0;
        http_gate_result r = http_gate_chunks(
            &h->gate, p, n, h->conn->worker->server->config.limits.max_head, &used);
        if (r == HTTP_GATE_BAD) {
            refuse_body(h);
            return n;
        }
        last = r == HTTP_GATE_END;
        n = used;
    } else {
        n = n < h->body_left ? n : (size_t)h->body_left;
        h->body_left -= n;
        last = !h->body_left;
    }
    size_t used = http_parser_execute(&h->parser, &settings, p, n);
    /* The end must be where the gate saw it: two opinions about it are an attack. */
    if (h->body_error || used != n || HTTP_PARSER_ERRNO(&h->parser) != HPE_OK ||
        h->complete != last)
        refuse_body(h);
    else if (last)
        finish_request(h);
    return n;
}

static bool read_some(struct http_h1 *h)
{
    size_t n = h->in.n - h->in_at;
    if (!n || h->busy || h->conn->closing)
        return false;
    const char *p = h->in.p + h->in_at;
    size_t used = h->discard ? n : h->in_body ? read_body(h, p, n) : read_head(h, p, n);
    h->in_at += used;
    if (h->in_at == h->in.n) {
        wb_buf_clear(&h->in);
        h->in_at = 0;
    }
    return true;
}

/* ---- Writing ---- */

static void put_head(struct http_h1 *h)
{
    http_request *req = h->req;
    wb_buf *out = &h->conn->out;
    bool old = h->parser.http_major == 1 && h->parser.http_minor == 0;
    h->chunked_out = req->stream_out && !old && !http_response_bodiless(req);
    if (h->conn->draining || (req->stream_out && old))
        h->keep_alive = false;
    wb_buf_putf(out, "HTTP/1.1 %d %s\r\ndate: %s\r\nx-request-id: %s\r\n", req->status,
                http_status_reason(req->status), http_worker_date(h->conn->worker), req->id);
    if (req->content_type)
        wb_buf_putf(out, "content-type: %s\r\n", req->content_type);
    for (size_t i = 0; i < req->out_count; i++) {
        wb_buf_put_str(out, req->out_fields[i].name);
        wb_buf_puts(out, ": ");
        wb_buf_put_str(out, req->out_fields[i].value);
        wb_buf_puts(out, "\r\n");
    }
    if (h->chunked_out)
        wb_buf_puts(out, "transfer-encoding: chunked\r\n");
    else if (!req->stream_out && !http_response_bodiless(req))
        wb_buf_putf(out, "content-length: %zu\r\n", req->out_n);
    if (!h->keep_alive)
        wb_buf_puts(out, "connection: close\r\n");
    else if (old)
        wb_buf_puts(out, "connection: keep-alive\r\n");
    wb_buf_puts(out, "\r\n");
    h->head_sent = true;
}

static void finish_answer(struct http_h1 *h)
{
    http_request *req = h->req;
    h->req = NULL;
    h->busy = h->ready = h->head_sent = false;
    http_gate_start_head(&h->gate);
    if (!h->keep_alive || h->conn->draining) {
        h->conn->closing = true;
        h->conn->linger = !h->eof;
    }
    http_request_release(req);
}

static bool write_some(struct http_h1 *h)
{
    wb_buf *out = &h->conn->out;
    if (!h->ready || out->n >= HTTP_WRITE_CHUNK)
        return false;
    http_request *req = h->req;
    if (!h->head_sent)
        put_head(h);
    bool silent = http_response_bodiless(req) || wb_str_is(req->method, "HEAD");
    bool end = silent && !req->stream_out;
    size_t got = 0;
    if (!end) {
        char *part = h->conn->worker->clear_buf;
        size_t room = out->n < HTTP_WRITE_CHUNK ? HTTP_WRITE_CHUNK - out->n : 1;
        got = http_response_pull(req, part, room, &end);
        if (got && !silent) {
            if (h->chunked_out)
                wb_buf_putf(out, "%zx\r\n", got);
            wb_buf_put(out, part, got);
            if (h->chunked_out)
                wb_buf_puts(out, "\r\n");
        }
    }
    if (end) {
        if (h->chunked_out && !silent)
            wb_buf_puts(out, "0\r\n\r\n");
        finish_answer(h);
    }
    return got || end;
}

/* A loop, not a recursion: a thousand pipelined requests answered at once need no stack. */
static void pump(struct http_h1 *h)
{
    if (h->pumping)
        return;
    h->pumping = true;
    bool more = true;
    while (more) {
        more = write_some(h);
        if (h->conn->out.n < HTTP_WRITE_CHUNK)
            more |= read_some(h);
    }
    if (h->eof && !h->busy && h->in.n == h->in_at)
        h->conn->closing = true;
    h->pumping = false;
}

/* ---- What the connection calls ---- */

void http_h1_new(http_conn *conn)
{
    struct http_h1 *h = wb_calloc(1, sizeof *h);
    h->conn = conn;
    h->keep_alive = true;
    wb_buf_init(&h->head, conn->worker->server->config.limits.max_head);
    wb_buf_init(&h->in, SIZE_MAX / 4); /* http_h1_full stops the reading long before */
    http_gate_start_head(&h->gate);
    http_parser_init(&h->parser, HTTP_REQUEST);
    conn->h1 = h;
}

void http_h1_free(http_conn *conn)
{
    if (!conn->h1)
        return;
    wb_buf_free(&conn->h1->head);
    wb_buf_free(&conn->h1->in);
    free(conn->h1);
    conn->h1 = NULL;
}

void http_h1_feed(http_conn *conn, const char *p, size_t n)
{
    if (conn->h1->discard || conn->closing)
        return;
    wb_buf_put(&conn->h1->in, p, n);
    pump(conn->h1);
}

/* The peer may have closed only its half: what it has sent is still answered. */
void http_h1_eof(http_conn *conn)
{
    struct http_h1 *h = conn->h1;
    h->eof = true;
    pump(h);
    if (!h->busy)
        conn->closing = true;
}

void http_h1_fill(http_conn *conn)
{
    pump(conn->h1);
}

void http_h1_ready(http_conn *conn, http_request *req)
{
    conn->h1->ready = true;
    pump(conn->h1);
}

bool http_h1_full(const http_conn *conn)
{
    return conn->h1->busy && conn->h1->in.n - conn->h1->in_at >= HTTP_PIPELINE_MAX;
}

void http_h1_timeout(http_conn *conn, http_request *req)
{
    struct http_h1 *h = conn->h1;
    if (req->phase == HTTP_READING) {
        refuse(h, 408, "request_timeout", "the request did not arrive in time");
        return;
    }
    h->keep_alive = false;
    h->req = NULL; /* the stand-in takes its place */
    h->req = http_request_replace(req, 504, "timeout", "Gateway Timeout",
                                  "no answer in time; the outcome is unknown");
    http_h1_ready(conn, h->req);
}
