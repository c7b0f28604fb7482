/* What others ask of the family of addresses. */
#ifndef WRIT_STDLIB_NET_H
#define WRIT_STDLIB_NET_H

#include "value/value.h"

/* An address as its shortest text; undefined when s is none. */
wv ws_ip_text(wb_arena *a, wb_str s);

#endif
