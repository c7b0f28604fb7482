/* writ-diff: random programs, our answers beside OPA's. */
#include "conformance/diff/case_file.h"
#include "conformance/diff/generate.h"
#include "conformance/diff/judge.h"
#include "conformance/diff/known.h"
#include "conformance/diff/peer.h"
#include "conformance/diff/shrink.h"

#include "compiler/compile.h"
#include "vm/program.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH     256 /* programs under way at once */
#define SIGNS_MAX 256 /* kinds of difference told apart */
#define JOBS_MAX  32
#define RULES_MAX 16 /* known differences that the report names */

static const char usage[] =
    "usage: writ-diff --oracle PATH [options]       ours beside OPA's\n"
    "       writ-diff --pass-off NAME [options]     ours with a pass off beside all on\n"
    "       writ-diff --print | --answer | --coverage [options]\n"
    "  --seed N       seed of the first program (1); the next has the next number\n"
    "  --count N      programs (1000)\n"
    "  --jobs N       workers of a side (2)\n"
    "  --oracle PATH  the oracle's binary (conformance/diff/oracle)\n"
    "  --pass-off NAME  a pass of the compiler; may be given again; all: every one\n"
    "  --texts        messages and places of diagnostics must be equal too\n"
    "  --shrink N     differences of one kind to make small and show (1)\n"
    "  --keep DIR     write each shown one as a case file\n"
    "  --print        print the programs, run nothing\n"
    "  --lines        print them as lines for the oracle\n"
    "  --answer       answer the oracle's lines with our own engine\n"
    "  --coverage     run ours alone and say which opcodes the bytecode held\n"
    "Status: 0 no difference, 1 some, 2 the run itself went wrong.\n";

typedef struct kind_row {
    char sign[200];
    size_t n, shown;
    uint64_t seed;
} kind_row;

typedef struct run {
    uint64_t seed, count;
    unsigned jobs, shrink, passes_off;
    const char *oracle, *keep;
    bool print, lines, answer, coverage;
    df_judge_options judge;
    df_side sides[2];
    kind_row kinds[SIGNS_MAX];
    size_t n_kinds, differ;
    size_t same, known, given_up, compiled, refused, asked, defined, texts, texts_equal;
    struct {
        const char *name;
        size_t n;
    } rules[RULES_MAX]; /* of known differences; those in use stand first */
} run;

/* ---- asking ---- */

/* Verdicts on n programs; lines are made here. */
static void judge_all(run *r, const df_program *list, size_t n, df_verdict *verdicts)
{
    wb_str *lines = wb_calloc(n, sizeof *lines);
    char **texts = wb_calloc(n, sizeof *texts);
    char **left = wb_calloc(n, sizeof *left), **right = wb_calloc(n, sizeof *right);
    for (size_t i = 0; i < n; i++) {
        wb_buf b;
        wb_buf_init(&b, DF_LINE_MAX);
        df_program_line(&b, &list[i]);
        size_t length;
        texts[i] = wb_buf_detach(&b, &length);
        lines[i] = wb_str_n(texts[i], length);
    }
    df_ask((df_side *[]){&r->sides[0], &r->sides[1]}, 2, lines, n, (char **[]){left, right});
    for (size_t i = 0; i < n; i++) {
        df_judge(&list[i], left[i], right[i], &r->judge, &verdicts[i]);
        free(left[i]);
        free(right[i]);
        free(texts[i]);
    }
    free(texts);
    free(lines);
    free(left);
    free(right);
}

/* Both answers to one program, for people and for case files. */
static void ask_one(run *r, const df_program *p, char **left, char **right)
{
    wb_buf b;
    wb_buf_init(&b, DF_LINE_MAX);
    df_program_line(&b, p);
    wb_str line = wb_buf_str(&b);
    df_ask((df_side *[]){&r->sides[0], &r->sides[1]}, 2, &line, 1, (char **[]){left, right});
    wb_buf_free(&b);
}

typedef struct target {
    run *r;
    const char *sign;
} target;

static int still_differs(void *argument, const df_program *list, size_t n)
{
    target *t = argument;
    df_verdict *verdicts = wb_calloc(n, sizeof *verdicts);
    judge_all(t->r, list, n, verdicts);
    int found = -1;
    for (size_t i = 0; i < n && found < 0; i++)
        if (verdicts[i].kind == DF_DIFFERS && strcmp(verdicts[i].sign, t->sign) == 0)
            found = (int)i;
    free(verdicts);
    return found;
}

/* ---- showing ---- */

static void keep(run *r, const df_program *p, const char *sign)
{
    char path[512], *left = NULL, *right = NULL;
    wb_buf b;
    wb_buf_init(&b, DF_LINE_MAX);
    df_program asked = *p;
    asked.cases = true;
    ask_one(r, &asked, &left, &right);
    snprintf(path, sizeof path, "seed %llu: %s", (unsigned long long)p->seed, sign);
    if (df_case_file(&b, p, path, left)) {
        mkdir(r->keep, 0777);
        snprintf(path, sizeof path, "%s/%llu.yaml", r->keep, (unsigned long long)p->seed);
        FILE *f = fopen(path, "w");
        if (!f || fwrite(b.p, 1, b.n, f) != b.n)
            fprintf(stderr, "writ-diff: %s: not written\n", path);
        if (f)
            fclose(f);
    }
    wb_buf_free(&b);
    free(left);
    free(right);
}

static void show(run *r, df_program *p, const df_verdict *v)
{
    wb_arena a;
    wb_buf b;
    char *left = NULL, *right = NULL;
    if (wb_arena_init(&a, (size_t)1 << 30, 0))
        wb_fatal("no memory to shrink in");
    target t = {r, v->sign};
    df_program small = *p;
    df_shrink(&a, &small, still_differs, &t);
    ask_one(r, &small, &left, &right);
    wb_buf_init(&b, DF_LINE_MAX);
    df_program_show(&b, &small);
    printf("=== seed %llu: %s\n%s%s: %s\nours: %s\n\n", (unsigned long long)p->seed, v->sign,
           wb_buf_cstr(&b), r->oracle ? "opa " : "off ", left ? left : "died\n",
           right ? right : "died\n");
    fflush(stdout);
    if (r->keep && r->oracle)
        keep(r, &small, v->sign);
    free(left);
    free(right);
    wb_buf_free(&b);
    wb_arena_free(&a);
}

static void note_difference(run *r, df_program *p, const df_verdict *v)
{
    size_t i = 0;
    while (i < r->n_kinds && strcmp(r->kinds[i].sign, v->sign) != 0)
        i++;
    if (i == SIGNS_MAX)
        return;
    if (i == r->n_kinds) {
        r->n_kinds++;
        memcpy(r->kinds[i].sign, v->sign, sizeof v->sign);
        r->kinds[i].seed = p->seed;
    }
    r->kinds[i].n++;
    if (r->kinds[i].shown < r->shrink) {
        r->kinds[i].shown++;
        show(r, p, v);
    }
}

static void note_known(run *r, const char *rule)
{
    size_t i = 0;
    while (i < RULES_MAX - 1 && r->rules[i].name && strcmp(r->rules[i].name, rule) != 0)
        i++;
    r->rules[i].name = rule;
    r->rules[i].n++;
}

static void count(run *r, df_program *p, const df_verdict *v)
{
    r->same += v->kind == DF_SAME;
    r->known += v->kind == DF_KNOWN;
    r->given_up += v->kind == DF_GIVEN_UP;
    r->differ += v->kind == DF_DIFFERS;
    r->compiled += v->compiled;
    r->refused += !v->compiled;
    r->asked += v->asked;
    r->defined += v->defined;
    r->texts += v->errors > 0;
    r->texts_equal += v->errors == 2;
    if (v->kind == DF_KNOWN)
        note_known(r, v->rule);
    if (v->kind == DF_DIFFERS)
        note_difference(r, p, v);
}

static int by_count(const void *x, const void *y)
{
    const kind_row *a = x, *b = y;
    return a->n != b->n ? (a->n > b->n ? -1 : 1) : strcmp(a->sign, b->sign);
}

static double share(size_t part, size_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void report(run *r)
{
    qsort(r->kinds, r->n_kinds, sizeof *r->kinds, by_count);
    for (size_t i = 0; i < r->n_kinds; i++)
        printf("%6zu  %s  (seed %llu)\n", r->kinds[i].n, r->kinds[i].sign,
               (unsigned long long)r->kinds[i].seed);
    for (size_t i = 0; i < RULES_MAX && r->rules[i].name; i++)
        printf("%6zu  on purpose, %s: %s\n", r->rules[i].n, r->rules[i].name,
               df_known_reason(r->rules[i].name));
    printf("seed %llu, %llu programs: %zu the same, %zu differ, %zu differ on purpose, "
           "%zu given up\n",
           (unsigned long long)r->seed, (unsigned long long)r->count, r->same, r->differ, r->known,
           r->given_up);
    printf("compiled by both %.1f %%; of %zu queries %.1f %% with rows; diagnostics equal to the "
           "letter %.1f %% of %zu\n",
           share(r->compiled, r->compiled + r->refused), r->asked, share(r->defined, r->asked),
           share(r->texts_equal, r->texts), r->texts);
}

/* ---- the runs ---- */

static void tell_progress(run *r, uint64_t done)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu/%llu, %zu differ ", (unsigned long long)done,
                (unsigned long long)r->count, r->differ);
}

static int compare_all(run *r)
{
    df_worker_options worker = {0}, other = {.passes_off = r->passes_off};
    df_side_init(&r->sides[0], r->oracle ? 1 : r->jobs, r->oracle, &other);
    df_side_init(&r->sides[1], r->jobs, NULL, &worker);
    wb_arena a;
    if (wb_arena_init(&a, (size_t)4 << 30, 0))
        wb_fatal("no memory for programs");
    df_program *list = wb_calloc(BATCH, sizeof *list);
    df_verdict *verdicts = wb_calloc(BATCH, sizeof *verdicts);
    for (uint64_t at = 0; at < r->count;) {
        size_t n = 0;
        for (; n < BATCH && at < r->count; n++, at++)
            df_generate(&a, r->seed + at, &list[n]);
        judge_all(r, list, n, verdicts);
        for (size_t i = 0; i < n; i++)
            count(r, &list[i], &verdicts[i]);
        tell_progress(r, at);
        wb_arena_reset(&a);
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\n");
    report(r);
    free(list);
    free(verdicts);
    df_side_free(&r->sides[0]);
    df_side_free(&r->sides[1]);
    wb_arena_free(&a);
    return r->differ ? 1 : 0;
}

static int print_all(run *r)
{
    wb_arena a;
    if (wb_arena_init(&a, (size_t)4 << 30, 0))
        wb_fatal("no memory for programs");
    for (uint64_t i = 0; i < r->count; i++) {
        df_program p;
        wb_buf b;
        wb_buf_init(&b, DF_LINE_MAX);
        df_generate(&a, r->seed + i, &p);
        if (r->lines)
            df_program_line(&b, &p);
        else
            df_program_show(&b, &p);
        if (!r->lines)
            printf("# seed %llu\n", (unsigned long long)p.seed);
        fwrite(b.p, 1, b.n, stdout);
        wb_buf_free(&b);
        wb_arena_reset(&a);
    }
    wb_arena_free(&a);
    return 0;
}

static int cover(run *r)
{
    wb_arena a;
    uint64_t opcodes[WM_OP_COUNT] = {0};
    df_worker_options options = {.passes_off = r->passes_off, .opcodes = opcodes};
    if (wb_arena_init(&a, (size_t)4 << 30, 0))
        wb_fatal("no memory for programs");
    for (uint64_t i = 0; i < r->count; i++) {
        df_program p;
        wb_buf line, answer;
        wb_buf_init(&line, DF_LINE_MAX);
        wb_buf_init(&answer, (size_t)64 << 20);
        df_generate(&a, r->seed + i, &p);
        df_program_line(&line, &p);
        df_work(wb_buf_str(&line), &options, &answer);
        wb_buf_free(&line);
        wb_buf_free(&answer);
        wb_arena_reset(&a);
    }
    wb_arena_free(&a);
    unsigned used = 0;
    for (unsigned i = 0; i < WM_OP_COUNT; i++) {
        used += opcodes[i] > 0;
        printf("%12llu  %s\n", (unsigned long long)opcodes[i], wm_op_infos[i].name);
    }
    printf("%u of %u opcodes in the bytecode of %llu programs\n", used, (unsigned)WM_OP_COUNT,
           (unsigned long long)r->count);
    return 0;
}

static bool add_pass(run *r, const char *name)
{
    int bit = wc_pass_by_name(wb_str_of(name));
    if (strcmp(name, "all") == 0)
        r->passes_off = (1u << WC_PASS_COUNT) - 1;
    else if (bit >= 0)
        r->passes_off |= 1u << bit;
    else
        fprintf(stderr, "writ-diff: no pass is named %s\n", name);
    return r->passes_off != 0;
}

static bool read_options(run *r, int argc, char **argv)
{
    enum {
        SEED = 256,
        COUNT,
        JOBS,
        ORACLE,
        PASS,
        TEXTS,
        SHRINK,
        KEEP,
        PRINT,
        LINES,
        ANSWER,
        COVERAGE,
        HELP
    };
    static const struct option options[] = {
        {"seed", 1, NULL, SEED},     {"count", 1, NULL, COUNT},
        {"jobs", 1, NULL, JOBS},     {"oracle", 1, NULL, ORACLE},
        {"pass-off", 1, NULL, PASS}, {"texts", 0, NULL, TEXTS},
        {"shrink", 1, NULL, SHRINK}, {"keep", 1, NULL, KEEP},
        {"print", 0, NULL, PRINT},   {"coverage", 0, NULL, COVERAGE},
        {"lines", 0, NULL, LINES},   {"help", 0, NULL, HELP},
        {"answer", 0, NULL, ANSWER}, {0},
    };
    *r = (run){.seed = 1, .count = 1000, .jobs = 2, .shrink = 1};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case SEED: r->seed = strtoull(optarg, NULL, 10); break;
        case COUNT: r->count = strtoull(optarg, NULL, 10); break;
        case JOBS: r->jobs = (unsigned)strtoul(optarg, NULL, 10); break;
        case ORACLE: r->oracle = optarg; break;
        case PASS:
            if (!add_pass(r, optarg))
                return false;
            break;
        case TEXTS: r->judge.texts = true; break;
        case SHRINK: r->shrink = (unsigned)strtoul(optarg, NULL, 10); break;
        case KEEP: r->keep = optarg; break;
        case PRINT: r->print = true; break;
        case LINES: r->print = r->lines = true; break;
        case ANSWER: r->answer = true; break;
        case COVERAGE: r->coverage = true; break;
        case HELP: fputs(usage, stdout); exit(0);
        default: return false;
        }
    }
    return optind == argc && r->jobs >= 1 && r->jobs <= JOBS_MAX &&
           (r->print || r->answer || r->coverage || !r->oracle != !r->passes_off);
}

int main(int argc, char **argv)
{
    run *r = wb_malloc(sizeof *r);
    int status = 2;
    if (!read_options(r, argc, argv))
        fputs(usage, stderr);
    else if (r->answer)
        status = df_worker_main(STDIN_FILENO, STDOUT_FILENO,
                                &(df_worker_options){.passes_off = r->passes_off});
    else
        status = r->print ? print_all(r) : r->coverage ? cover(r) : compare_all(r);
    free(r);
    return status;
}
