/* Walks a query, links its nodes to the schema and lets the rules look. */
#include "stdlib/graphql/validate.h"

#include "stdlib/graphql/rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* An error text is cut there anyway. */
#define TEXT_MAX ((size_t)64 << 10)

/* In the order of their names, which is the order of the errors. */
static const gql_rule rules[] = {
    {.name = "FieldsOnCorrectType", .field = gql_fields_on_correct_type},
    {.name = "FragmentsOnCompositeTypes",
     .inlined = gql_composite_inline,
     .fragment = gql_composite_fragment},
    {.name = "KnownArgumentNames",
     .field = gql_known_arguments_of_field,
     .directive = gql_known_arguments_of_directive},
    {.name = "KnownDirectives", .directive = gql_known_directives},
    {.name = "KnownFragmentNames", .spread = gql_known_fragments},
    {.name = "KnownRootType", .operation = gql_known_root},
    {.name = "KnownTypeNames",
     .variable = gql_known_type_variable,
     .inlined = gql_known_type_inline,
     .fragment = gql_known_type_fragment},
    {.name = "LoneAnonymousOperation", .operation = gql_lone_anonymous},
    {.name = "MaxIntrospectionDepth", .field = gql_introspection_depth},
    {.name = "NoFragmentCycles", .fragment = gql_fragment_cycles},
    {.name = "NoUndefinedVariables", .value = gql_undefined_variables},
    {.name = "NoUnusedFragments", .spread = gql_use_fragment, .fragment = gql_unused_fragment},
    {.name = "NoUnusedVariables", .operation = gql_unused_variables},
    {.name = "OverlappingFieldsCanBeMerged",
     .operation = gql_overlap_operation,
     .field = gql_overlap_field,
     .inlined = gql_overlap_inline,
     .fragment = gql_overlap_fragment},
    {.name = "PossibleFragmentSpreads",
     .inlined = gql_possible_inline,
     .spread = gql_possible_spread},
    {.name = "ProvidedRequiredArguments",
     .field = gql_required_arguments_of_field,
     .directive = gql_required_arguments_of_directive},
    {.name = "ScalarLeafs", .field = gql_scalar_leafs},
    {.name = "SingleFieldSubscriptions", .operation = gql_single_field},
    {.name = "UniqueArgumentNames",
     .field = gql_unique_arguments_of_field,
     .directive = gql_unique_arguments_of_directive},
    {.name = "UniqueDirectivesPerLocation", .directives = gql_unique_directives},
    {.name = "UniqueFragmentNames", .fragment = gql_unique_fragments},
    {.name = "UniqueInputFieldNames", .value = gql_unique_input_fields},
    {.name = "UniqueOperationNames", .operation = gql_unique_operations},
    {.name = "UniqueVariableNames", .operation = gql_unique_variables},
    {.name = "ValuesOfCorrectType", .value = gql_correct_values},
    {.name = "VariablesAreInputTypes", .operation = gql_input_variables},
    {.name = "VariablesInAllowedPosition", .value = gql_variable_position},
};
enum { RULES = sizeof rules / sizeof *rules };

#define LOOK(w, event, node)                                                                       \
    do {                                                                                           \
        for (unsigned rule_ = 0; rule_ < RULES && !(w)->stop; rule_++)                             \
            if (rules[rule_].event)                                                                \
                rules[rule_].event((w), (node));                                                   \
    } while (0)

/* ---- mistakes and budgets ---- */

/* Paid in lumps, since only a lump of work lets the call see that it was cancelled. */
#define LUMP 64

static bool pay(gql_walk *w)
{
    uint64_t owed = w->owed;
    w->owed = 0;
    return ws_charge(w->cx, owed);
}

bool gql_spend(gql_walk *w, uint64_t units)
{
    w->owed += units;
    if (w->cx->error == WS_ERR_NONE && !w->cx->out->exhausted && (w->owed < LUMP || pay(w)))
        return true;
    if (w->cx->error == WS_ERR_NONE)
        ws_fail_room(w->cx);
    w->stop = true;
    return false;
}

bool gql_enter(gql_walk *w)
{
    if (++w->depth > WS_GQL_WALK_MAX) {
        if (w->cx->error == WS_ERR_NONE)
            ws_fail_kind(w->cx, WS_ERR_BUDGET, "GraphQL document is nested too deep");
        w->stop = true;
    }
    return !w->stop && gql_spend(w, 1);
}

wb_buf *gql_begin(gql_walk *w, ws_gql_pos at)
{
    w->mistakes++;
    if (!w->texts) {
        w->stop = true;
        return NULL;
    }
    if (!gql_spend(w, 1))
        return NULL;
    if (at.line)
        ws_putf(&w->text, "input:%" PRId64 ":%" PRId64 ": ", at.line, at.column);
    else
        wb_buf_puts(&w->text, "input: ");
    if (w->mistakes == 1) {
        w->first = at;
        w->text_start = w->text.n;
    }
    return &w->text;
}

void gql_end(gql_walk *w)
{
    wb_buf_putc(&w->text, '\n');
    /* What comes behind a full text is not shown. */
    w->stop |= w->text.failed || w->cx->error != WS_ERR_NONE;
}

void gql_mistake(gql_walk *w, ws_gql_pos at, const char *format, ...)
{
    wb_buf *b = gql_begin(w, at);
    if (!b)
        return;
    va_list ap;
    va_start(ap, format);
    ws_vputf(b, format, ap);
    va_end(ap);
    gql_end(w);
}

ws_gql_list gql_names_of(gql_walk *w, const ws_gql_list *defs)
{
    ws_gql_list names = {0};
    for (uint32_t i = 0; i < defs->n; i++)
        if (!ws_gql_push(w->cx, &names, &WS_GQL_AT(*defs, i, ws_gql_field_def)->name))
            break;
    return names;
}

/* ---- values and directives ---- */

static ws_gql_def *def_of(gql_walk *w, const ws_gql_type *type)
{
    return ws_gql_type_def(w->cx, w->s, ws_gql_type_name(type));
}

static void expect(gql_walk *w, ws_gql_value *v, const ws_gql_field_def *def)
{
    v->expected = def->type;
    v->expected_has_default = def->fallback && def->fallback->kind != WS_GQL_V_NULL;
    v->def = def_of(w, def->type);
}

static ws_gql_variable *variable_named(gql_walk *w, wb_str name)
{
    const ws_gql_list *list = &w->operation->variables;
    gql_spend(w, list->n / 8);
    for (uint32_t i = 0; i < list->n; i++)
        if (wb_str_eq(WS_GQL_AT(*list, i, ws_gql_variable)->name, name))
            return list->at[i];
    return NULL;
}

static void walk_value(gql_walk *w, ws_gql_value *v)
{
    if (v->kind == WS_GQL_V_VARIABLE && w->operation) {
        v->variable = variable_named(w, v->raw);
        if (v->variable)
            v->variable->used = true;
    }
    if (gql_enter(w) && (v->kind == WS_GQL_V_OBJECT || v->kind == WS_GQL_V_LIST))
        for (uint32_t i = 0; i < v->children.n && !w->stop; i++) {
            ws_gql_child *c = WS_GQL_AT(v->children, i, ws_gql_child);
            if (v->kind == WS_GQL_V_LIST && v->expected && v->expected->elem) {
                c->value->expected = v->expected->elem;
                c->value->def = v->def;
            }
            ws_gql_field_def *f = v->kind == WS_GQL_V_OBJECT && v->def
                                      ? ws_gql_field_named(w->cx, v->def, c->name)
                                      : NULL;
            if (f)
                expect(w, c->value, f);
            walk_value(w, c->value);
        }
    w->depth--;
    LOOK(w, value, v);
}

/* defs: the arguments there are, or NULL when that is not known. */
static void walk_arguments(gql_walk *w, const ws_gql_list *defs, const ws_gql_list *args)
{
    for (uint32_t i = 0; i < args->n && !w->stop; i++) {
        ws_gql_argument *arg = WS_GQL_AT(*args, i, ws_gql_argument);
        ws_gql_field_def *def = defs ? ws_gql_argument_named(w->cx, defs, arg->name) : NULL;
        if (def)
            expect(w, arg->value, def);
        walk_value(w, arg->value);
    }
}

static void walk_directives(gql_walk *w, ws_gql_list *list, const char *location)
{
    for (uint32_t i = 0; i < list->n && !w->stop; i++) {
        ws_gql_directive *d = WS_GQL_AT(*list, i, ws_gql_directive);
        d->def = ws_gql_name_get(&w->s->directives, d->name);
        d->location = wb_str_of(location);
        walk_arguments(w, d->def ? &d->def->arguments : NULL, &d->arguments);
        LOOK(w, directive, d);
    }
    LOOK(w, directives, list);
}

/* ---- selections ---- */

static void walk_selections(gql_walk *w, ws_gql_def *parent, ws_gql_list *list);

static ws_gql_field_def *typename_field(gql_walk *w)
{
    ws_gql_field_def *f = wb_arena_calloc(w->cx->out, sizeof *f);
    f->name = WB_LIT("__typename");
    f->type = wb_arena_calloc(w->cx->out, sizeof *f->type);
    f->type->name = WB_LIT("String");
    return f;
}

static void walk_field(gql_walk *w, ws_gql_def *parent, ws_gql_selection *f)
{
    f->field = wb_str_is(f->name, "__typename") ? typename_field(w)
               : parent                         ? ws_gql_field_named(w->cx, parent, f->name)
                                                : NULL;
    f->object = parent;
    ws_gql_def *type = f->field ? def_of(w, f->field->type) : NULL;
    walk_arguments(w, f->field ? &f->field->arguments : NULL, &f->arguments);
    walk_directives(w, &f->directives, "FIELD");
    walk_selections(w, type, &f->selections);
    LOOK(w, field, f);
}

static void walk_inline(gql_walk *w, ws_gql_def *parent, ws_gql_selection *s)
{
    s->object = parent;
    ws_gql_def *type = s->condition.n ? ws_gql_type_def(w->cx, w->s, s->condition) : parent;
    walk_directives(w, &s->directives, "INLINE_FRAGMENT");
    walk_selections(w, type, &s->selections);
    LOOK(w, inlined, s);
}

static void walk_spread(gql_walk *w, ws_gql_def *parent, ws_gql_selection *s)
{
    ws_gql_fragment *f = ws_gql_name_get(&w->fragments, s->name);
    s->fragment = f;
    s->object = parent;
    ws_gql_def *type = f ? ws_gql_type_def(w->cx, w->s, f->condition) : NULL;
    walk_directives(w, &s->directives, "FRAGMENT_SPREAD");
    if (f && !ws_gql_name_put(w->cx, &w->spread, f->name, f)) {
        walk_directives(w, &f->directives, "FRAGMENT_DEFINITION");
        walk_selections(w, type, &f->selections);
    }
    LOOK(w, spread, s);
}

static void walk_selections(gql_walk *w, ws_gql_def *parent, ws_gql_list *list)
{
    if (gql_enter(w))
        for (uint32_t i = 0; i < list->n && gql_spend(w, 1); i++) {
            ws_gql_selection *s = WS_GQL_AT(*list, i, ws_gql_selection);
            switch (s->kind) {
            case WS_GQL_FIELD: walk_field(w, parent, s); break;
            case WS_GQL_INLINE: walk_inline(w, parent, s); break;
            case WS_GQL_FRAGMENT_SPREAD: walk_spread(w, parent, s); break;
            }
        }
    w->depth--;
}

/* ---- the document ---- */

static void walk_variables(gql_walk *w, ws_gql_operation *o)
{
    for (uint32_t i = 0; i < o->variables.n && gql_spend(w, 1); i++) {
        ws_gql_variable *v = WS_GQL_AT(o->variables, i, ws_gql_variable);
        v->def = def_of(w, v->type);
        LOOK(w, variable, v);
        if (v->fallback) {
            v->fallback->expected = v->type;
            v->fallback->def = v->def;
        }
    }
    for (uint32_t i = 0; i < o->variables.n && gql_spend(w, 1); i++) {
        ws_gql_variable *v = WS_GQL_AT(o->variables, i, ws_gql_variable);
        if (v->fallback)
            walk_value(w, v->fallback);
        walk_directives(w, &v->directives, "VARIABLE_DEFINITION");
    }
}

static void walk_operation(gql_walk *w, ws_gql_operation *o)
{
    ws_gql_def *root = NULL;
    const char *location = "";
    if (!o->operation.n || wb_str_is(o->operation, "query")) {
        root = w->s->query;
        location = "QUERY";
    } else if (wb_str_is(o->operation, "mutation")) {
        root = w->s->mutation;
        location = "MUTATION";
    } else if (wb_str_is(o->operation, "subscription")) {
        root = w->s->subscription;
        location = "SUBSCRIPTION";
    }
    w->operation = o;
    walk_variables(w, o);
    walk_directives(w, &o->directives, location);
    walk_selections(w, root, &o->selections);
    LOOK(w, operation, o);
    w->operation = NULL;
}

static void walk_fragment(gql_walk *w, ws_gql_fragment *f)
{
    f->def = ws_gql_type_def(w->cx, w->s, f->condition);
    walk_directives(w, &f->directives, "FRAGMENT_DEFINITION");
    walk_selections(w, f->def, &f->selections);
    LOOK(w, fragment, f);
}

static void walk(gql_walk *w)
{
    const ws_gql_query *q = w->query;
    /* From the end, so that the first of equal names stays. */
    for (uint32_t i = q->fragments.n; i-- && gql_spend(w, 1);)
        ws_gql_name_put(w->cx, &w->fragments, WS_GQL_AT(q->fragments, i, ws_gql_fragment)->name,
                        q->fragments.at[i]);
    for (uint32_t i = 0; i < q->operations.n && gql_spend(w, 1); i++) {
        w->spread = (ws_gql_names){0};
        walk_operation(w, q->operations.at[i]);
    }
    for (uint32_t i = 0; i < q->fragments.n && gql_spend(w, 1); i++) {
        w->spread = (ws_gql_names){0};
        walk_fragment(w, q->fragments.at[i]);
    }
}

static wb_str trimmed(wb_str s)
{
    while (s.n && *s.p == ' ')
        s = wb_str_n(s.p + 1, s.n - 1);
    if (wb_str_has_suffix(s, WB_LIT(".\n")))
        s.n -= 2;
    return s;
}

static void fail(gql_walk *w)
{
    wb_str all = wb_buf_str(&w->text);
    if (!w->texts) {
        ws_fail(w->cx, "query does not fit the schema");
    } else if (w->first.line && w->first.column >= 0) {
        wb_str s = trimmed(wb_str_n(all.p + w->text_start, all.n - w->text_start));
        ws_fail(w->cx, "%.*s in GraphQL string at location %" PRId64 ":%" PRId64, WB_FMT(s),
                w->first.line, w->first.column);
    } else {
        ws_fail(w->cx, "GraphQL parse error: %.*s", WB_FMT(all));
    }
}

bool ws_gql_validate(ws_ctx *cx, const ws_gql_schema *s, ws_gql_query *query, bool texts)
{
    gql_walk w = {.cx = cx, .s = s, .query = query, .texts = texts};
    wb_buf_init(&w.text, TEXT_MAX);
    walk(&w);
    if (cx->error == WS_ERR_NONE && cx->out->exhausted)
        ws_fail_room(cx);
    if (cx->error == WS_ERR_NONE && pay(&w) && w.mistakes)
        fail(&w);
    wb_buf_free(&w.text);
    return cx->error == WS_ERR_NONE;
}
