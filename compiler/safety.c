/* Safety: every variable is bound before it is read, or the rule is refused.
 *
 * Takes resolved rules. After it, bodies stand in an order of evaluation in which each expression
 * finds its inputs bound; the written order is kept where it can be. What an expression needs and
 * binds is said by binding.c.
 *
 * Reports: `var x is unsafe`. */
#include "compiler/binding.h"
#include "compiler/types.h"

#include "base/error.h"

#include <stdlib.h>

typedef struct orderer {
    wc_unit *u;
    wc_binder *binder;
    bool quiet, failed; /* quiet: only remember that something is unsafe */
    bool named;         /* a variable of the text, not one that looks made */
    wc_uses log;        /* what was made safe, in order: for undoing */
} orderer;

static void make_safe(orderer *o, wc_var *v)
{
    if (v->mark == WC_SAFE)
        return;
    v->mark = WC_SAFE;
    wc_put_use(&o->log, v, (wp_loc){0});
    wc_binder_wake(o->binder, v);
}

static void undo(orderer *o, uint32_t to)
{
    while (o->log.n > to)
        o->log.v[--o->log.n].var->mark = WC_UNSAFE;
}

/* ---- ordering ---- */

static void report_unsafe(orderer *o, const wc_use *x)
{
    wb_str name = wb_str_n(x->var->text, x->var->len);
    if (name.n && name.p[0] == '$')
        name = WB_LIT("_");
    o->failed = true;
    o->named |= !wb_str_has_prefix(name, WB_LIT("__local"));
    if (!o->quiet)
        wp_report(o->u->diags, WP_UNSAFE_VAR_ERROR, wc_file(o->u), x->loc, "var %.*s is unsafe",
                  WB_FMT(name));
    make_safe(o, x->var); /* one report a variable */
}

static void report_all_unsafe(orderer *o, const wc_uses *vars)
{
    for (uint32_t i = 0; i < vars->n; i++)
        if (vars->v[i].var->mark == WC_UNSAFE)
            report_unsafe(o, &vars->v[i]);
}

/* Takes an item: what it binds is safe from now on. */
static void take(orderer *o, uint32_t item)
{
    wc_uses outs = {0};
    wc_binder_take(o->binder, item, &outs);
    for (uint32_t i = 0; i < outs.n; i++)
        make_safe(o, outs.v[i].var);
    free(outs.v);
}

/* Takes an item that cannot run: reports what it needs, and does not bind itself. */
static void take_unsafe(orderer *o, uint32_t item, const wc_uses *needs, const wc_uses *closed)
{
    wc_uses outs = {0};
    wc_binder_take(o->binder, item, &outs);
    for (uint32_t i = 0; i < outs.n; i++)
        outs.v[i].var->mark = WC_MAYBE;
    report_all_unsafe(o, needs);
    for (uint32_t i = 0; i < outs.n; i++)
        make_safe(o, outs.v[i].var);
    report_all_unsafe(o, closed);
    free(outs.v);
}

static void order_body(orderer *o, wp_body *b);
static void order_closures(orderer *o, wp_expr *e);

static void order_term(orderer *o, wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            order_term(o, t->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            order_term(o, t->object.pairs[i].key);
            order_term(o, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: {
        uint32_t mark = o->log.n;
        order_body(o, &t->comp.body);
        wc_uses head = {0};
        if (t->comp.key)
            wc_term_vars(t->comp.key, &head, false);
        wc_term_vars(t->comp.value, &head, false);
        report_all_unsafe(o, &head);
        free(head.v);
        if (t->comp.key)
            order_term(o, t->comp.key);
        order_term(o, t->comp.value);
        undo(o, mark);
        return;
    }
    default: return;
    }
}

static void order_inner(orderer *o, wp_body *b)
{
    uint32_t mark = o->log.n;
    order_body(o, b);
    undo(o, mark);
}

static void order_closures(orderer *o, wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++)
        order_term(o, e->with[i].value);
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: order_term(o, e->term); break;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            order_term(o, e->call.items[i]);
        break;
    case WP_EXPR_SOME: order_term(o, e->some.items[0]); break;
    case WP_EXPR_EVERY: {
        order_term(o, e->every.domain);
        uint32_t mark = o->log.n;
        wc_uses vars = {0};
        if (e->every.key)
            wc_term_vars(e->every.key, &vars, false);
        wc_term_vars(e->every.value, &vars, false);
        for (uint32_t i = 0; i < vars.n; i++)
            make_safe(o, vars.v[i].var);
        free(vars.v);
        order_body(o, &e->every.body);
        undo(o, mark);
        break;
    }
    case WP_EXPR_NOT: order_inner(o, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        order_inner(o, &e->logic.lhs);
        order_inner(o, &e->logic.rhs);
        break;
    }
}

static void order_body(orderer *o, wp_body *b)
{
    uint32_t n = b->n, placed = 0;
    wc_uses *needs = wb_calloc(2 * (size_t)n + 1, sizeof *needs), *closed = needs + n;
    uint32_t generation = ++o->u->generation;
    for (uint32_t i = 0; i < n; i++) {
        wc_expr_vars(b->exprs[i], &needs[i], false);
        for (uint32_t j = 0; j < needs[i].n; j++)
            needs[i].v[j].var->seen = generation;
    }
    wc_binder_begin(o->binder, n);
    for (uint32_t i = 0; i < n; i++) {
        /* A closure's variable waits for the outer body only when that mentions it too. */
        uint32_t kept = 0;
        wc_expr_vars(b->exprs[i], &closed[i], true);
        for (uint32_t j = 0; j < closed[i].n; j++)
            if (closed[i].v[j].var->seen == generation)
                closed[i].v[kept++] = closed[i].v[j];
        closed[i].n = kept;
        wc_binder_add_expr(o->binder, b->exprs[i], &needs[i], &closed[i]);
    }
    wp_expr **to = wb_arena_alloc(o->u->a, (n + 1) * sizeof *to);
    for (uint32_t i; (i = wc_binder_next(o->binder)) != WM_NONE;) {
        take(o, i);
        to[placed++] = b->exprs[i];
    }
    for (uint32_t i = 0; i < n && placed < n; i++) {
        if (wc_binder_taken(o->binder, i))
            continue;
        take_unsafe(o, i, &needs[i], &closed[i]);
        to[placed++] = b->exprs[i];
    }
    b->exprs = to;
    for (uint32_t i = 0; i < 2 * n; i++)
        free(needs[i].v);
    free(needs);
    for (uint32_t i = 0; i < n; i++)
        order_closures(o, b->exprs[i]);
}

static void check_head(orderer *o, wp_term *t)
{
    wc_uses vars = {0};
    wc_term_vars(t, &vars, false);
    for (uint32_t i = 0; i < vars.n; i++)
        if (vars.v[i].var->mark == WC_UNSAFE) {
            vars.v[i].loc = vars.v[i].loc.row ? vars.v[i].loc : t->loc;
            report_unsafe(o, &vars.v[i]);
        }
    free(vars.v);
    order_term(o, t);
}

static void order_rule(orderer *o, wc_rule *rule, const wc_rule *first)
{
    uint32_t mark = o->log.n;
    wc_uses args = {0};
    for (uint32_t i = 0; i < rule->n_args; i++)
        wc_term_vars(rule->args[i], &args, false);
    for (uint32_t i = 0; i < args.n; i++)
        make_safe(o, args.v[i].var);
    free(args.v);
    order_body(o, &rule->body);
    /* References in the head bind the variables of their elements, as in a body. */
    wc_binder_begin(o->binder, 1);
    wc_binder_add_head(o->binder, rule);
    take(o, 0);
    for (uint32_t i = rule->n_ground; i < rule->n_path; i++)
        check_head(o, rule->path[i]);
    if (rule->key)
        check_head(o, rule->key);
    if (rule->value)
        check_head(o, rule->value);
    undo(o, mark);
    if (rule->else_rule)
        order_rule(o, rule->else_rule, first);
}

/* The rule never succeeds. */
static void end_rule(wc_unit *u, wc_rule *rule)
{
    wp_term *no = wc_term_new(u, WP_BOOLEAN, rule->loc),
            *yes = wc_term_new(u, WP_BOOLEAN, rule->loc);
    no->value = WV_FALSE;
    yes->value = WV_TRUE;
    rule->body.n = 1;
    rule->body.exprs = wb_arena_alloc(u->a, sizeof(wp_expr *));
    rule->body.exprs[0] = wc_expr_new(u, WP_EXPR_TERM, rule->loc);
    rule->body.exprs[0]->term = no;
    if (rule->key)
        rule->key = yes;
    if (rule->value)
        rule->value = yes;
}

void wc_check_safety(wc_unit *u)
{
    orderer o = {.u = u, .binder = wc_binder_new(u), .quiet = true};
    uint32_t before = u->diags->n;
    for (uint32_t i = 0; i < u->n_rules; i++) {
        u->module = u->rules[i]->module;
        order_rule(&o, u->rules[i], u->rules[i]);
    }
    /* Whatever it does not find words for is told here. A head variable that looks made is no
     * error: such a rule has no value. */
    for (uint32_t i = 0; i < u->n_rules && o.failed && u->diags->n == before; i++) {
        wc_rule *rule = u->rules[i];
        u->module = rule->module;
        o.quiet = true;
        bool failed = o.failed;
        o.failed = o.named = false;
        order_rule(&o, rule, rule);
        if (o.failed && !o.named && !rule->else_rule && rule->n_ground == rule->n_path) {
            end_rule(u, rule);
            o.failed = false;
            order_rule(&o, rule, rule);
        }
        o.quiet = false;
        if (o.failed)
            order_rule(&o, rule, rule);
        o.failed = failed;
    }
    u->module = NULL;
    free(o.log.v);
    wc_binder_free(o.binder);
}

void wc_order_query(wc_unit *u, wp_body *b)
{
    orderer o = {.u = u, .binder = wc_binder_new(u)};
    order_body(&o, b);
    undo(&o, 0);
    free(o.log.v);
    wc_binder_free(o.binder);
}
