/* Libraries that are linked are open. */
#include "cli/libraries.h"

void cli_open_libraries(void) {}
