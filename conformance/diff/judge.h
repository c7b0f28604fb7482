/* Whether two answers to one case say the same, and in what way they do not. */
#ifndef WRIT_CONFORMANCE_DIFF_JUDGE_H
#define WRIT_CONFORMANCE_DIFF_JUDGE_H

#include "conformance/diff/program.h"

typedef enum df_verdict_kind {
    DF_SAME,
    DF_KNOWN,    /* differs on purpose: `rule` names why */
    DF_GIVEN_UP, /* one side ran out of time or budget: nothing is known */
    DF_DIFFERS,
} df_verdict_kind;

typedef struct df_verdict {
    df_verdict_kind kind;
    const char *rule;
    int query;       /* the first query whose answers differ; -1: the modules' */
    bool compiled;   /* both sides had answers */
    unsigned errors; /* 0 no diagnostics; 1 both had some and texts differ; 2 all texts equal */
    unsigned defined, asked; /* queries with rows, and all */
    /* What kind of difference: the same words for differences of one kind. */
    char sign[200];
} df_verdict;

typedef struct df_judge_options {
    bool texts; /* messages and places of diagnostics must be equal too */
} df_judge_options;

/* left is the oracle's answer, right is ours; NULL: the peer died of the case. */
void df_judge(const df_program *p, const char *left, const char *right,
              const df_judge_options *options, df_verdict *v);

#endif
