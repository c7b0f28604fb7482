#include "base/utf8.h"
#include "conformance/diff/builtins/ask.h"
#include "engine/engine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)64 << 20)
#define PATIENCE   10000 /* milliseconds for one question */
#define FUEL       ((int64_t)1 << 32)

void bd_answer_clear(bd_answer *a)
{
    free(a->code);
    free(a->text);
    *a = (bd_answer){0};
}

/* As JSON shows it: bytes that are no UTF-8 as U+FFFD; and NUL as its picture. */
static void put_clean(wb_buf *b, wb_str s)
{
    char bytes[4];
    for (size_t i = 0, used; i < s.n; i += used) {
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        wb_buf_put(b, bytes, wb_utf8_put(bytes, c ? c : 0x2400));
    }
}

/* ---- in the child ---- */

static void tell(FILE *to, bd_kind kind, const char *code, wb_str text)
{
    wb_buf b;
    wb_buf_init(&b, ANSWER_MAX);
    put_clean(&b, text);
    uint32_t head[3] = {(uint32_t)kind, (uint32_t)strlen(code), (uint32_t)b.n};
    fwrite(head, sizeof head, 1, to);
    fwrite(code, 1, head[1], to);
    fwrite(b.p ? b.p : "", 1, head[2], to);
    fflush(to);
    wb_buf_free(&b);
}

static void tell_value(FILE *to, wv rows)
{
    wv row = wv_items(wv_items(rows)[0])[0], x = wv_object_get_str(row, WB_LIT("x"));
    wb_buf b;
    wb_buf_init(&b, ANSWER_MAX);
    if (wv_defined(x))
        wv_print(&b, x);
    else
        wb_buf_puts(&b, "-");
    tell(to, BD_VALUE, "", wb_buf_str(&b));
    wb_buf_free(&b);
}

static void answer(writ_engine *e, const char *query, bool strict, FILE *to)
{
    wb_arena a;
    wp_diags diags;
    if (wb_arena_init(&a, (size_t)1 << 30, e->seed))
        _exit(3);
    wp_diags_init(&diags, &a, 0);
    writ_query *q = we_prepare(e, wb_str_of(query), WB_LIT(""), NULL, 0, false, &diags);
    writ_session *s = q ? writ_session_new(e) : NULL;
    if (s) {
        writ_set_strict(s, strict);
        writ_set_budget(s, &(writ_budget){.fuel = FUEL});
        wv rows = we_run(s, q, WV_UNDEFINED);
        const wm_error *f = wm_failed(s->vm);
        if (f)
            tell(to, BD_ERROR, wp_code_text(f->code), f->message);
        else if (rows == WV_UNDEFINED || !wv_len(rows))
            tell(to, BD_UNDEFINED, "", WB_LIT(""));
        else
            tell_value(to, rows);
    } else {
        const wp_diag *d = diags.first;
        tell(to, BD_ERROR, d ? wp_code_text(d->code) : "none", d ? d->message : WB_LIT(""));
    }
    writ_session_free(s);
    writ_query_free(q);
    wb_arena_free(&a);
}

/* False, with every way answered by the first diagnostic, when the module does not parse. */
static bool add_module(writ_engine *e, const char *text, FILE *to)
{
    wb_arena a;
    wp_diags diags;
    if (wb_arena_init(&a, (size_t)1 << 30, e->seed))
        _exit(3);
    wp_diags_init(&diags, &a, 0);
    we_module *m =
        we_module_new(e, WB_LIT("test-0.rego"), wb_str_of(text), we_next_file(e), &diags);
    if (m)
        we_add_module(e, m);
    for (int way = 0; !m && way < BD_WAYS; way++)
        tell(to, BD_ERROR, wp_code_text(diags.first->code), diags.first->message);
    wb_arena_free(&a);
    return m != NULL;
}

static void ask(writ_engine *e, const bd_question *q, FILE *to)
{
    if (q->module && !add_module(e, q->module, to))
        return;
    for (int way = 0; way < BD_WAYS; way++) {
        if (q->query[way])
            answer(e, q->query[way], way != BD_LOOSE, to);
        else
            tell(to, BD_NONE, "", WB_LIT(""));
    }
}

static _Noreturn void child(const bd_question *list, size_t n, int fd)
{
    FILE *to = fdopen(fd, "w");
    writ_engine *e = writ_engine_new();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (e)
        writ_add_http(e);
    for (size_t i = 0; to && e && i < n; i++)
        ask(e, &list[i], to);
    writ_engine_free(e);
    _exit(0);
}

/* ---- in the parent ---- */

static bool read_all(int fd, void *to, size_t n)
{
    for (char *p = to; n;) {
        struct pollfd one = {fd, POLLIN, 0};
        if (poll(&one, 1, PATIENCE) <= 0)
            return false;
        ssize_t got = read(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static bool read_answer(int fd, bd_answer *a)
{
    uint32_t head[3];
    if (!read_all(fd, head, sizeof head))
        return false;
    a->code = wb_calloc(1, (size_t)head[1] + 1);
    a->text = wb_calloc(1, (size_t)head[2] + 1);
    a->kind = (bd_kind)head[0];
    return read_all(fd, a->code, head[1]) && read_all(fd, a->text, head[2]);
}

/* How many questions were answered before the child went away. */
static size_t ask_some(bd_question *list, size_t n)
{
    int ends[2];
    size_t done = 0;
    if (pipe(ends))
        return 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(list, n, ends[1]);
    }
    close(ends[1]);
    bool ok = pid > 0;
    while (ok && done < n) {
        for (int way = 0; ok && way < BD_WAYS; way++)
            ok = read_answer(ends[0], &list[done].ours[way]);
        done += ok;
    }
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return done;
}

void bd_ask_ours(bd_question *list, size_t n)
{
    for (size_t i = 0; i < n;) {
        i += ask_some(list + i, n - i);
        if (i == n)
            break;
        for (int way = 0; way < BD_WAYS; way++)
            bd_answer_clear(&list[i].ours[way]);
        list[i++].ours[BD_STRICT] =
            (bd_answer){BD_CRASH, wb_strdup("crash"), wb_strdup("no answer")};
    }
}
