#include "conformance/diff/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE    4 /* lines a peer has under way */
#define ANSWER_MAX ((size_t)256 << 20)

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void child(const df_peer *p, int in, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!p->program)
        _exit(df_worker_main(in, out, &p->worker));
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execlp(p->program, p->program, "-jobs", "2", (char *)NULL);
    fprintf(stderr, "writ-diff: %s: %s\n", p->program, strerror(errno));
    _exit(127);
}

static void start(df_peer *p)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        wb_fatal("no pipe");
    fflush(NULL);
    p->pid = fork();
    if (p->pid < 0)
        wb_fatal("no process");
    if (p->pid == 0) {
        close(in[1]);
        close(out[0]);
        child(p, in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    p->in = in[1];
    p->out = out[0];
    fcntl(p->in, F_SETFL, O_NONBLOCK);
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    p->since = now_ms();
}

static void stop(df_peer *p)
{
    if (!p->pid)
        return;
    close(p->in);
    close(p->out);
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
    p->written = 0;
    wb_buf_clear(&p->sent);
    wb_buf_clear(&p->got);
}

void df_side_init(df_side *s, unsigned jobs, const char *program, const df_worker_options *worker)
{
    memset(s, 0, sizeof *s);
    signal(SIGPIPE, SIG_IGN);
    s->n = jobs;
    for (unsigned i = 0; i < jobs; i++) {
        s->peers[i].program = program;
        if (worker)
            s->peers[i].worker = *worker;
        wb_buf_init(&s->peers[i].sent, ANSWER_MAX);
        wb_buf_init(&s->peers[i].got, ANSWER_MAX);
    }
}

void df_side_free(df_side *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        stop(&s->peers[i]);
        wb_buf_free(&s->peers[i].sent);
        wb_buf_free(&s->peers[i].got);
    }
}

/* One side's work on one call of df_ask. */
typedef struct work {
    df_side *side;
    const wb_str *lines;
    size_t n, next, done;
    size_t *again; /* lines that a dead peer had not answered */
    size_t n_again;
    char **answers;
} work;

static void feed(work *w, df_peer *p)
{
    while (p->n_waiting < (w->n_again ? 1 : AT_ONCE) && (w->n_again || w->next < w->n)) {
        size_t i = w->n_again ? w->again[--w->n_again] : w->next++;
        if (!p->pid)
            start(p);
        if (!p->n_waiting)
            p->since = now_ms();
        p->waiting[p->n_waiting++] = i;
        wb_buf_put_str(&p->sent, w->lines[i]);
    }
}

/* A line that was alone is at fault. Of several it may be any, since a peer may work at some of
 * them at once: they are asked again one by one. */
static void bury(work *w, df_peer *p)
{
    stop(p);
    w->side->deaths++;
    w->done += p->n_waiting == 1;
    for (unsigned i = 0; p->n_waiting > 1 && i < p->n_waiting; i++)
        w->again[w->n_again++] = p->waiting[i];
    p->n_waiting = 0;
}

static void take_answer(work *w, df_peer *p, const char *text, size_t n)
{
    if (!p->n_waiting)
        return;
    w->answers[p->waiting[0]] = wb_strndup(text, n);
    w->done++;
    p->n_waiting--;
    memmove(p->waiting, p->waiting + 1, p->n_waiting * sizeof *p->waiting);
    p->since = now_ms();
}

static void receive(work *w, df_peer *p)
{
    char *room = wb_buf_reserve(&p->got, 1 << 16);
    ssize_t n = room ? read(p->out, room, 1 << 16) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        bury(w, p);
        return;
    }
    wb_buf_commit(&p->got, (size_t)n);
    size_t from = 0;
    for (char *end; (end = memchr(p->got.p + from, '\n', p->got.n - from));) {
        size_t length = (size_t)(end - (p->got.p + from));
        take_answer(w, p, p->got.p + from, length);
        from += length + 1;
    }
    p->got.n -= from;
    memmove(p->got.p, p->got.p + from, p->got.n);
}

static void send_some(work *w, df_peer *p)
{
    ssize_t n = write(p->in, p->sent.p + p->written, p->sent.n - p->written);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            bury(w, p);
        return;
    }
    p->written += (size_t)n;
    if (p->written == p->sent.n) {
        p->written = 0;
        wb_buf_clear(&p->sent);
    }
}

static void wait_for(work *works, unsigned n_works)
{
    struct pollfd fds[2 * DF_PEERS_MAX * 2];
    struct {
        work *w;
        df_peer *p;
    } owners[2 * DF_PEERS_MAX * 2];
    nfds_t n = 0;
    for (unsigned k = 0; k < n_works; k++)
        for (unsigned i = 0; i < works[k].side->n; i++) {
            df_peer *p = &works[k].side->peers[i];
            feed(&works[k], p);
            if (!p->n_waiting)
                continue;
            if (now_ms() - p->since > DF_PEER_SECONDS * 1000u) {
                bury(&works[k], p);
                continue;
            }
            fds[n] = (struct pollfd){.fd = p->out, .events = POLLIN};
            owners[n].w = &works[k];
            owners[n++].p = p;
            if (p->sent.n) {
                fds[n] = (struct pollfd){.fd = p->in, .events = POLLOUT};
                owners[n].w = &works[k];
                owners[n++].p = p;
            }
        }
    if (poll(fds, n, 1000) <= 0)
        return;
    for (nfds_t i = 0; i < n; i++) {
        df_peer *p = owners[i].p;
        if (!fds[i].revents || !p->pid)
            continue;
        if (fds[i].fd == p->out)
            receive(owners[i].w, p);
        else if (fds[i].fd == p->in && p->sent.n)
            send_some(owners[i].w, p);
    }
}

void df_ask(df_side *const *sides, unsigned n_sides, const wb_str *lines, size_t n,
            char **const *answers)
{
    work works[2];
    bool open = n > 0;
    for (unsigned k = 0; k < n_sides; k++) {
        works[k] = (work){.side = sides[k], .lines = lines, .n = n, .answers = answers[k]};
        works[k].again = wb_malloc((n + AT_ONCE) * sizeof *works[k].again);
        for (size_t i = 0; i < n; i++)
            answers[k][i] = NULL;
    }
    while (open) {
        wait_for(works, n_sides);
        open = false;
        for (unsigned k = 0; k < n_sides; k++)
            open = open || works[k].done < n;
    }
    for (unsigned k = 0; k < n_sides; k++)
        free(works[k].again);
}
