/* Set operations that more than one family needs. Results live in `out`; both arguments are sets.
 */
#ifndef WRIT_STDLIB_SETOPS_H
#define WRIT_STDLIB_SETOPS_H

#include "stdlib/context.h"

wv ws_set_difference(ws_ctx *cx, wv a, wv b);
/* Members of the smaller set (of a when they are of one size) that are in the other. */
wv ws_set_intersection(ws_ctx *cx, wv a, wv b);
/* a's spelling stays where both have a member. */
wv ws_set_union(ws_ctx *cx, wv a, wv b);

#endif
