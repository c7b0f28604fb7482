/* METADATA comment blocks: YAML in comments, attached to the rule or package below. */
#include "parser/internal.h"

#include "base/utf8.h"
#include "value/json.h"
#include "value/number.h"
#include "value/uri.h"

#include <stdio.h>

typedef struct block {
    uint32_t first, last; /* comments: the METADATA line and the last one */
} block;

static wv get(wv object, const char *key)
{
    wv v = wv_is_object(object) ? wv_object_get_str(object, wb_str_of(key)) : WV_UNDEFINED;
    return v;
}

static void put(wb_arena *a, wv *object, const char *key, wv value)
{
    wv_object_put(a, object, wv_string_new(a, wb_str_of(key)), value);
}

/* The length of the white space that s begins with, as Unicode has it; 0 for none. */
static size_t space(const char *p, size_t n)
{
    size_t used;
    if (!n)
        return 0;
    uint32_t c = wb_utf8_get(p, n, &used);
    bool is = c < 0x80
                  ? c && strchr(" \t\r\n\v\f", (int)c) != NULL
                  : c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
                        c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
    return is ? used : 0;
}

static wb_str trim(wb_str s)
{
    for (size_t n; (n = space(s.p, s.n));) {
        s.p += n;
        s.n -= n;
    }
    for (size_t n = 1; n <= 3 && n <= s.n;) {
        bool cut = space(s.p + s.n - n, n) == n;
        s.n -= cut ? n : 0;
        n = cut ? 1 : n + 1;
    }
    return s;
}

static bool opens_block(const wp_comment *c)
{
    return c->loc.col == 1 && wb_str_has_prefix(trim(c->text), WB_LIT("METADATA"));
}

/* ---- fields ---- */

#define KEYS_REFUSED "invalid map key type(s): "

/* Keys of maps are texts. Maps inside maps are not looked at, as in OPA. */
static bool texts_as_keys(wb_arena *a, wv v, const char *path, const char **error)
{
    if (wv_is_object(v)) {
        for (uint32_t i = 0; i < wv_len(v); i++)
            if (!wv_is_string(wv_key_at(v, NULL, i))) {
                *error = wb_arena_printf(a, KEYS_REFUSED "%s", path);
                return false;
            }
    } else if (wv_is_array(v)) {
        for (uint32_t i = 0; i < wv_len(v); i++)
            if (!texts_as_keys(a, wv_items(v)[i],
                               wb_arena_printf(a, "%s%s%u", path, *path ? "/" : "", i), error))
                return false;
    }
    return true;
}

/* What a block says, with moments as their texts and floats as their numbers. */
static wv told(wb_arena *a, wv v)
{
    if (wv_is_set(v))
        return wv_set_at(v, NULL, 0);
    if (wv_is_array(v)) {
        wv out = wv_array_begin(a, wv_len(v));
        for (uint32_t i = 0; i < wv_len(v); i++)
            wv_array_push(a, &out, told(a, wv_items(v)[i]));
        return out;
    }
    if (!wv_is_object(v))
        return v;
    wv out = wv_object_begin(a, wv_len(v));
    for (uint32_t i = 0; i < wv_len(v); i++)
        wv_object_put(a, &out, told(a, wv_key_at(v, NULL, i)), told(a, wv_value_at(v, NULL, i)));
    return out;
}

static wb_str member(const wv *object, const char *key, wv *keep)
{
    *keep = get(*object, key);
    return wv_defined(*keep) && wv_is_string(*keep) ? trim(wv_str(keep)) : (wb_str){0};
}

/* Words with one blank between them; the last is the address when it stands in < >. */
static bool author_text(wb_arena *a, wb_str s, wb_str *name, wb_str *email)
{
    char *to = wb_arena_alloc(a, s.n + 1);
    size_t n = 0, last = 0;
    s = trim(s);
    for (size_t i = 0, blank; i < s.n;) {
        blank = space(s.p + i, s.n - i);
        if (!blank) {
            to[n++] = s.p[i++];
            continue;
        }
        for (; blank; blank = space(s.p + i, s.n - i))
            i += blank;
        to[n++] = ' ';
        last = n;
    }
    if (n - last >= 2 && to[last] == '<' && to[n - 1] == '>') {
        *email = wb_str_n(to + last + 1, n - last - 2);
        n = last ? last - 1 : 0;
    }
    *name = wb_str_n(to, n);
    return s.n > 0;
}

static wv author(wp_parser *p, wv v, const char **error)
{
    wb_arena *a = p->arena;
    wv out = wv_object_begin(a, 2), k1, k2;
    wb_str name, email = {0};
    if (!texts_as_keys(a, v, "", error))
        return out;
    if (wv_is_object(v)) {
        name = member(&v, "name", &k1);
        email = member(&v, "email", &k2);
        if (!name.n && !email.n)
            *error = "'name' and/or 'email' values required in object";
    } else if (wv_is_string(v)) {
        if (!author_text(a, wv_str(&v), &name, &email))
            *error = "author is an empty string";
    } else {
        *error = "invalid value type, must be string or map";
        return out;
    }
    put(a, &out, "name", wv_string_new(a, name));
    if (email.n)
        put(a, &out, "email", wv_string_new(a, email));
    return out;
}

/* An address as it is written again from its parts; *error when it is none. */
static wb_str address(wb_arena *a, wb_str s, const char **error)
{
    wv_uri u;
    wb_buf b;
    wb_buf_init(&b, WP_TEXT_MAX);
    bool ok = wv_uri_read(a, s, WP_TEXT_MAX, &u);
    if (ok)
        wv_uri_put(&b, &u);
    else
        wv_uri_put_error(&b, &u);
    wb_str text = wb_arena_str(a, wb_buf_str(&b));
    if (!ok)
        *error = wb_arena_dup(a, b.p, b.n);
    wv_uri_clear(&u);
    wb_buf_free(&b);
    return text;
}

static wv resource(wp_parser *p, wv v, const char **error)
{
    wb_arena *a = p->arena;
    wv out = wv_object_begin(a, 2), k1, k2;
    wb_str ref = {0}, description = {0};
    if (!texts_as_keys(a, v, "", error))
        return out;
    if (wv_is_object(v)) {
        ref = member(&v, "ref", &k1);
        description = member(&v, "description", &k2);
        if (!ref.n)
            *error = "'ref' value required in object";
    } else if (wv_is_string(v)) {
        ref = wv_str(&v);
        if (!ref.n)
            *error = "ref URL may not be empty string";
    } else {
        *error = "invalid value type, must be string or map";
    }
    if (!*error)
        ref = address(a, ref, error);
    put(a, &out, "ref", wv_string_new(a, ref));
    if (description.n)
        put(a, &out, "description", wv_string_new(a, description));
    return out;
}

static const char *quoted(wb_arena *a, wb_str s)
{
    wb_buf b;
    wb_buf_init(&b, WP_TEXT_MAX);
    wb_buf_put_json(&b, s);
    const char *text = wb_arena_dup(a, b.p, b.n);
    wb_buf_free(&b);
    return text;
}

static wb_str printed(wb_arena *a, const wp_term *t)
{
    wb_buf b;
    wb_buf_init(&b, WP_TEXT_MAX);
    wp_term_put(&b, t);
    wb_str text = wb_arena_str(a, wb_buf_str(&b));
    wb_buf_free(&b);
    return text;
}

/* Why a text that was read, or was not, is no term. */
static const char *no_term(wb_arena *a, const wp_diags *d, const wp_body *body)
{
    wb_buf b;
    wb_buf_init(&b, WP_TEXT_MAX);
    if (d->n) {
        wb_buf_puts(&b, "failed to parse term: ");
        wp_diags_print(&b, d, false);
        while (b.n && b.p[b.n - 1] == '\n')
            b.n--;
    } else if (body->n != 1) {
        wb_buf_puts(&b, "expected exactly one term but got: ");
        wp_body_put(&b, body);
    } else if (body->exprs[0]->kind == WP_EXPR_CALL) {
        const wp_expr *e = body->exprs[0];
        for (uint32_t i = 0; i < e->call.n; i++) {
            wb_buf_puts(&b, i ? " " : "expected term but got [");
            wp_term_put(&b, e->call.items[i]);
        }
        wb_buf_putc(&b, ']');
    } else {
        wb_buf_puts(&b, "expected term but got ");
        wp_expr_put(&b, body->exprs[0]);
    }
    const char *text = wb_arena_dup(a, b.p, b.n);
    wb_buf_free(&b);
    return text;
}

/* A reference written in a block, as the tree's JSON has it; undefined when it is none, and then
 * *why says so. */
static wv ref_json(wp_parser *p, wb_str text, wp_term **term, const char **why)
{
    wp_diags d;
    wp_body body;
    wp_options o = {.version = WP_V1};
    wp_diags_init(&d, p->arena, 1);
    text = wb_arena_str(p->arena, text);
    bool blank = !trim(text).n;
    if (blank)
        body = (wp_body){0};
    if ((!blank && wp_parse_query(p->arena, WB_LIT(""), text, &o, &body, &d) != WB_OK) ||
        body.n != 1 || body.exprs[0]->kind != WP_EXPR_TERM) {
        *why = no_term(p->arena, &d, &body);
        return WV_UNDEFINED;
    }
    *term = body.exprs[0]->term;
    wp_expr e = {.kind = WP_EXPR_TERM, .term = *term};
    wp_expr *list[] = {&e};
    body = (wp_body){list, 1};
    wv v = wp_body_json(p->arena, &body, &(wp_json_options){0});
    return get(get(wv_items(v)[0], "terms"), "value");
}

static wv schema(wp_parser *p, wv v, const char **error)
{
    wb_arena *a = p->arena;
    wv out = wv_object_begin(a, 2);
    wp_term *t;
    const char *keys = NULL, *why;
    if (!wv_is_object(v) || !wv_len(v)) {
        *error = "invalid document reference";
        return out;
    }
    wv key = wv_key_at(v, NULL, 0), value = wv_value_at(v, NULL, 0);
    wv path = wv_is_string(key) ? ref_json(p, wv_str(&key), &t, &why) : WV_UNDEFINED;
    if (!wv_defined(path) || t->kind != WP_REF) {
        *error = "invalid document reference";
        return out;
    }
    put(a, &out, "path", path);
    if (wv_is_string(value)) {
        wv ref = ref_json(p, wv_str(&value), &t, &why);
        const wp_term *head = wv_defined(ref) && t->kind == WP_REF ? t->list.items[0] : t;
        if (!wv_defined(ref) || head->kind != WP_VAR || !wb_str_is(head->name, "schema")) {
            *error = "invalid schema reference";
            return out;
        }
        if (t->kind == WP_VAR) {
            wv one = wv_object_begin(a, 2);
            put(a, &one, "type", wv_string_new(a, WB_LIT("var")));
            put(a, &one, "value", wv_string_new(a, WB_LIT("schema")));
            ref = wv_array_new(a, &one, 1);
        }
        put(a, &out, "schema", ref);
    } else if (wv_is_object(value) && texts_as_keys(a, value, "", &keys)) {
        put(a, &out, "definition", told(a, value));
    } else {
        wb_str k = wv_str(&key);
        *error = wb_arena_printf(a, "invalid schema declaration for path %s", quoted(a, k));
    }
    return out;
}

static wv compile_field(wp_parser *p, wv v, const char **error)
{
    wb_arena *a = p->arena;
    wv out = wv_object_begin(a, 2), list = get(v, "unknowns"), mask = get(v, "mask_rule");
    wp_term *t;
    if (wv_defined(list) && wv_is_array(list)) {
        wv refs = wv_array_begin(a, wv_len(list));
        for (uint32_t i = 0; i < wv_len(list); i++) {
            wv one = wv_items(list)[i];
            const char *why = NULL;
            wv ref = wv_is_string(one) ? ref_json(p, wv_str(&one), &t, &why) : WV_UNDEFINED;
            if (wv_is_string(one) && (!wv_defined(ref) || t->kind != WP_REF)) {
                wb_str s = wv_str(&one), got = why ? wb_str_of(why) : printed(a, t);
                *error = wb_arena_printf(a, "invalid unknowns element %s: %s%.*s", quoted(a, s),
                                         why ? "failed to parse ref: " : "expected ref but got ",
                                         WB_FMT(got));
                return out;
            }
            wv_array_push(a, &refs, wv_defined(ref) ? ref : WV_NULL);
        }
        if (wv_len(refs))
            put(a, &out, "unknowns", refs);
    }
    if (wv_defined(mask) && wv_is_string(mask)) {
        const char *why = NULL;
        wv ref = ref_json(p, wv_str(&mask), &t, &why);
        if (!wv_defined(ref)) {
            wb_str s = wv_str(&mask);
            *error = wb_arena_printf(a, "invalid mask_rule annotation %s: %s", quoted(a, s), why);
            return out;
        }
        if (t->kind != WP_REF && t->kind != WP_VAR && t->kind != WP_STRING) {
            *error = wb_arena_printf(a, "invalid mask_rule annotation type %s: string",
                                     quoted(a, wv_str(&mask)));
            return out;
        }
        if (t->kind != WP_REF) {
            wv one = wv_object_begin(a, 2);
            put(a, &one, "type", wv_string_new(a, wb_str_of(t->kind == WP_VAR ? "var" : "string")));
            put(a, &one, "value", ref);
            ref = wv_array_new(a, &one, 1);
        }
        put(a, &out, "mask_rule", ref);
    }
    return out;
}

/* A moment as Go prints it: date, time and zone with blanks between. */
static void put_moment(wb_buf *b, wv text)
{
    wb_str s = wv_str(&text);
    size_t zone = s.n && s.p[s.n - 1] == 'Z' ? s.n - 1 : s.n - 6;
    wb_str offset = wb_str_n(s.p + zone, s.n - zone);
    wb_buf_putf(b, "%.10s %.*s", s.p, (int)(zone - 11), s.p + 11);
    if (offset.n == 1)
        wb_buf_puts(b, " +0000 UTC");
    else
        wb_buf_putf(b, " %.3s%.2s %.3s%.2s", offset.p, offset.p + 4, offset.p, offset.p + 4);
}

/* A value as Go prints it where it expects text. */
static void put_go(wb_buf *b, wv v)
{
    if (wv_is_string(v)) {
        wb_str s = wv_str(&v);
        wb_buf_put_str(b, s);
    } else if (wv_is_set(v) && wv_is_string(wv_set_at(v, NULL, 0))) {
        put_moment(b, wv_set_at(v, NULL, 0));
    } else if (wv_is_set(v)) {
        wb_buf_puts(b, "%!s(float64=");
        wv_print(b, wv_set_at(v, NULL, 0));
        wb_buf_putc(b, ')');
    } else if (wv_is_collection(v)) {
        const uint32_t *order = wv_is_object(v) ? wv_table_order(v) : NULL;
        wb_buf_puts(b, wv_is_object(v) ? "map[" : "[");
        for (uint32_t i = 0; i < wv_len(v); i++) {
            wb_buf_puts(b, i ? " " : "");
            if (wv_is_object(v)) {
                put_go(b, wv_key_at(v, order, i));
                wb_buf_putc(b, ':');
            }
            wv of = wv_is_object(v) ? wv_value_at(v, order, i) : wv_items(v)[i];
            if (of == WV_NULL)
                wb_buf_puts(b, "<nil>");
            else
                put_go(b, of);
        }
        wb_buf_putc(b, ']');
    } else {
        int64_t i;
        wb_buf_puts(b, v == WV_NULL             ? "%!s(<nil>"
                       : wv_is_bool(v)          ? "%!s(bool="
                       : wv_number_int64(v, &i) ? "%!s(int="
                                                : "%!s(uint64=");
        if (v != WV_NULL)
            wv_print(b, v);
        wb_buf_putc(b, ')');
    }
}

/* A list whose item has keys that are no texts is shown with nil in its place. */
static wv without_refused(wb_arena *a, wv v, const char *problem)
{
    uint32_t at;
    if (!wv_is_array(v) || sscanf(problem, KEYS_REFUSED "%u", &at) != 1)
        return v;
    wv out = wv_array_begin(a, wv_len(v));
    for (uint32_t i = 0; i < wv_len(v); i++)
        wv_array_push(a, &out, i == at ? WV_NULL : wv_items(v)[i]);
    return out;
}

static wv read_list(wp_parser *p, wv list, wv (*one)(wp_parser *, wv, const char **),
                    const char *what, const char **error)
{
    wv out = wv_array_begin(p->arena, wv_len(list));
    for (uint32_t i = 0; i < wv_len(list); i++) {
        wv v = wv_items(list)[i];
        const char *problem = NULL;
        wv_array_push(p->arena, &out, one(p, v, &problem));
        if (problem) {
            wb_buf b;
            wb_buf_init(&b, 1 << 16);
            put_go(&b, without_refused(p->arena, v, problem));
            *error = what ? wb_arena_printf(p->arena, "invalid %s definition %s: %s", what,
                                            wb_buf_cstr(&b), problem)
                          : problem;
            wb_buf_free(&b);
            return out;
        }
    }
    return out;
}

/* The fields of a block as the tree's JSON has them. */
static wv read_fields(wp_parser *p, wv raw, const char **error)
{
    static const char *const order[] = {
        "scope",   "title",   "entrypoint", "description", "organizations", "related_resources",
        "compile", "schemas", "authors",    "custom",      "labels"};
    wb_arena *a = p->arena;
    wv out = wv_object_begin(a, 6);
    put(a, &out, "scope", wv_string_new(a, WB_LIT("")));
    for (size_t k = 0; k < sizeof order / sizeof *order && !*error; k++) {
        const char *name = order[k];
        wv v = get(raw, name);
        bool wanted = wv_defined(v) && v != WV_FALSE && v != WV_NULL;
        if (wanted && wv_is_string(v))
            wanted = wv_str(&v).n > 0;
        if (!wanted)
            continue;
        if (!strcmp(name, "related_resources"))
            v = read_list(p, v, resource, "related-resource", error);
        else if (!strcmp(name, "authors"))
            v = read_list(p, v, author, "author", error);
        else if (!strcmp(name, "schemas"))
            v = read_list(p, v, schema, NULL, error);
        else if (!strcmp(name, "compile"))
            v = compile_field(p, v, error);
        else
            for (uint32_t i = 0; wv_is_object(v) && i < wv_len(v); i++)
                if (!texts_as_keys(a, wv_value_at(v, NULL, i), "", error))
                    return out;
        if (!wv_is_collection(v) || wv_len(v) || !strcmp(name, "compile"))
            put(a, &out, name, told(a, v));
    }
    return out;
}

/* ---- blocks ---- */

/* One character between quotes, in ASCII. */
static void put_symbol(wb_buf *b, uint32_t c)
{
    static const char named[] = "\a\b\f\n\r\t\v", names[] = "abfnrtv";
    const char *at = c && c < 0x20 ? strchr(named, (int)c) : NULL;
    if (at)
        wb_buf_putf(b, "'\\%c'", names[at - named]);
    else if (c < 0x20 || c == 0x7f)
        wb_buf_putf(b, "'\\x%02x'", c);
    else if (c < 0x80)
        wb_buf_putf(b, c == '\'' || c == '\\' ? "'\\%c'" : "'%c'", (int)c);
    else
        wb_buf_putf(b, c < 0x10000 ? "'\\u%04x'" : "'\\U%08x'", c);
}

/* What stands behind colons of a line, up to the first that has a blank there. */
static void put_symbols(wb_buf *b, wb_str line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] != ':')
            continue;
        if (i + 1 == line.n || line.p[i + 1] == ' ' || line.p[i + 1] == '\t')
            return;
        size_t used;
        wb_buf_puts(b, b->n ? " " : "");
        put_symbol(b, line.p[i + 1] == ':' ? WB_UTF8_BAD
                                           : wb_utf8_get(line.p + i + 1, line.n - i - 1, &used));
    }
}

/* YAML's errors get a hint when a key's colon has no blank behind it. */
static const char *with_hint(wp_parser *p, const wp_module *m, const block *b, const char *error)
{
    wb_buf all, symbols;
    wb_buf_init(&all, WP_TEXT_MAX);
    wb_buf_puts(&all, error);
    for (uint32_t i = b->first + 1; i <= b->last; i++) {
        const wp_comment *c = &m->comments[i];
        wb_buf_init(&symbols, WP_TEXT_MAX);
        put_symbols(&symbols, c->text);
        if (symbols.n)
            wb_buf_putf(&all,
                        "\n  Hint: on line %u, symbol(s) [%s] immediately following a key/value "
                        "separator ':' is not a legal yaml space character",
                        c->loc.row, wb_buf_cstr(&symbols));
        wb_buf_free(&symbols);
    }
    error = wb_arena_dup(p->arena, all.p, all.n);
    wb_buf_free(&all);
    return error;
}

static bool read_block(wp_parser *p, wp_module *m, block *b, wp_annotation *out)
{
    wb_buf yaml, text;
    wb_buf_init(&yaml, WP_TEXT_MAX);
    wb_buf_init(&text, WP_TEXT_MAX);
    wb_buf_puts(&text, "# METADATA");
    for (uint32_t i = b->first + 1; i <= b->last; i++) {
        wb_str s = m->comments[i].text;
        if (s.n && s.p[0] == ' ')
            s = wb_str_n(s.p + 1, s.n - 1);
        wb_buf_putf(&text, "\n# %.*s", WB_FMT(s));
        wb_buf_put_str(&yaml, s);
        wb_buf_putc(&yaml, '\n');
    }
    wb_str source = wb_arena_str(p->arena, wb_buf_str(&yaml));
    out->text = wb_arena_str(p->arena, wb_buf_str(&text));
    wb_buf_free(&yaml);
    wb_buf_free(&text);
    out->loc = m->comments[b->first].loc;
    wp_loc at = out->loc;
    const char *error = NULL;
    wv fields;
    if (!trim(source).n) {
        error = "expected METADATA block, found whitespace";
    } else if ((error = wp_metadata_fields(p->arena, source, &fields))) {
        uint32_t n = b->last - b->first;
        unsigned line = 0;
        if (sscanf(error, "yaml: line %u:", &line) != 1)
            sscanf(error, "yaml: unmarshal errors: line %u:", &line);
        at = m->comments[b->first + 1 + (line < n ? line : n - 1)].loc;
        error = with_hint(p, m, b, error);
    } else {
        out->value = read_fields(p, fields, &error);
    }
    if (error) {
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, at, "%s", error);
        p->failed = true;
    }
    return !error;
}

static void late(wp_parser *p, wp_loc loc, const char *message)
{
    wp_diag *d = wp_report(p->diags, WP_PARSE_ERROR, NULL, loc, "%s", message);
    d->file = p->file.name;
    d->no_line = true;
    p->failed = true;
}

static wb_str scope_of(const wp_annotation *x, wv *keep)
{
    *keep = get(x->value, "scope");
    return wv_str(keep);
}

/* The first statement below the block: its kind is answered, *rule set when it is a rule. */
static const char *below(const wp_module *m, uint32_t row, wp_rule **rule)
{
    const char *kind = NULL;
    uint32_t best = UINT32_MAX;
    *rule = NULL;
    if (m->package_loc.row > row) {
        best = m->package_loc.row;
        kind = "package";
    }
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].loc.row > row && m->imports[i].loc.row < best) {
            best = m->imports[i].loc.row;
            kind = "import";
        }
    uint32_t lo = 0, hi = m->n_rules; /* rules stand in the order of the text */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (m->rules[mid]->loc.row > row)
            hi = mid;
        else
            lo = mid + 1;
    }
    if (lo < m->n_rules && m->rules[lo]->loc.row < best) {
        *rule = m->rules[lo];
        kind = "rule";
    }
    return kind;
}

static void attach(wp_parser *p, wp_module *m, wp_annotation *x)
{
    wp_rule *rule;
    wv keep;
    const char *kind = below(m, x->loc.row, &rule);
    x->node = rule ? (const void *)rule : kind && kind[0] == 'p' ? (const void *)m : NULL;
    wb_str scope = scope_of(x, &keep);
    bool entry = get(x->value, "entrypoint") == WV_TRUE;
    if (!scope.n && kind) {
        const char *s = rule ? entry ? "document" : "rule" : kind;
        put(p->arena, &x->value, "scope", wv_string_new(p->arena, wb_str_of(s)));
        scope = scope_of(x, &keep);
    }
    bool of_rule = wb_str_is(scope, "rule") || wb_str_is(scope, "document");
    bool of_package = wb_str_is(scope, "package") || wb_str_is(scope, "subpackages");
    if (!of_rule && !of_package) {
        late(p, x->loc,
             wb_arena_printf(p->arena,
                             "invalid annotation scope '%.*s'. Use one of 'rule', 'document', "
                             "'package', or 'subpackages'",
                             WB_FMT(scope)));
    } else if (of_rule ? !rule : x->node != m) {
        const char *have = kind ? wb_arena_printf(p->arena, " (have %s)", kind) : "";
        late(p, x->loc,
             wb_arena_printf(p->arena, "annotation scope '%.*s' must be applied to %s%s",
                             WB_FMT(scope), of_rule ? "rule" : "package", have));
    }
    if (entry && !wb_str_is(scope, "document") && !wb_str_is(scope, "package"))
        late(p, x->loc,
             wb_arena_printf(p->arena,
                             "annotation entrypoint applied to non-document or package scope "
                             "'%.*s'",
                             WB_FMT(scope)));
}

/* The path of a rule up to its first variable, as text: rules of one path share blocks. */
static bool same_path(const wp_rule *a, const wp_rule *b)
{
    const wp_head *x = a->head, *y = b->head;
    for (uint32_t i = 0;; i++) {
        bool xe = i >= x->n_ref || (i && !wp_term_ground(x->ref[i]));
        bool ye = i >= y->n_ref || (i && !wp_term_ground(y->ref[i]));
        if (xe || ye)
            return xe && ye;
        if (wp_term_compare(x->ref[i], y->ref[i]) != 0)
            return false;
    }
}

static uint64_t path_hash(const wp_rule *r)
{
    uint64_t h = 0;
    for (uint32_t i = 0; i < r->head->n_ref; i++) {
        const wp_term *t = r->head->ref[i];
        if (i && !wp_term_ground(t))
            break;
        wb_str s = t->kind == WP_VAR ? t->name : wp_string_of(t);
        h = wb_hash(s.p, s.n, h + i);
    }
    return h;
}

/* Blocks of one path (or of several with the same hash), in the order of the text. */
typedef struct bucket {
    wp_vec document, rule;
    uint32_t first; /* of `rule`: those before are taken */
} bucket;

static void add_block(wp_parser *p, wp_vec *v, const wp_rule *r, const wp_annotation *x)
{
    if (same_path(r, x->node))
        wp_vec_add(p, v, (void *)(uintptr_t)x);
}

static void give_to_rule(wp_parser *p, wp_rule *r, bucket *b)
{
    wp_vec got = {0};
    uint32_t n = b->first, last = UINT32_MAX;
    for (uint32_t i = 0; i < b->document.n; i++)
        add_block(p, &got, r, b->document.p[i]);
    for (; n < b->rule.n && ((wp_annotation *)b->rule.p[n])->loc.row < r->loc.row; n++) {
        uint32_t before = got.n;
        add_block(p, &got, r, b->rule.p[n]);
        if (got.n > before)
            last = n;
    }
    /* The rule takes the last block above it; the others apply to the next rule as well. */
    if (last != UINT32_MAX) {
        memmove(b->rule.p + b->first + 1, b->rule.p + b->first,
                (last - b->first) * sizeof *b->rule.p);
        b->first++;
    }
    if (!got.n)
        return;
    r->blocks = (const wp_annotation **)got.p;
    r->n_blocks = got.n;
    r->annotations = wv_array_begin(p->arena, got.n);
    for (uint32_t i = 0; i < got.n; i++)
        wv_array_push(p->arena, &r->annotations, r->blocks[i]->value);
}

static void give_to_rules(wp_parser *p, wp_module *m)
{
    uint32_t size = 1;
    while (size < m->n_blocks)
        size *= 2;
    bucket *buckets = wb_arena_calloc(p->arena, size * sizeof *buckets);
    for (uint32_t i = 0; i < m->n_blocks; i++) {
        wp_annotation *x = &m->blocks[i];
        wv keep;
        if (!x->node || x->node == m)
            continue;
        bucket *b = &buckets[path_hash(x->node) & (size - 1)];
        wp_vec_add(p, wb_str_is(scope_of(x, &keep), "rule") ? &b->rule : &b->document, x);
    }
    for (uint32_t i = 0; i < m->n_rules; i++)
        give_to_rule(p, m->rules[i], &buckets[path_hash(m->rules[i]) & (size - 1)]);
}

void wp_read_metadata(wp_parser *p, wp_module *m)
{
    wp_vec all = {0};
    for (uint32_t i = 0; i < m->n_comments; i++) {
        if (!opens_block(&m->comments[i]))
            continue;
        block b = {.first = i};
        while (i + 1 < m->n_comments && m->comments[i + 1].loc.col == 1 &&
               m->comments[i + 1].loc.row == m->comments[i].loc.row + 1 &&
               !opens_block(&m->comments[i + 1]))
            i++;
        b.last = i;
        wp_annotation *x = wb_arena_calloc(p->arena, sizeof *x);
        if (read_block(p, m, &b, x))
            wp_vec_add(p, &all, x);
    }
    m->blocks = wb_arena_alloc(p->arena, (all.n + 1) * sizeof *m->blocks);
    m->n_blocks = all.n;
    for (uint32_t i = 0; i < all.n; i++)
        m->blocks[i] = *(wp_annotation *)all.p[i];
}

void wp_attach_metadata(wp_parser *p, wp_module *m)
{
    wv packages = WV_UNDEFINED;
    if (!m->n_blocks)
        return;
    for (uint32_t i = 0; i < m->n_blocks; i++) {
        attach(p, m, &m->blocks[i]);
        if (m->blocks[i].node != m)
            continue;
        if (!wv_defined(packages))
            packages = wv_array_begin(p->arena, 1);
        wv_array_push(p->arena, &packages, m->blocks[i].value);
    }
    m->annotations = packages;
    if (!p->failed)
        give_to_rules(p, m);
}
