/* What was made quick answers as the simple way does: the zone's rule that is remembered, addresses
 * read without the library, parts of objects asked before equality. */
#include "calls.h"

#include <arpa/inet.h>
#include <inttypes.h>

/* The same numbers on every machine. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

static wv call_text(term_env *e, const char *fn, const char *args)
{
    const ws_builtin *row = ws_registry_find(e->registry, wb_str_of(fn));
    const char *p = args;
    wv list = term_read(&e->arena, &p, args + strlen(args));
    assert_true(row && wv_defined(list));
    return term_call(e, row, wv_items(list), wv_len(list), false);
}

/* ---- zones ---- */

/* Offset and name at a second, of a session that was asked before. */
static void when(term_env *e, const char *zone, int64_t second, char out[128])
{
    char args[128];
    snprintf(args, sizeof args, "[[%" PRId64 "000000000, `%s`, `2006-01-02T15:04:05 -0700 MST`]]",
             second, zone);
    wv v = call_text(e, "time.format", args);
    assert_true(wv_is_string(v));
    snprintf(out, 128, "%.*s", WB_FMT(wv_str(&v)));
}

static void one_answer(term_env *used, const char *zone, int64_t second)
{
    char remembered[128], fresh[128];
    when(used, zone, second, remembered);
    term_env e;
    term_env_init(&e, (size_t)1 << 20);
    when(&e, zone, second, fresh);
    term_env_clear(&e);
    assert_string_equal(remembered, fresh);
    wb_arena_reset(&used->arena);
}

static const char *const zones[] = {
    "America/New_York",  "Australia/Sydney", "Europe/Dublin", "Australia/Lord_Howe",
    "America/Sao_Paulo", "Pacific/Auckland", "Asia/Kolkata",  "America/Santiago",
};

/* Seconds far behind the last transition of a file, where the rule alone tells; about each border
 * of a year and of summer time one before, one at, one after, in any order. */
static void zones_remember_what_holds(void **state)
{
    static const int64_t borders[] = {
        2540764800, /* inside of a span */
        2530767600, /* New York's begin in 2050 */
        2551327200, /* New York's end */
        2531955600, /* Dublin's begin */
        2550704400, /* Dublin's end */
        2532528000, /* Sydney's end */
        2548252800, /* Sydney's begin */
        2524608000, /* 2050 begins in UTC */
        2556144000, /* and ends */
        2524568400, /* 2050 begins in Sydney, in summer */
        2524572000, /* by Sydney's standard time */
        2524626000, /* in New York */
    };
    uint64_t random = 7;
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        term_env e;
        term_env_init(&e, (size_t)1 << 20);
        for (unsigned i = 0; i < 60; i++) {
            int64_t about = borders[draw(&random, sizeof borders / sizeof *borders)];
            int64_t step = draw(&random, 2) ? 1 : -1;
            for (int64_t at = -2; at <= 2; at++)
                one_answer(&e, zones[z], about + step * at);
            one_answer(&e, zones[z], INT64_C(2240000000) + (int64_t)draw(&random, 2000000000));
        }
        term_env_clear(&e);
    }
}

/* One session over the borders, with OPA's answers. */
static void zones_change_at_their_borders(void **state)
{
    static const struct {
        const char *zone;
        int64_t second;
        const char *want;
    } rows[] = {
        {"America/New_York", 2530767599, "2050-03-13T01:59:59 -0500 EST"},
        {"America/New_York", 2530767600, "2050-03-13T03:00:00 -0400 EDT"},
        {"America/New_York", 2551327199, "2050-11-06T01:59:59 -0400 EDT"},
        {"America/New_York", 2551327200, "2050-11-06T01:00:00 -0500 EST"},
        {"America/New_York", 2530767600, "2050-03-13T03:00:00 -0400 EDT"},
        {"America/New_York", 2524625999, "2049-12-31T23:59:59 -0500 EST"},
        {"America/New_York", 2524626000, "2050-01-01T00:00:00 -0500 EST"},
        {"Australia/Sydney", 2532528000, "2050-04-03T02:00:00 +1000 AEST"},
        {"Australia/Sydney", 2532527999, "2050-04-03T02:59:59 +1100 AEDT"},
        {"Australia/Sydney", 2548252799, "2050-10-02T01:59:59 +1000 AEST"},
        {"Australia/Sydney", 2548252800, "2050-10-02T03:00:00 +1100 AEDT"},
        {"Australia/Sydney", 2524568399, "2049-12-31T23:59:59 +1100 AEDT"},
        {"Australia/Sydney", 2524568400, "2050-01-01T00:00:00 +1100 AEDT"},
    };
    term_env e;
    term_env_init(&e, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[128];
        when(&e, rows[i].zone, rows[i].second, got);
        assert_string_equal(got, rows[i].want);
    }
    term_env_clear(&e);
}

/* ---- addresses ---- */

static bool is_range(term_env *e, const char *text)
{
    const ws_builtin *row = ws_registry_find(e->registry, WB_LIT("net.cidr_is_valid"));
    char cidr[64];
    snprintf(cidr, sizeof cidr, "%s/0", text);
    wv arg = wv_string_new(&e->arena, wb_str_of(cidr));
    wv v = term_call(e, row, &arg, 1, false);
    wb_arena_reset(&e->arena);
    return v == WV_TRUE;
}

/* Texts of digits and dots, valid or nearly, against the library's reader. */
static void addresses_are_those_of_the_library(void **state)
{
    static const char *const rows[] = {
        "0.0.0.0",   "255.255.255.255", "256.0.0.1", "1.2.3",      "1.2.3.4.", ".1.2.3.4",
        "1..2.3",    "01.2.3.4",        "1.2.3.04",  "00.0.0.0",   "1.2.3.4 ", " 1.2.3.4",
        "1.2.3.-4",  "1.2.3.+4",        "1.2.3.444", "1.2.3.0004", "",         "1",
        "1.2.3.4.5", "a.b.c.d",         "1.2.3.1e1",
    };
    static const char letters[] = "0123456789..25";
    struct in_addr at;
    term_env e;
    term_env_init(&e, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(is_range(&e, rows[i]), inet_pton(AF_INET, rows[i], &at) == 1);
    uint64_t random = 11;
    unsigned valid = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char text[32];
        size_t n = (size_t)snprintf(text, sizeof text, "%u.%u.%u.%u", (unsigned)draw(&random, 300),
                                    (unsigned)draw(&random, 100), (unsigned)draw(&random, 10),
                                    (unsigned)draw(&random, 256));
        for (uint64_t k = draw(&random, 3); k; k--)
            text[draw(&random, n)] = letters[draw(&random, sizeof letters - 1)];
        bool want = inet_pton(AF_INET, text, &at) == 1;
        valid += want;
        if (is_range(&e, text) != want)
            fail_msg("%s", text);
    }
    assert_in_range(valid, 4000, 19000);
    term_env_clear(&e);
}

/* ---- parts of objects ---- */

/* What OPA says a part is, at each key: equal, or a part by kind. */
static bool simple_part(wv a, wv b, bool outermost)
{
    if (!outermost && wv_equal(a, b))
        return true;
    if (wv_is_object(a) && wv_is_object(b)) {
        for (uint32_t i = 0; i < wv_len(b); i++) {
            wv of = wv_object_get(a, wv_key_at(b, NULL, i));
            if (!wv_defined(of) || !simple_part(of, wv_value_at(b, NULL, i), false))
                return false;
        }
        return true;
    }
    if (wv_is_set(a) && wv_is_set(b)) {
        for (uint32_t i = 0; i < wv_len(b); i++)
            if (!wv_set_has(a, wv_set_at(b, NULL, i)))
                return false;
        return true;
    }
    for (uint32_t from = 0; wv_is_array(a) && wv_is_array(b) && from + wv_len(b) <= wv_len(a);
         from++) {
        uint32_t k = 0;
        while (k < wv_len(b) && wv_equal(wv_items(a)[from + k], wv_items(b)[k]))
            k++;
        if (k == wv_len(b))
            return true;
    }
    return false;
}

/* A collection of few letters, so that parts are frequent. */
static void put_value(wb_buf *b, uint64_t *random, unsigned depth)
{
    static const char *const scalars[] = {"1", "1.0", "2", "`a`", "null", "true", "1e400"};
    uint64_t kind = draw(random, depth ? 5 : 2);
    if (kind < 2) {
        wb_buf_puts(b, scalars[draw(random, sizeof scalars / sizeof *scalars)]);
        return;
    }
    uint64_t n = draw(random, 4) + (kind == 4);
    wb_buf_putc(b, kind == 3 ? '[' : '{');
    for (uint64_t i = 0; i < n; i++) {
        wb_buf_puts(b, i ? ", " : "");
        if (kind == 2)
            wb_buf_putf(b, "`%c`: ", "abc"[draw(random, 3)]);
        put_value(b, random, depth - 1);
    }
    wb_buf_putc(b, kind == 3 ? ']' : '}');
}

/* A value with some of its members left out. */
static wv thinned(wb_arena *a, wv v, uint64_t *random)
{
    if (wv_is_object(v)) {
        wv out = wv_object_begin(a, wv_len(v));
        for (uint32_t i = 0; i < wv_len(v); i++)
            if (draw(random, 3))
                wv_object_put(a, &out, wv_key_at(v, NULL, i),
                              thinned(a, wv_value_at(v, NULL, i), random));
        return out;
    }
    if (wv_is_set(v)) {
        wv out = wv_set_begin(a, wv_len(v));
        for (uint32_t i = 0; i < wv_len(v); i++)
            if (draw(random, 3))
                wv_set_add(a, &out, wv_set_at(v, NULL, i));
        return out;
    }
    if (!wv_is_array(v) || !wv_len(v))
        return v;
    uint32_t from = (uint32_t)draw(random, 2) % wv_len(v), n = wv_len(v) - from;
    return wv_array_new(a, wv_items(v) + from, n - (uint32_t)draw(random, 2) % n);
}

static void parts_of_objects_are_those_of_the_definition(void **state)
{
    term_env e;
    term_env_init(&e, (size_t)4 << 20);
    const ws_builtin *row = ws_registry_find(e.registry, WB_LIT("object.subset"));
    uint64_t random = 3;
    unsigned answers[2] = {0, 0};
    for (unsigned i = 0; i < 20000; i++) {
        wb_buf b;
        wb_buf_init(&b, 65536);
        wb_arena_reset(&e.arena);
        wb_buf_puts(&b, "[{`a`: ");
        put_value(&b, &random, 3);
        wb_buf_puts(&b, ", `b`: ");
        put_value(&b, &random, 3);
        wb_buf_puts(&b, "}, {`a`: ");
        put_value(&b, &random, 2);
        wb_buf_puts(&b, "}]");
        const char *p = wb_buf_cstr(&b);
        wv both = term_read(&e.arena, &p, p + b.n);
        assert_true(wv_defined(both));
        wv args[2] = {wv_items(both)[0], wv_items(both)[1]};
        if (draw(&random, 4))
            args[1] = thinned(&e.arena, args[0], &random);
        bool want = simple_part(args[0], args[1], true);
        wv got = term_call(&e, row, args, 2, false);
        if (got != wv_bool(want))
            print_error("%s\n", wb_buf_cstr(&b));
        assert_true(got == wv_bool(want));
        answers[want]++;
        wb_buf_free(&b);
    }
    assert_true(answers[0] > 2000 && answers[1] > 2000);
    term_env_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_remember_what_holds),
        cmocka_unit_test(zones_change_at_their_borders),
        cmocka_unit_test(addresses_are_those_of_the_library),
        cmocka_unit_test(parts_of_objects_are_those_of_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
