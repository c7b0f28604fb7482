/* An engine where the system rations addresses, as ulimit -v and instrumenting tools do. */
#include "writ.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RATION ((rlim_t)48 << 30) /* bytes: less than base documents would like */

static int ask(void)
{
    writ_error error = {0};
    writ_text answer;
    writ_engine *engine = writ_engine_new();
    if (!engine || writ_set_data(engine, "{\"a\": 41}", 9, &error) != WRIT_OK)
        return 1;
    writ_query *query = writ_prepare(engine, "data.a", &error);
    writ_session *session = query ? writ_session_new(engine) : NULL;
    if (!session || writ_eval_json(session, query, "null", 4, &answer, &error) != WRIT_OK)
        return 2;
    bool right = answer.length == 2 && memcmp(answer.bytes, "41", 2) == 0;
    writ_session_free(session);
    writ_query_free(query);
    writ_engine_free(engine);
    return right ? 0 : 3;
}

static void works_with_few_addresses(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its shadow alone needs more */
#endif
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {RATION, RATION};
        _exit(setrlimit(RLIMIT_AS, &limit) ? 9 : ask());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(works_with_few_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
