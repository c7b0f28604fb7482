/* A server without sockets, for tests: whole requests, or the bytes of a connection. Everything
 * happens on the calling thread; the server is made by http_server_new, with or without a listen
 * address, and is not running. */
#ifndef WRIT_SERVER_HTTP_LOOPBACK_H
#define WRIT_SERVER_HTTP_LOOPBACK_H

#include "base/buf.h"
#include "server/http/http.h"

typedef struct http_loopback_response {
    int status;
    wb_buf head; /* lines "name: value\n", names in lower case */
    wb_buf body;
} http_loopback_response;

/* Routes and answers one request, and waits for parked ones by running worker 0's loop. headers are
 * name, value, name, value, ..., NULL; or NULL. target may have a query. out is filled; the caller
 * ends it with http_loopback_clear. */
void http_loopback_request(http_server *server, const char *method, const char *target,
                           const char *const *headers, wb_str body, http_loopback_response *out);
/* The value of the first such header of the answer; p is NULL when there is none. */
wb_str http_loopback_header(const http_loopback_response *response, const char *name);
void http_loopback_clear(http_loopback_response *response);

/* A connection made of bytes: HTTP/1, or HTTP/2 by its preface. */
typedef struct http_pipe http_pipe;
http_pipe *http_pipe_new(http_server *server);
void http_pipe_feed(http_pipe *pipe, wb_str bytes);
void http_pipe_eof(http_pipe *pipe);
/* Appends all that the server has to say now. */
void http_pipe_take(http_pipe *pipe, wb_buf *to);
/* Whether the server would close the connection (after what was taken). */
bool http_pipe_closed(const http_pipe *pipe);
/* Requests the connection still holds. */
size_t http_pipe_requests(const http_pipe *pipe);
/* The client goes away. */
void http_pipe_free(http_pipe *pipe);

/* Runs worker 0's loop for about ms milliseconds: timers, deadlines, answers from other threads. */
void http_loopback_run(http_server *server, unsigned ms);

#endif
