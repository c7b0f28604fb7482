/* The tree of a YAML text is put straight as OPA does it, then decoded. */
#include "stdlib/yaml_read.h"

#include "value/number.h"

#include <stdlib.h>

/* A tree takes some twenty times its text where values are single characters. */
#define TREE_MIN    ((size_t)1 << 20)
#define TREE_MAX    ((size_t)8 << 30)
#define TREE_FACTOR 160

/* Several "<<" become one with the list of all they merge. */
static void join_merges(wb_arena *a, wv_yaml_node *map)
{
    uint32_t n = 0, maps = 0, kept = 0;
    for (uint32_t i = 0; i + 1 < map->n; i += 2) {
        if (!wv_yaml_merges(map->items[i]))
            continue;
        const wv_yaml_node *value = map->items[i + 1];
        maps += value->kind == WV_YAML_SEQUENCE ? value->n : 1;
        n++;
    }
    if (!n || maps < 2)
        return;
    wv_yaml_node *all = wb_arena_calloc(a, sizeof *all);
    *all = (wv_yaml_node){.kind = WV_YAML_SEQUENCE, .tag = "!!seq"};
    all->items = wb_arena_alloc(a, maps * sizeof *all->items);
    for (uint32_t i = 0; i + 1 < map->n; i += 2) {
        wv_yaml_node *key = map->items[i], *value = map->items[i + 1];
        bool first = !all->n;
        if (wv_yaml_merges(key)) {
            bool list = value->kind == WV_YAML_SEQUENCE;
            for (uint32_t k = 0; k < (list ? value->n : 1); k++)
                all->items[all->n++] = list ? value->items[k] : value;
            if (!first || !all->n)
                continue;
            value = all;
        }
        map->items[kept++] = key;
        map->items[kept++] = value;
    }
    map->n = kept;
}

/* Of keys with the same text the first keeps its place and gets the value of the last. */
static void drop_doubles(wb_arena *a, wv_yaml_node *map)
{
    char *mark = wb_arena_mark(a);
    wv seen = wv_object_begin(a, map->n / 2);
    uint32_t kept = 0;
    wv_yaml_decoder d;
    for (uint32_t i = 0; i + 1 < map->n && !a->exhausted; i += 2) {
        wv_yaml_node *key = map->items[i], *value = map->items[i + 1];
        wv place = WV_UNDEFINED;
        if (key->kind == WV_YAML_SCALAR && !wv_yaml_merges(key)) {
            wv_yaml_decoder_init(&d, a, true);
            wv text = wv_yaml_key(&d, key);
            if (text != WV_UNDEFINED)
                place = wv_object_put_new(a, &seen, text, wv_small(kept + 1));
            wv_yaml_decoder_clear(&d);
        }
        int64_t at;
        if (place != WV_UNDEFINED && wv_number_int64(place, &at)) {
            map->items[at] = value;
            continue;
        }
        map->items[kept++] = key;
        map->items[kept++] = value;
    }
    map->n = kept;
    wb_arena_rewind(a, mark);
}

static void straighten(wb_arena *a, wv_yaml_node *n)
{
    if (n->kind == WV_YAML_SCALAR && !n->tagged && !strcmp(n->tag, "!!timestamp"))
        n->tag = "!!str";
    if (n->kind == WV_YAML_MAPPING) {
        join_merges(a, n);
        if (n->n > 2)
            drop_doubles(a, n);
    }
    for (uint32_t i = 0; i < n->n && !a->exhausted; i++)
        straighten(a, n->items[i]);
}

static wb_status decode(wb_arena *tree, wb_arena *a, wb_str text, wv *out, wb_error *error)
{
    wv_yaml_node *root;
    *out = WV_NULL;
    wb_status status = wv_yaml_parse(tree, text, true, &root, error);
    if (status != WB_OK || !root)
        return status;
    straighten(tree, root);
    wv_yaml_decoder d;
    wv_yaml_decoder_init(&d, a, true);
    wv v = wv_yaml_decode(&d, root);
    if (d.status)
        status = wb_fail(error, d.status, "%s", d.error.text);
    else if (d.mistakes.n)
        status = wb_fail(error, WB_INVALID, "yaml: unmarshal errors:%s", wb_buf_cstr(&d.mistakes));
    else if (tree->exhausted || a->exhausted)
        status = wb_fail(error, WB_LIMIT, "yaml: document is too large");
    else
        *out = v;
    wv_yaml_decoder_clear(&d);
    return status;
}

wb_status ws_yaml_decode(wb_arena *a, wb_str text, wv *out, wb_error *error)
{
    wb_arena tree;
    size_t room = text.n < TREE_MAX / TREE_FACTOR ? text.n * TREE_FACTOR + TREE_MIN : TREE_MAX;
    *out = WV_NULL;
    if (wb_arena_init(&tree, room, a->seed))
        return wb_fail(error, WB_LIMIT, "yaml: document is too large");
    wb_status status = decode(&tree, a, text, out, error);
    wb_arena_free(&tree);
    return status;
}
