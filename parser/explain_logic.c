/* The explainer: and, or and not, whose operands may stand in braces (a body) and parentheses (a
 * group). Braces and parentheses also hold values, so both are tried. */
#include "parser/explain.h"

bool wp_x_logical(const wp_x *x)
{
    return (x->keywords & (WP_KW_AND | WP_KW_OR)) != 0;
}

bool wp_x_at_logical(const wp_x *x)
{
    return x->s.token == X_TOKEN(AND) || x->s.token == X_TOKEN(OR);
}

wp_expr *wp_x_single(wp_x *x, wp_expr_kind kind, wp_loc loc)
{
    wp_expr *e = wp_new_expr(x->p, kind, (wp_span){0});
    e->loc = loc;
    e->loc.len = (uint32_t)wp_x_since(x, loc.offset).n;
    return e;
}

/* ---- what cannot be an operand ---- */

void wp_x_with_error(wp_x *x, wp_loc loc, const char *op)
{
    wp_x_hint_add(x,
                  "Wrap the operand in `(...)` or `{...}` to scope, or move `with` after the `%s` "
                  "expression to apply it to the whole expression",
                  op);
    wp_x_error_at(x, loc, "`with` modifier is not allowed on operand of `%s`", op);
}

void wp_x_brace_error(wp_x *x, wp_loc loc, wb_str operand, const char *op)
{
    wp_x_hint_add(x, "wrap the operand to keep the value: `(%.*s) %s ...`", WB_FMT(operand), op);
    wp_x_error_at(x, loc, "operand of `%s` cannot begin with `{` unless the braces hold a body",
                  op);
}

bool wp_x_union_body(const wp_x *x, const wp_body *body)
{
    const wp_expr *e = body->n ? body->exprs[0] : NULL;
    return e && e->kind == WP_EXPR_CALL && e->infix && wp_ref_is(e->call.items[0], "or", NULL) &&
           x->p->file.text.p[e->loc.offset] != '(';
}

void wp_x_union_error(wp_x *x, wp_loc loc, const wp_body *body, const char *prefix)
{
    wb_str braces = wp_x_since(x, loc.offset);
    wp_loc e = body->exprs[0]->loc;
    size_t before = e.offset - loc.offset, end = before + e.len;
    if (end > braces.n)
        end = braces.n;
    wp_x_hint_add(x,
                  "write `%s(%.*s)` for the comprehension, or `%s%.*s(%.*s)%.*s` for the set "
                  "union",
                  prefix, WB_FMT(braces), prefix, (int)before, braces.p, (int)(end - before),
                  braces.p + before, (int)(braces.n - end), braces.p + end);
    wp_x_error_at(x, loc,
                  "ambiguous `{ ... | ... }` operand: read as a body holding a set-union "
                  "expression, not as a comprehension");
}

/* A call that has no value, alone in an operand. */
static void check_void(wp_x *x, const wp_body *body, const char *op)
{
    for (uint32_t i = 0; i < body->n; i++) {
        const wp_expr *e = body->exprs[i];
        if (e->negated || e->kind != WP_EXPR_CALL ||
            !(wp_ref_is(e->call.items[0], "print", NULL) ||
              wp_ref_is(e->call.items[0], "internal", "print")))
            return;
    }
    if (!body->n)
        return;
    const char *name =
        wp_ref_is(body->exprs[0]->call.items[0], "print", NULL) ? "print" : "internal.print";
    wp_x_hint_add(x,
                  "`%s` produces no value and always succeeds, so the operand can never fail; move "
                  "it out of the operand, or add an expression that can fail",
                  name);
    wp_x_error_at(x, body->exprs[0]->loc, "operand of `%s` cannot consist only of calls to `%s`",
                  op, name);
}

/* The value that a leading { opens. */
static const wp_term *brace_led(const wp_term *t)
{
    while (t->kind == WP_CALL && t->list.n == 3 &&
           (wp_infix_sign(t->list.items[0]) || wp_x_member(t)))
        t = t->list.items[1];
    return t;
}

/* Braces that hold no body: whether they hold a value instead. The state is as before. */
static wp_term *value_instead(wp_x *x, wp_x_state begin, wb_str *text)
{
    wp_x_state failed = x->s;
    x->s = begin;
    wp_term *t = wp_x_infix(x);
    if (t)
        *text = wp_x_since(x, begin.loc.offset);
    else
        x->s = failed;
    return t;
}

wp_expr *wp_x_not_braces(wp_x *x, wp_loc not_loc)
{
    wp_x_state begin = x->s;
    wp_body body;
    wb_str text;
    wp_x_scan(x);
    bool empty = x->s.token == '}';
    if (!wp_x_body(x, '}', &body)) {
        const wp_term *t = empty ? NULL : value_instead(x, begin, &text);
        if (t) {
            wp_x_hint_add(
                x, "write `not (%.*s)` to negate the value, or `not {%.*s}` for a body holding it",
                WB_FMT(text), WB_FMT(text));
            wp_x_error_at(x, begin.loc,
                          "`{...}` in an operand position must contain expression(s), got: %s",
                          wp_kind_name((wp_term_kind)brace_led(t)->kind));
        }
        return NULL;
    }
    wp_x_scan(x);
    if (wp_x_union_body(x, &body)) {
        wp_x_union_error(x, begin.loc, &body, "not ");
        return NULL;
    }
    return wp_x_single(x, WP_EXPR_NOT, not_loc);
}

/* ---- operands ---- */

/* op: "and", "or"; NULL while it is not known whether this is an operand. */
static bool braces_operand(wp_x *x, const char *op, wp_x_operand *out)
{
    wp_x_state begin = x->s;
    wb_str text;
    wp_x_scan(x);
    bool empty = x->s.token == '}';
    *out = (wp_x_operand){.braces = true, .loc = begin.loc};
    if (!wp_x_body(x, '}', &out->body)) {
        if (!empty && op && value_instead(x, begin, &text))
            wp_x_brace_error(x, begin.loc, text, op);
        return false;
    }
    wp_x_scan(x);
    if (wp_x_union_body(x, &out->body))
        wp_x_union_error(x, begin.loc, &out->body, "");
    return true;
}

static bool operand(wp_x *x, const char *op, wp_x_operand *out)
{
    if (x->s.token == '{')
        return braces_operand(x, op, out);
    wp_loc loc = x->s.loc;
    bool negated = wp_x_negated(x), ok;
    if (negated)
        wp_x_scan(x);
    wp_expr *e;
    if (negated && x->not_bodies && x->s.token == '{') {
        e = wp_x_not_braces(x, loc);
        if (e)
            *out = wp_x_operand_of(x, e, loc);
        return e != NULL;
    }
    if (x->s.token == '(' && wp_x_logical(x) && (!negated || x->not_bodies) &&
        wp_x_group(x, true, negated ? "not " : "", out, &ok)) {
        if (ok && negated)
            *out = wp_x_operand_of(x, wp_x_single(x, WP_EXPR_NOT, loc), loc);
        return ok;
    }
    e = wp_x_expr(x);
    if (!e)
        return false;
    if (negated && x->not_bodies)
        e = wp_x_single(x, WP_EXPR_NOT, loc);
    else
        e->negated = negated;
    *out = wp_x_operand_of(x, e, e->loc);
    return true;
}

static bool and_chain(wp_x *x, wp_x_operand *left)
{
    while (x->s.token == X_TOKEN(AND)) {
        wp_x_operand right;
        wp_x_scan(x);
        if (!operand(x, "and", &right))
            return false;
        check_void(x, &left->body, "and");
        check_void(x, &right.body, "and");
        *left = wp_x_operand_of(x, wp_x_single(x, WP_EXPR_AND, left->loc), left->loc);
    }
    return true;
}

static bool or_chain(wp_x *x, wp_x_operand *left)
{
    if (!and_chain(x, left))
        return false;
    while (x->s.token == X_TOKEN(OR)) {
        wp_x_operand right;
        wp_x_scan(x);
        if (!operand(x, "or", &right) || !and_chain(x, &right))
            return false;
        check_void(x, &left->body, "or");
        check_void(x, &right.body, "or");
        *left = wp_x_operand_of(x, wp_x_single(x, WP_EXPR_OR, left->loc), left->loc);
    }
    return true;
}

wp_expr *wp_x_fold(wp_x *x, wp_x_operand left)
{
    if (!or_chain(x, &left) || !wp_x_with(x, left.body.exprs[0]))
        return NULL;
    return left.body.exprs[0];
}

/* ---- groups ---- */

static bool close_group(wp_x *x)
{
    if (x->s.token != ')') {
        wp_x_error_at(x, x->s.loc, "expected ) to close parenthesized group");
        return false;
    }
    wp_x_scan(x);
    return true;
}

static bool holds(const wp_body *body, bool (*is)(const wp_expr *e))
{
    return body->n == 1 && is(body->exprs[0]);
}

static bool is_logical(const wp_expr *e)
{
    return e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR;
}

static bool is_negated(const wp_expr *e)
{
    return e->negated || e->kind == WP_EXPR_NOT;
}

/* `(a with x)`: a group where an operand is due or and, or follows; else a term. */
static bool group_of_with(wp_x *x, bool in_operand, wp_x_state begin, wp_x_operand *o, bool *ok)
{
    wp_loc with = x->s.loc;
    *ok = wp_x_with(x, o->body.exprs[0]);
    if (*ok && wp_x_at_logical(x)) {
        wp_x_with_error(x, with, x->s.token == X_TOKEN(AND) ? "and" : "or");
        *ok = false;
    }
    *ok = *ok && close_group(x);
    if (!*ok || in_operand || wp_x_at_logical(x))
        return true;
    x->s = begin;
    return false;
}

/* `({ body })`: the braces must hold a value. */
static bool group_of_braces(wp_x *x, wp_x_state begin, wp_loc braces_loc, const char *prefix)
{
    wb_str braces = wp_x_since(x, braces_loc.offset);
    x->s = begin;
    wp_x_scan(x);
    bool value = wp_x_term(x) != NULL;
    x->s = begin;
    if (value)
        return false;
    wp_x_hint_add(x, "drop the parens to keep the body: `%s%.*s`", prefix, WB_FMT(braces));
    wp_x_error_at(x, begin.loc, "`(...)` in an operand position cannot contain a body");
    return true;
}

static bool group(wp_x *x, bool in_operand, const char *prefix, wp_x_operand *o, bool *ok)
{
    wp_x_state begin = x->s;
    *ok = false;
    wp_x_scan(x);
    if (x->s.token == ')') {
        if (in_operand)
            wp_x_error_at(x, begin.loc, "empty parenthesized group");
        else
            x->s = begin;
        return in_operand;
    }
    if (!operand(x, NULL, o)) {
        x->s = begin;
        return false;
    }
    if (wp_x_at_logical(x)) {
        *ok = or_chain(x, o) && wp_x_with(x, o->body.exprs[0]) && close_group(x);
        return true;
    }
    if (x->s.token == X_TOKEN(WITH) && !o->braces && o->body.n == 1)
        return group_of_with(x, in_operand, begin, o, ok);
    if (o->braces)
        return group_of_braces(x, begin, o->loc, prefix);
    if (holds(&o->body, is_logical) || holds(&o->body, is_negated)) {
        *ok = close_group(x);
        return true;
    }
    x->s = begin;
    return false;
}

bool wp_x_group(wp_x *x, bool in_operand, const char *prefix, wp_x_operand *out, bool *ok)
{
    *ok = false;
    if (!wp_x_enter(x))
        return true;
    wp_loc loc = x->s.loc;
    bool is = group(x, in_operand, prefix, out, ok);
    out->braces = false;
    out->loc = loc;
    wp_x_leave(x);
    return is;
}
