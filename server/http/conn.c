#include "server/http/internal.h"

#include <stdlib.h>

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_N (sizeof preface - 1)

void http_conn_init(http_conn *conn, http_worker *worker, const char *peer)
{
    *conn = (http_conn){.worker = worker, .proto = HTTP_DETECT, .fresh = true};
    wb_buf_init(&conn->out, SIZE_MAX / 4); /* fill stops at HTTP_WRITE_CHUNK */
    strncpy(conn->peer, peer, sizeof conn->peer - 1);
    conn->idle_since = http_worker_now(worker);
    conn->draining = worker->draining;
    conn->next = worker->conns;
    if (conn->next)
        conn->next->prev = conn;
    worker->conns = conn;
    worker->conn_count++;
}

void http_conn_clear(http_conn *conn)
{
    http_worker *w = conn->worker;
    http_h1_free(conn);
    http_h2_free(conn);
    wb_buf_free(&conn->out);
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        w->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    w->conn_count--;
}

void http_conn_start(http_conn *conn, http_proto proto)
{
    conn->proto = proto;
    if (proto == HTTP_V1)
        http_h1_new(conn);
    else if (proto == HTTP_V2 && !http_h2_new(conn))
        conn->closing = true;
}

/* HTTP/2 without TLS begins with a text that is no HTTP/1 request. */
static void detect(http_conn *conn, const char *p, size_t n)
{
    char seen[PREFACE_N];
    size_t before = conn->detect_n, take = 0;
    bool same = true;
    while (take < n && before + take < PREFACE_N && same) {
        conn->detect[before + take] = p[take];
        same = p[take] == preface[before + take];
        take++;
    }
    conn->detect_n = before + take;
    if (same && conn->detect_n < PREFACE_N)
        return;
    memcpy(seen, conn->detect, conn->detect_n);
    http_conn_start(conn, same ? HTTP_V2 : HTTP_V1);
    http_conn_feed(conn, seen, conn->detect_n);
    http_conn_feed(conn, p + take, n - take);
}

void http_conn_feed(http_conn *conn, const char *p, size_t n)
{
    if (!n || conn->dead || conn->closing)
        return;
    switch (conn->proto) {
    case HTTP_DETECT: detect(conn, p, n); break;
    case HTTP_V1: http_h1_feed(conn, p, n); break;
    case HTTP_V2: http_h2_feed(conn, p, n); break;
    case HTTP_LOCAL: break;
    }
}

void http_conn_eof(http_conn *conn)
{
    if (conn->proto == HTTP_V1)
        http_h1_eof(conn);
    else
        conn->closing = true;
}

void http_conn_fill(http_conn *conn)
{
    if (conn->dead || conn->closing)
        return;
    if (conn->proto == HTTP_V1)
        http_h1_fill(conn);
    else if (conn->proto == HTTP_V2)
        http_h2_fill(conn);
}

void http_conn_wake(http_conn *conn)
{
    if (conn->link && !conn->dead)
        http_link_wake(conn);
}

void http_conn_ready(http_conn *conn, http_request *req)
{
    if (conn->proto == HTTP_V1)
        http_h1_ready(conn, req);
    else if (conn->proto == HTTP_V2)
        http_h2_ready(conn, req);
    else if (conn->on_ready)
        conn->on_ready(conn, req);
}

bool http_conn_read_paused(const http_conn *conn)
{
    return conn->proto == HTTP_V1 && http_h1_full(conn);
}

static void timeout(http_conn *conn, http_request *req)
{
    if (conn->proto == HTTP_V1)
        http_h1_timeout(conn, req);
    else if (conn->proto == HTTP_V2)
        http_h2_timeout(conn, req);
    else if (conn->on_ready)
        conn->on_ready(conn, http_request_replace(req, 504, "timeout", "Gateway Timeout", NULL));
}

/* An answer that the client does not fetch, or a body that goes on after it. Over HTTP/1 the write
 * itself is watched, and the connection is closed after such an answer. */
static bool stalled(http_conn *conn, http_request *req, uint64_t now)
{
    if (conn->proto != HTTP_V2 || req->phase != HTTP_ANSWERED || !req->progress)
        return false;
    uint32_t patience = conn->worker->server->config.limits.write_ms;
    if (http_response_waiting(req))
        return now > req->progress + patience;
    return !req->body_done && now > req->deadline;
}

void http_conn_sweep(http_conn *conn, uint64_t now)
{
    const http_limits *limits = &conn->worker->server->config.limits;
    if (conn->dead)
        return;
    for (http_request *req = conn->requests, *next; req && !conn->closing; req = next) {
        next = req->next;
        if (req->phase != HTTP_ANSWERED && req->deadline && now > req->deadline)
            timeout(conn, req);
        else if (stalled(conn, req, now))
            http_h2_stalled(conn, req);
    }
    if (!conn->requests && conn->proto != HTTP_LOCAL) {
        uint32_t patience = conn->fresh ? limits->header_ms : limits->idle_ms;
        bool late = now > conn->idle_since + patience;
        if (late && conn->proto == HTTP_V2 && !conn->draining)
            http_conn_drain(conn); /* says GOAWAY; closes when that is written */
        else if (late || (conn->draining && conn->proto != HTTP_V2))
            conn->closing = true;
    }
    if (conn->link)
        http_link_sweep(conn, now);
}

void http_conn_drain(http_conn *conn)
{
    conn->draining = true;
    if (conn->proto == HTTP_V2)
        http_h2_drain(conn);
    else if (!conn->requests)
        conn->closing = true;
    http_conn_wake(conn);
}

void http_conn_kill(http_conn *conn)
{
    if (conn->dead)
        return;
    conn->dead = true;
    while (conn->requests)
        http_request_release(conn->requests);
    if (conn->link)
        http_link_kill(conn);
}
