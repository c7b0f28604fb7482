#include "stdlib/graphql/ready.h"

#include "base/error.h"
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/graphql/parse.h"
#include "stdlib/graphql/tree.h"
#include "stdlib/graphql/validate.h"
#include "value/json.h"

#include <stdlib.h>

/* A constant may take this much memory and work; more is left to the calls and their budgets. */
#define CONSTANT_BYTES ((size_t)256 << 20)
#define CONSTANT_UNITS ((int64_t)1 << 26)
/* A session remembers many, so each is small; longer texts the cache would not keep. */
#define REMEMBERED_BYTES ((size_t)2 << 20)
#define REMEMBERED_TEXT  ((size_t)16 << 10)

/* A call of nobody's: it makes things in the arena and tells no one what is wrong. */
static ws_ctx nobody(ws_gql_ready *r, int64_t *fuel)
{
    return (ws_ctx){.out = &r->arena, .fuel = fuel};
}

static ws_gql_ready *begin(size_t bytes, uint64_t seed)
{
    ws_gql_ready *r = wb_calloc(1, sizeof *r);
    if (wb_arena_init(&r->arena, bytes, seed) == 0)
        return r;
    free(r);
    return NULL;
}

void ws_gql_ready_free(void *ready)
{
    ws_gql_ready *r = ready;
    wb_arena_free(&r->arena);
    free(r);
}

static bool good(const ws_ctx *cx)
{
    return cx->error == WS_ERR_NONE && !cx->out->exhausted;
}

static ws_gql_query *query_of(ws_ctx *cx, wv query)
{
    if (wv_is_object(query))
        return ws_gql_query_of(cx, query);
    return wv_is_string(query) ? ws_gql_parse_query(cx, wb_arena_str(cx->out, wv_str(&query)))
                               : NULL;
}

static ws_gql_schema_doc *doc_of(ws_ctx *cx, wv schema)
{
    if (wv_is_object(schema))
        return ws_gql_schema_of(cx, schema);
    return wv_is_string(schema) ? ws_gql_parse_schema(cx, wb_arena_str(cx->out, wv_str(&schema)))
                                : NULL;
}

/* Lookups make the tables of long types when first asked: here, so that none is made later. */
static void make_tables(ws_ctx *cx, const ws_gql_schema *s)
{
    for (uint32_t i = 0; i < s->defs.n; i++)
        ws_gql_field_named(cx, s->defs.at[i], WB_LIT(""));
}

static bool make_schema(ws_gql_ready *r, ws_ctx *cx, wv schema, bool built)
{
    const ws_gql_schema_doc *doc = doc_of(cx, schema);
    if (!doc || !good(cx))
        return false;
    /* Building changes what it is given. */
    ws_gql_schema_doc *own = built ? doc_of(cx, schema) : NULL;
    const ws_gql_schema *s = own ? ws_gql_schema_build(cx, own) : NULL;
    if (s)
        make_tables(cx, s);
    if (built && (!s || !good(cx)))
        return false;
    r->doc = doc;
    r->schema = s;
    return true;
}

/* A document as its own copy, by way of JSON: constants die with the compiler's memory, and values
 * carry hashes of the engine's seed. */
static wv own(ws_gql_ready *r, wv v)
{
    wb_buf b;
    wv copy = WV_UNDEFINED;
    if (!wv_is_object(v))
        return v;
    wb_buf_init(&b, CONSTANT_BYTES / 16);
    if (wv_json_encode(&b, v, NULL, NULL) != WB_OK ||
        wv_json_decode(&r->arena, wb_buf_str(&b), NULL, &copy, NULL) != WB_OK)
        copy = WV_UNDEFINED;
    wb_buf_free(&b);
    return copy;
}

ws_gql_ready *ws_gql_ready_new(wv query, wv schema, bool built)
{
    int64_t fuel = CONSTANT_UNITS;
    ws_gql_ready *r = begin(CONSTANT_BYTES, 0);
    if (!r)
        return NULL;
    query = own(r, query);
    schema = own(r, schema);
    ws_ctx cx = nobody(r, &fuel);
    if (wv_defined(schema))
        make_schema(r, &cx, schema, built);
    ws_ctx of_query = nobody(r, &fuel);
    const ws_gql_query *q = wv_defined(query) ? query_of(&of_query, query) : NULL;
    if (q && good(&of_query))
        r->query = q;
    if (r->query && r->schema) {
        ws_gql_query *linked = query_of(&of_query, query);
        r->fits = linked && ws_gql_validate(&of_query, r->schema, linked, false) && good(&of_query);
    }
    r->units = CONSTANT_UNITS - fuel;
    if (r->query || r->doc)
        return r;
    ws_gql_ready_free(r);
    return NULL;
}

static ws_gql_ready *make_remembered(ws_ctx *cx, wv schema)
{
    ws_gql_ready *r = begin(REMEMBERED_BYTES, cx->out->seed);
    if (!r)
        return NULL;
    int64_t before = ws_fuel(cx), fuel = before;
    ws_ctx own = nobody(r, &fuel);
    own.cancelled = cx->cancelled;
    own.cancel_arg = cx->cancel_arg;
    if (make_schema(r, &own, schema, true)) {
        r->units = before - fuel;
        return r;
    }
    ws_gql_ready_free(r);
    return NULL;
}

const ws_gql_ready *ws_gql_ready_get(ws_ctx *cx, const wv *schema)
{
    if (!wv_is_string(*schema) || wv_str(schema).n > REMEMBERED_TEXT)
        return NULL;
    wb_str text = wv_str(schema);
    ws_gql_ready *r = ws_cache_get(cx->cache, WS_CACHE_GRAPHQL, text);
    if (!r) {
        r = make_remembered(cx, *schema);
        if (!r)
            return NULL;
        ws_cache_put(cx->cache, WS_CACHE_GRAPHQL, text, r, ws_gql_ready_free);
    }
    return ws_charge(cx, (uint64_t)r->units) ? r : NULL;
}
