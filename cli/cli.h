/* The subcommands of `writ`.
 *
 * A subcommand is a file (cmd_NAME.c) with one function, a prototype here and a row in main.c. It
 * gets its own arguments, argv[0] being its name, and answers the process's exit status. */
#ifndef WRIT_CLI_CLI_H
#define WRIT_CLI_CLI_H

typedef int (*cli_function)(int argc, char **argv);

/* Exit statuses of the commands that OPA has too. */
enum { CLI_OK = 0, CLI_WRONG = 1, CLI_FAILED = 2 };

int cli_eval(int argc, char **argv);
int cli_test(int argc, char **argv);
int cli_build(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_parse(int argc, char **argv);
int cli_fmt(int argc, char **argv);
int cli_disasm(int argc, char **argv);
int cli_version(int argc, char **argv);
int cli_capabilities(int argc, char **argv);

/* Those of the service; a build without one of them shows no row for it. */
int cli_keys(int argc, char **argv) __attribute__((weak));
int cli_ledger(int argc, char **argv) __attribute__((weak));
int cli_gatekeeper(int argc, char **argv) __attribute__((weak));
int cli_doer(int argc, char **argv) __attribute__((weak));
int cli_directory(int argc, char **argv) __attribute__((weak));

#endif
