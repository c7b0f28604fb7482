/* What a built-in function sees of the evaluation that calls it.
 *
 * The VM owns the context and fills it; a built-in reads its arguments, makes its result in `out`
 * and answers it. Undefined as an answer means: no result. An error is reported by ws_fail_*, which
 * answer undefined so that "return ws_fail_type(...)" reads well; the VM then ends the query
 * (strict errors, budgets, cancellation) or goes on as if the call were undefined.
 *
 * Arguments are never undefined. They may live anywhere; a result may share parts of them. */
#ifndef WRIT_STDLIB_CONTEXT_H
#define WRIT_STDLIB_CONTEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "value/value.h"

#include <stdarg.h>

typedef enum ws_error_kind {
    WS_ERR_NONE,
    WS_ERR_TYPE,     /* eval_type_error: undefined unless errors are strict */
    WS_ERR_BUILTIN,  /* eval_builtin_error: likewise */
    WS_ERR_CONFLICT, /* eval_conflict_error: always ends the query */
    WS_ERR_INTERNAL, /* eval_internal_error: likewise */
    WS_ERR_CANCEL,   /* eval_cancel_error: always ends the query */
    WS_ERR_BUDGET    /* fuel, memory, depth: always ends the query */
} ws_error_kind;

struct ws_builtin;
struct ws_cache;

typedef struct ws_ctx {
    wb_arena *out;               /* where results are made; dies at a rewind of the VM's choice */
    const struct ws_builtin *fn; /* the row being called: its name goes into error texts */
    const void *site;            /* what the row's prepare made of constant arguments, or NULL */
    struct ws_cache *cache;      /* the session's patterns and other compiled things; never NULL */
    uint64_t query;              /* the number of this evaluation in its session */

    ws_error_kind error; /* of the last call */
    wb_str error_text;   /* whole message with the function's name in front; in `out` */

    int64_t *fuel;                      /* what is left of the budget; ws_charge takes from it */
    int64_t *more_fuel;                 /* and what comes behind it; NULL: nothing */
    bool (*cancelled)(const void *arg); /* deadline or caller; may be NULL */
    const void *cancel_arg;

    /* Hosts that functions may ask; unless `limit_net` is set, all. */
    const wb_str *allow_net;
    size_t n_allow_net;
    bool limit_net;

    int64_t now_ns;                    /* the query's one time, nanoseconds since 1970 */
    bool (*random)(void *p, size_t n); /* the query's source of random bytes */

    /* Results of nondeterministic functions: looked up before a call and recorded after it, both
     * by the VM (rows flagged WS_NONDET), so built-ins need not care. */

    void (*print)(void *arg, wb_str line); /* where print() goes; NULL: nowhere */
    void *print_arg;
    wb_str print_place; /* "file:row" of a call that prints or asks the outside world */

    /* rego.parse_module and opa.runtime are answered by the engine. */
    wv (*parse_module)(struct ws_ctx *cx, wb_str name, wb_str text);
    /* http.send; NULL: this program has no HTTP client. So only who sets it needs the library. */
    wv (*http_send)(struct ws_ctx *cx, const wv *args, unsigned n);
    wv runtime;
} ws_ctx;

/* Error texts as OPA writes them: "<fn>: operand N must be T but got U". operand is 1-based; want
 * is the wording between "must be " and " but got ". */
wv ws_fail_operand(ws_ctx *cx, unsigned operand, const char *want, wv got);
/* "<fn>: <text>" with code eval_builtin_error or eval_type_error; conflicts and internal errors are
 * the query's own and stand without the function's name. */
wv ws_fail(ws_ctx *cx, const char *format, ...) __attribute__((format(printf, 2, 3)));
wv ws_fail_type(ws_ctx *cx, const char *format, ...) __attribute__((format(printf, 2, 3)));
wv ws_fail_kind(ws_ctx *cx, ws_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Formats as error texts are: printf's integers, characters and texts, where a text of a given
 * length ("%.*s") may hold a NUL. What does not fit the buffer is cut, and the buffer
 * has failed. */
void ws_putf(wb_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ws_vputf(wb_buf *b, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* Takes units of work from the budget: one for every 64 bytes or 8 elements touched is the scale.
 * False when the budget is gone or the caller has cancelled: the error is set, answer undefined. */
bool ws_charge(ws_ctx *cx, uint64_t units);
int64_t ws_fuel(const ws_ctx *cx); /* what is left in all */
/* As ws_charge for a result of n bytes that is about to be made in `out`. */
bool ws_room(ws_ctx *cx, size_t n);

/* Whether functions may ask the host; no error is set when they may not. */
bool ws_may_ask(const ws_ctx *cx, wb_str host);

/* Ends a wb_buf as a string value in `out` and frees the buffer. */
wv ws_take_string(ws_ctx *cx, wb_buf *b);

#endif
