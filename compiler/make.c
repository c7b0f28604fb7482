/* Makers of resolved variables, terms and expressions. Takes the compilation's arena; reports
 * nothing. */
#include "compiler/unit.h"

wc_var *wc_var_new(wc_unit *u, wb_str name, wp_loc loc)
{
    wc_var *v = wb_arena_calloc(u->a, sizeof *v + name.n + 1);
    v->id = u->n_vars++;
    v->loc = loc;
    v->len = (uint32_t)name.n;
    memcpy(v->text, name.p, name.n);
    return v;
}

wp_term *wc_term_new(wc_unit *u, wp_term_kind kind, wp_loc loc)
{
    wp_term *t = wb_arena_calloc(u->a, sizeof *t);
    t->kind = (uint8_t)kind;
    t->loc = loc;
    return t;
}

wp_term *wc_var_term(wc_unit *u, wc_var *v, wp_loc loc)
{
    wp_term *t = wc_term_new(u, WP_VAR, loc);
    t->raw = true;
    t->name = wb_str_n(v->text, v->len);
    return t;
}

wp_term *wc_string_term(wc_unit *u, wb_str s, wp_loc loc)
{
    wp_term *t = wc_term_new(u, WP_STRING, loc);
    t->value = wv_string_new(u->a, s);
    return t;
}

wp_expr *wc_expr_new(wc_unit *u, wp_expr_kind kind, wp_loc loc)
{
    wp_expr *e = wb_arena_calloc(u->a, sizeof *e);
    e->kind = (uint8_t)kind;
    e->loc = loc;
    return e;
}

wp_expr *wc_equation(wc_unit *u, wp_term *x, wp_term *y, wp_loc loc)
{
    wp_expr *e = wc_expr_new(u, WP_EXPR_CALL, loc);
    e->call.items = wb_arena_alloc(u->a, 3 * sizeof *e->call.items);
    e->call.n = 3;
    e->call.items[0] = wc_string_term(u, WB_LIT("eq"), loc);
    e->call.items[1] = x;
    e->call.items[2] = y;
    return e;
}

const wp_file *wc_file(const wc_unit *u)
{
    return u->module ? &u->module->file : NULL;
}

bool wc_is_root(const wp_term *t, const char *name)
{
    return t->kind == WP_VAR && wb_str_is(t->name, name);
}

bool wc_is_root_name(wb_str name)
{
    return wb_str_is(name, "input") || wb_str_is(name, "data");
}
