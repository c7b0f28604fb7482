#include "server/http/internal.h"

#include <signal.h>
#include <stdlib.h>

void http_config_init(http_config *config)
{
    *config = (http_config){
        .workers = 1,
        .limits =
            {
                .max_head = HTTP_DEFAULT_MAX_HEAD,
                .max_headers = HTTP_DEFAULT_MAX_HEADERS,
                .max_body = HTTP_DEFAULT_MAX_BODY,
                .max_buffered = HTTP_DEFAULT_MAX_BUFFERED,
                .max_connections = HTTP_DEFAULT_MAX_CONNECTIONS,
                .max_in_flight = HTTP_DEFAULT_MAX_IN_FLIGHT,
                .max_streams = HTTP_DEFAULT_MAX_STREAMS,
                .header_ms = HTTP_DEFAULT_HEADER_MS,
                .body_ms = HTTP_DEFAULT_BODY_MS,
                .request_ms = HTTP_DEFAULT_REQUEST_MS,
                .idle_ms = HTTP_DEFAULT_IDLE_MS,
                .write_ms = HTTP_DEFAULT_WRITE_MS,
                .grace_ms = HTTP_DEFAULT_GRACE_MS,
            },
    };
}

static wb_status check(const http_config *c, wb_error *e)
{
    const http_limits *l = &c->limits;
    if (c->workers < 1 || c->workers > HTTP_MAX_WORKERS)
        return wb_fail(e, WB_INVALID, "workers must be 1 to %d", HTTP_MAX_WORKERS);
    if (l->max_head < HTTP_MIN_HEAD || l->max_head > HTTP_MAX_HEAD_CEILING)
        return wb_fail(e, WB_INVALID, "max_head must be %u to %u bytes", HTTP_MIN_HEAD,
                       HTTP_MAX_HEAD_CEILING);
    if (!l->max_headers || !l->max_connections || !l->max_in_flight || !l->max_streams)
        return wb_fail(e, WB_INVALID, "a limit of 0 would refuse everything");
    if (!l->header_ms || !l->body_ms || !l->idle_ms || !l->write_ms)
        return wb_fail(e, WB_INVALID, "a timeout of 0 would refuse everything");
    if (!c->cert_file != !c->key_file)
        return wb_fail(e, WB_INVALID, "a certificate and its key are needed together");
    return WB_OK;
}

wb_status http_server_new(const http_config *config, http_server **out, wb_error *e)
{
    wb_status s = check(config, e);
    if (s)
        return s;
    http_server *server = wb_calloc(1, sizeof *server);
    server->config = *config;
    server->listen = config->listen ? wb_strdup(config->listen) : NULL;
    server->config.listen = server->listen;
    server->workers = wb_calloc(config->workers, sizeof *server->workers);
    if (config->cert_file)
        s = http_tls_context(config->cert_file, config->key_file, &server->tls, e);
    server->config.cert_file = server->config.key_file = NULL; /* read, and not ours */
    for (size_t i = 0; i < config->workers && !s; i++)
        s = http_worker_init(&server->workers[i], server, i, e);
    if (s)
        http_server_free(server);
    else
        *out = server;
    return s;
}

void http_server_add(http_server *server, const http_routes *routes)
{
    if (server->table_count == sizeof server->tables / sizeof *server->tables)
        wb_fatal("too many route tables");
    server->tables[server->table_count++] = routes;
}

wb_status http_server_start(http_server *server, wb_error *e)
{
    if (!server->listen)
        return wb_fail(e, WB_INVALID, "no listen address");
    signal(SIGPIPE, SIG_IGN);
    char host[64];
    int port = 0, fd = -1;
    bool share = server->config.workers > 1;
    for (size_t i = 0; i < server->config.workers; i++) {
        wb_status s = http_bind(server->listen, share, host, sizeof host, &port, &fd, e);
        if (!s)
            s = http_worker_listen(&server->workers[i], fd, e);
        if (s)
            return s;
    }
    snprintf(server->url, sizeof server->url, strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
             server->tls ? "https" : "http", host, port);
    server->started = true;
    return WB_OK;
}

const char *http_server_url(const http_server *server)
{
    return server->url;
}

static void run_thread(void *arg)
{
    http_worker_run(arg);
}

void http_server_run(http_server *server)
{
    size_t n = server->config.workers;
    for (size_t i = 1; i < n; i++)
        if (uv_thread_create(&server->workers[i].thread, run_thread, &server->workers[i]) != 0)
            wb_fatal("cannot start a thread");
    http_worker_run(&server->workers[0]);
    for (size_t i = 1; i < n; i++)
        uv_thread_join(&server->workers[i].thread);
}

typedef struct call {
    http_post post;
    void (*fn)(void *);
    void *arg;
} call;

static void on_call(void *arg)
{
    call *c = arg;
    c->fn(c->arg);
    free(c);
}

static void post(http_worker *w, void (*fn)(void *), void *arg)
{
    call *c = wb_malloc(sizeof *c);
    *c = (call){.post = {.run = on_call, .arg = c}, .fn = fn, .arg = arg};
    if (!http_mailbox_put(w->mailbox, &c->post))
        free(c);
}

void http_server_post(http_server *server, void (*fn)(void *), void *arg)
{
    post(&server->workers[0], fn, arg);
}

static void stop_worker(void *arg)
{
    http_worker_stop(arg);
}

void http_server_stop(http_server *server)
{
    atomic_fetch_add(&server->stops, 1);
    for (size_t i = 0; i < server->config.workers; i++)
        post(&server->workers[i], stop_worker, &server->workers[i]);
}

bool http_server_draining(const http_server *server)
{
    return atomic_load(&server->stops) > 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
    http_server_stop(handle->data);
}

void http_server_on_signal(http_server *server)
{
    struct {
        uv_signal_t *handle;
        int number;
    } both[] = {{&server->sigterm, SIGTERM}, {&server->sigint, SIGINT}};
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&server->workers[0].loop, both[i].handle);
        both[i].handle->data = server;
        uv_signal_start(both[i].handle, on_signal, both[i].number);
    }
}

/* ---- Timers ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void http_timer_stop(http_timer *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        t->server->timers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    uv_close((uv_handle_t *)&t->handle, on_timer_closed);
}

static void on_timer(uv_timer_t *handle)
{
    http_timer *t = handle->data;
    void (*cb)(void *) = t->cb;
    void *arg = t->arg;
    if (!uv_timer_get_repeat(handle))
        http_timer_stop(t);
    cb(arg);
}

http_timer *http_server_timer(http_server *server, uint64_t first_ms, uint64_t repeat_ms,
                              void (*cb)(void *), void *arg)
{
    http_timer *t = wb_calloc(1, sizeof *t);
    t->server = server;
    t->cb = cb;
    t->arg = arg;
    t->next = server->timers;
    if (t->next)
        t->next->prev = t;
    server->timers = t;
    uv_timer_init(&server->workers[0].loop, &t->handle);
    t->handle.data = t;
    uv_update_time(&server->workers[0].loop);
    uv_timer_start(&t->handle, on_timer, first_ms, repeat_ms);
    return t;
}

uv_loop_t *http_server_loop(http_server *server)
{
    return &server->workers[0].loop;
}

void http_server_free(http_server *server)
{
    if (!server)
        return;
    while (server->timers)
        http_timer_stop(server->timers);
    for (size_t i = 0; i < server->config.workers; i++)
        http_worker_clear(&server->workers[i]);
    http_tls_context_free(server->tls);
    free(server->workers);
    free(server->listen);
    free(server);
}
