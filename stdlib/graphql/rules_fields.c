/* Rules of fields, their arguments and directives. */
#include "stdlib/graphql/rules.h"

#include <inttypes.h>
#include <stdlib.h>

/* Lists in introspection that may stand in each other. */
#define INTROSPECTION_LISTS 3

/* ---- fields there are ---- */

typedef struct candidate {
    wb_str name;
    uint32_t uses; /* of interfaces: how many types would have the field by it */
} candidate;

static int by_use(const void *a, const void *b)
{
    const candidate *x = *(candidate *const *)a, *y = *(candidate *const *)b;
    if (x->uses != y->uses)
        return x->uses > y->uses ? -1 : 1;
    return wb_str_cmp(x->name, y->name);
}

static candidate *add_candidate(gql_walk *w, ws_gql_list *list, wb_str name)
{
    if (!ws_room(w->cx, sizeof(candidate)))
        return NULL;
    candidate *c = wb_arena_calloc(w->cx->out, sizeof *c);
    c->name = name;
    return ws_gql_push(w->cx, list, c) ? c : NULL;
}

static void count_interfaces(gql_walk *w, const ws_gql_def *type, wb_str field, ws_gql_list *list,
                             ws_gql_names *known)
{
    for (uint32_t i = 0; i < type->interfaces.n && gql_spend(w, 1); i++) {
        wb_str name = *WS_GQL_AT(type->interfaces, i, wb_str);
        ws_gql_def *intf = ws_gql_type_def(w->cx, w->s, name);
        if (!intf || !ws_gql_field_named(w->cx, intf, field))
            continue;
        candidate *c = ws_gql_name_get(known, name);
        if (!c) {
            c = add_candidate(w, list, name);
            if (!c)
                return;
            ws_gql_name_put(w->cx, known, name, c);
        }
        c->uses++;
    }
}

/* Types below an abstract one that have the field, and interfaces they have it by. */
static void types_with_field(gql_walk *w, const ws_gql_def *parent, wb_str field, ws_gql_list *list)
{
    ws_gql_names known = {0};
    for (uint32_t i = 0; i < parent->possible.n && gql_spend(w, 1); i++) {
        ws_gql_def *type = WS_GQL_AT(parent->possible, i, ws_gql_def);
        if (!ws_gql_field_named(w->cx, type, field))
            continue;
        candidate *own = add_candidate(w, list, type->name);
        if (!own)
            return;
        count_interfaces(w, type, field, list, &known);
    }
    /* An interface may itself be among the types: it has the same rank there. */
    for (uint32_t i = 0; i < list->n; i++) {
        candidate *c = WS_GQL_AT(*list, i, candidate);
        const candidate *same = ws_gql_name_get(&known, c->name);
        if (same)
            c->uses = same->uses;
    }
    if (list->n)
        qsort(list->at, list->n, sizeof(void *), by_use);
}

void gql_fields_on_correct_type(gql_walk *w, ws_gql_selection *f)
{
    if (!f->object || f->field)
        return;
    wb_buf *b = gql_begin(w, f->pos);
    if (!b)
        return;
    ws_putf(b, "Cannot query field \"%.*s\" on type \"%.*s\".", WB_FMT(f->name),
            WB_FMT(f->object->name));
    ws_gql_list types = {0};
    if (ws_gql_is_abstract(f->object))
        types_with_field(w, f->object, f->name, &types);
    if (types.n) {
        wb_buf_puts(b, " Did you mean to use an inline fragment on ");
        ws_gql_put_choice(b, &types, true);
        wb_buf_putc(b, '?');
    } else if (f->object->is == WS_GQL_K_OBJECT || f->object->is == WS_GQL_K_INTERFACE) {
        ws_gql_list names = gql_names_of(w, &f->object->fields);
        ws_gql_put_suggestion(w->cx, b, "Did you mean", f->name, &names, true);
    }
    gql_end(w);
}

void gql_scalar_leafs(gql_walk *w, ws_gql_selection *f)
{
    const ws_gql_def *type =
        f->field ? ws_gql_type_def(w->cx, w->s, ws_gql_type_name(f->field->type)) : NULL;
    if (!type)
        return;
    if (ws_gql_is_leaf(type) && f->selections.n)
        gql_mistake(
            w, f->pos,
            "Field \"%.*s\" must not have a selection since type \"%.*s\" has no subfields.",
            WB_FMT(f->name), WB_FMT(type->name));
    if (!ws_gql_is_leaf(type) && !f->selections.n)
        gql_mistake(w, f->pos,
                    "Field \"%.*s\" of type \"%.*s\" must have a selection of subfields. Did you "
                    "mean \"%.*s { ... }\"?",
                    WB_FMT(f->name), WB_FMT(ws_gql_type_text(w->cx, f->field->type)),
                    WB_FMT(f->name));
}

/* ---- arguments ---- */

static void suggest_argument(gql_walk *w, wb_buf *b, wb_str name, const ws_gql_list *defs)
{
    ws_gql_list names = gql_names_of(w, defs);
    ws_gql_put_suggestion(w->cx, b, "Did you mean", name, &names, true);
    gql_end(w);
}

void gql_known_arguments_of_field(gql_walk *w, ws_gql_selection *f)
{
    if (!f->field || !f->object)
        return;
    for (uint32_t i = 0; i < f->arguments.n && !w->stop; i++) {
        wb_str name = WS_GQL_AT(f->arguments, i, ws_gql_argument)->name;
        if (ws_gql_argument_named(w->cx, &f->field->arguments, name))
            continue;
        wb_buf *b = gql_begin(w, f->pos);
        if (!b)
            return;
        ws_putf(b, "Unknown argument \"%.*s\" on field \"%.*s.%.*s\".", WB_FMT(name),
                WB_FMT(f->object->name), WB_FMT(f->name));
        suggest_argument(w, b, name, &f->field->arguments);
    }
}

void gql_known_arguments_of_directive(gql_walk *w, ws_gql_directive *d)
{
    for (uint32_t i = 0; d->def && i < d->arguments.n && !w->stop; i++) {
        wb_str name = WS_GQL_AT(d->arguments, i, ws_gql_argument)->name;
        if (ws_gql_argument_named(w->cx, &d->def->arguments, name))
            continue;
        wb_buf *b = gql_begin(w, d->pos);
        if (!b)
            return;
        ws_putf(b, "Unknown argument \"%.*s\" on directive \"@%.*s\".", WB_FMT(name),
                WB_FMT(d->name));
        suggest_argument(w, b, name, &d->def->arguments);
    }
}

static bool provided(gql_walk *w, const ws_gql_list *args, wb_str name)
{
    gql_spend(w, args->n / 8);
    for (uint32_t i = 0; i < args->n; i++)
        if (wb_str_eq(WS_GQL_AT(*args, i, ws_gql_argument)->name, name))
            return true;
    return false;
}

static void required(gql_walk *w, const ws_gql_list *defs, const ws_gql_list *args,
                     const char *what, wb_str name, ws_gql_pos pos)
{
    for (uint32_t i = 0; i < defs->n && !w->stop; i++) {
        const ws_gql_field_def *def = WS_GQL_AT(*defs, i, ws_gql_field_def);
        if (def->type->non_null && !def->fallback && !provided(w, args, def->name))
            gql_mistake(w, pos,
                        "%s%.*s\" argument \"%.*s\" of type \"%.*s\" is required, but it was not "
                        "provided.",
                        what, WB_FMT(name), WB_FMT(def->name),
                        WB_FMT(ws_gql_type_text(w->cx, def->type)));
    }
}

void gql_required_arguments_of_field(gql_walk *w, ws_gql_selection *f)
{
    if (f->field)
        required(w, &f->field->arguments, &f->arguments, "Field \"", f->name, f->pos);
}

void gql_required_arguments_of_directive(gql_walk *w, ws_gql_directive *d)
{
    if (d->def)
        required(w, &d->def->arguments, &d->arguments, "Directive \"@", d->def->name, d->pos);
}

/* Each name that is repeated is told once. */
static void unique_arguments(gql_walk *w, const ws_gql_list *args)
{
    ws_gql_names seen = {0}, told = {0};
    for (uint32_t i = 0; args->n > 1 && i < args->n && gql_spend(w, 1); i++) {
        ws_gql_argument *arg = WS_GQL_AT(*args, i, ws_gql_argument);
        if (ws_gql_name_put(w->cx, &seen, arg->name, arg) &&
            !ws_gql_name_put(w->cx, &told, arg->name, arg))
            gql_mistake(w, arg->pos, "There can be only one argument named \"%.*s\".",
                        WB_FMT(arg->name));
    }
}

void gql_unique_arguments_of_field(gql_walk *w, ws_gql_selection *f)
{
    unique_arguments(w, &f->arguments);
}

void gql_unique_arguments_of_directive(gql_walk *w, ws_gql_directive *d)
{
    unique_arguments(w, &d->arguments);
}

/* ---- directives ---- */

/* A directive of a fragment is met several times and told once. */
static bool told_before(gql_walk *w, ws_gql_directive *d)
{
    const char *key = wb_arena_printf(w->cx->out, "%" PRId64 ":%" PRId64 ":%.*s", d->pos.line,
                                      d->pos.column, WB_FMT(d->name));
    return ws_gql_name_put(w->cx, &w->misplaced, wb_str_of(key), d) != NULL;
}

void gql_known_directives(gql_walk *w, ws_gql_directive *d)
{
    if (!d->def)
        gql_mistake(w, d->pos, "Unknown directive \"@%.*s\".", WB_FMT(d->name));
    else if (!ws_gql_has_text(w->cx, &d->def->locations, d->location) && !told_before(w, d))
        gql_mistake(w, d->pos, "Directive \"@%.*s\" may not be used on %.*s.", WB_FMT(d->name),
                    WB_FMT(d->location));
}

void gql_unique_directives(gql_walk *w, ws_gql_list *list)
{
    ws_gql_names seen = {0};
    for (uint32_t i = 0; list->n > 1 && i < list->n && gql_spend(w, 1); i++) {
        ws_gql_directive *d = WS_GQL_AT(*list, i, ws_gql_directive);
        if (ws_gql_name_put(w->cx, &seen, d->name, d) && (!d->def || !d->def->repeatable))
            gql_mistake(w, d->pos,
                        "The directive \"@%.*s\" can only be used once at this location.",
                        WB_FMT(d->name));
    }
}

/* ---- introspection ---- */

static bool too_deep(gql_walk *w, const ws_gql_list *list, unsigned lists);

static bool field_too_deep(gql_walk *w, const ws_gql_selection *f, unsigned lists)
{
    if (wb_str_is(f->name, "fields") || wb_str_is(f->name, "interfaces") ||
        wb_str_is(f->name, "possibleTypes") || wb_str_is(f->name, "inputFields"))
        if (++lists >= INTROSPECTION_LISTS)
            return true;
    return too_deep(w, &f->selections, lists);
}

static bool too_deep(gql_walk *w, const ws_gql_list *list, unsigned lists)
{
    bool deep = false;
    if (gql_enter(w))
        for (uint32_t i = 0; i < list->n && !deep && gql_spend(w, 1); i++) {
            const ws_gql_selection *s = WS_GQL_AT(*list, i, ws_gql_selection);
            ws_gql_fragment *f = s->fragment;
            if (s->kind == WS_GQL_FIELD) {
                deep = field_too_deep(w, s, lists);
            } else if (s->kind == WS_GQL_INLINE) {
                deep = too_deep(w, &s->selections, lists);
            } else if (f && !f->open) {
                f->open = true;
                deep = too_deep(w, &f->selections, lists);
                f->open = false;
            }
        }
    w->depth--;
    return deep;
}

void gql_introspection_depth(gql_walk *w, ws_gql_selection *f)
{
    if ((wb_str_is(f->name, "__schema") || wb_str_is(f->name, "__type")) &&
        field_too_deep(w, f, 0) && !w->stop)
        gql_mistake(w, f->pos, "Maximum introspection depth exceeded");
}
