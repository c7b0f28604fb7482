/* The explainer: bodies, expressions and their `with`, `some` and `every`. */
#include "parser/explain.h"

bool wp_x_body(wp_x *x, int end, wp_body *out)
{
    if (!wp_x_enter(x))
        return false;
    bool ok = wp_x_query(x, false, end, out);
    wp_x_leave(x);
    return ok;
}

/* Whether `x in xs` stands behind the comma that the reader is on, were `in` a keyword. */
static bool member_behind_comma(wp_x *x)
{
    wp_x_state s = x->s;
    wp_x_scan(x);
    wp_x_future f = wp_x_future_begin(x);
    wp_term *t = wp_x_infix(x);
    wp_x_future_end(x, f);
    x->s = s;
    return t && wp_x_member(t);
}

/* An expression that a plain `in`, `and`, `or` or the comma of `k, v in xs` follows. */
static void hint_missing_operator(wp_x *x)
{
    static const struct {
        const char *word, *example;
    } hints[] = {{"in", "x in xs"}, {"and", "x and y"}, {"or", "x or y"}};
    size_t k = 0;
    if (x->s.hints)
        return;
    if (x->s.token == WP_X_IDENT) {
        while (k < 3 && !wb_str_is(wp_x_text(x), hints[k].word))
            k++;
        if (k == 3)
            return;
    } else if (x->s.token != ',' || !member_behind_comma(x)) {
        return;
    }
    wp_x_hint_add(x, "`import future.keywords.%s` for `%s` expressions", hints[k].word,
                  hints[k].example);
}

bool wp_x_query(wp_x *x, bool semicolons, int end, wp_body *out)
{
    wp_vec exprs = {0};
    if (x->s.token == end) {
        wp_x_error_at(x, x->s.loc, "found empty body");
        return false;
    }
    for (;;) {
        wp_expr *e = wp_x_literal(x);
        if (!e)
            return false;
        wp_vec_add(x->p, &exprs, e);
        if (x->s.token == ';') {
            wp_x_scan(x);
            continue;
        }
        if (x->s.token == end || semicolons) {
            *out = wp_new_body(x->p, exprs);
            return true;
        }
        if (x->s.newline)
            continue;
        if (!x->s.errors) {
            hint_missing_operator(x);
            wp_x_illegal(x, "expected \\n or ; or %c", end == WP_RAW_EOF ? '?' : end);
        }
        return false;
    }
}

bool wp_x_with(wp_x *x, wp_expr *e)
{
    uint32_t cap = 0;
    e->n_with = 0;
    while (x->s.token == X_TOKEN(WITH)) {
        wp_loc loc = x->s.loc;
        wp_x_scan(x);
        if (x->s.token != WP_X_IDENT) {
            wp_x_illegal(x, "expected ident");
            return false;
        }
        wp_term *target = wp_x_term(x);
        if (!target)
            return false;
        if (target->kind != WP_REF && target->kind != WP_VAR)
            wp_x_illegal(x, "expected with target path");
        if (x->s.token != X_TOKEN(AS)) {
            wp_x_illegal(x, "expected as keyword");
            return false;
        }
        wp_x_scan(x);
        wp_term *value = wp_x_infix(x);
        if (!value)
            return false;
        if (e->n_with == cap) {
            cap = cap ? 2 * cap : 2;
            wp_with *to = wb_arena_alloc(x->p->arena, cap * sizeof *to);
            if (e->n_with)
                memcpy(to, e->with, e->n_with * sizeof *to);
            e->with = to;
        }
        e->with[e->n_with++] = (wp_with){.target = target, .value = value, .loc = loc};
    }
    return true;
}

/* ---- some, every ---- */

static wp_expr *new_expr(wp_x *x, wp_expr_kind kind, wp_loc loc)
{
    wp_expr *e = wp_new_expr(x->p, kind, (wp_span){0});
    e->loc = loc;
    return e;
}

static wp_expr *some_names(wp_x *x, wp_loc loc)
{
    do {
        wp_x_scan(x);
        if (x->s.token != WP_X_IDENT) {
            wp_x_illegal(x, "expected var");
            return NULL;
        }
        wp_x_scan(x);
    } while (x->s.token == ',');
    return new_expr(x, WP_EXPR_SOME, loc);
}

static wp_expr *some(wp_x *x)
{
    wp_x_state s = x->s;
    wp_x_scan(x);
    wp_term *t = wp_x_infix(x);
    if (t && t->kind == WP_CALL) {
        int n = wp_x_member(t);
        if (n && t->list.n == (uint32_t)n + 1) {
            wp_expr *e = new_expr(x, WP_EXPR_SOME, s.loc);
            return wp_x_with(x, e) ? e : NULL;
        }
        wp_x_illegal(x, "%s",
                     n ? "illegal domain" : "expected `x in xs` or `x, y in xs` expression");
        return NULL;
    }
    x->s = s;
    if (x->p->options.version == WP_V0) {
        wp_x_scan(x);
        wp_x_future f = wp_x_future_begin(x);
        t = wp_x_infix(x);
        wp_x_future_end(x, f);
        x->s = s;
        if (t && wp_x_member(t))
            wp_x_hint_add(x, "`import future.keywords.in` for `some x in xs` expressions");
    }
    return some_names(x, s.loc);
}

wp_expr *wp_x_every(wp_x *x)
{
    wp_loc loc = x->s.loc;
    wp_body body;
    wp_x_scan(x);
    wp_term *t = wp_x_infix(x);
    if (!t)
        return NULL;
    int n = wp_x_member(t);
    const char *missing = NULL;
    if (!n)
        missing = "expected `x[, y] in xs { ... }` expression";
    else if (t->list.n != (uint32_t)n + 1)
        missing = "illegal domain";
    else if (n == 3 && t->list.items[1]->kind != WP_VAR)
        missing = "expected key to be a variable";
    else if (t->list.items[n - 1]->kind != WP_VAR)
        missing = "expected value to be a variable";
    else if (x->s.token != '{')
        missing = "missing body";
    if (missing) {
        wp_x_illegal(x, "%s", missing);
        return NULL;
    }
    wp_x_scan(x);
    if (!wp_x_body(x, '}', &body))
        return NULL;
    wp_x_scan(x);
    wp_expr *e = new_expr(x, WP_EXPR_EVERY, loc);
    /* Whole, since messages may print it. */
    e->every.key = n == 3 ? t->list.items[1] : NULL;
    e->every.value = t->list.items[n - 1];
    e->every.domain = t->list.items[n];
    e->every.body = body;
    return wp_x_with(x, e) ? e : NULL;
}

/* ---- one expression ---- */

wp_expr *wp_x_expr(wp_x *x)
{
    wp_loc loc = x->s.loc;
    wp_term *left = wp_x_infix(x);
    if (!left)
        return NULL;
    wp_expr *e;
    if (x->s.token == WP_RAW_ASSIGN || x->s.token == '=') {
        const char *name = x->s.token == '=' ? "eq" : "assign";
        wp_span op = wp_token_span(x->p, x->s.at);
        wp_x_scan(x);
        wp_term *right = wp_x_infix(x);
        if (!right)
            return NULL;
        e = wp_assign_expr(x->p, name, op, left, right, (wp_span){0});
    } else {
        e = wp_term_expr(x->p, left, (wp_span){0});
    }
    e->loc = loc;
    e->loc.len = (uint32_t)wp_x_since(x, loc.offset).n;
    return e;
}

/* `every x in xs {` under v0, where `every` is a name: says so when it would read well. */
static void hint_every(wp_x *x, const wp_expr *e, wp_x_state begin)
{
    if (x->p->options.version != WP_V0 || e->kind != WP_EXPR_TERM || e->term->kind != WP_VAR ||
        !wb_str_is(e->term->name, "every"))
        return;
    wp_x_state now = x->s;
    x->s = begin;
    wp_x_future f = wp_x_future_begin(x);
    bool reads = wp_x_every(x) != NULL;
    wp_x_future_end(x, f);
    x->s = now;
    if (reads)
        wp_x_hint_add(x, "`import future.keywords.every` for `every x in xs { ... }` expressions");
}

static bool empty_object(const wp_expr *e, bool with)
{
    return !with && e->kind == WP_EXPR_TERM && e->term->kind == WP_OBJECT && !e->term->object.n;
}

/* An expression was read; and, or may follow. not_loc: where its `not` stands, or NULL. */
static wp_expr *maybe_logical(wp_x *x, wp_expr *e, const wp_loc *not_loc, const wp_loc *with)
{
    if (!wp_x_at_logical(x))
        return e;
    const char *op = x->s.token == X_TOKEN(AND) ? "and" : "or";
    if (with) {
        wp_x_with_error(x, *with, op);
        return NULL;
    }
    wb_str text = wb_str_n(x->p->file.text.p + e->loc.offset, e->loc.len);
    if (!not_loc && text.n && text.p[0] == '{') {
        if (empty_object(e, with != NULL))
            wp_x_error_at(x, e->loc, "found empty body");
        else
            wp_x_brace_error(x, e->loc, text, op);
        return NULL;
    }
    return wp_x_fold(x, wp_x_operand_of(x, e, e->loc));
}

static wp_expr *plain(wp_x *x, const wp_loc *not_loc)
{
    wp_x_state begin = x->s;
    if (not_loc && x->not_bodies && x->s.token == '(') {
        wp_x_operand o;
        bool ok;
        if (wp_x_group(x, true, "not ", &o, &ok)) {
            if (!ok)
                return NULL;
            wp_expr *e = wp_x_single(x, WP_EXPR_NOT, *not_loc);
            return wp_x_fold(x, wp_x_operand_of(x, e, *not_loc));
        }
    }
    wp_expr *e = wp_x_expr(x);
    if (!e)
        return NULL;
    wp_loc with = x->s.loc;
    bool has_with = x->s.token == X_TOKEN(WITH);
    if (!wp_x_with(x, e))
        return NULL;
    hint_every(x, e, begin);
    if (not_loc && x->not_bodies)
        e = wp_x_single(x, WP_EXPR_NOT, *not_loc);
    else
        e->negated = not_loc != NULL;
    return maybe_logical(x, e, not_loc, has_with ? &with : NULL);
}

bool wp_x_negated(wp_x *x)
{
    if (x->s.token != X_TOKEN(NOT))
        return false;
    int next = wp_x_peek(x);
    return next != '.' && next != '[';
}

/* `{ body } and ...`: true when that is what stands here; *out is NULL after an error. */
static bool braces_first(wp_x *x, wp_expr **out)
{
    wp_x_state s = x->s;
    uint32_t n_memo = x->n_memo;
    wp_x_operand o = {.braces = true, .loc = x->s.loc};
    wp_x_scan(x);
    if (wp_x_body(x, '}', &o.body)) {
        wp_x_scan(x);
        if (wp_x_at_logical(x)) {
            *out = NULL;
            if (wp_x_union_body(x, &o.body))
                wp_x_union_error(x, o.loc, &o.body, "");
            else
                *out = wp_x_fold(x, o);
            return true;
        }
    }
    x->s = s;
    if (x->n_memo > n_memo)
        x->n_memo = n_memo;
    return false;
}

static wp_expr *literal(wp_x *x)
{
    wp_expr *e;
    wp_x_operand group;
    bool ok;
    if (x->s.token == '{' && wp_x_logical(x) && braces_first(x, &e))
        return e;
    if (x->s.token == '(' && wp_x_logical(x) && wp_x_group(x, false, "", &group, &ok))
        return ok ? wp_x_fold(x, group) : NULL;
    if (wp_x_word_as_name(x))
        return plain(x, NULL);
    wp_loc not_loc = x->s.loc;
    bool negated = wp_x_negated(x);
    if (negated)
        wp_x_scan(x);
    if (negated && x->not_bodies && x->s.token == '{') {
        e = wp_x_not_braces(x, not_loc);
        return e ? wp_x_fold(x, wp_x_operand_of(x, e, not_loc)) : NULL;
    }
    bool is_some = x->s.token == X_TOKEN(SOME), is_every = x->s.token == X_TOKEN(EVERY);
    if (negated && (is_some || is_every)) {
        wp_x_illegal(x, "illegal negation of '%s'", is_some ? "some" : "every");
        return NULL;
    }
    return is_some ? some(x) : is_every ? wp_x_every(x) : plain(x, negated ? &not_loc : NULL);
}

wp_expr *wp_x_literal(wp_x *x)
{
    if (!wp_x_enter(x))
        return NULL;
    wp_loc loc = x->s.loc;
    wp_expr *e = literal(x);
    if (e) {
        e->loc = loc;
        e->loc.len = (uint32_t)wp_x_since(x, loc.offset).n;
    }
    wp_x_leave(x);
    return e;
}
