/* Executable documents: operations and fragments. */
#include "stdlib/graphql/parse.h"
#include "stdlib/graphql/parser.h"

static void selections(ws_gql_parser *p, ws_gql_list *list);

static ws_gql_selection *field(ws_gql_parser *p)
{
    ws_gql_selection *s = GQL_NODE(p, ws_gql_selection);
    s->kind = WS_GQL_FIELD;
    s->pos = gql_peek(p).pos;
    s->comment = p->comment;
    s->alias = s->name = gql_name(p);
    if (gql_skip(p, WS_GQL_COLON))
        s->name = gql_name(p);
    gql_arguments(p, false, &s->arguments);
    gql_directives(p, false, &s->directives);
    if (gql_peek(p).kind == WS_GQL_BRACE_L)
        selections(p, &s->selections);
    return s;
}

static wb_str fragment_name(ws_gql_parser *p)
{
    if (!gql_is_word(p, "on"))
        return gql_name(p);
    gql_unexpected(p, gql_peek(p));
    return (wb_str){"", 0};
}

static void *selection(ws_gql_parser *p)
{
    if (gql_peek(p).kind != WS_GQL_SPREAD)
        return field(p);
    ws_gql_selection *s = GQL_NODE(p, ws_gql_selection);
    s->comment = p->comment;
    gql_next(p);
    ws_gql_token t = gql_peek(p);
    s->pos = t.pos;
    s->name = s->alias = s->condition = (wb_str){"", 0};
    if (t.kind == WS_GQL_NAME && !wb_str_is(t.value, "on")) {
        s->kind = WS_GQL_FRAGMENT_SPREAD;
        s->name = fragment_name(p);
        gql_directives(p, false, &s->directives);
        return s;
    }
    s->kind = WS_GQL_INLINE;
    if (wb_str_is(t.value, "on")) {
        gql_next(p);
        s->condition = gql_name(p);
    }
    gql_directives(p, false, &s->directives);
    selections(p, &s->selections);
    return s;
}

static void selections(ws_gql_parser *p, ws_gql_list *list)
{
    ws_gql_token t = gql_peek(p);
    if (t.kind != WS_GQL_BRACE_L) {
        gql_fail(p, t.pos, "Expected {, found %s", ws_gql_kind_text(t.kind));
        return;
    }
    if (gql_deeper(p))
        gql_some(p, WS_GQL_BRACE_L, WS_GQL_BRACE_R, selection, list);
    p->depth--;
}

static void *variable(ws_gql_parser *p)
{
    ws_gql_variable *v = GQL_NODE(p, ws_gql_variable);
    v->pos = gql_peek(p).pos;
    v->comment = p->comment;
    gql_expect(p, WS_GQL_DOLLAR);
    v->name = gql_name(p);
    gql_expect(p, WS_GQL_COLON);
    v->type = gql_type(p);
    if (gql_skip(p, WS_GQL_EQUALS))
        v->fallback = gql_value(p, true);
    gql_directives(p, false, &v->directives);
    return v;
}

static void variables(ws_gql_parser *p, ws_gql_list *list)
{
    gql_some(p, WS_GQL_PAREN_L, WS_GQL_PAREN_R, variable, list);
}

static ws_gql_operation *operation(ws_gql_parser *p)
{
    ws_gql_operation *o = GQL_NODE(p, ws_gql_operation);
    ws_gql_token t = gql_peek(p);
    ws_gql_comments *comment = p->comment;
    o->pos = t.pos;
    o->operation = WB_LIT("query");
    o->name = (wb_str){"", 0};
    if (t.kind != WS_GQL_BRACE_L) {
        o->operation = gql_next(p).value;
        if (gql_peek(p).kind == WS_GQL_NAME)
            o->name = gql_next(p).value;
        variables(p, &o->variables);
        gql_directives(p, false, &o->directives);
    }
    selections(p, &o->selections);
    /* Without a word in front, the comment is the one behind the operation. */
    o->comment = t.kind != WS_GQL_BRACE_L ? comment : p->comment;
    return o;
}

static ws_gql_fragment *fragment(ws_gql_parser *p)
{
    ws_gql_fragment *f = GQL_NODE(p, ws_gql_fragment);
    f->pos = gql_peek(p).pos;
    f->comment = p->comment;
    gql_keyword(p, "fragment");
    f->name = fragment_name(p);
    variables(p, &f->variables);
    gql_keyword(p, "on");
    f->condition = gql_name(p);
    gql_directives(p, false, &f->directives);
    selections(p, &f->selections);
    return f;
}

static bool starts_operation(const ws_gql_token *t)
{
    return t->kind == WS_GQL_BRACE_L ||
           (t->kind == WS_GQL_NAME &&
            (wb_str_is(t->value, "query") || wb_str_is(t->value, "mutation") ||
             wb_str_is(t->value, "subscription")));
}

ws_gql_query *ws_gql_parse_query(ws_ctx *cx, wb_str text)
{
    ws_gql_parser p;
    gql_start(&p, cx, text);
    ws_gql_query *q = GQL_NODE(&p, ws_gql_query);
    while (gql_peek(&p).kind != WS_GQL_EOF && !p.failed) {
        if (starts_operation(&p.token))
            gql_push(&p, &q->operations, operation(&p));
        else if (p.token.kind == WS_GQL_NAME && wb_str_is(p.token.value, "fragment"))
            gql_push(&p, &q->fragments, fragment(&p));
        else
            gql_unexpected(&p, p.token);
    }
    return p.failed ? NULL : q;
}
