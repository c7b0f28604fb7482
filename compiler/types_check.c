/* The type check: what rules and expressions can be is inferred in the order in which rules depend
 * on each other; what can never match, be selected or be passed is an error.
 *
 * Only what the texts and schemas tell is used: other input and base documents are any. A document
 * replaced by `with` may also be what replaces it, and rules that depend on it are any, within that
 * expression.
 *
 * Reports: match error, undefined ref, invalid arguments, functions that are not called, schemas
 * that do not exist. All are recoverable. */
#include "compiler/types_check.h"

#include <stdlib.h>

/* ---- reports of comprehensions ---- */

/* Moves what was found to the present sink. */
static void tell(wc_types *c, const wp_diags *from)
{
    for (const wp_diag *d = from->first; d; d = d->next) {
        wp_diag *to = wp_report(c->sink, d->code, NULL, d->loc, "%.*s", WB_FMT(d->message));
        if (!to)
            continue;
        to->file = d->file;
        to->lines = d->lines;
        to->n_lines = d->n_lines;
        to->details = d->details;
    }
}

/* Comprehensions within comprehensions are checked where they stand, and once more from each
 * expression around them, as if the bodies between had told nothing of their variables: what uses
 * such a variable may be an error there that it is not where it stands. Only what does use one is
 * checked again, each time in a round of its own: what was found before was found with other types.
 * That may double with each level, so it is bounded; past it errors of this kind are not told. */
#define ROUNDS_MAX 4096u      /* of one compilation */
#define AGAIN_MAX  (1u << 20) /* expressions checked again: where begun, a round goes to its end */

typedef struct closures {
    wc_types *c;
    const wp_diags *last; /* errors of the last comprehension that has some */
    bool inner;
} closures;

static bool has_rounds(const wc_types *c)
{
    return c->rounds < ROUNDS_MAX && c->again < AGAIN_MAX;
}

static void check_again(wc_types *c, const wp_term *t)
{
    uint32_t round = c->round;
    c->round = ++c->rounds;
    wc_ty_value(c, t);
    c->round = round;
}

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    closures *x = v->data;
    if (!wc_ck_is_comp(t))
        return false;
    wc_comp *k = (wc_comp *)t;
    if (!x->inner)
        wc_ty_value(x->c, t);
    else if (k->uses > x->c->level && has_rounds(x->c))
        check_again(x->c, t);
    if (k->errors.n) {
        x->last = &k->errors;
        return true;
    }
    if (k->inside <= x->c->level || !has_rounds(x->c))
        return true; /* none in it would be checked again, and none has errors */
    bool inner = x->inner;
    x->inner = true;
    if (t->comp.key)
        wc_ck_walk_term(v, t->comp.key);
    wc_ck_walk_term(v, t->comp.value);
    wc_ck_walk_body(v, &t->comp.body);
    x->inner = inner;
    return true;
}

static bool check_closures(wc_types *c, const wp_expr *e)
{
    if (c->flat)
        return true;
    closures x = {c, NULL, false};
    wc_cvisitor v = {.c = c->c, .term = in_term, .data = &x};
    wc_ck_walk_expr(&v, (wp_expr *)(uintptr_t)e);
    if (x.last)
        tell(c, x.last);
    return !x.last;
}

/* ---- expressions ---- */

/* `quiet`: an error because something is not known was told already, where it began. */
static bool check_match(wc_types *c, const wp_expr *e, bool quiet)
{
    const wp_term *x = e->call.items[1], *y = e->call.items[2];
    wc_tp tx = wc_ty_value(c, x), ty = wc_ty_value(c, y);
    if (wc_ty_unify2(c, x, y))
        return true;
    if (!quiet || (!wc_type_nil(tx) && !wc_type_nil(ty)))
        wc_ty_report_match(c, e->loc, tx, ty);
    return false;
}

static bool check_member(wc_types *c, const wp_expr *e, const wp_term *t, wc_tp want, bool quiet)
{
    if (wc_type_nil(want))
        return true;
    wc_tp have = wc_ty_value(c, t);
    bool fits = wc_type_nil(have) || wc_type_unifies(c->a, have, want);
    if (fits && wc_ty_unify1(c, t, want, false))
        return true;
    if (!quiet || !wc_type_nil(have))
        wc_ty_report_match(c, e->loc, have, want);
    return false;
}

static bool check_in(wc_types *c, const wp_expr *e, bool with_key, bool quiet)
{
    uint32_t arity = with_key ? 3 : 2;
    if (e->call.n <= arity)
        return true;
    wc_tp xs = wc_ty_value(c, e->call.items[arity]);
    wc_tp values = xs ? wc_type_values(c->a, xs) : NULL;
    if (!values)
        return true;
    if (with_key && !check_member(c, e, e->call.items[1], wc_type_keys(c->a, xs), quiet))
        return false;
    return check_member(c, e, e->call.items[arity - 1], values, quiet);
}

static bool report_call(wc_types *c, const wp_expr *e, const char *what, wc_tp f, const wc_tp *have,
                        bool quiet)
{
    uint32_t n = e->call.n - 1;
    bool nil = false;
    for (uint32_t i = 0; i < n; i++)
        nil |= wc_type_nil(have[i]);
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wp_term_put(&b, e->call.items[0]);
    if (!quiet || !nil)
        wc_ty_report_arguments(c, e->loc, wb_buf_str(&b), what, have, n,
                               wc_type_with_result(c->a, f));
    wb_buf_free(&b);
    return false;
}

static void argument_types(wc_types *c, const wp_expr *e, wc_tp *to)
{
    for (uint32_t i = 1; i < e->call.n; i++)
        to[i - 1] = wc_ty_value(c, e->call.items[i]);
}

static bool check_call(wc_types *c, const wp_expr *e, bool quiet)
{
    const wp_term *op = e->call.items[0];
    uint32_t n = e->call.n - 1;
    const ws_builtin *fn = wc_ck_builtin(c->c, op);
    const wp_term *head = op->kind == WP_REF ? op->list.items[0] : op;
    /* A variable with the first name of a built-in hides it, once it has a type. */
    bool hidden = fn && head->kind == WP_VAR && wc_ty_var(c, wc_cvar_of(head));
    wc_tp f = fn && !hidden ? wc_ty_builtin(c, fn) : wc_ty_ref(c, op);
    if ((!f && !hidden && !c->layers) || wc_type_is_any(f))
        return true; /* told before, or a replaced document */
    if (!f || f->kind != WC_T_FUNCTION) {
        wc_ty_report_unknown(c, e->loc, op);
        return false;
    }
    uint32_t want = f->n + (f->of != NULL);
    wc_tp *have = wb_arena_alloc(c->a, (n + 1) * sizeof *have);
    argument_types(c, e, have);
    if (n > want && !f->key)
        return report_call(c, e, "too many arguments", f, have, quiet);
    if (n < f->n)
        return report_call(c, e, "too few arguments", f, have, quiet);
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *t = e->call.items[i + 1];
        wc_tp arg = i < f->n ? f->items[i] : i == f->n && f->of ? f->of : f->key;
        if (have[i] && !wc_type_nil(have[i]) && !wc_type_unifies(c->a, have[i], arg))
            return report_call(c, e, "invalid argument(s)", f, have, quiet);
        if (!wc_ty_unify1(c, t, arg, false)) {
            argument_types(c, e, have);
            return report_call(c, e, "invalid argument(s)", f, have, quiet);
        }
    }
    return true;
}

static bool check_withs(wc_types *c, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++) {
        const wp_with *w = &e->with[i];
        wc_tp target = wc_ty_value(c, w->target), value = wc_ty_value(c, w->value);
        if (!target || !value || target->kind != WC_T_FUNCTION || value->kind != WC_T_FUNCTION ||
            wc_type_unifies(c->a, target, value))
            continue;
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        wp_term_put(&b, w->target);
        wc_ty_report_arguments(c, w->loc, wb_buf_str(&b), "arity mismatch", value->items, value->n,
                               target);
        wb_buf_free(&b);
        return false;
    }
    return true;
}

static bool check_expr(wc_types *c, const wp_expr *e, bool quiet)
{
    if (!check_withs(c, e))
        return false;
    if (e->kind != WP_EXPR_CALL)
        return true;
    const wp_term *op = e->call.items[0];
    if (wc_ck_is_eq(e) && e->call.n == 3)
        return check_match(c, e, quiet);
    const ws_builtin *fn = wc_ck_builtin(c->c, op);
    bool key = fn && wb_str_is(wb_str_of(fn->name), "internal.member_3");
    if ((key || (fn && wb_str_is(wb_str_of(fn->name), "internal.member_2"))) &&
        !check_in(c, e, key, quiet))
        return false;
    return check_call(c, e, quiet);
}

/* ---- what `with` does to documents ---- */

/* The rules that a replaced document touches, as any; cached by its text. NULL: none. */
static wc_tnode *relaxed(wc_types *c, const wp_term *target, bool function)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wb_buf_puts(&b, function ? "f:" : "");
    wp_term_put(&b, target);
    wv key = wv_string_new(c->a, wb_buf_str(&b));
    wb_buf_free(&b);
    wv at = wv_object_get(c->with_index, key);
    if (at != WV_UNDEFINED)
        return c->withs[wv_int(at)];
    uint32_t n = 0;
    wc_tnode *root = NULL;
    wc_crule **rules = wc_ck_dependents(c->c, target, &n);
    for (uint32_t i = 0; i < n; i++) {
        wp_term *path = wc_ck_path(c->c, rules[i]);
        if (function && !wp_term_compare(path, target))
            continue;
        if (!root)
            root = wb_arena_calloc(c->a, sizeof *root);
        wc_tnode_put(c->a, root, path->list.items + 1, wc_ck_path_ground(rules[i]) - 1, &wc_any);
    }
    free(rules);
    if (c->n_withs == c->cap_withs) {
        c->cap_withs = c->cap_withs ? 2 * c->cap_withs : 16;
        c->withs = wb_realloc(c->withs, c->cap_withs * sizeof *c->withs);
    }
    wv_object_put(c->a, &c->with_index, key, wv_small(c->n_withs));
    return c->withs[c->n_withs++] = root;
}

static uint32_t ground_prefix(const wp_term *ref)
{
    uint32_t n = 1;
    while (n < ref->list.n && wc_ck_is_ground(ref->list.items[n]) &&
           wc_ck_is_scalar(ref->list.items[n]))
        n++;
    return n;
}

/* Puts layers for what e replaces on top of the environment. */
static void push_withs(wc_types *c, const wp_expr *e)
{
    wc_layer *last = NULL;
    const wc_layer *outer = c->layers, *top = outer;
    for (uint32_t i = 0; i < e->n_with; i++) {
        const wp_term *target = e->with[i].target;
        if (target->kind != WP_REF)
            continue;
        c->layers = outer;
        wc_tp t = wc_ty_ref(c, target);
        bool function = t && t->kind == WC_T_FUNCTION;
        wc_tnode *touched = relaxed(c, target, function);
        if (touched) {
            wc_layer *l = wb_arena_calloc(c->a, sizeof *l);
            *l = (wc_layer){touched, NULL, top};
            top = l;
        }
        if (function)
            continue;
        wc_tp or = NULL;
        wc_tp value = wc_ck_is_ground(target) && t ? wc_ty_value(c, e->with[i].value) : NULL;
        if (value)
            or = wc_type_or(c->a, t, value);
        if (!last)
            last = wb_arena_calloc(c->a, sizeof *last);
        bool input = wc_ck_starts(target, c->c->input);
        wc_tnode **root = input ? &last->input : &last->data;
        if (!*root)
            *root = wb_arena_calloc(c->a, sizeof **root);
        wc_tnode_put(c->a, *root, target->list.items + 1, ground_prefix(target) - 1,
                     or ? or : &wc_any);
    }
    if (last)
        last->next = top;
    c->layers = last ? last : top;
}

bool wc_ty_check_body(wc_types *c, const wp_body *b)
{
    bool ok = true;
    c->again += c->round > 1 ? b->n : 0;
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        const wc_layer *outer = c->layers;
        if (e->n_with && !c->early)
            push_withs(c, e);
        bool comps = check_closures(c, e), refs = wc_ty_check_refs(c, e);
        bool fine = check_expr(c, e, !comps || !refs);
        ok &= comps && refs && fine;
        c->layers = outer;
    }
    return ok;
}

/* ---- rules ---- */

static bool argument_var(wc_cvisitor *v, wp_term *t)
{
    wc_types *c = v->data;
    if (t->kind == WP_VAR && !wc_ty_var(c, wc_cvar_of(t)))
        wc_ty_put_var(c, wc_cvar_of(t), &wc_any);
    return false;
}

static wc_tp function_type(wc_types *c, const wc_crule *r)
{
    wc_tp *args = wb_arena_alloc(c->a, (r->n_args + 1) * sizeof *args);
    wc_cvisitor v = {.c = c->c, .term = argument_var, .data = c};
    for (uint32_t i = 0; i < r->n_args; i++)
        wc_ck_walk_term(&v, r->args[i]);
    for (uint32_t i = 0; i < r->n_args; i++)
        args[i] = wc_ty_value(c, r->args[i]);
    return wc_function_type(c->a, args, r->n_args, r->value ? wc_ty_value(c, r->value) : NULL);
}

static void check_rule(wc_types *c, const wc_crule *r)
{
    uint32_t mark = c->n_trail, len = wc_ck_path_len(r), ground = wc_ck_path_ground(r);
    wp_term *path = wc_ck_path(c->c, r);
    wc_layer schemas = {NULL, NULL, c->layers};
    c->u->module = r->module;
    c->layers = &schemas;
    wc_ty_schemas(c, r, &schemas);
    c->flat = wc_crule_is_flat(r);
    bool ok = wc_ty_check_body(c, &r->body);
    c->flat = false;
    wc_tp t = NULL;
    if (!ok) {
        wc_tnode_put(c->a, c->rules.data, path->list.items + 1, len - 1, &wc_any);
    } else if (r->n_args) {
        t = function_type(c, r);
    } else {
        if (wc_crule_is_multi(r)) {
            wc_tp key = wc_ty_value(c, r->key);
            t = key ? wc_set_type(c->a, key) : NULL;
        } else {
            t = wc_ty_value(c, r->value);
        }
        for (uint32_t i = len; i > ground && t; i--) {
            wc_tp key = wc_ty_value(c, path->list.items[i - 1]);
            t = key ? wc_object_type(c->a, NULL, 0, true, key, t) : NULL;
        }
    }
    c->layers = schemas.next;
    if (t)
        wc_tnode_insert(c->a, c->rules.data, path->list.items + 1, ground - 1, t);
    wc_ty_forget(c, mark);
    c->u->module = NULL;
}

/* ---- driving ---- */

static wc_types *begin(wc_check *ck)
{
    wc_types *c = wb_arena_calloc(ck->a, sizeof *c);
    c->c = ck;
    c->u = ck->u;
    c->a = ck->a;
    c->sink = ck->u->diags;
    c->with_index = wv_object_begin(ck->a, 16);
    c->layers = &c->base;
    c->round = c->rounds = 1;
    wc_ty_input(c);
    return c;
}

static void end(wc_types *c)
{
    free(c->vars);
    free(c->levels);
    free(c->trail);
    free(c->withs);
    free(c->used);
    free(c->used_some);
    c->used = c->used_some = NULL;
    c->vars = NULL;
    c->levels = NULL;
    c->trail = NULL;
    c->withs = NULL;
}

void wc_ck_types(wc_check *ck)
{
    if (ck->u->options->skip_types)
        return;
    wc_types *c = ck->types = begin(ck);
    c->rules = (wc_layer){wb_arena_calloc(ck->a, sizeof(wc_tnode)), NULL, &c->base};
    c->layers = &c->rules;
    wc_crule **sorted = wc_ck_sorted(ck);
    for (uint32_t i = 0; i < ck->n_all; i++)
        check_rule(c, sorted[i]);
}

void wc_ck_query_types(wc_check *ck, wp_body *b)
{
    if (!ck->types)
        return;
    uint32_t mark = ck->types->n_trail;
    if (!wc_ty_check_body(ck->types, b))
        ck->failed = true;
    wc_ty_forget(ck->types, mark);
}

void wc_ck_types_end(wc_check *ck)
{
    if (ck->types)
        end(ck->types);
}

wc_tp wc_ck_early_type(wc_check *ck, const wp_term *t)
{
    wc_types *c = begin(ck);
    c->early = true;
    wc_tp type = wc_ty_value(c, t);
    end(c);
    return type;
}

void wc_report_arguments(wc_check *ck, wp_loc loc, wb_str name, const wc_tp *have, uint32_t n,
                         wc_tp want)
{
    wc_types c = {.c = ck, .u = ck->u, .a = ck->a, .sink = ck->u->diags};
    wc_ty_report_arguments(&c, loc, name, "arity mismatch", have, n, want);
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
