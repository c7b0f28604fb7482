/* Recursion: a rule that needs itself is refused.
 *
 * Takes the ordered rules. Follows references from rule to rule through the data tree; a reference
 * that stops at a package, or goes on by a variable, reaches every rule below it.
 *
 * Reports: `rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p`. */
#include "compiler/unit.h"

enum { NEW, OPEN, DONE };

typedef struct walker {
    wc_unit *u;
    const wc_rule *rule; /* whose terms are walked */
    wc_node *path[4096]; /* rules being visited */
    uint32_t depth;
} walker;

static void visit(walker *w, wc_node *n);
static void walk_body(walker *w, const wp_body *b);

static void report(walker *w, const wc_node *n)
{
    wb_buf text;
    wb_buf_init(&text, 1 << 16);
    uint32_t from = w->depth;
    while (from && w->path[from - 1] != n)
        from--;
    if (from)
        from--;
    for (uint32_t at = from; at < w->depth; at++) {
        if (w->path[at]->told)
            continue;
        w->path[at]->told = true;
        wb_buf_clear(&text);
        for (uint32_t i = 0; i <= w->depth - from; i++) {
            const wc_node *step = w->path[from + (at - from + i) % (w->depth - from)];
            wb_buf_putf(&text, "%s%.*s", i ? " -> " : "",
                        WB_FMT(wc_rule_path_text(w->u, step->rules[0])));
        }
        const wc_rule *r = w->path[at]->rules[0];
        w->u->module = r->module;
        wb_str name = wc_rule_path_text(w->u, r);
        wp_report(w->u->diags, WP_RECURSION_ERROR, wc_file(w->u), r->loc,
                  "rule %.*s is recursive: %.*s", WB_FMT(name), WB_FMT(wb_buf_str(&text)));
    }
    w->u->module = NULL;
    wb_buf_free(&text);
}

static void visit_below(walker *w, wc_node *n)
{
    if (n->n_rules) /* functions too: OPA counts them as part of the package */
        visit(w, n);
    for (wc_node *c = n->first; c; c = c->next)
        visit_below(w, c);
}

/* The constant that the body gives a variable by `x := "a"`; undefined when there is none. */
static wv known_value(const walker *w, const wp_term *t)
{
    if (t->kind != WP_VAR || !wc_is_local(t) || !w->rule)
        return WV_UNDEFINED;
    const wp_body *b = &w->rule->body;
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        if (e->kind != WP_EXPR_CALL || e->negated || e->call.n != 3 || e->n_with ||
            e->call.items[0]->kind != WP_STRING ||
            !wb_str_is(wv_str(&e->call.items[0]->value), "eq"))
            continue;
        for (int side = 1; side <= 2; side++) {
            const wp_term *x = e->call.items[side], *y = e->call.items[3 - side];
            if (x->kind == WP_VAR && wc_is_local(x) && wc_var_of(x) == wc_var_of(t) &&
                y->kind <= WP_STRING)
                return y->value;
        }
    }
    return WV_UNDEFINED;
}

static void follow(walker *w, const wp_term *ref)
{
    wc_node *n = w->u->root;
    for (uint32_t i = 1; i < ref->list.n && !n->n_rules; i++) {
        const wp_term *el = ref->list.items[i];
        wv name = el->kind <= WP_STRING ? el->value : known_value(w, el);
        if (name == WV_UNDEFINED)
            break;
        n = wc_node_child(n, name);
        if (!n)
            return;
    }
    if (n->n_rules)
        visit(w, n);
    else
        visit_below(w, n);
}

static void walk_term(walker *w, const wp_term *t)
{
    switch ((wp_term_kind)t->kind) {
    case WP_REF:
        if (wc_is_root(t->list.items[0], "data"))
            follow(w, t);
        for (uint32_t i = 0; i < t->list.n; i++)
            walk_term(w, t->list.items[i]);
        return;
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            walk_term(w, t->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            walk_term(w, t->object.pairs[i].key);
            walk_term(w, t->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            walk_term(w, t->comp.key);
        walk_term(w, t->comp.value);
        walk_body(w, &t->comp.body);
        return;
    default: return;
    }
}

static void walk_body(walker *w, const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const wp_expr *e = b->exprs[i];
        for (uint32_t j = 0; j < e->n_with; j++)
            walk_term(w, e->with[j].value);
        switch ((wp_expr_kind)e->kind) {
        case WP_EXPR_TERM: walk_term(w, e->term); break;
        case WP_EXPR_CALL:
            for (uint32_t j = 0; j < e->call.n; j++)
                walk_term(w, e->call.items[j]);
            break;
        case WP_EXPR_SOME: walk_term(w, e->some.items[0]); break;
        case WP_EXPR_EVERY:
            walk_term(w, e->every.domain);
            walk_body(w, &e->every.body);
            break;
        case WP_EXPR_NOT: walk_body(w, &e->body); break;
        case WP_EXPR_AND:
        case WP_EXPR_OR:
            walk_body(w, &e->logic.lhs);
            walk_body(w, &e->logic.rhs);
            break;
        }
    }
}

static void visit(walker *w, wc_node *n)
{
    if (n->state == DONE)
        return;
    if (n->state == OPEN) {
        report(w, n);
        return;
    }
    if (w->depth >= sizeof w->path / sizeof *w->path) {
        wp_report(w->u->diags, WP_COMPILE_ERROR, NULL, n->rules[0]->loc,
                  "rules depend on each other too deeply");
        return;
    }
    n->state = OPEN;
    w->path[w->depth++] = n;
    const wc_rule *outer = w->rule;
    for (uint32_t i = 0; i < n->n_rules; i++)
        for (const wc_rule *r = n->rules[i]; r; r = r->else_rule) {
            w->rule = r;
            walk_body(w, &r->body);
            if (r->key)
                walk_term(w, r->key);
            if (r->value)
                walk_term(w, r->value);
            for (uint32_t k = r->n_ground; k < r->n_path; k++)
                walk_term(w, r->path[k]);
        }
    w->rule = outer;
    w->depth--;
    n->state = DONE;
}

static void visit_all(walker *w, wc_node *n)
{
    if (n->n_rules)
        visit(w, n);
    for (wc_node *c = n->first; c; c = c->next)
        visit_all(w, c);
}

void wc_check_recursion(wc_unit *u)
{
    walker w = {.u = u};
    visit_all(&w, u->root);
}
