/* Imports: what they may be and which keywords they bring. */
#include "parser/internal.h"

static const char *const v0_words[] = {"not",  "package", "import", "as",    "default", "else",
                                       "with", "null",    "true",   "false", "some"};
static const char *const v1_words[] = {"if", "contains", "in", "every"};
static const char *const v2_words[] = {"and", "or"};

#define LISTED(list, word) listed(list, sizeof list / sizeof *list, word)

static bool listed(const char *const *list, size_t n, wb_str word)
{
    for (size_t i = 0; i < n; i++)
        if (wb_str_is(word, list[i]))
            return true;
    return false;
}

bool wp_is_keyword(wb_str word, wp_version version)
{
    return LISTED(v0_words, word) || (version >= WP_V1 && LISTED(v1_words, word)) ||
           (version >= WP_V2 && LISTED(v2_words, word));
}

/* `rego.x` as OPA prints the path in a message. */
static const char *path_text(wp_parser *p, const wp_term *path)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 16);
    wp_term_put(&b, path);
    const char *text = wb_arena_dup(p->arena, b.p, b.n);
    wb_buf_free(&b);
    return text;
}

static bool brings_keywords(wp_parser *p, const wp_term *path, bool alias, wp_loc alias_loc)
{
    wb_str root = path->list.items[0]->name;
    uint32_t n = path->list.n;
    wp_term *const *part = path->list.items;
    if (wb_str_is(root, "rego")) {
        bool v1 = n == 2 && wb_str_is(wp_string_of(part[1]), "v1");
        bool v2 = n == 2 && wb_str_is(wp_string_of(part[1]), "v2");
        if (!v1 && !v2) {
            wp_parse_fail(p, path->loc, "invalid import `%s`, must be one of: `rego.v1`, `rego.v2`",
                          path_text(p, path));
            return false;
        }
        if (alias) {
            wp_parse_fail(p, alias_loc, "`rego` imports cannot be aliased");
            return false;
        }
        bool first = p->n_statements == 1; /* not judged: the package is missing */
        p->rego_v1 = p->rego_v1 || (v1 && !first);
        p->rego_v2 = p->rego_v2 || (v2 && !first);
        return true;
    }
    if (n == 1 || !wb_str_is(wp_string_of(part[1]), "keywords")) {
        wp_parse_fail(p, path->loc, "invalid import, must be `future.keywords`");
        return false;
    }
    if (alias) {
        wp_parse_fail(p, alias_loc, "`future` imports cannot be aliased");
        return false;
    }
    static const char *const all[] = {"and", "contains", "every", "if", "in", "not", "or"};
    if (n == 3 && !LISTED(all, wp_string_of(part[2]))) {
        wp_parse_fail(p, path->loc,
                      "unexpected keyword, must be one of [and contains every if in not or]");
        return false;
    }
    return true;
}

void wp_add_import(wp_parser *p, wp_term *path, wp_term *alias, wp_span keyword, wp_span alias_span,
                   wp_span path_span)
{
    p->n_statements++;
    if (p->n_statements == 1)
        p->first = keyword;
    if (path->kind == WP_VAR) {
        wp_vec v = {0};
        wp_vec_add(p, &v, path);
        wp_term *ref = wp_new_list(p, WP_REF, v, path_span);
        path = ref;
    }
    if (path->kind != WP_REF || path->parens || path->list.items[0]->kind != WP_VAR) {
        wp_parse_fail(p, wp_loc_of(p, wp_token_span(p, p->at)), "expected path");
        return;
    }
    for (uint32_t i = 1; i < path->list.n; i++) {
        const wp_term *t = path->list.items[i];
        if (t->kind != WP_STRING) {
            wp_parse_fail(p, t->loc, "unexpected %s token: expecting string",
                          wp_kind_name((wp_term_kind)t->kind));
            return;
        }
    }
    wb_str root = path->list.items[0]->name;
    bool special = wb_str_is(root, "future") || wb_str_is(root, "rego");
    if (!special && !wb_str_is(root, "data") && !wb_str_is(root, "input")) {
        wp_parse_fail(p, path->loc,
                      "unexpected import path, must begin with one of: {data, future, input, "
                      "rego}, got: %.*s (hint: if this is unexpected, try updating OPA)",
                      WB_FMT(root));
        return;
    }
    wp_loc alias_loc = wp_loc_of(p, alias_span);
    if (alias && (wb_str_is(alias->name, "input") || wb_str_is(alias->name, "data"))) {
        wp_parse_fail(p, alias_loc,
                      "unexpected import alias, must not be a reserved name, got: %.*s",
                      WB_FMT(alias->name));
        return;
    }
    if (!alias && !wb_str_is(root, "future")) {
        const wp_term *last = path->list.items[path->list.n - 1];
        wb_str name = path->list.n == 1 ? root : wp_string_of(last);
        if (wp_is_keyword(name, p->options.version)) {
            wp_parse_fail(p, last->loc,
                          "unexpected import path, must not end with a keyword, got: %.*s (hint: "
                          "import a different path or use an alias)",
                          WB_FMT(name));
            return;
        }
    }
    if (special && !brings_keywords(p, path, alias != NULL, alias_loc))
        return;
    wp_import *import = wb_arena_calloc(p->arena, sizeof *import);
    import->path = path;
    if (alias) {
        import->alias = alias->name;
        import->alias_loc = alias_loc;
    }
    import->loc = wp_loc_of(p, keyword);
    wp_vec_add(p, &p->imports, import);
}
