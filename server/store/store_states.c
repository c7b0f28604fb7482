/* The states of a packet and the legal ways between them: the one table that the gatekeeper and the
 * doer both obey. */
#include "server/store/store.h"

static const struct {
    const char *name;
    bool open;
} STATES[] = {[STORE_NONE] = {"NONE", false},
#define X(name, open) [STORE_##name] = {#name, open},
              STORE_PACKET_STATES(X)
#undef X
};

static const struct {
    store_state from, to;
} EDGES[] = {
#define EDGE(from, to) {STORE_##from, STORE_##to},
    EDGE(NONE, RECEIVED) EDGE(RECEIVED, EVALUATING) EDGE(EVALUATING, DENIED)
        EDGE(EVALUATING, BLOCKED) EDGE(EVALUATING, PENDING_HITL) EDGE(EVALUATING, SIGNED)
            EDGE(PENDING_HITL, SIGNED) EDGE(PENDING_HITL, REJECTED) EDGE(PENDING_HITL, EXPIRED)
                EDGE(PENDING_HITL, CANCELLED) EDGE(PENDING_HITL, STALE) EDGE(STALE, EVALUATING)
                    EDGE(SIGNED, DISPATCHED) EDGE(DISPATCHED, ACCEPTED) EDGE(DISPATCHED, EXPIRED)
    /* Without a doer of its own, the gatekeeper's packet is carried by whoever asked; or by nobody.
     */
    EDGE(SIGNED, EXPIRED)
    /* A doer's job begins here: what came before belongs to the gatekeeper. */
    EDGE(NONE, ACCEPTED) EDGE(ACCEPTED, SOFT_RUNNING)
    /* A packet signed for a later phase enters at that phase. */
    EDGE(ACCEPTED, HARD_CLAIMED) EDGE(ACCEPTED, REINSTATING) EDGE(ACCEPTED, EXPIRED)
        EDGE(SOFT_RUNNING, SOFT_DONE) EDGE(SOFT_RUNNING, SOFT_PARTIAL)
            EDGE(SOFT_PARTIAL, SOFT_RUNNING) EDGE(SOFT_PARTIAL, MANUAL) EDGE(SOFT_RUNNING, HALTED)
                EDGE(SOFT_PARTIAL, HALTED) EDGE(HALTED, REINSTATING) EDGE(HALTED, MANUAL)
                    EDGE(SOFT_DONE, HARD_SCHEDULED)
    /* A job that has soft steps only. */
    EDGE(SOFT_DONE, COMPLETED) EDGE(HARD_SCHEDULED, REINSTATING) EDGE(SOFT_PARTIAL, REINSTATING)
        EDGE(HELD, REINSTATING) EDGE(HARD_SCHEDULED, HARD_CLAIMED) EDGE(HARD_SCHEDULED, HELD)
            EDGE(HELD, HARD_SCHEDULED) EDGE(HARD_CLAIMED, HARD_RUNNING)
                EDGE(HARD_RUNNING, COMPLETED) EDGE(HARD_RUNNING, HARD_PARTIAL)
                    EDGE(HARD_PARTIAL, HARD_RUNNING) EDGE(HARD_PARTIAL, MANUAL)
                        EDGE(REINSTATING, REINSTATED) EDGE(REINSTATING, REINSTATE_PARTIAL)
                            EDGE(REINSTATE_PARTIAL, REINSTATING) EDGE(REINSTATE_PARTIAL, MANUAL)
#undef EDGE
};

const char *store_state_name(store_state state)
{
    return (unsigned)state < STORE_STATE_COUNT ? STATES[state].name : "NONE";
}

store_state store_state_of(const char *name)
{
    for (int i = STORE_NONE + 1; name && i < STORE_STATE_COUNT; i++)
        if (strcmp(STATES[i].name, name) == 0)
            return (store_state)i;
    return STORE_NONE;
}

bool store_state_open(store_state state)
{
    return (unsigned)state < STORE_STATE_COUNT && STATES[state].open;
}

bool store_state_legal(store_state from, store_state to)
{
    for (size_t i = 0; i < sizeof EDGES / sizeof EDGES[0]; i++)
        if (EDGES[i].from == from && EDGES[i].to == to)
            return true;
    return false;
}
