/* Asking both engines the same calls.
 *
 * An *answer* is what came of one call: a value as Rego text, none, or an error's code and message.
 * A *question* is one draw with what is asked of it. Nothing here judges. */
#ifndef WRIT_CONFORMANCE_DIFF_ASK_H
#define WRIT_CONFORMANCE_DIFF_ASK_H

#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>

typedef enum bd_kind {
    BD_NONE, /* not asked, or the engine cannot say */
    BD_VALUE,
    BD_UNDEFINED,
    BD_ERROR,
    BD_CRASH
} bd_kind;

typedef struct bd_answer {
    bd_kind kind;
    char *code, *text; /* of an error; text also of a value; NUL-ended */
} bd_answer;

enum {
    BD_STRICT,  /* errors of built-ins end the query */
    BD_LOOSE,   /* they do not */
    BD_INLINED, /* strict, the arguments written as constants: ours alone */
    BD_WAYS
};

typedef struct bd_question {
    char *module; /* or NULL */
    char *query[BD_WAYS];
    bd_answer ours[BD_WAYS], theirs[BD_WAYS];
} bd_question;

void bd_answer_clear(bd_answer *a);
static inline bool bd_same(const bd_answer *a, const bd_answer *b)
{
    return a->kind == b->kind && (a->kind != BD_ERROR || strcmp(a->code, b->code) == 0) &&
           (a->kind != BD_VALUE || strcmp(a->text, b->text) == 0);
}

/* Asks ours in a process of its own: what crashes or takes more than ten seconds is that question's
 * answer and no other's. */
void bd_ask_ours(bd_question *list, size_t n);

/* The oracle (conformance/diff/oracle), one process. */
typedef struct bd_oracle bd_oracle;
bd_oracle *bd_oracle_new(const char *path);
void bd_oracle_free(bd_oracle *o);
/* Fills `theirs`; false when it is gone for good. */
bool bd_ask_oracle(bd_oracle *o, bd_question *list, size_t n);

#endif
