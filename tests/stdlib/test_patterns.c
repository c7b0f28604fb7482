/* Calls of built-ins with the answers of OPA 1.22.0: JSON of the value, or the error's whole text.
 */
#include "calls.h"

static const call calls[] = {
    {"regex.match", "[\"^a.*z$\", \"abcz\"]", VALUE, "true"},
    {"regex.match", "[\"(\", \"a\"]", ERR_BUILTIN,
     "regex.match: error parsing regexp: missing closing ): `(`"},
    {"regex.match", "[\"[a-\", \"a\"]", ERR_BUILTIN,
     "regex.match: error parsing regexp: missing closing ]: `[a-`"},
    {"regex.match", "[\"a**\", \"a\"]", ERR_BUILTIN,
     "regex.match: error parsing regexp: invalid nested repetition operator: `**`"},
    {"regex.match", "[\"a{1001}\", \"a\"]", ERR_BUILTIN,
     "regex.match: error parsing regexp: invalid repeat count: `{1001}`"},
    {"regex.match", "[\"(?=a)\", \"a\"]", ERR_BUILTIN,
     "regex.match: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
    {"regex.match", "[\"\\\\pZ\", \"\\u00a0\"]", VALUE, "true"},
    {"regex.match", "[\"(?i)stra\\u00dfe|K\", \"\\u212a\"]", VALUE, "true"},
    {"regex.match", "[\"^(?:(?:a+)+)+$\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"]", VALUE,
     "false"},
    {"regex.is_valid", "[\"[a-z\"]", VALUE, "false"},
    {"regex.is_valid", "[\"a|b\"]", VALUE, "true"},
    {"regex.find_n", "[\"a.\", \"abacad\", 2]", VALUE, "[\"ab\",\"ac\"]"},
    {"regex.find_n", "[\"a*\", \"baac\", -1]", VALUE, "[\"\",\"aa\",\"\"]"},
    {"regex.find_all_string_submatch_n", "[\"(a)(b)?\", \"abac\", -1]", VALUE,
     "[[\"ab\",\"a\",\"b\"],[\"a\",\"a\",\"\"]]"},
    {"regex.find_all_string_submatch_n", "[\"(a*)*\", \"b\", -1]", VALUE,
     "[[\"\",\"\"],[\"\",\"\"]]"},
    {"regex.find_all_string_submatch_n", "[\"(|a)*\", \"aa\", -1]", VALUE,
     "[[\"\",\"\"],[\"\",\"\"],[\"\",\"\"]]"},
    {"regex.split", "[\"[, ]+\", \"a, b c\"]", VALUE, "[\"a\",\"b\",\"c\"]"},
    {"regex.split", "[\"\", \"abc\"]", VALUE, "[\"a\",\"b\",\"c\"]"},
    {"regex.replace", "[\"foobar\", \"(o+)(b)\", \"<$1-${2}x$$>\"]", VALUE,
     "\"f\\u003coo-bx$\\u003ear\""},
    {"regex.replace", "[\"abc\", \"x*\", \"-\"]", VALUE, "\"-a-b-c-\""},
    {"regex.replace", "[\"a.b\", \"(?P<n>a)\", \"[${n}]\"]", VALUE, "\"[a].b\""},
    {"regex.template_match", "[\"urn:foo:{.*}\", \"urn:foo:bar\", \"{\", \"}\"]", VALUE, "true"},
    {"regex.template_match", "[\"urn:{foo\", \"urn\", \"{\", \"}\"]", ERR_BUILTIN,
     "regex.template_match: unbalanced braces in \"urn:{foo\""},
    {"re_match", "[\"a+\", \"caat\"]", VALUE, "true"},
    {"glob.match", "[\"*.example.com\", [\".\"], \"www.example.com\"]", VALUE, "true"},
    {"glob.match", "[\"*.example.com\", [\".\"], \"a.b.example.com\"]", VALUE, "false"},
    {"glob.match", "[\"**.example.com\", [], \"a.b.example.com\"]", VALUE, "true"},
    {"glob.match", "[\"{a,b*}[!c-d]?\", null, \"bbxyz\"]", VALUE, "true"},
    {"glob.match", "[\"[a\", null, \"a\"]", ERR_BUILTIN,
     "glob.match: glob: syntax error at 2: unexpected end of input"},
    {"glob.match", "[\"{a\", null, \"a\"]", ERR_BUILTIN,
     "glob.match: glob: syntax error at 2: unclosed `{`"},
    {"glob.match", "[\"a\", [1], \"a\"]", ERR_TYPE,
     "glob.match: operand 2 must be array of strings but got array containing number"},
    {"glob.match", "[\"a\", [\"ab\"], \"a\"]", ERR_TYPE,
     "glob.match: operand 2 must be array of runes but got array containing string"},
    {"glob.match", "[\"\\\\*\", null, \"*\"]", VALUE, "true"},
    {"glob.quote_meta", "[\"a*[b]\"]", VALUE, "\"a\\\\*\\\\[b\\\\]\""},
    {"net.cidr_contains", "[\"10.0.0.0/8\", \"10.1.2.3\"]", VALUE, "true"},
    {"net.cidr_contains", "[\"10.0.0.0/8\", \"11.0.0.0/16\"]", VALUE, "false"},
    {"net.cidr_contains", "[\"2001:db8::/32\", \"2001:db8::/48\"]", VALUE, "true"},
    {"net.cidr_contains", "[\"10.0.0.0\", \"1.1.1.1\"]", ERR_BUILTIN,
     "net.cidr_contains: invalid CIDR address: 10.0.0.0"},
    {"net.cidr_contains", "[\"10.0.0.0/8\", \"x\"]", ERR_BUILTIN,
     "net.cidr_contains: not a valid textual representation of an IP address or CIDR: x"},
    {"net.cidr_overlap", "[\"10.0.0.0/8\", \"10.0.0.0/9\"]", VALUE, "true"},
    {"net.cidr_contains_matches", "[[\"1.1.1.0/24\"], {\"a\":\"1.1.1.5\",\"b\":\"2.2.2.2\"}]",
     VALUE, "[[0,\"a\"]]"},
    {"net.cidr_contains_matches", "[[[]], \"1.1.1.1\"]", ERR_BUILTIN,
     "net.cidr_contains_matches: operand 1: element must be string or non-empty array"},
    {"net.cidr_intersects", "[\"10.0.0.0/8\", \"10.1.0.0/16\"]", VALUE, "true"},
    {"net.cidr_intersects", "[\"10.0.0.0/8\", \"10.1.0.0\"]", ERR_BUILTIN,
     "net.cidr_intersects: invalid CIDR address: 10.1.0.0"},
    {"net.cidr_intersects", "[\"10.0.0\", \"10.1.0.0/16\"]", ERR_BUILTIN,
     "net.cidr_intersects: invalid CIDR address: 10.0.0"},
    {"net.cidr_intersects", "[\"10.0.0.0/8\", 1]", ERR_TYPE,
     "net.cidr_intersects: operand 1 must be string but got number"},
    {"net.cidr_contains", "[\"10.0.0\", \"10.1.0.0/16\"]", ERR_BUILTIN,
     "net.cidr_contains: invalid CIDR address: 10.0.0"},
    {"regex.template_match", "[\"a{b|c}\", 1, \"{\", \"}\"]", ERR_TYPE,
     "regex.template_match: operand 2 must be string but got number"},
    {"net.cidr_is_valid", "[\"10.0.0.0/33\"]", VALUE, "false"},
    {"net.cidr_expand", "[\"10.0.0.0/30\"]", VALUE,
     "[\"10.0.0.0\",\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\"]"},
    {"net.cidr_expand", "[\"2001:db8::/126\"]", VALUE,
     "[\"2001:db8::\",\"2001:db8::1\",\"2001:db8::2\",\"2001:db8::3\"]"},
    {"net.cidr_merge", "[[\"10.0.0.0/25\",\"10.0.0.128/25\",\"192.0.2.0/25\",\"192.0.2.64/26\"]]",
     VALUE, "[\"10.0.0.0/24\",\"192.0.2.0/25\"]"},
    {"net.cidr_merge", "[[\"::1\"]]", ERR_BUILTIN,
     "net.cidr_merge: IPv6 invalid: needs prefix length"},
    {"crypto.md5", "[\"a\"]", VALUE, "\"0cc175b9c0f1b6a831c399e269772661\""},
    {"crypto.sha1", "[\"a\"]", VALUE, "\"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\""},
    {"crypto.sha256", "[\"a\"]", VALUE,
     "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\""},
    {"crypto.hmac.md5", "[\"a\", \"k\"]", VALUE, "\"ddcf3d210049e7135f61affae73731cd\""},
    {"crypto.hmac.sha1", "[\"a\", \"k\"]", VALUE, "\"40e7d441cadb17b07f050341aa23a6820ed81c8b\""},
    {"crypto.hmac.sha256", "[\"a\", \"k\"]", VALUE,
     "\"78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e\""},
    {"crypto.hmac.sha512", "[\"a\", \"\"]", VALUE,
     "\"239254cd9e54392dde39bc8f975f2498cf709caa598ce3762be282d860dbea5d8034eee86f19bbdf3efdab22c6b"
     "e610a8908faf2800af46243364135e9bb206e\""},
    {"crypto.hmac.equal", "[\"a\", \"a\"]", VALUE, "true"},
    {"crypto.sha256", "[1]", ERR_TYPE, "crypto.sha256: operand 1 must be string but got number"},
    {"time.parse_rfc3339_ns", "[\"2020-01-02T03:04:05.5+02:00\"]", VALUE, "1577927045500000000"},
    {"time.parse_rfc3339_ns", "[\"2021-02-29T00:00:00Z\"]", ERR_BUILTIN,
     "time.parse_rfc3339_ns: parsing time \"2021-02-29T00:00:00Z\": day out of range"},
    {"time.parse_rfc3339_ns", "[\"1500-01-01T00:00:00Z\"]", ERR_BUILTIN,
     "time.parse_rfc3339_ns: time outside of valid range"},
    {"time.parse_ns", "[\"2006-01-02\", \"2021-05-06\"]", VALUE, "1620259200000000000"},
    {"time.parse_ns", "[\"RFC1123\", \"Mon, 02 Jan 2006 15:04:05 MST\"]", VALUE,
     "1136214245000000000"},
    {"time.parse_ns", "[\"3:04PM\", \"11:30AM\"]", ERR_BUILTIN,
     "time.parse_ns: time outside of valid range"},
    {"time.parse_ns", "[\"2006-002\", \"2020-366\"]", VALUE, "1609372800000000000"},
    {"time.parse_ns", "[\"2006\", \"x\"]", ERR_BUILTIN,
     "time.parse_ns: parsing time \"x\" as \"2006\": cannot parse \"x\" as \"2006\""},
    {"time.parse_duration_ns", "[\"1h30m\"]", VALUE, "5400000000000"},
    {"time.parse_duration_ns", "[\"1w2d3h\"]", VALUE, "788400000000000"},
    {"time.parse_duration_ns", "[\"1.5d\"]", VALUE, "129600000000000"},
    {"time.parse_duration_ns", "[\"1mo\"]", ERR_BUILTIN,
     "time.parse_duration_ns: time: unknown unit \"mo\" in duration \"1mo\""},
    {"time.parse_duration_ns", "[\"d\"]", ERR_BUILTIN,
     "time.parse_duration_ns: time: invalid duration \"d\""},
    {"time.format", "[0]", VALUE, "\"1970-01-01T00:00:00Z\""},
    {"time.format", "[[1600000000123456789,\"America/New_York\",\"RFC1123Z\"]]", VALUE,
     "\"Sun, 13 Sep 2020 08:26:40 -0400\""},
    {"time.format",
     "[[1600000000000000000,\"UTC\",\"Monday, 2 January 06 3:04:05.000 pm MST -07:00 __2\"]]",
     VALUE, "\"Sunday, 13 September 20 12:26:40.000 pm UTC +00:00 257\""},
    {"time.date", "[[1600000000000000000,\"Asia/Tokyo\"]]", VALUE, "[2020,9,13]"},
    {"time.clock", "[1600000000000000000]", VALUE, "[12,26,40]"},
    {"time.clock", "[[0,\"Nowhere/City\"]]", ERR_BUILTIN,
     "time.clock: unknown time zone Nowhere/City"},
    {"time.clock", "[\"x\"]", ERR_TYPE,
     "time.clock: operand 1 must be either number (ns) or [number (ns), string (tz)] but got "
     "string"},
    {"time.weekday", "[1600000000000000000]", VALUE, "\"Sunday\""},
    {"time.add_date", "[1600000000000000000, 1, -2, 40]", VALUE, "1629635200000000000"},
    {"time.add_date", "[0, 9999, 0, 0]", ERR_BUILTIN, "time.add_date: time outside of valid range"},
    {"time.diff", "[0, [1600000000000000000,\"UTC\"]]", VALUE, "[50,8,12,12,26,40]"},
    {"time.date", "[1e30]", ERR_BUILTIN, "time.date: timestamp too big"},
    {"semver.compare", "[\"1.2.3\", \"v1.10.0\"]", VALUE, "-1"},
    {"semver.compare", "[\"1.0.0-alpha.1\", \"1.0.0-alpha.beta\"]", VALUE, "-1"},
    {"semver.compare", "[\"1.0.0-\", \"1.0.0\"]", ERR_BUILTIN,
     "semver.compare: operand 1: string \"1.0.0-\" is not a valid SemVer"},
    {"semver.is_valid", "[\"1.0.0-rc.1+build\"]", VALUE, "true"},
    {"semver.is_valid", "[\"01.0.0\"]", VALUE, "false"},
    {"time.add_date", "[1585443600000000000, -1, -1, 9223372036854775807]", VALUE,
     "1551315600000000000"},
};

static void answers(void **state)
{
    check_calls(calls, sizeof calls / sizeof *calls);
}

/* Constants are made ready once, each alone as well: what stands between calls is no constant. */
static void constants_are_prepared(void **state)
{
    static const struct {
        const char *fn, *args;
        bool prepared;
    } rows[] = {
        {"regex.match", "[`a`, null]", true},
        {"regex.replace", "[null, `a`, null]", true},
        {"regex.template_match", "[`a{b}`, null, `{`, `}`]", true},
        {"regex.template_match", "[`a{(}`, null, `{`, `}`]", false},
        {"regex.template_match", "[`a{b}`, null, `{{`, `}`]", false},
        {"regex.template_match", "[`a{b`, null, `{`, `}`]", false},
        {"glob.match", "[`a*`, [], null]", true},
        {"net.cidr_contains", "[`10.0.0.0/8`, null]", true},
        {"net.cidr_contains", "[null, `10.0.0.1`]", true},
        {"net.cidr_intersects", "[null, `10.0.0.0/8`]", true},
        {"net.cidr_intersects", "[null, `x`]", false},
        {"json.match_schema", "[null, {`type`: `string`}]", true},
        {"json.verify_schema", "[{`type`: `string`}]", true},
    };
    term_env e;
    term_env_init(&e, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *p = rows[i].args;
        wv args = term_read(&e.arena, &p, p + strlen(p)), given[4];
        const ws_builtin *row = ws_registry_find(e.registry, wb_str_of(rows[i].fn));
        for (uint32_t k = 0; k < wv_len(args); k++)
            given[k] = wv_items(args)[k] == WV_NULL ? WV_UNDEFINED : wv_items(args)[k];
        void *site = row->prepare ? row->prepare(given, wv_len(args)) : NULL;
        if ((site != NULL) != rows[i].prepared)
            fail_msg("%s(%s)", rows[i].fn, rows[i].args);
        if (site)
            row->release(site);
    }
    term_env_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(constants_are_prepared),
                                       cmocka_unit_test(answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
