/* Fields that stand for one answer must mean the same.
 *
 * Every selection set is compared with itself, with the fragments spread in it, and those with each
 * other; fields of one answer are compared by what is below them in the same way. The work can grow
 * exponentially with the query, so each comparison takes from the budget. */
#include "stdlib/graphql/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct answer {
    wb_str name;
    ws_gql_list fields; /* ws_gql_selection */
} answer;

/* The fields of a selection set by the name of their answer, and the fragments spread in it. */
struct ws_gql_fields {
    ws_gql_list answers; /* in the order they came */
    ws_gql_names by_name;
    ws_gql_list spreads; /* ws_gql_selection */
};
typedef struct ws_gql_fields set;

typedef struct conflict {
    wb_str name;
    wb_str text;       /* empty: see below */
    ws_gql_list below; /* conflict */
    ws_gql_pos pos;
} conflict;

/* ---- selection sets ---- */

static wb_str answer_name(const ws_gql_selection *f)
{
    return f->alias.n ? f->alias : f->name;
}

static void collect(gql_walk *w, set *to, const ws_gql_list *list)
{
    if (gql_enter(w))
        for (uint32_t i = 0; i < list->n && gql_spend(w, 1); i++) {
            ws_gql_selection *s = WS_GQL_AT(*list, i, ws_gql_selection);
            if (s->kind == WS_GQL_INLINE) {
                collect(w, to, &s->selections);
                continue;
            }
            if (s->kind == WS_GQL_FRAGMENT_SPREAD) {
                ws_gql_push(w->cx, &to->spreads, s);
                continue;
            }
            answer *a = ws_gql_name_get(&to->by_name, answer_name(s));
            if (!a) {
                a = wb_arena_calloc(w->cx->out, sizeof *a);
                a->name = answer_name(s);
                ws_gql_push(w->cx, &to->answers, a);
                ws_gql_name_put(w->cx, &to->by_name, a->name, a);
            }
            ws_gql_push(w->cx, &a->fields, s);
        }
    w->depth--;
}

/* Collects once; *kept is where the owner of the list keeps the set. */
static set *set_of(gql_walk *w, const ws_gql_list *list, set **kept)
{
    if (!*kept) {
        set *s = wb_arena_calloc(w->cx->out, sizeof *s);
        collect(w, s, list);
        *kept = s;
    }
    return *kept;
}

static set *set_of_fragment(gql_walk *w, ws_gql_fragment *f)
{
    return set_of(w, &f->selections, &f->collected);
}

/* The same fields under the same names in the same order. */
static bool same_set(gql_walk *w, const set *a, const set *b)
{
    if (a->answers.n != b->answers.n || !gql_spend(w, 1 + a->answers.n / 8))
        return false;
    for (uint32_t i = 0; i < a->answers.n; i++) {
        const answer *x = WS_GQL_AT(a->answers, i, answer), *y = WS_GQL_AT(b->answers, i, answer);
        if (x->fields.n != y->fields.n)
            return false;
        for (uint32_t k = 0; k < x->fields.n; k++)
            if (x->fields.at[k] != y->fields.at[k])
                return false;
    }
    return true;
}

/* ---- pairs of fragments that were compared ---- */

static uint32_t fragment_id(gql_walk *w, wb_str name)
{
    uintptr_t id = (uintptr_t)ws_gql_name_get(&w->fragment_ids, name);
    if (!id) {
        id = (uintptr_t)w->fragment_ids.n + 1;
        ws_gql_name_put(w->cx, &w->fragment_ids, name, (void *)id);
    }
    return (uint32_t)id;
}

/* Whether the pair was compared at least as strictly; remembers it when it was not. Which of the
 * two comes first does not matter. */
static bool compared_before(gql_walk *w, wb_str a, wb_str b, bool exclusive)
{
    enum { STRICT = 1, LOOSE };
    uint32_t x = fragment_id(w, a), y = fragment_id(w, b);
    uint32_t pair[2] = {x < y ? x : y, x < y ? y : x};
    wb_str key = wb_str_n(pair, sizeof pair);
    uintptr_t before = (uintptr_t)ws_gql_name_get(&w->compared_pairs, key);
    if (before && (exclusive || before == STRICT))
        return true;
    if (!before)
        key = wb_arena_str(w->cx->out, key);
    ws_gql_name_put(w->cx, &w->compared_pairs, key,
                    (void *)(uintptr_t)(exclusive ? LOOSE : STRICT));
    return false;
}

/* ---- arguments and types ---- */

static int by_child_name(const void *a, const void *b)
{
    const ws_gql_child *const *x = a, *const *y = b;
    int c = wb_str_cmp((*x)->name, (*y)->name);
    return c;
}

/* Children by name; of equal names the first in front. */
static void **sorted(gql_walk *w, const ws_gql_list *list)
{
    if (!ws_room(w->cx, list->n * sizeof(void *)))
        return NULL;
    void **at = wb_arena_alloc(w->cx->out, list->n * sizeof(void *));
    memcpy(at, list->at, list->n * sizeof(void *));
    bool repeated = false;
    qsort(at, list->n, sizeof *at, by_child_name);
    for (uint32_t i = 1; i < list->n; i++)
        repeated |= by_child_name(&at[i - 1], &at[i]) == 0;
    /* A repetition is a mistake of its own; then the slow way keeps the order. */
    if (repeated && gql_spend(w, (uint64_t)list->n * list->n / 8)) {
        memcpy(at, list->at, list->n * sizeof(void *));
        for (uint32_t i = 1; i < list->n; i++)
            for (uint32_t k = i; k && by_child_name(&at[k - 1], &at[k]) > 0; k--) {
                void *t = at[k];
                at[k] = at[k - 1];
                at[k - 1] = t;
            }
    }
    return at;
}

static bool same_value(gql_walk *w, const ws_gql_value *a, const ws_gql_value *b)
{
    uint32_t n = a->children.n;
    if (a->kind != b->kind || !wb_str_eq(a->raw, b->raw) || n != b->children.n)
        return false;
    bool object = a->kind == WS_GQL_V_OBJECT && n > 1, same = gql_enter(w);
    void **x = object ? sorted(w, &a->children) : a->children.at;
    void **y = object ? sorted(w, &b->children) : b->children.at;
    for (uint32_t i = 0; i < n && same && gql_spend(w, 1); i++) {
        const ws_gql_child *c = x ? x[i] : NULL, *d = y ? y[i] : NULL;
        same = c && d && wb_str_eq(c->name, d->name) && same_value(w, c->value, d->value);
    }
    w->depth--;
    return same;
}

static bool same_arguments(gql_walk *w, const ws_gql_list *a, const ws_gql_list *b)
{
    if (a->n != b->n || !gql_spend(w, (uint64_t)a->n * b->n / 8))
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        const ws_gql_argument *x = WS_GQL_AT(*a, i, ws_gql_argument);
        bool found = false;
        for (uint32_t k = 0; k < b->n && !found; k++) {
            const ws_gql_argument *y = WS_GQL_AT(*b, k, ws_gql_argument);
            found = wb_str_eq(x->name, y->name) && same_value(w, x->value, y->value);
        }
        if (!found)
            return false;
    }
    return true;
}

static bool types_conflict(gql_walk *w, const ws_gql_type *a, const ws_gql_type *b)
{
    while (a->elem && b->elem) {
        a = a->elem;
        b = b->elem;
    }
    if (a->elem || b->elem || a->non_null != b->non_null)
        return true;
    const ws_gql_def *x = ws_gql_type_def(w->cx, w->s, a->name);
    const ws_gql_def *y = ws_gql_type_def(w->cx, w->s, b->name);
    return x && y && x != y && ws_gql_is_leaf(x) && ws_gql_is_leaf(y);
}

/* ---- comparing ---- */

static void between_below(gql_walk *w, ws_gql_list *out, bool exclusive, ws_gql_selection *a,
                          ws_gql_selection *b);

static conflict *new_conflict(gql_walk *w, const ws_gql_selection *a, const ws_gql_selection *b)
{
    conflict *c = wb_arena_calloc(w->cx->out, sizeof *c);
    c->name = answer_name(a);
    c->pos = b->pos;
    return c;
}

__attribute__((format(printf, 4, 5))) static conflict *
tell(gql_walk *w, const ws_gql_selection *a, const ws_gql_selection *b, const char *format, ...)
{
    conflict *c = new_conflict(w, a, b);
    wb_buf t;
    va_list ap;
    wb_buf_init(&t, (size_t)64 << 10);
    va_start(ap, format);
    ws_vputf(&t, format, ap);
    va_end(ap);
    c->text = ws_room(w->cx, t.n) ? wb_arena_str(w->cx->out, wb_buf_str(&t)) : WB_LIT("?");
    wb_buf_free(&t);
    return c;
}

/* Objects of two types are never one object: then only the shape of the answers counts. */
static bool never_both(const ws_gql_selection *a, const ws_gql_selection *b)
{
    return a->object != b->object && a->object->is == WS_GQL_K_OBJECT &&
           b->object->is == WS_GQL_K_OBJECT && a->field && b->field;
}

static conflict *find_conflict(gql_walk *w, bool exclusive, ws_gql_selection *a,
                               ws_gql_selection *b)
{
    if (!a->object || !b->object)
        return NULL;
    exclusive = exclusive || never_both(a, b);
    if (!exclusive && !wb_str_eq(a->name, b->name))
        return tell(w, a, b, "\"%.*s\" and \"%.*s\" are different fields", WB_FMT(a->name),
                    WB_FMT(b->name));
    if (!exclusive && !same_arguments(w, &a->arguments, &b->arguments))
        return tell(w, a, b, "they have differing arguments");
    if (a->field && b->field && types_conflict(w, a->field->type, b->field->type))
        return tell(w, a, b, "they return conflicting types \"%.*s\" and \"%.*s\"",
                    WB_FMT(ws_gql_type_text(w->cx, a->field->type)),
                    WB_FMT(ws_gql_type_text(w->cx, b->field->type)));
    ws_gql_list below = {0};
    between_below(w, &below, exclusive, a, b);
    if (!below.n)
        return NULL;
    conflict *c = new_conflict(w, a, b);
    c->below = below;
    return c;
}

static void compare(gql_walk *w, ws_gql_list *out, bool exclusive, ws_gql_selection *a,
                    ws_gql_selection *b)
{
    conflict *c = gql_enter(w) ? find_conflict(w, exclusive, a, b) : NULL;
    w->depth--;
    if (c)
        ws_gql_push(w->cx, out, c);
}

static void between_sets(gql_walk *w, ws_gql_list *out, bool exclusive, const set *a, const set *b)
{
    for (uint32_t i = 0; i < a->answers.n && gql_spend(w, 1); i++) {
        const answer *x = WS_GQL_AT(a->answers, i, answer);
        const answer *y = ws_gql_name_get(&b->by_name, x->name);
        for (uint32_t k = 0; y && k < x->fields.n; k++)
            for (uint32_t l = 0; l < y->fields.n && !w->stop; l++)
                compare(w, out, exclusive, x->fields.at[k], y->fields.at[l]);
    }
}

static void fields_and_fragment(gql_walk *w, ws_gql_list *out, bool exclusive, const set *fields,
                                const ws_gql_selection *spread)
{
    if (ws_gql_name_put(w->cx, &w->compared, spread->name, w) || !spread->fragment)
        return;
    const set *other = set_of_fragment(w, spread->fragment);
    if (same_set(w, fields, other))
        return;
    if (gql_enter(w)) {
        between_sets(w, out, exclusive, fields, other);
        for (uint32_t i = 0; i < other->spreads.n && !w->stop; i++) {
            const ws_gql_selection *next = WS_GQL_AT(other->spreads, i, ws_gql_selection);
            if (!wb_str_eq(next->name, spread->name))
                fields_and_fragment(w, out, exclusive, fields, next);
        }
    }
    w->depth--;
}

static void between_fragments(gql_walk *w, ws_gql_list *out, bool exclusive,
                              const ws_gql_selection *a, const ws_gql_selection *b)
{
    if (wb_str_eq(a->name, b->name) || compared_before(w, a->name, b->name, exclusive) ||
        !a->fragment || !b->fragment)
        return;
    const set *x = set_of_fragment(w, a->fragment), *y = set_of_fragment(w, b->fragment);
    if (gql_enter(w)) {
        between_sets(w, out, exclusive, x, y);
        for (uint32_t i = 0; i < y->spreads.n && gql_spend(w, 1); i++)
            between_fragments(w, out, exclusive, a, y->spreads.at[i]);
        for (uint32_t i = 0; i < x->spreads.n && gql_spend(w, 1); i++)
            between_fragments(w, out, exclusive, x->spreads.at[i], b);
    }
    w->depth--;
}

static void between_below(gql_walk *w, ws_gql_list *out, bool exclusive, ws_gql_selection *a,
                          ws_gql_selection *b)
{
    if (!a->selections.n && !b->selections.n)
        return;
    const set *x = set_of(w, &a->selections, &a->collected);
    const set *y = set_of(w, &b->selections, &b->collected);
    between_sets(w, out, exclusive, x, y);
    for (uint32_t i = 0; i < y->spreads.n && gql_spend(w, 1); i++) {
        w->compared = (ws_gql_names){0};
        fields_and_fragment(w, out, exclusive, x, y->spreads.at[i]);
    }
    for (uint32_t i = 0; i < x->spreads.n && gql_spend(w, 1); i++) {
        w->compared = (ws_gql_names){0};
        fields_and_fragment(w, out, exclusive, y, x->spreads.at[i]);
    }
    for (uint32_t i = 0; i < x->spreads.n; i++)
        for (uint32_t k = 0; k < y->spreads.n && gql_spend(w, 1); k++)
            between_fragments(w, out, exclusive, x->spreads.at[i], y->spreads.at[k]);
}

static void within_set(gql_walk *w, ws_gql_list *out, const set *s)
{
    for (uint32_t i = 0; i < s->answers.n; i++) {
        const answer *a = WS_GQL_AT(s->answers, i, answer);
        for (uint32_t k = 0; k < a->fields.n && gql_spend(w, 1); k++)
            for (uint32_t l = k + 1; l < a->fields.n && !w->stop; l++)
                compare(w, out, false, a->fields.at[k], a->fields.at[l]);
    }
}

/* ---- telling ---- */

static void put_conflict(wb_buf *b, const conflict *c)
{
    wb_buf_put_str(b, c->text);
    for (uint32_t i = 0; i < c->below.n && !b->failed; i++) {
        const conflict *sub = WS_GQL_AT(c->below, i, conflict);
        ws_putf(b, "%ssubfields \"%.*s\" conflict because ", i ? " and " : "", WB_FMT(sub->name));
        put_conflict(b, sub);
    }
}

static void check(gql_walk *w, const ws_gql_list *list, set **kept)
{
    ws_gql_list conflicts = {0};
    if (!list->n)
        return;
    const set *s = set_of(w, list, kept);
    within_set(w, &conflicts, s);
    w->compared = (ws_gql_names){0};
    for (uint32_t i = 0; i < s->spreads.n && gql_spend(w, 1); i++) {
        fields_and_fragment(w, &conflicts, false, s, s->spreads.at[i]);
        for (uint32_t k = i + 1; k < s->spreads.n && gql_spend(w, 1); k++)
            between_fragments(w, &conflicts, false, s->spreads.at[i], s->spreads.at[k]);
    }
    for (uint32_t i = 0; i < conflicts.n && gql_spend(w, 1); i++) {
        const conflict *c = WS_GQL_AT(conflicts, i, conflict);
        wb_buf *b = gql_begin(w, c->pos);
        if (!b)
            return;
        ws_putf(b, "Fields \"%.*s\" conflict because ", WB_FMT(c->name));
        put_conflict(b, c);
        wb_buf_puts(b, ". Use different aliases on the fields to fetch both if this was "
                       "intentional.");
        gql_end(w);
    }
}

void gql_overlap_operation(gql_walk *w, ws_gql_operation *o)
{
    check(w, &o->selections, &o->collected);
}

/* Fragments by themselves are compared as a whole. */
void gql_overlap_field(gql_walk *w, ws_gql_selection *f)
{
    if (w->operation)
        check(w, &f->selections, &f->collected);
}

void gql_overlap_inline(gql_walk *w, ws_gql_selection *s)
{
    check(w, &s->selections, &s->collected);
}

void gql_overlap_fragment(gql_walk *w, ws_gql_fragment *f)
{
    check(w, &f->selections, &f->collected);
}
