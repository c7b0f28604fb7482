/* Go's Sprintf and Sprint over more than what Rego's numbers and strings become: for templates.
 * Members of lists and maps are printed as the decoder of JSON made them: numbers are json.Number,
 * null is nil. */
#ifndef WRIT_STDLIB_GO_PRINT_H
#define WRIT_STDLIB_GO_PRINT_H

#include "stdlib/context.h"

typedef enum ws_go_kind {
    WS_GO_NIL,
    WS_GO_BOOL, /* i: 0 or 1 */
    WS_GO_INT,  /* i */
    WS_GO_BYTE, /* i: an uint8 */
    WS_GO_FLOAT,
    WS_GO_COMPLEX,
    WS_GO_TEXT, /* text: a string, or a json.Number's */
    WS_GO_LIST, /* items, n */
    WS_GO_MAP   /* map: an object whose keys are strings */
} ws_go_kind;

typedef struct ws_go_arg {
    ws_go_kind kind;
    const char *type; /* Go's name of the type */
    int64_t i;
    double d, imaginary;
    wb_str text;
    const wv *items;
    size_t n;
    wv map;
} ws_go_arg;

/* Puts what Sprintf gives; b->failed when it does not fit. */
void ws_go_printf(ws_ctx *cx, wb_buf *b, wb_str format, const ws_go_arg *args, size_t n);
/* The same of Sprint (a blank between two that are no text) or Sprintln (blanks and a line end). */
void ws_go_print(ws_ctx *cx, wb_buf *b, bool line, const ws_go_arg *args, size_t n);

#endif
