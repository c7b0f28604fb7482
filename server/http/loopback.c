#include "server/http/loopback.h"

#include "server/http/internal.h"

#include <stdlib.h>

/* ---- Whole requests ---- */

typedef struct local {
    http_conn conn;
    http_loopback_response *out;
    bool done;
} local;

static void collect(http_conn *conn, http_request *req)
{
    local *l = (local *)conn;
    http_loopback_response *out = l->out;
    bool end = false;
    char part[4096];
    if (!out->status) {
        out->status = req->status;
        wb_buf_putf(&out->head, "x-request-id: %s\n", req->id);
        if (req->content_type)
            wb_buf_putf(&out->head, "content-type: %s\n", req->content_type);
        for (size_t i = 0; i < req->out_count; i++)
            wb_buf_putf(&out->head, "%.*s: %.*s\n", WB_FMT(req->out_fields[i].name),
                        WB_FMT(req->out_fields[i].value));
    }
    for (size_t n; (n = http_response_pull(req, part, sizeof part, &end)) > 0;)
        if (!http_response_bodiless(req) && !wb_str_is(req->method, "HEAD"))
            wb_buf_put(&out->body, part, n);
    if (!end)
        return;
    l->done = true;
    http_request_release(req);
}

static void refuse(http_request *req, int status, const char *code)
{
    req->refusal = status;
    req->refusal_code = code;
}

void http_loopback_request(http_server *server, const char *method, const char *target,
                           const char *const *headers, wb_str body, http_loopback_response *out)
{
    http_worker *w = &server->workers[0];
    local l = {.out = out};
    *out = (http_loopback_response){0};
    wb_buf_init(&out->head, SIZE_MAX / 4);
    wb_buf_init(&out->body, SIZE_MAX / 4);
    uv_update_time(&w->loop);
    http_conn_init(&l.conn, w, "loopback");
    l.conn.proto = HTTP_LOCAL;
    l.conn.on_ready = collect;
    http_request *req = http_request_new(&l.conn, w);
    req->version = 1;
    req->method = wb_str_n(http_request_dup(req, method, strlen(method)), strlen(method));
    req->path = wb_str_n(http_request_dup(req, target, strlen(target)), strlen(target));
    for (; headers && headers[0]; headers += 2)
        if (!http_request_add(req, wb_str_of(headers[0]), wb_str_of(headers[1]), true))
            refuse(req, 431, "headers_too_large");
    http_request_head_done(req);
    int status = http_request_body_add(req, body.p, body.n);
    if (status)
        refuse(req, status, status == 413 ? "content_too_large" : "overloaded");
    req->body_done = true;
    http_dispatch(req);
    while (!l.done)
        uv_run(&w->loop, UV_RUN_ONCE);
    http_conn_clear(&l.conn);
}

wb_str http_loopback_header(const http_loopback_response *response, const char *name)
{
    const char *p = response->head.p, *end = p + response->head.n;
    size_t n = strlen(name);
    while (p && p < end) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        if ((size_t)(line_end - p) > n + 1 && strncasecmp(p, name, n) == 0 && p[n] == ':')
            return (wb_str){p + n + 2, (size_t)(line_end - p) - n - 2};
        p = line_end + 1;
    }
    return (wb_str){0};
}

void http_loopback_clear(http_loopback_response *response)
{
    wb_buf_free(&response->head);
    wb_buf_free(&response->body);
}

/* ---- Bytes ---- */

struct http_pipe {
    http_conn conn;
};

http_pipe *http_pipe_new(http_server *server)
{
    http_pipe *pipe = wb_calloc(1, sizeof *pipe);
    uv_update_time(&server->workers[0].loop);
    http_conn_init(&pipe->conn, &server->workers[0], "loopback");
    return pipe;
}

void http_pipe_feed(http_pipe *pipe, wb_str bytes)
{
    http_conn_feed(&pipe->conn, bytes.p, bytes.n);
}

void http_pipe_eof(http_pipe *pipe)
{
    http_conn_eof(&pipe->conn);
}

void http_pipe_take(http_pipe *pipe, wb_buf *to)
{
    for (;;) {
        http_conn_fill(&pipe->conn);
        if (!pipe->conn.out.n)
            return;
        wb_buf_put_str(to, wb_buf_str(&pipe->conn.out));
        wb_buf_clear(&pipe->conn.out);
    }
}

bool http_pipe_closed(const http_pipe *pipe)
{
    return pipe->conn.closing;
}

size_t http_pipe_requests(const http_pipe *pipe)
{
    return pipe->conn.request_count;
}

void http_pipe_free(http_pipe *pipe)
{
    http_conn_kill(&pipe->conn);
    http_conn_clear(&pipe->conn);
    free(pipe);
}

static void on_time(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

void http_loopback_run(http_server *server, unsigned ms)
{
    uv_loop_t *loop = &server->workers[0].loop;
    bool done = false;
    uv_timer_t timer;
    uv_timer_init(loop, &timer);
    timer.data = &done;
    uv_update_time(loop);
    uv_timer_start(&timer, on_time, ms, 0);
    while (!done)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}
