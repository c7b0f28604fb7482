/* Building a schema: names, extensions, what abstract types may be, roots. */
#include "stdlib/graphql/schema.h"

#include "stdlib/args.h"
#include "stdlib/graphql/parse.h"
#include "stdlib/graphql/schema_check.h"

/* Lists of up to this many fields are searched from the front. */
#define SHORT_LIST 8

/* What every schema has besides its own. */
static const char prelude[] =
    "scalar Int scalar Float scalar String scalar Boolean scalar ID "
    "directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @deprecated(reason: String = \"No longer supported\") on FIELD_DEFINITION | "
    "ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE "
    "directive @specifiedBy(url: String!) on SCALAR directive @oneOf on INPUT_OBJECT "
    "type __Schema { description: String types: [__Type!]! queryType: __Type! "
    "mutationType: __Type subscriptionType: __Type directives: [__Directive!]! } "
    "type __Type { kind: __TypeKind! name: String description: String specifiedByURL: String "
    "fields(includeDeprecated: Boolean = false): [__Field!] interfaces: [__Type!] "
    "possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean = false): [__EnumValue!] "
    "inputFields(includeDeprecated: Boolean = false): [__InputValue!] ofType: __Type "
    "isOneOf: Boolean } "
    "enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL } "
    "type __Field { name: String! description: String "
    "args(includeDeprecated: Boolean = false): [__InputValue!]! type: __Type! "
    "isDeprecated: Boolean! deprecationReason: String } "
    "type __InputValue { name: String! description: String type: __Type! defaultValue: String "
    "isDeprecated: Boolean! deprecationReason: String } "
    "type __EnumValue { name: String! description: String isDeprecated: Boolean! "
    "deprecationReason: String } "
    "type __Directive { name: String! description: String isRepeatable: Boolean! "
    "locations: [__DirectiveLocation!]! "
    "args(includeDeprecated: Boolean = false): [__InputValue!]! } "
    "enum __DirectiveLocation { QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION "
    "FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION "
    "ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION }";

/* Where errors say that the built-in types stand, in their order above. */
static const ws_gql_pos prelude_at[] = {{4, 8},   {7, 8},   {10, 8},  {13, 8},  {16, 8},
                                        {64, 6},  {92, 6},  {107, 6}, {142, 6}, {154, 6},
                                        {170, 6}, {182, 6}, {193, 6}};

ws_gql_def *ws_gql_type_def(const ws_ctx *cx, const ws_gql_schema *s, wb_str name)
{
    return ws_gql_name_get(&s->types, name);
}

ws_gql_field_def *ws_gql_argument_named(ws_ctx *cx, const ws_gql_list *list, wb_str name)
{
    if (list->n > SHORT_LIST)
        ws_charge(cx, list->n / 8);
    for (uint32_t i = 0; i < list->n; i++)
        if (wb_str_eq(WS_GQL_AT(*list, i, ws_gql_field_def)->name, name))
            return list->at[i];
    return NULL;
}

ws_gql_field_def *ws_gql_field_named(ws_ctx *cx, ws_gql_def *def, wb_str name)
{
    if (def->fields.n <= SHORT_LIST)
        return ws_gql_argument_named(cx, &def->fields, name);
    if (!def->by_name) {
        def->by_name = wb_arena_calloc(cx->out, sizeof *def->by_name);
        /* From the end, so that the first of equal names stays. */
        for (uint32_t i = def->fields.n; i-- && cx->error == WS_ERR_NONE;)
            ws_gql_name_put(cx, def->by_name, WS_GQL_AT(def->fields, i, ws_gql_field_def)->name,
                            def->fields.at[i]);
    }
    return ws_gql_name_get(def->by_name, name);
}

bool ws_gql_has_text(ws_ctx *cx, const ws_gql_list *list, wb_str text)
{
    if (list->n > SHORT_LIST)
        ws_charge(cx, list->n / 8);
    for (uint32_t i = 0; i < list->n; i++)
        if (wb_str_eq(*WS_GQL_AT(*list, i, wb_str), text))
            return true;
    return false;
}

bool ws_gql_type_fits(const ws_gql_type *type, const ws_gql_type *expected, bool non_null)
{
    for (;;) {
        if (!wb_str_eq(type->name, expected->name) || (non_null && !type->non_null))
            return false;
        if (!type->elem || !expected->elem)
            return !type->elem;
        type = type->elem;
        expected = expected->elem;
        non_null = expected->non_null;
    }
}

static bool join(ws_ctx *cx, ws_gql_list *to, const ws_gql_list *more)
{
    for (uint32_t i = 0; i < more->n; i++)
        if (!ws_gql_push(cx, to, more->at[i]))
            return false;
    return true;
}

static bool add_definition(ws_ctx *cx, ws_gql_schema *s, ws_gql_def *def)
{
    if (ws_gql_name_put(cx, &s->types, def->name, def))
        return gql_schema_fail(cx, NULL, def->pos, "Cannot redeclare type %.*s.",
                               WB_FMT(def->name));
    return cx->error == WS_ERR_NONE && ws_gql_push(cx, &s->defs, def);
}

static bool extend(ws_ctx *cx, ws_gql_schema *s, const ws_gql_def *ext)
{
    ws_gql_def *def = ws_gql_type_def(cx, s, ext->name);
    if (!def) {
        if (!ws_room(cx, sizeof *def))
            return false;
        def = wb_arena_calloc(cx->out, sizeof *def);
        def->kind = ext->kind;
        def->is = ext->is;
        def->name = ext->name;
        def->pos = ext->pos;
        if (!add_definition(cx, s, def))
            return false;
    }
    if (!wb_str_eq(def->kind, ext->kind))
        return gql_schema_fail(cx, NULL, ext->pos,
                               "Cannot extend type %.*s because the base type is a %.*s, not %.*s.",
                               WB_FMT(ext->name), WB_FMT(def->kind), WB_FMT(ext->kind));
    return join(cx, &def->directives, &ext->directives) &&
           join(cx, &def->interfaces, &ext->interfaces) && join(cx, &def->fields, &ext->fields) &&
           join(cx, &def->types, &ext->types) && join(cx, &def->types_at, &ext->types_at) &&
           join(cx, &def->enum_values, &ext->enum_values);
}

/* Names of interfaces that are not there are found later. */
static bool add_possible(ws_ctx *cx, ws_gql_schema *s, ws_gql_def *def)
{
    if (def->is == WS_GQL_K_UNION) {
        for (uint32_t i = 0; i < def->types.n; i++) {
            ws_gql_def *member = ws_gql_type_def(cx, s, *WS_GQL_AT(def->types, i, wb_str));
            if (member && !ws_gql_push(cx, &def->possible, member))
                return false;
        }
        return true;
    }
    if (def->is != WS_GQL_K_INPUT && def->is != WS_GQL_K_OBJECT && def->is != WS_GQL_K_INTERFACE)
        return true;
    for (uint32_t i = 0; i < def->interfaces.n; i++) {
        ws_gql_def *of = ws_gql_type_def(cx, s, *WS_GQL_AT(def->interfaces, i, wb_str));
        if (of && !ws_gql_push(cx, &of->possible, def))
            return false;
    }
    return def->is == WS_GQL_K_INTERFACE || ws_gql_push(cx, &def->possible, def);
}

/* Built-in directives may be defined again. */
static bool add_directive(ws_ctx *cx, ws_gql_schema *s, ws_gql_directive_def *def)
{
    static const char *const again[] = {"include",     "skip",  "deprecated",
                                        "specifiedBy", "defer", "oneOf"};
    if (ws_gql_name_put(cx, &s->directives, def->name, def)) {
        bool may = false;
        for (size_t i = 0; i < sizeof again / sizeof *again; i++)
            may |= wb_str_is(def->name, again[i]);
        return may || gql_schema_fail(cx, NULL, def->pos, "Cannot redeclare directive %.*s.",
                                      WB_FMT(def->name));
    }
    return cx->error == WS_ERR_NONE && ws_gql_push(cx, &s->directive_defs, def);
}

static bool add_roots(ws_ctx *cx, ws_gql_schema *s, const ws_gql_schema_def *def)
{
    for (uint32_t i = 0; i < def->roots.n; i++) {
        const ws_gql_root *root = WS_GQL_AT(def->roots, i, ws_gql_root);
        ws_gql_def *type = ws_gql_type_def(cx, s, root->type);
        if (!type)
            return gql_schema_fail(cx, NULL, root->pos,
                                   "Schema root %.*s refers to a type %.*s that does not exist.",
                                   WB_FMT(root->operation), WB_FMT(root->type));
        if (wb_str_is(root->operation, "query"))
            s->query = type;
        else if (wb_str_is(root->operation, "mutation"))
            s->mutation = type;
        else if (wb_str_is(root->operation, "subscription"))
            s->subscription = type;
    }
    return gql_check_directives(cx, s, &def->directives, "SCHEMA", NULL, true);
}

static bool add_schema(ws_ctx *cx, ws_gql_schema *s, const ws_gql_schema_doc *doc)
{
    if (doc->schema.n > 1)
        return gql_schema_fail(
            cx, NULL, WS_GQL_AT(doc->schema, 1, ws_gql_schema_def)->pos,
            "Cannot have multiple schema entry points, consider schema extensions instead.");
    if (doc->schema.n && !add_roots(cx, s, doc->schema.at[0]))
        return false;
    for (uint32_t i = 0; i < doc->extension.n; i++)
        if (!add_roots(cx, s, doc->extension.at[i]))
            return false;
    return true;
}

static bool add_all(ws_ctx *cx, ws_gql_schema *s, const ws_gql_schema_doc *base,
                    const ws_gql_schema_doc *doc)
{
    for (uint32_t i = 0; i < base->definitions.n; i++) {
        ws_gql_def *def = base->definitions.at[i];
        def->built_in = true;
        def->file = "prelude.graphql";
        def->pos = prelude_at[i];
        if (!add_definition(cx, s, def))
            return false;
    }
    for (uint32_t i = 0; i < doc->definitions.n; i++)
        if (!add_definition(cx, s, doc->definitions.at[i]))
            return false;
    for (uint32_t i = 0; i < doc->extensions.n; i++)
        if (!extend(cx, s, doc->extensions.at[i]))
            return false;
    for (uint32_t i = 0; i < s->defs.n; i++)
        if (!add_possible(cx, s, s->defs.at[i]))
            return false;
    for (uint32_t i = 0; i < base->directives.n; i++)
        if (!add_directive(cx, s, base->directives.at[i]))
            return false;
    for (uint32_t i = 0; i < doc->directives.n; i++)
        if (!add_directive(cx, s, doc->directives.at[i]))
            return false;
    return add_schema(cx, s, doc);
}

static ws_gql_type *named_type(ws_ctx *cx, const char *name, bool non_null)
{
    ws_gql_type *type = wb_arena_calloc(cx->out, sizeof *type);
    type->name = wb_str_of(name);
    type->non_null = non_null;
    return type;
}

static ws_gql_field_def *meta_field(ws_ctx *cx, const char *name, const char *type, bool non_null)
{
    ws_gql_field_def *f = wb_arena_calloc(cx->out, sizeof *f);
    f->name = wb_str_of(name);
    f->type = named_type(cx, type, non_null);
    return f;
}

/* The query type can be asked about the schema. */
static bool add_introspection(ws_ctx *cx, ws_gql_def *query)
{
    ws_gql_field_def *type = meta_field(cx, "__type", "__Type", false);
    query->by_name = NULL;
    return ws_gql_push(cx, &type->arguments, meta_field(cx, "name", "String", true)) &&
           ws_gql_push(cx, &query->fields, meta_field(cx, "__schema", "__Schema", true)) &&
           ws_gql_push(cx, &query->fields, type);
}

ws_gql_schema *ws_gql_schema_build(ws_ctx *cx, ws_gql_schema_doc *doc)
{
    ws_gql_schema_doc *base = ws_gql_parse_schema(cx, WB_LIT(prelude));
    if (!base)
        return NULL;
    ws_gql_schema *s = wb_arena_calloc(cx->out, sizeof *s);
    if (!add_all(cx, s, base, doc) || !gql_check_definitions(cx, s) || !gql_check_cycles(cx, s) ||
        !gql_check_directive_defs(cx, s))
        return NULL;
    if (!doc->schema.n) {
        if (!s->query)
            s->query = ws_gql_type_def(cx, s, WB_LIT("Query"));
        if (!s->mutation)
            s->mutation = ws_gql_type_def(cx, s, WB_LIT("Mutation"));
        if (!s->subscription)
            s->subscription = ws_gql_type_def(cx, s, WB_LIT("Subscription"));
    }
    if (s->query && !add_introspection(cx, s->query))
        return NULL;
    return cx->error == WS_ERR_NONE ? s : NULL;
}
