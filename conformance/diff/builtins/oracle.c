#include "base/buf.h"
#include "base/error.h"
#include "conformance/diff/builtins/ask.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOGETHER 50u                /* questions of one line */
#define MEMORY   ((rlim_t)12 << 30) /* bytes of addresses, of which Go takes many */

struct bd_oracle {
    char *path;
    pid_t pid;
    FILE *to, *from;
    char *line;
    size_t cap;
};

static bool start(bd_oracle *o)
{
    int down[2], up[2];
    if (pipe(down) || pipe(up))
        return false;
    fflush(NULL);
    o->pid = fork();
    if (o->pid == 0) {
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        close(down[1]);
        close(up[0]);
        setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY, MEMORY});
        if (!freopen("/dev/null", "w", stderr))
            _exit(127);
        execl(o->path, o->path, "-jobs", "2", (char *)NULL);
        perror(o->path);
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    o->to = fdopen(down[1], "w");
    o->from = fdopen(up[0], "r");
    return o->pid > 0;
}

static void stop(bd_oracle *o)
{
    fclose(o->to);
    fclose(o->from);
    kill(o->pid, SIGKILL);
    waitpid(o->pid, NULL, 0);
}

bd_oracle *bd_oracle_new(const char *path)
{
    bd_oracle *o = wb_calloc(1, sizeof *o);
    o->path = wb_strdup(path);
    signal(SIGPIPE, SIG_IGN);
    start(o);
    return o;
}

void bd_oracle_free(bd_oracle *o)
{
    stop(o);
    free(o->line);
    free(o->path);
    free(o);
}

/* One case and its answer; NULL when the oracle fell. */
static json_t *converse(bd_oracle *o, json_t *c)
{
    char *text = json_dumps(c, JSON_COMPACT);
    fputs(text, o->to);
    fputc('\n', o->to);
    fflush(o->to);
    free(text);
    ssize_t n = getline(&o->line, &o->cap, o->from);
    return n > 0 ? json_loadb(o->line, (size_t)n, JSON_ALLOW_NUL, NULL) : NULL;
}

static char *text_of(const json_t *object, const char *key)
{
    const json_t *t = json_object_get(object, key);
    const char *p = t && json_is_string(t) ? json_string_value(t) : "";
    size_t n = json_string_length(t);
    wb_buf b;
    wb_buf_init(&b, 3 * n + 1);
    for (size_t i = 0; i < n; i++)
        wb_buf_put(&b, p[i] ? p + i : "\xe2\x90\x80", p[i] ? 1 : 3);
    char *out = wb_strndup(n ? b.p : "", b.n);
    wb_buf_free(&b);
    return out;
}

static bd_answer answer_of(const json_t *a)
{
    const json_t *rows = json_object_get(a, "rows"), *errors = json_object_get(a, "errors");
    if (json_array_size(errors)) {
        const json_t *first = json_array_get(errors, 0);
        return (bd_answer){BD_ERROR, text_of(first, "code"), text_of(first, "message")};
    }
    if (!json_array_size(rows))
        return (bd_answer){json_object_get(a, "undefined") ? BD_UNDEFINED : BD_NONE, wb_strdup(""),
                           wb_strdup("")};
    const json_t *bindings = json_object_get(json_array_get(rows, 0), "bindings");
    bd_answer out = {BD_VALUE, wb_strdup(""), text_of(bindings, "x")};
    if (!json_object_get(bindings, "x")) {
        free(out.text);
        out.text = wb_strdup("-");
    }
    return out;
}

static json_t *line_of(const bd_question *list, size_t n, int way)
{
    json_t *c = json_pack("{s:i,s:s,s:b}", "id", 1, "as", "terms", "strict", way != BD_LOOSE),
           *queries = json_array();
    if (list->module)
        json_object_set_new(c, "modules", json_pack("[s]", list->module));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(queries, json_string(list[i].query[way]));
    json_object_set_new(c, "queries", queries);
    return c;
}

/* Several in one line; when the line fails, one after the other, to know which it was. */
static bool ask_line(bd_oracle *o, bd_question *list, size_t n, int way)
{
    json_t *c = line_of(list, n, way), *r = converse(o, c);
    const json_t *answers = json_object_get(r, "answers"), *errors = json_object_get(r, "errors");
    json_decref(c);
    bool ok = true;
    if (r && json_array_size(answers) == n) {
        for (size_t i = 0; i < n; i++)
            list[i].theirs[way] = answer_of(json_array_get(answers, i));
    } else if (n > 1) {
        if (!r) {
            stop(o);
            ok = start(o);
        }
        for (size_t i = 0; ok && i < n; i++)
            ok = ask_line(o, list + i, 1, way);
    } else {
        char *phase = text_of(r, "phase");
        if (r && strcmp(phase, "modules") == 0) {
            const json_t *first = json_array_get(errors, 0);
            list->theirs[way] =
                (bd_answer){BD_ERROR, text_of(first, "code"), text_of(first, "message")};
        } else {
            list->theirs[way] = (bd_answer){BD_NONE, wb_strdup(phase), wb_strdup("")};
        }
        free(phase);
        if (!r) {
            stop(o);
            ok = start(o);
        }
    }
    json_decref(r);
    return ok;
}

bool bd_ask_oracle(bd_oracle *o, bd_question *list, size_t n)
{
    for (int way = BD_STRICT; way <= BD_LOOSE; way++)
        for (size_t i = 0; i < n;) {
            size_t k = list[i].module ? 1 : n - i < TOGETHER ? n - i : TOGETHER;
            if (!ask_line(o, list + i, k, way))
                return false;
            i += k;
        }
    return true;
}
