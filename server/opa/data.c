#include "base/buf.h"
#include "server/opa/opa.h"
#include "value/json.h"
#include "writ.h"

#include <stdlib.h>

#define ANSWER_MAX ((size_t)64 << 20) /* bytes of one answer */

typedef struct prepared {
    char *path;
    writ_query *query;
} prepared;

struct opa_data {
    writ_engine *engine;
    pthread_mutex_t *prepare;
    pthread_mutex_t lock; /* queries and idle */
    prepared queries[OPA_QUERIES_MAX];
    size_t query_count;
    writ_session *idle[OPA_SESSIONS];
    size_t idle_count;
    http_routes routes;
};

/* ---- Answers ---- */

static bool flag(http_request *req, const char *name)
{
    wb_str v;
    return http_request_query_param(req, name, 0, &v) && (v.n == 0 || wb_str_is(v, "true"));
}

static void error_answer(http_request *req, int status, const char *code, const char *message,
                         const writ_error *error)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 16);
    wb_buf_puts(&b, "{\n  \"code\": ");
    wb_buf_put_json(&b, wb_str_of(code));
    wb_buf_puts(&b, ",\n  \"message\": ");
    wb_buf_put_json(&b, wb_str_of(message));
    if (error) {
        /* The text is "file:row: code: message"; the place and the code stand by themselves. */
        const char *at = error->code[0] ? strstr(error->text, error->code) : NULL;
        const char *text = at ? at + strlen(error->code) : error->text;
        text += strspn(text, ": ");
        wb_buf_puts(&b, ",\n  \"errors\": [\n    {\n      \"code\": ");
        wb_buf_put_json(&b, wb_str_of(error->code));
        wb_buf_puts(&b, ",\n      \"message\": ");
        wb_buf_put_json(&b, wb_str_of(text));
        if (error->row) {
            wb_buf_puts(&b, ",\n      \"location\": {\n        \"file\": ");
            wb_buf_put_json(&b, wb_str_of(error->file));
            wb_buf_putf(&b, ",\n        \"row\": %u,\n        \"col\": %u\n      }", error->row,
                        error->column);
        }
        wb_buf_puts(&b, "\n    }\n  ]");
    }
    wb_buf_puts(&b, "\n}\n");
    http_respond(req, status, "application/json", wb_buf_str(&b));
    wb_buf_free(&b);
}

static void fail(http_request *req, const http_failure *f, void *arg)
{
    error_answer(req, f->status, f->status == 404 ? "resource_not_found" : "invalid_parameter",
                 f->detail ? f->detail : f->title, NULL);
}

/* ---- Queries and sessions ---- */

/* data["a"]["b"]; false when the path is broken or too long. */
static bool query_text(http_request *req, wb_buf *to)
{
    wb_str part;
    size_t i = 2, taken = 0;
    wb_buf_puts(to, "data");
    for (; http_request_part(req, i, &part); i++) {
        if (++taken > OPA_PATH_MAX)
            return false;
        wb_buf_putc(to, '[');
        wb_buf_put_json(to, part);
        wb_buf_putc(to, ']');
    }
    /* Whether all of the path was read: a broken part ends the loop early. */
    wb_str path = http_request_path(req);
    size_t parts = 0;
    for (size_t k = 0; k < path.n; k++)
        parts += path.p[k] == '/' && k + 1 < path.n;
    return !to->failed && parts == i;
}

static writ_query *query_of(opa_data *o, const char *text, bool *kept, writ_error *error)
{
    writ_query *q = NULL;
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->query_count && !q; i++)
        if (strcmp(o->queries[i].path, text) == 0)
            q = o->queries[i].query;
    pthread_mutex_unlock(&o->lock);
    *kept = q != NULL;
    if (q)
        return q;
    pthread_mutex_lock(o->prepare);
    q = writ_prepare(o->engine, text, error);
    pthread_mutex_unlock(o->prepare);
    if (!q)
        return NULL;
    pthread_mutex_lock(&o->lock);
    if (o->query_count < OPA_QUERIES_MAX) {
        o->queries[o->query_count++] = (prepared){wb_strdup(text), q};
        *kept = true;
    }
    pthread_mutex_unlock(&o->lock);
    return q;
}

static writ_session *take(opa_data *o)
{
    pthread_mutex_lock(&o->lock);
    writ_session *s = o->idle_count ? o->idle[--o->idle_count] : NULL;
    pthread_mutex_unlock(&o->lock);
    return s ? s : writ_session_new(o->engine);
}

static void give(opa_data *o, writ_session *s)
{
    pthread_mutex_lock(&o->lock);
    bool keep = o->idle_count < OPA_SESSIONS;
    if (keep)
        o->idle[o->idle_count++] = s;
    pthread_mutex_unlock(&o->lock);
    if (!keep)
        writ_session_free(s);
}

/* ---- Evaluating ---- */

static void answer(http_request *req, writ_status status, writ_value value, bool warn,
                   const writ_error *error)
{
    wb_buf b;
    wb_error e = {0};
    bool pretty = flag(req, "pretty");
    wv_json_style style = {.indent = pretty ? 2 : 0, .html = true};
    if (status < 0) {
        error_answer(req, 500, "internal_error", "error(s) occurred while evaluating query", error);
        return;
    }
    wb_buf_init(&b, ANSWER_MAX);
    const char *start = pretty ? "{\n  " : "{", *between = pretty ? ",\n  " : ",";
    if (status == WRIT_OK) {
        wb_buf result;
        wb_buf_init(&result, ANSWER_MAX);
        if (wv_json_encode(&result, value, &style, &e))
            b.failed = true;
        wb_buf_puts(&b, start);
        wb_buf_puts(&b, pretty ? "\"result\": " : "\"result\":");
        /* The value's own lines move in by one step. */
        for (size_t i = 0; i < result.n; i++) {
            wb_buf_putc(&b, result.p[i]);
            if (pretty && result.p[i] == '\n')
                wb_buf_puts(&b, "  ");
        }
        wb_buf_free(&result);
    }
    if (warn) {
        wb_buf_puts(&b, b.n ? between : start);
        wb_buf_puts(&b, pretty
                            ? "\"warning\": {\n    \"code\": \"api_usage_warning\",\n    "
                              "\"message\": \"'input' key missing from the request\"\n  }"
                            : "\"warning\":{\"code\":\"api_usage_warning\",\"message\":\"'input' "
                              "key missing from the request\"}");
    }
    wb_buf_puts(&b, b.n ? (pretty ? "\n}\n" : "}\n") : "{}\n");
    if (b.failed)
        error_answer(req, 500, "internal_error", e.text[0] ? e.text : "the answer is too large",
                     NULL);
    else
        http_respond(req, 200, "application/json", wb_buf_str(&b));
    wb_buf_free(&b);
}

static void evaluate(opa_data *o, http_request *req, writ_value input, bool warn)
{
    wb_buf text;
    writ_error error = {0};
    writ_value value = WRIT_NO_VALUE;
    bool kept = false;
    wb_buf_init(&text, 1 << 16);
    writ_query *q = NULL;
    if (!query_text(req, &text))
        error_answer(req, 400, "invalid_parameter", "bad path", NULL);
    else if (!(q = query_of(o, wb_buf_cstr(&text), &kept, &error)))
        error_answer(req, 500, "internal_error", "error(s) occurred while compiling module(s)",
                     &error);
    writ_session *s = q ? take(o) : NULL;
    if (q && !s)
        error_answer(req, 500, "internal_error", "no memory for an evaluation", NULL);
    if (s) {
        writ_budget budget = {.deadline_ms = OPA_DEADLINE_MS};
        writ_set_budget(s, &budget);
        writ_set_strict(s, flag(req, "strict-builtin-errors"));
        writ_status status = writ_eval(s, q, input, &value, &error);
        answer(req, status, value, warn, &error);
        give(o, s);
    }
    if (q && !kept)
        writ_query_free(q);
    wb_buf_free(&text);
}

static writ_document *parse(opa_data *o, http_request *req, wb_str text, const char *what)
{
    writ_error error = {0};
    writ_document *doc = writ_document_new(o->engine, text.p ? text.p : "", text.n, &error);
    if (doc)
        return doc;
    wb_buf message;
    wb_buf_init(&message, 8192);
    wb_buf_putf(&message, "%s contains malformed input document: %s", what, error.text);
    error_answer(req, 400, "invalid_parameter", wb_buf_cstr(&message), NULL);
    wb_buf_free(&message);
    return NULL;
}

/* What OPA's decoder calls a body that is neither an object nor null. */
static const char *go_kind(writ_kind kind)
{
    return kind == WRIT_KIND_ARRAY     ? "array"
           : kind == WRIT_KIND_STRING  ? "string"
           : kind == WRIT_KIND_NUMBER  ? "number"
           : kind == WRIT_KIND_BOOLEAN ? "bool"
                                       : NULL;
}

static void post(http_request *req, void *arg)
{
    opa_data *o = arg;
    wb_str body = http_request_body(req);
    if (body.n == 0) {
        evaluate(o, req, WRIT_NO_VALUE, true);
        return;
    }
    writ_document *doc = parse(o, req, body, "body");
    if (!doc)
        return;
    writ_value whole = writ_document_value(doc);
    const char *kind = go_kind(writ_kind_of(whole));
    if (kind) {
        wb_buf message;
        wb_buf_init(&message, 256);
        wb_buf_putf(&message,
                    "body contains malformed input document: json: cannot unmarshal %s into Go "
                    "value of type types.alias",
                    kind);
        error_answer(req, 400, "invalid_parameter", wb_buf_cstr(&message), NULL);
        wb_buf_free(&message);
    } else {
        writ_value input = writ_kind_of(whole) == WRIT_KIND_OBJECT ? writ_member(whole, "input", 5)
                                                                   : WRIT_NO_VALUE;
        /* A null input is none, as OPA has it. */
        if (writ_kind_of(input) == WRIT_KIND_NULL)
            input = WRIT_NO_VALUE;
        evaluate(o, req, input, writ_kind_of(input) == WRIT_KIND_UNDEFINED);
    }
    writ_document_free(doc);
}

static void get(http_request *req, void *arg)
{
    opa_data *o = arg;
    wb_str text;
    if (!http_request_query_param(req, "input", 0, &text)) {
        evaluate(o, req, WRIT_NO_VALUE, false);
        return;
    }
    writ_document *doc = parse(o, req, text, "parameter");
    if (doc)
        evaluate(o, req, writ_document_value(doc), false);
    writ_document_free(doc);
}

static void on_post(http_request *req, void *arg)
{
    http_work(req, post, arg);
}

static void on_get(http_request *req, void *arg)
{
    http_work(req, get, arg);
}

static void health(http_request *req, void *arg)
{
    http_respond(req, 200, "application/json", WB_LIT("{}\n"));
}

static const http_route ROUTES[] = {
    {"POST", "/v1/data", on_post, 0, 0},
    {"POST", "/v1/data/*", on_post, 0, 0},
    {"GET", "/v1/data", on_get, HTTP_ROUTE_NO_HEAD, 0},
    {"GET", "/v1/data/*", on_get, HTTP_ROUTE_NO_HEAD, 0},
    {"GET", "/health", health, 0, 0},
};

opa_data *opa_data_new(writ_engine *engine, pthread_mutex_t *prepare)
{
    opa_data *o = wb_calloc(1, sizeof *o);
    o->engine = engine;
    o->prepare = prepare;
    pthread_mutex_init(&o->lock, NULL);
    o->routes = (http_routes){ROUTES, sizeof ROUTES / sizeof ROUTES[0], o, fail};
    return o;
}

void opa_data_add(opa_data *o, http_server *server)
{
    http_server_add(server, &o->routes);
}

void opa_data_free(opa_data *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->query_count; i++) {
        free(o->queries[i].path);
        writ_query_free(o->queries[i].query);
    }
    for (size_t i = 0; i < o->idle_count; i++)
        writ_session_free(o->idle[i]);
    pthread_mutex_destroy(&o->lock);
    free(o);
}
