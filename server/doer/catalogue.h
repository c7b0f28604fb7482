/* What the doer can do: one row an operation. A packet whose operations are not all here is
 * refused.
 *
 * An operation is named "<connector>.<verb>" as in "scim.deactivate"; the target's own name may
 * stand for the connector's ("directory.deactivate"). */
#ifndef WRIT_SERVER_DOER_CATALOGUE_H
#define WRIT_SERVER_DOER_CATALOGUE_H

#include "base/str.h"

#define DOER_CONNECTOR "scim"

/* Verb, phases it may stand in, its inverse verb ("" for none), what it leaves behind. */
#define DOER_VERBS(X)                                                                              \
    X(DEACTIVATE, "deactivate", DOER_SOFT, "activate", "reversible")                               \
    X(REVOKE_SESSIONS, "revoke_sessions", DOER_SOFT, "", "immediate")                              \
    X(DELETE, "delete", DOER_HARD, "", "immediate")                                                \
    X(RECLAIM_LICENCES, "reclaim_licences", DOER_HARD, "", "immediate")                            \
    X(ACTIVATE, "activate", DOER_REINSTATE, "deactivate", "reversible")

/* Bits of a set. */
typedef enum doer_phase { DOER_SOFT = 1, DOER_HARD = 2, DOER_REINSTATE = 4 } doer_phase;
/* "soft", "hard", "reinstate"; 0 and NULL for what is none. */
doer_phase doer_phase_of(const char *name);
const char *doer_phase_name(doer_phase phase);

typedef enum doer_verb {
    DOER_NO_VERB,
#define X(name, text, phases, inverse, durability) DOER_VERB_##name,
    DOER_VERBS(X)
#undef X
        DOER_VERB_COUNT
} doer_verb;

/* DOER_NO_VERB when the operation is not in the catalogue. */
doer_verb doer_verb_of(wb_str op, const char *target);
const char *doer_verb_name(doer_verb verb);
unsigned doer_verb_phases(doer_verb verb);
const char *doer_verb_inverse(doer_verb verb);
const char *doer_verb_durability(doer_verb verb);
/* Whether it destroys something. */
bool doer_verb_destroys(doer_verb verb);

#endif
