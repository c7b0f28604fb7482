/* Which of a document's rules to look at, by the value of one place.
 *
 * Takes the rules of a node. Where several test one place in input or base data, or one argument,
 * for scalars, a rule that tests it for another value has nothing to say, whatever else it does:
 * OPA's index does not look at it either. After it, the place is read once, and its value leads to
 * the list of rules that may hold, in their order; those that do not test it are in every list.
 * Reports nothing. */
#include "compiler/plan.h"

#define RULES_MIN  4u         /* fewer tests are as fast one by one */
#define PLACES_MAX 16u        /* places looked at */
#define LISTS_MAX  (1u << 22) /* numbers in all lists of one dispatch */

/* A place that rules test, and what for. */
typedef struct wc_chosen {
    const wp_term *place; /* NULL: the argument */
    uint32_t argument;    /* 1 + its number, or 0 */
    uint32_t n_rules;     /* that test it */
    uint32_t last;        /* 1 + the number of the last of them */
    wv values;            /* value -> array of numbers of rules */
    const wp_term **by;   /* by rule: the one value it tests for, or NULL */
    bool *tests;          /* by rule: whether it tests the place, be it for no value at all */
} subject;

typedef struct chooser {
    wc_planner *p;
    const wc_node *n;
    uint32_t n_keys;
    subject subjects[PLACES_MAX];
    uint32_t n_subjects;
    uint32_t rule, n_rules; /* the rule under way; how many there are */
} chooser;

bool wc_is_dispatched(const wp_term *value)
{
    return value->kind <= WP_STRING && (value->kind != WP_NUMBER || wv_is_int(value->value));
}

static bool all_dispatched(const wp_term *xs)
{
    uint32_t n = xs->kind == WP_OBJECT ? xs->object.n : xs->list.n;
    for (uint32_t i = 0; i < n; i++)
        if (!wc_is_dispatched(xs->kind == WP_OBJECT ? xs->object.pairs[i].value
                                                    : xs->list.items[i]))
            return false;
    return true;
}

static subject *subject_of(chooser *c, const wp_term *place, uint32_t argument)
{
    for (uint32_t i = 0; i < c->n_subjects; i++) {
        subject *s = &c->subjects[i];
        if (argument ? s->argument == argument : !s->argument && wc_same_place(s->place, place))
            return s;
    }
    if (c->n_subjects == PLACES_MAX)
        return NULL;
    subject *s = &c->subjects[c->n_subjects++];
    *s = (subject){.place = place,
                   .argument = argument,
                   .values = wv_object_begin(c->p->u->a, 8),
                   .by = wb_arena_calloc(c->p->u->a, (c->n_rules + 1) * sizeof(wp_term *)),
                   .tests = wb_arena_calloc(c->p->u->a, c->n_rules + 1)};
    return s;
}

static void lead(chooser *c, subject *s, wv value)
{
    wb_arena *a = c->p->u->a;
    wv rules = wv_object_get(s->values, value);
    if (rules == WV_UNDEFINED)
        rules = wv_array_begin(a, 2);
    uint32_t n = wv_len(rules);
    if (!n || wv_int(wv_items(rules)[n - 1]) != c->rule)
        wv_array_push(a, &rules, wv_small(c->rule));
    wv_object_put(a, &s->values, value, rules);
}

static void note(chooser *c, subject *s, wc_wanted what, const wp_term *value)
{
    if (!s || s->last == c->rule + 1) /* a second test of one place tells nothing more here */
        return;
    s->last = c->rule + 1;
    s->n_rules++;
    s->tests[c->rule] = true;
    if (what == WC_NEED_EQUAL) {
        s->by[c->rule] = value;
        lead(c, s, value->value);
        return;
    }
    uint32_t n = value->kind == WP_OBJECT ? value->object.n : value->list.n;
    for (uint32_t i = 0; i < n; i++)
        lead(c, s,
             (value->kind == WP_OBJECT ? value->object.pairs[i].value : value->list.items[i])
                 ->value);
}

static uint32_t argument_number(const wc_rule *r, const wp_term *place)
{
    if (place->kind != WP_VAR)
        return 0;
    for (uint32_t i = 0; i < r->n_args; i++)
        if (r->args[i]->kind == WP_VAR && wc_var_of(r->args[i]) == wc_var_of(place))
            return i + 1;
    return 0;
}

/* Constants that stand in the head: arguments of a function, keys of a rule asked by keys. */
static void note_head(chooser *c, const wc_rule *r)
{
    uint32_t keys = c->n_keys ? wc_key_count(c->n, r) : r->n_args;
    for (uint32_t i = 0; i < keys && (!c->n_keys || i < c->n_keys); i++) {
        const wp_term *t = c->n_keys ? wc_key_at(c->n, r, i) : r->args[i];
        if (wc_is_dispatched(t))
            note(c, subject_of(c, NULL, i + 1), WC_NEED_EQUAL, t);
    }
}

static void note_rule(chooser *c, const wc_rule *r)
{
    wc_need *needs;
    if (r->else_rule) /* its parts test different things */
        return;
    note_head(c, r);
    uint32_t n = wc_find_needs(c->p, r, &needs);
    for (uint32_t i = 0; i < n; i++) {
        const wc_need *x = &needs[i];
        bool one = x->what == WC_NEED_EQUAL && wc_is_dispatched(x->value);
        if (x->crowded)
            continue;
        if (!one && (x->what != WC_NEED_ONE_OF || !all_dispatched(x->value)))
            continue;
        uint32_t argument = argument_number(r, x->place);
        if (argument || x->place->kind != WP_VAR || !wc_is_local(x->place))
            note(c, subject_of(c, argument ? NULL : x->place, argument), x->what, x->value);
    }
}

/* ---- in words ---- */

static const char *subject_text(const chooser *c, const subject *s)
{
    if (!s->argument)
        return wc_place_of_term(c->p->u, s->place);
    return wb_arena_printf(c->p->u->a, "%s %u", c->n_keys ? "key" : "argument", s->argument);
}

static void why_chosen(const chooser *c, const subject *s)
{
    wc_why(c->p->u, c->p->fn, "dispatch", c->n->rules[0]->loc,
           "%u rules by %s, %u values, rules in every list: %u", s->n_rules, subject_text(c, s),
           wv_len(s->values), c->n_rules - s->n_rules);
}

static void why_none(const chooser *c)
{
    const subject *most = NULL;
    for (uint32_t i = 0; i < c->n_subjects; i++)
        if (!most || c->subjects[i].n_rules > most->n_rules)
            most = &c->subjects[i];
    wp_loc loc = c->n->rules[0]->loc;
    if (!most)
        wc_why(c->p->u, c->p->fn, "dispatch", loc, "not: no rule tests a place for a scalar");
    else
        wc_why(c->p->u, c->p->fn, "dispatch", loc, "not: %u of %u rules test %s: %s", most->n_rules,
               c->n_rules, subject_text(c, most),
               most->n_rules < RULES_MIN        ? "too few rules"
               : wv_len(most->values) < 2       ? "one value"
               : 2 * most->n_rules < c->n_rules ? "most rules do not test it"
                                                : "no value leaves out half of the rules");
}

/* The place that leaves the fewest rules; NULL: none is worth it. */
static const subject *choose(const chooser *c)
{
    const subject *best = NULL;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < c->n_subjects; i++) {
        const subject *s = &c->subjects[i];
        uint32_t values = wv_len(s->values), rest = c->n_rules - s->n_rules;
        if (s->n_rules < RULES_MIN || values < 2 ||
            (uint64_t)values * (rest + 2) + s->n_rules > LISTS_MAX)
            continue;
        uint64_t left = rest + s->n_rules / values;
        if (left < least && 2 * left <= c->n_rules) {
            least = left;
            best = s;
        }
    }
    return best;
}

/* ---- lists ---- */

typedef struct lists {
    uint32_t *v;
    uint32_t n;
    const uint32_t *rest; /* the rules that do not test the place */
    uint32_t n_rest, n_rules;
} lists;

/* The rules named and those that do not test the place, in their order. */
static void put_list(lists *to, wv named)
{
    uint32_t at = 0, n = named == WV_UNDEFINED ? 0 : wv_len(named);
    for (uint32_t i = 0; i < to->n_rest || at < n;) {
        uint32_t next = at < n ? (uint32_t)wv_int(wv_items(named)[at]) : UINT32_MAX;
        if (i < to->n_rest && to->rest[i] < next) {
            to->v[to->n++] = to->rest[i++];
        } else {
            to->v[to->n++] = next;
            at++;
        }
    }
    to->v[to->n++] = to->n_rules;
}

static wc_dispatch *make(chooser *c, const subject *s)
{
    wb_arena *a = c->p->u->a;
    uint32_t values = wv_len(s->values), rest = c->n_rules - s->n_rules, total = 0;
    for (uint32_t i = 0; i < values; i++)
        total += wv_len(wv_value_at(s->values, NULL, i)) + rest + 1;
    uint32_t *others = wb_arena_alloc(a, ((size_t)rest + 1) * sizeof *others), n_others = 0;
    for (uint32_t i = 0; i < c->n_rules; i++)
        if (!s->tests[i])
            others[n_others++] = i;
    lists to = {wb_arena_alloc(a, ((size_t)total + rest + 1) * sizeof(uint32_t)), 0, others,
                n_others, c->n_rules};
    wc_dispatch *d = wb_arena_calloc(a, sizeof *d);
    d->starts = wv_object_begin(a, values);
    for (uint32_t i = 0; i < values; i++) {
        wv_object_put(a, &d->starts, wv_key_at(s->values, NULL, i), wv_small(to.n));
        put_list(&to, wv_value_at(s->values, NULL, i));
    }
    d->others = to.n;
    put_list(&to, WV_UNDEFINED);
    d->lists = to.v;
    d->n_lists = to.n;
    d->n_rules = c->n_rules;
    return d;
}

/* ---- the plan ---- */

/* The value of the place, undefined when there is none. */
static wc_operand place_value(wc_planner *p, const subject *s)
{
    if (s->argument)
        return wc_op_local(s->argument - 1);
    uint32_t t = wc_local(p);
    wc_put_op(p, WC_S_ResetLocal, t, (wc_operand){0}, (wc_operand){0});
    wc_mark m = wc_open(p);
    wc_put_op(p, WC_S_AssignVar, t, wc_plan_term(p, s->place), (wc_operand){0});
    wc_close(p, m);
    return wc_op_local(t);
}

bool wc_dispatch_begin(wc_planner *p, const wc_node *n, uint32_t n_keys)
{
    if (p->u->options->passes_off & WC_PASS_DISPATCH)
        return false;
    if (n->n_rules < RULES_MIN) {
        if (n->n_rules > 1)
            wc_why(p->u, p->fn, "dispatch", n->rules[0]->loc, "not: fewer than %u rules",
                   RULES_MIN);
        return false;
    }
    chooser *c = wb_arena_calloc(p->u->a, sizeof *c);
    c->p = p;
    c->n = n;
    c->n_keys = n_keys;
    for (uint32_t i = 0; i < n->n_rules; i++)
        c->n_rules += !n->rules[i]->is_default;
    for (uint32_t i = 0; i < n->n_rules; i++)
        if (!n->rules[i]->is_default) {
            note_rule(c, n->rules[i]);
            c->rule++;
        }
    const subject *s = choose(c);
    if (p->u->options->why && s)
        why_chosen(c, s);
    if (p->u->options->why && !s)
        why_none(c);
    if (!s)
        return false;
    wc_operand value = place_value(p, s);
    wc_stmt *to = wc_put_op(p, WC_S_Dispatch, wc_local(p), value, (wc_operand){0});
    to->dispatch = make(c, s);
    p->next_case = 1;
    p->cursor = to->t;
    p->chosen = s;
    return true;
}

wc_mark wc_case_begin(wc_planner *p)
{
    wc_mark m = wc_open(p);
    uint32_t number = p->next_case++;
    m.block->last->n = number;
    p->decided_value = p->chosen->by[number - 1];
    p->decided = p->decided_value ? p->chosen->place : NULL;
    return m;
}

void wc_case_end(wc_planner *p, wc_mark m)
{
    p->decided = NULL;
    wc_close(p, m);
}

void wc_dispatch_end(wc_planner *p)
{
    if (p->next_case)
        wc_put_op(p, WC_S_DispatchEnd, 0, wc_op_local(p->cursor), (wc_operand){0});
    p->next_case = 0;
}
