/* Rego text in its one canonical layout, as `opa fmt` writes it.
 *
 * The formatter writes the tree of a module, guided by the places of its nodes: what stood on a
 * line of its own stays there, blanks and indentation are its own. Comments are kept. A text that
 * was formatted once is not changed again.
 *
 * A target is a span of language versions [least, most] in which the result must read: v0 to v1
 * gives a text good for both. Directive imports (`rego.*`, `future.*`) are added or dropped for it.
 */
#ifndef WRIT_PARSER_FORMAT_H
#define WRIT_PARSER_FORMAT_H

#include "parser/parse.h"

/* Nesting of what is written. The parser allows more, but a level here takes several frames, and
 * a text nested deeper than this is no policy a person reads. */
#define WP_FORMAT_DEPTH_MAX 2000

/* Bytes of a formatted text: indentation can make a text grow, never without end. */
#define WP_FORMAT_TEXT_MAX ((size_t)1 << 30)

typedef struct wp_format_options {
    wp_version least, most; /* the target */
    bool drop_imports;      /* drop directive imports that the target makes needless */
} wp_format_options;

/* Formats a module that was parsed without an error, and appends to *out. The tree may be changed:
 * it serves for nothing else afterwards. Not WB_OK: the diagnostics say why, and *out holds a part
 * that must not be used. */
wb_status wp_format_module(wb_arena *a, wp_module *m, const wp_format_options *options, wb_buf *out,
                           wp_diags *diags);

/* Parses a text with the options, formats it, and appends to *out. Errors are diagnostics. */
wb_status wp_format_text(wb_arena *a, wb_str name, wb_str text, const wp_options *parse,
                         const wp_format_options *options, wb_buf *out, wp_diags *diags);

/* What a formatted module lacks or has beside the one it was made from, as a sentence; NULL: they
 * say the same. Rules are compared whatever their layout, comments by their words; imports are not,
 * since the target may add and drop them. Both trees are fresh from the parser. */
const char *wp_format_difference(const wp_module *before, const wp_module *after);

#endif
