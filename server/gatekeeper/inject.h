/* The injection filter: finds text that tries to give orders to whoever reads the request.
 *
 * Deterministic and linear in the length of the text: the same bytes give the same hits on every
 * machine. The rules are rows of inject_table.def. The text is normalised first (inject_fold.c):
 * case, width, accents, look-alike letters, invisible characters, runs of blanks. */
#ifndef WRIT_SERVER_GATEKEEPER_INJECT_H
#define WRIT_SERVER_GATEKEEPER_INJECT_H

#include "base/str.h"

#include <jansson.h>

#define INJECT_HITS_MAX  32           /* hits that are named; all are counted */
#define INJECT_TEXT_MAX  (256u << 10) /* bytes of one text: a whole request */
#define INJECT_DECODINGS 2            /* base64 inside base64, no deeper */

typedef struct inject_hit {
    const char *rule, *family;
    char pointer[128]; /* which text: a JSON pointer, cut at the end */
    size_t offset;     /* byte in that text where the match begins */
} inject_hit;

typedef struct inject_report {
    inject_hit hits[INJECT_HITS_MAX];
    size_t count; /* all hits; may be above INJECT_HITS_MAX */
} inject_report;

/* Adds the hits of one text. */
void inject_scan(wb_str text, const char *pointer, inject_report *report);
/* Adds the hits of every string in the value, keys of objects included. */
void inject_scan_json(const json_t *value, const char *pointer, inject_report *report);

/* ---- For the filter's own files and tests ---- */

typedef struct inject_text {
    char *p;      /* folded bytes: lower case, ASCII where the letter has an ASCII look-alike */
    unsigned *at; /* offset in the source of each of them */
    size_t n;
} inject_text;
/* Folds; *out is ended with inject_text_clear. Blanks collapse to one ' ', or to one '\n' where a
 * line ends among them. */
void inject_fold(wb_str text, inject_text *out);
void inject_text_clear(inject_text *t);
size_t inject_rule_count(void);
/* Id of rule i. */
const char *inject_rule_id(size_t i);

#endif
