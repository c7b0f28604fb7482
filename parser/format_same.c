/* Whether two modules say the same, whatever their layout. */
#include "parser/format_internal.h"

/* The formatter writes `plus(x, 1, y)` as `y = x + 1`, and so does this. */
static void put_expr(wb_buf *b, const wp_expr *e)
{
    if (e->kind != WP_EXPR_CALL || e->call.n != 4 || !fm_sign(e->call.items[0])) {
        wp_expr_put(b, e);
        return;
    }
    wp_term name = {.kind = WP_VAR, .name = WB_LIT("eq")}, *names[] = {&name};
    wp_term eq = {.kind = WP_REF}, call = {.kind = WP_CALL, .infix = true};
    wp_term *items[] = {&eq, e->call.items[3], &call};
    wp_expr spelled = wp_expr_here(e);
    eq.list.items = names;
    eq.list.n = 1;
    call.list.items = e->call.items;
    call.list.n = 3;
    spelled.infix = true;
    spelled.call.items = items;
    spelled.call.n = 3;
    wp_expr_put(b, &spelled);
}

/* The rule as one text that no layout, no place and no number of a wildcard changes. */
static void put_rule(wb_buf *b, const wp_rule *r)
{
    const wp_head *h = r->head;
    wb_buf_puts(b, r->is_default ? "default " : "");
    wp_ref_put(b, h->ref, h->n_ref);
    for (uint32_t i = 0; i < h->n_args; i++) {
        wb_buf_puts(b, i ? ", " : "(");
        wp_term_put(b, h->args[i]);
    }
    /* With a value the key is the last part of the reference, as `p.q` and `p["q"]` are one. */
    if (h->key && !h->value) {
        wb_buf_puts(b, " key ");
        wp_term_put(b, h->key);
    }
    if (h->value) {
        wb_buf_puts(b, " value ");
        wp_term_put(b, h->value);
    }
    wb_buf_puts(b, " body ");
    for (uint32_t i = 0; i < r->body.n; i++) {
        wb_buf_puts(b, i ? "; " : "");
        put_expr(b, r->body.exprs[i]);
    }
}

static bool same_rule(const wp_rule *x, const wp_rule *y)
{
    wb_buf a, b;
    bool same = true;
    wb_buf_init(&a, WP_FORMAT_TEXT_MAX);
    wb_buf_init(&b, WP_FORMAT_TEXT_MAX);
    for (; same && x && y; x = x->else_rule, y = y->else_rule) {
        wb_buf_clear(&a);
        wb_buf_clear(&b);
        put_rule(&a, x);
        put_rule(&b, y);
        same = !a.failed && !b.failed && wb_str_eq(wb_buf_str(&a), wb_buf_str(&b));
    }
    wb_buf_free(&a);
    wb_buf_free(&b);
    return same && !x && !y;
}

/* A comment's words: blanks at its end are the formatter's. */
static uint64_t comment_sum(const wp_module *m)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < m->n_comments; i++) {
        wb_str s = m->comments[i].text;
        uint64_t hash = 14695981039346656037u;
        while (s.n && (s.p[s.n - 1] == ' ' || (s.p[s.n - 1] >= '\t' && s.p[s.n - 1] <= '\r')))
            s.n--;
        for (size_t k = 0; k < s.n; k++)
            hash = (hash ^ (unsigned char)s.p[k]) * 1099511628211u;
        sum += hash;
    }
    return sum;
}

const char *wp_format_difference(const wp_module *before, const wp_module *after)
{
    if (!before->package != !after->package ||
        (before->package && wp_term_compare(before->package, after->package) != 0))
        return "the package is not the same";
    if (before->n_rules != after->n_rules)
        return "the number of rules is not the same";
    for (uint32_t i = 0; i < before->n_rules; i++)
        if (!same_rule(before->rules[i], after->rules[i]))
            return "a rule is not the same";
    if (before->n_comments != after->n_comments || comment_sum(before) != comment_sum(after))
        return "the comments are not the same";
    return NULL;
}
