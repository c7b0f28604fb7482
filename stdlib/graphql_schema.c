/* The rules that a GraphQL schema keeps: names, types, interfaces, directives. */
#include "stdlib/graphql_schema.h"

#include "stdlib/args.h"
#include "stdlib/graphql_parse.h"

#include <stdio.h>

/* What every schema has besides its own. */
static const char prelude[] =
    "scalar Int scalar Float scalar String scalar Boolean scalar ID "
    "directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @deprecated(reason: String = \"No longer supported\") on FIELD_DEFINITION | "
    "ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE "
    "directive @specifiedBy(url: String!) on SCALAR directive @oneOf on INPUT_OBJECT "
    "type __Schema { types: [__Type!]! } type __Type { kind: __TypeKind! } "
    "enum __TypeKind { SCALAR } type __Field { name: String! } type __InputValue { name: String! } "
    "type __EnumValue { name: String! } type __Directive { name: String! } "
    "enum __DirectiveLocation { QUERY }";

typedef struct schema {
    ws_ctx *cx;
    wv types, builtin, directives; /* objects: name to definition */
} schema;

static wv member(wv o, const char *name)
{
    return wv_defined(o) && wv_is_object(o) ? wv_object_get_str(o, wb_str_of(name)) : WV_UNDEFINED;
}

/* A list that may be absent; a wrong kind of value counts as absent. */
static uint32_t count(wv o, const char *name)
{
    wv v = member(o, name);
    return wv_defined(v) && wv_is_array(v) ? wv_len(v) : 0;
}

static wv at(wv o, const char *name, uint32_t i)
{
    return wv_items(member(o, name))[i];
}

/* A text member; absent ones are the empty string. */
static wv text(wv o, const char *name)
{
    wv v = member(o, name);
    return wv_defined(v) && wv_is_string(v) ? v : wv_short("", 0);
}

static bool is(wv string, const char *z)
{
    return wv_is_string(string) && wb_str_is(wv_str(&string), z);
}

static bool reserved(wv name)
{
    return wb_str_has_prefix(wv_str(&name), WB_LIT("__"));
}

static wv type_name(wv type)
{
    for (unsigned i = 0; i < WS_GQL_DEPTH_MAX && wv_defined(member(type, "Elem")); i++)
        type = member(type, "Elem");
    return text(type, "NamedType");
}

static wv type_of(const schema *s, wv type)
{
    return wv_object_get(s->types, type_name(type));
}

static bool kind_is(wv def, const char *const *kinds)
{
    for (; *kinds; kinds++)
        if (is(text(def, "Kind"), *kinds))
            return true;
    return false;
}

static const char *const input_kinds[] = {"SCALAR", "ENUM", "INPUT_OBJECT", NULL};
static const char *const output_kinds[] = {"SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", NULL};

static wv named(wv o, const char *list, wv name)
{
    for (uint32_t i = 0; i < count(o, list); i++)
        if (wv_equal(text(at(o, list, i), "Name"), name))
            return at(o, list, i);
    return WV_UNDEFINED;
}

static bool lists(wv o, const char *list, wv string)
{
    for (uint32_t i = 0; i < count(o, list); i++)
        if (wv_equal(at(o, list, i), string))
            return true;
    return false;
}

/* ---- directives and arguments ---- */

static bool directive_fits(const schema *s, wv dir, const char *location)
{
    wv def = wv_object_get(s->directives, text(dir, "Name"));
    if (!wv_defined(def) ||
        !lists(def, "Locations", wv_string_new(s->cx->out, wb_str_of(location))))
        return false;
    for (uint32_t i = 0; i < count(dir, "Arguments"); i++)
        if (!wv_defined(named(def, "Arguments", text(at(dir, "Arguments", i), "Name"))))
            return false;
    for (uint32_t i = 0; i < count(def, "Arguments"); i++) {
        wv want = at(def, "Arguments", i), given = named(dir, "Arguments", text(want, "Name"));
        if (member(member(want, "Type"), "NonNull") != WV_TRUE ||
            wv_defined(member(want, "DefaultValue")))
            continue;
        if (!wv_defined(given) || member(member(given, "Value"), "Kind") == wv_small(6))
            return false;
    }
    return true;
}

/* own: the name of the directive being defined, or undefined; once: nothing may stand twice. */
static bool directives_fit(const schema *s, wv o, const char *location, wv own, bool once)
{
    uint32_t n = count(o, "Directives");
    for (uint32_t i = 0; i < n; i++) {
        wv dir = at(o, "Directives", i), name = text(dir, "Name");
        if (!ws_charge(s->cx, 1 + i / 8) || reserved(name) ||
            (wv_defined(own) && wv_equal(own, name)) || !directive_fits(s, dir, location))
            return false;
        bool repeatable = member(wv_object_get(s->directives, name), "IsRepeatable") == WV_TRUE;
        for (uint32_t k = 0; once && !repeatable && k < i; k++)
            if (wv_equal(text(at(o, "Directives", k), "Name"), name))
                return false;
    }
    return true;
}

static bool arguments_fit(const schema *s, wv o, wv own)
{
    for (uint32_t i = 0; i < count(o, "Arguments"); i++) {
        wv arg = at(o, "Arguments", i), def = type_of(s, member(arg, "Type"));
        if (!ws_charge(s->cx, 1) || reserved(text(arg, "Name")) || !wv_defined(def) ||
            !kind_is(def, input_kinds) || !directives_fit(s, arg, "ARGUMENT_DEFINITION", own, true))
            return false;
    }
    return true;
}

/* ---- interfaces ---- */

static bool non_null(wv type)
{
    return member(type, "NonNull") == WV_TRUE;
}

static bool possible(const schema *s, wv required, wv actual)
{
    wv def = wv_object_get(s->types, actual), of = wv_object_get(s->types, required);
    if (wv_equal(required, actual))
        return true;
    if (wv_defined(of) && is(text(of, "Kind"), "UNION") && lists(of, "Types", actual))
        return wv_defined(def);
    return wv_defined(def) && lists(def, "Interfaces", required);
}

static bool covariant(const schema *s, wv required, wv actual)
{
    for (unsigned i = 0; i <= WS_GQL_DEPTH_MAX; i++) {
        if (non_null(required) && !non_null(actual))
            return false;
        wv name = text(required, "NamedType");
        if (wv_str(&name).n)
            return possible(s, name, text(actual, "NamedType"));
        required = member(required, "Elem");
        actual = member(actual, "Elem");
        if (!wv_defined(required) || !wv_defined(actual))
            return false;
    }
    return false;
}

static bool compatible(wv required, wv actual)
{
    for (unsigned i = 0; i <= WS_GQL_DEPTH_MAX; i++) {
        if (!wv_equal(text(required, "NamedType"), text(actual, "NamedType")) ||
            (non_null(actual) && !non_null(required)))
            return false;
        required = member(required, "Elem");
        actual = member(actual, "Elem");
        if (!wv_defined(required))
            return true;
        if (!wv_defined(actual))
            return false;
    }
    return false;
}

static bool field_implements(const schema *s, wv required, wv found)
{
    if (!wv_defined(found) || !covariant(s, member(required, "Type"), member(found, "Type")))
        return false;
    for (uint32_t i = 0; i < count(required, "Arguments"); i++) {
        wv arg = at(required, "Arguments", i);
        wv given = named(found, "Arguments", text(arg, "Name"));
        if (!wv_defined(given) || !compatible(member(arg, "Type"), member(given, "Type")))
            return false;
    }
    for (uint32_t i = 0; i < count(found, "Arguments"); i++) {
        wv arg = at(found, "Arguments", i);
        if (!wv_defined(named(required, "Arguments", text(arg, "Name"))) &&
            non_null(member(arg, "Type")) && !wv_defined(member(arg, "DefaultValue")))
            return false;
    }
    return true;
}

static bool implements(const schema *s, wv def, wv name)
{
    wv intf = wv_object_get(s->types, name);
    if (!wv_defined(intf) || !is(text(intf, "Kind"), "INTERFACE"))
        return false;
    for (uint32_t i = 0; i < count(intf, "Fields"); i++) {
        wv required = at(intf, "Fields", i);
        if (!ws_charge(s->cx, 1 + count(def, "Fields") / 8) ||
            !field_implements(s, required, named(def, "Fields", text(required, "Name"))))
            return false;
    }
    for (uint32_t i = 0; i < count(intf, "Interfaces"); i++)
        if (!lists(def, "Interfaces", at(intf, "Interfaces", i)))
            return false;
    return true;
}

/* ---- definitions ---- */

static bool unique_names(const schema *s, wv def, const char *list)
{
    wv seen = wv_set_begin(s->cx->out, count(def, list));
    for (uint32_t i = 0; i < count(def, list); i++) {
        wv item = at(def, list, i);
        if (!wv_set_add(s->cx->out, &seen, wv_is_string(item) ? item : text(item, "Name")))
            return false;
    }
    return true;
}

static bool fields_fit(const schema *s, wv def)
{
    bool input = is(text(def, "Kind"), "INPUT_OBJECT");
    const char *location = input ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION";
    for (uint32_t i = 0; i < count(def, "Fields"); i++) {
        wv field = at(def, "Fields", i), type = type_of(s, member(field, "Type"));
        if (!ws_charge(s->cx, 1) || reserved(text(field, "Name")) || !wv_defined(type) ||
            !kind_is(type, input ? input_kinds : output_kinds) ||
            !arguments_fit(s, field, WV_UNDEFINED) ||
            !directives_fit(s, field, location, WV_UNDEFINED, true))
            return false;
    }
    return true;
}

static bool values_fit(const schema *s, wv def)
{
    for (uint32_t i = 0; i < count(def, "EnumValues"); i++) {
        wv value = at(def, "EnumValues", i), name = text(value, "Name");
        if (is(name, "true") || is(name, "false") || is(name, "null") ||
            !directives_fit(s, value, "ENUM_VALUE", WV_UNDEFINED, true))
            return false;
    }
    return true;
}

static bool definition_fits(const schema *s, wv def)
{
    static const char *const with_fields[] = {"OBJECT", "INTERFACE", "INPUT_OBJECT", NULL};
    wv kind = text(def, "Kind"), name = text(def, "Name");
    wb_str location = wv_str(&kind);
    char where[32];
    if (location.n >= sizeof where)
        return false;
    snprintf(where, sizeof where, "%.*s", WB_FMT(location));
    if (kind_is(def, with_fields) && !count(def, "Fields"))
        return false;
    if (is(kind, "ENUM") && !count(def, "EnumValues"))
        return false;
    for (uint32_t i = 0; i < count(def, "Types"); i++) {
        wv type = wv_object_get(s->types, at(def, "Types", i));
        if (!wv_defined(type) || !is(text(type, "Kind"), "OBJECT"))
            return false;
    }
    for (uint32_t i = 0; i < count(def, "Interfaces"); i++)
        if (!implements(s, def, at(def, "Interfaces", i)))
            return false;
    return fields_fit(s, def) && values_fit(s, def) && unique_names(s, def, "Fields") &&
           unique_names(s, def, "EnumValues") && unique_names(s, def, "Types") &&
           (wv_defined(wv_object_get(s->builtin, name)) || !reserved(name)) &&
           directives_fit(s, def, where, WV_UNDEFINED, false);
}

/* Input objects must not need each other without end. */
static bool acyclic(const schema *s, wv def, wv *open, wv *done, unsigned depth)
{
    wv name = text(def, "Name");
    if (wv_set_has(*done, name))
        return true;
    if (depth > WS_GQL_DEPTH_MAX || !ws_charge(s->cx, 1))
        return false;
    wv mine = wv_copy(s->cx->out, *open, NULL, NULL);
    wv_set_add(s->cx->out, &mine, name);
    for (uint32_t i = 0; i < count(def, "Fields"); i++) {
        wv type = member(at(def, "Fields", i), "Type"), next = text(type, "NamedType");
        wv of = wv_object_get(s->types, next);
        if (!non_null(type) || !wv_defined(of) || !is(text(of, "Kind"), "INPUT_OBJECT"))
            continue;
        if (wv_set_has(mine, next) || !acyclic(s, of, &mine, done, depth + 1))
            return false;
    }
    wv_set_add(s->cx->out, done, name);
    return true;
}

/* ---- the whole ---- */

static void join(ws_ctx *cx, wv *def, wv ext, const char *list)
{
    wv all = wv_array_begin(cx->out, 4);
    for (uint32_t i = 0; i < count(*def, list); i++)
        wv_array_push(cx->out, &all, at(*def, list, i));
    for (uint32_t i = 0; i < count(ext, list); i++)
        wv_array_push(cx->out, &all, at(ext, list, i));
    wv_object_put(cx->out, def, wv_string_new(cx->out, wb_str_of(list)), all);
}

static bool add_definitions(schema *s, wv document)
{
    static const char *const lists_of[] = {"Directives", "Interfaces", "Fields", "Types",
                                           "EnumValues"};
    wb_arena *a = s->cx->out;
    for (uint32_t i = 0; i < count(document, "Definitions"); i++) {
        wv def = at(document, "Definitions", i);
        if (!ws_charge(s->cx, 1) ||
            wv_defined(wv_object_put_new(a, &s->types, text(def, "Name"), def)))
            return false;
    }
    for (uint32_t i = 0; i < count(document, "Extensions"); i++) {
        wv ext = at(document, "Extensions", i), name = text(ext, "Name");
        wv def = wv_object_get(s->types, name), merged = wv_object_begin(a, 8);
        if (!ws_charge(s->cx, 1 + count(def, "Fields")) ||
            (wv_defined(def) && !wv_equal(text(def, "Kind"), text(ext, "Kind"))))
            return false;
        wv_object_put(a, &merged, wv_string_new(a, WB_LIT("Kind")), text(ext, "Kind"));
        wv_object_put(a, &merged, wv_string_new(a, WB_LIT("Name")), name);
        for (size_t k = 0; k < sizeof lists_of / sizeof *lists_of; k++) {
            if (wv_defined(def))
                join(s->cx, &merged, def, lists_of[k]);
            join(s->cx, &merged, ext, lists_of[k]);
        }
        wv_object_put(a, &s->types, name, merged);
    }
    return true;
}

static bool add_directives(schema *s, wv document)
{
    static const char *const redefinable[] = {"include",     "skip",  "deprecated",
                                              "specifiedBy", "defer", "oneOf"};
    for (uint32_t i = 0; i < count(document, "Directives"); i++) {
        wv def = at(document, "Directives", i), name = text(def, "Name");
        bool again = wv_defined(wv_object_get(s->directives, name));
        for (size_t k = 0; k < sizeof redefinable / sizeof *redefinable; k++)
            again &= !is(name, redefinable[k]);
        if (again || !ws_charge(s->cx, 1))
            return false;
        wv_object_put(s->cx->out, &s->directives, name, def);
    }
    return true;
}

static bool roots_fit(const schema *s, wv document, const char *list)
{
    for (uint32_t i = 0; i < count(document, list); i++) {
        wv root = at(document, list, i);
        for (uint32_t k = 0; k < count(root, "OperationTypes"); k++)
            if (!wv_defined(wv_object_get(s->types, text(at(root, "OperationTypes", k), "Type"))))
                return false;
        if (!directives_fit(s, root, "SCHEMA", WV_UNDEFINED, true))
            return false;
    }
    return true;
}

static bool all_fit(const schema *s)
{
    wv open = wv_set_begin(s->cx->out, 0), done = wv_set_begin(s->cx->out, 0);
    for (uint32_t i = 0; i < wv_len(s->types); i++)
        if (!definition_fits(s, wv_tab(s->types)->entries[2 * (size_t)i + 1]))
            return false;
    for (uint32_t i = 0; i < wv_len(s->types); i++) {
        wv def = wv_tab(s->types)->entries[2 * (size_t)i + 1];
        if (is(text(def, "Kind"), "INPUT_OBJECT") && !acyclic(s, def, &open, &done, 0))
            return false;
    }
    for (uint32_t i = 0; i < wv_len(s->directives); i++) {
        wv def = wv_tab(s->directives)->entries[2 * (size_t)i + 1], name = text(def, "Name");
        if (reserved(name) || !arguments_fit(s, def, name))
            return false;
    }
    return true;
}

bool ws_gql_schema_valid(ws_ctx *cx, wv document)
{
    wb_arena *a = cx->out;
    schema s = {cx, wv_object_begin(a, 32), wv_object_begin(a, 16), wv_object_begin(a, 8)};
    wv base = ws_gql_parse_schema(cx, WB_LIT(prelude));
    if (!wv_defined(base) || !add_definitions(&s, base) || !add_directives(&s, base))
        return false;
    for (uint32_t i = 0; i < count(base, "Definitions"); i++)
        wv_object_put(a, &s.builtin, text(at(base, "Definitions", i), "Name"), WV_TRUE);
    return add_definitions(&s, document) && add_directives(&s, document) &&
           count(document, "Schema") <= 1 && roots_fit(&s, document, "Schema") &&
           roots_fit(&s, document, "SchemaExtension") && all_fit(&s) && !a->exhausted;
}
