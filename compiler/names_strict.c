/* What strict mode and v1 refuse in names.
 *
 * Takes modules and resolved rules; changes nothing. Reports: names that shadow `input` or `data`,
 * imports that repeat one or are not used, arguments that are not used. */
#include "compiler/names.h"

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

static bool is_strict(const wc_resolver *r)
{
    return wc_is_strict(r->u);
}

bool wc_is_root_name(wb_str name)
{
    return wb_str_is(name, "input") || wb_str_is(name, "data");
}

void wc_check_root_var(wc_resolver *r, const wp_term *t, wp_loc loc)
{
    const wp_term *name = t->kind == WP_REF && t->list.n == 1 ? t->list.items[0] : t;
    if (r->module && is_strict(r) && name->kind == WP_VAR && wc_is_root_name(name->name))
        wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), loc,
                  "variables must not shadow %.*s (use a different variable name)",
                  WB_FMT(name->name));
}

void wc_check_root_names(wc_resolver *r, const wp_rule *rule)
{
    if (!is_strict(r))
        return;
    wb_str name = wc_head_name(rule->head);
    if (wc_is_root_name(name))
        wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), rule->loc,
                  "rules must not shadow %.*s (use a different rule name)", WB_FMT(name));
    for (uint32_t i = 0; i < rule->head->n_args; i++) {
        const wp_term *t = rule->head->args[i];
        if (t->kind == WP_REF && t->list.n == 1)
            t = t->list.items[0];
        if (t->kind == WP_VAR && wc_is_root_name(t->name))
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

void wc_check_repeated_imports(wc_resolver *r)
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

void wc_check_unused_imports(wc_resolver *r)
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
void wc_check_unused_args(wc_resolver *r, const wc_rule *rule)
{
    for (uint32_t i = 0; r->u->options->strict && !r->failed && i < rule->n_args; i++) {
        const wp_term *t = rule->args[i];
        if (t->kind == WP_VAR && wc_is_local(t) && !wc_is_wildcard(t->name) &&
            !wc_var_of(t)->uses && !rule->else_rule && !rule->is_default)
            wp_report(r->u->diags, WP_COMPILE_ERROR, wc_file(r->u), rule->source->head->loc,
                      "unused argument %.*s. (hint: use _ (wildcard variable) instead)",
                      WB_FMT(t->name));
    }
}
