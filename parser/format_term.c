/* Terms: references, calls, collections, comprehensions, strings. */
#include "parser/format_internal.h"

#include <stdlib.h>

const char *fm_sign(const wp_term *operator)
{
    return wp_infix_sign(operator);
}

static bool part_is(const wp_term *t, const char *z)
{
    return t->kind == WP_STRING && wb_str_is(wv_str(&t->value), z);
}

uint32_t fm_in_operands(const wp_term *operator)
{
    if (operator->kind != WP_REF || operator->list.n != 2)
        return 0;
    wp_term *const *items = operator->list.items;
    if (items[0]->kind != WP_VAR || !wb_str_is(items[0]->name, "internal"))
        return 0;
    return part_is(items[1], "member_2") ? 2 : part_is(items[1], "member_3") ? 3 : 0;
}

bool fm_is_union(const wp_term *t)
{
    const char *sign = t->kind == WP_CALL ? fm_sign(t->list.items[0]) : NULL;
    return sign && !strcmp(sign, "|");
}

bool fm_term_brace(const wp_term *t)
{
    switch (t->kind) {
    case WP_SET: return t->list.n > 0;
    case WP_OBJECT:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: return true;
    case WP_REF: return t->list.n && fm_term_brace(t->list.items[0]);
    case WP_CALL: {
        uint32_t in = fm_in_operands(t->list.items[0]);
        bool infix = fm_sign(t->list.items[0]) ? t->list.n == 3 : in && t->list.n == in + 1;
        return infix && fm_term_brace(t->list.items[1]);
    }
    default: return false;
    }
}

/* --- lists of entries ---------------------------------------------------------------------- */

/* A term, or a pair when `value` is set. */
typedef struct entry {
    const wp_term *key, *value;
} entry;

static int by_place(const void *x, const void *y)
{
    const wp_loc *a = &((const entry *)x)->key->loc, *b = &((const entry *)y)->key->loc;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->col > b->col) - (a->col < b->col);
}

static int by_term(const void *x, const void *y)
{
    const entry *a = x, *b = y;
    int c = wp_term_compare(a->key, b->key);
    return c ? c
             : (a->key->loc.offset > b->key->loc.offset) -
                   (a->key->loc.offset < b->key->loc.offset);
}

/* A set's members in order, of equal ones the first. */
static uint32_t unique(entry *e, uint32_t n)
{
    uint32_t out = 0;
    qsort(e, n, sizeof *e, by_term);
    for (uint32_t i = 0; i < n; i++)
        if (!out || wp_term_compare(e[out - 1].key, e[i].key) != 0)
            e[out++] = e[i];
    return out;
}

typedef enum list_style { IN_CALL, IN_COLLECTION, IN_OBJECT } list_style;

static fm_status put_entry(fm *f, const entry *e, list_style style)
{
    const wp_term *t = e->key;
    bool parens = fm_is_union(t) && (style != IN_CALL || fm_starts(f, t->loc, '('));
    if (parens)
        fm_puts(f, "(");
    fm_status s = fm_term(f, t);
    if (parens && (style != IN_OBJECT || s == FM_OK))
        fm_puts(f, ")");
    if (s != FM_OK || style != IN_OBJECT)
        return s;
    fm_puts(f, ": ");
    parens = fm_is_union(e->value);
    if (parens)
        fm_puts(f, "(");
    s = fm_term(f, e->value);
    if (parens)
        fm_puts(f, ")");
    return s;
}

/* Whether the source breaks the line between the opening bracket and the first entry. */
static bool breaks_first(const fm *f, wp_loc loc, const wp_term *first)
{
    wb_str around = fm_text(f, loc), text = fm_text(f, first->loc);
    if (!around.n || !text.n)
        return false;
    const char *at = memmem(around.p, around.n, text.p, text.n);
    const char *nl = at ? memchr(around.p, '\n', at - around.p) : NULL;
    return nl && nl > around.p;
}

/* Pairs of objects are not looked into. */
static bool any_local(const entry *e, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!e[i].value && fm_term_local(e[i].key))
            return true;
    return false;
}

static fm_status put_entries(fm *f, entry *e, uint32_t n, wp_loc loc, uint32_t close,
                             list_style style)
{
    /* The places of variables that a compiler made say nothing: these stay on one line. */
    bool one_line = f->has_locals && any_local(e, n);
    if (n && !one_line)
        qsort(e, n, sizeof *e, by_place);
    bool lines = n && !one_line && e[n - 1].key->loc.row > e[0].key->loc.row;
    if (!lines) {
        for (uint32_t i = f->at; i < f->n_comments && close != FM_NO_ROW; i++) {
            if (f->comments[i].loc.row >= close)
                break;
            if (f->comments[i].loc.row > loc.row)
                return FM_KEEP;
        }
        lines = n && breaks_first(f, loc, e[0].key);
    }
    if (lines) {
        f->delay = true;
        fm_end_line(f);
        f->level++;
        fm_start_line(f);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (i && !one_line && e[i].key->loc.row > e[i - 1].key->loc.row) {
            fm_puts(f, ",");
            fm_end_line(f);
            fm_start_line(f);
        } else if (i) {
            fm_puts(f, ", ");
        }
        fm_status s = put_entry(f, &e[i], style);
        if (s != FM_OK)
            return s;
    }
    if (!lines)
        return FM_OK;
    fm_puts(f, ",");
    fm_end_line(f);
    fm_status s = fm_insert(f, close);
    if (s != FM_OK)
        return s;
    f->level--;
    fm_start_line(f);
    return FM_OK;
}

static fm_status put_terms(fm *f, wp_term *const *items, uint32_t n, wp_loc loc, char open,
                           char close, list_style style, bool once)
{
    entry few[16], *e = n <= 16 ? few : wb_malloc(n * sizeof *e);
    for (uint32_t i = 0; i < n; i++)
        e[i] = (entry){items[i], NULL};
    if (once && n > 1)
        n = unique(e, n);
    fm_status s = put_entries(f, e, n, loc, fm_close_row(f, loc, 0, 0, open, close), style);
    if (e != few)
        free(e);
    return s;
}

static fm_status put_object(fm *f, const wp_term *t)
{
    uint32_t n = t->object.n;
    entry few[16], *e = n <= 16 ? few : wb_malloc(n * sizeof *e);
    for (uint32_t i = 0; i < n; i++)
        e[i] = (entry){t->object.pairs[i].key, t->object.pairs[i].value};
    fm_puts(f, "{");
    fm_status s = put_entries(f, e, n, t->loc, fm_close_row(f, t->loc, 0, 0, '{', '}'), IN_OBJECT);
    fm_puts(f, "}");
    if (e != few)
        free(e);
    return s;
}

fm_status fm_arguments(fm *f, wp_term *const *items, uint32_t n, wp_loc loc)
{
    return put_terms(f, items, n, loc, '(', ')', IN_CALL, false);
}

/* --- references and calls ------------------------------------------------------------------ */

static bool name_like(wb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

static bool is_keyword(const fm *f, wb_str s)
{
    if (f->v2 || f->v2_imported)
        return wp_is_keyword(s, WP_V2);
    for (uint32_t i = 0; i < f->n_words; i++)
        if (wb_str_eq(f->words[i], s))
            return true;
    return wp_is_keyword(s, f->v1 ? WP_V1 : WP_V0);
}

static void put_step(fm *f, const wp_term *t)
{
    wb_str s = wv_str(&t->value);
    if (name_like(s) && (!is_keyword(f, s) || !fm_starts(f, t->loc, '"'))) {
        fm_puts(f, ".");
        fm_put(f, s);
        return;
    }
    fm_puts(f, "[");
    wp_term_put(f->out, t);
    fm_puts(f, "]");
}

fm_status fm_ref(fm *f, wp_term *const *items, uint32_t n)
{
    if (!n)
        return FM_OK;
    bool parens = items[0]->kind == WP_CALL && fm_starts(f, items[0]->loc, '(');
    fm_status s = fm_term_parens(f, items[0], parens);
    for (uint32_t i = 1; i < n && s == FM_OK; i++) {
        const wp_term *t = items[i];
        if (t->kind == WP_STRING) {
            put_step(f, t);
            continue;
        }
        fm_puts(f, "[");
        if (t->kind == WP_VAR) {
            wp_term_put(f->out, t);
        } else {
            s = fm_term(f, t);
            /* The bracket must not become a part of the comment. */
            if (s == FM_KEEP) {
                fm_puts(f, "\n");
                s = FM_OK;
            }
        }
        fm_puts(f, "]");
    }
    return s;
}

fm_status fm_call(fm *f, wp_term *const *items, uint32_t n)
{
    const wp_term *op = items[0];
    fm_status s = FM_OK;
    if (op->kind == WP_REF)
        s = fm_ref(f, op->list.items, op->list.n);
    else
        wp_term_put(f->out, op);
    if (s != FM_OK)
        return s;
    fm_puts(f, "(");
    s = fm_arguments(f, items + 1, n - 1, op->loc);
    fm_puts(f, ")");
    return s;
}

fm_status fm_in(fm *f, wp_term *const *operands, uint32_t n, bool parens, wp_loc loc)
{
    if (n != 2 && n != 3)
        return fm_stop(f, loc, WP_TYPE_ERROR, "internal.member_2: arity mismatch");
    parens = parens && n == 3;
    if (parens)
        fm_puts(f, "(");
    fm_status s = fm_term_parens(f, operands[0], true);
    for (uint32_t i = 1; i < n && s == FM_OK; i++) {
        fm_puts(f, i + 1 < n ? ", " : " in ");
        s = fm_term_parens(f, operands[i], true);
    }
    if (parens)
        fm_puts(f, ")");
    return s;
}

static fm_status put_call_term(fm *f, const wp_term *t, bool parens)
{
    wp_term *const *items = t->list.items;
    uint32_t in = fm_in_operands(items[0]);
    const char *sign = fm_sign(items[0]);
    if (in)
        return fm_in(f, items + 1, t->list.n - 1, true, t->loc);
    if (!sign)
        return fm_call(f, items, t->list.n);
    if (t->list.n != 3) {
        wb_buf b;
        wb_buf_init(&b, 256);
        wp_term_put(&b, items[0]);
        wb_buf_puts(&b, ": arity mismatch");
        fm_stop(f, t->loc, WP_TYPE_ERROR, wb_buf_cstr(&b));
        wb_buf_free(&b);
        return FM_STOP;
    }
    if (parens)
        fm_puts(f, "(");
    fm_status s = fm_term_parens(f, items[1], true);
    if (s != FM_OK)
        return s;
    fm_puts(f, " ");
    fm_puts(f, sign);
    fm_puts(f, " ");
    s = fm_term_parens(f, items[2], true);
    if (s == FM_OK && parens)
        fm_puts(f, ")");
    return s;
}

/* --- comprehensions, strings --------------------------------------------------------------- */

static fm_status put_comp(fm *f, const wp_term *t)
{
    bool array = t->kind == WP_ARRAY_COMP;
    const wp_term *value = t->comp.value;
    wp_loc value_loc = value->loc;
    wp_term at_opening = wp_term_here(value);
    fm_status s = FM_OK;
    fm_puts(f, array ? "[" : "{");
    if (t->kind == WP_OBJECT_COMP) {
        bool parens = fm_is_union(t->comp.key);
        if (parens)
            fm_puts(f, "(");
        s = fm_term(f, t->comp.key);
        if (s == FM_OK)
            fm_puts(f, parens ? "): " : ": ");
        /* The value stays on the key's line, whatever line it stood on. */
        at_opening.loc.row = value_loc.row = t->loc.row;
        value = &at_opening;
    }
    if (s == FM_OK) {
        if (value_loc.row > t->loc.row) {
            fm_end_line(f);
            fm_start_line(f);
        }
        bool parens =
            value->kind == WP_CALL && (fm_is_union(value) || fm_starts(f, value->loc, '('));
        s = fm_term_parens(f, value, parens);
    }
    if (s == FM_OK) {
        fm_puts(f, " |");
        s = fm_inner_body(f, &t->comp.body, value_loc.row, t->loc, array ? '[' : '{',
                          array ? ']' : '}');
    }
    fm_puts(f, array ? "]" : "}");
    return s;
}

static void put_string(fm *f, const wp_term *t)
{
    wb_str s = fm_text(f, t->loc);
    char quote = s.n ? s.p[s.n - 1] : 0;
    /* As it was written, so that escapes stay. The place may begin before the string. */
    const char *at = quote == '"' || quote == '`' ? memchr(s.p, quote, s.n) : NULL;
    if (at && s.n && s.p[0] == '`')
        fm_put(f, s);
    else if (at)
        fm_put(f, (wb_str){at, (size_t)(s.p + s.n - at)});
    else
        wp_term_put(f->out, t);
}

static void put_template_text(fm *f, const wp_term *t, bool raw)
{
    wb_buf b;
    wb_buf_init(&b, WP_FORMAT_TEXT_MAX);
    if (raw) {
        wb_buf_put_str(&b, wv_str(&t->value));
    } else {
        wp_term_put(&b, t);
    }
    wb_str s = wb_buf_str(&b);
    if (!raw && s.n >= 2) {
        s.p++;
        s.n -= 2;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '{' && (!i || s.p[i - 1] != '\\'))
            wb_buf_putc(f->out, '\\');
        wb_buf_putc(f->out, s.p[i]);
    }
    wb_buf_free(&b);
}

static fm_status put_template(fm *f, const wp_term *t)
{
    fm_puts(f, t->raw ? "$`" : "$\"");
    for (uint32_t i = 0; i < t->tmpl.n; i++) {
        const wp_expr *e = t->tmpl.parts[i];
        if (!e->template_expr && e->kind == WP_EXPR_TERM && e->term->kind <= WP_STRING) {
            if (e->term->kind == WP_STRING)
                put_template_text(f, e->term, t->raw);
            else
                wp_term_put(f->out, e->term);
            continue;
        }
        fm_puts(f, "{");
        f->level++;
        uint32_t above = fm_above(f, e->loc.row);
        if (f->waiting) {
            fm_end_line(f);
            fm_start_line(f);
        } else if (above) {
            fm_puts(f, " ");
            f->in_line = true;
            fm_comments(f, above);
        }
        fm_status s = fm_expr(f, e);
        if (s != FM_OK)
            return s;
        above = i + 1 < t->tmpl.n ? fm_above(f, t->tmpl.parts[i + 1]->loc.row) : 0;
        if (above) {
            fm_end_line(f);
            fm_comments(f, above);
            fm_start_line(f);
        }
        fm_puts(f, "}");
        f->level--;
    }
    fm_puts(f, t->raw ? "`" : "\"");
    return FM_OK;
}

/* --- terms --------------------------------------------------------------------------------- */

static fm_status put_set(fm *f, const wp_term *t)
{
    if (!t->list.n) {
        fm_puts(f, "set()");
        return fm_insert(f, fm_close_row(f, t->loc, 0, 0, '(', ')'));
    }
    fm_puts(f, "{");
    fm_status s = put_terms(f, t->list.items, t->list.n, t->loc, '{', '}', IN_COLLECTION, true);
    fm_puts(f, "}");
    return s;
}

static fm_status put_array(fm *f, const wp_term *t)
{
    fm_puts(f, "[");
    fm_status s = put_terms(f, t->list.items, t->list.n, t->loc, '[', ']', IN_COLLECTION, false);
    fm_puts(f, "]");
    return s;
}

fm_status fm_term_parens(fm *f, const wp_term *t, bool parens)
{
    if (f->paren_term == t) {
        f->paren_term = NULL;
        parens = true;
    }
    if (f->depth >= WP_FORMAT_DEPTH_MAX)
        return fm_stop(f, t->loc, WP_FORMAT_ERROR, "the text is nested too deeply");
    fm_status s = fm_insert(f, t->loc.row);
    if (s != FM_OK)
        return s;
    if (!f->in_line)
        fm_start_line(f);
    f->depth++;
    switch (t->kind) {
    case WP_REF: s = fm_ref(f, t->list.items, t->list.n); break;
    case WP_OBJECT: s = put_object(f, t); break;
    case WP_ARRAY: s = put_array(f, t); break;
    case WP_SET: s = put_set(f, t); break;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: s = put_comp(f, t); break;
    case WP_STRING: put_string(f, t); break;
    case WP_TEMPLATE: s = put_template(f, t); break;
    case WP_CALL: s = put_call_term(f, t, parens); break;
    default: wp_term_put(f->out, t); break;
    }
    f->depth--;
    if (s == FM_OK && !f->in_line)
        fm_start_line(f);
    return s;
}

fm_status fm_term(fm *f, const wp_term *t)
{
    size_t n = f->out->n;
    uint32_t level = f->level, at = f->at;
    if (at == f->n_comments)
        return fm_term_parens(f, t, false);
    fm_status s = fm_term_parens(f, t, false);
    if (s != FM_KEEP)
        return s;
    f->out->n = n;
    f->level = level;
    f->at = at;
    const wp_comment *w = f->waiting;
    if (w && t->loc.len && w->loc.row >= t->loc.row && w->loc.row <= fm_end_row(f, t->loc))
        f->waiting = NULL;
    return fm_copy(f, t->loc) == FM_STOP ? FM_STOP : FM_KEEP;
}
