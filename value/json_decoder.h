/* What the files of the JSON decoder share and nobody else may use. */
#ifndef WRIT_VALUE_JSON_DECODER_H
#define WRIT_VALUE_JSON_DECODER_H

#include "value/internal.h"
#include "value/json.h"

#define WV_JSON_LOCAL    256 /* words of the stack before it moves to the heap */
#define WV_JSON_NO_FRAME SIZE_MAX
#define WV_JSON_NO_NODE  UINT32_MAX

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
    const wv_shape *shape; /* made when the first object ends here */
    /* Strings that were values of this key, or in arrays there: looked up among those seen before
     * and found, in the window that runs; and how many pass without a look. */
    uint16_t tries, hits, rest;
} wv_json_node;

#define WV_JSON_NODES   4096 /* of one document: shapes are few, or they do not pay */
#define WV_JSON_STRINGS 32768

typedef struct wv_json_string {
    uint32_t tag; /* upper half of the hash */
    uint32_t at;  /* place in the arena in units of 8 bytes; 0: free */
} wv_json_string;

/* A string that was seen before if the bytes agree. They are compared when the collection closes,
 * so that the waits for memory of several strings overlap. */
typedef struct wv_json_pending {
    size_t word; /* of the stack, which waits for the value */
    const char *p;
    uint32_t n, at;
} wv_json_pending;

#define WV_JSON_PENDING 64

/* The keys, shapes and strings of one document that were seen before. Strings replace each other;
 * nothing here is needed for a right answer. */
typedef struct wv_json_cache {
    wv_json_node nodes[WV_JSON_NODES];
    wv_json_string strings[WV_JSON_STRINGS];
    uint32_t n_nodes, n_pending;
    wv_json_pending pending[WV_JSON_PENDING]; /* by word */
} wv_json_cache;

typedef struct wv_json_decoder {
    wb_arena *a;
    const char *p, *end, *start;
    const wv_json_options *options;
    wb_error *error;
    wb_status status;
    wv_json_cache *cache; /* NULL: none */
    wv *words;            /* the stack */
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
uint32_t wv_json_known_key(wv_json_cache *c, uint32_t node, uint32_t place, const char *p,
                           const char *end, const char **next);
/* The same for a key that was read; makes the child where there is room for it. plain: the n bytes
 * at text are the key's. */
uint32_t wv_json_new_key(wv_json_decoder *d, uint32_t node, wv key, bool plain);
/* The object of the shape of the node with its values, every second of the pairs. Undefined when it
 * does not fit. */
wv wv_json_shaped(wv_json_decoder *d, uint32_t node, const wv *pairs, bool below);

#endif
