/* What expressions need and bind, as clauses that are counted down.
 *
 * Takes resolved expressions. An expression binds variables by unification, as the index of a
 * reference, as the output of a call, or by `some ... in`; binding.h has the words. Variables that
 * are safe when an item is added leave no trace in it. */
#include "compiler/binding.h"

#include <stdlib.h>

#define NONE UINT32_MAX

typedef struct slot { /* a variable of an item */
    wc_var *var;
    uint32_t item;
    uint32_t next;    /* the same variable in an item before */
    uint32_t watches; /* clauses that wait for it here */
    bool bound, need, closed;
} slot;

typedef struct clause {
    uint32_t left; /* premises that are not bound yet */
    uint32_t outs; /* slots that it binds */
} clause;

typedef struct item {
    uint32_t first, end; /* slots */
    uint32_t first_clause;
    uint32_t needs, closed; /* how many it waits for */
    bool taken, queued;
} item;

typedef struct link {
    uint32_t what, next;
} link;

struct wc_binder {
    wc_unit *u;
    slot *slots;
    clause *clauses;
    item *items;
    link *links;
    uint32_t *stack; /* slots that were bound and are not told yet */
    uint64_t *ready; /* a heap of turn << 32 | item */
    uint32_t n_slots, cap_slots, n_clauses, cap_clauses, n_items, cap_items, n_links, cap_links;
    uint32_t n_stack, cap_stack, n_ready, cap_ready;
    uint32_t *last; /* by variable: its latest slot, when `of` is this body */
    uint32_t *of;
    uint32_t n_vars;
    uint32_t body; /* number of the body, from 2 */
    uint32_t turn; /* how often the items were gone through */
    int64_t at;    /* the last item taken in this turn */
};

static void *room(void *p, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? 2 * *cap : 64;
    return wb_realloc(p, *cap * size);
}

/* ---- variables of terms ---- */

void wc_put_use(wc_uses *to, wc_var *v, wp_loc loc)
{
    to->v = room(to->v, to->n, &to->cap, sizeof *to->v);
    to->v[to->n++] = (wc_use){v, loc};
}

static void body_vars(const wp_body *b, wc_uses *out, bool closures)
{
    for (uint32_t i = 0; i < b->n; i++)
        wc_expr_vars(b->exprs[i], out, closures);
}

static void all_vars(const wp_body *b, wc_uses *out)
{
    body_vars(b, out, false);
    body_vars(b, out, true);
}

void wc_term_vars(const wp_term *t, wc_uses *out, bool closures)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return;
    case WP_VAR:
        if (!closures && wc_is_local(t))
            wc_put_use(out, wc_var_of(t), t->loc);
        return;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            wc_term_vars(t->list.items[i], out, closures);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            wc_term_vars(t->object.pairs[i].key, out, closures);
            wc_term_vars(t->object.pairs[i].value, out, closures);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (closures) {
            all_vars(&t->comp.body, out);
            if (t->comp.key)
                wc_term_vars(t->comp.key, out, false);
            wc_term_vars(t->comp.value, out, false);
        }
        return;
    case WP_TEMPLATE: return;
    }
}

void wc_expr_vars(const wp_expr *e, wc_uses *out, bool closures)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        wc_term_vars(e->with[i].value, out, closures);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: wc_term_vars(e->term, out, closures); break;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            wc_term_vars(e->call.items[i], out, closures);
        break;
    case WP_EXPR_SOME: wc_term_vars(e->some.items[0], out, closures); break;
    case WP_EXPR_EVERY:
        wc_term_vars(e->every.domain, out, closures);
        if (closures)
            all_vars(&e->every.body, out);
        break;
    case WP_EXPR_NOT:
        if (closures)
            all_vars(&e->body, out);
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        if (closures) {
            all_vars(&e->logic.lhs, out);
            all_vars(&e->logic.rhs, out);
        }
        break;
    }
}

/* ---- clauses ---- */

/* Terms whose variables must be bound first: what stands around a pattern. */
typedef struct premise {
    const wp_term *term;
    const struct premise *outer;
} premise;

static uint32_t slot_of(wc_binder *b, wc_var *v)
{
    uint32_t now = b->n_items - 1;
    bool met = b->of[v->id] == b->body;
    if (met && b->slots[b->last[v->id]].item == now)
        return b->last[v->id];
    b->slots = room(b->slots, b->n_slots, &b->cap_slots, sizeof *b->slots);
    b->slots[b->n_slots] =
        (slot){.var = v, .item = now, .next = met ? b->last[v->id] : NONE, .watches = NONE};
    b->of[v->id] = b->body;
    return b->last[v->id] = b->n_slots++;
}

static uint32_t put_link(wc_binder *b, uint32_t what, uint32_t next)
{
    b->links = room(b->links, b->n_links, &b->cap_links, sizeof *b->links);
    b->links[b->n_links] = (link){what, next};
    return b->n_links++;
}

static uint32_t new_clause(wc_binder *b)
{
    b->clauses = room(b->clauses, b->n_clauses, &b->cap_clauses, sizeof *b->clauses);
    b->clauses[b->n_clauses] = (clause){.outs = NONE};
    return b->n_clauses++;
}

static void when_var(wc_binder *b, uint32_t c, wc_var *v)
{
    if (v->mark == WC_SAFE)
        return;
    uint32_t s = slot_of(b, v);
    b->slots[s].watches = put_link(b, c, b->slots[s].watches);
    b->clauses[c].left++;
}

static void then_var(wc_binder *b, uint32_t c, wc_var *v)
{
    if (v->mark != WC_SAFE)
        b->clauses[c].outs = put_link(b, slot_of(b, v), b->clauses[c].outs);
}

static void when_term(wc_binder *b, uint32_t c, const wp_term *t)
{
    wc_uses vars = {0};
    wc_term_vars(t, &vars, false);
    for (uint32_t i = 0; i < vars.n; i++)
        when_var(b, c, vars.v[i].var);
    free(vars.v);
}

static void then_term(wc_binder *b, uint32_t c, const wp_term *t)
{
    wc_uses vars = {0};
    wc_term_vars(t, &vars, false);
    for (uint32_t i = 0; i < vars.n; i++)
        then_var(b, c, vars.v[i].var);
    free(vars.v);
}

/* A local variable, or what is taken apart. */
static bool is_binding(const wp_term *t)
{
    return t->kind == WP_VAR ? wc_is_local(t) : t->kind == WP_ARRAY || t->kind == WP_OBJECT;
}

/* References bind the variables in their elements when their head is bound. */
static void ref_clauses(wc_binder *b, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF: {
        const wp_term *head = t->list.items[0];
        uint32_t c = NONE;
        for (uint32_t i = 0; i < t->list.n; i++)
            ref_clauses(b, t->list.items[i]);
        for (uint32_t i = 1; i < t->list.n; i++) {
            if (!is_binding(t->list.items[i]))
                continue;
            if (c == NONE) {
                c = new_clause(b);
                if (head->kind == WP_VAR && wc_is_local(head))
                    when_var(b, c, wc_var_of(head));
            }
            then_term(b, c, t->list.items[i]);
        }
        return;
    }
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            ref_clauses(b, t->list.items[i]);
        return;
    case WP_CALL:
        for (uint32_t i = 1; i < t->list.n; i++)
            ref_clauses(b, t->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            ref_clauses(b, t->object.pairs[i].key);
            ref_clauses(b, t->object.pairs[i].value);
        }
        return;
    default: return;
    }
}

static bool has_unsafe(const wp_term *t)
{
    wc_uses vars = {0};
    wc_term_vars(t, &vars, false);
    bool found = false;
    for (uint32_t i = 0; i < vars.n && !found; i++)
        found = vars.v[i].var->mark != WC_SAFE;
    free(vars.v);
    return found;
}

/* The pattern's variables follow by clause c; those below a key that must be bound first by a
 * clause of their own. */
static void pattern_clauses(wc_binder *b, uint32_t c, const wp_term *pattern, const premise *given)
{
    bool array = pattern->kind == WP_ARRAY;
    uint32_t n = array ? pattern->list.n : pattern->object.n;
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *el = array ? pattern->list.items[i] : pattern->object.pairs[i].value;
        const wp_term *key = array ? NULL : pattern->object.pairs[i].key;
        if (!is_binding(el))
            continue;
        premise more = {key, given};
        const premise *now = given;
        uint32_t to = c;
        if (key && has_unsafe(key)) {
            now = &more;
            to = new_clause(b);
            for (const premise *p = now; p; p = p->outer)
                when_term(b, to, p->term);
        }
        if (el->kind == WP_VAR)
            then_var(b, to, wc_var_of(el));
        else
            pattern_clauses(b, to, el, now);
    }
}

bool wc_same_key(const wp_term *x, const wp_term *y)
{
    if (x->kind == WP_VAR || y->kind == WP_VAR)
        return x->kind == y->kind && x->name.p == y->name.p;
    return x->kind <= WP_STRING && y->kind <= WP_STRING && wv_equal(x->value, y->value);
}

static void unify_clauses(wc_binder *b, const wp_term *x, const wp_term *y);

/* Values under one key on both sides are unified. Keys that are scalars are found by an index. */
static void object_clauses(wc_binder *b, const wp_term *x, const wp_term *y)
{
    uint32_t n = y->object.n;
    const wp_pair *px = x->object.pairs, *py = y->object.pairs;
    wv index = wv_object_begin(b->u->a, n);
    uint32_t *before = wb_malloc((n + 1) * sizeof *before); /* the same key, or any variable */
    uint32_t vars = NONE;
    for (uint32_t j = 0; j < n; j++) {
        before[j] = vars;
        if (py[j].key->kind == WP_VAR) {
            vars = j;
        } else if (py[j].key->kind <= WP_STRING) {
            wv there = wv_object_get(index, py[j].key->value);
            before[j] = there == WV_UNDEFINED ? NONE : (uint32_t)wv_int(there);
            wv_object_put(b->u->a, &index, py[j].key->value, wv_small(j));
        }
    }
    for (uint32_t i = 0; i < x->object.n; i++) {
        uint32_t j = NONE;
        if (px[i].key->kind == WP_VAR) {
            j = vars;
        } else if (px[i].key->kind <= WP_STRING) {
            wv there = wv_object_get(index, px[i].key->value);
            j = there == WV_UNDEFINED ? NONE : (uint32_t)wv_int(there);
        }
        for (; j != NONE; j = before[j])
            if (wc_same_key(px[i].key, py[j].key))
                unify_clauses(b, px[i].value, py[j].value);
    }
    free(before);
}

static void unify_clauses(wc_binder *b, const wp_term *x, const wp_term *y)
{
    const wp_term *sides[2] = {x, y};
    for (unsigned i = 0; i < 2; i++)
        if (sides[i]->kind == WP_VAR && wc_is_local(sides[i]) &&
            wc_var_of(sides[i])->mark != WC_SAFE) {
            uint32_t c = new_clause(b);
            when_term(b, c, sides[1 - i]);
            then_var(b, c, wc_var_of(sides[i]));
        }
    if (x->kind == WP_ARRAY && y->kind == WP_ARRAY) {
        for (uint32_t i = 0; i < x->list.n && x->list.n == y->list.n; i++)
            unify_clauses(b, x->list.items[i], y->list.items[i]);
        return;
    }
    if (x->kind == WP_OBJECT && y->kind == WP_OBJECT) {
        if (x->object.n == y->object.n)
            object_clauses(b, x, y);
        return;
    }
    bool first = x->kind == WP_ARRAY || x->kind == WP_OBJECT;
    const wp_term *pattern = first ? x : y, *other = first ? y : x;
    if (pattern->kind != WP_ARRAY && pattern->kind != WP_OBJECT)
        return;
    /* Only what may turn out to be of that shape binds. */
    if (other->kind != WP_VAR && other->kind != WP_REF && other->kind != WP_CALL &&
        !(other->kind == WP_ARRAY_COMP && pattern->kind == WP_ARRAY))
        return;
    premise given = {other, NULL};
    uint32_t c = new_clause(b);
    when_term(b, c, other);
    pattern_clauses(b, c, pattern, &given);
}

static uint32_t function_arity(const wc_unit *u, const wp_term *op)
{
    if (op->kind == WP_STRING) {
        const ws_builtin *fn = ws_registry_find(u->registry, wv_str(&op->value));
        return fn ? fn->arity : UINT32_MAX;
    }
    const wc_node *n = u->root;
    for (uint32_t i = 1; i < op->list.n && n; i++)
        n = op->list.items[i]->kind <= WP_STRING ? wc_node_child(n, op->list.items[i]->value)
                                                 : NULL;
    return n && n->is_function ? n->rules[0]->n_args : UINT32_MAX;
}

static void call_clauses(wc_binder *b, wp_term **items, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        ref_clauses(b, items[i]);
    if (n == 3 && items[0]->kind == WP_STRING && wb_str_is(wv_str(&items[0]->value), "eq")) {
        unify_clauses(b, items[1], items[2]);
        return;
    }
    uint32_t arity = function_arity(b->u, items[0]);
    if (arity == UINT32_MAX || n != arity + 2)
        return;
    uint32_t c = new_clause(b);
    for (uint32_t i = 1; i + 1 < n; i++)
        when_term(b, c, items[i]);
    then_term(b, c, items[n - 1]);
}

static void expr_clauses(wc_binder *b, const wp_expr *e)
{
    if (e->negated)
        return;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        if (e->term->kind == WP_CALL)
            call_clauses(b, e->term->list.items, e->term->list.n);
        else
            ref_clauses(b, e->term);
        return;
    case WP_EXPR_CALL: call_clauses(b, e->call.items, e->call.n); return;
    case WP_EXPR_SOME: {
        wp_term **items = e->some.items[0]->list.items;
        uint32_t n = e->some.items[0]->list.n;
        ref_clauses(b, items[n - 1]);
        uint32_t c = new_clause(b);
        when_term(b, c, items[n - 1]);
        for (uint32_t i = 1; i + 1 < n; i++)
            then_term(b, c, items[i]);
        return;
    }
    case WP_EXPR_EVERY: ref_clauses(b, e->every.domain); return;
    case WP_EXPR_NOT:
    case WP_EXPR_AND:
    case WP_EXPR_OR: return;
    }
}

/* ---- counting down ---- */

static void put_ready(wc_binder *b, uint32_t number)
{
    item *it = &b->items[number];
    if (it->needs || it->closed || it->taken || it->queued)
        return;
    it->queued = true;
    uint64_t key = (uint64_t)(b->turn + (number <= b->at)) << 32 | number;
    b->ready = room(b->ready, b->n_ready, &b->cap_ready, sizeof *b->ready);
    uint32_t i = b->n_ready++;
    for (; i && b->ready[(i - 1) / 2] > key; i = (i - 1) / 2)
        b->ready[i] = b->ready[(i - 1) / 2];
    b->ready[i] = key;
}

static uint64_t pop_ready(wc_binder *b)
{
    uint64_t top = b->ready[0], last = b->ready[--b->n_ready];
    uint32_t i = 0;
    for (uint32_t c; (c = 2 * i + 1) < b->n_ready; i = c) {
        if (c + 1 < b->n_ready && b->ready[c + 1] < b->ready[c])
            c++;
        if (b->ready[c] >= last)
            break;
        b->ready[i] = b->ready[c];
    }
    b->ready[i] = last;
    return top;
}

static void bind(wc_binder *b, uint32_t number)
{
    slot *s = &b->slots[number];
    if (s->bound)
        return;
    s->bound = true;
    if (s->need)
        b->items[s->item].needs--;
    b->stack = room(b->stack, b->n_stack, &b->cap_stack, sizeof *b->stack);
    b->stack[b->n_stack++] = number;
}

static void fire(wc_binder *b, const clause *c)
{
    for (uint32_t l = c->outs; l != NONE; l = b->links[l].next)
        bind(b, b->links[l].what);
}

/* Follows the clauses from what was bound. */
static void settle(wc_binder *b)
{
    while (b->n_stack) {
        const slot *s = &b->slots[b->stack[--b->n_stack]];
        for (uint32_t l = s->watches; l != NONE; l = b->links[l].next) {
            clause *c = &b->clauses[b->links[l].what];
            if (--c->left == 0)
                fire(b, c);
        }
    }
}

wc_binder *wc_binder_new(wc_unit *u)
{
    wc_binder *b = wb_calloc(1, sizeof *b);
    b->u = u;
    b->body = 1; /* no variable is in it: 0 stands for none */
    b->n_vars = u->n_vars;
    b->last = wb_calloc((size_t)u->n_vars + 1, sizeof *b->last);
    b->of = wb_calloc((size_t)u->n_vars + 1, sizeof *b->of);
    return b;
}

void wc_binder_free(wc_binder *b)
{
    free(b->slots);
    free(b->clauses);
    free(b->items);
    free(b->links);
    free(b->stack);
    free(b->ready);
    free(b->last);
    free(b->of);
    free(b);
}

void wc_binder_begin(wc_binder *b, uint32_t n)
{
    if (b->n_vars < b->u->n_vars) {
        size_t more = b->u->n_vars - b->n_vars;
        b->last = wb_realloc(b->last, b->u->n_vars * sizeof *b->last);
        b->of = wb_realloc(b->of, b->u->n_vars * sizeof *b->of);
        memset(b->of + b->n_vars, 0, more * sizeof *b->of);
        b->n_vars = b->u->n_vars;
    }
    b->body++;
    b->n_slots = b->n_clauses = b->n_items = b->n_links = b->n_stack = b->n_ready = 0;
    b->turn = 0;
    b->at = -1;
    if (n > b->cap_items) {
        b->cap_items = n;
        b->items = wb_realloc(b->items, n * sizeof *b->items);
    }
}

static void begin_item(wc_binder *b)
{
    b->items = room(b->items, b->n_items, &b->cap_items, sizeof *b->items);
    b->items[b->n_items++] = (item){.first = b->n_slots, .first_clause = b->n_clauses};
}

static void end_item(wc_binder *b)
{
    uint32_t number = b->n_items - 1;
    item *it = &b->items[number];
    it->end = b->n_slots;
    for (uint32_t i = it->first; i < it->end; i++) {
        it->needs += b->slots[i].need;
        it->closed += b->slots[i].closed;
    }
    for (uint32_t c = it->first_clause; c < b->n_clauses; c++)
        if (b->clauses[c].left == 0)
            fire(b, &b->clauses[c]);
    settle(b);
    put_ready(b, number);
}

void wc_binder_add_expr(wc_binder *b, const wp_expr *e, const wc_uses *needs, const wc_uses *closed)
{
    begin_item(b);
    for (uint32_t i = 0; i < needs->n; i++)
        if (needs->v[i].var->mark != WC_SAFE) {
            uint32_t s = slot_of(b, needs->v[i].var);
            b->slots[s].need = true;
        }
    for (uint32_t i = 0; i < closed->n; i++)
        if (closed->v[i].var->mark != WC_SAFE) {
            uint32_t s = slot_of(b, closed->v[i].var);
            b->slots[s].closed = true;
        }
    expr_clauses(b, e);
    end_item(b);
}

void wc_binder_add_head(wc_binder *b, const wc_rule *rule)
{
    begin_item(b);
    for (uint32_t i = rule->n_ground; i < rule->n_path; i++)
        ref_clauses(b, rule->path[i]);
    if (rule->key)
        ref_clauses(b, rule->key);
    if (rule->value)
        ref_clauses(b, rule->value);
    end_item(b);
}

uint32_t wc_binder_next(wc_binder *b)
{
    while (b->n_ready) {
        uint64_t key = pop_ready(b);
        uint32_t number = (uint32_t)key;
        if (b->items[number].taken)
            continue;
        b->turn = (uint32_t)(key >> 32);
        b->at = number;
        return number;
    }
    return WM_NONE;
}

void wc_binder_take(wc_binder *b, uint32_t number, wc_uses *log)
{
    item *it = &b->items[number];
    it->taken = true;
    for (uint32_t i = it->first; i < it->end; i++)
        if (b->slots[i].bound && b->slots[i].var->mark == WC_UNSAFE)
            wc_put_use(log, b->slots[i].var, (wp_loc){0});
}

bool wc_binder_taken(const wc_binder *b, uint32_t number)
{
    return b->items[number].taken;
}

void wc_binder_wake(wc_binder *b, const wc_var *v)
{
    if (v->id >= b->n_vars || b->of[v->id] != b->body)
        return;
    for (uint32_t i = b->last[v->id]; i != NONE; i = b->slots[i].next) {
        bind(b, i);
        settle(b);
        uint32_t number = b->slots[i].item;
        if (b->slots[i].closed)
            b->items[number].closed--;
        b->slots[i].closed = false;
        put_ready(b, number);
    }
}
