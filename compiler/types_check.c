/* The type check: what rules and expressions can be is inferred in the order in which rules depend
 * on each other; what can never match, be selected or be passed is an error.
 *
 * Only what the texts tell is used: `input` and base documents are any. A document replaced by
 * `with` is any inside of that expression. Nothing here changes what a policy means.
 *
 * Reports: match error, undefined ref, invalid arguments, functions that are not called. */
#include "compiler/types.h"

#include <stdlib.h>

#define ONE_OF_MAX 1000u /* keys that an error lists */
#define HINT_URL   "https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error"

enum { NEW, OPEN, DONE };

/* Documents that a `with` replaced: any, until the expression ends. */
typedef struct layer {
    bool data;
    const struct layer *next;
} layer;

typedef struct checker {
    wc_unit *u;
    wb_arena *a;
    wc_flat flat;
    wc_tnode data;
    const layer *layers;
    wc_tp *vars; /* by number of variable; NULL: not known */
    uint32_t cap_vars;
    uint32_t *trail; /* variables in the order in which they got a type */
    uint32_t n_trail, cap_trail;
    wv builtin_index; /* name -> number in builtins */
    wc_tp *builtins;
    uint32_t n_builtins, cap_builtins;
    uint8_t *states; /* by number of rule */
    wv rule_index;
} checker;

static wc_tp value_type(checker *c, const wp_term *t);
static bool check_body(checker *c, const wp_body *b);

/* ---- variables ---- */

static wc_tp var_type(const checker *c, const wc_var *v)
{
    return v->id < c->cap_vars ? c->vars[v->id] : NULL;
}

static void put_var(checker *c, const wc_var *v, wc_tp t)
{
    if (v->id >= c->cap_vars) {
        uint32_t cap = c->cap_vars ? c->cap_vars : 256;
        while (cap <= v->id)
            cap *= 2;
        c->vars = wb_realloc(c->vars, cap * sizeof *c->vars);
        memset(c->vars + c->cap_vars, 0, (cap - c->cap_vars) * sizeof *c->vars);
        c->cap_vars = cap;
    }
    if (!c->vars[v->id]) {
        if (c->n_trail == c->cap_trail) {
            c->cap_trail = c->cap_trail ? 2 * c->cap_trail : 64;
            c->trail = wb_realloc(c->trail, c->cap_trail * sizeof *c->trail);
        }
        c->trail[c->n_trail++] = v->id;
    }
    c->vars[v->id] = t;
}

static void forget(checker *c, uint32_t to)
{
    while (c->n_trail > to)
        c->vars[c->trail[--c->n_trail]] = NULL;
}

/* ---- what terms are ---- */

static wc_tp builtin_type(checker *c, wb_str name)
{
    wv i = wv_object_get_str(c->builtin_index, name);
    if (i != WV_UNDEFINED)
        return c->builtins[wv_int(i)];
    const ws_builtin *fn = ws_registry_find(c->u->registry, name);
    wc_tp t = fn ? wc_type_of_decl(c->a, fn->decl) : NULL;
    if (c->n_builtins == c->cap_builtins) {
        c->cap_builtins = c->cap_builtins ? 2 * c->cap_builtins : 64;
        c->builtins = wb_realloc(c->builtins, c->cap_builtins * sizeof *c->builtins);
    }
    wv_object_put(c->a, &c->builtin_index, wv_string_new(c->a, name), wv_small(c->n_builtins));
    c->builtins[c->n_builtins++] = t;
    return t;
}

static wc_tp select_rest(checker *c, wc_tp t, wp_term *const *rest, uint32_t n)
{
    for (uint32_t i = 0; i < n && t; i++)
        t = rest[i]->kind <= WP_STRING ? wc_type_select(c->a, t, rest[i]->value)
                                       : wc_type_values(c->a, t);
    return t;
}

static bool is_masked(const checker *c)
{
    for (const layer *l = c->layers; l; l = l->next)
        if (l->data)
            return true;
    return false;
}

static wc_tp document_type(checker *c, wp_term *const *items, uint32_t n)
{
    wc_tnode *at = &c->data;
    for (uint32_t i = 1; i < n; i++) {
        bool constant = items[i]->kind <= WP_STRING;
        wc_tnode *child = constant ? wc_tnode_child(at, items[i]->value) : NULL;
        if (!child && at->value)
            return select_rest(c, at->value, items + i, n - i);
        if (!child && !constant)
            return select_rest(c, wc_tnode_extent(c->a, at), items + i, n - i);
        if (!child)
            return &wc_any;
        at = child;
    }
    return wc_tnode_extent(c->a, at);
}

static wc_tp ref_type(checker *c, const wp_term *t)
{
    wp_term *self = (wp_term *)(uintptr_t)t;
    wp_term *const *items = t->kind == WP_REF ? t->list.items : &self;
    uint32_t n = t->kind == WP_REF ? t->list.n : 1;
    if (items[0]->kind != WP_VAR)
        return NULL;
    if (wc_is_local(items[0]))
        return select_rest(c, var_type(c, wc_var_of(items[0])), items + 1, n - 1);
    if (wc_is_root(items[0], "input") || is_masked(c))
        return &wc_any;
    return document_type(c, items, n);
}

static bool is_ground(const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return true;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!is_ground(t->list.items[i]))
                return false;
        return true;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!is_ground(t->object.pairs[i].key) || !is_ground(t->object.pairs[i].value))
                return false;
        return true;
    default: return false;
    }
}

/* A ground term as JSON: a set is an array in its order. */
static wv ground_value(checker *c, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY: {
        wv out = wv_array_begin(c->a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++)
            wv_array_push(c->a, &out, ground_value(c, t->list.items[i]));
        return out;
    }
    case WP_SET: {
        wv set = wv_set_begin(c->a, t->list.n), out = wv_array_begin(c->a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++)
            wv_set_add(c->a, &set, ground_value(c, t->list.items[i]));
        const uint32_t *order = wv_table_order(set);
        for (uint32_t i = 0; i < wv_len(set); i++)
            wv_array_push(c->a, &out, wv_set_at(set, order, i));
        return out;
    }
    case WP_OBJECT: {
        wv out = wv_object_begin(c->a, t->object.n);
        for (uint32_t i = 0; i < t->object.n; i++)
            wv_object_put(c->a, &out, ground_value(c, t->object.pairs[i].key),
                          ground_value(c, t->object.pairs[i].value));
        return out;
    }
    default: return t->value;
    }
}

static wc_tp object_type(checker *c, const wp_term *t)
{
    wc_prop *props = wb_arena_alloc(c->a, (t->object.n + 1) * sizeof *props);
    wc_tp key = NULL, value = NULL;
    wv seen = wv_object_begin(c->a, t->object.n);
    uint32_t n = 0;
    bool rest = false;
    for (uint32_t i = 0; i < t->object.n; i++) {
        const wp_pair *p = &t->object.pairs[i];
        if (!is_ground(p->key)) {
            key = value_type(c, p->key);
            value = value_type(c, p->value);
            rest = true;
            continue;
        }
        wv k = ground_value(c, p->key);
        wv at = wv_object_get(seen, k);
        if (at == WV_UNDEFINED) {
            wv_object_put(c->a, &seen, k, wv_small(n));
            props[n++] = (wc_prop){k, value_type(c, p->value)};
        } else {
            props[wv_int(at)].value = value_type(c, p->value);
        }
    }
    return wc_object_type(c->a, props, n, rest, key, value);
}

static wc_tp comp_type(checker *c, const wp_term *t)
{
    wc_comp *k = (wc_comp *)(uintptr_t)t;
    if (k->checked)
        return k->type;
    k->checked = true;
    uint32_t mark = c->n_trail;
    if (check_body(c, &t->comp.body)) {
        wc_tp value = value_type(c, t->comp.value);
        if (t->kind == WP_ARRAY_COMP)
            k->type = wc_array_type(c->a, NULL, 0, value);
        else if (t->kind == WP_SET_COMP)
            k->type = wc_set_type(c->a, value);
        else
            k->type = wc_object_type(c->a, NULL, 0, true, value_type(c, t->comp.key), value);
    }
    forget(c, mark);
    return k->type;
}

static wc_tp value_type(checker *c, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL: return &wc_null;
    case WP_BOOLEAN: return &wc_boolean;
    case WP_NUMBER: return &wc_number;
    case WP_STRING:
    case WP_TEMPLATE: return &wc_string;
    case WP_VAR: return wc_is_local(t) ? var_type(c, wc_var_of(t)) : ref_type(c, t);
    case WP_REF: return ref_type(c, t);
    case WP_ARRAY: {
        wc_tp *items = wb_arena_alloc(c->a, (t->list.n + 1) * sizeof *items);
        for (uint32_t i = 0; i < t->list.n; i++)
            items[i] = value_type(c, t->list.items[i]);
        return wc_array_type(c->a, items, t->list.n, NULL);
    }
    case WP_SET: {
        wc_tp of = NULL;
        for (uint32_t i = 0; i < t->list.n; i++)
            of = wc_type_or(c->a, of, value_type(c, t->list.items[i]));
        return wc_set_type(c->a, of);
    }
    case WP_OBJECT: return object_type(c, t);
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return comp_type(c, t);
    case WP_CALL: /* a function as the value of `with` */
        return t->list.n == 1 && t->list.items[0]->kind == WP_STRING
                   ? builtin_type(c, wv_str(&t->list.items[0]->value))
                   : NULL;
    }
    return NULL;
}

/* ---- unification refines variables ---- */

static bool unify1(checker *c, const wp_term *t, wc_tp tpe, bool join);

static bool unify_members(checker *c, const wp_term *t, wc_tp any)
{
    bool one = false;
    for (uint32_t i = 0; i < any->n; i++)
        one |= unify1(c, t, any->items[i], true);
    return one;
}

static bool unify_list(checker *c, const wp_term *t, wc_tp tpe, bool join)
{
    bool array = t->kind == WP_ARRAY;
    if (wc_type_is_any(tpe)) {
        for (uint32_t i = 0; i < t->list.n; i++)
            unify1(c, t->list.items[i], &wc_any, true);
        return true;
    }
    if (tpe->kind == WC_T_ANY)
        return unify_members(c, t, tpe);
    if (tpe->kind != (array ? WC_T_ARRAY : WC_T_SET))
        return false;
    if (array && t->list.n != tpe->n && !tpe->of)
        return false;
    for (uint32_t i = 0; i < t->list.n; i++) {
        wc_tp of = array && i < tpe->n ? tpe->items[i] : tpe->of;
        if (!unify1(c, t->list.items[i], of, join))
            return false;
    }
    return true;
}

static bool unify_object(checker *c, const wp_term *t, wc_tp tpe, bool join)
{
    if (wc_type_is_any(tpe)) {
        for (uint32_t i = 0; i < t->object.n; i++) {
            unify1(c, t->object.pairs[i].key, &wc_any, true);
            unify1(c, t->object.pairs[i].value, &wc_any, true);
        }
        return true;
    }
    if (tpe->kind == WC_T_ANY)
        return unify_members(c, t, tpe);
    if (tpe->kind != WC_T_OBJECT || (t->object.n != tpe->n && !tpe->of))
        return false;
    for (uint32_t i = 0; i < t->object.n; i++) {
        const wp_pair *p = &t->object.pairs[i];
        if (!is_ground(p->key)) {
            unify1(c, p->value, &wc_any, join);
            continue;
        }
        wc_tp child = wc_type_select(c->a, tpe, ground_value(c, p->key));
        if (!child || !unify1(c, p->value, child, join))
            return false;
    }
    return true;
}

static bool unify1(checker *c, const wp_term *t, wc_tp tpe, bool join)
{
    if (!tpe && !(t->kind == WP_VAR && wc_is_local(t)))
        return false;
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY:
    case WP_SET: return unify_list(c, t, tpe, join);
    case WP_OBJECT: return unify_object(c, t, tpe, join);
    case WP_VAR: {
        if (!wc_is_local(t))
            break;
        wc_tp have = value_type(c, t);
        if (join)
            put_var(c, wc_var_of(t), wc_type_or(c->a, have, tpe));
        else if (have)
            return wc_type_unifies(c->a, have, tpe);
        else
            put_var(c, wc_var_of(t), tpe);
        return true;
    }
    default: break;
    }
    return wc_type_unifies(c->a, value_type(c, t), tpe);
}

static bool unify2(checker *c, const wp_term *x, const wp_term *y);

static bool is_local(const wp_term *t)
{
    return t->kind == WP_VAR && wc_is_local(t);
}

static bool unify_with_var(checker *c, const wp_term *x, const wp_term *var)
{
    return unify1(c, x, &wc_any, false) && unify1(c, var, value_type(c, x), false);
}

static bool unify_arrays(checker *c, const wp_term *x, const wp_term *y)
{
    if (is_local(y))
        return unify_with_var(c, x, y);
    if (y->kind != WP_ARRAY || x->list.n != y->list.n)
        return false;
    for (uint32_t i = 0; i < x->list.n; i++)
        if (!unify2(c, x->list.items[i], y->list.items[i]))
            return false;
    return true;
}

static bool unify_objects(checker *c, const wp_term *x, const wp_term *y)
{
    if (is_local(y))
        return unify_with_var(c, x, y);
    if (y->kind != WP_OBJECT || x->object.n != y->object.n)
        return false;
    wv keys = wv_object_begin(c->a, y->object.n);
    for (uint32_t j = 0; j < y->object.n; j++)
        if (is_ground(y->object.pairs[j].key))
            wv_object_put(c->a, &keys, ground_value(c, y->object.pairs[j].key), wv_small(j));
    for (uint32_t i = 0; i < x->object.n; i++) {
        const wp_pair *p = &x->object.pairs[i];
        if (!is_ground(p->key))
            return true; /* which pairs meet is not known */
        wv j = wv_object_get(keys, ground_value(c, p->key));
        if (j == WV_UNDEFINED || !unify2(c, p->value, y->object.pairs[wv_int(j)].value))
            return j == WV_UNDEFINED && wv_len(keys) < y->object.n;
    }
    return true;
}

static bool unify2(checker *c, const wp_term *x, const wp_term *y)
{
    wc_tp tx = value_type(c, x), ty = value_type(c, y);
    bool nx = wc_type_nil(tx), ny = wc_type_nil(ty);
    if (nx && !ny)
        return unify1(c, x, ty, false);
    if (ny && !nx)
        return unify1(c, y, tx, false);
    if (!nx)
        return wc_type_unifies(c->a, tx, ty);
    if (x->kind == WP_ARRAY)
        return unify_arrays(c, x, y);
    if (x->kind == WP_OBJECT)
        return unify_objects(c, x, y);
    if (is_local(x)) {
        if (is_local(y))
            return unify_with_var(c, x, y);
        if (y->kind == WP_ARRAY)
            return unify_arrays(c, y, x);
        if (y->kind == WP_OBJECT)
            return unify_objects(c, y, x);
    }
    if (is_local(x) && !tx && ty)
        return unify1(c, x, ty, false);
    if (is_local(y) && !ty && tx)
        return unify1(c, y, tx, false);
    return false;
}

/* ---- reports ---- */

static wp_diag *report(checker *c, wp_loc loc, wb_str message)
{
    return wp_report(c->u->diags, WP_TYPE_ERROR, wc_file(c->u), loc, "%.*s", WB_FMT(message));
}

static void add_lines(checker *c, wp_diag *d, const wb_str *lines, uint32_t n)
{
    if (!d)
        return;
    wb_str *to = wb_arena_alloc(c->u->diags->arena, n * sizeof *to);
    for (uint32_t i = 0; i < n; i++)
        to[i] = wb_arena_str(c->u->diags->arena, lines[i]);
    d->lines = to;
    d->n_lines = n;
}

static wv detail_string(wb_arena *a, wb_str s)
{
    return wv_string_new(a, s);
}

static void put_detail(wb_arena *a, wv *o, const char *name, wv value)
{
    wv_object_put(a, o, wv_string_new(a, wb_str_of(name)), value);
}

static wb_str take_text(checker *c, wb_buf *b)
{
    wb_str s = wb_arena_str(c->a, wb_buf_str(b));
    wb_buf_free(b);
    return s;
}

static wb_str format(checker *c, const char *before, wc_tp t)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 22);
    wb_buf_puts(&b, before);
    wc_type_put(&b, t);
    return take_text(c, &b);
}

static void report_match(checker *c, wp_loc loc, wc_tp l, wc_tp r)
{
    wp_diag *d = report(c, loc, WB_LIT("match error"));
    if (!d)
        return;
    wb_str lines[3] = {format(c, "left  : ", l), format(c, "right : ", r)};
    uint32_t n = 2;
    if (wc_line_too_wide(lines[0]) || wc_line_too_wide(lines[1])) {
        wb_buf left, right;
        wb_buf_init(&left, (size_t)1 << 22);
        wb_buf_init(&right, (size_t)1 << 22);
        wb_buf_puts(&left, "left  : ");
        wb_buf_puts(&right, "right : ");
        wc_type_put_diff(c->a, &left, &right, l, r);
        lines[0] = take_text(c, &left);
        lines[1] = take_text(c, &right);
    }
    const char *kind = NULL;
    if (l && r && l->kind == r->kind)
        kind = l->kind == WC_T_OBJECT  ? "objects"
               : l->kind == WC_T_ARRAY ? "arrays"
               : l->kind == WC_T_SET   ? "sets"
                                       : NULL;
    if (kind) {
        wb_buf b;
        wb_buf_init(&b, 1024);
        wb_buf_putf(&b,
                    "hint  : both sides are %s but their types differ, so they can never be equal "
                    "(see " HINT_URL ")",
                    kind);
        lines[n++] = take_text(c, &b);
    }
    add_lines(c, d, lines, n);
    wb_arena *a = c->u->diags->arena;
    wv o = wv_object_begin(a, 2);
    put_detail(a, &o, "a", wc_type_value(a, l));
    put_detail(a, &o, "b", wc_type_value(a, r));
    d->details = o;
}

static void put_arg_lines(checker *c, wb_str lines[2], const wc_tp *have, uint32_t n, wc_tp want)
{
    wb_buf h, w;
    wb_buf_init(&h, (size_t)1 << 22);
    wb_buf_init(&w, (size_t)1 << 22);
    wb_buf_puts(&h, "have: ");
    wb_buf_puts(&w, "want: ");
    wc_args_put(&h, have, n, NULL, NULL);
    wc_args_put(&w, want->items, want->n, want->key, want->names);
    if (wc_line_too_wide(wb_buf_str(&h)) || wc_line_too_wide(wb_buf_str(&w))) {
        wb_buf_clear(&h);
        wb_buf_clear(&w);
        wb_buf_puts(&h, "have: (");
        wb_buf_puts(&w, "want: (");
        for (uint32_t i = 0; i < n || i < want->n; i++) {
            wc_tp x = i < n ? have[i] : NULL, y = i < want->n ? want->items[i] : NULL;
            if (i && i < n)
                wb_buf_puts(&h, ", ");
            if (i && i < want->n)
                wb_buf_puts(&w, ", ");
            bool named = i < want->n && want->names && want->names[i].n;
            bool differ = i < n && i < want->n && !(x && y && wc_type_unifies(c->a, x, y));
            if (named)
                wb_buf_putf(&w, "%.*s: ", WB_FMT(want->names[i]));
            if (differ) {
                wc_type_put_diff(c->a, &h, &w, x, y);
                continue;
            }
            if (i < n)
                wc_type_put_short(c->a, &h, x);
            if (i < want->n)
                wc_type_put_short(c->a, &w, y);
        }
        if (want->key) {
            wb_buf_puts(&w, want->n ? ", " : "");
            wc_type_put_short(c->a, &w, want->key);
            wb_buf_puts(&w, "...");
        }
        wb_buf_putc(&h, ')');
        wb_buf_putc(&w, ')');
    }
    lines[0] = take_text(c, &h);
    lines[1] = take_text(c, &w);
}

void wc_report_arguments(wc_unit *u, wp_loc loc, wb_str name, const char *what, const wc_tp *have,
                         uint32_t n, wc_tp want)
{
    checker c = {.u = u, .a = u->a};
    wp_diag *d =
        wp_report(u->diags, WP_TYPE_ERROR, wc_file(u), loc, "%.*s: %s", WB_FMT(name), what);
    if (!d)
        return;
    wb_str lines[2];
    put_arg_lines(&c, lines, have, n, want);
    add_lines(&c, d, lines, 2);
    wb_arena *a = u->diags->arena;
    wv list = wv_array_begin(a, n), o = wv_object_begin(a, 2), args = wv_object_begin(a, 2);
    for (uint32_t i = 0; i < n; i++)
        wv_array_push(a, &list, wc_type_value(a, have[i]));
    if (want->n) {
        wv types = wv_array_begin(a, want->n);
        for (uint32_t i = 0; i < want->n; i++) {
            wv t = wc_type_value(a, want->items[i]);
            if (want->names && want->names[i].n && wv_is_object(t))
                put_detail(a, &t, "name", detail_string(a, want->names[i]));
            wv_array_push(a, &types, t);
        }
        put_detail(a, &args, "args", types);
    }
    if (want->key)
        put_detail(a, &args, "variadic", wc_type_value(a, want->key));
    put_detail(a, &o, "have", list);
    put_detail(a, &o, "want", args);
    d->details = o;
}

/* ---- references ---- */

static wp_diag *report_ref(checker *c, const wp_term *ref, wb_str text)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wb_buf_putf(&b, "undefined ref: %.*s", WB_FMT(text));
    return report(c, ref->loc, take_text(c, &b));
}

/* The value at `part` has nothing to select from. */
static void report_unsupported(checker *c, const wp_term *ref, uint32_t part, wc_tp have)
{
    wb_str text = wc_flat_text(&c->flat, ref, ref->list.n);
    wp_diag *d;
    if (have->kind == WC_T_FUNCTION) {
        const wp_term *last = ref->list.items[ref->list.n - 1];
        bool made = is_local(last) && !wc_flat_subject(&c->flat, wc_var_of(last)) &&
                    wb_str_has_prefix(last->name, WB_LIT("__local"));
        wb_str name = made ? wc_flat_text(&c->flat, ref, ref->list.n - 1) : text;
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        wb_buf_putf(&b, "function %.*s used as reference, not called", WB_FMT(name));
        d = report(c, ref->loc, take_text(c, &b));
    } else {
        d = report_ref(c, ref, text);
    }
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    size_t marks = wc_flat_text(&c->flat, ref, part + 1).n;
    for (size_t i = 0; i < marks; i++)
        wb_buf_putc(&b, '^');
    wb_str lines[3] = {text, take_text(c, &b), format(c, "have: ", have)};
    add_lines(c, d, lines, 3);
}

static int by_value(const void *x, const void *y)
{
    return wv_compare(*(const wv *)x, *(const wv *)y);
}

static void collect_keys(checker *c, wc_tp t, wv *keys)
{
    if (!t)
        return;
    if (t->kind == WC_T_ANY) {
        for (uint32_t i = 0; i < t->n; i++)
            collect_keys(c, t->items[i], keys);
    } else if (t->kind == WC_T_OBJECT) {
        for (uint32_t i = 0; i < t->n && wv_len(*keys) < ONE_OF_MAX; i++)
            wv_set_add(c->a, keys, t->props[i].key);
    }
}

typedef struct ref_error {
    const wp_term *ref;
    uint32_t part;
    wc_tp have;           /* NULL: a constant */
    wc_tp want;           /* keys that could be, or NULL */
    wc_tp of;             /* the type that has no such key, or NULL */
    const wc_tnode *node; /* or the document */
} ref_error;

static void report_invalid(checker *c, const ref_error *e)
{
    wb_str text = wc_flat_text(&c->flat, e->ref, e->ref->list.n);
    wp_diag *d = report_ref(c, e->ref, text);
    if (!d)
        return;
    size_t offset = wc_flat_text(&c->flat, e->ref, e->part).n + 1;
    wb_buf pad;
    wb_buf_init(&pad, (size_t)1 << 20);
    for (size_t i = 0; i < offset; i++)
        wb_buf_putc(&pad, ' ');
    wb_str blanks = take_text(c, &pad);
    wb_buf b[3];
    for (int i = 0; i < 3; i++) {
        wb_buf_init(&b[i], (size_t)1 << 20);
        wb_buf_put_str(&b[i], blanks);
    }
    wb_buf_putc(&b[0], '^');
    if (e->have) {
        wb_buf_puts(&b[1], "have (type): ");
        wc_type_put(&b[1], e->have);
    } else {
        wb_buf_puts(&b[1], "have: ");
        wp_term_put(&b[1], e->ref->list.items[e->part]);
    }
    wv keys = wv_set_begin(c->a, 8);
    if (e->node)
        for (uint32_t i = 0; i < e->node->n && i < ONE_OF_MAX; i++)
            wv_set_add(c->a, &keys, e->node->kids[i]->name);
    collect_keys(c, e->of, &keys);
    uint32_t n = wv_len(keys);
    if (n) {
        wv *sorted = wb_arena_alloc(c->a, n * sizeof *sorted);
        for (uint32_t i = 0; i < n; i++)
            sorted[i] = wv_set_at(keys, wv_table_order(keys), i);
        qsort(sorted, n, sizeof *sorted, by_value);
        wb_buf_puts(&b[2], "want (one of): [");
        for (uint32_t i = 0; i < n; i++) {
            wp_term t = {.value = sorted[i]};
            t.kind = wv_is_string(sorted[i])   ? WP_STRING
                     : wv_is_number(sorted[i]) ? WP_NUMBER
                     : wv_is_bool(sorted[i])   ? WP_BOOLEAN
                                               : WP_NULL;
            if (i)
                wb_buf_putc(&b[2], ' ');
            if (!wv_is_collection(sorted[i]))
                wp_term_put(&b[2], &t);
        }
        wb_buf_putc(&b[2], ']');
    } else if (!e->want) {
        wb_buf_puts(&b[2], "want (one of): []");
    } else {
        wb_buf_puts(&b[2], "want (type): ");
        wc_type_put(&b[2], e->want);
    }
    wb_str lines[4] = {text, take_text(c, &b[0]), take_text(c, &b[1]), take_text(c, &b[2])};
    add_lines(c, d, lines, 4);
}

static bool check_rest(checker *c, wc_tp t, const wp_term *ref, uint32_t from)
{
    for (uint32_t i = from; i < ref->list.n; i++) {
        const wp_term *el = ref->list.items[i];
        ref_error e = {ref, i, NULL, NULL, NULL, NULL};
        if (wc_type_is_empty(t)) {
            report_invalid(c, &e);
            return false;
        }
        wc_tp keys = wc_type_keys(c->a, t);
        if (!keys) {
            report_unsupported(c, ref, i ? i - 1 : 0, t);
            return false;
        }
        e.want = keys;
        e.of = t;
        if (el->kind <= WP_STRING) {
            wc_tp child = wc_type_select(c->a, t, el->value);
            if (!child) {
                report_invalid(c, &e);
                return false;
            }
            t = child;
            continue;
        }
        if (is_local(el)) {
            e.have = var_type(c, wc_var_of(el));
            if (!e.have)
                put_var(c, wc_var_of(el), keys);
            else if (!wc_type_unifies(c->a, e.have, keys)) {
                report_invalid(c, &e);
                return false;
            }
        } else if (el->kind == WP_REF || el->kind == WP_VAR) {
            e.have = ref_type(c, el);
            if (e.have && !wc_type_unifies(c->a, e.have, keys)) {
                report_invalid(c, &e);
                return false;
            }
        } else if (el->kind == WP_ARRAY || el->kind == WP_OBJECT || el->kind == WP_SET) {
            if (!unify1(c, el, keys, false)) {
                e.have = value_type(c, el);
                e.of = NULL;
                report_invalid(c, &e);
                return false;
            }
        }
        t = wc_type_values(c->a, t);
        if (!t)
            t = &wc_any;
    }
    return true;
}

/* What is selected here cannot be told: variables on the way may be anything. */
static bool check_unknown(checker *c, const wp_term *ref, uint32_t from)
{
    for (uint32_t i = from; i < ref->list.n; i++) {
        const wp_term *el = ref->list.items[i];
        if (is_local(el) && !var_type(c, wc_var_of(el)))
            put_var(c, wc_var_of(el), &wc_any);
    }
    return true;
}

static bool check_document(checker *c, const wp_term *ref)
{
    wc_tnode *at = &c->data;
    for (uint32_t i = 1; i < ref->list.n; i++) {
        const wp_term *el = ref->list.items[i];
        ref_error e = {ref, i, NULL, &wc_string, NULL, at};
        if (i <= 2 && el->kind != WP_STRING && el->kind != WP_VAR) {
            e.have = value_type(c, el);
            report_invalid(c, &e);
            return false;
        }
        if (el->kind > WP_STRING) {
            if (is_local(el)) {
                wc_tp keys = wc_type_keys(c->a, wc_tnode_extent(c->a, at));
                e.have = var_type(c, wc_var_of(el));
                e.want = keys;
                if (!e.have)
                    put_var(c, wc_var_of(el), keys);
                else if (!wc_type_unifies(c->a, keys, e.have)) {
                    report_invalid(c, &e);
                    return false;
                }
            }
            return check_unknown(c, ref, i + 1);
        }
        at = wc_tnode_child(at, el->value);
        if (!at)
            return check_unknown(c, ref, i + 1);
        if (at->value)
            return check_rest(c, at->value, ref, i + 1);
    }
    return true;
}

static bool check_ref(checker *c, const wp_term *ref)
{
    wc_tp t = ref_type(c, ref);
    if (t && t->kind == WC_T_FUNCTION) {
        report_unsupported(c, ref, ref->list.n - 1, t);
        return false;
    }
    const wp_term *head = ref->list.items[0];
    if (is_local(head)) {
        t = var_type(c, wc_var_of(head));
        if (!t) {
            put_var(c, wc_var_of(head), &wc_any);
            t = &wc_any;
        }
        return check_rest(c, t, ref, 1);
    }
    if (wc_is_root(head, "data") && !is_masked(c) && c->data.n)
        return check_document(c, ref);
    return check_unknown(c, ref, 1);
}

/* ---- walking an expression's references and comprehensions ---- */

static bool walk_refs(checker *c, const wp_term *t)
{
    bool ok = true;
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        ok = check_ref(c, t);
        for (uint32_t i = 1; i < t->list.n && ok; i++)
            ok &= walk_refs(c, t->list.items[i]);
        return ok;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            ok &= walk_refs(c, t->list.items[i]);
        return ok;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            ok &= walk_refs(c, t->object.pairs[i].key);
            ok &= walk_refs(c, t->object.pairs[i].value);
        }
        return ok;
    default: return true;
    }
}

static bool expr_refs(checker *c, const wp_expr *e);

static bool body_refs(checker *c, const wp_body *b)
{
    bool ok = true;
    for (uint32_t i = 0; i < b->n; i++)
        ok &= expr_refs(c, b->exprs[i]);
    return ok;
}

/* A built-in by its name, as the reference it was written as. */
static wp_term *builtin_ref(checker *c, const wp_term *name)
{
    wb_str text = wv_str(&name->value);
    wp_term *ref = wb_arena_calloc(c->a, sizeof *ref);
    ref->kind = WP_REF;
    ref->list.items = wb_arena_calloc(c->a, (text.n + 1) * sizeof *ref->list.items);
    for (size_t from = 0; from <= text.n;) {
        const char *dot = memchr(text.p + from, '.', text.n - from);
        size_t to = dot ? (size_t)(dot - text.p) : text.n;
        wb_str step = wb_str_n(text.p + from, to - from);
        wp_term *t = wb_arena_calloc(c->a, sizeof *t);
        t->kind = from ? WP_STRING : WP_VAR;
        t->name = step;
        if (from)
            t->value = wv_string_new(c->a, step);
        ref->list.items[ref->list.n++] = t;
        from = to + 1;
    }
    /* A bare name has no place of its own in OPA. */
    if (ref->list.n > 1)
        ref->loc = name->loc;
    return ref;
}

/* A target of `with`, or the name of a function that stands as its value, seen as a reference. */
static bool name_ref(checker *c, const wp_term *t)
{
    if (t->kind != WP_STRING) {
        const layer *layers = c->layers;
        c->layers = NULL;
        bool ok = walk_refs(c, t);
        c->layers = layers;
        return ok;
    }
    wc_tp type = builtin_type(c, wv_str(&t->value));
    if (!type || type->kind != WC_T_FUNCTION)
        return true;
    const wp_term *ref = builtin_ref(c, t);
    report_unsupported(c, ref, ref->list.n - 1, type);
    wp_diag *d = c->u->diags->last;
    if (d && !ref->loc.row)
        d->file = (wb_str){0};
    return false;
}

static bool expr_refs(checker *c, const wp_expr *e)
{
    bool ok = true;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: return walk_refs(c, e->term);
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            ok &= walk_refs(c, e->call.items[i]);
        return ok;
    case WP_EXPR_SOME: return true;
    case WP_EXPR_EVERY:
        /* What stands in `with` counts as a reference here and nowhere else, as in OPA. */
        for (uint32_t i = 0; i < e->n_with; i++) {
            const wp_term *v = e->with[i].value;
            bool function = v->kind == WP_CALL && v->list.n == 1;
            ok &= name_ref(c, e->with[i].target);
            ok &= function ? name_ref(c, v->list.items[0]) : walk_refs(c, v);
        }
        return body_refs(c, &e->every.body) && ok;
    case WP_EXPR_NOT: return body_refs(c, &e->body);
    case WP_EXPR_AND:
    case WP_EXPR_OR: ok = body_refs(c, &e->logic.lhs); return body_refs(c, &e->logic.rhs) && ok;
    }
    return ok;
}

static bool walk_comps(checker *c, const wp_term *t)
{
    bool ok = true;
    switch ((wp_term_kind)t->kind) {
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return comp_type(c, t) != NULL;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            ok &= walk_comps(c, t->list.items[i]);
        return ok;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            ok &= walk_comps(c, t->object.pairs[i].key);
            ok &= walk_comps(c, t->object.pairs[i].value);
        }
        return ok;
    default: return true;
    }
}

static bool expr_comps(checker *c, const wp_expr *e);

static bool body_comps(checker *c, const wp_body *b)
{
    bool ok = true;
    for (uint32_t i = 0; i < b->n; i++)
        ok &= expr_comps(c, b->exprs[i]);
    return ok;
}

static bool expr_comps(checker *c, const wp_expr *e)
{
    bool ok = true;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: return walk_comps(c, e->term);
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            ok &= walk_comps(c, e->call.items[i]);
        return ok;
    case WP_EXPR_SOME: return true;
    case WP_EXPR_EVERY: return body_comps(c, &e->every.body);
    case WP_EXPR_NOT: return body_comps(c, &e->body);
    case WP_EXPR_AND:
    case WP_EXPR_OR: ok = body_comps(c, &e->logic.lhs); return body_comps(c, &e->logic.rhs) && ok;
    }
    return ok;
}

/* ---- expressions ---- */

/* `quiet`: an error because something is not known was told already, where it began. */
static bool check_match(checker *c, const wp_expr *e, bool quiet)
{
    const wp_term *x = e->call.items[1], *y = e->call.items[2];
    wc_tp tx = value_type(c, x), ty = value_type(c, y);
    if (unify2(c, x, y))
        return true;
    if (!quiet || (!wc_type_nil(tx) && !wc_type_nil(ty)))
        report_match(c, e->loc, tx, ty);
    return false;
}

static bool check_member(checker *c, const wp_expr *e, const wp_term *t, wc_tp want, bool quiet)
{
    if (wc_type_nil(want))
        return true;
    wc_tp have = value_type(c, t);
    bool fits = wc_type_nil(have) || wc_type_unifies(c->a, have, want);
    if (fits && unify1(c, t, want, false))
        return true;
    if (!quiet || !wc_type_nil(have))
        report_match(c, e->loc, have, want);
    return false;
}

static bool check_in(checker *c, const wp_expr *e, bool with_key, bool quiet)
{
    uint32_t arity = with_key ? 3 : 2;
    wc_tp xs = value_type(c, e->call.items[arity]);
    wc_tp values = wc_type_values(c->a, xs);
    if (!values)
        return true;
    if (with_key && !check_member(c, e, e->call.items[1], wc_type_keys(c->a, xs), quiet))
        return false;
    return check_member(c, e, e->call.items[arity - 1], values, quiet);
}

static wb_str operator_text(checker *c, const wp_term *op)
{
    return op->kind == WP_STRING ? wv_str(&op->value) : wc_flat_text(&c->flat, op, op->list.n);
}

wc_tp wc_type_with_result(wb_arena *a, wc_tp f)
{
    if (!f->of)
        return f;
    wc_type *t = wb_arena_alloc(a, sizeof *t);
    *t = *f;
    t->items = wb_arena_alloc(a, (f->n + 1) * sizeof *t->items);
    if (f->n)
        memcpy(t->items, f->items, f->n * sizeof *t->items);
    t->items[t->n++] = f->of;
    return t;
}

static bool report_call(checker *c, const wp_expr *e, const char *what, wc_tp f, bool quiet)
{
    uint32_t n = e->call.n - 1;
    wc_tp *have = wb_arena_alloc(c->a, (n + 1) * sizeof *have);
    bool nil = false;
    for (uint32_t i = 0; i < n; i++) {
        have[i] = value_type(c, e->call.items[i + 1]);
        nil |= wc_type_nil(have[i]);
    }
    if (!quiet || !nil)
        wc_report_arguments(c->u, e->loc, operator_text(c, e->call.items[0]), what, have, n,
                            wc_type_with_result(c->a, f));
    return false;
}

static bool check_call(checker *c, const wp_expr *e, bool quiet)
{
    const wp_term *op = e->call.items[0];
    uint32_t n = e->call.n - 1;
    wc_tp f = op->kind == WP_STRING ? builtin_type(c, wv_str(&op->value)) : ref_type(c, op);
    if (!f || f->kind != WC_T_FUNCTION)
        return true; /* told before, or a replaced document */
    uint32_t want = f->n + (f->of != NULL);
    if (n > want && !f->key)
        return report_call(c, e, "too many arguments", f, quiet);
    if (n < f->n)
        return report_call(c, e, "too few arguments", f, quiet);
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *t = e->call.items[i + 1];
        wc_tp arg = i < f->n ? f->items[i] : i == f->n && f->of ? f->of : f->key;
        wc_tp have = value_type(c, t);
        if ((!wc_type_nil(have) && !wc_type_unifies(c->a, have, arg)) || !unify1(c, t, arg, false))
            return report_call(c, e, "invalid argument(s)", f, quiet);
    }
    return true;
}

static bool check_withs(checker *c, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++) {
        const wp_with *w = &e->with[i];
        const layer *layers = c->layers;
        c->layers = NULL;
        wc_tp target = w->target->kind == WP_STRING ? builtin_type(c, wv_str(&w->target->value))
                                                    : value_type(c, w->target);
        wc_tp value = value_type(c, w->value);
        c->layers = layers;
        if (target && value && target->kind == WC_T_FUNCTION && value->kind == WC_T_FUNCTION &&
            !wc_type_unifies(c->a, target, value)) {
            wc_report_arguments(c->u, w->loc, operator_text(c, w->target), "arity mismatch",
                                value->items, value->n, target);
            return false;
        }
    }
    return true;
}

static bool check_expr(checker *c, const wp_expr *e, bool quiet)
{
    if (!check_withs(c, e))
        return false;
    if (e->kind != WP_EXPR_CALL)
        return true;
    const wp_term *op = e->call.items[0];
    if (op->kind == WP_STRING) {
        wb_str name = wv_str(&op->value);
        if (wb_str_is(name, "eq") && e->call.n == 3)
            return check_match(c, e, quiet);
        bool key = wb_str_is(name, "internal.member_3");
        if ((key || wb_str_is(name, "internal.member_2")) && e->call.n > (key ? 3 : 2) &&
            !check_in(c, e, key, quiet))
            return false;
    }
    return check_call(c, e, quiet);
}

/* Whether e replaces documents whose types are known. */
static bool replaces_data(const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++) {
        const wp_term *t = e->with[i].target;
        const wp_term *head = t->kind == WP_REF ? t->list.items[0] : t;
        if (t->kind != WP_STRING && wc_is_root(head, "data"))
            return true;
    }
    return false;
}

static bool check_body(checker *c, const wp_body *b)
{
    bool ok = true;
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        layer l = {.data = e->n_with && replaces_data(e), .next = c->layers};
        c->layers = &l;
        bool comps = expr_comps(c, e), refs = expr_refs(c, e);
        bool fine = check_expr(c, e, !comps || !refs);
        ok &= comps && refs && fine;
        c->layers = l.next;
    }
    return ok;
}

/* ---- rules ---- */

static void type_args(checker *c, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR:
        if (wc_is_local(t) && !var_type(c, wc_var_of(t)))
            put_var(c, wc_var_of(t), &wc_any);
        return;
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            type_args(c, t->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            type_args(c, t->object.pairs[i].key);
            type_args(c, t->object.pairs[i].value);
        }
        return;
    default: return;
    }
}

static void check_rule(checker *c, const wc_rule *r, const wc_rule *first)
{
    uint32_t mark = c->n_trail;
    c->u->module = r->module;
    wc_flat_rule flat = wc_flatten_rule(&c->flat, r);
    bool ok = check_body(c, &flat.body);
    wc_tp t = NULL;
    if (!ok) {
        if (first->n_ground == first->n_path)
            wc_tnode_put(c->a, &c->data, first->path, first->n_path, &wc_any);
    } else if (first->is_function) {
        wc_tp *args = wb_arena_alloc(c->a, (r->n_args + 1) * sizeof *args);
        for (uint32_t i = 0; i < r->n_args; i++) {
            type_args(c, r->args[i]);
            args[i] = value_type(c, r->args[i]);
        }
        wc_tp result = flat.value ? value_type(c, flat.value) : &wc_any;
        t = wc_function_type(c->a, args, r->n_args, result ? result : &wc_any);
    } else if (first->is_set) {
        wc_tp key = flat.key ? value_type(c, flat.key) : NULL;
        t = key ? wc_set_type(c->a, key) : NULL;
    } else {
        t = flat.value ? value_type(c, flat.value) : NULL;
    }
    /* An `else` speaks of its first rule's variables: it has no dynamic head. */
    for (uint32_t i = first->n_path; i > first->n_ground && t; i--) {
        const wp_term *part = first == r ? flat.path[i - 1] : first->path[i - 1];
        wc_tp key = value_type(c, part);
        t = key ? wc_object_type(c->a, NULL, 0, true, key, t) : NULL;
    }
    if (t)
        wc_tnode_insert(c->a, &c->data, first->path, first->n_ground, t);
    forget(c, mark);
    c->u->module = NULL;
}

/* ---- the order of rules ---- */

static void visit(checker *c, wc_rule *r, uint32_t number);
static void visit_body(checker *c, const wp_body *b);

static void visit_node(checker *c, const wc_node *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        visit(c, n->rules[i], n->rules[i]->number);
}

static void visit_below(checker *c, wc_node *n)
{
    if (n->typed)
        return;
    n->typed = true;
    visit_node(c, n);
    for (wc_node *k = n->first; k; k = k->next)
        visit_below(c, k);
}

static void visit_ref(checker *c, const wp_term *ref)
{
    wc_node *n = c->u->root;
    for (uint32_t i = 1; i < ref->list.n; i++) {
        visit_node(c, n);
        const wp_term *el = ref->list.items[i];
        if (el->kind > WP_STRING)
            break;
        n = wc_node_child(n, el->value);
        if (!n)
            return;
    }
    visit_below(c, n);
}

static void visit_term(checker *c, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        if (wc_is_root(t->list.items[0], "data"))
            visit_ref(c, t);
        else
            visit_term(c, t->list.items[0]);
        for (uint32_t i = 1; i < t->list.n; i++)
            visit_term(c, t->list.items[i]);
        return;
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            visit_term(c, t->list.items[i]);
        return;
    case WP_VAR:
        if (wc_is_root(t, "data"))
            visit_below(c, c->u->root);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            visit_term(c, t->object.pairs[i].key);
            visit_term(c, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            visit_term(c, t->comp.key);
        visit_term(c, t->comp.value);
        visit_body(c, &t->comp.body);
        return;
    default: return;
    }
}

static void visit_body(checker *c, const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        for (uint32_t j = 0; j < e->n_with; j++) {
            if (e->with[j].target->kind == WP_REF)
                visit_term(c, e->with[j].target);
            visit_term(c, e->with[j].value);
        }
        switch ((wp_expr_kind)e->kind) {
        case WP_EXPR_TERM: visit_term(c, e->term); break;
        case WP_EXPR_CALL:
            for (uint32_t j = 0; j < e->call.n; j++)
                visit_term(c, e->call.items[j]);
            break;
        case WP_EXPR_SOME: visit_term(c, e->some.items[0]); break;
        case WP_EXPR_EVERY:
            visit_term(c, e->every.domain);
            visit_body(c, &e->every.body);
            break;
        case WP_EXPR_NOT: visit_body(c, &e->body); break;
        case WP_EXPR_AND:
        case WP_EXPR_OR:
            visit_body(c, &e->logic.lhs);
            visit_body(c, &e->logic.rhs);
            break;
        }
    }
}

static void visit(checker *c, wc_rule *r, uint32_t number)
{
    if (c->states[number] == OPEN) {
        /* What depends on itself, as far as can be told here, is not known when it is asked for. */
        wc_tnode_put(c->a, &c->data, r->path, r->n_ground, &wc_any);
        return;
    }
    if (c->states[number] == DONE)
        return;
    c->states[number] = OPEN;
    for (const wc_rule *k = r; k; k = k->else_rule) {
        visit_body(c, &k->body);
        if (k->key)
            visit_term(c, k->key);
        if (k->value)
            visit_term(c, k->value);
        for (uint32_t i = k->n_ground; i < k->n_path; i++)
            visit_term(c, k->path[i]);
    }
    for (const wc_rule *k = r; k; k = k->else_rule)
        check_rule(c, k, r);
    c->states[number] = DONE;
}

void wc_check_types(wc_unit *u, const wp_body *query)
{
    checker c = {.u = u, .a = u->a};
    wc_flat_init(&c.flat, u);
    c.builtin_index = wv_object_begin(u->a, 64);
    c.states = wb_calloc(u->n_rules + 1, 1);
    for (uint32_t i = 0; i < u->n_rules; i++)
        u->rules[i]->number = i;
    for (uint32_t i = 0; i < u->n_rules; i++)
        visit(&c, u->rules[i], i);
    if (query && query->n && !u->diags->n) {
        c.flat.query = true;
        wp_body flat = wc_flatten_body(&c.flat, query);
        check_body(&c, &flat);
    }
    wc_flat_clear(&c.flat);
    free(c.states);
    free(c.builtins);
    free(c.vars);
    free(c.trail);
}
