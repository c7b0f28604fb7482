#include "server/doer/catalogue.h"

#include "server/doer/crash_points.h"

static const struct {
    const char *name;
    unsigned phases;
    const char *inverse, *durability;
} VERBS[] = {[DOER_NO_VERB] = {"", 0, "", ""},
#define X(name, text, phases, inverse, durability)                                                 \
    [DOER_VERB_##name] = {text, phases, inverse, durability},
             DOER_VERBS(X)
#undef X
};

static const struct {
    doer_phase phase;
    const char *name;
} PHASES[] = {{DOER_SOFT, "soft"}, {DOER_HARD, "hard"}, {DOER_REINSTATE, "reinstate"}};

doer_phase doer_phase_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof PHASES / sizeof PHASES[0]; i++)
        if (strcmp(PHASES[i].name, name) == 0)
            return PHASES[i].phase;
    return 0;
}

const char *doer_phase_name(doer_phase phase)
{
    for (size_t i = 0; i < sizeof PHASES / sizeof PHASES[0]; i++)
        if (PHASES[i].phase == phase)
            return PHASES[i].name;
    return NULL;
}

doer_verb doer_verb_of(wb_str op, const char *target)
{
    const char *dot = op.n ? memchr(op.p, '.', op.n) : NULL;
    if (!dot)
        return DOER_NO_VERB;
    wb_str connector = {op.p, (size_t)(dot - op.p)};
    wb_str verb = {dot + 1, op.n - connector.n - 1};
    if (!wb_str_is(connector, DOER_CONNECTOR) && !wb_str_is(connector, target))
        return DOER_NO_VERB;
    for (int i = DOER_NO_VERB + 1; i < DOER_VERB_COUNT; i++)
        if (wb_str_is(verb, VERBS[i].name))
            return (doer_verb)i;
    return DOER_NO_VERB;
}

const char *doer_verb_name(doer_verb verb)
{
    return VERBS[verb].name;
}

unsigned doer_verb_phases(doer_verb verb)
{
    return VERBS[verb].phases;
}

const char *doer_verb_inverse(doer_verb verb)
{
    return VERBS[verb].inverse;
}

const char *doer_verb_durability(doer_verb verb)
{
    return VERBS[verb].durability;
}

bool doer_verb_destroys(doer_verb verb)
{
    return VERBS[verb].phases == DOER_HARD;
}

static const char *const POINTS[][2] = {
#define X(name, text, meaning) {text, meaning},
    DOER_CRASH_POINTS(X)
#undef X
};

const char *doer_crash_name(doer_crash_point point)
{
    return POINTS[point][0];
}

const char *doer_crash_meaning(doer_crash_point point)
{
    return POINTS[point][1];
}
