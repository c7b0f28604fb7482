/* Sessions: evaluating queries. */
#include "engine/engine.h"

#include <stdlib.h>
#include <time.h>

#define INPUT_ARENA ((size_t)8 << 30)
#define OUTPUT_MAX  ((size_t)1 << 31)

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

writ_session *writ_session_new(writ_engine *e)
{
    writ_session *s = wb_calloc(1, sizeof *s);
    s->engine = e;
    wb_buf_init(&s->out, OUTPUT_MAX);
    wm_limits limits = {.seed = e->seed};
    s->vm = wm_session_new(&limits);
    s->shapes = wv_json_shapes_new(e->seed);
    if (!s->vm || !s->shapes || wb_arena_init(&s->input, INPUT_ARENA, e->seed)) {
        writ_session_free(s);
        return NULL;
    }
    wm_context(s->vm)->parse_module = we_parse_module;
    wm_context(s->vm)->http_send = e->http_send;
    return s;
}

static void free_hosts(writ_session *s)
{
    for (size_t i = 0; i < s->n_hosts; i++)
        free((void *)(uintptr_t)s->hosts[i].p);
    free(s->hosts);
    s->hosts = NULL;
    s->n_hosts = 0;
}

void writ_session_free(writ_session *s)
{
    if (!s)
        return;
    wm_session_free(s->vm);
    wb_arena_free(&s->input);
    wv_json_shapes_free(s->shapes);
    if (s->has_record)
        wb_arena_free(&s->record);
    free_hosts(s);
    wb_buf_free(&s->out);
    free(s);
}

static bool cancelled(const void *argument)
{
    const writ_session *s = argument;
    if (s->budget.cancelled && s->budget.cancelled(s->budget.argument))
        return true;
    return s->budget.deadline_ms && monotonic_ns() > s->deadline_ns;
}

void writ_set_budget(writ_session *s, const writ_budget *b)
{
    s->has_budget = b != NULL;
    s->budget = b ? *b : (writ_budget){0};
}

void writ_set_strict(writ_session *s, bool strict)
{
    wm_set_strict(s->vm, strict);
}
void writ_set_time(writ_session *s, int64_t now_ns)
{
    wm_set_time(s->vm, now_ns);
}
int64_t writ_fuel_used(const writ_session *s)
{
    return wm_fuel_used(s->vm);
}

static void pass_print(void *argument, wb_str line)
{
    writ_session *s = argument;
    s->print(s->print_argument, line.p, line.n);
}

void writ_set_print(writ_session *s, void (*print)(void *, const char *, size_t), void *argument)
{
    s->print = print;
    s->print_argument = argument;
    wm_context(s->vm)->print = print ? pass_print : NULL;
    wm_context(s->vm)->print_arg = s;
}

void writ_set_allow_net(writ_session *s, const char *const *hosts, size_t count)
{
    ws_ctx *cx = wm_context(s->vm);
    free_hosts(s);
    s->hosts = hosts && count ? wb_calloc(count, sizeof *s->hosts) : NULL;
    s->n_hosts = hosts ? count : 0;
    for (size_t i = 0; i < s->n_hosts; i++)
        s->hosts[i] = wb_str_n(wb_strndup(hosts[i], strlen(hosts[i])), strlen(hosts[i]));
    cx->limit_net = hosts != NULL;
    cx->allow_net = s->hosts;
    cx->n_allow_net = s->n_hosts;
}

writ_status writ_set_record(writ_session *s, const char *json, size_t length, writ_error *error)
{
    wv record = WV_UNDEFINED;
    wb_error why;
    wm_set_record(s->vm, WV_UNDEFINED);
    if (!s->has_record && wb_arena_init(&s->record, INPUT_ARENA, s->engine->seed))
        return we_fail(error, WRIT_MEMORY, "", "no memory for a record");
    s->has_record = true;
    wb_arena_reset(&s->record);
    if (json && wv_json_decode(&s->record, wb_str_n(json, length), NULL, &record, &why))
        return we_fail(error, WRIT_INVALID, "", "record: %s", why.text);
    if (json && !wv_is_object(record))
        return we_fail(error, WRIT_INVALID, "", "record: must be an object");
    wm_set_record(s->vm, record);
    return WRIT_OK;
}

writ_status writ_record(writ_session *s, writ_text *record, writ_error *error)
{
    wb_error why;
    wv v = wm_record(s->vm);
    wb_buf_clear(&s->out);
    if (v == WV_UNDEFINED)
        wb_buf_puts(&s->out, "{}");
    else if (wv_json_encode(&s->out, v, NULL, &why))
        return we_fail(error, WRIT_EVAL, "", "record: %s", why.text);
    *record = (writ_text){wb_buf_cstr(&s->out), s->out.n};
    return WRIT_OK;
}

wv we_run(writ_session *s, const writ_query *q, wv input)
{
    wm_budget budget = {0};
    if (s->has_budget) {
        budget.fuel = s->budget.fuel;
        if (s->budget.cancelled || s->budget.deadline_ms) {
            budget.cancelled = cancelled;
            budget.cancel_arg = s;
            if (s->budget.deadline_ms)
                s->deadline_ns = monotonic_ns() + s->budget.deadline_ms * 1000000u;
        }
    }
    wm_begin(s->vm, q->program, q->data->value, input, &budget);
    if (!q->by_path)
        return wm_call(s->vm, q->program->query, NULL, 0);
    if (q->func != WM_NONE)
        return wm_call(s->vm, q->func, NULL, 0);
    return wm_doc(s->vm, q->node, q->keys, q->n_keys);
}

/* [[bindings, values], ...] as `opa eval` shows results. */
static wv shown(wb_arena *a, wv rows)
{
    wv out = wv_array_begin(a, wv_len(rows));
    for (uint32_t i = 0; i < wv_len(rows); i++) {
        wv bindings = wv_items(wv_items(rows)[i])[0], values = wv_items(wv_items(rows)[i])[1];
        wv row = wv_object_begin(a, 2);
        wv_object_put(a, &row, wv_string_new(a, WB_LIT("expressions")), values);
        if (wv_len(bindings))
            wv_object_put(a, &row, wv_string_new(a, WB_LIT("bindings")), bindings);
        wv_array_push(a, &out, row);
    }
    return out;
}

writ_status writ_eval(writ_session *s, const writ_query *q, writ_value input, writ_value *answer,
                      writ_error *error)
{
    wv_expect(input);
    wv v = we_run(s, q, input);
    *answer = v;
    if (wm_failed(s->vm)) {
        *answer = WV_UNDEFINED;
        return we_fail_eval(error, wm_failed(s->vm));
    }
    if (v == WV_UNDEFINED)
        return WRIT_UNDEFINED;
    if (!q->by_path) {
        if (!wv_len(v)) {
            *answer = WV_UNDEFINED;
            return WRIT_UNDEFINED;
        }
        *answer = shown(wm_kept(s->vm), v);
        if (wm_failed(s->vm)) { /* the rows themselves did not fit */
            *answer = WV_UNDEFINED;
            return we_fail_eval(error, wm_failed(s->vm));
        }
    }
    return WRIT_OK;
}

writ_status writ_eval_json(writ_session *s, const writ_query *q, const char *input, size_t length,
                           writ_text *answer, writ_error *error)
{
    *answer = (writ_text){"", 0};
    wv in = WV_UNDEFINED, out;
    wb_error why;
    wb_arena_reset(&s->input);
    if (wv_json_shapes_stale(s->shapes))
        wv_json_shapes_clear(s->shapes);
    wv_json_options options = {.shapes = s->shapes};
    if (input && wv_json_decode(&s->input, wb_str_n(input, length), &options, &in, &why))
        return we_fail(error, WRIT_INVALID, "", "input: %s", why.text);
    writ_status status = writ_eval(s, q, in, &out, error);
    if (status != WRIT_OK)
        return status;
    wb_buf_clear(&s->out);
    if (wv_json_encode(&s->out, out, NULL, &why))
        return we_fail(error, WRIT_EVAL, "", "%s", why.text);
    *answer = (writ_text){wb_buf_cstr(&s->out), s->out.n};
    return WRIT_OK;
}
