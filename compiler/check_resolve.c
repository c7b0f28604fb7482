/* Names: what stands for a rule of the package or an import becomes its path from data.
 *
 * Takes the copied tree. After it a WP_VAR that no scope declares is a variable of its rule, or
 * unsafe. Declarations of a body count in all of it, not only behind their statement.
 *
 * Reports: args must not shadow input; then, recoverable: rules and variables that shadow a root,
 * imports given twice, imports nobody uses (strict mode). */
#include "compiler/check.h"

typedef struct resolver {
    wc_check *c;
    const wp_module *module;
    wv rules;         /* names of the package's rules, or undefined */
    wv imports;       /* name -> number of the import */
    bool *used;       /* by number of the import */
    wp_term *package; /* the parts of its path: every path to a rule has these very terms */
    uint32_t generation;
} resolver;

static wp_term *term(resolver *r, wp_term *t);
static void body(resolver *r, wp_body *b);
static void expression(resolver *r, wp_expr *e);

/* ---- what a name stands for ---- */

static wp_term *export_path(resolver *r, wc_cvar *v)
{
    const wp_term *p = r->package;
    wp_term *t = wc_ck_list(r->c, WP_REF, p->list.n + 1, (wp_loc){0});
    memcpy(t->list.items, p->list.items, p->list.n * sizeof(wp_term *));
    t->list.items[p->list.n] = wc_string_term(r->c->u, wc_cvar_name(v), (wp_loc){0});
    return t;
}

static const wp_term *global(resolver *r, wc_cvar *v)
{
    if (v->seen != r->generation) {
        v->seen = r->generation;
        v->global = NULL;
        v->import = UINT32_MAX;
        wv i = wv_object_get_str(r->imports, wc_cvar_name(v));
        if (i != WV_UNDEFINED) {
            v->import = (uint32_t)wv_int(i);
            v->global = wc_ck_copy(r->c, r->module->imports[v->import].path);
        } else if (wv_is_object(r->rules) &&
                   wv_object_get_str(r->rules, wc_cvar_name(v)) != WV_UNDEFINED) {
            v->global = export_path(r, v);
        }
    }
    if (!v->global || v->ignored)
        return NULL;
    if (v->import != UINT32_MAX)
        r->used[v->import] = true;
    return v->global;
}

/* The path as a reference that stands where the name stood. Its parts are shared by all uses of the
 * path and stand where the last one does: errors about a reference are told there. */
static wp_term *path_at(resolver *r, const wp_term *path, wp_loc loc)
{
    wp_term *t = wc_ck_list(r->c, WP_REF, path->list.n, loc);
    for (uint32_t i = 0; i < t->list.n; i++) {
        t->list.items[i] = path->list.items[i];
        t->list.items[i]->loc = loc;
    }
    return t;
}

static void reference(resolver *r, wp_term *t)
{
    wp_term *head = t->list.items[0];
    const wp_term *path = head->kind == WP_VAR ? global(r, wc_cvar_of(head)) : NULL;
    wp_term *p = path ? path_at(r, path, head->loc) : NULL;
    /* The reference does not look into a template that is a part of a path: its names stay. */
    for (uint32_t i = head->kind == WP_VAR; i < t->list.n; i++)
        if (t->list.items[i]->kind != WP_TEMPLATE)
            t->list.items[i] = term(r, t->list.items[i]);
    if (!p)
        return;
    wp_term **items = wb_arena_alloc(r->c->a, (p->list.n + t->list.n) * sizeof *items);
    memcpy(items, p->list.items, p->list.n * sizeof *items);
    memcpy(items + p->list.n, t->list.items + 1, (t->list.n - 1) * sizeof *items);
    t->list.items = items;
    t->list.n += p->list.n - 1;
}

/* ---- scopes ---- */

static bool put_var(wc_cvisitor *v, wp_term *t)
{
    if (t->kind == WP_VAR)
        wc_cset_add(&v->c->tmp, v->data, wc_cvar_of(t));
    return false;
}

static void all_vars(wc_check *c, wp_term *t, wc_cset *out)
{
    wc_cvisitor v = {.c = c, .term = put_var, .data = out};
    wc_ck_walk_term(&v, t);
}

void wc_ck_declared_by(wc_check *c, const wp_expr *e, wc_cset *out)
{
    if (wc_ck_is_call_to(e, "assign") && e->call.n == 3)
        all_vars(c, e->call.items[1], out);
    for (uint32_t i = 0; e->kind == WP_EXPR_SOME && i < e->some.n; i++) {
        wp_term *t = e->some.items[i];
        if (t->kind == WP_VAR)
            wc_cset_add(&c->tmp, out, wc_cvar_of(t));
        for (uint32_t k = 1; t->kind == WP_CALL && k + 1 < t->list.n; k++)
            all_vars(c, t->list.items[k], out);
    }
}

static bool declared_in(wc_cvisitor *v, wp_expr *e)
{
    wc_ck_declared_by(v->c, e, v->data);
    return false;
}

static bool is_comp(wc_cvisitor *v, wp_term *t)
{
    (void)v;
    return wc_ck_is_comp(t);
}

void wc_ck_declared(wc_check *c, wp_expr *e, wc_cset *out)
{
    wc_cvisitor v = {.c = c,
                     .expr = declared_in,
                     .term = is_comp,
                     .data = out,
                     .only_closures = true,
                     .flat = !c->has_templates};
    wc_ck_walk_expr(&v, e);
}

static void declared_body(wc_check *c, const wp_body *b, wc_cset *out)
{
    for (uint32_t i = 0; i < b->n; i++)
        wc_ck_declared(c, b->exprs[i], out);
}

static void ignore(const wc_cset *s, int by)
{
    for (uint32_t i = 0; i < s->n; i++)
        s->v[i]->ignored += (uint32_t)by;
}

/* ---- the tree ---- */

static wp_term *term(resolver *r, wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        const wp_term *path = global(r, wc_cvar_of(t));
        return path ? path_at(r, path, t->loc) : t;
    }
    case WP_REF: reference(r, t); return t;
    case WP_CALL:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            t->list.items[i] = term(r, t->list.items[i]);
        wc_ck_sort(r->c, t);
        return t;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            t->object.pairs[i].key = term(r, t->object.pairs[i].key);
            t->object.pairs[i].value = term(r, t->object.pairs[i].value);
        }
        wc_ck_sort(r->c, t);
        return t;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: {
        wc_cset declared = {0};
        declared_body(r->c, &t->comp.body, &declared);
        ignore(&declared, 1);
        if (t->comp.key)
            t->comp.key = term(r, t->comp.key);
        t->comp.value = term(r, t->comp.value);
        body(r, &t->comp.body);
        ignore(&declared, -1);
        return t;
    }
    case WP_TEMPLATE:
        for (uint32_t i = 0; i < t->tmpl.n; i++)
            expression(r, t->tmpl.parts[i]);
        return t;
    default: return t;
    }
}

static void expression(resolver *r, wp_expr *e)
{
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: e->term = term(r, e->term); break;
    case WP_EXPR_CALL:
        for (uint32_t i = 0; i < e->call.n; i++)
            e->call.items[i] = term(r, e->call.items[i]);
        break;
    case WP_EXPR_SOME:
        if (e->some.items[0]->kind == WP_CALL)
            e->some.items[0] = term(r, e->some.items[0]);
        break;
    case WP_EXPR_EVERY: {
        wc_cset own = {0};
        if (e->every.key)
            all_vars(r->c, e->every.key, &own);
        all_vars(r->c, e->every.value, &own);
        ignore(&own, 1);
        e->every.domain = term(r, e->every.domain);
        body(r, &e->every.body);
        ignore(&own, -1);
        break;
    }
    case WP_EXPR_NOT: body(r, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        body(r, &e->logic.lhs);
        body(r, &e->logic.rhs);
        break;
    }
    for (uint32_t i = 0; i < e->n_with; i++) {
        e->with[i].target = term(r, e->with[i].target);
        e->with[i].value = term(r, e->with[i].value);
    }
}

static void body(resolver *r, wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        expression(r, b->exprs[i]);
}

/* ---- rules ---- */

typedef struct arguments {
    wc_cset vars;
    const wp_term *root; /* an argument that is one */
} arguments;

static bool argument(wc_cvisitor *v, wp_term *t)
{
    arguments *a = v->data;
    if (a->root || t->kind == WP_SET || wc_ck_is_comp(t) || t->kind == WP_CALL)
        return true;
    if (wc_ck_is_root(v->c, t)) {
        a->root = t;
        return true;
    }
    if (t->kind == WP_VAR)
        wc_cset_add(&v->c->tmp, &a->vars, wc_cvar_of(t));
    return false;
}

/* False: the rest of its else chain is not looked at. */
static bool resolve_rule(resolver *r, wc_crule *rule)
{
    wc_check *c = r->c;
    arguments args = {0};
    wc_cset declared = {0};
    wc_cvisitor v = {.c = c, .term = argument, .data = &args};
    for (uint32_t i = 0; i < rule->n_args; i++)
        wc_ck_walk_term(&v, rule->args[i]);
    if (args.root) {
        wb_str name = args.root->list.items[0]->name;
        wc_ck_fail(c, WP_COMPILE_ERROR, rule->loc,
                   "args must not shadow %.*s (use a different variable name)", WB_FMT(name));
        return false;
    }
    declared_body(c, &rule->body, &declared);
    ignore(&args.vars, 1);
    ignore(&declared, 1);
    for (uint32_t i = 1; i < rule->n_ref; i++)
        rule->ref[i] = term(r, rule->ref[i]);
    if (rule->key)
        rule->key = term(r, rule->key);
    if (rule->value)
        rule->value = term(r, rule->value);
    body(r, &rule->body);
    ignore(&args.vars, -1);
    ignore(&declared, -1);
    return true;
}

static wb_str import_name(const wp_import *im)
{
    if (im->alias.n)
        return im->alias;
    const wp_term *path = im->path;
    const wp_term *last = path->kind == WP_REF ? path->list.items[path->list.n - 1] : path;
    return last->kind == WP_VAR ? last->name : wv_str(&last->value);
}

static bool is_language(const wp_import *im)
{
    const wp_term *head = im->path->kind == WP_REF ? im->path->list.items[0] : im->path;
    return wc_is_root(head, "rego") || wc_is_root(head, "future");
}

static void put_import(wb_buf *b, const wp_import *im)
{
    wb_buf_puts(b, "import ");
    wp_term_put(b, im->path);
    if (im->alias.n)
        wb_buf_putf(b, " as %.*s", WB_FMT(im->alias));
}

static wv import_names(wc_check *c, const wp_module *m)
{
    wv names = wv_object_begin(c->a, m->n_imports);
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (!is_language(&m->imports[i]))
            wv_object_put(c->a, &names, wv_string_new(c->a, import_name(&m->imports[i])),
                          wv_small(i));
    return names;
}

static wv package_key(wc_check *c, const wp_module *m)
{
    wb_buf text;
    wb_buf_init(&text, 1 << 20);
    wp_term_put(&text, m->package);
    wv key = wv_string_new(c->a, wb_buf_str(&text));
    wb_buf_free(&text);
    return key;
}

/* Package -> names of its rules, over all modules. */
static wv collect_packages(wc_check *c)
{
    wv all = wv_object_begin(c->a, c->n_modules);
    for (uint32_t i = 0; i < c->n_modules; i++) {
        wv key = package_key(c, c->modules[i].module);
        wv names = wv_object_get(all, key);
        if (names == WV_UNDEFINED)
            names = wv_object_begin(c->a, c->modules[i].n);
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            wb_str name = wc_cvar_name(wc_cvar_of(c->modules[i].rules[j]->ref[0]));
            wv_object_put(c->a, &names, wv_string_new(c->a, name), WV_TRUE);
        }
        wv_object_put(c->a, &all, key, names);
    }
    return all;
}

static resolver begin(wc_check *c, const wp_module *m, wv packages)
{
    wp_term *package = m->package ? wc_ck_copy(c, m->package) : NULL;
    return (resolver){.c = c,
                      .package = package,
                      .module = m,
                      .imports = import_names(c, m),
                      .rules =
                          m->package ? wv_object_get(packages, package_key(c, m)) : WV_UNDEFINED,
                      .used = wb_arena_calloc(c->a, m->n_imports + 1),
                      .generation = ++c->marks};
}

static void unused_imports(wc_check *c, const resolver *r)
{
    const wp_module *m = r->module;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        wv last = wv_object_get_str(r->imports, import_name(&m->imports[i]));
        if (is_language(&m->imports[i]) || last == WV_UNDEFINED || r->used[wv_int(last)])
            continue;
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        put_import(&b, &m->imports[i]);
        wc_ck_note(c, WP_COMPILE_ERROR, m->imports[i].loc, "%.*s unused", WB_FMT(wb_buf_str(&b)));
        wb_buf_free(&b);
    }
}

void wc_ck_resolve(wc_check *c)
{
    wv packages = collect_packages(c);
    resolver *all = wb_arena_calloc(c->a, (c->n_modules + 1) * sizeof *all);
    for (uint32_t i = 0; i < c->n_modules; i++) {
        resolver r = begin(c, c->modules[i].module, packages);
        c->u->module = r.module;
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            char *mark = wb_arena_mark(&c->tmp);
            wc_crule *rule = c->modules[i].rules[j];
            while (rule && resolve_rule(&r, rule))
                rule = rule->else_rule;
            wb_arena_rewind(&c->tmp, mark);
        }
        all[i] = r;
    }
    for (uint32_t i = 0; i < c->n_modules && c->u->options->strict && !c->failed; i++) {
        c->u->module = all[i].module;
        unused_imports(c, &all[i]);
    }
    c->u->module = NULL;
}

void wc_ck_query_resolve(wc_check *c, const wp_module *context, wp_body *b)
{
    if (!context)
        return;
    wc_cset declared = {0};
    resolver r = begin(c, context, collect_packages(c));
    declared_body(c, b, &declared);
    ignore(&declared, 1);
    body(&r, b);
    ignore(&declared, -1);
}

/* ---- shadowed roots, imports ---- */

static bool shadows(wc_cvisitor *v, wp_expr *e)
{
    if (!wc_ck_is_call_to(e, "assign") || e->call.n < 2)
        return false;
    const wp_term *t = e->call.items[1];
    const wp_term *head = t->kind == WP_REF && t->list.n == 1 ? t->list.items[0] : t;
    if (head->kind == WP_VAR && (wc_cvar_of(head) == v->c->input || wc_cvar_of(head) == v->c->data))
        wc_ck_note(v->c, WP_COMPILE_ERROR, e->loc,
                   "variables must not shadow %.*s (use a different variable name)",
                   WB_FMT(head->name));
    return false;
}

void wc_ck_roots(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_modules; i++) {
        c->u->module = c->modules[i].module;
        if (!wc_is_strict(c->u))
            continue;
        wc_cvisitor v = {.c = c, .expr = shadows};
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            wc_crule *r = c->modules[i].rules[j];
            const wc_cvar *name = wc_cvar_of(r->ref[0]);
            if (name == c->input || name == c->data)
                wc_ck_note(c, WP_COMPILE_ERROR, r->loc,
                           "rules must not shadow %.*s (use a different rule name)",
                           WB_FMT(wc_cvar_name(name)));
            for (; r; r = r->else_rule)
                wc_ck_walk_rule(&v, r);
        }
    }
    c->u->module = NULL;
}

void wc_ck_imports(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_modules; i++) {
        const wp_module *m = c->modules[i].module;
        c->u->module = m;
        wv seen = wv_object_begin(c->a, m->n_imports);
        for (uint32_t k = 0; k < m->n_imports && wc_is_strict(c->u); k++) {
            const wp_import *im = &m->imports[k];
            wv name = wv_string_new(c->a, import_name(im)), at = wv_object_get(seen, name);
            if (at == WV_UNDEFINED) {
                wv_object_put(c->a, &seen, name, wv_small(k));
                continue;
            }
            wb_buf b;
            wb_buf_init(&b, (size_t)1 << 20);
            put_import(&b, &m->imports[wv_int(at)]);
            wc_ck_note(c, WP_COMPILE_ERROR, im->loc, "import must not shadow %.*s",
                       WB_FMT(wb_buf_str(&b)));
            wb_buf_free(&b);
        }
    }
    c->u->module = NULL;
}
