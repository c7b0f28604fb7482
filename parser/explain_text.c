/* The explainer: statements of a module or query, and the entrance. */
#include "parser/explain.h"

#include <stdlib.h>

/* ---- keywords ---- */

wp_x_future wp_x_future_begin(wp_x *x)
{
    wp_x_future f = {x->keywords, x->first_memo, x->n_memo};
    x->first_memo = x->n_memo;
    x->keywords |= WP_KW_V0_FUTURE | WP_KW_V1_FUTURE;
    return f;
}

void wp_x_future_end(wp_x *x, wp_x_future f)
{
    x->keywords = f.keywords;
    x->first_memo = f.first_memo;
    x->n_memo = f.n_memo;
}

static void add_keywords(wp_x *x, uint32_t bits)
{
    x->keywords |= bits;
    if (bits & WP_KW_EVERY)
        x->keywords |= WP_KW_IN;
    if (bits & WP_KW_NOT)
        x->not_bodies = true;
}

/* The word stood on was read before the import that makes it a keyword was judged. */
static void judge_again(wp_x *x)
{
    if (x->s.token != WP_X_IDENT)
        return;
    uint8_t word = x->p->tokens[x->s.at].word;
    uint32_t bit = word == WP_W_NOT ? WP_KW_NOT : wp_word_bit(word);
    if (word && bit && (x->keywords & bit))
        x->s.token = (uint8_t)(WP_X_WORD + word);
}

/* ---- package and import ---- */

/* Past the keyword, to what may begin a path. False when the keyword is a name itself. */
static bool path_begins(wp_x *x)
{
    wp_x_touch(x);
    if (x->s.token == '.' || x->s.token == '[')
        return false;
    if (x->s.token == WP_X_BLANK)
        wp_x_scan(x);
    if (wp_x_ref_word(x, x->s.token))
        x->s.token = WP_X_IDENT;
    if (x->s.token == WP_X_IDENT)
        return true;
    wp_x_illegal(x, "%s", "");
    return false;
}

static bool package(wp_x *x)
{
    if (!path_begins(x))
        return false;
    const wp_term *t = wp_x_term(x);
    if (!t) {
        if (!x->s.errors)
            wp_x_error_at(x, x->s.loc, "expected path");
        return false;
    }
    if (t->kind == WP_VAR)
        return true;
    if (t->kind != WP_REF) {
        wp_x_illegal(x, "%s", "");
        return false;
    }
    for (uint32_t i = 0; i < t->list.n; i++) {
        const wp_term *part = t->list.items[i];
        if (part->kind == (i ? WP_STRING : WP_VAR))
            continue;
        wp_x_error_at(x, part->loc, "unexpected %s token: expecting %s",
                      wp_kind_name((wp_term_kind)part->kind), i ? "string" : "var");
        return false;
    }
    return true;
}

/* The path, read as if no word were a keyword of the future. */
static wp_term *import_path(wp_x *x)
{
    wp_x_future f = {x->keywords, x->first_memo, x->n_memo};
    x->first_memo = x->n_memo;
    x->keywords = 0;
    wp_term *t = wp_x_term(x);
    wp_x_future_end(x, f);
    if (!t)
        return NULL;
    if (t->kind == WP_VAR) {
        wp_vec v = {0};
        wp_vec_add(x->p, &v, t);
        wp_term *ref = wp_new_list(x->p, WP_REF, v, (wp_span){0});
        ref->loc = t->loc;
        return ref;
    }
    return t->kind == WP_REF ? t : NULL;
}

static bool import_alias(wp_x *x, wp_loc *loc)
{
    wp_x_scan(x);
    if (x->s.token != WP_X_IDENT) {
        wp_x_illegal(x, "expected var");
        return false;
    }
    const wp_term *t = wp_x_term(x);
    *loc = t ? t->loc : (wp_loc){0};
    if (t && t->kind == WP_VAR)
        return true;
    if (t && t->kind == WP_REF && t->list.n == 1) {
        wp_x_error_at(x, t->loc, "unexpected import alias, must not be a reserved name, got: %s",
                      wp_x_printed(x, t));
        return false;
    }
    wp_x_illegal(x, "expected var");
    return false;
}

/* `import rego.v1`, `import future.keywords.in`: what they bring. */
static void special_import(wp_x *x, const wp_term *path, bool alias, wp_loc alias_loc)
{
    wp_term *const *part = path->list.items;
    uint32_t n = path->list.n;
    wb_str root = part[0]->name, second = n > 1 ? wp_string_of(part[1]) : (wb_str){0};
    if (wb_str_is(root, "rego")) {
        bool v1 = n == 2 && wb_str_is(second, "v1"), v2 = n == 2 && wb_str_is(second, "v2");
        if (!v1 && !v2)
            wp_x_error_at(x, path->loc, "invalid import `%s`, must be one of: `rego.v1`, `rego.v2`",
                          wp_x_printed(x, path));
        else if (alias)
            wp_x_error_at(x, alias_loc, "`rego` imports cannot be aliased");
        else {
            add_keywords(x, WP_KW_V0_FUTURE | (v2 ? WP_KW_V1_FUTURE : 0));
            x->v1 = x->v1 || x->n_statements > 1;
        }
        return;
    }
    uint32_t bits = WP_KW_V0_FUTURE | WP_KW_V1_FUTURE;
    if (n == 1 || !wb_str_is(second, "keywords")) {
        wp_x_error_at(x, path->loc, "invalid import, must be `future.keywords`");
        return;
    }
    if (alias) {
        wp_x_error_at(x, alias_loc, "`future` imports cannot be aliased");
        return;
    }
    if (n == 3) {
        bits = 0;
        for (uint8_t w = 1; w < WP_W_COUNT; w++)
            if (wb_str_is(wp_string_of(part[2]), wp_word_text(w)))
                bits = w == WP_W_NOT ? WP_KW_NOT : wp_word_bit(w);
    }
    if (!bits)
        wp_x_error_at(x, path->loc,
                      "unexpected keyword, must be one of [and contains every if in not or]");
    else
        add_keywords(x, bits);
}

/* A path may not end with a keyword unless an alias follows or it imports keywords. */
static void check_import_name(wp_x *x, const wp_term *path)
{
    const wp_term *last = path->list.items[path->list.n - 1];
    wb_str name = path->list.n == 1 ? last->name : wp_string_of(last);
    bool future = path->list.n > 1 && wb_str_is(path->list.items[0]->name, "future");
    if (future || !wp_is_keyword(name, x->p->options.version))
        return;
    wp_x_hint_add(x, "import a different path or use an alias");
    wp_x_error_at(x, last->loc, "unexpected import path, must not end with a keyword, got: %.*s",
                  WB_FMT(name));
}

static bool import(wp_x *x, wp_term **out, bool *alias, wp_loc *alias_loc)
{
    if (!path_begins(x))
        return false;
    wp_term *path = import_path(x);
    for (uint32_t i = 1; path && i < path->list.n; i++) {
        const wp_term *t = path->list.items[i];
        if (t->kind == WP_STRING)
            continue;
        wp_x_error_at(x, t->loc, "unexpected %s token: expecting string",
                      wp_kind_name((wp_term_kind)t->kind));
        return false;
    }
    if (!path) {
        wp_x_error_at(x, x->s.loc, "expected path");
        return false;
    }
    const wp_term *root = path->list.items[0];
    static const char *const roots[] = {"data", "input", "future", "rego"};
    bool known = false;
    for (size_t i = 0; i < 4 && root->kind == WP_VAR; i++)
        known = known || wb_str_is(root->name, roots[i]);
    if (!known) {
        wp_x_hint_add(x, "if this is unexpected, try updating OPA");
        wp_x_error_at(x, path->loc,
                      "unexpected import path, must begin with one of: {data, future, input, "
                      "rego}, got: %s",
                      wp_x_printed(x, root));
        return false;
    }
    *out = path;
    *alias = x->s.token == X_TOKEN(AS);
    if (*alias)
        return import_alias(x, alias_loc);
    check_import_name(x, path);
    return true;
}

/* ---- the text ---- */

/* A statement other than a package was read at loc. late: errors of statements before it. The first
 * one is not judged: the package is missing there. */
static void first_is_no_package(wp_x *x, wp_loc loc, const wp_x_error *late)
{
    if (x->n_statements++)
        return;
    x->s.late = late;
    wp_x_late(x, loc, "package expected");
}

static bool query(wp_x *x, const wp_x_error *late)
{
    wp_body body;
    if (!wp_x_query(x, true, WP_RAW_EOF, &body))
        return false;
    if (!x->p->query && x->judging)
        wp_judge_statement(x->p, &body, x->n_statements == 0);
    first_is_no_package(x, body.exprs[0]->loc, late);
    return true;
}

/* A package or import statement; false without an error when the keyword is a name. */
static bool package_or_import(wp_x *x)
{
    wp_loc loc = x->s.loc, alias_loc = {0};
    wp_term *path = NULL;
    bool alias = false, is_import = x->s.token == X_TOKEN(IMPORT);
    const wp_x_error *late = x->s.late;
    if (!(is_import ? import(x, &path, &alias, &alias_loc) : package(x)))
        return false;
    if (x->s.token == '-') {
        wp_x_illegal(x, "%s", "");
        return false;
    }
    if (is_import)
        first_is_no_package(x, loc, late);
    else if (x->n_statements++)
        wp_x_late(x, loc, "unexpected package");
    wb_str root = path ? path->list.items[0]->name : (wb_str){0};
    if (wb_str_is(root, "rego") || wb_str_is(root, "future")) {
        special_import(x, path, alias, alias_loc);
        judge_again(x);
    }
    return true;
}

/* One statement; false when nothing more can be read. */
static bool statement(wp_x *x)
{
    wp_x_state s = x->s;
    if (!x->p->query && wp_x_keyword_as_name(x, false))
        return false;
    if (x->s.token == X_TOKEN(IMPORT) || x->s.token == X_TOKEN(PACKAGE)) {
        if (package_or_import(x))
            return true;
        if (x->s.errors)
            return false;
        x->s = s;
    }
    if (!x->p->query) {
        if (wp_x_rule(x)) {
            if (x->judging)
                wp_note_statement(x->p, x->name, s.loc.row);
            first_is_no_package(x, s.loc, s.late);
            return true;
        }
        if (x->s.errors)
            return false;
        x->s = s;
    }
    return query(x, s.late);
}

/* One mistake, one report: of those at one place the first, which is the innermost. */
static void report(wp_x *x, const wp_x_error *last, bool late)
{
    uint32_t n = 0;
    for (const wp_x_error *e = last; e; e = e->before)
        n++;
    const wp_x_error **all = wb_arena_alloc(x->p->arena, (n + 1) * sizeof *all);
    uint32_t i = n;
    for (const wp_x_error *e = last; e; e = e->before)
        all[--i] = e;
    for (i = 0; i < n && i < WP_X_REPORTS; i++) {
        bool again = false;
        for (uint32_t k = 0; k < i && !again; k++)
            again = all[k]->loc.row == all[i]->loc.row && all[k]->loc.col == all[i]->loc.col;
        if (!again)
            wp_report(x->p->diags, WP_PARSE_ERROR, &x->p->file, all[i]->loc, "%s", all[i]->message)
                ->no_line = late;
    }
}

bool wp_explain(wp_parser *p, bool with_late)
{
    wp_x x = {.p = p, .keywords = p->first_keywords | WP_KW_NOT, .judging = with_late};
    x.not_bodies = (p->first_keywords & WP_KW_NOT) != 0;
    x.v1 = p->options.version >= WP_V1;
    uint32_t before = p->diags->n;
    if (with_late)
        p->late = p->rules = p->statements = (wp_vec){0};
    wp_x_begin(&x);
    while (x.s.token != WP_RAW_EOF && !x.lost && statement(&x))
        ;
    free(x.memo);
    p->read_to = p->tokens[x.s.at].off;
    if (x.lost)
        return false;
    if (x.s.errors || with_late)
        report(&x, x.s.errors ? x.s.errors : x.s.late, !x.s.errors);
    if (!x.s.errors && with_late) {
        wp_module m = {
            .version = p->options.version, .rules = (wp_rule **)p->rules.p, .n_rules = p->rules.n};
        p->rego_v1 = x.v1;
        wp_check_module(p, &m);
    }
    return p->diags->n > before;
}
