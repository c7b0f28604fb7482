/* Writ: embed a Rego policy engine.
 *
 * A worked example (tests compile and run it: tests/engine/test_example.c):
 *
 *     writ_engine *engine = writ_engine_new();
 *     writ_error error = {0};
 *     writ_add_policy(engine, "authz.rego", text, strlen(text), &error);
 *     writ_set_data(engine, "{\"roles\": {}}", 13, &error);
 *     writ_query *allow = writ_prepare(engine, "data.authz.allow", &error);
 *     writ_session *session = writ_session_new(engine);
 *     writ_text answer;
 *     if (writ_eval_json(session, allow, input, input_length, &answer, &error) == WRIT_OK)
 *         use(answer.bytes, answer.length);      // "true"; valid until the session's next call
 *     writ_session_free(session); writ_query_free(allow); writ_engine_free(engine);
 *
 * Words. An *engine* holds policies, base data and host functions. A *query* is compiled from a
 * snapshot of them: later changes do not touch it; prepare again to see them. A *session* evaluates
 * and belongs to one thread; queries and the values of documents may be used by all threads at
 * once. An engine itself is changed by one thread at a time.
 *
 * Every function that can fail answers a writ_status and fills the writ_error it is given (NULL is
 * allowed). Text is UTF-8 with its length; a NUL byte is a byte like any other. */
#ifndef WRIT_H
#define WRIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum writ_status {
    WRIT_OK = 0,
    WRIT_UNDEFINED = 1, /* evaluated, and there is no value */
    WRIT_INVALID = -1,  /* bad policy, query, JSON or argument */
    WRIT_EVAL = -2,     /* the evaluation ended with an error: conflict, strict built-in error */
    WRIT_BUDGET = -3,   /* out of fuel, memory or depth, past the deadline, or cancelled */
    WRIT_MEMORY = -4    /* the system gave no memory or address space */
} writ_status;

/* What went wrong. `text` holds all messages as `opa` prints them, cut at the array's end; `code`
 * is the first one's code ("rego_parse_error", "eval_conflict_error", ...), `row` and `column` its
 * place (0: none), `file` its file. */
typedef struct writ_error {
    writ_status status;
    char code[40];
    char file[256];
    unsigned row, column;
    char text[4096];
} writ_error;

typedef struct writ_text {
    const char *bytes;
    size_t length;
} writ_text;

typedef struct writ_engine writ_engine;
typedef struct writ_query writ_query;
typedef struct writ_session writ_session;
typedef struct writ_document writ_document; /* a parsed, frozen JSON document */
typedef uint64_t writ_value;                /* a value; lives as long as what it came from */

const char *writ_version(void);

/* ---- engine ---- */

writ_engine *writ_engine_new(void); /* NULL: no memory */
void writ_engine_free(writ_engine *engine);

/* Adds a Rego v1 module, or replaces the one of that name. Nothing changes on an error. The text is
 * copied. Only parsing happens here; the whole set is compiled by writ_prepare. */
writ_status writ_add_policy(writ_engine *engine, const char *name, const char *text, size_t length,
                            writ_error *error);
/* Takes a module out; WRIT_INVALID when there is none of that name. */
writ_status writ_remove_policy(writ_engine *engine, const char *name, writ_error *error);
/* Replaces all base data by a JSON object. */
writ_status writ_set_data(writ_engine *engine, const char *json, size_t length, writ_error *error);

/* Lets policies send HTTP requests; without it http.send is an error. Must come before the
 * sessions. Only a program that calls this needs the client's library (libcurl) when it starts. */
void writ_add_http(writ_engine *engine);

/* A function of the host's. args are count values; the answer is made by the writ_make_...
 * functions with `call`, or taken from an argument. WRIT_NO_VALUE: undefined. writ_call_fail: a
 * built-in error (undefined, or the evaluation's end when errors are strict). */
#define WRIT_NO_VALUE ((writ_value)0)
typedef struct writ_call writ_call;
typedef writ_value (*writ_function)(writ_call *call, const writ_value *args, unsigned count,
                                    void *argument);
/* declaration: "(name: string, n: number) => (ok: boolean)". pure: the same arguments always give
 * the same answer. Must come before the policies that use it are prepared. */
writ_status writ_add_function(writ_engine *engine, const char *name, const char *declaration,
                              bool pure, writ_function function, void *argument, writ_error *error);
writ_value writ_call_fail(writ_call *call, const char *message);

/* ---- queries ---- */

/* Compiles the policies with a query: a reference such as "data.authz.allow", whose value is the
 * answer, or any Rego query, whose answer is the array of its results as `opa eval` shows them.
 * NULL on an error. The caller frees it with writ_query_free, before or after the engine. */
writ_query *writ_prepare(writ_engine *engine, const char *query, writ_error *error);
void writ_query_free(writ_query *query);

/* ---- documents and values ---- */

/* Parses JSON into a frozen document for many evaluations. NULL on an error. */
writ_document *writ_document_new(writ_engine *engine, const char *json, size_t length,
                                 writ_error *error);
void writ_document_free(writ_document *document);
writ_value writ_document_value(const writ_document *document);

typedef enum writ_kind {
    WRIT_KIND_UNDEFINED,
    WRIT_KIND_NULL,
    WRIT_KIND_BOOLEAN,
    WRIT_KIND_NUMBER,
    WRIT_KIND_STRING,
    WRIT_KIND_ARRAY,
    WRIT_KIND_OBJECT,
    WRIT_KIND_SET
} writ_kind;

writ_kind writ_kind_of(writ_value v);
bool writ_boolean(writ_value v);             /* true only for true */
bool writ_int64(writ_value v, int64_t *out); /* integers such as 7 and 7.0 */
bool writ_double(writ_value v, double *out); /* false when it has none */
/* The bytes of a string; *v must stay where it is while they are used. */
writ_text writ_string(const writ_value *v);
size_t writ_count(writ_value collection); /* elements, members or pairs */
/* The i-th element; sets and objects in Rego order. */
writ_value writ_item(writ_value collection, size_t i);
writ_value writ_key(writ_value object, size_t i);
writ_value writ_member(writ_value object, const char *key, size_t length);

/* New values for a host function's answer; they live as long as the evaluation. */
writ_value writ_make_null(void);
writ_value writ_make_boolean(bool b);
writ_value writ_make_int64(writ_call *call, int64_t i);
writ_value writ_make_string(writ_call *call, const char *bytes, size_t length);
writ_value writ_make_json(writ_call *call, const char *json, size_t length); /* or WRIT_NO_VALUE */

/* ---- sessions and evaluation ---- */

writ_session *writ_session_new(writ_engine *engine); /* NULL: no memory; must not outlive engine */
void writ_session_free(writ_session *session);

/* Limits of each evaluation; 0 means the default. Reaching one is WRIT_BUDGET, never an answer. */
typedef struct writ_budget {
    int64_t fuel;         /* units: loops' turns, calls, and work of built-ins; default none */
    uint64_t deadline_ms; /* milliseconds from the evaluation's start; default none */
    bool (*cancelled)(void *argument); /* asked now and then; may be NULL */
    void *argument;
} writ_budget;

void writ_set_budget(writ_session *session, const writ_budget *budget);
/* The first error of a built-in ends the evaluation instead of making its call undefined. */
void writ_set_strict(writ_session *session, bool strict);
/* A fixed time for time.now_ns, nanoseconds since 1970; 0: the clock. */
void writ_set_time(writ_session *session, int64_t now_ns);
/* Where print() goes; NULL: nowhere. */
void writ_set_print(writ_session *session,
                    void (*print)(void *argument, const char *line, size_t length), void *argument);

/* Hosts that http.send and net.lookup_ip_addr may ask, by name and without ports; others fail.
 * NULL: all hosts; a count of 0: none. The names are copied. */
void writ_set_allow_net(writ_session *session, const char *const *hosts, size_t count);
/* Answers for functions that are not of their arguments alone (the time, the network, chance, host
 * functions that are not pure), as JSON: {"time.now_ns": {"[]": 1}}, arguments as the text of an
 * array. Later evaluations take them instead of calling; calls that are not in it are made. NULL:
 * none. With what writ_record gave and the same input an evaluation is repeated exactly. */
writ_status writ_set_record(writ_session *session, const char *json, size_t length,
                            writ_error *error);
/* What such functions answered in the last evaluation, in the same shape; {} when none was called.
 * The text lives until the session's next call. */
writ_status writ_record(writ_session *session, writ_text *record, writ_error *error);

/* Evaluates with input as JSON text (NULL: no input). The answer is JSON text that lives until the
 * session's next evaluation. WRIT_UNDEFINED: no answer. */
writ_status writ_eval_json(writ_session *session, const writ_query *query, const char *input,
                           size_t length, writ_text *answer, writ_error *error);
/* Evaluates with a parsed input (WRIT_NO_VALUE: none). The answer lives until the session's next
 * evaluation. */
writ_status writ_eval(writ_session *session, const writ_query *query, writ_value input,
                      writ_value *answer, writ_error *error);
/* Fuel spent by the last evaluation. */
int64_t writ_fuel_used(const writ_session *session);

#ifdef __cplusplus
}
#endif
#endif
