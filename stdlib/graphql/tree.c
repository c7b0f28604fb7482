/* One table of members per kind of node serves both directions. */
#include "stdlib/graphql/tree.h"

#include "stdlib/args.h"

#include <stddef.h>

/* Nodes below each other: a nested value takes two, so what the parser takes is taken here. */
#define NODE_DEPTH_MAX (3 * WS_GQL_DEPTH_MAX)

typedef enum member_kind {
    M_TEXT,
    M_BOOL,
    M_INT,
    M_NODE,      /* a pointer, may be NULL */
    M_NEEDED,    /* a pointer that nothing works without */
    M_LIST,      /* of pointers */
    M_TEXTS,     /* list of strings */
    M_SELECTIONS /* list of three kinds of nodes */
} member_kind;

typedef enum shape_id {
    S_COMMENT,
    S_COMMENTS,
    S_TYPE,
    S_VALUE,
    S_CHILD,
    S_ARGUMENT,
    S_DIRECTIVE,
    S_VARIABLE,
    S_FIELD,
    S_SPREAD,
    S_INLINE,
    S_OPERATION,
    S_FRAGMENT,
    S_QUERY,
    S_FIELD_DEF,
    S_ENUM_VALUE,
    S_DEF,
    S_DIRECTIVE_DEF,
    S_ROOT,
    S_SCHEMA_DEF,
    S_SCHEMA,
    SHAPES
} shape_id;

typedef struct member {
    const char *name;
    member_kind kind;
    size_t offset;
    shape_id of;
    const char *type; /* what the decoder calls it in errors */
} member;

#define MEMBERS_MAX 13

typedef struct shape {
    const char *name;
    size_t size;
    bool exact; /* names count in their own case only, and comments are not read */
    unsigned n;
    member members[MEMBERS_MAX];
} shape;

#define AT(type, field) offsetof(ws_gql_##type, field)
#define SIZE(type)      sizeof(ws_gql_##type)
#define COMMENT(type, name, field)                                                                 \
    {                                                                                              \
        name, M_NODE, AT(type, field), S_COMMENTS, "ast.CommentGroup"                              \
    }
#define DIRECTIVES(type)                                                                           \
    {                                                                                              \
        "Directives", M_LIST, AT(type, directives), S_DIRECTIVE, "ast.DirectiveList"               \
    }
#define SELECTIONS(type)                                                                           \
    {                                                                                              \
        "SelectionSet", M_SELECTIONS, AT(type, selections), S_FIELD, "[]json.RawMessage"           \
    }
#define TEXT(type, name, field)                                                                    \
    {                                                                                              \
        name, M_TEXT, AT(type, field), 0, "string"                                                 \
    }

static const shape shapes[SHAPES] = {
    [S_COMMENT] = {"Comment", SIZE(comment), false, 1, {TEXT(comment, "Value", text)}},
    [S_COMMENTS] = {"CommentGroup",
                    SIZE(comments),
                    false,
                    1,
                    {{"List", M_LIST, AT(comments, list), S_COMMENT, "[]*ast.Comment"}}},
    [S_TYPE] = {"Type",
                SIZE(type),
                false,
                3,
                {TEXT(type, "NamedType", name),
                 {"Elem", M_NODE, AT(type, elem), S_TYPE, "ast.Type"},
                 {"NonNull", M_BOOL, AT(type, non_null), 0, "bool"}}},
    [S_VALUE] = {"Value",
                 SIZE(value),
                 false,
                 5,
                 {TEXT(value, "Raw", raw),
                  {"Children", M_LIST, AT(value, children), S_CHILD, "ast.ChildValueList"},
                  {"Kind", M_INT, AT(value, kind), 0, "ast.ValueKind"},
                  COMMENT(value, "Comment", comment),
                  {"ExpectedTypeHasDefault", M_BOOL, AT(value, expected_has_default), 0, "bool"}}},
    [S_CHILD] = {"ChildValue",
                 SIZE(child),
                 false,
                 3,
                 {TEXT(child, "Name", name),
                  {"Value", M_NEEDED, AT(child, value), S_VALUE, "ast.Value"},
                  COMMENT(child, "Comment", comment)}},
    [S_ARGUMENT] = {"Argument",
                    SIZE(argument),
                    false,
                    3,
                    {TEXT(argument, "Name", name),
                     {"Value", M_NEEDED, AT(argument, value), S_VALUE, "ast.Value"},
                     COMMENT(argument, "Comment", comment)}},
    [S_DIRECTIVE] = {"Directive",
                     SIZE(directive),
                     false,
                     3,
                     {TEXT(directive, "Name", name),
                      {"Arguments", M_LIST, AT(directive, arguments), S_ARGUMENT,
                       "ast.ArgumentList"},
                      {"Location", M_TEXT, AT(directive, location), 0, "ast.DirectiveLocation"}}},
    [S_VARIABLE] = {"VariableDefinition",
                    SIZE(variable),
                    false,
                    6,
                    {TEXT(variable, "Variable", name),
                     {"Type", M_NEEDED, AT(variable, type), S_TYPE, "ast.Type"},
                     {"DefaultValue", M_NODE, AT(variable, fallback), S_VALUE, "ast.Value"},
                     DIRECTIVES(variable),
                     COMMENT(variable, "Comment", comment),
                     {"Used", M_BOOL, AT(variable, used), 0, "bool"}}},
    [S_FIELD] = {"Field",
                 SIZE(selection),
                 true,
                 6,
                 {TEXT(selection, "Alias", alias),
                  TEXT(selection, "Name", name),
                  {"Arguments", M_LIST, AT(selection, arguments), S_ARGUMENT, "ast.ArgumentList"},
                  DIRECTIVES(selection),
                  SELECTIONS(selection),
                  COMMENT(selection, "Comment", comment)}},
    [S_SPREAD] = {"FragmentSpread",
                  SIZE(selection),
                  false,
                  3,
                  {TEXT(selection, "Name", name), DIRECTIVES(selection),
                   COMMENT(selection, "Comment", comment)}},
    [S_INLINE] = {"InlineFragment",
                  SIZE(selection),
                  true,
                  4,
                  {TEXT(selection, "TypeCondition", condition), DIRECTIVES(selection),
                   SELECTIONS(selection), COMMENT(selection, "Comment", comment)}},
    [S_OPERATION] = {"OperationDefinition",
                     SIZE(operation),
                     true,
                     6,
                     {{"Operation", M_TEXT, AT(operation, operation), 0, "ast.Operation"},
                      TEXT(operation, "Name", name),
                      {"VariableDefinitions", M_LIST, AT(operation, variables), S_VARIABLE,
                       "ast.VariableDefinitionList"},
                      DIRECTIVES(operation),
                      SELECTIONS(operation),
                      COMMENT(operation, "Comment", comment)}},
    [S_FRAGMENT] = {"FragmentDefinition",
                    SIZE(fragment),
                    true,
                    6,
                    {TEXT(fragment, "Name", name),
                     {"VariableDefinition", M_LIST, AT(fragment, variables), S_VARIABLE,
                      "ast.VariableDefinitionList"},
                     TEXT(fragment, "TypeCondition", condition),
                     DIRECTIVES(fragment),
                     SELECTIONS(fragment),
                     COMMENT(fragment, "Comment", comment)}},
    [S_QUERY] = {"QueryDocument",
                 SIZE(query),
                 false,
                 3,
                 {{"Operations", M_LIST, AT(query, operations), S_OPERATION, "ast.OperationList"},
                  {"Fragments", M_LIST, AT(query, fragments), S_FRAGMENT,
                   "ast.FragmentDefinitionList"},
                  COMMENT(query, "Comment", comment)}},
    [S_FIELD_DEF] = {"FieldDefinition",
                     SIZE(field_def),
                     false,
                     8,
                     {TEXT(field_def, "Description", description),
                      TEXT(field_def, "Name", name),
                      {"Arguments", M_LIST, AT(field_def, arguments), S_FIELD_DEF,
                       "ast.ArgumentDefinitionList"},
                      {"DefaultValue", M_NODE, AT(field_def, fallback), S_VALUE, "ast.Value"},
                      {"Type", M_NEEDED, AT(field_def, type), S_TYPE, "ast.Type"},
                      DIRECTIVES(field_def),
                      COMMENT(field_def, "BeforeDescriptionComment", before),
                      COMMENT(field_def, "AfterDescriptionComment", after)}},
    [S_ENUM_VALUE] = {"EnumValueDefinition",
                      SIZE(enum_value),
                      false,
                      5,
                      {TEXT(enum_value, "Description", description), TEXT(enum_value, "Name", name),
                       DIRECTIVES(enum_value),
                       COMMENT(enum_value, "BeforeDescriptionComment", before),
                       COMMENT(enum_value, "AfterDescriptionComment", after)}},
    [S_DEF] = {"Definition",
               SIZE(def),
               false,
               12,
               {{"Kind", M_TEXT, AT(def, kind), 0, "ast.DefinitionKind"},
                TEXT(def, "Description", description),
                TEXT(def, "Name", name),
                DIRECTIVES(def),
                {"Interfaces", M_TEXTS, AT(def, interfaces), 0, "[]string"},
                {"Fields", M_LIST, AT(def, fields), S_FIELD_DEF, "ast.FieldList"},
                {"Types", M_TEXTS, AT(def, types), 0, "[]string"},
                {"EnumValues", M_LIST, AT(def, enum_values), S_ENUM_VALUE, "ast.EnumValueList"},
                {"BuiltIn", M_BOOL, AT(def, built_in), 0, "bool"},
                COMMENT(def, "BeforeDescriptionComment", before),
                COMMENT(def, "AfterDescriptionComment", after),
                COMMENT(def, "EndOfDefinitionComment", end)}},
    [S_DIRECTIVE_DEF] = {"DirectiveDefinition",
                         SIZE(directive_def),
                         false,
                         7,
                         {TEXT(directive_def, "Description", description),
                          TEXT(directive_def, "Name", name),
                          {"Arguments", M_LIST, AT(directive_def, arguments), S_FIELD_DEF,
                           "ast.ArgumentDefinitionList"},
                          {"Locations", M_TEXTS, AT(directive_def, locations), 0,
                           "[]ast.DirectiveLocation"},
                          {"IsRepeatable", M_BOOL, AT(directive_def, repeatable), 0, "bool"},
                          COMMENT(directive_def, "BeforeDescriptionComment", before),
                          COMMENT(directive_def, "AfterDescriptionComment", after)}},
    [S_ROOT] = {"OperationTypeDefinition",
                SIZE(root),
                false,
                3,
                {{"Operation", M_TEXT, AT(root, operation), 0, "ast.Operation"},
                 TEXT(root, "Type", type),
                 COMMENT(root, "Comment", comment)}},
    [S_SCHEMA_DEF] = {"SchemaDefinition",
                      SIZE(schema_def),
                      false,
                      6,
                      {TEXT(schema_def, "Description", description),
                       DIRECTIVES(schema_def),
                       {"OperationTypes", M_LIST, AT(schema_def, roots), S_ROOT,
                        "ast.OperationTypeDefinitionList"},
                       COMMENT(schema_def, "BeforeDescriptionComment", before),
                       COMMENT(schema_def, "AfterDescriptionComment", after),
                       COMMENT(schema_def, "EndOfDefinitionComment", end)}},
    [S_SCHEMA] =
        {"SchemaDocument",
         SIZE(schema_doc),
         false,
         6,
         {{"Schema", M_LIST, AT(schema_doc, schema), S_SCHEMA_DEF, "ast.SchemaDefinitionList"},
          {"SchemaExtension", M_LIST, AT(schema_doc, extension), S_SCHEMA_DEF,
           "ast.SchemaDefinitionList"},
          {"Directives", M_LIST, AT(schema_doc, directives), S_DIRECTIVE_DEF,
           "ast.DirectiveDefinitionList"},
          {"Definitions", M_LIST, AT(schema_doc, definitions), S_DEF, "ast.DefinitionList"},
          {"Extensions", M_LIST, AT(schema_doc, extensions), S_DEF, "ast.DefinitionList"},
          COMMENT(schema_doc, "Comment", comment)}},
};

static const void *at(const void *node, const member *m)
{
    return (const char *)node + m->offset;
}

/* ---- to documents ---- */

typedef struct writer {
    ws_ctx *cx;
    wv keys[SHAPES][MEMBERS_MAX]; /* made when first used */
} writer;

static wv write_node(writer *w, shape_id id, const void *node);

static shape_id selection_shape(const ws_gql_selection *s)
{
    return s->kind == WS_GQL_FIELD             ? S_FIELD
           : s->kind == WS_GQL_FRAGMENT_SPREAD ? S_SPREAD
                                               : S_INLINE;
}

static wv write_list(writer *w, const member *m, const ws_gql_list *list)
{
    wv array = WV_UNDEFINED;
    for (uint32_t i = 0; i < list->n && !w->cx->out->exhausted; i++) {
        const void *item = list->at[i];
        wv v = m->kind == M_TEXTS ? wv_string_new(w->cx->out, *(const wb_str *)item)
               : m->kind == M_SELECTIONS
                   ? write_node(w, selection_shape((const ws_gql_selection *)item), item)
                   : write_node(w, m->of, item);
        if (!wv_defined(v))
            continue;
        if (!wv_defined(array))
            array = wv_array_begin(w->cx->out, list->n);
        wv_array_push(w->cx->out, &array, v);
    }
    return array;
}

static wv write_member(writer *w, const member *m, const void *p)
{
    switch (m->kind) {
    case M_TEXT: return wv_string_new(w->cx->out, *(const wb_str *)p);
    case M_BOOL: return wv_bool(*(const bool *)p);
    case M_INT: return wv_small(*(const int64_t *)p);
    case M_NODE:
    case M_NEEDED: {
        const void *node = *(void *const *)p;
        return node ? write_node(w, m->of, node) : WV_UNDEFINED;
    }
    default: return write_list(w, m, (const ws_gql_list *)p);
    }
}

/* Undefined for a node of which nothing is shown. */
static wv write_node(writer *w, shape_id id, const void *node)
{
    const shape *s = &shapes[id];
    wv o = wv_object_begin(w->cx->out, s->n);
    for (unsigned i = 0; i < s->n; i++) {
        wv v = write_member(w, &s->members[i], at(node, &s->members[i]));
        if (!wv_defined(v))
            continue;
        if (!wv_defined(w->keys[id][i]))
            w->keys[id][i] = wv_string_new(w->cx->out, wb_str_of(s->members[i].name));
        wv_object_put(w->cx->out, &o, w->keys[id][i], v);
    }
    ws_charge(w->cx, 1);
    return wv_len(o) ? o : WV_UNDEFINED;
}

static wv write_document(ws_ctx *cx, shape_id id, const void *node)
{
    writer w = {.cx = cx};
    wv v = write_node(&w, id, node);
    if (cx->error != WS_ERR_NONE)
        return WV_UNDEFINED;
    return ws_built(cx, wv_defined(v) ? v : wv_object_begin(cx->out, 0));
}

wv ws_gql_query_document(ws_ctx *cx, const ws_gql_query *query)
{
    return write_document(cx, S_QUERY, query);
}

wv ws_gql_schema_document(ws_ctx *cx, const ws_gql_schema_doc *schema)
{
    return write_document(cx, S_SCHEMA, schema);
}

/* ---- from documents ---- */

typedef struct reader {
    ws_ctx *cx;
    bool wrong;  /* some member has a wrong type; reading a selection as another kind may help */
    bool broken; /* something is missing, or over a limit: nothing helps */
    bool schema; /* values are defaults and arguments of directives: nobody looks into them */
    unsigned depth;
} reader;

static void *read_node(reader *r, shape_id id, wv v);

static void wrong_type(reader *r, const shape *s, const member *m, wv v)
{
    if (!r->wrong && r->cx->error == WS_ERR_NONE) {
        const char *type = wv_is_bool(v) ? "bool" : wv_is_set(v) ? "array" : wv_type_name(v);
        if (m)
            ws_fail(r->cx, "json: cannot unmarshal %s into Go struct field %s.%s of type %s", type,
                    s->name, m->name, m->type);
        else
            ws_fail(r->cx, "json: cannot unmarshal %s into Go value of type ast.%s", type, s->name);
    }
    r->wrong = true;
}

static void missing(reader *r, const shape *s, const char *what)
{
    if (r->cx->error == WS_ERR_NONE)
        ws_fail(r->cx, "GraphQL document has a %s without %s", s->name, what);
    r->broken = true;
}

static wb_str *read_text(reader *r, const shape *s, const member *m, wv v, wb_str *to)
{
    if (!wv_is_string(v)) {
        if (v != WV_NULL)
            wrong_type(r, s, m, v);
        return to;
    }
    wb_str text = wv_str(&v);
    *to = wv_is_boxed(v) ? text : wb_arena_str(r->cx->out, text);
    return to;
}

/* The first of field, spread, inline fragment that the node reads as, or NULL. */
static ws_gql_selection *read_selection(reader *r, wv v)
{
    static const shape_id tries[] = {S_FIELD, S_SPREAD, S_INLINE};
    static const ws_gql_selection_kind kinds[] = {WS_GQL_FIELD, WS_GQL_FRAGMENT_SPREAD,
                                                  WS_GQL_INLINE};
    for (unsigned i = 0; i < 3 && !r->broken; i++) {
        bool before = r->wrong, clean = r->cx->error == WS_ERR_NONE;
        r->wrong = false;
        ws_gql_selection *s =
            v == WV_NULL ? wb_arena_calloc(r->cx->out, sizeof *s) : read_node(r, tries[i], v);
        bool good = !r->wrong;
        r->wrong = before;
        if (clean && !r->broken && r->cx->error == WS_ERR_BUILTIN)
            r->cx->error = WS_ERR_NONE;
        if (good && s) {
            s->kind = kinds[i];
            return s;
        }
    }
    return NULL;
}

static void read_list(reader *r, const shape *s, const member *m, wv v, ws_gql_list *list)
{
    if (v == WV_NULL)
        return;
    size_t n = 0;
    const wv *items = wv_is_array(v) || wv_is_set(v) ? ws_members(r->cx, v, &n) : NULL;
    if (!items && !wv_is_array(v) && !wv_is_set(v))
        wrong_type(r, s, m, v);
    if (!items)
        return;
    for (size_t i = 0; i < n && !r->broken; i++) {
        void *item;
        if (m->kind == M_TEXTS)
            item = read_text(r, s, m, items[i], wb_arena_calloc(r->cx->out, sizeof(wb_str)));
        else if (m->kind == M_SELECTIONS)
            item = read_selection(r, items[i]);
        else
            item = read_node(r, m->of, items[i]);
        bool unseen = m->of == S_COMMENT || (r->schema && m->of == S_CHILD);
        if (!item && items[i] == WV_NULL && !unseen)
            missing(r, s, "one of its parts");
        if (item && !ws_gql_push(r->cx, list, item))
            r->broken = true;
    }
}

static void read_member(reader *r, const shape *s, const member *m, wv v, char *to)
{
    switch (m->kind) {
    case M_TEXT: read_text(r, s, m, v, (wb_str *)(void *)to); break;
    case M_BOOL:
        if (wv_is_bool(v))
            *(bool *)to = v == WV_TRUE;
        else if (v != WV_NULL)
            wrong_type(r, s, m, v);
        break;
    case M_INT:
        if (wv_is_int(v))
            *(int64_t *)(void *)to = wv_int(v);
        else if (v != WV_NULL)
            wrong_type(r, s, m, v);
        break;
    case M_NODE:
    case M_NEEDED:
        if (v != WV_NULL)
            *(void **)(void *)to = read_node(r, m->of, v);
        break;
    default: read_list(r, s, m, v, (ws_gql_list *)(void *)to);
    }
}

static bool same_but_case(wb_str a, const char *b)
{
    for (size_t i = 0; i < a.n; i++)
        if ((a.p[i] | 32) != (b[i] | 32))
            return false;
    return b[a.n] == 0;
}

static const member *member_named(const shape *s, wb_str name)
{
    for (unsigned i = 0; i < s->n; i++) {
        const member *m = &s->members[i];
        if (s->exact ? wb_str_is(name, m->name) && m->of != S_COMMENTS
                     : name.n <= strlen(m->name) && same_but_case(name, m->name))
            return m;
    }
    return NULL;
}

/* What follows from the members, and what must not be missing. */
static void finish(reader *r, shape_id id, char *node)
{
    const shape *s = &shapes[id];
    bool unseen = r->schema && (id == S_VALUE || id == S_CHILD || id == S_ARGUMENT);
    for (unsigned i = 0; i < s->n && !unseen; i++)
        if (s->members[i].kind == M_NEEDED && !*(void **)(void *)(node + s->members[i].offset))
            missing(r, s, s->members[i].name);
    if (id == S_DEF) {
        ws_gql_def *def = (ws_gql_def *)(void *)node;
        def->is = ws_gql_kind_named(def->kind);
    } else if (id == S_TYPE) {
        const ws_gql_type *type = (const ws_gql_type *)(const void *)node;
        if (!type->name.n && !type->elem)
            missing(r, s, "NamedType");
    } else if (id == S_VALUE && !unseen) {
        const ws_gql_value *value = (const ws_gql_value *)(const void *)node;
        if (value->kind < WS_GQL_V_VARIABLE || value->kind > WS_GQL_V_OBJECT)
            missing(r, s, "a known Kind");
    }
}

/* Members in the order of their names: of two that mean the same the later one counts. */
static void *read_node(reader *r, shape_id id, wv v)
{
    const shape *s = &shapes[id];
    if (v == WV_NULL || r->broken)
        return NULL;
    if (!wv_is_object(v)) {
        wrong_type(r, s, NULL, v);
        return NULL;
    }
    if (r->depth >= NODE_DEPTH_MAX) {
        ws_fail_kind(r->cx, WS_ERR_BUDGET, "GraphQL document is nested too deep");
        r->broken = true;
        return NULL;
    }
    if (!ws_room(r->cx, s->size) || !ws_charge(r->cx, 1 + wv_len(v) / 8)) {
        r->broken = true;
        return NULL;
    }
    char *node = wb_arena_calloc(r->cx->out, s->size);
    const uint32_t *order = wv_table_order(v);
    r->depth++;
    for (uint32_t i = 0; i < wv_len(v) && !r->broken; i++) {
        wv key = wv_key_at(v, order, i);
        const member *m = wv_is_string(key) ? member_named(s, wv_str(&key)) : NULL;
        if (m)
            read_member(r, s, m, wv_value_at(v, order, i), node + m->offset);
    }
    r->depth--;
    if (!r->broken && !r->wrong)
        finish(r, id, node);
    return node;
}

static void *read_document(ws_ctx *cx, shape_id id, wv document)
{
    reader r = {.cx = cx, .schema = id == S_SCHEMA};
    void *node = read_node(&r, id, document);
    return r.broken || r.wrong || cx->error != WS_ERR_NONE ? NULL : node;
}

ws_gql_query *ws_gql_query_of(ws_ctx *cx, wv document)
{
    return read_document(cx, S_QUERY, document);
}

ws_gql_schema_doc *ws_gql_schema_of(ws_ctx *cx, wv document)
{
    return read_document(cx, S_SCHEMA, document);
}
