/* The inside of a session, shared by the files of vm/ only. */
#ifndef WRIT_VM_MACHINE_H
#define WRIT_VM_MACHINE_H

#include "vm/session.h"

typedef struct wm_memo {
    uint64_t epoch; /* the evaluation it belongs to */
    wv value;       /* undefined is remembered too */
} wm_memo;

typedef struct wm_arg_memo {
    uint64_t epoch;
    uint32_t func;
    uint32_t hash;
    wv *args; /* the function's n_args words, kept */
    wv value;
} wm_arg_memo;

typedef enum wm_mock_kind { WM_MOCK_VALUE, WM_MOCK_FUNC, WM_MOCK_SITE } wm_mock_kind;

typedef struct wm_mock {
    const struct wm_mock *next;
    bool builtin; /* what is mocked: a built-in (id: its mock_id) or a function (id) */
    uint32_t id;
    wm_mock_kind kind;
    uint32_t by; /* function or site */
    wv value;
} wm_mock;

typedef struct wm_mask {
    const struct wm_mask *next;
    wv path; /* a replaced document */
} wm_mask;

/* What `with` may replace. The innermost is current; each has memo of its own. */
typedef struct wm_env {
    struct wm_env *parent;
    wv input, data;
    const wm_mask *masks;
    const wm_mock *mocks;
    wm_memo *memos;         /* n_memos */
    wm_arg_memo *arg_memos; /* WM_ARG_MEMO of them, made at first use */
} wm_env;

typedef struct wm_frame {
    const uint64_t *pc; /* where the caller goes on */
    wv *regs;           /* the caller's registers */
    const wm_func *fn;  /* the caller */
    const wv *consts;
    char *kept;   /* top of the kept arena when the callee began */
    bool pop_env; /* the call went through a mock: its environment ends with it */
} wm_frame;

/* Re-runs a rule that clashed, to list every value it has. */
typedef struct wm_collect {
    const wm_frame *frame; /* only results of this frame's function count */
    wb_buf text;
    wp_loc closed; /* the rule whose clash is listed already: its further values are not */
    wv first;      /* value: what equals it does not clash */
    unsigned n;
} wm_collect;

/* What one match (program.h) knows of the collection it was asked for last. */
typedef struct wm_indexed {
    uint64_t epoch; /* of the evaluation */
    wv source;
    wv index;     /* part -> array of elements; undefined: there is none */
    bool refused; /* none can be made */
} wm_indexed;

/* How often a rule was asked by keys it was not asked by before, in this evaluation. */
typedef struct wm_asked {
    uint64_t evaluation;
    uint32_t times;
    int64_t fuel; /* when it was asked first */
} wm_asked;

struct wm_session {
    const wm_program *p;
    wb_arena scratch, kept;
    wb_arena indexes;    /* of this evaluation: see match.c */
    wm_indexed *indexed; /* by number of a match */
    uint32_t indexed_room;
    char *pin; /* lowest birth of what was added to in kept; see session.h */
    wb_arena stack_arena;
    wv *stack, *stack_end;
    wm_frame *frames;
    uint32_t n_frames;
    uint32_t reentry;
    wm_env *env, base_env;
    uint32_t memo_room;
    wm_asked *asked;                      /* by memo slot of the whole rule */
    uint64_t evaluation;                  /* its number */
    uint64_t epoch;                       /* what was remembered under another one is forgotten */
    uint32_t arg_memos;                   /* made in this evaluation */
    size_t arg_memo_bytes, arg_memo_room; /* how much kept grew from one to the next; its limit */
    const char *arg_memo_top;             /* top of kept behind the last one */
    ws_ctx cx;
    int64_t fuel_start;
    wb_countdown fuel; /* to the loop's next look at the budgets; the arenas' alarm */
    wm_budget budget;
    bool strict, collect_errors, failed, fixed_time;
    wm_error error;
    uint32_t clashed; /* conflicts that wait to become the error; `late` is the last one */
    wm_error late;
    wm_error *builtin_errors;
    size_t n_builtin_errors, cap_builtin_errors;
    wm_collect *collecting;
    wv recorded; /* results of nondeterministic built-ins: name -> args -> result, or undefined */
    wv given;    /* the same, answered instead of calls; args may be the JSON text of the array */
};

static inline int64_t wm_fuel(const wm_session *s)
{
    return s->fuel.left + s->fuel.more;
}

/* So much fuel is left from now on. The budgets are looked at again in so much of it, or when there
 * is none left; at every turn when an arena is full or a conflict waits. */
#define WM_ASK_EVERY 1024
static inline void wm_set_fuel(wm_session *s, int64_t fuel)
{
    bool now = s->scratch.exhausted || s->kept.exhausted || s->clashed;
    int64_t left = now ? 0 : fuel < WM_ASK_EVERY ? fuel : WM_ASK_EVERY;
    s->fuel = (wb_countdown){left, fuel - left};
}
/* Takes units of work from the fuel; the next look at the budgets finds what is gone. */
static inline void wm_charge(wm_session *s, uint64_t units)
{
    s->fuel.left -= (int64_t)units;
}

/* match.c: the elements of a collection whose part equals the key, or the collection itself. */
wv wm_matching(wm_session *s, uint32_t number, wv source, wv key);

/* Runs the function to its end; args are copied. Undefined with s->failed on an error. */
wv wm_run(wm_session *s, uint32_t func, const wv *args, unsigned n);

/* Ends the evaluation with an error, the text formatted by ws_vputf; answers undefined. */
wv wm_raise_text(wm_session *s, wp_code code, wp_loc loc, wb_str text);
wv wm_raise(wm_session *s, wp_code code, wp_loc loc, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
wp_loc wm_place(const wm_session *s, const uint64_t *pc);

/* v as it may be stored in the kept arena: copied when it lives in scratch. */
wv wm_keep_slow(wm_session *s, wv v);
static inline wv wm_keep(wm_session *s, wv v)
{
    if (!wv_is_boxed(v))
        return v;
    return wm_keep_slow(s, v);
}
/* Notes that something born at `born` in kept was added to. */
static inline void wm_pin(wm_session *s, const void *born)
{
    if ((const char *)born < s->pin)
        s->pin = (char *)(uintptr_t)born;
}

/* Environments (with.c). What answers false has raised an error. */
void wm_env_push(wm_session *s);
void wm_env_pop(wm_session *s);
/* A path of anything but names is an error. */
bool wm_env_set_input(wm_session *s, wv path, wv value, wp_loc loc);
bool wm_env_set_data(wm_session *s, wv path, wv value, wp_loc loc);
void wm_env_mock(wm_session *s, bool builtin, uint32_t id, wm_mock_kind kind, uint32_t by,
                 wv value);
const wm_mock *wm_env_find_mock(const wm_env *e, bool builtin, uint32_t id);
/* Whether the document at path (or one above it) is replaced in the present environment. */
bool wm_env_masked(const wm_env *e, wv path);
/* The present base document at the path. */
wv wm_env_base(const wm_env *e, wv path);

/* One call of a built-in site; false: the evaluation ended (*out undefined then). */
bool wm_call_site(wm_session *s, const wm_site *site, const wv *args, unsigned n, wp_loc loc,
                  wv *out);

/* Nested put with clash detection (RPUT, RADD): false on a conflict. */
bool wm_put_path(wm_session *s, wv *root, const wv *keys, unsigned n, wv value, bool set_leaf);

#endif
