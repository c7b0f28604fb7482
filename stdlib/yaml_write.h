/* A value as YAML in block style. */
#ifndef WRIT_STDLIB_YAML_WRITE_H
#define WRIT_STDLIB_YAML_WRITE_H

#include "stdlib/context.h"

/* The text yaml.marshal answers, or undefined with the failure set. */
wv ws_yaml_encode(ws_ctx *cx, wv v);

#endif
