/* The HTTP server: HTTP/1.1 and HTTP/2, clear or TLS, one request type, a table of routes.
 *
 * Words. A *server* owns one or more *workers*; each worker is a thread with an event loop, a
 * listening socket and connections of its own. A *route* is a row: method, pattern, handler. A
 * *handler* runs on its worker's thread and must not block there. It owes its request exactly one
 * answer and pays in one of three ways:
 *
 *   at once     it calls one of the answering functions before it returns;
 *   later       it calls http_park, gives the request to whoever will answer, and returns. The
 *               answering function may then be called from any thread, also before the handler
 *               has returned;
 *   on the pool it calls http_work: the function given there runs on a pool thread, may block, and
 *               answers.
 *
 * A handler that returns without any of these answers 500: nothing is left hanging.
 *
 * Ownership. A request and all it hands out (path, headers, body, decoded parts) belong to the
 * layer and live until the debt is paid: until the handler returns when it answered at once, until
 * the answering function is called when it parked. After that the pointer is dead to the caller.
 * The client may have gone, or the layer may have answered 504 meanwhile: to answer is then
 * harmless, and still owed. While parked, one thread at a time may use the request.
 *
 * Limits, timeouts, order of answers, slow readers and drain are the layer's affair. Every limit is
 * in http_limits with its reason beside the default in limits.h. A limit gives its own status: 400
 * malformed, 408 slow, 413 body, 431 head, 503 busy, 504 no answer in time. */
#ifndef WRIT_SERVER_HTTP_HTTP_H
#define WRIT_SERVER_HTTP_HTTP_H

#include "base/error.h"
#include "base/str.h"

typedef struct http_server http_server;
typedef struct http_request http_request;
typedef struct http_timer http_timer;
struct uv_loop_s;

/* ---- Routes ---- */

typedef void (*http_handler)(http_request *req, void *arg);

enum {
    HTTP_ROUTE_NO_HEAD = 1, /* a GET row that does not serve HEAD */
};

typedef struct http_route {
    const char *method; /* "GET", "POST", ...; "*" for every method */
    /* Segments between slashes: literal text; "{name}" for one non-empty segment; "{name}:verb" for
     * one that ends so; a last "*" for all that follows, be it empty. Of the rows that fit path
     * and method the most literal wins, the first of equals. Compared with the raw path: "%2F" is
     * no slash, and "." and ".." are ordinary segments. */
    const char *pattern;
    http_handler handle;
    unsigned flags;
    size_t max_body; /* bytes; 0 for the server's limit */
} http_route;

/* What went wrong before or instead of a handler. */
typedef struct http_failure {
    int status;
    const char *code;   /* a word for programs, as "not_found" */
    const char *title;  /* the same for people */
    const char *detail; /* about this occurrence; may be NULL */
    const char *allow;  /* with 405: the methods, as "GET, HEAD"; already set as header */
} http_failure;

/* A table. It is not copied: rows and arg outlive the server. */
typedef struct http_routes {
    const http_route *rows;
    size_t count;
    void *arg; /* for the handlers and for fail */
    /* Answers a failure in the table's own shape, at once. NULL for problem documents. A request
     * that fits no table fails with the first table's. A request too broken to be routed always
     * gets a problem document. */
    void (*fail)(http_request *req, const http_failure *failure, void *arg);
} http_routes;

/* ---- The request ---- */

/* Raw bytes as received, never NULL-pointer strings unless said; none is NUL-terminated. */
wb_str http_request_method(const http_request *req);
wb_str http_request_path(const http_request *req);  /* undecoded, without query */
wb_str http_request_query(const http_request *req); /* after '?'; empty without */
wb_str http_request_body(const http_request *req);
wb_str http_request_peer(const http_request *req); /* "127.0.0.1:4711"; "loopback" in tests */
wb_str http_request_id(const http_request *req);   /* 36 characters, a UUID */
int http_request_version(const http_request *req); /* 1 or 2 */
bool http_request_tls(const http_request *req);
size_t http_request_worker(const http_request *req); /* 0 .. workers-1: pick a session by it */
http_server *http_request_server(const http_request *req);
/* Whether nobody waits any more. Callable while parked; a hint to stop working. */
bool http_request_gone(const http_request *req);

/* The first header of that name (any case); p is NULL when there is none. HTTP/2's :authority
 * counts as "host". */
wb_str http_request_header(const http_request *req, const char *name);
size_t http_request_header_count(const http_request *req);
/* i below the count; *name is in lower case. */
void http_request_header_at(const http_request *req, size_t i, wb_str *name, wb_str *value);

/* Decoded pieces, made in the request's memory. False when there is none, or when its percent
 * encoding is broken (then the handler answers 400). The bytes are not checked to be UTF-8. */
bool http_request_part(http_request *req, size_t i, wb_str *out); /* path segment i from 0 */
/* The segment that "{name}" of the matched row stands for, without the row's suffix. */
bool http_request_param(http_request *req, const char *name, wb_str *out);
/* The n-th (from 0) value of a query parameter; "a" and "a=" both give "". '+' is a blank. */
bool http_request_query_param(http_request *req, const char *name, size_t n, wb_str *out);
/* What the last "*" of the matched row stands for, raw. */
wb_str http_request_rest(const http_request *req);

/* Decodes percent signs (and '+' when plus) into to, which has room for raw.n bytes. Returns the
 * length, or -1 when a percent sign is not followed by two hex digits. */
long http_decode(wb_str raw, bool plus, char *to);

/* n bytes that live as long as the request. */
void *http_request_alloc(http_request *req, size_t n);
/* One pointer of the handler's; drop (may be NULL) is called with it when the request dies, on
 * whichever thread that happens. A second call replaces the first without dropping. */
void http_request_attach(http_request *req, void *data, void (*drop)(void *data));
void *http_request_data(const http_request *req);

/* ---- The answer ---- */

/* Keeps the request open after the handler returns. Call before giving it away. */
void http_park(http_request *req);
/* Parks, and runs fn on a thread of the pool (libuv's: four threads shared by the whole process, or
 * as many as UV_THREADPOOL_SIZE in the environment says). fn answers. */
void http_work(http_request *req, void (*fn)(http_request *req, void *arg), void *arg);

/* Adds a header to the answer; copies. Any number before answering. False, and nothing added, for
 * names or values that may not stand in a header and for those the layer sets itself:
 * content-length, transfer-encoding, connection, date, x-request-id. */
bool http_response_header(http_request *req, const char *name, wb_str value);

/* The answering functions: each pays the debt. status is 200..599. content_type NULL for none. */
void http_respond(http_request *req, int status, const char *content_type,
                  wb_str body); /* copies */
/* Takes body, which came from malloc. */
void http_respond_take(http_request *req, int status, const char *content_type, char *body,
                       size_t n);
/* application/problem+json (RFC 9457): type, title, status, detail (may be NULL), instance, code,
 * request_id. type is HTTP_PROBLEM_TYPE followed by code. */
void http_problem(http_request *req, int status, const char *code, const char *title,
                  const char *detail);
/* The same with a list of what is wrong: errors is the JSON text of an array, or empty. */
void http_problem_list(http_request *req, int status, const char *code, const char *title,
                       const char *detail, wb_str errors);
#define HTTP_PROBLEM_TYPE "urn:writ:problem:"

/* An answer in pieces, of unknown length (NDJSON, event streams), from a pool thread or any other
 * but the loop's: begin on a parked request, any number of puts, one end. put copies, waits while
 * the client is slower than HTTP_STREAM_BACKLOG, and returns WB_CANCELLED when the client has gone
 * or stalled (end is still owed). */
void http_stream_begin(http_request *req, int status, const char *content_type);
wb_status http_stream_put(http_request *req, wb_str bytes);
void http_stream_end(http_request *req);

/* ---- The server ---- */

typedef struct http_limits {
    size_t max_head;        /* bytes of request line and headers, at most HTTP_MAX_HEAD_CEILING */
    size_t max_headers;     /* number of header lines */
    size_t max_body;        /* bytes of one request body */
    size_t max_buffered;    /* bytes of request bodies held by one worker */
    size_t max_connections; /* of one worker */
    size_t max_in_flight;   /* requests being answered by one worker, parked ones included */
    uint32_t max_streams;   /* concurrent streams of one HTTP/2 connection */
    uint32_t header_ms;     /* first byte (or accept) to end of headers; TLS handshake */
    uint32_t body_ms;       /* end of headers to end of body */
    uint32_t request_ms;    /* end of request to the handler's answer, then 504 */
    uint32_t idle_ms;       /* connection without a request */
    uint32_t write_ms;      /* the client must take a write chunk in this time */
    uint32_t grace_ms;      /* drain: running requests may take so long */
} http_limits;

typedef struct http_config {
    const char *listen;    /* "ADDR:PORT", ADDR a literal address or "localhost", "[::1]:0"; port 0
                              picks one; NULL for a server that only tests drive */
    const char *cert_file; /* PEM chain; with key_file: TLS 1.2 and 1.3, ALPN h2 and http/1.1 */
    const char *key_file;
    size_t workers; /* 1..HTTP_MAX_WORKERS */
    http_limits limits;
    /* Told of every answer on the worker's thread (access log, metrics); may be NULL. The request
     * may be read only. status 0: the client left before the answer. */
    void (*done)(const http_request *req, int status, uint64_t nanoseconds, void *arg);
    void *done_arg;
} http_config;

#define HTTP_MAX_WORKERS 64 /* far above the cores of the machines we run on */

/* Fills in the defaults: one worker, no TLS, listen NULL, the limits of limits.h. */
void http_config_init(http_config *config);

/* Copies config. WB_INVALID for values out of range, WB_CRYPTO for a certificate or key that does
 * not load. On success the caller owns *out and ends it with http_server_free. */
wb_status http_server_new(const http_config *config, http_server **out, wb_error *e);
/* Before start. */
void http_server_add(http_server *server, const http_routes *routes);
/* Binds and listens; clients may connect from here on. Ignores SIGPIPE in the process. WB_INVALID
 * for a bad address, WB_EXISTS when the port is taken, WB_IO otherwise. */
wb_status http_server_start(http_server *server, wb_error *e);
/* "http://127.0.0.1:8181"; "" before start. */
const char *http_server_url(const http_server *server);
/* Runs worker 0 on the calling thread and the others on threads of their own, until stopped and
 * drained. */
void http_server_run(http_server *server);
/* Begins the drain: no new connections, GOAWAY, running requests finish within grace_ms, then
 * connections are cut. A second call cuts at once. From any thread; not from a signal handler. */
void http_server_stop(http_server *server);
/* SIGTERM and SIGINT stop the server. Before run. */
void http_server_on_signal(http_server *server);
bool http_server_draining(const http_server *server);
/* After run has returned (or without run). Requests still parked elsewhere may be answered later;
 * nothing happens then. NULL is allowed. */
void http_server_free(http_server *server);

/* Calls cb on worker 0's thread after first_ms, then every repeat_ms (0: once). On that thread, or
 * before run. The timer is the server's: a one-shot dies after its call, others with the server or
 * by http_timer_stop (on the same thread). */
http_timer *http_server_timer(http_server *server, uint64_t first_ms, uint64_t repeat_ms,
                              void (*cb)(void *arg), void *arg);
void http_timer_stop(http_timer *timer);
/* Calls fn on worker 0's thread soon. From any thread while the server lives. Posts left over when
 * run returns are called by http_server_free. */
void http_server_post(http_server *server, void (*fn)(void *arg), void *arg);
struct uv_loop_s *http_server_loop(http_server *server); /* worker 0's */

/* "Not Found" for 404; "Unknown" for a status nobody has named. */
const char *http_status_reason(int status);

#endif
