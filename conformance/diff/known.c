#include "conformance/diff/known.h"

#include <regex.h>

/* A rule holds when `sign` is found in the difference's sign and `pattern` in a module or query.
 * Patterns are as narrow as a text can be judged without reading it. */
typedef struct known {
    const char *name, *sign, *pattern, *reason;
    bool query; /* looked for in queries alone */
} known;

static const known table[] = {
    {"query-mock", "^codes: rego_unsafe_var_error var (count|lower|sprintf) is unsafe",
     " as (count|lower|sprintf)",
     "a built-in as value of `with` inside a body of a query: OPA takes its name for a variable",
     true},
    {"query-with", "^(rows|values|codes): (rows|undefined) / ",
     "(\\||\\{|not ).*with [^|]* as (input|data|base)",
     "a `with` inside a body of a query whose value is undefined: OPA goes on with the reference",
     true},
    {"query-printed", "^values: rows / rows", "print\\(.*(:=|some )",
     "a name declared within an argument of print in a query: OPA shows it among the bindings",
     true},
    {"query-every", "^values: rows / rows", "every .*\\{.*every ",
     "a name declared by an every within another in a query: OPA shows it among the bindings",
     true},
    {"schema-dump", "^modulestexts: rego_type_error .*unexpected schema type", ".",
     "OPA prints a schema's inside as it lies in memory", false},
    {"names-clash", "^codes: .* / eval_conflict_error (function|rule) produced",
     "some [^;{]* in (data\\.|r[0-9])",
     "a clash in a loop over the names below a package, where who asks needs one value: OPA stops",
     false},
    {"member-twice", "^repeats: ", "\\{",
     "members of a literal that turn out equal are stepped on one by one: a set holds a member "
     "once",
     false},
    {"every-left", "^(modules)?codes: rego_unsafe_var_error var is unsafe ", "every [^;]* in ",
     "a variable in the body of an every that a call behind it binds: OPA takes what the call "
     "binds "
     "for bound by the every",
     false},
    {"types-shared", "^codes: undefined / rego_type_error undefined", "\\] := r[0-9]+ ",
     "a rule that stands among the values of another: OPA changes its type as it merges the "
     "other's",
     false},
    {"member-value", "^(rows|values): ",
     "(input|data)[^;:]* in [[{]([^];]*, *)?(input|data|[a-z]+[0-9]|[a-z_.0-9]+\\()",
     "membership in a written collection with a variable, reference or call in it: OPA's index "
     "passes over the rule whatever that gives",
     false},
    {"template-names", "^codes: rego_type_error match error ",
     "[$][\"`].*some .*[{].*(\"[a-z]*\": ).*\\1",
     "a name of a query that a closure in a template declares as well, over an object with one key "
     "twice: OPA takes both for one",
     true},
    {"members-end", "^codes: eval_[a-z_]+ .* / undefined",
     " in [[{][^;]*(\\{|set\\()[^;]*;.* in input",
     "a membership among objects or sets beside a place asked for several values: OPA's index "
     "tests "
     "nothing behind the membership",
     false},
    {"registers", "^codes: [a-z]+ / rego_compile_error is too split the rule",
     "k[0-9]{3}\"|.{8000}",
     "more than 4,095 values at once, as hundreds of loops within one literal hold: registers are "
     "bounded",
     false},
    {"unevaluated", "^codes: eval_internal_error", ".",
     "built-in function called with an operand that requires evaluation: a fault inside OPA",
     false},
};

static bool found(const char *pattern, wb_str s)
{
    regex_t re;
    regmatch_t m = {.rm_so = 0, .rm_eo = (regoff_t)s.n};
    if (!s.n || regcomp(&re, pattern, REG_EXTENDED))
        return false;
    bool hit = regexec(&re, s.p, 1, &m, REG_STARTEND) == 0;
    regfree(&re);
    return hit;
}

const char *df_known(const df_program *p, const df_verdict *v)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (*table[i].sign && !found(table[i].sign, wb_str_of(v->sign)))
            continue;
        for (unsigned k = 0; k < p->n_modules && !table[i].query; k++)
            if (found(table[i].pattern, p->modules[k]))
                return table[i].name;
        for (unsigned k = 0; k < p->n_queries; k++)
            if (found(table[i].pattern, p->queries[k]))
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
