/* `writ`: finds the subcommand's row and runs it. */
#include "cli/cli.h"
#include "cli/libraries.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    cli_function function;
    const char *help;
    bool serves; /* for long: what it needs must be there from the beginning */
} COMMANDS[] = {
    {"eval", cli_eval, "Evaluate a Rego query", false},
    {"test", cli_test, "Run the test rules of Rego files", false},
    {"check", cli_check, "Check Rego files for mistakes", false},
    {"build", cli_build, "Build a bundle of policies and data, with a plan if asked for", false},
    {"parse", cli_parse, "Print the syntax tree of a Rego file", false},
    {"fmt", cli_fmt, "Write Rego files in their one layout", false},
    {"disasm", cli_disasm, "Print the bytecode or the plan of Rego files", false},
    {"capabilities", cli_capabilities, "Print what this build offers to policies", false},
    {"keys", cli_keys, "Make, change and export the keys of a tenant", false},
    {"ledger", cli_ledger, "Verify and read a ledger", false},
    {"gatekeeper", cli_gatekeeper, "Serve decisions and approvals", true},
    {"doer", cli_doer, "Serve signed decisions: carry them out", true},
    {"directory", cli_directory, "Serve a directory of people and accounts for trials", true},
    {"version", cli_version, "Print version and build facts", false},
};
#define N_COMMANDS (sizeof COMMANDS / sizeof *COMMANDS)

static void usage(FILE *to)
{
    fputs("A policy engine and decision service.\n\nUsage:\n  writ [command]\n\n"
          "Available Commands:\n",
          to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (COMMANDS[i].function)
            fprintf(to, "  %-13s %s\n", COMMANDS[i].name, COMMANDS[i].help);
    fputs("\nUse \"writ [command] --help\" for more information about a command.\n\n"
          "Example:\n  $ writ eval -d policy.rego -i input.json data.example.allow\n",
          to);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (!strcmp(name, "help") && argc > 2) {
        static char flag[] = "--help";
        char *again[] = {argv[2], flag, NULL};
        for (size_t i = 0; i < N_COMMANDS; i++)
            if (COMMANDS[i].function && !strcmp(COMMANDS[i].name, argv[2]))
                return COMMANDS[i].function(2, again);
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        usage(stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (COMMANDS[i].function && !strcmp(COMMANDS[i].name, name)) {
            if (COMMANDS[i].serves)
                cli_open_libraries();
            return COMMANDS[i].function(argc - 1, argv + 1);
        }
    if (name[0] == '-' && name[1] == '-')
        fprintf(stderr, "Error: unknown flag: %s\n", name);
    else if (name[0] == '-')
        fprintf(stderr, "Error: unknown shorthand flag: '%c' in %s\n", name[1], name);
    else
        fprintf(stderr, "Error: unknown command \"%s\" for \"writ\"\n", name);
    fputs("Run 'writ --help' for usage.\n", stderr);
    return CLI_WRONG;
}
