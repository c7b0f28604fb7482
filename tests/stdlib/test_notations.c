/* Calls of built-ins that read or write other notations: amounts, UUIDs, URIs, templates, YAML.
 * Answers are those of OPA 1.22.0. */
#include "calls.h"

static const call calls[] = {
    {"units.parse", "[\"10Ki\"]", VALUE, "10240"},
    {"units.parse", "[\"1.5\"]", VALUE, "1.5000000000"},
    {"units.parse", "[\"1m\"]", VALUE, "0.0010000000"},
    {"units.parse", "[\"100M\"]", VALUE, "100000000"},
    {"units.parse", "[\"-2.5e3k\"]", VALUE, "-2500000"},
    {"units.parse", "[\"3Mi\\\"\"]", VALUE, "3145728"},
    {"units.parse", "[\"1 k\"]", ERR_BUILTIN,
     "units.parse: units.parse: spaces not allowed in resource strings"},
    {"units.parse", "[\"k\"]", ERR_BUILTIN, "units.parse: units.parse: no amount provided"},
    {"units.parse", "[\"1kb\"]", ERR_BUILTIN, "units.parse: units.parse: unit kb not recognized"},
    {"units.parse", "[\"1KIB\"]", ERR_BUILTIN, "units.parse: units.parse: unit Kib not recognized"},
    {"units.parse", "[\".\"]", ERR_BUILTIN,
     "units.parse: units.parse: could not parse amount to a number"},
    {"units.parse", "[\"1e1234567\"]", ERR_BUILTIN, "units.parse: units.parse: exponent too large"},
    {"units.parse", "[\"1E\"]", VALUE, "1000000000000000000"},
    {"units.parse", "[\"1e+2E\"]", VALUE, "100000000000000000000"},
    {"units.parse_bytes", "[\"10MiB\"]", VALUE, "10485760"},
    {"units.parse_bytes", "[\"1.5kb\"]", VALUE, "1500"},
    {"units.parse_bytes", "[\"1e-28gb\"]", VALUE, "0"},
    {"units.parse_bytes", "[\"0.1m\"]", VALUE, "100000"},
    {"units.parse_bytes", "[\"kib\"]", ERR_BUILTIN,
     "units.parse_bytes: units.parse_bytes: no byte amount provided"},
    {"units.parse_bytes", "[\"1x\303\211\"]", ERR_BUILTIN,
     "units.parse_bytes: units.parse_bytes: byte unit x\303\251 not recognized"},
    {"units.parse_bytes", "[\"1+1\"]", ERR_BUILTIN,
     "units.parse_bytes: units.parse_bytes: could not parse byte amount to a number"},
    {"units.parse_bytes", "[\"1e1234567\"]", ERR_BUILTIN,
     "units.parse_bytes: units.parse_bytes: exponent too large"},
    {"units.parse_bytes", "[\"1 k\"]", ERR_BUILTIN,
     "units.parse_bytes: units.parse_bytes: spaces not allowed in resource strings"},
    {"units.parse_bytes", "[\"35527366812449e0g\"]", VALUE, "35527366812448999999488"},
    {"units.parse_bytes", "[\"1e40\"]", VALUE, "9999999999999999999783686092270256259072"},
    {"uuid.parse", "[\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"]", VALUE,
     "{\"clocksequence\":10085,\"macvariables\":\"global:unicast\",\"nodeid\":\"00-a0-c9-1e-6b-"
     "f6\",\"time\":854991792216875000,\"variant\":\"RFC4122\",\"version\":1}"},
    {"uuid.parse", "[\"{6ba7b810-9dad-21d1-80b4-00c04fd430c8}\"]", VALUE,
     "{\"clocksequence\":180,\"domain\":\"Domain180\",\"id\":1806153744,\"macvariables\":\"global:"
     "unicast\",\"nodeid\":\"00-c0-4f-d4-30-c8\",\"time\":886630433151182400,\"variant\":"
     "\"RFC4122\",\"version\":2}"},
    {"uuid.parse", "[\"URN:UUID:018f3c1e-7c1a-7b1e-c000-000000000000\"]", VALUE,
     "{\"variant\":\"Microsoft\",\"version\":7}"},
    {"uuid.parse", "[\"00000000000000000000000000000000\"]", VALUE,
     "{\"variant\":\"Reserved\",\"version\":0}"},
    {"uuid.parse", "[\"00000000-0000-0000-0000-00000000000g\"]", UNDEFINED, ""},
    {"uuid.parse", "[\"x\"]", UNDEFINED, ""},
    {"rand.intn", "[\"x\",0]", VALUE, "0"},
    {"rand.intn", "[\"x\",1]", VALUE, "0"},
    {"rand.intn", "[\"x\",-1]", VALUE, "0"},
    {"rand.intn", "[\"x\",1.5]", ERR_TYPE,
     "rand.intn: operand 2 must be integer number but got floating-point number"},
    {"uri.parse", "[\"https://u:p@h.example:8080/p%20q%2f?x=1#f%20g\"]", VALUE,
     "{\"fragment\":\"f g\",\"hostname\":\"h.example\",\"path\":\"/p "
     "q/\",\"port\":\"8080\",\"raw_path\":\"/"
     "p%20q%2f\",\"raw_query\":\"x=1\",\"scheme\":\"https\"}"},
    {"uri.parse", "[\"//host/path\"]", VALUE,
     "{\"hostname\":\"host\",\"path\":\"/path\",\"raw_path\":\"/path\"}"},
    {"uri.parse", "[\"HTTP://[fe80::1%25en0]:80/\"]", VALUE,
     "{\"hostname\":\"fe80::1%en0\",\"path\":\"/\",\"port\":\"80\",\"raw_path\":\"/"
     "\",\"scheme\":\"http\"}"},
    {"uri.parse", "[\"urn:isbn:1\"]", VALUE, "{\"scheme\":\"urn\"}"},
    {"uri.parse", "[\"*\"]", VALUE, "{\"path\":\"*\",\"raw_path\":\"*\"}"},
    {"uri.parse", "[\"\"]", VALUE, "{}"},
    {"uri.parse", "[\"http://h:p/\"]", ERR_BUILTIN,
     "uri.parse: parse \"http://h:p/\": invalid port \":p\" after host"},
    {"uri.parse", "[\"http://[::1\"]", ERR_BUILTIN,
     "uri.parse: parse \"http://[::1\": missing ']' in host"},
    {"uri.parse", "[\"http://[1.2.3.4]/\"]", ERR_BUILTIN,
     "uri.parse: parse \"http://[1.2.3.4]/\": invalid IP-literal"},
    {"uri.parse", "[\"http://[::1::2]/\"]", ERR_BUILTIN,
     "uri.parse: parse \"http://[::1::2]/\": invalid host: ParseAddr(\"::1::2\"): multiple :: in "
     "address (at \":2\")"},
    {"uri.parse", "[\"a:b\"]", VALUE, "{\"scheme\":\"a\"}"},
    {"uri.parse", "[\"1a:b\"]", ERR_BUILTIN,
     "uri.parse: parse \"1a:b\": first path segment in URL cannot contain colon"},
    {"uri.parse", "[\":x\"]", ERR_BUILTIN, "uri.parse: parse \":x\": missing protocol scheme"},
    {"uri.parse", "[\"http://a b/\"]", ERR_BUILTIN,
     "uri.parse: parse \"http://a b/\": invalid character \" \" in host name"},
    {"uri.parse", "[\"/%zz#x\"]", ERR_BUILTIN,
     "uri.parse: parse \"/%zz\": invalid URL escape \"%zz\""},
    {"uri.parse", "[\"/#%zz\"]", ERR_BUILTIN,
     "uri.parse: parse \"/#%zz\": invalid URL escape \"%zz\""},
    {"uri.parse", "[\"http://u^@h/\"]", ERR_BUILTIN,
     "uri.parse: parse \"http://u^@h/\": net/url: invalid userinfo"},
    {"uri.parse", "[\"/\\u0001\"]", ERR_BUILTIN,
     "uri.parse: parse \"/\\x01\": net/url: invalid control character in URL"},
    {"uri.is_valid", "[\"\"]", VALUE, "false"},
    {"uri.is_valid", "[\"a\"]", VALUE, "true"},
    {"uri.is_valid", "[\"http://%41/\"]", VALUE, "false"},
    {"uri.is_valid", "[\"/%41\"]", VALUE, "true"},
    {"units.parse", "[1]", ERR_TYPE, "units.parse: operand 1 must be string but got number"},
    {"units.parse_bytes", "[null]", ERR_TYPE,
     "units.parse_bytes: operand 1 must be string but got null"},
    {"uuid.parse", "[1]", ERR_TYPE, "uuid.parse: operand 1 must be string but got number"},
    {"uuid.rfc4122", "[\"k\"]", VALUE, "\"07070707-0707-4707-8707-070707070707\""},
    {"rand.intn", "[\"x\",1000]", VALUE, "711"},
    {"uri.parse", "[1]", ERR_TYPE, "uri.parse: operand 1 must be string but got number"},
    {"uri.is_valid", "[1]", VALUE, "false"},
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
