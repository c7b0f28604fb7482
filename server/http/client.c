#include "server/http/client.h"

#include <curl/curl.h>
#include <stdlib.h>

/* The clock of "about to send" stands at zero while resolving, connecting and shaking hands. Error
 * codes would not do: some of them are given before as well as after the request went out. */
static bool never_sent(CURL *curl)
{
    curl_off_t began = 1;
    return curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &began) == CURLE_OK && began == 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    http_client_response *r = arg;
    wb_buf_put(&r->body, p, size * n);
    return r->body.failed ? 0 : size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    http_client_response *r = arg;
    wb_str line = {p, size * n};
    while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    if (wb_str_has_prefix(line, WB_LIT("HTTP/"))) {
        wb_buf_clear(&r->head); /* an interim answer's headers do not count */
    } else if (line.n) {
        wb_buf_put_str(&r->head, line);
        wb_buf_putc(&r->head, '\n');
    }
    return r->head.failed ? 0 : size * n;
}

static bool has_line_end(const char *z)
{
    return strpbrk(z, "\r\n") != NULL;
}

static wb_status header_list(const char *const *headers, struct curl_slist **list, wb_error *e)
{
    /* The body is sent at once, and no Expect costs a round trip. */
    struct curl_slist *out = curl_slist_append(NULL, "Expect:");
    for (; headers && headers[0]; headers += 2) {
        if (has_line_end(headers[0]) || has_line_end(headers[1])) {
            curl_slist_free_all(out);
            return wb_fail(e, WB_INVALID, "a request header has a line end");
        }
        wb_buf line;
        wb_buf_init(&line, HTTP_CLIENT_MAX_HEAD);
        /* curl wants "Name;" for a header without value. */
        wb_buf_putf(&line, *headers[1] ? "%s: %s" : "%s;", headers[0], headers[1]);
        struct curl_slist *more = curl_slist_append(out, wb_buf_cstr(&line));
        bool failed = line.failed;
        wb_buf_free(&line);
        if (!more || failed) {
            curl_slist_free_all(out);
            return wb_fail(e, WB_LIMIT, "request headers are too large");
        }
        out = more;
    }
    *list = out;
    return WB_OK;
}

static void set_options(CURL *curl, const http_client_request *q, struct curl_slist *headers,
                        http_client_response *r)
{
    const char *method = q->method ? q->method : "GET";
    curl_easy_setopt(curl, CURLOPT_URL, q->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     (long)(q->timeout_ms ? q->timeout_ms : HTTP_CLIENT_TIMEOUT_MS));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, r);
    if (q->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, q->ca_file);
    if (q->unix_socket)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, q->unix_socket);
    if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (q->body.n || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
               strcmp(method, "PATCH") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body.n ? q->body.p : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    } else if (strcmp(method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    }
}

static wb_status judge(CURL *curl, CURLcode code, const char *text, http_client_response *r,
                       wb_error *e)
{
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        r->status = (int)status;
        r->outcome = HTTP_CLIENT_ANSWERED;
        return WB_OK;
    }
    const char *why = text[0] ? text : curl_easy_strerror(code);
    if (never_sent(curl)) {
        if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
            return wb_fail(e, WB_INVALID, "malformed or unsupported URL");
        return wb_fail(e, WB_UNAVAILABLE, "request not sent: %s", why);
    }
    r->outcome = HTTP_CLIENT_UNKNOWN;
    if (r->body.failed || r->head.failed)
        return wb_fail(e, WB_LIMIT, "the answer is larger than allowed");
    return wb_fail(e, WB_IO, "outcome unknown: %s", why);
}

wb_status http_client_do(const http_client_request *request, http_client_response *r, wb_error *e)
{
    *r = (http_client_response){.outcome = HTTP_CLIENT_NOT_SENT};
    wb_buf_init(&r->head, HTTP_CLIENT_MAX_HEAD);
    wb_buf_init(&r->body, request->max_body ? request->max_body : HTTP_CLIENT_MAX_BODY);
    struct curl_slist *headers = NULL;
    wb_status s = header_list(request->headers, &headers, e);
    if (s)
        return s;
    CURL *curl = curl_easy_init();
    if (!curl)
        wb_fatal("no memory for an HTTP client");
    char text[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    set_options(curl, request, headers, r);
    s = judge(curl, curl_easy_perform(curl), text, r, e);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return s;
}

wb_str http_client_header(const http_client_response *response, const char *name)
{
    const char *p = response->head.p, *end = p + response->head.n;
    size_t n = strlen(name);
    while (p && p < end) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        if ((size_t)(line_end - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':') {
            p += n + 1;
            while (p < line_end && (*p == ' ' || *p == '\t'))
                p++;
            return (wb_str){p, (size_t)(line_end - p)};
        }
        p = line_end + 1;
    }
    return (wb_str){0};
}

void http_client_clear(http_client_response *response)
{
    wb_buf_free(&response->head);
    wb_buf_free(&response->body);
}
