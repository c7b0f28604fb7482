/* The places where a test kills the doer, in the order a job passes them. One row a place: name in
 * C, name for WRIT_CRASH_AT (`writ doer --crash-points` prints them), what is done by then. Who
 * adds a row here has added a case to tests/server/doer/test_crash.c. */
#ifndef WRIT_SERVER_DOER_CRASH_POINTS_H
#define WRIT_SERVER_DOER_CRASH_POINTS_H

#include "base/crash.h"

#define DOER_CRASH_POINTS(X)                                                                       \
    X(AFTER_JOB, "doer.after_job", "the job's row is durable, nothing is in the ledger")           \
    X(AFTER_ACCEPTED, "doer.after_accepted", "packet.accepted is in the ledger")                   \
    X(BEFORE_SNAPSHOT, "doer.before_snapshot", "the subject was read, nothing is kept of it")      \
    X(AFTER_SNAPSHOT, "doer.after_snapshot", "the snapshot is durable and its digest ledgered")    \
    X(AFTER_LEASE, "doer.after_lease", "the broker gave a credential, no row knows it")            \
    X(BEFORE_INTENT, "doer.before_intent", "the lease is known, the intent is not")                \
    X(AFTER_INTENT, "doer.after_intent", "the intent is in the ledger, the target untouched")      \
    X(AFTER_CALL, "doer.after_call", "the target was called, its answer is not looked at")         \
    X(AFTER_DELETE, "doer.after_delete", "the same, after a destructive call only")                \
    X(BEFORE_OUTCOME, "doer.before_outcome", "the target was read back, nothing is recorded")      \
    X(AFTER_OUTCOME, "doer.after_outcome", "the outcome is in the ledger, the lease lives")        \
    X(AFTER_REVOKE, "doer.after_revoke", "the broker revoked the lease, no row knows it")          \
    X(BEFORE_TIMER, "doer.before_timer", "all soft steps are observed, nothing is scheduled")      \
    X(AFTER_TIMER, "doer.after_timer", "the timer's row is durable")                               \
    X(BEFORE_HARD, "doer.before_hard", "the timer fired, the gatekeeper is not asked yet")         \
    X(AFTER_HARD, "doer.after_hard", "the hard packet is here, nobody has claimed the job")        \
    X(AFTER_CLAIM, "doer.after_claim", "the hard phase has won the job")                           \
    X(BEFORE_COMPLETE, "doer.before_complete", "all hard steps are observed")                      \
    X(AFTER_REINSTATE, "doer.after_reinstate", "the reinstatement has won the job")                \
    X(BEFORE_COMPARE, "doer.before_compare", "all inverse steps are observed, nothing compared")

typedef enum doer_crash_point {
#define X(name, text, meaning) DOER_##name,
    DOER_CRASH_POINTS(X)
#undef X
        DOER_CRASH_COUNT
} doer_crash_point;

const char *doer_crash_name(doer_crash_point point);
const char *doer_crash_meaning(doer_crash_point point);
static inline void doer_crash(doer_crash_point point)
{
    wb_crash_point(doer_crash_name(point));
}

#endif
