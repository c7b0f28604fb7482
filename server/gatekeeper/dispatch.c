/* One thread that carries allowed packets to the doer, and keeps time: expiry of approvals and of
 * packets nobody took, packets that a failed ledger left unfinished, old idempotency records.
 *
 * What is to be sent is what the store says: SIGNED, and DISPATCHED without the doer's word. The
 * same bytes may be sent again at any time; the doer does them once. */
#include "server/gatekeeper/internal.h"
#include "server/http/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TICK_MS      500
#define RECOVER_MS   30000
#define EXPIRE_MS    (60 * 60 * 1000)
#define IDEM_KEEP_MS (48 * 60 * 60 * (int64_t)1000) /* a day at least is promised */
#define SEND_MS      10000
#define AGAIN_MS     5000 /* after an attempt: the doer reports what it took by itself */
#define TRIED_MAX    1024 /* packets whose last attempt is remembered */
#define LAPSE_MS     5000 /* between two looks at what nobody took; a doer may still tell of it */

struct gk_dispatcher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop, woken;
    struct {
        char id[WB_UUID_TEXT];
        int64_t next;
    } tried[TRIED_MAX];
    size_t at;
};

wb_status gk_send(gk *g, const char *jws, int *status, wb_error *e)
{
    char url[1024];
    static const char *const headers[] = {"content-type", "application/jose+json", NULL};
    http_client_response response;
    snprintf(url, sizeof url, "%s/v1/doer/packets", g->o.doer);
    http_client_request request = {.method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .body = wb_str_of(jws),
                                   .timeout_ms = SEND_MS};
    wb_status sent = http_client_do(&request, &response, e);
    *status = response.status;
    http_client_clear(&response);
    return sent;
}

static bool tried_lately(gk_dispatcher *d, const char *id, int64_t now)
{
    for (size_t i = 0; i < TRIED_MAX; i++)
        if (strcmp(d->tried[i].id, id) == 0) {
            if (now < d->tried[i].next)
                return true;
            d->tried[i].next = now + AGAIN_MS;
            return false;
        }
    snprintf(d->tried[d->at].id, WB_UUID_TEXT, "%s", id);
    d->tried[d->at].next = now + AGAIN_MS;
    d->at = (d->at + 1) % TRIED_MAX;
    return false;
}

/* The entry and the move before the bytes leave. *jws is what is to be sent, or NULL. */
static void prepare(gk *g, const char *id, char **jws)
{
    store_packet row = {0};
    wb_error e = {0};
    *jws = NULL;
    pthread_mutex_t *lock = gk_lock(g, id);
    pthread_mutex_lock(lock);
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, &e);
    if (!status && row.jws && !row.parent && strcmp(row.phase, "soft") == 0) {
        bool late = gk_life_left(row.jws, wb_now_ms()) <= 0;
        store_state state = store_state_of(row.state);
        if (state == STORE_SIGNED) {
            status = gk_go(g, &row, STORE_SIGNED, STORE_DISPATCHED, LEDGER_PACKET_DISPATCHED, &e);
            state = STORE_DISPATCHED;
        }
        if (!status && state == STORE_DISPATCHED && late)
            status = gk_go(g, &row, state, STORE_EXPIRED, LEDGER_PACKET_EXPIRED, &e);
        else if (!status && state == STORE_DISPATCHED)
            *jws = wb_strdup(row.jws);
    }
    store_packet_clear(&row);
    pthread_mutex_unlock(lock);
    if (status)
        gk_note(g, "dispatch of %s: %s", id, e.text);
}

static void send_state(gk *g, gk_dispatcher *d, store_state state)
{
    store_packet *rows = NULL;
    size_t n = 0;
    if (store_packet_list(g->store, g->o.tenant, state, NULL, STORE_LIST_MAX, &rows, &n, NULL))
        return;
    for (size_t i = 0; i < n && !d->stop; i++) {
        char *jws;
        int status = 0;
        wb_error e = {0};
        if (rows[i].parent || strcmp(rows[i].phase, "soft") != 0 ||
            tried_lately(d, rows[i].id, wb_now_ms()))
            continue;
        prepare(g, rows[i].id, &jws);
        if (jws && gk_send(g, jws, &status, &e))
            gk_note(g, "dispatch of %s: %s", rows[i].id, e.text);
        else if (jws && status != 202)
            gk_note(g, "the doer answered %d to packet %s", status, rows[i].id);
        free(jws);
    }
    store_packet_list_free(rows, n);
}

/* ---- What nobody took ---- */

static void lapse_one(gk *g, const char *id, int64_t now_ms)
{
    store_packet row = {0};
    wb_error e = {0};
    pthread_mutex_t *lock = gk_lock(g, id);
    pthread_mutex_lock(lock);
    wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, &e);
    if (!status && strcmp(row.state, "SIGNED") == 0 && row.jws &&
        gk_life_left(row.jws, now_ms - LAPSE_MS) <= 0)
        status = gk_go(g, &row, STORE_SIGNED, STORE_EXPIRED, LEDGER_PACKET_EXPIRED, &e);
    store_packet_clear(&row);
    pthread_mutex_unlock(lock);
    if (status)
        gk_note(g, "expiry of packet %s: %s", id, e.text);
}

void gk_packets_lapse(gk *g, int64_t now_ms)
{
    char after[WB_UUID_TEXT] = "";
    size_t n = STORE_LIST_MAX;
    while (n == STORE_LIST_MAX) {
        store_packet *rows = NULL;
        n = 0;
        if (store_packet_list(g->store, g->o.tenant, STORE_SIGNED, *after ? after : NULL,
                              STORE_LIST_MAX, &rows, &n, NULL))
            return;
        for (size_t i = 0; i < n; i++)
            if (rows[i].jws && gk_life_left(rows[i].jws, now_ms - LAPSE_MS) <= 0)
                lapse_one(g, rows[i].id, now_ms);
        if (n)
            snprintf(after, sizeof after, "%s", rows[n - 1].id);
        store_packet_list_free(rows, n);
    }
}

static void *run(void *arg)
{
    gk *g = arg;
    gk_dispatcher *d = g->dispatcher;
    int64_t recover_at = wb_now_ms() + RECOVER_MS, expire_at = wb_now_ms() + EXPIRE_MS;
    /* After a start, first what a doer took meanwhile is told. */
    int64_t lapse_at = recover_at;
    pthread_mutex_lock(&d->lock);
    while (!d->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        int rc = 0;
        while (!d->stop && !d->woken && rc != ETIMEDOUT)
            rc = pthread_cond_timedwait(&d->wake, &d->lock, &until);
        d->woken = false;
        if (d->stop)
            break;
        pthread_mutex_unlock(&d->lock);
        int64_t now = wb_now_ms();
        if (g->o.doer) {
            send_state(g, d, STORE_SIGNED);
            send_state(g, d, STORE_DISPATCHED);
        }
        gk_approvals_expire(g);
        gk_outbox(g, NULL);
        if (now >= lapse_at) {
            gk_packets_lapse(g, now);
            gk_refusals_close(g, now);
            lapse_at = now + LAPSE_MS;
        }
        if (now >= recover_at) {
            gk_recover(g);
            recover_at = now + RECOVER_MS;
        }
        if (now >= expire_at) {
            store_idem_expire(g->store, now - IDEM_KEEP_MS, NULL);
            expire_at = now + EXPIRE_MS;
        }
        pthread_mutex_lock(&d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

wb_status gk_dispatcher_start(gk *g, wb_error *e)
{
    gk_dispatcher *d = wb_calloc(1, sizeof *d);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wake, NULL);
    g->dispatcher = d;
    if (pthread_create(&d->thread, NULL, run, g) == 0)
        return WB_OK;
    g->dispatcher = NULL;
    free(d);
    return wb_fail(e, WB_UNAVAILABLE, "no thread for the dispatcher");
}

void gk_dispatcher_wake(gk *g)
{
    gk_dispatcher *d = g->dispatcher;
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->woken = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
}

void gk_dispatcher_stop(gk *g)
{
    gk_dispatcher *d = g->dispatcher;
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->wake);
    free(d);
    g->dispatcher = NULL;
}
