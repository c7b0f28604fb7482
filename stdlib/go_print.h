/* Go's Sprintf over more than what Rego's numbers and strings become: for templates. */
#ifndef WRIT_STDLIB_GO_PRINT_H
#define WRIT_STDLIB_GO_PRINT_H

#include "stdlib/context.h"

typedef enum ws_go_kind {
    WS_GO_NIL,
    WS_GO_BOOL,
    WS_GO_NUMBER, /* v: as sprintf takes it, an int or a float64 */
    WS_GO_TEXT    /* v: the text of anything else */
} ws_go_kind;

typedef struct ws_go_arg {
    ws_go_kind kind;
    const char *type; /* Go's name of the type */
    wv v;
} ws_go_arg;

#define WS_GO_ARGS_MAX 16u

/* The formatted string; undefined when the call has failed. n: at most WS_GO_ARGS_MAX. */
wv ws_go_sprintf(ws_ctx *cx, wb_str format, const ws_go_arg *args, size_t n);

#endif
