#include "bench/runner.h"

#include "base/sha256.h"
#include "bench/allocs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define BLOCK    (1 << 16)                   /* bytes read at a time from what tells no size */
#define BATCH_NS ((uint64_t)5 * 1000 * 1000) /* time between two looks at the clock */

_Noreturn void bench_die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("writ-bench: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

static const char *option_value(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc)
        bench_die("%s needs a value", argv[*i]);
    return argv[++*i];
}

static uint64_t whole_number(const char *text, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || n > most)
        bench_die("\"%s\" is not a number from 0 to %llu", text, (unsigned long long)most);
    return n;
}

bench_options bench_parse_options(int argc, char **argv)
{
    bench_options o = {.seconds = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mode") == 0) {
            const char *mode = option_value(argc, argv, &i);
            if (strcmp(mode, "parsed") != 0 && strcmp(mode, "json") != 0)
                bench_die("unknown mode \"%s\"", mode);
            o.json = strcmp(mode, "json") == 0;
        } else if (strcmp(argv[i], "--seconds") == 0) {
            const char *text = option_value(argc, argv, &i);
            char *end;
            o.seconds = strtod(text, &end);
            if (end == text || *end || !(o.seconds >= 0 && o.seconds <= 86400))
                bench_die("--seconds takes a number from 0 to 86400, not \"%s\"", text);
        } else if (strcmp(argv[i], "--check") == 0) {
            o.check = true;
        } else if (strcmp(argv[i], "--answers") == 0) {
            o.answers = option_value(argc, argv, &i);
        } else if (strcmp(argv[i], "--evals") == 0) {
            o.evals = whole_number(option_value(argc, argv, &i), UINT32_MAX);
        } else if (strcmp(argv[i], "--threads") == 0) {
            o.threads = (unsigned)whole_number(option_value(argc, argv, &i), BENCH_MAX_THREADS);
        } else if (strcmp(argv[i], "--pass-off") == 0) {
            if (o.n_passes == BENCH_MAX_PASSES)
                bench_die("at most %d passes are switched off", BENCH_MAX_PASSES);
            o.passes[o.n_passes++] = option_value(argc, argv, &i);
        } else if (argv[i][0] == '-' || o.folder) {
            bench_die("unexpected argument \"%s\"", argv[i]);
        } else {
            o.folder = argv[i];
        }
    }
    if (!o.folder)
        bench_die("usage: writ-bench FOLDER [--mode parsed|json] [--seconds S] [--check] "
                  "[--answers FILE] [--evals N] [--threads N] [--pass-off NAME]");
    return o;
}

wb_buf bench_read_file(const char *folder, const char *name)
{
    wb_buf path, text;
    wb_buf_init(&path, 1 << 16);
    wb_buf_putf(&path, "%s/%s", folder, name);
    FILE *f = fopen(wb_buf_cstr(&path), "rb");
    if (!f)
        bench_die("%s: %s", wb_buf_cstr(&path), strerror(errno));
    wb_buf_init(&text, BENCH_MAX_FILE);
    struct stat st;
    size_t room = fstat(fileno(f), &st) || st.st_size < BLOCK ? BLOCK : (size_t)st.st_size, n;
    setvbuf(f, NULL, _IONBF, 0);
    for (char *to; (to = wb_buf_reserve(&text, room)) && (n = fread(to, 1, room, f)) > 0;) {
        wb_buf_commit(&text, n);
        room = BLOCK;
    }
    if (ferror(f) || text.failed)
        bench_die("%s: %s", wb_buf_cstr(&path), text.failed ? "too large" : strerror(errno));
    fclose(f);
    wb_buf_free(&path);
    return text;
}

static const char *member(const bench_workload *w, const char *name)
{
    const char *text = json_string_value(json_object_get(w->doc, name));
    if (!text)
        bench_die("workload.json: \"%s\" must be a string", name);
    return text;
}

bench_workload bench_read_workload(const char *folder)
{
    wb_buf text = bench_read_file(folder, "workload.json");
    json_error_t e;
    bench_workload w = {.doc = json_loadb(text.p ? text.p : "", text.n, 0, &e)};
    if (!w.doc)
        bench_die("workload.json:%d: %s", e.line, e.text);
    wb_buf_free(&text);
    w.name = member(&w, "name");
    w.entrypoint = member(&w, "entrypoint");
    w.data = member(&w, "data");
    w.inputs = member(&w, "inputs");
    w.modules = json_object_get(w.doc, "modules");
    if (json_array_size(w.modules) == 0)
        bench_die("workload.json: \"modules\" must name a file");
    size_t i;
    json_t *module;
    json_array_foreach(w.modules, i, module)
    {
        if (!json_is_string(module))
            bench_die("workload.json: \"modules\" must hold strings");
    }
    return w;
}

void bench_workload_clear(bench_workload *w)
{
    json_decref(w->doc);
}

bench_lines bench_read_lines(const char *folder, const char *name)
{
    bench_lines l = {.text = bench_read_file(folder, name)};
    size_t room = 1;
    for (size_t i = 0; i < l.text.n; i++)
        room += l.text.p[i] == '\n';
    l.line = calloc(room, sizeof *l.line);
    if (!l.line)
        bench_die("out of memory");
    for (size_t from = 0; from < l.text.n;) {
        const char *end = memchr(l.text.p + from, '\n', l.text.n - from);
        size_t n = end ? (size_t)(end - l.text.p) - from : l.text.n - from;
        if (n)
            l.line[l.count++] = wb_str_n(l.text.p + from, n);
        from += n + 1;
    }
    if (l.count == 0)
        bench_die("%s: no inputs", name);
    return l;
}

void bench_lines_clear(bench_lines *l)
{
    free(l->line);
    wb_buf_free(&l->text);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        bench_die("clock_gettime: %s", strerror(errno));
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

long bench_status_kb(const char *field)
{
    FILE *f = fopen("/proc/self/status", "r");
    if (!f)
        bench_die("/proc/self/status: %s", strerror(errno));
    char line[256];
    size_t n = strlen(field);
    long kb = -1;
    while (kb < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, field, n) == 0 && line[n] == ':')
            kb = strtol(line + n + 1, NULL, 10);
    fclose(f);
    if (kb < 0)
        bench_die("/proc/self/status has no %s", field);
    return kb;
}

typedef struct rounds {
    void (*one)(void *state, size_t i);
    void *state;
    size_t count, next;
    uint64_t batch;
} rounds;

static bench_figures run_for(rounds *r, uint64_t limit)
{
    uint64_t wall = clock_ns(CLOCK_MONOTONIC), begun = bench_cpu_ns(), used = 0, evals = 0;
    int64_t allocs = bench_allocs();
    while (used < limit) {
        uint64_t before = used;
        for (uint64_t n = 0; n < r->batch; n++) {
            r->one(r->state, r->next);
            if (++r->next == r->count)
                r->next = 0;
        }
        evals += r->batch;
        used = bench_cpu_ns() - begun;
        if (used - before < BATCH_NS)
            r->batch *= 2;
    }
    wall = clock_ns(CLOCK_MONOTONIC) - wall;
    if (evals == 0)
        return (bench_figures){0};
    allocs = allocs < 0 ? -(int64_t)evals : bench_allocs() - allocs;
    return (bench_figures){(double)used / (double)evals, (double)wall / (double)evals,
                           (double)allocs / (double)evals, evals};
}

bench_figures bench_measure(void (*one)(void *state, size_t i), void *state, size_t count,
                            double seconds)
{
    rounds r = {one, state, count, 0, 1};
    run_for(&r, (uint64_t)(seconds * 1e9 / 4));
    return run_for(&r, (uint64_t)(seconds * 1e9));
}

/* Not inlined, so that it has a name to look for. */
__attribute__((noinline)) void bench_repeat(void (*one)(void *state, size_t i), void *state,
                                            size_t count, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        one(state, (size_t)(i % count));
}

void bench_digest(const wb_buf *answers, const char *file, char digest[65])
{
    if (answers->failed)
        bench_die("the answers are too large");
    if (file) {
        FILE *f = fopen(file, "wb");
        if (!f || fwrite(answers->p, 1, answers->n, f) != answers->n || fclose(f) != 0)
            bench_die("%s: %s", file, strerror(errno));
    }
    unsigned char sum[WB_SHA256_LEN];
    wb_sha256(answers->p, answers->n, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(digest + 2 * i, 3, "%02x", sum[i]);
}
