/* Running tests. */
#include "cli/testing.h"

#include "stdlib/re.h"

#include <stdlib.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool cli_tests_select(cli_tests *t, const char *pattern, wb_buf *why)
{
    size_t kept = 0;
    ws_re *re = ws_re_compile(wb_str_of(pattern), why);
    if (!re)
        return false;
    wm_begin(t->session->vm, t->program, WV_UNDEFINED, WV_UNDEFINED, NULL);
    for (size_t i = 0; i < t->n; i++) {
        cli_trial *x = &t->items[i];
        const char *full =
            wb_arena_printf(&t->arena, "%.*s.%.*s", WB_FMT(x->package), WB_FMT(x->name));
        if (ws_re_test(wm_context(t->session->vm), re, wb_str_of(full)) == WS_RE_YES)
            t->items[kept++] = *x;
        else
            wb_buf_free(&x->output);
    }
    t->n = kept;
    ws_re_free(re);
    return true;
}

/* ---- cases ---- */

static wb_str case_name(wb_arena *a, wv key)
{
    if (wv_is_string(key))
        return wb_arena_str(a, wv_str(&key));
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wv_json_encode(&b, key, NULL, NULL);
    wb_str s = wb_arena_str(a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

/* The case of that name in a list ordered by name; *made says whether it is new. */
static cli_case *find_case(wb_arena *a, cli_case **list, wb_str name, bool *made)
{
    while (*list && wb_str_cmp((*list)->name, name) < 0)
        list = &(*list)->next;
    *made = !*list || !wb_str_eq((*list)->name, name);
    if (*made) {
        cli_case *c = wb_arena_calloc(a, sizeof *c);
        c->name = name;
        c->next = *list;
        *list = c;
    }
    return *list;
}

/* Whether some case failed. */
static bool take_cases(wb_arena *a, cli_case **list, wv object, unsigned depth)
{
    bool failed = false, made;
    for (uint32_t i = 0; i < wv_len(object); i++) {
        wv value = wv_value_at(object, NULL, i);
        cli_case *c = find_case(a, list, case_name(a, wv_key_at(object, NULL, i)), &made);
        if (wv_is_object(value) && depth < CLI_DEPTH_MAX)
            c->fail = take_cases(a, &c->first, value, depth + 1);
        else
            c->fail = value != WV_TRUE;
        failed |= c->fail;
    }
    return failed;
}

/* A case that began: it has failed when it has no value. */
static bool take_begun(wb_arena *a, cli_case **list, wv keys, uint32_t i)
{
    bool made, failed;
    cli_case *c = find_case(a, list, case_name(a, wv_items(keys)[i]), &made);
    failed = i + 1 < wv_len(keys) ? take_begun(a, &c->first, keys, i + 1) : made;
    c->fail |= failed;
    return failed;
}

static void take_results(cli_tests *t, cli_trial *x, wv value)
{
    if (wv_is_object(value))
        x->fail = take_cases(&t->arena, &x->first, value, 0);
    for (uint32_t i = 0; i < wv_len(t->seen); i++)
        if (wv_len(wv_items(t->seen)[i]))
            x->fail |= take_begun(&t->arena, &x->first, wv_items(t->seen)[i], 0);
}

/* ---- one test ---- */

static bool too_late(const void *deadline)
{
    return now_ns() > *(const int64_t *)deadline;
}

static void print_line(void *argument, const char *line, size_t n)
{
    cli_trial *x = argument;
    wb_buf_put(&x->output, line, n);
    wb_buf_putc(&x->output, '\n');
}

void cli_test_run(cli_tests *t, cli_trial *x)
{
    unsigned used;
    wm_session *vm = t->session->vm;
    x->ran = true;
    if (x->skip)
        return;
    if (x->function) {
        x->error = true;
        x->code = WP_TYPE_ERROR;
        x->error_loc = x->loc;
        x->error_file = x->file;
        x->message =
            wb_str_of(wb_arena_printf(&t->arena, "function %.*s.%.*s used as reference, not called",
                                      WB_FMT(x->package), WB_FMT(x->name)));
        return;
    }
    uint32_t node = wc_find_node(t->program, x->path, x->n_path, &used);
    t->seen = wv_array_begin(&t->arena, 0);
    writ_set_print(t->session, print_line, x);
    int64_t start = now_ns(), deadline = start + t->timeout_ns;
    wm_budget budget = {.cancelled = too_late, .cancel_arg = &deadline};
    wm_begin(vm, t->program, t->load->engine->data->value, WV_UNDEFINED, &budget);
    wv value = wm_doc(vm, node, x->path + used, x->n_path - used);
    x->ns = now_ns() - start;
    const wm_error *failed = wm_failed(vm);
    if (failed) {
        x->error = true;
        x->code = failed->code;
        x->error_loc = failed->loc;
        x->error_file = wb_arena_str(&t->arena, failed->file);
        x->message = wb_arena_str(&t->arena, failed->message);
        wb_str asked = {
            wb_arena_printf(&t->arena, "%.*s.%.*s", WB_FMT(x->package), WB_FMT(x->name)),
            x->package.n + 1 + x->name.n};
        x->trace = cli_trace(&t->arena, failed, asked, &x->n_trace);
        if (failed->code == WP_EVAL_CANCEL_ERROR && now_ns() > deadline) {
            x->message = WB_LIT("context deadline exceeded");
            x->error_file = WB_LIT("");
            x->error_loc = (wp_loc){0};
        }
    } else if (value == WV_UNDEFINED) {
        x->fail = true;
    } else if (x->cases) {
        take_results(t, x, value);
    } else {
        x->fail = value != WV_TRUE;
    }
    t->seen = WV_UNDEFINED;
}
