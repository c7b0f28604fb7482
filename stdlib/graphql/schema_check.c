/* The rules of names, types, interfaces and directives in schemas. */
#include "stdlib/graphql/schema_check.h"

#include "stdlib/args.h"
#include "stdlib/graphql/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool gql_schema_fail(ws_ctx *cx, const char *file, ws_gql_pos pos, const char *format, ...)
{
    wb_buf text;
    if (cx->error != WS_ERR_NONE)
        return false;
    va_list ap;
    ws_text_begin(cx, &text);
    va_start(ap, format);
    ws_vputf(&text, format, ap);
    va_end(ap);
    ws_fail(cx,
            "Error in gqlparser SchemaDocument to Schema conversion: %s:%" PRId64 ":%" PRId64
            ": %.*s",
            file ? file : "input", pos.line ? pos.line : -1, pos.line ? pos.column : -1,
            WB_FMT(wb_buf_str(&text)));
    ws_text_end(cx, &text);
    return false;
}

/* As strconv.Quote writes it, in the arena. */
static const char *quoted(ws_ctx *cx, wb_str s)
{
    wb_buf b;
    ws_text_begin(cx, &b);
    ws_put_quoted(&b, s);
    const char *to = ws_room(cx, b.n) ? wb_arena_dup(cx->out, wb_buf_cstr(&b), b.n) : "";
    ws_text_end(cx, &b);
    return to;
}

bool gql_check_name(ws_ctx *cx, const char *file, ws_gql_pos pos, wb_str name)
{
    if (!wb_str_has_prefix(name, WB_LIT("__")))
        return true;
    return gql_schema_fail(
        cx, file, pos,
        "Name \"%.*s\" must not begin with \"__\", which is reserved by GraphQL introspection.",
        WB_FMT(name));
}

/* ---- directives and arguments ---- */

static const ws_gql_argument *given(const ws_gql_directive *dir, wb_str name)
{
    for (uint32_t i = 0; i < dir->arguments.n; i++)
        if (wb_str_eq(WS_GQL_AT(dir->arguments, i, ws_gql_argument)->name, name))
            return dir->arguments.at[i];
    return NULL;
}

static bool check_given(ws_ctx *cx, const ws_gql_directive *dir, const ws_gql_directive_def *def)
{
    if (!ws_charge(cx, 1 + (uint64_t)dir->arguments.n * def->arguments.n / 8))
        return false;
    for (uint32_t i = 0; i < dir->arguments.n; i++) {
        const ws_gql_argument *arg = WS_GQL_AT(dir->arguments, i, ws_gql_argument);
        if (!ws_gql_argument_named(cx, &def->arguments, arg->name))
            return gql_schema_fail(cx, NULL, arg->pos,
                                   "Undefined argument %.*s for directive %.*s.", WB_FMT(arg->name),
                                   WB_FMT(dir->name));
    }
    for (uint32_t i = 0; i < def->arguments.n; i++) {
        const ws_gql_field_def *want = WS_GQL_AT(def->arguments, i, ws_gql_field_def);
        if (!want->type->non_null || want->fallback)
            continue;
        const ws_gql_argument *arg = given(dir, want->name);
        if (!arg || !arg->value || arg->value->kind == WS_GQL_V_NULL)
            return gql_schema_fail(cx, NULL, dir->pos,
                                   "Argument %.*s for directive %.*s cannot be null.",
                                   WB_FMT(want->name), WB_FMT(dir->name));
    }
    return true;
}

bool gql_check_directives(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_list *dirs,
                          const char *location, const ws_gql_directive_def *own, bool once)
{
    ws_gql_names seen = {0};
    for (uint32_t i = 0; i < dirs->n; i++) {
        ws_gql_directive *dir = WS_GQL_AT(*dirs, i, ws_gql_directive);
        if (!gql_check_name(cx, NULL, dir->pos, dir->name))
            return false;
        if (own && wb_str_eq(dir->name, own->name))
            return gql_schema_fail(cx, NULL, dir->pos, "Directive %.*s cannot refer to itself.",
                                   WB_FMT(own->name));
        ws_gql_directive_def *def = ws_gql_name_get(&s->directives, dir->name);
        if (!def)
            return gql_schema_fail(cx, NULL, dir->pos, "Undefined directive %.*s.",
                                   WB_FMT(dir->name));
        if (once && dirs->n > 1 && ws_gql_name_put(cx, &seen, dir->name, dir) && !def->repeatable)
            return gql_schema_fail(cx, NULL, dir->pos,
                                   "The directive %.*s can only be used once at this location.",
                                   WB_FMT(dir->name));
        if (!ws_gql_has_text(cx, &def->locations, wb_str_of(location)))
            return gql_schema_fail(cx, NULL, dir->pos, "Directive %.*s is not applicable on %s.",
                                   WB_FMT(dir->name), location);
        if (!check_given(cx, dir, def))
            return false;
    }
    return cx->error == WS_ERR_NONE;
}

static bool check_type_ref(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_type *type)
{
    wb_str name = ws_gql_type_name(type);
    if (ws_gql_type_def(cx, s, name))
        return true;
    return gql_schema_fail(cx, NULL, type->pos, "Undefined type %.*s.", WB_FMT(name));
}

bool gql_check_arguments(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_list *args,
                         const ws_gql_directive_def *own)
{
    for (uint32_t i = 0; i < args->n; i++) {
        const ws_gql_field_def *arg = WS_GQL_AT(*args, i, ws_gql_field_def);
        if (!ws_charge(cx, 1) || !gql_check_name(cx, NULL, arg->pos, arg->name) ||
            !check_type_ref(cx, s, arg->type))
            return false;
        const ws_gql_def *def = ws_gql_type_def(cx, s, ws_gql_type_name(arg->type));
        if (!ws_gql_is_input(def))
            return gql_schema_fail(
                cx, NULL, arg->pos,
                "cannot use %.*s as argument %.*s because %.*s is not a valid input type",
                WB_FMT(ws_gql_type_text(cx, arg->type)), WB_FMT(arg->name), WB_FMT(def->kind));
        if (!gql_check_directives(cx, s, &arg->directives, "ARGUMENT_DEFINITION", own, true))
            return false;
    }
    return true;
}

/* ---- definitions ---- */

static bool check_fields(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_def *def)
{
    const char *location =
        def->is == WS_GQL_K_INPUT ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION";
    for (uint32_t i = 0; i < def->fields.n; i++) {
        const ws_gql_field_def *f = WS_GQL_AT(def->fields, i, ws_gql_field_def);
        if (!ws_charge(cx, 1) || !gql_check_name(cx, NULL, f->pos, f->name) ||
            !check_type_ref(cx, s, f->type) || !gql_check_arguments(cx, s, &f->arguments, NULL) ||
            !gql_check_directives(cx, s, &f->directives, location, NULL, true))
            return false;
    }
    return true;
}

static bool check_members(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_def *def)
{
    for (uint32_t i = 0; i < def->types.n; i++) {
        wb_str name = *WS_GQL_AT(def->types, i, wb_str);
        const ws_gql_def *member = ws_gql_type_def(cx, s, name);
        if (!member)
            return gql_schema_fail(cx, def->file, def->pos, "Undefined type %s.", quoted(cx, name));
        if (member->is != WS_GQL_K_OBJECT)
            return gql_schema_fail(cx, def->file, def->pos, "%.*s type %s must be OBJECT.",
                                   WB_FMT(def->kind), quoted(cx, name));
    }
    return true;
}

/* Fields of types answer something, fields of input objects take something. */
static bool check_field_kinds(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_def *def)
{
    bool input = def->is == WS_GQL_K_INPUT;
    if (!def->fields.n)
        return gql_schema_fail(cx, def->file, def->pos, "%.*s %.*s: must define one or more %s.",
                               WB_FMT(def->kind), WB_FMT(def->name),
                               input ? "input fields" : "fields");
    for (uint32_t i = 0; i < def->fields.n; i++) {
        const ws_gql_field_def *f = WS_GQL_AT(def->fields, i, ws_gql_field_def);
        const ws_gql_def *type = ws_gql_type_def(cx, s, ws_gql_type_name(f->type));
        if (input && type && !ws_gql_is_input(type))
            return gql_schema_fail(cx, NULL, f->pos,
                                   "%.*s %.*s: field must be one of SCALAR, ENUM, INPUT_OBJECT.",
                                   WB_FMT(type->kind), WB_FMT(f->name));
        if (!input && type && !ws_gql_is_composite(type) && !ws_gql_is_leaf(type))
            return gql_schema_fail(
                cx, NULL, f->pos,
                "%.*s %.*s: field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.",
                WB_FMT(def->kind), WB_FMT(def->name));
    }
    return true;
}

static bool check_enum(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_def *def)
{
    if (!def->enum_values.n)
        return gql_schema_fail(cx, def->file, def->pos,
                               "%.*s %.*s: must define one or more unique enum values.",
                               WB_FMT(def->kind), WB_FMT(def->name));
    for (uint32_t i = 0; i < def->enum_values.n; i++) {
        const ws_gql_enum_value *v = WS_GQL_AT(def->enum_values, i, ws_gql_enum_value);
        if (wb_str_is(v->name, "true") || wb_str_is(v->name, "false") || wb_str_is(v->name, "null"))
            return gql_schema_fail(cx, def->file, def->pos, "%.*s %.*s: non-enum value %.*s.",
                                   WB_FMT(def->kind), WB_FMT(def->name), WB_FMT(v->name));
        if (!ws_charge(cx, 1) ||
            !gql_check_directives(cx, s, &v->directives, "ENUM_VALUE", NULL, true))
            return false;
    }
    return true;
}

/* Of n names the first that stands again, and there its first repetition: *again, or false. */
static bool repeated(ws_ctx *cx, uint32_t n, wb_str (*name)(const ws_gql_def *, uint32_t),
                     const ws_gql_def *def, uint32_t *again)
{
    ws_gql_names seen = {0};
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; n > 1 && i < n; i++) {
        void *at = ws_gql_name_put(cx, &seen, name(def, i), (void *)((uintptr_t)i + 1));
        if (!at)
            continue;
        /* The first place counts for later repetitions too. */
        ws_gql_name_put(cx, &seen, name(def, i), at);
        if ((uint32_t)((uintptr_t)at - 1) < first) {
            first = (uint32_t)((uintptr_t)at - 1);
            *again = i;
        }
    }
    return first != UINT32_MAX;
}

static wb_str field_name(const ws_gql_def *def, uint32_t i)
{
    return WS_GQL_AT(def->fields, i, ws_gql_field_def)->name;
}

static wb_str enum_name(const ws_gql_def *def, uint32_t i)
{
    return WS_GQL_AT(def->enum_values, i, ws_gql_enum_value)->name;
}

static wb_str member_name(const ws_gql_def *def, uint32_t i)
{
    return *WS_GQL_AT(def->types, i, wb_str);
}

static bool check_unique(ws_ctx *cx, const ws_gql_def *def)
{
    uint32_t i = 0;
    if (repeated(cx, def->fields.n, field_name, def, &i))
        return gql_schema_fail(cx, NULL, WS_GQL_AT(def->fields, i, ws_gql_field_def)->pos,
                               "Field %.*s.%.*s can only be defined once.", WB_FMT(def->name),
                               WB_FMT(field_name(def, i)));
    if (repeated(cx, def->enum_values.n, enum_name, def, &i))
        return gql_schema_fail(cx, NULL, WS_GQL_AT(def->enum_values, i, ws_gql_enum_value)->pos,
                               "Enum value %.*s.%.*s can only be defined once.", WB_FMT(def->name),
                               WB_FMT(enum_name(def, i)));
    if (repeated(cx, def->types.n, member_name, def, &i)) {
        bool placed = def->types_at.n == def->types.n;
        return gql_schema_fail(cx, placed ? NULL : def->file,
                               placed ? *WS_GQL_AT(def->types_at, i, ws_gql_pos) : def->pos,
                               "Union type %.*s can only include type %.*s once.",
                               WB_FMT(def->name), WB_FMT(member_name(def, i)));
    }
    return cx->error == WS_ERR_NONE;
}

static bool check_definition(ws_ctx *cx, const ws_gql_schema *s, ws_gql_def *def)
{
    if (!check_fields(cx, s, def) || !check_members(cx, s, def))
        return false;
    for (uint32_t i = 0; i < def->interfaces.n; i++)
        if (!gql_check_implements(cx, s, def, *WS_GQL_AT(def->interfaces, i, wb_str)))
            return false;
    if ((def->is == WS_GQL_K_OBJECT || def->is == WS_GQL_K_INTERFACE ||
         def->is == WS_GQL_K_INPUT) &&
        !check_field_kinds(cx, s, def))
        return false;
    if (def->is == WS_GQL_K_ENUM && !check_enum(cx, s, def))
        return false;
    if (!check_unique(cx, def) ||
        (!def->built_in && !gql_check_name(cx, def->file, def->pos, def->name)))
        return false;
    const char *location = ws_room(cx, def->kind.n) ? wb_arena_str(cx->out, def->kind).p : "";
    return gql_check_directives(cx, s, &def->directives, location, NULL, false);
}

static int by_def_name(const void *a, const void *b)
{
    return wb_str_cmp((*(ws_gql_def *const *)a)->name, (*(ws_gql_def *const *)b)->name);
}

static int by_directive_name(const void *a, const void *b)
{
    return wb_str_cmp((*(ws_gql_directive_def *const *)a)->name,
                      (*(ws_gql_directive_def *const *)b)->name);
}

static bool sorted(ws_ctx *cx, const ws_gql_list *list, int (*order)(const void *, const void *),
                   ws_gql_list *to)
{
    *to = (ws_gql_list){.n = list->n};
    if (!ws_charge(cx, 1 + list->n) || !ws_room(cx, list->n * sizeof(void *)))
        return false;
    to->at = wb_arena_alloc(cx->out, (list->n + 1) * sizeof(void *));
    memcpy(to->at, list->at, list->n * sizeof(void *));
    qsort(to->at, to->n, sizeof(void *), order);
    return true;
}

bool gql_check_definitions(ws_ctx *cx, const ws_gql_schema *s)
{
    ws_gql_list defs;
    if (!sorted(cx, &s->defs, by_def_name, &defs))
        return false;
    for (uint32_t i = 0; i < defs.n; i++)
        if (!ws_charge(cx, 1) || !check_definition(cx, s, defs.at[i]))
            return false;
    return true;
}

bool gql_check_directive_defs(ws_ctx *cx, const ws_gql_schema *s)
{
    ws_gql_list defs;
    if (!sorted(cx, &s->directive_defs, by_directive_name, &defs))
        return false;
    for (uint32_t i = 0; i < defs.n; i++) {
        /* A built-in directive that was defined again counts as it was last. */
        ws_gql_directive_def *def =
            ws_gql_name_get(&s->directives, WS_GQL_AT(defs, i, ws_gql_directive_def)->name);
        if (!gql_check_name(cx, NULL, def->pos, def->name) ||
            !gql_check_arguments(cx, s, &def->arguments, def))
            return false;
    }
    return true;
}

/* ---- input objects that need themselves ---- */

typedef struct cycles {
    ws_ctx *cx;
    const ws_gql_schema *s;
    ws_gql_names visited;
    const ws_gql_def *types[WS_GQL_WALK_MAX]; /* the way from the first type to the present one */
    const ws_gql_field_def *fields[WS_GQL_WALK_MAX]; /* and the fields that lead on */
    unsigned n;
} cycles;

static bool report_cycle(cycles *c, unsigned from)
{
    wb_buf path;
    ws_text_begin(c->cx, &path);
    for (unsigned i = from; i < c->n; i++) {
        if (i > from)
            wb_buf_putc(&path, '.');
        wb_buf_put_str(&path, c->fields[i]->name);
    }
    const char *fields = quoted(c->cx, wb_buf_str(&path));
    wb_buf_free(&path);
    return gql_schema_fail(c->cx, NULL, c->fields[from]->pos,
                           "Cannot reference Input Object %s within itself through a series of "
                           "non-null fields: %s.",
                           quoted(c->cx, c->types[from]->name), fields);
}

static bool find_cycle(cycles *c, ws_gql_def *def)
{
    if (ws_gql_name_get(&c->visited, def->name))
        return true;
    ws_gql_name_put(c->cx, &c->visited, def->name, def);
    if (c->n == WS_GQL_WALK_MAX) {
        ws_fail_kind(c->cx, WS_ERR_BUDGET, "GraphQL schema is nested too deep");
        return false;
    }
    unsigned mine = c->n++;
    c->types[mine] = def;
    for (uint32_t i = 0; i < def->fields.n; i++) {
        const ws_gql_field_def *f = WS_GQL_AT(def->fields, i, ws_gql_field_def);
        ws_gql_def *next = f->type->non_null && f->type->name.n
                               ? ws_gql_type_def(c->cx, c->s, f->type->name)
                               : NULL;
        if (!next || next->is != WS_GQL_K_INPUT)
            continue;
        if (!ws_charge(c->cx, 1 + c->n / 8))
            return false;
        c->fields[mine] = f;
        for (unsigned k = 0; k < c->n; k++)
            if (c->types[k] == next)
                return report_cycle(c, k);
        if (!find_cycle(c, next))
            return false;
    }
    c->n--;
    return c->cx->error == WS_ERR_NONE;
}

bool gql_check_cycles(ws_ctx *cx, const ws_gql_schema *s)
{
    ws_gql_list defs;
    if (!sorted(cx, &s->defs, by_def_name, &defs))
        return false;
    cycles *c = wb_arena_calloc(cx->out, sizeof *c);
    c->cx = cx;
    c->s = s;
    for (uint32_t i = 0; i < defs.n; i++)
        if (WS_GQL_AT(defs, i, ws_gql_def)->is == WS_GQL_K_INPUT && !find_cycle(c, defs.at[i]))
            return false;
    return true;
}
