/* What a tree holds: the words its expressions need, and variables that a compiler made. */
#include "parser/format_internal.h"

typedef struct found {
    uint32_t words; /* WP_KW_... */
    bool local;
    fm *check; /* the formatter when the target is v1 or later: what is wrong there is reported */
} found;

/* Built-ins that are no more in v1. */
static const char *const DEPRECATED[] = {
    "all",      "any",         "cast_array",       "cast_boolean", "cast_null", "cast_object",
    "cast_set", "cast_string", "net.cidr_overlap", "re_match",     "set_diff",
};

static const wp_term *only_part(const wp_term *t)
{
    return t->kind == WP_REF && t->list.n == 1 ? t->list.items[0] : t;
}

static bool is_root(const wp_term *t)
{
    t = only_part(t);
    return t->kind == WP_VAR && (wb_str_is(t->name, "input") || wb_str_is(t->name, "data"));
}

static bool is_new_keyword(wb_str s)
{
    return wp_is_keyword(s, WP_V2) && !wp_is_keyword(s, WP_V1);
}

static void refuse(fm *f, wp_loc loc, wp_code code, const char *before, wb_str name,
                   const char *after)
{
    fm_stop(f, loc, code, wb_arena_printf(f->arena, "%s%.*s%s", before, WB_FMT(name), after));
}

static void check_call(fm *f, wp_term *const *items, uint32_t n, wp_loc loc)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wp_term_put(&b, items[0]);
    wb_str name = wb_buf_str(&b);
    for (size_t i = 0; i < sizeof DEPRECATED / sizeof *DEPRECATED; i++)
        if (wb_str_is(name, DEPRECATED[i]))
            refuse(f, loc, WP_TYPE_ERROR,
                   "deprecated built-in function calls in expression: ", name, "");
    if (n > 1 && wb_str_is(name, "assign") && is_root(items[1]))
        refuse(f, loc, WP_COMPILE_ERROR, "variables must not shadow ", only_part(items[1])->name,
               " (use a different variable name)");
    wb_buf_free(&b);
}

static void check_head(fm *f, const wp_rule *r)
{
    const wp_head *h = r->head;
    wb_str name = h->ref[0]->kind == WP_VAR ? h->ref[0]->name : h->name;
    if (wb_str_is(name, "input") || wb_str_is(name, "data"))
        refuse(f, r->loc, WP_COMPILE_ERROR, "rules must not shadow ", name,
               " (use a different rule name)");
    for (uint32_t i = 0; i < h->n_args; i++)
        if (is_root(h->args[i]))
            refuse(f, h->args[i]->loc, WP_COMPILE_ERROR, "args must not shadow ",
                   only_part(h->args[i])->name, " (use a different variable name)");
    if (h->n_ref < 2 && wp_is_keyword(name, f->v2 ? WP_V2 : WP_V1))
        refuse(f, r->loc, WP_PARSE_ERROR, "", name, " keyword cannot be used for rule name");
}

static wb_str import_name(const wp_import *im)
{
    const wp_term *path = im->path;
    if (im->alias.n)
        return im->alias;
    const wp_term *last = path->kind == WP_REF ? path->list.items[path->list.n - 1] : path;
    return last->kind == WP_VAR ? last->name : wv_str(&last->value);
}

static void check_imports(fm *f)
{
    const wp_module *m = f->module;
    wv seen = wv_object_begin(f->arena, m->n_imports);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        wv name = wv_string_new(f->arena, import_name(&m->imports[i]));
        wv at = wv_object_get(seen, name);
        if (at == WV_UNDEFINED) {
            wv_object_put(f->arena, &seen, name, wv_small(i));
            continue;
        }
        const wp_import *first = &m->imports[wv_int(at)];
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        wb_buf_puts(&b, "import ");
        wp_term_put(&b, first->path);
        if (first->alias.n)
            wb_buf_putf(&b, " as %.*s", WB_FMT(first->alias));
        refuse(f, m->imports[i].loc, WP_COMPILE_ERROR, "import must not shadow ", wb_buf_str(&b),
               "");
        wb_buf_free(&b);
    }
}

static void see_expr(found *f, const wp_expr *e);

static void see_body(found *f, const wp_body *body)
{
    for (uint32_t i = 0; i < body->n; i++)
        see_expr(f, body->exprs[i]);
}

static void see_term(found *f, const wp_term *t);

static void see_terms(found *f, wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        see_term(f, items[i]);
}

static void see_term(found *f, const wp_term *t)
{
    switch (t->kind) {
    case WP_VAR:
        f->local = f->local || wb_str_has_prefix(t->name, WB_LIT("__local"));
        if (f->check && f->check->v2 && is_new_keyword(t->name))
            refuse(f->check, t->loc, WP_PARSE_ERROR, "", t->name,
                   " keyword cannot be used for variable name");
        return;
    case WP_CALL:
        if (f->check)
            check_call(f->check, t->list.items, 1, t->list.items[0]->loc);
        see_terms(f, t->list.items + 1, t->list.n - 1);
        return;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET: see_terms(f, t->list.items, t->list.n); return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            see_term(f, t->object.pairs[i].key);
            see_term(f, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            see_term(f, t->comp.key);
        see_term(f, t->comp.value);
        see_body(f, &t->comp.body);
        return;
    case WP_TEMPLATE:
        for (uint32_t i = 0; i < t->tmpl.n; i++)
            see_expr(f, t->tmpl.parts[i]);
        return;
    default: return;
    }
}

static void see_expr(found *f, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        see_term(f, e->with[i].value);
    if (e->negated && (e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR))
        f->words |= WP_KW_NOT;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: see_term(f, e->term); return;
    case WP_EXPR_CALL:
        if (fm_in_operands(e->call.items[0]))
            f->words |= WP_KW_IN;
        if (f->check)
            check_call(f->check, e->call.items, e->call.n, e->loc);
        see_terms(f, e->call.items + 1, e->call.n - 1);
        return;
    case WP_EXPR_SOME: see_terms(f, e->some.items, e->some.n); return;
    case WP_EXPR_EVERY:
        f->words |= WP_KW_EVERY;
        if (e->every.key)
            see_term(f, e->every.key);
        see_term(f, e->every.value);
        see_term(f, e->every.domain);
        see_body(f, &e->every.body);
        return;
    case WP_EXPR_NOT:
        f->words |= WP_KW_NOT;
        see_body(f, &e->body);
        return;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        f->words |= e->kind == WP_EXPR_AND ? WP_KW_AND : WP_KW_OR;
        see_body(f, &e->logic.lhs);
        see_body(f, &e->logic.rhs);
        return;
    }
}

bool fm_term_local(const wp_term *t)
{
    found f = {0};
    see_term(&f, t);
    return f.local;
}

bool fm_body_local(const wp_body *body)
{
    found f = {0};
    see_body(&f, body);
    return f.local;
}

uint32_t fm_scan_rules(fm *f)
{
    found all = {.check = f->v1 ? f : NULL};
    if (f->v1)
        check_imports(f);
    for (uint32_t i = 0; i < f->module->n_rules; i++)
        for (const wp_rule *r = f->module->rules[i]; r; r = r->else_rule) {
            const wp_head *h = r->head;
            f->ref_heads = f->ref_heads || h->n_ref > 2 || (h->n_ref == 2 && h->key && !h->value);
            if (f->v1 && r == f->module->rules[i])
                check_head(f, r);
            if (h->n_ref > 1)
                see_terms(&all, h->ref + 1, h->n_ref - 1);
            see_terms(&all, h->args, h->n_args);
            if (h->key && !h->value)
                see_term(&all, h->key);
            if (h->value)
                see_term(&all, h->value);
            see_body(&all, &r->body);
        }
    return all.words;
}
