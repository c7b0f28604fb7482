/* What can be said when the whole module is read: rules of Rego v1 that belong to parsing. */
#include "parser/internal.h"

static void late(wp_parser *p, wp_loc loc, const char *message)
{
    wp_diag *d = wp_report(p->diags, WP_PARSE_ERROR, NULL, loc, "%s", message);
    d->file = p->file.name;
    d->no_line = true;
    p->failed = true;
}

static void check_rule(wp_parser *p, const wp_rule *r)
{
    const wp_head *h = r->head;
    const char *what = h->is_function ? "function" : "rule";
    if (h->n_ref < 2 && wp_is_keyword(h->name, WP_V1))
        late(p, r->loc,
             wb_arena_printf(p->arena, "%.*s keyword cannot be used for rule name",
                             WB_FMT(h->name)));
    if (r->body_generated && h->value_generated)
        late(p, r->loc,
             wb_arena_printf(p->arena, "%s must have value assignment and/or body declaration",
                             what));
    if (!r->body_generated && !r->has_if && !r->is_default)
        late(p, r->loc, wb_arena_printf(p->arena, "`if` keyword is required before %s body", what));
    if (!h->value && h->key && !h->contains)
        late(p, r->loc, "`contains` keyword is required for partial set rules");
}

/* In v0 without imports `p if { .. }` reads as `p` and a rule named `if`. */
static const char *head_hint(const wp_parser *p, const wp_late *l)
{
    if (p->options.version != WP_V0 || p->rego_v1 || p->rego_v2)
        return "";
    for (uint32_t i = l->statement; i < p->statements.n && i - l->statement < 2; i++) {
        const wp_statement *s = p->statements.p[i];
        const wp_statement *first = p->statements.p[l->statement];
        if (s->row != first->row)
            break;
        if (wb_str_is(s->name, "if"))
            return " (hint: `import future.keywords.if` for `p if { ... }` rules)";
        if (wb_str_is(s->name, "contains"))
            return " (hint: `import future.keywords.contains` for `p contains x` rules)";
    }
    return "";
}

void wp_check_module(wp_parser *p, wp_module *m)
{
    for (uint32_t i = 0; i < p->late.n; i++) {
        const wp_late *l = p->late.p[i];
        const char *hint = head_hint(p, l);
        late(p, l->loc, *hint ? wb_arena_printf(p->arena, "%s%s", l->message, hint) : l->message);
    }
    if (m->version < WP_V1 && !p->rego_v1 && !p->rego_v2)
        return;
    for (uint32_t i = 0; i < m->n_rules; i++)
        for (const wp_rule *r = m->rules[i]; r; r = r->else_rule)
            check_rule(p, r);
}

bool wp_is_builtin(const wp_parser *p, const wp_term *op)
{
    if (wp_infix_sign(op) || wp_ref_is(op, "internal", "member_2") ||
        wp_ref_is(op, "internal", "member_3"))
        return true;
    if (!p->options.is_builtin)
        return false;
    wb_buf b;
    wb_buf_init(&b, 4096);
    wp_term_put(&b, op);
    bool yes = !b.failed && p->options.is_builtin(p->options.builtins, wb_buf_str(&b));
    wb_buf_free(&b);
    return yes;
}
