/* Differences on purpose: docs/differences.md, as far as generated programs can meet them. */
#ifndef WRIT_CONFORMANCE_DIFF_KNOWN_H
#define WRIT_CONFORMANCE_DIFF_KNOWN_H

#include "conformance/diff/judge.h"

/* The name of the rule that accounts for the difference, or NULL. */
const char *df_known(const df_program *p, const df_verdict *v);
/* Its reason. */
const char *df_known_reason(const char *name);

#endif
