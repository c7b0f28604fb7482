/* Template strings and print().
 *
 * Takes rules with their local variables. After it a template string is a call of
 * internal.template_string with an array: text and scalars, and a set for each other hole (what has
 * to be evaluated stands in a comprehension, so that an undefined hole is an empty set). print() is
 * gone, or internal.print with comprehensions where it is kept.
 *
 * Reports: var x is undeclared; relations in holes; functions without a value used as value. */
#include "compiler/check.h"

/* ---- template strings ---- */

typedef struct templates {
    wc_check *c;
    const wc_cset *safe;
    bool kept; /* some hole was refused: the string stays */
} templates;

static void rewrite_body(wc_check *c, wp_body *b, const wc_cset *globals, wc_cset *safe);
static bool visit(wc_cvisitor *v, wp_term *t);

static void undeclared(wc_check *c, const wp_term *t, const wc_cset *safe, wp_loc loc, bool *any)
{
    wc_cset vars = {0};
    wc_ck_term_vars(c, t, WC_SAFETY, &vars);
    wc_cset_sort(&vars);
    for (uint32_t i = 0; i < vars.n; i++) {
        const wc_cvar *v = vars.v[i];
        if (wc_cset_has(safe, v))
            continue;
        v = wc_cvar_shown(v);
        wb_str name = wc_cvar_is_wildcard(v) ? WB_LIT("_") : wc_cvar_name(v);
        wc_ck_fail(c, WP_COMPILE_ERROR, loc, "var %.*s is undeclared", WB_FMT(name));
        *any = true;
    }
}

static wp_term *set_of(wc_check *c, wp_term *t)
{
    wp_term *set = wc_ck_list(c, WP_SET, 1, (wp_loc){0});
    set->list.items[0] = t;
    return set;
}

/* {x | x = t} */
static wp_term *captured(wc_check *c, wp_term *t, const wp_expr *owner, wp_loc loc)
{
    wp_term *x = wc_ck_var_term(c, wc_ck_local(c), loc);
    wp_expr *e = wc_ck_equation(c, x, t, loc);
    if (owner) {
        e->with = owner->with;
        e->n_with = owner->n_with;
    }
    wp_term *comp = wc_ck_comp(c, WP_SET_COMP, loc);
    comp->comp.value = wc_ck_var_term(c, wc_cvar_of(x), loc);
    comp->comp.body.n = 1;
    comp->comp.body.exprs = wb_arena_alloc(c->a, sizeof(wp_expr *));
    comp->comp.body.exprs[0] = e;
    return comp;
}

/* Defined whatever the input is. */
static bool is_known(wc_check *c, const wp_term *t)
{
    if (t->kind != WP_REF || !wc_ck_starts(t, c->data) || t->list.n < 2)
        return false;
    const wc_ctree *n = wc_ck_find(c, t);
    if (!n || !n->n_rules || n->rules[0]->n_args)
        return false;
    const wc_crule *first = n->rules[0];
    if (first->is_default || wc_crule_is_multi(first))
        return true;
    if (n->n_rules == 1)
        return first->body.n == 1 && first->body.exprs[0]->kind == WP_EXPR_TERM &&
               first->body.exprs[0]->term->kind == WP_BOOLEAN &&
               first->body.exprs[0]->term->value == WV_TRUE &&
               (first->value->kind <= WP_VAR ||
                ((first->value->kind == WP_ARRAY || first->value->kind == WP_SET ||
                  first->value->kind == WP_OBJECT) &&
                 wc_ck_is_ground(first->value)));
    for (uint32_t i = 1; i < n->n_rules; i++)
        if (n->rules[i]->is_default)
            return true;
    return false;
}

static wp_term *hole(templates *x, wp_expr *part, bool *bad)
{
    wc_check *c = x->c;
    wp_term *t;
    if (part->kind == WP_EXPR_CALL) {
        const ws_builtin *fn = wc_ck_builtin(c, part->call.items[0]);
        if (fn && (fn->flags & WS_RELATION)) {
            wc_ck_fail(c, WP_COMPILE_ERROR, (wp_loc){0},
                       "illegal call to relation built-in '%s' that may cause multiple outputs",
                       fn->name);
            *bad = true;
            return NULL;
        }
        t = wc_ck_list(c, WP_CALL, part->call.n, (wp_loc){0});
        memcpy(t->list.items, part->call.items, part->call.n * sizeof(wp_term *));
    } else {
        t = part->term;
    }
    if (t->kind == WP_VAR || is_known(c, t))
        return set_of(c, t);
    undeclared(c, t, x->safe, t->loc, bad);
    return captured(c, t, part, t->loc);
}

static void rewrite_term(wc_check *c, wp_term *t, const wc_cset *safe)
{
    if (t->kind != WP_TEMPLATE)
        return;
    templates x = {c, safe, false};
    bool bad = false;
    wp_term *parts = wc_ck_list(c, WP_ARRAY, t->tmpl.n ? t->tmpl.n : 1, (wp_loc){0});
    uint32_t n = 0;
    if (!t->tmpl.n)
        parts->list.items[n++] = wc_string_term(c->u, WB_LIT(""), t->loc);
    for (uint32_t i = 0; i < t->tmpl.n; i++) {
        wp_expr *part = t->tmpl.parts[i];
        bool text =
            part->kind == WP_EXPR_TERM && wc_ck_is_scalar(part->term) && !part->template_expr;
        wp_term *to = text ? part->term : hole(&x, part, &bad);
        if (to)
            parts->list.items[n++] = to;
    }
    parts->list.n = n;
    if (bad)
        return;
    t->kind = WP_CALL;
    t->list.n = 2;
    t->list.items = wb_arena_alloc(c->a, 2 * sizeof(wp_term *));
    t->list.items[0] = wc_ck_operator(c, "internal.template_string", (wp_loc){0});
    t->list.items[1] = parts;
}

/* Whether a body that was rewritten is not walked again: nothing is left to rewrite in it, and a
 * second walk at each level would double the work with each. What was refused is told again;
 * `told`: errors before. */
static bool is_done(const wc_check *c, uint32_t told)
{
    return c->u->diags->n == told || c->u->diags->limit_reached;
}

static bool visit(wc_cvisitor *v, wp_term *t)
{
    templates *x = v->data;
    if (t->kind == WP_TEMPLATE)
        rewrite_term(x->c, t, x->safe);
    if (!wc_ck_is_comp(t))
        return false;
    wc_cset inner = {0};
    uint32_t told = x->c->u->diags->n;
    rewrite_body(x->c, &t->comp.body, x->safe, &inner);
    if (t->comp.key)
        rewrite_term(x->c, t->comp.key, &inner);
    rewrite_term(x->c, t->comp.value, &inner);
    if (!is_done(x->c, told))
        return false;
    if (t->comp.key)
        wc_ck_walk_term(v, t->comp.key);
    wc_ck_walk_term(v, t->comp.value);
    return true;
}

static bool visit_every(wc_cvisitor *v, wp_expr *e)
{
    templates *x = v->data;
    if (e->kind != WP_EXPR_EVERY)
        return false;
    rewrite_term(x->c, e->every.domain, x->safe);
    wc_cset own = {0}, inner = {0};
    wc_cset_add_all(&x->c->tmp, &own, x->safe);
    if (e->every.key)
        wc_ck_term_vars(x->c, e->every.key, 0, &own);
    wc_ck_term_vars(x->c, e->every.value, 0, &own);
    uint32_t told = x->c->u->diags->n;
    rewrite_body(x->c, &e->every.body, &own, &inner);
    if (!is_done(x->c, told))
        return false;
    if (e->every.key)
        wc_ck_walk_term(v, e->every.key);
    wc_ck_walk_term(v, e->every.value);
    wc_ck_walk_term(v, e->every.domain);
    for (uint32_t i = 0; i < e->n_with; i++) {
        wc_ck_walk_term(v, e->with[i].target);
        wc_ck_walk_term(v, e->with[i].value);
    }
    return true;
}

static void rewrite_body(wc_check *c, wp_body *b, const wc_cset *globals, wc_cset *safe)
{
    wc_ck_body_outputs(c, b, b->n, globals, safe);
    wc_cset_add_all(&c->tmp, safe, globals);
    templates x = {c, safe, false};
    wc_cvisitor v = {.c = c, .term = visit, .expr = visit_every, .data = &x};
    wc_ck_walk_body(&v, b);
}

static bool is_template(wc_cvisitor *v, wp_term *t)
{
    if (t->kind == WP_TEMPLATE)
        *(bool *)v->data = true;
    return *(bool *)v->data;
}

static void roots(wc_check *c, wc_cset *s)
{
    wc_cset_add(&c->tmp, s, c->input);
    wc_cset_add(&c->tmp, s, c->data);
}

/* By number of a rule: whether it or its else parts, which stand behind it, have templates. */
static bool *find_templates(wc_check *c)
{
    bool *have = wb_arena_calloc(&c->tmp, c->n_all + 1);
    for (uint32_t i = c->n_all; i-- > 0;) {
        have[i] = c->all[i]->else_rule && have[i + 1];
        wc_cvisitor find = {.c = c, .term = is_template, .data = &have[i]};
        if (!have[i])
            wc_ck_walk_rule(&find, c->all[i]);
    }
    return have;
}

void wc_ck_templates(wc_check *c)
{
    if (!c->has_templates)
        return;
    const bool *have = find_templates(c);
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        if (!have[i])
            continue;
        char *mark = wb_arena_mark(&c->tmp);
        wc_cset args = {0}, safe = {0};
        c->u->module = r->module;
        for (uint32_t k = 0; k < r->n_args; k++)
            wc_ck_term_vars(c, r->args[k], 0, &args);
        roots(c, &args);
        rewrite_body(c, &r->body, &args, &safe);
        templates x = {c, &safe, false};
        wc_cvisitor v = {.c = c, .term = visit, .expr = visit_every, .data = &x};
        wc_ck_walk_head(&v, r);
        wb_arena_rewind(&c->tmp, mark);
    }
    c->u->module = NULL;
}

void wc_ck_query_templates(wc_check *c, wp_body *b)
{
    wc_cset args = {0}, safe = {0};
    roots(c, &args);
    rewrite_body(c, b, &args, &safe);
}

/* ---- calls without a value ---- */

static bool void_call(wc_cvisitor *v, wp_term *t)
{
    if (t->kind != WP_CALL)
        return false;
    const ws_builtin *fn = wc_ck_builtin(v->c, t->list.items[0]);
    if (fn && (fn->flags & WS_VOID)) {
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        wp_term_put(&b, t);
        wc_ck_fail(v->c, WP_TYPE_ERROR, t->loc, "%.*s used as value", WB_FMT(wb_buf_str(&b)));
        wb_buf_free(&b);
    }
    return false;
}

void wc_ck_void_calls(wc_check *c)
{
    wc_cvisitor v = {.c = c, .term = void_call};
    for (uint32_t i = 0; i < c->n_all; i++) {
        if (!(c->all[i]->has & WC_HAS_CALL))
            continue;
        c->u->module = c->all[i]->module;
        wc_ck_walk_rule(&v, c->all[i]);
    }
    c->u->module = NULL;
}

void wc_ck_query_void_calls(wc_check *c, wp_body *b)
{
    wc_cvisitor v = {.c = c, .term = void_call};
    wc_ck_walk_body(&v, b);
}

/* ---- print ---- */

static bool erase(wc_cvisitor *v, wp_body *b)
{
    uint32_t n = 0;
    wp_loc loc = b->n ? b->exprs[0]->loc : (wp_loc){0};
    for (uint32_t i = 0; i < b->n; i++)
        if (!wc_ck_is_call_to(b->exprs[i], "print"))
            b->exprs[n++] = b->exprs[i];
    if (b->n && !n) {
        wp_expr *e = b->exprs[n++] = wc_expr_new(v->c->u, WP_EXPR_TERM, loc);
        e->term = wc_term_new(v->c->u, WP_BOOLEAN, loc);
        e->term->value = WV_TRUE;
    }
    b->n = n;
    return false;
}

static bool capture(wc_check *c, wp_body *b, const wc_cset *globals);

typedef struct inner {
    wc_cset *safe;
    bool ok;
} inner;

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    inner *x = v->data;
    if (!wc_ck_is_comp(t))
        return false;
    x->ok &= capture(v->c, &t->comp.body, x->safe);
    return true;
}

static bool in_expr(wc_cvisitor *v, wp_expr *e)
{
    inner *x = v->data;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_EVERY:
        if (e->every.key)
            wc_ck_term_vars(v->c, e->every.key, 0, x->safe);
        wc_ck_term_vars(v->c, e->every.value, 0, x->safe);
        x->ok &= capture(v->c, &e->every.body, x->safe);
        for (uint32_t i = 0; i < e->n_with; i++)
            wc_ck_walk_term(v, e->with[i].value);
        return true;
    case WP_EXPR_NOT: x->ok &= capture(v->c, &e->body, x->safe); return true;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        x->ok &= capture(v->c, &e->logic.lhs, x->safe);
        x->ok &= capture(v->c, &e->logic.rhs, x->safe);
        return true;
    default: return false;
    }
}

static bool made_var(wc_cvisitor *v, wp_term *t)
{
    if (t->kind == WP_VAR && wc_cvar_is_made(wc_cvar_of(t)))
        wc_cset_add(&v->c->tmp, v->data, wc_cvar_of(t));
    return false;
}

static bool has_print(wc_cvisitor *v, wp_expr *e)
{
    if (wc_ck_is_call_to(e, "print"))
        *(bool *)v->data = true;
    return *(bool *)v->data;
}

/* False after a report. */
static bool capture(wc_check *c, wp_body *b, const wc_cset *globals)
{
    for (uint32_t i = 0; i < b->n; i++) {
        wc_cset safe = {0};
        bool any = false;
        wc_cvisitor find = {.c = c, .expr = has_print, .data = &any};
        wc_ck_walk_expr(&find, b->exprs[i]);
        if (!any)
            continue;
        wc_ck_body_outputs(c, b, i, globals, &safe);
        wc_cset_add_all(&c->tmp, &safe, globals);
        inner x = {&safe, true};
        wc_cvisitor v = {.c = c, .term = in_term, .expr = in_expr, .data = &x};
        wc_ck_walk_expr(&v, b->exprs[i]);
        if (!x.ok)
            return false;
    }
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        if (!wc_ck_is_call_to(e, "print"))
            continue;
        wc_cset safe = {0};
        wc_ck_body_outputs(c, b, i, globals, &safe);
        wc_cset_add_all(&c->tmp, &safe, globals);
        wc_cvisitor v = {.c = c, .term = made_var, .data = &safe};
        for (uint32_t k = 0; k < i; k++)
            wc_ck_walk_expr(&v, b->exprs[k]);
        bool bad = false;
        for (uint32_t k = 1; k < e->call.n; k++)
            undeclared(c, e->call.items[k], &safe, e->call.items[k]->loc, &bad);
        if (bad)
            return false;
        wp_term *list = wc_ck_list(c, WP_ARRAY, e->call.n - 1, e->loc);
        for (uint32_t k = 1; k < e->call.n; k++)
            list->list.items[k - 1] = captured(c, e->call.items[k], NULL, e->call.items[k]->loc);
        b->exprs[i] = wc_ck_call(c, wc_ck_operator(c, "internal.print", e->loc), &list, 1, e->loc);
    }
    return true;
}

/* Bodies that are not reached from the one around them (the domain of an every, what a
 * comprehension makes, what is printed) see nothing of it, as in OPA. */
static bool capture_alone(wc_cvisitor *v, wp_body *b)
{
    return !capture(v->c, b, v->data);
}

void wc_ck_print(wc_check *c)
{
    if (!wc_ck_has_name(c, WB_LIT("print")))
        return; /* nobody names it */
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        bool any = false;
        wc_cvisitor find = {.c = c, .expr = has_print, .data = &any};
        wc_ck_walk_rule(&find, r);
        if (!any)
            continue;
        c->u->module = r->module;
        if (!c->u->options->print) {
            wc_cvisitor v = {.c = c, .body = erase};
            wc_ck_walk_rule(&v, r);
            continue;
        }
        char *mark = wb_arena_mark(&c->tmp);
        wc_cset args = {0};
        roots(c, &args);
        for (uint32_t k = 0; k < r->n_args; k++)
            wc_ck_term_vars(c, r->args[k], 0, &args);
        wc_cvisitor v = {.c = c, .body = capture_alone, .data = &args};
        wc_ck_walk_head(&v, r);
        wc_ck_walk_body(&v, &r->body);
        wb_arena_rewind(&c->tmp, mark);
    }
    c->u->module = NULL;
}

void wc_ck_query_print(wc_check *c, wp_body *b)
{
    wc_cset globals = {0};
    roots(c, &globals);
    if (c->u->options->print) {
        capture(c, b, &globals); /* what it does not reach stays: nobody carries that out */
        return;
    }
    wc_cvisitor v = {.c = c, .body = erase};
    wc_ck_walk_body(&v, b);
}
