#include "server/http/internal.h"

/* One fitting of a path to a pattern. */
typedef struct fit {
    uint64_t score; /* two bits a segment, the first segment highest */
    http_param params[HTTP_ROUTE_PARAMS];
    size_t param_count;
    wb_str rest;
} fit;

enum { REST = 0, ANY = 1, ANY_WITH_SUFFIX = 2, LITERAL = 3 };

static wb_str next_part(const char **p, const char *end)
{
    const char *slash = memchr(*p, '/', (size_t)(end - *p));
    wb_str part = {*p, (size_t)((slash ? slash : end) - *p)};
    *p = slash ? slash + 1 : end + 1; /* past the end: no more parts */
    return part;
}

/* Whether one segment fits; the kind of fit. */
static bool fit_part(wb_str want, wb_str have, fit *f, int *kind)
{
    if (!want.n || want.p[0] != '{') {
        *kind = LITERAL;
        return wb_str_eq(want, have);
    }
    const char *close = memchr(want.p, '}', want.n);
    if (!close || f->param_count == HTTP_ROUTE_PARAMS)
        return false;
    wb_str name = {want.p + 1, (size_t)(close - want.p) - 1};
    wb_str suffix = {close + 1, want.n - name.n - 2};
    if (!wb_str_has_suffix(have, suffix) || have.n == suffix.n)
        return false;
    *kind = suffix.n ? ANY_WITH_SUFFIX : ANY;
    f->params[f->param_count++] = (http_param){name, {have.p, have.n - suffix.n}};
    return true;
}

static bool fit_path(const char *pattern, wb_str path, fit *f)
{
    f->score = 0;
    f->param_count = 0;
    f->rest = (wb_str){0};
    if (!path.n || path.p[0] != '/' || pattern[0] != '/')
        return wb_str_is(path, pattern);
    const char *p = path.p + 1, *end = path.p + path.n;
    const char *q = pattern + 1, *q_end = pattern + strlen(pattern);
    for (unsigned i = 0; i < HTTP_MAX_PARTS; i++) {
        if (q > q_end)
            return p > end;
        wb_str want = next_part(&q, q_end);
        if (wb_str_is(want, "*") && q > q_end) {
            f->rest = p <= end ? (wb_str){p, (size_t)(end - p)} : (wb_str){"", 0};
            return true;
        }
        int kind = REST;
        if (p > end || !fit_part(want, next_part(&p, end), f, &kind))
            return false;
        f->score |= (uint64_t)kind << (2 * (HTTP_MAX_PARTS - 1 - i));
    }
    return false;
}

static bool fit_method(const http_route *row, wb_str method)
{
    if (strcmp(row->method, "*") == 0 || wb_str_is(method, row->method))
        return true;
    return wb_str_is(method, "HEAD") && strcmp(row->method, "GET") == 0 &&
           !(row->flags & HTTP_ROUTE_NO_HEAD);
}

/* The methods that the table has for this path. */
static const char *allow_list(http_request *req, const http_routes *table)
{
    wb_buf out;
    wb_buf_init(&out, 256);
    fit f;
    for (size_t i = 0; i < table->count; i++) {
        const http_route *row = &table->rows[i];
        if (!fit_path(row->pattern, req->path, &f))
            continue;
        bool head = strcmp(row->method, "GET") == 0 && !(row->flags & HTTP_ROUTE_NO_HEAD);
        if (out.n && strstr(wb_buf_cstr(&out), row->method))
            continue;
        wb_buf_putf(&out, "%s%s%s", out.n ? ", " : "", row->method, head ? ", HEAD" : "");
    }
    const char *allow = http_request_dup(req, out.p, out.n);
    wb_buf_free(&out);
    return allow;
}

/* A row whose path fits but not the method is remembered as 405; the tables after it may still
 * have both. */
void http_route_find(http_request *req, http_server *server)
{
    req->route_status = 404;
    req->table = server->table_count ? server->tables[0] : NULL;
    for (size_t t = 0; t < server->table_count; t++) {
        const http_routes *table = server->tables[t];
        const http_route *best = NULL;
        fit best_fit = {0}, f;
        bool path_fits = false;
        for (size_t i = 0; i < table->count; i++) {
            const http_route *row = &table->rows[i];
            if (!fit_path(row->pattern, req->path, &f))
                continue;
            path_fits = true;
            if (fit_method(row, req->method) && (!best || f.score > best_fit.score)) {
                best = row;
                best_fit = f;
            }
        }
        if (best) {
            req->table = table;
            req->route = best;
            req->route_status = 0;
            memcpy(req->params, best_fit.params, sizeof req->params);
            req->param_count = best_fit.param_count;
            req->rest = best_fit.rest;
            return;
        }
        if (path_fits && req->route_status == 404) {
            req->route_status = 405;
            req->table = table;
            req->allow = allow_list(req, table);
        }
    }
}
