/* GraphQL: trees, schemas, queries against schemas, and the limits of all three. */
#include "calls.h"

#define SCHEMA                                                                                     \
    "type Query { user(id: ID!, by: Color = RED): User users(f: Filter): [User!]! any: Any } "     \
    "interface Node { id: ID! } type User implements Node { id: ID! name: String pets: [Pet] } "   \
    "type Pet implements Node { id: ID! size: Int } union Any = User | Pet enum Color { RED BLUE " \
    "} "                                                                                           \
    "input Filter { name: String! size: Int = 1 } type Subscription { a: Int b: Int } "            \
    "directive @twice repeatable on FIELD"
#define BOTH(query) "[`" query "`, `" SCHEMA "`]"
#define FITS(query)                                                                                \
    {                                                                                              \
        "graphql.is_valid", BOTH(query), VALUE, "true"                                             \
    }
#define NO(query)                                                                                  \
    {                                                                                              \
        "graphql.is_valid", BOTH(query), VALUE, "false"                                            \
    }
#define SAYS(query, text)                                                                          \
    {                                                                                              \
        "graphql.parse", BOTH(query), ERR_BUILTIN, "graphql.parse: " text                          \
    }
#define SCHEMA_IS(text, answer)                                                                    \
    {                                                                                              \
        "graphql.schema_is_valid", "[`" text "`]", VALUE, answer                                   \
    }

static const call trees[] = {
    {"graphql.parse_query", "[\"{ a: b(c: $d) }\"]", VALUE,
     "{\"Operations\":[{\"Name\":\"\",\"Operation\":\"query\",\"SelectionSet\":[{\"Alias\":\"a\","
     "\"Arguments\":[{\"Name\":\"c\",\"Value\":{\"ExpectedTypeHasDefault\":false,\"Kind\":0,"
     "\"Raw\":\"d\"}}],\"Name\":\"b\"}]}]}"},
    {"graphql.parse_query", "[\"{ a(b: \\\"x) }\"]", ERR_BUILTIN,
     "graphql.parse_query: Unexpected <Invalid> in GraphQL string at location 1:13"},
    {"graphql.parse_query", "[\"query\"]", ERR_BUILTIN,
     "graphql.parse_query: Expected {, found <EOF> in GraphQL string at location 1:6"},
    {"graphql.parse_schema", "[\"scalar S\"]", VALUE,
     "{\"Definitions\":[{\"BuiltIn\":false,\"Description\":\"\",\"Kind\":\"SCALAR\",\"Name\":\"S\"}"
     "]}"},
    {"graphql.parse_schema", "[\"extend scalar S\"]", ERR_BUILTIN,
     "graphql.parse_schema: Unexpected <EOF> in GraphQL string at location 1:16"},
    {"graphql.parse_schema", "[\"schema { ' }\"]", ERR_BUILTIN,
     "graphql.parse_schema: Unexpected single quote character ('), did you mean to use a double "
     "quote (\")? in GraphQL string at location 1:10"},
    {"graphql.parse", "[\"{ a }\", \"type Query { a: Int }\"]", VALUE,
     "[{\"Operations\":[{\"Name\":\"\",\"Operation\":\"query\",\"SelectionSet\":[{\"Alias\":\"a\","
     "\"Name\":\"a\"}]}]},{\"Definitions\":[{\"BuiltIn\":false,\"Description\":\"\",\"Fields\":[{"
     "\"Description\":\"\",\"Name\":\"a\",\"Type\":{\"NamedType\":\"Int\",\"NonNull\":false}}],"
     "\"Kind\":\"OBJECT\",\"Name\":\"Query\"}]}]"},
    {"graphql.parse_and_verify", "[\"{ b }\", \"type Query { a: Int }\"]", VALUE, "[false,{},{}]"},
    {"graphql.parse_and_verify", "[1, 2]", VALUE, "[false,{},{}]"},
    {"graphql.parse", "[1, \"\"]", ERR_TYPE,
     "graphql.parse: operand 0 must be one of {string, object} but got number"},
    {"graphql.parse", "[\"\", {1}]", ERR_TYPE,
     "graphql.parse: operand 1 must be one of {string, object} but got set"},
};

/* Names of members count in any case; what only the validator writes is passed over. */
static const call documents[] = {
    {"graphql.is_valid",
     "[{\"Operations\": [{\"Operation\": \"query\", \"SelectionSet\": [{\"Name\": \"a\"}]}]}, "
     "{\"definitions\": [{\"kind\": \"OBJECT\", \"name\": \"Query\", \"fields\": [{\"name\": "
     "\"a\", "
     "\"type\": {\"namedType\": \"Int\", \"more\": 1}}]}]}]",
     VALUE, "true"},
    /* A mistake in a selection is passed over with it, one before it stays. */
    {"graphql.parse",
     "[{\"Operations\": [{\"Directives\": 3, \"SelectionSet\": [{\"SelectionSet\": [{\"Name\": "
     "1}]}]}]}, \"\"]",
     ERR_BUILTIN,
     "graphql.parse: json: cannot unmarshal number into Go struct field "
     "OperationDefinition.Directives of type ast.DirectiveList"},
    {"graphql.schema_is_valid", "[{\"Definitions\": 3}]", VALUE, "false"},
    {"graphql.schema_is_valid", "[{\"Definitions\": [null]}]", VALUE, "false"},
    {"graphql.schema_is_valid", "[{}]", VALUE, "true"},
    /* Nobody looks into the defaults of a schema. */
    {"graphql.schema_is_valid",
     "[{\"Definitions\": [{\"Kind\": \"INPUT_OBJECT\", \"Name\": \"I\", \"Fields\": [{\"Name\": "
     "\"a\", \"Type\": {\"NamedType\": \"Int\"}, \"DefaultValue\": {\"Kind\": 9, \"Children\": "
     "[{\"Name\": \"x\"}]}}]}]}]",
     VALUE, "true"},
    {"graphql.is_valid",
     "[{\"Operations\": [{\"SelectionSet\": [{\"Name\": \"a\", \"Arguments\": "
     "[{\"Name\": \"x\"}]}]}]}, \"type Query { a: Int }\"]",
     VALUE, "false"},
};

static const call schemas[] = {
    SCHEMA_IS(SCHEMA, "true"),
    SCHEMA_IS("type Query { a: Int } interface I { x: ID! } type T implements I { x: ID! }",
              "true"),
    SCHEMA_IS("interface I { x: ID! } type T implements I { x: ID }", "false"),
    SCHEMA_IS("type Query { a: Nosuch }", "false"),
    SCHEMA_IS("type A { a: Int a: Int }", "false"),
    SCHEMA_IS("input A { b: B! } input B { a: A! }", "false"),
    SCHEMA_IS("input A { b: B } input B { a: A! }", "true"),
    SCHEMA_IS("type A @nosuch { a: Int }", "false"),
    SCHEMA_IS("type __A { a: Int }", "false"),
    SCHEMA_IS("scalar Int", "false"),
    SCHEMA_IS("union U = A | A type A { a: Int }", "false"),
    SCHEMA_IS("extend type A { a: Int }", "true"),
    SCHEMA_IS("type A { a: Int } extend input A { a: Int }", "false"),
    SCHEMA_IS("directive @d(a: Int @d) on ARGUMENT_DEFINITION", "false"),
    {"graphql.schema_is_valid", "[3]", VALUE, "false"},
    {"graphql.parse", "[`{ a }`, `type Query { a: X }`]", ERR_BUILTIN,
     "graphql.parse: Error in gqlparser SchemaDocument to Schema conversion: input:1:17: Undefined "
     "type X."},
};

static const call queries[] = {
    FITS("{ user(id: 1) { name } }"),
    FITS("query Q($c: Color! = BLUE) { user(id: \"x\", by: $c) { ...F } } fragment F on User { id "
         "}"),
    FITS("{ any { __typename ... on Pet { size } } __schema { types { name } } }"),
    FITS("{ users(f: {name: \"a\"}) { a: name @twice @twice b: id } }"),
    NO("{ user(id: 1) { nosuch } }"),
    NO("{ user { id } }"),
    NO("{ user(id: 1) }"),
    NO("query($x: Int) { user(id: 1) { id } }"),
    NO("{ user(id: $x) { id } }"),
    NO("{ users { ...A } } fragment A on User { ...B } fragment B on User { ...A }"),
    NO("{ any { ... on User { x: id } ... on Pet { x: size } } }"),
    NO("subscription { a b }"),
    NO("mutation { a }"),
    NO("{ any { id } }"),
    NO("{ users(f: {}) { id } }"),
    NO("{ __typename } { __typename }"),
    SAYS("{ usr(id: 1) { id } }",
         "Cannot query field \"usr\" on type \"Query\". Did you mean \"user\" or "
         "\"users\"?\n in GraphQL string at location 1:3"),
    SAYS("{ user(id: 1, by: BLU) { id } }",
         "Value \"BLU\" does not exist in \"Color\" enum. Did you mean the enum value "
         "\"BLUE\"?\n in GraphQL string at location 1:19"),
    SAYS("{ user(id: 1) { id: name id } }",
         "Fields \"id\" conflict because \"name\" and \"id\" are different fields. Use "
         "different aliases on the fields to fetch both if this was intentional in GraphQL string "
         "at location 1:26"),
    SAYS("{ any { id } user }",
         "Cannot query field \"id\" on type \"Any\". Did you mean to use an inline fragment "
         "on \"Node\", \"Pet\", or \"User\"?\ninput:1:14: Field \"user\" argument "
         "\"id\" of type \"ID!\" is required, but it was not provided.\ninput:1:14: Field "
         "\"user\" of type \"User\" must have a selection of subfields. Did you mean "
         "\"user { ... }\"?\n in GraphQL string at location 1:9"),
};

static void documents_become_trees(void **state)
{
    check_calls(trees, sizeof trees / sizeof *trees);
}

static void trees_are_read_from_documents(void **state)
{
    check_calls(documents, sizeof documents / sizeof *documents);
}

static void schemas_keep_their_rules(void **state)
{
    check_calls(schemas, sizeof schemas / sizeof *schemas);
}

static void queries_fit_their_schema(void **state)
{
    check_calls(queries, sizeof queries / sizeof *queries);
}

/* A call with two texts, each a head and a piece that is repeated. */
static outcome call_repeated(term_env *e, const char *fn, const char *head, const char *piece,
                             int times, const char *schema)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)16 << 20);
    wb_buf_puts(&b, head);
    for (int i = 0; i < times; i++)
        wb_buf_puts(&b, piece);
    wv args[] = {wv_string_new(&e->arena, wb_buf_str(&b)),
                 wv_string_new(&e->arena, wb_str_of(schema))};
    const ws_builtin *row = ws_registry_find(e->registry, wb_str_of(fn));
    wv v = term_call(e, row, args, strcmp(fn, "graphql.is_valid") == 0 ? 2 : 1, false);
    wb_buf_free(&b);
    return outcome_of(&e->cx, v);
}

/* A limit is an error that ends the query, never a false answer. */
static void deep_documents_are_refused(void **state)
{
    static const char *const opens[][2] = {{"{a", "{a"}, {"{a(b:[[", "["}, {"{a(b:{c:{c:", "{c:"}};
    term_env e;
    term_env_init(&e, (size_t)64 << 20);
    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
        assert_int_equal(call_repeated(&e, "graphql.is_valid", opens[i][0], opens[i][1], 20000, ""),
                         ERR_BUDGET);
        assert_non_null(strstr(e.cx.error_text.p, "nested too deep"));
    }
    term_env_clear(&e);
}

static void many_tokens_are_refused(void **state)
{
    term_env e;
    term_env_init(&e, (size_t)1 << 30);
    assert_int_equal(call_repeated(&e, "graphql.parse_query", "{", "a ", 1000001, ""), ERR_BUDGET);
    assert_non_null(strstr(e.cx.error_text.p, "too many tokens"));
    term_env_clear(&e);
}

/* Each level asks the one below twice, and both are compared with each other. */
static void comparing_fields_takes_fuel(void **state)
{
    term_env e;
    wb_buf b;
    term_env_init(&e, (size_t)64 << 20);
    wb_buf_init(&b, (size_t)1 << 20);
    wb_buf_puts(&b, "{ ...F0 } ");
    for (int i = 0; i < 60; i++)
        wb_buf_putf(&b, "fragment F%d on Query { q { ...F%d } q { ...F%d } } ", i, i + 1, i + 1);
    wb_buf_puts(&b, "fragment F60 on Query { a }");
    wv args[] = {wv_string_new(&e.arena, wb_buf_str(&b)),
                 wv_string_new(&e.arena, WB_LIT("type Query { q: Query a: Int }"))};
    wb_buf_free(&b);
    e.fuel = 100000;
    const ws_builtin *row = ws_registry_find(e.registry, WB_LIT("graphql.is_valid"));
    wv v = term_call(&e, row, args, 2, false);
    outcome got = outcome_of(&e.cx, v);
    assert_true(got == ERR_BUDGET || (got == VALUE && v == WV_TRUE));
    term_env_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_trees),
        cmocka_unit_test(trees_are_read_from_documents),
        cmocka_unit_test(schemas_keep_their_rules),
        cmocka_unit_test(queries_fit_their_schema),
        cmocka_unit_test(deep_documents_are_refused),
        cmocka_unit_test(many_tokens_are_refused),
        cmocka_unit_test(comparing_fields_takes_fuel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
