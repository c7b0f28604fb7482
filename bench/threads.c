#include "bench/runner.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define BATCH       64  /* evaluations between two looks at the flag */
#define CACHE_LINES 128 /* bytes: two cache lines, which some processors fetch together */

typedef struct worker {
    _Alignas(CACHE_LINES) pthread_t thread;
    void (*one)(void *state, size_t i);
    void *state;
    size_t count, from;
    const atomic_bool *stop;
    pthread_barrier_t *start;
    uint64_t evals, cpu_ns;
} worker;

static uint64_t now(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        bench_die("clock_gettime failed");
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Warms up with one round of the inputs, or less if there are many, before all start at once. */
static void *work(void *argument)
{
    worker *w = argument;
    size_t next = w->from;
    for (size_t i = 0; i < w->count && i < BATCH * BATCH; i++)
        w->one(w->state, i);
    pthread_barrier_wait(w->start);
    uint64_t begun = now(CLOCK_THREAD_CPUTIME_ID), evals = 0;
    while (!atomic_load_explicit(w->stop, memory_order_relaxed)) {
        for (unsigned i = 0; i < BATCH; i++) {
            w->one(w->state, next);
            if (++next == w->count)
                next = 0;
        }
        evals += BATCH;
    }
    w->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - begun;
    w->evals = evals;
    return NULL;
}

bench_figures bench_measure_threads(void (*one)(void *state, size_t i), void **states,
                                    unsigned threads, size_t count, double seconds)
{
    static worker workers[BENCH_MAX_THREADS];
    atomic_bool stop = false;
    pthread_barrier_t start;
    if (pthread_barrier_init(&start, NULL, threads + 1))
        bench_die("no barrier");
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (worker){.one = one,
                              .state = states[i],
                              .count = count,
                              .from = count * i / threads,
                              .stop = &stop,
                              .start = &start};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            bench_die("no thread");
    }
    pthread_barrier_wait(&start);
    uint64_t wall = now(CLOCK_MONOTONIC);
    struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    wall = now(CLOCK_MONOTONIC) - wall;
    uint64_t evals = 0, cpu = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        evals += workers[i].evals;
        cpu += workers[i].cpu_ns;
    }
    pthread_barrier_destroy(&start);
    if (evals == 0)
        return (bench_figures){.allocs = -1};
    return (bench_figures){(double)cpu / (double)evals, (double)wall / (double)evals, -1, evals};
}
