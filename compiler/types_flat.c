/* Flat bodies for the type check: one expression a call and a reference that is an argument.
 *
 * What is made stands in front of the expression it comes from, under the same `with`; a made
 * variable remembers what it stands for, so that errors show what was written. */
#include "compiler/types.h"

#include <stdio.h>
#include <stdlib.h>

/* The expressions of the body being made. */
typedef struct list {
    wp_expr **v;
    uint32_t n, cap;
} list;

typedef struct flattener {
    wc_flat *f;
    list *to;
    const wp_expr *owner; /* whose `with` the made expressions take; or NULL */
} flattener;

void wc_flat_init(wc_flat *f, wc_unit *u)
{
    *f = (wc_flat){.u = u};
}

void wc_flat_clear(wc_flat *f)
{
    free(f->subjects);
    *f = (wc_flat){0};
}

static void set_subject(wc_flat *f, const wc_var *v, const wp_term *t)
{
    if (v->id >= f->cap) {
        uint32_t cap = f->cap ? f->cap : 64;
        while (cap <= v->id)
            cap *= 2;
        f->subjects = wb_realloc(f->subjects, cap * sizeof *f->subjects);
        memset(f->subjects + f->cap, 0, (cap - f->cap) * sizeof *f->subjects);
        f->cap = cap;
    }
    f->subjects[v->id] = t;
}

const wp_term *wc_flat_subject(const wc_flat *f, const wc_var *v)
{
    return v->id < f->cap ? f->subjects[v->id] : NULL;
}

static void append(flattener *x, wp_expr *e)
{
    list *l = x->to;
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 8;
        l->v = wb_realloc(l->v, l->cap * sizeof *l->v);
    }
    if (x->owner && !e->n_with) {
        e->with = x->owner->with;
        e->n_with = x->owner->n_with;
    }
    l->v[l->n++] = e;
}

static wp_body finish(flattener *x, list *l)
{
    wp_body b = {wb_arena_alloc(x->f->u->a, (l->n + 1) * sizeof(wp_expr *)), l->n};
    if (l->n)
        memcpy(b.exprs, l->v, l->n * sizeof(wp_expr *));
    free(l->v);
    return b;
}

static wp_term *made(flattener *x, wp_loc loc, const wp_term *subject)
{
    char name[32];
    snprintf(name, sizeof name, "__local%u__", x->f->n++);
    wc_var *v = wc_var_new(x->f->u, wb_str_of(name), loc);
    if (subject)
        set_subject(x->f, v, subject);
    return wc_var_term(x->f->u, v, loc);
}

static wp_expr *call_expr(flattener *x, wp_term *op, uint32_t n, wp_loc loc)
{
    wp_expr *e = wc_expr_new(x->f->u, WP_EXPR_CALL, loc);
    e->call.n = n + 1;
    e->call.items = wb_arena_alloc(x->f->u->a, (n + 1) * sizeof *e->call.items);
    e->call.items[0] = op;
    return e;
}

static wp_expr *equation(flattener *x, wp_term *l, wp_term *r, wp_loc loc)
{
    wp_expr *e = call_expr(x, wc_string_term(x->f->u, WB_LIT("eq"), loc), 2, loc);
    e->call.items[1] = l;
    e->call.items[2] = r;
    return e;
}

static bool is_comp(const wp_term *t)
{
    return t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP;
}

static bool is_ref(const wp_term *t)
{
    return t->kind == WP_REF || (t->kind == WP_VAR && !wc_is_local(t));
}

static wp_term *like(flattener *x, const wp_term *t)
{
    wp_term *to = wc_term_new(x->f->u, (wp_term_kind)t->kind, t->loc);
    if (t->kind == WP_OBJECT) {
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(x->f->u->a, (t->object.n + 1) * sizeof(wp_pair));
    } else {
        to->list.n = t->list.n;
        to->list.items = wb_arena_alloc(x->f->u->a, (t->list.n + 1) * sizeof(wp_term *));
    }
    return to;
}

/* ---- references and comprehensions within collections and arguments ---- */

static wp_term *lift(flattener *x, wp_term *t)
{
    if (x->f->as_written)
        return t;
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            t->list.items[i] = lift(x, t->list.items[i]);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = lift(x, t->object.pairs[i].key);
            t->object.pairs[i].value = lift(x, t->object.pairs[i].value);
        }
        return t;
    case WP_REF:
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = lift(x, t->list.items[i]);
        break;
    default:
        if (!is_ref(t) && !is_comp(t))
            return t;
    }
    wp_term *v = made(x, t->loc, t);
    append(x, equation(x, v, t, t->loc));
    return v;
}

static wp_term *lift_below(flattener *x, wp_term *t)
{
    if (x->f->as_written)
        return t;
    if (t->kind == WP_REF)
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = lift(x, t->list.items[i]);
    return is_ref(t) || is_comp(t) ? t : lift(x, t);
}

static bool is_op(const wp_term *op, const char *name)
{
    return op->kind == WP_STRING && wb_str_is(wv_str(&op->value), name);
}

/* Puts a call expression whose terms hold no calls any more. */
static void put_call(flattener *x, wp_expr *e)
{
    bool equality = is_op(e->call.items[0], "eq") && e->call.n == 3;
    for (uint32_t i = 1; i < e->call.n; i++)
        e->call.items[i] = equality ? lift_below(x, e->call.items[i]) : lift(x, e->call.items[i]);
    append(x, e);
}

/* ---- calls within terms ---- */

static wp_term *expand(flattener *x, const wp_term *t);
static void put_body(flattener *x, const wp_body *b);

static bool needs_evaluation(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (needs_evaluation(t->list.items[i]))
                return true;
        return false;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (needs_evaluation(t->object.pairs[i].key) ||
                needs_evaluation(t->object.pairs[i].value))
                return true;
        return false;
    default: return is_ref(t) || is_comp(t);
    }
}

/* A head: what has to be evaluated becomes a variable behind the body. */
static wp_term *head(flattener *x, const wp_term *t)
{
    wp_term *to = expand(x, t);
    if (x->f->heads_stay || !needs_evaluation(to))
        return to;
    wp_term *v = made(x, t->loc, to);
    put_call(x, equation(x, v, to, t->loc));
    return v;
}

static wp_term *comprehension(flattener *x, const wp_term *t)
{
    wp_term *to = &((wc_comp *)wb_arena_calloc(x->f->u->a, sizeof(wc_comp)))->term;
    to->kind = t->kind;
    to->loc = t->loc;
    list l = {0};
    flattener inner = {x->f, &l, NULL};
    put_body(&inner, &t->comp.body);
    if (t->comp.key)
        to->comp.key = head(&inner, t->comp.key);
    to->comp.value = head(&inner, t->comp.value);
    to->comp.body = finish(&inner, &l);
    return to;
}

static wp_term *reference(flattener *x, const wp_term *t)
{
    wp_term *to = like(x, t);
    for (uint32_t i = 0; i < t->list.n; i++) {
        to->list.items[i] = expand(x, t->list.items[i]);
        if (t->list.items[i]->kind == WP_CALL)
            set_subject(x->f, wc_var_of(to->list.items[i]), t->list.items[i]);
    }
    wp_term *first = to->list.items[0];
    if (first->kind == WP_ARRAY || first->kind == WP_OBJECT || first->kind == WP_SET ||
        is_comp(first)) {
        wp_term *v = made(x, first->loc, t->list.items[0]);
        put_call(x, equation(x, v, first, first->loc));
        to->list.items[0] = v;
    } else if (first->kind == WP_REF) {
        wp_term *v = made(x, first->loc, first);
        append(x, equation(x, v, lift_below(x, first), first->loc));
        to->list.items[0] = v;
    }
    return to;
}

static wp_term *expand(flattener *x, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING:
    case WP_VAR:
    case WP_TEMPLATE: return (wp_term *)(uintptr_t)t;
    case WP_CALL: {
        wp_expr *e = call_expr(x, t->list.items[0], t->list.n, t->loc);
        for (uint32_t i = 1; i < t->list.n; i++)
            e->call.items[i] = expand(x, t->list.items[i]);
        wp_term *v = made(x, t->loc, NULL);
        e->call.items[t->list.n] = v;
        e->generated = true;
        put_call(x, e);
        return v;
    }
    case WP_REF: return reference(x, t);
    case WP_ARRAY:
    case WP_SET: {
        wp_term *to = like(x, t);
        for (uint32_t i = 0; i < t->list.n; i++)
            to->list.items[i] = expand(x, t->list.items[i]);
        return to;
    }
    case WP_OBJECT: {
        wp_term *to = like(x, t);
        for (uint32_t i = 0; i < t->object.n; i++) {
            to->object.pairs[i].key = expand(x, t->object.pairs[i].key);
            to->object.pairs[i].value = expand(x, t->object.pairs[i].value);
        }
        return to;
    }
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return comprehension(x, t);
    }
    return (wp_term *)(uintptr_t)t;
}

/* ---- expressions ---- */

static wp_body inner_body(flattener *x, const wp_body *b)
{
    list l = {0};
    flattener inner = {x->f, &l, NULL};
    put_body(&inner, b);
    return finish(&inner, &l);
}

/* `some k, v in xs` binds as v = xs[k] does. */
static void put_some(flattener *x, const wp_expr *e)
{
    wp_term **items = e->some.items[0]->list.items;
    uint32_t n = e->some.items[0]->list.n;
    wp_term *domain = items[n - 1];
    wp_term *key = n == 4 ? items[1] : made(x, domain->loc, NULL);
    uint32_t have = domain->kind == WP_REF ? domain->list.n : 1;
    wp_term *ref = wc_term_new(x->f->u, WP_REF, domain->loc);
    ref->list.n = have + 1;
    ref->list.items = wb_arena_alloc(x->f->u->a, (have + 1) * sizeof(wp_term *));
    if (domain->kind == WP_REF)
        memcpy(ref->list.items, domain->list.items, have * sizeof(wp_term *));
    else
        ref->list.items[0] = domain;
    ref->list.items[have] = key;
    wp_term *value = expand(x, items[n - 2]);
    put_call(x, equation(x, value, reference(x, ref), e->loc));
}

static bool is_function_ref(wc_unit *u, const wp_term *t)
{
    if (t->kind == WP_CALL)
        return t->list.n == 1;
    if (t->kind != WP_REF || !wc_is_root(t->list.items[0], "data"))
        return false;
    const wc_node *n = u->root;
    for (uint32_t i = 1; i < t->list.n && n; i++)
        n = t->list.items[i]->kind <= WP_STRING ? wc_node_child(n, t->list.items[i]->value) : NULL;
    return n && n->is_function;
}

static wp_with *withs(flattener *x, const wp_expr *e)
{
    wp_with *to = wb_arena_alloc(x->f->u->a, (e->n_with + 1) * sizeof *to);
    for (uint32_t i = 0; i < e->n_with; i++) {
        to[i] = e->with[i];
        if (!is_function_ref(x->f->u, to[i].value))
            to[i].value = head(x, to[i].value);
    }
    return to;
}

static void put_expr(flattener *x, const wp_expr *from)
{
    wp_expr *e = wc_expr_new(x->f->u, (wp_expr_kind)from->kind, from->loc);
    const wp_expr *outer = x->owner;
    e->negated = from->negated;
    e->explicit_body = from->explicit_body;
    e->explicit_rhs = from->explicit_rhs;
    if (from->n_with) {
        x->owner = NULL;
        e->with = withs(x, from);
        e->n_with = from->n_with;
        x->owner = e;
    }
    wp_term *const *items = from->call.items;
    uint32_t n = from->call.n;
    switch ((wp_expr_kind)from->kind) {
    case WP_EXPR_TERM:
        if (from->term->kind != WP_CALL) {
            e->term = lift_below(x, expand(x, from->term));
            append(x, e);
            break;
        }
        items = from->term->list.items;
        n = from->term->list.n;
        e->kind = WP_EXPR_CALL;
        /* fall through */
    case WP_EXPR_CALL:
        e->call.n = n;
        e->call.items = wb_arena_alloc(x->f->u->a, n * sizeof *e->call.items);
        e->call.items[0] = n == 3 && !x->f->as_written && !x->f->query && is_op(items[0], "equal")
                               ? wc_string_term(x->f->u, WB_LIT("eq"), items[0]->loc)
                               : items[0];
        for (uint32_t i = 1; i < n; i++)
            e->call.items[i] = expand(x, items[i]);
        put_call(x, e);
        break;
    case WP_EXPR_SOME: put_some(x, from); break;
    case WP_EXPR_EVERY: {
        wp_term *v = made(x, from->every.domain->loc, NULL);
        put_call(x, equation(x, v, expand(x, from->every.domain), v->loc));
        e->every.key = from->every.key;
        e->every.value = from->every.value;
        e->every.domain = v;
        e->every.body = inner_body(x, &from->every.body);
        append(x, e);
        break;
    }
    case WP_EXPR_NOT:
        e->body = inner_body(x, &from->body);
        append(x, e);
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        e->logic.lhs = inner_body(x, &from->logic.lhs);
        e->logic.rhs = inner_body(x, &from->logic.rhs);
        append(x, e);
        break;
    }
    x->owner = outer;
}

static void put_body(flattener *x, const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        put_expr(x, b->exprs[i]);
}

wp_body wc_flatten_body(wc_flat *f, const wp_body *b)
{
    list l = {0};
    flattener x = {f, &l, NULL};
    put_body(&x, b);
    return finish(&x, &l);
}

wc_flat_rule wc_flatten_rule(wc_flat *f, const wc_rule *r)
{
    list l = {0};
    flattener x = {f, &l, NULL};
    wc_flat_rule to = {.args = r->args};
    f->n = 0;
    put_body(&x, &r->body);
    to.path = wb_arena_alloc(f->u->a, (r->n_path + 1) * sizeof *to.path);
    for (uint32_t i = 0; i < r->n_path; i++) {
        to.path[i] = r->path[i];
        if (r->path[i]->kind > WP_VAR || is_ref(r->path[i])) {
            wp_term *part = expand(&x, r->path[i]);
            wp_term *v = made(&x, part->loc, part);
            put_call(&x, equation(&x, v, part, part->loc));
            to.path[i] = v;
        }
    }
    if (r->key)
        to.key = head(&x, r->key);
    if (r->value)
        to.value = head(&x, r->value);
    to.body = finish(&x, &l);
    return to;
}

/* ---- text of what was written ---- */

#define SUBJECT_DEPTH_MAX 32u /* made variables within what a made variable stands for */

static wp_term *written(const wc_flat *f, const wp_term *t, unsigned depth)
{
    wc_unit *u = f->u;
    flattener x = {.f = (wc_flat *)(uintptr_t)f};
    wp_term *to = (wp_term *)(uintptr_t)t;
    if (depth > SUBJECT_DEPTH_MAX)
        return to;
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        const wp_term *s = wc_is_local(t) ? wc_flat_subject(f, wc_var_of(t)) : NULL;
        return s ? written(f, s, depth + 1) : to;
    }
    case WP_CALL:
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        to = like(&x, t);
        for (uint32_t i = 0; i < t->list.n; i++)
            to->list.items[i] = written(f, t->list.items[i], depth + 1);
        if (t->kind == WP_CALL && t->list.items[0]->kind == WP_STRING) {
            wp_term *name = wc_term_new(u, WP_VAR, t->loc), *op = wc_term_new(u, WP_REF, t->loc);
            name->name = wv_str(&t->list.items[0]->value);
            op->list.n = 1;
            op->list.items = wb_arena_alloc(u->a, sizeof(wp_term *));
            op->list.items[0] = name;
            to->list.items[0] = op;
        }
        return to;
    case WP_OBJECT:
        to = like(&x, t);
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){written(f, t->object.pairs[i].key, depth + 1),
                                            written(f, t->object.pairs[i].value, depth + 1)};
        return to;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: {
        to = wc_term_new(u, (wp_term_kind)t->kind, t->loc);
        if (t->comp.key)
            to->comp.key = written(f, t->comp.key, depth + 1);
        to->comp.value = written(f, t->comp.value, depth + 1);
        to->comp.body.n = t->comp.body.n;
        to->comp.body.exprs = wb_arena_alloc(u->a, (t->comp.body.n + 1) * sizeof(wp_expr *));
        for (uint32_t i = 0; i < t->comp.body.n; i++) {
            wp_expr *e = wc_expr_new(u, WP_EXPR_TERM, t->loc);
            *e = *t->comp.body.exprs[i];
            if (e->kind == WP_EXPR_CALL) {
                wp_term call = {.kind = WP_CALL, .loc = e->loc, .list = {e->call.items, e->call.n}};
                e->call.items = written(f, &call, depth + 1)->list.items;
            } else if (e->kind == WP_EXPR_TERM) {
                e->term = written(f, e->term, depth + 1);
            }
            to->comp.body.exprs[i] = e;
        }
        return to;
    }
    default: return to;
    }
}

wb_str wc_flat_text(const wc_flat *f, const wp_term *ref, uint32_t parts)
{
    wp_term *t = written(f, ref, 0);
    if (t->kind == WP_REF && parts < t->list.n) {
        t->list.n = parts;
        if (parts == 1)
            t = t->list.items[0];
    }
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    if (parts)
        wp_term_put(&b, t);
    wb_str s = wb_arena_str(f->u->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}
