/* A lexical gate before the HTTP/1 parser. The parser library as Debian builds it is not strict: it
 * takes bare line feeds, folded lines, blanks in names and a chunk without its line ends. Two
 * readers of one stream that disagree about such bytes are how requests get smuggled, so the gate
 * refuses them before the parser sees them. It looks at bytes and line ends only; what they mean
 * is the parser's. It also finds where head and chunked body end, and the parser must agree. */
#ifndef WRIT_SERVER_HTTP_GATE_H
#define WRIT_SERVER_HTTP_GATE_H

#include "base/str.h"

typedef struct http_gate {
    int state;
    int spaces;      /* in the request line */
    int digits;      /* of a chunk size */
    char last;       /* byte before, in the request line */
    unsigned blanks; /* empty lines before the request line */
    size_t extra;    /* bytes of chunk extensions and trailers */
    uint64_t left;   /* of a chunk */
} http_gate;

typedef enum http_gate_result { HTTP_GATE_MORE, HTTP_GATE_END, HTTP_GATE_BAD } http_gate_result;

void http_gate_start_head(http_gate *g);
/* Takes bytes up to the end of the head; *used tells how many, *skip how many of them stood before
 * the request line. */
http_gate_result http_gate_head(http_gate *g, const char *p, size_t n, size_t *used, size_t *skip);
void http_gate_start_chunks(http_gate *g);
/* Takes bytes up to the end of the chunked body. More than max_extra bytes of extensions and
 * trailers are bad. */
http_gate_result http_gate_chunks(http_gate *g, const char *p, size_t n, size_t max_extra,
                                  size_t *used);

#endif
