/* One program, many threads: what constant arguments were compiled to is shared and never written.
 * Build it with the thread sanitizer to see that it holds. */
#include "writ.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 4
#define ROUNDS  60

/* Constants of every kind that is prepared, GraphQL's in each combination with input. */
static const char *const QUERIES[] = {
    "x := graphql.is_valid(`{ a(b: 1) { c } }`, `type Query { a(b: Int): T } type T { c: Int }`)",
    "x := [graphql.is_valid(q, `type Query { a(b: Int): T } type T { c: Int } extend type T { d: "
    "[T!]! }`) | some q in input.queries]",
    "x := [graphql.parse(q, `type Query { a(b: Int): T } type T { c: Int }`) | q := "
    "input.queries[0]]",
    "x := [graphql.parse_and_verify(q, `interface I { c: Int } type T implements I { c: Int } "
    "union "
    "U = T type Query { a(b: Int): T u: U i: I }`) | some q in input.queries]",
    "x := graphql.parse(`query Q($v: Int) { a(b: $v) { c } }`, `type Query { a(b: Int): T } type T "
    "{ c: Int }`)",
    "x := [graphql.is_valid(`{ a(b: 1) { c } }`, s) | some s in input.schemas]",
    "x := [graphql.parse(`{ a(b: 1) { c } }`, s) | s := input.schemas[0]]",
    "x := graphql.parse_schema(`type Query { a: Int }`)",
    "x := graphql.parse_query(`{ a ... on T { b } }`)",
    "x := graphql.schema_is_valid(`type Query { a: Int }`)",
    "x := [regex.match(`^(a|b+)*c$`, t) | some t in input.texts]",
    "x := [regex.replace(t, `(a)(b)?`, `$2$1`) | some t in input.texts]",
    "x := [regex.template_match(`urn:{[a-c]+}:x`, t, `{`, `}`) | some t in input.texts]",
    "x := [glob.match(`*.{com,org}`, [`.`], t) | some t in input.texts]",
    "x := [net.cidr_contains(`10.0.0.0/8`, a) | some a in input.addresses]",
    "x := [net.cidr_contains_matches({`a`: `10.0.0.0/8`}, a) | some a in input.addresses]",
    "x := [json.match_schema(d, {`type`: `object`, `properties`: {`a`: {`pattern`: `^x+$`}}}) | "
    "some d in input.documents]",
    "x := [time.parse_ns(`2006-01-02 15:04 MST`, t) | some t in input.times]",
    "x := [sprintf(`%v is %d of %5.2f`, [t, 3, 2.5]) | some t in input.texts]",
    "x := [strings.render_template(`{{range .l}}{{.}},{{end}}{{.t}}`, {`l`: [1, 2], `t`: t}) | "
    "some "
    "t in input.texts]",
    "x := [time.format([1700000000000000000, z]) | some z in input.zones]",
};
#define N_QUERIES (sizeof QUERIES / sizeof *QUERIES)

static const char INPUT[] =
    "{\"queries\": [\"{ a(b: 1) { c } }\", \"{ a { d } }\", \"{ nothing }\", \"{ a\"],"
    " \"schemas\": [\"type Query { a(b: Int): T } type T { c: Int }\", \"type Query { b: Int }\"],"
    " \"texts\": [\"abbc\", \"urn:ab:x\", \"a.com\", \"\"],"
    " \"addresses\": [\"10.1.2.3\", \"11.0.0.1\", \"10.0.0.0/9\"],"
    " \"documents\": [{\"a\": \"xx\"}, {\"a\": \"y\"}, 1],"
    " \"times\": [\"2050-06-07 08:09 UTC\"],"
    " \"zones\": [\"Europe/Dublin\", \"America/New_York\", \"\"]}";

typedef struct shared {
    writ_engine *engine;
    writ_query *queries[N_QUERIES];
    char *answers[N_QUERIES];
} shared;

typedef struct worker {
    const shared *world;
    pthread_t thread;
    unsigned first, wrong;
} worker;

static char *answer_of(writ_session *s, const writ_query *q)
{
    writ_text answer;
    writ_error error = {0};
    char *out = NULL;
    writ_status status = writ_eval_json(s, q, INPUT, sizeof INPUT - 1, &answer, &error);
    if (asprintf(&out, "%.*s", status == WRIT_OK ? (int)answer.length : (int)strlen(error.text),
                 status == WRIT_OK ? answer.bytes : error.text) < 0)
        abort();
    return out;
}

static void *run(void *arg)
{
    worker *w = arg;
    writ_session *s = writ_session_new(w->world->engine);
    for (unsigned i = 0; i < ROUNDS * N_QUERIES; i++) {
        size_t at = (w->first + i) % N_QUERIES;
        char *got = answer_of(s, w->world->queries[at]);
        w->wrong += strcmp(got, w->world->answers[at]) != 0;
        free(got);
    }
    writ_session_free(s);
    return NULL;
}

static void threads_share_what_was_prepared(void **state)
{
    (void)state;
    writ_error error = {0};
    shared world = {.engine = writ_engine_new()};
    worker workers[THREADS];
    writ_session *s = writ_session_new(world.engine);
    for (size_t i = 0; i < N_QUERIES; i++) {
        world.queries[i] = writ_prepare(world.engine, QUERIES[i], &error);
        if (!world.queries[i])
            fail_msg("%s: %s", QUERIES[i], error.text);
        world.answers[i] = answer_of(s, world.queries[i]);
        assert_non_null(strstr(world.answers[i], "\"x\":"));
    }
    writ_session_free(s);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (worker){.world = &world, .first = i * 5};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    for (size_t i = 0; i < N_QUERIES; i++) {
        free(world.answers[i]);
        writ_query_free(world.queries[i]);
    }
    writ_engine_free(world.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_what_was_prepared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
