/* The parts that executable documents and schemas share. */
#include "stdlib/graphql/parser.h"

#include "stdlib/args.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void gql_start(ws_gql_parser *p, ws_ctx *cx, wb_str text)
{
    *p = (ws_gql_parser){.cx = cx, .lexer = {.text = text, .line = 1}};
}

/* ---- errors and nodes ---- */

/* Ends the parse with an error of the budget. */
static void give_up(ws_gql_parser *p, const char *text)
{
    if (p->cx->error == WS_ERR_NONE)
        ws_fail_kind(p->cx, WS_ERR_BUDGET, "%s", text);
    p->failed = true;
}

void gql_fail(ws_gql_parser *p, ws_gql_pos at, const char *format, ...)
{
    if (p->failed)
        return;
    p->failed = true;
    if (p->cx->error != WS_ERR_NONE)
        return;
    va_list ap;
    wb_buf text;
    ws_text_begin(p->cx, &text);
    va_start(ap, format);
    ws_vputf(&text, format, ap);
    va_end(ap);
    bool fits = ws_room(p->cx, text.n);
    if (fits && at.column < 0)
        ws_fail(p->cx, "GraphQL parse error: input:%" PRId64 ":%" PRId64 ": %.*s", at.line,
                at.column, WB_FMT(wb_buf_str(&text)));
    else if (fits)
        ws_fail(p->cx, "%.*s in GraphQL string at location %" PRId64 ":%" PRId64,
                WB_FMT(wb_buf_str(&text)), at.line, at.column);
    wb_buf_free(&text);
}

void *gql_node(ws_gql_parser *p, size_t size)
{
    return wb_arena_calloc(p->cx->out, size);
}

void gql_push(ws_gql_parser *p, ws_gql_list *list, void *item)
{
    if (!p->failed && !ws_gql_push(p->cx, list, item))
        p->failed = true;
}

bool gql_deeper(ws_gql_parser *p)
{
    if (++p->depth <= WS_GQL_DEPTH_MAX)
        return true;
    give_up(p, "GraphQL document is nested too deep");
    return false;
}

/* ---- tokens ---- */

static void gather_comments(ws_gql_parser *p)
{
    if (p->gathering)
        return;
    p->gathering = true;
    ws_gql_comments *group = GQL_NODE(p, ws_gql_comments);
    while (!p->failed && gql_peek(p).kind == WS_GQL_COMMENT) {
        ws_gql_comment *c = GQL_NODE(p, ws_gql_comment);
        c->text = p->token.value;
        gql_next(p);
        gql_push(p, &group->list, c);
    }
    p->comment = group;
    p->gathering = false;
}

/* One token makes some nodes of a few hundred bytes: to look here keeps the arena in its limits. */
static void read_token(ws_gql_parser *p)
{
    p->token = ws_gql_next(p->cx, &p->lexer);
    p->peeked = true;
    if (++p->tokens > WS_GQL_TOKENS_MAX)
        give_up(p, "GraphQL document has too many tokens");
    else if (p->cx->out->exhausted)
        give_up(p, "result is over the memory budget");
    else if (p->cx->error != WS_ERR_NONE || !ws_charge(p->cx, 1))
        p->failed = true;
}

ws_gql_token gql_peek(ws_gql_parser *p)
{
    if (p->failed)
        return p->prev;
    if (!p->peeked) {
        read_token(p);
        if (p->token.kind == WS_GQL_COMMENT)
            gather_comments(p);
    }
    return p->token;
}

ws_gql_token gql_next(ws_gql_parser *p)
{
    if (p->failed)
        return p->prev;
    if (!p->peeked) {
        gql_peek(p);
    } else {
        p->comment = NULL;
    }
    p->peeked = false;
    p->prev = p->token;
    if (p->prev.kind == WS_GQL_INVALID)
        gql_fail(p, p->prev.pos, "%s", p->prev.error ? p->prev.error : "");
    return p->prev;
}

bool gql_skip(ws_gql_parser *p, ws_gql_kind kind)
{
    if (p->failed || gql_peek(p).kind != kind)
        return false;
    gql_next(p);
    return true;
}

/* " \"value\"" for tokens that have one. */
static void put_token(wb_buf *b, const ws_gql_token *t)
{
    wb_buf_puts(b, ws_gql_kind_text(t->kind));
    if (t->value.n) {
        wb_buf_putc(b, ' ');
        ws_put_quoted(b, t->value);
    }
}

void gql_unexpected(ws_gql_parser *p, ws_gql_token t)
{
    wb_buf b;
    ws_text_begin(p->cx, &b);
    put_token(&b, &t);
    gql_fail(p, t.pos, "Unexpected %s", wb_buf_cstr(&b));
    wb_buf_free(&b);
}

ws_gql_token gql_expect(ws_gql_parser *p, ws_gql_kind kind)
{
    ws_gql_token t = gql_peek(p);
    if (t.kind == kind)
        return gql_next(p);
    gql_fail(p, t.pos, "Expected %s, found %s", ws_gql_kind_text(kind), ws_gql_kind_text(t.kind));
    return t;
}

ws_gql_comments *gql_keyword(ws_gql_parser *p, const char *word)
{
    ws_gql_token t = gql_peek(p);
    ws_gql_comments *comment = p->comment;
    if (t.kind == WS_GQL_NAME && wb_str_is(t.value, word)) {
        gql_next(p);
        return comment;
    }
    wb_buf b;
    ws_text_begin(p->cx, &b);
    put_token(&b, &t);
    gql_fail(p, t.pos, "Expected \"%s\", found %s", word, wb_buf_cstr(&b));
    wb_buf_free(&b);
    return comment;
}

bool gql_is_word(ws_gql_parser *p, const char *word)
{
    return wb_str_is(gql_peek(p).value, word);
}

wb_str gql_name(ws_gql_parser *p)
{
    ws_gql_token t = gql_expect(p, WS_GQL_NAME);
    return p->failed ? (wb_str){"", 0} : t.value;
}

ws_gql_comments *gql_some(ws_gql_parser *p, ws_gql_kind start, ws_gql_kind end, gql_item item,
                          ws_gql_list *list)
{
    bool called = false;
    if (!gql_skip(p, start))
        return NULL;
    while (gql_peek(p).kind != end && !p->failed) {
        called = true;
        gql_push(p, list, item(p));
    }
    if (!called) {
        ws_gql_token t = gql_peek(p);
        gql_fail(p, t.pos, "expected at least one definition, found %s", ws_gql_kind_text(t.kind));
        return NULL;
    }
    ws_gql_comments *comment = p->comment;
    gql_next(p);
    return comment;
}

/* ---- values, types, directives ---- */

static ws_gql_value *value_node(ws_gql_parser *p, ws_gql_value_kind kind, wb_str raw,
                                ws_gql_pos pos)
{
    ws_gql_value *v = GQL_NODE(p, ws_gql_value);
    v->raw = raw;
    v->kind = kind;
    v->pos = pos;
    v->comment = p->comment;
    return v;
}

static ws_gql_child *child(ws_gql_parser *p, bool constant, bool named)
{
    ws_gql_child *c = GQL_NODE(p, ws_gql_child);
    c->name = (wb_str){"", 0};
    if (named) {
        c->pos = gql_peek(p).pos;
        c->comment = p->comment;
        c->name = gql_name(p);
        gql_expect(p, WS_GQL_COLON);
    }
    c->value = gql_value(p, constant);
    return c;
}

static ws_gql_value *children(ws_gql_parser *p, bool constant, bool object)
{
    ws_gql_kind end = object ? WS_GQL_BRACE_R : WS_GQL_BRACKET_R;
    ws_gql_value *v =
        value_node(p, object ? WS_GQL_V_OBJECT : WS_GQL_V_LIST, (wb_str){"", 0}, gql_peek(p).pos);
    gql_next(p);
    while (gql_peek(p).kind != end && !p->failed)
        gql_push(p, &v->children, child(p, constant, object));
    gql_next(p);
    return v;
}

ws_gql_value *gql_value(ws_gql_parser *p, bool constant)
{
    ws_gql_token t = gql_peek(p);
    ws_gql_value_kind kind;
    switch (t.kind) {
    case WS_GQL_BRACKET_L:
    case WS_GQL_BRACE_L: {
        ws_gql_value *v = gql_deeper(p) ? children(p, constant, t.kind == WS_GQL_BRACE_L) : NULL;
        p->depth--;
        return v;
    }
    case WS_GQL_DOLLAR: {
        if (constant) {
            gql_unexpected(p, t);
            return NULL;
        }
        gql_next(p);
        wb_str name = gql_name(p);
        return value_node(p, WS_GQL_V_VARIABLE, name, t.pos);
    }
    case WS_GQL_INT: kind = WS_GQL_V_INT; break;
    case WS_GQL_FLOAT: kind = WS_GQL_V_FLOAT; break;
    case WS_GQL_STRING: kind = WS_GQL_V_STRING; break;
    case WS_GQL_BLOCK: kind = WS_GQL_V_BLOCK; break;
    case WS_GQL_NAME:
        kind = wb_str_is(t.value, "true") || wb_str_is(t.value, "false") ? WS_GQL_V_BOOLEAN
               : wb_str_is(t.value, "null")                              ? WS_GQL_V_NULL
                                                                         : WS_GQL_V_ENUM;
        break;
    default: gql_unexpected(p, t); return NULL;
    }
    gql_next(p);
    return value_node(p, kind, t.value, t.pos);
}

ws_gql_type *gql_type(ws_gql_parser *p)
{
    ws_gql_type *type = GQL_NODE(p, ws_gql_type);
    type->name = (wb_str){"", 0};
    if (gql_skip(p, WS_GQL_BRACKET_L)) {
        type->pos = gql_peek(p).pos;
        if (gql_deeper(p))
            type->elem = gql_type(p);
        p->depth--;
        gql_expect(p, WS_GQL_BRACKET_R);
    } else {
        type->pos = gql_peek(p).pos;
        type->name = gql_name(p);
    }
    type->non_null = gql_skip(p, WS_GQL_BANG);
    return type;
}

static ws_gql_argument *argument(ws_gql_parser *p, bool constant)
{
    ws_gql_argument *a = GQL_NODE(p, ws_gql_argument);
    a->pos = gql_peek(p).pos;
    a->comment = p->comment;
    a->name = gql_name(p);
    gql_expect(p, WS_GQL_COLON);
    a->value = gql_value(p, constant);
    return a;
}

static void *constant_argument(ws_gql_parser *p)
{
    return argument(p, true);
}

static void *any_argument(ws_gql_parser *p)
{
    return argument(p, false);
}

void gql_arguments(ws_gql_parser *p, bool constant, ws_gql_list *list)
{
    gql_some(p, WS_GQL_PAREN_L, WS_GQL_PAREN_R, constant ? constant_argument : any_argument, list);
}

void gql_directives(ws_gql_parser *p, bool constant, ws_gql_list *list)
{
    while (!p->failed && gql_skip(p, WS_GQL_AT)) {
        ws_gql_directive *d = GQL_NODE(p, ws_gql_directive);
        d->pos = gql_peek(p).pos;
        d->location = (wb_str){"", 0};
        d->name = gql_name(p);
        gql_arguments(p, constant, &d->arguments);
        gql_push(p, list, d);
    }
}
