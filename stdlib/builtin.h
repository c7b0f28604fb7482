/* The registry of built-in functions: one row holds all that is known of one.
 *
 * A family file defines `const ws_builtin ws_<family>[]` ended by a row without a name; registry.c
 * lists the families. Capabilities, the documentation page, the type checker and arity errors are
 * made from the rows.
 *
 * Declarations are text in OPA's own notation, parsed by the compiler's type checker:
 *
 *     "(coll: any<string, array[any], object[any: any], set[any]>) => (n: number)"
 *
 * with any, null, boolean, number, string, array[T], array<T, U>, set[T], object[K: V],
 * object<name: T, name: T>[K: V], any<T, U>. Arguments and the result may have no name ("number"
 * for "x: number"). A function without a result has "=> void"; one of any number of arguments is
 * written
 * "(...any)". */
#ifndef WRIT_STDLIB_BUILTIN_H
#define WRIT_STDLIB_BUILTIN_H

#include "stdlib/context.h"

typedef wv (*ws_fn)(ws_ctx *cx, const wv *args, unsigned n);

/* Makes of constant arguments what the function would otherwise make at every call (a compiled
 * pattern, a parsed CIDR). args holds WV_UNDEFINED where an argument is not constant. NULL when
 * nothing can be prepared (a bad pattern is then reported by the call itself). What it makes is
 * immutable, used by many threads, and freed by the row's `release`. */
typedef void *(*ws_prepare)(const wv *args, unsigned n);
typedef void (*ws_release)(void *site);

enum {
    WS_NONDET = 1,   /* not a function of its arguments alone: recorded, never folded */
    WS_IO = 2,       /* waits for the outside world: such programs run on the thread pool */
    WS_RELATION = 4, /* the answer is an array; each member is one result (walk) */
    WS_DEPRECATED = 8,
    WS_VOID = 16,      /* print */
    WS_GIVES_SET = 32, /* the result is a set: an array of a record in JSON becomes one again */
    WS_INFIX_SHIFT = 8 /* operators: the character(s) in `infix` */
};

#define WS_ANY_ARITY (~0u) /* arity of a row that takes any number of arguments: print */

typedef struct ws_builtin {
    const char *name;     /* "regex.match" */
    const char *decl;     /* see above */
    const char *infix;    /* "+" or NULL */
    const char *category; /* "strings"; several with a comma between them; NULL: its name's front */
    unsigned flags;
    ws_fn fn;           /* NULL: compiled away before it is called (internal.member_2, ...) */
    ws_prepare prepare; /* or NULL */
    ws_release release; /* or NULL */
    const char *doc;    /* one line */
    void *arg;          /* host functions: theirs; NULL for our own */
    unsigned arity;     /* set by the registry from decl in its copy of the row, */
    unsigned index;     /* and its number there, below ws_registry_count */
} ws_builtin;

/* All rows, found by name. Built once per engine; hosts may add rows before it is frozen. */
typedef struct ws_registry ws_registry;

ws_registry *ws_registry_new(void);
void ws_registry_free(ws_registry *r);
/* Adds a host's row (copied; its strings must live as long as the registry). WB_EXISTS when the
 * name is taken, WB_INVALID when the declaration does not parse. */
wb_status ws_registry_add(ws_registry *r, const ws_builtin *row, wb_error *error);
/* Takes out the rows whose names `keep` does not want. Before the first program is compiled. */
void ws_registry_keep(ws_registry *r, bool (*keep)(const void *argument, wb_str name),
                      const void *argument);
/* The row or NULL. The pointer lives as long as the registry. */
const ws_builtin *ws_registry_find(const ws_registry *r, wb_str name);
/* Puts the rows in the order of their names, for lists of them: else they stand by families. Before
 * the first program is compiled. */
void ws_registry_sort(ws_registry *r);
size_t ws_registry_count(const ws_registry *r);
const ws_builtin *ws_registry_at(const ws_registry *r, size_t i);

/* Session-wide caches of dynamic patterns (regex, glob): bounded, least recently used goes. */
typedef struct ws_cache ws_cache;
ws_cache *ws_cache_new(void);
void ws_cache_free(ws_cache *c);

#endif
