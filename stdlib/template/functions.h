/* The functions that templates may call, one row each. Internal to stdlib/template. */
#ifndef WRIT_STDLIB_TEMPLATE_FUNCTIONS_H
#define WRIT_STDLIB_TEMPLATE_FUNCTIONS_H

#include "stdlib/template/value.h"

/* A call: its arguments in, its result or the reason why there is none out. */
typedef struct wt_call {
    ws_ctx *cx;
    const char *name; /* as the row has it */
    wb_str callee;    /* what "call" calls, in words */
    const wt_value *args;
    size_t n;
    wt_value result;
    const char *why; /* NULL: the budget is gone, when the function answers false */
} wt_call;

typedef enum wt_param {
    WT_PARAM_VALUE, /* taken as it is */
    WT_PARAM_ANY,   /* no value is null then */
    WT_PARAM_TEXT   /* must be a string */
} wt_param;

typedef struct wt_function_row {
    const char *name;
    uint8_t fixed;          /* arguments that must be there */
    bool open;              /* takes more */
    uint8_t first;          /* wt_param of the first */
    uint8_t others;         /* wt_param of the others */
    bool (*fn)(wt_call *c); /* NULL: "and" and "or", which stop early */
} wt_function_row;

/* The row, or NULL. */
const wt_function_row *wt_function(wb_str name);

#endif
