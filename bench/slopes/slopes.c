/* writ-slopes: how time and memory grow with the size of a module set, shape by shape.
 *
 * Each size of each shape of shapes.def is parsed, compiled and asked in a process of its own,
 * which sends its figures back. Then a line is fitted through the logarithms: the exponent is 1
 * where twice the size costs twice as much. Usage is in README.md. */
#include "bench/runner.h"
#include "writ.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX      ((size_t)1 << 30) /* bytes of one module set */
#define GROWTH        3.17 /* from one size to the next: two steps are a power of ten */
#define SIZES_MAX     16
#define NOTICEABLE_NS 4e6  /* what is faster says nothing about growth */
#define NOTICEABLE_KB 2000 /* the same of memory: arenas are backed by pieces */
#define BAD_EXPONENT  1.35 /* n log n between 1,000 and 1,000,000 shows as 1.1 to 1.2 */
#define SECONDS       20   /* CPU seconds of one size, without --seconds */

typedef enum kind { ONE, WHOLE, MANY, REFUSED, ASK } kind;

typedef struct shape {
    const char *name;
    kind kind;
    size_t from, to;
    const char *head, *piece, *middle, *back, *tail, *query;
} shape;

static const shape shapes[] = {
#define SHAPE(name, kind, from, to, head, piece, middle, back, tail, query)                        \
    {#name, kind, from, to, head, piece, middle, back, tail, query},
#include "bench/slopes/shapes.def"
#undef SHAPE
};
#define N_SHAPES (sizeof shapes / sizeof *shapes)

enum { PARSE, COMPILE, RUN, MEMORY, N_FIGURES };

typedef struct figures {
    double v[N_FIGURES]; /* nanoseconds of CPU; memory in KiB */
    char text[80];       /* the answer's or the error's beginning */
    bool as_meant;       /* compiled, or refused when that was asked for */
} figures;

typedef struct options {
    const char *only;
    unsigned seconds;
    size_t most; /* largest size, 0: the shape's own */
    bool answers;
} options;

/* ---- text ---- */

static void put_piece(wb_buf *b, const char *piece, size_t i, size_t n)
{
    for (; *piece; piece++) {
        if (*piece == '%')
            wb_buf_putf(b, "%zu", i);
        else if (*piece == '@')
            wb_buf_putf(b, "%zu", i + 1);
        else if (*piece == '~')
            wb_buf_putf(b, "%zu", n - i);
        else
            wb_buf_putc(b, *piece);
    }
}

static void put_text(wb_buf *b, const shape *s, size_t n, bool module)
{
    if (module) {
        if (s->kind != WHOLE)
            wb_buf_puts(b, "package s\n");
        put_piece(b, s->head, 0, n);
    }
    if (module && s->kind == ASK)
        return;
    for (size_t i = 0; i < n; i++)
        put_piece(b, s->piece, i, n);
    put_piece(b, s->middle, 0, n);
    for (size_t i = 0; i < n; i++)
        put_piece(b, s->back, i, n);
    put_piece(b, s->tail, 0, n);
}

/* ---- one size, in the child ---- */

static void cut(char *to, size_t room, const char *text, size_t n)
{
    if (n >= room)
        n = room - 1;
    for (size_t i = 0; i < n; i++)
        to[i] = text[i] == '\n' ? ' ' : text[i];
    to[n] = 0;
}

static bool add_modules(writ_engine *e, const shape *s, size_t n, wb_buf *b, writ_error *error)
{
    if (s->kind != MANY)
        return writ_add_policy(e, "s.rego", b->p, b->n, error) == WRIT_OK;
    bool ok = writ_add_policy(e, "s.rego", b->p, b->n, error) == WRIT_OK;
    for (size_t i = 0; i < n && ok; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%zu.rego", i);
        wb_buf_clear(b);
        put_piece(b, s->piece, i, n);
        ok = writ_add_policy(e, name, b->p, b->n, error) == WRIT_OK;
    }
    return ok;
}

static void ask(writ_engine *e, const writ_query *q, figures *f)
{
    static const char input[] = "{\"x\": -1, \"y\": true, \"s\": [1, 2, 3], \"k0\": 1}";
    writ_session *session = writ_session_new(e);
    writ_text answer;
    writ_error error = {0};
    writ_status status = session
                             ? writ_eval_json(session, q, input, sizeof input - 1, &answer, &error)
                             : WRIT_MEMORY;
    if (status == WRIT_OK)
        cut(f->text, sizeof f->text, answer.bytes, answer.length);
    else if (status == WRIT_UNDEFINED)
        cut(f->text, sizeof f->text, "undefined", 9);
    else {
        cut(f->text, sizeof f->text, error.text, strlen(error.text));
        f->as_meant = false;
    }
    writ_session_free(session);
}

static void measure(const shape *s, size_t n, figures *f)
{
    wb_buf text, query;
    wb_buf_init(&text, TEXT_MAX);
    wb_buf_init(&query, TEXT_MAX);
    if (s->kind == MANY)
        wb_buf_puts(&text, s->head);
    else
        put_text(&text, s, n, true);
    if (s->kind == ASK)
        put_text(&query, s, n, false);
    else
        wb_buf_puts(&query, s->query ? s->query : "true");
    writ_engine *e = writ_engine_new();
    writ_error error = {0};
    long before = bench_status_kb("VmHWM");
    double at = (double)bench_cpu_ns();
    bool ok = add_modules(e, s, n, &text, &error);
    f->v[PARSE] = (double)bench_cpu_ns() - at;
    at += f->v[PARSE];
    writ_query *q = ok ? writ_prepare(e, wb_buf_cstr(&query), &error) : NULL;
    f->v[COMPILE] = (double)bench_cpu_ns() - at;
    at += f->v[COMPILE];
    f->as_meant = (s->kind == REFUSED) == !q;
    if (q)
        ask(e, q, f);
    else
        cut(f->text, sizeof f->text, error.text, strlen(error.text));
    f->v[RUN] = (double)bench_cpu_ns() - at;
    f->v[MEMORY] = (double)(bench_status_kb("VmHWM") - before);
}

/* False when the child was ended by its time limit or died; f->text then says why. */
static bool measure_apart(const shape *s, size_t n, unsigned seconds, figures *f)
{
    int ends[2];
    memset(f, 0, sizeof *f);
    if (pipe(ends))
        bench_die("pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        bench_die("fork: %s", strerror(errno));
    if (child == 0) {
        struct rlimit limit = {seconds, seconds + 1};
        setrlimit(RLIMIT_CPU, &limit);
        close(ends[0]);
        measure(s, n, f);
        _exit(write(ends[1], f, sizeof *f) != (ssize_t)sizeof *f);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], f, sizeof *f);
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    if (got == (ssize_t)sizeof *f)
        return true;
    memset(f, 0, sizeof *f);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        snprintf(f->text, sizeof f->text, "more than %u s", seconds);
    else
        snprintf(f->text, sizeof f->text, "died (status %x)", (unsigned)status);
    return false;
}

/* ---- fitting ---- */

/* The slope of the regression line through (log n, log v) of the noticeable points; NAN with fewer
 * than two of them. */
static double exponent(const size_t *n, const figures *f, unsigned count, int which)
{
    double least = which == MEMORY ? NOTICEABLE_KB : NOTICEABLE_NS;
    double sx = 0, sy = 0, sxx = 0, sxy = 0, m = 0;
    for (unsigned i = 0; i < count; i++) {
        if (f[i].v[which] < least)
            continue;
        double x = log((double)n[i]), y = log(f[i].v[which]);
        m += 1;
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    return m < 2 ? NAN : (m * sxy - sx * sy) / (m * sxx - sx * sx);
}

static void put_exponent(double e)
{
    if (isnan(e))
        printf(" %9s", "-");
    else
        printf(" %8.2f%s", e, e > BAD_EXPONENT ? "!" : " ");
}

/* Answers whether it grows as it should. */
static bool run_shape(const shape *s, const options *o)
{
    size_t n[SIZES_MAX], to = o->most && o->most < s->to ? o->most : s->to;
    figures f[SIZES_MAX];
    unsigned count = 0;
    bool good = true;
    printf("%s\n", s->name);
    for (double size = (double)s->from; (size_t)size <= to && count < SIZES_MAX; size *= GROWTH) {
        n[count] = (size_t)size;
        bool ended = measure_apart(s, n[count], o->seconds, &f[count]);
        const double *v = f[count].v;
        if (!ended) {
            printf("  %9zu %s\n", n[count], f[count].text);
            good = false;
            break;
        }
        printf("  %9zu %9.1f %9.1f %9.1f %9.1f", n[count], v[PARSE] / 1e6, v[COMPILE] / 1e6,
               v[RUN] / 1e6, v[MEMORY] / 1024);
        if (!f[count].as_meant) {
            printf("  %s", f[count].text);
            good = false;
        } else if (o->answers) {
            printf("  %s", f[count].text);
        }
        putchar('\n');
        fflush(stdout);
        if (!f[count].as_meant)
            break;
        count++;
    }
    printf("  exponent ");
    for (int i = 0; i < N_FIGURES; i++) {
        double e = exponent(n, f, count, i);
        put_exponent(e);
        good &= isnan(e) || e <= BAD_EXPONENT;
    }
    printf("%s\n", good ? "" : "  <- look here");
    fflush(stdout);
    return good;
}

static options parse_options(int argc, char **argv)
{
    options o = {.seconds = SECONDS};
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--only") == 0 && more)
            o.only = argv[++i];
        else if (strcmp(argv[i], "--seconds") == 0 && more)
            o.seconds = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--most") == 0 && more)
            o.most = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--answers") == 0)
            o.answers = true;
        else
            bench_die("usage: writ-slopes [--only PART-OF-A-NAME] [--most N] [--seconds S] "
                      "[--answers]");
    }
    if (o.seconds == 0)
        bench_die("--seconds takes a number above 0");
    return o;
}

int main(int argc, char **argv)
{
    options o = parse_options(argc, argv);
    unsigned bad = 0, ran = 0;
    printf("  %9s %9s %9s %9s %9s\n", "n", "parse ms", "compile", "run", "peak MB");
    for (size_t i = 0; i < N_SHAPES; i++) {
        if (o.only && !strstr(shapes[i].name, o.only))
            continue;
        ran++;
        bad += !run_shape(&shapes[i], &o);
    }
    printf("%u shapes, %u that grow faster than n log n or do not go through\n", ran, bad);
    return bad ? 1 : 0;
}
