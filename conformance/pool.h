/* Running the cases of a file in forked workers, so that a crash or a hang costs one case.
 *
 * The next case's number and each worker's present case stand in memory shared with the workers;
 * outcomes come back through one pipe a worker. A worker that dies or takes longer than
 * CF_CASE_SECONDS for one case is replaced, and that case is a failure with the reason. */
#ifndef WRIT_CONFORMANCE_POOL_H
#define WRIT_CONFORMANCE_POOL_H

#include "conformance/case.h"

#define CF_JOBS_MAX     64
#define CF_CASE_SECONDS 10

typedef struct cf_pool_options {
    cf_options run;
    unsigned jobs;    /* 1 to CF_JOBS_MAX */
    bool fail_fast;   /* start no case after the first failure; the rest is skipped */
    const bool *only; /* by case: whether it is run; NULL: all are. Others get no outcome */
} cf_pool_options;

/* outcomes: room for f->n. The caller frees each reason; all are started as passes here. False when
 * no worker could be started. */
bool cf_pool_run(const cf_file *f, const cf_pool_options *options, cf_outcome *outcomes);

#endif
