/* Rules: heads, bodies, else branches. */
#include "parser/format_internal.h"

static bool is_true(const wp_term *t)
{
    return t && t->kind == WP_BOOLEAN && t->value == WV_TRUE;
}

/* A body that is the one expression `true`, written or not. */
static bool body_is_true(const wp_body *body)
{
    const wp_expr *e = body->n == 1 ? body->exprs[0] : NULL;
    return e && e->kind == WP_EXPR_TERM && !e->negated && !e->n_with && is_true(e->term);
}

static bool takes_if(const fm *f, const wp_rule *r)
{
    return (f->v1 || f->ifs) && (f->contains || r->head->value);
}

/* Rules of one line may stand without a blank line between them. */
static bool groups(const fm *f, const wp_rule *r)
{
    return r->body.n <= 1 && !r->is_default && !r->else_rule &&
           !(r->body.n == 1 && fm_is_set(r->body.exprs[0])) && takes_if(f, r);
}

static fm_status put_value(fm *f, const wp_rule *r, bool is_else, bool constant)
{
    const wp_head *h = r->head;
    if (!h->value || !(h->key || !is_true(h->value) || constant || r->is_default))
        return FM_OK;
    bool ref_constant = f->v1 && constant && !h->key && !h->n_args;
    /* Of `p { true }` and of `p` the value is not written, yet the first keeps no body. */
    bool written =
        r->body_generated ? h->value->loc.offset != h->loc.offset : constant || !h->value_generated;
    if (!written && !is_else && is_true(h->value) && !ref_constant)
        return FM_OK;
    fm_puts(f, h->assign || f->v1 ? " := " : " = ");
    if (!is_else)
        return fm_term(f, h->value);
    /* The comments above an else's value stand above the else. */
    wp_term value = wp_term_here(h->value);
    value.loc = h->loc;
    return fm_term(f, &value);
}

static fm_status put_head(fm *f, const wp_rule *r, bool is_else, bool constant)
{
    const wp_head *h = r->head;
    uint32_t n = h->n_ref;
    fm_status s = FM_OK;
    if (is_else) {
        s = fm_insert(f, h->loc.row);
        fm_puts(f, "else");
    } else if (f->ref_heads || n == 1) {
        s = fm_ref(f, h->ref, n);
    } else {
        const wp_comment *c = fm_next(f);
        if (c && h->ref[1]->loc.row == c->loc.row)
            return fm_copy(f, h->loc);
        wp_term_put(f->out, h->ref[0]);
        fm_puts(f, "[");
        wp_term_put(f->out, h->ref[1]);
        fm_puts(f, "]");
    }
    if (s == FM_OK && h->n_args && !is_else) {
        fm_puts(f, "(");
        s = fm_arguments(f, h->args, h->n_args, h->loc);
        fm_puts(f, ")");
    }
    if (s == FM_OK && h->key && !h->value) {
        fm_puts(f, f->contains ? " contains " : "[");
        s = fm_term(f, h->key);
        if (s == FM_OK && !f->contains)
            fm_puts(f, "]");
    }
    return s == FM_OK ? put_value(f, r, is_else, constant) : s;
}

static fm_status put_rule(fm *f, const wp_rule *r, bool is_else);

/* `else` stands behind the closing brace unless it began a line of its own, or has comments. */
static fm_status put_else(fm *f, const wp_rule *r)
{
    const wp_rule *e = r->else_rule;
    bool behind = false;
    wb_str text = fm_text(f, r->loc);
    if (e->loc.row > r->loc.row && e->loc.row - r->loc.row <= fm_lines(text)) {
        for (uint32_t i = r->loc.row; i < e->loc.row; i++) {
            const char *nl = memchr(text.p, '\n', text.n);
            text.n -= (size_t)(nl + 1 - text.p);
            text.p = nl + 1;
        }
        while (text.n && strchr(" \t\r\n\v\f", *text.p))
            text.p++, text.n--;
        behind = !wb_str_has_prefix(text, WB_LIT("else"));
    }
    const wp_comment *c = fm_next(f);
    bool commented = (c && c->loc.row < e->head->loc.row) || f->waiting;
    if (!commented && behind) {
        fm_puts(f, " ");
    } else {
        fm_blank_line(f);
        fm_start_line(f);
    }
    fm_status s = fm_insert(f, e->head->loc.row);
    if (s != FM_OK)
        return s;
    if (commented && !behind)
        fm_start_line(f);
    return put_rule(f, e, true);
}

static fm_status put_block(fm *f, const wp_rule *r, bool is_else, bool same_line)
{
    fm_puts(f, same_line ? " { " : " {");
    if (!same_line)
        fm_end_line(f);
    if (takes_if(f, r) && !is_else)
        fm_mark_union(f, r->body.exprs[0]);
    f->level++;
    if (fm_body(f, &r->body) == FM_STOP)
        return FM_STOP;
    char skip = r->head->n_args && !is_else ? '(' : r->head->key ? '[' : 0;
    fm_status s = fm_insert(f, fm_close_row(f, r->loc, skip, skip == '(' ? ')' : ']', '{', '}'));
    if (s != FM_OK)
        return s;
    f->level--;
    fm_start_line(f);
    fm_puts(f, "}");
    return r->else_rule ? put_else(f, r) : FM_OK;
}

static fm_status put_rule(fm *f, const wp_rule *r, bool is_else)
{
    if (f->depth >= WP_FORMAT_DEPTH_MAX)
        return fm_stop(f, r->loc, WP_FORMAT_ERROR, "the text is nested too deeply");
    f->depth++;
    if (!is_else)
        fm_start_line(f);
    if (r->is_default)
        fm_puts(f, "default ");
    bool constant = body_is_true(&r->body) && !r->else_rule;
    f->final_line = constant;
    fm_status s = put_head(f, r, is_else, constant);
    bool kept = s == FM_KEEP;
    if (s != FM_STOP && (!r->body.n || constant)) {
        fm_end_line(f);
        s = FM_OK;
    } else if (s != FM_STOP) {
        f->final_line = true;
        if (takes_if(f, r))
            fm_puts(f, " if");
        const wp_expr *only = takes_if(f, r) && r->body.n == 1 ? r->body.exprs[0] : NULL;
        if (only && only->loc.row == fm_end_row(f, r->head->loc) && !fm_is_set(only)) {
            fm_puts(f, " ");
            s = fm_expr(f, only);
            if (s != FM_STOP) {
                fm_end_line(f);
                s = r->else_rule ? put_else(f, r) : FM_OK;
            }
        } else {
            s = put_block(f, r, is_else, kept && fm_next(f));
        }
    }
    f->depth--;
    return s;
}

fm_status fm_rules(fm *f, wp_rule *const *rules, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const wp_rule *r = rules[i];
        fm_insert(f, r->loc.row);
        f->level = 0;
        if (put_rule(f, r, false) == FM_STOP)
            return FM_STOP;
        f->level = 0;
        if (i + 1 < n && groups(f, r) && groups(f, rules[i + 1]) &&
            rules[i + 1]->loc.row == r->loc.row + 1)
            continue;
        fm_blank_line(f);
    }
    return FM_OK;
}
