/* Names: every variable becomes a local of its rule, a path into data or input, or an error.
 *
 * Takes the parser's trees and copies them. After it: `:=` is gone (the variable is a new one, the
 * expression is `=`), `some x` is gone, `some k, v in xs` has variables of its own, template
 * strings and print() are calls, calls name a built-in (WP_STRING) or a function (WP_REF from
 * data), calls nested in a negated expression stand before it.
 *
 * Reports: undefined function, wrong number of arguments, variables assigned or referenced above.
 */
#include "compiler/unit.h"

#include <stdlib.h>

typedef struct binding {
    wb_str name;
    wc_var *var;     /* NULL: the name was used here with its outer meaning */
    const char *how; /* "assigned", "declared", "arg" */
    wp_loc loc;      /* of the statement that made it */
    struct binding *next;
} binding;

typedef struct scope {
    struct scope *outer;
    binding *names;
    bool body; /* of a rule: its arguments, in the scope around it, count as declared here */
} scope;

typedef struct resolver {
    wc_unit *u;
    const wp_module *module;
    wv rules;           /* names of the package's rules */
    wv imports;         /* alias -> number of the import */
    binding *free_vars; /* variables nobody declared, of the whole rule */
    scope *scope;
    bool query;          /* a query, not a module */
    const wp_rule *rule; /* the rule that names belong to; NULL in a query */
    /* arguments that are no patterns: tested behind the body by a variable in their place */
    struct late {
        wc_var *var;
        const wp_term *t;
    } late[64];
    uint32_t n_late;
    bool failed, told_unused; /* in this rule */
    bool *used_imports;       /* strict: by number of the import */
    /* expressions made on the way, to stand before the one being resolved */
    wp_expr **before;
    uint32_t n_before, cap_before;
} resolver;

static wp_term *term(resolver *r, const wp_term *t);
static wp_body body(resolver *r, const wp_body *b, bool new_scope);
static wp_term **terms(resolver *r, wp_term **from, uint32_t n);
static wp_with *withs(resolver *r, const wp_expr *e);
static wb_str head_name(const wp_head *h);

/* ---- small makers ---- */

wc_var *wc_var_new(wc_unit *u, wb_str name, wp_loc loc)
{
    wc_var *v = wb_arena_calloc(u->a, sizeof *v + name.n + 1);
    v->id = u->n_vars++;
    v->loc = loc;
    v->len = (uint32_t)name.n;
    memcpy(v->text, name.p, name.n);
    return v;
}

wp_term *wc_term_new(wc_unit *u, wp_term_kind kind, wp_loc loc)
{
    wp_term *t = wb_arena_calloc(u->a, sizeof *t);
    t->kind = (uint8_t)kind;
    t->loc = loc;
    return t;
}

wp_term *wc_var_term(wc_unit *u, wc_var *v, wp_loc loc)
{
    wp_term *t = wc_term_new(u, WP_VAR, loc);
    t->name = wb_str_n(v->text, v->len);
    return t;
}

wp_term *wc_string_term(wc_unit *u, wb_str s, wp_loc loc)
{
    wp_term *t = wc_term_new(u, WP_STRING, loc);
    t->value = wv_string_new(u->a, s);
    return t;
}

wp_expr *wc_expr_new(wc_unit *u, wp_expr_kind kind, wp_loc loc)
{
    wp_expr *e = wb_arena_calloc(u->a, sizeof *e);
    e->kind = (uint8_t)kind;
    e->loc = loc;
    return e;
}

const wp_file *wc_file(const wc_unit *u)
{
    return u->module ? &u->module->file : NULL;
}

bool wc_is_root(const wp_term *t, const char *name)
{
    return t->kind == WP_VAR && wb_str_is(t->name, name);
}

static wp_term *ref(resolver *r, wp_term **items, uint32_t n, wp_loc loc)
{
    wp_term *t = wc_term_new(r->u, WP_REF, loc);
    t->list.items = items;
    t->list.n = n;
    return t;
}

static wp_term *call_builtin(resolver *r, const char *name, wp_term **args, uint32_t n, wp_loc loc)
{
    wp_term *t = wc_term_new(r->u, WP_CALL, loc);
    t->list.items = wb_arena_alloc(r->u->a, (n + 1) * sizeof *t->list.items);
    t->list.n = n + 1;
    t->list.items[0] = wc_string_term(r->u, wb_str_of(name), loc);
    memcpy(t->list.items + 1, args, n * sizeof *args);
    return t;
}

static wp_expr *equation(resolver *r, wp_term *x, wp_term *y, wp_loc loc)
{
    wp_expr *e = wc_expr_new(r->u, WP_EXPR_CALL, loc);
    e->call.items = wb_arena_alloc(r->u->a, 3 * sizeof *e->call.items);
    e->call.n = 3;
    e->call.items[0] = wc_string_term(r->u, WB_LIT("eq"), loc);
    e->call.items[1] = x;
    e->call.items[2] = y;
    return e;
}

/* ---- scopes ---- */

static bool is_wildcard(wb_str name)
{
    return name.n && name.p[0] == '$';
}

static void push(resolver *r, scope *s)
{
    *s = (scope){.outer = r->scope};
    r->scope = s;
}

static void pop(resolver *r)
{
    bool told = r->told_unused;
    for (const binding *b = r->scope->names; b && !r->failed && !told; b = b->next)
        if (b->var && b->var->may_be_unused && !b->var->uses) {
            wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), b->loc, "%s var %.*s unused",
                      b->how, WB_FMT(b->name));
            r->told_unused = true;
        }
    r->scope = r->scope->outer;
}

static binding *find_in(binding *names, wb_str name)
{
    for (binding *b = names; b; b = b->next)
        if (wb_str_eq(b->name, name))
            return b;
    return NULL;
}

static binding *add_binding(resolver *r, binding **list, wb_str name, wc_var *var)
{
    binding *b = wb_arena_alloc(r->u->a, sizeof *b);
    *b = (binding){.name = name, .var = var, .next = *list};
    *list = b;
    return b;
}

/* Stops after names: what follows would only repeat it. */
static void fail(resolver *r, wp_loc loc, const char *before, wb_str name, const char *after)
{
    r->u->failed = true;
    r->failed = true;
    wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), loc, "%s%.*s%s", before, WB_FMT(name),
              after);
}

static wc_var *declare(resolver *r, const wp_term *t, const char *how, wp_loc loc)
{
    binding *there = find_in(r->scope->names, t->name);
    if ((!there || !there->var) && r->scope->body) {
        binding *arg = find_in(r->scope->outer->names, t->name);
        there = arg && arg->var ? arg : there;
    }
    if (there) {
        bool arg = there->var && wb_str_is(wb_str_of(there->how), "arg");
        bool assigned = there->var && wb_str_is(wb_str_of(there->how), "assigned");
        fail(r, loc, arg ? "arg " : "var ", t->name,
             !there->var ? " referenced above"
             : arg       ? " redeclared"
             : assigned  ? " assigned above"
                         : " declared above");
        if (there->var)
            return there->var;
    }
    wc_var *v = wc_var_new(r->u, t->name, t->loc);
    v->declared = true;
    binding *b = add_binding(r, &r->scope->names, t->name, v);
    b->how = how;
    b->loc = loc;
    v->may_be_unused = r->u->options->strict && wb_str_is(wb_str_of(how), "assigned");
    return v;
}

static wc_var *free_var(resolver *r, wb_str name, wp_loc loc)
{
    binding *b = find_in(r->free_vars, name);
    if (!b)
        b = add_binding(r, &r->free_vars, name, wc_var_new(r->u, name, loc));
    return b->var;
}

/* ---- references ---- */

static wp_term *package_ref(resolver *r, wb_str name, wp_loc loc)
{
    const wp_term *p = r->module->package;
    wp_term **items = wb_arena_alloc(r->u->a, (p->list.n + 1) * sizeof *items);
    memcpy(items, p->list.items, p->list.n * sizeof *items);
    items[p->list.n] = wc_string_term(r->u, name, loc);
    return ref(r, items, p->list.n + 1, loc);
}

static wp_term *import_path(resolver *r, wb_str name, wp_loc loc)
{
    wv i = wv_is_object(r->imports) ? wv_object_get_str(r->imports, name) : WV_UNDEFINED;
    if (i == WV_UNDEFINED)
        return NULL;
    if (r->used_imports)
        r->used_imports[wv_int(i)] = true;
    const wp_term *path = r->module->imports[wv_int(i)].path;
    if (path->kind == WP_VAR)
        return ref(r, (wp_term *[]){(wp_term *)(uintptr_t)path}, 1, loc);
    return ref(r, path->list.items, path->list.n, loc);
}

/* What a name stands for: a local variable's term, or a ref from data or input. */
static wp_term *name(resolver *r, const wp_term *t)
{
    if (wb_str_is(t->name, "input") || wb_str_is(t->name, "data")) {
        wp_term *root = wc_term_new(r->u, WP_VAR, t->loc);
        root->name = t->name;
        for (scope *s = r->scope; s; s = s->outer) {
            binding *b = find_in(s->names, t->name);
            if (b && b->var)
                return wc_var_term(r->u, b->var, t->loc);
        }
        return root;
    }
    if (is_wildcard(t->name))
        return wc_var_term(r->u, free_var(r, t->name, t->loc), t->loc);
    for (scope *s = r->scope; s; s = s->outer) {
        binding *b = find_in(s->names, t->name);
        if (b && b->var) {
            b->var->uses++;
            if (r->scope != s && !find_in(r->scope->names, t->name))
                add_binding(r, &r->scope->names, t->name, NULL); /* for "referenced above" */
            return wc_var_term(r->u, b->var, t->loc);
        }
    }
    if (r->scope && !find_in(r->scope->names, t->name))
        add_binding(r, &r->scope->names, t->name, NULL);
    if (wv_is_object(r->rules) && wv_object_get_str(r->rules, t->name) != WV_UNDEFINED)
        return package_ref(r, t->name, t->loc);
    wp_term *path = import_path(r, t->name, t->loc);
    if (path)
        return path;
    return wc_var_term(r->u, free_var(r, t->name, t->loc), t->loc);
}

static wp_term *reference(resolver *r, const wp_term *t)
{
    const wp_term *head = t->list.items[0];
    wp_term *to = head->kind == WP_VAR ? name(r, head) : term(r, head);
    uint32_t n = t->list.n - 1, have = to->kind == WP_REF ? to->list.n : 1;
    wp_term **items = wb_arena_alloc(r->u->a, (have + n) * sizeof *items);
    if (to->kind == WP_REF)
        memcpy(items, to->list.items, have * sizeof *items);
    else
        items[0] = to;
    for (uint32_t i = 0; i < n; i++)
        items[have + i] = term(r, t->list.items[i + 1]);
    return ref(r, items, have + n, t->loc);
}

/* ---- calls ---- */

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

/* The operator: a WP_STRING naming a built-in, or a ref from data; NULL after a report. */
static wp_term *operator(resolver *r, const wp_term *op)
{
    const wp_term *head = op->kind == WP_REF ? op->list.items[0] : op;
    wb_buf text;
    wb_buf_init(&text, 4096);
    put_dotted(&text, op);
    wb_str dotted = wb_arena_str(r->u->a, wb_buf_str(&text));
    wb_buf_free(&text);
    const ws_builtin *fn = ws_registry_find(r->u->registry, dotted);
    if (fn && fn->infix)
        return wc_string_term(r->u, dotted, op->loc);
    if (wb_str_is(dotted, "eq") || wb_str_has_prefix(dotted, WB_LIT("internal.")))
        return wc_string_term(r->u, dotted, op->loc);
    for (scope *s = r->scope; head->kind == WP_VAR && s; s = s->outer) {
        binding *b = find_in(s->names, head->name);
        if (b && b->var) {
            fail(r, op->loc, "called function ", dotted, " shadowed");
            return NULL;
        }
    }
    if (head->kind == WP_VAR) {
        wp_term *to = NULL;
        if (wc_is_root(head, "data"))
            to = op->kind == WP_REF ? reference(r, op) : NULL;
        else if (wv_is_object(r->rules) && wv_object_get_str(r->rules, head->name) != WV_UNDEFINED)
            to = op->kind == WP_REF ? reference(r, op) : package_ref(r, head->name, op->loc);
        else if (import_path(r, head->name, op->loc))
            to = op->kind == WP_REF ? reference(r, op) : import_path(r, head->name, op->loc);
        if (to && to->kind == WP_REF)
            return to;
    }
    if (fn)
        return wc_string_term(r->u, dotted, op->loc);
    wb_buf_init(&text, (size_t)1 << 20);
    wp_term_put(&text, op);
    wp_report(&r->u->functions, WP_TYPE_ERROR, wc_file(r->u), op->loc, "undefined function %.*s",
              WB_FMT(wb_buf_str(&text)));
    wb_buf_free(&text);
    return NULL;
}

/* {x | x = t}: one member, or none when t is undefined. */
static wp_term *maybe(resolver *r, const wp_term *t, const wp_expr *owner)
{
    wp_term *c = wc_term_new(r->u, WP_SET_COMP, t->loc);
    wc_var *v = wc_var_new(r->u, WB_LIT("__part__"), t->loc);
    scope s;
    push(r, &s);
    wp_with *with = owner && owner->n_with ? withs(r, owner) : NULL;
    wp_expr *e = equation(r, wc_var_term(r->u, v, t->loc), term(r, t), t->loc);
    e->with = with;
    e->n_with = with ? owner->n_with : 0;
    c->comp.value = wc_var_term(r->u, v, t->loc);
    c->comp.body.n = 1;
    c->comp.body.exprs = wb_arena_alloc(r->u->a, sizeof(wp_expr *));
    c->comp.body.exprs[0] = e;
    pop(r);
    return c;
}

static wp_term *template(resolver *r, const wp_term *t)
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
        list->list.items[i] = text ? term(r, inner) : maybe(r, inner, part);
    }
    return call_builtin(r, "internal.template_string", &list, 1, t->loc);
}

/* The metadata functions are constants of the rule they stand in. */
static wp_term *metadata(resolver *r, const wp_term *t)
{
    if (!r->rule || t->list.n != 1)
        return NULL;
    wb_buf name;
    wb_buf_init(&name, 4096);
    put_dotted(&name, t->list.items[0]);
    bool chain = wb_str_is(wb_buf_str(&name), "rego.metadata.chain");
    bool own = wb_str_is(wb_buf_str(&name), "rego.metadata.rule");
    wb_buf_free(&name);
    if (!chain && !own)
        return NULL;
    return wc_value_term(r->u, wc_metadata(r->u, r->module, r->rule, chain), t->loc);
}

static wp_term *call(resolver *r, const wp_term *t)
{
    wp_term *constant = metadata(r, t);
    if (constant)
        return constant;
    wp_term *op = operator(r, t->list.items[0]);
    wp_term *to = wc_term_new(r->u, WP_CALL, t->loc);
    to->list.n = t->list.n;
    to->list.items = terms(r, t->list.items, t->list.n);
    to->list.items[0] = op ? op : wc_string_term(r->u, WB_LIT("eq"), t->loc);
    return to;
}

/* ---- terms ---- */

/* Item 0 of a call is left to the caller. */
static wp_term **terms(resolver *r, wp_term **from, uint32_t n)
{
    wp_term **to = wb_arena_alloc(r->u->a, (n + 1) * sizeof *to);
    to[0] = NULL;
    for (uint32_t i = 1; i < n; i++)
        to[i] = term(r, from[i]);
    return to;
}

static wp_term *comprehension(resolver *r, const wp_term *t)
{
    wp_term *to = wc_term_new(r->u, (wp_term_kind)t->kind, t->loc);
    scope s;
    push(r, &s);
    to->comp.body = body(r, &t->comp.body, false);
    if (t->kind == WP_OBJECT_COMP)
        to->comp.key = term(r, t->comp.key);
    to->comp.value = term(r, t->comp.value);
    pop(r);
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

static wp_term *term(resolver *r, const wp_term *t)
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
    case WP_VAR: return name(r, t);
    case WP_REF: return reference(r, t);
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
            to->list.items[i] = term(r, t->list.items[i]);
        return to;
    }
    case WP_OBJECT: {
        wp_term *to = wc_term_new(r->u, WP_OBJECT, t->loc);
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(r->u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] =
                (wp_pair){term(r, t->object.pairs[i].key), term(r, t->object.pairs[i].value)};
        settle_pairs(to, r->u->a->seed);
        return to;
    }
    }
    wb_fatal("unknown kind of term %d", t->kind);
}

/* Declares every variable of a pattern as new and gives the pattern with them. */
static wp_term *pattern(resolver *r, const wp_term *t, const char *how, wp_loc loc)
{
    static const char *const kinds[] = {"null",
                                        "boolean",
                                        "number",
                                        "string",
                                        "var",
                                        "ref",
                                        "array",
                                        "set",
                                        "object",
                                        "arraycomprehension",
                                        "setcomprehension",
                                        "objectcomprehension",
                                        "call",
                                        "templatestring"};
    if (t->kind == WP_REF && t->list.n == 1 && t->list.items[0]->kind == WP_VAR)
        t = t->list.items[0]; /* `input` and `data` as names */
    switch ((wp_term_kind)t->kind) {
    case WP_VAR:
        if (is_wildcard(t->name))
            return name(r, t);
        return wc_var_term(r->u, declare(r, t, how, loc.row ? loc : t->loc), t->loc);
    case WP_ARRAY: {
        wp_term *to = wc_term_new(r->u, WP_ARRAY, t->loc);
        to->list.n = t->list.n;
        to->list.items = wb_arena_alloc(r->u->a, (t->list.n + 1) * sizeof *to->list.items);
        for (uint32_t i = 0; i < t->list.n; i++)
            to->list.items[i] = pattern(r, t->list.items[i], how, loc);
        return to;
    }
    case WP_OBJECT: {
        wp_term *to = wc_term_new(r->u, WP_OBJECT, t->loc);
        to->object.n = t->object.n;
        to->object.pairs = wb_arena_alloc(r->u->a, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++) /* keys are looked up, not declared */
            to->object.pairs[i] = (wp_pair){term(r, t->object.pairs[i].key),
                                            pattern(r, t->object.pairs[i].value, how, loc)};
        return to;
    }
    default:
        if (wb_str_is(wb_str_of(how), "assigned"))
            fail(r, t->loc, "cannot assign to ", wb_str_of(kinds[t->kind]), "");
        return term(r, t);
    }
}

/* ---- expressions ---- */

static void emit_before(resolver *r, wp_expr *e)
{
    if (r->n_before == r->cap_before) {
        r->cap_before = r->cap_before ? 2 * r->cap_before : 8;
        r->before = wb_realloc(r->before, r->cap_before * sizeof *r->before);
    }
    r->before[r->n_before++] = e;
}

static wp_term *in_front(resolver *r, wp_term *t, const wp_expr *owner)
{
    wc_var *v = wc_var_new(r->u, WB_LIT("__before__"), t->loc);
    wp_expr *e =
        equation(r, wc_var_term(r->u, v, t->loc), t, t->kind == WP_CALL ? t->loc : owner->loc);
    e->with = owner->with;
    e->n_with = owner->n_with;
    e->generated = true;
    emit_before(r, e);
    return wc_var_term(r->u, v, t->loc);
}

/* Moves what t needs in front of the expression: `not` negates only the last step, so a missing
 * input of a negated call makes the whole undefined. */
static wp_term *hoist(resolver *r, wp_term *t, const wp_expr *owner)
{
    switch ((wp_term_kind)t->kind) {
    case WP_CALL:
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return in_front(r, t, owner);
    case WP_REF:
        for (uint32_t i = 1; i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return in_front(r, t, owner);
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = hoist(r, t->object.pairs[i].key, owner);
            t->object.pairs[i].value = hoist(r, t->object.pairs[i].value, owner);
        }
        return t;
    case WP_VAR: return wc_is_root(t, "input") ? in_front(r, t, owner) : t;
    default: return t;
    }
}

/* As hoist, but a reference itself stays: a side of `==`, and an expression that is a reference. */
static wp_term *hoist_below(resolver *r, wp_term *t, const wp_expr *owner)
{
    if (t->kind == WP_REF || t->kind == WP_VAR) {
        for (uint32_t i = 1; t->kind == WP_REF && i < t->list.n; i++)
            t->list.items[i] = hoist(r, t->list.items[i], owner);
        return t;
    }
    return hoist(r, t, owner);
}

static void hoist_call(resolver *r, wp_term **items, uint32_t n, const wp_expr *owner)
{
    bool equality = false;
    if (items[0]->kind == WP_STRING) {
        wb_str name = wv_str(&items[0]->value);
        /* In a module `==` is the same as `=`; in a query it is a call like any other. */
        equality = wb_str_is(name, "eq") || (wb_str_is(name, "equal") && !r->query);
    }
    for (uint32_t i = 1; i < n; i++)
        items[i] = equality ? hoist_below(r, items[i], owner) : hoist(r, items[i], owner);
}

static void refuse_target(resolver *r, wp_code code, wp_loc loc, const char *what)
{
    wp_report(&r->u->targets, code, wc_file(r->u), loc, "with keyword %s", what);
}

/* What stands for a function that `with` replaces, or NULL after a report. */
static wp_term *mock_target(resolver *r, const wp_term *target)
{
    const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
    wb_buf text;
    wb_buf_init(&text, 4096);
    put_dotted(&text, target);
    wb_str name = wb_arena_str(r->u->a, wb_buf_str(&text));
    wb_buf_free(&text);
    bool own =
        head->kind == WP_VAR &&
        ((wv_is_object(r->rules) && wv_object_get_str(r->rules, head->name) != WV_UNDEFINED) ||
         import_path(r, head->name, target->loc));
    const ws_builtin *fn = own ? NULL : ws_registry_find(r->u->registry, name);
    if (!own && !fn) {
        refuse_target(r, WP_TYPE_ERROR, target->loc,
                      "target must reference existing input, data, or a function");
        return NULL;
    }
    if (own)
        return operator(r, target);
    if (wb_str_is(name, "eq") || wb_str_is(name, "rego.metadata.chain") ||
        wb_str_is(name, "rego.metadata.rule") || wb_str_has_prefix(name, WB_LIT("internal."))) {
        bool inside = wb_str_has_prefix(name, WB_LIT("internal."));
        wp_report(&r->u->targets, WP_COMPILE_ERROR, wc_file(r->u), target->loc,
                  "with keyword replacing built-in function: replacement of %s\"%.*s\" invalid",
                  inside ? "internal function " : "", WB_FMT(name));
        return NULL;
    }
    if (fn->flags & (WS_RELATION | WS_VOID)) {
        refuse_target(r, WP_COMPILE_ERROR, target->loc,
                      fn->flags & WS_RELATION
                          ? "replacing built-in function: target must not be a relation"
                          : "replacing built-in function: target must not be a void function");
        return NULL;
    }
    return operator(r, target);
}

static wp_with *withs(resolver *r, const wp_expr *e)
{
    wp_with *to = wb_arena_alloc(r->u->a, (e->n_with + 1) * sizeof *to);
    for (uint32_t i = 0; i < e->n_with; i++) {
        const wp_with *w = &e->with[i];
        to[i].loc = w->loc;
        const wp_term *target = w->target;
        const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
        if (wc_is_root(head, "input") || wc_is_root(head, "data"))
            to[i].target = target->kind == WP_REF ? reference(r, target) : name(r, target);
        else {
            to[i].target = mock_target(r, target);
            if (!to[i].target)
                to[i].target = wc_string_term(r->u, WB_LIT("eq"), w->loc);
        }
        /* A bare name that is no variable may be a built-in: then the value is a function. */
        const wp_term *v = w->value;
        const wp_term *vhead = v->kind == WP_REF ? v->list.items[0] : v;
        bool function = false;
        if (vhead->kind == WP_VAR && !wc_is_root(vhead, "input") && !wc_is_root(vhead, "data")) {
            bool local = find_in(r->free_vars, vhead->name) != NULL;
            for (scope *s = r->scope; s && !local; s = s->outer) {
                binding *b = find_in(s->names, vhead->name);
                local = b && b->var;
            }
            bool rule =
                wv_is_object(r->rules) && wv_object_get_str(r->rules, vhead->name) != WV_UNDEFINED;
            if (!local && !rule && !import_path(r, vhead->name, v->loc)) {
                wb_buf text;
                wb_buf_init(&text, 4096);
                put_dotted(&text, v);
                function = ws_registry_find(r->u->registry, wb_buf_str(&text)) != NULL;
                wb_buf_free(&text);
            }
        }
        if (function) {
            wp_term *f = wc_term_new(r->u, WP_CALL, v->loc);
            f->list.items = wb_arena_alloc(r->u->a, sizeof(wp_term *));
            f->list.items[0] = operator(r, v);
            f->list.n = 1;
            to[i].value = f;
        } else {
            to[i].value = term(r, v);
        }
    }
    return to;
}

/* Variables of t outside of comprehensions; `bound`: those it binds by being matched. */
static void each_var(const wp_term *t, bool bound, void (*f)(void *arg, const wp_term *), void *arg)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: f(arg, t); return;
    case WP_REF:
    case WP_CALL:
    case WP_ARRAY:
    case WP_SET: {
        bool skip = t->kind == WP_CALL || (t->kind == WP_REF && bound);
        for (uint32_t i = skip; i < t->list.n; i++)
            each_var(t->list.items[i], bound, f, arg);
        return;
    }
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            if (!bound)
                each_var(t->object.pairs[i].key, bound, f, arg);
            each_var(t->object.pairs[i].value, bound, f, arg);
        }
        return;
    default: return;
    }
}

typedef struct meeting {
    resolver *r;
    const wp_term *domain;
    wb_str name;
    wp_loc loc;
    bool met, any;
} meeting;

static void meets(void *arg, const wp_term *t)
{
    meeting *m = arg;
    m->met |= wb_str_eq(m->name, t->name);
}

static void meets_domain(void *arg, const wp_term *t)
{
    meeting *m = arg;
    m->name = t->name;
    m->met = false;
    if (!is_wildcard(t->name))
        each_var(m->domain, false, meets, m);
    if (m->met)
        fail(m->r, m->loc, "var ", t->name, " assigned before");
    m->any |= m->met;
}

/* `some x in f(x)`: reports it. */
static bool binds_own_domain(resolver *r, const wp_expr *e, const wp_term *call)
{
    meeting m = {.r = r, .domain = call->list.items[call->list.n - 1], .loc = e->loc};
    for (uint32_t i = 1; i + 1 < call->list.n; i++)
        each_var(call->list.items[i], true, meets_domain, &m);
    return m.any;
}

static wp_expr *some(resolver *r, const wp_expr *e)
{
    if (e->some.n == 1 && e->some.items[0]->kind == WP_CALL) {
        const wp_term *c = e->some.items[0];
        if (binds_own_domain(r, e, c))
            return NULL;
        wp_term *to = wc_term_new(r->u, WP_CALL, c->loc);
        to->list.n = c->list.n;
        to->list.items = wb_arena_alloc(r->u->a, c->list.n * sizeof *to->list.items);
        to->list.items[0] = operator(r, c->list.items[0]);
        to->list.items[c->list.n - 1] = term(r, c->list.items[c->list.n - 1]);
        for (uint32_t i = 1; i + 1 < c->list.n; i++)
            to->list.items[i] = pattern(r, c->list.items[i], "declared", e->loc);
        wp_expr *x = wc_expr_new(r->u, WP_EXPR_SOME, e->loc);
        x->some.items = wb_arena_alloc(r->u->a, sizeof(wp_term *));
        x->some.items[0] = to;
        x->some.n = 1;
        return x;
    }
    for (uint32_t i = 0; i < e->some.n; i++)
        if (e->some.items[i]->kind == WP_VAR && !is_wildcard(e->some.items[i]->name))
            declare(r, e->some.items[i], "declared", e->loc)->may_be_unused = true;
    return NULL;
}

/* Unused, it is reported at the first expression of the body. */
static wp_term *loop_var(resolver *r, const wp_term *t, wp_loc loc, wp_loc first)
{
    wp_term *to = pattern(r, t, "declared", loc);
    if (t->kind == WP_VAR && !is_wildcard(t->name)) {
        wc_var_of(to)->may_be_unused = true;
        binding *b = find_in(r->scope->names, t->name);
        if (b)
            b->loc = first;
    }
    return to;
}

static wp_expr *every(resolver *r, const wp_expr *e)
{
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_EVERY, e->loc);
    wp_loc first = e->every.body.n ? e->every.body.exprs[0]->loc : e->loc;
    to->every.domain = term(r, e->every.domain);
    scope s;
    push(r, &s);
    if (e->every.key)
        to->every.key = loop_var(r, e->every.key, e->loc, first);
    to->every.value = loop_var(r, e->every.value, e->loc, first);
    to->every.body = body(r, &e->every.body, false);
    pop(r);
    return to;
}

static wp_expr *print_call(resolver *r, const wp_expr *e)
{
    if (!r->u->options->print)
        return NULL;
    wp_term *list = wc_term_new(r->u, WP_ARRAY, e->loc);
    list->list.n = e->call.n - 1;
    list->list.items = wb_arena_alloc(r->u->a, e->call.n * sizeof(wp_term *));
    for (uint32_t i = 1; i < e->call.n; i++)
        list->list.items[i - 1] = maybe(r, e->call.items[i], NULL);
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_CALL, e->loc);
    to->call.n = 2;
    to->call.items = wb_arena_alloc(r->u->a, 2 * sizeof(wp_term *));
    to->call.items[0] = wc_string_term(r->u, WB_LIT("internal.print"), e->loc);
    to->call.items[1] = list;
    return to;
}

static bool op_is(const wp_term *op, const char *name)
{
    const wp_term *head = op->kind == WP_REF && op->list.n == 1 ? op->list.items[0] : op;
    return head->kind == WP_VAR && wb_str_is(head->name, name);
}

static bool imports_v2(const wp_module *m)
{
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const wp_term *p = m->imports[i].path;
        if (p->kind == WP_REF && p->list.n == 2 && wc_is_root(p->list.items[0], "rego") &&
            p->list.items[1]->kind == WP_STRING &&
            wb_str_is(wv_str(&p->list.items[1]->value), "v2"))
            return true;
    }
    return false;
}

bool wc_is_strict(const wc_unit *u)
{
    const wp_module *m = u->module;
    return u->options->strict || (m && (m->version != WP_V0 || m->rego_v1_import || imports_v2(m)));
}

static bool is_strict(const resolver *r)
{
    return wc_is_strict(r->u);
}

static bool is_root_name(wb_str name)
{
    return wb_str_is(name, "input") || wb_str_is(name, "data");
}

static void shadows_root(resolver *r, const wp_term *t, wp_loc loc)
{
    const wp_term *name = t->kind == WP_REF && t->list.n == 1 ? t->list.items[0] : t;
    if (r->module && is_strict(r) && name->kind == WP_VAR && is_root_name(name->name))
        wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), loc,
                  "variables must not shadow %.*s (use a different variable name)",
                  WB_FMT(name->name));
}

static bool assigns(const wp_expr *e)
{
    return e->kind == WP_EXPR_CALL && op_is(e->call.items[0], "assign") && e->call.n == 3;
}

/* Operands without braces bind nothing, so they may not assign. */
static bool refuse_assignment(resolver *r, const wp_body *b, bool braces, const char *what)
{
    bool any = false;
    for (uint32_t i = 0; i < b->n && !braces; i++)
        if (assigns(b->exprs[i])) {
            fail(r, b->exprs[i]->loc, "cannot assign vars inside ", wb_str_of(what), "");
            any = true;
        }
    return any;
}

static wp_expr *call_expr(resolver *r, const wp_expr *e)
{
    if (op_is(e->call.items[0], "assign") && e->call.n == 3) {
        if (e->negated) {
            fail(r, e->loc, "cannot assign vars inside negated expression", WB_LIT(""), "");
            return NULL;
        }
        shadows_root(r, e->call.items[1], e->loc);
        wp_term *value = term(r, e->call.items[2]);
        wp_expr *to =
            equation(r, pattern(r, e->call.items[1], "assigned", (wp_loc){0}), value, e->loc);
        to->call.items[0]->infix = true; /* binds its left side only: for reports */
        return to;
    }
    if (op_is(e->call.items[0], "print"))
        return print_call(r, e);
    wp_term *op = operator(r, e->call.items[0]);
    wp_expr *to = wc_expr_new(r->u, WP_EXPR_CALL, e->loc);
    to->call.n = e->call.n;
    to->call.items = terms(r, e->call.items, e->call.n);
    to->call.items[0] = op ? op : wc_string_term(r->u, WB_LIT("eq"), e->loc);
    return to;
}

/* The resolved expression, or NULL when nothing is left of it. */
static wp_expr *expression(resolver *r, const wp_expr *e)
{
    wp_expr *to = NULL;
    wp_with *with = e->n_with ? withs(r, e) : NULL;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        to = wc_expr_new(r->u, WP_EXPR_TERM, e->loc);
        to->term = term(r, e->term);
        break;
    case WP_EXPR_CALL: to = call_expr(r, e); break;
    case WP_EXPR_SOME: to = some(r, e); break;
    case WP_EXPR_EVERY: to = every(r, e); break;
    case WP_EXPR_NOT:
        if (refuse_assignment(r, &e->body, e->explicit_body, "negated expression"))
            return NULL;
        to = wc_expr_new(r->u, WP_EXPR_NOT, e->loc);
        to->explicit_body = e->explicit_body;
        to->body = body(r, &e->body, true);
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR: {
        const char *what = e->kind == WP_EXPR_AND ? "implicit and operand" : "implicit or operand";
        bool left = refuse_assignment(r, &e->logic.lhs, e->explicit_body, what);
        if (refuse_assignment(r, &e->logic.rhs, e->explicit_rhs, what) || left)
            return NULL;
        to = wc_expr_new(r->u, (wp_expr_kind)e->kind, e->loc);
        to->explicit_body = e->explicit_body;
        to->explicit_rhs = e->explicit_rhs;
        to->logic.lhs = body(r, &e->logic.lhs, true);
        to->logic.rhs = body(r, &e->logic.rhs, true);
        break;
    }
    }
    if (!to)
        return NULL;
    to->negated = e->negated;
    to->index = e->index;
    to->with = with;
    to->n_with = e->n_with;
    if (e->negated && to->kind == WP_EXPR_CALL)
        hoist_call(r, to->call.items, to->call.n, to);
    else if (e->negated && to->kind == WP_EXPR_TERM && to->term->kind == WP_CALL)
        hoist_call(r, to->term->list.items, to->term->list.n, to);
    else if (e->negated && to->kind == WP_EXPR_TERM)
        to->term = hoist_below(r, to->term, to);
    return to;
}

static wp_body body(resolver *r, const wp_body *b, bool new_scope)
{
    scope s;
    if (new_scope)
        push(r, &s);
    wp_expr **before = r->before;
    uint32_t n_before = r->n_before, cap_before = r->cap_before;
    r->before = NULL;
    r->n_before = r->cap_before = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = expression(r, b->exprs[i]);
        if (e)
            emit_before(r, e);
    }
    wp_body to = {wb_arena_alloc(r->u->a, (r->n_before + 1) * sizeof(wp_expr *)), r->n_before};
    if (r->n_before)
        memcpy(to.exprs, r->before, r->n_before * sizeof(wp_expr *));
    for (uint32_t i = 0; i < to.n; i++)
        to.exprs[i]->index = i;
    free(r->before);
    r->before = before;
    r->n_before = n_before;
    r->cap_before = cap_before;
    if (new_scope)
        pop(r);
    return to;
}

/* ---- rules ---- */

static wp_term *argument(resolver *r, const wp_term *t)
{
    if (t->kind == WP_REF && t->list.n == 1 && t->list.items[0]->kind == WP_VAR)
        t = t->list.items[0];
    if (t->kind == WP_VAR && !is_wildcard(t->name)) {
        binding *b = find_in(r->scope->names, t->name);
        if (b && b->var)
            return wc_var_term(r->u, b->var, t->loc);
    }
    if (t->kind == WP_ARRAY || t->kind == WP_OBJECT) {
        wp_term *to = wc_term_new(r->u, (wp_term_kind)t->kind, t->loc);
        if (t->kind == WP_ARRAY) {
            to->list.n = t->list.n;
            to->list.items = wb_arena_alloc(r->u->a, (t->list.n + 1) * sizeof *to->list.items);
            for (uint32_t i = 0; i < t->list.n; i++)
                to->list.items[i] = argument(r, t->list.items[i]);
        } else {
            to->object.n = t->object.n;
            to->object.pairs = wb_arena_alloc(r->u->a, (t->object.n + 1) * sizeof(wp_pair));
            for (uint32_t i = 0; i < t->object.n; i++)
                to->object.pairs[i] = (wp_pair){argument(r, t->object.pairs[i].key),
                                                argument(r, t->object.pairs[i].value)};
        }
        return to;
    }
    if (t->kind == WP_CALL)
        fail(r, t->loc, "rule arguments cannot contain calls", WB_LIT(""), "");
    if ((t->kind == WP_REF || t->kind == WP_CALL || t->kind == WP_TEMPLATE) && r->n_late < 64) {
        wc_var *v = wc_var_new(r->u, WB_LIT("__arg__"), t->loc);
        r->late[r->n_late].var = v;
        r->late[r->n_late++].t = t;
        return wc_var_term(r->u, v, t->loc);
    }
    return pattern(r, t, "arg", (wp_loc){0});
}

/* The body with the late arguments' tests behind it. */
static void add_late(resolver *r, wp_body *b)
{
    if (!r->n_late)
        return;
    wp_expr **to = wb_arena_alloc(r->u->a, (b->n + r->n_late) * sizeof *to);
    memcpy(to, b->exprs, b->n * sizeof *to);
    for (uint32_t i = 0; i < r->n_late; i++) {
        const wp_term *t = r->late[i].t;
        to[b->n] = equation(r, wc_var_term(r->u, r->late[i].var, t->loc), term(r, t), t->loc);
        to[b->n]->index = b->n;
        b->n++;
    }
    b->exprs = to;
    r->n_late = 0;
}

/* The name a head defines in its package: the first part of its ref. */
static wb_str head_name(const wp_head *h)
{
    return h->n_ref && h->ref[0]->kind == WP_VAR ? h->ref[0]->name : h->name;
}

static wc_rule *rule(resolver *r, const wp_rule *source, const wc_rule *first)
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
    scope args, inner;
    push(r, &args);
    to->n_args = h->n_args;
    to->args = wb_arena_alloc(u->a, (h->n_args + 1) * sizeof *to->args);
    for (uint32_t i = 0; i < h->n_args; i++)
        to->args[i] = argument(r, h->args[i]);
    push(r, &inner);
    inner.body = true;
    to->body = body(r, &source->body, false);
    add_late(r, &to->body);
    if (to->is_set) {
        to->key = term(r, h->key);
    } else {
        to->value = h->value ? term(r, h->value) : NULL;
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
        to->path[n++] = wc_string_term(u, head_name(h), source->loc);
        for (uint32_t i = 1; i < h->n_ref; i++)
            to->path[n++] = term(r, h->ref[i]);
        while (to->n_ground < to->n_path && to->path[to->n_ground]->kind <= WP_STRING)
            to->n_ground++;
    }
    pop(r);
    pop(r);
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
            wv_object_put(u->a, &names, wv_string_new(u->a, head_name(m->rules[j]->head)), WV_TRUE);
        wv_object_put(u->a, &u->packages, key, names);
    }
}

static void shadowed_roots(resolver *r, const wp_rule *rule)
{
    if (!is_strict(r))
        return;
    wb_str name = head_name(rule->head);
    if (is_root_name(name))
        wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), rule->loc,
                  "rules must not shadow %.*s (use a different rule name)", WB_FMT(name));
    for (uint32_t i = 0; i < rule->head->n_args; i++) {
        const wp_term *t = rule->head->args[i];
        if (t->kind == WP_REF && t->list.n == 1)
            t = t->list.items[0];
        if (t->kind == WP_VAR && is_root_name(t->name))
            r->u->failed = true;
        if (t->kind == WP_VAR && is_root_name(t->name))
            wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), rule->loc,
                      "args must not shadow %.*s (use a different variable name)", WB_FMT(t->name));
    }
}

static wb_str import_name(const wp_import *im)
{
    if (im->alias.n)
        return im->alias;
    const wp_term *path = im->path;
    const wp_term *last = path->kind == WP_REF ? path->list.items[path->list.n - 1] : path;
    return last->kind == WP_VAR ? last->name : wv_str(&last->value);
}

static void put_import(wb_buf *b, const wp_import *im)
{
    wb_buf_puts(b, "import ");
    wp_term_put(b, im->path);
    if (im->alias.n)
        wb_buf_putf(b, " as %.*s", WB_FMT(im->alias));
}

static void repeated_imports(resolver *r)
{
    const wp_module *m = r->module;
    wv seen = wv_object_begin(r->u->a, m->n_imports);
    for (uint32_t i = 0; i < m->n_imports && is_strict(r); i++) {
        const wp_import *im = &m->imports[i];
        wv name = wv_string_new(r->u->a, import_name(im)), at = wv_object_get(seen, name);
        if (at == WV_UNDEFINED) {
            wv_object_put(r->u->a, &seen, name, wv_small(i));
            continue;
        }
        const wp_import *first = &m->imports[wv_int(at)];
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        put_import(&b, first);
        wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), im->loc,
                  "import must not shadow %.*s", WB_FMT(wb_buf_str(&b)));
        wb_buf_free(&b);
    }
}

static void unused_imports(resolver *r)
{
    const wp_module *m = r->module;
    for (uint32_t i = 0; r->used_imports && i < m->n_imports; i++) {
        const wp_import *im = &m->imports[i];
        const wp_term *head = im->path->kind == WP_REF ? im->path->list.items[0] : im->path;
        if (r->used_imports[i] || wc_is_root(head, "rego") || wc_is_root(head, "future"))
            continue;
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        put_import(&b, im);
        wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), im->loc, "%.*s unused",
                  WB_FMT(wb_buf_str(&b)));
        wb_buf_free(&b);
    }
}

/* Strict: arguments that neither the rule nor its else branches read. */
static void unused_args(resolver *r, const wc_rule *rule)
{
    for (uint32_t i = 0; r->u->options->strict && !r->failed && i < rule->n_args; i++) {
        const wp_term *t = rule->args[i];
        if (t->kind == WP_VAR && wc_is_local(t) && !is_wildcard(t->name) && !wc_var_of(t)->uses &&
            !rule->else_rule && !rule->is_default)
            wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), rule->source->head->loc,
                      "unused argument %.*s. (hint: use _ (wildcard variable) instead)",
                      WB_FMT(t->name));
    }
}

void wc_resolve_modules(wc_unit *u)
{
    collect_packages(u);
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_module *m = u->modules[i];
        u->module = m;
        resolver r = {.u = u, .module = m, .imports = import_names(u, m)};
        r.rules = wv_object_get(u->packages, package_key(u, m));
        repeated_imports(&r);
        if (u->options->strict)
            r.used_imports = wb_arena_calloc(u->a, m->n_imports + 1);
        for (uint32_t j = 0; j < m->n_rules; j++) {
            r.free_vars = NULL;
            r.rule = m->rules[j];
            r.failed = r.told_unused = false;
            shadowed_roots(&r, m->rules[j]);
            wc_rule *made = rule(&r, m->rules[j], NULL);
            unused_args(&r, made);
            add_rule(u, made);
        }
        unused_imports(&r);
        free(r.before);
    }
    u->module = NULL;
}

wp_body wc_resolve_query(wc_unit *u, const wp_module *context, wp_body query)
{
    u->module = context;
    resolver r = {.u = u, .module = context, .query = true};
    if (context) {
        r.imports = import_names(u, context);
        r.rules =
            context->package ? wv_object_get(u->packages, package_key(u, context)) : WV_UNDEFINED;
    }
    wp_body b = body(&r, &query, true);
    /* Answers show what was written, not what was made on the way. */
    for (uint32_t i = 0, shown = 0; i < b.n; i++)
        b.exprs[i]->index = b.exprs[i]->generated ? UINT32_MAX : shown++;
    free(r.before);
    u->module = NULL;
    return b;
}
