/* Text of an attacker as policy, query and input: compiled and run under small budgets. The text is
 * parted by NUL bytes: module, query, input. Whatever it is, there is an answer or an error, and
 * each pass that is off gives the same answer. */
#include "engine/engine.h"

#include <stdlib.h>

#define FUEL      20000
#define TEXT_MAX  ((size_t)1 << 15)
#define QUERY_MAX ((size_t)1 << 12)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *part(const char **at, const char *end, size_t *n)
{
    const char *begin = *at;
    const char *nul = memchr(begin, 0, (size_t)(end - begin));
    *n = (size_t)((nul ? nul : end) - begin);
    *at = nul ? nul + 1 : end;
    return begin;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    size_t n_module, n_query, n_input;
    const char *module = part(&at, end, &n_module), *asked = part(&at, end, &n_query);
    const char *input = part(&at, end, &n_input);
    if (n_module > TEXT_MAX || n_query > QUERY_MAX)
        return 0;
    char *query = n_query ? wb_strndup(asked, n_query) : wb_strdup("data");
    char *first = NULL;
    for (unsigned off = 0; off < 2; off++) {
        writ_engine *e = writ_engine_new();
        writ_error error = {0};
        e->passes_off = off ? (1u << WC_PASS_COUNT) - 1 : 0;
        if (writ_add_policy(e, "f.rego", module, n_module, &error) == WRIT_OK) {
            writ_query *q = writ_prepare(e, query, &error);
            if (q) {
                writ_session *s = writ_session_new(e);
                writ_budget budget = {.fuel = FUEL};
                writ_text answer;
                writ_set_budget(s, &budget);
                writ_set_time(s, 1);
                writ_status status =
                    writ_eval_json(s, q, n_input ? input : NULL, n_input, &answer, &error);
                char *now = wb_strdup(status == WRIT_OK ? answer.bytes : "");
                /* Budgets are spent differently, random built-ins answer differently. */
                bool same = status == WRIT_OK && !memmem(module, n_module, "rand", 4) &&
                            !memmem(module, n_module, "uuid", 4) && !strstr(query, "rand") &&
                            !strstr(query, "uuid");
                if (!same) {
                    free(now);
                } else if (!first) {
                    first = now;
                } else {
                    if (strcmp(first, now) != 0)
                        abort();
                    free(now);
                }
                writ_session_free(s);
                writ_query_free(q);
            } else if (!error.text[0]) {
                abort(); /* a failure without a reason */
            }
        } else if (!error.text[0]) {
            abort();
        }
        writ_engine_free(e);
    }
    free(first);
    free(query);
    return 0;
}
