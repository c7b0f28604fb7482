/* The tree the checks work on, and making parts of it.
 *
 * Takes the parser's modules. After it each rule is one wc_crule with an else chain; every variable
 * of a name is one wc_cvar; `input` and `data` are references; operators are references; sets and
 * objects are sorted and hold equal members once. Reports nothing. */
#include "compiler/check.h"

#include "compiler/types.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

wp_term *wc_ck_var_term(wc_check *c, wc_cvar *v, wp_loc loc)
{
    wp_term *t = wc_term_new(c->u, WP_VAR, loc);
    t->name = wc_cvar_name(v);
    return t;
}

wp_term *wc_ck_list(wc_check *c, wp_term_kind kind, uint32_t n, wp_loc loc)
{
    wp_term *t = wc_term_new(c->u, kind, loc);
    t->list.n = n;
    t->list.items = wb_arena_alloc(c->a, (n + 1) * sizeof(wp_term *));
    return t;
}

wp_term *wc_ck_operator(wc_check *c, const char *name, wp_loc loc)
{
    const char *dot = strchr(name, '.');
    wp_term *t = wc_ck_list(c, WP_REF, dot ? 2 : 1, loc);
    wb_str head = dot ? wb_str_n(name, (size_t)(dot - name)) : wb_str_of(name);
    t->list.items[0] = wc_ck_var_term(c, wc_ck_var(c, head), loc);
    if (dot)
        t->list.items[1] = wc_string_term(c->u, wb_str_of(dot + 1), loc);
    return t;
}

wp_expr *wc_ck_call(wc_check *c, wp_term *op, wp_term *const *args, uint32_t n, wp_loc loc)
{
    wp_expr *e = wc_expr_new(c->u, WP_EXPR_CALL, loc);
    e->call.n = n + 1;
    e->call.items = wb_arena_alloc(c->a, (n + 1) * sizeof(wp_term *));
    e->call.items[0] = op;
    if (n)
        memcpy(e->call.items + 1, args, n * sizeof(wp_term *));
    return e;
}

wp_expr *wc_ck_equation(wc_check *c, wp_term *v, wp_term *t, wp_loc loc)
{
    wp_term *args[2] = {v, t};
    return wc_ck_call(c, wc_ck_operator(c, "eq", (wp_loc){0}), args, 2, loc);
}

void wc_ck_add(wc_check *c, wc_cbody *b, wp_expr *e)
{
    if (b->n == b->cap) {
        uint32_t cap = b->cap ? 2 * b->cap : 4;
        wp_expr **to = wb_arena_alloc(c->a, cap * sizeof *to);
        if (b->n)
            memcpy(to, b->v, b->n * sizeof *to);
        b->v = to;
        b->cap = cap;
    }
    b->v[b->n++] = e;
}

static bool is_true(const wp_body *b)
{
    return b->n == 1 && b->exprs[0]->kind == WP_EXPR_TERM &&
           b->exprs[0]->term->kind == WP_BOOLEAN && b->exprs[0]->term->value == WV_TRUE;
}

void wc_ck_append(wc_check *c, wp_body *to, wp_expr *const *exprs, uint32_t n)
{
    if (!n)
        return;
    uint32_t keep = is_true(to) ? 0 : to->n;
    wp_expr **all = wb_arena_alloc(c->a, (keep + n) * sizeof *all);
    if (keep)
        memcpy(all, to->exprs, keep * sizeof *all);
    memcpy(all + keep, exprs, n * sizeof *all);
    to->exprs = all;
    to->n = keep + n;
}

/* ---- order ---- */

static int by_term(const void *x, const void *y)
{
    return wp_term_compare(*(wp_term *const *)x, *(wp_term *const *)y);
}

static int by_key(const void *x, const void *y)
{
    return wp_term_compare(((const wp_pair *)x)->key, ((const wp_pair *)y)->key);
}

/* Equal, and one key of a collection: numbers of huge exponents have several. */
static bool is_same(const wc_check *c, const wp_term *x, const wp_term *y)
{
    uint64_t seed = c->a->seed;
    return !wp_term_compare(x, y) &&
           (x->kind != WP_NUMBER || wv_hash(x->value, seed) == wv_hash(y->value, seed));
}

void wc_ck_sort(wc_check *c, wp_term *t)
{
    uint32_t n = 0;
    if (t->kind == WP_SET && t->list.n > 1) {
        qsort(t->list.items, t->list.n, sizeof(wp_term *), by_term);
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!n || !is_same(c, t->list.items[n - 1], t->list.items[i]))
                t->list.items[n++] = t->list.items[i];
        t->list.n = n;
    } else if (t->kind == WP_OBJECT && t->object.n > 1) {
        qsort(t->object.pairs, t->object.n, sizeof(wp_pair), by_key);
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!n || !is_same(c, t->object.pairs[n - 1].key, t->object.pairs[i].key))
                t->object.pairs[n++] = t->object.pairs[i];
            else
                t->object.pairs[n - 1].value = t->object.pairs[i].value;
        t->object.n = n;
    }
}

/* ---- copying ---- */

wp_term *wc_ck_comp(wc_check *c, wp_term_kind kind, wp_loc loc)
{
    wp_term *t = &((wc_comp *)wb_arena_calloc(c->a, sizeof(wc_comp)))->term;
    t->kind = (uint8_t)kind;
    t->loc = loc;
    return t;
}

static wp_term *copy(wc_check *c, const wp_term *t, bool head);

/* The operator of a call is a reference, and what else stands in it. */
static wp_term **copy_call(wc_check *c, wp_term *const *items, uint32_t n)
{
    wp_term **to = wb_arena_alloc(c->a, (n + 1) * sizeof *to);
    c->u->has_wide |= n > WC_WIDE_LITERAL;
    for (uint32_t i = 0; i < n; i++)
        to[i] = copy(c, items[i], !i);
    if (to[0]->kind == WP_VAR) {
        wp_term *op = wc_ck_list(c, WP_REF, 1, to[0]->loc);
        op->list.items[0] = to[0];
        to[0] = op;
    }
    to[0]->infix = false; /* here it marks what was `:=` */
    return to;
}

/* Scalars are copied too, though no stage changes one: all stages walk over what is made here, and
 * each step into the parser's tree, which nobody has touched for long, would wait for memory. */
static wp_term *copy(wc_check *c, const wp_term *t, bool head)
{
    if (t->kind <= WP_STRING)
        return wp_term_like(c->a, t);
    if (t->kind == WP_VAR) {
        wp_term *to = wc_ck_var_term(c, wc_ck_var(c, t->name), t->loc);
        wc_cvar *v = wc_cvar_of(to);
        if (head || (v != c->input && v != c->data))
            return to;
        wp_term *ref = wc_ck_list(c, WP_REF, 1, t->loc);
        ref->list.items[0] = to;
        return ref;
    }
    c->has |= wc_ck_is_comp(t) ? WC_HAS_COMP : t->kind == WP_CALL ? WC_HAS_CALL : 0;
    if (t->kind == WP_REF && t->list.items[0]->kind != WP_VAR)
        c->has |= WC_HAS_CALL;
    wp_term *to;
    if (wc_ck_is_comp(t)) {
        to = wc_ck_comp(c, (wp_term_kind)t->kind, t->loc);
        memcpy(to, t, sizeof *to);
    } else {
        to = wp_term_like(c->a, t);
    }
    switch ((wp_term_kind)t->kind) {
    case WP_CALL: to->list.items = copy_call(c, t->list.items, t->list.n); return to;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        to->list.items = wb_arena_alloc(c->a, (t->list.n + 1) * sizeof(wp_term *));
        c->u->has_wide |= t->list.n > WC_WIDE_LITERAL;
        for (uint32_t i = 0; i < t->list.n; i++)
            to->list.items[i] = copy(c, t->list.items[i], !i && t->kind == WP_REF);
        break;
    case WP_OBJECT:
        to->object.pairs = wb_arena_alloc(c->a, (t->object.n + 1) * sizeof(wp_pair));
        c->u->has_wide |= t->object.n > WC_WIDE_LITERAL;
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){copy(c, t->object.pairs[i].key, false),
                                            copy(c, t->object.pairs[i].value, false)};
        break;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        to->comp.key = t->comp.key ? copy(c, t->comp.key, false) : NULL;
        to->comp.value = copy(c, t->comp.value, false);
        to->comp.body = wc_ck_copy_body(c, &t->comp.body);
        break;
    case WP_TEMPLATE: /* a call with comprehensions, later */
        c->has |= WC_HAS_COMP | WC_HAS_CALL;
        c->has_templates = true;
        to->tmpl.parts = wb_arena_alloc(c->a, (t->tmpl.n + 1) * sizeof(wp_expr *));
        for (uint32_t i = 0; i < t->tmpl.n; i++)
            to->tmpl.parts[i] = wc_ck_copy_expr(c, t->tmpl.parts[i]);
        break;
    default: break;
    }
    wc_ck_sort(c, to);
    return to;
}

wp_term *wc_ck_copy(wc_check *c, const wp_term *t)
{
    return copy(c, t, false);
}

wp_body wc_ck_copy_body(wc_check *c, const wp_body *b)
{
    wp_body to = {wb_arena_alloc(c->a, (b->n + 1) * sizeof(wp_expr *)), b->n};
    for (uint32_t i = 0; i < b->n; i++)
        to.exprs[i] = wc_ck_copy_expr(c, b->exprs[i]);
    return to;
}

wp_expr *wc_ck_copy_expr(wc_check *c, const wp_expr *e)
{
    wp_expr *to = wp_expr_like(c->a, e);
    c->has |= e->n_with ? WC_HAS_WITH : 0;
    to->with = e->n_with ? wb_arena_alloc(c->a, e->n_with * sizeof *to->with) : NULL;
    for (uint32_t i = 0; i < e->n_with; i++)
        to->with[i] = (wp_with){copy(c, e->with[i].target, false), copy(c, e->with[i].value, false),
                                e->with[i].loc};
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: to->term = copy(c, e->term, false); break;
    case WP_EXPR_CALL: to->call.items = copy_call(c, e->call.items, e->call.n); break;
    case WP_EXPR_SOME:
        to->some.items = wb_arena_alloc(c->a, (e->some.n + 1) * sizeof(wp_term *));
        for (uint32_t i = 0; i < e->some.n; i++)
            to->some.items[i] = copy(c, e->some.items[i], true);
        break;
    case WP_EXPR_EVERY:
        c->has |= WC_HAS_CALL;
        to->every.key = e->every.key ? copy(c, e->every.key, true) : NULL;
        to->every.value = copy(c, e->every.value, true);
        to->every.domain = copy(c, e->every.domain, false);
        to->every.body = wc_ck_copy_body(c, &e->every.body);
        break;
    case WP_EXPR_NOT: to->body = wc_ck_copy_body(c, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        to->logic.lhs = wc_ck_copy_body(c, &e->logic.lhs);
        to->logic.rhs = wc_ck_copy_body(c, &e->logic.rhs);
        break;
    }
    return to;
}

static wc_crule *copy_rule(wc_check *c, const wp_module *m, const wp_rule *r, wc_crule *first)
{
    wc_crule *to = wb_arena_calloc(c->a, sizeof *to);
    c->has = 0;
    const wp_head *h = r->head, *name = first ? first->source->head : h;
    to->first = first ? first : to;
    to->module = m;
    to->source = r;
    to->is_default = r->is_default;
    to->loc = r->loc;
    to->head_loc = h->loc;
    to->n_ref = name->n_ref ? name->n_ref : 1;
    to->ref = wb_arena_alloc(c->a, to->n_ref * sizeof(wp_term *));
    wb_str text = name->n_ref && name->ref[0]->kind == WP_VAR ? name->ref[0]->name : name->name;
    to->ref[0] = wc_ck_var_term(c, wc_ck_var(c, text), name->loc);
    for (uint32_t i = 1; i < to->n_ref; i++)
        to->ref[i] = wc_ck_copy(c, name->ref[i]);
    to->n_args = h->n_args;
    to->args = wb_arena_alloc(c->a, (h->n_args + 1) * sizeof(wp_term *));
    for (uint32_t i = 0; i < h->n_args; i++)
        to->args[i] = wc_ck_copy(c, h->args[i]);
    to->key = h->key ? wc_ck_copy(c, h->key) : NULL;
    to->value = h->value ? wc_ck_copy(c, h->value) : NULL;
    if (!to->value && !h->contains && !(h->key && !h->value)) {
        to->value = wc_term_new(c->u, WP_BOOLEAN, r->loc);
        to->value->value = WV_TRUE;
    }
    to->body = wc_ck_copy_body(c, &r->body);
    if (wc_ck_has_name(c, WB_LIT("print")))
        c->has |= WC_HAS_COMP; /* what print() shows */
    to->has = c->has;
    if (r->else_rule)
        to->else_rule = copy_rule(c, m, r->else_rule, to->first);
    return to;
}

void wc_ck_copy_modules(wc_check *c)
{
    wc_unit *u = c->u;
    c->n_modules = u->n_modules;
    c->modules = wb_arena_calloc(c->a, (u->n_modules + 1) * sizeof *c->modules);
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_module *m = u->modules[i];
        wc_cmodule *to = &c->modules[i];
        *to = (wc_cmodule){m, wb_arena_alloc(c->a, (m->n_rules + 1) * sizeof(wc_crule *)),
                           m->n_rules};
        for (uint32_t j = 0; j < m->n_rules; j++) {
            to->rules[j] = copy_rule(c, m, m->rules[j], NULL);
            for (wc_crule *r = to->rules[j]; r; r = r->else_rule)
                c->n_all++;
        }
    }
    c->all = wb_arena_alloc(c->a, (c->n_all + 1) * sizeof(wc_crule *));
    c->n_all = 0;
    for (uint32_t i = 0; i < c->n_modules; i++)
        for (uint32_t j = 0; j < c->modules[i].n; j++)
            for (wc_crule *r = c->modules[i].rules[j]; r; r = r->else_rule) {
                r->number = c->n_all;
                c->all[c->n_all++] = r;
            }
}

/* ---- reporting ---- */

static void report(wc_check *c, wp_code code, wp_loc loc, const char *format, va_list list)
{
    if (c->u->diags->limit_reached)
        return;
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 22);
    char *text = NULL;
    if (vasprintf(&text, format, list) < 0)
        wb_fatal("out of memory");
    wb_buf_puts(&b, text);
    free(text);
    wp_report(c->u->diags, code, loc.row ? wc_file(c->u) : NULL, loc, "%.*s",
              WB_FMT(wb_buf_str(&b)));
    wb_buf_free(&b);
}

void wc_ck_fail(wc_check *c, wp_code code, wp_loc loc, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    report(c, code, loc, format, list);
    va_end(list);
    c->failed = true;
}

void wc_ck_note(wc_check *c, wp_code code, wp_loc loc, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    report(c, code, loc, format, list);
    va_end(list);
}
