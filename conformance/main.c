/* writ-conformance: runs case files and says what passes. */
#include "compiler/compile.h"
#include "conformance/pool.h"

#include <fts.h>
#include <getopt.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#define PATHS_MAX 100000u /* files of one run: OPA's cases are some 600 */

static const char usage[] =
    "usage: writ-conformance PATH... [options]\n"
    "Runs the cases of files, and of the folders' *.json, *.yaml and *.yml.\n"
    "  --json FILE      write {\"cases\": [{\"note\", \"status\", \"reason\"}]}\n"
    "  --jobs N         worker processes (2)\n"
    "  --filter TEXT    only cases whose note contains the text or matches it as a regular "
    "expression\n"
    "  --pass-off NAME  switch a pass of the compiler off; may be given again; all: every one\n"
    "  --plans-written  evaluation cases run by way of the plan that is written of them\n"
    "  --fail-fast      stop at the first failure\n"
    "  --quiet          print no failures, only the counts\n"
    "Status: 0 nothing failed, 1 something did, 2 the run itself went wrong.\n";

typedef struct totals {
    size_t by_status[3];
    size_t taken[CF_FIGURES], holds[CF_FIGURES];
} totals;

typedef struct settings {
    cf_pool_options pool;
    const char *json, *filter;
    regex_t pattern;
    bool has_pattern, quiet;
} settings;

typedef struct paths {
    char **list;
    size_t n, cap;
    size_t broken; /* paths that could not be read */
} paths;

static void add_path(paths *p, const char *path)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->list = wb_realloc(p->list, p->cap * sizeof *p->list);
    }
    p->list[p->n++] = wb_strdup(path);
}

static bool is_case_file(wb_str name)
{
    return wb_str_has_suffix(name, WB_LIT(".json")) || wb_str_has_suffix(name, WB_LIT(".yaml")) ||
           wb_str_has_suffix(name, WB_LIT(".yml"));
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Files below a folder, in the order of their names; a file that is named itself is always taken.
 */
static void find_files(paths *out, char *root)
{
    char *roots[] = {root, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    for (FTSENT *e; walk && (e = fts_read(walk)) && out->n < PATHS_MAX;) {
        if (e->fts_info == FTS_D && strcmp(e->fts_name, "remotes") == 0)
            /* What JSON Schema cases refer to, not cases. */
            fts_set(walk, e, FTS_SKIP);
        else if (e->fts_info == FTS_F &&
                 (e->fts_level == 0 || is_case_file(wb_str_of(e->fts_name))))
            add_path(out, e->fts_path);
        else if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR || e->fts_info == FTS_DNR) {
            fprintf(stderr, "writ-conformance: %s: %s\n", e->fts_path, strerror(e->fts_errno));
            out->broken++;
        }
    }
    if (walk)
        fts_close(walk);
}

static bool wanted(const settings *s, wb_str note)
{
    if (!s->filter)
        return true;
    return memmem(note.p, note.n, s->filter, strlen(s->filter)) ||
           (s->has_pattern && regexec(&s->pattern, note.p, 0, NULL, 0) == 0);
}

static void put_json(wb_buf *json, const cf_file *f, const settings *s, const cf_outcome *outcomes)
{
    static const char *const words[] = {"pass", "fail", "skip"};
    for (size_t i = 0; i < f->n; i++) {
        if (s->pool.only && !s->pool.only[i])
            continue;
        wb_buf_puts(json, json->n ? ",\n{\"note\":" : "\n{\"note\":");
        wb_buf_put_json(json, f->cases[i].note);
        wb_buf_putf(json, ",\"status\":\"%s\",\"reason\":", words[outcomes[i].status]);
        wb_buf_put_json(json, wb_buf_str(&outcomes[i].reason));
        wb_buf_puts(json, "}");
    }
}

static void print_failure(const cf_case *c, cf_outcome *o)
{
    printf("FAIL %.*s\n", WB_FMT(c->note));
    char *save = NULL, *text = wb_strndup(o->reason.p, o->reason.n);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        printf("     %.600s\n", line);
    free(text);
}

static void print_counts(const char *title, const totals *t)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CF_FIGURE_MAP(X)
#undef X
    };
    for (unsigned i = 0; i < CF_FIGURES; i++)
        if (t->taken[i])
            printf("%s%s: %zu of %zu\n", title, texts[i], t->holds[i], t->taken[i]);
    printf("%s%zu passed, %zu failed, %zu skipped\n", title, t->by_status[CF_PASS],
           t->by_status[CF_FAIL], t->by_status[CF_SKIP]);
}

static void count(totals *t, const cf_outcome *o)
{
    t->by_status[o->status]++;
    for (unsigned i = 0; i < CF_FIGURES; i++) {
        t->taken[i] += o->taken >> i & 1;
        t->holds[i] += o->holds >> i & 1;
    }
}

/* Runs one file and adds what came of it. False: no worker could be started. */
static bool run_file(const cf_file *f, settings *s, totals *sum, wb_buf *json)
{
    bool *only = wb_calloc(f->n + 1, sizeof *only), any = false;
    for (size_t i = 0; i < f->n; i++)
        any = (only[i] = wanted(s, f->cases[i].note)) || any;
    s->pool.only = s->filter ? only : NULL;
    cf_outcome *outcomes = wb_calloc(f->n + 1, sizeof *outcomes);
    bool ok = !any || cf_pool_run(f, &s->pool, outcomes);
    if (ok && any) {
        totals t = {0};
        for (size_t i = 0; i < f->n; i++) {
            if (!only[i])
                continue;
            count(&t, &outcomes[i]);
            count(sum, &outcomes[i]);
            if (outcomes[i].status == CF_FAIL && !s->quiet)
                print_failure(&f->cases[i], &outcomes[i]);
        }
        put_json(json, f, s, outcomes);
        char *title = NULL;
        if (asprintf(&title, "%s: ", f->path) < 0)
            wb_fatal("no memory for a title");
        print_counts(title, &t);
        fflush(stdout);
        free(title);
    }
    for (size_t i = 0; i < f->n; i++)
        wb_buf_free(&outcomes[i].reason);
    free(outcomes);
    free(only);
    return ok;
}

static bool write_json(const char *path, const wb_buf *json)
{
    FILE *out = fopen(path, "wb");
    if (!out) {
        fprintf(stderr, "writ-conformance: %s: %m\n", path);
        return false;
    }
    fputs("{\"cases\": [", out);
    if (json->n)
        fwrite(json->p, 1, json->n, out);
    fputs("\n]}\n", out);
    bool ok = !ferror(out) && !json->failed;
    ok = fclose(out) == 0 && ok;
    if (!ok)
        fprintf(stderr, "writ-conformance: %s: not written whole\n", path);
    return ok;
}

static bool pass_off(settings *s, const char *name)
{
    int pass = wc_pass_by_name(wb_str_of(name));
    if (strcmp(name, "all") == 0)
        s->pool.run.passes_off = (1u << WC_PASS_COUNT) - 1;
    else if (pass >= 0)
        s->pool.run.passes_off |= 1u << pass;
    else
        fprintf(stderr, "writ-conformance: no pass is named %s\n", name);
    return pass >= 0 || strcmp(name, "all") == 0;
}

/* 0: go on; else the status to end with, plus one. */
static int read_options(settings *s, int argc, char **argv)
{
    static const struct option options[] = {{"json", required_argument, NULL, 'j'},
                                            {"jobs", required_argument, NULL, 'n'},
                                            {"filter", required_argument, NULL, 'f'},
                                            {"pass-off", required_argument, NULL, 'p'},
                                            {"fail-fast", no_argument, NULL, 'x'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"plans-written", no_argument, NULL, 'w'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        char *end;
        unsigned long jobs;
        switch (c) {
        case 'j': s->json = optarg; break;
        case 'f': s->filter = optarg; break;
        case 'x': s->pool.fail_fast = true; break;
        case 'q': s->quiet = true; break;
        case 'w': s->pool.run.plans_written = true; break;
        case 'n':
            jobs = strtoul(optarg, &end, 10);
            if (*end || jobs < 1 || jobs > CF_JOBS_MAX) {
                fprintf(stderr, "writ-conformance: --jobs takes 1 to %d\n", CF_JOBS_MAX);
                return 3;
            }
            s->pool.jobs = (unsigned)jobs;
            break;
        case 'p':
            if (!pass_off(s, optarg))
                return 3;
            break;
        case 'h': fputs(usage, stdout); return 1;
        default: fputs(usage, stderr); return 3;
        }
    }
    if (optind == argc) {
        fputs(usage, stderr);
        return 3;
    }
    return 0;
}

int main(int argc, char **argv)
{
    settings s = {.pool.jobs = 2};
    int end = read_options(&s, argc, argv);
    if (end)
        return end - 1;
    s.has_pattern = s.filter && regcomp(&s.pattern, s.filter, REG_EXTENDED | REG_NOSUB) == 0;
    paths p = {0};
    for (int i = optind; i < argc; i++)
        find_files(&p, argv[i]);

    totals sum = {0};
    wb_buf json;
    wb_buf_init(&json, (size_t)1 << 31);
    size_t files = 0;
    for (size_t i = 0; i < p.n; i++) {
        cf_file f;
        wb_error why;
        wb_status read = cf_file_read(&f, p.list[i], &why);
        if (read == WB_NOT_FOUND && (size_t)(argc - optind) < p.n) {
            printf("%s; passed over\n", why.text);
            continue;
        }
        if (read) {
            fprintf(stderr, "writ-conformance: %s\n", why.text);
            p.broken++;
            continue;
        }
        files++;
        if (!run_file(&f, &s, &sum, &json)) {
            fprintf(stderr, "writ-conformance: no worker could be started\n");
            p.broken++;
        }
        cf_file_free(&f);
        if (s.pool.fail_fast && sum.by_status[CF_FAIL])
            break;
    }
    if (!files && !p.broken) {
        fprintf(stderr, "writ-conformance: no case file found\n");
        p.broken++;
    }
    if (s.json && !write_json(s.json, &json))
        p.broken++;
    print_counts("", &sum);

    wb_buf_free(&json);
    for (size_t i = 0; i < p.n; i++)
        free(p.list[i]);
    free(p.list);
    if (s.has_pattern)
        regfree(&s.pattern);
    return p.broken ? 2 : sum.by_status[CF_FAIL] ? 1 : 0;
}
