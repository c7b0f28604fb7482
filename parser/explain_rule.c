/* The explainer: rules with a body, `if` or `contains`, and default rules. */
#include "parser/explain.h"

/* `every := 1`: a keyword where a rule's name is due. */
bool wp_x_keyword_as_name(wp_x *x, bool is_default)
{
    enum { SETS = 1, HEADS = 2, PAREN = 4 };
    int token = x->s.token, follow;
    switch (token) {
    case X_TOKEN(EVERY):
    case X_TOKEN(IF):
    case X_TOKEN(IN):
    case X_TOKEN(SOME):
    case X_TOKEN(AS): follow = SETS | HEADS | PAREN; break;
    case X_TOKEN(PACKAGE):
    case X_TOKEN(IMPORT): follow = SETS | PAREN; break;
    case X_TOKEN(NOT):
    case X_TOKEN(AND):
    case X_TOKEN(OR): follow = SETS | HEADS; break;
    case X_TOKEN(CONTAINS): follow = HEADS; break;
    default: return false;
    }
    if (!is_default) {
        wp_x_state s = x->s;
        wp_x_scan(x);
        int next = x->s.token;
        x->s = s;
        bool sets = next == WP_RAW_ASSIGN || next == '=';
        bool heads = next == X_TOKEN(IF) || next == X_TOKEN(CONTAINS);
        if (!((follow & SETS && sets) || (follow & HEADS && heads) ||
              (follow & PAREN && next == '(')))
            return false;
    }
    wp_x_error_at(x, x->s.loc, "%s keyword cannot be used for rule name",
                  wp_word_text((uint8_t)(token - WP_X_WORD)));
    return true;
}

const char *wp_x_printed(wp_x *x, const wp_term *t)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 16);
    wp_term_put(&b, t);
    const char *text = wb_arena_dup(x->p->arena, b.p, b.n);
    wb_buf_free(&b);
    return text;
}

typedef struct head {
    wp_term **ref;
    uint32_t n_ref;
    wp_term **args;
    uint32_t n_args;
    bool call; /* had an argument list */
    wp_term *key, *value;
    bool contains;
} head;

static bool operator_sign(int token)
{
    return token == '+' || token == '-' || token == '*' || token == '/' || token == '%' ||
           token == '&' || token == '|' || token == '<' || token == '>' || token == WP_RAW_EQ ||
           token == WP_RAW_NE || token == WP_RAW_LE || token == WP_RAW_GE;
}

/* The term a head begins with. Blanks may stand before its ( [ and dot. */
static wp_term *head_term(wp_x *x)
{
    wp_term *t = wp_x_var(x);
    wp_x_touch(x);
    if (operator_sign(x->s.token))
        wp_x_illegal(x, "%s", "");
    else if (x->s.token == WP_X_BLANK)
        wp_x_scan(x);
    if (x->s.token != '(' && x->s.token != '.' && x->s.token != '[')
        return t;
    t = wp_x_ref(x, t);
    if (!t)
        wp_x_illegal(x, "expected rule head name");
    return t;
}

static bool head_shape(wp_x *x, wp_term *t, head *h)
{
    if (t->kind == WP_CALL) {
        h->call = true;
        h->args = t->list.items + 1;
        h->n_args = t->list.n - 1;
        t = t->list.items[0];
        if (t->list.items[0]->kind != WP_VAR) {
            wp_x_illegal(x, "rule head ref %s invalid", wp_x_printed(x, t));
            return false;
        }
    } else if (t->kind == WP_VAR) {
        h->ref = wb_arena_alloc(x->p->arena, sizeof *h->ref);
        h->ref[0] = t;
        h->n_ref = 1;
        return true;
    }
    if (t->kind != WP_REF)
        return false;
    h->ref = t->list.items;
    h->n_ref = t->list.n;
    return true;
}

static void head_value(wp_x *x, head *h, bool is_default, const char *name)
{
    bool assign = x->s.token == WP_RAW_ASSIGN;
    wp_x_scan(x);
    h->value = wp_x_infix(x);
    if (h->value)
        return;
    if (!assign)
        wp_x_illegal(x, "expected rule value term (e.g., %s[<nil>] = <VALUE> { ... })", name);
    else if (h->n_args)
        wp_x_illegal(x, "expected function value term (e.g., %s(...) := <VALUE> { ... })", name);
    else if (is_default)
        wp_x_illegal(x, "expected default rule value term (e.g., default %s := <VALUE>)", name);
    else
        wp_x_illegal(x, "expected rule value term (e.g., %s := <VALUE> { ... })", name);
}

static bool read_head(wp_x *x, bool is_default, head *h)
{
    wp_loc loc = x->s.loc;
    wp_term *t = head_term(x);
    if (!t || !head_shape(x, t, h))
        return false;
    wb_buf b;
    wb_buf_init(&b, 1 << 16);
    wp_ref_put(&b, h->ref, h->n_ref);
    const char *name = wb_arena_dup(x->p->arena, b.p, b.n);
    wb_buf_free(&b);
    x->name = h->n_ref == 1 ? h->ref[0]->name : (wb_str){0};
    if (x->s.token == X_TOKEN(CONTAINS)) {
        if (h->call)
            wp_x_illegal(x,
                         "the contains keyword can only be used with multi-value rule definitions "
                         "(e.g., %s contains <VALUE> { ... })",
                         name);
        wp_x_scan(x);
        h->contains = true;
        h->key = wp_x_infix(x);
        if (!h->key)
            wp_x_illegal(x, "expected rule key term (e.g., %s contains <VALUE> { ... })", name);
        return true;
    }
    if (x->s.token == '=' || x->s.token == WP_RAW_ASSIGN)
        head_value(x, h, is_default, name);
    if (!h->value && (h->n_ref != 2 || h->n_args)) {
        h->value = wp_new_scalar(x->p, WP_BOOLEAN, WV_TRUE, (wp_span){0});
        h->value->loc = loc;
    }
    return true;
}

static bool default_rule(wp_x *x, const head *h, wp_loc loc)
{
    if (!h->value) {
        wp_x_error_at(x, loc, "illegal default rule (must have a value)");
        return false;
    }
    const char *kind = wp_default_problem(h->value);
    if (kind) {
        wp_x_error_at(x, loc, "illegal default rule (value cannot contain %s)", kind);
        return false;
    }
    for (uint32_t i = 0; i < h->n_args; i++) {
        const wp_term *arg = h->args[i];
        if (arg->kind != WP_VAR) {
            wp_x_error_at(x, loc, "illegal default rule (arguments cannot contain %s)",
                          wp_kind_name((wp_term_kind)arg->kind));
            return false;
        }
        for (uint32_t k = 0; k < i; k++)
            if (wb_str_eq(h->args[k]->name, arg->name)) {
                wp_x_error_at(x, loc, "illegal default rule (arguments cannot be repeated %.*s)",
                              WB_FMT(arg->name));
                return false;
            }
    }
    return true;
}

static bool braces(wp_x *x)
{
    wp_body body;
    wp_x_scan(x);
    if (!wp_x_body(x, '}', &body))
        return false;
    wp_x_scan(x);
    return true;
}

/* Rego v1 of a rule. body: one was written. */
static void check_v1(wp_x *x, const head *h, wp_loc loc, bool has_if, bool body)
{
    const char *what = h->n_args ? "function" : "rule";
    if (!x->v1)
        return;
    if (h->n_ref < 2 && wp_is_keyword(h->ref[0]->name, WP_V1))
        wp_x_late(x, loc, "%.*s keyword cannot be used for rule name", WB_FMT(h->ref[0]->name));
    if (body && !has_if)
        wp_x_late(x, loc, "`if` keyword is required before %s body", what);
    if (!h->value && h->key && !h->contains && !has_if)
        wp_x_late(x, loc, "`contains` keyword is required for partial set rules");
}

/* What follows `if`: an expression, or a body in braces where those hold no other value than a
 * set. */
static bool if_body(wp_x *x)
{
    wp_x_scan(x);
    wp_x_state s = x->s;
    bool brace = s.token == '{';
    const wp_expr *e = wp_x_literal(x);
    if (e && !(brace && e->kind == WP_EXPR_TERM && e->term->kind == WP_SET))
        return true;
    if (!brace)
        return false;
    x->s = s;
    return braces(x);
}

static bool else_part(wp_x *x, const head *h, bool *body)
{
    wp_loc loc = x->s.loc;
    wp_x_scan(x);
    bool sets = x->s.token == '=' || x->s.token == WP_RAW_ASSIGN;
    if (sets) {
        wp_x_scan(x);
        if (!wp_x_infix(x))
            return false;
    } else if (x->s.token != '{' && x->s.token != X_TOKEN(IF)) {
        wp_x_illegal(x, "expected else value term or rule body");
        return false;
    }
    bool has_if = x->s.token == X_TOKEN(IF);
    if (has_if)
        wp_x_scan(x);
    *body = has_if || x->s.token == '{';
    check_v1(x, h, loc, has_if, *body);
    if (x->s.token == '{')
        return braces(x);
    if (!has_if)
        return true;
    if (x->s.token == WP_RAW_EOF) {
        wp_x_illegal(x, "rule body expected");
        return false;
    }
    return wp_x_literal(x) != NULL;
}

static bool elses(wp_x *x, const head *h)
{
    for (uint32_t i = 1; i < h->n_ref; i++)
        if (!wp_term_ground(h->ref[i])) {
            wp_x_error_at(x, x->s.loc,
                          "else keyword cannot be used on rules with variables in head");
            return false;
        }
    if (h->key) {
        wp_x_error_at(x, x->s.loc, "else keyword cannot be used on multi-value rules");
        return false;
    }
    /* The first `else` may be a name; later ones are not looked at so closely. */
    bool body = true;
    while (body && x->s.token == X_TOKEN(ELSE))
        if (!else_part(x, h, &body))
            return false;
    return true;
}

bool wp_x_rule(wp_x *x)
{
    wp_loc loc = x->s.loc;
    head h = {0};
    wp_x_word_as_name(x);
    bool is_default = x->s.token == X_TOKEN(DEFAULT);
    if (is_default) {
        wp_x_scan(x);
        wp_x_word_as_name(x);
    }
    if (x->s.token != WP_X_IDENT) {
        if (is_default)
            wp_x_keyword_as_name(x, true);
        return false;
    }
    if (!read_head(x, is_default, &h))
        return false;
    if (is_default)
        return default_rule(x, &h, loc);
    bool has_if = x->s.token == X_TOKEN(IF);
    bool pair = h.n_ref == 2 && !h.contains;
    if (pair && (has_if ? h.value != NULL : !h.n_args) && h.ref[0]->kind != WP_VAR)
        return false;
    if (pair && !h.n_args && (!has_if || !wp_term_ground(h.ref[1]) || h.ref[1]->kind == WP_REF))
        h.key = h.ref[1];
    if (pair && !has_if && !h.n_args && !h.value)
        h.n_ref = 1;
    check_v1(x, &h, loc, has_if, has_if || x->s.token == '{');
    if (has_if) {
        if (!if_body(x))
            return false;
    } else if (x->s.token == '{') {
        if (!braces(x))
            return false;
    } else {
        return h.contains;
    }
    bool has_else = false;
    if (x->s.token == X_TOKEN(ELSE) && !wp_x_word_as_name(x)) {
        has_else = true;
        if (!elses(x, &h))
            return false;
    }
    while (x->s.token == '{') {
        if (has_else) {
            wp_x_error_at(x, x->s.loc, "expected else keyword");
            return false;
        }
        loc = x->s.loc;
        if (!braces(x))
            return false;
        check_v1(x, &h, loc, has_if, true);
    }
    return true;
}
