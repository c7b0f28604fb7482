/* The threads that carry jobs forward, and the one that keeps house. */
#include "server/doer/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void doer_log(const char *format, ...)
{
    char text[WB_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "writ doer: %s\n", text);
}

void doer_wake(doer *d)
{
    pthread_mutex_lock(&d->lock);
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
}

bool doer_sleep(doer *d, int64_t ms)
{
    for (int64_t end = wb_now_ms() + ms; !d->stop && wb_now_ms() < end;)
        usleep(10 * 1000);
    return !d->stop;
}

static void nap(doer *d, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&d->wake, &d->lock, &until);
}

/* ---- Holds; under the lock ---- */

static doer_hold *hold_of(doer *d, const char *jti)
{
    for (size_t i = 0; i < d->hold_count; i++)
        if (strcmp(d->holds[i].jti, jti) == 0)
            return &d->holds[i];
    d->holds = wb_realloc(d->holds, (d->hold_count + 1) * sizeof *d->holds);
    doer_hold *h = &d->holds[d->hold_count++];
    *h = (doer_hold){0};
    snprintf(h->jti, sizeof h->jti, "%s", jti);
    return h;
}

static void drop_hold(doer *d, const char *jti)
{
    doer_hold *h = hold_of(d, jti);
    *h = d->holds[--d->hold_count];
}

/* Takes the job if nobody has it and its time has come. */
static bool take(doer *d, const store_job *job, int *rounds)
{
    pthread_mutex_lock(&d->lock);
    doer_hold *h = hold_of(d, job->jti);
    bool good = !h->busy && h->until <= wb_now_ms();
    if (good)
        h->busy = true;
    *rounds = h->rounds;
    pthread_mutex_unlock(&d->lock);
    return good;
}

static void give_back(doer *d, const char *jti, int64_t wait_ms, bool over)
{
    pthread_mutex_lock(&d->lock);
    if (over) {
        drop_hold(d, jti);
    } else {
        doer_hold *h = hold_of(d, jti);
        h->busy = false;
        h->until = wb_now_ms() + wait_ms;
    }
    pthread_mutex_unlock(&d->lock);
}

static void count_round(doer *d, const char *jti, store_state is)
{
    bool partial =
        is == STORE_SOFT_PARTIAL || is == STORE_HARD_PARTIAL || is == STORE_REINSTATE_PARTIAL;
    pthread_mutex_lock(&d->lock);
    doer_hold *h = hold_of(d, jti);
    h->rounds += partial;
    pthread_mutex_unlock(&d->lock);
}

/* ---- Runners ---- */

static bool is_over(store_state is)
{
    return is == STORE_COMPLETED || is == STORE_REINSTATED || is == STORE_EXPIRED ||
           is == STORE_MANUAL;
}

static bool moves_alone(const store_job *job)
{
    store_state is = store_state_of(job->state);
    return !job->parent && is != STORE_HELD && is != STORE_HALTED && !is_over(is);
}

/* Carries one job on until it has to wait. */
static void carry(doer *d, const char *jti, int rounds)
{
    int64_t wait = 0, fence = 0;
    bool over = false;
    while (!d->stop && wait == 0 && !over) {
        store_job job = {0};
        wb_error e;
        /* The row is read again: what was listed may be old. */
        if (store_job_claim(d->store, d->o.tenant, jti, d->o.instance, wb_now_ms(), DOER_CLAIM_MS,
                            &fence, &e) != WB_OK ||
            store_job_get(d->store, d->o.tenant, jti, &job, &e) != WB_OK) {
            doer_log("job %s: %s", jti, e.text);
            wait = 1000;
        } else {
            store_state is = store_state_of(job.state);
            over = is_over(is);
            if (!over && !moves_alone(&job))
                wait = 1000;
            else if (!over) {
                wait = doer_advance(d, &job, rounds);
                count_round(d, jti, is);
            }
        }
        store_job_clear(&job);
    }
    give_back(d, jti, wait, over);
}

static bool work_once(doer *d)
{
    store_job *jobs = NULL;
    size_t n = 0;
    wb_error e;
    bool did = false;
    int rounds = 0;
    if (store_job_list(d->store, STORE_NONE, &jobs, &n, &e) != WB_OK) {
        doer_log("jobs cannot be listed: %s", e.text);
        return false;
    }
    for (size_t i = 0; i < n && !d->stop; i++) {
        if (!moves_alone(&jobs[i]) || !take(d, &jobs[i], &rounds))
            continue;
        carry(d, jobs[i].jti, rounds);
        did = true;
    }
    store_job_list_free(jobs, n);
    return did;
}

static void *runner(void *arg)
{
    doer *d = arg;
    while (!d->stop) {
        pthread_mutex_lock(&d->lock);
        while (!d->swept && !d->stop)
            nap(d, DOER_TICK_MS);
        pthread_mutex_unlock(&d->lock);
        if (!d->stop && !work_once(d)) {
            pthread_mutex_lock(&d->lock);
            if (!d->stop)
                nap(d, DOER_TICK_MS);
            pthread_mutex_unlock(&d->lock);
        }
    }
    return NULL;
}

static void *keeper(void *arg)
{
    doer *d = arg;
    wb_error e;
    bool told = false;
    /* Credentials of a run that died end first. */
    doer_lease_sweep(d, true);
    pthread_mutex_lock(&d->lock);
    d->swept = true;
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
    while (!d->stop) {
        bool good = doer_flush(d, &e) == WB_OK;
        if (!good && !told)
            doer_log("%s", e.text);
        told = !good;
        doer_lease_sweep(d, false);
        doer_reject_sweep(d);
        doer_sleep(d, good ? DOER_TICK_MS : 10 * DOER_TICK_MS);
    }
    doer_flush(d, &e);
    return NULL;
}

wb_status doer_runner_start(doer *d, wb_error *e)
{
    for (size_t i = 0; i < DOER_RUNNERS + 1; i++)
        if (pthread_create(&d->threads[i], NULL, i == 0 ? keeper : runner, d) != 0)
            wb_fatal("no thread for the doer");
    return WB_OK;
}

void doer_runner_stop(doer *d)
{
    d->stop = true;
    doer_wake(d);
    for (size_t i = DOER_RUNNERS + 1; i-- > 0;)
        pthread_join(d->threads[i], NULL);
}
