/* Rules as text, as they stand between two stages.
 *
 * Takes rules; changes nothing, reports nothing. */
#include "compiler/stages.h"
#include "compiler/unit.h"

static void put_term(wb_buf *b, const wp_term *t);
static void put_body(wb_buf *b, const wp_body *body, const char *separator);

static void put_terms(wb_buf *b, wp_term *const *items, uint32_t n, const char *separator)
{
    for (uint32_t i = 0; i < n; i++) {
        wb_buf_puts(b, i ? separator : "");
        put_term(b, items[i]);
    }
}

static void put_call(wb_buf *b, wp_term *const *items, uint32_t n)
{
    const wp_term *op = items[0];
    if (op->kind == WP_STRING)
        wb_buf_put_str(b, wv_str(&op->value));
    else
        put_term(b, op);
    wb_buf_putc(b, '(');
    put_terms(b, items + 1, n - 1, ", ");
    wb_buf_putc(b, ')');
}

static void put_ref(wb_buf *b, const wp_term *t)
{
    put_term(b, t->list.items[0]);
    for (uint32_t i = 1; i < t->list.n; i++) {
        wb_buf_putc(b, '[');
        put_term(b, t->list.items[i]);
        wb_buf_putc(b, ']');
    }
}

static void put_comprehension(wb_buf *b, const wp_term *t)
{
    wb_buf_putc(b, t->kind == WP_ARRAY_COMP ? '[' : '{');
    if (t->comp.key) {
        put_term(b, t->comp.key);
        wb_buf_puts(b, ": ");
    }
    put_term(b, t->comp.value);
    wb_buf_puts(b, " | ");
    put_body(b, &t->comp.body, "; ");
    wb_buf_putc(b, t->kind == WP_ARRAY_COMP ? ']' : '}');
}

static void put_term(wb_buf *b, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: wb_buf_put_str(b, t->name); return;
    case WP_REF: put_ref(b, t); return;
    case WP_CALL: put_call(b, t->list.items, t->list.n); return;
    case WP_ARRAY:
    case WP_SET:
        wb_buf_putc(b, t->kind == WP_ARRAY ? '[' : '{');
        put_terms(b, t->list.items, t->list.n, ", ");
        wb_buf_putc(b, t->kind == WP_ARRAY ? ']' : '}');
        return;
    case WP_OBJECT:
        wb_buf_putc(b, '{');
        for (uint32_t i = 0; i < t->object.n; i++) {
            wb_buf_puts(b, i ? ", " : "");
            put_term(b, t->object.pairs[i].key);
            wb_buf_puts(b, ": ");
            put_term(b, t->object.pairs[i].value);
        }
        wb_buf_putc(b, '}');
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: put_comprehension(b, t); return;
    default: wp_term_put(b, t); return;
    }
}

static void put_every(wb_buf *b, const wp_expr *e)
{
    wb_buf_puts(b, "every ");
    if (e->every.key) {
        put_term(b, e->every.key);
        wb_buf_puts(b, ", ");
    }
    put_term(b, e->every.value);
    wb_buf_puts(b, " in ");
    put_term(b, e->every.domain);
    wb_buf_puts(b, " { ");
    put_body(b, &e->every.body, "; ");
    wb_buf_puts(b, " }");
}

static void put_expr(wb_buf *b, const wp_expr *e)
{
    if (e->negated)
        wb_buf_puts(b, "not ");
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: put_term(b, e->term); break;
    case WP_EXPR_CALL: put_call(b, e->call.items, e->call.n); break;
    case WP_EXPR_SOME:
        wb_buf_puts(b, "some ");
        put_term(b, e->some.items[0]);
        break;
    case WP_EXPR_EVERY: put_every(b, e); break;
    case WP_EXPR_NOT:
        wb_buf_puts(b, "not { ");
        put_body(b, &e->body, "; ");
        wb_buf_puts(b, " }");
        break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        wb_buf_puts(b, "{ ");
        put_body(b, &e->logic.lhs, "; ");
        wb_buf_puts(b, e->kind == WP_EXPR_AND ? " } and { " : " } or { ");
        put_body(b, &e->logic.rhs, "; ");
        wb_buf_puts(b, " }");
        break;
    }
    for (uint32_t i = 0; i < e->n_with; i++) {
        wb_buf_puts(b, " with ");
        put_term(b, e->with[i].target);
        wb_buf_puts(b, " as ");
        put_term(b, e->with[i].value);
    }
}

static void put_body(wb_buf *b, const wp_body *body, const char *separator)
{
    for (uint32_t i = 0; i < body->n; i++) {
        wb_buf_puts(b, i ? separator : "");
        put_expr(b, body->exprs[i]);
    }
}

static void put_rule(wb_buf *b, const wc_rule *r, bool is_else)
{
    if (is_else) {
        wb_buf_puts(b, "else");
    } else {
        wb_buf_puts(b, r->is_default ? "default data" : "data");
        for (uint32_t i = 0; i < r->n_path; i++) {
            wb_buf_putc(b, '[');
            put_term(b, r->path[i]);
            wb_buf_putc(b, ']');
        }
        if (r->is_function) {
            wb_buf_putc(b, '(');
            put_terms(b, r->args, r->n_args, ", ");
            wb_buf_putc(b, ')');
        }
    }
    if (r->key || r->value) {
        wb_buf_puts(b, r->key ? " contains " : " := ");
        put_term(b, r->key ? r->key : r->value);
    }
    if (!r->body.n) {
        wb_buf_putc(b, '\n');
        return;
    }
    wb_buf_puts(b, " if {\n    ");
    put_body(b, &r->body, "\n    ");
    wb_buf_puts(b, "\n}\n");
}

void wc_rules_print(wb_buf *b, const wc_unit *u, const wp_body *query)
{
    for (uint32_t i = 0; i < u->n_rules; i++)
        for (const wc_rule *r = u->rules[i]; r; r = r->else_rule)
            put_rule(b, r, r != u->rules[i]);
    if (query) {
        wb_buf_puts(b, "query {\n    ");
        put_body(b, query, "\n    ");
        wb_buf_puts(b, "\n}\n");
    }
}
