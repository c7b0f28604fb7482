/* URIs and references as Go's net/url takes them apart and writes them: parts without their
 * escapes, and the text again with the escapes that are usual.
 *
 * Life cycle: read, then look or write, then clear (also after a refusal). What is wb_str points
 * into the text that was read, or into the arena. */
#ifndef WRIT_VALUE_URI_H
#define WRIT_VALUE_URI_H

#include "base/arena.h"
#include "base/buf.h"

typedef struct wv_uri {
    wb_arena *arena;
    wb_str text;  /* what error texts quote */
    wb_buf error; /* why it is no URI; empty: it is one */
    wb_str scheme, opaque, query, raw_path;
    wb_str as_written, fragment_as_written; /* before their escapes were replaced */
    wb_buf host, path, fragment, user, password;
    bool has_user, has_password, bare_query, no_host;
} wv_uri;

/* max: bytes of a part. False: it is none, or a part is over max (then `error` is empty). */
bool wv_uri_read(wb_arena *a, wb_str s, size_t max, wv_uri *u);
void wv_uri_clear(wv_uri *u);
/* What Go says of the text that was refused: parse "...": ... */
void wv_uri_put_error(wb_buf *b, const wv_uri *u);
/* The path as it is sent; the whole as Go's String() writes it. */
void wv_uri_put_path(wb_buf *b, const wv_uri *u);
void wv_uri_put(wb_buf *b, const wv_uri *u);
/* Whether a host ends in a port, and where its colon is. */
bool wv_uri_port(wb_str host, size_t *colon);

#endif
