/* The parts of a JSON text one after the other, as a streaming reader sees them: members of one
 * name come as often as they are written, in their order, each with its own text. */
#ifndef WRIT_STDLIB_JSON_PARTS_H
#define WRIT_STDLIB_JSON_PARTS_H

#include "stdlib/context.h"

/* On the stack of the caller. text must begin with a value that was found to be JSON; it is lent.
 */
typedef struct ws_parts {
    ws_ctx *cx;
    wb_str text;
    size_t at;
    bool failed; /* no memory was left; the context says so */
} ws_parts;

/* open: '{' or '['. A text that begins otherwise has no parts. */
ws_parts ws_parts_of(ws_ctx *cx, wb_str text, char open);
/* The next part, its values made in cx->out. name: NULL in arrays. False at the end, or failed. */
bool ws_parts_next(ws_parts *w, wv *name, wv *value, wb_str *raw);

#endif
