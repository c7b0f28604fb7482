/* Order of terms, as OPA compares syntax trees: sets and objects are printed in it. */
#include "parser/internal.h"

#include <stdlib.h>

static int by_number(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int rank(const wp_term *t)
{
    static const uint8_t ranks[] = {
        [WP_NULL] = 0,  [WP_BOOLEAN] = 1,     [WP_NUMBER] = 2,       [WP_STRING] = 3,
        [WP_VAR] = 5,   [WP_REF] = 6,         [WP_ARRAY] = 7,        [WP_OBJECT] = 8,
        [WP_SET] = 9,   [WP_ARRAY_COMP] = 10, [WP_OBJECT_COMP] = 11, [WP_SET_COMP] = 12,
        [WP_CALL] = 13, [WP_TEMPLATE] = 4};
    return ranks[t->kind];
}

static int compare_terms(wp_term *const *a, uint32_t na, wp_term *const *b, uint32_t nb)
{
    for (uint32_t i = 0; i < na && i < nb; i++) {
        int c = wp_term_compare(a[i], b[i]);
        if (c)
            return c;
    }
    return by_number(na, nb);
}

static int compare_expr(const wp_expr *a, const wp_expr *b);

static int compare_body(wp_body a, wp_body b)
{
    for (uint32_t i = 0; i < a.n && i < b.n; i++) {
        int c = compare_expr(a.exprs[i], b.exprs[i]);
        if (c)
            return c;
    }
    return by_number(a.n, b.n);
}

static int compare_optional(const wp_term *a, const wp_term *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return wp_term_compare(a, b);
}

static int expr_rank(const wp_expr *e)
{
    static const uint8_t ranks[] = {
        [WP_EXPR_SOME] = 0, [WP_EXPR_TERM] = 1, [WP_EXPR_CALL] = 2, [WP_EXPR_EVERY] = 3,
        [WP_EXPR_NOT] = 4,  [WP_EXPR_AND] = 5,  [WP_EXPR_OR] = 6};
    return ranks[e->kind];
}

static int compare_expr(const wp_expr *a, const wp_expr *b)
{
    int c = by_number(a->index, b->index);
    if (!c)
        c = a->negated - b->negated;
    if (!c)
        c = expr_rank(a) - expr_rank(b);
    if (c)
        return c;
    switch (a->kind) {
    case WP_EXPR_TERM: c = wp_term_compare(a->term, b->term); break;
    case WP_EXPR_CALL:
    case WP_EXPR_SOME: c = compare_terms(a->call.items, a->call.n, b->call.items, b->call.n); break;
    case WP_EXPR_EVERY:
        c = compare_optional(a->every.key, b->every.key);
        if (!c)
            c = wp_term_compare(a->every.value, b->every.value);
        if (!c)
            c = wp_term_compare(a->every.domain, b->every.domain);
        if (!c)
            c = compare_body(a->every.body, b->every.body);
        break;
    case WP_EXPR_NOT: c = compare_body(a->body, b->body); break;
    default:
        c = compare_body(a->logic.lhs, b->logic.lhs);
        if (!c)
            c = compare_body(a->logic.rhs, b->logic.rhs);
    }
    for (uint32_t i = 0; !c && i < a->n_with && i < b->n_with; i++) {
        c = wp_term_compare(a->with[i].target, b->with[i].target);
        if (!c)
            c = wp_term_compare(a->with[i].value, b->with[i].value);
    }
    return c ? c : by_number(a->n_with, b->n_with);
}

static int compare_object(const wp_term *a, const wp_term *b)
{
    uint32_t na, nb;
    wp_pair *x = wp_sorted_pairs(a, &na), *y = wp_sorted_pairs(b, &nb);
    int c = 0;
    for (uint32_t i = 0; !c && i < na && i < nb; i++) {
        c = wp_term_compare(x[i].key, y[i].key);
        if (!c)
            c = wp_term_compare(x[i].value, y[i].value);
    }
    free(x);
    free(y);
    return c ? c : by_number(na, nb);
}

static int compare_set(const wp_term *a, const wp_term *b)
{
    uint32_t na, nb;
    wp_term **x = wp_sorted_terms(a, &na), **y = wp_sorted_terms(b, &nb);
    int c = compare_terms(x, na, y, nb);
    free(x);
    free(y);
    return c;
}

int wp_term_compare(const wp_term *a, const wp_term *b)
{
    int c = rank(a) - rank(b);
    if (c || a == b)
        return c;
    switch (a->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return wv_compare(a->value, b->value);
    case WP_VAR: return wb_str_cmp(a->name, b->name);
    case WP_REF:
    case WP_ARRAY:
    case WP_CALL: return compare_terms(a->list.items, a->list.n, b->list.items, b->list.n);
    case WP_SET: return compare_set(a, b);
    case WP_OBJECT: return compare_object(a, b);
    case WP_TEMPLATE:
        return compare_body((wp_body){a->tmpl.parts, a->tmpl.n},
                            (wp_body){b->tmpl.parts, b->tmpl.n});
    default:
        c = compare_optional(a->comp.key, b->comp.key);
        if (!c)
            c = wp_term_compare(a->comp.value, b->comp.value);
        return c ? c : compare_body(a->comp.body, b->comp.body);
    }
}

typedef struct keyed {
    const wp_term *key;
    wp_term *value;
    uint32_t place;
} keyed;

static int by_key(const void *x, const void *y)
{
    const keyed *a = x, *b = y;
    int c = wp_term_compare(a->key, b->key);
    return c ? c : by_number(a->place, b->place);
}

wp_term **wp_sorted_terms(const wp_term *set, uint32_t *n)
{
    uint32_t all = set->list.n, m = 0;
    keyed *k = wb_malloc((all + 1) * sizeof *k);
    wp_term **to = wb_malloc((all + 1) * sizeof *to);
    for (uint32_t i = 0; i < all; i++)
        k[i] = (keyed){set->list.items[i], set->list.items[i], i};
    qsort(k, all, sizeof *k, by_key);
    for (uint32_t i = 0; i < all; i++)
        if (i == 0 || wp_term_compare(k[i].key, to[m - 1]) != 0)
            to[m++] = k[i].value;
    free(k);
    *n = m;
    return to;
}

wp_pair *wp_sorted_pairs(const wp_term *object, uint32_t *n)
{
    uint32_t all = object->object.n, m = 0;
    keyed *k = wb_malloc((all + 1) * sizeof *k);
    wp_pair *to = wb_malloc((all + 1) * sizeof *to);
    for (uint32_t i = 0; i < all; i++)
        k[i] = (keyed){object->object.pairs[i].key, object->object.pairs[i].value, i};
    qsort(k, all, sizeof *k, by_key);
    for (uint32_t i = 0; i < all; i++)
        to[m++] = object->object.pairs[k[i].place];
    free(k);
    *n = m;
    return to;
}
