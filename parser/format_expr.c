/* Expressions and bodies. */
#include "parser/format_internal.h"

bool fm_is_set(const wp_expr *e)
{
    return !e->negated && e->kind == WP_EXPR_TERM && e->term->kind == WP_SET;
}

static bool is_logical(const wp_expr *e)
{
    return e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR;
}

static bool is_union(const wp_expr *e)
{
    const char *sign = e->kind == WP_EXPR_CALL && e->call.n == 3 ? fm_sign(e->call.items[0]) : NULL;
    return sign && !strcmp(sign, "|");
}

/* The operand that an infix call writes first; NULL when it is none. */
static const wp_term *leading(const wp_expr *e)
{
    if (e->kind != WP_EXPR_CALL)
        return NULL;
    uint32_t in = fm_in_operands(e->call.items[0]);
    uint32_t operands = in ? in : fm_sign(e->call.items[0]) ? 2 : 0;
    if (operands && e->call.n == operands + 1)
        return e->call.items[1];
    if (operands && e->call.n == operands + 2)
        return e->call.items[e->call.n - 1];
    return NULL;
}

static bool expr_brace(const wp_expr *e)
{
    if (e->kind == WP_EXPR_TERM)
        return fm_term_brace(e->term);
    const wp_term *first = leading(e);
    return first && fm_term_brace(first);
}

/* --- and, or ------------------------------------------------------------------------------- */

/* One side of a logical operator. */
typedef struct operand {
    const wp_body *body;
    bool explicit; /* in braces */
    bool parens;
    wp_loc brace; /* of the opening brace, when explicit */
} operand;

static bool operand_parens(const wp_expr *e, wp_expr_kind parent, bool right)
{
    if (e->n_with)
        return true;
    if (e->kind == WP_EXPR_OR)
        return parent == WP_EXPR_AND || right;
    if (e->kind == WP_EXPR_AND)
        return parent == WP_EXPR_AND && right;
    return expr_brace(e);
}

static wp_loc brace_of(const fm *f, wp_loc node, const wp_body *body)
{
    wb_str s = fm_text(f, node);
    if (!body->n || body->exprs[0]->loc.offset < node.offset)
        return node;
    size_t i = body->exprs[0]->loc.offset - node.offset;
    for (i = i < s.n ? i : s.n; i > 0; i--) {
        if (s.p[i - 1] != '{')
            continue;
        wp_loc loc = node;
        loc.row += fm_lines((wb_str){s.p, i - 1});
        loc.offset += (uint32_t)(i - 1);
        loc.len = (uint32_t)(s.n - (i - 1));
        return loc;
    }
    return node;
}

static operand operand_of(const fm *f, const wp_expr *node, bool right)
{
    const wp_body *body = right ? &node->logic.rhs : &node->logic.lhs;
    if ((right ? node->explicit_rhs : node->explicit_body) || body->n != 1)
        return (operand){body, true, false, brace_of(f, node->loc, body)};
    return (operand){body, false, operand_parens(body->exprs[0], node->kind, right), node->loc};
}

static wb_str trimmed(wb_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    return s;
}

static uint32_t body_end(const fm *f, const wp_body *body)
{
    if (!body->n)
        return 0;
    wp_loc loc = body->exprs[body->n - 1]->loc;
    return loc.row + fm_lines(trimmed(fm_text(f, loc)));
}

static uint32_t operand_end(const fm *f, const operand *o)
{
    uint32_t row = o->explicit ? fm_close_row(f, o->brace, 0, 0, '{', '}') : FM_NO_ROW;
    return row == FM_NO_ROW ? body_end(f, o->body) : row;
}

static fm_status braced(fm *f, const wp_body *body, wp_loc around)
{
    if (is_union(body->exprs[0]))
        f->paren_expr = body->exprs[0];
    fm_puts(f, "{");
    fm_status s = fm_inner_body(f, body, around.row, around, '{', '}');
    if (s == FM_STOP)
        return s;
    if (body->exprs[body->n - 1]->loc.row == around.row)
        fm_puts(f, " ");
    fm_puts(f, "}");
    return FM_OK;
}

static fm_status put_operand(fm *f, const operand *o)
{
    if (o->explicit) {
        if (o->body->n)
            return braced(f, o->body, o->brace);
        fm_puts(f, "{}");
        return FM_OK;
    }
    if (o->parens)
        fm_puts(f, "(");
    fm_status s = fm_expr(f, o->body->exprs[0]);
    if (o->parens)
        fm_puts(f, ")");
    return s;
}

/* Whether the left side of a chain is a chain itself that needs no parentheses. */
static bool chains(const wp_expr *e)
{
    const wp_body *lhs = &e->logic.lhs;
    return !e->explicit_body && lhs->n == 1 && is_logical(lhs->exprs[0]) &&
           !operand_parens(lhs->exprs[0], e->kind, false);
}

/* The operators of a chain, from the left: a long one is deep in the tree, so it is walked down
 * once and kept as a list. */
static fm_status put_logical(fm *f, const wp_expr *e)
{
    uint32_t n = 1;
    for (const wp_expr *x = e; chains(x); x = x->logic.lhs.exprs[0])
        n++;
    const wp_expr **steps = wb_arena_alloc(f->arena, n * sizeof *steps);
    for (uint32_t i = n; i-- > 0; e = e->logic.lhs.exprs[0]) {
        steps[i] = e;
        if (!i)
            break;
    }
    operand first = operand_of(f, steps[0], false);
    bool indented = false;
    fm_status s = put_operand(f, &first);
    for (uint32_t i = 0; i < n && s != FM_STOP; i++) {
        operand rhs = operand_of(f, steps[i], true);
        uint32_t end = i ? body_end(f, &steps[i]->logic.lhs) : operand_end(f, &first);
        uint32_t row = rhs.explicit ? rhs.brace.row : rhs.body->exprs[0]->loc.row;
        fm_puts(f, steps[i]->kind == WP_EXPR_AND ? " and" : " or");
        if (row > end) {
            f->level += !indented;
            indented = true;
            fm_end_line(f);
            fm_start_line(f);
        } else {
            fm_puts(f, " ");
        }
        s = put_operand(f, &rhs);
    }
    f->level -= indented;
    return s;
}

void fm_mark_union(fm *f, const wp_expr *e)
{
    while (!e->negated && is_logical(e)) {
        operand lhs = operand_of(f, e, false);
        if (lhs.explicit || lhs.parens)
            return;
        e = lhs.body->exprs[0];
    }
    if (e->negated)
        return;
    const wp_term *first = leading(e);
    if (is_union(e))
        f->paren_expr = e;
    else if (first && fm_is_union(first))
        f->paren_term = first;
}

/* --- kinds of expressions ------------------------------------------------------------------ */

static fm_status put_some(fm *f, const wp_expr *e)
{
    fm_status s = fm_insert(f, e->loc.row);
    if (s != FM_OK)
        return s;
    fm_puts(f, "some ");
    uint32_t row = e->loc.row;
    for (uint32_t i = 0; i < e->some.n && s == FM_OK; i++) {
        const wp_term *t = e->some.items[i];
        if (t->kind == WP_CALL) {
            s = fm_in(f, t->list.items + 1, t->list.n - 1, false, e->loc);
            continue;
        }
        if (t->loc.row > row) {
            fm_end_line(f);
            fm_start_line(f);
            fm_puts(f, "\t");
            row = t->loc.row;
        } else if (i) {
            fm_puts(f, " ");
        }
        s = fm_term(f, t);
        if (s == FM_OK && i + 1 < e->some.n)
            fm_puts(f, ",");
    }
    return s;
}

static fm_status put_every(fm *f, const wp_expr *e)
{
    const wp_body *body = &e->every.body;
    fm_status s = fm_insert(f, e->loc.row);
    if (s != FM_OK)
        return s;
    fm_puts(f, "every ");
    if (e->every.key) {
        s = fm_term(f, e->every.key);
        if (s != FM_OK)
            return s;
        fm_puts(f, ", ");
    }
    s = fm_term(f, e->every.value);
    if (s != FM_OK)
        return s;
    fm_puts(f, " in ");
    s = fm_term(f, e->every.domain);
    if (s != FM_OK)
        return s;
    fm_puts(f, " {");
    s = fm_inner_body(f, body, e->loc.row, e->loc, '{', '}');
    if (s == FM_STOP)
        return s;
    if (body->n == 1 && body->exprs[0]->loc.row == e->loc.row)
        fm_puts(f, " ");
    fm_puts(f, "}");
    return FM_OK;
}

static fm_status put_not(fm *f, const wp_expr *e)
{
    const wp_body *body = &e->body;
    fm_status s = fm_insert(f, e->loc.row);
    if (s != FM_OK)
        return s;
    fm_puts(f, "not ");
    if (e->explicit_body || body->n != 1)
        return braced(f, body, e->loc);
    const wp_expr *inner = body->exprs[0];
    bool parens =
        inner->n_with || is_logical(inner) || inner->kind == WP_EXPR_NOT || expr_brace(inner);
    if (parens)
        fm_puts(f, "(");
    s = fm_expr(f, inner);
    if (s == FM_STOP)
        return s;
    if (parens)
        fm_puts(f, ")");
    return FM_OK;
}

static fm_status put_pair(fm *f, const wp_term *left, const char *sign, const wp_term *right)
{
    fm_status s = fm_term(f, left);
    if (s != FM_OK)
        return s;
    fm_puts(f, " ");
    fm_puts(f, sign);
    fm_puts(f, " ");
    return fm_term(f, right);
}

static fm_status put_call(fm *f, const wp_expr *e)
{
    wp_term *const *items = e->call.items;
    uint32_t n = e->call.n;
    const char *sign = fm_sign(items[0]);
    if (fm_in_operands(items[0]))
        return fm_in(f, items + 1, n - 1, false, items[0]->loc);
    if (!sign)
        return fm_call(f, items, n);
    if (n == 3)
        return put_pair(f, items[1], sign, items[2]);
    if (n == 4) {
        fm_status s = fm_term(f, items[3]);
        if (s != FM_OK)
            return s;
        fm_puts(f, " = ");
        return put_pair(f, items[1], sign, items[2]);
    }
    wb_buf b;
    wb_buf_init(&b, 256);
    wp_term_put(&b, items[0]);
    wb_buf_puts(&b, ": arity mismatch");
    fm_stop(f, items[0]->loc, WP_TYPE_ERROR, wb_buf_cstr(&b));
    wb_buf_free(&b);
    return FM_STOP;
}

/* --- with ---------------------------------------------------------------------------------- */

static fm_status put_with(fm *f, const wp_with *w, bool own_line)
{
    fm_status s = fm_insert(f, w->loc.row);
    if (s != FM_OK)
        return s;
    fm_puts(f, own_line ? "with " : " with ");
    s = fm_term(f, w->target);
    if (s != FM_OK)
        return s;
    fm_puts(f, " as ");
    /* A value that was copied as it stands is written: those behind it go on. */
    return fm_term(f, w->value) == FM_STOP ? FM_STOP : FM_OK;
}

static fm_status put_withs(fm *f, const wp_expr *e)
{
    wb_str text = fm_text(f, e->loc);
    if (e->with[0].loc.offset > e->loc.offset && e->with[0].loc.offset - e->loc.offset <= text.n)
        text.n = e->with[0].loc.offset - e->loc.offset;
    uint32_t row = e->loc.row + fm_lines(trimmed(text));
    bool indented = false;
    fm_status s = FM_OK;
    for (uint32_t i = 0; i < e->n_with && s == FM_OK; i++) {
        const wp_with *w = &e->with[i];
        if (!i && w->loc.row == row) {
            s = put_with(f, w, false);
            continue;
        }
        bool own_line = w->loc.row > row;
        if (own_line) {
            f->level += !indented;
            indented = true;
            fm_end_line(f);
            fm_start_line(f);
            row = w->loc.row;
        }
        s = put_with(f, w, own_line);
    }
    f->level -= indented;
    return s;
}

/* --- expressions, bodies ------------------------------------------------------------------- */

fm_status fm_expr(fm *f, const wp_expr *e)
{
    bool parens = f->paren_expr == e;
    if (parens)
        f->paren_expr = NULL;
    if (f->depth >= WP_FORMAT_DEPTH_MAX)
        return fm_stop(f, e->loc, WP_FORMAT_ERROR, "the text is nested too deeply");
    fm_status s = fm_insert(f, e->loc.row);
    if (s != FM_OK)
        return s;
    if (!f->in_line)
        fm_start_line(f);
    /* In v2 `not {x}` negates a body, so an older module's negated value goes in parentheses. */
    bool guard = e->negated && (is_logical(e) || (f->v2 && expr_brace(e)));
    if (e->negated)
        fm_puts(f, guard ? "not (" : "not ");
    if (parens)
        fm_puts(f, "(");
    f->depth++;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: s = fm_term(f, e->term); break;
    case WP_EXPR_CALL: s = put_call(f, e); break;
    case WP_EXPR_SOME: s = put_some(f, e); break;
    case WP_EXPR_EVERY: s = put_every(f, e); break;
    case WP_EXPR_NOT: s = put_not(f, e); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR: s = put_logical(f, e); break;
    }
    f->depth--;
    if (s != FM_OK)
        return s;
    if (parens)
        fm_puts(f, ")");
    if (guard)
        fm_puts(f, ")");
    return e->n_with ? put_withs(f, e) : FM_OK;
}

fm_status fm_body(fm *f, const wp_body *body)
{
    fm_status s = body->n ? fm_insert(f, body->exprs[0]->loc.row) : FM_OK;
    if (s != FM_OK)
        return s;
    for (uint32_t i = 0; i < body->n; i++) {
        const wp_expr *e = body->exprs[i];
        if (i && e->loc.row > fm_end_row(f, body->exprs[i - 1]->loc) + 1)
            fm_blank_line(f);
        fm_start_line(f);
        if (fm_expr(f, e) == FM_STOP)
            return FM_STOP;
        fm_end_line(f);
    }
    return FM_OK;
}

fm_status fm_inner_body(fm *f, const wp_body *body, uint32_t row, wp_loc around, char open,
                        char close)
{
    fm_status s = FM_OK;
    bool lines = false;
    uint32_t close_row = fm_close_row(f, around, 0, 0, open, close);
    if (!body->n)
        return fm_insert(f, close_row);
    uint32_t first = UINT32_MAX, last = 0;
    for (uint32_t i = 0; i < body->n; i++) {
        uint32_t r = body->exprs[i]->loc.row;
        first = r < first ? r : first;
        last = r > last ? r : last;
    }
    lines =
        body->exprs[0]->loc.row > row || (last > first && !(f->has_locals && fm_body_local(body)));
    if (lines) {
        fm_end_line(f);
        f->level++;
        s = fm_body(f, body);
    } else {
        for (uint32_t i = 0; i < body->n && s == FM_OK; i++) {
            fm_puts(f, i ? "; " : " ");
            s = fm_expr(f, body->exprs[i]);
        }
    }
    if (s == FM_OK)
        s = fm_insert(f, close_row);
    if (lines) {
        f->level--;
        fm_start_line(f);
    }
    return s;
}
