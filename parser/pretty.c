/* The indented form of `opa parse`. */
#include "parser/internal.h"

#include <stdlib.h>

static void line(wb_buf *b, uint32_t depth, const char *text)
{
    for (uint32_t i = 0; i < depth; i++)
        wb_buf_putc(b, ' ');
    wb_buf_puts(b, text);
    wb_buf_putc(b, '\n');
}

static void pretty_term(wb_buf *b, uint32_t d, const wp_term *t);
static void pretty_body(wb_buf *b, uint32_t d, const wp_body *body);
static void pretty_expr(wb_buf *b, uint32_t d, const wp_expr *e);

static void pretty_terms(wb_buf *b, uint32_t d, wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        pretty_term(b, d, items[i]);
}

static void pretty_term(wb_buf *b, uint32_t d, const wp_term *t)
{
    uint32_t n;
    if (t->kind > WP_VAR)
        line(b, d, wp_kind_name((wp_term_kind)t->kind));
    switch (t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_CALL: pretty_terms(b, d + 1, t->list.items, t->list.n); break;
    case WP_SET: {
        wp_term **items = wp_sorted_terms(t, &n);
        pretty_terms(b, d + 1, items, n);
        free(items);
        break;
    }
    case WP_OBJECT: {
        wp_pair *pairs = wp_sorted_pairs(t, &n);
        for (uint32_t i = 0; i < n; i++) {
            pretty_term(b, d + 1, pairs[i].key);
            pretty_term(b, d + 1, pairs[i].value);
        }
        free(pairs);
        break;
    }
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            pretty_term(b, d + 1, t->comp.key);
        pretty_term(b, d + 1, t->comp.value);
        pretty_body(b, d + 1, &t->comp.body);
        break;
    case WP_TEMPLATE: /* OPA does not look inside */ break;
    default:
        for (uint32_t i = 0; i < d; i++)
            wb_buf_putc(b, ' ');
        wp_term_put(b, t);
        wb_buf_putc(b, '\n');
    }
}

static void pretty_expr(wb_buf *b, uint32_t d, const wp_expr *e)
{
    for (uint32_t i = 0; i < d; i++)
        wb_buf_putc(b, ' ');
    wb_buf_putf(b, "expr %sindex=%u\n", e->negated ? "negated " : "", e->index);
    switch (e->kind) {
    case WP_EXPR_TERM: pretty_term(b, d + 1, e->term); break;
    case WP_EXPR_CALL: pretty_terms(b, d + 1, e->call.items, e->call.n); break;
    case WP_EXPR_SOME:
        line(b, d + 1, "somedecl");
        pretty_terms(b, d + 2, e->some.items, e->some.n);
        break;
    case WP_EXPR_EVERY:
        line(b, d + 1, "every");
        if (e->every.key)
            pretty_term(b, d + 2, e->every.key);
        pretty_term(b, d + 2, e->every.value);
        pretty_term(b, d + 2, e->every.domain);
        pretty_body(b, d + 2, &e->every.body);
        break;
    case WP_EXPR_NOT:
        line(b, d + 1, "not");
        pretty_body(b, d + 2, &e->body);
        break;
    default:
        line(b, d + 1, e->kind == WP_EXPR_AND ? "logicaland" : "logicalor");
        pretty_body(b, d + 2, &e->logic.lhs);
        pretty_body(b, d + 2, &e->logic.rhs);
    }
    for (uint32_t i = 0; i < e->n_with; i++) {
        line(b, d + 1, "with");
        pretty_term(b, d + 2, e->with[i].target);
        pretty_term(b, d + 2, e->with[i].value);
    }
}

static void pretty_body(wb_buf *b, uint32_t d, const wp_body *body)
{
    line(b, d, "body");
    for (uint32_t i = 0; i < body->n; i++)
        pretty_expr(b, d + 1, body->exprs[i]);
}

static void pretty_rule(wb_buf *b, uint32_t d, const wp_rule *r)
{
    for (; r; r = r->else_rule, d++) {
        const wp_head *h = r->head;
        line(b, d, "rule");
        line(b, d + 1, "head");
        line(b, d + 2, "ref");
        pretty_terms(b, d + 3, h->ref, h->n_ref);
        if (h->n_args) {
            line(b, d + 2, "args");
            pretty_terms(b, d + 3, h->args, h->n_args);
        }
        if (h->value)
            pretty_term(b, d + 2, h->value);
        line(b, d + 1, "body");
        for (uint32_t i = 0; i < r->body.n; i++)
            pretty_expr(b, d + 2, r->body.exprs[i]);
    }
}

void wp_module_pretty(wb_buf *b, const wp_module *m)
{
    line(b, 0, "module");
    line(b, 1, "package");
    pretty_term(b, 2, m->package);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        line(b, 1, "import");
        pretty_term(b, 2, m->imports[i].path);
        wb_buf_putf(b, "  %.*s\n", WB_FMT(m->imports[i].alias));
    }
    for (uint32_t i = 0; i < m->n_rules; i++)
        pretty_rule(b, 1, m->rules[i]);
    for (uint32_t i = 0; i < m->n_blocks; i++)
        line(b, 1, "annotations");
    for (uint32_t i = 0; i < m->n_comments; i++)
        line(b, 1, "comment");
}
