/* A session runs programs: registers, the two arenas, memo and budgets of one thread.
 *
 * Life: wm_session_new once a thread; for each evaluation wm_begin, then wm_call or wm_doc as often
 * as wanted, then read the result before the next wm_begin, which resets both arenas.
 *
 * Arenas. *Scratch* holds what an instruction makes; a loop rewinds it at each turn. *Kept* holds
 * collections under construction, results, memo and environments; what is stored there is copied
 * there first, so scratch can always rewind. A loop rewinds kept too, unless something born before
 * the turn was added to during it (`pin`). So a loop that keeps nothing costs no memory.
 *
 * Budgets: fuel (back edges, calls, and what built-ins charge), memory (the arenas' limits), depth
 * (frames and registers), and a deadline asked through `cancelled`. Each ends the evaluation with
 * an error; none ever becomes undefined. */
#ifndef WRIT_VM_SESSION_H
#define WRIT_VM_SESSION_H

#include "vm/program.h"

#define WM_STACK_WORDS ((size_t)1 << 20) /* registers of all frames: 8 MB of addresses */
#define WM_FRAMES_MAX  100000u /* calls under way; recursion is refused, so this is depth */
/* Calls from C into the loop: dynamic data references. A call costs the C stack as much as so many
 * steps down a package's tree, and all of it together stays below 3 MB. */
#define WM_REENTRY_MAX   2000u
#define WM_REENTRY_COST  8u
#define WM_REENTRY_STEPS (WM_REENTRY_MAX * WM_REENTRY_COST)
#define WM_MEMORY_MAX    ((size_t)2 << 30) /* default bytes of each arena */
#define WM_FUEL_MAX      INT64_MAX         /* default: no fuel limit */
#define WM_TRACE_MAX     64u               /* calls that an error lists */
#define WM_ARG_MEMO      256u              /* function results remembered an environment */
#define WM_ARG_MEMO_MAX  20000u /* remembered an evaluation: bounds the turns that keep */
/* Remembering stops when the kept arena has grown by so many bytes meanwhile, or by a quarter of
 * its limit: a turn that remembers something keeps all it made. */
#define WM_ARG_MEMO_ROOM ((size_t)16 << 20)

typedef struct wm_session wm_session;

typedef struct wm_error {
    wp_code code;   /* EVAL_... */
    wb_str message; /* in the kept arena: valid until the next wm_begin */
    wp_loc loc;
    wb_str file;          /* name of the file; empty for none */
    const wp_loc *trace;  /* where it happened, then the calls that led there, innermost first */
    uint32_t n_trace;     /* at most WM_TRACE_MAX */
    const wp_file *files; /* of the program: what the places name; may die before the error */
    uint32_t n_files;
} wm_error;

typedef struct wm_budget {
    int64_t fuel;                       /* 0: WM_FUEL_MAX */
    bool (*cancelled)(const void *arg); /* asked now and then; may be NULL */
    const void *cancel_arg;
} wm_budget;

typedef struct wm_limits {
    size_t memory; /* bytes of each arena; 0: WM_MEMORY_MAX */
    uint64_t seed; /* the engine's hash seed */
} wm_limits;

/* NULL when the system has no address space for the arenas. */
wm_session *wm_session_new(const wm_limits *limits);
void wm_session_free(wm_session *s);

/* Starts an evaluation: resets arenas, memo, errors and budgets. The program, input and data must
 * live until the result was read. input may be undefined. */
void wm_begin(wm_session *s, const wm_program *p, wv data, wv input, const wm_budget *budget);

/* Runs a function. The answer lives until the next wm_begin; undefined both when the function has
 * no value and when an error ended it: ask wm_failed. */
wv wm_call(wm_session *s, uint32_t func, const wv *args, unsigned n);
/* The document at tree node `node` below the n keys: base and virtual documents merged. */
wv wm_doc(wm_session *s, uint32_t node, const wv *keys, unsigned n);
/* The names below a node as an array in scratch: those of base data in Rego order, then those that
 * only rules have. Undefined when there are none. */
wv wm_doc_keys(wm_session *s, uint32_t node);

/* The error that ended the evaluation, or NULL. An arena that ran full since the loop last looked
 * is found here: what was left out of a value must never pass for an answer. */
const wm_error *wm_failed(wm_session *s);
/* With builtin errors strict, the first one ends the evaluation; else they are undefined. */
void wm_set_strict(wm_session *s, bool strict);
/* Whether errors that became undefined are collected, for wm_builtin_error. */
void wm_set_collect(wm_session *s, bool collect);
size_t wm_builtin_error_count(const wm_session *s);
const wm_error *wm_builtin_error(const wm_session *s, size_t i);

/* What functions that are not of their arguments alone have answered: {name: {[args]: result}}.
 * Undefined: nothing. It lives until the next wm_begin. */
wv wm_record(const wm_session *s);
/* Answers for the following evaluations instead of such calls, in the same shape; the args may be
 * the JSON text of their array. Calls that are not in it are made. The caller's, until another is
 * set; undefined: none. */
void wm_set_record(wm_session *s, wv record);

/* The context that built-ins see: time, print and random source are set here by the engine. Fields
 * keep their values over wm_begin, except now_ns when it is 0: then wm_begin reads the clock. */
ws_ctx *wm_context(wm_session *s);
/* A fixed time for the following evaluations; 0: the clock. */
void wm_set_time(wm_session *s, int64_t now_ns);
wb_arena *wm_kept(wm_session *s);
/* What the evaluation has spent. */
int64_t wm_fuel_used(const wm_session *s);
size_t wm_memory_used(const wm_session *s);

#endif
