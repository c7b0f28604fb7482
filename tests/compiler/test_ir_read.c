/* OPA's plans: what each statement means, what is refused, and that no plan reaches memory that it
 * should not. Plans are written with ' for ". */
#include "compiler/ir_read.h"
#include "value/json.h"
#include "vm/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(type, fields) "{'type':'" type "Stmt','stmt':{" fields ",'file':0,'row':3,'col':1}}"
#define LOCAL(n)        "{'type':'local','value':" #n "}"
#define TEXT(n)         "{'type':'string_index','value':" #n "}"
#define BOOL(b)         "{'type':'bool','value':" #b "}"
#define BLOCK(stmts)    "{'stmts':[" stmts "]}"
#define INT(n, t)       S("MakeNumberInt", "'value':" #n ",'target':" #t)
#define SET(v, t)       S("AssignVar", "'source':" v ",'target':" #t)
#define BREAK(n)        S("Break", "'index':" #n)
#define CALL(f, args, t)                                                                           \
    S("Call", "'func':'" f "','args':[" LOCAL(0) "," LOCAL(1) args "],'result':" #t)
#define BUILTIN(f, args, t) S("Call", "'func':'" f "','args':[" args "],'result':" #t)
#define APPEND(v, t)        S("ArrayAppend", "'value':" v ",'array':" #t)
#define SCAN(s, k, v, stmts)                                                                       \
    S("Scan", "'source':" #s ",'key':" #k ",'value':" #v ",'block':" BLOCK(stmts))
#define RESULT(v)                                                                                  \
    S("MakeObject", "'target':90")                                                                 \
    "," S("ObjectInsert", "'key':" TEXT(0) ",'value':" v ",'object':90") "," S("ResultSetAdd",     \
                                                                               "'value':90")
#define FUNC(name, params, stmts)                                                                  \
    "{'name':'g0.data." name "','path':['g0','data','" name "'],'params':" params                  \
    ",'return':2,'blocks':[" BLOCK(stmts) "]}"

/* 0 result, 1 a, 2 b, 3 1.5, 4 g0, 5 data, 6 f */
#define STRINGS                                                                                    \
    "[{'value':'result'},{'value':'a'},{'value':'b'},{'value':'1.5'},{'value':'g0'},"              \
    "{'value':'data'},{'value':'f'}]"

static ws_registry *registry;

/* The text with " for '; takes and gives back its memory. */
static char *quoted(char *text)
{
    assert_non_null(text);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    return text;
}

static wb_status compile(const char *blocks, const char *funcs, wm_program **p, wb_error *e)
{
    char *text = NULL;
    assert_true(asprintf(&text,
                         "{'static':{'strings':" STRINGS ",'files':[{'value':'a.rego'}]},"
                         "'plans':{'plans':[{'name':'eval','blocks':[%s]}]},"
                         "'funcs':{'funcs':[%s]}}",
                         blocks, funcs) > 0);
    quoted(text);
    wc_options o = {.registry = registry, .seed = 7};
    wb_status s = wc_compile_plan(wb_str_of(text), &o, WB_LIT(""), p, e);
    free(text);
    return s;
}

static wv decode(wb_arena *a, const char *json)
{
    wv v = WV_UNDEFINED;
    char *text = quoted(wb_strdup(json));
    wb_error e;
    assert_int_equal(wv_json_decode(a, wb_str_of(text), NULL, &v, &e), WB_OK);
    free(text);
    return v;
}

/* Runs and compares the values of "result" in order, or the error's code and text. */
static void check(const char *blocks, const char *funcs, const char *input, const char *want)
{
    wm_program *p;
    wb_error e = {0};
    if (compile(blocks, funcs, &p, &e))
        fail_msg("refused: %s", e.text);
    wb_arena docs;
    assert_int_equal(wb_arena_init(&docs, (size_t)1 << 24, 7), 0);
    wm_session *s = wm_session_new(&(wm_limits){.seed = 7});
    wm_budget budget = {.fuel = 1000000};
    wv data = decode(&docs, "{'n':[10,20],'a':{'b':5}}");
    wm_begin(s, p, data, input ? decode(&docs, input) : WV_UNDEFINED, &budget);
    wv rows = wm_call(s, p->query, NULL, 0);
    wb_buf text;
    wb_buf_init(&text, 1 << 20);
    const wm_error *failed = wm_failed(s);
    if (failed)
        wb_buf_putf(&text, "%s: %.*s", wp_code_text(failed->code), WB_FMT(failed->message));
    for (uint32_t i = 0; !failed && i < wv_len(rows); i++) {
        wv row = wv_items(wv_items(rows)[i])[0];
        wb_buf_puts(&text, i ? " " : "");
        wv_json_encode(&text, wv_object_get_str(row, WB_LIT("result")), NULL, NULL);
    }
    char *wanted = quoted(wb_strdup(want));
    assert_string_equal(text.n ? wb_buf_cstr(&text) : "", wanted);
    free(wanted);
    wb_buf_free(&text);
    wm_session_free(s);
    wb_arena_free(&docs);
    wm_program_free(p);
}

static void refuses(const char *blocks, const char *funcs, wb_status status, const char *part)
{
    wm_program *p;
    wb_error e = {0};
    assert_int_equal(compile(blocks, funcs, &p, &e), status);
    assert_null(p);
    if (!strstr(e.text, part))
        fail_msg("wanted \"%s\" in \"%s\"", part, e.text);
}

static void results_are_a_set_in_order(void **state)
{
    check(BLOCK(INT(2, 3) "," RESULT(LOCAL(3))) "," BLOCK(INT(1, 3) "," RESULT(LOCAL(3))) "," BLOCK(
              INT(2, 3) "," RESULT(LOCAL(3))),
          "", NULL, "1 2");
    check("", "", NULL, "");
    check(BLOCK(S("MakeNumberRef", "'index':3,'target':2") "," RESULT(LOCAL(2))), "", NULL, "1.5");
    check(BLOCK(S("MakeNumberRef", "'Index':3,'target':2") "," RESULT(LOCAL(2))), "", NULL, "1.5");
}

static void undefined_ends_the_block_only(void **state)
{
    /* a[b] of a number is nothing: what follows in the block is not run, the next block is. */
    check(BLOCK(INT(1, 2) "," S(
              "Dot", "'source':" LOCAL(2) ",'key':" TEXT(
                         1) ",'target':3") "," RESULT(TEXT(1))) "," BLOCK(RESULT(TEXT(2))),
          "", NULL, "'b'");
    /* A lookup that fails leaves its target undefined, whatever it held. */
    check(BLOCK(INT(1, 3) "," S(
              "Block",
              "'blocks':[" BLOCK(
                  S("Dot", "'source':" LOCAL(0) ",'key':" TEXT(
                               1) ",'target':3")) "]") "," S("IsUndefined",
                                                             "'source':3") "," RESULT(TEXT(2))),
          "", "{}", "'b'");
    check(BLOCK(S("IsDefined", "'source':0") "," RESULT(TEXT(1))), "", NULL, "");
}

static void break_leaves_blocks_by_count(void **state)
{
#define NESTED(n)                                                                                  \
    BLOCK(S("Block", "'blocks':[" BLOCK(S("Block", "'blocks':[" BLOCK(BREAK(n)) "]") "," RESULT(   \
                         TEXT(1))) "]") "," RESULT(TEXT(2)))
    check(NESTED(0), "", NULL, "'a' 'b'");
    check(NESTED(1), "", NULL, "'b'");
    check(NESTED(2), "", NULL, "");
    refuses(NESTED(3), "", WB_INVALID, "leaves more blocks than there are");
}

static void not_turns_the_end_of_its_block(void **state)
{
    check(BLOCK(S("Not", "'block':" BLOCK(INT(1, 2))) "," RESULT(TEXT(1))), "", NULL, "");
    check(BLOCK(S("Not", "'block':" BLOCK(BREAK(0))) "," RESULT(TEXT(1))), "", NULL, "'a'");
}

static void scan_falls_through_what_has_no_members(void **state)
{
    check(BLOCK(SCAN(0, 2, 3, RESULT(LOCAL(3))) "," RESULT(TEXT(1))), "", "[5,6]", "5 6 'a'");
    check(BLOCK(SCAN(0, 2, 3, RESULT(LOCAL(2))) "," RESULT(BOOL(true))), "", "{'y':5,'x':6}",
          "true 'x' 'y'");
    check(BLOCK(SCAN(0, 2, 3, RESULT(LOCAL(3))) "," RESULT(TEXT(1))), "", "7", "'a'");
}

static void with_replaces_for_callees_and_is_undone(void **state)
{
#define BODY                                                                                       \
    S("Dot", "'source':" LOCAL(0) ",'key':" TEXT(1) ",'target':3")                                 \
    "," SET(LOCAL(3), 2) "," S("ReturnLocal", "'source':2")
#define WITH(inside)                                                                               \
    BLOCK(INT(7, 5) "," S("With", "'local':0,'path':[1],'value':" LOCAL(5) ",'block':" BLOCK(      \
                                      inside)) "," CALL("g0.data.f", "", 8) "," RESULT(LOCAL(8)))
    const char *f = FUNC("f", "[0,1]", BODY);
    check(WITH(CALL("g0.data.f", "", 6) "," RESULT(LOCAL(6))), f, "{'a':1}", "1 7");
    check(WITH(RESULT(LOCAL(0))), f, "{'a':1,'b':2}", "1 {'a':7,'b':2}");
    /* The body did not reach its end: neither does the block around. */
    check(WITH(RESULT(TEXT(2)) "," BREAK(0)), f, "{'a':1}", "'b'");
    refuses(BLOCK(S("With", "'local':4,'path':[],'value':" LOCAL(0) ",'block':" BLOCK(""))), "",
            WB_INVALID, "only input (0) and data (1)");
}

static void what_a_turn_makes_outlives_the_loop(void **state)
{
    /* The last turn's value, made by a built-in, read behind the loop after others used the arena.
     */
#define LATER(t)                                                                                   \
    BUILTIN("upper", TEXT(1), 9)                                                                   \
    "," SCAN(1, 20, 21, BUILTIN("json.marshal", LOCAL(1), 22)) "," RESULT(LOCAL(t))
    check(BLOCK(SCAN(0, 2, 3, BUILTIN("concat", TEXT(1) "," LOCAL(3), 4)) "," LATER(4)), "",
          "[['longer than inline','x'],['quite as long as that','y']]",
          "'quite as long as thatay'");
    /* A collection begun in one turn and read in the next. */
    check(BLOCK(SCAN(
              0, 2, 3,
              S("Block",
                "'blocks':[" BLOCK(S("IsDefined", "'source':4") "," APPEND(LOCAL(3), 4)) "," BLOCK(
                    S("IsUndefined", "'source':4") "," S(
                        "MakeArray", "'capacity':0,'target':4")) "]")) "," LATER(4)),
          "", "[['first is lost'],['second string'],['third string']]",
          "[['second string'],['third string']]");
}

static void a_collection_in_another_is_copied_before_it_changes(void **state)
{
    check(BLOCK(S("MakeArray", "'capacity':0,'target':2") "," APPEND(TEXT(1), 2) "," SET(
              LOCAL(2), 3) "," APPEND(TEXT(2), 2) "," RESULT(LOCAL(3)) "," RESULT(LOCAL(2))),
          "", NULL, "['a'] ['a','b']");
    check(BLOCK(S("MakeArray", "'capacity':0,'target':2") "," APPEND(LOCAL(2), 2) "," APPEND(
              LOCAL(2), 2) "," RESULT(LOCAL(2))),
          "", NULL, "[[],[[]]]");
    /* What one turn stored is not changed by the next. */
    check(BLOCK(S("MakeArray", "'capacity':0,'target':4") "," S(
              "MakeArray",
              "'capacity':0,'target':5") "," SCAN(0, 2, 3,
                                                  APPEND(LOCAL(3), 4) "," APPEND(
                                                      LOCAL(4), 5)) "," RESULT(LOCAL(5))),
          "", "[1,2]", "[[1],[1,2]]");
    /* Base documents are never written. */
    check(BLOCK(S("Dot", "'source':" LOCAL(0) ",'key':" TEXT(1) ",'target':2") "," APPEND(
              TEXT(2), 2) "," RESULT(LOCAL(2)) "," RESULT(LOCAL(0))),
          "", "{'a':[1]}", "[1,'b'] {'a':[1]}");
    check(BLOCK(INT(1, 2) "," APPEND(TEXT(1), 2)), "", NULL,
          "eval_conflict_error: object keys must be unique");
}

static void conflicts_are_errors(void **state)
{
    check(BLOCK(S("MakeObject", "'target':2") "," S(
              "ObjectInsertOnce",
              "'key':" TEXT(1) ",'value':" TEXT(
                  1) ",'object':2") "," S("ObjectInsertOnce",
                                          "'key':" TEXT(1) ",'value':" TEXT(2) ",'object':2")),
          "", NULL, "eval_conflict_error: object keys must be unique");
    const char *f = FUNC(
        "f", "[0,1]",
        S("AssignVarOnce", "'source':" TEXT(1) ",'target':2") "," S(
            "AssignVarOnce", "'source':" TEXT(2) ",'target':2") "," S("ReturnLocal", "'source':2"));
    check(BLOCK(CALL("g0.data.f", "", 2)), f, NULL,
          "eval_conflict_error: rule data.f produced conflicting values:\n"
          "  'a' at a.rego:3\n  'b' at a.rego:3");
}

static void dynamic_calls_tell_missing_from_undefined(void **state)
{
#define DYNAMIC                                                                                    \
    BLOCK(S(                                                                                       \
        "Block",                                                                                   \
        "'blocks':[" BLOCK(S(                                                                      \
            "Block",                                                                               \
            "'blocks':[" BLOCK(S(                                                                  \
                "Block",                                                                           \
                "'blocks':[" BLOCK(S(                                                              \
                    "CallDynamic",                                                                 \
                    "'args':[0,1],'path':[" TEXT(4) "," TEXT(5) "," LOCAL(                         \
                        0) "],"                                                                    \
                           "'r"                                                                    \
                           "es"                                                                    \
                           "ul"                                                                    \
                           "t'"                                                                    \
                           ":"                                                                     \
                           "5") "," RESULT(LOCAL(5))) "]") "," RESULT(TEXT(1))) "]") "," RESULT(TEXT(2))) "]") "," RESULT(BOOL(true)))
    const char *defined = FUNC("f", "[0,1]", INT(4, 2) "," S("ReturnLocal", "'source':2"));
    const char *undefined = FUNC("f", "[0,1]", "");
    check(DYNAMIC, defined, "'f'", "true 4 'a' 'b'");
    check(DYNAMIC, defined, "'g'", "true 'a' 'b'");
    check(DYNAMIC, undefined, "'f'", "");
}

static void documents_merge_and_base_stays(void **state)
{
#define MERGE                                                                                      \
    BLOCK(S("Dot", "'source':" LOCAL(1) ",'key':" TEXT(1) ",'target':2") "," S(                    \
        "ObjectMerge", "'a':2,'b':0,'target':3") "," RESULT(LOCAL(3)))
    check(MERGE, "", "{'b':1,'c':2}", "{'b':5,'c':2}");
    check(MERGE, "", "7", "{'b':5}");
    check(MERGE, "", NULL, "{'b':5}");
}

static void functions_call_each_other_to_a_depth(void **state)
{
    const char *f =
        FUNC("f", "[0,1,7]", CALL("g0.data.f", "," LOCAL(7), 2) "," S("ReturnLocal", "'source':2"));
    check(BLOCK(CALL("g0.data.f", "," TEXT(1), 2)), f, NULL,
          "eval_cancel_error: evaluation is nested too deeply");
}

static void hostile_plans_are_refused(void **state)
{
    refuses(BLOCK("{'type':'Evil','stmt':{}}"), "", WB_INVALID, "unknown statement Evil");
    refuses(BLOCK("{'type':'ScanStmt'}"), "", WB_INVALID, "without type or fields");
    refuses(BLOCK(S("ResetLocal", "'target':-1")), "", WB_INVALID, "out of range");
    refuses(BLOCK(S("ResetLocal", "'target':99999999")), "", WB_INVALID, "out of range");
    refuses(BLOCK(S("ResetLocal", "'target':1")), "", WB_INVALID, "only WithStmt replaces");
    refuses(BLOCK(S("ResetLocal", "'goal':1")), "", WB_INVALID, "target is no integer");
    refuses(BLOCK(RESULT(TEXT(99))), "", WB_INVALID, "value is 99, out of range");
    refuses(BLOCK(S("MakeNumberRef", "'index':1,'target':2")), "", WB_INVALID, "is no number");
    refuses(BLOCK(BUILTIN("no.such", "", 2)), "", WB_INVALID, "there is no function no.such");
    refuses(BLOCK(BUILTIN("upper", "", 2)), "", WB_INVALID, "upper takes 1 arguments, not 0");
    refuses(BLOCK(CALL("g0.data.f", "," LOCAL(3), 2)), FUNC("f", "[0,1]", ""), WB_INVALID,
            "g0.data.f takes 2 arguments, not 3");
    refuses(BLOCK(S("Call", "'func':'g0.data.f','args':[" LOCAL(1) "," LOCAL(0) "],'result':2")),
            FUNC("f", "[0,1]", ""), WB_INVALID, "must be input (0) and data (1)");
    refuses("", FUNC("f", "[0]", ""), WB_INVALID, "fewer than two");
    refuses("", FUNC("f", "[0,1,4,4]", ""), WB_INVALID, "each once");
    refuses("", FUNC("f", "[0,1]", "") "," FUNC("f", "[0,1]", ""), WB_INVALID, "two functions");
    refuses("", FUNC("f", "[0,1]", RESULT(TEXT(1))), WB_INVALID, "has no place in a function");
    refuses(BLOCK(S("ReturnLocal", "'source':2")), "", WB_INVALID, "has no place in a plan");
    refuses("7", "", WB_INVALID, "a block is no object");
    refuses("]", "", WB_INVALID, "line 1");
}

static void depth_and_size_are_limited(void **state)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 24);
    for (unsigned i = 0; i < 300; i++)
        wb_buf_puts(&b, "{'stmts':[{'type':'BlockStmt','stmt':{'blocks':[");
    for (unsigned i = 0; i < 300; i++)
        wb_buf_puts(&b, "]}}]}");
    refuses(wb_buf_cstr(&b), "", WB_LIMIT, "nested more than 200 deep");
    /* More locals than a function has registers, each needed once; then all at the end. */
    for (unsigned at_once = 0; at_once < 2; at_once++) {
        wb_buf_clear(&b);
        wb_buf_puts(&b, "{'stmts':[" S("MakeArray", "'capacity':0,'target':9000"));
        for (unsigned i = 2; i < 5000; i++) {
            wb_buf_putf(&b, ",{'type':'MakeNumberIntStmt','stmt':{'value':%u,'target':%u}}", i, i);
            if (!at_once)
                wb_buf_putf(&b,
                            "," S("ArrayAppend", "'value':"
                                                 "{'type':'local','value':%u}"
                                                 ",'array':9000"),
                            i);
        }
        for (unsigned i = 2; i < 5000 && at_once; i++)
            wb_buf_putf(&b,
                        "," S("ArrayAppend", "'value':"
                                             "{'type':'local','value':%u}"
                                             ",'array':9000"),
                        i);
        wb_buf_puts(&b, "," S("Len", "'source':" LOCAL(9000) ",'target':9001") "," RESULT(
                            LOCAL(9001)) "]}");
        if (at_once)
            refuses(wb_buf_cstr(&b), "", WB_LIMIT, "eval is too large");
        else
            check(wb_buf_cstr(&b), "", NULL, "4998");
    }
    wb_buf_free(&b);
}

static void a_plan_is_found_by_name(void **state)
{
    char *text = quoted(wb_strdup("{'plans':{'plans':[{'name':'a/b','blocks':[]},"
                                  "{'name':'c','blocks':[]}]}}"));
    wc_options o = {.registry = registry, .seed = 7};
    wm_program *p;
    wb_error e;
    assert_int_equal(wc_compile_plan(wb_str_of(text), &o, WB_LIT("a/b"), &p, &e), WB_OK);
    wm_program_free(p);
    assert_int_equal(wc_compile_plan(wb_str_of(text), &o, WB_LIT("x"), &p, &e), WB_NOT_FOUND);
    assert_string_equal(e.text, "plan: there is no plan named x");
    assert_int_equal(wc_compile_plan(wb_str_of(text), &o, WB_LIT(""), &p, &e), WB_NOT_FOUND);
    assert_string_equal(e.text, "plan: there are 2 plans: name one");
    free(text);
}

int main(void)
{
    registry = ws_registry_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_a_set_in_order),
        cmocka_unit_test(undefined_ends_the_block_only),
        cmocka_unit_test(break_leaves_blocks_by_count),
        cmocka_unit_test(not_turns_the_end_of_its_block),
        cmocka_unit_test(scan_falls_through_what_has_no_members),
        cmocka_unit_test(with_replaces_for_callees_and_is_undone),
        cmocka_unit_test(what_a_turn_makes_outlives_the_loop),
        cmocka_unit_test(a_collection_in_another_is_copied_before_it_changes),
        cmocka_unit_test(conflicts_are_errors),
        cmocka_unit_test(dynamic_calls_tell_missing_from_undefined),
        cmocka_unit_test(documents_merge_and_base_stays),
        cmocka_unit_test(functions_call_each_other_to_a_depth),
        cmocka_unit_test(hostile_plans_are_refused),
        cmocka_unit_test(depth_and_size_are_limited),
        cmocka_unit_test(a_plan_is_found_by_name),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ws_registry_free(registry);
    return failed;
}
