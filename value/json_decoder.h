/* What the files of the JSON decoder share and nobody else may use. */
#ifndef WRIT_VALUE_JSON_DECODER_H
#define WRIT_VALUE_JSON_DECODER_H

#include "value/internal.h"
#include "value/json.h"

#define WV_JSON_LOCAL    256 /* words of the stack before it moves to the heap */
#define WV_JSON_NO_FRAME SIZE_MAX
#define WV_JSON_NO_NODE  UINT32_MAX

/* Values looked up among those seen before and found, in the window that runs; and how many pass
 * without a look. Each key counts for itself: names repeat or do not, and those that do not push
 * others out. */
typedef struct wv_json_counter {
    uint16_t tries, hits, rest;
} wv_json_counter;

/* One more key of a shape that grows key by key; the way to it from node 0 is the whole shape. */
typedef struct wv_json_node {
    wv key; /* undefined in node 0, which has no keys, and counts for all without a node */
    const char *text;     /* of the key as it stands between quotes; in the arena */
    uint64_t start, mask; /* its first bytes in a word, and the bytes of the word that count */
    uint32_t length;
    uint32_t parent;
    uint32_t child; /* the last that was taken, or 0; its siblings follow */
    uint32_t sibling;
    uint32_t depth; /* keys */
    uint32_t children;
    uint32_t first; /* child of node 0 with which the last object under this key began, or 0 */
    const wv_shape *shape;           /* made when the first object ends here */
    wv_json_counter strings, groups; /* of the values of this key, and of arrays there */
} wv_json_node;

#define WV_JSON_NODES   4096 /* of one document: shapes are few, or they do not pay */
#define WV_JSON_STRINGS 32768
#define WV_JSON_GROUPS  8192

typedef struct wv_json_slot {
    uint32_t tag; /* upper half of the hash */
    uint32_t at;  /* place in the arena in units of 8 bytes; 0: free */
} wv_json_slot;

/* The same for a string of 8 to 64 bytes, with the bytes of most: so a string that comes again is
 * told without a look at where it stands, which may be far away. Half a line of memory. */
typedef struct wv_json_name {
    uint32_t tag; /* the upper 24 bits of the hash, and the length */
    uint32_t at;
    uint64_t parts[3]; /* the first eight bytes, the last eight, and of those behind the first eight
                          the first, where the string has more than 16 */
} wv_json_name;

#define WV_JSON_NAME_WHOLE 24u /* bytes that the parts hold */

/* A string that may have been seen before. It is looked up when the collection closes: then its
 * slot is there, and the waits for memory of several strings overlap. */
typedef struct wv_json_pending {
    size_t word; /* of the stack, which waits for the value */
    const char *p;
    uint64_t hash;
    uint32_t n;
    uint32_t node; /* that counts it */
} wv_json_pending;

#define WV_JSON_PENDING 64

/* The keys and shapes that were seen before, in one document or in many. */
struct wv_json_shapes {
    wb_arena *a;               /* where keys and shapes live: the document's, or `own` */
    wb_arena own;              /* of many documents */
    uint32_t n_nodes, refused; /* keys that found no room */
    wv *words; /* the stack of the last large text, kept for the next; owned, or NULL */
    size_t cap;
    wv_json_node nodes[WV_JSON_NODES];
};

/* The strings and small collections of one document that were seen before. Those that have one slot
 * replace each other; nothing here is needed for a right answer. */
typedef struct wv_json_cache {
    wv_json_name strings[WV_JSON_STRINGS];
    wv_json_slot groups[WV_JSON_GROUPS];                   /* small collections */
    _Alignas(64) wv_json_pending pending[WV_JSON_PENDING]; /* by word */
    uint32_t n_pending;
} wv_json_cache;

typedef struct wv_json_decoder {
    wb_arena *a;
    const char *p, *end, *start;
    const wv_json_options *options;
    wb_error *error;
    wb_status status;
    wv_json_shapes *shapes; /* NULL: none */
    wv_json_cache *cache;   /* the same; never without shapes */
    wv *words;              /* the stack */
    size_t n, cap;
    size_t frame; /* number of the innermost frame word, or WV_JSON_NO_FRAME */
    size_t depth, depth_max;
    bool begun; /* the text holds more than blanks */
    wv local[WV_JSON_LOCAL];
} wv_json_decoder;

/* Fails at p with the words of Go's decoder; what stands there is wrong `where`. Answers NULL. */
const char *wv_json_fail_at(wv_json_decoder *d, const char *p, const char *where);
/* The arena is full. Answers NULL. */
const char *wv_json_fail_budget(wv_json_decoder *d, const char *p);

/* What a string is for. One that is only stored may come later: a word that is pushed next. */
typedef enum wv_json_use { WV_JSON_STORED, WV_JSON_KEY, WV_JSON_NOW } wv_json_use;

/* The string behind whose opening quote p stands. Answers what follows the closing quote, or NULL
 * on a mistake. */
const char *wv_json_string_slow(wv_json_decoder *d, const char *p, wv_json_use use, wv *out);
/* The same for one that ends at `end` and whose bytes are taken as they are. */
const char *wv_json_plain_string(wv_json_decoder *d, const char *p, const char *end,
                                 wv_json_use use, wv *out);
/* Settles the pending strings of the words from `from` on. */
void wv_json_settle(wv_json_decoder *d, size_t from);

/* The child of the node for the key whose text stands at p between quotes; *next is what follows
 * the closing quote. WV_JSON_NO_NODE: it was not seen here before. place: the node of the object
 * around this one. */
uint32_t wv_json_known_key(wv_json_shapes *c, uint32_t node, uint32_t place, const char *p,
                           const char *end, const char **next);
/* The same for a key that was read; makes the child where there is room for it, and *key its own.
 * plain: the bytes between the quotes are the key's. */
uint32_t wv_json_new_key(wv_json_decoder *d, uint32_t node, wv *key, bool plain);
/* The shape of the node; undefined shapes (NULL) do not fit. */
const wv_shape *wv_json_shape(wv_json_decoder *d, uint32_t node);
/* A collection of the n words at `words`: an object of the shape, or an array (NULL). One that was
 * seen before in the place of `around`, the node of the object around it, or a new one; a new one
 * when around is WV_JSON_NO_NODE. below: the words have no tables whose order is not known.
 * Undefined when it does not fit. */
wv wv_json_group(wv_json_decoder *d, const wv_shape *shape, const wv *words, uint32_t n,
                 uint32_t around, bool below);

/* Where of WINDOW values fewer than one in WORTH was known, the next REST are not looked up. A
 * window lasts long enough to learn some thousand names. */
#define WV_JSON_WINDOW 8192
#define WV_JSON_WORTH  5
#define WV_JSON_REST   UINT16_MAX

/* Whether values repeat here often enough to be looked up. */
static inline bool wv_json_worth_a_look(wv_json_counter *c)
{
    if (c->rest) {
        c->rest--;
        return false;
    }
    if (c->tries == WV_JSON_WINDOW) {
        c->rest = c->hits < WV_JSON_WINDOW / WV_JSON_WORTH ? WV_JSON_REST : 0;
        c->tries = c->hits = 0;
    }
    c->tries++;
    return true;
}

/* What the slot of the hash holds, or NULL. */
static inline void *wv_json_slot_get(const wv_json_decoder *d, const wv_json_slot *slot,
                                     uint64_t hash)
{
    return slot->at && slot->tag == (uint32_t)(hash >> 32) ? d->a->base + (size_t)slot->at * 8
                                                           : NULL;
}

static inline void wv_json_slot_put(const wv_json_decoder *d, wv_json_slot *slot, uint64_t hash,
                                    wv v)
{
    size_t at = (size_t)((char *)wv_ptr(v) - d->a->base) / 8;
    if (at && at <= UINT32_MAX)
        *slot = (wv_json_slot){.tag = (uint32_t)(hash >> 32), .at = (uint32_t)at};
}

#endif
