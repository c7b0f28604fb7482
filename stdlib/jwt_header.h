/* The header of a token that is to be signed, read as loosely as OPA's library reads it: numbers
 * of any shape, strings with any escapes, the first of equal names. */
#ifndef WRIT_STDLIB_JWT_HEADER_H
#define WRIT_STDLIB_JWT_HEADER_H

#include "stdlib/context.h"

typedef struct ws_jwt_field {
    const char *name;
    const char *kind; /* "string", "number", "true", ...; NULL: not there */
    wv text;          /* of a string, unescaped */
} ws_jwt_field;

/* Fills kind and text of the fields. False: no such text, and `why` says so in the library's words;
 * or the call's error is set. */
bool ws_jwt_header_read(ws_ctx *cx, wb_str text, ws_jwt_field *fields, size_t n, wb_buf *why);

#endif
