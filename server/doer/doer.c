/* Life of the doer: options, files, server, threads, and the order in which they end. */
#include "server/doer/doer.h"

#include "base/base64.h"
#include "server/doer/internal.h"
#include "server/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define CALL_MS  10000
#define RETRY_MS 5000

/* ---- Options ---- */

static bool is_url(const char *text)
{
    return text && strlen(text) < 512 &&
           (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) &&
           text[strlen(text) - 1] != '/';
}

static wb_status check(const doer_options *o, wb_error *e)
{
    if (!o->data || !o->listen)
        return wb_fail(e, WB_INVALID, "--data DIR and --listen ADDR:PORT are needed");
    if (!is_url(o->gatekeeper))
        return wb_fail(e, WB_INVALID, "--gatekeeper wants http(s)://HOST:PORT");
    if (!is_url(o->directory))
        return wb_fail(e, WB_INVALID, "--directory wants http(s)://HOST:PORT");
    if (o->broker && !is_url(o->broker))
        return wb_fail(e, WB_INVALID, "broker wants http(s)://HOST:PORT");
    if (!o->token_file)
        return wb_fail(e, WB_INVALID, "--token-file FILE is needed");
    if (!o->broker && !o->broker_token_file)
        return wb_fail(e, WB_INVALID,
                       "--broker-token-file FILE is needed (the directory's broker.token), or a "
                       "broker of your own");
    if (o->broker && (!o->role_id || !o->secret_id_file))
        return wb_fail(e, WB_INVALID, "a broker of your own needs role_id and secret_id_file");
    if (!wb_name_valid(wb_str_of(o->tenant)) || !wb_name_valid(wb_str_of(o->target)) ||
        !wb_name_valid(wb_str_of(o->instance)))
        return wb_fail(e, WB_INVALID, "tenant, target and instance must be plain names");
    if (o->window_s < 1)
        return wb_fail(e, WB_INVALID, "--window wants seconds, 1 at least");
    return WB_OK;
}

static void fill_in(doer_options *o)
{
    o->tenant = o->tenant ? o->tenant : "default";
    o->target = o->target ? o->target : "directory";
    o->instance = o->instance ? o->instance : "doer";
    o->window_s = o->window_s ? o->window_s : DOER_WINDOW_S;
    o->call_ms = o->call_ms ? o->call_ms : CALL_MS;
    o->retry_ms = o->retry_ms ? o->retry_ms : RETRY_MS;
}

/* ---- Opening ---- */

static wb_status lock_folder(doer *d, wb_error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/doer.lock", d->o.data);
    d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock_fd < 0)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(errno));
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return wb_fail(e, WB_CONFLICT, "another doer works in %s", d->o.data);
    return WB_OK;
}

static wb_status open_secrets(doer *d, wb_error *e)
{
    wb_status status = doer_secret_file(d->o.token_file, &d->gk_token, e);
    if (!status && d->o.broker_token_file)
        status = doer_secret_file(d->o.broker_token_file, &d->broker_token, e);
    if (!status && d->o.broker)
        return doer_secret_file(d->o.secret_id_file, &d->secret_id, e);
    /* The embedded broker and its one client share a secret of this run. */
    unsigned char random[32];
    char text[64];
    wb_random(random, sizeof random);
    wb_base64url_encode(random, sizeof random, text);
    wb_uuid7(d->role_id);
    d->secret_id = wb_strdup(text);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

static wb_status open_all(doer *d, wb_error *e)
{
    snprintf(d->aud, sizeof d->aud, "%s%s",
             d->o.aud ? "" : "doer:", d->o.aud ? d->o.aud : d->o.target);
    if (d->o.mount)
        snprintf(d->mount, sizeof d->mount, "%s", d->o.mount);
    else
        snprintf(d->mount, sizeof d->mount, "tenant/%s/%s", d->o.tenant, d->o.target);
    doer_boot_id(d->boot_id);
    wb_uuid7(d->run);
    wb_status status = store_open(d->o.data, &d->store, e);
    if (!status)
        status = lock_folder(d, e);
    if (!status)
        status = store_tenant_ensure(d->store, d->o.tenant, wb_now_ms(), e);
    if (!status)
        status = open_secrets(d, e);
    return status ? status : doer_keys_open(d, e);
}

static void close_all(doer *d)
{
    char *const secrets[] = {d->gk_token, d->broker_token, d->secret_id};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (secrets[i])
            OPENSSL_cleanse(secrets[i], strlen(secrets[i]));
        free(secrets[i]);
    }
    jws_key_clear(&d->hmac);
    free(d->keys);
    free(d->holds);
    store_close(d->store);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->flush_lock);
    pthread_mutex_destroy(&d->key_lock);
    pthread_mutex_destroy(&d->broker_lock);
    pthread_cond_destroy(&d->wake);
    free(d);
}

/* ---- Running ---- */

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

/* The steps that run end first: they need the broker, and so the server, to give their leases back.
 */
static void *wait_for_signal(void *arg)
{
    doer *d = arg;
    sigset_t set;
    int signal;
    stop_signals(&set);
    sigwait(&set, &signal);
    doer_runner_stop(d);
    http_server_stop(d->server);
    return NULL;
}

static wb_status serve(doer *d, wb_error *e)
{
    http_config config;
    pthread_t waiter;
    sigset_t set;
    const http_routes own = {DOER_ROUTES, DOER_ROUTE_COUNT, d, NULL};
    const http_routes broker = {DOER_BROKER_ROUTES, DOER_BROKER_ROUTE_COUNT, d, NULL};
    http_config_init(&config);
    config.listen = d->o.listen;
    wb_status status = http_server_new(&config, &d->server, e);
    if (status)
        return status;
    http_server_add(d->server, &own);
    if (!d->o.broker)
        http_server_add(d->server, &broker);
    status = http_server_start(d->server, e);
    if (status)
        return status;
    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&waiter, NULL, wait_for_signal, d) != 0)
        return wb_fail(e, WB_INTERNAL, "no thread for the signals");
    status = doer_runner_start(d, e);
    printf("listening on %s\n", http_server_url(d->server));
    fflush(stdout);
    http_server_run(d->server);
    pthread_join(waiter, NULL);
    return status;
}

wb_status doer_run(const doer_options *options, wb_error *e)
{
    doer *d = wb_calloc(1, sizeof *d);
    d->o = *options;
    d->lock_fd = -1;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->flush_lock, NULL);
    pthread_mutex_init(&d->key_lock, NULL);
    pthread_mutex_init(&d->broker_lock, NULL);
    pthread_cond_init(&d->wake, NULL);
    fill_in(&d->o);
    keys_no_core();
    wb_status status = check(&d->o, e);
    if (!status)
        status = open_all(d, e);
    if (!status)
        status = serve(d, e);
    http_server_free(d->server);
    close_all(d);
    return status;
}
