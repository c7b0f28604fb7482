/* Names in `with`: what is replaced, and by what.
 *
 * Takes the modifiers of an expression. After it: a target is a path from data or input, a built-in
 * (WP_STRING) or a function (WP_REF); a value that is a bare function is a call without arguments.
 *
 * Reports, when the checks did not: targets that are none, functions that may not be replaced. */
#include "compiler/names.h"

/* What stands for a function that `with` replaces, or NULL after a report. */
static wp_term *mock_target(wc_resolver *r, const wp_term *target)
{
    const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
    wb_str name = wc_dotted(r, target);
    bool own = head->kind == WP_VAR &&
               (wc_names_rule(r, head->name) || wc_resolve_import(r, head->name, target->loc));
    const ws_builtin *fn = own ? NULL : ws_registry_find(r->u->registry, name);
    if (!own && (!fn || (fn->flags & (WS_RELATION | WS_VOID)))) {
        wc_refuse(r, target->loc, "with cannot replace", name);
        return NULL;
    }
    return wc_resolve_operator(r, target);
}

wp_with *wc_resolve_withs(wc_resolver *r, const wp_expr *e)
{
    wp_with *to = wb_arena_alloc(r->u->a, (e->n_with + 1) * sizeof *to);
    for (uint32_t i = 0; i < e->n_with; i++) {
        const wp_with *w = &e->with[i];
        to[i].loc = w->loc;
        const wp_term *target = w->target;
        const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
        if (wc_is_root(head, "input") || wc_is_root(head, "data"))
            to[i].target =
                target->kind == WP_REF ? wc_resolve_ref(r, target) : wc_resolve_name(r, target);
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
            bool local = wc_scope_has_free(r, vhead->name) || wc_scope_find(r, vhead->name) != NULL;
            function = !local && !wc_names_rule(r, vhead->name) &&
                       !wc_resolve_import(r, vhead->name, v->loc) &&
                       ws_registry_find(r->u->registry, wc_dotted(r, v)) != NULL;
        }
        if (function) {
            wp_term *f = wc_term_new(r->u, WP_CALL, v->loc);
            f->list.items = wb_arena_alloc(r->u->a, sizeof(wp_term *));
            f->list.items[0] = wc_resolve_operator(r, v);
            f->list.n = 1;
            to[i].value = f;
        } else {
            to[i].value = wc_resolve_term(r, v);
        }
    }
    return to;
}
