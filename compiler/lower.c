/* The checked tree as the planner takes it.
 *
 * Takes the rules as the stages left them, without any report. After it u->rules holds them with
 * their paths from data on; an operator is a WP_STRING (a built-in) or a WP_REF (a function); so is
 * the target of a `with`, and a `with` value that is a built-in is a call without arguments.
 *
 * Reports only what the stages should have refused, so that nothing goes on from it. */
#include "compiler/check.h"

static void refuse(wc_check *c, wp_loc loc, const char *what)
{
    wc_ck_fail(c, WP_COMPILE_ERROR, loc, "%s cannot be compiled", what);
}

static bool is_data(const wc_check *c, const wp_term *t)
{
    return wc_ck_starts(t, c->data) || wc_ck_starts(t, c->input);
}

/* A built-in's name in place of the reference; the term may be shared, so twice is once. */
static void lower_operator(wc_check *c, wp_term *op)
{
    if (op->kind == WP_STRING || is_data(c, op))
        return;
    const ws_builtin *fn = wc_ck_builtin(c, op);
    if (!fn) {
        refuse(c, op->loc, "a call of what is no function");
        return;
    }
    op->kind = WP_STRING;
    op->value = wv_string_new(c->a, wb_str_of(fn->name));
}

static bool lower_with(wc_cvisitor *v, wp_with *w)
{
    wc_check *c = v->c;
    if (w->target->kind != WP_STRING && !is_data(c, w->target))
        lower_operator(c, w->target);
    bool name = w->value->kind == WP_REF && !is_data(c, w->value);
    if (!name || !wc_ck_builtin(c, w->value))
        return false;
    wp_term *op = wc_ck_copy(c, w->value);
    lower_operator(c, op);
    w->value = wc_ck_list(c, WP_CALL, 1, w->value->loc);
    w->value->list.items[0] = op;
    return true;
}

static bool lower_expr(wc_cvisitor *v, wp_expr *e)
{
    if (e->kind == WP_EXPR_CALL)
        lower_operator(v->c, e->call.items[0]);
    return false;
}

static bool lower_term(wc_cvisitor *v, wp_term *t)
{
    if (t->kind == WP_CALL)
        lower_operator(v->c, t->list.items[0]);
    else if (t->kind == WP_TEMPLATE)
        refuse(v->c, t->loc, "a template string within a reference");
    return false;
}

static const wc_cvisitor lowering = {.term = lower_term, .expr = lower_expr, .with = lower_with};

static wc_rule *listed(wc_check *c, const wc_crule *r)
{
    wc_rule *to = wb_arena_calloc(c->a, sizeof *to);
    to->module = r->module;
    to->source = r->source;
    to->loc = r->loc;
    to->is_default = r->is_default;
    to->is_function = r->first->source->head->is_function;
    to->is_set = wc_crule_is_multi(r);
    to->args = r->args;
    to->n_args = r->n_args;
    to->key = to->is_set ? r->key : NULL;
    to->value = r->value;
    to->body = r->body;
    if (r->first == r) {
        to->n_path = wc_ck_path_len(r) - 1;
        to->path = wb_arena_alloc(c->a, (to->n_path + 1) * sizeof *to->path);
        for (uint32_t i = 0; i < to->n_path; i++) {
            const wp_term *part = wc_ck_path_at(r, i + 1);
            to->path[i] = part->kind == WP_VAR && part == r->ref[0]
                              ? wc_string_term(c->u, part->name, r->loc)
                              : (wp_term *)(uintptr_t)part;
        }
        while (to->n_ground < to->n_path && to->path[to->n_ground]->kind <= WP_STRING)
            to->n_ground++;
    }
    if (r->else_rule)
        to->else_rule = listed(c, r->else_rule);
    return to;
}

void wc_list_rules(wc_check *c)
{
    wc_unit *u = c->u;
    u->rules = wb_arena_alloc(c->a, (c->n_all + 1) * sizeof *u->rules);
    for (uint32_t i = 0; i < c->n_modules; i++)
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            u->rules[u->n_rules] = listed(c, c->modules[i].rules[j]);
            u->rules[u->n_rules]->number = u->n_rules;
            u->n_rules++;
        }
}

void wc_lower(wc_check *c)
{
    wc_cvisitor v = lowering;
    v.c = c;
    for (uint32_t i = 0; i < c->n_all; i++) {
        c->u->module = c->all[i]->module;
        wc_ck_walk_rule(&v, c->all[i]);
    }
    c->u->module = NULL;
    wc_ck_walk_body(&v, &c->query.body);
    wc_list_rules(c);
}
