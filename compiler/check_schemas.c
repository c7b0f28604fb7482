/* METADATA blocks as the checks need them: scopes given twice, and the schemas that hold for a
 * rule.
 *
 * Reports: document annotation redeclared; undefined schema; schemas that do not compile. */
#include "compiler/types_check.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- scopes ---- */

static wb_str path_text(wc_check *c, const wp_term *path, uint32_t n)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wp_term part = wp_term_here(path);
    part.list.n = n;
    wp_term_put(&b, n == 1 ? path->list.items[0] : &part);
    wb_str s = wb_arena_str(c->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

static int by_source(const void *x, const void *y)
{
    const wc_crule *a = *(wc_crule *const *)x, *b = *(wc_crule *const *)y;
    if (a->source != b->source)
        return (uintptr_t)a->source < (uintptr_t)b->source ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Rules in the order of their sources, for rule_of; made when a block of a rule comes. */
static wc_crule **sorted_by_source(wc_check *c)
{
    wc_crule **to = wb_arena_alloc(c->a, (c->n_all + 1) * sizeof *to);
    memcpy(to, c->all, c->n_all * sizeof *to);
    qsort(to, c->n_all, sizeof *to, by_source);
    return to;
}

static const wc_crule *rule_of(const wc_check *c, wc_crule *const *sorted, const void *node)
{
    uint32_t low = 0, high = c->n_all;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)sorted[middle]->source < (uintptr_t)node)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->n_all && sorted[low]->source == node ? sorted[low] : NULL;
}

/* What tells the block's node from others of its scope; empty: it has none. */
static wb_str block_key(wc_check *c, const wp_module *m, const wp_annotation *b, wb_str scope,
                        wc_crule ***sorted)
{
    const void *node = b->node;
    bool package = node == m;
    wb_str path = WB_LIT("");
    char mark[40];
    if (!node || scope.n == 0)
        return path;
    if (wb_str_is(scope, "rule")) {
        snprintf(mark, sizeof mark, "%p", node);
        path = wb_str_of(mark);
    } else if (package) {
        path = path_text(c, m->package, m->package->list.n);
    } else {
        *sorted = *sorted ? *sorted : sorted_by_source(c);
        const wc_crule *r = rule_of(c, *sorted, node);
        if (r)
            path = path_text(c, wc_ck_path(c, r), wc_ck_path_ground(r));
    }
    if (!path.n || package != (wb_str_is(scope, "package") || wb_str_is(scope, "subpackages")))
        return WB_LIT("");
    return wb_str_of(wb_arena_printf(c->a, "%.*s:%.*s", WB_FMT(scope), WB_FMT(path)));
}

static void redeclared(wc_check *c, const wp_module *m, const wp_annotation *b, wb_str scope,
                       wv first)
{
    const wp_module *other = c->modules[wv_int(wv_items(first)[0])].module;
    int row = (int)wv_int(wv_items(first)[1]), col = (int)wv_int(wv_items(first)[2]);
    c->u->module = m;
    if (other->file.name.n)
        wc_ck_fail(c, WP_TYPE_ERROR, b->loc, "%.*s annotation redeclared: %.*s:%d", WB_FMT(scope),
                   WB_FMT(other->file.name), row);
    else
        wc_ck_fail(c, WP_TYPE_ERROR, b->loc, "%.*s annotation redeclared: %d:%d", WB_FMT(scope),
                   row, col);
    c->u->module = NULL;
}

void wc_ck_annotations(wc_check *c)
{
    wv seen = wv_object_begin(c->a, 8);
    wc_crule **sorted = NULL;
    c->schemas = wv_object_begin(c->a, 8);
    for (uint32_t i = 0; i < c->n_modules; i++) {
        const wp_module *m = c->modules[i].module;
        for (uint32_t k = 0; k < m->n_blocks; k++) {
            const wp_annotation *b = &m->blocks[k];
            wv s = wv_object_get_str(b->value, WB_LIT("scope"));
            wb_str scope = wv_is_string(s) ? wv_str(&s) : WB_LIT("");
            wb_str text = block_key(c, m, b, scope, &sorted);
            if (!text.n)
                continue;
            wv key = wv_string_new(c->a, text), first = wv_object_get(seen, key);
            wv list = wv_object_get_str(b->value, WB_LIT("schemas"));
            bool rule = wb_str_is(scope, "rule");
            if (first != WV_UNDEFINED && !rule) {
                redeclared(c, m, b, scope, first);
                continue;
            }
            wv at[3] = {wv_small(i), wv_small(b->loc.row), wv_small(b->loc.col)};
            wv_object_put(c->a, &seen, key, wv_array_new(c->a, at, 3));
            if (!wv_is_array(list))
                continue;
            wv have = wv_object_get(c->schemas, key);
            if (have == WV_UNDEFINED)
                have = wv_array_begin(c->a, wv_len(list));
            for (uint32_t j = 0; j < wv_len(list); j++)
                wv_array_push(c->a, &have, wv_items(list)[j]);
            wv_object_put(c->a, &c->schemas, key, have);
        }
    }
}

/* ---- what an annotation makes of a document ---- */

/* t with `type` at the keys; what stood there gives way. */
static wc_tp override(wc_types *c, const wv *keys, uint32_t n, wc_tp t, wc_tp type)
{
    t = wc_type_open(t);
    bool object = t && t->kind == WC_T_OBJECT;
    uint32_t have = object ? t->n : 0;
    wc_prop *props = wb_arena_alloc(c->a, (have + 1) * sizeof *props);
    bool found = false;
    if (have)
        memcpy(props, t->props, have * sizeof *props);
    for (uint32_t i = 0; i < have; i++)
        if (wv_equal(props[i].key, keys[0])) {
            found = true;
            props[i].value = n == 1 ? type : override(c, keys + 1, n - 1, props[i].value, type);
        }
    bool rest = !object || t->has_rest;
    wc_tp key = object ? t->key : &wc_any, of = object ? t->of : &wc_any;
    if (!found) {
        wc_tp value = type;
        for (uint32_t i = n; i > 1; i--) {
            wc_prop step = {keys[i - 1], value};
            value = wc_object_type(c->a, &step, 1, rest, key, of);
        }
        props[have++] = (wc_prop){keys[0], value};
    }
    return wc_object_type(c->a, props, have, rest, key, of);
}

/* The values of an annotation's reference ([{"type", "value"}]), behind its head. */
static bool ref_keys(wc_types *c, wv ref, wv *head, wv *keys)
{
    *keys = wv_array_begin(c->a, 4);
    *head = WV_UNDEFINED;
    for (uint32_t i = 0; wv_is_array(ref) && i < wv_len(ref); i++) {
        wv v = wv_object_get_str(wv_items(ref)[i], WB_LIT("value"));
        if (i)
            wv_array_push(c->a, keys, v);
        else
            *head = v;
    }
    return wv_is_string(*head);
}

static wc_tp entry_type(wc_types *c, const wc_crule *r, wv entry)
{
    wv ref = wv_object_get_str(entry, WB_LIT("schema")), head, keys, schema;
    if (ref != WV_UNDEFINED) {
        if (!ref_keys(c, ref, &head, &keys) || !wv_is_object(c->u->options->schemas))
            return NULL;
        schema = wv_object_get(c->u->options->schemas, keys);
        if (schema == WV_UNDEFINED) {
            wp_term *t = wc_ck_list(c->c, WP_REF, 1 + wv_len(keys), r->loc);
            t->list.items[0] = wc_ck_var_term(c->c, wc_ck_var(c->c, WB_LIT("schema")), r->loc);
            for (uint32_t i = 0; i < wv_len(keys); i++)
                t->list.items[i + 1] = wc_string_term(c->u, wv_str(&wv_items(keys)[i]), r->loc);
            wp_report(c->sink, WP_TYPE_ERROR, wc_file(c->u), r->loc, "undefined schema: %.*s",
                      WB_FMT(wc_ck_text(c->c, t)));
            return NULL;
        }
    } else {
        schema = wv_object_get_str(entry, WB_LIT("definition"));
    }
    wb_buf why;
    wb_buf_init(&why, (size_t)1 << 20);
    wc_tp t =
        schema == WV_UNDEFINED ? NULL : wc_schema_type(c->a, c->u->options->seed, schema, &why);
    if (!t && why.n)
        wp_report(c->sink, WP_TYPE_ERROR, wc_file(c->u), r->loc, "%.*s", WB_FMT(wb_buf_str(&why)));
    wb_buf_free(&why);
    return t;
}

/* Whether all keys of a place are known; reports the one that is not. */
static bool has_keys(wc_types *c, const wc_crule *r, wv path)
{
    for (uint32_t i = 1; i < wv_len(path); i++) {
        wv type = wv_object_get_str(wv_items(path)[i], WB_LIT("type"));
        bool var = wb_str_is(wv_str(&type), "var");
        if (!var && !wb_str_is(wv_str(&type), "ref"))
            continue;
        wp_report(c->sink, WP_TYPE_ERROR, wc_file(c->u), r->loc, "error getting key from value: %s",
                  var ? "var requires evaluation" : "illegal value");
        return false;
    }
    return true;
}

static void apply(wc_types *c, const wc_crule *r, wv list, wc_layer *to)
{
    for (uint32_t i = 0; wv_is_array(list) && i < wv_len(list); i++) {
        wv entry = wv_items(list)[i], head, keys;
        wc_tp type = entry_type(c, r, entry);
        if (!type || !ref_keys(c, wv_object_get_str(entry, WB_LIT("path")), &head, &keys))
            continue;
        bool input = wb_str_is(wv_str(&head), "input");
        if (!input && !wb_str_is(wv_str(&head), "data"))
            continue; /* no document */
        if (!has_keys(c, r, wv_object_get_str(entry, WB_LIT("path"))))
            continue;
        wc_tnode **root = input ? &to->input : &to->data;
        wp_term *t = wc_ck_list(c->c, WP_REF, 1, r->loc);
        t->list.items[0] = wc_ck_var_term(c->c, input ? c->c->input : c->c->data, r->loc);
        if (wv_len(keys))
            type = override(c, wv_items(keys), wv_len(keys), wc_ty_ref(c, t), type);
        if (!*root)
            *root = wb_arena_calloc(c->a, sizeof **root);
        (*root)->value = type;
    }
}

static wv list_at(wc_types *c, const char *scope, wb_str path)
{
    return wv_object_get_str(c->c->schemas,
                             wb_str_of(wb_arena_printf(c->a, "%s:%.*s", scope, WB_FMT(path))));
}

void wc_ty_schemas(wc_types *c, const wc_crule *r, wc_layer *to)
{
    if (!wv_is_object(c->c->schemas) || !wv_len(c->c->schemas))
        return;
    const wp_term *package = r->module->package;
    for (uint32_t n = 1; n <= package->list.n; n++)
        apply(c, r, list_at(c, "subpackages", path_text(c->c, package, n)), to);
    apply(c, r, list_at(c, "package", path_text(c->c, package, package->list.n)), to);
    apply(c, r, list_at(c, "document", path_text(c->c, wc_ck_path(c->c, r), wc_ck_path_ground(r))),
          to);
    char mark[40];
    snprintf(mark, sizeof mark, "%p", (const void *)r->source);
    apply(c, r, list_at(c, "rule", wb_str_of(mark)), to);
}

void wc_ck_input_schema(wc_check *c)
{
    const wc_options *o = c->u->options;
    wv schema = wv_is_object(o->schemas) && !o->skip_types
                    ? wv_object_get(o->schemas, WV_EMPTY_ARRAY(c->a))
                    : WV_UNDEFINED;
    if (schema == WV_UNDEFINED)
        return;
    wb_buf why;
    wb_buf_init(&why, (size_t)1 << 20);
    c->input_type = wc_schema_type(c->a, o->seed, schema, &why);
    if (!c->input_type)
        wc_ck_fail(c, WP_TYPE_ERROR, (wp_loc){0}, "%.*s", WB_FMT(wb_buf_str(&why)));
    wb_buf_free(&why);
}

void wc_ty_input(wc_types *c)
{
    if (!c->c->input_type)
        return;
    c->base.input = wb_arena_calloc(c->a, sizeof *c->base.input);
    c->base.input->value = c->c->input_type;
}
