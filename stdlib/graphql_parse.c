/* GraphQL text to trees: executable documents and schemas. */
#include "stdlib/graphql_parse.h"

#include "stdlib/args.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct parser {
    ws_ctx *cx;
    ws_gql_lexer lexer;
    ws_gql_token token, prev;
    bool peeked, failed, gathering;
    wv comment; /* of the token that is peeked: an array of comments, or undefined */
    unsigned depth;
} parser;

static ws_gql_token next(parser *p);
static wv value(parser *p, bool constant);

/* ---- errors and tokens ---- */

__attribute__((format(printf, 3, 4))) static void fail_at(parser *p, ws_gql_token t,
                                                          const char *format, ...)
{
    if (p->failed)
        return;
    p->failed = true;
    if (p->cx->error != WS_ERR_NONE)
        return;
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    ws_fail(p->cx, "%s in GraphQL string at location %zu:%zu", text, t.line, t.column);
}

static wv new_object(parser *p)
{
    return wv_object_begin(p->cx->out, 6);
}

static void put(parser *p, wv *o, const char *name, wv v)
{
    if (wv_defined(v))
        wv_object_put(p->cx->out, o, wv_string_new(p->cx->out, wb_str_of(name)), v);
}

static void put_text(parser *p, wv *o, const char *name, wb_str s)
{
    put(p, o, name, wv_string_new(p->cx->out, s));
}

static void push(parser *p, wv *list, wv v)
{
    if (!wv_defined(v))
        return;
    if (!wv_defined(*list))
        *list = wv_array_begin(p->cx->out, 2);
    wv_array_push(p->cx->out, list, v);
    if (p->cx->out->exhausted && !p->failed) {
        p->failed = true;
        ws_fail_room(p->cx);
    }
}

static ws_gql_token peek(parser *p);

static void gather_comments(parser *p)
{
    if (p->gathering)
        return;
    p->gathering = true;
    wv list = WV_UNDEFINED;
    while (!p->failed && peek(p).kind == WS_GQL_COMMENT) {
        wv c = new_object(p);
        put_text(p, &c, "Value", p->token.value);
        next(p);
        push(p, &list, c);
    }
    p->comment = list;
    p->gathering = false;
}

static ws_gql_token peek(parser *p)
{
    if (p->failed)
        return p->prev;
    if (!p->peeked) {
        p->token = ws_gql_next(p->cx, &p->lexer);
        p->peeked = true;
        if (!ws_charge(p->cx, 1))
            p->failed = true;
        if (p->token.kind == WS_GQL_COMMENT)
            gather_comments(p);
    }
    return p->token;
}

static ws_gql_token next(parser *p)
{
    if (p->failed)
        return p->prev;
    if (!p->peeked) {
        peek(p);
        wv kept = p->comment;
        p->peeked = false;
        p->prev = p->token;
        p->comment = kept;
    } else {
        p->peeked = false;
        p->comment = WV_UNDEFINED;
        p->prev = p->token;
    }
    if (p->prev.kind == WS_GQL_INVALID)
        fail_at(p, p->prev, "Cannot parse the unexpected character");
    return p->prev;
}

static void unexpected_token(parser *p, ws_gql_token t)
{
    wb_buf b;
    wb_buf_init(&b, 512);
    if (t.value.n) {
        wb_buf_putc(&b, ' ');
        ws_put_quoted(&b, wb_str_n(t.value.p, t.value.n < 100 ? t.value.n : 100));
    }
    fail_at(p, t, "Unexpected %s%s", ws_gql_kind_text(t.kind), wb_buf_cstr(&b));
    wb_buf_free(&b);
}

static wv unexpected(parser *p)
{
    unexpected_token(p, peek(p));
    return WV_UNDEFINED;
}

static ws_gql_token expect(parser *p, ws_gql_kind kind)
{
    ws_gql_token t = peek(p);
    if (t.kind == kind)
        return next(p);
    fail_at(p, t, "Expected %s, found %s", ws_gql_kind_text(kind), ws_gql_kind_text(t.kind));
    return t;
}

/* The comment before the word. */
static wv keyword(parser *p, const char *word)
{
    ws_gql_token t = peek(p);
    wv comment = p->comment;
    if (t.kind == WS_GQL_NAME && wb_str_is(t.value, word)) {
        next(p);
        return comment;
    }
    wb_buf b;
    wb_buf_init(&b, 512);
    if (t.value.n) {
        wb_buf_putc(&b, ' ');
        ws_put_quoted(&b, wb_str_n(t.value.p, t.value.n < 100 ? t.value.n : 100));
    }
    fail_at(p, t, "Expected \"%s\", found %s%s", word, ws_gql_kind_text(t.kind), wb_buf_cstr(&b));
    wb_buf_free(&b);
    return comment;
}

static bool skip(parser *p, ws_gql_kind kind)
{
    if (p->failed || peek(p).kind != kind)
        return false;
    next(p);
    return true;
}

static wb_str name(parser *p)
{
    ws_gql_token t = expect(p, WS_GQL_NAME);
    return p->failed ? (wb_str){"", 0} : t.value;
}

static bool is_word(parser *p, const char *word)
{
    return wb_str_is(peek(p).value, word);
}

static bool deeper(parser *p)
{
    if (++p->depth <= WS_GQL_DEPTH_MAX)
        return true;
    fail_at(p, peek(p), "document is nested deeper than %d", WS_GQL_DEPTH_MAX);
    return false;
}

static void put_comment(parser *p, wv *o, const char *field, wv list)
{
    if (!wv_defined(list))
        return;
    wv group = new_object(p);
    put(p, &group, "List", list);
    put(p, o, field, group);
}

/* At least one item between two brackets; undefined when the first bracket is not there. */
static wv some(parser *p, ws_gql_kind start, ws_gql_kind end, wv (*item)(parser *p), wv *closing)
{
    wv list = WV_UNDEFINED;
    bool called = false;
    if (!skip(p, start))
        return list;
    while (peek(p).kind != end && !p->failed) {
        called = true;
        push(p, &list, item(p));
    }
    if (!called) {
        ws_gql_token t = peek(p);
        fail_at(p, t, "expected at least one definition, found %s", ws_gql_kind_text(t.kind));
        return WV_UNDEFINED;
    }
    if (closing)
        *closing = p->comment;
    next(p);
    return list;
}

/* ---- values, types, directives ---- */

enum { V_VARIABLE, V_INT, V_FLOAT, V_STRING, V_BLOCK, V_BOOLEAN, V_NULL, V_ENUM, V_LIST, V_OBJECT };

static wv value_node(parser *p, int kind, wb_str raw, wv children, wv comment)
{
    wv o = new_object(p);
    put_text(p, &o, "Raw", raw);
    put(p, &o, "Children", children);
    put(p, &o, "Kind", wv_small(kind));
    put(p, &o, "ExpectedTypeHasDefault", WV_FALSE);
    put_comment(p, &o, "Comment", comment);
    return o;
}

static wv children(parser *p, bool constant, bool object)
{
    ws_gql_kind end = object ? WS_GQL_BRACE_R : WS_GQL_BRACKET_R;
    wv list = WV_UNDEFINED, comment = p->comment;
    next(p);
    while (peek(p).kind != end && !p->failed) {
        wv child = new_object(p), before = p->comment;
        put_text(p, &child, "Name", object ? name(p) : (wb_str){"", 0});
        if (object) {
            put_comment(p, &child, "Comment", before);
            expect(p, WS_GQL_COLON);
        }
        put(p, &child, "Value", value(p, constant));
        push(p, &list, child);
    }
    next(p);
    return value_node(p, object ? V_OBJECT : V_LIST, (wb_str){"", 0}, list, comment);
}

static wv value(parser *p, bool constant)
{
    ws_gql_token t = peek(p);
    int kind;
    switch (t.kind) {
    case WS_GQL_BRACKET_L:
    case WS_GQL_BRACE_L: {
        wv v = deeper(p) ? children(p, constant, t.kind == WS_GQL_BRACE_L) : WV_UNDEFINED;
        p->depth--;
        return v;
    }
    case WS_GQL_DOLLAR: {
        if (constant)
            return unexpected(p);
        next(p);
        wb_str own = name(p);
        return value_node(p, V_VARIABLE, own, WV_UNDEFINED, p->comment);
    }
    case WS_GQL_INT: kind = V_INT; break;
    case WS_GQL_FLOAT: kind = V_FLOAT; break;
    case WS_GQL_STRING: kind = V_STRING; break;
    case WS_GQL_BLOCK: kind = V_BLOCK; break;
    case WS_GQL_NAME:
        kind = wb_str_is(t.value, "true") || wb_str_is(t.value, "false") ? V_BOOLEAN
               : wb_str_is(t.value, "null")                              ? V_NULL
                                                                         : V_ENUM;
        break;
    default: return unexpected(p);
    }
    next(p);
    return value_node(p, kind, t.value, WV_UNDEFINED, p->comment);
}

static wv type(parser *p)
{
    wv o = new_object(p);
    if (skip(p, WS_GQL_BRACKET_L)) {
        if (deeper(p))
            put(p, &o, "Elem", type(p));
        p->depth--;
        expect(p, WS_GQL_BRACKET_R);
        put_text(p, &o, "NamedType", (wb_str){"", 0});
    } else {
        put_text(p, &o, "NamedType", name(p));
    }
    put(p, &o, "NonNull", wv_bool(skip(p, WS_GQL_BANG)));
    return o;
}

static wv argument(parser *p, bool constant)
{
    wv o = new_object(p);
    peek(p);
    put_comment(p, &o, "Comment", p->comment);
    put_text(p, &o, "Name", name(p));
    expect(p, WS_GQL_COLON);
    put(p, &o, "Value", value(p, constant));
    return o;
}

static wv constant_argument(parser *p)
{
    return argument(p, true);
}

static wv any_argument(parser *p)
{
    return argument(p, false);
}

static wv arguments(parser *p, bool constant)
{
    return some(p, WS_GQL_PAREN_L, WS_GQL_PAREN_R, constant ? constant_argument : any_argument,
                NULL);
}

static wv directives(parser *p, bool constant)
{
    wv list = WV_UNDEFINED;
    while (!p->failed && skip(p, WS_GQL_AT)) {
        wv o = new_object(p);
        put_text(p, &o, "Name", name(p));
        put(p, &o, "Arguments", arguments(p, constant));
        put_text(p, &o, "Location", (wb_str){"", 0});
        push(p, &list, o);
    }
    return list;
}

/* ---- executable documents ---- */

static wv selections(parser *p);

static wv field(parser *p)
{
    wv o = new_object(p);
    peek(p);
    put_comment(p, &o, "Comment", p->comment);
    wb_str alias = name(p), own = alias;
    if (skip(p, WS_GQL_COLON))
        own = name(p);
    put_text(p, &o, "Alias", alias);
    put_text(p, &o, "Name", own);
    put(p, &o, "Arguments", arguments(p, false));
    put(p, &o, "Directives", directives(p, false));
    if (peek(p).kind == WS_GQL_BRACE_L)
        put(p, &o, "SelectionSet", selections(p));
    return o;
}

static wb_str fragment_name(parser *p)
{
    if (!is_word(p, "on"))
        return name(p);
    unexpected(p);
    return (wb_str){"", 0};
}

static wv selection(parser *p)
{
    if (peek(p).kind != WS_GQL_SPREAD)
        return field(p);
    wv o = new_object(p), comment = p->comment;
    next(p);
    ws_gql_token t = peek(p);
    put_comment(p, &o, "Comment", comment);
    if (t.kind == WS_GQL_NAME && !wb_str_is(t.value, "on")) {
        put_text(p, &o, "Name", fragment_name(p));
        put(p, &o, "Directives", directives(p, false));
        return o;
    }
    wb_str condition = {"", 0};
    if (wb_str_is(t.value, "on")) {
        next(p);
        condition = name(p);
    }
    put_text(p, &o, "TypeCondition", condition);
    put(p, &o, "Directives", directives(p, false));
    put(p, &o, "SelectionSet", selections(p));
    return o;
}

static wv selections(parser *p)
{
    ws_gql_token t = peek(p);
    wv list = WV_UNDEFINED;
    if (t.kind != WS_GQL_BRACE_L)
        fail_at(p, t, "Expected {, found %s", ws_gql_kind_text(t.kind));
    else if (deeper(p))
        list = some(p, WS_GQL_BRACE_L, WS_GQL_BRACE_R, selection, NULL);
    p->depth -= t.kind == WS_GQL_BRACE_L;
    return list;
}

static wv variable(parser *p)
{
    wv o = new_object(p);
    peek(p);
    put_comment(p, &o, "Comment", p->comment);
    expect(p, WS_GQL_DOLLAR);
    put_text(p, &o, "Variable", name(p));
    expect(p, WS_GQL_COLON);
    put(p, &o, "Type", type(p));
    if (skip(p, WS_GQL_EQUALS))
        put(p, &o, "DefaultValue", value(p, true));
    put(p, &o, "Directives", directives(p, false));
    put(p, &o, "Used", WV_FALSE);
    return o;
}

static wv variables(parser *p)
{
    return some(p, WS_GQL_PAREN_L, WS_GQL_PAREN_R, variable, NULL);
}

static wv operation(parser *p)
{
    wv o = new_object(p);
    ws_gql_token t = peek(p);
    wv comment = p->comment;
    wb_str kind = WB_LIT("query"), own = {"", 0};
    if (t.kind != WS_GQL_BRACE_L) {
        kind = next(p).value;
        if (peek(p).kind == WS_GQL_NAME)
            own = next(p).value;
        put(p, &o, "VariableDefinitions", variables(p));
        put(p, &o, "Directives", directives(p, false));
    }
    put_text(p, &o, "Operation", kind);
    put_text(p, &o, "Name", own);
    put(p, &o, "SelectionSet", selections(p));
    /* Only operations with a word in front keep the comment before them. */
    put_comment(p, &o, "Comment", t.kind != WS_GQL_BRACE_L ? comment : p->comment);
    return o;
}

static wv fragment(parser *p)
{
    wv o = new_object(p);
    put_comment(p, &o, "Comment", p->comment);
    keyword(p, "fragment");
    put_text(p, &o, "Name", fragment_name(p));
    put(p, &o, "VariableDefinition", variables(p));
    keyword(p, "on");
    put_text(p, &o, "TypeCondition", name(p));
    put(p, &o, "Directives", directives(p, false));
    put(p, &o, "SelectionSet", selections(p));
    return o;
}

static void start(parser *p, ws_ctx *cx, wb_str text)
{
    *p = (parser){.cx = cx, .lexer = {.text = text, .line = 1}};
}

wv ws_gql_parse_query(ws_ctx *cx, wb_str text)
{
    parser p;
    wv operations = WV_UNDEFINED, fragments = WV_UNDEFINED;
    start(&p, cx, text);
    while (peek(&p).kind != WS_GQL_EOF && !p.failed) {
        if (p.token.kind == WS_GQL_BRACE_L || is_word(&p, "query") || is_word(&p, "mutation") ||
            is_word(&p, "subscription"))
            push(&p, &operations, operation(&p));
        else if (p.token.kind == WS_GQL_NAME && is_word(&p, "fragment"))
            push(&p, &fragments, fragment(&p));
        else
            unexpected(&p);
    }
    if (p.failed)
        return WV_UNDEFINED;
    wv o = new_object(&p);
    put(&p, &o, "Operations", operations);
    put(&p, &o, "Fragments", fragments);
    return ws_built(cx, o);
}

/* ---- schemas ---- */

typedef struct description {
    wb_str text;
    wv comment;
} description;

static description describe(parser *p)
{
    description d = {{"", 0}, WV_UNDEFINED};
    ws_gql_token t = peek(p);
    if (t.kind != WS_GQL_BLOCK && t.kind != WS_GQL_STRING)
        return d;
    d.comment = p->comment;
    d.text = next(p).value;
    return d;
}

/* The parts that members of definitions share up to their name. */
static wv member(parser *p)
{
    wv o = new_object(p);
    description d = describe(p);
    if (d.text.n)
        put_comment(p, &o, "BeforeDescriptionComment", d.comment);
    put_text(p, &o, "Description", d.text);
    peek(p);
    put_comment(p, &o, "AfterDescriptionComment", p->comment);
    put_text(p, &o, "Name", name(p));
    return o;
}

static wv input_value(parser *p)
{
    wv o = member(p);
    expect(p, WS_GQL_COLON);
    put(p, &o, "Type", type(p));
    if (skip(p, WS_GQL_EQUALS))
        put(p, &o, "DefaultValue", value(p, true));
    put(p, &o, "Directives", directives(p, true));
    return o;
}

static wv argument_defs(parser *p)
{
    return some(p, WS_GQL_PAREN_L, WS_GQL_PAREN_R, input_value, NULL);
}

static wv field_def(parser *p)
{
    wv o = member(p);
    put(p, &o, "Arguments", argument_defs(p));
    expect(p, WS_GQL_COLON);
    put(p, &o, "Type", type(p));
    put(p, &o, "Directives", directives(p, true));
    return o;
}

static wv enum_value(parser *p)
{
    wv o = member(p);
    put(p, &o, "Directives", directives(p, true));
    return o;
}

/* Names with a separator between them and perhaps before the first. */
static wv names(parser *p, ws_gql_kind separator)
{
    wv list = WV_UNDEFINED;
    skip(p, separator);
    do
        push(p, &list, wv_string_new(p->cx->out, name(p)));
    while (!p->failed && skip(p, separator));
    return list;
}

static const struct {
    const char *word, *kind;
    bool interfaces;     /* may implement some */
    bool extends_more;   /* an extension may implement some */
    const char *members; /* the field of what stands in braces */
    wv (*member)(parser *p);
} kinds[] = {{"scalar", "SCALAR", false, false, NULL, NULL},
             {"type", "OBJECT", true, true, "Fields", field_def},
             {"interface", "INTERFACE", true, false, "Fields", field_def},
             {"union", "UNION", false, false, NULL, NULL},
             {"enum", "ENUM", false, false, "EnumValues", enum_value},
             {"input", "INPUT_OBJECT", false, false, "Fields", input_value}};
enum { KINDS = sizeof kinds / sizeof *kinds, UNION_KIND = 3 };

static int kind_of(parser *p)
{
    for (int i = 0; i < KINDS; i++)
        if (is_word(p, kinds[i].word))
            return i;
    return -1;
}

/* A definition, or an extension when `extension` is set; then some part must be there. */
static wv definition(parser *p, int k, const description *d, bool extension, wv comment)
{
    wv o = new_object(p), closing = WV_UNDEFINED, interfaces = WV_UNDEFINED, types = WV_UNDEFINED;
    wv members = WV_UNDEFINED;
    wv before = keyword(p, kinds[k].word);
    put_comment(p, &o, "BeforeDescriptionComment", d->comment);
    put_comment(p, &o, "AfterDescriptionComment", extension ? comment : before);
    put_text(p, &o, "Kind", wb_str_of(kinds[k].kind));
    put_text(p, &o, "Description", d->text);
    put_text(p, &o, "Name", name(p));
    if ((extension ? kinds[k].extends_more : kinds[k].interfaces) && is_word(p, "implements")) {
        next(p);
        interfaces = names(p, WS_GQL_AMP);
    }
    wv dirs = directives(p, true);
    if (k == UNION_KIND && skip(p, WS_GQL_EQUALS))
        types = names(p, WS_GQL_PIPE);
    if (kinds[k].member)
        members = some(p, WS_GQL_BRACE_L, WS_GQL_BRACE_R, kinds[k].member, &closing);
    put(p, &o, "Interfaces", interfaces);
    put(p, &o, "Directives", dirs);
    put(p, &o, "Types", types);
    if (kinds[k].members)
        put(p, &o, kinds[k].members, members);
    put_comment(p, &o, "EndOfDefinitionComment", closing);
    put(p, &o, "BuiltIn", WV_FALSE);
    if (extension && !wv_defined(interfaces) && !wv_defined(dirs) && !wv_defined(types) &&
        !wv_defined(members))
        unexpected(p);
    return o;
}

static wv operation_type(parser *p)
{
    wv o = new_object(p);
    peek(p);
    put_comment(p, &o, "Comment", p->comment);
    ws_gql_token t = next(p);
    if (!wb_str_is(t.value, "query") && !wb_str_is(t.value, "mutation") &&
        !wb_str_is(t.value, "subscription"))
        unexpected_token(p, t);
    put_text(p, &o, "Operation", t.value);
    expect(p, WS_GQL_COLON);
    put_text(p, &o, "Type", name(p));
    return o;
}

static wv schema_def(parser *p, const description *d, bool extension, wv comment)
{
    wv o = new_object(p), closing = WV_UNDEFINED, before = keyword(p, "schema");
    put_comment(p, &o, "BeforeDescriptionComment", d->comment);
    put_comment(p, &o, "AfterDescriptionComment", extension ? comment : before);
    put_text(p, &o, "Description", d->text);
    wv dirs = directives(p, true);
    wv types = some(p, WS_GQL_BRACE_L, WS_GQL_BRACE_R, operation_type, &closing);
    put(p, &o, "Directives", dirs);
    put(p, &o, "OperationTypes", types);
    put_comment(p, &o, "EndOfDefinitionComment", closing);
    if (extension && !wv_defined(dirs) && !wv_defined(types))
        unexpected(p);
    return o;
}

static wv location(parser *p)
{
    static const char *const known[] = {"QUERY",
                                        "MUTATION",
                                        "SUBSCRIPTION",
                                        "FIELD",
                                        "FRAGMENT_DEFINITION",
                                        "FRAGMENT_SPREAD",
                                        "INLINE_FRAGMENT",
                                        "VARIABLE_DEFINITION",
                                        "SCHEMA",
                                        "SCALAR",
                                        "OBJECT",
                                        "FIELD_DEFINITION",
                                        "ARGUMENT_DEFINITION",
                                        "INTERFACE",
                                        "UNION",
                                        "ENUM",
                                        "ENUM_VALUE",
                                        "INPUT_OBJECT",
                                        "INPUT_FIELD_DEFINITION"};
    ws_gql_token t = expect(p, WS_GQL_NAME);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (wb_str_is(t.value, known[i]))
            return wv_string_new(p->cx->out, t.value);
    unexpected_token(p, t);
    return WV_UNDEFINED;
}

static wv directive_def(parser *p, const description *d)
{
    wv o = new_object(p), before = keyword(p, "directive"), locations = WV_UNDEFINED;
    expect(p, WS_GQL_AT);
    put_comment(p, &o, "BeforeDescriptionComment", d->comment);
    put_comment(p, &o, "AfterDescriptionComment", before);
    put_text(p, &o, "Description", d->text);
    put_text(p, &o, "Name", name(p));
    put(p, &o, "Arguments", argument_defs(p));
    bool repeatable = is_word(p, "repeatable") && skip(p, WS_GQL_NAME);
    put(p, &o, "IsRepeatable", wv_bool(repeatable));
    keyword(p, "on");
    skip(p, WS_GQL_PIPE);
    do
        push(p, &locations, location(p));
    while (!p->failed && skip(p, WS_GQL_PIPE));
    put(p, &o, "Locations", locations);
    return o;
}

typedef struct schema {
    wv schema, extension, directives, definitions, extensions;
} schema;

static void extend(parser *p, schema *s)
{
    const description none = {{"", 0}, WV_UNDEFINED};
    wv comment = keyword(p, "extend");
    int k = kind_of(p);
    if (is_word(p, "schema"))
        push(p, &s->extension, schema_def(p, &none, true, comment));
    else if (k >= 0)
        push(p, &s->extensions, definition(p, k, &none, true, comment));
    else
        unexpected(p);
}

wv ws_gql_parse_schema(ws_ctx *cx, wb_str text)
{
    parser p;
    schema s = {0};
    start(&p, cx, text);
    while (peek(&p).kind != WS_GQL_EOF && !p.failed) {
        description d = describe(&p);
        if (peek(&p).kind != WS_GQL_NAME) {
            unexpected(&p);
            break;
        }
        int k = kind_of(&p);
        if (k >= 0) {
            push(&p, &s.definitions, definition(&p, k, &d, false, WV_UNDEFINED));
        } else if (is_word(&p, "schema")) {
            push(&p, &s.schema, schema_def(&p, &d, false, WV_UNDEFINED));
        } else if (is_word(&p, "directive")) {
            push(&p, &s.directives, directive_def(&p, &d));
        } else if (is_word(&p, "extend")) {
            if (d.text.n)
                unexpected_token(&p, p.prev);
            extend(&p, &s);
        } else {
            unexpected(&p);
        }
    }
    if (p.failed)
        return WV_UNDEFINED;
    wv o = new_object(&p);
    put(&p, &o, "Schema", s.schema);
    put(&p, &o, "SchemaExtension", s.extension);
    put(&p, &o, "Directives", s.directives);
    put(&p, &o, "Definitions", s.definitions);
    put(&p, &o, "Extensions", s.extensions);
    put_comment(&p, &o, "Comment", p.comment);
    return ws_built(cx, o);
}
