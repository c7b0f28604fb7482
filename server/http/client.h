/* A small synchronous HTTP client: one request, one answer, on the calling thread.
 *
 * What matters to those who cause effects with it is what is known afterwards:
 *
 *   HTTP_CLIENT_ANSWERED  a whole answer came; its status says the rest
 *   HTTP_CLIENT_NOT_SENT  the peer cannot have seen the request: bad URL, no such host, connection
 *                         refused, TLS not agreed. To try again is safe.
 *   HTTP_CLIENT_UNKNOWN   the request may have arrived: timeout, lost connection, an answer cut
 *                         or too large. Look at the target before anything else.
 *
 * Every call uses a connection of its own: on a kept connection the library repeats a request
 * that the peer may have carried out. No redirects are followed; a 3xx is an answer. */
#ifndef WRIT_SERVER_HTTP_CLIENT_H
#define WRIT_SERVER_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

typedef enum http_client_outcome {
    HTTP_CLIENT_NOT_SENT,
    HTTP_CLIENT_UNKNOWN,
    HTTP_CLIENT_ANSWERED,
} http_client_outcome;

#define HTTP_CLIENT_TIMEOUT_MS 30000u      /* when none is given; no call may wait for ever */
#define HTTP_CLIENT_MAX_BODY   (8u << 20)  /* as large as a request may be here */
#define HTTP_CLIENT_MAX_HEAD   (64u << 10) /* headers of an answer, all together */

typedef struct http_client_request {
    const char *method;         /* NULL: GET */
    const char *url;            /* http or https */
    const char *const *headers; /* name, value, name, value, ..., NULL; or NULL */
    wb_str body;
    unsigned timeout_ms;     /* for all of it; 0: HTTP_CLIENT_TIMEOUT_MS */
    size_t max_body;         /* of the answer; 0: HTTP_CLIENT_MAX_BODY */
    const char *ca_file;     /* PEM; NULL: the system's */
    const char *unix_socket; /* path to connect to instead of the URL's host; or NULL */
} http_client_request;

typedef struct http_client_response {
    http_client_outcome outcome;
    int status;  /* with ANSWERED */
    wb_buf head; /* lines "Name: value\n" of the final answer */
    wb_buf body;
} http_client_response;

/* Always initialises *response; the caller ends it with http_client_clear. WB_OK with ANSWERED,
 * whatever the status. Otherwise an error with its text: WB_INVALID (request or URL malformed) and
 * WB_UNAVAILABLE with NOT_SENT; WB_IO and WB_LIMIT (answer too large) with UNKNOWN. Credentials
 * never stand in the error text. */
wb_status http_client_do(const http_client_request *request, http_client_response *response,
                         wb_error *e);
/* The value of the first such header (any case); p is NULL when there is none. */
wb_str http_client_header(const http_client_response *response, const char *name);
void http_client_clear(http_client_response *response);

#endif
