/* Terms: references, literals, comprehensions, unification.
 *
 * A reference whose element is an unbound variable opens a Scan that stays open: all that follows
 * in the body is planned inside it. */
#include "compiler/plan.h"

#include <stdlib.h>

static bool is_unbound(const wp_term *t)
{
    return wc_is_local(t) && wc_var_of(t)->bound.kind == WC_NOTHING && !wc_var_of(t)->later;
}

bool wc_term_bound(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: return !is_unbound(t);
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!wc_term_bound(t->list.items[i]))
                return false;
        return true;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!wc_term_bound(t->object.pairs[i].key) || !wc_term_bound(t->object.pairs[i].value))
                return false;
        return true;
    default: return true;
    }
}

static bool all_ground(wp_term *const *items, uint32_t n);
static bool is_ground(const wp_term *t);

static bool pairs_ground(const wp_term *t)
{
    for (uint32_t i = 0; i < t->object.n; i++)
        if (!is_ground(t->object.pairs[i].key) || !is_ground(t->object.pairs[i].value))
            return false;
    return true;
}

/* Looked at before anything is made. Of nested literals each level asks: the answer is kept. */
static bool is_ground(const wp_term *t)
{
    if (t->kind != WP_ARRAY && t->kind != WP_SET && t->kind != WP_OBJECT)
        return t->kind <= WP_STRING;
    if (!t->ground) {
        bool yes = t->kind == WP_OBJECT ? pairs_ground(t) : all_ground(t->list.items, t->list.n);
        ((wp_term *)(uintptr_t)t)->ground = yes ? 1 : 2;
    }
    return t->ground == 1;
}

static bool all_ground(wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!is_ground(items[i]))
            return false;
    return true;
}

static wv ground_value(wb_arena *a, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY: {
        wv to = wv_array_begin(a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++)
            wv_array_push(a, &to, ground_value(a, t->list.items[i]));
        return to;
    }
    case WP_SET: {
        wv to = wv_set_begin(a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++)
            wv_set_add(a, &to, ground_value(a, t->list.items[i]));
        return to;
    }
    case WP_OBJECT: {
        wv to = wv_object_begin(a, t->object.n);
        for (uint32_t i = 0; i < t->object.n; i++) {
            wv k = ground_value(a, t->object.pairs[i].key);
            wv_object_put(a, &to, k, ground_value(a, t->object.pairs[i].value));
        }
        return to;
    }
    default: return t->value;
    }
}

wv wc_ground(wc_planner *p, const wp_term *t)
{
    return is_ground(t) ? ground_value(p->u->a, t) : WV_UNDEFINED;
}

/* ---- references ---- */

static wc_operand dot(wc_planner *p, wc_operand from, wc_operand key, bool base)
{
    wc_stmt_kind kind = base ? WC_S_DotBase : WC_S_Dot;
    uint32_t t = wc_find_read(p, kind, from, key);
    if (t == WC_NO_LOCAL) {
        t = wc_local(p);
        wc_put_op(p, kind, t, from, key);
        wc_note_read(p, kind, from, key, t);
    }
    return wc_op_local(t);
}

static wc_operand root(wc_planner *p, wc_stmt_kind kind)
{
    wc_operand none = {0};
    uint32_t t = wc_find_read(p, kind, none, none);
    if (t == WC_NO_LOCAL) {
        t = wc_local(p);
        wc_put_op(p, kind, t, none, none);
        wc_note_read(p, kind, none, none, t);
    }
    return wc_op_local(t);
}

static void never(wc_planner *p)
{
    wc_put_op(p, WC_S_IsTrue, 0, wc_const(p, WV_FALSE), (wc_operand){0});
}

static bool scans(const wp_term *el)
{
    if (el->kind == WP_VAR)
        return is_unbound(el);
    return (el->kind == WP_ARRAY || el->kind == WP_OBJECT) && !wc_term_bound(el);
}

/* The elements from `i` on, below a value that is at hand. */
static wc_operand chain(wc_planner *p, wc_operand v, const wp_term *ref, uint32_t i, bool base)
{
    for (; i < ref->list.n; i++) {
        const wp_term *el = ref->list.items[i];
        if (scans(el)) {
            uint32_t key = wc_scan(p, v);
            if (el->kind == WP_VAR)
                wc_bind(p, wc_var_of(el), wc_op_local(key));
            else
                wc_unify_value(p, el, wc_op_local(key));
            v = wc_op_local(key + 1);
        } else {
            v = dot(p, v, wc_plan_term(p, el), base);
        }
    }
    return v;
}

static wc_operand base_document(wc_planner *p, const wp_term *ref)
{
    return chain(p, root(p, WC_S_Data), ref, 1, true);
}

static void ask(wc_planner *p, wc_node *n)
{
    n->asked += p->loops || p->fn->n_args ? 2 : 1;
}

static wc_operand rule_value(wc_planner *p, wc_node *n, const wp_term *ref, uint32_t i)
{
    uint32_t keys = 0;
    for (; keys < n->max_keys && i + keys < ref->list.n; keys++) {
        const wp_term *el = ref->list.items[i + keys];
        if (scans(el))
            break;
        if (el->kind == WP_SET && !wc_term_bound(el))
            never(p); /* no key is a set with members to be found: no rule is asked */
    }
    wc_operand *args = wb_arena_alloc(p->u->a, (keys + 1) * sizeof *args);
    for (uint32_t k = 0; k < keys; k++)
        args[k] = wc_plan_term(p, ref->list.items[i + k]);
    wc_stmt *s = wc_put(p, WC_S_Call);
    s->t = wc_local(p);
    s->n = keys ? n->keyed + keys - 1 : n->whole;
    s->args = args;
    s->n_args = keys;
    ask(p, n);
    return chain(p, wc_op_local(s->t), ref, i + keys, false);
}

/* Goes through the names below a node; what is below each that the pattern takes is asked by name.
 */
static wc_operand step_names(wc_planner *p, const wc_node *n, const wp_term *pattern)
{
    wc_stmt *s = wc_put(p, WC_S_DataKeys);
    s->t = wc_local(p);
    s->n = n->number;
    wc_operand name = wc_op_local(wc_scan(p, wc_op_local(s->t)) + 1);
    wc_unify_value(p, pattern, name);
    return name;
}

static wc_operand data_ref(wc_planner *p, wc_node *n, const wp_term *ref, uint32_t i)
{
    uint32_t keys = 0;
    wc_operand name = {0};
    if (i < ref->list.n && scans(ref->list.items[i])) {
        name = step_names(p, n, ref->list.items[i]);
        keys = 1;
    }
    while (i + keys < ref->list.n && !scans(ref->list.items[i + keys]))
        keys++;
    wc_operand *args = wb_arena_alloc(p->u->a, (keys + 1) * sizeof *args);
    for (uint32_t k = 0; k < keys; k++)
        args[k] = k || name.kind == WC_NOTHING ? wc_plan_term(p, ref->list.items[i + k]) : name;
    wc_stmt *s = wc_put(p, WC_S_DataRef);
    s->t = wc_local(p);
    s->n = n->number;
    s->args = args;
    s->n_args = keys;
    return chain(p, wc_op_local(s->t), ref, i + keys, false);
}

/* A scalar, written or through a variable; undefined: it is known only when it is asked. */
static wv known_key(const wc_planner *p, const wp_term *el)
{
    if (el->kind <= WP_STRING)
        return el->value;
    wv v = wc_is_local(el) ? wc_const_value(p, wc_var_of(el)->bound) : WV_UNDEFINED;
    return v != WV_UNDEFINED && wv_is_collection(v) ? WV_UNDEFINED : v;
}

static wc_operand data(wc_planner *p, const wp_term *ref)
{
    wc_node *n = p->u->root;
    uint32_t i = 1;
    for (wv key; i < ref->list.n && !n->n_rules;) {
        key = known_key(p, ref->list.items[i]);
        if (key == WV_UNDEFINED)
            break;
        wc_node *c = wc_node_child(n, key);
        if (!c)
            return base_document(p, ref);
        n = c;
        i++;
    }
    if (n->is_function) {
        wb_str path = wc_node_path_text(p->u, n);
        wp_report(p->u->diags, WP_TYPE_ERROR, wc_file(p->u), ref->loc,
                  "function %.*s used as reference, not called", WB_FMT(path));
        return wc_const(p, WV_NULL);
    }
    return n->n_rules ? rule_value(p, n, ref, i) : data_ref(p, n, ref, i);
}

static wc_operand input(wc_planner *p)
{
    return root(p, WC_S_Input);
}

static wc_operand reference(wc_planner *p, const wp_term *ref)
{
    const wp_term *head = ref->list.items[0];
    if (wc_is_root(head, "data"))
        return data(p, ref);
    return chain(p, wc_plan_term(p, head), ref, 1, false);
}

/* ---- literals and comprehensions ---- */

bool wc_base_ref(const wc_unit *u, const wp_term *t)
{
    if (t->kind == WP_VAR || (t->kind == WP_REF && t->list.n == 1))
        return wc_is_root(t->kind == WP_REF ? t->list.items[0] : t, "input");
    if (t->kind != WP_REF || t->list.n < 2)
        return false;
    const wp_term *head = t->list.items[0];
    const wc_node *n = wc_is_root(head, "data") ? u->root : NULL;
    if (!n && !wc_is_root(head, "input"))
        return false;
    for (uint32_t i = 1; i < t->list.n; i++) {
        if (!is_ground(t->list.items[i]))
            return false;
        if (n && t->list.items[i]->kind > WP_STRING)
            return true; /* no rule has such a name */
        if (n)
            n = wc_node_child(n, t->list.items[i]->value);
        if (n && n->n_rules)
            return false;
    }
    return !n;
}

/* Bare variables last: what stands beside them may bind them. */
void wc_plan_terms(wc_planner *p, wp_term **items, uint32_t n, wc_operand *out)
{
    for (uint32_t i = 0; i < n; i++)
        out[i].kind = WC_NOTHING;
    for (int bare = 0; bare < 2; bare++)
        for (uint32_t i = 0; i < n; i++)
            if (out[i].kind == WC_NOTHING &&
                (bare || items[i]->kind != WP_VAR || !is_unbound(items[i])))
                out[i] = wc_plan_term(p, items[i]);
}

static void reverse_pairs(wc_operand *args, uint32_t n)
{
    for (uint32_t i = 0, j = n; i + 1 < j--; i++)
        for (uint32_t k = 0; k < 2; k++) {
            wc_operand o = args[2 * i + k];
            args[2 * i + k] = args[2 * j + k];
            args[2 * j + k] = o;
        }
}

static wc_operand literal(wc_planner *p, const wp_term *t)
{
    bool folds = !(p->u->options->passes_off & WC_PASS_FOLD);
    wv ground = folds ? wc_ground(p, t) : WV_UNDEFINED;
    if (folds)
        wc_why(p->u, p->fn, "fold", p->loc, "%s",
               ground != WV_UNDEFINED ? "a constant" : "not: something in it is no constant");
    if (ground != WV_UNDEFINED)
        return wc_const(p, ground);
    if (wc_is_wide(t) && wc_term_bound(t))
        return wc_plan_wide(p, t);
    bool object = t->kind == WP_OBJECT;
    uint32_t n = object ? 2 * t->object.n : t->list.n;
    wc_operand *args = wb_arena_alloc(p->u->a, (n + 1) * sizeof *args);
    wp_term **items = t->list.items;
    if (object) {
        items = wb_arena_alloc(p->u->a, (n + 1) * sizeof *items);
        for (uint32_t i = 0; i < n; i++)
            items[i] = i & 1 ? t->object.pairs[i / 2].value : t->object.pairs[i / 2].key;
    }
    bool first_key = object && p->first_key;
    p->first_key = false;
    wc_plan_terms(p, items, n, args);
    if (first_key)
        reverse_pairs(args, t->object.n);
    wc_stmt *s = wc_put(p, object              ? WC_S_LiteralObject
                           : t->kind == WP_SET ? WC_S_LiteralSet
                                               : WC_S_LiteralArray);
    s->t = wc_local(p);
    s->args = args;
    s->n_args = n;
    return wc_op_local(s->t);
}

static wc_operand comprehension(wc_planner *p, const wp_term *t)
{
    static const wc_stmt_kind make[] = {[WP_ARRAY_COMP] = WC_S_MakeArray,
                                        [WP_SET_COMP] = WC_S_MakeSet,
                                        [WP_OBJECT_COMP] = WC_S_MakeObject};
    uint32_t to = wc_local(p), clashes = wc_local(p), asked = p->n_asked;
    wc_stmt *first = wc_put_op(p, make[t->kind], to, (wc_operand){0}, (wc_operand){0});
    wc_mark m = wc_open(p);
    wc_plan_body(p, &t->comp.body);
    p->loc = t->loc;
    if (t->kind == WP_OBJECT_COMP) {
        wc_operand k = wc_plan_term(p, t->comp.key);
        wc_operand v = wc_plan_term(p, t->comp.value);
        p->loc = t->loc;
        wc_put_op(p, WC_S_ObjectInsertOnce, to, k, v);
    } else {
        wc_operand v = wc_plan_term(p, t->comp.value);
        wc_put_op(p, t->kind == WP_SET_COMP ? WC_S_SetAdd : WC_S_ArrayAppend, to, v,
                  (wc_operand){0});
    }
    wc_close(p, m);
    wc_settle(p, p->block, first, clashes, asked);
    return wc_op_local(to);
}

wc_operand wc_plan_term(wc_planner *p, const wp_term *t)
{
    wp_loc outer = p->loc;
    if (t->loc.row)
        p->loc = t->loc;
    wc_operand o = {0};
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: o = wc_const(p, t->value); break;
    case WP_VAR:
        if (wc_is_root(t, "input"))
            o = input(p);
        else if (wc_is_root(t, "data")) {
            wp_term *ref = wc_term_new(p->u, WP_REF, t->loc);
            ref->list.items = (wp_term *[]){(wp_term *)(uintptr_t)t};
            ref->list.n = 1;
            o = data(p, ref);
        } else {
            wc_plan_later(p, wc_var_of(t));
            o = wc_var_of(t)->bound;
            if (o.kind == WC_NOTHING) { /* safety has reported it */
                uint32_t n = wc_local(p);
                wc_put_op(p, WC_S_ResetLocal, n, o, o);
                o = wc_op_local(n);
            }
        }
        break;
    case WP_REF: o = reference(p, t); break;
    case WP_ARRAY:
    case WP_SET:
    case WP_OBJECT: o = literal(p, t); break;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: o = comprehension(p, t); break;
    case WP_CALL: o = wc_plan_call(p, t->list.items, t->list.n, t->loc, false); break;
    case WP_TEMPLATE: wb_fatal("a template string was left to the planner");
    }
    p->loc = outer;
    return o;
}

/* ---- unification ---- */

static bool is_comprehension(const wp_term *t)
{
    return t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP;
}

void wc_plan_equal(wc_planner *p, wc_operand v, const wp_term *t)
{
    if (is_comprehension(t))
        wc_put_op(p, WC_S_IsType, 0, v, (wc_operand){0})->n =
            t->kind == WP_ARRAY_COMP ? WV_TYPE_ARRAY
            : t->kind == WP_SET_COMP ? WV_TYPE_SET
                                     : WV_TYPE_OBJECT;
    wc_put_op(p, WC_S_Equal, 0, v, wc_plan_term(p, t));
}

static bool is_wildcard(const wc_var *v)
{
    return (v->was ? v->was : v)->text[0] == '$';
}

void wc_unify_value(wc_planner *p, const wp_term *pattern, wc_operand v)
{
    if (pattern->kind == WP_VAR && is_unbound(pattern)) {
        wc_bind(p, wc_var_of(pattern), v);
        return;
    }
    if (pattern->kind == WP_ARRAY && !wc_term_bound(pattern)) {
        wc_put_op(p, WC_S_IsArray, 0, v, (wc_operand){0})->n = pattern->list.n;
        for (uint32_t i = 0; i < pattern->list.n; i++) {
            const wp_term *el = pattern->list.items[i];
            if (el->kind == WP_VAR && is_unbound(el) && is_wildcard(wc_var_of(el)))
                continue; /* it takes anything */
            wc_unify_value(p, el, dot(p, v, wc_const(p, wv_small(i)), false));
        }
        return;
    }
    if (pattern->kind == WP_OBJECT && !wc_term_bound(pattern)) {
        wc_put_op(p, WC_S_IsObject, 0, v, (wc_operand){0})->n = pattern->object.n;
        for (uint32_t i = 0; i < pattern->object.n; i++) {
            wc_operand key = wc_plan_term(p, pattern->object.pairs[i].key);
            wc_unify_value(p, pattern->object.pairs[i].value, dot(p, v, key, false));
        }
        return;
    }
    wc_plan_equal(p, v, pattern);
}

static bool has_pattern(const wp_term *t)
{
    return (t->kind == WP_ARRAY || t->kind == WP_OBJECT) && !wc_term_bound(t);
}

/* Two variables without a value that are to be equal: they wait until one of them has one. */
typedef struct wc_pair {
    const wp_term *x, *y;
    uint32_t of; /* number of the unification */
    bool done;
} wc_pair;

typedef struct wc_wait {
    wc_pair *pair;
    struct wc_wait *next;
} wc_wait;

/* The waiting pairs of one unification, nested arrays and objects included. */
struct wc_pairs {
    uint32_t number;
    uint32_t waiting;
};

static void wait_for(wc_planner *p, const wp_term *var, wc_pair *pair)
{
    wc_wait *w = wb_arena_alloc(p->u->a, sizeof *w);
    *w = (wc_wait){pair, wc_var_of(var)->waits};
    wc_var_of(var)->waits = w;
}

static void unify_later(wc_planner *p, const wp_term *x, const wp_term *y)
{
    wc_pair *pair = wb_arena_alloc(p->u->a, sizeof *pair);
    *pair = (wc_pair){x, y, p->pairs->number, false};
    p->pairs->waiting++;
    wait_for(p, x, pair);
    wait_for(p, y, pair);
}

/* Variables that got their values wake the pairs that wait for them. */
static void unify_waiting(wc_planner *p, uint32_t woken)
{
    for (; woken < p->n_bound; woken++)
        for (const wc_wait *w = p->bound[woken]->waits; w; w = w->next) {
            if (w->pair->of != p->pairs->number || w->pair->done)
                continue;
            w->pair->done = true;
            p->pairs->waiting--;
            wc_unify(p, w->pair->x, w->pair->y);
        }
    if (p->pairs->waiting) /* only variables that nothing binds: safety has reported them */
        never(p);
}

static void unify_arrays(wc_planner *p, const wp_term *x, const wp_term *y)
{
    if (x->list.n != y->list.n) {
        never(p);
        return;
    }
    for (uint32_t i = 0; i < x->list.n; i++)
        wc_unify(p, x->list.items[i], y->list.items[i]);
}

static bool same_key(const wp_term *x, const wp_term *y)
{
    return y->kind == WP_VAR && wc_var_of(x) == wc_var_of(y);
}

static void unify_objects(wc_planner *p, const wp_term *x, const wp_term *y)
{
    if (x->object.n != y->object.n) {
        never(p);
        return;
    }
    wv places = wv_object_begin(p->u->a, y->object.n);
    for (uint32_t j = 0; j < y->object.n; j++)
        if (y->object.pairs[j].key->kind <= WP_STRING)
            wv_object_put(p->u->a, &places, y->object.pairs[j].key->value, wv_small(j));
    for (uint32_t i = 0; i < x->object.n; i++) {
        const wp_pair *a = &x->object.pairs[i], *b = NULL;
        if (a->key->kind <= WP_STRING) {
            wv at = wv_object_get(places, a->key->value);
            b = at == WV_UNDEFINED ? NULL : &y->object.pairs[wv_int(at)];
        }
        for (uint32_t j = 0; a->key->kind == WP_VAR && j < y->object.n && !b; j++)
            if (same_key(a->key, y->object.pairs[j].key))
                b = &y->object.pairs[j];
        if (!b) {
            never(p);
            return;
        }
        wc_unify(p, a->value, b->value);
    }
}

static bool plain_keys(const wp_term *t)
{
    for (uint32_t i = 0; i < t->object.n; i++)
        if (t->object.pairs[i].key->kind > WP_VAR)
            return false;
    return true;
}

/* Whether x and y are unified part by part: two arrays, or two objects, one with a pattern. */
static bool unify_parts(wc_planner *p, const wp_term *x, const wp_term *y)
{
    if (x->kind != y->kind || !(has_pattern(x) || has_pattern(y)) ||
        (x->kind == WP_OBJECT && !(plain_keys(x) && plain_keys(y))))
        return false;
    wc_pairs pairs = {.number = p->n_unified + 1}, *outer = p->pairs;
    uint32_t n_bound = p->n_bound;
    if (!outer) {
        p->pairs = &pairs;
        p->n_unified++;
    }
    if (x->kind == WP_ARRAY)
        unify_arrays(p, x, y);
    else
        unify_objects(p, x, y);
    if (!outer)
        unify_waiting(p, n_bound);
    p->pairs = outer;
    return true;
}

static bool both_unbound(const wp_term *a, const wp_term *b)
{
    return a->kind == WP_VAR && is_unbound(a) && b->kind == WP_VAR && is_unbound(b);
}

void wc_unify(wc_planner *p, const wp_term *x, const wp_term *y)
{
    if (unify_parts(p, x, y))
        return;
    if (p->pairs && both_unbound(x, y)) {
        unify_later(p, x, y);
        return;
    }
    /* The side that binds waits until the other has a value. */
    if ((y->kind == WP_VAR && is_unbound(y)) || has_pattern(y)) {
        const wp_term *t = x;
        x = y;
        y = t;
    }
    if ((x->kind == WP_VAR && is_unbound(x)) || has_pattern(x)) {
        /* OPA looks through the literal that a reference begins with as it is written. */
        p->first_key = x->kind == WP_VAR && wc_var_of(x)->subject && y->kind == WP_OBJECT;
        wc_operand v = wc_plan_term(p, y);
        wc_unify_value(p, x, v);
        return;
    }
    if (!p->pairs && is_comprehension(x) && y->kind == WP_REF) {
        wc_plan_equal(p, wc_plan_term(p, y), x);
        return;
    }
    if (!p->pairs && is_comprehension(y) && !is_comprehension(x)) {
        wc_plan_equal(p, wc_plan_term(p, x), y);
        return;
    }
    wp_term *sides[2] = {(wp_term *)(uintptr_t)x, (wp_term *)(uintptr_t)y};
    wc_operand values[2];
    wc_plan_terms(p, sides, 2, values);
    wc_put_op(p, WC_S_Equal, 0, values[0], values[1]);
}
