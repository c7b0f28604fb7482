#include "vm/machine.h"

#include "stdlib/args.h"
#include "value/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* Errors show names, values and other errors; a longer one is cut. */
#define ERROR_TEXT_MAX 20000

static bool system_random(void *p, size_t n)
{
    return getrandom(p, n, 0) == (ssize_t)n;
}

wm_session *wm_session_new(const wm_limits *limits)
{
    wm_session *s = wb_calloc(1, sizeof *s);
    size_t memory = limits && limits->memory ? limits->memory : WM_MEMORY_MAX;
    uint64_t seed = limits ? limits->seed : 0;
    if (wb_arena_init(&s->scratch, memory, seed) || wb_arena_init(&s->kept, memory, seed) ||
        wb_arena_init(&s->indexes, memory / 4, seed) ||
        wb_arena_init(&s->stack_arena, WM_STACK_WORDS * sizeof(wv), seed)) {
        wm_session_free(s);
        return NULL;
    }
    s->scratch.alarm = s->kept.alarm = &s->fuel;
    s->stack = wb_arena_alloc(&s->stack_arena, WM_STACK_WORDS * sizeof(wv));
    s->stack_end = s->stack + WM_STACK_WORDS;
    s->arg_memo_room = memory / 4 < WM_ARG_MEMO_ROOM ? memory / 4 : WM_ARG_MEMO_ROOM;
    s->frames = wb_calloc(WM_FRAMES_MAX, sizeof *s->frames);
    s->cx.cache = ws_cache_new();
    s->cx.out = &s->scratch;
    s->cx.random = system_random;
    s->cx.fuel = &s->fuel.left;
    s->cx.more_fuel = &s->fuel.more;
    return s;
}

void wm_session_free(wm_session *s)
{
    if (!s)
        return;
    wb_arena_free(&s->scratch);
    wb_arena_free(&s->kept);
    wb_arena_free(&s->indexes);
    free(s->indexed);
    free(s->asked);
    wb_arena_free(&s->stack_arena);
    free(s->frames);
    free(s->base_env.memos);
    free(s->builtin_errors);
    if (s->cx.cache)
        ws_cache_free(s->cx.cache);
    free(s);
}

void wm_begin(wm_session *s, const wm_program *p, wv data, wv input, const wm_budget *budget)
{
    wb_arena_reset(&s->scratch);
    wb_arena_reset(&s->kept);
    wb_arena_alloc(&s->kept, 8); /* so that what is as old as the arena is older than any mark */
    s->p = p;
    s->pin = s->kept.end;
    s->n_frames = 0;
    s->reentry = 0;
    s->epoch++;
    s->evaluation++;
    s->arg_memos = 0;
    s->arg_memo_bytes = 0;
    s->arg_memo_top = wb_arena_mark(&s->kept);
    s->failed = false;
    s->clashed = 0;
    s->n_builtin_errors = 0;
    s->collecting = NULL;
    s->recorded = WV_UNDEFINED;
    if (p->n_memos > s->memo_room) {
        free(s->base_env.memos);
        s->base_env.memos = wb_calloc(p->n_memos, sizeof *s->base_env.memos);
        free(s->asked);
        s->asked = wb_calloc(p->n_memos, sizeof *s->asked);
        s->memo_room = p->n_memos;
    }
    if (p->n_matches > s->indexed_room) {
        free(s->indexed);
        s->indexed = wb_calloc(p->n_matches, sizeof *s->indexed);
        s->indexed_room = p->n_matches;
    }
    wb_arena_reset(&s->indexes);
    wm_memo *memos = s->base_env.memos;
    s->base_env = (wm_env){.input = input, .data = data, .memos = memos};
    s->env = &s->base_env;
    s->budget = budget ? *budget : (wm_budget){0};
    s->fuel_start = s->budget.fuel ? s->budget.fuel : WM_FUEL_MAX;
    wm_set_fuel(s, s->fuel_start);
    s->cx.cancelled = s->budget.cancelled;
    s->cx.cancel_arg = s->budget.cancel_arg;
    s->cx.error = WS_ERR_NONE;
    s->cx.query++;
    if (!s->fixed_time)
        s->cx.now_ns = 0; /* read when first asked for: see wm_call_site */
}

wv wm_call(wm_session *s, uint32_t func, const wv *args, unsigned n)
{
    return wm_run(s, func, args, n);
}

const wm_error *wm_failed(wm_session *s)
{
    if (!s->failed && (s->scratch.exhausted || s->kept.exhausted))
        wm_raise(s, WP_EVAL_CANCEL_ERROR, (wp_loc){0}, "evaluation ran out of memory");
    if (!s->failed && s->clashed) {
        s->error = s->late;
        s->failed = true;
    }
    return s->failed ? &s->error : NULL;
}

void wm_set_strict(wm_session *s, bool strict)
{
    s->strict = strict;
}
void wm_set_collect(wm_session *s, bool collect)
{
    s->collect_errors = collect;
}
size_t wm_builtin_error_count(const wm_session *s)
{
    return s->n_builtin_errors;
}
const wm_error *wm_builtin_error(const wm_session *s, size_t i)
{
    return &s->builtin_errors[i];
}
ws_ctx *wm_context(wm_session *s)
{
    return &s->cx;
}
wb_arena *wm_kept(wm_session *s)
{
    return &s->kept;
}
int64_t wm_fuel_used(const wm_session *s)
{
    return s->fuel_start - wm_fuel(s);
}

void wm_set_time(wm_session *s, int64_t now_ns)
{
    s->cx.now_ns = now_ns;
    s->fixed_time = now_ns != 0;
}

size_t wm_memory_used(const wm_session *s)
{
    return wb_arena_used(&s->scratch) + wb_arena_used(&s->kept);
}

wp_loc wm_place(const wm_session *s, const uint64_t *pc)
{
    return s->p->locs[s->p->places[pc - s->p->code]];
}

static void fill_error(wm_session *s, wm_error *e, wp_code code, wp_loc loc, const char *text,
                       size_t n)
{
    /* The text must outlive rewinds: nothing rewinds kept below the pin. */
    wm_pin(s, s->kept.base);
    *e = (wm_error){.code = code, .loc = loc};
    e->message = wb_arena_str(&s->kept, wb_str_n(text, n));
    if (loc.row && loc.file < s->p->n_files)
        e->file = s->p->files[loc.file].name;
}

/* The calls under way: each caller's frame knows where it goes on. */
static void fill_trace(wm_session *s, wm_error *e, wp_loc loc)
{
    wp_loc *trace = wb_arena_alloc(&s->kept, WM_TRACE_MAX * sizeof *trace);
    e->trace = trace;
    e->files = s->p->files;
    e->n_files = s->p->n_files;
    trace[e->n_trace++] = loc;
    for (uint32_t i = s->n_frames; i-- > 0 && e->n_trace < WM_TRACE_MAX;)
        if (i + 1 < s->n_frames && s->frames[i].pc)
            trace[e->n_trace++] = wm_place(s, s->frames[i].pc - 2);
}

wv wm_raise_text(wm_session *s, wp_code code, wp_loc loc, wb_str text)
{
    if (s->failed)
        return WV_UNDEFINED; /* the first error is the one that counts */
    fill_error(s, &s->error, code, loc, text.p, text.n);
    fill_trace(s, &s->error, loc);
    s->failed = true;
    return WV_UNDEFINED;
}

wv wm_raise(wm_session *s, wp_code code, wp_loc loc, const char *format, ...)
{
    wb_buf text;
    va_list args;
    wb_buf_init(&text, ERROR_TEXT_MAX);
    va_start(args, format);
    ws_vputf(&text, format, args);
    va_end(args);
    wm_raise_text(s, code, loc, wb_buf_str(&text));
    wb_buf_free(&text);
    return WV_UNDEFINED;
}

static bool outside(const void *scratch, const void *p)
{
    return !wb_arena_owns(scratch, p);
}

wv wm_keep_slow(wm_session *s, wv v)
{
    /* Only what lives in scratch can hold parts of scratch. */
    if (!wb_arena_owns(&s->scratch, wv_ptr(v)))
        return v;
    return wv_copy(&s->kept, v, outside, &s->scratch);
}

static void collect_error(wm_session *s, wp_code code, wp_loc loc)
{
    if (!s->collect_errors)
        return;
    if (s->n_builtin_errors == s->cap_builtin_errors) {
        s->cap_builtin_errors = s->cap_builtin_errors ? 2 * s->cap_builtin_errors : 16;
        s->builtin_errors =
            wb_realloc(s->builtin_errors, s->cap_builtin_errors * sizeof *s->builtin_errors);
    }
    fill_error(s, &s->builtin_errors[s->n_builtin_errors++], code, loc, s->cx.error_text.p,
               s->cx.error_text.n);
}

/* Turns the context's error into undefined or into the end of the evaluation. */
static bool settle(wm_session *s, wp_loc loc, wv *out)
{
    ws_error_kind kind = s->cx.error;
    s->cx.error = WS_ERR_NONE;
    bool soft = kind == WS_ERR_TYPE || kind == WS_ERR_BUILTIN;
    if ((kind == WS_ERR_NONE || soft) && (s->scratch.exhausted || s->kept.exhausted)) {
        wm_raise(s, WP_EVAL_CANCEL_ERROR, loc, "evaluation ran out of memory");
        return false;
    }
    if (kind == WS_ERR_NONE)
        return true;
    *out = WV_UNDEFINED;
    static const wp_code codes[] = {
        [WS_ERR_TYPE] = WP_EVAL_TYPE_ERROR,         [WS_ERR_BUILTIN] = WP_EVAL_BUILTIN_ERROR,
        [WS_ERR_CONFLICT] = WP_EVAL_CONFLICT_ERROR, [WS_ERR_CANCEL] = WP_EVAL_CANCEL_ERROR,
        [WS_ERR_INTERNAL] = WP_EVAL_INTERNAL_ERROR, [WS_ERR_BUDGET] = WP_EVAL_CANCEL_ERROR,
    };
    if (soft && !s->strict) {
        collect_error(s, codes[kind], loc);
        return true;
    }
    wm_raise_text(s, codes[kind], loc, s->cx.error_text);
    return false;
}

static void read_clock(wm_session *s)
{
    if (s->cx.now_ns)
        return;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    s->cx.now_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nondeterministic functions answer the same arguments alike within one evaluation. */
static wv recorded_at(wv record, wb_str name, wv key)
{
    wv calls = wv_is_object(record) ? wv_object_get_str(record, name) : WV_UNDEFINED;
    return wv_is_object(calls) ? wv_object_get(calls, key) : WV_UNDEFINED;
}

/* What the caller's record says of a call. */
static wv given_at(wm_session *s, const ws_builtin *fn, wv key)
{
    wb_str name = wb_str_of(fn->name);
    wv there = recorded_at(s->given, name, key);
    if (there == WV_UNDEFINED && wv_is_object(s->given)) {
        wb_buf text;
        wb_buf_init(&text, WV_LEN_MAX);
        if (wv_json_encode(&text, key, NULL, NULL) == WB_OK)
            there = recorded_at(s->given, name, wv_string_new(&s->scratch, wb_buf_str(&text)));
        wb_buf_free(&text);
    }
    if ((fn->flags & WS_GIVES_SET) && wv_is_array(there))
        there = wv_set_new(&s->scratch, wv_items(there), wv_len(there));
    return there;
}

static void record(wm_session *s, const ws_builtin *fn, wv key, wv result)
{
    wm_pin(s, s->kept.base);
    wv name = wv_string_new(&s->kept, wb_str_of(fn->name));
    if (s->recorded == WV_UNDEFINED)
        s->recorded = wv_object_begin(&s->kept, 4);
    wv calls = wv_object_get(s->recorded, name);
    if (calls == WV_UNDEFINED)
        calls = wv_object_begin(&s->kept, 2);
    wv_object_put(&s->kept, &calls, wm_keep(s, key), wm_keep(s, result));
    wv_object_put(&s->kept, &s->recorded, name, calls);
}

wv wm_record(const wm_session *s)
{
    return s->recorded;
}

void wm_set_record(wm_session *s, wv given)
{
    s->given = given;
}

bool wm_call_site(wm_session *s, const wm_site *site, const wv *args, unsigned n, wp_loc loc,
                  wv *out)
{
    if (!args) { /* the loop has made the call and met an error or a full arena */
        return settle(s, loc, out);
    }
    const ws_builtin *fn = site->fn;
    s->cx.fn = fn;
    s->cx.site = site->prepared;
    bool nondet = fn->flags & WS_NONDET;
    wv key = WV_UNDEFINED;
    if (nondet) {
        read_clock(s);
        key = wv_array_new(&s->scratch, args, n);
        if (!ws_spend(&s->cx, ws_weight(key, SIZE_MAX))) /* of finding the call again */
            return settle(s, loc, out);
        wv there = recorded_at(s->recorded, wb_str_of(fn->name), key);
        if (there == WV_UNDEFINED && s->given != WV_UNDEFINED) {
            there = given_at(s, fn, key);
            if (there != WV_UNDEFINED)
                record(s, fn, key, there);
        }
        if (there != WV_UNDEFINED) {
            *out = there;
            return settle(s, loc, out);
        }
    }
    if (fn->flags & (WS_VOID | WS_IO)) {
        wb_str file = loc.file < s->p->n_files ? s->p->files[loc.file].name : WB_LIT("");
        s->cx.print_place.p = wb_arena_printf(&s->scratch, "%.*s:%u", WB_FMT(file), loc.row);
        s->cx.print_place.n = strlen(s->cx.print_place.p);
    }
    *out = fn->fn(&s->cx, args, n);
    bool ok = settle(s, loc, out);
    if (ok && nondet && *out != WV_UNDEFINED)
        record(s, fn, key, *out);
    return ok;
}
