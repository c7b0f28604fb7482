/* Schema documents to nodes, with the refusals of OPA's validator. */
#include "base/error.h"
#include "stdlib/schema.h"
#include "stdlib/uri.h"
#include "value/json.h"
#include "value/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DRAFT4 = 4, DRAFT6 = 6, DRAFT7 = 7, HYBRID = 100 };

/* A document that references may name. */
typedef struct named {
    wb_str url;
    wv document;
    int draft;
} named;

/* The absolute form of one object's $ref. */
typedef struct reference {
    wv object;
    wb_str url;
} reference;

typedef struct known {
    wb_str url;
    ws_node *node;
} known;

typedef struct compiler {
    ws_schema *s;
    wb_arena *a;
    wb_buf *error;
    named *pool;
    size_t n_pool, room_pool;
    reference *refs;
    size_t n_refs, room_refs;
    known *nodes; /* what references already stand for; few as a rule */
    size_t n_nodes, room_nodes;
    unsigned depth;
    bool patterns; /* are compiled */
} compiler;

__attribute__((format(printf, 2, 3))) static bool fail(compiler *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    if (!c->error->n)
        ws_vputf(c->error, format, ap);
    va_end(ap);
    return false;
}

static bool invalid_type(compiler *c, const char *expected, const char *given)
{
    return fail(c, "Invalid type. Expected: %s, given: %s", expected, given);
}

static wv get(wv object, const char *key)
{
    return wv_object_get_str(object, wb_str_of(key));
}

/* One more element at the end of a growing list. */
static void *grow(void **list, size_t *n, size_t *room, size_t size)
{
    if (*n == *room) {
        *room = *room ? 2 * *room : 8;
        *list = wb_realloc(*list, *room * size);
    }
    return (char *)*list + (*n)++ * size;
}

/* ---- references ---- */

static size_t find(wb_str s, char c)
{
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    return p ? (size_t)(p - s.p) : s.n;
}

static wb_str without_fragment(wb_str s)
{
    s.n = find(s, '#');
    return s;
}

/* The bytes up to and with "scheme:", and those of "//authority" behind it. */
static size_t scheme_of(wb_str s)
{
    size_t colon = find(s, ':');
    for (size_t i = 0; i < colon; i++)
        if (s.p[i] == '/' || s.p[i] == '#' || s.p[i] == '?')
            return 0;
    return colon < s.n && colon ? colon + 1 : 0;
}

static size_t authority_end(wb_str s, size_t i)
{
    if (s.n < i + 2 || s.p[i] != '/' || s.p[i + 1] != '/')
        return i;
    for (i += 2; i < s.n && s.p[i] != '/' && s.p[i] != '?' && s.p[i] != '#'; i++)
        ;
    return i;
}

/* Takes "." and ".." out of a path that stands in b from `from` on. */
static void clean_path(wb_buf *b, size_t from)
{
    size_t to = from, i = from;
    while (i < b->n) {
        size_t end = i + 1;
        while (end < b->n && b->p[end] != '/')
            end++;
        wb_str part = wb_str_n(b->p + i, end - i);
        bool last = end == b->n;
        if (wb_str_is(part, "/.") || wb_str_is(part, "/..")) {
            if (part.n == 3)
                while (to > from && b->p[--to] != '/')
                    ;
            if (last)
                b->p[to++] = '/';
        } else {
            memmove(b->p + to, b->p + i, part.n);
            to += part.n;
        }
        i = end;
    }
    b->n = to;
}

/* ref as seen from base (RFC 3986 part 5.2), an empty fragment left out. */
static wb_str resolve(compiler *c, wb_str base, wb_str ref)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    base = without_fragment(base);
    wb_str body = without_fragment(ref);
    wb_str fragment = wb_str_n(ref.p + body.n, ref.n - body.n);
    size_t scheme = scheme_of(base), root = authority_end(base, scheme);
    if (scheme_of(body)) {
        wb_buf_put_str(&b, body);
    } else if (!body.n) {
        wb_buf_put_str(&b, base);
    } else if (body.n > 1 && body.p[0] == '/' && body.p[1] == '/') {
        wb_buf_put(&b, base.p, scheme);
        wb_buf_put_str(&b, body);
    } else {
        wb_buf_put(&b, base.p, root);
        if (body.p[0] != '/') {
            size_t end = find(base, '?');
            while (end > root && base.p[end - 1] != '/')
                end--;
            if (end > root)
                wb_buf_put(&b, base.p + root, end - root);
            else
                wb_buf_putc(&b, '/');
        }
        wb_buf_put_str(&b, body);
        if (!b.failed)
            clean_path(&b, root);
    }
    if (fragment.n > 1)
        wb_buf_put_str(&b, fragment);
    wb_str r = wb_arena_str(c->a, wb_buf_str(&b));
    wb_buf_free(&b);
    return r;
}

/* Whether text may name a schema. told: the refusal is the schema's. */
static bool names(compiler *c, wv text, bool told)
{
    int64_t fuel = INT64_MAX; /* the whole schema is paid for by its length */
    ws_ctx cx = {.out = c->a, .fuel = &fuel};
    wb_buf why;
    wb_buf_init(&why, (size_t)1 << 16);
    bool ok = ws_uri_explain(&cx, wv_str(&text), &why);
    if (!ok && told)
        fail(c, "%s", wb_buf_cstr(&why));
    wb_buf_free(&why);
    return ok;
}

static named *pooled(compiler *c, wb_str url)
{
    for (size_t i = 0; i < c->n_pool; i++)
        if (wb_str_eq(c->pool[i].url, url))
            return &c->pool[i];
    return NULL;
}

static void add_pooled(compiler *c, wb_str url, wv document, int draft)
{
    void *list = c->pool;
    named *p = grow(&list, &c->n_pool, &c->room_pool, sizeof *p);
    c->pool = list;
    *p = (named){url, document, draft};
}

#define POOL_MAX 1000 /* identifiers: they are looked through one by one */

/* Notes every identifier and the absolute form of every reference below. */
static bool scan(compiler *c, wv v, wb_str base, int draft, unsigned depth)
{
    if (depth > WS_SCHEMA_DEPTH_MAX || c->a->exhausted)
        return fail(c, "schema is too large");
    if (wv_is_array(v)) {
        for (uint32_t i = 0; i < wv_len(v); i++)
            if (!scan(c, wv_items(v)[i], base, draft, depth + 1))
                return false;
        return true;
    }
    if (!wv_is_object(v))
        return true;
    wv id = get(v, "id"), ref = get(v, "$ref");
    if (!wv_defined(id))
        id = get(v, "$id");
    if (wv_is_string(id) && names(c, id, false)) {
        base = resolve(c, base, wv_str(&id));
        if (pooled(c, base))
            return fail(c, "Reference already exists: \"%.*s\"", WB_FMT(base));
        if (c->n_pool >= POOL_MAX)
            return fail(c, "schema is too large");
        add_pooled(c, base, v, draft);
    }
    if (wv_is_string(ref) && names(c, ref, false)) {
        void *list = c->refs;
        reference *r = grow(&list, &c->n_refs, &c->room_refs, sizeof *r);
        c->refs = list;
        *r = (reference){v, resolve(c, base, wv_str(&ref))};
    }
    for (uint32_t i = 0; i < wv_len(v); i++) {
        wv key = wv_key_at(v, NULL, i), value = wv_value_at(v, NULL, i);
        wb_str k = wv_str(&key);
        if (wb_str_is(k, "const") || wb_str_is(k, "enum"))
            continue;
        bool table = wb_str_is(k, "properties") || wb_str_is(k, "dependencies") ||
                     wb_str_is(k, "patternProperties");
        if (!table && !scan(c, value, base, draft, depth + 1))
            return false;
        for (uint32_t j = 0; table && wv_is_object(value) && j < wv_len(value); j++)
            if (!scan(c, wv_value_at(value, NULL, j), base, draft, depth + 1))
                return false;
    }
    return true;
}

static int reference_cmp(const void *a, const void *b)
{
    wv x = ((const reference *)a)->object, y = ((const reference *)b)->object;
    return (x > y) - (x < y);
}

static wb_str absolute(compiler *c, wv object, wb_str plain)
{
    reference key = {.object = object};
    const reference *r =
        c->n_refs ? bsearch(&key, c->refs, c->n_refs, sizeof *c->refs, reference_cmp) : NULL;
    return r ? r->url : plain;
}

static int hex(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch |= 0x20;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* What a JSON pointer (percent-encoded, without "#") names. */
static bool follow(compiler *c, wb_str pointer, wv *v)
{
    if (!pointer.n || pointer.p[0] != '/')
        return true;
    for (size_t i = 0; i < pointer.n;) {
        wb_buf token;
        wb_buf_init(&token, pointer.n);
        for (i++; i < pointer.n && pointer.p[i] != '/'; i++) {
            char ch = pointer.p[i];
            if (ch == '%' && i + 2 < pointer.n && hex(pointer.p[i + 1]) >= 0 &&
                hex(pointer.p[i + 2]) >= 0) {
                ch = (char)(hex(pointer.p[i + 1]) << 4 | hex(pointer.p[i + 2]));
                i += 2;
            }
            if (ch == '~' && i + 1 < pointer.n &&
                (pointer.p[i + 1] == '0' || pointer.p[i + 1] == '1'))
                ch = pointer.p[++i] == '0' ? '~' : '/';
            wb_buf_putc(&token, ch);
        }
        wb_str t = wb_buf_str(&token);
        bool ok = true;
        if (wv_is_object(*v)) {
            wv next = wv_object_get_str(*v, t.n ? t : WB_LIT(""));
            if (wv_defined(next))
                *v = next;
            else
                ok = fail(c, "Object has no key '%.*s'", WB_FMT(t));
        } else if (wv_is_array(*v)) {
            uint64_t at = 0;
            bool number = t.n > 0 && t.n < 10;
            for (size_t k = 0; k < t.n && number; k++) {
                number = t.p[k] >= '0' && t.p[k] <= '9';
                at = at * 10 + (uint64_t)(t.p[k] - '0');
            }
            if (!number)
                ok = fail(c, "Invalid array index '%.*s'", WB_FMT(t));
            else if (at >= wv_len(*v))
                ok = fail(c, "Out of bound array[0,%u] index '%u'", wv_len(*v), (unsigned)at);
            else
                *v = wv_items(*v)[at];
        } else {
            ok = fail(c, "Invalid token reference '%.*s'", WB_FMT(t));
        }
        wb_buf_free(&token);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- keywords ---- */

static ws_node *parse(compiler *c, wv v, int draft);

static const struct {
    const char *name;
    unsigned bit;
} type_names[] = {{"array", WS_TYPE_ARRAY},     {"boolean", WS_TYPE_BOOLEAN},
                  {"integer", WS_TYPE_INTEGER}, {"null", WS_TYPE_NULL},
                  {"number", WS_TYPE_NUMBER},   {"object", WS_TYPE_OBJECT},
                  {"string", WS_TYPE_STRING}};

static bool add_type(compiler *c, ws_node *s, wb_buf *text, wv name)
{
    wb_str n = wv_str(&name);
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (!wb_str_is(n, type_names[i].name))
            continue;
        if (s->types & type_names[i].bit)
            return fail(c, "%s type is duplicated", type_names[i].name);
        wb_buf_puts(text, s->types ? "," : "");
        wb_buf_put_str(text, n);
        s->types |= type_names[i].bit;
        return true;
    }
    return fail(c,
                "has a primitive type that is NOT VALID -- given: /%.*s/ Expected valid values "
                "are:[array boolean integer number null object string]",
                WB_FMT(n));
}

static bool parse_types(compiler *c, ws_node *s, wv v)
{
    static const char given[] = "string/Array Of Strings";
    wb_buf text;
    bool ok = true;
    wb_buf_init(&text, 256);
    if (wv_is_string(v)) {
        ok = add_type(c, s, &text, v);
    } else if (wv_is_array(v)) {
        for (uint32_t i = 0; ok && i < wv_len(v); i++)
            ok = wv_is_string(wv_items(v)[i]) ? add_type(c, s, &text, wv_items(v)[i])
                                              : invalid_type(c, "type", given);
    } else {
        ok = invalid_type(c, "type", given);
    }
    const char *shown = wb_buf_cstr(&text);
    bool many = strchr(shown, ',') != NULL;
    s->types_text = wb_str_of(wb_arena_printf(c->a, many ? "[%s]" : "%s", shown));
    wb_buf_free(&text);
    return ok;
}

static bool is_schema(wv v)
{
    return wv_is_bool(v) || wv_is_object(v);
}

static bool get_string(compiler *c, wv m, const char *key, wv *out)
{
    *out = get(m, key);
    return !wv_defined(*out) || wv_is_string(*out) || invalid_type(c, "string", key);
}

static bool get_array(compiler *c, wv m, const char *key, wv *out)
{
    *out = get(m, key);
    return !wv_defined(*out) || wv_is_array(*out) || fail(c, "%s must be of an array", key);
}

static ws_re *compile_re(compiler *c, wv text)
{
    wb_buf error;
    wb_buf_init(&error, 4096);
    ws_re *re = ws_re_compile(wv_str(&text), &error);
    wb_buf_free(&error);
    if (re) {
        c->s->res = wb_realloc(c->s->res, (c->s->n_res + 1) * sizeof(ws_re *));
        c->s->res[c->s->n_res++] = re;
    }
    return re;
}

static ws_named *named_room(compiler *c, ws_names *names, wv table)
{
    names->n = 0;
    names->at = wb_arena_calloc(c->a, (wv_len(table) + 1) * sizeof(ws_named));
    return names->at;
}

static bool parse_properties(compiler *c, ws_node *s, wv v, int draft)
{
    if (!wv_is_object(v))
        return fail(c, "Properties must be of type object");
    const uint32_t *order = wv_table_order(v);
    ws_named *at = named_room(c, &s->properties, v);
    for (uint32_t i = 0; i < wv_len(v); i++, at++, s->properties.n++) {
        at->name = wv_key_at(v, order, i);
        if (!(at->node = parse(c, wv_value_at(v, order, i), draft)))
            return false;
    }
    return true;
}

static bool parse_patterns(compiler *c, ws_node *s, wv v, int draft)
{
    if (!wv_is_object(v))
        return invalid_type(c, "Valid Schema", "patternProperties");
    const uint32_t *order = wv_table_order(v);
    ws_named *at = named_room(c, &s->patterns, v);
    for (uint32_t i = 0; i < wv_len(v); i++, at++, s->patterns.n++) {
        at->name = wv_key_at(v, order, i);
        if (!(at->re = compile_re(c, at->name)))
            return fail(c, "Invalid regex pattern '%.*s'", WB_FMT(wv_str(&at->name)));
        if (!(at->node = parse(c, wv_value_at(v, order, i), draft)))
            return false;
    }
    return true;
}

static bool parse_dependencies(compiler *c, ws_node *s, wv v, int draft)
{
    static const char bad[] = "Dependency must be of type Schema Or Array Of Strings";
    if (!wv_is_object(v))
        return fail(c, "dependencies must be of type object");
    const uint32_t *order = wv_table_order(v);
    ws_named *at = named_room(c, &s->dependencies, v);
    for (uint32_t i = 0; i < wv_len(v); i++, at++, s->dependencies.n++) {
        wv value = wv_value_at(v, order, i);
        at->name = wv_key_at(v, order, i);
        if (is_schema(value)) {
            if (!(at->node = parse(c, value, draft)))
                return false;
            continue;
        }
        if (!wv_is_array(value))
            return fail(c, "%s", bad);
        at->names = value;
        for (uint32_t j = 0; j < wv_len(value); j++)
            if (!wv_is_string(wv_items(value)[j]))
                return fail(c, "%s", bad);
    }
    return true;
}

static bool parse_list(compiler *c, ws_nodes *list, wv v, int draft)
{
    list->at = wb_arena_calloc(c->a, (wv_len(v) + 1) * sizeof *list->at);
    for (uint32_t i = 0; i < wv_len(v); i++)
        if (!(list->at[list->n++] = parse(c, wv_items(v)[i], draft)))
            return false;
    return true;
}

static bool parse_items(compiler *c, ws_node *s, wv v, int draft)
{
    static const char want[] = "Valid Schema/Array Of Schemas";
    if (is_schema(v)) {
        s->items_single = true;
        s->items.at = wb_arena_calloc(c->a, sizeof *s->items.at);
        s->items.n = 1;
        return (s->items.at[0] = parse(c, v, draft)) != NULL;
    }
    if (!wv_is_array(v))
        return invalid_type(c, want, "items");
    s->items.at = wb_arena_calloc(c->a, (wv_len(v) + 1) * sizeof *s->items.at);
    for (uint32_t i = 0; i < wv_len(v); i++) {
        if (!is_schema(wv_items(v)[i]))
            return invalid_type(c, want, "items");
        if (!(s->items.at[s->items.n++] = parse(c, wv_items(v)[i], draft)))
            return false;
    }
    return true;
}

/* additionalProperties and additionalItems. */
static bool parse_more(compiler *c, wv m, const char *key, bool *none, const ws_node **node,
                       int draft)
{
    wv v = get(m, key);
    if (wv_is_bool(v))
        *none = v == WV_FALSE;
    else if (wv_is_object(v))
        return (*node = parse(c, v, draft)) != NULL;
    else if (wv_defined(v))
        return invalid_type(c, "boolean/Valid Schema", key);
    return true;
}

static bool parse_bound(compiler *c, wv m, const char *key, wv *bound)
{
    wv v = get(m, key);
    if (wv_defined(v) && !wv_is_number(v))
        return fail(c, "%s must be of a Number", key);
    *bound = v;
    return true;
}

/* exclusiveMinimum: a flag on minimum in draft 4, a number of its own later. */
static bool parse_exclusive(compiler *c, wv m, const char *key, const char *of, wv *bound, wv *own,
                            int draft)
{
    wv v = get(m, key);
    if (!wv_defined(v))
        return true;
    if (wv_is_number(v) && draft != DRAFT4) {
        *own = v;
        return true;
    }
    if (!wv_is_bool(v) || (draft != DRAFT4 && draft != HYBRID))
        return invalid_type(c,
                            draft == DRAFT4   ? "boolean"
                            : draft == HYBRID ? "boolean/number"
                                              : "number",
                            key);
    if (!wv_defined(*bound))
        return fail(c, "%s cannot be used without %s", key, of);
    if (v == WV_TRUE) {
        *own = *bound;
        *bound = WV_UNDEFINED;
    }
    return true;
}

/* A count: written as an integer, not below zero. */
static bool parse_count(compiler *c, wv m, const char *key, int64_t *out)
{
    wv v = get(m, key);
    *out = WS_SCHEMA_NONE;
    if (!wv_defined(v))
        return true;
    char *mark = wb_arena_mark(c->a);
    bool plain = wv_is_int(v);
    if (!plain && wv_is_number(v)) {
        wb_str t = wv_number_text(c->a, v);
        plain = !memchr(t.p, '.', t.n) && !memchr(t.p, 'e', t.n) && !memchr(t.p, 'E', t.n);
    }
    wb_arena_rewind(c->a, mark);
    if (!plain || !wv_number_int64(v, out))
        return fail(c, "%s must be of an integer", key);
    return *out >= 0 || fail(c, "%s must be greater than or equal to 0", key);
}

static bool parse_numbers(compiler *c, ws_node *s, wv m, int draft)
{
    wv v = get(m, "multipleOf");
    if (wv_defined(v) && !wv_is_number(v))
        return invalid_type(c, "Number", "multipleOf");
    if (wv_defined(v) && wv_number_sign(v) <= 0)
        return fail(c, "multipleOf must be strictly greater than 0");
    s->multiple_of = v;
    return parse_bound(c, m, "minimum", &s->minimum) &&
           parse_exclusive(c, m, "exclusiveMinimum", "minimum", &s->minimum, &s->above, draft) &&
           parse_bound(c, m, "maximum", &s->maximum) &&
           parse_exclusive(c, m, "exclusiveMaximum", "maximum", &s->maximum, &s->below, draft);
}

static bool parse_strings(compiler *c, ws_node *s, wv m)
{
    wv v;
    if (!parse_count(c, m, "minLength", &s->min_length) ||
        !parse_count(c, m, "maxLength", &s->max_length))
        return false;
    if (s->max_length != WS_SCHEMA_NONE && s->min_length > s->max_length)
        return fail(c, "minLength cannot be greater than maxLength");
    if (!get_string(c, m, "pattern", &v))
        return false;
    if (wv_defined(v) && c->patterns) {
        if (!(s->pattern = compile_re(c, v)))
            return fail(c, "pattern must be a valid regex");
        s->pattern_text = wb_arena_str(c->a, wv_str(&v));
    }
    if (!get_string(c, m, "format", &v))
        return false;
    if (wv_defined(v))
        s->format = wb_arena_str(c->a, wv_str(&v));
    return true;
}

static bool parse_objects(compiler *c, ws_node *s, wv m)
{
    wv v;
    if (!parse_count(c, m, "minProperties", &s->min_properties) ||
        !parse_count(c, m, "maxProperties", &s->max_properties))
        return false;
    if (s->max_properties != WS_SCHEMA_NONE && s->min_properties > s->max_properties)
        return fail(c, "minProperties cannot be greater than maxProperties");
    if (!get_array(c, m, "required", &v))
        return false;
    s->required = v;
    wv seen = wv_set_begin(c->a, 0);
    for (uint32_t i = 0; wv_defined(v) && i < wv_len(v); i++) {
        if (!wv_is_string(wv_items(v)[i]))
            return invalid_type(c, "string", "required");
        if (!wv_set_add(c->a, &seen, wv_items(v)[i]))
            return fail(c, "required items must be unique");
    }
    return true;
}

/* The first number of v that no float holds; undefined when all have one. */
static wv over_floats(wv v, unsigned depth)
{
    double d;
    wv found = WV_UNDEFINED;
    if (wv_is_number(v))
        return wv_number_double(v, &d) ? found : v;
    if (!wv_is_collection(v) || depth > WS_SCHEMA_DEPTH_MAX)
        return found;
    const uint32_t *order = wv_is_object(v) ? wv_table_order(v) : NULL;
    for (uint32_t i = 0; i < wv_len(v) && found == WV_UNDEFINED; i++)
        found = over_floats(wv_is_object(v) ? wv_value_at(v, order, i) : wv_items(v)[i], depth + 1);
    return found;
}

/* Whether v may be one of the values asked for: they are compared as floats. */
static bool comparable(compiler *c, wv v)
{
    wv huge = over_floats(v, 0);
    if (huge == WV_UNDEFINED)
        return true;
    wb_str text = wv_number_text(c->a, huge);
    return fail(c, "json: cannot unmarshal number %.*s into Go value of type float64",
                WB_FMT(text));
}

static wv canonical(compiler *c, wv v)
{
    wb_buf b;
    wb_buf_init(&b, WS_SCHEMA_BYTES_MAX / 4);
    ws_schema_text(c->a, &b, v, 0);
    wv r = wb_arena_fits(c->a, b.n + 64) ? wv_string_new(c->a, wb_buf_str(&b)) : WV_NULL;
    wb_buf_free(&b);
    return r;
}

static bool parse_values(compiler *c, ws_node *s, wv m, int draft)
{
    wv v = get(m, "const");
    if (wv_defined(v) && draft >= DRAFT6) {
        if (!comparable(c, v))
            return false;
        s->has_const = true;
        s->constant = canonical(c, v);
    }
    if (!get_array(c, m, "enum", &v))
        return false;
    if (!wv_defined(v))
        return true;
    s->has_enum = true;
    s->enumerated = wv_array_begin(c->a, wv_len(v));
    wv seen = wv_set_begin(c->a, 0);
    for (uint32_t i = 0; i < wv_len(v); i++) {
        if (!comparable(c, wv_items(v)[i]))
            return false;
        wv text = canonical(c, wv_items(v)[i]);
        if (!wv_set_add(c->a, &seen, text))
            return fail(c, "enum items must be unique");
        wv_array_push(c->a, &s->enumerated, text);
    }
    return true;
}

static bool parse_one(compiler *c, wv m, const char *key, const ws_node **node, int draft)
{
    wv v = get(m, key);
    if (!wv_defined(v))
        return true;
    if (!is_schema(v))
        return fail(c, "%s must be of an object", key);
    return (*node = parse(c, v, draft)) != NULL;
}

static bool parse_many(compiler *c, wv m, const char *key, ws_nodes *list, int draft)
{
    wv v;
    return get_array(c, m, key, &v) && (!wv_defined(v) || parse_list(c, list, v, draft));
}

static bool parse_arrays(compiler *c, ws_node *s, wv m, int draft)
{
    if (!parse_count(c, m, "minItems", &s->min_items) ||
        !parse_count(c, m, "maxItems", &s->max_items))
        return false;
    wv v = get(m, "uniqueItems");
    if (wv_defined(v) && !wv_is_bool(v))
        return fail(c, "uniqueItems must be of a boolean");
    s->unique = v == WV_TRUE;
    v = get(m, "contains");
    return !wv_defined(v) || draft < DRAFT6 || (s->contains = parse(c, v, draft)) != NULL;
}

static bool definitions(compiler *c, wv m, int draft)
{
    static const char want[] = "Array Of Schemas";
    wv v = get(m, "definitions");
    if (!wv_defined(v))
        return true;
    if (!wv_is_object(v))
        return invalid_type(c, want, "definitions");
    const uint32_t *order = wv_table_order(v);
    for (uint32_t i = 0; i < wv_len(v); i++) {
        wv d = wv_value_at(v, order, i);
        if (!is_schema(d))
            return invalid_type(c, want, "definitions");
        if (!parse(c, d, draft))
            return false;
    }
    return true;
}

static bool refer(compiler *c, ws_node *s, wb_str url)
{
    ws_node *node = wb_arena_calloc(c->a, sizeof *node);
    void *list = c->nodes;
    known *k = grow(&list, &c->n_nodes, &c->room_nodes, sizeof *k);
    c->nodes = list;
    *k = (known){url, node};
    if (c->n_nodes > POOL_MAX)
        return fail(c, "schema is too large");
    named *found = pooled(c, url);
    wv document = found ? found->document : WV_UNDEFINED;
    if (!found) {
        wb_str base = without_fragment(url);
        if (!(found = pooled(c, base))) {
            if (!scheme_of(url))
                return fail(c, "Reference %.*s must be canonical", WB_FMT(url));
            return fail(c, "remote reference loading disabled: %.*s", WB_FMT(url));
        }
        document = found->document;
        if (url.n > base.n &&
            !follow(c, wb_str_n(url.p + base.n + 1, url.n - base.n - 1), &document))
            return false;
    }
    if (!is_schema(document))
        return fail(c, "Valid Schema must be of type object");
    ws_node *parsed = parse(c, document, found->draft);
    if (!parsed)
        return false;
    *node = *parsed;
    s->ref = node;
    return true;
}

static bool keywords(compiler *c, ws_node *s, wv m, int draft)
{
    wv v;
    const char *id =
        draft == DRAFT4 || (draft == HYBRID && wv_defined(get(m, "id"))) ? "id" : "$id";
    if (!get_string(c, m, id, &v) || (wv_defined(v) && !names(c, v, true)) ||
        !definitions(c, m, draft) || !get_string(c, m, "title", &v) ||
        !get_string(c, m, "description", &v) || !get_string(c, m, "$ref", &v))
        return false;
    if (wv_defined(v)) {
        if (!names(c, v, true))
            return false;
        wb_str url = absolute(c, m, wv_str(&v));
        for (size_t i = 0; i < c->n_nodes && !s->ref; i++)
            if (wb_str_eq(c->nodes[i].url, url))
                s->ref = c->nodes[i].node;
        if (!s->ref)
            return refer(c, s, url);
    }
    if (wv_defined(v = get(m, "type")) && !parse_types(c, s, v))
        return false;
    if (wv_defined(v = get(m, "properties")) && !parse_properties(c, s, v, draft))
        return false;
    if (!parse_more(c, m, "additionalProperties", &s->no_more_properties, &s->more_properties,
                    draft))
        return false;
    if (wv_defined(v = get(m, "patternProperties")) && !parse_patterns(c, s, v, draft))
        return false;
    if (wv_defined(v = get(m, "propertyNames")) && draft >= DRAFT6) {
        if (!is_schema(v))
            return invalid_type(c, "Valid Schema", "patternProperties");
        if (!(s->property_names = parse(c, v, draft)))
            return false;
    }
    if (wv_defined(v = get(m, "dependencies")) && !parse_dependencies(c, s, v, draft))
        return false;
    if (wv_defined(v = get(m, "items")) && !parse_items(c, s, v, draft))
        return false;
    if (!parse_more(c, m, "additionalItems", &s->no_more_items, &s->more_items, draft) ||
        !parse_numbers(c, s, m, draft) || !parse_strings(c, s, m) || !parse_objects(c, s, m) ||
        !parse_arrays(c, s, m, draft) || !parse_values(c, s, m, draft) ||
        !parse_many(c, m, "oneOf", &s->one_of, draft) ||
        !parse_many(c, m, "anyOf", &s->any_of, draft) ||
        !parse_many(c, m, "allOf", &s->all_of, draft) || !parse_one(c, m, "not", &s->not, draft))
        return false;
    return draft < DRAFT7 ||
           (parse_one(c, m, "if", &s->when, draft) && parse_one(c, m, "then", &s->then, draft) &&
            parse_one(c, m, "else", &s->otherwise, draft));
}

static ws_node *parse(compiler *c, wv v, int draft)
{
    if (c->a->exhausted || c->depth >= WS_SCHEMA_DEPTH_MAX ||
        !wb_arena_fits(c->a, sizeof(ws_node) + 1024)) {
        fail(c, "schema is too large");
        return NULL;
    }
    ws_node *s = wb_arena_calloc(c->a, sizeof *s);
    s->min_length = s->max_length = s->min_items = s->max_items = WS_SCHEMA_NONE;
    s->min_properties = s->max_properties = WS_SCHEMA_NONE;
    if (wv_is_bool(v) && draft >= DRAFT6) {
        s->boolean = true;
        s->pass = v == WV_TRUE;
        return s;
    }
    if (!wv_is_object(v)) {
        fail(c, "Expected: Valid Schema, given: Invalid JSON");
        return NULL;
    }
    c->depth++;
    bool ok = keywords(c, s, v, draft);
    c->depth--;
    return ok ? s : NULL;
}

/* The draft a document's $schema names. */
static bool draft_of(compiler *c, wv v, int *draft)
{
    static const struct {
        const char *url;
        int draft;
    } drafts[] = {{"http://json-schema.org/draft-04/schema", DRAFT4},
                  {"http://json-schema.org/draft-06/schema", DRAFT6},
                  {"http://json-schema.org/draft-07/schema", DRAFT7}};
    *draft = HYBRID;
    if (wv_is_bool(v))
        return true;
    if (!wv_is_object(v))
        return fail(c, "schema is invalid");
    wv url = get(v, "$schema");
    if (!wv_defined(url))
        return true;
    if (!wv_is_string(url))
        return fail(c, "$schema must be of type string");
    if (!names(c, url, true))
        return false;
    wb_str s = wv_str(&url);
    if (s.n && s.p[s.n - 1] == '#')
        s.n--;
    for (size_t i = 0; i < sizeof drafts / sizeof *drafts; i++)
        if (wb_str_is(s, drafts[i].url))
            *draft = drafts[i].draft;
    return true;
}

ws_schema *ws_schema_new(wb_str text, uint64_t seed, bool patterns, wb_buf *error)
{
    ws_schema *s = wb_calloc(1, sizeof *s);
    if (wb_arena_init(&s->arena, WS_SCHEMA_BYTES_MAX, seed)) {
        free(s);
        wb_buf_puts(error, "schema is too large");
        return NULL;
    }
    compiler c = {.s = s, .a = &s->arena, .error = error, .patterns = patterns};
    wv v;
    int draft;
    wb_str empty = WB_LIT("");
    if (wv_json_decode(c.a, text, NULL, &v, NULL)) {
        fail(&c, "invalid JSON string");
    } else if (draft_of(&c, v, &draft)) {
        /* The whole document has the empty name, whoever else took it below. */
        if (scan(&c, v, empty, draft, 0)) {
            named *taken = pooled(&c, empty);
            if (taken)
                *taken = (named){empty, v, draft};
            else
                add_pooled(&c, empty, v, draft);
            if (c.n_refs)
                qsort(c.refs, c.n_refs, sizeof *c.refs, reference_cmp);
            s->root = parse(&c, v, draft);
        }
    }
    free(c.pool);
    free(c.refs);
    free(c.nodes);
    if (s->root && !c.a->exhausted)
        return s;
    fail(&c, "schema is too large");
    ws_schema_free(s);
    return NULL;
}

void ws_schema_free(ws_schema *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_res; i++)
        ws_re_free(s->res[i]);
    free(s->res);
    wb_arena_free(&s->arena);
    free(s);
}
