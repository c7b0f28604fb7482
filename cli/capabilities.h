/* --capabilities: what policies may use, of built-in functions, features and hosts. */
#ifndef WRIT_CLI_CAPABILITIES_H
#define WRIT_CLI_CAPABILITIES_H

#include "cli/load.h"
#include "cli/options.h"

#define CLI_CAPABILITIES_HELP "set the capabilities that policies may use: v1.22.0 or a file"

/* Leaves the load's engine the built-in functions that the file lists. Without the feature that v1
 * modules need (`version` tells whether there are such) the load has an error. False: there is no
 * such file, or it holds no capabilities; cli_wrong_capabilities says so. When the option was not
 * given all is allowed. Before anything is read into the load. */
bool cli_take_capabilities(cli_load *l, const cli_value *option, wp_version version);
/* Gives a session the hosts that built-in functions may ask. */
void cli_limit_session(const cli_load *l, writ_session *s);
/* Says that the option's file is none; the status to end with. */
int cli_wrong_capabilities(const cli_command *command, const cli_value *option);

#endif
