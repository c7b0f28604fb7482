#include "stdlib/http_cache.h"

#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "value/json.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include <stdio.h>
#include <stdlib.h>

#define KEY_MAX ((size_t)128 << 20) /* bytes of a request's text: a body is in it */
#define STALE   INT64_MIN           /* from the start */
#define AGE_MAX INT32_MAX           /* seconds */
#define SECOND  INT64_C(1000000000)

typedef struct entry {
    ws_http_key key;
    ws_http_entry is;
    uint64_t query; /* that made or took it */
    bool lasting;
    uint64_t used;
    char *bytes; /* text, body and fields, one behind another */
    size_t n;
} entry;

typedef struct answers {
    entry entries[WS_HTTP_ENTRIES_MAX];
    unsigned count;
    size_t bytes;
    uint64_t tick;
} answers;

static void drop(answers *a, entry *e)
{
    a->bytes -= e->n;
    if (e->bytes)
        OPENSSL_cleanse(e->bytes, e->n);
    free(e->bytes);
    *e = a->entries[--a->count];
}

static void answers_free(void *p)
{
    answers *a = p;
    while (a->count)
        drop(a, &a->entries[a->count - 1]);
    free(a);
}

static answers *all(ws_ctx *cx)
{
    answers *a = ws_cache_scratch(cx->cache, WS_SCRATCH_HTTP);
    if (!a) {
        a = wb_calloc(1, sizeof *a);
        ws_cache_set_scratch(cx->cache, WS_SCRATCH_HTTP, a, answers_free);
    }
    return a;
}

static entry *find(answers *a, const ws_http_key *key)
{
    for (unsigned i = 0; i < a->count; i++)
        if (CRYPTO_memcmp(a->entries[i].key.hash, key->hash, sizeof key->hash) == 0) {
            a->entries[i].used = ++a->tick;
            return &a->entries[i];
        }
    return NULL;
}

const ws_http_entry *ws_http_of_query(ws_ctx *cx, const ws_http_key *key)
{
    entry *e = find(all(cx), key);
    return e && e->query == cx->query ? &e->is : NULL;
}

const ws_http_entry *ws_http_of_session(ws_ctx *cx, const ws_http_key *key)
{
    entry *e = find(all(cx), key);
    if (!e || !e->lasting)
        return NULL;
    e->query = cx->query;
    return &e->is;
}

void ws_http_forget(ws_ctx *cx, const ws_http_key *key)
{
    answers *a = all(cx);
    entry *e = find(a, key);
    if (e)
        drop(a, e);
}

static wb_str put(char **to, wb_str s)
{
    wb_str there = {*to, s.n};
    if (s.n)
        memcpy(*to, s.p, s.n);
    *to += s.n;
    return there;
}

void ws_http_keep(ws_ctx *cx, const ws_http_key *key, const ws_http_entry *what, bool lasting)
{
    answers *a = all(cx);
    size_t n = what->text.n + what->body.n + what->fields.n;
    char *bytes = n <= WS_HTTP_BYTES_MAX ? wb_malloc(n + 1) : NULL, *to = bytes;
    ws_http_entry is = *what;
    if (bytes) {
        is.text = put(&to, what->text);
        is.body = put(&to, what->body);
        is.fields = put(&to, what->fields);
    }
    /* What it is made of may be the old entry's bytes. */
    ws_http_forget(cx, key);
    if (!bytes)
        return;
    while (a->count == WS_HTTP_ENTRIES_MAX || n > WS_HTTP_BYTES_MAX - a->bytes) {
        entry *oldest = a->entries;
        for (unsigned i = 1; i < a->count; i++)
            if (a->entries[i].used < oldest->used)
                oldest = &a->entries[i];
        drop(a, oldest);
    }
    a->bytes += n;
    a->entries[a->count++] = (entry){.key = *key,
                                     .is = is,
                                     .query = cx->query,
                                     .lasting = lasting,
                                     .used = ++a->tick,
                                     .bytes = bytes,
                                     .n = n};
}

/* ---- the key ---- */

static bool named(wv list, wv name)
{
    for (uint32_t i = 0; i < wv_len(list); i++)
        if (wv_equal(wv_items(list)[i], name))
            return true;
    return false;
}

static wv without(ws_ctx *cx, wv headers, wv ignored)
{
    wv left = wv_object_begin(cx->out, wv_len(headers));
    for (uint32_t i = 0; i < wv_len(headers); i++) {
        wv key = wv_key_at(headers, NULL, i);
        if (!named(ignored, key))
            wv_object_put(cx->out, &left, key, wv_value_at(headers, NULL, i));
    }
    return left;
}

bool ws_http_key_of(ws_ctx *cx, wv request, ws_http_key *key, wv *plain, const char **why)
{
    wv ignored = wv_object_get_str(request, WB_LIT("cache_ignored_headers"));
    wv headers = wv_object_get_str(request, WB_LIT("headers"));
    wv left = headers;
    if (wv_defined(ignored) && wv_defined(headers)) {
        bool ok = wv_is_array(ignored);
        for (uint32_t i = 0; ok && i < wv_len(ignored); i++)
            ok = wv_is_string(wv_items(ignored)[i]);
        *why = ok ? "invalid type for headers key"
                  : "cache_ignored_headers must be an array of strings";
        if (!ok || !wv_is_object(headers))
            return false;
        left = without(cx, headers, ignored);
    }
    *plain = wv_object_begin(cx->out, wv_len(request) + 1);
    for (uint32_t i = 0; i < wv_len(request); i++) {
        wv_object_put(cx->out, plain, wv_key_at(request, NULL, i), wv_value_at(request, NULL, i));
    }
    if (wv_defined(left))
        wv_object_put(cx->out, plain, wv_string_new(cx->out, WB_LIT("headers")), left);
    wv_object_put(cx->out, plain, wv_string_new(cx->out, WB_LIT("cache_ignored_headers")), WV_NULL);
    wb_buf b;
    wb_buf_init(&b, KEY_MAX);
    wv_print(&b, *plain);
    bool ok = !b.failed && !cx->out->exhausted;
    *why = "the request is too large";
    if (ok)
        wb_sha256(b.p, b.n, key->hash);
    if (b.p)
        OPENSSL_cleanse(b.p, b.n);
    wb_buf_free(&b);
    return ok;
}

/* ---- the rules ---- */

bool ws_http_status_keeps(long code)
{
    static const short codes[] = {200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

wb_str ws_http_field(wv fields, const char *name)
{
    wv list = wv_object_get_str(fields, wb_str_of(name));
    return wv_defined(list) && wv_len(list) ? wv_str(&wv_items(list)[0]) : (wb_str){"", 0};
}

static wb_str trim(wb_str s, char c)
{
    while (s.n && s.p[0] == c)
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && s.p[s.n - 1] == c)
        s.n--;
    return s;
}

/* What cache-control says of a directive; the last one counts. False: nothing. */
static bool directive(wv fields, const char *name, wb_str *value)
{
    wb_str rest = ws_http_field(fields, "cache-control");
    bool found = false;
    while (rest.n) {
        const char *comma = memchr(rest.p, ',', rest.n);
        wb_str part = comma ? wb_str_n(rest.p, (size_t)(comma - rest.p)) : rest;
        rest = comma ? wb_str_n(comma + 1, rest.n - part.n - 1) : wb_str_n(rest.p + rest.n, 0);
        part = trim(part, ' ');
        const char *sign = part.n ? memchr(part.p, '=', part.n) : NULL;
        wb_str left = sign ? wb_str_n(part.p, (size_t)(sign - part.p)) : part, right = {"", 0};
        if (sign) {
            right = wb_str_n(sign + 1, part.n - left.n - 1);
            if (memchr(right.p, '=', right.n))
                continue;
            left = trim(left, ' ');
        }
        if (wb_str_is(left, name)) {
            *value = right;
            found = true;
        }
    }
    return found;
}

bool ws_http_may_store(wv fields)
{
    wb_str any;
    return !directive(fields, "no-store", &any);
}

static bool date_of(wb_str s, int64_t *ns)
{
    char text[64];
    if (!s.n || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    time_t t = curl_getdate(text, NULL);
    if (t == (time_t)-1 || t > INT64_MAX / SECOND)
        return false;
    *ns = (int64_t)t * SECOND;
    return true;
}

/* Seconds as digits alone; more than there are become the most. */
static bool seconds_of(wb_str s, int64_t *seconds)
{
    uint64_t v = 0;
    if (!s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v > AGE_MAX ? v : v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *seconds = v > AGE_MAX ? AGE_MAX : (int64_t)v;
    return true;
}

bool ws_http_stale_at(wv fields, int64_t *ns, const char **why)
{
    wb_str age;
    int64_t seconds;
    *ns = STALE;
    if (!directive(fields, "max-age", &age)) {
        if (!date_of(ws_http_field(fields, "expires"), ns))
            *ns = STALE;
        return true;
    }
    *why = "max-age: invalid syntax";
    if (!seconds_of(age, &seconds))
        return false;
    *why = "no date header";
    if (!date_of(ws_http_field(fields, "date"), ns))
        return false;
    if (__builtin_add_overflow(*ns, seconds * SECOND, ns))
        *ns = INT64_MAX;
    return true;
}
