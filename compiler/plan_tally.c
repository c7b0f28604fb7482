/* Comprehensions that only feed one sum, count, max or min.
 *
 * Takes the finished plan. An array that a comprehension fills and that is then read by one of
 * these functions alone is not needed: each element is counted in as it comes. Sums and extremes
 * are kept so as long as all elements are small integers; from the first other one on the array is
 * filled, beginning with what the elements before came to, and the function is called as planned.
 * So its errors and its arithmetic stay its own, and what ends the comprehension with an error does
 * so as before. A function that some `with` replaces is left alone. Reports nothing. */
#include "compiler/plan.h"

#define TALLIES_MAX 64u /* of one function: each takes a register */

typedef struct tally {
    const char *name; /* of the built-in function */
    uint8_t kind;     /* wc_stmt_kind that stands for ArrayAppend; Add: one more */
} tally;

static const tally TALLIES[] = {
    {"count", WC_S_Add},
    {"max", WC_S_TallyMax},
    {"min", WC_S_TallyMin},
    {"sum", WC_S_TallySum},
};

/* How one array is used behind its statement, in the block where it is made. */
typedef struct use {
    uint32_t array;
    wc_stmt *call; /* the only one that takes the array */
    bool other;    /* something else reads or sets it */
} use;

static bool is_array(const use *u, wc_operand o)
{
    return o.kind == WC_LOCAL && o.n == u->array;
}

static void find_uses(use *u, wc_stmt *s, bool nested)
{
    for (; s && !u->other; s = s->next) {
        bool sets = wc_sets_local(s) && s->t == u->array;
        if (sets && s->kind != WC_S_ArrayAppend) {
            u->other = nested;
            return;
        }
        u->other = is_array(u, s->a) || is_array(u, s->b) || (sets && u->call);
        for (uint32_t i = 0; i < s->n_args && !u->other; i++)
            if (is_array(u, s->args[i])) {
                bool alone = s->kind == WC_S_CallBuiltin && s->n_args == 1;
                u->other = nested || u->call || !alone;
                u->call = alone ? s : u->call;
            }
        for (uint32_t i = 0; i < s->n_with; i++)
            u->other |= is_array(u, s->with[i].value);
        if (s->kind == WC_S_Scan && (s->t == u->array || s->t + 1 == u->array))
            u->other = true;
        if (s->block && s->kind != WC_S_Break)
            find_uses(u, s->block->first, true);
    }
}

typedef struct tallier {
    wc_unit *u;
    wc_planner *p; /* for constants */
    wc_function *fn;
    uint32_t made;
} tallier;

static const tally *tally_of(const wc_stmt *call)
{
    for (size_t i = 0; i < sizeof TALLIES / sizeof *TALLIES; i++)
        if (!strcmp(call->builtin->name, TALLIES[i].name))
            return &TALLIES[i];
    return NULL;
}

static void change_appends(tallier *t, wc_stmt *s, uint32_t array, uint32_t to, const tally *how)
{
    for (; s; s = s->next) {
        if (s->kind == WC_S_ArrayAppend && s->t == array) {
            s->kind = how->kind;
            s->t = to;
            s->b = how->kind == WC_S_Add ? wc_const(t->p, wv_small(1)) : s->a;
            s->a = wc_op_local(how->kind == WC_S_Add ? to : array);
        }
        if (s->block && s->kind != WC_S_Break)
            change_appends(t, s->block->first, array, to, how);
    }
}

static wc_stmt *make(tallier *t, wc_stmt_kind kind, const wc_stmt *from, wc_stmt *next)
{
    wc_stmt *s = wb_arena_calloc(t->u->a, sizeof *s);
    *s = (wc_stmt){.kind = (uint8_t)kind, .loc = from->loc, .next = next};
    return s;
}

/* The call becomes: t = what was counted; where that is undefined, the call after all. Answers the
 * last statement. */
static wc_stmt *change_call(tallier *t, wc_stmt *call, uint32_t counted, bool sure)
{
    bool optional = call->optional;
    wc_stmt *next = call->next, *again = make(t, WC_S_CallBuiltin, call, NULL), *last = call;
    *again = *call;
    again->next = NULL;
    again->optional = true;
    *call = (wc_stmt){.kind = WC_S_AssignVar,
                      .loc = call->loc,
                      .t = call->t,
                      .a = wc_op_local(counted),
                      .next = next};
    if (sure)
        return last;
    if (!optional) {
        last = call->next = make(t, WC_S_IsDefined, call, next);
        last->a = wc_op_local(call->t);
    }
    wc_stmt *block = call->next = make(t, WC_S_Block, call, call->next);
    block->block = wb_arena_calloc(t->u->a, sizeof *block->block);
    wc_stmt *test = make(t, WC_S_IsUndefined, call, again);
    test->a = wc_op_local(counted);
    *block->block = (wc_block){.first = test, .last = again};
    return optional ? block : last;
}

static void change(tallier *t, wc_block *b, wc_stmt *array, wc_stmt *call, const tally *how)
{
    uint32_t counted = t->fn->n_locals + t->made++;
    bool counts = how->kind == WC_S_Add, last = b->last == call;
    change_appends(t, array->next, array->t, counted, how);
    wc_stmt *end = change_call(t, call, counted, counts);
    if (last)
        b->last = end;
    wc_stmt *begin = counts ? array : make(t, WC_S_AssignVar, array, array->next);
    begin->kind = counts || how->kind == WC_S_TallySum ? WC_S_AssignVar : WC_S_ResetLocal;
    begin->t = counted;
    if (begin->kind == WC_S_AssignVar)
        begin->a = wc_const(t->p, wv_small(0));
    if (!counts)
        array->next = begin;
}

static void walk(tallier *t, wc_block *b)
{
    for (wc_stmt *s = b->first; s; s = s->next) {
        if (s->kind == WC_S_MakeArray) {
            use u = {.array = s->t};
            find_uses(&u, s->next, false);
            const tally *how = u.call ? tally_of(u.call) : NULL;
            if (how && u.other)
                wc_why(t->u, t->fn, "tally", s->loc, "not: %s is not all that reads it", how->name);
            else if (how && wc_is_replaced(t->u, wb_str_of(how->name)))
                wc_why(t->u, t->fn, "tally", s->loc, "not: some `with` replaces %s", how->name);
            else if (how && t->made == TALLIES_MAX)
                wc_why(t->u, t->fn, "tally", s->loc, "not: %u are counted", TALLIES_MAX);
            else if (how) {
                wc_why(t->u, t->fn, "tally", s->loc, "%s", how->name);
                change(t, b, s, u.call, how);
            }
        }
        if (s->block && s->kind != WC_S_Break)
            walk(t, s->block);
    }
}

void wc_plan_tally(wc_unit *u, const wc_plan *plan)
{
    if (u->options->passes_off & WC_PASS_TALLY)
        return;
    for (uint32_t i = 0; i < plan->n; i++) {
        wc_function *fn = plan->funcs[i];
        if (fn->n_locals > WC_LOCALS_PLAIN / 2) /* registers are scarce in there */
            continue;
        wc_planner p = {.u = u, .fn = fn};
        tallier t = {.u = u, .p = &p, .fn = fn};
        walk(&t, fn->body);
        fn->n_locals += t.made;
    }
}
