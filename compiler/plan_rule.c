/* Rules and the query: one function for each way a rule may be asked.
 *
 * *Whole*: every body, all keys. *By k keys*: the head's first k keys are bound before the bodies
 * run, in their normal order, so only what concerns those keys can clash. Rules whose values are
 * all one ground constant stop at the first success, however they are asked. */
#include "compiler/plan.h"
#include "compiler/visit.h"

#include <stdlib.h>

wc_function *wc_function_new(wc_unit *u, wc_plan *plan, wb_str name, uint32_t n_args)
{
    if (plan->n == plan->cap) {
        plan->cap = plan->cap ? 2 * plan->cap : 64;
        wc_function **to = wb_arena_alloc(u->a, plan->cap * sizeof *to);
        if (plan->n)
            memcpy(to, plan->funcs, plan->n * sizeof *to);
        plan->funcs = to;
    }
    wc_function *fn = wb_arena_calloc(u->a, sizeof *fn);
    fn->name = name;
    fn->n_args = n_args;
    fn->n_locals = n_args;
    fn->out.whole = WM_NONE;
    fn->body = wb_arena_calloc(u->a, sizeof *fn->body);
    plan->funcs[plan->n++] = fn;
    return fn;
}

static void begin(wc_planner *p, wc_function *fn, const wp_module *module)
{
    p->fn = fn;
    p->block = fn->body;
    p->n_locals = fn->n_args;
    p->n_reads = p->first_read = 0;
    wc_unbind(p, 0);
    p->loops = 0;
    p->u->module = module;
}

/* ---- one value: complete rules and functions ---- */

static wv constant_value(wc_planner *p, const wc_rule *r)
{
    return r->value ? wc_ground(p, r->value) : WV_UNDEFINED;
}

/* The fact `p.q := v`: OPA takes it for a member of an object, and asks all rules beside such a
 * one. */
static bool has_member(const wc_node *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++) {
        const wc_rule *r = n->rules[i];
        if (r->source && r->source->head->key && r->value && !r->is_function)
            return true;
    }
    return false;
}

static void why_no_exit(wc_planner *p, const wc_node *n, const wc_rule *r, wv v)
{
    if (n->n_rules > 1 || r->else_rule)
        wc_why(p->u, p->fn, "early exit", r->loc, "not: this rule's value is %s",
               v == WV_UNDEFINED ? "no constant" : "another");
}

/* The one ground value that every rule and `else` of the node has, or undefined. */
static wv common_value(wc_planner *p, const wc_node *n)
{
    wv common = WV_UNDEFINED;
    if (p->u->options->no_early_exit) {
        wc_why(p->u, p->fn, "early exit", n->rules[0]->loc, "not: switched off");
        return common;
    }
    if (n->n_rules > 1 && has_member(n)) {
        wc_why(p->u, p->fn, "early exit", n->rules[0]->loc, "not: a member of an object");
        return common;
    }
    for (uint32_t i = 0; i < n->n_rules; i++) {
        if (n->rules[i]->is_default)
            continue;
        for (const wc_rule *r = n->rules[i]; r; r = r->else_rule) {
            wv v = constant_value(p, r);
            if (v == WV_UNDEFINED || (common != WV_UNDEFINED && !wv_equal(common, v))) {
                why_no_exit(p, n, r, v);
                return WV_UNDEFINED;
            }
            if (common == WV_UNDEFINED)
                common = v;
        }
    }
    if (common != WV_UNDEFINED)
        wc_why(p->u, p->fn, "early exit", n->rules[0]->loc, "all rules have one value");
    return common;
}

static void plan_return(wc_planner *p, wc_operand v)
{
    wc_put_op(p, WC_S_Return, 0, v, (wc_operand){0});
}

static void unify_args(wc_planner *p, const wc_rule *r)
{
    for (uint32_t i = 0; i < r->n_args; i++)
        wc_unify_value(p, r->args[i], wc_op_local(i));
}

static bool body_iterates(wc_unit *u, const wc_rule *r);

/* With more rules than this of one name, none asks which of the others are seen: the plan would
 * grow with their square. With fewer still they are asked where only a later rule could tell. */
#define OTHERS_MAX 64u
#define FEW_RULES  8u

/* What a value that is found comes to. */
typedef enum ending {
    KEEPS,     /* it is kept, and others must be equal */
    RETURNS,   /* it is the answer at once */
    MAY_RETURN /* it is when no rule with another value can be seen */
} ending;

/* Calls for each rule and `else` of the node whose value is not v; stops where one answers false.
 */
static bool each_other(wc_planner *p, const wc_node *n, wv v,
                       bool (*call)(wc_planner *p, const wc_rule *r, wc_block *out), wc_block *out)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        for (const wc_rule *r = n->rules[i]; r && !r->is_default; r = r->else_rule) {
            wv other = constant_value(p, r);
            if ((other == WV_UNDEFINED || !wv_equal(other, v)) && !call(p, r, out))
                return false;
        }
    return true;
}

static bool has_needs(wc_planner *p, const wc_rule *r, wc_block *out)
{
    wc_need *needs;
    (void)out;
    return wc_find_needs(p, r, &needs) > 0;
}

static bool leave_if_seen(wc_planner *p, const wc_rule *r, wc_block *out)
{
    wc_mark m = wc_open(p);
    wc_plan_needs(p, r);
    wc_break(p, out);
    wc_close(p, m);
    return true;
}

static bool body_seen(const wc_unit *u, const wc_rule *r)
{
    for (uint32_t i = 0; i < r->body.n; i++)
        if (wc_may_be_seen(u, r->body.exprs[i]))
            return true;
    return false;
}

/* Whether anybody can tell that rules behind that one were asked. */
static bool others_seen(wc_planner *p, const wc_node *n, const wc_rule *first)
{
    bool behind = false, seen = false;
    for (uint32_t i = 0; i < n->n_rules; i++) {
        for (const wc_rule *r = n->rules[i]; behind && r; r = r->else_rule)
            seen |= body_seen(p->u, r);
        behind |= n->rules[i] == first;
    }
    return seen;
}

/* The rules that OPA's index lets be seen for an input decide whether the first value ends the
 * search. It shows only where the search goes on: in later turns of a loop, and in later rules. */
static ending ending_of(wc_planner *p, const wc_node *n, const wc_rule *first, bool chosen)
{
    wv v = constant_value(p, first);
    if (p->u->options->no_early_exit || n->n_rules > OTHERS_MAX || v == WV_UNDEFINED ||
        has_member(n))
        return KEEPS;
    bool shows = !chosen && n->n_rules <= FEW_RULES && others_seen(p, n, first);
    for (const wc_rule *r = first; r; r = r->else_rule)
        shows |= body_iterates(p->u, r);
    return shows && each_other(p, n, v, has_needs, NULL) ? MAY_RETURN : KEEPS;
}

static void return_unless_others(wc_planner *p, const wc_node *n, const wc_rule *r)
{
    wv v = constant_value(p, r);
    if (v == WV_UNDEFINED)
        return;
    wc_mark m = wc_open(p);
    each_other(p, n, v, leave_if_seen, p->block);
    plan_return(p, wc_const(p, v));
    wc_close(p, m);
}

/* How many conflicts waited is counted once, behind `first`. */
typedef struct clash_count {
    wc_block *block;
    wc_stmt *first; /* NULL: at the block's begin */
    uint32_t to;
    bool made;
} clash_count;

/* What clashed in a rule's body is an error behind it: all of a partial rule is made before anybody
 * sees a part of it, and where it gave no value neither an `else` nor another rule is asked. */
static uint32_t settle_rule(wc_planner *p, clash_count *x)
{
    if (!x->made)
        wc_settle(p, x->block, x->first, x->to, p->n_asked - 1);
    else
        wc_put_op(p, WC_S_Settle, 0, wc_op_local(x->to), (wc_operand){0});
    x->made = true;
    return p->n_asked;
}

/* One rule and its `else` chain. */
static void plan_chain(wc_planner *p, const wc_node *n, const wc_rule *first, uint32_t result,
                       ending end)
{
    bool returns = end == RETURNS;
    bool chained = first->else_rule != NULL;
    uint32_t own = result, asked = p->n_asked;
    clash_count clashes = {p->block, p->block->last, chained ? wc_local(p) : 0, false};
    if (chained && !returns) {
        own = wc_local(p);
        wc_put_op(p, WC_S_ResetLocal, own, (wc_operand){0}, (wc_operand){0});
    }
    for (const wc_rule *r = first; r; r = r->else_rule) {
        p->loc = r->loc;
        wc_mark m = wc_open(p);
        if (r != first && !returns)
            wc_put_op(p, WC_S_IsUndefined, 0, wc_op_local(own), (wc_operand){0});
        unify_args(p, r);
        wc_plan_rule_body(p, r);
        p->loc = r->loc;
        wc_operand v = wc_plan_term(p, r->value);
        p->loc = r->loc;
        if (returns)
            plan_return(p, v);
        else
            wc_put_op(p, WC_S_AssignVarOnce, own, v, (wc_operand){0});
        if (end == MAY_RETURN)
            return_unless_others(p, n, r);
        wc_close(p, m);
        if (r->else_rule && p->n_asked > asked)
            asked = settle_rule(p, &clashes);
    }
    if (own != result) {
        wc_mark m = wc_open(p);
        wc_put_op(p, WC_S_IsDefined, 0, wc_op_local(own), (wc_operand){0});
        wc_put_op(p, WC_S_AssignVarOnce, result, wc_op_local(own), (wc_operand){0});
        wc_close(p, m);
    }
}

/* Whether a body can have more than one solution: a reference steps through a collection by a
 * variable that has no value yet. u->generation marks those that have one. */
typedef struct stepper {
    wc_unit *u;
    bool found;
} stepper;

static void mark_var(const wc_unit *u, const wp_term *t)
{
    if (wc_is_local(t))
        wc_var_of(t)->mark = u->generation;
}

static bool mark_vars(void *arg, const wp_term *t)
{
    mark_var(arg, t);
    return t->kind != WP_ARRAY_COMP && t->kind != WP_SET_COMP && t->kind != WP_OBJECT_COMP;
}

static bool is_new(const wc_unit *u, const wp_term *el)
{
    return wc_is_local(el) && wc_var_of(el)->mark != u->generation;
}

static bool step(void *arg, const wp_term *t)
{
    stepper *s = arg;
    if (t->kind == WP_ARRAY_COMP || t->kind == WP_SET_COMP || t->kind == WP_OBJECT_COMP)
        return false;
    for (uint32_t i = 1; t->kind == WP_REF && i < t->list.n; i++) {
        const wp_term *el = t->list.items[i];
        s->found |= is_new(s->u, el) || el->kind == WP_ARRAY || el->kind == WP_OBJECT;
    }
    return !s->found;
}

static bool expr_iterates(wc_unit *u, const wp_expr *e)
{
    stepper s = {u, false};
    wc_visitor v = {.term = step, .arg = &s};
    if (e->negated)
        return false;
    if (e->kind == WP_EXPR_TERM) {
        wc_visit_term(&v, e->term);
    } else if (e->kind == WP_EXPR_CALL) {
        const wp_term *op = e->call.items[0];
        if (op->kind == WP_STRING && wb_str_is(wv_str(&op->value), "walk"))
            return true;
        wc_visit_terms(&v, e->call.items + 1, e->call.n - 1);
    } else {
        return false;
    }
    return s.found;
}

static bool binds(const wc_unit *u, const wp_term *t)
{
    if (t->kind == WP_ARRAY || t->kind == WP_SET || t->kind == WP_REF) {
        for (uint32_t i = 0; i < t->list.n; i++)
            if (binds(u, t->list.items[i]))
                return true;
        return false;
    }
    if (t->kind == WP_OBJECT) {
        for (uint32_t i = 0; i < t->object.n; i++)
            if (binds(u, t->object.pairs[i].key) || binds(u, t->object.pairs[i].value))
                return true;
        return false;
    }
    return is_new(u, t);
}

static bool body_iterates(wc_unit *u, const wc_rule *r)
{
    wc_visitor v = {.term = mark_vars, .arg = u};
    u->generation++;
    wc_visit_terms(&v, r->args, r->n_args);
    for (uint32_t i = 0; i < r->body.n; i++) {
        const wp_expr *e = r->body.exprs[i];
        if (expr_iterates(u, e))
            return true;
        bool plain = !e->negated && (e->kind == WP_EXPR_TERM || e->kind == WP_EXPR_CALL);
        for (uint32_t k = 1; plain && e->n_with && e->kind == WP_EXPR_CALL && k < e->call.n; k++)
            if (binds(u, e->call.items[k]))
                return true;
        if (plain)
            wc_visit_inside(&v, e);
    }
    return false;
}

static bool chain_iterates(wc_unit *u, const wc_rule *r)
{
    for (; r; r = r->else_rule)
        if (body_iterates(u, r))
            return true;
    return false;
}

/* A rule that gave no value is behind: what clashed in it comes before what the others do. */
static uint32_t settle_undefined(wc_planner *p, clash_count *x, bool kept, uint32_t result)
{
    if (!kept)
        return settle_rule(p, x);
    wc_mark m = wc_open(p);
    wc_put_op(p, WC_S_IsUndefined, 0, wc_op_local(result), (wc_operand){0});
    uint32_t asked = settle_rule(p, x);
    wc_close(p, m);
    return asked;
}

static void plan_single(wc_planner *p, wc_node *n)
{
    const wc_rule *fallback = NULL, *only = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < n->n_rules; i++) {
        if (n->rules[i]->is_default)
            fallback = n->rules[i];
        else {
            only = n->rules[i];
            count++;
        }
    }
    bool constant = common_value(p, n) != WV_UNDEFINED;
    bool returns = constant || (count == 1 && !chain_iterates(p->u, only));
    if (count == 1 && !constant)
        wc_why(p->u, p->fn, "early exit", only->loc, "%s",
               returns ? "one rule with one solution" : "not: the body may have several solutions");
    uint32_t result = 0;
    if (!returns && count) {
        result = wc_local(p);
        wc_put_op(p, WC_S_ResetLocal, result, (wc_operand){0}, (wc_operand){0});
    }
    bool kept = !returns && count;
    uint32_t left = count + (fallback != NULL), asked = p->n_asked;
    clash_count clashes = {p->block, p->block->last, left > 1 ? wc_local(p) : 0, false};
    bool chosen = wc_dispatch_begin(p, n, 0);
    for (uint32_t i = 0; i < n->n_rules; i++)
        if (!n->rules[i]->is_default) {
            p->u->module = n->rules[i]->module;
            p->loc = n->rules[i]->loc;
            wc_mark m = chosen ? wc_case_begin(p) : wc_mark_now(p);
            plan_chain(p, n, n->rules[i], result,
                       returns ? RETURNS : ending_of(p, n, n->rules[i], chosen));
            if (--left && p->n_asked > asked)
                asked = settle_undefined(p, &clashes, kept, result);
            if (chosen)
                wc_case_end(p, m);
        }
    wc_dispatch_end(p);
    if (kept) {
        wc_mark m = wc_open(p);
        wc_put_op(p, WC_S_IsDefined, 0, wc_op_local(result), (wc_operand){0});
        plan_return(p, wc_op_local(result));
        wc_close(p, m);
    }
    if (fallback) {
        p->u->module = fallback->module;
        p->loc = fallback->loc;
        unify_args(p, fallback);
        wc_plan_body(p, &fallback->body);
        plan_return(p, wc_plan_term(p, fallback->value));
    }
}

/* ---- partial sets and objects ---- */

/* Whether a head term can be unified before the body runs: a set only when nothing in it is still
 * to be found. */
static bool is_pattern(const wp_term *t, bool variables)
{
    switch ((wp_term_kind)t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return true;
    case WP_VAR: return variables && wc_is_local(t);
    case WP_ARRAY:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!is_pattern(t->list.items[i], variables))
                return false;
        return true;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!is_pattern(t->object.pairs[i].key, variables) ||
                !is_pattern(t->object.pairs[i].value, variables))
                return false;
        return true;
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!is_pattern(t->list.items[i], false))
                return false;
        return true;
    default: return false;
    }
}

static bool flat_object(const wc_node *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        if (n->rules[i]->is_set || wc_key_count(n, n->rules[i]) != 1)
            return false;
    return true;
}

/* Puts the rule's member or value below its keys from number `from` on into local t. */
static void plan_insert(wc_planner *p, const wc_node *n, const wc_rule *r, uint32_t from,
                        uint32_t t)
{
    uint32_t keys = wc_key_count(n, r);
    uint32_t count = keys - from + !r->is_set;
    wc_operand *args = wb_arena_alloc(p->u->a, (count + 1) * sizeof *args);
    for (uint32_t i = from; i < keys; i++)
        args[i - from] = wc_plan_term(p, wc_key_at(n, r, i));
    if (!r->is_set)
        args[count - 1] = wc_plan_term(p, r->value);
    p->loc = r->loc;
    wc_stmt *s = wc_put(p, r->is_set ? WC_S_PathAdd : WC_S_PathInsert);
    s->t = t;
    s->args = args;
    s->n_args = count;
}

static void plan_whole_partial(wc_planner *p, wc_node *n)
{
    uint32_t t = wc_local(p), asked = p->n_asked;
    bool set = n->is_set, flat = !set && flat_object(n);
    wc_stmt *first = wc_put_op(p,
                               set    ? WC_S_MakeSet
                               : flat ? WC_S_MakeObject
                                      : WC_S_ResetLocal,
                               t, (wc_operand){0}, (wc_operand){0});
    clash_count clashes = {p->block, first, wc_local(p), false};
    bool chosen = wc_dispatch_begin(p, n, 0);
    for (uint32_t i = 0; i < n->n_rules; i++) {
        const wc_rule *r = n->rules[i];
        p->u->module = r->module;
        p->loc = r->loc;
        wc_mark m = chosen ? wc_case_begin(p) : wc_open(p);
        wc_plan_rule_body(p, r);
        p->loc = r->loc;
        if (set) {
            wc_operand v = wc_plan_term(p, r->key);
            wc_put_op(p, WC_S_SetAdd, t, v, (wc_operand){0});
        } else if (flat) {
            wc_operand k = wc_plan_term(p, wc_key_at(n, r, 0));
            wc_operand v = wc_plan_term(p, r->value);
            p->loc = r->loc;
            wc_put_op(p, WC_S_ObjectInsertOnce, t, k, v);
        } else {
            plan_insert(p, n, r, 0, t);
        }
        if (chosen)
            wc_case_end(p, m);
        else
            wc_close(p, m);
        if (!chosen && p->n_asked > asked)
            asked = settle_rule(p, &clashes);
    }
    wc_dispatch_end(p);
    if (chosen && p->n_asked > asked)
        settle_rule(p, &clashes);
    if (!set && !flat) {
        wc_mark m = wc_open(p);
        wc_put_op(p, WC_S_IsUndefined, 0, wc_op_local(t), (wc_operand){0});
        wc_put_op(p, WC_S_MakeObject, t, (wc_operand){0}, (wc_operand){0});
        wc_close(p, m);
    }
    plan_return(p, wc_op_local(t));
}

/* Binds the rule's first k keys to the arguments: before the body what is a pattern, after it the
 * rest. */
static void bind_keys(wc_planner *p, const wc_node *n, const wc_rule *r, uint32_t k, bool before)
{
    for (uint32_t i = 0; i < k; i++) {
        const wp_term *t = wc_key_at(n, r, i);
        /* A composite in a head's ref is a test behind the body; a set's member is unified. */
        bool member = i >= r->n_path - n->depth;
        bool early = member ? is_pattern(t, true) : t->kind <= WP_STRING || t->kind == WP_VAR;
        if (early != before)
            continue;
        if (before)
            wc_unify_value(p, t, wc_op_local(i));
        else
            wc_plan_equal(p, wc_op_local(i), t);
    }
}

/* A set that has the member asked for goes on to its other rules, and to other solutions of the
 * one that has it, where somebody can tell: so long the answer is kept. The first rule whose answer
 * ends it, be it behind the last. */
static uint32_t first_ending(wc_planner *p, const wc_node *n)
{
    uint32_t at = n->n_rules;
    while (at && !body_seen(p->u, n->rules[at - 1]))
        at--;
    return at && !body_iterates(p->u, n->rules[at - 1]) ? at - 1 : at;
}

static void plan_keyed(wc_planner *p, wc_node *n, uint32_t k)
{
    bool set = n->is_set;
    uint32_t result = 0, ends = set ? first_ending(p, n) : n->n_rules;
    if (ends) {
        result = wc_local(p);
        wc_put_op(p, WC_S_ResetLocal, result, (wc_operand){0}, (wc_operand){0});
    }
    bool chosen = wc_dispatch_begin(p, n, k);
    for (uint32_t i = 0; i < n->n_rules; i++) {
        const wc_rule *r = n->rules[i];
        uint32_t keys = wc_key_count(n, r), bound = keys < k ? keys : k;
        p->u->module = r->module;
        p->loc = r->loc;
        wc_mark m = chosen ? wc_case_begin(p) : wc_open(p);
        bind_keys(p, n, r, bound, true);
        wc_plan_rule_body(p, r);
        p->loc = r->loc;
        bind_keys(p, n, r, bound, false);
        if (i >= ends) {
            plan_return(p, wc_op_local(0));
        } else if (set) {
            wc_put_op(p, WC_S_AssignVarOnce, result, wc_op_local(0), (wc_operand){0});
        } else if (keys > k || (keys == k && !r->is_set)) {
            plan_insert(p, n, r, k, result);
        } else {
            wc_operand v = r->is_set ? wc_op_local(keys - 1) : wc_plan_term(p, r->value);
            for (uint32_t j = keys; j < k; j++) {
                uint32_t t = wc_local(p);
                wc_put_op(p, WC_S_Dot, t, v, wc_op_local(j));
                v = wc_op_local(t);
            }
            wc_put_op(p, WC_S_AssignVarOnce, result, v, (wc_operand){0});
        }
        if (chosen)
            wc_case_end(p, m);
        else
            wc_close(p, m);
    }
    wc_dispatch_end(p);
    if (ends)
        plan_return(p, wc_op_local(result));
}

/* ---- all of it ---- */

static wv node_path(wc_unit *u, const wc_node *n)
{
    wv *names = wb_malloc((n->depth + 1) * sizeof *names);
    uint32_t count = 0;
    for (const wc_node *at = n; at->parent; at = at->parent)
        names[count++] = at->name;
    wv path = wv_array_begin(u->a, count);
    while (count)
        wv_array_push(u->a, &path, names[--count]);
    free(names);
    return path;
}

static void describe(wc_unit *u, wc_function *fn, const wc_node *n)
{
    fn->out.path = node_path(u, n);
    fn->out.loc = n->rules[0]->loc;
    fn->out.is_function = n->is_function;
    fn->out.whole = fn->n_args && !n->is_function ? n->whole : WM_NONE;
}

/* Numbers the nodes and makes their functions, empty, so that references find their numbers. */
static void declare(wc_unit *u, wc_plan *plan, wc_node *n, uint32_t *number)
{
    n->number = (*number)++;
    if (n->n_rules) {
        wb_str path = wc_node_path_text(u, n);
        n->whole = plan->n;
        wc_function *fn = wc_function_new(u, plan, path, n->is_function ? n->rules[0]->n_args : 0);
        describe(u, fn, n);
        if (n->max_keys && !n->is_function)
            n->keyed = plan->n;
        else
            n->max_keys = 0;
        for (uint32_t k = 1; k <= n->max_keys; k++) {
            wb_str name = {wb_arena_printf(u->a, "%.*s[%u]", WB_FMT(path), k), 0};
            name.n = strlen(name.p);
            describe(u, wc_function_new(u, plan, name, k), n);
        }
    }
    for (wc_node *c = n->first; c; c = c->next)
        declare(u, plan, c, number);
}

static void plan_node(wc_planner *p, wc_node *n)
{
    if (n->n_rules) {
        begin(p, p->plan->funcs[n->whole], n->rules[0]->module);
        if (n->is_set || n->is_dynamic)
            plan_whole_partial(p, n);
        else
            plan_single(p, n);
        for (uint32_t k = 1; k <= n->max_keys; k++) {
            begin(p, p->plan->funcs[n->keyed + k - 1], n->rules[0]->module);
            plan_keyed(p, n, k);
        }
    }
    for (wc_node *c = n->first; c; c = c->next)
        plan_node(p, c);
}

/* ---- the query ---- */

/* What was made has a name that nobody writes; a declared variable is shown by its own. */
static bool shown(const wc_var *v)
{
    v = v->was ? v->was : v;
    return v->text[0] != '$' && !(v->text[0] == '_' && v->text[1] == '_');
}

static wc_operand bindings(wc_planner *p)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->n_bound; i++)
        count += shown(p->bound[i]);
    wc_stmt *to = wc_put(p, WC_S_LiteralObject);
    to->t = wc_local(p);
    to->n_args = 2 * count;
    to->args = wb_arena_alloc(p->u->a, (2 * count + 1) * sizeof *to->args);
    uint32_t at = 0;
    for (uint32_t i = 0; i < p->n_bound; i++) {
        const wc_var *v = p->bound[i];
        if (!shown(v))
            continue;
        to->args[at++] = wc_const(p, wv_string_new(p->u->a, wc_var_name(v->was ? v->was : v)));
        to->args[at++] = v->bound;
    }
    return wc_op_local(to->t);
}

static void plan_query(wc_planner *p, const wc_query_body *q)
{
    uint32_t rows = wc_local(p);
    wc_put_op(p, WC_S_MakeArray, rows, (wc_operand){0}, (wc_operand){0});
    wc_mark m = wc_open(p);
    wc_plan_body(p, &q->body);
    wc_operand row_of[2];
    row_of[0] = bindings(p);
    wc_stmt *list = wc_put(p, WC_S_LiteralArray);
    list->t = wc_local(p);
    list->n_args = q->n_shown;
    list->args = wb_arena_alloc(p->u->a, (q->n_shown + 1) * sizeof *list->args);
    for (uint32_t i = 0; i < q->n_shown; i++)
        list->args[i] = q->shown[i] ? q->shown[i]->bound : wc_const(p, WV_TRUE);
    row_of[1] = wc_op_local(list->t);
    wc_stmt *row = wc_put(p, WC_S_LiteralArray);
    row->t = wc_local(p);
    row->n_args = 2;
    row->args = wb_arena_alloc(p->u->a, sizeof row_of);
    memcpy(row->args, row_of, sizeof row_of);
    wc_put_op(p, WC_S_ArrayAppend, rows, wc_op_local(row->t), (wc_operand){0});
    wc_close(p, m);
    plan_return(p, wc_op_local(rows));
}

void wc_make_plan(wc_unit *u, wc_plan *plan, const wc_query_body *query, const wp_module *context)
{
    wc_planner p = {.u = u, .plan = plan};
    uint32_t number = 0;
    declare(u, plan, u->root, &number);
    plan_node(&p, u->root);
    plan->query = WM_NONE;
    if (query) {
        plan->query = plan->n;
        begin(&p, wc_function_new(u, plan, WB_LIT("query"), 0), context);
        plan_query(&p, query);
    }
    u->module = NULL;
}
