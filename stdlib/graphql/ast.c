/* Lists and tables of names, which grow in the arena of the call. */
#include "stdlib/graphql/ast.h"

#include "base/hash.h"
#include "stdlib/args.h"

bool ws_gql_push(ws_ctx *cx, ws_gql_list *list, void *item)
{
    if (list->n == list->cap) {
        uint32_t cap = list->cap ? 2 * list->cap : 4;
        if (!ws_room(cx, cap * sizeof(void *)))
            return false;
        void **at = wb_arena_alloc(cx->out, cap * sizeof(void *));
        if (list->n)
            memcpy(at, list->at, list->n * sizeof(void *));
        list->at = at;
        list->cap = cap;
    }
    list->at[list->n++] = item;
    return true;
}

ws_gql_kind_of ws_gql_kind_named(wb_str kind)
{
    static const char *const kinds[] = {"",      "SCALAR", "OBJECT",      "INTERFACE",
                                        "UNION", "ENUM",   "INPUT_OBJECT"};
    for (unsigned i = 1; i < sizeof kinds / sizeof *kinds; i++)
        if (wb_str_is(kind, kinds[i]))
            return (ws_gql_kind_of)i;
    return WS_GQL_K_OTHER;
}

struct ws_gql_name {
    wb_str name;
    void *item; /* NULL: free */
};

static struct ws_gql_name *slot_of(const ws_gql_names *t, wb_str name)
{
    uint32_t i = (uint32_t)wb_hash(name.p, name.n, t->seed) & (t->cap - 1);
    while (t->slots[i].item && !wb_str_eq(t->slots[i].name, name))
        i = (i + 1) & (t->cap - 1);
    return &t->slots[i];
}

void *ws_gql_name_get(const ws_gql_names *names, wb_str name)
{
    return names->cap ? slot_of(names, name)->item : NULL;
}

void *ws_gql_name_put(ws_ctx *cx, ws_gql_names *names, wb_str name, void *item)
{
    if (2 * (names->n + 1) > names->cap) {
        ws_gql_names bigger = {.cap = names->cap ? 2 * names->cap : 8, .seed = cx->out->seed};
        if (!ws_room(cx, bigger.cap * sizeof *bigger.slots))
            return NULL;
        bigger.slots = wb_arena_calloc(cx->out, bigger.cap * sizeof *bigger.slots);
        bigger.n = names->n;
        for (uint32_t i = 0; i < names->cap; i++)
            if (names->slots[i].item)
                *slot_of(&bigger, names->slots[i].name) = names->slots[i];
        *names = bigger;
    }
    struct ws_gql_name *s = slot_of(names, name);
    void *before = s->item;
    names->n += !before;
    *s = (struct ws_gql_name){before ? s->name : name, item};
    return before;
}
