/* http.send over libcurl. What is remembered, and for how long: http_cache.h. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/crypto_keys.h"
#include "stdlib/families.h"
#include "stdlib/go_print.h"
#include "stdlib/http_cache.h"
#include "stdlib/http_request.h"
#include "stdlib/uri.h"
#include "value/json.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* What an answer may be: a server must not fill our memory. */
#define BODY_MAX    ((size_t)64 << 20)
#define HEADERS_MAX ((size_t)1 << 20)
#define FILE_MAX    ((size_t)8 << 20)
/* Nanoseconds a request may take when it does not say. */
#define TIMEOUT_NS       INT64_C(5000000000)
#define TIMEOUT_LEAST_NS INT64_C(20000) /* nothing is reached in less */
#define REDIRECTS_MAX    100            /* OPA follows until the time is over */
/* Units of work for a request, beside what its answer costs. */
#define REQUEST_UNITS 1000
/* Between attempts: it grows up to a minute. */
#define RETRY_MS     100
#define RETRY_MS_MAX 60000
#define SLICE_MS     50

typedef struct exchange {
    ws_ctx *cx;
    CURL *curl;
    wv request;
    wb_str url; /* without quotes around it */
    char method[32];
    int64_t timeout_ns, retries;
    bool redirect, json, yaml, insecure, system_certs;
    ws_http_key key;
    bool lasting;          /* other queries may have its answer */
    wb_str tag, modified;  /* of the stale answer that is asked about */
    int64_t force_seconds; /* for so long, whatever the server says; 0: the server decides */
    wb_buf body, ca, cert, key_text, server_name;
    bool has_body;
    struct curl_slist *headers;
    bool has_content_type, has_agent, has_accept, has_custom;
    /* the answer */
    wb_buf in;
    wv fields; /* of the answer: lower-case names to arrays */
    size_t header_bytes;
    char status[256];
    bool over;         /* the answer passed a limit */
    char refused[256]; /* the host that may not be asked */
    bool cut;          /* the answer began, and broke off */
    /* the error */
    bool network;
    bool bare;  /* it is shown without the place and code of the call */
    bool typed; /* it is one of types */
    wb_buf error;
} exchange;

static bool fail(exchange *x, bool network, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool fail(exchange *x, bool network, const char *format, ...)
{
    va_list ap;
    wb_buf_clear(&x->error);
    va_start(ap, format);
    ws_vputf(&x->error, format, ap);
    va_end(ap);
    x->network = network;
    x->bare = network;
    return false;
}

static bool fail_bare(exchange *x, const char *text)
{
    fail(x, false, "%s", text);
    x->bare = true;
    return false;
}

/* "Get \"URL\": text", as failures of the network read. */
static bool fail_url(exchange *x, const char *text)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    wb_buf_putc(&b, x->method[0]);
    for (const char *p = x->method + (*x->method != 0); *p; p++)
        wb_buf_putc(&b, (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p));
    wb_buf_putc(&b, ' ');
    ws_put_quoted(&b, x->url);
    fail(x, true, "%s: %s", wb_buf_cstr(&b), text);
    wb_buf_free(&b);
    return false;
}

static wv option(const exchange *x, const char *name)
{
    return wv_object_get_str(x->request, wb_str_of(name));
}

static wb_str unquoted(const wv *v)
{
    wb_str s = wv_str(v);
    while (s.n && *s.p == '"')
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && s.p[s.n - 1] == '"')
        s.n--;
    return s;
}

/* ---- the request's options ---- */

/* A text option; *found tells whether it is there and not empty. */
static bool text_option(exchange *x, const char *name, wb_buf *to)
{
    wv v = option(x, name);
    wb_buf_clear(to);
    if (!wv_defined(v))
        return true;
    if (!wv_is_string(v))
        return fail(x, false, "\"%s\" must be a string", name);
    wb_buf_put_str(to, unquoted(&v));
    return true;
}

/* What strconv.ParseBool makes of the option's text. */
static bool flag_option(exchange *x, const char *name, bool *to)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    wv v = option(x, name);
    if (!wv_defined(v))
        return true;
    wb_buf b, quoted;
    wb_buf_init(&b, 1024);
    wb_buf_init(&quoted, 4096);
    wv_print(&b, v);
    bool ok = false;
    for (size_t i = 0; i < 6 && !ok; i++) {
        ok = wb_str_is(wb_buf_str(&b), yes[i]) || wb_str_is(wb_buf_str(&b), no[i]);
        *to = ok && wb_str_is(wb_buf_str(&b), yes[i]);
    }
    ws_put_quoted(&quoted, wb_buf_str(&b));
    if (!ok)
        fail(x, false, "strconv.ParseBool: parsing %s: invalid syntax", wb_buf_cstr(&quoted));
    wb_buf_free(&b);
    wb_buf_free(&quoted);
    return ok;
}

static bool boolean_option(exchange *x, const char *name, bool *to)
{
    wv v = option(x, name);
    if (wv_defined(v) && !wv_is_bool(v))
        return fail(x, false, "invalid value for \"%s\" field", name);
    *to = v == WV_TRUE;
    return true;
}

static bool duration(exchange *x, wv v, int64_t *ns)
{
    wb_str s = wv_str(&v);
    wv number;
    if (s.n && wv_number_parse(x->cx->out, s, false, &number) == WV_NUM_OK &&
        wv_number_int64(number, ns))
        return true;
    number = ws_call_row(x->cx, "time.parse_duration_ns", v, "");
    if (wv_defined(number) && wv_number_int64(number, ns))
        return true;
    size_t front = strlen(x->cx->fn->name) + 2;
    wb_buf b;
    wb_buf_init(&b, 4096);
    wb_buf_puts(&b, "invalid timeout value ");
    ws_put_quoted(&b, s);
    wb_buf_puts(&b, ": ");
    if (x->cx->error_text.n > front)
        wb_buf_put(&b, x->cx->error_text.p + front, x->cx->error_text.n - front);
    ws_forgive(x->cx);
    fail(x, false, "%s", wb_buf_cstr(&b));
    wb_buf_free(&b);
    return false;
}

static bool timeout_option(exchange *x)
{
    const char *preset = getenv("HTTP_SEND_TIMEOUT");
    wv v = option(x, "timeout");
    x->timeout_ns = TIMEOUT_NS;
    if (!wv_defined(v))
        return !preset || !*preset ||
               duration(x, wv_string_new(x->cx->out, wb_str_of(preset)), &x->timeout_ns);
    if (wv_is_string(v))
        return duration(x, v, &x->timeout_ns);
    x->typed = !wv_is_number(v);
    if (x->typed)
        return fail(x, false, "operand 1 'timeout' must be one of {string, number} but got %s",
                    wv_type_name(v));
    if (!wv_number_int64(v, &x->timeout_ns)) {
        wb_str t = wv_number_text(x->cx->out, v);
        return fail(x, false, "invalid timeout number value %.*s, must be int64", WB_FMT(t));
    }
    return true;
}

static bool retry_option(exchange *x)
{
    wv v = option(x, "max_retry_attempts");
    if (!wv_defined(v))
        return true;
    if (!wv_is_number(v) || !wv_number_int64(v, &x->retries) || x->retries < 0) {
        wb_buf b;
        wb_buf_init(&b, 1024);
        wv_print(&b, v);
        fail(x, false, "invalid value %s for field \"max_retry_attempts\"", wb_buf_cstr(&b));
        x->bare = true;
        wb_buf_free(&b);
        return false;
    }
    return true;
}

/* As strconv.ParseInt reads the term's text. */
static bool seconds_option(exchange *x, wv v)
{
    wb_buf b, quoted;
    char *end;
    wb_buf_init(&b, 4096);
    wb_buf_init(&quoted, 8192);
    wv_print(&b, v);
    const char *z = wb_buf_cstr(&b);
    errno = 0;
    long long seconds = strtoll(z, &end, 10);
    bool digits = b.n && (*z == '-' || (*z >= '0' && *z <= '9')) && !*end;
    bool range = digits && (errno == ERANGE || seconds > INT32_MAX || seconds < INT32_MIN);
    ws_put_quoted(&quoted, wb_buf_str(&b));
    if (!digits || range)
        fail(x, false, "strconv.ParseInt: parsing %s: %s", wb_buf_cstr(&quoted),
             range ? "value out of range" : "invalid syntax");
    x->force_seconds = digits && !range ? seconds : 0;
    wb_buf_free(&b);
    wb_buf_free(&quoted);
    return digits && !range;
}

static bool body_option(exchange *x)
{
    wv raw = option(x, "raw_body"), body = option(x, "body");
    wb_error e;
    x->has_body = wv_defined(raw) || wv_defined(body);
    if (wv_defined(raw))
        return text_option(x, "raw_body", &x->body);
    if (!wv_defined(body))
        return true;
    if (wv_json_encode(&x->body, body, &(wv_json_style){.html = true}, &e) != WB_OK)
        return fail(x, false, "%s", e.text);
    return true;
}

static bool same_word(wb_str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(wb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!token_char((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

static bool add_header(exchange *x, wb_str name, wb_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            char text[256];
            snprintf(text, sizeof text, "net/http: invalid header field value for \"%.*s\"",
                     (int)(name.n < 100 ? name.n : 100), name.p);
            return fail_url(x, text);
        }
    }
    x->has_content_type |= name.n == 12 && strncasecmp(name.p, "content-type", 12) == 0;
    x->has_agent |= name.n == 10 && strncasecmp(name.p, "user-agent", 10) == 0;
    x->has_accept |= name.n == 6 && strncasecmp(name.p, "accept", 6) == 0;
    if (name.n == 4 && strncasecmp(name.p, "host", 4) == 0 && !x->server_name.n)
        wb_buf_put_str(&x->server_name, value);
    wb_buf b;
    wb_buf_init(&b, HEADERS_MAX);
    wb_buf_put_str(&b, name);
    /* libcurl sends an empty value only when it is written with a semicolon. */
    wb_buf_puts(&b, value.n ? ": " : ";");
    wb_buf_put_str(&b, value);
    struct curl_slist *list = b.failed ? NULL : curl_slist_append(x->headers, wb_buf_cstr(&b));
    wb_buf_free(&b);
    if (!list)
        return fail(x, false, "headers are too long");
    x->headers = list;
    return true;
}

/* A name that is no string is its JSON text, as in any object. */
static wv name_of(exchange *x, wv key)
{
    if (wv_is_string(key))
        return key;
    wb_buf b;
    wb_buf_init(&b, HEADERS_MAX);
    wv_json_encode(&b, key, &(wv_json_style){.html = true}, NULL);
    wv name = wv_string_new(x->cx->out, wb_buf_str(&b));
    wb_buf_free(&b);
    return name;
}

/* A value that is no string, as Go prints what JSON makes of it. */
static bool refuse_value(exchange *x, wv v)
{
    wv made = WV_NULL;
    wb_buf json, b;
    wb_buf_init(&json, HEADERS_MAX);
    wb_buf_init(&b, HEADERS_MAX);
    if (wv_json_encode(&json, v, NULL, NULL) == WB_OK)
        wv_json_decode(x->cx->out, wb_buf_str(&json), NULL, &made, NULL);
    ws_go_arg arg = {.kind = WS_GO_NIL};
    if (wv_is_bool(made))
        arg = (ws_go_arg){.kind = WS_GO_BOOL, .type = "bool", .i = made == WV_TRUE};
    else if (wv_is_number(made))
        arg = (ws_go_arg){
            .kind = WS_GO_TEXT, .type = "json.Number", .text = wv_number_text(x->cx->out, made)};
    else if (wv_is_array(made))
        arg = (ws_go_arg){.kind = WS_GO_LIST, .items = wv_items(made), .n = wv_len(made)};
    else if (wv_is_object(made))
        arg = (ws_go_arg){.kind = WS_GO_MAP, .map = made};
    ws_go_printf(x->cx, &b, WB_LIT("%q"), &arg, 1);
    fail(x, false, "invalid type for headers value %s", wb_buf_cstr(&b));
    wb_buf_free(&json);
    wb_buf_free(&b);
    return false;
}

static bool headers_option(exchange *x)
{
    wv o = option(x, "headers");
    if (!wv_defined(o))
        return true;
    if (!wv_is_object(o))
        return fail(x, false, "invalid type for headers key");
    const uint32_t *order = wv_table_order(o);
    x->has_custom = wv_len(o) > 0;
    for (uint32_t i = 0; i < wv_len(o); i++) {
        wv k = wv_key_at(o, order, i), v = wv_value_at(o, order, i);
        if (!wv_is_string(v))
            return refuse_value(x, v);
        wv said = name_of(x, k);
        wb_str name = wv_str(&said);
        if (!is_token(name)) {
            wb_buf b;
            wb_buf_init(&b, 1024);
            wb_buf_puts(&b, "net/http: invalid header field name ");
            ws_put_quoted(&b, name);
            fail_url(x, wb_buf_cstr(&b));
            wb_buf_free(&b);
            return false;
        }
        bool replaced = (x->tag.n && same_word(name, "if-none-match")) ||
                        (x->modified.n && same_word(name, "if-modified-since"));
        if (!replaced && !add_header(x, name, wv_str(&v)))
            return false;
    }
    return true;
}

/* What asks the server whether the answer we have still holds. */
static bool condition_headers(exchange *x)
{
    return (!x->tag.n || add_header(x, WB_LIT("If-None-Match"), x->tag)) &&
           (!x->modified.n || add_header(x, WB_LIT("If-Modified-Since"), x->modified));
}

/* ---- certificates ---- */

static bool read_file(exchange *x, const char *path, wb_buf *to)
{
    FILE *f = fopen(path, "rbe");
    char block[4096];
    size_t n;
    wb_buf_clear(to);
    if (!f) {
        char why[128];
        return fail(x, false, "open %s: %s", path,
                    errno == ENOENT ? "no such file or directory"
                                    : strerror_r(errno, why, sizeof why));
    }
    /* It may be a key: no copy stays behind in a stream's buffer or in one that grew. */
    struct stat st;
    setvbuf(f, NULL, _IONBF, 0);
    if (fstat(fileno(f), &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= FILE_MAX)
        wb_buf_reserve(to, (size_t)st.st_size + 1);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        wb_buf_put(to, block, n);
    OPENSSL_cleanse(block, sizeof block);
    bool ok = !ferror(f) && !to->failed;
    fclose(f);
    return ok || fail(x, false, "read %s: failed", path);
}

/* Whether there is a PEM block. It may be a key's, and the arena outlives the call: what reading
 * left there is wiped. */
static bool has_block(exchange *x, const wb_buf *b)
{
    ws_pem block;
    wb_arena *a = x->cx->out;
    char *mark = wb_arena_mark(a);
    bool found = b->n && ws_pem_decode(x->cx, wb_buf_str(b), &block);
    if (x->cx->error == WS_ERR_NONE) {
        OPENSSL_cleanse(mark, (size_t)(a->top - mark));
        wb_arena_rewind(a, mark);
    }
    return found;
}

/* A text, a file and an environment variable may each name more. */
static bool ca_options(exchange *x)
{
    static const char system_bundle[] = "/etc/ssl/certs/ca-certificates.crt";
    wb_buf b, part;
    wb_buf_init(&b, FILE_MAX);
    wb_buf_init(&part, FILE_MAX);
    bool ok = flag_option(x, "tls_use_system_certs", &x->system_certs) &&
              text_option(x, "tls_ca_cert", &b);
    if (ok && b.n) {
        for (size_t i = 0; i < b.n; i++) {
            bool escape = b.p[i] == '\\' && i + 1 < b.n && b.p[i + 1] == 'n';
            wb_buf_putc(&x->ca, escape ? '\n' : b.p[i]);
            i += escape;
        }
        ok = has_block(x, &x->ca) || fail(x, false, "could not append certificates");
    }
    ok = ok && text_option(x, "tls_ca_cert_file", &b);
    if (ok && b.n) {
        ok = read_file(x, wb_buf_cstr(&b), &part) &&
             (has_block(x, &part) ||
              fail(x, false, "could not append CA certificates from \"%s\"", wb_buf_cstr(&b)));
        wb_buf_putc(&x->ca, '\n');
        wb_buf_put_str(&x->ca, wb_buf_str(&part));
    }
    ok = ok && text_option(x, "tls_ca_cert_env_variable", &b);
    if (ok && b.n) {
        const char *value = getenv(wb_buf_cstr(&b));
        wb_buf_clear(&part);
        wb_buf_puts(&part, value ? value : "");
        ok = has_block(x, &part) || fail(x, false,
                                         "could not add CA certificates from envvar \"%s\": could "
                                         "not append certificates",
                                         wb_buf_cstr(&b));
        wb_buf_putc(&x->ca, '\n');
        wb_buf_put_str(&x->ca, wb_buf_str(&part));
    }
    if (ok && x->system_certs && x->ca.n) {
        ok = read_file(x, system_bundle, &part);
        wb_buf_putc(&x->ca, '\n');
        wb_buf_put_str(&x->ca, wb_buf_str(&part));
    }
    wb_buf_free(&b);
    wb_buf_free(&part);
    return ok;
}

static bool pair(exchange *x, const char *cert, const char *key, int how)
{
    wb_buf c, k;
    wb_buf_init(&c, FILE_MAX);
    wb_buf_init(&k, FILE_MAX);
    bool ok = text_option(x, cert, &c) && text_option(x, key, &k);
    if (ok && c.n && k.n) {
        wb_buf_clear(&x->cert);
        wb_buf_clear(&x->key_text);
        if (how == 1) {
            ok = read_file(x, wb_buf_cstr(&c), &x->cert) &&
                 read_file(x, wb_buf_cstr(&k), &x->key_text);
        } else {
            const char *cv = how ? getenv(wb_buf_cstr(&c)) : wb_buf_cstr(&c);
            const char *kv = how ? getenv(wb_buf_cstr(&k)) : wb_buf_cstr(&k);
            wb_buf_puts(&x->cert, cv ? cv : "");
            wb_buf_puts(&x->key_text, kv ? kv : "");
        }
        if (ok && (!has_block(x, &x->cert) || !has_block(x, &x->key_text))) {
            wb_buf front;
            wb_buf_init(&front, 1024);
            if (how == 2)
                wb_buf_putf(&front,
                            "cannot extract public/private key pair from envvars \"%s\", \"%s\": ",
                            wb_buf_cstr(&c), wb_buf_cstr(&k));
            ok = fail(x, false, "%stls: failed to find any PEM data in %s input",
                      wb_buf_cstr(&front), has_block(x, &x->cert) ? "key" : "certificate");
            wb_buf_free(&front);
        }
    }
    if (k.p)
        OPENSSL_cleanse(k.p, k.n);
    wb_buf_free(&c);
    wb_buf_free(&k);
    return ok;
}

/* The host of a URL as Go's parser cuts it: up to the first colon. */
static wb_str host_of(wb_str url)
{
    const char *slashes = url.n ? memmem(url.p, url.n, "//", 2) : NULL;
    if (!slashes)
        return (wb_str){"", 0};
    wb_str rest = wb_str_n(slashes + 2, url.n - (size_t)(slashes + 2 - url.p));
    for (size_t i = 0; i < rest.n; i++)
        if (strchr("/?#", rest.p[i])) {
            rest.n = i;
            break;
        }
    for (size_t i = rest.n; i-- > 0;)
        if (rest.p[i] == '@') {
            rest = wb_str_n(rest.p + i + 1, rest.n - i - 1);
            break;
        }
    const char *colon = rest.n ? memchr(rest.p, ':', rest.n) : NULL;
    return colon ? wb_str_n(rest.p, (size_t)(colon - rest.p)) : rest;
}

static bool fail_method(exchange *x, wb_str method)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    ws_put_quoted(&b, method);
    fail(x, false, "net/http: invalid method %.*s", WB_FMT(wb_buf_str(&b)));
    wb_buf_free(&b);
    return false;
}

static bool method_and_url(exchange *x)
{
    wb_buf b;
    wv url = option(x, "url");
    wb_buf_init(&b, 4096);
    bool ok = text_option(x, "method", &b);
    if (ok && !wv_is_string(url))
        ok = fail(x, false, "\"url\" must be a string");
    for (size_t i = 0; i < b.n; i++)
        b.p[i] = (char)(b.p[i] >= 'a' && b.p[i] <= 'z' ? b.p[i] - 32 : b.p[i]);
    if (ok && (!is_token(wb_buf_str(&b)) || b.n >= sizeof x->method) && b.n)
        ok = fail_method(x, wb_buf_str(&b));
    if (ok) {
        memcpy(x->method, b.n ? b.p : "", b.n);
        if (!b.n)
            memcpy(x->method, "GET", sizeof "GET");
        x->url = wb_arena_str(x->cx->out, unquoted(&url));
        wb_str host = host_of(x->url);
        if (!ws_may_ask(x->cx, host))
            ok = fail(x, false, "disallowed host: %.*s", WB_FMT(host));
    }
    wb_buf_free(&b);
    return ok;
}

/* "cache" and "force_cache" with its seconds: whether an answer may come from other queries. */
static bool cache_options(exchange *x)
{
    bool force = false;
    x->force_seconds = 0;
    if (!boolean_option(x, "cache", &x->lasting) || !boolean_option(x, "force_cache", &force))
        return false;
    if (!force)
        return true;
    wv seconds = option(x, "force_cache_duration_seconds");
    if (!wv_defined(seconds))
        return fail(x, false,
                    "'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
    x->lasting = true;
    return seconds_option(x, seconds);
}

static bool decode_options(exchange *x)
{
    return boolean_option(x, "force_json_decode", &x->json) &&
           boolean_option(x, "force_yaml_decode", &x->yaml);
}

static bool read_options(exchange *x)
{
    return method_and_url(x) && flag_option(x, "enable_redirect", &x->redirect) && body_option(x) &&
           flag_option(x, "tls_insecure_skip_verify", &x->insecure) && timeout_option(x) &&
           retry_option(x) && ca_options(x) && text_option(x, "tls_server_name", &x->server_name) &&
           pair(x, "tls_client_cert", "tls_client_key", 0) &&
           pair(x, "tls_client_cert_file", "tls_client_key_file", 1) &&
           pair(x, "tls_client_cert_env_variable", "tls_client_key_env_variable", 2) &&
           headers_option(x) && condition_headers(x);
}

/* ---- the exchange ---- */

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    exchange *x = arg;
    wb_buf_put(&x->in, p, size * n);
    x->over |= x->in.failed;
    return x->over ? 0 : size * n;
}

static wb_str trimmed(wb_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    while (s.n && (*s.p == ' ' || *s.p == '\t'))
        s = wb_str_n(s.p + 1, s.n - 1);
    return s;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    exchange *x = arg;
    wb_str s = wb_str_n(p, size * n);
    wb_arena *a = x->cx->out;
    x->header_bytes += s.n;
    if (x->header_bytes > HEADERS_MAX || a->exhausted) {
        x->over = true;
        return 0;
    }
    /* Each answer on the way (100, redirects) starts anew. */
    if (wb_str_has_prefix(s, WB_LIT("HTTP/"))) {
        const char *space = memchr(s.p, ' ', s.n);
        /* The blank before a reason that is empty stays. */
        wb_str status = space ? wb_str_n(space, s.n - (size_t)(space - s.p)) : s;
        while (status.n && strchr("\r\n", status.p[status.n - 1]))
            status.n--;
        while (status.n && *status.p == ' ')
            status = wb_str_n(status.p + 1, status.n - 1);
        snprintf(x->status, sizeof x->status, "%.*s",
                 (int)(status.n < sizeof x->status ? status.n : sizeof x->status - 1), status.p);
        x->fields = wv_object_begin(a, 8);
        wb_buf_clear(&x->in);
        return size * n;
    }
    const char *colon = memchr(s.p, ':', s.n);
    if (!colon)
        return size * n;
    wb_str name = trimmed(wb_str_n(s.p, (size_t)(colon - s.p)));
    wb_str value = trimmed(wb_str_n(colon + 1, s.n - (size_t)(colon + 1 - s.p)));
    char *low = wb_arena_dup(a, name.p, name.n);
    for (size_t i = 0; i < name.n; i++)
        if (low[i] >= 'A' && low[i] <= 'Z')
            low[i] = (char)(low[i] + 32);
    wv key = wv_string_new(a, wb_str_n(low, name.n)), list = wv_object_get(x->fields, key);
    if (!wv_defined(list))
        list = wv_array_begin(a, 1);
    wv_array_push(a, &list, wv_string_new(a, value));
    if (!wb_str_is(wb_str_n(low, name.n), "transfer-encoding"))
        wv_object_put(a, &x->fields, key, list);
    return size * n;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const exchange *x = arg;
    return x->cx->cancelled && x->cx->cancelled(x->cx->cancel_arg);
}

static wb_str scheme_of(wb_str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] == ':')
            return wb_str_n(url.p, i);
        if (!token_char((unsigned char)url.p[i]))
            break;
    }
    return (wb_str){"", 0};
}

static struct curl_blob blob(const wb_buf *b)
{
    /* Lives as long as the exchange, and is wiped with it: libcurl's own copy would not be. */
    return (struct curl_blob){b->p, b->n, CURL_BLOB_NOCOPY};
}

static void set_method(CURL *c, const exchange *x)
{
    bool plain = !x->has_body || !x->body.n;
    if (plain && strcmp(x->method, "GET") == 0) {
        curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
        return;
    }
    if (strcmp(x->method, "HEAD") == 0) {
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
        return;
    }
    if (!plain || strcmp(x->method, "POST") == 0 || strcmp(x->method, "PUT") == 0 ||
        strcmp(x->method, "PATCH") == 0) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
        curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, x->body.n ? x->body.p : "");
    }
    if (strcmp(x->method, "POST") != 0)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, x->method);
}

static void set_tls(CURL *c, const exchange *x)
{
    struct curl_blob b;
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, x->insecure ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, x->insecure ? 0L : 2L);
    if (x->ca.n) {
        b = blob(&x->ca);
        curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &b);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    if (x->cert.n && x->key_text.n) {
        b = blob(&x->cert);
        curl_easy_setopt(c, CURLOPT_SSLCERT_BLOB, &b);
        b = blob(&x->key_text);
        curl_easy_setopt(c, CURLOPT_SSLKEY_BLOB, &b);
    }
}

/* The name that the server must prove is put in the address, and the connection made to the true
 * host. Answers the list to free, or NULL. */
static struct curl_slist *set_server_name(CURL *c, CURLU *u, exchange *x)
{
    char *host = NULL, *port = NULL;
    struct curl_slist *list = NULL;
    if (x->server_name.n && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        wb_buf b;
        wb_buf_init(&b, 2048);
        wb_buf_putf(&b, "::%s:%s", host, port);
        list = curl_slist_append(NULL, wb_buf_cstr(&b));
        wb_buf_clear(&b);
        wb_buf_putf(&b, "Host: %s:%s", host, port);
        wv given = option(x, "headers");
        bool has_host = false;
        for (uint32_t i = 0; wv_defined(given) && i < wv_len(given); i++) {
            wv k = wv_key_at(given, NULL, i);
            has_host |= wv_is_string(k) && same_word(wv_str(&k), "host");
        }
        struct curl_slist *more =
            has_host ? x->headers : curl_slist_append(x->headers, wb_buf_cstr(&b));
        if (more)
            x->headers = more;
        wb_buf_free(&b);
        curl_url_set(u, CURLUPART_HOST, wb_buf_cstr(&x->server_name), 0);
        curl_easy_setopt(c, CURLOPT_CONNECT_TO, list);
    }
    curl_free(host);
    curl_free(port);
    return list;
}

#define QUERY_PARTS_MAX 64 /* of an address with a socket */

/* By name; those of one name stay as they came. */
static void sort_parts(char **parts, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k; k--) {
            char *left = parts[k - 1], *right = parts[k];
            size_t a = strcspn(left, "="), b = strcspn(right, "=");
            int order = memcmp(left, right, a < b ? a : b);
            if (order < 0 || (order == 0 && a <= b))
                break;
            parts[k - 1] = right;
            parts[k] = left;
        }
}

/* unix://host/path?socket=/path: the socket, to be freed with curl_free; or NULL. */
static char *take_socket(CURLU *u)
{
    char *query = NULL, *socket = NULL, *parts[QUERY_PARTS_MAX];
    size_t n = 0;
    wb_buf rest;
    wb_buf_init(&rest, 8192);
    if (curl_url_get(u, CURLUPART_QUERY, &query, 0) == CURLUE_OK) {
        char *state = NULL;
        for (char *p = strtok_r(query, "&", &state); p; p = strtok_r(NULL, "&", &state)) {
            if (strncmp(p, "socket=", 7) != 0)
                parts[n++ % QUERY_PARTS_MAX] = p;
            else if (!socket)
                socket = curl_easy_unescape(NULL, p + 7, 0, NULL);
        }
        if (n > QUERY_PARTS_MAX) {
            curl_free(socket);
            socket = NULL;
            n = 0;
        }
        sort_parts(parts, n);
        for (size_t i = 0; i < n; i++) {
            wb_buf_puts(&rest, i ? "&" : "");
            wb_buf_puts(&rest, parts[i]);
        }
        curl_url_set(u, CURLUPART_QUERY, rest.n ? wb_buf_cstr(&rest) : NULL, 0);
    }
    curl_free(query);
    wb_buf_free(&rest);
    return socket;
}

static bool explain(exchange *x, CURL *c, CURLU *u, CURLcode code)
{
    char text[1024], why[128], *host = NULL, *port = NULL;
    long os = 0;
    curl_url_get(u, CURLUPART_HOST, &host, 0);
    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &os);
    switch (code) {
    case CURLE_COULDNT_CONNECT: {
        const char *reason = os ? strerror_r((int)os, why, sizeof why) : "refused";
        snprintf(text, sizeof text, "dial tcp %s:%s: connect: %c%s", host ? host : "",
                 port ? port : "", *reason | 32, reason + 1);
        break;
    }
    case CURLE_COULDNT_RESOLVE_HOST:
        snprintf(text, sizeof text, "dial tcp: lookup %s: no such host", host ? host : "");
        break;
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(text, sizeof text,
                 "context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        snprintf(text, sizeof text,
                 "tls: failed to verify certificate: x509: certificate is not trusted");
        break;
    case CURLE_PARTIAL_FILE:
        x->cut = true;
        curl_free(host);
        curl_free(port);
        return fail(x, false, "unexpected EOF");
    case CURLE_GOT_NOTHING: snprintf(text, sizeof text, "EOF"); break;
    case CURLE_TOO_MANY_REDIRECTS:
        snprintf(text, sizeof text, "stopped after %d redirects", REDIRECTS_MAX);
        break;
    default: snprintf(text, sizeof text, "%s", curl_easy_strerror(code));
    }
    curl_free(host);
    curl_free(port);
    return fail_url(x, x->over ? "the answer is over the limit" : *x->refused ? x->refused : text);
}

/* Asked before each connection, so after each redirect too. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    exchange *x = arg;
    char *url = NULL;
    curl_easy_getinfo(x->curl, CURLINFO_EFFECTIVE_URL, &url);
    wb_str host = host_of(wb_str_of(url ? url : ""));
    if (!ws_may_ask(x->cx, host)) {
        snprintf(x->refused, sizeof x->refused, "disallowed host: %.*s",
                 (int)(host.n < 200 ? host.n : 200), host.p);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_transfer(CURL *c, exchange *x)
{
    int64_t ms = x->timeout_ns / 1000000;
    x->curl = c;
    if (x->cx->limit_net) {
        curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
        curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
        curl_easy_setopt(c, CURLOPT_PROXY, "");
    }
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, x->redirect ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(c, CURLOPT_AUTOREFERER, 1L);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
                     (long)(x->timeout_ns <= 0 ? 0
                            : ms < 1           ? 1
                            : ms > INT32_MAX   ? INT32_MAX
                                               : ms));
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)BODY_MAX);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
    if (!x->has_agent)
        curl_easy_setopt(c, CURLOPT_USERAGENT, "writ/" WRIT_VERSION);
    /* Headers that libcurl would add by itself. */
    static const char *const ours[] = {"Expect:", "Accept:", "Content-Type:"};
    for (int i = 0; i < 3; i++) {
        if ((i == 1 && x->has_accept) || (i == 2 && x->has_content_type))
            continue;
        struct curl_slist *list = curl_slist_append(x->headers, ours[i]);
        if (!list)
            wb_fatal("out of memory");
        x->headers = list;
    }
}

static bool attempt(exchange *x, CURL *c, CURLU *u, long *code)
{
    wb_buf_clear(&x->in);
    x->fields = wv_object_begin(x->cx->out, 0);
    x->header_bytes = 0;
    /* libcurl counts milliseconds, in which a host nearby answers. */
    bool hopeless = x->timeout_ns > 0 && x->timeout_ns < TIMEOUT_LEAST_NS;
    CURLcode r = hopeless ? CURLE_OPERATION_TIMEDOUT : curl_easy_perform(c);
    if (r != CURLE_OK)
        return explain(x, c, u, r);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, code);
    return true;
}

static bool wait_before(exchange *x, int64_t try)
{
    int64_t ms = RETRY_MS;
    for (int64_t i = 0; i < try && ms < RETRY_MS_MAX; i++)
        ms = ms * 8 / 5;
    for (int64_t waited = 0; waited < ms; waited += SLICE_MS) {
        struct timespec t = {0, SLICE_MS * 1000000L};
        if (x->cx->cancelled && x->cx->cancelled(x->cx->cancel_arg))
            return false;
        nanosleep(&t, NULL);
    }
    return ws_charge(x->cx, REQUEST_UNITS);
}

/* Where hosts are limited, libcurl must read the same host out of the address as the check did. */
static bool same_host(const exchange *x, CURLU *u)
{
    char *host = NULL;
    if (!x->cx->limit_net)
        return true;
    bool same = curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                (host[0] == '[' || same_word(host_of(x->url), host));
    curl_free(host);
    return same;
}

static bool is_url(exchange *x)
{
    wb_buf why;
    wb_buf_init(&why, 4096);
    bool ok = ws_uri_explain(x->cx, x->url, &why);
    if (!ok)
        fail(x, false, "%.*s", WB_FMT(wb_buf_str(&why)));
    wb_buf_free(&why);
    return ok;
}

static bool perform(exchange *x, long *code)
{
    if (!is_url(x))
        return false;
    wb_str scheme = scheme_of(x->url);
    bool unix_socket = same_word(scheme, "unix") && memchr(x->url.p, '?', x->url.n);
    if (!same_word(scheme, "http") && !same_word(scheme, "https") && !unix_socket) {
        char text[128];
        snprintf(text, sizeof text, "unsupported protocol scheme \"%.*s\"",
                 (int)(scheme.n < 64 ? scheme.n : 64), scheme.p);
        return fail_url(x, text);
    }
    CURL *c = curl_easy_init();
    CURLU *u = curl_url();
    if (!c || !u)
        wb_fatal("out of memory");
    char *z = wb_strndup(x->url.p, x->url.n), *socket = NULL;
    struct curl_slist *connect_to = NULL;
    bool ok =
        !memchr(x->url.p, 0, x->url.n) &&
        curl_url_set(u, CURLUPART_URL, z, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) == CURLUE_OK;
    free(z);
    if (ok && unix_socket) {
        socket = take_socket(u);
        ok = socket && curl_url_set(u, CURLUPART_SCHEME, "http", 0) == CURLUE_OK;
        curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
    }
    if (!ok) {
        fail_url(x, "invalid URL");
    } else if (!same_host(x, u)) {
        ok = fail(x, false, "disallowed host: %.*s", WB_FMT(host_of(x->url)));
    } else {
        set_transfer(c, x);
        set_method(c, x);
        set_tls(c, x);
        if (same_word(scheme, "https"))
            connect_to = set_server_name(c, u, x);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
        curl_easy_setopt(c, CURLOPT_CURLU, u);
        int64_t try = 0;
        while (!(ok = attempt(x, c, u, code)) && !x->over && !x->cut && try < x->retries &&
               wait_before(x, try))
            try++;
    }
    curl_slist_free_all(connect_to);
    curl_free(socket);
    curl_url_cleanup(u);
    curl_easy_cleanup(c);
    return ok;
}

/* ---- the answer ---- */

static wb_str content_type(const exchange *x)
{
    wv list = wv_object_get_str(x->fields, WB_LIT("content-type"));
    return wv_defined(list) && wv_len(list) ? wv_str(&wv_items(list)[0]) : (wb_str){"", 0};
}

static bool is_json(wb_str type)
{
    const char *end = type.n ? memchr(type.p, ';', type.n) : NULL;
    wb_str s = trimmed(end ? wb_str_n(type.p, (size_t)(end - type.p)) : type);
    if (s.n < 12 || strncasecmp(s.p, "application/", 12) != 0)
        return false;
    s = wb_str_n(s.p + 12, s.n - 12);
    return same_word(s, "json") ||
           (s.n > 5 && strncasecmp(s.p + s.n - 5, "+json", 5) == 0 && !memchr(s.p, '/', s.n));
}

static bool contains(wb_str s, const char *z)
{
    return s.n && memmem(s.p, s.n, z, strlen(z)) != NULL;
}

static void put(exchange *x, wv *o, const char *name, wv v)
{
    wv_object_put(x->cx->out, o, wv_string_new(x->cx->out, wb_str_of(name)), v);
}

/* What told of an encoding that was undone is left out. */
static wv plain_fields(exchange *x)
{
    wv coding = wv_object_get_str(x->fields, WB_LIT("content-encoding"));
    wv first = wv_defined(coding) ? wv_items(coding)[0] : WV_UNDEFINED;
    if (!wv_defined(first) || !same_word(wv_str(&first), "gzip"))
        return x->fields;
    wv o = wv_object_begin(x->cx->out, wv_len(x->fields));
    for (uint32_t i = 0; i < wv_len(x->fields); i++) {
        wv key = wv_key_at(x->fields, NULL, i);
        wb_str name = wv_str(&key);
        if (!wb_str_is(name, "content-encoding") && !wb_str_is(name, "content-length"))
            wv_object_put(x->cx->out, &o, key, wv_value_at(x->fields, NULL, i));
    }
    return o;
}

static wv answer(exchange *x, long code)
{
    ws_ctx *cx = x->cx;
    wb_str type = content_type(x);
    WS_ROOM(cx, x->in.n);
    wv raw = wv_string_new(cx->out, wb_buf_str(&x->in)), body = WV_NULL;
    if (x->json || is_json(type))
        body = ws_call_row(cx, "json.unmarshal", raw, "");
    else if (x->yaml || contains(type, "application/yaml") || contains(type, "application/x-yaml"))
        body = ws_call_row(cx, "yaml.unmarshal", raw, "");
    ws_forgive(cx);
    if (cx->error != WS_ERR_NONE)
        return WV_UNDEFINED;
    wv o = wv_object_begin(cx->out, 5);
    put(x, &o, "status", wv_string_new(cx->out, wb_str_of(x->status)));
    put(x, &o, "status_code", wv_small(code));
    put(x, &o, "body", wv_defined(body) ? body : WV_NULL);
    put(x, &o, "raw_body", raw);
    put(x, &o, "headers", plain_fields(x));
    return ws_built(cx, o);
}

/* An error that OPA reports as the call's own shows where it happened and its code. */
static wv error_message(exchange *x)
{
    wb_str place = x->cx->print_place;
    if (x->bare)
        return wv_string_new(x->cx->out, wb_buf_str(&x->error));
    wb_buf b;
    ws_text_begin(x->cx, &b);
    if (place.n && place.p[0] != ':') {
        wb_buf_put_str(&b, place);
        wb_buf_puts(&b, ": ");
    }
    wb_buf_putf(&b, "%s: %s: ", x->typed ? "eval_type_error" : "eval_builtin_error",
                x->cx->fn->name);
    wb_buf_put_str(&b, wb_buf_str(&x->error));
    return ws_take_string(x->cx, &b);
}

static wv error_answer(exchange *x)
{
    wv e = wv_object_begin(x->cx->out, 2), o = wv_object_begin(x->cx->out, 2);
    put(x, &e, "code",
        wv_string_new(x->cx->out, wb_str_of(x->network ? "eval_http_send_network_error"
                                                       : "eval_http_send_internal_error")));
    wv message = error_message(x);
    if (!wv_defined(message))
        return message;
    put(x, &e, "message", message);
    put(x, &o, "status_code", wv_small(0));
    put(x, &o, "error", e);
    return ws_built(x->cx, o);
}

static wv failure(exchange *x, bool raise)
{
    ws_ctx *cx = x->cx;
    if (cx->cancelled && cx->cancelled(cx->cancel_arg))
        return ws_fail_kind(cx, WS_ERR_CANCEL, "timed out (context canceled)");
    if (!raise)
        return error_answer(x);
    if (x->network && strstr(wb_buf_cstr(&x->error), ": context deadline exceeded (")) {
        char method[sizeof x->method];
        memcpy(method, x->method, sizeof method);
        for (char *p = method + (*method != 0); *p; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        return ws_fail(cx, "%s %.*s: request timed out", method, WB_FMT(x->url));
    }
    return x->typed ? ws_fail_type(cx, "%.*s", WB_FMT(wb_buf_str(&x->error)))
                    : ws_fail(cx, "%.*s", WB_FMT(wb_buf_str(&x->error)));
}

static void wipe(wb_buf *b)
{
    if (b->p)
        OPENSSL_cleanse(b->p, b->n);
    wb_buf_free(b);
}

/* ---- what is remembered ---- */

/* Takes the place of an exchange over the network. */
static bool recall(exchange *x, const ws_http_entry *e, long *code)
{
    if (e->failed) {
        fail(x, e->network, "%.*s", WB_FMT(e->text));
        x->bare = e->bare;
        x->typed = e->typed;
        return false;
    }
    wb_buf_clear(&x->in);
    wb_buf_put_str(&x->in, e->body);
    snprintf(x->status, sizeof x->status, "%.*s", WB_FMT(e->text));
    *code = e->code;
    if (wv_json_decode(x->cx->out, e->fields, NULL, &x->fields, NULL) != WB_OK) {
        ws_fail_room(x->cx);
        return false;
    }
    return true;
}

static void remember(exchange *x, long code, bool lasting, int64_t stale)
{
    wb_buf fields;
    wb_buf_init(&fields, 2 * HEADERS_MAX);
    if (wv_json_encode(&fields, x->fields, NULL, NULL) == WB_OK) {
        const ws_http_entry e = {.code = code,
                                 .text = wb_str_of(x->status),
                                 .body = wb_buf_str(&x->in),
                                 .fields = wb_buf_str(&fields),
                                 .stale = stale};
        ws_http_keep(x->cx, &x->key, &e, lasting);
    }
    wb_buf_free(&fields);
}

/* A failure of this query stays one. */
static bool remember_failure(exchange *x)
{
    if (x->cx->error == WS_ERR_NONE && !x->cut &&
        !(x->cx->cancelled && x->cx->cancelled(x->cx->cancel_arg))) {
        const ws_http_entry e = {.failed = true,
                                 .network = x->network,
                                 .bare = x->bare,
                                 .typed = x->typed,
                                 .text = wb_buf_str(&x->error)};
        ws_http_keep(x->cx, &x->key, &e, false);
    }
    return false;
}

static bool stale_at(exchange *x, int64_t *ns, const char **why)
{
    if (x->force_seconds <= 0)
        return ws_http_stale_at(x->fields, ns, why);
    if (__builtin_add_overflow(x->cx->now_ns, x->force_seconds * INT64_C(1000000000), ns))
        *ns = INT64_MAX;
    return true;
}

/* Keeps a fresh answer as far as the request and the server allow. */
static void remember_answer(exchange *x, long code)
{
    int64_t stale = 0;
    const char *why;
    bool status = ws_http_status_keeps(code);
    bool lasting = x->lasting && status && (x->force_seconds > 0 || ws_http_may_store(x->fields)) &&
                   stale_at(x, &stale, &why);
    if (x->lasting || status)
        remember(x, code, lasting, stale);
}

static bool ask(exchange *x, long *code)
{
    if (!read_options(x) || !perform(x, code))
        return remember_failure(x);
    remember_answer(x, *code);
    return true;
}

static void exchange_begin(exchange *x, ws_ctx *cx, wv request)
{
    *x = (exchange){.cx = cx, .request = request};
    wb_buf *const small[] = {&x->ca, &x->cert, &x->key_text, &x->server_name, &x->error};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        wb_buf_init(small[i], 4 * FILE_MAX);
    ws_text_begin(cx, &x->body);
    wb_buf_init(&x->in, BODY_MAX);
    x->fields = wv_object_begin(cx->out, 0);
}

static void exchange_end(exchange *x)
{
    curl_slist_free_all(x->headers);
    wb_buf *const all[] = {&x->ca, &x->cert, &x->key_text, &x->server_name, &x->error, &x->body};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wipe(all[i]);
    wb_buf_free(&x->in);
}

/* The fields of "not modified" replace those we have. */
static wv merged(exchange *x, wv old, wv fresh)
{
    for (uint32_t i = 0; i < wv_len(fresh); i++) {
        wv_object_put(x->cx->out, &old, wv_key_at(fresh, NULL, i), wv_value_at(fresh, NULL, i));
    }
    return old;
}

typedef enum renewal { RENEWED, NOT_RENEWED, FAILED } renewal;

static renewal take_renewal(exchange *x, exchange *check, const ws_http_entry *e, long *code)
{
    const char *why = NULL;
    int64_t stale = 0;
    if (*code != 304 && *code != 200)
        return NOT_RENEWED;
    if (*code == 304) {
        check->force_seconds = x->force_seconds;
        bool known = stale_at(check, &stale, &why);
        wv fresh = check->fields;
        if (!recall(x, e, code))
            return FAILED;
        x->fields = merged(x, x->fields, fresh);
        ws_http_forget(x->cx, &x->key);
        if (!known) {
            fail_bare(x, why);
            return FAILED;
        }
        remember(x, *code, true, stale);
        return RENEWED;
    }
    ws_http_forget(x->cx, &x->key);
    wb_buf_put_str(&x->in, wb_buf_str(&check->in));
    memcpy(x->status, check->status, sizeof x->status);
    x->fields = check->fields;
    remember_answer(x, *code);
    return RENEWED;
}

/* Asks the server about an answer that is stale. */
static renewal renew(exchange *x, wv plain, const ws_http_entry *e, long *code)
{
    wv fields;
    if (wv_json_decode(x->cx->out, e->fields, NULL, &fields, NULL) != WB_OK) {
        ws_fail_room(x->cx);
        return FAILED;
    }
    exchange check;
    exchange_begin(&check, x->cx, plain);
    check.tag = ws_http_field(fields, "etag");
    check.modified = ws_http_field(fields, "last-modified");
    renewal how = NOT_RENEWED;
    if (check.tag.n || check.modified.n) {
        if (read_options(&check) && perform(&check, code)) {
            how = take_renewal(x, &check, e, code);
        } else {
            how = FAILED;
            x->network = check.network;
            x->bare = check.bare;
            x->typed = check.typed;
            wb_buf_put_str(&x->error, wb_buf_str(&check.error));
            x->url = check.url;
            memcpy(x->method, check.method, sizeof x->method);
        }
    }
    if (how != RENEWED)
        ws_http_forget(x->cx, &x->key);
    if (how == FAILED)
        remember_failure(x);
    exchange_end(&check);
    return how;
}

/* The answer as it is remembered, renewed, or asked for. */
static bool obtain(exchange *x, long *code)
{
    const char *why;
    wv plain;
    if (!ws_http_key_of(x->cx, x->request, &x->key, &plain, &why))
        return fail_bare(x, why);
    if (!cache_options(x))
        return false;
    const ws_http_entry *e = ws_http_of_query(x->cx, &x->key);
    bool decode = x->lasting && !e;
    if (decode && !decode_options(x))
        return false;
    if (x->lasting && !e && (e = ws_http_of_session(x->cx, &x->key)) && x->cx->now_ns >= e->stale) {
        renewal how = renew(x, plain, e, code);
        if (how != NOT_RENEWED)
            return how == RENEWED;
        e = NULL;
    }
    bool ok = e ? recall(x, e, code) : ask(x, code);
    return ok && (decode || decode_options(x));
}

wv ws_http_send(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_OBJECT(cx, args, 0);
    wv raise = wv_object_get_str(args[0], WB_LIT("raise_error"));
    if (wv_defined(raise) && !wv_is_bool(raise))
        return ws_fail(cx, "invalid value for raise_error field");
    exchange x;
    exchange_begin(&x, cx, args[0]);
    wv v = WV_UNDEFINED;
    long code = 0;
    if (!ws_http_check_keys(cx, args[0])) {
        if (raise == WV_FALSE && cx->error == WS_ERR_TYPE) {
            size_t front = strlen(cx->fn->name) + 2;
            fail(&x, false, "%.*s", (int)(cx->error_text.n - front), cx->error_text.p + front);
            x.typed = true;
            ws_forgive(cx);
            v = error_answer(&x);
        }
    } else if (ws_charge(cx, REQUEST_UNITS)) {
        bool ok = obtain(&x, &code);
        if (cx->error == WS_ERR_NONE)
            v = ok ? answer(&x, code) : failure(&x, raise != WV_FALSE);
    }
    exchange_end(&x);
    return v;
}
