/* Rules of operations and their variables. */
#include "stdlib/graphql/rules.h"

static bool is_anonymous(const ws_gql_operation *o)
{
    return !o->name.n;
}

void gql_known_root(gql_walk *w, ws_gql_operation *o)
{
    const ws_gql_def *root = NULL;
    if (!o->operation.n || wb_str_is(o->operation, "query"))
        root = w->s->query;
    else if (wb_str_is(o->operation, "mutation"))
        root = w->s->mutation;
    else if (wb_str_is(o->operation, "subscription"))
        root = w->s->subscription;
    if (!root)
        gql_mistake(w, o->pos, "Schema does not support operation type \"%.*s\"",
                    WB_FMT(o->operation));
}

void gql_lone_anonymous(gql_walk *w, ws_gql_operation *o)
{
    if (is_anonymous(o) && w->query->operations.n > 1)
        gql_mistake(w, o->pos, "This anonymous operation must be the only defined operation.");
}

void gql_unique_operations(gql_walk *w, ws_gql_operation *o)
{
    if (ws_gql_name_put(w->cx, &w->seen_operations, o->name, o))
        gql_mistake(w, o->pos, "There can be only one operation named \"%.*s\".", WB_FMT(o->name));
}

/* ---- subscriptions ---- */

typedef struct top_fields {
    ws_gql_list list; /* of equal names the first */
    ws_gql_names fields, fragments;
} top_fields;

static void collect_top(gql_walk *w, top_fields *t, const ws_gql_list *list)
{
    if (gql_enter(w))
        for (uint32_t i = 0; i < list->n && gql_spend(w, 1); i++) {
            ws_gql_selection *s = WS_GQL_AT(*list, i, ws_gql_selection);
            if (s->kind == WS_GQL_FIELD) {
                if (!ws_gql_name_put(w->cx, &t->fields, s->name, s))
                    ws_gql_push(w->cx, &t->list, s);
            } else if (s->kind == WS_GQL_INLINE) {
                collect_top(w, t, &s->selections);
            } else if (!s->fragment) {
                break;
            } else if (!ws_gql_name_put(w->cx, &t->fragments, s->name, s)) {
                collect_top(w, t, &s->fragment->selections);
            }
        }
    w->depth--;
}

static void tell_subscription(gql_walk *w, const ws_gql_operation *o, ws_gql_pos pos,
                              const char *what)
{
    wb_buf *b = gql_begin(w, pos);
    if (!b)
        return;
    if (is_anonymous(o)) {
        wb_buf_puts(b, "Anonymous Subscription");
    } else {
        wb_buf_puts(b, "Subscription ");
        ws_put_quoted(b, o->name);
    }
    wb_buf_puts(b, what);
    gql_end(w);
}

void gql_single_field(gql_walk *w, ws_gql_operation *o)
{
    top_fields t = {0};
    if (!w->s->subscription || !wb_str_is(o->operation, "subscription"))
        return;
    collect_top(w, &t, &o->selections);
    if (t.list.n > 1)
        tell_subscription(w, o, WS_GQL_AT(t.list, 1, ws_gql_selection)->pos,
                          " must select only one top level field.");
    for (uint32_t i = 0; i < t.list.n && gql_spend(w, 1); i++) {
        const ws_gql_selection *f = WS_GQL_AT(t.list, i, ws_gql_selection);
        if (wb_str_has_prefix(f->name, WB_LIT("__")))
            tell_subscription(w, o, f->pos, " must not select an introspection top level field.");
    }
}

/* ---- variables ---- */

void gql_unique_variables(gql_walk *w, ws_gql_operation *o)
{
    ws_gql_names seen = {0}, told = {0};
    for (uint32_t i = 0; o->variables.n > 1 && i < o->variables.n && gql_spend(w, 1); i++) {
        ws_gql_variable *v = WS_GQL_AT(o->variables, i, ws_gql_variable);
        if (ws_gql_name_put(w->cx, &seen, v->name, v) && !ws_gql_name_put(w->cx, &told, v->name, v))
            gql_mistake(w, v->pos, "There can be only one variable named \"$%.*s\".",
                        WB_FMT(v->name));
    }
}

void gql_unused_variables(gql_walk *w, ws_gql_operation *o)
{
    for (uint32_t i = 0; i < o->variables.n && gql_spend(w, 1); i++) {
        const ws_gql_variable *v = WS_GQL_AT(o->variables, i, ws_gql_variable);
        if (v->used)
            continue;
        if (is_anonymous(o))
            gql_mistake(w, v->pos, "Variable \"$%.*s\" is never used.", WB_FMT(v->name));
        else
            gql_mistake(w, v->pos, "Variable \"$%.*s\" is never used in operation \"%.*s\".",
                        WB_FMT(v->name), WB_FMT(o->name));
    }
}

void gql_input_variables(gql_walk *w, ws_gql_operation *o)
{
    for (uint32_t i = 0; i < o->variables.n && gql_spend(w, 1); i++) {
        const ws_gql_variable *v = WS_GQL_AT(o->variables, i, ws_gql_variable);
        if (v->def && !ws_gql_is_input(v->def))
            gql_mistake(w, v->pos, "Variable \"$%.*s\" cannot be non-input type \"%.*s\".",
                        WB_FMT(v->name), WB_FMT(ws_gql_type_text(w->cx, v->type)));
    }
}

void gql_known_type_variable(gql_walk *w, ws_gql_variable *v)
{
    wb_str name = ws_gql_type_name(v->type);
    if (!ws_gql_type_def(w->cx, w->s, name))
        gql_mistake(w, v->pos, "Unknown type \"%.*s\".", WB_FMT(name));
}

void gql_undefined_variables(gql_walk *w, ws_gql_value *v)
{
    if (!w->operation || v->kind != WS_GQL_V_VARIABLE || v->variable)
        return;
    if (is_anonymous(w->operation))
        gql_mistake(w, v->pos, "Variable \"$%.*s\" is not defined.", WB_FMT(v->raw));
    else
        gql_mistake(w, v->pos, "Variable \"$%.*s\" is not defined by operation \"%.*s\".",
                    WB_FMT(v->raw), WB_FMT(w->operation->name));
}

static void check_position(gql_walk *w, const ws_gql_value *v)
{
    const ws_gql_value *fallback = v->variable->fallback;
    bool non_null = v->expected->non_null && !v->expected_has_default &&
                    (!fallback || fallback->kind == WS_GQL_V_NULL);
    if (!ws_gql_type_fits(v->variable->type, v->expected, non_null))
        gql_mistake(w, v->pos,
                    "Variable \"$%.*s\" of type \"%.*s\" used in position expecting type "
                    "\"%.*s\".",
                    WB_FMT(v->raw), WB_FMT(ws_gql_type_text(w->cx, v->variable->type)),
                    WB_FMT(ws_gql_type_text(w->cx, v->expected)));
}

static bool is_one_of(const ws_gql_def *def)
{
    for (uint32_t i = 0; i < def->directives.n; i++)
        if (wb_str_is(WS_GQL_AT(def->directives, i, ws_gql_directive)->name, "oneOf"))
            return true;
    return false;
}

static void check_one_of(gql_walk *w, const ws_gql_value *v)
{
    for (uint32_t i = 0; i < v->children.n && gql_spend(w, 1); i++) {
        const ws_gql_value *child = WS_GQL_AT(v->children, i, ws_gql_child)->value;
        const ws_gql_variable *variable = child->variable;
        if (child->kind == WS_GQL_V_VARIABLE && variable && !variable->type->non_null)
            gql_mistake(w, variable->pos.line ? variable->pos : child->pos,
                        "Variable \"$%.*s\" is of type \"%.*s\" but must be non-nullable to be "
                        "used for OneOf Input Object \"%.*s\".",
                        WB_FMT(child->raw), WB_FMT(ws_gql_type_text(w->cx, variable->type)),
                        WB_FMT(v->def->name));
    }
}

void gql_variable_position(gql_walk *w, ws_gql_value *v)
{
    if (v->kind == WS_GQL_V_VARIABLE && v->expected && v->variable && w->operation)
        check_position(w, v);
    else if (v->kind == WS_GQL_V_OBJECT && v->def && gql_spend(w, v->def->directives.n / 8) &&
             is_one_of(v->def))
        check_one_of(w, v);
}
