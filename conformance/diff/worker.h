/* Our side: the oracle's lines answered by our own engine.
 *
 * A worker reads cases as the oracle does and answers in the same form (oracle/README.md), so that
 * two answers are compared without knowing whose they are. It answers `as: eval` and `as:
 * bindings`; of the latter the rows may hold variables that OPA has no name for. */
#ifndef WRIT_CONFORMANCE_DIFF_WORKER_H
#define WRIT_CONFORMANCE_DIFF_WORKER_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define DF_FUEL ((int64_t)20 << 20) /* of one query: a second or two */

/* What a program's bytecode held, by opcode. */
typedef struct df_worker_options {
    unsigned passes_off; /* WC_PASS_... */
    uint64_t *opcodes;   /* WM_OP_COUNT counts to add to, or NULL */
} df_worker_options;

/* Answers one line; false: it is no case. */
bool df_work(wb_str line, const df_worker_options *options, wb_buf *answer);
/* Answers lines until the input ends; the process's status. */
int df_worker_main(int in, int out, const df_worker_options *options);

#endif
