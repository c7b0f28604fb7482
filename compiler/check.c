/* The checks in their order. */
#include "compiler/check.h"

#include "compiler/types.h"

#include <stdlib.h>

#define TMP_MAX ((size_t)8 << 30) /* addresses; memory comes as used */

/* A stage, and whether errors before it end the chain. */
typedef void (*stage)(wc_check *c);

static const stage stages[] = {
    wc_ck_resolve,     wc_ck_head_refs, wc_ck_roots,      wc_ck_imports,        wc_ck_build_tree,
    wc_ck_locals,      wc_ck_templates, wc_ck_void_calls, wc_ck_print,          wc_ck_expr_terms,
    wc_ck_annotations, wc_ck_metadata,  wc_ck_graph,      wc_ck_comprehensions, wc_ck_refs_in_heads,
    wc_ck_withs,       wc_ck_conflicts, wc_ck_functions,  wc_ck_safety_heads,   wc_ck_safety_bodies,
    wc_ck_equals,      wc_ck_dynamics,  wc_ck_cycles,     wc_ck_types,          wc_ck_deprecated,
};

static void check_query(wc_check *c, const wc_query *q)
{
    wp_body b = wc_ck_copy_body(c, &q->body);
    wp_module place = {.file = q->file};
    c->local = "__localq";
    c->next_local = 0;
    c->u->module = &place;
    wc_ck_query_resolve(c, q->context, &b);
    wc_ck_query_locals(c, &b);
    if (!c->failed)
        wc_ck_query_templates(c, &b);
    if (!c->failed)
        wc_ck_query_void_calls(c, &b);
    if (!c->failed)
        wc_ck_query_print(c, &b);
    if (!c->failed) {
        b = wc_ck_expand_body(c, &b);
        wc_ck_comprehensions_in(c, &b);
        wc_ck_withs_in(c, &b);
    }
    if (!c->failed)
        wc_ck_query_functions(c, &b);
    if (!c->failed)
        wc_ck_query_safety(c, &b);
    if (!c->failed) {
        b = wc_ck_dynamics_in(c, &b);
        wc_ck_query_types(c, &b);
    }
    if (!c->failed && c->u->options->strict)
        wc_ck_query_deprecated(c, &b);
    c->u->module = NULL;
}

bool wc_check_all(wc_unit *u, const wc_query *query)
{
    wc_check c = {.u = u, .a = u->a, .local = "__local"};
    char *mark = wb_arena_mark(u->a);
    uint32_t before = u->diags->n;
    if (wb_arena_init(&c.tmp, TMP_MAX, u->options->seed))
        wb_fatal("out of memory");
    c.names = wv_object_begin(c.a, 256);
    c.input = wc_ck_var(&c, WB_LIT("input"));
    c.data = wc_ck_var(&c, WB_LIT("data"));
    wc_ck_copy_modules(&c);
    for (size_t i = 0; i < sizeof stages / sizeof *stages && !c.failed; i++)
        if (!u->diags->limit_reached)
            stages[i](&c);
    bool ok = !c.failed && u->diags->n == before && !u->diags->limit_reached;
    if (ok && query && query->body.n)
        check_query(&c, query);
    ok = ok && !c.failed && u->diags->n == before;
    wc_ck_types_end(&c);
    wc_ck_graph_end(&c);
    u->module = NULL;
    wb_arena_free(&c.tmp);
    free(c.vars);
    if (ok) /* nothing of the checks is kept, so the plan is made in the same memory */
        wb_arena_rewind(u->a, mark);
    return ok;
}

/* ---- deprecated built-ins ---- */

static bool deprecated(wc_cvisitor *v, wp_expr *e)
{
    const ws_builtin *fn = e->kind == WP_EXPR_CALL ? wc_ck_builtin(v->c, e->call.items[0]) : NULL;
    if (fn && (fn->flags & WS_DEPRECATED))
        wc_ck_note(v->c, WP_TYPE_ERROR, e->loc,
                   "deprecated built-in function calls in expression: %s", fn->name);
    return false;
}

void wc_ck_deprecated(wc_check *c)
{
    wc_cvisitor v = {.c = c, .expr = deprecated};
    for (uint32_t i = 0; i < c->n_all; i++) {
        c->u->module = c->all[i]->module;
        if (wc_is_strict(c->u))
            wc_ck_walk_rule(&v, c->all[i]);
    }
    c->u->module = NULL;
}

void wc_ck_query_deprecated(wc_check *c, wp_body *b)
{
    wc_cvisitor v = {.c = c, .expr = deprecated};
    wc_ck_walk_body(&v, b);
}

void wc_tell(wc_unit *u, const wp_diags *late)
{
    for (const wp_diag *d = late->first; d; d = d->next) {
        wp_diag *to = wp_report(u->diags, d->code, NULL, d->loc, "%.*s", WB_FMT(d->message));
        if (to)
            to->file = d->file;
    }
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
