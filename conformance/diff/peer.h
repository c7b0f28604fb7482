/* Those who answer: child processes that take a line and give a line.
 *
 * A peer is a worker of ours (forked) or the oracle (executed). One that dies, or takes longer than
 * DF_PEER_SECONDS for a line, is started again; the line it was at gets no answer, only a reason.
 */
#ifndef WRIT_CONFORMANCE_DIFF_PEER_H
#define WRIT_CONFORMANCE_DIFF_PEER_H

#include "conformance/diff/worker.h"

#include <sys/types.h>

#define DF_PEERS_MAX    64
#define DF_PEER_SECONDS 30 /* above what the oracle takes to give up */

typedef struct df_peer {
    const char *program;      /* of the oracle; NULL: one of ours */
    df_worker_options worker; /* of ours */
    pid_t pid;                /* 0: not running */
    int in, out;              /* our ends: its input, its output */
    wb_buf sent, got;         /* bytes not written yet; bytes of an answer not whole yet */
    size_t written;           /* of sent */
    size_t waiting[4];        /* numbers of the lines under way, the first is the oldest */
    unsigned n_waiting;
    uint64_t since; /* monotonic milliseconds of the last answer or start */
} df_peer;

/* One side: peers that give the same answers. */
typedef struct df_side {
    df_peer peers[DF_PEERS_MAX];
    unsigned n;
    uint64_t deaths;
} df_side;

void df_side_init(df_side *s, unsigned jobs, const char *program, const df_worker_options *worker);
void df_side_free(df_side *s);

/* Puts each line (with its line end) to each side: answers[k][i] is side k's answer to line i, with
 * a NUL behind it, freed by the caller; NULL where the peer died of it. */
void df_ask(df_side *const *sides, unsigned n_sides, const wb_str *lines, size_t n,
            char **const *answers);

#endif
