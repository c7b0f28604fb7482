/* Requests to Amazon's services, signed with version 4 of their signatures. */
#include "base/base64.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/http_request.h"
#include "stdlib/unicode.h"
#include "stdlib/uri.h"
#include "value/json.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <strings.h>
#include <time.h>

static const char *const required[] = {"aws_access_key", "aws_region", "aws_secret_access_key",
                                       "aws_service"};
enum { REQUIRED = sizeof required / sizeof *required };

typedef struct config {
    wv access_key, region, secret, service; /* strings */
    wv token;                               /* string or undefined */
    bool unsigned_payload;
} config;

static void list_name(wb_buf *b, const char *name)
{
    wb_buf_puts(b, b->n ? ", " : "{");
    wb_buf_put_json(b, wb_str_of(name));
}

static bool fail_names(ws_ctx *cx, const char *text, wb_buf *names)
{
    if (names->n)
        ws_fail_type(cx, "%s: %s}", text, wb_buf_cstr(names));
    bool ok = !names->n;
    wb_buf_free(names);
    return ok;
}

static bool read_config(ws_ctx *cx, wv o, config *c)
{
    wv *to[REQUIRED] = {&c->access_key, &c->region, &c->secret, &c->service};
    wb_buf missing, invalid;
    wb_buf_init(&missing, 1024);
    wb_buf_init(&invalid, 1024);
    for (int i = 0; i < REQUIRED; i++) {
        *to[i] = wv_object_get_str(o, wb_str_of(required[i]));
        if (!wv_defined(*to[i]))
            list_name(&missing, required[i]);
        else if (!wv_is_string(*to[i]))
            list_name(&invalid, required[i]);
    }
    if (!fail_names(cx, "operand 2 missing required AWS config parameters(s)", &missing)) {
        wb_buf_free(&invalid);
        return false;
    }
    if (!fail_names(cx, "operand 2 invalid values for required AWS config parameters(s)", &invalid))
        return false;
    c->token = wv_object_get_str(o, WB_LIT("aws_session_token"));
    if (!wv_defined(c->token) || !wv_is_string(c->token) || !wv_str(&c->token).n)
        c->token = WV_UNDEFINED;
    return true;
}

static bool read_payload_option(ws_ctx *cx, wv o, config *c)
{
    wv v = wv_object_get_str(o, WB_LIT("disable_payload_signing"));
    c->unsigned_payload = v == WV_TRUE;
    if (!wv_defined(v) || wv_is_bool(v))
        return true;
    ws_fail_type(cx, "operand 2 invalid value for 'disable_payload_signing' in AWS config");
    return false;
}

/* ---- headers ---- */

typedef struct header {
    wb_str name; /* lower case */
    wb_str value;
} header;

/* Headers of one request: more than any server reads. */
#define HEADERS_MAX 1000

static int by_name(const void *a, const void *b)
{
    return wb_str_cmp(((const header *)a)->name, ((const header *)b)->name);
}

static wb_str lower(ws_ctx *cx, wb_str s)
{
    char *to = wb_arena_alloc(cx->out, 3 * s.n + 1); /* a bad byte becomes three */
    size_t n = 0;
    for (size_t i = 0, used; i < s.n; i += used)
        n += wb_utf8_put(to + n, ws_rune_lower(wb_utf8_get(s.p + i, s.n - i, &used)));
    return wb_str_n(to, n);
}

static bool ignored(wb_str name)
{
    return wb_str_is(name, "authorization") || wb_str_is(name, "user-agent") ||
           wb_str_is(name, "x-amzn-trace-id");
}

/* The last of equal names stays. */
static void add_header(header *list, size_t *n, wb_str name, wb_str value)
{
    for (size_t i = 0; i < *n; i++)
        if (wb_str_eq(list[i].name, name)) {
            list[i].value = value;
            return;
        }
    list[(*n)++] = (header){name, value};
}

/* ---- the signature ---- */

static void hash_hex(const void *p, size_t n, char to[2 * WB_SHA256_LEN + 1])
{
    unsigned char hash[WB_SHA256_LEN];
    wb_sha256(p, n, hash);
    wb_hex_encode(hash, sizeof hash, to);
}

static void mac(unsigned char key[WB_SHA256_LEN], wb_str message)
{
    unsigned n;
    unsigned char out[EVP_MAX_MD_SIZE];
    if (!HMAC(EVP_sha256(), key, WB_SHA256_LEN, (const unsigned char *)message.p, message.n, out,
              &n))
        wb_fatal("HMAC is not available");
    memcpy(key, out, WB_SHA256_LEN);
    OPENSSL_cleanse(out, sizeof out);
}

static void sign(const config *c, wb_str date, wb_str text, char to[2 * WB_SHA256_LEN + 1])
{
    unsigned char key[EVP_MAX_MD_SIZE];
    unsigned n;
    wb_str secret = wv_str(&c->secret);
    char *first = wb_malloc(secret.n + 5);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret.p, secret.n);
    if (!HMAC(EVP_sha256(), first, (int)(secret.n + 4), (const unsigned char *)date.p, date.n, key,
              &n))
        wb_fatal("HMAC is not available");
    OPENSSL_cleanse(first, secret.n + 4);
    free(first);
    mac(key, wv_str(&c->region));
    mac(key, wv_str(&c->service));
    mac(key, WB_LIT("aws4_request"));
    mac(key, text);
    wb_hex_encode(key, WB_SHA256_LEN, to);
    OPENSSL_cleanse(key, sizeof key);
}

static void put_scope(wb_buf *b, const config *c, wb_str date)
{
    wb_str region = wv_str(&c->region), service = wv_str(&c->service);
    wb_buf_put_str(b, date);
    wb_buf_putc(b, '/');
    wb_buf_put_str(b, region);
    wb_buf_putc(b, '/');
    wb_buf_put_str(b, service);
    wb_buf_puts(b, "/aws4_request");
}

static wv authorization(ws_ctx *cx, const config *c, wb_str method, const ws_uri_target *a,
                        const header *headers, size_t n, wb_str stamp, const char *content)
{
    wb_buf canonical, names, text, out;
    ws_text_begin(cx, &canonical);
    ws_text_begin(cx, &names);
    ws_text_begin(cx, &text);
    ws_text_begin(cx, &out);
    wb_buf_put_str(&canonical, method);
    wb_buf_putc(&canonical, '\n');
    wb_buf_put_str(&canonical, wb_buf_str(&a->path));
    wb_buf_putc(&canonical, '\n');
    wb_buf_put_str(&canonical, a->query);
    wb_buf_putc(&canonical, '\n');
    for (size_t i = 0; i < n; i++) {
        wb_buf_put_str(&canonical, headers[i].name);
        wb_buf_putc(&canonical, ':');
        wb_buf_put_str(&canonical, headers[i].value);
        wb_buf_putc(&canonical, '\n');
        if (i)
            wb_buf_putc(&names, ';');
        wb_buf_put_str(&names, headers[i].name);
    }
    wb_buf_putc(&canonical, '\n');
    wb_buf_put_str(&canonical, wb_buf_str(&names));
    wb_buf_putc(&canonical, '\n');
    wb_buf_puts(&canonical, content);

    char hex[2 * WB_SHA256_LEN + 1];
    wb_str date = wb_str_n(stamp.p, 8), key = wv_str(&c->access_key);
    hash_hex(canonical.p, canonical.n, hex);
    wb_buf_puts(&text, "AWS4-HMAC-SHA256\n");
    wb_buf_put_str(&text, stamp);
    wb_buf_putc(&text, '\n');
    put_scope(&text, c, date);
    wb_buf_putc(&text, '\n');
    wb_buf_puts(&text, hex);
    sign(c, date, wb_buf_str(&text), hex);

    wb_buf_puts(&out, "AWS4-HMAC-SHA256 Credential=");
    wb_buf_put_str(&out, key);
    wb_buf_putc(&out, '/');
    put_scope(&out, c, date);
    wb_buf_puts(&out, ",SignedHeaders=");
    wb_buf_put_str(&out, wb_buf_str(&names));
    wb_buf_puts(&out, ",Signature=");
    wb_buf_puts(&out, hex);
    out.failed |= canonical.failed || names.failed || text.failed;
    ws_text_end(cx, &canonical);
    ws_text_end(cx, &names);
    ws_text_end(cx, &text);
    return ws_take_string(cx, &out);
}

static bool body_hash(ws_ctx *cx, wv request, const config *c, char to[2 * WB_SHA256_LEN + 1])
{
    wv raw = wv_object_get_str(request, WB_LIT("raw_body"));
    wv body = wv_object_get_str(request, WB_LIT("body"));
    wb_str s = {"", 0};
    wb_buf b;
    ws_text_begin(cx, &b);
    if (wv_defined(raw)) {
        if (wv_is_string(raw))
            s = wv_str(&raw);
    } else if (wv_defined(body)) {
        wb_error e;
        wb_status st = wv_json_encode(&b, body, &(wv_json_style){.html = true}, &e);
        if (st != WB_OK || b.failed) {
            ws_text_end(cx, &b);
            if (st == WB_INVALID)
                ws_fail(cx, "%s", e.text);
            else
                ws_fail_room(cx);
            return false;
        }
        s = wb_buf_str(&b);
    }
    bool ok = ws_spend(cx, s.n);
    if (c->unsigned_payload)
        memcpy(to, "UNSIGNED-PAYLOAD", sizeof "UNSIGNED-PAYLOAD");
    else
        hash_hex(s.n ? s.p : "", s.n, to);
    ws_text_end(cx, &b);
    return ok;
}

static void put_header(ws_ctx *cx, wv *o, const char *name, wv value)
{
    wv_object_put(cx->out, o, wv_string_new(cx->out, wb_str_of(name)), value);
}

/* The request's headers with the signature's; NULL headers: there are none. */
static wv signed_headers(ws_ctx *cx, const config *c, wb_str method, const ws_uri_target *a,
                         wv given, wb_str stamp, const char *content)
{
    uint32_t count = wv_defined(given) ? wv_len(given) : 0;
    if (count > HEADERS_MAX)
        return ws_fail(cx, "more than %d headers", HEADERS_MAX);
    wv out = wv_object_begin(cx->out, count + 5), ours = wv_object_begin(cx->out, 4);
    wb_str service = wv_str(&c->service);
    put_header(cx, &ours, "host", wv_string_new(cx->out, wb_buf_str(&a->host)));
    put_header(cx, &ours, "x-amz-date", wv_string_new(cx->out, stamp));
    if (wb_str_is(service, "s3") || wb_str_is(service, "glacier"))
        put_header(cx, &ours, "x-amz-content-sha256", wv_string_new(cx->out, wb_str_of(content)));
    if (wv_defined(c->token))
        put_header(cx, &ours, "x-amz-security-token", c->token);
    header *list = wb_arena_alloc(cx->out, (count + 5) * sizeof *list);
    size_t n = 0;
    for (uint32_t i = 0; i < wv_len(ours); i++) {
        wv name = wv_key_at(ours, NULL, i), value = wv_value_at(ours, NULL, i);
        add_header(list, &n, wb_arena_str(cx->out, wv_str(&name)),
                   wb_arena_str(cx->out, wv_str(&value)));
    }
    for (uint32_t i = 0; i < count; i++) {
        const wv e[] = {wv_key_at(given, NULL, i), wv_value_at(given, NULL, i)};
        wb_str name = wv_is_string(e[0]) ? wb_arena_str(cx->out, wv_str(&e[0])) : (wb_str){"", 0};
        wb_str value = wv_is_string(e[1]) ? wb_arena_str(cx->out, wv_str(&e[1])) : (wb_str){"", 0};
        wv_object_put(cx->out, &out, wv_string_new(cx->out, name), wv_string_new(cx->out, value));
        name = lower(cx, name);
        if (!ignored(name))
            add_header(list, &n, name, value);
    }
    qsort(list, n, sizeof *list, by_name);
    WS_SPEND(cx, n * n);
    wv auth = authorization(cx, c, method, a, list, n, stamp, content);
    if (!wv_defined(auth))
        return auth;
    put_header(cx, &out, "Authorization", auth);
    for (uint32_t i = 0; i < wv_len(ours); i++) {
        wv_object_put(cx->out, &out, wv_key_at(ours, NULL, i), wv_value_at(ours, NULL, i));
    }
    return out;
}

static bool read_stamp(int64_t ns, char to[32])
{
    time_t seconds = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
    struct tm tm;
    return gmtime_r(&seconds, &tm) && strftime(to, 32, "%Y%m%dT%H%M%SZ", &tm) > 0;
}

/* The headers of a request (args[0]) that goes to this target, signed. */
static wv signed_for(ws_ctx *cx, const wv *args, int64_t ns, const ws_uri_target *to, config *c)
{
    char stamp[32], content[2 * WB_SHA256_LEN + 1];
    if (!read_payload_option(cx, args[1], c) || !body_hash(cx, args[0], c, content))
        return WV_UNDEFINED;
    if (!read_stamp(ns, stamp))
        return ws_fail_type(cx, "operand 3 could not convert time_ns value into a unix timestamp");
    wv method = wv_object_get_str(args[0], WB_LIT("method"));
    wv headers = wv_object_get_str(args[0], WB_LIT("headers"));
    return signed_headers(cx, c, wv_str(&method), to, headers, wb_str_of(stamp), content);
}

static wv fn_sign_req(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_OBJECT(cx, args, 0);
    config c;
    int64_t ns;
    if (!wv_is_object(args[1]))
        return ws_fail_operand(cx, 1, "object", args[1]);
    if (!read_config(cx, args[1], &c))
        return WV_UNDEFINED;
    if (!wv_is_number(args[2]))
        return ws_fail_operand(cx, 1, "number", args[2]);
    if (!wv_number_int64(args[2], &ns))
        return ws_fail_type(cx, "operand 3 could not convert time_ns value into a unix timestamp");
    if (!ws_http_check_keys(cx, args[0]))
        return WV_UNDEFINED;
    wv headers = wv_object_get_str(args[0], WB_LIT("headers"));
    wv url = wv_object_get_str(args[0], WB_LIT("url"));
    wv method = wv_object_get_str(args[0], WB_LIT("method"));
    if (wv_defined(headers) && !wv_is_object(headers))
        return ws_fail_operand(cx, 0, "object", headers);
    if (!wv_is_string(url) || !wv_is_string(method))
        return ws_fail_type(cx,
                            "operand 1 invalid values for required request parameters(s): {%s%s%s}",
                            wv_is_string(method) ? "" : "\"method\"",
                            wv_is_string(url) || wv_is_string(method) ? "" : ", ",
                            wv_is_string(url) ? "" : "\"url\"");
    ws_uri_target to;
    wv signed_with = WV_UNDEFINED;
    if (ws_uri_target_read(cx, wv_str(&url), &to))
        signed_with = signed_for(cx, args, ns, &to, &c);
    wb_buf_free(&to.host);
    wb_buf_free(&to.path);
    if (!wv_defined(signed_with))
        return signed_with;
    WS_ROOM(cx, 2 * sizeof(wv) * ((size_t)wv_len(args[0]) + 1));
    wv out = wv_object_begin(cx->out, wv_len(args[0]) + 1);
    for (uint32_t i = 0; i < wv_len(args[0]); i++)
        wv_object_put(cx->out, &out, wv_key_at(args[0], NULL, i), wv_value_at(args[0], NULL, i));
    wv_object_put(cx->out, &out, wv_string_new(cx->out, WB_LIT("headers")), signed_with);
    return ws_built(cx, out);
}

const ws_builtin ws_aws[] = {
    WS_ROW("providers.aws.sign_req",
           "(request: object[string: any], aws_config: object[string: any], time_ns: number) => "
           "(signed_request: object[any: any])",
           NULL, "providers.aws", 0, fn_sign_req, NULL, NULL,
           "A request object with the headers of an AWS Signature Version 4."),
    WS_END,
};
