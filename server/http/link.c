/* A connection's socket: libuv on one side, TLS or nothing between, the protocol on the other. One
 * write is under way at a time; what the protocol has to say meanwhile waits in the protocol, not
 * here, so a slow reader costs HTTP_WRITE_CHUNK. */
#include "server/http/internal.h"

#include <stdlib.h>

typedef struct http_link {
    http_conn conn; /* the link owns its connection */
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    http_tls *tls;
    wb_buf wire; /* what is being written */
    bool writing, reading, started, shut;
    bool eof;             /* the peer sends no more: to read on would only say so again and again */
    bool reset;           /* throw away what the kernel still holds for the peer */
    uint64_t write_since; /* when the write under way began */
    uint64_t close_at;    /* end of lingering; 0 while not closing */
} http_link;

static uint64_t now_of(http_link *l)
{
    return http_worker_now(l->conn.worker);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
    http_link *l = handle->data;
    *buf = uv_buf_init(l->conn.worker->read_buf, HTTP_READ_CHUNK);
}

/* ---- Reading ---- */

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void set_reading(http_link *l, bool on)
{
    if (on == l->reading || l->conn.dead || l->eof)
        return;
    l->reading = on;
    if (on)
        uv_read_start((uv_stream_t *)&l->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&l->tcp);
}

static void feed_tls(http_link *l, const char *p, size_t n)
{
    http_tls_put_wire(l->tls, p, n);
    int got = 0;
    /* Not the worker's clear_buf: the protocols use that one while they are fed. */
    char clear[16384];
    while (!l->conn.dead && (got = http_tls_get(l->tls, clear, sizeof clear)) > 0) {
        if (!l->started) {
            l->started = true;
            http_conn_start(&l->conn, http_tls_is_h2(l->tls) ? HTTP_V2 : HTTP_V1);
        }
        http_conn_feed(&l->conn, clear, (size_t)got);
    }
    if (l->conn.dead)
        return;
    if (got == -1) {
        l->conn.closing = true; /* the alert, if any, is on its way out */
        l->conn.linger = false;
    } else if (got == -2) {
        http_conn_eof(&l->conn);
    } else if (!l->started && http_tls_done(l->tls)) {
        l->started = true;
        http_conn_start(&l->conn, http_tls_is_h2(l->tls) ? HTTP_V2 : HTTP_V1);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    http_link *l = stream->data;
    http_conn *conn = &l->conn;
    if (n == 0)
        return;
    if (n < 0) {
        set_reading(l, false);
        l->eof = true;
        if (n != UV_EOF || l->close_at) {
            http_conn_kill(conn);
            return;
        }
        http_conn_eof(conn);
    } else if (l->close_at) {
        return; /* lingering: read and drop */
    } else if (l->tls) {
        feed_tls(l, buf->base, (size_t)n);
    } else {
        http_conn_feed(conn, buf->base, (size_t)n);
    }
    http_conn_wake(conn);
}

/* ---- Writing ---- */

static void on_written(uv_write_t *write, int status)
{
    http_link *l = write->data;
    l->writing = false;
    if (l->conn.dead)
        return;
    if (status < 0)
        http_conn_kill(&l->conn);
    else
        http_link_wake(&l->conn);
}

static void start_write(http_link *l)
{
    uv_buf_t b = uv_buf_init(l->wire.p, (unsigned)l->wire.n);
    int sent = uv_try_write((uv_stream_t *)&l->tcp, &b, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        http_conn_kill(&l->conn);
        return;
    }
    if (sent == (int)b.len)
        return;
    if (sent > 0) {
        b.base += sent;
        b.len -= (unsigned)sent;
    }
    l->write.data = l;
    l->write_since = now_of(l);
    l->writing = uv_write(&l->write, (uv_stream_t *)&l->tcp, &b, 1, on_written) == 0;
    if (!l->writing)
        http_conn_kill(&l->conn);
}

/* Moves what the protocol says to wire. False when there is nothing. */
static bool gather(http_link *l)
{
    http_conn *conn = &l->conn;
    http_conn_fill(conn);
    wb_buf_clear(&l->wire);
    if (!l->tls) {
        wb_buf empty = l->wire;
        l->wire = conn->out;
        conn->out = empty;
        return l->wire.n > 0;
    }
    if (conn->out.n && http_tls_done(l->tls)) {
        if (!http_tls_put(l->tls, conn->out.p, conn->out.n))
            conn->closing = true;
        wb_buf_clear(&conn->out);
    }
    http_tls_get_wire(l->tls, &l->wire);
    return l->wire.n > 0;
}

static void on_shutdown(uv_shutdown_t *shutdown, int status) {}

/* Everything is written. */
static void finish(http_link *l)
{
    if (!l->conn.linger || l->eof) {
        http_conn_kill(&l->conn);
        return;
    }
    l->close_at = now_of(l) + HTTP_LINGER_MS;
    if (uv_shutdown(&l->shutdown, (uv_stream_t *)&l->tcp, on_shutdown) != 0) {
        http_conn_kill(&l->conn);
        return;
    }
    set_reading(l, true);
}

void http_link_wake(http_conn *conn)
{
    http_link *l = conn->link;
    while (!conn->dead && !l->writing && !l->close_at && gather(l))
        start_write(l);
    if (conn->dead || l->writing || l->close_at)
        return;
    if (conn->closing) {
        if (l->tls && !l->shut) {
            l->shut = true;
            http_tls_close_notify(l->tls);
            http_link_wake(conn);
            return;
        }
        finish(l);
        return;
    }
    set_reading(l, !http_conn_read_paused(conn));
}

void http_link_sweep(http_conn *conn, uint64_t now)
{
    http_link *l = conn->link;
    if (conn->dead)
        return;
    uint32_t patience = conn->worker->server->config.limits.write_ms;
    bool deaf = l->writing && now > l->write_since + patience;
    if (deaf || (l->close_at && now > l->close_at)) {
        l->reset = deaf;
        http_conn_kill(conn);
        return;
    }
    http_link_wake(conn);
}

/* ---- Life ---- */

static void on_close(uv_handle_t *handle)
{
    http_link *l = handle->data;
    http_conn_clear(&l->conn);
    http_tls_free(l->tls);
    wb_buf_free(&l->wire);
    free(l);
}

void http_link_kill(http_conn *conn)
{
    http_link *l = conn->link;
    if (!l->reset || uv_tcp_close_reset(&l->tcp, on_close) != 0)
        uv_close((uv_handle_t *)&l->tcp, on_close);
}

static void peer_text(uv_tcp_t *tcp, char *out, size_t n)
{
    struct sockaddr_storage address;
    int size = sizeof address;
    char ip[INET6_ADDRSTRLEN] = "?";
    unsigned port = 0;
    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &size) == 0) {
        uv_ip_name((struct sockaddr *)&address, ip, sizeof ip);
        port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                   : ((struct sockaddr_in *)&address)->sin_port);
    }
    snprintf(out, n, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, port);
}

void http_link_accept(http_worker *w)
{
    http_link *l = wb_calloc(1, sizeof *l);
    uv_tcp_init(&w->loop, &l->tcp);
    l->tcp.data = l;
    int r = uv_accept((uv_stream_t *)&w->listener, (uv_stream_t *)&l->tcp);
    char peer[64] = "";
    peer_text(&l->tcp, peer, sizeof peer);
    bool full = w->conn_count >= w->server->config.limits.max_connections;
    http_conn_init(&l->conn, w, peer);
    l->conn.link = l;
    wb_buf_init(&l->wire, SIZE_MAX / 4); /* a write chunk and what TLS adds */
    if (r != 0 || full) {
        http_conn_kill(&l->conn);
        return;
    }
    uv_tcp_nodelay(&l->tcp, 1);
    if (w->server->tls) {
        l->tls = http_tls_new(w->server->tls);
        l->conn.tls = true;
    }
    set_reading(l, true);
}
