/* A whole module: what it uses, then package, imports, rules and comments in their order. */
#include "parser/format_internal.h"

#include <stdlib.h>

static void scan_imports(fm *f)
{
    const wp_module *m = f->module;
    wb_str *words = wb_arena_alloc(f->arena, (m->n_imports + 1) * sizeof *words);
    f->words = words;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const wp_term *path = m->imports[i].path;
        bool v1 = fm_path_is(path, "rego", "v1"), v2 = fm_path_is(path, "rego", "v2");
        if (v1 || v2 || fm_path_is(path, "future", "keywords"))
            f->contains = f->ifs = true;
        f->v2_imported = f->v2_imported || v2;
        if (path->kind != WP_REF || path->list.n != 3)
            continue;
        wp_term first_two = wp_term_here(path);
        first_two.list.n = 2;
        if (!fm_path_is(&first_two, "future", "keywords") || path->list.items[2]->kind != WP_STRING)
            continue;
        wb_str word = wv_str(&path->list.items[2]->value);
        f->contains = f->contains || wb_str_is(word, "contains");
        f->ifs = f->ifs || wb_str_is(word, "if");
        if (!m->imports[i].alias.n)
            words[f->n_words++] = wv_str(&path->list.items[2]->value);
    }
}

/* --- the parts of a module ----------------------------------------------------------------- */

static int by_place(const void *x, const void *y)
{
    const wp_loc *a = &((const wp_comment *)x)->loc, *b = &((const wp_comment *)y)->loc;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

static void take_comments(fm *f)
{
    const wp_module *m = f->module;
    f->n_comments = m->n_comments;
    f->comments = wb_arena_alloc(f->arena, (m->n_comments + 1) * sizeof *f->comments);
    for (uint32_t i = 0; i < m->n_comments; i++) {
        wp_comment c = m->comments[i];
        while (c.text.n && (c.text.p[c.text.n - 1] == ' ' ||
                            (c.text.p[c.text.n - 1] >= '\t' && c.text.p[c.text.n - 1] <= '\r')))
            c.text.n--;
        f->comments[i] = c;
    }
    if (f->n_comments)
        qsort(f->comments, f->n_comments, sizeof *f->comments, by_place);
}

static fm_status put_package(fm *f)
{
    const wp_module *m = f->module;
    const wp_term *path = m->package;
    if (fm_insert(f, m->package_loc.row) == FM_STOP)
        return FM_STOP;
    fm_start_line(f);
    if (path->list.n < 2)
        return fm_stop(f, m->package_loc, WP_FORMAT_ERROR, "invalid package path");
    uint32_t at = f->at;
    f->at = f->n_comments;
    fm_puts(f, "package ");
    fm_put(f, wv_str(&path->list.items[1]->value));
    wp_term **items = wb_arena_alloc(f->arena, path->list.n * sizeof *items);
    memcpy(items, path->list.items + 1, (path->list.n - 1) * sizeof *items);
    wp_term *head = wb_arena_calloc(f->arena, sizeof *head);
    head->kind = WP_VAR;
    items[0] = head;
    fm_status s = fm_ref(f, items, path->list.n - 1);
    f->at = at;
    if (s != FM_STOP)
        fm_blank_line(f);
    return s;
}

static int by_rule_place(const void *x, const void *y)
{
    const wp_loc *a = &(*(wp_rule *const *)x)->loc, *b = &(*(wp_rule *const *)y)->loc;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->col > b->col) - (a->col < b->col);
}

static bool before(const fm_import *i, const wp_rule *r)
{
    return i->row != r->loc.row ? i->row < r->loc.row : i->col <= r->loc.col;
}

/* Imports and rules as they follow each other, in runs of one kind. */
static fm_status put_statements(fm *f, fm_import *imports, uint32_t n_imports)
{
    wp_rule **rules = f->module->rules;
    uint32_t n_rules = f->module->n_rules, i = 0, r = 0;
    while (i < n_imports || r < n_rules) {
        uint32_t from = i;
        while (i < n_imports && (r == n_rules || before(&imports[i], rules[r])))
            i++;
        if (i > from && fm_imports(f, imports + from, i - from) == FM_STOP)
            return FM_STOP;
        from = r;
        while (r < n_rules && (i == n_imports || !before(&imports[i], rules[r])))
            r++;
        if (r > from && fm_rules(f, rules + from, r - from) == FM_STOP)
            return FM_STOP;
    }
    return FM_OK;
}

/* An import that was added has a place of its own making; none may come behind a rule, where it
 * would mean nothing. */
static fm_status put_imports_and_rules(fm *f, fm_import *imports, uint32_t n)
{
    wp_rule **rules = f->module->rules;
    uint32_t n_added = 0;
    bool late = false;
    if (f->module->n_rules)
        qsort(rules, f->module->n_rules, sizeof *rules, by_rule_place);
    for (uint32_t i = 0; i < n && f->module->n_rules; i++)
        late = late || (imports[i].added && imports[i].row >= rules[0]->loc.row);
    if (!late)
        return put_statements(f, imports, n);
    fm_import *sorted = wb_arena_alloc(f->arena, n * sizeof *sorted);
    for (uint32_t i = 0; i < n; i++)
        if (imports[i].added)
            sorted[n_added++] = imports[i];
    uint32_t all = n_added;
    for (uint32_t i = 0; i < n; i++)
        if (!imports[i].added)
            sorted[all++] = imports[i];
    fm_status s = fm_imports(f, sorted, n_added);
    return s == FM_STOP ? s : put_statements(f, sorted + n_added, n - n_added);
}

wb_status wp_format_module(wb_arena *a, wp_module *m, const wp_format_options *options, wb_buf *out,
                           wp_diags *diags)
{
    fm f = {.arena = a, .out = out, .diags = diags, .module = m};
    if (!m->package)
        return WB_OK;
    f.v1 = options->most >= WP_V1;
    f.v2 = options->most == WP_V2;
    f.contains = f.ifs = f.v1;
    scan_imports(&f);
    uint32_t used = fm_scan_rules(&f), n;
    if (f.failed)
        return WB_INVALID;
    f.has_locals = memmem(m->file.text.p, m->file.text.n, "__local", 7) != NULL;
    take_comments(&f);
    fm_import *imports = fm_plan_imports(&f, options, used, &n);
    fm_status s = put_package(&f);
    if (s != FM_STOP)
        s = put_imports_and_rules(&f, imports, n);
    if (s == FM_STOP || f.failed)
        return WB_INVALID;
    for (; f.at < f.n_comments; f.at++) {
        if (!f.in_line)
            fm_start_line(&f);
        fm_comment(&f, &f.comments[f.at]);
        fm_end_line(&f);
    }
    while (out->n > 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == '\n')
        out->n--;
    if (!out->failed)
        return WB_OK;
    fm_stop(&f, (wp_loc){0}, WP_FORMAT_ERROR, "the formatted text is too large");
    return WB_LIMIT;
}

wb_status wp_format_text(wb_arena *a, wb_str name, wb_str text, const wp_options *parse,
                         const wp_format_options *options, wb_buf *out, wp_diags *diags)
{
    wp_module *m;
    wb_status s = wp_parse_module(a, name, text, parse, &m, diags);
    return s == WB_OK ? wp_format_module(a, m, options, out, diags) : s;
}
