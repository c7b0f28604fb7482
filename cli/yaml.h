/* YAML text to a value by the 1.2 core schema with OPA's extras (see yaml.c). */
#ifndef WRIT_CLI_YAML_H
#define WRIT_CLI_YAML_H

#include "value/value.h"

#define CLI_YAML_DEPTH_MAX 1000u              /* nesting: recursion in C stays small */
#define CLI_YAML_NODES_MAX ((size_t)10000000) /* values, aliases counted as what they stand for */

/* The first document; what follows must parse too. WB_INVALID with YAML's words ("yaml: ..."),
 * WB_LIMIT for the limits above or the arena's budget. */
wb_status cli_yaml_decode(wb_arena *a, wb_str text, wv *out, wb_error *error);

#endif
