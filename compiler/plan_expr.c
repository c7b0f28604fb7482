/* Expressions: tests, calls, negation, every, with. */
#include "compiler/plan.h"

#include "base/error.h"

#include <stdlib.h>

/* Built-ins that are statements of their own: as a value, and as a test in a body. */
static const struct {
    const char *name;
    wc_stmt_kind value, test; /* test WC_S_COUNT: there is none */
} operators[] = {
    {"equal", WC_S_EqualValue, WC_S_Equal},
    {"neq", WC_S_NotEqualValue, WC_S_NotEqual},
    {"lt", WC_S_LessValue, WC_S_Less},
    {"lte", WC_S_LessEqualValue, WC_S_LessEqual},
    {"gt", WC_S_GreaterValue, WC_S_Greater},
    {"gte", WC_S_GreaterEqualValue, WC_S_GreaterEqual},
    {"internal.member_2", WC_S_MemberValue, WC_S_Member},
    {"plus", WC_S_Add, WC_S_COUNT},
    {"minus", WC_S_Subtract, WC_S_COUNT},
    {"mul", WC_S_Multiply, WC_S_COUNT},
    {"div", WC_S_Divide, WC_S_COUNT},
    {"rem", WC_S_Remainder, WC_S_COUNT},
};

wc_node *wc_function_node(const wc_unit *u, const wp_term *op)
{
    if (op->kind != WP_REF)
        return NULL;
    wc_node *n = u->root;
    for (uint32_t i = 1; i < op->list.n && n; i++)
        n = op->list.items[i]->kind <= WP_STRING ? wc_node_child(n, op->list.items[i]->value)
                                                 : NULL;
    return n && n->is_function ? n : NULL;
}

static wc_operand *arguments(wc_planner *p, wp_term **items, uint32_t n)
{
    wc_operand *args = wb_arena_alloc(p->u->a, (n + 1) * sizeof *args);
    wc_plan_terms(p, items, n, args);
    return args;
}

static wc_operand result_or_output(wc_planner *p, wc_operand v, wp_term **items, uint32_t n,
                                   uint32_t arity)
{
    if (n != arity + 2)
        return v;
    wc_unify_value(p, items[n - 1], v);
    return wc_const(p, WV_TRUE);
}

static wc_operand call_function(wc_planner *p, wc_node *f, wp_term **items, uint32_t n, wp_loc loc)
{
    uint32_t arity = f->rules[0]->n_args;
    if (n - 1 != arity && n - 1 != arity + 1) {
        wb_str path = wc_node_path_text(p->u, f);
        wp_report(p->u->diags, WP_TYPE_ERROR, wc_file(p->u), loc,
                  "function %.*s has arity %u, got %u argument%s", WB_FMT(path), arity, n - 1,
                  n - 1 == 1 ? "" : "s");
        return wc_const(p, WV_NULL);
    }
    wc_operand *args = arguments(p, items + 1, arity);
    wc_stmt *s = wc_put(p, WC_S_Call);
    s->t = wc_local(p);
    s->n = f->whole;
    s->args = args;
    s->n_args = arity;
    f->asked += p->loops || p->fn->n_args ? 2 : 1;
    return result_or_output(p, wc_op_local(s->t), items, n, arity);
}

static wc_operand call_builtin(wc_planner *p, wp_term **items, uint32_t n, bool as_test)
{
    wb_str name = wv_str(&items[0]->value);
    bool mocked = wc_is_replaced(p->u, name);
    for (size_t i = 0; !mocked && i < sizeof operators / sizeof *operators; i++) {
        if (!wb_str_is(name, operators[i].name) || n < 3)
            continue;
        wc_operand both[2];
        wc_plan_terms(p, items + 1, 2, both);
        wc_operand a = both[0], b = both[1];
        if (as_test && n == 3 && operators[i].test != WC_S_COUNT) {
            wc_put_op(p, operators[i].test, 0, a, b);
            return (wc_operand){0};
        }
        uint32_t t = wc_local(p);
        wc_put_op(p, operators[i].value, t, a, b);
        return result_or_output(p, wc_op_local(t), items, n, 2);
    }
    if (wb_str_is(name, "internal.member_3") && n == 4) {
        /* k, v in xs */
        wc_operand k = wc_plan_term(p, items[1]);
        wc_operand v = wc_plan_term(p, items[2]);
        wc_operand xs = wc_plan_term(p, items[3]);
        uint32_t t = wc_local(p);
        wc_put_op(p, WC_S_ResetLocal, t, (wc_operand){0}, (wc_operand){0});
        wc_mark m = wc_open(p);
        uint32_t at = wc_local(p);
        wc_put_op(p, WC_S_Dot, at, xs, k);
        wc_put_op(p, WC_S_EqualValue, t, wc_op_local(at), v);
        wc_close(p, m);
        uint32_t out = wc_local(p);
        wc_put_op(p, WC_S_EqualValue, out, wc_op_local(t), wc_const(p, WV_TRUE));
        return wc_op_local(out);
    }
    const ws_builtin *fn = ws_registry_find(p->u->registry, name);
    if (!fn || (!fn->fn && !mocked)) {
        wp_report(p->u->diags, WP_TYPE_ERROR, wc_file(p->u), items[0]->loc,
                  "undefined function %.*s", WB_FMT(name));
        return wc_const(p, WV_NULL);
    }
    uint32_t arity = fn->arity == WS_ANY_ARITY ? n - 1 : fn->arity;
    if (n - 1 < arity)
        return wc_const(p, WV_NULL); /* reported with the names */
    wc_operand *args = arguments(p, items + 1, arity);
    wc_stmt *s = wc_put(p, WC_S_CallBuiltin);
    s->t = wc_local(p);
    s->builtin = fn;
    s->args = args;
    s->n_args = arity;
    wc_operand v = wc_op_local(s->t);
    if (fn->flags & WS_RELATION)
        v = wc_op_local(wc_scan(p, v) + 1);
    return result_or_output(p, v, items, n, arity);
}

wc_operand wc_plan_call(wc_planner *p, wp_term **items, uint32_t n, wp_loc loc, bool as_test)
{
    if (items[0]->kind == WP_STRING) {
        if (wb_str_is(wv_str(&items[0]->value), "eq") && n == 3) {
            wc_unify(p, items[1], items[2]);
            return wc_const(p, WV_TRUE);
        }
        return call_builtin(p, items, n, as_test);
    }
    wc_node *f = wc_function_node(p->u, items[0]);
    if (!f) {
        wb_buf text;
        wb_buf_init(&text, 1 << 20);
        wp_term_put(&text, items[0]);
        wp_report(p->u->diags, WP_TYPE_ERROR, wc_file(p->u), loc, "undefined function %s",
                  wb_buf_cstr(&text));
        wb_buf_free(&text);
        return wc_const(p, WV_NULL);
    }
    return call_function(p, f, items, n, loc);
}

static void is_true(wc_planner *p, wc_operand o)
{
    wv v = wc_const_value(p, o);
    if (o.kind == WC_NOTHING || (o.kind == WC_CONST && wv_truthy(v)))
        return;
    wc_put_op(p, WC_S_IsTrue, 0, o, (wc_operand){0});
}

static void member_scan(wc_planner *p, const wp_term *c)
{
    uint32_t n = c->list.n;
    wp_term *xs = c->list.items[n - 1];
    if (n == 4 && xs->kind == WP_REF && c->list.items[1]->kind == WP_VAR &&
        wc_term_bound(c->list.items[1])) {
        /* The rule was asked by this key: only its element is looked at. */
        wp_term *element = wc_term_new(p->u, WP_REF, xs->loc);
        element->list.n = xs->list.n + 1;
        element->list.items = wb_arena_alloc(p->u->a, element->list.n * sizeof(wp_term *));
        memcpy(element->list.items, xs->list.items, xs->list.n * sizeof(wp_term *));
        element->list.items[xs->list.n] = c->list.items[1];
        wc_unify_value(p, c->list.items[2], wc_plan_term(p, element));
        return;
    }
    wc_operand domain = wc_plan_term(p, xs);
    uint32_t key = wc_scan(p, domain);
    if (n == 4)
        wc_unify_value(p, c->list.items[1], wc_op_local(key));
    wc_unify_value(p, c->list.items[n - 2], wc_op_local(key + 1));
}

/* Body inside a block of its own; when it has a solution execution goes behind `to`. */
static void succeed_to(wc_planner *p, const wp_body *b, wc_block *to)
{
    wc_mark m = wc_open(p);
    wc_plan_body(p, b);
    wc_break(p, to);
    wc_close(p, m);
}

static void every(wc_planner *p, const wp_expr *e)
{
    wc_block *enclosing = p->block;
    wc_operand domain = wc_plan_term(p, e->every.domain);
    wc_put_op(p, WC_S_IsCollection, 0, domain, (wc_operand){0});
    if (p->block != enclosing)
        enclosing = p->block;
    wc_mark m = wc_mark_now(p);
    uint32_t key = wc_scan(p, domain);
    wc_block *turn = p->block;
    wc_mark inner = wc_open(p);
    if (e->every.key)
        wc_unify_value(p, e->every.key, wc_op_local(key));
    wc_unify_value(p, e->every.value, wc_op_local(key + 1));
    wc_plan_body(p, &e->every.body);
    wc_break(p, turn);
    wc_close(p, inner);
    wc_break(p, enclosing);
    wc_close(p, m);
}

static void logic(wc_planner *p, const wp_expr *e)
{
    wc_block *enclosing = p->block;
    if (e->kind == WP_EXPR_OR) {
        wc_mark m = wc_open(p);
        wc_block *out = p->block;
        succeed_to(p, &e->logic.lhs, out);
        succeed_to(p, &e->logic.rhs, out);
        wc_break(p, enclosing);
        wc_close(p, m);
        return;
    }
    const wp_body *sides[] = {&e->logic.lhs, &e->logic.rhs};
    for (unsigned i = 0; i < 2; i++) {
        wc_mark m = wc_open(p);
        succeed_to(p, sides[i], p->block);
        wc_break(p, enclosing);
        wc_close(p, m);
    }
}

static void positive(wc_planner *p, const wp_expr *e)
{
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM:
        if (e->term->kind == WP_CALL)
            is_true(p, wc_plan_call(p, e->term->list.items, e->term->list.n, e->loc, true));
        else
            is_true(p, wc_plan_term(p, e->term));
        break;
    case WP_EXPR_CALL: {
        wc_operand v = wc_plan_call(p, e->call.items, e->call.n, e->loc, true);
        is_true(p, v);
        break;
    }
    case WP_EXPR_SOME: member_scan(p, e->some.items[0]); break;
    case WP_EXPR_EVERY: every(p, e); break;
    case WP_EXPR_NOT: {
        wc_block *enclosing = p->block;
        succeed_to(p, &e->body, enclosing);
        break;
    }
    case WP_EXPR_AND:
    case WP_EXPR_OR: logic(p, e); break;
    }
}

static void signed_expr(wc_planner *p, const wp_expr *e)
{
    if (!e->negated) {
        positive(p, e);
        return;
    }
    wc_block *enclosing = p->block;
    wc_mark m = wc_open(p);
    positive(p, e);
    wc_break(p, enclosing);
    wc_close(p, m);
}

/* ---- with ---- */

static uint32_t path_const(wc_planner *p, const wp_term *target)
{
    uint32_t n = target->kind == WP_REF ? target->list.n - 1 : 0;
    wv path = wv_array_begin(p->u->a, n);
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *el = target->list.items[i + 1];
        /* What is no name is an error when it runs; a variable part stands as such a one. */
        wv part = wc_ground(p, el);
        wv_array_push(p->u->a, &path, part == WV_UNDEFINED ? WV_NULL : part);
    }
    return wc_const(p, path).n;
}

static void replacement(wc_planner *p, const wp_with *w, wc_replacement *to)
{
    const wp_term *target = w->target, *value = w->value;
    const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
    wc_node *f = wc_function_node(p->u, target);
    *to = (wc_replacement){.by_func = WM_NONE};
    if (target->kind == WP_STRING) {
        to->what = WC_MOCK_BUILTIN;
        to->id = (uint32_t)wv_int(wv_object_get(p->u->mocked, target->value));
    } else if (f) {
        to->what = WC_MOCK_FUNC;
        to->id = f->whole;
    } else {
        to->what = wc_is_root(head, "input") ? WC_REPLACE_INPUT : WC_REPLACE_DATA;
        to->path = path_const(p, target);
    }
    wc_node *by = wc_function_node(p->u, value);
    if (value->kind == WP_CALL && value->list.n == 1) {
        wc_node *g = wc_function_node(p->u, value->list.items[0]);
        if (g)
            to->by_func = g->whole;
        else
            to->by_builtin = ws_registry_find(p->u->registry, wv_str(&value->list.items[0]->value));
    } else if (by) {
        to->by_func = by->whole;
        by->asked += 2;
    } else if (value->kind == WP_REF && to->what >= WC_MOCK_FUNC) {
        /* A rule in place of a function is asked by the calls: it may be undefined here. */
        uint32_t t = wc_local(p);
        wc_put_op(p, WC_S_ResetLocal, t, (wc_operand){0}, (wc_operand){0});
        wc_mark m = wc_open(p);
        wc_put_op(p, WC_S_AssignVar, t, wc_plan_term(p, value), (wc_operand){0});
        wc_close(p, m);
        to->value = wc_op_local(t);
    } else {
        to->value = wc_plan_term(p, value);
    }
}

typedef struct var_list {
    wc_var *v[64];
    uint32_t n;
    bool over;  /* there are more than fit */
    bool steps; /* a wildcard among them: nobody reads it, but there may be several solutions */
} var_list;

/* `_`; the variable of an expression's value has a name of letters. */
static bool is_wildcard(const wp_term *t)
{
    return t->name.n > 1 && t->name.p[0] == '$' && t->name.p[1] != 't';
}

static void unbound_vars(const wp_term *t, var_list *out)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        if (!wc_is_local(t) || wc_var_of(t)->bound.kind != WC_NOTHING)
            return;
        if (is_wildcard(t)) {
            out->steps = true;
            return;
        }
        for (uint32_t i = 0; i < out->n; i++)
            if (out->v[i] == wc_var_of(t))
                return;
        if (out->n < 64)
            out->v[out->n++] = wc_var_of(t);
        else
            out->over = true;
        return;
    }
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            unbound_vars(t->list.items[i], out);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            unbound_vars(t->object.pairs[i].key, out);
            unbound_vars(t->object.pairs[i].value, out);
        }
        return;
    default: return;
    }
}

static void expr_unbound(const wp_expr *e, var_list *out)
{
    if (e->negated)
        return;
    if (e->kind == WP_EXPR_TERM)
        unbound_vars(e->term, out);
    else if (e->kind == WP_EXPR_CALL)
        for (uint32_t i = 1; i < e->call.n; i++)
            unbound_vars(e->call.items[i], out);
    else if (e->kind == WP_EXPR_SOME) {
        unbound_vars(e->some.items[0], out);
        out->steps = true;
    }
}

/* What runs inside the environment never goes on outside it: a test leaves a flag behind, an
 * expression that may have several solutions leaves them all, and the body goes on over them. */
static void with(wc_planner *p, const wp_expr *e)
{
    wc_replacement *list = wb_arena_calloc(p->u->a, e->n_with * sizeof *list);
    for (uint32_t i = 0; i < e->n_with; i++)
        replacement(p, &e->with[i], &list[i]);
    var_list vars = {.n = 0};
    expr_unbound(e, &vars);
    if (vars.over)
        wp_report(p->u->diags, WP_COMPILE_ERROR, wc_file(p->u), e->loc,
                  "an expression with replacements binds more than 64 variables");
    bool several = vars.n || vars.steps;
    uint32_t to = wc_local(p);
    wc_put_op(p, several ? WC_S_MakeArray : WC_S_ResetLocal, to, (wc_operand){0}, (wc_operand){0});
    wc_mark m = wc_mark_now(p);
    wc_stmt *s = wc_put(p, WC_S_With);
    s->with = list;
    s->n_with = e->n_with;
    s->block = wb_arena_calloc(p->u->a, sizeof *s->block);
    s->block->outer = p->block;
    p->block = s->block;
    uint32_t first_read = p->first_read;
    p->first_read = p->n_reads; /* input and data are others in there */
    signed_expr(p, e);
    p->first_read = first_read;
    if (several) {
        wc_stmt *row = wc_put(p, WC_S_LiteralArray);
        row->t = wc_local(p);
        row->n_args = vars.n;
        row->args = wb_arena_alloc(p->u->a, (vars.n + 1) * sizeof *row->args);
        for (uint32_t i = 0; i < vars.n; i++)
            row->args[i] = vars.v[i]->bound;
        wc_put_op(p, WC_S_ArrayAppend, to, wc_op_local(row->t), (wc_operand){0});
    } else {
        wc_put_op(p, WC_S_AssignVar, to, wc_const(p, WV_TRUE), (wc_operand){0});
        wc_break(p, s->block);
    }
    wc_close(p, m);
    if (!several) {
        wc_put_op(p, WC_S_IsDefined, 0, wc_op_local(to), (wc_operand){0});
        return;
    }
    uint32_t row = wc_scan(p, wc_op_local(to)) + 1;
    for (uint32_t i = 0; i < vars.n; i++) {
        uint32_t t = wc_local(p);
        wc_put_op(p, WC_S_Dot, t, wc_op_local(row), wc_const(p, wv_small(i)));
        wc_bind(p, vars.v[i], wc_op_local(t));
    }
}

void wc_plan_expr(wc_planner *p, const wp_expr *e)
{
    p->loc = e->loc;
    if (e->n_with)
        with(p, e);
    else
        signed_expr(p, e);
}

void wc_plan_body(wc_planner *p, const wp_body *b)
{
    if (p->u->has_wide)
        wc_find_wide(p, b);
    for (uint32_t i = 0; i < b->n; i++)
        if (!p->u->has_wide || !wc_put_off(p, b->exprs[i]))
            wc_plan_expr(p, b->exprs[i]);
}
