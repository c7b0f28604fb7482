/* Copies of terms for the heads that else parts and further bodies repeat, and moving them to
 * another place. */
#include "parser/internal.h"

static wp_expr *copy_expr(wp_parser *p, const wp_expr *e);

wp_term **wp_copy_terms(wp_parser *p, wp_term **items, uint32_t n)
{
    wp_term **to = wb_arena_alloc(p->arena, (n + 1) * sizeof *to);
    for (uint32_t i = 0; i < n; i++)
        to[i] = wp_copy_term(p, items[i]);
    return to;
}

static wp_body copy_body(wp_parser *p, wp_body b)
{
    wp_expr **to = wb_arena_alloc(p->arena, (b.n + 1) * sizeof *to);
    for (uint32_t i = 0; i < b.n; i++)
        to[i] = copy_expr(p, b.exprs[i]);
    return (wp_body){to, b.n};
}

static wp_expr *copy_expr(wp_parser *p, const wp_expr *e)
{
    size_t size = wp_expr_size((wp_expr_kind)e->kind);
    wp_expr *to = wb_arena_alloc(p->arena, size);
    memcpy(to, e, size);
    if (e->n_with) {
        to->with = wb_arena_alloc(p->arena, e->n_with * sizeof *to->with);
        for (uint32_t i = 0; i < e->n_with; i++)
            to->with[i] = (wp_with){wp_copy_term(p, e->with[i].target),
                                    wp_copy_term(p, e->with[i].value), e->with[i].loc};
    }
    switch (e->kind) {
    case WP_EXPR_TERM: to->term = wp_copy_term(p, e->term); break;
    case WP_EXPR_CALL:
    case WP_EXPR_SOME: to->call.items = wp_copy_terms(p, e->call.items, e->call.n); break;
    case WP_EXPR_EVERY:
        to->every.key = e->every.key ? wp_copy_term(p, e->every.key) : NULL;
        to->every.value = wp_copy_term(p, e->every.value);
        to->every.domain = wp_copy_term(p, e->every.domain);
        to->every.body = copy_body(p, e->every.body);
        break;
    case WP_EXPR_NOT: to->body = copy_body(p, e->body); break;
    default: to->logic.lhs = copy_body(p, e->logic.lhs); to->logic.rhs = copy_body(p, e->logic.rhs);
    }
    return to;
}

wp_term *wp_copy_term(wp_parser *p, const wp_term *t)
{
    size_t size = wp_term_size((wp_term_kind)t->kind);
    wp_term *to = wb_arena_alloc(p->arena, size);
    memcpy(to, t, size);
    switch (t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL: to->list.items = wp_copy_terms(p, t->list.items, t->list.n); break;
    case WP_OBJECT:
        to->object.pairs = wb_arena_alloc(p->arena, (t->object.n + 1) * sizeof(wp_pair));
        for (uint32_t i = 0; i < t->object.n; i++)
            to->object.pairs[i] = (wp_pair){wp_copy_term(p, t->object.pairs[i].key),
                                            wp_copy_term(p, t->object.pairs[i].value)};
        break;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        to->comp.key = t->comp.key ? wp_copy_term(p, t->comp.key) : NULL;
        to->comp.value = wp_copy_term(p, t->comp.value);
        to->comp.body = copy_body(p, t->comp.body);
        break;
    case WP_TEMPLATE: {
        wp_body b = copy_body(p, (wp_body){t->tmpl.parts, t->tmpl.n});
        to->tmpl.parts = b.exprs;
        break;
    }
    default: break;
    }
    return to;
}

static void move_expr(wp_expr *e, wp_loc loc);

void wp_move_body(wp_body b, wp_loc loc)
{
    for (uint32_t i = 0; i < b.n; i++)
        move_expr(b.exprs[i], loc);
}

static void move_expr(wp_expr *e, wp_loc loc)
{
    e->loc = loc;
    for (uint32_t i = 0; i < e->n_with; i++) {
        e->with[i].loc = loc;
        wp_move_term(e->with[i].target, loc);
        wp_move_term(e->with[i].value, loc);
    }
    switch (e->kind) {
    case WP_EXPR_TERM: wp_move_term(e->term, loc); break;
    case WP_EXPR_CALL:
    case WP_EXPR_SOME:
        for (uint32_t i = 0; i < e->call.n; i++)
            wp_move_term(e->call.items[i], loc);
        break;
    case WP_EXPR_EVERY:
        if (e->every.key)
            wp_move_term(e->every.key, loc);
        wp_move_term(e->every.value, loc);
        wp_move_term(e->every.domain, loc);
        wp_move_body(e->every.body, loc);
        break;
    case WP_EXPR_NOT: wp_move_body(e->body, loc); break;
    default: wp_move_body(e->logic.lhs, loc); wp_move_body(e->logic.rhs, loc);
    }
}

void wp_move_term(wp_term *t, wp_loc loc)
{
    t->loc = loc;
    switch (t->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            wp_move_term(t->list.items[i], loc);
        break;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            wp_move_term(t->object.pairs[i].key, loc);
            wp_move_term(t->object.pairs[i].value, loc);
        }
        break;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (t->comp.key)
            wp_move_term(t->comp.key, loc);
        wp_move_term(t->comp.value, loc);
        wp_move_body(t->comp.body, loc);
        break;
    case WP_TEMPLATE: wp_move_body((wp_body){t->tmpl.parts, t->tmpl.n}, loc); break;
    default: break;
    }
}
