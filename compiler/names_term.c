/* Names in terms: a variable becomes a local of its rule, or a path from data or input.
 *
 * Takes the parser's terms and copies them. After it: calls name a built-in (WP_STRING) or a
 * function (WP_REF from data), template strings are calls, the metadata functions are constants,
 * objects with plain keys hold each key once.
 *
 * Reports, when the checks did not: undefined functions, arguments that read input or data. */
#include "compiler/names.h"

#include <stdlib.h>

static wp_term *ref(wc_resolver *r, wp_term **items, uint32_t n, wp_loc loc)
{
    wp_term *t = wc_term_new(r->u, WP_REF, loc);
    t->list.items = items;
    t->list.n = n;
    return t;
}

static wp_term *call_builtin(wc_resolver *r, const char *name, wp_term **args, uint32_t n,
                             wp_loc loc)
{
    wp_term *t = wc_term_new(r->u, WP_CALL, loc);
    t->list.items = wb_arena_alloc(r->u->a, (n + 1) * sizeof *t->list.items);
    t->list.n = n + 1;
    t->list.items[0] = wc_string_term(r->u, wb_str_of(name), loc);
    memcpy(t->list.items + 1, args, n * sizeof *args);
    return t;
}

bool wc_names_rule(const wc_resolver *r, wb_str name)
{
    return wv_is_object(r->rules) && wv_object_get_str(r->rules, name) != WV_UNDEFINED;
}

static wp_term *package_ref(wc_resolver *r, wb_str name, wp_loc loc)
{
    const wp_term *p = r->module->package;
    wp_term **items = wb_arena_alloc(r->u->a, (p->list.n + 1) * sizeof *items);
    memcpy(items, p->list.items, p->list.n * sizeof *items);
    items[p->list.n] = wc_string_term(r->u, name, loc);
    return ref(r, items, p->list.n + 1, loc);
}

wp_term *wc_resolve_import(wc_resolver *r, wb_str name, wp_loc loc)
{
    wv i = wv_is_object(r->imports) ? wv_object_get_str(r->imports, name) : WV_UNDEFINED;
    if (i == WV_UNDEFINED)
        return NULL;
    const wp_term *path = r->module->imports[wv_int(i)].path;
    if (path->kind == WP_VAR)
        return ref(r, (wp_term *[]){(wp_term *)(uintptr_t)path}, 1, loc);
    return ref(r, path->list.items, path->list.n, loc);
}

/* What a name stands for: a local variable's term, or a ref from data or input. */
wp_term *wc_resolve_name(wc_resolver *r, const wp_term *t)
{
    if (wc_is_root_name(t->name)) {
        wc_var *v = wc_scope_find(r, t->name);
        if (v)
            return wc_var_term(r->u, v, t->loc);
        if (r->args && r->args == r->scope)
            wc_refuse(r, t->loc, "an argument reads", t->name);
        wp_term *root = wc_term_new(r->u, WP_VAR, t->loc);
        root->name = t->name;
        return root;
    }
    if (wc_is_wildcard(t->name))
        return wc_var_term(r->u, wc_scope_free_var(r, t->name, t->loc), t->loc);
    wc_var *v = wc_scope_find(r, t->name);
    if (v)
        return wc_var_term(r->u, v, t->loc);
    if (r->args)
        return wc_var_term(r->u, wc_scope_free_var(r, t->name, t->loc), t->loc);
    wp_term *path = wc_resolve_import(r, t->name, t->loc); /* hides a rule of that name */
    if (path)
        return path;
    if (wc_names_rule(r, t->name))
        return package_ref(r, t->name, t->loc);
    return wc_var_term(r->u, wc_scope_free_var(r, t->name, t->loc), t->loc);
}

wp_term *wc_resolve_ref(wc_resolver *r, const wp_term *t)
{
    const wp_term *head = t->list.items[0];
    wp_term *to = head->kind == WP_VAR ? wc_resolve_name(r, head) : wc_resolve_term(r, head);
    uint32_t n = t->list.n - 1, have = to->kind == WP_REF ? to->list.n : 1;
    wp_term **items = wb_arena_alloc(r->u->a, (have + n) * sizeof *items);
    if (to->kind == WP_REF)
        memcpy(items, to->list.items, have * sizeof *items);
    else
        items[0] = to;
    for (uint32_t i = 0; i < n; i++)
        items[have + i] = wc_resolve_term(r, t->list.items[i + 1]);
    return ref(r, items, have + n, t->loc);
}

static void put_dotted(wb_buf *b, const wp_term *op)
{
    if (op->kind == WP_VAR) {
        wb_buf_put_str(b, op->name);
        return;
    }
    for (uint32_t i = 0; i < op->list.n; i++) {
        const wp_term *t = op->list.items[i];
        if (i)
            wb_buf_putc(b, '.');
        if (t->kind == WP_VAR)
            wb_buf_put_str(b, t->name);
        else if (t->kind == WP_STRING)
            wb_buf_put_str(b, wv_str(&t->value));
    }
}

wb_str wc_dotted(wc_resolver *r, const wp_term *op)
{
    wb_buf text;
    wb_buf_init(&text, (size_t)1 << 30);
    put_dotted(&text, op);
    wb_str dotted = wb_arena_str(r->u->a, wb_buf_str(&text));
    wb_buf_free(&text);
    return dotted;
}

void wc_refuse(wc_resolver *r, wp_loc loc, const char *what, wb_str name)
{
    wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), loc, "%s %.*s", what, WB_FMT(name));
}

/* The operator: a WP_STRING naming a built-in, or a ref from data; NULL after a report. */
wp_term *wc_resolve_operator(wc_resolver *r, const wp_term *op)
{
    const wp_term *head = op->kind == WP_REF ? op->list.items[0] : op;
    wb_str dotted = wc_dotted(r, op);
    const ws_builtin *fn = ws_registry_find(r->u->registry, dotted);
    if (fn && fn->infix)
        return wc_string_term(r->u, dotted, op->loc);
    if (wb_str_is(dotted, "eq") || wb_str_has_prefix(dotted, WB_LIT("internal.")))
        return wc_string_term(r->u, dotted, op->loc);
    wp_term *to = NULL;
    if (wc_is_root(head, "data"))
        to = op->kind == WP_REF ? wc_resolve_ref(r, op) : NULL;
    else if (head->kind == WP_VAR && wc_resolve_import(r, head->name, op->loc))
        to = op->kind == WP_REF ? wc_resolve_ref(r, op) : wc_resolve_import(r, head->name, op->loc);
    else if (head->kind == WP_VAR && wc_names_rule(r, head->name))
        to = op->kind == WP_REF ? wc_resolve_ref(r, op) : package_ref(r, head->name, op->loc);
    if (to && to->kind == WP_REF)
        return to;
    if (fn)
        return wc_string_term(r->u, dotted, op->loc);
    wc_refuse(r, op->loc, "undefined function", dotted);
    return NULL;
}

/* {x | x = t}: one member, or none when t is undefined. */
wp_term *wc_resolve_maybe(wc_resolver *r, const wp_term *t, const wp_expr *owner)
{
    wp_term *c = wc_term_new(r->u, WP_SET_COMP, t->loc);
    wc_var *v = wc_var_new(r->u, WB_LIT("__part__"), t->loc);
    wc_scope *args = r->args;
    r->args = args ? args->outer : NULL; /* holes in arguments may read input and data */
    wp_with *with = owner && owner->n_with ? wc_resolve_withs(r, owner) : NULL;
    wp_expr *e = wc_equation(r->u, wc_var_term(r->u, v, t->loc), wc_resolve_term(r, t), t->loc);
    e->with = with;
    e->n_with = with ? owner->n_with : 0;
    c->comp.value = wc_var_term(r->u, v, t->loc);
    c->comp.body.n = 1;
    c->comp.body.exprs = wb_arena_alloc(r->u->a, sizeof(wp_expr *));
    c->comp.body.exprs[0] = e;
    r->args = args;
    return c;
}

static wp_term *template(wc_resolver *r, const wp_term *t)
{
    wp_term *list = wc_term_new(r->u, WP_ARRAY, t->loc);
    list->list.n = t->tmpl.n;
    list->list.items = wb_arena_alloc(r->u->a, (t->tmpl.n + 1) * sizeof(wp_term *));
    for (uint32_t i = 0; i < t->tmpl.n; i++) {
        const wp_expr *part = t->tmpl.parts[i];
        wp_term call = {.kind = WP_CALL, .loc = part->loc};
        const wp_term *inner = part->term;
        if (part->kind == WP_EXPR_CALL) {
            call.list.items = part->call.items;
            call.list.n = part->call.n;
            inner = &call;
        }
        bool text = part->kind == WP_EXPR_TERM && inner->kind == WP_STRING && !part->n_with;
        list->list.items[i] = text ? wc_resolve_term(r, inner) : wc_resolve_maybe(r, inner, part);
    }
    return call_builtin(r, "internal.template_string", &list, 1, t->loc);
}

/* The metadata functions are constants of the rule they stand in. */
static wp_term *metadata(wc_resolver *r, const wp_term *t)
{
    if (!r->rule || t->list.n != 1)
        return NULL;
    wb_str name = wc_dotted(r, t->list.items[0]);
    bool chain = wb_str_is(name, "rego.metadata.chain");
    bool own = wb_str_is(name, "rego.metadata.rule");
    if (!chain && !own)
        return NULL;
    return wc_value_term(r->u, wc_metadata(r->u, r->module, r->rule, chain), t->loc);
}

static wp_term *call(wc_resolver *r, const wp_term *t)
{
    wp_term *constant = metadata(r, t);
    if (constant)
        return constant;
    wp_term *op = wc_resolve_operator(r, t->list.items[0]);
    wp_term *to = wc_term_new(r->u, WP_CALL, t->loc);
    to->list.n = t->list.n;
    to->list.items = wc_resolve_args(r, t->list.items, t->list.n);
    to->list.items[0] = op ? op : wc_string_term(r->u, WB_LIT("eq"), t->loc);
    return to;
}

/* Item 0 of a call is left to the caller. */
wp_term **wc_resolve_args(wc_resolver *r, wp_term **from, uint32_t n)
{
    wp_term **to = wb_arena_alloc(r->u->a, (n + 1) * sizeof *to);
    to[0] = NULL;
    for (uint32_t i = 1; i < n; i++)
        to[i] = wc_resolve_term(r, from[i]);
    return to;
}

/* See drop_true of rules: a comprehension's body of `true` alone gives way as well. */
static void drop_true(wp_term *t, const wp_body *source)
{
    if (wc_is_true_alone(source) &&
        (wc_is_computed(t->comp.value) || (t->comp.key && wc_is_computed(t->comp.key)))) {
        t->comp.body.exprs++;
        t->comp.body.n--;
    }
}

static wp_term *comprehension(wc_resolver *r, const wp_term *t)
{
    wp_term *to = wc_term_new(r->u, (wp_term_kind)t->kind, t->loc);
    wc_scope s;
    wc_scope_push(r, &s);
    to->comp.body = wc_resolve_body(r, &t->comp.body, false);
    if (t->kind == WP_OBJECT_COMP)
        to->comp.key = wc_resolve_term(r, t->comp.key);
    to->comp.value = wc_resolve_term(r, t->comp.value);
    drop_true(to, &t->comp.body);
    wc_scope_pop(r);
    return to;
}

static int by_key(const void *x, const void *y)
{
    const wp_pair *a = x, *b = y;
    int c = wv_compare(a->key->value, b->key->value);
    return c ? c
             : (a->key->loc.offset > b->key->loc.offset) -
                   (a->key->loc.offset < b->key->loc.offset);
}

/* Whether an object would take both for one key: equal, and of one hash. */
static bool one_key(wv x, wv y, uint64_t seed)
{
    return wv_equal(x, y) && wv_hash(x, seed) == wv_hash(y, seed);
}

/* Pairs with plain keys in Rego order, each key once: its first spelling with its last value. The
 * values that are dropped are never evaluated. */
static void settle_pairs(wp_term *object, uint64_t seed)
{
    wp_pair *pairs = object->object.pairs;
    for (uint32_t i = 0; i < object->object.n; i++)
        if (pairs[i].key->kind > WP_STRING)
            return;
    qsort(pairs, object->object.n, sizeof *pairs, by_key);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < object->object.n; i++) {
        if (kept && one_key(pairs[kept - 1].key->value, pairs[i].key->value, seed))
            pairs[kept - 1].value = pairs[i].value;
        else
            pairs[kept++] = pairs[i];
    }
    object->object.n = kept;
}

wp_term *wc_resolve_term(wc_resolver *r, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: {
        wp_term *to = wc_term_new(r->u, (wp_term_kind)t->kind, t->loc);
        to->value = t->value;
        return to;
    }
    case WP_VAR: return wc_resolve_name(r, t);
    case WP_REF: return wc_resolve_ref(r, t);
    case WP_CALL: return call(r, t);
    case WP_TEMPLATE: return template(r, t);
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return comprehension(r, t);
    case WP_ARRAY:
    case WP_SET: {
        wp_term *to = wc_term_new(r->u, (wp_term_kind)t->kind, t->loc);
        to->list.n = t->list.n;
        to->list.items = wb_arena_alloc(r->u->a, (t->list.n + 1) * sizeof *to->list.items);
        for (uint32_t i = 0; i < t->list.n; i++)
            to->list.items[i] = wc_resolve_term(r, t->list.items[i]);
        return to;
    }
    case WP_OBJECT: {
        wp_term *to = wc_term_new(r->u, WP_OBJECT, t->loc);
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(r->u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){wc_resolve_term(r, t->object.pairs[i].key),
                                            wc_resolve_term(r, t->object.pairs[i].value)};
        settle_pairs(to, r->u->a->seed);
        return to;
    }
    }
    wb_fatal("unknown kind of term %d", t->kind);
}

static bool is_pattern(const wp_term *t)
{
    return t->kind == WP_VAR || t->kind == WP_ARRAY || t->kind == WP_OBJECT;
}

/* Declares every variable of a pattern as new and gives the pattern with them. */
wp_term *wc_resolve_pattern(wc_resolver *r, const wp_term *t)
{
    if (t->kind == WP_REF && t->list.n == 1 && t->list.items[0]->kind == WP_VAR)
        t = t->list.items[0]; /* `input` and `data` as names */
    switch ((wp_term_kind)t->kind) {
    case WP_VAR:
        if (wc_is_wildcard(t->name))
            return wc_resolve_name(r, t);
        return wc_var_term(r->u, wc_scope_declare(r, t), t->loc);
    case WP_ARRAY: {
        wp_term *to = wc_term_new(r->u, WP_ARRAY, t->loc);
        to->list.n = t->list.n;
        to->list.items = wb_arena_alloc(r->u->a, (t->list.n + 1) * sizeof *to->list.items);
        for (int late = 0; late < 2; late++) /* variables before what may read them */
            for (uint32_t i = 0; i < t->list.n; i++)
                if (is_pattern(t->list.items[i]) != (bool)late)
                    to->list.items[i] = wc_resolve_pattern(r, t->list.items[i]);
        return to;
    }
    case WP_OBJECT: {
        wp_term *to = wc_term_new(r->u, WP_OBJECT, t->loc);
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(r->u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (int late = 0; late < 2; late++)
            for (uint32_t i = 0; i < t->object.n; i++) {
                const wp_pair *from = &t->object.pairs[i];
                if (late) /* keys are looked up, not declared */
                    to->object.pairs[i].key = wc_resolve_term(r, from->key);
                if (is_pattern(from->value) != (bool)late)
                    to->object.pairs[i].value = wc_resolve_pattern(r, from->value);
            }
        return to;
    }
    default: return wc_resolve_term(r, t);
    }
}
