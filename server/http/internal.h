/* What the files of this room share; nobody else includes it.
 *
 * transport (conn.c: libuv, tls.c; loopback.c: bytes in memory)
 *   -> protocol (h1.c, h2.c; loopback.c: a request without any)
 *     -> request (request.c) -> dispatch (dispatch.c, route.c) -> handler -> answer (response.c)
 *
 * Threads. Everything here belongs to the worker's thread, but for what a parked request's holder
 * may touch: the answer part of the request, and the mailbox. A request dies when the debt is paid
 * and the connection no longer refers to it, in whichever order. */
#ifndef WRIT_SERVER_HTTP_INTERNAL_H
#define WRIT_SERVER_HTTP_INTERNAL_H

#include "base/buf.h"
#include "base/ids.h"
#include "server/http/http.h"
#include "server/http/limits.h"

#include <stdatomic.h>
#include <uv.h>

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
typedef struct http_conn http_conn;
typedef struct http_worker http_worker;

/* ---- Mailbox: how other threads reach a worker ---- */

typedef struct http_post {
    struct http_post *next;
    void (*run)(void *arg);
    void *arg;
} http_post;

/* Counted, since a parked request may outlive its server. */
typedef struct http_mailbox {
    uv_mutex_t lock;
    http_post *first, **last;
    bool closed;
    uv_async_t async; /* valid while not closed */
    atomic_int refs;
} http_mailbox;

http_mailbox *http_mailbox_new(uv_loop_t *loop);
/* False when closed: nobody will ever run the post. The post must live until it has run. */
bool http_mailbox_put(http_mailbox *box, http_post *post);
void http_mailbox_run(http_mailbox *box);
/* Runs what is left, then closes. */
void http_mailbox_close(http_mailbox *box);
void http_mailbox_ref(http_mailbox *box);
void http_mailbox_unref(http_mailbox *box);

/* ---- Request ---- */

typedef struct http_field {
    wb_str name, value;
} http_field;

typedef struct http_chunk {
    struct http_chunk *next;
    size_t n, cap;
    char data[];
} http_chunk;

typedef struct http_param {
    wb_str name, raw;
} http_param;

typedef enum http_phase {
    HTTP_READING,  /* head or body is arriving */
    HTTP_HANDLING, /* the handler runs */
    HTTP_PARKED,   /* somebody will answer */
    HTTP_ANSWERED, /* the answer is being sent */
} http_phase;

struct http_request {
    http_conn *conn;     /* NULL once the connection has let go */
    http_worker *worker; /* the worker's thread only */
    http_mailbox *mailbox;
    http_request *next, *prev; /* in conn->requests */
    http_chunk *chunks;
    http_phase phase;
    bool indebted; /* a handler holds it */
    bool counted;  /* in worker->in_flight */
    bool replaced; /* another request answers the client, and reports to `done` */
    atomic_bool gone;
    /* The request. */
    wb_str method, path, query, peer;
    int version;
    bool tls, body_done;
    char id[WB_UUID_TEXT];
    http_field *fields;
    size_t field_count, field_cap, head_bytes;
    wb_buf body;
    size_t max_body, buffered; /* buffered: bytes counted in worker->buffered */
    int32_t stream;            /* HTTP/2 */
    size_t dropped;            /* bytes of body that came after the answer */
    int refusal;               /* a status that replaces the dispatch, or 0 */
    const char *refusal_code, *refusal_detail;
    uint64_t begun_ns;
    uint64_t deadline; /* worker time, ms; 0 for none: reading, then answering */
    uint64_t progress; /* when the client last took bytes of the answer */
    /* Routing. */
    const http_routes *table;
    const http_route *route;
    int route_status; /* 0, 404 or 405 */
    const char *allow;
    http_param params[HTTP_ROUTE_PARAMS];
    size_t param_count;
    wb_str rest;
    /* The handler's. */
    size_t worker_index;
    http_server *server;
    void *data;
    void (*drop)(void *);
    void (*work)(http_request *, void *);
    void *work_arg;
    /* The answer. */
    bool parked, answered;
    bool submitted; /* HTTP/2: its head is on the way */
    int status;
    const char *content_type;
    http_field *out_fields;
    size_t out_count, out_cap;
    char *out_body; /* owned */
    size_t out_n, out_at;
    http_post answer_post;
    struct http_stream *stream_out; /* an answer in pieces, or NULL */
};

http_request *http_request_new(http_conn *conn, http_worker *worker);
/* Adds a header; copies when copy, else the bytes live in the request's memory already. Lower-cases
 * the name in place. False at the limits. */
bool http_request_add(http_request *req, wb_str name, wb_str value, bool copy);
/* Splits path and query; minted or accepted id; route; max_body. At the end of the head. */
void http_request_head_done(http_request *req);
/* Appends to the body. 0, 413 or 503. */
int http_request_body_add(http_request *req, const void *p, size_t n);
/* The connection lets go. */
void http_request_release(http_request *req);
/* The answer is complete: hands it to the worker's thread when the request was parked. */
void http_request_pay(http_request *req);
char *http_request_dup(http_request *req, const void *p, size_t n);

/* ---- Routing and dispatch ---- */

void http_route_find(http_request *req, http_server *server);
/* Runs the handler, or answers the failure. May call http_conn_ready. */
void http_dispatch(http_request *req);
void http_fail(http_request *req, int status, const char *code, const char *title,
               const char *detail);
/* The layer's answer to a request whose handler holds it: detaches that one and returns another
 * that stands in its place and is answered. */
http_request *http_request_replace(http_request *req, int status, const char *code,
                                   const char *title, const char *detail);

/* ---- Answer, read by the protocols ---- */

/* Copies up to n bytes of the body to `to`. 0 with !*end: nothing yet (a stream). */
size_t http_response_pull(http_request *req, char *to, size_t n, bool *end);
/* Bytes that a pull would give now. */
size_t http_response_waiting(http_request *req);
static inline bool http_response_bodiless(const http_request *req)
{
    return req->status == 204 || req->status == 304;
}
void http_stream_abort(http_request *req); /* wakes a waiting put */
void http_stream_free(http_request *req);

/* ---- Connection ---- */

typedef enum http_proto { HTTP_DETECT, HTTP_V1, HTTP_V2, HTTP_LOCAL } http_proto;

struct http_conn {
    http_worker *worker;
    http_conn *next, *prev;
    http_proto proto;
    char detect[24]; /* bytes seen so far */
    size_t detect_n;
    struct http_h1 *h1;
    struct http_h2 *h2;
    http_request *requests;
    size_t request_count;
    wb_buf out; /* clear bytes on their way out */
    char peer[64];
    bool tls, draining;
    bool closing; /* close when out is written */
    bool linger;  /* ... and read on a while */
    bool dead;    /* closed for every purpose; memory goes when the handle is closed */
    uint64_t idle_since;
    bool fresh; /* no request yet: header_ms counts, not idle_ms */
    /* HTTP_LOCAL: called when an answer is there. */
    void (*on_ready)(http_conn *conn, http_request *req);
    /* Transport; NULL in a loopback. */
    struct http_link *link;
};

void http_conn_init(http_conn *conn, http_worker *worker, const char *peer);
void http_conn_clear(http_conn *conn);
void http_conn_start(http_conn *conn, http_proto proto);
/* Bytes from the peer, in the clear. */
void http_conn_feed(http_conn *conn, const char *p, size_t n);
void http_conn_eof(http_conn *conn);
/* Puts what the protocol has to say into out, up to HTTP_WRITE_CHUNK. */
void http_conn_fill(http_conn *conn);
/* There may be something to write, or to close. */
void http_conn_wake(http_conn *conn);
/* The answer of req is there. */
void http_conn_ready(http_conn *conn, http_request *req);
void http_conn_sweep(http_conn *conn, uint64_t now);
void http_conn_drain(http_conn *conn);
/* Ends it now; the requests are released. */
void http_conn_kill(http_conn *conn);
bool http_conn_read_paused(const http_conn *conn);

void http_link_accept(http_worker *worker);
void http_link_wake(http_conn *conn);
void http_link_kill(http_conn *conn);
void http_link_sweep(http_conn *conn, uint64_t now);

/* HTTP/1 */
void http_h1_new(http_conn *conn);
void http_h1_free(http_conn *conn);
void http_h1_feed(http_conn *conn, const char *p, size_t n);
void http_h1_eof(http_conn *conn);
void http_h1_fill(http_conn *conn);
void http_h1_ready(http_conn *conn, http_request *req);
void http_h1_timeout(http_conn *conn, http_request *req);
bool http_h1_full(const http_conn *conn);
/* HTTP/2 */
bool http_h2_new(http_conn *conn);
void http_h2_free(http_conn *conn);
void http_h2_feed(http_conn *conn, const char *p, size_t n);
void http_h2_fill(http_conn *conn);
void http_h2_ready(http_conn *conn, http_request *req);
void http_h2_timeout(http_conn *conn, http_request *req);
void http_h2_stalled(http_conn *conn, http_request *req);
void http_h2_drain(http_conn *conn);

/* ---- TLS ---- */

typedef struct http_tls http_tls;
wb_status http_tls_context(const char *cert, const char *key, struct ssl_ctx_st **out, wb_error *e);
void http_tls_context_free(struct ssl_ctx_st *ctx);
http_tls *http_tls_new(struct ssl_ctx_st *ctx);
void http_tls_free(http_tls *tls);
void http_tls_put_wire(http_tls *tls, const char *p, size_t n);
/* Clear bytes: >0 count, 0 none now, -1 broken, -2 closed by the peer. */
int http_tls_get(http_tls *tls, char *to, size_t n);
bool http_tls_done(const http_tls *tls); /* handshake finished */
bool http_tls_is_h2(const http_tls *tls);
bool http_tls_put(http_tls *tls, const char *p, size_t n);
void http_tls_close_notify(http_tls *tls);
void http_tls_get_wire(http_tls *tls, wb_buf *to);

/* ---- Worker and server ---- */

struct http_worker {
    http_server *server;
    size_t index;
    uv_loop_t loop;
    http_mailbox *mailbox;
    uv_timer_t sweep;
    uv_tcp_t listener;
    bool listening, draining, cut, loop_open;
    uint64_t drain_until;
    http_conn *conns;
    size_t conn_count, in_flight, buffered;
    uint64_t date_second;
    char date[32];
    uv_thread_t thread;
    http_post stop_post;
    char read_buf[HTTP_READ_CHUNK];
    char clear_buf[HTTP_READ_CHUNK];
};

struct http_timer {
    uv_timer_t handle;
    http_timer *next, *prev;
    http_server *server;
    void (*cb)(void *);
    void *arg;
};

struct http_server {
    http_config config;
    char *listen;
    char url[96];
    struct ssl_ctx_st *tls;
    const http_routes *tables[8];
    size_t table_count;
    http_worker *workers;
    atomic_int stops;
    bool started, signals;
    uv_signal_t sigterm, sigint;
    http_timer *timers;
};

wb_status http_worker_init(http_worker *w, http_server *server, size_t index, wb_error *e);
/* Takes the bound socket. */
wb_status http_worker_listen(http_worker *w, int fd, wb_error *e);
void http_worker_run(http_worker *w);
void http_worker_clear(http_worker *w);
void http_worker_stop(http_worker *w);
/* An open, bound socket. */
wb_status http_bind(const char *listen, bool share, char *host, size_t host_n, int *port, int *fd,
                    wb_error *e);
uint64_t http_worker_now(http_worker *w);
const char *http_worker_date(http_worker *w);

#endif
