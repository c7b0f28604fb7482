/* writ version. */
#include "cli/cli.h"
#include "cli/options.h"
#include "writ.h"

#include <stdio.h>
#include <sys/utsname.h>

static const cli_option OPTIONS[] = {{0}};
static const cli_command COMMAND = {
    .name = "version",
    .operands = "[flags]",
    .about = "Print version and build facts.\n",
    .examples = "  $ writ version\n",
    .options = OPTIONS,
};

int cli_version(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        struct utsname machine;
        uname(&machine);
        printf("Version: %s\nCompiler: %s\nPlatform: linux/%s\nRego Version: v1\n"
               "Compatible With: OPA 1.22.0\n",
               writ_version(), __VERSION__, machine.machine);
    }
    cli_options_free(&o);
    return status;
}
