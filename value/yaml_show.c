/* Nodes of YAML as Go prints values in its own syntax: parts of error texts. */
#include "value/json.h"
#include "value/number.h"
#include "value/yaml.h"

#include <stdlib.h>

/* A text of an error is cut anyway. */
#define SHOWN_MAX ((size_t)1 << 12)

static bool texts_as_keys(const wv_yaml_node *n)
{
    for (uint32_t i = 0; i + 1 < n->n; i += 2) {
        const wv_yaml_node *key = n->items[i];
        if (key->kind == WV_YAML_ALIAS)
            key = key->alias;
        if (!wv_yaml_is_text(key) && strcmp(key->tag, "!!merge") != 0)
            return false;
    }
    return true;
}

/* Go's order of keys of several types: nil, texts, integers, floats, booleans, collections. */
static int rank(const wv_yaml_node *n)
{
    static const char *const tags[] = {"!!null", "", "!!int", "!!float", "!!bool"};
    if (n->kind != WV_YAML_SCALAR)
        return sizeof tags / sizeof *tags;
    if (wv_yaml_is_text(n))
        return 1;
    for (int i = 0; i < (int)(sizeof tags / sizeof *tags); i++)
        if (strcmp(n->tag, tags[i]) == 0)
            return i;
    return 1;
}

static int by_key(const void *a, const void *b)
{
    const wv_yaml_node *const *x = a, *const *y = b;
    int order = rank(x[0]) - rank(y[0]);
    if (order || rank(x[0]) != 1)
        return order;
    return wb_str_cmp(x[0]->text, y[0]->text);
}

static int by_kind_and_text(const void *a, const void *b)
{
    const wv_yaml_node *const *x = a, *const *y = b;
    return x[0]->kind != y[0]->kind ? (int)x[0]->kind - (int)y[0]->kind
                                    : wb_str_cmp(x[0]->text, y[0]->text);
}

/* A mapping with a key twice is no value: what holds it goes on without. */
static bool dropped(const wv_yaml_node *n)
{
    if (n->kind == WV_YAML_ALIAS)
        n = n->alias;
    uint32_t pairs = n->kind == WV_YAML_MAPPING ? n->n / 2 : 0;
    if (pairs < 2)
        return false;
    const wv_yaml_node **keys = wb_malloc(pairs * sizeof *keys);
    for (uint32_t i = 0; i < pairs; i++)
        keys[i] = n->items[2 * i];
    qsort(keys, pairs, sizeof *keys, by_kind_and_text);
    bool twice = false;
    for (uint32_t i = 1; i < pairs && !twice; i++)
        twice = by_kind_and_text(&keys[i - 1], &keys[i]) == 0;
    free(keys);
    return twice;
}

static void put_scalar(wb_arena *a, wb_buf *b, const wv_yaml_node *n, bool inside)
{
    double f;
    int64_t small;
    wv v;
    if (wv_yaml_is_text(n)) {
        wv_print_string(b, n->text);
        return;
    }
    const char *tag = wv_yaml_resolve(a, n->tag, n->text, &v, NULL);
    if (!tag || v == WV_UNDEFINED)
        wb_buf_put_str(b, n->text);
    else if (!strcmp(tag, "!!null"))
        wb_buf_puts(b, inside ? "interface {}(nil)" : "<nil>");
    else if (!strcmp(tag, "!!float") && wv_number_double(v, &f))
        wv_print(b, wv_from_double(a, f));
    else if (!strcmp(tag, "!!int") && !wv_number_int64(v, &small) && wv_number_sign(v) > 0)
        wb_buf_putf(b, "0x%llx", strtoull(wv_number_text(a, v).p, NULL, 10));
    else if (!strcmp(tag, "!!int") || !strcmp(tag, "!!bool"))
        wv_print(b, v);
    else
        wv_print_string(b, n->text);
}

static void put_node(wb_arena *a, wb_buf *b, const wv_yaml_node *n, bool inside, unsigned depth)
{
    if (n->kind == WV_YAML_ALIAS)
        n = n->alias;
    if (b->n > SHOWN_MAX || depth > WV_YAML_DEPTH_MAX)
        return;
    if (n->kind == WV_YAML_SCALAR) {
        put_scalar(a, b, n, inside);
        return;
    }
    bool map = n->kind == WV_YAML_MAPPING, texts = map && texts_as_keys(n);
    wb_buf_puts(b, texts ? "map[string]interface {}{"
                   : map ? "map[interface {}]interface {}{"
                         : "[]interface {}{");
    uint32_t step = map ? 2 : 1;
    wv_yaml_node **items = wb_malloc((n->n + 1) * sizeof *items);
    if (n->n)
        memcpy(items, n->items, n->n * sizeof *items);
    if (map)
        qsort(items, n->n / 2, 2 * sizeof *items, by_key);
    bool more = false;
    for (uint32_t i = 0; i < n->n && b->n <= SHOWN_MAX; i += step) {
        if (dropped(items[i + step - 1]))
            continue;
        wb_buf_puts(b, more ? ", " : "");
        more = true;
        put_node(a, b, items[i], true, depth + 1);
        if (!map)
            continue;
        wb_buf_putc(b, ':');
        put_node(a, b, items[i + 1], true, depth + 1);
    }
    free(items);
    wb_buf_putc(b, '}');
}

const char *wv_yaml_show(wb_arena *a, const wv_yaml_node *n)
{
    wb_buf b;
    wb_buf_init(&b, 4 * SHOWN_MAX);
    put_node(a, &b, n, false, 0);
    const char *text = wb_arena_dup(a, b.n ? b.p : "", b.n);
    wb_buf_free(&b);
    return text;
}
