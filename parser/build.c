/* Constructors of the tree: terms and expressions. */
#include "parser/internal.h"

#include "base/utf8.h"
#include "value/number.h"

void wp_vec_add(wp_parser *p, wp_vec *v, void *item)
{
    if (v->n == v->cap) {
        uint32_t cap = v->cap ? v->cap * 2 : 4;
        size_t size = v->cap * sizeof(void *);
        if (!v->p || !wb_arena_extend(p->arena, v->p, size, cap * sizeof(void *))) {
            if (cap > 1024 && !wb_arena_fits(p->arena, cap * sizeof(void *)))
                return; /* the next token ends the parse: the arena is marked as exhausted */
            void **q = wb_arena_alloc(p->arena, cap * sizeof(void *));
            if (size)
                memcpy(q, v->p, size);
            v->p = q;
        }
        v->cap = cap;
    }
    v->p[v->n++] = item;
}

wp_term *wp_new_term(wp_parser *p, wp_term_kind kind, wp_span s)
{
    return wp_term_make(p->arena, kind, wp_loc_of(p, s));
}

static wb_str span_text(const wp_parser *p, wp_span s)
{
    return wb_str_n(p->file.text.p + s.off, wp_span_len(s));
}

static wp_term *new_name(wp_parser *p, wb_str name, wp_span s)
{
    wp_term *t = wp_new_term(p, WP_VAR, s);
    t->name = name;
    return t;
}

wb_str wp_new_wildcard(wp_parser *p, uint32_t number)
{
    return wb_str_of(wb_arena_printf(p->arena, "$%u", number));
}

wp_term *wp_new_var(wp_parser *p, wp_span s)
{
    wb_str name = span_text(p, s);
    if (name.n == 1 && name.p[0] == '_')
        name = wp_new_wildcard(p, p->wildcards++);
    return new_name(p, name, s);
}

wp_term *wp_new_scalar(wp_parser *p, wp_term_kind kind, wv value, wp_span s)
{
    wp_term *t = wp_new_term(p, kind, s);
    t->value = value;
    return t;
}

wp_term *wp_new_number(wp_parser *p, wp_span s, wp_span digits, const char *prefix)
{
    wb_str text = span_text(p, digits);
    wp_term *t = wp_new_term(p, WP_NUMBER, s);
    t->loc.len = *prefix ? 1 : t->loc.len;
    t->value = WV_FALSE;
    if (!*prefix && text.n > 1 && text.p[0] == '0' && text.p[1] != '.' && text.p[1] != 'e' &&
        text.p[1] != 'E') {
        wp_parse_fail(p, wp_loc_of(p, digits),
                      "unexpected number token: expected number without leading zero");
        return t;
    }
    wb_str whole = wb_str_of("");
    whole.n = strlen(prefix) + text.n;
    char *copy = wb_arena_alloc(p->arena, whole.n + 1);
    memcpy(copy, prefix, strlen(prefix));
    memcpy(copy + strlen(prefix), text.p, text.n);
    whole.p = copy;
    wv_num_status status = wv_number_parse(p->arena, whole, true, &t->value);
    if (status == WV_NUM_TOO_BIG || status == WV_NUM_LIMIT)
        wp_parse_fail(p, wp_loc_of(p, digits), "number too big");
    else if (status != WV_NUM_OK)
        wp_parse_fail(p, wp_loc_of(p, digits), "unexpected number token: invalid float");
    return t;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(wb_str s, size_t i)
{
    int32_t v = 0;
    if (i + 4 > s.n)
        return -1;
    for (size_t k = i; k < i + 4; k++) {
        char c = s.p[k];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

/* Decodes the escapes of a quoted string (or piece of a template) as JSON has them. Control
 * characters are refused where an escape stands, as JSON would. */
bool wp_unescape(wp_parser *p, wb_str s, bool template, wv *out)
{
    bool plain = !s.n || !memchr(s.p, '\\', s.n);
    *out = wv_string_new(p->arena, plain ? s : (wb_str){0});
    if (plain)
        return true;
    char *to = wb_arena_alloc(p->arena, s.n + 4);
    size_t n = 0;
    bool escaped = false;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c != '\\') {
            to[n++] = (char)c;
            i++;
            continue;
        }
        char e = s.p[i + 1];
        i += 2;
        static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
        const char *hit = strchr(from, e);
        if (template && e == '{') {
            to[n++] = '{';
            continue;
        }
        escaped = true;
        if (e && hit) {
            to[n++] = into[hit - from];
            continue;
        }
        int32_t u = e == 'u' ? hex4(s, i) : -1;
        if (u < 0)
            return false;
        i += 4;
        uint32_t code = (uint32_t)u;
        if (u >= 0xd800 && u < 0xdc00 && i + 6 <= s.n && s.p[i] == '\\' && s.p[i + 1] == 'u') {
            int32_t low = hex4(s, i + 2);
            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + (((uint32_t)u - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
                i += 6;
            }
        }
        n += wb_utf8_put(to + n, code);
    }
    if (escaped)
        for (size_t i = 0; i < s.n; i++)
            if ((unsigned char)s.p[i] < 0x20)
                return false;
    *out = wv_string_new(p->arena, wb_str_n(to, n));
    return true;
}

wp_term *wp_new_string(wp_parser *p, wp_span s, bool raw)
{
    wp_term *t = wp_new_term(p, WP_STRING, s);
    wb_str text = span_text(p, (wp_span){s.off + 1, s.end - 1, 0, 0});
    t->raw = raw;
    if (raw)
        t->value = wv_string_new(p->arena, text);
    else if (!wp_unescape(p, text, false, &t->value)) {
        wb_str all = span_text(p, s);
        wp_parse_fail(p, t->loc, "illegal string literal: %.*s", WB_FMT(all));
    }
    return t;
}

wp_term *wp_new_key(wp_parser *p, wp_span s)
{
    wp_term *t = wp_new_term(p, WP_STRING, s);
    t->value = wv_string_new(p->arena, span_text(p, s));
    return t;
}

wp_term *wp_new_list(wp_parser *p, wp_term_kind kind, wp_vec items, wp_span s)
{
    wp_term *t = wp_new_term(p, kind, s);
    t->list.items = (wp_term **)items.p;
    t->list.n = items.n;
    return t;
}

wp_pair *wp_new_pair(wp_parser *p, wp_term *key, wp_term *value)
{
    wp_pair *pair = wb_arena_alloc(p->arena, sizeof *pair);
    *pair = (wp_pair){key, value};
    return pair;
}

wp_term *wp_new_object(wp_parser *p, wp_vec pairs, wp_span s)
{
    wp_term *t = wp_new_term(p, WP_OBJECT, s);
    t->object.n = pairs.n;
    if (!pairs.n)
        return t;
    t->object.pairs = wb_arena_alloc(p->arena, pairs.n * sizeof(wp_pair));
    for (uint32_t i = 0; i < pairs.n; i++)
        t->object.pairs[i] = *(wp_pair *)pairs.p[i];
    return t;
}

wp_body wp_new_body(wp_parser *p, wp_vec exprs)
{
    for (uint32_t i = 0; i < exprs.n; i++)
        ((wp_expr *)exprs.p[i])->index = i;
    return (wp_body){(wp_expr **)exprs.p, exprs.n};
}

wp_term *wp_new_comp(wp_parser *p, wp_term_kind kind, wp_term *key, wp_term *value, wp_vec body,
                     wp_span s)
{
    wp_term *t = wp_new_term(p, kind, s);
    t->comp.key = key;
    t->comp.value = value;
    t->comp.body = wp_new_body(p, body);
    return t;
}

/* ---- operators ---- */

/* A list of n items, which the caller fills in. */
static wp_term *new_items(wp_parser *p, wp_term_kind kind, uint32_t n, wp_span s)
{
    wp_term *t = wp_new_term(p, kind, s);
    t->list.items = wb_arena_alloc(p->arena, n * sizeof *t->list.items);
    t->list.n = n;
    return t;
}

static wp_term *operator_ref(wp_parser *p, const char *a, const char *b, wp_span op)
{
    wp_term *ref = new_items(p, WP_REF, b ? 2 : 1, op);
    ref->list.items[0] = new_name(p, wb_str_of(a), op);
    if (b) {
        wp_term *t = ref->list.items[1] = wp_new_term(p, WP_STRING, op);
        t->value = wv_string_new(p->arena, wb_str_of(b));
    }
    return ref;
}

/* The operands' array stands before the call, which is the last piece made: see wp_term_expr. */
static wp_term *infix_call(wp_parser *p, wp_term *op, wp_term *const *operands, uint32_t n,
                           wp_span s)
{
    wp_term **items = wb_arena_alloc(p->arena, (n + 1) * sizeof *items);
    items[0] = op;
    memcpy(items + 1, operands, n * sizeof *items);
    wp_term *t = wp_new_term(p, WP_CALL, s);
    t->list.items = items;
    t->list.n = n + 1;
    t->infix = true;
    return t;
}

wp_term *wp_new_infix(wp_parser *p, const char *name, wp_span op, wp_term *l, wp_term *r, wp_span s)
{
    wp_term *t = infix_call(p, operator_ref(p, name, NULL, op), (wp_term *[]){l, r}, 2, s);
    t->loc.row = l->loc.row;
    t->loc.col = l->loc.col;
    return t;
}

wp_term *wp_new_member(wp_parser *p, wp_span op, wp_term *k, wp_term *l, wp_term *r, wp_span s)
{
    wp_term *ref = operator_ref(p, "internal", k ? "member_3" : "member_2", op);
    wp_term *t = k ? infix_call(p, ref, (wp_term *[]){k, l, r}, 3, s)
                   : infix_call(p, ref, (wp_term *[]){l, r}, 2, s);
    const wp_term *first = k ? k : l;
    t->loc.row = first->loc.row;
    t->loc.col = first->loc.col;
    return t;
}

/* A call, or set(), which is read as one: a step behind it does not move where the text begins. */
static bool is_call(const wp_parser *p, const wp_term *t)
{
    return !t->parens &&
           (t->kind == WP_CALL || (t->kind == WP_SET && p->file.text.p[t->loc.offset] == 's'));
}

wp_term *wp_new_minus(wp_parser *p, wp_term *t, wp_span op, wp_span s)
{
    if (t->kind == WP_NUMBER && !t->parens) {
        wp_span digits = s;
        bool dot = p->file.text.p[s.off] == '.';
        if (dot)
            digits.off++;
        while (dot && digits.off < digits.end &&
               (p->file.text.p[digits.off] < '0' || p->file.text.p[digits.off] > '9'))
            digits.off++;
        return wp_new_number(p, op, digits, dot ? "-." : "-");
    }
    const wp_term *head = t;
    while (!head->parens && (head->kind == WP_REF || (head->kind == WP_CALL && !head->infix)))
        head = head->list.items[0];
    bool set = !head->parens && head->kind == WP_SET && is_call(p, head);
    if ((head->kind != WP_VAR || head->parens) && !set) {
        wp_syntax_error_note(p, s, "expected number");
        return t;
    }
    wp_term *zero = wp_new_scalar(p, WP_NUMBER, wv_small(0), op);
    wp_term *minus = operator_ref(p, "minus", NULL, (wp_span){0});
    op.end = s.end;
    return infix_call(p, minus, (wp_term *[]){zero, t}, 2, op);
}

/* ---- references and calls ---- */

static bool may_head(wp_parser *p, const wp_term *t)
{
    static const char *const names[] = {
        [WP_NULL] = "null",     [WP_BOOLEAN] = "boolean", [WP_NUMBER] = "number",
        [WP_STRING] = "string", [WP_REF] = "ref",         [WP_TEMPLATE] = "templatestring"};
    switch (t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING:
    case WP_REF:
    case WP_TEMPLATE:
        wp_parse_fail(p, t->loc, "illegal ref (head cannot be %s)", names[t->kind]);
        return false;
    default: return true;
    }
}

wp_term *wp_ref_step(wp_parser *p, wp_term *head, wp_term *step, wp_span head_span, wp_span s)
{
    if (head->kind == WP_REF && !head->parens) {
        uint32_t n = head->list.n;
        if (n >= 4 && (n & (n - 1)) == 0) {
            wp_term **items = wb_arena_alloc(p->arena, 2 * n * sizeof *items);
            memcpy(items, head->list.items, n * sizeof *items);
            head->list.items = items;
        }
        head->list.items[head->list.n++] = step;
        head->loc.len = s.end - head->loc.offset;
        return head;
    }
    may_head(p, head);
    wp_term *t = wp_new_term(p, WP_REF, s);
    t->list.items = wb_arena_alloc(p->arena, 4 * sizeof(wp_term *));
    t->list.items[0] = head;
    t->list.items[1] = step;
    t->list.n = 2;
    t->loc.row = head->loc.row;
    t->loc.col = head->loc.col;
    t->loc.offset = is_call(p, head) ? head->loc.offset : head_span.off;
    t->loc.len = s.end - t->loc.offset;
    return t;
}

wp_term *wp_ref_call(wp_parser *p, wp_term *head, wp_vec args, wp_span head_span, wp_span paren,
                     wp_span s)
{
    wp_term *op = head;
    if (head->kind != WP_REF || head->parens) {
        may_head(p, head);
        op = new_items(p, WP_REF, 1, s);
        op->list.items[0] = head;
        op->loc.row = head->loc.row;
        op->loc.col = head->loc.col;
        op->loc.offset = is_call(p, head) ? head->loc.offset : head_span.off;
    }
    op->loc.len = paren.off - op->loc.offset;
    wp_loc loc = op->loc;
    loc.len = s.end - loc.offset;
    if (!args.n && wp_ref_is(op, "set", NULL)) {
        wp_term *set = wp_new_term(p, WP_SET, s);
        set->loc = loc;
        return set;
    }
    wp_term **items = wb_arena_alloc(p->arena, (args.n + 1) * sizeof *items);
    items[0] = op;
    if (args.n)
        memcpy(items + 1, args.p, args.n * sizeof *items);
    wp_term *t = wp_new_term(p, WP_CALL, s);
    t->list.items = items;
    t->list.n = args.n + 1;
    t->loc = loc;
    return t;
}

/* `input` and `data` alone are references. */
wp_term *wp_ref_done(wp_parser *p, wp_term *t)
{
    if (t->kind != WP_VAR || !(wb_str_is(t->name, "input") || wb_str_is(t->name, "data")))
        return t;
    wp_term *ref = new_items(p, WP_REF, 1, (wp_span){0});
    ref->list.items[0] = t;
    ref->loc = t->loc;
    return ref;
}

wp_term *wp_in_parens(wp_parser *p, wp_term *t, wp_span s)
{
    t->parens = true;
    t->loc.offset = s.off;
    t->loc.len = wp_span_len(s);
    if (t->kind == WP_REF && t->list.n == 1)
        t->list.items[0]->loc = t->loc;
    return t;
}

wb_str wp_string_of(const wp_term *t)
{
    return t->kind == WP_STRING ? wv_str(&t->value) : (wb_str){0};
}

bool wp_ref_is(const wp_term *ref, const char *a, const char *b)
{
    if (ref->kind != WP_REF || ref->list.n != (b ? 2u : 1u) || ref->list.items[0]->kind != WP_VAR ||
        !wb_str_is(ref->list.items[0]->name, a))
        return false;
    return !b || (ref->list.items[1]->kind == WP_STRING &&
                  wb_str_is(wp_string_of(ref->list.items[1]), b));
}

/* ---- expressions ---- */

wp_expr *wp_new_expr(wp_parser *p, wp_expr_kind kind, wp_span s)
{
    return wp_expr_make(p->arena, kind, wp_loc_of(p, s));
}

wp_expr *wp_term_expr(wp_parser *p, wp_term *t, wp_span s)
{
    if (t->kind != WP_CALL) {
        wp_expr *e = wp_new_expr(p, WP_EXPR_TERM, s);
        e->term = t;
        return e;
    }
    wp_term **items = t->list.items;
    uint32_t n = t->list.n;
    bool infix = t->infix;
    /* The expression takes the place of the call, which was made just now and nobody knows yet. */
    if (wb_arena_mark(p->arena) == (char *)t + WP_TERM_SMALL)
        wb_arena_rewind(p->arena, (char *)t);
    wp_expr *e = wp_new_expr(p, WP_EXPR_CALL, s);
    e->call.items = items;
    e->call.n = n;
    e->infix = infix;
    return e;
}

wp_expr *wp_assign_expr(wp_parser *p, const char *name, wp_span op, wp_term *l, wp_term *r,
                        wp_span s)
{
    wp_expr *e = wp_new_expr(p, WP_EXPR_CALL, s);
    e->call.items = wb_arena_alloc(p->arena, 3 * sizeof(wp_term *));
    e->call.items[0] = operator_ref(p, name, NULL, op);
    e->call.items[1] = l;
    e->call.items[2] = r;
    e->call.n = 3;
    e->infix = true;
    return e;
}

static wp_span span_of(wp_loc l)
{
    return (wp_span){l.offset, l.offset + l.len, l.row, l.col};
}

wp_expr *wp_some_expr(wp_parser *p, wp_vec list, wp_vec domains, wp_span s)
{
    wp_expr *e = wp_new_expr(p, WP_EXPR_SOME, s);
    if (domains.n) {
        if (list.n > 2) {
            wp_syntax_error_note(p, span_of(((wp_term *)list.p[1])->loc), "illegal domain");
            return e;
        }
        wp_term *t = NULL;
        for (uint32_t i = 0; i < domains.n; i += 2) {
            wp_term *op = domains.p[i], *right = domains.p[i + 1];
            wp_term *first = list.p[0];
            wp_span whole = span_of(first->loc);
            whole.end = right->loc.offset + right->loc.len;
            if (!t && list.n == 2)
                t = wp_new_member(p, span_of(op->loc), first, list.p[1], right, whole);
            else
                t = wp_new_member(p, span_of(op->loc), NULL, t ? t : first, right, whole);
        }
        list = (wp_vec){0};
        wp_vec_add(p, &list, t);
    } else {
        for (uint32_t i = 0; i < list.n; i++) {
            const wp_term *t = list.p[i];
            if (t->kind == WP_CALL && i + 1 == list.n && list.n == 1) {
                uint32_t at = p->tokens[p->at].off >= s.end ? p->at : p->next;
                wp_syntax_error_note(p, wp_token_span(p, at),
                                     "expected `x in xs` or `x, y in xs` expression");
                return e;
            }
            bool root = t->kind == WP_REF && t->list.n == 1;
            bool word =
                t->kind == WP_VAR && wp_word_active(p, &p->tokens[wp_token_at(p, t->loc.offset)]);
            if ((t->kind != WP_VAR && !root) || t->parens || word) {
                wp_syntax_error_note(p, span_of(t->loc), "expected var");
                return e;
            }
            if (root)
                list.p[i] = t->list.items[0];
        }
    }
    e->some.items = (wp_term **)list.p;
    e->some.n = list.n;
    return e;
}

wp_expr *wp_every_expr(wp_parser *p, wp_term *in, wp_vec body, wp_span after, wp_span s)
{
    wp_expr *e = wp_new_expr(p, WP_EXPR_EVERY, s);
    bool two = in->kind == WP_CALL && wp_ref_is(in->list.items[0], "internal", "member_2");
    bool three = in->kind == WP_CALL && wp_ref_is(in->list.items[0], "internal", "member_3");
    e->every.body = wp_new_body(p, body);
    if (!two && !three) {
        wp_syntax_error_note(p, after, "expected `x[, y] in xs { ... }` expression");
        return e;
    }
    e->every.key = three ? in->list.items[1] : NULL;
    e->every.value = in->list.items[1 + three];
    e->every.domain = in->list.items[2 + three];
    if (e->every.key && e->every.key->kind != WP_VAR)
        wp_syntax_error_note(p, after, "expected key to be a variable");
    else if (e->every.value->kind != WP_VAR)
        wp_syntax_error_note(p, after, "expected value to be a variable");
    return e;
}

wp_with *wp_new_with(wp_parser *p, wp_term *target, wp_term *value, wp_span s)
{
    wp_with *w = wb_arena_alloc(p->arena, sizeof *w);
    uint32_t first = wp_token_at(p, s.off) + 1; /* behind `with` */
    if (p->tokens[first].raw != WP_RAW_WORD || wp_word_active(p, &p->tokens[first]))
        wp_syntax_error_note(p, wp_token_span(p, first), "expected ident");
    target = wp_ref_done(p, target);
    *w = (wp_with){target, value, wp_loc_of(p, s)};
    if (target->kind != WP_REF && target->kind != WP_VAR)
        wp_syntax_error_note(p, span_of(target->loc), "expected with target path");
    return w;
}

wp_operand *wp_operand_of(wp_parser *p, wp_expr *e, wp_span at)
{
    wp_operand *o = wb_arena_alloc(p->arena, sizeof *o);
    *o = (wp_operand){.expr = e, .at = at};
    return o;
}

wp_operand *wp_operand_body(wp_parser *p, wp_vec exprs, wp_span at)
{
    wp_operand *o = wp_operand_of(p, NULL, at);
    o->body = wp_new_body(p, exprs);
    return o;
}

static wp_body operand_body(wp_parser *p, const wp_operand *o)
{
    if (!o->expr)
        return o->body;
    wp_vec v = {0};
    wp_vec_add(p, &v, o->expr);
    return wp_new_body(p, v);
}

wp_operand *wp_negate(wp_parser *p, wp_operand *o, wp_span s)
{
    if (o->expr && !(p->keywords & WP_KW_NOT)) {
        o->expr->negated = true;
        return o;
    }
    wp_expr *e = wp_new_expr(p, WP_EXPR_NOT, s);
    e->explicit_body = !o->expr;
    e->body = operand_body(p, o);
    *o = (wp_operand){.expr = e, .at = s, .lead = o->expr, .lead_group = o->group};
    return o;
}

wp_operand *wp_logic(wp_parser *p, wp_expr_kind kind, wp_operand *l, wp_operand *r, wp_span s)
{
    l->at.end = s.end;
    wp_expr *e = wp_new_expr(p, kind, l->at);
    e->explicit_body = !l->expr;
    e->explicit_rhs = !r->expr;
    e->logic.lhs = operand_body(p, l);
    e->logic.rhs = operand_body(p, r);
    *l = (wp_operand){.expr = e, .at = l->at, .lead = l->lead, .lead_group = l->lead_group};
    return l;
}

wp_operand *wp_group(wp_operand *o, wp_span s)
{
    o->lead = NULL;
    o->group = true;
    o->at = s;
    return o;
}

wp_expr *wp_finish_expr(wp_parser *p, wp_expr *e, wp_vec with, wp_span s)
{
    e->loc = wp_loc_of(p, s);
    if (with.n) {
        e->with = wb_arena_alloc(p->arena, with.n * sizeof *e->with);
        for (uint32_t i = 0; i < with.n; i++)
            e->with[i] = *(wp_with *)with.p[i];
        e->n_with = with.n;
    }
    return e;
}

wp_expr *wp_finish_literal(wp_parser *p, const wp_operand *o, wp_vec with, wp_span s)
{
    wp_expr *e = o->expr;
    if (!e) { /* braces that no and, or, not follows: scan.c gives no such operand */
        e = wp_new_expr(p, WP_EXPR_NOT, s);
        e->body = o->body;
        wp_syntax_error_note(p, s, "");
        return e;
    }
    wp_finish_expr(p, e, with, s);
    /* OPA gives what a `not` holds the place of the whole literal, or none before and, or. */
    if (o->lead && (e->kind == WP_EXPR_NOT || !o->lead_group))
        o->lead->loc = e->kind == WP_EXPR_NOT ? e->loc : (wp_loc){0};
    return e;
}

/* ---- template strings ---- */

wb_str wp_template_inner(const wp_parser *p, wp_span s)
{
    uint32_t at = wp_token_at(p, s.off);
    bool first = !at || !(p->tokens[at - 1].flags & WP_TF_HOLE) || p->tokens[at - 1].end != s.off;
    return span_text(p, (wp_span){s.off + (first ? 2 : 0), s.end - 1, 0, 0});
}

wp_expr *wp_template_text(wp_parser *p, wp_span s, bool raw)
{
    wp_term *t = wp_new_term(p, WP_STRING, s);
    wb_str text = wp_template_inner(p, s);
    t->raw = raw;
    if (!raw) {
        if (!wp_unescape(p, text, true, &t->value))
            wp_parse_fail(p, t->loc, "illegal template-string part: %.*s", WB_FMT(text));
    } else {
        char *to = wb_arena_alloc(p->arena, text.n + 1);
        size_t n = 0;
        for (size_t i = 0; i < text.n; i++) {
            if (text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == '{')
                i++;
            to[n++] = text.p[i];
        }
        t->value = wv_string_new(p->arena, wb_str_n(to, n));
    }
    return wp_term_expr(p, t, s);
}

wp_expr *wp_template_hole(wp_parser *p, wp_expr *e, wp_span s)
{
    e->template_expr = (p->tokens[wp_token_at(p, s.off)].flags & WP_TF_COMMENT) != 0;
    const char *what = NULL;
    if (e->negated)
        what = "negation ('not')";
    else if (e->kind == WP_EXPR_CALL && wp_ref_is(e->call.items[0], "eq", NULL))
        what = "unification ('=')";
    else if (e->kind == WP_EXPR_CALL && wp_ref_is(e->call.items[0], "assign", NULL))
        what = "assignment (':=')";
    else if (e->kind == WP_EXPR_EVERY)
        what = "'every'";
    else if (e->kind == WP_EXPR_SOME)
        what = "'some'";
    if (what)
        wp_parse_fail(p, e->loc, "unexpected %s in template-string expression", what);
    return e;
}

wp_term *wp_new_template(wp_parser *p, wp_vec parts, bool raw, wp_span s)
{
    wp_term *t = wp_new_term(p, WP_TEMPLATE, s);
    uint32_t n = 0;
    for (uint32_t i = 0; i < parts.n; i++) {
        wp_expr *e = parts.p[i];
        bool empty = e->kind == WP_EXPR_TERM && e->term->kind == WP_STRING && i % 2 == 0 &&
                     wv_str(&e->term->value).n == 0;
        if (!empty)
            parts.p[n++] = e;
    }
    t->raw = p->file.text.p[s.off + 1] == '`';
    t->tmpl.parts = (wp_expr **)parts.p;
    t->tmpl.n = n;
    if (p->options.version == WP_V0)
        wp_parse_fail(p, t->loc, "template strings are not supported by current capabilities");
    return t;
}

wv wp_term_value(wb_arena *a, const wp_term *t)
{
    wv out, item, key;
    switch (t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING: return t->value;
    case WP_ARRAY:
        out = wv_array_begin(a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++) {
            if (!wv_defined(item = wp_term_value(a, t->list.items[i])))
                return WV_UNDEFINED;
            wv_array_push(a, &out, item);
        }
        return out;
    case WP_SET:
        out = wv_set_begin(a, t->list.n);
        for (uint32_t i = 0; i < t->list.n; i++) {
            if (!wv_defined(item = wp_term_value(a, t->list.items[i])))
                return WV_UNDEFINED;
            wv_set_add(a, &out, item);
        }
        return out;
    case WP_OBJECT:
        out = wv_object_begin(a, t->object.n);
        for (uint32_t i = 0; i < t->object.n; i++) {
            key = wp_term_value(a, t->object.pairs[i].key);
            item = wp_term_value(a, t->object.pairs[i].value);
            if (!wv_defined(key) || !wv_defined(item))
                return WV_UNDEFINED;
            wv_object_put(a, &out, key, item);
        }
        return out;
    default: return WV_UNDEFINED;
    }
}
