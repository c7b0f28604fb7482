/* The tree as `opa parse -f json` prints it, as a value. */
#include "parser/internal.h"

#include "base/base64.h"

#include <stdlib.h>

typedef struct json_out {
    wb_arena *a;
    const wp_module *m; /* NULL: no texts of locations */
    bool locations;
} json_out;

static wv str(json_out *o, const char *z)
{
    return wv_string_new(o->a, wb_str_of(z));
}

static void put(json_out *o, wv *object, const char *key, wv value)
{
    wv_object_put(o->a, object, str(o, key), value);
}

static wv base64(json_out *o, wb_str s)
{
    char *text = wb_arena_alloc(o->a, WB_BASE64_LEN(s.n) + 1);
    size_t n = wb_base64_encode(s.p, s.n, text);
    return wv_string_new(o->a, wb_str_n(text, n));
}

static wv location(json_out *o, wp_loc loc)
{
    wv v = wv_object_begin(o->a, 4);
    put(o, &v, "file", o->m ? wv_string_new(o->a, o->m->file.name) : str(o, ""));
    put(o, &v, "row", wv_small(loc.row));
    put(o, &v, "col", wv_small(loc.col));
    if (o->locations && o->m && loc.len && (size_t)loc.offset + loc.len <= o->m->file.text.n)
        put(o, &v, "text", base64(o, wb_str_n(o->m->file.text.p + loc.offset, loc.len)));
    return v;
}

static void put_location(json_out *o, wv *object, wp_loc loc)
{
    if (o->locations && loc.row)
        put(o, object, "location", location(o, loc));
}

static wv term_json(json_out *o, const wp_term *t);
static wv body_json(json_out *o, const wp_body *body);
static wv expr_json(json_out *o, const wp_expr *e);

static wv terms_json(json_out *o, wp_term *const *items, uint32_t n)
{
    wv v = wv_array_begin(o->a, n);
    for (uint32_t i = 0; i < n; i++)
        wv_array_push(o->a, &v, term_json(o, items[i]));
    return v;
}

static wv set_json(json_out *o, const wp_term *t)
{
    uint32_t n;
    wp_term **items = wp_sorted_terms(t, &n);
    wv v = terms_json(o, items, n);
    free(items);
    return v;
}

static wv object_json(json_out *o, const wp_term *t)
{
    uint32_t n;
    wp_pair *pairs = wp_sorted_pairs(t, &n);
    wv v = wv_array_begin(o->a, n);
    for (uint32_t i = 0; i < n; i++) {
        wp_term *two[] = {pairs[i].key, pairs[i].value};
        wv_array_push(o->a, &v, terms_json(o, two, 2));
    }
    free(pairs);
    return v;
}

static wv comp_json(json_out *o, const wp_term *t)
{
    wv v = wv_object_begin(o->a, 3);
    if (t->kind == WP_OBJECT_COMP) {
        put(o, &v, "key", term_json(o, t->comp.key));
        put(o, &v, "value", term_json(o, t->comp.value));
    } else {
        put(o, &v, "term", term_json(o, t->comp.value));
    }
    put(o, &v, "body", body_json(o, &t->comp.body));
    return v;
}

static wv template_json(json_out *o, const wp_term *t)
{
    wv v = wv_object_begin(o->a, 2), parts = wv_array_begin(o->a, t->tmpl.n);
    for (uint32_t i = 0; i < t->tmpl.n; i++) {
        const wp_expr *e = t->tmpl.parts[i];
        bool plain = e->kind == WP_EXPR_TERM && e->term->kind <= WP_STRING && !e->template_expr;
        wv_array_push(o->a, &parts, plain ? term_json(o, e->term) : expr_json(o, e));
    }
    put(o, &v, "parts", t->tmpl.n ? parts : WV_NULL);
    put(o, &v, "multi_line", wv_bool(t->raw));
    return v;
}

static wv term_json(json_out *o, const wp_term *t)
{
    wv v = wv_object_begin(o->a, 3), value;
    put_location(o, &v, t->loc);
    put(o, &v, "type", str(o, wp_kind_name((wp_term_kind)t->kind)));
    switch (t->kind) {
    case WP_NULL: value = wv_object_begin(o->a, 0); break;
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: value = t->value; break;
    case WP_VAR: value = wv_string_new(o->a, t->name); break;
    case WP_REF:
    case WP_ARRAY:
    case WP_CALL: value = terms_json(o, t->list.items, t->list.n); break;
    case WP_SET: value = set_json(o, t); break;
    case WP_OBJECT: value = object_json(o, t); break;
    case WP_TEMPLATE: value = template_json(o, t); break;
    default: value = comp_json(o, t);
    }
    put(o, &v, "value", value);
    return v;
}

/* `some` and `every` have places of their own: the keyword, unless the expression was moved. */
static void put_word_location(json_out *o, wv *object, wp_loc loc, const char *word)
{
    wb_str text = o->m ? o->m->file.text : (wb_str){0};
    uint32_t n = (uint32_t)strlen(word);
    if (loc.len >= n && (size_t)loc.offset + n <= text.n &&
        memcmp(text.p + loc.offset, word, n) == 0)
        loc.len = n;
    put_location(o, object, loc);
}

static wv expr_terms_json(json_out *o, const wp_expr *e)
{
    wv v = wv_object_begin(o->a, 6);
    switch (e->kind) {
    case WP_EXPR_TERM: return term_json(o, e->term);
    case WP_EXPR_CALL: return terms_json(o, e->call.items, e->call.n);
    case WP_EXPR_SOME:
        put(o, &v, "symbols", terms_json(o, e->some.items, e->some.n));
        put_word_location(o, &v, e->loc, "some");
        return v;
    case WP_EXPR_EVERY:
        put(o, &v, "key", e->every.key ? term_json(o, e->every.key) : WV_NULL);
        put(o, &v, "value", term_json(o, e->every.value));
        put(o, &v, "domain", term_json(o, e->every.domain));
        put(o, &v, "body", body_json(o, &e->every.body));
        put_word_location(o, &v, e->loc, "every");
        return v;
    case WP_EXPR_NOT:
        put(o, &v, "type", str(o, "not"));
        put(o, &v, "body", body_json(o, &e->body));
        put(o, &v, "explicit_body", wv_bool(e->explicit_body));
        return v;
    default:
        put(o, &v, "type", str(o, e->kind == WP_EXPR_AND ? "and" : "or"));
        put(o, &v, "lhs", body_json(o, &e->logic.lhs));
        put(o, &v, "rhs", body_json(o, &e->logic.rhs));
        if (e->explicit_body)
            put(o, &v, "explicit_lhs", WV_TRUE);
        if (e->explicit_rhs)
            put(o, &v, "explicit_rhs", WV_TRUE);
        return v;
    }
}

static wv expr_json(json_out *o, const wp_expr *e)
{
    wv v = wv_object_begin(o->a, 6);
    if (e->generated)
        put(o, &v, "generated", WV_TRUE);
    put(o, &v, "index", wv_small(e->index));
    put_location(o, &v, e->loc);
    if (e->negated)
        put(o, &v, "negated", WV_TRUE);
    put(o, &v, "terms", expr_terms_json(o, e));
    if (e->n_with) {
        wv with = wv_array_begin(o->a, e->n_with);
        for (uint32_t i = 0; i < e->n_with; i++) {
            wv w = wv_object_begin(o->a, 3);
            put_location(o, &w, e->with[i].loc);
            put(o, &w, "target", term_json(o, e->with[i].target));
            put(o, &w, "value", term_json(o, e->with[i].value));
            wv_array_push(o->a, &with, w);
        }
        put(o, &v, "with", with);
    }
    return v;
}

static wv body_json(json_out *o, const wp_body *body)
{
    wv v = wv_array_begin(o->a, body->n);
    for (uint32_t i = 0; i < body->n; i++)
        wv_array_push(o->a, &v, expr_json(o, body->exprs[i]));
    return v;
}

static wv head_json(json_out *o, const wp_head *h)
{
    wv v = wv_object_begin(o->a, 7);
    if (h->name.n)
        put(o, &v, "name", wv_string_new(o->a, h->name));
    put(o, &v, "ref", terms_json(o, h->ref, h->n_ref));
    if (h->n_args)
        put(o, &v, "args", terms_json(o, h->args, h->n_args));
    if (h->key)
        put(o, &v, "key", term_json(o, h->key));
    if (h->value)
        put(o, &v, "value", term_json(o, h->value));
    if (h->assign)
        put(o, &v, "assign", WV_TRUE);
    put_location(o, &v, h->loc);
    return v;
}

/* A block with its place, whose text is the block's. */
static wv block_json(json_out *o, const wp_annotation *x)
{
    if (!o->locations)
        return x->value;
    wv loc = location(o, x->loc), v = wv_object_begin(o->a, 4);
    put(o, &loc, "text", base64(o, x->text));
    for (uint32_t i = 0; i < wv_len(x->value); i++)
        wv_object_put(o->a, &v, wv_key_at(x->value, NULL, i), wv_value_at(x->value, NULL, i));
    put(o, &v, "location", loc);
    return v;
}

static wv annotations_json(json_out *o, const wp_rule *r)
{
    wv v = wv_array_begin(o->a, r->n_blocks);
    for (uint32_t i = 0; i < r->n_blocks; i++)
        wv_array_push(o->a, &v, block_json(o, r->blocks[i]));
    return v;
}

static wv rule_json(json_out *o, const wp_rule *r)
{
    /* An else chain is a list in disguise: it is built from its end, without recursion. */
    uint32_t n = 0;
    for (const wp_rule *x = r; x; x = x->else_rule)
        n++;
    const wp_rule **all = wb_malloc(n * sizeof *all);
    n = 0;
    for (const wp_rule *x = r; x; x = x->else_rule)
        all[n++] = x;
    wv below = WV_UNDEFINED;
    while (n--) {
        const wp_rule *x = all[n];
        wv v = wv_object_begin(o->a, 6);
        if (x->n_blocks)
            put(o, &v, "annotations", annotations_json(o, x));
        put(o, &v, "body", body_json(o, &x->body));
        if (x->is_default)
            put(o, &v, "default", WV_TRUE);
        if (below != WV_UNDEFINED)
            put(o, &v, "else", below);
        put(o, &v, "head", head_json(o, x->head));
        put_location(o, &v, x->loc);
        below = v;
    }
    free(all);
    return below;
}

static wv imports_json(json_out *o, const wp_module *m)
{
    wv v = wv_array_begin(o->a, m->n_imports);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const wp_import *x = &m->imports[i];
        wv one = wv_object_begin(o->a, 4);
        if (x->alias.n) {
            put(o, &one, "alias", wv_string_new(o->a, x->alias));
            if (o->locations)
                put(o, &one, "alias_location", location(o, x->alias_loc));
        }
        put_location(o, &one, x->loc);
        put(o, &one, "path", term_json(o, x->path));
        wv_array_push(o->a, &v, one);
    }
    return v;
}

static wv comments_json(json_out *o, const wp_module *m)
{
    wv v = wv_array_begin(o->a, m->n_comments);
    uint32_t block = 0;
    for (uint32_t i = 0; i < m->n_comments; i++) {
        wv one = wv_object_begin(o->a, 2);
        put(o, &one, "Text", base64(o, m->comments[i].text));
        wv loc = location(o, m->comments[i].loc);
        /* The first comment of a block shares its place with the block. */
        if (block < m->n_blocks && m->blocks[block].loc.row == m->comments[i].loc.row) {
            if (o->locations)
                put(o, &loc, "text", base64(o, m->blocks[block].text));
            block++;
        }
        put(o, &one, "Location", loc);
        wv_array_push(o->a, &v, one);
    }
    return v;
}

wv wp_module_json(wb_arena *a, const wp_module *m, const wp_json_options *options)
{
    json_out o = {a, m, options->locations};
    wv v = wv_object_begin(a, 5), package = wv_object_begin(a, 2);
    put(&o, &package, "path", terms_json(&o, m->package->list.items, m->package->list.n));
    put_location(&o, &package, m->package_loc);
    put(&o, &v, "package", package);
    if (m->n_imports)
        put(&o, &v, "imports", imports_json(&o, m));
    if (m->n_blocks) {
        wv blocks = wv_array_begin(a, m->n_blocks);
        for (uint32_t i = 0; i < m->n_blocks; i++)
            wv_array_push(a, &blocks, block_json(&o, &m->blocks[i]));
        put(&o, &v, "annotations", blocks);
    }
    if (m->n_rules) {
        wv rules = wv_array_begin(a, m->n_rules);
        for (uint32_t i = 0; i < m->n_rules; i++)
            wv_array_push(a, &rules, rule_json(&o, m->rules[i]));
        put(&o, &v, "rules", rules);
    }
    if (options->comments && m->n_comments)
        put(&o, &v, "comments", comments_json(&o, m));
    return v;
}

wv wp_body_json(wb_arena *a, const wp_body *body, const wp_json_options *options)
{
    json_out o = {a, NULL, options->locations};
    return body_json(&o, body);
}
