/* Misbehaviour on demand, so that tests of unknown outcomes are real. */
#include "server/directory/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *name;
    bool commits;
} KINDS[] = {[DIR_NO_FAULT] = {"", true},
#define X(name, text, commits) [DIR_FAULT_##name] = {text, commits},
             DIR_FAULT_KINDS(X)
#undef X
};

bool dir_fault_commits(dir_fault_kind kind)
{
    return KINDS[kind].commits;
}

/* METHOD:KIND:COUNT[:PATH PART] */
bool dir_fault_add(dir *d, const char *text)
{
    dir_fault f = {0};
    char kind[32];
    int used = 0;
    if (d->fault_count == DIR_FAULTS_MAX)
        d->fault_count = 0; /* the table is a test's; the oldest are spent */
    if (sscanf(text, "%7[A-Z*]:%31[a-z0-9-]:%u%n", f.method, kind, &f.left, &used) != 3)
        return false;
    if (text[used] == ':')
        snprintf(f.part, sizeof f.part, "%s", text + used + 1);
    else if (text[used])
        return false;
    for (size_t i = 1; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strcmp(KINDS[i].name, kind) == 0)
            f.kind = (dir_fault_kind)i;
    if (f.kind == DIR_NO_FAULT)
        return false;
    d->faults[d->fault_count++] = f;
    return true;
}

dir_fault_kind dir_fault_take(dir *d, wb_str method, wb_str path)
{
    for (size_t i = 0; i < d->fault_count; i++) {
        dir_fault *f = &d->faults[i];
        if (f->left && (f->method[0] == '*' || wb_str_is(method, f->method)) &&
            (!f->part[0] || memmem(path.p, path.n, f->part, strlen(f->part)))) {
            f->left--;
            return f->kind;
        }
    }
    return DIR_NO_FAULT;
}

static void wait_for_nobody(http_request *req)
{
    for (int ms = 0; ms < DIR_HANG_MS && !http_request_gone(req); ms += 20) {
        if (http_server_draining(http_request_server(req)))
            return;
        usleep(20 * 1000);
    }
}

static void hang(http_request *req, void *arg)
{
    wait_for_nobody(req);
    http_respond(req, 500, NULL, (wb_str){0});
}

typedef struct half {
    char *body;
    size_t n;
    const char *type;
    int status;
} half;

static void answer_half(http_request *req, void *arg)
{
    half *h = arg;
    http_stream_begin(req, h->status == 204 ? 200 : h->status, h->type);
    http_stream_put(req, (wb_str){h->body, h->n / 2});
    wait_for_nobody(req);
    http_stream_end(req);
    free(h->body);
    free(h);
}

void dir_fault_show(http_request *req, dir_fault_kind kind, int status, const char *type,
                    wb_str body)
{
    switch (kind) {
    case DIR_FAULT_RATE_LIMIT:
        http_response_header(req, "retry-after", WB_LIT("1"));
        http_respond(req, 429, NULL, (wb_str){0});
        return;
    case DIR_FAULT_LIE: http_respond(req, 200, type, body); return;
    case DIR_FAULT_HANG_BEFORE:
    case DIR_FAULT_HANG_AFTER: http_work(req, hang, NULL); return;
    case DIR_FAULT_HALF_BODY: {
        half *h = wb_calloc(1, sizeof *h);
        *h = (half){wb_strndup(body.n ? body.p : "{\"x\":1}", body.n ? body.n : 7),
                    body.n ? body.n : 7, "application/scim+json", status};
        http_work(req, answer_half, h);
        return;
    }
    default: http_respond(req, 500, NULL, (wb_str){0});
    }
}

void dir_faults_post(http_request *req, void *arg)
{
    dir_call call;
    if (!dir_begin(arg, req, DIR_DEBUG, &call))
        return;
    json_t *body = dir_body(&call);
    if (!body)
        return;
    const char *text = json_string_value(json_object_get(body, "fault"));
    if (text && dir_fault_add(call.d, text))
        dir_answer(&call, 204, NULL, NULL);
    else
        dir_error(&call, 400, "invalidValue", "fault: METHOD:KIND:COUNT[:PATH PART]");
    json_decref(body);
}
