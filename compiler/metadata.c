/* rego.metadata.chain() and rego.metadata.rule(): constants made of the METADATA blocks around the
 * rule that calls them. */
#include "compiler/unit.h"
#include "value/json.h"
#include "value/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_scope(wv block, const char *scope)
{
    wv v = wv_object_get_str(block, WB_LIT("scope"));
    return wv_is_string(v) && wb_str_is(wv_str(&v), scope);
}

static wv string(wc_unit *u, const char *z)
{
    return wv_string_new(u->a, wb_str_of(z));
}

/* The path of the package, then of the rule's head as far as it is scalars. */
static wv path_of(wc_unit *u, const wp_module *m, const wp_rule *rule)
{
    wv path = wv_array_begin(u->a, 8);
    for (uint32_t i = 1; i < m->package->list.n; i++)
        wv_array_push(u->a, &path, m->package->list.items[i]->value);
    for (uint32_t i = 0; rule && i < rule->head->n_ref; i++) {
        const wp_term *t = rule->head->ref[i];
        if (i == 0 && t->kind == WP_VAR)
            wv_array_push(u->a, &path, wv_string_new(u->a, t->name));
        else if (t->kind <= WP_STRING)
            wv_array_push(u->a, &path, t->value);
        else
            break;
    }
    return path;
}

/* The keys of a reference as the tree's JSON has it, each as text; what has no name is "_". */
static wv keys_of(wc_unit *u, wv ref)
{
    wv out = wv_array_begin(u->a, wv_len(ref));
    for (uint32_t i = 0; i < wv_len(ref); i++) {
        wv key = wv_object_get_str(wv_items(ref)[i], WB_LIT("value"));
        wv type = wv_object_get_str(wv_items(ref)[i], WB_LIT("type"));
        bool var = wb_str_is(wv_str(&type), "var") && wv_is_string(key);
        if (var && wv_str(&key).n && wv_str(&key).p[0] == '$') {
            key = string(u, "_");
        } else if (!wv_is_string(key)) {
            wb_buf b;
            wb_buf_init(&b, (size_t)1 << 16);
            wv_print(&b, key);
            key = wv_string_new(u->a, wb_buf_str(&b));
            wb_buf_free(&b);
        }
        wv_array_push(u->a, &out, key);
    }
    return out;
}

bool wc_has_odd_keys(wv v)
{
    for (uint32_t i = 0; wv_is_array(v) && i < wv_len(v); i++)
        if (wc_has_odd_keys(wv_items(v)[i]))
            return true;
    for (uint32_t i = 0; wv_is_object(v) && i < wv_len(v); i++)
        if (!wv_is_string(wv_key_at(v, NULL, i)) || wc_has_odd_keys(wv_value_at(v, NULL, i)))
            return true;
    return false;
}

static bool is_key(wv key, const char *name)
{
    return wb_str_is(wv_str(&key), name);
}

/* The members of a block or of a part of it as policies see them: references are lists of keys, a
 * name that is empty is left out. */
static wv plain_members(wc_unit *u, wv from)
{
    wv out = wv_object_begin(u->a, wv_len(from));
    for (uint32_t i = 0; i < wv_len(from); i++) {
        wv key = wv_key_at(from, NULL, i), value = wv_value_at(from, NULL, i);
        if (is_key(key, "name") && !wv_str(&value).n)
            continue;
        if (is_key(key, "path") || is_key(key, "schema"))
            value = keys_of(u, value);
        wv_object_put(u->a, &out, key, value);
    }
    return out;
}

/* Integers beyond 63 bits turn negative, as the evaluator reads them. */
static wv in_63_bits(wc_unit *u, wv v)
{
    int64_t fits;
    if (wv_is_number(v) && !wv_number_int64(v, &fits)) {
        wb_str text = wv_number_text(u->a, v);
        const char *digits = wb_arena_dup(u->a, text.p, text.n);
        bool whole = text.n && strspn(digits, "0123456789") == text.n;
        char turned[24];
        snprintf(turned, sizeof turned, "%" PRId64, (int64_t)strtoull(digits, NULL, 10));
        wv out = v;
        if (whole)
            wv_number_parse(u->a, wb_str_of(turned), false, &out);
        return out;
    }
    if (wv_is_array(v)) {
        wv out = wv_array_begin(u->a, wv_len(v));
        for (uint32_t i = 0; i < wv_len(v); i++)
            wv_array_push(u->a, &out, in_63_bits(u, wv_items(v)[i]));
        return out;
    }
    if (!wv_is_object(v))
        return v;
    wv out = wv_object_begin(u->a, wv_len(v));
    for (uint32_t i = 0; i < wv_len(v); i++)
        wv_object_put(u->a, &out, wv_key_at(v, NULL, i), in_63_bits(u, wv_value_at(v, NULL, i)));
    return out;
}

/* A block as policies see it; what it says to the compile API is not for them. */
static wv plain(wc_unit *u, wv block)
{
    wv out = wv_object_begin(u->a, wv_len(block));
    for (uint32_t i = 0; i < wv_len(block); i++) {
        wv key = wv_key_at(block, NULL, i), value = wv_value_at(block, NULL, i);
        if (is_key(key, "compile"))
            continue;
        if (is_key(key, "schemas") || is_key(key, "authors")) {
            wv list = wv_array_begin(u->a, wv_len(value));
            for (uint32_t k = 0; k < wv_len(value); k++)
                wv_array_push(u->a, &list, plain_members(u, wv_items(value)[k]));
            value = list;
        } else if (is_key(key, "custom") || is_key(key, "labels")) {
            value = in_63_bits(u, value);
        }
        wv_object_put(u->a, &out, key, value);
    }
    return out;
}

static wv link_of(wc_unit *u, wv path, wv annotations)
{
    wv entry = wv_object_begin(u->a, 2);
    if (annotations != WV_UNDEFINED)
        wv_object_put(u->a, &entry, string(u, "annotations"), plain(u, annotations));
    wv_object_put(u->a, &entry, string(u, "path"), path);
    return entry;
}

/* The i-th block that stands right above the rule for it alone, or undefined. */
static wv rule_block(const wp_rule *rule, uint32_t i)
{
    const wp_annotation *x = rule->blocks[i];
    return x->node == rule && has_scope(x->value, "rule") ? x->value : WV_UNDEFINED;
}

static wv first_block(const wp_rule *rule)
{
    wv found = WV_UNDEFINED;
    for (uint32_t i = 0; i < rule->n_blocks && found == WV_UNDEFINED; i++)
        found = rule_block(rule, i);
    return found;
}

/* The nearest first; a rule without any has a link all the same. */
static void link_rule(wc_unit *u, wv *chain, wv path, const wp_rule *rule)
{
    for (uint32_t i = rule->n_blocks; i-- > 0;)
        if (rule_block(rule, i) != WV_UNDEFINED)
            wv_array_push(u->a, chain, link_of(u, path, rule_block(rule, i)));
    if (!wv_len(*chain))
        wv_array_push(u->a, chain, link_of(u, path, WV_UNDEFINED));
}

static const char *const SCOPES[] = {"document", "package", "subpackages"};

/* Blocks that are not of one rule, by scope and path, whichever module they stand in. One path has
 * one of a scope: the check of modules sees to it. */
static void find_shared(wc_unit *u)
{
    for (unsigned k = 0; k < 3; k++)
        u->blocks[k] = wv_object_begin(u->a, 8);
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_module *m = u->modules[i];
        for (uint32_t j = 0; j < m->n_blocks; j++) {
            const wp_annotation *x = &m->blocks[j];
            for (unsigned k = 0; k < 3 && x->node; k++)
                if (has_scope(x->value, SCOPES[k]))
                    wv_object_put(u->a, &u->blocks[k], path_of(u, m, x->node == m ? NULL : x->node),
                                  x->value);
        }
    }
}

static void link_shared(wc_unit *u, wv *chain, unsigned scope, wv path)
{
    wv block = wv_object_get(u->blocks[scope], path);
    if (block != WV_UNDEFINED)
        wv_array_push(u->a, chain, link_of(u, path, block));
}

wv wc_metadata(wc_unit *u, const wp_module *m, const wp_rule *rule, bool chain)
{
    if (!chain) {
        wv own = first_block(rule);
        return own == WV_UNDEFINED ? wv_object_begin(u->a, 0) : plain(u, own);
    }
    wv out = wv_array_begin(u->a, 4);
    wv path = path_of(u, m, rule), package = path_of(u, m, NULL);
    link_rule(u, &out, path, rule);
    if (u->blocks[0] == WV_UNDEFINED)
        find_shared(u);
    link_shared(u, &out, 0, path);
    link_shared(u, &out, 1, package);
    for (uint32_t n = wv_len(package); n > 0; n--)
        link_shared(u, &out, 2, wv_array_new(u->a, wv_items(package), n));
    return out;
}

wp_term *wc_value_term(wc_unit *u, wv v, wp_loc loc)
{
    wp_term *t = wc_term_new(u, WP_NULL, loc);
    if (wv_is_array(v) || wv_is_set(v)) {
        t->kind = wv_is_array(v) ? WP_ARRAY : WP_SET;
        t->list.n = wv_len(v);
        t->list.items = wb_arena_alloc(u->a, (t->list.n + 1) * sizeof *t->list.items);
        for (uint32_t i = 0; i < t->list.n; i++)
            t->list.items[i] =
                wc_value_term(u, wv_is_array(v) ? wv_items(v)[i] : wv_set_at(v, NULL, i), loc);
        return t;
    }
    if (wv_is_object(v)) {
        t->kind = WP_OBJECT;
        t->object.n = wv_len(v);
        t->object.pairs = wb_arena_alloc(u->a, (t->object.n + 1) * sizeof *t->object.pairs);
        for (uint32_t i = 0; i < t->object.n; i++)
            t->object.pairs[i] = (wp_pair){wc_value_term(u, wv_key_at(v, NULL, i), loc),
                                           wc_value_term(u, wv_value_at(v, NULL, i), loc)};
        return t;
    }
    t->kind = wv_is_string(v)   ? WP_STRING
              : wv_is_number(v) ? WP_NUMBER
              : v == WV_NULL    ? WP_NULL
                                : WP_BOOLEAN;
    t->value = v;
    return t;
}
