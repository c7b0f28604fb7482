/* Makers of resolved variables, terms and expressions. Takes the compilation's arena; reports
 * nothing. */
#include "compiler/unit.h"

wp_term *wc_term_new(wc_unit *u, wp_term_kind kind, wp_loc loc)
{
    return wp_term_make(u->a, kind, loc);
}

wp_term *wc_string_term(wc_unit *u, wb_str s, wp_loc loc)
{
    wp_term *t = wc_term_new(u, WP_STRING, loc);
    t->value = wv_string_new(u->a, s);
    return t;
}

wp_expr *wc_expr_new(wc_unit *u, wp_expr_kind kind, wp_loc loc)
{
    return wp_expr_make(u->a, kind, loc);
}

const wp_file *wc_file(const wc_unit *u)
{
    return u->module ? &u->module->file : NULL;
}

bool wc_is_root_name(wb_str name)
{
    return wb_str_is(name, "input") || wb_str_is(name, "data");
}
