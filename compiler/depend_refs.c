/* The references of a clause, and what their parts can be.
 *
 * A body is read in the order of the text, whatever the order of evaluation: what was moved in
 * front of a negated expression goes back to its place, then the body is made flat. A variable's
 * values are known when its first binding ahead is an equation with a constant, with another such
 * variable, or with a member of a constant collection. Variables of the head and those met in
 * expressions ahead may have a value; any other variable gets its value where it stands, unless it
 * stands there twice. */
#include "compiler/depend.h"
#include "compiler/visit.h"

#include <stdlib.h>

void wc_clause_init(wc_clause *c, wc_unit *u)
{
    *c = (wc_clause){.u = u};
    wc_flat_init(&c->flat, u);
    c->flat.as_written = c->flat.heads_stay = true;
}

void wc_clause_clear(wc_clause *c)
{
    wc_flat_clear(&c->flat);
    free(c->parts);
    *c = (wc_clause){0};
}

bool wc_is_constant(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return true;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!wc_is_constant(t->list.items[i]))
                return false;
        return true;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!wc_is_constant(t->object.pairs[i].key) ||
                !wc_is_constant(t->object.pairs[i].value))
                return false;
        return true;
    default: return false;
    }
}

bool wc_is_data_ref(const wp_term *t)
{
    const wp_term *head = t->kind == WP_REF ? t->list.items[0] : t;
    return wc_is_root(head, "data") && !head->raw;
}

bool wc_is_equation(const wp_expr *e)
{
    return e->kind == WP_EXPR_CALL && e->call.n == 3 && !e->negated && !e->n_with &&
           e->call.items[0]->kind == WP_STRING && wb_str_is(wv_str(&e->call.items[0]->value), "eq");
}

/* ---- back to the order of the text ---- */

static wp_term *restore(wc_unit *u, const wp_term *t);
static wp_body restore_body(wc_unit *u, const wp_body *b);

static wp_term **restore_all(wc_unit *u, wp_term *const *items, uint32_t n)
{
    wp_term **to = wb_arena_alloc(u->a, (n + 1) * sizeof(wp_term *));
    for (uint32_t i = 0; i < n; i++)
        to[i] = restore(u, items[i]);
    return to;
}

static wp_term *restore(wc_unit *u, const wp_term *t)
{
    const wp_term *moved = t->kind == WP_VAR && wc_is_local(t) ? wc_var_of(t)->moved : NULL;
    if (moved)
        return restore(u, moved);
    if (t->kind <= WP_VAR || t->kind == WP_TEMPLATE)
        return (wp_term *)(uintptr_t)t;
    wp_term *to = wc_term_new(u, (wp_term_kind)t->kind, t->loc);
    if (t->kind == WP_OBJECT) {
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] =
                (wp_pair){restore(u, t->object.pairs[i].key), restore(u, t->object.pairs[i].value)};
    } else if (t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP) {
        to->comp.key = t->comp.key ? restore(u, t->comp.key) : NULL;
        to->comp.value = restore(u, t->comp.value);
        to->comp.body = restore_body(u, &t->comp.body);
    } else {
        to->list.n = t->list.n;
        to->list.items = restore_all(u, t->list.items, t->list.n);
    }
    return to;
}

static wp_expr *restore_expr(wc_unit *u, const wp_expr *e)
{
    wp_expr *to = wc_expr_new(u, (wp_expr_kind)e->kind, e->loc);
    *to = *e;
    to->with = wb_arena_alloc(u->a, (e->n_with + 1) * sizeof *to->with);
    for (uint32_t i = 0; i < e->n_with; i++)
        to->with[i] = (wp_with){e->with[i].target, restore(u, e->with[i].value), e->with[i].loc};
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: to->term = restore(u, e->term); break;
    case WP_EXPR_CALL: to->call.items = restore_all(u, e->call.items, e->call.n); break;
    case WP_EXPR_SOME: to->some.items = restore_all(u, e->some.items, e->some.n); break;
    case WP_EXPR_EVERY:
        to->every.domain = restore(u, e->every.domain);
        to->every.body = restore_body(u, &e->every.body);
        break;
    case WP_EXPR_NOT: to->body = restore_body(u, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        to->logic.lhs = restore_body(u, &e->logic.lhs);
        to->logic.rhs = restore_body(u, &e->logic.rhs);
        break;
    }
    return to;
}

static bool was_moved(const wp_expr *e)
{
    return e->generated && e->kind == WP_EXPR_CALL && e->call.n == 3 &&
           e->call.items[1]->kind == WP_VAR && wc_is_local(e->call.items[1]) &&
           wc_var_of(e->call.items[1])->moved;
}

static int by_index(const void *x, const void *y)
{
    const wp_expr *a = *(wp_expr *const *)x, *b = *(wp_expr *const *)y;
    return (a->index > b->index) - (a->index < b->index);
}

static wp_body restore_body(wc_unit *u, const wp_body *b)
{
    wp_body to = {wb_arena_alloc(u->a, (b->n + 1) * sizeof(wp_expr *)), 0};
    for (uint32_t i = 0; i < b->n; i++)
        if (!was_moved(b->exprs[i]))
            to.exprs[to.n++] = restore_expr(u, b->exprs[i]);
    qsort(to.exprs, to.n, sizeof(wp_expr *), by_index);
    return to;
}

/* Behind the body: an equation for each part of the path that has to be evaluated, and an array of
 * what the head holds. */
static wp_body whole_body(wc_unit *u, const wc_rule *r)
{
    wp_body b = restore_body(u, &r->body);
    wp_body to = {wb_arena_alloc(u->a, (b.n + r->n_path + 1) * sizeof(wp_expr *)), b.n};
    memcpy(to.exprs, b.exprs, b.n * sizeof(wp_expr *));
    for (uint32_t i = r->n_ground; i < r->n_path; i++) {
        if (r->path[i]->kind <= WP_VAR)
            continue;
        wp_expr *e = wc_expr_new(u, WP_EXPR_CALL, r->loc);
        e->call.n = 3;
        e->call.items = wb_arena_alloc(u->a, 3 * sizeof(wp_term *));
        e->call.items[0] = wc_string_term(u, WB_LIT("eq"), r->loc);
        e->call.items[1] = wc_var_term(u, wc_var_new(u, WB_LIT("__head__"), r->loc), r->loc);
        e->call.items[2] = restore(u, r->path[i]);
        to.exprs[to.n++] = e;
    }
    wp_expr *head = wc_expr_new(u, WP_EXPR_TERM, r->loc);
    head->term = wc_term_new(u, WP_ARRAY, r->loc);
    head->term->list.items = wb_arena_alloc(u->a, 2 * sizeof(wp_term *));
    if (r->key)
        head->term->list.items[head->term->list.n++] = restore(u, r->key);
    if (r->value)
        head->term->list.items[head->term->list.n++] = restore(u, r->value);
    to.exprs[to.n++] = head;
    return to;
}

/* ---- values ---- */

typedef struct values {
    const wv *v;
    uint32_t n;
} values;

/* The variable's values at a place; false: not known. */
static bool known(const wc_clause *c, const wp_term *t, uint32_t at, values *out)
{
    if (!wc_is_local(t))
        return false;
    const wc_var *v = wc_var_of(t);
    if (v->turn != c->turn || !v->bound_at || v->bound_at >= at)
        return false;
    *out = (values){v->values, v->n_values};
    return true;
}

static wv member(wv of, uint32_t i)
{
    return wv_is_array(of)    ? wv_items(of)[i]
           : wv_is_object(of) ? wv_value_at(of, wv_table_order(of), i)
                              : wv_set_at(of, wv_table_order(of), i);
}

static wv select_member(wv of, wv key)
{
    if (wv_is_object(of))
        return wv_object_get(of, key);
    if (wv_is_set(of))
        return wv_set_has(of, key) ? key : WV_UNDEFINED;
    int64_t i = wv_is_array(of) && wv_is_int(key) ? wv_int(key) : -1;
    return i >= 0 && i < (int64_t)wv_len(of) ? wv_items(of)[i] : WV_UNDEFINED;
}

/* One part further: the member that a constant part selects, or all of them. False: not known. */
static bool step(const wc_clause *c, const wp_term *part, values *at)
{
    wv *to = wb_arena_alloc(c->u->a, (WC_CHOICES_MAX + 1) * sizeof *to);
    uint32_t n = 0;
    wv key = wc_is_constant(part) ? wp_term_value(c->u->a, part) : WV_UNDEFINED;
    for (uint32_t i = 0; i < at->n; i++) {
        if (key != WV_UNDEFINED) {
            wv m = select_member(at->v[i], key);
            if (m != WV_UNDEFINED)
                to[n++] = m;
            continue;
        }
        if (!wv_is_collection(at->v[i]) || n + wv_len(at->v[i]) > WC_CHOICES_MAX)
            return false;
        for (uint32_t j = 0; j < wv_len(at->v[i]); j++)
            to[n++] = member(at->v[i], j);
    }
    *at = (values){to, n};
    return true;
}

/* What the term can be at a place. False: not known; none: it never has a value. */
static bool term_values(const wc_clause *c, const wp_term *t, uint32_t at, values *out)
{
    if (t->kind == WP_VAR)
        return known(c, t, at, out);
    if (t->kind == WP_REF) {
        if (!term_values(c, t->list.items[0], at, out))
            return false;
        for (uint32_t i = 1; i < t->list.n; i++)
            if (!step(c, t->list.items[i], out))
                return false;
        return true;
    }
    if (!wc_is_constant(t))
        return false;
    wv *one = wb_arena_alloc(c->u->a, sizeof *one);
    *one = wp_term_value(c->u->a, t);
    *out = (values){one, 1};
    return true;
}

/* Learns what the equation at that place says of a variable; the first one counts. */
static void learn(wc_clause *c, const wp_expr *e, uint32_t at)
{
    for (int side = 1; side <= 2; side++) {
        const wp_term *x = e->call.items[side], *y = e->call.items[3 - side];
        values found;
        if (!wc_is_local(x) || !term_values(c, y, at, &found))
            continue;
        wc_var *v = wc_var_of(x);
        if (!v->bound_at) {
            v->bound_at = at;
            v->values = found.v;
            v->n_values = found.n;
        }
        return;
    }
}

/* ---- reading ---- */

typedef struct marker {
    const wc_clause *c;
    uint32_t at;
} marker;

static bool mark(void *arg, const wp_term *t)
{
    const marker *m = arg;
    if (t->kind != WP_VAR || !wc_is_local(t))
        return true;
    wc_var *v = wc_var_of(t);
    if (v->turn == m->c->turn)
        return true;
    v->turn = m->c->turn;
    v->met_at = m->at;
    v->bound_at = 0;
    return true;
}

static void mark_head(wc_clause *c)
{
    marker m = {c, 0};
    wc_visitor v = {.term = mark, .arg = &m};
    wc_visit_terms(&v, c->rule->args, c->rule->n_args);
    if (c->rule->key)
        wc_visit_term(&v, c->rule->key);
    if (c->rule->value)
        wc_visit_term(&v, c->rule->value);
    /* `p[x] := v` has x as its key. */
    const wc_rule *r = c->owner;
    if (!r->is_set && r->source->head->key && r->n_path)
        wc_visit_term(&v, r->path[r->n_path - 1]);
}

void wc_clause_read(wc_clause *c, const wc_rule *owner, const wc_rule *rule)
{
    c->owner = owner;
    c->rule = rule;
    c->turn++;
    c->flat.n = 0;
    wp_body whole = whole_body(c->u, rule);
    c->body = wc_flatten_body(&c->flat, &whole);
    mark_head(c);
    for (uint32_t i = 0; i < c->body.n; i++) {
        marker m = {c, i + 1};
        wc_visit_expr(&(wc_visitor){.term = mark, .arg = &m}, c->body.exprs[i]);
        if (wc_is_equation(c->body.exprs[i]))
            learn(c, c->body.exprs[i], i + 1);
    }
}

/* ---- choices ---- */

/* Whether the variable gets its value from the reference: it has none before and stands there once.
 */
static bool ranges_freely(const wc_clause *c, const wp_term *ref, const wp_term *part, uint32_t at)
{
    if (!wc_is_local(part) || wc_var_of(part)->met_at < at)
        return false;
    uint32_t count = 0;
    for (uint32_t i = 0; i < ref->list.n; i++)
        count +=
            wc_is_local(ref->list.items[i]) && wc_var_of(ref->list.items[i]) == wc_var_of(part);
    return count == 1;
}

typedef struct looker {
    wc_clause *c;
    uint32_t at;
    bool loose, stopped;
    bool (*f)(void *arg, const wc_choice *);
    void *arg;
} looker;

/* Counts up `digit` below `base`, the last one fastest; false after the last number. */
static bool count_up(uint32_t *digit, const values *base, uint32_t n)
{
    while (n) {
        n--;
        if (base[n].n && ++digit[n] < base[n].n)
            return true;
        digit[n] = 0;
    }
    return false;
}

static void choose(looker *l, const wp_term *ref)
{
    wc_clause *c = l->c;
    uint32_t n = ref->kind == WP_REF ? ref->list.n - 1 : 0, total = 1;
    bool constant = true;
    for (uint32_t i = 0; i < n && constant; i++)
        constant = wc_is_constant(ref->list.items[i + 1]);
    if (l->loose && constant)
        return;
    if (n > c->cap_parts) {
        c->cap_parts = 2 * n;
        c->parts = wb_realloc(c->parts, c->cap_parts * sizeof *c->parts);
    }
    /* Where a part has one value or any, its range is empty. */
    values *range = wb_calloc((size_t)n + 1, sizeof *range);
    uint32_t *digit = wb_calloc((size_t)n + 1, sizeof *digit);
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *part = ref->list.items[i + 1];
        c->parts[i] = (wc_part){0};
        if (wc_is_constant(part))
            c->parts[i].value = wp_term_value(c->u->a, part);
        else if (term_values(c, part, l->at, &range[i]) && range[i].n &&
                 total * range[i].n <= WC_CHOICES_MAX)
            total *= range[i].n;
        else
            range[i].n = 0;
    }
    /* One choice is as good as constants. */
    for (uint32_t i = 0; i < n; i++)
        c->parts[i].checked =
            c->parts[i].value == WV_UNDEFINED &&
            (range[i].n ? total > 1 : !ranges_freely(c, ref, ref->list.items[i + 1], l->at));
    wc_choice choice = {ref, l->at, n, c->parts};
    do {
        for (uint32_t i = 0; i < n; i++)
            if (range[i].n)
                c->parts[i].value = range[i].v[digit[i]];
        l->stopped = !l->f(l->arg, &choice);
    } while (!l->stopped && count_up(digit, range, n));
    free(range);
    free(digit);
}

static bool look(void *arg, const wp_term *t)
{
    looker *l = arg;
    if (l->stopped || !wc_is_data_ref(t))
        return !l->stopped;
    choose(l, t);
    if (t->kind == WP_REF && !l->stopped)
        wc_visit_terms(&(wc_visitor){.term = look, .arg = l}, t->list.items + 1, t->list.n - 1);
    return false;
}

void wc_clause_each(wc_clause *c, bool loose, bool (*f)(void *arg, const wc_choice *), void *arg)
{
    looker l = {.c = c, .loose = loose, .f = f, .arg = arg};
    for (uint32_t i = 0; i < c->body.n && !l.stopped; i++) {
        l.at = i + 1;
        wc_visit_expr(&(wc_visitor){.term = look, .arg = &l}, c->body.exprs[i]);
    }
}

wc_selects wc_choice_selects(const wc_choice *c, const wc_rule *rule)
{
    wc_selects how = WC_SELECTS;
    for (uint32_t i = 0; i < c->n && i < rule->n_path; i++) {
        if (rule->path[i]->kind > WP_STRING)
            continue;
        if (c->parts[i].value != WV_UNDEFINED && !wv_equal(c->parts[i].value, rule->path[i]->value))
            return WC_SELECTS_NOT;
        if (c->parts[i].checked)
            how = WC_MAY_SELECT;
    }
    return how;
}
