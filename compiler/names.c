/* Names: every variable becomes a local of its rule, a path into data or input, or an error.
 *
 * Takes the parser's modules. After it: u->rules holds every rule with its names resolved, copied
 * (names_term.c, names_expr.c, names_with.c), u->packages the names each package defines.
 *
 * Reports what those files report, and calls in arguments of rules. */
#include "compiler/names.h"

#include <stdlib.h>

/* A variable stands for the argument, which is tested behind the body: t, resolved or not. */
static wp_term *argument_later(wc_resolver *r, const wp_term *t, bool resolved)
{
    wc_var *v = wc_var_new(r->u, WB_LIT("__arg__"), t->loc);
    wc_late *late = wb_arena_alloc(r->u->a, sizeof *late);
    *late = (wc_late){.var = v, .t = t, .resolved = resolved};
    *r->late_end = late;
    r->late_end = &late->next;
    return wc_var_term(r->u, v, t->loc);
}

static wp_term *argument(wc_resolver *r, const wp_term *t);

static wp_term *argument_list(wc_resolver *r, const wp_term *t)
{
    wp_term *to = wc_term_new(r->u, (wp_term_kind)t->kind, t->loc);
    to->list.n = t->list.n;
    to->list.items = wb_arena_alloc(r->u->a, (t->list.n + 1) * sizeof *to->list.items);
    for (uint32_t i = 0; i < t->list.n; i++)
        to->list.items[i] = argument(r, t->list.items[i]);
    return to;
}

static wp_term *argument(wc_resolver *r, const wp_term *t)
{
    if (t->kind == WP_REF && t->list.n == 1 && t->list.items[0]->kind == WP_VAR)
        t = t->list.items[0];
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        return wc_resolve_pattern(r, t);
    }
    case WP_ARRAY: return argument_list(r, t);
    case WP_SET: return argument_later(r, argument_list(r, t), true);
    case WP_OBJECT: {
        wp_term *to = wc_term_new(r->u, WP_OBJECT, t->loc);
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(r->u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){argument(r, t->object.pairs[i].key),
                                            argument(r, t->object.pairs[i].value)};
        return to;
    }
    case WP_CALL:
        wc_refuse(r, t->loc, "an argument holds", WB_LIT("a call"));
        return argument_later(r, t, false);
    case WP_REF:
    case WP_TEMPLATE:
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return argument_later(r, t, false);
    default: return wc_resolve_term(r, t);
    }
}

/* The body with the late arguments' tests behind it. */
static void add_late(wc_resolver *r, wp_body *b)
{
    uint32_t n = b->n;
    for (const wc_late *late = r->late; late; late = late->next)
        n++;
    if (n == b->n)
        return;
    wp_expr **to = wb_arena_alloc(r->u->a, n * sizeof *to);
    memcpy(to, b->exprs, b->n * sizeof *to);
    r->args = r->scope;
    for (const wc_late *late = r->late; late; late = late->next) {
        const wp_term *t = late->t;
        wp_term *made = late->resolved ? (wp_term *)(uintptr_t)t : wc_resolve_term(r, t);
        to[b->n] = wc_equation(r->u, wc_var_term(r->u, late->var, t->loc), made, t->loc);
        to[b->n]->index = b->n;
        b->n++;
    }
    r->args = NULL;
    b->exprs = to;
}

/* The name a head defines in its package: the first part of its ref. */
wb_str wc_head_name(const wp_head *h)
{
    return h->n_ref && h->ref[0]->kind == WP_VAR ? h->ref[0]->name : h->name;
}

/* Whether a term holds more than literals and variables. */
bool wc_is_computed(const wp_term *t)
{
    if (!t)
        return false;
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (wc_is_computed(t->list.items[i]))
                return true;
        return false;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (wc_is_computed(t->object.pairs[i].key) || wc_is_computed(t->object.pairs[i].value))
                return true;
        return false;
    default: return t->kind > WP_STRING && t->kind != WP_VAR;
    }
}

bool wc_is_true_alone(const wp_body *b)
{
    const wp_expr *e = b->n == 1 ? b->exprs[0] : NULL;
    return e && e->kind == WP_EXPR_TERM && e->term->kind == WP_BOOLEAN && e->term->value == WV_TRUE;
}

/* A body that says `true` and nothing else gives way to what the head computes. OPA's rule looks
 * neither at `not` nor at `with` there, so ours does not: `p := data.x if not true` holds. */
static void drop_true(wc_rule *r, const wp_body *source, bool late)
{
    if (!wc_is_true_alone(source))
        return;
    bool computed = late || wc_is_computed(r->key) || wc_is_computed(r->value);
    for (uint32_t i = r->n_ground; i < r->n_path; i++)
        computed |= wc_is_computed(r->path[i]);
    if (!computed)
        return;
    r->body.exprs++;
    r->body.n--;
    for (uint32_t i = 0; i < r->body.n; i++)
        r->body.exprs[i]->index = i;
}

static wc_rule *rule(wc_resolver *r, const wp_rule *source, const wc_rule *first)
{
    wc_unit *u = r->u;
    const wp_head *h = source->head;
    wc_rule *to = wb_arena_calloc(u->a, sizeof *to);
    to->module = r->module;
    to->source = source;
    to->loc = source->loc;
    to->is_default = source->is_default;
    to->is_function = first ? first->is_function : h->is_function;
    to->is_set = !first && (h->contains || (h->key && !h->value));
    wc_scope args, inner;
    wc_scope_push(r, &args);
    r->late = NULL;
    r->late_end = &r->late;
    to->n_args = h->n_args;
    to->args = wb_arena_alloc(u->a, (h->n_args + 1) * sizeof *to->args);
    for (uint32_t i = 0; i < h->n_args; i++)
        to->args[i] = argument(r, h->args[i]);
    wc_scope_push(r, &inner);
    to->body = wc_resolve_body(r, &source->body, false);
    add_late(r, &to->body);
    if (to->is_set) {
        to->key = wc_resolve_term(r, h->key);
    } else {
        to->value = h->value ? wc_resolve_term(r, h->value) : NULL;
        if (!to->value) {
            to->value = wc_term_new(u, WP_BOOLEAN, source->loc);
            to->value->value = WV_TRUE;
        }
    }
    if (!first) {
        const wp_term *p = r->module->package;
        to->n_path = p->list.n - 1 + h->n_ref;
        to->path = wb_arena_alloc(u->a, (to->n_path + 1) * sizeof *to->path);
        uint32_t n = 0;
        for (uint32_t i = 1; i < p->list.n; i++)
            to->path[n++] = p->list.items[i];
        to->path[n++] = wc_string_term(u, wc_head_name(h), source->loc);
        for (uint32_t i = 1; i < h->n_ref; i++)
            to->path[n++] = wc_resolve_term(r, h->ref[i]);
        while (to->n_ground < to->n_path && to->path[to->n_ground]->kind <= WP_STRING)
            to->n_ground++;
    }
    wc_scope_pop(r);
    wc_scope_pop(r);
    drop_true(to, &source->body, r->late != NULL);
    if (source->else_rule)
        to->else_rule = rule(r, source->else_rule, first ? first : to);
    return to;
}

static void add_rule(wc_unit *u, wc_rule *rule)
{
    if (u->n_rules == u->cap_rules) {
        u->cap_rules = u->cap_rules ? 2 * u->cap_rules : 64;
        wc_rule **to = wb_arena_alloc(u->a, u->cap_rules * sizeof *to);
        if (u->n_rules)
            memcpy(to, u->rules, u->n_rules * sizeof *to);
        u->rules = to;
    }
    u->rules[u->n_rules++] = rule;
}

static wv package_key(wc_unit *u, const wp_module *m)
{
    wb_buf text;
    wb_buf_init(&text, 1 << 20);
    wp_term_put(&text, m->package);
    wv key = wv_string_new(u->a, wb_buf_str(&text));
    wb_buf_free(&text);
    return key;
}

static wv import_names(wc_unit *u, const wp_module *m)
{
    wv names = wv_object_begin(u->a, m->n_imports);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const wp_import *im = &m->imports[i];
        wb_str alias = im->alias;
        const wp_term *path = im->path;
        const wp_term *head = path->kind == WP_REF ? path->list.items[0] : path;
        if (head->kind == WP_VAR &&
            (wb_str_is(head->name, "rego") || wb_str_is(head->name, "future")))
            continue;
        if (!alias.n) {
            const wp_term *last = path->kind == WP_REF ? path->list.items[path->list.n - 1] : path;
            alias = last->kind == WP_VAR ? last->name : wv_str(&last->value);
        }
        wv_object_put(u->a, &names, wv_string_new(u->a, alias), wv_small((int64_t)i));
    }
    return names;
}

static void collect_packages(wc_unit *u)
{
    u->packages = wv_object_begin(u->a, u->n_modules);
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_module *m = u->modules[i];
        wv key = package_key(u, m);
        wv names = wv_object_get(u->packages, key);
        if (names == WV_UNDEFINED)
            names = wv_object_begin(u->a, m->n_rules);
        for (uint32_t j = 0; j < m->n_rules; j++)
            wv_object_put(u->a, &names, wv_string_new(u->a, wc_head_name(m->rules[j]->head)),
                          WV_TRUE);
        wv_object_put(u->a, &u->packages, key, names);
    }
}

void wc_resolve_modules(wc_unit *u)
{
    collect_packages(u);
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_module *m = u->modules[i];
        u->module = m;
        wc_resolver r = {.u = u, .module = m, .imports = import_names(u, m)};
        r.rules = wv_object_get(u->packages, package_key(u, m));
        for (uint32_t j = 0; j < m->n_rules; j++) {
            r.rule_number = j + 1;
            r.rule = m->rules[j];
            add_rule(u, rule(&r, m->rules[j], NULL));
        }
        free(r.before);
    }
    u->module = NULL;
}

wp_body wc_resolve_query(wc_unit *u, const wp_module *context, wp_body query)
{
    u->module = context;
    wc_resolver r = {.u = u, .module = context, .query = true};
    if (context) {
        r.imports = import_names(u, context);
        r.rules =
            context->package ? wv_object_get(u->packages, package_key(u, context)) : WV_UNDEFINED;
    }
    wp_body b = wc_resolve_body(&r, &query, true);
    /* Answers show what was written, not what was made on the way. */
    for (uint32_t i = 0, shown = 0; i < b.n; i++)
        b.exprs[i]->index = b.exprs[i]->generated ? UINT32_MAX : shown++;
    free(r.before);
    u->module = NULL;
    return b;
}
