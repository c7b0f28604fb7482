/* A program and the oracle's answer as a case that writ-conformance reads. */
#ifndef WRIT_CONFORMANCE_DIFF_CASE_FILE_H
#define WRIT_CONFORMANCE_DIFF_CASE_FILE_H

#include "conformance/diff/program.h"

/* Appends one `cases:` file. answer: the oracle's line to the program asked as cases are. False:
 * cases cannot say it. */
bool df_case_file(wb_buf *b, const df_program *p, const char *note, const char *answer);

#endif
