/* Values of templates: what Go's reflection makes of JSON and of constants. Internal to
 * stdlib/template.
 *
 * "Boxed" is a value that comes out of a list or an object and has not passed a pipeline: Go knows
 * it as an interface, which errors show, and a boxed null is not the same as no value. */
#ifndef WRIT_STDLIB_TEMPLATE_VALUE_H
#define WRIT_STDLIB_TEMPLATE_VALUE_H

#include "stdlib/context.h"
#include "stdlib/go_print.h"

typedef enum wt_value_kind {
    WT_V_NONE,    /* no value */
    WT_V_MISSING, /* no argument came through the pipe */
    WT_V_NULL,    /* boxed always */
    WT_V_BOOL,
    WT_V_INT,
    WT_V_BYTE, /* of a text, by index */
    WT_V_FLOAT,
    WT_V_COMPLEX,
    WT_V_TEXT,
    WT_V_NUMBER, /* of the document: a text of its own type */
    WT_V_LIST,
    WT_V_MAP
} wt_value_kind;

typedef struct wt_value {
    uint8_t kind;
    bool boxed, truth;
    wb_str text;     /* WT_V_TEXT, WT_V_NUMBER */
    int64_t i;       /* WT_V_INT, WT_V_BYTE */
    double d, im;    /* WT_V_FLOAT, WT_V_COMPLEX */
    const wv *items; /* WT_V_LIST */
    size_t n, room;  /* its members, and how far Go lets it be sliced */
    wv map;          /* WT_V_MAP */
} wt_value;

/* The value of *v, which stays where it is; boxed. */
wt_value wt_of(ws_ctx *cx, const wv *v);
/* Go's name of the type, "interface {}" when boxed, and without that. */
const char *wt_type(const wt_value *v);
const char *wt_inner_type(const wt_value *v);
/* Without its box: a boxed null is no value then. */
wt_value wt_unboxed(wt_value v);
bool wt_truth(const wt_value *v);
/* As an argument of the printing functions. */
ws_go_arg wt_go_arg(const wt_value *v);

static inline bool wt_is_text(const wt_value *v)
{
    return v->kind == WT_V_TEXT || v->kind == WT_V_NUMBER;
}

#endif
