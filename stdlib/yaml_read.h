/* YAML text to a value as OPA reads it: for policies, data files and configuration.
 *
 * What value/yaml.h says holds, and: timestamps that are not marked so are strings, of equal keys
 * the last wins, "<<" may stand several times, keys become strings, .inf and .nan are refused. */
#ifndef WRIT_STDLIB_YAML_READ_H
#define WRIT_STDLIB_YAML_READ_H

#include "value/yaml.h"

/* The first document; what follows must parse too. WB_INVALID with YAML's words ("yaml: ..."),
 * WB_LIMIT for the limits of value/yaml.h or the arena's budget. */
wb_status ws_yaml_decode(wb_arena *a, wb_str text, wv *out, wb_error *error);

#endif
