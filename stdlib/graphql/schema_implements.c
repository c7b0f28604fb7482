/* What a type must have to implement an interface. */
#include "stdlib/graphql/schema_check.h"

#include "stdlib/args.h"
#include "stdlib/graphql/text.h"

static bool possible(ws_ctx *cx, const ws_gql_schema *s, wb_str abstract, wb_str name)
{
    const ws_gql_def *def = ws_gql_type_def(cx, s, abstract);
    if (wb_str_eq(abstract, name))
        return true;
    if (!def || !ws_charge(cx, 1 + def->possible.n / 8))
        return false;
    for (uint32_t i = 0; i < def->possible.n; i++)
        if (wb_str_eq(WS_GQL_AT(def->possible, i, ws_gql_def)->name, name))
            return true;
    return false;
}

/* Whether every value of the actual type is one of the required type. */
static bool covariant(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_type *required,
                      const ws_gql_type *actual)
{
    for (;;) {
        if (required->non_null && !actual->non_null)
            return false;
        if (required->name.n)
            return possible(cx, s, required->name, actual->name);
        if (!actual->elem)
            return false;
        required = required->elem;
        actual = actual->elem;
    }
}

static bool check_field(ws_ctx *cx, const ws_gql_schema *s, ws_gql_def *def, const ws_gql_def *intf,
                        const ws_gql_field_def *required)
{
    ws_gql_field_def *found = ws_gql_field_named(cx, def, required->name);
    if (!found)
        return gql_schema_fail(cx, def->file, def->pos,
                               "For %.*s to implement %.*s it must have a field called %.*s.",
                               WB_FMT(def->name), WB_FMT(intf->name), WB_FMT(required->name));
    if (!covariant(cx, s, required->type, found->type))
        return gql_schema_fail(cx, NULL, found->pos,
                               "For %.*s to implement %.*s the field %.*s must have type %.*s.",
                               WB_FMT(def->name), WB_FMT(intf->name), WB_FMT(required->name),
                               WB_FMT(ws_gql_type_text(cx, required->type)));
    for (uint32_t i = 0; i < required->arguments.n; i++) {
        const ws_gql_field_def *want = WS_GQL_AT(required->arguments, i, ws_gql_field_def);
        const ws_gql_field_def *arg = ws_gql_argument_named(cx, &found->arguments, want->name);
        if (!arg)
            return gql_schema_fail(cx, NULL, found->pos,
                                   "For %.*s to implement %.*s the field %.*s must have the same "
                                   "arguments but it is missing %.*s.",
                                   WB_FMT(def->name), WB_FMT(intf->name), WB_FMT(required->name),
                                   WB_FMT(want->name));
        if (!ws_gql_type_fits(want->type, arg->type, arg->type->non_null))
            return gql_schema_fail(cx, NULL, arg->pos,
                                   "For %.*s to implement %.*s the field %.*s must have the same "
                                   "arguments but %.*s has the wrong type.",
                                   WB_FMT(def->name), WB_FMT(intf->name), WB_FMT(required->name),
                                   WB_FMT(want->name));
    }
    for (uint32_t i = 0; i < found->arguments.n; i++) {
        const ws_gql_field_def *arg = WS_GQL_AT(found->arguments, i, ws_gql_field_def);
        if (!ws_gql_argument_named(cx, &required->arguments, arg->name) && arg->type->non_null &&
            !arg->fallback)
            return gql_schema_fail(cx, NULL, arg->pos,
                                   "For %.*s to implement %.*s any additional arguments on %.*s "
                                   "must be optional or have a default value but %.*s is required.",
                                   WB_FMT(def->name), WB_FMT(intf->name), WB_FMT(found->name),
                                   WB_FMT(arg->name));
    }
    return cx->error == WS_ERR_NONE;
}

static bool check_ancestors(ws_ctx *cx, const ws_gql_def *def, const ws_gql_def *intf)
{
    for (uint32_t i = 0; i < intf->interfaces.n; i++) {
        wb_str above = *WS_GQL_AT(intf->interfaces, i, wb_str);
        if (ws_gql_has_text(cx, &def->interfaces, above))
            continue;
        if (wb_str_eq(above, def->name))
            return gql_schema_fail(
                cx, def->file, def->pos,
                "Type %.*s cannot implement %.*s because it would create a circular reference.",
                WB_FMT(def->name), WB_FMT(intf->name));
        return gql_schema_fail(cx, def->file, def->pos,
                               "Type %.*s must implement %.*s because it is implemented by %.*s.",
                               WB_FMT(def->name), WB_FMT(above), WB_FMT(intf->name));
    }
    return true;
}

bool gql_check_implements(ws_ctx *cx, const ws_gql_schema *s, ws_gql_def *def, wb_str interface)
{
    const ws_gql_def *intf = ws_gql_type_def(cx, s, interface);
    if (!intf || intf->is != WS_GQL_K_INTERFACE) {
        wb_buf b;
        ws_text_begin(cx, &b);
        ws_put_quoted(&b, interface);
        if (!intf)
            gql_schema_fail(cx, def->file, def->pos, "Undefined type %s.", wb_buf_cstr(&b));
        else
            gql_schema_fail(cx, def->file, def->pos, "%s is a non interface type %.*s.",
                            wb_buf_cstr(&b), WB_FMT(intf->kind));
        ws_text_end(cx, &b);
        return false;
    }
    for (uint32_t i = 0; i < intf->fields.n; i++)
        if (!ws_charge(cx, 1) ||
            !check_field(cx, s, def, intf, WS_GQL_AT(intf->fields, i, ws_gql_field_def)))
            return false;
    return check_ancestors(cx, def, intf);
}
