/* Constant arguments are prepared once: the calls then compile nothing, and answer the same. */
#include "calls.h"
#include "stdlib/cache.h"

typedef struct constant {
    const char *fn;
    const char *args;     /* an array term */
    const char *constant; /* a letter an argument: c constant, v not */
    int kind;             /* what a call without preparing puts into the cache, or -1 */
    const char *key;      /* by this key */
} constant;

static const constant PREPARED[] = {
    {"regex.match", "[`a+b`, `aab`]", "cv", WS_CACHE_REGEX, "a+b"},
    {"re_match", "[`a+b`, `aab`]", "cv", WS_CACHE_REGEX, "a+b"},
    {"regex.find_n", "[`a+`, `aab a`, -1]", "cvv", WS_CACHE_REGEX, "a+"},
    {"regex.find_all_string_submatch_n", "[`a(b)`, `ab ab`, 1]", "cvv", WS_CACHE_REGEX, "a(b)"},
    {"regex.split", "[`,`, `a,b`]", "cv", WS_CACHE_REGEX, ","},
    {"regex.replace", "[`abab`, `b`, `x`]", "vcv", WS_CACHE_REGEX, "b"},
    {"regex.template_match", "[`urn:{[0-9]+}`, `urn:12`, `{`, `}`]", "cvcc", -1, NULL},
    {"glob.match", "[`*.com`, [`.`], `a.com`]", "ccv", -1, NULL},
    {"net.cidr_contains", "[`10.0.0.0/8`, `10.1.2.3`]", "cv", -1, NULL},
    {"net.cidr_contains", "[`10.0.0.0/8`, `10.1.2.3`]", "vc", -1, NULL},
    {"net.cidr_overlap", "[`10.0.0.0/8`, `10.1.2.3`]", "cv", -1, NULL},
    {"net.cidr_intersects", "[`10.0.0.0/8`, `10.1.0.0/16`]", "cv", -1, NULL},
    {"net.cidr_contains_matches", "[[`10.0.0.0/8`, `::/0`], {`a`: `10.1.2.3`, `b`: [`::1`, 1]}]",
     "cv", -1, NULL},
    {"net.cidr_contains_matches", "[[`10.0.0.0/8`, `::/0`], {`10.1.2.3`, `10.0.0.0/9`}]", "vc", -1,
     NULL},
    {"net.cidr_contains_matches", "[`10.0.0.0/8`, `10.1.2.3`]", "cc", -1, NULL},
    {"json.match_schema", "[{`a`: 1}, {`type`: `object`, `required`: [`b`]}]", "vc", -1, NULL},
    {"json.verify_schema", "[{`type`: `object`}]", "c", -1, NULL},
    {"time.parse_ns", "[`2006-01-02 15:04`, `2026-11-21 20:00`]", "cv", WS_CACHE_LAYOUT,
     "2006-01-02 15:04"},
    {"time.parse_ns", "[`RFC1123Z`, `Mon, 02 Jan 2006 15:04:05 -0700`]", "cv", WS_CACHE_LAYOUT,
     "RFC1123Z"},
    {"sprintf", "[`a %s b %d %v%x`, [`x`, 1, [2], 255, `more`]]", "cv", -1, NULL},
    {"sprintf", "[`%s %d`, [`x`]]", "cv", -1, NULL},
    {"strings.render_template", "[`a {{.x}}`, {`x`: 1}]", "cv", WS_CACHE_TEMPLATE, "a {{.x}}"},
    {"graphql.is_valid", "[`{ a }`, `type Query { a: Int }`]", "vc", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
    {"graphql.is_valid", "[`{ a }`, `type Query { a: Int }`]", "cc", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
    {"graphql.is_valid", "[`{ b }`, `type Query { a: Int }`]", "cc", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
    {"graphql.parse", "[`{ a }`, `type Query { a: Int } extend type Query { b: Int }`]", "cc",
     WS_CACHE_GRAPHQL, "type Query { a: Int } extend type Query { b: Int }"},
    {"graphql.parse", "[`{ b c }`, `type Query { a: Int }`]", "vc", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
    {"graphql.parse_and_verify", "[`{ a }`, `type Query { a: Int }`]", "vc", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
    {"graphql.is_valid",
     "[`{ f i a }`, `type Query { a: Int b: Int c: Int d: Int e: Int f: Int g: Int h: Int i: Int "
     "j: Int k: Int l: Int m: Int n: Int o: Int p: Int q: Int r: Int s: Int t: Int u: Int }`]",
     "vc", -1, NULL},
    {"graphql.is_valid",
     "[{`Operations`: [{`Operation`: `query`, `SelectionSet`: [{`Name`: `a`, `Alias`: `a`}]}]}, "
     "{`Definitions`: [{`Kind`: `OBJECT`, `Name`: `Query`, `Fields`: [{`Name`: `a`, `Type`: "
     "{`NamedType`: `Int`}}]}]}]",
     "cc", -1, NULL},
    {"graphql.parse_query", "[`{ a(b: 1) { c } }`]", "c", -1, NULL},
    {"graphql.parse_schema", "[`type Query { a: Int }`]", "c", -1, NULL},
    {"graphql.schema_is_valid", "[`type Query { a: Int }`]", "c", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
};

/* Constants that are wrong, or that nothing can be made of: the call itself tells. */
static const constant LEFT[] = {
    {"regex.match", "[`a(`, `aab`]", "cv", -1, NULL},
    {"regex.match", "[1, `aab`]", "cv", -1, NULL},
    {"net.cidr_contains", "[`10.0.0.0/99`, `10.1.2.3`]", "cv", -1, NULL},
    {"net.cidr_contains_matches", "[[`10.0.0.0/8`, `x`], `10.1.2.3`]", "cv", -1, NULL},
    {"net.cidr_contains_matches", "[[`10.0.0.0/8`, 1], `10.1.2.3`]", "cv", -1, NULL},
    {"json.match_schema", "[1, {`type`: `nothing`}]", "vc", -1, NULL},
    {"time.parse_ns", "[1, `2026`]", "cv", -1, NULL},
    {"sprintf", "[`%5d %[1]d`, [1]]", "cv", -1, NULL},
    {"sprintf", "[1, [1]]", "cv", -1, NULL},
    {"strings.render_template", "[`{{`, {}]", "cv", -1, NULL},
    {"graphql.is_valid", "[`{ a }`, `type Query { a: Nothing }`]", "vc", -1, NULL},
    {"graphql.is_valid", "[`{ a }`, `type Query { a: Int }`]", "cv", WS_CACHE_GRAPHQL,
     "type Query { a: Int }"},
    {"graphql.parse_query", "[`{ a`]", "c", -1, NULL},
    {"graphql.parse_schema", "[1]", "c", -1, NULL},
    {"graphql.schema_is_valid", "[`type Query`]", "c", -1, NULL},
};

typedef struct said {
    outcome how;
    char text[512];
    int64_t fuel;
} said;

static said call_with(term_env *e, const constant *c, const ws_builtin *row, const wv *args,
                      unsigned n, void *site)
{
    said s = {0};
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    ws_cache_free(e->cx.cache);
    e->cx.cache = ws_cache_new();
    e->fuel = INT64_C(1) << 40;
    e->cx.fn = row;
    e->cx.site = site;
    e->cx.error = WS_ERR_NONE;
    for (int i = 0; i < 3; i++) {
        wv v = row->fn(&e->cx, args, n);
        s.how = outcome_of(&e->cx, v);
        wb_buf_clear(&b);
        if (s.how == VALUE)
            wv_print(&b, v);
        else
            wb_buf_put_str(&b, e->cx.error_text);
    }
    snprintf(s.text, sizeof s.text, "%s", wb_buf_cstr(&b));
    s.fuel = e->fuel;
    wb_buf_free(&b);
    bool cached =
        c->kind >= 0 && ws_cache_get(e->cx.cache, (ws_cache_kind)c->kind, wb_str_of(c->key));
    assert_int_equal(cached, !site && c->kind >= 0);
    e->cx.site = NULL;
    return s;
}

static void check(const constant *rows, size_t count, bool prepares)
{
    for (size_t i = 0; i < count; i++) {
        const constant *c = &rows[i];
        term_env e;
        term_env_init(&e, (size_t)64 << 20);
        const ws_builtin *row = ws_registry_find(e.registry, wb_str_of(c->fn));
        const char *p = c->args;
        wv list = term_read(&e.arena, &p, p + strlen(p));
        assert_true(row && row->prepare && wv_defined(list));
        wv known[8];
        unsigned n = wv_len(list);
        for (unsigned k = 0; k < n; k++)
            known[k] = c->constant[k] == 'c' ? wv_items(list)[k] : WV_UNDEFINED;
        void *site = row->prepare(known, n);
        if (!site == prepares)
            print_error("%s(%s) by %s\n", c->fn, c->args, c->constant);
        assert_int_equal(site != NULL, prepares);
        said without = call_with(&e, c, row, wv_items(list), n, NULL);
        said with = call_with(&e, c, row, wv_items(list), n, site);
        assert_int_equal(with.how, without.how);
        assert_string_equal(with.text, without.text);
        assert_true(with.fuel >= without.fuel);
        if (site)
            row->release(site);
        term_env_clear(&e);
    }
}

static void constants_are_compiled_before_the_calls(void **state)
{
    check(PREPARED, sizeof PREPARED / sizeof *PREPARED, true);
}

static void wrong_constants_are_left_to_the_call(void **state)
{
    check(LEFT, sizeof LEFT / sizeof *LEFT, false);
}

static void every_row_that_prepares_stands_above(void **state)
{
    ws_registry *r = ws_registry_new();
    for (size_t i = 0; i < ws_registry_count(r); i++) {
        const ws_builtin *row = ws_registry_at(r, i);
        bool found = !row->prepare;
        for (size_t k = 0; k < sizeof PREPARED / sizeof *PREPARED; k++)
            found |= strcmp(PREPARED[k].fn, row->name) == 0;
        if (!found)
            print_error("%s\n", row->name);
        assert_true(found);
    }
    ws_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_compiled_before_the_calls),
        cmocka_unit_test(wrong_constants_are_left_to_the_call),
        cmocka_unit_test(every_row_that_prepares_stands_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
