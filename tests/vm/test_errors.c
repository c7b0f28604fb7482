/* Texts of errors are bytes with a length: a NUL that came from a policy does not end them. */
#include "support.h"

#define PAIR(text) text, sizeof(text) - 1

static const struct {
    const char *module, *text;
    size_t n;
} rows[] = {
    {"package t\np := net.cidr_expand(\"10.0.\\u00000.0/8\")",
     PAIR("net.cidr_expand: invalid CIDR address: 10.0.\0"
          "0.0/8")},
    {"package t\np := io.jwt.encode_sign({\"alg\": \"a\\u0000b\"}, {}, {\"kty\": \"oct\", \"k\": "
     "\"AA\"})",
     PAIR("io.jwt.encode_sign: unknown JWS algorithm: a\0b")},
    {"package t\np := graphql.parse({\"Operations\": [{\"Operation\": \"query\", \"SelectionSet\": "
     "[{\"Name\": \"a\\u0000b\", \"Alias\": \"a\"}]}]}, \"type Query { c: Int }\")",
     PAIR("graphql.parse: GraphQL parse error: input: Cannot query field \"a\0b\" on type "
          "\"Query\".\n")},
};

static void a_nul_does_not_end_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench b;
        bench_init(&b, rows[i].module, 0, 0);
        wm_set_strict(b.session, true);
        bench_ask(&b, "p", NULL, NULL);
        const wm_error *e = wm_failed(b.session);
        assert_non_null(e);
        if (e->message.n != rows[i].n || memcmp(e->message.p, rows[i].text, rows[i].n) != 0)
            fail_msg("%s\ngives %.*s (%zu bytes)", rows[i].module, WB_FMT(e->message),
                     e->message.n);
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_does_not_end_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
