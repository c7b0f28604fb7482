/* The object's life: opened, served, closed. */
#include "server/gatekeeper/internal.h"
#include "writ.h"

#include "base/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void gk_note(gk *g, const char *format, ...)
{
    char text[1400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (g->o.note)
        g->o.note(text);
    else
        fprintf(stderr, "writ gatekeeper: %s\n", text);
}

/* ---- Keys ---- */

/* One row a key that a tenant must have. */
static const struct {
    const char *purpose;
    jws_alg alg;
} NEEDED[] = {
    {"decision", JWS_HS256},   {"decision", JWS_ED25519}, {"approval", JWS_HS256},
    {"approval", JWS_ED25519}, {"link", JWS_HS256},       {"checkpoint", JWS_ED25519},
};

static wb_status ensure_keys(gk *g, wb_error *e)
{
    for (size_t i = 0; i < sizeof NEEDED / sizeof NEEDED[0]; i++) {
        keys_info info;
        jws_key key = {0};
        keys_spec spec = {.tenant = g->o.tenant,
                          .purpose = NEEDED[i].purpose,
                          .alg = NEEDED[i].alg,
                          .now = wb_now_ms()};
        bool there = keys_active(g->keys, g->o.tenant, spec.purpose, spec.alg, &key, NULL) == WB_OK;
        jws_key_clear(&key);
        wb_status status = there ? WB_OK : keys_ensure(g->keys, &spec, &info, e);
        if (status)
            return status;
        if (!there)
            gk_note(g, "made key %s (%s)", info.kid, jws_alg_name(info.alg));
    }
    return WB_OK;
}

static wb_status sign_checkpoint(void *arg, wb_str message, unsigned char sig[64],
                                 unsigned char public_key[32], wb_error *e)
{
    gk *g = arg;
    jws_key key = {0};
    size_t n;
    wb_status status = keys_active(g->keys, g->o.tenant, "checkpoint", JWS_ED25519, &key, e);
    if (!status)
        status = jws_sign_bytes(&key, message, sig, &n, e);
    memcpy(public_key, key.public_key, 32);
    jws_key_clear(&key);
    return status;
}

/* The doer's bearer token: made once, readable by the owner alone. */
static wb_status doer_token(gk *g, wb_error *e)
{
    char path[4096], text[2 * GK_TOKEN_BYTES + 2] = "";
    unsigned char bytes[GK_TOKEN_BYTES];
    struct stat st;
    snprintf(path, sizeof path, "%s/doer.token", g->o.data);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof text - 1);
        bool safe = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 077) &&
                    st.st_uid == geteuid();
        close(fd);
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
            text[--n] = 0;
        if (!safe)
            return wb_fail(e, WB_DENIED, "%s is not ours alone: chmod 600", path);
        if (n != 2 * GK_TOKEN_BYTES || !wb_hex_decode(wb_str_of(text), bytes))
            return wb_fail(e, WB_CORRUPT, "%s is not 64 hex digits", path);
        g->doer_token = wb_strdup(text);
        return WB_OK;
    }
    wb_random(bytes, sizeof bytes);
    wb_hex_encode(bytes, sizeof bytes, text);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (!ok)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(why));
    g->doer_token = wb_strdup(text);
    gk_note(g, "made %s for the doer", path);
    return WB_OK;
}

static wb_status open_http(gk *g, wb_error *e)
{
    http_config config;
    http_config_init(&config);
    config.listen = g->o.listen;
    config.cert_file = g->o.tls_cert;
    config.key_file = g->o.tls_key;
    wb_status status = http_server_new(&config, &g->http, e);
    if (status)
        return status;
    g->opa = opa_data_new(gk_policy_engine(g->policy), gk_policy_lock(g->policy));
    gk_add_routes(g);
    return WB_OK;
}

static wb_status enter_start(gk *g, wb_error *e)
{
    json_t *body =
        json_pack("{s:s, s:s, s:I, s:s, s:s, s:I}", "bundle", gk_policy_bundle(g->policy), "data",
                  gk_policy_data(g->policy), "modules", (json_int_t)gk_policy_modules(g->policy),
                  "engine", "writ/" WRIT_VERSION, "instance", g->o.instance, "window_seconds",
                  (json_int_t)g->o.window_seconds);
    wb_status status = gk_enter(g, LEDGER_SERVICE_STARTED, NULL, NULL, body, NULL, e);
    if (!status)
        status = gk_enter(g, LEDGER_POLICY_LOADED, NULL, NULL, body, NULL, e);
    json_decref(body);
    return status;
}

static wb_status open_all(gk *g, wb_error *e)
{
    if (!g->o.data)
        return wb_fail(e, WB_INVALID, "the data folder is missing");
    if (!wb_name_valid(wb_str_of(g->o.tenant)) || !wb_name_valid(wb_str_of(g->o.instance)))
        return wb_fail(e, WB_INVALID,
                       "tenant and instance are names of letters, digits, '_' and '-'");
    if (!g->o.policies)
        g->o.policies = gk_policies_find(g->o.data);
    if (!g->o.policies)
        return wb_fail(e, WB_NOT_FOUND, "no policies found; name their folder by --policies");
    wb_status status = gk_policy_open(g->o.policies, &g->policy, e);
    if (!status)
        status = store_open(g->o.data, &g->store, e);
    if (!status)
        status = store_tenant_ensure(g->store, g->o.tenant, wb_now_ms(), e);
    if (!status)
        status = keys_open(g->store, g->o.data, &g->keys, e);
    if (!status)
        status = ensure_keys(g, e);
    if (!status)
        status = doer_token(g, e);
    if (!status)
        status = gk_approvers_open(g->o.data, &g->approvers, e);
    if (!status)
        status = ledger_open(g->o.data, NULL, &g->ledger, e);
    if (!status)
        status = ledger_attach(g->ledger, g->o.tenant, g->origin,
                               (ledger_signer){sign_checkpoint, g}, e);
    if (!status)
        status = gk_outbox(g, e);
    if (!status)
        status = enter_start(g, e);
    if (!status)
        status = open_http(g, e);
    return status;
}

wb_status gk_open(gk_options *o, gk **out, wb_error *e)
{
    gk *g = wb_calloc(1, sizeof *g);
    char host[64] = "local";
    pthread_mutexattr_t recursive;
    g->o = *o;
    *o = (gk_options){0};
    gethostname(host, sizeof host - 1);
    snprintf(g->src, sizeof g->src, "gatekeeper@%s", host);
    snprintf(g->origin, sizeof g->origin, "writ.%s/%s", g->o.instance ? g->o.instance : "",
             g->o.tenant ? g->o.tenant : "");
    /* A packet that makes another works on both: see gk_sibling_id. */
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    for (size_t i = 0; i < GK_LOCKS; i++)
        pthread_mutex_init(&g->locks[i], &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_mutex_init(&g->outbox, NULL);
    wb_status status = open_all(g, e);
    if (status) {
        gk_close(g);
        g = NULL;
    } else {
        if (gk_approvers_count(g->approvers) == 0)
            gk_note(g, "no approvers.json in %s: nobody can approve", g->o.data);
        gk_recover(g);
    }
    *out = g;
    return status;
}

wb_status gk_start(gk *g, wb_error *e)
{
    wb_status status = http_server_start(g->http, e);
    return status ? status : gk_dispatcher_start(g, e);
}

const char *gk_url(const gk *g)
{
    return http_server_url(g->http);
}

http_server *gk_server(gk *g)
{
    return g->http;
}

void gk_run(gk *g)
{
    http_server_on_signal(g->http);
    http_server_run(g->http);
}

void gk_close(gk *g)
{
    if (!g)
        return;
    gk_dispatcher_stop(g);
    http_server_free(g->http);
    opa_data_free(g->opa);
    free(g->routes);
    if (g->ledger && ledger_attached(g->ledger, g->o.tenant)) {
        ledger_event event = {.tenant = g->o.tenant,
                              .type = LEDGER_SERVICE_STOPPED,
                              .src = g->src,
                              .last_room = true};
        ledger_append_wait(g->ledger, &event, NULL, NULL);
    }
    ledger_close(g->ledger);
    gk_approvers_close(g->approvers);
    keys_close(g->keys);
    store_close(g->store);
    gk_policy_close(g->policy);
    for (size_t i = 0; i < GK_LOCKS; i++)
        pthread_mutex_destroy(&g->locks[i]);
    pthread_mutex_destroy(&g->outbox);
    free(g->doer_token);
    gk_options_clear(&g->o);
    free(g);
}
