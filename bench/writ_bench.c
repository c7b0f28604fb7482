/* writ-bench: one workload on the engine behind include/writ.h (of which only --pass-off sees the
 * inside), one JSON line as the answer. */
#include "bench/runner.h"
#include "engine/engine.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct bench {
    writ_engine *engine;
    writ_query *query;
    writ_session *session;
    const bench_lines *inputs;
    writ_document **documents; /* one an input, in parsed mode */
    writ_value *values;        /* theirs */
} bench;

static void load(bench *b, const bench_options *o, const bench_workload *w)
{
    writ_error e = {0};
    size_t i;
    json_t *module;
    b->engine = writ_engine_new();
    if (!b->engine)
        bench_die("out of memory");
    for (unsigned k = 0; k < o->n_passes; k++) {
        int pass = wc_pass_by_name(wb_str_of(o->passes[k]));
        if (pass < 0)
            bench_die("no pass is named %s", o->passes[k]);
        b->engine->passes_off |= 1u << pass;
    }
    json_array_foreach(w->modules, i, module)
    {
        const char *name = json_string_value(module);
        wb_buf text = bench_read_file(o->folder, name);
        if (writ_add_policy(b->engine, name, text.p ? text.p : "", text.n, &e) != WRIT_OK)
            bench_die("%s", e.text);
        wb_buf_free(&text);
    }
    if (*w->data) {
        wb_buf text = bench_read_file(o->folder, w->data);
        if (writ_set_data(b->engine, text.p ? text.p : "", text.n, &e) != WRIT_OK)
            bench_die("%s: %s", w->data, e.text);
        wb_buf_free(&text);
    }
    b->query = writ_prepare(b->engine, w->entrypoint, &e);
    if (!b->query)
        bench_die("%s: %s", w->entrypoint, e.text);
    b->session = writ_session_new(b->engine);
    if (!b->session)
        bench_die("out of memory");
}

static void parse_inputs(bench *b)
{
    writ_error e = {0};
    b->documents = calloc(b->inputs->count, sizeof(writ_document *));
    b->values = calloc(b->inputs->count, sizeof(writ_value));
    if (!b->documents || !b->values)
        bench_die("out of memory");
    for (size_t i = 0; i < b->inputs->count; i++) {
        wb_str line = b->inputs->line[i];
        b->documents[i] = writ_document_new(b->engine, line.p, line.n, &e);
        if (!b->documents[i])
            bench_die("input %zu: %s", i + 1, e.text);
        b->values[i] = writ_document_value(b->documents[i]);
    }
}

static void eval_parsed(void *state, size_t i)
{
    bench *b = state;
    writ_error e;
    writ_value answer;
    if (writ_eval(b->session, b->query, b->values[i], &answer, &e) < 0)
        bench_die("input %zu: %s", i + 1, e.text);
}

static writ_text text_of(bench *b, size_t i)
{
    writ_error e;
    writ_text answer;
    wb_str line = b->inputs->line[i];
    writ_status s = writ_eval_json(b->session, b->query, line.p, line.n, &answer, &e);
    if (s < 0)
        bench_die("input %zu: %s", i + 1, e.text);
    return s == WRIT_UNDEFINED ? (writ_text){"undefined", 9} : answer;
}

static void eval_json(void *state, size_t i)
{
    (void)text_of(state, i);
}

/* The answers come from texts, and in parsed mode the values must say the same of being defined. */
static void check(bench *b, const char *file, char digest[65])
{
    wb_buf answers;
    wb_buf_init(&answers, BENCH_MAX_ANSWERS);
    for (size_t i = 0; i < b->inputs->count; i++) {
        writ_text answer = text_of(b, i);
        bool defined = answer.length != 9 || memcmp(answer.bytes, "undefined", 9) != 0;
        wb_buf_put(&answers, answer.bytes, answer.length);
        wb_buf_putc(&answers, '\n');
        if (b->values) {
            writ_error e;
            writ_value value;
            writ_status s = writ_eval(b->session, b->query, b->values[i], &value, &e);
            if (s < 0)
                bench_die("input %zu: %s", i + 1, e.text);
            if ((s == WRIT_OK) != defined)
                bench_die("input %zu: text and value give different answers", i + 1);
        }
    }
    bench_digest(&answers, file, digest);
    wb_buf_free(&answers);
}

/* One session a thread, everything else shared. */
static bench_figures measure_threads(const bench *b, const bench_options *o)
{
    bench own[BENCH_MAX_THREADS];
    void *states[BENCH_MAX_THREADS];
    for (unsigned i = 0; i < o->threads; i++) {
        own[i] = *b;
        own[i].session = writ_session_new(b->engine);
        if (!own[i].session)
            bench_die("out of memory");
        states[i] = &own[i];
    }
    bench_figures figures = bench_measure_threads(o->json ? eval_json : eval_parsed, states,
                                                  o->threads, b->inputs->count, o->seconds);
    for (unsigned i = 0; i < o->threads; i++)
        writ_session_free(own[i].session);
    return figures;
}

static void clear(bench *b)
{
    for (size_t i = 0; b->documents && i < b->inputs->count; i++)
        writ_document_free(b->documents[i]);
    free(b->documents);
    free(b->values);
    writ_session_free(b->session);
    writ_query_free(b->query);
    writ_engine_free(b->engine);
}

int main(int argc, char **argv)
{
    bench_options o = bench_parse_options(argc, argv);
    bench b = {0};
    bench_figures figures = {0};
    char digest[65] = "";

    uint64_t before = bench_cpu_ns();
    bench_workload w = bench_read_workload(o.folder);
    load(&b, &o, &w);
    double prepare_ms = (double)(bench_cpu_ns() - before) / 1e6;
    malloc_trim(0);
    long ready_kb = bench_status_kb("VmRSS");

    bench_lines inputs = bench_read_lines(o.folder, w.inputs);
    b.inputs = &inputs;
    if (!o.json)
        parse_inputs(&b);
    if (o.check)
        check(&b, o.answers, digest);
    void (*one)(void *, size_t) = o.json ? eval_json : eval_parsed;
    if (o.seconds > 0 && o.threads)
        figures = measure_threads(&b, &o);
    else if (o.seconds > 0)
        figures = bench_measure(one, &b, inputs.count, o.seconds);
    for (size_t i = 0; i < o.evals && i < inputs.count; i++)
        one(&b, i);
    if (o.evals)
        bench_repeat(one, &b, inputs.count, o.evals);

    json_t *report = json_pack(
        "{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I, s:I, s:s, s:f, s:I, s:I}", "engine", "writ",
        "version", writ_version(), "workload", w.name, "mode", o.json ? "json" : "parsed",
        "ns_per_eval", figures.ns, "wall_ns_per_eval", figures.wall_ns, "allocs_per_eval",
        figures.allocs, "evals", (json_int_t)figures.evals, "inputs", (json_int_t)inputs.count,
        "digest", digest, "prepare_ms", prepare_ms, "ready_rss_kb", (json_int_t)ready_kb, "rss_kb",
        (json_int_t)bench_status_kb("VmHWM"));
    char *line = report ? json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
    if (!line || puts(line) < 0 || fflush(stdout) != 0)
        bench_die("the report cannot be written");
#ifndef __SANITIZE_ADDRESS__
    /* The process ends: giving back its memory piece by piece is no part of a start. */
    _exit(0);
#endif
    free(line);
    json_decref(report);
    clear(&b);
    bench_lines_clear(&inputs);
    bench_workload_clear(&w);
    return 0;
}
