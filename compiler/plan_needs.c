/* Which rules are looked at at all: tests in front of a rule's body.
 *
 * Takes a rule and what the index asks of it (plan_index.c). What stands in a body before a test
 * that the index makes may not be seen to run when the test fails: no error, no clash of another
 * rule. After it the body is planned with its plain tests of places first, and with those places
 * asked first whose test stands behind something that may be seen. A place that is asked for
 * several values lets the rule be seen by any of them, as in OPA. Reports nothing. */
#include "compiler/plan.h"

#include "compiler/visit.h"

/* ---- what may be seen to run ---- */

/* Built-ins that raise no error whatever they are given. */
static bool is_silent(wb_str name)
{
    static const char *const names[] = {"eq", "equal", "neq", "lt", "lte", "gt", "gte"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_str_is(name, names[i]))
            return true;
    return wb_str_has_prefix(name, WB_LIT("internal.member_"));
}

typedef struct watcher {
    const wc_unit *u;
    bool seen;
} watcher;

static bool watch(void *arg, const wp_term *t)
{
    watcher *w = arg;
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        w->seen |= wc_is_root(t->list.items[0], "data") && !wc_base_ref(w->u, t);
        return !w->seen;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
    case WP_CALL: w->seen = true; return false;
    default: return !w->seen;
    }
}

bool wc_may_be_seen(const wc_unit *u, const wp_expr *e)
{
    watcher w = {u, false};
    wc_visitor v = {.term = watch, .arg = &w};
    if (e->kind == WP_EXPR_TERM) {
        wc_visit_term(&v, e->term);
    } else if (e->kind == WP_EXPR_CALL) {
        const wp_term *op = e->call.items[0];
        if (op->kind != WP_STRING || !is_silent(wv_str(&op->value)))
            return true;
        wc_visit_terms(&v, e->call.items + 1, e->call.n - 1);
    } else {
        return true;
    }
    for (uint32_t i = 0; i < e->n_with && !w.seen; i++)
        wc_visit_term(&v, e->with[i].value);
    return w.seen;
}

/* A test of one place against a constant, or for being there, that binds nothing. */
static bool is_plain_test(const wc_unit *u, const wp_expr *e)
{
    if (e->negated || e->n_with)
        return false;
    if (e->kind == WP_EXPR_TERM)
        return wc_base_ref(u, e->term);
    if (e->kind != WP_EXPR_CALL || e->call.n != 3 || e->call.items[0]->kind != WP_STRING)
        return false;
    wb_str op = wv_str(&e->call.items[0]->value);
    if (!wb_str_is(op, "eq") && !wb_str_is(op, "equal"))
        return false;
    const wp_term *x = e->call.items[1], *y = e->call.items[2];
    return (x->kind <= WP_STRING && wc_base_ref(u, y)) ||
           (y->kind <= WP_STRING && wc_base_ref(u, x));
}

/* ---- any of several tests ---- */

/* Begins alternatives: one that holds leads behind them, none ends the block around. */
typedef struct choice {
    wc_block *enclosing, *out;
    wc_mark all, one;
} choice;

static choice choice_begin(wc_planner *p)
{
    choice c = {.enclosing = p->block};
    c.all = wc_open(p);
    c.out = p->block;
    return c;
}

static void choice_try(wc_planner *p, choice *c)
{
    c->one = wc_open(p);
}

static void choice_tried(wc_planner *p, choice *c)
{
    wc_break(p, c->out);
    wc_close(p, c->one);
}

static void choice_end(wc_planner *p, choice *c)
{
    wc_break(p, c->enclosing);
    wc_close(p, c->all);
}

/* ---- single tests ---- */

/* Whether a value is an array as `pattern` is: scalars where it has scalars. */
static void plan_array(wc_planner *p, wc_operand v, const wp_term *pattern)
{
    wc_put_op(p, WC_S_IsArray, 0, v, (wc_operand){0})->n = pattern->list.n;
    for (uint32_t i = 0; i < pattern->list.n; i++) {
        const wp_term *el = pattern->list.items[i];
        if (el->kind > WP_STRING)
            continue;
        uint32_t t = wc_local(p);
        wc_put_op(p, WC_S_Dot, t, v, wc_const(p, wv_small(i)));
        wc_put_op(p, WC_S_Equal, 0, wc_op_local(t), wc_const(p, el->value));
    }
}

/* Calls a built-in that answers whether something holds. */
static void plan_test(wc_planner *p, const char *name, const wc_operand *args, uint32_t n)
{
    wc_stmt *s = wc_put(p, WC_S_CallBuiltin);
    s->t = wc_local(p);
    s->builtin = ws_registry_find(p->u->registry, wb_str_of(name));
    s->n_args = n;
    s->args = (wc_operand *)(void *)wb_arena_dup(p->u->a, args, n * sizeof *args);
    wc_put_op(p, WC_S_IsTrue, 0, wc_op_local(s->t), (wc_operand){0});
}

static void plan_string(wc_planner *p, const wc_need *x, wc_operand v)
{
    plan_test(p, "is_string", &v, 1);
    if (x->what == WC_NEED_GLOB) {
        wc_operand args[3] = {wc_const(p, x->value->value), wc_plan_term(p, x->delimiters), v};
        if (!wc_is_replaced(p->u, WB_LIT("glob.match")))
            plan_test(p, "glob.match", args, 3);
        return;
    }
    const char *name =
        x->what == WC_NEED_PREFIX ? "strings.any_prefix_match" : "strings.any_suffix_match";
    wc_operand args[2] = {v, wc_plan_term(p, x->value)};
    if (!wc_is_replaced(p->u, wb_str_of(name)))
        plan_test(p, name, args, 2);
}

/* The test itself follows in the body, where it raises an error for what is no string. Where
 * something is seen before it, the index tells more than that: the ends of a string, and of the
 * strings in a collection. */
static void plan_affix(wc_planner *p, const wc_need *x, wc_operand v, bool first)
{
    bool ends = x->what == WC_NEED_SUFFIX;
    if (first && x->value->kind == WP_STRING &&
        !wc_is_replaced(p->u, wb_str_of(ends ? "endswith" : "startswith"))) {
        plan_test(p, "is_string", &v, 1);
        return;
    }
    choice c = choice_begin(p);
    choice_try(p, &c);
    plan_string(p, x, v);
    choice_tried(p, &c);
    choice_try(p, &c);
    plan_string(p, x, wc_op_local(wc_scan(p, v) + 1));
    choice_tried(p, &c);
    choice_end(p, &c);
}

/* The elements of a collection that the index cannot tell apart let everything pass. */
static bool passes_all(const wc_need *x)
{
    for (uint32_t i = 0; x->what == WC_NEED_ONE_OF && i < wc_element_count(x->value); i++)
        if (wc_element_at(x->value, i)->kind == WP_OBJECT ||
            wc_element_at(x->value, i)->kind == WP_SET)
            return true;
    return false;
}

/* Scalars and arrays of them are compared as they are. */
static bool all_plain(const wp_term *xs)
{
    for (uint32_t i = 0; i < wc_element_count(xs); i++) {
        const wp_term *x = wc_element_at(xs, i);
        for (uint32_t k = 0; x->kind == WP_ARRAY && k < x->list.n; k++)
            if (x->list.items[k]->kind > WP_STRING)
                return false;
    }
    return true;
}

static void plan_equal(wc_planner *p, wc_operand v, const wp_term *value)
{
    if (value->kind == WP_ARRAY)
        plan_array(p, v, value);
    else
        wc_put_op(p, WC_S_Equal, 0, v, wc_const(p, value->value));
}

static void plan_one_of(wc_planner *p, const wp_term *xs, wc_operand v)
{
    if (all_plain(xs)) {
        wc_put_op(p, WC_S_Member, 0, v, wc_plan_term(p, xs));
        return;
    }
    choice c = choice_begin(p);
    for (uint32_t i = 0; i < wc_element_count(xs); i++) {
        choice_try(p, &c);
        plan_equal(p, v, wc_element_at(xs, i));
        choice_tried(p, &c);
    }
    choice_end(p, &c);
}

static void plan_needs(wc_planner *p, wc_need_list list, uint32_t from, uint32_t seen);

static void plan_either(wc_planner *p, const wc_need *x)
{
    choice c = choice_begin(p);
    for (int side = 0; side < 2; side++) {
        choice_try(p, &c);
        plan_needs(p, x->alternatives[side], 0, UINT32_MAX);
        choice_tried(p, &c);
    }
    choice_end(p, &c);
}

static void plan_need(wc_planner *p, const wc_need *x, uint32_t seen)
{
    if (x->what == WC_NEED_EITHER) {
        plan_either(p, x);
        return;
    }
    wc_operand v = wc_plan_term(p, x->place);
    switch (x->what) {
    case WC_NEED_DEFINED: break;
    case WC_NEED_EQUAL: plan_equal(p, v, x->value); break;
    case WC_NEED_ONE_OF:
        if (!passes_all(x))
            plan_one_of(p, x->value, v);
        break;
    case WC_NEED_MEMBER: wc_put_op(p, WC_S_Member, 0, wc_const(p, x->value->value), v); break;
    case WC_NEED_EITHER: break;
    case WC_NEED_PREFIX:
    case WC_NEED_SUFFIX: plan_affix(p, x, v, x->from == seen); break;
    case WC_NEED_GLOB: plan_string(p, x, v); break;
    }
}

/* ---- places asked for several values ---- */

static size_t shortest(const wp_term *t)
{
    if (t->kind == WP_STRING)
        return wv_str(&t->value).n;
    size_t least = SIZE_MAX;
    for (uint32_t i = 0; i < t->list.n; i++)
        if (wv_str(&t->list.items[i]->value).n < least)
            least = wv_str(&t->list.items[i]->value).n;
    return least;
}

/* Of beginnings and ends only one kind is tested: the one whose shortest text is longer, ends when
 * they are equally long. DEFINED: both. */
static wc_wanted dropped_affix(wc_need_list list, const wp_term *place)
{
    size_t least[2] = {SIZE_MAX, SIZE_MAX};
    for (uint32_t i = 0; i < list.n; i++) {
        const wc_need *x = &list.v[i];
        if ((x->what != WC_NEED_PREFIX && x->what != WC_NEED_SUFFIX) ||
            !wc_same_place(x->place, place))
            continue;
        size_t *to = &least[x->what == WC_NEED_SUFFIX];
        if (shortest(x->value) < *to)
            *to = shortest(x->value);
    }
    if (least[0] == SIZE_MAX || least[1] == SIZE_MAX)
        return WC_NEED_DEFINED;
    return least[1] > least[0] ? WC_NEED_PREFIX : WC_NEED_SUFFIX;
}

/* Any of what is asked of the place of need `first` and of those like it behind it. */
static void plan_crowd(wc_planner *p, wc_need_list list, uint32_t first)
{
    const wp_term *place = list.v[first].place;
    wc_wanted dropped = dropped_affix(list, place);
    wc_plan_term(p, place);
    for (uint32_t i = first; i < list.n; i++)
        if (list.v[i].crowded && passes_all(&list.v[i]) && wc_same_place(list.v[i].place, place))
            return;
    choice c = choice_begin(p);
    for (uint32_t i = first; i < list.n; i++) {
        const wc_need *x = &list.v[i];
        if (!x->crowded || x->mark != list.v[first].mark || x->what == dropped ||
            !wc_same_place(x->place, place))
            continue;
        choice_try(p, &c);
        plan_need(p, x, UINT32_MAX);
        choice_tried(p, &c);
    }
    choice_end(p, &c);
}

static bool is_first_of_crowd(wc_need_list list, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (list.v[k].crowded && list.v[k].mark == list.v[i].mark &&
            wc_same_place(list.v[k].place, list.v[i].place))
            return false;
    return true;
}

/* Tests what stands behind expression `from`; of crowded places all. */
static void plan_needs(wc_planner *p, wc_need_list list, uint32_t from, uint32_t seen)
{
    for (uint32_t i = 0; i < list.n; i++) {
        if (list.v[i].crowded) {
            if (is_first_of_crowd(list, i))
                plan_crowd(p, list, i);
        } else if (list.v[i].from >= from) {
            plan_need(p, &list.v[i], seen);
        }
    }
}

void wc_plan_needs(wc_planner *p, const wc_rule *r)
{
    wc_need *needs;
    uint32_t n = wc_find_needs(p, r, &needs);
    plan_needs(p, (wc_need_list){needs, n}, 0, UINT32_MAX);
}

/* Whether the dispatch to the rule has made this test already. */
static bool is_decided(const wc_planner *p, const wp_expr *e)
{
    if (!p->decided || e->kind != WP_EXPR_CALL)
        return false;
    for (int i = 1; i <= 2; i++)
        if (e->call.items[i]->kind > WP_STRING && wc_same_place(e->call.items[i], p->decided))
            return !wp_term_compare(e->call.items[3 - i], p->decided_value);
    return false;
}

static bool has_crowd(wc_need_list list)
{
    for (uint32_t i = 0; i < list.n; i++)
        if (list.v[i].crowded)
            return true;
    return false;
}

/* Whether the place of a plain test is asked for other values, too. */
static bool is_crowded(wc_need_list list, const wp_expr *e)
{
    for (uint32_t i = 0; i < list.n && e->kind == WP_EXPR_CALL; i++)
        if (list.v[i].crowded && (wc_same_place(e->call.items[1], list.v[i].place) ||
                                  wc_same_place(e->call.items[2], list.v[i].place)))
            return true;
    return false;
}

void wc_plan_rule_body(wc_planner *p, const wc_rule *r)
{
    const wp_body *b = &r->body;
    if (wc_skips_index(b)) {
        wc_plan_body(p, b);
        return;
    }
    wc_need_list needs = {0};
    uint32_t seen = 0;
    while (seen < b->n &&
           (is_plain_test(p->u, b->exprs[seen]) || !wc_may_be_seen(p->u, b->exprs[seen])))
        seen++;
    if (seen < b->n)
        needs.n = wc_find_needs(p, r, &needs.v);
    bool crowds = has_crowd(needs);
    wp_body rest = {wb_arena_alloc(p->u->a, (b->n + 1) * sizeof(wp_expr *)), 0};
    for (uint32_t i = 0; i < b->n; i++) {
        if (!is_plain_test(p->u, b->exprs[i]) || (crowds && is_crowded(needs, b->exprs[i])))
            rest.exprs[rest.n++] = b->exprs[i];
        else if (!is_decided(p, b->exprs[i]))
            wc_plan_expr(p, b->exprs[i]);
    }
    plan_needs(p, needs, seen, seen);
    wc_plan_body(p, &rest);
}
