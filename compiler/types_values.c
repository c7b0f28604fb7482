/* What terms are: variables, references through the layers of the environment, literals. */
#include "compiler/types_check.h"

#include "value/json.h"

/* Bytes of the text of a key that is a collection. Quotes in it double with each level of keys in
 * keys; an object with a longer one is of any keys of that type. */
#define KEY_MAX ((size_t)64 << 10)

/* ---- variables ---- */

wc_tp wc_ty_var(const wc_types *c, const wc_cvar *v)
{
    return v->id < c->cap_vars ? c->vars[v->id] : NULL;
}

void wc_ty_put_var(wc_types *c, const wc_cvar *v, wc_tp t)
{
    if (v->id >= c->cap_vars) {
        uint32_t cap = c->cap_vars ? c->cap_vars : 256;
        while (cap <= v->id)
            cap *= 2;
        c->vars = wb_realloc(c->vars, cap * sizeof *c->vars);
        memset(c->vars + c->cap_vars, 0, (cap - c->cap_vars) * sizeof *c->vars);
        c->levels = wb_realloc(c->levels, cap * sizeof *c->levels);
        c->cap_vars = cap;
    }
    if (!c->vars[v->id]) {
        if (c->n_trail == c->cap_trail) {
            c->cap_trail = c->cap_trail ? 2 * c->cap_trail : 64;
            c->trail = wb_realloc(c->trail, c->cap_trail * sizeof *c->trail);
        }
        c->trail[c->n_trail++] = v->id;
        c->levels[v->id] = c->level;
    }
    c->vars[v->id] = t;
}

void wc_ty_forget(wc_types *c, uint32_t to)
{
    while (c->n_trail > to)
        c->vars[c->trail[--c->n_trail]] = NULL;
}

bool wc_ty_is_var(const wp_term *t)
{
    return t->kind == WP_VAR;
}

wc_tp wc_ty_builtin(wc_types *c, const ws_builtin *fn)
{
    if (!c->builtins) {
        c->builtins =
            wb_arena_calloc(c->a, ws_registry_count(c->u->registry) * sizeof *c->builtins);
    }
    wc_tp *t = &c->builtins[fn->index];
    if (!*t)
        *t = wc_type_of_decl(c->a, fn->decl);
    return *t;
}

/* ---- references ---- */

static wc_tp select_rest(wc_types *c, wc_tp t, wp_term *const *rest, uint32_t n)
{
    for (uint32_t i = 0; i < n && t; i++)
        t = wc_ck_is_scalar(rest[i]) ? wc_type_select(c->a, t, rest[i]->value)
                                     : wc_type_values(c->a, t);
    return t;
}

/* Whether the layer at n knows the path from i on. */
static bool look_up(wc_types *c, wc_tnode *n, wp_term *const *items, uint32_t i, uint32_t end,
                    wc_tp *out)
{
    for (; i < end; i++) {
        bool scalar = wc_ck_is_scalar(items[i]);
        wc_tnode *child = scalar ? wc_tnode_child(n, items[i]->value) : NULL;
        if (!child && n->value) {
            *out = select_rest(c, n->value, items + i, end - i);
            return true;
        }
        if (!child && !wc_ck_is_constant(items[i])) {
            *out = select_rest(c, wc_tnode_extent(c->a, n), items + i, end - i);
            return true;
        }
        if (!child)
            return false;
        n = child;
    }
    *out = wc_tnode_extent(c->a, n);
    return true;
}

wc_tp wc_ty_ref(wc_types *c, const wp_term *ref)
{
    wp_term *const *items = ref->list.items;
    uint32_t n = ref->list.n;
    if (items[0]->kind != WP_VAR)
        return NULL;
    const wc_cvar *head = wc_cvar_of(items[0]);
    bool input = head == c->c->input;
    if (!input && head != c->c->data) {
        wc_tp t = wc_ty_var(c, head);
        if (t)
            return select_rest(c, t, items + 1, n - 1);
        const ws_builtin *fn = wc_ck_builtin(c->c, ref);
        return fn ? wc_ty_builtin(c, fn) : NULL;
    }
    for (const wc_layer *l = c->layers; l; l = l->next) {
        wc_tnode *root = input ? l->input : l->data;
        wc_tp t = NULL;
        if (wc_ty_knows(root) && look_up(c, root, items, 1, n, &t))
            return t;
    }
    return &wc_any;
}

/* ---- terms ---- */

/* A key within a constant, as JSON has it: a string. Undefined when it is too long. */
static wv key_text(wc_types *c, wv key)
{
    if (wv_is_string(key))
        return key;
    wb_buf b;
    wb_buf_init(&b, KEY_MAX);
    wv_json_encode(&b, key, NULL, NULL);
    wv text = b.failed ? WV_UNDEFINED : wv_string_new(c->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return text;
}

wv wc_ty_constant(wc_types *c, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY: {
        wv out = wv_array_begin(c->a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++) {
            wv item = wc_ty_constant(c, t->list.items[i]);
            if (item == WV_UNDEFINED)
                return item;
            wv_array_push(c->a, &out, item);
        }
        return out;
    }
    case WP_SET: {
        wv set = wv_set_begin(c->a, t->list.n), out = wv_array_begin(c->a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++) {
            wv item = wc_ty_constant(c, t->list.items[i]);
            if (item == WV_UNDEFINED)
                return item;
            wv_set_add(c->a, &set, item);
        }
        const uint32_t *order = wv_table_order(set);
        for (uint32_t i = 0; i < wv_len(set); i++)
            wv_array_push(c->a, &out, wv_set_at(set, order, i));
        return out;
    }
    case WP_OBJECT: {
        wv out = wv_object_begin(c->a, t->object.n);
        for (uint32_t i = 0; i < t->object.n; i++) {
            wv key = wc_ty_constant(c, t->object.pairs[i].key);
            wv value = wc_ty_constant(c, t->object.pairs[i].value);
            key = key == WV_UNDEFINED ? key : key_text(c, key);
            if (key == WV_UNDEFINED || value == WV_UNDEFINED)
                return WV_UNDEFINED;
            wv_object_put(c->a, &out, key, value);
        }
        return out;
    }
    default: return t->value;
    }
}

static wc_tp object_type(wc_types *c, const wp_term *t)
{
    wc_prop *props = wb_arena_alloc(c->a, (t->object.n + 1) * sizeof *props);
    wc_tp key = NULL, value = NULL;
    wv seen = wv_object_begin(c->a, t->object.n);
    uint32_t n = 0;
    bool rest = false;
    for (uint32_t i = 0; i < t->object.n; i++) {
        const wp_pair *p = &t->object.pairs[i];
        wv k = wc_ck_is_constant(p->key) ? wc_ty_constant(c, p->key) : WV_UNDEFINED;
        if (k == WV_UNDEFINED) {
            key = wc_ty_value(c, p->key);
            value = wc_ty_value(c, p->value);
            rest = true;
            continue;
        }
        wv at = wv_object_get(seen, k);
        if (at == WV_UNDEFINED) {
            wv_object_put(c->a, &seen, k, wv_small(n));
            props[n++] = (wc_prop){k, wc_ty_value(c, p->value)};
        } else {
            props[wv_int(at)].value = wc_ty_value(c, p->value);
        }
    }
    return wc_object_type(c->a, props, n, rest, key, value);
}

/* ---- which levels a comprehension uses ---- */

static void reach_level(wc_types *c, uint32_t level)
{
    if (level < c->cap_used)
        return;
    uint32_t cap = c->cap_used ? 2 * c->cap_used : WC_USES;
    while (cap <= level)
        cap *= 2;
    c->used = wb_realloc(c->used, cap * sizeof *c->used);
    c->used_some = wb_realloc(c->used_some, cap / WC_USES * sizeof *c->used_some);
    memset(c->used + c->cap_used, 0, (cap - c->cap_used) * sizeof *c->used);
    memset(c->used_some + c->cap_used / WC_USES, 0,
           (cap - c->cap_used) / WC_USES * sizeof *c->used_some);
    c->cap_used = cap;
}

/* What stands in comprehensions was noted with them. */
static bool use(wc_cvisitor *v, wp_term *t)
{
    wc_types *c = v->data;
    if (t->kind == WP_VAR && wc_ty_var(c, wc_cvar_of(t))) {
        uint32_t level = c->levels[wc_cvar_of(t)->id];
        c->used[level] = c->used_some[level / WC_USES] = c->clock;
    }
    return wc_ck_is_comp(t);
}

/* Asked when its body is checked and its variables are still known. */
static uint32_t innermost_use(wc_types *c, const wp_term *t, uint32_t since)
{
    wc_cvisitor v = {.c = c->c, .term = use, .data = c};
    if (t->comp.key)
        wc_ck_walk_term(&v, t->comp.key);
    wc_ck_walk_term(&v, t->comp.value);
    wc_ck_walk_body(&v, (wp_body *)(uintptr_t)&t->comp.body);
    for (uint32_t level = c->level; level-- > 0;) {
        if (c->used[level] >= since)
            return level;
        if (level % WC_USES == 0)
            while (level && c->used_some[level / WC_USES - 1] < since)
                level -= WC_USES;
    }
    return 0;
}

/* The type of a comprehension, found once a round with what is wrong in it. */
static wc_tp comp_type(wc_types *c, const wp_term *t)
{
    wc_comp *k = (wc_comp *)(uintptr_t)t;
    if (k->round == c->round && !c->early)
        return k->type;
    wc_comp early = *k;
    if (c->early)
        k = &early;
    k->round = c->round;
    k->type = NULL;
    uint32_t mark = c->n_trail, since = ++c->clock, around = c->inside;
    c->inside = 0;
    reach_level(c, ++c->level);
    wp_diags *outer = c->sink;
    wp_diags_init(&k->errors, c->u->diags->arena, 0);
    c->sink = &k->errors;
    if (wc_ty_check_body(c, &t->comp.body)) {
        wc_tp value = wc_ty_value(c, t->comp.value);
        if (t->kind == WP_ARRAY_COMP)
            k->type = wc_array_type(c->a, NULL, 0, value);
        else if (t->kind == WP_SET_COMP)
            k->type = wc_set_type(c->a, value);
        else
            k->type = wc_object_type(c->a, NULL, 0, true, wc_ty_value(c, t->comp.key), value);
    }
    k->uses = innermost_use(c, t, since);
    k->inside = c->inside;
    if (k->inside < around)
        c->inside = around;
    if (c->inside < k->uses)
        c->inside = k->uses;
    c->sink = outer;
    c->level--;
    wc_ty_forget(c, mark);
    return k->type;
}

/* A variable that is named as a built-in is taken for it, until it has a type of its own. */
static wc_tp var_type(wc_types *c, const wp_term *t)
{
    wc_tp type = wc_ty_var(c, wc_cvar_of(t));
    const ws_builtin *fn = type ? NULL : wc_ck_named(c->c, wc_cvar_of(t));
    return fn ? wc_ty_builtin(c, fn) : type;
}

wc_tp wc_ty_value(wc_types *c, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL: return &wc_null;
    case WP_BOOLEAN: return &wc_boolean;
    case WP_NUMBER: return &wc_number;
    case WP_STRING:
    case WP_TEMPLATE: return &wc_string;
    case WP_VAR: return var_type(c, t);
    case WP_REF: return wc_ty_ref(c, t);
    case WP_ARRAY: {
        wc_tp *items = wb_arena_alloc(c->a, (t->list.n + 1) * sizeof *items);
        for (uint32_t i = 0; i < t->list.n; i++)
            items[i] = wc_ty_value(c, t->list.items[i]);
        return wc_array_type(c->a, items, t->list.n, NULL);
    }
    case WP_SET: {
        wc_tp of = NULL;
        for (uint32_t i = 0; i < t->list.n; i++)
            of = wc_type_or(c->a, of, wc_ty_value(c, t->list.items[i]));
        return wc_set_type(c->a, of);
    }
    case WP_OBJECT: return object_type(c, t);
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return comp_type(c, t);
    case WP_CALL: return NULL;
    }
    return NULL;
}
