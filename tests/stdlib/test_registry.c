/* Rows are found, counted and refused; budgets and hostile arguments end in errors. */
#include "calls.h"

static void finds_rows_by_name(void **state)
{
    ws_registry *r = ws_registry_new();
    const ws_builtin *count = ws_registry_find(r, WB_LIT("count"));
    assert_non_null(count);
    assert_int_equal(count->arity, 1);
    assert_null(ws_registry_find(r, WB_LIT("nosuch")));
    assert_int_equal(ws_registry_find(r, WB_LIT("print"))->arity, WS_ANY_ARITY);
    assert_int_equal(ws_registry_find(r, WB_LIT("time.now_ns"))->arity, 0);
    assert_int_equal(ws_registry_find(r, WB_LIT("object.get"))->arity, 3);
    ws_registry_sort(r);
    assert_ptr_equal(ws_registry_find(r, WB_LIT("count")), count);
    for (size_t i = 1; i < ws_registry_count(r); i++)
        assert_true(strcmp(ws_registry_at(r, i - 1)->name, ws_registry_at(r, i)->name) < 0);
    for (size_t i = 0; i < ws_registry_count(r); i++)
        assert_true(ws_registry_at(r, i)->doc && ws_registry_at(r, i)->doc[0]);
    ws_registry_free(r);
}

/* Our own declarations are not read in full at every start. */
static void our_declarations_are_declarations(void **state)
{
    ws_registry *r = ws_registry_new(), *again = ws_registry_new();
    wb_error e;
    for (size_t i = 0; i < ws_registry_count(r); i++) {
        const ws_builtin *ours = ws_registry_at(r, i);
        char name[128];
        snprintf(name, sizeof name, "again.%s", ours->name);
        ws_builtin row = *ours;
        row.name = name;
        assert_int_equal(ours->index, i);
        assert_int_equal(ws_registry_add(again, &row, &e), WB_OK);
        assert_int_equal(ws_registry_find(again, wb_str_of(name))->arity, ours->arity);
        ws_registry_free(again);
        again = ws_registry_new();
    }
    ws_registry_free(again);
    ws_registry_free(r);
}

static void hosts_add_rows(void **state)
{
    ws_registry *r = ws_registry_new();
    wb_error e;
    ws_builtin row = {.name = "host.f",
                      .decl = "(a: string, object<k: number>[string: any]) => any"};
    assert_int_equal(ws_registry_add(r, &row, &e), WB_OK);
    assert_int_equal(ws_registry_find(r, WB_LIT("host.f"))->arity, 2);
    assert_int_equal(ws_registry_add(r, &row, &e), WB_EXISTS);
    static const char *const bad[] = {
        "",       "(string",         "(strong) => any", "(string) => ",
        "() any", "(array[) => any", "(any) => any x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        row.name = "host.g";
        row.decl = bad[i];
        assert_int_equal(ws_registry_add(r, &row, &e), WB_INVALID);
    }
    ws_registry_free(r);
}

/* What would be too large ends with an error, in an arena of 1 MB. */
static void results_stay_in_the_budget(void **state)
{
    static const call calls[] = {
        {"numbers.range", "[0, 1000000000]", ERR_BUDGET, ""},
        {"net.cidr_expand", "[\"0.0.0.0/0\"]", ERR_BUDGET, ""},
        {"net.cidr_expand", "[\"::/0\"]", ERR_BUDGET, ""},
        {"bits.lsh", "[1, 100000000]", ERR_BUDGET, ""},
        {"sprintf", "[\"%999999d%999999d%999999d\", [1, 2, 3]]", ERR_BUDGET, ""},
        {"strings.replace_n", "[{\"a\": \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}, \"a\"]", VALUE,
         "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\""},
    };
    term_env e;
    term_env_init(&e, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        wb_arena_reset(&e.arena);
        const char *p = calls[i].args;
        wv args = term_read(&e.arena, &p, p + strlen(p));
        const ws_builtin *row = ws_registry_find(e.registry, wb_str_of(calls[i].fn));
        wv v = term_call(&e, row, wv_items(args), wv_len(args), false);
        assert_int_equal(outcome_of(&e.cx, v), calls[i].outcome);
    }
    term_env_clear(&e);
}

static void fuel_runs_out(void **state)
{
    term_env e;
    term_env_init(&e, (size_t)64 << 20);
    e.fuel = 10;
    wv args[2] = {wv_small(0), wv_small(100000)};
    const ws_builtin *row = ws_registry_find(e.registry, WB_LIT("numbers.range"));
    assert_false(wv_defined(term_call(&e, row, args, 2, false)));
    assert_int_equal(e.cx.error, WS_ERR_BUDGET);
    term_env_clear(&e);
}

/* Patterns that take a backtracking matcher for ever, and bytes that are no UTF-8. */
static void patterns_answer_in_bounded_time(void **state)
{
    term_env e;
    term_env_init(&e, (size_t)64 << 20);
    const ws_builtin *row = ws_registry_find(e.registry, WB_LIT("regex.match"));
    char *text = wb_malloc(20000);
    memset(text, 'x', 20000);
    wv args[2];
    static const char *const patterns[] = {"(x+x+)+y", "(x*)*[yz]", "x*x*x*x*[yz]", "(?:x|x|x)*y"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        args[0] = wv_string_new(&e.arena, wb_str_of(patterns[i]));
        args[1] = wv_string_new(&e.arena, wb_str_n(text, 20000));
        assert_int_equal(term_call(&e, row, args, 2, true), WV_FALSE);
    }
    args[0] = wv_string_new(&e.arena, WB_LIT("^a.b$"));
    args[1] = wv_string_new(&e.arena, wb_str_n("a\xff"
                                               "b",
                                               3));
    assert_int_equal(term_call(&e, row, args, 2, true), WV_TRUE);
    free(text);
    term_env_clear(&e);
}

static void cache_drops_the_oldest(void **state)
{
    term_env e;
    term_env_init(&e, (size_t)64 << 20);
    const ws_builtin *row = ws_registry_find(e.registry, WB_LIT("regex.match"));
    for (int i = 0; i < 1000; i++) {
        char text[32];
        snprintf(text, sizeof text, "^%d$", i);
        wv args[2] = {wv_string_new(&e.arena, wb_str_of(text)),
                      wv_string_new(&e.arena, wb_str_n(text + 1, strlen(text) - 2))};
        assert_int_equal(term_call(&e, row, args, 2, false), WV_TRUE);
    }
    term_env_clear(&e);
}

static void note_line(void *arg, wb_str line)
{
    wb_buf_put_str(arg, line);
    wb_buf_putc(arg, '\n');
}

static wv parse_module(ws_ctx *cx, wb_str name, wb_str text)
{
    return wv_string_new(cx->out, text);
}

/* Rows that answer from the context. */
static void engine_rows_ask_the_context(void **state)
{
    term_env e;
    wb_buf lines;
    wb_buf_init(&lines, 4096);
    term_env_init(&e, (size_t)1 << 20);
    wv v = term_call(&e, ws_registry_find(e.registry, WB_LIT("time.now_ns")), NULL, 0, false);
    assert_true(wv_equal(v, wv_from_int64(&e.arena, e.cx.now_ns)));
    v = term_call(&e, ws_registry_find(e.registry, WB_LIT("opa.runtime")), NULL, 0, false);
    assert_true(wv_is_object(v));
    const char *p = "[[{1, 2}, {\"a\"}, set()]]", *end = p + strlen(p);
    wv args = term_read(&e.arena, &p, end);
    const ws_builtin *print = ws_registry_find(e.registry, WB_LIT("internal.print"));
    assert_int_equal(term_call(&e, print, wv_items(args), 1, false), WV_TRUE);
    e.cx.print = note_line;
    e.cx.print_arg = &lines;
    assert_int_equal(term_call(&e, print, wv_items(args), 1, false), WV_TRUE);
    assert_string_equal(wb_buf_cstr(&lines), "1 a <undefined>\n2 a <undefined>\n");
    const ws_builtin *test_case = ws_registry_find(e.registry, WB_LIT("internal.test_case"));
    assert_int_equal(term_call(&e, test_case, wv_items(args), 1, false), WV_TRUE);
    wv texts[2] = {wv_short("a", 1), wv_short("b", 1)};
    const ws_builtin *parse = ws_registry_find(e.registry, WB_LIT("rego.parse_module"));
    assert_int_equal(term_call(&e, parse, texts, 2, false), WV_UNDEFINED);
    assert_int_equal(e.cx.error, WS_ERR_BUILTIN);
    e.cx.parse_module = parse_module;
    assert_int_equal(term_call(&e, parse, texts, 2, false), texts[1]);
    const ws_builtin *eq = ws_registry_find(e.registry, WB_LIT("eq"));
    assert_int_equal(term_call(&e, eq, texts, 2, false), WV_FALSE);
    wb_buf_free(&lines);
    term_env_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_rows_by_name),
        cmocka_unit_test(our_declarations_are_declarations),
        cmocka_unit_test(hosts_add_rows),
        cmocka_unit_test(results_stay_in_the_budget),
        cmocka_unit_test(fuel_runs_out),
        cmocka_unit_test(patterns_answer_in_bounded_time),
        cmocka_unit_test(cache_drops_the_oldest),
        cmocka_unit_test(engine_rows_ask_the_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
