/* JSON Schemas as types: what a document that follows one can be.
 *
 * Taken: type, properties, items, anyOf, allOf, $ref within the schema. What a schema says beyond
 * that (required, patterns, ranges, not, ...) is passed over. A schema that contains itself is a
 * recursive type there. References to other hosts are refused. */
#include "compiler/types.h"
#include "stdlib/schema.h"
#include "value/json.h"

#include <stdarg.h>
#include <stdio.h>

#define REF_CHAIN_MAX 64u  /* references that name references */
#define DEPTH_MAX     200u /* levels of a schema that are looked at; below: any */

enum {
    S_NULL = 1,
    S_BOOLEAN = 2,
    S_STRING = 4,
    S_NUMBER = 8,
    S_INTEGER = 16,
    S_OBJECT = 32,
    S_ARRAY = 64
};

static const struct {
    const char *name;
    unsigned bit;
} kinds[] = {{"null", S_NULL},     {"boolean", S_BOOLEAN}, {"string", S_STRING},
             {"number", S_NUMBER}, {"integer", S_INTEGER}, {"object", S_OBJECT},
             {"array", S_ARRAY}};

/* One schema, or several merged into one. */
typedef struct sub {
    unsigned types;
    wv names; /* of its types, as an array in the order written */
    wv props; /* array of [name, schema] */
    wv items; /* array of schemas */
    bool single;
    wv any_of, all_of; /* arrays, or undefined */
    wv ref;            /* string, or undefined */
} sub;

/* What a reference names. */
typedef struct named {
    wc_tp type;      /* once it is read */
    wc_type *itself; /* stands for it inside; NULL: not asked for */
    bool open;       /* being read */
} named;

typedef struct reader {
    wb_arena *a;
    wv root;
    wb_str base; /* its address, before which references within it stand now and then */
    wb_buf *why;
    wv index; /* references -> numbers in refs */
    named **refs;
    uint32_t n_refs, cap_refs;
} reader;

static wc_tp read(reader *r, wv schema, uint32_t depth);
static wc_tp read_sub(reader *r, const sub *s, uint32_t depth);

static wc_tp refuse(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static wc_tp refuse(reader *r, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (!r->why->n)
        wb_buf_puts(r->why, text);
    return NULL;
}

static wv field(wv o, const char *name)
{
    return wv_object_get_str(o, wb_str_of(name));
}

static void add_type(reader *r, sub *s, wb_str name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (wb_str_is(name, kinds[i].name) && !(s->types & kinds[i].bit)) {
            s->types |= kinds[i].bit;
            wv_array_push(r->a, &s->names, wv_string_new(r->a, name));
        }
}

static sub sub_of(reader *r, wv schema)
{
    sub s = {.names = wv_array_begin(r->a, 2),
             .props = wv_array_begin(r->a, 4),
             .items = wv_array_begin(r->a, 2),
             .any_of = WV_UNDEFINED,
             .all_of = WV_UNDEFINED,
             .ref = WV_UNDEFINED};
    if (!wv_is_object(schema))
        return s;
    s.ref = field(schema, "$ref");
    wv type = field(schema, "type"), props = field(schema, "properties");
    wv items = field(schema, "items");
    if (wv_is_string(type))
        add_type(r, &s, wv_str(&type));
    for (uint32_t i = 0; wv_is_array(type) && i < wv_len(type); i++)
        if (wv_is_string(wv_items(type)[i]))
            add_type(r, &s, wv_str(&wv_items(type)[i]));
    const uint32_t *order = wv_is_object(props) ? wv_table_order(props) : NULL;
    for (uint32_t i = 0; wv_is_object(props) && i < wv_len(props); i++) {
        wv pair[2] = {wv_key_at(props, order, i), wv_value_at(props, order, i)};
        wv_array_push(r->a, &s.props, wv_array_new(r->a, pair, 2));
    }
    if (wv_is_array(items)) {
        s.items = items;
    } else if (wv_is_object(items)) {
        wv_array_push(r->a, &s.items, items);
        s.single = true;
    }
    if (wv_is_array(field(schema, "anyOf")))
        s.any_of = field(schema, "anyOf");
    if (wv_is_array(field(schema, "allOf")))
        s.all_of = field(schema, "allOf");
    return s;
}

/* ---- references ---- */

/* What a pointer within the schema names; undefined when it names nothing. */
static wv pointed(reader *r, wb_str pointer)
{
    wv at = r->root;
    for (size_t i = 0; i < pointer.n && at != WV_UNDEFINED;) {
        if (pointer.p[i++] != '/')
            return WV_UNDEFINED;
        char *name = wb_arena_alloc(r->a, pointer.n + 1);
        size_t n = 0;
        for (; i < pointer.n && pointer.p[i] != '/'; i++) {
            bool tilde = pointer.p[i] == '~' && i + 1 < pointer.n;
            name[n++] = tilde ? (pointer.p[++i] == '1' ? '/' : '~') : pointer.p[i];
        }
        wb_str key = wb_str_n(name, n);
        if (wv_is_object(at)) {
            at = wv_object_get_str(at, key);
        } else if (wv_is_array(at)) {
            size_t k = 0;
            for (size_t j = 0; j < n; j++)
                k = name[j] < '0' || name[j] > '9' || k > wv_len(at)
                        ? wv_len(at)
                        : 10 * k + (size_t)(name[j] - '0');
            at = n && k < wv_len(at) ? wv_items(at)[k] : WV_UNDEFINED;
        } else {
            return WV_UNDEFINED;
        }
    }
    return at;
}

/* The schema that a reference names; undefined after a report. */
static wv resolved(reader *r, wv ref)
{
    wb_str text = wv_is_string(ref) ? wv_str(&ref) : WB_LIT("");
    if (r->base.n && wb_str_has_prefix(text, r->base))
        text = wb_str_n(text.p + r->base.n, text.n - r->base.n);
    if (!text.n || text.p[0] != '#') {
        refuse(r, "unable to compile the schema: remote reference loading disabled: %.*s",
               WB_FMT(text));
        return WV_UNDEFINED;
    }
    wv to = pointed(r, wb_str_n(text.p + 1, text.n - 1));
    if (to == WV_UNDEFINED)
        refuse(r, "unable to compile the schema: Object has no key '%.*s'", WB_FMT(text));
    return to;
}

static wc_type *recursive(reader *r, wv ref)
{
    wb_str *name = wb_arena_alloc(r->a, sizeof *name);
    wc_type *t = wb_arena_calloc(r->a, sizeof *t);
    *name = wb_arena_str(r->a, wv_str(&ref));
    *t = (wc_type){.kind = WC_T_RECURSIVE, .size = 1, .names = name};
    return t;
}

static named *add_named(reader *r, wv ref)
{
    if (r->n_refs == r->cap_refs) {
        uint32_t cap = r->cap_refs ? 2 * r->cap_refs : 8;
        named **to = wb_arena_alloc(r->a, cap * sizeof *to);
        if (r->n_refs)
            memcpy(to, r->refs, r->n_refs * sizeof *to);
        r->refs = to;
        r->cap_refs = cap;
    }
    named *d = wb_arena_calloc(r->a, sizeof *d);
    d->open = true;
    wv_object_put(r->a, &r->index, ref, wv_small(r->n_refs));
    return r->refs[r->n_refs++] = d;
}

static wc_tp read_ref(reader *r, wv ref, uint32_t depth)
{
    wv to = resolved(r, ref);
    /* A schema that is but a reference gives way to what it names. */
    for (uint32_t i = 0; wv_is_object(to) && field(to, "$ref") != WV_UNDEFINED; i++) {
        if (i == REF_CHAIN_MAX)
            return &wc_any;
        ref = field(to, "$ref");
        to = resolved(r, ref);
    }
    if (to == WV_UNDEFINED)
        return NULL;
    wv at = wv_object_get(r->index, ref);
    if (at != WV_UNDEFINED) {
        named *have = r->refs[wv_int(at)];
        if (have->open && !have->itself)
            have->itself = recursive(r, ref);
        return have->open ? have->itself : have->type;
    }
    named *d = add_named(r, ref);
    d->type = read(r, to, depth + 1);
    d->open = false;
    if (d->itself)
        d->itself->of = d->type;
    return d->type;
}

/* ---- merging ---- */

static wb_str types_text(reader *r, const sub *s)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    uint32_t n = wv_len(s->names);
    if (!n)
        wb_buf_puts(&b, "undefined");
    wb_buf_puts(&b, n > 1 ? "[" : "");
    for (uint32_t i = 0; i < n; i++)
        wb_buf_putf(&b, "%s%.*s", i ? "," : "", WB_FMT(wv_str(&wv_items(s->names)[i])));
    wb_buf_puts(&b, n > 1 ? "]" : "");
    wb_str t = wb_arena_str(r->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return t;
}

static void assume(reader *r, sub *s)
{
    if (wv_len(s->props))
        add_type(r, s, WB_LIT("object"));
    else if (wv_len(s->items))
        add_type(r, s, WB_LIT("array"));
}

/* Adds y to x; false after a report. */
static bool merge(reader *r, sub *x, sub *y)
{
    assume(r, x);
    assume(r, y);
    wb_str a = types_text(r, x), b = types_text(r, y);
    if (!wb_str_eq(a, b)) {
        refuse(r, "type checking: unable to merge these schemas: type mismatch: %.*s and %.*s",
               WB_FMT(a), WB_FMT(b));
        return false;
    }
    if ((x->types & S_OBJECT) && wv_len(x->props) && wv_len(y->props)) {
        for (uint32_t i = 0; i < wv_len(y->props); i++)
            wv_array_push(r->a, &x->props, wv_items(y->props)[i]);
    } else if ((x->types & S_ARRAY) && wv_len(x->items) && wv_len(y->items)) {
        wv items = wv_array_begin(r->a, wv_len(x->items) + wv_len(y->items));
        for (uint32_t i = 0; i < wv_len(x->items) || i < wv_len(y->items); i++)
            wv_array_push(r->a, &items,
                          i < wv_len(x->items) ? wv_items(x->items)[i] : wv_items(y->items)[i]);
        for (uint32_t i = 0; i < wv_len(y->items); i++) {
            sub s = sub_of(r, wv_items(items)[i]), t = sub_of(r, wv_items(y->items)[i]);
            if (!wb_str_eq(types_text(r, &s), types_text(r, &t))) {
                refuse(r, "type checking: unable to merge these schemas");
                return false;
            }
        }
        x->items = items;
    }
    return true;
}

static wc_tp read_all_of(reader *r, const sub *s, uint32_t depth)
{
    sub merged = {0};
    bool any = false;
    for (uint32_t i = 0; i < wv_len(s->all_of); i++) {
        wv part = wv_items(s->all_of)[i];
        sub p = sub_of(r, part);
        for (uint32_t k = 0; p.ref != WV_UNDEFINED; k++) {
            wv to = k < REF_CHAIN_MAX ? resolved(r, p.ref) : WV_UNDEFINED;
            if (to == WV_UNDEFINED)
                return r->why->n ? NULL : &wc_any;
            p = sub_of(r, to);
        }
        if (!p.types && p.any_of != WV_UNDEFINED && !wv_len(p.props) && !wv_len(p.items))
            continue;
        if (any && !merge(r, &merged, &p))
            return NULL;
        if (!any) {
            merged = p;
            assume(r, &merged);
        }
        any = true;
    }
    if (!any)
        return &wc_any;
    if (s->types) {
        sub own = *s;
        own.all_of = WV_UNDEFINED;
        unsigned both = s->types & merged.types;
        if (both & (S_OBJECT | S_ARRAY)) {
            if (!merge(r, &merged, &own))
                return NULL;
        } else if (!wb_str_eq(types_text(r, s), types_text(r, &merged))) {
            return refuse(r, "type checking: unable to merge these schemas");
        }
    }
    return read_sub(r, &merged, depth + 1);
}

/* ---- types ---- */

static wc_tp read_any_of(reader *r, const sub *s, uint32_t depth)
{
    wc_tp out = NULL;
    if (s->types) {
        sub own = *s;
        own.any_of = WV_UNDEFINED;
        wc_tp t = read_sub(r, &own, depth + 1);
        if (!t)
            return NULL;
        if (t->kind == WC_T_OBJECT && t->n && !t->has_rest)
            out = t;
    }
    for (uint32_t i = 0; i < wv_len(s->any_of); i++) {
        wc_tp t = read(r, wv_items(s->any_of)[i], depth + 1);
        if (!t)
            return NULL;
        out = wc_type_or(r->a, t, out);
    }
    return out ? out : &wc_any;
}

static wc_tp read_object(reader *r, const sub *s, uint32_t depth)
{
    uint32_t n = wv_len(s->props), count = 0;
    wc_prop *props = wb_arena_alloc(r->a, (n + 1) * sizeof *props);
    for (uint32_t i = 0; i < n; i++) {
        const wv *pair = wv_items(wv_items(s->props)[i]);
        wc_tp t = read(r, pair[1], depth + 1);
        if (!t)
            return NULL;
        uint32_t at = 0;
        while (at < count && !wv_equal(props[at].key, pair[0]))
            at++;
        props[at] = (wc_prop){pair[0], t};
        count += at == count;
    }
    return n ? wc_object_type(r->a, props, count, false, NULL, NULL)
             : wc_object_type(r->a, NULL, 0, true, &wc_any, &wc_any);
}

static wc_tp read_array(reader *r, const sub *s, uint32_t depth)
{
    uint32_t n = wv_len(s->items);
    wc_tp *items = wb_arena_alloc(r->a, (n + 1) * sizeof *items);
    for (uint32_t i = 0; i < n; i++)
        if (!(items[i] = read(r, wv_items(s->items)[i], depth + 1)))
            return NULL;
    if (!n)
        return wc_array_type(r->a, NULL, 0, &wc_any);
    return s->single ? wc_array_type(r->a, NULL, 0, items[0]) : wc_array_type(r->a, items, n, NULL);
}

static wc_tp read_sub(reader *r, const sub *s, uint32_t depth)
{
    if (depth > DEPTH_MAX)
        return &wc_any;
    if (s->ref != WV_UNDEFINED)
        return read_ref(r, s->ref, depth);
    if (s->any_of != WV_UNDEFINED)
        return read_any_of(r, s, depth);
    if (s->all_of != WV_UNDEFINED)
        return read_all_of(r, s, depth);
    if (s->types & S_BOOLEAN)
        return &wc_boolean;
    if (s->types & S_STRING)
        return &wc_string;
    if (s->types & (S_INTEGER | S_NUMBER))
        return &wc_number;
    if ((s->types & S_OBJECT) || (!(s->types & S_ARRAY) && wv_len(s->props)))
        return read_object(r, s, depth);
    if ((s->types & S_ARRAY) || wv_len(s->items))
        return read_array(r, s, depth);
    return &wc_any;
}

static wc_tp read(reader *r, wv schema, uint32_t depth)
{
    sub s = sub_of(r, schema);
    return read_sub(r, &s, depth);
}

/* Whether it is a schema at all: what is no part of its type is looked at too. */
static bool compiles(wv schema, uint64_t seed, wb_buf *why)
{
    wb_buf text, error;
    if (wc_has_odd_keys(schema)) {
        wb_buf_puts(why, "unable to compile the schema: " WC_ODD_KEYS);
        return false;
    }
    wb_buf_init(&text, WS_SCHEMA_BYTES_MAX);
    wb_buf_init(&error, (size_t)1 << 16);
    wv_json_encode(&text, schema, NULL, NULL);
    ws_schema *valid = ws_schema_new(wb_buf_str(&text), seed, false, &error);
    if (!valid)
        wb_buf_putf(why, "unable to compile the schema: %.*s", WB_FMT(wb_buf_str(&error)));
    ws_schema_free(valid);
    wb_buf_free(&text);
    wb_buf_free(&error);
    return valid != NULL;
}

wc_tp wc_schema_type(wb_arena *a, uint64_t seed, wv schema, wb_buf *why)
{
    reader r = {.a = a, .root = schema, .why = why, .index = wv_object_begin(a, 4)};
    wv id = wv_is_object(schema) ? field(schema, "$id") : WV_UNDEFINED;
    if (wv_is_string(id)) {
        wb_str s = wv_str(&id);
        if (s.n && s.p[s.n - 1] == '#')
            s.n--;
        r.base = wb_arena_str(a, s);
    }
    return compiles(schema, seed, why) ? read(&r, schema, 0) : NULL;
}
