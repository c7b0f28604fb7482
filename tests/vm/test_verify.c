/* The verifier: every word of a compiled program is changed in every field; what points outside
 * the function or the program is refused with a reason. */
#include "support.h"

static const char module[] =
    "package t\n"
    "default p := false\n"
    "p if { some x in input.list; f(x) > 2; not q[x]; count(s) > 0 }\n"
    "f(x) := y if { y := x + 1 } else := 0\n"
    "q[k] := v if { some k, v in input.o; v != 3 }\n"
    "s contains sprintf(\"%v\", [x]) if { some x in input.list }\n"
    "g[a][b] := 1 if { some a in [\"x\", \"y\"]; some b in input.list }\n"
    "h[a] contains b if { some a in [\"x\", \"y\"]; some b in input.list }\n"
    "w := [a, b] if { a := f(1) with input.list as [3]; b := count([1]) with count as f }\n"
    "d := x if { x := data.lib[input.name] with data.lib.k as 7 }\n"
    "c := {\"a\": [1, 2 * input.n], \"b\": {input.n, 4}, \"c\": {x: y | some x, y in input.list}}\n"
    "e if { every x in input.list { x < 10; x - 1 >= 0; x / 2 <= 4; x % 2 != 5; x == x } }\n"
    "u := [x, y] if { [x, {\"a\": y}] = input.pattern }\n"
    "m if { 1 in input.list; \"z\" in {\"z\", \"y\"}; v := (2 in input.list); v }\n";

static const char input[] = "{\"list\": [1, 2, 3], \"o\": {\"a\": 1}, \"n\": 2, \"name\": \"k\", "
                            "\"pattern\": [1, {\"a\": 2}]}";
static const char *const names[] = {"p", "q", "s", "g", "h", "w", "d", "c", "e", "u", "m"};

static bool accepted(const bench *b)
{
    wb_error e = {0};
    wb_status s = wm_verify(b->program, &e);
    if (s == WB_OK)
        return true;
    assert_int_equal(s, WB_INVALID);
    assert_true(e.text[0] != 0);
    return false;
}

/* One place in the word that is tested: shift and mask of a, b, c, f and the opcode. */
static const struct {
    unsigned shift;
    uint64_t mask;
} fields[] = {{8, 0xfff}, {20, 0xfff}, {32, 0xfff}, {44, 0xfffff}, {0, 0xff}};

static void compiled_programs_pass(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, module, 0, 0);
    assert_true(accepted(&b));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(strstr(bench_ask(&b, names[i], input, NULL), "error"));
    bench_free(&b);
}

/* Whether an operand letter names something that must lie inside the function or the program. */
static bool bounded(char kind)
{
    return strchr("drmskwnfjlo", kind) != NULL;
}

static void out_of_range_fields_are_refused(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, module, 0, 0);
    const wm_program *p = b.program;
    unsigned refused = 0;
    for (uint32_t fi = 0; fi < p->n_funcs; fi++) {
        const wm_func *fn = &p->funcs[fi];
        for (uint32_t at = fn->entry; at < fn->entry + fn->words;) {
            uint64_t *word = &p->code[at], before = *word;
            const wm_op_info *info = &wm_op_infos[WM_OPCODE(before)];
            for (int k = 0; k < 4; k++) {
                char kind = info->operands[k];
                if (k == 2 && info->operands[1] == 'w')
                    continue; /* b and c hold one number */
                if (!bounded(kind))
                    continue;
                uint64_t all = fields[k].mask << fields[k].shift;
                if (kind == 'w')
                    all |= fields[2].mask << fields[2].shift;
                *word = before | all; /* the largest number the field holds */
                if (accepted(&b))
                    fail_msg("%s at %u accepts the largest number in field %d", info->name, at, k);
                refused++;
                *word = before;
            }
            *word = before | 0xff;
            assert_false(accepted(&b));
            *word = before;
            if (info->words == 2) {
                uint64_t *second = &p->code[at + 1], kept = *second;
                *second = UINT64_MAX;
                if (WM_OPCODE(before) != WM_WMOCK || WM_C(before) != 0)
                    assert_false(accepted(&b));
                *second = (uint64_t)1 << 32;
                if (WM_OPCODE(before) != WM_WMOCK)
                    assert_false(accepted(&b));
                *second = kept;
            }
            at += info->words;
        }
    }
    assert_true(refused > 200);
    assert_true(accepted(&b));
    bench_free(&b);
}

/* Small changes in each field, and other opcodes: a clear answer each time, with a reason when it
 * is no. Nothing is written meanwhile: the program passes again once the word is back. */
static void changed_words_are_judged(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, module, 0, (size_t)64 << 20);
    const wm_program *p = b.program;
    unsigned yes = 0, no = 0;
    static const int64_t steps[] = {1, -1, 2, 7, 64, 1000};
    for (uint32_t at = 0; at < p->n_code; at++) {
        uint64_t before = p->code[at];
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
                uint64_t v = (before >> fields[k].shift) + (uint64_t)steps[j];
                p->code[at] = (before & ~(fields[k].mask << fields[k].shift)) |
                              (v & fields[k].mask) << fields[k].shift;
                if (accepted(&b))
                    yes++;
                else
                    no++;
                p->code[at] = before;
            }
        }
    }
    assert_true(yes > 0 && no > yes / 4);
    assert_true(accepted(&b));
    assert_string_equal(bench_ask(&b, "e", input, NULL), "true");
    bench_free(&b);
}

static void functions_and_nodes_are_checked(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, module, 0, 0);
    wm_program *p = b.program;
    for (uint32_t i = 0; i < p->n_funcs; i++) {
        wm_func *fn = &p->funcs[i], before = *fn;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        change;                                                                                    \
        if (accepted(&b))                                                                          \
            fail_msg("function %u accepts %s", i, #change);                                        \
        *fn = before;                                                                              \
    } while (0)
        REFUSED(fn->words = 0);
        REFUSED(fn->words = UINT32_MAX);
        REFUSED(fn->entry = p->n_code);
        REFUSED(fn->entry = UINT32_MAX);
        REFUSED(fn->n_regs = WM_REG_MAX + 2);
        REFUSED(fn->n_regs = 0; fn->n_args = 1);
        REFUSED(fn->n_args = fn->n_regs + 1);
        REFUSED(fn->consts = p->n_consts + 1);
        REFUSED(fn->n_consts = p->n_consts + 1);
        REFUSED(fn->n_consts = UINT32_MAX);
#undef REFUSED
    }
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        wm_node *n = &p->nodes[i], before = *n;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        change;                                                                                    \
        if (accepted(&b))                                                                          \
            fail_msg("node %u accepts %s", i, #change);                                            \
        *n = before;                                                                               \
    } while (0)
        REFUSED(n->whole = p->n_funcs);
        REFUSED(n->keyed = p->n_funcs; n->n_keyed = 1);
#undef REFUSED
    }
    assert_true(accepted(&b));
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_programs_pass),
        cmocka_unit_test(out_of_range_fields_are_refused),
        cmocka_unit_test(changed_words_are_judged),
        cmocka_unit_test(functions_and_nodes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
