/* What a bench runner does whatever its engine: options, the workload, clocks, the report line.
 *
 * The protocol is in bench/README.md. A runner is a program for one run: on any error it prints a
 * message and exits with status 1, so these calls do not return errors. */
#ifndef WRIT_BENCH_RUNNER_H
#define WRIT_BENCH_RUNNER_H

#include "base/buf.h"

#include <jansson.h>

#define BENCH_MAX_FILE    ((size_t)1 << 31) /* bytes of one file; larger needs another tool */
#define BENCH_MAX_ANSWERS ((size_t)1 << 31) /* bytes of all answers of --check */
#define BENCH_MAX_THREADS 64                /* more tell nothing new */
#define BENCH_MAX_PASSES  16                /* the compiler has fewer */

typedef struct bench_options {
    const char *folder;
    bool json;           /* from text to text, not from value to value */
    double seconds;      /* CPU time to measure; 0: none */
    bool check;          /* evaluate every input once, print the digest */
    const char *answers; /* file for the answers of check, or NULL */
    uint64_t evals;   /* after that: so many evaluations, untimed, for a counting tool; 0: none */
    unsigned threads; /* sessions that evaluate at once */
    const char *passes[BENCH_MAX_PASSES]; /* names of passes that do not run */
    unsigned n_passes;
} bench_options;

typedef struct bench_workload {
    json_t *doc; /* owns the strings below */
    const char *name;
    const char *entrypoint;
    json_t *modules; /* array of file names, at least one */
    const char *data;
    const char *inputs;
} bench_workload;

/* The lines of a file; empty lines are left out. */
typedef struct bench_lines {
    wb_buf text; /* owns the bytes */
    wb_str *line;
    size_t count;
} bench_lines;

typedef struct bench_figures {
    double ns, wall_ns; /* for one evaluation; wall_ns of all threads together */
    double allocs;      /* calls of the allocator for one evaluation; -1: not counted */
    uint64_t evals;
} bench_figures;

/* A message on standard error, and the end of the process with status 1. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

bench_options bench_parse_options(int argc, char **argv);

/* bench_workload_clear frees what bench_read_workload made. */
bench_workload bench_read_workload(const char *folder);
void bench_workload_clear(bench_workload *w);

/* The bytes of FOLDER/NAME; the caller frees the buffer. */
wb_buf bench_read_file(const char *folder, const char *name);

bench_lines bench_read_lines(const char *folder, const char *name);
void bench_lines_clear(bench_lines *l);

/* CPU time of all threads of the process in nanoseconds. */
uint64_t bench_cpu_ns(void);
/* A field of /proc/self/status in kibibytes: "VmRSS", "VmHWM". */
long bench_status_kb(const char *field);

/* Calls one(state, i) for i = 0 .. count-1 round and round: a quarter of the time as warm-up, then
 * until that much CPU time is used. The clock is read about every five milliseconds. */
bench_figures bench_measure(void (*one)(void *state, size_t i), void *state, size_t count,
                            double seconds);

/* The same with a thread for each state, for that many seconds on the wall. ns is CPU time of all
 * threads over their evaluations, wall_ns wall time over them. */
bench_figures bench_measure_threads(void (*one)(void *state, size_t i), void **states,
                                    unsigned threads, size_t count, double seconds);

/* Calls one(state, i) n times. A counting tool may look at this function alone. */
void bench_repeat(void (*one)(void *state, size_t i), void *state, size_t count, uint64_t n);

/* The SHA-256 of all answers as text, also written to a file if one is named. */
void bench_digest(const wb_buf *answers, const char *file, char digest[65]);

#endif
