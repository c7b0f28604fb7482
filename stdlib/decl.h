/* Declarations of built-ins as OPA's capabilities show them. */
#ifndef WRIT_STDLIB_DECL_H
#define WRIT_STDLIB_DECL_H

#include "value/value.h"

/* The type of a function whose declaration is `text` (stdlib/builtin.h says how they are written)
 * as a value such as {"args": [{"name": "x", "type": "number"}], "result": {...}, "type":
 * "function"}. Undefined when the text is none. */
wv ws_decl_value(wb_arena *a, const char *text);

#endif
