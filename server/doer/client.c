/* Calls with JSON both ways, and secrets from files. */
#include "server/doer/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 4096 /* bytes of a token file */

static int retry_after(const http_client_response *r)
{
    wb_str text = http_client_header(r, "retry-after");
    char copy[12], *end;
    if (!text.p || text.n == 0 || text.n >= sizeof copy)
        return -1;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    long seconds = strtol(copy, &end, 10);
    return *end || seconds < 0 || seconds > 86400 ? -1 : (int)seconds;
}

void doer_http(const doer_call *call, doer_answer *out)
{
    http_client_response r;
    wb_error e;
    char auth[SECRET_MAX + 16];
    const char *headers[12];
    size_t n = 0;
    char *body = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
    *out = (doer_answer){.retry_after_s = -1};
    if (call->token) {
        snprintf(auth, sizeof auth, "Bearer %s", call->token);
        headers[n++] = "authorization";
        headers[n++] = auth;
    }
    if (call->if_match && call->if_match[0]) {
        headers[n++] = "if-match";
        headers[n++] = call->if_match;
    }
    if (call->extra[0]) {
        headers[n++] = call->extra[0];
        headers[n++] = call->extra[1];
    }
    if (body) {
        headers[n++] = "content-type";
        headers[n++] = call->type ? call->type : "application/json";
    }
    headers[n] = NULL;
    http_client_request q = {.method = call->method,
                             .url = call->url,
                             .headers = headers,
                             .body = wb_str_of(body),
                             .timeout_ms = call->timeout_ms,
                             .max_body = DOER_ANSWER_MAX};
    http_client_do(&q, &r, &e);
    out->outcome = r.outcome;
    out->status = r.outcome == HTTP_CLIENT_ANSWERED ? r.status : 0;
    if (r.outcome == HTTP_CLIENT_ANSWERED) {
        wb_str etag = http_client_header(&r, "etag");
        if (etag.p && etag.n < sizeof out->etag)
            memcpy(out->etag, etag.p, etag.n);
        out->retry_after_s = retry_after(&r);
        if (r.body.n)
            out->json = json_loadb(r.body.p, r.body.n, JSON_REJECT_DUPLICATES, NULL);
    }
    OPENSSL_cleanse(auth, sizeof auth);
    http_client_clear(&r);
    free(body);
}

void doer_answer_clear(doer_answer *a)
{
    json_decref(a->json);
    a->json = NULL;
}

wb_status doer_secret_file(const char *path, char **out, wb_error *e)
{
    char text[SECRET_MAX];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(why));
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if ((st.st_mode & 077) != 0)
        return wb_fail(e, WB_DENIED, "%s is open to others (chmod 600)", path);
    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\r\n")] = 0;
    if (!text[0])
        return wb_fail(e, WB_INVALID, "%s is empty", path);
    *out = wb_strdup(text);
    OPENSSL_cleanse(text, sizeof text);
    return WB_OK;
}
