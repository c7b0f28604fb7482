/* The checks in their order. */
#include "compiler/check.h"

#include "compiler/types.h"

#include <stdlib.h>

#define TMP_MAX ((size_t)8 << 30) /* addresses; memory comes as used */

void wc_check_begin(wc_check *c, wc_unit *u)
{
    *c = (wc_check){.u = u, .a = u->a, .local = WB_LIT("__local")};
    if (wb_arena_init(&c->tmp, TMP_MAX, u->options->seed))
        wb_fatal("out of memory");
    wc_ck_names_begin(c);
    c->input = wc_ck_var(c, WB_LIT("input"));
    c->data = wc_ck_var(c, WB_LIT("data"));
    wc_ck_copy_modules(c);
    wc_ck_input_schema(c);
}

void wc_check_end(wc_check *c)
{
    wc_ck_types_end(c);
    wc_ck_graph_end(c);
    c->u->module = NULL;
    wb_arena_free(&c->tmp);
    wc_ck_names_end(c);
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
    for (uint32_t i = 0; i < c->n_all && c->has_deprecated; i++) {
        c->u->module = c->all[i]->module;
        if (wc_is_strict(c->u))
            wc_ck_walk_rule(&v, c->all[i]);
    }
    c->u->module = NULL;
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
