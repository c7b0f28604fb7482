/* Paths into documents, as json.filter, json.remove and json.patch take them: "a/b/0" with ~0 for ~
 * and ~1 for /, or an array of keys. */
#ifndef WRIT_STDLIB_JSON_PATHS_H
#define WRIT_STDLIB_JSON_PATHS_H

#include "stdlib/context.h"

typedef struct ws_path {
    const wv *keys; /* in `out` or in the operand */
    size_t n;
} ws_path;

/* False: the path is neither a string nor an array, or the budget is gone; the error is set. */
bool ws_path_read(ws_ctx *cx, const wv *path, ws_path *out);

#endif
