/* Named places where a test may kill the process.
 *
 * WRIT_CRASH_AT=name kills with SIGKILL at the first pass of that place, WRIT_CRASH_AT=name:n at
 * pass number n (from 1). Without the variable a place costs one look at the environment's cached
 * answer. What comes after a kill must be what comes after a power cut. */
#ifndef WRIT_BASE_CRASH_H
#define WRIT_BASE_CRASH_H

void wb_crash_point(const char *name);
/* Looks at the environment again and counts from zero: for tests, in the forked child. */
void wb_crash_reload(void);

#endif
