/* Draws: texts made at random from rules, for calls of built-in functions.
 *
 * A rule file (draws/README.md has the notation) names *rules*, each a list of alternatives, and
 * for each built-in function the alternatives of its arguments. A *draw* is one call: the texts of
 * its arguments as Rego terms. The same seed, function and number always make the same draw. */
#ifndef WRIT_CONFORMANCE_DIFF_DRAW_H
#define WRIT_CONFORMANCE_DIFF_DRAW_H

#include "base/buf.h"

#define DR_ARGS_MAX 8u
#define DR_TEXT_MAX ((size_t)1 << 20) /* bytes of one draw's texts */

typedef struct dr_rules dr_rules;

typedef struct dr_draw {
    wb_buf text; /* all arguments, behind one another */
    unsigned n;  /* arguments */
    size_t begin[DR_ARGS_MAX + 1];
    wb_buf module;    /* a module to ask beside, or empty */
    const char *call; /* how it is asked, from the rules, or NULL: by the function's name */
} dr_draw;

/* Reads every *.draws file of a folder. NULL, and a line on standard error, when one is wrong. */
dr_rules *dr_rules_new(const char *folder);
void dr_rules_free(dr_rules *r);
/* Whether the rules draw for the function. */
bool dr_knows(const dr_rules *r, const char *function);

void dr_draw_init(dr_draw *d);
void dr_draw_clear(dr_draw *d);
/* Makes the draw of that number; false when the rules know no such function. */
bool dr_make(const dr_rules *r, const char *function, uint64_t seed, uint64_t number, dr_draw *out);
static inline wb_str dr_arg(const dr_draw *d, unsigned i)
{
    return wb_str_n(d->text.p + d->begin[i], d->begin[i + 1] - d->begin[i]);
}

#endif
