#include "conformance/diff/known.h"

#include <regex.h>

/* A rule holds when its pattern is found in a module or query, and the difference's sign begins
 * with `sign`. Patterns are as narrow as a text can be judged without reading it. */
typedef struct known {
    const char *name, *sign, *pattern, *reason;
} known;

static const known table[] = {
    {"not-true", "", "if (\\{[ \n\t]*)?not true|if (\\{[ \n\t]*)?true with",
     "a rule whose only expression is `not true` and whose value is a reference: OPA drops the "
     "expression, we answer that it is false"},
};

static bool found(const regex_t *re, wb_str s)
{
    regmatch_t m = {.rm_so = 0, .rm_eo = (regoff_t)s.n};
    return s.n && regexec(re, s.p, 1, &m, REG_STARTEND) == 0;
}

const char *df_known(const df_program *p, const df_verdict *v)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        regex_t re;
        if (!wb_str_has_prefix(wb_str_of(v->sign), wb_str_of(table[i].sign)) ||
            regcomp(&re, table[i].pattern, REG_EXTENDED))
            continue;
        bool hit = false;
        for (unsigned k = 0; k < p->n_modules; k++)
            hit = hit || found(&re, p->modules[k]);
        for (unsigned k = 0; k < p->n_queries; k++)
            hit = hit || found(&re, p->queries[k]);
        regfree(&re);
        if (hit)
            return table[i].name;
    }
    return NULL;
}

const char *df_known_reason(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].reason;
    return "";
}
