/* Command line options from a table.
 *
 * A command declares a const array of cli_option, one row a flag, and names the rows by an enum.
 * cli_parse_options reads argv and then the environment (WRIT_<COMMAND>_<FLAG>; the line wins),
 * fills one cli_value a row, and leaves the other arguments in `rest`. Wrong use is reported on
 * stderr with the command's usage, in the words users know from `opa`.
 *
 * Ownership: values point into argv, the environment and the table; cli_options_free gives back the
 * lists only. */
#ifndef WRIT_CLI_OPTIONS_H
#define WRIT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cli_kind {
    CLI_BOOL,
    CLI_STRING,
    CLI_REPEAT, /* a text each time it is given */
    CLI_LIST,   /* the same, and commas part texts */
    CLI_CHOICE, /* one of `choices` */
    CLI_INT,
    CLI_DURATION /* Go's notation: 1.5s, 100ms, 2m */
} cli_kind;

typedef struct cli_option {
    const char *name; /* "format"; NULL ends the table */
    char letter;      /* 'f', or 0 */
    cli_kind kind;
    const char *initial; /* default as text; NULL: false, empty, 0 */
    const char *choices; /* CLI_CHOICE: "json,values" */
    const char *help;    /* NULL: works, but help does not show it */
} cli_option;

typedef struct cli_value {
    bool set;           /* given on the line or by the environment */
    bool on;            /* CLI_BOOL */
    const char *text;   /* CLI_STRING, CLI_CHOICE; never NULL */
    int64_t number;     /* CLI_INT; CLI_DURATION: nanoseconds */
    const char **items; /* CLI_REPEAT, CLI_LIST */
    size_t n;
} cli_value;

typedef struct cli_command {
    const char *name;     /* "eval" */
    const char *operands; /* "<query> [flags]" */
    const char *about;    /* first paragraphs of the help, ending in a newline */
    const char *examples; /* lines ending in a newline */
    const cli_option *options;
} cli_command;

typedef struct cli_options {
    const cli_command *command;
    cli_value *values; /* one a row */
    const char **rest;
    size_t n_rest;
    char **owned; /* copies that lists point into */
    size_t n_owned;
} cli_options;

/* True: go on. False: *status is the exit status (help was asked for: 0; wrong use: 1). In both
 * cases the caller calls cli_options_free. */
bool cli_parse_options(cli_options *o, const cli_command *command, int argc, char **argv,
                       int *status);
void cli_options_free(cli_options *o);
/* `Error: <text>` and the usage on stderr; answers 1. */
int cli_wrong(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
