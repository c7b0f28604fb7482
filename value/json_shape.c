/* Shapes of the objects of one document, and collections that come again.
 *
 * Known keys form a tree: a node is the list of keys from the root to it. An object walks down as
 * its keys come, and the key that was taken last is tried first, by its bytes: objects that look
 * like the one before cost one comparison a key, no scan, no hash and no search for duplicates.
 * The first key is guessed by the place: by what stood under the same key before.
 * An object whose keys cannot be a node (too many keys, too many siblings, a key twice) goes the
 * way of single objects. */
#include "value/json_decoder.h"
#include "value/json_scan.h"

#include <stdlib.h>

#define KEYS_MAX     64 /* of a shape: larger objects are tables of data */
#define CHILDREN_MAX 8  /* of a node: where keys vary more, they are data */
#define GROUP_MAX    8  /* words of a collection that may be there already */
#define FIRST_MAX    64 /* the same of node 0, where all kinds of objects begin */

/* What the largest shape takes: keys, order, index. */
#define SHAPE_BYTES (sizeof(wv_shape) + KEYS_MAX * (sizeof(wv) + 5 * sizeof(uint32_t)))

/* Whether the key of the node stands at p. */
static inline bool is_key(const wv_json_node *n, const char *p, const char *end)
{
    if (end - p > 8 && n->length < 8)
        return ((wv_load64(p) ^ n->start) & n->mask) == 0 && p[n->length] == '"';
    return (size_t)(end - p) > n->length && p[n->length] == '"' &&
           wv_same_bytes(p, n->text, n->length);
}

uint32_t wv_json_known_key(wv_json_shapes *c, uint32_t node, uint32_t place, const char *p,
                           const char *end, const char **next)
{
    wv_json_node *parent = &c->nodes[node];
    uint32_t i = node ? parent->child : c->nodes[place].first;
    if (i && is_key(&c->nodes[i], p, end)) {
        *next = p + c->nodes[i].length + 1;
        return i;
    }
    uint32_t before = 0;
    for (i = parent->child; i; before = i, i = c->nodes[i].sibling) {
        const wv_json_node *child = &c->nodes[i];
        if (!is_key(child, p, end))
            continue;
        if (before) { /* the one taken last stands first */
            c->nodes[before].sibling = child->sibling;
            c->nodes[i].sibling = parent->child;
            parent->child = i;
        }
        if (!node)
            c->nodes[place].first = i;
        *next = p + child->length + 1;
        return i;
    }
    return WV_JSON_NO_NODE;
}

/* Whether the key stands on the way to the node. */
static bool is_taken(const wv_json_shapes *c, uint32_t node, wv key)
{
    for (; node; node = c->nodes[node].parent)
        if (wv_equal(c->nodes[node].key, key))
            return true;
    return false;
}

#define TEXT_MAX 128                /* bytes of a key that many documents share */
#define ROOM     ((size_t)16 << 20) /* bytes of all such keys and their shapes */

static bool fits(const wv_json_shapes *c, size_t n)
{
    return n <= TEXT_MAX && wb_arena_used(c->a) + SHAPE_BYTES < ROOM;
}

uint32_t wv_json_new_key(wv_json_decoder *d, uint32_t node, wv *key, bool plain)
{
    wv_json_shapes *c = d->shapes;
    wv_json_node *parent = &c->nodes[node];
    wb_str text = wv_str(key);
    if (!plain || parent->depth == KEYS_MAX ||
        parent->children == (node ? CHILDREN_MAX : FIRST_MAX) || is_taken(c, node, *key))
        return WV_JSON_NO_NODE;
    if (c->n_nodes == WV_JSON_NODES || (c->a != d->a && !fits(c, text.n))) {
        c->refused++;
        return WV_JSON_NO_NODE;
    }
    if (c->a != d->a) { /* what many documents share outlives this one */
        *key = wv_string_new(c->a, text);
        wv_hash(*key, c->a->seed);
        text = wv_str(key);
    }
    uint32_t i = c->n_nodes++;
    uint64_t start = 0, mask = text.n < 8 ? ((uint64_t)1 << 8 * text.n) - 1 : UINT64_MAX;
    memcpy(&start, text.p, text.n < 8 ? text.n : 8);
    c->nodes[i] = (wv_json_node){.key = *key,
                                 .start = start,
                                 .mask = mask,
                                 .text = wb_arena_str(c->a, text).p,
                                 .length = (uint32_t)text.n,
                                 .parent = node,
                                 .sibling = parent->child,
                                 .depth = parent->depth + 1};
    parent->child = i;
    parent->children++;
    return i;
}

static void make_index(wv_shape *s, uint32_t *index)
{
    memset(index, 0, ((size_t)s->mask + 1) * sizeof *index);
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t at = (uint32_t)wv_hash(s->keys[i], s->seed) & s->mask;
        while (index[at])
            at = (at + 1) & s->mask;
        index[at] = i + 1;
    }
    s->index = index;
}

static const wv_shape *make_shape(const wv_json_shapes *c, uint32_t node)
{
    uint32_t n = c->nodes[node].depth, mask = wv_index_mask(n);
    wv_shape *s = wb_arena_alloc(c->a, sizeof *s + n * sizeof(wv));
    *s = (wv_shape){.seed = c->a->seed, .n = n, .mask = mask};
    for (uint32_t i = n, at = node; i; at = c->nodes[at].parent)
        s->keys[--i] = c->nodes[at].key;
    if (mask)
        make_index(s, wb_arena_alloc(c->a, ((size_t)mask + 1) * sizeof(uint32_t)));
    bool sorted = true;
    for (uint32_t i = 1; i < n; i++)
        sorted = sorted && wv_string_before(s->keys[i - 1], s->keys[i]);
    if (!sorted) {
        uint32_t *order = wb_arena_alloc(c->a, n * sizeof *order);
        wv_sort_strings(s->keys, n, order);
        s->order = order;
    }
    return s;
}

const wv_shape *wv_json_shape(wv_json_decoder *d, uint32_t node)
{
    wv_json_node *at = &d->shapes->nodes[node];
    if (!at->shape && wb_arena_fits(d->shapes->a, sizeof(wv_shape) + at->depth * sizeof(wv)))
        at->shape = make_shape(d->shapes, node);
    return at->shape;
}

static wv make_group(wv_json_decoder *d, const wv_shape *shape, const wv *words, uint32_t n,
                     bool below)
{
    if (!wb_arena_fits(d->a, sizeof(wv_shaped) + n * sizeof(wv)))
        return WV_UNDEFINED;
    uint8_t flags = below ? WV_F_BELOW : 0;
    if (!shape) {
        wv v = wv_array_new(d->a, words, n);
        wv_head(v)->flags |= flags;
        return v;
    }
    wv_shaped *o = wb_arena_alloc(d->a, sizeof *o + n * sizeof(wv));
    flags |= WV_F_SHAPED | (shape->order ? WV_F_ORDERED : WV_F_SORTED);
    o->h = (wv_header){.tag = WV_T_OBJECT, .flags = flags, .len = n};
    o->shape = shape;
    memcpy(o->values, words, n * sizeof(wv));
    return wv_from(o, WV_T_OBJECT);
}

/* Whether the collection at p, which came from make_group, is of the shape and the words. */
static bool is_group(const void *p, const wv_shape *shape, const wv *words, uint32_t n)
{
    const wv_header *h = p;
    if (h->len != n || h->tag != (shape ? WV_T_OBJECT : WV_T_ARRAY))
        return false;
    if (!shape)
        return memcmp(((const wv_array *)p)->items, words, n * sizeof(wv)) == 0;
    const wv_shaped *o = p;
    return o->shape == shape && memcmp(o->values, words, n * sizeof(wv)) == 0;
}

wv wv_json_group(wv_json_decoder *d, const wv_shape *shape, const wv *words, uint32_t n,
                 uint32_t around, bool below)
{
    wv_json_cache *c = d->cache;
    if (!c || around == WV_JSON_NO_NODE || n > GROUP_MAX)
        return make_group(d, shape, words, n, below);
    wv_json_counter *counter = &d->shapes->nodes[around].groups;
    if (!wv_json_worth_a_look(counter))
        return make_group(d, shape, words, n, below);
    uint64_t hash = wb_hash64((uint64_t)(uintptr_t)shape ^ n, d->a->seed);
    for (uint32_t i = 0; i < n; i++)
        hash = wb_mix(hash ^ words[i], 0x9fb21c651e98df25u);
    wv_json_slot *slot = &c->groups[hash % WV_JSON_GROUPS];
    const void *known = wv_json_slot_get(d, slot, hash);
    if (known && is_group(known, shape, words, n)) {
        counter->hits++;
        return wv_from(known, shape ? WV_T_OBJECT : WV_T_ARRAY);
    }
    wv v = make_group(d, shape, words, n, below);
    if (v)
        wv_json_slot_put(d, slot, hash, v);
    return v;
}

/* ---- shapes of many documents ---- */

#define STALE (4 * WV_JSON_NODES) /* keys without room behind which others are worth a try */

wv_json_shapes *wv_json_shapes_new(uint64_t seed)
{
    wv_json_shapes *c = wb_calloc(1, sizeof *c);
    if (wb_arena_init(&c->own, 2 * ROOM, seed)) {
        free(c);
        return NULL;
    }
    c->a = &c->own;
    c->n_nodes = 1;
    return c;
}

void wv_json_shapes_free(wv_json_shapes *c)
{
    if (!c)
        return;
    wb_arena_free(&c->own);
    free(c->words);
    free(c);
}

bool wv_json_shapes_stale(const wv_json_shapes *c)
{
    return c->refused >= STALE;
}

void wv_json_shapes_clear(wv_json_shapes *c)
{
    wb_arena_reset(&c->own);
    memset(c->nodes, 0, c->n_nodes * sizeof *c->nodes);
    c->n_nodes = 1;
    c->refused = 0;
}

bool wv_json_shapes_own(const void *shapes, const void *p)
{
    return wb_arena_owns(&((const wv_json_shapes *)shapes)->own, p);
}
