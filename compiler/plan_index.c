/* What OPA's rule index asks of places in input and base data before it looks at a rule.
 *
 * Takes a rule whose body is in order. The index passes over a rule when a place that its body
 * tests is missing or does not have the value it is tested for, wherever in the body the test
 * stands: equations with scalars and arrays, membership, beginnings and ends of texts, plain globs,
 * and these within `and` and `or`. Gives them as a list of needs. Reports nothing. */
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
    uint32_t own;  /* the first need of the operand under way */
    uint32_t path; /* the first need of the alternative under way: they hold together */
    uint32_t at;   /* number of the expression under way */
} finder;

/* ---- places ---- */

static bool same_key(const wp_term *x, const wp_term *y)
{
    if (x->kind == WP_STRING && y->kind == WP_STRING)
        return wv_equal(x->value, y->value);
    return !wp_term_compare(x, y);
}

/* Places of one policy mostly begin alike: the last key tells them apart. */
bool wc_same_place(const wp_term *x, const wp_term *y)
{
    if (x == y)
        return true;
    if (x->kind != WP_REF || y->kind != WP_REF)
        return !wp_term_compare(x, y);
    if (x->list.n != y->list.n)
        return false;
    for (uint32_t i = x->list.n; i-- > 0;)
        if (!same_key(x->list.items[i], y->list.items[i]))
            return false;
    return true;
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

/* Whether a place is asked for a value, not only for being there. */
static bool is_valued(const wc_need *x)
{
    return x->what != WC_NEED_DEFINED && x->what != WC_NEED_EITHER;
}

/* Equal places have equal marks. */
static uint32_t mark_of(const finder *f, const wp_term *place)
{
    const wp_term *last = place->kind == WP_REF ? place->list.items[place->list.n - 1] : place;
    uint32_t n = place->kind == WP_REF ? place->list.n : 0;
    return last->kind <= WP_STRING ? (uint32_t)wv_hash(last->value, f->p->u->options->seed) + n : n;
}

/* Of several values that one place is asked for, any lets the rule be seen. */
static void note_crowd(finder *f, wc_need *made)
{
    if (!is_valued(made))
        return;
    made->mark = mark_of(f, made->place);
    for (uint32_t i = f->path; i < f->n; i++) {
        wc_need *other = &f->needs[i];
        if (other->mark == made->mark && is_valued(other) &&
            wc_same_place(other->place, made->place)) {
            other->crowded = made->crowded = true;
            return; /* others of that place are marked */
        }
    }
}

/* A value takes the place of what only had to be there; its variable stands for nothing then. */
static void add(finder *f, const wp_term *place, wc_wanted what, const wp_term *value)
{
    const wc_var *var = what == WC_NEED_DEFINED && value ? wc_var_of(value) : NULL;
    wc_need made = {
        .place = place, .value = var ? NULL : value, .var = var, .what = what, .from = f->at};
    note_crowd(f, &made);
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

/* A written collection whose elements the index can tell something of. */
static bool are_members(const wp_term *xs)
{
    if ((xs->kind != WP_ARRAY && xs->kind != WP_SET && xs->kind != WP_OBJECT) ||
        !wc_element_count(xs))
        return false;
    for (uint32_t i = 0; i < wc_element_count(xs); i++) {
        const wp_term *x = wc_element_at(xs, i);
        for (uint32_t k = 0; x->kind == WP_ARRAY && k < x->list.n; k++)
            if (!wc_is_local(x->list.items[k]) && !is_constant(x->list.items[k]))
                return false;
        if (x->kind != WP_ARRAY && !is_constant(x))
            return false;
    }
    return true;
}

static void in_membership(finder *f, const wp_expr *e)
{
    const wp_term *x = e->call.items[1], *xs = e->call.items[2];
    const wp_term *place = wc_is_local(x) ? place_of_var(f, x) : NULL;
    if (place) {
        xs = constant_of(xs);
        if (are_members(xs))
            add(f, place, WC_NEED_ONE_OF, xs);
        return;
    }
    x = constant_of(x);
    place = place_of(f, xs);
    if (!place || is_argument(f, place))
        return;
    if (x->kind <= WP_STRING)
        add(f, place, WC_NEED_MEMBER, x);
    else if (wc_is_local(x))
        add(f, place, WC_NEED_DEFINED, NULL);
}

static bool are_strings(const wp_term *t)
{
    for (uint32_t i = 0; (t->kind == WP_ARRAY || t->kind == WP_SET) && i < t->list.n; i++)
        if (t->list.items[i]->kind != WP_STRING)
            return false;
    return t->kind == WP_STRING || ((t->kind == WP_ARRAY || t->kind == WP_SET) && t->list.n);
}

static void in_affix(finder *f, const wp_expr *e, wc_wanted what, bool any)
{
    const wp_term *place = place_of(f, e->call.items[1]), *affix = constant_of(e->call.items[2]);
    if (place && !is_argument(f, place) && (any ? are_strings(affix) : affix->kind == WP_STRING))
        add(f, place, what, affix);
}

static bool are_delimiters(const wp_term *t)
{
    for (uint32_t i = 0; t->kind == WP_ARRAY && i < t->list.n; i++)
        if (t->list.items[i]->kind != WP_STRING || wv_str(&t->list.items[i]->value).n != 1)
            return false;
    return t->kind == WP_ARRAY;
}

static bool is_delimiter(const wp_term *delimiters, char c)
{
    if (!delimiters->list.n)
        return c == '.';
    for (uint32_t i = 0; i < delimiters->list.n; i++)
        if (wv_str(&delimiters->list.items[i]->value).p[0] == c)
            return true;
    return false;
}

/* Patterns whose parts are text or a `*` alone. */
static bool is_plain_glob(wb_str pattern, const wp_term *delimiters)
{
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        bool alone = (!i || is_delimiter(delimiters, pattern.p[i - 1])) &&
                     (i + 1 == pattern.n || is_delimiter(delimiters, pattern.p[i + 1]));
        if (memchr("\\[?{", c, 4) || (c == '*' && !alone))
            return false;
    }
    return true;
}

static void in_glob(finder *f, const wp_expr *e)
{
    const wp_term *pattern = e->call.items[1], *delimiters = e->call.items[2];
    const wp_term *place = place_of(f, e->call.items[3]);
    if (!place || pattern->kind != WP_STRING || !are_delimiters(delimiters) ||
        !is_plain_glob(wv_str(&pattern->value), delimiters))
        return;
    wc_need made = {.place = place,
                    .value = pattern,
                    .delimiters = delimiters,
                    .what = WC_NEED_GLOB,
                    .from = f->at};
    note_crowd(f, &made);
    append(f, &made);
}

static const struct {
    const char *name;
    wc_wanted what;
    bool any; /* takes a collection, too */
} affixes[] = {{"startswith", WC_NEED_PREFIX, false},
               {"strings.any_prefix_match", WC_NEED_PREFIX, true},
               {"endswith", WC_NEED_SUFFIX, false},
               {"strings.any_suffix_match", WC_NEED_SUFFIX, true}};

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
    else if (n == 4 && wb_str_is(op, "glob.match"))
        in_glob(f, e);
    for (size_t i = 0; n == 3 && i < sizeof affixes / sizeof *affixes; i++)
        if (wb_str_is(op, affixes[i].name))
            in_affix(f, e, affixes[i].what, affixes[i].any);
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
    uint32_t from = f->n, path = f->path;
    f->path = from;
    in_operand(f, b);
    f->path = path;
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

/* A reference with the scalars that its variables are known to be. */
static wp_term *plug_ref(finder *f, wp_term *t)
{
    wp_term *to = t;
    for (uint32_t i = 1; t->kind == WP_REF && i < t->list.n; i++) {
        const wp_term *known = constant_of(t->list.items[i]);
        if (known == t->list.items[i] || known->kind > WP_STRING)
            continue;
        if (to == t) {
            to = wc_term_new(f->p->u, WP_REF, t->loc);
            to->list.n = t->list.n;
            to->list.items = (wp_term **)(void *)wb_arena_dup(f->p->u->a, t->list.items,
                                                              t->list.n * sizeof *t->list.items);
        }
        to->list.items[i] = (wp_term *)(uintptr_t)known;
    }
    return to;
}

static const wp_expr *plug(finder *f, const wp_expr *e)
{
    if (e->kind == WP_EXPR_TERM) {
        wp_term *t = plug_ref(f, e->term);
        if (t == e->term)
            return e;
        wp_expr *to = wc_expr_new(f->p->u, WP_EXPR_TERM, e->loc);
        to->term = t;
        return to;
    }
    bool same = true;
    for (uint32_t i = 1; e->kind == WP_EXPR_CALL && i < e->call.n; i++)
        same = same && plug_ref(f, e->call.items[i]) == e->call.items[i];
    if (same)
        return e;
    wp_expr *to = wc_expr_new(f->p->u, WP_EXPR_CALL, e->loc);
    to->call.n = e->call.n;
    to->call.items = (wp_term **)(void *)wb_arena_dup(f->p->u->a, e->call.items,
                                                      e->call.n * sizeof *e->call.items);
    for (uint32_t i = 1; i < to->call.n; i++)
        to->call.items[i] = plug_ref(f, to->call.items[i]);
    return to;
}

static void in_expr(finder *f, const wp_expr *e)
{
    if (e->n_with || e->negated)
        return;
    e = plug(f, e);
    if (e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR)
        in_logic(f, e);
    if (e->kind == WP_EXPR_CALL)
        in_call(f, e);
    else if (e->kind == WP_EXPR_TERM && is_place(f, e->term))
        add(f, e->term, WC_NEED_DEFINED, NULL);
}

/* ---- the body ---- */

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

bool wc_skips_index(const wp_body *b)
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
    if (!wc_skips_index(&r->body))
        find(&f);
    *out = f.needs;
    return f.n;
}
