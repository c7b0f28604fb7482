/* The data tree: packages, parts of rule paths, rules.
 *
 * Takes resolved rules. After it each rule belongs to one node: the node at its ground path, or a
 * node above it when another rule's variable part begins there, so that all that may end up in one
 * document is planned as one. Reports nothing: contradictions were refused (check_tree.c). */
#include "compiler/unit.h"
#include "value/json.h"

#include <stdlib.h>

#define MANY_CHILDREN 8 /* above it a node's children have an index */

static wc_node *equal_child(const wc_node *n, wv name)
{
    if (n->by_name != WV_UNDEFINED) {
        wv at = wv_object_get(n->by_name, name);
        return at == WV_UNDEFINED ? NULL : (wc_node *)(uintptr_t)wv_int(at);
    }
    for (wc_node *c = n->first; c; c = c->next)
        if (wv_equal(c->name, name))
            return c;
    return NULL;
}

wc_node *wc_node_child(const wc_node *n, wv name)
{
    wc_node *c = equal_child(n, name);
    return c && wv_same_spelling(c->name, name) ? c : NULL;
}

static void index_child(wc_unit *u, wc_node *n, wc_node *c)
{
    wv_object_put(u->a, &n->by_name, c->name, wv_small((int64_t)(uintptr_t)c));
}

static wc_node *child(wc_unit *u, wc_node *n, wv name)
{
    wc_node *c = equal_child(n, name);
    if (c)
        return c;
    c = wb_arena_calloc(u->a, sizeof *c);
    *c = (wc_node){.name = name,
                   .parent = n,
                   .next = n->first,
                   .depth = n->depth + 1,
                   .whole = WM_NONE,
                   .keyed = WM_NONE};
    n->first = c;
    n->n_children++;
    if (n->by_name != WV_UNDEFINED) {
        index_child(u, n, c);
    } else if (n->n_children > MANY_CHILDREN) {
        n->by_name = wv_object_begin(u->a, 4 * MANY_CHILDREN);
        for (wc_node *each = n->first; each; each = each->next)
            index_child(u, n, each);
    }
    return c;
}

wb_str wc_node_path_text(wc_unit *u, const wc_node *n)
{
    uint32_t count = n->depth;
    wp_term *ref = wc_term_new(u, WP_REF, (wp_loc){0});
    ref->list.n = count + 1;
    ref->list.items = wb_arena_alloc(u->a, (count + 1) * sizeof(wp_term *));
    ref->list.items[0] = wc_term_new(u, WP_VAR, (wp_loc){0});
    ref->list.items[0]->name = WB_LIT("data");
    for (uint32_t i = count; i > 0; i--, n = n->parent) {
        wp_term *t = wc_term_new(u, WP_STRING, (wp_loc){0});
        t->value = n->name;
        t->kind = wv_is_string(t->value)   ? WP_STRING
                  : wv_is_number(t->value) ? WP_NUMBER
                  : t->value == WV_NULL    ? WP_NULL
                                           : WP_BOOLEAN;
        ref->list.items[i] = t;
    }
    wb_buf text;
    wb_buf_init(&text, 1 << 20);
    wp_term_put(&text, ref);
    wb_str out = wb_arena_str(u->a, wb_buf_str(&text));
    wb_buf_free(&text);
    return out;
}

static void add(wc_unit *u, wc_node *n, wc_rule *rule)
{
    if (n->n_rules == n->cap_rules) {
        n->cap_rules = n->cap_rules ? 2 * n->cap_rules : 4;
        wc_rule **to = wb_arena_alloc(u->a, n->cap_rules * sizeof *to);
        if (n->n_rules)
            memcpy(to, n->rules, n->n_rules * sizeof *to);
        n->rules = to;
    }
    n->rules[n->n_rules++] = rule;
}

/* Moves the rules of every node below `from` up to `to`. A default is lost there: it belongs to a
 * rule asked alone, and these become parts of one object. */
static void pull_up(wc_unit *u, wc_node *to, wc_node *from)
{
    for (wc_node *c = from->first; c; c = c->next) {
        for (uint32_t i = 0; i < c->n_rules; i++)
            if (!c->rules[i]->is_function && !c->rules[i]->is_default)
                add(u, to, c->rules[i]);
        pull_up(u, to, c);
        if (!c->is_function) {
            c->rules = NULL;
            c->n_rules = 0;
        }
    }
}

static int by_place(const void *x, const void *y)
{
    const wc_rule *a = *(wc_rule *const *)x, *b = *(wc_rule *const *)y;
    if (a->loc.file != b->loc.file)
        return a->loc.file < b->loc.file ? -1 : 1;
    return (a->loc.offset > b->loc.offset) - (a->loc.offset < b->loc.offset);
}

/* Before any rule is moved to another node. */
static void find_functions(wc_node *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        n->is_function |= n->rules[i]->is_function;
    for (wc_node *c = n->first; c; c = c->next)
        find_functions(c);
}

static void settle(wc_unit *u, wc_node *n)
{
    bool dynamic = false, set = false;
    for (uint32_t i = 0; i < n->n_rules; i++) {
        wc_rule *r = n->rules[i];
        dynamic |= r->n_ground < r->n_path;
        set |= r->is_set;
    }
    if (dynamic || (set && n->first)) {
        uint32_t before = n->n_rules;
        pull_up(u, n, n);
        if (n->n_rules > before) /* its own come first, as in OPA's index */
            qsort(n->rules + before, n->n_rules - before, sizeof *n->rules, by_place);
        n->is_dynamic = true;
    }
    n->is_set = set && !n->is_dynamic;
    for (uint32_t i = 0; i < n->n_rules; i++) {
        uint32_t keys = n->rules[i]->n_path - n->depth + n->rules[i]->is_set;
        if (!n->rules[i]->is_function && keys > n->max_keys)
            n->max_keys = keys;
    }
    for (wc_node *c = n->first; c; c = c->next)
        settle(u, c);
}

/* Sorts children by name, bottom up, by merging lists. */
static wc_node *merge_sort(wc_node *list)
{
    if (!list || !list->next)
        return list;
    wc_node *slow = list, *fast = list->next;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    wc_node *right = slow->next;
    slow->next = NULL;
    wc_node *left = merge_sort(list), *head = NULL, **tail = &head;
    right = merge_sort(right);
    while (left && right) {
        wc_node **pick = wv_compare(left->name, right->name) <= 0 ? &left : &right;
        *tail = *pick;
        tail = &(*pick)->next;
        *pick = (*pick)->next;
    }
    *tail = left ? left : right;
    return head;
}

static void sort_children(wc_node *n)
{
    n->first = merge_sort(n->first);
    for (wc_node *c = n->first; c; c = c->next)
        sort_children(c);
}

void wc_build_tree(wc_unit *u)
{
    u->root = wb_arena_calloc(u->a, sizeof *u->root);
    *u->root = (wc_node){.whole = WM_NONE, .keyed = WM_NONE};
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_term *p = u->modules[i]->package;
        wc_node *n = u->root;
        for (uint32_t j = 1; j < p->list.n; j++)
            n = child(u, n, p->list.items[j]->value);
        n->is_package = true;
    }
    for (uint32_t i = 0; i < u->n_rules; i++) {
        wc_rule *r = u->rules[i];
        wc_node *n = u->root;
        for (uint32_t j = 0; j < r->n_ground; j++)
            n = child(u, n, r->path[j]->value);
        add(u, n, r);
    }
    find_functions(u->root);
    settle(u, u->root);
    sort_children(u->root);
}
