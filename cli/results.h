/* Results of a query in the forms of `eval`. */
#ifndef WRIT_CLI_RESULTS_H
#define WRIT_CLI_RESULTS_H

#include "cli/load.h"

typedef struct cli_results {
    cli_load *load; /* its errors are shown too */
    wv rows;        /* [[bindings, [value, ...]], ...] or undefined */
    wp_body query;  /* places and texts of the expressions */
    wb_str text;    /* of the query */
    bool metrics;
    int64_t load_ns, parse_ns, compile_ns, eval_ns;
} cli_results;

/* Parses the query for its expressions. False with the errors collected. */
bool cli_results_query(cli_results *r, wb_str text, wp_version version);
/* format: json, values, bindings, pretty, raw, discard. */
void cli_results_print(cli_results *r, const char *format, FILE *out, FILE *err);

#endif
