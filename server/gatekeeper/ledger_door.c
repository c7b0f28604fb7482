/* The doer's way to the ledger, and everybody's way to its proof. */
#include "server/gatekeeper/internal.h"
#include "server/ledger/verify.h"

#include "base/base64.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOB_DIGEST 71   /* characters of "sha256:..." */
#define PROGRESS    1000 /* entries between two lines of progress */

/* One row an event that the doer may enter. state: where its packet is then; NULL: the body says.
 */
static const struct allowed {
    ledger_type type;
    bool moves;
    store_state state;
} ALLOWED[] = {
    {LEDGER_PACKET_ACCEPTED, true, STORE_ACCEPTED},
    {LEDGER_PACKET_STATE, true, STORE_NONE},
    {LEDGER_PACKET_SCHEDULED, true, STORE_HARD_SCHEDULED},
    {LEDGER_PACKET_REINSTATING, true, STORE_REINSTATING},
    {LEDGER_PACKET_REINSTATED, true, STORE_REINSTATED},
    {LEDGER_PACKET_COMPLETED, true, STORE_COMPLETED},
    {LEDGER_PACKET_EXPIRED, true, STORE_EXPIRED},
    {LEDGER_EXEC_INTENT, false, STORE_NONE},
    {LEDGER_EXEC_OUTCOME, false, STORE_NONE},
    {LEDGER_LEASE_ISSUED, false, STORE_NONE},
    {LEDGER_LEASE_USED, false, STORE_NONE},
    {LEDGER_LEASE_REVOKED, false, STORE_NONE},
    {LEDGER_LEASE_REVOKE_FAILED, false, STORE_NONE},
    {LEDGER_LEASE_IRREVOCABLE, false, STORE_NONE},
    {LEDGER_SIGNATURE_REJECTED, false, STORE_NONE},
    {LEDGER_CLOCK_SUSPECT, false, STORE_NONE},
    {LEDGER_ILLEGAL_TRANSITION, false, STORE_NONE},
    {LEDGER_SERVICE_STARTED, false, STORE_NONE},
    {LEDGER_SERVICE_STOPPED, false, STORE_NONE},
};

static const struct allowed *allowed_of(const char *type)
{
    ledger_type t = type ? ledger_type_of(wb_str_of(type)) : LEDGER_NONE;
    for (size_t i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0]; i++)
        if (t && ALLOWED[i].type == t)
            return &ALLOWED[i];
    return NULL;
}

bool gk_is_doer(http_request *req, gk *g)
{
    static const char scheme[] = "Bearer ";
    wb_str given = http_request_header(req, "authorization");
    size_t n = strlen(g->doer_token), skip = sizeof scheme - 1;
    if (given.n == skip + n && strncasecmp(given.p, scheme, skip) == 0 &&
        CRYPTO_memcmp(given.p + skip, g->doer_token, n) == 0)
        return true;
    http_response_header(req, "www-authenticate", WB_LIT("Bearer"));
    http_problem(req, 401, "unauthorized", "Not authorized", NULL);
    return false;
}

/* ---- What an entry means for a packet's state ---- */

static int64_t due_of(const json_t *body)
{
    const json_t *ms = json_object_get(body, "due_at_ms"), *at = json_object_get(body, "due_at");
    return json_is_integer(ms)   ? json_integer_value(ms)
           : json_is_integer(at) ? json_integer_value(at)
                                 : 0;
}

static void mirror_one(gk *g, const char *rid, const store_packet *row, store_state to,
                       uint64_t index, int64_t due_at)
{
    wb_error e = {0};
    pthread_mutex_t *lock = gk_lock(g, row->id);
    pthread_mutex_lock(lock);
    wb_status status = gk_mirror(g, row->id, to, (int64_t)index, due_at, &e);
    pthread_mutex_unlock(lock);
    /* What happened stays entered; that it should not have happened is entered beside it. */
    if (status == WB_DENIED)
        gk_illegal(g, rid, row->id, row->state, store_state_name(to));
    else if (status)
        gk_note(g, "state of %s: %s", row->id, e.text);
}

static void mirror(gk *g, const char *rid, const struct allowed *a, const json_t *body,
                   uint64_t index)
{
    store_packet row = {0}, child = {0};
    const char *jti = json_string_value(json_object_get(body, "jti"));
    const char *by = json_string_value(json_object_get(body, "by"));
    const char *said = json_string_value(json_object_get(body, "state"));
    store_state to = a->state ? a->state : store_state_of(said);
    if (!to || !jti || store_packet_by_jti(g->store, g->o.tenant, jti, &row, NULL))
        return;
    if (by && store_packet_by_jti(g->store, g->o.tenant, by, &child, NULL) == WB_OK &&
        child.parent && strcmp(child.parent, jti) == 0)
        mirror_one(g, rid, &child, to, index, 0);
    mirror_one(g, rid, &row, to, index, due_of(body));
    store_packet_clear(&child);
    store_packet_clear(&row);
}

/* ---- POST /v1/ledger/entries ---- */

static const char *fault_of(gk *g, const json_t *b, const char **blobs, size_t *n)
{
    const char *key;
    json_t *v, *it = NULL, *list = json_object_get(b, "blobs");
    memcpy(&it, &b, sizeof b);
    json_object_foreach(
        it, key,
        v) if (strcmp(key, "type") && strcmp(key, "tenant") && strcmp(key, "body") &&
               strcmp(
                   key,
                   "blobs")) return "An entry has type, tenant, body and blobs, and nothing else.";
    const char *tenant = json_string_value(json_object_get(b, "tenant"));
    if (!allowed_of(json_string_value(json_object_get(b, "type"))))
        return "This type is not one that a doer enters.";
    if (!tenant || strcmp(tenant, g->o.tenant) != 0)
        return "This gatekeeper does not serve that tenant.";
    if (!json_is_object(json_object_get(b, "body")))
        return "The body is not an object.";
    if (list && (!json_is_array(list) || json_array_size(list) > LEDGER_BLOBS_MAX))
        return "blobs is a list of digests.";
    for (*n = 0; *n < json_array_size(list); ++*n) {
        blobs[*n] = json_string_value(json_array_get(list, *n));
        if (!blobs[*n] || strlen(blobs[*n]) != BLOB_DIGEST || strncmp(blobs[*n], "sha256:", 7) != 0)
            return "A blob is named as sha256:<64 hex digits>.";
    }
    return NULL;
}

static void post(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    const char *blobs[LEDGER_BLOBS_MAX];
    size_t blob_count = 0;
    json_t *b;
    if (!gk_is_doer(req, g) || !(b = gk_body_object(req)))
        return;
    const char *fault = fault_of(g, b, blobs, &blob_count);
    if (fault) {
        http_problem(req, 400, "invalid_entry", "Not an entry", fault);
        json_decref(b);
        return;
    }
    const struct allowed *a = allowed_of(json_string_value(json_object_get(b, "type")));
    json_t *body = json_object_get(b, "body");
    const char *rid = gk_rid(req);
    char *text = json_dumps(body, GK_JSON);
    ledger_receipt receipt = {0};
    ledger_event event = {.tenant = g->o.tenant,
                          .type = a->type,
                          .rid = rid,
                          .actor = "{\"id\":\"doer\"}",
                          .policy = gk_policy_bundle(g->policy),
                          .src = "doer",
                          .body = wb_str_of(text),
                          .blobs = blobs,
                          .blob_count = blob_count};
    wb_status status = ledger_append_wait(g->ledger, &event, &receipt, &e);
    if (status == WB_LIMIT) {
        http_problem(req, 413, "entry_too_large", "The entry is too large",
                     "Put large things into blobs.");
    } else if (status) {
        gk_unavailable(req, g, &e);
    } else {
        char leaf[WB_SHA256_TEXT], prev[2 * WB_SHA256_LEN + 1];
        if (a->moves)
            mirror(g, rid, a, body, receipt.index);
        /* The request, and rid with it, ends with the answer. */
        gk_leaf_text(&receipt.leaf, leaf);
        wb_hex_encode(receipt.prev, sizeof receipt.prev, prev);
        gk_reply_json(req, 201,
                      json_pack("{s:I, s:s, s:s}", "index", (json_int_t)receipt.index, "leaf", leaf,
                                "prev", prev));
    }
    free(text);
    json_decref(b);
}

void gk_route_ledger_post(http_request *req, void *arg)
{
    http_work(req, post, arg);
}

/* ---- GET /v1/ledger/verify ---- */

typedef struct progress {
    http_request *req;
    uint64_t seen;
    bool gone;
} progress;

static void on_entry(void *arg, uint64_t index, wb_str entry, const merkle_hash *leaf)
{
    progress *p = arg;
    char line[64];
    if (++p->seen % PROGRESS || p->gone)
        return;
    int n = snprintf(line, sizeof line, "{\"checked\":%llu}\n", (unsigned long long)p->seen);
    p->gone = http_stream_put(p->req, wb_str_n(line, (size_t)n)) != WB_OK;
}

static void verify_now(http_request *req, gk *g)
{
    wb_error e = {0};
    keys_info *infos = NULL;
    size_t n = 0;
    wb_status status = ledger_checkpoint_now(g->ledger, g->o.tenant, &e);
    if (!status)
        status = keys_list(g->keys, g->o.tenant, "checkpoint", &infos, &n, &e);
    if (status) {
        gk_unavailable(req, g, &e);
        return;
    }
    unsigned char(*publics)[32] = wb_calloc(n + 1, 32);
    for (size_t i = 0; i < n; i++)
        memcpy(publics[i], infos[i].public_key, 32);
    free(infos);
    progress p = {.req = req};
    const unsigned char(*given)[32] = (const unsigned char(*)[32])publics;
    verify_options options = {
        .keys = given, .key_count = n, .origin = g->origin, .entry = on_entry, .arg = &p};
    verify_report report;
    wb_buf line;
    wb_buf_init(&line, 1 << 16);
    http_stream_begin(req, 200, "application/x-ndjson");
    if (verify_ledger(g->o.data, g->o.tenant, &options, &report, &e)) {
        wb_buf_puts(&line, "{\"ok\":false,\"error\":");
        wb_buf_put_json(&line, wb_str_of(e.text));
        wb_buf_putc(&line, '}');
    } else {
        verify_report_json(&report, &line);
    }
    if (line.n && line.p[line.n - 1] != '\n')
        wb_buf_putc(&line, '\n');
    http_stream_put(req, wb_buf_str(&line));
    http_stream_end(req);
    wb_buf_free(&line);
    free(publics);
}

/* Anybody may ask, and the answer costs a reading of everything: one at a time, so that those who
 * ask for decisions find a thread. */
static void verify(http_request *req, void *arg)
{
    gk *g = arg;
    wb_str tenant;
    if (http_request_query_param(req, "tenant", 0, &tenant) && !wb_str_is(tenant, g->o.tenant)) {
        http_problem(req, 404, "not_found", "Not Found", "There is no ledger of that tenant here.");
    } else if (atomic_flag_test_and_set(&g->verifying)) {
        http_response_header(req, "retry-after", WB_LIT("1"));
        http_problem(req, 429, "verification_running", "A verification is running",
                     "One at a time; ask again when it is over.");
    } else {
        verify_now(req, g);
        atomic_flag_clear(&g->verifying);
    }
}

void gk_route_ledger_verify(http_request *req, void *arg)
{
    http_work(req, verify, arg);
}

/* ---- GET /v1/keys/jwks ---- */

static void jwks(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    wb_str tenant;
    char *text = NULL;
    if (http_request_query_param(req, "tenant", 0, &tenant) && !wb_str_is(tenant, g->o.tenant)) {
        http_problem(req, 404, "not_found", "Not Found", "There are no keys of that tenant here.");
        return;
    }
    if (keys_export_jwks(g->keys, g->o.tenant, NULL, &text, &e)) {
        gk_unavailable(req, g, &e);
        return;
    }
    http_response_header(req, "cache-control", WB_LIT("no-store"));
    http_respond_take(req, 200, "application/jwk-set+json", text, strlen(text));
}

void gk_route_jwks(http_request *req, void *arg)
{
    http_work(req, jwks, arg);
}
