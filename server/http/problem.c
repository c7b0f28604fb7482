#include "server/http/internal.h"

#define PROBLEM_MAX (256u << 10) /* path, detail and error list are bounded well below */

static void member(wb_buf *b, const char *name, wb_str value)
{
    wb_buf_putf(b, ",\"%s\":", name);
    wb_buf_put_json(b, value);
}

void http_problem_list(http_request *req, int status, const char *code, const char *title,
                       const char *detail, wb_str errors)
{
    wb_buf b;
    wb_buf_init(&b, PROBLEM_MAX);
    wb_buf_puts(&b, "{\"type\":\"" HTTP_PROBLEM_TYPE);
    wb_buf_puts(&b, code);
    wb_buf_putc(&b, '"');
    member(&b, "title", wb_str_of(title));
    wb_buf_putf(&b, ",\"status\":%d", status);
    if (detail)
        member(&b, "detail", wb_str_of(detail));
    /* A path is printable ASCII here, so it needs no more escaping than JSON's. */
    if (req->path.n)
        member(&b, "instance", req->path);
    member(&b, "code", wb_str_of(code));
    member(&b, "request_id", http_request_id(req));
    if (errors.n) {
        wb_buf_puts(&b, ",\"errors\":");
        wb_buf_put_str(&b, errors);
    }
    wb_buf_puts(&b, "}\n");
    if (b.failed) {
        wb_buf_clear(&b);
        wb_buf_putf(&b, "{\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}\n",
                    http_status_reason(status), status, code);
    }
    size_t n = 0;
    char *body = wb_buf_detach(&b, &n);
    http_respond_take(req, status, "application/problem+json", body, n);
}

void http_problem(http_request *req, int status, const char *code, const char *title,
                  const char *detail)
{
    http_problem_list(req, status, code, title, detail, (wb_str){0});
}
