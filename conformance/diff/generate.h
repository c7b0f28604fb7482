/* Drawing a program from the grammar.
 *
 * The same seed gives the same program on every machine: nothing but the seed and the tables of
 * grammar.h goes in. Most programs are meant to compile and to have answers; some are meant to be
 * refused. */
#ifndef WRIT_CONFORMANCE_DIFF_GENERATE_H
#define WRIT_CONFORMANCE_DIFF_GENERATE_H

#include "conformance/diff/program.h"

/* The texts live in the arena. */
void df_generate(wb_arena *a, uint64_t seed, df_program *out);

#endif
