/* YAML text to a value by the 1.2 core schema with OPA's extras (see yaml_read.c). The one reader
 * of YAML: for policies, data files and configuration. */
#ifndef WRIT_STDLIB_YAML_READ_H
#define WRIT_STDLIB_YAML_READ_H

#include "value/value.h"

#define WS_YAML_DEPTH_MAX 1000u              /* nesting: recursion in C stays small */
#define WS_YAML_NODES_MAX ((size_t)10000000) /* values, aliases counted as what they stand for */

/* The first document; what follows must parse too. WB_INVALID with YAML's words ("yaml: ..."),
 * WB_LIMIT for the limits above or the arena's budget. */
wb_status ws_yaml_decode(wb_arena *a, wb_str text, wv *out, wb_error *error);
/* Whether a plain scalar reads as an integer or a finite float; *out is it, made in a. */
bool ws_yaml_number(wb_arena *a, wb_str s, wv *out);

#endif
