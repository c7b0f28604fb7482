/* Imports: which ones the target needs, and how they are written. */
#include "parser/format_internal.h"

#include <stdlib.h>

static const struct {
    uint32_t bit;
    const char *word;
} WORDS[] = {
    {WP_KW_IN, "in"},   {WP_KW_EVERY, "every"}, {WP_KW_NOT, "not"},
    {WP_KW_AND, "and"}, {WP_KW_OR, "or"},
};

static bool part_is(const wp_term *t, const char *z)
{
    return (t->kind == WP_STRING && wb_str_is(wv_str(&t->value), z)) ||
           (t->kind == WP_VAR && wb_str_is(t->name, z));
}

bool fm_path_is(const wp_term *path, const char *a, const char *b)
{
    return path->kind == WP_REF && path->list.n == 2 && part_is(path->list.items[0], a) &&
           part_is(path->list.items[1], b);
}

static bool is_future(const fm_import *i)
{
    return i->path->kind == WP_REF && i->path->list.n && part_is(i->path->list.items[0], "future");
}

static bool is_word(const fm_import *i, const char *word)
{
    wp_term *const *items = i->path->list.items;
    return i->path->kind == WP_REF && i->path->list.n == 3 && part_is(items[0], "future") &&
           part_is(items[1], "keywords") && part_is(items[2], word);
}

static bool is_version(const fm_import *i, const char *version)
{
    return fm_path_is(i->path, "rego", version);
}

static wp_term *new_part(fm *f, const char *z, bool head)
{
    wp_term *t = wb_arena_calloc(f->arena, sizeof *t);
    t->kind = head ? WP_VAR : WP_STRING;
    if (head)
        t->name = wb_str_of(z);
    else
        t->value = wv_string_new(f->arena, wb_str_of(z));
    return t;
}

typedef struct plan {
    fm *f;
    fm_import *list;
    uint32_t n;
} plan;

static bool has(const plan *p, bool (*is)(const fm_import *, const char *), const char *what)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (is(&p->list[i], what))
            return true;
    return false;
}

/* Behind the last directive import, or in front of all. */
static void add(plan *p, const char *a, const char *b, const char *c)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        const fm_import *x = &p->list[i];
        if ((is_future(x) || is_version(x, "v1")) && x->row > row)
            row = x->row;
    }
    wp_term *path = wb_arena_calloc(p->f->arena, sizeof *path);
    path->kind = WP_REF;
    path->list.n = c ? 3 : 2;
    path->list.items = wb_arena_alloc(p->f->arena, 3 * sizeof *path->list.items);
    path->list.items[0] = new_part(p->f, a, true);
    path->list.items[1] = new_part(p->f, b, false);
    if (c)
        path->list.items[2] = new_part(p->f, c, false);
    p->list[p->n++] = (fm_import){.path = path, .row = row + 1, .col = 1, .added = true};
}

static void add_word(plan *p, const char *word)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const fm_import *x = &p->list[i];
        /* `every` brings `in` along. */
        if (fm_path_is(x->path, "future", "keywords") || is_word(x, word) ||
            (!strcmp(word, "in") && is_word(x, "every")))
            return;
    }
    add(p, "future", "keywords", word);
}

static void add_words(plan *p, uint32_t used)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (used & WORDS[i].bit)
            add_word(p, WORDS[i].word);
}

static bool is_any_future(const fm_import *i, const char *unused)
{
    (void)unused;
    return is_future(i);
}

static void drop(plan *p, bool (*is)(const fm_import *, const char *), const char *what)
{
    uint32_t out = 0;
    for (uint32_t i = 0; i < p->n; i++)
        if (!is(&p->list[i], what))
            p->list[out++] = p->list[i];
    p->n = out;
}

static void plan_for(plan *p, const wp_format_options *o, uint32_t used)
{
    if (o->least == WP_V2) {
        if (o->drop_imports) {
            drop(p, is_version, "v1");
            drop(p, is_version, "v2");
            drop(p, is_any_future, NULL);
        }
        return;
    }
    if (o->most == WP_V2) {
        if (!has(p, is_version, "v2"))
            add(p, "rego", "v2", NULL);
        drop(p, is_version, "v1");
        drop(p, is_any_future, NULL);
        return;
    }
    bool v2 = has(p, is_version, "v2");
    if (v2 || (o->least == WP_V1 && o->drop_imports))
        drop(p, is_version, "v1");
    else if (o->least != o->most && !has(p, is_version, "v1"))
        add(p, "rego", "v1", NULL);
    bool v1 = v2 || has(p, is_version, "v1");
    if (o->most != WP_V1 && !v1) {
        add_words(p, used);
        return;
    }
    if (o->drop_imports || v1)
        drop(p, is_any_future, NULL);
    if (!v2)
        add_words(p, used & ~(uint32_t)(WP_KW_IN | WP_KW_EVERY));
}

static int by_place(const void *x, const void *y)
{
    const fm_import *a = x, *b = y;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->col > b->col) - (a->col < b->col);
}

fm_import *fm_plan_imports(fm *f, const wp_format_options *o, uint32_t used, uint32_t *n)
{
    const wp_module *m = f->module;
    size_t room = m->n_imports + sizeof WORDS / sizeof *WORDS + 2;
    plan p = {f, wb_arena_alloc(f->arena, room * sizeof *p.list), 0};
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const wp_import *x = &m->imports[i];
        p.list[p.n++] =
            (fm_import){.path = x->path, .alias = x->alias, .row = x->loc.row, .col = x->loc.col};
    }
    plan_for(&p, o, used);
    if (p.n)
        qsort(p.list, p.n, sizeof *p.list, by_place);
    *n = p.n;
    return p.list;
}

static int by_path(const void *x, const void *y)
{
    const fm_import *a = x, *b = y;
    int c = wp_term_compare(a->path, b->path);
    if (!c)
        c = wb_str_cmp(a->alias, b->alias);
    return c ? c : by_place(x, y);
}

static fm_status put_import(fm *f, const fm_import *i)
{
    fm_start_line(f);
    fm_puts(f, "import ");
    fm_status s = FM_OK;
    if (!i->alias.n && i->path->kind == WP_REF && i->path->list.n == 3 && is_future(i) &&
        part_is(i->path->list.items[1], "keywords")) {
        fm_puts(f, "future.keywords.");
        fm_put(f, wv_str(&i->path->list.items[2]->value));
    } else {
        uint32_t at = f->at;
        f->at = f->n_comments;
        s = i->path->kind == WP_REF ? fm_ref(f, i->path->list.items, i->path->list.n)
                                    : fm_term(f, i->path);
        f->at = at;
    }
    if (i->alias.n) {
        fm_puts(f, " as ");
        fm_put(f, i->alias);
    }
    if (i->comment) {
        fm_puts(f, " ");
        fm_comment(f, i->comment);
    }
    fm_end_line(f);
    return s;
}

/* A comment on the line of an import goes with it, wherever it is sorted to. */
static void take_comments(fm *f, fm_import *imports, uint32_t n)
{
    uint32_t out = f->at, k = 0;
    wp_comment *taken = n ? wb_arena_alloc(f->arena, n * sizeof *taken) : NULL;
    uint32_t n_taken = 0;
    for (uint32_t i = f->at; i < f->n_comments; i++) {
        while (k < n && imports[k].row < f->comments[i].loc.row)
            k++;
        if (k < n && imports[k].row == f->comments[i].loc.row && !imports[k].comment &&
            n_taken < n) {
            taken[n_taken] = f->comments[i];
            imports[k].comment = &taken[n_taken++];
        } else {
            f->comments[out++] = f->comments[i];
        }
    }
    f->n_comments = out;
}

fm_status fm_imports(fm *f, fm_import *imports, uint32_t n)
{
    take_comments(f, imports, n);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && imports[end].row - imports[end - 1].row <= 1; end++)
            ;
        if (fm_insert(f, imports[i].row) == FM_STOP)
            return FM_STOP;
        qsort(imports + i, end - i, sizeof *imports, by_path);
        for (uint32_t k = i; k < end; k++)
            if (put_import(f, &imports[k]) == FM_STOP)
                return FM_STOP;
        fm_blank_line(f);
    }
    return FM_OK;
}
