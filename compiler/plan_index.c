/* Which rules are looked at at all.
 *
 * Takes a rule whose body is in order. OPA's rule index passes over a rule when a place in input or
 * base data that its body tests is missing or does not have the value it is tested for, wherever in
 * the body the test stands. So nothing in front of such a test may be seen to run: no error, no
 * clash of another rule. After it the body is planned with its plain tests of places first, and
 * with those places asked first whose test stands behind something that may be seen. Reports
 * nothing. */
#include "compiler/plan.h"

#include "compiler/visit.h"

/* Tests of one body that are looked for: each is compared with those before it. What is past them
 * is tested where it stands. */
#define NEEDS_MAX 2000u

typedef struct finder {
    wc_planner *p;
    const wc_rule *rule;
    wc_need *needs;
    uint32_t n, cap;
    uint32_t own; /* the first need of the operand under way */
    uint32_t at;  /* number of the expression under way */
} finder;

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

static bool may_be_seen(const wc_unit *u, const wp_expr *e)
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

/* ---- places ---- */

bool wc_same_place(const wp_term *x, const wp_term *y)
{
    return x == y || !wp_term_compare(x, y);
}

static bool is_argument(const finder *f, const wp_term *t)
{
    for (uint32_t i = 0; i < f->rule->n_args && t->kind == WP_VAR; i++)
        if (f->rule->args[i]->kind == WP_VAR && wc_var_of(f->rule->args[i]) == wc_var_of(t))
            return true;
    return false;
}

/* The place a variable stands for, or NULL. */
static const wp_term *place_of_var(const finder *f, const wp_term *t)
{
    for (uint32_t i = 0; i < f->n; i++)
        if (f->needs[i].var == wc_var_of(t))
            return f->needs[i].place;
    return is_argument(f, t) ? t : NULL;
}

/* Of a reference that begins with such a variable: the whole place. */
static const wp_term *whole_ref(const finder *f, const wp_term *ref)
{
    if (!wc_is_local(ref->list.items[0]))
        return ref;
    const wp_term *base = place_of_var(f, ref->list.items[0]);
    if (!base)
        return NULL;
    bool is_ref = base->kind == WP_REF;
    uint32_t n = is_ref ? base->list.n : 1;
    wp_term *to = wc_term_new(f->p->u, WP_REF, ref->loc);
    to->list.n = n + ref->list.n - 1;
    to->list.items = wb_arena_alloc(f->p->u->a, to->list.n * sizeof *to->list.items);
    if (is_ref)
        memcpy(to->list.items, base->list.items, n * sizeof *to->list.items);
    else
        to->list.items[0] = (wp_term *)(uintptr_t)base;
    memcpy(to->list.items + n, ref->list.items + 1, (ref->list.n - 1) * sizeof *to->list.items);
    return to;
}

static bool is_place(const finder *f, const wp_term *t)
{
    return t && (wc_base_ref(f->p->u, t) || is_argument(f, t));
}

/* The constant that a term is, by itself or through a variable. */
static const wp_term *constant_of(const wp_term *t)
{
    if (t->kind != WP_VAR || !wc_is_local(t))
        return t;
    return wc_var_of(t)->constant ? wc_var_of(t)->constant : t;
}

static bool is_constant(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!is_constant(t->object.pairs[i].key) || !is_constant(t->object.pairs[i].value))
                return false;
        return true;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!is_constant(t->list.items[i]))
                return false;
        return true;
    default: return t->kind <= WP_STRING;
    }
}

/* Scalars, variables, and arrays of them. */
static bool is_index_value(const wp_term *t)
{
    if (t->kind <= WP_STRING || wc_is_local(t))
        return true;
    for (uint32_t i = 0; t->kind == WP_ARRAY && i < t->list.n; i++)
        if (t->list.items[i]->kind > WP_STRING && !wc_is_local(t->list.items[i]))
            return false;
    return t->kind == WP_ARRAY;
}

/* ---- needs ---- */

static void append(finder *f, const wc_need *made)
{
    if (f->n == NEEDS_MAX)
        return;
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 8;
        wc_need *to = wb_arena_alloc(f->p->u->a, f->cap * sizeof *to);
        if (f->n)
            memcpy(to, f->needs, f->n * sizeof *to);
        f->needs = to;
    }
    f->needs[f->n++] = *made;
}

/* A value takes the place of what only had to be there; its variable stands for nothing then. */
static void add(finder *f, const wp_term *place, wc_wanted what, const wp_term *value)
{
    const wc_var *var = what == WC_NEED_DEFINED && value ? wc_var_of(value) : NULL;
    wc_need made = {place, var ? NULL : value, var, what, f->at, NULL};
    for (uint32_t i = f->own; i < f->n; i++) {
        wc_need *other = &f->needs[i];
        if (what == WC_NEED_DEFINED || what >= WC_NEED_PREFIX || other->what != WC_NEED_DEFINED ||
            !wc_same_place(other->place, place))
            continue;
        *other = made;
        return;
    }
    append(f, &made);
}

static bool in_eq_side(finder *f, const wp_term *x, const wp_term *y)
{
    if (wc_is_local(x)) {
        const wp_term *constant = constant_of(y);
        if (is_constant(constant))
            wc_var_of(x)->constant = constant;
        const wp_term *place = place_of_var(f, x);
        if (!is_index_value(y) || !place)
            return false;
        add(f, place, wc_is_local(y) ? WC_NEED_DEFINED : WC_NEED_EQUAL, y);
        return true;
    }
    const wp_term *place = x->kind == WP_REF ? whole_ref(f, x) : x;
    if (!is_place(f, place) || (place->kind == WP_VAR && wc_is_local(place)))
        return false;
    const wp_term *value = constant_of(y);
    if (!wc_is_local(y) && !is_index_value(y))
        return false;
    if (wc_is_local(value)) {
        add(f, place, WC_NEED_DEFINED, value);
    } else if (is_index_value(value)) {
        add(f, place, WC_NEED_EQUAL, value);
    } else {
        add(f, place, WC_NEED_DEFINED, NULL);
    }
    return true;
}

/* `1 = input.a[_]`: the place has it as a member. */
static bool in_steps(finder *f, const wp_term *x, const wp_term *y)
{
    const wp_term *ref = x->kind == WP_REF ? whole_ref(f, x) : NULL;
    uint32_t n = ref ? ref->list.n : 0;
    if (n < 2 || !wc_is_local(ref->list.items[n - 1]))
        return false;
    wp_term *to = wc_term_new(f->p->u, WP_REF, x->loc);
    to->list.items = ref->list.items;
    to->list.n = n - 1;
    const wp_term *value = constant_of(y);
    if (!wc_base_ref(f->p->u, to) || value->kind > WP_STRING)
        return false;
    add(f, to, WC_NEED_MEMBER, value);
    return true;
}

static void in_equation(finder *f, const wp_expr *e)
{
    const wp_term *x = e->call.items[1], *y = e->call.items[2];
    if (in_steps(f, x, y) || in_steps(f, y, x))
        return;
    if (!in_eq_side(f, x, y))
        in_eq_side(f, y, x);
}

/* A reference, or a variable that stands for one. */
static const wp_term *place_of(const finder *f, const wp_term *t)
{
    if (wc_is_local(t))
        return place_of_var(f, t);
    return is_place(f, t) ? t : NULL;
}

static void in_membership(finder *f, const wp_expr *e)
{
    const wp_term *x = e->call.items[1], *xs = e->call.items[2];
    const wp_term *place = wc_is_local(x) ? place_of_var(f, x) : NULL;
    if (place) {
        xs = constant_of(xs);
        bool holds = xs->kind == WP_ARRAY || xs->kind == WP_SET || xs->kind == WP_OBJECT;
        if (holds && is_constant(xs) && (xs->kind == WP_OBJECT ? xs->object.n : xs->list.n))
            add(f, place, WC_NEED_ONE_OF, xs);
        return;
    }
    x = constant_of(x);
    place = place_of(f, xs);
    if (!place)
        return;
    if (x->kind <= WP_STRING)
        add(f, place, WC_NEED_MEMBER, x);
    else if (wc_is_local(x))
        add(f, place, WC_NEED_DEFINED, NULL);
}

static void in_affix(finder *f, const wp_expr *e, wc_wanted what)
{
    const wp_term *place = place_of(f, e->call.items[1]), *affix = constant_of(e->call.items[2]);
    if (place && affix->kind == WP_STRING)
        add(f, place, what, affix);
}

static void in_call(finder *f, const wp_expr *e)
{
    if (e->call.items[0]->kind != WP_STRING)
        return;
    wb_str op = wv_str(&e->call.items[0]->value);
    uint32_t n = e->call.n;
    if (n == 3 && (wb_str_is(op, "eq") || wb_str_is(op, "equal")))
        in_equation(f, e);
    else if (n == 3 && wb_str_is(op, "internal.member_2"))
        in_membership(f, e);
    else if (n == 3 && wb_str_is(op, "startswith"))
        in_affix(f, e, WC_NEED_PREFIX);
    else if (n == 3 && wb_str_is(op, "endswith"))
        in_affix(f, e, WC_NEED_SUFFIX);
}

static void in_expr(finder *f, const wp_expr *e);

/* What an operand of `and` or `or` needs, behind what there is. What variables stand for in there
 * is not seen outside. */
static void in_operand(finder *f, const wp_body *b)
{
    uint32_t from = f->n, own = f->own;
    f->own = from;
    for (uint32_t i = 0; i < b->n; i++)
        in_expr(f, b->exprs[i]);
    f->own = own;
    for (uint32_t i = from; i < f->n; i++)
        f->needs[i].var = NULL;
}

static wc_need_list take_operand(finder *f, const wp_body *b)
{
    uint32_t from = f->n;
    in_operand(f, b);
    wc_need_list list = {NULL, f->n - from};
    if (list.n)
        list.v =
            (wc_need *)(void *)wb_arena_dup(f->p->u->a, f->needs + from, list.n * sizeof(wc_need));
    f->n = from;
    return list;
}

/* Of alternatives the index keeps the tests for values: a place that one of them needs does not
 * have to be there. */
static void keep_values(wc_need_list *list)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < list->n; i++)
        if (list->v[i].what != WC_NEED_DEFINED)
            list->v[n++] = list->v[i];
    list->n = n;
}

static void in_logic(finder *f, const wp_expr *e)
{
    if (e->kind == WP_EXPR_AND) {
        in_operand(f, &e->logic.lhs);
        in_operand(f, &e->logic.rhs);
        return;
    }
    wc_need_list sides[2] = {take_operand(f, &e->logic.lhs), take_operand(f, &e->logic.rhs)};
    for (int k = 0; k < 2; k++)
        keep_values(&sides[k]);
    if (sides[0].n && sides[1].n) {
        wc_need_list *both = (wc_need_list *)(void *)wb_arena_dup(f->p->u->a, sides, sizeof sides);
        append(f, &(wc_need){.what = WC_NEED_EITHER, .from = f->at, .alternatives = both});
    }
}

static void in_expr(finder *f, const wp_expr *e)
{
    if (e->n_with || e->negated)
        return;
    if (e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR)
        in_logic(f, e);
    if (e->kind == WP_EXPR_CALL)
        in_call(f, e);
    else if (e->kind == WP_EXPR_TERM && is_place(f, e->term))
        add(f, e->term, WC_NEED_DEFINED, NULL);
}

/* ---- the body ---- */

/* A test of one place against a constant, or for being there, that binds nothing. */
static bool is_plain_test(const finder *f, const wp_expr *e)
{
    const wc_unit *u = f->p->u;
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

static bool skips(const wp_expr *e)
{
    if (e->kind != WP_EXPR_CALL || e->call.items[0]->kind != WP_STRING)
        return false;
    wb_str op = wv_str(&e->call.items[0]->value);
    return wb_str_is(op, "internal.print") || wb_str_is(op, "internal.test_case");
}

static bool skips_inside(void *arg, const wp_expr *e)
{
    *(bool *)arg |= skips(e);
    return true;
}

/* print and the test reporter see every rule run. */
static bool skips_index(const wp_body *b)
{
    bool found = false;
    wc_visitor v = {.expr = skips_inside, .arg = &found};
    for (uint32_t i = 0; i < b->n && !found; i++) {
        const wp_expr *e = b->exprs[i];
        found = skips(e);
        if (!found && e->kind >= WP_EXPR_EVERY)
            wc_visit_expr(&v, e);
    }
    return found;
}

/* Whether a value is an array as `pattern` is: scalars where it has scalars. */
static void plan_array(wc_planner *p, wc_operand v, const wp_term *pattern)
{
    wc_put_op(p, WC_S_IsArray, 0, v, (wc_operand){0})->n = pattern->list.n;
    for (uint32_t i = 0; i < pattern->list.n; i++) {
        const wp_term *el = constant_of(pattern->list.items[i]);
        if (el->kind > WP_STRING)
            continue;
        uint32_t t = wc_local(p);
        wc_put_op(p, WC_S_Dot, t, v, wc_const(p, wv_small(i)));
        wc_put_op(p, WC_S_Equal, 0, wc_op_local(t), wc_const(p, el->value));
    }
}

static void plan_test(wc_planner *p, const char *name, wc_operand v, const wp_term *second)
{
    wc_stmt *s = wc_put(p, WC_S_CallBuiltin);
    s->t = wc_local(p);
    s->builtin = ws_registry_find(p->u->registry, wb_str_of(name));
    s->n_args = second ? 2 : 1;
    s->args = wb_arena_alloc(p->u->a, 2 * sizeof *s->args);
    s->args[0] = v;
    if (second)
        s->args[1] = wc_const(p, second->value);
    wc_put_op(p, WC_S_IsTrue, 0, wc_op_local(s->t), (wc_operand){0});
}

/* The test itself follows in the body, where it raises an error for what is no string. Where some
 * `with` replaces it, or where something is seen before it, the index tells more than that. */
static void plan_affix(wc_planner *p, const wc_need *x, wc_operand v, bool first)
{
    static const char *const names[2][2] = {{"startswith", "strings.any_prefix_match"},
                                            {"endswith", "strings.any_suffix_match"}};
    const char *const *name = names[x->what == WC_NEED_SUFFIX];
    plan_test(p, "is_string", v, NULL);
    bool replaced = wv_is_object(p->u->mocked) &&
                    wv_object_get_str(p->u->mocked, wb_str_of(name[0])) != WV_UNDEFINED;
    if (replaced || !first)
        plan_test(p, name[1], v, x->value);
}

/* The elements of a collection that the index cannot tell apart let everything pass: all but
 * scalars and arrays of them. */
static bool all_plain(const wp_term *xs)
{
    uint32_t n = xs->kind == WP_OBJECT ? xs->object.n : xs->list.n;
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *x = xs->kind == WP_OBJECT ? xs->object.pairs[i].value : xs->list.items[i];
        if (x->kind > WP_STRING && x->kind != WP_ARRAY)
            return false;
        for (uint32_t k = 0; x->kind == WP_ARRAY && k < x->list.n; k++)
            if (x->list.items[k]->kind > WP_STRING)
                return false;
    }
    return true;
}

static void plan_need(wc_planner *p, const wc_need *x, uint32_t seen);

static void plan_either(wc_planner *p, const wc_need *x)
{
    wc_block *enclosing = p->block;
    wc_mark m = wc_open(p);
    wc_block *out = p->block;
    for (int side = 0; side < 2; side++) {
        wc_mark inner = wc_open(p);
        for (uint32_t i = 0; i < x->alternatives[side].n; i++)
            plan_need(p, &x->alternatives[side].v[i], UINT32_MAX);
        wc_break(p, out);
        wc_close(p, inner);
    }
    wc_break(p, enclosing);
    wc_close(p, m);
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
    case WC_NEED_EQUAL:
        if (x->value->kind == WP_ARRAY)
            plan_array(p, v, x->value);
        else
            wc_put_op(p, WC_S_Equal, 0, v, wc_const(p, x->value->value));
        break;
    case WC_NEED_ONE_OF:
        if (all_plain(x->value))
            wc_put_op(p, WC_S_Member, 0, v, wc_plan_term(p, x->value));
        break;
    case WC_NEED_MEMBER: wc_put_op(p, WC_S_Member, 0, wc_const(p, x->value->value), v); break;
    case WC_NEED_EITHER: break;
    case WC_NEED_PREFIX:
    case WC_NEED_SUFFIX: plan_affix(p, x, v, x->from == seen); break;
    }
}

static bool forget(void *arg, const wp_term *t)
{
    (void)arg;
    if (wc_is_local(t))
        wc_var_of(t)->constant = NULL;
    return true;
}

/* Fills f->needs. What variables stand for is known only meanwhile. */
static void find(finder *f)
{
    const wp_body *b = &f->rule->body;
    for (f->at = 0; f->at < b->n; f->at++)
        in_expr(f, b->exprs[f->at]);
    wc_visitor v = {.term = forget};
    wc_visit_body(&v, b);
}

uint32_t wc_find_needs(wc_planner *p, const wc_rule *r, wc_need **out)
{
    finder f = {.p = p, .rule = r};
    if (!skips_index(&r->body))
        find(&f);
    *out = f.needs;
    return f.n;
}

void wc_plan_needs(wc_planner *p, const wc_rule *r)
{
    wc_need *needs;
    uint32_t n = wc_find_needs(p, r, &needs);
    for (uint32_t i = 0; i < n; i++)
        plan_need(p, &needs[i], UINT32_MAX);
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

void wc_plan_rule_body(wc_planner *p, const wc_rule *r)
{
    const wp_body *b = &r->body;
    if (skips_index(b)) {
        wc_plan_body(p, b);
        return;
    }
    finder f = {.p = p, .rule = r};
    uint32_t seen = UINT32_MAX;
    for (uint32_t i = 0; i < b->n; i++) {
        if (is_plain_test(&f, b->exprs[i])) {
            if (!is_decided(p, b->exprs[i]))
                wc_plan_expr(p, b->exprs[i]);
        } else if (seen == UINT32_MAX && may_be_seen(p->u, b->exprs[i]))
            seen = i;
    }
    if (seen != UINT32_MAX) {
        find(&f);
        for (uint32_t i = 0; i < f.n; i++)
            if (f.needs[i].from >= seen)
                plan_need(p, &f.needs[i], seen);
    }
    wp_body rest = {wb_arena_alloc(p->u->a, (b->n + 1) * sizeof(wp_expr *)), 0};
    for (uint32_t i = 0; i < b->n; i++)
        if (!is_plain_test(&f, b->exprs[i]))
            rest.exprs[rest.n++] = b->exprs[i];
    wc_plan_body(p, &rest);
}
