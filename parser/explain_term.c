/* The explainer: terms. */
#include "parser/explain.h"

#include "value/number.h"

static wp_term *new_term(wp_x *x, wp_term_kind kind, wp_loc loc)
{
    wp_term *t = wp_new_term(x->p, kind, (wp_span){0});
    t->loc = loc;
    return t;
}

static wp_term *new_list(wp_x *x, wp_term_kind kind, wp_vec items, wp_loc loc)
{
    wp_term *t = wp_new_list(x->p, kind, items, (wp_span){0});
    t->loc = loc;
    return t;
}

static bool root_document(const wp_term *t)
{
    return t->kind == WP_VAR && (wb_str_is(t->name, "input") || wb_str_is(t->name, "data"));
}

int wp_x_member(const wp_term *t)
{
    if (t->kind != WP_CALL)
        return 0;
    const wp_term *op = t->list.items[0];
    return wp_ref_is(op, "internal", "member_2")   ? 2
           : wp_ref_is(op, "internal", "member_3") ? 3
                                                   : 0;
}

/* ---- operators ---- */

static const struct {
    uint8_t level, raw;
    const char *name;
} operators[] = {
    {0, WP_RAW_EQ, "equal"}, {0, WP_RAW_NE, "neq"}, {0, '<', "lt"},  {0, '>', "gt"},
    {0, WP_RAW_LE, "lte"},   {0, WP_RAW_GE, "gte"}, {1, '|', "or"},  {2, '&', "and"},
    {3, '+', "plus"},        {3, '-', "minus"},     {4, '*', "mul"}, {4, '/', "div"},
    {4, '%', "rem"},
};
#define LEVELS 5

static const char *operator_of(const wp_x *x, int level)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (operators[i].level == level && operators[i].raw == x->s.token)
            return operators[i].name;
    return NULL;
}

/* An operator whose right side cannot be read leaves its left side: the error is noted already. */
static wp_term *binary(wp_x *x, int level)
{
    if (level == LEVELS)
        return wp_x_term(x);
    wp_term *left = binary(x, level + 1);
    const char *name;
    while (left && (name = operator_of(x, level)) != NULL) {
        wp_span op = wp_x_here(x);
        wp_x_scan(x);
        wp_term *right = binary(x, level + 1);
        if (!right)
            return left;
        wp_loc loc = left->loc;
        left = wp_new_infix(x->p, name, op, left, right, (wp_span){0});
        left->loc = loc;
    }
    return left;
}

static wp_term *member(wp_x *x, wp_term *key, wp_term *left)
{
    wp_span op = wp_x_here(x);
    if (x->s.token != X_TOKEN(IN))
        return NULL;
    wp_x_scan(x);
    wp_term *right = binary(x, 0);
    if (!right)
        return NULL;
    wp_loc loc = key ? key->loc : left->loc;
    wp_term *t = wp_new_member(x->p, op, key, left, right, (wp_span){0});
    t->loc = loc;
    return t;
}

static wp_term *with_in(wp_x *x, bool pairs)
{
    wp_term *left = binary(x, 0);
    while (left) {
        wp_term *call = NULL;
        if (pairs && x->s.token == ',') {
            wp_x_state s = x->s;
            wp_x_scan(x);
            wp_term *value = binary(x, 0);
            call = value ? member(x, left, value) : NULL;
            if (!call)
                x->s = s;
        }
        if (!call) {
            wp_x_word_as_name(x);
            call = member(x, NULL, left);
        }
        if (!call)
            return left;
        left = call;
        if (x->s.token != X_TOKEN(IN))
            return left;
    }
    return NULL;
}

wp_term *wp_x_infix(wp_x *x)
{
    return with_in(x, true);
}

wp_term *wp_x_in_list(wp_x *x)
{
    return with_in(x, false);
}

/* ---- references and calls ---- */

/* Reads up to `end`, which it stays on. */
static bool list(wp_x *x, int end, const char *end_name, wp_vec *out)
{
    while (x->s.token != end) {
        wp_term *t = wp_x_in_list(x);
        if (!t)
            return false;
        wp_vec_add(x->p, out, t);
        if (x->s.token == end)
            return true;
        if (x->s.token != ',') {
            wp_x_illegal(x, "expected \",\" or \"%s\"", end_name);
            return false;
        }
        wp_x_scan(x);
    }
    return true;
}

static wp_term *call(wp_x *x, wp_term *op)
{
    wp_vec items = {0};
    wp_vec_add(x->p, &items, op);
    wp_x_scan(x);
    bool empty = x->s.token == ')';
    if (!empty && !list(x, ')', ")", &items))
        return NULL;
    wp_x_touch(x);
    if (empty && wp_ref_is(op, "set", NULL))
        return new_list(x, WP_SET, (wp_vec){0}, op->loc);
    return new_list(x, WP_CALL, items, op->loc);
}

static bool may_be_head(const wp_term *t)
{
    switch (t->kind) {
    case WP_NULL:
    case WP_BOOLEAN:
    case WP_NUMBER:
    case WP_STRING:
    case WP_REF:
    case WP_TEMPLATE: return false;
    default: return true;
    }
}

static bool bracket_step(wp_x *x, wp_vec *parts)
{
    wp_x_scan(x);
    wp_term *t = wp_x_infix(x);
    if (!t)
        return false;
    if (x->s.token != ']') {
        wp_x_illegal(x, "expected [");
        return false;
    }
    wp_vec_add(x->p, parts, t);
    wp_x_touch(x);
    return true;
}

static wp_term *steps(wp_x *x, wp_term *head)
{
    wp_vec parts = {0};
    if (!may_be_head(head))
        wp_x_error_at(x, head->loc, "illegal ref (head cannot be %s)",
                      wp_kind_name((wp_term_kind)head->kind));
    wp_vec_add(x->p, &parts, head);
    for (;;) {
        switch (x->s.token) {
        case '.':
            wp_x_touch(x);
            if (x->s.token != WP_X_IDENT && !wp_x_ref_word(x, x->s.token)) {
                wp_x_illegal(x, "expected identifier");
                return NULL;
            }
            wp_vec_add(x->p, &parts, wp_new_key(x->p, wp_x_here(x)));
            wp_x_touch(x);
            break;
        case '[':
            if (!bracket_step(x, &parts))
                return NULL;
            break;
        case '(': {
            wp_term *t = call(x, new_list(x, WP_REF, parts, head->loc));
            if (!t)
                return NULL;
            if (x->s.token == WP_X_BLANK)
                wp_x_scan(x);
            else if (x->s.token == '.' || x->s.token == '[')
                return wp_x_ref(x, t);
            return t;
        }
        case WP_X_BLANK: wp_x_scan(x); return new_list(x, WP_REF, parts, head->loc);
        default: return new_list(x, WP_REF, parts, head->loc);
        }
    }
}

wp_term *wp_x_ref(wp_x *x, wp_term *head)
{
    if (!wp_x_enter(x))
        return NULL;
    wp_term *t = steps(x, head);
    wp_x_leave(x);
    return t;
}

/* What touches a term behind it. */
static wp_term *finish(wp_x *x, wp_term *head)
{
    if (!head)
        return NULL;
    wp_x_touch(x);
    if (x->s.token == '(' || x->s.token == '.' || x->s.token == '[')
        return wp_x_ref(x, head);
    if (x->s.token == WP_X_BLANK)
        wp_x_scan(x);
    if (!root_document(head))
        return head;
    wp_vec v = {0};
    wp_vec_add(x->p, &v, head);
    return new_list(x, WP_REF, v, head->loc);
}

/* ---- scalars ---- */

wp_term *wp_x_var(wp_x *x)
{
    return wp_new_var(x->p, wp_x_here(x));
}

static wp_term *number(wp_x *x)
{
    wp_loc loc = x->s.loc;
    const char *prefix = "";
    if (x->s.token == '-') {
        prefix = "-";
        wp_x_scan(x);
        if (x->s.token != WP_RAW_NUMBER && x->s.token != '.') {
            wp_x_illegal(x, "expected number");
            return NULL;
        }
    }
    bool dot = x->s.token == '.';
    if (dot) {
        prefix = *prefix ? "-." : ".";
        wp_x_scan(x);
        if (x->s.token != WP_RAW_NUMBER) {
            wp_x_illegal(x, "expected number");
            return NULL;
        }
    }
    wb_str s = wp_x_text(x);
    bool fraction = s.n > 1 && s.p[1] == '.';
    bool exponent = s.n > 2 && (s.p[1] == 'e' || s.p[1] == 'E');
    if (!dot && s.n > 1 && s.p[0] == '0' && !fraction && !exponent) {
        wp_x_illegal(x, "expected number without leading zero");
        return NULL;
    }
    wp_term *t = new_term(x, WP_NUMBER, loc);
    t->value = WV_FALSE;
    char *whole = wb_arena_printf(x->p->arena, "%s%.*s", prefix, WB_FMT(s));
    wv_num_status status = wv_number_parse(x->p->arena, wb_str_of(whole), true, &t->value);
    if (status == WV_NUM_OK)
        return t;
    if (status == WV_NUM_TOO_BIG || status == WV_NUM_LIMIT)
        wp_x_error_at(x, x->s.loc, "number too big");
    else
        wp_x_illegal(x, "invalid float");
    return NULL;
}

static wp_term *minus(wp_x *x)
{
    wp_x_state s = x->s;
    wp_x_scan(x);
    if (x->s.token != WP_X_IDENT && x->s.token != X_TOKEN(CONTAINS)) {
        x->s = s;
        return finish(x, number(x));
    }
    wp_term *t = finish(x, wp_x_var(x));
    if (!t)
        return NULL;
    wp_term *zero = new_term(x, WP_NUMBER, s.loc);
    zero->value = wv_small(0);
    t = wp_new_infix(x->p, "minus", wp_token_span(x->p, s.at), zero, t, (wp_span){0});
    t->loc = s.loc;
    return t;
}

static wp_term *string(wp_x *x)
{
    wp_span s = wp_x_here(x);
    wb_str text = wp_x_text(x);
    wp_term *t = new_term(x, WP_STRING, x->s.loc);
    text.p++;
    text.n -= 2;
    if (x->s.token == WP_RAW_RAW_STRING) {
        t->value = wv_string_new(x->p->arena, text);
    } else if (!wp_unescape(x->p, text, false, &t->value)) {
        text = wb_str_n(x->p->file.text.p + s.off, s.end - s.off);
        wp_x_error_at(x, x->s.loc, "illegal string literal: %.*s", WB_FMT(text));
        return NULL;
    }
    return t;
}

/* ---- template strings ---- */

static bool is_part(int token)
{
    return token == WP_RAW_TPART || token == WP_RAW_RAW_TPART;
}

static bool is_last_part(int token)
{
    return token == WP_RAW_TEND || token == WP_RAW_RAW_TEND;
}

static const char *forbidden_in_hole(const wp_expr *e)
{
    if (e->negated)
        return "negation ('not')";
    if (e->kind == WP_EXPR_CALL && wp_ref_is(e->call.items[0], "eq", NULL))
        return "unification ('=')";
    if (e->kind == WP_EXPR_CALL && wp_ref_is(e->call.items[0], "assign", NULL))
        return "assignment (':=')";
    if (e->kind == WP_EXPR_EVERY)
        return "'every'";
    return e->kind == WP_EXPR_SOME ? "'some'" : NULL;
}

static bool template_text(wp_x *x)
{
    wb_str text = wp_template_inner(x->p, wp_x_here(x));
    wv value;
    if (x->s.token == WP_RAW_RAW_TPART || x->s.token == WP_RAW_RAW_TEND ||
        wp_unescape(x->p, text, true, &value))
        return true;
    wp_x_error_at(x, x->s.loc, "illegal template-string part: %.*s", (int)text.n + 2, text.p - 1);
    return false;
}

static wp_term *template_string(wp_x *x)
{
    wp_term *t = new_term(x, WP_TEMPLATE, x->s.loc);
    wp_vec parts = {0};
    if (x->p->options.version == WP_V0) {
        wp_x_error_at(x, x->s.loc, "template strings are not supported by current capabilities");
        return NULL;
    }
    for (;;) {
        if (!template_text(x))
            return NULL;
        if (is_last_part(x->s.token))
            break;
        wp_x_scan(x);
        wp_expr *e = wp_x_literal(x);
        if (!e) {
            wp_x_error_at(x, x->s.loc, "invalid template-string expression");
            return NULL;
        }
        const char *what = forbidden_in_hole(e);
        if (what) {
            wp_x_error_at(x, e->loc, "unexpected %s in template-string expression", what);
            return NULL;
        }
        if (x->s.token != '}') {
            wp_x_error_at(x, x->s.loc, "expected } to end template string expression");
            return NULL;
        }
        wp_vec_add(x->p, &parts, e);
        wp_x_scan(x);
        if (x->s.token == WP_X_ILLEGAL)
            return NULL;
        if (!is_part(x->s.token) && !is_last_part(x->s.token)) {
            x->lost = true; /* the scanner saw the hole end elsewhere */
            return NULL;
        }
    }
    t->tmpl.parts = (wp_expr **)parts.p;
    t->tmpl.n = parts.n;
    return t;
}

/* ---- collections and comprehensions ---- */

static wp_term *comprehension(wp_x *x, wp_term_kind kind, wp_term *key, wp_term *value, int end,
                              wp_loc loc)
{
    wp_body body;
    wp_x_scan(x);
    if (!wp_x_body(x, end, &body))
        return NULL;
    wp_term *t = new_term(x, kind, loc);
    t->comp.key = key;
    t->comp.value = value;
    t->comp.body = body;
    return t;
}

static wp_term *rest(wp_x *x, wp_term_kind kind, wp_term *first, wp_loc loc)
{
    wp_vec items = {0};
    if (first)
        wp_vec_add(x->p, &items, first);
    bool array = kind == WP_ARRAY;
    if (!list(x, array ? ']' : '}', array ? "]" : "}", &items))
        return NULL;
    return new_list(x, kind, items, loc);
}

/* An array or set behind its first element, which was read from `begin` on. may: a comprehension is
 * possible. */
static wp_term *elements(wp_x *x, wp_term_kind kind, wp_x_state begin, wp_term *head, bool may,
                         wp_loc loc)
{
    bool array = kind == WP_ARRAY;
    int end = array ? ']' : '}';
    if (x->s.token == end)
        return rest(x, kind, head, loc);
    if (x->s.token == ',') {
        wp_x_scan(x);
        return rest(x, kind, head, loc);
    }
    if (x->s.token == '|' && may) {
        wp_term *t = comprehension(x, array ? WP_ARRAY_COMP : WP_SET_COMP, NULL, head, end, loc);
        if (t || x->s.token != ',')
            return t;
    }
    x->s = begin;
    return rest(x, kind, NULL, loc);
}

static wp_term *array(wp_x *x)
{
    wp_loc loc = x->s.loc;
    wp_x_scan(x);
    if (x->s.token == ']')
        return new_list(x, WP_ARRAY, (wp_vec){0}, loc);
    bool may = x->s.token != ',';
    if (!may)
        wp_x_scan(x);
    wp_x_state s = x->s;
    wp_term *head = wp_x_term(x);
    return head ? elements(x, WP_ARRAY, s, head, may, loc) : NULL;
}

static bool pairs(wp_x *x, wp_vec *out)
{
    while (x->s.token != '}') {
        wp_term *key = wp_x_in_list(x);
        if (!key)
            return false;
        if (x->s.token != ':') {
            wp_x_illegal(x, "expected \":\"");
            return false;
        }
        wp_x_scan(x);
        wp_term *value = wp_x_in_list(x);
        if (!value)
            return false;
        wp_vec_add(x->p, out, wp_new_pair(x->p, key, value));
        if (x->s.token == '}')
            return true;
        if (x->s.token != ',') {
            wp_x_illegal(x, "expected \",\" or \"}\"");
            return false;
        }
        wp_x_scan(x);
    }
    return true;
}

static wp_term *object_rest(wp_x *x, wp_term *key, wp_term *value, bool may, wp_loc loc)
{
    if (x->s.token == '|') {
        if (may)
            return comprehension(x, WP_OBJECT_COMP, key, value, '}', loc);
        wp_x_illegal(x, "non-terminated object");
        return NULL;
    }
    wp_vec all = {0};
    wp_vec_add(x->p, &all, wp_new_pair(x->p, key, value));
    if (x->s.token == ',') {
        wp_x_scan(x);
        if (!pairs(x, &all))
            return NULL;
    }
    wp_term *t = wp_new_object(x->p, all, (wp_span){0});
    t->loc = loc;
    return t;
}

static wp_term *object(wp_x *x, wp_term *key, bool may, wp_loc loc)
{
    wp_x_scan(x);
    wp_x_state s = x->s;
    wp_term *value = wp_x_term(x);
    if (!value)
        return NULL;
    if (may && (x->s.token == '}' || x->s.token == ','))
        return object_rest(x, key, value, true, loc);
    if (may && x->s.token == '|') {
        wp_term *t = object_rest(x, key, value, true, loc);
        if (t)
            return t;
    }
    x->s = s;
    value = wp_x_in_list(x);
    if (!value)
        return NULL;
    if (x->s.token == '}' || x->s.token == ',')
        return object_rest(x, key, value, false, loc);
    wp_x_illegal(x, "non-terminated object");
    return NULL;
}

static wp_term *set_or_object(wp_x *x)
{
    wp_loc loc = x->s.loc;
    wp_x_scan(x);
    if (x->s.token == '}')
        return new_list(x, WP_OBJECT, (wp_vec){0}, loc);
    bool may = x->s.token != ',';
    if (!may)
        wp_x_scan(x);
    wp_x_state s = x->s;
    wp_term *head = wp_x_term(x);
    if (!head)
        return NULL;
    if (x->s.token == '}' || x->s.token == ',' || (x->s.token == '|' && may))
        return elements(x, WP_SET, s, head, may, loc);
    if (x->s.token == ':')
        return object(x, head, may, loc);
    x->s = s;
    head = wp_x_in_list(x);
    if (!head)
        return NULL;
    if (x->s.token == '}' || x->s.token == ',')
        return elements(x, WP_SET, s, head, false, loc);
    if (x->s.token == ':')
        return object(x, head, may, loc);
    wp_x_illegal(x, "non-terminated set");
    return NULL;
}

/* ---- a term ---- */

static wp_term *in_parens(wp_x *x)
{
    wp_x_scan(x);
    wp_term *t = wp_x_infix(x);
    if (!t)
        return NULL;
    if (x->s.token != ')') {
        wp_x_error_at(x, x->s.loc, "non-terminated expression");
        return NULL;
    }
    t->parens = true;
    return t;
}

static wp_term *scalar(wp_x *x, wp_term_kind kind, wv value)
{
    wp_term *t = new_term(x, kind, x->s.loc);
    t->value = value;
    return t;
}

static wp_term *primary(wp_x *x)
{
    /* and(, or( are the functions of & and | where a term begins. */
    if (wp_x_at_logical(x) && wp_x_peek(x) == '(')
        x->s.token = WP_X_IDENT;
    switch (x->s.token) {
    case X_TOKEN(NULL): return scalar(x, WP_NULL, WV_NULL);
    case X_TOKEN(TRUE): return scalar(x, WP_BOOLEAN, WV_TRUE);
    case X_TOKEN(FALSE): return scalar(x, WP_BOOLEAN, WV_FALSE);
    case '.':
    case WP_RAW_NUMBER: return number(x);
    case WP_RAW_STRING:
    case WP_RAW_RAW_STRING: return string(x);
    case WP_RAW_TPART:
    case WP_RAW_TEND:
    case WP_RAW_RAW_TPART:
    case WP_RAW_RAW_TEND: return template_string(x);
    case WP_X_IDENT:
    case X_TOKEN(CONTAINS): return wp_x_var(x);
    case '[': return array(x);
    case '{': return set_or_object(x);
    case '(': return in_parens(x);
    default: wp_x_illegal(x, "%s", ""); return NULL;
    }
}

/* The number of the first memo at or behind an offset. */
static uint32_t memo_at(const wp_x *x, uint32_t offset)
{
    uint32_t lo = x->first_memo, hi = x->n_memo;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (x->memo[mid].offset < offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void remember(wp_x *x, uint32_t offset, wp_term *t)
{
    x->n_memo = memo_at(x, offset);
    if (x->n_memo == x->cap_memo) {
        x->cap_memo = x->cap_memo ? x->cap_memo * 2 : 64;
        x->memo = wb_realloc(x->memo, x->cap_memo * sizeof *x->memo);
    }
    x->memo[x->n_memo++] = (wp_x_memo){offset, t, x->s};
}

wp_term *wp_x_term(wp_x *x)
{
    uint32_t offset = x->s.loc.offset, i = memo_at(x, offset);
    if (i < x->n_memo && x->memo[i].offset == offset) {
        x->s = x->memo[i].after;
        return x->memo[i].term;
    }
    if (!wp_x_enter(x))
        return NULL;
    wp_term *t = x->s.token == '-' ? minus(x) : finish(x, primary(x));
    remember(x, offset, t);
    wp_x_leave(x);
    return t;
}
