#include "conformance/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NO_CASE    SIZE_MAX
#define STDERR_MAX ((size_t)64 << 10) /* bytes read of what a dead worker said */

/* Shared with the workers; written with atomics. */
typedef struct shared_slot {
    size_t at;      /* the case under way, or NO_CASE */
    uint64_t since; /* monotonic nanoseconds */
} shared_slot;

typedef struct shared_state {
    size_t next;
    bool stop;
    shared_slot slots[CF_JOBS_MAX];
} shared_state;

/* What a worker sends for each case, with `reason` bytes behind it. */
typedef struct message {
    size_t at;
    uint32_t status, taken, holds, reason;
} message;

typedef struct worker {
    pid_t pid; /* 0: none */
    int pipe;  /* read end */
    int said;  /* its standard error, a file in memory */
    bool hung;
    wb_buf in; /* bytes of messages not whole yet */
} worker;

typedef struct pool {
    const cf_file *file;
    const cf_pool_options *options;
    cf_outcome *outcomes;
    shared_state *shared;
    worker workers[CF_JOBS_MAX];
} pool;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- in the worker ---- */

static bool write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

static size_t take_case(pool *p)
{
    for (;;) {
        if (__atomic_load_n(&p->shared->stop, __ATOMIC_ACQUIRE))
            return NO_CASE;
        size_t at = __atomic_fetch_add(&p->shared->next, 1, __ATOMIC_ACQ_REL);
        if (at >= p->file->n)
            return NO_CASE;
        if (!p->options->only || p->options->only[at])
            return at;
    }
}

static _Noreturn void work(pool *p, unsigned number, int out)
{
    shared_slot *slot = &p->shared->slots[number];
    size_t at;
    while ((at = take_case(p)) != NO_CASE) {
        /* What is left on standard error when the worker dies is the last case's. */
        if (ftruncate(STDERR_FILENO, 0) == 0)
            lseek(STDERR_FILENO, 0, SEEK_SET);
        __atomic_store_n(&slot->since, now_ns(), __ATOMIC_RELEASE);
        __atomic_store_n(&slot->at, at, __ATOMIC_RELEASE);
        cf_outcome o = {.status = CF_PASS};
        wb_buf_init(&o.reason, CF_REASON_MAX);
        cf_run_case(p->file, &p->file->cases[at], &p->options->run, &o);
        message m = {at, o.status, o.taken, o.holds, (uint32_t)o.reason.n};
        if (!write_all(out, &m, sizeof m) || !write_all(out, o.reason.p, o.reason.n))
            _exit(3);
        wb_buf_free(&o.reason);
        __atomic_store_n(&slot->at, NO_CASE, __ATOMIC_RELEASE);
    }
    _exit(0);
}

/* ---- in the parent ---- */

static bool start(pool *p, unsigned number)
{
    worker *w = &p->workers[number];
    int ends[2];
    if (pipe(ends))
        return false;
    int said = memfd_create("worker", MFD_CLOEXEC);
    p->shared->slots[number].at = NO_CASE;
    fflush(NULL);
    pid_t pid = said < 0 ? -1 : fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        if (said >= 0)
            close(said);
        return false;
    }
    if (pid == 0) {
        /* A worker never outlives the run. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        dup2(said, STDERR_FILENO);
        work(p, number, ends[1]);
    }
    close(ends[1]);
    *w = (worker){.pid = pid, .pipe = ends[0], .said = said};
    wb_buf_init(&w->in, CF_FILE_MAX);
    return true;
}

static void take_messages(pool *p, worker *w)
{
    size_t used = 0;
    message m;
    while (w->in.n - used >= sizeof m) {
        memcpy(&m, w->in.p + used, sizeof m);
        if (w->in.n - used - sizeof m < m.reason)
            break;
        cf_outcome *o = &p->outcomes[m.at];
        o->status = (cf_status)m.status;
        o->taken = m.taken;
        o->holds = m.holds;
        wb_buf_clear(&o->reason);
        wb_buf_put(&o->reason, w->in.p + used + sizeof m, m.reason);
        used += sizeof m + m.reason;
        if (p->options->fail_fast && o->status == CF_FAIL)
            __atomic_store_n(&p->shared->stop, true, __ATOMIC_RELEASE);
    }
    memmove(w->in.p, w->in.p + used, w->in.n - used);
    w->in.n -= used;
}

/* The lines of a crash report that tell one crash from another: what broke, and where. */
static void put_report(wb_buf *out, char *text)
{
    static const char *const marks[] = {"ERROR:", "runtime error:", "Assertion", "fatal", "FATAL"};
    unsigned frames = 0;
    bool any = false;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool mark = false;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            mark = mark || strstr(line, marks[i]);
        const char *frame = strstr(line, " in ");
        if (mark && !any) {
            wb_buf_putf(out, "\n%.300s", line);
            any = true;
        } else if (any && frame && strchr(line, '#') && frames < 8) {
            wb_buf_putf(out, "\n  %.160s", frame + 4);
            frames++;
        }
    }
    if (!any && text[0])
        wb_buf_putf(out, "\n%.300s", text);
}

static void finish(pool *p, unsigned number)
{
    worker *w = &p->workers[number];
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    size_t at = p->shared->slots[number].at;
    if (at != NO_CASE && at < p->file->n) {
        char text[STDERR_MAX];
        ssize_t n = pread(w->said, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = 0;
        cf_outcome *o = &p->outcomes[at];
        wb_buf_clear(&o->reason);
        if (w->hung)
            cf_fail(o, "not done after %d seconds", CF_CASE_SECONDS);
        else if (WIFSIGNALED(status))
            cf_fail(o, "crashed: signal %d", WTERMSIG(status));
        else
            cf_fail(o, "crashed: exit status %d", WEXITSTATUS(status));
        if (!w->hung)
            put_report(&o->reason, text);
        if (p->options->fail_fast)
            __atomic_store_n(&p->shared->stop, true, __ATOMIC_RELEASE);
    }
    wb_buf_free(&w->in);
    close(w->pipe);
    close(w->said);
    w->pid = 0;
    bool more = __atomic_load_n(&p->shared->next, __ATOMIC_ACQUIRE) < p->file->n &&
                !__atomic_load_n(&p->shared->stop, __ATOMIC_ACQUIRE);
    if (more && !start(p, number))
        wb_fatal("no process for a worker: %m");
}

static void check_hang(pool *p, unsigned number)
{
    worker *w = &p->workers[number];
    const shared_slot *s = &p->shared->slots[number];
    uint64_t limit = (uint64_t)CF_CASE_SECONDS * 1000000000u;
    if (w->hung || __atomic_load_n(&s->at, __ATOMIC_ACQUIRE) == NO_CASE)
        return;
    uint64_t since = __atomic_load_n(&s->since, __ATOMIC_ACQUIRE), now = now_ns();
    if (now > since && now - since > limit) {
        w->hung = true;
        kill(w->pid, SIGKILL);
    }
}

static void listen_to(pool *p, unsigned number)
{
    worker *w = &p->workers[number];
    char *to = wb_buf_reserve(&w->in, 1 << 16);
    ssize_t n = to ? read(w->pipe, to, 1 << 16) : 0;
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        finish(p, number);
        return;
    }
    wb_buf_commit(&w->in, (size_t)n);
    take_messages(p, w);
}

bool cf_pool_run(const cf_file *f, const cf_pool_options *options, cf_outcome *outcomes)
{
    static const char unreached[] = "not run: an earlier case failed";
    shared_state *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    pool *p = wb_calloc(1, sizeof *p);
    p->file = f;
    p->options = options;
    p->outcomes = outcomes;
    p->shared = shared;
    for (size_t i = 0; i < f->n; i++) {
        outcomes[i] = (cf_outcome){.status = CF_SKIP};
        wb_buf_init(&outcomes[i].reason, CF_REASON_MAX + 4096);
        wb_buf_puts(&outcomes[i].reason, unreached);
    }
    unsigned jobs = options->jobs < f->n ? options->jobs : (unsigned)f->n, running = 0;
    for (unsigned i = 0; i < jobs; i++)
        running += start(p, i);
    bool ok = running > 0;
    while (running) {
        struct pollfd fds[CF_JOBS_MAX];
        unsigned numbers[CF_JOBS_MAX], n = 0;
        for (unsigned i = 0; i < jobs; i++)
            if (p->workers[i].pid) {
                fds[n] = (struct pollfd){.fd = p->workers[i].pipe, .events = POLLIN};
                numbers[n++] = i;
            }
        running = n;
        if (!n || (poll(fds, n, 200) < 0 && errno != EINTR))
            break;
        for (unsigned i = 0; i < n; i++)
            if (fds[i].revents)
                listen_to(p, numbers[i]);
            else
                check_hang(p, numbers[i]);
    }
    free(p);
    munmap(shared, sizeof *shared);
    return ok;
}
