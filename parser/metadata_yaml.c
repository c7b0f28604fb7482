/* The YAML of a METADATA block to its fields: each is read as its type, mistakes are gathered. */
#include "parser/internal.h"

#include "base/utf8.h"
#include "value/yaml.h"

typedef enum field_type { TEXT, BOOL, TEXTS, LIST, MAPS, MAP } field_type;

static const struct {
    const char *name, *go_type;
    field_type type;
} fields[] = {
    {"scope", "string", TEXT},
    {"title", "string", TEXT},
    {"entrypoint", "bool", BOOL},
    {"description", "string", TEXT},
    {"organizations", "[]string", TEXTS},
    {"related_resources", "[]interface {}", LIST},
    {"authors", "[]interface {}", LIST},
    {"schemas", "[]map[string]interface {}", MAPS},
    {"compile", "map[string]interface {}", MAP},
    {"custom", "map[string]interface {}", MAP},
    {"labels", "map[string]interface {}", MAP},
};

/* The first bytes of a text that goes on; a character cut in two is shown as a bad one. */
static void put_start(wb_buf *b, wb_str s)
{
    size_t used;
    char c[4];
    for (size_t at = 0; at < s.n; at += used)
        wb_buf_put(b, c, wb_utf8_put(c, wb_utf8_get(s.p + at, s.n - at, &used)));
    wb_buf_puts(b, "...");
}

/* A value of another type than the field's. Answers undefined. */
static wv misfit(wv_yaml_decoder *d, const wv_yaml_node *n, const char *go_type)
{
    wb_buf *b = &d->mistakes;
    wb_buf_putf(b, "\n  line %u: cannot unmarshal %s", n->line, n->tag);
    if (strcmp(n->tag, "!!seq") != 0 && strcmp(n->tag, "!!map") != 0) {
        wb_buf_puts(b, " `");
        if (n->text.n > 10)
            put_start(b, wb_str_n(n->text.p, 7));
        else
            wb_buf_put_str(b, n->text);
        wb_buf_putc(b, '`');
    }
    wb_buf_putf(b, " into %s", go_type);
    return WV_UNDEFINED;
}

/* What an alias stands for; NULL when that is the alias itself, and then d->status is set. */
static wv_yaml_node *behind(wv_yaml_decoder *d, wv_yaml_node *n)
{
    if (n->kind != WV_YAML_ALIAS)
        return n;
    if (n->alias->kind == WV_YAML_SCALAR || !n->alias->open)
        return n->alias;
    wv_yaml_fail(d, WB_INVALID, "yaml: anchor '%.*s' value contains itself", WB_FMT(n->text));
    return NULL;
}

/* A scalar's text as it is written, whatever it means; null is none. */
static wv read_text(wv_yaml_decoder *d, wv_yaml_node *n)
{
    if (n->kind != WV_YAML_SCALAR)
        return misfit(d, n, "string");
    if (!strcmp(n->tag, "!!binary"))
        return wv_yaml_decode(d, n);
    wv v;
    wb_error error;
    if (!wv_yaml_resolve(d->a, n->tag, n->text, &v, &error))
        return wv_yaml_fail(d, WB_INVALID, "%s", error.text);
    return v == WV_NULL ? WV_UNDEFINED : wv_string_new(d->a, n->text);
}

static wv read_bool(wv_yaml_decoder *d, wv_yaml_node *n)
{
    static const char *const yes[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
    static const char *const no[] = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
    if (n->kind != WV_YAML_SCALAR)
        return misfit(d, n, "bool");
    wv v = wv_yaml_decode(d, n);
    if (v == WV_UNDEFINED || v == WV_NULL || wv_is_bool(v))
        return v;
    if (wv_is_string(v))
        for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
            if (wb_str_is(wv_str(&v), yes[i]))
                return WV_TRUE;
            if (wb_str_is(wv_str(&v), no[i]))
                return WV_FALSE;
        }
    return misfit(d, n, "bool");
}

/* ---- maps with texts as keys ---- */

static void merge_pairs(wv_yaml_decoder *d, wv_yaml_node *map, void *to);

static void read_pairs(wv_yaml_decoder *d, wv_yaml_node *map, wv *out)
{
    wv_yaml_node *merged = NULL;
    if (wv_yaml_doubled(d, map))
        return;
    for (uint32_t i = 0; i + 1 < map->n && wv_yaml_count(d, 2); i += 2) {
        if (wv_yaml_merges(map->items[i])) {
            merged = map->items[i + 1];
            continue;
        }
        wv_yaml_node *key = behind(d, map->items[i]);
        wv k = key ? read_text(d, key) : WV_UNDEFINED;
        if (k == WV_UNDEFINED || wv_object_get(*out, k) != WV_UNDEFINED)
            continue;
        wv v = wv_yaml_decode(d, map->items[i + 1]);
        if (v != WV_UNDEFINED)
            wv_object_put(d->a, out, k, v);
    }
    if (merged && !d->status) {
        map->open = true;
        wv_yaml_merge(d, merged, merge_pairs, out);
        map->open = false;
    }
}

static void merge_pairs(wv_yaml_decoder *d, wv_yaml_node *map, void *to)
{
    wv_yaml_node *n = behind(d, map);
    if (n)
        read_pairs(d, n, to);
}

static wv read_map(wv_yaml_decoder *d, wv_yaml_node *n)
{
    if (n->kind != WV_YAML_MAPPING)
        return misfit(d, n, "map[string]interface {}");
    wv out = wv_object_begin(d->a, n->n / 2);
    read_pairs(d, n, &out);
    return out;
}

/* ---- lists, fields ---- */

static wv read_list(wv_yaml_decoder *d, wv_yaml_node *n, field_type type, const char *go_type)
{
    if (n->kind != WV_YAML_SEQUENCE)
        return misfit(d, n, go_type);
    wv out = wv_array_begin(d->a, n->n);
    for (uint32_t i = 0; i < n->n && wv_yaml_count(d, 1); i++) {
        wv_yaml_node *of = behind(d, n->items[i]);
        wv item = !of                   ? WV_UNDEFINED
                  : type == LIST        ? wv_yaml_decode(d, n->items[i])
                  : type == TEXTS       ? read_text(d, of)
                  : wv_yaml_is_null(of) ? WV_NULL
                                        : read_map(d, of);
        if (item != WV_UNDEFINED)
            wv_array_push(d->a, &out, item);
    }
    return out;
}

static wv read_field(wv_yaml_decoder *d, wv_yaml_node *value, size_t i)
{
    wv_yaml_node *n = behind(d, value);
    if (!n || wv_yaml_is_null(n))
        return WV_UNDEFINED;
    switch (fields[i].type) {
    case TEXT: return read_text(d, n);
    case BOOL: return read_bool(d, n);
    case MAP: return read_map(d, n);
    default: return read_list(d, n, fields[i].type, fields[i].go_type);
    }
}

/* A field that stands there already keeps its value: what is merged comes after. */
static void read_fields(wv_yaml_decoder *d, wv_yaml_node *map, void *to)
{
    wv_yaml_node *n = behind(d, map), *merged = NULL;
    if (!n || wv_yaml_doubled(d, n))
        return;
    for (uint32_t i = 0; i + 1 < n->n && wv_yaml_count(d, 2); i += 2) {
        if (wv_yaml_merges(n->items[i])) {
            merged = n->items[i + 1];
            continue;
        }
        wv_yaml_node *key = behind(d, n->items[i]);
        wv name = key ? read_text(d, key) : WV_UNDEFINED;
        for (size_t k = 0; name != WV_UNDEFINED && k < sizeof fields / sizeof *fields; k++) {
            if (!wb_str_is(wv_str(&name), fields[k].name) ||
                wv_object_get(*(wv *)to, name) != WV_UNDEFINED)
                continue;
            wv v = read_field(d, n->items[i + 1], k);
            if (v != WV_UNDEFINED)
                wv_object_put(d->a, to, name, v);
        }
    }
    if (merged && !d->status) {
        n->open = true;
        wv_yaml_merge(d, merged, read_fields, to);
        n->open = false;
    }
}

const char *wp_metadata_fields(wb_arena *a, wb_str text, wv *out)
{
    wv_yaml_node *root;
    wb_error error;
    *out = wv_object_begin(a, 8);
    if (wv_yaml_parse(a, text, false, &root, &error) != WB_OK)
        return wb_arena_dup(a, error.text, strlen(error.text));
    if (!root || wv_yaml_is_null(root))
        return NULL;
    wv_yaml_decoder d;
    wv_yaml_decoder_init(&d, a, false);
    if (root->kind == WV_YAML_MAPPING)
        read_fields(&d, root, out);
    else
        misfit(&d, root, "ast.rawAnnotation");
    const char *why = NULL;
    if (d.status)
        why = wb_arena_dup(a, d.error.text, strlen(d.error.text));
    else if (d.mistakes.n)
        why = wb_arena_printf(a, "yaml: unmarshal errors:%s", wb_buf_cstr(&d.mistakes));
    wv_yaml_decoder_clear(&d);
    return why;
}
