#include "server/http/internal.h"

#include <stdlib.h>

#define FIRST_CHUNK  2048 /* a usual request fits: head, fields, decoded parts */
#define FIRST_FIELDS 16

/* ---- Memory ---- */

void *http_request_alloc(http_request *req, size_t n)
{
    n = (n + 7) & ~(size_t)7;
    http_chunk *c = req->chunks;
    if (!c || n > c->cap - c->n) {
        size_t cap = n > FIRST_CHUNK ? n : FIRST_CHUNK;
        c = wb_malloc(sizeof *c + cap);
        *c = (http_chunk){.next = req->chunks, .cap = cap};
        req->chunks = c;
    }
    void *p = c->data + c->n;
    c->n += n;
    return p;
}

char *http_request_dup(http_request *req, const void *p, size_t n)
{
    char *to = http_request_alloc(req, n + 1);
    if (n)
        memcpy(to, p, n);
    to[n] = 0;
    return to;
}

/* ---- Life ---- */

http_request *http_request_new(http_conn *conn, http_worker *worker)
{
    http_request *req = wb_calloc(1, sizeof *req);
    req->conn = conn;
    req->worker = worker;
    req->worker_index = worker->index;
    req->server = worker->server;
    req->mailbox = worker->mailbox;
    http_mailbox_ref(req->mailbox);
    req->max_body = worker->server->config.limits.max_body;
    wb_buf_init(&req->body, SIZE_MAX / 4); /* the limit is checked against max_body */
    req->begun_ns = uv_hrtime();
    req->method = req->path = req->query = req->rest = WB_LIT("");
    req->tls = conn->tls;
    req->peer = wb_str_of(http_request_dup(req, conn->peer, strlen(conn->peer)));
    req->deadline = http_worker_now(worker) + worker->server->config.limits.header_ms;
    req->next = conn->requests;
    if (req->next)
        req->next->prev = req;
    conn->requests = req;
    conn->request_count++;
    return req;
}

/* On the worker's thread, or on any other once the mailbox is closed (then the counters are gone
 * with the worker). */
static void request_free(http_request *req, bool on_loop)
{
    if (on_loop) {
        req->worker->buffered -= req->buffered;
        if (req->counted)
            req->worker->in_flight--;
    }
    if (req->drop)
        req->drop(req->data);
    http_stream_free(req);
    wb_buf_free(&req->body);
    free(req->out_body);
    for (http_chunk *c = req->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    http_mailbox_unref(req->mailbox);
    free(req);
}

void http_request_release(http_request *req)
{
    http_conn *conn = req->conn;
    http_config *config = &req->server->config;
    if (req->prev)
        req->prev->next = req->next;
    else
        conn->requests = req->next;
    if (req->next)
        req->next->prev = req->prev;
    req->next = req->prev = NULL;
    conn->request_count--;
    conn->idle_since = http_worker_now(req->worker);
    conn->fresh = false;
    bool answered = req->phase == HTTP_ANSWERED;
    req->conn = NULL;
    atomic_store(&req->gone, true);
    if (config->done && !req->replaced)
        config->done(req, answered ? req->status : 0, uv_hrtime() - req->begun_ns,
                     config->done_arg);
    http_stream_abort(req);
    if (!req->indebted)
        request_free(req, true);
}

/* The debt is paid: runs on the worker's thread. */
static void on_paid(void *arg)
{
    http_request *req = arg;
    req->indebted = false;
    if (!req->conn) {
        request_free(req, true);
        return;
    }
    req->phase = HTTP_ANSWERED;
    http_conn *conn = req->conn;
    http_conn_ready(conn, req);
    http_conn_wake(conn);
}

void http_request_pay(http_request *req)
{
    if (!req->parked)
        return; /* the dispatcher sees `answered` when the handler returns */
    req->answer_post = (http_post){.run = on_paid, .arg = req};
    if (!http_mailbox_put(req->mailbox, &req->answer_post))
        request_free(req, false);
}

void http_park(http_request *req)
{
    req->parked = true;
}

static void on_work(uv_work_t *work)
{
    http_request *req = work->data;
    req->work(req, req->work_arg);
}

static void after_work(uv_work_t *work, int status)
{
    free(work);
}

void http_work(http_request *req, void (*fn)(http_request *, void *), void *arg)
{
    req->parked = true;
    req->work = fn;
    req->work_arg = arg;
    /* The request may be answered and dead before libuv is done with this piece. */
    uv_work_t *work = wb_calloc(1, sizeof *work);
    work->data = req;
    if (uv_queue_work(&req->worker->loop, work, on_work, after_work) != 0)
        wb_fatal("cannot queue work");
}

/* ---- Filling in ---- */

bool http_request_add(http_request *req, wb_str name, wb_str value, bool copy)
{
    const http_limits *limits = &req->server->config.limits;
    req->head_bytes += name.n + value.n + 4;
    if (req->field_count >= limits->max_headers || req->head_bytes > limits->max_head)
        return false;
    if (req->field_count == req->field_cap) {
        size_t cap = req->field_cap ? req->field_cap * 2 : FIRST_FIELDS;
        http_field *fields = http_request_alloc(req, cap * sizeof *fields);
        if (req->field_count)
            memcpy(fields, req->fields, req->field_count * sizeof *fields);
        req->fields = fields;
        req->field_cap = cap;
    }
    char *lower = copy ? http_request_dup(req, name.p, name.n) : (char *)(uintptr_t)name.p;
    for (size_t i = 0; i < name.n; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] | 0x20);
    if (copy)
        value.p = http_request_dup(req, value.p, value.n);
    req->fields[req->field_count++] = (http_field){{lower, name.n}, value};
    return true;
}

/* Any version, either case: an id is the caller's to choose as long as it is a UUID. */
static bool is_uuid(wb_str s)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (s.n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (shape[i] == '-' ? c != '-' : !hex)
            return false;
    }
    return true;
}

void http_request_head_done(http_request *req)
{
    const char *mark = memchr(req->path.p, '?', req->path.n);
    if (mark) {
        size_t at = (size_t)(mark - req->path.p);
        req->query = (wb_str){mark + 1, req->path.n - at - 1};
        req->path.n = at;
    }
    wb_str given = http_request_header(req, "x-request-id");
    if (is_uuid(given)) {
        memcpy(req->id, given.p, given.n);
        req->id[given.n] = 0;
    }
    http_route_find(req, req->server);
    if (req->route && req->route->max_body)
        req->max_body = req->route->max_body;
    req->deadline = http_worker_now(req->worker) + req->server->config.limits.body_ms;
}

int http_request_body_add(http_request *req, const void *p, size_t n)
{
    if (n > req->max_body - req->body.n)
        return 413;
    if (n > req->server->config.limits.max_buffered - req->worker->buffered)
        return 503;
    wb_buf_put(&req->body, p, n);
    req->buffered += n;
    req->worker->buffered += n;
    return 0;
}

/* ---- Reading ---- */

wb_str http_request_method(const http_request *req)
{
    return req->method;
}

wb_str http_request_path(const http_request *req)
{
    return req->path;
}

wb_str http_request_query(const http_request *req)
{
    return req->query;
}

wb_str http_request_body(const http_request *req)
{
    return wb_buf_str(&req->body);
}

wb_str http_request_peer(const http_request *req)
{
    return req->peer;
}

wb_str http_request_id(const http_request *req)
{
    return wb_str_of(req->id);
}

int http_request_version(const http_request *req)
{
    return req->version;
}

bool http_request_tls(const http_request *req)
{
    return req->tls;
}

size_t http_request_worker(const http_request *req)
{
    return req->worker_index;
}

http_server *http_request_server(const http_request *req)
{
    return req->server;
}

bool http_request_gone(const http_request *req)
{
    return atomic_load(&req->gone);
}

wb_str http_request_header(const http_request *req, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < req->field_count; i++)
        if (req->fields[i].name.n == n && strncasecmp(req->fields[i].name.p, name, n) == 0)
            return req->fields[i].value;
    return (wb_str){0};
}

size_t http_request_header_count(const http_request *req)
{
    return req->field_count;
}

void http_request_header_at(const http_request *req, size_t i, wb_str *name, wb_str *value)
{
    *name = req->fields[i].name;
    *value = req->fields[i].value;
}

void http_request_attach(http_request *req, void *data, void (*drop)(void *))
{
    req->data = data;
    req->drop = drop;
}

void *http_request_data(const http_request *req)
{
    return req->data;
}
