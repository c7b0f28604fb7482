/* Schemas: definitions and extensions. */
#include "stdlib/graphql/parse.h"
#include "stdlib/graphql/parser.h"

typedef struct description {
    wb_str text;
    ws_gql_comments *comment;
} description;

static description describe(ws_gql_parser *p)
{
    description d = {{"", 0}, NULL};
    ws_gql_token t = gql_peek(p);
    if (t.kind != WS_GQL_BLOCK && t.kind != WS_GQL_STRING)
        return d;
    d.comment = p->comment;
    d.text = gql_next(p).value;
    return d;
}

static wb_str *string_node(ws_gql_parser *p, wb_str s)
{
    wb_str *to = GQL_NODE(p, wb_str);
    *to = s;
    return to;
}

/* A member of a definition up to its name. */
static ws_gql_field_def *member(ws_gql_parser *p)
{
    ws_gql_field_def *f = GQL_NODE(p, ws_gql_field_def);
    description d = describe(p);
    f->description = d.text;
    if (d.text.n)
        f->before = d.comment;
    f->pos = gql_peek(p).pos;
    f->after = p->comment;
    f->name = gql_name(p);
    return f;
}

static void *input_value(ws_gql_parser *p)
{
    ws_gql_field_def *f = member(p);
    gql_expect(p, WS_GQL_COLON);
    f->type = gql_type(p);
    if (gql_skip(p, WS_GQL_EQUALS))
        f->fallback = gql_value(p, true);
    gql_directives(p, true, &f->directives);
    return f;
}

static void argument_defs(ws_gql_parser *p, ws_gql_list *list)
{
    gql_some(p, WS_GQL_PAREN_L, WS_GQL_PAREN_R, input_value, list);
}

static void *field_def(ws_gql_parser *p)
{
    ws_gql_field_def *f = member(p);
    argument_defs(p, &f->arguments);
    gql_expect(p, WS_GQL_COLON);
    f->type = gql_type(p);
    gql_directives(p, true, &f->directives);
    return f;
}

static void *enum_value(ws_gql_parser *p)
{
    ws_gql_enum_value *v = GQL_NODE(p, ws_gql_enum_value);
    description d = describe(p);
    v->description = d.text;
    if (d.text.n)
        v->before = d.comment;
    v->pos = gql_peek(p).pos;
    v->after = p->comment;
    v->name = gql_name(p);
    gql_directives(p, true, &v->directives);
    return v;
}

/* Names with a separator between them and perhaps before the first; at may be NULL. */
static void names(ws_gql_parser *p, ws_gql_kind separator, ws_gql_list *list, ws_gql_list *at)
{
    gql_skip(p, separator);
    do {
        if (at) {
            ws_gql_pos *pos = GQL_NODE(p, ws_gql_pos);
            *pos = gql_peek(p).pos;
            gql_push(p, at, pos);
        }
        gql_push(p, list, string_node(p, gql_name(p)));
    } while (!p->failed && gql_skip(p, separator));
}

static const struct {
    const char *word, *kind;
    bool interfaces;   /* may implement some */
    bool extends_more; /* an extension may implement some */
    bool loose;        /* directives of an extension may use variables */
    gql_item member;   /* what stands in braces, or NULL */
} kinds[] = {{"scalar", "SCALAR", false, false, false, NULL},
             {"type", "OBJECT", true, true, false, field_def},
             {"interface", "INTERFACE", true, false, false, field_def},
             {"union", "UNION", false, false, false, NULL},
             {"enum", "ENUM", false, false, false, enum_value},
             {"input", "INPUT_OBJECT", false, false, true, input_value}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(ws_gql_parser *p)
{
    for (int i = 0; i < KINDS; i++)
        if (gql_is_word(p, kinds[i].word))
            return i;
    return -1;
}

static bool is_empty(const ws_gql_def *def)
{
    return !def->interfaces.n && !def->directives.n && !def->types.n && !def->fields.n &&
           !def->enum_values.n;
}

/* A definition, or an extension: then some part must be there. */
static ws_gql_def *definition(ws_gql_parser *p, int k, const description *d, bool extension,
                              ws_gql_comments *comment)
{
    ws_gql_def *def = GQL_NODE(p, ws_gql_def);
    ws_gql_comments *before = gql_keyword(p, kinds[k].word);
    def->pos = gql_peek(p).pos;
    def->before = d->comment;
    def->after = extension ? comment : before;
    def->kind = wb_str_of(kinds[k].kind);
    def->is = ws_gql_kind_named(def->kind);
    def->description = d->text;
    def->name = gql_name(p);
    if ((extension ? kinds[k].extends_more : kinds[k].interfaces) && gql_is_word(p, "implements")) {
        gql_next(p);
        names(p, WS_GQL_AMP, &def->interfaces, NULL);
    }
    gql_directives(p, !(extension && kinds[k].loose), &def->directives);
    if (def->is == WS_GQL_K_UNION && gql_skip(p, WS_GQL_EQUALS))
        names(p, WS_GQL_PIPE, &def->types, &def->types_at);
    if (kinds[k].member)
        def->end = gql_some(p, WS_GQL_BRACE_L, WS_GQL_BRACE_R, kinds[k].member,
                            def->is == WS_GQL_K_ENUM ? &def->enum_values : &def->fields);
    if (extension && is_empty(def))
        gql_unexpected(p, gql_peek(p));
    return def;
}

static void *root(ws_gql_parser *p)
{
    ws_gql_root *r = GQL_NODE(p, ws_gql_root);
    r->pos = gql_peek(p).pos;
    r->comment = p->comment;
    ws_gql_token t = gql_next(p);
    if (!wb_str_is(t.value, "query") && !wb_str_is(t.value, "mutation") &&
        !wb_str_is(t.value, "subscription"))
        gql_unexpected(p, t);
    r->operation = t.value;
    gql_expect(p, WS_GQL_COLON);
    r->type = gql_name(p);
    return r;
}

static ws_gql_schema_def *schema_def(ws_gql_parser *p, const description *d, bool extension,
                                     ws_gql_comments *comment)
{
    ws_gql_schema_def *s = GQL_NODE(p, ws_gql_schema_def);
    ws_gql_comments *before = gql_keyword(p, "schema");
    s->pos = gql_peek(p).pos;
    s->before = d->comment;
    s->after = extension ? comment : before;
    s->description = d->text;
    gql_directives(p, true, &s->directives);
    s->end = gql_some(p, WS_GQL_BRACE_L, WS_GQL_BRACE_R, root, &s->roots);
    if (extension && !s->directives.n && !s->roots.n)
        gql_unexpected(p, gql_peek(p));
    return s;
}

static wb_str *location(ws_gql_parser *p)
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
    ws_gql_token t = gql_expect(p, WS_GQL_NAME);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (wb_str_is(t.value, known[i]))
            return string_node(p, t.value);
    gql_unexpected(p, t);
    return string_node(p, (wb_str){"", 0});
}

static ws_gql_directive_def *directive_def(ws_gql_parser *p, const description *d)
{
    ws_gql_directive_def *def = GQL_NODE(p, ws_gql_directive_def);
    def->after = gql_keyword(p, "directive");
    gql_expect(p, WS_GQL_AT);
    def->pos = gql_peek(p).pos;
    def->before = d->comment;
    def->description = d->text;
    def->name = gql_name(p);
    argument_defs(p, &def->arguments);
    def->repeatable = gql_is_word(p, "repeatable") && gql_skip(p, WS_GQL_NAME);
    gql_keyword(p, "on");
    gql_skip(p, WS_GQL_PIPE);
    do
        gql_push(p, &def->locations, location(p));
    while (!p->failed && gql_skip(p, WS_GQL_PIPE));
    return def;
}

static void extend(ws_gql_parser *p, ws_gql_schema_doc *s)
{
    const description none = {{"", 0}, NULL};
    ws_gql_comments *comment = gql_keyword(p, "extend");
    int k = kind_of(p);
    if (gql_is_word(p, "schema"))
        gql_push(p, &s->extension, schema_def(p, &none, true, comment));
    else if (k >= 0)
        gql_push(p, &s->extensions, definition(p, k, &none, true, comment));
    else
        gql_unexpected(p, gql_peek(p));
}

/* One definition or extension with its description. */
static void item(ws_gql_parser *p, ws_gql_schema_doc *s)
{
    description d = describe(p);
    if (gql_peek(p).kind != WS_GQL_NAME) {
        gql_unexpected(p, gql_peek(p));
        return;
    }
    int k = kind_of(p);
    if (k >= 0) {
        gql_push(p, &s->definitions, definition(p, k, &d, false, NULL));
    } else if (gql_is_word(p, "schema")) {
        gql_push(p, &s->schema, schema_def(p, &d, false, NULL));
    } else if (gql_is_word(p, "directive")) {
        gql_push(p, &s->directives, directive_def(p, &d));
    } else if (gql_is_word(p, "extend")) {
        if (d.text.n)
            gql_unexpected(p, p->prev);
        extend(p, s);
    } else {
        gql_unexpected(p, gql_peek(p));
    }
}

ws_gql_schema_doc *ws_gql_parse_schema(ws_ctx *cx, wb_str text)
{
    ws_gql_parser p;
    gql_start(&p, cx, text);
    ws_gql_schema_doc *s = GQL_NODE(&p, ws_gql_schema_doc);
    while (gql_peek(&p).kind != WS_GQL_EOF && !p.failed)
        item(&p, s);
    s->comment = p.comment;
    return p.failed ? NULL : s;
}
