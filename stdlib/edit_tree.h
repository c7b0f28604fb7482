/* A document under edit: what json.patch changes step by step and renders at the end.
 *
 * A *node* stands over a value that never changes; its *children* are the keys or places that were
 * touched, as scalars, as nodes of their own, or as deleted. It keeps OPA's ways where they show: a
 * place of an array that was not touched yet is looked up in the array as it was at first, and
 * error texts show values as they were at first.
 *
 * All memory is the call's arena. Functions that fail have set the error. */
#ifndef WRIT_STDLIB_EDIT_TREE_H
#define WRIT_STDLIB_EDIT_TREE_H

#include "stdlib/args.h"

typedef struct ws_edit ws_edit;

ws_edit *ws_edit_new(ws_ctx *cx, wv value); /* NULL: failed */
/* The value at the path, undefined when the whole document is deleted. False: failed. */
bool ws_edit_get(ws_ctx *cx, ws_edit *root, const wv *keys, size_t n, wv *out);
/* Puts the value in at the path, before what stands there in an array. */
bool ws_edit_insert(ws_ctx *cx, ws_edit *root, const wv *keys, size_t n, wv value);
bool ws_edit_delete(ws_ctx *cx, ws_edit *root, const wv *keys, size_t n);

/* The error "FORMAT", with %s for the text of one or two values (the second may be undefined). */
void ws_edit_fail(ws_ctx *cx, const char *format, wv x, wv y);

#endif
