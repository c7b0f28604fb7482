/* Statements of a module: rules from the expressions they were read as.
 *
 * OPA reads a rule without body, `if` and `contains` as a query and turns the query into a rule;
 * the places such rules report differ from those of rules with a body, and so they do here. */
#include "parser/internal.h"

static wp_expr *true_expr(wp_parser *p, wp_loc loc)
{
    wp_expr *e = wp_new_expr(p, WP_EXPR_TERM, (wp_span){0});
    e->term = wp_new_scalar(p, WP_BOOLEAN, WV_TRUE, (wp_span){0});
    e->generated = true;
    e->loc = e->term->loc = loc;
    return e;
}

static wp_body true_body(wp_parser *p, wp_loc loc)
{
    wp_vec v = {0};
    wp_vec_add(p, &v, true_expr(p, loc));
    return wp_new_body(p, v);
}

static wp_term *true_term(wp_parser *p, const wp_loc *loc)
{
    wp_term *t = wp_new_scalar(p, WP_BOOLEAN, WV_TRUE, (wp_span){0});
    t->loc = loc ? *loc : (wp_loc){0};
    return t;
}

static bool is_op(const wp_expr *e, const char *name)
{
    return e->kind == WP_EXPR_CALL && e->infix && wp_ref_is(e->call.items[0], name, NULL);
}

static bool is_wildcard(const wp_term *t)
{
    return t->kind == WP_VAR && t->name.n && t->name.p[0] == '$';
}

/* The call, ref or variable that a statement's expression begins with. */
static wp_term *head_term(wp_parser *p, const wp_expr *e, wp_term *call)
{
    if (e->kind == WP_EXPR_TERM)
        return e->term;
    if (is_op(e, "assign") || is_op(e, "eq"))
        return e->call.items[1];
    *call = (wp_term){.kind = WP_CALL, .infix = e->infix, .loc = e->loc};
    call->list.items = e->call.items;
    call->list.n = e->call.n;
    return call;
}

void wp_note_head(wp_parser *p, const wp_expr *head)
{
    wp_term call;
    p->head_wildcards = 0;
    if (!head)
        return;
    const wp_term *t = head_term(p, head, &call);
    if (t->kind != WP_CALL)
        return;
    for (uint32_t i = 1; i < t->list.n; i++)
        p->head_wildcards += is_wildcard(t->list.items[i]);
}

wp_tail *wp_new_tail(wp_parser *p, wp_span s)
{
    wp_tail *t = wb_arena_calloc(p->arena, sizeof *t);
    t->has_body = true;
    t->if_span = s;
    return t;
}

wp_else *wp_new_else(wp_parser *p, wp_span s)
{
    wp_else *e = wb_arena_calloc(p->arena, sizeof *e);
    e->span = e->head_span = s;
    e->wildcard = p->wildcards;
    p->wildcards += p->head_wildcards;
    return e;
}

wp_chain *wp_new_chain(wp_parser *p, wp_span s)
{
    wp_chain *c = wb_arena_calloc(p->arena, sizeof *c);
    c->span = s;
    c->wildcard = p->wildcards;
    p->wildcards += p->head_wildcards;
    return c;
}

static bool terms_ground(wp_term *const *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!wp_term_ground(items[i]))
            return false;
    return true;
}

static bool body_ground(const wp_body *body);

static bool expr_ground(const wp_expr *e)
{
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: return wp_term_ground(e->term);
    case WP_EXPR_CALL: return terms_ground(e->call.items, e->call.n);
    case WP_EXPR_NOT: return body_ground(&e->body);
    case WP_EXPR_AND:
    case WP_EXPR_OR: return body_ground(&e->logic.lhs) && body_ground(&e->logic.rhs);
    case WP_EXPR_SOME:
    case WP_EXPR_EVERY: return false;
    }
    return false;
}

static bool body_ground(const wp_body *body)
{
    for (uint32_t i = 0; i < body->n; i++)
        if (!expr_ground(body->exprs[i]))
            return false;
    return true;
}

bool wp_term_ground(const wp_term *t)
{
    switch (t->kind) {
    case WP_VAR:
    case WP_TEMPLATE: return false;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        return (!t->comp.key || wp_term_ground(t->comp.key)) && wp_term_ground(t->comp.value) &&
               body_ground(&t->comp.body);
    case WP_REF: return terms_ground(t->list.items + 1, t->list.n - 1);
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL: return terms_ground(t->list.items, t->list.n);
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            if (!wp_term_ground(t->object.pairs[i].key) ||
                !wp_term_ground(t->object.pairs[i].value))
                return false;
        return true;
    default: return true;
    }
}

static wp_head *new_head(wp_parser *p, wp_loc loc)
{
    wp_head *h = wb_arena_calloc(p->arena, sizeof *h);
    h->loc = loc;
    return h;
}

static wp_rule *new_rule(wp_parser *p, wp_head *head, wp_loc loc)
{
    wp_rule *r = wb_arena_calloc(p->arena, sizeof *r);
    r->head = head;
    r->loc = loc;
    return r;
}

/* Fills ref, args and name from the head's term. False when no rule can have such a head. */
static bool head_ref(wp_parser *p, wp_head *h, const wp_term *t)
{
    if (t->parens)
        return false;
    if (t->kind == WP_CALL) {
        if (t->infix)
            return false;
        h->args = t->list.items + 1;
        h->n_args = t->list.n - 1;
        h->is_function = h->n_args > 0;
        t = t->list.items[0];
    }
    if (t->kind == WP_VAR) {
        h->ref = wb_arena_alloc(p->arena, sizeof *h->ref);
        h->ref[0] = wp_new_term(p, WP_VAR, (wp_span){0});
        h->ref[0]->name = t->name;
        h->ref[0]->loc = t->loc;
        h->n_ref = 1;
    } else if (t->kind == WP_REF && t->list.items[0]->kind == WP_VAR) {
        h->ref = t->list.items;
        h->n_ref = t->list.n;
    } else {
        return false;
    }
    if (h->n_ref == 1)
        h->name = h->ref[0]->name;
    return true;
}

/* ---- rules with `if`, a body or `contains` ---- */

static wp_head *copy_head(wp_parser *p, const wp_head *h, uint32_t wildcard)
{
    wp_head *to = wb_arena_alloc(p->arena, sizeof *to);
    *to = *h;
    to->ref = wp_copy_terms(p, h->ref, h->n_ref);
    to->args = h->args ? wp_copy_terms(p, h->args, h->n_args) : NULL;
    to->key = h->key ? wp_copy_term(p, h->key) : NULL;
    to->value = h->value ? wp_copy_term(p, h->value) : NULL;
    for (uint32_t i = 0; i < h->n_args; i++)
        if (is_wildcard(to->args[i]))
            to->args[i]->name = wp_new_wildcard(p, wildcard++);
    return to;
}

static void add_elses(wp_parser *p, wp_rule *rule, const wp_vec *elses)
{
    wp_rule *last = rule;
    uint32_t end = ((wp_else *)elses->p[elses->n - 1])->span.end;
    for (uint32_t i = 0; i < elses->n; i++) {
        wp_else *e = elses->p[i];
        e->span.end = end;
        wp_head *h = copy_head(p, rule->head, e->wildcard);
        h->loc = wp_loc_of(p, e->head_span);
        h->value_generated = !e->value;
        h->assign = e->value ? e->assign : h->assign;
        h->value = e->value ? e->value : true_term(p, NULL);
        wp_rule *r = new_rule(p, h, wp_loc_of(p, e->span));
        r->has_if = e->has_if;
        if (e->has_body) {
            r->body = wp_new_body(p, e->body);
            if (e->one)
                wp_move_body(r->body, r->loc);
        } else {
            r->body = true_body(p, r->loc);
            r->body_generated = true;
            if (!e->value || i + 1 < elses->n) {
                wp_span s = wp_token_span(p, p->at);
                wp_syntax_error_note(p, s, "expected else value term or rule body");
            }
        }
        last->else_rule = r;
        last = r;
    }
}

static void add_chains(wp_parser *p, const wp_rule *rule, const wp_vec *chains)
{
    for (uint32_t i = 0; i < chains->n; i++) {
        const wp_chain *c = chains->p[i];
        wp_head *h = copy_head(p, rule->head, c->wildcard);
        h->loc = wp_loc_of(p, c->span);
        for (uint32_t k = 0; k < h->n_args; k++)
            wp_move_term(h->args[k], h->loc);
        if (h->key)
            wp_move_term(h->key, h->loc);
        if (h->value)
            wp_move_term(h->value, h->loc);
        wp_rule *r = new_rule(p, h, h->loc);
        r->has_if = rule->has_if;
        r->body = wp_new_body(p, c->body);
        wp_vec_add(p, &p->rules, r);
    }
}

static void set_value(wp_parser *p, wp_head *h, const wp_expr *e)
{
    if (is_op(e, "assign") || is_op(e, "eq")) {
        h->value = e->call.items[2];
        h->assign = is_op(e, "assign");
    }
}

void wp_add_rule(wp_parser *p, wp_expr *e, wp_term *key, wp_tail *tail, wp_span head_span,
                 wp_span rule_span)
{
    wp_term call;
    wp_head *h = new_head(p, wp_loc_of(p, head_span));
    p->n_statements++;
    if (p->n_statements == 1)
        p->first = rule_span;
    if (!head_ref(p, h, head_term(p, e, &call)) || (key && e->kind == WP_EXPR_CALL && e->infix)) {
        wp_span at = tail->has_body ? tail->if_span : head_span;
        wp_syntax_error_note(p, at, "");
        return;
    }
    set_value(p, h, e);
    wp_note_statement(p, h->name, rule_span.row);
    wp_rule *rule = new_rule(p, h, wp_loc_of(p, rule_span));
    bool pair = h->n_ref == 2 && !h->n_args;
    if (key) {
        h->key = key;
        h->contains = true;
        if (head_term(p, e, &call)->kind == WP_CALL) {
            wb_buf b;
            wb_buf_init(&b, 4096);
            wp_ref_put(&b, h->ref, h->n_ref);
            wp_syntax_error_note(
                p, wp_token_span(p, wp_token_at(p, wp_term_end(e->loc))),
                wb_arena_printf(p->arena,
                                "the contains keyword can only be used with multi-value rule "
                                "definitions (e.g., %s contains <VALUE> { ... })",
                                wb_buf_cstr(&b)));
            wb_buf_free(&b);
            return;
        }
    } else if (!h->value && (h->n_ref != 2 || h->n_args)) {
        h->value = true_term(p, NULL);
        h->value_generated = true;
    }
    if (tail->has_if && !key && h->n_ref == 2) {
        const wp_term *v = h->ref[1];
        if ((!wp_term_ground(v) || v->kind == WP_REF) && !h->n_args)
            h->key = h->ref[1];
        if (!h->value) {
            h->value = true_term(p, &h->loc);
            h->value_generated = true;
        } else {
            h->name = h->ref[0]->name;
        }
    }
    if (!tail->has_if && !key && pair) {
        h->name = h->ref[0]->name;
        h->key = h->ref[1];
        if (!h->value)
            h->n_ref = 1;
    }
    rule->has_if = tail->has_if;
    if (tail->has_body) {
        rule->body = wp_new_body(p, tail->body);
    } else {
        rule->body = true_body(p, (wp_loc){0});
        rule->body_generated = true;
        rule->loc = h->loc;
        rule->body.exprs[0]->loc = rule->body.exprs[0]->term->loc =
            wp_loc_of(p, wp_token_span(p, wp_token_at(p, rule_span.off)));
    }
    if (tail->elses.n) {
        const wp_else *first = tail->elses.p[0];
        wp_span at = first->span;
        at.end = at.off + 4;
        bool ground = true;
        for (uint32_t i = 1; i < h->n_ref; i++)
            ground = ground && wp_term_ground(h->ref[i]);
        if (!ground) {
            wp_parse_fail(p, wp_loc_of(p, at),
                          "else keyword cannot be used on rules with variables in head");
            return;
        }
        if (h->key) {
            wp_parse_fail(p, wp_loc_of(p, at), "else keyword cannot be used on multi-value rules");
            return;
        }
        add_elses(p, rule, &tail->elses);
    }
    if (tail->chains.n) {
        const wp_chain *first = tail->chains.p[0];
        wp_span whole = rule_span;
        whole.end = wp_token_before(p, first->span.off);
        rule->loc = wp_loc_of(p, whole);
    }
    if (p->n_statements == 1)
        return; /* the package is missing: this one is not judged */
    wp_vec_add(p, &p->rules, rule);
    add_chains(p, rule, &tail->chains);
}

/* ---- default rules ---- */

static const char *const kind_names[] = {
    [WP_NULL] = "null",
    [WP_BOOLEAN] = "boolean",
    [WP_NUMBER] = "number",
    [WP_STRING] = "string",
    [WP_VAR] = "var",
    [WP_REF] = "ref",
    [WP_ARRAY] = "array",
    [WP_SET] = "set",
    [WP_OBJECT] = "object",
    [WP_ARRAY_COMP] = "arraycomprehension",
    [WP_SET_COMP] = "setcomprehension",
    [WP_OBJECT_COMP] = "objectcomprehension",
    [WP_CALL] = "call",
    [WP_TEMPLATE] = "templatestring",
};

const char *wp_kind_name(wp_term_kind kind)
{
    return kind_names[kind];
}

const char *wp_default_problem(const wp_term *t)
{
    const char *kind = NULL;
    switch (t->kind) {
    case WP_VAR:
    case WP_REF:
    case WP_CALL: return kind_names[t->kind];
    case WP_ARRAY:
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n && !kind; i++)
            kind = wp_default_problem(t->list.items[i]);
        return kind;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n && !kind; i++) {
            kind = wp_default_problem(t->object.pairs[i].key);
            if (!kind)
                kind = wp_default_problem(t->object.pairs[i].value);
        }
        return kind;
    case WP_TEMPLATE:
        for (uint32_t i = 0; i < t->tmpl.n && !kind; i++) {
            const wp_expr *e = t->tmpl.parts[i];
            kind = e->kind == WP_EXPR_TERM   ? wp_default_problem(e->term)
                   : e->kind == WP_EXPR_CALL ? "ref"
                                             : NULL;
        }
        return kind;
    default: return NULL;
    }
}

void wp_add_default(wp_parser *p, wp_expr *e, wp_span keyword, wp_span head_span)
{
    wp_term call;
    wp_head *h = new_head(p, wp_loc_of(p, head_span));
    wp_rule *rule = new_rule(p, h, wp_loc_of(p, keyword));
    p->n_statements++;
    if (p->n_statements == 1)
        p->first = keyword;
    if (!head_ref(p, h, head_term(p, e, &call))) {
        wp_syntax_error_note(p, head_span, "");
        return;
    }
    set_value(p, h, e);
    if (!h->value && (h->n_ref != 2 || h->n_args)) {
        h->value = true_term(p, NULL);
        h->value_generated = true;
    }
    if (!h->value) {
        wp_parse_fail(p, rule->loc, "illegal default rule (must have a value)");
        return;
    }
    const char *kind = wp_default_problem(h->value);
    if (kind)
        wp_parse_fail(p, rule->loc, "illegal default rule (value cannot contain %s)", kind);
    for (uint32_t i = 0; i < h->n_args; i++) {
        const wp_term *arg = h->args[i];
        if (arg->kind != WP_VAR) {
            wp_parse_fail(p, rule->loc, "illegal default rule (arguments cannot contain %s)",
                          kind_names[arg->kind]);
            continue;
        }
        for (uint32_t k = 0; k < i; k++)
            if (h->args[k]->kind == WP_VAR && wb_str_eq(h->args[k]->name, arg->name)) {
                wp_parse_fail(p, rule->loc,
                              "illegal default rule (arguments cannot be repeated %.*s)",
                              WB_FMT(arg->name));
                break;
            }
    }
    rule->is_default = true;
    rule->body = true_body(p, rule->loc);
    wp_vec_add(p, &p->rules, rule);
}

/* ---- rules without body, which OPA reads as queries ---- */

static wp_rule *plain_rule(wp_parser *p, wp_head *h, wp_loc rule, wp_loc head, wp_loc body)
{
    h->loc = head;
    wp_rule *r = new_rule(p, h, rule);
    r->body = true_body(p, body);
    r->body_generated = true;
    return r;
}

static const char *invalid_head(wp_parser *p, const wp_term *t)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 16);
    wp_term_put(&b, t);
    const char *text = wb_arena_printf(p->arena, "invalid rule head: %s", wb_buf_cstr(&b));
    wb_buf_free(&b);
    return text;
}

static const char *rule_from_term(wp_parser *p, wp_term *t, wp_rule **out)
{
    wp_head *h = new_head(p, t->loc);
    if (t->kind != WP_REF)
        return wb_arena_printf(p->arena, "%s cannot be used for rule name", kind_names[t->kind]);
    if (t->list.n == 1)
        return "refs cannot be used for rule head";
    if (!head_ref(p, h, &(wp_term){.kind = WP_REF, .loc = t->loc, .list = t->list}))
        return invalid_head(p, t);
    if (t->list.n > 2) {
        h->value = true_term(p, &t->loc);
        h->value_generated = true;
    } else {
        h->name = h->ref[0]->name;
        h->key = h->ref[1];
        h->n_ref = 1;
    }
    *out = plain_rule(p, h, t->loc, t->loc, t->loc);
    return NULL;
}

static const char *rule_from_equality(wp_parser *p, const wp_expr *e, wp_rule **out)
{
    wp_term *l = e->call.items[1], *r = e->call.items[2];
    wp_head *h = new_head(p, e->loc);
    if (l->kind != WP_VAR && l->kind != WP_REF && (l->kind != WP_CALL))
        return wb_arena_printf(p->arena, "%s cannot be used for rule name", kind_names[l->kind]);
    wp_term plain = wp_term_here(l);
    plain.parens = plain.infix = false;
    if (!head_ref(p, h, &plain))
        return plain.kind == WP_CALL ? "call cannot be used for rule name" : invalid_head(p, l);
    if (l->kind != WP_CALL && h->n_ref == 2) {
        h->name = h->ref[0]->name;
        h->key = h->ref[1];
    }
    h->value = r;
    h->assign = is_op(e, "assign");
    *out = plain_rule(p, h, e->loc, e->loc, r->loc);
    return NULL;
}

static const char *rule_from_expr(wp_parser *p, wp_expr *e, wp_rule **out)
{
    if (e->n_with)
        return "expressions using with keyword cannot be used for rule head";
    if (e->negated)
        return "negated expressions cannot be used for rule head";
    if (e->kind == WP_EXPR_SOME)
        return "'some' declarations cannot be used for rule head";
    if (e->kind == WP_EXPR_TERM)
        return rule_from_term(p, e->term, out);
    if (e->kind != WP_EXPR_CALL)
        return "expression cannot be used for rule head";
    if (is_op(e, "assign") || is_op(e, "eq"))
        return rule_from_equality(p, e, out);
    if (e->infix || wp_is_builtin(p, e->call.items[0]))
        return "rule name conflicts with built-in function";
    if (e->call.n <= 1)
        return "rule argument list must take at least one argument";
    wp_term call;
    wp_head *h = new_head(p, e->loc);
    if (!head_ref(p, h, head_term(p, e, &call)))
        return invalid_head(p, e->call.items[0]);
    wp_loc loc = e->call.items[0]->loc;
    h->value = true_term(p, &loc);
    /* OPA does not mark this value as generated: such a rule needs no body. */
    *out = plain_rule(p, h, loc, loc, loc);
    return NULL;
}

void wp_note_statement(wp_parser *p, wb_str name, uint32_t row)
{
    wp_statement *s = wb_arena_alloc(p->arena, sizeof *s);
    *s = (wp_statement){name, row};
    wp_vec_add(p, &p->statements, s);
}

void wp_judge_statement(wp_parser *p, const wp_body *body, bool first)
{
    wp_expr *e = body->exprs[0];
    wp_rule *rule = NULL;
    bool var = body->n == 1 && e->kind == WP_EXPR_TERM && e->term->kind == WP_VAR;
    wp_note_statement(p, var ? e->term->name : (wb_str){0}, e->loc.row);
    if (first)
        return;
    const char *problem = body->n == 1 ? rule_from_expr(p, e, &rule)
                                       : "multiple expressions cannot be used for rule head";
    if (problem)
        wp_late_fail(p, e, problem);
    else
        wp_vec_add(p, &p->rules, rule);
}

void wp_add_statement(wp_parser *p, wp_vec exprs, wp_span s)
{
    wp_body body = wp_new_body(p, exprs);
    p->n_statements++;
    if (p->n_statements == 1)
        p->first = s;
    wp_judge_statement(p, &body, p->n_statements == 1);
}

void wp_set_package(wp_parser *p, wp_term *path, wp_span keyword)
{
    p->n_statements++;
    if (p->package || p->n_statements > 1) {
        wp_late_at(p, wp_loc_of(p, keyword), "unexpected package");
        return;
    }
    if (path->kind != WP_VAR && (path->kind != WP_REF || path->parens)) {
        wp_syntax_error_note(p, wp_token_span(p, p->at), "");
        return;
    }
    uint32_t n = path->kind == WP_VAR ? 1 : path->list.n;
    wp_term **from = path->kind == WP_VAR ? &path : path->list.items;
    wp_vec v = {0};
    wp_term *root = wp_new_term(p, WP_VAR, (wp_span){0});
    root->name = wb_str_of("data");
    root->loc = from[0]->loc;
    wp_vec_add(p, &v, root);
    for (uint32_t i = 0; i < n; i++) {
        wp_term *t = from[i];
        if (i == 0 && t->kind == WP_VAR) {
            wp_term *first =
                wp_new_scalar(p, WP_STRING, wv_string_new(p->arena, t->name), (wp_span){0});
            first->loc = t->loc;
            t = first;
        } else if (t->kind != WP_STRING) {
            wp_parse_fail(p, t->loc, "unexpected %s token: expecting %s", kind_names[t->kind],
                          i ? "string" : "var");
            return;
        }
        wp_vec_add(p, &v, t);
    }
    p->package = wp_new_list(p, WP_REF, v, (wp_span){0});
    p->package->loc = path->loc;
    p->package_loc = wp_loc_of(p, keyword);
}
