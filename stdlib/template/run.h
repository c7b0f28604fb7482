/* Runs trees. Internal to stdlib/template. */
#ifndef WRIT_STDLIB_TEMPLATE_RUN_H
#define WRIT_STDLIB_TEMPLATE_RUN_H

#include "stdlib/context.h"
#include "stdlib/template/tree.h"

#define WT_RUN_DEPTH_MAX 1500 /* blocks, parentheses and templates inside each other */

/* Puts the template's text with its variables filled in. False: the call has failed. */
bool wt_run(ws_ctx *cx, const wt_tree *t, const wv *variables, wb_buf *out);

#endif
