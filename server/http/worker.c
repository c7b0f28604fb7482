#include "server/http/internal.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_BACKLOG 512 /* connections that may wait in the kernel during a long turn */

uint64_t http_worker_now(http_worker *w)
{
    return uv_now(&w->loop);
}

const char *http_worker_date(http_worker *w)
{
    time_t now = time(NULL);
    if (w->date_second != (uint64_t)now || !w->date[0]) {
        struct tm tm;
        gmtime_r(&now, &tm);
        strftime(w->date, sizeof w->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        w->date_second = (uint64_t)now;
    }
    return w->date;
}

/* ---- Binding ---- */

static wb_status split_listen(const char *listen, char *host, size_t host_n, char *port,
                              size_t port_n, wb_error *e)
{
    const char *colon = strrchr(listen, ':');
    const char *from = listen, *to = colon;
    if (colon && listen[0] == '[') {
        from++;
        to = colon[-1] == ']' ? colon - 1 : NULL;
    }
    bool plain = colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1);
    if (!plain || !to || strlen(colon + 1) > 5 || atoi(colon + 1) > 65535 ||
        (size_t)(to - from) >= host_n ||
        (listen[0] != '[' && memchr(from, ':', (size_t)(to - from))))
        return wb_fail(e, WB_INVALID, "listen address \"%s\" is not ADDR:PORT, as 127.0.0.1:8443",
                       listen);
    memcpy(host, from, (size_t)(to - from));
    host[to - from] = 0;
    if (!host[0] || strcmp(host, "localhost") == 0)
        snprintf(host, host_n, "%s", host[0] ? "127.0.0.1" : "0.0.0.0");
    snprintf(port, port_n, "%s", colon + 1);
    return WB_OK;
}

wb_status http_bind(const char *listen_at, bool share, char *host, size_t host_n, int *port,
                    int *fd, wb_error *e)
{
    char number[8];
    wb_status s = split_listen(listen_at, host, host_n, number, sizeof number, e);
    if (s)
        return s;
    if (*port)
        snprintf(number, sizeof number, "%d", *port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, number, &hints, &found) != 0)
        return wb_fail(e, WB_INVALID, "listen address \"%s\" has no literal IP address", listen_at);
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, error = 0;
    if (*fd < 0) {
        error = errno;
    } else {
        setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (share)
            setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        if (bind(*fd, found->ai_addr, found->ai_addrlen) != 0)
            error = errno;
    }
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    if (!error && getsockname(*fd, (struct sockaddr *)&bound, &size) != 0)
        error = errno;
    freeaddrinfo(found);
    if (error) {
        if (*fd >= 0)
            close(*fd);
        return wb_fail(e, error == EADDRINUSE ? WB_EXISTS : WB_IO, "cannot listen on %s: %s",
                       listen_at, strerror(error));
    }
    *port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                              : ((struct sockaddr_in *)&bound)->sin_port);
    return WB_OK;
}

/* ---- Life ---- */

static void check_drained(http_worker *w)
{
    bool empty = true;
    for (http_conn *c = w->conns; c; c = c->next)
        empty = empty && c->proto == HTTP_LOCAL;
    if (w->draining && empty)
        uv_stop(&w->loop);
}

static void on_sweep(uv_timer_t *timer)
{
    http_worker *w = timer->data;
    uint64_t now = http_worker_now(w);
    bool cut = w->cut || (w->draining && now > w->drain_until);
    /* Killing only closes the handle; the list changes in the close callback. */
    for (http_conn *c = w->conns, *next; c; c = next) {
        next = c->next;
        if (cut && c->link)
            http_conn_kill(c);
        else
            http_conn_sweep(c, now);
    }
    check_drained(w);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        http_link_accept(listener->data);
}

/* Deadlines are met within a quarter of the shortest. */
static uint64_t sweep_every(const http_limits *l)
{
    uint32_t times[] = {l->header_ms, l->body_ms,  l->request_ms,
                        l->idle_ms,   l->write_ms, l->grace_ms};
    uint32_t every = HTTP_SWEEP_MS;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] && times[i] / 4 < every)
            every = times[i] / 4;
    return every < 10 ? 10 : every;
}

wb_status http_worker_init(http_worker *w, http_server *server, size_t index, wb_error *e)
{
    w->server = server;
    w->index = index;
    int r = uv_loop_init(&w->loop);
    if (r != 0)
        return wb_fail(e, WB_IO, "cannot make an event loop: %s", uv_strerror(r));
    w->loop_open = true;
    w->mailbox = http_mailbox_new(&w->loop);
    uv_timer_init(&w->loop, &w->sweep);
    w->sweep.data = w;
    uint64_t every = sweep_every(&server->config.limits);
    uv_timer_start(&w->sweep, on_sweep, every, every);
    uv_tcp_init(&w->loop, &w->listener);
    w->listener.data = w;
    return WB_OK;
}

wb_status http_worker_listen(http_worker *w, int fd, wb_error *e)
{
    int r = uv_tcp_open(&w->listener, fd);
    if (r != 0) {
        close(fd);
        return wb_fail(e, WB_IO, "cannot listen: %s", uv_strerror(r));
    }
    r = uv_listen((uv_stream_t *)&w->listener, LISTEN_BACKLOG, on_connection);
    if (r != 0)
        return wb_fail(e, r == UV_EADDRINUSE ? WB_EXISTS : WB_IO, "cannot listen: %s",
                       uv_strerror(r));
    w->listening = true;
    return WB_OK;
}

/* On the worker's thread. The first call drains, the second cuts. */
void http_worker_stop(http_worker *w)
{
    if (w->draining) {
        w->cut = true;
        on_sweep(&w->sweep);
        return;
    }
    w->draining = true;
    w->drain_until = http_worker_now(w) + w->server->config.limits.grace_ms;
    if (!uv_is_closing((uv_handle_t *)&w->listener))
        uv_close((uv_handle_t *)&w->listener, NULL);
    for (http_conn *c = w->conns, *next; c; c = next) {
        next = c->next;
        if (c->proto != HTTP_LOCAL)
            http_conn_drain(c);
    }
    check_drained(w);
}

void http_worker_run(http_worker *w)
{
    uv_update_time(&w->loop);
    check_drained(w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    /* Closed connections still have their last callback to come; the sweep notices. */
}

static void close_all(uv_handle_t *handle, void *arg)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void http_worker_clear(http_worker *w)
{
    if (!w->loop_open)
        return;
    for (http_conn *c = w->conns, *next; c; c = next) {
        next = c->next;
        http_conn_kill(c);
    }
    if (!uv_is_closing((uv_handle_t *)&w->listener))
        uv_close((uv_handle_t *)&w->listener, NULL);
    uv_close((uv_handle_t *)&w->sweep, NULL);
    http_mailbox_close(w->mailbox);
    uv_walk(&w->loop, close_all, NULL); /* signals, and what others made on our loop */
    /* Also waits for work on the pool: its requests are answered into the closed mailbox. */
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0) {
        /* A late stop ends one run early. */
    }
    if (uv_loop_close(&w->loop) != 0)
        wb_fatal("an event loop is closed while in use");
    http_mailbox_unref(w->mailbox);
    w->loop_open = false;
}
