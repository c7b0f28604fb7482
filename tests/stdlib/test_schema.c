/* Calls of built-ins of JSON Schema.
 * The answers are those of OPA 1.22.0. */
#include "calls.h"

static const call calls[] = {
    {"json.match_schema", "[{\"a\":1},{\"properties\":{\"a\":{\"type\":\"string\"}}}]", VALUE,
     "[false,[{\"desc\":\"Invalid type. Expected: string, given: integer\",\"error\":\"a: Invalid "
     "type. Expected: string, given: integer\",\"field\":\"a\",\"type\":\"invalid_type\"}]]"},
    {"json.match_schema",
     "[{\"a\":{\"b\":[1,\"x\"]}},{\"properties\":{\"a\":{\"properties\":{\"b\":{\"items\":{"
     "\"type\":\"integer\"}}}}}}]",
     VALUE,
     "[false,[{\"desc\":\"Invalid type. Expected: integer, given: string\",\"error\":\"a.b.1: "
     "Invalid type. Expected: integer, given: "
     "string\",\"field\":\"a.b.1\",\"type\":\"invalid_type\"}]]"},
    {"json.match_schema", "[`\"abc\"`,{\"type\":\"string\",\"maxLength\":2,\"pattern\":\"^b\"}]",
     VALUE,
     "[false,[{\"desc\":\"String length must be less than or equal to 2\",\"error\":\"(Root): "
     "String length must be less than or equal to "
     "2\",\"field\":\"(Root)\",\"type\":\"string_lte\"},{\"desc\":\"Does not match pattern "
     "'^b'\",\"error\":\"(Root): Does not match pattern "
     "'^b'\",\"field\":\"(Root)\",\"type\":\"pattern\"}]]"},
    {"json.match_schema", "[`7`,{\"multipleOf\":2.5,\"maximum\":5,\"exclusiveMinimum\":7}]", VALUE,
     "[false,[{\"desc\":\"Must be a multiple of 2.5\",\"error\":\"(Root): Must be a multiple of "
     "2.5\",\"field\":\"(Root)\",\"type\":\"multiple_of\"},{\"desc\":\"Must be less than or equal "
     "to 5\",\"error\":\"(Root): Must be less than or equal to "
     "5\",\"field\":\"(Root)\",\"type\":\"number_lte\"},{\"desc\":\"Must be greater than "
     "7\",\"error\":\"(Root): Must be greater than "
     "7\",\"field\":\"(Root)\",\"type\":\"number_gt\"}]]"},
    {"json.match_schema", "[`10000000`,{\"maximum\":1234567.5}]", VALUE,
     "[false,[{\"desc\":\"Must be less than or equal to 1.2345675e+06\",\"error\":\"(Root): Must "
     "be less than or equal to 1.2345675e+06\",\"field\":\"(Root)\",\"type\":\"number_lte\"}]]"},
    {"json.match_schema", "[`1`,{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":2}]}]", VALUE,
     "[false,[{\"desc\":\"Must validate at least one schema (anyOf)\",\"error\":\"(Root): Must "
     "validate at least one schema "
     "(anyOf)\",\"field\":\"(Root)\",\"type\":\"number_any_of\"},{\"desc\":\"Must be greater than "
     "or equal to 2\",\"error\":\"(Root): Must be greater than or equal to "
     "2\",\"field\":\"(Root)\",\"type\":\"number_gte\"}]]"},
    {"json.match_schema", "[`1`,{\"oneOf\":[{\"type\":\"integer\"},{\"minimum\":0}]}]", VALUE,
     "[false,[{\"desc\":\"Must validate one and only one schema (oneOf)\",\"error\":\"(Root): Must "
     "validate one and only one schema "
     "(oneOf)\",\"field\":\"(Root)\",\"type\":\"number_one_of\"}]]"},
    {"json.match_schema", "[`1`,{\"allOf\":[{\"type\":\"string\"}],\"not\":{}}]", VALUE,
     "[false,[{\"desc\":\"Invalid type. Expected: string, given: integer\",\"error\":\"(Root): "
     "Invalid type. Expected: string, given: "
     "integer\",\"field\":\"(Root)\",\"type\":\"invalid_type\"},{\"desc\":\"Must validate all the "
     "schemas (allOf)\",\"error\":\"(Root): Must validate all the schemas "
     "(allOf)\",\"field\":\"(Root)\",\"type\":\"number_all_of\"},{\"desc\":\"Must not validate the "
     "schema (not)\",\"error\":\"(Root): Must not validate the schema "
     "(not)\",\"field\":\"(Root)\",\"type\":\"number_not\"}]]"},
    {"json.match_schema",
     "[{\"a\":1},{\"dependencies\":{\"a\":[\"b\"]},\"required\":[\"c\"],\"additionalProperties\":"
     "false}]",
     VALUE,
     "[false,[{\"desc\":\"Has a dependency on b\",\"error\":\"(Root): Has a dependency on "
     "b\",\"field\":\"(Root)\",\"type\":\"missing_dependency\"},{\"desc\":\"c is "
     "required\",\"error\":\"(Root): c is "
     "required\",\"field\":\"(Root)\",\"type\":\"required\"},{\"desc\":\"Additional property a is "
     "not allowed\",\"error\":\"(Root): Additional property a is not "
     "allowed\",\"field\":\"(Root)\",\"type\":\"additional_property_not_allowed\"}]]"},
    {"json.match_schema", "[`[1,1.0,2]`,{\"uniqueItems\":true,\"minItems\":4}]", VALUE,
     "[false,[{\"desc\":\"Array must have at least 4 items\",\"error\":\"(Root): Array must have "
     "at least 4 items\",\"field\":\"(Root)\",\"type\":\"array_min_items\"},{\"desc\":\"array "
     "items[0,1] must be unique\",\"error\":\"(Root): array items[0,1] must be "
     "unique\",\"field\":\"(Root)\",\"type\":\"unique\"}]]"},
    {"json.match_schema",
     "[`5`,{\"$schema\":\"http://json-schema.org/draft-07/"
     "schema#\",\"if\":{\"type\":\"integer\"},\"then\":{\"minimum\":9},\"const\":7}]",
     VALUE,
     "[false,[{\"desc\":\"Must validate \\\"then\\\" as \\\"if\\\" was valid\",\"error\":\"(Root): "
     "Must validate \\\"then\\\" as \\\"if\\\" was "
     "valid\",\"field\":\"(Root)\",\"type\":\"condition_then\"},{\"desc\":\"Must be greater than "
     "or equal to 9\",\"error\":\"(Root): Must be greater than or equal to "
     "9\",\"field\":\"(Root)\",\"type\":\"number_gte\"},{\"desc\":\"(Root) does not match: "
     "7\",\"error\":\"(Root): (Root) does not match: "
     "7\",\"field\":\"(Root)\",\"type\":\"const\"}]]"},
    {"json.match_schema", "[`\"x\"`,{\"enum\":[\"a\",1.0]}]", VALUE,
     "[false,[{\"desc\":\"(Root) must be one of the following: \\\"a\\\", 1\",\"error\":\"(Root): "
     "(Root) must be one of the following: \\\"a\\\", "
     "1\",\"field\":\"(Root)\",\"type\":\"enum\"}]]"},
    {"json.match_schema", "[`\"x\"`,{\"enum\":[]}]", VALUE,
     "[false,[{\"desc\":\"(Root) must be one of the following: \",\"error\":\"(Root): (Root) must "
     "be one of the following: \",\"field\":\"(Root)\",\"type\":\"enum\"}]]"},
    {"json.match_schema",
     "[{\"a\":{\"a\":{\"a\":1}}},{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"additionalProperties\":"
     "false}]",
     VALUE, "[true,[]]"},
    {"json.match_schema",
     "[{\"a\":1},{\"$ref\":\"#/definitions/x\",\"definitions\":{\"x\":{\"type\":\"array\"}}}]",
     VALUE,
     "[false,[{\"desc\":\"Invalid type. Expected: array, given: object\",\"error\":\"(Root): "
     "Invalid type. Expected: array, given: "
     "object\",\"field\":\"(Root)\",\"type\":\"invalid_type\"}]]"},
    {"json.match_schema", "[`\"2020-13-01\"`,{\"format\":\"date\"}]", VALUE,
     "[false,[{\"desc\":\"Does not match format 'date'\",\"error\":\"(Root): Does not match format "
     "'date'\",\"field\":\"(Root)\",\"type\":\"format\"}]]"},
    {"json.match_schema", "[`\"a_b\"`,{\"format\":\"hostname\"}]", VALUE,
     "[false,[{\"desc\":\"Does not match format 'hostname'\",\"error\":\"(Root): Does not match "
     "format 'hostname'\",\"field\":\"(Root)\",\"type\":\"format\"}]]"},
    {"json.match_schema", "[`\"::1\"`,{\"format\":\"ipv4\"}]", VALUE,
     "[false,[{\"desc\":\"Does not match format 'ipv4'\",\"error\":\"(Root): Does not match format "
     "'ipv4'\",\"field\":\"(Root)\",\"type\":\"format\"}]]"},
    {"json.match_schema",
     "[`{\"ab\":1}`,{\"patternProperties\":{\"^a\":{\"type\":\"null\"}},\"propertyNames\":{"
     "\"maxLength\":1}}]",
     VALUE,
     "[false,[{\"desc\":\"Invalid type. Expected: null, given: integer\",\"error\":\"ab: Invalid "
     "type. Expected: null, given: "
     "integer\",\"field\":\"ab\",\"type\":\"invalid_type\"},{\"desc\":\"Property name of "
     "\\\"ab\\\" does not match\",\"error\":\"(Root): Property name of \\\"ab\\\" does not "
     "match\",\"field\":\"(Root)\",\"type\":\"invalid_property_name\"},{\"desc\":\"String length "
     "must be less than or equal to 1\",\"error\":\"(Root): String length must be less than or "
     "equal to 1\",\"field\":\"(Root)\",\"type\":\"string_lte\"}]]"},
    {"json.match_schema", "[\"{\",{}]", ERR_BUILTIN, "json.match_schema: invalid JSON string"},
    {"json.match_schema", "[\"1\",{\"type\":\"x\"}]", ERR_BUILTIN,
     "json.match_schema: has a primitive type that is NOT VALID -- given: /x/ Expected valid "
     "values are:[array boolean integer number null object string]"},
    {"json.match_schema", "[\"1\",{\"$ref\":\"http://example.com/x\"}]", ERR_BUILTIN,
     "json.match_schema: remote reference loading disabled: http://example.com/x"},
    {"json.match_schema", "[\"1\",{\"$ref\":\"#/nosuch\"}]", ERR_BUILTIN,
     "json.match_schema: Object has no key 'nosuch'"},
    {"json.match_schema",
     "[`[1,2]`,{\"items\":[{},{\"type\":\"null\"}],\"contains\":{\"minimum\":5}}]", VALUE,
     "[false,[{\"desc\":\"Invalid type. Expected: null, given: integer\",\"error\":\"1: Invalid "
     "type. Expected: null, given: "
     "integer\",\"field\":\"1\",\"type\":\"invalid_type\"},{\"desc\":\"At least one of the items "
     "must match\",\"error\":\"(Root): At least one of the items must "
     "match\",\"field\":\"(Root)\",\"type\":\"contains\"},{\"desc\":\"Must be greater than or "
     "equal to 5\",\"error\":\"0: Must be greater than or equal to "
     "5\",\"field\":\"0\",\"type\":\"number_gte\"}]]"},
    {"json.verify_schema", "[{}]", VALUE, "[true,null]"},
    {"json.verify_schema", "[\"true\"]", VALUE, "[true,null]"},
    {"json.verify_schema", "[\"{\"]", VALUE, "[false,\"jsonschema: invalid JSON string\"]"},
    {"json.verify_schema", "[\"[]\"]", VALUE, "[false,\"jsonschema: schema is invalid\"]"},
    {"json.verify_schema", "[{\"minLength\":-1}]", VALUE,
     "[false,\"jsonschema: minLength must be greater than or equal to 0\"]"},
    {"json.verify_schema", "[{\"minLength\":2,\"maxLength\":1}]", VALUE,
     "[false,\"jsonschema: minLength cannot be greater than maxLength\"]"},
    {"json.verify_schema", "[{\"pattern\":\"[\"}]", VALUE,
     "[false,\"jsonschema: pattern must be a valid regex\"]"},
    {"json.verify_schema", "[{\"exclusiveMinimum\":true}]", VALUE,
     "[false,\"jsonschema: exclusiveMinimum cannot be used without minimum\"]"},
    {"json.verify_schema", "[{\"required\":[\"a\",\"a\"]}]", VALUE,
     "[false,\"jsonschema: required items must be unique\"]"},
    {"json.verify_schema", "[{\"$schema\":1}]", VALUE,
     "[false,\"jsonschema: $schema must be of type string\"]"},
    {"json.verify_schema",
     "[{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"exclusiveMaximum\":3}]", VALUE,
     "[false,\"jsonschema: Invalid type. Expected: boolean, given: exclusiveMaximum\"]"},
    {"json.verify_schema", "[{\"items\":3}]", VALUE,
     "[false,\"jsonschema: Invalid type. Expected: Valid Schema/Array Of Schemas, given: items\"]"},
    {"json.verify_schema", "[{\"type\":[\"string\",\"string\"]}]", VALUE,
     "[false,\"jsonschema: string type is duplicated\"]"},
    {"json.verify_schema", "[{\"multipleOf\":0}]", VALUE,
     "[false,\"jsonschema: multipleOf must be strictly greater than 0\"]"},
    {"json.verify_schema", "[{\"properties\":[]}]", VALUE,
     "[false,\"jsonschema: Properties must be of type object\"]"},
    {"json.verify_schema", "[{\"id\":3}]", VALUE,
     "[false,\"jsonschema: Invalid type. Expected: string, given: id\"]"},
    {"json.verify_schema", "[{\"enum\":[1,1.0]}]", VALUE,
     "[false,\"jsonschema: enum items must be unique\"]"},
    {"json.verify_schema", "[{\"patternProperties\":{\"[\":{}}}]", VALUE,
     "[false,\"jsonschema: Invalid regex pattern '['\"]"},
    {"json.verify_schema", "[{\"dependencies\":{\"a\":3}}]", VALUE,
     "[false,\"jsonschema: Dependency must be of type Schema Or Array Of Strings\"]"},
    {"json.verify_schema", "[{\"$ref\":\"x.json\"}]", VALUE,
     "[false,\"jsonschema: Reference /x.json must be canonical\"]"},
    {"json.match_schema", "[1, {}]", ERR_BUILTIN,
     "json.match_schema: wrong type, expected string or object"},
    {"json.match_schema", "[{}, 1]", ERR_BUILTIN,
     "json.match_schema: wrong type, expected string or object"},
    {"json.verify_schema", "[1]", VALUE,
     "[false,\"jsonschema: wrong type, expected string or object\"]"},
    {"json.match_schema", "[\"1\", {\"$ref\": \"#\"}]", ERR_BUDGET,
     "json.match_schema: schema or document is nested too deep"},
};

static void answers(void **state)
{
    check_calls(calls, sizeof calls / sizeof *calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
