/* Rego text of nodes, as OPA's String() prints it in messages and traces. */
#include "parser/internal.h"

#include "value/json.h"

#include <stdlib.h>

static const struct {
    const char *name, *sign;
} infix_signs[] = {
    {"plus", "+"}, {"minus", "-"}, {"mul", "*"}, {"div", "/"},    {"rem", "%"},
    {"and", "&"},  {"or", "|"},    {"eq", "="},  {"equal", "=="}, {"neq", "!="},
    {"lt", "<"},   {"lte", "<="},  {"gt", ">"},  {"gte", ">="},   {"assign", ":="},
};

const char *wp_infix_sign(const wp_term *op)
{
    if (op->kind != WP_REF || op->list.n != 1 || op->list.items[0]->kind != WP_VAR)
        return NULL;
    for (size_t i = 0; i < sizeof infix_signs / sizeof *infix_signs; i++)
        if (wb_str_is(op->list.items[0]->name, infix_signs[i].name))
            return infix_signs[i].sign;
    return NULL;
}

static bool plain_name(wb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

static void put_list(wb_buf *b, wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            wb_buf_puts(b, ", ");
        wp_term_put(b, items[i]);
    }
}

static void put_step(wb_buf *b, const wp_term *t)
{
    if (t->kind != WP_STRING) {
        wb_buf_putc(b, '[');
        wp_term_put(b, t);
        wb_buf_putc(b, ']');
        return;
    }
    wb_str s = wv_str(&t->value);
    if (plain_name(s) && !wp_is_keyword(s, WP_V1)) {
        wb_buf_putc(b, '.');
        wb_buf_put_str(b, s);
        return;
    }
    bool escape = false;
    for (size_t i = 0; i < s.n; i++)
        escape = escape || (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '\\';
    wb_buf_putc(b, '[');
    if (escape) {
        wv_print(b, t->value);
    } else {
        wb_buf_putc(b, '"');
        wb_buf_put_str(b, s);
        wb_buf_putc(b, '"');
    }
    wb_buf_putc(b, ']');
}

/* The name of a built-in such as internal.member_2 is printed as it is written. */
void wp_ref_put(wb_buf *b, wp_term *const *items, uint32_t n)
{
    if (items[0]->kind == WP_STRING) {
        wb_str s = wv_str(&items[0]->value);
        wb_buf_put_str(b, s);
    } else {
        wp_term_put(b, items[0]);
    }
    for (uint32_t i = 1; i < n; i++)
        put_step(b, items[i]);
}

static void put_pairs(wb_buf *b, const wp_term *t)
{
    uint32_t n;
    wp_pair *pairs = wp_sorted_pairs(t, &n);
    wb_buf_putc(b, '{');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            wb_buf_puts(b, ", ");
        wp_term_put(b, pairs[i].key);
        wb_buf_puts(b, ": ");
        wp_term_put(b, pairs[i].value);
    }
    wb_buf_putc(b, '}');
    free(pairs);
}

static void put_set(wb_buf *b, const wp_term *t)
{
    uint32_t n;
    if (!t->list.n) {
        wb_buf_puts(b, "set()");
        return;
    }
    wp_term **items = wp_sorted_terms(t, &n);
    wb_buf_putc(b, '{');
    put_list(b, items, n);
    wb_buf_putc(b, '}');
    free(items);
}

/* Operators in a comprehension's head stand infix and in parentheses, apart from the bar. */
static void put_comp_term(wb_buf *b, const wp_term *t)
{
    const char *sign =
        t->kind == WP_CALL && t->list.n == 3 ? wp_infix_sign(t->list.items[0]) : NULL;
    if (!sign) {
        wp_term_put(b, t);
        return;
    }
    wb_buf_putc(b, '(');
    put_comp_term(b, t->list.items[1]);
    wb_buf_putf(b, " %s ", sign);
    put_comp_term(b, t->list.items[2]);
    wb_buf_putc(b, ')');
}

static void put_comp(wb_buf *b, const wp_term *t)
{
    bool array = t->kind == WP_ARRAY_COMP;
    wb_buf_putc(b, array ? '[' : '{');
    if (t->comp.key) {
        put_comp_term(b, t->comp.key);
        wb_buf_puts(b, ": ");
    }
    put_comp_term(b, t->comp.value);
    wb_buf_puts(b, " | ");
    wp_body_put(b, &t->comp.body);
    wb_buf_putc(b, array ? ']' : '}');
}

static void put_template(wb_buf *b, const wp_term *t)
{
    wb_buf_puts(b, "$\"");
    for (uint32_t i = 0; i < t->tmpl.n; i++) {
        const wp_expr *e = t->tmpl.parts[i];
        if (e->kind == WP_EXPR_TERM && e->term->kind == WP_STRING) {
            wb_buf quoted;
            wb_buf_init(&quoted, b->max);
            wv_print(&quoted, e->term->value);
            for (size_t k = 1; k + 1 < quoted.n; k++) {
                if (quoted.p[k] == '{')
                    wb_buf_putc(b, '\\');
                wb_buf_putc(b, quoted.p[k]);
            }
            wb_buf_free(&quoted);
        } else if (e->kind == WP_EXPR_TERM && e->term->kind <= WP_STRING) {
            wp_term_put(b, e->term);
        } else {
            wb_buf_putc(b, '{');
            wp_expr_put(b, e);
            wb_buf_putc(b, '}');
        }
    }
    wb_buf_putc(b, '"');
}

static void put_call(wb_buf *b, wp_term *const *items, uint32_t n)
{
    wp_term_put(b, items[0]);
    wb_buf_putc(b, '(');
    put_list(b, items + 1, n - 1);
    wb_buf_putc(b, ')');
}

void wp_term_put(wb_buf *b, const wp_term *t)
{
    if (b->failed)
        return;
    switch (t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: wv_print(b, t->value); break;
    case WP_VAR:
        if (t->name.n && t->name.p[0] == '$')
            wb_buf_putc(b, '_');
        else
            wb_buf_put_str(b, t->name);
        break;
    case WP_REF: wp_ref_put(b, t->list.items, t->list.n); break;
    case WP_ARRAY:
        wb_buf_putc(b, '[');
        put_list(b, t->list.items, t->list.n);
        wb_buf_putc(b, ']');
        break;
    case WP_SET: put_set(b, t); break;
    case WP_OBJECT: put_pairs(b, t); break;
    case WP_CALL: put_call(b, t->list.items, t->list.n); break;
    case WP_TEMPLATE: put_template(b, t); break;
    default: put_comp(b, t);
    }
}

/* ---- expressions ---- */

static void put_some(wb_buf *b, const wp_expr *e)
{
    wb_buf_puts(b, "some ");
    const wp_term *t = e->some.n ? e->some.items[0] : NULL;
    if (!t || t->kind != WP_CALL) {
        put_list(b, e->some.items, e->some.n);
        return;
    }
    for (uint32_t i = 1; i < t->list.n; i++) {
        if (i > 1)
            wb_buf_puts(b, i + 1 == t->list.n ? " in " : ", ");
        wp_term_put(b, t->list.items[i]);
    }
}

static void put_every(wb_buf *b, const wp_expr *e)
{
    wb_buf_puts(b, "every ");
    if (e->every.key) {
        wp_term_put(b, e->every.key);
        wb_buf_puts(b, ", ");
    }
    wp_term_put(b, e->every.value);
    wb_buf_puts(b, " in ");
    wp_term_put(b, e->every.domain);
    wb_buf_puts(b, " { ");
    wp_body_put(b, &e->every.body);
    wb_buf_puts(b, " }");
}

static bool is_logic(const wp_body *body, bool with)
{
    const wp_expr *e = body->exprs[0];
    return body->n == 1 && (e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR || (with && e->n_with));
}

static void put_not(wb_buf *b, const wp_expr *e)
{
    if (e->explicit_body || e->body.n != 1) {
        wb_buf_puts(b, "not {");
        wp_body_put(b, &e->body);
        wb_buf_putc(b, '}');
        return;
    }
    bool parens = is_logic(&e->body, true);
    wb_buf_puts(b, parens ? "not (" : "not ");
    wp_body_put(b, &e->body);
    if (parens)
        wb_buf_putc(b, ')');
}

static void put_operand(wb_buf *b, const wp_body *body, bool braces, uint8_t parent, bool right)
{
    if (braces || body->n != 1) {
        wb_buf_puts(b, "{ ");
        wp_body_put(b, body);
        wb_buf_puts(b, " }");
        return;
    }
    const wp_expr *e = body->exprs[0];
    bool parens = e->n_with > 0 || (e->kind == WP_EXPR_OR && (parent == WP_EXPR_AND || right)) ||
                  (e->kind == WP_EXPR_AND && parent == WP_EXPR_AND && right);
    if (parens)
        wb_buf_putc(b, '(');
    wp_expr_put(b, e);
    if (parens)
        wb_buf_putc(b, ')');
}

void wp_expr_put(wb_buf *b, const wp_expr *e)
{
    if (b->failed)
        return;
    if (e->negated)
        wb_buf_puts(b, "not ");
    switch (e->kind) {
    case WP_EXPR_TERM: wp_term_put(b, e->term); break;
    case WP_EXPR_CALL:
        if (e->call.n == 3 && wp_ref_is(e->call.items[0], "eq", NULL)) {
            wp_term_put(b, e->call.items[1]);
            wb_buf_puts(b, " = ");
            wp_term_put(b, e->call.items[2]);
        } else {
            put_call(b, e->call.items, e->call.n);
        }
        break;
    case WP_EXPR_SOME: put_some(b, e); break;
    case WP_EXPR_EVERY: put_every(b, e); break;
    case WP_EXPR_NOT: put_not(b, e); break;
    default:
        put_operand(b, &e->logic.lhs, e->explicit_body, e->kind, false);
        wb_buf_puts(b, e->kind == WP_EXPR_AND ? " and " : " or ");
        put_operand(b, &e->logic.rhs, e->explicit_rhs, e->kind, true);
    }
    for (uint32_t i = 0; i < e->n_with; i++) {
        wb_buf_puts(b, " with ");
        wp_term_put(b, e->with[i].target);
        wb_buf_puts(b, " as ");
        wp_term_put(b, e->with[i].value);
    }
}

void wp_body_put(wb_buf *b, const wp_body *body)
{
    for (uint32_t i = 0; i < body->n; i++) {
        if (i)
            wb_buf_puts(b, "; ");
        wp_expr_put(b, body->exprs[i]);
    }
}
